/* A running daemon, flooded from outside by those who are none of its peers: with plain text, small frames, lengths that no frame has, the longest
 * frames that there are, handshakes under an unknown key, and connections that say nothing. Meanwhile its peers' documents come and go, its memory
 * stays within the bounds of docs/limits.md, and afterwards nothing is left of it. */
#include "testing.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <sodium.h>

#include "federation.h"
#include "exchange.h"
#include "keyring.h"
#include "link.h"
#include "month.h"
#include "program.h"

enum { FLOODED, PEER, OTHER, CITIES };

#define MIB (1u << 20)
/* Documents in each direction while the flood lasts. */
#define DOCUMENTS 150u
/* Strangers each may have one frame of the greatest length on its way; and what else a daemon moves. */
#define FRAMES_HELD_KIB (LINK_STRANGERS_MAX * (LINK_MESSAGE_MAX / 1024u))
#define SLACK_KIB (48u * 1024u)

struct flood {
	uint16_t port;
	atomic_bool over;
	atomic_ullong bytes;
	atomic_uint connections;
};

static int open_workshop(void **state)
{
	(void)state;
	folders_in_memory();
	workshop_open();
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* --- who floods --------------------------------------------------------------------------------------------- */

/* -1: it cannot be reached just now. Nothing on it takes longer than a second. */
static int connect_to(struct flood *flood)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons(flood->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval second = {.tv_sec = 1};
	int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (file < 0)
		return -1;
	setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
	setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
	if (connect(file, (const struct sockaddr *)&address, sizeof address) != 0) {
		close(file);
		return -1;
	}
	atomic_fetch_add(&flood->connections, 1);
	return file;
}

/* False: the other side has closed, or does not take it. */
static bool say(struct flood *flood, int file, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size > 0 && !flood->over) {
		ssize_t put = send(file, at, size, MSG_NOSIGNAL);

		if (put <= 0)
			return false;
		atomic_fetch_add(&flood->bytes, (unsigned long long)put);
		at += put;
		size -= (size_t)put;
	}
	return size == 0;
}

/* As a node that asks: the eight bytes of SP, both ways. */
static int greet(struct flood *flood)
{
	static const uint8_t ours[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
	uint8_t theirs[8];
	int file = connect_to(flood);

	if (file >= 0 && say(flood, file, ours, sizeof ours) &&
	    recv(file, theirs, sizeof theirs, MSG_WAITALL) == sizeof theirs)
		return file;
	if (file >= 0)
		close(file);
	return -1;
}

static void *plain_text(void *context)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
	struct flood *flood = context;

	while (!flood->over) {
		int file = connect_to(flood);

		while (file >= 0 && say(flood, file, text, sizeof text - 1))
			;
		if (file >= 0)
			close(file);
	}
	return NULL;
}

/* Malformed ones, sealed ones of sessions that nobody knows, handshakes of random bytes, empty ones. */
static void *small_frames(void *context)
{
	enum { BATCH = 1000 };
	static const uint8_t types[] = {3, 6, 1, 9};
	static const size_t sizes[] = {32, 32, 112, 0};
	struct flood *flood = context;
	struct buffer batch = {0};

	for (unsigned i = 0; i < BATCH; i++) {
		uint8_t bytes[12 + 112] = {0};
		size_t size = sizes[i % 4];

		be64_write(bytes, 4 + size);
		be32_write(bytes + 8, 0x80000000u + i);
		randombytes_buf(bytes + 16, sizeof bytes - 16);
		bytes[12] = 1;
		bytes[13] = types[i % 4];
		buffer_append(&batch, span_of(bytes, 12 + size));
	}
	while (!flood->over) {
		int file = greet(flood);

		while (file >= 0 && say(flood, file, batch.data, batch.size))
			;
		if (file >= 0)
			close(file);
	}
	buffer_free(&batch);
	return NULL;
}

