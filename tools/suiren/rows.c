#include "rows.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "reason.h"
#include "tool_limits.h"

/* --- rows and texts ---------------------------------------------------------------------------------------- */

#define TEXTS_BLOCK (64u << 10)

struct rows_texts {
	struct rows_texts *next;
	size_t used, size;
	char bytes[];
};

void rows_free(struct rows *rows)
{
	while (rows->texts) {
		struct rows_texts *block = rows->texts;
		rows->texts = block->next;
		explicit_bzero(block->bytes, block->used);
		free(block);
	}
	if (rows->content.data)
		explicit_bzero(rows->content.data, rows->content.size);
	buffer_free(&rows->content);
	buffer_free(&rows->lines);
	buffer_free(&rows->entries);
	buffer_free(&rows->refused);
	rows->count = 0;
}

const char *rows_text(struct rows *rows, struct span text)
{
	struct rows_texts *block = rows->texts;
	if (!block || block->size - block->used <= text.size) {
		size_t size = text.size < TEXTS_BLOCK ? TEXTS_BLOCK : text.size + 1;
		block = malloc(sizeof(*block) + size);
		if (!block)
			return NULL;
		*block = (struct rows_texts){.next = rows->texts, .size = size};
		rows->texts = block;
	}
	char *copy = block->bytes + block->used;
	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	block->used += text.size + 1;
	return copy;
}

void *rows_at(const struct rows *rows, uint32_t row)
{
	assert(row < rows->count);
	return rows->content.data + row * rows->kind->row_size;
}

unsigned rows_line(const struct rows *rows, uint32_t row)
{
	unsigned line;
	assert(row < rows->count);
	memcpy(&line, rows->lines.data + row * sizeof(line), sizeof(line));
	return line;
}

bool rows_add(struct rows *rows, const void *row, unsigned line)
{
	buffer_append(&rows->content, span_of(row, rows->kind->row_size));
	buffer_append(&rows->lines, span_of(&line, sizeof(line)));
	if (rows->content.failed || rows->lines.failed)
		return false;
	rows->count++;
	return true;
}

/* --- what is wrong ----------------------------------------------------------------------------------------- */

static void note_wrong(struct rows *rows, unsigned line, const char *column, enum error code,
    const char *format, va_list arguments)
{
	char text[ERROR_DETAIL_SIZE];
	int used = column ? snprintf(text, sizeof(text), "%s: ", column) : 0;
	vsnprintf(text + used, sizeof(text) - (size_t)used, format, arguments);
	if (rows->wrong_count < ROWS_TOLD_MAX) {
		const char *copy = rows_text(rows, span_text(text));
		rows->wrong[rows->wrong_count] = (struct rows_wrong_row){
		    line, copy ? code : ERROR_MEMORY, copy ? copy : "out of memory"};
	}
	rows->wrong_count++;
}

bool rows_wrong(struct rows *rows, const struct table_row *row, const char *column, enum error code,
    const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	note_wrong(rows, row->line, column, code, format, arguments);
	va_end(arguments);
	return false;
}

void rows_wrong_at(
    struct rows *rows, uint32_t row, const char *column, enum error code, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	note_wrong(rows, rows_line(rows, row), column, code, format, arguments);
	va_end(arguments);
}

/* --- reading ----------------------------------------------------------------------------------------------- */

static enum error take_row(void *context, const struct table_row *row, struct error_detail *detail)
{
	struct rows *rows = context;
	uint64_t bytes[64] = {0};
	assert(rows->kind->row_size <= sizeof(bytes));
	if (!rows->kind->take(rows, row, bytes))
		return ERROR_NONE; /* the others are looked at too */
	if (!rows_add(rows, bytes, row->line))
		return error_set(
		    detail, ERROR_MEMORY, "%s: %s", rows->file, error_text(ERROR_MEMORY));
	return ERROR_NONE;
}

