/* claim_view.h: verdicts on claim lines for people, with the arithmetic that they can be checked by, and as JSON. */
#ifndef SUIREN_CLAIM_VIEW_H
#define SUIREN_CLAIM_VIEW_H

#include <yyjson.h>

#include "person.h"
#include "policy.h"
#include "sheet.h"
#include "verdict.h"

/* One line, numbered from 0 as in receipts and reversals. `policy` (the payer's, may be NULL) names programmes and clauses. */
void claim_view_text(uint32_t index, const struct sheet_header *header,
    const struct sheet_line *line, const struct verdict *verdict, const struct policy *policy);
void claim_view_json(yyjson_mut_doc *doc, yyjson_mut_val *array, uint32_t index,
    const struct sheet_header *header, const struct sheet_line *line, const struct verdict *verdict,
    const struct policy *policy);
/* What the city knows of the person on the line's days, by value: for its own dry run only. */
void claim_view_facts(
    const struct sheet_header *header, const struct sheet_line *line, const struct person_row *row);

#endif
