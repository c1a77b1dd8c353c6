#include "stated_day.h"

#include "calendar.h"
#include "settlement_internal.h"

#define KEY_SIZE 5
#define DAY_ROW 'd'
#define DAY_ROW_SIZE 4

static struct span row_key(uint8_t key[KEY_SIZE], uint32_t region)
{
	be32_write(key, region);
	key[4] = DAY_ROW;
	return span_of(key, KEY_SIZE);
}

enum error stated_day_check_future(const struct settlement *settlement, int32_t day, int64_t now_ms,
    const char *what, struct error_detail *detail)
{
	/* The clocks of demo nodes are moved by commands, one after the other. */
	int32_t ahead = settlement_demo(settlement) ? STATED_DEMO_DAYS_MAX : STATED_DAYS_MAX;
	char stated[DAY_TEXT_SIZE], today[DAY_TEXT_SIZE];

	if (day <= day_of_time(now_ms) + ahead)
		return ERROR_NONE;
	day_write(day, stated);
	day_write(day_of_time(now_ms), today);
	return error_set(
	    detail, ERROR_RANGE, "%s: %s is a day to come; today is %s", what, stated, today);
}

enum error stated_day_check(struct settlement *settlement, struct txn *txn, uint32_t region,
    int32_t day, int64_t now_ms, const char *what, struct error_detail *detail)
{
	char stated[DAY_TEXT_SIZE], last[DAY_TEXT_SIZE];
	uint8_t key[KEY_SIZE];
	struct span row;
	enum error error = stated_day_check_future(settlement, day, now_ms, what, detail);

	if (!error)
		error = store_get(txn, TABLE_TRUST, row_key(key, region), &row);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	if (row.size != DAY_ROW_SIZE)
		return ERROR_CORRUPT;
	if (day >= (int32_t)be32_read(row.data))
		return ERROR_NONE;
	day_write(day, stated);
	day_write((int32_t)be32_read(row.data), last);
	return error_set(detail, ERROR_RANGE,
	    "%s: %06u states %s, and has stated %s in a document before", what, (unsigned)region,
	    stated, last);
}

enum error stated_day_put(struct txn *txn, uint32_t region, int32_t day)
{
	uint8_t key[KEY_SIZE], row[DAY_ROW_SIZE];

	be32_write(row, (uint32_t)day);
	return store_put(txn, TABLE_TRUST, row_key(key, region), span_of(row, sizeof row));
}
