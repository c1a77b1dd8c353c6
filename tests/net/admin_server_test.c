/* The admin socket: whoever asks properly is answered; garbage, half frames and clients that say nothing do no harm and are not waited for. */
#include "nodes.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "admin_client.h"
#include "admin_server.h"
#include "admin_socket.h"

struct desk {
	char folder[200], directory[600];
	struct admin_server *server;
};

/* Answers with the number of bytes of the first document; a status with its counters' number. */
static void serve(void *context, const struct admin_request *request, struct buffer *body,
    struct admin_answer *answer)
{
	(void)context;
	if (request->name == ADMIN_SUBMIT) {
		answer->count = request->count;
		for (size_t i = 0; i < request->count; i++)
			answer->answers[i].sequence = request->submissions[i].document.size;
	} else if (request->name == ADMIN_CLOCK) {
		answer->error = error_set(&answer->text, ERROR_USAGE, "no clock here");
	} else {
		codec_put_bool(body, true);
		answer->body = buffer_span(body);
	}
}

/* A name longer than a socket's may be. */
static int set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof *desk);
	struct error_detail detail = {""};

	assert_non_null(desk);
	folder_make(desk->folder);
	snprintf(desk->directory, sizeof desk->directory, "%s/%0200d", desk->folder, 7);
	assert_int_equal(mkdir(desk->directory, 0755), 0);
	if (admin_server_open(desk->directory, serve, NULL, &desk->server, &detail))
		fail_msg("%s", detail.text);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;

	admin_server_close(desk->server);
	assert_false(admin_is_there(desk->directory));
	folder_remove(desk->folder);
	free(desk);
	return 0;
}

static void assert_answers(struct desk *desk, size_t size)
{
	struct admin_request request = {.name = ADMIN_SUBMIT, .count = 1};
	struct error_detail detail = {""};
	struct buffer bytes = {0};
	struct admin_answer answer;
	uint8_t *document = calloc(1, size);

	assert_non_null(document);
	request.submissions[0].document = span_of(document, size);
	if (admin_ask(desk->directory, &request, &bytes, &answer, NULL, &detail))
		fail_msg("%s", detail.text);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.answers[0].sequence, size);
	free(document);
	buffer_free(&bytes);
}

static void a_request_is_answered_whatever_its_size(void **state)
{
	struct desk *desk = *state;
	struct admin_request request = {.name = ADMIN_CLOCK, .has_time = true};
	struct error_detail detail = {""};
	struct buffer bytes = {0};
	struct admin_answer answer;

	assert_true(admin_is_there(desk->directory));
	assert_answers(desk, 1);
	assert_answers(desk, 9u << 20);
	assert_int_equal(
	    admin_ask(desk->directory, &request, &bytes, &answer, NULL, &detail), ERROR_USAGE);
	assert_string_equal(detail.text, "no clock here");
	buffer_free(&bytes);
}

static void the_socket_is_for_its_owner_alone(void **state)
{
	struct desk *desk = *state;
	char path[700];
	struct stat found;

	snprintf(path, sizeof path, "%s/admin.sock", desk->directory);
	assert_int_equal(stat(path, &found), 0);
	assert_true(S_ISSOCK(found.st_mode));
	assert_int_equal(found.st_mode & 07777, 0600);
}

static int connect_to(struct desk *desk)
{
	int connection;

	assert_int_equal(admin_connect(desk->directory, &connection, NULL), ERROR_NONE);
	return connection;
}

/* Wait until the other side has closed, reading what it still says. */
static void await_end(int connection)
{
	char bytes[4096];
	ssize_t got;

	do
		got = recv(connection, bytes, sizeof bytes, 0);
	while (got > 0);
	close(connection);
}

static uint32_t draw(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void garbage_is_answered_or_cut_off_and_the_next_one_is_served(void **state)
{
	enum { CLIENTS = 400 };
	struct desk *desk = *state;
	struct admin_counters counters;
	uint32_t seed = 20261128;

	print_message("seed %u\n", seed);
	for (unsigned i = 0; i < CLIENTS; i++) {
		uint8_t bytes[300];
		size_t size = draw(&seed) % sizeof bytes;
		int connection = connect_to(desk);

		for (size_t k = 0; k < size; k++)
			bytes[k] = (uint8_t)draw(&seed);
		/* Sometimes a proper length before it. */
		if (size >= 4 && i % 2)
			be32_write(bytes, (uint32_t)size - 4);
		assert_int_equal(send(connection, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
		shutdown(connection, SHUT_WR);
		await_end(connection);
	}
	assert_answers(desk, 5);
	admin_server_counters(desk->server, &counters);
	assert_int_equal(counters.requests, 1);
	assert_true(counters.malformed > 0 && counters.broken > 0);
	assert_int_equal(counters.strangers, 0);
}

static void a_frame_that_promises_too_much_is_cut_off_at_once(void **state)
{
	struct desk *desk = *state;
	uint8_t head[4];
	int connection = connect_to(desk);

	be32_write(head, ADMIN_FRAME_MAX + 1);
	assert_int_equal(send(connection, head, 4, MSG_NOSIGNAL), 4);
	await_end(connection);
	assert_answers(desk, 5);
}

/* As many as there are threads say nothing: the server stops all the same. */
static void silent_clients_do_not_keep_it_from_stopping(void **state)
{
	struct desk *desk = *state;
	int connections[ADMIN_THREADS];

	for (unsigned i = 0; i < ADMIN_THREADS; i++) {
		connections[i] = connect_to(desk);
		assert_int_equal(send(connections[i], "\0", 1, MSG_NOSIGNAL), 1);
	}
	admin_server_close(desk->server);
	desk->server = NULL;
	for (unsigned i = 0; i < ADMIN_THREADS; i++)
		await_end(connections[i]);
}

static void what_a_daemon_that_is_gone_has_left_is_replaced(void **state)
{
	struct desk *desk = *state;
	struct error_detail detail = {""};
	struct admin_request request = {.name = ADMIN_STATUS};
	struct buffer bytes = {0};
	struct admin_answer answer;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	bool sent = true;
	int file;

	admin_server_close(desk->server);
	desk->server = NULL;
	assert_int_equal(
	    admin_ask(desk->directory, &request, &bytes, &answer, &sent, &detail), ERROR_NOT_FOUND);
	assert_false(sent);
	/* A socket that nobody listens on: what SIGKILL leaves. */
	assert_int_equal(chdir(desk->directory), 0);
	strcpy(address.sun_path, "admin.sock");
	file = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(file, (struct sockaddr *)&address, sizeof address), 0);
	close(file);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(
	    admin_ask(desk->directory, &request, &bytes, &answer, &sent, &detail), ERROR_NOT_FOUND);
	assert_false(admin_is_there(desk->directory));
	assert_int_equal(
	    admin_server_open(desk->directory, serve, NULL, &desk->server, &detail), ERROR_NONE);
	assert_answers(desk, 3);
	buffer_free(&bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_request_is_answered_whatever_its_size),
	    TEST(the_socket_is_for_its_owner_alone),
	    TEST(garbage_is_answered_or_cut_off_and_the_next_one_is_served),
	    TEST(a_frame_that_promises_too_much_is_cut_off_at_once),
	    TEST(silent_clients_do_not_keep_it_from_stopping),
	    TEST(what_a_daemon_that_is_gone_has_left_is_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
