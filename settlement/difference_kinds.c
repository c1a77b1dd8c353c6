/* difference_kinds.c: a window that differs: the creditor says in what (50). docs/format.md, "Reconciling". */
#include "difference.h"
#include "order.h"
#include "trust.h"

struct difference_order {
	uint32_t payer, window, round;
};

static enum error read_order(
    struct span bytes, struct difference_order *out, struct error_detail *detail)
{
	struct document document;
	struct order order;

	if (document_read(bytes, &document) || order_read(document.payload, &order) ||
	    order.parameter_count != DIFFERENCE_PARAMETERS)
		return error_set(detail, ERROR_MALFORMED, "not a well-formed order to reconcile");
	out->payer = (uint32_t)codec_uint_max(&order.parameters, 999999);
	out->window = (uint32_t)codec_uint_max(&order.parameters, UINT32_MAX);
	out->round = (uint32_t)codec_uint_max(&order.parameters, UINT32_MAX);
	return order.parameters.failed
		   ? error_set(detail, ERROR_MALFORMED, "not a well-formed order to reconcile")
		   : ERROR_NONE;
}

static enum error find_window(struct txn *txn, const struct difference_order *order, uint32_t self,
    struct window_row *window, struct error_detail *detail)
{
	enum error error = window_get(txn, order->payer, self, order->window, window);

	if (error == ERROR_NOT_FOUND)
		return error_set(detail, error, "there is no window %u of %06u",
		    (unsigned)order->window, (unsigned)order->payer);
	if (error)
		return error;
	if (window->state != WINDOW_DIFFERS && window->state != WINDOW_ASKED)
		return error_set(detail, ERROR_STATE, "window %u of %06u does not differ",
		    (unsigned)order->window, (unsigned)order->payer);
	if (order->round != window->round + 1 || order->round > WINDOW_ROUNDS_MAX)
		return error_set(detail, ERROR_STATE,
		    "round %u of window %u of %06u; %u is the next, %u the last",
		    (unsigned)order->round, (unsigned)order->window, (unsigned)order->payer,
		    (unsigned)window->round + 1, WINDOW_ROUNDS_MAX);
	return ERROR_NONE;
}

/* What the line says of our own books must be so. */
static enum error check_line(struct txn *txn, const struct window_row *window,
    const struct difference_item *item, const char **wrong)
{
	struct dispute_side ours;
	bool has;
	enum error error;

	if (item->whole) {
		error = difference_has_entry(
		    txn, window->payer, window->creditor, window->number, &item->id, &has);
		if (!error && has)
			*wrong = "something of the entry is here";
		return error;
	}
	error =
	    difference_side(txn, window->payer, window->creditor, window->number, &item->id, &ours);
	if (!error && !dispute_side_equal(&ours, &item->creditors))
		*wrong = "that is not what is here";
	if (!error && dispute_side_equal(&item->payers, &item->creditors))
		*wrong = "the two sides are the same";
	return error;
}

/* What the payer has signed and now does not state: bytes of its documents, each once, as many as fit. */
struct proofs {
	struct buffer bytes; /* byte strings */
	uint64_t booked[WINDOW_SHOWN_MAX];
	size_t count;
};

