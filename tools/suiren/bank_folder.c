#include "bank_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static enum error failed(const char *path, struct error_detail *detail)
{
	enum error error = errno == ENOENT || errno == ENOTDIR                   ? ERROR_NOT_FOUND
			   : errno == EACCES || errno == EPERM || errno == EROFS ? ERROR_PERMISSION
			   : errno == ENOSPC || errno == EDQUOT                  ? ERROR_DISK_FULL
										 : ERROR_IO;

	return error_set(detail, error, "%s: %s", path, strerror(errno));
}

enum error bank_path(const char *directory, const char *part, const char *name,
    char path[BANK_PATH_MAX], struct error_detail *detail)
{
	int size = snprintf(path, BANK_PATH_MAX, "%s/bank/%s%s%s", directory, part, name ? "/" : "",
	    name ? name : "");

	return size >= 0 && size < BANK_PATH_MAX
		   ? ERROR_NONE
		   : error_set(detail, ERROR_TOO_LARGE, "%s: too long a name", directory);
}

enum error bank_folder_make(const char *directory, const char *part, struct error_detail *detail)
{
	char path[BANK_PATH_MAX];
	enum error error = bank_path(directory, part, NULL, path, detail);

	/* From DIR/bank down. */
	for (size_t at = strlen(directory) + 1; !error; at++) {
		bool last = path[at] == '\0';

		if (!last && path[at] != '/')
			continue;
		path[at] = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			error = failed(path, detail);
		if (last)
			break;
		path[at] = '/';
	}
	return error;
}

static enum error write_all(
    int file, struct span content, const char *path, struct error_detail *detail)
{
	while (content.size > 0) {
		ssize_t put = write(file, content.data, content.size);

		if (put < 0 && errno != EINTR)
			return failed(path, detail);
		if (put > 0)
			content = span_of(content.data + put, content.size - (size_t)put);
	}
	return fsync(file) != 0 ? failed(path, detail) : ERROR_NONE;
}

/* What stands there: the same, or something else? */
static enum error compare(const char *path, struct span content, struct error_detail *detail)
{
	struct buffer there = {0};
	enum error error = cli_read_file(path, content.size, &there, detail);

	if (error == ERROR_TOO_LARGE || (!error && !span_equal(buffer_span(&there), content)))
		error = error_set(detail, ERROR_EXISTS,
		    "%s: another file stands there and is not overwritten", path);
	buffer_free(&there);
	return error;
}

/* A temporary file beside the place, then a link: whoever looks sees all of it or nothing, and nothing is replaced. */
enum error bank_file_write(
    const char *path, struct span content, bool *written, struct error_detail *detail)
{
	char part[BANK_PATH_MAX + 16];
	enum error error;
	int file;

	*written = false;
	if (access(path, F_OK) == 0)
		return compare(path, content, detail);
	snprintf(part, sizeof part, "%s.XXXXXX", path);
	file = mkostemp(part, O_CLOEXEC);
	if (file < 0)
		return failed(path, detail);
	error = write_all(file, content, path, detail);
	if (close(file) != 0 && !error)
		error = failed(path, detail);
	if (!error && link(part, path) != 0)
		error = errno == EEXIST ? compare(path, content, detail) : failed(path, detail);
	else if (!error)
		*written = true;
	unlink(part);
	return error;
}

static int is_xml(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return size > 4 && entry->d_name[0] != '.' && strcmp(entry->d_name + size - 4, ".xml") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

enum error bank_folder_list(
    const char *directory, const char *part, struct bank_names *names, struct error_detail *detail)
{
	char path[BANK_PATH_MAX];
	struct dirent **found;
	enum error error = bank_path(directory, part, NULL, path, detail);
	int count;

	*names = (struct bank_names){NULL, 0};
	if (error)
		return error;
	count = scandir(path, &found, is_xml, by_bytes);
	if (count < 0)
		return errno == ENOENT ? ERROR_NONE : failed(path, detail);
	if ((unsigned)count > BANK_FILES_MAX)
		error = error_set(
		    detail, ERROR_TOO_LARGE, "%s: more than %u files", path, BANK_FILES_MAX);
	names->names = error ? NULL : calloc((size_t)count + 1, sizeof *names->names);
	if (!error && !names->names)
		error = ERROR_MEMORY;
	for (int i = 0; i < count; i++) {
		if (!error && !(names->names[names->count] = strdup(found[i]->d_name)))
			error = ERROR_MEMORY;
		else if (!error)
			names->count++;
		free(found[i]);
	}
	free(found);
	if (error)
		bank_names_free(names);
	return error;
}

void bank_names_free(struct bank_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
	*names = (struct bank_names){NULL, 0};
}
