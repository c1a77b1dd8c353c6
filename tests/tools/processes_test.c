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
#include "wire.h"

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
	if (chance_below(&killer->chance, 4) == 0 ||
	    killer->processes->revived > KILLS_LEAST + KILLS_LEAST / 10)
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

/* --- a network that is cut, slow and bad ---------------------------------------------------------------------- */

struct network {
	struct wire *wire;
	int32_t cut_from, cut_until; /* days on which AWAY is cut off */
};

#define AWAY 2u /* Guangyuan */

/* The addresses that node.yaml names for the four cities when it is made. */
static unsigned default_port(unsigned city)
{
	static const uint32_t regions[] = {510100, 500000, 510800, 511300};

	for (unsigned i = 0; i < 4; i++)
		if (regions[i] == sample_regions[city])
			return 7301 + i;
	fail_msg("city %u", city);
	return 0;
}

/* Each finds the others through the wire. */
static enum error lay_wires(void *context, struct processes *processes)
{
	struct network *network = context;

	for (unsigned from = 0; from < SAMPLE_CITIES; from++) {
		for (unsigned to = 0; to < SAMPLE_CITIES; to++) {
			const char *listen = processes->all[to].listen;
			unsigned port;

			if (from == to)
				continue;
			port = wire_add(network->wire, from, to,
			    (uint16_t)strtoul(strrchr(listen, ':') + 1, NULL, 10));
			assert_int_equal(
			    shell_status(
				"sed -i 's#address: tcp://127.0.0.1:%u#address: "
				"tcp://127.0.0.1:%u#' "
				"%s/node.yaml && grep -q 'tcp://127.0.0.1:%u$' %s/node.yaml",
				default_port(to), port, processes->all[from].directory, port,
				processes->all[from].directory),
			    0);
		}
	}
	return ERROR_NONE;
}

static void tell_over_the_network(
    const char *folder, struct network *network, void (*step)(void *, struct demo_live *))
{
	struct processes processes;
	struct demo_live live;
	struct demo_actor actor;
	struct error_detail detail = {""};

	assert_good(processes_init(&processes, SUIREND_BINARY, &detail));
	processes.prepare = lay_wires;
	processes.prepare_context = network;
	processes.dial_by_file = true;
	if (demo_live_open(&live, folder, SEED,
		day_start_ms(month_first_day(DEMO_FIRST_MONTH) - 13) + INT64_C(32400000),
		&processes))
		fail_msg("%s", live.detail.text);
	live.step = step;
	live.step_context = network;
	actor = demo_live_actor(&live);
	if (demo_tell(&actor, SEED, RESIDENTS, DEMO_FIRST_MONTH, 1)) {
		struct run logs = shell("tail -n 20 %s/*.log", folder);

		print_error("%s", logs.out);
		run_free(&logs);
		fail_msg("%s", live.detail.text);
	}
	assert_good(demo_live_close(&live));
}

/* The network comes and goes with the days of the story. */
static void come_and_go(void *context, struct demo_live *live)
{
	struct network *network = context;
	int32_t today = day_of_time(live->seeded[0].now_ms);
	bool away = today >= network->cut_from && today < network->cut_until;

	if (away == live->away[AWAY])
		return;
	wire_cut(network->wire, AWAY, away);
	live->away[AWAY] = away;
}

/* Debits and credits of each account, those of the windows with a city together: which window an obligation is in is another one when its
 * claim came later. */
static json_t *books_by_city(const char *folder, unsigned region)
{
	struct run run = suiren_expect(0, "balance %s/%06u --json", folder, region);
	json_t *accounts = json_loads(run.out, 0, NULL), *sums = json_object(), *account;
	size_t i;

	json_array_foreach(accounts, i, account)
	{
		static const char *const sides[] = {"debits", "credits"};
		char name[200];

		snprintf(name, sizeof name, "%s",
		    json_string_value(json_object_get(account, "account")));
		if (strncmp(name, "payable/city/", 13) == 0)
			name[13 + 6] = '\0';
		if (strncmp(name, "receivable/city/", 16) == 0)
			name[16 + 6] = '\0';
		for (unsigned side = 0; side < 2; side++) {
			char key[240];

			snprintf(key, sizeof key, "%s %s", name, sides[side]);
			json_object_set_new(sums, key,
			    json_integer(
				json_integer_value(json_object_get(sums, key)) +
				json_integer_value(json_object_get(account, sides[side]))));
		}
	}
	json_decref(accounts);
	run_free(&run);
	return sums;
}

