#include "bank_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bank_draw.h"
#include "calendar.h"

#define EVENING_MS INT64_C(64800000) /* the bank's files are of 18:00 */
#define REJECTION_CODE "AC04"        /* closed account number */
#define RETURN_CODE "AC01"           /* incorrect account number */
#define NOT_ITS_ACCOUNT "AC02"       /* invalid debtor account number */

void answer_free(struct bank_answer *answer)
{
	free(answer->bookings);
	free(answer->rejections);
	free(answer->references);
}

enum error answer_create(
    struct bank_answer *answer, enum answer_kind kind, int32_t day, size_t most)
{
	*answer = (struct bank_answer){.kind = kind,
	    .day = day,
	    .bookings = calloc(most, sizeof *answer->bookings),
	    .rejections = calloc(most, sizeof *answer->rejections),
	    .references = calloc(most, sizeof *answer->references)};
	return answer->bookings && answer->rejections && answer->references ? ERROR_NONE
									    : ERROR_MEMORY;
}

void answer_add(struct bank_answer *answer, const struct iso_transfer *transfer)
{
	char id[ISO_ID_MAX + 1];
	size_t at = answer->count++;

	snprintf(id, sizeof id, "%.*s", (int)transfer->end_to_end.size,
	    (const char *)transfer->end_to_end.data);
	bank_draw_reference(id, answer->references[at]);
	answer->rejections[at] = (struct iso_rejection){.end_to_end = transfer->end_to_end,
	    .has_amount = true,
	    .amount = transfer->amount,
	    .reason = span_text(REJECTION_CODE)};
	answer->bookings[at] = (struct iso_booking){.end_to_end = transfer->end_to_end,
	    .amount = transfer->amount,
	    .credit = answer->kind != ANSWER_BOOKED,
	    .returned = answer->kind == ANSWER_RETURNED,
	    .day = answer->day,
	    .reference = span_text(answer->references[at]),
	    .reason =
		answer->kind == ANSWER_RETURNED ? span_text(RETURN_CODE) : (struct span){NULL, 0}};
}

enum error answer_bytes(const struct bank_answer *answer, const struct iso_order *order,
    struct span account, struct buffer *out, struct error_detail *detail)
{
	static const char *const letters[] = {"R", "B", "T", "C"};
	char id[ISO_ID_MAX + 1];
	int64_t created_ms = day_start_ms(answer->day) + EVENING_MS;

	snprintf(id, sizeof id, "%s-%.*s", letters[answer->kind], (int)order->message.size,
	    (const char *)order->message.data);
	if (answer->kind == ANSWER_REJECTED) {
		const struct iso_report report = {.message = span_text(id),
		    .original = order->message,
		    .block = order->block,
		    .created_ms = created_ms,
		    .all_rejected = answer->count == 0,
		    .reason = span_text(NOT_ITS_ACCOUNT),
		    .rejections = answer->rejections,
		    .count = answer->count};

		return iso_report_write(out, &report, detail);
	}
	const struct iso_notification notification = {.message = span_text(id),
	    .id = span_text(id),
	    .created_ms = created_ms,
	    .account = account,
	    .bookings = answer->bookings,
	    .count = answer->count};
	return iso_notification_write(out, &notification, detail);
}
