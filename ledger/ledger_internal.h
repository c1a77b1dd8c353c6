/* ledger_internal.h: what the files of the ledger facade share: the open ledger, the rows of the meta table, the stored Merkle
 * tree, and the comparing of tables. Private to ledger/. */
#ifndef SUIREN_LEDGER_INTERNAL_H
#define SUIREN_LEDGER_INTERNAL_H

#include "ledger.h"
#include "ledger_tables.h"

#define META_VERSION "version"       /* LEDGER_FORMAT */
#define META_ORIGIN "origin"         /* origin text */
#define META_HEAD "head"             /* size, time of the last entry, frontier */
#define META_CHECKPOINT "checkpoint" /* signed note */
#define LEDGER_FORMAT "suiren-ledger-1"

#define HEAD_ROW_START 16
#define HEAD_ROW_MAX (HEAD_ROW_START + 64 * HASH_SIZE)
#define NODE_KEY_SIZE 9

struct ledger {
	struct ledger_options options;
	struct store *store;
	struct buffer header, body; /* scratch of one append */
	/* The head as of the open group; loaded at begin. */
	struct merkle_frontier frontier;
	int64_t last_time_ms;
};

/* Name of a table of this ledger, of any floor. NULL if there is none with this number. */
const char *ledger_table_name(const struct ledger *ledger, unsigned table);

/* The head row; an empty log has none. Fails with: ERROR_CORRUPT, and the store's. */
MUST_CHECK enum error ledger_head_read(
    struct txn *txn, struct merkle_frontier *frontier, int64_t *last_time_ms);
/* The bytes of a head row; returns their number. */
size_t ledger_head_row(
    uint8_t row[HEAD_ROW_MAX], const struct merkle_frontier *frontier, int64_t last_time_ms);

void ledger_node_key(uint8_t key[NODE_KEY_SIZE], unsigned level, uint64_t index);
/* A merkle_read_node whose context is a transaction. A node that is not there is ERROR_CORRUPT. */
enum error ledger_read_node(void *txn, unsigned level, uint64_t index, struct hash *hash);

enum row_difference { ROW_CHANGED, ROW_ONLY_A, ROW_ONLY_B };
/* A row that is not the same in both; a value that is not there is empty. False stops. */
typedef bool table_visit_difference(void *context, enum row_difference difference, struct span key,
    struct span value_a, struct span value_b);
/* Walk a table in two stores side by side. Memory does not grow with it. */
MUST_CHECK enum error table_compare(
    struct txn *a, struct txn *b, unsigned table, table_visit_difference *visit, void *context);

#endif
