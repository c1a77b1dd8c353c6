/* bank_facts.h: a bank's answer (camt.054, pain.002) as the facts that an order of kind `bank` takes, and beside them what none can be made
 * of: a booking without our EndToEndId, a double that the bank has refused. Not thread-safe. */
#ifndef SUIREN_BANK_FACTS_H
#define SUIREN_BANK_FACTS_H

#include "iso20022.h"
#include "node.h"
#include "payment.h"

struct fact {
	struct bank_line line; /* of a fact that cannot be ordered: as far as it goes */
	enum reason reason;    /* what it comes to; filled by the import */
	const char *foreign;   /* why no order can be made of it; NULL: one can */
	char end_to_end[ISO_ID_MAX + 1];
	char code[8]; /* the bank's reason for a rejection or return; may be empty */
};

struct facts {
	struct fact *facts;
	uint32_t count, capacity;
};
void facts_free(struct facts *facts); /* zeroed ones are accepted */

/* Add the facts of a file that was read. `node` and `txn` tell the amounts of payments that a pain.002 leaves out, and what a whole
 * rejected message held. Fails with: ERROR_MISMATCH (it speaks of another account than the city's), ERROR_USAGE (a pain.001),
 * ERROR_NOT_FOUND (a whole message was rejected that is none of ours), ERROR_MEMORY, and the store's; `detail` says which. */
MUST_CHECK enum error facts_of(struct node *node, struct txn *txn, const struct iso_file *file,
    struct facts *facts, struct error_detail *detail);

#endif
