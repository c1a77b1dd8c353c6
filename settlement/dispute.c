#include "dispute.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "obligation.h"
#include "tables.h"

#define DISPUTE_KEY_SIZE 28
#define DISPUTE_PREFIX_SIZE 12 /* payer, creditor, window */
#define SIDE_SIZE (8 + HASH_SIZE)
#define DISPUTE_ROW_SIZE (4 + 4 + 2 * SIDE_SIZE + 3 * 8 + 8 + 8 + 8 + 16 + 4)
/* No entry has a line of this number: the row is a mark. */
#define MARK_LINE UINT32_MAX
#define MARK_SIZE 1

#define FLAG_PAYERS 1u
#define FLAG_CREDITORS 2u
#define FLAGS_ALL 3u

static void dispute_key(uint8_t key[DISPUTE_KEY_SIZE], uint32_t payer, uint32_t creditor,
    uint32_t window, const struct obligation_id *id)
{
	be32_write(key, payer);
	be32_write(key + 4, creditor);
	be32_write(key + 8, window);
	be32_write(key + 12, id->epoch);
	be64_write(key + 16, id->sequence);
	be32_write(key + 24, id->line);
}

static uint8_t *side_write(uint8_t *at, const struct dispute_side *side)
{
	be64_write(at, (uint64_t)side->amount_fen);
	memcpy(at + 8, side->line_hash.bytes, HASH_SIZE);
	return at + SIDE_SIZE;
}

static const uint8_t *side_take(const uint8_t *at, bool is, struct dispute_side *side)
{
	side->is = is;
	side->amount_fen = (int64_t)be64_read(at);
	memcpy(side->line_hash.bytes, at + 8, HASH_SIZE);
	return at + SIDE_SIZE;
}

/* D1..D3 as far as one row shows. */
static bool is_sound(const struct dispute *dispute)
{
	bool ended = dispute->state == DISPUTE_ENDED;

	return dispute->state >= DISPUTE_NAMED && dispute->state <= DISPUTE_ENDED &&
	       (dispute->payers.is || dispute->creditors.is) && dispute->id.line != MARK_LINE &&
	       (dispute->state == DISPUTE_NAMED) == (dispute->left_out_sequence == 0) &&
	       ended == (dispute->ended_sequence != 0) && (ended || dispute->ended_fen == 0) &&
	       (dispute->ended_fen != 0) == (dispute->new_window != 0);
}

static enum error dispute_read(struct span key, struct span row, struct dispute *dispute)
{
	const uint8_t *at = row.data;
	uint32_t flags;

	memset(dispute, 0, sizeof *dispute);
	if (key.size != DISPUTE_KEY_SIZE || row.size != DISPUTE_ROW_SIZE)
		return ERROR_CORRUPT;
	dispute->payer = be32_read(key.data);
	dispute->creditor = be32_read(key.data + 4);
	dispute->window = be32_read(key.data + 8);
	dispute->id = (struct obligation_id){
	    be32_read(key.data + 12), be64_read(key.data + 16), be32_read(key.data + 24)};
	dispute->state = (enum dispute_state)be32_read(at);
	flags = be32_read(at + 4);
	at = side_take(at + 8, flags & FLAG_PAYERS, &dispute->payers);
	at = side_take(at, flags & FLAG_CREDITORS, &dispute->creditors);
	dispute->named_sequence = be64_read(at);
	dispute->left_out_sequence = be64_read(at + 8);
	dispute->shown_sequence = be64_read(at + 16);
	dispute->held_fen = (int64_t)be64_read(at + 24);
	dispute->ended_sequence = be64_read(at + 32);
	dispute->ended_fen = (int64_t)be64_read(at + 40);
	dispute->new_id =
	    (struct obligation_id){be32_read(at + 48), be64_read(at + 52), be32_read(at + 60)};
	dispute->new_window = be32_read(at + 64);
	assert(at + 68 == row.data + row.size);
	return flags <= FLAGS_ALL && is_sound(dispute) ? ERROR_NONE : ERROR_CORRUPT;
}

enum error dispute_put(struct txn *txn, const struct dispute *dispute)
{
	uint8_t key[DISPUTE_KEY_SIZE], row[DISPUTE_ROW_SIZE];
	uint8_t *at = row;

	/* A forged log that is replayed must not end the program: it is told. */
	if (!is_sound(dispute))
		return ERROR_CORRUPT;
	dispute_key(key, dispute->payer, dispute->creditor, dispute->window, &dispute->id);
	be32_write(at, (uint32_t)dispute->state);
	be32_write(at + 4,
	    (dispute->payers.is ? FLAG_PAYERS : 0) | (dispute->creditors.is ? FLAG_CREDITORS : 0));
	at = side_write(at + 8, &dispute->payers);
	at = side_write(at, &dispute->creditors);
	be64_write(at, dispute->named_sequence);
	be64_write(at + 8, dispute->left_out_sequence);
	be64_write(at + 16, dispute->shown_sequence);
	be64_write(at + 24, (uint64_t)dispute->held_fen);
	be64_write(at + 32, dispute->ended_sequence);
	be64_write(at + 40, (uint64_t)dispute->ended_fen);
	be32_write(at + 48, dispute->new_id.epoch);
	be64_write(at + 52, dispute->new_id.sequence);
	be32_write(at + 60, dispute->new_id.line);
	be32_write(at + 64, dispute->new_window);
	assert(at + 68 == row + sizeof row);
	return store_put(txn, TABLE_DISPUTE, span_of(key, sizeof key), span_of(row, sizeof row));
}

