/* The moments of the schedule, in Beijing time: days and hours worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "calendar.h"
#include "schedule.h"

static int64_t at(int year, int month, int day, int hour, int minute)
{
	return day_start_ms(day_of(year, month, day)) + (hour * 60 + minute) * INT64_C(60000);
}

static void a_cut_is_of_today_from_its_minute_on(void **state)
{
	const struct node_schedule schedule = {.cut_minute = 10};
	(void)state;
	assert_true(schedule_last_cut(&schedule, at(2026, 11, 1, 0, 10)) == at(2026, 11, 1, 0, 10));
	assert_true(
	    schedule_last_cut(&schedule, at(2026, 11, 1, 0, 10) - 1) == at(2026, 10, 31, 0, 10));
	assert_true(
	    schedule_last_cut(&schedule, at(2026, 11, 1, 23, 59)) == at(2026, 11, 1, 0, 10));
	assert_true(schedule_last_cut(&schedule, at(2027, 1, 1, 0, 0)) == at(2026, 12, 31, 0, 10));
	/* 00:10 in Beijing is 16:10 of the day before in Greenwich: 2026-10-31T16:10Z = 1793463000 s. */
	assert_true(schedule_last_cut(&schedule, INT64_C(1793463000000)) == INT64_C(1793463000000));
}

static void clearings_are_of_the_month_before(void **state)
{
	const struct node_schedule schedule = {
	    .cut_minute = MINUTE_NEVER, .clearing_day = 21, .clearing_minute = 120};
	uint32_t month;
	(void)state;
	assert_true(schedule_last_clearing(&schedule, at(2026, 11, 21, 2, 0), &month) ==
		    at(2026, 11, 21, 2, 0));
	assert_int_equal(month, 202610);
	assert_true(schedule_last_clearing(&schedule, at(2026, 11, 21, 1, 59), &month) ==
		    at(2026, 10, 21, 2, 0));
	assert_int_equal(month, 202609);
	assert_true(schedule_last_clearing(&schedule, at(2027, 1, 31, 0, 0), &month) ==
		    at(2027, 1, 21, 2, 0));
	assert_int_equal(month, 202612);
	assert_true(schedule_last_clearing(&schedule, at(2027, 1, 20, 23, 0), &month) ==
		    at(2026, 12, 21, 2, 0));
	assert_int_equal(month, 202611);
	assert_true(schedule_last_clearing(&schedule, at(2027, 2, 1, 0, 0), &month) ==
		    at(2027, 1, 21, 2, 0));
	assert_int_equal(month, 202612);
}

static void without_a_schedule_nothing_is_ever_due(void **state)
{
	const struct node_schedule schedule = {.cut_minute = MINUTE_NEVER};
	uint32_t month = 1;
	(void)state;
	assert_true(schedule_last_cut(&schedule, at(2026, 11, 21, 2, 0)) == INT64_MIN);
	assert_true(schedule_last_clearing(&schedule, at(2026, 11, 21, 2, 0), &month) == INT64_MIN);
	assert_int_equal(month, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_cut_is_of_today_from_its_minute_on),
	    cmocka_unit_test(clearings_are_of_the_month_before),
	    cmocka_unit_test(without_a_schedule_nothing_is_ever_due),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
