/* fund.h: appropriations: money comes into a fund (资金渠道), and from the treasury into the float (周转金). An appropriation is known by
 * its reference (文号): the same one is not booked twice. Not thread-safe: belongs to the transaction. */
#ifndef SUIREN_FUND_H
#define SUIREN_FUND_H

#include "accounts.h"
#include "decision.h"
#include "policy.h"

enum appropriation_kind { APPROPRIATION_FUND = 1, APPROPRIATION_FLOAT = 2 };

/* A line of an `appropriation` entry: [kind, fund code or null, amount fen, reference]. The reference is 1..REFERENCE_MAX bytes. */
struct appropriation_line {
	enum appropriation_kind kind;
	char fund[FUND_CODE_SIZE]; /* empty for the float */
	struct amount amount;      /* positive */
	struct span reference;     /* borrowed */
};
void appropriation_line_write(struct buffer *out, const struct appropriation_line *line);
/* Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error appropriation_line_read(struct span item, struct appropriation_line *line);

#endif
