/* interrupted.h: runs the program under the eyes of ptrace(2) and sends it a signal at the very moment when it is about to change something
 * outside itself for the n-th time: to write, to make durable, to rename, to remove. So every moment that can matter can be tried,
 * and a number names it: nothing hangs on time. */
#ifndef SUIREN_TEST_INTERRUPTED_H
#define SUIREN_TEST_INTERRUPTED_H

#include <stdbool.h>

struct interrupted {
	bool sent;        /* false: it ended before the n-th change */
	bool by_signal;   /* it ended by a signal */
	int status;       /* exit status, or the signal */
	unsigned changes; /* that it was about to make */
};

/* May a process here be traced at all? Some sandboxes forbid it. */
bool interrupting_is_possible(void);
/* Run argv[0] with these words, what it prints passed on or, if `quiet`, thrown away; send `signal` at change `at` (from 1; 0: never). With SIGKILL that change is not made any more.
 * Ends the test program if the system calls fail. */
struct interrupted run_interrupted(char *const *argv, int signal, unsigned at, bool quiet);

#endif
