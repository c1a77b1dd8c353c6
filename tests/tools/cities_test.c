/* What two cities have booked about each other, in the books of both, after a demo: every account that one keeps for what it owes
 * is the mirror of the other's for what it is owed (S3), and what the cities have paid each other sums to zero (S5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"

#define CITIES 4
static const char *const cities[CITIES] = {"510100", "500000", "510800", "511300"};
static json_t *books[CITIES]; /* as `balance --json` */

static int city_of(const char *code)
{
	for (int i = 0; i < CITIES; i++)
		if (strncmp(code, cities[i], 6) == 0)
			return i;
	fail_msg("no city: %s", code);
	return -1;
}

static json_int_t sum(json_t *account, const char *side)
{
	return account ? json_integer_value(json_object_get(account, side)) : 0;
}

static json_t *account_of(int city, const char *name)
{
	size_t i;
	json_t *account;
	json_array_foreach(books[city], i,
	    account) if (strcmp(json_string_value(json_object_get(account, "account")), name) ==
			 0) return account;
	return NULL;
}

/* The account `mine` of `city` against `theirs` of `other`: debits there are credits here. */
static void assert_mirror(int city, json_t *mine, int other, const char *theirs)
{
	json_t *mirror = account_of(other, theirs);
	const char *name = json_string_value(json_object_get(mine, "account"));
	if (!mirror || sum(mine, "debits") != sum(mirror, "credits") ||
	    sum(mine, "credits") != sum(mirror, "debits"))
		fail_msg("%s of %s and %s of %s are no mirrors", name, cities[city], theirs,
		    cities[other]);
	assert_int_equal(sum(mine, "pending_debits") + sum(mine, "pending_credits"), 0);
}

/* Calls `see` for each account whose name starts with `prefix`, with what follows it; returns how many there were. */
typedef void account_see(int city, json_t *account, const char *rest);
static unsigned each_account(const char *prefix, account_see *see)
{
	unsigned count = 0;
	for (int city = 0; city < CITIES; city++) {
		size_t i;
		json_t *account;
		json_array_foreach(books[city], i, account)
		{
			const char *name = json_string_value(json_object_get(account, "account"));
			if (strncmp(name, prefix, strlen(prefix)) != 0)
				continue;
			see(city, account, name + strlen(prefix));
			count++;
		}
	}
	return count;
}

static void see_payable(int city, json_t *account, const char *rest)
{
	char theirs[128];
	snprintf(theirs, sizeof theirs, "receivable/city/%s%s", cities[city], rest + 6);
	assert_mirror(city, account, city_of(rest), theirs);
}

static void see_receivable(int city, json_t *account, const char *rest)
{
	char theirs[128];
	snprintf(theirs, sizeof theirs, "payable/city/%s%s", cities[city], rest + 6);
	assert_mirror(city, account, city_of(rest), theirs);
}

static void see_clearing(int city, json_t *account, const char *rest)
{
	char theirs[128];
	const char *other = strchr(rest, '/') + 1;
	snprintf(theirs, sizeof theirs, "clearing/%.*s%s", (int)(other - rest), rest, cities[city]);
	assert_mirror(city, account, city_of(other), theirs);
	assert_int_equal(sum(account, "debits"), sum(account, "credits"));
}

static void what_a_city_owes_is_what_the_other_is_owed(void **state)
{
	(void)state;
	unsigned payable = each_account("payable/city/", see_payable);
	assert_true(payable > CITIES);
	assert_int_equal(each_account("receivable/city/", see_receivable), payable);
}

static void what_is_cleared_is_paid_and_received(void **state)
{
	(void)state;
	assert_true(each_account("clearing/", see_clearing) > CITIES);
}

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "demo --dir demo --residents 8000 --months 2 --seed 5");
	for (int i = 0; i < CITIES; i++) {
		json_error_t wrong;
		struct run run = suiren_expect(0, "balance demo/%s --json", cities[i]);
		books[i] = json_loads(run.out, 0, &wrong);
		assert_non_null(books[i]);
		run_free(&run);
	}
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	for (int i = 0; i < CITIES; i++)
		json_decref(books[i]);
	workshop_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_city_owes_is_what_the_other_is_owed),
	    cmocka_unit_test(what_is_cleared_is_paid_and_received),
	};
	return cmocka_run_group_tests_name("tools/cities", tests, open_workshop, close_workshop);
}
