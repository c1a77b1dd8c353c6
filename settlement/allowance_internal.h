/* allowance_internal.h: what the two sources of allowance.h share: the order of a part, rows, and what counts against caps. */
#ifndef SUIREN_ALLOWANCE_INTERNAL_H
#define SUIREN_ALLOWANCE_INTERNAL_H

#include "allowance.h"
#include "settlement_internal.h"

/* A run's rows: name, filled with zeros, then the part. Paid: tag BE32 || month BE32 || person BE64 -> entry BE64, line BE32. */
#define RUN_KEY_SIZE (RUN_NAME_MAX + 4)
#define PAID_KEY_SIZE 16

struct run_row {
	uint64_t sequence, next_person;
	int64_t total_fen;
	uint32_t month, count;
	uint32_t part, last;
	char programme[PROGRAMME_CODE_SIZE];
};
_Static_assert(sizeof(struct run_row) == 40 + PROGRAMME_CODE_SIZE, "no padding");
/* What an order asks for. */
struct run_order {
	uint32_t month, part;
	char programme[PROGRAMME_CODE_SIZE], run[RUN_NAME_MAX + 1];
	uint64_t first_person;
};
/* Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error allowance_order_read(struct span document, struct run_order *out);
void allowance_run_key(uint8_t key[RUN_KEY_SIZE], const char *run, uint32_t part);
void allowance_paid_key(uint8_t key[PAID_KEY_SIZE], uint32_t tag, uint32_t month, uint64_t person);

/* What claims have used up counts for runs too: their workspace is begun as if for a sheet of no institution. */
MUST_CHECK enum error allowance_workspace(
    struct settlement *settlement, struct txn *txn, uint32_t month);
/* Count what a line uses up; when it is decided, applied, or (negative) taken back. */
void allowance_take_caps(
    struct claim_state *state, const struct programme *programme, uint64_t person, int64_t fen);

#endif
