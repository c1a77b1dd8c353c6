#include "obligation.h"

#include <assert.h>
#include <string.h>

#include "dispute.h"
#include "tables.h"
#include "window.h"

#define OBLIGATION_KEY_SIZE 28
#define OBLIGATION_PREFIX_SIZE 12 /* payer, creditor, window */
#define OBLIGATION_ROW_SIZE (8 + HASH_SIZE + 8)

static void obligation_key(uint8_t key[OBLIGATION_KEY_SIZE], const struct obligation *obligation)
{
	be32_write(key, obligation->payer);
	be32_write(key + 4, obligation->creditor);
	be32_write(key + 8, obligation->window);
	be32_write(key + 12, obligation->epoch);
	be64_write(key + 16, obligation->sequence);
	be32_write(key + 24, obligation->line);
}

static enum error obligation_read(struct span key, struct span row, struct obligation *obligation)
{
	if (key.size != OBLIGATION_KEY_SIZE || row.size != OBLIGATION_ROW_SIZE)
		return ERROR_CORRUPT;
	obligation->payer = be32_read(key.data);
	obligation->creditor = be32_read(key.data + 4);
	obligation->window = be32_read(key.data + 8);
	obligation->epoch = be32_read(key.data + 12);
	obligation->sequence = be64_read(key.data + 16);
	obligation->line = be32_read(key.data + 24);
	obligation->amount_fen = (int64_t)be64_read(row.data);
	memcpy(obligation->line_hash.bytes, row.data + 8, HASH_SIZE);
	obligation->booked = be64_read(row.data + 8 + HASH_SIZE);
	return ERROR_NONE;
}

struct hash obligation_digest(const struct hash *before, const struct obligation *obligation)
{
	uint8_t bytes[HASH_SIZE + 24 + 8 + HASH_SIZE];
	uint8_t *at = bytes;

	memcpy(at, before->bytes, HASH_SIZE);
	at += HASH_SIZE;
	be32_write(at, obligation->payer);
	be32_write(at + 4, obligation->creditor);
	be32_write(at + 8, obligation->epoch);
	be64_write(at + 12, obligation->sequence);
	be32_write(at + 20, obligation->line);
	be64_write(at + 24, (uint64_t)obligation->amount_fen);
	memcpy(at + 32, obligation->line_hash.bytes, HASH_SIZE);
	return hash_blake2b(span_of(bytes, sizeof bytes));
}

static struct obligation_id id_of(const struct obligation *obligation)
{
	return (struct obligation_id){obligation->epoch, obligation->sequence, obligation->line};
}

static bool is_repaired(const struct window_row *window)
{
	return window->state == WINDOW_DIFFERS || window->state == WINDOW_ASKED;
}

enum error window_open_number(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t *number)
{
	struct window_row last;
	enum error error = window_last(txn, payer, creditor, &last);

	*number = 1;
	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE;
	if (!error)
		*number = last.state == WINDOW_OPEN ? last.number : last.number + 1;
	return error;
}

/* The window's row before this obligation: as it is kept, or a new one behind the last that was cut. `last` is the id before
 * it. The common case, an open window that is there, costs one look-up. */
static enum error window_before(struct txn *txn, const struct obligation *obligation,
    struct window_row *window, bool *has_last, struct obligation_id *last)
{
	struct window_row before;
	enum error error =
	    window_get(txn, obligation->payer, obligation->creditor, obligation->window, window);

	*has_last = !error;
	if (!error) {
		*last = window->last;
		return window->state == WINDOW_OPEN || is_repaired(window) ? ERROR_NONE
									   : ERROR_MISMATCH;
	}
	if (error != ERROR_NOT_FOUND)
		return error;
	error = window_last(txn, obligation->payer, obligation->creditor, &before);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	*has_last = !error;
	if (*has_last)
		*last = before.last;
	if (*has_last && before.state == WINDOW_OPEN)
		return ERROR_MISMATCH;
	*window = (struct window_row){.payer = obligation->payer,
	    .creditor = obligation->creditor,
	    .number = *has_last ? before.number + 1 : 1,
	    .state = WINDOW_OPEN,
	    .first = id_of(obligation)};
	return obligation->window == window->number ? ERROR_NONE : ERROR_MISMATCH;
}

/* May a window that is reconciled take this id? It was asked for, is not here, and lies where the window lies: behind what the
 * windows before it hold, before what those after it do. */
