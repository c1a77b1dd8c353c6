/* fields.h: fields of tables into values, for the commands of the registers: each tells what is wrong with the row (rows_wrong),
 * names the column, and returns false then. `column` is an index into the columns of the rows' kind. Not thread-safe. */
#ifndef SUIREN_FIELDS_H
#define SUIREN_FIELDS_H

#include "rows.h"

/* The names of a column's values, ended by a NULL name; the alias (Chinese) is taken too. */
struct field_word {
	const char *name, *alias;
	uint32_t value;
};

static inline bool field_empty(const struct table_row *row, size_t column)
{
	return row->fields[column].size == 0;
}

/* Tell that the field is needed; returns false. */
bool field_missing(struct rows *rows, const struct table_row *row, size_t column);
/* UTF-8 without line breaks, at most `max` bytes; `least` 0 lets it be empty. Copied into the rows. */
bool field_text(struct rows *rows, const struct table_row *row, size_t column, size_t least,
    size_t max, const char **text);
/* A person's code of 16 digits. */
bool field_person(struct rows *rows, const struct table_row *row, size_t column, uint64_t *code);
/* A unified social credit code of 18 characters; not terminated. */
bool field_uscc(
    struct rows *rows, const struct table_row *row, size_t column, char uscc[USCC_SIZE]);
/* 2026-10-31, also 2026/10/31 and 20261031 as Excel writes them. */
bool field_day(struct rows *rows, const struct table_row *row, size_t column, int32_t *day);
/* Empty: DAY_NEVER. */
bool field_day_or_never(
    struct rows *rows, const struct table_row *row, size_t column, int32_t *day);
/* Both, until not before from. `open_end`: until may be empty. */
bool field_period(struct rows *rows, const struct table_row *row, size_t from_column,
    size_t until_column, bool open_end, int32_t *from_day, int32_t *until_day);
/* A decimal number; empty: `otherwise`. */
bool field_number(struct rows *rows, const struct table_row *row, size_t column, uint32_t max,
    uint32_t otherwise, uint32_t *value);
/* A region of six digits; empty: 0. */
bool field_region(struct rows *rows, const struct table_row *row, size_t column, uint32_t *region);
/* `size` bytes of lower-case or upper-case hex. */
bool field_hex(
    struct rows *rows, const struct table_row *row, size_t column, uint8_t *bytes, size_t size);
/* One of the words. */
bool field_word(struct rows *rows, const struct table_row *row, size_t column,
    const struct field_word *words, uint32_t *value);
/* Several of the words between ';' (or ；、), or'ed; empty: 0. */
bool field_words(struct rows *rows, const struct table_row *row, size_t column,
    const struct field_word *words, uint32_t *values);

/* A bank account's or card's number: at most `max` digits, letters and '-'; empty is right. A CNAPS code: 12 digits; empty is
 * right. */
bool field_account(struct rows *rows, const struct table_row *row, size_t column, size_t max,
    const char **account);
bool field_bank(struct rows *rows, const struct table_row *row, size_t column, const char **bank);

/* Why a person's code or a credit code is wrong, for options and fields alike. */
const char *person_code_fault(enum error error);
const char *uscc_fault(enum error error);

#endif
