/* Tables as offices have them: encodings, quoting, line numbers; and a family of wrong ones, each told in one line. */
#include "table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct table_column columns[] = {
    {"person_code", "人员编码", true}, {"name", "姓名", true}, {"note", "备注", false}};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* Every row as "line[code|name|note]". */
static enum error collect(void *context, const struct table_row *row, struct error_detail *detail)
{
	struct buffer *out = context;
	if (span_equal(row->fields[0], span_text("stop")))
		return table_error(row, "person_code", ERROR_RANGE, detail, "told to %s", "stop");
	buffer_append_format(out, "%u[", row->line);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		buffer_append_text(out, i ? "|" : "");
		buffer_append(out, row->fields[i]);
	}
	buffer_append_text(out, "]");
	return ERROR_NONE;
}

static enum error read_span(struct span content, struct buffer *out, struct error_detail *detail)
{
	detail->text[0] = '\0';
	return table_read("t.csv", content, columns, COLUMN_COUNT, collect, out, detail);
}

static void reads_as(struct span content, const char *expected)
{
	struct buffer out = {0};
	struct error_detail detail;
	enum error error = read_span(content, &out, &detail);
	if (error)
		print_error("%s\n", detail.text);
	assert_int_equal(error, ERROR_NONE);
	buffer_append(&out, span_of("", 1));
	assert_string_equal((const char *)out.data, expected);
	buffer_free(&out);
}

static void text_reads_as(const char *content, const char *expected)
{
	reads_as(span_text(content), expected);
}

static void is_refused(struct span content, enum error code, const char *tells)
{
	struct buffer out = {0};
	struct error_detail detail;
	enum error error = read_span(content, &out, &detail);
	if (error != code || !strstr(detail.text, tells))
		print_error("expected %s, \"%s\"; got %s, \"%s\"\n", error_name(code), tells,
		    error_name(error), detail.text);
	assert_int_equal(error, code);
	assert_non_null(strstr(detail.text, tells));
	assert_int_equal(strncmp(detail.text, "t.csv", 5), 0);
	assert_null(strchr(detail.text, '\n'));
	buffer_free(&out);
}

static void text_is_refused(const char *content, enum error code, const char *tells)
{
	is_refused(span_text(content), code, tells);
}

/* 姓名 is D0 D5 C3 FB and 王芳 is CD F5 B7 BC in GB 18030 (and GBK); U+20000 is 95 32 82 36. */
static void gb18030_and_utf8_with_and_without_bom_read_the_same(void **state)
{
	(void)state;
	text_reads_as("person_code,姓名\n1,王芳\n", "2[1|王芳|]");
	text_reads_as("\xEF\xBB\xBFperson_code,姓名\n1,王芳\n", "2[1|王芳|]");
	text_reads_as("person_code,\xD0\xD5\xC3\xFB\n1,\xCD\xF5\xB7\xBC\n2,\x95\x32\x82\x36\n",
	    "2[1|王芳|]3[2|𠀀|]");
}

static void columns_come_in_any_order_under_either_name(void **state)
{
	(void)state;
	text_reads_as("备注,name,人员编码\nx,王,1\n", "2[1|王|x]");
	text_reads_as("name,person_code\n王,1\n", "2[1|王|]");
}

static void line_ends_and_quotes_are_those_of_any_program(void **state)
{
	(void)state;
	text_reads_as("person_code,name\r\n1,a\r\n2,b", "2[1|a|]3[2|b|]");
	text_reads_as("person_code,name\r1,a\r2,b\r", "2[1|a|]3[2|b|]");
	text_reads_as("person_code,name\n\"1\",\"a, \"\"b\"\"\"\n", "2[1|a, \"b\"|]");
	text_reads_as("person_code,name\n  1 , a \n", "2[1|a|]");
}

static void rows_know_the_line_on_which_they_begin(void **state)
{
	(void)state;
	text_reads_as("\n\nperson_code,name\n\n1,a\n   \n\"2\",\"b\nc\"\n,\n3,d\n",
	    "5[1|a|]7[2|b\nc|]10[3|d|]");
}

static void a_visitor_stops_the_reading_and_its_error_names_the_place(void **state)
{
	(void)state;
	text_is_refused("person_code,name\n1,a\nstop,b\n2,c\n", ERROR_RANGE,
	    "t.csv:3: person_code: told to stop");
}

static void a_table_without_its_header_is_refused(void **state)
{
	(void)state;
	text_is_refused("", ERROR_MALFORMED, "empty");
	text_is_refused("\xEF\xBB\xBF\n \n", ERROR_MALFORMED, "empty");
	text_is_refused("person_code\n1\n", ERROR_MALFORMED, "t.csv:1: the column name 姓名");
	text_is_refused("person_code,name,age\n", ERROR_MALFORMED, "t.csv:1: \"age\" is not");
	text_is_refused("person_code,name,姓名\n", ERROR_MALFORMED, "t.csv:1: name: the column");
	text_is_refused("1,王\n2,李\n", ERROR_MALFORMED, "t.csv:1: \"1\" is not");
}

