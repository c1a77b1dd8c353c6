#include "pair.h"

#include "clearing_internal.h"

/* Chongqing (500000) has the lower code and proposes; Chengdu (510100) countersigns. Both know each other. */
struct fixture {
	struct city chongqing, chengdu;
	struct city *cities[2];
	struct post post;
	struct policy policies[2][2]; /* as each city knows them: of Chongqing, of Chengdu */
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	city_open(&fixture->chongqing, CHONGQING);
	city_open(&fixture->chengdu, CHENGDU);
	fixture->cities[0] = &fixture->chongqing;
	fixture->cities[1] = &fixture->chengdu;
	pair_introduce(&fixture->chongqing, &fixture->chengdu);
	pair_introduce(&fixture->chengdu, &fixture->chongqing);
	for (size_t i = 0; i < 2; i++) {
		city_knows(fixture->cities[i], CHONGQING, &fixture->policies[i][0]);
		city_knows(fixture->cities[i], CHENGDU, &fixture->policies[i][1]);
	}
	pair_at(fixture->cities, 2, day(2026, 10, 15));
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	post_free(&fixture->post);
	city_close(&fixture->chongqing);
	city_close(&fixture->chengdu);
	free(fixture);
	return 0;
}

static void cut_and_agree(struct fixture *fixture, struct city *payer)
{
	assert_int_equal(pair_cut(payer, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
}

/* Chengdu owes 250.00 + 100.00 - 30.00 = 320.00 in window 1 and 80.00 in window 2; Chongqing owes 150.00. */
static void owe_october(struct fixture *fixture)
{
	pair_approve(&fixture->chengdu, &fixture->chongqing, 25000);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 10000);
	pair_approve(&fixture->chengdu, &fixture->chongqing, -3000);
	cut_and_agree(fixture, &fixture->chengdu);
	pair_at(fixture->cities, 2, day(2026, 10, 16));
	pair_approve(&fixture->chengdu, &fixture->chongqing, 8000);
	cut_and_agree(fixture, &fixture->chengdu);
	pair_approve(&fixture->chongqing, &fixture->chengdu, 15000);
	cut_and_agree(fixture, &fixture->chongqing);
	pair_at(fixture->cities, 2, day(2026, 11, 21));
}

static void clear_month(struct fixture *fixture, uint32_t month)
{
	assert_int_equal(
	    pair_clear(&fixture->chongqing, month, CHENGDU, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
}

static void set_gross(struct fixture *fixture, bool chongqing, bool chengdu)
{
	for (size_t i = 0; i < 2; i++) {
		fixture->policies[i][0].gross = chongqing;
		fixture->policies[i][1].gross = chengdu;
	}
}

/* --- what a clearing comes to --------------------------------------------------------------------------------- */

/* 400.00 against 150.00: Chengdu pays 250.00, by 1 December. */
static void a_net_clearing_leaves_one_payment_of_the_difference(void **state)
{
	struct fixture *fixture = *state;
	owe_october(fixture);
	clear_month(fixture, 202610);
	for (size_t i = 0; i < 2; i++) {
		struct clearing_row row =
		    pair_clearing(fixture->cities[i], 202610, CHENGDU, CHONGQING);
		assert_int_equal(row.state, CLEARING_NETTED);
		assert_int_equal(row.low_windows, 1);
		assert_int_equal(row.high_windows, 2);
		assert_true(row.low_owes_fen == 15000 && row.high_owes_fen == 40000);
		assert_true(row.low_pays_fen == 0 && row.high_pays_fen == 25000);
		assert_true(clearing_pays(&row, CHENGDU) == 25000);
		assert_true(clearing_pays(&row, CHONGQING) == 0);
		assert_int_equal(row.proposed_day, day(2026, 11, 21));
		assert_int_equal(row.due_day, day(2026, 12, 1));
		assert_false(row.gross);
	}
	struct clearing_row low = pair_clearing(&fixture->chongqing, 202610, CHENGDU, CHONGQING);
	struct clearing_row high = pair_clearing(&fixture->chengdu, 202610, CHENGDU, CHONGQING);
	assert_true(hash_equal(&low.document, &high.document));
	assert_true(hash_equal(&low.proposal, &high.proposal));
	assert_true(hash_equal(&low.content, &high.content));
}

/* The windows' accounts are at zero; the clearing accounts hold 250.00 against each other. */
static void both_sides_move_their_windows_into_the_clearing_account(void **state)
{
	struct fixture *fixture = *state;
	owe_october(fixture);
	assert_true(pair_payable(&fixture->chengdu, CHONGQING, 1) == 32000);
	assert_true(pair_receivable(&fixture->chongqing, CHENGDU, 2) == 8000);
	clear_month(fixture, 202610);
	for (uint32_t window = 1; window <= 2; window++) {
		assert_true(pair_payable(&fixture->chengdu, CHONGQING, window) == 0);
		assert_true(pair_receivable(&fixture->chongqing, CHENGDU, window) == 0);
		assert_true(pair_payable(&fixture->chongqing, CHENGDU, window) == 0);
		assert_true(pair_receivable(&fixture->chengdu, CHONGQING, window) == 0);
	}
	assert_true(pair_clearing_credit(&fixture->chengdu, 202610, CHONGQING) == 25000);
	assert_true(pair_clearing_credit(&fixture->chongqing, 202610, CHENGDU) == -25000);
}

/* The countersigning side books when it countersigns, the proposer when it has that signature. */
static void nothing_is_booked_on_a_proposal_alone(void **state)
{
	struct fixture *fixture = *state;
	owe_october(fixture);
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, CHENGDU, &fixture->post), ERROR_NONE);
	struct clearing_row row = pair_clearing(&fixture->chongqing, 202610, CHENGDU, CHONGQING);
	assert_int_equal(row.state, CLEARING_PROPOSED);
	assert_true(clearing_pays(&row, CHENGDU) == 0);
	assert_true(pair_clearing_credit(&fixture->chongqing, 202610, CHENGDU) == 0);
	assert_int_equal(pair_deliver_one(fixture->cities, 2, &fixture->post), ERROR_NONE);
	assert_true(pair_clearing_credit(&fixture->chengdu, 202610, CHONGQING) == 25000);
	assert_true(pair_clearing_credit(&fixture->chongqing, 202610, CHENGDU) == 0);
	assert_int_equal(pair_deliver_one(fixture->cities, 2, &fixture->post), ERROR_NONE);
	assert_true(pair_clearing_credit(&fixture->chongqing, 202610, CHENGDU) == -25000);
	assert_int_equal(fixture->post.count, 0);
}

/* Gross only if both say so: 150.00 and 400.00. */
static void a_gross_clearing_leaves_both_payments(void **state)
{
	struct fixture *fixture = *state;
	set_gross(fixture, true, true);
	owe_october(fixture);
	clear_month(fixture, 202610);
	struct clearing_row row = pair_clearing(&fixture->chengdu, 202610, CHENGDU, CHONGQING);
	assert_true(row.gross);
	assert_true(row.low_pays_fen == 15000 && row.high_pays_fen == 40000);
}

static void one_city_that_says_gross_does_not_make_it_gross(void **state)
{
	struct fixture *fixture = *state;
	set_gross(fixture, true, false);
	owe_october(fixture);
	clear_month(fixture, 202610);
	struct clearing_row row = pair_clearing(&fixture->chengdu, 202610, CHENGDU, CHONGQING);
	assert_false(row.gross);
	assert_true(row.low_pays_fen == 0 && row.high_pays_fen == 25000);
}

/* Sums by hand: {low owes, high owes} -> net {low pays, high pays}, gross {low pays, high pays}. */
static void a_negative_direction_adds_to_what_the_other_side_pays(void **state)
{
	static const struct {
		int64_t owes[2], net[2], gross[2];
	} cases[] = {
	    {{15000, 40000}, {0, 25000}, {15000, 40000}},
	    {{40000, 15000}, {25000, 0}, {40000, 15000}},
	    {{-5000, 20000}, {0, 25000}, {0, 25000}},
	    {{20000, -5000}, {25000, 0}, {25000, 0}},
	    {{-5000, -20000}, {15000, 0}, {20000, 5000}},
	    {{7000, 7000}, {0, 0}, {7000, 7000}},
	    {{0, 0}, {0, 0}, {0, 0}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct clearing_row row = {
		    .low_owes_fen = cases[i].owes[0], .high_owes_fen = cases[i].owes[1]};
		clearing_net(&row);
		assert_true(row.low_pays_fen == cases[i].net[0]);
		assert_true(row.high_pays_fen == cases[i].net[1]);
		row.gross = true;
		clearing_net(&row);
		assert_true(row.low_pays_fen == cases[i].gross[0]);
		assert_true(row.high_pays_fen == cases[i].gross[1]);
	}
}

/* A month of reversals only: Chongqing's window comes to -50.00, Chengdu's to 200.00; Chengdu pays 250.00. */
static void a_window_of_reversals_is_booked_with_the_sides_swapped(void **state)
{
	struct fixture *fixture = *state;
	pair_approve(&fixture->chongqing, &fixture->chengdu, -5000);
	cut_and_agree(fixture, &fixture->chongqing);
	pair_approve(&fixture->chengdu, &fixture->chongqing, 20000);
	cut_and_agree(fixture, &fixture->chengdu);
	pair_at(fixture->cities, 2, day(2026, 11, 21));
	clear_month(fixture, 202610);
	assert_true(pair_payable(&fixture->chongqing, CHENGDU, 1) == 0);
	assert_true(pair_receivable(&fixture->chengdu, CHONGQING, 1) == 0);
	assert_true(pair_clearing_credit(&fixture->chengdu, 202610, CHONGQING) == 25000);
	assert_true(pair_clearing_credit(&fixture->chongqing, 202610, CHENGDU) == -25000);
}

/* --- when, who, once ------------------------------------------------------------------------------------------ */

static void october_can_be_cleared_after_the_twentieth_of_november(void **state)
{
	struct fixture *fixture = *state;
	owe_october(fixture);
	pair_at(fixture->cities, 2, day(2026, 11, 20));
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, CHENGDU, &fixture->post), ERROR_STATE);
	assert_non_null(strstr(fixture->chongqing.detail.text, "2026-11-21"));
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202611, CHENGDU, &fixture->post), ERROR_STATE);
	pair_at(fixture->cities, 2, day(2026, 11, 21));
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, CHENGDU, &fixture->post), ERROR_NONE);
}

