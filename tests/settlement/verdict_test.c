/* Verdicts on lines of money: bytes worked out by hand (by another CBOR encoder), round trips, and the forms that are refused.
 * docs/format.md, "Verdicts". */
#include "hexes.h"
#include "testing.h"
#include "verdict.h"

static struct verdict parsed(const char *text)
{
	struct buffer bytes = hexes(text);
	struct verdict verdict;
	assert_good(verdict_parse(buffer_span(&bytes), &verdict));
	buffer_free(&bytes);
	return verdict;
}

static void expect_written(const struct verdict *verdict, const char *text)
{
	struct buffer bytes = {0};
	verdict_write(&bytes, verdict);
	expect_hex(&bytes, text);
}

/* --- the bytes ------------------------------------------------------------------------------------------------ */

/* [9, 20605, 2, 3]: not filed on 2026-06-01, by row 3 of the catalogue of entry 2. */
static void a_refusal_has_its_figure_and_its_catalogue(void **state)
{
	struct verdict verdict = parsed("84 09 19507d 02 03");
	(void)state;
	assert_int_equal(verdict.reason, REASON_not_filed);
	assert_true(verdict.has_figure);
	assert_int_equal(verdict.figure, 20605);
	assert_int_equal(verdict.policy, 2);
	assert_true(verdict.has_row);
	assert_int_equal(verdict.row, 3);
	assert_int_equal(verdict.amount_fen, 0);
	expect_written(&verdict, "84 09 19507d 02 03");
	/* [1, null, 2, null]: nothing to tell, no such programme. */
	verdict = parsed("84 01 f6 02 f6");
	assert_false(verdict.has_figure);
	assert_false(verdict.has_row);
	expect_written(&verdict, "84 01 f6 02 f6");
	/* [7, -1, 2, 0]: 1969-12-31. */
	verdict = parsed("84 07 20 02 00");
	assert_int_equal(verdict.figure, -1);
	expect_written(&verdict, "84 07 20 02 00");
}

/* [65, null]: a host that does not pay has no rules for it. */
static void a_city_that_does_not_pay_names_no_catalogue(void **state)
{
	struct verdict verdict = parsed("82 1841 f6");
	(void)state;
	assert_int_equal(verdict.reason, REASON_registered);
	assert_int_equal(verdict.policy, 0);
	expect_written(&verdict, "82 1841 f6");
}

/* [0, 9667, 2, [1, 0, 29, 10000, 12], [1], [0, 0, 0]]: 29 of 30 days of 100.00, all from fund 1. */
static void an_approval_has_its_pieces_and_its_fund(void **state)
{
	static const char bytes[] = "86 00 1925c3 02 85 01 00 181d 192710 0c 81 01 83 00 00 00";
	struct verdict verdict = parsed(bytes);
	(void)state;
	assert_int_equal(verdict.reason, REASON_approved);
	assert_int_equal(verdict.amount_fen, 9667);
	assert_int_equal(verdict.policy, 2);
	assert_int_equal(verdict.piece_count, 1);
	assert_int_equal(verdict.pieces[0].row, 1);
	assert_int_equal(verdict.pieces[0].band, 0);
	assert_int_equal(verdict.pieces[0].last_day, 29);
	assert_int_equal(verdict.pieces[0].monthly_fen, 10000);
	assert_int_equal(verdict.pieces[0].level_sequence, 12);
	assert_int_equal(verdict.fund_count, 1);
	assert_int_equal(verdict.funds[0].fund, 1);
	assert_int_equal(verdict.funds[0].amount_fen, 9667);
	assert_int_equal(verdict.reduction_count, 0);
	expect_written(&verdict, bytes);
}

/* By hand: 50.00 = 12.00 central + 30.00 lottery + 8.00 city. [0, 5000, 17, [3, 1, 15, 5000, 0, 4, 2, 30, 6000, 301],
 * [0, 1200, 1, 3000, 2, 800], [5, 6, 7]] */
