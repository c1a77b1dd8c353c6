/* The month of the demo with a daemon for each city, on loopback: the same report, balances and verdicts as within one process, to the fen; also
 * when daemons are killed again and again in the middle of it. What each city's books say of themselves is audited and run again. */
#include "testing.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <jansson.h>

#include "demo_live.h"
#include "program.h"
#include "verdict.h"

#define RESIDENTS 2000u
#define SEED 7u
#define KILLS_LEAST 50u
/* The moments of a kill: so long after an order was begun. */
#define DELAY_MOST_US 4000u

static int open_workshop(void **state)
{
	(void)state;
	folders_in_memory();
	workshop_open();
	suiren_must(0, "demo --dir calm --residents %u --seed %u", RESIDENTS, SEED);
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* --- what is compared -------------------------------------------------------------------------------------- */

/* The verdicts of a city's log, in whatever order they were given. */
struct verdicts {
	uint64_t count;
	uint8_t sum[HASH_SIZE];
};

static void add_verdict(struct verdicts *verdicts, const struct entry *entry, uint32_t line)
{
	struct span bytes, text;
	struct verdict verdict;
	struct hash hash;
	uint8_t figures[20];

	assert_good(entry_item(entry->lines, line, &text));
	assert_good(entry_item(entry->verdicts, line, &bytes));
	assert_good(verdict_parse(bytes, &verdict));
	be32_write(figures, verdict.reason);
	be64_write(figures + 4, (uint64_t)verdict.amount_fen);
	be64_write(figures + 12, verdict.reduction_count);
	hash = hash_sha256_parts((const struct span[]){text, span_of(figures, sizeof figures)}, 2);
	verdicts->count++;
	for (unsigned i = 0; i < HASH_SIZE; i++)
		verdicts->sum[i] = (uint8_t)(verdicts->sum[i] + hash.bytes[i]);
}

static struct verdicts verdicts_of(const char *directory)
{
	const struct node_options options = {.read_only = true};
	struct verdicts verdicts = {.count = 0};
	struct node *node;
	struct txn *txn;
	uint64_t size;

	assert_good(node_open(directory, &options, &node, NULL));
	assert_good(txn_begin_read(ledger_store(node_ledger(node)), &txn));
	assert_good(ledger_head(txn, &size, NULL));
	for (uint64_t i = 0; i < size; i++) {
		struct entry_reader reader;

		assert_good(ledger_read(txn, i, &reader));
		if (reader.entry.header.kind == KIND_claim ||
		    reader.entry.header.kind == KIND_claim_remote)
			for (uint32_t line = 0; line < reader.entry.header.count; line++)
				add_verdict(&verdicts, &reader.entry, line);
		entry_free(&reader);
	}
	txn_abort(txn);
	node_close(node);
	return verdicts;
}

/* Books that two ways of telling the story have left. */
static void assert_same_books(const char *one, const char *other)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		unsigned region = sample_regions[city];
		char paths[2][300];
		struct verdicts verdicts[2];

		if (shell_status("\"$SUIREN\" balance %s/%06u --json >a.json && "
				 "\"$SUIREN\" balance %s/%06u --json >b.json && cmp a.json b.json",
			one, region, other, region) != 0)
			fail_msg("the balances of %u differ", region);
		if (shell_status("\"$SUIREN\" clearing list %s/%06u --json >a.json && "
				 "\"$SUIREN\" clearing list %s/%06u --json >b.json && "
				 "test -s a.json",
			one, region, other, region) != 0)
			fail_msg("no clearings of %u", region);
		snprintf(paths[0], sizeof paths[0], "%s/%06u", one, region);
		snprintf(paths[1], sizeof paths[1], "%s/%06u", other, region);
		verdicts[0] = verdicts_of(paths[0]);
		verdicts[1] = verdicts_of(paths[1]);
		assert_true(verdicts[0].count > 0);
		assert_int_equal(verdicts[0].count, verdicts[1].count);
		assert_memory_equal(verdicts[0].sum, verdicts[1].sum, HASH_SIZE);
		suiren_must(0, "verify %s/%06u --replay", other, region);
	}
}

