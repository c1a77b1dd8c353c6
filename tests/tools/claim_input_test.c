/* The desk of an institution and the counter of a city: wrong rows, numbers at the borders, wrong keys, wrong months, sheets
 * twice. What is refused leaves no trace in the books. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"

/* Right by GB 32100 and ISO 7064; made by another program. */
#define HOME "52510104MJ0000018N"
#define OTHER_HOME "52510105MJ00000260"
#define PERSON "5101000000000002"
#define COLUMNS "institution,person_code,programme,first_day,last_day,amount\n"
#define NOVEMBER " --now 2026-11-02"

static void must(const char *command)
{
	struct run run = shell("%s", command);
	if (run.status != 0)
		print_error("%s: %s", command, run.err);
	assert_int_equal(run.status, 0);
	run_free(&run);
}

static void table(const char *name, const char *text)
{
	file_write(name, text, strlen(text));
}

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "init city --region 510100 --demo --seed 7 --now 2026-09-01");
	suiren_must(0, "init other --region 500000 --demo --seed 8 --now 2026-09-01");
	suiren_must(0, "peer add city other --now 2026-09-01");
	suiren_must(0, "policy bundle city -o bundle");
	suiren_must(0, "key new institution -o stranger.key");
	suiren_must(0, "key new officer -o officer.key");
	must("{ printf 'uscc,name,kind,district,beds,public_key\\n" HOME ",x,nonprofit,510104,9,';"
	     "\"$SUIREN\" key new institution -o house.key; } >homes.csv");
	suiren_must(0, "institution register city homes.csv --now 2026-09-02");
	table("persons.csv", "name,id_number\n王芳,11010519491231002X\n");
	suiren_must(0, "person register city persons.csv --now 2026-09-02");
	table("october.csv", COLUMNS HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,\n");
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

static char *head(void)
{
	struct run run = suiren_expect(0, "log head city");
	free(run.err);
	return run.out;
}

/* One line that says so, and the log as it was. */
static void refused(int status, const char *tells, const char *words)
{
	char *before = head();
	struct run run = suiren("%s", words);
	if (run.status != status || lines_in(run.err) != 1 || !strstr(run.err, tells))
		print_error("suiren %s: status %d (expected %d), expected \"%s\":\n%s%s", words,
		    run.status, status, tells, run.out, run.err);
	assert_int_equal(run.status, status);
	assert_int_equal(lines_in(run.err), 1);
	assert_non_null(strstr(run.err, tells));
	run_free(&run);
	char *after = head();
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* A row of claims.csv and what is wrong with it; signing and checking say the same. */
static void each_wrong_row_is_named_with_its_column(void **state)
{
	(void)state;
	static const struct {
		const char *row, *tells;
	} cases[] = {
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,-5", "amount:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,1.234", "amount:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,1e3", "amount:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,0x10", "amount:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,五十", "amount:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,50元", "amount:"},
	    /* 2^60 + 1, 2^63 - 1, 2^63 and 2^64 fen */
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,11529215046068469.77", "amount:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,92233720368547758.07", "amount:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,92233720368547758.08", "amount:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,184467440737095516.16", "amount:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-32,", "last_day:"},
	    {HOME "," PERSON ",bed_subsidy,2026-02-29,2026-02-28,", "first_day:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-11-01,", "last_day:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-31,2026-10-01,", "last_day:"},
	    {HOME "," PERSON ",bed_subsidy,1899-12-01,1899-12-31,", "first_day:"},
	    {HOME "," PERSON ",bed_subsidy,9999-12-01,9999-12-31,", "first_day:"},
	    {HOME "," PERSON ",bed_subsidy,1.10.2026,31.10.2026,", "first_day:"},
	    {HOME "," PERSON ",,2026-10-01,2026-10-31,", "programme:"},
	    {HOME "," PERSON ",a_programme_with_a_name_beyond_bounds,2026-10-01,2026-10-31,",
		"programme:"},
	    {HOME ",510100000000000,bed_subsidy,2026-10-01,2026-10-31,", "person_code:"},
	    {HOME ",51010000000000020,bed_subsidy,2026-10-01,2026-10-31,", "person_code:"},
	    {HOME ",5.101E+15,bed_subsidy,2026-10-01,2026-10-31,", "person_code:"},
	    {HOME ",,bed_subsidy,2026-10-01,2026-10-31,", "person_code:"},
	    {"52510104MJ0000018X," PERSON ",bed_subsidy,2026-10-01,2026-10-31,", "institution:"},
	    {"," PERSON ",bed_subsidy,2026-10-01,2026-10-31,", "institution:"},
	    {OTHER_HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,", "institution:"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01", "4 fields"},
	    {HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,,,", "8 fields"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512], tells[64];
		snprintf(text, sizeof(text),
		    COLUMNS HOME "," PERSON ",bed_subsidy,2026-09-01,2026-09-30,\n%s\n",
		    cases[i].row);
		snprintf(tells, sizeof(tells), "claims.csv:3: %s", cases[i].tells);
		table("claims.csv", text);
		int status = strncmp(cases[i].row, OTHER_HOME, 18) == 0 ? 1 : 2;
		refused(status, tells,
		    "claim sign claims.csv --key house.key --policy bundle -o never");
		refused(status, tells, "claim check city claims.csv");
	}
	must("test ! -e never");
}

static void all_wrong_rows_are_told_at_once(void **state)
{
	(void)state;
	table("many.csv",
	    COLUMNS HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,\n"
			 "x," PERSON ",bed_subsidy,2026-10-01,2026-10-31,\n"
			 "" HOME ",1,bed_subsidy,2026-10-01,2026-10-31,\n"
			 "" HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,\n"
			 "" HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,-1\n");
	struct run run = suiren_expect(2, "claim check city many.csv");
	assert_int_equal(lines_in(run.err), 4);
	assert_non_null(strstr(run.err, "many.csv:3: institution:"));
	assert_non_null(strstr(run.err, "many.csv:4: person_code:"));
	assert_non_null(strstr(run.err, "many.csv:6: amount:"));
	assert_non_null(strstr(run.err, "3 wrong rows"));
	run_free(&run);
	run = suiren_expect(2, "claim check city many.csv --json");
	json_t *json = json_loads(run.out, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(json, "wrong_count")), 3);
	assert_int_equal(json_array_size(json_object_get(json, "wrong")), 3);
	json_decref(json);
	run_free(&run);
}

static void sheet_numbers_stop_before_they_overflow(void **state)
{
	(void)state;
	table("two.csv", COLUMNS HOME "," PERSON ",bed_subsidy,2026-09-01,2026-09-30,\n" HOME
				      "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,\n");
	static const char *const numbers[] = {"9223372036854775807", "9223372036854775808",
	    "18446744073709551616", "-1", "01", "1.0", "''", "x"};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char words[256];
		snprintf(words, sizeof(words),
		    "claim sign two.csv --key house.key --policy bundle -o never --number %s",
		    numbers[i]);
		refused(2, "--number", words);
	}
	/* 2^63 - 1 less the million of sheets that a table may make */
	suiren_must(0, "claim sign two.csv --key house.key --policy bundle -o most "
		       "--number 9223372036853775807");
	must("test -s most/" HOME "-9223372036853775808-510100.sheet && test ! -e never");
}

static void a_sheet_is_taken_once_and_only_under_its_own_key(void **state)
{
	(void)state;
	suiren_must(0, "claim sign october.csv --key house.key --policy bundle -o s --number 1");
	suiren_must(0, "claim sign october.csv --key stranger.key --policy bundle -o f --number 2");
	refused(1, "key that is not known", "claim submit city f/" HOME "-2-510100.sheet" NOVEMBER);
	refused(1, "exists already",
	    "claim sign october.csv --key house.key --policy bundle -o s --number 1");
	refused(1, "holds a key of kind officer",
	    "claim sign october.csv --key officer.key --policy bundle -o n");
	refused(1, "holds a key of kind institution",
	    "claim submit city october.csv --entered-by wang --officer-key house.key" NOVEMBER);
	refused(1, "not known here",
	    "claim submit city october.csv --entered-by wang --officer-key officer.key" NOVEMBER);
	refused(2, "--entered-by", "claim submit city october.csv" NOVEMBER);
	refused(1, "nosuch.sheet", "claim submit city nosuch.sheet" NOVEMBER);

	struct run run = suiren_expect(0, "claim submit city s/" HOME "-1-510100.sheet" NOVEMBER);
	assert_non_null(strstr(run.out, "booked as entry"));
	run_free(&run);
	char *before = head();
	run = suiren_expect(0, "claim submit city s/" HOME "-1-510100.sheet --json" NOVEMBER);
	json_t *json = json_loads(run.out, 0, NULL);
	assert_int_equal(json_array_size(json), 1);
	assert_true(json_is_true(json_object_get(json_array_get(json, 0), "repeat")));
	json_decref(json);
	run_free(&run);
	char *after = head();
	assert_string_equal(before, after);
	free(before);
	free(after);

	/* the same number with other content */
	table("less.csv", COLUMNS HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-30,\n");
	suiren_must(0, "claim sign less.csv --key house.key --policy bundle -o l --number 1");
	refused(
	    1, "l/" HOME "-1-510100.sheet", "claim submit city l/" HOME "-1-510100.sheet" NOVEMBER);
	/* another city's sheet */
	suiren_must(0, "claim sign less.csv --key house.key --policy bundle -o h --number 3 "
		       "--host 500000");
	refused(1, "host city 500000", "claim submit city h/*.sheet" NOVEMBER);
}

static void with_json_several_answers_are_one_document(void **state)
{
	(void)state;
	struct run run = suiren("claim submit city text.sheet october.csv nowhere.sheet --json"
				" --entered-by wang --officer-key officer.key" NOVEMBER);
	json_t *json = json_loads(run.out, 0, NULL);
	assert_int_equal(json_array_size(json), 3);
	for (size_t i = 0; i < 3; i++)
		assert_non_null(json_object_get(json_array_get(json, i), "error"));
	json_decref(json);
	run_free(&run);
}

static void what_is_taken_back_must_be_there(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *tells, *words;
	} cases[] = {
	    {1, "not in the books", "--institution " HOME " --number 77 --line 0 --grounds x"},
	    {1, "no approved line", "--entry 99999 --line 0 --grounds x"},
	    {1, "no approved line", "--entry 1 --line 0 --grounds x"},
	    {2, "--line", "--entry 1 --line -1 --grounds x"},
	    {2, "--line", "--entry 1 --line 10001 --grounds x"},
	    {2, "--entry", "--entry 9223372036854775808 --line 0 --grounds x"},
	    {2, "social credit code", "--institution x --number 1 --line 0 --grounds x"},
	    {2, "--grounds", "--entry 1 --line 0"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char words[256];
		snprintf(words, sizeof(words), "claim reverse city %s" NOVEMBER, cases[i].words);
		refused(cases[i].status, cases[i].tells, words);
	}
}

static void runs_of_allowances_have_a_real_month_programme_and_name(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *tells, *words;
	} cases[] = {
	    {2, "--month", ""},
	    {2, "2026-13", "--month 2026-13"},
	    {2, "2026-1 ", "--month 2026-1"},
	    {2, "202610", "--month 202610"},
	    {2, "--month", "--month -202610"},
	    {1, "has not begun", "--month 2026-12"},
	    {1, "no programme nosuch is in force", "--month 2026-10 --programme nosuch"},
	    {1, "not paid by the month", "--month 2026-10 --programme bed_subsidy"},
	    {2, "--programme", "--month 2026-10 --programme a_programme_with_a_name_beyond_bounds"},
	    {2, "--run", "--month 2026-10 --run october/1"},
	    {2, "--run", "--month 2026-10 --run ''"},
	    {2, "--run", "--month 2026-10 --run a-run-with-a-name-that-is-too-long"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char words[256];
		snprintf(words, sizeof(words), "allowance run city %s" NOVEMBER, cases[i].words);
		refused(cases[i].status, cases[i].tells, words);
	}
}

static void funds_take_amounts_up_to_two_to_the_sixtieth(void **state)
{
	(void)state;
	static const char *const wrong[] = {"-1", "0", "0.00", "0.001", "1e9", "''", "' 5'", "5元",
	    "1,000.00", "11529215046068469.77", "92233720368547758.07", "92233720368547758.08"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char words[256];
		snprintf(words, sizeof(words),
		    "fund appropriate city --fund fiscal --amount %s --reference w" NOVEMBER,
		    wrong[i]);
		refused(2, "--amount", words);
	}
	refused(
	    2, "nosuch", "fund appropriate city --fund nosuch --amount 5 --reference w" NOVEMBER);
	suiren_must(0, "fund appropriate city --fund fiscal --amount 11529215046068469.76 "
		       "--reference most" NOVEMBER);
	refused(2, "treasury",
	    "fund appropriate city --fund fiscal --amount 0.01 --reference more" NOVEMBER);
	suiren_must(0, "verify city");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_wrong_row_is_named_with_its_column),
	    cmocka_unit_test(all_wrong_rows_are_told_at_once),
	    cmocka_unit_test(sheet_numbers_stop_before_they_overflow),
	    cmocka_unit_test(a_sheet_is_taken_once_and_only_under_its_own_key),
	    cmocka_unit_test(with_json_several_answers_are_one_document),
	    cmocka_unit_test(what_is_taken_back_must_be_there),
	    cmocka_unit_test(runs_of_allowances_have_a_real_month_programme_and_name),
	    cmocka_unit_test(funds_take_amounts_up_to_two_to_the_sixtieth),
	};
	return cmocka_run_group_tests_name(
	    "tools/claim_input", tests, open_workshop, close_workshop);
}
