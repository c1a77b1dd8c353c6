/* Windows that differ: what both hold alike is agreed, on time, and what they hold differently is left out by both signatures.
 * Obligations are made in the tables, as many as one likes; that documents go out again is tested where there are some
 * (dispute_kinds_test.c). */
#include "pair.h"
#include "testing.h"

#include "difference.h"
#include "exchange.h"

/* Two cities that owe each other, on 2026-10-15. */
struct fixture {
	struct city chengdu, chongqing;
	struct city *cities[2];
	struct post post;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	city_open(&fixture->chengdu, CHENGDU);
	city_open(&fixture->chongqing, CHONGQING);
	fixture->cities[0] = &fixture->chengdu;
	fixture->cities[1] = &fixture->chongqing;
	pair_at(fixture->cities, 2, day(2026, 10, 15));
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	post_free(&fixture->post);
	city_close(&fixture->chengdu);
	city_close(&fixture->chongqing);
	free(fixture);
	return 0;
}

/* Cut what Chengdu owes, and let the documents go to and fro. */
static void cut_and_deliver(struct fixture *fixture)
{
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
}

/* Chongqing finds out what differs in its window and says so; the letters wait. */
static void say_difference(struct fixture *fixture, uint32_t window)
{
	struct buffer parameters = {0}, lines = {0};
	uint32_t count;
	assert_int_equal(exchange_window(fixture->chongqing.txn, fixture->chengdu.txn, CHENGDU,
			     CHONGQING, window, &parameters, &lines, &count),
	    ERROR_NONE);
	if (pair_order_lines(&fixture->chongqing, KIND_difference, &parameters, 3,
		buffer_span(&lines), count, &fixture->post))
		fail_msg("%s", fixture->chongqing.detail.text);
	buffer_free(&parameters);
	buffer_free(&lines);
}

static int64_t disputed_at_payer(struct fixture *fixture)
{
	char name[ACCOUNT_TEXT_SIZE];
	return pair_credit(&fixture->chengdu, account_payable_disputed(name, CHONGQING));
}

static int64_t disputed_at_creditor(struct fixture *fixture)
{
	char name[ACCOUNT_TEXT_SIZE];
	return -pair_credit(&fixture->chongqing, account_receivable_disputed(name, CHENGDU));
}

static struct dispute dispute_at(
    struct city *city, uint32_t window, const struct obligation *obligation)
{
	const struct obligation_id id = {obligation->epoch, obligation->sequence, obligation->line};
	struct dispute dispute;
	assert_int_equal(
	    dispute_get(city->txn, CHENGDU, CHONGQING, window, &id, &dispute), ERROR_NONE);
	return dispute;
}

/* Both sides: agreed on so many obligations and so much, and left so many out. */
static void expect_agreed(
    struct fixture *fixture, uint32_t number, uint32_t count, int64_t fen, uint32_t left_out)
{
	struct window_row payer = pair_window(&fixture->chengdu, CHENGDU, CHONGQING, number);
	struct window_row creditor = pair_window(&fixture->chongqing, CHENGDU, CHONGQING, number);
	assert_int_equal(payer.state, WINDOW_AGREED);
	assert_int_equal(creditor.state, WINDOW_AGREED);
	assert_int_equal(payer.agreed.count, count);
	assert_int_equal(window_net(&payer.agreed), fen);
	assert_true(window_totals_equal(&payer.agreed, &creditor.agreed));
	assert_true(hash_equal(&payer.agreement, &creditor.agreement));
	assert_true(hash_equal(&payer.rest, &creditor.rest));
	assert_int_equal(payer.left_out, left_out);
	assert_int_equal(creditor.left_out, left_out);
	/* S3: what was agreed stands on both sides' accounts of the window. */
	assert_int_equal(pair_payable(&fixture->chengdu, CHONGQING, number), fen);
	assert_int_equal(pair_receivable(&fixture->chongqing, CHENGDU, number), fen);
}

