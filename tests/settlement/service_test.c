/* What is claimed without a stay: meals, visits, care at home; and what is counted over a person's year. Figures: 助餐 3.00 a meal and at most 2 a
 * day, 探访 20.00 a visit, 喘息 100.00 a day and at most 30 days a year, 家庭养老床位 200.00 a month: the amounts of the programmes' table; a share
 * of 40 % and at most 800.00 of a bill of 3,000.00: 1,200.00, cut by 400.00. Worked by hand; a month's share is
 * R(e) - R(s - 1), R(x) = floor((2 a x + n) / 2n). */
#include "appealing.h"
#include "remote.h"
#include "testing.h"

#include "reversal.h"

#define JULY 202607u

static const struct programme_text meal = {.code = "meal",
    .need = "meal",
    .accrues = "piece",
    .unit = "meal",
    .amounts = "      - {amount: 3.00, clause: a}\n",
    .more = "    outside_stay: true\n    pieces_cap_day: 2\n    pieces_cap_month: 40\n    "
	    "limits_clause: b\n"};
static const struct programme_text visit = {.code = "visit",
    .need = "visit",
    .accrues = "piece",
    .unit = "visit",
    .amounts = "      - {amount: 20.00, clause: a}\n"};
static const struct programme_text respite = {.code = "respite",
    .need = "respite",
    .unit = "person_day",
    .amounts = "      - {amount: 100.00, clause: a}\n",
    .deadline_days = "366",
    .more = "    cap_year: 30\n    limits_clause: b\n"};
static const struct programme_text home_bed = {.code = "home_bed",
    .need = "home_bed",
    .accrues = "day",
    .amounts = "      - {amount: 200.00, clause: a}\n"};
/* The same need as an occupied bed at home, for nights of a stay. */
static const struct programme_text short_stay = {
    .code = "short_stay", .need = "home_bed", .amounts = "      - {amount: 300.00, clause: a}\n"};
static const struct programme_text bill = {.code = "bill",
    .need = "service",
    .accrues = "piece",
    .unit = "visit",
    .amounts = "      - {amount: 800.00, clause: a}\n",
    .more = "    share_percent: 40\n    limits_clause: b\n"};

static int set_up(void **state)
{
	struct programme_text all[] = {meal, visit, respite, home_bed, short_stay, bill};
	struct pair *pair = calloc(1, sizeof *pair);

	assert_non_null(pair);
	pair_open(pair, all, sizeof all / sizeof *all, all, sizeof all / sizeof *all);
	town_house(&pair->home, HOUSE_A, CHENGDU, 100);
	town_house(&pair->home, HOUSE_B, CHENGDU, 100);
	pair_at(pair, day(2026, 7, 3));
	*state = pair;
	return 0;
}

static int tear_down(void **state)
{
	pair_close(*state);
	free(*state);
	return 0;
}

static uint64_t resident(struct pair *pair)
{
	return town_person(&pair->home, ++next_serial, day(1940, 1, 1), INCOME_OTHER, 0);
}

/* A line of its own sheet at a house of Chengdu, which pays. */
static struct verdict say(struct pair *pair, const char *house, uint32_t month,
    const struct claim_line *line, uint64_t *number)
{
	uint64_t sheet = desk_claim(&pair->home, house, CHENGDU, month, line, 1);

	if (number)
		*number = sheet;
	return desk_verdict(&pair->home, house, sheet, 0);
}

static struct verdict meals(
    struct pair *pair, const char *house, uint64_t person, unsigned on, unsigned pieces)
{
	const struct claim_line line = {person, "meal", on, on, 0, pieces};

	return say(pair, house, JUNE, &line, NULL);
}

static struct verdict days(struct pair *pair, const char *house, uint32_t month, uint64_t person,
    const char *programme, unsigned first, unsigned last)
{
	const struct claim_line line = {person, programme, first, last, 0, 0};

	return say(pair, house, month, &line, NULL);
}

