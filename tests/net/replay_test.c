/* The replay over small logs: what it counts, where it ends, and what it leaves. Forged logs and whole demos: tests/tools/replay_test.c. */
#include "nodes.h"

#include "replay.h"

struct heard {
	unsigned count;
	bool has_sequence;
	uint64_t sequence;
	char table[32], text[200];
};

/* Keeps the first finding. */
static void hear(void *context, const struct ledger_finding *finding)
{
	struct heard *heard = context;

	if (heard->count++ > 0)
		return;
	heard->has_sequence = finding->has_sequence;
	heard->sequence = finding->sequence;
	snprintf(heard->table, sizeof heard->table, "%s", finding->table ? finding->table : "");
	snprintf(heard->text, sizeof heard->text, "%s", finding->text);
}

static struct txn *snapshot_of(struct site *site)
{
	struct txn *snapshot;

	assert_int_equal(
	    txn_begin_read(ledger_store(node_ledger(site->node)), &snapshot), ERROR_NONE);
	return snapshot;
}

static struct replay_subject subject_of(
    struct site *site, struct txn *snapshot, const char *origin, struct heard *heard)
{
	struct replay_subject subject = {.ledger = node_ledger(site->node),
	    .snapshot = snapshot,
	    .origin = origin,
	    .rules = {.region = node_region(site->node), .epoch = 1, .demo = true},
	    .report = hear,
	    .context = heard};
	const struct hash *key = settlement_registry_key(node_settlement(site->node));

	assert_non_null(key);
	subject.rules.has_registry_key = true;
	subject.rules.registry_key = *key;
	memset(heard, 0, sizeof *heard);
	return subject;
}

static void origin_of(const struct site *site, char origin[200])
{
	snprintf(origin, 200, "%s/1", node_configuration(site->node)->origin_base);
}

static enum error replay(struct site *site, struct heard *heard, struct replay_result *result)
{
	struct txn *snapshot = snapshot_of(site);
	struct error_detail detail = {""};
	struct replay_subject subject;
	char origin[200];
	enum error error;

	origin_of(site, origin);
	subject = subject_of(site, snapshot, origin, heard);
	error = replay_verify(&subject, result, &detail);
	txn_abort(snapshot);
	return error;
}

static void officers(struct site *site, unsigned from, unsigned count)
{
	for (unsigned i = from; i < from + count; i++) {
		struct answer answer;

		assert_int_equal(order_officer(site->node, NULL, i, &answer), ERROR_NONE);
		assert_int_equal(answer.error, ERROR_NONE);
	}
}

static void a_log_is_counted_entry_by_entry_and_line_by_line(void **state)
{
	struct replay_result result;
	struct heard heard;
	struct site site;
	char folder[200];

	(void)state;
	folder_make(folder);
	site_make(&site, folder, "a", CHENGDU, 1);
	assert_int_equal(replay(&site, &heard, &result), ERROR_NONE);
	assert_int_equal(result.entries, 2); /* genesis and policy */
	officers(&site, 0, 40);
	assert_int_equal(replay(&site, &heard, &result), ERROR_NONE);
	assert_int_equal(result.entries, 42);
	assert_int_equal(result.lines, 42);
	assert_int_equal(result.rerun, 42);
	assert_int_equal(result.erased + result.no_key + result.findings, 0);
	assert_true(result.complete);
	/* Each officer has a key, a row for its party, and an order; each entry has a leaf in the tree. */
	assert_true(result.rows >= 3 * 40 + 42);
	site_close(&site);
	folder_remove(folder);
}

static void two_cities_that_have_written_to_each_other_are_played_again(void **state)
{
	struct replay_result result;
	struct delivery delivery;
	struct answer answer;
	struct heard heard;
	struct site a, b;
	char folder[200];

	(void)state;
	folder_make(folder);
	site_make(&a, folder, "a", CHENGDU, 1);
	site_make(&b, folder, "b", CHONGQING, 2);
	{
		struct node *const nodes[] = {a.node, b.node};

		assert_int_equal(node_introduce(nodes, 2, NULL), ERROR_NONE);
		assert_int_equal(order_institution(a.node, USCC_ONE, CHENGDU, &answer), ERROR_NONE);
		assert_int_equal(answer.error, ERROR_NONE);
		/* With documents that wait, and when all have come. */
		assert_int_equal(replay(&a, &heard, &result), ERROR_NONE);
		assert_int_equal(node_deliver(nodes, 2, &delivery, NULL), ERROR_NONE);
		assert_true(delivery.delivered > 0);
	}
	assert_int_equal(replay(&a, &heard, &result), ERROR_NONE);
	assert_int_equal(replay(&b, &heard, &result), ERROR_NONE);
	assert_int_equal(result.rerun, result.lines);
	site_close(&a);
	site_close(&b);
	folder_remove(folder);
}

