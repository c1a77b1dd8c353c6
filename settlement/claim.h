/* claim.h: claim sheets once they are booked: which numbers an institution has used. */
#ifndef SUIREN_CLAIM_H
#define SUIREN_CLAIM_H

#include "sheet.h"

/* Was a sheet with this number booked before? ERROR_NONE (no), ERROR_REPEAT (the same one; `sequence` is its entry),
 * ERROR_CONFLICT (another one). */
MUST_CHECK enum error sheet_expected(struct txn *txn, const struct sheet_header *header, uint64_t *sequence);

#endif
