/* Lines on which the second implementation of the rules (tests/oracle/, docs/oracle.md) had another verdict than this one. Who was right was found in
 * docs/settlement.md and docs/format.md; the expected figures are worked by hand from them. June has 30 days; what `300.00` is worth is 10.00 a day. */
#include "catalogue.h"
#include "desk.h"

#include "allowance.h"

#define JUNE 202606u

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
	town_house(city, HOUSE_B, CHENGDU, 100);
	town_fund(city, "fiscal", 100000000);
}

static uint64_t somebody(struct town *city)
{
	return town_person(city, ++next_serial, day(1940, 1, 1), INCOME_OTHER, 0);
}

/* In house A since 2026-01-01. */
static uint64_t guest(struct town *city)
{
	uint64_t person = somebody(city);
	town_stay(city, HOUSE_A, person, day(2026, 1, 1), DAY_NEVER);
	return person;
}

static struct verdict judge_at(struct town *city, const char *uscc, uint64_t person,
    const char *programme, unsigned first, unsigned last)
{
	const struct claim_line line = {
	    .person = person, .programme = programme, .first = first, .last = last};
	return desk_verdict(city, uscc, desk_claim(city, uscc, CHENGDU, JUNE, &line, 1), 0);
}

static struct verdict judge(
    struct town *city, uint64_t person, const char *programme, unsigned first, unsigned last)
{
	return judge_at(city, HOUSE_A, person, programme, first, last);
}

static uint64_t run(struct town *town, const char *programme, const char *name)
{
	struct buffer parameters = {0};
	allowance_parameters_write(&parameters, JUNE, programme, name, 1, 0);
	if (town_order(town, KIND_allowance, &parameters, ALLOWANCE_PARAMETERS, NULL, 0))
		fail_msg("%s", town->detail.text);
	return town->sequence;
}

static bool add_paid(void *context, uint64_t person, int64_t fen)
{
	(void)person;
	*(int64_t *)context += fen;
	return true;
}

static int64_t run_total(struct town *town, const char *name)
{
	int64_t total = 0;
	struct txn *txn = desk_read(town);
	assert_int_equal(allowance_each(txn, name, 0, add_paid, &total), ERROR_NONE);
	txn_abort(txn);
	return total;
}

static void take_back(struct town *town, uint64_t entry, uint32_t line)
{
	struct buffer lines = {0};
	reversal_line_write(&lines, entry, line, span_text("更正"));
	assert_int_equal(town_order(town, KIND_reversal, NULL, 0, &lines, 1), ERROR_NONE);
}

/* --- one need is paid once ------------------------------------------------------------------------------------ */

/* An allowance to the card that needs no grant, and a programme of the same need that the house claims. */
static void what_a_run_paid_without_a_grant_is_not_claimed_by_a_house(void **state)
{
	static const struct programme_text programmes[] = {
	    {.code = "card", .accrues = "month", .paid_to = "card"}, {.code = "house"},
	    {.code = "excludes", .need = "service", .more = "    excludes: [card]\n"},
	    {.code = "apart", .need = "bed"}};
	struct town city;
	(void)state;
	open_with(&city, programmes, 4);
	uint64_t person = guest(&city);
	town_at(&city, day(2026, 7, 2));
	uint64_t entry = run(&city, "card", "c-06");
	assert_int_equal(run_total(&city, "c-06"), 30000);
	expect_refused(judge(&city, person, "house", 3, 9), REASON_excluded, day(2026, 6, 3));
	expect_refused(judge(&city, person, "excludes", 3, 9), REASON_excluded, day(2026, 6, 3));
	expect_paid(judge(&city, person, "apart", 1, 30), 30000);
	take_back(&city, entry, 0);
	expect_paid(judge(&city, person, "house", 1, 30), 30000);
	expect_paid(judge(&city, person, "excludes", 1, 30), 30000);
	town_close(&city);
}

/* The grant of `both` went to the card, June was paid, then the grant was ended before it began and given to the house instead. */
static void a_paid_month_stays_paid_when_its_grant_goes_to_the_house(void **state)
{
	static const struct programme_text both = {
	    .code = "both", .paid_to = "either", .needs_grant = "true"};
	struct town city;
	(void)state;
	open_with(&city, &both, 1);
	uint64_t person = guest(&city);
	town_at(&city, day(2026, 7, 2));
	town_grant(&city, person, "both", day(2026, 6, 1), DAY_NEVER, PAID_TO_CARD, GRANT_GIVEN);
	run(&city, "both", "b-06");
	assert_int_equal(run_total(&city, "b-06"), 30000);
	town_grant(
	    &city, person, "both", day(2026, 6, 1), day(2026, 5, 31), PAID_TO_CARD, GRANT_STOPPED);
	town_grant(
	    &city, person, "both", day(2026, 6, 1), DAY_NEVER, PAID_TO_INSTITUTION, GRANT_GIVEN);
	expect_refused(judge(&city, person, "both", 1, 30), REASON_excluded, day(2026, 6, 1));
	town_close(&city);
}

