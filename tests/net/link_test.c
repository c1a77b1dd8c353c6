/* Links between cities of one process over loopback: what is asked is answered, by whom it was asked, whatever happens to connections. */
#include "links.h"

#define ASKERS 16

static struct city a, b;

static int open_cities(void **state)
{
	(void)state;
	city_init(&a, CITY_A);
	city_init(&b, CITY_B);
	a.handshake_ms = b.handshake_ms = 500;
	city_open(&a);
	city_open(&b);
	cities_meet(&a, &b);
	return 0;
}

static int close_cities(void **state)
{
	(void)state;
	city_hold(&a, false);
	city_hold(&b, false);
	city_free(&a);
	city_free(&b);
	return 0;
}

/* --- asking and answering ------------------------------------------------------------------------------------ */

static void both_ask_and_are_answered_and_each_knows_who_asked(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		assert_good(city_asks(&a, CITY_B, "how much for July?", LONG_MS));
		assert_good(city_asks(&b, CITY_A, "and for June?", LONG_MS));
	}
	assert_good(city_asks(&a, CITY_B, "", LONG_MS));
	assert_int_equal(atomic_load(&b.served), 51);
	assert_int_equal(atomic_load(&a.served), 50);
	assert_int_equal(status_of(&a, CITY_B).requests, 51);
	assert_int_equal(status_of(&a, CITY_B).answers, 51);
	assert_int_equal(status_of(&b, CITY_A).served, 51);
	assert_int_equal(status_of(&a, CITY_B).in_flight, 0);
	assert_int_equal(status_of(&a, CITY_B).malformed, 0);
	assert_int_equal(status_of(&b, CITY_A).refused_frames, 0);
	assert_true(status_of(&a, CITY_B).connected);
	assert_true(status_of(&b, CITY_A).last_heard_ms > 0);
	eventually(status_of(&a, CITY_B).round_trip_us > 0);
	/* Each has begun one session. */
	assert_int_equal(status_of(&a, CITY_B).handshakes, 2);
}

static void the_longest_message_passes_both_ways_and_a_longer_one_is_not_sent(void **state)
{
	uint8_t *request = calloc(1, LINK_MESSAGE_MAX + 1);
	struct buffer answer = {0};
	struct error_detail detail = {""};

	(void)state;
	b.answers_size = LINK_MESSAGE_MAX;
	assert_good(link_request(
	    a.link, CITY_B, span_of(request, LINK_MESSAGE_MAX), LONG_MS, &answer, &detail));
	assert_int_equal(answer.size, LINK_MESSAGE_MAX);
	assert_error(link_request(a.link, CITY_B, span_of(request, LINK_MESSAGE_MAX + 1), LONG_MS,
			 &answer, &detail),
	    ERROR_TOO_LARGE);
	/* Who serves too much says so, and the connection stays. */
	b.answers_size = LINK_MESSAGE_MAX + 1;
	assert_error(link_request(a.link, CITY_B, span_text("?"), LONG_MS, &answer, &detail),
	    ERROR_TOO_LARGE);
	b.answers_size = 0;
	assert_good(city_asks(&a, CITY_B, "?", LONG_MS));
	assert_int_equal(totals_of(&b).closed, 0);
	assert_int_equal(totals_of(&b).accepted, 1);
	buffer_free(&answer);
	free(request);
}

static void what_serving_fails_with_is_what_asking_fails_with(void **state)
{
	static const enum error codes[] = {ERROR_REFUSED, ERROR_DISK_FULL, ERROR_GAP, ERROR_STATE,
	    ERROR_TIMEOUT, ERROR_STOPPED, ERROR_NOT_VERIFIED};

	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		b.fails = codes[i];
		assert_error(city_asks(&a, CITY_B, "?", LONG_MS), codes[i]);
		assert_int_equal(atomic_load(&b.served), i + 1);
	}
}

static void who_is_not_known_has_no_address_or_is_gone_cannot_be_asked(void **state)
{
	struct city c;

	(void)state;
	assert_error(city_asks(&a, CITY_C, "?", LONG_MS), ERROR_NOT_FOUND);
	city_init(&c, CITY_C);
	city_knows(&a, &c, 0);
	assert_error(city_asks(&a, CITY_C, "?", LONG_MS), ERROR_STATE);
	/* A port where nobody listens: b's, once b is closed. */
	city_close(&b);
	assert_error(city_asks(&a, CITY_B, "?", SOON_MS), ERROR_TIMEOUT);
	link_peer_remove(a.link, CITY_B);
	link_peer_remove(a.link, CITY_B);
	assert_error(city_asks(&a, CITY_B, "?", LONG_MS), ERROR_NOT_FOUND);
	city_free(&c);
}

