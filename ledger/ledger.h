/* ledger.h: the facade: a signed, append-only, double-entry log in one directory. Open, append a group of entries in
 * one durable commit, read, prove, audit, rebuild. It knows no eldercare: the floor above hands in its tables, its
 * chart of accounts and the projection that brings its tables up to date. One writer; many readers. */
#ifndef SUIREN_LEDGER_H
#define SUIREN_LEDGER_H

#include "entry.h"
#include "keyring.h"
#include "note.h"

struct ledger;

/* Bring the upper floor's tables up to date with an entry that is being appended. Cannot refuse: any failure aborts the group. */
typedef enum error ledger_project(
    void *context, struct txn *txn, const struct entry *entry, struct error_detail *detail);

struct ledger_options {
	bool read_only;
	/* With read_only: open it though format or origin are not those that are stored: the audit tells of them. */
	bool unchecked;
	bool not_durable;
	bool patient;                     /* store_options */
	uint64_t map_size;                /* 0: default */
	const struct store_table *tables; /* of the floors above */
	size_t table_count;
	const struct account_rule *chart;
	ledger_project *project;
	/* The part of `project` that touches this floor's own tables: keys and account flags. The audit re-makes them with it in a
	 * scratch store that has all tables and nothing but what it writes. It sees every entry, also damaged ones: it must
	 * refuse what is malformed, and ignore kinds that touch neither. NULL: those rows are checked for form only. */
	ledger_project *project_own;
	void *project_context; /* of both */
	const char *origin; /* "chengdu.suiren.example/ledger/1"; checked against what is stored */
	uint32_t epoch;
	const struct secret_key *
	    log_key; /* signs the checkpoint of each group; NULL: none is signed (readers, rebuilds) */
};

/* Open the ledger in directory `path` (created, with an empty log, unless read_only). `options` and what it points at stay
 * valid until ledger_close. Fails with: ERROR_NOT_FOUND, ERROR_MISMATCH (another origin, of which the epoch is a part, or another format), ERROR_CORRUPT, and the
 * store's. */
MUST_CHECK enum error ledger_open(const char *path, const struct ledger_options *options,
    struct ledger **ledger, struct error_detail *detail);
/* An empty ledger in a scratch store (store_open_scratch), for a rebuild. `options` as above; neither read_only nor with a
 * log key. */
MUST_CHECK enum error ledger_open_scratch(
    const struct ledger_options *options, struct ledger **ledger, struct error_detail *detail);
void ledger_close(struct ledger *ledger); /* NULL is accepted */
struct store *ledger_store(struct ledger *ledger);

/* A group: begin, append as often as wanted, then commit or abort. */
MUST_CHECK enum error ledger_begin(struct ledger *ledger, struct txn **txn);
/* Log a draft at time max(time_ms, previous entry's time), book its transfers, project it. On failure the group must be
 * aborted. `sequence` (may be NULL) is its number. Fails with: what entry_write, account_book and the projection fail with. */
MUST_CHECK enum error ledger_append(struct ledger *ledger, struct txn *txn,
    const struct entry_draft *draft, int64_t time_ms, const struct hash *salt, uint64_t *sequence,
    struct error_detail *detail);
/* Append an entry of another copy of this log as it stands there: its rows, transfers and projection. Its hashes are not
 * compared with its body: ledger_audit does that. `entry` was read from `header` and `body`. Fails with: ERROR_MISMATCH
 * (not the entry that comes next), ERROR_CONFLICT (a transfer's id is booked already), and what account_book and the
 * projection fail with; the group must be aborted then. */
MUST_CHECK enum error ledger_append_logged(struct ledger *ledger, struct txn *txn,
    const struct entry *entry, struct span header, struct span body, struct error_detail *detail);
