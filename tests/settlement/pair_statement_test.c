/* Statements over a month and a year: figures by hand, the same at both cities, added up again by naive loops, and a form that another
 * encoder (libcbor) and another hash (libsodium) make too. */
#include "neighbours.h"

#include <cbor.h>
#include <sodium.h>

#include "pair_statement.h"

static struct pair_statement *statement_at(struct city *city, uint32_t first, uint32_t count)
{
	uint32_t self = city->settlement.options.region;
	struct pair_statement *statement;
	assert_int_equal(pair_statement_read(city->txn, self, self == CHENGDU ? CHONGQING : CHENGDU,
			     first, count, &statement),
	    ERROR_NONE);
	assert_int_equal(statement->self, self);
	assert_int_equal(statement->low, CHONGQING);
	assert_int_equal(statement->high, CHENGDU);
	assert_int_equal(statement->month_count, count);
	return statement;
}

struct figures {
	int64_t opening, positive, negative, cleared, closing;
};

static void expect_direction(const struct pair_direction *direction, const struct figures *figures)
{
	assert_int_equal(direction->opening_fen, figures->opening);
	assert_int_equal(direction->positive_fen, figures->positive);
	assert_int_equal(direction->negative_fen, figures->negative);
	assert_int_equal(direction->cleared_fen, figures->cleared);
	assert_int_equal(direction->closing_fen, figures->closing);
}

static void expect_month(const struct pair_statement *statement, size_t month,
    enum pair_month_state state, struct figures low, struct figures high)
{
	const struct pair_month *one = &statement->months[month];
	if (one->state != state)
		fail_msg("month %u is %s, not %s", one->month, pair_month_state_name(one->state),
		    pair_month_state_name(state));
	expect_direction(&one->directions[0], &low);
	expect_direction(&one->directions[1], &high);
}

static void expect_same(const struct pair_statement *a, const struct pair_statement *b)
{
	assert_true(hash_equal(&a->digest, &b->digest));
	for (size_t i = 0; i < a->month_count; i++) {
		assert_true(hash_equal(&a->months[i].digest, &b->months[i].digest));
		assert_int_equal(a->months[i].state, b->months[i].state);
	}
	for (size_t side = 0; side < 2; side++) {
		const struct pair_direction *total = &a->totals[side];
		const struct figures figures = {total->opening_fen, total->positive_fen,
		    total->negative_fen, total->cleared_fen, total->closing_fen};
		expect_direction(&b->totals[side], &figures);
		assert_int_equal(total->windows, b->totals[side].windows);
		assert_int_equal(total->lines, b->totals[side].lines);
		assert_memory_equal(
		    &a->payments[side], &b->payments[side], sizeof(a->payments[side]));
		assert_int_equal(a->carried[side].count, b->carried[side].count);
		assert_int_equal(a->carried[side].payers_fen, b->carried[side].payers_fen);
		assert_int_equal(a->carried[side].creditors_fen, b->carried[side].creditors_fen);
	}
	assert_int_equal(a->windows.count, b->windows.count);
	assert_int_equal(a->disputes.count, b->disputes.count);
	assert_int_equal(pair_statement_is_settled(a), pair_statement_is_settled(b));
}

/* Both cities' statements, which must be the same; the first one is returned. */
static struct pair_statement *mirrored(struct neighbours *both, uint32_t first, uint32_t count)
{
	struct pair_statement *low = statement_at(&both->chongqing, first, count);
	struct pair_statement *high = statement_at(&both->chengdu, first, count);
	expect_same(low, high);
	pair_statement_free(high);
	return low;
}

/* --- by hand ---------------------------------------------------------------------------------------------------- */

/* October: Chongqing owes 150.00, Chengdu 430.00 - 30.00; all of it is cleared by October's clearing. November: Chengdu owes 7.00, not
 * cleared. */
