#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *load(const char *path, size_t flags)
{
	char whole[1024];
	json_error_t error;
	json_t *json;

	snprintf(whole, sizeof whole, "%s/%s", VECTORS_DIR, path);
	json = json_load_file(whole, JSON_ALLOW_NUL | flags, &error);
	if (!json) {
		fprintf(stderr, "%s:%d: %s\n", whole, error.line, error.text);
		abort();
	}
	return json;
}

json_t *vectors_load(const char *path)
{
	return load(path, 0);
}

json_t *vectors_load_reals(const char *path)
{
	return load(path, JSON_DECODE_INT_AS_REAL);
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	if (!at) {
		fprintf(stderr, "a vector holds '%c' where a hex digit should be\n", c);
		abort();
	}
	return (int)(at - digits) % 16;
}

struct buffer vectors_hex(const json_t *hex)
{
	const char *text = json_string_value(hex);
	struct buffer bytes = {0};

	if (!text || strlen(text) % 2 != 0) {
		fprintf(stderr, "a vector is not hex: %s\n", text ? text : "(no text)");
		abort();
	}
	for (; *text; text += 2) {
		uint8_t *at = buffer_extend(&bytes, 1);
		if (!at)
			abort();
		*at = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
	}
	return bytes;
}

struct buffer vectors_hex_member(const json_t *object, const char *name)
{
	const json_t *member = json_object_get(object, name);

	if (!member || json_is_null(member))
		return (struct buffer){0};
	return vectors_hex(member);
}

struct buffer vectors_base64(const json_t *base64)
{
	const char *text = json_string_value(base64);
	struct buffer bytes = {0};

	if (!text || base64_read(span_text(text), &bytes)) {
		fprintf(stderr, "a vector is not base64: %s\n", text ? text : "(no text)");
		abort();
	}
	return bytes;
}