/* The entry that holds the verdicts on a sheet. */
static uint64_t sheet_entry(struct town *town, const char *uscc, uint64_t number)
{
	struct txn *txn = desk_read(town);
	struct sheet_row row;

	assert_int_equal(sheet_row_get(txn, uscc, number, &row), ERROR_NONE);
	txn_abort(txn);
	return row.sequence;
}

static void expect_cut(struct verdict verdict, enum reason reason, int64_t before, int64_t after,
    int64_t limit, int64_t used)
{
	expect_reason(verdict, REASON_approved);
	assert_int_equal(verdict.reduction_count, 1);
	expect_reduced(verdict, reason, before, after, limit, used);
	assert_int_equal(verdict.amount_fen, after);
}

static void pieces_are_worth_their_rate_each(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair);
	const struct claim_line visits = {person, "visit", 9, 9, 0, 3};

	expect_paid(meals(pair, HOUSE_A, person, 5, 0), 300);
	expect_paid(meals(pair, HOUSE_A, person, 6, 2), 600);
	expect_paid(say(pair, HOUSE_A, JUNE, &visits, NULL), 6000);
}

static void what_is_asked_is_cut_to_the_rate(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair);
	const struct claim_line dear = {person, "meal", 5, 5, 900, 2},
				cheap = {person, "meal", 6, 6, 450, 2};

	expect_cut(say(pair, HOUSE_A, JUNE, &dear, NULL), REASON_price_ceiling, 900, 600, 600, 0);
	expect_paid(say(pair, HOUSE_A, JUNE, &cheap, NULL), 450);
}

/* Lunch here and supper there; a third meal of the day falls, whoever gives it. */
static void pieces_of_a_day_are_capped_over_all_institutions(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair);

	expect_paid(meals(pair, HOUSE_A, person, 5, 1), 300);
	expect_cut(meals(pair, HOUSE_B, person, 5, 2), REASON_day_cap, 600, 300, 2, 1);
	expect_paid(meals(pair, HOUSE_B, person, 6, 2), 600);
	expect_cut(meals(pair, HOUSE_A, person, 6, 1), REASON_day_cap, 300, 0, 2, 2);
}

/* Twenty days of two: forty. The twenty-first brings nothing more. */
static void pieces_of_a_month_are_capped(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair);
	struct claim_line lines[21];
	uint64_t number;

	for (unsigned i = 0; i < 21; i++)
		lines[i] = (struct claim_line){person, "meal", i + 1, i + 1, 0, 2};
	number = desk_claim(&pair->home, HOUSE_A, CHENGDU, JUNE, lines, 21);
	for (unsigned i = 0; i < 20; i++)
		expect_paid(desk_verdict(&pair->home, HOUSE_A, number, i), 600);
	expect_cut(
	    desk_verdict(&pair->home, HOUSE_A, number, 20), REASON_quantity_cap, 600, 0, 40, 40);
	/* July is another month. */
	pair_at(pair, day(2026, 8, 3));
	const struct claim_line july = {person, "meal", 1, 1, 0, 2};
	expect_paid(say(pair, HOUSE_A, JULY, &july, NULL), 600);
}

static void an_institution_tells_the_pieces_of_a_day_once(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair);

	expect_paid(meals(pair, HOUSE_A, person, 5, 1), 300);
	expect_refused(meals(pair, HOUSE_A, person, 5, 1), REASON_duplicate, day(2026, 6, 5));
}

/* Twenty days of June, ten more in July; the next year begins anew. */
static void days_of_a_year_are_capped(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair);

	town_stay(&pair->home, HOUSE_A, person, day(2026, 6, 1), day(2027, 1, 31));
	pair_at(pair, day(2027, 2, 1));
	expect_paid(days(pair, HOUSE_A, JUNE, person, "respite", 1, 20), 200000);
	expect_cut(days(pair, HOUSE_A, JULY, person, "respite", 1, 15), REASON_year_cap, 150000,
	    100000, 30, 20);
	expect_cut(days(pair, HOUSE_A, 202612, person, "respite", 1, 1), REASON_year_cap, 10000, 0,
	    30, 30);
	expect_paid(days(pair, HOUSE_A, 202701, person, "respite", 1, 30), 300000);
}

