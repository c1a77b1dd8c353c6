/* refusal.c: the refusals of a claim line, in the order in which they are tried. */
#include "adjudicate.h"

#include "entitlement_internal.h"
#include "refusal_internal.h"

/* Each check below looks for the first thing wrong of one kind; true if there is one, mostly with a figure. */

bool refusal_on_day(struct verdict *verdict, int32_t day)
{
	verdict->has_figure = true;
	verdict->figure = day;
	return true;
}

/* A fact about the person decides: named by the entry that brought it, so that the verdict does not tell it. */
static bool on_entry(struct verdict *verdict, uint64_t sequence)
{
	verdict->has_figure = sequence != 0;
	verdict->figure = (int64_t)sequence;
	return true;
}

static uint32_t month_mask(const struct line_case *line)
{
	return night_bits(line->line->first_day, line->line->last_day);
}

/* The day of the lowest bit. */
static int32_t first_day_of(const struct line_case *line, uint32_t bits)
{
	return line->of->month_first + __builtin_ctz(bits);
}

bool refusal_any_span(const struct line_case *line, span_check *wrong, struct verdict *verdict)
{
	for (uint32_t i = 0; i < line->programme->span_count; i++) {
		const struct programme_span *span = &line->programme->spans[i];
		int32_t from = span->from_day > line->from_day ? span->from_day : line->from_day;
		int32_t until =
		    span->until_day < line->until_day ? span->until_day : line->until_day;

		if (from <= until && wrong(line, span, from, until, verdict)) {
			verdict->has_row = true;
			verdict->row = span->row;
			return true;
		}
	}
	return false;
}

static bool unknown_person(const struct line_case *line)
{
	return !line->person;
}

static bool erased(const struct line_case *line)
{
	return line->person->state & PERSON_ERASED;
}

static bool unknown_institution(const struct line_case *line)
{
	return !line->of->standing.known;
}

static bool suspended(struct line_case *line, struct verdict *verdict)
{
	const struct sheet_standing *standing = &line->of->standing;
	int32_t from =
	    standing->barred_from > line->from_day ? standing->barred_from : line->from_day;

	return from <= standing->barred_until && from <= line->until_day &&
	       refusal_on_day(verdict, from);
}

/* Who pays on a day: the host for everybody's beds where its catalogue says so, else the home. */
static bool wrong_payer(struct line_case *line, struct verdict *verdict)
{
	struct adjudication *of = line->of;
	uint32_t payer = of->header->payer, host = of->header->host;
	unsigned index = line->line->programme;

	if (!line->cross)
		return payer != host;
	if (!of->host_found[index]) {
		programme_month_find(of->host_policy, of->header->programmes[index],
		    of->header->month, of->standing.district, &of->at_host[index]);
		of->host_found[index] = true;
	}
	for (int32_t day = line->from_day; day <= line->until_day; day++) {
		const struct programme_span *at_host = programme_month_on(&of->at_host[index], day);
		uint32_t pays = at_host && at_host->programme->payer == PAYER_HOST
				    ? host
				    : (uint32_t)line->home;

		if (pays != payer)
			return refusal_on_day(verdict, day);
		/* The same until the host's version ends. */
		if (at_host)
			day = at_host->until_day;
	}
	return false;
}

static bool not_in_force(struct line_case *line, struct verdict *verdict)
{
	int32_t day = line->from_day;

	while (day <= line->until_day) {
		const struct programme_span *span = programme_month_on(line->programme, day);

		/* What is paid by the month to the person's card is not for an institution to claim. */
		if (!span || span->programme->paid_to == PAID_TO_CARD ||
		    span->programme->accrues == ACCRUES_MONTH)
			return refusal_on_day(verdict, day);
		day = span->until_day + 1;
	}
	return false;
}

/* What all versions of the line's programme have in common: need, accrual, whether it is for nights of a stay. */
static const struct programme *kind_of(const struct line_case *line)
{
	return line->programme->spans[0].programme;
}

static struct service_days *services(const struct line_case *line)
{
	return claim_state_services(line->of->state);
}

static uint32_t days_freed(struct line_case *line)
{
	enum need need = kind_of(line)->need;

	return kind_of(line)->needs_stay
		   ? line_days_freed(line, need)
		   : service_days_freed(services(line), line->line->person, need);
}

/* A correction of days that were claimed and taken back is not late: the others must be in time under the version of each. The figure is the
 * last day on which all of them would have been. */
