/* reconcile.h: two cities find out in which obligations their sets differ, without sending the sets: the one that asks sends
 * digests of ranges of ids; the other answers what is equal, splits what is not into RECONCILE_PARTS, and tells the ids of a range
 * that holds few; in the end the amounts and line hashes of the ids that differ are asked for. Pure: no socket, no clock;
 * messages are spans of bytes, sets are visited by a callback. The one that answers keeps nothing between two messages. Not
 * thread-safe: one exchange belongs to one caller. Bytes: docs/format.md, "Range exchange".
 *
 * Of n obligations, k differing, it takes about log16 n round trips and k * log16 n digests of 16 bytes; equal sets cost one.
 * A peer that lies can make the outcome wrong, never long: every message, list and count is bounded; an exchange that has found
 * RECONCILE_DIFFERENCES_MAX differences ends with these. What comes out is therefore a
 * proposal: that it is the whole difference is shown afterwards by the digest of what is agreed on (window.h).
 *
 * The digests are shortened ones (16 bytes of a range, 8 of one obligation). Who makes two that collide hides from the
 * exchange what differs, and is found out by the full digest: then nothing is agreed, which it could have had more cheaply. */
#ifndef SUIREN_RECONCILE_H
#define SUIREN_RECONCILE_H

#include "hash.h"
#include "obligation_id.h"
#include "settlement_limits.h"

struct reconcile_item {
	struct obligation_id id;
	int64_t amount_fen;
	struct hash line_hash;
};

/* Returns false to stop. */
typedef bool reconcile_visit(void *context, const struct reconcile_item *item);

/* A set of obligations, each id once. */
struct reconcile_set {
	/* Visit those with *from <= id, and id < *below unless `below` is NULL, ascending. */
	enum error (*each)(void *context, const struct obligation_id *from,
	    const struct obligation_id *below, reconcile_visit *visit, void *visit_context);
	void *context;
};

/* What is not the same on both sides: only theirs, only ours, or both with another amount or line hash. */
struct reconcile_difference {
	bool is_theirs, is_ours;
	struct reconcile_item theirs, ours; /* zeros where there is none; the ids are the same */
};

/* The first 16 bytes of BLAKE2b over the items, 56 bytes each, in order of id. */
#define RECONCILE_DIGEST_SIZE 16
#define RECONCILE_TAG_SIZE 8

/* Answer one request; appended to `answer`. Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE (the request), ERROR_CORRUPT (the
 * set is out of order), ERROR_MEMORY, and what the set fails with. */
MUST_CHECK enum error reconcile_serve(
    const struct reconcile_set *set, struct span request, struct buffer *answer);

/* The side that asks. `set` is borrowed until reconcile_free; it must not change meanwhile. Fails with: ERROR_MEMORY. */
struct reconcile;
MUST_CHECK enum error reconcile_create(
    const struct reconcile_set *set, struct reconcile **reconcile);
void reconcile_free(struct reconcile *reconcile); /* NULL is accepted */
/* Take the answer to the last request (empty: this is the first step) and write the next request into `request`, cleared before;
 * it stays empty when all is known. After a failure the exchange is over. Fails with: ERROR_MALFORMED (the answer), ERROR_TOO_LARGE
 * (more than RECONCILE_PENDING_MAX or _STEPS_MAX), ERROR_MISMATCH (the answers contradict each other),
 * ERROR_CORRUPT, ERROR_MEMORY, and what the set fails with. */
MUST_CHECK enum error reconcile_step(
    struct reconcile *reconcile, struct span answer, struct buffer *request);
/* What differs, ascending by id; valid when a step has left its request empty, until reconcile_free. */
const struct reconcile_difference *reconcile_differences(
    const struct reconcile *reconcile, size_t *count);

#endif
