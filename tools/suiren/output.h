/* output.h: how the commands of `suiren` write: text for people that cannot carry control characters to a terminal,
 * columns that line up with Chinese names, amounts, times, JSON by way of yyjson, and progress. stdout is the result,
 * stderr is talk. */
#ifndef SUIREN_OUTPUT_H
#define SUIREN_OUTPUT_H

#include <stdio.h>
#include <yyjson.h>

#include "calendar.h"
#include "hash.h"
#include "money.h"

/* Write bytes as text: control characters and what is not UTF-8 become '?'. */
void output_text(FILE *out, struct span text);
/* The columns that a text takes on a terminal: 2 for a Chinese character. */
size_t output_width(struct span text);
/* Text, then spaces up to `width` columns; output_cell_right puts the spaces first. */
void output_cell(FILE *out, const char *text, size_t width);
void output_cell_right(FILE *out, const char *text, size_t width);
void output_hex(FILE *out, struct span bytes);
/* A field of CSV (RFC 4180): quoted only where a reader would stumble. */
void output_csv(FILE *out, struct span text);

/* An amount with its unit's decimals and grouped thousands, without the unit: yuan "1,234.56", minutes "90". */
void output_amount(enum unit unit, int64_t value, char text[AMOUNT_TEXT_SIZE]);

/* JSON members that follow the program's conventions: hashes and keys as lower-case hex, times as RFC 3339 with +08:00,
 * days as 2026-10-31. Texts are copied; what is not UTF-8 is written as hex. A failure for want of memory shows in
 * output_json. */
void json_hex(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct span bytes);
void json_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t time_ms);
void json_day(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int32_t day);
void json_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct span text);
yyjson_mut_val *json_hashes(yyjson_mut_doc *doc, const struct hash *hashes, size_t count);
/* Write the document to stdout, with an end of line, and free it. Returns an enum cli_status. */
int output_json(yyjson_mut_doc *doc, bool pretty);

/* Tell on a terminal's stderr how far long work is; nothing in a pipe, at most five times a second. `total` 0: unknown.
 * Zero-initialise, set `what`; progress_end wipes the line. */
struct progress {
	const char *what;
	int64_t next_ms;
	bool shown;
};
void progress_step(struct progress *progress, uint64_t done, uint64_t total);
void progress_end(struct progress *progress);

#endif
