/* reconcile_internal.h: what both sides of a range exchange share: ranges and their digests, and how ids and bounds stand in a
 * message. docs/format.md, "Range exchange". Pure. */
#ifndef SUIREN_RECONCILE_INTERNAL_H
#define SUIREN_RECONCILE_INTERNAL_H

#include "codec.h"
#include "reconcile.h"

#define RECONCILE_VERSION 1

enum reconcile_ask { ASK_SKIP = 0, ASK_COMPARE = 1, ASK_CLOSER = 2, ASK_LIST = 3 };
enum reconcile_reply { REPLY_EQUAL = 0, REPLY_PARTS = 1, REPLY_TAGS = 2, REPLY_LIST = 3 };

/* The ids from `from` on and below `below`; below everything when `open`. */
struct reconcile_range {
	struct obligation_id from, below;
	bool open;
};

struct reconcile_digest {
	uint8_t bytes[RECONCILE_DIGEST_SIZE];
};

/* A piece of a range: what the set has in it. */
struct reconcile_part {
	struct reconcile_range range;
	struct reconcile_digest digest;
	uint64_t count;
};

bool reconcile_in_range(const struct reconcile_range *range, const struct obligation_id *id);
/* NULL when open: as reconcile_set.each takes it. */
const struct obligation_id *reconcile_below(const struct reconcile_range *range);
bool reconcile_digest_equal(const struct reconcile_digest *a, const struct reconcile_digest *b);

/* Fill digest and count of `part`, whose range is set. Fails with: ERROR_CORRUPT (out of order), and what the set fails with. */
MUST_CHECK enum error reconcile_measure(
    const struct reconcile_set *set, struct reconcile_part *part);
/* The same for parts that lie one behind the other, in one pass. */
MUST_CHECK enum error reconcile_measure_all(
    const struct reconcile_set *set, struct reconcile_part *parts, size_t count);
/* Split a range that holds `total` >= 1 items into at most RECONCILE_PARTS parts of about as many items each. */
MUST_CHECK enum error reconcile_split(const struct reconcile_set *set,
    const struct reconcile_range *range, uint64_t total,
    struct reconcile_part parts[RECONCILE_PARTS], size_t *count);
void reconcile_tag(const struct reconcile_item *item, uint8_t tag[RECONCILE_TAG_SIZE]);

/* An id as what it adds to `base`, which it does not come before. */
void reconcile_id_put(
    struct buffer *out, const struct obligation_id *base, const struct obligation_id *id);
/* The reader fails on what cannot be an id. */
struct obligation_id reconcile_id_take(
    struct codec_reader *reader, const struct obligation_id *base);
/* The end of a range: null when open. */
void reconcile_bound_put(struct buffer *out, const struct reconcile_range *range);
/* Sets range->below and range->open; range->from is set. An empty range fails the reader. */
void reconcile_bound_take(struct codec_reader *reader, struct reconcile_range *range);

#endif
