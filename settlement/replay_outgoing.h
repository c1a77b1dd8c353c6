/* replay_outgoing.h: comparing what an entry has sent with what the rules would send. Private to the replay. */
#ifndef SUIREN_REPLAY_OUTGOING_H
#define SUIREN_REPLAY_OUTGOING_H

#include "document.h"
#include "message.h"
#include "settlement_internal.h"

/* The documents behind the entry's causes against those of the decision: the same, byte for byte; but where lines were taken over
 * from the log (decision->not_rerun), items about persons whose facts are not here are left out on both sides. Fails with:
 * ERROR_NOT_VERIFIED, and the store's. */
MUST_CHECK enum error replay_compare_outgoing(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, size_t causes, const struct decision *decision,
    struct error_detail *detail);

#endif
