/* further.h: lines that are held for want of a reserve (预付金) are decided again by themselves: after each command that can have made room
 * for them, in as many entries as it takes. docs/settlement.md, "Prefund". Thread-safe as node_submit is. */
#ifndef SUIREN_NET_FURTHER_H
#define SUIREN_NET_FURTHER_H

#include "node.h"

/* Can the command that this document is have made room: what a bank or another city says of payments, or a new catalogue? */
bool further_is_due(struct span document);
/* Order held lines to be decided again, city by city, as long as there is room for the first of each. *entries counts what was booked. Fails
 * as node_submit. */
MUST_CHECK enum error further_run(struct node *node, uint32_t *entries);

#endif
