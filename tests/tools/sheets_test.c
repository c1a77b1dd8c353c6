/* Settlement sheets and statements as an office prints them: on the demo's cities, where both sides must say the same, and what they say is
 * added up again from the export, the books, the lists and the bank's files; and on three cities that differ. */
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

static const unsigned cities[] = {510100, 500000, 510800, 511300};
#define CITIES (sizeof(cities) / sizeof(*cities))
/* Before the first clearing and beyond the last. */
static const char *const months[] = {
    "2026-09", "2026-10", "2026-11", "2026-12", "2027-01", "2027-02"};
#define MONTHS (sizeof(months) / sizeof(*months))

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "demo --dir demo --residents 4000 --seed 37 --months 2");
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* --- helpers ---------------------------------------------------------------------------------------------------- */

static json_t *json_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
static json_t *json_of(const char *format, ...)
{
	char words[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	struct run run = suiren_expect(0, "%s --json", words);
	json_t *value = json_loads(run.out, 0, NULL);
	if (!value)
		fail_msg("%s: no JSON: %s", words, run.out);
	run_free(&run);
	return value;
}

static json_int_t integer(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	if (!json_is_integer(value))
		fail_msg("no integer %s", key);
	return json_integer_value(value);
}

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	if (!text)
		fail_msg("no text %s", key);
	return text;
}

static json_t *member(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	if (!value)
		fail_msg("no %s", key);
	return value;
}

static void expect_equal(json_t *a, json_t *b, const char *key)
{
	if (!json_equal(member(a, key), member(b, key)))
		fail_msg("the two cities differ in %s", key);
}

/* The object of an array whose `key` is `value`; NULL if there is none. */
static json_t *with(json_t *array, const char *key, json_int_t value)
{
	size_t index;
	json_t *one;
	json_array_foreach(array, index, one)
	{
		if (integer(one, key) == value)
			return one;
	}
	return NULL;
}

/* --- both sides ------------------------------------------------------------------------------------------------- */

/* One payment, which one side has paid and the other received, under one EndToEndId; each tells the other's bank's words. */
static void expect_told(json_t *a, json_t *b)
{
	static const char *const pairs[][2] = {
	    {"bank_reference", "told_reference"}, {"bank_day", "told_day"}};
	assert_string_equal(text_of(a, "end_to_end_id"), text_of(b, "end_to_end_id"));
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(text_of(a, pairs[i][0]), text_of(b, pairs[i][1]));
		assert_string_equal(text_of(b, pairs[i][0]), text_of(a, pairs[i][1]));
	}
}

static unsigned compare_sheets(const char *month, json_t *own)
{
	static const char *const keys[] = {"month", "low", "high", "model", "state", "proposed_day",
	    "due_day", "proposal", "document", "directions", "difference_fen"};
	unsigned payments = 0;
	size_t index;
	json_t *sheet;
	json_array_foreach(member(own, "sheets"), index, sheet)
	{
		json_int_t self = integer(own, "city"), low = integer(sheet, "low");
		json_int_t peer = low == self ? integer(sheet, "high") : low;
		json_t *theirs = json_of("clearing sheet demo/%06u --month %s --peer %06u",
		    (unsigned)peer, month, (unsigned)self);
		assert_int_equal(json_array_size(member(theirs, "sheets")), 1);
		assert_null(json_object_get(theirs, "bank"));
		json_t *other = json_array_get(member(theirs, "sheets"), 0);
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
			expect_equal(sheet, other, keys[i]);
		json_t *a = member(sheet, "payments"), *b = member(other, "payments");
		if (json_array_size(a)) {
			expect_told(json_array_get(a, 0), json_array_get(b, 0));
			payments++;
		}
		assert_int_equal(json_array_size(a), json_array_size(b));
		json_decref(theirs);
	}
	return payments;
}

