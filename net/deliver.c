/* deliver.c: the in-process delivery: carries the waiting documents between nodes that are open in
 * this process, by the requests and answers that daemons exchange over their links (exchange.h). What
 * a failure leaves is offered again at the next delivery, and recognised. */
#include "node_internal.h"

#include <assert.h>
#include <string.h>

#include "exchange.h"

/* The memory of a delivery, and what stopped a pair in this round. */
struct courier {
	struct buffer request, answer;
	struct delivery *totals;
	bool progress;
	enum error stuck;
	struct error_detail *detail;
};

/* Remember what stopped a pair; the first of a round is told. */
static void stick(struct courier *courier, const struct node *from, const struct node *to,
    const struct exchange_outcome *outcome)
{
	if (courier->stuck)
		return;
	courier->stuck = error_set(courier->detail, outcome->stuck, "%06u to %06u, %s",
	    (unsigned)from->config.region, (unsigned)to->config.region,
	    outcome->text.text[0] ? outcome->text.text : error_text(outcome->stuck));
}

/* One batch of one pair. */
static enum error deliver_pair(struct courier *courier, struct node *from, struct node *to)
{
	struct exchange_outcome outcome;
	uint32_t count;
	enum error error;

	buffer_clear(&courier->request);
	buffer_clear(&courier->answer);
	error = exchange_offer(from, to->config.region, &courier->request, &count);
	if (!error && count > 0)
		error = exchange_serve(to, from->config.region, buffer_span(&courier->request),
		    &courier->answer, NULL);
	if (error)
		return error_set(courier->detail, error, "%06u to %06u: %s",
		    (unsigned)from->config.region, (unsigned)to->config.region, error_text(error));
	if (count == 0)
		return ERROR_NONE;
	error = exchange_book(from, to->config.region, buffer_span(&courier->answer), &outcome);
	if (error)
		return error;
	courier->totals->delivered += outcome.delivered;
	courier->totals->refused += outcome.refused;
	courier->totals->acknowledgements += outcome.acknowledged;
	courier->progress = courier->progress || outcome.progress;
	if (outcome.stuck)
		stick(courier, from, to, &outcome);
	return ERROR_NONE;
}

/* One node asks, the other answers. */
static enum error carry_within(void *context, uint32_t peer, struct span request,
    struct buffer *answer, struct error_detail *detail)
{
	struct node *const *pair = context;
	enum error error = exchange_serve(pair[1], pair[0]->config.region, request, answer, NULL);

	(void)peer;
	return error ? error_set(detail, error, "%s", error_text(error)) : ERROR_NONE;
}

/* What `creditor` is owed by `payer` and differs. A failure leaves the window as it is, for everybody to see: no document waits for it. */
static void reconcile_pair(struct courier *courier, struct node *creditor, struct node *payer)
{
	struct node *pair[2] = {creditor, payer};
	struct error_detail unused = {""};
	uint32_t orders;

	if (exchange_reconcile(
		creditor, payer->config.region, carry_within, pair, &orders, &unused) &&
	    orders == 0)
		return;
	courier->totals->differences += orders;
	courier->progress = courier->progress || orders > 0;
}

/* Every pair once. */
static enum error deliver_round(struct courier *courier, struct node *const *nodes, size_t count)
{
	enum error error = ERROR_NONE;

	courier->progress = false;
	courier->stuck = ERROR_NONE;
	for (size_t i = 0; i < count && !error; i++) {
		for (size_t k = 0; k < count && !error; k++) {
			if (i != k)
				error = deliver_pair(courier, nodes[i], nodes[k]);
		}
	}
	/* Once all statements are there, and the documents before them. */
	for (size_t i = 0; i < count && !error && !courier->progress; i++) {
		for (size_t k = 0; k < count; k++) {
			if (i != k)
				reconcile_pair(courier, nodes[i], nodes[k]);
		}
	}
	return error;
}

/* Those with a daemon send by themselves, and only to others that have one. */
static enum error check_daemons(
    struct node *const *nodes, size_t count, size_t *remote, struct error_detail *detail)
{
	*remote = 0;
	for (size_t i = 0; i < count; i++)
		*remote += nodes[i]->remote;
	if (*remote == 0 || *remote == count)
		return ERROR_NONE;
	return error_set(detail, ERROR_USAGE,
	    "some of these nodes have a daemon that runs and some have none: start or stop it");
}

enum error node_deliver(
    struct node *const *nodes, size_t count, struct delivery *delivery, struct error_detail *detail)
{
	struct node *sorted[CITIES_MAX];
	struct courier courier = {.totals = delivery, .detail = detail};
	size_t remote;
	enum error error = nodes_sort(nodes, count, sorted, detail);

	if (!error)
		error = check_daemons(nodes, count, &remote, detail);
	if (!error && remote > 0)
		return deliver_remote(sorted, count, delivery, detail);
	memset(delivery, 0, sizeof *delivery);
	for (unsigned round = 0; !error && round < DELIVERY_ROUNDS_MAX; round++) {
		error = deliver_round(&courier, sorted, count);
		if (!courier.progress)
			break;
	}
	if (!error && courier.progress)
		error = error_set(detail, ERROR_STATE,
		    "the nodes still had documents for each other after %u rounds",
		    DELIVERY_ROUNDS_MAX);
	if (!error)
		error = courier.stuck;
	buffer_free(&courier.request);
	buffer_free(&courier.answer);
	return error;
}
