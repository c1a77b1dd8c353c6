/* The registers by way of the program: every table once and twice, what is refused and what is wrong, told by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"

/* Made by another program (GB 32100, GB 11714); the first ID number and 440524188001010014 are the examples of GB 11643. */
#define HOME_A "52510104MJ0000018N"
#define HOME_B "52510105MJ00000260"
#define HOME_C "52510104MJ0000093F"
#define ID_1 "11010519491231002X"
#define ID_2 "510104194001010024"
#define ID_3 "510104194001010016"
#define ID_4 "510105193807040072"
/* Codes go out in order: region, serial, check digit of ISO 7064 MOD 11,10. */
#define PERSON_1 "5101000000000002"
#define PERSON_2 "5101000000000019"
#define PERSON_3 "5101000000000027"
#define PUBLIC_KEY "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define CONSENT "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

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
	table("homes.csv",
	    "社会信用代码,名称,类型,区划,床位,星级,账号,开户行,公钥\n" HOME_A
	    ",锦江区春晖养老院,民办非企业,510104,120,4,6222020012345,102651000001," PUBLIC_KEY
	    "\n" HOME_B ",青羊区长乐养老院,public,510105,80,,,,\n");
	table("persons.csv", "姓名,身份证号,卡号,开户行,收入类别,标志\n王芳," ID_1
			     ",6222020012345678,102651000001,低保,残疾；重度残疾\n李伟," ID_2
			     ",,,,\n张敏," ID_3 ",,,other,\n");
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

/* Run a command that must leave the log as it is. */
static struct run without_trace(int status, const char *words)
{
	char *before = head();
	struct run run = suiren_expect(status, "%s", words);
	char *after = head();
	assert_string_equal(before, after);
	free(before);
	free(after);
	return run;
}

/* Book a table, then give it again: a repeat that leaves no trace. */
static void once_and_twice(const char *words)
{
	struct run run = suiren_expect(0, "%s", words);
	assert_non_null(strstr(run.out, "booked as entry"));
	run_free(&run);
	run = without_trace(0, words);
	assert_non_null(strstr(run.out, "repeat of entry"));
	run_free(&run);
}

static void tells(const struct run *run, const char *text)
{
	if (!strstr(run->out, text) && !strstr(run->err, text))
		print_error("expected \"%s\" in:\n%s%s", text, run->out, run->err);
	assert_true(strstr(run->out, text) || strstr(run->err, text));
}

/* --- what is right ----------------------------------------------------------------------------------------- */

static void institutions_are_registered_once_in_either_encoding(void **state)
{
	(void)state;
	struct run run =
	    without_trace(0, "institution register city homes.csv -n --now 2026-09-02");
	tells(&run, "dry run");
	run_free(&run);
	once_and_twice("institution register city homes.csv --now 2026-09-02");
	run = shell("iconv -f UTF-8 -t GB18030 homes.csv >gb.csv");
	assert_int_equal(run.status, 0);
	run_free(&run);
	run = without_trace(0, "institution register city gb.csv --now 2026-09-02");
	tells(&run, "repeat of entry");
	run_free(&run);
	run = suiren_expect(0, "institution list city");
	tells(&run, HOME_A "  510104  锦江区春晖养老院");
	assert_int_equal(lines_in(run.out), 2);
	run_free(&run);
}

static void an_institution_that_is_registered_is_not_registered_again(void **state)
{
	(void)state;
	table("again.csv", "uscc,name,kind,district,beds\n" HOME_A ",x,public,510104,1\n");
	struct run run = suiren_expect(1, "institution register city again.csv --now 2026-09-02");
	tells(&run, "again.csv:2: registered already");
	run_free(&run);
	run = suiren_expect(0, "institution show city " HOME_A " --json");
	json_t *shown = json_loads(run.out, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(shown, "name")), "锦江区春晖养老院");
	assert_int_equal(json_integer_value(json_object_get(shown, "beds")), 120);
	assert_string_equal(json_string_value(json_object_get(shown, "public_key")), PUBLIC_KEY);
	json_decref(shown);
	run_free(&run);
}

