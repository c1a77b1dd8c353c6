/* The worked examples of the domain that belong to these programmes, to the fen, through whole sheets and runs, between two
 * cities where the example has two. Where a text gives no figures, ours stand in the catalogues: a bed 50.00 at level 0, 60.00 at
 * 1, 100.00 at 2, 150.00 at 3, 200.00 at 4; 养老服务补贴 200.00 at level 2. What the first x of n days of a monthly amount a are
 * worth: R(x) = floor((2 a x + n) / 2n). Both cities here let home pay. */
#include "town.h"

#define HOUSE_G "525108000000000431" /* in Guangyuan */

struct fixture {
	struct town chengdu, guangyuan;
	struct town *towns[2];
	struct town_post post;
};

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	assert_non_null(*state);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	if (fixture->chengdu.ledger)
		town_close(&fixture->chengdu);
	if (fixture->guangyuan.ledger)
		town_close(&fixture->guangyuan);
	town_post_free(&fixture->post);
	free(fixture);
	return 0;
}

static void carry(struct fixture *fixture)
{
	town_carry(fixture->towns, 2, &fixture->post);
}

static void both_at(struct fixture *fixture, int32_t today)
{
	town_at(&fixture->chengdu, today);
	town_at(&fixture->guangyuan, today);
}

/* Both cities with a house each, and 100,000.00 in Chengdu's fund. */
static void cities(
    struct fixture *fixture, struct span chengdu, struct span guangyuan, const char *fund)
{
	fixture->towns[0] = &fixture->chengdu;
	fixture->towns[1] = &fixture->guangyuan;
	town_open(&fixture->chengdu, CHENGDU, chengdu, &fixture->post);
	town_open(&fixture->guangyuan, GUANGYUAN, guangyuan, &fixture->post);
	town_introduce(fixture->towns, 2, &fixture->post);
	town_house(&fixture->chengdu, HOUSE_A, CHENGDU, 30);
	town_house(&fixture->chengdu, HOUSE_B, CHENGDU, 30);
	town_house(&fixture->guangyuan, HOUSE_G, GUANGYUAN, 30);
	town_fund(&fixture->chengdu, fund, 10000000);
	carry(fixture);
}

static void cities_as_they_are(struct fixture *fixture, int32_t today)
{
	cities(fixture, policy_embedded(CHENGDU), policy_embedded(GUANGYUAN), "fiscal");
	both_at(fixture, today);
}

/* A person of Chengdu, of low income, filed with Guangyuan, at a level all year. */
static uint64_t person_at_level(
    struct fixture *fixture, uint32_t serial, int32_t birth_day, unsigned level)
{
	struct town *home = &fixture->chengdu;
	uint64_t person = town_person(home, serial, birth_day, INCOME_LOW, 0);
	town_assess(home, person, level, day(2026, 1, 1), day(2026, 12, 31));
	town_file(home, person, GUANGYUAN, day(2026, 1, 1), DAY_NEVER);
	carry(fixture);
	return person;
}

/* A stay that home knows of. */
static void sleeps(struct fixture *fixture, struct town *host, const char *uscc, uint64_t person,
    int32_t first, int32_t last)
{
	town_stay(host, uscc, person, first, last);
	carry(fixture);
}

static void leaves(struct fixture *fixture, struct town *host, const char *uscc, uint64_t person,
    int32_t first, int32_t leaving_day)
{
	struct stay_line close = {.operation = STAY_CLOSE,
	    .person = person,
	    .first_day = first,
	    .last_night = leaving_day - 1};
	struct buffer line = {0};
	memcpy(close.uscc, uscc, USCC_SIZE);
	stay_line_write(&line, &close);
	town_register(host, KIND_stay, &line, REASON_registered);
	carry(fixture);
}

/* Claim as the house's own city books it; returns the payer's entry, which is Chengdu's. */
static uint64_t claim(struct fixture *fixture, struct town *host, const char *uscc,
    const char *programme, uint32_t month, uint64_t person, unsigned first, unsigned last)
{
	town_claim_one(host, uscc, CHENGDU, month, programme, person, first, last);
	carry(fixture);
	return fixture->chengdu.sequence;
}

