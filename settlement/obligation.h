/* obligation.h: what one city owes another for one line. Its id is (payer, epoch, entry sequence, line); it lies in the
 * window of (payer, creditor) that was open at the payer at the time of the payer's entry. Rows are kept at the payer and,
 * mirrored, at the creditor; they are added in order of id, but for those that a window lacked and that come while it is reconciled, and an obligation's window
 * never changes. Written only while an entry is applied. Not thread-safe: belongs to the transaction. Rows: docs/format.md, "Obligations". */
#ifndef SUIREN_OBLIGATION_H
#define SUIREN_OBLIGATION_H

#include "accounts.h"
#include "decision.h"
#include "obligation_id.h"

struct obligation {
	uint32_t payer, creditor;
	uint32_t window;
	uint32_t epoch;
	uint64_t sequence; /* of the payer's entry */
	uint32_t line;
	int64_t amount_fen;    /* never 0; negative: a reversal */
	struct hash line_hash; /* result leaf of the payer's entry: binds line and verdict */
	uint64_t booked;       /* entry of this node's own log: at the payer `sequence` again */
};

/* The window of (payer, creditor) that is open at the payer now: 1 if none was cut yet. At the creditor: the one after the
 * last window that it has a statement of; as documents come in order, an obligation that arrives is in this one. */
MUST_CHECK enum error window_open_number(
    struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t *window);
/* Would obligation_add take it? For whoever decides over another city's document. Fails with: ERROR_RANGE (amount 0 or beyond
 * AMOUNT_MAX), ERROR_MISMATCH (not the open window, nor one that is being reconciled and for which its entry was asked),
 * ERROR_CONFLICT (its id does not come after the last one; when reconciled, is here or lies in another window's span),
 * ERROR_OVERFLOW (the window's sums). */
MUST_CHECK enum error obligation_expected(
    struct txn *txn, const struct obligation *obligation, struct error_detail *detail);
/* Add it to its window, which is made when it is the first. Fails as obligation_expected does; nothing has changed then. */
MUST_CHECK enum error obligation_add(struct txn *txn, const struct obligation *obligation);
/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error obligation_find(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t epoch, uint64_t sequence, uint32_t line, struct obligation *obligation);
/* All obligations of one window in order of id; stops when `visit` returns false. */
typedef bool obligation_visit(void *context, const struct obligation *obligation);
MUST_CHECK enum error obligation_each(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, obligation_visit *visit, void *context);

/* Those with *from <= id, and id < *below unless `below` is NULL. */
MUST_CHECK enum error obligation_each_between(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, const struct obligation_id *from, const struct obligation_id *below,
    obligation_visit *visit, void *context);
/* One of a window. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error obligation_get(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, const struct obligation_id *id, struct obligation *obligation);
/* Is this window being reconciled at the creditor, so that it still takes what it lacks? */
MUST_CHECK enum error window_is_repaired(
    struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window, bool *repaired);

/* The digest of a range of obligations in order of id: the empty range's is 32 zero bytes, and each obligation makes the
 * next from the one before. docs/format.md, "Range digest". */
struct hash obligation_digest(const struct hash *before, const struct obligation *obligation);

#endif