static void a_row_with_other_columns_is_refused(void **state)
{
	(void)state;
	text_is_refused("person_code,name\n1,a\n2\n", ERROR_MALFORMED, "t.csv:3: 1 fields");
	text_is_refused("person_code,name\n1,a,b\n", ERROR_MALFORMED, "t.csv:2: 3 fields");
}

static void a_file_that_is_cut_off_is_refused(void **state)
{
	(void)state;
	text_is_refused("person_code,name\n1,\"ab", ERROR_MALFORMED, "t.csv:2: a quote");
	text_is_refused("person_code,姓名\n1,王\xE8\x8A", ERROR_ENCODING, "t.csv:2: UTF-8, but");
	text_is_refused("person_code,name\n1,a\"b\n", ERROR_MALFORMED, "t.csv:2: a quote");
}

static void other_encodings_and_binary_files_are_refused(void **state)
{
	(void)state;
	is_refused(span_of("\xFF\xFEp\0e\0", 6), ERROR_ENCODING, "UTF-16");
	text_is_refused("person_code,name\n1,a\n2,\xFF\xFF\n", ERROR_ENCODING,
	    "t.csv:3: neither UTF-8 nor GB 18030");
	text_is_refused(
	    "person_code,name\n1,王芳\n2,\xC3(\n", ERROR_ENCODING, "t.csv:3: UTF-8, but damaged");
	is_refused(span_of("person_code,name\n1,a\0b\n", 23), ERROR_MALFORMED,
	    "t.csv:2: name: holds control");
	is_refused(span_of("PK\3\4\0\0", 6), ERROR_MALFORMED, "t.csv:1: a field: holds control");
}

static void fields_and_columns_have_bounds(void **state)
{
	struct buffer content = {0};
	(void)state;
	buffer_append_text(&content, "person_code,name\n1,");
	size_t before = content.size;
	memset(buffer_extend(&content, TABLE_FIELD_MAX), 'x', TABLE_FIELD_MAX);
	struct buffer out = {0};
	struct error_detail detail;
	assert_int_equal(read_span(buffer_span(&content), &out, &detail), ERROR_NONE);
	buffer_free(&out);
	buffer_append_text(&content, "x");
	is_refused(buffer_span(&content), ERROR_TOO_LARGE, "t.csv:2: name: longer than 4096");
	content.size = before;
	buffer_clear(&content);
	for (int i = 0; i < TABLE_COLUMNS_MAX; i++)
		buffer_append_text(&content, "a,");
	is_refused(buffer_span(&content), ERROR_TOO_LARGE, "t.csv:1: more than 64 columns");
	buffer_free(&content);
}

/* Whatever the bytes are, it answers: nothing is read beyond the end (run under sanitizers). */
static void any_damage_of_a_good_file_is_told_or_read(void **state)
{
	static const char good[] =
	    "person_code,姓名,note\n1,王芳,\"a \"\"b\"\"\"\n2,李\r\n\"3\",\"x\ny\",z\n";
	char bad[sizeof(good)];
	unsigned seed = 20261031, refused = 0;
	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (int run = 0; run < 20000; run++) {
		struct buffer out = {0};
		struct error_detail detail;
		size_t size = (size_t)rand() % sizeof(good);
		memcpy(bad, good, sizeof(good));
		for (int i = rand() % 4; i > 0; i--)
			bad[(size_t)rand() % sizeof(good)] = (char)rand();
		char *copy = malloc(size + 1);
		memcpy(copy, bad, size);
		enum error error = read_span(span_of(copy, size), &out, &detail);
		if (error)
			assert_int_equal(strncmp(detail.text, "t.csv:", 6), 0);
		refused += error != ERROR_NONE;
		free(copy);
		buffer_free(&out);
	}
	assert_true(refused > 1000 && refused < 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gb18030_and_utf8_with_and_without_bom_read_the_same),
	    cmocka_unit_test(columns_come_in_any_order_under_either_name),
	    cmocka_unit_test(line_ends_and_quotes_are_those_of_any_program),
	    cmocka_unit_test(rows_know_the_line_on_which_they_begin),
	    cmocka_unit_test(a_visitor_stops_the_reading_and_its_error_names_the_place),
	    cmocka_unit_test(a_table_without_its_header_is_refused),
	    cmocka_unit_test(a_row_with_other_columns_is_refused),
	    cmocka_unit_test(a_file_that_is_cut_off_is_refused),
	    cmocka_unit_test(other_encodings_and_binary_files_are_refused),
	    cmocka_unit_test(fields_and_columns_have_bounds),
	    cmocka_unit_test(any_damage_of_a_good_file_is_told_or_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
