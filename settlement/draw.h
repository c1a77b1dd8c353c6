/* draw.h: the host draws on the reserve (预付金): a clearing that its home has not paid by the due day is paid out of what the host holds for
 * it; a signed document tells the home. If home refuses that, the draw is taken back. Kinds `draw`, at the host, and `draw_notice`, at home. docs/format.md, "Prefund". */
#ifndef SUIREN_DRAW_H
#define SUIREN_DRAW_H

#include "decision.h"
#include "store.h"

/* Order parameters of kind `draw`: [month, home]. */
#define DRAW_PARAMETERS 2
void draw_parameters_write(struct buffer *out, uint32_t month, uint32_t home);

/* Home has refused what entry `sequence` of ours has sent it: if that was a draw, it is taken back, by the transfers of this decision; *was
 * tells. Called by refused_decide. */
MUST_CHECK enum error draw_refused_decide(struct settlement *settlement, struct txn *txn,
    uint64_t sequence, struct decision *decision, bool *was);
/* ... and the clearing is owed again, unless home's own payment has come in meanwhile. Called by refused_apply. */
MUST_CHECK enum error draw_refused(
    struct settlement *settlement, struct txn *txn, uint64_t sequence);

#endif
