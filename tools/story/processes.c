#include "processes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calendar.h"

/* How long a daemon may take to be ready, and to stop. */
#define READY_MS 60000
#define STOP_MS 60000
/* How often one that dies before it is ready is started again at once; and how often altogether. */
#define STARTS_IN_A_ROW_MAX 32u
#define STARTS_MAX 10000u

static enum error failed(const char *what, struct error_detail *detail)
{
	return error_set(detail, ERROR_IO, "%s: %s", what, strerror(errno));
}

enum error processes_init(
    struct processes *processes, const char *program, struct error_detail *detail)
{
	memset(processes, 0, sizeof *processes);
	if (program) {
		snprintf(processes->program, sizeof processes->program, "%s", program);
	} else {
		ssize_t size =
		    readlink("/proc/self/exe", processes->program, sizeof processes->program - 16);
		char *name;

		if (size < 0)
			return failed("/proc/self/exe", detail);
		processes->program[size] = '\0';
		name = strrchr(processes->program, '/');
		strcpy(name ? name + 1 : processes->program, "suirend");
	}
	if (access(processes->program, X_OK) != 0)
		return error_set(detail, ERROR_NOT_FOUND, "%s: %s: the daemon is not beside suiren",
		    processes->program, strerror(errno));
	return ERROR_NONE;
}

/* A port that is free, and stays so for whoever binds it with SO_REUSEADDR: bound here, never listened on. */
static enum error hold_port(struct process *process, struct error_detail *detail)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int on = 1;

	process->port_holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (process->port_holder < 0 ||
	    setsockopt(process->port_holder, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(process->port_holder, (struct sockaddr *)&address, size) != 0 ||
	    getsockname(process->port_holder, (struct sockaddr *)&address, &size) != 0)
		return failed("a port on loopback", detail);
	snprintf(process->listen, sizeof process->listen, "tcp://127.0.0.1:%u",
	    (unsigned)ntohs(address.sin_port));
	return ERROR_NONE;
}

enum error processes_add(
    struct processes *processes, const char *directory, struct error_detail *detail)
{
	struct process *process = &processes->all[processes->count];

	if (processes->count == PROCESSES_MAX || strlen(directory) + 8 > PROCESS_PATH_MAX)
		return error_set(detail, ERROR_TOO_LARGE, "too many daemons, or too long a name");
	snprintf(process->directory, sizeof process->directory, "%s", directory);
	process->port_holder = -1;
	processes->count++;
	return hold_port(process, detail);
}

/* Where the child says that it is ready: a socket without a file. */
static enum error listen_for_ready(
    const struct process *process, int *listener, char name[64], struct error_detail *detail)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int size = snprintf(name, 64, "@suiren-ready-%ld-%u-%d", (long)getpid(), process->starts,
	    process->port_holder);

	*listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memcpy(address.sun_path, name, (size_t)size);
	address.sun_path[0] = '\0';
	if (*listener < 0 ||
	    bind(*listener, (struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)size)) != 0)
		return failed("the socket for readiness", detail);
	return ERROR_NONE;
}

/* In the child: never returns. */
static void become(const struct processes *processes, const struct process *process,
    const char *ready, pid_t parent)
{
	char log[PROCESS_PATH_MAX + 8], now[32];
	sigset_t none;
	int file;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127); /* it has gone already */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	time_write(processes->now_ms, now);
	snprintf(log, sizeof log, "%s.log", process->directory);
	file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (file < 0 || dup2(file, STDERR_FILENO) < 0 || dup2(file, STDOUT_FILENO) < 0 ||
	    setenv("NOTIFY_SOCKET", ready, 1) != 0)
		_exit(127);
	execl(processes->program, processes->program, process->directory, "--listen",
	    process->listen, "--now", now, (char *)NULL);
	_exit(127);
}

/* Wait until it says READY=1, or ends. */
static enum error await_ready(pid_t pid, int listener)
{
	char word[64];
	int file = (int)syscall(SYS_pidfd_open, pid, 0);
	enum error error = file < 0 ? ERROR_STATE : ERROR_TIMEOUT;

