/* docs/format.md tells of everything that is stored and sent: each kind of entry, each table, each document, each reason and each error name, and each
 * section that the source names. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kinds.h"
#include "ledger.h"
#include "order.h"
#include "reason.h"
#include "tables.h"

#define TEXT_MAX (4u << 20)
#define LINE_MAX_BYTES 512

/* --- the page ---------------------------------------------------------------------------------------------- */

static char *page;
static size_t page_size;

static int read_page(void **state)
{
	FILE *file = fopen(SOURCE_DIR "/docs/format.md", "rb");
	(void)state;
	assert_non_null(file);
	page = malloc(TEXT_MAX);
	assert_non_null(page);
	page_size = fread(page, 1, TEXT_MAX - 1, file);
	assert_true(feof(file) && !ferror(file));
	fclose(file);
	page[page_size] = '\0';
	return 0;
}

static int free_page(void **state)
{
	(void)state;
	free(page);
	return 0;
}

/* The next line from *at on; false at the end. */
static bool next_line(const char **at, const char *end, char line[LINE_MAX_BYTES])
{
	const char *stop = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
	if (!stop)
		return false;
	size_t size = (size_t)(stop - *at);
	if (size >= LINE_MAX_BYTES)
		size = LINE_MAX_BYTES - 1;
	memcpy(line, *at, size);
	line[size] = '\0';
	*at = stop + 1;
	return true;
}

struct part {
	const char *at, *end;
};

/* What stands under the heading "## title", up to the next one of its level. */
static bool section_find(const char *title, struct part *part)
{
	char heading[LINE_MAX_BYTES];
	int size = snprintf(heading, sizeof(heading), "\n## %s\n", title);
	assert_true(size > 0 && (size_t)size < sizeof(heading));
	/* The page's first section has no line before it. */
	bool first = strncmp(page, heading + 1, (size_t)size - 1) == 0;
	const char *found = first ? page : strstr(page, heading);
	if (!found)
		return false;
	part->at = found + size - first;
	const char *next = strstr(part->at - 1, "\n## ");
	part->end = next ? next + 1 : page + page_size; /* its last line is whole */
	return true;
}

static struct part section(const char *title)
{
	struct part part;
	if (!section_find(title, &part))
		fail_msg("the format has no section \"%s\"", title);
	return part;
}

static bool part_has(struct part part, const char *text)
{
	size_t size = strlen(text);
	for (const char *at = part.at; at + size <= part.end; at++)
		if (memcmp(at, text, size) == 0)
			return true;
	return false;
}

/* The cells of the table row that begins with "| `name` |", behind the first; "" if there is none. */
static void row_find(struct part part, const char *name, char rest[LINE_MAX_BYTES])
{
	char start[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
	int size = snprintf(start, sizeof(start), "| `%s` | ", name);
	rest[0] = '\0';
	while (next_line(&part.at, part.end, line)) {
		if (strncmp(line, start, (size_t)size) == 0) {
			memcpy(rest, line + size, strlen(line + size) + 1);
			return;
		}
	}
}

/* --- kinds ------------------------------------------------------------------------------------------------- */

/* Does `text` stand in `line` as a word of its own? */
static bool has_word(const char *line, const char *text)
{
	size_t size = strlen(text);
	for (const char *at = line; (at = strstr(at, text)); at++)
		if (at > line && at[-1] == ' ' && strchr(" ,\n", at[size]))
			return true;
	return false;
}

/* Headings of the third level that begin with the number and name of a kind, or have them behind a comma. */
static unsigned headings_of(unsigned number, const char *name)
{
	char wanted[128], line[LINE_MAX_BYTES];
	const char *at = page;
	unsigned count = 0;
	snprintf(wanted, sizeof(wanted), "%u %s", number, name);
	while (next_line(&at, page + page_size, line))
		if (strncmp(line, "### ", 4) == 0)
			count += has_word(line, wanted);
	return count;
}

static void each_kind_of_entry_has_one_heading_with_its_number_and_name(void **state)
{
	static const struct {
		unsigned number;
		const char *name;
	} kinds[] = {
#define KIND_AS_PAIR(number, name, made) {number, #name},
	    KIND_LIST(KIND_AS_PAIR)
#undef KIND_AS_PAIR
	};
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		unsigned count = headings_of(kinds[i].number, kinds[i].name);
		if (count != 1)
			fail_msg("the format has %u headings \"### %u %s\", not one", count,
			    kinds[i].number, kinds[i].name);
	}
}

static void a_kind_that_is_not_there_has_no_heading(void **state)
{
	(void)state;
	assert_int_equal(headings_of(3, "claim"), 0);
	assert_int_equal(headings_of(30, "clai"), 0);
	assert_int_equal(headings_of(0, "claim"), 0);
	assert_int_equal(headings_of(999, "nothing"), 0);
}

/* --- tables ------------------------------------------------------------------------------------------------ */