/* 10,000 obligations of 100, 101, ... 10,099 fen; the 5,433rd is 5,532 fen to the payer and 6,532 to the creditor. */
static void one_line_of_ten_thousand_is_left_out_and_the_others_are_agreed_and_cleared(void **state)
{
	struct fixture *fixture = *state;
	struct obligation other = {.payer = 0};
	const int64_t all = 10000 * (100 + 10099) / 2;
	for (int64_t i = 0; i < 10000; i++) {
		struct obligation obligation =
		    pair_owe(&fixture->chengdu, &fixture->chongqing, 100 + i);
		if (i == 5432) {
			obligation.amount_fen = 6532;
			other = obligation;
		}
		pair_mirror(&fixture->chongqing, &obligation);
	}
	cut_and_deliver(fixture);
	assert_int_equal(
	    pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 1).state, WINDOW_DIFFERS);
	say_difference(fixture, 1);
	assert_int_equal(fixture->chongqing.decision.count, 1);
	assert_int_equal(city_reason(&fixture->chongqing, 0), REASON_differs);
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 1, 9999, all - 5532, 1);
	assert_int_equal(disputed_at_payer(fixture), 5532);
	assert_int_equal(disputed_at_creditor(fixture), 6532);
	for (int i = 0; i < 2; i++) {
		struct dispute dispute = dispute_at(fixture->cities[i], 1, &other);
		assert_int_equal(dispute.state, DISPUTE_OPEN);
		assert_true(dispute.payers.is && dispute.creditors.is);
		assert_int_equal(dispute.payers.amount_fen, 5532);
		assert_int_equal(dispute.creditors.amount_fen, 6532);
		assert_true(hash_equal(&dispute.creditors.line_hash, &dispute.payers.line_hash));
	}
	/* The month: Chongqing, the lower code, proposes; Chengdu pays the 9,999. */
	pair_introduce(&fixture->chengdu, &fixture->chongqing);
	pair_introduce(&fixture->chongqing, &fixture->chengdu);
	pair_at(fixture->cities, 2, day(2026, 11, 21));
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, CHENGDU, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	for (int i = 0; i < 2; i++) {
		struct clearing_row clearing =
		    pair_clearing(fixture->cities[i], 202610, CHENGDU, CHONGQING);
		assert_int_equal(clearing.state, CLEARING_NETTED);
		assert_int_equal(clearing.high_pays_fen, all - 5532);
	}
	assert_int_equal(pair_payable(&fixture->chengdu, CHONGQING, 1), 0);
	assert_int_equal(pair_receivable(&fixture->chongqing, CHENGDU, 1), 0);
	/* And the dispute stays what it was. */
	assert_int_equal(disputed_at_payer(fixture), 5532);
	assert_int_equal(disputed_at_creditor(fixture), 6532);
}

/* As many as one document lists, all held differently: the window is agreed, with nothing in it. */
static void a_window_in_which_everything_differs_is_agreed_too(void **state)
{
	struct fixture *fixture = *state;
	for (uint32_t i = 0; i < WINDOW_DIFFERENCES_MAX; i++) {
		struct obligation obligation =
		    pair_owe(&fixture->chengdu, &fixture->chongqing, 100);
		obligation.amount_fen = 101;
		pair_mirror(&fixture->chongqing, &obligation);
	}
	cut_and_deliver(fixture);
	say_difference(fixture, 1);
	assert_int_equal(fixture->chongqing.decision.count, WINDOW_DIFFERENCES_MAX);
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 1, 0, 0, WINDOW_DIFFERENCES_MAX);
	assert_int_equal(disputed_at_payer(fixture), 100 * WINDOW_DIFFERENCES_MAX);
	assert_int_equal(disputed_at_creditor(fixture), 101 * WINDOW_DIFFERENCES_MAX);
}

/* A sheet of 10,000 lines of which the creditor has nothing, and the payer no document to send again: one item, 10,000 disputes. */
static void the_greatest_sheet_that_stays_lacking_is_left_out(void **state)
{
	struct fixture *fixture = *state;
	char account[ACCOUNT_TEXT_SIZE];
	pair_approve(&fixture->chengdu, &fixture->chongqing, 5);
	struct obligation obligation = pair_obligation(&fixture->chengdu, &fixture->chongqing, 100);
	for (uint32_t i = 0; i < SHEET_LINES_MAX; i++) {
		obligation.line = i;
		assert_int_equal(obligation_add(fixture->chengdu.txn, &obligation), ERROR_NONE);
	}
	account_payable_city(account, CHONGQING, 1);
	pair_book(&fixture->chengdu, "clearing/outside", account, 100 * SHEET_LINES_MAX);
	cut_and_deliver(fixture);
	say_difference(fixture, 1);
	assert_int_equal(fixture->chongqing.decision.count, 1);
	assert_int_equal(city_reason(&fixture->chongqing, 0), REASON_missing);
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 1, 1, 5, SHEET_LINES_MAX);
	assert_int_equal(disputed_at_payer(fixture), 100 * SHEET_LINES_MAX);
	assert_int_equal(disputed_at_creditor(fixture), 0);
}

