/* difference_notice.c: a window that differs, at the payer (51): what the creditor lacks goes out again, and the rest is offered. docs/format.md,
 * "Reconciling". */
#include <stdlib.h>
#include <string.h>

#include "difference.h"
#include "trust.h"

/* What an offer of the greatest size takes. */
#define REST_BYTES_MAX (WINDOW_LEFT_OUT_MAX * 112u)

_Static_assert(
    ENTRY_BODY_MAX > 2 * WINDOW_DIFFERENCE_BYTES_MAX + REST_BYTES_MAX + 64 * DIFFERENCE_FRAME,
    "an answer to a difference fits into an entry");

struct notice_work {
	struct settlement *settlement;
	struct txn *txn;
	struct window_row window;
	struct difference_head head;
	struct codec_reader items, proofs; /* each before its first */
	size_t proof_count;
	struct rest rest;
	size_t room; /* bytes that may still be sent again */
	struct decision *decision;
	struct error_detail *detail;
};

static enum error read_notice(struct notice_work *work, const struct message *message)
{
	struct codec_reader reader = message->items;
	struct difference_head *head = &work->head;

	if (message->item_count == 0)
		return ERROR_MALFORMED;
	codec_array_exact(&reader, DIFFERENCE_HEAD_FIELDS);
	head->window = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	codec_bytes_exact(&reader, head->statement.bytes, HASH_SIZE);
	head->round = (uint32_t)codec_uint_max(&reader, WINDOW_ROUNDS_MAX);
	head->count = (uint32_t)codec_uint_max(&reader, WINDOW_DIFFERENCES_MAX);
	if (reader.failed || head->count == 0 || head->count > message->item_count - 1 ||
	    message->item_count - 1 - head->count > WINDOW_SHOWN_MAX)
		return ERROR_MALFORMED;
	work->items = reader;
	for (uint32_t i = 0; i < head->count; i++)
		codec_item(&reader);
	work->proofs = reader;
	work->proof_count = message->item_count - 1 - head->count;
	for (size_t i = 0; i < work->proof_count; i++)
		codec_bytes(&reader);
	return codec_finish(&reader);
}

static enum error check_notice(struct notice_work *work, uint32_t creditor)
{
	const struct difference_head *head = &work->head;
	struct window_row *window = &work->window;
	enum error error = window_get(
	    work->txn, settlement_region(work->settlement), creditor, head->window, window);

	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (error || window->state == WINDOW_OPEN ||
	    !hash_equal(&window->statement, &head->statement))
		return error_set(work->detail, ERROR_MISMATCH,
		    "a difference to something else than the statement of window %u to %06u",
		    (unsigned)head->window, (unsigned)creditor);
	if (window->state != WINDOW_CUT || head->round <= window->round)
		return error_set(work->detail, ERROR_STATE,
		    "round %u of window %u to %06u, which is %s, after round %u",
		    (unsigned)head->round, (unsigned)head->window, (unsigned)creditor,
		    window_state_name(window->state), (unsigned)window->round);
	return ERROR_NONE;
}

static enum error leave_out(struct notice_work *work, const struct difference_item *item)
{
	if (work->rest.count == WINDOW_LEFT_OUT_MAX)
		return error_set(work->detail, ERROR_TOO_LARGE,
		    "more than %u obligations of window %u would be left out", WINDOW_LEFT_OUT_MAX,
		    (unsigned)work->head.window);
	work->rest.items[work->rest.count++] = *item;
	return ERROR_NONE;
}

/* Everything that this city owes by an entry in the window. */
struct entry_ids {
	struct difference_item items[ENTRY_LINES_MAX];
	struct obligation_id ids[ENTRY_LINES_MAX];
	size_t count;
};

static bool take_id(void *context, const struct obligation *obligation)
{
	struct entry_ids *all = context;

	if (all->count == ENTRY_LINES_MAX)
		return false;
	all->ids[all->count] =
	    (struct obligation_id){obligation->epoch, obligation->sequence, obligation->line};
	all->items[all->count] = (struct difference_item){.id = all->ids[all->count],
	    .payers = {true, obligation->amount_fen, obligation->line_hash}};
	all->count++;
	return true;
}

/* What the creditor lacks goes out once more, and if that was done before it is left out. */
static enum error repair(
    struct notice_work *work, const struct entry_ids *lacking, enum reason *reason)
{
	const struct window_row *window = &work->window;
	size_t before = work->decision->outgoing_count;
	bool sent_before, sent = false;
	enum error error = dispute_marked(
	    work->txn, window->payer, window->creditor, window->number, lacking->ids, &sent_before);

