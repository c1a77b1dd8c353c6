/* The bank's sheet: what Chengdu orders from its bank for October, added up by hand; each file with the sums that its pain.001 has. */
#include "neighbours.h"

#include "bank_sheet.h"
#include "institution_internal.h"

/* GB 32100 and GB 11714 by another program. */
#define HOUSE "52500103MJ00000184"

/* By another program (payment_test.c): Chengdu's clearing payments of 2026-10 to Chongqing, attempts 1 and 2, and the first file. */
static const char first_id[] = "MIWUZ56QZFVSKKQBZLG5CNWNAISZY2";
static const char second_id[] = "5V5TKQXZXTKL5GL2XUA2DIFFH7Z6NB";
static const char first_message[] = "H2HOWXW2K4FLXOAGGBFSVGLQTHPBH7";

static struct bank_sheet *sheet_at(struct city *city, uint32_t month)
{
	struct bank_sheet *sheet;
	assert_int_equal(
	    bank_sheet_read(city->txn, city->settlement.options.region, month, &sheet), ERROR_NONE);
	return sheet;
}

static void expect_sums(const struct bank_sums *sums, uint32_t count, int64_t ordered,
    int64_t booked, int64_t rejected, int64_t returned)
{
	assert_int_equal(sums->count, count);
	assert_int_equal(sums->ordered_fen, ordered);
	assert_int_equal(sums->booked_fen, booked);
	assert_int_equal(sums->rejected_fen, rejected);
	assert_int_equal(sums->returned_fen, returned);
	assert_int_equal(sums->control_fen, ordered + booked + rejected + returned);
}

static void expect_due(
    const struct bank_sheet *sheet, uint32_t attempt, int64_t fen, const char *id)
{
	assert_int_equal(sheet->due_count, 1);
	assert_int_equal(sheet->dues[0].kind, PAYMENT_CLEARING);
	assert_string_equal(sheet->dues[0].payee, "500000");
	assert_int_equal(sheet->due_fen, fen);
	assert_int_equal(sheet->dues[0].attempt, attempt);
	assert_int_equal(sheet->dues[0].fen, fen);
	assert_int_equal(sheet->dues[0].due_day, day(2026, 12, 1));
	assert_string_equal(sheet->dues[0].end_to_end, id);
}

static void netted(struct neighbours *both)
{
	owe_october(both);
	clear_month(both, 202610);
}

