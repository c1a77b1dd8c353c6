/* One of four daemons killed at each step of window, clearing and payment: at each message that it is about to send and at each write of each
 * commit, it dies, and is started again. What comes of it is what comes of an undisturbed run: agreed once, cleared once, paid once. While it
 * is away the other cities go on and agree among themselves. */
#include "testing.h"

#include <signal.h>
#include <sys/wait.h>

#include <jansson.h>

#include "interrupted.h"
#include "month.h"
#include "program.h"
#include "stepped.h"

#define RESIDENTS 10000u
/* Moments of each city that are tried, unless SUIREN_STEPS says otherwise: so many, or `all`. */
#define STEPS_TRIED 3u
#define AT_NAME "SUIREN_STEP_AT" /* be the daemon, killed there */
#define COUNT_NAME "SUIREN_STEP_COUNT"

/* The last filing day's cut, the day of clearings, the day of the bank. */
#define CUT_MS (day_start_ms(day_of(2026, 11, 5)) + INT64_C(61200000))
#define CLEAR_MS (day_start_ms(day_of(2026, 12, 21)) + INT64_C(36000000))
#define BANK_MS (day_start_ms(day_of(2026, 12, 23)) + INT64_C(36000000))
#define NOBODY SAMPLE_CITIES

static char self[4096];

/* --- what stands before ------------------------------------------------------------------------------------- */

static enum error (*tell_time)(void *context, int64_t now_ms);

static enum error stop_before_the_cut(void *context, int64_t now_ms)
{
	return now_ms >= CUT_MS ? ERROR_STOPPED : tell_time(context, now_ms);
}

/* Shared by all runs, so that the ports that the descriptors name stay theirs. */
static struct processes processes;

/* Stop all; true if each ended as one that was told to. */
static bool stop_all(struct demo_live *live)
{
	bool well = true;

	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		node_close(live->nodes[city]);
		key_wipe(&live->officers[city]);
		well = process_stop(&processes.all[city]) == ERROR_NONE && well;
	}
	return well;
}

/* The month up to the last cut. */
static void tell_before(void)
{
	struct demo_live live;
	struct demo_actor actor;
	struct error_detail detail = {""};

	if (processes_init(&processes, self, &detail))
		fail_msg("%s", detail.text);
	if (demo_live_open(&live, "before", MONTH_SEED,
		day_start_ms(month_first_day(DEMO_FIRST_MONTH) - 13) + INT64_C(32400000),
		&processes))
		fail_msg("%s", live.detail.text);
	actor = demo_live_actor(&live);
	tell_time = actor.at;
	actor.at = stop_before_the_cut;
	assert_error(demo_tell(&actor, MONTH_SEED, RESIDENTS, DEMO_FIRST_MONTH, 1), ERROR_STOPPED);
	assert_true(stop_all(&live));
}

static int open_workshop(void **state)
{
	ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);

	(void)state;
	assert_true(size > 0);
	self[size] = '\0';
	folders_in_memory();
	workshop_open();
	/* What looks for leaks does not work in a process that is traced. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	tell_before();
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	assert_good(processes_close(&processes));
	workshop_close();
	return 0;
}

/* --- one run ------------------------------------------------------------------------------------------------ */

struct run_of_steps {
	char folder[32];
	unsigned victim; /* NOBODY */
	struct demo_live live;
};

static void start_daemon(struct run_of_steps *run, unsigned city, unsigned at)
{
	struct process *process = &processes.all[city];
	struct error_detail detail = {""};
	char text[16];
	enum error error;

	if (city == run->victim) {
		snprintf(text, sizeof text, "%u", at);
		setenv(AT_NAME, text, 1);
	}
	error = process_start(&processes, process, &detail);
	unsetenv(AT_NAME);
	if (error && city == run->victim) {
		int status;

		/* It died before it was ready. */
		assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
		assert_true(WIFSIGNALED(status));
		error = process_start(&processes, process, &detail);
	}
	if (error)
		fail_msg("%s", detail.text);
}

