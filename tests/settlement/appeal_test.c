/* Appeals and second looks between two cities and within one, by figures worked by hand. Chengdu is the home and payer, Guangyuan the host with
 * HOUSE_D. June has 30 days; 300.00 a month are 10.00 a night. Verdicts come on 2 July; 60 days after that is 31 August. */
#include "appealing.h"
#include "held.h"
#include "prefund.h"

static const struct programme_text needs_level = {
    .code = "care_subsidy", .needs_assessment = "true"};

static int set_up_pair(void **state, const struct programme_text *programme)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	assert_non_null(pair);
	pair_open(pair, programme, 1, programme, 1);
	town_officer(&pair->home);
	town_officer(&pair->host);
	*state = pair;
	return 0;
}

static int set_up(void **state)
{
	return set_up_pair(state, &needs_level);
}

static int tear_down(void **state)
{
	struct pair *pair = *state;
	pair_close(pair);
	free(pair);
	return 0;
}

static uint64_t guest(struct pair *pair)
{
	return traveller(pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
}

static uint64_t claimed(struct pair *pair, uint64_t person, unsigned first, unsigned last)
{
	uint64_t number = claim(pair, CHENGDU, person, "care_subsidy", first, last);
	carry(pair);
	return number;
}

static void appealed(struct pair *pair, uint64_t number)
{
	if (appeal_for(&pair->host, HOUSE_D, number, 0, "assessment"))
		fail_msg("%s", pair->host.detail.text);
	carry(pair);
}

static void reviewed(struct pair *pair, uint64_t number)
{
	if (review_for(&pair->home, HOUSE_D, number, 0, NULL))
		fail_msg("%s", pair->home.detail.text);
	carry(pair);
}

/* Both cities say so. */
static void expect_both(struct pair *pair, uint64_t number, enum appeal_state state)
{
	expect_appeal(&pair->home, HOUSE_D, number, 0, state);
	expect_appeal(&pair->host, HOUSE_D, number, 0, state);
}

static void expect_owed(struct pair *pair, uint32_t window, int64_t fen)
{
	assert_int_equal(town_owes(&pair->home, GUANGYUAN, window), fen);
	assert_int_equal(town_is_owed(&pair->host, CHENGDU, window), fen);
}

static void cut(struct pair *pair)
{
	struct buffer parameter = {0};
	codec_put_null(&parameter);
	assert_int_equal(town_order(&pair->home, KIND_cut, &parameter, 1, NULL, 0), ERROR_NONE);
	carry(pair);
}

static struct window_row window_at(struct town *town, uint32_t number)
{
	struct txn *txn = desk_read(town);
	struct window_row window;
	assert_int_equal(window_get(txn, CHENGDU, GUANGYUAN, number, &window), ERROR_NONE);
	txn_abort(txn);
	return window;
}

/* --- refused, then paid --------------------------------------------------------------------------------------- */

/* 1 to 30 June without an assessment: refused. It comes on 20 July, from 1 June on: 30 nights of 10.00. */
static void a_line_refused_for_want_of_an_assessment_is_paid_once_it_is_there(void **state)
{
	struct pair *pair = *state;
	const int64_t fund = town_fund_left(&pair->home, "fiscal");
	uint64_t person = guest(pair);
	pair_at(pair, day(2026, 7, 2));
	uint64_t number = claimed(pair, person, 1, 30);
	expect_refused(
	    desk_verdict(&pair->home, HOUSE_D, number, 0), REASON_no_assessment, day(2026, 6, 1));
	appealed(pair, number);
	expect_both(pair, number, APPEAL_OPEN);
	/* Nothing moves by an appeal. */
	expect_owed(pair, 1, 0);
	assert_int_equal(town_fund_left(&pair->home, "fiscal"), fund);
	pair_at(pair, day(2026, 7, 20));
	town_assess(&pair->home, person, 2, day(2026, 6, 1), day(2027, 5, 31));
	carry(pair);
	reviewed(pair, number);
	expect_both(pair, number, APPEAL_CHANGED);
	expect_paid(second_verdict(&pair->home, HOUSE_D, number, 0), 30000);
	expect_paid(second_verdict(&pair->host, HOUSE_D, number, 0), 30000);
	expect_owed(pair, 1, 30000);
	assert_int_equal(town_remote(&pair->host, HOUSE_D), 30000);
	assert_int_equal(town_fund_left(&pair->home, "fiscal"), fund - 30000);
	/* The first verdict is as it was. */
	expect_refused(
	    desk_verdict(&pair->home, HOUSE_D, number, 0), REASON_no_assessment, day(2026, 6, 1));
	expect_refused(
	    desk_verdict(&pair->host, HOUSE_D, number, 0), REASON_no_assessment, day(2026, 6, 1));
	/* Its days are taken, every one of them. */
	expect_refused(
	    judge(pair, CHENGDU, person, "care_subsidy", 1, 1), REASON_duplicate, day(2026, 6, 1));
	expect_refused(judge(pair, CHENGDU, person, "care_subsidy", 30, 30), REASON_duplicate,
	    day(2026, 6, 30));
}

static void what_it_comes_to_lies_in_the_window_that_is_open_then(void **state)
{
	struct pair *pair = *state;
	uint64_t person = guest(pair), other = guest(pair);
	pair_at(pair, day(2026, 7, 2));
	town_assess(&pair->home, other, 2, day(2026, 6, 1), day(2027, 5, 31));
	uint64_t number = claimed(pair, person, 1, 12);
	claimed(pair, other, 1, 7);
	appealed(pair, number);
	cut(pair);
	expect_owed(pair, 1, 7000);
	assert_int_equal(window_at(&pair->host, 1).state, WINDOW_AGREED);
	town_assess(&pair->home, person, 2, day(2026, 6, 1), day(2027, 5, 31));
	pair_at(pair, day(2026, 7, 9));
	reviewed(pair, number);
	expect_owed(pair, 1, 7000);
	expect_owed(pair, 2, 12000);
	pair_at(pair, day(2026, 7, 10));
	cut(pair);
	assert_int_equal(window_at(&pair->home, 2).state, WINDOW_AGREED);
	assert_int_equal(window_at(&pair->host, 2).state, WINDOW_AGREED);
	assert_int_equal(window_at(&pair->host, 2).stated.count, 1);
	assert_int_equal(window_at(&pair->host, 2).stated.positive_fen, 12000);
}

/* Claimed on 2 July, in time until 29 August; looked at again on 20 September. */
static void the_day_of_the_claim_is_kept(void **state)
{
	struct pair *pair = *state;
	uint64_t person = guest(pair), late = guest(pair);
	pair_at(pair, day(2026, 7, 2));
	uint64_t number = claimed(pair, person, 1, 30);
	pair_at(pair, day(2026, 8, 31));
	appealed(pair, number);
	pair_at(pair, day(2026, 9, 20));
	town_assess(&pair->home, person, 2, day(2026, 6, 1), day(2027, 5, 31));
	town_assess(&pair->home, late, 2, day(2026, 6, 1), day(2027, 5, 31));
	reviewed(pair, number);
	expect_owed(pair, 1, 30000);
	expect_refused(
	    judge(pair, CHENGDU, late, "care_subsidy", 1, 30), REASON_too_late, day(2026, 8, 29));
}

static void a_line_that_is_refused_again_stays_refused_and_takes_no_day(void **state)
{
	struct pair *pair = *state;
	uint64_t person = guest(pair);
	pair_at(pair, day(2026, 7, 2));
	uint64_t number = claimed(pair, person, 1, 30);
	appealed(pair, number);
	/* From 11 June on: the first ten days are still without. */
	town_assess(&pair->home, person, 2, day(2026, 6, 11), day(2027, 5, 31));
	reviewed(pair, number);
	expect_both(pair, number, APPEAL_UPHELD);
	expect_refused(
	    second_verdict(&pair->host, HOUSE_D, number, 0), REASON_no_assessment, day(2026, 6, 1));
	expect_owed(pair, 1, 0);
	/* Its days are free: what may be paid is claimed anew. */
	expect_paid(judge(pair, CHENGDU, person, "care_subsidy", 11, 30), 20000);
	expect_owed(pair, 1, 20000);
}

static void an_officer_may_let_it_stand_and_says_why_with_a_code(void **state)
{
	struct pair *pair = *state;
	uint64_t person = guest(pair);
	pair_at(pair, day(2026, 7, 2));
	uint64_t number = claimed(pair, person, 1, 30);
	appealed(pair, number);
	town_assess(&pair->home, person, 2, day(2026, 6, 1), day(2027, 5, 31));
	assert_int_equal(review_for(&pair->home, HOUSE_D, number, 0, "withdrawn"), ERROR_NONE);
	carry(pair);
	expect_both(pair, number, APPEAL_UPHELD);
	const struct verdict verdict = second_verdict(&pair->host, HOUSE_D, number, 0);
	expect_refused(verdict, REASON_upheld, 1);
	expect_owed(pair, 1, 0);
	expect_paid(judge(pair, CHENGDU, person, "care_subsidy", 1, 30), 30000);
}

static void days_that_were_claimed_by_another_sheet_meanwhile_are_not_paid_twice(void **state)
{
	struct pair *pair = *state;
	uint64_t person = guest(pair);
	pair_at(pair, day(2026, 7, 2));
	uint64_t number = claimed(pair, person, 1, 30);
	appealed(pair, number);
	town_assess(&pair->home, person, 2, day(2026, 6, 1), day(2027, 5, 31));
	expect_paid(judge(pair, CHENGDU, person, "care_subsidy", 30, 30), 1000);
	reviewed(pair, number);
	expect_both(pair, number, APPEAL_UPHELD);
	expect_refused(
	    second_verdict(&pair->home, HOUSE_D, number, 0), REASON_duplicate, day(2026, 6, 30));
	expect_owed(pair, 1, 1000);
}

/* --- reduced, then more ----------------------------------------------------------------------------------------- */

static const struct programme_text capped = {
    .code = "care_subsidy", .more = "    programme_cap: 200.00\n    limits_clause: a\n"};
static const struct programme_text capped_higher = {
    .code = "care_subsidy", .more = "    programme_cap: 250.00\n    limits_clause: a\n"};

static int set_up_capped(void **state)
{
	return set_up_pair(state, &capped);
}

static void raise_cap(struct pair *pair)
{
	static struct catalogue_text text;
	catalogue_of(&text, CHENGDU, 2, &capped_higher, 1);
	if (town_policy(&pair->home, catalogue_span(&text)))
		fail_msg("%s", pair->home.detail.text);
	carry(pair);
}

/* 200.00 a month for all: one has 10 nights (100.00), the other 30 (300.00), cut to 100.00. With 250.00 there are 150.00 for it, of which
 * 100.00 are paid. */
static uint64_t one_cut_to_half(struct pair *pair, uint64_t persons[2])
{
	persons[0] = guest(pair);
	persons[1] = guest(pair);
	pair_at(pair, day(2026, 7, 2));
	claimed(pair, persons[0], 1, 10);
	uint64_t number = claimed(pair, persons[1], 1, 30);
	const struct verdict verdict = desk_verdict(&pair->host, HOUSE_D, number, 0);
	assert_int_equal(verdict.amount_fen, 10000);
	expect_reduced(verdict, REASON_programme_cap, 30000, 10000, 20000, 10000);
	return number;
}

static void a_reduced_line_gets_what_comes_on_top_and_no_more(void **state)
{
	struct pair *pair = *state;
	uint64_t persons[2], number = one_cut_to_half(pair, persons);
	appealed(pair, number);
	expect_owed(pair, 1, 20000);
	raise_cap(pair);
	reviewed(pair, number);
	expect_both(pair, number, APPEAL_CHANGED);
	const struct verdict verdict = second_verdict(&pair->host, HOUSE_D, number, 0);
	assert_int_equal(verdict.amount_fen, 5000);
	assert_int_equal(verdict.reduction_count, 2);
	expect_reduced(verdict, REASON_programme_cap, 30000, 15000, 25000, 10000);
	expect_reduced(verdict, REASON_approved_before, 15000, 5000, 15000, 10000);
	expect_owed(pair, 1, 25000);
	assert_int_equal(town_remote(&pair->host, HOUSE_D), 25000);
	/* The cap is used up, by all of it. */
	uint64_t third = guest(pair);
	expect_reduced(judge(pair, CHENGDU, third, "care_subsidy", 1, 3), REASON_programme_cap,
	    3000, 0, 25000, 25000);
}

static void a_reduced_line_for_which_there_is_no_more_keeps_what_it_has(void **state)
{
	struct pair *pair = *state;
	uint64_t persons[2], number = one_cut_to_half(pair, persons);
	appealed(pair, number);
	reviewed(pair, number);
	expect_both(pair, number, APPEAL_UPHELD);
	const struct verdict verdict = second_verdict(&pair->home, HOUSE_D, number, 0);
	assert_int_equal(verdict.amount_fen, 0);
	expect_reduced(verdict, REASON_approved_before, 10000, 0, 10000, 10000);
	expect_owed(pair, 1, 20000);
	expect_refused(judge(pair, CHENGDU, persons[1], "care_subsidy", 17, 17), REASON_duplicate,
	    day(2026, 6, 17));
	/* Taken back, it gives back what it had: 100.00 and the days. */
	assert_int_equal(
	    take_back(&pair->home, appeal_at(&pair->home, HOUSE_D, number, 0).review, 0),
	    ERROR_NOT_FOUND);
}

/* The first has died on 20 June, which is known later: approved too high, so nothing comes on top, and `claim reverse` is for the rest. */
static void what_was_approved_too_high_is_not_edited(void **state)
{
	struct pair *pair = *state;
	uint64_t persons[2], number = one_cut_to_half(pair, persons);
	appealed(pair, number);
	raise_cap(pair);
	const struct person_facts facts = {.code = persons[1],
	    .birth_day = day(1940, 1, 1),
	    .death_day = day(2026, 6, 20),
	    .income_class = INCOME_OTHER};
	town_facts(&pair->home, &facts);
	reviewed(pair, number);
	expect_both(pair, number, APPEAL_UPHELD);
	expect_reason(second_verdict(&pair->home, HOUSE_D, number, 0), REASON_after_death);
	expect_owed(pair, 1, 20000);
	struct txn *txn = desk_read(&pair->home);
	struct sheet_row row;
	assert_int_equal(sheet_row_get(txn, HOUSE_D, number, &row), ERROR_NONE);
	txn_abort(txn);
	assert_int_equal(take_back(&pair->home, row.sequence, 0), ERROR_NONE);
	carry(pair);
	expect_owed(pair, 1, 10000);
	expect_paid(judge(pair, CHENGDU, persons[1], "care_subsidy", 1, 15), 15000);
}

/* --- taken back --------------------------------------------------------------------------------------------------- */

static uint64_t sheet_entry(struct town *town, const char *uscc, uint64_t number)
{
	struct txn *txn = desk_read(town);
	struct sheet_row row;
	assert_int_equal(sheet_row_get(txn, uscc, number, &row), ERROR_NONE);
	txn_abort(txn);
	return row.sequence;
}

static void what_a_second_look_has_given_is_taken_back_whole_and_frees_its_days(void **state)
{
	struct pair *pair = *state;
	uint64_t person = guest(pair);
	pair_at(pair, day(2026, 7, 2));
	uint64_t number = claimed(pair, person, 1, 30);
	appealed(pair, number);
	town_assess(&pair->home, person, 2, day(2026, 6, 1), day(2027, 5, 31));
	reviewed(pair, number);
	expect_owed(pair, 1, 30000);
	/* The line itself was never approved. */
	assert_int_equal(
	    take_back(&pair->home, sheet_entry(&pair->home, HOUSE_D, number), 0), ERROR_NOT_FOUND);
	uint64_t review = appeal_at(&pair->home, HOUSE_D, number, 0).review;
	assert_int_equal(take_back(&pair->home, review, 0), ERROR_NONE);
	carry(pair);
	expect_owed(pair, 1, 0);
	assert_int_equal(town_remote(&pair->host, HOUSE_D), 0);
	assert_int_equal(take_back(&pair->home, review, 0), ERROR_EXISTS);
	assert_int_equal(take_back(&pair->home, review, 1), ERROR_NOT_FOUND);
	/* Second looks are final; the days may be claimed anew. */
	assert_int_equal(appeal_for(&pair->host, HOUSE_D, number, 0, "other"), ERROR_EXISTS);
	expect_paid(judge(pair, CHENGDU, person, "care_subsidy", 1, 30), 30000);
}

static void what_came_on_top_is_taken_back_before_the_line(void **state)
{
	struct pair *pair = *state;
	uint64_t persons[2], number = one_cut_to_half(pair, persons);
	uint64_t entry = sheet_entry(&pair->home, HOUSE_D, number);
	appealed(pair, number);
	raise_cap(pair);
	/* Not while somebody is about to look at it. */
	assert_int_equal(take_back(&pair->home, entry, 0), ERROR_STATE);
	reviewed(pair, number);
	expect_owed(pair, 1, 25000);
	assert_int_equal(take_back(&pair->home, entry, 0), ERROR_STATE);
	uint64_t review = appeal_at(&pair->home, HOUSE_D, number, 0).review;
	assert_int_equal(take_back(&pair->home, review, 0), ERROR_NONE);
	carry(pair);
	expect_owed(pair, 1, 20000);
	/* 50.00 of the cap are free again, and no day. */
	expect_refused(judge(pair, CHENGDU, persons[1], "care_subsidy", 9, 9), REASON_duplicate,
	    day(2026, 6, 9));
	uint64_t third = guest(pair);
	expect_reduced(judge(pair, CHENGDU, third, "care_subsidy", 1, 6), REASON_programme_cap,
	    6000, 5000, 25000, 20000);
	assert_int_equal(take_back(&pair->home, entry, 0), ERROR_NONE);
	carry(pair);
	expect_owed(pair, 1, 15000);
	assert_int_equal(town_remote(&pair->host, HOUSE_D), 15000);
	expect_paid(judge(pair, CHENGDU, persons[1], "care_subsidy", 9, 9), 1000);
	const int64_t fund = town_fund_left(&pair->home, "fiscal");
	assert_int_equal(fund, 100000000 - 16000);
}

/* --- what is no appeal ------------------------------------------------------------------------------------------ */

static void only_verdicts_that_gave_less_are_appealed_once_and_in_time(void **state)
{
	struct pair *pair = *state;
	struct town *host = &pair->host;
	uint64_t person = guest(pair), fine = guest(pair);
	town_assess(&pair->home, fine, 2, day(2026, 6, 1), day(2027, 5, 31));
	pair_at(pair, day(2026, 7, 2));
	/* Not answered yet. */
	uint64_t number = claim(pair, CHENGDU, person, "care_subsidy", 1, 30);
	assert_int_equal(appeal_for(host, HOUSE_D, number, 0, "assessment"), ERROR_STATE);
	carry(pair);
	uint64_t paid = claimed(pair, fine, 1, 30);
	assert_int_equal(appeal_for(host, HOUSE_D, paid, 0, "assessment"), ERROR_STATE);
	assert_int_equal(appeal_for(host, HOUSE_D, 4711, 0, "assessment"), ERROR_NOT_FOUND);
	assert_int_equal(appeal_for(host, HOUSE_A, number, 0, "assessment"), ERROR_NOT_FOUND);
	assert_int_equal(appeal_for(host, HOUSE_D, number, 1, "assessment"), ERROR_RANGE);
	/* The payer decides about it, but it is the host that appeals. */
	assert_int_equal(appeal_for(&pair->home, HOUSE_D, number, 0, "assessment"), ERROR_MISMATCH);
	assert_int_equal(review_for(&pair->home, HOUSE_D, number, 0, NULL), ERROR_NOT_FOUND);
	pair_at(pair, day(2026, 9, 1));
	assert_int_equal(appeal_for(host, HOUSE_D, number, 0, "assessment"), ERROR_REFUSED);
	pair_at(pair, day(2026, 9, 2));
	uint64_t second = claimed(pair, person, 1, 30);
	appealed(pair, second);
	assert_int_equal(appeal_for(host, HOUSE_D, second, 0, "assessment"), ERROR_EXISTS);
	/* And the payer that reviews it. */
	assert_int_equal(review_for(host, HOUSE_D, second, 0, NULL), ERROR_MISMATCH);
	reviewed(pair, second);
	assert_int_equal(review_for(&pair->home, HOUSE_D, second, 0, NULL), ERROR_STATE);
	assert_int_equal(appeal_for(host, HOUSE_D, second, 0, "other"), ERROR_EXISTS);
	/* What was taken back is not appealed: it is claimed anew. */
	assert_int_equal(town_owes(&pair->home, GUANGYUAN, 1), 30000);
}

static void a_line_that_was_taken_back_is_not_appealed(void **state)
{
	struct pair *pair = *state;
	uint64_t persons[2], number = one_cut_to_half(pair, persons);
	assert_int_equal(
	    take_back(&pair->home, sheet_entry(&pair->home, HOUSE_D, number), 0), ERROR_NONE);
	carry(pair);
	assert_int_equal(appeal_for(&pair->host, HOUSE_D, number, 0, "funds"), ERROR_STATE);
}

/* Chengdu takes it back, Guangyuan appeals it, and the letters pass each other. */
static void an_appeal_of_what_was_taken_back_meanwhile_is_refused_by_the_payer(void **state)
{
	struct pair *pair = *state;
	uint64_t persons[2], number = one_cut_to_half(pair, persons);
	assert_int_equal(
	    take_back(&pair->home, sheet_entry(&pair->home, HOUSE_D, number), 0), ERROR_NONE);
	assert_int_equal(appeal_for(&pair->host, HOUSE_D, number, 0, "funds"), ERROR_NONE);
	assert_int_equal(pair->post.count, 2);
	const struct town_letter *letter = &pair->post.letters[1];
	assert_string_equal(letter->name, "appeal");
	assert_int_equal(
	    town_submit(&pair->home, buffer_span(&letter->document), (struct span){NULL, 0}),
	    ERROR_STATE);
}

static void a_second_look_is_an_officers(void **state)
{
	struct pair *pair = *state;
	uint64_t person = guest(pair);
	pair_at(pair, day(2026, 7, 2));
	uint64_t number = claimed(pair, person, 1, 30);
	appealed(pair, number);
	assert_int_equal(review_by(&pair->home, &pair->home.document_key, HOUSE_D, number, 0, NULL),
	    ERROR_REFUSED);
	const struct secret_key stranger = town_key(CHENGDU, 77);
	assert_int_equal(
	    review_by(&pair->home, &stranger, HOUSE_D, number, 0, NULL), ERROR_UNKNOWN_KEY);
	expect_both(pair, number, APPEAL_OPEN);
}

/* --- within one city ------------------------------------------------------------------------------------------------ */

/* Chengdu pays in its own house: 300.00 for 30 nights, and the fund holds 120.00. Then 500.00 come in. */
static void an_empty_fund_is_filled_and_the_rest_is_paid(void **state)
{
	static const struct programme_text care = {.code = "care_subsidy"};
	static struct catalogue_text text;
	struct town_post post = {.count = 0};
	struct town town;
	(void)state;
	catalogue_of(&text, CHENGDU, 1, &care, 1);
	town_open(&town, CHENGDU, catalogue_span(&text), &post);
	town_officer(&town);
	town_house(&town, HOUSE_A, CHENGDU, 100);
	town_fund(&town, "fiscal", 12000);
	uint64_t person = town_person(&town, 1, day(1940, 1, 1), INCOME_OTHER, 0);
	town_stay(&town, HOUSE_A, person, day(2026, 6, 1), DAY_NEVER);
	town_at(&town, day(2026, 7, 2));
	const struct claim_line line = {
	    .person = person, .programme = "care_subsidy", .first = 1, .last = 30};
	uint64_t number = desk_claim(&town, HOUSE_A, CHENGDU, JUNE, &line, 1);
	expect_reduced(
	    desk_verdict(&town, HOUSE_A, number, 0), REASON_fund_exhausted, 30000, 12000, 12000, 0);
	assert_int_equal(appeal_for(&town, HOUSE_A, number, 0, "funds"), ERROR_NONE);
	assert_int_equal(post.count, 0);
	expect_appeal(&town, HOUSE_A, number, 0, APPEAL_OPEN);
	town_fund(&town, "fiscal", 50000);
	desk_restart(&town);
	assert_int_equal(review_for(&town, HOUSE_A, number, 0, NULL), ERROR_NONE);
	assert_int_equal(post.count, 0);
	expect_appeal(&town, HOUSE_A, number, 0, APPEAL_CHANGED);
	const struct verdict verdict = second_verdict(&town, HOUSE_A, number, 0);
	assert_int_equal(verdict.amount_fen, 18000);
	assert_int_equal(verdict.reduction_count, 1);
	expect_reduced(verdict, REASON_approved_before, 30000, 18000, 30000, 12000);
	assert_int_equal(town_local(&town, HOUSE_A), 30000);
	assert_int_equal(town_fund_left(&town, "fiscal"), 32000);
	/* Both are taken back, the second first. */
	uint64_t first = sheet_entry(&town, HOUSE_A, number);
	assert_int_equal(take_back(&town, first, 0), ERROR_STATE);
	assert_int_equal(
	    take_back(&town, appeal_at(&town, HOUSE_A, number, 0).review, 0), ERROR_NONE);
	assert_int_equal(town_local(&town, HOUSE_A), 12000);
	assert_int_equal(take_back(&town, first, 0), ERROR_NONE);
	assert_int_equal(town_local(&town, HOUSE_A), 0);
	assert_int_equal(town_fund_left(&town, "fiscal"), 62000);
	town_close(&town);
}

/* Beds are paid by the host for everybody: nothing is owed between cities, and the appeal stays in the host's log. */
static void a_host_that_pays_for_a_guest_reviews_it_itself(void **state)
{
	static const struct programme_text beds = {
	    .code = "bed_subsidy", .need = "bed", .unit = "bed_month", .payer = "host"};
	static struct pair pair;
	(void)state;
	pair_open(&pair, &beds, 1, &beds, 1);
	town_officer(&pair.host);
	uint64_t person = traveller(&pair, day(2026, 6, 5), DAY_NEVER, day(2026, 6, 5), DAY_NEVER);
	pair_at(&pair, day(2026, 7, 2));
	/* Filed from 5 June: the 4th is refused; then the filing and the stay are corrected by a second stay. */
	const struct claim_line line = {
	    .person = person, .programme = "bed_subsidy", .first = 4, .last = 30};
	uint64_t number = desk_claim(&pair.host, HOUSE_D, GUANGYUAN, JUNE, &line, 1);
	carry(&pair);
	expect_refused(
	    desk_verdict(&pair.host, HOUSE_D, number, 0), REASON_not_filed, day(2026, 6, 4));
	assert_int_equal(appeal_for(&pair.host, HOUSE_D, number, 0, "filing"), ERROR_NONE);
	town_file(&pair.home, person, GUANGYUAN, day(2026, 6, 1), day(2026, 6, 4));
	carry(&pair);
	desk_stay_line(&pair.host, STAY_OPEN, HOUSE_D, person, day(2026, 6, 4), day(2026, 6, 4),
	    REASON_pending_home);
	carry(&pair);
	assert_int_equal(review_for(&pair.host, HOUSE_D, number, 0, NULL), ERROR_NONE);
	carry(&pair);
	/* 27 nights of 10.00. */
	expect_paid(second_verdict(&pair.host, HOUSE_D, number, 0), 27000);
	assert_int_equal(town_local(&pair.host, HOUSE_D), 27000);
	assert_int_equal(town_owes(&pair.home, GUANGYUAN, 1), 0);
	pair_close(&pair);
}

/* --- beds ------------------------------------------------------------------------------------------------------------- */

static const struct programme_text bed = {
    .code = "care_subsidy", .need = "bed", .more = "    takes_capacity: true\n"};

static int set_up_beds(void **state)
{
	return set_up_pair(state, &bed);
}

static void beds_of(struct town *host, uint32_t beds)
{
	struct institution_line institution = {.operation = INSTITUTION_UPDATE,
	    .name = span_text("安康养老院"),
	    .account = span_text("51050140866300000042"),
	    .bank = span_text("105651000013"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = GUANGYUAN,
	    .beds = beds,
	    .star = 3};
	struct buffer line = {0};
	memcpy(institution.uscc, HOUSE_D, USCC_SIZE);
	institution_line_write(&line, &institution);
	town_register(host, KIND_institution, &line, REASON_registered);
}

static uint32_t nights_of(struct pair *pair, uint64_t number)
{
	struct txn *txn = desk_read(&pair->host);
	struct sheet_row row;
	assert_int_equal(sheet_row_get(txn, HOUSE_D, number, &row), ERROR_NONE);
	txn_abort(txn);
	return row.nights;
}

/* One bed, 30 nights in June: the first has 20, the second asks for 30 and gets 10 (100.00). With two beds there are 40 for it: all 30. */
static void the_host_keeps_the_nights_that_an_appeal_may_get(void **state)
{
	struct pair *pair = *state;
	beds_of(&pair->host, 1);
	carry(pair);
	uint64_t a = guest(pair), b = guest(pair), c = guest(pair), d = guest(pair);
	pair_at(pair, day(2026, 7, 2));
	claimed(pair, a, 1, 20);
	uint64_t number = claimed(pair, b, 1, 30);
	expect_reduced(
	    desk_verdict(&pair->host, HOUSE_D, number, 0), REASON_capacity, 30000, 10000, 30, 20);
	assert_int_equal(nights_of(pair, number), 10);
	beds_of(&pair->host, 2);
	carry(pair);
	appealed(pair, number);
	assert_int_equal(nights_of(pair, number), 30);
	/* 60 - 20 - 30 = 10 are left for others. */
	const struct verdict other = desk_verdict(&pair->host, HOUSE_D, claimed(pair, c, 1, 30), 0);
	expect_reduced(other, REASON_capacity, 30000, 10000, 60, 50);
	reviewed(pair, number);
	assert_int_equal(nights_of(pair, number), 30);
	const struct verdict verdict = second_verdict(&pair->host, HOUSE_D, number, 0);
	assert_int_equal(verdict.amount_fen, 20000);
	expect_reduced(verdict, REASON_approved_before, 30000, 20000, 30000, 10000);
	expect_owed(pair, 1, 20000 + 10000 + 20000 + 10000);
	/* Taken back: 20 nights are free again. */
	assert_int_equal(
	    take_back(&pair->home, appeal_at(&pair->home, HOUSE_D, number, 0).review, 0),
	    ERROR_NONE);
	carry(pair);
	assert_int_equal(nights_of(pair, number), 10);
	expect_reduced(desk_verdict(&pair->host, HOUSE_D, claimed(pair, d, 1, 30), 0),
	    REASON_capacity, 30000, 20000, 60, 40);
}

static void an_appeal_that_is_upheld_gives_its_nights_back(void **state)
{
	struct pair *pair = *state;
	beds_of(&pair->host, 1);
	carry(pair);
	uint64_t a = guest(pair), b = guest(pair);
	pair_at(pair, day(2026, 7, 2));
	claimed(pair, a, 1, 20);
	uint64_t number = claimed(pair, b, 1, 30);
	beds_of(&pair->host, 2);
	carry(pair);
	appealed(pair, number);
	assert_int_equal(nights_of(pair, number), 30);
	assert_int_equal(review_for(&pair->home, HOUSE_D, number, 0, "no_evidence"), ERROR_NONE);
	carry(pair);
	assert_int_equal(nights_of(pair, number), 10);
	uint64_t c = guest(pair);
	expect_paid(desk_verdict(&pair->host, HOUSE_D, claimed(pair, c, 1, 30), 0), 30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_line_refused_for_want_of_an_assessment_is_paid_once_it_is_there, set_up,
		tear_down),
	    cmocka_unit_test_setup_teardown(
		what_it_comes_to_lies_in_the_window_that_is_open_then, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_day_of_the_claim_is_kept, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_line_that_is_refused_again_stays_refused_and_takes_no_day, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		an_officer_may_let_it_stand_and_says_why_with_a_code, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		days_that_were_claimed_by_another_sheet_meanwhile_are_not_paid_twice, set_up,
		tear_down),
	    cmocka_unit_test_setup_teardown(
		a_reduced_line_gets_what_comes_on_top_and_no_more, set_up_capped, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_reduced_line_for_which_there_is_no_more_keeps_what_it_has, set_up_capped,
		tear_down),
	    cmocka_unit_test_setup_teardown(
		what_was_approved_too_high_is_not_edited, set_up_capped, tear_down),
	    cmocka_unit_test_setup_teardown(
		what_a_second_look_has_given_is_taken_back_whole_and_frees_its_days, set_up,
		tear_down),
	    cmocka_unit_test_setup_teardown(
		what_came_on_top_is_taken_back_before_the_line, set_up_capped, tear_down),
	    cmocka_unit_test_setup_teardown(
		only_verdicts_that_gave_less_are_appealed_once_and_in_time, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_line_that_was_taken_back_is_not_appealed, set_up_capped, tear_down),
	    cmocka_unit_test_setup_teardown(
		an_appeal_of_what_was_taken_back_meanwhile_is_refused_by_the_payer, set_up_capped,
		tear_down),
	    cmocka_unit_test_setup_teardown(a_second_look_is_an_officers, set_up, tear_down),
	    cmocka_unit_test(an_empty_fund_is_filled_and_the_rest_is_paid),
	    cmocka_unit_test(a_host_that_pays_for_a_guest_reviews_it_itself),
	    cmocka_unit_test_setup_teardown(
		the_host_keeps_the_nights_that_an_appeal_may_get, set_up_beds, tear_down),
	    cmocka_unit_test_setup_teardown(
		an_appeal_that_is_upheld_gives_its_nights_back, set_up_beds, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
