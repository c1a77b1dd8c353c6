/* sequencer.c: who may write: the callers' queue. There is no writer thread: the first of those who
 * wait takes the commands of all (as many as fit in a group), books them in one durable commit, and
 * wakes the others with their answers. A single caller so pays for no hand-over, and many share the
 * cost of the commit. */
#include "node_internal.h"

#include <assert.h>
#include <string.h>

/* On the stack of the caller that waits. */
struct waiter {
	struct work work;
	struct waiter *next;
	enum error error;
	bool done;
};

enum error sequencer_init(struct sequencer *sequencer)
{
	memset(sequencer, 0, sizeof *sequencer);
	sequencer->last = &sequencer->first;
	pthread_mutex_init(&sequencer->mutex, NULL);
	pthread_cond_init(&sequencer->changed, NULL);
	hasher_init(&sequencer->hasher);
	decision_init(&sequencer->decision);
	sequencer->decision.hasher = &sequencer->hasher.hook;
	return command_storage_create(&sequencer->storage);
}

void sequencer_free(struct sequencer *sequencer)
{
	assert(!sequencer->busy && sequencer->waiting == 0);
	pthread_cond_destroy(&sequencer->changed);
	pthread_mutex_destroy(&sequencer->mutex);
	command_storage_free(sequencer->storage);
	decision_free(&sequencer->decision);
	hasher_free(&sequencer->hasher);
	buffer_free(&sequencer->documents);
	buffer_free(&sequencer->refusal);
}

enum error node_failure(struct node *node)
{
	struct sequencer *sequencer = &node->sequencer;
	enum error stopped;

	pthread_mutex_lock(&sequencer->mutex);
	stopped = sequencer->busy ? ERROR_NONE : sequencer->stopped;
	pthread_mutex_unlock(&sequencer->mutex);
	return stopped;
}

enum error sequencer_run(struct node *node, struct work *works, size_t count)
{
	struct sequencer *sequencer = &node->sequencer;
	enum error error;

	assert(!node->options.read_only);
	assert(count > 0 && count <= GROUP_COMMANDS_MAX);
	pthread_mutex_lock(&sequencer->mutex);
	while (sequencer->busy)
		pthread_cond_wait(&sequencer->changed, &sequencer->mutex);
	sequencer->busy = true;
	pthread_mutex_unlock(&sequencer->mutex);

	error = group_run(node, works, count);

	pthread_mutex_lock(&sequencer->mutex);
	sequencer->busy = false;
	pthread_cond_broadcast(&sequencer->changed);
	pthread_mutex_unlock(&sequencer->mutex);
	return error;
}

/* Take the first waiters out of the queue. The mutex is held. */
static size_t take_waiters(
    struct sequencer *sequencer, struct waiter *taken[GROUP_COMMANDS_MAX], size_t most)
{
	size_t count = 0;

	while (sequencer->first && count < most) {
		taken[count] = sequencer->first;
		sequencer->first = taken[count]->next;
		count++;
	}
	if (!sequencer->first)
		sequencer->last = &sequencer->first;
	sequencer->waiting -= (unsigned)count;
	return count;
}

/* Write for all who wait. The mutex is held, and let go meanwhile. */
static void lead(struct node *node)
{
	struct sequencer *sequencer = &node->sequencer;
	struct waiter *taken[GROUP_COMMANDS_MAX];
	struct work works[GROUP_COMMANDS_MAX];
	size_t most = node->config.group_commands < GROUP_COMMANDS_MAX ? node->config.group_commands
								       : GROUP_COMMANDS_MAX;
	size_t count = take_waiters(sequencer, taken, most);
	enum error error;

	for (size_t i = 0; i < count; i++)
		works[i] = taken[i]->work;
	sequencer->busy = true;
	pthread_mutex_unlock(&sequencer->mutex);

	error = group_run(node, works, count);

	pthread_mutex_lock(&sequencer->mutex);
	sequencer->busy = false;
	for (size_t i = 0; i < count; i++) {
		taken[i]->error = error;
		taken[i]->done = true;
	}
	pthread_cond_broadcast(&sequencer->changed);
}

enum error sequencer_submit(struct node *node, const struct work *work)
{
	struct sequencer *sequencer = &node->sequencer;
	struct waiter waiter = {.work = *work};
	unsigned most = node->config.queue_length < SEQUENCER_QUEUE_MAX ? node->config.queue_length
									: SEQUENCER_QUEUE_MAX;

	assert(!node->options.read_only);
	pthread_mutex_lock(&sequencer->mutex);
	if (sequencer->waiting >= most) {
		pthread_mutex_unlock(&sequencer->mutex);
		work->answer->error = error_set(
		    &work->answer->detail, ERROR_BUSY, "%u commands wait already; try again", most);
		return ERROR_BUSY;
	}
	*sequencer->last = &waiter;
	sequencer->last = &waiter.next;
	sequencer->waiting++;
	while (!waiter.done) {
		if (sequencer->busy)
			pthread_cond_wait(&sequencer->changed, &sequencer->mutex);
		else
			lead(node);
	}
	pthread_mutex_unlock(&sequencer->mutex);
	return waiter.error;
}
