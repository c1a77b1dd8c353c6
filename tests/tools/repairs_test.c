/* Two cities whose windows differ, one of them (or both) killed at each step of finding out in what, sending again what is lacking, leaving out
 * the rest by both signatures, and ending the dispute: at each message and at each write of each commit. What comes of it is what comes of an
 * undisturbed run: asked, agreed, disputed and ended once, cleared once, paid once; and the pairs that are not concerned do not wait.
 *
 * They differ as two cities can: Chengdu has refused verdicts of Chongqing that it should have taken (a fault that was mended since), and holds
 * verdicts under Chongqing's own signature of which Chongqing's log knows another amount. */
#include "testing.h"

#include "deaths.h"
#include "dispute.h"
#include "exchange.h"
#include "message.h"
#include "month.h"
#include "node_internal.h"
#include "orders.h"
#include "program.h"
#include "verdict.h"

/* A day after the cut in which the two differ; the end of the dispute falls into that day's window. */
#define NEXT_CUT_MS (DEATHS_CUT_MS + INT64_C(86400000))
#define MORE_FEN 1000

/* Who owes, and who is owed. */
enum { PAYER = CHONGQING, HOST = CHENGDU };

/* --- a sheet that is not handed in with the others ------------------------------------------------------------ */

#define LINES_LEAST 4u
#define LINES_MAX 64u
/* A number that the house does not use otherwise. */
#define SECOND_NUMBER 900u

/* A copy, since the story borrows it only. */
static struct demo_sheet held;
static struct demo_line held_lines[LINES_MAX];
static char *held_programmes[LINES_MAX];

/* The first one of a house of the host about persons of the payer. */
static bool hold(const struct demo_sheet *sheet)
{
	if (held.count || sheet->city != HOST || sheet->payer != sample_regions[PAYER] ||
	    sheet->payer_forced || sheet->forged || sheet->signer != DEMO_INSTITUTION ||
	    sheet->count < LINES_LEAST || sheet->count > LINES_MAX)
		return false;
	held = *sheet;
	held.lines = held_lines;
	for (uint32_t i = 0; i < sheet->count; i++) {
		held_programmes[i] = strdup(sheet->lines[i].programme);
		assert_non_null(held_programmes[i]);
		held_lines[i] = sheet->lines[i];
		held_lines[i].programme = held_programmes[i];
	}
	return true;
}

/* --- how the two come to differ ----------------------------------------------------------------------------- */

/* A fault of the host's: verdicts are refused. */
static enum error refuse_verdicts(void *context, const struct submission *submission,
    struct txn *txn, struct error_detail *detail)
{
	struct document document;

	(void)context;
	(void)txn;
	assert_good(document_read(submission->document, &document));
	return strcmp(document.name, "adjudication") == 0
		   ? error_set(detail, ERROR_STATE, "a fault of the test")
		   : ERROR_NONE;
}

/* The same verdicts with more on the first line that is paid. */
static void forge_verdicts(struct node *payer, struct span bytes, struct buffer *forged)
{
	struct buffer payload = {0};
	struct document document;
	struct message message;
	struct codec_reader items;
	bool done = false;

	assert_good(document_read(bytes, &document));
	assert_string_equal(document.name, "adjudication");
	assert_good(message_read(document.payload, &message));
	items = message.items;
	codec_item(&items);
	buffer_append(
	    &payload, span_of(document.payload.data, (size_t)(items.at - document.payload.data)));
	for (size_t i = 0; i + 1 < message.item_count; i++) {
		struct verdict verdict;

		verdict_take(&items, &verdict);
		if (!done && verdict.reason == REASON_approved && verdict.amount_fen > 0) {
			verdict.amount_fen += MORE_FEN;
			verdict.funds[0].amount_fen += MORE_FEN;
			done = true;
		}
		verdict_write(&payload, &verdict);
	}
	assert_int_equal(items.failed, ERROR_NONE);
	assert_true(done);
	document_sign(forged, "adjudication", &payer->keys.document, buffer_span(&payload));
	assert_int_equal(forged->failed, ERROR_NONE);
	buffer_free(&payload);
}