/* The report without what tells how often the cities wrote to each other. */
static json_t *report_of(struct run *run)
{
	json_t *report = json_loads(run->out, 0, NULL), *city;
	size_t i;

	assert_non_null(report);
	json_array_foreach(json_object_get(report, "cities"), i, city)
	{
		assert_int_equal(json_object_del(city, "entries"), 0);
		assert_int_equal(json_object_del(city, "root"), 0);
	}
	assert_int_equal(i, SAMPLE_CITIES);
	return report;
}

/* --- the tests --------------------------------------------------------------------------------------------- */

static void four_daemons_settle_the_same_month(void **state)
{
	struct run one =
	    suiren_expect(0, "demo --dir within --residents %u --seed %u --json", RESIDENTS, SEED);
	struct run four = suiren_expect(
	    0, "demo --dir apart --residents %u --seed %u --processes --json", RESIDENTS, SEED);
	json_t *reports[] = {report_of(&one), report_of(&four)};

	(void)state;
	assert_true(json_equal(reports[0], reports[1]));
	assert_same_books("calm", "apart");
	for (unsigned i = 0; i < 2; i++)
		json_decref(reports[i]);
	run_free(&one);
	run_free(&four);
}

/* Who kills. */
struct killer {
	pthread_t thread;
	sem_t wanted;
	struct processes *processes;
	uint64_t chance;
	_Atomic unsigned victim; /* and whether to end */
	unsigned delay_us;
	unsigned kills;
	uint64_t steps;
};

#define END PROCESSES_MAX

static void *kill_on_demand(void *context)
{
	struct killer *killer = context;

	for (;;) {
		struct timespec delay;

		while (sem_wait(&killer->wanted) != 0)
			;
		if (killer->victim == END)
			return NULL;
		delay = (struct timespec){.tv_nsec = (long)killer->delay_us * 1000};
		nanosleep(&delay, NULL); /* a moment in the middle of what is going on */
		process_kill(&killer->processes->all[killer->victim]);
	}
}

/* At most orders somebody dies: during this order, an answer, a delivery or what comes next. */
static void strike(void *context, struct demo_live *live)
{
	struct killer *killer = context;

	(void)live;
	killer->steps++;
	if (chance_below(&killer->chance, 4) == 0)
		return;
	killer->victim = (unsigned)chance_below(&killer->chance, SAMPLE_CITIES);
	killer->delay_us = (unsigned)chance_below(&killer->chance, DELAY_MOST_US);
	killer->kills++;
	sem_post(&killer->wanted);
}

static void daemons_that_are_killed_again_and_again_settle_the_same_month(void **state)
{
	struct killer killer = {.chance = chance_seed("kills")};
	struct processes processes;
	struct demo_live live;
	struct demo_actor actor;
	struct error_detail detail = {""};

	(void)state;
	assert_good(processes_init(&processes, SUIREND_BINARY, &detail));
	killer.processes = &processes;
	sem_init(&killer.wanted, 0, 0);
	if (demo_live_open(&live, "struck", SEED,
		day_start_ms(month_first_day(DEMO_FIRST_MONTH) - 13) + INT64_C(32400000),
		&processes))
		fail_msg("%s", live.detail.text);
	assert_int_equal(pthread_create(&killer.thread, NULL, kill_on_demand, &killer), 0);
	live.step = strike;
	live.step_context = &killer;
	actor = demo_live_actor(&live);
	if (demo_tell(&actor, SEED, RESIDENTS, DEMO_FIRST_MONTH, 1)) {
		struct run logs = shell("tail -n 8 struck/*.log");

		print_error("%s", logs.out);
		run_free(&logs);
		fail_msg("%s", live.detail.text);
	}
	killer.victim = END;
	sem_post(&killer.wanted);
	assert_int_equal(pthread_join(killer.thread, NULL), 0);
	print_message("%u kills in %llu steps, %u starts again\n", killer.kills,
	    (unsigned long long)killer.steps, processes.revived);
	assert_true(processes.revived >= KILLS_LEAST);
	if (demo_live_close(&live) != ERROR_NONE)
		print_message("the last kill came after the last step\n");
	sem_destroy(&killer.wanted);
	assert_same_books("calm", "struck");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(four_daemons_settle_the_same_month),
	    cmocka_unit_test(daemons_that_are_killed_again_and_again_settle_the_same_month),
	};

	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
