/* exclusion.c: what else a person draws for the days of a line: one need is paid once, and a programme bars those that it excludes. */
#include "refusal_internal.h"

#include "allowance.h"
#include "entitlement_internal.h"

/* A grant that bars this line: of a programme that it excludes, or for the same need to the person's own card, if a run can pay it for the month. */
static bool grant_bars(
    const struct line_case *line, const struct programme *programme, const struct grant_span *grant)
{
	const struct adjudication *of = line->of;
	const struct programme *other;

	if (programme_excludes(programme, grant->tag))
		return true;
	if (grant->paid_to != PAID_TO_CARD)
		return false;
	other = policy_programme(
	    of->policy, grant->tag, of->month_first + (int32_t)of->month_days - 1, 0);
	return other && other->need == programme->need && other->paid_to != PAID_TO_INSTITUTION;
}

/* The days of the line's month that a grant takes: those on which it holds; what is paid to the card accrues by the month, so that
 * a part of the month takes the whole. */
static bool grant_days(
    const struct line_case *line, const struct grant_span *grant, int32_t *from, int32_t *until)
{
	int32_t month_first = line->of->month_first;
	int32_t month_last = month_first + (int32_t)line->of->month_days - 1;

	*from = grant->from_day > month_first ? grant->from_day : month_first;
	*until = grant->until_day < month_last ? grant->until_day : month_last;
	if (!grant->sequence || *from > *until)
		return false;
	if (grant->paid_to == PAID_TO_CARD) {
		*from = month_first;
		*until = month_last;
	}
	return true;
}

/* The first of the days from..until of one version that a grant of the person bars. */
struct bar_search {
	const struct line_case *line;
	const struct programme *programme;
	int32_t from, until, earliest;
};

static void look_at_grant(struct bar_search *search, const struct grant_span *grant)
{
	const struct line_case *line = search->line;
	int32_t first, last;

	if (!grant->sequence ||
	    (grant->paid_to != PAID_TO_CARD &&
		!programme_excludes(search->programme, grant->tag)) ||
	    !grant_days(line, grant, &first, &last))
		return;
	first = first > search->from ? first : search->from;
	if (first < search->earliest && first <= search->until && first <= last &&
	    grant_bars(line, search->programme, grant))
		search->earliest = first;
}

static bool look_at_older_grant(void *context, const struct grant_row *row)
{
	look_at_grant(context, &row->span);
	return true;
}

/* May there be grants that the person's row has no room for? */
static bool has_older_grants(const struct line_case *line)
{
	for (size_t i = 0; i < PERSON_GRANTS_MAX; i++) {
		if (!line->person->grants[i].sequence)
			return false;
	}
	return person_is_own(line->of->settlement, line->person->code);
}

/* A version of the catalogue by which a programme that may bar this one can be paid to the card, or which excludes it. */
static bool may_bar(const struct programme *programme, const struct programme *other)
{
	return programme_excludes(programme, other->tag) ||
	       (other->need == programme->need && other->paid_to != PAID_TO_INSTITUTION);
}

static void look_at_older_grants(struct bar_search *search)
{
	struct adjudication *of = search->line->of;

	for (size_t i = 0; i < of->policy->programme_count; i++) {
		const struct programme *other = &of->policy->programmes[i];
		enum error error = ERROR_NONE;

		if (may_bar(search->programme, other))
			error = grant_each_of_person(of->txn, other->tag,
			    search->line->person->code, look_at_older_grant, search);
		if (error)
			claim_state_fail(of->state, error);
	}
}

static bool excluded_span(const struct line_case *line, const struct programme_span *span,
    int32_t from, int32_t until, struct verdict *verdict)
{
	struct bar_search search = {line, span->programme, from, until, DAY_NEVER};

	for (size_t i = 0; i < PERSON_GRANTS_MAX; i++)
		look_at_grant(&search, &line->person->grants[i]);
	if (has_older_grants(line))
		look_at_older_grants(&search);
	return search.earliest != DAY_NEVER && refusal_on_day(verdict, search.earliest);
}

/* Was the month paid to the card, by a programme that needs no grant, or by a grant that was ended or changed for it afterwards? It stays paid
 * until the run's line is taken back. */
static bool month_paid_span(const struct line_case *line, const struct programme_span *span,
    int32_t from, int32_t until, struct verdict *verdict)
{
	const struct adjudication *of = line->of;
	const struct paid_tags *tags = &of->paid[line->line->programme];

	(void)until;
	for (uint32_t i = 0; i < tags->count; i++) {
		bool paid = false;
		enum error error;

		if (!tags->same_need[i] && !programme_excludes(span->programme, tags->tags[i]))
			continue;
		error = allowance_paid(
		    of->txn, tags->tags[i], of->header->month, line->line->person, &paid);
		if (error)
			claim_state_fail(of->state, error);
		if (paid)
			return refusal_on_day(verdict, from);
	}
	return false;
}

/* The programmes that may bar that of the line and that some run has paid for its month. */
static void find_paid_tags(const struct line_case *line, struct paid_tags *out)
{
	struct adjudication *of = line->of;
	enum need need = line->programme->spans[0].programme->need;

	out->found = true;
	out->count = 0;
	for (size_t i = 0; i < of->policy->programme_count; i++) {
		const struct programme *other = &of->policy->programmes[i];
		bool bars = other->need == need, paid = false;
		enum error error = ERROR_NONE;

		for (uint32_t k = 0; k < line->programme->span_count; k++)
			bars = bars ||
			       programme_excludes(line->programme->spans[k].programme, other->tag);
		for (uint32_t k = 0; k < out->count; k++)
			bars = bars && out->tags[k] != other->tag; /* another version */
		if (bars && other->paid_to != PAID_TO_INSTITUTION)
			error = allowance_month_paid(of->txn, other->tag, of->header->month, &paid);
		if (error)
			claim_state_fail(of->state, error);
		if (paid) {
			out->same_need[out->count] = other->need == need;
			out->tags[out->count++] = other->tag;
		}
	}
}

bool line_excluded(struct line_case *line, struct verdict *verdict)
{
	struct paid_tags *tags = &line->of->paid[line->line->programme];

	if ((line->of->person_has_card_grant || line->programme->asks & ASKS_OTHERS ||
		has_older_grants(line)) &&
	    refusal_any_span(line, excluded_span, verdict))
		return true;
	if (!tags->found)
		find_paid_tags(line, tags);
	return tags->count > 0 && refusal_any_span(line, month_paid_span, verdict);
}