static void a_line_may_be_split_over_versions_and_funds(void **state)
{
	static const char bytes[] =
	    "86 00 191388 11 8a 03 01 0f 191388 00 04 02 181e 191770 19012d "
	    "86 00 1904b0 01 190bb8 02 190320 83 05 06 07";
	struct verdict verdict = parsed(bytes);
	(void)state;
	assert_int_equal(verdict.piece_count, 2);
	assert_int_equal(verdict.pieces[1].last_day, 30);
	assert_int_equal(verdict.pieces[1].level_sequence, 301);
	assert_int_equal(verdict.fund_count, 3);
	assert_int_equal(verdict.funds[0].amount_fen, 1200);
	assert_int_equal(verdict.funds[1].amount_fen, 3000);
	assert_int_equal(verdict.funds[2].amount_fen, 800);
	assert_int_equal(verdict.facts_sequence, 5);
	assert_int_equal(verdict.grant_sequence, 6);
	assert_int_equal(verdict.filing_sequence, 7);
	expect_written(&verdict, bytes);
}

/* 3,000.00 cut to 1,200.00 by the ceiling and to 800.00 by a cap; 100.00 cut to 80.00 since 24 of 30 nights are left of 900. */
static void reductions_stand_in_their_order_with_all_figures(void **state)
{
	static const char capped[] =
	    "87 00 1a00013880 02 85 01 00 181e 1a000493e0 0c 81 01 83 00 00 00 "
	    "8a 1820 1a000493e0 1a0001d4c0 1a0001d4c0 00 1823 1a0001d4c0 1a00013880 1a00013880 00";
	static const char nights[] = "87 00 191f40 02 85 01 00 181e 192710 0c 81 01 83 00 00 00 "
				     "85 1821 192710 191f40 190384 19036c";
	struct verdict verdict = parsed(capped);
	const struct verdict_reduction *reduction = verdict_reduced(&verdict, REASON_programme_cap);
	(void)state;
	assert_int_equal(verdict.reduction_count, 2);
	assert_int_equal(verdict.reductions[0].reason, REASON_price_ceiling);
	assert_int_equal(verdict.reductions[0].before_fen, 300000);
	assert_int_equal(verdict.reductions[0].after_fen, 120000);
	assert_non_null(reduction);
	assert_int_equal(reduction->after_fen, 80000);
	assert_null(verdict_reduced(&verdict, REASON_capacity));
	expect_written(&verdict, capped);
	verdict = parsed(nights);
	reduction = verdict_reduced(&verdict, REASON_capacity);
	assert_non_null(reduction);
	assert_int_equal(reduction->limit, 900);
	assert_int_equal(reduction->used, 876);
	expect_written(&verdict, nights);
}

/* Nothing left in any fund: approved at 0, from none. */
static void a_line_may_be_reduced_to_nothing(void **state)
{
	static const char bytes[] = "87 00 00 02 85 01 00 181e 191388 0c 80 83 00 00 00 "
				    "85 1825 191388 00 00 00";
	struct verdict verdict = parsed(bytes);
	(void)state;
	assert_int_equal(verdict.amount_fen, 0);
	assert_int_equal(verdict.fund_count, 0);
	expect_written(&verdict, bytes);
}

/* --- what is refused ------------------------------------------------------------------------------------------ */

#define APPROVED "00 1925c3 02 "
#define PIECE "85 01 00 181d 192710 0c "
#define FUND "81 01 "
#define FACTS "83 00 00 00 "
#define REDUCTION "1821 192710 1925c3 190384 19036c "