/* What stands in clear in the documents that the cities send: kinds, credit codes of institutions. */
static const char *const telling[] = {"application/vnd.suiren.", "adjudication", "endorsement",
    "acknowledged", "window_statement", "12510100000000", NULL};

static void a_city_that_is_away_for_three_windows_comes_back_and_is_paid(void **state)
{
	struct network network = {
	    .wire = wire_open(), .cut_from = day_of(2026, 11, 2), .cut_until = day_of(2026, 11, 5)};

	(void)state;
	wire_look_for(network.wire, telling);
	tell_over_the_network("away", &network, come_and_go);
	struct wire_counts counts = wire_close(network.wire);
	print_message("%llu bytes in %u connections, %u refused while it was away\n", counts.bytes,
	    counts.connections, counts.refused);
	assert_true(counts.refused > 0);
	/* All that the cities told each other has passed here, and none of it could be read. */
	assert_true(counts.bytes > 20000);
	assert_int_equal(counts.seen, 0);
	for (const char *const *text = telling; *text; text++)
		if (shell_status("grep -qaF '%s' away/510100/ledger/data.mdb", *text) != 0)
			fail_msg("%s: not in the documents either", *text);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		unsigned region = sample_regions[city];
		json_t *books[] = {books_by_city("calm", region), books_by_city("away", region)};
		char paths[2][300];
		struct verdicts verdicts[2];

		if (!json_equal(books[0], books[1]))
			fail_msg("the balances of %u differ:\n%s\n%s", region,
			    json_dumps(books[0], JSON_INDENT(1) | JSON_SORT_KEYS),
			    json_dumps(books[1], JSON_INDENT(1) | JSON_SORT_KEYS));
		snprintf(paths[0], sizeof paths[0], "calm/%06u", region);
		snprintf(paths[1], sizeof paths[1], "away/%06u", region);
		verdicts[0] = verdicts_of(paths[0]);
		verdicts[1] = verdicts_of(paths[1]);
		assert_int_equal(verdicts[0].count, verdicts[1].count);
		assert_memory_equal(verdicts[0].sum, verdicts[1].sum, HASH_SIZE);
		suiren_must(0, "verify away/%06u --replay", region);
		json_decref(books[0]);
		json_decref(books[1]);
	}
}

static void a_network_that_alters_ends_and_delays_changes_no_figure(void **state)
{
	struct network network = {.wire = wire_open()};
	const struct wire_faults faults = {.seed = chance_seed("network"),
	    .alter_per_mille = 10,
	    .end_per_mille = 15,
	    .delay_per_mille = 50,
	    .delay_most_ms = 50};

	(void)state;
	wire_disturb(network.wire, &faults);
	tell_over_the_network("bad", &network, NULL);
	struct wire_counts counts = wire_close(network.wire);
	print_message("%u connections, %u pieces altered, %u connections ended, %u delays\n",
	    counts.connections, counts.altered, counts.ended, counts.delayed);
	assert_true(counts.altered > 0 && counts.ended > 0 && counts.delayed > 0);
	assert_same_books("calm", "bad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(four_daemons_settle_the_same_month),
	    cmocka_unit_test(daemons_that_are_killed_again_and_again_settle_the_same_month),
	    cmocka_unit_test(a_city_that_is_away_for_three_windows_comes_back_and_is_paid),
	    cmocka_unit_test(a_network_that_alters_ends_and_delays_changes_no_figure),
	};

	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
