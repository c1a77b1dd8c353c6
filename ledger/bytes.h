/* bytes.h: borrowed byte ranges (span), growing byte buffers, and their text forms: hex, base64, base32, UTF-8.
 * A buffer's failure is sticky: appending after a failure does nothing, and the one check stands at the end. */
#ifndef SUIREN_BYTES_H
#define SUIREN_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "error.h"

/* A borrowed range of bytes; never owned. `data` may be NULL only when size is 0. */
struct span {
	const uint8_t *data;
	size_t size;
};

/* A growing buffer; zero-initialise with `= {0}`. `failed` is ERROR_NONE, or ERROR_MEMORY once an append failed, or
 * ERROR_TOO_LARGE. */
struct buffer {
	uint8_t *data;
	size_t size;
	size_t capacity;
	enum error failed;
};

void buffer_free(struct buffer *buffer);
/* Forget content and failure, keep the memory. */
void buffer_clear(struct buffer *buffer);
/* Room for `size` more bytes at the end, counted as written; NULL after a failure. Valid until the next append. */
uint8_t *buffer_extend_slow(struct buffer *buffer, size_t size); /* when there is no room */
static inline uint8_t *buffer_extend(struct buffer *buffer, size_t size)
{
	uint8_t *at;

	if (buffer->failed || !buffer->data || size > buffer->capacity - buffer->size)
		return buffer_extend_slow(buffer, size);
	at = buffer->data + buffer->size;
	buffer->size += size;
	return at;
}
void buffer_append(struct buffer *buffer, struct span bytes);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
/* The content, valid until the next append. */
struct span buffer_span(const struct buffer *buffer);

static inline struct span span_of(const void *data, size_t size)
{
	return (struct span){(const uint8_t *)data, size};
}
struct span span_text(const char *text);
bool span_equal(struct span a, struct span b);
/* memcmp order, the shorter first when one is a prefix of the other. */
int span_compare(struct span a, struct span b);
bool span_starts_with(struct span bytes, struct span prefix);

/* Lower-case hex with terminating NUL; `text` holds 2*size+1. */
void hex_write(struct span bytes, char *text);
/* Exactly `size` bytes of lower-case hex from `text`. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error hex_read(struct span text, uint8_t *bytes, size_t size);
/* RFC 4648 section 4 with padding, appended. */
void base64_write(struct buffer *out, struct span bytes);
/* Canonical base64 only (padding present, unused bits zero), appended. Fails with: ERROR_MALFORMED, ERROR_MEMORY. */
MUST_CHECK enum error base64_read(struct span text, struct buffer *out);
/* RFC 4648 section 6 alphabet without padding; `text` holds ceil(size*8/5)+1. */
void base32_write(struct span bytes, char *text);
/* Well-formed UTF-8: shortest form, no surrogates, at most U+10FFFF. */
bool utf8_valid(struct span text);
/* ASCII "0" or [1-9][0-9]*, at most 2^63-1. Fails with: ERROR_MALFORMED, ERROR_OVERFLOW. */
MUST_CHECK enum error decimal_read(struct span text, int64_t *value);

static inline void be32_write(uint8_t bytes[4], uint32_t value)
{
	uint32_t big = htobe32(value);

	memcpy(bytes, &big, sizeof big);
}

static inline void be64_write(uint8_t bytes[8], uint64_t value)
{
	uint64_t big = htobe64(value);

	memcpy(bytes, &big, sizeof big);
}

static inline uint32_t be32_read(const uint8_t bytes[4])
{
	uint32_t big;

	memcpy(&big, bytes, sizeof big);
	return be32toh(big);
}

static inline uint64_t be64_read(const uint8_t bytes[8])
{
	uint64_t big;

	memcpy(&big, bytes, sizeof big);
	return be64toh(big);
}

#endif
