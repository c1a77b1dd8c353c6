/* store.h: the one place that calls LMDB: the environment, its tables, transactions, cursors, growth of the map, stale
 * readers, the disk being full. Keys and values are opaque bytes here. One write transaction at a time; read
 * transactions from any thread and any process. Values read are borrowed from the map until the transaction ends (or,
 * in a write transaction, until the next write). */
#ifndef SUIREN_STORE_H
#define SUIREN_STORE_H

#include "bytes.h"
#include "limits.h"

struct store;
struct txn;
struct cursor;

/* A table is known by a small fixed number, so that finding it costs nothing. 0..15 belong to ledger/, 16..47 to
 * settlement/, 48..63 to net/. */
struct store_table {
	unsigned number;
	const char *name;
};

struct store_options {
	bool read_only;
	bool not_durable; /* no fsync at commit: scratch rebuilds and tests only */
	bool
	    patient; /* store_grow waits for the readers of this process: none of them may wait for the writer, or begin twice */
	uint64_t map_size; /* 0: the default */
	const struct store_table *tables;
	size_t table_count;
};

/* Open (and, unless read_only, create) the environment in the existing directory `path`. Clears stale readers. Fails with: ERROR_NOT_FOUND
 * (read_only and nothing there), ERROR_IO, ERROR_DISK_FULL, ERROR_MEMORY, ERROR_CORRUPT. */
MUST_CHECK enum error store_open(const char *path, const struct store_options *options,
    struct store **store, struct error_detail *detail);
/* Open an empty store below $TMPDIR (or /tmp) that has no name: however the process ends, nothing is left of it. Not
 * durable. Fails with: ERROR_IO and ERROR_DISK_FULL (names the place), and as store_open. */
MUST_CHECK enum error store_open_scratch(
    const struct store_options *options, struct store **store, struct error_detail *detail);
/* NULL is accepted. No transaction may be open. */
void store_close(struct store *store);
/* Free the slots of readers whose process is gone. */
MUST_CHECK enum error store_clear_stale_readers(struct store *store, int *cleared);
/* Grow the map. Fails with: ERROR_STATE (a transaction of this process is open; a patient store waits for its end, and none begins meanwhile), ERROR_IO. */
MUST_CHECK enum error store_grow(struct store *store);
/* Bytes in use and bytes of the map. */
MUST_CHECK enum error store_usage(struct store *store, uint64_t *used, uint64_t *map_size);
/* Write a consistent, compacted copy into the existing empty directory `path`; writers go on meanwhile. Fails with:
 * ERROR_EXISTS (there is a store), ERROR_NOT_FOUND, ERROR_DISK_FULL, ERROR_IO. */
MUST_CHECK enum error store_copy(
    struct store *store, const char *path, struct error_detail *detail);

/* Fails with: ERROR_READERS, ERROR_MEMORY, ERROR_IO. Follows a map that another process has grown. */
MUST_CHECK enum error txn_begin_read(struct store *store, struct txn **txn);
MUST_CHECK enum error txn_begin_write(struct store *store, struct txn **txn);
/* A write transaction that a failed step can be undone in: child of `parent`. */
MUST_CHECK enum error txn_begin_nested(struct txn *parent, struct txn **txn);
/* Durable when it returns (unless not_durable). The transaction is over either way. Fails with: ERROR_DISK_FULL,
 * ERROR_MAP_FULL, ERROR_IO. */
MUST_CHECK enum error txn_commit(struct txn *txn);
/* NULL is accepted. Also ends a read transaction. */
void txn_abort(struct txn *txn);

/* Fails with: ERROR_NOT_FOUND, ERROR_IO. */
MUST_CHECK enum error store_get(
    struct txn *txn, unsigned table, struct span key, struct span *value);
/* Insert or replace. Fails with: ERROR_MAP_FULL, ERROR_DISK_FULL, ERROR_IO. */
MUST_CHECK enum error store_put(
    struct txn *txn, unsigned table, struct span key, struct span value);
/* Insert a new row: ERROR_EXISTS if the key is there. */
MUST_CHECK enum error store_insert(
    struct txn *txn, unsigned table, struct span key, struct span value);
/* Insert behind the last key of the table; faster. Fails with: ERROR_EXISTS if the key is not the greatest. */
MUST_CHECK enum error store_append(
    struct txn *txn, unsigned table, struct span key, struct span value);
/* Insert or replace a row of `size` bytes and let the caller fill `*value` before the next write. */
MUST_CHECK enum error store_reserve(
    struct txn *txn, unsigned table, struct span key, size_t size, uint8_t **value);
/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error store_delete(struct txn *txn, unsigned table, struct span key);
/* Rows in a table. */
MUST_CHECK enum error store_count(struct txn *txn, unsigned table, uint64_t *count);

MUST_CHECK enum error cursor_open(struct txn *txn, unsigned table, struct cursor **cursor);
/* NULL is accepted; must come before the end of the transaction. */
void cursor_close(struct cursor *cursor);
/* First row with key >= `key` (an empty key: the first row). Fails with: ERROR_NOT_FOUND (no such row). */
MUST_CHECK enum error cursor_seek(
    struct cursor *cursor, struct span key, struct span *found, struct span *value);
MUST_CHECK enum error cursor_next(struct cursor *cursor, struct span *key, struct span *value);
MUST_CHECK enum error cursor_previous(struct cursor *cursor, struct span *key, struct span *value);
MUST_CHECK enum error cursor_last(struct cursor *cursor, struct span *key, struct span *value);
/* store_put through a cursor that stands on the row then: several rows in order of key are written without a search from the root for each.
 */
MUST_CHECK enum error cursor_put(struct cursor *cursor, struct span key, struct span value);

#endif