static void both_sides_of_every_clearing_have_one_sheet(void **state)
{
	(void)state;
	unsigned payments = 0;
	for (size_t city = 0; city < CITIES; city++) {
		for (size_t month = 0; month < MONTHS; month++) {
			struct run run = suiren("clearing sheet demo/%06u --month %s --json",
			    cities[city], months[month]);
			assert_int_equal(run.status, 0);
			json_t *own = json_loads(run.out, 0, NULL);
			assert_non_null(own);
			payments += compare_sheets(months[month], own);
			json_decref(own);
			run_free(&run);
		}
	}
	assert_true(payments >= 8);
}

/* --- added up again --------------------------------------------------------------------------------------------- */

/* What moves between an account that begins with `account` and one that begins with `other`, as the export tells it, into the second less out
 * of it; in entries whose kind begins with "clearing", or (other NULL) in all others, credits less debits. */
static json_int_t exported(json_t *lines, const char *account, const char *other)
{
	json_int_t sum = 0;
	size_t index;
	json_t *line;
	json_array_foreach(lines, index, line)
	{
		const char *debit = text_of(line, "debit"), *credit = text_of(line, "credit");
		bool clears = strncmp(text_of(line, "entry_kind"), "clearing", 8) == 0;
		if (strcmp(text_of(line, "unit"), "CNY") != 0 || clears != (other != NULL))
			continue;
		if (strncmp(credit, account, strlen(account)) == 0 &&
		    (!other || strcmp(debit, other) == 0))
			sum += integer(line, "amount");
		if (strncmp(debit, account, strlen(account)) == 0 &&
		    (!other || strcmp(credit, other) == 0))
			sum -= integer(line, "amount");
	}
	return sum;
}

static json_t *export_of(unsigned city)
{
	struct run run = suiren_expect(0, "export demo/%06u --format jsonl", city);
	json_t *lines = json_array();
	for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n"))
		assert_int_equal(json_array_append_new(lines, json_loads(line, 0, NULL)), 0);
	run_free(&run);
	return lines;
}

/* Each window by the approvals and reversals that were booked on its account; then what was moved to the clearing's account. */
static unsigned expect_exported(json_t *lines, json_t *sheet, json_int_t self)
{
	char prefix[64], clearing[64];
	unsigned windows = 0;
	size_t index, each;
	json_t *direction, *window;
	json_array_foreach(member(sheet, "directions"), index, direction)
	{
		bool owes = integer(direction, "payer") == self;
		json_int_t peer = integer(direction, owes ? "creditor" : "payer"), sum = 0;
		json_int_t sign = owes ? 1 : -1;
		snprintf(clearing, sizeof(clearing), "clearing/%s/%06u", text_of(sheet, "month"),
		    (unsigned)peer);
		snprintf(prefix, sizeof(prefix), "%s/city/%06u/", owes ? "payable" : "receivable",
		    (unsigned)peer);
		json_array_foreach(member(direction, "taken"), each, window)
		{
			char account[96];
			snprintf(account, sizeof(account), "%s%u", prefix,
			    (unsigned)integer(window, "number"));
			/* "…/1" is the beginning of "…/10" too: the demo has fewer windows. */
			assert_true(integer(window, "number") < 10);
			assert_int_equal(
			    sign * exported(lines, account, NULL), integer(window, "amount_fen"));
			assert_int_equal(integer(window, "amount_fen"),
			    integer(window, "approved_fen") + integer(window, "reversed_fen"));
			sum += integer(window, "amount_fen");
			windows++;
		}
		assert_int_equal(sum, integer(direction, "amount_fen"));
		/* Out of the window's account: negative. */
		assert_int_equal(
		    -sign * exported(lines, prefix, clearing), integer(direction, "amount_fen"));
	}
	return windows;
}

