#include "testing.h"

#include "calendar.h"

/* --- days --------------------------------------------------------------------------------------------------- */

static bool leap(int year)
{
	return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
}

/* An oracle that counts: every day from 1900-01-01, which is 25567 days before 1970-01-01, to 2199-12-31. */
static void every_day_has_the_number_that_counting_gives(void **state)
{
	static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int32_t number = -25567;
	(void)state;
	for (int year = 1900; year <= 2199; year++) {
		for (int month = 1; month <= 12; month++) {
			int days = lengths[month - 1] + (month == 2 && leap(year));
			uint32_t yyyymm = (uint32_t)(year * 100 + month);
			assert_int_equal(month_days(yyyymm), days);
			assert_int_equal(month_first_day(yyyymm), number);
			assert_int_equal(month_last_day(yyyymm), number + days - 1);
			for (int day = 1; day <= days; day++, number++) {
				int y, m, d;
				assert_true(day_is_real(year, month, day));
				assert_int_equal(day_of(year, month, day), number);
				day_split(number, &y, &m, &d);
				assert_true(y == year && m == month && d == day);
				assert_int_equal(month_of_day(number), yyyymm);
			}
			assert_false(day_is_real(year, month, days + 1));
			assert_false(day_is_real(year, month, 0));
		}
	}
	/* 300 years with 73 leap days: 1900, 2100 have none, 2000 has one. */
	assert_int_equal(number + 25567, 300 * 365 + 73);
}

/* Known from outside: the epoch, the leap day of 2000, and Unix days of `date -ud 2026-10-31 +%s`. */
static void known_days(void **state)
{
	(void)state;
	assert_int_equal(day_of(1970, 1, 1), 0);
	assert_int_equal(day_of(2000, 2, 29), 11016);
	assert_int_equal(day_of(2026, 10, 31), 1793404800 / 86400);
	assert_int_equal(day_of(1946, 11, 23), -8440);
}

static void days_that_are_none(void **state)
{
	static const char *const texts[] = {"", "2026-10-3", "2026-10-031", "2026-02-29",
	    "2100-02-29", "2026-13-01", "2026-00-10", "2026-10-00", "2026-10-32", "2026/10/31",
	    "2026-10/31", "20261031", " 2026-10-3", "2026-1O-31", "+026-10-31", "-026-10-31",
	    "1899-12-31", "2200-01-01", "2026-10-31 ", "２０２６-10-31"};
	int32_t day = 5;
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_error(day_read(span_text(texts[i]), &day), ERROR_MALFORMED);
		assert_int_equal(day, 5);
	}
}

static void a_day_is_written_as_it_is_read(void **state)
{
	static const char *const texts[] = {"1900-01-01", "2024-02-29", "2026-10-31", "2199-12-31"};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char text[DAY_TEXT_SIZE];
		int32_t day;
		assert_good(day_read(span_text(texts[i]), &day));
		day_write(day, text);
		assert_string_equal(text, texts[i]);
	}
}

/* --- months ------------------------------------------------------------------------------------------------- */

static void months_are_read_written_and_follow_one_another(void **state)
{
	static const char *const bad[] = {"", "2026-1", "2026-13", "2026-00", "2026/10", "202610",
	    "2026-010", "1899-12", "2200-01", "2026-1a"};
	uint32_t month = 7;
	char text[8];
	(void)state;
	assert_good(month_read(span_text("2026-10"), &month));
	assert_int_equal(month, 202610);
	month_write(202601, text);
	assert_string_equal(text, "2026-01");
	assert_int_equal(month_next(202611), 202612);
	assert_int_equal(month_next(202612), 202701);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		month = 7;
		assert_error(month_read(span_text(bad[i]), &month), ERROR_MALFORMED);
		assert_int_equal(month, 7);
	}
	assert_true(month_is_real(190001) && month_is_real(219912));
	assert_false(month_is_real(202613) || month_is_real(202600) || month_is_real(189912) ||
		     month_is_real(220001) || month_is_real(0) || month_is_real(UINT32_MAX));
}

/* --- Beijing time ------------------------------------------------------------------------------------------- */

/* 2026-10-31T16:00:00Z is midnight in Beijing: 1793462400 seconds. */
static void a_day_begins_at_midnight_in_beijing(void **state)
{
	int64_t midnight = INT64_C(1793462400000);
	char text[32];
	(void)state;
	assert_int_equal(day_of_time(midnight), day_of(2026, 11, 1));
	assert_int_equal(day_of_time(midnight - 1), day_of(2026, 10, 31));
	assert_true(day_start_ms(day_of(2026, 11, 1)) == midnight);
	time_write(midnight, text);
	assert_string_equal(text, "2026-11-01T00:00:00.000+08:00");
	time_write(midnight - 1, text);
	assert_string_equal(text, "2026-10-31T23:59:59.999+08:00");
}

