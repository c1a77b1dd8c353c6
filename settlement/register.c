#include "register.h"

#include <assert.h>
#include <stdlib.h>

#include "calendar.h"

/* Where the lines come from: the command's own, or the items of the message that caused it. */
static enum error work_open(struct register_work *work, const struct register_kind *kind,
    const struct command *command, struct notice *notice)
{
	enum error error = ERROR_NONE;
	work->walk = line_walk(command);
	if (kind->is_notice) {
		error = notice_read(command, notice, work->detail);
		if (error)
			return error;
		work->walk = notice->walk;
		work->sender = notice->message.from;
		work->name = notice->document.name;
	}
	if (work->walk.count == 0 || work->walk.count > ENTRY_LINES_MAX)
		return error_set(
		    work->detail, ERROR_TOO_LARGE, "an entry takes 1 to %u lines", ENTRY_LINES_MAX);
	error = batch_create(2 * work->walk.count, &work->batch);
	if (!error && kind->planned_size > 0) {
		work->planned = calloc(2 * (size_t)work->walk.count, kind->planned_size);
		error = work->planned ? ERROR_NONE : ERROR_MEMORY;
	}
	return error;
}

static enum error work_send(struct register_work *work, const struct register_kind *kind)
{
	enum error error = ERROR_NONE;
	for (size_t i = 0; !error && i < REGISTER_MESSAGES_MAX && kind->messages[i]; i++)
		error = dispatch_send(&work->messages[i], work->settlement, work->txn,
		    work->decision, kind->messages[i]);
	return error;
}

enum error register_decide(const struct register_kind *kind, struct settlement *settlement,
    struct txn *txn, const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct register_work work = {
	    .settlement = settlement,
	    .txn = txn,
	    .today = day_of_time(now_ms),
	    .decision = decision,
	    .detail = detail,
	};
	struct notice notice;
	struct span line;
	enum error error = work_open(&work, kind, command, &notice);
	while (!error && line_walk_next(&work.walk, &line)) {
		error = kind->line(&work, line);
		assert(error || decision->failed || decision->count == work.walk.next);
	}
	if (!error)
		error = line_walk_finish(&work.walk, detail);
	if (!error)
		error = work_send(&work, kind);
	for (size_t i = 0; i < REGISTER_MESSAGES_MAX; i++)
		dispatch_free(&work.messages[i]);
	free(work.planned);
	batch_free(work.batch);
	return error ? error : decision_finish(decision);
}

enum error register_malformed(struct register_work *work, const char *text)
{
	return line_walk_error(&work->walk, ERROR_MALFORMED, work->detail, text);
}

enum reason register_verdict(struct register_work *work, enum reason reason)
{
	if (reason == REASON_erased && work->walk.replay)
		return verdict_take_over(work->decision, &work->walk);
	verdict_put(work->decision, reason);
	return reason;
}

void register_line_as_is(struct register_work *work, struct span line)
{
	buffer_append(&work->decision->lines, line);
}

enum error register_apply(register_apply_line *apply, struct settlement *settlement,
    struct txn *txn, const struct entry *entry, struct error_detail *detail)
{
	struct entry_walk walk = entry_walk(entry);
	struct span line;
	unsigned reason;
	enum error error = ERROR_NONE;
	while (!error && entry_walk_next(&walk, &line, &reason)) {
		error = apply(settlement, txn, entry, line, reason);
		if (error)
			error_set(detail, error, "line %u cannot be applied: %s", walk.next,
			    error_text(error));
	}
	return error ? error : entry_walk_finish(&walk, detail);
}
