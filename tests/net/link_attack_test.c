/* Who does not keep to the rules: strangers, thieves, broken or malicious peers, and networks that lose, delay and change what they carry.
 * Refused or survived; the others are served all the while. */
#include "session.h"
#include "wire.h"

static struct city a, b, c;

/* B listens and knows A, which asks it, and C, whose part the tests play on a raw connection. */
static int open_cities(void **state)
{
	(void)state;
	city_init(&a, CITY_A);
	city_init(&b, CITY_B);
	city_init(&c, CITY_C);
	a.heartbeat_ms = b.heartbeat_ms = 50;
	a.silence_ms = b.silence_ms = 500;
	a.handshake_ms = b.handshake_ms = 500;
	city_open(&a);
	city_open(&b);
	cities_meet(&a, &b);
	city_knows(&b, &c, 0);
	assert_good(city_asks(&a, CITY_B, "hello", LONG_MS));
	return 0;
}

static int close_cities(void **state)
{
	(void)state;
	city_hold(&b, false);
	city_free(&a);
	city_free(&b);
	city_free(&c);
	return 0;
}

/* --- a peer on a raw connection ------------------------------------------------------------------------------ */

struct raw {
	struct wire wire;
	struct session_table *sessions;
	uint64_t number, chance;
	struct buffer first; /* the last message 1 */
};

static void raw_init(struct raw *raw, const struct hash *secret, uint64_t number)
{
	struct session_options options = {.secret = *secret};
	struct hash key = public_of(&b.secret);

	memset(raw, 0, sizeof *raw);
	raw->number = number;
	raw->chance = number;
	assert_good(session_table_new(&options, &raw->sessions));
	assert_good(session_peer_set(raw->sessions, CITY_B, &key));
	wire_open(&raw->wire, b.port);
}

static void raw_free(struct raw *raw)
{
	wire_close(&raw->wire);
	session_table_free(raw->sessions);
	buffer_free(&raw->first);
}

static void raw_begin(struct raw *raw)
{
	struct session_draw draw = {.index = 7};

	chance_bytes(&raw->chance, draw.ephemeral.bytes, HASH_SIZE);
	buffer_clear(&raw->first);
	assert_good(session_begin(raw->sessions, CITY_B, &draw, ++raw->number, false, &raw->first));
}

/* Is a session agreed? False: no answer, or the connection was closed. */
static bool raw_agree(struct raw *raw, int patience_ms)
{
	struct buffer second = {0};
	struct frame frame;
	bool agreed = false;

	raw_begin(raw);
	if (wire_send(&raw->wire, buffer_span(&raw->first)) &&
	    wire_receive(&raw->wire, &second, patience_ms)) {
		assert_good(frame_read(buffer_span(&second), &frame));
		assert_good(session_finish(raw->sessions, &frame, test_now_ms()));
		agreed = true;
	}
	buffer_free(&second);
	return agreed;
}

static void raw_seal(
    struct raw *raw, const char *text, struct buffer *frame, struct session_mark *mark)
{
	buffer_clear(frame);
	assert_good(session_seal(
	    raw->sessions, CITY_B, FRAME_REQUEST, span_text(text), test_now_ms(), frame, mark));
}

/* The next frame answers the request of this mark, with the text behind the region. */
static void raw_expect_answer(struct raw *raw, const struct session_mark *mark, const char *text)
{
	struct buffer bytes = {0}, content = {0};
	struct session_message message;
	struct frame frame;

	assert_true(wire_receive(&raw->wire, &bytes, WIRE_MS));
	assert_good(frame_read(buffer_span(&bytes), &frame));
	assert_int_equal(frame.type, FRAME_ANSWER);
	assert_good(session_open(raw->sessions, &frame, test_now_ms(), &message, &content));
	if (mark)
		assert_true(session_is_answer(&message, mark));
	assert_int_equal(content.size, 1 + 4 + strlen(text));
	assert_int_equal(content.data[0], 0);
	assert_int_equal(be32_read(content.data + 1), CITY_C);
	assert_memory_equal(content.data + 5, text, strlen(text));
	buffer_free(&bytes);
	buffer_free(&content);
}

static void raw_expect_reseal(
    struct raw *raw, const struct session_mark *mark, enum reseal_reason reason)
{
	struct buffer bytes = {0};
	struct frame frame;

