/* What guests have earned an institution, from the verdicts to the bank: by hand, 60.00 a person and June. */
#include "town.h"

#include "clearing.h"

#define JUNE 202606u

struct fixture {
	struct town chengdu, chongqing;
	struct town *towns[2];
	struct town_post post;
};

static const char beds[] =
    CATALOGUE("510100", "1") DAILY("bed_subsidy", "bed", "home", "2026-01-01", "50.00", "city", "");
static const char beds_of_chongqing[] =
    CATALOGUE("500000", "1") DAILY("bed_subsidy", "bed", "home", "2026-01-01", "60.00", "city", "");

static void on(struct fixture *fixture, int32_t today)
{
	town_at(&fixture->chengdu, today);
	town_at(&fixture->chongqing, today);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	*state = fixture;
	fixture->towns[0] = &fixture->chengdu;
	fixture->towns[1] = &fixture->chongqing;
	town_open(&fixture->chengdu, CHENGDU, span_text(beds), &fixture->post);
	town_open(&fixture->chongqing, CHONGQING, span_text(beds_of_chongqing), &fixture->post);
	town_introduce(fixture->towns, 2, &fixture->post);
	town_house(&fixture->chengdu, HOUSE_A, CHENGDU, 100);
	town_fund(&fixture->chengdu, "city", 100000);
	town_fund(&fixture->chongqing, "city", 100000);
	on(fixture, day(2026, 7, 3));
	town_carry(fixture->towns, 2, &fixture->post);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	town_close(&fixture->chengdu);
	town_close(&fixture->chongqing);
	town_post_free(&fixture->post);
	free(fixture);
	return 0;
}

/* A person of Chongqing slept in Chengdu all June, and it was claimed; returns Chongqing's entry that approved it. */
static uint64_t visit(struct fixture *fixture, uint32_t serial)
{
	uint64_t person =
	    town_person(&fixture->chongqing, serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_file(&fixture->chongqing, person, CHENGDU, day(2026, 6, 1), DAY_NEVER);
	town_carry(fixture->towns, 2, &fixture->post);
	town_stay(&fixture->chengdu, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 30));
	town_carry(fixture->towns, 2, &fixture->post);
	town_claim_one(&fixture->chengdu, HOUSE_A, CHONGQING, JUNE, "bed_subsidy", person, 1, 30);
	town_carry(fixture->towns, 2, &fixture->post);
	town_approved(&fixture->chongqing, fixture->chongqing.sequence, 0, 6000);
	return fixture->chongqing.sequence;
}

static void reverse(struct fixture *fixture, uint64_t sequence)
{
	struct buffer line = {0};
	reversal_line_write(&line, sequence, 0, span_text("入住日期有误"));
	assert_int_equal(
	    town_order(&fixture->chongqing, KIND_reversal, NULL, 0, &line, 1), ERROR_NONE);
	town_carry(fixture->towns, 2, &fixture->post);
}

static void cut(struct fixture *fixture)
{
	struct buffer parameter = {0};
	codec_put_null(&parameter);
	assert_int_equal(
	    town_order(&fixture->chongqing, KIND_cut, &parameter, 1, NULL, 0), ERROR_NONE);
	town_carry(fixture->towns, 2, &fixture->post);
}

static void clear_month(struct fixture *fixture, uint32_t month)
{
	struct buffer parameters = {0};
	codec_put_uint(&parameters, month);
	codec_put_uint(&parameters, CHENGDU);
	if (town_order(&fixture->chongqing, KIND_clearing, &parameters, 2, NULL, 0))
		fail_msg("%s", fixture->chongqing.detail.text);
	town_carry(fixture->towns, 2, &fixture->post);
}

static enum error order(struct town *town, enum payment_kind kind, const char *name)
{
	struct buffer parameters = {0};
	payment_parameters_write(&parameters, kind, name, "");
	return town_order(town, KIND_payment_order, &parameters, PAYMENT_PARAMETERS, NULL, 0);
}

/* One fact of the bank, which must change the books by `reason`. */
static void bank(
    struct town *town, enum bank_fact fact, const char *end_to_end, int64_t fen, enum reason reason)
{
	struct bank_line line = {
	    .fact = fact, .amount_fen = fen, .day = day_of_time(town->now_ms), .reference = "R1"};
	struct buffer lines = {0};
	snprintf(line.end_to_end, sizeof(line.end_to_end), "%s", end_to_end);
	bank_line_write(&lines, &line);
	assert_int_equal(town_order(town, KIND_bank, NULL, 0, &lines, 1), ERROR_NONE);
	assert_string_equal(reason_name(town_reason(town, 0)), reason_name(reason));
}

