/* table.h: tables (CSV) as cities and institutions have them: UTF-8 with or without BOM, or GB 18030 (what Excel in China
 * writes); read with libcsv and iconv. The first row has the names of the columns, in any order. Every error names file, line
 * and column. It knows nothing of what the columns mean. Thread-safe: no state. */
#ifndef SUIREN_TABLE_H
#define SUIREN_TABLE_H

#include "tool_limits.h"
#include "bytes.h"

struct table_row {
	const char *file;
	unsigned line;             /* of the file, from 1: where the row begins */
	const struct span *fields; /* in the order of the wanted columns; empty span: empty or
				      absent optional column */
};

struct table_column {
	const char *name;  /* "person_code" */
	const char *alias; /* its Chinese name, taken too; may be NULL */
	bool required;     /* the column must be there; its fields may be empty all the same */
};

/* Called for each data row; the fields are borrowed for the call, UTF-8 without control characters but line breaks and tabs.
 * Returning an error stops the reading and is returned. */
typedef enum error table_visit(
    void *context, const struct table_row *row, struct error_detail *detail);
/* `file` is the name for messages, `content` its bytes. Rows before the one that is wrong have been visited. Fails with:
 * ERROR_ENCODING (neither UTF-8 nor GB 18030, or cut off within a character), ERROR_MALFORMED (empty; column missing,
 * unknown or double; wrong number of fields; a quote that is not closed; control characters), ERROR_TOO_LARGE,
 * ERROR_MEMORY, or what `visit` returns. */
MUST_CHECK enum error table_read(const char *file, struct span content,
    const struct table_column *columns, size_t column_count, table_visit *visit, void *context,
    struct error_detail *detail);
/* Set "file:line: column: text" as detail and return `code`; `column` may be NULL. */
enum error table_error(const struct table_row *row, const char *column, enum error code,
    struct error_detail *detail, const char *format, ...) PRINTF_LIKE(5, 6);

#endif
