/* seeded.h: a clock and randomness that a seed decides, for demo nodes: two runs are identical to the byte. Everybody who knows the seed knows
 * the keys: such nodes are marked `demo` and refused by others. Not thread-safe. */
#ifndef SUIREN_SEEDED_H
#define SUIREN_SEEDED_H

#include "node.h"

struct seeded {
	struct hash secret;
	uint32_t next;
	int64_t now_ms;
};

/* For the node of a region: the stream of (seed, region). */
void seeded_start(struct seeded *seeded, uint64_t seed, uint32_t region, int64_t now_ms);
/* The seams that read it; `seeded` must outlive the node. */
struct node_seams seeded_seams(struct seeded *seeded);

#endif
