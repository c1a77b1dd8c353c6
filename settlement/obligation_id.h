/* obligation_id.h: what names an obligation between two cities: the payer's epoch, entry and line. Pure. */
#ifndef SUIREN_OBLIGATION_ID_H
#define SUIREN_OBLIGATION_ID_H

#include <stdint.h>

struct obligation_id {
	uint32_t epoch;
	uint64_t sequence;
	uint32_t line;
};

/* In the order of the payer's log: below 0, 0, above 0. */
static inline int obligation_id_compare(
    const struct obligation_id *a, const struct obligation_id *b)
{
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	if (a->sequence != b->sequence)
		return a->sequence < b->sequence ? -1 : 1;
	return a->line == b->line ? 0 : a->line < b->line ? -1 : 1;
}

#endif
