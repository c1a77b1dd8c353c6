/* demo_report.h: what the demo's cities did, out of their books, for a finance officer: in Chinese and English. */
#ifndef SUIREN_DEMO_REPORT_H
#define SUIREN_DEMO_REPORT_H

#include "cli.h"
#include "sample_model.h"

/* Print the report, or one JSON document. */
MUST_CHECK enum error demo_report(const struct cli *cli, struct node *const nodes[SAMPLE_CITIES],
    uint32_t first_month, unsigned months, const char *directory, struct error_detail *detail);

#endif