static void every_window_and_sum_is_what_the_export_adds_up_to(void **state)
{
	(void)state;
	unsigned windows = 0;
	for (size_t city = 0; city < CITIES; city++) {
		json_t *lines = export_of(cities[city]);
		for (size_t month = 0; month < MONTHS; month++) {
			json_t *own = json_of(
			    "clearing sheet demo/%06u --month %s", cities[city], months[month]);
			json_t *sheet;
			size_t index;
			json_array_foreach(member(own, "sheets"), index, sheet) windows +=
			    expect_exported(lines, sheet, cities[city]);
			json_decref(own);
		}
		json_decref(lines);
	}
	assert_true(windows >= 16);
}

/* The account of a settled clearing is even, and was moved by what both directions and the payment come to. */
static void expect_balance(unsigned self, json_t *sheet)
{
	json_int_t low = integer(sheet, "low");
	json_int_t peer = low == self ? integer(sheet, "high") : low;
	json_t *accounts = json_of(
	    "balance demo/%06u clearing/%s/%06u", self, text_of(sheet, "month"), (unsigned)peer);
	json_t *account = json_array_get(accounts, 0);
	json_int_t turnover = 0;
	size_t index;
	json_t *direction;
	json_array_foreach(member(sheet, "directions"), index, direction)
	{
		turnover += llabs(integer(direction, "amount_fen"));
		turnover += integer(direction, "pays_fen");
	}
	assert_string_equal(text_of(sheet, "state"), "settled");
	assert_int_equal(integer(account, "credits"), integer(account, "debits"));
	assert_int_equal(integer(account, "credits") + integer(account, "debits"), turnover);
	json_decref(accounts);
}

static void sums_are_those_of_the_list_and_of_the_books(void **state)
{
	(void)state;
	unsigned sheets = 0;
	for (size_t city = 0; city < CITIES; city++) {
		json_t *list = json_of("clearing list demo/%06u", cities[city]), *clearing;
		size_t index;
		json_array_foreach(list, index, clearing)
		{
			json_int_t low = integer(clearing, "low"), high = integer(clearing, "high");
			json_t *own = json_of("clearing sheet demo/%06u --month %s --peer %06u",
			    cities[city], text_of(clearing, "month"),
			    (unsigned)(low == cities[city] ? high : low));
			json_t *sheet = json_array_get(member(own, "sheets"), 0);
			json_t *owes = with(member(sheet, "directions"), "payer", low);
			json_t *owed = with(member(sheet, "directions"), "payer", high);
			assert_int_equal(
			    integer(owes, "amount_fen"), integer(clearing, "low_owes_fen"));
			assert_int_equal(
			    integer(owed, "amount_fen"), integer(clearing, "high_owes_fen"));
			assert_int_equal(integer(sheet, "difference_fen"),
			    integer(owes, "pays_fen") - integer(owed, "pays_fen"));
			expect_equal(sheet, clearing, "document");
			expect_equal(sheet, clearing, "proposal");
			expect_balance(cities[city], sheet);
			json_decref(own);
			sheets++;
		}
		json_decref(list);
	}
	assert_true(sheets >= 12);
}

/* --- text and CSV ----------------------------------------------------------------------------------------------- */

/* Yuan with two decimals; what both have signed is printed alike at both. */
static void the_printed_sheets_tell_the_same_in_yuan(void **state)
{
	(void)state;
	struct run run =
	    suiren_expect(0, "clearing sheet demo/510100 --month 2026-12 --peer 511300");
	struct run other =
	    suiren_expect(0, "clearing sheet demo/511300 --month 2026-12 --peer 510100");
	json_t *own = json_of("clearing sheet demo/510100 --month 2026-12 --peer 511300");
	json_t *sheet = json_array_get(member(own, "sheets"), 0), *payment;
	char words[64];
	payment = json_array_get(member(sheet, "payments"), 0);
	assert_non_null(strstr(run.out, "清算单 SETTLEMENT SHEET"));
	assert_non_null(strstr(run.out, text_of(sheet, "document")));
	assert_non_null(strstr(run.out, text_of(payment, "end_to_end_id")));
	assert_non_null(strstr(other.out, text_of(payment, "end_to_end_id")));
	snprintf(words, sizeof(words), "%lld.%02lld",
	    (long long)integer(payment, "amount_fen") / 100,
	    (long long)integer(payment, "amount_fen") % 100);
	assert_non_null(strstr(run.out, words));
	char *end = strstr(run.out, "三、付款"), *other_end = strstr(other.out, "三、付款");
	assert_non_null(end);
	assert_non_null(other_end);
	*end = *other_end = '\0';
	assert_string_equal(run.out, other.out);
	json_decref(own);
	run_free(&run);
	run_free(&other);
}

