/* bank_internal.h: what one line of the bank comes to, as the kinds that take its word share it: `bank`, and `unmatched_end`, by which an
 * officer says what a line was. Not thread-safe: belongs to the transaction. docs/format.md, "Payments". */
#ifndef SUIREN_BANK_INTERNAL_H
#define SUIREN_BANK_INTERNAL_H

#include "batch.h"
#include "dispatch.h"
#include "payment_internal.h"

/* A decision about lines of the bank in the making. */
struct bank_work {
	struct settlement *settlement;
	struct txn *txn;
	struct decision *decision;
	struct dispatch advices, receipts, reserves;
	struct batch *batch;     /* earlier lines, by EndToEndId */
	struct bank_line *lines; /* ... and as they stand: same numbers */
	bool
	    officer; /* it is an officer's word which booking is meant, where the bank's leaves it open */
};

/* For so many lines, at least one. Free it with bank_work_free, whatever is returned. Fails with: ERROR_MEMORY, ERROR_TOO_LARGE. */
MUST_CHECK enum error bank_work_begin(struct bank_work *work, struct settlement *settlement,
    struct txn *txn, struct decision *decision, uint32_t count);
/* The messages to other cities go into the decision. */
MUST_CHECK enum error bank_work_send(struct bank_work *work);
void bank_work_free(struct bank_work *work);

/* The verdict on a line; what it moves goes into the decision. Only the first of several words on one EndToEndId in one order is judged as the
 * books stand: those behind it are said before, if they are the same word, or match nothing yet. */
MUST_CHECK enum error bank_judge(
    struct bank_work *work, const struct bank_line *line, enum reason *reason);
/* What an account can still give, the lines before this one counted; `debit`: it is one of those that a credit makes less. */
MUST_CHECK enum error bank_left_of(
    struct bank_work *work, const char *account, bool debit, int64_t *fen);
/* One transfer of a fact, with the EndToEndId as reference and its own number. */
void bank_move(struct bank_work *work, const char *end_to_end, uint32_t number, int64_t fen,
    const char *debit, const char *credit);

/* What the payment with this EndToEndId comes to: one of ours, or one that a clearing or an announced reserve lets expect. Fails with:
 * ERROR_NOT_FOUND. */
MUST_CHECK enum error bank_expected(
    struct settlement *settlement, struct txn *txn, const char *end_to_end, int64_t *fen);
/* Bring payments and clearings up to date with a line that has changed the books. Only while an entry is applied. */
MUST_CHECK enum error bank_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, const struct bank_line *line, enum reason reason);

/* Which clearing a credit pays: the EndToEndId says it, because it can be computed. */
struct credit_search {
	uint32_t self;
	const char *end_to_end;
	struct clearing_row *clearing;
	uint32_t payer, attempt;
	bool found;
};
/* search->self, end_to_end and clearing are set; *clearing is filled if it is found. */
MUST_CHECK enum error credit_find(struct txn *txn, struct credit_search *search);

/* What has come in is kept under its payer: "202611<510100", of a reserve "name<510100". Is it such a payment? */
bool credit_read(const struct payment *payment, uint32_t *month, uint32_t *payer);

/* An item of payment_advice and payment_receipt: [clearing month, EndToEndId, amount, bank reference, day]. */
#define PAYMENT_NOTICE_FIELDS 5

#endif
