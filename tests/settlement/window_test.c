#include "pair.h"

/* Two cities that owe each other, on 2026-10-15. */
struct fixture {
	struct city chengdu, chongqing;
	struct city *cities[2];
	struct post post;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	city_open(&fixture->chengdu, CHENGDU);
	city_open(&fixture->chongqing, CHONGQING);
	fixture->cities[0] = &fixture->chengdu;
	fixture->cities[1] = &fixture->chongqing;
	pair_at(fixture->cities, 2, day(2026, 10, 15));
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	post_free(&fixture->post);
	city_close(&fixture->chengdu);
	city_close(&fixture->chongqing);
	free(fixture);
	return 0;
}

/* --- cut ---------------------------------------------------------------------------------------------------- */

/* 250.00 + 100.00 - 30.00 in one window: 3 lines, 350.00 and -30.00. */
static void a_cut_states_count_sums_and_digest_and_both_sides_agree(void **state)
{
	struct fixture *fixture = *state;
	char label[WINDOW_LABEL_SIZE];
	pair_approve(&fixture->chengdu, &fixture->chongqing, 25000);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 10000);
	pair_approve(&fixture->chengdu, &fixture->chongqing, -3000);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	assert_int_equal(fixture->post.count, 1);
	assert_string_equal(fixture->post.letters[0].name, "window_statement");
	struct window_row window = pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1);
	assert_int_equal(window.state, WINDOW_CUT);
	assert_int_equal(window_day(&window), day(2026, 10, 14));
	assert_string_equal(window_label(&window, label), "2026-10-15");
	pair_deliver(fixture->cities, 2, &fixture->post);
	window = pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1);
	struct window_row mirror = pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 1);
	assert_int_equal(window.state, WINDOW_AGREED);
	assert_int_equal(mirror.state, WINDOW_AGREED);
	assert_int_equal(window.stated.count, 3);
	assert_int_equal(window.stated.positive_fen, 35000);
	assert_int_equal(window.stated.negative_fen, -3000);
	assert_true(window_totals_equal(&window.stated, &mirror.stated));
	assert_true(hash_equal(&window.statement, &mirror.statement));
	assert_true(hash_equal(&window.agreement, &mirror.agreement));
	assert_string_equal(window_label(&mirror, label), "2026-10-15");
}

static void an_empty_window_is_neither_stated_nor_advanced(void **state)
{
	struct fixture *fixture = *state;
	uint32_t number = 0;
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_STATE);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_STATE);
	assert_int_equal(fixture->post.count, 1);
	assert_int_equal(
	    window_open_number(fixture->chengdu.txn, CHENGDU, CHONGQING, &number), ERROR_NONE);
	assert_int_equal(number, 2);
}

static void a_second_cut_of_a_day_is_labelled_so(void **state)
{
	struct fixture *fixture = *state;
	static const char *const labels[] = {"2026-10-15", "2026-10-15-2", "2026-10-15-3"};
	char label[WINDOW_LABEL_SIZE];
	for (uint32_t i = 0; i < 3; i++) {
		pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
		assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
		pair_deliver(fixture->cities, 2, &fixture->post);
	}
	pair_at(fixture->cities, 2, day(2026, 10, 16));
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	for (size_t side = 0; side < 2; side++) {
		for (uint32_t i = 0; i < 4; i++) {
			struct window_row window =
			    pair_window(fixture->cities[side], CHENGDU, CHONGQING, i + 1);
			assert_int_equal(window.state, WINDOW_AGREED);
			assert_string_equal(
			    window_label(&window, label), i < 3 ? labels[i] : "2026-10-16");
		}
	}
}

/* Cut at midnight in Beijing (16:00 UTC): the day before is over, the day of the cut has begun. */
static void the_day_of_a_window_is_the_last_whole_one_in_beijing(void **state)
{
	struct fixture *fixture = *state;
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	fixture->chengdu.now_ms = day_start_ms(day(2026, 11, 1)) - 1;
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_owe(&fixture->chengdu, &fixture->chongqing, 100);
	fixture->chengdu.now_ms += 1;
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	struct window_row first = pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1);
	struct window_row second = pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 2);
	assert_int_equal(window_day(&first), day(2026, 10, 30));
	assert_int_equal(window_day(&second), day(2026, 10, 31));
}