/* 200.00 for June: fifteen days are 100.00; whoever serves, a day is paid once. */
static void days_at_home_are_shared_and_paid_once(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair);

	expect_paid(days(pair, HOUSE_A, JUNE, person, "home_bed", 1, 15), 10000);
	expect_refused(days(pair, HOUSE_B, JUNE, person, "home_bed", 15, 30), REASON_duplicate,
	    day(2026, 6, 15));
	expect_paid(days(pair, HOUSE_B, JUNE, person, "home_bed", 16, 30), 10000);
}

/* One need: days claimed in a stay and days claimed at home are the same days. */
static void a_need_is_paid_once_a_day_in_a_stay_or_without(void **state)
{
	struct pair *pair = *state;
	uint64_t first = resident(pair), second = resident(pair);

	town_stay(&pair->home, HOUSE_A, first, day(2026, 6, 1), day(2026, 6, 30));
	town_stay(&pair->home, HOUSE_A, second, day(2026, 6, 1), day(2026, 6, 30));
	expect_paid(days(pair, HOUSE_A, JUNE, first, "short_stay", 1, 10), 10000);
	expect_refused(days(pair, HOUSE_B, JUNE, first, "home_bed", 10, 12), REASON_duplicate,
	    day(2026, 6, 10));
	expect_paid(days(pair, HOUSE_B, JUNE, second, "home_bed", 1, 15), 10000);
	expect_refused(days(pair, HOUSE_A, JUNE, second, "short_stay", 8, 20), REASON_duplicate,
	    day(2026, 6, 8));
}

/* Nights 5 to 9: the day of leaving, the 10th, is none. */
static void who_sleeps_in_a_house_is_fed_there(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair);

	town_stay(&pair->home, HOUSE_B, person, day(2026, 6, 5), day(2026, 6, 9));
	expect_paid(meals(pair, HOUSE_A, person, 4, 1), 300);
	expect_refused(meals(pair, HOUSE_A, person, 5, 1), REASON_overlap, day(2026, 6, 5));
	expect_refused(meals(pair, HOUSE_A, person, 9, 1), REASON_overlap, day(2026, 6, 9));
	expect_paid(meals(pair, HOUSE_A, person, 10, 1), 300);
}

/* 3,000.00 x 40 % = 1,200.00; at most 800.00. Of 100.01 the share is 40.004, of 100.02 40.008, of 0.01 0.4 fen. */
static void of_a_bill_the_share_is_paid_up_to_the_rate(void **state)
{
	static const struct {
		int64_t asks, share;
	} cases[] = {{10001, 4000}, {10002, 4001}, {1, 0}, {200000, 80000}};
	struct pair *pair = *state;
	const struct claim_line dear = {resident(pair), "bill", 5, 5, 300000, 0};
	struct verdict verdict = say(pair, HOUSE_A, JUNE, &dear, NULL);

	expect_reason(verdict, REASON_approved);
	assert_int_equal(verdict.reduction_count, 2);
	expect_reduced(verdict, REASON_co_payment, 300000, 120000, 40, 0);
	expect_reduced(verdict, REASON_price_ceiling, 120000, 80000, 80000, 0);
	assert_int_equal(verdict.amount_fen, 80000);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct claim_line one = {resident(pair), "bill", 5, 5, cases[i].asks, 0};

		expect_cut(say(pair, HOUSE_A, JUNE, &one, NULL), REASON_co_payment, cases[i].asks,
		    cases[i].share, 40, 0);
	}
}

static void a_line_must_be_of_the_programmes_form(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair);
	const struct claim_line two_days = {person, "meal", 5, 6, 0, 2},
				counted = {person, "home_bed", 1, 9, 0, 9},
				no_bill = {person, "bill", 5, 5, 0, 0};

	expect_bare(say(pair, HOUSE_A, JUNE, &two_days, NULL), REASON_unfit);
	expect_bare(say(pair, HOUSE_A, JUNE, &counted, NULL), REASON_unfit);
	expect_bare(say(pair, HOUSE_A, JUNE, &no_bill, NULL), REASON_unfit);
	/* Handed in on 3 July: the 3rd has come, the 4th has not. */
	expect_paid(days(pair, HOUSE_A, JULY, person, "home_bed", 3, 3), 645);
	expect_refused(days(pair, HOUSE_A, JULY, resident(pair), "home_bed", 2, 4), REASON_unfit,
	    day(2026, 7, 4));
}

