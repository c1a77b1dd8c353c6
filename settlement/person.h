/* person.h: persons (一人一码): codes, the row of facts that verdicts rest on, and the entries that register, change and erase
 * them. Names, ID numbers, cards and keys are in the registry (registry.h), never here. */
#ifndef SUIREN_PERSON_H
#define SUIREN_PERSON_H

#include "calendar.h"
#include "decision.h"
#include "policy.h"

/* region(6) serial(9) check(1, ISO 7064 MOD 11,10 over the first 15 digits): 16 digits. */
uint64_t person_code_make(uint32_t region, uint32_t serial);
bool person_code_valid(uint64_t code);
uint32_t person_code_region(uint64_t code);
/* 16 ASCII digits. Fails with: ERROR_MALFORMED, ERROR_CHECK_DIGIT. */
MUST_CHECK enum error person_code_read(struct span text, uint64_t *code);

/* One assessed level (能力等级, GB/T 42195-2022) with the entry that booked it. */
struct level_span {
	uint64_t sequence;
	int32_t from_day, until_day; /* inclusive */
	uint32_t assessor;	     /* region of the assessing city */
	uint32_t level;		     /* 0..4 */
};

struct grant_span {
	uint64_t sequence;
	uint32_t tag; /* programme_tag */
	int32_t from_day, until_day;
	uint32_t paid_to; /* enum paid_to: card or institution */
	uint32_t region;  /* the one region besides home where it may be drawn; 0: as the programme says */
	uint32_t spare;
};

struct filing_span {
	uint64_t sequence;
	uint32_t region; /* host */
	int32_t from_day, until_day;
	uint32_t spare;
};

#define PERSON_ERASED 1u	/* facts were erased (or no key is here): no verdict can be made */
#define PERSON_FOREIGN 2u	/* home is another city: known from its documents */
#define PERSON_HAS_FACTS 4u	/* birth day, income class and flags are known */

/* Everything that adjudication needs to know of a person, in one row of fixed size and no padding; also copied into each of the person's
 * stay rows, so that a sheet reads neighbouring rows only. Unused slots are zero. When a list is full, the span that ends first goes. */
struct person_row {
	uint64_t code;
	uint64_t facts_sequence; /* the entry of the person's last facts; 0: none */
	int32_t birth_day, death_day; /* DAY_NEVER: alive */
	uint32_t income_class;	      /* enum income_class */
	uint32_t flags;		      /* enum person_flag */
	uint32_t state;		      /* PERSON_* */
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
MUST_CHECK enum error person_each(struct txn *txn, uint64_t from_code, person_visit *visit, void *context);

/* Plain facts of a person, sealed into a line of a `person` entry under the person's own key. */
struct person_facts {
	uint64_t code;
	int32_t birth_day, death_day;
	uint32_t income_class, flags;
};

#endif