/* Only the payer has one (and no document of it), only the creditor another, a reversal too. */
static void what_only_one_side_holds_is_left_out(void **state)
{
	struct fixture *fixture = *state;
	struct obligation lacking, more;
	pair_approve(&fixture->chengdu, &fixture->chongqing, 1000);
	lacking = pair_owe(&fixture->chengdu, &fixture->chongqing, -250);
	more = lacking;
	more.line++;
	more.amount_fen = 40;
	pair_mirror(&fixture->chongqing, &more);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 500);
	cut_and_deliver(fixture);
	say_difference(fixture, 1);
	assert_int_equal(fixture->chongqing.decision.count, 2);
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 1, 2, 1500, 2);
	assert_int_equal(disputed_at_payer(fixture), -250);
	assert_int_equal(disputed_at_creditor(fixture), 40);
	for (int i = 0; i < 2; i++) {
		struct dispute a = dispute_at(fixture->cities[i], 1, &lacking);
		struct dispute b = dispute_at(fixture->cities[i], 1, &more);
		assert_true(a.payers.is && !a.creditors.is);
		assert_true(!b.payers.is && b.creditors.is);
	}
}

/* Neither the next window, nor the other direction, nor the clearing of both waits for one that differs. */
static void nothing_waits_for_a_window_that_differs(void **state)
{
	struct fixture *fixture = *state;
	struct obligation other = pair_owe(&fixture->chengdu, &fixture->chongqing, 700);
	other.amount_fen = 800;
	pair_mirror(&fixture->chongqing, &other);
	cut_and_deliver(fixture);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	pair_approve(&fixture->chongqing, &fixture->chengdu, 30);
	cut_and_deliver(fixture);
	assert_int_equal(pair_cut(&fixture->chongqing, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 2, 1, 100, 0);
	assert_int_equal(
	    pair_window(&fixture->chongqing, CHONGQING, CHENGDU, 1).state, WINDOW_AGREED);
	pair_introduce(&fixture->chengdu, &fixture->chongqing);
	pair_introduce(&fixture->chongqing, &fixture->chengdu);
	pair_at(fixture->cities, 2, day(2026, 11, 21));
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, CHENGDU, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_int_equal(
	    pair_clearing(&fixture->chengdu, 202610, CHENGDU, CHONGQING).high_pays_fen, 70);
	/* Window 1 is agreed, empty but for the dispute, when somebody comes to it. */
	say_difference(fixture, 1);
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 1, 0, 0, 1);
}

/* --- whatever comes twice, late, or from nowhere ------------------------------------------------------------- */

/* The first letter of this name; it stays in the post. */
static const struct letter *letter_of(const struct fixture *fixture, const char *name)
{
	for (size_t i = 0; i < fixture->post.count; i++) {
		if (strcmp(fixture->post.letters[i].name, name) == 0)
			return &fixture->post.letters[i];
	}
	fail_msg("no %s waits", name);
	return NULL;
}

static enum error again(
    struct fixture *fixture, struct city *city, const char *name, const struct buffer *document)
{
	struct post none = {.count = 0};
	enum error error = pair_receive(city, name, buffer_span(document), &none);
	(void)fixture;
	post_free(&none);
	return error;
}

static struct buffer copy_of(const struct letter *letter)
{
	struct buffer copy = {0};
	buffer_append(&copy, buffer_span(&letter->bytes));
	return copy;
}

