/* stated_day.h: days that a city states of itself in its documents: when it booked a sheet, cut a window, proposed a clearing. Its log's time
 * never goes back and its documents are numbered in the order of its log: so the days never go back either, over all these documents; and they
 * are not of a day to come. Whoever could state them as it likes could make late claims timely, or a window one of another month. Kept in
 * TABLE_TRUST. docs/format.md, "Trust between cities". Pure over the transaction. */
#ifndef SUIREN_STATED_DAY_H
#define SUIREN_STATED_DAY_H

#include "decision.h"

/* Is the day not after the receiver's today, but for clocks that differ? Fails with: ERROR_RANGE. */
MUST_CHECK enum error stated_day_check_future(const struct settlement *settlement, int32_t day,
    int64_t now_ms, const char *what, struct error_detail *detail);
/* The same, and not before one that this city has stated already. Fails with: ERROR_RANGE, the store's. */
MUST_CHECK enum error stated_day_check(struct settlement *settlement, struct txn *txn,
    uint32_t region, int32_t day, int64_t now_ms, const char *what, struct error_detail *detail);
/* Only while an entry is applied. */
MUST_CHECK enum error stated_day_put(struct txn *txn, uint32_t region, int32_t day);

#endif