/* A batch of one document, in whose place another one stands. */
static void forge_batch(struct node *payer, struct buffer *request)
{
	struct codec_reader reader = codec_reader(buffer_span(request));
	struct buffer other = {0}, document = {0};

	codec_array_exact(&reader, 3);
	codec_uint(&reader);
	codec_text(&reader);
	codec_array_exact(&reader, 1);
	buffer_append(&other, span_of(request->data, (size_t)(reader.at - request->data)));
	codec_array_exact(&reader, 2);
	forge_verdicts(payer, codec_bytes(&reader), &document);
	assert_true(codec_null(&reader));
	assert_int_equal(codec_finish(&reader), ERROR_NONE);
	codec_put_array(&other, 2);
	codec_put_bytes(&other, buffer_span(&document));
	codec_put_null(&other);
	buffer_free(&document);
	buffer_free(request);
	*request = other;
}

/* Carry what waits, which is one document, from one to the other. */
static void carry(struct node *from, struct node *to, bool forge)
{
	struct buffer request = {0}, answer = {0};
	struct exchange_outcome outcome;
	uint32_t count;

	assert_good(exchange_offer(from, node_region(to), &request, &count));
	assert_int_equal(count, 1);
	if (forge)
		forge_batch(from, &request);
	assert_good(exchange_serve(to, node_region(from), buffer_span(&request), &answer, NULL));
	assert_good(exchange_book(from, node_region(to), buffer_span(&answer), &outcome));
	if (outcome.stuck)
		fail_msg("%s", outcome.text.text);
	assert_int_equal(outcome.refused, to->intrude ? 1 : 0);
	buffer_free(&request);
	buffer_free(&answer);
}

/* The sheet that was held is handed in as two, with both nodes in this process: the verdicts on the first are refused, those on the second forged. */
static void differ(void)
{
	struct demo_live live = {.directory = DEATHS_BEFORE};
	struct demo_actor actor = demo_live_actor(&live);
	struct error_detail detail = {""};

	assert_true(held.count > 0);
	for (unsigned city = 0; city < 2; city++) {
		struct node_options options = {.seams = seeded_seams(&live.seeded[city])};
		char path[64];

		seeded_start(
		    &live.seeded[city], MONTH_SEED + 2, sample_regions[city], DEATHS_CUT_MS - 1000);
		snprintf(path, sizeof path, DEATHS_BEFORE "/%06u", (unsigned)sample_regions[city]);
		if (node_open(path, &options, &live.nodes[city], &detail))
			fail_msg("%s", detail.text);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct node *host = live.nodes[HOST], *payer = live.nodes[PAYER];
		const uint32_t half = held.count / 2;
		struct demo_sheet sheet = held;

		sheet.lines = held.lines + (i ? half : 0);
		sheet.count = i ? held.count - half : half;
		sheet.number = i ? SECOND_NUMBER : held.number;
		if (actor.sheet(&live, &sheet))
			fail_msg("%s", live.detail.text);
		carry(host, payer, false);
		host->intrude = i == 0 ? refuse_verdicts : NULL;
		carry(payer, host, i == 1);
		host->intrude = NULL;
	}
	for (unsigned city = 0; city < 2; city++)
		node_close(live.nodes[city]);
}

/* --- a run -------------------------------------------------------------------------------------------------- */

static bool take_open(void *context, const struct dispute *dispute)
{
	struct dispute *found = context;

	if (dispute->state == DISPUTE_OPEN) {
		assert_int_equal(found->state, 0); /* there is one */
		*found = *dispute;
	}
	return true;
}

static void find_dispute(struct node *node, struct dispute *found)
{
	struct txn *txn;

	memset(found, 0, sizeof *found);
	assert_good(txn_begin_read(ledger_store(node_ledger(node)), &txn));
	assert_good(dispute_each(txn, 0, 0, 0, take_open, found));
	txn_abort(txn);
}

