/* calendar.h: days and months of the Gregorian calendar in Beijing time (UTC+8, no daylight saving). Days are day numbers since
 * 1970-01-01, months are yyyymm. Pure and thread-safe. Years 1900..2199. */
#ifndef SUIREN_CALENDAR_H
#define SUIREN_CALENDAR_H

#include "bytes.h"

#define DAY_TEXT_SIZE 11

int32_t day_of(int year, int month, int day); /* asserts a real date */
void day_split(int32_t day, int *year, int *month, int *day_of_month);
bool day_is_real(int year, int month, int day);
/* The Beijing day on which an instant falls. */
int32_t day_of_time(int64_t time_ms);
/* Start of a Beijing day. */
int64_t day_start_ms(int32_t day);
/* "2026-10-31". Fails with: ERROR_MALFORMED (form, or no such day). */
MUST_CHECK enum error day_read(struct span text, int32_t *day);
void day_write(int32_t day, char text[DAY_TEXT_SIZE]);
/* "2026-10" <-> 202610. */
MUST_CHECK enum error month_read(struct span text, uint32_t *month);
void month_write(uint32_t month, char text[8]);
uint32_t month_of_day(int32_t day);
int32_t month_first_day(uint32_t month);
int32_t month_last_day(uint32_t month);
int month_days(uint32_t month);
uint32_t month_next(uint32_t month);
bool month_is_real(uint32_t month);
/* RFC 3339 with +08:00 and milliseconds. */
void time_write(int64_t time_ms, char text[32]);
/* RFC 3339 with +08:00 or Z, to the second or millisecond, or a day: its beginning in Beijing. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error time_read(const char *text, int64_t *time_ms);
/* Completed years on a day; who is born on 29 February completes a year on 28 February in common years. */
int age_on(int32_t birth_day, int32_t day);

#endif