static void another_form_is_refused(void **state)
{
	static const char *const refused[] = {
	    "", "80", "81 09", "83 09 f6 02", "85 09 f6 02 03 00",
	    "84 09 f6 00 03",    /* no catalogue has entry 0 */
	    "84 09 f6 02 1880",  /* row 128 */
	    "84 09 f6 02 20",    /* row -1 */
	    "84 09 60 02 03",    /* a text for a figure */
	    "84 09 f6 02 03 00", /* something after it */
	    "84 18c8 f6 02 03",  /* no such reason: 200 */
	    "84 15 f6 02 03",    /* nor 21 */
	    "84 1809 f6 02 03",  /* not the shortest */
	    "85 " APPROVED PIECE FUND, "88 " APPROVED PIECE FUND FACTS "85" REDUCTION "00",
	    "86 00 20 02 " PIECE FUND FACTS,                        /* -1 fen */
	    "86 00 1b1000000000000001 02 " PIECE FUND FACTS,        /* 2^60 + 1 fen */
	    "86 " APPROVED "84 01 00 181d 192710 " FUND FACTS,      /* four fifths of a piece */
	    "86 " APPROVED "85 1880 00 181d 192710 0c " FUND FACTS, /* row 128 */
	    "86 " APPROVED "85 01 1820 181d 192710 0c " FUND FACTS, /* band 32 */
	    "86 " APPROVED "85 01 00 1820 192710 0c " FUND FACTS,   /* day 32 */
	    "86 " APPROVED "85 01 00 00 192710 0c " FUND FACTS,     /* day 0 */
	    "86 " APPROVED "8a 01 00 0f 192710 0c 01 00 0f 192710 0c " FUND FACTS, /* 15, 15 */
	    "86 " APPROVED "8a 01 00 10 192710 0c 01 00 0f 192710 0c " FUND FACTS, /* 16, 15 */
	    "86 " APPROVED PIECE "80 " FACTS,                 /* nobody pays it */
	    "86 " APPROVED PIECE "81 1840 " FACTS,            /* fund 64 */
	    "86 " APPROVED PIECE "82 01 1925c3 " FACTS,       /* one fund, with its amount */
	    "86 " APPROVED PIECE "83 01 1925c2 02 " FACTS,    /* half a fund */
	    "86 " APPROVED PIECE "84 01 1925c2 02 02 " FACTS, /* 9666 + 2 */
	    "86 " APPROVED PIECE "8a 01 00 02 00 03 00 04 00 05 1925c3 " FACTS, /* five funds */
	    "86 " APPROVED PIECE FUND "82 00 00 ", "86 " APPROVED PIECE FUND "84 00 00 00 00 ",
	    "87 " APPROVED PIECE FUND FACTS "80",                           /* reduced by nothing */
	    "87 " APPROVED PIECE FUND FACTS "84 1821 192710 1925c3 190384", /* four fifths */
	    "87 " APPROVED PIECE FUND FACTS "85 181f 192710 1925c3 00 00",  /* 31 is a refusal */
	    "87 " APPROVED PIECE FUND FACTS "85 1830 192710 1925c3 00 00",  /* 48 a review */
	    "87 " APPROVED PIECE FUND FACTS "85 1821 192710 192711 00 00",  /* more than before */
	    /* 10,000,001 nights; as many as that, and 2^60 + 1 fen, below nothing */
	    "87 " APPROVED PIECE FUND FACTS "85 1821 192710 1925c3 1a00989681 00",
	    "87 " APPROVED PIECE FUND FACTS "85 1822 192710 1925c3 00 1a00989681",
	    "87 " APPROVED PIECE FUND FACTS "85 1821 192710 1925c3 00 3a00989680",
	    "87 " APPROVED PIECE FUND FACTS "85 1823 192710 1925c3 3b1000000000000000 00",
	    "87 " APPROVED PIECE FUND FACTS "8a" REDUCTION REDUCTION, /* twice */
	    "87 " APPROVED PIECE FUND FACTS "8a" REDUCTION
	    "1820 192710 1925c3 00 00", /* out of order */
	    "87 " APPROVED PIECE FUND FACTS "8a 1825 192710 1925c3 00 00"
	    "1826 1925c3 1925c3 00 00", /* what was approved before comes before the funds */
	    "87 " APPROVED PIECE FUND FACTS "8a 1826 192710 1925c3 00 00"
	    "1824 1925c3 1925c3 00 00", /* and behind the person's cap */
	};
	struct verdict verdict;
	(void)state;
	parsed("86 " APPROVED PIECE FUND FACTS);
	parsed("87 " APPROVED PIECE FUND FACTS "85" REDUCTION);
	parsed("87 " APPROVED PIECE FUND FACTS "8f 1824 192710 1925c3 00 00"
	       "1826 1925c3 1925c3 00 00 1825 1925c3 1925c3 00 00");
	parsed("82 1832 02");
	parsed("86 " APPROVED PIECE "84 01 1925c2 02 01 " FACTS);
	parsed("84 13 f6 02 187f");
	parsed("87 " APPROVED PIECE FUND FACTS "85 1821 192710 1925c3 1a00989680 00");
	parsed("87 " APPROVED PIECE FUND FACTS "85 1823 192710 1925c3 1a00989681 00");
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct buffer bytes = hexes(refused[i]);
		if (verdict_parse(buffer_span(&bytes), &verdict) != ERROR_MALFORMED)
			fail_msg("taken: %s", refused[i]);
		buffer_free(&bytes);
	}
}

