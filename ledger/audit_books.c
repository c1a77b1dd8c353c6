/* audit_books.c: the books made again: every transfer of the log is booked once more in a scratch store, by the same code
 * and so by the same rules, and the tables that come out are compared row by row with the stored ones. */
#include "audit_internal.h"

#include <stdlib.h>
#include <string.h>

enum error audit_books_begin(struct audit *audit)
{
	struct store_table tables[STORE_TABLES_MAX];
	const struct store_options options = {.map_size = audit->ledger->options.map_size,
	    .tables = tables,
	    .table_count = ledger_all_tables(&audit->ledger->options, tables)};
	enum error error = store_open_scratch(&options, &audit->scratch, NULL);

	return error ? error : txn_begin_write(audit->scratch, &audit->books);
}

void audit_books_free(struct audit *audit)
{
	txn_abort(audit->books);
	store_close(audit->scratch);
}

struct txn *audit_keys(const struct audit *audit)
{
	return audit->ledger->options.project_own ? audit->books : audit->txn;
}

/* An error of the world, as against one that tells of the books. */
static bool of_the_world(enum error error)
{
	return error == ERROR_MEMORY || error == ERROR_IO || error == ERROR_DISK_FULL ||
	       error == ERROR_MAP_FULL;
}

static enum error commit_when_full(struct audit *audit, size_t transfers)
{
	enum error error;

	audit->uncommitted += (uint32_t)transfers;
	if (audit->uncommitted < AUDIT_COMMIT_TRANSFERS)
		return ERROR_NONE;
	audit->uncommitted = 0;
	error = txn_commit(audit->books);
	audit->books = NULL;
	return error ? error : txn_begin_write(audit->scratch, &audit->books);
}

static enum error book_all(struct audit *audit, uint64_t sequence, int64_t time_ms,
    const struct transfer *transfers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct error_detail detail = {""};
		enum error error = account_book(audit->books, audit->ledger->options.chart,
		    sequence, (uint32_t)i, time_ms, &transfers[i], &detail);

		if (of_the_world(error))
			return error;
		if (error)
			audit_found_entry(audit, sequence, "transfer %zu cannot be booked: %s", i,
			    detail.text[0] ? detail.text : error_text(error));
	}
	return commit_when_full(audit, count);
}

enum error audit_books_add(struct audit *audit, const struct entry *entry)
{
	const struct ledger_options *options = &audit->ledger->options;
	struct error_detail detail = {""};
	enum error error = book_all(audit, entry->header.sequence, entry->header.time_ms,
	    entry->transfers, entry->transfer_count);

	if (error || !options->project_own)
		return error;
	error = options->project_own(options->project_context, audit->books, entry, &detail);
	if (of_the_world(error))
		return error;
	if (error)
		audit_found_entry(audit, entry->header.sequence,
		    "its keys and account flags cannot be made again: %s",
		    detail.text[0] ? detail.text : error_text(error));
	return commit_when_full(audit, 1);
}

enum error audit_books_salvage(struct audit *audit, uint64_t sequence, struct span body)
{
	struct codec_reader reader = codec_reader(body);
	struct transfer *transfers;
	struct span bytes;
	size_t count;
	enum error error;

	/* secret, documents, lines, verdicts, transfers */
	codec_array_exact(&reader, 5);
	for (int i = 0; i < 4; i++)
		codec_item(&reader);
	bytes = codec_bytes(&reader);
	if (codec_finish(&reader) || transfers_count(bytes, &count))
		return ERROR_NONE;
	transfers = calloc(count + 1, sizeof *transfers);
	if (!transfers)
		return ERROR_MEMORY;
	error = transfers_read(bytes, transfers, count);
	if (!error)
		error = book_all(audit, sequence, audit->last_time_ms, transfers, count);
	free(transfers);
	return error;
}

struct table_audit {
	struct audit *audit;
	unsigned table;
	uint64_t differences;
};

/* Frozen and closed are the floor above's: without project_own they are not made again. */
static bool only_flags_differ(const struct table_audit *table, struct span a, struct span b)
{
	return table->table == TABLE_ACCOUNT && !table->audit->ledger->options.project_own &&
	       a.size == b.size && a.size > 2 && a.data[1] <= 3 && a.data[0] == b.data[0] &&
	       memcmp(a.data + 2, b.data + 2, a.size - 2) == 0;
}

static bool report_row(void *context, enum row_difference difference, struct span key,
    struct span stored, struct span made)
{
	struct table_audit *table = context;
	const char *text = difference == ROW_CHANGED  ? "not what the log gives"
			   : difference == ROW_ONLY_A ? "the log does not give this row"
						      : "the log gives this row: it is missing";

	if (difference == ROW_CHANGED && only_flags_differ(table, stored, made))
		return true;
	if (table->differences++ < AUDIT_ROWS_MAX)
		audit_found_row(table->audit, table->table, key, "%s", text);
	return true;
}

static enum error compare_tables(struct audit *audit)
{
	static const unsigned tables[] = {TABLE_ACCOUNT, TABLE_POSTING, TABLE_TRANSFER,
	    TABLE_PENDING, TABLE_REFERENCE, TABLE_KEY, TABLE_KEY_PARTY};
	const size_t count =
	    sizeof tables / sizeof *tables - (audit->ledger->options.project_own ? 0 : 2);
	enum error error = ERROR_NONE;

	for (size_t i = 0; i < count && !error; i++) {
		struct table_audit table = {.audit = audit, .table = tables[i]};

		error = table_compare(audit->txn, audit->books, tables[i], report_row, &table);
		if (!error && table.differences > AUDIT_ROWS_MAX)
			audit_found_row(audit, tables[i], (struct span){NULL, 0},
			    "%llu rows differ in all; %u were named",
			    (unsigned long long)table.differences, AUDIT_ROWS_MAX);
	}
	return error;
}

enum error audit_books_end(struct audit *audit)
{
	struct error_detail detail = {""};
	enum error error = compare_tables(audit);

	if (!error)
		error = store_count(audit->txn, TABLE_ACCOUNT, &audit->result->accounts);
	if (!error && !audit->ledger->options.project_own)
		error = audit_keyring_form(audit);
	if (error)
		return error;
	error = account_check_sums(audit->txn, &detail);
	if (error != ERROR_CORRUPT)
		return error;
	audit_found_row(audit, TABLE_ACCOUNT, (struct span){NULL, 0}, "%s",
	    detail.text[0] ? detail.text : error_text(error));
	return ERROR_NONE;
}
