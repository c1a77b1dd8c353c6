/* stay_kinds.c: the kind `stay`, the host's order. A person's nights are disjoint over all cities: home's log order decides, and
 * who loses learns code and date only. */
#include "stay_internal.h"

#include <string.h>

#include "entitlement.h"
#include "institution.h"
#include "person_internal.h"
#include "register.h"
#include "settlement_internal.h"

/* Of a `stay`. Closes go first, so that the nights are free when the person has moved. */
enum { MESSAGE_CLOSED, MESSAGE_OPENED };

static enum error institution_judge(
    struct register_work *work, const struct stay_line *line, enum reason *reason)
{
	const struct institution_row *row = NULL;
	enum error error = institution_get(work->txn, line->uscc, &row);
	*reason = REASON_approved;
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (error || row->host != settlement_region(work->settlement))
		*reason = REASON_unknown_institution;
	else if (line->operation == STAY_OPEN && institution_barred(row, line->first_day))
		*reason = REASON_suspended;
	return ERROR_NONE;
}

/* A person of this city must be known; of another city's persons its home is asked, if it is a city that we know. */
static enum error person_judge(struct register_work *work, const struct stay_line *line,
    enum reason *reason, int32_t *death_day)
{
	struct person_row row;
	*death_day = DAY_NEVER;
	if (!person_is_own(work->settlement, line->person)) {
		bool known = person_code_valid(line->person) &&
			     settlement_policy(work->settlement, person_code_region(line->person));
		*reason = known ? REASON_approved : REASON_unknown_person;
		return ERROR_NONE;
	}
	enum error error = person_known(work->settlement, work->txn, line->person, &row, reason);
	if (!error && *reason == REASON_approved)
		*death_day = row.death_day;
	return error;
}

static enum error open_judge(
    struct register_work *work, const struct stay_line *line, struct stay_judgement *judgement)
{
	struct stay_night_span wanted = stay_of_line(line, STAY_PENDING);
	struct stay_clash clash = {.work = work, .person = line->person, .wanted = &wanted};
	int32_t death_day;
	enum error error = person_judge(work, line, &judgement->reason, &death_day);
	if (error || judgement->reason != REASON_approved)
		return error;
	error = institution_judge(work, line, &judgement->reason);
	if (error || judgement->reason != REASON_approved)
		return error;
	error = stay_clash_find(&clash);
	if (clash.same) {
		judgement->reason = REASON_duplicate;
	} else if (clash.found) {
		*judgement = (struct stay_judgement){REASON_overlap, true, clash.day};
	} else if (line->first_day > death_day) {
		judgement->reason = REASON_after_death;
	} else {
		judgement->reason = person_is_own(work->settlement, line->person)
					? REASON_registered
					: REASON_pending_home;
	}
	return error;
}

static enum error close_judge(struct register_work *work, const struct stay_line *line,
    struct stay_night_span *stay, struct stay_judgement *judgement)
{
	bool opened = false;
	enum error error = institution_judge(work, line, &judgement->reason);
	if (error || judgement->reason != REASON_approved)
		return error;
	error = stay_present(work, line, stay, &opened);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (error || opened || stay->state == STAY_REFUSED || line->last_night > stay->last_night)
		judgement->reason = REASON_no_stay;
	else
		judgement->reason = REASON_registered;
	stay->last_night = line->last_night;
	return ERROR_NONE;
}

static void tell_home(struct register_work *work, const struct stay_line *line)
{
	struct buffer *out = dispatch_item(
	    &work->messages[line->operation == STAY_OPEN ? MESSAGE_OPENED : MESSAGE_CLOSED],
	    person_code_region(line->person));
	if (!out)
		return;
	codec_put_array(out, 4);
	codec_put_text(out, span_of(line->uscc, USCC_SIZE));
	codec_put_uint(out, line->person);
	day_put(out, line->first_day);
	day_or_never_put(out, line->last_night);
}

static enum error stay_line_decide(struct register_work *work, struct span item)
{
	struct stay_line line;
	struct stay_judgement judgement = {0};
	if (stay_line_read(item, &line) != ERROR_NONE)
		return register_malformed(work, "not the line of a stay");
	struct stay_night_span stay = stay_of_line(&line, STAY_PENDING);
	enum error error = line.operation == STAY_OPEN
			       ? open_judge(work, &line, &judgement)
			       : close_judge(work, &line, &stay, &judgement);
	if (error)
		return error;
	enum reason reason = stay_judgement_put(work, &judgement);
	if (reason != REASON_registered && reason != REASON_pending_home)
		return ERROR_NONE;
	error = stay_plan(work, &line, &stay);
	if (!person_is_own(work->settlement, line.person))
		tell_home(work, &line);
	return error;
}

enum error stay_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {
	    .line = stay_line_decide,
	    .planned_size = sizeof(struct planned_stay),
	    .messages = {"stay_closed", "stay_opened"},
	};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

enum error stay_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	return register_apply(stay_line_apply, settlement, txn, entry, detail);
}
