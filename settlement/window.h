/* window.h: the days between two cities: one row for each window of (payer, creditor), at the payer and, as its mirror, at the
 * creditor. This module keeps the rows and their running totals; what is decided about them (cut, statement, agreement) is in
 * window_kinds.c and window_agreement.c, what becomes of agreements in clearing.h. Not thread-safe: belongs to the transaction. Rows:
 * docs/format.md, "Windows".
 *
 * at the payer      OPEN --cut--> CUT --agreement--> AGREED
 * at the creditor   OPEN --statement, equal--> AGREED
 *                   OPEN --statement, not equal--> DIFFERS <--the rest does not fit-- ASKED
 *                                                     \--difference--> ASKED --the rest, equal--> AGREED
 *
 * The creditor countersigns in the entry that has logged what equals its mirror. Where the statement does not equal it, it finds out what
 * differs (window_exchange.h), says so in a signed difference, round 1; the payer sends again what the creditor lacks and leaves out what
 * they hold differently, or what it has sent again before; the creditor agrees to the rest, or goes on with the next round. What has become
 * AGREED is taken by one clearing (cleared_month), once.
 *
 * W1  Once CUT, neither the set of obligations nor its totals change at the payer. At the creditor they only grow by what it has
 *     asked for, and only while it DIFFERS or has ASKED.
 * W2  AGREED on one side implies on the other the same count, sums and digest of what was agreed, and the same list of what was left
 *     out (dispute.h): stated == agreed + left out, by both signatures.
 * W3  Window numbers of a pair count from 1 without gaps; only the last one can be OPEN.
 * W4  Each window is in at most one clearing, and only an AGREED one, with what was agreed: what was left out is cleared, if at all, as a
 *     new obligation in a later window.
 * W5  No window waits for another: neither for one of the same pair that DIFFERS, nor for the other direction. */
#ifndef SUIREN_WINDOW_H
#define SUIREN_WINDOW_H

#include "obligation.h"

enum window_state {
	WINDOW_OPEN = 1,
	WINDOW_CUT = 2,
	WINDOW_AGREED = 3,
	WINDOW_DIFFERS = 4,
	WINDOW_ASKED = 5,
};

#define WINDOW_LABEL_SIZE 24

struct window_totals {
	uint32_t count;
	int64_t positive_fen, negative_fen; /* the latter is 0 or less */
	struct hash digest;
};

struct window_row {
	uint32_t payer, creditor, number;
	enum window_state state;
	int32_t cut_day;             /* Beijing date of the cut: its label; 0 while open */
	uint32_t ordinal;            /* 1, or 2, 3... for further cuts on one day; 0 while open */
	struct window_totals own;    /* of the obligations kept here */
	struct window_totals stated; /* what the payer's statement says; zeros while open */
	struct window_totals
	    agreed; /* what both have signed; before, at the payer, what it offers; else zeros */
	uint32_t
	    left_out;   /* obligations that are stated (or held by the creditor) and not agreed */
	uint32_t round; /* of reconciling: 0 none */
	struct obligation_id first, last;
	uint64_t cut_sequence;    /* this node's entry that cut it, or logged the statement */
	uint64_t agreed_sequence; /* this node's entry that agreed or logged the agreement */
	struct hash statement, agreement; /* hashes of the signed documents; zeros before */
	struct hash
	    rest; /* of the payer's last offer of the rest; at the creditor, while ASKED, of its difference; else zeros */
	uint32_t cleared_month; /* yyyymm of the clearing that took it, 0: none */
};

/* positive + negative. */
int64_t window_net(const struct window_totals *totals);
/* The last whole day before the cut. */
int32_t window_day(const struct window_row *window);
/* "2026-10-31", "2026-10-31-2"; "" while open. Returns `text`. */
const char *window_label(const struct window_row *window, char text[WINDOW_LABEL_SIZE]);
bool window_totals_equal(const struct window_totals *a, const struct window_totals *b);
/* "open", "cut", "agreed", "differs", "asked"; and the Chinese word. */
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
/* The windows of a pair that differ, in order of number. Costs nothing where none does. */
MUST_CHECK enum error window_each_differing(
    struct txn *txn, uint32_t payer, uint32_t creditor, window_visit *visit, void *context);
/* Insert or replace a row; only while an entry is applied. */
MUST_CHECK enum error window_put(struct txn *txn, const struct window_row *window);
/* The totals, re-added from the obligations: for audits and tests. */
MUST_CHECK enum error window_recount(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t number, struct window_totals *totals);
/* Add one obligation to the totals of those before it. */
void window_totals_add(struct window_totals *totals, const struct obligation *obligation);
/* The same without those whose ids `left_out` lists, ascending. Those of the list that are not there are passed over. */
MUST_CHECK enum error window_recount_rest(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t number, const struct obligation_id *left_out, size_t count,
    struct window_totals *totals);
/* Another city has refused our document with this hash: if it was a difference, the window differs again. Called by refused_apply. */
MUST_CHECK enum error window_refused(
    struct txn *txn, uint32_t by, uint32_t self, const struct hash *document);
/* Is this row one that can exist (W1..W5 as far as one row shows)? */
bool window_is_sound(const struct window_row *window);

#endif