/* Another city's reader meets every prefix and every changed bit with an answer, never with more. */
static void what_is_cut_short_is_refused(void **state)
{
	struct buffer bytes = hexes("87 " APPROVED PIECE FUND FACTS "85" REDUCTION);
	struct verdict verdict;
	(void)state;
	for (size_t size = 0; size < bytes.size; size++)
		assert_error(verdict_parse(span_of(bytes.data, size), &verdict), ERROR_MALFORMED);
	buffer_free(&bytes);
}

/* --- round trips ---------------------------------------------------------------------------------------------- */

static int64_t any_amount(uint64_t *seed)
{
	unsigned bits = (unsigned)chance_below(seed, 61);
	return (int64_t)(chance(seed) & ((UINT64_C(1) << bits) - 1));
}

static void any_approval(uint64_t *seed, struct verdict *verdict)
{
	verdict->policy = chance_below(seed, INT64_MAX);
	verdict->piece_count = 1 + (uint32_t)chance_below(seed, VERDICT_PIECES_MAX);
	for (uint32_t i = 0; i < verdict->piece_count; i++)
		verdict->pieces[i] =
		    (struct verdict_piece){.row = (uint32_t)chance_below(seed, PROGRAMMES_MAX),
			.band = (uint32_t)chance_below(seed, BANDS_MAX),
			.last_day = 31 - (verdict->piece_count - 1 - i),
			.monthly_fen = any_amount(seed),
			.level_sequence = chance_below(seed, INT64_MAX)};
	verdict->fund_count = (uint32_t)chance_below(seed, PROGRAMME_FUNDS_MAX + 1);
	for (uint32_t i = 0; i < verdict->fund_count; i++) {
		verdict->funds[i] =
		    (struct verdict_fund){.fund = (uint32_t)chance_below(seed, FUNDS_MAX),
			.amount_fen = any_amount(seed) / PROGRAMME_FUNDS_MAX};
		verdict->amount_fen += verdict->funds[i].amount_fen;
	}
	for (unsigned reason = REASON_price_ceiling; reason <= REASON_fund_exhausted; reason++) {
		if (chance_below(seed, 3))
			continue;
		bool in_nights = reason == REASON_capacity || reason == REASON_quantity_cap;
		int64_t most = in_nights ? VERDICT_NIGHTS_MAX : AMOUNT_MAX;
		int64_t before = any_amount(seed);
		verdict->reductions[verdict->reduction_count++] =
		    (struct verdict_reduction){.reason = (enum reason)reason,
			.before_fen = before,
			.after_fen = before / 3,
			.limit = (any_amount(seed) - any_amount(seed)) % (most + 1),
			.used = (any_amount(seed) - any_amount(seed)) % (most + 1)};
	}
	verdict->facts_sequence = chance_below(seed, 1000);
	verdict->grant_sequence = chance_below(seed, 1000);
	verdict->filing_sequence = chance_below(seed, 1000);
}

static void any_refusal(uint64_t *seed, struct verdict *verdict)
{
	verdict->reason = (enum reason)(1 + chance_below(seed, 19));
	verdict->has_figure = chance_below(seed, 2);
	verdict->figure = verdict->has_figure ? any_amount(seed) - any_amount(seed) : 0;
	verdict->policy = chance_below(seed, 3);
	verdict->has_row = verdict->policy && chance_below(seed, 2);
	verdict->row = verdict->has_row ? (uint32_t)chance_below(seed, PROGRAMMES_MAX) : 0;
}