static void standing_and_keys_change_from_options(void **state)
{
	(void)state;
	once_and_twice("institution suspend city " HOME_B
		       " --from 2026-09-05 --grounds 川民罚2号 --now 2026-09-03");
	struct run run = suiren_expect(0, "institution show city " HOME_B);
	tells(&run, "suspended from 2026-09-05");
	tells(&run, "川民罚2号");
	run_free(&run);
	once_and_twice("institution restore city " HOME_B
		       " --from 2026-09-20 --grounds 复查合格 --now 2026-09-04");
	run = suiren_expect(0, "institution show city " HOME_B);
	tells(&run, "不予支付 not paid  2026-09-05 to 2026-09-19");
	run_free(&run);
	run = suiren_expect(
	    1, "institution key city " HOME_B " --key " PUBLIC_KEY " --now 2026-09-04");
	tells(&run, "the key is taken");
	run_free(&run);
	run = suiren_expect(1,
	    "institution blacklist city " HOME_C " --from 2026-09-20 --grounds x --now 2026-09-04");
	tells(&run, "unknown institution 机构未登记");
	run_free(&run);
}

/* ID numbers go to the file of -o and nowhere else. */
static void persons_get_codes_and_their_numbers_stay_out_of_sight(void **state)
{
	struct stat found;
	size_t size;
	(void)state;
	once_and_twice("person register city persons.csv --now 2026-09-02");
	struct run run = without_trace(
	    0, "person register city persons.csv -o codes.csv --json --now 2026-09-02");
	assert_null(strstr(run.out, ID_1));
	json_t *told = json_loads(run.out, 0, NULL);
	json_t *third = json_array_get(json_object_get(told, "persons"), 2);
	assert_int_equal(json_integer_value(json_object_get(third, "line")), 4);
	assert_string_equal(json_string_value(json_object_get(third, "person_code")), PERSON_3);
	json_decref(told);
	run_free(&run);
	assert_int_equal(stat("codes.csv", &found), 0);
	assert_int_equal(found.st_mode & 0777, 0600);
	char *codes = file_read("codes.csv", &size);
	assert_string_equal(codes, "id_number,person_code\n" ID_1 "," PERSON_1 "\n" ID_2
				   "," PERSON_2 "\n" ID_3 "," PERSON_3 "\n");
	free(codes);
	run = without_trace(1, "person register city persons.csv -o codes.csv --now 2026-09-02");
	tells(&run, "codes.csv: exists already");
	run_free(&run);
	run = shell("grep -c " ID_1 " city/ledger/data.mdb");
	assert_int_equal(run.status, 1); /* grep finds nothing */
	run_free(&run);
}

static void a_person_is_shown_masked_unless_asked(void **state)
{
	(void)state;
	struct run run = suiren_expect(0, "person show city " PERSON_1);
	tells(&run, "出生 born 1949-12-31, 收入类别 income class minimum, 残疾 disabled, "
		    "重度残疾 severely_disabled");
	assert_null(strstr(run.out, ID_1));
	assert_null(strstr(run.out, "王芳"));
	run_free(&run);
	run = suiren_expect(0, "person show city " PERSON_1 " --reveal");
	tells(&run, "王芳, 身份证号 ID number " ID_1 ", 卡号 card 6222020012345678");
	run_free(&run);
}

/* A new key for a known person would put the assessments that are sealed under the old one out of reach. */
static void a_person_who_is_registered_keeps_the_key(void **state)
{
	(void)state;
	table("other.csv", "name,id_number,income_class\n李伟," ID_2 ",low\n");
	struct run run = without_trace(1, "person register city other.csv --now 2026-09-02");
	tells(&run, "other.csv:2: the ID number is registered already, as " PERSON_2);
	run_free(&run);
	table("mixed.csv", "name,id_number\n新人," ID_4 "\n李伟," ID_2 "\n");
	run = without_trace(1, "person register city mixed.csv --now 2026-09-02");
	tells(&run, "mixed.csv:3: id_number: registered already, as " PERSON_2);
	assert_int_equal(lines_in(run.err), 1);
	run_free(&run);
}

/* The same facts may come back after others; only what is known already is a repeat. */
static void facts_change_there_and_back(void **state)
{
	(void)state;
	table("low.csv", "person_code,income_class,flags\n" PERSON_1 ",low,none\n");
	table("minimum.csv", "person_code,收入类别\n" PERSON_1 ",低保\n");
	once_and_twice("person change city low.csv --now 2026-09-03");
	once_and_twice("person change city minimum.csv --now 2026-09-03");
	once_and_twice("person change city low.csv --now 2026-09-03");
	struct run run = suiren_expect(0, "person show city " PERSON_1);
	tells(&run, "出生 born 1949-12-31, 收入类别 income class low (entry");
	run_free(&run);
}