static void *lengths_of_nothing(void *context)
{
	struct flood *flood = context;

	for (unsigned shift = 24; !flood->over; shift = shift == 63 ? 24 : shift + 1) {
		uint8_t head[8];
		int file = greet(flood);

		be64_write(head, UINT64_C(1) << shift);
		if (file >= 0 && say(flood, file, head, sizeof head)) {
			/* It is closed without another word. */
			uint8_t byte;

			if (recv(file, &byte, 1, 0) > 0)
				atomic_store(&flood->connections, UINT32_MAX);
		}
		if (file >= 0)
			close(file);
	}
	return NULL;
}

/* The longest frame that a peer might send; its last byte never comes, so that it is held until the connection is closed. */
static void *long_frames(void *context)
{
	enum { AT_ONCE = LINK_STRANGERS_MAX };
	struct flood *flood = context;
	const size_t size = LINK_MESSAGE_MAX;
	uint8_t *bytes = calloc(1, size), head[16] = {0};

	be64_write(head, size);
	be32_write(head + 8, 0x80000001u);
	head[12] = 1;
	head[13] = 3;
	while (bytes && !flood->over) {
		int files[AT_ONCE];

		for (unsigned i = 0; i < AT_ONCE; i++) {
			files[i] = greet(flood);
			if (files[i] >= 0 && say(flood, files[i], head, sizeof head))
				say(flood, files[i], bytes, size - sizeof head);
		}
		for (unsigned i = 0; i < AT_ONCE; i++) {
			if (files[i] >= 0)
				close(files[i]);
		}
	}
	free(bytes);
	return NULL;
}

static void *silence(void *context)
{
	enum { AT_ONCE = 64 };
	struct flood *flood = context;
	int files[AT_ONCE];

	for (unsigned i = 0; i < AT_ONCE; i++)
		files[i] = -1;
	for (unsigned i = 0; !flood->over; i = (i + 1) % AT_ONCE) {
		if (files[i] >= 0)
			close(files[i]);
		files[i] = greet(flood);
	}
	for (unsigned i = 0; i < AT_ONCE; i++) {
		if (files[i] >= 0)
			close(files[i]);
	}
	return NULL;
}

/* --- what it does to the daemon -------------------------------------------------------------------------------- */

static struct federation federation;
static struct process_facts calm;

/* Peers are served while these flood: documents of and for the flooded city are booked, one after the other. */
static void flood_with(void *(*const *who)(void *), unsigned count, uint64_t most_kib)
{
	const struct process *process = &federation.processes.all[FLOODED];
	struct flood flood = {
	    .port = (uint16_t)strtoul(strrchr(process->listen, ':') + 1, NULL, 10)};
	uint64_t peak_kib = 0;
	pthread_t threads[8];

	assert_true(count <= 8);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, who[i], &flood), 0);
	for (unsigned i = 0; i < DOCUMENTS; i++) {
		struct process_facts now;

		federation_register(&federation, FLOODED);
		federation_register(&federation, PEER);
		federation_settle(&federation);
		now = process_facts(process);
		peak_kib = now.resident_kib > peak_kib ? now.resident_kib : peak_kib;
		assert_true(now.threads <= calm.threads + 1);
	}
	flood.over = true;
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	print_message("%u connections, %llu MiB sent; %llu KiB before, at most %llu KiB\n",
	    flood.connections, (unsigned long long)flood.bytes / MIB,
	    (unsigned long long)calm.resident_kib, (unsigned long long)peak_kib);
	assert_true(flood.connections > 0 && flood.connections < UINT32_MAX);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	assert_true(peak_kib <= calm.resident_kib + most_kib); /* sanitizers keep what was freed */
#else
	(void)most_kib;
#endif
}

static int open_federation(void **state)
{
	(void)state;
	if (federation.cities == 0) {
		federation_open(&federation, "flooded", CITIES);
		federation_register(&federation, FLOODED);
		federation_settle(&federation);
		calm = process_facts(&federation.processes.all[FLOODED]);
	}
	return 0;
}

static void a_flood_of_text_lengths_silence_and_small_frames_costs_no_memory(void **state)
{
	static void *(*const who[])(void *) = {
	    plain_text, small_frames, lengths_of_nothing, silence};

	(void)state;
	flood_with(who, 4, SLACK_KIB);
}

