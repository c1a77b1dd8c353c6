#include "fields.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#define SHOWN_MAX 40

static const char *name_of(const struct rows *rows, size_t column)
{
	assert(column < rows->kind->column_count);
	return rows->kind->columns[column].name;
}

/* Note that a field is not what it should be, with the field as far as it can be shown. */
static bool wrong(struct rows *rows, const struct table_row *row, size_t column, enum error code,
    const char *text)
{
	struct span field = row->fields[column];
	size_t shown = field.size < SHOWN_MAX ? field.size : SHOWN_MAX;
	/* not within a character */
	while (shown < field.size && shown > 0 && (field.data[shown] & 0xC0) == 0x80)
		shown--;
	return rows_wrong(rows, row, name_of(rows, column), code, "%.*s: %s", (int)shown,
	    (const char *)field.data, text);
}

bool field_missing(struct rows *rows, const struct table_row *row, size_t column)
{
	return rows_wrong(
	    rows, row, name_of(rows, column), ERROR_MALFORMED, "empty, but needed 不能为空");
}

bool field_text(struct rows *rows, const struct table_row *row, size_t column, size_t least,
    size_t max, const char **text)
{
	struct span field = row->fields[column];
	if (field.size == 0 && least > 0)
		return field_missing(rows, row, column);
	if (field.size > max || field.size < least)
		return rows_wrong(rows, row, name_of(rows, column), ERROR_TOO_LARGE,
		    "%zu bytes; it takes %zu to %zu", field.size, least, max);
	for (size_t i = 0; i < field.size; i++)
		if (field.data[i] < 0x20)
			return rows_wrong(rows, row, name_of(rows, column), ERROR_MALFORMED,
			    "a line break or a tab within");
	*text = rows_text(rows, field);
	return *text || rows_wrong(rows, row, NULL, ERROR_MEMORY, "out of memory");
}

const char *person_code_fault(enum error error)
{
	return error == ERROR_CHECK_DIGIT ? "the check digit of the person code is wrong 校验位错误"
					  : "not a person code of 16 digits 人员编码应为16位数字";
}

bool field_person(struct rows *rows, const struct table_row *row, size_t column, uint64_t *code)
{
	if (field_empty(row, column))
		return field_missing(rows, row, column);
	enum error error = person_code_read(row->fields[column], code);
	return !error || wrong(rows, row, column, error, person_code_fault(error));
}

const char *uscc_fault(enum error error)
{
	return error == ERROR_CHECK_DIGIT
		   ? "the check character of the credit code is wrong 校验位错误"
		   : "not a credit code of 18 characters 应为18位统一社会信用代码";
}

bool field_uscc(struct rows *rows, const struct table_row *row, size_t column, char uscc[USCC_SIZE])
{
	struct span field = row->fields[column];
	if (field.size == 0)
		return field_missing(rows, row, column);
	enum error error = uscc_check(field);
	if (error)
		return wrong(rows, row, column, error, uscc_fault(error));
	memcpy(uscc, field.data, USCC_SIZE);
	return true;
}

/* "2026/1/5" and "20260105" as "2026-01-05"; anything else as it is. */
static struct span day_text(struct span field, char text[16])
{
	unsigned year, month, day;
	int used = 0;
	char copy[16] = "";
	if (field.size > 10)
		return field;
	memcpy(copy, field.data, field.size);
	bool slashes = sscanf(copy, "%4u/%2u/%2u%n", &year, &month, &day, &used) == 3;
	bool plain = !slashes && field.size == 8 && strspn(copy, "0123456789") == 8 &&
		     sscanf(copy, "%4u%2u%2u%n", &year, &month, &day, &used) == 3;
	if ((!slashes && !plain) || (size_t)used != field.size || !isdigit((uint8_t)copy[0]))
		return field;
	snprintf(text, 16, "%04u-%02u-%02u", year % 10000, month % 100, day % 100);
	return span_of(text, 10);
}

bool field_day(struct rows *rows, const struct table_row *row, size_t column, int32_t *day)
{
	char text[16];
	if (field_empty(row, column))
		return field_missing(rows, row, column);
	if (day_read(day_text(row->fields[column], text), day) == ERROR_NONE && *day >= 0)
		return true;
	return wrong(rows, row, column, ERROR_MALFORMED,
	    "not a day like 2026-10-31 from 1970 on 日期应为 2026-10-31 格式");
}

bool field_day_or_never(struct rows *rows, const struct table_row *row, size_t column, int32_t *day)
{
	if (!field_empty(row, column))
		return field_day(rows, row, column, day);
	*day = DAY_NEVER;
	return true;
}

bool field_period(struct rows *rows, const struct table_row *row, size_t from_column,
    size_t until_column, bool open_end, int32_t *from_day, int32_t *until_day)
{
	if (!field_day(rows, row, from_column, from_day))
		return false;
	bool right = open_end ? field_day_or_never(rows, row, until_column, until_day)
			      : field_day(rows, row, until_column, until_day);
	if (right && *until_day < *from_day)
		return wrong(
		    rows, row, until_column, ERROR_RANGE, "before the first day 结束日早于起始日");
	return right;
}

