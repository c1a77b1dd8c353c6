/* A draw on the reserve that home refuses is taken back by an entry that names it, and both cities hold the same again: by figures worked by hand
 * (reserve.h). Chengdu has lodged 500.00 and owes 300.00 for July. Its bank has given the reserve back, which the host's bank has not said yet: for
 * Chengdu nothing is lodged any more, for Guangyuan 500.00 are held. */
#include "reserve.h"

#include "lines.h"

/* Guangyuan draws when Chengdu's reserve is back in its treasury already. */
static void draw_in_vain(struct desk *desk)
{
	char id[END_TO_END_SIZE];
	overdue(desk);
	id_of(id, "1", 1);
	pair_at(&desk->pair, day(2026, 9, 1));
	assert_int_equal(says(&desk->pair.home, BANK_RETURNED, id, 50000), REASON_returned);
	assert_int_equal(draw(desk), ERROR_NONE);
	assert_int_equal(kept(desk), 20000);
	assert_int_equal(clearing_at(&desk->pair.host).state, CLEARING_SETTLED);
}

/* The first letter is the draw: Chengdu finds that it can't book it, and says so. */
static void refuse_draw(struct desk *desk)
{
	struct town_letter letter = desk->pair.post.letters[0];
	struct document document;
	struct message message;
	struct town_post *post = &desk->pair.post;
	assert_true(post->count > 0);
	assert_string_equal(letter.name, "prefund_drawn");
	memmove(post->letters, post->letters + 1, --post->count * sizeof(*post->letters));
	assert_int_equal(
	    town_submit(&desk->pair.home, buffer_span(&letter.document), (struct span){NULL, 0}),
	    ERROR_BALANCE);
	assert_int_equal(document_read(buffer_span(&letter.document), &document), ERROR_NONE);
	assert_int_equal(message_read(document.payload, &message), ERROR_NONE);
	town_refuses(&desk->pair.home, buffer_span(&letter.document), message.number, "balance");
	buffer_free(&letter.document);
	buffer_free(&letter.attachment);
}

/* The entry of the host that logs the refusal: of kind refused, with the draw's number in its verdict. */
static void expect_named(struct desk *desk, uint64_t drawn)
{
	struct txn *txn = desk_read(&desk->pair.host);
	struct entry_reader reader = {0};
	struct codec_reader verdict;
	struct span item;
	uint64_t size, sequence;
	bool found = false;
	assert_int_equal(ledger_head(txn, &size, NULL), ERROR_NONE);
	for (sequence = drawn; sequence < size && !found; sequence++) {
		assert_int_equal(ledger_read(txn, sequence, &reader), ERROR_NONE);
		if (reader.entry.header.kind == KIND_refused) {
			assert_int_equal(entry_item(reader.entry.verdicts, 0, &item), ERROR_NONE);
			verdict = codec_reader(item);
			codec_array_exact(&verdict, 2);
			assert_int_equal(codec_uint(&verdict), REASON_undrawn);
			assert_true(codec_uint(&verdict) == drawn);
			assert_int_equal(codec_finish(&verdict), ERROR_NONE);
			found = true;
		}
		entry_free(&reader);
	}
	txn_abort(txn);
	assert_true(found);
}

/* Of July nothing is paid: 300.00 owed by the one to the other, and what is lodged is what is held. */
static void expect_owed_again(struct desk *desk, int64_t reserve_home, int64_t reserve_host)
{
	assert_int_equal(town_credit(&desk->pair.home, "clearing/2026-07/510800"), 30000);
	assert_int_equal(town_credit(&desk->pair.host, "clearing/2026-07/510100"), -30000);
	assert_int_equal(clearing_at(&desk->pair.home).state, CLEARING_NETTED);
	assert_int_equal(clearing_at(&desk->pair.host).state, CLEARING_NETTED);
	const struct clearing_row at_host = clearing_at(&desk->pair.host);
	assert_false(clearing_is_drawn(&at_host, CHENGDU));
	assert_int_equal(lodged(desk), reserve_home);
	assert_int_equal(kept(desk), reserve_host);
}

static void pay_july(struct desk *desk)
{
	char id[END_TO_END_SIZE];
	clearing_id(id, 1);
	assert_int_equal(pay_clearing(desk), ERROR_NONE);
	assert_int_equal(says(&desk->pair.home, BANK_BOOKED, id, 30000), REASON_booked);
	carry(&desk->pair);
	assert_int_equal(says(&desk->pair.host, BANK_CREDITED, id, 30000), REASON_received);
	carry(&desk->pair);
}

static void restart_both(struct desk *desk)
{
	desk_restart(&desk->pair.home);
	desk_restart(&desk->pair.host);
}

static void a_draw_that_home_refuses_is_taken_back_and_paid_in_the_end(void **state)
{
	struct desk *desk = *state;
	char id[END_TO_END_SIZE];
	draw_in_vain(desk);
	const uint64_t drawn = desk->pair.host.sequence;
	refuse_draw(desk);
	restart_both(desk);
	carry(&desk->pair);
	expect_named(desk, drawn);
	expect_owed_again(desk, 0, 50000);
	restart_both(desk);
	/* The host's bank says it too: the reserve is gone on both sides. */
	id_of(id, "1", 1);
	assert_int_equal(says(&desk->pair.host, BANK_TAKEN_BACK, id, 50000), REASON_returned);
	expect_owed_again(desk, 0, 0);
	assert_int_equal(draw(desk), ERROR_BALANCE);
	pay_july(desk);
	expect_even(desk);
	assert_int_equal(lodged(desk), 0);
	assert_int_equal(kept(desk), 0);
}

