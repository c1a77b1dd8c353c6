#include "program.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char workshop[4096];

void workshop_open(void)
{
	const char *parent = getenv("TMPDIR");
	snprintf(workshop, sizeof(workshop), "%s/suiren-test-XXXXXX", parent ? parent : "/tmp");
	assert_non_null(mkdtemp(workshop));
	assert_int_equal(chdir(workshop), 0);
	setenv("SUIREN", SUIREN_BINARY, 1);
	setenv("LC_ALL", "C.UTF-8", 1);
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
	(void)found;
	(void)kind;
	(void)walk;
	return remove(path);
}

void workshop_close(void)
{
	assert_int_equal(chdir("/"), 0);
	nftw(workshop, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

char *file_read(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	long length = ftell(file);
	rewind(file);
	char *bytes = malloc((size_t)length + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)length, file), (size_t)length);
	bytes[length] = '\0';
	fclose(file);
	if (size)
		*size = (size_t)length;
	return bytes;
}

void file_write(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static struct run run_shell(const char *command)
{
	struct run run = {0};
	char *line = NULL;
	assert_true(asprintf(&line, "{ %s\n} >.run.out 2>.run.err </dev/null", command) > 0);
	int status = system(line);
	run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (run.status > 128)
		run.status = -1; /* the shell's way to tell of a signal */
	free(line);
	run.out = file_read(".run.out", &run.out_size);
	run.err = file_read(".run.err", &run.err_size);
	return run;
}

static struct run run_format(const char *before, const char *format, va_list arguments)
{
	char *words = NULL, *line = NULL;
	assert_true(vasprintf(&words, format, arguments) >= 0);
	assert_true(asprintf(&line, "%s%s", before, words) > 0);
	struct run run = run_shell(line);
	free(line);
	free(words);
	return run;
}

struct run shell(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	struct run run = run_format("", format, arguments);
	va_end(arguments);
	return run;
}

int shell_status(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	struct run run = run_format("", format, arguments);
	va_end(arguments);
	const int status = run.status;
	run_free(&run);
	return status;
}

struct run suiren(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	struct run run = run_format("\"$SUIREN\" ", format, arguments);
	va_end(arguments);
	return run;
}

void run_free(struct run *run)
{
	free(run->out);
	free(run->err);
	*run = (struct run){0};
}

static struct run expect(int status, const char *format, va_list arguments)
{
	struct run run = run_format("\"$SUIREN\" ", format, arguments);
	if (run.status != status)
		print_error("suiren %s: status %d, expected %d\n%s%s\n", format, run.status, status,
		    run.out, run.err);
	assert_int_equal(run.status, status);
	return run;
}

struct run suiren_expect(int status, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	struct run run = expect(status, format, arguments);
	va_end(arguments);
	return run;
}

void suiren_must(int status, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	struct run run = expect(status, format, arguments);
	va_end(arguments);
	run_free(&run);
}

unsigned lines_in(const char *text)
{
	unsigned lines = 0;
	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}
