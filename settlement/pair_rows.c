#include "pair_rows.h"

#include <stdlib.h>

void pair_windows_free(struct pair_windows *windows)
{
	free(windows->rows);
	*windows = (struct pair_windows){NULL, 0, 0};
}

void pair_disputes_free(struct pair_disputes *disputes)
{
	free(disputes->rows);
	*disputes = (struct pair_disputes){NULL, 0, 0};
}

enum error rows_make_room(void **rows, size_t count, size_t *capacity, size_t size, size_t most)
{
	size_t wanted = *capacity ? 2 * *capacity : 64;
	void *grown;

	if (count == most)
		return ERROR_TOO_LARGE;
	if (count < *capacity)
		return ERROR_NONE;
	grown = realloc(*rows, wanted * size);
	if (!grown)
		return ERROR_MEMORY;
	*rows = grown;
	*capacity = wanted;
	return ERROR_NONE;
}

struct window_reading {
	pair_window_wanted *wanted;
	void *context;
	struct pair_windows *windows;
	enum error error;
};

static bool take_window(void *context, const struct window_row *window)
{
	struct window_reading *reading = context;
	struct pair_windows *windows = reading->windows;
	void *rows = windows->rows;

	if (!reading->wanted(reading->context, window))
		return true;
	reading->error = rows_make_room(
	    &rows, windows->count, &windows->capacity, sizeof *windows->rows, PAIR_WINDOWS_MAX);
	windows->rows = rows;
	if (!reading->error)
		windows->rows[windows->count++] = *window;
	return !reading->error;
}

enum error pair_windows_read(struct txn *txn, uint32_t low, uint32_t high,
    pair_window_wanted *wanted, void *context, struct pair_windows *windows)
{
	struct window_reading reading = {.wanted = wanted, .context = context, .windows = windows};
	enum error error = window_each(txn, low, high, take_window, &reading);

	if (!error && !reading.error)
		error = window_each(txn, high, low, take_window, &reading);
	return error ? error : reading.error;
}

struct dispute_reading {
	struct txn *txn;
	uint32_t low, high;
	pair_dispute_wanted *wanted;
	void *context;
	struct pair_disputes *disputes;
	struct window_row window; /* that of the dispute before; number 0: none yet */
	enum error error;
};

/* Disputes of one window stand together. */
static enum error look_up_window(struct dispute_reading *reading, const struct dispute *dispute)
{
	const struct window_row *window = &reading->window;
	enum error error;

	if (window->payer == dispute->payer && window->number == dispute->window)
		return ERROR_NONE;
	error = window_get(
	    reading->txn, dispute->payer, dispute->creditor, dispute->window, &reading->window);
	return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
}

static bool take_dispute(void *context, const struct dispute *dispute)
{
	struct dispute_reading *reading = context;
	struct pair_disputes *disputes = reading->disputes;
	void *rows = disputes->rows;
	bool ours = (dispute->payer == reading->low && dispute->creditor == reading->high) ||
		    (dispute->payer == reading->high && dispute->creditor == reading->low);

	if (!ours || dispute->state == DISPUTE_NAMED)
		return true;
	reading->error = look_up_window(reading, dispute);
	if (reading->error || reading->window.state != WINDOW_AGREED ||
	    !reading->wanted(reading->context, dispute, &reading->window))
		return !reading->error;
	reading->error = rows_make_room(
	    &rows, disputes->count, &disputes->capacity, sizeof *disputes->rows, PAIR_DISPUTES_MAX);
	disputes->rows = rows;
	if (!reading->error)
		disputes->rows[disputes->count++] = *dispute;
	return !reading->error;
}

enum error pair_disputes_read(struct txn *txn, uint32_t low, uint32_t high,
    pair_dispute_wanted *wanted, void *context, struct pair_disputes *disputes)
{
	struct dispute_reading reading = {.txn = txn,
	    .low = low,
	    .high = high,
	    .wanted = wanted,
	    .context = context,
	    .disputes = disputes};
	enum error error = dispute_each(txn, 0, 0, 0, take_dispute, &reading);

	return error ? error : reading.error;
}
