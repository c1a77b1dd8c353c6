#include "deaths.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "interrupted.h"
#include "month.h"
#include "program.h"
#include "stepped.h"
#include "testing.h"

#define RESIDENTS 10000u
#define AT_NAME "SUIREN_STEP_AT" /* be the daemon, killed there */
#define COUNT_NAME "SUIREN_STEP_COUNT"
/* Not a step that comes: traced, and counted. */
#define NEVER UINT32_MAX

static char self[4096];
/* Shared by all runs, so that the ports that the descriptors name stay theirs. */
static struct processes processes;

int deaths_be_daemon(char **argv)
{
	const char *at = getenv(AT_NAME), *count = getenv(COUNT_NAME);

	argv[0] = SUIREND_BINARY;
	if (at)
		be_stepped(argv, (unsigned)strtoul(at, NULL, 10), count);
	execv(argv[0], argv);
	return 127;
}

void deaths_workshop_open(void)
{
	ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);

	assert_true(size > 0);
	self[size] = '\0';
	folders_in_memory();
	workshop_open();
	/* What looks for leaks does not work in a process that is traced. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
}

void deaths_workshop_close(void)
{
	assert_good(processes_close(&processes));
	workshop_close();
}

bool deaths_can_be_traced(void)
{
	static bool known, possible;

	possible = known ? possible : interrupting_is_possible();
	known = true;
	return possible;
}

void deaths_need_tracing(void)
{
	if (deaths_can_be_traced())
		return;
	print_message("processes cannot be traced in this sandbox: not tested\n");
	skip();
}

/* --- what stands before ------------------------------------------------------------------------------------- */

static enum error (*tell_time)(void *context, int64_t now_ms);
static enum error (*hand_in)(void *context, const struct demo_sheet *sheet);
static bool (*is_held)(const struct demo_sheet *sheet);

static enum error stop_before_the_cut(void *context, int64_t now_ms)
{
	return now_ms >= DEATHS_CUT_MS ? ERROR_STOPPED : tell_time(context, now_ms);
}

static enum error hand_in_unless_held(void *context, const struct demo_sheet *sheet)
{
	return is_held(sheet) ? ERROR_NONE : hand_in(context, sheet);
}

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

void deaths_tell(bool (*hold)(const struct demo_sheet *sheet))
{
	struct demo_live live;
	struct demo_actor actor;
	struct error_detail detail = {""};

	if (processes_init(&processes, self, &detail))
		fail_msg("%s", detail.text);
	if (demo_live_open(&live, DEATHS_BEFORE, MONTH_SEED,
		day_start_ms(month_first_day(DEMO_FIRST_MONTH) - 13) + INT64_C(32400000),
		&processes))
		fail_msg("%s", live.detail.text);
	actor = demo_live_actor(&live);
	tell_time = actor.at;
	actor.at = stop_before_the_cut;
	if (hold) {
		is_held = hold;
		hand_in = actor.sheet;
		actor.sheet = hand_in_unless_held;
	}
	assert_error(demo_tell(&actor, MONTH_SEED, RESIDENTS, DEMO_FIRST_MONTH, 1), ERROR_STOPPED);
	assert_true(stop_all(&live));
}

/* --- one run ------------------------------------------------------------------------------------------------ */

static void count_file(unsigned city, char path[32])
{
	snprintf(path, 32, "steps-%06u", (unsigned)sample_regions[city]);
}

static bool is_counted(const struct deaths *run, unsigned city)
{
	return run->calm && (city == CHENGDU || city == CHONGQING) && deaths_can_be_traced();
}

unsigned deaths_steps(unsigned city)
{
	uint32_t count;
	char path[32], *bytes;
	size_t size;

	if (!deaths_can_be_traced())
		return 0;
	count_file(city, path);
	bytes = file_read(path, &size);
	assert_int_equal(size, sizeof count);
	memcpy(&count, bytes, sizeof count);
	free(bytes);
	return count;
}

/* What the next daemon is told by the environment. */
static void prepare_tracing(const struct deaths *run, unsigned city)
{
	char text[16], path[32];

	unsetenv(AT_NAME);
	unsetenv(COUNT_NAME);
	if (is_counted(run, city)) {
		const uint32_t zero = 0;

		count_file(city, path);
		file_write(path, &zero, sizeof zero);
		setenv(COUNT_NAME, path, 1);
	}
	snprintf(text, sizeof text, "%u", is_counted(run, city) ? NEVER : run->at[city]);
	if (is_counted(run, city) || run->at[city])
		setenv(AT_NAME, text, 1);
}

