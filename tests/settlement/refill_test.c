/* The float and its refill, by figures worked by hand: Guangyuan is the host and advances what Chengdu owes for its guests, 10.00 a night of
 * June. Its float holds 500.00. */
#include "clearing.h"
#include "payment.h"
#include "refill.h"
#include "remote.h"

static const struct programme_text care = {.code = "care_subsidy"};

#define NIGHT 1000
#define FLOAT 50000

struct desk {
	struct pair pair;
	uint64_t person;
	int64_t treasury; /* the host's, when the float is filled */
};

static int set_up(void **state)
{
	static struct catalogue_text text;
	struct desk *desk = calloc(1, sizeof(*desk));
	assert_non_null(desk);
	pair_open(&desk->pair, &care, 1, &care, 1);
	catalogue_of(&text, GUANGYUAN, 2, &care, 1);
	/* "pays_from_float: false" becomes true; the length stays. */
	char *at = strstr(text.text, "float: false");
	assert_non_null(at);
	memcpy(at, "float: true ", 12);
	assert_int_equal(town_policy(&desk->pair.host, catalogue_span(&text)), ERROR_NONE);
	town_fund(&desk->pair.host, NULL, FLOAT);
	desk->person =
	    traveller(&desk->pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	desk->treasury = -town_credit(&desk->pair.host, "treasury");
	pair_at(&desk->pair, day(2026, 7, 2));
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;
	pair_close(&desk->pair);
	free(desk);
	return 0;
}

/* Approved in the window that is open, for these nights. */
static void earn(struct desk *desk, unsigned first, unsigned last)
{
	expect_paid(judge(&desk->pair, CHENGDU, desk->person, "care_subsidy", first, last),
	    (int64_t)(last - first + 1) * NIGHT);
}

static enum error pay(struct town *town, enum payment_kind kind, const char *name)
{
	struct buffer parameters = {0};
	payment_parameters_write(&parameters, kind, name, "");
	return town_order(town, KIND_payment_order, &parameters, PAYMENT_PARAMETERS, NULL, 0);
}

static unsigned says(struct town *town, enum bank_fact fact, const char *id, int64_t fen)
{
	struct bank_line line = {.fact = fact, .amount_fen = fen, .day = day_of_time(town->now_ms)};
	struct buffer lines = {0};
	snprintf(line.end_to_end, sizeof(line.end_to_end), "%s", id);
	bank_line_write(&lines, &line);
	if (town_order(town, KIND_bank, NULL, 0, &lines, 1))
		fail_msg("%s", town->detail.text);
	return town_reason(town, 0);
}

static void advance_id(char id[END_TO_END_SIZE], const char *name)
{
	payment_end_to_end(GUANGYUAN, PAYMENT_ADVANCE, name, HOUSE_D, 1, id);
}

static void advanced(struct desk *desk, const char *name, enum bank_fact fact, int64_t fen)
{
	char id[END_TO_END_SIZE];
	advance_id(id, name);
	assert_int_equal(pay(&desk->pair.host, PAYMENT_ADVANCE, name), ERROR_NONE);
	assert_int_equal(says(&desk->pair.host, fact, id, fen),
	    fact == BANK_BOOKED ? REASON_booked : REASON_rejected);
}

static void cut(struct desk *desk, int32_t on)
{
	struct buffer parameter = {0};
	pair_at(&desk->pair, on);
	codec_put_null(&parameter);
	assert_int_equal(
	    town_order(&desk->pair.home, KIND_cut, &parameter, 1, NULL, 0), ERROR_NONE);
	carry(&desk->pair);
}

/* Of what was cut in July; Chengdu pays it. */
static void settle_july(struct desk *desk, int64_t fen)
{
	struct buffer parameters = {0};
	char id[END_TO_END_SIZE];
	pair_at(&desk->pair, day(2026, 8, 21));
	codec_put_uint(&parameters, 202607);
	codec_put_uint(&parameters, GUANGYUAN);
	assert_int_equal(
	    town_order(&desk->pair.home, KIND_clearing, &parameters, 2, NULL, 0), ERROR_NONE);
	carry(&desk->pair);
	payment_end_to_end(CHENGDU, PAYMENT_CLEARING, "202607", "510800", 1, id);
	assert_int_equal(pay(&desk->pair.home, PAYMENT_CLEARING, "202607"), ERROR_NONE);
	assert_int_equal(says(&desk->pair.home, BANK_BOOKED, id, fen), REASON_booked);
	assert_int_equal(says(&desk->pair.host, BANK_CREDITED, id, fen), REASON_received);
	carry(&desk->pair);
}

static enum error refill(struct desk *desk)
{
	return town_order(&desk->pair.host, KIND_refill, NULL, 0, NULL, 0);
}

/* What the host has, in the float and beside it. */
static void expect_cash(struct desk *desk, int64_t in_float, int64_t more_in_treasury)
{
	assert_int_equal(-town_credit(&desk->pair.host, "float"), in_float);
	assert_int_equal(
	    -town_credit(&desk->pair.host, "treasury") - desk->treasury, more_in_treasury);
}

static void the_float_is_whole_again_when_the_clearing_is_paid(void **state)
{
	struct desk *desk = *state;
	earn(desk, 1, 30);
	advanced(desk, "july", BANK_BOOKED, 30000);
	expect_cash(desk, 20000, 0);
	assert_int_equal(town_remote(&desk->pair.host, HOUSE_D), 0);
	assert_int_equal(refill(desk), ERROR_STATE);
	cut(desk, day(2026, 7, 3));
	assert_int_equal(refill(desk), ERROR_STATE);
	settle_july(desk, 30000);
	expect_cash(desk, 20000, 30000);
	assert_int_equal(refill(desk), ERROR_NONE);
	expect_cash(desk, FLOAT, 0);
	assert_int_equal(refill(desk), ERROR_STATE);
	/* The house has had its money. */
	assert_int_equal(pay(&desk->pair.host, PAYMENT_GUESTS, "202607-510100"), ERROR_STATE);
}

static void only_what_was_advanced_for_the_windows_of_the_clearing_comes_back(void **state)
{
	struct desk *desk = *state;
	earn(desk, 1, 20);
	cut(desk, day(2026, 7, 3));
	/* In the window of August. */
	pair_at(&desk->pair, day(2026, 8, 3));
	earn(desk, 21, 30);
	advanced(desk, "both", BANK_BOOKED, 30000);
	settle_july(desk, 20000);
	assert_int_equal(refill(desk), ERROR_NONE);
	/* 500.00 - 300.00 + 200.00; 100.00 are still owed for August. */
	expect_cash(desk, 40000, 0);
	assert_int_equal(refill(desk), ERROR_STATE);
}

static void an_advance_that_is_booked_after_the_clearing_was_paid_comes_back_then(void **state)
{
	struct desk *desk = *state;
	char id[END_TO_END_SIZE];
	earn(desk, 1, 30);
	assert_int_equal(pay(&desk->pair.host, PAYMENT_ADVANCE, "july"), ERROR_NONE);
	cut(desk, day(2026, 7, 3));
	settle_july(desk, 30000);
	assert_int_equal(refill(desk), ERROR_STATE);
	advance_id(id, "july");
	assert_int_equal(says(&desk->pair.host, BANK_BOOKED, id, 30000), REASON_booked);
	assert_int_equal(refill(desk), ERROR_NONE);
	expect_cash(desk, FLOAT, 0);
}

static void what_the_bank_rejects_is_due_for_its_window_again_and_fills_nothing(void **state)
{
	struct desk *desk = *state;
	char id[END_TO_END_SIZE];
	earn(desk, 1, 30);
	advanced(desk, "july", BANK_REJECTED, 30000);
	expect_cash(desk, FLOAT, 0);
	cut(desk, day(2026, 7, 3));
	settle_july(desk, 30000);
	assert_int_equal(refill(desk), ERROR_STATE);
	/* Out of the clearing's money then, once. */
	assert_int_equal(pay(&desk->pair.host, PAYMENT_GUESTS, "202607-510100"), ERROR_NONE);
	payment_end_to_end(GUANGYUAN, PAYMENT_GUESTS, "202607-510100", HOUSE_D, 1, id);
	assert_int_equal(says(&desk->pair.host, BANK_BOOKED, id, 30000), REASON_booked);
	expect_cash(desk, FLOAT, 0);
	assert_int_equal(pay(&desk->pair.host, PAYMENT_GUESTS, "202607-510100"), ERROR_STATE);
	assert_int_equal(town_remote(&desk->pair.host, HOUSE_D), 0);
}

static void what_came_back_is_in_the_float_and_is_paid_again_out_of_the_clearing(void **state)
{
	struct desk *desk = *state;
	char id[END_TO_END_SIZE], again[END_TO_END_SIZE], waiting[ACCOUNT_TEXT_SIZE];
	earn(desk, 1, 30);
	advanced(desk, "july", BANK_BOOKED, 30000);
	advance_id(id, "july");
	assert_int_equal(says(&desk->pair.host, BANK_RETURNED, id, 30000), REASON_returned);
	expect_cash(desk, FLOAT, 0);
	assert_int_equal(
	    town_credit(&desk->pair.host, account_payable_returned(waiting, id)), 30000);
	cut(desk, day(2026, 7, 3));
	settle_july(desk, 30000);
	assert_int_equal(refill(desk), ERROR_STATE);
	assert_int_equal(pay(&desk->pair.host, PAYMENT_AGAIN, id), ERROR_NONE);
	payment_end_to_end(GUANGYUAN, PAYMENT_AGAIN, id, HOUSE_D, 1, again);
	assert_int_equal(says(&desk->pair.host, BANK_BOOKED, again, 30000), REASON_booked);
	expect_cash(desk, FLOAT, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(the_float_is_whole_again_when_the_clearing_is_paid),
	    CASE(only_what_was_advanced_for_the_windows_of_the_clearing_comes_back),
	    CASE(an_advance_that_is_booked_after_the_clearing_was_paid_comes_back_then),
	    CASE(what_the_bank_rejects_is_due_for_its_window_again_and_fills_nothing),
	    CASE(what_came_back_is_in_the_float_and_is_paid_again_out_of_the_clearing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
