/* obligation.h: what one city owes another for one line: id (payer, epoch, entry sequence, line), in the open window of (payer, creditor) at the time
 * of the payer's entry. Rows are kept at the payer and, mirrored, at the creditor. Written only while an entry is applied. */
#ifndef SUIREN_OBLIGATION_H
#define SUIREN_OBLIGATION_H

#include "accounts.h"
#include "decision.h"

struct obligation {
	uint32_t payer, creditor;
	uint32_t window;
	uint32_t epoch;
	uint64_t sequence; /* of the payer's entry */
	uint32_t line;
	int64_t amount_fen; /* negative: a reversal */
	struct hash line_hash; /* result leaf of the payer's entry: binds line and verdict */
};

/* The window of (payer, creditor) that is open at the payer now: 1 if none was cut yet. */
MUST_CHECK enum error window_open_number(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t *window);
MUST_CHECK enum error obligation_add(struct txn *txn, const struct obligation *obligation);
/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error obligation_find(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t epoch, uint64_t sequence, uint32_t line, struct obligation *obligation);
typedef bool obligation_visit(void *context, const struct obligation *obligation);
MUST_CHECK enum error obligation_each(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window, obligation_visit *visit, void *context);

#endif
