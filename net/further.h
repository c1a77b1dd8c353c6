/* further.h: what follows by itself from money that has come or gone: lines that were held for want of a reserve (预付金) are decided again, in as
 * many entries as it takes, the float (周转金) is filled again with what it has advanced, and what the bank has said
 * that matched nothing then, and matches now, is booked. docs/settlement.md, "Prefund", "Float". Thread-safe as node_submit is. */
#ifndef SUIREN_NET_FURTHER_H
#define SUIREN_NET_FURTHER_H

#include "node.h"

/* Can the command that this document is have made room: what a bank or another city says of payments, or a new catalogue? */
bool further_is_due(struct span document);
/* Order the float to be filled, and held lines to be decided again, city by city, as long as there is room for the first of each. *entries counts what was booked. Fails
 * as node_submit. */
MUST_CHECK enum error further_run(struct node *node, uint32_t *entries);

#endif
