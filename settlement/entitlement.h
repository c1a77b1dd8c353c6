/* entitlement.h: what a home city lets a person draw: filings (备案: in which other city, from when to when, with the hash of
 * the consent) and grants (待遇: which programme, from when to when, paid to whom). Both stand in the person's row; grants
 * also in a table by programme, so that a monthly run is one scan. Not thread-safe: belongs to the transaction.
 *
 * What other cities learn (docs/format.md, "Persons"): the host of a filing learns the person's code, the days, the
 * grants that can be paid to an institution there, and the ability levels. Birth day, death day, income class and flags go
 * along only if the host's own catalogue pays a programme that asks for them. */
#ifndef SUIREN_ENTITLEMENT_H
#define SUIREN_ENTITLEMENT_H

#include "person.h"

enum grant_state { GRANT_GIVEN = 1, GRANT_STOPPED = 2 };

/* A line of a `grant` entry. GRANT_STOPPED ends the grant that began on from_day with until_day. */
struct grant_line {
	uint64_t person;
	char programme[PROGRAMME_CODE_SIZE];
	int32_t from_day, until_day; /* inclusive; DAY_NEVER */
	enum paid_to paid_to;
	uint32_t
	    region; /* the one city besides home where it may be drawn; 0: as the programme says */
	enum grant_state state;
};
void grant_line_write(struct buffer *out, const struct grant_line *line);

/* A line of a `filing` entry. The same person, host and from_day again changes until_day. */
struct filing_line {
	uint64_t person;
	uint32_t host;
	int32_t from_day, until_day; /* inclusive; DAY_NEVER */
	struct hash consent;         /* SHA-256 of the signed consent */
};
void filing_line_write(struct buffer *out, const struct filing_line *line);

/* A grant of a person of this city, as kept by programme. A row of fixed size without padding. */
struct grant_row {
	uint64_t person;
	struct grant_span span;
};

/* The grants of a programme in order of person and first day, from `from_person` on; stops when `visit` returns false.
 * Persons of other cities are not among them. */
typedef bool grant_visit(void *context, const struct grant_row *row);
MUST_CHECK enum error grant_each(
    struct txn *txn, uint32_t tag, uint64_t from_person, grant_visit *visit, void *context);

/* Is the person filed with `region` on `day`? */
bool person_filed(const struct person_row *row, uint32_t region, int32_t day);

/* Forget the grants of a person by programme: called when the person is erased. */
MUST_CHECK enum error grant_forget(struct txn *txn, uint64_t person);

#endif
