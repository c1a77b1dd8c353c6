/* replay.h: a node's log played again from entry 0 into a scratch store (`suiren verify --replay`): every cause admitted again,
 * every rule run again on each entry over the tables as they were before it, and all the tables that come out compared row by
 * row with the node's own. It trusts the hashes and signatures: ledger_audit_snapshot goes through them, over the same snapshot.
 * Reads only, beside a running writer; needs room for the log and its tables in $TMPDIR (or /tmp), of which nothing is left
 * however the process ends. Memory does not grow with the log. Not thread-safe. */
#ifndef SUIREN_REPLAY_H
#define SUIREN_REPLAY_H

#include "settlement.h"

struct replay;

/* What is replayed. Borrowed until replay_free. */
struct replay_subject {
	struct ledger *ledger;
	struct txn *snapshot; /* of `ledger` */
	const char *origin;
	/* As the node has them. Without the registry key an outside auditor's: verdicts that hang on sealed facts of persons are
	 * taken over from the log. The last two members are set by the replay. */
	struct settlement_options rules;
	/* The audit has found something: whether header and body agree is looked at again, and the replay ends where they do not. */
	bool doubtful;
	/* Called for each difference; it names the entry, or the table and key. */
	ledger_report *report;
	void *context;
	/* Called now and then; may be NULL. */
	void (*progress)(void *context, uint64_t entry, uint64_t entries);
};

struct replay_result {
	uint64_t entries, lines;
	/* The lines by what became of their verdicts: decided again; taken over since the person was erased; taken over since no
	 * registry key is here. They sum up to `lines`. */
	uint64_t rerun, erased, no_key;
	uint64_t tables, rows; /* compared */
	uint64_t findings;
	bool
	    complete; /* false: an entry could not be read or applied, so the tables are not compared */
};

/* Play the log. `*replay` then holds the rebuilt tables. A difference is a finding, not a failure. Fails with: the store's. */
MUST_CHECK enum error replay_log(const struct replay_subject *subject, struct replay **replay,
    struct replay_result *result, struct error_detail *detail);
/* Compare the rebuilt tables with those of `snapshot`, the subject's or a later one; nothing if the replay is not complete. */
MUST_CHECK enum error replay_compare(
    struct replay *replay, struct txn *snapshot, struct replay_result *result);
void replay_free(struct replay *replay); /* NULL is accepted */

/* Both. Fails with: ERROR_NOT_VERIFIED if there was a finding; the store's. */
MUST_CHECK enum error replay_verify(const struct replay_subject *subject,
    struct replay_result *result, struct error_detail *detail);

#endif
