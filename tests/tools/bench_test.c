/* The benchmarks, made small: what it tells, and that it leaves nothing behind. How fast it is, no test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "key.h"
#include "net_limits.h"
#include "program.h"

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	struct run run = shell("mkdir place");
	assert_int_equal(run.status, 0);
	run_free(&run);
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

static void nothing_is_left_here(void)
{
	struct run run = shell("ls -A place");

	assert_string_equal(run.out, "");
	run_free(&run);
}

static void check_side(const json_t *side, size_t rounds)
{
	static const char *const figures[] = {
	    "lines_per_s", "writer_cpu_ns_a_line", "workers_cpu_ns_a_line", "bytes_a_line"};

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		assert_true(json_number_value(json_object_get(side, figures[i])) > 0);
	assert_int_equal(json_array_size(json_object_get(side, "rounds")), rounds);
}

static void every_case_is_told_with_both_sides(void **state)
{
	(void)state;
	struct run run =
	    suiren_expect(0, "bench ingest --persons 400 --rounds 2 --dir place --json");
	json_t *json = json_loadb(run.out, run.out_size, JSON_REJECT_DUPLICATES, NULL);
	json_t *cases = json_object_get(json, "cases"), *one;
	size_t i;

	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "bench")), "ingest");
	assert_int_equal(json_array_size(cases), 6);
	json_array_foreach(cases, i, one)
	{
		assert_non_null(json_string_value(json_object_get(one, "name")));
		check_side(json_object_get(one, "ours"), 2);
		check_side(json_object_get(one, "floor"), 2);
		assert_true(json_number_value(json_object_get(one, "ratio_to_floor")) > 0);
		assert_true(json_is_array(json_object_get(one, "peers")));
	}
	assert_true(json_is_boolean(json_object_get(json_object_get(json, "machine"), "sha_ni")));
	assert_non_null(json_object_get(json_object_get(json, "versions"), "lmdb"));
	json_decref(json);
	run_free(&run);
	nothing_is_left_here();
}

static void one_case_is_chosen_and_told_in_words(void **state)
{
	(void)state;
	struct run run = suiren_expect(
	    0, "bench ingest --persons 30 --lines-per-sheet 70 --group 4 --dir place");

	assert_non_null(strstr(run.out, "sheets of 70 lines, groups of 4"));
	assert_non_null(strstr(run.out, "SHA instructions"));
	assert_string_equal(run.err, "");
	run_free(&run);
	nothing_is_left_here();
}

/* Killed in the middle, it has no file left to remove; a disk that is full ends it with one line. */
static void a_full_disk_or_a_kill_leaves_no_file(void **state)
{
	(void)state;
	struct run run =
	    shell("(ulimit -f 64; trap '' XFSZ; \"$SUIREN\" bench ingest --persons 20000 "
		  "--lines-per-sheet 1000 --dir place)");

	assert_true(run.status == 3);
	assert_int_equal(lines_in(run.err), 1);
	run_free(&run);
	nothing_is_left_here();
	run = shell("(ulimit -t 1; \"$SUIREN\" bench ingest --persons 2000000 --dir place)");
	assert_true(run.status != 0);
	run_free(&run);
	nothing_is_left_here();
}

