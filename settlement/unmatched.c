#include "unmatched.h"

#include <string.h>

#include "tables.h"

/* EndToEndId, filled up with zeros; fact; amount BE64 */
#define ID_SIZE (END_TO_END_SIZE - 1)
#define KEY_SIZE (ID_SIZE + 1 + 8)
#define ROW_SIZE (8 + 4 + 4 + BANK_REFERENCE_MAX)

static void key_write(uint8_t key[KEY_SIZE], const struct bank_line *line)
{
	memset(key, 0, KEY_SIZE);
	memcpy(key, line->end_to_end, strlen(line->end_to_end));
	key[ID_SIZE] = (uint8_t)line->fact;
	be64_write(key + ID_SIZE + 1, (uint64_t)line->amount_fen);
}

static enum error row_read(struct span key, struct span row, struct unmatched *out)
{
	memset(out, 0, sizeof *out);
	if (key.size != KEY_SIZE || row.size != ROW_SIZE)
		return ERROR_CORRUPT;
	memcpy(out->line.end_to_end, key.data, ID_SIZE);
	out->line.fact = (enum bank_fact)key.data[ID_SIZE];
	out->line.amount_fen = (int64_t)be64_read(key.data + ID_SIZE + 1);
	out->sequence = be64_read(row.data);
	out->reason = (enum reason)be32_read(row.data + 8);
	out->line.day = (int32_t)be32_read(row.data + 12);
	memcpy(out->line.reference, row.data + 16, BANK_REFERENCE_MAX);
	return ERROR_NONE;
}

enum error unmatched_each(struct txn *txn, unmatched_visit *visit, void *context)
{
	struct cursor *cursor;
	struct span key, row;
	enum error error = cursor_open(txn, TABLE_UNMATCHED, &cursor);

	if (error)
		return error;
	error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &row);
	while (!error) {
		struct unmatched unmatched;

		error = row_read(key, row, &unmatched);
		if (error || !visit(context, &unmatched))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Said again, it keeps the entry that has told it first. */
static enum error keep(
    struct txn *txn, const struct bank_line *line, enum reason reason, uint64_t sequence)
{
	uint8_t key[KEY_SIZE], row[ROW_SIZE] = {0};
	struct unmatched before;
	struct span found;
	enum error error;

	key_write(key, line);
	error = store_get(txn, TABLE_UNMATCHED, span_of(key, sizeof key), &found);
	if (!error)
		error = row_read(span_of(key, sizeof key), found, &before);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	be64_write(row, error ? sequence : before.sequence);
	be32_write(row + 8, (uint32_t)reason);
	be32_write(row + 12, (uint32_t)line->day);
	memcpy(row + 16, line->reference, strlen(line->reference));
	return store_put(txn, TABLE_UNMATCHED, span_of(key, sizeof key), span_of(row, sizeof row));
}

enum error unmatched_note(
    struct txn *txn, const struct bank_line *line, enum reason reason, uint64_t sequence)
{
	uint8_t key[KEY_SIZE];
	enum error error;

	if (reason == REASON_unmatched || reason == REASON_other_amount)
		return keep(txn, line, reason, sequence);
	if (!bank_changes_books(reason))
		return ERROR_NONE;
	key_write(key, line);
	error = store_delete(txn, TABLE_UNMATCHED, span_of(key, sizeof key));
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}