	assert_true(wire_receive(&raw->wire, &bytes, WIRE_MS));
	assert_good(frame_read(buffer_span(&bytes), &frame));
	assert_int_equal(frame.type, FRAME_RESEAL);
	assert_int_equal(frame.reason, reason);
	assert_true(session_is_reseal(&frame, mark));
	buffer_free(&bytes);
}

/* What has been served so far, by A's asking that it still is. */
static void still_serves_a(void)
{
	assert_good(city_asks(&a, CITY_B, "still there?", LONG_MS));
}

/* --- who is let in ------------------------------------------------------------------------------------------- */

/* docs/protocol.md, spoken by hand: what is sent here is what a second implementation would send. */
static void a_peer_is_served_in_whatever_order_its_frames_come(void **state)
{
	enum { COUNT = 20 };
	struct buffer frames[COUNT] = {{0}};
	struct session_mark marks[COUNT];
	struct raw raw;
	char text[32];

	(void)state;
	raw_init(&raw, &c.secret, 1000);
	assert_true(raw_agree(&raw, WIRE_MS));
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(text, sizeof text, "request %u", i);
		raw_seal(&raw, text, &frames[i], &marks[i]);
	}
	for (unsigned i = COUNT; i-- > 0;) {
		snprintf(text, sizeof text, "request %u", i);
		assert_true(wire_send(&raw.wire, buffer_span(&frames[i])));
		raw_expect_answer(&raw, &marks[i], text);
	}
	assert_int_equal(status_of(&b, CITY_C).served, COUNT);
	/* Each of them once more: none is served again, each is answered. */
	for (unsigned i = 0; i < COUNT; i++) {
		assert_true(wire_send(&raw.wire, buffer_span(&frames[i])));
		raw_expect_reseal(&raw, &marks[i], RESEAL_COUNTER);
		buffer_free(&frames[i]);
	}
	assert_int_equal(status_of(&b, CITY_C).served, COUNT);
	assert_int_equal(status_of(&b, CITY_C).refused_frames, COUNT);
	still_serves_a();
	raw_free(&raw);
}

static void a_session_outlives_its_connection(void **state)
{
	struct buffer frame = {0};
	struct session_mark mark;
	struct raw raw;

	(void)state;
	raw_init(&raw, &c.secret, 1000);
	assert_true(raw_agree(&raw, WIRE_MS));
	for (unsigned i = 0; i < 10; i++) {
		raw_seal(&raw, "again", &frame, &mark);
		assert_true(wire_send(&raw.wire, buffer_span(&frame)));
		raw_expect_answer(&raw, &mark, "again");
		wire_close(&raw.wire);
		wire_open(&raw.wire, b.port);
	}
	assert_int_equal(status_of(&b, CITY_C).handshakes, 1);
	buffer_free(&frame);
	raw_free(&raw);
}

static void a_strangers_key_gets_not_a_byte_and_loses_its_connection(void **state)
{
	struct hash secret = {{0x55}};
	unsigned served = atomic_load(&b.served), tries = 0;
	struct raw raw;

	(void)state;
	raw_init(&raw, &secret, 1000);
	assert_false(raw_agree(&raw, SOON_MS));
	do {
		raw_begin(&raw);
		tries++;
	} while (tries < 100 && wire_send(&raw.wire, buffer_span(&raw.first)) &&
		 !wire_is_closed(&raw.wire, 20));
	assert_true(tries <= LINK_HANDSHAKES_MAX + 4);
	assert_true(totals_of(&b).refused >= LINK_HANDSHAKES_MAX);
	assert_true(totals_of(&b).closed >= 1);
	still_serves_a();
	assert_int_equal(atomic_load(&b.served), served + 1);
	raw_free(&raw);
}

static void a_revoked_key_loses_its_connection_its_session_and_its_way_back(void **state)
{
	struct buffer frame = {0};
	struct session_mark mark;
	struct raw raw;

	(void)state;
	raw_init(&raw, &c.secret, 1000);
	assert_true(raw_agree(&raw, WIRE_MS));
	raw_seal(&raw, "good", &frame, &mark);
	assert_true(wire_send(&raw.wire, buffer_span(&frame)));
	raw_expect_answer(&raw, &mark, "good");
	link_peer_remove(b.link, CITY_C);
	assert_true(wire_is_closed(&raw.wire, WIRE_MS));
	wire_close(&raw.wire);
	wire_open(&raw.wire, b.port);
	raw_seal(&raw, "bad", &frame, &mark);
	assert_true(wire_send(&raw.wire, buffer_span(&frame)));
	raw_expect_reseal(&raw, &mark, RESEAL_SESSION);
	assert_false(raw_agree(&raw, SOON_MS));
	still_serves_a();
	buffer_free(&frame);
	raw_free(&raw);
}