	*reason = REASON_left_out;
	if (!error && !sent_before) {
		error = send_again(work->settlement, work->txn, window->creditor, lacking->ids,
		    lacking->count, work->room, work->decision, &sent);
		for (size_t i = before; i < work->decision->outgoing_count; i++)
			work->room -= work->decision->outgoing[i].payload.size;
		/* What does not fit waits for the next round; what never will is left out. */
		if (!error && (sent || before > 0))
			*reason = sent ? REASON_sent_again : REASON_missing;
		else if (error == ERROR_NOT_FOUND)
			error = ERROR_NONE;
	}
	for (size_t i = 0; i < lacking->count && !error && *reason == REASON_left_out; i++)
		error = leave_out(work, &lacking->items[i]);
	return error;
}

/* Does one of the documents that the creditor shows say so, with our signature? */
static enum error is_shown(
    struct notice_work *work, const struct difference_item *item, bool *shown)
{
	struct codec_reader proofs = work->proofs;
	enum error error = ERROR_NONE;

	*shown = false;
	for (size_t i = 0; i < work->proof_count && !error && !*shown; i++)
		error = approval_proves(work->settlement, work->txn, codec_bytes(&proofs),
		    work->window.creditor, work->window.number, &item->id, &item->creditors, shown);
	return error;
}

static void put_verdict(struct decision *decision, enum reason reason, bool shown)
{
	codec_put_array(&decision->verdicts, 2);
	codec_put_uint(&decision->verdicts, reason);
	codec_put_bool(&decision->verdicts, shown);
	decision->count++;
}

/* One id that the creditor names. */
static enum error decide_id(
    struct notice_work *work, struct difference_item *item, enum reason *reason, bool *shown)
{
	const struct window_row *window = &work->window;
	enum error error = difference_side(
	    work->txn, window->payer, window->creditor, window->number, &item->id, &item->payers);

	*reason = REASON_agreed; /* it does not differ, or is nowhere */
	if (error || dispute_side_equal(&item->payers, &item->creditors))
		return error;
	*reason = REASON_left_out;
	error = is_shown(work, item, shown);
	return error ? error : leave_out(work, item);
}

/* All that the creditor lacks of one entry: a whole one, or line after line. Takes the items that belong to it from the reader. */
static enum error decide_entry(struct notice_work *work, struct difference_item *first,
    struct entry_ids *lacking, uint32_t *taken, enum reason *reason)
{
	/* `first` becomes the last that was taken. */
	const struct window_row *window = &work->window;
	const struct obligation_id from = {first->id.epoch, first->id.sequence, 0},
				   below = {first->id.epoch, first->id.sequence + 1, 0};
	struct difference_item item = *first;
	enum error error = ERROR_NONE;

	lacking->count = 0;
	*taken = 1;
	if (first->whole) {
		error = obligation_each_between(work->txn, window->payer, window->creditor,
		    window->number, &from, &below, take_id, lacking);
	} else {
		for (;;) {
			struct codec_reader ahead = work->items;
			struct obligation obligation;

			error = obligation_get(work->txn, window->payer, window->creditor,
			    window->number, &item.id, &obligation);
			if (!error)
				take_id(lacking, &obligation);
			if (error && error != ERROR_NOT_FOUND)
				return error;
			error = ERROR_NONE;
			difference_take(&ahead, &item);
			/* One that is out of order is met, and refused, as the next. */
			if (ahead.failed || item.whole || item.creditors.is ||
			    item.id.epoch != from.epoch || item.id.sequence != from.sequence ||
			    !difference_ascends(first, &item))
				break;
			work->items = ahead;
			*first = item;
			++*taken;
		}
	}
	*reason = REASON_agreed;
	return error || lacking->count == 0 ? error : repair(work, lacking, reason);
}

static enum error decide_items(struct notice_work *work, struct entry_ids *lacking)
{
	struct difference_item item, before = {.whole = false};
	enum error error = ERROR_NONE;

	for (uint32_t i = 0; i < work->head.count && !error;) {
		enum reason reason = REASON_agreed;
		bool shown = false;
		uint32_t taken = 1;

		difference_take(&work->items, &item);
		if (work->items.failed || (i && !difference_ascends(&before, &item)))
			return error_set(work->detail, ERROR_MALFORMED,
			    "difference %u is malformed, or out of order", (unsigned)i + 1);
		error = item.creditors.is ? decide_id(work, &item, &reason, &shown)
					  : decide_entry(work, &item, lacking, &taken, &reason);
		before = item;
		for (uint32_t k = 0; k < taken && !error; k++)
			put_verdict(work->decision, reason, shown);
		i += taken;
	}
	return error;
}

/* The lines: the head with what is left, then the items as they came. */
static void put_lines(struct notice_work *work, struct span items)
{
	struct buffer *lines = &work->decision->lines;

	codec_put_array(lines, 4 + TOTALS_FIELDS);
	codec_put_uint(lines, work->window.creditor);
	codec_put_uint(lines, work->head.window);
	codec_put_uint(lines, work->head.round);
	codec_put_uint(lines, work->rest.count);
	totals_put(lines, &work->rest.totals);
	buffer_append(lines, items);
}

static enum error decide_notice(struct notice_work *work)
{
	const struct codec_reader items = work->items;
	struct entry_ids *lacking = malloc(sizeof *lacking);
	struct buffer *payload;
	enum error error;

