/* service_days.h: days and pieces that were claimed for persons by themselves, not as nights of a stay: care at home, meals, visits; and those of
 * programmes that count a person's year. Kept at the payer by person, need, month and institution, so that a month or a year of a person is
 * found in one place whoever has served. One sheet's institution and month are changed at a time, in memory, and written back when
 * its entry is applied. Not thread-safe: belongs to the transaction. Rows: docs/format.md, "Claims". */
#ifndef SUIREN_SERVICE_DAYS_H
#define SUIREN_SERVICE_DAYS_H

#include "accounts.h"
#include "policy.h"
#include "store.h"

/* Bit d - 1 for each day d of from..until, days of the month. */
static inline uint32_t night_bits(unsigned from, unsigned until)
{
	return (uint32_t)(((UINT64_C(1) << until) - 1) & ~((UINT64_C(1) << (from - 1)) - 1));
}

/* Of one person, need, month and institution. */
struct service_row {
	uint32_t claimed;   /* bit d - 1: day d of the month is claimed */
	uint32_t freed;     /* ... was claimed, and taken back */
	uint16_t units[32]; /* what was granted of day d, at d - 1: pieces, or 1; the last is 0 */
};

struct service_days;

MUST_CHECK enum error service_days_create(struct service_days **days);
void service_days_free(struct service_days *days); /* NULL is accepted */
/* Begin a sheet: nothing is remembered of the one before. */
void service_days_begin(
    struct service_days *days, struct txn *txn, const char *uscc, uint32_t month);
/* The first failure of any call below. */
MUST_CHECK enum error service_days_failed(const struct service_days *days);

/* Days of the month that are claimed of this institution, or of any; and those that were freed of any. */
uint32_t service_days_here(struct service_days *days, uint64_t person, enum need need);
uint32_t service_days_anywhere(struct service_days *days, uint64_t person, enum need need);
uint32_t service_days_freed(struct service_days *days, uint64_t person, enum need need);

/* What was granted the person for the need, of all institutions: on a day of the month, in the month, in the month's year. */
struct service_units {
	int64_t day, month, year;
};
struct service_units service_days_units(
    struct service_days *days, uint64_t person, enum need need, unsigned day);

/* Claim the days first..last: pieces are all of the first day; else the first `units` of the days are granted one each. */
void service_days_take(struct service_days *days, uint64_t person, enum need need, unsigned first,
    unsigned last, int64_t units, bool pieces);
/* The reverse of the same call; the days are free again. */
void service_days_give_back(struct service_days *days, uint64_t person, enum need need,
    unsigned first, unsigned last, int64_t units, bool pieces);
/* On days that stay claimed, `has` is granted where `had` was. */
void service_days_change(struct service_days *days, uint64_t person, enum need need, unsigned first,
    unsigned last, int64_t had, int64_t has, bool pieces);

/* Write back what was changed. */
MUST_CHECK enum error service_days_store(struct service_days *days, struct txn *txn);

#endif