/* A asks where it takes B to be, and another city listens there: nothing is agreed, no request leaves A. */
static void another_city_at_the_address_of_a_peer_learns_nothing(void **state)
{
	(void)state;
	city_open(&c);
	city_knows(&c, &a, 0);
	city_knows(&a, &b, c.port);
	assert_error(city_asks(&a, CITY_B, "for B only", SOON_MS), ERROR_TIMEOUT);
	assert_int_equal(atomic_load(&c.served), 0);
	assert_true(totals_of(&c).refused > 0);
	assert_int_equal(status_of(&c, CITY_A).handshakes, 0);
	city_knows(&a, &b, b.port);
	still_serves_a();
}

/* --- handshakes ---------------------------------------------------------------------------------------------- */

static void a_handshake_that_is_replayed_cut_or_bent_opens_no_session(void **state)
{
	struct buffer bytes = {0}, recorded = {0};
	struct raw raw;

	(void)state;
	raw_init(&raw, &c.secret, 1000);
	assert_true(raw_agree(&raw, WIRE_MS));
	buffer_append(&recorded, buffer_span(&raw.first));
	assert_true(wire_send(&raw.wire, buffer_span(&recorded)));
	/* What it gets only the one who began it could read. */
	assert_true(wire_receive(&raw.wire, &bytes, WIRE_MS));
	assert_int_equal(bytes.size, FRAME_HANDSHAKE_2_SIZE);
	/* From another connection. */
	wire_close(&raw.wire);
	wire_open(&raw.wire, b.port);
	assert_true(wire_send(&raw.wire, buffer_span(&recorded)));
	assert_true(wire_receive(&raw.wire, &bytes, WIRE_MS));
	assert_int_equal(bytes.size, FRAME_HANDSHAKE_2_SIZE);
	assert_int_equal(status_of(&b, CITY_C).refused_frames, 2);
	assert_int_equal(status_of(&b, CITY_C).handshakes, 1);
	raw_begin(&raw);
	raw.first.data[50] ^= 1;
	assert_true(wire_send(&raw.wire, buffer_span(&raw.first)));
	assert_true(wire_send(&raw.wire, span_of(recorded.data, recorded.size - 1)));
	assert_true(wire_send(&raw.wire, span_of(recorded.data, 3)));
	assert_false(wire_receive(&raw.wire, &bytes, 50));
	/* The connection has strikes left, and the true one still gets in. */
	assert_true(raw_agree(&raw, WIRE_MS));
	still_serves_a();
	buffer_free(&bytes);
	buffer_free(&recorded);
	raw_free(&raw);
}

/* Connections that each send as many handshakes as they get rid of. */
static void a_flood_of_handshakes_is_bounded_and_peers_go_on(void **state)
{
	uint64_t seed = chance_seed("flood");
	unsigned sent = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		uint8_t frame[FRAME_HANDSHAKE_1_SIZE] = {FRAME_VERSION, FRAME_HANDSHAKE_1};
		struct wire wire;

		wire_open(&wire, b.port);
		for (unsigned k = 0; k < 50; k++) {
			chance_bytes(&seed, frame + 4, sizeof frame - 4);
			if (!wire_send(&wire, span_of(frame, sizeof frame)))
				break;
			sent++;
		}
		assert_true(wire_is_closed(&wire, WIRE_MS) || totals_of(&b).dropped > 0);
		wire_close(&wire);
		if (i % 10 == 0)
			still_serves_a();
	}
	assert_true(sent > 500);
	/* No more were read than each connection may send. */
	assert_true(totals_of(&b).refused <= 100 * LINK_HANDSHAKES_MAX);
	assert_true(totals_of(&b).closed >= 90);
	still_serves_a();
}

/* --- frames -------------------------------------------------------------------------------------------------- */