static void a_month_opens_with_what_the_one_before_left(void **state)
{
	struct neighbours *both = *state;
	owe_october(both);
	pair_approve(&both->chengdu, &both->chongqing, 700);
	cut_and_agree(both, &both->chengdu);
	clear_month(both, 202610);
	struct pair_statement *statement = mirrored(both, 202610, 1);
	expect_month(statement, 0, PAIR_MONTH_UNPAID, (struct figures){0, 15000, 0, 15000, 0},
	    (struct figures){0, 43000, -3000, 40000, 0});
	assert_int_equal(statement->totals[1].windows, 2);
	assert_int_equal(statement->totals[1].lines, 4);
	assert_int_equal(statement->payments[0].pays_fen, 0);
	assert_int_equal(statement->payments[1].pays_fen, 25000);
	assert_int_equal(statement->payments[1].open_fen, 25000);
	assert_false(pair_statement_is_settled(statement));
	pair_statement_free(statement);

	statement = mirrored(both, 202611, 1);
	expect_month(statement, 0, PAIR_MONTH_UNCLEARED, (struct figures){0, 0, 0, 0, 0},
	    (struct figures){0, 700, 0, 0, 700});
	assert_int_equal(statement->payments[1].before_fen, 25000);
	pair_statement_free(statement);

	statement = mirrored(both, 202612, 1);
	expect_month(statement, 0, PAIR_MONTH_NOTHING, (struct figures){0, 0, 0, 0, 0},
	    (struct figures){700, 0, 0, 0, 700});
	assert_false(pair_statement_is_settled(statement));
	pair_statement_free(statement);

	/* December's clearing takes November's window, which no clearing of November has. */
	pay_clearing(both, 202610, &both->chengdu);
	on_day(both, 2027, 1, 21);
	clear_month(both, 202612);
	pay_clearing(both, 202612, &both->chengdu);
	statement = mirrored(both, 202612, 1);
	expect_month(statement, 0, PAIR_MONTH_SETTLED, (struct figures){0, 0, 0, 0, 0},
	    (struct figures){700, 0, 0, 700, 0});
	assert_true(pair_statement_is_settled(statement));
	pair_statement_free(statement);
	statement = mirrored(both, 202611, 1);
	expect_month(statement, 0, PAIR_MONTH_SETTLED, (struct figures){0, 0, 0, 0, 0},
	    (struct figures){0, 700, 0, 0, 700});
	assert_int_equal(statement->payments[1].before_fen, 0);
	pair_statement_free(statement);
}

/* Every state that a month can be in, in one year: nothing, settled, unpaid, uncleared, unagreed. */
static void a_year_says_which_months_are_not_settled(void **state)
{
	struct neighbours *both = *state;
	on_day(both, 2026, 2, 10);
	pair_approve(&both->chengdu, &both->chongqing, 20000);
	cut_and_agree(both, &both->chengdu);
	on_day(both, 2026, 3, 21);
	clear_month(both, 202602);
	pay_clearing(both, 202602, &both->chengdu);
	pair_approve(&both->chongqing, &both->chengdu, -1500);
	cut_and_agree(both, &both->chongqing);
	on_day(both, 2026, 4, 21);
	clear_month(both, 202603);
	pair_approve(&both->chengdu, &both->chongqing, 300);
	cut_and_agree(both, &both->chengdu);
	on_day(both, 2026, 5, 6);
	pair_approve(&both->chongqing, &both->chengdu, 9900);
	assert_int_equal(pair_cut(&both->chongqing, &both->post), ERROR_NONE); /* not delivered */

	struct pair_statement *statement = statement_at(&both->chongqing, 202601, 12);
	const struct figures none = {0, 0, 0, 0, 0};
	expect_month(statement, 0, PAIR_MONTH_NOTHING, none, none);
	expect_month(
	    statement, 1, PAIR_MONTH_SETTLED, none, (struct figures){0, 20000, 0, 20000, 0});
	/* Chongqing has taken back 15.00: Chengdu pays it. */
	expect_month(
	    statement, 2, PAIR_MONTH_UNPAID, (struct figures){0, 0, -1500, -1500, 0}, none);
	expect_month(statement, 3, PAIR_MONTH_UNCLEARED, none, (struct figures){0, 300, 0, 0, 300});
	expect_month(statement, 4, PAIR_MONTH_UNAGREED, none, (struct figures){300, 0, 0, 0, 300});
	for (size_t month = 5; month < 12; month++)
		expect_month(statement, month, PAIR_MONTH_NOTHING, none,
		    (struct figures){300, 0, 0, 0, 300});
	for (size_t month = 0; month < 12; month++)
		assert_int_equal(
		    pair_month_is_settled(&statement->months[month]), month < 2 || month > 4);
	expect_direction(&statement->totals[0], &(struct figures){0, 0, -1500, -1500, 0});
	expect_direction(&statement->totals[1], &(struct figures){0, 20300, 0, 20000, 300});
	assert_int_equal(statement->payments[1].pays_fen, 21500);
	assert_int_equal(statement->payments[1].paid_fen, 20000);
	assert_int_equal(statement->payments[1].open_fen, 1500);
	assert_int_equal(statement->unagreed.count, 1);
	assert_int_equal(statement->unagreed.rows[0].own.positive_fen, 9900);
	assert_int_equal(statement->uncleared, 1);
	assert_false(pair_statement_is_settled(statement));
	pair_statement_free(statement);

	/* The next year opens with what is left. */
	deliver(both);
	statement = mirrored(both, 202701, 12);
	expect_direction(&statement->totals[0], &(struct figures){9900, 0, 0, 0, 9900});
	expect_direction(&statement->totals[1], &(struct figures){300, 0, 0, 0, 300});
	assert_int_equal(statement->payments[1].before_fen, 1500);
	assert_false(pair_statement_is_settled(statement));
	pair_statement_free(statement);
}

