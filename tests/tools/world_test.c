/* The world fails: a full disk, a file that may not grow, folders that may not be written, a lock that is held, a reader or a
 * writer that dies, an output that cannot be written. A clear line, exit status 3, nothing lost, and the next run goes on. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "program.h"

/* Some thousand persons are some MiB. */
#define PERSONS 12000
#define NOW " --now 2026-09-02"

static int must(const char *command)
{
	struct run run = shell("%s", command);
	if (run.status != 0)
		print_error("%s: status %d, %s", command, run.status, run.err);
	assert_int_equal(run.status, 0);
	run_free(&run);
	return 0;
}

/* GB 11643: weights and check characters. */
static char check_character(const char digits[17])
{
	static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	int sum = 0;
	for (int i = 0; i < 17; i++)
		sum += weights[i] * (digits[i] - '0');
	return "10X98765432"[sum % 11];
}

static void write_persons(const char *path)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	fputs("name,id_number\n", file);
	for (unsigned i = 0; i < PERSONS; i++) {
		char digits[32];
		snprintf(digits, sizeof(digits), "510104%u%02u%02u%03u", 1930 + i % 20,
		    1 + i / 20 % 12, 1 + i / 240 % 28, i / 6720);
		fprintf(file, "王%u,%.17s%c\n", i, digits, check_character(digits));
	}
	assert_int_equal(fclose(file), 0);
}

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	write_persons("persons.csv");
	suiren_must(0, "init city --region 510100 --demo --seed 7 --now 2026-09-01");
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

static void failed(const struct run *run, const char *tells)
{
	if (run->status != 3 || lines_in(run->err) != 1 || !strstr(run->err, tells))
		print_error("status %d, expected 3 and \"%s\": %s%s\n", run->status, tells,
		    run->out, run->err);
	assert_int_equal(run->status, 3);
	assert_int_equal(lines_in(run->err), 1);
	assert_non_null(strstr(run->err, tells));
}

static void an_output_that_cannot_be_written_is_told(void **state)
{
	(void)state;
	static const char *const commands[] = {"log head city", "balance city",
	    "status city --json", "policy bundle city", "policy show city --on 2026-10-01", "help",
	    "receipt make city --entry 0", "log leaves city", "export city --format csv"};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct run run = shell("\"$SUIREN\" %s >/dev/full", commands[i]);
		failed(&run, "output");
		run_free(&run);
		run = shell("\"$SUIREN\" %s >&-", commands[i]);
		failed(&run, "output");
		run_free(&run);
	}
}

static void a_reader_that_has_seen_enough_is_no_failure(void **state)
{
	(void)state;
	struct run run = shell("{ \"$SUIREN\" help --reference; echo $? >status; } | head -1");
	assert_string_equal(run.err, "");
	assert_int_equal(lines_in(run.out), 1);
	run_free(&run);
	char *status = file_read("status", NULL);
	assert_string_equal(status, "0\n");
	free(status);
}

static void while_another_writes_readers_go_on_and_writers_are_told_who(void **state)
{
	(void)state;
	int lock = open("city/lock", O_RDWR | O_CLOEXEC);
	assert_true(lock >= 0);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	struct run run = suiren("fund appropriate city --fund fiscal --amount 1 --reference r" NOW);
	failed(&run, "writing");
	run_free(&run);
	suiren_must(0, "status city");
	suiren_must(0, "verify city");
	close(lock);
	suiren_must(0, "fund appropriate city --fund fiscal --amount 1 --reference r" NOW);
}

/* What only the owner may touch, as anybody: root asks as nobody, who owns nothing and may not even reach the program where it was built. */
static struct run as_anybody(const char *command)
{
	const char *drop =
	    geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : "";
	return shell("%s sh -c '%s'", drop, command);
}

