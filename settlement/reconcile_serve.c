/* reconcile_serve.c: the side that answers a range exchange. Its ranges ascend and do not overlap, so that whatever is asked each
 * obligation is looked at three times at most; the answer stops where a message is full, and the rest is asked again. */
#include <string.h>

#include "reconcile_internal.h"

/* What a reply of parts or tags takes at most, and an item of a list. */
#define ID_BYTES_MAX (3 * CODEC_HEAD_MAX)
#define REPLY_BYTES_MAX (16 + RECONCILE_TAGS_MAX * (ID_BYTES_MAX + 2 + RECONCILE_DIGEST_SIZE))
#define ITEM_BYTES_MAX (ID_BYTES_MAX + CODEC_HEAD_MAX + 2 + HASH_SIZE)

_Static_assert(RECONCILE_TAGS_MAX >= RECONCILE_PARTS, "the longest reply is one of tags");
_Static_assert(2 * REPLY_BYTES_MAX < RECONCILE_MESSAGE_MAX, "a message holds any reply");

/* One range of a request. */
struct asked {
	enum reconcile_ask ask;
	struct reconcile_part part; /* range, and for a comparison the other side's digest */
};

static void take_asked(struct codec_reader *reader, struct asked *asked)
{
	size_t fields = codec_array(reader), bound;

	asked->ask = (enum reconcile_ask)codec_uint_max(reader, ASK_LIST);
	reconcile_bound_take(reader, &asked->part.range);
	bound = asked->part.range.open ? 1 : 3;
	if (asked->ask == ASK_COMPARE)
		codec_bytes_exact(reader, asked->part.digest.bytes, RECONCILE_DIGEST_SIZE);
	if (!reader->failed && fields != 1 + bound + (asked->ask == ASK_COMPARE))
		reader->failed = ERROR_MALFORMED;
}

/* The ids of a range with their tags, or its whole items, one behind the other. */
struct listing {
	struct buffer *out;
	struct obligation_id last;
	uint32_t count;
	size_t room; /* of a list: bytes that may still be written */
	bool full;
};

static bool list_tag(void *context, const struct reconcile_item *item)
{
	struct listing *listing = context;
	uint8_t tag[RECONCILE_TAG_SIZE];

	reconcile_tag(item, tag);
	reconcile_id_put(listing->out, &listing->last, &item->id);
	codec_put_bytes(listing->out, span_of(tag, sizeof tag));
	listing->last = item->id;
	listing->count++;
	return true;
}

static bool list_item(void *context, const struct reconcile_item *item)
{
	struct listing *listing = context;

	listing->full = listing->out->size + ITEM_BYTES_MAX > listing->room;
	if (listing->full)
		return false;
	reconcile_id_put(listing->out, &listing->last, &item->id);
	codec_put_int(listing->out, item->amount_fen);
	codec_put_bytes(listing->out, hash_span(&item->line_hash));
	listing->last = item->id;
	listing->count++;
	return true;
}

static enum error reply_tags(const struct reconcile_set *set, const struct reconcile_range *range,
    uint64_t count, struct buffer *out)
{
	struct listing listing = {.out = out, .last = range->from};

	codec_put_array(out, 1 + 4 * (size_t)count);
	codec_put_uint(out, REPLY_TAGS);
	return set->each(set->context, &range->from, reconcile_below(range), list_tag, &listing);
}

static enum error reply_parts(const struct reconcile_set *set, const struct reconcile_range *range,
    uint64_t total, struct buffer *out)
{
	struct reconcile_part parts[RECONCILE_PARTS];
	size_t count;
	enum error error = reconcile_split(set, range, total, parts, &count);

	if (error)
		return error;
	codec_put_array(out, 4 * count - 2);
	codec_put_uint(out, REPLY_PARTS);
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count)
			reconcile_bound_put(out, &parts[i].range);
		codec_put_bytes(out, span_of(parts[i].digest.bytes, RECONCILE_DIGEST_SIZE));
	}
	return ERROR_NONE;
}

static enum error reply_list(const struct reconcile_set *set, const struct reconcile_range *range,
    size_t room, struct buffer *out)
{
	struct buffer items = {0};
	struct listing listing = {.out = &items, .last = range->from, .room = room};
	enum error error =
	    set->each(set->context, &range->from, reconcile_below(range), list_item, &listing);

	codec_put_array(out, 2 + 5 * (size_t)listing.count);
	codec_put_uint(out, REPLY_LIST);
	codec_put_bool(out, !listing.full);
	buffer_append(out, buffer_span(&items));
	if (!error)
		error = items.failed;
	buffer_free(&items);
	return error;
}

static enum error reply(
    const struct reconcile_set *set, const struct asked *asked, size_t room, struct buffer *out)
{
	struct reconcile_part own = {.range = asked->part.range};
	enum error error;

	if (asked->ask == ASK_LIST)
		return reply_list(set, &own.range, room, out);
	error = reconcile_measure(set, &own);
	if (error)
		return error;
	if (asked->ask == ASK_COMPARE && reconcile_digest_equal(&own.digest, &asked->part.digest)) {
		codec_put_uint(out, REPLY_EQUAL);
		return ERROR_NONE;
	}
	return own.count <= RECONCILE_TAGS_MAX ? reply_tags(set, &own.range, own.count, out)
					       : reply_parts(set, &own.range, own.count, out);
}

/* Replies to the ranges, as many as one message holds. */
static enum error reply_all(const struct reconcile_set *set, struct codec_reader *reader,
    size_t count, struct buffer *replies, size_t *written)
{
	struct asked asked = {.part = {.range = {.open = false}}};
	enum error error = ERROR_NONE;

	for (size_t i = 0; i < count && !error; i++) {
		/* Behind the range before; nothing comes behind an open one. */
		if (asked.part.range.open)
			return ERROR_MALFORMED;
		asked.part.range.from = asked.part.range.below;
		take_asked(reader, &asked);
		if (reader->failed)
			return ERROR_MALFORMED;
		if (asked.ask == ASK_SKIP)
			continue;
		if (replies->size + 2 * REPLY_BYTES_MAX > RECONCILE_MESSAGE_MAX)
			return ERROR_NONE;
		error = reply(
		    set, &asked, RECONCILE_MESSAGE_MAX - replies->size - REPLY_BYTES_MAX, replies);
		++*written;
	}
	return error ? error : codec_finish(reader);
}

enum error reconcile_serve(
    const struct reconcile_set *set, struct span request, struct buffer *answer)
{
	struct codec_reader reader = codec_reader(request);
	struct buffer replies = {0};
	size_t count, written = 0;
	enum error error;

	if (request.size > RECONCILE_MESSAGE_MAX)
		return ERROR_TOO_LARGE;
	codec_array_exact(&reader, 2);
	if (codec_uint(&reader) != RECONCILE_VERSION)
		return ERROR_MALFORMED;
	count = codec_array(&reader);
	error =
	    reader.failed ? ERROR_MALFORMED : reply_all(set, &reader, count, &replies, &written);
	if (!error)
		error = replies.failed;
	if (!error) {
		codec_put_array(answer, 2);
		codec_put_uint(answer, RECONCILE_VERSION);
		codec_put_array(answer, written);
		buffer_append(answer, buffer_span(&replies));
		error = answer->failed;
	}
	buffer_free(&replies);
	return error;
}