static void the_longest_frames_of_strangers_cost_what_strangers_may_hold(void **state)
{
	static void *(*const who[])(void *) = {long_frames, small_frames};

	(void)state;
	flood_with(who, 2, FRAMES_HELD_KIB + SLACK_KIB);
}

static enum error serve_nothing(
    void *context, uint32_t peer, struct span request, struct buffer *answer)
{
	(void)context;
	(void)peer;
	(void)request;
	(void)answer;
	return ERROR_REFUSED;
}

/* What the log of the flooded city names as its link key: no secret. */
static struct hash link_key_of(unsigned city)
{
	struct txn *txn;
	struct keyring_key key;
	struct hash hash;
	char party[KEYRING_PARTY_SIZE];

	snprintf(party, sizeof party, "city/%06u", (unsigned)sample_regions[city]);
	assert_good(txn_begin_read(ledger_store(node_ledger(federation.nodes[city])), &txn));
	assert_good(keyring_current(txn, party, "link", &key));
	txn_abort(txn);
	memcpy(hash.bytes, key.key.bytes, sizeof hash.bytes);
	return hash;
}

/* It speaks the protocol, knows the daemon's key, and says that it is a city that there is. */
static void a_stranger_who_knows_the_protocol_gets_no_answer(void **state)
{
	struct link_options options = {.region = sample_regions[3], .serve = serve_nothing};
	struct link_peer peer = {.region = sample_regions[FLOODED]};
	struct buffer request = {0}, answer = {0};
	struct link_status status;
	struct link *link;

	(void)state;
	peer.key = link_key_of(FLOODED);
	snprintf(peer.address, sizeof peer.address, "%s", federation.processes.all[FLOODED].listen);
	randombytes_buf(options.secret.bytes, sizeof options.secret.bytes);
	assert_good(link_open(&options, &link, NULL));
	assert_good(link_peer_set(link, &peer, NULL));
	assert_good(exchange_greet(federation.nodes[PEER], EXCHANGE_HELLO, &request));
	assert_error(link_request(link, peer.region, buffer_span(&request), 1500, &answer, NULL),
	    ERROR_TIMEOUT);
	assert_int_equal(answer.size, 0);
	assert_good(link_status(link, peer.region, &status));
	assert_false(status.connected);
	assert_int_equal(status.handshakes, 0);
	link_close(link);
	buffer_free(&request);
	buffer_free(&answer);
}

/* Connections of strangers end by LINK_STRANGER_MS at the latest. */
static void nothing_is_left_of_it(void **state)
{
	const struct process *process = &federation.processes.all[FLOODED];
	struct process_facts now;
	int64_t since = monotonic_ms();

	(void)state;
	do {
		now = process_facts(process);
		breathe();
	} while ((now.files > calm.files || now.threads > calm.threads) &&
		 monotonic_ms() - since < 2 * LINK_STRANGER_MS);
	print_message("files %u, then %u; threads %u, then %u; %llu KiB, then %llu KiB\n",
	    calm.files, now.files, calm.threads, now.threads, (unsigned long long)calm.resident_kib,
	    (unsigned long long)now.resident_kib);
	assert_true(now.files <= calm.files);
	assert_true(now.threads <= calm.threads);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	assert_true(now.resident_kib <= calm.resident_kib + SLACK_KIB);
#endif
	federation_settle(&federation);
	federation_close(&federation);
	month_assert_once("flooded", CITIES);
	for (unsigned city = 0; city < CITIES; city++)
		suiren_must(0, "verify flooded/%06u --replay", (unsigned)sample_regions[city]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(
		a_flood_of_text_lengths_silence_and_small_frames_costs_no_memory, open_federation),
	    cmocka_unit_test_setup(
		the_longest_frames_of_strangers_cost_what_strangers_may_hold, open_federation),
	    cmocka_unit_test_setup(
		a_stranger_who_knows_the_protocol_gets_no_answer, open_federation),
	    cmocka_unit_test_setup(nothing_is_left_of_it, open_federation),
	};

	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
