#include "service_days.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "settlement_limits.h"
#include "tables.h"

#define BUCKETS 16384u

/* Key: person BE64 || need || month BE32 || uscc. */
#define PERSON_NEED_SIZE 9
#define MONTH_AT PERSON_NEED_SIZE
#define USCC_AT (MONTH_AT + 4)
#define KEY_SIZE (USCC_AT + USCC_SIZE)

_Static_assert(sizeof(struct service_row) == 72, "no padding");

/* One row of the sheet's institution and month. */
struct service_use {
	uint64_t person;
	enum need need;
	uint32_t bucket;
	bool changed;
	struct service_row row;
};

struct service_days {
	struct txn *txn;
	char uscc[USCC_SIZE];
	uint32_t month;
	enum error failed;
	/* Open hashing; what is looked up is remembered. */
	struct service_use *uses;
	uint32_t *slots;
	size_t count, capacity;
};

enum error service_days_create(struct service_days **days)
{
	*days = calloc(1, sizeof **days);
	return *days ? ERROR_NONE : ERROR_MEMORY;
}

void service_days_free(struct service_days *days)
{
	if (!days)
		return;
	free(days->uses);
	free(days->slots);
	free(days);
}

void service_days_begin(
    struct service_days *days, struct txn *txn, const char *uscc, uint32_t month)
{
	days->txn = txn;
	memcpy(days->uscc, uscc, USCC_SIZE);
	days->month = month;
	days->failed = ERROR_NONE;
	for (size_t i = 0; i < days->count; i++)
		days->slots[days->uses[i].bucket] = 0;
	days->count = 0;
}

enum error service_days_failed(const struct service_days *days)
{
	return days->failed;
}

static void fail(struct service_days *days, enum error error)
{
	if (!days->failed)
		days->failed = error;
}

static void row_key(const struct service_days *days, uint64_t person, enum need need,
    uint32_t month, uint8_t key[KEY_SIZE])
{
	be64_write(key, person);
	key[8] = (uint8_t)need;
	be32_write(key + MONTH_AT, month);
	memcpy(key + USCC_AT, days->uscc, USCC_SIZE);
}

static void read_row(struct service_days *days, struct span value, struct service_row *row)
{
	if (value.size != sizeof *row)
		fail(days, ERROR_CORRUPT);
	else
		memcpy(row, value.data, sizeof *row);
}

/* --- the sheet's own rows ----------------------------------------------------------------------------------- */

static bool grow(struct service_days *days)
{
	size_t capacity = days->capacity ? 2 * days->capacity : 64;
	struct service_use *grown;

	if (!days->slots)
		days->slots = calloc(BUCKETS, sizeof *days->slots);
	grown = days->slots ? realloc(days->uses, capacity * sizeof *grown) : NULL;
	if (!grown) {
		fail(days, ERROR_MEMORY);
		return false;
	}
	days->uses = grown;
	days->capacity = capacity;
	return true;
}

/* The row of the sheet's institution and month; NULL after a failure. Valid until the next call. */
static struct service_use *use_of(struct service_days *days, uint64_t person, enum need need)
{
	uint64_t mixed = (person ^ (uint64_t)need << 60) * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t at = (uint32_t)(mixed >> 50) % BUCKETS;
	struct service_use *use;
	uint8_t key[KEY_SIZE];
	struct span value;
	enum error error;

	/* A line asks for one row: there is always a free bucket. */
	_Static_assert(BUCKETS > SHEET_LINES_MAX, "the table never fills");
	if (days->failed || (days->count == days->capacity && !grow(days)))
		return NULL;
	for (; days->slots[at]; at = (at + 1) % BUCKETS) {
		use = &days->uses[days->slots[at] - 1];
		if (use->person == person && use->need == need)
			return use;
	}
	use = &days->uses[days->count];
	*use = (struct service_use){.person = person, .need = need, .bucket = at};
	days->slots[at] = (uint32_t)++days->count;
	row_key(days, person, need, days->month, key);
	error = store_get(days->txn, TABLE_SERVICE, span_of(key, sizeof key), &value);
	if (!error)
		read_row(days, value, &use->row);
	else if (error != ERROR_NOT_FOUND)
		fail(days, error);
	return days->failed ? NULL : use;
}

uint32_t service_days_here(struct service_days *days, uint64_t person, enum need need)
{
	const struct service_use *use = use_of(days, person, need);

	return use ? use->row.claimed : 0;
}

/* --- all institutions --------------------------------------------------------------------------------------- */

typedef void row_visit(void *context, uint32_t month, const struct service_row *row);

