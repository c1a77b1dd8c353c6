/* What programs read: one JSON document from every reading command, with snake_case keys, whole numbers, amounts named by their
 * unit, times with +08:00. On the demo's nodes, so that everything occurs. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"

#define CITY "demo/510100"

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "demo --dir demo --seed 7");
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

static const char *const commands[] = {
    "status " CITY,
    "key show " CITY,
    "officer list " CITY,
    "peer list " CITY,
    "policy show " CITY " --on 2026-10-01",
    "policy check \"" SOURCE_DIR "/config/policy/510100.yaml\"",
    "institution list " CITY,
    "stay list " CITY,
    "fund show " CITY,
    "window list " CITY,
    "window show " CITY " --window 2026-11-02",
    "clearing list " CITY,
    "clearing show " CITY,
    "clearing sheet " CITY " --month 2026-11",
    "window statement " CITY " --month 2026-11",
    "window statement " CITY " --year 2026",
    "claim show " CITY,
    "allowance list " CITY,
    "payment list " CITY,
    "balance " CITY,
    "account show " CITY " float",
    "verify " CITY,
    "log head " CITY,
    "log vkey " CITY,
    "log entry " CITY " 5",
    "proof inclusion " CITY " --entry 3",
    "proof consistency " CITY " --from 3",
};

static bool is_snake_case(const char *key)
{
	if (!islower((unsigned char)key[0]))
		return false;
	for (const char *c = key; *c; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
			return false;
	return true;
}

/* A day and a T: then it must be a whole RFC 3339 time of Beijing. */
static bool is_time_or_none(const char *text)
{
	size_t size = strlen(text);
	if (size < 11 || text[4] != '-' || text[7] != '-' || text[10] != 'T')
		return true;
	return size > 19 && strcmp(text + size - 6, "+08:00") == 0;
}

static unsigned wrong_in(const char *words, const char *key, const json_t *value)
{
	unsigned wrong = 0;
	const char *name;
	json_t *inner;
	size_t i;
	if (json_is_real(value) ||
	    (json_is_string(value) && !is_time_or_none(json_string_value(value)))) {
		print_error("suiren %s --json: %s\n", words, key);
		wrong++;
	}
	json_object_foreach((json_t *)value, name, inner)
	{
		if (!is_snake_case(name)) {
			print_error("suiren %s --json: key \"%s\"\n", words, name);
			wrong++;
		}
		wrong += wrong_in(words, name, inner);
	}
	json_array_foreach(value, i, inner) wrong += wrong_in(words, key, inner);
	return wrong;
}

static void every_reading_command_speaks_json_by_the_conventions(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct run run = suiren_expect(0, "%s --json", commands[i]);
		/* the whole output is one document */
		json_t *json = json_loads(run.out, 0, NULL);
		if (!json)
			print_error("suiren %s --json: %.200s\n", commands[i], run.out);
		assert_non_null(json);
		assert_string_equal(run.err, "");
		wrong += wrong_in(commands[i], "", json);
		json_decref(json);
		run_free(&run);
	}
	assert_int_equal(wrong, 0);
}

/* The same question twice has the same answer, and asking changes nothing. */
static void answers_do_not_change_by_asking(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct run first = suiren_expect(0, "%s", commands[i]);
		struct run second = suiren_expect(0, "%s", commands[i]);
		assert_string_equal(first.out, second.out);
		run_free(&first);
		run_free(&second);
	}
}

/* No colour, no cursor: neither in a pipe nor with NO_COLOR, and never a control character but the end of a line. */
static void nothing_but_text_is_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct run run = shell("NO_COLOR=1 TERM=xterm \"$SUIREN\" %s", commands[i]);
		for (const char *c = run.out; *c; c++)
			assert_true((unsigned char)*c >= 0x20 || *c == '\n');
		run_free(&run);
	}
}

static void a_usage_error_is_a_document_too(void **state)
{
	(void)state;
	static const char *const wrong[] = {"blance x", "log", "log haed x", "status", "status a b",
	    ("balance " CITY " --at x"), ("policy show " CITY), "init new --region 1"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct run run = suiren_expect(2, "%s --json", wrong[i]);
		json_t *json = json_loads(run.out, 0, NULL);
		assert_non_null(json);
		assert_string_equal(json_string_value(json_object_get(json, "error")), "usage");
		assert_true(json_is_string(json_object_get(json, "message")));
		assert_int_equal(lines_in(run.err), 1);
		json_decref(json);
		run_free(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_reading_command_speaks_json_by_the_conventions),
	    cmocka_unit_test(answers_do_not_change_by_asking),
	    cmocka_unit_test(nothing_but_text_is_printed),
	    cmocka_unit_test(a_usage_error_is_a_document_too),
	};
	return cmocka_run_group_tests_name("tools/json", tests, open_workshop, close_workshop);
}
