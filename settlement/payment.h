/* payment.h: payments (支付): what is ordered from the bank, and what the bank says of it. An order holds the amount until the bank's word: it never
 * expires. One payment is (kind, name, payee, attempt); its EndToEndId follows from these, so that the same order is the same file and the bank
 * refuses a double. A further attempt is possible only after the one before it was rejected or returned. Not thread-safe: belongs to the
 * transaction. Rows: docs/format.md, "Payments".
 *
 *   (none) --payment_order--> ORDERED --bank: booked--> BOOKED --bank: returned--> RETURNED
 *                                \------bank: rejected--> REJECTED --bank: booked all the same--> BOOKED
 *   (none) --bank: credited--> RECEIVED --bank: taken back--> RETURNED  at the creditor of a clearing
 */
#ifndef SUIREN_PAYMENT_H
#define SUIREN_PAYMENT_H

#include "settlement_limits.h"
#include "accounts.h"
#include "decision.h"

enum payment_kind {
	PAYMENT_CLEARING = 1, /* name "202611", payee the other city's code */
	PAYMENT_RUN = 2,      /* name of the run, payee a person's code */
	PAYMENT_INSTITUTION =
	    3, /* name of a batch, payee a credit code: what it is owed for the city's own persons */
	PAYMENT_GUESTS =
	    4, /* name "202611-500000", payee a credit code: what a settled clearing brought for guests */
	PAYMENT_ADVANCE =
	    5, /* name of a batch, payee a credit code: guests' money at once, out of the float (周转金) */
	PAYMENT_AGAIN = 6, /* name the EndToEndId of a returned payment, payee as there */
	PAYMENT_PREFUND =
	    7, /* name of the officer's choice, payee the host's code: a reserve (预付金) */
	PAYMENT_SUSPENSE =
	    8, /* name of a suspense account (挂账), payee a city, credit code or person: whose it was in the end */
};

#define PAYMENT_KIND_LAST PAYMENT_SUSPENSE

enum payment_state {
	PAYMENT_ORDERED = 1,
	PAYMENT_BOOKED = 2,
	PAYMENT_REJECTED = 3,
	PAYMENT_RETURNED = 4,
	PAYMENT_RECEIVED = 5
};

#define END_TO_END_SIZE 31 /* 30 characters, terminated */

/* Texts are terminated. */
struct payment {
	enum payment_kind kind;
	char name[PAYMENT_NAME_MAX + 1], payee[PAYMENT_PAYEE_MAX + 1];
	uint32_t attempt; /* from 1 */
	int64_t amount_fen;
	char end_to_end[END_TO_END_SIZE];
	enum payment_state state;
	uint64_t sequence; /* the entry that ordered it (RECEIVED: that logged the credit) */
	uint64_t said;     /* the entry with the bank's last word; 0 before */
	int32_t day;       /* of the order's entry */
	/* the bank's own for what it has booked or credited, and for what it has returned or taken back; "" before, or if it gave none */
	char booked_reference[BANK_REFERENCE_MAX + 1], returned_reference[BANK_REFERENCE_MAX + 1];
};

/* The first 30 base32 characters of SHA-256 of the CBOR array [city, kind, name, payee, attempt]. */
void payment_end_to_end(uint32_t city, enum payment_kind kind, const char *name, const char *payee,
    uint32_t attempt, char out[END_TO_END_SIZE]);
/* For a line of the bank that names no EndToEndId as ours are: '?' and the first 29 base32 characters of SHA-256 of the CBOR array
 * [EndToEndId, bank's reference, day "YYYY-MM-DD", amount]. */
void payment_own_id(struct span end_to_end, struct span reference, struct span day,
    int64_t amount_fen, char out[END_TO_END_SIZE]);
/* A city as payee: its code. */
void payment_city(char payee[PAYMENT_PAYEE_MAX + 1], uint32_t city);
/* "202611<510100": under this name stands what `payer` has paid of a clearing to this city. */
void payment_received_name(char name[PAYMENT_NAME_MAX + 1], uint32_t month, uint32_t payer);
/* Another city's payment to this one: no order of this city's own. */
bool payment_is_received(const struct payment *payment);
/* As EndToEndId, over [city, kind, name, number of the part]: the file's MsgId. */
void payment_message_id(uint32_t city, enum payment_kind kind, const char *name, uint32_t part,
    char out[END_TO_END_SIZE]);

