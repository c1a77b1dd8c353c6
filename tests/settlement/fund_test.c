#include "city.h"

#include "fund.h"

static struct fund fiscal = {.code = "fiscal", .source = SOURCE_FISCAL, .owner = CHENGDU};

static void fund_open(struct city *city, struct policy *policy)
{
	*policy = (struct policy){.funds = &fiscal, .fund_count = 1};
	city_open(city, CHENGDU);
	city_knows(city, CHENGDU, policy);
}

static void put(struct buffer *lines, const char *fund, int64_t fen, const char *reference)
{
	struct appropriation_line line = {.kind = fund ? APPROPRIATION_FUND : APPROPRIATION_FLOAT,
	    .amount = {fen},
	    .reference = span_text(reference)};
	snprintf(line.fund, sizeof(line.fund), "%s", fund ? fund : "");
	appropriation_line_write(lines, &line);
}

static enum error order(struct city *city, struct buffer *lines, uint32_t count)
{
	return city_order(city, KIND_OF(appropriation, false), lines, count);
}

static int64_t balance(struct city *city, const char *name)
{
	struct account account;
	enum error error = account_get(city->txn, span_text(name), &account);
	assert_true(error == ERROR_NONE || error == ERROR_NOT_FOUND);
	return error ? 0 : account_balance(settlement_chart, span_text(name), &account);
}

/* 2,000,000.00 into the fund, 300,000.00 of it on to the float: the treasury has 1,700,000.00. */
static void money_comes_into_the_fund_and_from_the_treasury_into_the_float(void **state)
{
	struct city city;
	struct policy policy;
	struct buffer lines = {0};
	(void)state;
	fund_open(&city, &policy);
	put(&lines, "fiscal", 200000000, "成财社〔2026〕1号");
	put(&lines, NULL, 30000000, "成财社〔2026〕2号");
	assert_int_equal(order(&city, &lines, 2), ERROR_NONE);
	assert_int_equal(city_reason(&city, 0), REASON_registered);
	assert_int_equal(city_reason(&city, 1), REASON_registered);
	assert_int_equal(balance(&city, "fund/fiscal/available"), 200000000);
	assert_int_equal(balance(&city, "treasury"), 170000000);
	assert_int_equal(balance(&city, "float"), 30000000);
	city_close(&city);
}

static void a_reference_is_booked_once(void **state)
{
	struct city city;
	struct policy policy;
	struct buffer lines = {0};
	(void)state;
	fund_open(&city, &policy);
	put(&lines, "fiscal", 100, "A/1");
	put(&lines, "fiscal", 200, "A/1"); /* the same in one order, another amount */
	put(&lines, "fiscal", 400, "A/2");
	assert_int_equal(order(&city, &lines, 3), ERROR_NONE);
	assert_int_equal(city_reason(&city, 0), REASON_registered);
	assert_int_equal(city_reason(&city, 1), REASON_duplicate);
	assert_int_equal(city_reason(&city, 2), REASON_registered);
	put(&lines, NULL, 100, "A/2"); /* and later, even for the float */
	assert_int_equal(order(&city, &lines, 1), ERROR_NONE);
	assert_int_equal(city_reason(&city, 0), REASON_duplicate);
	assert_int_equal(balance(&city, "fund/fiscal/available"), 500);
	city_close(&city);
}

static void the_float_takes_no_more_than_the_treasury_has(void **state)
{
	struct city city;
	struct policy policy;
	struct buffer lines = {0};
	(void)state;
	fund_open(&city, &policy);
	put(&lines, NULL, 1, "B/0"); /* nothing is there yet */
	put(&lines, "fiscal", 1000, "B/1");
	put(&lines, NULL, 600, "B/2");
	put(&lines, NULL, 401, "B/3"); /* 400 are left */
	put(&lines, NULL, 400, "B/4");
	assert_int_equal(order(&city, &lines, 5), ERROR_NONE);
	assert_int_equal(city_reason(&city, 0), REASON_fund_exhausted);
	assert_int_equal(city_reason(&city, 2), REASON_registered);
	assert_int_equal(city_reason(&city, 3), REASON_fund_exhausted);
	assert_int_equal(city_reason(&city, 4), REASON_registered);
	assert_int_equal(balance(&city, "treasury"), 0);
	assert_int_equal(balance(&city, "float"), 1000);
	city_close(&city);
}

