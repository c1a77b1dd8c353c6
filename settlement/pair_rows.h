/* pair_rows.h: windows and disputes of a pair of cities, gathered out of the tables for the settlement sheet (clearing_sheet.h) and
 * the statement (pair_statement.h). Not thread-safe: belongs to the transaction. */
#ifndef SUIREN_PAIR_ROWS_H
#define SUIREN_PAIR_ROWS_H

#include "dispute.h"
#include "settlement_limits.h"
#include "window.h"

/* Room for one more row of `size` bytes in an array that grows. Fails with: ERROR_TOO_LARGE (there are `most`), ERROR_MEMORY. */
MUST_CHECK enum error rows_make_room(
    void **rows, size_t count, size_t *capacity, size_t size, size_t most);

/* Zero-initialise. */
struct pair_windows {
	struct window_row *
	    rows; /* those owed by the first city, then those owed by the other, each in order of number */
	size_t count, capacity;
};
struct pair_disputes {
	struct dispute *rows; /* in order of payer, window, id */
	size_t count, capacity;
};
void pair_windows_free(struct pair_windows *windows);
void pair_disputes_free(struct pair_disputes *disputes);

/* Add the windows between two cities that `wanted` picks. Fails with: ERROR_TOO_LARGE (PAIR_WINDOWS_MAX), ERROR_MEMORY, the
 * store's. */
typedef bool pair_window_wanted(void *context, const struct window_row *window);
MUST_CHECK enum error pair_windows_read(struct txn *txn, uint32_t low, uint32_t high,
    pair_window_wanted *wanted, void *context, struct pair_windows *windows);
/* Add the disputes between two cities, of windows that are agreed, that `wanted` picks; `window` is that in which they stand. What is
 * only named is passed over: it is not left out by both signatures yet. Fails with: ERROR_TOO_LARGE (PAIR_DISPUTES_MAX),
 * ERROR_CORRUPT, ERROR_MEMORY, the store's. */
typedef bool pair_dispute_wanted(
    void *context, const struct dispute *dispute, const struct window_row *window);
MUST_CHECK enum error pair_disputes_read(struct txn *txn, uint32_t low, uint32_t high,
    pair_dispute_wanted *wanted, void *context, struct pair_disputes *disputes);

#endif