/* Both see one, and the same; all the rest is agreed, what was lacking too. */
static void assert_disputed(struct deaths *run)
{
	for (unsigned city = 0; city < 2; city++) {
		struct dispute found;

		find_dispute(run->live.nodes[city], &found);
		if (found.state != DISPUTE_OPEN)
			deaths_print(run->folder);
		assert_int_equal(found.state, DISPUTE_OPEN);
		assert_int_equal(found.payer, sample_regions[PAYER]);
		assert_int_equal(found.creditor, sample_regions[HOST]);
		assert_true(found.payers.is && found.creditors.is);
		assert_int_equal(found.creditors.amount_fen - found.payers.amount_fen, MORE_FEN);
	}
}

/* Who owes ends it for the host. */
static void end_dispute(struct deaths *run, struct demo_actor *actor, bool late)
{
	struct dispute dispute;
	struct dispute_line line;
	struct answer answer;

	(void)actor;
	(void)late;
	find_dispute(run->live.nodes[PAYER], &dispute);
	line = (struct dispute_line){.creditor = dispute.creditor,
	    .window = dispute.window,
	    .id = dispute.id,
	    .amount_fen = dispute.creditors.amount_fen,
	    .fund = span_text(""),
	    .grounds = span_text("looked at together")};
	assert_good(order_dispute(run->live.nodes[PAYER], &line, NULL, &answer));
	if (answer.error && answer.error != ERROR_REPEAT)
		fail_msg("%s", answer.detail.text);
}

static void tell(struct deaths *run)
{
	deaths_open(run);
	deaths_cut(run, DEATHS_CUT_MS);
	assert_disputed(run);
	run->quarrel = true; /* what the dispute ends with is owed in a window that is open */
	deaths_stage(run, DEATHS_CUT_MS, end_dispute, NULL);
	run->quarrel = false;
	deaths_cut(run, NEXT_CUT_MS);
	/* The steps of clearing and payment are tried elsewhere. */
	for (unsigned city = 0; city < 2 && run->calm; city++)
		run->scenario->steps[city] = deaths_steps(city);
	deaths_settle(run);
}

/* Entries of each kind. */
static void count_kinds(void *context, const struct entry *entry)
{
	((unsigned *)context)[entry->header.kind]++;
}

/* It was what it is meant to be: everything that a repair consists of, once. */
static void assert_repaired_once(const char *folder)
{
	static const enum kind at_payer[] = {KIND_difference_notice, KIND_dispute};
	static const enum kind at_creditor[] = {KIND_difference, KIND_rest, KIND_dispute_notice};

	for (unsigned city = 0; city < 2; city++) {
		const enum kind *kinds = city == PAYER ? at_payer : at_creditor;
		size_t count = city == PAYER ? 2 : 3;
		unsigned counts[256] = {0};
		char path[64];

		snprintf(path, sizeof path, "%s/%06u", folder, (unsigned)sample_regions[city]);
		month_each_entry(path, count_kinds, counts);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(counts[kinds[i]], 1);
		assert_int_equal(counts[city == PAYER ? KIND_refused : KIND_refusal], 1);
	}
}

static struct deaths_scenario repair = {
    .tell = tell, .look = assert_repaired_once, .other_ids = true, .tried = 1};

static int open_workshop(void **state)
{
	(void)state;
	deaths_workshop_open();
	deaths_tell(hold);
	differ();
	deaths_calm(&repair);
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < held.count; i++)
		free(held_programmes[i]);
	deaths_workshop_close();
	return 0;
}

/* --- the tests ---------------------------------------------------------------------------------------------- */

static void who_owes_dies_at_any_step_of_the_repair(void **state)
{
	(void)state;
	deaths_try_city(&repair, PAYER);
}

static void who_is_owed_dies_at_any_step_of_the_repair(void **state)
{
	(void)state;
	deaths_try_city(&repair, HOST);
}

static void both_die_in_one_repair(void **state)
{
	(void)state;
	deaths_try_both(&repair);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_owes_dies_at_any_step_of_the_repair),
	    cmocka_unit_test(who_is_owed_dies_at_any_step_of_the_repair),
	    cmocka_unit_test(both_die_in_one_repair),
	};

	if (argc > 1)
		return deaths_be_daemon(argv);
	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