static void what_is_not_our_protocol_at_all_is_closed(void **state)
{
	struct wire wire;
	static const uint8_t other[8] = {0, 'S', 'P', 0, 0, 0x10, 0, 0};

	(void)state;
	wire_connect(&wire, b.port);
	assert_true(wire_write(&wire, "GET / HTTP/1.1\r\nHost: city\r\n\r\n", 30));
	assert_true(wire_is_closed(&wire, WIRE_MS));
	wire_close(&wire);
	/* Another of nng's protocols. */
	wire_connect(&wire, b.port);
	assert_true(wire_write(&wire, other, sizeof other));
	assert_true(wire_is_closed(&wire, WIRE_MS));
	wire_close(&wire);
	/* Plain text in frames: the ninth closes. */
	wire_open(&wire, b.port);
	for (unsigned i = 0; i < LINK_STRIKES_MAX + 1; i++)
		wire_send(&wire, span_text("please pay 1000 yuan to account 42"));
	assert_true(wire_is_closed(&wire, WIRE_MS));
	wire_close(&wire);
	assert_int_equal(totals_of(&b).malformed, LINK_STRIKES_MAX + 1);
	assert_int_equal(atomic_load(&b.served), 1);
	still_serves_a();
}

static void an_oversized_frame_costs_the_connection_before_it_is_read(void **state)
{
	uint64_t sizes[] = {
	    LINK_MESSAGE_MAX + 1024, UINT64_C(1) << 31, UINT64_C(1) << 40, UINT64_MAX};
	struct wire wire;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		uint8_t head[8];

		wire_open(&wire, b.port);
		be64_write(head, sizes[i]);
		assert_true(wire_write(&wire, head, sizeof head));
		assert_true(wire_is_closed(&wire, WIRE_MS));
		wire_close(&wire);
	}
	still_serves_a();
}

/* An authenticated peer does not get away with it either. */
static void tampered_frames_of_a_peer_are_refused_and_cost_its_connection_when_they_repeat(
    void **state)
{
	struct buffer frame = {0};
	struct session_mark mark;
	unsigned sent = 0;
	struct raw raw;

	(void)state;
	raw_init(&raw, &c.secret, 1000);
	assert_true(raw_agree(&raw, WIRE_MS));
	raw_seal(&raw, "good", &frame, &mark);
	assert_true(wire_send(&raw.wire, buffer_span(&frame)));
	raw_expect_answer(&raw, &mark, "good");
	do {
		raw_seal(&raw, "bent", &frame, &mark);
		frame.data[FRAME_HEADER_SIZE + sent % 20] ^= 4;
	} while (++sent < 100 && wire_send(&raw.wire, buffer_span(&frame)) &&
		 !wire_is_closed(&raw.wire, 20));
	assert_in_range(sent, LINK_STRIKES_MAX + 1, LINK_STRIKES_MAX + 4);
	assert_int_equal(status_of(&b, CITY_C).served, 1);
	assert_true(status_of(&b, CITY_C).refused_frames >= LINK_STRIKES_MAX);
	/* It comes back: its session was never in danger. */
	wire_close(&raw.wire);
	wire_open(&raw.wire, b.port);
	raw_seal(&raw, "good", &frame, &mark);
	assert_true(wire_send(&raw.wire, buffer_span(&frame)));
	raw_expect_answer(&raw, &mark, "good");
	still_serves_a();
	buffer_free(&frame);
	raw_free(&raw);
}

static long resident_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long total = 0, resident = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", &total, &resident), 2);
	fclose(file);
	return resident;
}

