/* The daemon as its users have it: commands go through it while it runs, it tells the service manager how it is, it stops cleanly, it books a new
 * policy on SIGHUP, it cuts windows by the clock, and a fifth city joins while the others run. */
#include "testing.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include <jansson.h>

#include "admin_client.h"
#include "admin_socket.h"
#include "embedded.h"
#include "obligation.h"
#include "person.h"
#include "program.h"
#include "verdict.h"

/* Nothing here takes so long; a test that waits for ever would not tell where. */
#define PATIENCE_MS 60000

struct service {
	pid_t pid;
	int manager; /* what the service manager hears */
};

static int open_workshop(void **state)
{
	(void)state;
	folders_in_memory();
	workshop_open();
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

static int manager_open(char name[64])
{
	static unsigned count;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int size = snprintf(name, 64, "@suiren-daemon-test-%ld-%u", (long)getpid(), count++);
	int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, name, (size_t)size);
	address.sun_path[0] = '\0';
	assert_int_equal(bind(file, (struct sockaddr *)&address,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)size)),
	    0);
	return file;
}

/* The next that the manager hears begins with this. */
static void assert_hears(const struct service *service, const char *lines)
{
	struct pollfd file = {.fd = service->manager, .events = POLLIN};
	char text[256];
	ssize_t size;

	assert_int_equal(poll(&file, 1, PATIENCE_MS), 1);
	size = recv(service->manager, text, sizeof text - 1, 0);
	assert_true(size > 0);
	text[size] = '\0';
	if (strncmp(text, lines, strlen(lines)) != 0)
		fail_msg("the manager hears %s, not %s", text, lines);
}

/* Run suirend with these words; its log goes to a file. Returns when it is ready. */
static struct service service_start(const char *words, const char *log)
{
	struct service service;
	char name[64], command[600];
	pid_t parent = getpid();

	service.manager = manager_open(name);
	snprintf(command, sizeof command, "exec \"" SUIREND_BINARY "\" %s 2>>%s", words, log);
	service.pid = fork();
	if (service.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || setenv("NOTIFY_SOCKET", name, 1) != 0)
			_exit(127);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	assert_true(service.pid > 0);
	assert_hears(&service, "READY=1");
	return service;
}

static void service_stop(struct service *service, int signal)
{
	int status;

	assert_int_equal(kill(service->pid, signal), 0);
	if (signal != SIGKILL)
		assert_hears(service, "STOPPING=1");
	assert_int_equal(waitpid(service->pid, &status, 0), service->pid);
	if (signal == SIGKILL)
		assert_true(WIFSIGNALED(status));
	else
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(service->manager);
}

static json_t *json_of(const char *command, const char *directory)
{
	struct run run = suiren_expect(0, "%s %s --json", command, directory);
	json_t *json = json_loads(run.out, 0, NULL);

	if (!json)
		fail_msg("%s", run.out);
	run_free(&run);
	return json;
}

static unsigned entries_of(const char *directory)
{
	json_t *json = json_of("status", directory);
	unsigned entries = (unsigned)json_integer_value(json_object_get(json, "entries"));

	json_decref(json);
	return entries;
}

/* --- commands ------------------------------------------------------------------------------------------------- */

#define NOW "--now 2026-10-08"

static void register_two(const char *directory)
{
	file_write("persons.csv",
	    "name,id_number,card,bank,income_class\n"
	    "张三,510100194302280014,6222020000000000017,102651000017,low\n"
	    "李四,500000194107050021,,,other\n",
	    strlen("name,id_number,card,bank,income_class\n"
		   "张三,510100194302280014,6222020000000000017,102651000017,low\n"
		   "李四,500000194107050021,,,other\n"));
	suiren_must(0, "person register %s persons.csv " NOW, directory);
}

/* Everything that a command changes, also the registry of names, which is in no log; and the answers are those that it gives alone. */
static void commands_go_through_the_daemon_while_it_runs(void **state)
{
	struct service service;
	struct run alone, through;
	json_t *status;

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		suiren_must(0, "init %s --region 510100 --demo --seed 3 " NOW, i ? "one" : "two");
	service = service_start("one --listen tcp://127.0.0.1:0 " NOW, "one.log");
	register_two("two");
	register_two("one");
	register_two("one"); /* the same again is a repeat, through it too */
	for (unsigned i = 0; i < 2; i++) {
		const char *directory = i ? "one" : "two";

		suiren_must(0,
		    "person card %s 5101000000000019 --card 6222020000000000XYZ "
		    "--bank 313999000000 " NOW,
		    directory);
		suiren_must(0, "person erase %s %016llu " NOW, directory,
		    (unsigned long long)person_code_make(510100, 0));
	}
	alone = suiren_expect(0, "person show two 5101000000000019");
	through = suiren_expect(0, "person show one 5101000000000019");
	assert_string_equal(alone.out, through.out);
	assert_non_null(strstr(through.out, "*0XYZ"));
	run_free(&alone);
	run_free(&through);
	/* What is refused is refused alike. */
	alone = suiren("fund appropriate two --fund nowhere --amount 5.00 --reference r1 " NOW);
	through = suiren("fund appropriate one --fund nowhere --amount 5.00 --reference r1 " NOW);
	assert_int_not_equal(alone.status, 0);
	assert_int_equal(alone.status, through.status);
	assert_string_equal(alone.err, through.err);
	run_free(&alone);
	run_free(&through);
	status = json_of("status", "one");
	assert_true(json_is_object(json_object_get(status, "daemon")));
	assert_true(json_integer_value(
			json_object_get(json_object_get(status, "daemon"), "admin_requests")) >= 5);
	json_decref(status);
	assert_int_equal(entries_of("one"), entries_of("two"));
	service_stop(&service, SIGTERM);
	assert_false(admin_is_there("one"));
	status = json_of("status", "one");
	assert_true(json_is_null(json_object_get(status, "daemon")));
	json_decref(status);
	/* Without it they do the work themselves. */
	suiren_must(0, "officer add one wang -o wang.key " NOW);
	suiren_must(0, "verify one --replay");
}