static void only_the_lower_code_proposes_and_only_to_a_peer(void **state)
{
	struct fixture *fixture = *state;
	owe_october(fixture);
	assert_int_equal(
	    pair_clear(&fixture->chengdu, 202610, CHONGQING, &fixture->post), ERROR_REFUSED);
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, GUANGYUAN, &fixture->post), ERROR_NOT_FOUND);
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, CHONGQING, &fixture->post), ERROR_NOT_FOUND);
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202613, CHENGDU, &fixture->post), ERROR_MALFORMED);
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 219912, CHENGDU, &fixture->post), ERROR_STATE);
}

static void a_month_is_cleared_once_and_nothing_is_no_clearing(void **state)
{
	struct fixture *fixture = *state;
	pair_at(fixture->cities, 2, day(2026, 11, 21));
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, CHENGDU, &fixture->post), ERROR_STATE);
	pair_at(fixture->cities, 2, day(2026, 10, 15));
	owe_october(fixture);
	clear_month(fixture, 202610);
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, CHENGDU, &fixture->post), ERROR_STATE);
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202609, CHENGDU, &fixture->post), ERROR_STATE);
}

/* Cut on 1 November: the day is 31 October. Cut on 2 November: November's clearing. */
static void a_window_belongs_to_the_month_of_its_day(void **state)
{
	struct fixture *fixture = *state;
	pair_at(fixture->cities, 2, day(2026, 11, 1));
	pair_approve(&fixture->chengdu, &fixture->chongqing, 100);
	cut_and_agree(fixture, &fixture->chengdu);
	pair_at(fixture->cities, 2, day(2026, 11, 2));
	pair_approve(&fixture->chengdu, &fixture->chongqing, 2000);
	cut_and_agree(fixture, &fixture->chengdu);
	pair_at(fixture->cities, 2, day(2026, 12, 21));
	clear_month(fixture, 202610);
	clear_month(fixture, 202611);
	assert_true(
	    pair_clearing(&fixture->chengdu, 202610, CHENGDU, CHONGQING).high_owes_fen == 100);
	assert_true(
	    pair_clearing(&fixture->chengdu, 202611, CHENGDU, CHONGQING).high_owes_fen == 2000);
}

