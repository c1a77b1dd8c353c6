/* naive.h: the rules on a claim line once more, as slowly and plainly as can be: day by day, over arrays of days, with no header of the program.
 * What a line comes to here is what it must come to there. Written from the text of the rules (docs/settlement.md, "Adjudication"), for one
 * payer, five programmes, two houses, and the 92 days of June, July and August 2026. */
#ifndef SUIREN_TEST_NAIVE_H
#define SUIREN_TEST_NAIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define DAYS 92 /* 0: 2026-06-01 */
#define NEVER 1000000
#define GUESTS 14
#define HOUSES 2 /* 0: in the payer's city; 1: in another */

enum { CARE, SERVICE, BED, OLD_BED, ELDER, PROGRAMMES };
enum { NEED_FOR_CARE, NEED_FOR_SERVICE, NEED_FOR_BED, NEED_FOR_AGE, NEEDS };

/* The answers, by their names in reason.h. */
static const char *const APPROVED = "approved";

struct naive_guest {
	bool known;
	int birth_year, birth_month, birth_day;
	int death; /* day, or NEVER */
	bool poor, disabled;
	int level[DAYS];                /* -1: none */
	bool granted[PROGRAMMES][DAYS]; /* to an institution */
	bool card[DAYS];                /* the other allowance, to the card */
	bool filed[DAYS];               /* with the city of house 1 */
	int night[DAYS];                /* house, or -1 */
	int claimed_at[NEEDS][DAYS];    /* house, or -1 */
	int64_t capped[3]; /* fen of each month of the programmes with a person's cap */
};

struct naive {
	struct naive_guest guests[GUESTS];
	int barred_from[HOUSES], barred_until[HOUSES];
	int64_t beds[HOUSES], nights[HOUSES][3], elder_used[3], funds[2];
};

struct naive_line {
	int guest;                                /* -1: a code that nobody has */
	int programme, house, month, first, last; /* days of the month, 1.. */
	int64_t asks_fen;                         /* -1: nothing */
	int booked;                               /* day */
};

static const int naive_month_days[] = {30, 31, 31};
static const int naive_month_start[] = {0, 30, 61};
static const int naive_need[PROGRAMMES] = {
    NEED_FOR_CARE, NEED_FOR_SERVICE, NEED_FOR_BED, NEED_FOR_BED, NEED_FOR_AGE};

#define SERVICE_FEN 21000
#define OLD_BED_FEN 4500
#define OLD_BED_LAST 44 /* 15 July */
#define OLD_BED_DAYS 20
#define BED_CEILING 12000
#define ELDER_FEN 7777
#define ELDER_90_FEN 12345
#define ELDER_CAP 16000
#define PERSON_CAP 20000
#define DEADLINE_DAYS 60

static const int64_t naive_care[] = {0, 0, 10000, 20000, 30000};
static const int64_t naive_bed[] = {5000, 6000, 10000, 15000, 20000};

/* Completed years on a day of the three months; born on 29 February, a year is complete on the 28th in 2026. */
static inline int naive_age(const struct naive_guest *guest, int on)
{
	int month = on < 30 ? 6 : on < 61 ? 7 : 8;
	int number = on - naive_month_start[month - 6] + 1;
	int birth_day = guest->birth_month == 2 && guest->birth_day == 29 ? 28 : guest->birth_day;
	int age = 2026 - guest->birth_year;
	if (month < guest->birth_month || (month == guest->birth_month && number < birth_day))
		age--;
	return age;
}

/* What one day is worth of a monthly amount: R(x) - R(x - 1), R(x) = floor((2 a x + n) / 2n). */
static inline int64_t naive_day_worth(int64_t a, int64_t n, int64_t x)
{
	return (2 * a * x + n) / (2 * n) - (2 * a * (x - 1) + n) / (2 * n);
}

static inline int64_t naive_monthly(const struct naive_guest *guest, int programme, int on)
{
	switch (programme) {
	case CARE:
		return naive_care[guest->level[on]];
	case SERVICE:
		return SERVICE_FEN;
	case BED:
		return naive_bed[guest->level[on]];
	case OLD_BED:
		return OLD_BED_FEN;
	default:
		return naive_age(guest, on) >= 90 ? ELDER_90_FEN : ELDER_FEN;
	}
}

/* The first `count` days of the line. */
static inline int64_t naive_worth(
    const struct naive_guest *guest, const struct naive_line *line, int64_t count)
{
	int64_t fen = 0;
	for (int x = line->first; x <= line->last && x < line->first + count; x++)
		fen += naive_day_worth(
		    naive_monthly(guest, line->programme, naive_month_start[line->month] + x - 1),
		    naive_month_days[line->month], x);
	return fen;
}

/* --- refusals: the question that each asks of one day ------------------------------------------------------------ */

typedef bool naive_fault(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on);

static inline bool naive_suspended(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)guest;
	return naive->barred_from[line->house] <= on && on <= naive->barred_until[line->house];
}

static inline bool naive_not_in_force(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive, (void)guest;
	return line->programme == OLD_BED && on > OLD_BED_LAST;
}

static inline bool naive_too_late(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive, (void)guest, (void)on;
	int month_last = naive_month_start[line->month] + naive_month_days[line->month] - 1;
	return line->booked > month_last + DEADLINE_DAYS;
}

/* Claimed in whichever house. */
static inline bool naive_duplicate(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive;
	return guest->claimed_at[naive_need[line->programme]][on] >= 0;
}

static inline bool naive_not_filed(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive;
	return line->house == 1 && !guest->filed[on];
}

static inline bool naive_no_stay(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive;
	return guest->night[on] != line->house || on >= line->booked;
}

static inline bool naive_no_grant(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive;
	return (line->programme == CARE || line->programme == SERVICE) &&
	       !guest->granted[line->programme][on];
}