enum error dispute_get(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window,
    const struct obligation_id *id, struct dispute *dispute)
{
	uint8_t key[DISPUTE_KEY_SIZE];
	struct span row;
	enum error error;

	dispute_key(key, payer, creditor, window, id);
	error = id->line == MARK_LINE
		    ? ERROR_NOT_FOUND
		    : store_get(txn, TABLE_DISPUTE, span_of(key, sizeof key), &row);
	return error ? error : dispute_read(span_of(key, sizeof key), row, dispute);
}

enum error dispute_each(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window,
    dispute_visit *visit, void *context)
{
	const struct obligation_id first = {0};
	uint8_t from[DISPUTE_KEY_SIZE];
	size_t prefix = payer ? DISPUTE_PREFIX_SIZE : 0;
	struct dispute dispute;
	struct cursor *cursor;
	struct span key, row;
	enum error error = cursor_open(txn, TABLE_DISPUTE, &cursor);

	if (error)
		return error;
	dispute_key(from, payer, creditor, window, &first);
	error = cursor_seek(cursor, span_of(from, sizeof from), &key, &row);
	while (!error && span_starts_with(key, span_of(from, prefix))) {
		if (row.size != MARK_SIZE) {
			error = dispute_read(key, row, &dispute);
			if (error || !visit(context, &dispute))
				break;
		}
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

struct named {
	struct dispute *list;
	size_t count, capacity;
	bool failed;
};

static bool collect_named(void *context, const struct dispute *dispute)
{
	struct named *named = context;

	if (dispute->state != DISPUTE_NAMED)
		return true;
	if (named->count == named->capacity) {
		size_t wanted = named->capacity ? 2 * named->capacity : 16;
		struct dispute *more = realloc(named->list, wanted * sizeof *more);

		named->failed = !more;
		if (!more)
			return false;
		named->list = more;
		named->capacity = wanted;
	}
	named->list[named->count++] = *dispute;
	return true;
}

enum error dispute_list_named(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window,
    struct dispute **list, size_t *count)
{
	struct named named = {.count = 0};
	enum error error = dispute_each(txn, payer, creditor, window, collect_named, &named);

	*list = named.list;
	*count = named.count;
	return named.failed ? ERROR_MEMORY : error;
}

enum error dispute_forget_named(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window)
{
	struct dispute *list;
	size_t count;
	enum error error = dispute_list_named(txn, payer, creditor, window, &list, &count);

	for (size_t i = 0; i < count && !error; i++) {
		uint8_t key[DISPUTE_KEY_SIZE];

		dispute_key(key, payer, creditor, window, &list[i].id);
		error = store_delete(txn, TABLE_DISPUTE, span_of(key, sizeof key));
	}
	free(list);
	return error;
}

static void mark_key(uint8_t key[DISPUTE_KEY_SIZE], uint32_t payer, uint32_t creditor,
    uint32_t window, const struct obligation_id *of)
{
	const struct obligation_id mark = {of->epoch, of->sequence, MARK_LINE};

	dispute_key(key, payer, creditor, window, &mark);
}

enum error dispute_mark(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window,
    const struct obligation_id *of)
{
	uint8_t key[DISPUTE_KEY_SIZE], row[MARK_SIZE] = {1};

	mark_key(key, payer, creditor, window, of);
	return store_put(txn, TABLE_DISPUTE, span_of(key, sizeof key), span_of(row, sizeof row));
}

enum error dispute_marked(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window,
    const struct obligation_id *of, bool *marked)
{
	uint8_t key[DISPUTE_KEY_SIZE];
	struct span row;
	enum error error;

	mark_key(key, payer, creditor, window, of);
	error = store_get(txn, TABLE_DISPUTE, span_of(key, sizeof key), &row);
	*marked = !error;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

const char *dispute_state_name(enum dispute_state state)
{
	static const char *const names[] = {NULL, "named", "open", "ended"};

	assert(state >= DISPUTE_NAMED && state <= DISPUTE_ENDED);
	return names[state];
}

const char *dispute_state_chinese(enum dispute_state state)
{
	static const char *const names[] = {NULL, "已提出", "待解决", "已了结"};

	assert(state >= DISPUTE_NAMED && state <= DISPUTE_ENDED);
	return names[state];
}

enum error dispute_of_line(
    struct txn *txn, uint32_t payer, uint32_t creditor, const struct obligation_id *id, bool *is)
{
	struct obligation obligation;
	struct dispute dispute;
	enum error error =
	    obligation_find(txn, payer, creditor, id->epoch, id->sequence, id->line, &obligation);

	if (!error)
		error = dispute_get(txn, payer, creditor, obligation.window, id, &dispute);
	*is = !error;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}
