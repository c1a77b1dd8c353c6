/* exchange_reconcile.c: windows of a peer that differ here: the range exchange is carried to it and back, and the order is given by which this city says in
 * what they differ. The rest goes by documents.
 *
 *   request = [1, "reconcile", [window, bytes]]
 *   answer  = [1, error name, text, 0, 0, [bytes]]
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "exchange_internal.h"
#include "node_internal.h"
#include "trust.h"
#include "window_exchange.h"

/* The lowest window of the peer behind `after` that differs and has rounds left; number 0: none. */
struct search {
	uint32_t payer, after;
	uint32_t number;
};

static bool find_next(void *context, const struct window_row *window)
{
	struct search *search = context;

	if (window->number <= search->after || window->round >= WINDOW_ROUNDS_MAX)
		return true;
	search->number = window->number;
	return false;
}

static void request_put(struct buffer *out, uint32_t window, struct span bytes)
{
	codec_put_array(out, 3);
	codec_put_uint(out, EXCHANGE_VERSION);
	codec_put_text(out, span_text("reconcile"));
	codec_put_array(out, 2);
	codec_put_uint(out, window);
	codec_put_bytes(out, bytes);
}

/* The peer's answer, or what it says is wrong. */
static enum error answer_take(struct span answer, struct span *bytes, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(answer);
	struct span name, text;

	codec_array_exact(&reader, 6);
	if (codec_uint(&reader) != EXCHANGE_VERSION)
		reader.failed = ERROR_MALFORMED;
	name = codec_text(&reader);
	text = codec_text(&reader);
	codec_uint(&reader);
	codec_uint(&reader);
	if (!reader.failed && !span_equal(name, span_text(error_name(ERROR_NONE))))
		return error_set(detail, ERROR_REFUSED, "the peer: %.*s", (int)text.size,
		    (const char *)text.data);
	codec_array_exact(&reader, 1);
	*bytes = codec_bytes(&reader);
	return codec_finish(&reader)
		   ? error_set(detail, ERROR_MALFORMED, "not an answer to reconciling")
		   : ERROR_NONE;
}

/* The exchange about one window. */
struct exchanging {
	struct node *node;
	uint32_t peer, window;
	exchange_carry *carry;
	void *context;
	struct buffer step, request, answer, parameters, lines;
	uint32_t count;
	struct error_detail *detail;
};

/* One step, over a snapshot that is gone before the next request is under way. */
static enum error step(struct exchanging *at, struct window_exchange *exchange, struct span answer)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(at->node->ledger), &txn);

	if (error)
		return error;
	error = window_exchange_step(exchange, txn, answer, &at->step);
	if (!error && at->step.size == 0) {
		error =
		    window_exchange_order(exchange, txn, &at->parameters, &at->lines, &at->count);
		if (error == ERROR_MISMATCH)
			error_set(at->detail, error,
			    "%06u holds what we hold of window %u, and has stated something else",
			    (unsigned)at->peer, (unsigned)at->window);
	} else if (error) {
		error_set(at->detail, error, "reconciling window %u: %s", (unsigned)at->window,
		    error_text(error));
	}
	txn_abort(txn);
	return error;
}

static enum error ask(struct exchanging *at, struct window_exchange *exchange)
{
	struct span bytes = {NULL, 0};
	enum error error = step(at, exchange, bytes);

	while (!error && at->step.size > 0) {
		buffer_clear(&at->request);
		buffer_clear(&at->answer);
		request_put(&at->request, at->window, buffer_span(&at->step));
		error = at->request.failed
			    ? at->request.failed
			    : at->carry(at->context, at->peer, buffer_span(&at->request),
				  &at->answer, at->detail);
		if (!error)
			error = answer_take(buffer_span(&at->answer), &bytes, at->detail);
		if (!error)
			error = step(at, exchange, bytes);
	}
	return error;
}

static enum error exchange_one(struct exchanging *at)
{
	struct window_exchange *exchange = NULL;
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(at->node->ledger), &txn);

	if (error)
		return error;
	error =
	    window_exchange_create(txn, at->peer, at->node->config.region, at->window, &exchange);
	txn_abort(txn);
	if (!error)
		error = ask(at, exchange);
	window_exchange_free(exchange);
	return error;
}

static enum error give_order(struct exchanging *at)
{
	struct answer answer;
	const struct node_order order = {.kind = KIND_difference,
	    .parameters = buffer_span(&at->parameters),
	    .parameter_count = 3,
	    .lines = buffer_span(&at->lines),
	    .count = at->count};
	enum error error = node_order(at->node, &order, &answer);

	if (!error && answer.error && answer.error != ERROR_REPEAT)
		error = error_set(at->detail, answer.error, "%s", answer.detail.text);
	return error;
}

static enum error reconcile_one(struct exchanging *at)
{
	enum error error = exchange_one(at);

	if (!error)
		error = give_order(at);
	buffer_free(&at->step);
	buffer_free(&at->request);
	buffer_free(&at->answer);
	buffer_free(&at->parameters);
	buffer_free(&at->lines);
	return error;
}

static enum error next_window(struct node *node, struct search *search)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node->ledger), &txn);

	search->number = 0;
	if (error)
		return error;
	error = trust_check_frozen(txn, search->payer, NULL);
	if (!error)
		error = window_each_differing(
		    txn, search->payer, node->config.region, find_next, search);
	txn_abort(txn);
	return error == ERROR_PEER_FROZEN ? ERROR_NONE : error;
}

enum error exchange_reconcile(struct node *node, uint32_t peer, exchange_carry *carry,
    void *context, uint32_t *orders, struct error_detail *detail)
{
	struct search search = {.payer = peer};
	enum error first = ERROR_NONE;

	*orders = 0;
	for (;;) {
		struct error_detail text = {""};
		struct exchanging at = {.node = node,
		    .peer = peer,
		    .carry = carry,
		    .context = context,
		    .detail = &text};
		enum error error = next_window(node, &search);

		if (error || search.number == 0)
			return error ? error : first;
		at.window = search.after = search.number;
		/* One that cannot be reconciled does not hold up the others. */
		error = reconcile_one(&at);
		*orders += !error;
		if (error && !first)
			first = error_set(
			    detail, error, "%s", text.text[0] ? text.text : error_text(error));
	}
}

enum error exchange_differs(struct node *node, uint32_t peer, bool *any)
{
	struct search search = {.payer = peer};
	enum error error = next_window(node, &search);

	*any = search.number > 0;
	return error;
}

enum error exchange_reconcile_serve(struct node *node, uint32_t from, struct codec_reader *reader,
    struct buffer *bytes, struct error_detail *detail)
{
	struct span request;
	struct txn *txn;
	uint32_t window;
	enum error error;

	codec_array_exact(reader, 2);
	window = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	request = codec_bytes(reader);
	if (codec_finish(reader))
		return error_set(detail, ERROR_MALFORMED, "not a request to reconcile");
	error = txn_begin_read(ledger_store(node->ledger), &txn);
	if (error)
		return error;
	error = window_reconcile_serve(txn, node->config.region, from, window, request, bytes);
	txn_abort(txn);
	return error ? error_set(detail, error, "reconciling window %u: %s", (unsigned)window,
			   error_text(error))
		     : ERROR_NONE;
}
