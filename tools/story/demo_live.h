/* demo_live.h: the demo's story played on four nodes in this process, one after the other, with time and randomness from the seed. */
#ifndef SUIREN_DEMO_LIVE_H
#define SUIREN_DEMO_LIVE_H

#include "demo_actor.h"
#include "seeded.h"

struct demo_live {
	const char *directory;
	struct seeded seeded[SAMPLE_CITIES];
	struct node *nodes[SAMPLE_CITIES];
	struct secret_key officers[SAMPLE_CITIES];
	struct error_detail detail;
	uint64_t lines, sheets, documents;
	uint64_t not_taken[SAMPLE_CITIES]; /* sheets whose signature does not verify */
};

/* Make the four nodes below `directory`, which must not exist, and introduce them. Fails with: ERROR_EXISTS and as node_create. Whatever it
 * returns: demo_live_close. */
MUST_CHECK enum error demo_live_open(
    struct demo_live *live, const char *directory, uint64_t seed, int64_t now_ms);
void demo_live_close(struct demo_live *live);
/* The actor that plays on them; borrows `live`. */
struct demo_actor demo_live_actor(struct demo_live *live);

#endif