static void documents_that_come_twice_or_late_are_refused_and_change_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct obligation other = pair_owe(&fixture->chengdu, &fixture->chongqing, 700);
	struct buffer difference, rest, agreement;
	other.amount_fen = 800;
	pair_mirror(&fixture->chongqing, &other);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	cut_and_deliver(fixture);
	say_difference(fixture, 1);
	difference = copy_of(letter_of(fixture, "window_difference"));
	assert_int_equal(pair_deliver_one(fixture->cities, 2, &fixture->post), ERROR_NONE);
	assert_int_equal(
	    again(fixture, &fixture->chengdu, "window_difference", &difference), ERROR_STATE);
	rest = copy_of(letter_of(fixture, "window_rest"));
	assert_int_equal(pair_deliver_one(fixture->cities, 2, &fixture->post), ERROR_NONE);
	assert_int_equal(again(fixture, &fixture->chongqing, "window_rest", &rest), ERROR_STATE);
	agreement = copy_of(letter_of(fixture, "agreement"));
	assert_int_equal(pair_deliver_one(fixture->cities, 2, &fixture->post), ERROR_NONE);
	assert_int_equal(again(fixture, &fixture->chengdu, "agreement", &agreement), ERROR_STATE);
	assert_int_equal(
	    again(fixture, &fixture->chengdu, "window_difference", &difference), ERROR_STATE);
	expect_agreed(fixture, 1, 1, 100, 1);
	assert_int_equal(disputed_at_payer(fixture), 700);
	assert_int_equal(disputed_at_creditor(fixture), 800);
	buffer_free(&difference);
	buffer_free(&rest);
	buffer_free(&agreement);
}

/* The creditor asks once more before the answer is there: the first answer is too late. */
static void an_answer_to_an_earlier_round_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct obligation other = pair_owe(&fixture->chengdu, &fixture->chongqing, 700);
	other.amount_fen = 800;
	pair_mirror(&fixture->chongqing, &other);
	cut_and_deliver(fixture);
	say_difference(fixture, 1);
	assert_int_equal(pair_deliver_one(fixture->cities, 2, &fixture->post), ERROR_NONE);
	say_difference(fixture, 1);
	assert_int_equal(fixture->post.count, 2);
	assert_string_equal(fixture->post.letters[0].name, "window_rest");
	assert_int_equal(pair_deliver_one(fixture->cities, 2, &fixture->post), ERROR_STATE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 1, 0, 0, 1);
	assert_int_equal(pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1).round, 2);
}

/* The payer refuses to hear of it: the window differs again, and may be asked about again. */
static void a_difference_that_is_refused_can_be_said_again(void **state)
{
	struct fixture *fixture = *state;
	struct obligation other = pair_owe(&fixture->chengdu, &fixture->chongqing, 700);
	other.amount_fen = 800;
	pair_mirror(&fixture->chongqing, &other);
	cut_and_deliver(fixture);
	say_difference(fixture, 1);
	const struct letter *letter = letter_of(fixture, "window_difference");
	const struct hash hash = document_hash(buffer_span(&letter->bytes)), none = {{1}};
	assert_int_equal(
	    window_refused(fixture->chongqing.txn, CHENGDU, CHONGQING, &none), ERROR_NONE);
	assert_int_equal(
	    pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 1).state, WINDOW_ASKED);
	assert_int_equal(
	    window_refused(fixture->chongqing.txn, CHENGDU, CHONGQING, &hash), ERROR_NONE);
	assert_int_equal(
	    pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 1).state, WINDOW_DIFFERS);
	post_free(&fixture->post);
	say_difference(fixture, 1);
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 1, 0, 0, 1);
}

static enum error order_difference(struct fixture *fixture, uint32_t window, uint32_t round,
    const struct difference_item *items, uint32_t count)
{
	struct buffer parameters = {0}, lines = {0};
	difference_parameters_write(&parameters, CHENGDU, window, round);
	for (uint32_t i = 0; i < count; i++)
		difference_put(&lines, &items[i]);
	enum error error = pair_order_lines(&fixture->chongqing, KIND_difference, &parameters, 3,
	    buffer_span(&lines), count, &fixture->post);
	buffer_free(&parameters);
	buffer_free(&lines);
	return error;
}