/* Chengdu's window of October is agreed at the creditor, but the agreement reaches Chengdu after the proposal; Chongqing's own
 * October window is still without agreement: November takes both. */
static void an_agreement_that_comes_late_is_in_the_next_clearing(void **state)
{
	struct fixture *fixture = *state;
	owe_october(fixture);
	pair_at(fixture->cities, 2, day(2026, 10, 20));
	pair_approve(&fixture->chongqing, &fixture->chengdu, 900);
	assert_int_equal(pair_cut(&fixture->chongqing, &fixture->post), ERROR_NONE);
	pair_at(fixture->cities, 2, day(2026, 11, 21));
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, CHENGDU, &fixture->post), ERROR_NONE);
	/* The statement overtakes nothing: it is delivered, agreed, and only then comes the proposal, which lacks it. */
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_true(
	    pair_clearing(&fixture->chengdu, 202610, CHENGDU, CHONGQING).low_owes_fen == 15000);
	assert_int_equal(
	    pair_window(&fixture->chongqing, CHONGQING, CHENGDU, 2).state, WINDOW_AGREED);
	assert_int_equal(pair_window(&fixture->chongqing, CHONGQING, CHENGDU, 2).cleared_month, 0);
	pair_at(fixture->cities, 2, day(2026, 12, 21));
	clear_month(fixture, 202611);
	struct clearing_row row = pair_clearing(&fixture->chengdu, 202611, CHENGDU, CHONGQING);
	assert_true(row.low_owes_fen == 900 && row.high_owes_fen == 0);
	assert_int_equal(
	    pair_window(&fixture->chengdu, CHONGQING, CHENGDU, 2).cleared_month, 202611);
}

