/* Refusals of a city's own claims for what the person is, has been granted and assessed as. Worked out by hand from the catalogue of
 * Chengdu that is built in, and docs/settlement.md, "Adjudication"; each beside the nearest line that is not refused. */
#include "refusal.h"

/* --- 11, 13, 14: what was granted and assessed --------------------------------------------------------------- */

static void every_day_needs_a_grant(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	town_at(&city, day(2026, 7, 2));
	expect_refused(
	    judge(&city, JUNE, person, SERVICE, 5, 20), REASON_no_grant, day(2026, 6, 5));
	town_grant(&city, person, SERVICE, day(2026, 6, 5), day(2026, 6, 20), PAID_TO_INSTITUTION,
	    GRANT_GIVEN);
	expect_refused(
	    judge(&city, JUNE, person, SERVICE, 4, 20), REASON_no_grant, day(2026, 6, 4));
	expect_refused(
	    judge(&city, JUNE, person, SERVICE, 5, 21), REASON_no_grant, day(2026, 6, 21));
	/* A grant of another programme is none. */
	expect_refused(
	    judge(&city, JUNE, person, NURSING, 5, 20), REASON_no_grant, day(2026, 6, 5));
	/* Level 2: 200.00; the first day, the last day, and those between: R(5) - R(4) = 3333 - 2667, R(20) - R(19) = 13333 - 12667. */
	expect_paid(judge(&city, JUNE, person, SERVICE, 5, 5), 666);
	expect_paid(judge(&city, JUNE, person, SERVICE, 20, 20), 666);
	expect_paid(judge(&city, JUNE, person, SERVICE, 6, 19), 9334);
	/* The next grant joins on: what two grants cover one line may claim. */
	town_grant(&city, person, SERVICE, day(2026, 6, 21), day(2026, 6, 25), PAID_TO_INSTITUTION,
	    GRANT_GIVEN);
	town_grant(
	    &city, person, SERVICE, day(2026, 6, 26), DAY_NEVER, PAID_TO_INSTITUTION, GRANT_GIVEN);
	expect_paid(judge(&city, JUNE, person, SERVICE, 21, 30), 6667); /* 20000 - 13333 */
	town_close(&city);
}

static void a_stopped_grant_holds_to_its_last_day(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	grant(&city, person, SERVICE);
	town_grant(&city, person, SERVICE, day(2026, 1, 1), day(2026, 6, 14), PAID_TO_INSTITUTION,
	    GRANT_STOPPED);
	town_at(&city, day(2026, 7, 2));
	expect_refused(
	    judge(&city, JUNE, person, SERVICE, 1, 15), REASON_no_grant, day(2026, 6, 15));
	expect_paid(judge(&city, JUNE, person, SERVICE, 1, 14), 9333); /* R(14) of 20000 */
	town_close(&city);
}

