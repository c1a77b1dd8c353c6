/* account.h: accounts and transfers of the double-entry books: plain, pending, posted in full or part, voided, expired;
 * balance rules; freezing and closing. `account_book` applies one transfer to the tables; it knows no business rules.
 * docs/format.md, "Transfers". Not thread-safe: belongs to whoever owns the write transaction. */
#ifndef SUIREN_ACCOUNT_H
#define SUIREN_ACCOUNT_H

#include "codec.h"
#include "hash.h"
#include "money.h"
#include "store.h"

#define TRANSFER_ID_SIZE 16

/* Made from the cause, so that one cause cannot book twice. */
struct transfer_id {
	uint8_t bytes[TRANSFER_ID_SIZE];
};

enum transfer_kind {
	TRANSFER_PLAIN = 0,
	TRANSFER_PENDING = 1, /* holds the amount */
	TRANSFER_POST = 2,    /* books `amount` of the pending one; the rest stays pending */
	TRANSFER_VOID = 3,    /* releases what is still pending */
	TRANSFER_EXPIRE = 4,  /* as void, allowed only at or after the pending one's deadline */
};

/* Moves a positive amount of one unit from `debit` to `credit` (both are debited and credited by name; names are
 * 1..ACCOUNT_NAME_MAX bytes of UTF-8). POST, VOID and EXPIRE name the pending transfer and repeat its accounts and unit;
 * VOID and EXPIRE carry the amount that is released. Spans are borrowed. */
struct transfer {
	struct transfer_id id;
	enum transfer_kind kind;
	enum unit unit;
	struct amount amount;
	struct span debit, credit;
	struct transfer_id pending_id; /* POST, VOID, EXPIRE */
	int64_t deadline_ms;           /* PENDING: 0 = never */
	struct span reference; /* outside reference, may be empty, at most REFERENCE_MAX bytes */
};

/* First 16 bytes of SHA-256(0x01 || cause || big-endian 32-bit index). */
struct transfer_id transfer_id_from(struct span cause, uint32_t index);

enum account_side { SIDE_DEBIT = 0, SIDE_CREDIT = 1 };

/* The chart of accounts, given by the floor above: the longest matching prefix rules. Ends with a NULL prefix. */
struct account_rule {
	const char *prefix;
	enum account_side side;
	bool may_go_negative;
};

struct account {
	enum unit unit;
	int64_t debits, credits, pending_debits, pending_credits;
	bool frozen, closed;
	uint64_t opened_at; /* sequence of the entry that first used it */
};

/* One side of one booked transfer, newest or oldest first; balances are those after it. */
struct posting {
	uint64_t sequence;
	uint32_t index;
	bool is_debit;
	enum transfer_kind kind;
	int64_t amount;
	struct account after;
};

void transfers_write(struct buffer *out, const struct transfer *transfers, size_t count);
/* Number of transfers in the CBOR array, checked strictly. Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE. */
MUST_CHECK enum error transfers_count(struct span bytes, size_t *count);
/* Read `count` transfers; spans borrow from `bytes`. */
MUST_CHECK enum error transfers_read(struct span bytes, struct transfer *transfers, size_t count);

/* Book one transfer as number `index` of entry `sequence`. Fails with: ERROR_REPEAT (the id is booked with this very
 * content: nothing is changed), ERROR_CONFLICT (the id is booked with other content), ERROR_BALANCE, ERROR_FROZEN,
 * ERROR_CLOSED, ERROR_NOT_FOUND (the pending one), ERROR_STATE (already ended, deadline not reached, more than is left),
 * ERROR_OVERFLOW, ERROR_MISMATCH (units), or what the store fails with. All but the store's are found before anything is
 * written. */
MUST_CHECK enum error account_book(struct txn *txn, const struct account_rule *chart,
    uint64_t sequence, uint32_t index, int64_t time_ms, const struct transfer *transfer,
    struct error_detail *detail);

/* Fails with: ERROR_NOT_FOUND (never used). */
MUST_CHECK enum error account_get(struct txn *txn, struct span name, struct account *account);
/* What may still be taken from the account without breaking its balance rule (pending counted): INT64_MAX if it may go
 * negative, 0 for an account never used. */
MUST_CHECK enum error account_available(
    struct txn *txn, const struct account_rule *chart, struct span name, struct amount *available);
/* Balance on the account's normal side, pending not counted. */
int64_t account_balance(
    const struct account_rule *chart, struct span name, const struct account *account);
const struct account_rule *account_rule_of(const struct account_rule *chart, struct span name);
/* The account as it stood after entry `sequence`. Fails with: ERROR_NOT_FOUND (not yet used then). */
MUST_CHECK enum error account_as_of(
    struct txn *txn, struct span name, uint64_t sequence, struct account *account);
/* Postings of one account in order from `from_sequence`; stops when `visit` returns false. */
typedef bool account_visit_posting(void *context, const struct posting *posting);
MUST_CHECK enum error account_history(struct txn *txn, struct span name, uint64_t from_sequence,
    account_visit_posting *visit, void *context);
/* All accounts whose name starts with `prefix`, in order of name. */
typedef bool account_visit(void *context, struct span name, const struct account *account);
MUST_CHECK enum error account_each(
    struct txn *txn, struct span prefix, account_visit *visit, void *context);
/* Where a transfer was booked. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error transfer_find(
    struct txn *txn, const struct transfer_id *id, uint64_t *sequence, uint32_t *index);
/* What is still pending of a pending transfer (0 when ended). Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error transfer_pending(
    struct txn *txn, const struct transfer_id *id, struct amount *left, int64_t *deadline_ms);
/* Transfers with this outside reference, in booking order. */
typedef bool transfer_visit(void *context, uint64_t sequence, uint32_t index);
MUST_CHECK enum error transfer_by_reference(
    struct txn *txn, struct span reference, transfer_visit *visit, void *context);
/* Freeze, unfreeze or close (balance and pending must be 0) an account; called by the projection of an account entry. */
MUST_CHECK enum error account_set_flags(
    struct txn *txn, struct span name, bool frozen, bool closed);
/* S1: sum of debits equals sum of credits, per unit, over all accounts. Fails with: ERROR_CORRUPT. */
MUST_CHECK enum error account_check_sums(struct txn *txn, struct error_detail *detail);

#endif