/* Nothing of a command is lost or done twice when the daemon is killed: the lock is free at once, and a repeat is one. */
static void after_a_kill_commands_do_the_work_themselves(void **state)
{
	struct service service;

	(void)state;
	suiren_must(0, "init killed --region 510100 --demo " NOW);
	service = service_start("killed --listen tcp://127.0.0.1:0 " NOW, "killed.log");
	register_two("killed");
	unsigned entries = entries_of("killed");
	service_stop(&service, SIGKILL);
	register_two("killed");
	assert_int_equal(entries_of("killed"), entries);
	service = service_start("killed --listen tcp://127.0.0.1:0 " NOW, "killed.log");
	register_two("killed");
	assert_int_equal(entries_of("killed"), entries);
	service_stop(&service, SIGINT);
	suiren_must(0, "verify killed --replay");
}

/* A daemon that takes a request and dies: what that means is said in one line. */
static void a_daemon_that_dies_over_a_command_is_told_in_one_line(void **state)
{
	struct error_detail detail = {""};
	int lock, listener, status;
	struct run run;
	pid_t pid;

	(void)state;
	suiren_must(0, "init dying --region 510100 --demo " NOW);
	lock = open("dying/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(admin_listen("dying", &listener, &detail), ERROR_NONE);
	pid = fork();
	if (pid == 0) {
		/* Three times: one that only looks whether somebody is there, one that asks; then no more. */
		struct buffer frame = {0};

		for (unsigned i = 0; i < 2; i++) {
			struct pollfd file = {.fd = listener, .events = POLLIN};

			if (poll(&file, 1, PATIENCE_MS) != 1)
				_exit(1);
			int connection = accept(listener, NULL, NULL);
			if (admin_receive(connection, &frame, PATIENCE_MS, -1) == ERROR_NONE)
				_exit(7);
			close(connection);
		}
		_exit(2);
	}
	run = suiren("officer add dying wang -o wang-dying.key " NOW);
	assert_int_equal(run.status, 3);
	assert_int_equal(lines_in(run.err), 1);
	assert_non_null(strstr(run.err, "its daemon ended before it answered; it may have been "
					"booked: the same command again will tell"));
	run_free(&run);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	admin_unlisten("dying", listener);
	close(lock);
}

/* --- signals ------------------------------------------------------------------------------------------------ */

/* The built-in catalogue of Chengdu with another version. */
static void write_policy(const char *path, const char *version)
{
	struct span yaml = policy_embedded(510100);
	struct buffer text = {0};
	const char *at = memmem(yaml.data, yaml.size, "\nversion: ", 10);

	assert_non_null(at);
	size_t before = (size_t)(at - (const char *)yaml.data) + 10;
	buffer_append(&text, span_of(yaml.data, before));
	buffer_append_text(&text, version);
	const uint8_t *rest = memchr(yaml.data + before, '\n', yaml.size - before);
	buffer_append(&text, span_of(rest, (size_t)(yaml.data + yaml.size - rest)));
	assert_int_equal(text.failed, ERROR_NONE);
	file_write(path, text.data, text.size);
	buffer_free(&text);
}

static void a_hangup_books_the_policy_file_and_the_others_are_told(void **state)
{
	struct service here, there;
	struct run run;

	(void)state;
	suiren_must(0, "init here --region 510100 --demo --listen tcp://127.0.0.1:0 " NOW);
	suiren_must(0, "init there --region 500000 --demo --listen tcp://127.0.0.1:0 " NOW);
	suiren_must(0, "peer add here there " NOW);
	here = service_start("here --log json " NOW, "here.log");
	unsigned entries = entries_of("here");
	/* No file, a broken one, the one that is in force: told in the log, and it goes on. */
	for (unsigned i = 0; i < 3; i++) {
		if (i == 1)
			file_write("here/policy.yaml", "region: [", 9);
		if (i == 2)
			write_policy("here/policy.yaml", "1");
		assert_int_equal(kill(here.pid, SIGHUP), 0);
		assert_hears(&here, "RELOADING=1\nMONOTONIC_USEC=");
		assert_hears(&here, "READY=1");
		assert_int_equal(entries_of("here"), entries);
	}
	write_policy("here/policy.yaml", "9");
	for (unsigned i = 0; i < 3; i++) {
		/* The second is a repeat, the third would go back. */
		if (i == 2)
			write_policy("here/policy.yaml", "8");
		assert_int_equal(kill(here.pid, SIGHUP), 0);
		assert_hears(&here, "RELOADING=1");
		assert_hears(&here, "READY=1");
		assert_int_equal(entries_of("here"), entries + 1);
	}
	run = suiren_expect(0, "policy show here --on 2026-10-01 --json");
	assert_non_null(strstr(run.out, "\"version\": 9"));
	run_free(&run);
	/* A command does the same, through the daemon; an older one is refused. */
	write_policy("ten.yaml", "10");
	suiren_must(0, "policy adopt here ten.yaml " NOW);
	suiren_must(0, "policy adopt here ten.yaml " NOW);
	suiren_must(1, "policy adopt here here/policy.yaml " NOW);
	assert_int_equal(entries_of("here"), entries + 2);
	service_stop(&here, SIGTERM);
	/* The notice waits; the other city gets it. */
	suiren_must(0, "deliver here there");
	there = service_start("there " NOW, "there.log");
	run = suiren_expect(0, "policy show there --on 2026-10-01 --region 510100 --json");
	assert_non_null(strstr(run.out, "\"version\": 10"));
	run_free(&run);
	service_stop(&there, SIGTERM);
	assert_int_equal(
	    shell_status("grep -q '\"event\":\"policy_reloaded\"' here.log && "
			 "test $(grep -c '\"event\":\"policy_not_reloaded\"' here.log) = 3"),
	    0);
}

static void what_is_wrong_at_the_start_is_said_in_one_line(void **state)
{
	static const struct {
		int status;
		const char *words, *says;
	} cases[] = {
	    {2, "", "is missing"},
	    {2, "start --log xml", "no such choice"},
	    {2, "start --frobnicate", "no such option"},
	    {2, "start start", "too many words"},
	    {2, "nowhere", "nowhere"},
	    {2, "start --listen nonsense", "nonsense"},
	    {2, "start --now yesterday", "yesterday"},
	};
	struct run run;

	(void)state;
	suiren_must(0, "init start --region 510100 --demo " NOW);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		run = shell("\"" SUIREND_BINARY "\" %s", cases[i].words);
		if (run.status != cases[i].status || !strstr(run.err, cases[i].says) ||
		    lines_in(run.err) != 1)
			fail_msg("suirend %s: %d: %s", cases[i].words, run.status, run.err);
		run_free(&run);
	}
	/* A key that is not the one in the log; a lock that another holds. */
	suiren_must(0, "init other --region 510100 --demo " NOW);
	assert_int_equal(shell_status("cp other/keys/link.key start/keys/link.key"), 0);
	run = shell("\"" SUIREND_BINARY "\" start --listen tcp://127.0.0.1:0");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "link.key: not the key that the log names"));
	run_free(&run);
	struct service service = service_start("other --listen tcp://127.0.0.1:0", "other.log");
	run = shell("\"" SUIREND_BINARY "\" other --listen tcp://127.0.0.1:0");
	assert_int_equal(run.status, 3);
	assert_non_null(strstr(run.err, "is writing to this node"));
	run_free(&run);
	service_stop(&service, SIGTERM);
	run = shell("\"" SUIREND_BINARY "\" --help && \"" SUIREND_BINARY "\" --version");
	assert_int_equal(run.status, 0);
	assert_ptr_equal(strstr(run.out, "Usage: suirend DIR"), run.out);
	run_free(&run);
}

