/* One of four daemons, or two, killed at each step of window, clearing and payment: at each message that it is about to send and at each write of each
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
/* Indices of sample_regions: 510100 and 500000. */
enum { CHENGDU, CHONGQING };
/* Moments of each city that are tried, unless SUIREN_STEPS says otherwise: so many, or `all`. */
#define STEPS_TRIED 2u
#define AT_NAME "SUIREN_STEP_AT" /* be the daemon, killed there */
#define COUNT_NAME "SUIREN_STEP_COUNT"

/* The last filing day's cut, the day of clearings, the day of the bank. */
#define CUT_MS (day_start_ms(day_of(2026, 11, 5)) + INT64_C(61200000))
#define CLEAR_MS (day_start_ms(day_of(2026, 12, 21)) + INT64_C(36000000))
#define BANK_MS (day_start_ms(day_of(2026, 12, 23)) + INT64_C(36000000))
/* Not a step that comes: traced, and counted. */
#define NEVER UINT32_MAX

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
	unsigned at[SAMPLE_CITIES]; /* the step at which each dies; 0: it is left in peace */
	struct demo_live live;
};

static void start_daemon(struct run_of_steps *run, unsigned city)
{
	struct process *process = &processes.all[city];
	struct error_detail detail = {""};
	char text[16];
	enum error error;

	if (run->at[city]) {
		snprintf(text, sizeof text, "%u", run->at[city]);
		setenv(AT_NAME, text, 1);
	}
	error = process_start(&processes, process, &detail);
	unsetenv(AT_NAME);
	if (error && run->at[city]) {
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
	assert_true(run->at[city] > 0);
	assert_true(processes_revive(&processes, directory));
	assert_good(node_open(directory, &options, &run->live.nodes[city], NULL));
	assert_true(node_is_remote(run->live.nodes[city]));
}

static void open_run(struct run_of_steps *run)
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
		start_daemon(run, city);
	}
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		open_node(run, city);
}

static bool is_left_in_peace(const struct run_of_steps *run, json_int_t region)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		if (sample_regions[city] == region)
			return run->at[city] == 0;
	}
	fail_msg("%lld is none of the cities", (long long)region);
	return false;
}

/* The other cities are done with each other, whatever has become of this one. */
static void assert_others_agreed(const struct run_of_steps *run)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		struct run listed;
		json_t *windows, *window;
		size_t i;

		if (run->at[city])
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

			if (is_left_in_peace(run, payer) && is_left_in_peace(run, creditor))
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
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		run->live.away[city] = run->at[city] > 0;
	MUST(actor->deliver(&run->live));
	assert_others_agreed(run);
	memset(run->live.away, 0, sizeof run->live.away);
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

/* Returns how many of those that should have died. */
static unsigned run_steps(struct run_of_steps *run)
{
	unsigned died = 0;
	bool well;

	open_run(run);
	settle(run);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		died += processes.all[city].starts > 1;
	well = stop_all(&run->live);
	/* They may still die while they stop. */
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		well = well || (run->at[city] && processes.all[city].starts == 1);
	assert_true(well);
	return died;
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

/* Nobody dies; how many steps this city makes is counted. */
static unsigned undisturbed(unsigned city)
{
	struct run_of_steps run = {.folder = "calm"};

	run.at[city] = NEVER;
	setenv(COUNT_NAME, "count", 1);
	assert_int_equal(run_steps(&run), 0);
	unsetenv(COUNT_NAME);
	/* Every pair's month is cleared and paid. */
	assert_int_equal(shell_status("test $(\"$SUIREN\" clearing list %s/510100 | grep -c "
				      "settled) -eq 3",
			     run.folder),
	    0);
	return count_read("count");
}

/* Counted once; the run in which they were counted is what all others are compared with. */
static unsigned steps_of(unsigned city)
{
	static unsigned counted[2];

	if (counted[city] == 0) {
		assert_int_equal(shell_status("rm -rf calm"), 0);
		counted[city] = undisturbed(city);
	}
	return counted[city];
}

static unsigned die_at(struct run_of_steps *run)
{
	unsigned died;

	print_message(
	    "[Chengdu at step %u, Chongqing at step %u]\n", run->at[CHENGDU], run->at[CHONGQING]);
	died = run_steps(run);
	month_assert_same("calm", run->folder);
	assert_same_windows("calm", run->folder);
	month_assert_once(run->folder, SAMPLE_CITIES);
	folder_remove(run->folder);
	return died;
}

static unsigned to_be_tried(unsigned steps)
{
	const char *given = getenv("SUIREN_STEPS");
	unsigned tried = !given                      ? STEPS_TRIED
			 : strcmp(given, "all") == 0 ? steps
						     : (unsigned)strtoul(given, NULL, 10);

	assert_true(steps > STEPS_TRIED);
	return tried < steps ? tried : steps;
}

/* A step in one out of so many equal parts. */
static unsigned draw_step(uint64_t *random, unsigned steps, unsigned part, unsigned parts)
{
	unsigned from = steps * part / parts, until = steps * (part + 1) / parts;

	return 1 + from + (unsigned)chance_below(random, until - from);
}

static void try_city(unsigned city)
{
	uint64_t random = chance_seed("steps");
	unsigned steps, tried, died = 0;

	need_tracing();
	steps = steps_of(city);
	tried = to_be_tried(steps);
	for (unsigned i = 0; i < tried; i++) {
		struct run_of_steps run = {.folder = "dies"};

		run.at[city] = draw_step(&random, steps, i, tried);
		died += die_at(&run);
	}
	print_message("%06u: %u steps, %u of them tried, %u deaths\n",
	    (unsigned)sample_regions[city], steps, tried, died);
	/* Another time there may be some steps fewer. */
	assert_true(died >= tried / 2);
}

static void who_is_proposed_to_dies_at_any_step_and_is_paid_once(void **state)
{
	(void)state;
	try_city(CHENGDU);
}

/* The lower of two codes proposes their clearing. */
static void who_proposes_dies_at_any_step_and_is_paid_once(void **state)
{
	(void)state;
	try_city(CHONGQING);
}

static void two_who_owe_each_other_die_in_one_run_and_are_paid_once(void **state)
{
	uint64_t random = chance_seed("pairs of steps");
	unsigned steps[] = {0, 0}, tried, died = 0;

	(void)state;
	need_tracing();
	for (unsigned city = 0; city < 2; city++)
		steps[city] = steps_of(city);
	tried = to_be_tried(steps[0] < steps[1] ? steps[0] : steps[1]);
	for (unsigned i = 0; i < tried; i++) {
		struct run_of_steps run = {.folder = "dies",
		    .at = {draw_step(&random, steps[0], i, tried),
			draw_step(&random, steps[1], i, tried)}};

		died += die_at(&run);
	}
	print_message("%u pairs of steps, %u deaths\n", tried, died);
	assert_true(died >= tried);
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
	    cmocka_unit_test(who_is_proposed_to_dies_at_any_step_and_is_paid_once),
	    cmocka_unit_test(who_proposes_dies_at_any_step_and_is_paid_once),
	    cmocka_unit_test(two_who_owe_each_other_die_in_one_run_and_are_paid_once),
	};

	if (argc > 1)
		return be_daemon(argv);
	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
