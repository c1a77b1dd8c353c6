/* prefund.h: the reserve (预付金) that a home city lodges with a host. Here: what has been lodged, what is held, how much a home may owe
 * its host because of it, and reserves that another city has announced and that our bank has not shown yet. It bounds approvals
 * (adjudicate.h) and pays a clearing that is overdue (draw.c). Not thread-safe: belongs to the transaction. Rows: docs/format.md,
 * "Prefund". */
#ifndef SUIREN_PREFUND_H
#define SUIREN_PREFUND_H

#include "payment.h"

/* What a home has approved for a host and not paid yet may come to limit_fen. !is: the policy names no factor, nothing is bounded. */
struct prefund_cap {
	bool is;
	int64_t limit_fen, unpaid_fen;
};

/* Of this city towards a host, as the books stand. Fails with: ERROR_OVERFLOW, and the store's. */
MUST_CHECK enum error prefund_cap_find(
    struct settlement *settlement, struct txn *txn, uint32_t host, struct prefund_cap *cap);
/* Is there room for so much more? */
bool prefund_cap_takes(const struct prefund_cap *cap, int64_t fen);
/* Approvals of `payer` for `host` that are not paid: the positive sums of all windows of that direction but those of clearings in which the
 * payer has nothing to pay or has paid. What was left out of an agreement does not count. */
MUST_CHECK enum error prefund_unpaid(
    struct txn *txn, uint32_t payer, uint32_t host, int64_t *unpaid_fen);
/* What has been lodged with a host and is not drawn; what this city holds for a home. Pending orders do not count; 0 if there is none. */
MUST_CHECK enum error prefund_lodged(struct txn *txn, uint32_t host, int64_t *fen);
MUST_CHECK enum error prefund_held(struct txn *txn, uint32_t home, int64_t *fen);

/* Parameters of a payment order of kind prefund: [7, name, host, amount]. The name has at most PREFUND_NAME_MAX characters and no '<'. */
#define PREFUND_PARAMETERS 4
void prefund_parameters_write(
    struct buffer *out, const char *name, uint32_t host, int64_t amount_fen);
bool prefund_name_valid(const char *name);

/* A reserve that `home` says its bank has paid. Name and EndToEndId are terminated. */
struct prefund_announced {
	uint32_t home, attempt;
	int64_t amount_fen;
	char name[PREFUND_NAME_MAX + 1];
	uint64_t sequence; /* the entry that logged it */
};
/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error prefund_announced_get(
    struct txn *txn, const char *end_to_end, struct prefund_announced *announced);
/* One item of the message prefund_notice. */
void prefund_item_put(
    struct buffer *out, const struct payment *payment, const struct bank_line *line);

#endif
