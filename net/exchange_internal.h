/* exchange_internal.h: what the sources of an exchange share: both sides (exchange.c, exchange_serve.c), and the receiver's documents
 * (exchange_take.c). */
#ifndef SUIREN_EXCHANGE_INTERNAL_H
#define SUIREN_EXCHANGE_INTERNAL_H

#include "codec.h"
#include "net_limits.h"
#include "node.h"

#define EXCHANGE_VERSION 1u

/* A document that the receiver has. */
struct taken {
	uint64_t number;
	uint64_t sequence; /* its entry here */
	struct hash hash;
	bool repeated; /* the entry is still to be found */
	bool refused;  /* the entry is a refusal */
};

/* One request at work. */
struct serving {
	struct node *node;
	uint32_t from;
	struct taken taken[DELIVERY_BATCH_MAX];
	size_t taken_count;
	uint64_t delivered, refused;
	enum error stuck;
	struct error_detail text;
	struct buffer answers; /* byte strings of documents */
	size_t answer_count;
};

/* The request goes no further: at this document, or (number 0) at something else. */
void exchange_stick(struct serving *serving, enum error why, uint64_t number, const char *text);
/* The body of a `deliver` request: book the documents, and make the answers. What is wrong with them is in serving->stuck. Fails with what the world
 * fails with. */
MUST_CHECK enum error exchange_take(struct serving *serving, struct codec_reader *reader);

/* The content of a `reconcile` request of city `from`, answered into `bytes`. */
MUST_CHECK enum error exchange_reconcile_serve(struct node *node, uint32_t from,
    struct codec_reader *reader, struct buffer *bytes, struct error_detail *detail);

#endif
