/* `suiren export`, re-added by others: hledger reads the journal and comes to the very balances of `suiren balance`, in every city and
 * unit; csv and jsonl, re-added here transfer by transfer, come to all four sums of every account, what is pending too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"

/* With this seed the bank returns payments to persons of the demo. */
#define SEED "37"
#define FIELDS_MAX 16
#define NAME_MAX_BYTES 512

static const char *const cities[] = {"510100", "500000", "510800", "511300"};
#define CITIES (sizeof(cities) / sizeof(cities[0]))

/* One returned payment is ordered again, so that something is pending in the books that are exported. */
static int open_workshop(void **state)
{
	unsigned again = 0;
	(void)state;
	workshop_open();
	suiren_must(0, "demo --dir demo --residents 2000 --seed " SEED);
	for (size_t i = 0; i < CITIES; i++) {
		struct run run =
		    suiren_expect(0, "payment list demo/%s --state returned --json", cities[i]);
		json_t *list = json_loads(run.out, 0, NULL), *payment;
		size_t index;
		json_array_foreach(list, index, payment)
		{
			suiren_must(0, "payment export demo/%s --again %s --now 2027-01-01",
			    cities[i],
			    json_string_value(json_object_get(payment, "end_to_end_id")));
			again++;
		}
		json_decref(list);
		run_free(&run);
	}
	assert_true(again > 0);
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* --- sums by "account unit" ------------------------------------------------------------------------------------ */

enum { DEBITS, CREDITS, PENDING_DEBITS, PENDING_CREDITS, SUMS };
static const char *const sum_names[SUMS] = {
    "debits", "credits", "pending_debits", "pending_credits"};

static void sum_add(
    json_t *books, const char *account, const char *unit, int which, json_int_t amount)
{
	char key[NAME_MAX_BYTES];
	assert_true(snprintf(key, sizeof(key), "%s %s", account, unit) < (int)sizeof(key));
	json_t *sums = json_object_get(books, key);
	if (!sums) {
		sums = json_pack("[i,i,i,i]", 0, 0, 0, 0);
		assert_int_equal(json_object_set_new(books, key, sums), 0);
	}
	json_int_t before = json_integer_value(json_array_get(sums, (size_t)which));
	json_array_set_new(sums, (size_t)which, json_integer(before + amount));
}

/* plain books; pending holds; post books what was held; void and expire let it go. */
static void transfer_add(json_t *books, const char *kind, const char *unit, json_int_t amount,
    const char *debit, const char *credit)
{
	bool pending = strcmp(kind, "pending") == 0, post = strcmp(kind, "post") == 0;
	bool release = strcmp(kind, "void") == 0 || strcmp(kind, "expire") == 0;
	if (!pending && !post && !release)
		assert_string_equal(kind, "plain");
	assert_true(amount > 0);
	if (pending || post || release) {
		sum_add(books, debit, unit, PENDING_DEBITS, pending ? amount : -amount);
		sum_add(books, credit, unit, PENDING_CREDITS, pending ? amount : -amount);
	}
	if (!pending && !release) {
		sum_add(books, debit, unit, DEBITS, amount);
		sum_add(books, credit, unit, CREDITS, amount);
	}
}

/* As `suiren balance` tells them. */
static json_t *balances_of(const char *city)
{
	struct run run = suiren_expect(0, "balance demo/%s --json", city);
	json_t *list = json_loads(run.out, 0, NULL), *books = json_object(), *account;
	size_t index;
	assert_true(json_array_size(list) > 5);
	json_array_foreach(list, index, account)
	{
		for (int which = 0; which < SUMS; which++)
			sum_add(books, json_string_value(json_object_get(account, "account")),
			    json_string_value(json_object_get(account, "unit")), which,
			    json_integer_value(json_object_get(account, sum_names[which])));
	}
	json_decref(list);
	run_free(&run);
	return books;
}

static void assert_same(const char *city, const char *how, json_t *told, json_t *added)
{
	const char *key;
	json_t *sums;
	json_object_foreach(told, key, sums)
	{
		json_t *other = json_object_get(added, key);
		if (!json_equal(sums, other))
			fail_msg("%s %s: %s: balance tells %s, the export adds up to %s", city, how,
			    key, json_dumps(sums, JSON_COMPACT),
			    other ? json_dumps(other, JSON_COMPACT) : "nothing");
	}
	assert_int_equal(json_object_size(told), json_object_size(added));
}

/* --- csv: RFC 4180 ----------------------------------------------------------------------------------------------- */

/* The next row; its fields are made in place. Returns where the row after it begins, NULL at the end. */
static char *csv_row(char *at, char *fields[FIELDS_MAX], size_t *count)
{
	*count = 0;
	if (!*at)
		return NULL;
	for (;;) {
		char *out = at;
		bool quoted = *at == '"';
		assert_true(*count < FIELDS_MAX);
		fields[(*count)++] = at;
		for (at += quoted;
		     quoted ? !(at[0] == '"' && at[1] != '"') : !strchr(",\r\n", *at);) {
			assert_true(*at);
			at += quoted && *at == '"';
			*out++ = *at++;
		}
		at += quoted;
		char end = *at++;
		*out = '\0';
		if (end == '\r')
			assert_int_equal(*at++, '\n');
		if (end != ',')
			return at;
	}
}

static size_t column(char *const *heads, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(heads[i], name) == 0)
			return i;
	fail_msg("no column %s", name);
	return 0;
}