/* The card's programme begins on the 3rd; its runs pay the whole of June. */
static void a_grant_to_the_card_bars_the_month_in_which_its_programme_begins(void **state)
{
	static const struct programme_text programmes[] = {{.code = "card",
							       .accrues = "month",
							       .paid_to = "card",
							       .needs_grant = "true",
							       .from = "2026-06-03"},
	    {.code = "house"}};
	struct town city;
	(void)state;
	open_with(&city, programmes, 2);
	uint64_t person = guest(&city);
	town_at(&city, day(2026, 7, 2));
	town_grant(&city, person, "card", day(2026, 6, 3), DAY_NEVER, PAID_TO_CARD, GRANT_GIVEN);
	expect_refused(judge(&city, person, "house", 1, 30), REASON_excluded, day(2026, 6, 1));
	town_close(&city);
}

/* Home keeps every grant: the fifth counts like the first, although the person's row has room for four. */
static void the_fifth_grant_still_bars(void **state)
{
	static const struct programme_text programmes[] = {
	    {.code = "barred", .more = "    excludes: [g1]\n"}, {.code = "g1", .need = "bed"},
	    {.code = "g2", .need = "bed"}, {.code = "g3", .need = "bed"},
	    {.code = "g4", .need = "bed"}, {.code = "g5", .need = "bed"}};
	struct town city;
	(void)state;
	open_with(&city, programmes, 6);
	uint64_t person = guest(&city);
	town_at(&city, day(2026, 7, 2));
	for (unsigned i = 1; i <= 5; i++) {
		char code[4] = {'g', (char)('0' + i), '\0'};
		/* g1 ends first, so it is the one that leaves the row. */
		town_grant(&city, person, code, day(2026, 1, 1),
		    i == 1 ? day(2026, 6, 20) : DAY_NEVER, PAID_TO_INSTITUTION, GRANT_GIVEN);
	}
	expect_refused(judge(&city, person, "barred", 15, 30), REASON_excluded, day(2026, 6, 15));
	expect_paid(judge(&city, person, "barred", 21, 30), 10000);
	town_close(&city);
}

/* `card` excludes `service`, which does not exclude it: whoever has a grant of that is not paid. Of two that exclude each other the card goes first. */
static void a_run_passes_over_whoever_has_what_it_excludes(void **state)
{
	static const struct programme_text programmes[] = {
	    {.code = "card",
		.accrues = "month",
		.paid_to = "card",
		.more = "    excludes: [service, mutual]\n"},
	    {.code = "service", .need = "service"},
	    {.code = "mutual", .need = "bed", .more = "    excludes: [card]\n"}};
	struct town city;
	(void)state;
	open_with(&city, programmes, 3);
	uint64_t barred = guest(&city), until_may = guest(&city), first = guest(&city);
	town_at(&city, day(2026, 7, 2));
	town_grant(&city, barred, "service", day(2026, 6, 30), DAY_NEVER, PAID_TO_INSTITUTION,
	    GRANT_GIVEN);
	town_grant(&city, until_may, "service", day(2026, 1, 1), day(2026, 5, 31),
	    PAID_TO_INSTITUTION, GRANT_GIVEN);
	town_grant(
	    &city, first, "mutual", day(2026, 1, 1), DAY_NEVER, PAID_TO_INSTITUTION, GRANT_GIVEN);
	run(&city, "card", "c-06");
	assert_int_equal(run_total(&city, "c-06"), 2 * 30000);
	expect_paid(judge(&city, barred, "service", 1, 30), 30000);
	expect_refused(judge(&city, first, "mutual", 1, 30), REASON_excluded, day(2026, 6, 1));
	town_close(&city);
}

/* Granted from 8 June, and stopped with the 7th: no day of June is granted. */
static void a_grant_that_was_stopped_before_it_began_is_not_paid_by_a_run(void **state)
{
	static const struct programme_text card = {
	    .code = "card", .accrues = "month", .paid_to = "card", .needs_grant = "true"};
	struct town city;
	(void)state;
	open_with(&city, &card, 1);
	uint64_t stopped = guest(&city), granted = guest(&city);
	town_at(&city, day(2026, 7, 2));
	town_grant(&city, stopped, "card", day(2026, 6, 8), DAY_NEVER, PAID_TO_CARD, GRANT_GIVEN);
	town_grant(
	    &city, stopped, "card", day(2026, 6, 8), day(2026, 6, 7), PAID_TO_CARD, GRANT_STOPPED);
	town_grant(
	    &city, granted, "card", day(2026, 6, 8), day(2026, 6, 8), PAID_TO_CARD, GRANT_GIVEN);
	run(&city, "card", "c-06");
	assert_int_equal(run_total(&city, "c-06"), 30000);
	town_close(&city);
}

