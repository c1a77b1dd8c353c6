/* stay.h: who sleeps where (入住). A stay is keyed (institution, person, first day); a person's nights are disjoint over all
 * institutions of all cities: the home city's log order decides. The entry day counts, the leaving day does not. */
#ifndef SUIREN_STAY_H
#define SUIREN_STAY_H

#include "accounts.h"
#include "person.h"

enum stay_state {
	STAY_PENDING = 1,  /* waits for the home city */
	STAY_ACCEPTED = 2,
	STAY_REFUSED = 3,  /* overlaps; kept so that the reason can be told */
};

/* A row of fixed size without padding. `person` is a copy of the person's row, kept equal by person_put. */
struct stay_row {
	uint32_t slot;	     /* dense number of the stay in its institution, at this node */
	int32_t last_night; /* inclusive; DAY_NEVER while open */
	uint32_t state;	     /* enum stay_state */
	uint32_t spare;
	struct person_row person;
};

#define STAY_KEY_SIZE (USCC_SIZE + 8 + 4)
/* key = uscc || person code BE64 || first day BE32 */
void stay_key(uint8_t key[STAY_KEY_SIZE], const char *uscc, uint64_t person, int32_t first_day);

/* The person's stays at the institution in order of first day, through a cursor that is reused over a sheet whose lines are sorted by person: calls
 * are cheap when persons ascend. */
struct stay_cursor;
MUST_CHECK enum error stay_cursor_open(struct txn *txn, const char *uscc, struct stay_cursor **cursor);
void stay_cursor_close(struct stay_cursor *cursor);
/* First stay of `person`, then the next ones; borrowed until the next call. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error stay_cursor_person(struct stay_cursor *cursor, uint64_t person, int32_t *first_day, const struct stay_row **row);
MUST_CHECK enum error stay_cursor_next(struct stay_cursor *cursor, int32_t *first_day, const struct stay_row **row);

#endif