static void a_window_that_differs_is_in_no_clearing(void **state)
{
	struct fixture *fixture = *state;
	owe_october(fixture);
	pair_at(fixture->cities, 2, day(2026, 10, 20));
	pair_owe(&fixture->chengdu, &fixture->chongqing, 700);
	cut_and_agree(fixture, &fixture->chengdu);
	pair_at(fixture->cities, 2, day(2026, 11, 21));
	clear_month(fixture, 202610);
	assert_true(
	    pair_clearing(&fixture->chengdu, 202610, CHENGDU, CHONGQING).high_owes_fen == 40000);
	assert_true(pair_payable(&fixture->chengdu, CHONGQING, 3) == 700);
}

/* --- what the countersigning city refuses --------------------------------------------------------------------- */

static enum error send_list(struct fixture *fixture, const char *name,
    const struct clearing_list *list, const struct hash *proposal)
{
	struct city *from = proposal ? &fixture->chengdu : &fixture->chongqing;
	struct city *to = proposal ? &fixture->chongqing : &fixture->chengdu;
	struct buffer payload = {0}, document = {0};
	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, from->settlement.options.region);
	codec_put_uint(&payload, to->settlement.options.region);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, 100);
	codec_put_array(&payload, 1 + list->count + (proposal != NULL));
	if (proposal)
		codec_put_bytes(&payload, hash_span(proposal));
	clearing_list_put(&payload, list);
	document_sign(&document, name, &from->key, buffer_span(&payload));
	enum error error = pair_receive(to, name, buffer_span(&document), &fixture->post);
	buffer_free(&payload);
	buffer_free(&document);
	return error;
}

