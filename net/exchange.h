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

/* What cities say besides: at the beginning, and before a node stops. */
enum exchange_greeting { EXCHANGE_HELLO, EXCHANGE_BYE };
void exchange_greet(struct node *node, enum exchange_greeting greeting, struct buffer *request);

/* Serve a request of city `from`, which the link has made sure of: book and append the answer.
 * Whatever is wrong with the request is said in the answer. `greeting` (may be NULL) tells what was
 * said; -1: documents. Fails with what the world fails with; `answer` is then of no use. */
MUST_CHECK enum error exchange_serve(
    struct node *node, uint32_t from, struct span request, struct buffer *answer, int *greeting);

/* Book the answer of city `peer` at the sender. An answer that makes no sense is ERROR_MALFORMED in
 * outcome->stuck. Fails as node_submit. */
MUST_CHECK enum error exchange_book(
    struct node *node, uint32_t peer, struct span answer, struct exchange_outcome *outcome);

#endif
