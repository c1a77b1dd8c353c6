/* The reserve between two cities, by figures worked by hand (reserve.h). */
#include "reserve.h"
#include "reversal.h"

/* --- lodged -------------------------------------------------------------------------------------------------------- */

static void a_reserve_is_lodged_when_the_bank_has_booked_it_and_held_when_the_other_bank_shows_it(
    void **state)
{
	struct desk *desk = *state;
	struct town *home = &desk->pair.home, *host = &desk->pair.host;
	const int64_t home_cash = cash(home), host_cash = cash(host);
	char id[END_TO_END_SIZE];
	id_of(id, "2026", 1);
	assert_int_equal(lodge_order(desk, "2026", 50000), ERROR_NONE);
	/* The same name again is the same payment, whatever the amount. */
	assert_int_equal(lodge_order(desk, "2026", 50000), ERROR_STATE);
	assert_int_equal(lodge_order(desk, "2026", 60000), ERROR_STATE);
	assert_int_equal(lodged(desk), 0);
	assert_int_equal(cash(home), home_cash);
	assert_int_equal(says(home, BANK_BOOKED, id, 50000), REASON_booked);
	assert_int_equal(says(home, BANK_BOOKED, id, 50000), REASON_said_before);
	assert_int_equal(lodged(desk), 50000);
	assert_int_equal(cash(home), home_cash - 50000);
	/* Before it is announced the credit matches nothing; afterwards it is what was announced. */
	assert_int_equal(says(host, BANK_CREDITED, id, 50000), REASON_unmatched);
	carry(&desk->pair);
	assert_int_equal(kept(desk), 0);
	assert_int_equal(says(host, BANK_CREDITED, id, 49999), REASON_other_amount);
	assert_int_equal(says(host, BANK_CREDITED, id, 50000), REASON_received);
	assert_int_equal(says(host, BANK_CREDITED, id, 50000), REASON_said_before);
	assert_int_equal(kept(desk), 50000);
	assert_int_equal(cash(host), host_cash + 50000);
}

static void a_reserve_that_the_bank_rejects_or_returns_is_lodged_once_in_the_end(void **state)
{
	struct desk *desk = *state;
	struct town *home = &desk->pair.home, *host = &desk->pair.host;
	const int64_t home_cash = cash(home), host_cash = cash(host);
	struct buffer again = {0};
	char ids[3][END_TO_END_SIZE];
	for (uint32_t i = 0; i < 3; i++)
		id_of(ids[i], "2026", i + 1);
	assert_int_equal(lodge_order(desk, "2026", 50000), ERROR_NONE);
	assert_int_equal(says(home, BANK_REJECTED, ids[0], 50000), REASON_rejected);
	assert_int_equal(cash(home), home_cash);
	/* Once more by its name alone: with the amount that it had. */
	payment_parameters_write(&again, PAYMENT_PREFUND, "2026", "");
	assert_int_equal(
	    town_order(home, KIND_payment_order, &again, PAYMENT_PARAMETERS, NULL, 0), ERROR_NONE);
	assert_int_equal(says(home, BANK_BOOKED, ids[1], 50000), REASON_booked);
	assert_int_equal(lodged(desk), 50000);
	assert_int_equal(says(home, BANK_RETURNED, ids[1], 50000), REASON_returned);
	assert_int_equal(lodged(desk), 0);
	assert_int_equal(cash(home), home_cash);
	payment_parameters_write(&again, PAYMENT_PREFUND, "2026", "");
	assert_int_equal(
	    town_order(home, KIND_payment_order, &again, PAYMENT_PARAMETERS, NULL, 0), ERROR_NONE);
	payment_parameters_write(&again, PAYMENT_PREFUND, "2026", "");
	assert_int_equal(
	    town_order(home, KIND_payment_order, &again, PAYMENT_PARAMETERS, NULL, 0), ERROR_STATE);
	assert_int_equal(says(home, BANK_BOOKED, ids[2], 50000), REASON_booked);
	carry(&desk->pair);
	assert_int_equal(says(host, BANK_CREDITED, ids[2], 50000), REASON_received);
	assert_int_equal(lodged(desk), 50000);
	assert_int_equal(kept(desk), 50000);
	assert_int_equal(cash(home), home_cash - 50000);
	assert_int_equal(cash(host), host_cash + 50000);
}

