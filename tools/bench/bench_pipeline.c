#include "bench_pipeline.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "net_limits.h"

#define RING 128u /* sheets that wait at most */
_Static_assert(RING >= 2 * GROUP_COMMANDS_MAX, "a group is gathered while another one is written");

struct place {
	bool ready;
	struct bench_prepared item;
};

struct pipeline {
	const struct bench_sheets *sheets;
	/* Under the mutex: */
	size_t next; /* sheet that no worker has taken yet */
	struct place ring[RING];
	size_t taken;  /* places of sheets before this one are free again */
	size_t wanted; /* the writer waits for the sheets before this one */
	enum error failed;
	pthread_mutex_t mutex;
	pthread_cond_t ready, room;
};

static double processor_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static enum error prepare_one(const struct bench_sheet *sheet, struct bench_prepared *item)
{
	struct codec_reader reader = codec_reader(buffer_span(&sheet->attachment));
	struct span lines;
	struct hash secret;
	uint32_t count;
	enum error error;

	sheet_release(&item->prepared); /* of the sheet that was in this place before */
	codec_array_exact(&reader, 3);
	codec_bytes_exact(&reader, secret.bytes, HASH_SIZE);
	count = (uint32_t)codec_uint_max(&reader, SHEET_LINES_MAX);
	lines = codec_bytes(&reader);
	error = codec_finish(&reader);
	item->sheet = sheet;
	return error ? error
		     : sheet_prepare(buffer_span(&sheet->document), &secret, count, lines,
			   &sheet->key, &item->prepared, NULL);
}

/* The next sheet that there is a place for; false when there is no more. */
static bool take(struct pipeline *pipeline, size_t *index)
{
	bool taken;

	pthread_mutex_lock(&pipeline->mutex);
	while (pipeline->next >= pipeline->taken + RING &&
	       pipeline->next < pipeline->sheets->count && !pipeline->failed)
		pthread_cond_wait(&pipeline->room, &pipeline->mutex);
	taken = pipeline->next < pipeline->sheets->count && !pipeline->failed;
	if (taken)
		*index = pipeline->next++;
	else
		pthread_cond_broadcast(&pipeline->room);
	pthread_mutex_unlock(&pipeline->mutex);
	return taken;
}

static void *work(void *context)
{
	struct pipeline *pipeline = context;
	size_t i;

	/* Threads of a node that prepare give way to the one that writes: all wait for it. Without the right to it nothing is lost. */
	(void)setpriority(PRIO_PROCESS, 0, 10);
	while (take(pipeline, &i)) {
		struct place *place = &pipeline->ring[i % RING];
		enum error error = prepare_one(&pipeline->sheets->sheets[i], &place->item);

		pthread_mutex_lock(&pipeline->mutex);
		place->ready = true;
		if (error)
			pipeline->failed = error;
		if (error || i < pipeline->wanted)
			pthread_cond_signal(&pipeline->ready);
		pthread_mutex_unlock(&pipeline->mutex);
	}
	return NULL;
}

/* Wait until sheets at .. at + count - 1 are prepared. */
static enum error gather(
    struct pipeline *pipeline, size_t at, size_t count, const struct bench_prepared **group)
{
	enum error error;

	pthread_mutex_lock(&pipeline->mutex);
	pipeline->wanted = at + count;
	for (size_t i = 0; i < count; i++) {
		struct place *place = &pipeline->ring[(at + i) % RING];

		while (!place->ready && !pipeline->failed)
			pthread_cond_wait(&pipeline->ready, &pipeline->mutex);
		group[i] = &place->item;
	}
	error = pipeline->failed;
	pthread_mutex_unlock(&pipeline->mutex);
	return error;
}

static void hand_back(struct pipeline *pipeline, size_t at, size_t count, enum error error)
{
	pthread_mutex_lock(&pipeline->mutex);
	for (size_t i = 0; i < count; i++)
		pipeline->ring[(at + i) % RING].ready = false;
	pipeline->taken = at + count;
	if (error)
		pipeline->failed = error;
	/* One worker is enough to go on with: two would take the writer's core from it. */
	if (error)
		pthread_cond_broadcast(&pipeline->room);
	else
		pthread_cond_signal(&pipeline->room);
	pthread_mutex_unlock(&pipeline->mutex);
}

static enum error write_all(
    struct pipeline *pipeline, size_t group, bench_write_group *write, void *context)
{
	size_t count = pipeline->sheets->count;
	enum error error = ERROR_NONE;

	for (size_t at = 0; !error && at < count; at += group) {
		const struct bench_prepared *sheets[GROUP_COMMANDS_MAX];
		size_t n = count - at < group ? count - at : group;

		error = gather(pipeline, at, n, sheets);
		if (!error)
			error = write(context, sheets, n);
		hand_back(pipeline, at, n, error);
	}
	return error;
}

static enum error run(struct pipeline *pipeline, size_t group, bench_write_group *write,
    void *context, struct bench_time *time)
{
	pthread_t threads[BENCH_WORKERS];
	double start = bench_now(), writer = processor_seconds(CLOCK_THREAD_CPUTIME_ID),
	       all = processor_seconds(CLOCK_PROCESS_CPUTIME_ID);
	size_t started = 0;
	enum error error = ERROR_NONE;

	while (
	    started < BENCH_WORKERS && pthread_create(&threads[started], NULL, work, pipeline) == 0)
		started++;
	if (started < BENCH_WORKERS)
		hand_back(pipeline, 0, 0, error = ERROR_MEMORY);
	else
		error = write_all(pipeline, group, write, context);
	time->seconds = bench_now() - start;
	time->writer = processor_seconds(CLOCK_THREAD_CPUTIME_ID) - writer;
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	time->workers = processor_seconds(CLOCK_PROCESS_CPUTIME_ID) - all - time->writer;
	return error;
}

enum error bench_pipeline_run(const struct bench_sheets *sheets, size_t group,
    bench_write_group *write, void *context, struct bench_time *time)
{
	struct pipeline *pipeline = calloc(1, sizeof *pipeline);
	enum error error;

	*time = (struct bench_time){0};
	if (!pipeline)
		return ERROR_MEMORY;
	pipeline->sheets = sheets;
	pthread_mutex_init(&pipeline->mutex, NULL);
	pthread_cond_init(&pipeline->ready, NULL);
	pthread_cond_init(&pipeline->room, NULL);
	error = run(pipeline, group, write, context, time);
	for (size_t i = 0; i < RING; i++)
		sheet_release(&pipeline->ring[i].item.prepared);
	pthread_cond_destroy(&pipeline->room);
	pthread_cond_destroy(&pipeline->ready);
	pthread_mutex_destroy(&pipeline->mutex);
	free(pipeline);
	return error;
}
