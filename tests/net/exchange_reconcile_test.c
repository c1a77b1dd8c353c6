/* Windows that differ between two nodes: the range exchange goes by requests and answers, the rest by documents; what fails on the way leaves
 * everything as it is, and holds up no other window. Obligations are put into the tables directly: how claims make them is tested elsewhere. */
#include "nodes.h"

#include <stdatomic.h>

#include "dispute.h"
#include "exchange.h"
#include "outbox.h"
#include "window.h"

struct pair {
	char folder[200];
	struct site payer, creditor; /* Chengdu, Chongqing */
	struct node *nodes[2];
	/* What becomes of the requests that the creditor makes. */
	unsigned requests, lost_from; /* from this one on they are lost; 0: none is */
	uint32_t deaf_window;         /* about which the payer's answers are nonsense */
	size_t sent, received;
};

static int set_up(void **state)
{
	struct pair *pair = calloc(1, sizeof *pair);
	struct error_detail detail = {""};

	assert_non_null(pair);
	folder_make(pair->folder);
	site_make(&pair->payer, pair->folder, "chengdu", CHENGDU, 1);
	site_make(&pair->creditor, pair->folder, "chongqing", CHONGQING, 1);
	pair->nodes[0] = pair->payer.node;
	pair->nodes[1] = pair->creditor.node;
	if (node_introduce(pair->nodes, 2, &detail))
		fail_msg("%s", detail.text);
	*state = pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;

	site_close(&pair->payer);
	site_close(&pair->creditor);
	folder_remove(pair->folder);
	free(pair);
	return 0;
}

/* So many obligations from entry `first` on, `fen` each; at the creditor `other` is worth a fen more, and `lacking` is not there (-1: none). */
static void owe(struct site *site, uint64_t first, uint32_t count, int64_t fen, bool mirror,
    int64_t other, int64_t lacking)
{
	struct ledger *ledger = node_ledger(site->node);
	struct txn *txn;

	assert_int_equal(ledger_begin(ledger, &txn), ERROR_NONE);
	for (uint32_t i = 0; i < count; i++) {
		struct obligation obligation = {.payer = CHENGDU,
		    .creditor = CHONGQING,
		    .epoch = 1,
		    .sequence = first + i / 70,
		    .line = i % 70,
		    .amount_fen = fen + (mirror && i == other)};

		be32_write(obligation.line_hash.bytes, i);
		if (mirror && i == lacking)
			continue;
		assert_int_equal(
		    window_open_number(txn, CHENGDU, CHONGQING, &obligation.window), ERROR_NONE);
		assert_int_equal(obligation_add(txn, &obligation), ERROR_NONE);
	}
	assert_int_equal(ledger_commit(ledger, txn), ERROR_NONE);
}

static void owe_both(
    struct pair *pair, uint64_t first, uint32_t count, int64_t fen, int64_t other, int64_t lacking)
{
	owe(&pair->payer, first, count, fen, false, other, lacking);
	owe(&pair->creditor, first, count, fen, true, other, lacking);
}

static void order_cut_of(struct pair *pair)
{
	struct buffer parameters = {0};
	char id[32];
	struct node_order order = {.kind = KIND_cut, .parameter_count = 1};
	struct answer cut;

	codec_put_null(&parameters);
	order.parameters = buffer_span(&parameters);
	snprintf(id, sizeof id, "cut-%u", (unsigned)site_head(&pair->payer, NULL));
	order.id = span_text(id);
	assert_int_equal(node_order(pair->payer.node, &order, &cut), ERROR_NONE);
	assert_int_equal(cut.error, ERROR_NONE);
	buffer_free(&parameters);
}

/* Cut, and hand the statement over; nothing else. */
static void cut(struct pair *pair)
{
	struct buffer request = {0}, answer = {0};
	struct exchange_outcome outcome;
	uint32_t count;

	order_cut_of(pair);
	assert_int_equal(exchange_offer(pair->payer.node, CHONGQING, &request, &count), ERROR_NONE);
	assert_int_equal(
	    exchange_serve(pair->creditor.node, CHENGDU, buffer_span(&request), &answer, NULL),
	    ERROR_NONE);
	assert_int_equal(
	    exchange_book(pair->payer.node, CHONGQING, buffer_span(&answer), &outcome), ERROR_NONE);
	assert_int_equal(outcome.stuck, ERROR_NONE);
	buffer_free(&request);
	buffer_free(&answer);
}