static void a_proposal_alone_clears_nothing_in_the_statement(void **state)
{
	struct neighbours *both = *state;
	owe_october(both);
	assert_int_equal(pair_clear(&both->chongqing, 202610, CHENGDU, &both->post), ERROR_NONE);
	struct pair_statement *statement = mirrored(both, 202610, 1);
	expect_month(statement, 0, PAIR_MONTH_UNCLEARED, (struct figures){0, 15000, 0, 0, 15000},
	    (struct figures){0, 43000, -3000, 0, 40000});
	assert_false(statement->months[0].has_clearing);
	assert_int_equal(statement->uncleared, 3);
	pair_statement_free(statement);
}

static void a_gross_month_has_payments_both_ways(void **state)
{
	struct neighbours *both = *state;
	set_gross(both);
	owe_october(both);
	clear_month(both, 202610);
	pay_clearing(both, 202610, &both->chongqing);
	struct pair_statement *statement = mirrored(both, 202610, 1);
	assert_int_equal(statement->months[0].state, PAIR_MONTH_UNPAID);
	assert_int_equal(statement->payments[0].paid_fen, 15000);
	assert_int_equal(statement->payments[0].open_fen, 0);
	assert_int_equal(statement->payments[1].open_fen, 40000);
	pair_statement_free(statement);
	pay_clearing(both, 202610, &both->chengdu);
	statement = mirrored(both, 202610, 1);
	assert_int_equal(statement->months[0].state, PAIR_MONTH_SETTLED);
	assert_int_equal(statement->payments[1].open_fen, 0);
	assert_true(pair_statement_is_settled(statement));
	pair_statement_free(statement);
}

/* The bank gives it back: the month is open again, and another digest says so. */
static void a_returned_payment_opens_the_month_again(void **state)
{
	struct neighbours *both = *state;
	struct payment payment;
	owe_october(both);
	clear_month(both, 202610);
	pay_clearing(both, 202610, &both->chengdu);
	struct pair_statement *settled = mirrored(both, 202610, 1);
	assert_int_equal(settled->months[0].state, PAIR_MONTH_SETTLED);
	assert_int_equal(
	    payment_last(both->chengdu.txn, PAYMENT_CLEARING, "202610", "500000", &payment),
	    ERROR_NONE);
	assert_int_equal(
	    bank_says(both, &both->chongqing, BANK_TAKEN_BACK, payment.end_to_end, 25000, "T"),
	    REASON_returned);
	assert_int_equal(
	    bank_says(both, &both->chengdu, BANK_RETURNED, payment.end_to_end, 25000, "X"),
	    REASON_returned);
	deliver(both);
	struct pair_statement *open = mirrored(both, 202610, 1);
	assert_int_equal(open->months[0].state, PAIR_MONTH_UNPAID);
	assert_int_equal(open->payments[1].open_fen, 25000);
	assert_false(hash_equal(&open->digest, &settled->digest));
	pair_statement_free(settled);
	pair_statement_free(open);
}

