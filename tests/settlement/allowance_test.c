/* Monthly runs, with the catalogues that are built in (80-89: 50.00, 90-99: 100.00, from 100: 300.00, by the month; severely
 * disabled with a grant: 80.00) and with changed ones. Who is paid what is worked by hand from birth days and grants. */
#include "town.h"

struct fixture {
	struct town town;
	struct town_post post;
	struct buffer yaml;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	if (fixture->town.ledger)
		town_close(&fixture->town);
	town_post_free(&fixture->post);
	buffer_free(&fixture->yaml);
	free(fixture);
	return 0;
}

/* Chengdu on a day, with this much in the city's fund. */
static struct town *chengdu(struct fixture *fixture, struct span yaml, int32_t today, int64_t fen)
{
	town_open(&fixture->town, CHENGDU, yaml, &fixture->post);
	town_fund(&fixture->town, "fiscal", fen);
	town_at(&fixture->town, today);
	return &fixture->town;
}

/* The catalogue of Chengdu with every `old` text replaced. */
static struct span changed(struct fixture *fixture, const char *old, const char *new)
{
	struct span yaml = policy_embedded(CHENGDU);
	size_t size = strlen(old), found = 0;
	for (size_t i = 0; i < yaml.size; i++) {
		if (i + size <= yaml.size && memcmp(yaml.data + i, old, size) == 0) {
			buffer_append_text(&fixture->yaml, new);
			i += size - 1;
			found++;
		} else {
			buffer_append(&fixture->yaml, span_of(yaml.data + i, 1));
		}
	}
	assert_true(found > 0 && fixture->yaml.failed == ERROR_NONE);
	return buffer_span(&fixture->yaml);
}

static enum error run_part(struct town *town, const char *programme, uint32_t month,
    const char *name, uint32_t part, uint64_t first_person)
{
	struct buffer parameters = {0};
	allowance_parameters_write(&parameters, month, programme, name, part, first_person);
	return town_order(town, KIND_allowance, &parameters, ALLOWANCE_PARAMETERS, NULL, 0);
}

static void run(struct town *town, const char *programme, uint32_t month, const char *name)
{
	if (run_part(town, programme, month, name, 1, 0))
		fail_msg("%s", town->detail.text);
}

static void run_old_age(struct town *town, uint32_t month, const char *name)
{
	run(town, "old_age_allowance", month, name);
}

struct paid {
	uint64_t persons[8];
	int64_t fen[8];
	size_t count;
};

static bool add_paid(void *context, uint64_t person, int64_t fen)
{
	struct paid *paid = context;
	assert_true(paid->count < 8);
	paid->persons[paid->count] = person;
	paid->fen[paid->count++] = fen;
	return true;
}

static struct paid paid_by(struct town *town, const char *name)
{
	struct paid paid = {.count = 0};
	struct txn *txn;
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	assert_int_equal(allowance_each(txn, name, 0, add_paid, &paid), ERROR_NONE);
	txn_abort(txn);
	return paid;
}

/* What a run pays a person; 0: nothing. */
static int64_t paid_to(struct town *town, const char *name, uint64_t person)
{
	const struct paid paid = paid_by(town, name);
	for (size_t i = 0; i < paid.count; i++) {
		if (paid.persons[i] == person)
			return paid.fen[i];
	}
	return 0;
}

static int64_t run_balance(struct town *town, const char *run_name)
{
	char name[ACCOUNT_TEXT_SIZE];
	return town_credit(town, account_payable_run(name, run_name));
}

/* --- age ---------------------------------------------------------------------------------------------------- */