/* What Chongqing would propose, as a list to be altered. */
static void honest_list(struct fixture *fixture, struct clearing_list *list)
{
	*list = (struct clearing_list){.row = {.month = 202610,
					   .low = CHONGQING,
					   .high = CHENGDU,
					   .attempt = 1,
					   .proposed_day = day(2026, 11, 21),
					   .due_day = day(2026, 12, 1)}};
	assert_int_equal(clearing_collect(fixture->chongqing.txn, list, CHONGQING), ERROR_NONE);
	assert_int_equal(clearing_collect(fixture->chongqing.txn, list, CHENGDU), ERROR_NONE);
	assert_int_equal(clearing_add_up(list), ERROR_NONE);
	assert_int_equal(list->count, 3);
}

enum alteration {
	OTHER_PAIR,
	TOO_EARLY,
	FROM_THE_FUTURE,
	OTHER_DUE_DAY,
	OTHER_MODEL,
	OTHER_SUM,
	OTHER_PAYMENT,
	OTHER_TOTAL,
	OTHER_AGREEMENT,
	UNKNOWN_WINDOW,
	WINDOW_TWICE,
	OUT_OF_ORDER,
	MINE_LEFT_OUT,
	EARLIER_MONTH,
	ALTERATIONS
};

static void alter(struct clearing_list *list, enum alteration alteration)
{
	struct clearing_row *row = &list->row;
	struct cleared_window swapped;
	switch (alteration) {
	case OTHER_PAIR:
		row->high = NANCHONG;
		list->windows[1].payer = list->windows[2].payer = NANCHONG;
		break;
	case TOO_EARLY:
		row->proposed_day = day(2026, 11, 20);
		row->due_day = day(2026, 11, 30);
		break;
	case FROM_THE_FUTURE:
		row->proposed_day += 2;
		row->due_day += 2;
		break;
	case OTHER_DUE_DAY:
		row->due_day++;
		break;
	case OTHER_MODEL:
		row->gross = true;
		row->low_pays_fen = 15000;
		row->high_pays_fen = 40000;
		break;
	case OTHER_SUM:
		row->high_owes_fen++;
		break;
	case OTHER_PAYMENT:
		row->high_pays_fen++;
		break;
	case OTHER_TOTAL:
		list->windows[1].net_fen++;
		row->high_owes_fen++;
		row->high_pays_fen++;
		break;
	case OTHER_AGREEMENT:
		list->windows[2].agreement.bytes[0] ^= 1;
		break;
	case UNKNOWN_WINDOW:
		list->windows[2].number = 7;
		break;
	case WINDOW_TWICE:
		list->windows[list->count++] = list->windows[2];
		assert_int_equal(clearing_add_up(list), ERROR_NONE);
		break;
	case OUT_OF_ORDER:
		swapped = list->windows[1];
		list->windows[1] = list->windows[2];
		list->windows[2] = swapped;
		break;
	case MINE_LEFT_OUT:
		list->count--;
		assert_int_equal(clearing_add_up(list), ERROR_NONE);
		break;
	case EARLIER_MONTH:
		row->month = 202609;
		break;
	default:
		fail();
	}
}

static void a_proposal_that_differs_in_anything_is_refused(void **state)
{
	struct fixture *fixture = *state;
	static struct clearing_list list;
	owe_october(fixture);
	for (int i = 0; i < ALTERATIONS; i++) {
		honest_list(fixture, &list);
		alter(&list, (enum alteration)i);
		assert_int_equal(
		    send_list(fixture, "clearing_proposal", &list, NULL), ERROR_MISMATCH);
		assert_true(pair_clearing_credit(&fixture->chengdu, 202610, CHONGQING) == 0);
	}
	honest_list(fixture, &list);
	assert_int_equal(send_list(fixture, "clearing_proposal", &list, NULL), ERROR_NONE);
	assert_int_equal(send_list(fixture, "clearing_proposal", &list, NULL), ERROR_MISMATCH);
}

/* Of what the proposer owes, the last agreement may not have reached it yet. */
static void a_proposal_may_leave_out_what_the_proposer_owes(void **state)
{
	struct fixture *fixture = *state;
	static struct clearing_list list;
	owe_october(fixture);
	honest_list(fixture, &list);
	list.count--;
	memmove(list.windows, list.windows + 1, list.count * sizeof(*list.windows));
	assert_int_equal(clearing_add_up(&list), ERROR_NONE);
	assert_int_equal(send_list(fixture, "clearing_proposal", &list, NULL), ERROR_NONE);
	assert_true(pair_clearing_credit(&fixture->chengdu, 202610, CHONGQING) == 40000);
}

