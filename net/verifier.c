#include "verifier.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

_Static_assert(DELIVERY_BATCH_MAX >= GROUP_COMMANDS_MAX, "a group is a batch");

static void check_invariants(const struct verifier_batch *batch)
{
	assert(batch->ready <= batch->claimed && batch->claimed <= batch->count);
	assert(batch->under_way <= batch->claimed - batch->ready);
}

/* Check the next one of a batch. The mutex is held, and let go meanwhile. */
static void check_next(struct verifier *verifier, struct verifier_batch *batch)
{
	size_t index = batch->claimed++;

	assert(index < batch->count);
	batch->under_way++;
	pthread_mutex_unlock(&verifier->mutex);
	signatures_check(&batch->signatures[index]);
	pthread_mutex_lock(&verifier->mutex);
	batch->under_way--;
	batch->done[index] = true;
	while (batch->ready < batch->claimed && batch->done[batch->ready])
		batch->ready++;
	check_invariants(batch);
	if (batch->waited_for)
		pthread_cond_broadcast(&verifier->done);
}

static void append(struct verifier *verifier, struct verifier_batch *batch)
{
	batch->next = NULL;
	*verifier->last = batch;
	verifier->last = &batch->next;
}

static void take_out(struct verifier *verifier, struct verifier_batch *batch)
{
	struct verifier_batch **at = &verifier->first;

	while (*at != batch)
		at = &(*at)->next;
	*at = batch->next;
	if (verifier->last == &batch->next)
		verifier->last = at;
}

/* The next batch with something to do. It goes behind the others: they take turns. NULL: there is none. */
static struct verifier_batch *next_batch(struct verifier *verifier)
{
	struct verifier_batch *batch = verifier->first;

	while (batch && batch->claimed == batch->count)
		batch = batch->next;
	if (batch) {
		take_out(verifier, batch);
		append(verifier, batch);
	}
	return batch;
}

static void *work(void *context)
{
	struct verifier *verifier = context;

	pthread_mutex_lock(&verifier->mutex);
	while (!verifier->stop) {
		struct verifier_batch *batch = next_batch(verifier);

		if (batch)
			check_next(verifier, batch);
		else
			pthread_cond_wait(&verifier->work, &verifier->mutex);
	}
	pthread_mutex_unlock(&verifier->mutex);
	return NULL;
}

/* As many threads as cores: who waits for them writes or sleeps. Under the mutex. */
static void start(struct verifier *verifier)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned count = cores < 1                            ? 1
			 : cores > (long)VERIFIER_THREADS_MAX ? VERIFIER_THREADS_MAX
							      : (unsigned)cores;

	verifier->started = true;
	while (
	    verifier->thread_count < count &&
	    pthread_create(&verifier->threads[verifier->thread_count], NULL, work, verifier) == 0)
		verifier->thread_count++;
}

void verifier_init(struct verifier *verifier)
{
	memset(verifier, 0, sizeof *verifier);
	verifier->last = &verifier->first;
	pthread_mutex_init(&verifier->mutex, NULL);
	pthread_cond_init(&verifier->work, NULL);
	pthread_cond_init(&verifier->done, NULL);
}

void verifier_free(struct verifier *verifier)
{
	assert(!verifier->first);
	pthread_mutex_lock(&verifier->mutex);
	verifier->stop = true;
	pthread_cond_broadcast(&verifier->work);
	pthread_mutex_unlock(&verifier->mutex);
	for (unsigned i = 0; i < verifier->thread_count; i++)
		pthread_join(verifier->threads[i], NULL);
	pthread_cond_destroy(&verifier->done);
	pthread_cond_destroy(&verifier->work);
	pthread_mutex_destroy(&verifier->mutex);
}

void verifier_begin(struct verifier *verifier, struct verifier_batch *batch,
    struct signatures *signatures, size_t count)
{
	assert(count <= DELIVERY_BATCH_MAX);
	memset(batch, 0, sizeof *batch);
	batch->signatures = signatures;
	batch->count = count;
	pthread_mutex_lock(&verifier->mutex);
	/* One is checked by whoever waits for it. */
	if (!verifier->started && count > 1)
		start(verifier);
	append(verifier, batch);
	if (count > 1)
		pthread_cond_broadcast(&verifier->work);
	pthread_mutex_unlock(&verifier->mutex);
}

void verifier_await(struct verifier *verifier, struct verifier_batch *batch, size_t count)
{
	assert(count <= batch->count);
	pthread_mutex_lock(&verifier->mutex);
	while (batch->ready < count) {
		if (batch->claimed < count) {
			check_next(verifier, batch);
			continue;
		}
		batch->waited_for = true;
		pthread_cond_wait(&verifier->done, &verifier->mutex);
		batch->waited_for = false;
	}
	pthread_mutex_unlock(&verifier->mutex);
}

void verifier_end(struct verifier *verifier, struct verifier_batch *batch)
{
	pthread_mutex_lock(&verifier->mutex);
	take_out(verifier, batch);
	batch->waited_for = true;
	while (batch->under_way > 0)
		pthread_cond_wait(&verifier->done, &verifier->mutex);
	pthread_mutex_unlock(&verifier->mutex);
}
