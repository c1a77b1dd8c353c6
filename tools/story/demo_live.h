/* demo_live.h: the demo's story played on four nodes in this process, one after the other, with time and randomness from the seed. */
#ifndef SUIREN_DEMO_LIVE_H
#define SUIREN_DEMO_LIVE_H

#include "demo_actor.h"
#include "processes.h"
#include "seeded.h"

struct demo_live {
	const char *directory;
	struct seeded seeded[SAMPLE_CITIES];
	struct node *nodes[SAMPLE_CITIES];
	struct secret_key officers[SAMPLE_CITIES];
	struct processes *processes; /* NULL: the nodes are in this process */
	struct error_detail detail;
	uint64_t lines, sheets, documents;
	uint64_t not_taken[SAMPLE_CITIES]; /* sheets whose signature does not verify */
	bool away
	    [SAMPLE_CITIES]; /* set by a test that has cut its links: deliveries go on without it */
	bool closed[SAMPLE_CITIES]; /* likewise, whose daemon is down: its bank is not asked */
	/* Called at every step of the story; from another process a test may do what it likes there. NULL. */
	void (*step)(void *context, struct demo_live *live);
	void *step_context;
};

/* With `processes` each node has a daemon of its own, and the story is told to these. Make the four nodes below `directory`, which must not exist, and introduce them. Fails with: ERROR_EXISTS and as node_create. Whatever it
 * returns: demo_live_close. `processes` may be NULL. */
MUST_CHECK enum error demo_live_open(struct demo_live *live, const char *directory, uint64_t seed,
    int64_t now_ms, struct processes *processes);
/* Close the nodes and stop the daemons. Fails with: ERROR_STATE (one did not stop cleanly). */
MUST_CHECK enum error demo_live_close(struct demo_live *live);
/* The actor that plays on them; borrows `live`. */
struct demo_actor demo_live_actor(struct demo_live *live);

#endif