/* --- cities ------------------------------------------------------------------------------------------------- */

/* A catalogue for a city that is not built in: Chengdu's, under its code and name. */
static void write_policy_of_another(const char *path)
{
	assert_int_equal(
	    shell_status("sed -e 's/510100/510600/; s/成都市/德阳市/; s/Chengdu/Deyang/' "
			 "\"" SOURCE_DIR "/config/policy/510100.yaml\" >%s",
		path),
	    0);
}

/* Ports that are free now, and not given to anybody else while this program runs. */
static void free_port(char address[40])
{
	struct sockaddr_in name = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof name;
	int on = 1, holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(holder, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(holder, (struct sockaddr *)&name, size), 0);
	assert_int_equal(getsockname(holder, (struct sockaddr *)&name, &size), 0);
	snprintf(address, 40, "tcp://127.0.0.1:%u", ntohs(name.sin_port));
}

/* The link key of a city as another one's log names it. */
static struct public_key link_key_of(const char *directory, uint32_t region)
{
	const struct node_options options = {.read_only = true};
	char party[KEYRING_PARTY_SIZE];
	struct keyring_key key;
	struct node *node;
	struct txn *txn;

	assert_good(node_open(directory, &options, &node, NULL));
	assert_good(txn_begin_read(ledger_store(node_ledger(node)), &txn));
	snprintf(party, sizeof party, "city/%06u", (unsigned)region);
	assert_good(keyring_current(txn, party, "link", &key));
	txn_abort(txn);
	node_close(node);
	return key.key;
}

static bool knows_the_present_key(void)
{
	struct public_key own = link_key_of("turn", 510100), known = link_key_of("watch", 510100);

	return memcmp(&own, &known, sizeof own) == 0;
}

