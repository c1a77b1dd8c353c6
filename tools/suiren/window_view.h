/* window_view.h: how windows and clearings are shown: a line for people, in Chinese and English, and JSON. */
#ifndef SUIREN_WINDOW_VIEW_H
#define SUIREN_WINDOW_VIEW_H

#include "clearing.h"
#include "output.h"
#include "window.h"

/* Column heads, and one line a window. */
void window_heads(void);
void window_line(const struct window_row *window);
/* The object of one window, for the caller to put into the document. */
yyjson_mut_val *window_json(yyjson_mut_doc *doc, const struct window_row *window);

void clearing_heads(void);
void clearing_line(const struct clearing_row *clearing);
/* Who pays whom what by when, one line a payment. */
void clearing_payment_lines(const struct clearing_row *clearing);
yyjson_mut_val *clearing_json(yyjson_mut_doc *doc, const struct clearing_row *clearing);

#endif