static void a_birthday_counts_from_its_month(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 11, 25), 1000000);
	uint64_t eighty = town_person(town, 1, day(1946, 11, 23), INCOME_OTHER, 0);
	uint64_t almost = town_person(town, 2, day(1946, 12, 1), INCOME_OTHER, 0);
	uint64_t ninety = town_person(town, 3, day(1936, 11, 30), INCOME_OTHER, 0);
	uint64_t hundred = town_person(town, 4, day(1926, 11, 1), INCOME_OTHER, 0);
	run_old_age(town, 202610, "2026-10");
	run_old_age(town, 202611, "2026-11");
	assert_true(paid_to(town, "2026-10", eighty) == 0);
	assert_true(paid_to(town, "2026-11", eighty) == 5000);
	assert_true(paid_to(town, "2026-11", almost) == 0);
	assert_true(paid_to(town, "2026-10", ninety) == 5000);
	assert_true(paid_to(town, "2026-11", ninety) == 10000);
	assert_true(paid_to(town, "2026-10", hundred) == 10000);
	assert_true(paid_to(town, "2026-11", hundred) == 30000);
	assert_true(run_balance(town, "2026-10") == 15000);
	assert_true(run_balance(town, "2026-11") == 45000);
	assert_true(town_fund_left(town, "fiscal") == 1000000 - 60000);
}

static void where_it_starts_the_next_month_a_birthday_counts_a_month_later(void **state)
{
	struct town *town = chengdu(*state, changed(*state, "starts: month", "starts: next_month"),
	    day(2026, 12, 2), 1000000);
	uint64_t eighty = town_person(town, 1, day(1946, 11, 23), INCOME_OTHER, 0);
	uint64_t first = town_person(town, 2, day(1946, 12, 1), INCOME_OTHER, 0);
	run_old_age(town, 202611, "2026-11");
	run_old_age(town, 202612, "2026-12");
	assert_true(paid_to(town, "2026-11", eighty) == 0);
	assert_true(paid_to(town, "2026-12", eighty) == 5000);
	assert_true(paid_to(town, "2026-12", first) == 0);
}

/* Born on 29 February 1936: 90 on 28 February 2026; on 1 March it would be February's 89. */
static void who_is_born_on_29_february_is_paid_for_february(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 3, 2), 1000000);
	uint64_t leap = town_person(town, 1, day(1936, 2, 29), INCOME_OTHER, 0);
	uint64_t march = town_person(town, 2, day(1936, 3, 1), INCOME_OTHER, 0);
	run_old_age(town, 202602, "2026-02");
	assert_true(paid_to(town, "2026-02", leap) == 10000);
	assert_true(paid_to(town, "2026-02", march) == 5000);
}

/* --- death, cards, suspension ------------------------------------------------------------------------------- */

static uint64_t who_died(struct town *town, uint32_t serial, int32_t death_day)
{
	const struct person_facts facts = {.code = person_code_make(town->region, serial),
	    .birth_day = day(1940, 5, 5),
	    .death_day = death_day,
	    .income_class = INCOME_OTHER};
	town_register_row(town, facts.code, "6217000000000000001");
	town_facts(town, &facts);
	return facts.code;
}

static void the_month_of_death_is_paid_whole_and_none_after(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 9, 2), 1000000);
	uint64_t before = who_died(town, 1, day(2026, 7, 31));
	uint64_t first = who_died(town, 2, day(2026, 8, 1));
	uint64_t middle = who_died(town, 3, day(2026, 8, 14));
	uint64_t last = who_died(town, 4, day(2026, 8, 31));
	run_old_age(town, 202607, "2026-07");
	run_old_age(town, 202608, "2026-08");
	run_old_age(town, 202609, "2026-09");
	assert_true(paid_to(town, "2026-07", before) == 5000);
	assert_true(paid_to(town, "2026-08", before) == 0);
	assert_true(paid_to(town, "2026-08", first) == 5000);
	assert_true(paid_to(town, "2026-08", middle) == 5000);
	assert_true(paid_to(town, "2026-08", last) == 5000);
	assert_true(run_balance(town, "2026-09") == 0);
}

/* What is due does not depend on the card: the money is set aside, and waits for one. */
static void who_has_no_card_is_due_the_same(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 9, 2), 1000000);
	const struct person_facts facts = {.code = person_code_make(CHENGDU, 1),
	    .birth_day = day(1940, 5, 5),
	    .death_day = DAY_NEVER,
	    .income_class = INCOME_OTHER};
	town_register_row(town, facts.code, "");
	town_facts(town, &facts);
	run_old_age(town, 202608, "2026-08");
	assert_true(paid_to(town, "2026-08", facts.code) == 5000);
	assert_true(run_balance(town, "2026-08") == 5000);
}

#define DISABLED_ALLOWANCE "disabled_nursing_allowance"

