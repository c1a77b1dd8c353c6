/* A reserve (预付金) that is exhausted, between the daemons of four cities, as officers and banks see it: Chengdu (510100) has lodged 100.00 with
 * Guangyuan (510800), and its catalogue lets it owe as much. Two of its persons sleep in a house there; October is 100.00 for each (level 2 of Chengdu's
 * bed subsidy). The first is approved, the second is held, and paid when the bank has booked another 100.00. Then Chengdu does not pay the clearing,
 * and Guangyuan draws: too early by Chengdu's clock, which refuses, and then once more. Chongqing and Nanchong look on. */
#include "testing.h"

#include <jansson.h>

#include "calendar.h"
#include "processes.h"
#include "program.h"

#define HOUSE "525108000000000431"
#define CITIES 4u
#define MONTH_FEN 10000

static const char *const names[CITIES] = {"home", "host", "chongqing", "nanchong"};
static const char *const codes[CITIES] = {"510100", "510800", "500000", "511300"};

static json_t *json_of(const char *words)
{
	struct run run = suiren("%s --json", words);
	json_t *value = json_loads(run.out, 0, NULL);
	if (!value)
		fail_msg("%s: no JSON: %s%s", words, run.out, run.err);
	run_free(&run);
	return value;
}

/* Credits less debits. */
static int64_t credit(const char *node, const char *account)
{
	char words[128];
	int64_t fen = 0;
	size_t i;
	snprintf(words, sizeof words, "balance %s %s", node, account);
	json_t *list = json_of(words), *one;
	json_array_foreach(list, i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "account")), account) == 0)
			fen = json_integer_value(json_object_get(one, "credits")) -
			      json_integer_value(json_object_get(one, "debits"));
	}
	json_decref(list);
	return fen;
}

/* Lines that wait at Chengdu, or, as its host knows, at Guangyuan. */
static size_t waiting(const char *node)
{
	bool home = strcmp(node, "home") == 0;
	char words[64];
	snprintf(words, sizeof words, "prefund list %s --peer %s", node, codes[home ? 1 : 0]);
	json_t *list = json_of(words);
	size_t count = json_array_size(
	    json_object_get(json_array_get(list, 0), home ? "waiting" : "waiting_for_us"));
	json_decref(list);
	return count;
}

static void deliver(const char *now)
{
	suiren_must(0, "deliver home host chongqing nanchong --now %s", now);
}

/* Demo nodes have their time from their own commands: what another city says of a day to come is refused before. */
static void it_is_the(const char *day, const char *node)
{
	suiren_must(0, "fund appropriate %s --fund fiscal --amount 1 --reference %s --now %s", node,
	    day, day);
}

static void table(const char *name, const char *text)
{
	file_write(name, text, strlen(text));
}

/* The banks of both cities work up to a day, and what they say is imported. */
static void banks_answer(const char *until)
{
	suiren_must(0, "bank home host --until %s", until);
	for (unsigned i = 0; i < 2; i++) {
		struct run run = shell("\"$SUIREN\" payment import %s %s/bank/in/*.xml --now %s",
		    names[i], names[i], until);
		/* What the notice has not announced yet is booked when it is here. */
		assert_true(run.status == 0 || run.status == 1);
		run_free(&run);
		deliver(until);
	}
}

static void a_reserve_is_paid(const char *name, const char *now, const char *until)
{
	suiren_must(
	    0, "prefund lodge home --host 510800 --amount 100.00 --name %s --now %s", name, now);
	suiren_must(0, "payment export home --prefund %s --now %s", name, now);
	banks_answer(until);
}

/* --- the story ---------------------------------------------------------------------------------------------------- */

static void the_catalogue_bounds_what_is_owed(void)
{
	assert_int_equal(
	    shell_status("{ sed 's/^version: 1$/version: 2/' " SOURCE_DIR
			 "/config/policy/510100.yaml; printf 'prefunds:\n  - {host: 510800, "
			 "percent: 100}\n'; } >bounded.yaml"),
	    0);
	suiren_must(0, "policy adopt home bounded.yaml --now 2026-09-01");
	suiren_must(0, "fund appropriate home --fund fiscal --amount 100000 --reference A1 --now "
		       "2026-09-01");
	deliver("2026-09-01");
}

/* Two persons of Chengdu's, one after the other: their codes. */
static void persons_register(char persons[2][32])
{
	static const char *const lines[] = {
	    "name,id_number,income_class\n李伟,510104194001010024,low\n",
	    "name,id_number,income_class\n王芳,510104194101010021,low\n"};
	for (unsigned i = 0; i < 2; i++) {
		table("person.csv", lines[i]);
		struct run run =
		    suiren_expect(0, "person register home person.csv --now 2026-09-02");
		const char *code = strstr(run.out, "510100000000");
		assert_non_null(code);
		assert_int_equal(sscanf(code, "%16[0-9]", persons[i]), 1);
		run_free(&run);
	}
}

