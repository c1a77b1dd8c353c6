#include "dispatch.h"

#include <string.h>

void dispatch_free(struct dispatch *dispatch)
{
	for (size_t i = 0; i < dispatch->count; i++)
		buffer_free(&dispatch->lanes[i].items);
	dispatch->count = 0;
}

struct buffer *dispatch_item(struct dispatch *dispatch, uint32_t to)
{
	size_t at = 0;
	while (at < dispatch->count && dispatch->lanes[at].to < to)
		at++;
	if (at < dispatch->count && dispatch->lanes[at].to == to)
		return &dispatch->lanes[at].items;
	if (dispatch->count == CITIES_MAX) {
		dispatch->failed = ERROR_TOO_LARGE;
		return NULL;
	}
	memmove(&dispatch->lanes[at + 1], &dispatch->lanes[at],
	    (dispatch->count - at) * sizeof(dispatch->lanes[0]));
	dispatch->lanes[at] = (struct dispatch_lane){.to = to};
	dispatch->count++;
	return &dispatch->lanes[at].items;
}

/* The next items of a lane, at most MESSAGE_ITEMS_MAX: their bytes and number. */
static struct span lane_part(struct codec_reader *reader, size_t *count)
{
	const uint8_t *start = reader->at;
	*count = 0;
	while (!codec_at_end(reader) && !reader->failed && *count < MESSAGE_ITEMS_MAX) {
		codec_item(reader);
		++*count;
	}
	return span_of(start, (size_t)(reader->at - start));
}

static enum error lane_send(const struct dispatch_lane *lane, struct settlement *settlement,
    struct txn *txn, struct decision *decision, const char *name)
{
	struct codec_reader reader = codec_reader(buffer_span(&lane->items));
	if (lane->items.failed)
		return lane->items.failed;
	while (!codec_at_end(&reader)) {
		size_t count = 0;
		struct span part = lane_part(&reader, &count);
		if (reader.failed)
			return reader.failed;
		struct buffer *payload =
		    message_begin(settlement, txn, decision, lane->to, name, count);
		if (!payload)
			return ERROR_NONE; /* sticky in the decision */
		buffer_append(payload, part);
	}
	return ERROR_NONE;
}

enum error dispatch_send(struct dispatch *dispatch, struct settlement *settlement, struct txn *txn,
    struct decision *decision, const char *name)
{
	enum error error = dispatch->failed;
	for (size_t i = 0; !error && i < dispatch->count; i++)
		error = lane_send(&dispatch->lanes[i], settlement, txn, decision, name);
	dispatch_free(dispatch);
	return error;
}