static uint64_t claim_bed(struct fixture *fixture, struct town *host, const char *uscc,
    uint32_t month, uint64_t person, unsigned first, unsigned last)
{
	return claim(fixture, host, uscc, "bed_subsidy", month, person, first, last);
}

static void cut(struct fixture *fixture)
{
	struct buffer parameter = {0};
	codec_put_null(&parameter);
	assert_int_equal(
	    town_order(&fixture->chengdu, KIND_cut, &parameter, 1, NULL, 0), ERROR_NONE);
	carry(fixture);
}

/* Chengdu's debt of a window, the same on both sides. */
static void owes(struct fixture *fixture, uint32_t window, int64_t fen)
{
	assert_true(town_owes(&fixture->chengdu, GUANGYUAN, window) == fen);
	assert_true(town_is_owed(&fixture->guangyuan, CHENGDU, window) == fen);
}

static void reverse(struct fixture *fixture, const uint64_t *entries, size_t count, uint32_t lines)
{
	struct buffer order = {0};
	for (size_t i = 0; i < count; i++) {
		for (uint32_t k = 0; k < lines; k++)
			reversal_line_write(&order, entries[i], k, span_text("更正"));
	}
	if (town_order(&fixture->chengdu, KIND_reversal, NULL, 0, &order, (uint32_t)count * lines))
		fail_msg("%s", fixture->chengdu.detail.text);
	carry(fixture);
}

static int64_t paid_to(struct town *town, const char *run, uint64_t person);

static void run(struct town *town, uint32_t month, const char *name)
{
	struct buffer parameters = {0};
	allowance_parameters_write(&parameters, month, "old_age_allowance", name, 1, 0);
	if (town_order(town, KIND_allowance, &parameters, ALLOWANCE_PARAMETERS, NULL, 0))
		fail_msg("%s", town->detail.text);
}

/* --- 1: a part of a month ----------------------------------------------------------------------------------- */

/* 50.00 in 31 days: night 1 is worth 161 (161.29), night 2 162 (322.58 - 161), nights 3..31 the other 4677; each rounded alone
 * it would be 4999. In three houses of two cities, claimed the last first. */
static void the_nights_of_a_month_in_three_houses_sum_up_to_the_month(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu, *guangyuan = &fixture->guangyuan;
	cities_as_they_are(fixture, day(2026, 8, 3));
	uint64_t person = person_at_level(fixture, 1, day(1940, 1, 1), 0);
	sleeps(fixture, chengdu, HOUSE_A, person, day(2026, 7, 1), day(2026, 7, 1));
	sleeps(fixture, guangyuan, HOUSE_G, person, day(2026, 7, 2), day(2026, 7, 2));
	sleeps(fixture, chengdu, HOUSE_B, person, day(2026, 7, 3), day(2026, 7, 31));
	town_approved(
	    chengdu, claim_bed(fixture, chengdu, HOUSE_B, 202607, person, 3, 31), 0, 4677);
	town_approved(
	    chengdu, claim_bed(fixture, guangyuan, HOUSE_G, 202607, person, 2, 2), 0, 162);
	town_approved(chengdu, claim_bed(fixture, chengdu, HOUSE_A, 202607, person, 1, 1), 0, 161);
	assert_true(town_local(chengdu, HOUSE_A) + town_local(chengdu, HOUSE_B) +
			town_remote(guangyuan, HOUSE_G) ==
		    5000);
	owes(fixture, 1, 162);
	assert_true(town_fund_left(chengdu, "fiscal") == 10000000 - 5000);
}

/* --- 2: nights ---------------------------------------------------------------------------------------------- */