bool field_number(struct rows *rows, const struct table_row *row, size_t column, uint32_t max,
    uint32_t otherwise, uint32_t *value)
{
	int64_t number = 0;
	char text[64];
	if (field_empty(row, column)) {
		*value = otherwise;
		return true;
	}
	enum error error = decimal_read(row->fields[column], &number);
	*value = (uint32_t)number;
	if (!error && number <= max)
		return true;
	snprintf(text, sizeof(text), "not a number from 0 to %u 应为0至%u的整数", max, max);
	return wrong(rows, row, column, error ? error : ERROR_RANGE, text);
}

bool field_region(struct rows *rows, const struct table_row *row, size_t column, uint32_t *region)
{
	int64_t number = 0;
	struct span field = row->fields[column];
	*region = 0;
	if (field.size == 0)
		return true;
	if (field.size == 6 && decimal_read(field, &number) == ERROR_NONE) {
		*region = (uint32_t)number;
		return true;
	}
	return wrong(rows, row, column, ERROR_MALFORMED,
	    "not a region code of six digits like 510100 应为6位行政区划代码");
}

bool field_hex(
    struct rows *rows, const struct table_row *row, size_t column, uint8_t *bytes, size_t size)
{
	char text[2 * HASH_SIZE];
	struct span field = row->fields[column];
	assert(2 * size <= sizeof(text));
	for (size_t i = 0; i < field.size && i < sizeof(text); i++)
		text[i] = (char)tolower(field.data[i]);
	if (field.size == 2 * size &&
	    hex_read(span_of(text, field.size), bytes, size) == ERROR_NONE)
		return true;
	return rows_wrong(rows, row, name_of(rows, column), ERROR_MALFORMED,
	    "%zu characters; it takes %zu hex digits 应为%zu位十六进制数", field.size, 2 * size,
	    2 * size);
}

/* --- words ------------------------------------------------------------------------------------------------- */

static const struct field_word *word_find(const struct field_word *words, struct span text)
{
	for (; words->name; words++)
		if (span_equal(text, span_text(words->name)) ||
		    (words->alias && span_equal(text, span_text(words->alias))))
			return words;
	return NULL;
}

static bool not_a_word(
    struct rows *rows, const struct table_row *row, size_t column, const struct field_word *words)
{
	char text[256];
	size_t used = (size_t)snprintf(text, sizeof(text), "not one of");
	for (const struct field_word *word = words; word->name && used < sizeof(text); word++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %s%s%s",
		    word == words ? "" : ",", word->name, word->alias ? " " : "",
		    word->alias ? word->alias : "");
	return wrong(rows, row, column, ERROR_MALFORMED, text);
}

bool field_word(struct rows *rows, const struct table_row *row, size_t column,
    const struct field_word *words, uint32_t *value)
{
	if (field_empty(row, column))
		return field_missing(rows, row, column);
	const struct field_word *word = word_find(words, row->fields[column]);
	if (!word)
		return not_a_word(rows, row, column, words);
	*value = word->value;
	return true;
}

/* The bytes of a separator at the beginning: ';' or one of ；、; 0 if there is none. */
static size_t separator_size(struct span text)
{
	if (text.size > 0 && (text.data[0] == ';' || text.data[0] == ' '))
		return 1;
	if (span_starts_with(text, span_text("；")) || span_starts_with(text, span_text("、")))
		return 3;
	return 0;
}

bool field_words(struct rows *rows, const struct table_row *row, size_t column,
    const struct field_word *words, uint32_t *values)
{
	struct span rest = row->fields[column];
	*values = 0;
	while (rest.size > 0) {
		size_t size = 0, gap = separator_size(rest);
		while (gap == 0 && size < rest.size &&
		       separator_size(span_of(rest.data + size, rest.size - size)) == 0)
			size++;
		const struct field_word *word =
		    size > 0 ? word_find(words, span_of(rest.data, size)) : NULL;
		if (size > 0 && !word)
			return not_a_word(rows, row, column, words);
		*values |= word ? word->value : 0;
		size += gap;
		rest = span_of(rest.data + size, rest.size - size);
	}
	return true;
}

/* --- money's ways ------------------------------------------------------------------------------------------ */

bool field_account(
    struct rows *rows, const struct table_row *row, size_t column, size_t max, const char **account)
{
	struct span field = row->fields[column];
	for (size_t i = 0; i < field.size; i++)
		if (!isalnum(field.data[i]) && field.data[i] != '-')
			return rows_wrong(rows, row, name_of(rows, column), ERROR_MALFORMED,
			    "not an account number: digits, letters and '-' 账号格式错误");
	return field_text(rows, row, column, 0, max, account);
}

bool field_bank(struct rows *rows, const struct table_row *row, size_t column, const char **bank)
{
	struct span field = row->fields[column];
	bool digits = field.size == 0 || field.size == 12;
	for (size_t i = 0; i < field.size; i++)
		digits = digits && isdigit(field.data[i]);
	if (!digits)
		return wrong(rows, row, column, ERROR_MALFORMED,
		    "not a CNAPS code of 12 digits 应为12位联行号");
	return field_text(rows, row, column, 0, 12, bank);
}