	while (error == ERROR_TIMEOUT) {
		struct pollfd files[] = {
		    {.fd = listener, .events = POLLIN}, {.fd = file, .events = POLLIN}};
		int ready = poll(files, 2, READY_MS);
		ssize_t size;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			break;
		if (files[0].revents) {
			size = recv(listener, word, sizeof word - 1, 0);
			word[size > 0 ? size : 0] = '\0';
			if (strncmp(word, "READY=1", 7) == 0)
				error = ERROR_NONE;
		} else {
			error = ERROR_STATE;
		}
	}
	if (file >= 0)
		close(file);
	return error;
}

enum error process_start(
    struct processes *processes, struct process *process, struct error_detail *detail)
{
	char name[64];
	int listener = -1;
	pid_t pid, parent = getpid();
	enum error error = listen_for_ready(process, &listener, name, detail);

	if (!error) {
		pid = fork();
		if (pid == 0)
			become(processes, process, name, parent);
		if (pid < 0)
			error = failed("fork", detail);
		else
			process->pid = pid;
	}
	if (!error) {
		process->starts++;
		error = await_ready(process->pid, listener);
		if (error)
			error_set(detail, error, "%s: suirend %s; its log is %s.log",
			    process->directory,
			    error == ERROR_STATE ? "ended at once" : "is not ready in time",
			    process->directory);
	}
	if (listener >= 0)
		close(listener);
	return error;
}

struct process *processes_find(struct processes *processes, const char *directory)
{
	for (unsigned i = 0; i < processes->count; i++) {
		if (strcmp(processes->all[i].directory, directory) == 0)
			return &processes->all[i];
	}
	return NULL;
}

void process_kill(struct process *process)
{
	pid_t pid = process->pid;

	if (pid > 0)
		kill(pid, SIGKILL);
}

/* Wait for its end. */
static enum error reap(struct process *process, int *status)
{
	pid_t pid = process->pid, found;

	do
		found = waitpid(pid, status, 0);
	while (found < 0 && errno == EINTR);
	process->pid = 0;
	return found == pid ? ERROR_NONE : ERROR_STATE;
}

bool processes_revive(void *context, const char *directory)
{
	struct processes *processes = context;
	struct process *process = processes_find(processes, directory);
	int status = SIGKILL; /* as if it had been killed, if nobody knows how it ended */

	if (!process || process->starts >= STARTS_MAX)
		return false;
	/* It may be ready for questions and not asked yet, or dying: a socket that is closed belongs to one that ends. */
	if (process->pid > 0 && reap(process, &status))
		return false;
	/* Who ended it by hand wants it ended. */
	if (WIFEXITED(status))
		return false;
	for (unsigned i = 0; i < STARTS_IN_A_ROW_MAX; i++) {
		struct error_detail detail = {""};

		processes->revived++;
		if (process_start(processes, process, &detail) == ERROR_NONE)
			return true;
		/* Killed again before it was ready. */
		if (process->pid > 0 && reap(process, &status))
			return false;
	}
	return false;
}

enum error process_stop(struct process *process)
{
	pid_t pid = process->pid;
	struct pollfd end = {.events = POLLIN};
	int status, ready = 0;

	if (pid == 0)
		return ERROR_NONE;
	end.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	kill(pid, SIGTERM);
	if (end.fd >= 0) {
		do
			ready = poll(&end, 1, STOP_MS);
		while (ready < 0 && errno == EINTR);
		close(end.fd);
	}
	if (ready <= 0)
		kill(pid, SIGKILL);
	if (reap(process, &status))
		return ERROR_STATE;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ERROR_NONE : ERROR_STATE;
}

enum error processes_close(struct processes *processes)
{
	enum error first = ERROR_NONE;

	/* All are asked before any is waited for. */
	for (unsigned i = 0; i < processes->count; i++) {
		if (processes->all[i].pid > 0)
			kill(processes->all[i].pid, SIGTERM);
	}
	for (unsigned i = 0; i < processes->count; i++) {
		enum error error = process_stop(&processes->all[i]);

		first = first ? first : error;
		if (processes->all[i].port_holder >= 0)
			close(processes->all[i].port_holder);
	}
	processes->count = 0;
	return first;
}