static void what_the_bank_takes_back_is_held_no_more(void **state)
{
	struct desk *desk = *state;
	const int64_t host_cash = cash(&desk->pair.host);
	char id[END_TO_END_SIZE];
	lodge(desk, "2026", 50000);
	id_of(id, "2026", 1);
	assert_int_equal(says(&desk->pair.host, BANK_TAKEN_BACK, id, 50000), REASON_returned);
	assert_int_equal(kept(desk), 0);
	assert_int_equal(cash(&desk->pair.host), host_cash);
	assert_int_equal(says(&desk->pair.host, BANK_TAKEN_BACK, id, 50000), REASON_said_before);
}

/* --- the cap --------------------------------------------------------------------------------------------------------- */

static void a_line_above_the_reserve_is_held_and_a_smaller_one_behind_it_still_fits(void **state)
{
	struct desk *desk = *state;
	const int64_t fund = town_fund_left(&desk->pair.home, "fiscal");
	lodge(desk, "2026", 50000);
	uint64_t a = guest(desk), b = guest(desk), c = guest(desk);
	pair_at(&desk->pair, day(2026, 7, 2));
	/* 300.00 of 500.00; another 300.00 would make 600.00; 200.00 fill it. */
	expect_paid(desk_verdict(&desk->pair.host, HOUSE_D, asks(desk, a, 1, 30), 0), MONTH);
	expect_held(desk, asks(desk, b, 1, 30), MONTH, 50000, MONTH);
	expect_paid(desk_verdict(&desk->pair.host, HOUSE_D, asks(desk, c, 1, 20), 0), 20 * NIGHT);
	expect_owed(desk, 1, 50000);
	assert_int_equal(town_remote(&desk->pair.host, HOUSE_D), 50000);
	assert_int_equal(town_fund_left(&desk->pair.home, "fiscal"), fund - 50000);
	/* Its days are taken, as those of the others. */
	expect_refused(judge(&desk->pair, CHENGDU, b, "care_subsidy", 5, 5), REASON_duplicate,
	    day(2026, 6, 5));
	/* One night more is one too many. */
	expect_held(desk, asks(desk, c, 21, 21), NIGHT, 50000, 50000);
}

static void the_lines_of_one_sheet_count_one_after_the_other(void **state)
{
	struct desk *desk = *state;
	lodge(desk, "2026", 35000);
	const struct claim_line lines[] = {
	    {.person = guest(desk), .programme = "care_subsidy", .first = 1, .last = 20},
	    {.person = guest(desk), .programme = "care_subsidy", .first = 1, .last = 20},
	    {.person = guest(desk), .programme = "care_subsidy", .first = 1, .last = 15},
	};
	pair_at(&desk->pair, day(2026, 7, 2));
	uint64_t number = desk_claim(&desk->pair.host, HOUSE_D, CHENGDU, JUNE, lines, 3);
	carry(&desk->pair);
	/* 200.00; 400.00 is above 350.00; 200.00 + 150.00 is not. */
	expect_paid(desk_verdict(&desk->pair.home, HOUSE_D, number, 0), 20000);
	const struct verdict held = desk_verdict(&desk->pair.home, HOUSE_D, number, 1);
	assert_string_equal(reason_name(held.reason), "held_prefund");
	assert_int_equal(held.unpaid_fen, 20000);
	expect_paid(desk_verdict(&desk->pair.home, HOUSE_D, number, 2), 15000);
	expect_owed(desk, 1, 35000);
}

