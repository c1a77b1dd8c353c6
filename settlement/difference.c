#include "difference.h"

#include <stdlib.h>
#include <string.h>

#define ITEM_FIELDS 5
#define REST_HEAD_FIELDS (STATEMENT_FIELDS + 2 + TOTALS_FIELDS)

static void side_put(struct buffer *out, const struct dispute_side *side)
{
	if (!side->is) {
		codec_put_null(out);
		return;
	}
	codec_put_array(out, 2);
	codec_put_int(out, side->amount_fen);
	codec_put_bytes(out, hash_span(&side->line_hash));
}

static void side_take(struct codec_reader *reader, struct dispute_side *side)
{
	memset(side, 0, sizeof *side);
	side->is = !codec_null(reader);
	if (!side->is)
		return;
	codec_array_exact(reader, 2);
	side->amount_fen = codec_int(reader);
	codec_bytes_exact(reader, side->line_hash.bytes, HASH_SIZE);
	if (!reader->failed && (side->amount_fen == 0 || side->amount_fen > AMOUNT_MAX ||
				   side->amount_fen < -AMOUNT_MAX))
		reader->failed = ERROR_MALFORMED;
}

void difference_put(struct buffer *out, const struct difference_item *item)
{
	codec_put_array(out, ITEM_FIELDS);
	codec_put_uint(out, item->id.epoch);
	codec_put_uint(out, item->id.sequence);
	if (item->whole)
		codec_put_null(out);
	else
		codec_put_uint(out, item->id.line);
	side_put(out, &item->payers);
	side_put(out, &item->creditors);
}

void difference_take(struct codec_reader *reader, struct difference_item *item)
{
	bool sides;

	memset(item, 0, sizeof *item);
	codec_array_exact(reader, ITEM_FIELDS);
	item->id.epoch = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	item->id.sequence = codec_uint_max(reader, INT64_MAX - 1);
	item->whole = codec_null(reader);
	if (!item->whole)
		item->id.line = (uint32_t)codec_uint_max(reader, ENTRY_LINES_MAX);
	side_take(reader, &item->payers);
	side_take(reader, &item->creditors);
	sides = item->payers.is || item->creditors.is;
	if (!reader->failed && item->whole == sides)
		reader->failed = ERROR_MALFORMED;
}

bool dispute_side_equal(const struct dispute_side *a, const struct dispute_side *b)
{
	return a->is == b->is && a->amount_fen == b->amount_fen &&
	       hash_equal(&a->line_hash, &b->line_hash);
}

enum error difference_side(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window,
    const struct obligation_id *id, struct dispute_side *side)
{
	struct obligation obligation;
	enum error error = obligation_get(txn, payer, creditor, window, id, &obligation);

	memset(side, 0, sizeof *side);
	if (!error)
		*side = (struct dispute_side){true, obligation.amount_fen, obligation.line_hash};
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static bool note_any(void *context, const struct obligation *obligation)
{
	(void)obligation;
	*(bool *)context = true;
	return false;
}

enum error difference_has_entry(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window,
    const struct obligation_id *id, bool *has)
{
	const struct obligation_id from = {id->epoch, id->sequence, 0},
				   below = {id->epoch, id->sequence + 1, 0};

	*has = false;
	return obligation_each_between(txn, payer, creditor, window, &from, &below, note_any, has);
}

bool difference_ascends(const struct difference_item *before, const struct difference_item *after)
{
	struct obligation_id last = before->id;

	if (before->whole)
		last.line = UINT32_MAX;
	return obligation_id_compare(&last, &after->id) < 0;
}

void difference_parameters_write(
    struct buffer *out, uint32_t payer, uint32_t window, uint32_t round)
{
	codec_put_uint(out, payer);
	codec_put_uint(out, window);
	codec_put_uint(out, round);
}

void rest_free(struct rest *rest)
{
	free(rest->items);
	rest->items = NULL;
	rest->count = 0;
}

void rest_put(struct buffer *out, const struct rest *rest)
{
	codec_put_array(out, REST_HEAD_FIELDS);
	statement_put(out, &rest->statement);
	codec_put_bytes(out, hash_span(&rest->statement_hash));
	codec_put_uint(out, rest->round);
	totals_put(out, &rest->totals);
	for (size_t i = 0; i < rest->count; i++)
		difference_put(out, &rest->items[i]);
}

static enum error read_items(struct codec_reader *reader, size_t count, struct rest *rest)
{
	if (count > WINDOW_LEFT_OUT_MAX)
		return ERROR_TOO_LARGE;
	rest->items = calloc(count + 1, sizeof *rest->items);
	if (!rest->items)
		return ERROR_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct difference_item *item = &rest->items[i];

		difference_take(reader, item);
		if (reader->failed || item->whole || (i && !difference_ascends(item - 1, item)))
			return ERROR_MALFORMED;
		rest->count++;
	}
	return codec_finish(reader);
}

enum error rest_read(const struct message *message, struct rest *rest)
{
	struct codec_reader reader = message->items;

	memset(rest, 0, sizeof *rest);
	if (message->item_count == 0)
		return ERROR_MALFORMED;
	codec_array_exact(&reader, REST_HEAD_FIELDS);
	statement_take(&reader, &rest->statement);
	codec_bytes_exact(&reader, rest->statement_hash.bytes, HASH_SIZE);
	rest->round = (uint32_t)codec_uint_max(&reader, WINDOW_ROUNDS_MAX);
	totals_take(&reader, &rest->totals);
	return reader.failed ? ERROR_MALFORMED : read_items(&reader, message->item_count - 1, rest);
}

enum error rest_recount(struct txn *txn, uint32_t payer, uint32_t creditor, const struct rest *rest,
    struct window_totals *totals)
{
	struct obligation_id *ids = malloc((rest->count + 1) * sizeof *ids);
	enum error error;

	if (!ids)
		return ERROR_MEMORY;
	for (size_t i = 0; i < rest->count; i++)
		ids[i] = rest->items[i].id;
	error = window_recount_rest(
	    txn, payer, creditor, rest->statement.window, ids, rest->count, totals);
	free(ids);
	return error;
}