static void expect_same(const struct verdict *a, const struct verdict *b)
{
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->has_figure, b->has_figure);
	assert_true(a->figure == b->figure);
	assert_int_equal(a->has_row, b->has_row);
	assert_int_equal(a->row, b->row);
	assert_true(a->amount_fen == b->amount_fen && a->policy == b->policy);
	assert_int_equal(a->piece_count, b->piece_count);
	assert_int_equal(a->fund_count, b->fund_count);
	assert_int_equal(a->reduction_count, b->reduction_count);
	for (uint32_t i = 0; i < a->piece_count; i++) {
		const struct verdict_piece *x = &a->pieces[i], *y = &b->pieces[i];
		assert_true(x->row == y->row && x->band == y->band && x->last_day == y->last_day &&
			    x->monthly_fen == y->monthly_fen &&
			    x->level_sequence == y->level_sequence);
	}
	for (uint32_t i = 0; i < a->fund_count; i++) {
		assert_int_equal(a->funds[i].fund, b->funds[i].fund);
		assert_true(a->funds[i].amount_fen == b->funds[i].amount_fen);
	}
	for (uint32_t i = 0; i < a->reduction_count; i++) {
		const struct verdict_reduction *x = &a->reductions[i], *y = &b->reductions[i];
		assert_true(x->reason == y->reason && x->before_fen == y->before_fen &&
			    x->after_fen == y->after_fen && x->limit == y->limit &&
			    x->used == y->used);
	}
	assert_true(a->facts_sequence == b->facts_sequence &&
		    a->grant_sequence == b->grant_sequence &&
		    a->filing_sequence == b->filing_sequence);
}

static void what_is_written_is_read_again(void **state)
{
	uint64_t seed = chance_seed("verdicts");
	static struct verdict made, read; /* zeros where nothing is set */
	(void)state;
	for (unsigned round = 0; round < 5000; round++) {
		struct buffer bytes = {0};
		memset(&made, 0, sizeof made);
		if (chance_below(&seed, 2))
			any_approval(&seed, &made);
		else
			any_refusal(&seed, &made);
		verdict_write(&bytes, &made);
		assert_good(bytes.failed);
		assert_good(verdict_parse(buffer_span(&bytes), &read));
		expect_same(&made, &read);
		buffer_free(&bytes);
	}
}

/* [49, 30000, 2, [1, 0, 30, 30000, 0], [50000, 30000], [0, 0, 0]]: 300.00 that would make 600.00 where 500.00 may be unpaid. */
static void a_held_line_says_what_it_is_worth_what_may_be_owed_and_what_is(void **state)
{
	static const char bytes[] =
	    "86 1831 197530 02 85 01 00 181e 197530 00 82 19c350 197530 83 00 00 00";
	static const char *const refused[] = {
	    /* 300.00 + 300.00 are not above 600.00 */
	    "86 1831 197530 02 85 01 00 181e 197530 00 82 19ea60 197530 83 00 00 00",
	    /* nothing is held */
	    "86 1831 00 02 85 01 00 181e 197530 00 82 19c350 19c351 83 00 00 00",
	    /* a fund, as if it were approved; three figures; none below zero; and no refusal's form */
	    "86 1831 197530 02 85 01 00 181e 197530 00 81 01 83 00 00 00",
	    "86 1831 197530 02 85 01 00 181e 197530 00 83 19c350 197530 00 83 00 00 00",
	    "86 1831 197530 02 85 01 00 181e 197530 00 82 20 197530 83 00 00 00",
	    "84 1831 197530 02 00",
	};
	struct verdict verdict = parsed(bytes);
	(void)state;
	assert_int_equal(verdict.reason, REASON_held_prefund);
	assert_true(verdict_takes_days(&verdict));
	assert_int_equal(verdict.amount_fen, 0);
	assert_int_equal(verdict.held_fen, 30000);
	assert_int_equal(verdict.limit_fen, 50000);
	assert_int_equal(verdict.unpaid_fen, 30000);
	assert_int_equal(verdict.fund_count, 0);
	assert_int_equal(verdict.piece_count, 1);
	expect_written(&verdict, bytes);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct buffer form = hexes(refused[i]);
		if (verdict_parse(buffer_span(&form), &verdict) != ERROR_MALFORMED)
			fail_msg("accepted: %s", refused[i]);
		buffer_free(&form);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_refusal_has_its_figure_and_its_catalogue),
	    cmocka_unit_test(a_city_that_does_not_pay_names_no_catalogue),
	    cmocka_unit_test(an_approval_has_its_pieces_and_its_fund),
	    cmocka_unit_test(a_line_may_be_split_over_versions_and_funds),
	    cmocka_unit_test(reductions_stand_in_their_order_with_all_figures),
	    cmocka_unit_test(a_line_may_be_reduced_to_nothing),
	    cmocka_unit_test(a_held_line_says_what_it_is_worth_what_may_be_owed_and_what_is),
	    cmocka_unit_test(another_form_is_refused),
	    cmocka_unit_test(what_is_cut_short_is_refused),
	    cmocka_unit_test(what_is_written_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