static void assessments_grants_and_filings_come_from_tables(void **state)
{
	(void)state;
	table("levels.csv",
	    "person_code,level,score,from,until,flags\n" PERSON_1
	    ",,40,2026/9/1,2028-08-31,认知障碍\n" PERSON_2 ",2,50,20260901,2028-08-31,\n");
	table("grants.csv", "person_code,programme,from,paid_to\n" PERSON_1
			    ",nursing_subsidy,2026-10-01,institution\n" PERSON_2
			    ",old_age_allowance,2026-10-01,\n");
	table("filings.csv",
	    "person_code,host,from,until,consent\n" PERSON_1 ",500000,2026-10-01,," CONSENT "\n");
	once_and_twice("assessment import city levels.csv --now 2026-09-04");
	once_and_twice("grant import city grants.csv --now 2026-09-04");
	once_and_twice("filing import city filings.csv --now 2026-09-04");
	struct run run = suiren_expect(0, "person show city " PERSON_1);
	tells(&run,
	    "4 from 2026-09-01 to 2028-08-31, 评估地 assessed by 510100"); /* 40: 3, and one worse */
	tells(&run, "nursing_subsidy from 2026-10-01 to open, 支付给 paid to the institution");
	tells(&run, "in 500000 from 2026-10-01 to open");
	run_free(&run);
	table("stop.csv", "person_code,programme,from,until,paid_to,operation\n" PERSON_1
			  ",nursing_subsidy,2026-10-01,2026-12-31,机构,停发\n");
	once_and_twice("grant import city stop.csv --now 2026-09-05");
	run = suiren_expect(0, "grant show city " PERSON_1 " --json");
	json_t *grants = json_loads(run.out, 0, NULL);
	json_t *grant = json_array_get(grants, 0);
	assert_string_equal(json_string_value(json_object_get(grant, "until")), "2026-12-31");
	json_decref(grants);
	run_free(&run);
}

/* Chongqing pays for the beds of its houses, guests' too; a home that has no such programme may grant it for there, and nowhere else. */
static void what_only_the_host_pays_is_granted_for_there(void **state)
{
	(void)state;
	assert_int_equal(shell_status("sed 's/code: bed_subsidy/code: own_beds/' "
				      "%s/config/policy/510100.yaml >own.yaml",
			     SOURCE_DIR),
	    0);
	suiren_must(
	    0, "init bedless --region 510100 --policy own.yaml --demo --seed 9 --now 2026-09-01");
	suiren_must(0, "init beds --region 500000 --demo --seed 10 --now 2026-09-01");
	suiren_must(0, "peer add bedless beds --now 2026-09-01");
	suiren_must(0, "person register bedless persons.csv --now 2026-09-01");
	table("beds.csv",
	    "person_code,programme,from,region\n" PERSON_1 ",bed_subsidy,2026-10-01,500000\n");
	suiren_must(0, "grant import bedless beds.csv --now 2026-09-02");
	table(
	    "everywhere.csv", "person_code,programme,from\n" PERSON_2 ",bed_subsidy,2026-10-01\n");
	suiren_must(2, "grant import bedless everywhere.csv --now 2026-09-02");
}

