/* A seed decides every byte: two runs of the demo with one seed leave the same report, the same logs and the same books; another seed
 * leaves others. */
#include "testing.h"

#include "node.h"
#include "program.h"
#include "sample_model.h"

static int open_workshop(void **state)
{
	(void)state;
	folders_in_memory();
	workshop_open();
	assert_int_equal(shell_status("mkdir one two three"), 0);
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

static char *demo(const char *folder, unsigned seed)
{
	struct run run =
	    shell("cd %s && \"$SUIREN\" demo --dir demo --residents 2000 --seed %u", folder, seed);
	char *report = run.out;

	if (run.status)
		print_error("%s", run.err);
	assert_int_equal(run.status, 0);
	run.out = NULL;
	run_free(&run);
	return report;
}

static struct node *open_node(const char *folder, uint32_t region)
{
	const struct node_options options = {.read_only = true};
	struct error_detail detail = {""};
	struct node *node;
	char path[100];

	snprintf(path, sizeof path, "%s/demo/%06u", folder, (unsigned)region);
	if (node_open(path, &options, &node, &detail))
		fail_msg("%s", detail.text);
	return node;
}

static bool stop_at_difference(void *context, enum row_difference difference, struct span key,
    struct span value_a, struct span value_b)
{
	(void)difference, (void)key, (void)value_a, (void)value_b;
	*(bool *)context = true;
	return false;
}

/* Does any table of the two differ, the registry and the signed checkpoint among them? Names it. */
static const char *different_table(struct node *a, struct node *b)
{
	struct txn *left, *right;
	const char *found = NULL;

	assert_good(txn_begin_read(ledger_store(node_ledger(a)), &left));
	assert_good(txn_begin_read(ledger_store(node_ledger(b)), &right));
	for (unsigned table = 0; table < STORE_TABLES_MAX && !found; table++) {
		const char *name = ledger_table_name(node_ledger(a), table);
		bool differs = false;

		if (!name)
			continue;
		assert_good(table_compare(left, right, table, stop_at_difference, &differs));
		found = differs ? name : NULL;
	}
	txn_abort(left);
	txn_abort(right);
	return found;
}

static uint64_t size_of(struct node *node)
{
	struct txn *txn;
	uint64_t size;

	assert_good(txn_begin_read(ledger_store(node_ledger(node)), &txn));
	assert_good(ledger_head(txn, &size, NULL));
	txn_abort(txn);
	return size;
}

/* What a command prints of both is the same. */
static void expect_same_output(const char *words, uint32_t region)
{
	struct run one = shell("cd one && \"$SUIREN\" %s", words);
	struct run two = shell("cd two && \"$SUIREN\" %s", words);

	assert_int_equal(one.status, 0);
	assert_int_equal(two.status, 0);
	assert_true(one.out_size > 100);
	if (one.out_size != two.out_size || memcmp(one.out, two.out, one.out_size) != 0)
		fail_msg("%06u: %s differs", (unsigned)region, words);
	run_free(&one);
	run_free(&two);
}

static void two_runs_with_one_seed_are_identical_to_the_byte(void **state)
{
	char *one = demo("one", 7), *two = demo("two", 7);

	(void)state;
	assert_string_equal(one, two);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		const uint32_t region = sample_regions[city];
		struct node *a = open_node("one", region), *b = open_node("two", region);
		const char *table = different_table(a, b);
		char words[120];

		if (table)
			fail_msg("%06u: table %s differs", (unsigned)region, table);
		snprintf(words, sizeof words, "log leaves demo/%06u --from 0 --to %llu",
		    (unsigned)region, (unsigned long long)size_of(a));
		expect_same_output(words, region);
		snprintf(words, sizeof words, "export demo/%06u --format jsonl", (unsigned)region);
		expect_same_output(words, region);
		node_close(a);
		node_close(b);
	}
	free(one);
	free(two);
}

static void another_seed_gives_another_log(void **state)
{
	char *three = demo("three", 8);
	struct node *a = open_node("one", sample_regions[0]);
	struct node *b = open_node("three", sample_regions[0]);

	(void)state;
	assert_non_null(different_table(a, b));
	node_close(a);
	node_close(b);
	free(three);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_runs_with_one_seed_are_identical_to_the_byte),
	    cmocka_unit_test(another_seed_gives_another_log),
	};

	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