/* The goals: not more than log16 n + 2 round trips, not more than twice what negentropy sends, and for equal sets a digest. */
static void reconciling_tells_round_trips_and_bytes_of_both(void **state)
{
	static const int differ[] = {0, 1, 100, 10000};
	struct run run = suiren_expect(0, "bench reconcile --obligations 65536 --rounds 2 --json");
	json_t *json = json_loadb(run.out, run.out_size, JSON_REJECT_DUPLICATES, NULL);
	json_t *cases = json_object_get(json, "cases"), *one;
	size_t i;

	(void)state;
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "bench")), "reconcile");
	assert_int_equal(json_array_size(cases), 4);
	json_array_foreach(cases, i, one)
	{
		json_t *ours = json_object_get(one, "ours");
		json_t *peer = json_array_get(json_object_get(one, "peers"), 0);
		double bytes = json_number_value(json_object_get(ours, "bytes"));

		assert_int_equal(json_integer_value(json_object_get(one, "differ")), differ[i]);
		assert_true(json_integer_value(json_object_get(ours, "round_trips")) <= 4 + 2);
		assert_true(bytes <= 2 * json_number_value(json_object_get(peer, "bytes")));
		assert_true(bytes >= json_number_value(
					 json_object_get(json_object_get(one, "floor"), "bytes")));
		assert_true(json_number_value(json_object_get(ours, "seconds")) > 0);
		assert_true(i > 0 || bytes < 32);
	}
	assert_non_null(json_object_get(json_object_get(json, "versions"), "libsodium"));
	json_decref(json);
	run_free(&run);
	run = suiren_expect(0, "bench reconcile --obligations 50");
	assert_non_null(strstr(run.out, "1 differ"));
	assert_null(strstr(run.out, "100 differ"));
	run_free(&run);
}

static void a_link_is_told_beside_its_parts(void **state)
{
	struct run run =
	    suiren_expect(0, "bench link --documents 300 --rounds 2 --dir place --json");
	json_t *json = json_loadb(run.out, run.out_size, JSON_REJECT_DUPLICATES, NULL);
	json_t *one = json_array_get(json_object_get(json, "cases"), 0);
	json_t *ours = json_object_get(one, "ours"), *floor = json_object_get(one, "floor");
	static const char *const parts[] = {
	    "link_documents_per_s", "disk_documents_per_s", "signatures_documents_per_s"};

	(void)state;
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "bench")), "link");
	assert_true(json_number_value(json_object_get(ours, "documents_per_s")) > 0);
	/* A document has at least its signature; a request takes at most a batch of them. */
	assert_true(json_integer_value(json_object_get(ours, "bytes_sent")) > 300 * SIGNATURE_SIZE);
	assert_true(
	    json_integer_value(json_object_get(ours, "requests")) >= 300 / DELIVERY_BATCH_MAX + 1);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		assert_true(json_number_value(json_object_get(floor, parts[i])) > 0);
	assert_true(json_number_value(json_object_get(one, "ratio_to_floor")) > 0);
	/* Each document's signature, and that of each request's acknowledgement. */
	assert_int_equal(json_integer_value(json_object_get(ours, "signatures_checked")),
	    300 + json_integer_value(json_object_get(ours, "requests")));
	assert_true(json_integer_value(json_object_get(floor, "signature_cores")) >= 1);
	assert_true(json_number_value(json_object_get(one, "ratio_to_floor_with_signatures")) >=
		    json_number_value(json_object_get(one, "ratio_to_floor")));
	json_decref(json);
	run_free(&run);
	nothing_is_left_here();
}

static void slips_are_usage_errors(void **state)
{
	(void)state;
	suiren_must(2, "bench ingest --persons 0");
	suiren_must(2, "bench ingest --group 4");
	suiren_must(2, "bench ingest --lines-per-sheet 4");
	suiren_must(2, "bench ingest --lines-per-sheet 70 --group 65");
	suiren_must(2, "bench ingest --rounds 26");
	suiren_must(2, "bench link --documents 0");
	suiren_must(2, "bench reconcile --obligations 0");
	suiren_must(2, "bench reconcile --rounds 0");
	nothing_is_left_here();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_case_is_told_with_both_sides),
	    cmocka_unit_test(one_case_is_chosen_and_told_in_words),
	    cmocka_unit_test(a_full_disk_or_a_kill_leaves_no_file),
	    cmocka_unit_test(reconciling_tells_round_trips_and_bytes_of_both),
	    cmocka_unit_test(a_link_is_told_beside_its_parts),
	    cmocka_unit_test(slips_are_usage_errors),
	};

	return cmocka_run_group_tests_name("bench", tests, open_workshop, close_workshop);
}
