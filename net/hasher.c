#include "hasher.h"

#include <assert.h>
#include <string.h>

/* Looks before the thread sleeps, or the writer for it: a few microseconds. */
#define SPINS 64u
/* Runs that are worth waking the thread for: waking costs the writer as much as hashing some ten results. */
#define WAKE_RUNS 3u

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/* The leaves of results [first, first + count), at most HASHER_RUN. */
static void hash_results(
    const struct hasher *hasher, uint32_t first, uint32_t count, struct hash *leaves)
{
	const uint32_t *bounds = hasher->sheet.bounds + first;
	struct span verdicts[HASHER_RUN];

	for (uint32_t i = 0; i < count; i++)
		verdicts[i] =
		    span_of(hasher->sheet.verdicts + bounds[i], bounds[i + 1] - bounds[i]);
	hash_leaves_under(hasher->sheet.line_leaves + first, verdicts, count, leaves);
}

/* Take the next run that is written and hash it; false if there is none. */
static bool hash_run(struct hasher *hasher)
{
	struct hash leaves[HASHER_RUN];
	uint64_t run = atomic_load(&hasher->claimed);
	uint32_t index;

	do {
		if (run >= atomic_load(&hasher->published))
			return false;
	} while (!atomic_compare_exchange_weak(&hasher->claimed, &run, run + 1));
	index = (uint32_t)(run - hasher->sheet.first);
	hash_results(hasher, index * HASHER_RUN, HASHER_RUN, leaves);
	hasher->sheet.roots[index] = merkle_root_in_place(leaves, HASHER_RUN);
	atomic_fetch_add(&hasher->finished, 1);
	return true;
}

static uint64_t unclaimed(const struct hasher *hasher)
{
	uint64_t claimed = atomic_load(&hasher->claimed);

	return atomic_load(&hasher->published) - claimed;
}

/* The writer may have begun to wait for the run that has just been finished. */
static void tell_writer(struct hasher *hasher)
{
	if (!atomic_load(&hasher->waited_for))
		return;
	pthread_mutex_lock(&hasher->mutex);
	pthread_cond_signal(&hasher->done);
	pthread_mutex_unlock(&hasher->mutex);
}

/* Sleep until there is enough to do; false: never again. */
static bool sleep_until_work(struct hasher *hasher)
{
	bool stop;

	pthread_mutex_lock(&hasher->mutex);
	for (;;) {
		atomic_store(&hasher->sleeping, true);
		if (hasher->stop || unclaimed(hasher) >= WAKE_RUNS)
			break;
		pthread_cond_wait(&hasher->work, &hasher->mutex);
	}
	atomic_store(&hasher->sleeping, false);
	stop = hasher->stop;
	pthread_mutex_unlock(&hasher->mutex);
	return !stop;
}

static void *work(void *context)
{
	struct hasher *hasher = context;

	while (sleep_until_work(hasher)) {
		for (unsigned spins = 0; spins < SPINS; spins++) {
			while (hash_run(hasher)) {
				tell_writer(hasher);
				spins = 0;
			}
			pause_briefly();
		}
	}
	return NULL;
}

/* The writer's side. */

static void begin(void *context, const struct hash *line_leaves, const uint32_t *bounds)
{
	struct hasher *hasher = context;

	assert(atomic_load(&hasher->finished) == atomic_load(&hasher->published));
	if (!hasher->started)
		hasher->started = pthread_create(&hasher->thread, NULL, work, hasher) == 0;
	hasher->sheet.first = atomic_load(&hasher->published);
	hasher->sheet.line_leaves = line_leaves;
	hasher->sheet.bounds = bounds;
	hasher->sheet.verdicts = NULL;
}

static void publish(struct hasher *hasher, const uint8_t *verdicts, uint32_t count)
{
	/* It moves only after a drain: nobody reads it then. */
	if (hasher->sheet.verdicts != verdicts) {
		assert(atomic_load(&hasher->finished) == atomic_load(&hasher->published));
		hasher->sheet.verdicts = verdicts;
	}
	atomic_store(&hasher->published, hasher->sheet.first + count / HASHER_RUN);
}

static void written(void *context, const uint8_t *verdicts, uint32_t count)
{
	struct hasher *hasher = context;

	publish(hasher, verdicts, count);
	if (!atomic_load(&hasher->sleeping) || unclaimed(hasher) < WAKE_RUNS)
		return;
	pthread_mutex_lock(&hasher->mutex);
	atomic_store(&hasher->sleeping, false); /* it is woken once */
	pthread_cond_signal(&hasher->work);
	pthread_mutex_unlock(&hasher->mutex);
}

static bool is_idle(struct hasher *hasher)
{
	return atomic_load(&hasher->finished) == atomic_load(&hasher->published);
}

static void drain(void *context)
{
	struct hasher *hasher = context;

	while (hash_run(hasher))
		;
	for (unsigned spins = 0; spins < SPINS && !is_idle(hasher); spins++)
		pause_briefly();
	if (is_idle(hasher))
		return;
	pthread_mutex_lock(&hasher->mutex);
	atomic_store(&hasher->waited_for, true);
	while (!is_idle(hasher))
		pthread_cond_wait(&hasher->done, &hasher->mutex);
	atomic_store(&hasher->waited_for, false);
	pthread_mutex_unlock(&hasher->mutex);
}

static void add(struct merkle_frontier *frontier, const struct hash *leaf)
{
	enum error error = merkle_append(frontier, leaf, NULL, NULL);

	assert(!error); /* only writing can fail */
	(void)error;
}

static void finish(
    void *context, const uint8_t *verdicts, uint32_t count, struct merkle_frontier *results)
{
	struct hasher *hasher = context;
	uint32_t runs = count / HASHER_RUN;
	struct hash leaves[HASHER_RUN];

	publish(hasher, verdicts, count);
	drain(hasher);
	/* A tree over the runs is the tree over their leaves, but for its size. */
	*results = (struct merkle_frontier){.size = 0};
	for (uint32_t i = 0; i < runs; i++)
		add(results, &hasher->sheet.roots[i]);
	results->size <<= HASHER_RUN_LEVEL;
	hash_results(hasher, runs * HASHER_RUN, count % HASHER_RUN, leaves);
	/* What is left is less than a run: one complete subtree for each set bit of its size, the largest first. */
	for (uint32_t size = HASHER_RUN / 2, at = 0; size > 0; size /= 2) {
		if (!(count & size))
			continue;
		results->hashes[results->count++] = merkle_root_in_place(leaves + at, size);
		results->size += size;
		at += size;
	}
	assert(results->size == count);
}

void hasher_init(struct hasher *hasher)
{
	memset(hasher, 0, sizeof *hasher);
	pthread_mutex_init(&hasher->mutex, NULL);
	pthread_cond_init(&hasher->work, NULL);
	pthread_cond_init(&hasher->done, NULL);
	hasher->hook = (struct decision_hasher){.context = hasher,
	    .least = HASHER_LINES_MIN,
	    .begin = begin,
	    .written = written,
	    .drain = drain,
	    .finish = finish};
}

void hasher_free(struct hasher *hasher)
{
	assert(is_idle(hasher));
	if (hasher->started) {
		pthread_mutex_lock(&hasher->mutex);
		hasher->stop = true;
		pthread_cond_signal(&hasher->work);
		pthread_mutex_unlock(&hasher->mutex);
		pthread_join(hasher->thread, NULL);
	}
	pthread_cond_destroy(&hasher->done);
	pthread_cond_destroy(&hasher->work);
	pthread_mutex_destroy(&hasher->mutex);
}