/* 100.00 to Chengdu and 105.00 to Chongqing is left out of October; it is carried over until it is ended. */
static void disputes_are_carried_over_with_what_each_side_holds(void **state)
{
	struct neighbours *both = *state;
	char account[ACCOUNT_TEXT_SIZE];
	struct obligation other = pair_owe(&both->chengdu, &both->chongqing, 10000);
	other.amount_fen = 10500;
	pair_mirror(&both->chongqing, &other);
	pair_approve(&both->chengdu, &both->chongqing, 4000);
	cut_and_agree(both, &both->chengdu);
	leave_out(both, 1);
	on_day(both, 2026, 11, 21);
	clear_month(both, 202610);
	pay_clearing(both, 202610, &both->chengdu);
	for (uint32_t first = 202601; first <= 202701; first += 100) {
		struct pair_statement *statement = mirrored(both, first, 12);
		assert_int_equal(statement->disputes.count, 1);
		assert_int_equal(statement->carried[0].count, 0);
		assert_int_equal(statement->carried[1].count, 1);
		assert_int_equal(statement->carried[1].payers_fen, 10000);
		assert_int_equal(statement->carried[1].creditors_fen, 10500);
		/* Everything else is settled. */
		assert_true(pair_statement_is_settled(statement));
		pair_statement_free(statement);
	}
	struct pair_statement *before = mirrored(both, 202501, 12);
	assert_int_equal(before->disputes.count, 0);
	pair_statement_free(before);
	assert_int_equal(
	    pair_credit(&both->chengdu, account_payable_disputed(account, CHONGQING)), 10000);
	assert_int_equal(
	    -pair_credit(&both->chongqing, account_receivable_disputed(account, CHENGDU)), 10500);
}

static void reserves_stand_beside_the_statement(void **state)
{
	struct neighbours *both = *state;
	pair_book(&both->chengdu, "prefund_lodged/500000", "treasury", 777);
	pair_book(&both->chongqing, "treasury", "prefund_held/510100", 777);
	struct pair_statement *low = statement_at(&both->chongqing, 202610, 1);
	struct pair_statement *high = statement_at(&both->chengdu, 202610, 1);
	assert_int_equal(high->lodged_fen, 777);
	assert_int_equal(high->held_fen, 0);
	assert_int_equal(low->held_fen, 777);
	assert_int_equal(low->lodged_fen, 0);
	expect_same(low, high);
	pair_statement_free(low);
	pair_statement_free(high);
}

static void a_clearing_that_its_windows_do_not_come_to_is_told(void **state)
{
	struct neighbours *both = *state;
	struct pair_statement *statement;
	owe_october(both);
	clear_month(both, 202610);
	struct window_row window = pair_window(&both->chengdu, CHENGDU, CHONGQING, 2);
	window.cleared_month = 0;
	assert_int_equal(window_put(both->chengdu.txn, &window), ERROR_NONE);
	assert_int_equal(
	    pair_statement_read(both->chengdu.txn, CHENGDU, CHONGQING, 202610, 1, &statement),
	    ERROR_CORRUPT);
	assert_null(statement);
}

/* --- the form ---------------------------------------------------------------------------------------------------- */

static void push(cbor_item_t *array, cbor_item_t *item)
{
	assert_non_null(item);
	assert_true(cbor_array_push(array, item));
	cbor_decref(&item);
}

static cbor_item_t *unsigned_item(uint64_t value)
{
	return value < 24            ? cbor_build_uint8((uint8_t)value)
	       : value <= UINT8_MAX  ? cbor_build_uint8((uint8_t)value)
	       : value <= UINT16_MAX ? cbor_build_uint16((uint16_t)value)
	       : value <= UINT32_MAX ? cbor_build_uint32((uint32_t)value)
				     : cbor_build_uint64(value);
}

