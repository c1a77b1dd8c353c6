/* Three cities from obligations to the netted month, by the commands that an officer types. The obligations are put into the nodes'
 * tables directly: how claims make them is tested elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "ledger.h"
#include "node.h"
#include "obligation.h"
#include "program.h"

#define CHONGQING 500000u
#define CHENGDU 510100u
#define NANCHONG 511300u
#define FUND "fiscal"

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "init chongqing --region 500000 --demo --seed 1 --now 2026-10-01");
	suiren_must(0, "init chengdu --region 510100 --demo --seed 1 --now 2026-10-01");
	suiren_must(0, "init nanchong --region 511300 --demo --seed 1 --now 2026-10-01");
	suiren_must(0, "peer add chongqing chengdu nanchong --now 2026-10-01");
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* Add one obligation to the open window in the tables of a node. */
static void owe_at(
    const char *directory, uint32_t payer, uint32_t creditor, uint64_t sequence, int64_t amount)
{
	const struct node_options options = {.not_durable = true};
	struct obligation obligation = {.payer = payer,
	    .creditor = creditor,
	    .epoch = 1,
	    .sequence = sequence,
	    .amount_fen = amount};
	struct node *node = NULL;
	struct txn *txn = NULL;
	assert_int_equal(node_open(directory, &options, &node, NULL), ERROR_NONE);
	assert_int_equal(ledger_begin(node_ledger(node), &txn), ERROR_NONE);
	assert_int_equal(window_open_number(txn, payer, creditor, &obligation.window), ERROR_NONE);
	assert_int_equal(obligation_add(txn, &obligation), ERROR_NONE);
	assert_int_equal(ledger_commit(node_ledger(node), txn), ERROR_NONE);
	node_close(node);
}

static json_t *json_of(const char *words)
{
	json_error_t wrong;
	struct run run = suiren_expect(0, "%s --json", words);
	json_t *value = json_loads(run.out, 0, &wrong);
	if (!value)
		fail_msg("%s: %s", words, wrong.text);
	run_free(&run);
	return value;
}

