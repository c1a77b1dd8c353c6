#include "bank_draw.h"

#include <stdio.h>

#include "hash.h"

/* In 1,000 payments to persons. */
#define REJECTED_PER_MILLE 3
#define RETURNED_PER_MILLE 2

enum bank_fact bank_draw(enum payment_kind kind, const char *end_to_end)
{
	struct hash hash = hash_sha256(span_text(end_to_end));
	uint32_t dice = be32_read(hash.bytes) % 1000;

	if (kind != PAYMENT_RUN)
		return BANK_BOOKED;
	if (dice < REJECTED_PER_MILLE)
		return BANK_REJECTED;
	return dice < REJECTED_PER_MILLE + RETURNED_PER_MILLE ? BANK_RETURNED : BANK_BOOKED;
}

void bank_draw_reference(const char *end_to_end, char reference[BANK_REFERENCE_MAX + 1])
{
	struct hash hash = hash_sha256(span_text(end_to_end));

	snprintf(reference, BANK_REFERENCE_MAX + 1, "DEMO%010llu",
	    (unsigned long long)(be64_read(hash.bytes) % UINT64_C(10000000000)));
}