/* Suspended from July because nobody had seen the person (资格认证); in September that was made good, and July is paid. */
static void a_suspended_grant_is_paid_afterwards_when_it_is_given_again(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 1000000);
	uint64_t person =
	    town_person(town, 1, day(1960, 5, 5), INCOME_OTHER, PERSON_SEVERELY_DISABLED);
	town_grant(town, person, DISABLED_ALLOWANCE, day(2026, 3, 1), DAY_NEVER, PAID_TO_CARD,
	    GRANT_GIVEN);
	run(town, DISABLED_ALLOWANCE, 202606, "d-06");
	town_grant(town, person, DISABLED_ALLOWANCE, day(2026, 3, 1), day(2026, 6, 30),
	    PAID_TO_CARD, GRANT_STOPPED);
	run(town, DISABLED_ALLOWANCE, 202607, "d-07");
	town_at(town, day(2026, 9, 10));
	town_grant(town, person, DISABLED_ALLOWANCE, day(2026, 7, 1), DAY_NEVER, PAID_TO_CARD,
	    GRANT_GIVEN);
	run(town, DISABLED_ALLOWANCE, 202608, "d-08");
	run(town, DISABLED_ALLOWANCE, 202607, "d-07-late");
	run(town, DISABLED_ALLOWANCE, 202607, "d-07-again");
	assert_true(paid_to(town, "d-06", person) == 8000);
	assert_true(paid_to(town, "d-07", person) == 0);
	assert_true(paid_to(town, "d-08", person) == 8000);
	assert_true(paid_to(town, "d-07-late", person) == 8000);
	assert_true(paid_to(town, "d-07-again", person) == 0);
	assert_true(town_fund_left(town, "fiscal") == 1000000 - 24000);
}

/* Two grants that touch one month are one allowance; before the first there is none. */
static void a_month_is_paid_once_whatever_grants_touch_it(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 1000000);
	uint64_t person =
	    town_person(town, 1, day(1960, 5, 5), INCOME_OTHER, PERSON_SEVERELY_DISABLED);
	town_grant(town, person, DISABLED_ALLOWANCE, day(2026, 6, 28), day(2026, 7, 4),
	    PAID_TO_CARD, GRANT_GIVEN);
	town_grant(town, person, DISABLED_ALLOWANCE, day(2026, 7, 20), DAY_NEVER, PAID_TO_CARD,
	    GRANT_GIVEN);
	run(town, DISABLED_ALLOWANCE, 202605, "d-05");
	run(town, DISABLED_ALLOWANCE, 202606, "d-06");
	run(town, DISABLED_ALLOWANCE, 202607, "d-07");
	assert_true(run_balance(town, "d-05") == 0);
	assert_true(paid_to(town, "d-06", person) == 8000);
	assert_true(paid_to(town, "d-07", person) == 8000);
}

static void a_grant_alone_does_not_make_somebody_eligible(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 1000000);
	uint64_t person = town_person(town, 1, day(1960, 5, 5), INCOME_OTHER, PERSON_DISABLED);
	town_grant(town, person, DISABLED_ALLOWANCE, day(2026, 3, 1), DAY_NEVER, PAID_TO_CARD,
	    GRANT_GIVEN);
	town_person(town, 2, day(1960, 5, 5), INCOME_OTHER, PERSON_SEVERELY_DISABLED);
	run(town, DISABLED_ALLOWANCE, 202607, "d-07");
	assert_int_equal(paid_by(town, "d-07").count, 0);
}

static void who_is_forgotten_is_not_paid(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 1000000);
	uint64_t person = town_person(town, 1, day(1940, 5, 5), INCOME_OTHER, 0);
	struct buffer line = {0};
	erase_line_write(&line, person);
	assert_int_equal(town_order(town, KIND_erase, NULL, 0, &line, 1), ERROR_NONE);
	run_old_age(town, 202607, "2026-07");
	assert_int_equal(paid_by(town, "2026-07").count, 0);
}

/* --- one need is paid once ---------------------------------------------------------------------------------- */