/* As many small frames as go through: malformed ones, sealed ones of sessions that nobody knows, and empty ones. */
static void a_million_small_frames_cost_connections_and_no_memory(void **state)
{
	enum { FRAMES = 1000000, BATCH = 1000, MOST_MS = 3000 };
	struct buffer batch = {0};
	int64_t begun = test_now_ms();
	unsigned sent = 0, connections = 0;
	long before = resident_pages();
	struct wire wire;

	(void)state;
	for (unsigned i = 0; i < BATCH; i++) {
		uint8_t bytes[12 + 32] = {0};
		size_t size = i % 3 == 0 ? 0 : i % 3 == 1 ? 1 : 32;

		be64_write(bytes, 4 + size);
		be32_write(bytes + 8, 0x80000000u + i);
		bytes[12] = FRAME_VERSION;
		bytes[13] = i % 2 ? FRAME_REQUEST : FRAME_HEARTBEAT;
		be32_write(bytes + 16, i);
		buffer_append(&batch, span_of(bytes, 12 + size));
	}
	while (sent < FRAMES && test_now_ms() - begun < MOST_MS) {
		wire_open(&wire, b.port);
		connections++;
		while (wire_write(&wire, batch.data, batch.size) && sent < FRAMES)
			sent += BATCH;
		sent += BATCH;
		wire_close(&wire);
		if (connections % 100 == 0)
			still_serves_a();
	}
	still_serves_a();
	print_message("%u frames on %u connections\n", sent, connections);
	assert_true(sent >= 10 * BATCH);
	assert_true(totals_of(&b).closed >= connections / 2);
	assert_true(totals_of(&b).pipes <= LINK_PIPES_MAX);
	assert_int_equal(status_of(&b, CITY_A).malformed, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* 32 MiB. Sanitizers keep what was freed. */
	assert_true((resident_pages() - before) * sysconf(_SC_PAGESIZE) < 32 << 20);
#else
	(void)before;
#endif
	buffer_free(&batch);
}

static void strangers_that_only_hold_connections_are_few_and_drive_out_nobody(void **state)
{
	enum { COUNT = 100 };
	struct wire wires[COUNT];
	unsigned closed = 0;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		wire_open(&wires[i], b.port);
	eventually(totals_of(&b).accepted >= COUNT);
	assert_true(totals_of(&b).strangers <= LINK_STRANGERS_MAX);
	still_serves_a();
	assert_true(status_of(&a, CITY_B).connected);
	/* The others stay. */
	for (unsigned round = 0; round < 1000 && closed < COUNT - LINK_STRANGERS_MAX; round++) {
		closed = 0;
		for (unsigned i = 0; i < COUNT; i++)
			closed += wire_is_closed(&wires[i], 1);
	}
	assert_int_equal(closed, COUNT - LINK_STRANGERS_MAX);
	for (unsigned i = 0; i < COUNT; i++)
		wire_close(&wires[i]);
}

/* It asks for much and reads nothing. Its answers wait in its own connection. */
static void a_peer_that_does_not_read_its_answers_keeps_nobody_else_waiting(void **state)
{
	struct buffer frame = {0};
	struct session_mark mark;
	struct raw raw;

	(void)state;
	raw_init(&raw, &c.secret, 1000);
	assert_true(raw_agree(&raw, WIRE_MS));
	b.answers_size = 1 << 20;
	for (unsigned i = 0; i < 3 * LINK_REQUESTS_MAX; i++) {
		raw_seal(&raw, "much", &frame, &mark);
		assert_true(wire_send(&raw.wire, buffer_span(&frame)));
	}
	eventually(status_of(&b, CITY_C).served >= LINK_REQUESTS_MAX);
	b.answers_size = 0;
	for (unsigned i = 0; i < 50; i++)
		still_serves_a();
	assert_true(status_of(&a, CITY_B).connected);
	buffer_free(&frame);
	raw_free(&raw);
}

/* --- networks ------------------------------------------------------------------------------------------------ */

static void a_pulled_cable_is_found_and_the_connection_dialed_anew(void **state)
{
	static struct proxy proxy;

	(void)state;
	proxy_open(&proxy, b.port, 1);
	city_knows(&a, &b, proxy.port);
	still_serves_a();
	for (unsigned i = 0; i < 2; i++) {
		uint64_t before = status_of(&a, CITY_B).silences;

		atomic_store(&proxy.stalled, true);
		eventually(!status_of(&a, CITY_B).connected);
		eventually(status_of(&a, CITY_B).silences > before);
		assert_error(city_asks(&a, CITY_B, "?", 10), ERROR_TIMEOUT);
		atomic_store(&proxy.stalled, false);
		assert_good(city_asks(&a, CITY_B, "back?", LONG_MS));
	}
	city_knows(&a, &b, b.port);
	proxy_stop(&proxy);
	buffer_free(&proxy.seen);
}

struct asker {
	pthread_t thread;
	unsigned number, count;
	enum error error;
	bool wrong;
};

static void *ask_on(void *context)
{
	struct asker *asker = context;
	char text[64];

	for (unsigned i = 0; i < asker->count && !asker->error; i++) {
		struct buffer answer = {0};

		snprintf(text, sizeof text, "secret figure %u of asker %u", i, asker->number);
		asker->error =
		    link_request(a.link, CITY_B, span_text(text), LONG_MS, &answer, NULL);
		asker->wrong = asker->wrong ||
			       (!asker->error && (answer.size != 4 + strlen(text) ||
						     memcmp(answer.data + 4, text, strlen(text))));
		buffer_free(&answer);
	}
	return NULL;
}

static void ask_through(struct proxy *proxy, unsigned count)
{
	struct asker askers[16];

	city_knows(&a, &b, proxy->port);
	for (unsigned i = 0; i < 16; i++) {
		askers[i] = (struct asker){.number = i, .count = count};
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_on, &askers[i]), 0);
	}
	for (unsigned i = 0; i < 16; i++)
		pthread_join(askers[i].thread, NULL);
	for (unsigned i = 0; i < 16; i++) {
		assert_good(askers[i].error);
		assert_false(askers[i].wrong);
	}
}

