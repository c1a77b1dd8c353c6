#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "testing.h"

#define PAIRS_MAX 16u
#define CONNECTIONS_MAX 1024u
#define CITIES_MAX_HERE 8u
#define PIECE 16384u
#define HEAD 16u

struct pair {
	unsigned from, to;
	uint16_t port; /* where `to` listens */
	int listener;
};

struct connection {
	struct wire *wire;
	const struct pair *pair;
	int files[2]; /* who dialled; who listens */
	pthread_t thread;
	bool used, over;
};

struct wire {
	struct pair pairs[PAIRS_MAX];
	unsigned pair_count;
	pthread_mutex_t mutex; /* all that follows */
	bool cut[CITIES_MAX_HERE];
	struct wire_faults faults;
	struct wire_counts counts;
	const char *const *texts; /* or NULL */
	struct connection connections[CONNECTIONS_MAX];
	pthread_t thread;
	int wake;
	bool stopping;
};

/* One chance among a thousand; the mutex is held. */
static bool befalls(struct wire *wire, unsigned per_mille)
{
	return per_mille > 0 && chance_below(&wire->faults.seed, 1000) < per_mille;
}

/* What happens to a piece. False: the connection ends. */
static bool fate(struct connection *connection, uint8_t *piece, size_t size)
{
	struct wire *wire = connection->wire;
	unsigned delay_ms = 0;
	bool goes_on;

	pthread_mutex_lock(&wire->mutex);
	wire->counts.bytes += size;
	for (const char *const *text = wire->texts; text && *text; text++)
		wire->counts.seen += memmem(piece, size, *text, strlen(*text)) != NULL;
	goes_on = !wire->stopping && !befalls(wire, wire->faults.end_per_mille);
	wire->counts.ended += !goes_on && !wire->stopping;
	if (goes_on && befalls(wire, wire->faults.alter_per_mille)) {
		/* Not in the head, which only says how long it is: a wrong length is waited for until the
		 * link's silence ends it, which takes longer than a test may. */
		size_t head = size > HEAD ? HEAD : 0;

		piece[head + chance_below(&wire->faults.seed, size - head)] ^=
		    (uint8_t)(1 + chance_below(&wire->faults.seed, 255));
		wire->counts.altered++;
	}
	if (goes_on && befalls(wire, wire->faults.delay_per_mille)) {
		delay_ms = (unsigned)chance_below(&wire->faults.seed, wire->faults.delay_most_ms);
		wire->counts.delayed++;
	}
	pthread_mutex_unlock(&wire->mutex);
	if (delay_ms) {
		const struct timespec delay = {delay_ms / 1000, (long)(delay_ms % 1000) * 1000000};

		nanosleep(&delay, NULL); /* the network's, not the test's */
	}
	return goes_on;
}

static bool pass(struct connection *connection, int side)
{
	uint8_t piece[PIECE];
	ssize_t size = recv(connection->files[side], piece, sizeof piece, 0);

	if (size <= 0 || !fate(connection, piece, (size_t)size))
		return false;
	for (ssize_t sent = 0; sent < size;) {
		ssize_t put = send(
		    connection->files[!side], piece + sent, (size_t)(size - sent), MSG_NOSIGNAL);

		if (put <= 0)
			return false;
		sent += put;
	}
	return true;
}

static void *carry(void *context)
{
	struct connection *connection = context;
	struct wire *wire = connection->wire;
	bool goes_on = true;

	while (goes_on) {
		struct pollfd files[] = {{.fd = connection->files[0], .events = POLLIN},
		    {.fd = connection->files[1], .events = POLLIN}};

		if (poll(files, 2, -1) < 0)
			break;
		for (int side = 0; side < 2 && goes_on; side++)
			goes_on = !files[side].revents || pass(connection, side);
	}
	pthread_mutex_lock(&wire->mutex);
	close(connection->files[0]);
	close(connection->files[1]);
	connection->over = true;
	pthread_mutex_unlock(&wire->mutex);
	return NULL;
}

static int dial(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons(port)};
	int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(file, (struct sockaddr *)&address, sizeof address) == 0)
		return file;
	close(file);
	return -1;
}

/* A free place; those whose connections are over are cleared. The mutex is held. */
static struct connection *place(struct wire *wire)
{
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection *connection = &wire->connections[i];

		if (connection->used && connection->over) {
			pthread_join(connection->thread, NULL);
			connection->used = false;
		}
		if (!connection->used)
			return connection;
	}
	return NULL;
}