/* It only dials: it is answered, and cannot be asked. */
static void a_city_without_a_listener_asks_those_that_have_one(void **state)
{
	struct link_options options = {.region = CITY_C, .secret = {{9}}};
	struct error_detail detail = {""};
	struct city c;

	(void)state;
	city_init(&c, CITY_C);
	c.secret = options.secret;
	assert_good(link_open(&options, &c.link, &detail));
	assert_int_equal(link_port(c.link), 0);
	city_knows(&b, &c, 0);
	city_knows(&c, &b, b.port);
	assert_good(city_asks(&c, CITY_B, "?", LONG_MS));
	assert_error(city_asks(&b, CITY_C, "?", LONG_MS), ERROR_STATE);
	assert_true(status_of(&b, CITY_C).connected);
	city_free(&c);
}

static void what_cannot_be_listened_on_or_dialed_is_refused(void **state)
{
	static const char *const wrong[] = {"inproc://city", "ipc:///tmp/city", "127.0.0.1:8000",
	    "tcp://", "tcp://127.0.0.1:x", "tcp://127.0.0.1:", "tcp://:80", "tcp://city:65536",
	    "tcp://city:80/ledger", "tcp://city"};
	struct link_options options = {
	    .region = CITY_C, .secret = {{9}}, .serve = city_serve, .context = &a};
	struct link_peer peer = {.region = CITY_C, .key = {{1}}};
	struct error_detail detail = {""};
	struct link *link;
	char taken[64];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		options.listen = wrong[i];
		assert_error(link_open(&options, &link, &detail), ERROR_USAGE);
		assert_null(link);
		snprintf(peer.address, sizeof peer.address, "%s", wrong[i]);
		assert_error(link_peer_set(a.link, &peer, &detail), ERROR_USAGE);
		assert_non_null(strstr(detail.text, "510800"));
	}
	snprintf(taken, sizeof taken, "tcp://127.0.0.1:%u", a.port);
	options.listen = taken;
	assert_error(link_open(&options, &link, &detail), ERROR_EXISTS);
	memset(peer.address, 'x', sizeof peer.address);
	assert_error(link_peer_set(a.link, &peer, &detail), ERROR_USAGE);
	peer.address[0] = '\0';
	peer.region = CITY_A;
	assert_error(link_peer_set(a.link, &peer, &detail), ERROR_MISMATCH);
	peer.region = CITY_C;
	peer.key = public_of(&b.secret);
	assert_error(link_peer_set(a.link, &peer, &detail), ERROR_CONFLICT);
	assert_good(city_asks(&a, CITY_B, "still there?", LONG_MS));
}

/* --- many at a time ------------------------------------------------------------------------------------------ */

struct asker {
	pthread_t thread;
	struct city *city;
	uint32_t peer;
	uint32_t timeout_ms;
	unsigned count; /* of requests; 0: until stopped */
	atomic_bool *stop;
	atomic_uint answered;
	enum error error; /* of the first that failed */
};

static void *ask_on(void *context)
{
	struct asker *asker = context;
	char text[64];

	for (unsigned i = 0; (asker->count ? i < asker->count : !atomic_load(asker->stop)); i++) {
		struct buffer answer = {0};
		enum error error;

		snprintf(text, sizeof text, "request %u of %p", i, (void *)asker);
		error = link_request(asker->city->link, asker->peer, span_text(text),
		    asker->timeout_ms, &answer, NULL);
		if (!error && (answer.size != 4 + strlen(text) ||
				  memcmp(answer.data + 4, text, strlen(text)) != 0))
			error = ERROR_MISMATCH;
		buffer_free(&answer);
		if (error) {
			asker->error = error;
			return NULL;
		}
		atomic_fetch_add(&asker->answered, 1);
	}
	return NULL;
}

static void askers_start(struct asker *askers, size_t count, const struct asker *like)
{
	for (size_t i = 0; i < count; i++) {
		memset(&askers[i], 0, sizeof askers[i]);
		askers[i].city = like->city;
		askers[i].peer = like->peer;
		askers[i].timeout_ms = like->timeout_ms;
		askers[i].count = like->count;
		askers[i].stop = like->stop;
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_on, &askers[i]), 0);
	}
}