static bool too_late(struct line_case *line, struct verdict *verdict)
{
	const struct adjudication *of = line->of;
	int32_t month_last = of->month_first + (int32_t)of->month_days - 1, deadline = DAY_NEVER;
	uint32_t wanted = month_mask(line), freed = 0;
	bool looked = false;

	for (uint32_t i = 0; i < line->programme->span_count; i++) {
		const struct programme_span *span = &line->programme->spans[i];
		int32_t last = month_last + span->programme->claim_deadline_days;
		uint32_t days =
		    wanted & night_bits((unsigned)(span->from_day - of->month_first) + 1,
				 (unsigned)(span->until_day - of->month_first) + 1);

		if (days == 0 || of->booked_day <= last || last >= deadline)
			continue;
		if (!looked)
			freed = days_freed(line);
		looked = true;
		if (!(days & ~freed))
			continue;
		deadline = last;
		verdict->has_row = true;
		verdict->row = span->row;
	}
	return deadline != DAY_NEVER && refusal_on_day(verdict, deadline);
}

/* Days that are claimed in stays. */
static uint32_t nights_claimed(struct line_case *line)
{
	enum need need = kind_of(line)->need;
	uint32_t claimed = 0;

	for (size_t i = 0; i < line->night_count; i++)
		claimed |= claim_state_days(line->of->state, need, line->nights[i].slot);
	/* Nights are disjoint, so a day is claimed in the stay that has it, unless it belonged to another when it was claimed. A day that is no
	 * night here may be claimed elsewhere, and was claimed before then, whoever asks. */
	if (line->person->state & PERSON_SHORTENED || month_mask(line) & ~line->stayed)
		claimed |= line_days_anywhere(line, need);
	return claimed;
}

/* Pieces may come from several institutions on one day, and each tells its own once; a day is claimed once, whoever serves. */
static uint32_t days_claimed(struct line_case *line)
{
	enum need need = kind_of(line)->need;
	uint64_t person = line->line->person;
	uint32_t claimed;

	if (kind_of(line)->accrues == ACCRUES_PIECE)
		return service_days_here(services(line), person, need);
	claimed = kind_of(line)->needs_stay ? nights_claimed(line) : line_days_anywhere(line, need);
	if (line->programme->asks & ASKS_SERVICES)
		claimed |= service_days_anywhere(services(line), person, need);
	return claimed;
}

static bool duplicate(struct line_case *line, struct verdict *verdict)
{
	uint32_t claimed = days_claimed(line) & month_mask(line);

	return claimed != 0 && refusal_on_day(verdict, first_day_of(line, claimed));
}

/* The filing that holds on a day; NULL if none does. */
static const struct filing_span *filing_on(const struct line_case *line, int32_t day)
{
	const struct person_row *person = line->person;

	for (size_t i = 0; i < PERSON_FILINGS_MAX; i++) {
		const struct filing_span *filing = &person->filings[i];

		if (filing->sequence && filing->region == line->of->header->host &&
		    filing->from_day <= day && day <= filing->until_day)
			return filing;
	}
	return NULL;
}

static bool not_filed(struct line_case *line, struct verdict *verdict)
{
	int32_t day = line->from_day;

	if (!line->cross)
		return false;
	while (day <= line->until_day) {
		const struct filing_span *filing = filing_on(line, day);

		if (!filing)
			return refusal_on_day(verdict, day);
		verdict->filing_sequence = filing->sequence;
		if (filing->until_day >= line->until_day)
			break;
		day = filing->until_day + 1;
	}
	return false;
}

static bool no_stay(struct line_case *line, struct verdict *verdict)
{
	uint32_t missing = month_mask(line) & ~line->stayed;
	int32_t day = missing ? first_day_of(line, missing) : DAY_NEVER;
	int32_t not_over = line->of->booked_day; /* a night is over on the day after it */

	if (!kind_of(line)->needs_stay)
		return false;
	if (not_over < line->from_day)
		not_over = line->from_day;
	if (not_over <= line->until_day && not_over < day)
		day = not_over;
	return day != DAY_NEVER && refusal_on_day(verdict, day);
}

struct grant_search {
	int32_t day;
	struct grant_span *found;
};

static bool take_grant(void *context, const struct grant_row *row)
{
	struct grant_search *search = context;

	if (row->span.from_day <= search->day && search->day <= row->span.until_day)
		*search->found = row->span;
	return search->found->sequence == 0;
}

