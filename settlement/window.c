#include "window.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "calendar.h"
#include "tables.h"

#define WINDOW_KEY_SIZE 12
#define WINDOW_PAIR_SIZE 8
#define TOTALS_SIZE (4 + 8 + 8 + HASH_SIZE)
#define ID_SIZE 16
#define WINDOW_ROW_SIZE                                                                            \
	(4 + 4 + 4 + 2 * TOTALS_SIZE + 2 * ID_SIZE + 8 + 8 + 2 * HASH_SIZE + 4 + TOTALS_SIZE + 4 + \
	    4 + HASH_SIZE)

static void window_key(
    uint8_t key[WINDOW_KEY_SIZE], uint32_t payer, uint32_t creditor, uint32_t number)
{
	be32_write(key, payer);
	be32_write(key + 4, creditor);
	be32_write(key + 8, number);
}

static uint8_t *hash_write(uint8_t *at, const struct hash *hash)
{
	memcpy(at, hash->bytes, HASH_SIZE);
	return at + HASH_SIZE;
}

static const uint8_t *hash_take(const uint8_t *at, struct hash *hash)
{
	memcpy(hash->bytes, at, HASH_SIZE);
	return at + HASH_SIZE;
}

static uint8_t *totals_write(uint8_t *at, const struct window_totals *totals)
{
	be32_write(at, totals->count);
	be64_write(at + 4, (uint64_t)totals->positive_fen);
	be64_write(at + 12, (uint64_t)totals->negative_fen);
	return hash_write(at + 20, &totals->digest);
}

static const uint8_t *totals_take(const uint8_t *at, struct window_totals *totals)
{
	totals->count = be32_read(at);
	totals->positive_fen = (int64_t)be64_read(at + 4);
	totals->negative_fen = (int64_t)be64_read(at + 12);
	return hash_take(at + 20, &totals->digest);
}

static uint8_t *id_write(uint8_t *at, const struct obligation_id *id)
{
	be32_write(at, id->epoch);
	be64_write(at + 4, id->sequence);
	be32_write(at + 12, id->line);
	return at + ID_SIZE;
}

static const uint8_t *id_take(const uint8_t *at, struct obligation_id *id)
{
	id->epoch = be32_read(at);
	id->sequence = be64_read(at + 4);
	id->line = be32_read(at + 12);
	return at + ID_SIZE;
}

static enum error window_read(struct span key, struct span row, struct window_row *window)
{
	const uint8_t *at = row.data;

	if (key.size != WINDOW_KEY_SIZE || row.size != WINDOW_ROW_SIZE)
		return ERROR_CORRUPT;
	window->payer = be32_read(key.data);
	window->creditor = be32_read(key.data + 4);
	window->number = be32_read(key.data + 8);
	window->state = (enum window_state)be32_read(at);
	window->cut_day = (int32_t)be32_read(at + 4);
	window->ordinal = be32_read(at + 8);
	at = totals_take(at + 12, &window->own);
	at = totals_take(at, &window->stated);
	at = id_take(at, &window->first);
	at = id_take(at, &window->last);
	window->cut_sequence = be64_read(at);
	window->agreed_sequence = be64_read(at + 8);
	at = hash_take(at + 16, &window->statement);
	at = hash_take(at, &window->agreement);
	window->cleared_month = be32_read(at);
	at = totals_take(at + 4, &window->agreed);
	window->left_out = be32_read(at);
	window->round = be32_read(at + 4);
	at = hash_take(at + 8, &window->rest);
	assert(at == row.data + row.size);
	return window_is_sound(window) ? ERROR_NONE : ERROR_CORRUPT;
}

/* So that those which differ are found without a look at all the others. */
static enum error note_differing(struct txn *txn, const struct window_row *window, struct span key)
{
	static const uint8_t is = 1;
	enum error error;

