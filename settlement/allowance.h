/* allowance.h: monthly allowances paid to a person's own card (高龄津贴 and what else accrues by the month). A run (发放批次) has a name; it is booked in
 * parts of at most ALLOWANCE_PART_MAX persons, each an entry ordered by [month, programme code, run, part, first person]. A person
 * is paid once for a programme and month, whatever runs there are. Not thread-safe: belongs to the transaction. */
#ifndef SUIREN_ALLOWANCE_H
#define SUIREN_ALLOWANCE_H

#include "settlement_limits.h"
#include "decision.h"
#include "policy.h"
#include "verdict.h"

/* A booked part. The order of the next one names `next_person`; `last` tells that there is no more. */
struct allowance_part {
	uint32_t month, part;
	uint64_t sequence, next_person;
	uint32_t count;
	bool last;
	int64_t total_fen;
	char programme[PROGRAMME_CODE_SIZE];
};

/* Lower-case letters, digits, '-', '_' and '.': it is part of account names. */
bool run_name_valid(const char *run);
/* The order's parameters. */
void allowance_parameters_write(struct buffer *out, uint32_t month, const char *programme,
    const char *run, uint32_t part, uint64_t first_person);
#define ALLOWANCE_PARAMETERS 5

/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error allowance_part_get(
    struct txn *txn, const char *run, uint32_t part, struct allowance_part *out);
/* All parts of all runs in order of run and part. */
typedef bool allowance_part_visit(
    void *context, const char *run, const struct allowance_part *part);
MUST_CHECK enum error allowance_parts_each(
    struct txn *txn, allowance_part_visit *visit, void *context);
/* Is a person paid for a programme and month already, by whatever run? */
MUST_CHECK enum error allowance_paid(
    struct txn *txn, uint32_t tag, uint32_t month, uint64_t person, bool *paid);

/* Is anybody paid for a programme and month? */
MUST_CHECK enum error allowance_month_paid(
    struct txn *txn, uint32_t tag, uint32_t month, bool *paid);

/* A line of a part. */
struct allowance_line {
	uint32_t month;
	char programme[PROGRAMME_CODE_SIZE], run[RUN_NAME_MAX + 1];
	uint64_t person;
	struct verdict verdict;
};
/* Fails with: ERROR_NOT_FOUND (no such line, or the last one, which pays nobody), ERROR_CORRUPT. */
MUST_CHECK enum error allowance_line_read(
    const struct entry *entry, uint32_t line, struct allowance_line *out);
/* The line `number` of entry `sequence` is taken back: the person may be paid for the month anew, and what counted against the caps of
 * the programme, as it was then, is free. Only while an entry is applied. */
MUST_CHECK enum error allowance_forget(struct settlement *settlement, struct txn *txn,
    const struct allowance_line *line, const struct programme *programme, uint64_t sequence,
    uint32_t number);
/* Everybody whom a run pays and from whom it was not taken back, in order of code from `from` on, with the amount (above 0). */
typedef bool allowance_visit(void *context, uint64_t person, int64_t amount_fen);
MUST_CHECK enum error allowance_each(
    struct txn *txn, const char *run, uint64_t from, allowance_visit *visit, void *context);

#endif