static void start_daemon(const struct deaths *run, unsigned city)
{
	struct process *process = &processes.all[city];
	struct error_detail detail = {""};
	enum error error;

	prepare_tracing(run, city);
	error = process_start(&processes, process, &detail);
	unsetenv(AT_NAME);
	unsetenv(COUNT_NAME);
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
static void open_node(struct deaths *run, unsigned city)
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

void deaths_open(struct deaths *run)
{
	struct demo_live *live = &run->live;

	assert_int_equal(
	    shell_status("rm -rf %s && cp -r " DEATHS_BEFORE " %s", run->folder, run->folder), 0);
	processes.now_ms = DEATHS_CUT_MS;
	*live = (struct demo_live){.directory = run->folder, .processes = &processes};
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		struct process *process = &processes.all[city];
		unsigned region = sample_regions[city];

		snprintf(
		    process->directory, sizeof process->directory, "%s/%06u", run->folder, region);
		process->starts = 0;
		seeded_start(&live->seeded[city], MONTH_SEED + 1, region, DEATHS_CUT_MS);
		start_daemon(run, city);
	}
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		open_node(run, city);
}

static bool is_dead(const struct process *process)
{
	siginfo_t info = {.si_pid = 0};

	assert_int_equal(waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	return info.si_pid != 0;
}

static void take_down(struct deaths *run)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		siginfo_t info;

		run->live.closed[city] = run->down[city];
		if (!run->down[city])
			continue;
		process_kill(&processes.all[city]);
		assert_int_equal(
		    waitid(P_PID, (id_t)processes.all[city].pid, &info, WEXITED | WNOWAIT), 0);
	}
}

static void bring_up(struct deaths *run)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		if (run->down[city])
			assert_true(processes_revive(&processes, processes.all[city].directory));
		run->live.closed[city] = false;
	}
}

static void move_to(struct deaths *run, struct demo_actor *actor, int64_t now_ms)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		run->live.seeded[city].now_ms = now_ms;
	DEATHS_MUST(run, actor->at(&run->live, now_ms));
}

void deaths_stage(struct deaths *run, int64_t now_ms, deaths_act *act, const char *clearing)
{
	struct demo_actor actor = demo_live_actor(&run->live);
	bool any_down = false, any_dead = false;

	move_to(run, &actor, now_ms);
	take_down(run);
	act(run, &actor, false);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		run->live.away[city] = run->at[city] > 0 || run->down[city];
	DEATHS_MUST(run, actor.deliver(&run->live));
	deaths_assert_others_done(run, clearing);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		any_down = any_down || run->down[city];
		any_dead = any_dead || is_dead(&processes.all[city]);
	}
	assert_true(any_dead || !any_down);
	run->met += any_dead;
	bring_up(run);
	if (any_down)
		act(run, &actor, true);
	memset(run->live.away, 0, sizeof run->live.away);
	DEATHS_MUST(run, actor.deliver(&run->live));
}

static void cut(struct deaths *run, struct demo_actor *actor, bool late)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		if (run->down[city] == late)
			DEATHS_MUST(run, actor->cut(&run->live, city));
	}
}

static void propose(struct deaths *run, struct demo_actor *actor, bool late)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		if (run->down[city] == late)
			DEATHS_MUST(run, actor->clearing(&run->live, city, 202611));
	}
}

static void order(struct deaths *run, struct demo_actor *actor, bool late)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		if (run->down[city] == late)
			DEATHS_MUST(run,
			    actor->order_payments(&run->live, city, PAYMENT_CLEARING, "202611"));
	}
}

static void bank(struct deaths *run, struct demo_actor *actor, bool late)
{
	(void)late; /* what it has said it does not say again */
	DEATHS_MUST(run, actor->bank(&run->live));
}

void deaths_cut(struct deaths *run, int64_t now_ms)
{
	deaths_stage(run, now_ms, cut, NULL);
}

void deaths_settle(struct deaths *run)
{
	deaths_stage(run, DEATHS_CLEAR_MS, propose, "netted");
	deaths_stage(run, DEATHS_CLEAR_MS, order, "netted");
	deaths_stage(run, DEATHS_BANK_MS, bank, "settled");
}

unsigned deaths_close(struct deaths *run)
{
	unsigned died = 0;
	bool well;

	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		died += processes.all[city].starts > 1;
	if (run->calm)
		deaths_note_clearings(run);
	well = stop_all(&run->live);
	/* They may still die while they stop. */
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		well = well || (run->at[city] && processes.all[city].starts == 1);
	assert_true(well);
	return died;
}
