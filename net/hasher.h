/* hasher.h: one thread of a node that hashes the results of a long sheet while the writer decides its following lines
 * (decision.h, struct decision_hasher). The results are cut into runs of HASHER_RUN, each a complete subtree; the thread takes
 * the written ones in order, and in the end the writer takes those that are left, so that it never waits for more than the one
 * run that the thread is at. The root does not depend on who hashed what.
 *
 * One writer at a time calls through the hook; the thread starts with the first sheet that is handed over. If there can be no
 * thread, the writer hashes everything. */
#ifndef SUIREN_HASHER_H
#define SUIREN_HASHER_H

#include <pthread.h>
#include <stdatomic.h>

#include "decision.h"
#include "net_limits.h"

#define HASHER_RUN_LEVEL 6
#define HASHER_RUN (1u << HASHER_RUN_LEVEL)

struct hasher {
	struct decision_hasher hook; /* its context is this hasher, which must not move */
	/* Runs are numbered through the hasher's life; no number is used twice.
	 *
	 * H1  finished <= claimed <= published.
	 * H2  `sheet` changes only while finished == published. */
	_Atomic uint64_t published, claimed, finished;
	struct {
		uint64_t first; /* number of its first run */
		const struct hash *line_leaves;
		const uint32_t *bounds;
		const uint8_t *verdicts;
		struct hash roots[ENTRY_LINES_MAX / HASHER_RUN];
	} sheet;
	atomic_bool sleeping, waited_for; /* the thread sleeps; the writer waits for it */
	pthread_mutex_t mutex;
	pthread_cond_t work, done;
	pthread_t thread;
	bool started; /* the writer's */
	bool stop;    /* under the mutex */
};

void hasher_init(struct hasher *hasher);
/* Ends the thread. Only while no sheet is being decided. */
void hasher_free(struct hasher *hasher);

#endif
