/* dispatch.h: items for several cities, gathered while the lines of a command are decided and then sent as messages of at most
 * MESSAGE_ITEMS_MAX items, in order of region, items in the order in which they were put. Pure over the transaction. */
#ifndef SUIREN_DISPATCH_H
#define SUIREN_DISPATCH_H

#include "message.h"

struct dispatch_lane {
	uint32_t to;
	struct buffer items;
};

/* Zero-initialise; dispatch_free when done. */
struct dispatch {
	struct dispatch_lane lanes[CITIES_MAX]; /* ascending by region */
	size_t count;
	enum error failed;
};

void dispatch_free(struct dispatch *dispatch);
/* Where the caller writes exactly one more CBOR item for `to`; valid until the next call. NULL after a failure (more than
 * CITIES_MAX receivers), which dispatch_send reports. */
struct buffer *dispatch_item(struct dispatch *dispatch, uint32_t to);
/* Write everything into messages called `name` of the decision, and forget it. Fails with: ERROR_MEMORY, ERROR_TOO_LARGE, and what
 * message_begin fails with (through the decision). */
MUST_CHECK enum error dispatch_send(struct dispatch *dispatch, struct settlement *settlement,
    struct txn *txn, struct decision *decision, const char *name);

#endif
