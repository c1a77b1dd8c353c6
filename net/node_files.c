/* node_files.c: the files of a node directory but its ledger: node.yaml, the keys, the writer's
 * lock. */
#include "node_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_TEXT_MAX 32

enum error node_system_error(int number)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR:
		return ERROR_NOT_FOUND;
	case EEXIST:
	case ENOTEMPTY:
		return ERROR_EXISTS;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERROR_PERMISSION;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ERROR_DISK_FULL;
	case ENOMEM:
		return ERROR_MEMORY;
	default:
		return ERROR_IO;
	}
}

static enum error system_failed(const char *path, struct error_detail *detail)
{
	int number = errno;

	return error_set(detail, node_system_error(number), "%s: %s", path, strerror(number));
}

enum error node_path(
    const char *directory, const char *name, char path[NODE_PATH_MAX], struct error_detail *detail)
{
	int size = snprintf(path, NODE_PATH_MAX, "%s/%s", directory, name);

	if (size < 0 || (size_t)size >= NODE_PATH_MAX)
		return error_set(detail, ERROR_TOO_LARGE,
		    "the name of the node directory is longer than %u bytes", NODE_PATH_MAX);
	return ERROR_NONE;
}

static enum error read_to_end(
    int file, const char *path, struct buffer *content, struct error_detail *detail)
{
	while (content->size <= CONFIG_FILE_MAX) {
		uint8_t chunk[4096];
		ssize_t got = read(file, chunk, sizeof chunk);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return system_failed(path, detail);
		if (got == 0)
			return content->failed;
		buffer_append(content, span_of(chunk, (size_t)got));
	}
	return error_set(
	    detail, ERROR_TOO_LARGE, "%s: larger than %u bytes", path, CONFIG_FILE_MAX);
}

enum error node_file_read(const char *path, struct buffer *content, struct error_detail *detail)
{
	struct stat found;
	enum error error;
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (file < 0)
		return system_failed(path, detail);
	if (fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) {
		close(file);
		return error_set(detail, ERROR_MALFORMED, "%s: not a file", path);
	}
	error = read_to_end(file, path, content, detail);
	close(file);
	return error;
}

enum error node_config_open(
    const char *directory, struct node_config *config, struct error_detail *detail)
{
	/* One at a time is enough for a file that the program wrote itself. */
	struct config_first first = {.detail = detail};
	struct buffer content = {0};
	char path[NODE_PATH_MAX];
	enum error error = node_path(directory, NODE_FILE_CONFIG, path, detail);

	if (!error)
		error = node_file_read(path, &content, detail);
	if (!error)
		error = node_config_load(
		    path, buffer_span(&content), config_report_first, &first, config);
	buffer_free(&content);
	return error;
}

enum error node_file_write(const char *path, struct span content, struct error_detail *detail)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	enum error error = ERROR_NONE;

	if (file < 0)
		return system_failed(path, detail);
	while (content.size > 0 && !error) {
		ssize_t put = write(file, content.data, content.size);

		if (put < 0 && errno != EINTR)
			error = system_failed(path, detail);
		if (put > 0)
			content = span_of(content.data + put, content.size - (size_t)put);
	}
	if (!error && fsync(file) != 0)
		error = system_failed(path, detail);
	if (close(file) != 0 && !error)
		error = system_failed(path, detail);
	if (error)
		unlink(path);
	return error;
}

enum error node_folder_sync(const char *path, struct error_detail *detail)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum error error = ERROR_NONE;

	if (folder < 0)
		return system_failed(path, detail);
	/* Some file systems cannot sync a folder and need not. */
	if (fsync(folder) != 0 && errno != EINVAL)
		error = system_failed(path, detail);
	close(folder);
	return error;
}

enum error node_file_replace(
    const char *directory, const char *name, struct span content, struct error_detail *detail)
{
	char path[NODE_PATH_MAX], part[NODE_PATH_MAX], part_name[64];
	enum error error = node_path(directory, name, path, detail);

	snprintf(part_name, sizeof part_name, "%s.part", name);
	if (!error)
		error = node_path(directory, part_name, part, detail);
	if (error)
		return error;
	unlink(part); /* what a kill has left */
	error = node_file_write(part, content, detail);
	if (!error && rename(part, path) != 0)
		error = system_failed(path, detail);
	return error ? error : node_folder_sync(directory, detail);
}

/* Who holds the lock wrote its process id into the file; only for the message. */
static enum error locked(const char *path, int file, struct error_detail *detail)
{
	char text[LOCK_TEXT_MAX] = "";
	ssize_t got = pread(file, text, sizeof text - 1, 0);
	long process = got > 0 ? strtol(text, NULL, 10) : 0;

	if (process <= 0)
		return error_set(
		    detail, ERROR_LOCKED, "%s: another process is writing to this node", path);
	if (process == (long)getpid())
		return error_set(detail, ERROR_LOCKED,
		    "%s: this process (%ld) has the node open for writing already", path, process);
	return error_set(detail, ERROR_LOCKED,
	    "%s: process %ld is writing to this node; wait until it ends, or end it", path,
	    process);
}

enum error node_lock(const char *directory, int *lock, struct error_detail *detail)
{
	char path[NODE_PATH_MAX], text[LOCK_TEXT_MAX];
	int file, size;
	enum error error = node_path(directory, NODE_FILE_LOCK, path, detail);

	*lock = -1;
	if (error)
		return error;
	file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0)
		return system_failed(path, detail);
	if (flock(file, LOCK_EX | LOCK_NB) != 0) {
		error =
		    errno == EWOULDBLOCK ? locked(path, file, detail) : system_failed(path, detail);
		close(file);
		return error;
	}
	size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	/* The lock holds whether or not the disk has room for the number. */
	if (ftruncate(file, 0) != 0 || pwrite(file, text, (size_t)size, 0) != size)
		errno = 0;
	*lock = file;
	return ERROR_NONE;
}

/* A key file by its kind: keys/<kind>.key. A reader goes on without it. */
static enum error key_open(const char *directory, const char *kind, bool may_lack,
    struct secret_key *key, struct hash *seed, bool *has, struct error_detail *detail)
{
	char name[2 * KEY_KIND_SIZE + sizeof NODE_FOLDER_KEYS], path[NODE_PATH_MAX];
	enum error error;

	snprintf(name, sizeof name, NODE_FOLDER_KEYS "/%s.key", kind);
	error = node_path(directory, name, path, detail);
	if (error)
		return error;
	if (may_lack && access(path, R_OK) != 0)
		return ERROR_NONE;
	error = key_file_read(path, kind, key, seed, detail);
	*has = !error;
	return error;
}

enum error node_keys_open(
    const char *directory, bool read_only, struct node_keys *keys, struct error_detail *detail)
{
	struct secret_key unused = {0};
	enum error error = key_open(
	    directory, "document", read_only, &keys->document, NULL, &keys->has_document, detail);

	if (!error)
		error =
		    key_open(directory, "log", read_only, &keys->log, NULL, &keys->has_log, detail);
	if (!error)
		error = key_open(directory, "registry", read_only, &unused, &keys->registry,
		    &keys->has_registry, detail);
	key_wipe(&unused);
	return error;
}

void node_keys_wipe(struct node_keys *keys)
{
	explicit_bzero(keys, sizeof *keys);
}