/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error payment_find(
    struct txn *txn, const char *end_to_end, struct payment *payment);
/* The last attempt at a payment. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error payment_last(struct txn *txn, enum payment_kind kind, const char *name,
    const char *payee, struct payment *payment);
/* All payments of a kind (0: of all kinds) and name (NULL: all), in order of kind, name, payee, attempt; `visit` returns false to stop. */
typedef bool payment_visit(void *context, const struct payment *payment);
MUST_CHECK enum error payment_each(
    struct txn *txn, enum payment_kind kind, const char *name, payment_visit *visit, void *context);
/* Whose name and account the payee's are: an institution's or a person's payment, resolved for PAYMENT_AGAIN. */
MUST_CHECK enum error payment_origin(
    struct txn *txn, const struct payment *payment, struct payment *origin);

/* Order parameters of kind payment_order: [kind, name, first payee or ""; of kind suspense the payee]. What is owed at the time is ordered; a part holds at most PAYMENT_PART_MAX
 * payments, and its last line says where the next one begins. An institution without an account is passed over: it stays due. */
#define PAYMENT_PARAMETERS 3
void payment_parameters_write(
    struct buffer *out, enum payment_kind kind, const char *name, const char *first_payee);
/* Where the next part of a booked order begins: "" if there is none. `entry` is of kind payment_order. */
MUST_CHECK enum error payment_next(const struct entry *entry, char payee[PAYMENT_PAYEE_MAX + 1]);

/* A line of such an order, but the last: `state`, `sequence`, `said` and `day` are 0. Fails with: ERROR_MALFORMED and the like. */
MUST_CHECK enum error payment_line_read(struct span item, struct payment *payment);

/* What the bank says, as lines of a `bank` order. CREDITED: money of another city has come in; TAKEN_BACK: and has gone again. */
enum bank_fact {
	BANK_BOOKED = 1,
	BANK_REJECTED = 2,
	BANK_RETURNED = 3,
	BANK_CREDITED = 4,
	BANK_TAKEN_BACK = 5
};
struct bank_line {
	enum bank_fact fact;
	char end_to_end[END_TO_END_SIZE];
	int64_t amount_fen;
	char reference[BANK_REFERENCE_MAX + 1]; /* the bank's; may be empty */
	int32_t day;                            /* of booking */
};
void bank_line_write(struct buffer *out, const struct bank_line *line);
MUST_CHECK enum error bank_line_read(struct span item, struct bank_line *line);
/* The bank's last word on a payment, as its entry holds it; fact 0: it has said nothing yet. Fails with: ERROR_CORRUPT, the store's. */
MUST_CHECK enum error payment_word(
    struct txn *txn, const struct payment *payment, struct bank_line *word);
/* What one line would come to now: booked, rejected, returned, received change the books; said_before, unmatched and other_amount do
 * not. */
MUST_CHECK enum error bank_reason(struct settlement *settlement, struct txn *txn,
    const struct bank_line *line, enum reason *reason);

/* Booked, rejected, returned, received: the verdicts on a line of the bank that change the books. */
bool bank_changes_books(enum reason reason);

/* What guests have earned an institution in a window and is not ordered yet: added to when verdicts and reversals of other cities come in. Only
 * while an entry is applied. */
MUST_CHECK enum error guest_due_add(
    struct txn *txn, uint32_t payer, uint32_t window, const char *uscc, int64_t fen);

/* 0 if there is none. */
MUST_CHECK enum error guest_due_get(
    struct txn *txn, uint32_t payer, uint32_t window, const char *uscc, int64_t *fen);

const char *payment_kind_name(enum payment_kind kind);
const char *payment_state_name(enum payment_state state);
const char *payment_state_chinese(enum payment_state state);

#endif