static void csv_re_added_gives_every_sum(void **state)
{
	(void)state;
	for (size_t i = 0; i < CITIES; i++) {
		struct run run = suiren_expect(0, "export demo/%s --format csv", cities[i]);
		json_t *books = json_object(), *told = balances_of(cities[i]);
		char *heads[FIELDS_MAX], *fields[FIELDS_MAX];
		size_t width, count, rows = 0;
		char *at = csv_row(run.out, heads, &width);
		size_t kind = column(heads, width, "transfer_kind"),
		       unit = column(heads, width, "unit"), amount = column(heads, width, "amount"),
		       debit = column(heads, width, "debit"),
		       credit = column(heads, width, "credit");
		while ((at = csv_row(at, fields, &count)) != NULL) {
			assert_int_equal(count, width);
			transfer_add(books, fields[kind], fields[unit],
			    strtoll(fields[amount], NULL, 10), fields[debit], fields[credit]);
			rows++;
		}
		assert_true(rows > 5);
		assert_same(cities[i], "csv", told, books);
		json_decref(books);
		json_decref(told);
		run_free(&run);
	}
}

/* --- jsonl ------------------------------------------------------------------------------------------------------- */

static const char *text_of(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	assert_non_null(text);
	return text;
}

static void jsonl_re_added_gives_every_sum(void **state)
{
	(void)state;
	size_t pending = 0;
	for (size_t i = 0; i < CITIES; i++) {
		struct run run = suiren_expect(0, "export demo/%s --format jsonl", cities[i]);
		json_t *books = json_object(), *told = balances_of(cities[i]);
		for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n")) {
			json_t *one = json_loads(line, 0, NULL);
			assert_non_null(one);
			transfer_add(books, text_of(one, "transfer_kind"), text_of(one, "unit"),
			    json_integer_value(json_object_get(one, "amount")),
			    text_of(one, "debit"), text_of(one, "credit"));
			pending += strcmp(text_of(one, "transfer_kind"), "pending") == 0;
			json_decref(one);
		}
		assert_same(cities[i], "jsonl", told, books);
		json_decref(books);
		json_decref(told);
		run_free(&run);
	}
	assert_true(pending > 0);
}

/* --- hledger ----------------------------------------------------------------------------------------------------- */

/* "payable:city:500000" back to the account's name: ':' was '/', %XX was the byte. */
static void account_name(const char *told, char name[NAME_MAX_BYTES])
{
	size_t size = 0;
	for (; *told; told++) {
		unsigned byte = 0;
		assert_true(size < NAME_MAX_BYTES - 1);
		if (*told == '%') {
			assert_int_equal(sscanf(told + 1, "%2X", &byte), 1);
			told += 2;
		}
		name[size++] = byte ? (char)byte : *told == ':' ? '/' : *told;
	}
	name[size] = '\0';
}

