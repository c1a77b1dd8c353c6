/* appeal_kinds.c: appeals: booked at the host (26) and, if another city pays, at the payer (27). Nothing is decided about the line yet.
 * docs/format.md, "Appeals". */
#include <stdio.h>
#include <string.h>

#include "appeal.h"
#include "booked_line.h"
#include "calendar.h"
#include "claim.h"
#include "dispute.h"
#include "lines.h"
#include "stated_day.h"

/* Which line is meant, in words for a refusal. */
static enum error refuse(
    const struct appeal_line *what, enum error error, struct error_detail *detail, const char *text)
{
	return error_set(detail, error, "line %u of sheet %llu of %s: %s", (unsigned)what->line,
	    (unsigned long long)what->number, what->uscc, text);
}

static enum error find_line(struct settlement *settlement, struct txn *txn,
    const struct appeal_line *what, struct booked_line *booked, struct error_detail *detail)
{
	enum error error =
	    booked_line_find(settlement, txn, what->uscc, what->number, what->line, booked);

	switch (error) {
	case ERROR_NOT_FOUND:
		return refuse(what, error, detail, "the sheet is not in the books 未登记此申报表");
	case ERROR_RANGE:
		return refuse(what, error, detail, "the sheet has no such line 无此明细");
	case ERROR_STATE:
		return refuse(what, error, detail,
		    "its payer has given no verdict on it that could be appealed; what was not "
		    "taken "
		    "is claimed anew 尚无审核结果");
	default:
		return error;
	}
}

/* Appealed are verdicts that gave less than was claimed, once, and while they stand. */
static enum error check_verdict(const struct appeal_line *what, const struct booked_line *booked,
    bool before, bool reversed, struct error_detail *detail)
{
	const struct verdict *verdict = &booked->verdict;

	if (before)
		return refuse(what, ERROR_EXISTS, detail,
		    "it was appealed before; a second look is final 已申诉过，复核为终局");
	if (verdict->reason == REASON_held_prefund)
		return refuse(what, ERROR_STATE, detail,
		    "it is held, and will be decided by itself 暂挂中，将自动审核");
	if (verdict->reason == REASON_approved && verdict->reduction_count == 0)
		return refuse(what, ERROR_STATE, detail, "it was approved in full 已全额核准");
	return reversed ? refuse(what, ERROR_STATE, detail, "it was taken back since 已冲正")
			: ERROR_NONE;
}

static enum error check_time(
    const struct appeal_line *what, int32_t verdict_day, int32_t day, struct error_detail *detail)
{
	char last[DAY_TEXT_SIZE], text[96];

	if (day >= verdict_day && day <= verdict_day + APPEAL_DAYS)
		return ERROR_NONE;
	day_write(verdict_day + APPEAL_DAYS, last);
	snprintf(text, sizeof text, "the last day for an appeal was %s 已过申诉期限", last);
	return refuse(what, ERROR_REFUSED, detail, text);
}

/* --- at the host -------------------------------------------------------------------------------------------- */

/* Was it appealed, and did the payer take that? What it did not take may come again. */
static enum error appealed_before(struct txn *txn, const struct appeal_line *what, bool *before)
{
	struct appeal appeal;
	enum error error = appeal_get(txn, what->uscc, what->number, what->line, &appeal);

	*before = !error && appeal.state != APPEAL_REFUSED;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static int64_t nights_had(const struct booked_line *booked)
{
	return booked->takes_capacity && verdict_takes_days(&booked->verdict)
		   ? line_nights(&booked->line, &booked->verdict)
		   : 0;
}

static enum error workspace(struct settlement *settlement)
{
	settlement->claims_decided = false;
	return settlement->claims ? ERROR_NONE : claim_state_create(&settlement->claims);
}

/* What the house has now, without what the line has taken of it. */
static enum error standing_now(struct settlement *settlement, struct txn *txn,
    const struct booked_line *booked, struct sheet_standing *standing)
{
	enum error error = workspace(settlement);

	if (!error)
		error = claim_standing(txn, &booked->header, standing);
	if (error)
		return error;
	claim_state_begin(settlement->claims, txn, booked->header.uscc, booked->header.month, 0);
	standing->nights_used = claim_state_nights(settlement->claims) - nights_had(booked);
	return claim_state_failed(settlement->claims);
}

static enum error send(struct settlement *settlement, struct txn *txn,
    const struct appeal_line *what, const struct booked_line *booked, int64_t now_ms,
    struct decision *decision)
{
	struct appeal_item item = {.what = *what,
	    .payers_sequence = booked->payers_sequence,
	    .payers_line = booked->payers_index,
	    .day = day_of_time(now_ms),
	    .verdict_day = day_of_time(booked->time_ms)};
	struct buffer *payload;
	enum error error = standing_now(settlement, txn, booked, &item.standing);

