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

/* This floor's tables and those of the floors above; returns their number. */
size_t ledger_all_tables(
    const struct ledger_options *options, struct store_table tables[STORE_TABLES_MAX]);

/* The head row; an empty log has none. Fails with: ERROR_CORRUPT, and the store's. */
MUST_CHECK enum error ledger_head_read(
    struct txn *txn, struct merkle_frontier *frontier, int64_t *last_time_ms);
/* The bytes of a head row; returns their number. */
size_t ledger_head_row(
    uint8_t row[HEAD_ROW_MAX], const struct merkle_frontier *frontier, int64_t last_time_ms);

/* Write the head row of the group that is open. */
MUST_CHECK enum error ledger_head_write(
    struct txn *txn, const struct merkle_frontier *frontier, int64_t last_time_ms);
/* Header, body and tree of the entry that comes next. */
MUST_CHECK enum error ledger_write_rows(struct ledger *ledger, struct txn *txn, uint64_t sequence,
    struct span header, struct span body);
/* Book an entry's transfers. Fails with: ERROR_CONFLICT (an id that is booked already), and as account_book. */
MUST_CHECK enum error ledger_book(struct ledger *ledger, struct txn *txn, uint64_t sequence,
    int64_t time_ms, const struct transfer *transfers, size_t count, struct error_detail *detail);

void ledger_node_key(uint8_t key[NODE_KEY_SIZE], unsigned level, uint64_t index);
/* A merkle_read_node whose context is a transaction. A node that is not there is ERROR_CORRUPT. */
enum error ledger_read_node(void *txn, unsigned level, uint64_t index, struct hash *hash);

#endif
