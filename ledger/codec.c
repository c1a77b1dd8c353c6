#include "codec.h"

#include <assert.h>
#include <string.h>

enum major { UINT = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6, SIMPLE = 7 };

/* RFC 8949, 3: the value's bytes, as few as it takes of 1, 2, 4 or 8, most significant first. Eight are written whichever it is: a jump for
 * each width would be guessed wrong more often than not. */
uint8_t *codec_head_write_long(uint8_t *at, unsigned major, uint64_t value)
{
	unsigned width =
	    (value > UINT8_MAX) + (unsigned)(value > UINT16_MAX) + (unsigned)(value > UINT32_MAX);
	unsigned size = 1u << width;

	assert(value >= 24);
	at[0] = (uint8_t)(major << 5 | (24 + width));
	be64_write(at + 1, value << (64 - 8 * size));
	return at + 1 + size;
}

static void put_head(struct buffer *out, enum major major, uint64_t value)
{
	uint8_t *at = buffer_extend(out, CODEC_HEAD_MAX);

	if (at)
		out->size -=
		    CODEC_HEAD_MAX - (size_t)(codec_head_write(at, (unsigned)major, value) - at);
}

void codec_put_uint(struct buffer *out, uint64_t value)
{
	assert(value <= INT64_MAX);
	put_head(out, UINT, value);
}

void codec_put_int(struct buffer *out, int64_t value)
{
	if (value >= 0)
		put_head(out, UINT, (uint64_t)value);
	else
		put_head(out, NEGATIVE, (uint64_t)(-1 - value));
}

void codec_put_bytes(struct buffer *out, struct span bytes)
{
	put_head(out, BYTES, bytes.size);
	buffer_append(out, bytes);
}

void codec_put_text(struct buffer *out, struct span text)
{
	assert(utf8_valid(text));
	put_head(out, TEXT, text.size);
	buffer_append(out, text);
}

void codec_put_array(struct buffer *out, size_t count)
{
	put_head(out, ARRAY, count);
}

void codec_put_map(struct buffer *out, size_t count)
{
	put_head(out, MAP, count);
}

void codec_put_tag(struct buffer *out, uint64_t tag)
{
	put_head(out, TAG, tag);
}

void codec_put_bool(struct buffer *out, bool value)
{
	put_head(out, SIMPLE, value ? 21 : 20);
}

void codec_put_null(struct buffer *out)
{
	put_head(out, SIMPLE, 22);
}

struct codec_reader codec_reader(struct span bytes)
{
	if (bytes.size == 0)
		return (struct codec_reader){NULL, NULL, ERROR_NONE};
	return (struct codec_reader){bytes.data, bytes.data + bytes.size, ERROR_NONE};
}

static void fail(struct codec_reader *reader)
{
	reader->failed = ERROR_MALFORMED;
	reader->at = reader->end;
}

