#include "ledger_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct store_table tables[] = {
    {TABLE_META, "meta"},
    {TABLE_HEADER, "header"},
    {TABLE_BODY, "body"},
    {TABLE_NODE, "node"},
    {TABLE_ACCOUNT, "account"},
    {TABLE_POSTING, "posting"},
    {TABLE_TRANSFER, "transfer"},
    {TABLE_PENDING, "pending"},
    {TABLE_REFERENCE, "reference"},
    {TABLE_KEY, "key"},
    {TABLE_KEY_PARTY, "key_party"},
};

const struct store_table *ledger_tables(size_t *count)
{
	*count = sizeof tables / sizeof *tables;
	return tables;
}

size_t ledger_all_tables(
    const struct ledger_options *options, struct store_table all[STORE_TABLES_MAX])
{
	const size_t own = sizeof tables / sizeof *tables;

	assert(own + options->table_count <= STORE_TABLES_MAX);
	memcpy(all, tables, sizeof tables);
	if (options->table_count)
		memcpy(all + own, options->tables, options->table_count * sizeof *all);
	return own + options->table_count;
}

const char *ledger_table_name(const struct ledger *ledger, unsigned table)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		if (tables[i].number == table)
			return tables[i].name;
	}
	for (size_t i = 0; i < ledger->options.table_count; i++) {
		if (ledger->options.tables[i].number == table)
			return ledger->options.tables[i].name;
	}
	return NULL;
}

static enum error meta_get(struct txn *txn, const char *name, struct span *value)
{
	return store_get(txn, TABLE_META, span_text(name), value);
}

/* Read the head row: size, time of the last entry, and the frontier, one hash per set bit of size. */
enum error ledger_head_read(
    struct txn *txn, struct merkle_frontier *frontier, int64_t *last_time_ms)
{
	struct span row;
	enum error error = meta_get(txn, META_HEAD, &row);

	memset(frontier, 0, sizeof *frontier);
	*last_time_ms = 0;
	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE;
	if (error)
		return error;
	if (row.size < HEAD_ROW_START)
		return ERROR_CORRUPT;
	frontier->size = be64_read(row.data);
	*last_time_ms = (int64_t)be64_read(row.data + 8);
	frontier->count = (unsigned)__builtin_popcountll(frontier->size);
	if (row.size != HEAD_ROW_START + (size_t)frontier->count * HASH_SIZE)
		return ERROR_CORRUPT;
	memcpy(frontier->hashes, row.data + HEAD_ROW_START, (size_t)frontier->count * HASH_SIZE);
	return ERROR_NONE;
}

size_t ledger_head_row(
    uint8_t row[HEAD_ROW_MAX], const struct merkle_frontier *frontier, int64_t last_time_ms)
{
	const size_t hashes = (size_t)frontier->count * HASH_SIZE;

	be64_write(row, frontier->size);
	be64_write(row + 8, (uint64_t)last_time_ms);
	memcpy(row + HEAD_ROW_START, frontier->hashes, hashes);
	return HEAD_ROW_START + hashes;
}

enum error ledger_head_write(
    struct txn *txn, const struct merkle_frontier *frontier, int64_t last_time_ms)
{
	uint8_t row[HEAD_ROW_MAX];

	return store_put(txn, TABLE_META, span_text(META_HEAD),
	    span_of(row, ledger_head_row(row, frontier, last_time_ms)));
}

static enum error check_meta(struct txn *txn, const struct ledger_options *options, bool *is_new,
    struct error_detail *detail)
{
	struct span version, origin;
	enum error error;