	if (error)
		return error;
	payload = message_begin(settlement, txn, decision, booked->row.payer, "appeal", 1);
	if (payload)
		appeal_item_put(payload, &item);
	return ERROR_NONE;
}

enum error appeal_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	const uint32_t self = settlement_region(settlement);
	struct booked_line booked;
	struct appeal_line what;
	bool before = false, reversed = false;
	enum error error;

	if (command->count != 1 || appeal_line_read(command->lines, &what))
		return error_set(detail, ERROR_MALFORMED, "not one well-formed appeal");
	error = find_line(settlement, txn, &what, &booked, detail);
	if (error)
		return error;
	if (booked.row.host != self)
		return refuse(&what, ERROR_MISMATCH, detail,
		    "it is appealed at the city where the house stands 应由机构所在地提出");
	error = appealed_before(txn, &what, &before);
	if (!error)
		error = booked.row.answered
			    ? reversed_get(txn, booked.row.sequence, what.line, &reversed)
			    : reversed_get(txn, booked.sequence, booked.index, &reversed);
	if (!error)
		error = check_verdict(&what, &booked, before, reversed, detail);
	if (!error)
		error = check_time(&what, day_of_time(booked.time_ms), day_of_time(now_ms), detail);
	if (!error && booked.row.payer != self)
		error = send(settlement, txn, &what, &booked, now_ms, decision);
	if (!error)
		verdict_put(decision, REASON_registered);
	return error;
}

/* The nights that the line may still be granted are kept for it, as those of a sheet that waits. */
static enum error keep_nights(
    struct settlement *settlement, struct txn *txn, struct booked_line *booked, uint32_t *kept)
{
	int64_t had = nights_had(booked), nights, left;
	struct sheet_standing standing;
	enum error error = standing_now(settlement, txn, booked, &standing);

	*kept = 0;
	if (error || !booked->takes_capacity)
		return error;
	nights = booked->line.last_day - booked->line.first_day + 1;
	left = standing.nights_limit - standing.nights_used;
	nights = nights < left ? nights : left;
	if (nights <= had)
		return ERROR_NONE;
	*kept = (uint32_t)(nights - had);
	claim_state_take_nights(settlement->claims, *kept);
	booked->row.nights += *kept;
	error = claim_state_store(settlement->claims, txn);
	return error ? error
		     : sheet_row_put(txn, booked->header.uscc, booked->header.number, &booked->row);
}

static struct appeal row_of(const struct appeal_line *what, uint32_t city, int32_t day)
{
	struct appeal appeal = {.number = what->number,
	    .line = what->line,
	    .city = city,
	    .state = APPEAL_OPEN,
	    .grounds = what->grounds,
	    .day = day,
	    .paper = what->paper};

	memcpy(appeal.uscc, what->uscc, sizeof appeal.uscc);
	return appeal;
}

enum error appeal_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct booked_line booked;
	struct appeal_line what;
	struct appeal appeal;
	enum error error;

	(void)detail;
	if (appeal_line_read(entry->lines, &what) ||
	    booked_line_find(settlement, txn, what.uscc, what.number, what.line, &booked))
		return ERROR_CORRUPT;
	appeal = row_of(&what, booked.row.payer, day_of_time(entry->header.time_ms));
	appeal.sequence = entry->header.sequence;
	error = booked.row.answered ? keep_nights(settlement, txn, &booked, &appeal.nights)
				    : ERROR_NONE;
	return error ? error : appeal_put(txn, &appeal);
}

/* What it has kept is free again. */
static enum error give_up(
    struct settlement *settlement, struct txn *txn, const struct appeal_line *what)
{
	struct claim_state *state;
	struct sheet_row row;
	struct appeal appeal;
	enum error error = appeal_get(txn, what->uscc, what->number, what->line, &appeal);

	if (!error)
		error = sheet_row_get(txn, what->uscc, what->number, &row);
	if (error || appeal.state != APPEAL_OPEN)
		return error ? ERROR_CORRUPT : ERROR_NONE;
	if (appeal.nights) {
		error = workspace(settlement);
		if (error)
			return error;
		state = settlement->claims;
		claim_state_begin(state, txn, what->uscc, row.month, 0);
		claim_state_take_nights(state, -(int64_t)appeal.nights);
		error = claim_state_store(state, txn);
		row.nights -= appeal.nights;
		if (!error)
			error = sheet_row_put(txn, what->uscc, what->number, &row);
	}
	appeal.nights = 0;
	appeal.state = APPEAL_REFUSED;
	return error ? error : appeal_put(txn, &appeal);
}

