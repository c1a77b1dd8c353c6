/* person.h: persons (一人一码): codes, the row of facts that verdicts rest on, and the entries that register, change and erase
 * them. Names, ID numbers, cards and keys are in the registry (registry.h), never here. */
#ifndef SUIREN_PERSON_H
#define SUIREN_PERSON_H

#include "calendar.h"
#include "decision.h"
#include "policy.h"
#include "seal.h"

/* region(6) serial(9) check(1, ISO 7064 MOD 11,10 over the first 15 digits): 16 digits. */
uint64_t person_code_make(uint32_t region, uint32_t serial);
bool person_code_valid(uint64_t code);
uint32_t person_code_region(uint64_t code);
/* 16 ASCII digits. Fails with: ERROR_MALFORMED, ERROR_CHECK_DIGIT. */
MUST_CHECK enum error person_code_read(struct span text, uint64_t *code);

/* A citizen's ID number (GB 11643): 17 digits and a check character 0-9 or X (ISO 7064 MOD 11,2); a province that exists, a
 * real day of birth. `birth_day` may be NULL. Fails with: ERROR_MALFORMED (form, province, no such day), ERROR_CHECK_DIGIT. */
MUST_CHECK enum error id_number_check(struct span text, int32_t *birth_day);

/* One assessed level (能力等级, GB/T 42195-2022) with the entry that booked it. */
struct level_span {
	uint64_t sequence;
	int32_t from_day, until_day; /* inclusive */
	uint32_t assessor;           /* region of the assessing city */
	uint32_t level;              /* 0..4 */
};

struct grant_span {
	uint64_t sequence;
	uint32_t tag; /* programme_tag */
	int32_t from_day, until_day;
	uint32_t paid_to; /* enum paid_to: card or institution */
	uint32_t
	    region; /* the one region besides home where it may be drawn; 0: as the programme says */
	uint32_t spare;
};

struct filing_span {
	uint64_t sequence;
	uint32_t region; /* host */
	int32_t from_day, until_day;
	uint32_t spare;
};

#define PERSON_ERASED 1u    /* facts were erased (or no key is here): no verdict can be made */
#define PERSON_FOREIGN 2u   /* home is another city: known from its documents */
#define PERSON_HAS_FACTS 4u /* birth day, income class and flags are known */
#define PERSON_SHORTENED \
	8u /* nights that were claimed are no longer nights of the stay in which they were */

/* Everything that adjudication needs to know of a person, in one row of fixed size and no padding; also copied into each of the person's
 * stay rows, so that a sheet reads neighbouring rows only. Unused slots are zero. When a list is full, the span that ends first goes. */
struct person_row {
	uint64_t code;
	uint64_t facts_sequence;      /* the entry of the person's last facts; 0: none */
	int32_t birth_day, death_day; /* DAY_NEVER: alive */
	uint32_t income_class;        /* enum income_class */
	uint32_t flags;               /* enum person_flag */
	uint32_t state;               /* PERSON_* */
	uint32_t spare;
	struct level_span levels[PERSON_LEVELS_MAX];
	struct grant_span grants[PERSON_GRANTS_MAX];
	struct filing_span filings[PERSON_FILINGS_MAX];
};

/* Borrowed from the transaction until the next write. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error person_get(struct txn *txn, uint64_t code, const struct person_row **row);
/* Write the row and the copies in the person's stays. */
MUST_CHECK enum error person_put(struct txn *txn, const struct person_row *row);
typedef bool person_visit(void *context, const struct person_row *row);
MUST_CHECK enum error person_each(
    struct txn *txn, uint64_t from_code, person_visit *visit, void *context);

/* The serial number after the highest that this region has given out; 0 if none was. */
MUST_CHECK enum error person_next_serial(struct txn *txn, uint32_t region, uint32_t *serial);

/* Plain facts of a person, sealed into a line of a `person` entry under the person's own key: a full snapshot each time. */
struct person_facts {
	uint64_t code;
	int32_t birth_day, death_day; /* DAY_NEVER: alive */
	uint32_t income_class, flags;
};

/* Append the line [code, sealed facts]. A nonce must be fresh for the key. */
void person_line_write(struct buffer *out, const struct person_facts *facts,
    const struct hash *fact_key, const uint8_t nonce[SEAL_NONCE_SIZE]);
/* Open such a line. Fails with: ERROR_MALFORMED (form, ranges), ERROR_MISMATCH (another key, another person, altered). */
MUST_CHECK enum error person_line_open(
    struct span line, const struct hash *fact_key, struct person_facts *facts);
/* Append a line of an `erase` entry. The registry's row is cleared by registry_erase in the same transaction. */
void erase_line_write(struct buffer *out, uint64_t code);
/* Is the person's home this city? Judged by the code, also of persons who are not known. */
bool person_is_own(const struct settlement *settlement, uint64_t code);

#endif