	*is_new = false;
	if (options->read_only && options->unchecked)
		return ERROR_NONE;
	error = meta_get(txn, META_VERSION, &version);
	*is_new = error == ERROR_NOT_FOUND;
	if (*is_new)
		return options->read_only
			   ? error_set(detail, ERROR_NOT_FOUND, "the ledger is empty")
			   : ERROR_NONE;
	if (!error)
		error = meta_get(txn, META_ORIGIN, &origin);
	if (error)
		return error;
	if (!span_equal(version, span_text(LEDGER_FORMAT)))
		return error_set(detail, ERROR_MISMATCH,
		    "the ledger has format %.*s, this program reads " LEDGER_FORMAT,
		    (int)version.size, (const char *)version.data);
	if (!span_equal(origin, span_text(options->origin)))
		return error_set(detail, ERROR_MISMATCH, "the ledger's origin is %.*s, not %s",
		    (int)origin.size, (const char *)origin.data, options->origin);
	return ERROR_NONE;
}

static enum error write_meta(struct txn *txn, const struct ledger_options *options)
{
	enum error error =
	    store_put(txn, TABLE_META, span_text(META_VERSION), span_text(LEDGER_FORMAT));

	if (!error)
		error =
		    store_put(txn, TABLE_META, span_text(META_ORIGIN), span_text(options->origin));
	return error;
}

static enum error prepare(struct ledger *ledger, struct error_detail *detail)
{
	struct txn *txn;
	bool is_new;
	enum error error = txn_begin_read(ledger->store, &txn);

	if (error)
		return error;
	error = check_meta(txn, &ledger->options, &is_new, detail);
	txn_abort(txn);
	if (error || !is_new)
		return error;
	error = txn_begin_write(ledger->store, &txn);
	if (error)
		return error;
	error = write_meta(txn, &ledger->options);
	if (error) {
		txn_abort(txn);
		return error;
	}
	return txn_commit(txn);
}

enum error ledger_open(const char *path, const struct ledger_options *options, struct ledger **out,
    struct error_detail *detail)
{
	struct store_table all[STORE_TABLES_MAX];
	struct store_options store_options = {.read_only = options->read_only,
	    .patient = options->patient,
	    .not_durable = options->not_durable,
	    .map_size = options->map_size,
	    .tables = all,
	    .table_count = ledger_all_tables(options, all)};
	struct ledger *ledger;
	enum error error;

	*out = NULL;
	assert(options->chart && options->origin);
	if (!options->read_only)
		mkdir(path, 0700); /* whatever is wrong with it shows when the store opens it */
	ledger = calloc(1, sizeof *ledger);
	if (!ledger)
		return ERROR_MEMORY;
	ledger->options = *options;
	error = store_open(path, &store_options, &ledger->store, detail);
	if (!error) {
		error = prepare(ledger, detail);
		if (error && detail && !detail->text[0])
			error_set(detail, error, "%s: %s", path, error_text(error));
	}
	if (error) {
		ledger_close(ledger);
		return error;
	}
	*out = ledger;
	return ERROR_NONE;
}

enum error ledger_open_scratch(
    const struct ledger_options *options, struct ledger **out, struct error_detail *detail)
{
	struct store_table all[STORE_TABLES_MAX];
	const struct store_options store_options = {.map_size = options->map_size,
	    .tables = all,
	    .table_count = ledger_all_tables(options, all)};
	struct ledger *ledger = calloc(1, sizeof *ledger);
	enum error error;

	*out = NULL;
	assert(options->chart && options->origin && !options->read_only && !options->log_key);
	if (!ledger)
		return ERROR_MEMORY;
	ledger->options = *options;
	error = store_open_scratch(&store_options, &ledger->store, detail);
	if (!error)
		error = prepare(ledger, detail);
	if (error) {
		ledger_close(ledger);
		return error;
	}
	*out = ledger;
	return ERROR_NONE;
}

void ledger_close(struct ledger *ledger)
{
	if (!ledger)
		return;
	store_close(ledger->store);
	buffer_free(&ledger->header);
	buffer_free(&ledger->body);
	free(ledger);
}

struct store *ledger_store(struct ledger *ledger)
{
	return ledger->store;
}

enum error ledger_begin(struct ledger *ledger, struct txn **txn)
{
	enum error error;

