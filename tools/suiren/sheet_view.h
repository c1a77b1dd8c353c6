/* sheet_view.h: a settlement sheet (清算单) of a pair of cities as it is printed and signed, as JSON, and as rows of CSV. */
#ifndef SUIREN_SHEET_VIEW_H
#define SUIREN_SHEET_VIEW_H

#include "clearing_sheet.h"
#include "paper.h"

void sheet_text(const struct node_config *config, const struct clearing_sheet *sheet);
yyjson_mut_val *sheet_json(yyjson_mut_doc *doc, const struct clearing_sheet *sheet);
/* One head for all sheets; one row for each window, subtotal, payment, and what is not in it. */
void sheet_csv_head(void);
void sheet_csv(const struct clearing_sheet *sheet);

/* What both have signed of an agreed window: the same at both cities. */
yyjson_mut_val *agreement_json(yyjson_mut_doc *doc, const struct window_row *window);
/* Reference and day of a bank's word on a payment, under these keys; null where nothing was said. */
void json_bank_word(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *reference,
    const char *day, const struct bank_line *word);

#endif
