#include "adjudicate.h"

#include <stddef.h>
#include <string.h>

enum error adjudication_begin(struct adjudication *of, struct settlement *settlement,
    struct txn *txn, const struct sheet_header *header, const struct sheet_standing *standing,
    int32_t booked_day, struct claim_state *state)
{
	const struct institution_row *institution;
	uint32_t self = settlement_region(settlement), slots = 0;
	enum error error;

	memset(of, 0, offsetof(struct adjudication, own));
	of->settlement = settlement;
	of->txn = txn;
	of->header = header;
	of->booked_day = booked_day;
	of->standing = *standing;
	of->state = state;
	of->policy = settlement_policy(settlement, self);
	of->host_policy = settlement_policy(settlement, header->host);
	of->month_first = month_first_day(header->month);
	of->month_days = (unsigned)month_days(header->month);
	if (!of->policy)
		return ERROR_STATE;
	for (size_t i = 0; i < settlement->catalogue_count; i++) {
		if (settlement->catalogues[i].region == self)
			of->policy_sequence = settlement->catalogues[i].sequence;
	}
	for (uint32_t i = 0; i < header->programme_count; i++)
		programme_month_find(of->policy, header->programmes[i], header->month,
		    header->host == self ? standing->district : 0, &of->own[i]);
	error = institution_get(txn, header->uscc, &institution);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (!error)
		slots = institution->next_slot;
	claim_state_begin(state, txn, header->uscc, header->month, slots);
	return stay_cursor_open(txn, header->uscc, &of->stays);
}

void adjudication_end(struct adjudication *of)
{
	stay_cursor_close(of->stays);
	of->stays = NULL;
}

/* Keep the nights of one stay that lie in the month. */
static enum error keep_stay(struct adjudication *of, int32_t first_day, const struct stay_row *row)
{
	int32_t month_last = of->month_first + (int32_t)of->month_days - 1;
	int32_t from = first_day > of->month_first ? first_day : of->month_first;
	int32_t until = row->last_night < month_last ? row->last_night : month_last;

	if (from > until || row->state == STAY_REFUSED)
		return ERROR_NONE;
	if (of->person_stay_count == STAYS_OF_LINE_MAX)
		return ERROR_TOO_LARGE;
	of->person_stays[of->person_stay_count++] = (struct month_stay){.slot = row->slot,
	    .state = row->state,
	    .from = (uint8_t)(from - of->month_first + 1),
	    .until = (uint8_t)(until - of->month_first + 1)};
	return ERROR_NONE;
}

/* Is it a person at all? A row that came only with a stay says nothing of its own. */
static bool is_known(const struct person_row *row, uint64_t code)
{
	return row->facts_sequence || row->filings[0].sequence || person_code_valid(code);
}

static bool has_card_grant(const struct person_row *row)
{
	for (size_t i = 0; i < PERSON_GRANTS_MAX; i++) {
		if (row->grants[i].sequence && row->grants[i].paid_to == PAID_TO_CARD)
			return true;
	}
	return false;
}

static enum error find_person(struct adjudication *of, uint64_t person)
{
	const struct stay_row *row = NULL;
	int32_t first_day = 0;
	enum error error;

	of->person = person;
	of->person_row = NULL;
	of->person_stay_count = of->person_slot_count = 0;
	error = stay_cursor_person(of->stays, person, &first_day, &row);
	if (!error)
		of->person_row = &row->person;
	while (!error) {
		if (of->person_slot_count < STAYS_OF_LINE_MAX)
			of->person_slots[of->person_slot_count++] =
			    (struct stay_slot){first_day, row->slot};
		error = keep_stay(of, first_day, row);
		if (!error)
			error = stay_cursor_next(of->stays, &first_day, &row);
	}
	if (error == ERROR_NOT_FOUND && !of->person_row)
		error = person_get(of->txn, person, &of->person_row);
	if (error == ERROR_NOT_FOUND)
		error = ERROR_NONE;
	if (of->person_row && !is_known(of->person_row, person))
		of->person_row = NULL;
	of->person_has_card_grant = of->person_row && has_card_grant(of->person_row);
	if (of->person_row && of->person_row->state & PERSON_HAS_FACTS)
		of->ages = month_ages(of->person_row->birth_day, of->header->month);
	if (error)
		of->person = 0;
	return error;
}

/* Add the nights of one stay that fall among the line's days. */
static void add_stay(struct line_case *line, const struct month_stay *stay)
{
	unsigned from = stay->from > line->line->first_day ? stay->from : line->line->first_day;
	unsigned until = stay->until < line->line->last_day ? stay->until : line->line->last_day;
	uint32_t bits;

	if (from > until)
		return;
	bits = night_bits(from, until);
	if (stay->state == STAY_PENDING) {
		line->pending |= bits;
		return;
	}
	line->stayed |= bits;
	line->nights[line->night_count++] = (struct night_piece){
	    .slot = stay->slot, .from = (uint8_t)from, .until = (uint8_t)until};
}

enum error line_case_find(
    struct adjudication *of, const struct sheet_line *line, struct line_case *found)
{
	enum error error =
	    line->person == of->person && line->person ? ERROR_NONE : find_person(of, line->person);

