/* person_code.c: person codes (ISO 7064 MOD 11,10) and citizens' ID numbers (GB 11643, ISO 7064 MOD 11,2). */
#include "person.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define CODE_DIGITS 16
#define CODE_MAX UINT64_C(9999999999999999)
#define REGION_FIRST 110000u
#define REGION_LAST 829999u
#define SERIAL_LAST 999999999u

/* ISO 7064 MOD 11,10 over the 15 digits of `body`: the check digit that makes the whole congruent to 1. */
static unsigned code_check_digit(uint64_t body)
{
	uint64_t divisor = UINT64_C(100000000000000); /* 10^14: the first of 15 digits */
	unsigned product = 10;
	for (int i = 0; i < CODE_DIGITS - 1; i++, divisor /= 10) {
		unsigned sum = (product + (unsigned)(body / divisor % 10)) % 10;
		product = (sum == 0 ? 10 : sum) * 2 % 11;
	}
	return (11 - product) % 10;
}

uint64_t person_code_make(uint32_t region, uint32_t serial)
{
	assert(region >= REGION_FIRST && region <= REGION_LAST && serial <= SERIAL_LAST);
	uint64_t body = (uint64_t)region * (SERIAL_LAST + UINT64_C(1)) + serial;
	return body * 10 + code_check_digit(body);
}

uint32_t person_code_region(uint64_t code)
{
	return (uint32_t)(code / 10 / (SERIAL_LAST + UINT64_C(1)));
}

bool person_code_valid(uint64_t code)
{
	if (code > CODE_MAX)
		return false;
	uint32_t region = person_code_region(code);
	return region >= REGION_FIRST && region <= REGION_LAST &&
	       code_check_digit(code / 10) == code % 10;
}

enum error person_code_read(struct span text, uint64_t *code)
{
	uint64_t value = 0;
	if (text.size != CODE_DIGITS)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return ERROR_MALFORMED;
		value = value * 10 + (uint64_t)(text.data[i] - '0');
	}
	uint32_t region = person_code_region(value);
	if (region < REGION_FIRST || region > REGION_LAST)
		return ERROR_MALFORMED;
	if (!person_code_valid(value))
		return ERROR_CHECK_DIGIT;
	*code = value;
	return ERROR_NONE;
}

/* GB/T 2260: the first two digits of every region that has given out ID numbers. */
static bool province_exists(unsigned province)
{
	static const uint8_t provinces[] = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36,
	    37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83};
	return memchr(provinces, (int)province, sizeof(provinces)) != NULL;
}

/* The day number of a day from 1800 on: calendar.h starts at 1900, ID numbers of the dead do not. Fails with: ERROR_MALFORMED
 * (no such day). */
static enum error birth_day_read(unsigned year, unsigned month, unsigned day, int32_t *day_number)
{
	static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (year < 1800 || year > 2199 || month < 1 || month > 12 || day < 1 ||
	    day > lengths[month - 1] + (month == 2 && leap ? 1u : 0u))
		return ERROR_MALFORMED;
	/* Days before the month in a year that starts in March, and whole years before it. */
	unsigned shifted = (month + 9) % 12;
	unsigned march_year = month > 2 ? year : year - 1;
	int32_t days = (int32_t)(march_year * 365 + march_year / 4 - march_year / 100 +
				 march_year / 400 + (shifted * 153 + 2) / 5 + day - 1);
	*day_number = days - 719468; /* 0000-03-01 to 1970-01-01 */
	return ERROR_NONE;
}

static unsigned decimal_of(const uint8_t *digits, size_t count)
{
	unsigned value = 0;
	for (size_t i = 0; i < count; i++)
		value = value * 10 + (unsigned)(digits[i] - '0');
	return value;
}

enum error id_number_check(struct span text, int32_t *birth_day)
{
	static const uint8_t weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	static const char check_characters[] = "10X98765432";
	const uint8_t *id = text.data;
	unsigned sum = 0;
	int32_t day = 0;
	if (text.size != 18)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < sizeof(weights); i++) {
		if (id[i] < '0' || id[i] > '9')
			return ERROR_MALFORMED;
		sum += (unsigned)(id[i] - '0') * weights[i];
	}
	if (id[17] != 'X' && (id[17] < '0' || id[17] > '9'))
		return ERROR_MALFORMED;
	if (id[17] != (uint8_t)check_characters[sum % 11])
		return ERROR_CHECK_DIGIT;
	if (!province_exists(decimal_of(id, 2)) ||
	    birth_day_read(decimal_of(id + 6, 4), decimal_of(id + 10, 2), decimal_of(id + 12, 2),
		&day) != ERROR_NONE)
		return ERROR_MALFORMED;
	if (birth_day)
		*birth_day = day;
	return ERROR_NONE;
}
