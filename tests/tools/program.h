/* program.h: runs the program as a user does, in a fresh directory: what it printed and how it ended. */
#ifndef SUIREN_TEST_PROGRAM_H
#define SUIREN_TEST_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* What a run printed, terminated; binary output may hold NUL. */
struct run {
	int status; /* exit status; -1: ended by a signal */
	char *out, *err;
	size_t out_size, err_size;
};

/* A fresh directory under TMPDIR or /tmp, made the working directory; removed by workshop_close. */
void workshop_open(void);
void workshop_close(void);

/* Run `suiren` with these words (a shell command line after the program's name) in the workshop, standard input empty. */
struct run suiren(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Run any shell command line; $SUIREN is the program. */
struct run shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
void run_free(struct run *run);
/* How a shell command line ended, forgetting the output. */
int shell_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Run and insist on the status; what was printed is shown if it differs. */
struct run suiren_expect(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, forgetting the output. */
void suiren_must(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

unsigned lines_in(const char *text);
void file_write(const char *path, const void *bytes, size_t size);
char *file_read(const char *path, size_t *size);

#endif