static void an_assessment_holds_to_its_last_day(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = town_person(&city, ++next_serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_stay(&city, HOUSE_A, person, day(2026, 3, 1), DAY_NEVER);
	town_at(&city, day(2026, 7, 2));
	expect_refused(
	    judge(&city, JUNE, person, BED, 1, 30), REASON_no_assessment, day(2026, 6, 1));
	town_assess(&city, person, 0, day(2026, 6, 3), day(2026, 6, 17));
	expect_refused(
	    judge(&city, JUNE, person, BED, 2, 17), REASON_no_assessment, day(2026, 6, 2));
	expect_refused(
	    judge(&city, JUNE, person, BED, 3, 18), REASON_no_assessment, day(2026, 6, 18));
	/* Level 0: 50.00; R(3) - R(2) = 500 - 333, R(17) - R(16) = 2833 - 2667, and between them 2667 - 500. */
	expect_paid(judge(&city, JUNE, person, BED, 3, 3), 167);
	expect_paid(judge(&city, JUNE, person, BED, 17, 17), 166);
	expect_paid(judge(&city, JUNE, person, BED, 4, 16), 2167);
	/* Assessed again from the next day on, level 4: 200.00; R(30) - R(17) = 20000 - 11333. */
	town_assess(&city, person, 4, day(2026, 6, 18), day(2027, 6, 17));
	expect_paid(judge(&city, JUNE, person, BED, 18, 30), 8667);
	town_close(&city);
}

static void nursing_is_for_level_two_and_worse(void **state)
{
	/* 100.00, 200.00, 300.00 for levels 2, 3, 4. */
	static const int64_t paid[] = {0, 0, 10000, 20000, 30000};
	struct town city;
	(void)state;
	city_open(&city);
	town_at(&city, day(2026, 7, 2));
	for (unsigned level = 0; level <= 4; level++) {
		uint64_t person =
		    town_person(&city, ++next_serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
		town_assess(&city, person, level, day(2026, 1, 1), day(2026, 12, 31));
		town_stay(&city, HOUSE_A, person, day(2026, 3, 1), DAY_NEVER);
		grant(&city, person, NURSING);
		struct verdict verdict = judge(&city, JUNE, person, NURSING, 1, 30);
		if (level < 2)
			expect_reason(verdict, REASON_level);
		else
			expect_paid(verdict, paid[level]);
	}
	town_close(&city);
}

static void a_level_counts_from_its_first_day(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = town_person(&city, ++next_serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_stay(&city, HOUSE_A, person, day(2026, 3, 1), DAY_NEVER);
	grant(&city, person, NURSING);
	town_assess(&city, person, 1, day(2026, 1, 1), day(2026, 12, 31));
	town_assess(&city, person, 2, day(2026, 6, 16), day(2026, 12, 31));
	town_at(&city, day(2026, 7, 2));
	expect_reason(judge(&city, JUNE, person, NURSING, 15, 30), REASON_level);
	expect_reason(judge(&city, JUNE, person, NURSING, 1, 15), REASON_level);
	expect_paid(judge(&city, JUNE, person, NURSING, 16, 30), 5000);
	town_close(&city);
}

/* --- 15, 16, 19: the person ---------------------------------------------------------------------------------- */

/* In the house, assessed, granted the service subsidy: poor, and (80 or disabled). */
static uint64_t poor(struct town *city, int32_t born, unsigned income, unsigned flags)
{
	uint64_t person = town_person(city, ++next_serial, born, income, flags);
	town_assess(city, person, 1, day(2025, 1, 1), day(2028, 12, 31));
	town_stay(city, HOUSE_A, person, day(2026, 3, 1), DAY_NEVER);
	grant(city, person, SERVICE);
	return person;
}

static void the_eightieth_birthday_is_the_first_day_of_eighty(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = poor(&city, day(1946, 6, 15), INCOME_LOW, 0);
	town_at(&city, day(2026, 7, 2));
	expect_reason(judge(&city, JUNE, person, SERVICE, 14, 30), REASON_age);
	expect_reason(judge(&city, JUNE, person, SERVICE, 14, 14), REASON_age);
	/* Level 1: 100.00; R(30) - R(14) = 10000 - 4667. */
	expect_paid(judge(&city, JUNE, person, SERVICE, 15, 30), 5333);
	town_close(&city);
}

static void in_a_leap_year_who_is_born_on_29_february_is_eighty_on_the_29th(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = poor(&city, day(1948, 2, 29), INCOME_LOW, 0);
	town_at(&city, day(2028, 3, 2));
	expect_reason(judge(&city, 202802, person, SERVICE, 28, 29), REASON_age);
	expect_paid(
	    judge(&city, 202802, person, SERVICE, 29, 29), 345); /* 10000 - 9655 of 29 days */
	town_close(&city);
}

static void disability_stands_for_the_age(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t healthy = poor(&city, day(1956, 6, 15), INCOME_LOW, 0),
		 family = poor(&city, day(1956, 6, 15), INCOME_LOW, PERSON_FAMILY_PLANNING),
		 disabled = poor(&city, day(1956, 6, 15), INCOME_LOW, PERSON_DISABLED),
		 severely = poor(&city, day(1956, 6, 15), INCOME_LOW, PERSON_SEVERELY_DISABLED);
	town_at(&city, day(2026, 7, 2));
	expect_reason(judge(&city, JUNE, healthy, SERVICE, 1, 30), REASON_age);
	/* Another flag is not the one that is asked for. */
	expect_reason(judge(&city, JUNE, family, SERVICE, 1, 30), REASON_age);
	expect_paid(judge(&city, JUNE, disabled, SERVICE, 1, 30), 10000);
	expect_paid(judge(&city, JUNE, severely, SERVICE, 1, 30), 10000);
	town_close(&city);
}

static void three_income_classes_of_four_are_covered(void **state)
{
	static const unsigned covered[] = {INCOME_DESTITUTE, INCOME_MINIMUM, INCOME_LOW};
	struct town city;
	(void)state;
	city_open(&city);
	town_at(&city, day(2026, 7, 2));
	for (size_t i = 0; i < 3; i++)
		expect_paid(
		    judge(&city, JUNE, poor(&city, day(1940, 1, 1), covered[i], 0), SERVICE, 1, 30),
		    10000);
	expect_reason(
	    judge(&city, JUNE, poor(&city, day(1940, 1, 1), INCOME_OTHER, 0), SERVICE, 1, 30),
	    REASON_income_class);
	town_close(&city);
}

static void die(struct town *city, uint64_t person, int32_t on)
{
	const struct person_facts facts = {.code = person,
	    .birth_day = day(1940, 1, 1),
	    .death_day = on,
	    .income_class = INCOME_MINIMUM};
	town_facts(city, &facts);
}

static void a_bed_is_not_paid_for_the_night_of_the_death_and_a_service_day_is(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	grant(&city, person, SERVICE);
	die(&city, person, day(2026, 6, 14));
	town_at(&city, day(2026, 7, 2));
	expect_reason(judge(&city, JUNE, person, BED, 1, 14), REASON_after_death);
	expect_reason(judge(&city, JUNE, person, BED, 14, 14), REASON_after_death);
	expect_paid(judge(&city, JUNE, person, BED, 1, 13), 4333); /* R(13) of 10000 */
	expect_reason(judge(&city, JUNE, person, SERVICE, 1, 15), REASON_after_death);
	expect_reason(judge(&city, JUNE, person, SERVICE, 15, 15), REASON_after_death);
	expect_paid(judge(&city, JUNE, person, SERVICE, 1, 14), 9333); /* R(14) of 20000 */
	/* The months after. */
	town_at(&city, day(2026, 8, 2));
	expect_reason(judge(&city, 202607, person, BED, 1, 31), REASON_after_death);
	/* And the one before. */
	town_at(&city, day(2026, 8, 3));
	expect_refused(judge(&city, 202605, person, BED, 1, 31), REASON_too_late, day(2026, 7, 30));
	town_close(&city);
}

/* --- 17: one need, once -------------------------------------------------------------------------------------- */

static void the_other_nursing_allowance_bars_the_nursing_subsidy(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	grant(&city, person, NURSING);
	/* To the card, by the month: from July on. */
	town_grant(&city, person, "disabled_nursing_allowance", day(2026, 7, 1), DAY_NEVER,
	    PAID_TO_CARD, GRANT_GIVEN);
	town_at(&city, day(2026, 8, 2));
	expect_paid(judge(&city, JUNE, person, NURSING, 1, 30), 10000);
	expect_refused(
	    judge(&city, 202607, person, NURSING, 1, 31), REASON_excluded, day(2026, 7, 1));
	/* Another need is not touched: 200.00. */
	grant(&city, person, SERVICE);
	expect_paid(judge(&city, 202607, person, SERVICE, 1, 31), 20000);
	town_close(&city);
}

/* What the card gets accrues by the month: a grant that begins within it is paid for the whole of it. */
static void a_month_that_is_paid_to_the_card_is_not_paid_to_a_house(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	town_grant(&city, person, NURSING, day(2026, 1, 1), day(2026, 6, 15), PAID_TO_INSTITUTION,
	    GRANT_GIVEN);
	town_grant(&city, person, NURSING, day(2026, 6, 16), DAY_NEVER, PAID_TO_CARD, GRANT_GIVEN);
	town_at(&city, day(2026, 7, 2));
	expect_refused(
	    judge(&city, JUNE, person, NURSING, 16, 30), REASON_excluded, day(2026, 6, 16));
	expect_refused(
	    judge(&city, JUNE, person, NURSING, 1, 15), REASON_excluded, day(2026, 6, 1));
	/* May was not paid to the card. */
	expect_paid(judge(&city, 202605, person, NURSING, 1, 31), 10000);
	town_close(&city);
}

/* A part of a monthly run; returns how many are paid. */
static uint32_t run_allowance(struct town *city, uint32_t month, const char *programme)
{
	struct buffer parameters = {0};
	struct allowance_part part;
	struct txn *txn;
	char run[RUN_NAME_MAX];
	snprintf(run, sizeof(run), "run-%u", (unsigned)month);
	allowance_parameters_write(&parameters, month, programme, run, 1, 0);
	if (town_order(city, KIND_allowance, &parameters, ALLOWANCE_PARAMETERS, NULL, 0))
		fail_msg("%s", city->detail.text);
	txn = desk_read(city);
	assert_int_equal(allowance_part_get(txn, run, 1, &part), ERROR_NONE);
	txn_abort(txn);
	return part.count;
}

/* The other way round: the house was paid for a part of June before the card was granted. The card is paid from July on. */
static void a_month_that_was_paid_to_a_house_is_not_paid_to_the_card(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	town_grant(&city, person, NURSING, day(2026, 1, 1), day(2026, 6, 15), PAID_TO_INSTITUTION,
	    GRANT_GIVEN);
	town_at(&city, day(2026, 7, 2));
	expect_paid(judge(&city, JUNE, person, NURSING, 1, 15), 5000);
	town_grant(&city, person, NURSING, day(2026, 6, 16), DAY_NEVER, PAID_TO_CARD, GRANT_GIVEN);
	assert_int_equal(run_allowance(&city, JUNE, NURSING), 0);
	assert_int_equal(run_allowance(&city, 202607, NURSING), 1);
	/* Level 2: 100.00. */
	assert_int_equal(town_credit(&city, "payable/run/run-202606"), 0);
	assert_int_equal(town_credit(&city, "payable/run/run-202607"), 10000);
	town_close(&city);
}

/* --- what a verdict tells ------------------------------------------------------------------------------------- */

/* The row as the city has it. */
static struct person_row row_of(struct town *city, uint64_t person)
{
	struct txn *txn = desk_read(city);
	const struct person_row *row;
	assert_int_equal(person_get(txn, person, &row), ERROR_NONE);
	struct person_row copy = *row;
	txn_abort(txn);
	return copy;
}

/* docs: facts that decide are named by the entry that brought them, never by value; so a figure is no birthday and no day of death,
 * although the days of the line lie around it. */
static void a_refusal_names_the_entry_of_the_fact_and_not_the_fact(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t dead = guest(&city), young = poor(&city, day(1946, 6, 15), INCOME_LOW, 0),
		 rich = poor(&city, day(1940, 1, 1), INCOME_OTHER, 0),
		 able = poor(&city, day(1940, 1, 1), INCOME_LOW, 0);
	grant(&city, able, NURSING);
	die(&city, dead, day(2026, 6, 14));
	town_at(&city, day(2026, 7, 2));
	expect_refused(judge(&city, JUNE, dead, BED, 1, 30), REASON_after_death,
	    (int64_t)row_of(&city, dead).facts_sequence);
	expect_refused(judge(&city, JUNE, young, SERVICE, 1, 30), REASON_age,
	    (int64_t)row_of(&city, young).facts_sequence);
	expect_refused(judge(&city, JUNE, rich, SERVICE, 1, 30), REASON_income_class,
	    (int64_t)row_of(&city, rich).facts_sequence);
	/* Level 1 of the assessment; nursing is for 2 and worse. */
	expect_refused(judge(&city, JUNE, able, NURSING, 1, 30), REASON_level,
	    (int64_t)row_of(&city, able).levels[0].sequence);
	town_close(&city);
}

/* Every verdict of the payer says by which catalogue, and by which of its programmes, as they stood. */
static void every_verdict_names_the_catalogue_and_the_programme(void **state)
{
	static const char *const codes[] = {"old_age_allowance", BED, BED, SERVICE, NURSING};
	struct town city;
	struct policy *policy;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	town_at(&city, day(2027, 2, 2));
	/* The rows in the order of the file: the second version of the bed subsidy is in force from 2027-01-01. */
	const struct verdict verdicts[] = {judge(&city, 202701, person, "old_age_allowance", 1, 31),
	    judge(&city, 202612, person, BED, 1, 31), judge(&city, 202701, person, BED, 1, 31),
	    judge(&city, 202701, person, SERVICE, 1, 31),
	    judge(&city, 202701, person, NURSING, 1, 31)};
	struct txn *txn = desk_read(&city);
	for (uint32_t i = 0; i < 5; i++) {
		const struct verdict *verdict = &verdicts[i];
		bool paid = verdict->reason == REASON_approved;
		assert_int_equal(paid, i == 1 || i == 2);
		uint32_t row = paid ? verdict->pieces[0].row : verdict->row;
		assert_true(paid || verdict->has_row);
		assert_int_equal(row, i);
		assert_int_equal(
		    settlement_policy_logged(txn, CHENGDU, verdict->policy, NULL, &policy),
		    ERROR_NONE);
		assert_string_equal(policy->programmes[row].code, codes[i]);
		policy_free(policy);
	}
	/* When a new catalogue has come, the old one is still told by its entry, and by its hash. */
	struct buffer yaml = {0};
	buffer_append(&yaml, policy_embedded(CHENGDU));
	buffer_append(&yaml, span_of("", 1));
	char *version = strstr((char *)yaml.data, "version: 1");
	assert_non_null(version);
	version[9] = '2';
	txn_abort(txn);
	assert_int_equal(town_policy(&city, span_of(yaml.data, yaml.size - 1)), ERROR_NONE);
	buffer_free(&yaml);
	txn = desk_read(&city);
	const struct hash first = hash_sha256(policy_embedded(CHENGDU));
	for (unsigned by_hash = 0; by_hash < 2; by_hash++) {
		assert_int_equal(
		    settlement_policy_logged(txn, CHENGDU, by_hash ? 0 : verdicts[0].policy,
			by_hash ? &first : NULL, &policy),
		    ERROR_NONE);
		assert_int_equal(policy->version, 1);
		policy_free(policy);
	}
	assert_int_equal(
	    settlement_policy_logged(txn, GUANGYUAN, 0, &first, &policy), ERROR_NOT_FOUND);
	/* No other entry has brought one. */
	assert_int_equal(
	    settlement_policy_logged(txn, CHENGDU, verdicts[0].policy + 1, NULL, &policy),
	    ERROR_NOT_FOUND);
	txn_abort(txn);
	town_close(&city);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_day_needs_a_grant),
	    cmocka_unit_test(a_stopped_grant_holds_to_its_last_day),
	    cmocka_unit_test(an_assessment_holds_to_its_last_day),
	    cmocka_unit_test(nursing_is_for_level_two_and_worse),
	    cmocka_unit_test(a_level_counts_from_its_first_day),
	    cmocka_unit_test(the_eightieth_birthday_is_the_first_day_of_eighty),
	    cmocka_unit_test(in_a_leap_year_who_is_born_on_29_february_is_eighty_on_the_29th),
	    cmocka_unit_test(disability_stands_for_the_age),
	    cmocka_unit_test(three_income_classes_of_four_are_covered),
	    cmocka_unit_test(a_bed_is_not_paid_for_the_night_of_the_death_and_a_service_day_is),
	    cmocka_unit_test(the_other_nursing_allowance_bars_the_nursing_subsidy),
	    cmocka_unit_test(a_month_that_is_paid_to_the_card_is_not_paid_to_a_house),
	    cmocka_unit_test(a_month_that_was_paid_to_a_house_is_not_paid_to_the_card),
	    cmocka_unit_test(a_refusal_names_the_entry_of_the_fact_and_not_the_fact),
	    cmocka_unit_test(every_verdict_names_the_catalogue_and_the_programme),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
