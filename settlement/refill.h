/* refill.h: what the float (周转金) has advanced to institutions, by the window whose money it was, and the kind `refill`: when the clearing of that
 * window is paid, the float is filled again out of the treasury. Not thread-safe: belongs to the transaction. Rows: docs/format.md,
 * "Float". */
#ifndef SUIREN_REFILL_H
#define SUIREN_REFILL_H

#include "payment.h"

/* Part of an advance was owed by `payer` for this window; only while an entry is applied. */
MUST_CHECK enum error advance_note(
    struct txn *txn, const char *end_to_end, uint32_t payer, uint32_t window, int64_t fen);
/* The bank has refused an advance, or it came back: the float has its money. `due`: its parts are due again to `uscc`. *any tells whether
 * there were any parts. Only while an entry is applied. */
MUST_CHECK enum error advance_forget(
    struct txn *txn, const char *end_to_end, const char *uscc, bool due, bool *any);

/* What has been ordered as advances for what `payer` owes and is not filled again. Fails with: ERROR_OVERFLOW, the store's. */
MUST_CHECK enum error advanced_sum(struct txn *txn, uint32_t payer, int64_t *fen);

/* What can be filled again now: of one city, for one month. */
struct refill {
	uint32_t payer, month;
	int64_t fen; /* positive */
};
/* In order of payer and month, at most REFILLS_MAX, as far as the treasury has it. */
MUST_CHECK enum error refills_find(struct settlement *settlement, struct txn *txn,
    struct refill refills[REFILLS_MAX], size_t *count);

#endif