static void askers_join(struct asker *askers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		pthread_join(askers[i].thread, NULL);
}

static void many_askers_get_each_its_own_answer(void **state)
{
	struct asker askers[2 * ASKERS],
	    like = {.city = &a, .peer = CITY_B, .timeout_ms = LONG_MS, .count = 100};

	(void)state;
	askers_start(askers, ASKERS, &like);
	like.city = &b;
	like.peer = CITY_A;
	askers_start(askers + ASKERS, ASKERS, &like);
	askers_join(askers, 2 * ASKERS);
	for (size_t i = 0; i < 2 * ASKERS; i++)
		assert_good(askers[i].error);
	assert_int_equal(atomic_load(&b.served), 100 * ASKERS);
	assert_int_equal(atomic_load(&a.served), 100 * ASKERS);
}

static void one_request_too_many_is_busy_and_heartbeats_go_on_beside_slow_service(void **state)
{
	struct asker askers[LINK_REQUESTS_MAX],
	    like = {.city = &a, .peer = CITY_B, .timeout_ms = LONG_MS, .count = 1};

	(void)state;
	a.heartbeat_ms = b.heartbeat_ms = 20;
	city_close(&a);
	city_open(&a);
	cities_meet(&a, &b);
	city_hold(&b, true);
	askers_start(askers, LINK_REQUESTS_MAX, &like);
	city_wait_held(&b, LINK_WORKERS_MAX);
	eventually(status_of(&a, CITY_B).in_flight == LINK_REQUESTS_MAX);
	assert_error(city_asks(&a, CITY_B, "one more", LONG_MS), ERROR_BUSY);
	{
		int64_t last = status_of(&a, CITY_B).round_trip_us;

		eventually(status_of(&a, CITY_B).round_trip_us != last);
	}
	assert_true(status_of(&a, CITY_B).connected);
	city_hold(&b, false);
	askers_join(askers, LINK_REQUESTS_MAX);
	for (size_t i = 0; i < LINK_REQUESTS_MAX; i++)
		assert_good(askers[i].error);
	assert_good(city_asks(&a, CITY_B, "one more", LONG_MS));
}

static void no_answer_in_time_is_a_timeout_and_a_late_one_harms_nobody(void **state)
{
	(void)state;
	assert_good(city_asks(&a, CITY_B, "first", LONG_MS));
	city_hold(&b, true);
	assert_error(city_asks(&a, CITY_B, "slow", 50), ERROR_TIMEOUT);
	city_hold(&b, false);
	eventually(atomic_load(&b.served) == 2);
	for (unsigned i = 0; i < 20; i++)
		assert_good(city_asks(&a, CITY_B, "next", LONG_MS));
	assert_int_equal(status_of(&a, CITY_B).malformed, 0);
}

/* --- coming and going ---------------------------------------------------------------------------------------- */

static void closing_ends_what_waits(void **state)
{
	struct asker askers[ASKERS],
	    like = {.city = &a, .peer = CITY_B, .timeout_ms = LONG_MS, .count = 1};

	(void)state;
	city_hold(&b, true);
	askers_start(askers, ASKERS, &like);
	eventually(status_of(&a, CITY_B).in_flight == ASKERS);
	/* Removed: each is told so. */
	link_peer_remove(a.link, CITY_B);
	askers_join(askers, ASKERS);
	for (size_t i = 0; i < ASKERS; i++)
		assert_error(askers[i].error, ERROR_NOT_FOUND);
	/* Closed: likewise; also while there is no connection at all. */
	city_knows(&a, &b, b.port);
	askers_start(askers, ASKERS, &like);
	eventually(status_of(&a, CITY_B).in_flight == ASKERS);
	city_close(&a);
	askers_join(askers, ASKERS);
	for (size_t i = 0; i < ASKERS; i++)
		assert_error(askers[i].error, ERROR_STOPPED);
	city_hold(&b, false);
}

/* 16 askers without a pause while the city that they ask is closed and opened again and again: each request is answered, late at worst.
 * Nothing of it is left over: no descriptor, no thread. */