static json_int_t integer(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void assert_text(json_t *object, const char *key, const char *text)
{
	json_t *value = json_object_get(object, key);
	assert_non_null(json_string_value(value));
	assert_string_equal(json_string_value(value), text);
}

#define DELIVER(now) suiren_must(0, "deliver chongqing chengdu nanchong --now " now)

static void what_is_owed_is_in_the_open_window(void **state)
{
	(void)state;
	json_t *windows;
	owe_at("chengdu", CHENGDU, CHONGQING, 900, 25000);
	owe_at("chongqing", CHENGDU, CHONGQING, 900, 25000);
	owe_at("chengdu", CHENGDU, CHONGQING, 901, -3000);
	owe_at("chongqing", CHENGDU, CHONGQING, 901, -3000);
	owe_at("chongqing", CHONGQING, CHENGDU, 900, 150000);
	owe_at("chengdu", CHONGQING, CHENGDU, 900, 150000);
	owe_at("chengdu", CHENGDU, NANCHONG, 902, 777); /* which Nanchong does not know of */
	windows = json_of("window show chengdu --peer 500000");
	assert_int_equal(json_array_size(windows), 2);
	json_t *own = json_array_get(windows, 1);
	assert_text(own, "state", "open");
	assert_true(json_is_null(json_object_get(own, "window")));
	assert_int_equal(integer(own, "amount_fen"), 22000);
	assert_int_equal(json_array_size(json_object_get(own, "obligations")), 2);
	json_decref(windows);
}

static void a_cut_names_its_windows_and_a_second_one_finds_nothing(void **state)
{
	(void)state;
	json_t *windows = json_of("window cut chengdu --now 2026-10-31");
	assert_int_equal(json_array_size(windows), 2);
	assert_text(json_array_get(windows, 0), "state", "cut");
	assert_text(json_array_get(windows, 0), "window", "2026-10-31");
	assert_text(json_array_get(windows, 0), "day", "2026-10-30");
	json_decref(windows);
	windows = json_of("window cut chengdu --now 2026-10-31");
	assert_int_equal(json_array_size(windows), 0);
	json_decref(windows);
	struct run run =
	    suiren_expect(1, "window cut chongqing --window 2026-10-30 --now 2026-10-31");
	assert_non_null(strstr(run.err, "today is 2026-10-31"));
	run_free(&run);
	suiren_must(0, "window cut chongqing --window 2026-10-31 --now 2026-10-31");
}

/* Nanchong lacks an obligation of 7.77 of which Chengdu has no document: it is left out, and what is left, nothing, agreed. */
static void statements_are_agreed_or_what_differs_is_left_out(void **state)
{
	(void)state;
	DELIVER("2026-10-31");
	json_t *windows = json_of("window list chengdu --window 2026-10-31");
	assert_int_equal(json_array_size(windows), 3);
	assert_text(json_array_get(windows, 0), "state", "agreed"); /* of Chongqing */
	assert_text(json_array_get(windows, 1), "state", "agreed"); /* to Chongqing */
	assert_text(json_array_get(windows, 2), "state", "agreed"); /* to Nanchong */
	assert_int_equal(integer(json_array_get(windows, 2), "amount_fen"), 777);
	json_decref(windows);
	for (int side = 0; side < 2; side++) {
		const char *city = side ? "nanchong" : "chengdu";
		char words[80];
		snprintf(words, sizeof words, "window show %s --window 2026-10-31 --peer %u", city,
		    side ? CHENGDU : NANCHONG);
		windows = json_of(words);
		json_t *window = json_array_get(windows, 0);
		assert_int_equal(json_array_size(windows), 1);
		assert_text(window, "state", "agreed");
		assert_int_equal(integer(window, "left_out"), 1);
		assert_int_equal(integer(json_object_get(window, "agreed"), "amount_fen"), 0);
		json_t *dispute = json_array_get(json_object_get(window, "disputes"), 0);
		assert_text(dispute, "state", "open");
		assert_int_equal(integer(dispute, "entry"), 902);
		assert_int_equal(integer(json_object_get(dispute, "payers"), "amount_fen"), 777);
		assert_true(json_is_null(json_object_get(dispute, "creditors")));
		json_decref(windows);
		struct run run = suiren_expect(0, "window show %s --window 2026-10-31", city);
		assert_non_null(strstr(run.out, "agreed, without disputes"));
		assert_non_null(strstr(run.out, "1/902/0"));
		run_free(&run);
		json_t *status = json_of(side ? "status nanchong" : "status chengdu");
		assert_int_equal(integer(status, side ? "disputes_owed" : "disputes_owing"), 1);
		assert_int_equal(integer(status, "disputes_owing_fen"), side ? 0 : 777);
		json_decref(status);
		run = suiren_expect(0, "dispute list %s --open", city);
		assert_non_null(strstr(run.out, "待解决 open"));
		assert_non_null(strstr(run.out, "7.77"));
		run_free(&run);
	}
}

/* The fund gets back what was set aside; twice is no second time, and the other city shows it too. */
static void a_dispute_is_ended_where_it_is_owed(void **state)
{
	(void)state;
	struct run run = suiren_expect(
	    1, "dispute end nanchong 1/902/0 --against-host --grounds 'no such person'");
	assert_non_null(strstr(run.err, "dispute list"));
	run_free(&run);
	run = suiren_expect(
	    1, "dispute end chengdu 1/902/0 --against-host --grounds 'no such person'");
	assert_non_null(strstr(run.err, "name one"));
	run_free(&run);
	suiren_must(2, "dispute end chengdu 1/902/0 --amount 7.78 --fund " FUND " --grounds more");
	suiren_must(0, "dispute end chengdu 1/902/0 --against-host --fund " FUND
		       " --grounds 'no such person' --now 2026-11-20");
	suiren_must(
	    1, "dispute end chengdu 1/902/0 --against-host --fund " FUND " --grounds again");
	DELIVER("2026-11-20");
	for (int side = 0; side < 2; side++) {
		json_t *list = json_of(side ? "dispute list nanchong" : "dispute list chengdu");
		json_t *dispute = json_array_get(list, 0);
		assert_text(dispute, "state", "ended");
		assert_int_equal(integer(json_object_get(dispute, "ended"), "amount_fen"), 0);
		json_decref(list);
		list =
		    json_of(side ? "dispute list nanchong --open" : "dispute list chengdu --open");
		assert_int_equal(json_array_size(list), 0);
		json_decref(list);
	}
	json_t *accounts = json_of("balance chengdu payable/city/511300/disputed");
	json_t *account = json_array_get(accounts, 0);
	assert_int_equal(integer(account, "credits"), 777);
	assert_int_equal(integer(account, "debits"), 777);
	json_decref(accounts);
}

/* Chengdu owes 220.00, Chongqing 1,500.00: Chongqing pays 1,280.00 by 1 December. */
static void a_month_is_proposed_countersigned_and_netted(void **state)
{
	(void)state;
	struct run run =
	    suiren_expect(1, "clearing run chongqing --month 2026-10 --now 2026-11-20");
	assert_non_null(strstr(run.err, "2026-11-21"));
	run_free(&run);
	run = suiren_expect(0, "clearing run chengdu --month 2026-10 --now 2026-11-21");
	assert_non_null(strstr(run.out, "由对方提出 proposed by 500000"));
	/* And a window of nothing with Nanchong, so that none stays behind. */
	assert_non_null(strstr(run.out, "511300"));
	run_free(&run);
	json_t *answer = json_of("clearing run chongqing --now 2026-11-21");
	assert_text(answer, "month", "2026-10");
	json_t *peers = json_object_get(answer, "peers");
	assert_int_equal(json_array_size(peers), 2);
	assert_text(json_array_get(peers, 0), "outcome", "proposed");
	assert_text(json_array_get(peers, 1), "outcome", "nothing_to_clear");
	json_decref(answer);
	DELIVER("2026-11-21");
	for (int side = 0; side < 2; side++) {
		json_t *shown = json_of(side ? "clearing show chengdu --month 2026-10"
					     : "clearing show chongqing --month 2026-10");
		json_t *clearing = json_array_get(shown, 0);
		json_t *payment = json_array_get(json_object_get(clearing, "payments"), 0);
		assert_text(clearing, "state", "netted");
		assert_text(clearing, "due_day", "2026-12-01");
		assert_int_equal(integer(clearing, "low_owes_fen"), 150000);
		assert_int_equal(integer(clearing, "high_owes_fen"), 22000);
		assert_int_equal(integer(payment, "payer"), CHONGQING);
		assert_int_equal(integer(payment, "amount_fen"), 128000);
		assert_int_equal(json_array_size(json_object_get(clearing, "windows")), 2);
		json_decref(shown);
	}
	run = suiren_expect(0, "clearing show chengdu");
	assert_non_null(strstr(run.out, "500000 付给 pays 510100: 1,280.00 元 yuan"));
	run_free(&run);
}

static void the_books_hold_the_net_position_on_both_sides(void **state)
{
	(void)state;
	json_t *low = json_of("balance chongqing clearing/");
	json_t *high = json_of("balance chengdu clearing/");
	json_t *a = json_array_get(low, 0), *b = json_array_get(high, 0);
	assert_text(a, "account", "clearing/2026-10/510100");
	assert_text(b, "account", "clearing/2026-10/500000");
	assert_int_equal(integer(a, "credits") - integer(a, "debits"), 128000);
	assert_int_equal(integer(b, "credits") - integer(b, "debits"), -128000);
	json_decref(low);
	json_decref(high);
}

static void a_second_run_says_so_and_changes_nothing(void **state)
{
	(void)state;
	struct run before = suiren_expect(0, "log head chongqing");
	struct run run =
	    suiren_expect(0, "clearing run chongqing --month 2026-10 --now 2026-11-22");
	assert_non_null(strstr(run.out, "已轧差 netted already"));
	struct run after = suiren_expect(0, "log head chongqing");
	assert_string_equal(before.out, after.out);
	run_free(&before);
	run_free(&run);
	run_free(&after);
}

static void wrong_words_are_one_line_and_no_entry(void **state)
{
	(void)state;
	static const struct {
		const char *words;
		int status;
	} cases[] = {
	    {"window show chengdu --window 2026-10-32", 1},
	    {"window cut chengdu --window yesterday", 2},
	    {"window list chengdu --month 2026-13", 2},
	    {"window list chengdu --peer 51", 2},
	    {"clearing run chengdu --peer 440100 --month 2026-10 --now 2026-11-22", 1},
	    {"clearing run chengdu --month october", 2},
	    {"clearing show chengdu --month 2020-01", 1},
	    {"dispute end chengdu 1/902 --against-host --grounds x", 2},
	    {"dispute end chengdu 1/902/0/0 --against-host --grounds x", 2},
	    {"dispute end chengdu 1/902/0 --against-host", 2},
	    {"dispute end chengdu 1/902/0 --against-host --for-host --grounds x", 2},
	    {"dispute list chengdu --peer 51", 2},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct run run = suiren_expect(cases[i].status, "%s", cases[i].words);
		assert_true(lines_in(run.err) >= 1);
		assert_string_equal(run.out, "");
		run_free(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_owed_is_in_the_open_window),
	    cmocka_unit_test(a_cut_names_its_windows_and_a_second_one_finds_nothing),
	    cmocka_unit_test(statements_are_agreed_or_what_differs_is_left_out),
	    cmocka_unit_test(a_dispute_is_ended_where_it_is_owed),
	    cmocka_unit_test(a_month_is_proposed_countersigned_and_netted),
	    cmocka_unit_test(the_books_hold_the_net_position_on_both_sides),
	    cmocka_unit_test(a_second_run_says_so_and_changes_nothing),
	    cmocka_unit_test(wrong_words_are_one_line_and_no_entry),
	};
	return cmocka_run_group_tests_name("tools/pairs", tests, open_workshop, close_workshop);
}
