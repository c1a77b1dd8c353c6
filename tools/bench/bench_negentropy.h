/* bench_negentropy.h: what negentropy 1, the best published scheme of range-based reconciliation that is in wide use, would cost for the same two
 * sets: its rules (github.com/hoytech/negentropy, docs/negentropy-protocol-v1.md, and those of its reference program: 16 buckets,
 * lists below 32 items) are followed message by message and the bytes counted. Each obligation is one record: its timestamp is the
 * payer's entry, its id a hash of all of it. Only ids are exchanged; what they stand for would come on top. */
#ifndef SUIREN_BENCH_NEGENTROPY_H
#define SUIREN_BENCH_NEGENTROPY_H

#include "reconcile.h"

struct negentropy_cost {
	unsigned round_trips;
	uint64_t sent, received;
	uint64_t have, need; /* what it finds: ids only ours, only theirs */
};

/* Fails with: ERROR_MEMORY. */
MUST_CHECK enum error bench_negentropy(const struct reconcile_item *ours, size_t our_count,
    const struct reconcile_item *theirs, size_t their_count, struct negentropy_cost *cost);

#endif
