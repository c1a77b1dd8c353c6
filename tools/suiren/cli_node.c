#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <assert.h>

#define READ_STEP (64u << 10)

static int64_t clock_moved(void *context)
{
	const struct cli *cli = context;
	return cli->now_ms;
}

int cli_directory(const struct cli *cli, const char *directory)
{
	struct stat found;
	char path[4096];
	if (stat(directory, &found))
		return cli_refuse(cli, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
		    "%s: %s; `suiren init` makes a node", directory, strerror(errno));
	if (!S_ISDIR(found.st_mode))
		return cli_refuse(cli, ERROR_NOT_FOUND,
		    "%s: a file; a node is a directory made by `suiren init`", directory);
	if (snprintf(path, sizeof(path), "%s/node.yaml", directory) >= (int)sizeof(path))
		return cli_refuse(cli, ERROR_TOO_LARGE, "the name of the directory is too long");
	if (stat(path, &found))
		return cli_refuse(cli, ERROR_NOT_FOUND,
		    "%s: no node (%s: %s); `suiren init` makes one", directory, path,
		    strerror(errno));
	return CLI_DONE;
}

struct node *cli_open(struct cli *cli, const char *directory, bool read_only, int *status)
{
	struct error_detail detail = {""};
	struct node *node = NULL;
	*status = cli_directory(cli, directory);
	if (*status)
		return NULL;
	if (cli->dry_run && !read_only) {
		*status = cli_usage(cli->command, "it has no dry run");
		return NULL;
	}
	struct node_options options = {.read_only = read_only};
	if (cli->now)
		options.seams = (struct node_seams){.clock_ms = clock_moved, .context = cli};
	enum error error = node_open(directory, &options, &node, &detail);
	if (error) {
		*status = cli_fail(cli, error, &detail, directory);
		return NULL;
	}
	if (cli->now && !node_is_demo(node)) {
		node_close(node);
		*status = cli_usage(cli->command,
		    "--now moves the clock of demo nodes only, and %s is none", directory);
		return NULL;
	}
	return node;
}

struct txn *cli_read(const struct cli *cli, struct node *node, int *status)
{
	struct txn *txn = NULL;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);
	*status = error ? cli_fail(cli, error, NULL, node_directory(node)) : CLI_DONE;
	return txn;
}

static enum error io_error(const char *path, struct error_detail *detail)
{
	enum error error = errno == ENOENT || errno == ENOTDIR || errno == EISDIR ? ERROR_NOT_FOUND
			   : errno == EACCES || errno == EPERM || errno == EROFS  ? ERROR_PERMISSION
			   : errno == EEXIST                                      ? ERROR_EXISTS
			   : errno == ENOSPC || errno == EDQUOT                   ? ERROR_DISK_FULL
										  : ERROR_IO;
	return error_set(detail, error, "%s: %s", path, strerror(errno));
}

static enum error read_all(
    int file, const char *path, size_t max, struct buffer *content, struct error_detail *detail)
{
	for (;;) {
		size_t before = content->size;
		uint8_t *room = buffer_extend(content, READ_STEP);
		if (!room)
			return error_set(
			    detail, content->failed, "%s: %s", path, error_text(content->failed));
		ssize_t got = read(file, room, READ_STEP);
		content->size = before + (got > 0 ? (size_t)got : 0);
		if (got < 0 && errno == EAGAIN) {
			struct pollfd more = {.fd = file, .events = POLLIN};
			poll(&more, 1, -1); /* a pipe whose writer is at work */
		} else if (got < 0 && errno != EINTR) {
			return io_error(path, detail);
		}
		if (content->size > max)
			return error_set(detail, ERROR_TOO_LARGE,
			    "%s: more than the %zu bytes that such a file may have", path, max);
		if (got == 0)
			return ERROR_NONE;
	}
}

enum error cli_read_file(
    const char *path, size_t max, struct buffer *content, struct error_detail *detail)
{
	struct stat found;
	assert(content->size == 0);
	if (strcmp(path, "-") == 0)
		return read_all(STDIN_FILENO, "standard input", max, content, detail);
	/* A pipe that has no writer must not hold the program up: it reads as empty then. */
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return io_error(path, detail);
	enum error error = ERROR_NONE;
	/* Refuse a huge file before it is read. */
	if (fstat(file, &found))
		error = io_error(path, detail);
	else if (S_ISDIR(found.st_mode))
		error = error_set(detail, ERROR_NOT_FOUND, "%s: a directory, not a file", path);
	else if (S_ISREG(found.st_mode) && (uint64_t)found.st_size > max)
		error = error_set(detail, ERROR_TOO_LARGE,
		    "%s: %lld bytes; such a file may have at most %zu", path,
		    (long long)found.st_size, max);
	else
		error = read_all(file, path, max, content, detail);
	if (!error && content->size == 0 && S_ISFIFO(found.st_mode))
		error = error_set(detail, ERROR_MALFORMED,
		    "%s: a pipe that nothing comes out of; name a file", path);
	close(file);
	return error;
}

static enum error write_all(
    int file, const char *path, struct span content, struct error_detail *detail)
{
	while (content.size > 0) {
		ssize_t put = write(file, content.data, content.size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return io_error(path, detail);
		content.data += put;
		content.size -= (size_t)put;
	}
	return ERROR_NONE;
}

/* Give the file its name, unless it is taken. */
static enum error name_file(const char *part, const char *path, struct error_detail *detail)
{
	if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return ERROR_NONE;
	/* Not every file system knows how not to replace; then by a second name, which cannot replace either. */
	if ((errno == EINVAL || errno == ENOSYS) && link(part, path) == 0)
		return ERROR_NONE;
	if (errno == EEXIST)
		return error_set(detail, ERROR_EXISTS,
		    "%s: exists already and is not overwritten; name another file", path);
	return io_error(path, detail);
}

/* Under another name first: half a file of ours would be taken for a whole one if the program were ended in the middle. */
enum error cli_write_file(const char *path, struct span content, struct error_detail *detail)
{
	char part[4096];
	if (access(path, F_OK) == 0)
		return error_set(detail, ERROR_EXISTS,
		    "%s: exists already and is not overwritten; name another file", path);
	if (snprintf(part, sizeof(part), "%s.part-%d", path, (int)getpid()) >= (int)sizeof(part))
		return error_set(detail, ERROR_TOO_LARGE, "%.200s...: too long a name", path);
	int file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (file < 0)
		return io_error(path, detail);
	enum error error = write_all(file, path, content, detail);
	if (close(file) && !error)
		error = io_error(path, detail);
	if (!error)
		error = name_file(part, path, detail);
	unlink(part); /* gone already if it was renamed */
	return error;
}