/* The fields of a row without quotes. */
static unsigned fields_of(char *line, char *fields[32])
{
	unsigned count = 0;
	for (char *at = line; at && count < 32; count++) {
		fields[count] = at;
		at = strchr(at, ',');
		if (at)
			*at++ = '\0';
	}
	return count;
}

static long long fen_of(const char *yuan)
{
	long long whole = 0, part = 0;
	assert_int_equal(sscanf(yuan, "%lld.%2lld", &whole, &part), 2);
	return yuan[0] == '-' ? whole * 100 - part : whole * 100 + part;
}

static void the_table_adds_up_by_itself(void **state)
{
	(void)state;
	struct run run =
	    suiren_expect(0, "clearing sheet demo/510100 --month 2026-12 --format csv");
	char *fields[32], *rest = NULL, *line = strtok_r(run.out, "\r\n", &rest);
	long long taken = 0;
	unsigned width = fields_of(line, fields), subtotals = 0;
	assert_int_equal(width, 20);
	assert_string_equal(fields[3], "row");
	assert_string_equal(fields[12], "amount_yuan");
	while ((line = strtok_r(NULL, "\r\n", &rest)) != NULL) {
		assert_int_equal(fields_of(line, fields), width);
		if (strcmp(fields[3], "taken") == 0)
			taken += fen_of(fields[12]);
		if (strcmp(fields[3], "owes") == 0) {
			assert_int_equal(taken, fen_of(fields[12]));
			taken = 0;
			subtotals++;
		}
	}
	assert_int_equal(subtotals, 4);
	run_free(&run);
}

/* --- the bank --------------------------------------------------------------------------------------------------- */

static const char *option_of(const char *kind)
{
	static const char *const options[][2] = {{"run", "--run"},
	    {"institution", "--institutions"}, {"advance", "--advance"}, {"again", "--again"},
	    {"prefund", "--prefund"}};
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		if (strcmp(options[i][0], kind) == 0)
			return options[i][1];
	}
	fail_msg("no option for %s", kind);
	return NULL;
}

/* The text of the first element of this name. */
static void element(const char *xml, const char *name, char text[64])
{
	char begin[32];
	snprintf(begin, sizeof(begin), "<%s>", name);
	const char *at = strstr(xml, begin);
	assert_non_null(at);
	at += strlen(begin);
	snprintf(text, 64, "%.*s", (int)strcspn(at, "<"), at);
}

/* The file that the bank gets, written once more, has the MsgId, number and sum that stand on the sheet. */
static void expect_file(unsigned city, const char *month, json_t *file)
{
	char path[64], part[96], text[64], name[32];
	const char *kind = text_of(file, "kind");
	static unsigned written;
	json_int_t number = integer(file, "part");
	snprintf(path, sizeof(path), "bank-%u", ++written);
	snprintf(part, sizeof(part), number == 1 ? "%s.xml" : "%s-%u.xml", path, (unsigned)number);
	if (strcmp(kind, "clearing") == 0) {
		snprintf(name, sizeof(name), "%.4s%.2s", month, month + 5);
		assert_string_equal(text_of(file, "name"), name);
		suiren_must(
		    0, "payment export demo/%06u --clearing %s -o %s.xml", city, month, path);
	} else {
		suiren_must(0, "payment export demo/%06u %s %s -o %s.xml", city, option_of(kind),
		    text_of(file, "name"), path);
	}
	char *xml = file_read(part, NULL);
	element(xml, "MsgId", text);
	assert_string_equal(text, text_of(file, "message_id"));
	element(xml, "NbOfTxs", text);
	assert_int_equal(atoll(text), integer(file, "payments"));
	element(xml, "CtrlSum", text);
	assert_int_equal(fen_of(text), integer(file, "control_sum_fen"));
	free(xml);
}