static enum error check_repair(
    struct txn *txn, const struct obligation *obligation, const struct window_row *window)
{
	const struct obligation_id id = id_of(obligation);
	struct obligation present;
	struct window_row other;
	bool asked;
	enum error error =
	    dispute_marked(txn, window->payer, window->creditor, window->number, &id, &asked);

	if (error || !asked)
		return error ? error : ERROR_MISMATCH;
	error = obligation_get(txn, window->payer, window->creditor, window->number, &id, &present);
	if (error != ERROR_NOT_FOUND)
		return error ? error : ERROR_CONFLICT;
	error = window->number > 1
		    ? window_get(txn, window->payer, window->creditor, window->number - 1, &other)
		    : ERROR_NOT_FOUND;
	if (!error && obligation_id_compare(&id, &other.last) <= 0)
		return ERROR_CONFLICT;
	if (error && (error != ERROR_NOT_FOUND || window->number > 1))
		return error;
	for (uint32_t number = window->number + 1;; number++) {
		error = window_get(txn, window->payer, window->creditor, number, &other);
		if (error)
			return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
		if (other.own.count > 0)
			return obligation_id_compare(&id, &other.first) < 0 ? ERROR_NONE
									    : ERROR_CONFLICT;
	}
}

/* Windows without obligations bear the last id of the one before: bisection goes by it. */
static enum error follow_last(struct txn *txn, const struct window_row *window)
{
	struct window_row other;

	for (uint32_t number = window->number + 1;; number++) {
		enum error error = window_get(txn, window->payer, window->creditor, number, &other);

		if (error || other.own.count > 0)
			return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
		other.first = other.last = window->last;
		error = window_put(txn, &other);
		if (error)
			return error;
	}
}

/* Ids and digest of a row that takes one more. */
static void extend(struct window_row *window, const struct obligation *obligation)
{
	const struct obligation_id id = id_of(obligation);

	if (!is_repaired(window)) {
		window->own.digest = obligation_digest(&window->own.digest, obligation);
		window->last = id;
		return;
	}
	/* In the middle of a chain: it is made anew when the rest is compared. */
	window->own.digest = (struct hash){{0}};
	if (window->own.count == 1 || obligation_id_compare(&id, &window->first) < 0)
		window->first = id;
	if (window->own.count == 1 || obligation_id_compare(&id, &window->last) > 0)
		window->last = id;
}

/* The row with the obligation in it. */
static enum error window_after(
    struct txn *txn, const struct obligation *obligation, struct window_row *window)
{
	struct obligation_id id = id_of(obligation), last;
	struct amount sum;
	int64_t *total;
	bool has_last;
	enum error error;

	if (obligation->amount_fen == 0 || obligation->amount_fen > AMOUNT_MAX ||
	    obligation->amount_fen < -AMOUNT_MAX)
		return ERROR_RANGE;
	error = window_before(txn, obligation, window, &has_last, &last);
	if (error)
		return error;
	if (is_repaired(window))
		error = check_repair(txn, obligation, window);
	else if (has_last && obligation_id_compare(&id, &last) <= 0)
		error = ERROR_CONFLICT;
	if (error)
		return error;
	total = obligation->amount_fen > 0 ? &window->own.positive_fen : &window->own.negative_fen;
	if (window->own.count == UINT32_MAX ||
	    amount_add((struct amount){*total}, (struct amount){obligation->amount_fen}, &sum))
		return ERROR_OVERFLOW;
	*total = sum.value;
	window->own.count++;
	extend(window, obligation);
	return ERROR_NONE;
}

enum error obligation_expected(
    struct txn *txn, const struct obligation *obligation, struct error_detail *detail)
{
	struct window_row window;
	enum error error = window_after(txn, obligation, &window);

	switch (error) {
	case ERROR_RANGE:
		return error_set(
		    detail, error, "an obligation of %lld fen", (long long)obligation->amount_fen);
	case ERROR_MISMATCH:
		return error_set(detail, error,
		    "window %u of %06u to %06u is not the open one, nor waits for it",
		    (unsigned)obligation->window, (unsigned)obligation->payer,
		    (unsigned)obligation->creditor);
	case ERROR_CONFLICT:
		return error_set(detail, error,
		    "obligation %u/%llu/%u of %06u does not come after the last one",
		    (unsigned)obligation->epoch, (unsigned long long)obligation->sequence,
		    (unsigned)obligation->line, (unsigned)obligation->payer);
	default:
		return error;
	}
}

