/* Second looks beside what else befalls a line: the reserve, lines that were held, windows that differ; and whatever comes in whatever order. By
 * figures worked by hand: 300.00 a month, 10.00 a night of June; Chengdu is the home and payer, Guangyuan the host. */
#include "reserve.h"

#include "appealing.h"
#include "difference.h"

static int set_up_officer(void **state)
{
	int failed = set_up(state);
	if (!failed)
		town_officer(&((struct desk *)*state)->pair.home);
	return failed;
}

static enum error look(struct desk *desk, uint64_t number)
{
	return review_for(&desk->pair.home, HOUSE_D, number, 0, NULL);
}

static void ask(struct desk *desk, uint64_t number)
{
	if (appeal_for(&desk->pair.host, HOUSE_D, number, 0, "filing"))
		fail_msg("%s", desk->pair.host.detail.text);
	carry(&desk->pair);
}

/* Filed from 5 June on only, and so no stay before is accepted. */
static uint64_t late_filed(struct desk *desk)
{
	return traveller(&desk->pair, day(2026, 6, 5), DAY_NEVER, day(2026, 6, 5), DAY_NEVER);
}

static void file_the_rest(struct desk *desk, uint64_t person)
{
	town_file(&desk->pair.home, person, GUANGYUAN, day(2026, 6, 1), day(2026, 6, 4));
	carry(&desk->pair);
	town_stay(&desk->pair.host, HOUSE_D, person, day(2026, 6, 1), day(2026, 6, 4));
	carry(&desk->pair);
}

/* --- the reserve ------------------------------------------------------------------------------------------------ */

/* 200.00 are lodged; the second look comes to 300.00. With 100.00 more it fits, and then nothing else does. */
static void a_second_look_waits_for_the_reserve(void **state)
{
	struct desk *desk = *state;
	lodge(desk, "2026-1", 20000);
	uint64_t person = late_filed(desk), other = guest(desk);
	pair_at(&desk->pair, day(2026, 7, 2));
	uint64_t number = asks(desk, person, 1, 30);
	expect_refused(
	    desk_verdict(&desk->pair.host, HOUSE_D, number, 0), REASON_not_filed, day(2026, 6, 1));
	ask(desk, number);
	file_the_rest(desk, person);
	assert_int_equal(look(desk, number), ERROR_STATE);
	expect_appeal(&desk->pair.home, HOUSE_D, number, 0, APPEAL_OPEN);
	assert_int_equal(town_owes(&desk->pair.home, GUANGYUAN, 1), 0);
	lodge(desk, "2026-2", 10000);
	assert_int_equal(look(desk, number), ERROR_NONE);
	carry(&desk->pair);
	expect_paid(second_verdict(&desk->pair.host, HOUSE_D, number, 0), 30000);
	assert_int_equal(town_is_owed(&desk->pair.host, CHENGDU, 1), 30000);
	expect_held(desk, asks(desk, other, 1, 1), 1000, 30000, 30000);
}

/* Held, it cannot be appealed; refused when it is decided in the end, it can. */
static void a_line_that_was_held_is_appealed_when_it_is_decided(void **state)
{
	struct desk *desk = *state;
	lodge(desk, "2026-1", 10000);
	uint64_t person = guest(desk);
	pair_at(&desk->pair, day(2026, 7, 2));
	uint64_t number = asks(desk, person, 1, 30);
	expect_held(desk, number, 30000, 10000, 0);
	assert_int_equal(appeal_for(&desk->pair.host, HOUSE_D, number, 0, "person"), ERROR_STATE);
	/* Somebody writes down a death on 10 June, by mistake. */
	struct person_facts facts = {.code = person,
	    .birth_day = day(1940, 1, 1),
	    .death_day = day(2026, 6, 10),
	    .income_class = INCOME_OTHER};
	town_facts(&desk->pair.home, &facts);
	lodge(desk, "2026-2", 20000);
	assert_int_equal(further(desk), ERROR_NONE);
	carry(&desk->pair);
	expect_reason(ended(desk, number), REASON_after_death);
	ask(desk, number);
	facts.death_day = DAY_NEVER;
	town_facts(&desk->pair.home, &facts);
	assert_int_equal(look(desk, number), ERROR_NONE);
	carry(&desk->pair);
	expect_appeal(&desk->pair.host, HOUSE_D, number, 0, APPEAL_CHANGED);
	assert_int_equal(town_owes(&desk->pair.home, GUANGYUAN, 1), 30000);
	assert_int_equal(town_is_owed(&desk->pair.host, CHENGDU, 1), 30000);
	assert_int_equal(
	    take_back(&desk->pair.home, appeal_at(&desk->pair.home, HOUSE_D, number, 0).review, 0),
	    ERROR_NONE);
	carry(&desk->pair);
	assert_int_equal(town_owes(&desk->pair.home, GUANGYUAN, 1), 0);
	assert_int_equal(town_is_owed(&desk->pair.host, CHENGDU, 1), 0);
	assert_int_equal(town_remote(&desk->pair.host, HOUSE_D), 0);
}

