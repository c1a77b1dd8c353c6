/* pair_statement.h: the statement (对账单) of a pair of cities over one month or twelve (年终结算): of each direction what was owed at the
 * beginning, what the windows have added, what clearings have taken, what is owed at the end; of each month its clearing and whether it was
 * paid; what was left out. It decides and books nothing: it is a reading of what both have signed, so it is the same at both cities once
 * nothing is under way between them, and its digest tells so at one look. Not thread-safe: belongs to the transaction. What is hashed:
 * docs/format.md, "Statements of a pair"; what it says: docs/settlement.md, "Statements".
 *
 * P1  Of each direction and month: closing = opening + positive + negative - cleared, and the next month's opening.
 * P2  What a clearing takes of a direction, by the windows, is what the clearing says that it owes. */
#ifndef SUIREN_PAIR_STATEMENT_H
#define SUIREN_PAIR_STATEMENT_H

#include "clearing.h"
#include "pair_rows.h"

/* Of a month: the worst that holds of a window whose day is in it, or of its clearing. */
enum pair_month_state {
	PAIR_MONTH_NOTHING = 1,   /* no window, no clearing */
	PAIR_MONTH_SETTLED = 2,   /* agreed, cleared, paid */
	PAIR_MONTH_UNPAID = 3,    /* a clearing that it is in is netted, not settled */
	PAIR_MONTH_UNCLEARED = 4, /* an agreed window is in no clearing */
	PAIR_MONTH_UNAGREED = 5,  /* a window is not agreed */
};

/* What one city owes the other; the amounts are those that both have signed: without what was left out. */
struct pair_direction {
	uint32_t payer, creditor;
	uint32_t windows;
	uint64_t lines;
	int64_t opening_fen; /* agreed in earlier months and in no clearing of an earlier month */
	int64_t positive_fen, negative_fen; /* of windows whose day is in the month */
	int64_t cleared_fen; /* taken by the month's clearing, also of earlier windows */
	int64_t closing_fen;
};

struct pair_month {
	uint32_t month;
	enum pair_month_state state;
	struct pair_direction directions[2]; /* owed by low, by high */
	bool has_clearing;                   /* one that both have signed */
	struct clearing_row clearing;
	struct hash digest;
};

/* Payments of clearings: of one city to the other. */
struct pair_payments {
	int64_t before_fen;                   /* of clearings before the period, not paid yet */
	int64_t pays_fen, paid_fen, open_fen; /* of those of the period; open = pays - paid */
};

/* Disputes that are open, carried over: owed by one city, as it holds them and as the other does. */
struct pair_carried {
	uint32_t count;
	int64_t payers_fen, creditors_fen;
};

struct pair_statement {
	uint32_t self, low, high;
	struct pair_month months[STATEMENT_MONTHS_MAX];
	size_t month_count;
	struct pair_direction totals[2]; /* over the period */
	struct pair_payments payments[2];
	/* Agreed, with a day in the period. One that is only proposed to be cleared is shown as in no clearing. */
	struct pair_windows windows;
	/* With a day up to the end of the period and not agreed: as this city holds them. Not in the digest. */
	struct pair_windows unagreed;
	uint32_t uncleared; /* agreed, with a day up to the end of the period, and in no clearing */
	/* Left out of the agreements of the period; and of earlier ones what is open. */
	struct pair_disputes disputes;
	struct pair_carried carried[2];
	struct hash digest;
	/* As this city's books stand now, whatever the period: not in the digest. */
	int64_t lodged_fen; /* reserve of this city with the other */
	int64_t held_fen;   /* reserve of the other with this city */
	int64_t
	    advanced_fen; /* advanced from the float for what the other owes, not filled again */
};

/* `count` months (1 to STATEMENT_MONTHS_MAX) from `first` on. A pair without any window is no failure: all is zero. *statement is freed by the
 * caller. Fails with: ERROR_CORRUPT (the rows contradict each other), ERROR_OVERFLOW, ERROR_TOO_LARGE, ERROR_MEMORY, the store's. */
MUST_CHECK enum error pair_statement_read(struct txn *txn, uint32_t self, uint32_t peer,
    uint32_t first, uint32_t count, struct pair_statement **statement);
void pair_statement_free(struct pair_statement *statement); /* NULL is accepted */

/* The canonical form, and that of one of its months: what the digests are made of. */
void pair_statement_write(struct buffer *out, const struct pair_statement *statement);
void pair_month_write(
    struct buffer *out, const struct pair_statement *statement, const struct pair_month *month);

/* Nothing is left to do for it. */
bool pair_month_is_settled(const struct pair_month *month);
/* Nor for any other month up to the end of the period. Disputes that are carried over do not count: they are owed anew when they end. */
bool pair_statement_is_settled(const struct pair_statement *statement);
/* "nothing", "settled", "unpaid", "uncleared", "unagreed"; and the Chinese word. */
const char *pair_month_state_name(enum pair_month_state state);
const char *pair_month_state_chinese(enum pair_month_state state);

#endif