/* A person at level 3, of low income and severely disabled, in a house since June: 护理补贴 is 200.00 there. */
static uint64_t resident(struct town *town)
{
	uint64_t person =
	    town_person(town, 1, day(1940, 5, 5), INCOME_LOW, PERSON_SEVERELY_DISABLED);
	town_fund(town, "lottery", 1000000);
	town_house(town, HOUSE_A, CHENGDU, 10);
	town_assess(town, person, 3, day(2026, 1, 1), day(2026, 12, 31));
	town_stay(town, HOUSE_A, person, day(2026, 6, 1), DAY_NEVER);
	town_grant(town, person, "nursing_subsidy", day(2026, 6, 1), DAY_NEVER, PAID_TO_INSTITUTION,
	    GRANT_GIVEN);
	return person;
}

static uint64_t claim_care(struct town *town, uint32_t month, uint64_t person, unsigned last)
{
	return town_claim_one(town, HOUSE_A, CHENGDU, month, "nursing_subsidy", person, 1, last);
}

/* 护理补贴 200.00 and 重度残疾人护理补贴 80.00 exclude each other: of two grants to one card the one that is run first is paid. */
static void of_two_programmes_that_exclude_each_other_one_is_paid_to_the_card(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 1000000);
	uint64_t person =
	    town_person(town, 1, day(1940, 5, 5), INCOME_LOW, PERSON_SEVERELY_DISABLED);
	town_fund(town, "lottery", 1000000);
	town_assess(town, person, 3, day(2026, 1, 1), day(2026, 12, 31));
	town_grant(
	    town, person, "nursing_subsidy", day(2026, 6, 1), DAY_NEVER, PAID_TO_CARD, GRANT_GIVEN);
	town_grant(town, person, DISABLED_ALLOWANCE, day(2026, 6, 1), DAY_NEVER, PAID_TO_CARD,
	    GRANT_GIVEN);
	run(town, "nursing_subsidy", 202606, "n-06");
	run(town, DISABLED_ALLOWANCE, 202606, "d-06");
	assert_true(paid_to(town, "n-06", person) == 20000);
	assert_int_equal(paid_by(town, "d-06").count, 0);
	run(town, DISABLED_ALLOWANCE, 202607, "d-07");
	run(town, "nursing_subsidy", 202607, "n-07");
	assert_true(paid_to(town, "d-07", person) == 8000);
	assert_int_equal(paid_by(town, "n-07").count, 0);
}

/* The house claimed June's first ten days; the grant to the card that begins on the 20th is paid from July on. */
static void a_month_in_which_an_institution_has_claimed_is_not_paid_to_the_card(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 1000000);
	uint64_t person = resident(town);
	/* R(10) of 20000 in 30 days */
	town_approved(town, claim_care(town, 202606, person, 10), 0, 6667);
	town_grant(town, person, "nursing_subsidy", day(2026, 6, 1), day(2026, 6, 19),
	    PAID_TO_INSTITUTION, GRANT_STOPPED);
	town_grant(town, person, DISABLED_ALLOWANCE, day(2026, 6, 20), DAY_NEVER, PAID_TO_CARD,
	    GRANT_GIVEN);
	run(town, DISABLED_ALLOWANCE, 202606, "d-06");
	run(town, DISABLED_ALLOWANCE, 202607, "d-07");
	assert_true(paid_to(town, "d-06", person) == 0);
	assert_true(paid_to(town, "d-07", person) == 8000);
	/* Nor can the house claim more of June: the card's grant takes the whole month. */
	town_refused(town,
	    town_claim_one(town, HOUSE_A, CHENGDU, 202606, "nursing_subsidy", person, 11, 19), 0,
	    REASON_excluded);
}

/* June was paid to the card. Its grant is then ended as of May: June stays paid, until the run's line is taken back. */
static void a_month_that_was_paid_to_the_card_is_not_claimed_until_it_is_taken_back(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 1000000);
	uint64_t person = resident(town);
	struct buffer line = {0};
	town_grant(town, person, DISABLED_ALLOWANCE, day(2026, 3, 1), DAY_NEVER, PAID_TO_CARD,
	    GRANT_GIVEN);
	run(town, DISABLED_ALLOWANCE, 202606, "d-06");
	uint64_t paid = town->sequence;
	town_refused(town, claim_care(town, 202606, person, 30), 0, REASON_excluded);
	town_grant(town, person, DISABLED_ALLOWANCE, day(2026, 3, 1), day(2026, 5, 31),
	    PAID_TO_CARD, GRANT_STOPPED);
	town_refused(town, claim_care(town, 202606, person, 30), 0, REASON_excluded);
	town_approved(town, claim_care(town, 202607, person, 31), 0, 20000);
	reversal_line_write(&line, paid, 0, span_text("待遇终止"));
	assert_int_equal(town_order(town, KIND_reversal, NULL, 0, &line, 1), ERROR_NONE);
	town_approved(town, claim_care(town, 202606, person, 30), 0, 20000);
}

