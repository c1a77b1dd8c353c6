#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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
	int files[2];   /* who dialled; who listens */
	int records[2]; /* what came from each; -1: not written */
	bool done[2];   /* nothing more is taken from this side */
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
	char record[400];         /* a folder, or nothing */
	struct connection connections[CONNECTIONS_MAX];
	pthread_t thread;
	int wake;
	bool stopping;
};

/* One chance among a thousand, unless it has befallen often enough; the mutex is held. */
static bool befalls(struct wire *wire, unsigned per_mille, unsigned *count)
{
	if (per_mille == 0 || (wire->faults.most > 0 && *count >= wire->faults.most) ||
	    chance_below(&wire->faults.seed, 1000) >= per_mille)
		return false;
	++*count;
	return true;
}

/* What becomes of a piece. */
struct fate {
	bool ends, half_closes;
	unsigned times; /* that it arrives */
	unsigned delay_ms;
};

static void alter(struct wire *wire, uint8_t *piece, size_t size)
{
	/* A wrong length before a message is waited for until the link's silence ends it: that takes longer than most tests may. */
	size_t head = size > HEAD && !wire->faults.heads_too ? HEAD : 0;

	piece[head + chance_below(&wire->faults.seed, size - head)] ^=
	    (uint8_t)(1 + chance_below(&wire->faults.seed, 255));
}

static void look_at(struct wire *wire, const uint8_t *piece, size_t size)
{
	wire->counts.bytes += size;
	for (const char *const *text = wire->texts; text && *text; text++)
		wire->counts.seen += memmem(piece, size, *text, strlen(*text)) != NULL;
}

static struct fate fate_of(struct connection *connection, uint8_t *piece, size_t size)
{
	struct wire *wire = connection->wire;
	const struct wire_faults *faults = &wire->faults;
	struct wire_counts *counts = &wire->counts;
	struct fate fate = {.times = 1};

	pthread_mutex_lock(&wire->mutex);
	look_at(wire, piece, size);
	fate.ends = wire->stopping || befalls(wire, faults->end_per_mille, &counts->ended);
	if (!fate.ends) {
		if (befalls(wire, faults->alter_per_mille, &counts->altered))
			alter(wire, piece, size);
		if (befalls(wire, faults->delay_per_mille, &counts->delayed))
			fate.delay_ms =
			    (unsigned)chance_below(&wire->faults.seed, faults->delay_most_ms);
		if (befalls(wire, faults->swallow_per_mille, &counts->swallowed))
			fate.times = 0;
		else if (befalls(wire, faults->double_per_mille, &counts->doubled))
			fate.times = 2;
		fate.half_closes =
		    befalls(wire, faults->half_close_per_mille, &counts->half_closed);
		if (faults->bytes_per_second)
			fate.delay_ms += (unsigned)(size * 1000 / faults->bytes_per_second);
	}
	pthread_mutex_unlock(&wire->mutex);
	return fate;
}

static bool write_all(int file, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t put = write(file, bytes, size);

		if (put <= 0)
			return false;
		bytes += put;
		size -= (size_t)put;
	}
	return true;
}

static bool pass(struct connection *connection, int side)
{
	uint8_t piece[PIECE];
	ssize_t size = recv(connection->files[side], piece, sizeof piece, 0);
	struct fate fate;

	if (size <= 0)
		return false;
	if (connection->records[side] >= 0)
		assert_true(write_all(connection->records[side], piece, (size_t)size));
	fate = fate_of(connection, piece, (size_t)size);
	if (fate.ends)
		return false;
	if (fate.delay_ms) {
		const struct timespec delay = {
		    fate.delay_ms / 1000, (long)(fate.delay_ms % 1000) * 1000000};

		nanosleep(&delay, NULL); /* the network's, not the test's */
	}
	for (unsigned i = 0; i < fate.times; i++) {
		for (ssize_t sent = 0; sent < size;) {
			ssize_t put = send(connection->files[!side], piece + sent,
			    (size_t)(size - sent), MSG_NOSIGNAL);

			if (put <= 0)
				return false;
			sent += put;
		}
	}
	if (fate.half_closes) {
		connection->done[side] = true;
		shutdown(connection->files[!side], SHUT_WR);
	}
	return !connection->done[0] || !connection->done[1];
}

static void *carry(void *context)
{
	struct connection *connection = context;
	struct wire *wire = connection->wire;
	bool goes_on = true;

	while (goes_on) {
		/* Of a side that is done only its end is looked for. */
		struct pollfd files[] = {
		    {.fd = connection->files[0], .events = connection->done[0] ? 0 : POLLIN},
		    {.fd = connection->files[1], .events = connection->done[1] ? 0 : POLLIN}};

		if (poll(files, 2, -1) < 0)
			break;
		for (int side = 0; side < 2 && goes_on; side++)
			goes_on = !files[side].revents || pass(connection, side);
	}
	pthread_mutex_lock(&wire->mutex);
	for (int side = 0; side < 2; side++) {
		close(connection->files[side]);
		if (connection->records[side] >= 0)
			close(connection->records[side]);
	}
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

/* -1: nothing is recorded. The mutex is held. */
static int record_open(const struct wire *wire, unsigned side)
{
	char path[440];
	int file;

	if (!wire->record[0])
		return -1;
	snprintf(path, sizeof path, "%s/%u-%u", wire->record, wire->counts.connections, side);
	file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	return file;
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
		for (unsigned side = 0; side < 2; side++)
			connection->records[side] = record_open(wire, side);
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

void wire_record(struct wire *wire, const char *folder)
{
	pthread_mutex_lock(&wire->mutex);
	snprintf(wire->record, sizeof wire->record, "%s", folder);
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