static void times_before_1970_have_their_day_too(void **state)
{
	char text[32];
	(void)state;
	assert_int_equal(day_of_time(0), 0);
	assert_int_equal(day_of_time(INT64_C(-8) * 3600 * 1000), 0);
	assert_int_equal(day_of_time(INT64_C(-8) * 3600 * 1000 - 1), -1);
	for (int32_t day = -800; day <= 800; day++) {
		assert_int_equal(day_of_time(day_start_ms(day)), day);
		assert_int_equal(day_of_time(day_start_ms(day) - 1), day - 1);
		assert_int_equal(day_of_time(day_start_ms(day) + 86399999), day);
	}
	time_write(-1, text);
	assert_string_equal(text, "1970-01-01T07:59:59.999+08:00");
}

static void a_time_is_read_to_the_second_or_the_millisecond_in_beijing_or_greenwich(void **state)
{
	static const char *const same[] = {"2026-11-01", "2026-11-01T00:00:00+08:00",
	    "2026-11-01T00:00:00.000+08:00", "2026-10-31T16:00:00Z", "2026-10-31T16:00:00.000Z"};
	static const char *const wrong[] = {"", "2026-11", "2026-11-31", "2026-11-01 00:00:00",
	    "2026-11-01T00:00", "2026-11-01T24:00:00Z", "2026-11-01T00:60:00Z",
	    "2026-11-01T00:00:60Z", "2026-11-01T00:00:00", "2026-11-01T00:00:00+09:00",
	    "2026-11-01T00:00:00.1Z", "2026-11-01T00:00:00Zulu", "2026-11-01T0:00:00Z"};
	int64_t ms;
	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		assert_good(time_read(same[i], &ms));
		assert_true(ms == INT64_C(1793462400000));
	}
	assert_good(time_read("2026-11-01T09:30:15.123+08:00", &ms));
	assert_true(ms == INT64_C(1793462400000) + 34215123);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (time_read(wrong[i], &ms) != ERROR_MALFORMED)
			fail_msg("%s", wrong[i]);
}

/* --- age ---------------------------------------------------------------------------------------------------- */

static void a_year_is_complete_on_the_birthday(void **state)
{
	int32_t birth = day_of(1946, 11, 23);
	(void)state;
	assert_int_equal(age_on(birth, day_of(2026, 11, 22)), 79);
	assert_int_equal(age_on(birth, day_of(2026, 11, 23)), 80);
	assert_int_equal(age_on(birth, day_of(2026, 12, 1)), 80);
	assert_int_equal(age_on(birth, day_of(2027, 1, 1)), 80);
	assert_int_equal(age_on(birth, birth), 0);
	assert_int_equal(age_on(birth, birth - 1), -1);
}

/* 民法典 202: where the month has no such day, its last day ends the term. */
static void the_29th_of_february_ends_on_the_28th_in_common_years(void **state)
{
	int32_t birth = day_of(1944, 2, 29);
	(void)state;
	assert_int_equal(age_on(birth, day_of(2024, 2, 28)), 79);
	assert_int_equal(age_on(birth, day_of(2024, 2, 29)), 80);
	assert_int_equal(age_on(birth, day_of(2025, 2, 27)), 80);
	assert_int_equal(age_on(birth, day_of(2025, 2, 28)), 81);
	assert_int_equal(age_on(birth, day_of(2100, 2, 28)), 156);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_day_has_the_number_that_counting_gives),
	    cmocka_unit_test(known_days),
	    cmocka_unit_test(days_that_are_none),
	    cmocka_unit_test(a_day_is_written_as_it_is_read),
	    cmocka_unit_test(months_are_read_written_and_follow_one_another),
	    cmocka_unit_test(a_day_begins_at_midnight_in_beijing),
	    cmocka_unit_test(times_before_1970_have_their_day_too),
	    cmocka_unit_test(
		a_time_is_read_to_the_second_or_the_millisecond_in_beijing_or_greenwich),
	    cmocka_unit_test(a_year_is_complete_on_the_birthday),
	    cmocka_unit_test(the_29th_of_february_ends_on_the_28th_in_common_years),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