static void each_table_of_the_ledger_is_a_row_of_store_and_tables(void **state)
{
	size_t count;
	const struct store_table *tables = ledger_tables(&count);
	struct part part = section("Store and tables");
	char rest[LINE_MAX_BYTES];
	(void)state;
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		row_find(part, tables[i].name, rest);
		if (!rest[0])
			fail_msg("the ledger's table %s is not described", tables[i].name);
	}
}

/* TABLE_STAY_PERSON for "stay_person". */
static void constant_of(const char *name, char out[64])
{
	int size = snprintf(out, 64, "`TABLE_%s`", name);
	assert_true(size > 0 && size < 64);
	for (char *at = out; *at; at++)
		if ('a' <= *at && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
}

static void each_table_of_the_settlement_is_told_where_the_list_of_tables_says(void **state)
{
	size_t count;
	const struct store_table *tables = settlement_tables(&count);
	struct part list = section("Tables");
	char rest[LINE_MAX_BYTES], name[64];
	(void)state;
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		row_find(list, tables[i].name, rest);
		if (!rest[0])
			fail_msg("table %s is not in the list \"Tables\"", tables[i].name);
		rest[strcspn(rest, ":|")] = '\0';
		for (size_t size = strlen(rest); size && rest[size - 1] == ' ';)
			rest[--size] = '\0';
		constant_of(tables[i].name, name);
		if (!part_has(section(rest), name))
			fail_msg("section \"%s\" does not tell of %s", rest, name);
	}
}

/* --- documents, reasons, errors ---------------------------------------------------------------------------- */

static char *read_source(const char *name)
{
	char path[1024];
	snprintf(path, sizeof(path), "%s/%s", SOURCE_DIR, name);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	char *text = malloc(TEXT_MAX);
	assert_non_null(text);
	size_t size = fread(text, 1, TEXT_MAX - 1, file);
	assert_true(feof(file));
	text[size] = '\0';
	fclose(file);
	return text;
}

/* The names that the program admits stand in a table of settlement.c: {"name", KIND_...}. */
static void each_document_that_is_admitted_is_a_row_of_documents(void **state)
{
	char *source = read_source("settlement/settlement.c");
	struct part part = section("Documents");
	char name[64], kind[64], rest[LINE_MAX_BYTES];
	size_t count = 0;
	(void)state;
	for (const char *at = source; (at = strstr(at, "{\"")); at++) {
		if (sscanf(at, "{\"%63[a-z_]\", KIND_%63[a-z_]}", name, kind) != 2)
			continue;
		count++;
		row_find(part, name, rest);
		if (!rest[0] || !has_word(rest, kind))
			fail_msg("document %s, which becomes %s, is not in \"Documents\": %s", name,
			    kind, rest);
	}
	free(source);
	assert_true(count >= 23);
	row_find(part, "order", rest);
	assert_true(rest[0]);
	row_find(part, "sheet", rest);
	assert_true(has_word(rest, "claim") && has_word(rest, "claim_forward"));
}

static void each_reason_stands_beside_its_number(void **state)
{
	struct part part = section("Reasons");
	char cell[64];
	(void)state;
	for (unsigned number = 0; number < 256; number++) {
		if (!reason_name(number))
			continue;
		char line[LINE_MAX_BYTES];
		struct part left = part;
		bool found = false;
		snprintf(cell, sizeof(cell), "| %u | ", number);
		while (!found && next_line(&left.at, left.end, line)) {
			const char *at = strstr(line, cell);
			const char *chinese = at ? strstr(at, reason_chinese(number)) : NULL;
			const char *stop = at ? strchr(at + strlen(cell), '|') : NULL;
			found = chinese && stop && chinese < stop;
		}
		if (!found)
			fail_msg("reason %u, %s, is not told", number, reason_chinese(number));
	}
}

static void each_error_that_a_refusal_can_name_is_told(void **state)
{
	struct part part = section("Messages");
	char name[64];
	(void)state;
	for (unsigned error = ERROR_NONE + 1; error < ERROR_COUNT; error++) {
		snprintf(name, sizeof(name), "`%s`", error_name((enum error)error));
		if (!part_has(part, name))
			fail_msg("the error name %s is not told", name);
	}
}

/* --- the source's references ------------------------------------------------------------------------------- */

static bool heading_exists(const char *title)
{
	char heading[LINE_MAX_BYTES];
	struct part unused;
	snprintf(heading, sizeof(heading), "\n### %s\n", title);
	return section_find(title, &unused) || strstr(page, heading);
}

static size_t check_references(const char *folder, const char *name)
{
	static const char mark[] = "docs/format.md, \"";
	char path[1024], title[64];
	size_t count = 0;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	char *text = read_source(path);
	for (const char *at = text; (at = strstr(at, mark)); at++) {
		if (sscanf(at + strlen(mark), "%63[^\"]", title) != 1)
			continue;
		count++;
		if (!heading_exists(title))
			fail_msg(
			    "%s names the section \"%s\", which the format has not", path, title);
	}
	free(text);
	return count;
}