static inline bool naive_not_portable(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive, (void)guest, (void)on;
	return line->house == 1 && line->programme == ELDER;
}

static inline bool naive_no_assessment(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive;
	return (line->programme == CARE || line->programme == BED) && guest->level[on] < 0;
}

static inline bool naive_level(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive;
	return line->programme == CARE && guest->level[on] < 2;
}

static inline bool naive_too_young(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive;
	bool young = naive_age(guest, on) < 80;
	return young &&
	       (line->programme == ELDER || (line->programme == SERVICE && !guest->disabled));
}

static inline bool naive_income(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive, (void)on;
	return line->programme == SERVICE && !guest->poor;
}

/* The card's allowance is paid by the month: a day of it takes the month. */
static inline bool naive_excluded(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	bool any = false;
	(void)naive, (void)on;
	for (int x = 0; x < naive_month_days[line->month]; x++)
		any |= guest->card[naive_month_start[line->month] + x];
	return line->programme == CARE && any;
}

/* A bed is not paid for the night of the death. */
static inline bool naive_after_death(const struct naive *naive, const struct naive_guest *guest,
    const struct naive_line *line, int on)
{
	(void)naive;
	bool bed = line->programme == BED || line->programme == OLD_BED;
	return bed ? on >= guest->death : on > guest->death;
}

static const struct {
	const char *reason;
	naive_fault *fault;
} naive_faults[] = {{"suspended", naive_suspended}, {"not_in_force", naive_not_in_force},
    {"too_late", naive_too_late}, {"duplicate", naive_duplicate}, {"not_filed", naive_not_filed},
    {"no_stay", naive_no_stay}, {"no_grant", naive_no_grant}, {"not_portable", naive_not_portable},
    {"no_assessment", naive_no_assessment}, {"level", naive_level}, {"age", naive_too_young},
    {"income_class", naive_income}, {"excluded", naive_excluded},
    {"after_death", naive_after_death}};

/* --- reductions --------------------------------------------------------------------------------------------------- */

static inline int64_t naive_least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t naive_not_below(int64_t a)
{
	return a > 0 ? a : 0;
}

/* The most that the first `count` days may cost: their worth, and for a bed their share of the ceiling. */
static inline int64_t naive_most(
    const struct naive_guest *guest, const struct naive_line *line, int64_t count)
{
	int64_t worth = naive_worth(guest, line, count), share = 0;
	for (int x = line->first; x <= line->last && x < line->first + count; x++)
		share += naive_day_worth(BED_CEILING, naive_month_days[line->month], x);
	return line->programme == BED ? naive_least(worth, share) : worth;
}

static inline int64_t naive_from_funds(
    struct naive *naive, const struct naive_line *line, int64_t fen)
{
	int64_t paid = 0;
	/* The small fund pays first, and for the service only. */
	for (int fund = line->programme == SERVICE ? 0 : 1; fund < 2; fund++) {
		int64_t part = naive_least(fen - paid, naive->funds[fund]);
		naive->funds[fund] -= part;
		paid += part;
	}
	return paid;
}

/* The amount of a line that is not refused; what it uses up is used up. */
static inline int64_t naive_amount(
    struct naive *naive, struct naive_guest *guest, const struct naive_line *line)
{
	int64_t days = line->last - line->first + 1, used = 0, nights = days;
	int64_t fen = naive_most(guest, line, days);
	int64_t *person = &guest->capped[line->month];
	if (line->asks_fen >= 0)
		fen = naive_least(fen, line->asks_fen);
	if (line->programme == BED) {
		int64_t left = naive->beds[line->house] * naive_month_days[line->month] -
			       naive->nights[line->house][line->month];
		if (days > left) {
			nights = naive_not_below(left);
			fen = naive_least(fen, naive_most(guest, line, nights));
		}
		naive->nights[line->house][line->month] += nights;
	}
	if (line->programme == OLD_BED) {
		for (int x = 0; x < naive_month_days[line->month]; x++)
			used +=
			    guest->claimed_at[NEED_FOR_BED][naive_month_start[line->month] + x] >=
			    0;
		if (days > OLD_BED_DAYS - used)
			fen = naive_least(
			    fen, naive_worth(guest, line, naive_not_below(OLD_BED_DAYS - used)));
	}
	if (line->programme == ELDER)
		fen = naive_least(fen, naive_not_below(ELDER_CAP - naive->elder_used[line->month]));
	if (line->programme == ELDER || line->programme == SERVICE)
		fen = naive_least(fen, naive_not_below(PERSON_CAP - *person));
	fen = naive_from_funds(naive, line, fen);
	if (line->programme == ELDER)
		naive->elder_used[line->month] += fen;
	if (line->programme == ELDER || line->programme == SERVICE)
		*person += fen;
	for (int x = line->first; x <= line->last; x++)
		guest->claimed_at[naive_need[line->programme]]
				 [naive_month_start[line->month] + x - 1] = line->house;
	return fen;
}

/* The verdict on a line: the reason's name, and the amount if it is approved. */
static inline const char *naive_judge(
    struct naive *naive, const struct naive_line *line, int64_t *fen)
{
	struct naive_guest *guest = line->guest < 0 ? NULL : &naive->guests[line->guest];
	*fen = 0;
	if (!guest || !guest->known)
		return "unknown_person";
	for (size_t i = 0; i < sizeof naive_faults / sizeof *naive_faults; i++) {
		for (int x = line->first; x <= line->last; x++) {
			if (naive_faults[i].fault(
				naive, guest, line, naive_month_start[line->month] + x - 1))
				return naive_faults[i].reason;
		}
	}
	*fen = naive_amount(naive, guest, line);
	return APPROVED;
}

#endif
