#include "pair.h"

/* --- digest ------------------------------------------------------------------------------------------------- */

/* Reckoned with another program (hashlib.blake2b, digest_size 32, over the bytes that docs/format.md names): two obligations of
 * Chengdu to Chongqing, entry 7 of epoch 1, line 0 of 250.00 yuan and line 3 of -0.01 yuan. */
static void the_range_digest_is_the_documented_chain(void **state)
{
	static const char first[] =
	    "4e15c198301e623ece027edaf1125258feaf5368c81a5bcb501a5de3674b9791";
	static const char second[] =
	    "d6aa379c2b4eda37332f6573f4f2e102b384bc5aca2d87856acc61b554dfa911";
	struct obligation obligation = {.payer = CHENGDU,
	    .creditor = CHONGQING,
	    .window = 9, /* not covered */
	    .epoch = 1,
	    .sequence = 7,
	    .line = 0,
	    .amount_fen = 25000};
	struct hash digest = {{0}};
	char text[2 * HASH_SIZE + 1];
	(void)state;
	memset(obligation.line_hash.bytes, 0xab, HASH_SIZE);
	digest = obligation_digest(&digest, &obligation);
	hex_write(hash_span(&digest), text);
	assert_string_equal(text, first);
	obligation.line = 3;
	obligation.amount_fen = -1;
	digest = obligation_digest(&digest, &obligation);
	hex_write(hash_span(&digest), text);
	assert_string_equal(text, second);
}

/* --- adding ------------------------------------------------------------------------------------------------- */

static void a_pair_begins_with_window_one_and_has_one_for_each_direction(void **state)
{
	struct city chengdu;
	uint32_t number = 0;
	(void)state;
	city_open(&chengdu, CHENGDU);
	assert_int_equal(window_open_number(chengdu.txn, CHENGDU, CHONGQING, &number), ERROR_NONE);
	assert_int_equal(number, 1);
	struct obligation obligation = {.payer = CHENGDU,
	    .creditor = CHONGQING,
	    .window = 1,
	    .epoch = 1,
	    .sequence = 5,
	    .amount_fen = 100};
	assert_int_equal(obligation_add(chengdu.txn, &obligation), ERROR_NONE);
	obligation.payer = CHONGQING;
	obligation.creditor = CHENGDU;
	assert_int_equal(obligation_add(chengdu.txn, &obligation), ERROR_NONE);
	assert_int_equal(pair_window(&chengdu, CHENGDU, CHONGQING, 1).own.count, 1);
	assert_int_equal(pair_window(&chengdu, CHONGQING, CHENGDU, 1).own.count, 1);
	city_close(&chengdu);
}

/* 250.00 + 100.00 - 30.00: count 3, +350.00, -30.00. */
static void totals_run_with_the_obligations(void **state)
{
	struct city chengdu, chongqing;
	struct window_totals again;
	(void)state;
	city_open(&chengdu, CHENGDU);
	city_open(&chongqing, CHONGQING);
	pair_approve(&chengdu, &chongqing, 25000);
	pair_approve(&chengdu, &chongqing, 10000);
	pair_approve(&chengdu, &chongqing, -3000);
	struct window_row window = pair_window(&chengdu, CHENGDU, CHONGQING, 1);
	struct window_row mirror = pair_window(&chongqing, CHENGDU, CHONGQING, 1);
	assert_int_equal(window.own.count, 3);
	assert_int_equal(window.own.positive_fen, 35000);
	assert_int_equal(window.own.negative_fen, -3000);
	assert_int_equal(window_net(&window.own), 32000);
	assert_true(window_totals_equal(&window.own, &mirror.own));
	assert_int_equal(window_recount(chengdu.txn, CHENGDU, CHONGQING, 1, &again), ERROR_NONE);
	assert_true(window_totals_equal(&window.own, &again));
	city_close(&chengdu);
	city_close(&chongqing);
}

