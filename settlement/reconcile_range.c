/* reconcile_range.c: ranges of a set, their digests, and how ids stand in a message. */
#include <string.h>

#include "reconcile_internal.h"

#define ITEM_SIZE (4 + 8 + 4 + 8 + HASH_SIZE)

bool reconcile_in_range(const struct reconcile_range *range, const struct obligation_id *id)
{
	return obligation_id_compare(&range->from, id) <= 0 &&
	       (range->open || obligation_id_compare(id, &range->below) < 0);
}

const struct obligation_id *reconcile_below(const struct reconcile_range *range)
{
	return range->open ? NULL : &range->below;
}

bool reconcile_digest_equal(const struct reconcile_digest *a, const struct reconcile_digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static void item_write(const struct reconcile_item *item, uint8_t bytes[ITEM_SIZE])
{
	be32_write(bytes, item->id.epoch);
	be64_write(bytes + 4, item->id.sequence);
	be32_write(bytes + 12, item->id.line);
	be64_write(bytes + 16, (uint64_t)item->amount_fen);
	memcpy(bytes + 24, item->line_hash.bytes, HASH_SIZE);
}

void reconcile_tag(const struct reconcile_item *item, uint8_t tag[RECONCILE_TAG_SIZE])
{
	uint8_t bytes[ITEM_SIZE];
	struct hash hash;

	item_write(item, bytes);
	hash = hash_blake2b(span_of(bytes, sizeof bytes));
	memcpy(tag, hash.bytes, RECONCILE_TAG_SIZE);
}

/* A pass over a range that fills one part after the other. */
struct pass {
	struct reconcile_part *parts;
	size_t count, at;
	/* When splitting: how many items the present part is still to get, and what the parts get. */
	bool splits;
	uint64_t left, share, with_more;
	struct hash_stream stream;
	bool has_last;
	struct obligation_id last;
	enum error failed;
};

static void part_begin(struct pass *pass)
{
	pass->parts[pass->at].count = 0;
	hash_blake2b_begin(&pass->stream);
	pass->left = pass->share + (pass->at < pass->with_more);
}

static void part_end(struct pass *pass)
{
	struct hash hash = hash_blake2b_end(&pass->stream);

	memcpy(pass->parts[pass->at].digest.bytes, hash.bytes, RECONCILE_DIGEST_SIZE);
	pass->at++;
}

/* The item begins the next part: the one before ends here. */
static void part_turn(struct pass *pass, const struct obligation_id *id)
{
	struct reconcile_range *before = &pass->parts[pass->at].range;
	struct reconcile_range *next = &pass->parts[pass->at + 1].range;

	next->from = *id;
	next->below = before->below;
	next->open = before->open;
	before->below = *id;
	before->open = false;
	part_end(pass);
	part_begin(pass);
}

static bool pass_item(void *context, const struct reconcile_item *item)
{
	struct pass *pass = context;
	uint8_t bytes[ITEM_SIZE];

	if ((pass->has_last && obligation_id_compare(&pass->last, &item->id) >= 0) ||
	    item->id.sequence > INT64_MAX) {
		pass->failed = ERROR_CORRUPT;
		return false;
	}
	pass->has_last = true;
	pass->last = item->id;
	if (pass->splits) {
		if (pass->left == 0 && pass->at + 1 < pass->count)
			part_turn(pass, &item->id);
		pass->left -= pass->left > 0;
	} else {
		while (pass->at + 1 < pass->count &&
		       !reconcile_in_range(&pass->parts[pass->at].range, &item->id)) {
			part_end(pass);
			part_begin(pass);
		}
	}
	item_write(item, bytes);
	hash_blake2b_more(&pass->stream, span_of(bytes, sizeof bytes));
	pass->parts[pass->at].count++;
	return true;
}

/* Over the range from the first part's beginning to `below`. */
static enum error pass_run(
    const struct reconcile_set *set, struct pass *pass, const struct obligation_id *below)
{
	const struct obligation_id from = pass->parts[0].range.from;
	enum error error;

	part_begin(pass);
	error = set->each(set->context, &from, below, pass_item, pass);
	if (!error)
		error = pass->failed;
	while (!error && pass->at < pass->count) {
		part_end(pass);
		if (pass->at < pass->count)
			part_begin(pass);
	}
	return error;
}

enum error reconcile_measure_all(
    const struct reconcile_set *set, struct reconcile_part *parts, size_t count)
{
	struct pass pass = {.parts = parts, .count = count};

	return pass_run(set, &pass, reconcile_below(&parts[count - 1].range));
}

enum error reconcile_measure(const struct reconcile_set *set, struct reconcile_part *part)
{
	return reconcile_measure_all(set, part, 1);
}

enum error reconcile_split(const struct reconcile_set *set, const struct reconcile_range *range,
    uint64_t total, struct reconcile_part parts[RECONCILE_PARTS], size_t *count)
{
	struct pass pass = {.parts = parts, .splits = true};
	const struct obligation_id below = range->below;

	pass.count = total < RECONCILE_PARTS ? (size_t)total : RECONCILE_PARTS;
	pass.share = total / pass.count;
	pass.with_more = total % pass.count;
	parts[0].range = *range;
	*count = pass.count;
	return pass_run(set, &pass, range->open ? NULL : &below);
}

void reconcile_id_put(
    struct buffer *out, const struct obligation_id *base, const struct obligation_id *id)
{
	bool same_epoch = id->epoch == base->epoch;
	bool same_entry = same_epoch && id->sequence == base->sequence;

	codec_put_uint(out, id->epoch - base->epoch);
	codec_put_uint(out, same_epoch ? id->sequence - base->sequence : id->sequence);
	codec_put_uint(out, same_entry ? id->line - base->line : id->line);
}

struct obligation_id reconcile_id_take(
    struct codec_reader *reader, const struct obligation_id *base)
{
	struct obligation_id id = *base;
	uint64_t epochs = codec_uint_max(reader, UINT32_MAX - base->epoch);
	uint64_t entries = codec_uint_max(reader, epochs ? INT64_MAX : INT64_MAX - base->sequence);
	uint64_t lines =
	    codec_uint_max(reader, epochs || entries ? UINT32_MAX : UINT32_MAX - base->line);

	id.epoch += (uint32_t)epochs;
	id.sequence = epochs ? entries : base->sequence + entries;
	id.line = (uint32_t)(epochs || entries ? lines : base->line + lines);
	return id;
}

void reconcile_bound_put(struct buffer *out, const struct reconcile_range *range)
{
	if (range->open)
		codec_put_null(out);
	else
		reconcile_id_put(out, &range->from, &range->below);
}

void reconcile_bound_take(struct codec_reader *reader, struct reconcile_range *range)
{
	range->below = range->from;
	range->open = codec_null(reader);
	if (range->open)
		return;
	range->below = reconcile_id_take(reader, &range->from);
	if (!reader->failed && obligation_id_compare(&range->from, &range->below) >= 0)
		reader->failed = ERROR_MALFORMED;
}
