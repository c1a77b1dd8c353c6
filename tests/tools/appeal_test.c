/* An appeal as its officers meet it, from the refused line to the money: a house of Guangyuan (510800) has a guest of Chengdu (510100), whose
 * assessment comes late. Between nodes that commands carry documents for, and between daemons. October has 31 days; level 2 is 100.00 a
 * month in Chengdu's catalogue, so all of October is 100.00. */
#include "testing.h"

#include <jansson.h>

#include "calendar.h"
#include "processes.h"
#include "program.h"

#define HOUSE "525108000000000431"
#define LINE " --institution " HOUSE " --number 7 --line 0 "

struct desk {
	const char *home, *host;
	struct processes *daemons; /* or NULL */
};

static void told(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char last[1 << 16];

/* Run, insist on success, and keep what it said. */
static void told(const char *format, ...)
{
	char command[1000];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	struct run run = suiren_expect(0, "%s", command);
	snprintf(last, sizeof last, "%s", run.out);
	run_free(&run);
}

static void says(const char *text)
{
	if (!strstr(last, text))
		print_error("expected \"%s\" in:\n%s", text, last);
	assert_non_null(strstr(last, text));
}

static void deliver(const struct desk *desk, const char *now)
{
	suiren_must(0, "deliver %s %s --now %s", desk->home, desk->host, now);
}

static unsigned entries_of(const char *node)
{
	struct run run = suiren_expect(0, "status %s --json", node);
	json_t *json = json_loads(run.out, 0, NULL);
	unsigned entries = (unsigned)json_integer_value(json_object_get(json, "entries"));
	assert_true(entries > 0);
	json_decref(json);
	run_free(&run);
	return entries;
}

static int64_t owed(const char *node, const char *account)
{
	struct run run = suiren_expect(0, "balance %s %s --json", node, account);
	json_t *json = json_loads(run.out, 0, NULL), *one = json_array_get(json, 0);
	int64_t fen = json_integer_value(json_object_get(one, "credits")) -
		      json_integer_value(json_object_get(one, "debits"));
	json_decref(json);
	run_free(&run);
	return fen;
}

static void table(const char *name, const char *text)
{
	file_write(name, text, strlen(text));
}

/* --- the story ---------------------------------------------------------------------------------------------------- */

static void a_guest_moves_in(const struct desk *desk)
{
	suiren_must(0,
	    "fund appropriate %s --fund fiscal --amount 100000 --reference A1 --now 2026-09-01",
	    desk->home);
	assert_int_equal(
	    shell_status("{ printf 'uscc,name,kind,district,beds,public_key\n" HOUSE
			 ",x,nonprofit,510802,9,'; \"$SUIREN\" key new institution -o house.key; } "
			 ">houses.csv"),
	    0);
	suiren_must(0, "institution register %s houses.csv --now 2026-09-02", desk->host);
	table("persons.csv", "name,id_number,income_class\n李伟,510104194001010024,low\n");
	suiren_must(0, "person register %s persons.csv --now 2026-09-02", desk->home);
	table("filings.csv", "person_code,host,from,consent\n5101000000000002,510800,2026-09-01,"
			     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n");
	suiren_must(0, "filing import %s filings.csv --now 2026-09-02", desk->home);
	deliver(desk, "2026-09-02");
	table("stays.csv", "uscc,person_code,first_day\n" HOUSE ",5101000000000002,2026-09-05\n");
	suiren_must(0, "stay import %s stays.csv --now 2026-09-06", desk->host);
	deliver(desk, "2026-09-06");
}

static void october_is_claimed_and_refused(const struct desk *desk)
{
	suiren_must(0, "policy bundle %s -o bundle", desk->host);
	table("october.csv", "institution,person_code,programme,first_day,last_day\n" HOUSE
			     ",5101000000000002,bed_subsidy,2026-10-01,2026-10-31\n");
	suiren_must(0, "claim sign october.csv --key house.key --policy bundle -o sheets --number "
		       "7 --host 510800");
	suiren_must(
	    0, "claim submit %s sheets/" HOUSE "-7-510100.sheet --now 2026-11-02", desk->host);
	deliver(desk, "2026-11-02");
	told("claim show %s " HOUSE " 7", desk->host);
	says("无有效能力评估 assessment missing or expired (2026-10-01)");
}

static void the_house_appeals(const struct desk *desk)
{
	table("letter", "李伟的评估于九月完成，未及时录入。\n");
	unsigned entries = entries_of(desk->host);
	/* Words are not booked, nor what is no appeal. */
	suiren_must(
	    2, "claim appeal %s" LINE "--grounds '李伟九月已评估' --now 2026-11-03", desk->host);
	suiren_must(1,
	    "claim appeal %s --institution " HOUSE
	    " --number 8 --line 0 --grounds assessment --now 2026-11-03",
	    desk->host);
	suiren_must(2,
	    "claim appeal %s --institution " HOUSE
	    " --number 7 --line 1 --grounds assessment --now 2026-11-03",
	    desk->host);
	suiren_must(1, "claim appeal %s" LINE "--grounds assessment --now 2026-11-03", desk->home);
	suiren_must(1, "claim appeal %s" LINE "--grounds assessment --paper none --now 2026-11-03",
	    desk->host);
	assert_int_equal(entries_of(desk->host), entries);
	told("claim appeal %s" LINE "--grounds assessment --paper letter --now 2026-11-03",
	    desk->host);
	says("booked as entry");
	told("claim appeal %s" LINE "--grounds assessment --paper letter --now 2026-11-03",
	    desk->host);
	says("repeat of entry");
	deliver(desk, "2026-11-03");
	told("claim appeals %s --open", desk->home);
	says(HOUSE);
	says("能力评估缺失或有误 an assessment was missing or wrong; 待复核 open");
	/* sha256sum of the letter; the letter itself is nowhere. */
	struct run sum = shell("sha256sum letter");
	sum.out[64] = '\0';
	told("claim appeals %s --json", desk->home);
	says(sum.out);
	run_free(&sum);
	assert_int_not_equal(
	    shell_status("grep -r -q 未及时录入 %s %s", desk->home, desk->host), 0);
}

static void an_officer_looks_again(const struct desk *desk)
{
	suiren_must(0, "officer add %s zhang.san --out zhang.key --now 2026-11-03", desk->home);
	table("levels.csv",
	    "person_code,level,from,until\n5101000000000002,2,2026-09-01,2027-08-31\n");
	suiren_must(0, "assessment import %s levels.csv --now 2026-11-05", desk->home);
	suiren_must(2, "claim review %s" LINE "--now 2026-11-05", desk->home);
	suiren_must(2,
	    "claim review %s" LINE "--uphold because --officer-key zhang.key --now 2026-11-05",
	    desk->home);
	suiren_must(
	    1, "claim review %s" LINE "--officer-key zhang.key --now 2026-11-05", desk->host);
	told("claim review %s" LINE "--officer-key zhang.key --now 2026-11-05", desk->home);
	says("booked as entry");
	told("claim review %s" LINE "--officer-key zhang.key --now 2026-11-05", desk->home);
	says("repeat of entry");
	suiren_must(1,
	    "claim review %s" LINE "--uphold withdrawn --officer-key zhang.key --now 2026-11-05",
	    desk->home);
	deliver(desk, "2026-11-05");
	for (int i = 0; i < 2; i++) {
		told("claim show %s " HOUSE " 7", i ? desk->home : desk->host);
		says("无有效能力评估 assessment missing or expired (2026-10-01)");
		says("已改判 changed");
		says("复核 second look:");
		says("核准 approved 100.00");
		says("R(31) - R(0) of 31 = 100.00");
	}
	assert_int_equal(owed(desk->home, "payable/city/510800/1"), 10000);
	assert_int_equal(owed(desk->host, "receivable/city/510100/1"), -10000);
	assert_int_equal(owed(desk->host, "payable/institution/" HOUSE "/remote"), 10000);
	told("claim appeals %s --open", desk->home);
	says("没有申诉 no appeals");
}

static uint64_t review_entry(const char *node)
{
	told("claim appeals %s --json", node);
	json_t *json = json_loads(last, 0, NULL), *one = json_array_get(json, 0);
	assert_string_equal(json_string_value(json_object_get(one, "state")), "changed");
	uint64_t entry = (uint64_t)json_integer_value(json_object_get(one, "review_entry"));
	assert_true(entry > 0);
	json_decref(json);
	return entry;
}

static void it_is_agreed_proven_and_audited(const struct desk *desk)
{
	suiren_must(0, "window cut %s --now 2026-11-06", desk->home);
	deliver(desk, "2026-11-06");
	told("window list %s --json", desk->host);
	says("\"agreed\"");
	says("\"amount_fen\": 10000");
	for (int i = 0; i < 2; i++) {
		const char *node = i ? desk->home : desk->host;
		suiren_must(0, "receipt make %s --entry %llu -o receipt%d", node,
		    (unsigned long long)review_entry(node), i);
		suiren_must(
		    0, "receipt verify receipt%d --vkey \"$(\"$SUIREN\" log vkey %s)\"", i, node);
		told("verify %s --replay", node);
		says("VERIFIED");
	}
}

static void it_is_taken_back_as_any_other_line(const struct desk *desk)
{
	suiren_must(0,
	    "claim reverse %s" LINE "--grounds '评估有误' --officer-key zhang.key --now 2026-11-07",
	    desk->home);
	deliver(desk, "2026-11-07");
	told("claim show %s " HOUSE " 7", desk->host);
	says("已冲正 reversed by entry");
	assert_int_equal(owed(desk->home, "payable/city/510800/2"), -10000);
	assert_int_equal(owed(desk->host, "payable/institution/" HOUSE "/remote"), 0);
	suiren_must(0, "verify %s --replay", desk->home);
	suiren_must(0, "verify %s --replay", desk->host);
}

/* The payer's daemon is stopped and started anew. */
static void the_payer_starts_anew(const struct desk *desk)
{
	struct error_detail detail = {""};
	struct process *process = desk->daemons ? &desk->daemons->all[0] : NULL;
	if (!process)
		return;
	assert_good(process_stop(process));
	if (process_start(desk->daemons, process, &detail))
		fail_msg("%s", detail.text);
}

/* A second look at a line of somebody who was forgotten since stands as it was logged. */
static void the_guest_is_forgotten(const struct desk *desk)
{
	suiren_must(0, "person erase %s 5101000000000002 --now 2026-11-08", desk->home);
	deliver(desk, "2026-11-08");
	told("verify %s --replay", desk->home);
	says("VERIFIED");
	assert_null(strstr(last, " 0 of erased persons not re-run"));
	suiren_must(0, "verify %s --replay", desk->host);
}

static void story(const struct desk *desk)
{
	a_guest_moves_in(desk);
	october_is_claimed_and_refused(desk);
	the_house_appeals(desk);
	the_payer_starts_anew(desk);
	an_officer_looks_again(desk);
	it_is_agreed_proven_and_audited(desk);
	it_is_taken_back_as_any_other_line(desk);
	the_guest_is_forgotten(desk);
}

/* --- between nodes, between daemons ------------------------------------------------------------------------------- */

static void from_the_refused_line_to_the_money_between_two_nodes(void **state)
{
	const struct desk desk = {.home = "home", .host = "host"};
	(void)state;
	workshop_open();
	suiren_must(0, "init home --region 510100 --demo --seed 7 --now 2026-09-01");
	suiren_must(0, "init host --region 510800 --demo --seed 8 --now 2026-09-01");
	suiren_must(0, "peer add home host --now 2026-09-01");
	story(&desk);
	workshop_close();
}

static void and_between_two_daemons(void **state)
{
	static const char *const nodes[] = {"home", "host"};
	struct processes daemons;
	const struct desk desk = {.home = "home", .host = "host", .daemons = &daemons};
	struct error_detail detail = {""};
	(void)state;
	workshop_open();
	assert_good(processes_init(&daemons, SUIREND_BINARY, &detail));
	daemons.now_ms = day_start_ms(day_of(2026, 9, 1));
	for (unsigned i = 0; i < 2; i++) {
		assert_good(processes_add(&daemons, nodes[i], &detail));
		suiren_must(0, "init %s --region %s --demo --seed %u --listen %s --now 2026-09-01",
		    nodes[i], i ? "510800" : "510100", 7 + i, daemons.all[i].listen);
	}
	suiren_must(0, "peer add home host --now 2026-09-01");
	for (unsigned i = 0; i < 2; i++) {
		if (process_start(&daemons, &daemons.all[i], &detail))
			fail_msg("%s", detail.text);
	}
	story(&desk);
	assert_good(processes_close(&daemons));
	workshop_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(from_the_refused_line_to_the_money_between_two_nodes),
	    cmocka_unit_test(and_between_two_daemons),
	};
	return cmocka_run_group_tests_name("tools/appeal", tests, NULL, NULL);
}