/* June, from A to B on the 12th: the night of the move is the receiver's. A has nights 1..11: R(11) = 1833; B 12..30: 3167. */
static void a_month_with_a_move_is_split_at_the_night_of_the_move(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu, *guangyuan = &fixture->guangyuan;
	cities_as_they_are(fixture, day(2026, 6, 1));
	uint64_t person = person_at_level(fixture, 1, day(1940, 1, 1), 0);
	sleeps(fixture, chengdu, HOUSE_A, person, day(2026, 6, 1), DAY_NEVER);
	both_at(fixture, day(2026, 6, 12));
	leaves(fixture, chengdu, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 12));
	sleeps(fixture, guangyuan, HOUSE_G, person, day(2026, 6, 12), DAY_NEVER);
	both_at(fixture, day(2026, 7, 1));
	leaves(fixture, guangyuan, HOUSE_G, person, day(2026, 6, 12), day(2026, 7, 1));
	both_at(fixture, day(2026, 7, 3));
	/* The leaving day does not count, on either side. */
	town_refused(chengdu, claim_bed(fixture, chengdu, HOUSE_A, 202606, person, 1, 12), 0,
	    REASON_no_stay);
	town_refused(chengdu, claim_bed(fixture, guangyuan, HOUSE_G, 202607, person, 1, 1), 0,
	    REASON_no_stay);
	town_approved(
	    chengdu, claim_bed(fixture, chengdu, HOUSE_A, 202606, person, 1, 11), 0, 1833);
	town_approved(
	    chengdu, claim_bed(fixture, guangyuan, HOUSE_G, 202606, person, 12, 30), 0, 3167);
	assert_true(town_local(chengdu, HOUSE_A) == 1833);
	assert_true(town_remote(guangyuan, HOUSE_G) == 3167);
	owes(fixture, 1, 3167);
}

/* --- 3: age ------------------------------------------------------------------------------------------------- */

struct wanted {
	uint64_t person;
	int64_t fen;
};

static bool find_paid(void *context, uint64_t person, int64_t fen)
{
	struct wanted *wanted = context;
	if (person == wanted->person)
		wanted->fen = fen;
	return true;
}

static int64_t paid_to(struct town *town, const char *name, uint64_t person)
{
	struct wanted wanted = {.person = person};
	struct txn *txn;
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	assert_int_equal(allowance_each(txn, name, 0, find_paid, &wanted), ERROR_NONE);
	txn_abort(txn);
	return wanted.fen;
}

/* Born on 1946-11-23: 80 on 2026-11-23, paid for November where the month of the birthday counts. (Where the next one does: in
 * allowance_test.) Born on 29 February: complete on the 28th in a common year. */
static void eighty_is_complete_on_the_birthday(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu;
	cities_as_they_are(fixture, day(2026, 11, 2));
	uint64_t person = town_person(chengdu, 1, day(1946, 11, 23), INCOME_OTHER, 0);
	uint64_t leap = town_person(chengdu, 2, day(1936, 2, 29), INCOME_OTHER, 0);
	run(chengdu, 202610, "2026-10");
	run(chengdu, 202611, "2026-11");
	run(chengdu, 202601, "2026-01");
	run(chengdu, 202602, "2026-02");
	assert_true(paid_to(chengdu, "2026-10", person) == 0);
	assert_true(paid_to(chengdu, "2026-11", person) == 5000);
	assert_true(paid_to(chengdu, "2026-01", leap) == 5000);
	assert_true(paid_to(chengdu, "2026-02", leap) == 10000);
}

/* --- 4: levels ---------------------------------------------------------------------------------------------- */

static void assess_score(struct town *town, uint64_t person, unsigned score, unsigned flags,
    unsigned level, int32_t from, int32_t until)
{
	uint8_t nonce[SEAL_NONCE_SIZE];
	const struct hash key = town_fact_key(person);
	const struct assessment assessment = {.person = person,
	    .level = level,
	    .score = (int32_t)score,
	    .flags = flags,
	    .from_day = from,
	    .until_day = until,
	    .assessor = town->region};
	struct buffer line = {0};
	assessment_line_write(&line, &assessment, &key, town_nonce(town, nonce));
	town_register(town, KIND_assessment, &line, REASON_registered);
}

