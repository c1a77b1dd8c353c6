/* clearing_internal.h: a clearing with its windows, as the kinds that write clearings share it: collected from the tables,
 * written into lines and messages, read back, added up and booked. docs/format.md, "Clearings". Not thread-safe: belongs
 * to the transaction. */
#ifndef SUIREN_CLEARING_INTERNAL_H
#define SUIREN_CLEARING_INTERNAL_H

#include "clearing.h"
#include "settlement_internal.h"
#include "window.h"

#define CLEARING_LIST_MAX (2 * CLEARING_WINDOWS_MAX)

/* A window as a clearing lists it. */
struct cleared_window {
	uint32_t payer, number;
	int64_t net_fen;
	struct hash agreement;
};

/* A clearing with its windows: those owed by low, then those owed by high, each in order of number. */
struct clearing_list {
	struct clearing_row row;
	struct cleared_window windows[CLEARING_LIST_MAX];
	uint32_t count;
};

/* The city of the pair that is not `city`. */
uint32_t clearing_other_city(const struct clearing_row *row, uint32_t city);
/* Is the window agreed, not yet cleared, and of the month or earlier? */
bool clearing_takes(uint32_t month, const struct window_row *window);
/* Add to the list all windows owed by `payer` that the clearing of its month takes, at most CLEARING_WINDOWS_MAX, the oldest
 * first. */
MUST_CHECK enum error clearing_collect(struct txn *txn, struct clearing_list *list, uint32_t payer);
/* Counts, sums and payments of list->row from the windows and the model. Fails with: ERROR_OVERFLOW. */
MUST_CHECK enum error clearing_add_up(struct clearing_list *list);
/* Gross only if the policies of both cities say so. */
bool clearing_is_gross(const struct settlement *settlement, uint32_t low, uint32_t high);

/* Write the items of a clearing: they are the entry's lines, and what is sent. */
void clearing_list_put(struct buffer *out, const struct clearing_list *list);
/* Read the first item alone: the head. */
void clearing_head_take(struct codec_reader *reader, struct clearing_row *row);
/* Read `items` items, a head and at least one window, as they stand: clearing_add_up not yet called. Fails with:
 * ERROR_MALFORMED, ERROR_TOO_LARGE. */
MUST_CHECK enum error clearing_list_read(
    struct span bytes, size_t items, struct clearing_list *list);
/* The list of a logged entry, added up; free it in any case. Fails with: ERROR_CORRUPT, ERROR_MEMORY. */
MUST_CHECK enum error clearing_list_of_entry(
    const struct entry *entry, struct clearing_list **list);
/* Lines of the decision, each with this verdict. */
void clearing_decide_lines(
    struct decision *decision, const struct clearing_list *list, enum reason reason);
/* payable -> clearing for each window that `self` owes, clearing -> receivable for each that it is owed; a negative total with
 * the sides swapped. */
void clearing_book(const struct clearing_list *list, uint32_t self, struct decision *decision);

#endif
