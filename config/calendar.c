#include "calendar.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define YEAR_FIRST 1900
#define YEAR_LAST 2199
#define BEIJING_MS (INT64_C(8) * 3600 * 1000)
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
	static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool day_is_real(int year, int month, int day)
{
	return year >= YEAR_FIRST && year <= YEAR_LAST && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days_in(year, month);
}

/* Days since 1970-01-01, counting years from March so that the leap day comes last. */
int32_t day_of(int year, int month, int day)
{
	int shifted, era, year_of_era, day_of_year;

	assert(day_is_real(year, month, day));
	shifted = month <= 2 ? year - 1 : year;
	era = shifted / 400;
	year_of_era = shifted - era * 400;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

void day_split(int32_t day, int *year, int *month, int *day_of_month)
{
	int32_t z = day + 719468, era, day_of_era, year_of_era, day_of_year, shifted_month;

	assert(z >= 0);
	era = z / 146097;
	day_of_era = z - era * 146097;
	year_of_era =
	    (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	shifted_month = (5 * day_of_year + 2) / 153;
	*day_of_month = day_of_year - (153 * shifted_month + 2) / 5 + 1;
	*month = shifted_month + (shifted_month < 10 ? 3 : -9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

int32_t day_of_time(int64_t time_ms)
{
	int64_t beijing = time_ms + BEIJING_MS;

	return (int32_t)(beijing >= 0 ? beijing / DAY_MS : -((-beijing + DAY_MS - 1) / DAY_MS));
}

int64_t day_start_ms(int32_t day)
{
	return day * DAY_MS - BEIJING_MS;
}

/* `count` digits at `at` as a number, or -1. */
static int digits(const uint8_t *at, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		value = value * 10 + at[i] - '0';
	}
	return value;
}

enum error day_read(struct span text, int32_t *day)
{
	int year, month, day_of_month;

	if (text.size != 10 || text.data[4] != '-' || text.data[7] != '-')
		return ERROR_MALFORMED;
	year = digits(text.data, 4);
	month = digits(text.data + 5, 2);
	day_of_month = digits(text.data + 8, 2);
	if (!day_is_real(year, month, day_of_month))
		return ERROR_MALFORMED;
	*day = day_of(year, month, day_of_month);
	return ERROR_NONE;
}

void day_write(int32_t day, char text[DAY_TEXT_SIZE])
{
	int year, month, day_of_month;

	day_split(day, &year, &month, &day_of_month);
	snprintf(text, DAY_TEXT_SIZE, "%04u-%02u-%02u", (unsigned)year % 10000,
	    (unsigned)month % 100, (unsigned)day_of_month % 100);
}

bool month_is_real(uint32_t month)
{
	return month / 100 >= YEAR_FIRST && month / 100 <= YEAR_LAST && month % 100 >= 1 &&
	       month % 100 <= 12;
}

enum error month_read(struct span text, uint32_t *month)
{
	int year, month_of_year;

	if (text.size != 7 || text.data[4] != '-')
		return ERROR_MALFORMED;
	year = digits(text.data, 4);
	month_of_year = digits(text.data + 5, 2);
	if (year < YEAR_FIRST || year > YEAR_LAST || month_of_year < 1 || month_of_year > 12)
		return ERROR_MALFORMED;
	*month = (uint32_t)(year * 100 + month_of_year);
	return ERROR_NONE;
}

void month_write(uint32_t month, char text[8])
{
	assert(month_is_real(month));
	snprintf(text, 8, "%04u-%02u", (unsigned)(month / 100) % 10000, (unsigned)(month % 100));
}

uint32_t month_of_day(int32_t day)
{
	int year, month, day_of_month;

	day_split(day, &year, &month, &day_of_month);
	return (uint32_t)(year * 100 + month);
}

int32_t month_first_day(uint32_t month)
{
	return day_of((int)(month / 100), (int)(month % 100), 1);
}

int32_t month_last_day(uint32_t month)
{
	return month_first_day(month) + month_days(month) - 1;
}

int month_days(uint32_t month)
{
	assert(month_is_real(month));
	return days_in((int)(month / 100), (int)(month % 100));
}

uint32_t month_next(uint32_t month)
{
	return month % 100 == 12 ? month + 89 : month + 1;
}

void time_write(int64_t time_ms, char text[32])
{
	int32_t day = day_of_time(time_ms);
	int64_t ms = time_ms - day_start_ms(day);
	char date[DAY_TEXT_SIZE];

	day_write(day, date);
	snprintf(text, 32, "%sT%02u:%02u:%02u.%03u+08:00", date, (unsigned)(ms / 3600000),
	    (unsigned)(ms / 60000 % 60), (unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
}

enum error time_read(const char *text, int64_t *time_ms)
{
	unsigned hour = 0, minute = 0, second = 0, milli = 0;
	size_t length = strlen(text);
	const char *rest;
	int32_t day = 0;
	int used = 0;

	if (length < 10 || day_read(span_of(text, 10), &day))
		return ERROR_MALFORMED;
	*time_ms = day_start_ms(day);
	if (length == 10)
		return ERROR_NONE;
	if (sscanf(text + 10, "T%2u:%2u:%2u%n", &hour, &minute, &second, &used) != 3 || used != 9 ||
	    hour > 23 || minute > 59 || second > 59)
		return ERROR_MALFORMED;
	rest = text + 10 + used;
	if (rest[0] == '.') {
		if (sscanf(rest, ".%3u%n", &milli, &used) != 1 || used != 4)
			return ERROR_MALFORMED;
		rest += used;
	}
	*time_ms += ((int64_t)hour * 60 + minute) * 60000 + (int64_t)second * 1000 + milli;
	if (strcmp(rest, "Z") == 0)
		*time_ms += INT64_C(8) * 3600 * 1000; /* the text's day began in Greenwich */
	else if (strcmp(rest, "+08:00") != 0)
		return ERROR_MALFORMED;
	return ERROR_NONE;
}

int age_on(int32_t birth_day, int32_t day)
{
	int birth_year, birth_month, birth, year, month, day_of_month;

	day_split(birth_day, &birth_year, &birth_month, &birth);
	day_split(day, &year, &month, &day_of_month);
	if (birth_month == 2 && birth == 29 && !is_leap(year))
		birth = 28;
	if (month > birth_month || (month == birth_month && day_of_month >= birth))
		return year - birth_year;
	return year - birth_year - 1;
}
