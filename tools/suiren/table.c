#include "table.h"

#include <assert.h>
#include <csv.h>
#include <errno.h>
#include <iconv.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- encoding ---------------------------------------------------------------------------------------------- */

static unsigned line_of(struct span content, size_t offset)
{
	unsigned line = 1;
	for (size_t i = 0; i < offset && i < content.size; i++)
		line += content.data[i] == '\n';
	return line;
}

/* Bytes of the well-formed UTF-8 character at the beginning; 0 if there is none. */
static size_t character_size(struct span text)
{
	uint8_t first = text.data[0];
	size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	return size <= text.size && utf8_valid(span_of(text.data, size)) ? size : 0;
}

/* How far a text is UTF-8, and how many characters beyond ASCII that part has. */
static size_t utf8_part(struct span text, unsigned *wide)
{
	size_t at = 0;
	*wide = 0;
	while (at < text.size) {
		size_t size = character_size(span_of(text.data + at, text.size - at));
		if (size == 0)
			break;
		*wide += size > 1;
		at += size;
	}
	return at;
}

/* A text of GB 18030 is hardly ever UTF-8 for its first two Chinese characters. What is longer so has been damaged, and
 * reading the rest as GB 18030 would put wrong names into the books. */
#define UTF8_SURE 2

static enum error not_utf8(
    const char *file, struct span text, size_t at, struct error_detail *detail)
{
	bool cut_off = text.size - at < 4;
	return error_set(detail, ERROR_ENCODING, "%s:%u: UTF-8, but damaged%s 文件编码损坏", file,
	    line_of(text, at), cut_off ? ": the file is cut off within a character" : "");
}

static enum error from_gb18030(
    const char *file, struct span text, struct buffer *utf8, struct error_detail *detail)
{
	enum error error = ERROR_NONE;
	iconv_t converter = iconv_open("UTF-8", "GB18030");
	if (converter == (iconv_t)-1)
		return error_set(detail, ERROR_ENCODING,
		    "%s: not UTF-8, and this system cannot read GB 18030; save it as CSV UTF-8",
		    file);
	/* Two bytes of GB 18030 become at most three of UTF-8. */
	size_t room = text.size / 2 * 3 + 4, left = text.size;
	char *out = (char *)buffer_extend(utf8, room);
	char *in = (char *)(uintptr_t)text.data; /* iconv does not write to its input */
	if (!out)
		error = error_set(detail, utf8->failed, "%s: %s", file, error_text(utf8->failed));
	else if (iconv(converter, &in, &left, &out, &room) == (size_t)-1)
		error = error_set(detail, ERROR_ENCODING,
		    "%s:%u: neither UTF-8 nor GB 18030; save it as CSV UTF-8 请另存为 UTF-8 编码的 "
		    "CSV",
		    file, line_of(text, text.size - left));
	if (!error)
		utf8->size -= room;
	iconv_close(converter);
	return error;
}

/* The content as UTF-8 without BOM: itself, or converted into `converted`. */
static enum error to_utf8(const char *file, struct span content, struct buffer *converted,
    struct span *text, struct error_detail *detail)
{
	static const uint8_t bom[] = {0xEF, 0xBB, 0xBF};
	bool has_bom = span_starts_with(content, span_of(bom, sizeof(bom)));
	unsigned wide;
	*text = has_bom ? span_of(content.data + 3, content.size - 3) : content;
	size_t end = utf8_part(*text, &wide);
	if (end == text->size)
		return ERROR_NONE;
	if (span_starts_with(content, span_of("\xFF\xFE", 2)) ||
	    span_starts_with(content, span_of("\xFE\xFF", 2)))
		return error_set(detail, ERROR_ENCODING,
		    "%s: UTF-16; save it as CSV UTF-8 请另存为 UTF-8 编码的 CSV", file);
	if (has_bom || wide >= UTF8_SURE)
		return not_utf8(file, *text, end, detail);
	enum error error = from_gb18030(file, *text, converted, detail);
	*text = buffer_span(converted);
	return error;
}

/* --- rows -------------------------------------------------------------------------------------------------- */

#define NOWHERE SIZE_MAX

struct reading {
	const char *file;
	const struct table_column *columns;
	size_t column_count;
	table_visit *visit;
	void *context;
	struct error_detail *detail;
	enum error error; /* the first one; nothing is done after it */

	unsigned line;     /* being read */
	unsigned row_line; /* where the row begins */
	uint32_t rows;
	size_t header_count;              /* 0: the header has not been read */
	size_t target[TABLE_COLUMNS_MAX]; /* wanted column of each column of the file */

