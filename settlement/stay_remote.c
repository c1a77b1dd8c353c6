/* stay_remote.c: the kinds `stay_notice` (home is asked about a person's nights elsewhere) and `stay_answer` (the host learns what home has
 * decided). */
#include "stay_internal.h"

#include <string.h>

#include "entitlement.h"
#include "institution.h"
#include "person_internal.h"
#include "settlement_internal.h"

enum { MESSAGE_ACCEPTED, MESSAGE_REFUSED }; /* of a `stay_notice` */

/* --- home is asked ----------------------------------------------------------------------------------------- */

/* [uscc, person, first day, last night or null] */
static enum error notice_read_item(
    struct register_work *work, struct span item, struct stay_line *line)
{
	struct codec_reader reader = codec_reader(item);
	*line = (struct stay_line){
	    .operation = strcmp(work->name, "stay_opened") == 0 ? STAY_OPEN : STAY_CLOSE};
	codec_array_exact(&reader, 4);
	stay_uscc_take(&reader, line->uscc);
	line->person = codec_uint(&reader);
	line->first_day = stay_day_take(&reader);
	line->last_night = day_or_never_take(&reader);
	if (line->last_night < line->first_day - 1 ||
	    (line->operation == STAY_CLOSE && line->last_night == DAY_NEVER))
		reader.failed = ERROR_MALFORMED;
	return codec_finish(&reader);
}

static enum error sender_judge(
    struct register_work *work, const struct stay_line *line, enum reason *reason)
{
	const struct institution_row *row = NULL;
	enum error error = institution_get(work->txn, line->uscc, &row);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (error || row->host != work->sender)
		*reason = REASON_unknown_institution;
	return ERROR_NONE;
}

static enum error opened_judge(
    struct register_work *work, const struct stay_line *line, struct stay_judgement *judgement)
{
	struct stay_night_span wanted = stay_of_line(line, STAY_ACCEPTED);
	struct stay_clash clash = {.work = work, .person = line->person, .wanted = &wanted};
	struct person_row row;
	enum error error =
	    person_known(work->settlement, work->txn, line->person, &row, &judgement->reason);
	if (!error && judgement->reason == REASON_approved)
		error = sender_judge(work, line, &judgement->reason);
	if (error || judgement->reason != REASON_approved)
		return error;
	if (!person_filed(&row, work->sender, line->first_day)) {
		judgement->reason = REASON_not_filed;
		return ERROR_NONE;
	}
	error = stay_clash_find(&clash);
	if (clash.found)
		*judgement = (struct stay_judgement){REASON_overlap, true, clash.day};
	else
		judgement->reason =
		    line->first_day > row.death_day ? REASON_after_death : REASON_registered;
	return error;
}

static enum error closed_judge(struct register_work *work, const struct stay_line *line,
    struct stay_night_span *stay, struct stay_judgement *judgement)
{
	bool opened = false;
	judgement->reason = REASON_registered;
	enum error error = sender_judge(work, line, &judgement->reason);
	if (error || judgement->reason != REASON_registered)
		return error;
	error = stay_present(work, line, stay, &opened);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (error || line->last_night > stay->last_night)
		judgement->reason = REASON_no_stay;
	stay->last_night = line->last_night;
	return ERROR_NONE;
}

/* The item of stay_accepted [uscc, person, first day]; of stay_refused with [..., reason, night that overlaps or null]: taken from
 * the verdict as it stands. */
static void answer(struct register_work *work, const struct stay_line *line, enum reason reason,
    const struct stay_judgement *judgement)
{
	bool accepted = reason == REASON_registered;
	struct buffer *out = dispatch_item(
	    &work->messages[accepted ? MESSAGE_ACCEPTED : MESSAGE_REFUSED], work->sender);
	if (!out)
		return;
	codec_put_array(out, accepted ? 3 : 5);
	codec_put_text(out, span_of(line->uscc, USCC_SIZE));
	codec_put_uint(out, line->person);
	day_put(out, line->first_day);
	if (accepted)
		return;
	codec_put_uint(out, reason);
	if (judgement->has_day)
		day_put(out, judgement->day);
	else
		codec_put_null(out);
}

/* In a replay the night is what was logged for a person who is forgotten now. */
static struct stay_judgement judgement_logged(const struct register_work *work, enum reason reason)
{
	struct codec_reader reader = codec_reader(work->walk.logged_verdict);
	struct stay_judgement judgement = {.reason = reason};
	codec_array(&reader);
	codec_uint(&reader);
	judgement.has_day = !codec_null(&reader);
	judgement.day = judgement.has_day ? day_take(&reader) : 0;
	return judgement;
}