/* Each payment of the city's own is on exactly one month's sheet. */
static void the_banks_sheets_hold_each_file_once_with_its_control_sum(void **state)
{
	(void)state;
	unsigned files = 0, of_clearings = 0;
	for (size_t city = 0; city < CITIES; city++) {
		json_int_t count = 0, sum = 0, booked = 0;
		json_t *list = json_of("payment list demo/%06u", cities[city]), *one;
		size_t index;
		json_array_foreach(list, index, one)
		{
			if ((unsigned)atol(text_of(one, "payer")) != cities[city])
				continue;
			count--;
			sum -= integer(one, "amount_fen");
			if (strcmp(text_of(one, "state"), "booked") == 0)
				booked -= integer(one, "amount_fen");
		}
		for (size_t month = 0; month < MONTHS; month++) {
			json_t *own = json_of("clearing sheet demo/%06u --month %s --bank",
			    cities[city], months[month]);
			json_t *bank = member(own, "bank"), *file;
			json_t *total = member(bank, "total");
			json_int_t in_files = 0;
			assert_null(json_object_get(own, "sheets"));
			json_array_foreach(member(bank, "files"), index, file)
			{
				expect_file(cities[city], months[month], file);
				in_files += integer(file, "control_sum_fen");
				files++;
			}
			assert_int_equal(in_files, integer(total, "control_sum_fen"));
			count += integer(total, "payments");
			sum += integer(total, "control_sum_fen");
			booked += integer(total, "booked_fen");
			json_array_foreach(member(bank, "payments"), index, one)
			{
				/* The creditor's account, as every node.yaml of the demo names it. */
				assert_int_equal(strlen(text_of(one, "account")), 18);
				of_clearings += strcmp(text_of(one, "kind"), "clearing") == 0;
			}
			json_decref(own);
		}
		assert_int_equal(count, 0);
		assert_int_equal(sum, 0);
		assert_int_equal(booked, 0);
		json_decref(list);
	}
	assert_true(files >= 20);
	assert_true(of_clearings >= 6);
}

/* Booked and not ordered: 0 files more, and the whole sum to be ordered; then the other way round. */
static void a_run_is_to_be_ordered_until_its_file_is_written(void **state)
{
	(void)state;
	json_t *before = json_of("clearing sheet demo/510100 --month 2026-12 --bank");
	suiren_must(0, "allowance run demo/510100 --month 2026-12 --now 2027-03-01");
	json_t *own = json_of("clearing sheet demo/510100 --month 2026-12 --bank");
	json_t *bank = member(own, "bank"), *due = json_array_get(member(bank, "to_be_ordered"), 0);
	json_t *accounts = json_of("balance demo/510100 payable/run/%s", text_of(due, "name"));
	json_int_t fen = integer(due, "amount_fen");
	assert_int_equal(json_array_size(member(bank, "to_be_ordered")), 1);
	assert_string_equal(text_of(due, "kind"), "run");
	assert_true(fen > 0);
	assert_int_equal(fen, integer(json_array_get(accounts, 0), "credits"));
	assert_int_equal(fen, integer(bank, "to_be_ordered_fen"));
	expect_equal(bank, member(before, "bank"), "files");
	suiren_must(0, "payment export demo/510100 --run %s -o run.xml", text_of(due, "name"));
	json_t *after = json_of("clearing sheet demo/510100 --month 2026-12 --bank");
	assert_int_equal(json_array_size(member(member(after, "bank"), "to_be_ordered")), 0);
	assert_int_equal(integer(member(member(after, "bank"), "total"), "ordered_fen"), fen);
	json_decref(accounts);
	json_decref(before);
	json_decref(own);
	json_decref(after);
}

