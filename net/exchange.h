/* exchange.h: what two cities say to each other over a link: waiting documents offered, booked,
 * acknowledged. One request and its answer for a batch: made by the sender, served by the receiver,
 * booked by the sender. Bytes in, bytes out: no socket and no thread of its own; the same for nodes
 * of one process (deliver.c) and for daemons (outbox.c). Thread-safe as the nodes are.
 * docs/protocol.md, "Settlement over the link". */
#ifndef SUIREN_EXCHANGE_H
#define SUIREN_EXCHANGE_H

#include "net_limits.h"
#include "node.h"

/* What came of one request. */
struct exchange_outcome {
	uint64_t delivered;       /* booked by the receiver now, for the first time */
	uint64_t refused;         /* refused by it; the refusal is an entry of its log */
	bool acknowledged;        /* the sender has booked an acknowledgement that was news */
	bool progress;            /* anything at all has changed on either side */
	enum error stuck;         /* what stopped the batch, or ERROR_NONE */
	struct error_detail text; /* about that */
};

/* Append the request that offers to city `to` the first documents that wait for it, at most
 * DELIVERY_BATCH_MAX and, but for the first, DELIVERY_BYTES_MAX bytes; *count is how many, 0 (and
 * nothing is written): none waits. Fails with: ERROR_MEMORY and the store's. */
MUST_CHECK enum error exchange_offer(
    struct node *node, uint32_t to, struct buffer *request, uint32_t *count);

/* What cities say besides: at the beginning, with the descriptor that is valid now, and before a node stops. Fails with: ERROR_MEMORY
 * and the store's. */
enum exchange_greeting { EXCHANGE_HELLO, EXCHANGE_BYE };
MUST_CHECK enum error exchange_greet(
    struct node *node, enum exchange_greeting greeting, struct buffer *request);

/* Serve a request of city `from`, which the link has made sure of: book and append the answer.
 * Whatever is wrong with the request is said in the answer. `greeting` (may be NULL) tells what was
 * said; -1: documents. Fails with what the world fails with; `answer` is then of no use. */
MUST_CHECK enum error exchange_serve(
    struct node *node, uint32_t from, struct span request, struct buffer *answer, int *greeting);

/* Book the answer of city `peer` at the sender. An answer that makes no sense is ERROR_MALFORMED in
 * outcome->stuck. Fails as node_submit. */
MUST_CHECK enum error exchange_book(
    struct node *node, uint32_t peer, struct span answer, struct exchange_outcome *outcome);

/* Carry a request to a peer and its answer back (as outbox_send). */
typedef enum error exchange_carry(void *context, uint32_t peer, struct span request,
    struct buffer *answer, struct error_detail *detail);
/* Windows that `peer` owes and that differ here: find out in what, by the range exchange, and order the difference, which then waits for the
 * peer like any document. *orders: how many. One that fails does not hold up the others; the first failure is returned. Fails with: what
 * `carry` fails with, ERROR_REFUSED (the peer's answer), ERROR_MALFORMED, ERROR_TOO_LARGE, ERROR_MISMATCH (the peer contradicts its
 * statement), and as node_submit. */
MUST_CHECK enum error exchange_reconcile(struct node *node, uint32_t peer, exchange_carry *carry,
    void *context, uint32_t *orders, struct error_detail *detail);
/* Is there any such window? */
MUST_CHECK enum error exchange_differs(struct node *node, uint32_t peer, bool *any);

#endif