/* Of 90 points 66 are level 1, 65 level 2; dementia makes it one worse, a coma the worst: 60.00, 100.00, 150.00, 200.00. */
static void a_score_decides_the_level_and_the_level_the_amount(void **state)
{
	static const struct {
		unsigned score, flags, level;
		int64_t fen;
	} cases[] = {{90, 0, 0, 5000}, {66, 0, 1, 6000}, {65, 0, 2, 10000},
	    {65, ASSESSMENT_DEMENTIA, 3, 15000}, {90, ASSESSMENT_COMA, 4, 20000}};
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu;
	cities_as_they_are(fixture, day(2026, 7, 3));
	for (uint32_t i = 0; i < 5; i++) {
		uint64_t person = town_person(chengdu, i + 1, day(1940, 1, 1), INCOME_LOW, 0);
		assess_score(chengdu, person, cases[i].score, cases[i].flags, cases[i].level,
		    day(2026, 1, 1), day(2026, 12, 31));
		sleeps(fixture, chengdu, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 30));
		town_approved(chengdu, claim_bed(fixture, chengdu, HOUSE_A, 202606, person, 1, 30),
		    0, cases[i].fen);
	}
}

/* A change counts from the next month: 65 points in June, 45 (level 3) from July. Assessed anew in June, it is valid for twelve
 * months; the nights after them have no assessment. */
static void a_level_changes_with_the_month_and_ends_after_a_year(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu;
	cities_as_they_are(fixture, day(2026, 8, 3));
	uint64_t person = town_person(chengdu, 1, day(1940, 1, 1), INCOME_LOW, 0);
	assess_score(chengdu, person, 65, 0, 2, day(2025, 8, 1), day(2026, 7, 31));
	assess_score(chengdu, person, 45, 0, 3, day(2026, 7, 1), day(2027, 6, 30));
	uint64_t other = town_person(chengdu, 2, day(1940, 1, 1), INCOME_LOW, 0);
	assess_score(chengdu, other, 65, 0, 2, day(2025, 7, 16), day(2026, 7, 15));
	sleeps(fixture, chengdu, HOUSE_A, person, day(2026, 6, 1), day(2026, 7, 31));
	sleeps(fixture, chengdu, HOUSE_A, other, day(2026, 7, 1), day(2026, 7, 31));
	town_approved(
	    chengdu, claim_bed(fixture, chengdu, HOUSE_A, 202606, person, 1, 30), 0, 10000);
	town_approved(
	    chengdu, claim_bed(fixture, chengdu, HOUSE_A, 202607, person, 1, 31), 0, 15000);
	town_refused(chengdu, claim_bed(fixture, chengdu, HOUSE_A, 202607, other, 1, 31), 0,
	    REASON_no_assessment);
	/* R(15) = 4839 (4838.71) of 10000 in 31 days */
	town_approved(chengdu, claim_bed(fixture, chengdu, HOUSE_A, 202607, other, 1, 15), 0, 4839);
}

/* An assessment of the other city is recognised at home. */
static void an_assessment_made_elsewhere_counts_at_home(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu, *guangyuan = &fixture->guangyuan;
	cities_as_they_are(fixture, day(2026, 7, 3));
	uint64_t person = town_person(chengdu, 1, day(1940, 1, 1), INCOME_LOW, 0);
	const struct assessment assessment = {.person = person,
	    .level = 2,
	    .score = 65,
	    .from_day = day(2026, 6, 1),
	    .until_day = day(2027, 5, 31),
	    .assessor = GUANGYUAN};
	struct buffer line = {0};
	town_file(chengdu, person, GUANGYUAN, day(2026, 1, 1), DAY_NEVER);
	carry(fixture);
	assessment_foreign_line_write(&line, &assessment);
	town_register(guangyuan, KIND_assessment, &line, REASON_registered);
	carry(fixture);
	sleeps(fixture, guangyuan, HOUSE_G, person, day(2026, 6, 1), day(2026, 6, 30));
	town_approved(
	    chengdu, claim_bed(fixture, guangyuan, HOUSE_G, 202606, person, 1, 30), 0, 10000);
}

