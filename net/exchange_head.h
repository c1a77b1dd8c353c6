/* exchange_head.h: a city's head and consistency proofs over a link, as bytes: asked and served. What an answer is worth is for
 * heads.h to find out. docs/protocol.md, "head" and "proof". */
#ifndef SUIREN_EXCHANGE_HEAD_H
#define SUIREN_EXCHANGE_HEAD_H

#include "evidence.h"
#include "exchange.h"

/* How requests come to a peer. */
struct exchange_way {
	uint32_t peer;
	exchange_carry *carry;
	void *context;
};

/* Append the checkpoint that the peer answers with; it is not checked. Fails with: what `carry` fails with, ERROR_REFUSED (the peer's
 * answer), ERROR_MALFORMED, ERROR_MEMORY. */
MUST_CHECK enum error exchange_head_ask(const struct exchange_way *way,
    const uint8_t nonce[HEAD_NONCE_SIZE], struct buffer *note, struct error_detail *detail);
/* The root that the peer's log had at `from`, it says, and the hashes that lead from there to `to`; not checked. Fails as
 * exchange_head_ask. */
MUST_CHECK enum error exchange_proof_ask(const struct exchange_way *way, uint64_t from, uint64_t to,
    struct hash *old_root, struct merkle_proof *path, struct error_detail *detail);

/* The contents of these requests, answered into `out`. Fails with: ERROR_MALFORMED, ERROR_RANGE, ERROR_PERMISSION (the log key is not
 * here), and the store's. */
MUST_CHECK enum error exchange_head_serve(struct node *node, struct codec_reader *reader,
    struct buffer *out, struct error_detail *detail);
MUST_CHECK enum error exchange_proof_serve(struct node *node, struct codec_reader *reader,
    struct buffer *out, struct error_detail *detail);

#endif
