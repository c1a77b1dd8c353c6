/* The program killed in the middle of its work, and run again: the month of `suiren sample`, every command of which is killed again and again
 * until it may come to its end, leaves the books of the demo, which nobody has disturbed.
 *
 * month.sh calls this test program in place of suiren (SUIREN names it); it kills the real one and runs it again. */
#include "testing.h"

#include <signal.h>
#include <sys/stat.h>

#include "interrupted.h"
#include "program.h"

#define SEED_NAME "SUIREN_KILL_SEED" /* set: be the program, killed and run again */
#define LOG_NAME "SUIREN_KILL_LOG"
#define ATTEMPTS_MAX 2u /* killed so often at most, then left to end */
#define CHANGES_MAX 60u /* a moment among so many */
#define FOUND_WRONG 99

static const char *const cities[] = {"510100", "500000", "510800", "511300"};
#define CITIES (sizeof cities / sizeof *cities)

/* --- in place of the program ------------------------------------------------------------------------------- */

static bool is_node(const char *path)
{
	char file[4200];
	struct stat status;

	snprintf(file, sizeof file, "%s/node.yaml", path);
	return stat(file, &status) == 0;
}

/* Nothing half done: each node that the command names stands the whole audit. */
static void verify_nodes(int argc, char **argv)
{
	char command[4300];

	for (int i = 1; i < argc; i++) {
		if (!is_node(argv[i]))
			continue;
		snprintf(command, sizeof command, SUIREN_BINARY " verify '%s' --replay", argv[i]);
		if (system(command) != 0) {
			fprintf(stderr, "after a kill in `%s %s`: %s is not verified\n", argv[1],
			    argv[2], argv[i]);
			exit(FOUND_WRONG);
		}
	}
}

static void note_kill(int argc, char **argv, unsigned change)
{
	FILE *log = fopen(getenv(LOG_NAME), "a");

	if (!log)
		exit(FOUND_WRONG);
	fprintf(log, "%s %s %u\n", argv[1], argc > 2 ? argv[2] : "", change);
	fclose(log);
}

/* A file that is there is not overwritten: whoever ends such a command looks what there is, and moves it away. */
static bool writes_a_file(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-o") == 0)
			return true;
	}
	return false;
}

static int be_killed_and_run_again(int argc, char **argv)
{
	uint64_t random = strtoull(getenv(SEED_NAME), NULL, 10);
	unsigned attempts = writes_a_file(argc, argv) ? 0 : ATTEMPTS_MAX;
	bool killed = true;

	for (int i = 1; i < argc; i++) {
		for (const char *at = argv[i]; *at; at++)
			random = random * UINT64_C(6364136223846793005) + (uint8_t)*at;
	}
	argv[0] = SUIREN_BINARY;
	/* Every other command is left in peace: the month is long. */
	if (chance_below(&random, 2) == 0)
		attempts = 0;
	for (unsigned attempt = 0; attempt < attempts && killed; attempt++) {
		const unsigned at = 1 + (unsigned)chance_below(&random, CHANGES_MAX);
		struct interrupted interrupted = run_interrupted(argv, SIGKILL, at, false);

		killed = interrupted.sent;
		if (!killed)
			return interrupted.by_signal ? FOUND_WRONG : interrupted.status;
		note_kill(argc, argv, at);
		if (chance_below(&random, 6) == 0)
			verify_nodes(argc, argv);
	}
	/* A node appears whole or not at all: if it is there, it was made before the kill. */
	if (strcmp(argv[1], "init") == 0 && is_node(argv[2]))
		return 0;
	execv(argv[0], argv);
	return FOUND_WRONG;
}

/* --- the tests --------------------------------------------------------------------------------------------- */