	if (error)
		return error;
	found->of = of;
	found->line = line;
	found->home = person_code_region(line->person);
	found->cross = found->home != of->header->host;
	found->person = of->person_row;
	found->from_day = of->month_first + line->first_day - 1;
	found->until_day = of->month_first + line->last_day - 1;
	found->programme = &of->own[line->programme];
	found->first = programme_month_on(found->programme, found->from_day);
	found->pieces = line->pieces ? line->pieces : 1;
	found->night_count = 0;
	found->stayed = found->pending = 0;
	for (size_t i = 0; i < of->person_stay_count; i++)
		add_stay(found, &of->person_stays[i]);
	return ERROR_NONE;
}

struct days_anywhere {
	struct line_case *line;
	enum need need;
	uint32_t (*days_of)(
	    struct claim_state *state, const char *uscc, enum need need, uint32_t slot);
	uint32_t days;
};

/* Those in the sheet's institution have been seen. */
enum error line_stay_slot(
    const struct line_case *line, const struct stay_night_span *stay, uint32_t *slot)
{
	const struct adjudication *of = line->of;
	bool here = of->person == line->line->person &&
		    memcmp(stay->uscc, of->header->uscc, USCC_SIZE) == 0;
	const struct stay_row *row;
	enum error error;

	for (size_t i = 0; here && i < of->person_slot_count; i++) {
		if (of->person_slots[i].first_day == stay->first_day) {
			*slot = of->person_slots[i].slot;
			return ERROR_NONE;
		}
	}
	error = stay_get(of->txn, stay->uscc, line->line->person, stay->first_day, &row);
	if (!error)
		*slot = row->slot;
	return error;
}

static bool add_days(void *context, const struct stay_night_span *stay)
{
	struct days_anywhere *found = context;
	struct adjudication *of = found->line->of;
	uint32_t slot;
	enum error error;

	if (stay->first_day >= of->month_first + (int32_t)of->month_days)
		return false; /* in order of first day */
	error = line_stay_slot(found->line, stay, &slot);
	if (error)
		claim_state_fail(of->state, error);
	else
		found->days |= found->days_of(of->state, stay->uscc, found->need, slot);
	return !error;
}

static uint32_t days_anywhere(struct days_anywhere *found)
{
	struct adjudication *of = found->line->of;
	enum error error = stay_each(of->txn, found->line->line->person, add_days, found);

	if (error)
		claim_state_fail(of->state, error);
	return found->days;
}

uint32_t line_days_anywhere(struct line_case *line, enum need need)
{
	struct days_anywhere found = {.line = line, .need = need, .days_of = claim_state_days_at};

	return days_anywhere(&found);
}

uint32_t line_days_freed(struct line_case *line, enum need need)
{
	struct days_anywhere found = {.line = line, .need = need, .days_of = claim_state_freed_at};

	return days_anywhere(&found);
}

/* What goes beyond the reserve is held: its days are taken, and no money. */
static void hold(struct prefund_cap *cap, struct verdict *verdict)
{
	if (verdict->reason != REASON_approved || verdict->amount_fen == 0)
		return;
	if (prefund_cap_takes(cap, verdict->amount_fen)) {
		cap->unpaid_fen += verdict->amount_fen;
		return;
	}
	verdict->reason = REASON_held_prefund;
	verdict->held_fen = verdict->amount_fen;
	verdict->limit_fen = cap->limit_fen;
	verdict->unpaid_fen = cap->unpaid_fen;
	verdict->amount_fen = 0;
	verdict->fund_count = 0;
}

enum error adjudicate_line(struct adjudication *of, const struct sheet_line *line,
    struct span logged, struct verdict *verdict, bool *not_rerun)
{
	struct line_case found;
	enum error error = line_case_find(of, line, &found);

	*not_rerun = false;
	if (error)
		return error;
	memset(verdict, 0, offsetof(struct verdict, pieces));
	verdict->facts_sequence = verdict->grant_sequence = verdict->filing_sequence = 0;
	verdict->held_fen = verdict->limit_fen = verdict->unpaid_fen = 0;
	/* The facts are gone: what was decided stands. */
	if (logged.size && found.person && (found.person->state & PERSON_ERASED)) {
		*not_rerun = true;
		error = verdict_parse(logged, verdict);
		for (uint32_t i = 0; !error && i < verdict->fund_count; i++) {
			if (verdict->funds[i].fund >= of->policy->fund_count)
				error = ERROR_MALFORMED;
		}
	} else {
		error = line_refusal(&found, verdict);
		if (!error && verdict->reason == REASON_approved)
			error = line_amount(&found, verdict);
		if (!error)
			hold(&of->cap, verdict);
	}
	if (error)
		return error;
	if (*not_rerun && of->cap.is)
		of->cap.unpaid_fen += verdict->amount_fen;
	if (*not_rerun && verdict_takes_days(verdict) && found.programme->span_count == 0)
		return ERROR_MALFORMED;
	return line_take(&found, verdict, true);
}