static void a_label_never_goes_back_though_the_clock_does(void **state)
{
	struct fixture *fixture = *state;
	char label[WINDOW_LABEL_SIZE];
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	pair_at(fixture->cities, 2, day(2026, 10, 12));
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	struct window_row window = pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 2);
	assert_string_equal(window_label(&window, label), "2026-10-15-2");
}

static void a_cut_ordered_for_another_day_is_refused(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		int day_of_month;
		enum error error;
	} cases[] = {{14, ERROR_STATE}, {16, ERROR_STATE}, {15, ERROR_NONE}};
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	for (size_t i = 0; i < 3; i++) {
		struct buffer parameters = {0};
		codec_put_int(&parameters, day(2026, 10, cases[i].day_of_month));
		assert_int_equal(
		    pair_order(&fixture->chengdu, KIND_cut, &parameters, 1, &fixture->post),
		    cases[i].error);
		buffer_free(&parameters);
	}
}

/* W1: what comes after the cut is in the next window. */
static void a_cut_window_never_grows(void **state)
{
	struct fixture *fixture = *state;
	struct obligation late;
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	late = pair_obligation(&fixture->chengdu, &fixture->chongqing, 200);
	assert_int_equal(late.window, 1);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	late.sequence = fixture->chengdu.sequence;
	assert_int_equal(obligation_add(fixture->chengdu.txn, &late), ERROR_MISMATCH);
	pair_owe(&fixture->chengdu, &fixture->chongqing, 200);
	assert_int_equal(pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1).own.count, 1);
	assert_int_equal(pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 2).own.count, 1);
}

static void one_cut_states_a_window_to_each_creditor(void **state)
{
	struct fixture *fixture = *state;
	struct city guangyuan;
	struct city *cities[3] = {&fixture->chengdu, &fixture->chongqing, &guangyuan};
	city_open(&guangyuan, GUANGYUAN);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	pair_approve(&fixture->chengdu, &guangyuan, 700);
	pair_approve(&fixture->chongqing, &fixture->chengdu, 50);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	assert_int_equal(fixture->chengdu.decision.count, 2);
	assert_int_equal(fixture->post.count, 2);
	assert_int_equal(fixture->post.letters[0].to, CHONGQING);
	assert_int_equal(fixture->post.letters[1].to, GUANGYUAN);
	pair_deliver(cities, 3, &fixture->post);
	assert_int_equal(
	    pair_window(&fixture->chengdu, CHENGDU, GUANGYUAN, 1).state, WINDOW_AGREED);
	assert_int_equal(pair_window(&fixture->chengdu, CHONGQING, CHENGDU, 1).state, WINDOW_OPEN);
	city_close(&guangyuan);
}

/* --- statement ---------------------------------------------------------------------------------------------- */

/* A mirror that lacks an obligation, has another amount, or another line behind the same amount: recorded, and nothing sent. */
static void a_statement_that_differs_from_the_mirror_is_recorded_and_not_agreed(void **state)
{
	for (int fault = 0; fault < 4; fault++) {
		struct fixture *fixture = *state;
		struct obligation obligation =
		    pair_owe(&fixture->chengdu, &fixture->chongqing, 25000);
		if (fault == 1)
			obligation.amount_fen = 24999;
		else if (fault == 2)
			obligation.line_hash.bytes[0] ^= 1;
		else if (fault == 3)
			obligation.line++;
		if (fault > 0)
			pair_mirror(&fixture->chongqing, &obligation);
		assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
		pair_deliver(fixture->cities, 2, &fixture->post);
		uint32_t number = (uint32_t)fault + 1;
		assert_int_equal(city_reason(&fixture->chongqing, 0), REASON_differs);
		struct window_row mirror =
		    pair_window(&fixture->chongqing, CHENGDU, CHONGQING, number);
		assert_int_equal(mirror.state, WINDOW_DIFFERS);
		assert_int_equal(mirror.stated.positive_fen, 25000);
		assert_int_equal(mirror.own.positive_fen, fault == 0   ? 0
							  : fault == 1 ? 24999
								       : 25000);
		assert_int_equal(
		    pair_window(&fixture->chengdu, CHENGDU, CHONGQING, number).state, WINDOW_CUT);
	}
}

/* The window after one that differs is a window like any other. */
static void a_difference_does_not_stop_the_next_window(void **state)
{
	struct fixture *fixture = *state;
	pair_owe(&fixture->chengdu, &fixture->chongqing, 25000);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_int_equal(
	    pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 2).state, WINDOW_AGREED);
}