static void nights_of_a_person_do_not_overlap(void **state)
{
	(void)state;
	once_and_twice("stay open city --institution " HOME_A " --person " PERSON_1
		       " --day 2026-10-01 --now 2026-10-01");
	table("open.csv", "uscc,person_code,day\n" HOME_B "," PERSON_2 ",2026-10-02\n" HOME_B
			  "," PERSON_1 ",2026-10-05\n");
	struct run run = suiren_expect(1, "stay open city open.csv --now 2026-10-06");
	assert_string_equal(
	    run.err, "open.csv:3: overlaps another stay (2026-10-05) 入住时间重叠\n");
	run_free(&run);
	once_and_twice("stay transfer city --institution " HOME_A " --to " HOME_B
		       " --person " PERSON_1 " --day 2026-10-10 --now 2026-10-10");
	once_and_twice("stay close city --institution " HOME_B " --person " PERSON_1
		       " --day 2026-10-20 --now 2026-10-20");
	table("stays.csv", "operation,uscc,person_code,first_day,last_night\n退住," HOME_B
			   "," PERSON_2 ",2026-10-02,2026-10-03\n入住," HOME_A "," PERSON_2
			   ",2026-10-04,\nopen," HOME_A "," PERSON_1 ",2026-10-21,2026-10-25\n");
	once_and_twice("stay import city stays.csv --now 2026-10-26");
	run = suiren_expect(0, "stay list city");
	assert_string_equal(run.out,
	    PERSON_1 "  " HOME_A "  2026-10-01  2026-10-09  accepted\n" PERSON_1 "  " HOME_B
		     "  2026-10-10  2026-10-19  accepted\n" PERSON_1 "  " HOME_A
		     "  2026-10-21  2026-10-25  accepted\n" PERSON_2 "  " HOME_B
		     "  2026-10-02  2026-10-03  accepted\n" PERSON_2 "  " HOME_A
		     "  2026-10-04  open        accepted\n");
	run_free(&run);
}

/* What was refused says so again, until it is asked to be judged anew. */
static void a_refused_row_can_come_again(void **state)
{
	(void)state;
	struct run run = without_trace(1, "stay open city open.csv --now 2026-10-26");
	tells(&run, "repeat of entry");
	tells(&run, "open.csv:3: overlaps");
	tells(&run, "--again");
	run_free(&run);
	suiren_must(1,
	    "fund appropriate city --float --amount 1000.5 --reference 周转1号 --now 2026-10-26");
	once_and_twice("fund appropriate city --fund lottery --amount 5000 --reference 川财社12号 "
		       "--now 2026-10-26");
	suiren_must(1,
	    "fund appropriate city --float --amount 1000.5 --reference 周转1号 --now 2026-10-26");
	run = suiren_expect(0, "fund appropriate city --float --amount 1000.5 --reference 周转1号 "
			       "--again --now 2026-10-26");
	tells(&run, "booked as entry");
	run_free(&run);
	run = without_trace(0, "fund appropriate city --float --amount 1000.5 --reference 周转1号 "
			       "--again --now 2026-10-26");
	run_free(&run);
	run = suiren_expect(0, "fund show city --json");
	json_t *shown = json_loads(run.out, 0, NULL);
	json_t *pool = json_object_get(shown, "float");
	assert_int_equal(json_integer_value(json_object_get(pool, "balance_fen")), 100050);
	pool = json_object_get(shown, "treasury");
	assert_int_equal(json_integer_value(json_object_get(pool, "balance_fen")), 399950);
	json_decref(shown);
	run_free(&run);
}

static void a_reference_is_booked_once(void **state)
{
	(void)state;
	struct run run = suiren_expect(1, "fund appropriate city --fund lottery --amount 5001 "
					  "--reference 川财社12号 --now 2026-10-26");
	tells(&run, "the reference was used before 文号重复");
	tells(&run, "川财社12号: 受理 accepted 0, 拒绝 refused 1\n");
	assert_null(strstr(run.out, "booked"));
	run_free(&run);
}

static void an_erased_person_is_gone_and_the_books_still_hold(void **state)
{
	(void)state;
	once_and_twice("person erase city " PERSON_2 " --now 2026-10-27");
	struct run run = suiren_expect(0, "person show city " PERSON_2);
	tells(&run, "erased");
	assert_null(strstr(run.out, "born"));
	run_free(&run);
	run = suiren_expect(0, "verify city --replay");
	tells(&run, "VERIFIED");
	run_free(&run);
}

/* The code that `person register -o` has written for the only person of a table. */
static void code_in(const char *path, char code[17])
{
	size_t size = 0;
	char *text = file_read(path, &size), *comma = strrchr(text, ',');
	assert_non_null(comma);
	assert_true(strlen(comma) > 16);
	memcpy(code, comma + 1, 16);
	code[16] = '\0';
	free(text);
}

