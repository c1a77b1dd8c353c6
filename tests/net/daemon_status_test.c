/* What a daemon says of itself is read as it was written; what is cut short or too much is refused. */
#include "nodes.h"

#include "daemon_status.h"

static struct daemon_status a_status(void)
{
	struct daemon_status status = {.started_ms = START_MS,
	    .clock_ms = -1,
	    .listen = "tcp://127.0.0.1:7301",
	    .admin = {.requests = 1, .malformed = 2, .strangers = 3, .broken = 4},
	    .peer_count = 2};

	status.peers[0] = (struct daemon_peer){.region = CHONGQING,
	    .link = {.connected = true,
		.last_heard_ms = START_MS,
		.round_trip_us = 250,
		.served = 5,
		.handshakes = 6},
	    .outbox = {.waiting = 7, .sent = 8, .refused = 9, .requests = 10}};
	status.peers[1] = (struct daemon_peer){.region = GUANGYUAN,
	    .link = {.round_trip_us = -1},
	    .outbox = {.waiting = UINT32_MAX,
		.failures = 11,
		.retry_ms = 12,
		.why = ERROR_GAP,
		.text = {"document 3: 缺 missing"},
		.stuck = true}};
	return status;
}

static void it_is_read_as_it_was_written(void **state)
{
	struct daemon_status written = a_status(), read;
	struct buffer bytes = {0};

	(void)state;
	daemon_status_write(&bytes, &written);
	assert_int_equal(daemon_status_read(buffer_span(&bytes), &read), ERROR_NONE);
	assert_true(read.started_ms == written.started_ms && read.clock_ms == written.clock_ms);
	assert_string_equal(read.listen, written.listen);
	assert_memory_equal(&read.admin, &written.admin, sizeof read.admin);
	assert_int_equal(read.peer_count, 2);
	for (unsigned i = 0; i < 2; i++) {
		const struct daemon_peer *a = &read.peers[i], *b = &written.peers[i];

		assert_int_equal(a->region, b->region);
		assert_memory_equal(&a->link, &b->link, sizeof a->link);
		assert_int_equal(a->outbox.waiting, b->outbox.waiting);
		assert_int_equal(a->outbox.failures, b->outbox.failures);
		assert_int_equal(a->outbox.retry_ms, b->outbox.retry_ms);
		assert_int_equal(a->outbox.sent, b->outbox.sent);
		assert_int_equal(a->outbox.refused, b->outbox.refused);
		assert_int_equal(a->outbox.requests, b->outbox.requests);
		assert_int_equal(a->outbox.stuck, b->outbox.stuck);
		assert_int_equal(a->outbox.why, b->outbox.why);
		assert_string_equal(a->outbox.text.text, b->outbox.text.text);
	}
	buffer_free(&bytes);
}

static void what_is_cut_short_or_too_much_is_refused(void **state)
{
	struct daemon_status status = a_status(), read;
	struct buffer bytes = {0};

	(void)state;
	daemon_status_write(&bytes, &status);
	for (size_t size = 0; size < bytes.size; size++)
		assert_int_equal(
		    daemon_status_read(span_of(bytes.data, size), &read), ERROR_MALFORMED);
	buffer_clear(&bytes);
	codec_put_array(&bytes, 5);
	codec_put_int(&bytes, 1);
	codec_put_int(&bytes, 1);
	codec_put_text(&bytes, span_text(""));
	codec_put_array(&bytes, 4);
	for (unsigned i = 0; i < 4; i++)
		codec_put_uint(&bytes, i);
	codec_put_array(&bytes, CITIES_MAX + 1);
	for (unsigned i = 0; i < CITIES_MAX + 1; i++)
		codec_put_null(&bytes);
	assert_int_equal(daemon_status_read(buffer_span(&bytes), &read), ERROR_TOO_LARGE);
	buffer_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_is_read_as_it_was_written),
	    cmocka_unit_test(what_is_cut_short_or_too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