/* --- 5: overlaps -------------------------------------------------------------------------------------------- */

/* The night that home has logged first stands; the other city's stay is refused, and with it its claim. */
static void a_night_in_two_cities_is_paid_where_it_was_logged_first(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu, *guangyuan = &fixture->guangyuan;
	cities_as_they_are(fixture, day(2026, 7, 3));
	uint64_t person = person_at_level(fixture, 1, day(1940, 1, 1), 0);
	sleeps(fixture, chengdu, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 20));
	sleeps(fixture, guangyuan, HOUSE_G, person, day(2026, 6, 20), day(2026, 6, 30));
	town_refused(chengdu, claim_bed(fixture, guangyuan, HOUSE_G, 202606, person, 20, 30), 0,
	    REASON_no_stay);
	/* Reported anew without the night in question, it is a stay: R(30) - R(20) = 5000 - 3333. */
	sleeps(fixture, guangyuan, HOUSE_G, person, day(2026, 6, 21), day(2026, 6, 30));
	town_approved(
	    chengdu, claim_bed(fixture, guangyuan, HOUSE_G, 202606, person, 21, 30), 0, 1667);
	town_approved(
	    chengdu, claim_bed(fixture, chengdu, HOUSE_A, 202606, person, 1, 20), 0, 3333);
}

/* --- 6: moves and death ------------------------------------------------------------------------------------- */

/* A person-month claimed by institutions accrues by the day: 200.00, moved on 12 June: R(11) = 7333, the rest 12667. */
static void a_persons_month_is_split_by_the_move_too(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu, *guangyuan = &fixture->guangyuan;
	cities_as_they_are(fixture, day(2026, 7, 3));
	uint64_t person = person_at_level(fixture, 1, day(1940, 1, 1), 2);
	town_grant(chengdu, person, "service_subsidy", day(2026, 1, 1), DAY_NEVER,
	    PAID_TO_INSTITUTION, GRANT_GIVEN);
	carry(fixture);
	sleeps(fixture, chengdu, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 11));
	sleeps(fixture, guangyuan, HOUSE_G, person, day(2026, 6, 12), day(2026, 6, 30));
	town_approved(chengdu,
	    claim(fixture, chengdu, HOUSE_A, "service_subsidy", 202606, person, 1, 11), 0, 7333);
	town_approved(chengdu,
	    claim(fixture, guangyuan, HOUSE_G, "service_subsidy", 202606, person, 12, 30), 0,
	    12667);
	owes(fixture, 1, 12667);
}

static void dies(struct town *town, uint32_t serial, int32_t birth_day, int32_t death_day)
{
	const struct person_facts facts = {.code = person_code_make(town->region, serial),
	    .birth_day = birth_day,
	    .death_day = death_day,
	    .income_class = INCOME_LOW};
	town_facts(town, &facts);
}

/* Died on 14 August. The bed: not the night of the death, R(13) of 5000 in 31 days = 2097 (2096.77). Service: to the day, R(14)
 * of 20000 = 9032 (9032.26), nothing after. To the card: the month whole, then none. */
