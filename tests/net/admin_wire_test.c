/* What is said on the admin socket: what is written is read back; what is cut short or made up is refused. */
#include "nodes.h"

#include "admin_wire.h"

static void assert_span(struct span a, struct span b)
{
	assert_int_equal(a.size, b.size);
	if (a.size)
		assert_memory_equal(a.data, b.data, a.size);
}

static struct admin_request a_submission(unsigned count)
{
	struct admin_request request = {
	    .name = ADMIN_SUBMIT, .has_time = true, .time_ms = -5, .count = count};

	for (unsigned i = 0; i < count; i++)
		request.submissions[i] = (struct submission){.document = span_text("document"),
		    .attachment = i % 2 ? span_text("attachment") : (struct span){NULL, 0},
		    .registry = i % 3 ? span_text("rows") : (struct span){NULL, 0}};
	return request;
}

static void requests_are_read_back(void **state)
{
	const struct admin_request requests[] = {a_submission(1), a_submission(GROUP_COMMANDS_MAX),
	    {.name = ADMIN_STATUS}, {.name = ADMIN_CLOCK, .has_time = true, .time_ms = START_MS},
	    {.name = ADMIN_IDLE, .timeout_ms = ADMIN_IDLE_MAX_MS},
	    {.name = ADMIN_IDLE, .regions = {CHENGDU, NANCHONG}, .region_count = 2}};

	(void)state;
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		struct buffer bytes = {0};
		struct admin_request read;

		admin_request_write(&bytes, &requests[i]);
		assert_int_equal(admin_request_read(buffer_span(&bytes), &read), ERROR_NONE);
		assert_int_equal(read.name, requests[i].name);
		assert_int_equal(read.has_time, requests[i].has_time);
		assert_true(read.time_ms == requests[i].time_ms);
		assert_int_equal(read.timeout_ms, requests[i].timeout_ms);
		assert_int_equal(read.count, requests[i].count);
		assert_int_equal(read.region_count, requests[i].region_count);
		assert_memory_equal(read.regions, requests[i].regions, sizeof read.regions);
		for (size_t k = 0; k < read.count; k++) {
			assert_span(
			    read.submissions[k].document, requests[i].submissions[k].document);
			assert_span(
			    read.submissions[k].attachment, requests[i].submissions[k].attachment);
			assert_span(
			    read.submissions[k].registry, requests[i].submissions[k].registry);
		}
		for (size_t size = 0; size < bytes.size; size++)
			assert_int_equal(
			    admin_request_read(span_of(bytes.data, size), &read), ERROR_MALFORMED);
		buffer_free(&bytes);
	}
}

static void what_is_no_request_is_refused(void **state)
{
	struct buffer bytes = {0};
	struct admin_request read;

	(void)state;
	/* A name that is none; a version that is none; too many; too long a wait. */
	const char *names[] = {"reboot", "status", "submit", "idle"};
	for (unsigned i = 0; i < 4; i++) {
		buffer_clear(&bytes);
		codec_put_array(&bytes, 4);
		codec_put_uint(&bytes, i == 1 ? 2 : 1);
		codec_put_text(&bytes, span_text(names[i]));
		codec_put_null(&bytes);
		if (i == 2) {
			codec_put_array(&bytes, GROUP_COMMANDS_MAX + 1);
			for (unsigned k = 0; k < 3 * (GROUP_COMMANDS_MAX + 1); k++) {
				if (k % 3 == 0)
					codec_put_array(&bytes, 3);
				codec_put_bytes(&bytes, span_text("x"));
			}
		} else if (i == 3) {
			codec_put_array(&bytes, 2);
			codec_put_uint(&bytes, ADMIN_IDLE_MAX_MS + 1);
			codec_put_array(&bytes, 0);
		} else {
			codec_put_null(&bytes);
		}
		assert_int_equal(admin_request_read(buffer_span(&bytes), &read),
		    i == 2 ? ERROR_TOO_LARGE : ERROR_MALFORMED);
	}
	buffer_free(&bytes);
}

static void answers_are_read_back(void **state)
{
	struct admin_answer answer = {.error = ERROR_NONE, .count = 2}, read;
	struct buffer bytes = {0};

	(void)state;
	answer.answers[0] = (struct answer){.error = ERROR_NONE, .sequence = 17};
	answer.answers[1] =
	    (struct answer){.error = ERROR_CONFLICT, .detail = {"已登记 registered"}};
	admin_answer_write(&bytes, ADMIN_SUBMIT, &answer);
	assert_int_equal(admin_answer_read(buffer_span(&bytes), ADMIN_SUBMIT, &read), ERROR_NONE);
	assert_int_equal(read.count, 2);
	assert_int_equal(read.answers[0].sequence, 17);
	assert_int_equal(read.answers[1].error, ERROR_CONFLICT);
	assert_string_equal(read.answers[1].detail.text, "已登记 registered");
	for (size_t size = 0; size < bytes.size; size++)
		assert_int_equal(admin_answer_read(span_of(bytes.data, size), ADMIN_SUBMIT, &read),
		    ERROR_MALFORMED);
	/* A failure of the world, its text cut inside a character as error_set cuts it. */
	buffer_clear(&bytes);
	answer = (struct admin_answer){.error = ERROR_DISK_FULL, .text = {"磁盘\xe7\xa3"}};
	admin_answer_write(&bytes, ADMIN_STATUS, &answer);
	assert_int_equal(admin_answer_read(buffer_span(&bytes), ADMIN_STATUS, &read), ERROR_NONE);
	assert_int_equal(read.error, ERROR_DISK_FULL);
	assert_string_equal(read.text.text, "磁盘");
	buffer_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_are_read_back),
	    cmocka_unit_test(what_is_no_request_is_refused),
	    cmocka_unit_test(answers_are_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