static cbor_item_t *integer_item(int64_t value)
{
	cbor_item_t *item = unsigned_item(value < 0 ? (uint64_t)(-1 - value) : (uint64_t)value);
	if (value < 0)
		cbor_mark_negint(item);
	return item;
}

static cbor_item_t *hash_item(const struct hash *hash)
{
	return cbor_build_bytestring(hash->bytes, HASH_SIZE);
}

static cbor_item_t *array_item(size_t count)
{
	cbor_item_t *array = cbor_new_definite_array(count);
	assert_non_null(array);
	return array;
}

static cbor_item_t *window_item(struct window_row window, int64_t cut_day)
{
	cbor_item_t *item = array_item(9);
	push(item, unsigned_item(window.number));
	push(item, integer_item(cut_day));
	push(item, unsigned_item(1));
	push(item, unsigned_item(window.agreed.count));
	push(item, integer_item(window.agreed.positive_fen));
	push(item, integer_item(window.agreed.negative_fen));
	push(item, hash_item(&window.agreed.digest));
	push(item, hash_item(&window.agreement));
	push(item, unsigned_item(202610));
	return item;
}

static cbor_item_t *pair_item(int64_t a, int64_t b)
{
	cbor_item_t *item = array_item(2);
	push(item, integer_item(a));
	push(item, integer_item(b));
	return item;
}

/* October as owe_october makes it, cleared and not paid. Days count from 1970-01-01: 2026-10-15 is 20741. */
static cbor_item_t *october_item(struct neighbours *both, const struct hash *document)
{
	cbor_item_t *month = array_item(4), *direction = array_item(3), *windows = array_item(1);
	push(month, unsigned_item(202610));
	push(windows, window_item(pair_window(&both->chongqing, CHONGQING, CHENGDU, 1), 20742));
	push(direction, windows);
	push(direction, integer_item(15000));
	push(direction, integer_item(0));
	push(month, direction);
	direction = array_item(3);
	windows = array_item(2);
	push(windows, window_item(pair_window(&both->chongqing, CHENGDU, CHONGQING, 1), 20741));
	push(windows, window_item(pair_window(&both->chongqing, CHENGDU, CHONGQING, 2), 20742));
	push(direction, windows);
	push(direction, integer_item(40000));
	push(direction, integer_item(0));
	push(month, direction);
	cbor_item_t *clearing = array_item(11);
	push(clearing, hash_item(document));
	push(clearing, cbor_build_bool(false));
	push(clearing, integer_item(15000));
	push(clearing, integer_item(40000));
	push(clearing, integer_item(0));
	push(clearing, integer_item(25000));
	push(clearing, integer_item(20788)); /* 2026-12-01 */
	for (int i = 0; i < 4; i++)
		push(clearing, cbor_build_bool(false));
	push(month, clearing);
	return month;
}

