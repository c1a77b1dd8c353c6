/* refusal_internal.h: what the sources of refusals share: each looks for the first thing wrong of one kind. Not for others. */
#ifndef SUIREN_REFUSAL_INTERNAL_H
#define SUIREN_REFUSAL_INTERNAL_H

#include "adjudicate.h"

/* The day is the figure. Always true. */
bool refusal_on_day(struct verdict *verdict, int32_t day);

/* Is something wrong on the days from..until, which are of one version? */
typedef bool span_check(const struct line_case *line, const struct programme_span *span,
    int32_t from, int32_t until, struct verdict *verdict);
/* Calls `wrong` for the days of the line, version by version, until it finds something: then the version is shown. */
bool refusal_any_span(const struct line_case *line, span_check *wrong, struct verdict *verdict);

/* Does the person draw something else on a day of the line that bars it? A failure is the claim state's. */
bool line_excluded(struct line_case *line, struct verdict *verdict);

#endif