static void two_guests_move_in(char persons[2][32])
{
	char text[1000];
	assert_int_equal(
	    shell_status("{ printf 'uscc,name,kind,district,beds,account,bank,public_key\n" HOUSE
			 ",x,nonprofit,510802,9,6222000011112222,102651000009,'; \"$SUIREN\" key "
			 "new institution -o house.key; } >houses.csv"),
	    0);
	suiren_must(0, "institution register host houses.csv --now 2026-09-02");
	persons_register(persons);
	snprintf(text, sizeof text,
	    "person_code,host,from,consent\n"
	    "%s,510800,2026-09-01,%064d\n%s,510800,2026-09-01,%064d\n",
	    persons[0], 1, persons[1], 2);
	table("filings.csv", text);
	suiren_must(0, "filing import home filings.csv --now 2026-09-02");
	snprintf(text, sizeof text,
	    "person_code,level,from,until\n%s,2,2026-09-01,2027-08-31\n"
	    "%s,2,2026-09-01,2027-08-31\n",
	    persons[0], persons[1]);
	table("levels.csv", text);
	suiren_must(0, "assessment import home levels.csv --now 2026-09-02");
	deliver("2026-09-02");
	snprintf(text, sizeof text,
	    "uscc,person_code,first_day\n" HOUSE ",%s,2026-09-05\n" HOUSE ",%s,2026-09-05\n",
	    persons[0], persons[1]);
	table("stays.csv", text);
	suiren_must(0, "stay import host stays.csv --now 2026-09-06");
	deliver("2026-09-06");
}

static void october_is_claimed(char persons[2][32])
{
	char text[1000];
	snprintf(text, sizeof text,
	    "institution,person_code,programme,first_day,last_day\n" HOUSE
	    ",%s,bed_subsidy,2026-10-01,2026-10-31\n" HOUSE
	    ",%s,bed_subsidy,2026-10-01,2026-10-31\n",
	    persons[0], persons[1]);
	table("october.csv", text);
	suiren_must(0, "policy bundle host -o bundle");
	suiren_must(0, "claim sign october.csv --key house.key --policy bundle -o sheets --number "
		       "7 --host 510800");
	suiren_must(0, "claim submit host sheets/" HOUSE "-7-510100.sheet --now 2026-11-02");
	deliver("2026-11-02");
	/* 100.00 of 100.00, and nothing for the second. */
	assert_int_equal(credit("home", "payable/city/510800/1"), MONTH_FEN);
	assert_int_equal(credit("host", "payable/institution/" HOUSE "/remote"), MONTH_FEN);
	assert_int_equal(waiting("home"), 1);
	assert_int_equal(waiting("host"), 1);
	struct run run = suiren_expect(0, "claim show host " HOUSE " 7");
	assert_non_null(strstr(run.out, "预付金不足暂挂"));
	run_free(&run);
}

static void start_anew(struct processes *daemons, unsigned city)
{
	struct error_detail detail = {""};
	assert_good(process_stop(&daemons->all[city]));
	if (process_start(daemons, &daemons->all[city], &detail))
		fail_msg("%s", detail.text);
}

/* By itself, as soon as the bank has booked the top-up; once. */
static void the_line_is_decided_when_the_reserve_is_topped_up(struct processes *daemons)
{
	suiren_must(0, "prefund lodge home --host 510800 --amount 100.00 --name more --now "
		       "2026-11-03");
	suiren_must(0, "payment export home --prefund more --now 2026-11-03");
	start_anew(daemons, 0);
	assert_int_equal(waiting("home"), 1);
	banks_answer("2026-11-04");
	assert_int_equal(waiting("home"), 0);
	assert_int_equal(waiting("host"), 0);
	assert_int_equal(credit("home", "prefund_lodged/510800"), -2 * MONTH_FEN);
	assert_int_equal(credit("host", "prefund_held/510100"), 2 * MONTH_FEN);
	assert_int_equal(credit("home", "payable/city/510800/1"), 2 * MONTH_FEN);
	assert_int_equal(credit("host", "payable/institution/" HOUSE "/remote"), 2 * MONTH_FEN);
	start_anew(daemons, 1);
	/* The files once more: nothing comes of it. */
	banks_answer("2026-11-05");
	assert_int_equal(credit("home", "payable/city/510800/1"), 2 * MONTH_FEN);
	assert_int_equal(credit("home", "prefund_lodged/510800"), -2 * MONTH_FEN);
}