/* Older grants than the person's row has room for: home keeps all of its own persons' by programme. */
static const struct grant_span *older_grant_on(
    const struct line_case *line, uint32_t tag, int32_t day)
{
	struct adjudication *of = line->of;
	struct grant_search search = {.day = day, .found = &of->older_grant};
	enum error error;

	of->older_grant.sequence = 0;
	if (!person_is_own(of->settlement, line->person->code))
		return NULL;
	error = grant_each_of_person(of->txn, tag, line->person->code, take_grant, &search);
	if (error)
		claim_state_fail(of->state, error);
	return of->older_grant.sequence ? &of->older_grant : NULL;
}

/* The grant of a programme that holds on a day; valid until the next call. */
static const struct grant_span *grant_on(const struct line_case *line, uint32_t tag, int32_t day)
{
	bool full = true;

	for (size_t i = 0; i < PERSON_GRANTS_MAX; i++) {
		const struct grant_span *grant = &line->person->grants[i];

		if (grant->sequence && grant->tag == tag && grant->from_day <= day &&
		    day <= grant->until_day)
			return grant;
		full = full && grant->sequence != 0;
	}
	return full ? older_grant_on(line, tag, day) : NULL;
}

static bool no_grant_span(const struct line_case *line, const struct programme_span *span,
    int32_t from, int32_t until, struct verdict *verdict)
{
	const struct programme *programme = span->programme;
	if (!programme->needs_grant)
		return false;
	for (int32_t day = from; day <= until;) {
		const struct grant_span *grant = grant_on(line, programme->tag, day);

		if (!grant)
			return refusal_on_day(verdict, day);
		verdict->grant_sequence = grant->sequence;
		if (grant->until_day >= until)
			break;
		day = grant->until_day + 1;
	}
	return false;
}

static bool no_grant(struct line_case *line, struct verdict *verdict)
{
	return line->programme->asks & ASKS_GRANT && refusal_any_span(line, no_grant_span, verdict);
}

static bool not_portable_span(const struct line_case *line, const struct programme_span *span,
    int32_t from, int32_t until, struct verdict *verdict)
{
	const struct programme *programme = span->programme;
	uint32_t host = line->of->header->host;

	/* The host pays for everybody's stay with it, whatever home says. */
	if (programme->payer == PAYER_HOST && line->of->header->payer == host)
		return false;
	if (!programme_portable_to(programme, host))
		return refusal_on_day(verdict, from);
	for (int32_t day = from; programme->needs_grant && day <= until; day++) {
		const struct grant_span *grant = grant_on(line, programme->tag, day);

		if (grant && grant->region && grant->region != host)
			return refusal_on_day(verdict, day);
		if (!grant || grant->until_day >= until)
			break;
		day = grant->until_day;
	}
	return false;
}

static bool not_portable(struct line_case *line, struct verdict *verdict)
{
	return line->cross && refusal_any_span(line, not_portable_span, verdict);
}

const struct level_span *line_level_on(const struct person_row *person, int32_t day)
{
	for (size_t i = 0; i < PERSON_LEVELS_MAX; i++) {
		const struct level_span *level = &person->levels[i];

		if (level->sequence && level->from_day <= day && day <= level->until_day)
			return level;
	}
	return NULL;
}

static bool no_assessment_span(const struct line_case *line, const struct programme_span *span,
    int32_t from, int32_t until, struct verdict *verdict)
{
	const struct programme *programme = span->programme;
	if (!programme->needs_assessment && !span->asks_level)
		return false;
	for (int32_t day = from; day <= until;) {
		const struct level_span *level = line_level_on(line->person, day);

		if (!level)
			return refusal_on_day(verdict, day);
		if (level->until_day >= until)
			break;
		day = level->until_day + 1;
	}
	return false;
}

static bool no_assessment(struct line_case *line, struct verdict *verdict)
{
	return line->programme->asks & ASKS_ASSESSMENT &&
	       refusal_any_span(line, no_assessment_span, verdict);
}

/* Is there any band for this level, at whatever age? */
static bool level_has_band(const struct programme *programme, int level)
{
	for (size_t i = 0; i < programme->band_count; i++) {
		if (programme->bands[i].level_from <= level &&
		    level <= programme->bands[i].level_to)
			return true;
	}
	return false;
}