static struct window_row window_of(struct site *site, uint32_t number)
{
	struct window_row row;
	struct txn *txn;

	assert_int_equal(txn_begin_read(ledger_store(node_ledger(site->node)), &txn), ERROR_NONE);
	assert_int_equal(window_get(txn, CHENGDU, CHONGQING, number, &row), ERROR_NONE);
	txn_abort(txn);
	return row;
}

static bool count_open(void *context, const struct dispute *dispute)
{
	*(unsigned *)context += dispute->state == DISPUTE_OPEN;
	return true;
}

static unsigned open_disputes(struct site *site)
{
	unsigned count = 0;
	struct txn *txn;

	assert_int_equal(txn_begin_read(ledger_store(node_ledger(site->node)), &txn), ERROR_NONE);
	assert_int_equal(dispute_each(txn, 0, 0, 0, count_open, &count), ERROR_NONE);
	txn_abort(txn);
	return count;
}

/* [1, "reconcile", [window, ...]]: which window. */
static uint32_t window_asked(struct span request)
{
	struct codec_reader reader = codec_reader(request);

	codec_array_exact(&reader, 3);
	codec_uint(&reader);
	codec_text(&reader);
	codec_array_exact(&reader, 2);
	return (uint32_t)codec_uint(&reader);
}

static enum error carry(void *context, uint32_t peer, struct span request, struct buffer *answer,
    struct error_detail *detail)
{
	struct pair *pair = context;
	enum error error;

	assert_int_equal(peer, CHENGDU);
	pair->requests++;
	pair->sent += request.size;
	if (pair->lost_from && pair->requests >= pair->lost_from)
		return error_set(detail, ERROR_TIMEOUT, "lost");
	if (pair->deaf_window && window_asked(request) == pair->deaf_window) {
		codec_put_array(answer, 0);
		return ERROR_NONE;
	}
	error = exchange_serve(pair->payer.node, CHONGQING, request, answer, NULL);
	pair->received += answer->size;
	return error;
}

static enum error reconcile(struct pair *pair, uint32_t *orders)
{
	struct error_detail detail = {""};

	return exchange_reconcile(pair->creditor.node, CHENGDU, carry, pair, orders, &detail);
}

static void deliver(struct pair *pair)
{
	struct error_detail detail = {""};
	struct delivery delivery;

	if (node_deliver(pair->nodes, 2, &delivery, &detail))
		fail_msg("%s", detail.text);
}

/* 10,000 obligations of 1.00: one is worth a fen more to the creditor, one it lacks, and the payer has no document to send again. */
static void ten_thousand_lines_are_compared_in_a_few_messages(void **state)
{
	struct pair *pair = *state;
	uint32_t orders;

	owe_both(pair, 900, 10000, 100, 5432, 77);
	cut(pair);
	assert_int_equal(window_of(&pair->creditor, 1).state, WINDOW_DIFFERS);
	assert_int_equal(reconcile(pair, &orders), ERROR_NONE);
	assert_int_equal(orders, 1);
	assert_true(pair->requests <= 4 + 2); /* 10,000 < 16^4 */
	assert_true(pair->sent + pair->received < 8192);
	assert_int_equal(window_of(&pair->creditor, 1).state, WINDOW_ASKED);
	/* Nothing is left to ask. */
	assert_int_equal(reconcile(pair, &orders), ERROR_NONE);
	assert_int_equal(orders, 0);
	deliver(pair);
	for (int i = 0; i < 2; i++) {
		struct site *site = i ? &pair->creditor : &pair->payer;
		const struct window_row row = window_of(site, 1);

		assert_int_equal(row.state, WINDOW_AGREED);
		assert_int_equal(row.agreed.count, 9998);
		assert_int_equal(window_net(&row.agreed), 999800);
		assert_int_equal(open_disputes(site), 2);
	}
}