/* "-1234.56" in fen, "-90" in minutes: digits without the point. */
static json_int_t amount_of(const char *text, const char *unit)
{
	const char *point = strchr(text, '.');
	char digits[64];
	size_t size = 0;
	for (const char *c = text; *c && size < sizeof(digits) - 3; c++)
		if (*c != '.')
			digits[size++] = *c;
	if (strcmp(unit, "CNY") == 0) {
		size_t decimals = point ? strlen(point + 1) : 0;
		assert_true(decimals <= 2);
		for (; decimals < 2; decimals++)
			digits[size++] = '0';
	} else {
		assert_null(point);
	}
	digits[size] = '\0';
	return strtoll(digits, NULL, 10);
}

static json_int_t sum_of(json_t *sums, int which)
{
	return json_integer_value(json_array_get(sums, (size_t)which));
}

static void hledger_comes_to_the_balances_of_every_city_and_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < CITIES; i++) {
		suiren_must(0, "export demo/%s --format hledger >%s.journal", cities[i], cities[i]);
		struct run run = shell(
		    "hledger -f %s.journal balance --flat --empty --no-total --layout=bare -O csv",
		    cities[i]);
		if (run.status != 0)
			print_error("%s", run.err);
		assert_int_equal(run.status, 0);
		json_t *told = balances_of(cities[i]), *sums;
		char *fields[FIELDS_MAX], *at;
		const char *key;
		size_t count, rows = 0;
		at = csv_row(run.out, fields, &count);
		while ((at = csv_row(at, fields, &count)) != NULL) {
			char name[NAME_MAX_BYTES], wanted[2 * NAME_MAX_BYTES];
			assert_int_equal(count, 3);
			account_name(fields[0], name);
			snprintf(wanted, sizeof(wanted), "%s %s", name, fields[1]);
			sums = json_object_get(told, wanted);
			if (!sums || amount_of(fields[2], fields[1]) !=
					 sum_of(sums, DEBITS) - sum_of(sums, CREDITS))
				fail_msg("%s: hledger has %s %s %s", cities[i], fields[0],
				    fields[1], fields[2]);
			json_object_del(told, wanted);
			rows++;
		}
		assert_true(rows > 5);
		/* What hledger does not know has never been booked, only been pending. */
		json_object_foreach(told, key, sums)
		    assert_int_equal(sum_of(sums, DEBITS) + sum_of(sums, CREDITS), 0);
		json_decref(told);
		run_free(&run);
	}
}

/* hledger itself insists that each transaction balances; besides, they stand in order of time. */
static void hledgers_own_checks_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < CITIES; i++) {
		suiren_must(0, "export demo/%s --format hledger >%s.journal", cities[i], cities[i]);
		struct run run = shell("hledger -f %s.journal check ordereddates", cities[i]);
		if (run.status != 0)
			print_error("%s", run.err);
		assert_int_equal(run.status, 0);
		run_free(&run);
	}
}

/* A changed figure is a difference: the comparison sees a fen. */
static void a_fen_too_much_is_seen(void **state)
{
	(void)state;
	json_t *told = balances_of(cities[0]), *added = json_deep_copy(told);
	const char *key = json_object_iter_key(json_object_iter(told));
	json_t *sums = json_object_get(added, key);
	json_array_set_new(sums, DEBITS, json_integer(sum_of(sums, DEBITS) + 1));
	assert_false(json_equal(told, added));
	json_decref(told);
	json_decref(added);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(csv_re_added_gives_every_sum),
	    cmocka_unit_test(jsonl_re_added_gives_every_sum),
	    cmocka_unit_test(hledger_comes_to_the_balances_of_every_city_and_unit),
	    cmocka_unit_test(hledgers_own_checks_pass),
	    cmocka_unit_test(a_fen_too_much_is_seen),
	};
	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