static void a_countersignature_under_anything_else_is_refused(void **state)
{
	struct fixture *fixture = *state;
	static struct clearing_list list;
	owe_october(fixture);
	honest_list(fixture, &list);
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, CHENGDU, &fixture->post), ERROR_NONE);
	struct hash proposal =
	    pair_clearing(&fixture->chongqing, 202610, CHENGDU, CHONGQING).proposal;
	struct hash other = proposal;
	other.bytes[5] ^= 1;
	assert_int_equal(send_list(fixture, "clearing", &list, &other), ERROR_MISMATCH);
	list.row.high_pays_fen--;
	assert_int_equal(send_list(fixture, "clearing", &list, &proposal), ERROR_MISMATCH);
	list.row.high_pays_fen++;
	assert_int_equal(send_list(fixture, "clearing", &list, &proposal), ERROR_NONE);
	assert_int_equal(send_list(fixture, "clearing", &list, &proposal), ERROR_MISMATCH);
	assert_true(pair_clearing_credit(&fixture->chongqing, 202610, CHENGDU) == -25000);
}

/* The link logs a signed refusal; when it is here the windows are free and the month can be proposed again. */
static void a_refused_proposal_frees_its_windows(void **state)
{
	struct fixture *fixture = *state;
	struct buffer payload = {0}, document = {0};
	owe_october(fixture);
	fixture->policies[1][0].gross = fixture->policies[1][1].gross = true;
	assert_int_equal(
	    pair_clear(&fixture->chongqing, 202610, CHENGDU, &fixture->post), ERROR_NONE);
	struct clearing_row row = pair_clearing(&fixture->chongqing, 202610, CHENGDU, CHONGQING);
	struct document proposal;
	struct message message;
	assert_int_equal(
	    document_read(buffer_span(&fixture->post.letters[0].bytes), &proposal), ERROR_NONE);
	assert_int_equal(message_read(proposal.payload, &message), ERROR_NONE);
	assert_int_equal(pair_deliver_one(fixture->cities, 2, &fixture->post), ERROR_MISMATCH);
	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, CHENGDU);
	codec_put_uint(&payload, CHONGQING);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, 0);
	codec_put_array(&payload, 1);
	codec_put_array(&payload, 3);
	codec_put_bytes(&payload, hash_span(&row.proposal));
	codec_put_uint(&payload, message.number);
	codec_put_text(&payload, span_text("mismatch"));
	document_sign(&document, "refusal", &fixture->chengdu.key, buffer_span(&payload));
	assert_int_equal(
	    pair_receive(&fixture->chongqing, "refusal", buffer_span(&document), &fixture->post),
	    ERROR_NONE);
	row = pair_clearing(&fixture->chongqing, 202610, CHENGDU, CHONGQING);
	assert_int_equal(row.state, CLEARING_REFUSED);
	assert_int_equal(pair_window(&fixture->chongqing, CHENGDU, CHONGQING, 1).cleared_month, 0);
	fixture->policies[1][0].gross = fixture->policies[1][1].gross = false;
	clear_month(fixture, 202610);
	row = pair_clearing(&fixture->chongqing, 202610, CHENGDU, CHONGQING);
	assert_int_equal(row.state, CLEARING_NETTED);
	assert_int_equal(row.attempt, 2);
	buffer_free(&payload);
	buffer_free(&document);
}

/* --- paid ------------------------------------------------------------------------------------------------------ */