static size_t left(const struct codec_reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

/* The argument of a head of more than one byte: its width, shortest form only, then its value. False after a failure. */
static bool long_argument(struct codec_reader *reader, unsigned info, uint64_t *argument)
{
	const uint8_t *at = reader->at + 1;
	size_t width = (size_t)1 << (info - 24), room = left(reader) - 1;
	bool shortest = false;

	/* 28-30 are reserved, 31 is an indefinite length. */
	if (info <= 27 && room >= width) {
		switch (info) {
		case 24:
			*argument = at[0];
			shortest = *argument >= 24;
			break;
		case 25:
			*argument = (uint64_t)at[0] << 8 | at[1];
			shortest = *argument > UINT8_MAX;
			break;
		case 26:
			*argument = be32_read(at);
			shortest = *argument > UINT16_MAX;
			break;
		default:
			*argument = be64_read(at);
			shortest = *argument > UINT32_MAX;
		}
	}
	if (!shortest) {
		fail(reader);
		return false;
	}
	reader->at += 1 + width;
	return true;
}

/* Read a head: its major type and argument, in the shortest form only. False after a failure. */
static inline bool head(struct codec_reader *reader, enum major *major, uint64_t *argument)
{
	unsigned info;

	if (reader->failed || reader->at == reader->end) {
		fail(reader);
		return false;
	}
	*major = (enum major)(*reader->at >> 5);
	info = *reader->at & 31;
	if (info >= 24)
		return long_argument(reader, info, argument);
	reader->at++;
	*argument = info;
	return true;
}

static uint64_t head_of(struct codec_reader *reader, enum major wanted)
{
	enum major major;
	uint64_t argument;

	if (!head(reader, &major, &argument))
		return 0;
	if (major != wanted || ((wanted == UINT || wanted == NEGATIVE) && argument > INT64_MAX)) {
		fail(reader);
		return 0;
	}
	return argument;
}

uint64_t codec_uint_long(struct codec_reader *reader)
{
	return head_of(reader, UINT);
}

uint64_t codec_uint_max(struct codec_reader *reader, uint64_t max)
{
	uint64_t value = head_of(reader, UINT);

	if (value > max) {
		fail(reader);
		return 0;
	}
	return value;
}

int64_t codec_int(struct codec_reader *reader)
{
	if (codec_peek(reader) == NEGATIVE) {
		uint64_t argument = head_of(reader, NEGATIVE);
		return reader->failed ? 0 : -1 - (int64_t)argument;
	}
	return (int64_t)head_of(reader, UINT);
}

static struct span string(struct codec_reader *reader, enum major major)
{
	uint64_t size = head_of(reader, major);
	struct span bytes;

	if (reader->failed || size > left(reader)) {
		fail(reader);
		return (struct span){NULL, 0};
	}
	bytes = (struct span){reader->at, (size_t)size};
	reader->at += size;
	if (major == TEXT && !utf8_valid(bytes)) {
		fail(reader);
		return (struct span){NULL, 0};
	}
	return bytes;
}

struct span codec_bytes(struct codec_reader *reader)
{
	return string(reader, BYTES);
}

void codec_bytes_exact(struct codec_reader *reader, uint8_t *out, size_t size)
{
	struct span bytes = string(reader, BYTES);

	if (reader->failed || bytes.size != size) {
		fail(reader);
		memset(out, 0, size);
		return;
	}
	memcpy(out, bytes.data, size);
}

struct span codec_text(struct codec_reader *reader)
{
	return string(reader, TEXT);
}

void codec_text_copy(struct codec_reader *reader, char *out, size_t size)
{
	struct span text = string(reader, TEXT);

	assert(size > 0);
	/* To the end: whole fields are copied into stored rows, which a rebuild must give byte for byte. */
	memset(out, 0, size);
	if (reader->failed || text.size >= size || (text.size && memchr(text.data, 0, text.size))) {
		fail(reader);
		return;
	}
	if (text.size)
		memcpy(out, text.data, text.size);
}

size_t codec_array(struct codec_reader *reader)
{
	uint64_t count = head_of(reader, ARRAY);

	if (reader->failed || count > left(reader)) {
		fail(reader);
		return 0;
	}
	return (size_t)count;
}

void codec_array_exact(struct codec_reader *reader, size_t count)
{
	if (codec_array(reader) != count)
		fail(reader);
}

size_t codec_map(struct codec_reader *reader)
{
	uint64_t count = head_of(reader, MAP);

	if (reader->failed || count > left(reader) / 2) {
		fail(reader);
		return 0;
	}
	return (size_t)count;
}

void codec_tag(struct codec_reader *reader, uint64_t expected)
{
	if (head_of(reader, TAG) != expected)
		fail(reader);
}

bool codec_bool(struct codec_reader *reader)
{
	uint64_t value = head_of(reader, SIMPLE);

	if (reader->failed || (value != 20 && value != 21)) {
		fail(reader);
		return false;
	}
	return value == 21;
}

bool codec_null(struct codec_reader *reader)
{
	if (reader->failed || reader->at == reader->end || *reader->at != 0xf6)
		return false;
	reader->at++;
	return true;
}

int codec_peek(const struct codec_reader *reader)
{
	if (reader->failed || reader->at == reader->end)
		return -1;
	return *reader->at >> 5;
}

/* A container that is being checked: what is left in it, and the last key if it is a map. */
struct level {
	uint64_t left;
	bool is_map, key_next;
	struct span last_key;
	const uint8_t *key_start;
};

/* After a whole item ended inside `level`: check the order of keys, count down. */
static bool item_ended(struct codec_reader *reader, struct level *level)
{
	if (level->is_map && level->key_next) {
		struct span key = {level->key_start, (size_t)(reader->at - level->key_start)};

		if (level->last_key.data && span_compare(level->last_key, key) >= 0)
			return false;
		level->last_key = key;
	}
	if (level->is_map)
		level->key_next = !level->key_next;
	level->left--;
	return true;
}

static struct span checked_item(struct codec_reader *reader)
{
	struct level levels[CODEC_DEPTH_MAX];
	unsigned depth = 0;
	const uint8_t *start = reader->at;

	do {
		enum major major;
		uint64_t argument;
		bool ended = true;

		if (depth && levels[depth - 1].is_map && levels[depth - 1].key_next)
			levels[depth - 1].key_start = reader->at;
		if (!head(reader, &major, &argument))
			break;
		switch (major) {
		case UINT:
		case NEGATIVE:
			if (argument > INT64_MAX)
				fail(reader);
			break;
		case BYTES:
		case TEXT:
			if (argument > left(reader) ||
			    (major == TEXT && !utf8_valid(span_of(reader->at, (size_t)argument))))
				fail(reader);
			else
				reader->at += argument;
			break;
		case ARRAY:
		case MAP:
			if (argument > left(reader) / (major == MAP ? 2 : 1) ||
			    depth == CODEC_DEPTH_MAX) {
				fail(reader);
				break;
			}
			if (argument == 0)
				break;
			levels[depth++] = (struct level){.left = argument * (major == MAP ? 2 : 1),
			    .is_map = major == MAP,
			    .key_next = major == MAP};
			ended = false;
			break;
		case TAG:
			fail(reader); /* the one tag that exists stands outside of items */
			break;
		case SIMPLE:
			if (argument < 20 || argument > 22)
				fail(reader);
			break;
		}
		while (ended && depth && !reader->failed) {
			if (!item_ended(reader, &levels[depth - 1]))
				fail(reader);
			ended = levels[depth - 1].left == 0;
			if (ended)
				depth--;
		}
	} while (depth && !reader->failed);
	if (reader->failed)
		return (struct span){NULL, 0};
	return (struct span){start, (size_t)(reader->at - start)};
}

/* The same for what lines and verdicts are made of: integers, bytes and arrays. False is no judgement: checked_item has it. */
static bool plain_item(struct codec_reader *reader)
{
	uint64_t open[CODEC_DEPTH_MAX]; /* items that each array still lacks */
	unsigned depth = 0;

	do {
		enum major major;
		uint64_t argument;

		if (!head(reader, &major, &argument))
			return false;
		if (major == ARRAY) {
			if (depth == CODEC_DEPTH_MAX || argument > left(reader))
				return false;
			if (argument) {
				open[depth++] = argument;
				continue;
			}
		} else if (major == BYTES) {
			if (argument > left(reader))
				return false;
			reader->at += argument;
		} else if (major == SIMPLE ? argument < 20 || argument > 22
					   : major > NEGATIVE || argument > INT64_MAX) {
			return false;
		}
		while (depth && --open[depth - 1] == 0)
			depth--;
	} while (depth);
	return true;
}

struct span codec_item(struct codec_reader *reader)
{
	struct codec_reader plain = *reader;
	struct span item;

	if (!plain_item(&plain))
		return checked_item(reader);
	item = (struct span){reader->at, (size_t)(plain.at - reader->at)};
	*reader = plain;
	return item;
}

bool codec_at_end(const struct codec_reader *reader)
{
	return reader->at == reader->end;
}

enum error codec_finish(const struct codec_reader *reader)
{
	if (reader->failed)
		return reader->failed;
	return reader->at == reader->end ? ERROR_NONE : ERROR_MALFORMED;
}

enum error codec_check(struct span bytes)
{
	struct codec_reader reader = codec_reader(bytes);

	codec_item(&reader);
	return codec_finish(&reader);
}