	/* The row being read: its fields one after the other, and where each ends. */
	struct buffer bytes;
	size_t ends[TABLE_COLUMNS_MAX];
	size_t field_count;
	bool started;
	size_t row_bytes; /* of the file, in the row so far */
};

static struct span field_at(const struct reading *reading, size_t i)
{
	size_t from = i == 0 ? 0 : reading->ends[i - 1];
	return span_of(reading->bytes.data + from, reading->ends[i] - from);
}

static const char *column_label(const struct reading *reading, size_t i)
{
	return reading->header_count && i < reading->header_count
		   ? reading->columns[reading->target[i]].name
		   : "a field";
}

static void fail(struct reading *reading, enum error code, const char *column, const char *format,
    ...) PRINTF_LIKE(4, 5);

static void fail(
    struct reading *reading, enum error code, const char *column, const char *format, ...)
{
	char text[ERROR_DETAIL_SIZE];
	va_list arguments;
	const struct table_row row = {.file = reading->file, .line = reading->row_line};
	if (reading->error)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	reading->error = table_error(&row, column, code, reading->detail, "%s", text);
}

static bool has_control(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((text.data[i] < 0x20 && !memchr("\t\r\n", text.data[i], 3)) ||
		    text.data[i] == 0x7F)
			return true;
	return false;
}

/* libcsv has read a field. */
static void take_field(void *bytes, size_t size, void *context)
{
	struct reading *reading = context;
	if (reading->error)
		return;
	if (reading->field_count >= TABLE_COLUMNS_MAX) {
		fail(reading, ERROR_TOO_LARGE, NULL, "more than %d columns", TABLE_COLUMNS_MAX);
		return;
	}
	const char *label = column_label(reading, reading->field_count);
	if (size > TABLE_FIELD_MAX) {
		fail(reading, ERROR_TOO_LARGE, label,
		    "longer than %d bytes; is a quote not closed?", TABLE_FIELD_MAX);
		return;
	}
	if (has_control(span_of(bytes, size))) {
		fail(
		    reading, ERROR_MALFORMED, label, "holds control characters; is it a CSV file?");
		return;
	}
	buffer_append(&reading->bytes, span_of(bytes, size));
	if (reading->bytes.failed)
		fail(
		    reading, reading->bytes.failed, label, "%s", error_text(reading->bytes.failed));
	reading->ends[reading->field_count++] = reading->bytes.size;
}

static size_t column_find(const struct reading *reading, struct span name)
{
	for (size_t i = 0; i < reading->column_count; i++) {
		const struct table_column *column = &reading->columns[i];
		if (span_equal(name, span_text(column->name)) ||
		    (column->alias && span_equal(name, span_text(column->alias))))
			return i;
	}
	return NOWHERE;
}

static void unknown_column(struct reading *reading, struct span name)
{
	char text[512], word[64];
	size_t used = 0;
	snprintf(word, sizeof(word), "%.*s", (int)(name.size < 40 ? name.size : 40),
	    (const char *)name.data);
	for (size_t i = 0; i < reading->column_count && used < sizeof(text) - 1; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s%s",
		    i ? ", " : "", reading->columns[i].name, reading->columns[i].alias ? " " : "",
		    reading->columns[i].alias ? reading->columns[i].alias : "");
	fail(reading, ERROR_MALFORMED, NULL,
	    "\"%s\" is not the name of a column; the first row names them: %s", word, text);
}

static void take_header(struct reading *reading)
{
	bool seen[TABLE_COLUMNS_MAX] = {false};
	for (size_t i = 0; i < reading->field_count; i++) {
		size_t at = column_find(reading, field_at(reading, i));
		if (at == NOWHERE) {
			unknown_column(reading, field_at(reading, i));
			return;
		}
		if (seen[at]) {
			fail(reading, ERROR_MALFORMED, reading->columns[at].name,
			    "the column is there twice");
			return;
		}
		seen[at] = true;
		reading->target[i] = at;
	}
	for (size_t i = 0; i < reading->column_count; i++)
		if (reading->columns[i].required && !seen[i]) {
			const char *alias = reading->columns[i].alias;
			fail(reading, ERROR_MALFORMED, NULL, "the column %s%s%s is missing",
			    reading->columns[i].name, alias ? " " : "", alias ? alias : "");
			return;
		}
	reading->header_count = reading->field_count;
}

static void take_data(struct reading *reading)
{
	struct span fields[TABLE_COLUMNS_MAX] = {{NULL, 0}};
	const struct table_row row = {reading->file, reading->row_line, fields};
	if (reading->field_count != reading->header_count) {
		fail(reading, ERROR_MALFORMED, NULL,
		    "%zu fields, but the first row names %zu columns", reading->field_count,
		    reading->header_count);
		return;
	}
	if (++reading->rows > TABLE_ROWS_MAX) {
		fail(reading, ERROR_TOO_LARGE, NULL, "more than %u rows", TABLE_ROWS_MAX);
		return;
	}
	for (size_t i = 0; i < reading->field_count; i++)
		fields[reading->target[i]] = field_at(reading, i);
	reading->error = reading->visit(reading->context, &row, reading->detail);
}