/* Whoever was forgotten may come back, in the very same words: as somebody new, with a code that is somebody's. */
static void who_was_forgotten_can_be_registered_again(void **state)
{
	char first[17], second[17], third[17];
	(void)state;
	table("back.csv", "name,id_number\n周全,510104194001010024\n");
	suiren_must(0, "person register city back.csv -o back1.csv --now 2026-10-28");
	code_in("back1.csv", first);
	suiren_must(0, "person erase city %s --now 2026-10-28", first);
	struct run run =
	    suiren_expect(0, "person register city back.csv -o back2.csv --now 2026-10-29");
	tells(&run, "booked as entry");
	run_free(&run);
	code_in("back2.csv", second);
	assert_string_not_equal(first, second);
	run = suiren_expect(0, "person show city %s --reveal", second);
	tells(&run, "周全");
	run_free(&run);
	run = without_trace(0, "person register city back.csv -o back3.csv --now 2026-10-29");
	tells(&run, "repeat of entry");
	run_free(&run);
	code_in("back3.csv", third);
	assert_string_equal(second, third);
	run = suiren_expect(0, "verify city --replay");
	tells(&run, "VERIFIED");
	run_free(&run);
}

/* --- what is wrong ----------------------------------------------------------------------------------------- */

struct bad_table {
	const char *command, *text;
	size_t size; /* 0: the text's */
	int status;
	const char *told; /* the one line begins so */
};

static void a_frozen_account_is_booked_to_only_when_it_is_unfrozen(void **state)
{
	(void)state;
	static const char more[] = "fund appropriate city --fund lottery --amount 1 --reference "
				   "thaw --now 2026-09-03";
	suiren_must(0, "fund appropriate city --fund lottery --amount 1 --reference frost "
		       "--now 2026-09-03");
	suiren_must(0, "account freeze city fund/lottery/available --now 2026-09-03");
	struct run run = without_trace(1, more);
	tells(&run, "account fund/lottery/available: frozen");
	run_free(&run);
	run = without_trace(0, "account freeze city fund/lottery/available --now 2026-09-03");
	tells(&run, "nothing to do");
	run_free(&run);
	run = without_trace(1, "account close city fund/lottery/available --now 2026-09-03");
	tells(&run, "not empty");
	run_free(&run);
	suiren_must(0, "account unfreeze city fund/lottery/available --now 2026-09-03");
	suiren_must(0, "%s", more);
}