struct forged {
	uint32_t window;
	int32_t cut_day;
	uint32_t ordinal, count;
	int64_t positive, negative;
	enum error error;
};

static enum error send_forged(struct fixture *fixture, const char *name,
    const struct forged *forged, const struct hash *digest, const struct hash *statement,
    uint64_t number)
{
	struct buffer payload = {0}, document = {0};
	bool agreement = statement != NULL;
	struct city *from = agreement ? &fixture->chongqing : &fixture->chengdu;
	struct city *to = agreement ? &fixture->chengdu : &fixture->chongqing;
	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, from->settlement.options.region);
	codec_put_uint(&payload, to->settlement.options.region);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, number);
	codec_put_array(&payload, 1);
	codec_put_array(&payload, agreement ? 8 : 7);
	codec_put_uint(&payload, forged->window);
	codec_put_int(&payload, forged->cut_day);
	codec_put_uint(&payload, forged->ordinal);
	codec_put_uint(&payload, forged->count);
	codec_put_int(&payload, forged->positive);
	codec_put_int(&payload, forged->negative);
	codec_put_bytes(&payload, hash_span(digest));
	if (agreement)
		codec_put_bytes(&payload, hash_span(statement));
	document_sign(&document, name, &from->key, buffer_span(&payload));
	enum error error = pair_receive(to, name, buffer_span(&document), &fixture->post);
	buffer_free(&payload);
	buffer_free(&document);
	return error;
}

/* After window 1, labelled 2026-10-15: only window 2 with a later label. */
static void a_statement_out_of_turn_or_out_of_bounds_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct hash digest = {{1}};
	const int32_t label = day(2026, 10, 15);
	const struct forged cases[] = {
	    {1, label + 1, 1, 1, 1, 0, ERROR_MISMATCH},
	    {3, label + 1, 1, 1, 1, 0, ERROR_MISMATCH},
	    {0, label + 1, 1, 1, 1, 0, ERROR_MALFORMED},
	    {2, label - 1, 1, 1, 1, 0, ERROR_MISMATCH},
	    {2, label, 1, 1, 1, 0, ERROR_MISMATCH},
	    {2, label, 3, 1, 1, 0, ERROR_MISMATCH},
	    {2, label + 1, 2, 1, 1, 0, ERROR_MISMATCH},
	    {2, label + 1, 0, 1, 1, 0, ERROR_MALFORMED},
	    {2, label + 1, 1, 0, 1, 0, ERROR_MALFORMED},
	    {2, label + 1, 1, 1, -1, 0, ERROR_MALFORMED},
	    {2, label + 1, 1, 1, 1, 1, ERROR_MALFORMED},
	    {2, label + 1, 1, 1, AMOUNT_MAX + 1, 0, ERROR_MALFORMED},
	    {2, 1 << 30, 1, 1, 1, 0, ERROR_MALFORMED},
	    {2, label, 2, 1, 1, 0, ERROR_NONE},
	};
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(
		    send_forged(fixture, "window_statement", &cases[i], &digest, NULL, 2),
		    cases[i].error);
	assert_int_equal(
	    pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 2).state, WINDOW_DIFFERS);
}

/* --- agreement ---------------------------------------------------------------------------------------------- */

static void an_agreement_to_anything_else_than_the_statement_is_refused(void **state)
{
	struct fixture *fixture = *state;
	const int32_t label = day(2026, 10, 15);
	const struct forged cases[] = {
	    {1, label, 1, 1, 101, 0, ERROR_MISMATCH},
	    {1, label, 1, 2, 100, 0, ERROR_MISMATCH},
	    {1, label, 1, 1, 100, -1, ERROR_MISMATCH},
	    {1, label + 1, 1, 1, 100, 0, ERROR_MISMATCH},
	    {1, label, 2, 1, 100, 0, ERROR_MISMATCH},
	    {2, label, 1, 1, 100, 0, ERROR_MISMATCH},
	    {3, label, 1, 1, 100, 0, ERROR_MISMATCH},
	};
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_owe(&fixture->chengdu, &fixture->chongqing, 100);
	struct window_row window = pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1);
	struct hash other = window.statement;
	other.bytes[31] ^= 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(send_forged(fixture, "agreement", &cases[i], &window.own.digest,
				     &window.statement, 1),
		    cases[i].error);
	const struct forged right = {1, label, 1, 1, 100, 0, ERROR_NONE};
	assert_int_equal(send_forged(fixture, "agreement", &right, &window.own.digest, &other, 1),
	    ERROR_MISMATCH);
	assert_int_equal(
	    send_forged(fixture, "agreement", &right, &window.own.digest, &window.statement, 1),
	    ERROR_NONE);
	assert_int_equal(
	    send_forged(fixture, "agreement", &right, &window.own.digest, &window.statement, 2),
	    ERROR_STATE);
}