/* A node that goes through its daemon; it may die while it is opened. */
static void open_node(struct run_of_steps *run, unsigned city)
{
	struct node_options options = {.seams = seeded_seams(&run->live.seeded[city]),
	    .revive = processes_revive,
	    .revive_context = &processes};
	const char *directory = processes.all[city].directory;

	assert_good(node_open(directory, &options, &run->live.nodes[city], NULL));
	if (node_is_remote(run->live.nodes[city]))
		return;
	node_close(run->live.nodes[city]);
	assert_int_equal(city, run->victim);
	assert_true(processes_revive(&processes, directory));
	assert_good(node_open(directory, &options, &run->live.nodes[city], NULL));
	assert_true(node_is_remote(run->live.nodes[city]));
}

static void open_run(struct run_of_steps *run, unsigned at)
{
	struct demo_live *live = &run->live;

	assert_int_equal(shell_status("cp -r before %s", run->folder), 0);
	processes.now_ms = CUT_MS;
	*live = (struct demo_live){.directory = run->folder, .processes = &processes};
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		struct process *process = &processes.all[city];

		snprintf(process->directory, sizeof process->directory, "%s/%06u", run->folder,
		    (unsigned)sample_regions[city]);
		process->starts = 0;
		seeded_start(&live->seeded[city], MONTH_SEED + 1, sample_regions[city], CUT_MS);
		start_daemon(run, city, at);
	}
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		open_node(run, city);
}

/* The other cities are done with each other, whatever has become of this one. */
static void assert_others_agreed(const struct run_of_steps *run)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		struct run listed;
		json_t *windows, *window;
		size_t i;

		if (city == run->victim)
			continue;
		listed = suiren_expect(
		    0, "window list %s/%06u --json", run->folder, (unsigned)sample_regions[city]);
		windows = json_loads(listed.out, 0, NULL);
		assert_true(json_array_size(windows) > 0);
		json_array_foreach(windows, i, window)
		{
			json_int_t payer = json_integer_value(json_object_get(window, "payer"));
			json_int_t creditor =
			    json_integer_value(json_object_get(window, "creditor"));
			const char *window_state =
			    json_string_value(json_object_get(window, "state"));

			if (run->victim < NOBODY && (payer == sample_regions[run->victim] ||
							creditor == sample_regions[run->victim]))
				continue;
			assert_string_equal(window_state, "agreed");
		}
		json_decref(windows);
		run_free(&listed);
	}
}

#define MUST(call)                                                        \
	do {                                                              \
		if (call)                                                 \
			fail_msg("%s: %s", #call, run->live.detail.text); \
	} while (0)

/* First those that live; then, when it has been started again if it had to be, all. */
static void deliver(struct run_of_steps *run, struct demo_actor *actor)
{
	if (run->victim < NOBODY) {
		run->live.away[run->victim] = true;
		MUST(actor->deliver(&run->live));
		assert_others_agreed(run);
		run->live.away[run->victim] = false;
	}
	MUST(actor->deliver(&run->live));
}

static void move_to(struct run_of_steps *run, struct demo_actor *actor, int64_t now_ms)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		run->live.seeded[city].now_ms = now_ms;
	MUST(actor->at(&run->live, now_ms));
}

static void settle(struct run_of_steps *run)
{
	struct demo_actor actor = demo_live_actor(&run->live);

	move_to(run, &actor, CUT_MS);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		MUST(actor.cut(&run->live, city));
	deliver(run, &actor);
	move_to(run, &actor, CLEAR_MS);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		MUST(actor.clearing(&run->live, city, 202611));
	deliver(run, &actor);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		MUST(actor.order_payments(&run->live, city, PAYMENT_CLEARING, "202611"));
	move_to(run, &actor, BANK_MS);
	MUST(actor.bank(&run->live));
	deliver(run, &actor);
}

/* True: the victim has died on the way. */
static bool run_steps(struct run_of_steps *run, unsigned at)
{
	bool died, well;

	open_run(run, at);
	settle(run);
	died = run->victim < NOBODY && processes.all[run->victim].starts > 1;
	well = stop_all(&run->live);
	/* It may still die while it stops. */
	assert_true(well || (run->victim < NOBODY && !died));
	return died || !well;
}