static void what_may_not_be_touched_is_named(void **state)
{
	(void)state;
	must("cp \"$SUIREN\" program && chmod 755 . program && cp -a city closed && chmod -R a-w "
	     "closed && chmod 000 closed/keys "
	     "&& mkdir fixed && chmod 555 fixed && mkdir hidden && cp -a city hidden/city "
	     "&& chmod 000 hidden && cp persons.csv secret.csv && chmod 000 secret.csv");
	static const struct {
		const char *command, *tells;
	} cases[] = {
	    {"./program init fixed/new --region 510100", "fixed/new"},
	    {"./program status hidden/city", "hidden/city"},
	    {"./program fund appropriate closed --fund fiscal --amount 1 --reference r" NOW,
		"closed"},
	    {"./program policy check secret.csv", "secret.csv"},
	    {"./program policy bundle closed -o fixed/bundle", "closed/ledger"},
	    {"./program key new officer -o fixed/key", "fixed/key"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct run run = as_anybody(cases[i].command);
		if (run.status != 3)
			print_error("%s\n", cases[i].command);
		failed(&run, cases[i].tells);
		run_free(&run);
	}
	must("chmod -R u+rwX closed hidden fixed && rm -rf closed hidden fixed secret.csv program");
}

static void a_file_that_may_not_grow_leaves_no_half_node(void **state)
{
	(void)state;
	struct run run = shell("ulimit -f 4; \"$SUIREN\" init small --region 510100");
	assert_int_equal(run.status, 3);
	assert_int_equal(lines_in(run.err), 1);
	run_free(&run);
	must("test -z \"$(ls -d small* 2>/dev/null)\"");
	suiren_must(0, "init small --region 510100");
	must("rm -rf small");
}

static void a_full_disk_loses_nothing_and_the_next_run_goes_on(void **state)
{
	(void)state;
	struct run run = shell("unshare -m sh -c 'mount -t tmpfs none /mnt'");
	bool may_mount = run.status == 0;
	run_free(&run);
	if (!may_mount) {
		print_message("no private mount here (needs root): a full disk is not tried\n");
		skip();
	}
	run = shell("mkdir disk && unshare -m sh -ec '"
		    "mount -t tmpfs -o size=1m none disk; cp -a city disk/city; cd disk; "
		    "\"$SUIREN\" person register city ../persons.csv" NOW " >../first.out "
		    "2>../first.err && exit 9; test $? = 3; "
		    "\"$SUIREN\" verify city >/dev/null; \"$SUIREN\" log head city >../head; "
		    "mount -o remount,size=256m none .; "
		    "\"$SUIREN\" person register city ../persons.csv" NOW " >../second.out; "
		    "\"$SUIREN\" verify city >/dev/null; "
		    "\"$SUIREN\" person show city 5101000000000002 >/dev/null'");
	if (run.status != 0)
		print_error("status %d: %s%s\n", run.status, run.out, run.err);
	assert_int_equal(run.status, 0);
	run_free(&run);
	char *told = file_read("first.err", NULL);
	assert_non_null(strstr(told, "full"));
	assert_int_equal(lines_in(told), 1);
	free(told);
}

static uint64_t entries(const char *node)
{
	struct run run = suiren_expect(0, "log head %s", node);
	char *size = strchr(run.out, '\n');
	assert_non_null(size);
	uint64_t count = strtoull(size + 1, NULL, 10);
	run_free(&run);
	return count;
}

/* Start a long import and end it by a signal once it has booked something, or it has ended by itself. */
static void interrupt(const char *node, int number)
{
	uint64_t before = entries(node);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int quiet = open("/dev/null", O_WRONLY);
		dup2(quiet, STDOUT_FILENO);
		dup2(quiet, STDERR_FILENO);
		execl(getenv("SUIREN"), "suiren", "person", "register", node, "persons.csv",
		    "--now", "2026-09-02", (char *)NULL);
		_exit(127);
	}
	int status = 0;
	while (entries(node) == before && waitpid(child, &status, WNOHANG) == 0)
		;
	kill(child, number);
	waitpid(child, &status, 0);
}

static void an_interrupted_import_is_whole_orders_and_goes_on(void **state)
{
	(void)state;
	static const int numbers[] = {SIGINT, SIGTERM, SIGKILL};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		must("rm -rf broken && cp -a city broken");
		interrupt("broken", numbers[i]);
		suiren_must(0, "verify broken");
		suiren_must(0, "person register broken persons.csv -o broken.csv" NOW);
		suiren_must(0, "verify broken");
		/* as if nothing had happened: the same persons under the same codes */
		must("rm -rf straight && cp -a city straight");
		suiren_must(0, "person register straight persons.csv -o straight.csv" NOW);
		must("test $(wc -l <broken.csv) = 12001 && cmp broken.csv straight.csv && "
		     "rm broken.csv straight.csv");
		assert_true(entries("broken") == entries("straight"));
	}
	must("rm -rf broken straight");
}

static void a_reader_that_was_killed_stands_in_nobodys_way(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	/* The pipe is not read: the reader stands still within its snapshot, once it has filled it. */
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(getenv("SUIREN"), "suiren", "log", "leaves", "city", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	char first;
	assert_int_equal(read(ends[0], &first, 1), 1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ends[0]);
	suiren_must(0, "fund appropriate city --fund fiscal --amount 2 --reference after" NOW);
	suiren_must(0, "verify city");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_output_that_cannot_be_written_is_told),
	    cmocka_unit_test(a_reader_that_has_seen_enough_is_no_failure),
	    cmocka_unit_test(while_another_writes_readers_go_on_and_writers_are_told_who),
	    cmocka_unit_test(what_may_not_be_touched_is_named),
	    cmocka_unit_test(a_file_that_may_not_grow_leaves_no_half_node),
	    cmocka_unit_test(a_full_disk_loses_nothing_and_the_next_run_goes_on),
	    cmocka_unit_test(an_interrupted_import_is_whole_orders_and_goes_on),
	    cmocka_unit_test(a_reader_that_was_killed_stands_in_nobodys_way),
	};
	return cmocka_run_group_tests_name("tools/world", tests, open_workshop, close_workshop);
}
