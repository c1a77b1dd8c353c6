#include "diagnostic.h"

#include <assert.h>
#include <stdlib.h>

#include "output.h"

/* Major types of RFC 8949. */
enum {
	MAJOR_UINT = 0,
	MAJOR_NEGATIVE = 1,
	MAJOR_BYTES = 2,
	MAJOR_TEXT = 3,
	MAJOR_ARRAY = 4,
	MAJOR_MAP = 5,
	MAJOR_TAG = 6,
	MAJOR_SIMPLE = 7,
};

#define TAG_COSE_SIGN1 18
/* Whether the tag counts as a level is the codec's affair. */
#define LEVELS_MAX (CODEC_DEPTH_MAX + 1)

/* An array or map that is being shown. */
struct level {
	size_t left; /* items still to come; a map's keys and values both count */
	bool is_map, key_is_next;
	char closing;
	yyjson_mut_val *array;
};

static void scalar_write(FILE *out, struct codec_reader *reader, int major)
{
	switch (major) {
	case MAJOR_UINT:
	case MAJOR_NEGATIVE:
		fprintf(out, "%lld", (long long)codec_int(reader));
		return;
	case MAJOR_BYTES:
		fputs("h'", out);
		output_hex(out, codec_bytes(reader));
		fputc('\'', out);
		return;
	case MAJOR_TEXT:
		fputc('"', out);
		output_text(out, codec_text(reader));
		fputc('"', out);
		return;
	default:
		if (codec_null(reader))
			fputs("null", out);
		else
			fputs(codec_bool(reader) ? "true" : "false", out);
	}
}

/* Enter an array, a map or the tag; true if the next item is a scalar. */
static bool level_enter(
    FILE *out, struct codec_reader *reader, int major, struct level *levels, size_t *depth)
{
	if (major != MAJOR_ARRAY && major != MAJOR_MAP && major != MAJOR_TAG)
		return true;
	assert(*depth < LEVELS_MAX);
	struct level *level = &levels[(*depth)++];
	*level = (struct level){.is_map = major == MAJOR_MAP, .key_is_next = true};
	if (major == MAJOR_ARRAY) {
		level->left = codec_array(reader);
		level->closing = ']';
		fputc('[', out);
	} else if (major == MAJOR_MAP) {
		level->left = 2 * codec_map(reader);
		level->closing = '}';
		fputc('{', out);
	} else {
		codec_tag(reader, TAG_COSE_SIGN1);
		level->left = 1;
		level->closing = ')';
		fprintf(out, "%d(", TAG_COSE_SIGN1);
	}
	return false;
}

void diagnostic_write(FILE *out, struct span item)
{
	struct level levels[LEVELS_MAX];
	size_t depth = 0;
	if (codec_check(item)) {
		fputs("not CBOR: h'", out);
		output_hex(out, item);
		fputc('\'', out);
		return;
	}
	struct codec_reader reader = codec_reader(item);
	bool first = true;
	for (;;) {
		while (depth > 0 && levels[depth - 1].left == 0) {
			fputc(levels[--depth].closing, out);
			first = false;
		}
		if (codec_at_end(&reader) && depth == 0)
			return;
		if (depth > 0) {
			struct level *level = &levels[depth - 1];
			level->left--;
			if (!first)
				fputs(level->is_map && !level->key_is_next ? ": " : ", ", out);
			level->key_is_next = !level->key_is_next;
		}
		int major = codec_peek(&reader);
		first = !level_enter(out, &reader, major, levels, &depth);
		if (!first)
			scalar_write(out, &reader, major);
	}
}

static yyjson_mut_val *hex_json(yyjson_mut_doc *doc, struct span bytes)
{
	yyjson_mut_val *value = NULL;
	char *text = malloc(2 * bytes.size + 1);
	if (text) {
		hex_write(bytes, text);
		value = yyjson_mut_strncpy(doc, text, 2 * bytes.size);
	}
	free(text);
	return value;
}

static yyjson_mut_val *scalar_json(yyjson_mut_doc *doc, struct codec_reader *reader, int major)
{
	struct span text;
	switch (major) {
	case MAJOR_UINT:
	case MAJOR_NEGATIVE:
		return yyjson_mut_sint(doc, codec_int(reader));
	case MAJOR_BYTES:
		return hex_json(doc, codec_bytes(reader));
	case MAJOR_TEXT:
		text = codec_text(reader);
		return yyjson_mut_strncpy(doc, (const char *)text.data, text.size);
	default:
		return codec_null(reader) ? yyjson_mut_null(doc)
					  : yyjson_mut_bool(doc, codec_bool(reader));
	}
}

yyjson_mut_val *diagnostic_json(yyjson_mut_doc *doc, struct span item)
{
	struct level levels[LEVELS_MAX];
	size_t depth = 0;
	yyjson_mut_val *root = NULL;
	if (codec_check(item))
		return hex_json(doc, item);
	struct codec_reader reader = codec_reader(item);
	while (!codec_at_end(&reader)) {
		int major = codec_peek(&reader);
		yyjson_mut_val *value = NULL;
		size_t count = 0;
		if (major == MAJOR_TAG) { /* a tag adds nothing that JSON could say */
			codec_tag(&reader, TAG_COSE_SIGN1);
			continue;
		}
		if (major == MAJOR_ARRAY || major == MAJOR_MAP) {
			value = yyjson_mut_arr(doc);
			count = major == MAJOR_MAP ? 2 * codec_map(&reader) : codec_array(&reader);
		} else {
			value = scalar_json(doc, &reader, major);
		}
		if (!value)
			return NULL;
		if (depth > 0) {
			levels[depth - 1].left--;
			yyjson_mut_arr_append(levels[depth - 1].array, value);
		} else {
			root = value;
		}
		if (major == MAJOR_ARRAY || major == MAJOR_MAP) {
			assert(depth < LEVELS_MAX);
			levels[depth++] = (struct level){.left = count, .array = value};
		}
		while (depth > 0 && levels[depth - 1].left == 0)
			depth--;
	}
	return root;
}
