/* table.h: tables (CSV) as cities and institutions have them: UTF-8 with or without BOM, or GB 18030 (what Excel in China writes); read with
 * libcsv and iconv. First row: column names. Every error names file, line and column. */
#ifndef SUIREN_TABLE_H
#define SUIREN_TABLE_H

#include "bytes.h"

#define TABLE_FILE_MAX (256u << 20)
#define TABLE_COLUMNS_MAX 64
#define TABLE_FIELD_MAX 4096

struct table_row {
	const char *file;
	unsigned line;			/* of the file, from 1 */
	const struct span *fields;	/* in the order of the wanted columns; empty span: empty or absent optional column */
};

struct table_column {
	const char *name; /* "person_code"; Chinese names in `alias` are taken too */
	const char *alias;
	bool required;
};

/* Called for each data row; returning an error stops the reading and is returned. */
typedef enum error table_visit(void *context, const struct table_row *row, struct error_detail *detail);
/* Fails with: ERROR_ENCODING, ERROR_MALFORMED (column missing, unknown or double; wrong number of fields; NUL), ERROR_TOO_LARGE, or what `visit` returns. */
MUST_CHECK enum error table_read(const char *file, struct span content, const struct table_column *columns, size_t column_count,
    table_visit *visit, void *context, struct error_detail *detail);
/* Set "file:line: column: text" as detail and return `code`. */
enum error table_error(const struct table_row *row, const char *column, enum error code, struct error_detail *detail, const char *format, ...) PRINTF_LIKE(5, 6);

#endif
