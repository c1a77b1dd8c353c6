/* Refusals under catalogues that put a border where the one that is built in has none: ages that are completed on other days than the
 * birthday, versions that end or begin within a month, levels with an upper end. Each beside the nearest line that is not refused. */
#include "catalogue.h"
#include "desk.h"

static struct town_post post; /* nobody else is there */
static unsigned next_serial;

static void open_with(struct town *city, const struct programme_text *programmes, size_t count)
{
	struct catalogue_text catalogue;
	catalogue_begin(&catalogue, CHENGDU, 1, "fiscal");
	for (size_t i = 0; i < count; i++)
		catalogue_add(&catalogue, &programmes[i]);
	town_open(city, CHENGDU, catalogue_span(&catalogue), &post);
	town_house(city, HOUSE_A, CHENGDU, 100);
	town_fund(city, "fiscal", 100000000);
}

/* In the house since 2026-01-01. */
static uint64_t guest_born(struct town *city, int32_t born)
{
	uint64_t person = town_person(city, ++next_serial, born, INCOME_OTHER, 0);
	town_stay(city, HOUSE_A, person, day(2026, 1, 1), DAY_NEVER);
	return person;
}

static struct verdict judge(struct town *city, uint32_t month, uint64_t person,
    const char *programme, unsigned first, unsigned last)
{
	const struct claim_line line = {
	    .person = person, .programme = programme, .first = first, .last = last};
	return desk_verdict(city, HOUSE_A, desk_claim(city, HOUSE_A, CHENGDU, month, &line, 1), 0);
}

/* --- age ------------------------------------------------------------------------------------------------------ */

/* 民法典 202: who is born on 29 February completes a year on 28 February when there is no 29th. 2027 is no leap year. */
static void in_a_common_year_29_february_is_28_february(void **state)
{
	static const struct programme_text from_83 = {.code = "from_83",
	    .more = "    age_min: 83\n",
	    .amounts = "      - {age_from: 83, amount: 280.00, clause: a}\n"};
	struct town city;
	(void)state;
	open_with(&city, &from_83, 1);
	uint64_t on_28 = guest_born(&city, day(1944, 2, 28)),
		 on_29 = guest_born(&city, day(1944, 2, 29)),
		 on_1 = guest_born(&city, day(1944, 3, 1));
	town_at(&city, day(2027, 4, 2));
	expect_reason(judge(&city, 202702, on_28, "from_83", 27, 28), REASON_age);
	expect_reason(judge(&city, 202702, on_29, "from_83", 27, 28), REASON_age);
	/* 280.00 of 28 days: 10.00 a day. */
	expect_paid(judge(&city, 202702, on_28, "from_83", 28, 28), 1000);
	expect_paid(judge(&city, 202702, on_29, "from_83", 28, 28), 1000);
	expect_reason(judge(&city, 202702, on_1, "from_83", 28, 28), REASON_age);
	expect_paid(judge(&city, 202703, on_1, "from_83", 1, 31), 28000);
	town_close(&city);
}

/* By hand: born 1946-11-23, 80 on 2026-11-23. */
static void the_month_of_the_birthday_or_the_next_may_count(void **state)
{
	static const struct programme_text programmes[] = {
	    {.code = "by_day",
		.more = "    age_min: 80\n",
		.amounts = "      - {age_from: 80, amount: 300.00, clause: a}\n"},
	    {.code = "by_month",
		.need = "service",
		.starts = "month",
		.more = "    age_min: 80\n",
		.amounts = "      - {age_from: 80, amount: 300.00, clause: a}\n"},
	    {.code = "by_next_month",
		.need = "bed",
		.starts = "next_month",
		.more = "    age_min: 80\n",
		.amounts = "      - {age_from: 80, amount: 300.00, clause: a}\n"},
	};
	struct town city;
	(void)state;
	open_with(&city, programmes, 3);
	uint64_t person = guest_born(&city, day(1946, 11, 23)),
		 on_the_first = guest_born(&city, day(1946, 12, 1));
	town_at(&city, day(2027, 1, 2));
	expect_reason(judge(&city, 202611, person, "by_day", 22, 30), REASON_age);
	expect_paid(judge(&city, 202611, person, "by_day", 23, 30), 8000);
	expect_paid(judge(&city, 202611, person, "by_month", 1, 30), 30000);
	expect_reason(judge(&city, 202611, person, "by_next_month", 30, 30), REASON_age);
	expect_paid(judge(&city, 202612, person, "by_next_month", 1, 31), 30000);
	/* Born on the first: that month is the one of the birthday. */
	expect_paid(judge(&city, 202612, on_the_first, "by_day", 1, 31), 30000);
	expect_reason(judge(&city, 202612, on_the_first, "by_next_month", 1, 31), REASON_age);
	town_at(&city, day(2027, 2, 2));
	expect_reason(judge(&city, 202611, on_the_first, "by_month", 1, 30), REASON_too_late);
	expect_paid(judge(&city, 202701, on_the_first, "by_next_month", 1, 31), 30000);
	town_close(&city);
}