static void the_factor_multiplies_the_reserve_and_without_one_nothing_is_held(void **state)
{
	struct desk *desk = *state;
	uint64_t a = guest(desk), b = guest(desk);
	lodge(desk, "2026", 20001);
	bound(desk, "prefunds:\n  - {host: 510800, percent: 150}\n");
	pair_at(&desk->pair, day(2026, 7, 2));
	/* 200.01 x 1.5 = 300.015, rounded down: 300.01 */
	expect_paid(desk_verdict(&desk->pair.host, HOUSE_D, asks(desk, a, 1, 30), 0), MONTH);
	expect_held(desk, asks(desk, b, 1, 1), NIGHT, 30001, MONTH);
	bound(desk, "");
	expect_paid(desk_verdict(&desk->pair.host, HOUSE_D, asks(desk, b, 2, 30), 0), 29 * NIGHT);
}

/* --- decided again ------------------------------------------------------------------------------------------------- */

static void a_held_line_is_decided_when_the_reserve_is_topped_up_in_order_of_booking(void **state)
{
	struct desk *desk = *state;
	uint64_t a = guest(desk), b = guest(desk), c = guest(desk);
	lodge(desk, "1", 30000);
	pair_at(&desk->pair, day(2026, 7, 2));
	asks(desk, a, 1, 30);
	uint64_t first = asks(desk, b, 1, 30), second = asks(desk, c, 1, 10);
	expect_held(desk, first, MONTH, 30000, 30000);
	expect_held(desk, second, 10 * NIGHT, 30000, 30000);
	assert_int_equal(further(desk), ERROR_STATE);
	/* 400.00: room for 100.00, but the 300.00 before it come first. */
	lodge(desk, "2", 10000);
	assert_int_equal(further(desk), ERROR_STATE);
	cut(desk);
	/* Long after the deadline of 60 days: they keep the day on which they were claimed. */
	pair_at(&desk->pair, day(2026, 12, 1));
	lodge(desk, "3", 20000);
	assert_int_equal(further(desk), ERROR_NONE);
	carry(&desk->pair);
	expect_paid(ended(desk, first), MONTH);
	/* A result of the new entry, in the window that is open now. */
	expect_owed(desk, 1, 30000);
	expect_owed(desk, 2, 30000);
	assert_int_equal(town_remote(&desk->pair.host, HOUSE_D), 60000);
	assert_int_equal(further(desk), ERROR_STATE);
	lodge(desk, "4", 10000);
	assert_int_equal(further(desk), ERROR_NONE);
	carry(&desk->pair);
	expect_paid(ended(desk, second), 10 * NIGHT);
	expect_owed(desk, 2, 40000);
	/* Nothing is held any more; the days are still taken; both count the same. */
	assert_int_equal(further(desk), ERROR_STATE);
	expect_refused(judge(&desk->pair, CHENGDU, c, "care_subsidy", 10, 10), REASON_duplicate,
	    day(2026, 6, 10));
	cut(desk);
	for (uint32_t number = 1; number <= 2; number++) {
		struct txn *txn = desk_read(&desk->pair.host);
		struct window_row window;
		assert_int_equal(window_get(txn, CHENGDU, GUANGYUAN, number, &window), ERROR_NONE);
		txn_abort(txn);
		assert_int_equal(window.state, WINDOW_AGREED);
	}
}

static void refused_in_the_end_it_frees_exactly_its_days(void **state)
{
	struct desk *desk = *state;
	uint64_t a = guest(desk);
	lodge(desk, "1", 15000);
	pair_at(&desk->pair, day(2026, 7, 2));
	expect_paid(desk_verdict(&desk->pair.host, HOUSE_D, asks(desk, a, 1, 15), 0), 15000);
	uint64_t held = asks(desk, a, 16, 30);
	expect_held(desk, held, 15000, 15000, 15000);
	/* The stay turns out to have ended on the 20th: nights 21 to 30 are none. */
	struct person_facts facts = {.code = a,
	    .birth_day = day(1940, 1, 1),
	    .death_day = day(2026, 6, 20),
	    .income_class = INCOME_OTHER};
	town_facts(&desk->pair.home, &facts);
	lodge(desk, "2", 15000);
	assert_int_equal(further(desk), ERROR_NONE);
	carry(&desk->pair);
	const struct verdict verdict = ended(desk, held);
	assert_string_equal(reason_name(verdict.reason), "after_death");
	expect_owed(desk, 1, 15000);
	assert_int_equal(town_remote(&desk->pair.host, HOUSE_D), 15000);
	/* 16 to 20 can be claimed, as a correction; 1 to 15 are paid. */
	expect_refused(judge(&desk->pair, CHENGDU, a, "care_subsidy", 15, 20), REASON_duplicate,
	    day(2026, 6, 15));
	expect_paid(judge(&desk->pair, CHENGDU, a, "care_subsidy", 16, 20), 5 * NIGHT);
	expect_owed(desk, 1, 20000);
}

