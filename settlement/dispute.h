/* dispute.h: obligations that two cities could not agree on: each stands in a window, is left out of what both have signed (window.h),
 * and waits on `payable/city/<code>/disputed` and `receivable/city/<code>/disputed` until an order of the payer ends it. This module keeps the
 * rows, the same at both cities but for what only one of them can know; what is decided about them is in difference_kinds.c,
 * rest_kinds.c and dispute_kinds.c. Not thread-safe: belongs to the transaction. Rows: docs/format.md, "Disputes".
 *
 *   (none) --the payer leaves it out--> NAMED --agreement--> OPEN --order at the payer--> ENDED     at the payer
 *   (none) --the rest is agreed--> OPEN --the payer's document--> ENDED                             at the creditor
 *
 * D1  What is OPEN or ENDED is in no sum that was agreed.
 * D2  The amount of each side has left its window's account for the disputed one when OPEN, and left that when ENDED.
 * D3  ENDED once, with at most one new obligation, which names it. */
#ifndef SUIREN_DISPUTE_H
#define SUIREN_DISPUTE_H

#include "hash.h"
#include "obligation_id.h"
#include "store.h"

enum dispute_state { DISPUTE_NAMED = 1, DISPUTE_OPEN = 2, DISPUTE_ENDED = 3 };

/* What one side holds of it. */
struct dispute_side {
	bool is; /* false: it has no such obligation */
	int64_t amount_fen;
	struct hash line_hash;
};

struct dispute {
	uint32_t payer, creditor, window;
	struct obligation_id id;
	enum dispute_state state;
	struct dispute_side payers, creditors;
	uint64_t named_sequence;    /* this node's entry that left it out first */
	uint64_t left_out_sequence; /* ... and by which it is OPEN; 0 before */
	uint64_t
	    shown_sequence; /* the payer's entry that holds the creditor's proof: what the payer had signed; 0: none */
	int64_t held_fen; /* at the creditor: of what the institution was still to get, withheld */
	uint64_t ended_sequence;     /* 0 before */
	int64_t ended_fen;           /* what it was ended with: 0, against the creditor */
	struct obligation_id new_id; /* if ended_fen is not 0 */
	uint32_t new_window;
};

/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error dispute_get(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, const struct obligation_id *id, struct dispute *dispute);
MUST_CHECK enum error dispute_put(struct txn *txn, const struct dispute *dispute);
/* Those of one window, or, with `payer` 0, all there are, in order of payer, creditor, window, id; `visit` returns false to stop. */
typedef bool dispute_visit(void *context, const struct dispute *dispute);
MUST_CHECK enum error dispute_each(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, dispute_visit *visit, void *context);
/* Those of the window that are only NAMED; *list is freed by the caller, whatever is returned. */
MUST_CHECK enum error dispute_list_named(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, struct dispute **list, size_t *count);
/* Those of the window that are only NAMED are forgotten: the payer names them anew. */
MUST_CHECK enum error dispute_forget_named(
    struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window);

/* Was what the payer's line owes left out of what the two have agreed on, be it ended by now or not? */
MUST_CHECK enum error dispute_of_line(
    struct txn *txn, uint32_t payer, uint32_t creditor, const struct obligation_id *id, bool *is);

/* What is marked of an entry of the payer in a window that is reconciled: at the creditor, that it has asked for it and may still take
 * it; at the payer, that it has sent it again. */
MUST_CHECK enum error dispute_mark(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, const struct obligation_id *of);
MUST_CHECK enum error dispute_marked(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, const struct obligation_id *of, bool *marked);

/* "named", "open", "ended"; and the Chinese word. */
const char *dispute_state_name(enum dispute_state state);
const char *dispute_state_chinese(enum dispute_state state);

#endif
