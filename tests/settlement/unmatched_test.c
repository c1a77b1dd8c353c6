/* What matches no payment stays in sight until it does: a credit of Chengdu's reserve, by figures worked by hand, that comes before the notice,
 * with another amount, or under another reference. */
#include "payment.h"
#include "prefund.h"
#include "remote.h"
#include "unmatched.h"

static const struct programme_text care = {.code = "care_subsidy"};

static int set_up(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	assert_non_null(pair);
	pair_open(pair, &care, 1, &care, 1);
	*state = pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;
	pair_close(pair);
	free(pair);
	return 0;
}

static unsigned says(struct town *town, enum bank_fact fact, const char *id, int64_t fen)
{
	struct bank_line line = {
	    .fact = fact, .amount_fen = fen, .reference = "B-7", .day = day(2026, 6, 3)};
	struct buffer lines = {0};
	snprintf(line.end_to_end, sizeof(line.end_to_end), "%s", id);
	bank_line_write(&lines, &line);
	if (town_order(town, KIND_bank, NULL, 0, &lines, 1))
		fail_msg("%s", town->detail.text);
	return town_reason(town, 0);
}

struct seen {
	struct unmatched last;
	unsigned count;
};

static bool see(void *context, const struct unmatched *unmatched)
{
	struct seen *seen = context;
	seen->last = *unmatched;
	seen->count++;
	return true;
}

static struct seen seen_at(struct town *town)
{
	struct txn *txn = desk_read(town);
	struct seen seen = {.count = 0};
	assert_int_equal(unmatched_each(txn, see, &seen), ERROR_NONE);
	txn_abort(txn);
	return seen;
}

/* Chengdu's bank books 500.00 for Guangyuan; the notice is not delivered yet. */
static void lodge(struct pair *pair, char id[END_TO_END_SIZE])
{
	struct buffer parameters = {0};
	payment_end_to_end(CHENGDU, PAYMENT_PREFUND, "2026", "510800", 1, id);
	prefund_parameters_write(&parameters, "2026", GUANGYUAN, 50000);
	assert_int_equal(
	    town_order(&pair->home, KIND_payment_order, &parameters, PREFUND_PARAMETERS, NULL, 0),
	    ERROR_NONE);
	assert_int_equal(says(&pair->home, BANK_BOOKED, id, 50000), REASON_booked);
	assert_int_equal(seen_at(&pair->home).count, 0);
}

static void an_early_credit_stays_in_sight_until_what_it_belongs_to_is_here(void **state)
{
	struct pair *pair = *state;
	char id[END_TO_END_SIZE];
	lodge(pair, id);
	assert_int_equal(says(&pair->host, BANK_CREDITED, id, 50000), REASON_unmatched);
	const uint64_t entry = pair->host.sequence;
	struct seen seen = seen_at(&pair->host);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.last.line.end_to_end, id);
	assert_int_equal(seen.last.line.fact, BANK_CREDITED);
	assert_true(seen.last.line.amount_fen == 50000);
	assert_int_equal(seen.last.line.day, day(2026, 6, 3));
	assert_string_equal(seen.last.line.reference, "B-7");
	assert_int_equal(seen.last.reason, REASON_unmatched);
	assert_true(seen.last.sequence == entry);
	/* Told again it is the same one, first told by the same entry. */
	assert_int_equal(says(&pair->host, BANK_CREDITED, id, 50000), REASON_unmatched);
	seen = seen_at(&pair->host);
	assert_int_equal(seen.count, 1);
	assert_true(seen.last.sequence == entry);
	carry(pair);
	assert_int_equal(says(&pair->host, BANK_CREDITED, id, 50000), REASON_received);
	assert_int_equal(seen_at(&pair->host).count, 0);
}

static void another_amount_stays_in_sight_beside_the_right_one(void **state)
{
	struct pair *pair = *state;
	char id[END_TO_END_SIZE];
	lodge(pair, id);
	carry(pair);
	assert_int_equal(says(&pair->host, BANK_CREDITED, id, 49900), REASON_other_amount);
	assert_int_equal(seen_at(&pair->host).last.reason, REASON_other_amount);
	assert_int_equal(says(&pair->host, BANK_CREDITED, id, 50000), REASON_received);
	struct seen seen = seen_at(&pair->host);
	assert_int_equal(seen.count, 1);
	assert_true(seen.last.line.amount_fen == 49900);
}

static void a_reference_that_nobody_knows_stays_in_sight(void **state)
{
	struct pair *pair = *state;
	char id[END_TO_END_SIZE];
	lodge(pair, id);
	assert_int_equal(says(&pair->home, BANK_BOOKED, "INVOICE 7", 100), REASON_unmatched);
	assert_int_equal(says(&pair->home, BANK_RETURNED, "INVOICE 7", 100), REASON_unmatched);
	assert_int_equal(seen_at(&pair->home).count, 2);
	assert_int_equal(says(&pair->home, BANK_BOOKED, id, 50000), REASON_said_before);
	assert_int_equal(seen_at(&pair->home).count, 2);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(an_early_credit_stays_in_sight_until_what_it_belongs_to_is_here),
	    CASE(another_amount_stays_in_sight_beside_the_right_one),
	    CASE(a_reference_that_nobody_knows_stays_in_sight),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
