/* paper.h: what the sheets and statements that are printed share: cities by their names, columns of amounts, hashes on lines of their own,
 * and CSV. Text goes to stdout. */
#ifndef SUIREN_PAPER_H
#define SUIREN_PAPER_H

#include "hash.h"
#include "node_config.h"
#include "output.h"

#define PAPER_LABEL_WIDTH 14
#define PAPER_STATE_WIDTH 16
#define PAPER_AMOUNT_WIDTH 18

/* "500000 重庆市 Chongqing", as far as node.yaml names it. */
void paper_city(const struct node_config *config, uint32_t region);
/* The words that stand before what a head says, in a column of their own. */
void paper_label(const char *label);
/* A line "label  <hex>". */
void paper_hash(const char *label, const struct hash *hash);
void paper_title(const char *text);
void paper_section(const char *text);
/* Cells of a table: two spaces, then the text at the right, or the left. */
void paper_right(const char *text, size_t width);
void paper_left(const char *text, size_t width);
void paper_amount(int64_t fen);
void paper_state(const char *chinese, const char *english);
/* Where the two parties sign. */
void paper_signatures(const struct node_config *config, uint32_t low, uint32_t high);

/* A row of CSV (RFC 4180): each field is written with the comma before it, but the first. */
void csv_first(const char *text);
void csv_text(const char *text);
void csv_code(uint32_t region); /* six digits; 0: empty */
void csv_number(uint64_t number);
void csv_yuan(int64_t fen); /* "1234.56" */
void csv_hash(const struct hash *hash);
void csv_empty(unsigned fields);
void csv_end(void);

#endif