/* 养老服务补贴 goes to either, as the grant says: at level 3 it is 300.00 a month. */
static void what_goes_to_either_is_paid_to_the_card_where_the_grant_says_so(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 1000000);
	uint64_t card = town_person(town, 1, day(1940, 5, 5), INCOME_LOW, 0);
	uint64_t house = town_person(town, 2, day(1940, 5, 5), INCOME_LOW, 0);
	uint64_t unassessed = town_person(town, 3, day(1940, 5, 5), INCOME_LOW, 0);
	uint64_t rich = town_person(town, 4, day(1940, 5, 5), INCOME_OTHER, 0);
	const uint64_t persons[] = {card, house, unassessed, rich};
	for (size_t i = 0; i < 4; i++) {
		if (persons[i] != unassessed)
			town_assess(town, persons[i], 3, day(2026, 1, 1), day(2026, 12, 31));
		town_grant(town, persons[i], "service_subsidy", day(2026, 3, 1), DAY_NEVER,
		    persons[i] == house ? PAID_TO_INSTITUTION : PAID_TO_CARD, GRANT_GIVEN);
	}
	run(town, "service_subsidy", 202607, "s-07");
	const struct paid paid = paid_by(town, "s-07");
	assert_int_equal(paid.count, 1);
	assert_true(paid.persons[0] == card && paid.fen[0] == 30000);
}

/* --- caps and funds ----------------------------------------------------------------------------------------- */

/* The cap of a person and month is 250.00 over both programmes: 300.00 is cut to it, then nothing is left of 200.00. */
static void a_persons_cap_holds_over_runs_and_claims(void **state)
{
	struct town *town = chengdu(*state,
	    changed(*state, "    paid_to: either\n",
		"    paid_to: either\n    person_month_cap: 250.00\n" LIMITS),
	    day(2026, 8, 2), 1000000);
	uint64_t person = resident(town);
	town_grant(
	    town, person, "service_subsidy", day(2026, 3, 1), DAY_NEVER, PAID_TO_CARD, GRANT_GIVEN);
	run(town, "service_subsidy", 202606, "s-06");
	assert_true(paid_to(town, "s-06", person) == 25000);
	const struct verdict verdict = town_verdict(town, town->sequence, 0);
	assert_int_equal(verdict.reduction_count, 1);
	assert_int_equal(verdict.reductions[0].reason, REASON_person_month_cap);
	assert_true(verdict.reductions[0].before_fen == 30000);
	assert_true(verdict.reductions[0].limit == 25000 && verdict.reductions[0].used == 0);
	uint64_t sequence = claim_care(town, 202606, person, 30);
	town_approved(town, sequence, 0, 0);
	assert_true(town_verdict(town, sequence, 0).reductions[0].used == 25000);
	/* The other way round in July: the claim comes first, and leaves 50.00. */
	town_approved(town, claim_care(town, 202607, person, 31), 0, 20000);
	run(town, "service_subsidy", 202607, "s-07");
	assert_true(paid_to(town, "s-07", person) == 5000);
}

