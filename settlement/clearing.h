/* clearing.h: a month between two cities: which agreements it takes, what each direction comes to, who pays what by when, and
 * whether it was paid. This module keeps the rows; the kinds that write them are in clearing_kinds.c, and the payment kinds
 * move a clearing between NETTED and SETTLED. Not thread-safe: belongs to the transaction. Rows: docs/format.md, "Clearings".
 *
 *   (none) --clearing--> PROPOSED --clearing_signed--> NETTED <--payments received / returned--> SETTLED      at the lower code
 *                            \--the other refused it--> REFUSED --clearing--> PROPOSED ...
 *   (none) --clearing_accept-------------------------> NETTED <--payments received / returned--> SETTLED      at the other
 *
 * Nothing to pay: SETTLED at once, in place of NETTED.
 *
 * C1  low_pays - high_pays == low_owes - high_owes, and neither payment is negative.
 * C2  Net: at most one of the two pays.
 * C3  A pair of cities has one clearing a month; a window is in at most one (window.h, W4). */
#ifndef SUIREN_CLEARING_H
#define SUIREN_CLEARING_H

#include "decision.h"

enum clearing_state {
	CLEARING_PROPOSED = 1,
	CLEARING_NETTED = 2,
	CLEARING_SETTLED = 3,
	CLEARING_REFUSED = 4,
};

/* A proposed or refused clearing has booked nothing yet: only NETTED and SETTLED ones are paid. */
struct clearing_row {
	uint32_t month;     /* yyyymm */
	uint32_t low, high; /* region codes, low < high; low proposes */
	enum clearing_state state;
	bool gross;
	uint32_t low_windows, high_windows;  /* how many windows owed by low, by high */
	int64_t low_owes_fen, high_owes_fen; /* sums of the windows' totals; may be negative */
	int64_t low_pays_fen, high_pays_fen; /* what is to be paid; 0: nothing */
	bool low_paid, high_paid;            /* the creditor's receipt is here */
	bool low_drawn, high_drawn;          /* the creditor has taken it from the reserve */
	int32_t proposed_day, due_day;
	uint32_t attempt;           /* 1, or more after a refusal */
	uint64_t proposed_sequence; /* entry at low that proposed it; at high as booked_sequence */
	uint64_t booked_sequence;   /* this node's entry that booked it; 0 before */
	struct hash content;        /* SHA-256 of the proposal's items */
	struct hash proposal;       /* hash of low's signed proposal */
	struct hash document;       /* hash of the clearing that high countersigned; zeros before */
};

/* Of a pair in either order. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error clearing_get(
    struct txn *txn, uint32_t month, uint32_t a, uint32_t b, struct clearing_row *clearing);
/* Those of one month (0: of all months), in order of month, low and high; `visit` returns false to stop. */
typedef bool clearing_visit(void *context, const struct clearing_row *clearing);
MUST_CHECK enum error clearing_each(
    struct txn *txn, uint32_t month, clearing_visit *visit, void *context);
/* The payment that `payer` (low or high) owes was received (true), or returned by the bank (false): NETTED <-> SETTLED. Called
 * by the payment kinds in apply. Fails with: ERROR_NOT_FOUND, ERROR_STATE (nothing booked yet), ERROR_MISMATCH (`payer` has
 * nothing to pay). Saying the same twice changes nothing. */
MUST_CHECK enum error clearing_payment_state(
    struct txn *txn, uint32_t month, uint32_t payer, uint32_t creditor, bool received);
/* The creditor has drawn what `payer` pays from the reserve: it is paid, whatever the bank says of a payment, unless the payer refuses
 * the draw. Fails as clearing_payment_state. */
MUST_CHECK enum error clearing_draw(
    struct txn *txn, uint32_t month, uint32_t payer, uint32_t creditor);
/* The payer has refused the draw: it is paid only if its own payment has come in meanwhile. Fails as clearing_payment_state. */
MUST_CHECK enum error clearing_undraw(
    struct txn *txn, uint32_t month, uint32_t payer, uint32_t creditor, bool received);
bool clearing_is_paid(const struct clearing_row *clearing, uint32_t payer);
bool clearing_is_drawn(const struct clearing_row *clearing, uint32_t payer);
/* What `payer` (low or high) has to pay; 0 while nothing is booked. */
int64_t clearing_pays(const struct clearing_row *clearing, uint32_t payer);
/* Another city has refused our document with this hash: if it was a proposal, its windows are free again. Called by
 * refused_apply. */
MUST_CHECK enum error clearing_refused(struct txn *txn, uint32_t by, const struct hash *document);

/* The first day on which the clearing of a month may be proposed: the one after the 20th of the next month. */
int32_t clearing_first_day(uint32_t month);

/* "proposed", "netted", "settled", "refused"; and the Chinese word. */
const char *clearing_state_name(enum clearing_state state);
const char *clearing_state_chinese(enum clearing_state state);

/* Insert or replace a row; only while an entry is applied. */
MUST_CHECK enum error clearing_put(struct txn *txn, const struct clearing_row *clearing);
/* Set who pays what from the sums and the model. */
void clearing_net(struct clearing_row *clearing);
/* C1, C2 and what else one row shows. */
bool clearing_is_sound(const struct clearing_row *clearing);

#endif
