/* programme.h: what a programme is worth to a person: the share of a monthly amount that some days of a month earn, the age
 * and the level that count, the version that is in force on each day. Pure. docs/settlement.md, "Adjudication". */
#ifndef SUIREN_PROGRAMME_H
#define SUIREN_PROGRAMME_H

#include "settlement_limits.h"
#include "calendar.h"
#include "person.h"
#include "policy.h"

/* The days first..last (1..31, inclusive) of a month with `month_days` days, of a monthly amount a >= 0 in fen: R(last) - R(first - 1)
 * with R(x) = floor((2 a x + n) / 2n). A day's worth is fixed, so that pieces from any city, in any order, sum to a. */
int64_t programme_share(int64_t amount_fen, unsigned month_days, unsigned first, unsigned last);

/* What the days first..last, or on one day so many pieces, are worth at a rate by the programme's unit: a month's share, the rate a day, the
 * rate a piece. A rate a day or piece is at most PIECE_AMOUNT_MAX, pieces are at most PIECES_MAX. */
int64_t programme_worth(enum programme_unit unit, int64_t rate_fen, unsigned month_days,
    unsigned first, unsigned last, unsigned pieces);

/* The completed years of a person through a month: `before` it begins, and from the `birthday` on if it has one (else DAY_NEVER). */
struct month_ages {
	int before;
	int32_t birthday; /* day number */
};
/* Who is born on 29 February has the birthday on the 28th of a common year (民法典 202). */
struct month_ages month_ages(int32_t birth_day, uint32_t month);

/* The completed years that count on a day of that month, as programme_age has it. */
static inline int programme_age_in(
    const struct programme *programme, const struct month_ages *ages, int32_t day)
{
	bool grown = programme->starts == STARTS_DAY     ? day >= ages->birthday
		     : programme->starts == STARTS_MONTH ? ages->birthday != DAY_NEVER
							 : false;

	return ages->before + grown;
}

/* The completed years that count on `day`: those of the day, of the end of its month, or of the end of the month before it
 * (programme.starts; 民法典 202 for the birthday of who is born on 29 February). */
int programme_age(const struct programme *programme, int32_t birth_day, int32_t day);

/* Days from..until (inclusive) of one version of a programme. */
struct programme_span {
	const struct programme *programme;
	uint32_t row; /* index in policy.programmes */
	int32_t from_day, until_day;
	bool asks_age, asks_level;
};

/* What some version of a programme asks: a check that none of them asks need not look at the days. */
enum programme_asks {
	ASKS_GRANT = 1,
	ASKS_ASSESSMENT = 2,
	ASKS_LEVEL = 4,
	ASKS_AGE = 8,
	ASKS_INCOME = 16,
	ASKS_OTHERS = 32,   /* other programmes exclude it */
	ASKS_SERVICES = 64, /* days of its need may be claimed without a stay too */
};

/* The versions of a programme in a month for a district, days without any left out. */
struct programme_month {
	uint32_t tag;
	uint32_t asks; /* enum programme_asks */
	uint32_t span_count;
	struct programme_span
	    spans[PROGRAMME_SPANS_MAX]; /* ascending, disjoint, within the month */
};

/* `policy` NULL: no versions. */
void programme_month_find(const struct policy *policy, uint32_t tag, uint32_t month,
    uint32_t district, struct programme_month *out);
/* The version in force on a day; NULL if none. */
const struct programme_span *programme_month_on(const struct programme_month *month, int32_t day);

/* The band for an age and a level; -1 if there is none. */
int programme_band(const struct programme *programme, int age, int level);
/* Do the bands tell ages, or levels, apart? */
bool programme_asks_age(const struct programme *programme);
bool programme_asks_level(const struct programme *programme);
/* Does it bar itself for who draws the programme with this tag? */
bool programme_excludes(const struct programme *programme, uint32_t tag);
/* May a resident of another city draw it in `region`? */
bool programme_portable_to(const struct programme *programme, uint32_t region);

#endif