static void after_a_death_a_bed_ends_the_night_before_and_the_card_with_the_month(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu;
	cities_as_they_are(fixture, day(2026, 9, 3));
	uint64_t person = person_at_level(fixture, 1, day(1940, 1, 1), 0);
	town_grant(chengdu, person, "service_subsidy", day(2026, 1, 1), DAY_NEVER,
	    PAID_TO_INSTITUTION, GRANT_GIVEN);
	sleeps(fixture, chengdu, HOUSE_A, person, day(2026, 8, 1), day(2026, 8, 31));
	dies(chengdu, 1, day(1940, 1, 1), day(2026, 8, 14));
	const uint64_t told = chengdu->sequence;
	uint64_t late = claim_bed(fixture, chengdu, HOUSE_A, 202608, person, 1, 14);
	town_refused(chengdu, late, 0, REASON_after_death);
	/* The day of the death is named by the entry that brought it, not by value. */
	assert_true((uint64_t)town_verdict(chengdu, late, 0).figure == told);
	town_approved(
	    chengdu, claim_bed(fixture, chengdu, HOUSE_A, 202608, person, 1, 13), 0, 2097);
	town_refused(chengdu,
	    claim(fixture, chengdu, HOUSE_A, "service_subsidy", 202608, person, 1, 15), 0,
	    REASON_after_death);
	/* At level 0 the catalogue gives 100.00: R(14) = 4516 (4516.13). */
	town_approved(chengdu,
	    claim(fixture, chengdu, HOUSE_A, "service_subsidy", 202608, person, 1, 14), 0, 4516);
	run(chengdu, 202608, "2026-08");
	run(chengdu, 202609, "2026-09");
	assert_true(paid_to(chengdu, "2026-08", person) == 5000);
	assert_true(paid_to(chengdu, "2026-09", person) == 0);
}

/* --- 7: capacity -------------------------------------------------------------------------------------------- */

/* 30 beds for 30 nights are 900. Of 905 that are claimed the last 5 in the order of lines fall: 29 x 30 + 10 = 880, then of nights
 * 1..25 the first 20 are left: R(20) = 3333 of R(25) = 4167. */
static void of_905_nights_in_30_beds_the_last_five_fall(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu;
	struct town_line lines[31];
	const struct town_sheet sheet = {.uscc = HOUSE_A,
	    .payer = CHENGDU,
	    .month = 202606,
	    .programmes = {"bed_subsidy"},
	    .lines = lines,
	    .count = 31};
	cities_as_they_are(fixture, day(2026, 7, 3));
	for (uint32_t i = 0; i < 31; i++) {
		unsigned nights = i < 29 ? 30 : i == 29 ? 10 : 25;
		uint64_t person = town_person(chengdu, i + 1, day(1940, 1, 1), INCOME_LOW, 0);
		town_assess(chengdu, person, 0, day(2026, 1, 1), day(2026, 12, 31));
		town_stay(chengdu, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, (int)nights));
		lines[i] = (struct town_line){person, 0, 1, nights, AS_THE_POLICY_GIVES};
	}
	uint64_t sequence = town_claim(chengdu, &sheet);
	for (uint32_t i = 0; i < 29; i++)
		town_approved(chengdu, sequence, i, 5000);
	town_approved(chengdu, sequence, 29, 1667);
	const struct verdict last = town_verdict(chengdu, sequence, 30);
	assert_true(last.amount_fen == 3333);
	assert_int_equal(last.reduction_count, 1);
	assert_int_equal(last.reductions[0].reason, REASON_capacity);
	assert_true(last.reductions[0].before_fen == 4167);
	assert_true(last.reductions[0].limit == 900 && last.reductions[0].used == 880);
}

/* --- 8: funds ----------------------------------------------------------------------------------------------- */

static const char split[] = CATALOGUE("510100", "1")
    DAILY("bed_subsidy", "bed", "home", "2026-01-01", "50.00", "central, lottery, city", "");
static const char of_guangyuan[] =
    CATALOGUE("510800", "1") DAILY("bed_subsidy", "bed", "home", "2026-01-01", "50.00", "city", "");

