/* adjudicate.h: the verdicts on a claim sheet: for each line the first refusal that applies, or the amount with its reductions.
 * Rules: docs/settlement.md, "Adjudication". Pure over the transaction; not thread-safe. */
#ifndef SUIREN_ADJUDICATE_H
#define SUIREN_ADJUDICATE_H

#include "claim_state.h"
#include "institution.h"
#include "prefund.h"
#include "programme.h"
#include "settlement_internal.h"
#include "sheet.h"
#include "stay.h"
#include "verdict.h"

/* What the host says about a sheet that it forwards; for a local sheet the city's own tables say it. */
struct sheet_standing {
	bool known; /* the institution is registered */
	uint32_t district;
	int32_t barred_from, barred_until; /* inclusive; from > until: never */
	int64_t nights_limit,
	    nights_used; /* of the month: licensed beds x days; taken by earlier sheets */
};

/* A stay that touches the month, with its nights in the month as days 1..31. */
struct month_stay {
	uint32_t slot, state;
	uint8_t from, until;
};

/* Programmes that some run has paid to cards for the sheet's month, and that bar a programme of the sheet: by its need, or because it excludes them. */
struct paid_tags {
	bool found;
	uint32_t count;
	bool same_need[PROGRAMMES_MAX];
	uint32_t tags[PROGRAMMES_MAX];
};

/* One sheet before its payer. */
struct adjudication {
	struct settlement *settlement;
	struct txn *txn;
	const struct sheet_header *header;
	int32_t booked_day; /* when the host booked it: timeliness */
	struct sheet_standing standing;
	struct claim_state *state;

	const struct policy *policy, *host_policy;
	uint64_t policy_sequence;
	int32_t month_first; /* day number */
	unsigned month_days;
	bool host_found[SHEET_PROGRAMMES_MAX];
	struct stay_cursor *stays;
	struct {
		bool loaded;
		int64_t left;
	} funds[FUNDS_MAX];
	/* The person of the line before: its lines stand together. */
	uint64_t person;
	const struct person_row *person_row; /* NULL: nothing is known */
	struct month_ages ages;              /* of a person with facts */
	struct month_stay person_stays[STAYS_OF_LINE_MAX];
	size_t person_stay_count;
	bool person_has_card_grant;
	/* Slots of the person's stays here, whichever nights they have: the first of them. */
	struct stay_slot {
		int32_t first_day;
		uint32_t slot;
	} person_slots[STAYS_OF_LINE_MAX];
	size_t person_slot_count;
	struct prefund_cap cap; /* none unless whoever adjudicates has set it */
	int64_t
	    approved_before; /* on second look: fen of the line that an earlier verdict has approved; else 0 */
	struct grant_span older_grant; /* found last beside the person's row */
	struct paid_tags paid[SHEET_PROGRAMMES_MAX];
	/* Large, and not set before they are found: last. */
	struct programme_month own[SHEET_PROGRAMMES_MAX], at_host[SHEET_PROGRAMMES_MAX];
};

/* Fails with: ERROR_STATE (no catalogue of this city yet), ERROR_MEMORY, and the store's. Whatever it returns: adjudication_end. */
MUST_CHECK enum error adjudication_begin(struct adjudication *adjudication,
    struct settlement *settlement, struct txn *txn, const struct sheet_header *header,
    const struct sheet_standing *standing, int32_t booked_day, struct claim_state *state);
void adjudication_end(struct adjudication *adjudication);

/* A line with what it is judged by. */
struct line_case {
	struct adjudication *of;
	const struct sheet_line *line;
	uint64_t home;                   /* region of the person's code */
	bool cross;                      /* home is not the host */
	const struct person_row *person; /* NULL: nothing is known */
	int32_t from_day, until_day;
	const struct programme_month *programme;
	const struct programme_span *first; /* the version of its first day; NULL: none */
	struct night_piece nights[STAYS_OF_LINE_MAX];
	size_t night_count;
	unsigned pieces;  /* 1, unless it is claimed by the piece and says more */
	uint32_t stayed;  /* bit d - 1: night d is one of an accepted stay */
	uint32_t pending; /* ... of a stay that waits for the home city */
};

/* Find the facts for a line; lines are cheapest in order of person. */
MUST_CHECK enum error line_case_find(
    struct adjudication *adjudication, const struct sheet_line *line, struct line_case *found);
/* The slot of a stay of the line's person. Fails with: ERROR_NOT_FOUND, and the store's. */
MUST_CHECK enum error line_stay_slot(
    const struct line_case *line, const struct stay_night_span *stay, uint32_t *slot);
/* Days of the month that are claimed for the person in all stays, wherever they are and whichever nights they have now, bit d - 1 for
 * day d. A failure is the claim state's. */
uint32_t line_days_anywhere(struct line_case *line, enum need need);
/* The same for days that were claimed and freed again. */
uint32_t line_days_freed(struct line_case *line, enum need need);
/* The first refusal that applies, with its figure; REASON_approved if none does. Fails with the store's. */
MUST_CHECK enum error line_refusal(struct line_case *line, struct verdict *verdict);
/* The level that holds on a day; NULL if none does. */
const struct level_span *line_level_on(const struct person_row *person, int32_t day);
/* The amount of a line that is not refused, with pieces, funds and reductions. Fails with the store's. */
MUST_CHECK enum error line_amount(struct line_case *line, struct verdict *verdict);
/* Count what an approved line uses up: days, nights, caps; and, unless `funds` is false, the funds. Used when it is decided and when it is applied. */
MUST_CHECK enum error line_take(struct line_case *line, const struct verdict *verdict, bool funds);

/* The reverse, for a line that is taken back under the version by which it was decided; funds are left alone. Its days are freed in whichever of
 * the person's stays in the institution they were claimed: a stay may have become shorter since. */
MUST_CHECK enum error line_give_back(struct adjudication *adjudication,
    const struct sheet_line *line, const struct verdict *verdict,
    const struct programme *programme);
/* Days or pieces that it is granted, as the caps leave them; its own are `asked`. */
int64_t line_units(const struct sheet_line *line, const struct verdict *verdict);
/* Nights that an approved line takes of the licensed beds, if its programme takes any. */
int64_t line_nights(const struct sheet_line *line, const struct verdict *verdict);
/* Nights that it takes by a second look beyond those that it had by the verdict before, which need not have given it any. */
int64_t line_more_nights(
    const struct sheet_line *line, const struct verdict *verdict, const struct verdict *before);
/* Count what a second look has approved beyond `before`, which approved too: fen and nights; its days are taken already. `back`: it is taken
 * back. */
MUST_CHECK enum error line_take_more(struct adjudication *adjudication,
    const struct sheet_line *line, const struct programme *programme, const struct verdict *verdict,
    const struct verdict *before, bool back);

/* The verdict on a line, which is counted. `logged` is what was logged, in a replay, or empty; *not_rerun tells that it was taken over. */
MUST_CHECK enum error adjudicate_line(struct adjudication *adjudication,
    const struct sheet_line *line, struct span logged, struct verdict *verdict, bool *not_rerun);

#endif