/* --- statements ------------------------------------------------------------------------------------------------- */

static json_t *statement_of(unsigned city, const char *period, unsigned peer)
{
	json_t *all = json_of("window statement demo/%06u %s --peer %06u", city, period, peer);
	json_t *list = member(all, "statements");
	assert_int_equal(json_array_size(list), 1);
	json_t *one = json_incref(json_array_get(list, 0));
	json_decref(all);
	return one;
}

static void statements_of_months_and_years_are_mirrored(void **state)
{
	static const char *const keys[] = {"low", "high", "digest", "settled", "directions",
	    "payments", "carried_over", "not_settled", "months"};
	static const char *const periods[] = {
	    "--month 2026-11", "--month 2026-12", "--year 2026", "--year 2027"};
	(void)state;
	for (size_t a = 0; a < CITIES; a++) {
		for (size_t b = a + 1; b < CITIES; b++) {
			for (size_t i = 0; i < sizeof(periods) / sizeof(*periods); i++) {
				json_t *left = statement_of(cities[a], periods[i], cities[b]);
				json_t *right = statement_of(cities[b], periods[i], cities[a]);
				for (size_t key = 0; key < sizeof(keys) / sizeof(*keys); key++)
					expect_equal(left, right, keys[key]);
				assert_true(json_is_true(member(left, "settled")));
				json_decref(left);
				json_decref(right);
			}
		}
	}
}

/* The year's totals are those of its months, which are those of the windows that `window list` tells. */
static void a_year_adds_up_from_the_window_list(void **state)
{
	(void)state;
	json_t *year = statement_of(510100, "--year 2026", 511300);
	json_t *list = json_of("window list demo/510100 --peer 511300");
	size_t index, each;
	json_t *direction, *window, *month;
	json_array_foreach(member(year, "directions"), index, direction)
	{
		json_int_t approved = 0, reversed = 0, lines = 0, cleared = 0;
		json_array_foreach(list, each, window)
		{
			if (integer(window, "payer") != integer(direction, "payer") ||
			    strncmp(text_of(window, "day"), "2026-", 5) != 0)
				continue;
			assert_string_equal(text_of(window, "state"), "agreed");
			approved += integer(window, "approved_fen");
			reversed += integer(window, "reversed_fen");
			lines += integer(window, "lines");
		}
		json_array_foreach(member(year, "months"), each, month)
		{
			json_t *of = json_array_get(member(month, "directions"), index);
			cleared += integer(of, "cleared_fen");
		}
		assert_int_equal(integer(direction, "approved_fen"), approved);
		assert_int_equal(integer(direction, "reversed_fen"), reversed);
		assert_int_equal(integer(direction, "lines"), lines);
		assert_int_equal(integer(direction, "cleared_fen"), cleared);
		assert_int_equal(integer(direction, "closing_fen"), approved + reversed - cleared);
	}
	assert_int_equal(json_array_size(member(year, "months")), 12);
	assert_int_equal(json_array_size(member(year, "not_settled")), 0);
	json_decref(list);
	json_decref(year);
	struct run run = suiren_expect(0, "window statement demo/510100 --year 2026");
	assert_non_null(strstr(run.out, "年终结算对账单 YEAR-END STATEMENT"));
	assert_non_null(strstr(run.out, "months that are not settled: 无 none"));
	run_free(&run);
}

/* --- three cities that differ ----------------------------------------------------------------------------------- */

/* Add one obligation to the open window in the tables of a node: how claims make them is tested elsewhere. */
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

#define DELIVER(now) suiren_must(0, "deliver chongqing chengdu nanchong --now " now)

