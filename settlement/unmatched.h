/* unmatched.h: what the bank has said that matches no payment: a wrong reference, another amount, a credit that has overtaken what it pays, or what
 * contradicts what it has said before. It stays here from the entry that logged it until the same fact, said again, changes the books, or an
 * officer says what it was (unmatched_end.c); that stays, so that the fact is known when it is said once more. Belongs to the transaction. Rows:
 * docs/format.md, "Payments". */
#ifndef SUIREN_UNMATCHED_H
#define SUIREN_UNMATCHED_H

#include "payment.h"

struct unmatched {
	struct bank_line line;
	enum reason
	    reason; /* unmatched, other_amount, contradicts: as it was said last; or as it was ended */
	uint64_t sequence; /* the entry that logged it first */
	uint64_t ended;    /* the entry by which an officer has ended it; 0: it waits */
};

/* All of them in order of EndToEndId, fact, amount and reference; `visit` returns false to stop. */
typedef bool unmatched_visit(void *context, const struct unmatched *unmatched);
MUST_CHECK enum error unmatched_each(struct txn *txn, unmatched_visit *visit, void *context);
/* That very line, but for its day. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error unmatched_get(
    struct txn *txn, const struct bank_line *line, struct unmatched *unmatched);
/* Has an officer ended that very line? */
MUST_CHECK enum error unmatched_is_ended(
    struct txn *txn, const struct bank_line *line, bool *ended);
/* Has the bank told of that fact and EndToEndId another time, whatever the amount, and may have moved money by it: it waits, or an officer has not
 * explained it away? */
MUST_CHECK enum error unmatched_moves(struct txn *txn, const struct bank_line *line, bool *moves);
/* A line of a `bank` entry and its verdict: kept if it matches nothing, forgotten if it has changed the books; only while an entry is
 * applied. */
MUST_CHECK enum error unmatched_note(
    struct txn *txn, const struct bank_line *line, enum reason reason, uint64_t sequence);
/* An officer has ended it by entry `sequence`, with that verdict; only while an entry is applied. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error unmatched_end(
    struct txn *txn, const struct bank_line *line, enum reason reason, uint64_t sequence);

/* What an officer says of it. The first three move nothing. */
enum ending {
	ENDING_DUPLICATE = 1, /* 重复流水: the statement tells twice what was booked once */
	ENDING_CORRECTED = 2, /* 银行已更正: the bank has taken it back itself, or never meant it */
	ENDING_NOT_OURS = 3, /* 与本市无关: no money of this city was moved */
	ENDING_SUSPENSE =
	    4, /* 挂账: money was moved, and whose it is remains to be seen; `of`: the account's name */
	ENDING_PAYMENT =
	    5, /* 认定: it is what the bank says of the payment with the EndToEndId `of` */
};
#define ENDING_LAST ENDING_PAYMENT

/* A line of kind `unmatched_end`: texts are terminated. */
struct ending_line {
	struct bank_line line;
	enum ending ending;
	char of[PAYMENT_NAME_MAX + 1]; /* "" for those that move nothing */
	struct span grounds;           /* 1..GROUNDS_MAX bytes */
};
void ending_line_write(struct buffer *out, const struct ending_line *ending);
/* Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error ending_line_read(struct span item, struct ending_line *ending);

/* "duplicate", ...; and the Chinese word. */
const char *ending_name(enum ending ending);
const char *ending_chinese(enum ending ending);

#endif
