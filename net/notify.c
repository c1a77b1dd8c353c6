#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum error notify(const char *lines)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = name ? strlen(name) : 0;
	ssize_t put;
	int file;

	if (size == 0)
		return ERROR_NONE;
	/* A path, or '@' and a name without a file. */
	if ((name[0] != '/' && name[0] != '@') || size >= sizeof address.sun_path)
		return ERROR_IO;
	memcpy(address.sun_path, name, size);
	if (name[0] == '@')
		address.sun_path[0] = '\0';
	file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (file < 0)
		return ERROR_IO;
	put = sendto(file, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size));
	close(file);
	return put == (ssize_t)strlen(lines) ? ERROR_NONE : ERROR_IO;
}