	assert(!ledger->options.read_only);
	error = txn_begin_write(ledger->store, txn);
	if (error)
		return error;
	error = ledger_head_read(*txn, &ledger->frontier, &ledger->last_time_ms);
	if (error) {
		txn_abort(*txn);
		*txn = NULL;
	}
	return error;
}

void ledger_node_key(uint8_t key[NODE_KEY_SIZE], unsigned level, uint64_t index)
{
	key[0] = (uint8_t)level;
	be64_write(key + 1, index);
}

static enum error write_node(void *context, unsigned level, uint64_t index, const struct hash *hash)
{
	uint8_t key[NODE_KEY_SIZE];

	ledger_node_key(key, level, index);
	return store_insert(context, TABLE_NODE, span_of(key, sizeof key), hash_span(hash));
}

enum error ledger_write_rows(
    struct ledger *ledger, struct txn *txn, uint64_t sequence, struct span header, struct span body)
{
	struct hash leaf = hash_leaf(header);
	uint8_t key[8];
	enum error error;

	be64_write(key, sequence);
	error = store_append(txn, TABLE_HEADER, span_of(key, sizeof key), header);
	if (!error)
		error = store_append(txn, TABLE_BODY, span_of(key, sizeof key), body);
	if (!error)
		error = merkle_append(&ledger->frontier, &leaf, write_node, txn);
	return error;
}

enum error ledger_book(struct ledger *ledger, struct txn *txn, uint64_t sequence, int64_t time_ms,
    const struct transfer *transfers, size_t count, struct error_detail *detail)
{
	enum error error = ERROR_NONE;

	for (size_t i = 0; i < count && !error; i++) {
		error = account_book(txn, ledger->options.chart, sequence, (uint32_t)i, time_ms,
		    &transfers[i], detail);
		/* A repeated id inside a new entry means that one cause would book twice: a bug above, never business. */
		if (error == ERROR_REPEAT)
			error = error_set(
			    detail, ERROR_CONFLICT, "transfer %zu: its id is booked already", i);
	}
	return error;
}

enum error ledger_append(struct ledger *ledger, struct txn *txn, const struct entry_draft *draft,
    int64_t time_ms, const struct hash *salt, uint64_t *sequence_out, struct error_detail *detail)
{
	uint64_t sequence = ledger->frontier.size;
	struct entry entry = {.secret = draft->secret,
	    .documents = draft->documents,
	    .lines = draft->lines,
	    .verdicts = draft->verdicts,
	    .transfers = draft->transfers,
	    .transfer_count = draft->transfer_count};
	enum error error;

	if (time_ms < ledger->last_time_ms)
		time_ms = ledger->last_time_ms;
	buffer_clear(&ledger->header);
	buffer_clear(&ledger->body);
	error = entry_write(
	    draft, ledger->options.epoch, sequence, time_ms, salt, &ledger->header, &ledger->body);
	if (error)
		return error_set(detail, error, "entry %llu: %s", (unsigned long long)sequence,
		    error_text(error));
	error = ledger_write_rows(
	    ledger, txn, sequence, buffer_span(&ledger->header), buffer_span(&ledger->body));
	if (!error)
		error = ledger_book(ledger, txn, sequence, time_ms, draft->transfers,
		    draft->transfer_count, detail);
	if (!error)
		error = entry_header_read(buffer_span(&ledger->header), &entry.header);
	if (!error && ledger->options.project)
		error =
		    ledger->options.project(ledger->options.project_context, txn, &entry, detail);
	/* The next decision of the group reads the head as it is now. */
	if (!error)
		error = ledger_head_write(txn, &ledger->frontier, time_ms);
	if (error)
		return error;
	ledger->last_time_ms = time_ms;
	if (sequence_out)
		*sequence_out = sequence;
	return ERROR_NONE;
}

static enum error sign_checkpoint(struct ledger *ledger, struct txn *txn)
{
	struct checkpoint checkpoint = {
	    .size = ledger->frontier.size, .root = merkle_frontier_root(&ledger->frontier)};
	struct buffer note = {0};
	enum error error;

	snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", ledger->options.origin);
	checkpoint_sign(&note, &checkpoint, ledger->options.log_key);
	error = note.failed
		    ? note.failed
		    : store_put(txn, TABLE_META, span_text(META_CHECKPOINT), buffer_span(&note));
	buffer_free(&note);
	return error;
}

enum error ledger_commit(struct ledger *ledger, struct txn *txn)
{
	enum error error = ledger->options.log_key ? sign_checkpoint(ledger, txn) : ERROR_NONE;

	if (error) {
		txn_abort(txn);
		return error;
	}
	return txn_commit(txn);
}

void ledger_abort(struct ledger *ledger, struct txn *txn)
{
	(void)ledger; /* the head is loaded again at the next begin */
	txn_abort(txn);
}

enum error ledger_grow(struct ledger *ledger)
{
	return store_grow(ledger->store);
}

enum error ledger_head(struct txn *txn, uint64_t *size, struct hash *root)
{
	struct merkle_frontier frontier;
	int64_t time_ms;
	enum error error;

	error = ledger_head_read(txn, &frontier, &time_ms);
	if (error)
		return error;
	*size = frontier.size;
	if (root)
		*root = merkle_frontier_root(&frontier);
	return ERROR_NONE;
}

enum error ledger_last_time(struct txn *txn, int64_t *time_ms)
{
	struct merkle_frontier frontier;

	return ledger_head_read(txn, &frontier, time_ms);
}

enum error ledger_checkpoint(struct txn *txn, struct span *note)
{
	return meta_get(txn, META_CHECKPOINT, note);
}

enum error ledger_get(struct txn *txn, uint64_t sequence, struct span *header, struct span *body)
{
	uint8_t key[8];
	enum error error;

	be64_write(key, sequence);
	error = store_get(txn, TABLE_HEADER, span_of(key, sizeof key), header);
	if (!error)
		error = store_get(txn, TABLE_BODY, span_of(key, sizeof key), body);
	return error;
}

enum error ledger_read(struct txn *txn, uint64_t sequence, struct entry_reader *reader)
{
	struct span header, body;
	enum error error = ledger_get(txn, sequence, &header, &body);

	memset(reader, 0, sizeof *reader);
	if (error)
		return error;
	error = entry_read(header, body, reader);
	return error == ERROR_MALFORMED || error == ERROR_TOO_LARGE ? ERROR_CORRUPT : error;
}

enum error ledger_read_node(void *context, unsigned level, uint64_t index, struct hash *hash)
{
	uint8_t key[NODE_KEY_SIZE];
	struct span value;
	enum error error;

	ledger_node_key(key, level, index);
	error = store_get(context, TABLE_NODE, span_of(key, sizeof key), &value);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	if (value.size != HASH_SIZE)
		return ERROR_CORRUPT;
	memcpy(hash->bytes, value.data, HASH_SIZE);
	return ERROR_NONE;
}

enum error ledger_prove_inclusion(struct txn *txn, uint64_t sequence, uint64_t size,
    struct merkle_proof *proof, struct hash *leaf, struct hash *root)
{
	uint64_t present;
	enum error error = ledger_head(txn, &present, NULL);

	if (error)
		return error;
	if (size > present || sequence >= size)
		return ERROR_RANGE;
	error = ledger_read_node(txn, 0, sequence, leaf);
	if (!error)
		error = merkle_prove_inclusion(ledger_read_node, txn, sequence, size, proof);
	if (!error)
		error = merkle_root(ledger_read_node, txn, size, root);
	return error;
}

enum error ledger_prove_consistency(
    struct txn *txn, uint64_t from, uint64_t to, struct merkle_proof *proof, struct hash *root)
{
	uint64_t present;
	enum error error = ledger_head(txn, &present, NULL);

	if (error)
		return error;
	if (from > to || to > present)
		return ERROR_RANGE;
	error = merkle_prove_consistency(ledger_read_node, txn, from, to, proof);
	if (!error)
		error = merkle_root(ledger_read_node, txn, to, root);
	return error;
}
