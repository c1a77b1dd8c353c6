/* claim_state.h: what earlier claims have used up, as one sheet meets it and as it leaves it: days claimed by stay and need, bed
 * nights, programme caps, caps of a person and month. Loaded from the tables, changed line by line in memory, and written back when the
 * entry is applied. Not thread-safe: belongs to the transaction. Rows: docs/format.md, "Claims". */
#ifndef SUIREN_CLAIM_STATE_H
#define SUIREN_CLAIM_STATE_H

#include "settlement_limits.h"
#include "accounts.h"
#include "policy.h"
#include "service_days.h"
#include "store.h"

/* Nights from..until (days of the month) of a stay by its slot in the institution. */
struct night_piece {
	uint32_t slot;
	uint8_t from, until;
};

struct claim_state;

MUST_CHECK enum error claim_state_create(struct claim_state **state);
void claim_state_free(struct claim_state *state); /* NULL is accepted */

/* Begin a sheet: what it needs is loaded when it is asked for first. `slots` is the institution's number of stays so far. */
void claim_state_begin(
    struct claim_state *state, struct txn *txn, const char *uscc, uint32_t month, uint32_t slots);
/* The first failure of any call below. */
MUST_CHECK enum error claim_state_failed(const struct claim_state *state);
/* Note a failure of whoever asks. */
void claim_state_fail(struct claim_state *state, enum error error);

/* Days of the month that are claimed for a need in a stay, bit d - 1 for day d. */
uint32_t claim_state_days(struct claim_state *state, enum need need, uint32_t slot);
/* The same for a stay in any institution, also another one than the sheet's. */
uint32_t claim_state_days_at(
    struct claim_state *state, const char *uscc, enum need need, uint32_t slot);
/* Is any of the days from..until claimed in a stay, for this need (0: for any)? Reads the tables, outside of a sheet. */
MUST_CHECK enum error claim_days_claimed(struct txn *txn, const char *uscc, unsigned need,
    uint32_t slot, int32_t from_day, int32_t until_day, bool *claimed);
void claim_state_take_days(
    struct claim_state *state, enum need need, const struct night_piece *pieces, size_t count);
void claim_state_free_days(
    struct claim_state *state, enum need need, const struct night_piece *pieces, size_t count);
/* Days that were claimed in a stay and freed again, in any institution: to claim them once more, as a correction, is not too late. */
uint32_t claim_state_freed_at(
    struct claim_state *state, const char *uscc, enum need need, uint32_t slot);

/* What is claimed by itself, not as nights of stays. */
struct service_days *claim_state_services(struct claim_state *state);

/* Bed nights that earlier sheets have taken in the month. */
int64_t claim_state_nights(struct claim_state *state);
void claim_state_take_nights(struct claim_state *state, int64_t nights); /* negative: frees */
/* The host counts the nights, not this city: begin at 0 and store nothing. */
void claim_state_nights_apart(struct claim_state *state);
/* Fen of the programme's month that are used. */
int64_t claim_state_programme(struct claim_state *state, uint32_t tag);
void claim_state_take_programme(struct claim_state *state, uint32_t tag, int64_t fen);
/* Fen of a person's month over all programmes that name a cap. */
int64_t claim_state_person(struct claim_state *state, uint64_t person);
void claim_state_take_person(struct claim_state *state, uint64_t person, int64_t fen);

/* Write back what was changed. */
MUST_CHECK enum error claim_state_store(struct claim_state *state, struct txn *txn);

/* A booked sheet. */
enum sheet_state {
	SHEET_ADJUDICATED = 1,
	SHEET_FORWARDED = 2,
	SHEET_REFUSED =
	    3, /* forwarded, and the payer took it for none: what it claims may stand in another sheet */
};

struct sheet_row {
	uint64_t sequence; /* of the entry that booked it */
	uint64_t
	    answered; /* SHEET_ADJUDICATED at the host of a forwarded sheet: the entry with the payer's verdicts; else 0 */
	uint32_t payer, host, month, count;
	uint32_t state;     /* enum sheet_state */
	uint32_t nights;    /* forwarded: bed nights that it has taken */
	struct hash header; /* SHA-256 of its signed payload */
};

MUST_CHECK enum error sheet_row_get(
    struct txn *txn, const char *uscc, uint64_t number, struct sheet_row *row);
MUST_CHECK enum error sheet_row_put(
    struct txn *txn, const char *uscc, uint64_t number, const struct sheet_row *row);
/* All sheets of an institution (NULL: of all) in order; stops when `visit` returns false. */
typedef bool sheet_row_visit(
    void *context, const char *uscc, uint64_t number, const struct sheet_row *row);
MUST_CHECK enum error sheet_row_each(
    struct txn *txn, const char *uscc, sheet_row_visit *visit, void *context);

/* Has line `line` of entry `sequence` been reversed? `by` is the entry that did, and 0 (the node's own first one) if none. */
MUST_CHECK enum error reversed_by(struct txn *txn, uint64_t sequence, uint32_t line, uint64_t *by);
MUST_CHECK enum error reversed_get(
    struct txn *txn, uint64_t sequence, uint32_t line, bool *reversed);
MUST_CHECK enum error reversed_put(struct txn *txn, uint64_t sequence, uint32_t line, uint64_t by);

#endif
