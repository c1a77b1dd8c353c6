/* rest_kinds.c: what the payer offers of a window that differs, at the creditor (52): agreed if it is all that both hold alike, else
 * asked about once more. docs/format.md, "Reconciling". */
#include <stdlib.h>
#include <string.h>

#include "difference.h"
#include "payment.h"
#include "trust.h"

#define VERDICT_FIELDS (2 + TOTALS_FIELDS)

/* What of the houses' money is withheld by this decision already. */
struct withheld {
	char uscc[USCC_SIZE + 1];
	int64_t fen;
};

struct rest_work {
	struct settlement *settlement;
	struct txn *txn;
	struct window_row window;
	struct rest rest;
	struct window_totals totals; /* of what this city holds without the items */
	struct withheld *withheld;
	size_t withheld_count;
	int64_t *held; /* one for each item */
	struct decision *decision;
	struct error_detail *detail;
};

static enum error check_offer(struct rest_work *work, uint32_t payer)
{
	struct window_row *window = &work->window;
	const struct rest *rest = &work->rest;
	struct statement stated;
	enum error error = window_get(
	    work->txn, payer, settlement_region(work->settlement), rest->statement.window, window);

	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (!error)
		stated = statement_of(window);
	if (error || window->state == WINDOW_OPEN || !statement_equal(&stated, &rest->statement) ||
	    !hash_equal(&window->statement, &rest->statement_hash))
		return error_set(work->detail, ERROR_MISMATCH,
		    "the rest of something else than the statement of window %u of %06u",
		    (unsigned)rest->statement.window, (unsigned)payer);
	if (window->state != WINDOW_ASKED || window->round != rest->round)
		return error_set(work->detail, ERROR_STATE,
		    "the rest of window %u of %06u, which is %s, for round %u; round %u was asked",
		    (unsigned)window->number, (unsigned)payer, window_state_name(window->state),
		    (unsigned)rest->round, (unsigned)window->round);
	return ERROR_NONE;
}

/* What the payer has stated, put together from the rest, which both hold, and its side of what is left out. */
struct restated {
	struct rest_work *work;
	size_t at; /* items before this one are in the totals */
	struct window_totals totals;
};

static void add_item(struct restated *restated)
{
	const struct difference_item *item = &restated->work->rest.items[restated->at++];
	const struct obligation obligation = {.payer = restated->work->window.payer,
	    .creditor = restated->work->window.creditor,
	    .window = restated->work->window.number,
	    .epoch = item->id.epoch,
	    .sequence = item->id.sequence,
	    .line = item->id.line,
	    .amount_fen = item->payers.amount_fen,
	    .line_hash = item->payers.line_hash};

	if (item->payers.is)
		window_totals_add(&restated->totals, &obligation);
}

static bool add_ours(void *context, const struct obligation *obligation)
{
	struct restated *restated = context;
	const struct rest *rest = &restated->work->rest;
	const struct obligation_id id = {obligation->epoch, obligation->sequence, obligation->line};
	int order = 1;

	while (restated->at < rest->count) {
		order = obligation_id_compare(&rest->items[restated->at].id, &id);
		if (order > 0)
			break;
		add_item(restated);
		if (order == 0)
			return true;
	}
	window_totals_add(&restated->totals, obligation);
	return true;
}

/* The rest and what is left out of it are, to the digest, what the payer has signed: it cannot say now that it holds anything else. */
static enum error is_as_stated(struct rest_work *work, bool *as_stated)
{
	const struct window_row *window = &work->window;
	struct restated restated = {.work = work};
	enum error error = obligation_each(
	    work->txn, window->payer, window->creditor, window->number, add_ours, &restated);

	while (restated.at < work->rest.count)
		add_item(&restated);
	*as_stated = window_totals_equal(&restated.totals, &window->stated);
	return error;
}

/* Is each item something that the two hold differently, and is the rest all that both hold? */
static enum error is_agreed(struct rest_work *work, bool *agreed)
{
	const struct window_row *window = &work->window;
	enum error error =
	    rest_recount(work->txn, window->payer, window->creditor, &work->rest, &work->totals);