static void a_line_that_was_held_is_taken_back_like_any_other(void **state)
{
	struct desk *desk = *state;
	struct buffer line = {0};
	uint64_t a = guest(desk), b = guest(desk);
	lodge(desk, "1", 30000);
	pair_at(&desk->pair, day(2026, 7, 2));
	/* The line that is held is the second of its sheet, and the first of the entry that decides it. */
	const struct claim_line lines[] = {
	    {.person = a, .programme = "care_subsidy", .first = 1, .last = 30},
	    {.person = b, .programme = "care_subsidy", .first = 1, .last = 30},
	};
	desk_claim(&desk->pair.host, HOUSE_D, CHENGDU, JUNE, lines, 2);
	carry(&desk->pair);
	const uint64_t booked = desk->pair.home.sequence;
	reversal_line_write(&line, booked, 1, span_text("x"));
	assert_int_equal(
	    town_order(&desk->pair.home, KIND_reversal, NULL, 0, &line, 1), ERROR_NOT_FOUND);
	lodge(desk, "2", 30000);
	assert_int_equal(further(desk), ERROR_NONE);
	const uint64_t decided = desk->pair.home.sequence;
	carry(&desk->pair);
	expect_owed(desk, 1, 60000);
	reversal_line_write(&line, decided, 0, span_text("counted twice"));
	assert_int_equal(
	    town_order(&desk->pair.home, KIND_reversal, NULL, 0, &line, 1), ERROR_NONE);
	carry(&desk->pair);
	expect_owed(desk, 1, 30000);
	assert_int_equal(town_remote(&desk->pair.host, HOUSE_D), 30000);
	reversal_line_write(&line, decided, 0, span_text("again"));
	assert_int_equal(
	    town_order(&desk->pair.home, KIND_reversal, NULL, 0, &line, 1), ERROR_EXISTS);
	/* What was approved counts until it is paid, also what was taken back: it is the gross sum. The day is free. */
	expect_held(desk, asks(desk, b, 1, 1), NIGHT, 60000, 60000);
}

/* Bed nights that the sheet takes of the house's, at the host. */
static uint32_t nights_of(struct desk *desk, uint64_t number)
{
	struct txn *txn = desk_read(&desk->pair.host);
	struct sheet_row row;
	assert_int_equal(sheet_row_get(txn, HOUSE_D, number, &row), ERROR_NONE);
	txn_abort(txn);
	return row.nights;
}

static void the_nights_of_a_held_line_are_kept_for_it_and_freed_when_it_is_refused(void **state)
{
	static const struct programme_text bed = {
	    .code = "care_subsidy", .need = "bed", .more = "    takes_capacity: true\n"};
	static struct catalogue_text text;
	struct desk *desk = *state;
	uint64_t a = guest(desk), b = guest(desk);
	catalogue_of(&text, CHENGDU, ++desk->version, &bed, 1);
	text.size += (size_t)snprintf(text.text + text.size, sizeof(text.text) - text.size,
	    "prefunds:\n  - {host: 510800, percent: 100}\n");
	assert_int_equal(town_policy(&desk->pair.home, catalogue_span(&text)), ERROR_NONE);
	carry(&desk->pair);
	pair_at(&desk->pair, day(2026, 7, 2));
	/* Nothing is lodged: both are held. */
	uint64_t first = asks(desk, a, 1, 30), second = asks(desk, b, 1, 30);
	expect_held(desk, first, MONTH, 0, 0);
	expect_held(desk, second, MONTH, 0, 0);
	assert_int_equal(nights_of(desk, first), 30);
	assert_int_equal(nights_of(desk, second), 30);
	struct person_facts facts = {.code = a,
	    .birth_day = day(1940, 1, 1),
	    .death_day = day(2026, 5, 31),
	    .income_class = INCOME_OTHER};
	town_facts(&desk->pair.home, &facts);
	/* What is refused needs no reserve; what follows it still does. One sheet an entry. */
	assert_int_equal(further(desk), ERROR_NONE);
	assert_int_equal(further(desk), ERROR_STATE);
	carry(&desk->pair);
	assert_string_equal(reason_name(ended(desk, first).reason), "after_death");
	assert_int_equal(nights_of(desk, first), 0);
	lodge(desk, "1", 30000);
	assert_int_equal(further(desk), ERROR_NONE);
	carry(&desk->pair);
	expect_paid(ended(desk, second), MONTH);
	assert_int_equal(nights_of(desk, second), 30);
}