/* A table of the ledger floor by its name. */
static unsigned table_named(const char *name)
{
	size_t count;
	const struct store_table *tables = ledger_tables(&count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(tables[i].name, name) == 0)
			return tables[i].number;
	}
	fail_msg("no table %s", name);
	return 0;
}

static void row_write(struct site *site, const char *table, uint64_t sequence, struct span value)
{
	uint8_t key[8];
	struct txn *txn;

	be64_write(key, sequence);
	assert_int_equal(txn_begin_write(ledger_store(node_ledger(site->node)), &txn), ERROR_NONE);
	assert_int_equal(value.data
			     ? store_put(txn, table_named(table), span_of(key, sizeof key), value)
			     : store_delete(txn, table_named(table), span_of(key, sizeof key)),
	    ERROR_NONE);
	assert_int_equal(txn_commit(txn), ERROR_NONE);
}

/* The replay ends at this entry and says so; no table is compared. */
static void expect_end(struct site *site, uint64_t sequence, const char *text)
{
	struct replay_result result;
	struct heard heard;

	assert_int_equal(replay(site, &heard, &result), ERROR_NOT_VERIFIED);
	assert_int_equal(heard.count, 1);
	assert_true(heard.has_sequence);
	assert_int_equal(heard.sequence, sequence);
	assert_non_null(strstr(heard.text, text));
	assert_non_null(strstr(heard.text, "the replay ends here"));
	assert_false(result.complete);
	assert_int_equal(result.entries, sequence);
	assert_int_equal(result.tables, 0);
}

static void it_ends_where_the_log_does_not_go_on(void **state)
{
	struct site site;
	char folder[200];

	(void)state;
	folder_make(folder);
	site_make(&site, folder, "a", CHENGDU, 1);
	officers(&site, 0, 6);
	row_write(&site, "body", 7, span_text("not a body"));
	expect_end(&site, 7, "it cannot be read");
	row_write(&site, "body", 5, (struct span){NULL, 0});
	expect_end(&site, 5, "it is missing");
	row_write(&site, "header", 3, (struct span){NULL, 0});
	expect_end(&site, 3, "it is missing");
	site_close(&site);
	folder_remove(folder);
}

static void rebuilt_tables_are_compared_with_any_later_snapshot(void **state)
{
	struct replay_result result;
	struct replay *rebuilt;
	struct replay_subject subject;
	struct txn *snapshot;
	struct heard heard;
	struct site site;
	char folder[200], origin[200];

	(void)state;
	folder_make(folder);
	site_make(&site, folder, "a", CHENGDU, 1);
	officers(&site, 0, 3);
	origin_of(&site, origin);
	snapshot = snapshot_of(&site);
	subject = subject_of(&site, snapshot, origin, &heard);
	assert_int_equal(replay_log(&subject, &rebuilt, &result, NULL), ERROR_NONE);
	assert_int_equal(replay_compare(rebuilt, snapshot, &result), ERROR_NONE);
	assert_int_equal(heard.count, 0);
	txn_abort(snapshot);
	/* One officer more: a key, its party, an order, a leaf, and the head. */
	officers(&site, 3, 1);
	snapshot = snapshot_of(&site);
	assert_int_equal(replay_compare(rebuilt, snapshot, &result), ERROR_NONE);
	assert_true(heard.count >= 5);
	assert_int_equal(result.findings, heard.count);
	assert_false(heard.has_sequence);
	assert_string_equal(heard.table, "meta");
	txn_abort(snapshot);
	replay_free(rebuilt);
	site_close(&site);
	folder_remove(folder);
}

static void without_room_for_a_scratch_store_the_place_is_named(void **state)
{
	char *before = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
	struct error_detail detail = {""};
	struct replay_result result;
	struct replay_subject subject;
	struct txn *snapshot;
	struct heard heard;
	struct site site;
	char folder[200], origin[200];

	(void)state;
	folder_make(folder);
	site_make(&site, folder, "a", CHENGDU, 1);
	origin_of(&site, origin);
	snapshot = snapshot_of(&site);
	subject = subject_of(&site, snapshot, origin, &heard);
	setenv("TMPDIR", "/nowhere/at/all", 1);
	assert_int_equal(replay_verify(&subject, &result, &detail), ERROR_IO);
	assert_non_null(strstr(detail.text, "/nowhere/at/all"));
	assert_int_equal(heard.count, 0);
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	free(before);
	txn_abort(snapshot);
	site_close(&site);
	folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_log_is_counted_entry_by_entry_and_line_by_line),
	    cmocka_unit_test(two_cities_that_have_written_to_each_other_are_played_again),
	    cmocka_unit_test(it_ends_where_the_log_does_not_go_on),
	    cmocka_unit_test(rebuilt_tables_are_compared_with_any_later_snapshot),
	    cmocka_unit_test(without_room_for_a_scratch_store_the_place_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