/* A district's version holds for institutions there: whether a grant may be drawn in Guangyuan is said by that of the whole city, wherever in the
 * file it stands. */
static void where_a_grant_is_drawn_is_said_by_the_version_of_the_whole_city(void **state)
{
	static const struct programme_text programmes[] = {
	    {.code = "one", .portable = "true", .more = "    district: 510104\n"},
	    {.code = "one", .portable = "false"}, {.code = "other", .portable = "true"},
	    {.code = "other", .portable = "false", .more = "    district: 510104\n"}};
	struct town city;
	(void)state;
	open_with(&city, programmes, 4);
	uint64_t person = guest(&city);
	struct grant_line grant = {.person = person,
	    .programme = "one",
	    .from_day = day(2026, 6, 1),
	    .until_day = DAY_NEVER,
	    .paid_to = PAID_TO_INSTITUTION,
	    .region = GUANGYUAN,
	    .state = GRANT_GIVEN};
	struct buffer line = {0};
	grant_line_write(&line, &grant);
	town_register(&city, KIND_grant, &line, REASON_not_portable);
	snprintf(grant.programme, sizeof(grant.programme), "other");
	grant_line_write(&line, &grant);
	town_register(&city, KIND_grant, &line, REASON_registered);
	town_close(&city);
}

/* --- which reason, which figure ------------------------------------------------------------------------------- */

/* Days 1 to 10 were claimed by house A, where the person slept then: house B's claim for them is a double one first, and only then without stay. */
static void days_claimed_elsewhere_are_a_duplicate_before_there_is_no_stay(void **state)
{
	static const struct programme_text care = {.code = "care"};
	struct town city;
	(void)state;
	open_with(&city, &care, 1);
	uint64_t person = somebody(&city);
	town_stay(&city, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 10));
	town_stay(&city, HOUSE_B, person, day(2026, 6, 11), DAY_NEVER);
	town_at(&city, day(2026, 7, 2));
	expect_paid(judge(&city, person, "care", 5, 10), 6000);
	expect_refused(
	    judge_at(&city, HOUSE_B, person, "care", 1, 30), REASON_duplicate, day(2026, 6, 5));
	expect_refused(
	    judge_at(&city, HOUSE_B, person, "care", 1, 4), REASON_no_stay, day(2026, 6, 1));
	expect_paid(judge_at(&city, HOUSE_B, person, "care", 11, 30), 20000);
	town_close(&city);
}

/* Booked on the 10th: the night of the 10th is not over, and that of the 21st is nobody's; the first of them is told. */
static void the_first_night_that_is_not_over_or_not_slept_is_told(void **state)
{
	static const struct programme_text care = {.code = "care"};
	struct town city;
	(void)state;
	open_with(&city, &care, 1);
	uint64_t person = somebody(&city);
	town_stay(&city, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 20));
	town_at(&city, day(2026, 6, 10));
	expect_refused(judge(&city, person, "care", 1, 21), REASON_no_stay, day(2026, 6, 10));
	town_at(&city, day(2026, 7, 2));
	expect_refused(judge(&city, person, "care", 1, 25), REASON_no_stay, day(2026, 6, 21));
	town_close(&city);
}

/* Two versions: in time until 30 June + 30 = 30 July, and until 30 June + 10 = 10 July. On 31 July both are missed; the line would have been in time
 * until the 10th. What was taken back of the one does not excuse the other. */
static void the_day_until_which_all_versions_were_in_time_is_told(void **state)
{
	static const struct programme_text versions[] = {
	    {.code = "care", .deadline_days = "30", .more = "    effective_until: 2026-06-15\n"},
	    {.code = "care", .deadline_days = "10", .from = "2026-06-16"}};
	struct town city;
	(void)state;
	open_with(&city, versions, 2);
	uint64_t person = guest(&city), other = guest(&city);
	town_at(&city, day(2026, 7, 2));
	expect_paid(judge(&city, other, "care", 16, 30), 15000);
	take_back(&city, city.sequence, 0);
	town_at(&city, day(2026, 7, 20));
	/* The freed days are those of the version that is late, the others are in time. */
	expect_paid(judge(&city, other, "care", 14, 20), 7000);
	town_at(&city, day(2026, 7, 31));
	struct verdict late = judge(&city, person, "care", 1, 30);
	expect_refused(late, REASON_too_late, day(2026, 7, 10));
	assert_true(late.has_row);
	assert_int_equal(late.row, 1);
	town_close(&city);
}