static void a_difference_says_of_the_own_books_only_what_is_in_them(void **state)
{
	struct fixture *fixture = *state;
	struct obligation other = pair_owe(&fixture->chengdu, &fixture->chongqing, 700);
	const struct obligation_id id = {other.epoch, other.sequence, other.line};
	const struct dispute_side theirs = {true, 700, other.line_hash};
	const struct dispute_side ours = {true, 800, other.line_hash}, nobody = {.is = false};
	other.amount_fen = 800;
	pair_mirror(&fixture->chongqing, &other);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	cut_and_deliver(fixture);
	const struct difference_item right = {id, false, theirs, ours};
	const struct difference_item wrong[] = {
	    {id, false, ours, theirs},   /* we hold 800 */
	    {id, false, theirs, nobody}, /* we do hold it */
	    {id, true, nobody, nobody},  /* and so something of the entry */
	    {id, false, ours, ours},     /* that is no difference */
	    {{id.epoch, id.sequence + 1000, 0}, false, nobody, ours},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(order_difference(fixture, 1, 1, &wrong[i], 1), ERROR_MISMATCH);
	const struct difference_item twice[] = {right, right};
	assert_int_equal(order_difference(fixture, 1, 1, twice, 2), ERROR_MALFORMED);
	assert_int_equal(order_difference(fixture, 1, 2, &right, 1), ERROR_STATE);
	assert_int_equal(order_difference(fixture, 2, 1, &right, 1), ERROR_NOT_FOUND);
	assert_int_equal(order_difference(fixture, 1, 1, &right, 1), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 1, 1, 100, 1);
	assert_int_equal(order_difference(fixture, 1, 2, &right, 1), ERROR_STATE);
}

/* A creditor that says less than all differs gets the rest wrong, and goes on with the next round. */
static void a_difference_that_was_not_all_is_followed_by_another(void **state)
{
	struct fixture *fixture = *state;
	struct obligation others[2];
	for (int i = 0; i < 2; i++) {
		others[i] = pair_owe(&fixture->chengdu, &fixture->chongqing, 700);
		others[i].amount_fen = 800;
		pair_mirror(&fixture->chongqing, &others[i]);
	}
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	cut_and_deliver(fixture);
	const struct difference_item one = {{others[0].epoch, others[0].sequence, others[0].line},
	    false, {true, 700, others[0].line_hash}, {true, 800, others[0].line_hash}};
	assert_int_equal(order_difference(fixture, 1, 1, &one, 1), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_int_equal(
	    pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 1).state, WINDOW_DIFFERS);
	assert_int_equal(pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1).state, WINDOW_CUT);
	assert_int_equal(disputed_at_payer(fixture), 0);
	assert_int_equal(disputed_at_creditor(fixture), 0);
	say_difference(fixture, 1);
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 1, 1, 100, 2);
	assert_int_equal(disputed_at_payer(fixture), 1400);
	assert_int_equal(disputed_at_creditor(fixture), 1600);
}

/* --- forged documents ------------------------------------------------------------------------------------------ */

static enum error say(
    struct fixture *fixture, bool payer, const char *name, const struct buffer *items, size_t count)
{
	struct city *from = payer ? &fixture->chengdu : &fixture->chongqing;
	struct city *to = payer ? &fixture->chongqing : &fixture->chengdu;
	struct buffer payload = {0}, document = {0};
	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, from->settlement.options.region);
	codec_put_uint(&payload, to->settlement.options.region);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, 9);
	codec_put_array(&payload, count);
	buffer_append(&payload, buffer_span(items));
	document_sign(&document, name, &from->key, buffer_span(&payload));
	enum error error = pair_receive(to, name, buffer_span(&document), &fixture->post);
	buffer_free(&payload);
	buffer_free(&document);
	return error;
}

/* An offer of the payer that leaves these out; the totals are those of its rows without them. */
static enum error offer(struct fixture *fixture, const struct difference_item *items, size_t count)
{
	const struct window_row window = pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1);
	struct rest rest = {.statement = statement_of(&window),
	    .statement_hash = window.statement,
	    .round = 1,
	    .items = calloc(count + 1, sizeof *items),
	    .count = count};
	struct buffer out = {0};
	memcpy(rest.items, items, count * sizeof *items);
	assert_int_equal(
	    rest_recount(fixture->chengdu.txn, CHENGDU, CHONGQING, &rest, &rest.totals),
	    ERROR_NONE);
	rest_put(&out, &rest);
	enum error error = say(fixture, true, "window_rest", &out, 1 + count);
	buffer_free(&out);
	rest_free(&rest);
	return error;
}