static bool level_refused_span(const struct line_case *line, const struct programme_span *span,
    int32_t from, int32_t until, struct verdict *verdict)
{
	const struct programme *programme = span->programme;
	if (!span->asks_level)
		return false;
	for (int32_t day = from; day <= until;) {
		const struct level_span *found = line_level_on(line->person, day);
		int level = (int)found->level; /* there is one: no_assessment came before */

		if (level < programme->level_min || level > programme->level_max ||
		    !level_has_band(programme, level))
			return on_entry(verdict, found->sequence);
		if (found->until_day >= until)
			break;
		day = found->until_day + 1;
	}
	return false;
}

static bool level_refused(struct line_case *line, struct verdict *verdict)
{
	return line->programme->asks & ASKS_LEVEL &&
	       refusal_any_span(line, level_refused_span, verdict);
}

/* Is there a day without a band? Bands change with the level and on the birthday, at most. */
static bool lacks_band(
    const struct line_case *line, const struct programme_span *span, int32_t from, int32_t until)
{
	const struct month_ages *ages = &line->of->ages;
	int32_t next;

	for (int32_t day = from; day <= until; day = next) {
		const struct level_span *level =
		    span->asks_level ? line_level_on(line->person, day) : NULL;

		if (programme_band(span->programme, programme_age_in(span->programme, ages, day),
			level ? (int)level->level : 0) < 0)
			return true;
		next = !span->asks_level ? until : level ? level->until_day : day;
		next = next < until ? next + 1 : until + 1;
		if (day < ages->birthday && ages->birthday < next)
			next = ages->birthday;
	}
	return false;
}

/* Age can only grow: the first day decides on a least age, the last day on the bands that end. */
static bool age_span(const struct line_case *line, const struct programme_span *span, int32_t from,
    int32_t until, struct verdict *verdict)
{
	const struct programme *programme = span->programme;
	const struct person_row *person = line->person;
	bool either = programme->age_or > 0 || programme->flag_or > 0;
	int age;

	if (!either && !span->asks_age)
		return false;
	verdict->facts_sequence = person->facts_sequence;
	if (!(person->state & PERSON_HAS_FACTS))
		return on_entry(verdict, person->facts_sequence);
	age = programme_age_in(programme, &line->of->ages, from);
	if (either && !(person->flags & programme->flag_or) &&
	    (programme->age_or == 0 || age < programme->age_or))
		return on_entry(verdict, person->facts_sequence);
	return span->asks_age &&
	       (age < programme->age_min || lacks_band(line, span, from, until)) &&
	       on_entry(verdict, person->facts_sequence);
}

static bool age(struct line_case *line, struct verdict *verdict)
{
	return line->programme->asks & ASKS_AGE && refusal_any_span(line, age_span, verdict);
}

static bool income_span(const struct line_case *line, const struct programme_span *span,
    int32_t from, int32_t until, struct verdict *verdict)
{
	const struct programme *programme = span->programme;
	const struct person_row *person = line->person;

	(void)from;
	(void)until;
	if (programme->income_mask == 0)
		return false;
	verdict->facts_sequence = person->facts_sequence;
	return (!(person->state & PERSON_HAS_FACTS) ||
		   !(person->income_class & programme->income_mask)) &&
	       on_entry(verdict, person->facts_sequence);
}

static bool income_class(struct line_case *line, struct verdict *verdict)
{
	return line->programme->asks & ASKS_INCOME && refusal_any_span(line, income_span, verdict);
}

struct night_search {
	int32_t from, until, found;
};

static bool find_night(void *context, const struct stay_night_span *stay)
{
	struct night_search *search = context;
	int32_t first = stay->first_day > search->from ? stay->first_day : search->from;

	if (stay->state == STAY_ACCEPTED && first <= search->until && first <= stay->last_night &&
	    first < search->found)
		search->found = first;
	return stay->first_day <= search->until;
}

/* Who lives in a house is fed and cared for there: the first day that is one of the nights. */
static bool inside_stay_span(const struct line_case *line, const struct programme_span *span,
    int32_t from, int32_t until, struct verdict *verdict)
{
	struct night_search search = {from, until, DAY_NEVER};
	enum error error;

	if (!span->programme->outside_stay)
		return false;
	error = stay_each(line->of->txn, line->line->person, find_night, &search);
	if (error)
		claim_state_fail(line->of->state, error);
	return search.found != DAY_NEVER && refusal_on_day(verdict, search.found);
}