/* Chengdu owes Nanchong 10.00, and 7.77 of which Nanchong does not know; Nanchong owes it -2.50. */
static void make_three(void)
{
	suiren_must(0, "init chongqing --region 500000 --demo --seed 1 --now 2026-10-01");
	suiren_must(0, "init chengdu --region 510100 --demo --seed 1 --now 2026-10-01");
	suiren_must(0, "init nanchong --region 511300 --demo --seed 1 --now 2026-10-01");
	suiren_must(0, "peer add chongqing chengdu nanchong --now 2026-10-01");
	owe_at("chengdu", CHENGDU, NANCHONG, 900, 1000);
	owe_at("nanchong", CHENGDU, NANCHONG, 900, 1000);
	owe_at("chengdu", CHENGDU, NANCHONG, 901, 777);
	owe_at("nanchong", NANCHONG, CHENGDU, 900, -250);
	owe_at("chengdu", NANCHONG, CHENGDU, 900, -250);
	suiren_must(0, "window cut chengdu --now 2026-10-31");
	suiren_must(0, "window cut nanchong --now 2026-10-31");
	DELIVER("2026-10-31");
	/* A window of November whose statement stays where it is until the month is cleared. */
	owe_at("chongqing", CHONGQING, CHENGDU, 900, 4200);
	owe_at("chengdu", CHONGQING, CHENGDU, 900, 4200);
	suiren_must(0, "window cut chongqing --now 2026-11-20");
	suiren_must(0, "clearing run chengdu --month 2026-10 --now 2026-11-21");
	suiren_must(0, "deliver chengdu nanchong --now 2026-11-21");
}

static void expect_disputed_sheet(const char *city, unsigned peer)
{
	json_t *own = json_of("clearing sheet %s --month 2026-10 --peer %06u", city, peer);
	json_t *sheet = json_array_get(member(own, "sheets"), 0);
	json_t *low = json_array_get(member(sheet, "directions"), 0);
	json_t *high = json_array_get(member(sheet, "directions"), 1);
	json_t *dispute = json_array_get(member(sheet, "disputes"), 0);
	json_t *payment = json_array_get(member(sheet, "payments"), 0);
	assert_int_equal(integer(low, "amount_fen"), 1000);
	assert_int_equal(integer(high, "amount_fen"), -250);
	assert_int_equal(integer(low, "pays_fen"), 1250);
	assert_int_equal(integer(high, "pays_fen"), 0);
	assert_int_equal(json_array_size(member(sheet, "disputes")), 1);
	assert_int_equal(integer(member(dispute, "payers"), "amount_fen"), 777);
	assert_string_equal(text_of(payment, "state"), "to_come");
	assert_int_equal(integer(payment, "amount_fen"), 1250);
	json_decref(own);
	struct run run = suiren_expect(0, "clearing sheet %s --month 2026-10", city);
	assert_non_null(strstr(run.out, "12.50"));
	assert_non_null(strstr(run.out, "7.77"));
	run_free(&run);
}

/* 12.50 to Nanchong, whose account is known or not. */
static void expect_due(const char *account)
{
	json_t *own = json_of("clearing sheet chengdu --month 2026-10 --bank");
	json_t *bank = member(own, "bank"), *due = json_array_get(member(bank, "to_be_ordered"), 0);
	assert_int_equal(json_array_size(member(bank, "to_be_ordered")), 1);
	assert_int_equal(integer(due, "amount_fen"), 1250);
	assert_string_equal(text_of(due, "payee"), "511300");
	if (account)
		assert_string_equal(text_of(due, "account"), account);
	else
		assert_true(json_is_null(member(due, "account")));
	assert_int_equal(json_array_size(member(bank, "files")), 0);
	json_decref(own);
	struct run run = suiren_expect(0, "clearing sheet chengdu --month 2026-10 --bank");
	assert_non_null(strstr(run.out, account ? account : "账号未知 its account is not known"));
	run_free(&run);
}

