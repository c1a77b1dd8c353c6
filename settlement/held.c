#include "held.h"

#include <string.h>

#include "tables.h"
#include "verdict.h"

/* side * 2, one more when decided; city BE32; sequence BE64; line BE32 */
#define KEY_SIZE 17
#define END_SIZE 24
#define ITEM_FIELDS 10
#define LINE_FIELDS 2

static void key_write(uint8_t key[KEY_SIZE], enum held_side side, bool decided, uint32_t city,
    uint64_t sequence, uint32_t line)
{
	key[0] = (uint8_t)(2 * (unsigned)side + decided);
	be32_write(key + 1, city);
	be64_write(key + 5, sequence);
	be32_write(key + 13, line);
}

enum error held_note(struct txn *txn, enum held_side side, uint32_t city, uint64_t sequence,
    struct span verdicts, uint32_t count)
{
	struct codec_reader reader = codec_reader(verdicts);
	enum error error = ERROR_NONE;

	for (uint32_t i = 0; !error && i < count; i++) {
		struct verdict verdict;
		uint8_t key[KEY_SIZE], row[8];

		verdict_take(&reader, &verdict);
		if (reader.failed)
			return ERROR_CORRUPT;
		if (verdict.reason != REASON_held_prefund)
			continue;
		key_write(key, side, false, city, sequence, i);
		be64_write(row, (uint64_t)verdict.held_fen);
		error =
		    store_put(txn, TABLE_HELD, span_of(key, sizeof key), span_of(row, sizeof row));
	}
	return error;
}

enum error held_each(struct txn *txn, enum held_side side, uint32_t city, uint64_t from_sequence,
    held_visit *visit, void *context)
{
	uint8_t from[KEY_SIZE];
	struct cursor *cursor;
	struct span key, row;
	enum error error = cursor_open(txn, TABLE_HELD, &cursor);

	if (error)
		return error;
	key_write(from, side, false, city, from_sequence, 0);
	error = cursor_seek(cursor, span_of(from, sizeof from), &key, &row);
	while (!error && span_starts_with(key, span_of(from, city ? 5 : 1))) {
		struct held_line held = {.side = side};

		if (key.size != KEY_SIZE || row.size != 8) {
			error = ERROR_CORRUPT;
			break;
		}
		held.city = be32_read(key.data + 1);
		held.sequence = be64_read(key.data + 5);
		held.line = be32_read(key.data + 13);
		held.amount_fen = (int64_t)be64_read(row.data);
		if (!visit(context, &held))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static bool keep_first(void *context, const struct held_line *held)
{
	*(struct held_line *)context = *held;
	return false;
}

enum error held_first(struct txn *txn, enum held_side side, uint32_t city, struct held_line *held)
{
	enum error error;

	memset(held, 0, sizeof *held);
	error = held_each(txn, side, city, 0, keep_first, held);
	return error ? error : held->city ? ERROR_NONE : ERROR_NOT_FOUND;
}

enum error held_waits(struct txn *txn, enum held_side side, uint32_t city, uint64_t sequence,
    uint32_t line, bool *waits)
{
	uint8_t key[KEY_SIZE];
	struct span row;
	enum error error;

	key_write(key, side, false, city, sequence, line);
	error = store_get(txn, TABLE_HELD, span_of(key, sizeof key), &row);
	*waits = !error;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error held_decide(struct txn *txn, enum held_side side, uint32_t city, uint64_t sequence,
    uint32_t line, const struct held_end *end)
{
	uint8_t key[KEY_SIZE], row[END_SIZE];
	enum error error;

	key_write(key, side, false, city, sequence, line);
	error = store_delete(txn, TABLE_HELD, span_of(key, sizeof key));
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	key_write(key, side, true, city, sequence, line);
	be64_write(row, end->sequence);
	be32_write(row + 8, end->line);
	be64_write(row + 12, end->payers_sequence);
	be32_write(row + 20, end->payers_line);
	return store_put(txn, TABLE_HELD, span_of(key, sizeof key), span_of(row, sizeof row));
}

enum error held_decided(struct txn *txn, enum held_side side, uint32_t city, uint64_t sequence,
    uint32_t line, struct held_end *end)
{
	uint8_t key[KEY_SIZE];
	struct span row;
	enum error error;

	key_write(key, side, true, city, sequence, line);
	error = store_get(txn, TABLE_HELD, span_of(key, sizeof key), &row);
	memset(end, 0, sizeof *end);
	if (error)
		return error;
	if (row.size != END_SIZE)
		return ERROR_CORRUPT;
	end->sequence = be64_read(row.data);
	end->line = be32_read(row.data + 8);
	end->payers_sequence = be64_read(row.data + 12);
	end->payers_line = be32_read(row.data + 20);
	return ERROR_NONE;
}

void further_item_put(struct buffer *out, const struct further_item *item)
{
	codec_put_array(out, ITEM_FIELDS);
	codec_put_text(out, span_text(item->uscc));
	codec_put_uint(out, item->number);
	codec_put_uint(out, item->sheet_line);
	codec_put_uint(out, item->old_sequence);
	codec_put_uint(out, item->sequence);
	codec_put_uint(out, item->line);
	codec_put_uint(out, item->window);
	codec_put_bytes(out, hash_span(&item->policy));
	codec_put_bytes(out, hash_span(&item->leaf));
	buffer_append(out, item->verdict);
}

enum error further_item_read(struct span bytes, struct further_item *item)
{
	struct codec_reader reader = codec_reader(bytes);

	memset(item, 0, sizeof *item);
	codec_array_exact(&reader, ITEM_FIELDS);
	codec_text_copy(&reader, item->uscc, sizeof item->uscc);
	item->number = codec_uint(&reader);
	item->sheet_line = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	item->old_sequence = codec_uint(&reader);
	item->sequence = codec_uint(&reader);
	item->line = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	item->window = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	codec_bytes_exact(&reader, item->policy.bytes, HASH_SIZE);
	codec_bytes_exact(&reader, item->leaf.bytes, HASH_SIZE);
	item->verdict = codec_item(&reader);
	return strlen(item->uscc) != sizeof item->uscc - 1 ? ERROR_MALFORMED
							   : codec_finish(&reader);
}

enum error further_line_read(struct span item, uint64_t *sequence, uint32_t *line)
{
	struct codec_reader reader = codec_reader(item);

	codec_array_exact(&reader, LINE_FIELDS);
	*sequence = codec_uint(&reader);
	*line = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	return codec_finish(&reader);
}
