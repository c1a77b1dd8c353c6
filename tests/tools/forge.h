/* forge.h: a log that lies well: every entry of a node's log once more, one of them changed, hashed and signed with the node's own
 * keys as if it had always been so. */
#ifndef SUIREN_TEST_FORGE_H
#define SUIREN_TEST_FORGE_H

#include "demo_books.h"

#include "registry.h"

/* Change the draft of the entry that is forged; what it points at must live until the end. */
typedef void forge_change(void *context, struct entry_draft *draft);

struct forgery {
	uint64_t sequence;
	forge_change *change;
	void *context;
	struct secret_key log_key;
	char origin[ORIGIN_SIZE + 16];
	struct settlement *settlement;
	struct ledger_options options;
	struct ledger *ledger;
};

static inline void node_key_read(struct node *node, const char *kind, struct secret_key *key)
{
	struct error_detail detail = {""};
	char path[500];

	snprintf(path, sizeof path, "%s/keys/%s.key", node_directory(node), kind);
	if (key_file_read(path, kind, key, NULL, &detail))
		fail_msg("%s", detail.text);
}

/* All but the ledger itself. */
static inline void forge_prepare(struct forgery *forgery, struct node *node, struct txn *from)
{
	struct replay_subject subject = subject_of(node, from, true, NULL);

	subject.rules.registry = from;
	snprintf(forgery->origin, sizeof forgery->origin, "%s", subject.origin);
	assert_good(settlement_create(&subject.rules, &forgery->settlement));
	forgery->options = (struct ledger_options){.not_durable = true,
	    .chart = settlement_chart,
	    .project = settlement_project,
	    .project_context = forgery->settlement,
	    .origin = forgery->origin,
	    .epoch = subject.rules.epoch};
	forgery->options.tables = settlement_tables(&forgery->options.table_count);
}

static inline void forge_open(
    struct forgery *forgery, struct node *node, struct txn *from, const char *path)
{
	struct error_detail detail = {""};

	forge_prepare(forgery, node, from);
	node_key_read(node, "log", &forgery->log_key);
	forgery->options.log_key = &forgery->log_key;
	if (ledger_open(path, &forgery->options, &forgery->ledger, &detail))
		fail_msg("%s", detail.text);
}

static inline struct entry_draft draft_of(const struct entry *entry)
{
	return (struct entry_draft){.kind = entry->header.kind,
	    .secret = entry->secret,
	    .documents = entry->documents,
	    .document_count = entry->header.document_count,
	    .lines = entry->lines,
	    .verdicts = entry->verdicts,
	    .count = entry->header.count,
	    .transfers = entry->transfers,
	    .transfer_count = entry->transfer_count};
}

static inline void forge_entry(
    struct forgery *forgery, struct txn *from, struct txn *to, uint64_t sequence)
{
	struct error_detail detail = {""};
	struct entry_reader reader;
	struct entry_draft draft;

	assert_good(ledger_read(from, sequence, &reader));
	draft = draft_of(&reader.entry);
	if (sequence == forgery->sequence)
		forgery->change(forgery->context, &draft);
	if (ledger_append(forgery->ledger, to, &draft, reader.entry.header.time_ms,
		&reader.entry.header.salt, NULL, &detail))
		fail_msg("entry %llu: %s", (unsigned long long)sequence, detail.text);
	entry_free(&reader);
}

/* Replaces the ledger of a demo's node. */
static inline void forge(struct demo_books *books, unsigned city, struct forgery *forgery)
{
	struct node *node = books->nodes[city];
	struct txn *from = snapshot_of(node), *to;
	char path[500], old[600], new[600];
	uint64_t size;

	snprintf(path, sizeof path, "%s/forged", node_directory(node));
	snprintf(old, sizeof old, "%s/data.mdb", path);
	snprintf(new, sizeof new, "%s/ledger/data.mdb", node_directory(node));
	forge_open(forgery, node, from, path);
	assert_good(ledger_head(from, &size, NULL));
	assert_true(forgery->sequence < size);
	assert_good(ledger_begin(forgery->ledger, &to));
	assert_good(registry_copy(from, to));
	for (uint64_t sequence = 0; sequence < size; sequence++)
		forge_entry(forgery, from, to, sequence);
	assert_good(ledger_commit(forgery->ledger, to));
	txn_abort(from);
	ledger_close(forgery->ledger);
	settlement_free(forgery->settlement);
	node_close(node);
	assert_int_equal(rename(old, new), 0);
	folder_remove(path);
	demo_books_node_open(books, city);
}

#endif