/* The delivery within a process does all of it by itself, the windows of two days, and the one between them that is equal. */
static void a_delivery_reconciles_what_differs_on_the_way(void **state)
{
	struct pair *pair = *state;

	owe_both(pair, 900, 300, 100, 7, -1);
	cut(pair);
	owe_both(pair, 1900, 300, 100, -1, -1);
	cut(pair);
	assert_int_equal(window_of(&pair->creditor, 2).state, WINDOW_AGREED);
	owe_both(pair, 2900, 300, 100, -1, 299);
	cut(pair);
	deliver(pair);
	for (uint32_t number = 1; number <= 3; number++) {
		assert_int_equal(window_of(&pair->payer, number).state, WINDOW_AGREED);
		assert_int_equal(window_of(&pair->creditor, number).state, WINDOW_AGREED);
		assert_int_equal(
		    window_of(&pair->payer, number).agreed.count, number == 2 ? 300 : 299);
	}
	assert_int_equal(open_disputes(&pair->payer), 2);
	assert_int_equal(open_disputes(&pair->creditor), 2);
}

/* Whichever request is lost, nothing is booked, and the next attempt begins from nothing. */
static void an_exchange_that_is_broken_off_leaves_nothing_and_is_begun_again(void **state)
{
	struct pair *pair = *state;
	uint32_t orders;

	owe_both(pair, 900, 10000, 100, 5432, -1);
	cut(pair);
	const uint64_t size = site_head(&pair->creditor, NULL);
	for (unsigned lost = 1; lost <= 4; lost++) {
		pair->requests = 0;
		pair->lost_from = lost;
		assert_int_equal(reconcile(pair, &orders), ERROR_TIMEOUT);
		assert_int_equal(orders, 0);
		assert_int_equal(pair->requests, lost);
		assert_int_equal(site_head(&pair->creditor, NULL), size);
	}
	pair->lost_from = 0;
	assert_int_equal(reconcile(pair, &orders), ERROR_NONE);
	assert_int_equal(orders, 1);
	assert_int_equal(site_head(&pair->creditor, NULL), size + 1);
}

/* The payer answers nonsense about window 1: window 2 is reconciled all the same. */
static void a_window_that_cannot_be_reconciled_holds_up_no_other(void **state)
{
	struct pair *pair = *state;
	uint32_t orders;

	owe_both(pair, 900, 50, 100, 7, -1);
	cut(pair);
	owe_both(pair, 1900, 50, 100, 7, -1);
	cut(pair);
	pair->deaf_window = 1;
	assert_int_equal(reconcile(pair, &orders), ERROR_MALFORMED);
	assert_int_equal(orders, 1);
	assert_int_equal(window_of(&pair->creditor, 1).state, WINDOW_DIFFERS);
	assert_int_equal(window_of(&pair->creditor, 2).state, WINDOW_ASKED);
}

/* Two daemons' outboxes; a request is served by the other node at once. */
struct daemons {
	struct pair *pair;
	struct outboxes *outboxes[2]; /* the payer's, the creditor's */
	/* Of the creditor's questions: the next so many are lost, or answered by nonsense; how many there were. */
	atomic_uint lose, garble, questions;
	atomic_uint told; /* that a window cannot be asked about */
};

static bool is_question(struct span request)
{
	struct codec_reader reader = codec_reader(request);

	codec_array(&reader);
	codec_uint(&reader);
	return span_equal(codec_text(&reader), span_text("reconcile"));
}

static enum error between(void *context, uint32_t peer, struct span request, struct buffer *answer,
    struct error_detail *detail)
{
	struct daemons *daemons = context;
	struct pair *pair = daemons->pair;
	bool to_payer = peer == CHENGDU;

	if (is_question(request)) {
		daemons->questions++;
		if (daemons->lose > 0) {
			daemons->lose--;
			return error_set(detail, ERROR_TIMEOUT, "lost");
		}
		if (daemons->garble > 0) {
			daemons->garble--;
			codec_put_array(answer, 0);
			return ERROR_NONE;
		}
	}
	return exchange_serve(to_payer ? pair->payer.node : pair->creditor.node,
	    to_payer ? CHONGQING : CHENGDU, request, answer, NULL);
}

