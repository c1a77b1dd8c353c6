#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "programme.h"

static int32_t day(int year, int month, int day_of_month)
{
	return day_of(year, month, day_of_month);
}

/* --- a part of a month -------------------------------------------------------------------------------------- */

/* By hand: R(1) = 161.29, R(2) = 322.58, R(31) = 5000: {1} {2} {3..31} = 161 + 162 + 4677; rounded alone it would be 4999. */
static void pieces_of_a_month_sum_up_to_the_whole(void **state)
{
	(void)state;
	assert_true(programme_share(5000, 31, 1, 1) == 161);
	assert_true(programme_share(5000, 31, 2, 2) == 162);
	assert_true(programme_share(5000, 31, 3, 31) == 4677);
	assert_true(programme_share(5000, 31, 1, 31) == 5000);
	/* A move on 12 June: nights 1..11, 1833.33, and 12..30. */
	assert_true(programme_share(5000, 30, 1, 11) == 1833);
	assert_true(programme_share(5000, 30, 12, 30) == 3167);
}

/* Exactly a half goes up: 15 days of 1 fen in 30 are half a fen. */
static void halves_go_up(void **state)
{
	(void)state;
	assert_true(programme_share(1, 30, 1, 15) == 1);
	assert_true(programme_share(1, 30, 1, 14) == 0);
	assert_true(programme_share(1, 30, 16, 30) == 0);
	assert_true(programme_share(0, 31, 1, 31) == 0);
}

