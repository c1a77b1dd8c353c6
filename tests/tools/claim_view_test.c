/* What a clerk can check by hand: `claim check` and `claim show` give each line its reason, the clause, the arithmetic; the books name facts about a
 * person by the entry that brought them, and only the city's own dry run tells them by value. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "claim_view.h"
#include "program.h"

/* Right by GB 32100, GB 11643 and ISO 7064; made by another program. Born 1949-12-31, 1940-01-01. */
#define HOME "52510104MJ0000018N"
#define YOUNG "5101000000000002"
#define OLD "5101000000000019"
#define NOVEMBER " --now 2026-11-02"

static void table(const char *name, const char *text)
{
	file_write(name, text, strlen(text));
}

static void must(const char *command)
{
	struct run run = shell("%s", command);
	if (run.status != 0)
		print_error("%s: %s", command, run.err);
	assert_int_equal(run.status, 0);
	run_free(&run);
}

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "init city --region 510100 --demo --seed 7 --now 2026-09-01");
	suiren_must(0, "policy bundle city -o bundle");
	suiren_must(0, "fund appropriate city --fund fiscal --amount 100000 --reference A1 "
		       "--now 2026-09-01");
	must("{ printf 'uscc,name,kind,district,beds,public_key\n" HOME ",x,nonprofit,510104,9,';"
	     "\"$SUIREN\" key new institution -o house.key; } >homes.csv");
	suiren_must(0, "institution register city homes.csv --now 2026-09-02");
	table("persons.csv", "name,id_number,income_class\n王芳,11010519491231002X,low\n李伟,"
			     "510104194001010024,low\n");
	suiren_must(0, "person register city persons.csv --now 2026-09-02");
	table("levels.csv", "person_code,level,from,until\n" YOUNG ",1,2026-09-01,2027-08-31\n" OLD
			    ",2,2026-09-01,2027-08-31\n");
	suiren_must(0, "assessment import city levels.csv --now 2026-09-02");
	table("grants.csv", "person_code,programme,from,paid_to\n" YOUNG
			    ",service_subsidy,2026-09-01,institution\n");
	suiren_must(0, "grant import city grants.csv --now 2026-09-02");
	table("stays.csv", "uscc,person_code,first_day\n" HOME "," YOUNG ",2026-09-05\n" HOME
			   "," OLD ",2026-09-05\n");
	suiren_must(0, "stay import city stays.csv --now 2026-09-06");
	table("october.csv", "institution,person_code,programme,first_day,last_day\n" HOME "," YOUNG
			     ",service_subsidy,2026-10-01,2026-10-31\n" HOME "," OLD
			     ",bed_subsidy,2026-10-01,2026-10-20\n" HOME "," OLD
			     ",service_subsidy,2026-10-01,2026-10-31\n");
	suiren_must(0, "claim sign october.csv --key house.key --policy bundle -o sheets");
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

static void tells(const struct run *run, const char *text)
{
	if (!strstr(run->out, text))
		print_error("expected \"%s\" in:\n%s%s", text, run->out, run->err);
	assert_non_null(strstr(run->out, text));
}

static void a_dry_run_tells_reason_clause_figures_and_facts(void **state)
{
	(void)state;
	struct run run = suiren_expect(1, "claim check city october.csv" NOVEMBER);
	/* 76 on the first day; the subsidy is for 80 and older, or the disabled. */
	tells(&run, "年龄不符 age not covered (依据分录 fact of entry ");
	tells(&run, "\n        依据 by ");
	tells(&run, "出生 born 1949-12-31, 收入类别 income class 低收入 low");
	/* 100.00 of 31 days, 20 of them: floor((2 x 10000 x 20 + 31) / 62) = 6452. */
	tells(&run, "核准 approved 64.52");
	tells(&run, "R(20) - R(0) of 31 = 64.52");
	tells(&run, "能力等级 level 2 2026-09-01..2027-08-31");
	tells(&run, "无待遇认定 no grant for the period (2026-10-01)");
	run_free(&run);
}

