/* unmatched.h: what the bank has said that matches no payment: a wrong reference, another amount, a credit that has overtaken what it pays. It
 * stays here from the entry that logged it until the same fact, said again, changes the books. Belongs to the transaction. Rows:
 * docs/format.md, "Payments". */
#ifndef SUIREN_UNMATCHED_H
#define SUIREN_UNMATCHED_H

#include "payment.h"

struct unmatched {
	struct bank_line line;
	enum reason reason; /* unmatched, other_amount: as it was said last */
	uint64_t sequence;  /* the entry that logged it first */
};

/* All of them in order of EndToEndId, fact and amount; `visit` returns false to stop. */
typedef bool unmatched_visit(void *context, const struct unmatched *unmatched);
MUST_CHECK enum error unmatched_each(struct txn *txn, unmatched_visit *visit, void *context);
/* A line of a `bank` entry and its verdict: kept if it matches nothing, forgotten if it has changed the books; only while an entry is
 * applied. */
MUST_CHECK enum error unmatched_note(
    struct txn *txn, const struct bank_line *line, enum reason reason, uint64_t sequence);

#endif