static void take(struct wire *wire, const struct pair *pair)
{
	int near = accept4(pair->listener, NULL, NULL, SOCK_CLOEXEC), far = -1;
	struct connection *connection = NULL;

	if (near < 0)
		return;
	pthread_mutex_lock(&wire->mutex);
	if (!wire->cut[pair->from] && !wire->cut[pair->to])
		far = dial(pair->port);
	if (far >= 0)
		connection = place(wire);
	if (connection) {
		*connection = (struct connection){
		    .wire = wire, .pair = pair, .files = {near, far}, .used = true};
		wire->counts.connections++;
		assert_int_equal(pthread_create(&connection->thread, NULL, carry, connection), 0);
	} else {
		wire->counts.refused++;
		close(near);
		if (far >= 0)
			close(far);
	}
	pthread_mutex_unlock(&wire->mutex);
}

static void *run(void *context)
{
	struct wire *wire = context;

	for (;;) {
		struct pollfd files[PAIRS_MAX + 1];
		uint64_t unused;
		unsigned count;
		bool stopping;

		pthread_mutex_lock(&wire->mutex);
		count = wire->pair_count;
		stopping = wire->stopping;
		pthread_mutex_unlock(&wire->mutex);
		if (stopping)
			return NULL;
		for (unsigned i = 0; i < count; i++)
			files[i] = (struct pollfd){.fd = wire->pairs[i].listener, .events = POLLIN};
		files[count] = (struct pollfd){.fd = wire->wake, .events = POLLIN};
		if (poll(files, count + 1, -1) < 0)
			continue;
		if (files[count].revents && read(wire->wake, &unused, sizeof unused) < 0)
			continue;
		for (unsigned i = 0; i < count; i++)
			if (files[i].revents)
				take(wire, &wire->pairs[i]);
	}
}

static void wake(struct wire *wire)
{
	const uint64_t one = 1;

	assert_int_equal(write(wire->wake, &one, sizeof one), sizeof one);
}

struct wire *wire_open(void)
{
	struct wire *wire = calloc(1, sizeof *wire);

	assert_non_null(wire);
	pthread_mutex_init(&wire->mutex, NULL);
	wire->wake = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(pthread_create(&wire->thread, NULL, run, wire), 0);
	return wire;
}

uint16_t wire_add(struct wire *wire, unsigned from, unsigned to, uint16_t port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	pthread_mutex_lock(&wire->mutex);
	assert_true(wire->pair_count < PAIRS_MAX);
	wire->pairs[wire->pair_count++] = (struct pair){from, to, port, listener};
	pthread_mutex_unlock(&wire->mutex);
	wake(wire);
	return ntohs(address.sin_port);
}

void wire_cut(struct wire *wire, unsigned city, bool cut)
{
	pthread_mutex_lock(&wire->mutex);
	wire->cut[city] = cut;
	for (unsigned i = 0; i < CONNECTIONS_MAX && cut; i++) {
		struct connection *connection = &wire->connections[i];

		if (connection->used && !connection->over &&
		    (connection->pair->from == city || connection->pair->to == city)) {
			shutdown(connection->files[0], SHUT_RDWR);
			shutdown(connection->files[1], SHUT_RDWR);
		}
	}
	pthread_mutex_unlock(&wire->mutex);
}

void wire_look_for(struct wire *wire, const char *const *texts)
{
	pthread_mutex_lock(&wire->mutex);
	wire->texts = texts;
	pthread_mutex_unlock(&wire->mutex);
}

void wire_disturb(struct wire *wire, const struct wire_faults *faults)
{
	pthread_mutex_lock(&wire->mutex);
	wire->faults = *faults;
	pthread_mutex_unlock(&wire->mutex);
}

struct wire_counts wire_close(struct wire *wire)
{
	struct wire_counts counts;

	pthread_mutex_lock(&wire->mutex);
	wire->stopping = true;
	pthread_mutex_unlock(&wire->mutex);
	wake(wire);
	assert_int_equal(pthread_join(wire->thread, NULL), 0);
	for (unsigned i = 0; i < CITIES_MAX_HERE; i++)
		wire_cut(wire, i, true);
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		if (wire->connections[i].used)
			pthread_join(wire->connections[i].thread, NULL);
	for (unsigned i = 0; i < wire->pair_count; i++)
		close(wire->pairs[i].listener);
	counts = wire->counts;
	close(wire->wake);
	pthread_mutex_destroy(&wire->mutex);
	free(wire);
	return counts;
}