static void expect_hash(const struct hash *hash, const unsigned char *bytes, size_t size)
{
	uint8_t expected[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(expected, bytes, size);
	assert_memory_equal(hash->bytes, expected, sizeof(expected));
}

static void another_encoder_and_another_hash_come_to_the_same_digests(void **state)
{
	struct neighbours *both = *state;
	struct buffer form = {0};
	unsigned char *bytes = NULL;
	size_t size = 0;
	owe_october(both);
	clear_month(both, 202610);
	struct clearing_row clearing = pair_clearing(&both->chongqing, 202610, CHENGDU, CHONGQING);
	struct pair_statement *statement = mirrored(both, 202610, 1);
	cbor_item_t *month = october_item(both, &clearing.document);
	size_t month_size = cbor_serialize_alloc(month, &bytes, &size);
	expect_hash(&statement->months[0].digest, bytes, month_size);
	free(bytes);

	cbor_item_t *whole = array_item(8), *months = array_item(1);
	push(whole, unsigned_item(1));
	push(whole, unsigned_item(500000));
	push(whole, unsigned_item(510100));
	push(whole, unsigned_item(202610));
	push(whole, pair_item(0, 0));
	push(whole, pair_item(0, 0));
	push(months, month);
	push(whole, months);
	push(whole, array_item(0));
	size_t whole_size = cbor_serialize_alloc(whole, &bytes, &size);
	pair_statement_write(&form, statement);
	assert_int_equal(form.size, whole_size);
	assert_memory_equal(form.data, bytes, whole_size);
	expect_hash(&statement->digest, bytes, whole_size);
	free(bytes);
	cbor_decref(&whole);
	buffer_free(&form);
	pair_statement_free(statement);
}

/* --- a year of anything ------------------------------------------------------------------------------------------ */

struct naive_sum {
	int64_t positive, negative;
	uint64_t lines;
};

static bool naive_add(void *context, const struct obligation *obligation)
{
	struct naive_sum *sum = context;
	if (obligation->amount_fen > 0)
		sum->positive += obligation->amount_fen;
	else
		sum->negative += obligation->amount_fen;
	sum->lines++;
	return true;
}

/* Every obligation of the direction once more, with windows looked up one by one: what is owed from earlier months, what the month adds,
 * and what its clearing takes. */
static struct figures naive_month(
    struct city *city, uint32_t payer, uint32_t creditor, uint32_t month)
{
	struct figures figures = {0, 0, 0, 0, 0};
	struct window_row window;
	for (uint32_t number = 1;
	     window_get(city->txn, payer, creditor, number, &window) == ERROR_NONE; number++) {
		struct naive_sum sum = {0, 0, 0};
		if (window.state == WINDOW_OPEN)
			continue;
		uint32_t in = month_of_day(window.cut_day - 1);
		assert_int_equal(window.state, WINDOW_AGREED);
		assert_int_equal(
		    obligation_each(city->txn, payer, creditor, number, naive_add, &sum),
		    ERROR_NONE);
		if (in < month && (window.cleared_month == 0 || window.cleared_month >= month))
			figures.opening += sum.positive + sum.negative;
		if (in == month) {
			figures.positive += sum.positive;
			figures.negative += sum.negative;
		}
		if (window.cleared_month == month)
			figures.cleared += sum.positive + sum.negative;
	}
	figures.closing = figures.opening + figures.positive + figures.negative - figures.cleared;
	return figures;
}

static void anything_happens_on_a_day(struct neighbours *both, uint64_t *seed)
{
	for (size_t i = 0; i < 2; i++) {
		struct city *payer = both->cities[i], *creditor = both->cities[1 - i];
		uint64_t count = chance_below(seed, 4);
		for (uint64_t line = 0; line < count; line++) {
			int64_t fen = (int64_t)chance_below(seed, 30000) - 9000;
			pair_approve(payer, creditor, fen ? fen : 1);
		}
		if (count && chance_below(seed, 3) == 0) {
			assert_int_equal(pair_cut(payer, &both->post), ERROR_NONE);
			deliver(both);
		}
	}
}

static void clear_and_pay_perhaps(struct neighbours *both, uint64_t *seed, uint32_t month)
{
	struct clearing_row clearing;
	enum error error;
	if (chance_below(seed, 5) == 0)
		return;
	error = pair_clear(&both->chongqing, month, CHENGDU, &both->post);
	if (error == ERROR_STATE)
		return;
	assert_int_equal(error, ERROR_NONE);
	deliver(both);
	clearing = pair_clearing(&both->chongqing, month, CHENGDU, CHONGQING);
	if (clearing.low_pays_fen && chance_below(seed, 4))
		pay_clearing(both, month, &both->chongqing);
	if (clearing.high_pays_fen && chance_below(seed, 4))
		pay_clearing(both, month, &both->chengdu);
}

static void expect_naive(struct neighbours *both, const struct pair_statement *year)
{
	for (size_t month = 0; month < 12; month++) {
		const struct pair_month *one = &year->months[month];
		for (size_t side = 0; side < 2; side++) {
			const struct pair_direction *direction = &one->directions[side];
			const struct figures figures = naive_month(both->cities[1 - side],
			    direction->payer, direction->creditor, one->month);
			expect_direction(direction, &figures);
		}
	}
}

/* The twelve months, each by itself, add up to the year, and open where the one before closed. */
static void expect_months_make_the_year(struct neighbours *both, const struct pair_statement *year)
{
	for (size_t side = 0; side < 2; side++) {
		struct pair_payments payments = {.before_fen = year->payments[side].before_fen};
		int64_t closing = year->totals[side].opening_fen, added = 0;
		for (size_t month = 0; month < 12; month++) {
			struct pair_statement *one = mirrored(both, year->months[month].month, 1);
			assert_int_equal(one->totals[side].opening_fen, closing);
			closing = one->totals[side].closing_fen;
			added += one->totals[side].positive_fen + one->totals[side].negative_fen;
			payments.pays_fen += one->payments[side].pays_fen;
			payments.paid_fen += one->payments[side].paid_fen;
			payments.open_fen += one->payments[side].open_fen;
			assert_true(
			    hash_equal(&one->months[0].digest, &year->months[month].digest));
			pair_statement_free(one);
		}
		assert_int_equal(year->totals[side].closing_fen, closing);
		assert_int_equal(
		    year->totals[side].positive_fen + year->totals[side].negative_fen, added);
		assert_memory_equal(&year->payments[side], &payments, sizeof(payments));
	}
}

/* What is owed and in no clearing stands on the windows' accounts; what is cleared and not paid, on the clearings'. */
static void expect_books(struct neighbours *both, const struct pair_statement *year)
{
	int64_t owed = 0, net = year->payments[1].before_fen + year->payments[1].open_fen -
				year->payments[0].before_fen - year->payments[0].open_fen;
	struct window_row window;
	for (uint32_t number = 1;
	     window_get(both->chengdu.txn, CHENGDU, CHONGQING, number, &window) == ERROR_NONE;
	     number++) {
		int64_t there = pair_payable(&both->chengdu, CHONGQING, number);
		assert_int_equal(there, pair_receivable(&both->chongqing, CHENGDU, number));
		if (window.state != WINDOW_OPEN)
			owed += there;
	}
	assert_int_equal(owed, year->totals[1].closing_fen);
	for (size_t month = 0; month < 12; month++)
		net -= pair_clearing_credit(&both->chengdu, year->months[month].month, CHONGQING);
	assert_int_equal(net, 0);
}

static void a_random_year_is_the_same_at_both_and_adds_up_from_its_obligations(void **state)
{
	struct neighbours *both = *state;
	uint64_t seed = chance_seed("a year between two cities");
	/* Into February of the next year, so that most of the year can be cleared. */
	for (int32_t today = day(2026, 1, 2); today <= day(2026, 12, 31); today += 3) {
		int year, month, day_of_month;
		pair_at(both->cities, 2, today);
		day_split(today, &year, &month, &day_of_month);
		anything_happens_on_a_day(both, &seed);
		if (day_of_month >= 21 && day_of_month < 24 && month > 1)
			clear_and_pay_perhaps(both, &seed, month_of_day(today) - 1);
	}
	struct pair_statement *year = mirrored(both, 202601, 12);
	assert_true(year->windows.count > 20);
	expect_naive(both, year);
	expect_months_make_the_year(both, year);
	expect_books(both, year);
	pair_statement_free(year);
}

#define NEIGHBOURS(test) cmocka_unit_test_setup_teardown(test, neighbours_open, neighbours_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    NEIGHBOURS(a_month_opens_with_what_the_one_before_left),
	    NEIGHBOURS(a_year_says_which_months_are_not_settled),
	    NEIGHBOURS(a_proposal_alone_clears_nothing_in_the_statement),
	    NEIGHBOURS(a_gross_month_has_payments_both_ways),
	    NEIGHBOURS(a_returned_payment_opens_the_month_again),
	    NEIGHBOURS(disputes_are_carried_over_with_what_each_side_holds),
	    NEIGHBOURS(reserves_stand_beside_the_statement),
	    NEIGHBOURS(a_clearing_that_its_windows_do_not_come_to_is_told),
	    NEIGHBOURS(another_encoder_and_another_hash_come_to_the_same_digests),
	    NEIGHBOURS(a_random_year_is_the_same_at_both_and_adds_up_from_its_obligations),
	};
	return cmocka_run_group_tests_name("settlement/pair_statement", tests, NULL, NULL);
}
