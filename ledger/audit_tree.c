/* audit_tree.c: the Merkle tree made again from the headers, and the meta rows that tell its state. */
#include "audit_internal.h"

#include <inttypes.h>
#include <string.h>

enum error audit_tree_begin(struct audit *audit)
{
	struct merkle_frontier head;
	struct checkpoint checkpoint;
	struct span note;
	int64_t time_ms;
	enum error error;

	if (audit->log && ledger_checkpoint(audit->txn, &note) == ERROR_NONE &&
	    checkpoint_verify(note, audit->log, &checkpoint) == ERROR_NONE) {
		audit->anchor_size = checkpoint.size;
		audit->anchor_root = checkpoint.root;
		return ERROR_NONE;
	}
	error = ledger_head_read(audit->txn, &head, &time_ms);
	if (error == ERROR_NONE) {
		audit->anchor_size = head.size;
		audit->anchor_root = merkle_frontier_root(&head);
	}
	return error == ERROR_CORRUPT ? ERROR_NONE : error;
}

/* Does this leaf lead to the anchor over the stored nodes? */
static bool anchored(struct audit *audit, uint64_t sequence, const struct hash *leaf)
{
	struct merkle_proof proof;

	return sequence < audit->anchor_size &&
	       merkle_prove_inclusion(ledger_read_node, audit->txn, sequence, audit->anchor_size,
		   &proof) == ERROR_NONE &&
	       merkle_check_inclusion(sequence, audit->anchor_size, leaf, proof.hashes, proof.count,
		   &audit->anchor_root) == ERROR_NONE;
}

/* Header and stored leaf disagree: the anchor tells which of them was changed. Returns the leaf to go on with, so that one
 * change gives one finding. */
static struct hash judge_leaf(struct audit *audit, uint64_t sequence, struct span key,
    const struct hash *made, const struct hash *stored)
{
	if (stored && anchored(audit, sequence, stored)) {
		audit_found_both(audit, sequence, TABLE_NODE, key,
		    "the header is not the one that the tree holds");
		return *stored;
	}
	audit_found_both(audit, sequence, TABLE_NODE, key,
	    !anchored(audit, sequence, made)
		? "the header does not give the leaf that the tree holds"
	    : stored ? "the tree's leaf is not that of the header, which is good"
		     : "the tree lacks the leaf of this header");
	return *made;
}

/* A merkle_write_node: compares instead of writing. Leaves have been judged before. */
static enum error compare_node(
    void *context, unsigned level, uint64_t index, const struct hash *hash)
{
	struct audit *audit = context;
	uint8_t key[NODE_KEY_SIZE];
	struct span stored;
	enum error error;

	if (level == 0)
		return ERROR_NONE;
	ledger_node_key(key, level, index);
	error = store_get(audit->txn, TABLE_NODE, span_of(key, sizeof key), &stored);
	if (error == ERROR_NOT_FOUND) {
		audit_found_row(audit, TABLE_NODE, span_of(key, sizeof key), "missing");
		return ERROR_NONE;
	}
	if (error)
		return error;
	audit->nodes++;
	if (!span_equal(stored, hash_span(hash)))
		audit_found_row(audit, TABLE_NODE, span_of(key, sizeof key),
		    "not the hash of what stands below it");
	return ERROR_NONE;
}

enum error audit_tree_add(struct audit *audit, uint64_t sequence, struct span header)
{
	struct hash leaf = hash_leaf(header), stored = {{0}};
	uint8_t key[NODE_KEY_SIZE];
	struct span row;
	enum error error;

	ledger_node_key(key, 0, sequence);
	error = store_get(audit->txn, TABLE_NODE, span_of(key, sizeof key), &row);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (error == ERROR_NONE)
		audit->nodes++;
	if (!span_equal(row, hash_span(&leaf))) {
		if (row.size == HASH_SIZE)
			memcpy(stored.bytes, row.data, HASH_SIZE);
		leaf = judge_leaf(audit, sequence, span_of(key, sizeof key), &leaf,
		    row.size == HASH_SIZE ? &stored : NULL);
	}
	return merkle_append(&audit->frontier, &leaf, compare_node, audit);
}

/* Nodes above or behind the log. Looked for only if there are more than were met. */
static enum error find_stray_nodes(struct audit *audit)
{
	struct cursor *cursor = NULL;
	struct span key, value;
	uint64_t count;
	enum error error = store_count(audit->txn, TABLE_NODE, &count);

