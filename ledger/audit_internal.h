/* audit_internal.h: what the files of the audit share. audit.c walks the log; audit_tree.c re-makes the Merkle tree and the
 * meta rows; audit_books.c re-makes the tables of accounts and keys in a scratch store and compares them. Private to ledger/. */
#ifndef SUIREN_AUDIT_INTERNAL_H
#define SUIREN_AUDIT_INTERNAL_H

#include "limits.h"
#include "ledger_internal.h"

/* So many rows of one table are reported one by one, the others together. */
/* The scratch store is committed after so many transfers: bounds the pages that LMDB holds in memory. */
#define AUDIT_COMMIT_TRANSFERS 4096u

struct audit {
	struct ledger *ledger;
	struct txn *txn; /* the snapshot that is audited */
	const struct note_verifier *log;
	ledger_report *report;
	void *context;
	struct ledger_audit_result *result;
	/* The log so far, from its headers. */
	uint64_t size; /* sequence that must come next */
	int64_t last_time_ms;
	bool has_gap;           /* a header is missing: no tree can be made */
	uint64_t bodies, nodes; /* rows met that belong to the log */
	struct merkle_frontier frontier;
	/* The root that the stored nodes are judged by where they and a header disagree. */
	uint64_t anchor_size;
	struct hash anchor_root;
	/* The books re-made. */
	struct store *scratch;
	struct txn *books;
	uint32_t uncommitted;
};

void audit_found_entry(struct audit *audit, uint64_t sequence, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* `key` may be empty: the table as a whole. */
void audit_found_row(struct audit *audit, unsigned table, struct span key, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* Names the row and the entry that it is about. */
void audit_found_both(
    struct audit *audit, uint64_t sequence, unsigned table, struct span key, const char *text);

/* Choose the anchor: a checkpoint that verifies, else the head row. */
MUST_CHECK enum error audit_tree_begin(struct audit *audit);
/* Add one header to the tree and compare every node that becomes complete. */
MUST_CHECK enum error audit_tree_add(struct audit *audit, uint64_t sequence, struct span header);
/* After the last header: nodes that do not belong, the head row, the checkpoint, the other meta rows. */
MUST_CHECK enum error audit_tree_end(struct audit *audit);

MUST_CHECK enum error audit_books_begin(struct audit *audit);
/* Book the transfers of an entry that could be read, and re-make its keys and flags. */
MUST_CHECK enum error audit_books_add(struct audit *audit, const struct entry *entry);
/* The same for an entry of which only the body's transfers can be read, if they can. */
MUST_CHECK enum error audit_books_salvage(struct audit *audit, uint64_t sequence, struct span body);
/* Compare the re-made tables with the stored ones. */
MUST_CHECK enum error audit_books_end(struct audit *audit);
/* Also after a failure. */
void audit_books_free(struct audit *audit);
/* Where the keys are looked up: the re-made keyring if there is one, else the stored one. */
struct txn *audit_keys(const struct audit *audit);

/* Rows of the stored keyring in themselves: for a ledger without project_own. */
MUST_CHECK enum error audit_keyring_form(struct audit *audit);
/* Every document of an entry: its form, and its signature under a key that was valid there. */
MUST_CHECK enum error audit_documents(struct audit *audit, const struct entry *entry);

#endif