/* A new policy goes from the one that has turned its key to the other. */
static void say_something(const char *version)
{
	write_policy("turned.yaml", version);
	suiren_must(0, "policy adopt turn turned.yaml " NOW);
	suiren_must(0, "deliver turn watch");
}

static void a_link_key_is_rotated_without_stopping(void **state)
{
	char turn_port[40], watch_port[40];
	struct public_key first;

	(void)state;
	free_port(turn_port);
	free_port(watch_port);
	suiren_must(0, "init turn --region 510100 --demo --listen %s " NOW, turn_port);
	suiren_must(0, "init watch --region 500000 --demo --listen %s " NOW, watch_port);
	suiren_must(0, "peer add turn watch " NOW);
	first = link_key_of("turn", 510100);
	struct service turn = service_start("turn " NOW, "turn.log");
	struct service watch = service_start("watch " NOW, "watch.log");
	say_something("11");
	/* Both run: the peer reads the descriptor over the link. */
	suiren_must(0, "key rotate turn link " NOW);
	struct public_key second = link_key_of("turn", 510100);
	assert_memory_not_equal(&first, &second, sizeof first);
	for (unsigned i = 0; !knows_the_present_key(); i++)
		assert_true(i < 1000000);
	say_something("12");
	/* The peer is away while the key turns, and the daemon is started anew before it comes back: the key before still opens the way. */
	service_stop(&watch, SIGTERM);
	suiren_must(0, "key rotate turn link " NOW);
	service_stop(&turn, SIGKILL);
	turn = service_start("turn " NOW, "turn.log");
	assert_false(knows_the_present_key());
	watch = service_start("watch " NOW, "watch.log");
	say_something("13");
	for (unsigned i = 0; !knows_the_present_key(); i++)
		assert_true(i < 1000000);
	/* Without the right root key nothing is turned. */
	suiren_must(0, "init stranger --region 510100 --demo " NOW);
	suiren_must(1, "key rotate turn link --root-key stranger/keys/root.key " NOW);
	suiren_must(2, "key rotate turn document " NOW);
	service_stop(&turn, SIGTERM);
	service_stop(&watch, SIGTERM);
	suiren_must(0, "verify turn --replay");
	suiren_must(0, "verify watch --replay");
	/* A rotation that a kill has broken off behind the booking is brought to its end at the next start. */
	assert_int_equal(
	    shell_status("cd turn/keys && mv link.key link.key.next && mv link.key.old link.key"),
	    0);
	turn = service_start("turn " NOW, "turn.log");
	service_stop(&turn, SIGTERM);
	assert_int_equal(
	    shell_status("test -f turn/keys/link.key && test ! -e turn/keys/link.key.next"), 0);
}

static void a_fifth_city_joins_while_the_others_run(void **state)
{
	static const char *const names[] = {"a", "b", "c"};
	static const char *const regions[] = {"510100", "500000", "510600"};
	struct service services[3];
	char port[3][40];

	(void)state;
	write_policy_of_another("deyang.yaml");
	for (unsigned i = 0; i < 3; i++)
		free_port(port[i]);
	for (unsigned i = 0; i < 3; i++)
		suiren_must(0, "init %s --region %s --demo --listen %s %s " NOW, names[i],
		    regions[i], port[i], i == 2 ? "--policy deyang.yaml" : "");
	suiren_must(0, "peer add a b " NOW);
	for (unsigned i = 0; i < 3; i++) {
		char words[100], log[20];

		snprintf(words, sizeof words, "%s " NOW, names[i]);
		snprintf(log, sizeof log, "%s.log", names[i]);
		services[i] = service_start(words, log);
	}
	suiren_must(0, "deliver a b");
	/* Each hands its descriptor to the other by file. */
	for (unsigned i = 0; i < 3; i++)
		suiren_must(0, "peer export %s -o %s.descriptor", names[i], names[i]);
	suiren_must(0, "peer add c a.descriptor b.descriptor " NOW);
	suiren_must(0, "peer add a c.descriptor " NOW);
	suiren_must(0, "peer add b c.descriptor " NOW);
	suiren_must(0, "deliver a b c");
	for (unsigned i = 0; i < 3; i++) {
		json_t *peers = json_of("peer list", names[i]), *peer;
		size_t k;

		assert_int_equal(json_array_size(peers), 2);
		json_array_foreach(peers, k, peer)
		{
			assert_true(json_is_true(json_object_get(peer, "policy_known")));
			assert_int_equal(json_integer_value(json_object_get(peer, "waiting")), 0);
		}
		json_decref(peers);
	}
	for (unsigned i = 0; i < 3; i++)
		service_stop(&services[i], SIGTERM);
	/* Swapped on its way: it is not signed by its root key. */
	assert_int_equal(shell_status("tr '\\000' '\\001' <a.descriptor >bad.descriptor"), 0);
	suiren_must(2, "peer add c bad.descriptor");
}

static void await_line(const char *log, const char *pattern)
{
	for (unsigned i = 0; shell_status("grep -q '%s' %s", pattern, log) != 0; i++) {
		if (i == 5000)
			fail_msg("no %s in:\n%s", pattern, file_read(log, NULL));
	}
}