	if (error || count == audit->nodes)
		return error;
	error = cursor_open(audit->txn, TABLE_NODE, &cursor);
	if (!error)
		error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &value);
	for (; !error; error = cursor_next(cursor, &key, &value)) {
		if (key.size != NODE_KEY_SIZE || key.data[0] > 63 ||
		    be64_read(key.data + 1) >= audit->size >> key.data[0])
			audit_found_row(audit, TABLE_NODE, key, "no node of this log");
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static void check_head(struct audit *audit, struct span key, struct span value)
{
	uint8_t row[HEAD_ROW_MAX];
	size_t size = ledger_head_row(row, &audit->frontier, audit->last_time_ms);

	if (!audit->has_gap && !span_equal(value, span_of(row, size)))
		audit_found_row(audit, TABLE_META, key, "not the head of the log");
}

/* The root that the log gives at the checkpoint's size. */
static bool root_at(struct audit *audit, uint64_t size, struct hash *root)
{
	if (size == audit->frontier.size) {
		*root = merkle_frontier_root(&audit->frontier);
		return true;
	}
	return merkle_root(ledger_read_node, audit->txn, size, root) == ERROR_NONE;
}

static void check_checkpoint(struct audit *audit, struct span key, struct span note)
{
	struct checkpoint checkpoint;
	struct hash root;
	enum error error;

	if (!audit->log)
		return;
	error = checkpoint_verify(note, audit->log, &checkpoint);
	if (error)
		audit_found_row(audit, TABLE_META, key, "%s", error_text(error));
	else if (checkpoint.size > audit->size)
		audit_found_row(audit, TABLE_META, key,
		    "signed for %" PRIu64 " entries, the log has %" PRIu64 ": it was cut",
		    checkpoint.size, audit->size);
	else if (checkpoint.size < audit->size)
		audit_found_row(audit, TABLE_META, key,
		    "signed for %" PRIu64 " of the log's %" PRIu64 " entries", checkpoint.size,
		    audit->size);
	if (!error && checkpoint.size <= audit->size && !audit->has_gap &&
	    (!root_at(audit, checkpoint.size, &root) || !hash_equal(&root, &checkpoint.root)))
		audit_found_row(
		    audit, TABLE_META, key, "the root signed is not the root of the log");
}

/* One row of the meta table; marks in `seen` which it was. */
enum { SEEN_VERSION = 1, SEEN_ORIGIN = 2, SEEN_HEAD = 4, SEEN_CHECKPOINT = 8 };

static unsigned check_meta_row(struct audit *audit, struct span key, struct span value)
{
	const char *origin = audit->ledger->options.origin;

	if (span_equal(key, span_text(META_VERSION))) {
		if (!span_equal(value, span_text(LEDGER_FORMAT)))
			audit_found_row(audit, TABLE_META, key, "not " LEDGER_FORMAT);
		return SEEN_VERSION;
	}
	if (span_equal(key, span_text(META_ORIGIN))) {
		if (!span_equal(value, span_text(origin)))
			audit_found_row(audit, TABLE_META, key, "not %s", origin);
		return SEEN_ORIGIN;
	}
	if (span_equal(key, span_text(META_HEAD))) {
		check_head(audit, key, value);
		return SEEN_HEAD;
	}
	if (span_equal(key, span_text(META_CHECKPOINT))) {
		check_checkpoint(audit, key, value);
		return SEEN_CHECKPOINT;
	}
	audit_found_row(audit, TABLE_META, key, "no row of this ledger");
	return 0;
}

static void check_missing(struct audit *audit, unsigned seen)
{
	static const char *const names[] = {META_VERSION, META_ORIGIN, META_HEAD, META_CHECKPOINT};
	unsigned wanted = SEEN_VERSION | SEEN_ORIGIN;

	if (audit->size > 0)
		wanted |= SEEN_HEAD | (audit->log ? SEEN_CHECKPOINT : 0);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (wanted & ~seen & 1u << i)
			audit_found_row(audit, TABLE_META, span_text(names[i]), "missing");
	}
}

enum error audit_tree_end(struct audit *audit)
{
	struct cursor *cursor = NULL;
	struct span key, value;
	unsigned seen = 0;
	enum error error = audit->has_gap ? ERROR_NONE : find_stray_nodes(audit);

	if (!error)
		error = cursor_open(audit->txn, TABLE_META, &cursor);
	if (!error)
		error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &value);
	for (; !error; error = cursor_next(cursor, &key, &value))
		seen |= check_meta_row(audit, key, value);
	cursor_close(cursor);
	if (error != ERROR_NOT_FOUND)
		return error;
	check_missing(audit, seen);
	return ERROR_NONE;
}