	work->rest = (struct rest){.statement = statement_of(&work->window),
	    .statement_hash = work->window.statement,
	    .round = work->head.round,
	    .items = calloc(WINDOW_LEFT_OUT_MAX, sizeof *work->rest.items)};
	error = lacking && work->rest.items ? ERROR_NONE : ERROR_MEMORY;
	if (!error) {
		put_verdict(work->decision, REASON_differs, false);
		error = decide_items(work, lacking);
	}
	if (!error)
		error = rest_recount(work->txn, work->window.payer, work->window.creditor,
		    &work->rest, &work->rest.totals);
	if (!error) {
		put_lines(work, span_of(items.at, (size_t)(work->items.at - items.at)));
		payload = message_begin(work->settlement, work->txn, work->decision,
		    work->window.creditor, "window_rest", 1 + work->rest.count);
		if (payload)
			rest_put(payload, &work->rest);
	}
	rest_free(&work->rest);
	free(lacking);
	return error;
}

enum error difference_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct notice_work work = {
	    .settlement = settlement, .txn = txn, .decision = decision, .detail = detail};
	struct message message;
	enum error error = long_message_read(command, &message, detail);

	(void)now_ms;
	if (!error && (command->documents[0].size > WINDOW_DIFFERENCE_BYTES_MAX ||
			  read_notice(&work, &message)))
		error = error_set(detail, ERROR_MALFORMED, "not a well-formed difference");
	/* The items stand in the entry twice. */
	work.room = ENTRY_BODY_MAX - 64 * DIFFERENCE_FRAME - REST_BYTES_MAX -
		    (error ? 0 : 2 * command->documents[0].size);
	if (!error)
		error = check_notice(&work, message.from);
	if (!error)
		error = trust_check(
		    settlement, txn, message.from, window_net(&work.window.stated), detail);
	return error ? error : decide_notice(&work);
}

/* What is left out is named; what was sent again is marked. */
static enum error name_disputes(
    struct txn *txn, const struct window_row *window, const struct rest *rest, uint64_t sequence)
{
	enum error error =
	    dispute_forget_named(txn, window->payer, window->creditor, window->number);

	for (size_t i = 0; i < rest->count && !error; i++) {
		const struct dispute dispute = {.payer = window->payer,
		    .creditor = window->creditor,
		    .window = window->number,
		    .id = rest->items[i].id,
		    .state = DISPUTE_NAMED,
		    .payers = rest->items[i].payers,
		    .creditors = rest->items[i].creditors,
		    .named_sequence = sequence};

		error = dispute_put(txn, &dispute);
	}
	return error;
}

static enum error apply_item(struct txn *txn, const struct window_row *window, uint64_t sequence,
    struct span line, struct span verdict)
{
	struct codec_reader lines = codec_reader(line), verdicts = codec_reader(verdict);
	struct difference_item item;
	struct dispute dispute;
	unsigned reason;
	bool shown;
	enum error error;

	difference_take(&lines, &item);
	codec_array_exact(&verdicts, 2);
	reason = (unsigned)codec_uint(&verdicts);
	shown = codec_bool(&verdicts);
	if (codec_finish(&lines) || codec_finish(&verdicts))
		return ERROR_CORRUPT;
	if (reason == REASON_sent_again)
		return dispute_mark(txn, window->payer, window->creditor, window->number, &item.id);
	if (!shown)
		return ERROR_NONE;
	error =
	    dispute_get(txn, window->payer, window->creditor, window->number, &item.id, &dispute);
	if (error)
		return ERROR_CORRUPT;
	dispute.shown_sequence = sequence;
	return dispute_put(txn, &dispute);
}

enum error difference_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct codec_reader lines = codec_reader(entry->lines),
			    verdicts = codec_reader(entry->verdicts);
	const uint32_t last = entry->header.document_count - 1;
	struct document document;
	struct message message;
	struct window_row window;
	struct rest rest = {.count = 0};
	enum error error = ERROR_CORRUPT;

	(void)detail;
	if (entry->header.document_count < 2 || document_read(entry->documents[last], &document) ||
	    message_read(document.payload, &message) || rest_read(&message, &rest))
		goto done;
	error = window_get_logged(
	    txn, settlement_region(settlement), message.to, rest.statement.window, &window);
	if (!error)
		error = name_disputes(txn, &window, &rest, entry->header.sequence);
	codec_item(&lines);
	codec_item(&verdicts);
	for (uint32_t i = 1; i < entry->header.count && !error; i++)
		error = apply_item(txn, &window, entry->header.sequence, codec_item(&lines),
		    codec_item(&verdicts));
	window.round = rest.round;
	window.agreed = rest.totals;
	window.left_out = (uint32_t)rest.count;
	window.rest = document_hash(entry->documents[last]);
	if (!error)
		error = window_put(txn, &window);
done:
	rest_free(&rest);
	return error;
}