static void a_clearing_is_settled_when_its_payments_are_received(void **state)
{
	struct fixture *fixture = *state;
	struct txn *txn = fixture->chengdu.txn;
	owe_october(fixture);
	assert_int_equal(
	    clearing_payment_state(txn, 202610, CHENGDU, CHONGQING, true), ERROR_NOT_FOUND);
	clear_month(fixture, 202610);
	assert_int_equal(
	    clearing_payment_state(txn, 202610, CHONGQING, CHENGDU, true), ERROR_MISMATCH);
	for (int i = 0; i < 4; i++) {
		bool received = i % 2 == 0;
		assert_int_equal(
		    clearing_payment_state(txn, 202610, CHENGDU, CHONGQING, received), ERROR_NONE);
		assert_int_equal(pair_clearing(&fixture->chengdu, 202610, CHENGDU, CHONGQING).state,
		    received ? CLEARING_SETTLED : CLEARING_NETTED);
	}
}

static void a_gross_clearing_is_settled_when_both_are_received(void **state)
{
	struct fixture *fixture = *state;
	struct txn *txn = fixture->chengdu.txn;
	set_gross(fixture, true, true);
	owe_october(fixture);
	clear_month(fixture, 202610);
	assert_int_equal(clearing_payment_state(txn, 202610, CHENGDU, CHONGQING, true), ERROR_NONE);
	assert_int_equal(
	    pair_clearing(&fixture->chengdu, 202610, CHENGDU, CHONGQING).state, CLEARING_NETTED);
	assert_int_equal(clearing_payment_state(txn, 202610, CHONGQING, CHENGDU, true), ERROR_NONE);
	assert_int_equal(
	    pair_clearing(&fixture->chengdu, 202610, CHENGDU, CHONGQING).state, CLEARING_SETTLED);
}

static void what_comes_to_nothing_is_settled_at_once(void **state)
{
	struct fixture *fixture = *state;
	pair_approve(&fixture->chengdu, &fixture->chongqing, 5000);
	cut_and_agree(fixture, &fixture->chengdu);
	pair_approve(&fixture->chongqing, &fixture->chengdu, 5000);
	cut_and_agree(fixture, &fixture->chongqing);
	pair_at(fixture->cities, 2, day(2026, 11, 21));
	clear_month(fixture, 202610);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    pair_clearing(fixture->cities[i], 202610, CHENGDU, CHONGQING).state,
		    CLEARING_SETTLED);
	assert_true(pair_clearing_credit(&fixture->chengdu, 202610, CHONGQING) == 0);
}

/* --- S4, and the sums ------------------------------------------------------------------------------------------ */

#define MONTHS 6

/* A naive model: of each direction and window the amount, and whether it must have been cleared. */
struct oracle {
	int64_t amounts[2][256];
	uint32_t months[2][256]; /* of its day */
	uint32_t open[2];
};

struct tally {
	uint32_t windows;
	int64_t net;
};

static void work_a_day(
    struct fixture *fixture, struct oracle *oracle, int32_t today, uint64_t *seed)
{
	pair_at(fixture->cities, 2, today);
	for (unsigned side = 0; side < 2; side++) {
		struct city *payer = fixture->cities[side], *creditor = fixture->cities[!side];
		uint32_t *open = &oracle->open[side];
		*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		uint32_t draw = (uint32_t)(*seed >> 33);
		for (uint32_t i = 0; i < draw % 4; i++) {
			int64_t amount = (int64_t)((draw >> 4) + i * 7919) % 90000 - 20000;
			if (amount == 0)
				continue;
			pair_approve(payer, creditor, amount);
			oracle->amounts[side][*open] += amount;
			oracle->months[side][*open] = month_of_day(today - 1);
		}
		if (oracle->months[side][*open] && draw % 5) {
			oracle->months[side][*open] = month_of_day(today - 1);
			cut_and_agree(fixture, payer);
			++*open;
		}
	}
}

/* All of the model's windows of up to `month` that no earlier clearing took. */
static struct tally expected_of(
    const struct oracle *oracle, unsigned side, uint32_t month, uint32_t before)
{
	struct tally tally = {0, 0};
	for (uint32_t w = 1; w < oracle->open[side]; w++) {
		if (oracle->months[side][w] > month || oracle->months[side][w] <= before)
			continue;
		tally.windows++;
		tally.net += oracle->amounts[side][w];
	}
	return tally;
}

