/* booked_line.h: a line of a sheet that was booked, with the verdict that stands on it, as this node knows it, be it the payer or the host of
 * a sheet that another city pays: the first verdict, or of a line that was held the one that came of it. What a second look has changed is
 * not in it (appeal.h). Pure over the transaction. */
#ifndef SUIREN_BOOKED_LINE_H
#define SUIREN_BOOKED_LINE_H

#include "adjudicate.h"
#include "claim_state.h"

struct booked_line {
	struct sheet_row row;
	struct sheet_header header;
	struct sheet_line line;
	bool
	    takes_capacity; /* at the host of another payer's sheet: whether the line counts bed nights */
	struct verdict verdict; /* held_prefund: it waits */
	/* The entry of this node that holds the verdict, with its line, and when it was booked. */
	uint64_t sequence;
	uint32_t index;
	int64_t time_ms;
	/* The payer's entry and line by which it owes; at the payer the same again. */
	uint64_t payers_sequence;
	uint32_t payers_index;
};

/* Fails with: ERROR_NOT_FOUND (no such sheet is in the books), ERROR_RANGE (it has no such line), ERROR_STATE (its payer has not decided it, or
 * was never asked), ERROR_CORRUPT, and the store's. */
MUST_CHECK enum error booked_line_find(struct settlement *settlement, struct txn *txn,
    const char *uscc, uint64_t number, uint32_t index, struct booked_line *out);

/* At the payer: what the host said of the house when it booked the sheet, or the own tables say now of an own house; and the day on which it
 * was booked. */
MUST_CHECK enum error booked_line_standing(struct settlement *settlement, struct txn *txn,
    const struct booked_line *booked, struct sheet_standing *standing, int32_t *booked_day);

#endif