/* Durable when it returns. After ERROR_MAP_FULL (ledger_grow) or ERROR_DISK_FULL nothing of the group is there; it may be tried again. */
MUST_CHECK enum error ledger_commit(struct ledger *ledger, struct txn *txn);
void ledger_abort(struct ledger *ledger, struct txn *txn);
/* Grow the map after ERROR_MAP_FULL, as store_grow. */
MUST_CHECK enum error ledger_grow(struct ledger *ledger);

/* Number of entries and root, as the transaction sees them. */
MUST_CHECK enum error ledger_head(struct txn *txn, uint64_t *size, struct hash *root);
/* Time of the last entry; 0 for an empty log. */
MUST_CHECK enum error ledger_last_time(struct txn *txn, int64_t *time_ms);
/* The signed checkpoint of the last group that was committed with a log key; borrowed from the transaction. */
MUST_CHECK enum error ledger_checkpoint(struct txn *txn, struct span *note);
/* Header and body bytes. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error ledger_get(
    struct txn *txn, uint64_t sequence, struct span *header, struct span *body);
/* One entry, read; borrows from the transaction; entry_free when done. */
MUST_CHECK enum error ledger_read(struct txn *txn, uint64_t sequence, struct entry_reader *reader);
MUST_CHECK enum error ledger_prove_inclusion(struct txn *txn, uint64_t sequence, uint64_t size,
    struct merkle_proof *proof, struct hash *leaf, struct hash *root);
MUST_CHECK enum error ledger_prove_consistency(
    struct txn *txn, uint64_t from, uint64_t to, struct merkle_proof *proof, struct hash *root);

/* What an audit found. `sequence` is valid if has_sequence; else `table` names the table and `key` the row. */
struct ledger_finding {
	bool has_sequence;
	uint64_t sequence;
	const char *table; /* NULL if none */
	struct span key;
	const char *text;
};
typedef void ledger_report(void *context, const struct ledger_finding *finding);

struct ledger_audit_result {
	uint64_t entries, lines, documents, transfers, accounts, findings;
};

/* The whole audit of what this floor keeps: every header, body, document signature (under a key valid at the entry),
 * inner tree, Merkle node, checkpoint, transfer; all balances, postings, references and pendings re-added from the log and compared with the
 * tables. `log` (may be NULL: no checkpoint is checked) verifies the checkpoint. Calls `report` for each finding; its spans and text
 * live for the call. Works over one snapshot, beside a running writer; takes room for the re-made tables in $TMPDIR (or /tmp), its memory does not grow
 * with the log. Fails with: ERROR_NOT_VERIFIED if there was a finding; else the store's. */
MUST_CHECK enum error ledger_audit(struct ledger *ledger, const struct note_verifier *log,
    ledger_report *report, void *context, struct ledger_audit_result *result);
/* The same over a snapshot of this ledger that the caller has opened. */
MUST_CHECK enum error ledger_audit_snapshot(struct ledger *ledger, struct txn *snapshot,
    const struct note_verifier *log, ledger_report *report, void *context,
    struct ledger_audit_result *result);

enum row_difference { ROW_CHANGED, ROW_ONLY_A, ROW_ONLY_B };
/* A row that is not the same in both; a value that is not there is empty. False stops. */
typedef bool table_visit_difference(void *context, enum row_difference difference, struct span key,
    struct span value_a, struct span value_b);
/* Walk a table in two stores side by side. Memory does not grow with it. */
MUST_CHECK enum error table_compare(
    struct txn *a, struct txn *b, unsigned table, table_visit_difference *visit, void *context);
/* Compare all rows of the given tables in two ledgers, byte for byte; reports each table's first difference. Fails with: ERROR_NOT_VERIFIED. */
MUST_CHECK enum error ledger_compare(struct ledger *a, struct ledger *b, const unsigned *tables,
    size_t count, ledger_report *report, void *context);
/* This floor's tables. */
const struct store_table *ledger_tables(size_t *count);
/* Name of a table of this ledger, of any floor. NULL if there is none with this number. */
const char *ledger_table_name(const struct ledger *ledger, unsigned table);

#endif
