/* Days that a city states of itself: none to come, none before one that it has stated in whatever document. Chengdu owes Chongqing. */
#include "pair.h"

#include "stated_day.h"

struct fixture {
	struct city chengdu, chongqing;
	struct city *cities[2];
	struct post post;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	city_open(&fixture->chengdu, CHENGDU);
	city_open(&fixture->chongqing, CHONGQING);
	fixture->cities[0] = &fixture->chengdu;
	fixture->cities[1] = &fixture->chongqing;
	fixture->chengdu.settlement.options.demo = false;
	fixture->chongqing.settlement.options.demo = false;
	pair_at(fixture->cities, 2, day(2026, 10, 15));
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	post_free(&fixture->post);
	city_close(&fixture->chengdu);
	city_close(&fixture->chongqing);
	free(fixture);
	return 0;
}

/* A cut at Chengdu on a day, stated to Chongqing while it is the 15th there. */
static enum error state_cut(struct fixture *fixture, int32_t on)
{
	enum error error;

	pair_at(fixture->cities, 1, on);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 1000);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	error = pair_deliver_one(fixture->cities, 2, &fixture->post);
	post_free(&fixture->post);
	return error;
}

static void a_cut_on_a_day_to_come_is_refused(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(state_cut(fixture, day(2026, 10, 17)), ERROR_RANGE);
	assert_non_null(strstr(fixture->chongqing.detail.text, "2026-10-17"));
}

static void a_cut_of_tomorrow_may_be_a_clock_that_is_ahead(void **state)
{
	assert_int_equal(state_cut(*state, day(2026, 10, 16)), ERROR_NONE);
}

static void a_day_far_to_come_is_refused_between_demo_nodes_too(void **state)
{
	struct fixture *fixture = *state;

	fixture->chongqing.settlement.options.demo = true;
	assert_int_equal(state_cut(fixture, day(2026, 12, 17)), ERROR_RANGE);
}

static void a_statement_that_is_weeks_late_is_taken(void **state)
{
	assert_int_equal(state_cut(*state, day(2026, 9, 1)), ERROR_NONE);
}

/* Chengdu has said in another document that it was the 10th already. */
static void a_day_before_one_that_was_stated_before_is_refused(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(
	    stated_day_put(fixture->chongqing.txn, CHENGDU, day(2026, 10, 10)), ERROR_NONE);
	assert_int_equal(state_cut(fixture, day(2026, 10, 9)), ERROR_RANGE);
	assert_non_null(strstr(fixture->chongqing.detail.text, "2026-10-10"));
}

static void what_another_city_has_stated_binds_nobody_else(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(
	    stated_day_put(fixture->chongqing.txn, GUANGYUAN, day(2026, 10, 10)), ERROR_NONE);
	assert_int_equal(state_cut(fixture, day(2026, 10, 9)), ERROR_NONE);
	/* And its own now does. */
	assert_int_equal(stated_day_check(&fixture->chongqing.settlement, fixture->chongqing.txn,
			     CHENGDU, day(2026, 10, 8), fixture->chongqing.now_ms, "a test", NULL),
	    ERROR_RANGE);
	assert_int_equal(stated_day_check(&fixture->chongqing.settlement, fixture->chongqing.txn,
			     CHENGDU, day(2026, 10, 9), fixture->chongqing.now_ms, "a test", NULL),
	    ERROR_NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_cut_on_a_day_to_come_is_refused),
	    TEST(a_cut_of_tomorrow_may_be_a_clock_that_is_ahead),
	    TEST(a_day_far_to_come_is_refused_between_demo_nodes_too),
	    TEST(a_statement_that_is_weeks_late_is_taken),
	    TEST(a_day_before_one_that_was_stated_before_is_refused),
	    TEST(what_another_city_has_stated_binds_nobody_else),
	};

	return cmocka_run_group_tests_name("settlement/stated_day", tests, NULL, NULL);
}