/* 120.00 for three times 50.00. */
static void a_run_pays_what_its_fund_holds_in_order_of_code(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 12000);
	for (uint32_t i = 1; i <= 4; i++)
		town_person(town, i, day(1940, 5, 5), INCOME_OTHER, 0);
	run_old_age(town, 202607, "2026-07");
	static const int64_t amounts[] = {5000, 5000, 2000, 0};
	static const int64_t left[] = {0, 0, 2000, 0};
	for (uint32_t i = 0; i < 4; i++) {
		const struct verdict verdict = town_verdict(town, town->sequence, i);
		assert_true(verdict.amount_fen == amounts[i]);
		assert_int_equal(verdict.reduction_count, amounts[i] < 5000);
		if (verdict.reduction_count) {
			assert_int_equal(verdict.reductions[0].reason, REASON_fund_exhausted);
			assert_true(verdict.reductions[0].before_fen == 5000);
			assert_true(verdict.reductions[0].limit == left[i]);
		}
	}
	assert_int_equal(paid_by(town, "2026-07").count, 3);
	assert_true(town_fund_left(town, "fiscal") == 0);
}

/* A month is paid by the version that is in force at its end. */
static void each_month_has_the_amount_of_its_own_time(void **state)
{
	struct fixture *fixture = *state;
	struct span yaml = changed(fixture, "    effective_from: 2026-01-01\n    need: old_age\n",
	    "    effective_from: 2026-07-01\n    need: old_age\n");
	struct town *town = chengdu(fixture, yaml, day(2026, 8, 2), 1000000);
	uint64_t person = town_person(town, 1, day(1940, 5, 5), INCOME_OTHER, 0);
	assert_int_equal(
	    run_part(town, "old_age_allowance", 202606, "2026-06", 1, 0), ERROR_NOT_FOUND);
	run_old_age(town, 202607, "2026-07");
	assert_true(paid_to(town, "2026-07", person) == 5000);
}

/* --- runs and their parts ----------------------------------------------------------------------------------- */

static void a_run_that_is_ordered_twice_is_booked_once(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 1000000);
	town_person(town, 1, day(1940, 5, 5), INCOME_OTHER, 0);
	struct buffer parameters = {0};
	allowance_parameters_write(&parameters, 202607, "old_age_allowance", "2026-07", 1, 0);
	assert_int_equal(
	    town_order_as(town, "july", KIND_allowance, &parameters, ALLOWANCE_PARAMETERS, NULL, 0),
	    ERROR_NONE);
	uint64_t first = town->sequence;
	allowance_parameters_write(&parameters, 202607, "old_age_allowance", "2026-07", 1, 0);
	assert_int_equal(
	    town_order_as(town, "july", KIND_allowance, &parameters, ALLOWANCE_PARAMETERS, NULL, 0),
	    ERROR_REPEAT);
	assert_true(town->sequence == first);
	allowance_parameters_write(&parameters, 202608, "old_age_allowance", "2026-07", 1, 0);
	assert_int_equal(
	    town_order_as(town, "july", KIND_allowance, &parameters, ALLOWANCE_PARAMETERS, NULL, 0),
	    ERROR_CONFLICT);
	/* Another order of the same part would hide the first from whoever pays the run. */
	assert_int_equal(
	    run_part(town, "old_age_allowance", 202607, "2026-07", 1, 0), ERROR_EXISTS);
	assert_int_equal(
	    run_part(town, "old_age_allowance", 202608, "2026-07", 1, 0), ERROR_EXISTS);
	assert_int_equal(paid_by(town, "2026-07").count, 1);
	/* Another run for the month finds everybody paid. */
	run_old_age(town, 202607, "2026-07-b");
	assert_int_equal(paid_by(town, "2026-07-b").count, 0);
	assert_true(town_fund_left(town, "fiscal") == 995000);
}

/* More persons than one entry takes: registered in two orders, paid in two parts. */
#define MANY (ALLOWANCE_PART_MAX + 3)