static void half_a_year_of_clearings_takes_each_window_once_and_adds_up(void **state)
{
	struct fixture *fixture = *state;
	struct oracle *oracle = calloc(1, sizeof(*oracle));
	uint64_t seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) : 202610;
	uint32_t month = 202610, before = 0;
	int32_t today = day(2026, 10, 1);
	assert_non_null(oracle);
	print_message("seed %llu\n", (unsigned long long)seed);
	oracle->open[0] = oracle->open[1] = 1;
	for (int i = 0; i < MONTHS; i++) {
		int32_t until = month_first_day(month_next(month)) + 20;
		for (; today <= until; today += 1 + (int32_t)(seed >> 62))
			work_a_day(fixture, oracle, today, &seed);
		pair_at(fixture->cities, 2, until);
		set_gross(fixture, i % 2, i % 2);
		struct tally low = expected_of(oracle, 0, month, before);
		struct tally high = expected_of(oracle, 1, month, before);
		clear_month(fixture, month);
		for (size_t side = 0; side < 2; side++) {
			struct clearing_row row =
			    pair_clearing(fixture->cities[side], month, CHENGDU, CHONGQING);
			assert_int_equal(row.low_windows, low.windows);
			assert_int_equal(row.high_windows, high.windows);
			assert_true(row.low_owes_fen == low.net && row.high_owes_fen == high.net);
			assert_true(row.low_pays_fen - row.high_pays_fen == low.net - high.net);
		}
		assert_true(pair_clearing_credit(&fixture->chongqing, month, CHENGDU) ==
			    low.net - high.net);
		assert_true(pair_clearing_credit(&fixture->chengdu, month, CHONGQING) ==
			    high.net - low.net);
		before = month;
		month = month_next(month);
	}
	for (unsigned side = 0; side < 2; side++) {
		uint32_t payer = side ? CHENGDU : CHONGQING, creditor = side ? CHONGQING : CHENGDU;
		for (uint32_t w = 1; w < oracle->open[side]; w++) {
			uint32_t of = oracle->months[side][w];
			/* The first clearing takes what is of earlier months too. */
			uint32_t cleared = of > before ? 0 : of < 202610 ? 202610 : of;
			assert_int_equal(
			    pair_window(&fixture->chengdu, payer, creditor, w).cleared_month,
			    cleared);
			assert_int_equal(
			    pair_window(&fixture->chongqing, payer, creditor, w).cleared_month,
			    cleared);
			assert_true(pair_payable(fixture->cities[side], creditor, w) ==
				    (cleared ? 0 : oracle->amounts[side][w]));
		}
	}
	free(oracle);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_net_clearing_leaves_one_payment_of_the_difference),
	    TEST(both_sides_move_their_windows_into_the_clearing_account),
	    TEST(nothing_is_booked_on_a_proposal_alone),
	    TEST(a_gross_clearing_leaves_both_payments),
	    TEST(one_city_that_says_gross_does_not_make_it_gross),
	    cmocka_unit_test(a_negative_direction_adds_to_what_the_other_side_pays),
	    TEST(a_window_of_reversals_is_booked_with_the_sides_swapped),
	    TEST(october_can_be_cleared_after_the_twentieth_of_november),
	    TEST(only_the_lower_code_proposes_and_only_to_a_peer),
	    TEST(a_month_is_cleared_once_and_nothing_is_no_clearing),
	    TEST(a_window_belongs_to_the_month_of_its_day),
	    TEST(an_agreement_that_comes_late_is_in_the_next_clearing),
	    TEST(a_window_that_differs_is_in_no_clearing),
	    TEST(a_proposal_that_differs_in_anything_is_refused),
	    TEST(a_proposal_may_leave_out_what_the_proposer_owes),
	    TEST(a_countersignature_under_anything_else_is_refused),
	    TEST(a_refused_proposal_frees_its_windows),
	    TEST(a_clearing_is_settled_when_its_payments_are_received),
	    TEST(a_gross_clearing_is_settled_when_both_are_received),
	    TEST(what_comes_to_nothing_is_settled_at_once),
	    TEST(half_a_year_of_clearings_takes_each_window_once_and_adds_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