/* Taken back, days and pieces are as if they had never been claimed, also after the deadline. */
static void what_is_taken_back_may_be_claimed_again(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair), number;
	const struct claim_line two = {person, "meal", 5, 5, 0, 2},
				bed = {person, "home_bed", 1, 30, 0, 0};

	expect_paid(say(pair, HOUSE_A, JUNE, &two, &number), 600);
	expect_cut(meals(pair, HOUSE_B, person, 5, 1), REASON_day_cap, 300, 0, 2, 2);
	assert_int_equal(
	    take_back(&pair->home, sheet_entry(&pair->home, HOUSE_A, number), 0), ERROR_NONE);
	expect_paid(say(pair, HOUSE_A, JUNE, &bed, &number), 20000);
	assert_int_equal(
	    take_back(&pair->home, sheet_entry(&pair->home, HOUSE_A, number), 0), ERROR_NONE);
	/* June can be claimed until 29 August. */
	pair_at(pair, day(2026, 9, 1));
	expect_paid(meals(pair, HOUSE_A, person, 5, 2), 600);
	expect_refused(meals(pair, HOUSE_A, person, 6, 2), REASON_too_late, day(2026, 8, 29));
	expect_paid(days(pair, HOUSE_B, JUNE, person, "home_bed", 1, 30), 20000);
}

/* Fed in Guangyuan: home pays, and counts what it was given there and at home together. */
static void home_counts_what_was_given_elsewhere(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair), number;
	const struct claim_line one = {person, "meal", 5, 5, 0, 1};

	town_file(&pair->home, person, GUANGYUAN, day(2026, 6, 1), day(2026, 6, 30));
	carry(pair);
	number = desk_claim(&pair->host, HOUSE_D, CHENGDU, JUNE, &one, 1);
	carry(pair);
	expect_paid(desk_verdict(&pair->host, HOUSE_D, number, 0), 300);
	assert_int_equal(town_remote(&pair->host, HOUSE_D), 300);
	expect_cut(meals(pair, HOUSE_A, person, 5, 2), REASON_day_cap, 600, 300, 2, 1);
}

/* One meal at home leaves one for Guangyuan; when that one is taken back a second look gives the other, and then nothing is left at home. */
static void a_second_look_counts_what_it_gives(void **state)
{
	struct pair *pair = *state;
	uint64_t person = resident(pair), at_home, away;
	const struct claim_line one = {person, "meal", 5, 5, 0, 1},
				two = {person, "meal", 5, 5, 0, 2};

	town_file(&pair->home, person, GUANGYUAN, day(2026, 6, 1), day(2026, 6, 30));
	carry(pair);
	expect_paid(say(pair, HOUSE_A, JUNE, &one, &at_home), 300);
	away = desk_claim(&pair->host, HOUSE_D, CHENGDU, JUNE, &two, 1);
	carry(pair);
	expect_cut(desk_verdict(&pair->host, HOUSE_D, away, 0), REASON_day_cap, 600, 300, 2, 1);
	assert_int_equal(
	    take_back(&pair->home, sheet_entry(&pair->home, HOUSE_A, at_home), 0), ERROR_NONE);
	assert_int_equal(appeal_for(&pair->host, HOUSE_D, away, 0, "other"), ERROR_NONE);
	carry(pair);
	town_officer(&pair->home);
	assert_int_equal(review_for(&pair->home, HOUSE_D, away, 0, NULL), ERROR_NONE);
	carry(pair);
	assert_int_equal(town_remote(&pair->host, HOUSE_D), 600);
	expect_cut(meals(pair, HOUSE_A, person, 5, 1), REASON_day_cap, 300, 0, 2, 2);
	assert_int_equal(
	    take_back(&pair->home, appeal_at(&pair->home, HOUSE_D, away, 0).review, 0), ERROR_NONE);
	expect_paid(meals(pair, HOUSE_B, person, 5, 1), 300);
}

