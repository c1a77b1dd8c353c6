/* Settlement sheets: figures added up by hand, the same at both cities, and what the bank's words make of the payments. */
#include "neighbours.h"

#include "clearing_sheet.h"

/* EndToEndIds of Chengdu's payments to Chongqing for 2026-10, made by another program (payment_test.c). */
static const char first_id[] = "MIWUZ56QZFVSKKQBZLG5CNWNAISZY2";
static const char second_id[] = "5V5TKQXZXTKL5GL2XUA2DIFFH7Z6NB";

static struct clearing_sheet *sheet_at(struct city *city, uint32_t month)
{
	uint32_t self = city->settlement.options.region;
	struct clearing_sheet *sheet;
	assert_int_equal(clearing_sheet_read(
			     city->txn, self, self == CHENGDU ? CHONGQING : CHENGDU, month, &sheet),
	    ERROR_NONE);
	assert_int_equal(sheet->self, self);
	return sheet;
}

static void expect_side(const struct clearing_sheet *sheet, size_t side, uint32_t windows,
    uint64_t lines, int64_t positive, int64_t negative, int64_t net, int64_t pays)
{
	const struct clearing_side *one = &sheet->sides[side];
	assert_int_equal(one->payer, side ? CHENGDU : CHONGQING);
	assert_int_equal(one->creditor, side ? CHONGQING : CHENGDU);
	assert_int_equal(one->windows, windows);
	assert_int_equal(one->lines, lines);
	assert_int_equal(one->positive_fen, positive);
	assert_int_equal(one->negative_fen, negative);
	assert_int_equal(one->net_fen, net);
	assert_int_equal(one->pays_fen, pays);
}

static void expect_window(
    const struct window_row *window, uint32_t payer, uint32_t number, uint32_t count, int64_t net)
{
	assert_int_equal(window->payer, payer);
	assert_int_equal(window->number, number);
	assert_int_equal(window->agreed.count, count);
	assert_int_equal(window_net(&window->agreed), net);
}

/* Everything that both have signed. */
static void expect_same(const struct clearing_sheet *a, const struct clearing_sheet *b)
{
	assert_true(hash_equal(&a->clearing.proposal, &b->clearing.proposal));
	assert_true(hash_equal(&a->clearing.document, &b->clearing.document));
	assert_int_equal(a->clearing.due_day, b->clearing.due_day);
	assert_int_equal(a->clearing.gross, b->clearing.gross);
	assert_int_equal(a->taken.count, b->taken.count);
	for (size_t i = 0; i < a->taken.count; i++) {
		const struct window_row *left = &a->taken.rows[i], *right = &b->taken.rows[i];
		assert_int_equal(left->payer, right->payer);
		assert_int_equal(left->number, right->number);
		assert_true(window_totals_equal(&left->agreed, &right->agreed));
		assert_true(hash_equal(&left->statement, &right->statement));
		assert_true(hash_equal(&left->agreement, &right->agreement));
	}
	for (size_t i = 0; i < 2; i++)
		expect_side(b, i, a->sides[i].windows, a->sides[i].lines, a->sides[i].positive_fen,
		    a->sides[i].negative_fen, a->sides[i].net_fen, a->sides[i].pays_fen);
}

/* --- sums ------------------------------------------------------------------------------------------------------- */

static void a_net_sheet_adds_up_by_hand_and_is_the_same_at_both_cities(void **state)
{
	struct neighbours *both = *state;
	owe_october(both);
	clear_month(both, 202610);
	struct clearing_sheet *low = sheet_at(&both->chongqing, 202610);
	struct clearing_sheet *high = sheet_at(&both->chengdu, 202610);
	expect_side(low, 0, 1, 1, 15000, 0, 15000, 0);
	expect_side(low, 1, 2, 4, 43000, -3000, 40000, 25000);
	assert_int_equal(low->taken.count, 3);
	expect_window(&low->taken.rows[0], CHONGQING, 1, 1, 15000);
	expect_window(&low->taken.rows[1], CHENGDU, 1, 3, 32000);
	expect_window(&low->taken.rows[2], CHENGDU, 2, 1, 8000);
	expect_same(low, high);
	assert_int_equal(low->waiting.count, 0);
	assert_int_equal(low->disputes.count, 0);
	clearing_sheet_free(low);
	clearing_sheet_free(high);
}

