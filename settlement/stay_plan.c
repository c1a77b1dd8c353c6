/* stay_plan.c: what the stay kinds share: the form of a line, the stays as the lines before have left them, overlaps. */
#include "stay_internal.h"

#include <string.h>

#include "calendar.h"
#include "claim_state.h"

/* [operation, uscc, person, first day, last night or null] */
void stay_line_write(struct buffer *out, const struct stay_line *line)
{
	codec_put_array(out, 5);
	codec_put_uint(out, line->operation);
	codec_put_text(out, span_of(line->uscc, USCC_SIZE));
	codec_put_uint(out, line->person);
	day_put(out, line->first_day);
	day_or_never_put(out, line->last_night);
}

void stay_uscc_take(struct codec_reader *reader, char uscc[USCC_SIZE])
{
	struct span text = codec_text(reader);
	if (text.size != USCC_SIZE)
		reader->failed = ERROR_MALFORMED;
	else
		memcpy(uscc, text.data, USCC_SIZE);
}

int32_t stay_day_take(struct codec_reader *reader)
{
	int32_t day = day_take(reader);
	if (day < 0)
		reader->failed = ERROR_MALFORMED;
	return day;
}

enum error stay_line_read(struct span item, struct stay_line *line)
{
	struct codec_reader reader = codec_reader(item);
	*line = (struct stay_line){0};
	codec_array_exact(&reader, 5);
	line->operation = (enum stay_operation)codec_uint_max(&reader, STAY_CLOSE);
	stay_uscc_take(&reader, line->uscc);
	line->person = codec_uint(&reader);
	line->first_day = stay_day_take(&reader);
	line->last_night = day_or_never_take(&reader);
	if (line->operation == 0 || line->last_night < line->first_day - 1 ||
	    (line->operation == STAY_CLOSE && line->last_night == DAY_NEVER))
		reader.failed = ERROR_MALFORMED;
	return codec_finish(&reader);
}

struct stay_night_span stay_of_line(const struct stay_line *line, enum stay_state state)
{
	struct stay_night_span stay = {
	    .first_day = line->first_day, .last_night = line->last_night, .state = state};
	memcpy(stay.uscc, line->uscc, USCC_SIZE);
	return stay;
}

static bool same_stay(const struct stay_night_span *a, const struct stay_night_span *b)
{
	return a->first_day == b->first_day && memcmp(a->uscc, b->uscc, USCC_SIZE) == 0;
}

/* What this entry does with a stay; NULL if it is as the tables have it. At most STAY_LINES_OF_PERSON_MAX steps. */
static struct planned_stay *planned_stay(
    const struct register_work *work, uint64_t person, const struct stay_night_span *stay)
{
	struct planned_stay *planned = work->planned;
	for (uint32_t i = batch_find(work->batch, person); i != BATCH_NONE;
	     i = batch_find_next(work->batch, i))
		if (same_stay(&planned[i].stay, stay))
			return &planned[i];
	return NULL;
}

static void clash_with(struct stay_clash *clash, const struct stay_night_span *other)
{
	const struct stay_night_span *wanted = clash->wanted;
	if (other->state != STAY_REFUSED && same_stay(other, wanted))
		clash->same = true;
	if (!stay_blocks(other) || same_stay(other, wanted))
		return;
	int32_t first = other->first_day > wanted->first_day ? other->first_day : wanted->first_day;
	int32_t last =
	    other->last_night < wanted->last_night ? other->last_night : wanted->last_night;
	if (first > last)
		return;
	if (!clash->found || first < clash->day)
		clash->day = first;
	clash->found = true;
}

/* Stays that this entry has changed already are judged as it leaves them. */
static bool clash_with_stored(void *context, const struct stay_night_span *stored)
{
	struct stay_clash *clash = context;
	if (!planned_stay(clash->work, clash->person, stored))
		clash_with(clash, stored);
	return true;
}

enum error stay_clash_find(struct stay_clash *clash)
{
	const struct register_work *work = clash->work;
	const struct planned_stay *planned = work->planned;
	for (uint32_t i = batch_find(work->batch, clash->person); i != BATCH_NONE;
	     i = batch_find_next(work->batch, i))
		clash_with(clash, &planned[i].stay);
	return stay_each(work->txn, clash->person, clash_with_stored, clash);
}