/* 700 and 800; and 100 on both sides. */
static struct difference_item differing(struct fixture *fixture, struct difference_item *same)
{
	struct obligation other = pair_owe(&fixture->chengdu, &fixture->chongqing, 700);
	const struct difference_item item = {{other.epoch, other.sequence, other.line}, false,
	    {true, 700, other.line_hash}, {true, 800, other.line_hash}};
	other.amount_fen = 800;
	pair_mirror(&fixture->chongqing, &other);
	other = pair_owe(&fixture->chengdu, &fixture->chongqing, 100);
	pair_mirror(&fixture->chongqing, &other);
	*same = (struct difference_item){{other.epoch, other.sequence, other.line}, false,
	    {true, 100, other.line_hash}, {true, 100, other.line_hash}};
	cut_and_deliver(fixture);
	return item;
}

/* A payer cannot leave out what both hold alike, nor put words into the creditor's mouth: that is not agreed, and asked about again. */
static void a_payer_leaves_out_nothing_but_what_differs(void **state)
{
	for (int fault = 0; fault < 4; fault++) {
		struct fixture *fixture = *state;
		struct difference_item same, item = differing(fixture, &same);
		struct difference_item items[] = {item, same};
		if (fault == 1)
			items[1].payers.amount_fen = 99; /* it has stated 100 */
		if (fault == 2)
			items[0].creditors.amount_fen = 799;
		say_difference(fixture, 1);
		post_free(&fixture->post);
		assert_int_equal(offer(fixture, items,
				     fault == 2   ? 1
				     : fault == 3 ? 0
						  : 2),
		    ERROR_NONE);
		assert_int_equal(city_reason(&fixture->chongqing, 0), REASON_differs);
		assert_int_equal(
		    pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 1).state, WINDOW_DIFFERS);
		assert_int_equal(disputed_at_creditor(fixture), 0);
		assert_int_equal(fixture->post.count, 0);
		tear_down(state);
		set_up(state);
	}
}

static void malformed_differences_and_rests_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct difference_item same, item = differing(fixture, &same);
	const struct window_row window = pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1);
	const struct {
		uint32_t window, round, said, items;
		bool disordered;
		enum error error;
	} cases[] = {
	    {1, 1, 0, 0, false, ERROR_MALFORMED},
	    {1, 1, 2, 1, false, ERROR_MALFORMED},
	    {1, 1, 2, 2, true, ERROR_MALFORMED},
	    {1, WINDOW_ROUNDS_MAX + 1, 1, 1, false, ERROR_MALFORMED},
	    {1, 0, 1, 1, false, ERROR_STATE},
	    {2, 1, 1, 1, false, ERROR_MISMATCH},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = {0};
		codec_put_array(&out, 4);
		codec_put_uint(&out, cases[i].window);
		codec_put_bytes(&out, hash_span(&window.statement));
		codec_put_uint(&out, cases[i].round);
		codec_put_uint(&out, cases[i].said);
		for (uint32_t k = 0; k < cases[i].items; k++)
			difference_put(&out, (k == 1) != cases[i].disordered ? &same : &item);
		assert_int_equal(say(fixture, false, "window_difference", &out, 1 + cases[i].items),
		    cases[i].error);
		buffer_free(&out);
	}
	assert_int_equal(offer(fixture, &item, 1), ERROR_STATE); /* nothing was asked */
	say_difference(fixture, 1);
	const struct difference_item twice[] = {item, item};
	assert_int_equal(offer(fixture, twice, 2), ERROR_MALFORMED);
	const struct difference_item whole = {.id = item.id, .whole = true};
	assert_int_equal(offer(fixture, &whole, 1), ERROR_MALFORMED);
	struct buffer none = {0};
	codec_put_array(&none, 0);
	assert_int_equal(say(fixture, true, "window_rest", &none, 1), ERROR_MALFORMED);
	buffer_free(&none);
	assert_int_equal(pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1).round, 0);
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 1, 1, 100, 1);
}