static void a_gross_sheet_has_a_payment_each_way(void **state)
{
	struct neighbours *both = *state;
	set_gross(both);
	owe_october(both);
	clear_month(both, 202610);
	struct clearing_sheet *sheet = sheet_at(&both->chengdu, 202610);
	assert_true(sheet->clearing.gross);
	expect_side(sheet, 0, 1, 1, 15000, 0, 15000, 15000);
	expect_side(sheet, 1, 2, 4, 43000, -3000, 40000, 40000);
	assert_int_equal(sheet->payment_count, 2);
	assert_int_equal(sheet->payments[0].payer, CHONGQING);
	assert_int_equal(sheet->payments[0].payment.amount_fen, 15000);
	assert_int_equal(sheet->payments[1].payer, CHENGDU);
	assert_int_equal(sheet->payments[1].payment.amount_fen, 40000);
	assert_true(sheet->payments[0].expected && sheet->payments[1].expected);
	clearing_sheet_free(sheet);
}

/* Chongqing has taken back 50.00 and owes nothing; Chengdu owes 200.00: it pays 250.00. */
static void a_negative_window_adds_to_what_the_other_pays(void **state)
{
	struct neighbours *both = *state;
	pair_approve(&both->chongqing, &both->chengdu, -5000);
	cut_and_agree(both, &both->chongqing);
	pair_approve(&both->chengdu, &both->chongqing, 20000);
	cut_and_agree(both, &both->chengdu);
	on_day(both, 2026, 11, 21);
	clear_month(both, 202610);
	struct clearing_sheet *low = sheet_at(&both->chongqing, 202610);
	struct clearing_sheet *high = sheet_at(&both->chengdu, 202610);
	expect_side(low, 0, 1, 1, 0, -5000, -5000, 0);
	expect_side(low, 1, 1, 1, 20000, 0, 20000, 25000);
	expect_same(low, high);
	clearing_sheet_free(low);
	clearing_sheet_free(high);
}

/* --- what is not in it ------------------------------------------------------------------------------------------ */

/* Chengdu's third window is cut on 20 October, and its statement does not arrive before the month is cleared. */
static void a_window_that_was_not_agreed_waits_and_then_names_its_clearing(void **state)
{
	struct neighbours *both = *state;
	owe_october(both);
	on_day(both, 2026, 10, 20);
	pair_approve(&both->chengdu, &both->chongqing, 700);
	assert_int_equal(pair_cut(&both->chengdu, &both->post), ERROR_NONE);
	struct letter held = both->post.letters[--both->post.count];
	on_day(both, 2026, 11, 21);
	clear_month(both, 202610);
	struct clearing_sheet *sheet = sheet_at(&both->chengdu, 202610);
	expect_side(sheet, 1, 2, 4, 43000, -3000, 40000, 25000);
	assert_int_equal(sheet->waiting.count, 1);
	assert_int_equal(sheet->waiting.rows[0].number, 3);
	assert_int_equal(sheet->waiting.rows[0].state, WINDOW_CUT);
	assert_int_equal(sheet->waiting.rows[0].own.positive_fen, 700);
	clearing_sheet_free(sheet);

	both->post.letters[both->post.count++] = held;
	deliver(both);
	on_day(both, 2026, 12, 21);
	clear_month(both, 202611);
	for (size_t i = 0; i < 2; i++) {
		sheet = sheet_at(both->cities[i], 202610);
		expect_side(sheet, 1, 2, 4, 43000, -3000, 40000, 25000);
		assert_int_equal(sheet->waiting.count, 1);
		assert_int_equal(sheet->waiting.rows[0].cleared_month, 202611);
		clearing_sheet_free(sheet);
		sheet = sheet_at(both->cities[i], 202611);
		expect_side(sheet, 1, 1, 1, 700, 0, 700, 700);
		assert_int_equal(sheet->waiting.count, 0);
		clearing_sheet_free(sheet);
	}
}