/* The definition, computed with more room than the module needs. */
static int64_t defined_share(int64_t amount, unsigned days, unsigned first, unsigned last)
{
	__extension__ typedef __int128 wide;
	wide upto = ((wide)2 * amount * last + days) / (2 * (int)days);
	wide before = ((wide)2 * amount * (first - 1) + days) / (2 * (int)days);
	return (int64_t)(upto - before);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t seeded(void)
{
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)getpid() * 2654435761u + 1;
	print_message("SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

/* Every day's worth is that of the definition, also for the largest amounts, and no cutting of a month loses or makes a fen. */
static void any_cutting_of_any_amount_is_exact(void **state)
{
	uint64_t random = seeded();
	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		int64_t amount =
		    (int64_t)(next_random(&random) % (uint64_t)AMOUNT_MAX) >> (round % 60);
		unsigned days = 28 + (unsigned)(next_random(&random) % 4), first = 1;
		int64_t sum = 0;
		while (first <= days) {
			unsigned last =
			    first + (unsigned)(next_random(&random) % (days - first + 1));
			int64_t share = programme_share(amount, days, first, last);
			assert_true(share == defined_share(amount, days, first, last));
			assert_true(share >= 0);
			sum += share;
			first = last + 1;
		}
		assert_true(sum == amount);
	}
}

/* --- age ---------------------------------------------------------------------------------------------------- */

/* Born 1946-11-23: 80 on 2026-11-23. By the day it counts from that day; by the month from all of November; by the next
 * month from December. */
static void an_age_counts_from_the_day_the_month_or_the_next_month(void **state)
{
	const struct programme by_day = {.starts = STARTS_DAY}, by_month = {.starts = STARTS_MONTH},
			       by_next = {.starts = STARTS_NEXT_MONTH};
	int32_t birth = day(1946, 11, 23);
	(void)state;
	assert_int_equal(programme_age(&by_day, birth, day(2026, 11, 22)), 79);
	assert_int_equal(programme_age(&by_day, birth, day(2026, 11, 23)), 80);
	assert_int_equal(programme_age(&by_month, birth, day(2026, 10, 31)), 79);
	assert_int_equal(programme_age(&by_month, birth, day(2026, 11, 1)), 80);
	assert_int_equal(programme_age(&by_next, birth, day(2026, 11, 30)), 79);
	assert_int_equal(programme_age(&by_next, birth, day(2026, 12, 1)), 80);
}

/* Who is born on 29 February completes a year on 28 February of a common year (that day's end is the end of the term). */
static void a_birthday_of_29_february_is_the_28th_in_common_years(void **state)
{
	const struct programme by_day = {.starts = STARTS_DAY}, by_month = {.starts = STARTS_MONTH},
			       by_next = {.starts = STARTS_NEXT_MONTH};
	int32_t birth = day(1936, 2, 29);
	(void)state;
	assert_int_equal(programme_age(&by_day, birth, day(2026, 2, 27)), 89);
	assert_int_equal(programme_age(&by_day, birth, day(2026, 2, 28)), 90);
	assert_int_equal(programme_age(&by_month, birth, day(2026, 2, 1)), 90);
	assert_int_equal(programme_age(&by_next, birth, day(2026, 2, 28)), 89);
	assert_int_equal(programme_age(&by_next, birth, day(2026, 3, 1)), 90);
	/* A leap year has the day itself. */
	assert_int_equal(programme_age(&by_day, birth, day(2028, 2, 28)), 91);
	assert_int_equal(programme_age(&by_day, birth, day(2028, 2, 29)), 92);
}

/* Born on the first of a month: the month before ends a day too early. */
static void the_first_of_a_month_is_in_that_month(void **state)
{
	const struct programme by_month = {.starts = STARTS_MONTH},
			       by_next = {.starts = STARTS_NEXT_MONTH};
	int32_t birth = day(1946, 7, 1);
	(void)state;
	assert_int_equal(programme_age(&by_month, birth, day(2026, 6, 30)), 79);
	assert_int_equal(programme_age(&by_month, birth, day(2026, 7, 31)), 80);
	assert_int_equal(programme_age(&by_next, birth, day(2026, 7, 31)), 79);
	assert_int_equal(programme_age(&by_next, birth, day(2026, 8, 1)), 80);
}

/* Against age_on, which counts from two dates each day: every month of a person's life, and the years before it. */
static void ages_through_a_month_are_those_of_its_days(void **state)
{
	const struct programme by_day = {.starts = STARTS_DAY}, by_month = {.starts = STARTS_MONTH},
			       by_next = {.starts = STARTS_NEXT_MONTH};
	(void)state;
	for (int32_t birth = day(1936, 2, 1); birth <= day(1936, 3, 31); birth++) {
		for (uint32_t month = 193501; month <= 194112; month = month_next(month)) {
			struct month_ages ages = month_ages(birth, month);
			int32_t first = month_first_day(month), last = month_last_day(month);

			for (int32_t at = first; at <= last; at++) {
				assert_int_equal(
				    programme_age_in(&by_day, &ages, at), age_on(birth, at));
				assert_int_equal(
				    programme_age_in(&by_month, &ages, at), age_on(birth, last));
				assert_int_equal(programme_age_in(&by_next, &ages, at),
				    age_on(birth, first - 1));
			}
		}
	}
}

/* --- versions and bands ------------------------------------------------------------------------------------- */

enum { TAG = 7, OTHER = 8, DISTRICT = 511304 };

static void versions_of_a_month_are_found_day_by_day(void **state)
{
	struct programme rows[] = {
	    {.tag = TAG, .effective_from = day(2026, 6, 5), .effective_until = day(2026, 6, 14)},
	    {.tag = OTHER, .effective_from = day(2026, 1, 1), .effective_until = DAY_NEVER},
	    {.tag = TAG, .effective_from = day(2026, 6, 15), .effective_until = DAY_NEVER}};
	const struct policy policy = {.programmes = rows, .programme_count = 3};
	struct programme_month month;
	(void)state;
	programme_month_find(&policy, TAG, 202606, 0, &month);
	assert_int_equal(month.span_count, 2);
	assert_int_equal(month.spans[0].row, 0);
	assert_int_equal(month.spans[0].from_day, day(2026, 6, 5));
	assert_int_equal(month.spans[0].until_day, day(2026, 6, 14));
	assert_int_equal(month.spans[1].row, 2);
	assert_int_equal(month.spans[1].from_day, day(2026, 6, 15));
	assert_int_equal(month.spans[1].until_day, day(2026, 6, 30));
	assert_null(programme_month_on(&month, day(2026, 6, 4)));
	assert_ptr_equal(programme_month_on(&month, day(2026, 6, 14))->programme, &rows[0]);
	assert_ptr_equal(programme_month_on(&month, day(2026, 6, 15))->programme, &rows[2]);
	programme_month_find(&policy, TAG, 202605, 0, &month);
	assert_int_equal(month.span_count, 0);
	programme_month_find(NULL, TAG, 202606, 0, &month);
	assert_int_equal(month.span_count, 0);
}

static void a_district_has_its_own_version_before_the_citys(void **state)
{
	struct programme rows[] = {
	    {.tag = TAG, .effective_from = day(2026, 1, 1), .effective_until = DAY_NEVER},
	    {.tag = TAG,
		.effective_from = day(2026, 6, 11),
		.effective_until = day(2026, 6, 20),
		.district = DISTRICT}};
	const struct policy policy = {.programmes = rows, .programme_count = 2};
	struct programme_month month;
	(void)state;
	programme_month_find(&policy, TAG, 202606, DISTRICT, &month);
	assert_int_equal(month.span_count, 3);
	assert_int_equal(month.spans[0].row, 0);
	assert_int_equal(month.spans[1].row, 1);
	assert_int_equal(month.spans[1].from_day, day(2026, 6, 11));
	assert_int_equal(month.spans[1].until_day, day(2026, 6, 20));
	assert_int_equal(month.spans[2].row, 0);
	programme_month_find(&policy, TAG, 202606, 511302, &month);
	assert_int_equal(month.span_count, 1);
	assert_int_equal(month.spans[0].row, 0);
}

/* A new version on every day of a month of 31. */
static void a_version_for_every_day_fits(void **state)
{
	struct programme rows[31];
	const struct policy policy = {.programmes = rows, .programme_count = 31};
	struct programme_month month;
	(void)state;
	for (int i = 0; i < 31; i++)
		rows[i] = (struct programme){.tag = TAG,
		    .effective_from = day(2026, 7, i + 1),
		    .effective_until = day(2026, 7, i + 1)};
	programme_month_find(&policy, TAG, 202607, 0, &month);
	assert_int_equal(month.span_count, 31);
	for (int i = 0; i < 31; i++)
		assert_int_equal(month.spans[i].row, i);
}

static void a_band_is_found_by_age_and_level(void **state)
{
	const struct programme programme = {.level_max = 4,
	    .bands = {{.age_from = 80, .age_to = 89, .level_from = 0, .level_to = 4},
		{.age_from = 90, .age_to = 150, .level_from = 0, .level_to = 2},
		{.age_from = 90, .age_to = 150, .level_from = 3, .level_to = 4}},
	    .band_count = 3};
	(void)state;
	assert_int_equal(programme_band(&programme, 79, 0), -1);
	assert_int_equal(programme_band(&programme, 80, 4), 0);
	assert_int_equal(programme_band(&programme, 89, 0), 0);
	assert_int_equal(programme_band(&programme, 90, 2), 1);
	assert_int_equal(programme_band(&programme, 90, 3), 2);
	assert_int_equal(programme_band(&programme, 150, 4), 2);
	assert_int_equal(programme_band(&programme, 151, 4), -1);
	assert_true(programme_asks_age(&programme));
	assert_true(programme_asks_level(&programme));
}

static void one_band_for_everybody_asks_nothing(void **state)
{
	struct programme programme = {.level_max = 4,
	    .bands = {{.age_from = 0, .age_to = 150, .level_from = 0, .level_to = 4}},
	    .band_count = 1};
	(void)state;
	assert_false(programme_asks_age(&programme));
	assert_false(programme_asks_level(&programme));
	programme.age_min = 60;
	assert_true(programme_asks_age(&programme));
	programme.level_min = 2;
	assert_true(programme_asks_level(&programme));
}

static void a_portable_programme_goes_to_the_regions_it_lists_or_everywhere(void **state)
{
	const struct programme everywhere = {.portable = true},
			       listed = {.portable = true,
				   .regions = {500000, 510800},
				   .region_count = 2},
			       fixed = {.portable = false};
	(void)state;
	assert_true(programme_portable_to(&everywhere, 500000));
	assert_true(programme_portable_to(&listed, 510800));
	assert_false(programme_portable_to(&listed, 511300));
	assert_false(programme_portable_to(&fixed, 500000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_of_a_month_sum_up_to_the_whole),
	    cmocka_unit_test(halves_go_up),
	    cmocka_unit_test(any_cutting_of_any_amount_is_exact),
	    cmocka_unit_test(an_age_counts_from_the_day_the_month_or_the_next_month),
	    cmocka_unit_test(a_birthday_of_29_february_is_the_28th_in_common_years),
	    cmocka_unit_test(the_first_of_a_month_is_in_that_month),
	    cmocka_unit_test(ages_through_a_month_are_those_of_its_days),
	    cmocka_unit_test(versions_of_a_month_are_found_day_by_day),
	    cmocka_unit_test(a_district_has_its_own_version_before_the_citys),
	    cmocka_unit_test(a_version_for_every_day_fits),
	    cmocka_unit_test(a_band_is_found_by_age_and_level),
	    cmocka_unit_test(one_band_for_everybody_asks_nothing),
	    cmocka_unit_test(a_portable_programme_goes_to_the_regions_it_lists_or_everywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