static enum error notice_line_decide(struct register_work *work, struct span item)
{
	struct stay_line line;
	struct stay_judgement judgement = {0};
	if (notice_read_item(work, item, &line) != ERROR_NONE)
		return register_malformed(work, "not the item of a stay");
	struct stay_night_span stay = stay_of_line(&line, STAY_ACCEPTED);
	enum error error = line.operation == STAY_OPEN
			       ? opened_judge(work, &line, &judgement)
			       : closed_judge(work, &line, &stay, &judgement);
	if (error)
		return error;
	stay_line_write(&work->decision->lines, &line);
	enum reason reason = stay_judgement_put(work, &judgement);
	if (reason != judgement.reason)
		judgement = judgement_logged(work, reason);
	if (reason == REASON_registered)
		error = stay_plan(work, &line, &stay);
	if (line.operation == STAY_OPEN)
		answer(work, &line, reason, &judgement);
	return error;
}

enum error stay_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {
	    .line = notice_line_decide,
	    .is_notice = true,
	    .planned_size = sizeof(struct planned_stay),
	    .messages = {"stay_accepted", "stay_refused"},
	};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

enum error stay_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	return register_apply(stay_line_apply, settlement, txn, entry, detail);
}

/* --- home has decided -------------------------------------------------------------------------------------- */

/* A line of stay_answer: [accepted, uscc, person, first day, reason, day or null] */
struct answer_line {
	bool accepted;
	char uscc[USCC_SIZE];
	uint64_t person;
	int32_t first_day;
	unsigned reason;
	bool has_day;
	int32_t day;
};

static void answer_fields_take(struct codec_reader *reader, struct answer_line *line)
{
	stay_uscc_take(reader, line->uscc);
	line->person = codec_uint(reader);
	line->first_day = stay_day_take(reader);
}

static void answer_reason_take(struct codec_reader *reader, struct answer_line *line)
{
	line->reason = (unsigned)codec_uint_max(reader, UINT16_MAX);
	line->has_day = !codec_null(reader);
	line->day = line->has_day ? day_take(reader) : 0;
}

static enum error answer_item_read(
    const struct register_work *work, struct span item, struct answer_line *line)
{
	struct codec_reader reader = codec_reader(item);
	*line = (struct answer_line){
	    .accepted = strcmp(work->name, "stay_accepted") == 0, .reason = REASON_registered};
	codec_array_exact(&reader, line->accepted ? 3 : 5);
	answer_fields_take(&reader, line);
	if (!line->accepted)
		answer_reason_take(&reader, line);
	return codec_finish(&reader);
}

static void answer_line_write(struct buffer *out, const struct answer_line *line)
{
	codec_put_array(out, 6);
	codec_put_bool(out, line->accepted);
	codec_put_text(out, span_of(line->uscc, USCC_SIZE));
	codec_put_uint(out, line->person);
	day_put(out, line->first_day);
	codec_put_uint(out, line->reason);
	if (line->has_day)
		day_put(out, line->day);
	else
		codec_put_null(out);
}

static enum error answer_line_read(struct span item, struct answer_line *line)
{
	struct codec_reader reader = codec_reader(item);
	*line = (struct answer_line){0};
	codec_array_exact(&reader, 6);
	line->accepted = codec_bool(&reader);
	answer_fields_take(&reader, line);
	answer_reason_take(&reader, line);
	return codec_finish(&reader);
}

/* Only a stay that waits for this home takes its answer. */
static enum error answer_line_decide(struct register_work *work, struct span item)
{
	struct answer_line line;
	const struct stay_row *row = NULL;
	if (answer_item_read(work, item, &line) != ERROR_NONE)
		return register_malformed(work, "not the answer to a stay");
	enum error error = stay_get(work->txn, line.uscc, line.person, line.first_day, &row);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	bool waits =
	    !error && row->state == STAY_PENDING && person_code_region(line.person) == work->sender;
	answer_line_write(&work->decision->lines, &line);
	verdict_put_day(work->decision, waits ? REASON_registered : REASON_no_stay, false, 0);
	return ERROR_NONE;
}

enum error stay_answer_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	static const struct register_kind kind = {.line = answer_line_decide, .is_notice = true};
	return register_decide(&kind, settlement, txn, command, now_ms, decision, detail);
}

static enum error answer_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span item, unsigned reason)
{
	struct answer_line line;
	const struct stay_row *row = NULL;
	(void)settlement, (void)entry;
	if (reason != REASON_registered)
		return ERROR_NONE;
	if (answer_line_read(item, &line) != ERROR_NONE)
		return ERROR_CORRUPT;
	enum error error = stay_get(txn, line.uscc, line.person, line.first_day, &row);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	struct stay_night_span stay = {
	    .first_day = line.first_day,
	    .last_night = row->last_night,
	    .state = line.accepted ? STAY_ACCEPTED : STAY_REFUSED,
	};
	memcpy(stay.uscc, line.uscc, USCC_SIZE);
	return stay_put(
	    txn, &stay, line.person, line.accepted ? REASON_approved : (enum reason)line.reason);
}

enum error stay_answer_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	return register_apply(answer_line_apply, settlement, txn, entry, detail);
}
