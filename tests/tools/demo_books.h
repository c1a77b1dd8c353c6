/* demo_books.h: the nodes of a small demo, made in this process and opened for writing without waiting for the disk; and what
 * an audit and a replay say of their books. */
#ifndef SUIREN_TEST_DEMO_BOOKS_H
#define SUIREN_TEST_DEMO_BOOKS_H

#include "testing.h"

#include "demo_live.h"
#include "replay.h"

#define DEMO_RESIDENTS 2000u
#define FINDINGS_KEPT 512u

struct demo_books {
	char folder[300];
	struct node *nodes[SAMPLE_CITIES];
};

static inline void demo_books_node_open(struct demo_books *books, unsigned city)
{
	const struct node_options options = {.not_durable = true};
	struct error_detail detail = {""};
	char path[400];

	snprintf(path, sizeof path, "%s/demo/%06u", books->folder, (unsigned)sample_regions[city]);
	if (node_open(path, &options, &books->nodes[city], &detail))
		fail_msg("%s", detail.text);
}

static inline void demo_books_open(struct demo_books *books, uint64_t seed)
{
	struct demo_live live;
	struct demo_actor actor;
	char path[400];

	folder_make(books->folder);
	snprintf(path, sizeof path, "%s/demo", books->folder);
	assert_good(demo_live_open(&live, path, seed,
	    day_start_ms(month_first_day(DEMO_FIRST_MONTH) - 13) + INT64_C(32400000), NULL));
	actor = demo_live_actor(&live);
	if (demo_tell(&actor, seed, DEMO_RESIDENTS, DEMO_FIRST_MONTH, 1))
		fail_msg("%s", live.detail.text);
	assert_good(demo_live_close(&live));
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		demo_books_node_open(books, city);
}

static inline void demo_books_close(struct demo_books *books)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		node_close(books->nodes[city]);
	folder_remove(books->folder);
}

/* What was said: each finding with its place. */
struct said {
	bool has_sequence;
	uint64_t sequence;
	char table[32];
	uint8_t key[STORE_KEY_MAX];
	size_t key_size;
	char text[200];
};

struct heard {
	struct said findings[FINDINGS_KEPT];
	size_t count; /* all of them; those above FINDINGS_KEPT are not kept */
};

static inline void hear(void *context, const struct ledger_finding *finding)
{
	struct heard *heard = context;
	struct said *said = &heard->findings[heard->count];

	if (heard->count++ >= FINDINGS_KEPT)
		return;
	*said = (struct said){.has_sequence = finding->has_sequence,
	    .sequence = finding->sequence,
	    .key_size = finding->key.size};
	snprintf(said->table, sizeof said->table, "%s", finding->table ? finding->table : "");
	if (finding->key.size)
		memcpy(said->key, finding->key.data, finding->key.size);
	snprintf(said->text, sizeof said->text, "%s", finding->text);
}

static inline size_t heard_kept(const struct heard *heard)
{
	return heard->count < FINDINGS_KEPT ? heard->count : FINDINGS_KEPT;
}

static inline bool heard_row(const struct heard *heard, const char *table, struct span key)
{
	for (size_t i = 0; i < heard_kept(heard); i++) {
		const struct said *said = &heard->findings[i];

		if (strcmp(said->table, table) == 0 &&
		    span_equal(span_of(said->key, said->key_size), key))
			return true;
	}
	return false;
}

static inline bool heard_entry(const struct heard *heard, uint64_t sequence)
{
	for (size_t i = 0; i < heard_kept(heard); i++) {
		if (heard->findings[i].has_sequence && heard->findings[i].sequence == sequence)
			return true;
	}
	return false;
}

static inline void heard_print(const struct heard *heard)
{
	for (size_t i = 0; i < heard_kept(heard) && i < 10; i++)
		print_message("  %s %llu table %s: %s\n",
		    heard->findings[i].has_sequence ? "entry" : "",
		    (unsigned long long)heard->findings[i].sequence, heard->findings[i].table,
		    heard->findings[i].text);
}

static inline struct replay_subject subject_of(
    struct node *node, struct txn *snapshot, bool with_key, struct heard *heard)
{
	static char origin[ORIGIN_SIZE + 16];
	const struct settlement *settlement = node_settlement(node);
	const struct hash *key = settlement_registry_key(settlement);
	struct replay_subject subject = {.ledger = node_ledger(node),
	    .snapshot = snapshot,
	    .origin = origin,
	    .rules = {.region = settlement_region(settlement),
		.epoch = settlement_epoch(settlement),
		.demo = settlement_demo(settlement),
		.has_registry_key = with_key && key},
	    .report = hear,
	    .context = heard};

	snprintf(origin, sizeof origin, "%s/%u", node_configuration(node)->origin_base,
	    (unsigned)settlement_epoch(settlement));
	if (subject.rules.has_registry_key)
		subject.rules.registry_key = *key;
	return subject;
}

static inline struct txn *snapshot_of(struct node *node)
{
	struct txn *snapshot;

	assert_good(txn_begin_read(ledger_store(node_ledger(node)), &snapshot));
	return snapshot;
}

static inline enum error audit_of(struct node *node, struct heard *heard)
{
	struct ledger_audit_result result;
	struct note_verifier log;

	heard->count = 0;
	node_log_verifier(node, &log);
	return ledger_audit(node_ledger(node), &log, hear, heard, &result);
}

static inline enum error replay_of(
    struct node *node, bool with_key, struct heard *heard, struct replay_result *result)
{
	struct txn *snapshot = snapshot_of(node);
	struct replay_subject subject = subject_of(node, snapshot, with_key, heard);
	struct error_detail detail = {""};
	enum error error;

	subject.doubtful = heard->count > 0; /* by an audit before */
	heard->count = 0;
	error = replay_verify(&subject, result, &detail);
	if (error && error != ERROR_NOT_VERIFIED)
		print_error("%s\n", detail.text);
	txn_abort(snapshot);
	return error;
}

/* Put a row, or delete it (value.data NULL). */
static inline void row_write(struct txn *txn, unsigned table, struct span key, struct span value)
{
	assert_good(value.data ? store_put(txn, table, key, value) : store_delete(txn, table, key));
}

#endif