static void what_cannot_be_the_next_obligation_is_refused_and_changes_nothing(void **state)
{
	static const struct {
		uint32_t window, epoch;
		uint64_t sequence;
		uint32_t line;
		int64_t amount;
		enum error error;
	} cases[] = {
	    {1, 1, 10, 4, 0, ERROR_RANGE},
	    {1, 1, 10, 4, AMOUNT_MAX + 1, ERROR_RANGE},
	    {1, 1, 10, 4, -AMOUNT_MAX - 1, ERROR_RANGE},
	    {1, 1, 10, 4, AMOUNT_MAX, ERROR_OVERFLOW},
	    {1, 1, 10, 3, 1, ERROR_CONFLICT},
	    {1, 1, 10, 2, 1, ERROR_CONFLICT},
	    {1, 1, 9, 9, 1, ERROR_CONFLICT},
	    {1, 0, 11, 0, 1, ERROR_CONFLICT},
	    {0, 1, 11, 0, 1, ERROR_MISMATCH},
	    {2, 1, 11, 0, 1, ERROR_MISMATCH},
	};
	struct city chengdu;
	struct obligation obligation = {.payer = CHENGDU,
	    .creditor = CHONGQING,
	    .window = 1,
	    .epoch = 1,
	    .sequence = 10,
	    .line = 3,
	    .amount_fen = 500};
	(void)state;
	city_open(&chengdu, CHENGDU);
	assert_int_equal(obligation_add(chengdu.txn, &obligation), ERROR_NONE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		obligation.window = cases[i].window;
		obligation.epoch = cases[i].epoch;
		obligation.sequence = cases[i].sequence;
		obligation.line = cases[i].line;
		obligation.amount_fen = cases[i].amount;
		assert_int_equal(
		    obligation_expected(chengdu.txn, &obligation, &chengdu.detail), cases[i].error);
		assert_int_equal(obligation_add(chengdu.txn, &obligation), cases[i].error);
	}
	assert_int_equal(pair_window(&chengdu, CHENGDU, CHONGQING, 1).own.count, 1);
	assert_int_equal(pair_window(&chengdu, CHENGDU, CHONGQING, 1).own.positive_fen, 500);
	city_close(&chengdu);
}

/* --- finding ------------------------------------------------------------------------------------------------ */

#define WINDOWS 9u
#define PER_WINDOW 3u

/* Every obligation of nine windows is found by its id alone, in its window; ids beside them are not. */
static void an_obligation_is_found_by_its_id_whatever_its_window(void **state)
{
	struct city chengdu, chongqing;
	struct obligation added[WINDOWS * PER_WINDOW], found;
	struct post post = {.count = 0};
	(void)state;
	city_open(&chengdu, CHENGDU);
	city_open(&chongqing, CHONGQING);
	assert_int_equal(
	    obligation_find(chengdu.txn, CHENGDU, CHONGQING, 1, 1, 0, &found), ERROR_NOT_FOUND);
	for (uint32_t i = 0; i < WINDOWS * PER_WINDOW; i++) {
		added[i] = pair_owe(&chengdu, &chongqing, 100 + (int64_t)i);
		if (i % PER_WINDOW == PER_WINDOW - 1)
			assert_int_equal(pair_cut(&chengdu, &post), ERROR_NONE);
	}
	for (uint32_t i = 0; i < WINDOWS * PER_WINDOW; i++) {
		assert_int_equal(added[i].window, i / PER_WINDOW + 1);
		assert_int_equal(obligation_find(chengdu.txn, CHENGDU, CHONGQING, added[i].epoch,
				     added[i].sequence, added[i].line, &found),
		    ERROR_NONE);
		assert_int_equal(found.window, added[i].window);
		assert_int_equal(found.amount_fen, added[i].amount_fen);
		assert_true(hash_equal(&found.line_hash, &added[i].line_hash));
		assert_int_equal(obligation_find(chengdu.txn, CHENGDU, CHONGQING, added[i].epoch,
				     added[i].sequence, 1, &found),
		    ERROR_NOT_FOUND);
	}
	assert_int_equal(
	    obligation_find(chengdu.txn, CHENGDU, CHONGQING, 2, 0, 0, &found), ERROR_NOT_FOUND);
	post_free(&post);
	city_close(&chengdu);
	city_close(&chongqing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_range_digest_is_the_documented_chain),
	    cmocka_unit_test(a_pair_begins_with_window_one_and_has_one_for_each_direction),
	    cmocka_unit_test(totals_run_with_the_obligations),
	    cmocka_unit_test(what_cannot_be_the_next_obligation_is_refused_and_changes_nothing),
	    cmocka_unit_test(an_obligation_is_found_by_its_id_whatever_its_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