static int open_workshop(void **state)
{
	char here[4096];

	(void)state;
	folders_in_memory();
	workshop_open();
	/* What a process that is killed leaves of its scratch store goes with the rest. */
	assert_non_null(getcwd(here, sizeof here));
	setenv("TMPDIR", here, 1);
	/* What looks for leaks does not work in a process that is traced. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	suiren_must(0, "demo --dir demo --residents 2000 --seed 3"); /* undisturbed */
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

static void need_tracing(void)
{
	if (interrupting_is_possible())
		return;
	print_message("processes cannot be traced in this sandbox: not tested\n");
	skip();
}

static char self[4096];

static void a_month_of_killed_commands_leaves_the_books_of_an_undisturbed_one(void **state)
{
	const uint64_t seed = chance_seed("kills");
	struct run run;

	(void)state;
	need_tracing();
	suiren_must(0, "sample --out sample --residents 2000 --seed 3");
	run = shell("kills=$PWD/kills; nodes=$PWD/nodes; " SEED_NAME "=%llu " LOG_NAME
		    "=$kills SUIREN='%s' sh sample/month.sh \"$nodes\"",
	    (unsigned long long)seed, self);
	if (run.status)
		print_error("%s\n", run.err);
	assert_int_equal(run.status, 0);
	run_free(&run);
	run = shell("wc -l <kills; cut -d' ' -f1,2 kills | sort | uniq -c");
	print_message("killed, by command:\n%s", run.out);
	assert_true(strtoul(run.out, NULL, 10) > 30);
	run_free(&run);
	for (size_t i = 0; i < CITIES; i++) {
		struct run demo = suiren_expect(0, "balance demo/%s --json", cities[i]);
		struct run nodes = suiren_expect(0, "balance nodes/%s --json", cities[i]);

		assert_string_equal(nodes.out, demo.out);
		run_free(&demo);
		run_free(&nodes);
		suiren_must(0, "verify nodes/%s --replay", cities[i]);
	}
	suiren_must(0, "deliver nodes/510100 nodes/500000 nodes/510800 nodes/511300");
}

/* What stands of a demo that was ended in the middle. */
static void expect_whole_nodes(const char *folder)
{
	unsigned whole = 0;
	char path[100];

	for (size_t i = 0; i < CITIES; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, cities[i]);
		if (!is_node(path))
			continue;
		suiren_must(0, "verify %s --replay", path);
		whole++;
	}
	if (whole < CITIES)
		return;
	/* What was on its way arrives; cities that did not come to know each other yet are told so. */
	struct run run = suiren(
	    "deliver %s/510100 %s/500000 %s/510800 %s/511300", folder, folder, folder, folder);
	assert_true(run.status == 0 || run.status == 1);
	run_free(&run);
	for (size_t i = 0; i < CITIES; i++)
		suiren_must(0, "verify %s/%s --replay", folder, cities[i]);
}

static void end_demos(int signal, unsigned count, unsigned changes, uint64_t *random)
{
	for (unsigned n = 0; n < count; n++) {
		const unsigned at = 1 + (unsigned)chance_below(random, changes);
		char folder[60];
		char *const words[] = {SUIREN_BINARY, "demo", "--dir", folder, "--residents",
		    "2000", "--seed", "4", NULL};
		struct interrupted interrupted;
		bool begun;

		snprintf(folder, sizeof folder, "ended-%d-%u-%u", signal, n, at);
		interrupted = run_interrupted(words, signal, at, true);
		print_message("demo ended by signal %d at change %u\n", signal, at);
		assert_true(interrupted.sent && interrupted.by_signal);
		assert_int_equal(interrupted.status, signal);
		expect_whole_nodes(folder);
		begun = shell_status("ls -A %s | grep -q .", folder) == 0;
		/* What there is of it is not written over; where there is nothing yet, a demo can begin. */
		assert_int_equal(run_interrupted(words, signal, 0, true).status, begun ? 1 : 0);
		assert_int_equal(shell_status("rm -r %s", folder), 0);
	}
}