static void a_fund_must_be_in_the_catalogue(void **state)
{
	struct city city;
	struct policy policy;
	struct buffer lines = {0};
	(void)state;
	fund_open(&city, &policy);
	put(&lines, "lottery", 100, "C/1");
	assert_int_equal(order(&city, &lines, 1), ERROR_NONE);
	assert_int_equal(city_reason(&city, 0), REASON_not_in_force);
	assert_int_equal(balance(&city, "treasury"), 0);
	city_close(&city);
}

static void amounts_and_references_have_bounds(void **state)
{
	static const struct {
		const char *fund, *reference;
		int64_t fen;
	} cases[] = {
	    {"fiscal", "D/1", 0},
	    {"fiscal", "D/1", -1},
	    {"fiscal", "D/1", AMOUNT_MAX + 1},
	    {"fiscal", "D/1", INT64_MIN},
	    {"fiscal", "", 1},
	    {"fiscal", "a reference of sixty-five bytes: one more than what it may have..", 1},
	    {"", "D/1", 1},
	};
	struct city city;
	struct policy policy;
	struct buffer lines = {0};
	(void)state;
	assert_int_equal(strlen(cases[5].reference), REFERENCE_MAX + 1);
	fund_open(&city, &policy);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(&lines, cases[i].fund, cases[i].fen, cases[i].reference);
		assert_int_equal(order(&city, &lines, 1), ERROR_MALFORMED);
		assert_string_equal(city.detail.text, "line 1: not the line of an appropriation");
	}
	assert_int_equal(balance(&city, "treasury"), 0);
	city_close(&city);
}

/* Apply cannot refuse: what would overflow an account is refused before. */
static void sums_that_do_not_fit_are_refused(void **state)
{
	struct city city;
	struct policy policy;
	struct buffer lines = {0};
	(void)state;
	fund_open(&city, &policy);
	put(&lines, "fiscal", AMOUNT_MAX, "E/1");
	put(&lines, "fiscal", 1, "E/2");
	assert_int_equal(order(&city, &lines, 2), ERROR_OVERFLOW);
	put(&lines, "fiscal", AMOUNT_MAX, "E/1");
	assert_int_equal(order(&city, &lines, 1), ERROR_NONE);
	put(&lines, "fiscal", 1, "E/2");
	assert_int_equal(order(&city, &lines, 1), ERROR_OVERFLOW);
	assert_int_equal(balance(&city, "fund/fiscal/available"), AMOUNT_MAX);
	city_close(&city);
}

static void a_frozen_account_takes_nothing(void **state)
{
	struct city city;
	struct policy policy;
	struct buffer lines = {0};
	(void)state;
	fund_open(&city, &policy);
	put(&lines, "fiscal", 100, "F/1");
	assert_int_equal(order(&city, &lines, 1), ERROR_NONE);
	assert_int_equal(
	    account_set_flags(city.txn, span_text("fund/fiscal/available"), true, false),
	    ERROR_NONE);
	put(&lines, "fiscal", 100, "F/2");
	assert_int_equal(order(&city, &lines, 1), ERROR_FROZEN);
	assert_non_null(strstr(city.detail.text, "fund/fiscal/available"));
	city_close(&city);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(money_comes_into_the_fund_and_from_the_treasury_into_the_float),
	    cmocka_unit_test(a_reference_is_booked_once),
	    cmocka_unit_test(the_float_takes_no_more_than_the_treasury_has),
	    cmocka_unit_test(a_fund_must_be_in_the_catalogue),
	    cmocka_unit_test(amounts_and_references_have_bounds),
	    cmocka_unit_test(sums_that_do_not_fit_are_refused),
	    cmocka_unit_test(a_frozen_account_takes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