static void register_many(struct town *town)
{
	struct buffer lines = {0};
	struct txn *txn;
	uint32_t count = 0;
	assert_int_equal(txn_begin_write(ledger_store(town->ledger), &txn), ERROR_NONE);
	for (uint32_t i = 1; i <= MANY; i++) {
		uint8_t nonce[SEAL_NONCE_SIZE];
		uint64_t code = person_code_make(CHENGDU, i);
		struct registry_row row = {.fact_key = town_fact_key(code)};
		snprintf(row.name, sizeof(row.name), "张%u", (unsigned)i);
		snprintf(row.id_number, sizeof(row.id_number), "T%u", (unsigned)i);
		assert_int_equal(registry_put(txn, &town->registry_key, code, &row,
				     town_nonce(town, nonce), NULL),
		    ERROR_NONE);
	}
	assert_int_equal(txn_commit(txn), ERROR_NONE);
	for (uint32_t i = 1; i <= MANY; i++) {
		uint8_t nonce[SEAL_NONCE_SIZE];
		const struct person_facts facts = {.code = person_code_make(CHENGDU, i),
		    .birth_day = day(1940, 5, 5),
		    .death_day = DAY_NEVER,
		    .income_class = INCOME_OTHER};
		const struct hash key = town_fact_key(facts.code);
		person_line_write(&lines, &facts, &key, town_nonce(town, nonce));
		if (++count == 5000 || i == MANY) {
			assert_int_equal(
			    town_order(town, KIND_person, NULL, 0, &lines, count), ERROR_NONE);
			count = 0;
		}
	}
}

static struct allowance_part part_of(struct town *town, const char *name, uint32_t number)
{
	struct allowance_part part;
	struct txn *txn;
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	assert_int_equal(allowance_part_get(txn, name, number, &part), ERROR_NONE);
	txn_abort(txn);
	return part;
}

static bool count_paid(void *context, uint64_t person, int64_t fen)
{
	uint64_t *last = context;
	assert_true(person > *last && fen == 5000);
	*last = person;
	return true;
}

static void a_run_is_booked_in_parts_that_follow_one_another(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 100000000);
	uint64_t last = 0;
	struct txn *txn;
	register_many(town);
	/* A part before its turn. */
	assert_int_equal(run_part(town, "old_age_allowance", 202607, "2026-07", 2, 0), ERROR_GAP);
	run_old_age(town, 202607, "2026-07");
	const struct allowance_part first = part_of(town, "2026-07", 1);
	assert_int_equal(first.count, ALLOWANCE_PART_MAX);
	assert_false(first.last);
	assert_true(first.next_person == person_code_make(CHENGDU, ALLOWANCE_PART_MAX + 1));
	assert_true(first.total_fen == ALLOWANCE_PART_MAX * INT64_C(5000));
	/* Persons, and the line that says where to go on: within one entry. */
	assert_true(ALLOWANCE_PART_MAX + 1 <= ENTRY_LINES_MAX);
	assert_int_equal(run_part(town, "old_age_allowance", 202607, "2026-07", 2, 0),
	    ERROR_CONFLICT); /* not where the first ended */
	assert_int_equal(
	    run_part(town, "old_age_allowance", 202606, "2026-07", 2, first.next_person),
	    ERROR_CONFLICT); /* another month */
	assert_int_equal(
	    run_part(town, "old_age_allowance", 202607, "2026-07", 3, first.next_person),
	    ERROR_GAP);
	assert_int_equal(
	    run_part(town, "old_age_allowance", 202607, "2026-07", 2, first.next_person),
	    ERROR_NONE);
	const struct allowance_part second = part_of(town, "2026-07", 2);
	assert_int_equal(second.count, 3);
	assert_true(second.last);
	assert_int_equal(run_part(town, "old_age_allowance", 202607, "2026-07", 3, 0),
	    ERROR_CONFLICT); /* there is no more */
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	assert_int_equal(allowance_each(txn, "2026-07", 0, count_paid, &last), ERROR_NONE);
	txn_abort(txn);
	assert_true(last == person_code_make(CHENGDU, MANY));
	assert_true(run_balance(town, "2026-07") == MANY * INT64_C(5000));
}