static void a_demo_that_is_killed_leaves_whole_nodes_and_documents_that_arrive(void **state)
{
	uint64_t random = chance_seed("killed demos");

	(void)state;
	need_tracing();
	end_demos(SIGKILL, 1, 100, &random);
	end_demos(SIGKILL, 2, 1000, &random);
}

static void a_demo_that_is_interrupted_ends_by_the_signal_and_leaves_whole_nodes(void **state)
{
	uint64_t random = chance_seed("interrupted demos");

	(void)state;
	need_tracing();
	end_demos(SIGINT, 1, 1000, &random);
}

/* Scratch stores have no names: whenever it ends, nothing is left in the directory for temporary files. */
static void a_replay_that_is_ended_leaves_nothing_behind(void **state)
{
	uint64_t random = chance_seed("ended replays");
	const int signals[] = {SIGINT, SIGTERM, SIGKILL};
	char *const words[] = {SUIREN_BINARY, "verify", "demo/510800", "--replay", NULL};
	const char *before = getenv("TMPDIR");
	char *kept = before ? strdup(before) : NULL;
	struct interrupted whole;

	(void)state;
	need_tracing();
	assert_int_equal(mkdir("scratch", 0700), 0);
	setenv("TMPDIR", "scratch", 1);
	whole = run_interrupted(words, SIGINT, 0, true);
	assert_int_equal(whole.status, 0);
	assert_int_equal(rmdir("scratch"), 0); /* it is empty */
	for (unsigned n = 0; n < 24; n++) {
		/* The first changes make the scratch directory: each of them, then some of the others. SIGKILL is not asked to be
		 * polite in between. */
		const int signal = signals[n % (n < 12 ? 2 : 3)];
		const unsigned at =
		    n < 12 ? n + 1 : 13 + (unsigned)chance_below(&random, whole.changes - 12);
		struct interrupted interrupted;

		assert_int_equal(mkdir("scratch", 0700), 0);
		interrupted = run_interrupted(words, signal, at, true);
		assert_true(interrupted.sent);
		assert_true(interrupted.by_signal);
		assert_int_equal(interrupted.status, signal);
		if (signal == SIGKILL && rmdir("scratch") != 0)
			assert_int_equal(shell_status("rm -r scratch"), 0);
		else if (signal != SIGKILL)
			assert_int_equal(rmdir("scratch"), 0);
	}
	if (kept)
		setenv("TMPDIR", kept, 1);
	else
		unsetenv("TMPDIR");
	free(kept);
	suiren_must(0, "verify demo/510800 --replay");
}

static void a_file_that_is_written_is_whole_or_not_there(void **state)
{
	char *const words[] = {SUIREN_BINARY, "receipt", "make", "demo/510800", "--entry", "3",
	    "-o", "receipt.cbor", NULL};
	unsigned there = 0, at = 1;
	bool sent = true;

	(void)state;
	need_tracing();
	for (; sent; at++) {
		sent = run_interrupted(words, SIGKILL, at, true).sent;
		if (access("receipt.cbor", F_OK) != 0)
			continue;
		suiren_must(0,
		    "receipt verify receipt.cbor --vkey \"$(\"$SUIREN\" log vkey demo/510800)\"");
		assert_int_equal(unlink("receipt.cbor"), 0);
		there++;
	}
	assert_true(at > 3 && there > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_month_of_killed_commands_leaves_the_books_of_an_undisturbed_one),
	    cmocka_unit_test(a_demo_that_is_killed_leaves_whole_nodes_and_documents_that_arrive),
	    cmocka_unit_test(a_demo_that_is_interrupted_ends_by_the_signal_and_leaves_whole_nodes),
	    cmocka_unit_test(a_replay_that_is_ended_leaves_nothing_behind),
	    cmocka_unit_test(a_file_that_is_written_is_whole_or_not_there),
	};

	if (getenv(SEED_NAME))
		return be_killed_and_run_again(argc, argv);
	if (!realpath(argv[0], self))
		return 1;
	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