/* A member of the only peer, or of what the daemon says of its link. */
static json_int_t peer_number(const char *directory, bool of_link, const char *name)
{
	json_t *status = json_of("status", directory);
	const json_t *peer = json_array_get(json_object_get(status, "peers"), 0);
	const json_t *member =
	    json_object_get(of_link ? json_object_get(peer, "link") : peer, name);
	json_int_t value =
	    json_is_boolean(member) ? json_is_true(member) : json_integer_value(member);

	json_decref(status);
	return value;
}

/* The backup of a city is started in its place: its neighbour has seen more of the log than that holds. */
static void a_city_that_goes_back_is_frozen_until_two_officers_end_it(void **state)
{
	char watch_port[40], city_port[40];

	(void)state;
	free_port(watch_port);
	free_port(city_port);
	suiren_must(0, "init guard --region 510100 --demo --listen %s " NOW, watch_port);
	suiren_must(0, "init city --region 510800 --demo --listen %s " NOW, city_port);
	suiren_must(0, "peer add guard city " NOW);
	suiren_must(0, "officer add guard wang --out guard-wang.key " NOW);
	suiren_must(0, "officer add guard zhao --out guard-zhao.key " NOW);
	assert_int_equal(
	    shell_status("echo 'heads: { interval_seconds: 1 }' >>guard/node.yaml"), 0);
	assert_int_equal(shell_status("cp -r city older"), 0);
	struct service guard = service_start("guard " NOW, "guard.log");
	struct service city = service_start("city " NOW, "city.log");
	suiren_must(0, "deliver guard city");
	for (unsigned i = 0; i < 8; i++)
		suiren_must(0, "officer add city li%u --out li%u.key " NOW, i, i);
	for (unsigned i = 0;
	     peer_number("guard", true, "head_entries") < (json_int_t)entries_of("city"); i++)
		assert_true(i < 100000);
	assert_int_equal(peer_number("guard", false, "frozen"), 0);
	suiren_must(1, "peer show guard 510800 --evidence none.evidence");
	service_stop(&city, SIGTERM);
	city = service_start("older " NOW, "older.log");
	for (unsigned i = 0; !peer_number("guard", false, "frozen"); i++)
		assert_true(i < 100000);
	/* The operators are told, in both languages. */
	assert_int_equal(shell_status("grep -q 'peer_frozen.*已冻结' guard.log"), 0);
	assert_int_equal(
	    shell_status("\"$SUIREN\" peer list guard | grep -q '冻结 FROZEN.*rollback'"), 0);
	assert_int_equal(
	    shell_status("\"$SUIREN\" status guard | grep -q '冻结 FROZEN.*rollback'"), 0);
	/* A stranger is convinced by the file and the city's own key alone. */
	suiren_must(0, "peer show guard 510800 --evidence city.evidence");
	suiren_must(0, "peer evidence city.evidence --vkey \"$(\"$SUIREN\" log vkey city)\"");
	suiren_must(1, "peer evidence city.evidence --vkey \"$(\"$SUIREN\" log vkey guard)\"");
	/* Nobody ends it alone. */
	suiren_must(1, "peer unfreeze guard 510800 --officer zhao --key guard-wang.key " NOW);
	suiren_must(0, "peer unfreeze guard 510800 --officer wang --key guard-wang.key " NOW);
	suiren_must(1, "peer unfreeze guard 510800 --officer wang --key guard-wang.key " NOW);
	assert_int_equal(peer_number("guard", false, "frozen"), 1);
	suiren_must(0, "peer unfreeze guard 510800 --officer zhao --key guard-zhao.key " NOW);
	assert_int_equal(peer_number("guard", false, "frozen"), 0);
	service_stop(&city, SIGTERM);
	service_stop(&guard, SIGTERM);
	suiren_must(0, "verify guard --replay");
}

/* A head that is no entry yet outlives a kill of who has seen it: the file has it as it was signed. */
static void a_city_that_goes_back_while_its_neighbour_is_killed_is_found(void **state)
{
	char watch_port[40], city_port[40];
	unsigned entries;

	(void)state;
	free_port(watch_port);
	free_port(city_port);
	suiren_must(0, "init seer --region 510100 --demo --listen %s " NOW, watch_port);
	suiren_must(0, "init back --region 510800 --demo --listen %s " NOW, city_port);
	suiren_must(0, "peer add seer back " NOW);
	assert_int_equal(
	    shell_status("echo 'heads: { interval_seconds: 1 }' >>seer/node.yaml"), 0);
	struct service guard = service_start("seer --log-level debug " NOW, "seer.log");
	struct service city = service_start("back " NOW, "back.log");
	suiren_must(0, "deliver seer back");
	await_line("seer.log", "heads_booked");
	suiren_must(0, "officer add back early --out early.key " NOW);
	service_stop(&city, SIGTERM);
	assert_int_equal(shell_status("cp -r back backup"), 0);
	city = service_start("back " NOW, "back.log");
	for (unsigned i = 0; i < 8; i++)
		suiren_must(0, "officer add back late%u --out late%u.key " NOW, i, i);
	entries = entries_of("back");
	for (unsigned i = 0; shell_status("grep -aqx %u seer/heads.seen", entries) != 0; i++)
		assert_true(i < 5000);
	service_stop(&guard, SIGKILL);
	service_stop(&city, SIGTERM);
	city = service_start("backup " NOW, "back.log");
	guard = service_start("seer " NOW, "seer.log");
	for (unsigned i = 0; !peer_number("seer", false, "frozen"); i++)
		assert_true(i < 100000);
	assert_int_equal(
	    shell_status("\"$SUIREN\" peer list seer | grep -q '冻结 FROZEN.*rollback'"), 0);
	service_stop(&city, SIGTERM);
	service_stop(&guard, SIGTERM);
	suiren_must(0, "verify seer --replay");
}

