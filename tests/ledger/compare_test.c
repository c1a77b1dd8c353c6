/* Tables side by side: every row that is not the same in both is told, once, as what it is. */
#include "ledger_internal.h"
#include "scratch.h"

#define ROWS 60u

struct pair {
	struct scratch a, b;
};

static int open_pair(void **state)
{
	static struct pair pair;

	scratch_open(&pair.a);
	scratch_open(&pair.b);
	*state = &pair;
	return 0;
}

static int close_pair(void **state)
{
	struct pair *pair = *state;

	scratch_close(&pair->a);
	scratch_close(&pair->b);
	return 0;
}

static void put(struct scratch *scratch, const char *key, const char *value)
{
	assert_good(store_put(scratch->txn, TABLE_ACCOUNT, span_text(key), span_text(value)));
}

struct told {
	char text[400];
	size_t count, stop_after;
};

static bool tell(
    void *context, enum row_difference difference, struct span key, struct span a, struct span b)
{
	struct told *told = context;

	snprintf(told->text + strlen(told->text), sizeof told->text - strlen(told->text),
	    "%c%.*s:%.*s/%.*s ", "=<>"[difference], (int)key.size, (const char *)key.data,
	    (int)a.size, (const char *)(a.data ? a.data : key.data), (int)b.size,
	    (const char *)(b.data ? b.data : key.data));
	return ++told->count != told->stop_after;
}

static enum error compare(struct pair *pair, struct told *told)
{
	told->text[0] = '\0';
	told->count = 0;
	return table_compare(pair->a.txn, pair->b.txn, TABLE_ACCOUNT, tell, told);
}

static void rows_are_told_as_changed_or_as_on_one_side_only(void **state)
{
	struct pair *pair = *state;
	struct told told = {.count = 0};

	assert_good(compare(pair, &told));
	assert_string_equal(told.text, "");
	put(&pair->a, "b", "1");
	put(&pair->b, "b", "1");
	assert_good(compare(pair, &told));
	assert_string_equal(told.text, "");
	put(&pair->a, "a", "x");
	put(&pair->a, "c", "1");
	put(&pair->b, "c", "2");
	put(&pair->b, "d", "y");
	put(&pair->b, "e", "longer");
	put(&pair->a, "e", "long");
	assert_good(compare(pair, &told));
	assert_string_equal(told.text, "<a:x/ =c:1/2 >d:/y =e:long/longer ");
	told.stop_after = 2;
	assert_good(compare(pair, &told));
	assert_string_equal(told.text, "<a:x/ =c:1/2 ");
}

static void one_side_may_be_empty_or_end_first(void **state)
{
	struct pair *pair = *state;
	struct told told = {.count = 0};

	put(&pair->a, "a", "1");
	put(&pair->a, "b", "2");
	assert_good(compare(pair, &told));
	assert_string_equal(told.text, "<a:1/ <b:2/ ");
	put(&pair->b, "c", "3");
	assert_good(compare(pair, &told));
	assert_string_equal(told.text, "<a:1/ <b:2/ >c:/3 ");
}

/* Each key is in a, in b, in both with one value, or in both with two: the naive list of what is to be told. */
static void any_two_tables_differ_as_a_naive_list_says(void **state)
{
	struct pair *pair = *state;
	uint64_t random = chance_seed("compare");
	struct told told = {.count = 0};
	char wanted[400] = "";

	for (unsigned i = 0; i < ROWS; i++) {
		uint64_t kind = chance_below(&random, 8);
		char key[8], one[32] = "";

		snprintf(key, sizeof key, "%02u", i);
		if (kind == 0 || kind >= 2)
			put(&pair->a, key, "v");
		if (kind >= 1)
			put(&pair->b, key, kind == 2 ? "w" : "v");
		if (kind == 0)
			snprintf(one, sizeof one, "<%s:v/ ", key);
		else if (kind == 1)
			snprintf(one, sizeof one, ">%s:/v ", key);
		else if (kind == 2)
			snprintf(one, sizeof one, "=%s:v/w ", key);
		if (strlen(wanted) + strlen(one) < sizeof wanted - 10)
			strcat(wanted, one);
	}
	assert_good(compare(pair, &told));
	assert_memory_equal(told.text, wanted, strlen(wanted));
}

int main(void)
{
#define ON_PAIR(test) cmocka_unit_test_setup_teardown(test, open_pair, close_pair)
	const struct CMUnitTest tests[] = {
	    ON_PAIR(rows_are_told_as_changed_or_as_on_one_side_only),
	    ON_PAIR(one_side_may_be_empty_or_end_first),
	    ON_PAIR(any_two_tables_differ_as_a_naive_list_says),
	};

	return cmocka_run_group_tests_name("ledger/compare", tests, NULL, NULL);
}