enum error appeal_refused(struct settlement *settlement, struct txn *txn, uint64_t sequence)
{
	struct entry_reader reader = {0};
	struct appeal_line what;
	enum error error = ledger_read(txn, sequence, &reader);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	if (reader.entry.header.kind == KIND_appeal)
		error = appeal_line_read(reader.entry.lines, &what)
			    ? ERROR_CORRUPT
			    : give_up(settlement, txn, &what);
	entry_free(&reader);
	return error;
}

/* --- at the payer ------------------------------------------------------------------------------------------- */

/* The verdict that it means, of a sheet of that host. */
static enum error check_meant(struct settlement *settlement, struct txn *txn,
    const struct appeal_item *item, const struct booked_line *booked, const struct message *message,
    struct error_detail *detail)
{
	const struct obligation_id id = {
	    settlement_epoch(settlement), booked->sequence, booked->index};
	struct appeal appeal;
	bool reversed, disputed = false;
	enum error known, error;

	if (booked->row.host != message->from || booked->row.payer != message->to)
		return refuse(&item->what, ERROR_MISMATCH, detail,
		    "it is not of a sheet that this city has sent here");
	if (item->payers_sequence != booked->sequence || item->payers_line != booked->index)
		return refuse(&item->what, ERROR_MISMATCH, detail,
		    "another verdict is appealed than the one that stands");
	known = appeal_get(txn, item->what.uscc, item->what.number, item->what.line, &appeal);
	if (known && known != ERROR_NOT_FOUND)
		return known;
	error = reversed_get(txn, booked->sequence, booked->index, &reversed);
	if (!error)
		error = check_verdict(&item->what, booked, !known, reversed, detail);
	if (!error)
		error = dispute_of_line(txn, booked->row.payer, booked->row.host, &id, &disputed);
	return disputed ? refuse(&item->what, ERROR_STATE, detail,
			      "it is in dispute between the cities, or was")
			: error;
}

/* Its host says when it has booked verdict and appeal, as with sheets; it cannot have known the verdict before it was given. */
static enum error check_days(struct settlement *settlement, struct txn *txn,
    const struct appeal_item *item, const struct booked_line *booked, uint32_t from, int64_t now_ms,
    struct error_detail *detail)
{
	int32_t ahead = settlement_demo(settlement) ? STATED_DEMO_DAYS_MAX : STATED_DAYS_MAX;
	enum error error =
	    stated_day_check(settlement, txn, from, item->day, now_ms, "an appeal", detail);

	if (error)
		return error;
	if (item->verdict_day + ahead < day_of_time(booked->time_ms))
		return refuse(&item->what, ERROR_RANGE, detail,
		    "the verdict was given after the day on which it is said to have come");
	return check_time(&item->what, item->verdict_day, item->day, detail);
}

enum error appeal_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct booked_line booked;
	struct appeal_item item;
	struct notice notice;
	struct span bytes;
	enum error error = notice_read(command, &notice, detail);

	if (error)
		return error;
	if (notice.walk.count != 1 || !line_walk_next(&notice.walk, &bytes) ||
	    appeal_item_read(bytes, &item))
		return error_set(detail, ERROR_MALFORMED, "not one well-formed appeal");
	error = find_line(settlement, txn, &item.what, &booked, detail);
	if (!error)
		error = check_meant(settlement, txn, &item, &booked, &notice.message, detail);
	if (!error)
		error = check_days(
		    settlement, txn, &item, &booked, notice.message.from, now_ms, detail);
	if (error)
		return error;
	buffer_append(&decision->lines, bytes);
	verdict_put(decision, REASON_registered);
	return line_walk_finish(&notice.walk, detail);
}

enum error appeal_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct appeal_item item;
	struct document document;
	struct message message;
	struct appeal appeal;
	enum error error;

	(void)settlement;
	(void)detail;
	if (appeal_item_read(entry->lines, &item) ||
	    document_read(entry->documents[0], &document) ||
	    message_read(document.payload, &message))
		return ERROR_CORRUPT;
	appeal = row_of(&item.what, message.from, item.day);
	appeal.sequence = entry->header.sequence;
	error = appeal_put(txn, &appeal);
	return error ? error : stated_day_put(txn, message.from, item.day);
}