/* Rows of the person and need from month to month, of all institutions; those of the sheet as they are now. */
static void each_row(struct service_days *days, uint64_t person, enum need need, uint32_t from,
    uint32_t until, row_visit *visit, void *context)
{
	const struct service_use *own = use_of(days, person, need);
	uint8_t first[KEY_SIZE] = {0};
	struct span key, value;
	struct cursor *cursor;
	enum error error;

	if (!own)
		return;
	visit(context, days->month, &own->row);
	error = cursor_open(days->txn, TABLE_SERVICE, &cursor);
	if (error) {
		fail(days, error);
		return;
	}
	row_key(days, person, need, from, first);
	memset(first + USCC_AT, 0, USCC_SIZE);
	error = cursor_seek(cursor, span_of(first, sizeof first), &key, &value);
	/* A person's year has a row for each month and institution: there are not many. */
	while (!error && key.size == KEY_SIZE && memcmp(key.data, first, PERSON_NEED_SIZE) == 0 &&
	       be32_read(key.data + MONTH_AT) <= until) {
		uint32_t month = be32_read(key.data + MONTH_AT);
		struct service_row row = {0};

		if (month != days->month ||
		    memcmp(key.data + USCC_AT, days->uscc, USCC_SIZE) != 0) {
			read_row(days, value, &row);
			visit(context, month, &row);
		}
		error = cursor_next(cursor, &key, &value);
	}
	cursor_close(cursor);
	if (error && error != ERROR_NOT_FOUND)
		fail(days, error);
}

struct day_sets {
	uint32_t claimed, freed;
};

static void add_sets(void *context, uint32_t month, const struct service_row *row)
{
	struct day_sets *sets = context;

	(void)month;
	sets->claimed |= row->claimed;
	sets->freed |= row->freed;
}

uint32_t service_days_anywhere(struct service_days *days, uint64_t person, enum need need)
{
	struct day_sets sets = {0, 0};

	each_row(days, person, need, days->month, days->month, add_sets, &sets);
	return sets.claimed;
}

uint32_t service_days_freed(struct service_days *days, uint64_t person, enum need need)
{
	struct day_sets sets = {0, 0};

	each_row(days, person, need, days->month, days->month, add_sets, &sets);
	return sets.freed;
}

struct units_sum {
	uint32_t month;
	unsigned day;
	struct service_units units;
};

static void add_units(void *context, uint32_t month, const struct service_row *row)
{
	struct units_sum *sum = context;

	for (unsigned d = 1; d <= 31; d++) {
		int64_t units = row->units[d - 1];

		sum->units.year += units;
		if (month == sum->month)
			sum->units.month += units;
		if (month == sum->month && d == sum->day)
			sum->units.day += units;
	}
}

struct service_units service_days_units(
    struct service_days *days, uint64_t person, enum need need, unsigned day)
{
	struct units_sum sum = {.month = days->month, .day = day};
	uint32_t year = days->month / 100;

	each_row(days, person, need, year * 100 + 1, year * 100 + 12, add_units, &sum);
	return sum.units;
}

/* --- changes ------------------------------------------------------------------------------------------------ */

/* What is granted of the days first..last: `units` in all, of the first day if they are pieces, else one a day from the first on. */
static void set_units(struct service_days *days, struct service_row *row, unsigned first,
    unsigned last, int64_t units, bool pieces, int sign)
{
	for (unsigned d = first; units > 0 && d <= last; d++) {
		int64_t of_day = pieces ? units : 1, now = row->units[d - 1] + sign * of_day;

		if (now < 0 || now > UINT16_MAX) {
			fail(days, ERROR_CORRUPT);
			return;
		}
		row->units[d - 1] = (uint16_t)now;
		units -= of_day;
	}
}

static uint32_t mask(unsigned first, unsigned last)
{
	assert(1 <= first && first <= last && last <= 31);
	return night_bits(first, last);
}

void service_days_take(struct service_days *days, uint64_t person, enum need need, unsigned first,
    unsigned last, int64_t units, bool pieces)
{
	struct service_use *use = use_of(days, person, need);

	if (!use)
		return;
	use->row.claimed |= mask(first, last);
	set_units(days, &use->row, first, last, units, pieces, 1);
	use->changed = true;
}

void service_days_give_back(struct service_days *days, uint64_t person, enum need need,
    unsigned first, unsigned last, int64_t units, bool pieces)
{
	struct service_use *use = use_of(days, person, need);

	if (!use)
		return;
	use->row.freed |= use->row.claimed & mask(first, last);
	use->row.claimed &= ~mask(first, last);
	set_units(days, &use->row, first, last, units, pieces, -1);
	use->changed = true;
}

void service_days_change(struct service_days *days, uint64_t person, enum need need, unsigned first,
    unsigned last, int64_t had, int64_t has, bool pieces)
{
	struct service_use *use = use_of(days, person, need);

	if (!use)
		return;
	set_units(days, &use->row, first, last, had, pieces, -1);
	set_units(days, &use->row, first, last, has, pieces, 1);
	use->changed = true;
}

enum error service_days_store(struct service_days *days, struct txn *txn)
{
	enum error error = days->failed;

	for (size_t i = 0; !error && i < days->count; i++) {
		const struct service_use *use = &days->uses[i];
		uint8_t key[KEY_SIZE];

		if (!use->changed)
			continue;
		row_key(days, use->person, use->need, days->month, key);
		error = store_put(txn, TABLE_SERVICE, span_of(key, sizeof key),
		    span_of(&use->row, sizeof use->row));
	}
	return error;
}