static void each_wrong_table_gets_one_line_and_leaves_no_trace(void **state)
{
	static const struct bad_table cases[] = {
	    {"person register", "", 0, 2, "suiren: t.csv: empty"},
	    {"person register", "name,id_number\n", 0, 2, "suiren: t.csv: no rows"},
	    {"person register", "name,id_number\n王芳,\"1101", 0, 2, "suiren: t.csv:2: a quote"},
	    {"person register", "name,id_number\n王芳,1\xE7\x8E", 0, 2, "suiren: t.csv:2: UTF-8"},
	    {"person register", "name,id_number\n\xFF\xFF,1\n", 0, 2, "suiren: t.csv:2: neither"},
	    {"person register", "name,id_number\na\0b,1\n", 21, 2, "suiren: t.csv:2: name: holds"},
	    {"person register", "name\n王芳\n", 0, 2, "suiren: t.csv:1: the column id_number"},
	    {"person register", "name,id_number,age\n", 0, 2, "suiren: t.csv:1: \"age\""},
	    {"person register", "name,id_number\n王芳\n", 0, 2, "suiren: t.csv:2: 1 fields"},
	    {"person register", "name,id_number\n," ID_4 "\n", 0, 2, "t.csv:2: name: empty"},
	    {"person register", "name,id_number\n王芳,110105194912310021\n", 0, 2,
		"t.csv:2: id_number: the check character"},
	    {"person register", "name,id_number\n王芳,510104194302290031\n", 0, 2,
		"t.csv:2: id_number: not an ID number"},
	    {"person register", "name,id_number\n王芳,440524188001010014\n", 0, 2,
		"t.csv:2: id_number: born before 1900"},
	    {"person register", "name,id_number\n王芳,510105209907040073\n", 0, 2,
		"t.csv:2: id_number: born in the future"},
	    {"person register", "name,id_number\n王芳,1.10105E+17\n", 0, 2,
		"t.csv:2: id_number: the spreadsheet"},
	    {"person register", "name,id_number,income_class\n王芳," ID_4 ",rich\n", 0, 2,
		"t.csv:2: income_class: rich: not one of"},
	    {"person register", "name,id_number,bank\n王芳," ID_4 ",10265100000\n", 0, 2,
		"t.csv:2: bank: 10265100000: not a CNAPS"},
	    {"person register", "name,id_number\n甲," ID_4 "\n乙," ID_4 "\n", 0, 1,
		"t.csv:3: id_number: the same number stands on line 2"},
	    {"person change", "person_code,death_day\n5101000000000003,2026-10-01\n", 0, 2,
		"t.csv:2: person_code: 5101000000000003: the check digit"},
	    {"person change", "person_code,death_day\n5101,2026-10-01\n", 0, 2,
		"t.csv:2: person_code: 5101: not a person code"},
	    {"person change", "person_code,death_day\n" PERSON_1 ",2026-02-30\n", 0, 2,
		"t.csv:2: death_day: 2026-02-30: not a day"},
	    {"person change", "person_code,death_day\n" PERSON_1 ",2027-01-01\n", 0, 2,
		"t.csv:2: death_day: in the future"},
	    {"person change", "person_code,death_day\n" PERSON_1 ",\n", 0, 2,
		"t.csv:2: nothing to change"},
	    {"person change", "person_code,death_day\n5101000000000035,2026-10-01\n", 0, 1,
		"t.csv:2: person_code: 5101000000000035: not registered"},
	    {"institution register",
		"uscc,name,kind,district,beds\n52510104MJ0000018X,x,public,510104,1\n", 0, 2,
		"t.csv:2: uscc: 52510104MJ0000018X: the check character"},
	    {"institution register", "uscc,name,kind,district,beds\n5251,x,public,510104,1\n", 0, 2,
		"t.csv:2: uscc: 5251: not a credit code"},
	    {"institution register",
		"uscc,name,kind,district,beds\n" HOME_C ",x,public,510104,-1\n", 0, 2,
		"t.csv:2: beds: -1: not a number from 0 to 100000"},
	    {"institution register",
		"uscc,name,kind,district,beds\n" HOME_C ",x,public,510104,99999999999999999999\n",
		0, 2, "t.csv:2: beds: 99999999999999999999: not a number"},
	    {"institution register", "uscc,name,kind,district,beds\n" HOME_C ",x,public,500103,1\n",
		0, 2, "t.csv:2: district: 500103 does not lie in 510100"},
	    {"institution register",
		"uscc,name,kind,district,beds,public_key\n" HOME_C ",x,public,510104,1,3d40\n", 0,
		2, "t.csv:2: public_key: 4 characters; it takes 64 hex digits"},
	    {"assessment import",
		"person_code,score,from,until\n" PERSON_1 ",91,2026-09-01,2028-08-31\n", 0, 2,
		"t.csv:2: score: 91: not a number from 0 to 90"},
	    {"assessment import",
		"person_code,level,score,from,until\n" PERSON_1 ",1,50,2026-09-01,2028-08-31\n", 0,
		1, "t.csv:2: level: 1, but the score of 50 makes it 2"},
	    {"assessment import",
		"person_code,level,from,until\n" PERSON_1 ",1,2026-09-02,2026-09-01\n", 0, 2,
		"t.csv:2: until: 2026-09-01: before the first day"},
	    {"assessment import",
		"person_code,level,from,until\n5101000000000035,1,2026-09-02,2028-09-01\n", 0, 1,
		"t.csv:2: person_code: 5101000000000035: not registered"},
	    {"grant import", "person_code,programme,from\n" PERSON_1 ",holidays,2026-09-01\n", 0, 2,
		"t.csv:2: programme: holidays: not in this city's catalogue"},
	    {"grant import",
		"person_code,programme,from\n" PERSON_1 ",nursing_subsidy,2026-09-01\n", 0, 2,
		"t.csv:2: paid_to: empty"},
	    {"filing import", "person_code,host,from,consent\n" PERSON_1 ",500000,2026-09-01,abc\n",
		0, 2, "t.csv:2: consent: 3 characters; it takes 64"},
	    {"filing import",
		"person_code,host,from,consent\n" PERSON_1 ",Chongqing,2026-09-01," CONSENT "\n", 0,
		2, "t.csv:2: host: Chongqing: not a region code"},
	    {"stay close", "uscc,person_code,day\n" HOME_A "," PERSON_1 ",2026-12-01\n", 0, 1,
		"t.csv:2: the person does not stay there"},
	    {"stay transfer",
		"uscc,person_code,day,to\n" HOME_A "," PERSON_1 ",2026-12-01," HOME_A "\n", 0, 1,
		"t.csv:2: to: the institution that is left"},
	    {"stay import",
		"uscc,person_code,first_day,last_night\n" HOME_A "," PERSON_1
		",2026-12-02,2026-11-30\n",
		0, 2, "t.csv:2: last_night: before the first day"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char words[128];
		const struct bad_table *bad = &cases[i];
		file_write("t.csv", bad->text, bad->size ? bad->size : strlen(bad->text));
		snprintf(words, sizeof(words), "%s city t.csv --now 2026-10-28", bad->command);
		struct run run = without_trace(bad->status, words);
		if (strncmp(run.err, bad->told, strlen(bad->told)) != 0 || lines_in(run.err) != 1)
			print_error(
			    "%s: expected \"%s\", told:\n%s", bad->command, bad->told, run.err);
		assert_int_equal(strncmp(run.err, bad->told, strlen(bad->told)), 0);
		assert_int_equal(lines_in(run.err), 1);
		assert_int_equal(run.out_size, 0);
		run_free(&run);
	}
}

static void wrong_options_are_told_in_one_line(void **state)
{
	static const struct {
		const char *words;
		int status;
		const char *told;
	} cases[] = {
	    {"person register city nowhere.csv", 1, "nowhere.csv: No such file"},
	    {"person register city persons.csv --officer-key city/keys/log.key", 1, "log.key"},
	    {"person register city persons.csv --officer-key homes.csv", 3, "homes.csv"},
	    {"person register", 2, "missing"},
	    {"person register nowhere persons.csv", 1, "nowhere"},
	    {"person show city 1", 2, "16"},
	    {"person show city 5101000000000035", 1, "no such person"},
	    {"person erase city " PERSON_1 " 5", 2, "CODE: 5"},
	    {"person erase city " PERSON_1 " -n", 2, "dry run"},
	    {"institution show city " HOME_C, 1, "no such institution"},
	    {"institution show city 12", 2, "credit code"},
	    {"institution suspend city " HOME_A " --from 2026-10-01", 2, "--grounds"},
	    {"institution suspend city " HOME_A " --from 2026-13-01 --grounds x", 2, "2026-13-01"},
	    {"institution key city " HOME_A " --key 00", 2, "64 hex"},
	    {"grant show city x", 2, "CODE: x"},
	    {"stay open city", 2, "--institution"},
	    {"stay open city stays.csv --person " PERSON_1, 2, "either"},
	    {"stay open city --institution " HOME_A " --person " PERSON_1 " --day 10-01", 2,
		"10-01"},
	    {"stay list city --person 1", 2, "--person: 1"},
	    {"fund appropriate city --fund lottery --amount 0 --reference r", 2, "--amount: 0"},
	    {"fund appropriate city --fund lottery --amount -5 --reference r", 2, "--amount: -5"},
	    {"fund appropriate city --fund lottery --amount 1.234 --reference r", 2, "1.234"},
	    {"fund appropriate city --fund lottery --amount 99999999999999999999 --reference r", 2,
		"too large"},
	    {"fund appropriate city --fund x --amount 5 --reference r", 2, "there are: lottery"},
	    {"fund appropriate city --fund lottery --float --amount 5 --reference r", 2, "either"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = without_trace(cases[i].status, cases[i].words);
		if (!strstr(run.err, cases[i].told) || lines_in(run.err) != 1)
			print_error("%s: expected \"%s\", told:\n%s", cases[i].words, cases[i].told,
			    run.err);
		assert_non_null(strstr(run.err, cases[i].told));
		assert_int_equal(lines_in(run.err), 1);
		run_free(&run);
	}
}

static void all_wrong_rows_are_told_but_no_more_than_a_hundred(void **state)
{
	char *text = malloc(200 * 40);
	(void)state;
	int used = sprintf(text, "person_code,death_day\n");
	for (int i = 0; i < 150; i++)
		used += sprintf(text + used, "%d,2026-10-01\n", i);
	file_write("t.csv", text, (size_t)used);
	free(text);
	struct run run = without_trace(2, "person change city t.csv");
	assert_int_equal(lines_in(run.err), 101);
	tells(&run, "t.csv:101: ");
	tells(&run, "t.csv: 150 wrong rows");
	run_free(&run);
	run = without_trace(2, "person change city t.csv --json");
	json_t *told = json_loads(run.out, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(told, "wrong_count")), 150);
	assert_int_equal(json_array_size(json_object_get(told, "wrong")), 100);
	assert_string_equal(json_string_value(json_object_get(told, "error")), "malformed");
	json_decref(told);
	run_free(&run);
}

/* --- many -------------------------------------------------------------------------------------------------- */

#define MANY 10001

/* GB 11643: weights 2^(17-i) mod 11. */
static char check_character(const char *digits)
{
	static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;
	for (int i = 0; i < 17; i++)
		sum += (digits[i] - '0') * weights[i];
	return "10X98765432"[sum % 11];
}

static void more_than_ten_thousand_rows_go_as_several_orders(void **state)
{
	char *text = malloc(MANY * 32 + 64);
	char digits[24];
	(void)state;
	assert_int_equal(check_character("11010519491231002"), 'X');
	int used = sprintf(text, "name,id_number\n");
	for (int i = 0; i < MANY; i++) {
		snprintf(digits, sizeof(digits), "510105%04d0%d%02d%03d", 1930 + i / 4000,
		    1 + i % 4, 1 + i / 4 % 28, i / 4 / 28 % 1000);
		used += sprintf(text + used, "p%d,%s%c\n", i, digits, check_character(digits));
	}
	file_write("many.csv", text, (size_t)used);
	free(text);
	struct run run =
	    suiren_expect(0, "person register other many.csv -o many-codes.csv --now 2026-09-02");
	tells(&run, "10000 rows booked as entry");
	tells(&run, "many.csv: 1 row booked as entry");
	run_free(&run);
	run = suiren_expect(
	    0, "person register other many.csv -o many-again.csv --json --now 2026-09-02");
	json_t *told = json_loads(run.out, 0, NULL);
	json_t *entries = json_object_get(told, "entries");
	assert_int_equal(json_array_size(entries), 2);
	assert_true(json_is_true(json_object_get(json_array_get(entries, 0), "repeat")));
	assert_true(json_is_true(json_object_get(json_array_get(entries, 1), "repeat")));
	assert_int_equal(json_integer_value(json_object_get(told, "accepted")), MANY);
	json_decref(told);
	run_free(&run);
	run = shell("cmp many-codes.csv many-again.csv && "
		    "test $(tail -n +2 many-codes.csv | cut -d, -f2 | sort -u | wc -l) = 10001");
	assert_int_equal(run.status, 0);
	run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(institutions_are_registered_once_in_either_encoding),
	    cmocka_unit_test(an_institution_that_is_registered_is_not_registered_again),
	    cmocka_unit_test(standing_and_keys_change_from_options),
	    cmocka_unit_test(persons_get_codes_and_their_numbers_stay_out_of_sight),
	    cmocka_unit_test(a_person_is_shown_masked_unless_asked),
	    cmocka_unit_test(a_person_who_is_registered_keeps_the_key),
	    cmocka_unit_test(facts_change_there_and_back),
	    cmocka_unit_test(assessments_grants_and_filings_come_from_tables),
	    cmocka_unit_test(what_only_the_host_pays_is_granted_for_there),
	    cmocka_unit_test(nights_of_a_person_do_not_overlap),
	    cmocka_unit_test(a_refused_row_can_come_again),
	    cmocka_unit_test(a_reference_is_booked_once),
	    cmocka_unit_test(a_frozen_account_is_booked_to_only_when_it_is_unfrozen),
	    cmocka_unit_test(each_wrong_table_gets_one_line_and_leaves_no_trace),
	    cmocka_unit_test(wrong_options_are_told_in_one_line),
	    cmocka_unit_test(all_wrong_rows_are_told_but_no_more_than_a_hundred),
	    cmocka_unit_test(an_erased_person_is_gone_and_the_books_still_hold),
	    cmocka_unit_test(who_was_forgotten_can_be_registered_again),
	    cmocka_unit_test(more_than_ten_thousand_rows_go_as_several_orders),
	};
	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