/* --- the tests ---------------------------------------------------------------------------------------------- */

static void need_tracing(void)
{
	if (interrupting_is_possible())
		return;
	print_message("processes cannot be traced in this sandbox: not tested\n");
	skip();
}

static void assert_same_windows(const char *one, const char *other)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		unsigned region = sample_regions[city];

		if (shell_status("for d in %s %s; do \"$SUIREN\" window list $d/%06u --json | "
				 "grep -v '_entry\\|\"statement\"\\|\"agreement\"' >$d.windows; "
				 "done; cmp %s.windows %s.windows",
			one, other, region, one, other) != 0)
			fail_msg("the windows of %06u differ: %s, %s", region, one, other);
	}
}

static unsigned count_read(const char *path)
{
	char *text = file_read(path, NULL);
	unsigned count = (unsigned)strtoul(text, NULL, 10);

	free(text);
	return count;
}

/* Nobody dies; how many steps the victim makes is counted. */
static unsigned undisturbed(unsigned victim)
{
	struct run_of_steps run = {.victim = victim};

	snprintf(run.folder, sizeof run.folder, "calm%u", victim);
	setenv(COUNT_NAME, "count", 1);
	assert_false(run_steps(&run, 0));
	unsetenv(COUNT_NAME);
	/* Every pair's month is cleared and paid. */
	assert_int_equal(shell_status("test $(\"$SUIREN\" clearing list %s/510100 | grep -c "
				      "settled) -eq 3",
			     run.folder),
	    0);
	return count_read("count");
}

static void dies_at(unsigned victim, unsigned at, unsigned *deaths)
{
	struct run_of_steps run = {.victim = victim};
	char calm[32];

	snprintf(calm, sizeof calm, "calm%u", victim);
	snprintf(run.folder, sizeof run.folder, "dies%u-%u", victim, at);
	print_message("[%06u at step %u]\n", (unsigned)sample_regions[victim], at);
	*deaths += run_steps(&run, at);
	month_assert_same(calm, run.folder);
	assert_same_windows(calm, run.folder);
	month_assert_once(run.folder, SAMPLE_CITIES);
	folder_remove(run.folder);
}

static void try_city(unsigned victim)
{
	const char *given = getenv("SUIREN_STEPS");
	uint64_t random = chance_seed("steps");
	unsigned steps, tried, deaths = 0;

	need_tracing();
	steps = undisturbed(victim);
	assert_true(steps > STEPS_TRIED);
	tried = !given                      ? STEPS_TRIED
		: strcmp(given, "all") == 0 ? steps
					    : (unsigned)strtoul(given, NULL, 10);
	if (tried > steps)
		tried = steps;
	/* One out of each of so many equal parts. */
	for (unsigned i = 0; i < tried; i++) {
		unsigned from = steps * i / tried, until = steps * (i + 1) / tried;

		dies_at(victim, 1 + from + (unsigned)chance_below(&random, until - from), &deaths);
	}
	print_message("%06u: %u steps, %u of them tried, %u deaths\n",
	    (unsigned)sample_regions[victim], steps, tried, deaths);
	/* Another time there may be some steps fewer. */
	assert_true(deaths >= tried / 2);
}

/* The lower of two codes proposes their clearings, the other one signs too. */
static void who_proposes_dies_at_any_step_and_is_paid_once(void **state)
{
	(void)state;
	try_city(1); /* Chongqing, 500000 */
}

static void who_is_in_the_middle_dies_at_any_step_and_is_paid_once(void **state)
{
	(void)state;
	try_city(0); /* Chengdu, 510100 */
}

/* In place of the daemon. */
static int be_daemon(char **argv)
{
	const char *at = getenv(AT_NAME), *count = getenv(COUNT_NAME);

	argv[0] = SUIREND_BINARY;
	if (at)
		be_stepped(argv, (unsigned)strtoul(at, NULL, 10), count);
	execv(argv[0], argv);
	return 127;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_proposes_dies_at_any_step_and_is_paid_once),
	    cmocka_unit_test(who_is_in_the_middle_dies_at_any_step_and_is_paid_once),
	};

	if (argc > 1)
		return be_daemon(argv);
	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