/* --- paid, drawn ----------------------------------------------------------------------------------------------------- */

static void when_the_clearing_is_paid_there_is_room_again(void **state)
{
	struct desk *desk = *state;
	char id[END_TO_END_SIZE];
	uint64_t a = guest(desk), b = guest(desk);
	lodge(desk, "1", 30000);
	pair_at(&desk->pair, day(2026, 7, 2));
	asks(desk, a, 1, 30);
	uint64_t held = asks(desk, b, 1, 30);
	pair_at(&desk->pair, day(2026, 7, 3));
	cut(desk);
	clear_july(desk);
	assert_int_equal(further(desk), ERROR_STATE);
	assert_int_equal(pay_clearing(desk), ERROR_NONE);
	clearing_id(id, 1);
	assert_int_equal(says(&desk->pair.home, BANK_BOOKED, id, 30000), REASON_booked);
	carry(&desk->pair);
	assert_int_equal(further(desk), ERROR_STATE);
	assert_int_equal(says(&desk->pair.host, BANK_CREDITED, id, 30000), REASON_received);
	carry(&desk->pair);
	assert_int_equal(clearing_at(&desk->pair.home).state, CLEARING_SETTLED);
	assert_int_equal(further(desk), ERROR_NONE);
	carry(&desk->pair);
	expect_paid(ended(desk, held), MONTH);
	expect_owed(desk, 2, 30000);
}

static void what_is_not_paid_by_the_due_day_is_drawn_from_the_reserve(void **state)
{
	struct desk *desk = *state;
	overdue(desk);
	/* The whole of the due day is home's. */
	pair_at(&desk->pair, day(2026, 8, 31));
	assert_int_equal(draw(desk), ERROR_STATE);
	pair_at(&desk->pair, day(2026, 9, 1));
	assert_int_equal(draw(desk), ERROR_NONE);
	assert_int_equal(kept(desk), 20000);
	assert_int_equal(draw(desk), ERROR_STATE);
	carry(&desk->pair);
	assert_int_equal(lodged(desk), 20000);
	expect_even(desk);
	/* It is paid: neither ordered nor drawn again. */
	assert_int_equal(pay_clearing(desk), ERROR_STATE);
	assert_int_equal(draw(desk), ERROR_STATE);
}

static void a_reserve_that_does_not_cover_it_is_not_drawn(void **state)
{
	struct desk *desk = *state;
	char id[END_TO_END_SIZE];
	overdue(desk);
	id_of(id, "1", 1);
	pair_at(&desk->pair, day(2026, 9, 1));
	assert_int_equal(says(&desk->pair.host, BANK_TAKEN_BACK, id, 50000), REASON_returned);
	assert_int_equal(draw(desk), ERROR_BALANCE);
	assert_int_equal(clearing_at(&desk->pair.host).state, CLEARING_NETTED);
}