static bool overlap(struct line_case *line, struct verdict *verdict)
{
	return !kind_of(line)->needs_stay && refusal_any_span(line, inside_stay_span, verdict);
}

static bool after_death_span(const struct line_case *line, const struct programme_span *span,
    int32_t from, int32_t until, struct verdict *verdict)
{
	const struct programme *programme = span->programme;
	/* A bed is not paid for the night of the death; other days count to the day itself. */
	int32_t first_unpaid = programme->unit == UNIT_BED_MONTH ? line->person->death_day
								 : line->person->death_day + 1;

	(void)from;
	return until >= first_unpaid && on_entry(verdict, line->person->facts_sequence);
}

static bool after_death(struct line_case *line, struct verdict *verdict)
{
	if (!(line->person->state & PERSON_HAS_FACTS) || line->person->death_day == DAY_NEVER)
		return false;
	verdict->facts_sequence = line->person->facts_sequence;
	return refusal_any_span(line, after_death_span, verdict);
}

/* Pieces are told by the day, and only of what is counted by pieces; a share is one of a bill; and nothing is claimed before its day has come. */
static bool unfit(const struct line_case *line, struct verdict *verdict)
{
	const struct programme *programme = kind_of(line);
	bool pieces = programme->accrues == ACCRUES_PIECE;

	if (!programme->needs_stay && line->until_day > line->of->booked_day)
		return refusal_on_day(verdict, line->from_day > line->of->booked_day
						   ? line->from_day
						   : line->of->booked_day + 1);
	return (pieces ? line->from_day != line->until_day : line->line->pieces != 0) ||
	       (line->first->programme->share_percent && line->line->amount_fen < 0);
}

static bool is(struct verdict *verdict, enum reason reason, bool found)
{
	if (found)
		verdict->reason = reason;
	else
		verdict->has_figure = false;
	return found;
}

/* In the order of reason.h. REASON_signature is a refusal of the whole sheet, before its lines are looked at; of nights REASON_overlap is home's
 * verdict on the stay, which here is no accepted stay. */
static bool is_refused(struct line_case *line, struct verdict *v)
{
	return is(v, REASON_unknown_person, unknown_person(line)) ||
	       is(v, REASON_erased, erased(line)) ||
	       is(v, REASON_unknown_institution, unknown_institution(line)) ||
	       is(v, REASON_suspended, suspended(line, v)) ||
	       is(v, REASON_wrong_payer, wrong_payer(line, v)) ||
	       is(v, REASON_not_in_force, not_in_force(line, v)) ||
	       is(v, REASON_too_late, too_late(line, v)) ||
	       is(v, REASON_duplicate, duplicate(line, v)) ||
	       is(v, REASON_not_filed, not_filed(line, v)) ||
	       is(v, REASON_no_stay, no_stay(line, v)) ||
	       is(v, REASON_no_grant, no_grant(line, v)) ||
	       is(v, REASON_not_portable, not_portable(line, v)) ||
	       is(v, REASON_no_assessment, no_assessment(line, v)) ||
	       is(v, REASON_level, level_refused(line, v)) || is(v, REASON_age, age(line, v)) ||
	       is(v, REASON_income_class, income_class(line, v)) ||
	       is(v, REASON_excluded, line_excluded(line, v)) ||
	       is(v, REASON_overlap, overlap(line, v)) ||
	       is(v, REASON_after_death, after_death(line, v)) ||
	       is(v, REASON_unfit, unfit(line, v));
}

/* The version of the day that was wrong is shown; that of the line's first day if none is in force then. */
static void show_version_of_day(const struct line_case *line, struct verdict *verdict)
{
	const struct programme_span *span = NULL;

	if (verdict->has_figure && verdict->reason != REASON_too_late &&
	    !verdict_figure_is_entry(verdict->reason))
		span = programme_month_on(line->programme, (int32_t)verdict->figure);
	if (span) {
		verdict->has_row = true;
		verdict->row = span->row;
	}
}

enum error line_refusal(struct line_case *line, struct verdict *verdict)
{
	const struct programme_span *first = line->first;

	verdict->policy = line->of->policy_sequence;
	verdict->has_row = first != NULL;
	verdict->row = first ? first->row : 0;
	verdict->has_figure = false;
	if (!is_refused(line, verdict))
		verdict->reason = REASON_approved;
	else
		show_version_of_day(line, verdict);
	return claim_state_failed(line->of->state);
}
