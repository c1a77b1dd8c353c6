/* reversal.h: taking back (冲正) lines of claims and of runs that were approved wrongly: negative lines of the payer, each naming the entry and
 * line that it takes back. A correction is a reversal and a new line, never a change in place. */
#ifndef SUIREN_REVERSAL_H
#define SUIREN_REVERSAL_H

#include "settlement_limits.h"
#include "accounts.h"
#include "decision.h"
#include "obligation_id.h"
#include "policy.h"

/* From which funds a line of this city's log was paid, fund after fund, and to which institution. Of a line of a reversal: what it has given back to
 * them, negative. Fails with: ERROR_NOT_FOUND (no such line of a claim, run or reversal), and the store's. */
struct line_funds {
	char uscc[USCC_SIZE + 1];
	uint32_t count;
	struct {
		char code[FUND_CODE_SIZE];
		int64_t amount_fen;
	} funds[PROGRAMME_FUNDS_MAX];
};
MUST_CHECK enum error reversal_funds(struct settlement *settlement, struct txn *txn,
    const struct obligation_id *id, struct line_funds *funds);

/* Append a line of a `reversal` order: [entry, line, grounds]. Grounds are 1..GROUNDS_MAX bytes. */
void reversal_line_write(struct buffer *out, uint64_t sequence, uint32_t line, struct span grounds);

#endif
