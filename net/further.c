#include "further.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "held.h"
#include "net_limits.h"
#include "order.h"
#include "orders.h"
#include "prefund.h"
#include "refill.h"
#include "unmatched.h"

bool further_is_due(struct span bytes)
{
	static const char *const names[] = {"payment_receipt", "prefund_notice", "prefund_drawn",
	    "clearing_proposal", "clearing", "refusal"};
	struct document document;
	struct order order;

	if (document_read(bytes, &document))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(document.name, names[i]) == 0)
			return true;
	}
	return strcmp(document.name, "order") == 0 && !order_read(document.payload, &order) &&
	       (order.kind == KIND_bank || order.kind == KIND_policy ||
		   order.kind == KIND_payment_order || order.kind == KIND_unmatched_end);
}

/* The first city from `from` on for whose first held line there is room now; 0 if there is none. */
struct search {
	struct settlement *settlement;
	struct txn *txn;
	uint32_t from, last, found;
	enum error error;
};

/* Held lines come in order of city: only the first of each counts. */
static bool look(void *context, const struct held_line *held)
{
	struct search *search = context;
	struct prefund_cap cap;

	if (held->city < search->from || held->city == search->last)
		return true;
	search->last = held->city;
	search->error = prefund_cap_find(search->settlement, search->txn, held->city, &cap);
	if (!search->error && prefund_cap_takes(&cap, held->amount_fen))
		search->found = held->city;
	return !search->error && !search->found;
}

static enum error find_city(struct node *node, uint32_t from, uint32_t *city, uint64_t *size)
{
	struct search search = {.settlement = node_settlement(node), .from = from};
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &search.txn);

	*city = 0;
	if (error)
		return error;
	error = ledger_head(search.txn, size, NULL);
	if (!error)
		error = held_each(search.txn, HELD_BY_US, 0, 0, look, &search);
	txn_abort(search.txn);
	*city = search.found;
	return error ? error : search.error;
}

/* `city` 0: of kind `refill`. */
static enum error order(struct node *node, uint32_t city, uint64_t size, struct answer *answer)
{
	struct node_order order = {.kind = city ? KIND_further : KIND_refill};
	struct buffer parameters = {0};
	char id[ORDER_ID_MAX + 1];
	enum error error;

	/* It may be given as often as one likes: the id names the entry before it. */
	snprintf(id, sizeof id, "%s-%" PRIu64, kind_name(order.kind), size);
	order.id = span_text(id);
	if (city)
		codec_put_uint(&parameters, city);
	order.parameters = buffer_span(&parameters);
	order.parameter_count = city ? FURTHER_PARAMETERS : 0;
	error = parameters.failed ? parameters.failed : node_order(node, &order, answer);
	buffer_free(&parameters);
	return error || !error_is_world(answer->error) ? error : answer->error;
}

static enum error find_refill(struct node *node, bool *any, uint64_t *size)
{
	struct refill refills[REFILLS_MAX];
	struct txn *txn;
	size_t count;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	*any = false;
	if (error)
		return error;
	error = ledger_head(txn, size, NULL);
	if (!error)
		error = refills_find(node_settlement(node), txn, refills, &count);
	txn_abort(txn);
	*any = !error && count > 0;
	return error;
}

static enum error fill_float(struct node *node, uint32_t *entries)
{
	struct answer answer;
	uint64_t size;
	bool any;
	enum error error = find_refill(node, &any, &size);

	while (!error && any) {
		error = order(node, 0, size, &answer);
		if (error || answer.error)
			break;
		++*entries;
		error = find_refill(node, &any, &size);
	}
	return error;
}

/* What matched nothing when the bank said it, and matches now. */
struct offer {
	struct settlement *settlement;
	struct txn *txn;
	struct bank_line lines[PAYMENT_PART_MAX];
	uint32_t count;
	enum error error;
};

static bool offer_one(void *context, const struct unmatched *unmatched)
{
	struct offer *offer = context;
	enum reason reason;

	if (unmatched->ended)
		return true;
	offer->error = bank_reason(offer->settlement, offer->txn, &unmatched->line, &reason);
	if (!offer->error && bank_changes_books(reason))
		offer->lines[offer->count++] = unmatched->line;
	return !offer->error && offer->count < PAYMENT_PART_MAX;
}

static enum error find_offer(struct node *node, struct offer *offer)
{
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &offer->txn);

	if (error)
		return error;
	offer->settlement = node_settlement(node);
	error = unmatched_each(offer->txn, offer_one, offer);
	txn_abort(offer->txn);
	return error ? error : offer->error;
}

/* Once: what does not match beside the others stays in the list. */
static enum error offer_unmatched(struct node *node, uint32_t *entries)
{
	struct offer *offer = calloc(1, sizeof *offer);
	struct answer answer;
	enum error error = offer ? find_offer(node, offer) : ERROR_MEMORY;

	if (!error && offer->count) {
		error = order_bank(node, offer->lines, offer->count, true, NULL, &answer);
		*entries += !error && answer.error == ERROR_NONE;
		if (!error && error_is_world(answer.error))
			error = answer.error;
	}
	free(offer);
	return error;
}

enum error further_run(struct node *node, uint32_t *entries)
{
	uint32_t from = 0;
	enum error failed;

	*entries = 0;
	failed = offer_unmatched(node, entries);
	if (!failed)
		failed = fill_float(node, entries);
	if (failed)
		return failed;
	for (uint32_t i = 0; i < FURTHER_SHEETS_MAX; i++) {
		struct answer answer;
		uint32_t city;
		uint64_t size;
		enum error error = find_city(node, from, &city, &size);

		if (error || city == 0)
			return error;
		error = order(node, city, size, &answer);
		if (error)
			return error;
		*entries += answer.error == ERROR_NONE;
		/* It was worth less when it was held than it is now: that city's wait. */
		if (answer.error)
			from = city + 1;
	}
	return ERROR_NONE;
}
