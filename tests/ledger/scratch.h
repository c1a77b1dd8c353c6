/* scratch.h: a store with the ledger floor's tables in a fresh directory and one open write transaction, for tests of what
 * lives in single tables. */
#ifndef SUIREN_TEST_SCRATCH_H
#define SUIREN_TEST_SCRATCH_H

#include "ledger.h"
#include "ledger_tables.h"
#include "testing.h"

struct scratch {
	char path[300];
	struct store *store;
	struct txn *txn;
};

static inline void scratch_open(struct scratch *scratch)
{
	struct store_options options = {.not_durable = true, .map_size = 64u << 20};
	struct error_detail detail = {""};

	memset(scratch, 0, sizeof *scratch);
	assert_good(key_library_init());
	folder_make(scratch->path);
	options.tables = ledger_tables(&options.table_count);
	if (store_open(scratch->path, &options, &scratch->store, &detail))
		fail_msg("%s", detail.text);
	assert_good(txn_begin_write(scratch->store, &scratch->txn));
}

/* Commit and go on in another transaction. */
static inline void scratch_commit(struct scratch *scratch)
{
	assert_good(txn_commit(scratch->txn));
	assert_good(txn_begin_write(scratch->store, &scratch->txn));
}

static inline void scratch_close(struct scratch *scratch)
{
	txn_abort(scratch->txn);
	store_close(scratch->store);
	folder_remove(scratch->path);
}

/* A hash over every row of every table: what a refusal must leave as it was. */
static inline struct hash scratch_digest(struct scratch *scratch)
{
	size_t count;
	const struct store_table *tables = ledger_tables(&count);
	struct hash all = {{0}};

	for (size_t i = 0; i < count; i++) {
		struct cursor *cursor;
		struct span key, value;
		enum error error;

		assert_good(cursor_open(scratch->txn, tables[i].number, &cursor));
		for (error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &value); !error;
		     error = cursor_next(cursor, &key, &value)) {
			struct hash k = hash_sha256(key), v = hash_sha256(value);
			struct span parts[] = {hash_span(&all), hash_span(&k), hash_span(&v)};

			all = hash_sha256_parts(parts, 3);
		}
		assert_error(error, ERROR_NOT_FOUND);
		cursor_close(cursor);
	}
	return all;
}

#endif