/* 5000 = central 1200 + lottery 3000 + city 800, also when it is owed to another city. */
static void a_line_is_paid_by_three_funds(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu, *guangyuan = &fixture->guangyuan;
	cities(fixture, span_text(split), span_text(of_guangyuan), "city");
	both_at(fixture, day(2026, 7, 3));
	town_fund(chengdu, "central", 1200);
	town_fund(chengdu, "lottery", 3000);
	uint64_t person = person_at_level(fixture, 1, day(1940, 1, 1), 0);
	sleeps(fixture, guangyuan, HOUSE_G, person, day(2026, 6, 1), day(2026, 6, 30));
	uint64_t sequence = claim_bed(fixture, guangyuan, HOUSE_G, 202606, person, 1, 30);
	const struct verdict verdict = town_verdict(chengdu, sequence, 0);
	assert_int_equal(verdict.fund_count, 3);
	assert_true(verdict.funds[0].amount_fen == 1200);
	assert_true(verdict.funds[1].amount_fen == 3000);
	assert_true(verdict.funds[2].amount_fen == 800);
	assert_true(town_fund_left(chengdu, "city") == 10000000 - 800);
	owes(fixture, 1, 5000);
}

/* --- 9: an amount that changes backwards -------------------------------------------------------------------- */

static const char sixty[] = CATALOGUE("510100", "2")
    DAILY("bed_subsidy", "bed", "home", "2026-01-01", "60.00", "central, lottery, city", "");

#define BEDS 20u

static uint64_t claim_month(struct fixture *fixture, uint32_t month, const uint64_t *persons)
{
	struct town_line lines[BEDS];
	const struct town_sheet sheet = {.uscc = HOUSE_G,
	    .payer = CHENGDU,
	    .month = month,
	    .programmes = {"bed_subsidy"},
	    .lines = lines,
	    .count = BEDS};
	for (uint32_t i = 0; i < BEDS; i++)
		lines[i] = (struct town_line){
		    persons[i], 0, 1, (unsigned)month_days(month), AS_THE_POLICY_GIVES};
	town_claim(&fixture->guangyuan, &sheet);
	carry(fixture);
	return fixture->chengdu.sequence;
}

/* Each of the sheet's lines: this amount, by this catalogue. */
static void all_get(struct fixture *fixture, uint64_t sequence, int64_t fen, uint64_t catalogue)
{
	for (uint32_t i = 0; i < BEDS; i++) {
		const struct verdict verdict = town_verdict(&fixture->chengdu, sequence, i);
		assert_string_equal(reason_name(verdict.reason), "approved");
		assert_true(verdict.amount_fen == fen);
		assert_true(verdict.policy == catalogue);
	}
}

/* 50.00 become 60.00 from 1 January on, published on 10 April; 20 full beds. Three months, 60 lines of 5000, are taken back and
 * claimed anew with 6000: 60 x 1000 more, in April's window; January is past its deadline, but no late claim. */
static void a_backdated_amount_is_sixty_reversals_and_sixty_new_lines(void **state)
{
	static const uint32_t months[] = {202601, 202602, 202603};
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu, *guangyuan = &fixture->guangyuan;
	uint64_t persons[BEDS], entries[3];
	cities(fixture, span_text(split), span_text(of_guangyuan), "city");
	const uint64_t fifty = 1; /* the entry after the genesis */
	for (uint32_t i = 0; i < BEDS; i++) {
		persons[i] = person_at_level(fixture, i + 1, day(1940, 1, 1), 0);
		sleeps(fixture, guangyuan, HOUSE_G, persons[i], day(2026, 1, 1), DAY_NEVER);
	}
	both_at(fixture, day(2026, 3, 3));
	entries[0] = claim_month(fixture, months[0], persons);
	entries[1] = claim_month(fixture, months[1], persons);
	both_at(fixture, day(2026, 4, 2));
	entries[2] = claim_month(fixture, months[2], persons);
	for (size_t i = 0; i < 3; i++)
		all_get(fixture, entries[i], 5000, fifty);
	cut(fixture);
	owes(fixture, 1, 300000);
	both_at(fixture, day(2026, 4, 10));
	assert_int_equal(town_policy(chengdu, span_text(sixty)), ERROR_NONE);
	const uint64_t published = chengdu->sequence;
	carry(fixture);
	reverse(fixture, entries, 3, BEDS);
	assert_int_equal(chengdu->decision.count, 60);
	owes(fixture, 2, -300000);
	for (size_t i = 0; i < 3; i++)
		all_get(fixture, claim_month(fixture, months[i], persons), 6000, published);
	owes(fixture, 1, 300000);
	owes(fixture, 2, 60000);
	assert_true(town_remote(guangyuan, HOUSE_G) == 360000);
	assert_true(town_fund_left(chengdu, "city") == 10000000 - 360000);
	cut(fixture);
}