/* The version of the day that was wrong is shown; of a day without any, that of the line's first day. */
static void a_refusal_shows_the_version_of_its_day(void **state)
{
	static const struct programme_text versions[] = {
	    {.code = "care", .more = "    effective_until: 2026-06-15\n"},
	    {.code = "care", .from = "2026-06-16", .more = "    effective_until: 2026-06-25\n"}};
	struct town city;
	(void)state;
	open_with(&city, versions, 2);
	uint64_t person = somebody(&city);
	town_stay(&city, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 19));
	town_at(&city, day(2026, 7, 2));
	struct verdict verdict = judge(&city, person, "care", 1, 25);
	expect_refused(verdict, REASON_no_stay, day(2026, 6, 20));
	assert_true(verdict.has_row);
	assert_int_equal(verdict.row, 1);
	verdict = judge(&city, person, "care", 1, 26);
	expect_refused(verdict, REASON_not_in_force, day(2026, 6, 26));
	assert_true(verdict.has_row);
	assert_int_equal(verdict.row, 0);
	town_close(&city);
}

/* --- the amount ----------------------------------------------------------------------------------------------- */

/* 300.00 a month; up to the 15th with a ceiling of 150.00. A line over both costs 75.00 and 150.00, as two lines would. */
static void each_versions_ceiling_holds_for_its_own_days(void **state)
{
	static const struct programme_text versions[] = {
	    {.code = "care",
		.more = "    effective_until: 2026-06-15\n    price_ceiling: 150.00\n    "
			"limits_clause: c\n"},
	    {.code = "care", .from = "2026-06-16"}};
	struct town city;
	(void)state;
	open_with(&city, versions, 2);
	uint64_t whole = guest(&city), parts = guest(&city);
	town_at(&city, day(2026, 7, 2));
	struct verdict verdict = judge(&city, whole, "care", 1, 30);
	assert_int_equal(verdict.amount_fen, 22500);
	assert_int_equal(verdict.reduction_count, 1);
	assert_int_equal(verdict.reductions[0].limit, 22500);
	verdict = judge(&city, parts, "care", 1, 15);
	assert_int_equal(verdict.amount_fen, 7500);
	expect_paid(judge(&city, parts, "care", 16, 30), 15000);
	town_close(&city);
}

/* No amount depends on the level, so that a new one on the 11th neither cuts the line into pieces nor shows. */
static void a_level_that_is_not_asked_for_makes_no_piece(void **state)
{
	static const struct programme_text care = {.code = "care", .needs_assessment = "true"};
	struct town city;
	(void)state;
	open_with(&city, &care, 1);
	uint64_t person = guest(&city);
	town_assess(&city, person, 1, day(2026, 1, 1), day(2026, 12, 31));
	town_assess(&city, person, 3, day(2026, 6, 11), day(2026, 12, 31));
	town_at(&city, day(2026, 7, 2));
	struct verdict verdict = judge(&city, person, "care", 1, 30);
	expect_paid(verdict, 30000);
	assert_int_equal(verdict.piece_count, 1);
	assert_int_equal(verdict.pieces[0].last_day, 30);
	assert_int_equal(verdict.pieces[0].level_sequence, 0);
	town_close(&city);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_a_run_paid_without_a_grant_is_not_claimed_by_a_house),
	    cmocka_unit_test(a_paid_month_stays_paid_when_its_grant_goes_to_the_house),
	    cmocka_unit_test(a_grant_to_the_card_bars_the_month_in_which_its_programme_begins),
	    cmocka_unit_test(the_fifth_grant_still_bars),
	    cmocka_unit_test(a_run_passes_over_whoever_has_what_it_excludes),
	    cmocka_unit_test(a_grant_that_was_stopped_before_it_began_is_not_paid_by_a_run),
	    cmocka_unit_test(where_a_grant_is_drawn_is_said_by_the_version_of_the_whole_city),
	    cmocka_unit_test(days_claimed_elsewhere_are_a_duplicate_before_there_is_no_stay),
	    cmocka_unit_test(the_first_night_that_is_not_over_or_not_slept_is_told),
	    cmocka_unit_test(the_day_until_which_all_versions_were_in_time_is_told),
	    cmocka_unit_test(a_refusal_shows_the_version_of_its_day),
	    cmocka_unit_test(each_versions_ceiling_holds_for_its_own_days),
	    cmocka_unit_test(a_level_that_is_not_asked_for_makes_no_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