	if (window->state == WINDOW_OPEN || window->state == WINDOW_CUT)
		return ERROR_NONE;
	if (window->state == WINDOW_DIFFERS)
		return store_put(txn, TABLE_DIFFERING, key, span_of(&is, sizeof is));
	error = store_delete(txn, TABLE_DIFFERING, key);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error window_put(struct txn *txn, const struct window_row *window)
{
	uint8_t key[WINDOW_KEY_SIZE], row[WINDOW_ROW_SIZE];
	uint8_t *at = row;
	enum error error;

	/* A forged log that is replayed must not end the program: it is told. */
	if (!window_is_sound(window))
		return ERROR_CORRUPT;
	window_key(key, window->payer, window->creditor, window->number);
	be32_write(at, (uint32_t)window->state);
	be32_write(at + 4, (uint32_t)window->cut_day);
	be32_write(at + 8, window->ordinal);
	at = totals_write(at + 12, &window->own);
	at = totals_write(at, &window->stated);
	at = id_write(at, &window->first);
	at = id_write(at, &window->last);
	be64_write(at, window->cut_sequence);
	be64_write(at + 8, window->agreed_sequence);
	at = hash_write(at + 16, &window->statement);
	at = hash_write(at, &window->agreement);
	be32_write(at, window->cleared_month);
	at = totals_write(at + 4, &window->agreed);
	be32_write(at, window->left_out);
	be32_write(at + 4, window->round);
	at = hash_write(at + 8, &window->rest);
	assert(at == row + sizeof row);
	error = store_put(txn, TABLE_WINDOW, span_of(key, sizeof key), span_of(row, sizeof row));
	return error ? error : note_differing(txn, window, span_of(key, sizeof key));
}

int64_t window_net(const struct window_totals *totals)
{
	return totals->positive_fen + totals->negative_fen;
}

int32_t window_day(const struct window_row *window)
{
	assert(window->state != WINDOW_OPEN);
	return window->cut_day - 1;
}

const char *window_label(const struct window_row *window, char text[WINDOW_LABEL_SIZE])
{
	char day[DAY_TEXT_SIZE];

	text[0] = '\0';
	if (window->state == WINDOW_OPEN)
		return text;
	day_write(window->cut_day, day);
	if (window->ordinal == 1)
		snprintf(text, WINDOW_LABEL_SIZE, "%s", day);
	else
		snprintf(text, WINDOW_LABEL_SIZE, "%s-%u", day, (unsigned)window->ordinal);
	return text;
}

bool window_totals_equal(const struct window_totals *a, const struct window_totals *b)
{
	return a->count == b->count && a->positive_fen == b->positive_fen &&
	       a->negative_fen == b->negative_fen && hash_equal(&a->digest, &b->digest);
}

const char *window_state_name(enum window_state state)
{
	static const char *const names[] = {NULL, "open", "cut", "agreed", "differs", "asked"};

	assert(state >= WINDOW_OPEN && state <= WINDOW_ASKED);
	return names[state];
}

const char *window_state_chinese(enum window_state state)
{
	static const char *const names[] = {NULL, "未截止", "已截止", "已对账", "有差异", "核对中"};

	assert(state >= WINDOW_OPEN && state <= WINDOW_ASKED);
	return names[state];
}

/* What was agreed is what is held, less what was left out; and all that was stated, if nothing was. */
static bool is_agreed_sound(const struct window_row *window)
{
	if (window->agreed.count > window->own.count ||
	    window->own.count - window->agreed.count > window->left_out)
		return false;
	return window->left_out > 0 || (window_totals_equal(&window->agreed, &window->stated) &&
					   window_totals_equal(&window->agreed, &window->own));
}

bool window_is_sound(const struct window_row *window)
{
	bool open = window->state == WINDOW_OPEN;

	if (window->state < WINDOW_OPEN || window->state > WINDOW_ASKED || window->number == 0 ||
	    window->payer == window->creditor)
		return false;
	if (window->own.positive_fen < 0 || window->own.negative_fen > 0 ||
	    window->own.positive_fen > AMOUNT_MAX || window->own.negative_fen < -AMOUNT_MAX)
		return false;
	if (open != (window->ordinal == 0) || (open && window->stated.count != 0))
		return false;
	if (window->state == WINDOW_CUT && !window_totals_equal(&window->own, &window->stated))
		return false;
	if (window->state == WINDOW_AGREED && !is_agreed_sound(window))
		return false;
	return window->cleared_month == 0 || window->state == WINDOW_AGREED;
}

enum error window_get(
    struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t number, struct window_row *window)
{
	uint8_t key[WINDOW_KEY_SIZE];
	struct span row;
	enum error error;

	window_key(key, payer, creditor, number);
	error = store_get(txn, TABLE_WINDOW, span_of(key, sizeof key), &row);
	return error ? error : window_read(span_of(key, sizeof key), row, window);
}

enum error window_last(
    struct txn *txn, uint32_t payer, uint32_t creditor, struct window_row *window)
{
	uint8_t beyond[WINDOW_KEY_SIZE];
	struct cursor *cursor;
	struct span key, row;
	enum error error = cursor_open(txn, TABLE_WINDOW, &cursor);