static void the_month_before_the_birthdays_month_does_not_count(void **state)
{
	static const struct programme_text by_month = {.code = "by_month",
	    .starts = "month",
	    .more = "    age_min: 80\n",
	    .amounts = "      - {age_from: 80, amount: 300.00, clause: a}\n"};
	struct town city;
	(void)state;
	open_with(&city, &by_month, 1);
	uint64_t person = guest_born(&city, day(1946, 11, 1));
	town_at(&city, day(2026, 12, 2));
	expect_reason(judge(&city, 202610, person, "by_month", 31, 31), REASON_age);
	expect_paid(judge(&city, 202611, person, "by_month", 1, 1), 1000);
	town_close(&city);
}

/* --- levels with an upper end --------------------------------------------------------------------------------- */

static void a_programme_may_end_below_level_four(void **state)
{
	static const struct programme_text middle = {.code = "middle",
	    .needs_assessment = "true",
	    .more = "    level_min: 2\n    level_max: 3\n",
	    .amounts = "      - {level_from: 2, level_to: 3, amount: 300.00, clause: a}\n"};
	struct town city;
	(void)state;
	open_with(&city, &middle, 1);
	town_at(&city, day(2026, 7, 2));
	for (unsigned level = 0; level <= 4; level++) {
		uint64_t person = guest_born(&city, day(1940, 1, 1));
		town_assess(&city, person, level, day(2026, 1, 1), day(2026, 12, 31));
		struct verdict verdict = judge(&city, 202606, person, "middle", 1, 30);
		if (level == 2 || level == 3)
			expect_paid(verdict, 30000);
		else
			expect_reason(verdict, REASON_level);
	}
	town_close(&city);
}

/* --- versions ------------------------------------------------------------------------------------------------- */

static void the_last_day_of_a_programme_is_its_last(void **state)
{
	static const struct programme_text ends = {
	    .code = "ends", .more = "    effective_until: 2026-06-15\n"};
	struct town city;
	(void)state;
	open_with(&city, &ends, 1);
	uint64_t person = guest_born(&city, day(1940, 1, 1));
	town_at(&city, day(2026, 7, 2));
	expect_refused(
	    judge(&city, 202606, person, "ends", 1, 16), REASON_not_in_force, day(2026, 6, 16));
	expect_refused(
	    judge(&city, 202606, person, "ends", 16, 16), REASON_not_in_force, day(2026, 6, 16));
	expect_paid(judge(&city, 202606, person, "ends", 1, 15), 15000);
	town_close(&city);
}

/* Between two versions lies a day without any; each has its own deadline. */
static void a_line_over_two_versions_is_judged_by_both(void **state)
{
	static const struct programme_text versions[] = {
	    {.code = "twice", .deadline_days = "30", .more = "    effective_until: 2026-06-14\n"},
	    {.code = "twice", .from = "2026-06-16", .deadline_days = "90"},
	};
	struct town city;
	(void)state;
	open_with(&city, versions, 2);
	uint64_t person = guest_born(&city, day(1940, 1, 1)),
		 other = guest_born(&city, day(1940, 1, 1));
	town_at(&city, day(2026, 7, 2));
	expect_refused(
	    judge(&city, 202606, person, "twice", 14, 16), REASON_not_in_force, day(2026, 6, 15));
	expect_paid(judge(&city, 202606, person, "twice", 1, 14), 14000);
	/* 30 June and 30 days: 30 July. */
	town_at(&city, day(2026, 7, 31));
	expect_refused(
	    judge(&city, 202606, other, "twice", 1, 14), REASON_too_late, day(2026, 7, 30));
	expect_paid(judge(&city, 202606, other, "twice", 16, 30), 15000);
	/* 30 June and 90 days: 28 September. */
	town_at(&city, day(2026, 9, 29));
	expect_refused(
	    judge(&city, 202606, person, "twice", 16, 30), REASON_too_late, day(2026, 9, 28));
	town_close(&city);
}

/* The grounds of one need are one need, whatever the programme is called. */
static void two_programmes_of_one_need_share_its_days(void **state)
{
	static const struct programme_text programmes[] = {
	    {.code = "one"}, {.code = "other"}, {.code = "third", .need = "service"}};
	struct town city;
	(void)state;
	open_with(&city, programmes, 3);
	uint64_t person = guest_born(&city, day(1940, 1, 1));
	town_at(&city, day(2026, 7, 2));
	expect_paid(judge(&city, 202606, person, "one", 1, 10), 10000);
	expect_refused(
	    judge(&city, 202606, person, "other", 10, 20), REASON_duplicate, day(2026, 6, 10));
	expect_paid(judge(&city, 202606, person, "other", 11, 20), 10000);
	expect_paid(judge(&city, 202606, person, "third", 1, 30), 30000);
	town_close(&city);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_a_common_year_29_february_is_28_february),
	    cmocka_unit_test(the_month_of_the_birthday_or_the_next_may_count),
	    cmocka_unit_test(the_month_before_the_birthdays_month_does_not_count),
	    cmocka_unit_test(a_programme_may_end_below_level_four),
	    cmocka_unit_test(the_last_day_of_a_programme_is_its_last),
	    cmocka_unit_test(a_line_over_two_versions_is_judged_by_both),
	    cmocka_unit_test(two_programmes_of_one_need_share_its_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