	*agreed = !error && window_totals_equal(&work->totals, &work->rest.totals);
	if (*agreed)
		error = is_as_stated(work, agreed);
	for (size_t i = 0; i < work->rest.count && !error && *agreed; i++) {
		const struct difference_item *item = &work->rest.items[i];
		struct dispute_side ours;

		error = difference_side(
		    work->txn, window->payer, window->creditor, window->number, &item->id, &ours);
		*agreed = dispute_side_equal(&ours, &item->creditors) &&
			  !dispute_side_equal(&ours, &item->payers);
	}
	return error;
}

static struct withheld *withheld_from(struct rest_work *work, const char *uscc)
{
	struct withheld *of = work->withheld;

	for (; of < work->withheld + work->withheld_count; of++) {
		if (strcmp(of->uscc, uscc) == 0)
			return of;
	}
	memcpy(of->uscc, uscc, sizeof of->uscc);
	of->fen = 0;
	work->withheld_count++;
	return of;
}

/* What the house was still to get for it waits, until the dispute is ended. */
static enum error withhold(struct rest_work *work, size_t index)
{
	const struct difference_item *item = &work->rest.items[index];
	const struct window_row *window = &work->window;
	struct obligation obligation;
	char uscc[USCC_SIZE + 1];
	struct withheld *of;
	int64_t due;
	enum error error;

	if (item->creditors.amount_fen <= 0)
		return ERROR_NONE;
	error = obligation_get(
	    work->txn, window->payer, window->creditor, window->number, &item->id, &obligation);
	if (!error)
		error = obligation_house(work->txn, &obligation, uscc);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	error = guest_due_get(work->txn, window->payer, window->number, uscc, &due);
	if (error)
		return error;
	of = withheld_from(work, uscc);
	due -= of->fen;
	if (due > item->creditors.amount_fen)
		due = item->creditors.amount_fen;
	work->held[index] = due > 0 ? due : 0;
	of->fen += work->held[index];
	return ERROR_NONE;
}

static void send_agreement(struct rest_work *work, const struct hash *rest)
{
	struct buffer *payload = message_begin(
	    work->settlement, work->txn, work->decision, work->window.payer, "agreement", 1);

	if (!payload)
		return;
	codec_put_array(payload, RECONCILED_FIELDS);
	statement_put(payload, &work->rest.statement);
	codec_put_bytes(payload, hash_span(&work->rest.statement_hash));
	codec_put_uint(payload, work->rest.round);
	codec_put_bytes(payload, hash_span(rest));
}

static enum error agree(struct rest_work *work, const struct hash *rest)
{
	char window[ACCOUNT_TEXT_SIZE], disputed[ACCOUNT_TEXT_SIZE];
	enum error error = ERROR_NONE;

	account_receivable_city(window, work->window.payer, work->window.number);
	account_receivable_disputed(disputed, work->window.payer);
	for (size_t i = 0; i < work->rest.count && !error; i++) {
		decision_move(work->decision, UNIT_CNY, disputed, window,
		    work->rest.items[i].creditors.amount_fen);
		error = withhold(work, i);
	}
	send_agreement(work, rest);
	return error;
}

/* [81 | 82, totals that this city has of the rest, [fen withheld...]] */
static void put_result(struct rest_work *work, bool agreed)
{
	struct buffer *lines = &work->decision->lines, *verdicts = &work->decision->verdicts;
	size_t count = agreed ? work->rest.count : 0;

	codec_put_array(lines, 4);
	codec_put_uint(lines, work->window.payer);
	codec_put_uint(lines, work->window.number);
	codec_put_uint(lines, work->rest.round);
	codec_put_uint(lines, work->rest.count);
	codec_put_array(verdicts, VERDICT_FIELDS);
	codec_put_uint(verdicts, agreed ? REASON_agreed : REASON_differs);
	totals_put(verdicts, &work->totals);
	codec_put_array(verdicts, count);
	for (size_t i = 0; i < count; i++)
		codec_put_uint(verdicts, (uint64_t)work->held[i]);
	work->decision->count++;
}

static enum error decide(struct rest_work *work, const struct hash *document)
{
	size_t count = work->rest.count + 1;
	bool agreed = false;
	enum error error;