	if (error)
		return error;
	window_key(beyond, payer, creditor, UINT32_MAX);
	error = cursor_seek(cursor, span_of(beyond, sizeof beyond), &key, &row);
	if (!error)
		error = cursor_previous(cursor, &key, &row);
	else if (error == ERROR_NOT_FOUND)
		error = cursor_last(cursor, &key, &row);
	if (!error && !span_starts_with(key, span_of(beyond, WINDOW_PAIR_SIZE)))
		error = ERROR_NOT_FOUND;
	if (!error)
		error = window_read(key, row, window);
	cursor_close(cursor);
	return error;
}

/* All rows whose key begins with the first `prefix` bytes of `from`, from `from` on. */
static enum error each_under(struct txn *txn, const uint8_t from[WINDOW_KEY_SIZE], size_t prefix,
    window_visit *visit, void *context)
{
	struct window_row window;
	struct cursor *cursor;
	struct span key, row;
	enum error error = cursor_open(txn, TABLE_WINDOW, &cursor);

	if (error)
		return error;
	error = cursor_seek(cursor, span_of(from, WINDOW_KEY_SIZE), &key, &row);
	while (!error && span_starts_with(key, span_of(from, prefix))) {
		error = window_read(key, row, &window);
		if (error || !visit(context, &window))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error window_each(
    struct txn *txn, uint32_t payer, uint32_t creditor, window_visit *visit, void *context)
{
	uint8_t from[WINDOW_KEY_SIZE];

	window_key(from, payer, creditor, 0);
	return each_under(txn, from, WINDOW_PAIR_SIZE, visit, context);
}

enum error window_each_of_all(struct txn *txn, window_visit *visit, void *context)
{
	uint8_t from[WINDOW_KEY_SIZE] = {0};

	return each_under(txn, from, 0, visit, context);
}

enum error window_each_differing(
    struct txn *txn, uint32_t payer, uint32_t creditor, window_visit *visit, void *context)
{
	uint8_t from[WINDOW_KEY_SIZE];
	struct window_row window;
	struct cursor *cursor;
	struct span key, row;
	enum error error = cursor_open(txn, TABLE_DIFFERING, &cursor);

	if (error)
		return error;
	window_key(from, payer, creditor, 0);
	error = cursor_seek(cursor, span_of(from, sizeof from), &key, &row);
	while (!error && span_starts_with(key, span_of(from, WINDOW_PAIR_SIZE))) {
		error = key.size == WINDOW_KEY_SIZE
			    ? window_get(txn, payer, creditor, be32_read(key.data + 8), &window)
			    : ERROR_CORRUPT;
		if (error == ERROR_NOT_FOUND)
			error = ERROR_CORRUPT;
		if (error || !visit(context, &window))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static bool keep_first(void *context, const struct window_row *window)
{
	*(struct window_row *)context = *window;
	return false;
}

enum error window_each_last(struct txn *txn, uint32_t payer, window_visit *visit, void *context)
{
	uint32_t creditor = 0;

	for (;;) {
		struct window_row window = {.number = 0};
		uint8_t from[WINDOW_KEY_SIZE];
		enum error error;

		window_key(from, payer, creditor, 0);
		error = each_under(txn, from, 4, keep_first, &window);
		if (error || window.number == 0)
			return error;
		error = window_last(txn, payer, window.creditor, &window);
		if (error)
			return error;
		if (!visit(context, &window) || window.creditor == UINT32_MAX)
			return ERROR_NONE;
		creditor = window.creditor + 1;
	}
}

void window_totals_add(struct window_totals *totals, const struct obligation *obligation)
{
	totals->count++;
	if (obligation->amount_fen > 0)
		totals->positive_fen += obligation->amount_fen;
	else
		totals->negative_fen += obligation->amount_fen;
	totals->digest = obligation_digest(&totals->digest, obligation);
}

/* A sum that leaves out the ids of a list, both in order. */
struct recount {
	const struct obligation_id *left_out;
	size_t count, at;
	struct window_totals *totals;
};

static bool recount_one(void *context, const struct obligation *obligation)
{
	struct recount *recount = context;
	struct window_totals *totals = recount->totals;
	const struct obligation_id id = {obligation->epoch, obligation->sequence, obligation->line};

	while (recount->at < recount->count &&
	       obligation_id_compare(&recount->left_out[recount->at], &id) < 0)
		recount->at++;
	if (recount->at < recount->count &&
	    obligation_id_compare(&recount->left_out[recount->at], &id) == 0)
		return true;
	window_totals_add(totals, obligation);
	return true;
}

enum error window_recount(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t number,
    struct window_totals *totals)
{
	return window_recount_rest(txn, payer, creditor, number, NULL, 0, totals);
}

enum error window_recount_rest(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t number,
    const struct obligation_id *left_out, size_t count, struct window_totals *totals)
{
	struct recount recount = {.left_out = left_out, .count = count, .totals = totals};

	*totals = (struct window_totals){0};
	return obligation_each(txn, payer, creditor, number, recount_one, &recount);
}

/* The window that asks by the document with this hash; number 0: none. */
struct asked_search {
	const struct hash *document;
	struct window_row found;
};

static bool find_asked(void *context, const struct window_row *window)
{
	struct asked_search *search = context;

	if (window->state != WINDOW_ASKED || !hash_equal(&window->rest, search->document))
		return true;
	search->found = *window;
	return false;
}

enum error window_refused(struct txn *txn, uint32_t by, uint32_t self, const struct hash *document)
{
	struct asked_search search = {.document = document};
	enum error error = window_each(txn, by, self, find_asked, &search);

	if (error || search.found.number == 0)
		return error;
	search.found.state = WINDOW_DIFFERS;
	search.found.rest = (struct hash){{0}};
	return window_put(txn, &search.found);
}