/* The seams of the tests' nodes are not made for threads: the system's clock and randomness are. */
static void reopen_as_daemon(struct site *site)
{
	site_close(site);
	site->options = (struct node_options){.not_durable = true, .daemon = true};
	site_open(site);
}

static void note(
    void *context, enum outbox_event event, uint32_t peer, enum error why, const char *text)
{
	struct daemons *daemons = context;

	(void)peer;
	if (event != OUTBOX_NOT_RECONCILED)
		return;
	assert_true(why == ERROR_TIMEOUT || why == ERROR_MALFORMED);
	assert_true(text[0] != '\0');
	daemons->told++;
}

/* After failures each waits for a moment only. */
static void open_outboxes(struct daemons *daemons)
{
	struct pair *pair = daemons->pair;

	reopen_as_daemon(&pair->payer);
	reopen_as_daemon(&pair->creditor);
	for (int i = 0; i < 2; i++) {
		const struct outbox_options options = {
		    .node = i ? pair->creditor.node : pair->payer.node,
		    .send = between,
		    .tell = note,
		    .context = daemons,
		    .pause_first_ms = 1,
		    .pause_last_ms = 1};

		assert_int_equal(outboxes_open(&options, &daemons->outboxes[i]), ERROR_NONE);
		assert_int_equal(
		    outboxes_add(daemons->outboxes[i], i ? CHENGDU : CHONGQING), ERROR_NONE);
		assert_true(outboxes_idle(daemons->outboxes[i], NULL, 0, 60000));
	}
}

static void close_outboxes(struct daemons *daemons)
{
	for (int i = 0; i < 2; i++)
		outboxes_close(daemons->outboxes[i]);
}

static void look(struct outboxes *outboxes)
{
	outboxes_wake(outboxes);
	assert_true(outboxes_idle(outboxes, NULL, 0, 60000));
}

/* The payer dies in the middle of the exchange and is back before anybody has noticed: nothing is booked, no link goes down, and the creditor asks
 * again all the same, and tells of it once. */
static void a_question_that_is_lost_is_asked_again_though_nothing_else_happens(void **state)
{
	struct pair *pair = *state;
	struct daemons daemons = {.pair = pair};

	owe_both(pair, 900, 300, 100, 7, -1);
	open_outboxes(&daemons);
	order_cut_of(pair);
	look(daemons.outboxes[0]);
	assert_int_equal(window_of(&pair->creditor, 1).state, WINDOW_DIFFERS);
	daemons.lose = 3;
	look(daemons.outboxes[1]); /* once; the rest by itself */
	assert_int_equal(daemons.lose, 0);
	assert_int_equal(daemons.told, 1);
	assert_int_equal(window_of(&pair->creditor, 1).state, WINDOW_ASKED);
	close_outboxes(&daemons);
}