enum error stay_plan(
    struct register_work *work, const struct stay_line *line, const struct stay_night_span *stay)
{
	struct planned_stay *planned = planned_stay(work, line->person, stay);
	unsigned lines = 0;
	if (!planned) {
		for (uint32_t i = batch_find(work->batch, line->person); i != BATCH_NONE;
		     i = batch_find_next(work->batch, i))
			lines++;
		if (lines == STAY_LINES_OF_PERSON_MAX)
			return line_walk_error(&work->walk, ERROR_TOO_LARGE, work->detail,
			    "too many stays of one person in one entry");
		planned =
		    (struct planned_stay *)work->planned + batch_add(work->batch, line->person);
	}
	planned->stay = *stay;
	planned->opened = line->operation == STAY_OPEN;
	return ERROR_NONE;
}

enum error stay_present(struct register_work *work, const struct stay_line *line,
    struct stay_night_span *stay, bool *opened)
{
	const struct stay_row *row = NULL;
	*stay = stay_of_line(line, STAY_REFUSED);
	*opened = false;
	const struct planned_stay *planned = planned_stay(work, line->person, stay);
	if (planned) {
		*stay = planned->stay;
		*opened = planned->opened;
		return ERROR_NONE;
	}
	enum error error = stay_get(work->txn, line->uscc, line->person, line->first_day, &row);
	if (error)
		return error;
	stay->last_night = row->last_night;
	stay->state = (enum stay_state)row->state;
	return ERROR_NONE;
}

enum reason stay_judgement_put(struct register_work *work, const struct stay_judgement *judgement)
{
	if (judgement->reason == REASON_erased && work->walk.replay)
		return verdict_take_over(work->decision, &work->walk);
	verdict_put_day(work->decision, judgement->reason, judgement->has_day, judgement->day);
	return judgement->reason;
}

/* How far the clock of a city that has claimed may be ahead of ours. */
#define CLOCKS_APART_DAYS 31

/* The stay loses nights. What was claimed for them stands until it is reversed, and must not be paid again in the stay that has
 * those nights now: the person's row says that there are such days. */
static enum error mark_shortened(struct txn *txn, const struct entry *entry,
    const struct stay_line *line, const struct stay_row *row)
{
	int32_t last = day_of_time(entry->header.time_ms) + CLOCKS_APART_DAYS;
	const struct person_row *found = NULL;
	bool claimed;
	if (row->last_night < last)
		last = row->last_night;
	enum error error =
	    claim_days_claimed(txn, line->uscc, 0, row->slot, line->last_night + 1, last, &claimed);
	if (error || !claimed)
		return error;
	error = person_get(txn, line->person, &found);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	/* Of another city's person of whom only the stay is known, the host has paid too. */
	struct person_row person = error ? row->person : *found;
	person.state |= PERSON_SHORTENED;
	return person_put(txn, &person);
}

/* A close keeps the state that the stay has. */
static enum error line_project(
    struct txn *txn, const struct entry *entry, const struct stay_line *line, unsigned reason)
{
	const struct stay_row *row = NULL;
	enum stay_state state = reason == REASON_pending_home ? STAY_PENDING : STAY_ACCEPTED;
	if (line->operation == STAY_CLOSE) {
		enum error error = stay_get(txn, line->uscc, line->person, line->first_day, &row);
		if (error)
			return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
		state = (enum stay_state)row->state;
		error = mark_shortened(txn, entry, line, row);
		if (error)
			return error;
	}
	struct stay_night_span stay = stay_of_line(line, state);
	return stay_put(txn, &stay, line->person, REASON_approved);
}

enum error stay_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span item, unsigned reason)
{
	struct stay_line line;
	(void)settlement;
	if (reason != REASON_registered && reason != REASON_pending_home)
		return ERROR_NONE;
	return stay_line_read(item, &line) ? ERROR_CORRUPT
					   : line_project(txn, entry, &line, reason);
}