static void a_peer_that_comes_and_goes_costs_no_request_no_descriptor_and_no_thread(void **state)
{
	enum { TIMES = 12 };
	struct asker askers[ASKERS];
	atomic_bool stop = false;
	struct asker like = {.city = &a, .peer = CITY_B, .timeout_ms = LONG_MS, .stop = &stop};
	unsigned descriptors_before, threads_before, answered = 0;

	(void)state;
	assert_good(city_asks(&a, CITY_B, "hello", LONG_MS));
	assert_good(city_asks(&b, CITY_A, "hello", LONG_MS));
	descriptors_before = descriptors();
	threads_before = threads();
	askers_start(askers, ASKERS, &like);
	for (unsigned i = 0; i < TIMES; i++) {
		unsigned before = atomic_load(&b.served);

		eventually(atomic_load(&b.served) >= before + 8);
		city_close(&b);
		city_open(&b);
		city_knows(&b, &a, a.port);
	}
	atomic_store(&stop, true);
	askers_join(askers, ASKERS);
	for (size_t i = 0; i < ASKERS; i++) {
		assert_good(askers[i].error);
		assert_true(atomic_load(&askers[i].answered) > 0);
		answered += atomic_load(&askers[i].answered);
	}
	assert_true(atomic_load(&b.served) >= answered);
	assert_good(city_asks(&b, CITY_A, "hello", LONG_MS));
	eventually(descriptors() == descriptors_before);
	eventually(threads() == threads_before);
	assert_int_equal(status_of(&a, CITY_B).in_flight, 0);
	assert_int_equal(status_of(&a, CITY_B).malformed, 0);
	assert_int_equal(totals_of(&b).malformed, 0);
}

/* nng itself loses the descriptor of a connection that is just being made when its socket is closed; so they are made first. */
static void nothing_is_left_of_a_link_that_was_closed(void **state)
{
	unsigned descriptors_before, threads_before;

	(void)state;
	assert_good(city_asks(&a, CITY_B, "hello", LONG_MS));
	assert_good(city_asks(&b, CITY_A, "hello", LONG_MS));
	descriptors_before = descriptors();
	threads_before = threads();
	for (unsigned i = 0; i < 20; i++) {
		struct city c;

		city_init(&c, CITY_C);
		city_open(&c);
		/* In this order: who is not known yet gets no answer, and tries again only later. */
		cities_meet(&a, &c);
		assert_good(city_asks(&a, CITY_C, "?", LONG_MS));
		assert_good(city_asks(&c, CITY_A, "?", LONG_MS));
		city_free(&c);
		link_peer_remove(a.link, CITY_C);
	}
	eventually(descriptors() == descriptors_before);
	eventually(threads() == threads_before);
}

/* --- keys that change ---------------------------------------------------------------------------------------- */

/* B's key changes under load, as its new descriptor travels: B first, then A. Nothing is lost; after that the old key opens nothing. */
static void a_key_rotates_under_load_and_no_request_is_lost(void **state)
{
	struct asker askers[ASKERS];
	atomic_bool stop = false;
	struct asker like = {.city = &a, .peer = CITY_B, .timeout_ms = LONG_MS, .stop = &stop};

	(void)state;
	askers_start(askers, ASKERS / 2, &like);
	like.city = &b;
	like.peer = CITY_A;
	askers_start(askers + ASKERS / 2, ASKERS / 2, &like);
	for (unsigned i = 0; i < 10; i++) {
		unsigned before_a = atomic_load(&a.served), before_b = atomic_load(&b.served);

		eventually(atomic_load(&a.served) > before_a + 10 &&
			   atomic_load(&b.served) > before_b + 10);
		b.secret.bytes[31] = (uint8_t)(i + 1);
		link_secret_set(b.link, &b.secret);
		city_knows(&a, &b, b.port);
	}
	atomic_store(&stop, true);
	askers_join(askers, ASKERS);
	for (size_t i = 0; i < ASKERS; i++)
		assert_good(askers[i].error);
}

/* A has not read of B's new key; B's old one goes on, also for a session that begins only now. */
static void until_the_new_key_is_known_the_old_one_opens_sessions(void **state)
{
	struct hash old = b.secret;
	struct city fresh;

	(void)state;
	b.secret.bytes[31] = 1;
	link_secret_set(b.link, &b.secret);
	assert_good(city_asks(&a, CITY_B, "?", LONG_MS));
	assert_good(city_asks(&b, CITY_A, "?", LONG_MS));
	/* A is opened anew and still knows the old key. */
	city_close(&a);
	city_open(&a);
	fresh = b;
	fresh.secret = old;
	city_knows(&a, &fresh, b.port);
	assert_good(city_asks(&a, CITY_B, "?", LONG_MS));
	city_knows(&b, &a, a.port);
}

