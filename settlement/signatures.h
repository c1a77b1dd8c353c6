/* signatures.h: the signatures of a command, found and checked before the writer's turn: of the document that is submitted, and of the sheet
 * that travels with an endorsement. Finding reads the keys as the log has them now; checking is arithmetic and may be done by any thread;
 * whoever admits the command later asks again whose key it is then (struct signature_check), so that the verdict is the same as if it had
 * all been done in the turn. Pure. */
#ifndef SUIREN_SIGNATURES_H
#define SUIREN_SIGNATURES_H

#include "keyring.h"
#include "settlement_limits.h"

struct signatures {
	struct signature_check of[COMMAND_SIGNATURES_MAX];
	unsigned count;
};

/* Which signatures a command has, under which keys as `txn` has them. What is no document, or names a key that is not known, is left out: its
 * turn will show what it is worth. `document` and `attachment` are borrowed as long as the result is used. Fails with: the store's. */
MUST_CHECK enum error signatures_find(
    struct txn *txn, struct span document, struct span attachment, struct signatures *signatures);
/* Do the arithmetic. Reads nothing but what was found. */
void signatures_check(struct signatures *signatures);
/* What is known of this document's signature; NULL if nothing is. `signatures` may be NULL. */
const struct signature_check *signatures_of(
    const struct signatures *signatures, const struct document *document);

#endif
