/* suiren policy check and show, as a finance officer sees them. */
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
	suiren_must(0, "init city --region 511300 --demo --seed 7 --now 2026-09-01");
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* Nanchong's catalogue has one figure that a text gives: Jialing district's 50.00 a bed. Every other amount, and the ceiling, is marked
 * where it is printed. */
static void what_no_source_gives_is_shown_as_illustrative(void **state)
{
	struct run run = suiren_expect(0, "policy show city --on 2026-10-01");
	unsigned marked = 0, given = 0, limits = 0;
	(void)state;
	for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n")) {
		bool mark = strstr(line, "(illustrative 示意)") != NULL;
		if (strstr(line, " yuan a month  ") || strstr(line, " yuan a bed-month ")) {
			marked += mark && strstr(line, "age ");
			given += !mark;
		}
		if (strstr(line, "price ceiling")) {
			assert_true(mark);
			limits++;
		}
		if (strstr(line, "age ") && !mark)
			assert_non_null(strstr(line, " 50.00 yuan a bed-month"));
	}
	/* 3 for age, 5 for beds, 1 for service, 3 for care, 1 for the disabled. */
	assert_int_equal(marked, 13);
	assert_int_equal(given, 1);
	assert_int_equal(limits, 1);
	run_free(&run);
}

static void the_same_stands_in_json(void **state)
{
	struct run run = suiren_expect(0, "policy show city --on 2026-10-01 --json");
	json_t *root = json_loads(run.out, 0, NULL), *programme, *amount;
	size_t i, k, given = 0, all = 0;
	(void)state;
	assert_non_null(root);
	json_array_foreach(json_object_get(root, "programmes"), i, programme)
	{
		assert_true(strlen(json_string_value(json_object_get(programme, "document"))) > 0);
		assert_true(strlen(json_string_value(json_object_get(programme, "clause"))) > 0);
		json_array_foreach(json_object_get(programme, "amounts"), k, amount)
		{
			all++;
			if (json_is_true(json_object_get(amount, "illustrative")))
				continue;
			given++;
			assert_int_equal(
			    json_integer_value(json_object_get(amount, "amount_fen")), 5000);
			assert_int_equal(
			    json_integer_value(json_object_get(programme, "district")), 511304);
		}
		if (json_object_get(programme, "price_ceiling_fen"))
			assert_true(
			    json_is_true(json_object_get(programme, "limits_illustrative")));
	}
	assert_int_equal(all, 14);
	assert_int_equal(given, 1);
	json_decref(root);
	run_free(&run);
}

/* The catalogue with the payer of the district's beds, an amount and a deadline spoilt: three complaints, each with file, line and
 * field, and nothing else. */
static void everything_wrong_is_listed_with_file_line_and_field(void **state)
{
	(void)state;
	struct run run = shell("sed -e '/district: 511304/,/paid_to/s/payer: home/payer: host/' "
			       "-e '0,/amount: 50.00/s//amount: 050.00/' "
			       "-e '0,/claim_deadline_days: 90/s//claim_deadline_days: 0/' "
			       "%s/config/policy/511300.yaml > wrong.yaml",
	    SOURCE_DIR);
	assert_int_equal(run.status, 0);
	run_free(&run);
	run = suiren_expect(1, "policy check wrong.yaml");
	assert_string_equal(run.out, "");
	assert_non_null(
	    strstr(run.err, "programmes[0].amounts[0].amount: must be an amount in yuan"));
	assert_non_null(
	    strstr(run.err, "programmes[0].claim_deadline_days: must be from 1 to 366"));
	assert_non_null(strstr(run.err,
	    "programmes[2].payer: all programmes of one need must have one payer on a day"));
	assert_int_equal(lines_in(run.err), 3);
	assert_memory_equal(run.err, "wrong.yaml:", 11);
	run_free(&run);
	run = suiren_expect(0, "policy check %s/config/policy/511300.yaml", SOURCE_DIR);
	assert_non_null(strstr(run.out, "good"));
	run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_no_source_gives_is_shown_as_illustrative),
	    cmocka_unit_test(the_same_stands_in_json),
	    cmocka_unit_test(everything_wrong_is_listed_with_file_line_and_field),
	};
	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