/* Chongqing pays its clearing, and Chengdu's bank has the money. */
static void settle(struct fixture *fixture, const char *month, int64_t fen)
{
	char id[END_TO_END_SIZE];
	payment_end_to_end(CHONGQING, PAYMENT_CLEARING, month, "510100", 1, id);
	assert_int_equal(order(&fixture->chongqing, PAYMENT_CLEARING, month), ERROR_NONE);
	bank(&fixture->chongqing, BANK_BOOKED, id, fen, REASON_booked);
	town_carry(fixture->towns, 2, &fixture->post);
	bank(&fixture->chengdu, BANK_CREDITED, id, fen, REASON_received);
	town_carry(fixture->towns, 2, &fixture->post);
}

/* Ordered for the house under this name, and booked. */
static void pay_guests(struct fixture *fixture, const char *name, int64_t fen)
{
	char id[END_TO_END_SIZE];
	struct payment payment;
	struct txn *txn;
	if (order(&fixture->chengdu, PAYMENT_GUESTS, name))
		fail_msg("%s", fixture->chengdu.detail.text);
	payment_end_to_end(CHENGDU, PAYMENT_GUESTS, name, HOUSE_A, 1, id);
	assert_int_equal(txn_begin_read(ledger_store(fixture->chengdu.ledger), &txn), ERROR_NONE);
	assert_int_equal(payment_find(txn, id, &payment), ERROR_NONE);
	txn_abort(txn);
	assert_true(payment.amount_fen == fen);
	bank(&fixture->chengdu, BANK_BOOKED, id, fen, REASON_booked);
}

/* July's clearing brings 120.00. 60.00 of them are taken back in a window that no clearing has yet, so that 60.00 are paid
 * now; August's brings 60.00 less 60.00. The house has earned 120.00 in the end, and gets 120.00. */
static void what_a_reversal_of_a_later_window_kept_back_is_paid_with_that_window(void **state)
{
	struct fixture *fixture = *state;
	uint64_t taken = visit(fixture, 1);
	visit(fixture, 2);
	cut(fixture);
	on(fixture, day(2026, 7, 4));
	reverse(fixture, taken);
	on(fixture, day(2026, 8, 21));
	clear_month(fixture, 202607);
	settle(fixture, "202607", 12000);
	pay_guests(fixture, "202607-500000", 6000);
	assert_int_equal(order(&fixture->chengdu, PAYMENT_GUESTS, "202607-500000"), ERROR_STATE);
	visit(fixture, 3);
	assert_true(town_remote(&fixture->chengdu, HOUSE_A) == 6000);
	on(fixture, day(2026, 8, 22));
	cut(fixture);
	on(fixture, day(2026, 9, 21));
	clear_month(fixture, 202608);
	pay_guests(fixture, "202608-500000", 6000);
	assert_true(town_remote(&fixture->chengdu, HOUSE_A) == 0);
	assert_true(town_recoverable(&fixture->chengdu, HOUSE_A) == 0);
	/* In came 1000.00 and 120.00, out went 120.00. */
	assert_true(town_credit(&fixture->chengdu, "treasury") == -100000);
	assert_int_equal(order(&fixture->chengdu, PAYMENT_GUESTS, "202608-500000"), ERROR_STATE);
}

/* Refused by the bank, the money is due again, once. */
static void guests_money_that_the_bank_refused_is_ordered_once_more(void **state)
{
	struct fixture *fixture = *state;
	char id[END_TO_END_SIZE];
	visit(fixture, 1);
	cut(fixture);
	on(fixture, day(2026, 8, 21));
	clear_month(fixture, 202607);
	settle(fixture, "202607", 6000);
	assert_int_equal(order(&fixture->chengdu, PAYMENT_GUESTS, "202607-500000"), ERROR_NONE);
	payment_end_to_end(CHENGDU, PAYMENT_GUESTS, "202607-500000", HOUSE_A, 1, id);
	bank(&fixture->chengdu, BANK_REJECTED, id, 6000, REASON_rejected);
	assert_int_equal(order(&fixture->chengdu, PAYMENT_GUESTS, "202607-500000"), ERROR_NONE);
	payment_end_to_end(CHENGDU, PAYMENT_GUESTS, "202607-500000", HOUSE_A, 2, id);
	bank(&fixture->chengdu, BANK_BOOKED, id, 6000, REASON_booked);
	assert_int_equal(order(&fixture->chengdu, PAYMENT_GUESTS, "202607-500000"), ERROR_STATE);
	assert_true(town_remote(&fixture->chengdu, HOUSE_A) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		what_a_reversal_of_a_later_window_kept_back_is_paid_with_that_window, set_up,
		tear_down),
	    cmocka_unit_test_setup_teardown(
		guests_money_that_the_bank_refused_is_ordered_once_more, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("settlement/payment_order", tests, NULL, NULL);
}