/* --- a naive count ------------------------------------------------------------------------------------------ */

#define PEOPLE 3u
#define ROUNDS 400u

/* Every piece granted, by person, house and day of June; who told which day. */
struct tally {
	unsigned granted[PEOPLE][2][31];
	bool told[PEOPLE][2][31];
	uint64_t sheet[PEOPLE][2][31];
};

static unsigned sum(const struct tally *tally, size_t person, unsigned from, unsigned until)
{
	unsigned pieces = 0;

	for (size_t house = 0; house < 2; house++)
		for (unsigned d = from; d <= until; d++)
			pieces += tally->granted[person][house][d];
	return pieces;
}

static unsigned left(unsigned cap, unsigned used)
{
	return used < cap ? cap - used : 0;
}

/* Meals claimed and taken back at random in two houses: each verdict grants what a count without bitmaps leaves of 2 a day and 40 a month. */
static void verdicts_agree_with_a_count_by_hand(void **state)
{
	static const char *const houses[] = {HOUSE_A, HOUSE_B};
	struct pair *pair = *state;
	uint64_t chance = chance_seed("meals"), people[PEOPLE];
	struct tally tally = {0};

	for (size_t i = 0; i < PEOPLE; i++)
		people[i] = resident(pair);
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t p = chance_below(&chance, PEOPLE), h = chance_below(&chance, 2);
		unsigned d = (unsigned)chance_below(&chance, 30), asked;
		struct claim_line line;
		struct verdict verdict;
		unsigned want;

		if (tally.told[p][h][d]) {
			if (chance_below(&chance, 3) == 0) {
				assert_int_equal(
				    take_back(&pair->home,
					sheet_entry(&pair->home, houses[h], tally.sheet[p][h][d]),
					0),
				    ERROR_NONE);
				tally.told[p][h][d] = false;
				tally.granted[p][h][d] = 0;
			} else {
				expect_refused(meals(pair, houses[h], people[p], d + 1, 1),
				    REASON_duplicate, day(2026, 6, (int)d + 1));
			}
			continue;
		}
		asked = 1 + (unsigned)chance_below(&chance, 3);
		line = (struct claim_line){people[p], "meal", d + 1, d + 1, 0, asked};
		want = left(2, sum(&tally, p, d, d));
		want = want < asked ? want : asked;
		if (want > left(40, sum(&tally, p, 0, 29)))
			want = left(40, sum(&tally, p, 0, 29));
		verdict = say(pair, houses[h], JUNE, &line, &tally.sheet[p][h][d]);
		expect_reason(verdict, REASON_approved);
		assert_int_equal(verdict.amount_fen, 300 * (int64_t)want);
		tally.told[p][h][d] = true;
		tally.granted[p][h][d] = want;
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(pieces_are_worth_their_rate_each),
	    TEST(what_is_asked_is_cut_to_the_rate),
	    TEST(pieces_of_a_day_are_capped_over_all_institutions),
	    TEST(pieces_of_a_month_are_capped),
	    TEST(an_institution_tells_the_pieces_of_a_day_once),
	    TEST(days_of_a_year_are_capped),
	    TEST(days_at_home_are_shared_and_paid_once),
	    TEST(a_need_is_paid_once_a_day_in_a_stay_or_without),
	    TEST(who_sleeps_in_a_house_is_fed_there),
	    TEST(of_a_bill_the_share_is_paid_up_to_the_rate),
	    TEST(a_line_must_be_of_the_programmes_form),
	    TEST(what_is_taken_back_may_be_claimed_again),
	    TEST(home_counts_what_was_given_elsewhere),
	    TEST(a_second_look_counts_what_it_gives),
	    TEST(verdicts_agree_with_a_count_by_hand),
	};

	return cmocka_run_group_tests_name("settlement/service", tests, NULL, NULL);
}
