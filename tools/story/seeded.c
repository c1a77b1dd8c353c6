#include "seeded.h"

#include <assert.h>
#include <string.h>

void seeded_start(struct seeded *seeded, uint64_t seed, uint32_t region, int64_t now_ms)
{
	static const char label[] = "suiren init seed 1";
	uint8_t bytes[sizeof(label) - 1 + 8 + 4];

	memcpy(bytes, label, sizeof(label) - 1);
	be64_write(bytes + sizeof(label) - 1, seed);
	be32_write(bytes + sizeof(label) - 1 + 8, region);
	seeded->secret = hash_sha256(span_of(bytes, sizeof(bytes)));
	seeded->next = 0;
	seeded->now_ms = now_ms;
}

/* The line salts under a secret made of seed and region, one after the other. */
static void seeded_random(void *context, uint8_t *bytes, size_t size)
{
	struct seeded *seeded = context;

	while (size > 0) {
		struct hash block;
		size_t part = size < sizeof(block.bytes) ? size : sizeof(block.bytes);

		assert(seeded->next < UINT32_MAX);
		hash_line_salts(&seeded->secret, seeded->next++, 1, &block);
		memcpy(bytes, block.bytes, part);
		bytes += part;
		size -= part;
	}
}

static int64_t seeded_clock(void *context)
{
	return ((const struct seeded *)context)->now_ms;
}

struct node_seams seeded_seams(struct seeded *seeded)
{
	return (struct node_seams){
	    .clock_ms = seeded_clock, .random = seeded_random, .context = seeded};
}
