/* statement_view.h: a statement (对账单) of a pair of cities over a month or a year, as it is printed, and as JSON. */
#ifndef SUIREN_STATEMENT_VIEW_H
#define SUIREN_STATEMENT_VIEW_H

#include "pair_statement.h"
#include "paper.h"

void statement_text(const struct node_config *config, const struct pair_statement *statement);
yyjson_mut_val *statement_json(yyjson_mut_doc *doc, const struct pair_statement *statement);

#endif
