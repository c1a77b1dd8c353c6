#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_limits.h"
#include "replay_internal.h"

/* One run over the log. */
struct run {
	struct replay *replay;
	struct txn *txn;      /* the group of the scratch ledger that is open */
	uint64_t uncommitted; /* lines and transfers in it */
	uint64_t entries;
};

/* The disk or the memory has failed: it tells nothing of the log. */
static bool is_world(enum error error)
{
	return error == ERROR_MEMORY || error == ERROR_IO || error == ERROR_DISK_FULL ||
	       error == ERROR_MAP_FULL || error == ERROR_READERS;
}

static void found(struct replay *replay, uint64_t sequence, const char *before,
    const struct error_detail *detail, enum error error)
{
	char text[ERROR_DETAIL_SIZE];
	const struct ledger_finding finding = {
	    .has_sequence = true, .sequence = sequence, .text = text};

	snprintf(
	    text, sizeof text, "%s%s", before, detail->text[0] ? detail->text : error_text(error));
	replay->result->findings++;
	replay->subject.report(replay->subject.context, &finding);
}

/* Nothing can be said of what comes behind an entry that does not stand. */
static enum error end_at(
    struct replay *replay, uint64_t sequence, const char *text, enum error error)
{
	struct error_detail detail;

	error_set(&detail, error, "%s (%s): the replay ends here, and no table is compared", text,
	    error_text(error));
	found(replay, sequence, "", &detail, error);
	replay->result->complete = false;
	return ERROR_NONE;
}

static enum error open_scratch(struct replay *replay, struct error_detail *detail)
{
	const struct replay_subject *subject = &replay->subject;
	struct ledger_options options = {.chart = settlement_chart,
	    .project = settlement_project,
	    .project_context = replay->settlement,
	    .origin = subject->origin,
	    .epoch = subject->rules.epoch};
	uint64_t used;
	enum error error = store_usage(ledger_store(subject->ledger), &used, &options.map_size);

	if (error)
		return error;
	/* Rebuilt in another order of pages, the tables may need more room than they have. */
	options.map_size += used + REPLAY_MAP_SPARE;
	options.tables = settlement_tables(&options.table_count);
	return ledger_open_scratch(&options, &replay->scratch, detail);
}

/* Commit now and then, so that the pages that were changed do not pile up in memory. */
static enum error commit(struct run *run, bool begin_again)
{
	struct ledger *scratch = run->replay->scratch;
	enum error error = ledger_commit(scratch, run->txn);

	run->txn = NULL;
	run->uncommitted = 0;
	if (!error && begin_again)
		error = ledger_begin(scratch, &run->txn);
	return error;
}

/* The rules once more, over the tables as they are now. */
static enum error run_rules(struct run *run, const struct entry *entry)
{
	struct replay *replay = run->replay;
	struct replay_result *result = replay->result;
	struct error_detail detail = {""};
	uint32_t not_rerun = 0;
	enum error error = settlement_readmit(replay->settlement, run->txn, entry, &detail);

	if (error == ERROR_NOT_VERIFIED)
		found(replay, entry->header.sequence, "", &detail, error);
	else if (error)
		return error;
	detail.text[0] = '\0';
	error = settlement_replay(replay->settlement, run->txn, entry, &not_rerun, &detail);
	if (error == ERROR_NOT_VERIFIED)
		found(replay, entry->header.sequence, "", &detail, error);
	else if (error)
		return error;
	result->lines += entry->header.count;
	result->rerun += entry->header.count - not_rerun;
	if (settlement_registry_key(replay->settlement))
		result->erased += not_rerun;
	else
		result->no_key += not_rerun;
	return ERROR_NONE;
}

static enum error play(struct run *run, uint64_t sequence, struct span header, struct span body)
{
	struct replay *replay = run->replay;
	struct error_detail detail = {""};
	struct entry_reader reader;
	enum error error = entry_read(header, body, &reader);

	if (error)
		return is_world(error) ? error
				       : end_at(replay, sequence, "it cannot be read", error);
	if (replay->subject.doubtful) {
		error = entry_check(&reader.entry, body, &detail);
		if (error) {
			entry_free(&reader);
			return is_world(error) ? error
					       : end_at(replay, sequence,
						     "header and body do not agree", error);
		}
	}
	error = run_rules(run, &reader.entry);
	if (!error) {
		error = ledger_append_logged(
		    replay->scratch, run->txn, &reader.entry, header, body, &detail);
		if (error && !is_world(error))
			found(replay, sequence, "it cannot be applied: ", &detail, error);
	}
	run->uncommitted += reader.entry.header.count + reader.entry.transfer_count;
	entry_free(&reader);
	if (error)
		return is_world(error)
			   ? error
			   : end_at(replay, sequence, "the tables cannot follow it", error);
	replay->result->entries++;
	return run->uncommitted < REPLAY_COMMIT_LINES ? ERROR_NONE : commit(run, true);
}

static enum error play_all(struct run *run)
{
	struct replay *replay = run->replay;
	const struct replay_subject *subject = &replay->subject;

	for (uint64_t sequence = 0; sequence < run->entries; sequence++) {
		struct span header, body;
		enum error error = ledger_get(subject->snapshot, sequence, &header, &body);

		if (error && is_world(error))
			return error;
		error = error ? end_at(replay, sequence, "it is missing", error)
			      : play(run, sequence, header, body);
		if (error || !replay->result->complete)
			return error;
		if (subject->progress)
			subject->progress(subject->context, sequence + 1, run->entries);
	}
	return ERROR_NONE;
}

/* By the number of headers: the head row may be what is wrong. */
static enum error count_entries(const struct replay_subject *subject, uint64_t *entries)
{
	size_t count;
	const struct store_table *tables = ledger_tables(&count);
	enum error error = ERROR_NOT_FOUND;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(tables[i].name, "header") == 0)
			error = store_count(subject->snapshot, tables[i].number, entries);
	}
	return error;
}

enum error replay_log(const struct replay_subject *subject, struct replay **out,
    struct replay_result *result, struct error_detail *detail)
{
	struct run run = {.replay = calloc(1, sizeof(struct replay))};
	struct replay *replay = run.replay;
	enum error error;

	*out = replay;
	*result = (struct replay_result){.complete = true};
	if (!replay)
		return ERROR_MEMORY;
	replay->subject = *subject;
	replay->subject.rules.registry = subject->snapshot;
	replay->subject.rules.signatures_verified = true;
	replay->result = result;
	error = settlement_create(&replay->subject.rules, &replay->settlement);
	if (!error)
		error = open_scratch(replay, detail);
	if (!error)
		error = count_entries(subject, &run.entries);
	if (!error)
		error = ledger_begin(replay->scratch, &run.txn);
	if (!error)
		error = play_all(&run);
	if (!error && result->complete)
		error = commit(&run, false);
	if (run.txn)
		ledger_abort(replay->scratch, run.txn);
	if (error) {
		replay_free(replay);
		*out = NULL;
	}
	return error;
}

void replay_free(struct replay *replay)
{
	if (!replay)
		return;
	ledger_close(replay->scratch);
	settlement_free(replay->settlement);
	explicit_bzero(&replay->subject.rules, sizeof replay->subject.rules);
	free(replay);
}

enum error replay_verify(
    const struct replay_subject *subject, struct replay_result *result, struct error_detail *detail)
{
	struct replay *replay;
	enum error error = replay_log(subject, &replay, result, detail);

	if (!error)
		error = replay_compare(replay, subject->snapshot, result);
	replay_free(replay);
	return error ? error : result->findings ? ERROR_NOT_VERIFIED : ERROR_NONE;
}
