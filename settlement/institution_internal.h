/* institution_internal.h: what institution.c offers to institution_kinds.c beside institution.h. */
#ifndef SUIREN_INSTITUTION_INTERNAL_H
#define SUIREN_INSTITUTION_INTERNAL_H

#include "settlement_limits.h"
#include "institution.h"
#include "policy.h"

#define INSTITUTION_BANK_SIZE 12u /* CNAPS */

struct institution_row institution_row_new(
    const char uscc[USCC_SIZE], uint32_t host, int32_t day, uint64_t sequence);
void institution_row_change(struct institution_row *row, const struct institution_line *line);
MUST_CHECK enum error institution_put(struct txn *txn, const struct institution_row *row);
MUST_CHECK enum error institution_profile_put(
    struct txn *txn, const char uscc[USCC_SIZE], const struct institution_profile *profile);

#endif
