/* institution.h: institutions (养老机构): unified social credit codes (GB 32100), what the host city has registered, their
 * standing (红黑名单), and at which entry they came. Their keys are in the keyring under "institution/<uscc>". A host tells
 * every peer of its institutions, so that each payer can check a sheet. Not thread-safe: belongs to the transaction. */
#ifndef SUIREN_INSTITUTION_H
#define SUIREN_INSTITUTION_H

#include "accounts.h"
#include "decision.h"
#include "key.h"

/* 18 characters 0-9A-Z without I O S V Z, right check character (weights 3^i mod 31) and check digit of the organisation
 * number (GB 11714). Fails with: ERROR_MALFORMED, ERROR_CHECK_DIGIT. */
MUST_CHECK enum error uscc_check(struct span text);

enum standing { STANDING_GOOD = 1, STANDING_SUSPENDED = 2, STANDING_BLACK = 3, STANDING_RED = 4 };

/* Number stored; the other codes say it in the first two characters of the USCC. */
enum institution_kind {
	INSTITUTION_NONPROFIT = 1, /* 民办非企业 */
	INSTITUTION_COMPANY = 2,
	INSTITUTION_PUBLIC = 3,
};

/* A row of fixed size without padding. */
struct institution_row {
	char uscc[USCC_SIZE];
	uint8_t kind;     /* enum institution_kind */
	uint8_t standing; /* enum standing */
	uint32_t host;    /* region of the registering city */
	uint32_t district;
	uint32_t licensed_beds;
	int32_t standing_from; /* day from which the standing holds: nights before it stand */
	uint32_t next_slot;    /* next stay's slot */
	uint32_t star;
	int32_t
	    barred_from; /* the last suspension or black-listing, both days inclusive; it stays known when the */
	int32_t
	    barred_until; /* institution is restored. DAY_NEVER: until further notice. barred_from > barred_until: none */
	uint32_t spare;
	uint64_t registered_at; /* entry */
};

/* Borrowed from the transaction until the next write. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error institution_get(
    struct txn *txn, const char uscc[USCC_SIZE], const struct institution_row **row);
/* Refuses nights of `day`? (suspended or black-listed on that day) */
bool institution_barred(const struct institution_row *row, int32_t day);
/* All institutions, own ones and those of other cities, in order of code; stops when `visit` returns false. */
typedef bool institution_visit(void *context, const struct institution_row *row);
MUST_CHECK enum error institution_each(struct txn *txn, institution_visit *visit, void *context);

/* What is for reading and paying only. Spans are borrowed from the transaction until the next write; account and bank
 * are empty for institutions of other cities. */
struct institution_profile {
	struct span name;
	struct span account; /* bank account number */
	struct span bank;    /* CNAPS code, 12 digits */
	struct span grounds; /* of the standing */
};
/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error institution_profile(
    struct txn *txn, const char uscc[USCC_SIZE], struct institution_profile *profile);

/* The next free slot for a stay; counts it as taken. Called by stay.c while an entry is applied. */
MUST_CHECK enum error institution_take_slot(
    struct txn *txn, const char uscc[USCC_SIZE], uint32_t *slot);

/* What a line of an `institution` entry does. */
enum institution_operation {
	INSTITUTION_REGISTER = 1,
	INSTITUTION_UPDATE = 2, /* name, kind, district, beds, star, account, bank */
	INSTITUTION_KEY = 3,    /* a new key, in force from this entry */
	INSTITUTION_SUSPEND = 4,
	INSTITUTION_BLACKLIST = 5,
	INSTITUTION_RESTORE = 6,
	INSTITUTION_REDLIST = 7,
};

/* Fields that the operation does not use are not written: docs/format.md, "Institutions". Spans are borrowed. */
struct institution_line {
	enum institution_operation operation;
	char uscc[USCC_SIZE];
	struct span name, account, bank, grounds;
	enum institution_kind kind;
	uint32_t district, beds, star;
	bool has_key; /* REGISTER: without a key only an officer can enter its claims */
	struct public_key key;
	int32_t from_day; /* of the standing */
};
void institution_line_write(struct buffer *out, const struct institution_line *line);

/* Tell `to` of every institution of this city: when a peer becomes known after they were registered. */
MUST_CHECK enum error institution_announce(
    struct settlement *settlement, struct txn *txn, struct decision *decision, uint32_t to);

#endif
