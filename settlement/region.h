/* region.h: administrative regions (GB/T 2260) that the program knows: which city a district belongs to on which day, and
 * what they are called. "Same city" is looked up here, never guessed from digits: 500000 is a city with districts 5001xx and
 * counties 5002xx, while 510000 is a province. Pure and thread-safe. */
#ifndef SUIREN_REGION_H
#define SUIREN_REGION_H

#include "calendar.h"

enum region_level { REGION_PROVINCE = 1, REGION_CITY = 2, REGION_DISTRICT = 3 };

/* One region under one parent for a span of days. A region that changed its parent has several. */
struct region {
	uint32_t code;
	uint32_t parent; /* 0: none */
	enum region_level level;
	int32_t from_day, until_day; /* inclusive; the limits below where nothing changed */
	const char *name_zh, *name_en;
};
#define REGION_DAY_FIRST INT32_MIN
#define REGION_DAY_LAST INT32_MAX

/* NULL for a region that is not known on that day. */
const struct region *region_find(uint32_t code, int32_t day);
/* The city that a region is, or lies in, on a day; 0 for a province above cities and for unknown regions. */
uint32_t region_city(uint32_t code, int32_t day);
bool region_same_city(uint32_t a, uint32_t b, int32_t day);
/* All rows, in order of code; for tests and listings. */
const struct region *region_table(size_t *count);

#endif