/* Once the rest is offered the creditor agrees to that, of that round, or to nothing: not to the whole statement, not to another rest. */
static void an_agreement_is_to_the_rest_that_was_offered_last(void **state)
{
	struct fixture *fixture = *state;
	struct difference_item same;
	differing(fixture, &same);
	say_difference(fixture, 1);
	assert_int_equal(pair_deliver_one(fixture->cities, 2, &fixture->post), ERROR_NONE);
	const struct window_row window = pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1);
	const struct statement statement = statement_of(&window);
	for (int fault = 0; fault < 3; fault++) {
		struct buffer out = {0};
		struct hash rest = window.rest;
		rest.bytes[9] ^= fault == 1;
		codec_put_array(&out, fault ? RECONCILED_FIELDS : AGREEMENT_FIELDS);
		statement_put(&out, &statement);
		codec_put_bytes(&out, hash_span(&window.statement));
		if (fault) {
			codec_put_uint(&out, fault == 2 ? 2 : 1);
			codec_put_bytes(&out, hash_span(&rest));
		}
		assert_int_equal(say(fixture, false, "agreement", &out, 1), ERROR_MISMATCH);
		buffer_free(&out);
	}
	pair_deliver(fixture->cities, 2, &fixture->post);
	expect_agreed(fixture, 1, 1, 100, 1);
}

/* Window 1 is agreed, 2 differs, 3 is open: 2 takes what was asked for and lies between them. */
static void a_window_takes_what_it_lacks_only_where_it_lies(void **state)
{
	struct fixture *fixture = *state;
	struct obligation lacking;
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	cut_and_deliver(fixture);
	const struct obligation_id before =
	    pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 1).last;
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	lacking = pair_owe(&fixture->chengdu, &fixture->chongqing, 700);
	cut_and_deliver(fixture);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	const struct obligation_id behind =
	    pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 3).last;
	const struct obligation_id here =
	    pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 2).last;
	const struct {
		struct obligation_id id;
		enum error error;
	} cases[] = {
	    {before, ERROR_CONFLICT},
	    {{before.epoch, before.sequence - 1, 0}, ERROR_CONFLICT},
	    {behind, ERROR_CONFLICT},
	    {here, ERROR_CONFLICT},
	    {{lacking.epoch, lacking.sequence, lacking.line}, ERROR_NONE},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct obligation one = lacking;
		one.epoch = cases[i].id.epoch;
		one.sequence = cases[i].id.sequence;
		one.line = cases[i].id.line;
		assert_int_equal(
		    obligation_expected(fixture->chongqing.txn, &one, &fixture->chongqing.detail),
		    ERROR_MISMATCH); /* nobody has asked for it */
		assert_int_equal(
		    dispute_mark(fixture->chongqing.txn, CHENGDU, CHONGQING, 2, &cases[i].id),
		    ERROR_NONE);
		assert_int_equal(
		    obligation_expected(fixture->chongqing.txn, &one, &fixture->chongqing.detail),
		    cases[i].error);
	}
}

/* A creditor that quarrels about what is the same gets it offered. */
static void what_is_the_same_is_not_left_out(void **state)
{
	struct fixture *fixture = *state;
	struct difference_item same;
	struct buffer out = {0};
	differing(fixture, &same);
	const struct window_row window = pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1);
	codec_put_array(&out, 4);
	codec_put_uint(&out, 1);
	codec_put_bytes(&out, hash_span(&window.statement));
	codec_put_uint(&out, 1);
	codec_put_uint(&out, 1);
	difference_put(&out, &same);
	assert_int_equal(say(fixture, false, "window_difference", &out, 2), ERROR_NONE);
	assert_int_equal(city_reason(&fixture->chengdu, 1), REASON_agreed);
	assert_int_equal(pair_window(&fixture->chengdu, CHENGDU, CHONGQING, 1).left_out, 0);
	buffer_free(&out);
}

/* A payer that holds what we hold, and has stated something else: there is nothing to say about any line. */
static void a_statement_of_something_else_than_the_payer_holds_is_found_out(void **state)
{
	struct fixture *fixture = *state;
	struct buffer parameters = {0}, lines = {0};
	uint32_t count;
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	cut_and_deliver(fixture);
	struct window_row window = pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 1);
	window.state = WINDOW_DIFFERS;
	window.agreed = (struct window_totals){0};
	window.stated.positive_fen = 101;
	assert_int_equal(window_put(fixture->chongqing.txn, &window), ERROR_NONE);
	assert_int_equal(exchange_window(fixture->chongqing.txn, fixture->chengdu.txn, CHENGDU,
			     CHONGQING, 1, &parameters, &lines, &count),
	    ERROR_MISMATCH);
	assert_int_equal(count, 0);
	buffer_free(&parameters);
	buffer_free(&lines);
}