/* 100.00 to Chengdu, 105.00 to Chongqing, and 40.00 to both: 40.00 is cleared, the other is told as disputed. */
static void a_disputed_line_stands_beside_the_sums_and_not_in_them(void **state)
{
	struct neighbours *both = *state;
	struct obligation other = pair_owe(&both->chengdu, &both->chongqing, 10000);
	other.amount_fen = 10500;
	pair_mirror(&both->chongqing, &other);
	pair_approve(&both->chengdu, &both->chongqing, 4000);
	cut_and_agree(both, &both->chengdu);
	leave_out(both, 1);
	on_day(both, 2026, 11, 21);
	clear_month(both, 202610);
	struct clearing_sheet *low = sheet_at(&both->chongqing, 202610);
	struct clearing_sheet *high = sheet_at(&both->chengdu, 202610);
	expect_side(low, 1, 1, 1, 4000, 0, 4000, 4000);
	expect_same(low, high);
	for (size_t i = 0; i < 2; i++) {
		const struct clearing_sheet *sheet = i ? high : low;
		assert_int_equal(sheet->disputes.count, 1);
		assert_int_equal(sheet->disputes.rows[0].id.sequence, other.sequence);
		assert_int_equal(sheet->disputes.rows[0].payers.amount_fen, 10000);
		assert_int_equal(sheet->disputes.rows[0].creditors.amount_fen, 10500);
	}
	clearing_sheet_free(low);
	clearing_sheet_free(high);
	/* Still open when a later month is cleared: it is told there too. */
	on_day(both, 2026, 11, 25);
	pair_approve(&both->chengdu, &both->chongqing, 100);
	cut_and_agree(both, &both->chengdu);
	on_day(both, 2026, 12, 21);
	clear_month(both, 202611);
	low = sheet_at(&both->chongqing, 202611);
	expect_side(low, 1, 1, 1, 100, 0, 100, 100);
	assert_int_equal(low->disputes.count, 1);
	clearing_sheet_free(low);
}

/* --- states of a clearing --------------------------------------------------------------------------------------- */

static void a_proposal_has_a_sheet_where_it_was_made_and_no_payment(void **state)
{
	static const struct hash none;
	struct neighbours *both = *state;
	struct clearing_sheet *sheet;
	owe_october(both);
	assert_int_equal(clearing_sheet_read(both->chengdu.txn, CHENGDU, CHONGQING, 202610, &sheet),
	    ERROR_NOT_FOUND);
	assert_null(sheet);
	assert_int_equal(pair_clear(&both->chongqing, 202610, CHENGDU, &both->post), ERROR_NONE);
	sheet = sheet_at(&both->chongqing, 202610);
	assert_int_equal(sheet->clearing.state, CLEARING_PROPOSED);
	assert_true(hash_equal(&sheet->clearing.document, &none));
	expect_side(sheet, 1, 2, 4, 43000, -3000, 40000, 25000);
	assert_int_equal(sheet->payment_count, 0);
	clearing_sheet_free(sheet);
	assert_int_equal(clearing_sheet_read(both->chengdu.txn, CHENGDU, CHONGQING, 202610, &sheet),
	    ERROR_NOT_FOUND);
}

static void a_refused_clearing_has_let_its_windows_go(void **state)
{
	struct neighbours *both = *state;
	struct clearing_row row;
	owe_october(both);
	assert_int_equal(pair_clear(&both->chongqing, 202610, CHENGDU, &both->post), ERROR_NONE);
	row = pair_clearing(&both->chongqing, 202610, CHENGDU, CHONGQING);
	assert_int_equal(clearing_refused(both->chongqing.txn, CHENGDU, &row.proposal), ERROR_NONE);
	struct clearing_sheet *sheet = sheet_at(&both->chongqing, 202610);
	assert_int_equal(sheet->clearing.state, CLEARING_REFUSED);
	assert_int_equal(sheet->taken.count, 0);
	assert_int_equal(sheet->waiting.count, 3);
	assert_int_equal(sheet->payment_count, 0);
	clearing_sheet_free(sheet);
}

/* A window that says it was taken, and the clearing does not know of it. */
static void rows_that_contradict_each_other_are_told(void **state)
{
	struct neighbours *both = *state;
	struct clearing_sheet *sheet;
	owe_october(both);
	clear_month(both, 202610);
	pair_approve(&both->chengdu, &both->chongqing, 100);
	cut_and_agree(both, &both->chengdu);
	struct window_row window = pair_window(&both->chengdu, CHENGDU, CHONGQING, 3);
	window.cleared_month = 202610;
	assert_int_equal(window_put(both->chengdu.txn, &window), ERROR_NONE);
	assert_int_equal(clearing_sheet_read(both->chengdu.txn, CHENGDU, CHONGQING, 202610, &sheet),
	    ERROR_CORRUPT);
	assert_null(sheet);
}

