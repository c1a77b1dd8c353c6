/* exchange.h: the range exchange about one window between two sets of tables, as a link would carry it. */
#ifndef SUIREN_TEST_EXCHANGE_H
#define SUIREN_TEST_EXCHANGE_H

#include "window_exchange.h"

/* Parameters and lines of the order that the creditor gives then. */
static inline enum error exchange_window(struct txn *creditor_txn, struct txn *payer_txn,
    uint32_t payer, uint32_t creditor, uint32_t window, struct buffer *parameters,
    struct buffer *lines, uint32_t *count)
{
	struct buffer request = {0}, answer = {0};
	struct window_exchange *exchange;
	enum error error = window_exchange_create(creditor_txn, payer, creditor, window, &exchange);

	*count = 0;
	while (!error) {
		error =
		    window_exchange_step(exchange, creditor_txn, buffer_span(&answer), &request);
		if (error || request.size == 0)
			break;
		buffer_clear(&answer);
		error = window_reconcile_serve(
		    payer_txn, payer, creditor, window, buffer_span(&request), &answer);
	}
	if (!error)
		error = window_exchange_order(exchange, creditor_txn, parameters, lines, count);
	window_exchange_free(exchange);
	buffer_free(&request);
	buffer_free(&answer);
	return error;
}

#endif