/* Decided anew after the person was forgotten who comes first in the next part, the part still ends before her. */
static void a_part_ends_at_the_same_person_when_she_is_forgotten(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 100000000);
	const struct hash content = {{0}};
	struct buffer document = {0}, parameters = {0}, line = {0};
	struct decision decision;
	uint32_t not_rerun;
	struct txn *txn;
	register_many(town);
	allowance_parameters_write(&parameters, 202607, "old_age_allowance", "2026-07", 1, 0);
	assert_int_equal(order_sign(&document, &town->document_key, CHENGDU, KIND_allowance,
			     span_text("run"), buffer_span(&parameters), ALLOWANCE_PARAMETERS,
			     &content, &content, (struct span){NULL, 0}, 0),
	    ERROR_NONE);
	const struct span documents[] = {buffer_span(&document)};
	const struct command command = {
	    .kind = KIND_allowance, .documents = documents, .document_count = 1};
	decision_init(&decision);
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	assert_int_equal(
	    settlement_decide(town->settlement, txn, &command, town->now_ms, &decision, NULL),
	    ERROR_NONE);
	txn_abort(txn);
	erase_line_write(&line, person_code_make(CHENGDU, ALLOWANCE_PART_MAX + 1));
	assert_int_equal(town_order(town, KIND_erase, NULL, 0, &line, 1), ERROR_NONE);
	const struct entry entry = {
	    .header = {.epoch = 1,
		.time_ms = town->now_ms,
		.kind = KIND_allowance,
		.document_count = 1,
		.count = decision.count},
	    .documents = documents,
	    .lines = buffer_span(&decision.lines),
	    .verdicts = buffer_span(&decision.verdicts),
	    .transfers = decision.transfers,
	    .transfer_count = decision.transfer_count,
	};
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	if (settlement_replay(town->settlement, txn, &entry, &not_rerun, &town->detail))
		fail_msg("%s", town->detail.text);
	assert_int_equal(not_rerun, 0);
	txn_abort(txn);
	decision_free(&decision);
	buffer_free(&document);
	buffer_free(&parameters);
}

static void orders_that_make_no_sense_are_refused(void **state)
{
	struct town *town = chengdu(*state, policy_embedded(CHENGDU), day(2026, 8, 2), 1000000);
	static const struct {
		const char *programme, *run;
		uint32_t month, part;
		uint64_t first;
		enum error error;
	} cases[] = {
	    {"old_age_allowance", "2026-09", 202609, 1, 0, ERROR_STATE}, /* not begun yet */
	    {"no_such_allowance", "a", 202607, 1, 0, ERROR_NOT_FOUND},
	    {"bed_subsidy", "a", 202607, 1, 0, ERROR_REFUSED}, /* for institutions */
	    {"old_age_allowance", "", 202607, 1, 0, ERROR_MALFORMED},
	    {"old_age_allowance", "A", 202607, 1, 0, ERROR_MALFORMED},
	    {"old_age_allowance", "a/b", 202607, 1, 0, ERROR_MALFORMED},
	    {"old_age_allowance", "a", 202613, 1, 0, ERROR_MALFORMED},
	    {"old_age_allowance", "a", 202607, 0, 0, ERROR_GAP},
	    {"old_age_allowance", "a", 202607, 1, 5, ERROR_MALFORMED},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(run_part(town, cases[i].programme, cases[i].month, cases[i].run,
				     cases[i].part, cases[i].first),
		    cases[i].error);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(a_birthday_counts_from_its_month),
	    CASE(where_it_starts_the_next_month_a_birthday_counts_a_month_later),
	    CASE(who_is_born_on_29_february_is_paid_for_february),
	    CASE(the_month_of_death_is_paid_whole_and_none_after),
	    CASE(who_has_no_card_is_due_the_same),
	    CASE(a_suspended_grant_is_paid_afterwards_when_it_is_given_again),
	    CASE(a_month_is_paid_once_whatever_grants_touch_it),
	    CASE(a_grant_alone_does_not_make_somebody_eligible),
	    CASE(who_is_forgotten_is_not_paid),
	    CASE(of_two_programmes_that_exclude_each_other_one_is_paid_to_the_card),
	    CASE(a_month_in_which_an_institution_has_claimed_is_not_paid_to_the_card),
	    CASE(a_month_that_was_paid_to_the_card_is_not_claimed_until_it_is_taken_back),
	    CASE(what_goes_to_either_is_paid_to_the_card_where_the_grant_says_so),
	    CASE(a_persons_cap_holds_over_runs_and_claims),
	    CASE(a_run_pays_what_its_fund_holds_in_order_of_code),
	    CASE(each_month_has_the_amount_of_its_own_time),
	    CASE(a_run_that_is_ordered_twice_is_booked_once),
	    CASE(a_run_is_booked_in_parts_that_follow_one_another),
	    CASE(a_part_ends_at_the_same_person_when_she_is_forgotten),
	    CASE(orders_that_make_no_sense_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
