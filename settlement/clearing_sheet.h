/* clearing_sheet.h: the settlement sheet (清算单) of one clearing: what a month between two cities comes to, as an office prints and signs
 * it. It decides and books nothing: everything in it follows from rows that are here. What both cities have signed (which agreements were
 * taken, what they come to, who pays what by when) is the same at both; what the bank has said, and what waits, is as this city knows
 * it. Not thread-safe: belongs to the transaction. docs/settlement.md, "Settlement sheets".
 *
 * H1  Of each direction: net = positive + negative, each the sum over the windows taken, and the clearing's own figure.
 * H2  low.net - high.net == low.pays - high.pays. */
#ifndef SUIREN_CLEARING_SHEET_H
#define SUIREN_CLEARING_SHEET_H

#include "clearing.h"
#include "pair_rows.h"
#include "payment.h"

/* What one of the two owes, in what the clearing has taken. */
struct clearing_side {
	uint32_t payer, creditor;
	uint32_t windows;
	uint64_t lines;
	int64_t positive_fen, negative_fen, net_fen; /* as agreed: without what was left out */
	int64_t pays_fen;
	bool paid, drawn; /* the receipt is here; out of the reserve */
};

/* A payment of the clearing: our own, with each attempt, or the other city's that has come in. */
struct clearing_payment {
	uint32_t payer, creditor;
	bool expected; /* not ordered, or not seen, yet: only id, attempt and amount are known */
	struct payment payment;
	struct bank_line said; /* the bank's last word on it; fact 0: none yet */
	/* What the other city has told of it: at the creditor the payer's advice, at the payer the receipt; fact 0: nothing. */
	struct bank_line told;
};

struct clearing_sheet {
	uint32_t self;
	struct clearing_row clearing;
	struct clearing_side sides[2]; /* owed by low, by high */
	struct pair_windows taken;
	/* Of the month or earlier and not in it: not agreed, or agreed too late. Those that a later clearing has taken name it. */
	struct pair_windows waiting;
	/* Left out of the agreements taken, whatever has become of them; and those of earlier windows that are open. */
	struct pair_disputes disputes;
	struct clearing_payment *payments; /* those of low, then those of high, by attempt */
	size_t payment_count;
};

/* Of the pair (self, peer); *sheet is freed by the caller. Fails with: ERROR_NOT_FOUND (no such clearing), ERROR_CORRUPT (the rows contradict
 * each other), ERROR_TOO_LARGE, ERROR_MEMORY, the store's. */
MUST_CHECK enum error clearing_sheet_read(
    struct txn *txn, uint32_t self, uint32_t peer, uint32_t month, struct clearing_sheet **sheet);
void clearing_sheet_free(struct clearing_sheet *sheet); /* NULL is accepted */

#endif
