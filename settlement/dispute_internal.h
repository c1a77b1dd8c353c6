/* dispute_internal.h: how a dispute ends, as both cities reckon it. docs/format.md, "Disputes". Not thread-safe: belongs to the transaction. */
#ifndef SUIREN_DISPUTE_INTERNAL_H
#define SUIREN_DISPUTE_INTERNAL_H

#include "dispute.h"
#include "lines.h"
#include "obligation.h"
#include "settlement_internal.h"

/* An item of `dispute_ended`. */
#define DISPUTE_ITEM_FIELDS 11

void dispute_id_take(struct codec_reader *reader, struct obligation_id *id);
/* 0 if there is none. */
int64_t dispute_amount(const struct dispute_side *side);
/* Nothing, what one of the two holds, or between: never more than either says. */
bool dispute_is_between(const struct dispute *dispute, int64_t fen);
/* What of `held` stays when it ends with `fen`: both have one sign, or it is 0. */
int64_t dispute_stays(int64_t held, int64_t fen);
/* The dispute's row, and what it was ended with as a new obligation. Only while an entry is applied. */
MUST_CHECK enum error dispute_end(
    struct txn *txn, struct dispute *dispute, const struct obligation *ended, uint64_t sequence);

#endif