/* The entry and line of a claim of another city that this one has approved. */
static void find_approved(const char *directory, uint64_t *sequence, uint32_t *line)
{
	const struct node_options options = {.read_only = true};
	struct node *node;
	struct txn *txn;
	uint64_t size;
	bool found = false;

	assert_good(node_open(directory, &options, &node, NULL));
	assert_good(txn_begin_read(ledger_store(node_ledger(node)), &txn));
	assert_good(ledger_head(txn, &size, NULL));
	for (uint64_t i = 0; i < size && !found; i++) {
		struct entry_reader reader;

		assert_good(ledger_read(txn, i, &reader));
		for (uint32_t k = 0; reader.entry.header.kind == KIND_claim_remote && !found &&
				     k < reader.entry.header.count;
		     k++) {
			struct verdict verdict;
			struct span bytes;

			assert_good(entry_item(reader.entry.verdicts, k, &bytes));
			assert_good(verdict_parse(bytes, &verdict));
			found = verdict.reason == REASON_approved && verdict.amount_fen > 0;
			*sequence = i;
			*line = k;
		}
		entry_free(&reader);
	}
	txn_abort(txn);
	node_close(node);
	assert_true(found);
}

static unsigned open_windows(const char *directory)
{
	json_t *windows = json_of("window list", directory), *window;
	unsigned open = 0;
	size_t i;

	json_array_foreach(windows, i, window) open +=
	    strcmp(json_string_value(json_object_get(window, "state")), "open") == 0;
	json_decref(windows);
	return open;
}

/* A window that was opened before the minute of the day is cut when the clock is there, and not before; also one that was due while no daemon ran. */
static void windows_are_cut_by_the_clock(void **state)
{
	enum { LOOKS = 2000 };
	uint64_t sequence = 0;
	uint32_t line = 0;

	(void)state;
	suiren_must(0, "demo --dir month --residents 2000 --seed 7");
	find_approved("month/500000", &sequence, &line);
	assert_int_equal(open_windows("month/500000"), 0);
	suiren_must(0,
	    "claim reverse month/500000 --entry %llu --line %u --grounds test "
	    "--now 2026-12-28T10:00:00+08:00",
	    (unsigned long long)sequence, line);
	assert_int_equal(open_windows("month/500000"), 1);
	assert_int_equal(
	    shell_status("printf 'schedule:\n  cut: \"00:10\"\n' >>month/500000/node.yaml"), 0);
	struct service service = service_start(
	    "month/500000 --listen tcp://127.0.0.1:0 --now 2026-12-28T23:00:00+08:00", "cut.log");
	suiren_must(0, "officer add month/500000 one -o one.key --now 2026-12-29T00:09:59+08:00");
	assert_int_equal(open_windows("month/500000"), 1);
	suiren_must(0, "officer add month/500000 two -o two.key --now 2026-12-29T00:10:00+08:00");
	for (unsigned i = 0; open_windows("month/500000") == 1; i++)
		assert_true(i < LOOKS);
	service_stop(&service, SIGTERM);
	assert_int_equal(shell_status("grep -q ' windows_cut ' cut.log"), 0);
	suiren_must(0, "verify month/500000 --replay");
}

/* One obligation of Chongqing to Chengdu, by an entry that is there, in the tables directly: how claims make them is tested elsewhere. */
static void owe_at(const char *directory, uint64_t sequence, int64_t amount_fen)
{
	const struct node_options options = {.not_durable = true};
	struct obligation obligation = {.payer = 500000,
	    .creditor = 510100,
	    .epoch = 1,
	    .sequence = sequence,
	    .amount_fen = amount_fen};
	struct node *node;
	struct txn *txn;

	assert_good(node_open(directory, &options, &node, NULL));
	assert_good(ledger_begin(node_ledger(node), &txn));
	assert_good(window_open_number(txn, 500000, 510100, &obligation.window));
	assert_good(obligation_add(txn, &obligation));
	assert_good(ledger_commit(node_ledger(node), txn));
	node_close(node);
}

