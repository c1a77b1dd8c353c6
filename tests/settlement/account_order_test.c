/* Orders that freeze, unfreeze and close accounts. What the program says of them: tests/tools/registers_test.c. */
#include "account_order.h"

#include "order.h"
#include "refusal.h"
#include "reversal.h"

#include "testing.h"

#define LOTTERY "fund/lottery/available"
#define PAYABLE "payable/institution/" HOUSE_A "/local"

static void flag_put(struct buffer *lines, enum account_operation operation, const char *name)
{
	const struct account_line line = {operation, span_text(name)};
	account_line_write(lines, &line);
}

static enum error flag(struct town *town, enum account_operation operation, const char *name)
{
	struct buffer line = {0};
	flag_put(&line, operation, name);
	return town_order(town, KIND_account_flags, NULL, 0, &line, 1);
}

static struct account account_of(struct town *town, const char *name)
{
	struct account account;
	struct txn *txn = desk_read(town);
	assert_good(account_get(txn, span_text(name), &account));
	txn_abort(txn);
	return account;
}

/* array(2), the operation, the name: as RFC 8949 writes them. */
static void a_line_is_the_operation_and_the_account(void **state)
{
	struct buffer line = {0};
	(void)state;
	flag_put(&line, ACCOUNT_CLOSE, "float");
	assert_int_equal(line.size, 8);
	assert_memory_equal(line.data,
	    "\x82\x03\x65"
	    "float",
	    8);
	buffer_free(&line);
}

static void what_is_unknown_or_not_empty_is_not_closed(void **state)
{
	static struct town city;
	(void)state;
	city_open(&city);
	assert_error(flag(&city, ACCOUNT_CLOSE, LOTTERY), ERROR_STATE);
	assert_error(flag(&city, ACCOUNT_CLOSE, "no/such/account"), ERROR_NOT_FOUND);
	assert_error(flag(&city, (enum account_operation)4, LOTTERY), ERROR_MALFORMED);
	assert_error(flag(&city, (enum account_operation)0, LOTTERY), ERROR_MALFORMED);
	assert_false(account_of(&city, LOTTERY).closed);
	town_close(&city);
}

/* Ten nights are claimed and taken back: the house is owed nothing any more. */
static void empty_the_payable(struct town *city)
{
	struct buffer lines = {0};
	uint64_t person = guest(city);
	town_at(city, day(2026, 7, 2));
	uint64_t sequence = town_claim_one(city, HOUSE_A, CHENGDU, JUNE, BED, person, 1, 10);
	assert_error(flag(city, ACCOUNT_CLOSE, PAYABLE), ERROR_STATE);
	reversal_line_write(&lines, sequence, 0, span_text("入住日期有误"));
	assert_good(town_order(city, KIND_reversal, NULL, 0, &lines, 1));
}

static void what_is_closed_stays_closed(void **state)
{
	static struct town city;
	(void)state;
	city_open(&city);
	empty_the_payable(&city);
	assert_good(flag(&city, ACCOUNT_CLOSE, PAYABLE));
	assert_true(account_of(&city, PAYABLE).closed);
	for (int operation = ACCOUNT_FREEZE; operation <= ACCOUNT_CLOSE; operation++)
		assert_error(flag(&city, (enum account_operation)operation, PAYABLE), ERROR_CLOSED);
	assert_true(account_of(&city, PAYABLE).closed);
	town_close(&city);
}

/* One order that closes an account and then freezes it cannot be booked: the account would be open again. */
static void one_order_cannot_close_an_account_and_open_it_again(void **state)
{
	static struct town city;
	(void)state;
	city_open(&city);
	empty_the_payable(&city);
	struct buffer lines = {0};
	struct txn *txn;
	flag_put(&lines, ACCOUNT_CLOSE, PAYABLE);
	flag_put(&lines, ACCOUNT_FREEZE, PAYABLE);
	const struct entry entry = {.header = {.kind = KIND_account_flags, .count = 2},
	    .lines = buffer_span(&lines),
	    .verdicts = span_of("\x81\x18\x41\x81\x18\x41", 6)};
	assert_good(ledger_begin(city.ledger, &txn));
	assert_error(settlement_project(city.settlement, txn, &entry, &city.detail), ERROR_CLOSED);
	ledger_abort(city.ledger, txn);
	buffer_free(&lines);
	town_close(&city);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_is_the_operation_and_the_account),
	    cmocka_unit_test(what_is_unknown_or_not_empty_is_not_closed),
	    cmocka_unit_test(what_is_closed_stays_closed),
	    cmocka_unit_test(one_order_cannot_close_an_account_and_open_it_again),
	};
	return cmocka_run_group_tests_name("settlement/account_order", tests, NULL, NULL);
}