static void a_peer_moves_to_another_port_under_load(void **state)
{
	struct asker askers[ASKERS];
	atomic_bool stop = false;
	struct asker like = {.city = &a, .peer = CITY_B, .timeout_ms = LONG_MS, .stop = &stop};

	(void)state;
	askers_start(askers, ASKERS, &like);
	for (unsigned i = 0; i < 10; i++) {
		unsigned before = atomic_load(&b.served);

		eventually(atomic_load(&b.served) > before + 10);
		city_close(&b);
		b.port = 0;
		city_open(&b);
		city_knows(&b, &a, a.port);
		city_knows(&a, &b, b.port);
	}
	atomic_store(&stop, true);
	askers_join(askers, ASKERS);
	for (size_t i = 0; i < ASKERS; i++)
		assert_good(askers[i].error);
}

/* --- numbers of handshakes ----------------------------------------------------------------------------------- */

static int64_t stopped_clock(void *context)
{
	(void)context;
	return 1000;
}

static void numbers_of_handshakes_follow_the_clock_and_never_step_back(void **state)
{
	struct link_options options = {.region = CITY_C,
	    .secret = {{9}},
	    .seams = {.clock_ms = stopped_clock},
	    .handshake_number = 5000};
	struct error_detail detail = {""};
	struct city c;

	(void)state;
	/* The real clock: milliseconds since 1970. */
	assert_good(city_asks(&a, CITY_B, "?", LONG_MS));
	assert_true(link_handshake_number(a.link) > UINT64_C(1700000000000));
	city_init(&c, CITY_C);
	c.secret = options.secret;
	city_knows(&b, &c, 0);
	/* A clock that was set back: one more than the last. */
	assert_good(link_open(&options, &c.link, &detail));
	city_knows(&c, &b, b.port);
	assert_good(city_asks(&c, CITY_B, "?", LONG_MS));
	assert_true(link_handshake_number(c.link) >= 5001 && link_handshake_number(c.link) < 5100);
	options.handshake_number = link_handshake_number(c.link);
	city_close(&c);
	assert_good(link_open(&options, &c.link, &detail));
	city_knows(&c, &b, b.port);
	assert_good(city_asks(&c, CITY_B, "?", LONG_MS));
	/* Who has forgotten, and whose clock is behind, is told, and gets in with the next one. */
	options.handshake_number = 0;
	city_close(&c);
	assert_good(link_open(&options, &c.link, &detail));
	city_knows(&c, &b, b.port);
	assert_good(city_asks(&c, CITY_B, "?", LONG_MS));
	assert_int_equal(link_handshake_number(c.link), 1001);
	assert_int_equal(status_of(&b, CITY_C).refused_frames, 1);
	assert_int_equal(status_of(&c, CITY_B).malformed, 0);
	city_free(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_cities, close_cities)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(both_ask_and_are_answered_and_each_knows_who_asked),
	    TEST(the_longest_message_passes_both_ways_and_a_longer_one_is_not_sent),
	    TEST(what_serving_fails_with_is_what_asking_fails_with),
	    TEST(who_is_not_known_has_no_address_or_is_gone_cannot_be_asked),
	    TEST(a_city_without_a_listener_asks_those_that_have_one),
	    TEST(what_cannot_be_listened_on_or_dialed_is_refused),
	    TEST(many_askers_get_each_its_own_answer),
	    TEST(one_request_too_many_is_busy_and_heartbeats_go_on_beside_slow_service),
	    TEST(no_answer_in_time_is_a_timeout_and_a_late_one_harms_nobody),
	    TEST(closing_ends_what_waits),
	    TEST(a_peer_that_comes_and_goes_costs_no_request_no_descriptor_and_no_thread),
	    TEST(nothing_is_left_of_a_link_that_was_closed),
	    TEST(a_key_rotates_under_load_and_no_request_is_lost),
	    TEST(until_the_new_key_is_known_the_old_one_opens_sessions),
	    TEST(a_peer_moves_to_another_port_under_load),
	    TEST(numbers_of_handshakes_follow_the_clock_and_never_step_back),
	};

	return cmocka_run_group_tests_name("net/link", tests, NULL, NULL);
}
