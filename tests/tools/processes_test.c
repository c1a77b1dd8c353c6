/* The month of the demo with a daemon for each city, on loopback: the same report, balances and verdicts as within one process, to the fen; also
 * when daemons are killed again and again in the middle of it. What each city's books say of themselves is audited and run again. */
#include "testing.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <jansson.h>

#include "month.h"
#include "program.h"

#define RESIDENTS 2000u
#define SEED MONTH_SEED
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
	month_assert_same("calm", "apart");
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
	month_assert_same("calm", "struck");
}

/* --- a network that is cut, slow and bad ---------------------------------------------------------------------- */

struct network {
	struct wire *wire;
	int32_t cut_from, cut_until; /* days on which AWAY is cut off */
};

#define AWAY 2u /* Guangyuan */

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
	month_tell(&(struct month){.folder = "away",
	    .residents = RESIDENTS,
	    .wire = network.wire,
	    .step = come_and_go,
	    .context = &network});
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

		if (!json_equal(books[0], books[1]))
			fail_msg("the balances of %u differ:\n%s\n%s", region,
			    json_dumps(books[0], JSON_INDENT(1) | JSON_SORT_KEYS),
			    json_dumps(books[1], JSON_INDENT(1) | JSON_SORT_KEYS));
		snprintf(paths[0], sizeof paths[0], "calm/%06u", region);
		snprintf(paths[1], sizeof paths[1], "away/%06u", region);
		month_assert_same_verdicts(paths[0], paths[1]);
		suiren_must(0, "verify away/%06u --replay", region);
		json_decref(books[0]);
		json_decref(books[1]);
	}
}

static void a_network_that_alters_ends_and_delays_changes_no_figure(void **state)
{
	struct month month = {.folder = "bad", .residents = RESIDENTS, .wire = wire_open()};
	const struct wire_faults faults = {.seed = chance_seed("network"),
	    .alter_per_mille = 40,
	    .end_per_mille = 15,
	    .delay_per_mille = 50,
	    .delay_most_ms = 50};

	(void)state;
	wire_disturb(month.wire, &faults);
	month_tell(&month);
	struct wire_counts counts = wire_close(month.wire);
	print_message("%u connections, %u pieces altered, %u connections ended, %u delays\n",
	    counts.connections, counts.altered, counts.ended, counts.delayed);
	assert_true(counts.altered > 0 && counts.ended > 0 && counts.delayed > 0);
	month_assert_same("calm", "bad");
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
