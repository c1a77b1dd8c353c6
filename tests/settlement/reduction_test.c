/* Expected figures are worked by hand. R(x) = floor((2 a x + n) / 2n) is what the first x of a month's n days are worth of
 * the monthly amount a; days s..e are worth R(e) - R(s - 1). June has 30 days. */
#include "town.h"

#define JUNE 202606u
#define JULY 202607u

struct fixture {
	struct town chengdu, chongqing;
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
	if (fixture->chongqing.ledger)
		town_close(&fixture->chongqing);
	town_post_free(&fixture->post);
	free(fixture);
	return 0;
}

/* Chengdu alone, in August, with a house of so many beds and this much money in the fund of the city. */
static struct town *chengdu_alone(
    struct fixture *fixture, const char *yaml, uint32_t beds, int64_t city_fen)
{
	struct town *town = &fixture->chengdu;
	town_open(town, CHENGDU, span_text(yaml), &fixture->post);
	town_house(town, HOUSE_A, CHENGDU, beds);
	if (city_fen)
		town_fund(town, "city", city_fen);
	town_at(town, day(2026, 8, 3));
	return town;
}

/* A person who slept in the house on these days of June. */
static uint64_t guest(struct town *town, uint32_t serial, unsigned first, unsigned last)
{
	uint64_t person = town_person(town, serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_stay(town, HOUSE_A, person, day(2026, 6, (int)first), day(2026, 6, (int)last));
	return person;
}

static void reduced(const struct verdict *verdict, uint32_t index, enum reason reason,
    int64_t before, int64_t after, int64_t limit, int64_t used)
{
	assert_true(index < verdict->reduction_count);
	const struct verdict_reduction *reduction = &verdict->reductions[index];
	assert_string_equal(reason_name(reduction->reason), reason_name(reason));
	assert_true(reduction->before_fen == before);
	assert_true(reduction->after_fen == after);
	assert_true(reduction->limit == limit);
	assert_true(reduction->used == used);
}

/* The only reduction of a line, which leaves `after`. */
static void reduced_alone(struct town *town, uint64_t sequence, uint32_t line, enum reason reason,
    int64_t before, int64_t after, int64_t limit, int64_t used)
{
	const struct verdict verdict = town_verdict(town, sequence, line);
	assert_string_equal(reason_name(verdict.reason), "approved");
	assert_int_equal(verdict.reduction_count, 1);
	reduced(&verdict, 0, reason, before, after, limit, used);
	assert_true(verdict.amount_fen == after);
}

static void whole(struct town *town, uint64_t sequence, uint32_t line, int64_t amount_fen)
{
	town_approved(town, sequence, line, amount_fen);
	assert_int_equal(town_verdict(town, sequence, line).reduction_count, 0);
}

static uint64_t claim(struct town *town, uint32_t month, const char *programme,
    const struct town_line *lines, uint32_t count)
{
	const struct town_sheet sheet = {.uscc = HOUSE_A,
	    .payer = town->region,
	    .month = month,
	    .programmes = {programme},
	    .lines = lines,
	    .count = count};
	return town_claim(town, &sheet);
}

/* --- pieces of one line ---------------------------------------------------------------------------------------- */

static void piece(const struct verdict *verdict, uint32_t index, uint32_t row, uint32_t band,
    uint32_t last_day, int64_t monthly_fen)
{
	assert_true(index < verdict->piece_count);
	assert_int_equal(verdict->pieces[index].row, row);
	assert_int_equal(verdict->pieces[index].band, band);
	assert_int_equal(verdict->pieces[index].last_day, last_day);
	assert_true(verdict->pieces[index].monthly_fen == monthly_fen);
}

static const char raised_beds[] = CATALOGUE("510100", "1") DAILY("bed_subsidy", "bed", "home",
    "2026-01-01", "50.00", "city", "    effective_until: 2026-06-15\n")
    DAILY("bed_subsidy", "bed", "home", "2026-06-16", "60.00", "city", "");

/* 50.00 to the 15th, 60.00 from the 16th: R(15) of 5000 = 2500, and 6000 - 3000 of 6000. Nights 14..17: 2500 - 2167 and
 * 3400 - 3000. */
static void each_day_is_worth_what_was_in_force_on_it(void **state)
{
	struct town *town = chengdu_alone(*state, raised_beds, 100, 100000);
	const struct town_line lines[] = {{guest(town, 1, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES},
	    {guest(town, 2, 14, 17), 0, 14, 17, AS_THE_POLICY_GIVES}};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", lines, 2);
	whole(town, sequence, 0, 2500 + 3000);
	whole(town, sequence, 1, 333 + 400);
	const struct verdict verdict = town_verdict(town, sequence, 0);
	assert_int_equal(verdict.piece_count, 2);
	piece(&verdict, 0, 0, 0, 15, 5000);
	piece(&verdict, 1, 1, 0, 30, 6000);
}

#define TWO_AGES                                                                                \
	"    amounts: [{age_to: 89, amount: 50.00, clause: x}, {age_from: 90, amount: 100.00, " \
	"clause: x}]\n"
static const char beds_by_age[] = CATALOGUE("510100",
    "1") "  - code: bed_subsidy\n    name_zh: 补贴\n    name_en: subsidy\n    document: x\n    "
	 "clause: x\n"
	 "    effective_from: 2026-01-01\n    need: bed\n    accrues: day\n    unit: bed_month\n"
	 "    payer: home\n    paid_to: institution\n    starts: day\n    portable: true\n"
	 "    needs_grant: false\n    needs_stay: true\n    needs_assessment: false\n" TWO_AGES
	 "    funds: [city]\n    claim_deadline_days: 60\n";

/* 90 on 16 June: fifteen nights at 50.00, fifteen at 100.00. */
static void a_birthday_in_the_month_divides_the_line(void **state)
{
	struct town *town = chengdu_alone(*state, beds_by_age, 100, 100000);
	uint64_t person = town_person(town, 1, day(1936, 6, 16), INCOME_MINIMUM, 0);
	town_stay(town, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 30));
	const struct town_line line = {person, 0, 1, 30, AS_THE_POLICY_GIVES};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", &line, 1);
	whole(town, sequence, 0, 2500 + 5000);
	const struct verdict verdict = town_verdict(town, sequence, 0);
	assert_int_equal(verdict.piece_count, 2);
	piece(&verdict, 0, 0, 0, 15, 5000);
	piece(&verdict, 1, 0, 1, 30, 10000);
}

/* Nanchong's catalogue: a house in Jialing is paid the district's 50.00 at every level, out of the district's fund; a house in
 * another district by level, 200.00 at 4, by the city. */
static void a_district_pays_its_own_rate_out_of_its_own_fund(void **state)
{
	struct fixture *fixture = *state;
	struct town *town = &fixture->chengdu;
	town_open(town, NANCHONG, policy_embedded(NANCHONG), &fixture->post);
	town_house(town, HOUSE_A, 511304, 10);
	town_house(town, HOUSE_B, 511302, 10);
	town_fund(town, "jialing", 6000);
	town_fund(town, "fiscal", 100000);
	town_at(town, day(2026, 7, 3));
	for (uint32_t i = 1; i <= 3; i++) {
		uint64_t person = town_person(town, i, day(1940, 1, 1), INCOME_OTHER, 0);
		town_assess(town, person, 4, day(2026, 1, 1), day(2026, 12, 31));
		town_stay(
		    town, i == 2 ? HOUSE_B : HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 30));
		uint64_t sequence = town_claim_one(
		    town, i == 2 ? HOUSE_B : HOUSE_A, NANCHONG, JUNE, "bed_subsidy", person, 1, 30);
		if (i == 1)
			whole(town, sequence, 0, 5000);
		if (i == 2)
			whole(town, sequence, 0, 20000);
		/* The city's money does not stand in for the district's. */
		if (i == 3)
			reduced_alone(
			    town, sequence, 0, REASON_fund_exhausted, 5000, 1000, 1000, 0);
	}
	assert_true(town_fund_left(town, "jialing") == 0);
	assert_true(town_fund_left(town, "fiscal") == 80000);
}