int rows_read(struct rows *rows)
{
	struct buffer content = {0};
	struct error_detail detail = {""};
	enum error error = cli_read_file(rows->file, TABLE_FILE_MAX, &content, &detail);
	if (!error)
		error = table_read(rows->file, buffer_span(&content), rows->kind->columns,
		    rows->kind->column_count, take_row, rows, &detail);
	if (content.data)
		explicit_bzero(content.data, content.size);
	buffer_free(&content);
	if (error)
		return cli_fail(rows->cli, error, &detail, rows->file);
	if (rows->count == 0 && rows->wrong_count == 0)
		return cli_refuse(rows->cli, ERROR_MALFORMED,
		    "%s: no rows below the names of the columns 没有数据行", rows->file);
	return CLI_DONE;
}

/* --- booking ----------------------------------------------------------------------------------------------- */

struct refusals {
	const struct rows *rows;
	uint32_t first;
	struct buffer *out; /* struct rows_refused_row */
};

static void visit_verdict(void *context, uint32_t row, unsigned reason, bool has_day, int32_t day)
{
	struct refusals *refusals = context;
	const struct rows *rows = refusals->rows;
	if (reason == REASON_approved || reason == REASON_registered ||
	    reason == REASON_pending_home || (reason == REASON_erased && rows->kind->erases))
		return;
	const struct rows_refused_row refused = {refusals->first + row, reason, has_day, day};
	if (refused.row < rows->count)
		buffer_append(refusals->out, span_of(&refused, sizeof(refused)));
}

static struct rows_refused_row refused_at(const struct buffer *refused, uint32_t i)
{
	struct rows_refused_row row;
	memcpy(&row, refused->data + i * sizeof(row), sizeof(row));
	return row;
}

/* The answer tells "line 3: ..." or "row 3: ..." of the order; people need the line of their file. */
static int tell_failure(
    const struct rows *rows, uint32_t first, enum error error, const struct answer *answer)
{
	unsigned number = 0;
	int used = 0;
	const char *text = answer->detail.text;
	if ((sscanf(text, "line %u: %n", &number, &used) != 1 || used == 0) &&
	    (sscanf(text, "row %u: %n", &number, &used) != 1 || used == 0))
		number = 0;
	if (number > 0 && first + number <= rows->count && rows_line(rows, first + number - 1) > 0)
		cli_refuse(rows->cli, error, "%s:%u: %s", rows->file,
		    rows_line(rows, first + number - 1), text + used);
	else
		cli_fail(rows->cli, error, &answer->detail, rows->file);
	if (first > 0)
		fprintf(stderr,
		    "suiren: the rows before line %u are booked; give the same file again to go "
		    "on\n",
		    rows_line(rows, first));
	return cli_status_of(error);
}

/* Book rows of `part` (all rows, or those that come again) and find what was refused: numbers of rows in `part`. */
static int book_once(struct rows *rows, struct rows *part, struct node *node, uint32_t first,
    uint32_t count, uint64_t after, const struct secret_key *key, struct rows_entry *entry,
    struct buffer *refused)
{
	struct answer answer = {0};
	struct refusals refusals = {part, first, refused};
	enum error error = part->kind->order(part, node, first, count, after, key, &answer);
	if (answer.error && answer.error != ERROR_REPEAT)
		error = answer.error;
	if (error && error != ERROR_REPEAT)
		return tell_failure(part, first, error, &answer);
	*entry = (struct rows_entry){answer.sequence, count, answer.error == ERROR_REPEAT};
	buffer_append(&rows->entries, span_of(entry, sizeof(*entry)));
	error = entry->repeat && rows->kind->repeats_elsewhere
		    ? ERROR_NONE
		    : import_verdicts(node, answer.sequence, visit_verdict, &refusals);
	if (!error)
		error = rows->entries.failed ? rows->entries.failed : refused->failed;
	return error ? cli_fail(rows->cli, error, NULL, rows->file) : CLI_DONE;
}

/* The rows that were refused, as rows of their own. False for want of memory. */
static bool refused_part(const struct rows *rows, const struct buffer *refused, struct rows *part)
{
	*part = (struct rows){.cli = rows->cli, .kind = rows->kind, .file = rows->file};
	for (uint32_t i = 0; i * sizeof(struct rows_refused_row) < refused->size; i++) {
		uint32_t row = refused_at(refused, i).row;
		if (!rows_add(part, rows_at(rows, row), rows_line(rows, row)))
			return false;
	}
	return true;
}

