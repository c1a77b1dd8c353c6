#include "federation.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "admin_client.h"
#include "import.h"
#include "message.h"
#include "testing.h"
#include "uscc.h"

/* Longer than links may take to be made. */
#define LINKED_MS 30000

static void path_of(const struct federation *federation, unsigned city, char path[300])
{
	snprintf(path, 300, "%s/%06u", federation->folder, (unsigned)sample_regions[city]);
}

static void open_node(struct federation *federation, unsigned city)
{
	const struct node_options options = {.not_durable = false};
	struct error_detail detail = {""};
	char path[300];

	path_of(federation, city, path);
	if (node_open(path, &options, &federation->nodes[city], &detail))
		fail_msg("%s", detail.text);
}

static void make_node(struct federation *federation, unsigned city)
{
	struct node_create_options create = {.region = sample_regions[city], .demo = true};
	struct error_detail detail = {""};
	char path[300];

	path_of(federation, city, path);
	assert_good(processes_add(&federation->processes, path, &detail));
	create.listen = federation->processes.all[city].listen;
	if (node_create(path, &create, &detail))
		fail_msg("%s", detail.text);
	open_node(federation, city);
}

struct daemon_status *federation_status(const struct federation *federation, unsigned city)
{
	const struct admin_request request = {.name = ADMIN_STATUS};
	struct admin_answer *answer = calloc(1, sizeof *answer);
	struct daemon_status *status = calloc(1, sizeof *status);
	struct buffer bytes = {0};
	struct error_detail detail = {""};

	assert_true(answer && status);
	if (admin_ask(
		federation->processes.all[city].directory, &request, &bytes, answer, NULL, &detail))
		fail_msg("%s", detail.text);
	assert_good(answer->error);
	assert_good(daemon_status_read(answer->body, status));
	buffer_free(&bytes);
	free(answer);
	return status;
}

/* Whether this daemon hears all the others. */
static bool is_linked(const struct federation *federation, unsigned city)
{
	struct daemon_status *status = federation_status(federation, city);
	bool linked = status->peer_count == federation->cities - 1;

	for (size_t i = 0; i < status->peer_count; i++)
		linked = linked && status->peers[i].link.connected;
	free(status);
	return linked;
}

void federation_open(struct federation *federation, const char *folder, unsigned cities)
{
	struct error_detail detail = {""};

	*federation = (struct federation){.folder = folder, .cities = cities};
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_good(processes_init(&federation->processes, SUIREND_BINARY, &detail));
	federation->processes.now_ms = (int64_t)time(NULL) * 1000;
	for (unsigned city = 0; city < cities; city++)
		make_node(federation, city);
	if (node_introduce(federation->nodes, cities, &detail))
		fail_msg("%s", detail.text);
	for (unsigned city = 0; city < cities; city++) {
		node_close(federation->nodes[city]);
		federation->nodes[city] = NULL;
		federation_start(federation, city);
		open_node(federation, city);
	}
	for (unsigned city = 0; city < cities; city++) {
		int64_t since = monotonic_ms();

		while (!is_linked(federation, city)) {
			assert_true(monotonic_ms() - since < LINKED_MS);
			breathe();
		}
	}
}

void federation_close(struct federation *federation)
{
	for (unsigned city = 0; city < federation->cities; city++)
		node_close(federation->nodes[city]);
	assert_good(processes_close(&federation->processes));
}

void federation_register(struct federation *federation, unsigned city)
{
	struct institution_line line = {.operation = INSTITUTION_REGISTER,
	    .name = span_text("福寿居 House"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = sample_regions[city],
	    .beds = 10,
	    .star = 3};
	char uscc[USCC_SIZE + 1];
	struct answer answer;

	uscc_make(federation->registered++, uscc);
	memcpy(line.uscc, uscc, USCC_SIZE);
	assert_good(import_institutions(federation->nodes[city], &line, 1, NULL, &answer));
	if (answer.error)
		fail_msg("%s", answer.detail.text);
}

void federation_kill(struct federation *federation, unsigned city)
{
	struct process *process = &federation->processes.all[city];
	int status;

	process_kill(process);
	assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	process->pid = 0;
}

void federation_start(struct federation *federation, unsigned city)
{
	struct error_detail detail = {""};

	if (process_start(&federation->processes, &federation->processes.all[city], &detail))
		fail_msg("%s", detail.text);
}

void federation_settle(struct federation *federation)
{
	struct delivery delivery;
	struct error_detail detail = {""};

	if (node_deliver(federation->nodes, federation->cities, &delivery, &detail))
		fail_msg("%s", detail.text);
}

static struct txn *reading(struct federation *federation, unsigned city)
{
	struct txn *txn;

	assert_good(txn_begin_read(ledger_store(node_ledger(federation->nodes[city])), &txn));
	return txn;
}

uint64_t federation_acknowledged(struct federation *federation, unsigned from, unsigned to)
{
	struct txn *txn = reading(federation, from);
	uint64_t number;

	assert_good(outbox_acknowledged(txn, sample_regions[to], &number));
	txn_abort(txn);
	return number;
}

uint64_t federation_waiting(struct federation *federation, unsigned from, unsigned to)
{
	struct txn *txn = reading(federation, from);
	uint64_t count;

	assert_good(outbox_waiting(txn, sample_regions[to], &count));
	txn_abort(txn);
	return count;
}

static unsigned names_in(pid_t pid, const char *what)
{
	char path[64];
	DIR *directory;
	struct dirent *one;
	unsigned count = 0;

	snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, what);
	directory = opendir(path);
	assert_non_null(directory);
	while ((one = readdir(directory)))
		count += one->d_name[0] != '.';
	closedir(directory);
	return count;
}

struct process_facts process_facts(const struct process *process)
{
	struct process_facts facts = {
	    .files = names_in(process->pid, "fd"), .threads = names_in(process->pid, "task")};
	char path[64], line[200];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%ld/status", (long)process->pid);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		if (strncmp(line, "RssAnon:", 8) == 0)
			facts.resident_kib = strtoull(line + 8, NULL, 10);
	}
	fclose(file);
	return facts;
}

int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void breathe(void)
{
	const struct timespec moment = {.tv_nsec = 1000000};

	nanosleep(&moment, NULL);
}