/* --- price ceiling ------------------------------------------------------------------------------------------ */

static const char plain_beds[] =
    CATALOGUE("510100", "1") DAILY("bed_subsidy", "bed", "home", "2026-01-01", "50.00", "city", "");
static const char beds_with_ceiling[] = CATALOGUE("510100", "1") DAILY("bed_subsidy", "bed", "home",
    "2026-01-01", "50.00", "city", "    price_ceiling: 45.00\n" LIMITS);

/* June: all of 50.00 for the whole month; 11 nights are R(11) = floor((2*5000*11 + 30) / 60) = 1833. */
static void what_a_line_asks_beyond_the_policy_is_cut_to_it(void **state)
{
	struct town *town = chengdu_alone(*state, plain_beds, 100, 100000);
	const struct town_line lines[] = {{guest(town, 1, 1, 30), 0, 1, 30, 6000},
	    {guest(town, 2, 1, 11), 0, 1, 11, 2000}, {guest(town, 3, 1, 11), 0, 1, 11, 1834}};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", lines, 3);
	reduced_alone(town, sequence, 0, REASON_price_ceiling, 6000, 5000, 5000, 0);
	reduced_alone(town, sequence, 1, REASON_price_ceiling, 2000, 1833, 1833, 0);
	reduced_alone(town, sequence, 2, REASON_price_ceiling, 1834, 1833, 1833, 0);
	assert_true(town_local(town, HOUSE_A) == 5000 + 1833 + 1833);
	assert_true(town_fund_left(town, "city") == 100000 - 8666);
}

