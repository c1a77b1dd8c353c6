#include "unmatched.h"

#include <string.h>

#include "tables.h"

/* EndToEndId, filled up with zeros; fact; amount BE64; the bank's reference, filled up with zeros */
#define ID_SIZE (END_TO_END_SIZE - 1)
#define FACT_SIZE (ID_SIZE + 1 + 8)
#define KEY_SIZE (FACT_SIZE + BANK_REFERENCE_MAX)
#define ROW_SIZE (8 + 4 + 4 + 8)

static void key_write(uint8_t key[KEY_SIZE], const struct bank_line *line)
{
	memset(key, 0, KEY_SIZE);
	memcpy(key, line->end_to_end, strlen(line->end_to_end));
	key[ID_SIZE] = (uint8_t)line->fact;
	be64_write(key + ID_SIZE + 1, (uint64_t)line->amount_fen);
	memcpy(key + FACT_SIZE, line->reference, strlen(line->reference));
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
	out->ended = be64_read(row.data + 16);
	memcpy(out->line.reference, key.data + FACT_SIZE, BANK_REFERENCE_MAX);
	return ERROR_NONE;
}

static enum error each_of(
    struct txn *txn, struct span prefix, unmatched_visit *visit, void *context)
{
	struct cursor *cursor;
	struct span key, row;
	enum error error = cursor_open(txn, TABLE_UNMATCHED, &cursor);

	if (error)
		return error;
	error = cursor_seek(cursor, prefix, &key, &row);
	while (!error && span_starts_with(key, prefix)) {
		struct unmatched unmatched;

		error = row_read(key, row, &unmatched);
		if (error || !visit(context, &unmatched))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error unmatched_each(struct txn *txn, unmatched_visit *visit, void *context)
{
	return each_of(txn, (struct span){NULL, 0}, visit, context);
}

enum error unmatched_get(struct txn *txn, const struct bank_line *line, struct unmatched *unmatched)
{
	uint8_t key[KEY_SIZE];
	struct span row;
	enum error error;

	key_write(key, line);
	error = store_get(txn, TABLE_UNMATCHED, span_of(key, sizeof key), &row);
	return error ? error : row_read(span_of(key, sizeof key), row, unmatched);
}

enum error unmatched_is_ended(struct txn *txn, const struct bank_line *line, bool *ended)
{
	struct unmatched unmatched;
	enum error error = unmatched_get(txn, line, &unmatched);

	*ended = !error && unmatched.ended;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error put(struct txn *txn, const struct unmatched *unmatched)
{
	uint8_t key[KEY_SIZE], row[ROW_SIZE];

	key_write(key, &unmatched->line);
	be64_write(row, unmatched->sequence);
	be32_write(row + 8, (uint32_t)unmatched->reason);
	be32_write(row + 12, (uint32_t)unmatched->line.day);
	be64_write(row + 16, unmatched->ended);
	return store_put(txn, TABLE_UNMATCHED, span_of(key, sizeof key), span_of(row, sizeof row));
}

/* Said again, it keeps the entry that has told it first. */
static enum error keep(
    struct txn *txn, const struct bank_line *line, enum reason reason, uint64_t sequence)
{
	struct unmatched unmatched;
	enum error error = unmatched_get(txn, line, &unmatched);

	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (error)
		unmatched = (struct unmatched){.sequence = sequence};
	unmatched.line = *line;
	unmatched.reason = reason;
	return put(txn, &unmatched);
}

/* The first waiting row of that EndToEndId and fact (of the amount, if `size` says so) whose reference does not tell it from the line's: what the
 * bank said before it gave one, or without one. Fails with: ERROR_NOT_FOUND. */
static enum error find_same(
    struct txn *txn, const struct bank_line *line, size_t size, uint8_t found[KEY_SIZE])
{
	uint8_t from[KEY_SIZE];
	struct cursor *cursor;
	struct span key, row;
	enum error error = cursor_open(txn, TABLE_UNMATCHED, &cursor);

	if (error)
		return error;
	key_write(from, line);
	error = cursor_seek(cursor, span_of(from, size), &key, &row);
	for (; !error; error = cursor_next(cursor, &key, &row)) {
		struct unmatched unmatched;

		if (!span_starts_with(key, span_of(from, size))) {
			error = ERROR_NOT_FOUND;
			break;
		}
		error = row_read(key, row, &unmatched);
		if (error)
			break;
		if (unmatched.ended ||
		    (size == FACT_SIZE && line->reference[0] && unmatched.line.reference[0] &&
			strcmp(line->reference, unmatched.line.reference) != 0))
			continue;
		memcpy(found, key.data, KEY_SIZE);
		break;
	}
	cursor_close(cursor);
	return error;
}

static enum error forget(struct txn *txn, const struct bank_line *line, size_t size)
{
	uint8_t key[KEY_SIZE];
	enum error error;

	while (!(error = find_same(txn, line, size, key))) {
		error = store_delete(txn, TABLE_UNMATCHED, span_of(key, sizeof key));
		if (error)
			return error;
	}
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error unmatched_note(
    struct txn *txn, const struct bank_line *line, enum reason reason, uint64_t sequence)
{
	struct bank_line rejection = *line;
	enum error error;

	if (reason == REASON_unmatched || reason == REASON_other_amount ||
	    reason == REASON_contradicts)
		return keep(txn, line, reason, sequence);
	if (!bank_changes_books(reason))
		return ERROR_NONE;
	error = forget(txn, line, FACT_SIZE);
	if (error || reason != REASON_returned)
		return error;
	/* That it was rejected contradicts nothing any more: the money is back. */
	rejection.fact = BANK_REJECTED;
	return forget(txn, &rejection, ID_SIZE + 1);
}

static bool is_moving(void *context, const struct unmatched *unmatched)
{
	bool *moves = context;

	*moves = !unmatched->ended || unmatched->reason == REASON_suspense;
	return !*moves;
}

enum error unmatched_moves(struct txn *txn, const struct bank_line *line, bool *moves)
{
	uint8_t key[KEY_SIZE];

	*moves = false;
	key_write(key, line);
	return each_of(txn, span_of(key, ID_SIZE + 1), is_moving, moves);
}

enum error unmatched_end(
    struct txn *txn, const struct bank_line *line, enum reason reason, uint64_t sequence)
{
	struct unmatched unmatched;
	enum error error = unmatched_get(txn, line, &unmatched);

	if (error)
		return error;
	unmatched.reason = reason;
	unmatched.ended = sequence;
	return put(txn, &unmatched);
}
