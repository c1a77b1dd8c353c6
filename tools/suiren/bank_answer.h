/* bank_answer.h: what the demo's bank answers to one order, under construction: a pain.002 or a camt.054. Bytes follow from the order and the
 * day alone. Spans are borrowed from the order. */
#ifndef SUIREN_BANK_ANSWER_H
#define SUIREN_BANK_ANSWER_H

#include "iso20022.h"
#include "payment.h"

enum answer_kind { ANSWER_REJECTED, ANSWER_BOOKED, ANSWER_RETURNED, ANSWER_CREDITED };

struct bank_answer {
	enum answer_kind kind;
	int32_t day;
	struct iso_booking *bookings; /* or */
	struct iso_rejection *rejections;
	char (*references)[BANK_REFERENCE_MAX + 1];
	size_t count;
};

/* Room for `most` facts. Fails with: ERROR_MEMORY; answer_free in any case. */
MUST_CHECK enum error answer_create(
    struct bank_answer *answer, enum answer_kind kind, int32_t day, size_t most);
void answer_free(struct bank_answer *answer);
/* The order's payment, as this kind of answer speaks of it. */
void answer_add(struct bank_answer *answer, const struct iso_transfer *transfer);
/* Append the file, about `account`; a rejection without payments is one of the whole order. Fails with: as iso_report_write and
 * iso_notification_write. */
MUST_CHECK enum error answer_bytes(const struct bank_answer *answer, const struct iso_order *order,
    struct span account, struct buffer *out, struct error_detail *detail);

#endif
