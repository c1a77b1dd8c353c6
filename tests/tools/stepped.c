#include "stepped.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 98 };

static pid_t child;

static void fail(const char *what)
{
	fprintf(stderr, "stepped.c: %s: %s\n", what, strerror(errno));
	exit(FAILED);
}

#define STOP_AT(call)                                      \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), \
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE)

/* Only these calls stop the child: the others cost nothing. */
static void watch_steps(void)
{
	struct sock_filter steps[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    STOP_AT(SYS_pwrite64),
	    STOP_AT(SYS_pwritev),
	    STOP_AT(SYS_writev),
	    STOP_AT(SYS_fdatasync),
	    STOP_AT(SYS_fsync),
	    STOP_AT(SYS_ftruncate),
	    STOP_AT(SYS_sendmsg),
	    STOP_AT(SYS_sendto),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = sizeof steps / sizeof *steps, .filter = steps};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		fail("seccomp");
}

static void become(char *const *argv)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		fail("PTRACE_TRACEME");
	raise(SIGSTOP);
	watch_steps();
	execv(argv[0], argv);
	fail(argv[0]);
}

static void pass_on(int signal)
{
	kill(child, signal);
}

static void start(char *const *argv)
{
	const struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
	int status;

	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0)
		become(argv);
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		fail("the program cannot be traced");
	if (ptrace(PTRACE_SETOPTIONS, child, NULL,
		(void *)(PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)) != 0)
		fail("ptrace options");
	sigaction(SIGTERM, &action, NULL);
	ptrace(PTRACE_CONT, child, NULL, NULL);
}

/* Where the steps are counted: in memory that whoever has the file can read at any time. */
static uint32_t *map_count(const char *path)
{
	static uint32_t nowhere;
	int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	uint32_t *count = &nowhere;

	if (path) {
		count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		if (count == MAP_FAILED)
			fail(path);
		close(file);
	}
	return count;
}

static _Noreturn void end_as(int status)
{
	if (WIFSIGNALED(status))
		raise(SIGKILL);
	exit(WEXITSTATUS(status));
}

/* What a thread that stopped is to be given when it goes on; the stops of tracing itself are no signals to it. */
static int signal_of(int status)
{
	int signal = WSTOPSIG(status);

	return status >> 16 || signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
}

_Noreturn void be_stepped(char *const *argv, unsigned at, const char *count_file)
{
	uint32_t *steps = map_count(count_file);

	start(argv);
	for (;;) {
		int status;
		pid_t thread = waitpid(-1, &status, __WALL);

		if (thread < 0 && errno == EINTR)
			continue;
		if (thread < 0)
			fail("waitpid");
		if (thread == child && !WIFSTOPPED(status))
			end_as(status);
		if (!WIFSTOPPED(status))
			continue; /* a thread has ended */
		if (status >> 16 == PTRACE_EVENT_SECCOMP && ++*steps == at) {
			kill(child, SIGKILL);
			continue;
		}
		/* ESRCH: killed just now, and waitpid will tell. */
		if (ptrace(PTRACE_CONT, thread, NULL, (void *)(long)signal_of(status)) != 0 &&
		    errno != ESRCH)
			fail("PTRACE_CONT");
	}
}
