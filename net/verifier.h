/* verifier.h: threads of a node that check signatures, the dearest thing about a short document, on all cores and before the writer's turn.
 * Whoever has documents to book hands them over as a batch, in order, and waits for the first so many of them while the others go on being
 * checked: so checking goes on beside the writer and beside its commit. It finds out nothing but whether a signature holds under a key
 * (signatures.h); what that is worth is seen in the writer's turn. Thread-safe.
 *
 * The threads start with the first batch. If there can be none, whoever waits checks by itself. */
#ifndef SUIREN_VERIFIER_H
#define SUIREN_VERIFIER_H

#include <pthread.h>

#include "net_limits.h"
#include "signatures.h"

/* Signatures of commands that are about to be booked, in their order. Its memory is the caller's, and must not move before verifier_end.
 *
 * V1  ready <= claimed <= count.
 * V2  What is below `ready` is checked and the caller's; from `claimed` on nothing was looked at; between, each is some thread's, or
 *     `done`. */
struct verifier_batch {
	struct signatures *signatures;
	size_t count; /* at most DELIVERY_BATCH_MAX */
	/* Of the verifier, under its mutex. */
	size_t ready, claimed;
	unsigned under_way;
	bool waited_for;
	bool done[DELIVERY_BATCH_MAX];
	struct verifier_batch *next;
};

struct verifier {
	pthread_mutex_t mutex;
	pthread_cond_t work, done;
	struct verifier_batch *first, **last; /* that have not ended, in turns */
	pthread_t threads[VERIFIER_THREADS_MAX];
	unsigned thread_count;
	bool started, stop;
};

void verifier_init(struct verifier *verifier);
/* Ends the threads. Only while there is no batch. */
void verifier_free(struct verifier *verifier);
/* Hand over what signatures_find has found of `count` commands. To be ended by verifier_end. */
void verifier_begin(struct verifier *verifier, struct verifier_batch *batch,
    struct signatures *signatures, size_t count);
/* Comes back when the first `count` are checked; helps meanwhile. */
void verifier_await(struct verifier *verifier, struct verifier_batch *batch, size_t count);
/* Comes back when no thread is at the batch any more. What was not looked at yet stays unchecked. */
void verifier_end(struct verifier *verifier, struct verifier_batch *batch);

#endif
