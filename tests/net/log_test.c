/* The daemon's log: one line an event, whatever its fields hold; JSON that another program reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

struct paper {
	char *text;
	size_t size;
	FILE *file;
	struct log *log;
};

static void paper_open(struct paper *paper, enum log_format format, enum log_level least)
{
	memset(paper, 0, sizeof *paper);
	paper->file = open_memstream(&paper->text, &paper->size);
	assert_non_null(paper->file);
	assert_int_equal(log_open(paper->file, format, least, &paper->log), ERROR_NONE);
}

static void paper_close(struct paper *paper)
{
	log_close(paper->log);
	fclose(paper->file);
	free(paper->text);
}

static const char nasty[] = "two\nlines, \"quoted\" \\ \x01 成都";

static void a_line_of_json_says_what_was_told(void **state)
{
	struct paper paper;
	json_t *line;

	(void)state;
	paper_open(&paper, LOG_JSON, LOG_INFO);
	LOG(paper.log, LOG_WARNING, "peer_away", LOG_REGION(500000), LOG_NUMBER("count", -7),
	    LOG_WORD("why", nasty));
	assert_ptr_equal(strchr(paper.text, '\n'), paper.text + paper.size - 1);
	line = json_loads(paper.text, 0, NULL);
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "level")), "warning");
	assert_string_equal(json_string_value(json_object_get(line, "event")), "peer_away");
	assert_int_equal(json_integer_value(json_object_get(line, "peer")), 500000);
	assert_int_equal(json_integer_value(json_object_get(line, "count")), -7);
	assert_string_equal(json_string_value(json_object_get(line, "why")), nasty);
	/* 2026-11-27T23:28:00.123+08:00 */
	assert_int_equal(strlen(json_string_value(json_object_get(line, "time"))), 29);
	json_decref(line);
	paper_close(&paper);
}

static void a_line_of_text_stays_one_line(void **state)
{
	struct paper paper;

	(void)state;
	paper_open(&paper, LOG_TEXT, LOG_INFO);
	LOG(paper.log, LOG_INFO, "started", LOG_WORD("listen", "tcp://127.0.0.1:7301"),
	    LOG_WORD("why", nasty));
	assert_ptr_equal(strchr(paper.text, '\n'), paper.text + paper.size - 1);
	assert_non_null(strstr(paper.text, "+08:00 info    started listen=tcp://127.0.0.1:7301 "
					   "why=\"two\\u000alines, \\\"quoted\\\" "));
	paper_close(&paper);
}

static void what_is_not_utf8_does_not_spoil_the_line(void **state)
{
	struct paper paper;
	json_t *line;

	(void)state;
	paper_open(&paper, LOG_JSON, LOG_DEBUG);
	LOG(paper.log, LOG_DEBUG, "x", LOG_WORD("why", "\xff\xfe z"));
	line = json_loads(paper.text, 0, NULL);
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "why")), "?? z");
	json_decref(line);
	paper_close(&paper);
}

static void what_is_below_the_level_is_left_out(void **state)
{
	struct paper paper;

	(void)state;
	paper_open(&paper, LOG_TEXT, LOG_WARNING);
	LOG_PLAIN(paper.log, LOG_INFO, "quiet");
	LOG_PLAIN(paper.log, LOG_ERROR, "loud");
	log_event(NULL, LOG_ERROR, "nowhere", NULL, 0);
	fflush(paper.file);
	assert_null(strstr(paper.text, "quiet"));
	assert_non_null(strstr(paper.text, "error   loud\n"));
	paper_close(&paper);
}

static void *tell_a_lot(void *context)
{
	for (unsigned i = 0; i < 200; i++)
		LOG(context, LOG_INFO, "event", LOG_NUMBER("number", i), LOG_WORD("why", nasty));
	return NULL;
}

static void lines_of_several_threads_do_not_mix(void **state)
{
	struct paper paper;
	pthread_t threads[4];
	unsigned lines = 0;

	(void)state;
	paper_open(&paper, LOG_JSON, LOG_INFO);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, tell_a_lot, paper.log), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (char *at = paper.text, *end; (end = strchr(at, '\n')); at = end + 1) {
		json_t *line = json_loadb(at, (size_t)(end - at), 0, NULL);

		assert_non_null(line);
		json_decref(line);
		lines++;
	}
	assert_int_equal(lines, 800);
	paper_close(&paper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_of_json_says_what_was_told),
	    cmocka_unit_test(a_line_of_text_stays_one_line),
	    cmocka_unit_test(what_is_not_utf8_does_not_spoil_the_line),
	    cmocka_unit_test(what_is_below_the_level_is_left_out),
	    cmocka_unit_test(lines_of_several_threads_do_not_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
