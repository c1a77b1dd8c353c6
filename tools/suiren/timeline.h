/* timeline.h: which entries belong to a time: the log's times never go back, so a binary search finds them. */
#ifndef SUIREN_TIMELINE_H
#define SUIREN_TIMELINE_H

#include "ledger.h"

/* How many entries were logged before an instant: they are 0 .. *count-1. Fails with: what ledger_get fails with. */
MUST_CHECK enum error timeline_before(struct txn *txn, int64_t time_ms, uint64_t *count);
/* Time and kind of one entry, without reading its body's parts. */
MUST_CHECK enum error timeline_header(
    struct txn *txn, uint64_t sequence, struct entry_header *header);

#endif
