/* window.h: the days between two cities: one row for each window of (payer, creditor), at the payer and, as its mirror, at the
 * creditor. This module keeps the rows and their running totals; what is decided about them (cut, statement, agreement) is in
 * window_kinds.c, what becomes of agreements in clearing.h. Not thread-safe: belongs to the transaction. Rows:
 * docs/format.md, "Windows".
 *
 *   OPEN --cut, or the payer's statement--> CUT --agreement--> AGREED
 *                                            \--the mirror differs (creditor only)--> DIFFERS
 *
 * The creditor passes CUT and AGREED in one step: it countersigns what equals its mirror. What has become AGREED is taken
 * by one clearing (cleared_month), once.
 *
 * W1  Once CUT, neither the set of obligations nor its totals change.
 * W2  AGREED on one side implies the same count, sums and digest on the other.
 * W3  Window numbers of a pair count from 1 without gaps; only the last one can be OPEN.
 * W4  Each window is in at most one clearing, and only an AGREED one. */
#ifndef SUIREN_WINDOW_H
#define SUIREN_WINDOW_H

#include "obligation.h"

enum window_state { WINDOW_OPEN = 1, WINDOW_CUT = 2, WINDOW_AGREED = 3, WINDOW_DIFFERS = 4 };

#define WINDOW_LABEL_SIZE 24

struct window_totals {
	uint32_t count;
	int64_t positive_fen, negative_fen; /* the latter is 0 or less */
	struct hash digest;
};

struct obligation_id {
	uint32_t epoch;
	uint64_t sequence;
	uint32_t line;
};

struct window_row {
	uint32_t payer, creditor, number;
	enum window_state state;
	int32_t cut_day;             /* Beijing date of the cut: its label; 0 while open */
	uint32_t ordinal;            /* 1, or 2, 3... for further cuts on one day; 0 while open */
	struct window_totals own;    /* of the obligations kept here */
	struct window_totals stated; /* what the payer's statement says; zeros while open */
	struct obligation_id first, last;
	uint64_t cut_sequence;    /* this node's entry that cut it, or logged the statement */
	uint64_t agreed_sequence; /* this node's entry that agreed or logged the agreement */
	struct hash statement, agreement; /* hashes of the signed documents; zeros before */
	uint32_t cleared_month;           /* yyyymm of the clearing that took it, 0: none */
};

/* positive + negative. */
int64_t window_net(const struct window_totals *totals);
/* The last whole day before the cut. */
int32_t window_day(const struct window_row *window);
/* "2026-10-31", "2026-10-31-2"; "" while open. Returns `text`. */
const char *window_label(const struct window_row *window, char text[WINDOW_LABEL_SIZE]);
bool window_totals_equal(const struct window_totals *a, const struct window_totals *b);
/* "open", "cut", "agreed", "differs"; and the Chinese word. */
const char *window_state_name(enum window_state state);
const char *window_state_chinese(enum window_state state);

/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error window_get(
    struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t number, struct window_row *window);
/* The window with the highest number. Fails with: ERROR_NOT_FOUND (there is none yet). */
MUST_CHECK enum error window_last(
    struct txn *txn, uint32_t payer, uint32_t creditor, struct window_row *window);
/* All windows of a pair in order of number; `visit` returns false to stop. */
typedef bool window_visit(void *context, const struct window_row *window);
MUST_CHECK enum error window_each(
    struct txn *txn, uint32_t payer, uint32_t creditor, window_visit *visit, void *context);
/* The last window of each creditor of `payer`, in order of creditor. */
MUST_CHECK enum error window_each_last(
    struct txn *txn, uint32_t payer, window_visit *visit, void *context);
/* All windows there are, in order of payer, creditor and number. */
MUST_CHECK enum error window_each_of_all(struct txn *txn, window_visit *visit, void *context);
/* Insert or replace a row; only while an entry is applied. */
MUST_CHECK enum error window_put(struct txn *txn, const struct window_row *window);
/* The totals, re-added from the obligations: for audits and tests. */
MUST_CHECK enum error window_recount(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t number, struct window_totals *totals);
/* Is this row one that can exist (W1..W4 as far as one row shows)? */
bool window_is_sound(const struct window_row *window);

#endif