static void what_is_disputed_or_not_agreed_is_told_and_in_no_sum(void **state)
{
	(void)state;
	make_three();
	expect_disputed_sheet("chengdu", NANCHONG);
	expect_disputed_sheet("nanchong", CHENGDU);
	expect_due("511300000000000001");
	assert_int_equal(shell_status("sed -i '/account:/d; /bank:/d' chengdu/node.yaml"), 0);
	expect_due(NULL);
	json_t *all = json_of("window statement chongqing --year 2026");
	json_t *one = json_array_get(member(all, "statements"), 0);
	assert_int_equal(json_array_size(member(all, "statements")), 1);
	assert_string_equal(
	    json_string_value(json_array_get(member(one, "not_settled"), 0)), "2026-11");
	assert_int_equal(json_array_size(member(one, "unagreed")), 1);
	assert_true(json_is_false(member(one, "settled")));
	json_decref(all);
	json_t *left = json_of("window statement chengdu --year 2026 --peer 511300");
	json_t *right = json_of("window statement nanchong --year 2026 --peer 510100");
	json_t *a = json_array_get(member(left, "statements"), 0);
	json_t *b = json_array_get(member(right, "statements"), 0);
	expect_equal(a, b, "digest");
	expect_equal(a, b, "carried_over");
	json_t *carried = json_array_get(member(a, "carried_over"), 0);
	assert_int_equal(integer(carried, "disputes"), 1);
	assert_int_equal(integer(carried, "payers_fen"), 777);
	assert_int_equal(integer(carried, "creditors_fen"), 0);
	json_decref(left);
	json_decref(right);
}

static void wrong_words_are_one_line(void **state)
{
	static const struct {
		const char *words;
		int status;
	} cases[] = {
	    {"clearing sheet demo/510100", 2},
	    {"clearing sheet demo/510100 --month 2026-13", 2},
	    {"clearing sheet demo/510100 --month 2020-01 --peer 511300", 1},
	    {"clearing sheet demo/510100 --month 2020-01 --format csv", 1},
	    {"clearing sheet demo/510100 --month 2026-12 --format xml", 2},
	    {"clearing sheet demo/510100 --month 2026-12 --bank --peer 511300", 2},
	    {"window statement demo/510100", 2},
	    {"window statement demo/510100 --month 2026-12 --year 2026", 2},
	    {"window statement demo/510100 --year 26x", 2},
	    {"window statement demo/510100 --year 0", 2},
	    {"window statement demo/510100 --year 2026 --peer 440100", 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct run run = suiren_expect(cases[i].status, "%s", cases[i].words);
		assert_true(lines_in(run.err) >= 1);
		assert_string_equal(run.out, "");
		run_free(&run);
	}
	suiren_must(2, "clearing sheet demo/510100 --month 2026-12 --format csv --json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_sides_of_every_clearing_have_one_sheet),
	    cmocka_unit_test(every_window_and_sum_is_what_the_export_adds_up_to),
	    cmocka_unit_test(sums_are_those_of_the_list_and_of_the_books),
	    cmocka_unit_test(the_printed_sheets_tell_the_same_in_yuan),
	    cmocka_unit_test(the_table_adds_up_by_itself),
	    cmocka_unit_test(statements_of_months_and_years_are_mirrored),
	    cmocka_unit_test(a_year_adds_up_from_the_window_list),
	    cmocka_unit_test(the_banks_sheets_hold_each_file_once_with_its_control_sum),
	    cmocka_unit_test(a_run_is_to_be_ordered_until_its_file_is_written),
	    cmocka_unit_test(what_is_disputed_or_not_agreed_is_told_and_in_no_sum),
	    cmocka_unit_test(wrong_words_are_one_line),
	};
	return cmocka_run_group_tests_name("tools/sheets", tests, open_workshop, close_workshop);
}