static void november_is_cleared(void)
{
	suiren_must(0, "window cut home --now 2026-11-06");
	deliver("2026-11-06");
	it_is_the("2026-12-21", "host");
	suiren_must(0, "clearing run home --month 2026-11 --peer 510800 --now 2026-12-21");
	deliver("2026-12-21");
	assert_int_equal(credit("home", "clearing/2026-11/510800"), 2 * MONTH_FEN);
	assert_int_equal(credit("host", "clearing/2026-11/510100"), -2 * MONTH_FEN);
}

/* Chengdu does not pay: the day after the due day, 31 December, is Guangyuan's. */
static void the_reserve_is_drawn_after_the_due_day(struct processes *daemons)
{
	suiren_must(1, "prefund draw host --month 2026-11 --home 510100 --now 2026-12-31");
	/* Chengdu does not know yet that the year is over: it refuses, and the draw is taken back. */
	suiren_must(0, "prefund draw host --month 2026-11 --home 510100 --now 2027-01-01");
	start_anew(daemons, 1);
	deliver("2027-01-01");
	assert_int_equal(credit("home", "clearing/2026-11/510800"), 2 * MONTH_FEN);
	assert_int_equal(credit("host", "clearing/2026-11/510100"), -2 * MONTH_FEN);
	assert_int_equal(credit("home", "prefund_lodged/510800"), -2 * MONTH_FEN);
	assert_int_equal(credit("host", "prefund_held/510100"), 2 * MONTH_FEN);
	it_is_the("2027-01-01", "home");
	suiren_must(0, "prefund draw host --month 2026-11 --home 510100 --now 2027-01-01");
	start_anew(daemons, 1);
	deliver("2027-01-01");
	assert_int_equal(credit("home", "clearing/2026-11/510800"), 0);
	assert_int_equal(credit("host", "clearing/2026-11/510100"), 0);
	assert_int_equal(credit("home", "prefund_lodged/510800"), 0);
	assert_int_equal(credit("host", "prefund_held/510100"), 0);
	suiren_must(1, "prefund draw host --month 2026-11 --home 510100 --now 2027-01-02");
	suiren_must(1, "payment export home --clearing 2026-11 --now 2027-01-02");
}

static void the_house_is_paid(void)
{
	const int64_t before = credit("host", "treasury");
	suiren_must(0, "payment export host --guests 2026-11 --peer 510100 --now 2027-01-02");
	banks_answer("2027-01-05");
	assert_int_equal(credit("host", "payable/institution/" HOUSE "/remote"), 0);
	assert_int_equal(credit("host", "treasury") - before, 2 * MONTH_FEN);
}

static void what_is_held_is_paid_when_the_reserve_is_topped_up_between_four_daemons(void **state)
{
	struct processes daemons;
	struct error_detail detail = {""};
	char persons[2][32];
	(void)state;
	workshop_open();
	assert_good(processes_init(&daemons, SUIREND_BINARY, &detail));
	daemons.now_ms = day_start_ms(day_of(2026, 9, 1));
	for (unsigned i = 0; i < CITIES; i++) {
		assert_good(processes_add(&daemons, names[i], &detail));
		suiren_must(0, "init %s --region %s --demo --seed %u --listen %s --now 2026-09-01",
		    names[i], codes[i], 7 + i, daemons.all[i].listen);
	}
	suiren_must(0, "peer add home host chongqing nanchong --now 2026-09-01");
	for (unsigned i = 0; i < CITIES; i++) {
		if (process_start(&daemons, &daemons.all[i], &detail))
			fail_msg("%s", detail.text);
	}
	the_catalogue_bounds_what_is_owed();
	two_guests_move_in(persons);
	a_reserve_is_paid("first", "2026-09-07", "2026-09-08");
	assert_int_equal(credit("home", "prefund_lodged/510800"), -MONTH_FEN);
	assert_int_equal(credit("host", "prefund_held/510100"), MONTH_FEN);
	october_is_claimed(persons);
	the_line_is_decided_when_the_reserve_is_topped_up(&daemons);
	november_is_cleared();
	the_reserve_is_drawn_after_the_due_day(&daemons);
	the_house_is_paid();
	for (unsigned i = 0; i < CITIES; i++)
		suiren_must(0, "verify %s --replay", names[i]);
	assert_good(processes_close(&daemons));
	workshop_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		what_is_held_is_paid_when_the_reserve_is_topped_up_between_four_daemons),
	};
	return cmocka_run_group_tests_name("tools/held", tests, NULL, NULL);
}
