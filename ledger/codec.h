/* codec.h: deterministic CBOR (RFC 8949 section 4.2.1), the writer and the strict reader. The writer appends to a
 * buffer, long heads with libcbor's encoders, and inherits the buffer's sticky failure. The reader works over a borrowed span,
 * copies nothing, and its failure is sticky too: after the first violation every read returns 0 and an empty span,
 * and codec_finish tells what happened. What the reader refuses: docs/format.md, "CBOR". Pure and thread-safe. */
#ifndef SUIREN_CODEC_H
#define SUIREN_CODEC_H

#include "limits.h"
#include "bytes.h"

void codec_put_uint(struct buffer *out, uint64_t value); /* at most INT64_MAX, asserted */
void codec_put_int(struct buffer *out, int64_t value);
void codec_put_bytes(struct buffer *out, struct span bytes);
void codec_put_text(struct buffer *out, struct span text); /* valid UTF-8, asserted */
void codec_put_array(struct buffer *out, size_t count);
void codec_put_map(struct buffer *out, size_t count);
void codec_put_tag(struct buffer *out, uint64_t tag);
void codec_put_bool(struct buffer *out, bool value);
void codec_put_null(struct buffer *out);

/* For the inner loops: write the head of an item (`major` 0 unsigned, 2 bytes, 4 array ...) at `at`, where there is room for
 * CODEC_HEAD_MAX bytes, and return the place behind it. */
#define CODEC_HEAD_MAX 9
uint8_t *codec_head_write_long(uint8_t *at, unsigned major, uint64_t value);
static inline uint8_t *codec_head_write(uint8_t *at, unsigned major, uint64_t value)
{
	if (value < 24) {
		*at = (uint8_t)(major << 5 | value);
		return at + 1;
	}
	return codec_head_write_long(at, major, value);
}

struct codec_reader {
	const uint8_t *at, *end;
	enum error failed; /* ERROR_NONE or ERROR_MALFORMED */
};

struct codec_reader codec_reader(struct span bytes);
uint64_t codec_uint_long(
    struct codec_reader *reader); /* what codec_uint does when it is not one byte */
static inline uint64_t codec_uint(struct codec_reader *reader)
{
	if (reader->at != reader->end && *reader->at < 24)
		return *reader->at++;
	return codec_uint_long(reader);
}
int64_t codec_int(struct codec_reader *reader);
/* An unsigned value at most `max`. */
uint64_t codec_uint_max(struct codec_reader *reader, uint64_t max);
struct span codec_bytes(struct codec_reader *reader);
/* Exactly `size` bytes into `out` (zeroed on failure). */
void codec_bytes_exact(struct codec_reader *reader, uint8_t *out, size_t size);
struct span codec_text(struct codec_reader *reader);
/* Copy a text of at most size-1 bytes without NUL inside; the rest of `out` is zeros, also after a failure. */
void codec_text_copy(struct codec_reader *reader, char *out, size_t size);
/* Number of items; at most the bytes left, so that a loop over it is bounded by the input. */
size_t codec_array(struct codec_reader *reader);
/* An array of exactly `count` items. */
void codec_array_exact(struct codec_reader *reader, size_t count);
/* Number of pairs. Only codec_item checks the order of keys: whoever reads a map pair by pair expects each key at its
 * place. Maps occur in COSE headers only. */
size_t codec_map(struct codec_reader *reader);
void codec_tag(struct codec_reader *reader, uint64_t expected);
bool codec_bool(struct codec_reader *reader);
/* True, and consumed, if the next item is null. */
bool codec_null(struct codec_reader *reader);
/* Major type of the next item (0..7) without consuming it; -1 at the end or after a failure. */
int codec_peek(const struct codec_reader *reader);
/* Check one whole item strictly (depth at most CODEC_DEPTH_MAX) and return its bytes. */
struct span codec_item(struct codec_reader *reader);
bool codec_at_end(const struct codec_reader *reader);
/* ERROR_NONE only if nothing failed and nothing is left. */
MUST_CHECK enum error codec_finish(const struct codec_reader *reader);
/* The bytes are one well-formed deterministic item with nothing after it. */
MUST_CHECK enum error codec_check(struct span bytes);

#endif
