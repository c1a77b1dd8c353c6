#include "money.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static enum error in_range(int64_t value, struct amount *out)
{
	if (value > AMOUNT_MAX || value < -AMOUNT_MAX)
		return ERROR_OVERFLOW;
	out->value = value;
	return ERROR_NONE;
}

enum error amount_add(struct amount a, struct amount b, struct amount *sum)
{
	int64_t value;

	if (__builtin_add_overflow(a.value, b.value, &value))
		return ERROR_OVERFLOW;
	return in_range(value, sum);
}

enum error amount_subtract(struct amount a, struct amount b, struct amount *difference)
{
	int64_t value;

	if (__builtin_sub_overflow(a.value, b.value, &value))
		return ERROR_OVERFLOW;
	return in_range(value, difference);
}

enum error amount_multiply(struct amount a, int64_t factor, struct amount *product)
{
	int64_t value;

	if (__builtin_mul_overflow(a.value, factor, &value))
		return ERROR_OVERFLOW;
	return in_range(value, product);
}

const char *unit_name(enum unit unit)
{
	return unit == UNIT_CNY ? "CNY" : unit == UNIT_MIN ? "MIN" : NULL;
}

enum error unit_read(struct span text, enum unit *unit)
{
	if (span_equal(text, span_text("CNY")))
		*unit = UNIT_CNY;
	else if (span_equal(text, span_text("MIN")))
		*unit = UNIT_MIN;
	else
		return ERROR_MALFORMED;
	return ERROR_NONE;
}

void yuan_write(struct amount fen, char text[AMOUNT_TEXT_SIZE])
{
	uint64_t size = fen.value < 0 ? -(uint64_t)fen.value : (uint64_t)fen.value;

	snprintf(text, AMOUNT_TEXT_SIZE, "%s%llu.%02u", fen.value < 0 ? "-" : "",
	    (unsigned long long)(size / 100), (unsigned)(size % 100));
}

void yuan_write_grouped(struct amount fen, char text[AMOUNT_TEXT_SIZE])
{
	char plain[AMOUNT_TEXT_SIZE];
	size_t size, whole, at = 0;

	yuan_write(fen, plain);
	size = strlen(plain);
	whole = size - 3;
	for (size_t i = 0; i < size; i++) {
		size_t digits_left = whole - i;
		if (i < whole && i > 0 && digits_left % 3 == 0 && plain[i - 1] != '-')
			text[at++] = ',';
		text[at++] = plain[i];
	}
	assert(at < AMOUNT_TEXT_SIZE);
	text[at] = '\0';
}

enum error yuan_read(struct span text, struct amount *fen)
{
	bool negative = text.size > 0 && text.data[0] == '-';
	size_t at = negative, decimals = 0;
	int64_t whole, value;
	const uint8_t *point;
	struct span digits;
	enum error error;

	if (text.size == at)
		return ERROR_MALFORMED;
	point = memchr(text.data + at, '.', text.size - at);
	digits = span_of(text.data + at, point ? (size_t)(point - text.data) - at : text.size - at);
	error = decimal_read(digits, &whole);
	if (error)
		return error;
	if (__builtin_mul_overflow(whole, (int64_t)100, &value))
		return ERROR_OVERFLOW;
	if (point) {
		decimals = text.size - (size_t)(point - text.data) - 1;
		if (decimals < 1 || decimals > 2)
			return ERROR_MALFORMED;
		for (size_t i = 1; i <= decimals; i++) {
			if (point[i] < '0' || point[i] > '9')
				return ERROR_MALFORMED;
			if (__builtin_add_overflow(
				value, (point[i] - '0') * (i == 1 ? 10 : 1), &value))
				return ERROR_OVERFLOW;
		}
	}
	return in_range(negative ? -value : value, fen);
}