/* So much of a file may a process write from now on, and those that it starts; 0: this one. */
static void limit_files(pid_t pid, rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(prlimit(pid, RLIMIT_FSIZE, NULL, &limit), 0);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

/* The disk is full when windows are to be cut and the month's clearing is to be proposed. As soon as there is room both are done, once, and nobody
 * need start the daemon anew for that. */
static void what_the_clock_brings_is_done_again_when_the_disk_has_room(void **state)
{
	static const char *const full[] = {
	    "windows_cut.*error=disk_full", "clearing_proposed.*error=disk_full"};
	json_t *clearings;

	(void)state;
	suiren_must(0, "init full --region 500000 --demo --now 2026-10-01");
	suiren_must(0, "init roomy --region 510100 --demo --now 2026-10-01");
	suiren_must(0, "peer add full roomy --now 2026-10-01");
	owe_at("full", 1, 25000);
	owe_at("roomy", 1, 25000);
	suiren_must(0, "window cut full --now 2026-10-31");
	suiren_must(0, "deliver full roomy --now 2026-10-31");
	owe_at("full", 2, 700);
	assert_int_equal(shell_status("printf 'schedule:\n  cut: \"00:10\"\n  clearing_day: 21\n"
				      "  clearing: \"10:00\"\n' >>full/node.yaml"),
	    0);
	limit_files(0, 65536);
	struct service service = service_start(
	    "full --listen tcp://127.0.0.1:0 --now 2026-11-21T10:00:00+08:00", "full.log");
	limit_files(0, RLIM_INFINITY);
	/* A command says so. */
	struct run run = suiren_expect(3, "officer add full one -o full-1.key");
	assert_non_null(strstr(run.err, "disk is full"));
	run_free(&run);
	for (size_t i = 0; i < sizeof full / sizeof *full; i++)
		await_line("full.log", full[i]);
	assert_int_equal(open_windows("full"), 1);
	limit_files(service.pid, RLIM_INFINITY);
	await_line("full.log", "windows_cut.*entry=");
	await_line("full.log", "clearing_proposed.*entry=");
	assert_int_equal(open_windows("full"), 0);
	clearings = json_of("clearing list", "full");
	assert_int_equal(json_array_size(clearings), 1);
	json_decref(clearings);
	suiren_must(0, "officer add full one -o full-2.key --now 2026-11-21T10:00:00+08:00");
	service_stop(&service, SIGTERM);
	assert_int_equal(
	    shell_status("test $(grep -c 'clearing_proposed.*entry=' full.log) -eq 1"), 0);
	suiren_must(0, "verify full");
}

static void a_daemon_tells_its_metrics_on_the_port_that_its_log_names(void **state)
{
	static const char request[] =
	    "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char answer[16384];
	size_t size = 0;
	ssize_t got;

	(void)state;
	suiren_must(0, "init counted --region 510100 --demo " NOW);
	assert_int_equal(shell_status("echo 'metrics: 127.0.0.1:0' >>counted/node.yaml"), 0);
	struct service service = service_start("counted --listen tcp://127.0.0.1:0", "counted.log");
	struct run port = shell("sed -n 's/.* metrics port=//p' counted.log");
	int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	address.sin_port = htons((uint16_t)strtoul(port.out, NULL, 10));
	assert_int_equal(connect(file, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(
	    send(file, request, sizeof request - 1, MSG_NOSIGNAL), (ssize_t)sizeof request - 1);
	while ((got = recv(file, answer + size, sizeof answer - 1 - size, 0)) > 0)
		size += (size_t)got;
	answer[size] = '\0';
	assert_non_null(strstr(answer, "\nsuiren_entries 2\n"));
	close(file);
	run_free(&port);
	service_stop(&service, SIGTERM);
}

static unsigned long long number_in(const char *path)
{
	char *text = file_read(path, NULL);
	unsigned long long number = strtoull(text, NULL, 10);

	free(text);
	return number;
}

/* Numbers of handshakes never come twice: they go on from what is kept, also when the clock has been put back, and it is ahead after a kill. */
static void the_number_of_handshakes_outlives_kills_and_clocks(void **state)
{
	static const unsigned long long far = 9000000000000000; /* in ms: the year 287,000 */
	struct timespec now;

	(void)state;
	suiren_must(0, "init numbered --region 510100 --demo " NOW);
	struct service service =
	    service_start("numbered --listen tcp://127.0.0.1:0 " NOW, "numbered.log");
	service_stop(&service, SIGKILL);
	clock_gettime(CLOCK_REALTIME, &now);
	assert_true(
	    number_in("numbered/link.number") > (unsigned long long)now.tv_sec * 1000 + 30000);
	file_write("numbered/link.number", "9000000000000000\n", 17);
	service = service_start("numbered --listen tcp://127.0.0.1:0 " NOW, "numbered.log");
	service_stop(&service, SIGKILL);
	assert_true(number_in("numbered/link.number") > far);
	file_write("numbered/link.number", "9e15\n", 5);
	struct run run = shell("\"" SUIREND_BINARY "\" numbered --listen tcp://127.0.0.1:0");
	assert_int_equal(run.status, 2);
	assert_non_null(strstr(run.err, "link.number: not a number"));
	run_free(&run);
}

/* However the demo ends, its daemons end too: each has let its lock go, which is waited for. */
static void the_daemons_of_a_demo_end_with_it(void **state)
{
	static const int signals[] = {SIGKILL, SIGTERM, SIGINT};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		char directory[40], name[80], log[120];
		int status, locks[4];
		pid_t pid;

		snprintf(directory, sizeof directory, "ended-%u", i);
		pid = fork();
		if (pid == 0) {
			int nowhere = open("/dev/null", O_RDWR);

			dup2(nowhere, STDOUT_FILENO);
			dup2(nowhere, STDERR_FILENO);
			execl(SUIREN_BINARY, "suiren", "demo", "--processes", "--months", "24",
			    "--residents", "2000", "--dir", directory, (char *)NULL);
			_exit(127);
		}
		/* Until the last daemon has started. */
		snprintf(
		    log, sizeof log, "grep -q ' started ' %s/511300.log 2>/dev/null", directory);
		while (shell_status("%s", log) != 0)
			assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
		assert_int_equal(kill(pid, signals[i]), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		for (unsigned city = 0; city < 4; city++) {
			static const char *const cities[] = {
			    "510100", "500000", "510800", "511300"};

			snprintf(name, sizeof name, "%s/%s/lock", directory, cities[city]);
			locks[city] = open(name, O_RDWR | O_CLOEXEC);
			assert_true(locks[city] >= 0);
			assert_int_equal(flock(locks[city], LOCK_EX), 0); /* waits */
			close(locks[city]);
			assert_int_equal(shell_status("tail -n 1 %s/%s.log | grep -q ' stopped$'",
					     directory, cities[city]),
			    0);
		}
	}
}

/* The page tells what the program says of itself. */
static void the_page_has_the_help_of_the_daemon(void **state)
{
	struct run run = shell("\"" SUIREND_BINARY "\" --help");
	char *page = file_read(SOURCE_DIR "/docs/cli.md", NULL);

	(void)state;
	assert_non_null(strstr(page, run.out));
	free(page);
	run_free(&run);
}

static void the_page_tells_of_every_event_of_the_log(void **state)
{
	(void)state;
	struct run run = shell(
	    "cat \"" SOURCE_DIR "\"/net/daemon*.c | tr -d '\\n' | "
	    "grep -oE "
	    "'(LOG(_PLAIN)?|tell)\\([^\";]*\"[a-z_]+\"|\"[a-z]+_(does|answers|not)[a-z_]*\"' | "
	    "grep -oE '\"[a-z_]+\"' | tr -d '\"' | sort -u");
	char *page = file_read(SOURCE_DIR "/docs/cli.md", NULL);
	unsigned events = 0;

	for (char *event = strtok(run.out, "\n"); event; event = strtok(NULL, "\n")) {
		char wanted[80];

		snprintf(wanted, sizeof wanted, "`%s`", event);
		if (!strstr(page, wanted))
			fail_msg("docs/cli.md does not tell of the event %s", event);
		events++;
	}
	assert_true(events >= 20);
	free(page);
	run_free(&run);
}

/* As systemd reads it: nothing unknown in it, and little that the daemon could do to the rest of the machine. */
static void the_unit_is_well_formed_and_lets_the_daemon_do_little(void **state)
{
	(void)state;
	if (shell_status("command -v systemd-analyze") != 0) {
		print_message("no systemd-analyze here: the unit is not read\n");
		skip();
	}
	assert_int_equal(shell_status("sed 's#@bindir@/suirend#" SUIREND_BINARY "#' \"" SOURCE_DIR
				      "/tools/suirend/suirend@.service.in\" >suirend@city.service"),
	    0);
	struct run run = shell("systemd-analyze verify ./suirend@city.service && "
			       "systemd-analyze security --offline=true --threshold=20 "
			       "./suirend@city.service");

	if (run.status)
		print_error("%s%s", run.out, run.err);
	assert_int_equal(run.status, 0);
	assert_null(strstr(run.err, "nknown"));
	run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(commands_go_through_the_daemon_while_it_runs),
	    cmocka_unit_test(after_a_kill_commands_do_the_work_themselves),
	    cmocka_unit_test(a_daemon_that_dies_over_a_command_is_told_in_one_line),
	    cmocka_unit_test(a_hangup_books_the_policy_file_and_the_others_are_told),
	    cmocka_unit_test(what_is_wrong_at_the_start_is_said_in_one_line),
	    cmocka_unit_test(a_fifth_city_joins_while_the_others_run),
	    cmocka_unit_test(a_city_that_goes_back_is_frozen_until_two_officers_end_it),
	    cmocka_unit_test(a_city_that_goes_back_while_its_neighbour_is_killed_is_found),
	    cmocka_unit_test(the_page_has_the_help_of_the_daemon),
	    cmocka_unit_test(the_page_tells_of_every_event_of_the_log),
	    cmocka_unit_test(the_unit_is_well_formed_and_lets_the_daemon_do_little),
	    cmocka_unit_test(a_daemon_tells_its_metrics_on_the_port_that_its_log_names),
	    cmocka_unit_test(windows_are_cut_by_the_clock),
	    cmocka_unit_test(what_the_clock_brings_is_done_again_when_the_disk_has_room),
	    cmocka_unit_test(the_number_of_handshakes_outlives_kills_and_clocks),
	    cmocka_unit_test(the_daemons_of_a_demo_end_with_it),
	    cmocka_unit_test(a_link_key_is_rotated_without_stopping),
	};

	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