static void a_slow_network_loses_no_request(void **state)
{
	static struct proxy proxy;

	(void)state;
	proxy_open(&proxy, b.port, 1);
	atomic_store(&proxy.delay_ms, 20);
	ask_through(&proxy, 4);
	assert_int_equal(status_of(&a, CITY_B).malformed, 0);
	city_knows(&a, &b, b.port);
	proxy_stop(&proxy);
	buffer_free(&proxy.seen);
}

static void a_network_that_cuts_connections_loses_no_request(void **state)
{
	static struct proxy proxy;

	(void)state;
	proxy_open(&proxy, b.port, chance_seed("cuts"));
	atomic_store(&proxy.cut_each, 20000);
	for (unsigned round = 0; round < 100 && atomic_load(&proxy.cuts) < 5; round++)
		ask_through(&proxy, 20);
	print_message("%u cuts\n", atomic_load(&proxy.cuts));
	assert_true(atomic_load(&proxy.cuts) >= 5);
	city_knows(&a, &b, b.port);
	proxy_stop(&proxy);
	buffer_free(&proxy.seen);
}

static void a_network_that_flips_bits_changes_no_request_and_no_answer(void **state)
{
	static struct proxy proxy;

	(void)state;
	a.silence_ms = 200;
	city_close(&a);
	city_open(&a);
	city_knows(&b, &a, a.port);
	proxy_open(&proxy, b.port, chance_seed("bits"));
	atomic_store(&proxy.corrupt_each, 20000);
	for (unsigned round = 0; round < 100 && atomic_load(&proxy.corrupted) < 3; round++)
		ask_through(&proxy, 20);
	print_message("%u bits\n", atomic_load(&proxy.corrupted));
	assert_true(atomic_load(&proxy.corrupted) >= 3);
	city_knows(&a, &b, b.port);
	proxy_stop(&proxy);
	buffer_free(&proxy.seen);
}

static void nothing_that_is_asked_or_answered_can_be_read_on_the_way(void **state)
{
	static struct proxy proxy;

	(void)state;
	proxy_open(&proxy, b.port, 1);
	ask_through(&proxy, 20);
	city_knows(&a, &b, b.port);
	proxy_stop(&proxy);
	assert_true(proxy.seen.size > 16 * 20 * 2 * 50);
	assert_null(memmem(proxy.seen.data, proxy.seen.size, "secret", 6));
	assert_null(memmem(proxy.seen.data, proxy.seen.size, "figure", 6));
	assert_null(memmem(proxy.seen.data, proxy.seen.size, "asker", 5));
	/* Nor who they are. */
	{
		struct hash key = public_of(&a.secret);

		assert_null(memmem(proxy.seen.data, proxy.seen.size, key.bytes, HASH_SIZE));
	}
	buffer_free(&proxy.seen);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_cities, close_cities)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_peer_is_served_in_whatever_order_its_frames_come),
	    TEST(a_session_outlives_its_connection),
	    TEST(a_strangers_key_gets_not_a_byte_and_loses_its_connection),
	    TEST(a_revoked_key_loses_its_connection_its_session_and_its_way_back),
	    TEST(another_city_at_the_address_of_a_peer_learns_nothing),
	    TEST(a_handshake_that_is_replayed_cut_or_bent_opens_no_session),
	    TEST(a_flood_of_handshakes_is_bounded_and_peers_go_on),
	    TEST(what_is_not_our_protocol_at_all_is_closed),
	    TEST(an_oversized_frame_costs_the_connection_before_it_is_read),
	    TEST(tampered_frames_of_a_peer_are_refused_and_cost_its_connection_when_they_repeat),
	    TEST(a_million_small_frames_cost_connections_and_no_memory),
	    TEST(strangers_that_only_hold_connections_are_few_and_drive_out_nobody),
	    TEST(a_peer_that_does_not_read_its_answers_keeps_nobody_else_waiting),
	    TEST(a_pulled_cable_is_found_and_the_connection_dialed_anew),
	    TEST(a_slow_network_loses_no_request),
	    TEST(a_network_that_cuts_connections_loses_no_request),
	    TEST(a_network_that_flips_bits_changes_no_request_and_no_answer),
	    TEST(nothing_that_is_asked_or_answered_can_be_read_on_the_way),
	};

	return cmocka_run_group_tests_name("net/link_attack", tests, NULL, NULL);
}