static void each_section_that_the_source_names_is_there(void **state)
{
	static const char *const folders[] = {
	    "ledger", "config", "settlement", "net", "tools/suiren"};
	size_t count = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[1024];
		snprintf(path, sizeof(path), "%s/%s", SOURCE_DIR, folders[i]);
		DIR *directory = opendir(path);
		assert_non_null(directory);
		for (struct dirent *entry; (entry = readdir(directory));) {
			size_t size = strlen(entry->d_name);
			bool is_source =
			    size > 2 && (strcmp(entry->d_name + size - 2, ".c") == 0 ||
					    strcmp(entry->d_name + size - 2, ".h") == 0);
			if (is_source)
				count += check_references(folders[i], entry->d_name);
		}
		closedir(directory);
	}
	assert_true(count >= 20);
}

/* --- examples ---------------------------------------------------------------------------------------------- */

/* Is `bytes` printed in the part, as hexadecimal digits over any number of lines? */
static bool is_printed(struct part part, struct span bytes)
{
	char *digits = malloc((size_t)(part.end - part.at) + 1), *hex = malloc(2 * bytes.size + 1);
	size_t size = 0;
	assert_true(digits && hex);
	for (const char *at = part.at; at < part.end; at++)
		if (*at != '\n')
			digits[size++] = *at;
	digits[size] = '\0';
	hex_write(bytes, hex);
	bool found = strstr(digits, hex) != NULL;
	free(digits);
	free(hex);
	return found;
}

static struct secret_key example_key(void)
{
	static const char digits[] =
	    "adf035dcbf7626f0244d308743985bd44ce9375ece9f54f9880a85b8ef090309";
	struct secret_key key;
	struct hash seed;
	for (size_t i = 0; i < HASH_SIZE; i++) {
		unsigned byte;
		assert_int_equal(sscanf(digits + 2 * i, "%2x", &byte), 1);
		seed.bytes[i] = (uint8_t)byte;
	}
	assert_int_equal(key_library_init(), ERROR_NONE);
	key_from_seed(&seed, &key);
	return key;
}

/* The printed bytes were made by hand, from the text, with libsodium alone; here the program makes them. */
static void the_example_of_an_order_is_what_the_program_signs(void **state)
{
	struct buffer line = {0}, document = {0};
	struct secret_key key = example_key();
	struct hash secret, content;
	(void)state;
	for (unsigned i = 0; i < HASH_SIZE; i++)
		secret.bytes[i] = (uint8_t)i;
	codec_put_array(&line, 2);
	codec_put_uint(&line, 1);
	codec_put_text(&line, span_text("fund/a/available"));
	content = hash_sha256(buffer_span(&line));
	assert_int_equal(
	    order_sign(&document, &key, 510100, KIND_account_flags, span_text("freeze-1"),
		(struct span){NULL, 0}, 0, &content, &secret, buffer_span(&line), 1),
	    ERROR_NONE);
	assert_true(is_printed(section("Orders"), buffer_span(&line)));
	assert_true(is_printed(section("Orders"), buffer_span(&document)));
	assert_false(is_printed(section("Messages"), buffer_span(&document)));
	buffer_free(&line);
	buffer_free(&document);
}

static void the_example_of_a_message_is_what_the_program_signs(void **state)
{
	static const uint64_t head[] = {1, 500000, 510100, 1, 0};
	struct buffer payload = {0}, document = {0};
	struct secret_key key = example_key();
	(void)state;
	codec_put_array(&payload, 6);
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		codec_put_uint(&payload, head[i]);
	codec_put_array(&payload, 1);
	codec_put_array(&payload, 2);
	codec_put_uint(&payload, 17);
	codec_put_uint(&payload, 300);
	document_sign(&document, "acknowledged", &key, buffer_span(&payload));
	assert_int_equal(document.failed, ERROR_NONE);
	assert_true(is_printed(section("Messages"), buffer_span(&document)));
	buffer_free(&payload);
	buffer_free(&document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_kind_of_entry_has_one_heading_with_its_number_and_name),
	    cmocka_unit_test(a_kind_that_is_not_there_has_no_heading),
	    cmocka_unit_test(each_table_of_the_ledger_is_a_row_of_store_and_tables),
	    cmocka_unit_test(each_table_of_the_settlement_is_told_where_the_list_of_tables_says),
	    cmocka_unit_test(each_document_that_is_admitted_is_a_row_of_documents),
	    cmocka_unit_test(each_reason_stands_beside_its_number),
	    cmocka_unit_test(each_error_that_a_refusal_can_name_is_told),
	    cmocka_unit_test(each_section_that_the_source_names_is_there),
	    cmocka_unit_test(the_example_of_an_order_is_what_the_program_signs),
	    cmocka_unit_test(the_example_of_a_message_is_what_the_program_signs),
	};
	return cmocka_run_group_tests(tests, read_page, free_page);
}