/* The order was out when the host drew; the bank books it afterwards. */
static void a_payment_that_comes_late_fills_the_reserve_again(void **state)
{
	struct desk *desk = *state;
	struct town *home = &desk->pair.home, *host = &desk->pair.host;
	char id[END_TO_END_SIZE];
	overdue(desk);
	assert_int_equal(pay_clearing(desk), ERROR_NONE);
	pair_at(&desk->pair, day(2026, 9, 1));
	assert_int_equal(draw(desk), ERROR_NONE);
	carry(&desk->pair);
	assert_int_equal(lodged(desk), 20000);
	clearing_id(id, 1);
	assert_int_equal(says(home, BANK_BOOKED, id, 30000), REASON_booked);
	assert_int_equal(lodged(desk), 50000);
	carry(&desk->pair);
	assert_int_equal(says(host, BANK_CREDITED, id, 30000), REASON_received);
	carry(&desk->pair);
	assert_int_equal(kept(desk), 50000);
	expect_even(desk);
	/* And back again. */
	assert_int_equal(says(host, BANK_TAKEN_BACK, id, 30000), REASON_returned);
	assert_int_equal(says(home, BANK_RETURNED, id, 30000), REASON_returned);
	assert_int_equal(lodged(desk), 20000);
	assert_int_equal(kept(desk), 20000);
	expect_even(desk);
	assert_int_equal(pay_clearing(desk), ERROR_STATE);
}

/* The bank had booked it when the host drew: draw and payment cross. */
static void a_payment_that_crosses_the_draw_fills_the_reserve_again(void **state)
{
	struct desk *desk = *state;
	char id[END_TO_END_SIZE];
	overdue(desk);
	assert_int_equal(pay_clearing(desk), ERROR_NONE);
	clearing_id(id, 1);
	pair_at(&desk->pair, day(2026, 9, 1));
	assert_int_equal(draw(desk), ERROR_NONE);
	assert_int_equal(says(&desk->pair.home, BANK_BOOKED, id, 30000), REASON_booked);
	carry(&desk->pair);
	/* 300.00 drawn, 300.00 on their way. */
	assert_int_equal(lodged(desk), 50000);
	assert_int_equal(kept(desk), 20000);
	assert_int_equal(says(&desk->pair.host, BANK_CREDITED, id, 30000), REASON_received);
	carry(&desk->pair);
	assert_int_equal(kept(desk), 50000);
	expect_even(desk);
}

static void a_rejected_payment_of_what_was_drawn_is_not_ordered_again(void **state)
{
	struct desk *desk = *state;
	char id[END_TO_END_SIZE];
	overdue(desk);
	assert_int_equal(pay_clearing(desk), ERROR_NONE);
	pair_at(&desk->pair, day(2026, 9, 1));
	assert_int_equal(draw(desk), ERROR_NONE);
	carry(&desk->pair);
	clearing_id(id, 1);
	assert_int_equal(says(&desk->pair.home, BANK_REJECTED, id, 30000), REASON_rejected);
	assert_int_equal(pay_clearing(desk), ERROR_STATE);
	assert_int_equal(lodged(desk), 20000);
	expect_even(desk);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(
		a_reserve_is_lodged_when_the_bank_has_booked_it_and_held_when_the_other_bank_shows_it),
	    CASE(a_reserve_that_the_bank_rejects_or_returns_is_lodged_once_in_the_end),
	    CASE(what_the_bank_takes_back_is_held_no_more),
	    CASE(a_line_above_the_reserve_is_held_and_a_smaller_one_behind_it_still_fits),
	    CASE(the_lines_of_one_sheet_count_one_after_the_other),
	    CASE(the_factor_multiplies_the_reserve_and_without_one_nothing_is_held),
	    CASE(a_held_line_is_decided_when_the_reserve_is_topped_up_in_order_of_booking),
	    CASE(refused_in_the_end_it_frees_exactly_its_days),
	    CASE(a_line_that_was_held_is_taken_back_like_any_other),
	    CASE(the_nights_of_a_held_line_are_kept_for_it_and_freed_when_it_is_refused),
	    CASE(when_the_clearing_is_paid_there_is_room_again),
	    CASE(what_is_not_paid_by_the_due_day_is_drawn_from_the_reserve),
	    CASE(a_reserve_that_does_not_cover_it_is_not_drawn),
	    CASE(a_payment_that_comes_late_fills_the_reserve_again),
	    CASE(a_payment_that_crosses_the_draw_fills_the_reserve_again),
	    CASE(a_rejected_payment_of_what_was_drawn_is_not_ordered_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