/* --- a window that differs --------------------------------------------------------------------------------------- */

static void what_a_second_look_owes_is_sent_again_and_proven_by_its_document(void **state)
{
	struct desk *desk = *state;
	struct town *home = &desk->pair.home, *host = &desk->pair.host;
	lodge(desk, "2026-1", 50000);
	uint64_t person = late_filed(desk);
	pair_at(&desk->pair, day(2026, 7, 2));
	uint64_t number = asks(desk, person, 1, 30);
	ask(desk, number);
	file_the_rest(desk, person);
	assert_int_equal(look(desk, number), ERROR_NONE);
	assert_int_equal(desk->pair.post.count, 1);
	struct buffer letter = {0};
	buffer_append(&letter, buffer_span(&desk->pair.post.letters[0].document));
	carry(&desk->pair);
	struct obligation_id id = {1, appeal_at(home, HOUSE_D, number, 0).review, 0};
	struct decision decision;
	struct document document;
	struct message message;
	bool sent = false, proves = false;
	decision_init(&decision);
	decision_clear(&decision);
	struct txn *txn = desk_read(home);
	struct obligation owed;
	assert_int_equal(
	    obligation_find(txn, CHENGDU, GUANGYUAN, 1, id.sequence, 0, &owed), ERROR_NONE);
	assert_int_equal(owed.amount_fen, 30000);
	assert_int_equal(
	    send_again(home->settlement, txn, GUANGYUAN, &id, 1, 1000000, &decision, &sent),
	    ERROR_NONE);
	assert_true(sent);
	assert_int_equal(decision.outgoing_count, 1);
	assert_string_equal(decision.outgoing[0].name, "review");
	assert_int_equal(document_read(buffer_span(&letter), &document), ERROR_NONE);
	assert_int_equal(message_read(document.payload, &message), ERROR_NONE);
	const struct span items =
	    span_of(message.items.at, (size_t)(message.items.end - message.items.at));
	const struct buffer *again = &decision.outgoing[0].payload;
	assert_true(again->size > items.size);
	assert_memory_equal(again->data + again->size - items.size, items.data, items.size);
	/* What the creditor shows proves this amount, and no other. */
	struct dispute_side side = {true, 30000, owed.line_hash};
	assert_int_equal(approval_proves(home->settlement, txn, buffer_span(&letter), GUANGYUAN, 1,
			     &id, &side, &proves),
	    ERROR_NONE);
	assert_true(proves);
	side.amount_fen = 30001;
	assert_int_equal(approval_proves(home->settlement, txn, buffer_span(&letter), GUANGYUAN, 1,
			     &id, &side, &proves),
	    ERROR_NONE);
	assert_false(proves);
	txn_abort(txn);
	/* At the host, it is that house's. */
	char uscc[USCC_SIZE + 1];
	txn = desk_read(host);
	assert_int_equal(
	    obligation_find(txn, CHENGDU, GUANGYUAN, 1, id.sequence, 0, &owed), ERROR_NONE);
	assert_int_equal(obligation_house(txn, &owed, uscc), ERROR_NONE);
	assert_string_equal(uscc, HOUSE_D);
	txn_abort(txn);
	decision_free(&decision);
	buffer_free(&letter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_second_look_waits_for_the_reserve, set_up_officer, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_line_that_was_held_is_appealed_when_it_is_decided, set_up_officer, tear_down),
	    cmocka_unit_test_setup_teardown(
		what_a_second_look_owes_is_sent_again_and_proven_by_its_document, set_up_officer,
		tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
