/* reversal.h: taking back (冲正) lines of claims and of runs that were approved wrongly: negative lines of the payer, each naming the entry and
 * line that it takes back. A correction is a reversal and a new line, never a change in place. */
#ifndef SUIREN_REVERSAL_H
#define SUIREN_REVERSAL_H

#include "settlement_limits.h"
#include "decision.h"

/* Append a line of a `reversal` order: [entry, line, grounds]. Grounds are 1..GROUNDS_MAX bytes. */
void reversal_line_write(struct buffer *out, uint64_t sequence, uint32_t line, struct span grounds);

#endif