/* An open window is nobody's business yet. */
static void an_open_window_is_not_compared(void **state)
{
	struct fixture *fixture = *state;
	struct buffer answer = {0};
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	assert_int_equal(window_reconcile_serve(fixture->chengdu.txn, CHENGDU, CHONGQING, 1,
			     (struct span){NULL, 0}, &answer),
	    ERROR_STATE);
	assert_int_equal(window_reconcile_serve(fixture->chengdu.txn, CHENGDU, CHONGQING, 2,
			     (struct span){NULL, 0}, &answer),
	    ERROR_NOT_FOUND);
	buffer_free(&answer);
}

/* --- against a naive model ----------------------------------------------------------------------------------- */

/* What both hold alike, and what each holds otherwise, summed by hand as it is made. */
struct model {
	uint32_t same_count, left_out;
	int64_t same, payers, creditors;
};

static void owe_somehow(struct fixture *fixture, struct model *model, uint64_t *seed)
{
	int64_t fen = 1 + (int64_t)chance_below(seed, 90000);
	if (chance_below(seed, 5) == 0)
		fen = -fen;
	struct obligation obligation = pair_owe(&fixture->chengdu, &fixture->chongqing, fen);
	unsigned how = (unsigned)chance_below(seed, 12);
	if (how == 0) { /* lacking */
		model->payers += fen;
	} else if (how == 1) { /* another amount */
		obligation.amount_fen = fen + (fen > 0 ? 7 : -7);
		pair_mirror(&fixture->chongqing, &obligation);
		model->payers += fen;
		model->creditors += obligation.amount_fen;
	} else if (how == 2) { /* the line of another entry's verdict */
		obligation.line_hash.bytes[5] ^= 0x40;
		pair_mirror(&fixture->chongqing, &obligation);
		model->payers += fen;
		model->creditors += fen;
	} else {
		pair_mirror(&fixture->chongqing, &obligation);
		model->same_count++;
		model->same += fen;
		return;
	}
	model->left_out++;
}

static void any_differences_are_left_out_and_the_rest_is_agreed(void **state)
{
	struct fixture *fixture = *state;
	uint64_t seed = chance_seed("windows that differ");
	struct model all = {.left_out = 0};
	for (uint32_t number = 1; number <= 12; number++) {
		struct model model = {.left_out = 0};
		uint64_t count = 1 + chance_below(&seed, number % 4 == 0 ? 1500 : 60);
		for (uint64_t i = 0; i < count; i++)
			owe_somehow(fixture, &model, &seed);
		cut_and_deliver(fixture);
		if (model.left_out) {
			say_difference(fixture, number);
			pair_deliver(fixture->cities, 2, &fixture->post);
		}
		expect_agreed(fixture, number, model.same_count, model.same, model.left_out);
		all.payers += model.payers;
		all.creditors += model.creditors;
		assert_int_equal(disputed_at_payer(fixture), all.payers);
		assert_int_equal(disputed_at_creditor(fixture), all.creditors);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_line_of_ten_thousand_is_left_out_and_the_others_are_agreed_and_cleared),
	    TEST(a_window_in_which_everything_differs_is_agreed_too),
	    TEST(the_greatest_sheet_that_stays_lacking_is_left_out),
	    TEST(what_only_one_side_holds_is_left_out),
	    TEST(nothing_waits_for_a_window_that_differs),
	    TEST(documents_that_come_twice_or_late_are_refused_and_change_nothing),
	    TEST(an_answer_to_an_earlier_round_is_refused),
	    TEST(a_difference_that_is_refused_can_be_said_again),
	    TEST(a_difference_says_of_the_own_books_only_what_is_in_them),
	    TEST(a_difference_that_was_not_all_is_followed_by_another),
	    TEST(a_payer_leaves_out_nothing_but_what_differs),
	    TEST(malformed_differences_and_rests_are_refused),
	    TEST(an_agreement_is_to_the_rest_that_was_offered_last),
	    TEST(a_window_takes_what_it_lacks_only_where_it_lies),
	    TEST(what_is_the_same_is_not_left_out),
	    TEST(a_statement_of_something_else_than_the_payer_holds_is_found_out),
	    TEST(an_open_window_is_not_compared),
	    TEST(any_differences_are_left_out_and_the_rest_is_agreed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
