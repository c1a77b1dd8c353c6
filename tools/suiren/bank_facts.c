#include "bank_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "payment_file.h"

void facts_free(struct facts *facts)
{
	free(facts->facts);
	*facts = (struct facts){NULL, 0, 0};
}

static struct fact *fact_add(struct facts *facts)
{
	if (facts->count == facts->capacity) {
		uint32_t capacity = facts->capacity ? 2 * facts->capacity : 64;
		struct fact *grown = realloc(facts->facts, capacity * sizeof *grown);

		if (!grown)
			return NULL;
		facts->facts = grown;
		facts->capacity = capacity;
	}
	facts->facts[facts->count] = (struct fact){.reason = REASON_unmatched};
	return &facts->facts[facts->count++];
}

static void copy(char *out, size_t size, struct span text)
{
	snprintf(out, size, "%.*s", (int)text.size, (const char *)text.data);
}

/* Our EndToEndIds have 30 characters. What is longer, or missing, is none of them, but money was moved all the same: it gets one of its own, by
 * which it can be told again and ended. The bank's reference tells such lines apart; without one, those of a day and amount are the same. */
static void name_fact(struct fact *fact, struct span end_to_end)
{
	char made[END_TO_END_SIZE], day[DAY_TEXT_SIZE];

	copy(fact->end_to_end, sizeof fact->end_to_end, end_to_end);
	if (end_to_end.size > 0 && end_to_end.size < END_TO_END_SIZE) {
		copy(fact->line.end_to_end, sizeof fact->line.end_to_end, end_to_end);
		return;
	}
	day_write(fact->line.day, day);
	payment_own_id(span_text(fact->end_to_end), span_text(fact->line.reference), span_text(day),
	    fact->line.amount_fen, made);
	copy(fact->line.end_to_end, sizeof fact->line.end_to_end, span_text(made));
}

/* --- camt.054 ------------------------------------------------------------------------------------------------ */

static enum error booking_facts(const struct iso_notification *notification, struct facts *facts)
{
	for (size_t i = 0; i < notification->count; i++) {
		const struct iso_booking *booking = &notification->bookings[i];
		struct fact *fact = fact_add(facts);

		if (!fact)
			return ERROR_MEMORY;
		fact->line.fact = !booking->credit && booking->returned ? BANK_TAKEN_BACK
				  : !booking->credit                    ? BANK_BOOKED
				  : booking->returned                   ? BANK_RETURNED
									: BANK_CREDITED;
		fact->line.amount_fen = booking->amount.value;
		fact->line.day = booking->day;
		copy(fact->line.reference, sizeof fact->line.reference, booking->reference);
		copy(fact->code, sizeof fact->code, booking->reason);
		name_fact(fact, booking->end_to_end);
	}
	return ERROR_NONE;
}

/* --- pain.002 ------------------------------------------------------------------------------------------------ */

/* Codes with which a bank refuses a file or payment because it has it already (AM05, DU01 to DU05): the first one stands, and must not be
 * let go. */
static bool is_double(struct span reason)
{
	return span_equal(reason, span_text("AM05")) ||
	       (reason.size == 4 && span_starts_with(reason, span_text("DU0")));
}

static enum error rejection_add(struct facts *facts, struct txn *txn,
    const struct iso_report *report, struct span end_to_end, struct span reason, int64_t amount_fen)
{
	struct fact *fact = fact_add(facts);
	struct payment payment;
	enum error error;

	if (!fact)
		return ERROR_MEMORY;
	fact->line.fact = BANK_REJECTED;
	fact->line.amount_fen = amount_fen;
	fact->line.day = report->day;
	copy(fact->line.reference, sizeof fact->line.reference, report->message);
	copy(fact->code, sizeof fact->code, reason);
	name_fact(fact, end_to_end);
	if (is_double(reason))
		fact->foreign = "a double: the first one stands 重复指令，以首笔为准";
	if (amount_fen || fact->foreign)
		return ERROR_NONE;
	error = payment_find(txn, fact->line.end_to_end, &payment);
	if (!error)
		fact->line.amount_fen = payment.amount_fen;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Which (kind, name) a message was: the one whose parts have its MsgId. */
struct message_search {
	const struct node *node;
	struct txn *txn;
	struct span message;
	struct payment_parts *parts;
	struct payment_part found;
	enum payment_kind kind;
	char name[PAYMENT_NAME_MAX + 1];
	enum error error;
};

static void search_parts(struct message_search *search)
{
	search->error = payment_parts_read(search->txn, search->kind, search->name, search->parts);
	for (uint32_t number = 1; !search->error && number <= search->parts->parts; number++) {
		struct payment_part part = payment_part_of(search->node, search->parts, number);

		if (span_equal(span_text(part.message), search->message)) {
			search->found = part;
			return;
		}
	}
	payment_parts_free(search->parts);
}

static bool search_message(void *context, const struct payment *payment)
{
	struct message_search *search = context;

	if (payment->kind == search->kind && strcmp(payment->name, search->name) == 0)
		return true;
	search->kind = payment->kind;
	memcpy(search->name, payment->name, sizeof search->name);
	search_parts(search);
	return !search->error && !search->found.count;
}

static enum error whole_message(struct node *node, struct txn *txn, const struct iso_report *report,
    struct facts *facts, struct error_detail *detail)
{
	struct payment_parts parts = {.count = 0};
	struct message_search search = {
	    .node = node, .txn = txn, .message = report->original, .parts = &parts};
	enum error error = payment_each(txn, 0, NULL, search_message, &search);

	if (!error)
		error = search.error;
	if (!error && !search.found.count)
		error = error_set(detail, ERROR_NOT_FOUND,
		    "message %.*s, which the bank has rejected whole, is none of this city's",
		    (int)report->original.size, (const char *)report->original.data);
	for (size_t i = 0; !error && i < search.found.count; i++)
		error = rejection_add(facts, txn, report,
		    span_text(search.found.payments[i].end_to_end), report->reason,
		    search.found.payments[i].amount_fen);
	payment_parts_free(&parts);
	return error;
}

static enum error report_facts(struct node *node, struct txn *txn, const struct iso_report *report,
    struct facts *facts, struct error_detail *detail)
{
	enum error error = ERROR_NONE;

	if (report->all_rejected)
		return whole_message(node, txn, report, facts, detail);
	for (size_t i = 0; !error && i < report->count; i++) {
		const struct iso_rejection *rejection = &report->rejections[i];

		error = rejection_add(facts, txn, report, rejection->end_to_end, rejection->reason,
		    rejection->has_amount ? rejection->amount.value : 0);
	}
	return error;
}

enum error facts_of(struct node *node, struct txn *txn, const struct iso_file *file,
    struct facts *facts, struct error_detail *detail)
{
	const struct node_config *config = node_configuration(node);

	switch (file->kind) {
	case ISO_NOTIFICATION:
		if (!span_equal(file->notification.account, span_text(config->account)))
			return error_set(detail, ERROR_MISMATCH,
			    "it speaks of account %.*s; this city's, in node.yaml, is %s",
			    (int)file->notification.account.size,
			    (const char *)file->notification.account.data,
			    config->account[0] ? config->account : "not named");
		return booking_facts(&file->notification, facts);
	case ISO_REPORT:
		return report_facts(node, txn, &file->report, facts, detail);
	case ISO_ORDER:
		break;
	}
	return error_set(detail, ERROR_USAGE,
	    "a payment order (pain.001): a bank's answer is camt.054 or pain.002");
}
