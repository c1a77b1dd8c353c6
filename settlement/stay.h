/* stay.h: who sleeps where (入住). A stay is keyed (institution, person, first day); a person's nights are disjoint over all
 * institutions of all cities: the home city's log order decides. The entry day counts, the leaving day does not. */
#ifndef SUIREN_STAY_H
#define SUIREN_STAY_H

#include "accounts.h"
#include "person.h"

enum stay_state {
	STAY_PENDING = 1, /* waits for the home city */
	STAY_ACCEPTED = 2,
	STAY_REFUSED = 3, /* overlaps; kept so that the reason can be told */
};

/* A row of fixed size without padding. `person` is a copy of the person's row, kept equal by person_put. */
struct stay_row {
	uint32_t slot;      /* dense number of the stay in its institution, at this node */
	int32_t last_night; /* inclusive; DAY_NEVER while open */
	uint32_t state;     /* enum stay_state */
	uint32_t reason;    /* STAY_REFUSED: enum reason; else 0 */
	struct person_row person;
};

/* key = uscc || person code BE64 || first day BE32 || 00 00 (so that the row is aligned) */
#define STAY_KEY_SIZE (USCC_SIZE + 8 + 4 + 2)
void stay_key(uint8_t key[STAY_KEY_SIZE], const char *uscc, uint64_t person, int32_t first_day);

/* The person's stays at the institution in order of first day, through a cursor that is reused over a sheet whose lines are sorted by person: calls
 * are cheap when persons ascend. */
struct stay_cursor;
MUST_CHECK enum error stay_cursor_open(
    struct txn *txn, const char *uscc, struct stay_cursor **cursor);
void stay_cursor_close(struct stay_cursor *cursor);
/* First stay of `person`, then the next ones; borrowed until the next call. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error stay_cursor_person(
    struct stay_cursor *cursor, uint64_t person, int32_t *first_day, const struct stay_row **row);
MUST_CHECK enum error stay_cursor_next(
    struct stay_cursor *cursor, int32_t *first_day, const struct stay_row **row);

/* One stay. Borrowed until the next write. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error stay_get(struct txn *txn, const char *uscc, uint64_t person,
    int32_t first_day, const struct stay_row **row);
/* All stays of a person that this node knows of, over all institutions, in order of first day; stops when `visit` returns false. */
struct stay_night_span {
	char uscc[USCC_SIZE];
	int32_t first_day, last_night;
	enum stay_state state;
};
typedef bool stay_visit(void *context, const struct stay_night_span *stay);
MUST_CHECK enum error stay_each(struct txn *txn, uint64_t person, stay_visit *visit, void *context);

/* All stays that this node knows of, in order of person, first day and institution; stops when `visit` returns false. */
typedef bool stay_all_visit(void *context, uint64_t person, const struct stay_night_span *stay);
MUST_CHECK enum error stay_all(struct txn *txn, stay_all_visit *visit, void *context);

enum stay_operation { STAY_OPEN = 1, STAY_CLOSE = 2 };

/* A line of a `stay` entry. STAY_CLOSE names an open stay by institution, person and first day and gives its last night; a stay is only
 * ever shortened. last_night = first_day - 1 is a stay without nights. A move (转住) is the close at the one and the open at the
 * other on the day of the move: that night is the receiver's. A stay that is opened and over is one line: an entry does not close what it
 * opened. */
struct stay_line {
	enum stay_operation operation;
	char uscc[USCC_SIZE];
	uint64_t person;
	int32_t first_day, last_night; /* inclusive; DAY_NEVER: open */
};
void stay_line_write(struct buffer *out, const struct stay_line *line);

/* Bring the copies of a person's row up to date: called by person_put. */
MUST_CHECK enum error stay_person_changed(struct txn *txn, const struct person_row *row);

#endif
