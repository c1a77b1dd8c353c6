#include "interrupted.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "interrupted.c: %s: %s\n", what, strerror(errno));
	exit(98);
}

static bool is_change(const struct __ptrace_syscall_info *info)
{
	switch (info->entry.nr) {
	case SYS_write:
	case SYS_pwrite64:
	case SYS_pwritev:
	case SYS_writev:
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_ftruncate:
	case SYS_mkdirat:
	case SYS_unlinkat:
	case SYS_linkat:
#ifdef SYS_renameat
	case SYS_renameat:
#endif
	case SYS_renameat2:
#ifdef SYS_mkdir
	case SYS_mkdir:
	case SYS_unlink:
	case SYS_rmdir:
	case SYS_link:
	case SYS_rename:
#endif
		return true;
	case SYS_openat:
		return info->entry.args[2] & O_CREAT;
	default:
		return false;
	}
}

static void become(char *const *argv, bool quiet)
{
	if (quiet && (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)))
		_exit(97);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(97);
	raise(SIGSTOP);
	execv(argv[0], argv);
	_exit(97);
}

static pid_t start(char *const *argv, bool quiet)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child == 0)
		become(argv, quiet);
	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	if (!WIFSTOPPED(status))
		return -1;
	if (ptrace(PTRACE_SETOPTIONS, child, NULL,
		(void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) != 0)
		fail("ptrace options");
	return child;
}

/* At the beginning or the end of a system call. */
static void look(pid_t child, int signal, unsigned at, struct interrupted *interrupted)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof info, &info) <= 0)
		fail("PTRACE_GET_SYSCALL_INFO");
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !is_change(&info) ||
	    ++interrupted->changes != at)
		return;
	if (kill(child, signal) != 0)
		fail("kill");
	interrupted->sent = true;
}

struct interrupted run_interrupted(char *const *argv, int signal, unsigned at, bool quiet)
{
	struct interrupted interrupted = {.changes = 0};
	pid_t child = start(argv, quiet);
	int status, deliver = 0;

	if (child < 0)
		fail("the program cannot be traced");
	for (;;) {
		/* ESRCH: it was killed just now, and waitpid will tell. */
		if (ptrace(PTRACE_SYSCALL, child, NULL, (void *)(long)deliver) != 0 &&
		    errno != ESRCH)
			fail("ptrace");
		if (waitpid(child, &status, 0) != child)
			fail("waitpid");
		deliver = 0;
		if (!WIFSTOPPED(status))
			break;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			look(child, signal, at, &interrupted);
		else if (WSTOPSIG(status) != SIGTRAP)
			deliver = WSTOPSIG(status);
	}
	interrupted.by_signal = WIFSIGNALED(status);
	interrupted.status = interrupted.by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
	return interrupted;
}

bool interrupting_is_possible(void)
{
	char *const argv[] = {"/bin/true", NULL};
	int status;
	pid_t child = start(argv, true);

	if (child < 0)
		return false;
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return true;
}