/* Nonsense does not come right by itself: whoever waits for deliveries need not wait for that, and documents go on. */
static void a_question_that_is_answered_by_nonsense_holds_up_nobody(void **state)
{
	struct pair *pair = *state;
	struct daemons daemons = {.pair = pair};
	struct answer answer;
	const struct institution_row *row;
	struct txn *txn;

	owe_both(pair, 900, 300, 100, 7, -1);
	open_outboxes(&daemons);
	order_cut_of(pair);
	look(daemons.outboxes[0]);
	daemons.garble = UINT32_MAX;
	look(daemons.outboxes[1]);
	assert_true(daemons.questions > 0);
	assert_int_equal(daemons.told, 1);
	assert_int_equal(
	    order_institution(pair->creditor.node, USCC_ONE, CHONGQING, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_NONE);
	look(daemons.outboxes[1]);
	assert_int_equal(
	    txn_begin_read(ledger_store(node_ledger(pair->payer.node)), &txn), ERROR_NONE);
	assert_int_equal(institution_get(txn, USCC_ONE, &row), ERROR_NONE);
	txn_abort(txn);
	assert_int_equal(window_of(&pair->creditor, 1).state, WINDOW_DIFFERS);
	/* Sense again: it has been asking all the time, ever more rarely. */
	daemons.garble = 0;
	for (int looks = 0; window_of(&pair->creditor, 1).state == WINDOW_DIFFERS; looks++) {
		assert_true(looks < 1000000);
		look(daemons.outboxes[1]);
	}
	close_outboxes(&daemons);
}

/* Nobody delivers: what waits is sent, and what differs asked about, by the outboxes themselves. */
static void outboxes_reconcile_when_nothing_waits(void **state)
{
	struct pair *pair = *state;
	struct daemons daemons = {.pair = pair};
	bool agreed = false;

	owe_both(pair, 900, 300, 100, 7, -1);
	open_outboxes(&daemons);
	order_cut_of(pair);
	/* Statement; difference; rest; agreement; and what acknowledges them: each look brings one on its way. */
	for (int looks = 0; looks < 1000 && !agreed; looks++) {
		for (int i = 0; i < 2; i++)
			look(daemons.outboxes[i]);
		agreed = window_of(&pair->payer, 1).state == WINDOW_AGREED;
	}
	assert_true(agreed);
	assert_int_equal(window_of(&pair->creditor, 1).state, WINDOW_AGREED);
	assert_int_equal(window_of(&pair->creditor, 1).agreed.count, 299);
	close_outboxes(&daemons);
}

/* What a request is answered with, by name. */
static void expect_answer(
    struct pair *pair, uint32_t from, const struct buffer *content, enum error wanted)
{
	struct buffer request = {0}, answer = {0};
	struct codec_reader reader;
	struct span name;

	codec_put_array(&request, 3);
	codec_put_uint(&request, 1);
	codec_put_text(&request, span_text("reconcile"));
	buffer_append(&request, buffer_span(content));
	assert_int_equal(
	    exchange_serve(pair->payer.node, from, buffer_span(&request), &answer, NULL),
	    ERROR_NONE);
	reader = codec_reader(buffer_span(&answer));
	codec_array_exact(&reader, 6);
	codec_uint(&reader);
	name = codec_text(&reader);
	assert_true(span_equal(name, span_text(error_name(wanted))));
	buffer_free(&request);
	buffer_free(&answer);
}

static void requests_out_of_nowhere_are_answered_with_an_error(void **state)
{
	struct pair *pair = *state;
	struct buffer content = {0};
	const uint8_t nonsense[] = {0x82, 0x01};

	owe_both(pair, 900, 5, 100, -1, -1);
	codec_put_uint(&content, 1);
	expect_answer(pair, CHONGQING, &content, ERROR_MALFORMED);
	for (uint32_t window = 1; window <= 2; window++) {
		buffer_clear(&content);
		codec_put_array(&content, 2);
		codec_put_uint(&content, window);
		codec_put_bytes(&content, span_of(nonsense, sizeof nonsense));
		expect_answer(pair, CHONGQING, &content,
		    window == 1 ? ERROR_STATE : ERROR_NOT_FOUND); /* open; there is none */
	}
	cut(pair);
	buffer_clear(&content);
	codec_put_array(&content, 2);
	codec_put_uint(&content, 1);
	codec_put_bytes(&content, span_of(nonsense, sizeof nonsense));
	expect_answer(pair, CHONGQING, &content, ERROR_MALFORMED);
	/* A third city learns nothing of what the two owe each other. */
	expect_answer(pair, GUANGYUAN, &content, ERROR_NOT_FOUND);
	buffer_free(&content);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(ten_thousand_lines_are_compared_in_a_few_messages),
	    TEST(a_delivery_reconciles_what_differs_on_the_way),
	    TEST(an_exchange_that_is_broken_off_leaves_nothing_and_is_begun_again),
	    TEST(a_window_that_cannot_be_reconciled_holds_up_no_other),
	    TEST(a_question_that_is_lost_is_asked_again_though_nothing_else_happens),
	    TEST(a_question_that_is_answered_by_nonsense_holds_up_nobody),
	    TEST(outboxes_reconcile_when_nothing_waits),
	    TEST(requests_out_of_nowhere_are_answered_with_an_error),
	};

	return cmocka_run_group_tests_name("exchange_reconcile", tests, NULL, NULL);
}