enum error obligation_add(struct txn *txn, const struct obligation *obligation)
{
	uint8_t key[OBLIGATION_KEY_SIZE], row[OBLIGATION_ROW_SIZE];
	struct window_row window;
	enum error error = window_after(txn, obligation, &window);

	if (error)
		return error;
	if (obligation->payer == obligation->creditor)
		return ERROR_CORRUPT;
	obligation_key(key, obligation);
	be64_write(row, (uint64_t)obligation->amount_fen);
	memcpy(row + 8, obligation->line_hash.bytes, HASH_SIZE);
	be64_write(row + 8 + HASH_SIZE, obligation->booked);
	error =
	    store_insert(txn, TABLE_OBLIGATION, span_of(key, sizeof key), span_of(row, sizeof row));
	if (!error)
		error = window_put(txn, &window);
	return !error && is_repaired(&window) ? follow_last(txn, &window) : error;
}

/* The window whose range of ids holds `id`: numbers are dense and ids ascend over the windows of a pair. */
static enum error window_of_id(struct txn *txn, uint32_t payer, uint32_t creditor,
    const struct obligation_id *id, uint32_t *number)
{
	struct window_row window;
	uint32_t low = 1, high;
	enum error error = window_last(txn, payer, creditor, &window);

	if (error)
		return error;
	high = window.number;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		error = window_get(txn, payer, creditor, middle, &window);
		if (error)
			return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
		if (obligation_id_compare(id, &window.last) <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	*number = low;
	return ERROR_NONE;
}

enum error obligation_find(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t epoch,
    uint64_t sequence, uint32_t line, struct obligation *obligation)
{
	struct obligation wanted = {.payer = payer,
	    .creditor = creditor,
	    .epoch = epoch,
	    .sequence = sequence,
	    .line = line};
	struct obligation_id id = id_of(&wanted);
	uint8_t key[OBLIGATION_KEY_SIZE];
	struct span row;
	enum error error = window_of_id(txn, payer, creditor, &id, &wanted.window);

	if (error)
		return error;
	obligation_key(key, &wanted);
	error = store_get(txn, TABLE_OBLIGATION, span_of(key, sizeof key), &row);
	return error ? error : obligation_read(span_of(key, sizeof key), row, obligation);
}

enum error obligation_get(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window,
    const struct obligation_id *id, struct obligation *obligation)
{
	const struct obligation wanted = {.payer = payer,
	    .creditor = creditor,
	    .window = window,
	    .epoch = id->epoch,
	    .sequence = id->sequence,
	    .line = id->line};
	uint8_t key[OBLIGATION_KEY_SIZE];
	struct span row;
	enum error error;

	obligation_key(key, &wanted);
	error = store_get(txn, TABLE_OBLIGATION, span_of(key, sizeof key), &row);
	return error ? error : obligation_read(span_of(key, sizeof key), row, obligation);
}

enum error window_is_repaired(
    struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window, bool *repaired)
{
	struct window_row row;
	enum error error = window_get(txn, payer, creditor, window, &row);

	*repaired = !error && is_repaired(&row);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error obligation_each(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t window,
    obligation_visit *visit, void *context)
{
	const struct obligation_id first = {0};

	return obligation_each_between(txn, payer, creditor, window, &first, NULL, visit, context);
}

enum error obligation_each_between(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, const struct obligation_id *lowest, const struct obligation_id *below,
    obligation_visit *visit, void *context)
{
	struct obligation obligation = {.payer = payer,
	    .creditor = creditor,
	    .window = window,
	    .epoch = lowest->epoch,
	    .sequence = lowest->sequence,
	    .line = lowest->line};
	uint8_t from[OBLIGATION_KEY_SIZE];
	struct cursor *cursor;
	struct span key, row;
	enum error error = cursor_open(txn, TABLE_OBLIGATION, &cursor);

	if (error)
		return error;
	obligation_key(from, &obligation);
	error = cursor_seek(cursor, span_of(from, sizeof from), &key, &row);
	while (!error && span_starts_with(key, span_of(from, OBLIGATION_PREFIX_SIZE))) {
		struct obligation_id id;

		error = obligation_read(key, row, &obligation);
		id = id_of(&obligation);
		if (error || (below && obligation_id_compare(&id, below) >= 0) ||
		    !visit(context, &obligation))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}
