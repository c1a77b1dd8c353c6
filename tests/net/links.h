/* links.h: cities that are nothing but a link, for tests: who they are, what they serve, and waiting until something is so. */
#ifndef SUIREN_TEST_LINKS_H
#define SUIREN_TEST_LINKS_H

#include "link.h"
#include "noise.h"
#include "testing.h"

#include <dirent.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <time.h>

#define CITY_A 510100u
#define CITY_B 500000u
#define CITY_C 510800u
/* Longer than anything takes that works; what is expected to fail waits for SOON_MS. */
#define LONG_MS 30000
#define SOON_MS 300

struct city {
	uint32_t region;
	struct hash secret;
	struct link *link;
	uint16_t port; /* 0: any that is free, and then that one again */
	uint32_t heartbeat_ms, silence_ms, handshake_ms;
	atomic_uint served;
	/* What it answers: by default the request, behind the asker's region. */
	_Atomic(enum error) fails;
	atomic_size_t answers_size; /* so many zeros, if not 0 */
	/* Holds what it serves until it is let go. */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool holds;
	unsigned held;
};

static inline enum error city_serve(
    void *context, uint32_t peer, struct span request, struct buffer *answer)
{
	struct city *city = context;
	size_t size = atomic_load(&city->answers_size);
	enum error fails = atomic_load(&city->fails);
	uint8_t region[4];

	pthread_mutex_lock(&city->mutex);
	city->held++;
	pthread_cond_broadcast(&city->changed);
	while (city->holds)
		pthread_cond_wait(&city->changed, &city->mutex);
	city->held--;
	pthread_mutex_unlock(&city->mutex);
	atomic_fetch_add(&city->served, 1);
	if (fails)
		return fails;
	if (size) {
		uint8_t *at = buffer_extend(answer, size);

		if (at)
			memset(at, 0, size);
		return answer->failed;
	}
	be32_write(region, peer);
	buffer_append(answer, span_of(region, sizeof region));
	buffer_append(answer, request);
	return answer->failed;
}

static inline void city_hold(struct city *city, bool holds)
{
	pthread_mutex_lock(&city->mutex);
	city->holds = holds;
	pthread_cond_broadcast(&city->changed);
	pthread_mutex_unlock(&city->mutex);
}

static inline void city_wait_held(struct city *city, unsigned count)
{
	pthread_mutex_lock(&city->mutex);
	while (city->held < count)
		pthread_cond_wait(&city->changed, &city->mutex);
	pthread_mutex_unlock(&city->mutex);
}

static inline void city_init(struct city *city, uint32_t region)
{
	memset(city, 0, sizeof *city);
	assert_true(sodium_init() >= 0);
	city->region = region;
	be32_write(city->secret.bytes, region);
	pthread_mutex_init(&city->mutex, NULL);
	pthread_cond_init(&city->changed, NULL);
}

static inline void city_open(struct city *city)
{
	struct error_detail detail = {""};
	struct link_options options = {.region = city->region,
	    .secret = city->secret,
	    .serve = city_serve,
	    .context = city,
	    .heartbeat_ms = city->heartbeat_ms,
	    .silence_ms = city->silence_ms,
	    .handshake_ms = city->handshake_ms};
	char address[64];

	snprintf(address, sizeof address, "tcp://127.0.0.1:%u", city->port);
	options.listen = address;
	if (link_open(&options, &city->link, &detail))
		fail_msg("%s", detail.text);
	city->port = link_port(city->link);
	assert_true(city->port != 0);
}

static inline void city_close(struct city *city)
{
	link_close(city->link);
	city->link = NULL;
}

static inline void city_free(struct city *city)
{
	city_close(city);
	pthread_cond_destroy(&city->changed);
	pthread_mutex_destroy(&city->mutex);
}

static inline struct hash public_of(const struct hash *secret)
{
	struct noise_pair pair;

	noise_pair_make(secret, &pair);
	return pair.public;
}

/* `city` knows `peer` with its key; at this port, or at no address if it is 0. */
static inline void city_knows(struct city *city, const struct city *peer, uint16_t port)
{
	struct link_peer entry = {.region = peer->region, .key = public_of(&peer->secret)};
	struct error_detail detail = {""};

	if (port)
		snprintf(entry.address, sizeof entry.address, "tcp://127.0.0.1:%u", port);
	if (link_peer_set(city->link, &entry, &detail))
		fail_msg("%s", detail.text);
}

static inline void cities_meet(struct city *a, struct city *b)
{
	city_knows(a, b, b->port);
	city_knows(b, a, a->port);
}

/* Ask, and see that the answer is the request behind our region. */
static inline enum error city_asks(
    struct city *city, uint32_t peer, const char *text, uint32_t timeout_ms)
{
	struct buffer answer = {0};
	struct error_detail detail = {""};
	enum error error =
	    link_request(city->link, peer, span_text(text), timeout_ms, &answer, &detail);

	if (!error) {
		assert_int_equal(answer.size, 4 + strlen(text));
		assert_int_equal(be32_read(answer.data), city->region);
		assert_memory_equal(answer.data + 4, text, strlen(text));
	} else {
		assert_true(detail.text[0] != '\0');
		assert_int_equal(answer.size, 0);
	}
	buffer_free(&answer);
	return error;
}

static inline struct link_status status_of(struct city *city, uint32_t peer)
{
	struct link_status status;

	assert_good(link_status(city->link, peer, &status));
	return status;
}

static inline struct link_totals totals_of(struct city *city)
{
	struct link_totals totals;

	link_totals(city->link, &totals);
	return totals;
}

/* --- waiting for a condition --------------------------------------------------------------------------------- */

static inline int64_t test_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void test_yield(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
}

#define eventually(condition)                                      \
	do {                                                       \
		int64_t begun_ = test_now_ms();                    \
		while (!(condition)) {                             \
			if (test_now_ms() - begun_ > LONG_MS)      \
				fail_msg("never: %s", #condition); \
			test_yield();                              \
		}                                                  \
	} while (0)

/* --- what a process has -------------------------------------------------------------------------------------- */

static inline unsigned entries_of(const char *path)
{
	DIR *directory = opendir(path);
	unsigned count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static inline unsigned descriptors(void)
{
	return entries_of("/proc/self/fd");
}

static inline unsigned threads(void)
{
	return entries_of("/proc/self/task");
}

#endif