/* --- payments --------------------------------------------------------------------------------------------------- */

static void expect_payment(const struct clearing_sheet *sheet, size_t at, uint32_t attempt,
    enum payment_state state, const char *id, enum bank_fact fact, const char *reference)
{
	const struct clearing_payment *one = &sheet->payments[at];
	assert_true(at < sheet->payment_count);
	assert_int_equal(one->payer, CHENGDU);
	assert_int_equal(one->creditor, CHONGQING);
	assert_int_equal(one->expected, state == 0);
	assert_int_equal(one->payment.attempt, attempt);
	assert_int_equal(one->payment.amount_fen, 25000);
	assert_string_equal(one->payment.end_to_end, id);
	assert_int_equal(one->payment.state, state);
	assert_int_equal(one->said.fact, fact);
	assert_string_equal(one->said.reference, reference);
}

/* What the other city has told of it. */
static void expect_told(
    const struct clearing_sheet *sheet, size_t at, enum bank_fact fact, const char *reference)
{
	assert_int_equal(sheet->payments[at].told.fact, fact);
	assert_string_equal(sheet->payments[at].told.reference, reference);
}

/* Ordered, rejected, ordered again, booked, come in, taken back, returned: at each step both sheets tell it as their city knows it. */
static void every_attempt_stands_on_the_sheet_with_the_banks_last_word(void **state)
{
	struct neighbours *both = *state;
	struct clearing_sheet *sheet;
	owe_october(both);
	clear_month(both, 202610);
	sheet = sheet_at(&both->chengdu, 202610);
	assert_int_equal(sheet->payment_count, 1);
	expect_payment(sheet, 0, 1, 0, first_id, 0, "");
	clearing_sheet_free(sheet);

	assert_int_equal(pay(both, &both->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	sheet = sheet_at(&both->chengdu, 202610);
	assert_int_equal(sheet->payment_count, 1);
	expect_payment(sheet, 0, 1, PAYMENT_ORDERED, first_id, 0, "");
	clearing_sheet_free(sheet);

	assert_int_equal(bank_says(both, &both->chengdu, BANK_REJECTED, first_id, 25000, "R-1"),
	    REASON_rejected);
	assert_int_equal(pay(both, &both->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(
	    bank_says(both, &both->chengdu, BANK_BOOKED, second_id, 25000, "B-2"), REASON_booked);
	deliver(both);
	/* Chengdu has told that its bank has booked it; Chongqing's bank has said nothing yet. */
	sheet = sheet_at(&both->chongqing, 202610);
	assert_int_equal(sheet->payment_count, 1);
	expect_payment(sheet, 0, 2, 0, second_id, 0, "");
	expect_told(sheet, 0, BANK_BOOKED, "B-2");
	clearing_sheet_free(sheet);
	assert_int_equal(bank_says(both, &both->chongqing, BANK_CREDITED, second_id, 25000, "C-2"),
	    REASON_received);
	deliver(both);
	sheet = sheet_at(&both->chengdu, 202610);
	assert_int_equal(sheet->clearing.state, CLEARING_SETTLED);
	assert_true(sheet->sides[1].paid);
	assert_int_equal(sheet->payment_count, 2);
	expect_payment(sheet, 0, 1, PAYMENT_REJECTED, first_id, BANK_REJECTED, "R-1");
	expect_payment(sheet, 1, 2, PAYMENT_BOOKED, second_id, BANK_BOOKED, "B-2");
	expect_told(sheet, 0, 0, "");
	expect_told(sheet, 1, BANK_CREDITED, "C-2");
	clearing_sheet_free(sheet);
	sheet = sheet_at(&both->chongqing, 202610);
	assert_int_equal(sheet->payment_count, 1);
	expect_payment(sheet, 0, 2, PAYMENT_RECEIVED, second_id, BANK_CREDITED, "C-2");
	expect_told(sheet, 0, BANK_BOOKED, "B-2");
	clearing_sheet_free(sheet);

	/* It goes back: a third attempt is to come, at both. */
	assert_int_equal(
	    bank_says(both, &both->chongqing, BANK_TAKEN_BACK, second_id, 25000, "T-2"),
	    REASON_returned);
	assert_int_equal(bank_says(both, &both->chengdu, BANK_RETURNED, second_id, 25000, "X-2"),
	    REASON_returned);
	deliver(both);
	char third_id[END_TO_END_SIZE];
	payment_end_to_end(CHENGDU, PAYMENT_CLEARING, "202610", "500000", 3, third_id);
	sheet = sheet_at(&both->chengdu, 202610);
	assert_int_equal(sheet->clearing.state, CLEARING_NETTED);
	assert_int_equal(sheet->payment_count, 3);
	expect_payment(sheet, 1, 2, PAYMENT_RETURNED, second_id, BANK_RETURNED, "X-2");
	expect_payment(sheet, 2, 3, 0, third_id, 0, "");
	clearing_sheet_free(sheet);
	sheet = sheet_at(&both->chongqing, 202610);
	assert_int_equal(sheet->payment_count, 2);
	expect_payment(sheet, 0, 2, PAYMENT_RETURNED, second_id, BANK_TAKEN_BACK, "T-2");
	expect_payment(sheet, 1, 3, 0, third_id, 0, "");
	clearing_sheet_free(sheet);
}

/* A file that tells booked and returned at once: the second word waits to be said by itself, and is not told yet. */
static void a_word_that_changed_nothing_is_no_last_word(void **state)
{
	struct neighbours *both = *state;
	owe_october(both);
	clear_month(both, 202610);
	assert_int_equal(pay(both, &both->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	const struct bank_line lines[] = {
	    bank_line_of(&both->chengdu, BANK_BOOKED, first_id, 25000, "B-1"),
	    bank_line_of(&both->chengdu, BANK_RETURNED, first_id, 25000, "X-1"),
	};
	assert_int_equal(bank_says_all(both, &both->chengdu, lines, 2), REASON_booked);
	assert_int_equal(city_reason(&both->chengdu, 1), REASON_unmatched);
	struct clearing_sheet *sheet = sheet_at(&both->chengdu, 202610);
	expect_payment(sheet, 0, 1, PAYMENT_BOOKED, first_id, BANK_BOOKED, "B-1");
	clearing_sheet_free(sheet);
}

/* Drawn from the reserve: paid for good, and no payment is to come. */
static void what_is_drawn_from_the_reserve_is_paid_without_a_payment(void **state)
{
	struct neighbours *both = *state;
	owe_october(both);
	clear_month(both, 202610);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    clearing_draw(both->cities[i]->txn, 202610, CHENGDU, CHONGQING), ERROR_NONE);
	for (size_t i = 0; i < 2; i++) {
		struct clearing_sheet *sheet = sheet_at(both->cities[i], 202610);
		assert_int_equal(sheet->clearing.state, CLEARING_SETTLED);
		assert_true(sheet->sides[1].paid && sheet->sides[1].drawn);
		assert_false(sheet->sides[0].paid || sheet->sides[0].drawn);
		assert_int_equal(sheet->payment_count, 0);
		clearing_sheet_free(sheet);
	}
}

#define NEIGHBOURS(test) cmocka_unit_test_setup_teardown(test, neighbours_open, neighbours_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    NEIGHBOURS(a_net_sheet_adds_up_by_hand_and_is_the_same_at_both_cities),
	    NEIGHBOURS(a_gross_sheet_has_a_payment_each_way),
	    NEIGHBOURS(a_negative_window_adds_to_what_the_other_pays),
	    NEIGHBOURS(a_window_that_was_not_agreed_waits_and_then_names_its_clearing),
	    NEIGHBOURS(a_disputed_line_stands_beside_the_sums_and_not_in_them),
	    NEIGHBOURS(a_proposal_has_a_sheet_where_it_was_made_and_no_payment),
	    NEIGHBOURS(a_refused_clearing_has_let_its_windows_go),
	    NEIGHBOURS(rows_that_contradict_each_other_are_told),
	    NEIGHBOURS(every_attempt_stands_on_the_sheet_with_the_banks_last_word),
	    NEIGHBOURS(what_is_drawn_from_the_reserve_is_paid_without_a_payment),
	    NEIGHBOURS(a_word_that_changed_nothing_is_no_last_word),
	};
	return cmocka_run_group_tests_name("settlement/clearing_sheet", tests, NULL, NULL);
}
