#include "admin_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net_limits.h"
#include "node_internal.h"

#define SOCKET_NAME "admin.sock"
/* Bytes that are taken from a connection at once. */
#define RECEIVE_STEP (64u << 10)

/* The directory's name may be longer than a socket's may be: the way leads through its descriptor. */
static enum error address_of(
    const char *directory, struct sockaddr_un *address, int *folder, struct error_detail *detail)
{
	*folder = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*folder < 0) {
		int number = errno;

		return error_set(
		    detail, node_system_error(number), "%s: %s", directory, strerror(number));
	}
	memset(address, 0, sizeof *address);
	address->sun_family = AF_UNIX;
	snprintf(
	    address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/" SOCKET_NAME, *folder);
	return ERROR_NONE;
}

static enum error failed(const char *directory, struct error_detail *detail)
{
	int number = errno;

	return error_set(detail, node_system_error(number), "%s/" SOCKET_NAME ": %s", directory,
	    strerror(number));
}

enum error admin_listen(const char *directory, int *listener, struct error_detail *detail)
{
	struct sockaddr_un address;
	int folder, file = -1;
	mode_t before;
	enum error error = address_of(directory, &address, &folder, detail);

	*listener = -1;
	if (error)
		return error;
	file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (file < 0)
		error = failed(directory, detail);
	if (!error && unlinkat(folder, SOCKET_NAME, 0) != 0 && errno != ENOENT)
		error = failed(directory, detail);
	/* Never open to others, not even for a moment. */
	before = umask(0177);
	if (!error && bind(file, (struct sockaddr *)&address, sizeof address) != 0)
		error = failed(directory, detail);
	umask(before);
	if (!error && listen(file, ADMIN_BACKLOG) != 0)
		error = failed(directory, detail);
	close(folder);
	if (error && file >= 0)
		close(file);
	else
		*listener = file;
	return error;
}

void admin_unlisten(const char *directory, int listener)
{
	char path[NODE_PATH_MAX];

	if (listener < 0)
		return;
	if (!node_path(directory, SOCKET_NAME, path, NULL))
		unlink(path);
	close(listener);
}

/* A socket that somebody else has put there is not asked. */
static enum error check_owner(int folder, const char *directory, struct error_detail *detail)
{
	struct stat found;

	if (fstatat(folder, SOCKET_NAME, &found, AT_SYMLINK_NOFOLLOW) != 0)
		return failed(directory, detail);
	if (!S_ISSOCK(found.st_mode) || (found.st_uid != geteuid() && geteuid() != 0))
		return error_set(detail, ERROR_PERMISSION,
		    "%s/" SOCKET_NAME ": not a socket of this user", directory);
	return ERROR_NONE;
}

enum error admin_connect(const char *directory, int *connection, struct error_detail *detail)
{
	struct sockaddr_un address;
	int folder, file = -1;
	enum error error = address_of(directory, &address, &folder, detail);

	*connection = -1;
	if (error)
		return error;
	error = check_owner(folder, directory, detail);
	if (!error)
		file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!error && file < 0)
		error = failed(directory, detail);
	if (!error && connect(file, (struct sockaddr *)&address, sizeof address) != 0)
		error = errno == ECONNREFUSED ? error_set(detail, ERROR_NOT_FOUND,
						    "%s/" SOCKET_NAME ": nobody listens", directory)
					      : failed(directory, detail);
	close(folder);
	if (error && file >= 0)
		close(file);
	else if (!error)
		*connection = file;
	return error;
}

bool admin_is_owner(int connection)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == geteuid() || peer.uid == 0);
}

/* Wait until the connection can be read or written. */
static enum error await(int connection, short events, int patience_ms, int stop)
{
	struct pollfd files[] = {
	    {.fd = connection, .events = events}, {.fd = stop, .events = POLLIN}};
	int ready;

	do
		ready = poll(files, 2, patience_ms);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return ERROR_IO;
	if (ready == 0)
		return ERROR_TIMEOUT;
	return files[1].revents ? ERROR_STOPPED : ERROR_NONE;
}

static enum error send_all(int connection, struct span bytes, int patience_ms, int stop)
{
	while (bytes.size > 0) {
		ssize_t put;
		enum error error = await(connection, POLLOUT, patience_ms, stop);

		if (error)
			return error;
		put = send(connection, bytes.data, bytes.size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (put < 0 && errno != EINTR && errno != EAGAIN)
			return ERROR_IO;
		if (put > 0)
			bytes = span_of(bytes.data + put, bytes.size - (size_t)put);
	}
	return ERROR_NONE;
}

enum error admin_send(int connection, struct span frame, int patience_ms, int stop)
{
	uint8_t head[4];
	enum error error;

	if (frame.size > ADMIN_FRAME_MAX)
		return ERROR_TOO_LARGE;
	be32_write(head, (uint32_t)frame.size);
	error = send_all(connection, span_of(head, sizeof head), patience_ms, stop);
	return error ? error : send_all(connection, frame, patience_ms, stop);
}

/* Append exactly `size` bytes. */
static enum error receive_all(
    int connection, struct buffer *out, size_t size, int patience_ms, int stop)
{
	while (size > 0) {
		size_t before = out->size, step = size < RECEIVE_STEP ? size : RECEIVE_STEP;
		uint8_t *room;
		ssize_t got;
		enum error error = await(connection, POLLIN, patience_ms, stop);

		if (error)
			return error;
		room = buffer_extend(out, step);
		if (!room)
			return out->failed;
		got = recv(connection, room, step, MSG_DONTWAIT);
		out->size = before + (got > 0 ? (size_t)got : 0);
		if (got == 0)
			return out->size == 0 ? ERROR_NOT_FOUND : ERROR_IO;
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return out->size == 0 && errno == ECONNRESET ? ERROR_NOT_FOUND : ERROR_IO;
		size -= got > 0 ? (size_t)got : 0;
	}
	return ERROR_NONE;
}

enum error admin_receive(int connection, struct buffer *frame, int patience_ms, int stop)
{
	uint32_t size;
	enum error error;

	buffer_clear(frame);
	error = receive_all(connection, frame, 4, patience_ms, stop);
	if (error)
		return error;
	size = be32_read(frame->data);
	if (size > ADMIN_FRAME_MAX)
		return ERROR_TOO_LARGE;
	frame->size = 0;
	error = receive_all(connection, frame, size, patience_ms, stop);
	return error == ERROR_NOT_FOUND ? ERROR_IO : error;
}