/* --- 10: clawback ------------------------------------------------------------------------------------------- */

static void order_run_payment(struct town *town, const char *name)
{
	struct buffer parameters = {0};
	payment_parameters_write(&parameters, PAYMENT_RUN, name, "");
	assert_int_equal(
	    town_order(town, KIND_payment_order, &parameters, PAYMENT_PARAMETERS, NULL, 0),
	    ERROR_NONE);
}

/* The death of 14 August becomes known on 3 November. August to October were paid: 3 x 5000. Of August 2097 are right, so
 * 2903 + 5000 + 5000 = 12903 go back in the window that is open, and the allowances of September and October, 2 x 100.00 at 90,
 * are the estate's debt; August's stays. */
static void what_was_paid_after_a_death_goes_back(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu, *guangyuan = &fixture->guangyuan;
	char name[ACCOUNT_TEXT_SIZE];
	uint64_t entries[3], runs[2];
	cities_as_they_are(fixture, day(2026, 8, 1));
	uint64_t person = person_at_level(fixture, 1, day(1935, 1, 1), 0);
	sleeps(fixture, guangyuan, HOUSE_G, person, day(2026, 8, 1), DAY_NEVER);
	both_at(fixture, day(2026, 11, 1));
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t month = 202608 + i;
		char run_name[8];
		month_write(month, run_name);
		both_at(fixture, month_last_day(month) + 2);
		entries[i] = claim_bed(
		    fixture, guangyuan, HOUSE_G, month, person, 1, (unsigned)month_days(month));
		town_approved(chengdu, entries[i], 0, 5000);
		run(chengdu, month, run_name);
		if (i > 0)
			runs[i - 1] = chengdu->sequence;
		assert_true(paid_to(chengdu, run_name, person) == 10000);
		order_run_payment(chengdu, run_name);
	}
	cut(fixture);
	owes(fixture, 1, 15000);
	both_at(fixture, day(2026, 11, 3));
	dies(chengdu, 1, day(1935, 1, 1), day(2026, 8, 14));
	carry(fixture);
	reverse(fixture, entries, 3, 1);
	town_approved(
	    chengdu, claim_bed(fixture, guangyuan, HOUSE_G, 202608, person, 1, 13), 0, 2097);
	owes(fixture, 2, -12903);
	assert_true(town_remote(guangyuan, HOUSE_G) == 2097);
	reverse(fixture, runs, 2, 1);
	assert_true(-town_credit(chengdu, account_receivable_person(name, person)) == 20000);
	/* 100,000.00 less the bed's 20.97 and August's allowance. */
	assert_true(town_fund_left(chengdu, "fiscal") == 10000000 - 2097 - 10000);
	cut(fixture);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(the_nights_of_a_month_in_three_houses_sum_up_to_the_month),
	    CASE(a_month_with_a_move_is_split_at_the_night_of_the_move),
	    CASE(eighty_is_complete_on_the_birthday),
	    CASE(a_score_decides_the_level_and_the_level_the_amount),
	    CASE(a_level_changes_with_the_month_and_ends_after_a_year),
	    CASE(an_assessment_made_elsewhere_counts_at_home),
	    CASE(a_night_in_two_cities_is_paid_where_it_was_logged_first),
	    CASE(a_persons_month_is_split_by_the_move_too),
	    CASE(after_a_death_a_bed_ends_the_night_before_and_the_card_with_the_month),
	    CASE(of_905_nights_in_30_beds_the_last_five_fall),
	    CASE(a_line_is_paid_by_three_funds),
	    CASE(a_backdated_amount_is_sixty_reversals_and_sixty_new_lines),
	    CASE(what_was_paid_after_a_death_goes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
