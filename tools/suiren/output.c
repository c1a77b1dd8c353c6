#include "output.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define PROGRESS_STEP_MS 200

/* Bytes of the UTF-8 sequence at the beginning of `text`, its code point in *point; 0 if it is none. */
static size_t utf8_next(struct span text, uint32_t *point)
{
	uint8_t first = text.data[0];
	size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	if (size > text.size || !utf8_valid(span_of(text.data, size)))
		return 0;
	*point = size == 1 ? first : first & (0xFFu >> (size + 1));
	for (size_t i = 1; i < size; i++)
		*point = *point << 6 | (text.data[i] & 0x3F);
	return size;
}

static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x2028 ||
	       point == 0x2029 || (point >= 0x202A && point <= 0x202E) ||
	       (point >= 0x2066 && point <= 0x2069);
}

/* East Asian wide characters, as far as names here can hold them. */
static bool is_wide(uint32_t point)
{
	return (point >= 0x1100 && point <= 0x115F) || (point >= 0x2E80 && point <= 0xA4CF) ||
	       (point >= 0xAC00 && point <= 0xD7A3) || (point >= 0xF900 && point <= 0xFAFF) ||
	       (point >= 0xFE30 && point <= 0xFE6F) || (point >= 0xFF00 && point <= 0xFF60) ||
	       (point >= 0xFFE0 && point <= 0xFFE6) || (point >= 0x20000 && point <= 0x3FFFD);
}

void output_text(FILE *out, struct span text)
{
	while (text.size > 0) {
		uint32_t point = 0;
		size_t size = utf8_next(text, &point);
		if (size == 0 || is_control(point))
			fputc('?', out);
		else
			fwrite(text.data, 1, size, out);
		size = size ? size : 1;
		text = span_of(text.data + size, text.size - size);
	}
}

size_t output_width(struct span text)
{
	size_t width = 0;
	while (text.size > 0) {
		uint32_t point = 0;
		size_t size = utf8_next(text, &point);
		width += size && is_wide(point) ? 2 : 1;
		size = size ? size : 1;
		text = span_of(text.data + size, text.size - size);
	}
	return width;
}

static void spaces(FILE *out, size_t used, size_t width)
{
	for (size_t i = used; i < width; i++)
		fputc(' ', out);
}

void output_cell(FILE *out, const char *text, size_t width)
{
	output_text(out, span_text(text));
	spaces(out, output_width(span_text(text)), width);
}

void output_cell_right(FILE *out, const char *text, size_t width)
{
	spaces(out, output_width(span_text(text)), width);
	output_text(out, span_text(text));
}

void output_hex(FILE *out, struct span bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		fprintf(out, "%02x", bytes.data[i]);
}

void output_csv(FILE *out, struct span text)
{
	bool quoted = false;
	for (size_t i = 0; i < text.size; i++)
		quoted |= text.data[i] && strchr("\",\r\n", text.data[i]) != NULL;
	if (quoted)
		fputc('"', out);
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '"')
			fputc('"', out);
		fputc(text.data[i], out);
	}
	if (quoted)
		fputc('"', out);
}

void output_amount(enum unit unit, int64_t value, char text[AMOUNT_TEXT_SIZE])
{
	if (unit == UNIT_CNY)
		yuan_write_grouped((struct amount){value}, text);
	else
		snprintf(text, AMOUNT_TEXT_SIZE, "%lld", (long long)value);
}

static void member(
    yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, yyjson_mut_val *value)
{
	yyjson_mut_obj_add(object, yyjson_mut_strcpy(doc, key), value);
}

static yyjson_mut_val *hex_value(yyjson_mut_doc *doc, struct span bytes)
{
	char *text = malloc(2 * bytes.size + 1);
	if (!text)
		return NULL;
	hex_write(bytes, text);
	yyjson_mut_val *value = yyjson_mut_strncpy(doc, text, 2 * bytes.size);
	free(text);
	return value;
}

void json_hex(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct span bytes)
{
	member(doc, object, key, hex_value(doc, bytes));
}

void json_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t time_ms)
{
	char text[32];
	time_write(time_ms, text);
	member(doc, object, key, yyjson_mut_strcpy(doc, text));
}

void json_day(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int32_t day)
{
	char text[DAY_TEXT_SIZE];
	day_write(day, text);
	member(doc, object, key, yyjson_mut_strcpy(doc, text));
}

void json_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct span text)
{
	member(doc, object, key,
	    utf8_valid(text) ? yyjson_mut_strncpy(doc, (const char *)text.data, text.size)
			     : hex_value(doc, text));
}

yyjson_mut_val *json_hashes(yyjson_mut_doc *doc, const struct hash *hashes, size_t count)
{
	yyjson_mut_val *array = yyjson_mut_arr(doc);
	for (size_t i = 0; i < count; i++)
		yyjson_mut_arr_append(array, hex_value(doc, hash_span(&hashes[i])));
	return array;
}

int output_json(yyjson_mut_doc *doc, bool pretty)
{
	size_t size = 0;
	char *text =
	    doc ? yyjson_mut_write(doc, pretty ? YYJSON_WRITE_PRETTY_TWO_SPACES : 0, &size) : NULL;
	yyjson_mut_doc_free(doc);
	if (!text)
		return cli_fail(NULL, ERROR_MEMORY, NULL, "JSON");
	fputs(cli_item_begin(), stdout);
	fwrite(text, 1, size, stdout);
	fputs(cli_item_end(), stdout);
	free(text);
	return CLI_DONE;
}

void cli_json_text(FILE *out, const char *text)
{
	struct span rest = span_text(text);
	fputc('"', out);
	while (rest.size > 0) {
		uint32_t point = 0;
		size_t size = utf8_next(rest, &point);
		if (size == 0)
			fputs("\\ufffd", out);
		else if (point == '"' || point == '\\')
			fprintf(out, "\\%c", (int)point);
		else if (point < 0x20 || point == 0x7F)
			fprintf(out, "\\u%04x", (unsigned)point);
		else
			fwrite(rest.data, 1, size, out);
		size = size ? size : 1;
		rest = span_of(rest.data + size, rest.size - size);
	}
	fputc('"', out);
}

static int64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_step(struct progress *progress, uint64_t done, uint64_t total)
{
	if (!isatty(STDERR_FILENO))
		return;
	int64_t now_ms = monotonic_ms();
	if (now_ms < progress->next_ms)
		return;
	progress->next_ms = now_ms + PROGRESS_STEP_MS;
	progress->shown = true;
	fprintf(stderr, "\r%s %llu", progress->what, (unsigned long long)done);
	if (total)
		fprintf(stderr, " of %llu", (unsigned long long)total);
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r%*s\r", 70, "");
	progress->shown = false;
}
