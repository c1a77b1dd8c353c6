/* rows.h: what the commands of the registers share: a table read whole into checked rows, all that is wrong with it told at
 * once, then booked in orders of at most IMPORT_ROWS_MAX rows, and the rows that the rules refused told by their line in the
 * file. Nothing is booked when any row is wrong in form. What a field may hold: fields.h. Not thread-safe. */
#ifndef SUIREN_ROWS_H
#define SUIREN_ROWS_H

#include "tool_limits.h"
#include "cli.h"
#include "import.h"
#include "table.h"

#include <yyjson.h>

struct rows;

/* Fill `out` (zeroed) from the fields of a row; false after rows_wrong. */
typedef bool rows_take(struct rows *rows, const struct table_row *row, void *out);
/* Check the rows that are right in form against the node, and complete them: rows_wrong_at for what is wrong. An error is one
 * of the world. */
typedef enum error rows_check(struct rows *rows, struct node *node);
/* Book rows first..first+count-1. `after`: the entry that has refused these rows before, or 0 (import.h). `answer` as from
 * node_order. */
typedef enum error rows_order(struct rows *rows, struct node *node, uint32_t first, uint32_t count,
    uint64_t after, const struct secret_key *key, struct answer *answer);
/* Add to the result: to the JSON object, or (object NULL) to stdout. Returns an enum cli_status. */
typedef int rows_result(struct rows *rows, yyjson_mut_doc *doc, yyjson_mut_val *object);

/* How a command reads and books its rows. */
struct rows_kind {
	const struct table_column *columns;
	size_t column_count;
	size_t row_size;
	rows_take *take;
	rows_check *check; /* or NULL */
	rows_order *order;
	rows_result *result;   /* or NULL */
	bool erases;           /* "erased" is what was asked for, not a refusal */
	const char *duplicate; /* what "duplicate" means here; NULL: as for claims */
	unsigned lines_each;   /* rows that check makes of one row of the file; 0: as many */
	/* A repeat names the entry in which the same was said of these persons, with other lines. */
	bool repeats_elsewhere;
};

struct rows_wrong_row {
	unsigned line;
	enum error code;
	const char *text; /* "column: what is wrong" */
};

struct rows_refused_row {
	uint32_t row;
	unsigned reason;
	bool has_day;
	int32_t day;
};

struct rows_entry {
	uint64_t sequence;
	uint32_t rows;
	bool repeat;
};

struct rows {
	const struct cli *cli;
	const struct rows_kind *kind;
	const char *file; /* or, for a row from options, what it is about */
	void *context;    /* the command's own */
	bool again;       /* rows that were refused before are ordered anew */

	uint32_t count;
	struct buffer content, lines; /* row_size bytes, and an unsigned, each */
	struct rows_texts *texts;

	uint32_t wrong_count;
	struct rows_wrong_row wrong[ROWS_TOLD_MAX];
	struct buffer entries, refused; /* struct rows_entry, struct rows_refused_row */
};

/* Zero-initialise, set cli, kind and file. Texts are wiped. */
void rows_free(struct rows *rows);
void *rows_at(const struct rows *rows, uint32_t row);
/* The line of a row in its file; 0 for a row from options. */
unsigned rows_line(const struct rows *rows, uint32_t row);
/* Append a row; false for want of memory. */
bool rows_add(struct rows *rows, const void *row, unsigned line);
/* A terminated copy that lives as long as the rows; NULL for want of memory. */
const char *rows_text(struct rows *rows, struct span text);

/* Note what is wrong with a row, for the list of all that is wrong. Returns false. */
bool rows_wrong(struct rows *rows, const struct table_row *row, const char *column, enum error code,
    const char *format, ...) PRINTF_LIKE(5, 6);
void rows_wrong_at(struct rows *rows, uint32_t row, const char *column, enum error code,
    const char *format, ...) PRINTF_LIKE(5, 6);

/* Read the file into rows. Returns an enum cli_status: an error of the file has been told, wrong rows have not. */
int rows_read(struct rows *rows);
/* Check, book (not with --dry-run) and tell. Returns an enum cli_status. */
int rows_book(struct rows *rows, struct node *node, const struct secret_key *key);

/* All that is wrong: a line each, and with several how many there are. Returns the exit status of the first. */
int rows_tell_wrong(struct rows *rows);
/* What was booked, and each refused row (CLI_NO then). Called by rows_book. */
int rows_tell_result(struct rows *rows);

/* The whole of a command DIR FILE.csv [--again] [--officer-key FILE]. */
int rows_command(struct cli *cli, int argc, char **argv, const struct rows_kind *kind);
/* Open the node, for reading if nothing is to be booked, read the key of --officer-key (NULL: none), book, close. */
int rows_run(struct rows *rows, struct cli *cli, const char *directory, const char *key_file);

#endif
