/* Every command that reads, on a fresh node: it answers, as text and as JSON, and changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "init city --region 510100 --demo --seed 7 --now 2026-09-01");
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

static void init_refuses_to_overwrite_and_says_what_next(void **state)
{
	(void)state;
	size_t before_size = 0, after_size = 0;
	char *before = file_read("city/node.yaml", &before_size);
	struct run run = suiren_expect(1, "init city --region 510100");
	assert_int_equal(lines_in(run.err), 1);
	assert_non_null(strstr(run.err, "city"));
	char *after = file_read("city/node.yaml", &after_size);
	assert_int_equal(before_size, after_size);
	assert_memory_equal(before, after, after_size);
	free(before);
	free(after);
	run_free(&run);
	run = suiren_expect(0, "init other --region 500000");
	assert_non_null(strstr(run.out, "root.key"));
	assert_non_null(strstr(run.out, "suiren status other"));
	run_free(&run);
	struct run modes = shell("stat -c %%a other/keys/*.key | sort -u");
	assert_string_equal(modes.out, "600\n");
	run_free(&modes);
}

static void one_seed_gives_one_log(void **state)
{
	(void)state;
	suiren_must(0, "init twin --region 510100 --demo --seed 7 --now 2026-09-01");
	suiren_must(0, "init third --region 510100 --demo --seed 8 --now 2026-09-01");
	struct run city = suiren_expect(0, "log leaves city");
	struct run twin = suiren_expect(0, "log leaves twin");
	struct run third = suiren_expect(0, "log leaves third");
	assert_string_equal(city.out, twin.out);
	assert_string_not_equal(city.out, third.out);
	run_free(&city);
	run_free(&twin);
	run_free(&third);
}

static void every_reading_command_answers(void **state)
{
	(void)state;
	static const char *const commands[] = {
	    "status city",
	    "key show city",
	    "officer list city",
	    "peer list city",
	    "policy show city --on 2026-10-01",
	    "balance city",
	    "balance city --at 0",
	    "balance city --on 2026-09-01",
	    "log head city",
	    "log vkey city",
	    "log entry city 0",
	    "log entry city 1",
	    "proof inclusion city --entry 0 --size 2",
	    "proof consistency city --from 1 --to 2",
	    "verify city",
	    "verify city --replay",
	};
	struct run before = suiren_expect(0, "log head city");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		json_error_t error;
		struct run run = suiren_expect(0, "%s", commands[i]);
		assert_string_equal(run.err, "");
		assert_true(run.out_size > 0);
		run_free(&run);
		run = suiren_expect(0, "%s --json", commands[i]);
		json_t *json = json_loadb(run.out, run.out_size, JSON_REJECT_DUPLICATES, &error);
		if (!json)
			print_error("%s --json: %s\n%s", commands[i], error.text, run.out);
		assert_non_null(json);
		json_decref(json);
		run_free(&run);
	}
	struct run after = suiren_expect(0, "log head city");
	assert_string_equal(before.out, after.out);
	run_free(&before);
	run_free(&after);
}

static void leaves_are_the_headers_in_hex_one_a_line(void **state)
{
	(void)state;
	struct run all = suiren_expect(0, "log leaves city");
	struct run first = suiren_expect(0, "log leaves city --from 0 --to 1");
	assert_true(lines_in(all.out) >= 2);
	assert_int_equal(lines_in(first.out), 1);
	assert_ptr_equal(strstr(all.out, first.out), all.out);
	/* an array of nine items that begins with version 1, epoch 1, sequence 0: formats, "Entries" */
	assert_memory_equal(first.out, "89010100", 8);
	run_free(&all);
	run_free(&first);
}

static void the_first_entry_is_decoded(void **state)
{
	(void)state;
	struct run run = suiren_expect(0, "log entry city 0 --json");
	json_t *json = json_loads(run.out, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "kind")), "genesis");
	assert_int_equal(json_integer_value(json_object_get(json, "sequence")), 0);
	assert_string_equal(
	    json_string_value(json_object_get(json, "time")), "2026-09-01T00:00:00.000+08:00");
	assert_true(json_array_size(json_object_get(json, "documents")) >= 1);
	assert_true(json_array_size(json_object_get(json, "lines")) >= 1);
	json_decref(json);
	run_free(&run);
}

static void a_reader_that_goes_away_is_no_failure(void **state)
{
	(void)state;
	/* far more than a pipe holds */
	struct run run =
	    shell("( \"$SUIREN\" help --reference; for i in 1 2 3 4 5 6 7 8; do "
		  "\"$SUIREN\" policy show city --on 2026-10-01 --json || exit 9; done; "
		  "echo $? >&2 ) | head -c 10");
	assert_int_equal(run.out_size, 10);
	assert_string_equal(run.err, "0\n");
	run_free(&run);
}

static void a_full_disk_behind_stdout_is_told(void **state)
{
	(void)state;
	struct run run = suiren("policy show city --on 2026-10-01 >/dev/full");
	assert_int_equal(run.status, 3);
	assert_int_equal(lines_in(run.err), 1);
	run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(init_refuses_to_overwrite_and_says_what_next),
	    cmocka_unit_test(one_seed_gives_one_log),
	    cmocka_unit_test(every_reading_command_answers),
	    cmocka_unit_test(leaves_are_the_headers_in_hex_one_a_line),
	    cmocka_unit_test(the_first_entry_is_decoded),
	    cmocka_unit_test(a_reader_that_goes_away_is_no_failure),
	    cmocka_unit_test(a_full_disk_behind_stdout_is_told),
	};
	return cmocka_run_group_tests_name("tools/read", tests, open_workshop, close_workshop);
}