static enum error show(struct txn *txn, const struct window_row *window,
    const struct difference_item *item, size_t room, struct proofs *proofs)
{
	struct entry_reader reader = {0};
	struct obligation obligation;
	enum error error = obligation_get(
	    txn, window->payer, window->creditor, window->number, &item->id, &obligation);

	if (error)
		return error;
	for (size_t i = 0; i < proofs->count; i++) {
		if (proofs->booked[i] == obligation.booked)
			return ERROR_NONE;
	}
	error = proofs->count < WINDOW_SHOWN_MAX ? ledger_read(txn, obligation.booked, &reader)
						 : ERROR_NOT_FOUND;
	if (!error && reader.entry.header.document_count > 0 &&
	    proofs->bytes.size + reader.entry.documents[0].size + CODEC_HEAD_MAX <= room) {
		codec_put_bytes(&proofs->bytes, reader.entry.documents[0]);
		proofs->booked[proofs->count++] = obligation.booked;
	}
	entry_free(&reader);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error decide_lines(struct txn *txn, const struct command *command,
    const struct window_row *window, struct decision *decision, struct proofs *proofs,
    struct error_detail *detail)
{
	struct line_walk walk = line_walk(command);
	struct difference_item item, before = {.whole = false};
	struct span line;
	enum error error = ERROR_NONE;

	while (!error && line_walk_next(&walk, &line)) {
		struct codec_reader reader = codec_reader(line);
		const char *wrong = NULL;

		difference_take(&reader, &item);
		if (codec_finish(&reader) || (walk.next > 1 && !difference_ascends(&before, &item)))
			return line_walk_error(&walk, ERROR_MALFORMED, detail,
			    "not a well-formed difference, or out of order");
		error = check_line(txn, window, &item, &wrong);
		if (!error && wrong)
			return line_walk_error(&walk, ERROR_MISMATCH, detail, wrong);
		if (!error && item.creditors.is)
			error = show(txn, window, &item,
			    WINDOW_DIFFERENCE_BYTES_MAX - DIFFERENCE_FRAME - command->lines.size,
			    proofs);
		verdict_put(decision, item.creditors.is ? REASON_differs : REASON_missing);
		before = item;
	}
	return error ? error : line_walk_finish(&walk, detail);
}

enum error difference_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct difference_order order;
	struct window_row window;
	struct proofs proofs = {.count = 0};
	struct buffer *payload;
	enum error error = read_order(command->documents[0], &order, detail);

	(void)now_ms;
	if (!error && (command->count > WINDOW_DIFFERENCES_MAX ||
			  command->lines.size > WINDOW_DIFFERENCE_BYTES_MAX - DIFFERENCE_FRAME))
		error = error_set(detail, ERROR_TOO_LARGE, "%u differences; %u are taken",
		    (unsigned)command->count, WINDOW_DIFFERENCES_MAX);
	if (!error)
		error = find_window(txn, &order, settlement_region(settlement), &window, detail);
	if (!error)
		error = trust_check_frozen(txn, order.payer, detail);
	if (!error)
		error = decide_lines(txn, command, &window, decision, &proofs, detail);
	if (!error)
		error = proofs.bytes.failed;
	payload = error ? NULL
			: message_begin(settlement, txn, decision, order.payer, "window_difference",
			      1 + command->count + proofs.count);
	if (payload) {
		codec_put_array(payload, DIFFERENCE_HEAD_FIELDS);
		codec_put_uint(payload, order.window);
		codec_put_bytes(payload, hash_span(&window.statement));
		codec_put_uint(payload, order.round);
		codec_put_uint(payload, command->count);
		buffer_append(payload, command->lines);
		buffer_append(payload, buffer_span(&proofs.bytes));
	}
	buffer_free(&proofs.bytes);
	return error;
}

enum error difference_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct entry_walk walk = entry_walk(entry);
	struct difference_order order;
	struct window_row window;
	struct span line;
	unsigned reason;
	enum error error = read_order(entry->documents[0], &order, NULL);

	if (error)
		return ERROR_CORRUPT;
	error = window_get_logged(
	    txn, order.payer, settlement_region(settlement), order.window, &window);
	while (!error && entry_walk_next(&walk, &line, &reason)) {
		struct codec_reader reader = codec_reader(line);
		struct difference_item item;

		difference_take(&reader, &item);
		if (codec_finish(&reader))
			return ERROR_CORRUPT;
		if (reason == REASON_missing)
			error = dispute_mark(
			    txn, window.payer, window.creditor, window.number, &item.id);
	}
	if (!error)
		error = entry_walk_finish(&walk, detail);
	if (!error)
		error = sent_hash(entry, 1, &window.rest);
	window.state = WINDOW_ASKED;
	window.round = order.round;
	return error ? error : window_put(txn, &window);
}
