#include "window_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "difference.h"

/* A difference of lines and amounts takes so much at most; the order must be one document's load. */
#define LINES_BYTES_MAX (WINDOW_DIFFERENCE_BYTES_MAX - 4096u)
#define LINE_BYTES_MAX 160u

/* A window as a set. */
struct window_set {
	struct txn *txn;
	uint32_t payer, creditor, window;
};

struct set_visit {
	reconcile_visit *visit;
	void *context;
};

static bool visit_one(void *context, const struct obligation *obligation)
{
	const struct set_visit *visit = context;
	const struct reconcile_item item = {
	    .id = {obligation->epoch, obligation->sequence, obligation->line},
	    .amount_fen = obligation->amount_fen,
	    .line_hash = obligation->line_hash};

	return visit->visit(visit->context, &item);
}

static enum error set_each(void *context, const struct obligation_id *from,
    const struct obligation_id *below, reconcile_visit *visit, void *visit_context)
{
	const struct window_set *set = context;
	struct set_visit each = {visit, visit_context};

	return obligation_each_between(
	    set->txn, set->payer, set->creditor, set->window, from, below, visit_one, &each);
}

enum error window_reconcile_serve(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t number, struct span request, struct buffer *answer)
{
	struct window_set set = {txn, payer, creditor, number};
	const struct reconcile_set as_set = {set_each, &set};
	struct window_row window;
	enum error error = window_get(txn, payer, creditor, number, &window);

	if (!error && window.state == WINDOW_OPEN)
		error = ERROR_STATE;
	return error ? error : reconcile_serve(&as_set, request, answer);
}

struct window_exchange {
	struct window_set set;
	struct window_row window;
	struct reconcile *reconcile;
};

enum error window_exchange_create(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t number, struct window_exchange **out)
{
	struct window_exchange *exchange = calloc(1, sizeof *exchange);
	enum error error = exchange ? ERROR_NONE : ERROR_MEMORY;

	if (!error) {
		exchange->set = (struct window_set){NULL, payer, creditor, number};
		error = window_get(txn, payer, creditor, number, &exchange->window);
	}
	if (!error) {
		const struct reconcile_set set = {set_each, &exchange->set};

		error = reconcile_create(&set, &exchange->reconcile);
	}
	if (error) {
		window_exchange_free(exchange);
		exchange = NULL;
	}
	*out = exchange;
	return error;
}

void window_exchange_free(struct window_exchange *exchange)
{
	if (!exchange)
		return;
	reconcile_free(exchange->reconcile);
	free(exchange);
}

enum error window_exchange_step(
    struct window_exchange *exchange, struct txn *txn, struct span answer, struct buffer *request)
{
	enum error error;

	exchange->set.txn = txn;
	error = reconcile_step(exchange->reconcile, answer, request);
	exchange->set.txn = NULL;
	return error;
}

const struct reconcile_difference *window_exchange_differences(
    const struct window_exchange *exchange, size_t *count)
{
	return reconcile_differences(exchange->reconcile, count);
}

static struct dispute_side side_of(bool is, const struct reconcile_item *item)
{
	return is ? (struct dispute_side){true, item->amount_fen, item->line_hash}
		  : (struct dispute_side){false, 0, {{0}}};
}

enum error window_exchange_order(struct window_exchange *exchange, struct txn *txn,
    struct buffer *parameters, struct buffer *lines, uint32_t *count)
{
	const struct window_row *window = &exchange->window;
	struct difference_item item = {.whole = false};
	bool any = false;
	size_t total;
	const struct reconcile_difference *list =
	    reconcile_differences(exchange->reconcile, &total);
	enum error error = total ? ERROR_NONE : ERROR_MISMATCH;

	*count = 0;
	difference_parameters_write(parameters, window->payer, window->number, window->round + 1);
	for (size_t i = 0; i < total && !error && *count < WINDOW_DIFFERENCES_MAX &&
			   lines->size + LINE_BYTES_MAX < LINES_BYTES_MAX;
	     i++) {
		const struct reconcile_difference *one = &list[i];
		const struct obligation_id *id = &one->theirs.id;

		/* The whole entry stands there already. */
		if (item.whole && *count && item.id.epoch == id->epoch &&
		    item.id.sequence == id->sequence)
			continue;
		item = (struct difference_item){.id = *id,
		    .payers = side_of(one->is_theirs, &one->theirs),
		    .creditors = side_of(one->is_ours, &one->ours)};
		/* Nothing at all of the entry is here: it is asked for as a whole. */
		if (!one->is_ours)
			error = difference_has_entry(
			    txn, window->payer, window->creditor, window->number, id, &any);
		item.whole = !one->is_ours && !any;
		if (item.whole) {
			item.id.line = 0;
			item.payers = (struct dispute_side){.is = false};
		}
		difference_put(lines, &item);
		++*count;
	}
	if (!error)
		error = parameters->failed ? parameters->failed : lines->failed;
	return error;
}