	work->withheld = calloc(count, sizeof *work->withheld);
	work->held = calloc(count, sizeof *work->held);
	error = work->withheld && work->held ? is_agreed(work, &agreed) : ERROR_MEMORY;
	if (!error && agreed)
		error = agree(work, document);
	if (!error)
		put_result(work, agreed);
	free(work->withheld);
	free(work->held);
	return error;
}

enum error rest_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	const struct hash document = document_hash(command->documents[0]);
	struct rest_work work = {
	    .settlement = settlement, .txn = txn, .decision = decision, .detail = detail};
	struct message message;
	enum error error = long_message_read(command, &message, detail);

	(void)now_ms;
	if (!error) {
		error = rest_read(&message, &work.rest);
		if (error)
			error_set(detail, error, "not a well-formed rest of a window");
	}
	if (!error)
		error = check_offer(&work, message.from);
	if (!error)
		error = trust_check(settlement, txn, message.from,
		    window_net(&work.rest.statement.totals), detail);
	if (!error)
		error = decide(&work, &document);
	rest_free(&work.rest);
	return error;
}

static enum error open_dispute(struct txn *txn, const struct window_row *window,
    const struct difference_item *item, int64_t held, uint64_t sequence)
{
	const struct dispute dispute = {.payer = window->payer,
	    .creditor = window->creditor,
	    .window = window->number,
	    .id = item->id,
	    .state = DISPUTE_OPEN,
	    .payers = item->payers,
	    .creditors = item->creditors,
	    .named_sequence = sequence,
	    .left_out_sequence = sequence,
	    .held_fen = held};
	struct obligation obligation;
	char uscc[USCC_SIZE + 1];
	enum error error = dispute_put(txn, &dispute);

	if (error || held == 0)
		return error;
	error = obligation_get(
	    txn, window->payer, window->creditor, window->number, &item->id, &obligation);
	if (!error)
		error = obligation_house(txn, &obligation, uscc);
	return error ? error : guest_due_add(txn, window->payer, window->number, uscc, -held);
}

static enum error apply_agreed(struct txn *txn, const struct entry *entry, const struct rest *rest,
    struct codec_reader *held, struct window_row *window)
{
	enum error error = ERROR_NONE;

	for (size_t i = 0; i < rest->count && !error; i++)
		error = open_dispute(txn, window, &rest->items[i],
		    (int64_t)codec_uint_max(held, (uint64_t)AMOUNT_MAX), entry->header.sequence);
	window->state = WINDOW_AGREED;
	window->agreed = rest->totals;
	window->left_out = (uint32_t)rest->count;
	window->agreed_sequence = entry->header.sequence;
	window->rest = document_hash(entry->documents[0]);
	/* What was repaired has broken the chain of the digest. */
	if (!error)
		error = window_recount(
		    txn, window->payer, window->creditor, window->number, &window->own);
	return error ? error : sent_hash(entry, 1, &window->agreement);
}

enum error rest_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct codec_reader verdict = codec_reader(entry->verdicts);
	struct window_totals totals;
	struct document document;
	struct message message;
	struct window_row window;
	struct rest rest = {.count = 0};
	unsigned reason;
	size_t count;
	enum error error = ERROR_CORRUPT;

	(void)detail;
	codec_array_exact(&verdict, VERDICT_FIELDS);
	reason = (unsigned)codec_uint(&verdict);
	totals_take(&verdict, &totals);
	count = codec_array(&verdict);
	if (verdict.failed || document_read(entry->documents[0], &document) ||
	    message_read(document.payload, &message) || rest_read(&message, &rest) ||
	    count != (reason == REASON_agreed ? rest.count : 0))
		goto done;
	error = window_get_logged(
	    txn, message.from, settlement_region(settlement), rest.statement.window, &window);
	if (!error && window.state != WINDOW_ASKED)
		error = ERROR_CORRUPT;
	if (!error && reason == REASON_agreed) {
		error = apply_agreed(txn, entry, &rest, &verdict, &window);
		if (!error && verdict.failed)
			error = ERROR_CORRUPT;
	} else if (!error) {
		window.state = WINDOW_DIFFERS;
		window.rest = (struct hash){{0}};
	}
	if (!error)
		error = window_put(txn, &window);
done:
	rest_free(&rest);
	return error;
}