/* The host's bank speaks first: what was drawn is not there to be taken back, until the refusal has come. */
static void the_reserve_is_taken_back_before_the_refusal_comes(void **state)
{
	struct desk *desk = *state;
	char id[END_TO_END_SIZE];
	draw_in_vain(desk);
	id_of(id, "1", 1);
	assert_int_equal(says(&desk->pair.host, BANK_TAKEN_BACK, id, 50000), REASON_unmatched);
	restart_both(desk);
	refuse_draw(desk);
	carry(&desk->pair);
	expect_owed_again(desk, 0, 50000);
	assert_int_equal(says(&desk->pair.host, BANK_TAKEN_BACK, id, 50000), REASON_returned);
	expect_owed_again(desk, 0, 0);
}

/* Home pays before its refusal is at the host: the money goes into the reserve, and pays the clearing when the refusal comes. */
static void home_pays_before_its_refusal_comes(void **state)
{
	struct desk *desk = *state;
	const int64_t before = cash(&desk->pair.host);
	char id[END_TO_END_SIZE];
	draw_in_vain(desk);
	const uint64_t drawn = desk->pair.host.sequence;
	refuse_draw(desk);
	struct town_letter refusal = desk->pair.post.letters[--desk->pair.post.count];
	assert_string_equal(refusal.name, "refusal");
	clearing_id(id, 1);
	assert_int_equal(pay_clearing(desk), ERROR_NONE);
	assert_int_equal(says(&desk->pair.home, BANK_BOOKED, id, 30000), REASON_booked);
	assert_int_equal(says(&desk->pair.host, BANK_CREDITED, id, 30000), REASON_received);
	assert_int_equal(kept(desk), 50000);
	assert_int_equal(cash(&desk->pair.host), before + 50000 + 30000);
	restart_both(desk);
	town_take(&desk->pair.host, buffer_span(&refusal.document), (struct span){NULL, 0});
	buffer_free(&refusal.document);
	buffer_free(&refusal.attachment);
	expect_named(desk, drawn);
	carry(&desk->pair);
	expect_even(desk);
	assert_int_equal(kept(desk), 50000);
	assert_int_equal(lodged(desk), 0);
	/* Both banks take theirs back: 500.00 of the reserve, and the payment. */
	id_of(id, "1", 1);
	assert_int_equal(says(&desk->pair.host, BANK_TAKEN_BACK, id, 50000), REASON_returned);
	clearing_id(id, 1);
	assert_int_equal(says(&desk->pair.host, BANK_TAKEN_BACK, id, 30000), REASON_returned);
	assert_int_equal(says(&desk->pair.home, BANK_RETURNED, id, 30000), REASON_returned);
	expect_owed_again(desk, 0, 0);
	assert_int_equal(cash(&desk->pair.host), before);
}

/* The cause is gone: drawn once more, and taken this time. */
static void what_was_refused_once_may_be_drawn_again(void **state)
{
	struct desk *desk = *state;
	char id[END_TO_END_SIZE];
	draw_in_vain(desk);
	refuse_draw(desk);
	carry(&desk->pair);
	id_of(id, "1", 1);
	assert_int_equal(says(&desk->pair.host, BANK_TAKEN_BACK, id, 50000), REASON_returned);
	lodge(desk, "2", 30000);
	expect_owed_again(desk, 30000, 30000);
	assert_int_equal(draw(desk), ERROR_NONE);
	restart_both(desk);
	carry(&desk->pair);
	expect_even(desk);
	assert_int_equal(lodged(desk), 0);
	assert_int_equal(kept(desk), 0);
}

/* A refusal of anything else moves nothing. */
static void only_a_refused_draw_is_taken_back(void **state)
{
	struct desk *desk = *state;
	overdue(desk);
	pair_at(&desk->pair, day(2026, 9, 1));
	assert_int_equal(draw(desk), ERROR_NONE);
	carry(&desk->pair);
	expect_even(desk);
	assert_int_equal(lodged(desk), 20000);
	/* Guangyuan tells of a house; Chengdu will have none of it. */
	town_house(&desk->pair.host, HOUSE_A, GUANGYUAN, 10);
	struct town_letter letter = desk->pair.post.letters[--desk->pair.post.count];
	struct document document;
	struct message message;
	assert_int_equal(document_read(buffer_span(&letter.document), &document), ERROR_NONE);
	assert_int_equal(message_read(document.payload, &message), ERROR_NONE);
	town_refuses(&desk->pair.home, buffer_span(&letter.document), message.number, "state");
	buffer_free(&letter.document);
	buffer_free(&letter.attachment);
	carry(&desk->pair);
	assert_int_equal(town_reason(&desk->pair.host, 0), REASON_registered);
	assert_int_equal(desk->pair.host.decision.transfer_count, 0);
	expect_even(desk);
	assert_int_equal(kept(desk), 20000);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(a_draw_that_home_refuses_is_taken_back_and_paid_in_the_end),
	    CASE(the_reserve_is_taken_back_before_the_refusal_comes),
	    CASE(home_pays_before_its_refusal_comes),
	    CASE(what_was_refused_once_may_be_drawn_again),
	    CASE(only_a_refused_draw_is_taken_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
