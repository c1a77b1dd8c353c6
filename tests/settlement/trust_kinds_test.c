/* What waits for a proof, and for officers, when a month is paid: Chengdu (510100) owes Chongqing 250.00 and Guangyuan 100.00 yuan for October. What a
 * gate has made wait is decided the same in a replay, which has no gate. Evidence and officers: tests/net/heads_test.c. */
#include "pair.h"

#include "payment.h"
#include "trust.h"

#define MONTH 202610u

struct fixture {
	struct city chongqing, chengdu, guangyuan;
	struct city *cities[3];
	struct post post;
};

/* Makes one city wait, so often as it is told. */
struct gate {
	uint32_t region;
	unsigned times, asked;
	int64_t fen; /* with which it was asked last */
};

static bool gate_waits(void *context, uint32_t region, int64_t fen)
{
	struct gate *gate = context;

	if (region != gate->region)
		return false;
	gate->fen = fen;
	return gate->asked++ < gate->times;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	city_open(&fixture->chongqing, CHONGQING);
	city_open(&fixture->chengdu, CHENGDU);
	city_open(&fixture->guangyuan, GUANGYUAN);
	fixture->cities[0] = &fixture->chongqing;
	fixture->cities[1] = &fixture->chengdu;
	fixture->cities[2] = &fixture->guangyuan;
	pair_introduce(&fixture->chongqing, &fixture->chengdu);
	pair_introduce(&fixture->chengdu, &fixture->chongqing);
	pair_introduce(&fixture->chengdu, &fixture->guangyuan);
	pair_introduce(&fixture->guangyuan, &fixture->chengdu);
	pair_at(fixture->cities, 3, day(2026, 10, 15));
	post_free(&fixture->post);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	post_free(&fixture->post);
	for (size_t i = 0; i < 3; i++)
		city_close(fixture->cities[i]);
	free(fixture);
	return 0;
}

static void clear_october(struct fixture *fixture)
{
	pair_book(&fixture->chengdu, "treasury", "clearing/outside", 1000000);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 25000);
	pair_approve(&fixture->chengdu, &fixture->guangyuan, 10000);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 3, &fixture->post);
	pair_at(fixture->cities, 3, day(2026, 11, 21));
	assert_int_equal(
	    pair_clear(&fixture->chongqing, MONTH, CHENGDU, &fixture->post), ERROR_NONE);
	assert_int_equal(
	    pair_clear(&fixture->chengdu, MONTH, GUANGYUAN, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 3, &fixture->post);
}

static enum error order_payments(struct fixture *fixture)
{
	struct buffer parameters = {0};
	enum error error;

	payment_parameters_write(&parameters, PAYMENT_CLEARING, "202610", "");
	error = pair_order(
	    &fixture->chengdu, KIND_payment_order, &parameters, PAYMENT_PARAMETERS, &fixture->post);
	buffer_free(&parameters);
	return error;
}

static void freeze(struct city *city, uint32_t region, bool frozen)
{
	const struct trust_state state = {
	    .frozen = frozen, .kind = EVIDENCE_FORK, .frozen_sequence = 1};

	assert_int_equal(trust_state_put(city->txn, region, &state), ERROR_NONE);
}

static int64_t ordered(struct fixture *fixture, uint32_t payee)
{
	struct payment payment;
	char name[16];

	snprintf(name, sizeof name, "%06u", (unsigned)payee);
	return payment_last(fixture->chengdu.txn, PAYMENT_CLEARING, "202610", name, &payment) ==
		       ERROR_NONE
		   ? payment.amount_fen
		   : 0;
}

static void a_month_is_paid_but_to_the_city_that_is_frozen(void **state)
{
	struct fixture *fixture = *state;

	clear_october(fixture);
	freeze(&fixture->chengdu, GUANGYUAN, true);
	assert_int_equal(order_payments(fixture), ERROR_NONE);
	assert_int_equal(ordered(fixture, CHONGQING), 25000);
	assert_int_equal(ordered(fixture, GUANGYUAN), 0);
	assert_int_equal(order_payments(fixture), ERROR_STATE);
	freeze(&fixture->chengdu, GUANGYUAN, false);
	assert_int_equal(order_payments(fixture), ERROR_NONE);
	assert_int_equal(ordered(fixture, GUANGYUAN), 10000);
	assert_int_equal(order_payments(fixture), ERROR_STATE);
}

/* pair_submit replays each entry: with the gate open again by then, the entry itself must say whom it passed over. */
static void a_city_of_which_a_proof_is_awaited_is_paid_later_and_a_replay_agrees(void **state)
{
	struct fixture *fixture = *state;
	struct gate gate = {.region = GUANGYUAN, .times = 1};
	const struct trust_gate hook = {.context = &gate, .waits = gate_waits};

	clear_october(fixture);
	fixture->chengdu.settlement.gate = &hook;
	assert_int_equal(order_payments(fixture), ERROR_NONE);
	assert_int_equal(gate.asked, 1); /* the replay has not asked */
	assert_int_equal(gate.fen, 10000);
	assert_int_equal(ordered(fixture, CHONGQING), 25000);
	assert_int_equal(ordered(fixture, GUANGYUAN), 0);
	/* It alone is left: there is nothing to order until it has answered. */
	gate.times = 2;
	assert_int_equal(order_payments(fixture), ERROR_PROOF_AWAITED);
	assert_int_equal(order_payments(fixture), ERROR_NONE);
	assert_int_equal(ordered(fixture, GUANGYUAN), 10000);
}

static void a_clearing_is_neither_proposed_nor_countersigned_before_the_proof(void **state)
{
	struct fixture *fixture = *state;
	struct gate high = {.region = CHENGDU, .times = 1}, low = {.region = CHONGQING, .times = 1};
	const struct trust_gate hooks[] = {{&high, gate_waits}, {&low, gate_waits}};

	pair_approve(&fixture->chengdu, &fixture->chongqing, 25000);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 3, &fixture->post);
	pair_at(fixture->cities, 3, day(2026, 11, 21));
	fixture->chongqing.settlement.gate = &hooks[0];
	fixture->chengdu.settlement.gate = &hooks[1];
	assert_int_equal(
	    pair_clear(&fixture->chongqing, MONTH, CHENGDU, &fixture->post), ERROR_PROOF_AWAITED);
	assert_int_equal(
	    pair_clear(&fixture->chongqing, MONTH, CHENGDU, &fixture->post), ERROR_NONE);
	/* Its receiver does not sign either, this time. */
	assert_int_equal(fixture->post.count, 1);
	assert_int_equal(pair_receive(&fixture->chengdu, fixture->post.letters[0].name,
			     buffer_span(&fixture->post.letters[0].bytes), &fixture->post),
	    ERROR_PROOF_AWAITED);
	assert_int_equal(low.fen, 25000);
	pair_deliver(fixture->cities, 3, &fixture->post);
	assert_int_equal(
	    pair_clearing(&fixture->chengdu, MONTH, CHONGQING, CHENGDU).state, CLEARING_NETTED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_month_is_paid_but_to_the_city_that_is_frozen),
	    TEST(a_city_of_which_a_proof_is_awaited_is_paid_later_and_a_replay_agrees),
	    TEST(a_clearing_is_neither_proposed_nor_countersigned_before_the_proof),
	};

	return cmocka_run_group_tests_name("settlement/trust_kinds", tests, NULL, NULL);
}