/* 250.00: to be ordered, ordered, rejected and to be ordered again, ordered again, booked. */
static void a_clearing_is_on_the_sheet_before_and_after_each_order(void **state)
{
	struct neighbours *both = *state;
	struct bank_sheet *sheet;
	netted(both);
	sheet = sheet_at(&both->chengdu, 202610);
	expect_due(sheet, 1, 25000, first_id);
	assert_int_equal(sheet->file_count, 0);
	bank_sheet_free(sheet);

	assert_int_equal(pay(both, &both->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	sheet = sheet_at(&both->chengdu, 202610);
	assert_int_equal(sheet->due_count, 0);
	assert_int_equal(sheet->payment_count, 1);
	assert_int_equal(sheet->file_count, 1);
	assert_string_equal(sheet->files[0].message, first_message);
	expect_sums(&sheet->files[0].sums, 1, 25000, 0, 0, 0);
	bank_sheet_free(sheet);

	assert_int_equal(
	    bank_says(both, &both->chengdu, BANK_REJECTED, first_id, 25000, "R"), REASON_rejected);
	sheet = sheet_at(&both->chengdu, 202610);
	expect_due(sheet, 2, 25000, second_id);
	expect_sums(&sheet->files[0].sums, 1, 0, 0, 25000, 0);
	bank_sheet_free(sheet);

	assert_int_equal(pay(both, &both->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(
	    bank_says(both, &both->chengdu, BANK_BOOKED, second_id, 25000, "B"), REASON_booked);
	sheet = sheet_at(&both->chengdu, 202610);
	assert_int_equal(sheet->due_count, 0);
	assert_int_equal(sheet->payment_count, 2);
	assert_string_equal(sheet->payments[0].said.reference, "R");
	assert_string_equal(sheet->payments[1].said.reference, "B");
	assert_int_equal(sheet->file_count, 2);
	assert_int_equal(sheet->files[0].part, 1);
	assert_int_equal(sheet->files[1].part, 2);
	expect_sums(&sheet->files[0].sums, 1, 0, 0, 25000, 0);
	expect_sums(&sheet->files[1].sums, 1, 0, 25000, 0, 0);
	expect_sums(&sheet->clearing, 2, 0, 25000, 25000, 0);
	expect_sums(&sheet->total, 2, 0, 25000, 25000, 0);
	bank_sheet_free(sheet);

	assert_int_equal(
	    bank_says(both, &both->chengdu, BANK_RETURNED, second_id, 25000, "X"), REASON_returned);
	sheet = sheet_at(&both->chengdu, 202610);
	expect_sums(&sheet->files[1].sums, 1, 0, 0, 0, 25000);
	assert_int_equal(sheet->due_count, 1);
	assert_int_equal(sheet->dues[0].attempt, 3);
	bank_sheet_free(sheet);
}

/* The creditor has ordered nothing: what came in is no file of its own. */
static void what_comes_in_is_on_no_sheet_for_the_bank(void **state)
{
	struct neighbours *both = *state;
	netted(both);
	pay_clearing(both, 202610, &both->chengdu);
	struct bank_sheet *sheet = sheet_at(&both->chongqing, 202610);
	assert_int_equal(sheet->payment_count, 0);
	assert_int_equal(sheet->file_count, 0);
	assert_int_equal(sheet->due_count, 0);
	bank_sheet_free(sheet);
	sheet = sheet_at(&both->chengdu, 202611);
	assert_int_equal(sheet->file_count, 0);
	bank_sheet_free(sheet);
}

static void register_house(struct city *city)
{
	struct buffer lines = {0};
	struct institution_line line = {.operation = INSTITUTION_REGISTER,
	    .name = span_text("春晖养老院"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = 500103,
	    .beds = 100,
	    .star = 3,
	    .account = span_text("6222020012345"),
	    .bank = span_text("102653000001")};
	memcpy(line.uscc, HOUSE, USCC_SIZE);
	institution_line_write(&lines, &line);
	assert_int_equal(city_order(city, KIND_OF(institution, false), &lines, 1), ERROR_NONE);
	assert_int_equal(city_reason(city, 0), REASON_registered);
}

/* Chongqing pays its house 12.00 for guests when Chengdu has paid October (ordered in November), and of its own 5.00 in October and
 * 7.00 in November, both under one name: each stands on one month's sheet, the files of the name counted through. */
static void each_file_is_on_the_sheet_of_one_month(void **state)
{
	struct neighbours *both = *state;
	struct city *city = &both->chongqing;
	char account[ACCOUNT_TEXT_SIZE];
	struct bank_sheet *sheet;
	register_house(city);
	pair_book(city, "clearing/outside", account_payable_local(account, HOUSE), 500);
	assert_int_equal(pay(both, city, PAYMENT_INSTITUTION, "batch"), ERROR_NONE);
	char id[END_TO_END_SIZE], message[END_TO_END_SIZE];
	payment_end_to_end(CHONGQING, PAYMENT_INSTITUTION, "batch", HOUSE, 1, id);
	assert_int_equal(bank_says(both, city, BANK_REJECTED, id, 500, "R"), REASON_rejected);
	netted(both);
	pair_book(city, "clearing/outside", account_payable_local(account, HOUSE), 200);
	assert_int_equal(pay(both, city, PAYMENT_INSTITUTION, "batch"), ERROR_NONE);
	pay_clearing(both, 202610, &both->chengdu);
	pair_book(city, "clearing/outside", account_payable_remote(account, HOUSE), 1200);
	assert_int_equal(guest_due_add(city->txn, CHENGDU, 1, HOUSE, 1200), ERROR_NONE);
	sheet = sheet_at(city, 202610);
	assert_int_equal(sheet->due_count, 1);
	assert_int_equal(sheet->dues[0].kind, PAYMENT_GUESTS);
	assert_string_equal(sheet->dues[0].name, "202610-510100");
	assert_int_equal(sheet->dues[0].fen, 1200);
	bank_sheet_free(sheet);
	assert_int_equal(pay(both, city, PAYMENT_GUESTS, "202610-510100"), ERROR_NONE);

	sheet = sheet_at(city, 202610);
	assert_int_equal(sheet->due_count, 0);
	assert_int_equal(sheet->file_count, 2);
	assert_int_equal(sheet->files[0].kind, PAYMENT_GUESTS);
	assert_string_equal(sheet->files[0].name, "202610-510100");
	expect_sums(&sheet->files[0].sums, 1, 1200, 0, 0, 0);
	assert_int_equal(sheet->files[1].kind, PAYMENT_INSTITUTION);
	assert_int_equal(sheet->files[1].part, 1);
	expect_sums(&sheet->files[1].sums, 1, 0, 0, 500, 0);
	expect_sums(&sheet->guests, 1, 1200, 0, 0, 0);
	expect_sums(&sheet->clearing, 0, 0, 0, 0, 0);
	expect_sums(&sheet->total, 2, 1200, 0, 500, 0);
	/* Guests' money is told one by one, the house's own is not. */
	assert_int_equal(sheet->payment_count, 1);
	assert_int_equal(sheet->payments[0].payment.kind, PAYMENT_GUESTS);
	bank_sheet_free(sheet);

	sheet = sheet_at(city, 202611);
	assert_int_equal(sheet->file_count, 1);
	assert_int_equal(sheet->files[0].part, 2);
	payment_message_id(CHONGQING, PAYMENT_INSTITUTION, "batch", 2, message);
	assert_string_equal(sheet->files[0].message, message);
	expect_sums(&sheet->files[0].sums, 1, 700, 0, 0, 0);
	bank_sheet_free(sheet);
	sheet = sheet_at(city, 202612);
	assert_int_equal(sheet->file_count, 0);
	bank_sheet_free(sheet);
}

#define NEIGHBOURS(test) cmocka_unit_test_setup_teardown(test, neighbours_open, neighbours_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    NEIGHBOURS(a_clearing_is_on_the_sheet_before_and_after_each_order),
	    NEIGHBOURS(what_comes_in_is_on_no_sheet_for_the_bank),
	    NEIGHBOURS(each_file_is_on_the_sheet_of_one_month),
	};
	return cmocka_run_group_tests_name("settlement/bank_sheet", tests, NULL, NULL);
}
