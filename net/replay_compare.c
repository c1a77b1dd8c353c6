/* replay_compare.c: the tables that a replay has rebuilt, row by row beside the node's own. */
#include "replay_internal.h"

#include <stdio.h>
#include <string.h>

#include "net_limits.h"

/* One table. */
struct comparison {
	struct replay *replay;
	unsigned table;
	const char *name;
	uint64_t differences;
};

static void found(struct comparison *comparison, struct span key, const char *text)
{
	const struct replay_subject *subject = &comparison->replay->subject;
	const struct ledger_finding finding = {.table = comparison->name, .key = key, .text = text};

	comparison->replay->result->findings++;
	subject->report(subject->context, &finding);
}

/* The checkpoint is signed, not rebuilt: the audit verifies it. */
static bool is_checkpoint(const struct comparison *comparison, struct span key)
{
	return strcmp(comparison->name, "meta") == 0 && span_equal(key, span_text("checkpoint"));
}

static bool take_difference(void *context, enum row_difference difference, struct span key,
    struct span stored, struct span rebuilt)
{
	struct comparison *comparison = context;
	const struct settlement *settlement = comparison->replay->settlement;
	const char *text = difference == ROW_CHANGED  ? "not what the log gives"
			   : difference == ROW_ONLY_A ? "the log does not give this row"
						      : "the log gives this row: it is missing";

	if (is_checkpoint(comparison, key))
		return true;
	/* Without the registry key the facts of persons are not rebuilt. */
	if (difference == ROW_CHANGED && !settlement_registry_key(settlement) &&
	    settlement_equal_but_facts(settlement, comparison->table, stored, rebuilt))
		return true;
	if (comparison->differences++ < REPLAY_ROWS_MAX)
		found(comparison, key, text);
	return true;
}

static enum error compare_table(
    struct replay *replay, struct txn *stored, struct txn *rebuilt, unsigned table)
{
	struct comparison comparison = {
	    .replay = replay, .table = table, .name = ledger_table_name(replay->scratch, table)};
	uint64_t rows = 0;
	char text[80];
	enum error error = table_compare(stored, rebuilt, table, take_difference, &comparison);

	if (!error)
		error = store_count(rebuilt, table, &rows);
	replay->result->tables++;
	replay->result->rows += rows;
	if (!error && comparison.differences > REPLAY_ROWS_MAX) {
		snprintf(text, sizeof text, "%llu rows differ in all; %u were named",
		    (unsigned long long)comparison.differences, REPLAY_ROWS_MAX);
		found(&comparison, (struct span){NULL, 0}, text);
	}
	return error;
}

/* Header and body are the log itself, of which the scratch ledger holds copies. */
static bool is_log(const char *name)
{
	return strcmp(name, "header") == 0 || strcmp(name, "body") == 0;
}

static enum error compare_all(struct replay *replay, struct txn *stored, struct txn *rebuilt)
{
	size_t own_count, count;
	const struct store_table *own = ledger_tables(&own_count);
	const unsigned *tables = settlement_rebuilt_tables(&count);
	enum error error = ERROR_NONE;

	for (size_t i = 0; i < own_count && !error; i++) {
		if (!is_log(own[i].name))
			error = compare_table(replay, stored, rebuilt, own[i].number);
	}
	for (size_t i = 0; i < count && !error; i++)
		error = compare_table(replay, stored, rebuilt, tables[i]);
	return error;
}

enum error replay_compare(struct replay *replay, struct txn *snapshot, struct replay_result *result)
{
	struct txn *rebuilt;
	enum error error;

	if (!result->complete)
		return ERROR_NONE;
	replay->result = result;
	error = txn_begin_read(ledger_store(replay->scratch), &rebuilt);
	if (error)
		return error;
	error = compare_all(replay, snapshot, rebuilt);
	txn_abort(rebuilt);
	return error;
}