static void the_books_tell_the_same_and_no_facts(void **state)
{
	(void)state;
	must("\"$SUIREN\" claim submit city sheets/*.sheet" NOVEMBER);
	struct run list = suiren_expect(0, "claim show city " HOME);
	tells(&list, "3 行 lines");
	char number[32] = "";
	assert_int_equal(sscanf(list.out, HOME " %31s", number), 1);
	run_free(&list);
	/* Some lines were refused: that is the answer, and no fault of the command. */
	struct run run = suiren("claim show city " HOME " %s", number);
	tells(&run, "年龄不符 age not covered (依据分录 fact of entry ");
	tells(&run, "\n        依据 by ");
	tells(&run, "核准 approved 64.52");
	tells(&run, "能力等级 level of entry ");
	assert_null(strstr(run.out, "1949"));
	assert_null(strstr(run.out, "born"));
	assert_null(strstr(run.out, "low"));
	run_free(&run);
	run = suiren("claim show city " HOME " %s --json", number);
	struct run policy = suiren_expect(0, "policy show city --on 2026-10-01");
	json_t *lines = json_loads(run.out, 0, NULL);
	assert_int_equal(json_array_size(lines), 3);
	unsigned by_entry = 0, paid = 0;
	for (size_t i = 0; i < 3; i++) {
		json_t *line = json_array_get(lines, i);
		const char *verdict = json_string_value(json_object_get(line, "verdict"));
		assert_true(json_integer_value(json_object_get(line, "policy_entry")) > 0);
		by_entry += json_integer_value(json_object_get(line, "fact_entry")) > 0;
		paid += json_integer_value(json_object_get(line, "amount_fen")) == 6452;
		json_t *from = strcmp(verdict, "approved") == 0
				   ? json_array_get(json_object_get(line, "pieces"), 0)
				   : line;
		/* Where it stands: what `policy show` says of the programme. */
		assert_non_null(json_string_value(json_object_get(from, "document")));
		tells(&policy, json_string_value(json_object_get(from, "document")));
		tells(&policy, json_string_value(json_object_get(from, "clause")));
	}
	assert_int_equal(by_entry, 1);
	assert_int_equal(paid, 1);
	json_decref(lines);
	run_free(&policy);
	run_free(&run);
	/* Nor does the entry itself, decoded. */
	run = shell("for i in $(seq 0 11); do \"$SUIREN\" log show city $i; done");
	assert_null(strstr(run.out, "1949"));
	run_free(&run);
}

/* The verdict stays what it was; what became of it stands beside it. */
static void a_line_that_was_taken_back_says_so(void **state)
{
	(void)state;
	char number[32] = "", told[64];
	uint64_t by = 0;
	unsigned taken = 3;
	struct run run = suiren_expect(0, "claim show city " HOME);
	assert_int_equal(sscanf(run.out, HOME " %31s", number), 1);
	run_free(&run);
	run = suiren_expect(0, "claim show city " HOME " %s --json", number);
	json_t *lines = json_loads(run.out, 0, NULL);
	for (unsigned i = 0; i < 3; i++) {
		json_t *line = json_array_get(lines, i);
		assert_null(json_object_get(line, "reversed_entry"));
		if (json_integer_value(json_object_get(line, "amount_fen")) == 6452)
			taken = i;
	}
	json_decref(lines);
	run_free(&run);
	run = suiren_expect(0,
	    "claim reverse city --institution " HOME
	    " --number %s --line %u --grounds moved" NOVEMBER,
	    number, taken);
	assert_int_equal(sscanf(run.out, "claim reverse: booked as entry %" SCNu64, &by), 1);
	run_free(&run);
	run = suiren_expect(0, "claim show city " HOME " %s", number);
	snprintf(told, sizeof(told), "已冲正 reversed by entry %" PRIu64 "\n", by);
	tells(&run, "核准 approved 64.52");
	tells(&run, told);
	assert_null(strstr(strstr(run.out, "已冲正") + 1, "已冲正"));
	run_free(&run);
	run = suiren_expect(0, "claim show city " HOME " %s --json", number);
	lines = json_loads(run.out, 0, NULL);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(
		    json_integer_value(json_object_get(json_array_get(lines, i), "reversed_entry")),
		    i == taken ? by : 0);
	json_decref(lines);
	run_free(&run);
}

/* What claim_view_text prints of a line from the 12th to the 30th of June whose verdict has one piece, until `last_day`. */
static char *view_of(unsigned last_day)
{
	struct sheet_header header = {.month = 202606, .programme_count = 1, .count = 1};
	const struct sheet_line line = {.person = UINT64_C(5101000000000019),
	    .amount_fen = -1,
	    .first_day = 12,
	    .last_day = 30};
	struct verdict verdict = {.reason = REASON_approved,
	    .amount_fen = 6333,
	    .piece_count = 1,
	    .pieces = {{.last_day = last_day, .monthly_fen = 10000}}};
	size_t size;
	int shown = dup(STDOUT_FILENO);

	strcpy(header.programme_codes[0], "bed_subsidy");
	fflush(stdout);
	assert_non_null(freopen("view", "wb", stdout));
	claim_view_text(0, &header, &line, &verdict, NULL);
	fflush(stdout);
	assert_true(dup2(shown, STDOUT_FILENO) >= 0);
	close(shown);
	return file_read("view", &size);
}

/* Another city gives the verdict and signs it: the host, and whoever holds a receipt, must be able to look at any. */
static void another_citys_verdict_of_days_that_no_month_has_can_be_looked_at(void **state)
{
	static const unsigned days[] = {31, 11, 29};

	(void)state;
	for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
		char *text = view_of(days[i]);

		assert_non_null(strstr(text, "核准 approved 63.33"));
		assert_non_null(strstr(text, "核定天数与申报行不符"));
		assert_null(strstr(text, "R("));
		free(text);
	}
	char *right = view_of(30);
	assert_non_null(strstr(right, "R(30) - R(11) of 30 = 63.33"));
	free(right);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_dry_run_tells_reason_clause_figures_and_facts),
	    cmocka_unit_test(the_books_tell_the_same_and_no_facts),
	    cmocka_unit_test(a_line_that_was_taken_back_says_so),
	    cmocka_unit_test(another_citys_verdict_of_days_that_no_month_has_can_be_looked_at),
	};

	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