/* --- S3 ----------------------------------------------------------------------------------------------------- */

/* A naive model of the windows of two directions: sums kept by hand. */
struct oracle {
	int64_t amounts[2][64];
	uint32_t counts[2][64];
	uint32_t windows[2];
};

static void days_of_random_approvals_and_reversals_agree_with_equal_turnover(void **state)
{
	struct fixture *fixture = *state;
	struct oracle oracle = {.windows = {1, 1}};
	uint64_t seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) : 20261015;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int step = 0; step < 600; step++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		uint32_t draw = (uint32_t)(seed >> 33);
		unsigned side = draw & 1;
		struct city *payer = fixture->cities[side], *creditor = fixture->cities[!side];
		uint32_t *window = &oracle.windows[side];
		if (draw % 20 == 0) {
			bool empty = oracle.counts[side][*window] == 0;
			pair_at(fixture->cities, 2, day(2026, 10, 15) + step / 50);
			assert_int_equal(
			    pair_cut(payer, &fixture->post), empty ? ERROR_STATE : ERROR_NONE);
			*window += !empty;
			if (draw % 3)
				pair_deliver(fixture->cities, 2, &fixture->post);
		} else if (fixture->post.count == 0) {
			int64_t amount = (int64_t)(draw >> 8) % 100000 - 20000;
			if (amount == 0)
				continue;
			pair_approve(payer, creditor, amount);
			oracle.amounts[side][*window] += amount;
			oracle.counts[side][*window]++;
		} else {
			assert_int_equal(
			    pair_deliver_one(fixture->cities, 2, &fixture->post), ERROR_NONE);
		}
	}
	pair_deliver(fixture->cities, 2, &fixture->post);
	unsigned agreed = 0;
	for (unsigned side = 0; side < 2; side++) {
		struct city *payer = fixture->cities[side], *creditor = fixture->cities[!side];
		uint32_t from = payer->settlement.options.region;
		uint32_t to = creditor->settlement.options.region;
		for (uint32_t w = 1; w < oracle.windows[side]; w++, agreed++) {
			struct window_row window = pair_window(payer, from, to, w);
			struct window_row mirror = pair_window(creditor, from, to, w);
			struct window_totals again;
			assert_int_equal(window.state, WINDOW_AGREED);
			assert_int_equal(mirror.state, WINDOW_AGREED);
			assert_true(window_totals_equal(&window.own, &mirror.own));
			assert_int_equal(window.own.count, oracle.counts[side][w]);
			assert_true(window_net(&window.own) == oracle.amounts[side][w]);
			assert_true(pair_payable(payer, to, w) == oracle.amounts[side][w]);
			assert_true(pair_receivable(creditor, from, w) == oracle.amounts[side][w]);
			assert_int_equal(
			    window_recount(creditor->txn, from, to, w, &again), ERROR_NONE);
			assert_true(window_totals_equal(&mirror.own, &again));
		}
	}
	assert_true(agreed >= 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_cut_states_count_sums_and_digest_and_both_sides_agree),
	    TEST(an_empty_window_is_neither_stated_nor_advanced),
	    TEST(a_second_cut_of_a_day_is_labelled_so),
	    TEST(the_day_of_a_window_is_the_last_whole_one_in_beijing),
	    TEST(a_label_never_goes_back_though_the_clock_does),
	    TEST(a_cut_ordered_for_another_day_is_refused),
	    TEST(a_cut_window_never_grows),
	    TEST(one_cut_states_a_window_to_each_creditor),
	    TEST(a_statement_that_differs_from_the_mirror_is_recorded_and_not_agreed),
	    TEST(a_difference_does_not_stop_the_next_window),
	    TEST(a_statement_out_of_turn_or_out_of_bounds_is_refused),
	    TEST(an_agreement_to_anything_else_than_the_statement_is_refused),
	    TEST(days_of_random_approvals_and_reversals_agree_with_equal_turnover),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
