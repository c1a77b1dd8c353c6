#include "admin_server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin_socket.h"

struct admin_server {
	char *directory;
	admin_serve *serve;
	void *context;
	int listener, stop; /* `stop`: an eventfd, readable from the moment on which all end */
	pthread_t threads[ADMIN_THREADS];
	unsigned thread_count;
	pthread_mutex_t mutex; /* the counters */
	struct admin_counters counters;
};

/* What one thread works with. */
struct worker {
	struct admin_server *server;
	struct buffer request, body, answer;
};

static void count(struct admin_server *server, uint64_t *counter)
{
	pthread_mutex_lock(&server->mutex);
	++*counter;
	pthread_mutex_unlock(&server->mutex);
}

/* Registers' rows may be in it. */
static void forget(struct buffer *buffer)
{
	if (buffer->data)
		explicit_bzero(buffer->data, buffer->capacity);
	buffer_free(buffer);
	*buffer = (struct buffer){0};
}

static void answer(struct worker *worker, int connection, struct admin_request *request)
{
	struct admin_server *server = worker->server;
	struct admin_answer result = {.error = ERROR_NONE};
	enum error error = admin_request_read(buffer_span(&worker->request), request);

	if (error) {
		count(server, &server->counters.malformed);
		result.error = error_set(&result.text, error, "the request: %s", error_text(error));
		request->name = ADMIN_STATUS;
	} else {
		count(server, &server->counters.requests);
		server->serve(server->context, request, &worker->body, &result);
	}
	admin_answer_write(&worker->answer, request->name, &result);
	/* The answer is sent also while the server stops: what was booked is to be known. */
	if (worker->answer.failed ||
	    admin_send(connection, buffer_span(&worker->answer), ADMIN_PATIENCE_MS, -1))
		count(server, &server->counters.broken);
}

static void converse(struct worker *worker, int connection)
{
	struct admin_server *server = worker->server;
	struct admin_request *request = calloc(1, sizeof *request);
	enum error error;

	if (!admin_is_owner(connection)) {
		count(server, &server->counters.strangers);
	} else if (request) {
		error =
		    admin_receive(connection, &worker->request, ADMIN_PATIENCE_MS, server->stop);
		if (!error)
			answer(worker, connection, request);
		else if (error !=
			 ERROR_NOT_FOUND) /* somebody who only looked whether we are here */
			count(server, &server->counters.broken);
	}
	free(request);
	forget(&worker->request);
	buffer_clear(&worker->body);
	buffer_clear(&worker->answer);
}

/* All threads wait for the next connection; one gets it. */
static void *work(void *context)
{
	struct worker worker = {.server = context};
	struct admin_server *server = context;

	for (;;) {
		struct pollfd files[] = {{.fd = server->listener, .events = POLLIN},
		    {.fd = server->stop, .events = POLLIN}};
		int connection;

		if (poll(files, 2, -1) < 0 && errno != EINTR)
			break;
		if (files[1].revents)
			break;
		connection = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
		if (connection < 0)
			continue;
		converse(&worker, connection);
		close(connection);
	}
	buffer_free(&worker.body);
	buffer_free(&worker.answer);
	return NULL;
}

enum error admin_server_open(const char *directory, admin_serve *serve, void *context,
    struct admin_server **out, struct error_detail *detail)
{
	struct admin_server *server = calloc(1, sizeof *server);
	enum error error = ERROR_NONE;

	*out = NULL;
	if (!server)
		return ERROR_MEMORY;
	server->serve = serve;
	server->context = context;
	server->listener = -1;
	pthread_mutex_init(&server->mutex, NULL);
	server->stop = eventfd(0, EFD_CLOEXEC);
	server->directory = strdup(directory);
	if (server->stop < 0 || !server->directory)
		error = ERROR_MEMORY;
	if (!error)
		error = admin_listen(directory, &server->listener, detail);
	*out = server; /* before the first thread serves: it may ask for the counters */
	while (!error && server->thread_count < ADMIN_THREADS) {
		if (pthread_create(&server->threads[server->thread_count], NULL, work, server) != 0)
			error = ERROR_MEMORY;
		else
			server->thread_count++;
	}
	if (error) {
		admin_server_close(server);
		*out = NULL;
	}
	return error;
}

void admin_server_close(struct admin_server *server)
{
	const uint64_t one = 1;

	if (!server)
		return;
	if (server->stop >= 0 && write(server->stop, &one, sizeof one) != sizeof one)
		abort(); /* an eventfd takes it */
	for (unsigned i = 0; i < server->thread_count; i++)
		pthread_join(server->threads[i], NULL);
	admin_unlisten(server->directory, server->listener);
	if (server->stop >= 0)
		close(server->stop);
	pthread_mutex_destroy(&server->mutex);
	free(server->directory);
	free(server);
}

void admin_server_counters(struct admin_server *server, struct admin_counters *counters)
{
	pthread_mutex_lock(&server->mutex);
	*counters = server->counters;
	pthread_mutex_unlock(&server->mutex);
}
