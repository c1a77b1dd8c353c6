/* dispute_order.h: the order by which the payer ends disputes. Pure. docs/format.md, "Disputes". */
#ifndef SUIREN_DISPUTE_ORDER_H
#define SUIREN_DISPUTE_ORDER_H

#include "codec.h"
#include "obligation_id.h"

/* End the dispute about `id` in the window of this city and `creditor` with `amount_fen`: what the creditor holds, for it; 0, against it; or between
 * the two. What is given back comes to, and what is paid more is taken from, `fund`; empty: the funds of the line. */
struct dispute_line {
	uint32_t creditor, window;
	struct obligation_id id;
	int64_t amount_fen;
	struct span fund, grounds; /* grounds 1..GROUNDS_MAX bytes */
};
void dispute_line_write(struct buffer *out, const struct dispute_line *line);
/* Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error dispute_line_read(struct span bytes, struct dispute_line *line);

#endif
