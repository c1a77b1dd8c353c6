/* `suiren sample`: the tables and the script of the whole month, run with the program on PATH, come to the very balances, payments and clearings
 * of the demo, which plays the same story in one process: two ways to the same figures, by way of files, commands and the bank's answers in
 * the one, and by function calls in the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"

/* With this seed the demo's bank rejects payments and returns others. */
#define SEED "37"

static const char *const cities[] = {"510100", "500000", "510800", "511300"};
#define CITIES (sizeof(cities) / sizeof(cities[0]))

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "demo --dir demo --residents 2000 --seed " SEED);
	suiren_must(0, "sample --out sample --residents 2000 --seed " SEED);
	struct run run =
	    shell("PATH=$(dirname \"$SUIREN\"):$PATH; unset SUIREN; sh sample/month.sh "
		  "\"$PWD/nodes\"");
	if (run.status != 0)
		print_error("%s", run.err);
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

static json_t *json_of(const char *words, const char *nodes, const char *city)
{
	struct run run = suiren_expect(0, "%s %s/%s --json", words, nodes, city);
	json_t *value = json_loads(run.out, 0, NULL);
	assert_true(json_is_array(value));
	run_free(&run);
	return value;
}

/* Entry numbers and hashes are those of one log: the same work may be grouped otherwise. */
static void forget(json_t *value)
{
	static const char *const of_one_log[] = {
	    "entry", "bank_entry", "proposed_entry", "booked_entry", "proposal", "document"};
	size_t index;
	json_t *item;
	json_array_foreach(value, index, item)
	{
		for (size_t i = 0; i < sizeof(of_one_log) / sizeof(of_one_log[0]); i++)
			json_object_del(item, of_one_log[i]);
	}
}

static size_t same(const char *words, const char *city)
{
	json_t *demo = json_of(words, "demo", city), *script = json_of(words, "nodes", city);
	forget(demo);
	forget(script);
	size_t count = json_array_size(demo);
	assert_int_equal(json_array_size(script), count);
	for (size_t i = 0; i < count; i++) {
		json_t *a = json_array_get(demo, i), *b = json_array_get(script, i);
		if (!json_equal(a, b))
			print_error("%s %s: demo %s\nscript %s\n", words, city,
			    json_dumps(a, JSON_COMPACT), json_dumps(b, JSON_COMPACT));
		assert_true(json_equal(a, b));
	}
	json_decref(demo);
	json_decref(script);
	return count;
}

static void the_scripts_balances_are_the_demos_line_by_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < CITIES; i++)
		assert_true(same("balance", cities[i]) > 5);
}

static void the_scripts_clearings_are_the_demos_and_settled(void **state)
{
	(void)state;
	size_t count = 0;
	for (size_t i = 0; i < CITIES; i++) {
		count += same("clearing list", cities[i]);
		json_t *clearings = json_of("clearing list", "nodes", cities[i]), *one;
		size_t index;
		json_array_foreach(clearings, index, one) assert_string_equal(
		    json_string_value(json_object_get(one, "state")), "settled");
		json_decref(clearings);
	}
	assert_true(count >= 2);
}

/* The same EndToEndIds, amounts and states, among them what the bank has rejected and returned. */
static void the_scripts_payments_are_the_demos(void **state)
{
	(void)state;
	size_t rejected = 0, returned = 0;
	for (size_t i = 0; i < CITIES; i++) {
		assert_true(same("payment list", cities[i]) > 0);
		json_t *list = json_of("payment list --state rejected", "nodes", cities[i]);
		rejected += json_array_size(list);
		json_decref(list);
		list = json_of("payment list --state returned", "nodes", cities[i]);
		returned += json_array_size(list);
		json_decref(list);
		list = json_of("payment list --state ordered", "nodes", cities[i]);
		assert_int_equal(json_array_size(list), 0);
		json_decref(list);
	}
	assert_true(rejected > 0);
	assert_true(returned > 0);
}

static void the_scripts_books_verify_with_every_rule_run_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < CITIES; i++)
		suiren_must(0, "verify nodes/%s --replay", cities[i]);
}

static void what_was_exported_is_exported_again_to_the_same_bytes(void **state)
{
	(void)state;
	struct run run = suiren_expect(
	    0, "payment export nodes/510100 --run old-age-202610 --now 2027-01-01 -o again.xml");
	run_free(&run);
	run = shell("cmp again.xml nodes/510100/bank/out/run-old-age-202610-1.xml");
	assert_int_equal(run.status, 0);
	run_free(&run);
}

static void all_answers_given_again_change_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < CITIES; i++) {
		struct run before = suiren_expect(0, "log head nodes/%s", cities[i]);
		struct run run = shell("\"$SUIREN\" payment import nodes/%s nodes/%s/bank/in/*.xml "
				       "--now 2027-01-01",
		    cities[i], cities[i]);
		assert_int_equal(run.status, 0);
		assert_non_null(strstr(run.out, "nothing changed"));
		assert_null(strstr(run.out, "; 分录"));
		struct run after = suiren_expect(0, "log head nodes/%s", cities[i]);
		assert_string_equal(before.out, after.out);
		run_free(&before);
		run_free(&run);
		run_free(&after);
	}
}

static void a_seed_decides_every_byte_and_nothing_is_overwritten(void **state)
{
	(void)state;
	struct run run = suiren_expect(1, "sample --out sample --residents 2000 --seed " SEED);
	assert_non_null(strstr(run.err, "sample"));
	run_free(&run);
	suiren_must(0, "sample --out twin --residents 2000 --seed " SEED);
	run = shell("rm -rf sample/sheets; diff -r sample twin");
	assert_int_equal(run.status, 0);
	run_free(&run);
	/* Nodes that are there stop the script at its first line. */
	run = shell("sh twin/month.sh \"$PWD/nodes\"");
	assert_int_not_equal(run.status, 0);
	run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_scripts_balances_are_the_demos_line_by_line),
	    cmocka_unit_test(the_scripts_clearings_are_the_demos_and_settled),
	    cmocka_unit_test(the_scripts_payments_are_the_demos),
	    cmocka_unit_test(the_scripts_books_verify_with_every_rule_run_again),
	    cmocka_unit_test(what_was_exported_is_exported_again_to_the_same_bytes),
	    cmocka_unit_test(all_answers_given_again_change_nothing),
	    cmocka_unit_test(a_seed_decides_every_byte_and_nothing_is_overwritten),
	};
	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
