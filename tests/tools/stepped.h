/* stepped.h: runs a program with threads under the eyes of ptrace(2) and kills it at the very moment when it is about to do its n-th step: to send, to
 * write to a file, to make durable. (interrupted.h is for programs of one thread, and for more kinds of changes.) Of several threads the
 * order may be another one each time: n names a moment, all n together all moments. */
#ifndef SUIREN_TEST_STEPPED_H
#define SUIREN_TEST_STEPPED_H

/* Run argv[0] with these words as a child, SIGTERM passed on, and end as it ends: with its status, or by SIGKILL. `at` (from 1; 0: never) is
 * the step that is not made any more. The number of steps so far always stands in
 * `count_file`, which has 4 bytes of zeros before, as a uint32_t; NULL: nowhere. */
_Noreturn void be_stepped(char *const *argv, unsigned at, const char *count_file);

#endif
