#include "bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	memset(buffer, 0, sizeof *buffer);
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->failed = ERROR_NONE;
}

static bool buffer_grow(struct buffer *buffer, size_t size)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 256;
	uint8_t *grown;

	if (size > SIZE_MAX / 2 - buffer->size) {
		buffer->failed = ERROR_TOO_LARGE;
		return false;
	}
	while (capacity < buffer->size + size)
		capacity *= 2;
	grown = realloc(buffer->data, capacity);
	if (!grown) {
		buffer->failed = ERROR_MEMORY;
		return false;
	}
	buffer->data = grown;
	buffer->capacity = capacity;
	return true;
}

uint8_t *buffer_extend_slow(struct buffer *buffer, size_t size)
{
	if (buffer->failed || !buffer_grow(buffer, size))
		return NULL;
	buffer->size += size;
	return buffer->data + buffer->size - size;
}

void buffer_append(struct buffer *buffer, struct span bytes)
{
	uint8_t *at = buffer_extend(buffer, bytes.size);

	if (at && bytes.size)
		memcpy(at, bytes.data, bytes.size);
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, span_text(text));
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
	char small[512];
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(small, sizeof small, format, arguments);
	va_end(arguments);
	assert(size >= 0);
	if ((size_t)size < sizeof small) {
		buffer_append(buffer, span_of(small, (size_t)size));
		return;
	}
	/* vsnprintf wants room for its NUL, which is then given back. */
	char *at = (char *)buffer_extend(buffer, (size_t)size + 1);
	if (!at)
		return;
	va_start(arguments, format);
	vsnprintf(at, (size_t)size + 1, format, arguments);
	va_end(arguments);
	buffer->size--;
}

struct span buffer_span(const struct buffer *buffer)
{
	return (struct span){buffer->data, buffer->size};
}

struct span span_text(const char *text)
{
	return (struct span){(const uint8_t *)text, strlen(text)};
}

bool span_equal(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int span_compare(struct span a, struct span b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common ? memcmp(a.data, b.data, common) : 0;

	if (order)
		return order;
	return a.size < b.size ? -1 : a.size > b.size;
}

bool span_starts_with(struct span bytes, struct span prefix)
{
	return bytes.size >= prefix.size &&
	       (prefix.size == 0 || memcmp(bytes.data, prefix.data, prefix.size) == 0);
}

void hex_write(struct span bytes, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.size; i++) {
		*text++ = digits[bytes.data[i] >> 4];
		*text++ = digits[bytes.data[i] & 15];
	}
	*text = '\0';
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

enum error hex_read(struct span text, uint8_t *bytes, size_t size)
{
	if (text.size != 2 * size)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < text.size; i++) {
		if (hex_digit(text.data[i]) < 0)
			return ERROR_MALFORMED;
	}
	for (size_t i = 0; i < size; i++)
		bytes[i] =
		    (uint8_t)(hex_digit(text.data[2 * i]) << 4 | hex_digit(text.data[2 * i + 1]));
	return ERROR_NONE;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct buffer *out, struct span bytes)
{
	for (size_t i = 0; i < bytes.size; i += 3) {
		size_t left = bytes.size - i;
		uint32_t group = (uint32_t)bytes.data[i] << 16;
		uint8_t *at = buffer_extend(out, 4);

		if (!at)
			return;
		if (left > 1)
			group |= (uint32_t)bytes.data[i + 1] << 8;
		if (left > 2)
			group |= bytes.data[i + 2];
		at[0] = (uint8_t)base64_digits[group >> 18];
		at[1] = (uint8_t)base64_digits[group >> 12 & 63];
		at[2] = left > 1 ? (uint8_t)base64_digits[group >> 6 & 63] : '=';
		at[3] = left > 2 ? (uint8_t)base64_digits[group & 63] : '=';
	}
}

static int base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static enum error base64_append(struct span text, struct buffer *out)
{
	if (text.size % 4)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < text.size; i += 4) {
		const uint8_t *in = text.data + i;
		bool last = i + 4 == text.size;
		size_t bytes = last && in[3] == '=' ? (in[2] == '=' ? 1 : 2) : 3;
		uint32_t group = 0;
		uint8_t *at;

		for (size_t k = 0; k < 4; k++) {
			int value = k <= bytes ? base64_value(in[k]) : 0;
			if (value < 0)
				return ERROR_MALFORMED;
			group = group << 6 | (uint32_t)value;
		}
		/* The bits that stand for no byte must be zero: one text for each content. */
		if (bytes < 3 && group & ((UINT32_C(1) << (24 - 8 * bytes)) - 1))
			return ERROR_MALFORMED;
		at = buffer_extend(out, bytes);
		if (!at)
			return out->failed;
		for (size_t k = 0; k < bytes; k++)
			at[k] = (uint8_t)(group >> (16 - 8 * k));
	}
	return out->failed;
}

enum error base64_read(struct span text, struct buffer *out)
{
	const size_t before = out->size;
	enum error error = base64_append(text, out);

	if (error == ERROR_MALFORMED)
		out->size = before;
	return error;
}

void base32_write(struct span bytes, char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	unsigned held = 0;

	for (size_t i = 0; i < bytes.size; i++) {
		bits = bits << 8 | bytes.data[i];
		for (held += 8; held >= 5; held -= 5)
			*text++ = digits[bits >> (held - 5) & 31];
	}
	if (held)
		*text++ = digits[bits << (5 - held) & 31];
	*text = '\0';
}

/* Length of the well-formed UTF-8 sequence at `at`, or 0. */
static size_t utf8_sequence(const uint8_t *at, size_t left)
{
	uint32_t point;
	size_t size;

	if (at[0] < 0x80)
		return 1;
	if (at[0] >= 0xc2 && at[0] < 0xe0) {
		size = 2;
		point = at[0] & 0x1f;
	} else if (at[0] >= 0xe0 && at[0] < 0xf0) {
		size = 3;
		point = at[0] & 0x0f;
	} else if (at[0] >= 0xf0 && at[0] < 0xf5) {
		size = 4;
		point = at[0] & 0x07;
	} else {
		return 0;
	}
	if (left < size)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (at[i] & 0x3f);
	}
	if ((size == 3 && point < 0x800) || (size == 4 && point < 0x10000) || point > 0x10ffff ||
	    (point >= 0xd800 && point < 0xe000))
		return 0;
	return size;
}

bool utf8_valid(struct span text)
{
	for (size_t i = 0; i < text.size;) {
		size_t size = utf8_sequence(text.data + i, text.size - i);

		if (!size)
			return false;
		i += size;
	}
	return true;
}

enum error decimal_read(struct span text, int64_t *value)
{
	int64_t result = 0;

	if (text.size == 0 || (text.size > 1 && text.data[0] == '0'))
		return ERROR_MALFORMED;
	for (size_t i = 0; i < text.size; i++) {
		int digit = text.data[i] - '0';

		if (digit < 0 || digit > 9)
			return ERROR_MALFORMED;
		if (result > (INT64_MAX - digit) / 10)
			return ERROR_OVERFLOW;
		result = result * 10 + digit;
	}
	*value = result;
	return ERROR_NONE;
}