/* The refused rows came again, and `again` tells which of them, by number among themselves, are refused still: leave those. */
static void refused_still(struct buffer *refused, const struct buffer *again)
{
	uint32_t left = 0;
	for (uint32_t i = 0; i * sizeof(struct rows_refused_row) < again->size; i++, left++) {
		struct rows_refused_row row = refused_at(again, i);
		assert(row.row >= left); /* ascending: nothing is overwritten that is still read */
		row.row = refused_at(refused, row.row).row;
		memcpy(refused->data + left * sizeof(row), &row, sizeof(row));
	}
	refused->size = left * sizeof(struct rows_refused_row);
}

static int book_again(struct rows *rows, struct node *node, const struct secret_key *key,
    struct rows_entry *entry, struct buffer *refused)
{
	struct rows part;
	struct buffer again = {0};
	int status = CLI_DONE;
	if (refused_part(rows, refused, &part))
		status = book_once(
		    rows, &part, node, 0, part.count, entry->sequence, key, entry, &again);
	else
		status = cli_fail(rows->cli, ERROR_MEMORY, NULL, rows->file);
	if (!status)
		refused_still(refused, &again);
	rows_free(&part);
	buffer_free(&again);
	return status;
}

static int book_part(struct rows *rows, struct node *node, uint32_t first, uint32_t count,
    const struct secret_key *key)
{
	struct buffer refused = {0};
	struct rows_entry entry;
	int status = book_once(rows, rows, node, first, count, 0, key, &entry, &refused);
	for (int i = 0;
	     !status && rows->again && entry.repeat && refused.size > 0 && i < ORDERS_AGAIN_MAX;
	     i++)
		status = book_again(rows, node, key, &entry, &refused);
	buffer_append(&rows->refused, buffer_span(&refused));
	buffer_free(&refused);
	if (!status && rows->refused.failed)
		status = cli_fail(rows->cli, rows->refused.failed, NULL, rows->file);
	return status;
}

int rows_book(struct rows *rows, struct node *node, const struct secret_key *key)
{
	struct progress progress = {.what = "rows"};
	int status = CLI_DONE;
	enum error error = ERROR_NONE;
	if (rows->kind->check)
		error = rows->kind->check(rows, node);
	if (error)
		return cli_fail(rows->cli, error, NULL, rows->file);
	if (rows->wrong_count > 0)
		return rows_tell_wrong(rows);
	for (uint32_t first = 0; !rows->cli->dry_run && !status && first < rows->count;) {
		uint32_t left = rows->count - first;
		uint32_t count = left < IMPORT_ROWS_MAX ? left : IMPORT_ROWS_MAX;
		progress_step(&progress, first, rows->count);
		status = book_part(rows, node, first, count, key);
		first += count;
	}
	progress_end(&progress);
	return status ? status : rows_tell_result(rows);
}

/* --- the whole command ------------------------------------------------------------------------------------- */

int rows_run(struct rows *rows, struct cli *cli, const char *directory, const char *key_file)
{
	struct secret_key key = {0};
	struct error_detail detail = {""};
	int status = CLI_DONE;
	enum error error =
	    key_file ? key_file_read(key_file, "officer", &key, NULL, &detail) : ERROR_NONE;
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	struct node *node = cli_open(cli, directory, cli->dry_run, &status);
	if (node)
		status = rows_book(rows, node, key_file ? &key : NULL);
	key_wipe(&key);
	node_close(node);
	return status;
}

int rows_command(struct cli *cli, int argc, char **argv, const struct rows_kind *kind)
{
	const char *key_file = NULL;
	bool again = false;
	const struct cli_option options[] = {
	    {"officer-key", &key_file, NULL}, {"again", NULL, &again}, {NULL, NULL, NULL}};
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0)
		return CLI_USAGE;
	struct rows rows = {.cli = cli, .kind = kind, .file = argv[1], .again = again};
	int status = rows_read(&rows);
	if (!status)
		status = rows_run(&rows, cli, argv[0], key_file);
	rows_free(&rows);
	return status;
}
