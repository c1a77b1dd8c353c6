/* dispute_view.h: disputes as they are shown, by `dispute list` and `window show`: one line or JSON object each, the same at both cities. */
#ifndef SUIREN_DISPUTE_VIEW_H
#define SUIREN_DISPUTE_VIEW_H

#include "dispute.h"
#include "output.h"

void dispute_heads(void);
void dispute_line(const struct dispute *dispute);
yyjson_mut_val *dispute_json(yyjson_mut_doc *doc, const struct dispute *dispute);

#endif