/* A row of nothing but empty fields is what Excel leaves below a table. */
static bool row_is_empty(const struct reading *reading)
{
	return reading->bytes.size == 0;
}

/* libcsv has read a row. */
static void take_row(int terminator, void *context)
{
	struct reading *reading = context;
	(void)terminator;
	if (!reading->error && !row_is_empty(reading)) {
		if (reading->header_count == 0)
			take_header(reading);
		else
			take_data(reading);
	}
	buffer_clear(&reading->bytes);
	reading->field_count = 0;
	reading->started = false;
}

/* The next line with its end: LF, CR LF, or CR alone. */
static struct span line_next(struct span text)
{
	size_t size = 0;
	while (size < text.size && text.data[size] != '\n' && text.data[size] != '\r')
		size++;
	if (size < text.size)
		size +=
		    text.data[size] == '\r' && size + 1 < text.size && text.data[size + 1] == '\n'
			? 2
			: 1;
	return span_of(text.data, size);
}

static void parse_failed(struct reading *reading, int code)
{
	if (code == CSV_EPARSE)
		fail(reading, ERROR_MALFORMED, NULL,
		    "a quote (\") stands alone, or is not closed; is the file cut off?");
	else
		fail(reading, ERROR_MEMORY, NULL, "%s", error_text(ERROR_MEMORY));
}

/* libcsv does not tell of such a line, so it cannot count as the beginning of a row. */
static bool line_is_blank(struct span line)
{
	for (size_t i = 0; i < line.size; i++)
		if (!memchr(" \t\r\n", line.data[i], 4))
			return false;
	return true;
}

/* Line by line, so that every row knows where it begins. */
static void read_lines(struct reading *reading, struct csv_parser *parser, struct span text)
{
	while (text.size > 0 && !reading->error) {
		struct span line = line_next(text);
		text = span_of(text.data + line.size, text.size - line.size);
		reading->line++;
		if (!reading->started && line_is_blank(line))
			continue;
		if (!reading->started) {
			reading->row_line = reading->line;
			reading->row_bytes = 0;
		}
		reading->started = true;
		/* libcsv keeps what it reads until the field ends. */
		reading->row_bytes += line.size;
		if (reading->row_bytes > TABLE_ROW_MAX) {
			fail(reading, ERROR_TOO_LARGE, NULL,
			    "a row of more than %d bytes; is a quote not closed?", TABLE_ROW_MAX);
			return;
		}
		if (csv_parse(parser, line.data, line.size, take_field, take_row, reading) !=
		    line.size)
			parse_failed(reading, csv_error(parser));
	}
	if (!reading->error && csv_fini(parser, take_field, take_row, reading) != 0)
		parse_failed(reading, csv_error(parser));
	if (!reading->error && reading->header_count == 0)
		reading->error = error_set(reading->detail, ERROR_MALFORMED,
		    "%s: empty; the first row names the columns 文件为空", reading->file);
}

enum error table_read(const char *file, struct span content, const struct table_column *columns,
    size_t column_count, table_visit *visit, void *context, struct error_detail *detail)
{
	struct buffer converted = {0};
	struct csv_parser parser;
	struct span text;
	assert(column_count > 0 && column_count <= TABLE_COLUMNS_MAX);
	struct reading reading = {.file = file,
	    .columns = columns,
	    .column_count = column_count,
	    .visit = visit,
	    .context = context,
	    .detail = detail};
	if (content.size > TABLE_FILE_MAX)
		return error_set(
		    detail, ERROR_TOO_LARGE, "%s: larger than %u bytes", file, TABLE_FILE_MAX);
	enum error error = to_utf8(file, content, &converted, &text, detail);
	if (!error && csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
		error = error_set(detail, ERROR_MEMORY, "%s: %s", file, error_text(ERROR_MEMORY));
	if (!error) {
		read_lines(&reading, &parser, text);
		error = reading.error;
		csv_free(&parser);
	}
	buffer_free(&reading.bytes);
	buffer_free(&converted);
	return error;
}

enum error table_error(const struct table_row *row, const char *column, enum error code,
    struct error_detail *detail, const char *format, ...)
{
	char text[ERROR_DETAIL_SIZE];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return error_set(detail, code, "%s:%u: %s%s%s", row->file, row->line, column ? column : "",
	    column ? ": " : "", text);
}
