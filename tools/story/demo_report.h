/* demo_report.h: what the demo's cities did, out of their books, for a finance officer: in Chinese and English. */
#ifndef SUIREN_DEMO_REPORT_H
#define SUIREN_DEMO_REPORT_H

#include "cli.h"
#include "demo_live.h"

/* Print the report, or one JSON document. Fails with: ERROR_NOT_VERIFIED (not everything was settled; told in live->detail),
 * ERROR_MEMORY, and the store's. */
MUST_CHECK enum error demo_report(
    const struct cli *cli, struct demo_live *live, uint32_t first_month, unsigned months);

#endif