static void a_line_that_asks_less_gets_what_it_asks(void **state)
{
	struct town *town = chengdu_alone(*state, plain_beds, 100, 100000);
	const struct town_line lines[] = {{guest(town, 1, 1, 30), 0, 1, 30, 4000},
	    {guest(town, 2, 1, 30), 0, 1, 30, 5000}, {guest(town, 3, 1, 30), 0, 1, 30, 0}};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", lines, 3);
	whole(town, sequence, 0, 4000);
	whole(town, sequence, 1, 5000);
	whole(town, sequence, 2, 0);
	assert_true(town_local(town, HOUSE_A) == 9000);
}

/* A ceiling of 45.00 a month: June's first 11 nights may cost 4500*11/30 = 1650. */
static void the_ceiling_is_shared_over_the_month_like_the_amount(void **state)
{
	struct town *town = chengdu_alone(*state, beds_with_ceiling, 100, 100000);
	const struct town_line lines[] = {{guest(town, 1, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES},
	    {guest(town, 2, 1, 11), 0, 1, 11, AS_THE_POLICY_GIVES},
	    {guest(town, 3, 1, 11), 0, 1, 11, 2000}, {guest(town, 4, 1, 11), 0, 1, 11, 1600}};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", lines, 4);
	reduced_alone(town, sequence, 0, REASON_price_ceiling, 5000, 4500, 4500, 0);
	reduced_alone(town, sequence, 1, REASON_price_ceiling, 1833, 1650, 1650, 0);
	reduced_alone(town, sequence, 2, REASON_price_ceiling, 2000, 1650, 1650, 0);
	whole(town, sequence, 3, 1600);
}

/* July has 31 days: R(11) = 1774 of 5000 (1774.19), 1597 of 4500 (1596.77). */
static void the_ceiling_of_a_part_month_is_rounded_like_the_amount(void **state)
{
	struct town *town = chengdu_alone(*state, beds_with_ceiling, 100, 100000);
	uint64_t person = town_person(town, 1, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_stay(town, HOUSE_A, person, day(2026, 7, 1), day(2026, 7, 11));
	const struct town_line line = {person, 0, 1, 11, AS_THE_POLICY_GIVES};
	uint64_t sequence = claim(town, JULY, "bed_subsidy", &line, 1);
	reduced_alone(town, sequence, 0, REASON_price_ceiling, 1774, 1597, 1597, 0);
}

/* --- capacity of licensed beds ------------------------------------------------------------------------------ */

static const char beds_counted[] = CATALOGUE("510100", "1") DAILY(
    "bed_subsidy", "bed", "home", "2026-01-01", "50.00", "city", "    takes_capacity: true\n");

/* 2 beds x 30 nights = 60. 30 + 25 are taken; of the third's nights 10..15 the first 5 are left: R(14) - R(9) =
 * 2333 - 1500 = 833 of 1000. Nothing is left for the fourth's nights 1..3, worth R(3) = 500. */
static void nights_beyond_the_licensed_beds_fall_in_line_order(void **state)
{
	struct town *town = chengdu_alone(*state, beds_counted, 2, 100000);
	const struct town_line lines[] = {{guest(town, 1, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES},
	    {guest(town, 2, 1, 25), 0, 1, 25, AS_THE_POLICY_GIVES},
	    {guest(town, 3, 10, 15), 0, 10, 15, AS_THE_POLICY_GIVES},
	    {guest(town, 4, 1, 3), 0, 1, 3, AS_THE_POLICY_GIVES}};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", lines, 4);
	whole(town, sequence, 0, 5000);
	whole(town, sequence, 1, 4167); /* 4166.67 */
	reduced_alone(town, sequence, 2, REASON_capacity, 1000, 833, 60, 55);
	reduced_alone(town, sequence, 3, REASON_capacity, 500, 0, 60, 60);
}

static void sheets_fill_the_beds_in_the_order_in_which_they_are_booked(void **state)
{
	struct town *town = chengdu_alone(*state, beds_counted, 1, 100000);
	const struct town_line first = {guest(town, 1, 1, 20), 0, 1, 20, AS_THE_POLICY_GIVES};
	const struct town_line second = {guest(town, 2, 1, 20), 0, 1, 20, AS_THE_POLICY_GIVES};
	/* The second is booked first and takes 20 of 30 nights. */
	whole(town, claim(town, JUNE, "bed_subsidy", &second, 1), 0, 3333);
	/* 10 are left: R(10) = 1667 (1666.67). */
	reduced_alone(town, claim(town, JUNE, "bed_subsidy", &first, 1), 0, REASON_capacity, 3333,
	    1667, 30, 20);
}

static void a_line_that_is_reduced_to_nothing_is_approved_and_has_taken_its_days(void **state)
{
	struct town *town = chengdu_alone(*state, beds_counted, 1, 100000);
	const struct town_line first = {guest(town, 1, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES};
	const struct town_line second = {guest(town, 2, 5, 8), 0, 5, 8, AS_THE_POLICY_GIVES};
	claim(town, JUNE, "bed_subsidy", &first, 1);
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", &second, 1);
	/* R(8) - R(4) = 1333 - 667 = 666 */
	reduced_alone(town, sequence, 0, REASON_capacity, 666, 0, 30, 30);
	assert_int_equal(town_verdict(town, sequence, 0).fund_count, 0);
	assert_true(town_local(town, HOUSE_A) == 5000);
	sequence = claim(town, JUNE, "bed_subsidy", &second, 1);
	town_refused(town, sequence, 0, REASON_duplicate);
}

/* Each month has its own nights; the beds of another house do not count. */
static void capacity_is_of_one_house_and_one_month(void **state)
{
	struct town *town = chengdu_alone(*state, beds_counted, 1, 100000);
	uint64_t first = town_person(town, 1, day(1940, 1, 1), INCOME_MINIMUM, 0);
	uint64_t second = town_person(town, 2, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_house(town, HOUSE_B, CHENGDU, 1);
	town_stay(town, HOUSE_A, first, day(2026, 6, 1), day(2026, 7, 31));
	town_stay(town, HOUSE_B, second, day(2026, 6, 1), day(2026, 6, 30));
	whole(town, town_claim_one(town, HOUSE_A, CHENGDU, JUNE, "bed_subsidy", first, 1, 30), 0,
	    5000);
	whole(town, town_claim_one(town, HOUSE_B, CHENGDU, JUNE, "bed_subsidy", second, 1, 30), 0,
	    5000);
	whole(town, town_claim_one(town, HOUSE_A, CHENGDU, JULY, "bed_subsidy", first, 1, 31), 0,
	    5000);
}

static void a_refused_line_takes_no_bed(void **state)
{
	struct town *town = chengdu_alone(*state, beds_counted, 1, 100000);
	const struct town_line lines[] = {
	    {guest(town, 1, 1, 10), 0, 1, 30, AS_THE_POLICY_GIVES}, /* no stay after the 10th */
	    {guest(town, 2, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES}};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", lines, 2);
	town_refused(town, sequence, 0, REASON_no_stay);
	whole(town, sequence, 1, 5000);
}

/* --- capacity of several payers ----------------------------------------------------------------------------- */

/* Chengdu pays everybody's beds with it up to 15 June; then each person's home does. */
static const char beds_of_chengdu[] =
    CATALOGUE("510100", "1") DAILY("bed_subsidy", "bed", "host", "2026-01-01", "50.00", "city",
	"    takes_capacity: true\n    effective_until: 2026-06-15\n") DAILY("bed_subsidy", "bed",
	"home", "2026-06-16", "50.00", "city", "    takes_capacity: true\n");
static const char beds_of_chongqing[] = CATALOGUE("500000", "1") DAILY(
    "bed_subsidy", "bed", "home", "2026-01-01", "60.00", "city", "    takes_capacity: true\n");

/* A house in Chengdu with these beds; both cities have money. */
static void two_cities(struct fixture *fixture, uint32_t beds)
{
	fixture->towns[0] = &fixture->chengdu;
	fixture->towns[1] = &fixture->chongqing;
	town_open(&fixture->chengdu, CHENGDU, span_text(beds_of_chengdu), &fixture->post);
	town_open(&fixture->chongqing, CHONGQING, span_text(beds_of_chongqing), &fixture->post);
	town_introduce(fixture->towns, 2, &fixture->post);
	town_house(&fixture->chengdu, HOUSE_A, CHENGDU, beds);
	town_fund(&fixture->chengdu, "city", 100000);
	town_fund(&fixture->chongqing, "city", 100000);
	town_at(&fixture->chengdu, day(2026, 8, 3));
	town_at(&fixture->chongqing, day(2026, 8, 3));
	town_carry(fixture->towns, 2, &fixture->post);
}

/* A person of Chongqing who is filed with Chengdu and slept there in June. */
static uint64_t visitor(
    struct fixture *fixture, uint32_t serial, unsigned first, unsigned last, bool filed)
{
	uint64_t person =
	    town_person(&fixture->chongqing, serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	if (filed)
		town_file(&fixture->chongqing, person, CHENGDU, day(2026, 6, 1), DAY_NEVER);
	town_carry(fixture->towns, 2, &fixture->post);
	town_stay(
	    &fixture->chengdu, HOUSE_A, person, day(2026, 6, (int)first), day(2026, 6, (int)last));
	town_carry(fixture->towns, 2, &fixture->post);
	return person;
}

/* A sheet that Chengdu forwards; the payer's entry when it is adjudicated. */
static void forward(
    struct fixture *fixture, uint64_t person, unsigned first, unsigned last, bool carry)
{
	town_claim_one(
	    &fixture->chengdu, HOUSE_A, CHONGQING, JUNE, "bed_subsidy", person, first, last);
	if (carry)
		town_carry(fixture->towns, 2, &fixture->post);
}

/* 1 bed: 30 nights, whoever pays. The host pays its own person's nights 1..8 and the visitor's 1..6: 14. Home pays the
 * visitor's 16..25: 10, which makes 24. Of another visitor's nights 16..25 the first 6 are left, 16..21 of 60.00:
 * R(21) - R(15) = 4200 - 3000 = 1200 of R(25) - R(15) = 2000. The last has nothing left. */
static void the_beds_of_a_house_are_filled_by_the_sheets_of_all_payers(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu, *chongqing = &fixture->chongqing;
	two_cities(fixture, 1);
	uint64_t own = guest(chengdu, 1, 1, 8), last = guest(chengdu, 2, 9, 10);
	uint64_t first = visitor(fixture, 1, 1, 25, true);
	uint64_t second = visitor(fixture, 2, 16, 25, true);
	const struct town_line local[] = {
	    {first, 0, 1, 6, AS_THE_POLICY_GIVES}, {own, 0, 1, 8, AS_THE_POLICY_GIVES}};
	uint64_t sequence = claim(chengdu, JUNE, "bed_subsidy", local, 2);
	whole(chengdu, sequence, 0, 1000); /* R(6) of 5000 */
	whole(chengdu, sequence, 1, 1333);
	forward(fixture, first, 16, 25, true);
	whole(chongqing, chongqing->sequence, 0, 2000);
	forward(fixture, second, 16, 25, true);
	reduced_alone(chongqing, chongqing->sequence, 0, REASON_capacity, 2000, 1200, 30, 24);
	/* The host knows the verdict, and what it means for the next sheet. */
	reduced_alone(chengdu, chengdu->sequence, 0, REASON_capacity, 2000, 1200, 30, 24);
	const struct town_line rest = {last, 0, 9, 10, AS_THE_POLICY_GIVES};
	sequence = claim(chengdu, JUNE, "bed_subsidy", &rest, 1);
	reduced_alone(chengdu, sequence, 0, REASON_capacity, 334, 0, 30, 30); /* 1667 - 1333 */
	assert_true(town_remote(chengdu, HOUSE_A) == 3200);
	assert_true(town_is_owed(chengdu, CHONGQING, 1) == 3200);
	assert_true(town_owes(chongqing, CHENGDU, 1) == 3200);
}

/* A forwarded sheet holds its nights from its booking on; what home refuses is free again when the verdicts are back. */
static void nights_of_a_forwarded_sheet_are_held_until_its_payer_has_decided(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu;
	two_cities(fixture, 1);
	uint64_t stranger = visitor(fixture, 1, 16, 30, false);
	const struct town_line waiting = {guest(chengdu, 1, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES};
	const struct town_line late = {guest(chengdu, 2, 1, 12), 0, 1, 12, AS_THE_POLICY_GIVES};
	forward(fixture, stranger, 16, 30, false);
	/* 15 nights are held: R(15) = 2500 of 5000. */
	uint64_t sequence = claim(chengdu, JUNE, "bed_subsidy", &waiting, 1);
	reduced_alone(chengdu, sequence, 0, REASON_capacity, 5000, 2500, 30, 15);
	town_carry(fixture->towns, 2, &fixture->post);
	town_refused(chengdu, chengdu->sequence, 0, REASON_not_filed);
	/* 15 of 30 are free again; 12 are asked for: R(12) = 2000. */
	sequence = claim(chengdu, JUNE, "bed_subsidy", &late, 1);
	whole(chengdu, sequence, 0, 2000);
}

/* --- quantity cap ------------------------------------------------------------------------------------------- */

static const char days_capped[] = CATALOGUE("510100", "1") DAILY("bed_subsidy", "bed", "home",
    "2026-01-01", "50.00", "city", "    quantity_cap_days: 20\n" LIMITS);

/* 15 of 20 days are used; of 16..30 the first 5 are left: R(20) - R(15) = 3333 - 2500 = 833. */
static void days_beyond_the_quantity_cap_fall_from_the_end(void **state)
{
	struct town *town = chengdu_alone(*state, days_capped, 100, 100000);
	uint64_t person = guest(town, 1, 1, 30);
	const struct town_line lines[] = {{person, 0, 1, 15, AS_THE_POLICY_GIVES},
	    {person, 0, 16, 29, AS_THE_POLICY_GIVES}, {person, 0, 30, 30, AS_THE_POLICY_GIVES},
	    {guest(town, 2, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES}};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", lines, 4);
	whole(town, sequence, 0, 2500);
	reduced_alone(town, sequence, 1, REASON_quantity_cap, 2333, 833, 20, 15);
	/* R(30) - R(29) = 5000 - 4833 */
	reduced_alone(town, sequence, 2, REASON_quantity_cap, 167, 0, 20, 29);
	reduced_alone(town, sequence, 3, REASON_quantity_cap, 5000, 3333, 20, 0);
}

static void the_quantity_cap_counts_days_in_every_house_of_the_month(void **state)
{
	struct town *town = chengdu_alone(*state, days_capped, 100, 100000);
	uint64_t person = town_person(town, 1, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_house(town, HOUSE_B, CHENGDU, 100);
	town_stay(town, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 15));
	town_stay(town, HOUSE_B, person, day(2026, 6, 16), day(2026, 7, 31));
	whole(town, town_claim_one(town, HOUSE_A, CHENGDU, JUNE, "bed_subsidy", person, 1, 15), 0,
	    2500);
	reduced_alone(town,
	    town_claim_one(town, HOUSE_B, CHENGDU, JUNE, "bed_subsidy", person, 16, 30), 0,
	    REASON_quantity_cap, 2500, 833, 20, 15);
	/* July: R(20) = 3226 (3225.81). */
	reduced_alone(town,
	    town_claim_one(town, HOUSE_B, CHENGDU, JULY, "bed_subsidy", person, 1, 31), 0,
	    REASON_quantity_cap, 5000, 3226, 20, 0);
}

/* --- caps in money ------------------------------------------------------------------------------------------ */

static const char programme_capped[] = CATALOGUE("510100", "1") DAILY("bed_subsidy", "bed", "home",
    "2026-01-01", "50.00", "city", "    programme_cap: 60.00\n" LIMITS);

static void a_programme_pays_no_more_than_its_cap_in_a_month(void **state)
{
	struct town *town = chengdu_alone(*state, programme_capped, 100, 100000);
	const struct town_line lines[] = {{guest(town, 1, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES},
	    {guest(town, 2, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES},
	    {guest(town, 3, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES}};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", lines, 2);
	whole(town, sequence, 0, 5000);
	reduced_alone(town, sequence, 1, REASON_programme_cap, 5000, 1000, 6000, 5000);
	sequence = claim(town, JUNE, "bed_subsidy", &lines[2], 1);
	reduced_alone(town, sequence, 0, REASON_programme_cap, 5000, 0, 6000, 6000);
	assert_true(town_fund_left(town, "city") == 100000 - 6000);
	/* July has a cap of its own. */
	uint64_t person = town_person(town, 4, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_stay(town, HOUSE_A, person, day(2026, 7, 1), day(2026, 7, 31));
	whole(town, town_claim_one(town, HOUSE_A, CHENGDU, JULY, "bed_subsidy", person, 1, 31), 0,
	    5000);
}

static const char person_capped[] =
    CATALOGUE("510100", "1") DAILY("service_subsidy", "service", "home", "2026-01-01", "200.00",
	"city", "    person_month_cap: 400.00\n" LIMITS) DAILY("nursing_subsidy", "care", "home",
	"2026-01-01", "300.00", "city", "    person_month_cap: 400.00\n" LIMITS)
	DAILY("bed_subsidy", "bed", "home", "2026-01-01", "50.00", "city", "");

/* 200.00 + 300.00 with a cap of 400.00 on both together; the bed names no cap and is not counted. */
static void a_person_gets_no_more_than_the_cap_from_all_programmes_that_name_one(void **state)
{
	struct town *town = chengdu_alone(*state, person_capped, 100, 1000000);
	uint64_t person = guest(town, 1, 1, 30);
	const struct town_line lines[] = {{person, 0, 1, 30, AS_THE_POLICY_GIVES},
	    {person, 1, 1, 30, AS_THE_POLICY_GIVES}, {person, 2, 1, 30, AS_THE_POLICY_GIVES},
	    {guest(town, 2, 1, 30), 1, 1, 30, AS_THE_POLICY_GIVES}};
	const struct town_sheet sheet = {.uscc = HOUSE_A,
	    .payer = CHENGDU,
	    .month = JUNE,
	    .programmes = {"service_subsidy", "nursing_subsidy", "bed_subsidy"},
	    .lines = lines,
	    .count = 4};
	uint64_t sequence = town_claim(town, &sheet);
	whole(town, sequence, 0, 20000);
	reduced_alone(town, sequence, 1, REASON_person_month_cap, 30000, 20000, 40000, 20000);
	whole(town, sequence, 2, 5000);
	whole(town, sequence, 3, 30000);
}

/* --- funds -------------------------------------------------------------------------------------------------- */

static const char three_funds[] = CATALOGUE("510100", "1")
    DAILY("bed_subsidy", "bed", "home", "2026-01-01", "50.00", "central, lottery, city", "");

/* The funds pay in the order of the catalogue: of 5000, 1200 + 3000 + 800. */
static void a_line_is_split_over_its_funds_in_their_order(void **state)
{
	struct town *town = chengdu_alone(*state, three_funds, 100, 10000);
	town_fund(town, "central", 1200);
	town_fund(town, "lottery", 3000);
	const struct town_line lines[] = {{guest(town, 1, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES},
	    {guest(town, 2, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES}};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", lines, 2);
	whole(town, sequence, 0, 5000);
	whole(town, sequence, 1, 5000);
	const struct verdict split = town_verdict(town, sequence, 0);
	assert_int_equal(split.fund_count, 3);
	static const int64_t parts[] = {1200, 3000, 800};
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(split.funds[i].fund, i);
		assert_true(split.funds[i].amount_fen == parts[i]);
	}
	const struct verdict rest = town_verdict(town, sequence, 1);
	assert_int_equal(rest.fund_count, 1);
	assert_int_equal(rest.funds[0].fund, 2);
	assert_true(town_fund_left(town, "central") == 0);
	assert_true(town_fund_left(town, "lottery") == 0);
	assert_true(town_fund_left(town, "city") == 10000 - 800 - 5000);
	assert_true(town_local(town, HOUSE_A) == 10000);
}

static void what_the_funds_do_not_hold_is_cut(void **state)
{
	struct town *town = chengdu_alone(*state, three_funds, 100, 500);
	town_fund(town, "central", 1200);
	town_fund(town, "lottery", 3000);
	const struct town_line lines[] = {{guest(town, 1, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES},
	    {guest(town, 2, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES},
	    {guest(town, 3, 1, 30), 0, 1, 30, AS_THE_POLICY_GIVES}};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", lines, 2);
	reduced_alone(town, sequence, 0, REASON_fund_exhausted, 5000, 4700, 4700, 0);
	reduced_alone(town, sequence, 1, REASON_fund_exhausted, 5000, 0, 0, 0);
	/* New money is for later sheets. */
	town_fund(town, "lottery", 800);
	sequence = claim(town, JUNE, "bed_subsidy", &lines[2], 1);
	reduced_alone(town, sequence, 0, REASON_fund_exhausted, 5000, 800, 800, 0);
	assert_int_equal(town_verdict(town, sequence, 0).funds[0].fund, 1);
	assert_true(town_local(town, HOUSE_A) == 5500);
}

/* --- all of them -------------------------------------------------------------------------------------------- */

static const char all_caps[] =
    CATALOGUE("510100", "1") DAILY("bed_subsidy", "bed", "home", "2026-01-01", "300.00", "city",
	"    price_ceiling: 270.00\n    takes_capacity: true\n    quantity_cap_days: 20\n"
	"    programme_cap: 200.00\n    person_month_cap: 120.00\n" LIMITS);

/* June: the amount is 1000 a night, the ceiling 900. Before: in this house somebody's nights 1..5 for 4500, in another
 * house the person's own nights 1..2 for 1800. The fund held 100.00. Then nights 3..30 ask 260.00:
 *   price ceiling     28 nights at 900 = 25200
 *   capacity          30 - 5 = 25 nights, 3..27, at 900 = 22500
 *   quantity cap      20 - 2 = 18 nights, 3..20, at 900 = 16200
 *   programme cap     20000 - (4500 + 1800) = 13700
 *   person-month cap  12000 - 1800 = 10200
 *   fund exhausted    10000 - 6300 = 3700 */
static void all_reductions_of_a_line_are_listed_in_their_order(void **state)
{
	struct town *town = chengdu_alone(*state, all_caps, 1, 10000);
	uint64_t other = guest(town, 1, 1, 5);
	uint64_t person = town_person(town, 2, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_house(town, HOUSE_B, CHENGDU, 1);
	town_stay(town, HOUSE_B, person, day(2026, 6, 1), day(2026, 6, 2));
	town_stay(town, HOUSE_A, person, day(2026, 6, 3), day(2026, 6, 30));
	reduced_alone(town,
	    town_claim_one(town, HOUSE_A, CHENGDU, JUNE, "bed_subsidy", other, 1, 5), 0,
	    REASON_price_ceiling, 5000, 4500, 4500, 0);
	reduced_alone(town,
	    town_claim_one(town, HOUSE_B, CHENGDU, JUNE, "bed_subsidy", person, 1, 2), 0,
	    REASON_price_ceiling, 2000, 1800, 1800, 0);
	const struct town_line line = {person, 0, 3, 30, 26000};
	uint64_t sequence = claim(town, JUNE, "bed_subsidy", &line, 1);
	const struct verdict verdict = town_verdict(town, sequence, 0);
	assert_int_equal(verdict.reduction_count, 6);
	reduced(&verdict, 0, REASON_price_ceiling, 26000, 25200, 25200, 0);
	reduced(&verdict, 1, REASON_capacity, 25200, 22500, 30, 5);
	reduced(&verdict, 2, REASON_quantity_cap, 22500, 16200, 20, 2);
	reduced(&verdict, 3, REASON_programme_cap, 16200, 13700, 20000, 6300);
	reduced(&verdict, 4, REASON_person_month_cap, 13700, 10200, 12000, 1800);
	reduced(&verdict, 5, REASON_fund_exhausted, 10200, 3700, 3700, 0);
	assert_true(verdict.amount_fen == 3700);
	assert_true(town_fund_left(town, "city") == 0);
}

/* What the line asks is a sum for the whole line: it is kept as long as the nights that are left are worth it, and the
 * night that fell is told all the same. 29 of 30 nights are worth 4833 of 5000. */
static void a_line_below_its_worth_tells_the_nights_that_fell(void **state)
{
	struct town *town = chengdu_alone(*state, beds_counted, 1, 100000);
	const struct town_line before = {guest(town, 1, 30, 30), 0, 30, 30, AS_THE_POLICY_GIVES};
	const struct town_line line = {guest(town, 2, 1, 30), 0, 1, 30, 4000};
	claim(town, JUNE, "bed_subsidy", &before, 1);
	reduced_alone(town, claim(town, JUNE, "bed_subsidy", &line, 1), 0, REASON_capacity, 4000,
	    4000, 30, 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(each_day_is_worth_what_was_in_force_on_it),
	    CASE(a_birthday_in_the_month_divides_the_line),
	    CASE(a_district_pays_its_own_rate_out_of_its_own_fund),
	    CASE(what_a_line_asks_beyond_the_policy_is_cut_to_it),
	    CASE(a_line_that_asks_less_gets_what_it_asks),
	    CASE(the_ceiling_is_shared_over_the_month_like_the_amount),
	    CASE(the_ceiling_of_a_part_month_is_rounded_like_the_amount),
	    CASE(nights_beyond_the_licensed_beds_fall_in_line_order),
	    CASE(sheets_fill_the_beds_in_the_order_in_which_they_are_booked),
	    CASE(a_line_that_is_reduced_to_nothing_is_approved_and_has_taken_its_days),
	    CASE(capacity_is_of_one_house_and_one_month),
	    CASE(a_refused_line_takes_no_bed),
	    CASE(the_beds_of_a_house_are_filled_by_the_sheets_of_all_payers),
	    CASE(nights_of_a_forwarded_sheet_are_held_until_its_payer_has_decided),
	    CASE(days_beyond_the_quantity_cap_fall_from_the_end),
	    CASE(the_quantity_cap_counts_days_in_every_house_of_the_month),
	    CASE(a_programme_pays_no_more_than_its_cap_in_a_month),
	    CASE(a_person_gets_no_more_than_the_cap_from_all_programmes_that_name_one),
	    CASE(a_line_is_split_over_its_funds_in_their_order),
	    CASE(what_the_funds_do_not_hold_is_cut),
	    CASE(all_reductions_of_a_line_are_listed_in_their_order),
	    CASE(a_line_below_its_worth_tells_the_nights_that_fell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
