/* claim_appeal.h: `suiren claim appeal`, `claim review` and `claim appeals`: a line is looked at again; and what `claim show` tells of it. */
#ifndef SUIREN_CLAIM_APPEAL_H
#define SUIREN_CLAIM_APPEAL_H

#include <yyjson.h>

#include "claim_state.h"
#include "cli.h"
#include "sheet.h"

int claim_appeal_run(struct cli *cli, int argc, char **argv);
int claim_review_run(struct cli *cli, int argc, char **argv);
int claim_appeals_run(struct cli *cli, int argc, char **argv);

/* Beside a line of a booked sheet: its appeal, if there is one, and what came of it; into `object` with `doc`, else in words. */
MUST_CHECK enum error appeal_show(yyjson_mut_doc *doc, yyjson_mut_val *object, struct txn *txn,
    const struct sheet_row *row, const struct sheet_header *header, uint32_t index,
    const struct sheet_line *line);

#endif
