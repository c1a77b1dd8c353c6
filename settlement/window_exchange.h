/* window_exchange.h: the range exchange (reconcile.h) over the windows of a node: the payer answers over its rows, the creditor asks over its
 * mirror, and what comes out is the order by which it says in what the window differs. Requests and answers are bytes; whoever has a
 * link carries them. Pure over the transaction. docs/format.md, "Range exchange" and "Reconciling". */
#ifndef SUIREN_WINDOW_EXCHANGE_H
#define SUIREN_WINDOW_EXCHANGE_H

#include "reconcile.h"
#include "window.h"

/* At the payer: answer one request of `creditor` about a window that is cut. Fails with: ERROR_NOT_FOUND (no such window),
 * ERROR_STATE (still open), and what reconcile_serve fails with. */
MUST_CHECK enum error window_reconcile_serve(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, struct span request, struct buffer *answer);

/* At the creditor. Each call is given a transaction of its own, which it borrows for itself alone: none is held open while an answer is awaited, and
 * a peer that is slow slows nobody. Should the mirror change meanwhile, the order that comes of it is refused, and the exchange begun again. */
struct window_exchange;
MUST_CHECK enum error window_exchange_create(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, struct window_exchange **exchange);
void window_exchange_free(struct window_exchange *exchange); /* NULL is accepted */
/* As reconcile_step. */
MUST_CHECK enum error window_exchange_step(
    struct window_exchange *exchange, struct txn *txn, struct span answer, struct buffer *request);
/* When all is known: what differs (reconcile_differences). */
const struct reconcile_difference *window_exchange_differences(
    const struct window_exchange *exchange, size_t *count);
/* ... and the lines of the order of kind `difference`, *count of them, at most WINDOW_DIFFERENCES_MAX, the lowest ids; and
 * its parameters. Fails with: ERROR_MISMATCH (nothing differs: the payer has stated something else than what it holds). */
MUST_CHECK enum error window_exchange_order(struct window_exchange *exchange, struct txn *txn,
    struct buffer *parameters, struct buffer *lines, uint32_t *count);

#endif
