/* Metrics: what a collector reads is in Prometheus' text format, and every request that is another gets an answer that says so. */
#include "nodes.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "metrics.h"

static enum error gather(void *context, struct buffer *text)
{
	struct daemon_status status = {.started_ms = 1500, .clock_ms = 2001, .peer_count = 2};
	const struct metrics_ledger ledger = {
	    .entries = 17, .used_bytes = 4096, .map_bytes = 8192, .last_entry_ms = 1790000000123};

	if (*(bool *)context)
		return ERROR_IO;
	status.peers[0].region = CHONGQING;
	status.peers[0].link.connected = true;
	status.peers[0].link.round_trip_us = 250;
	status.peers[0].outbox = (struct outbox_state){.waiting = 3, .sent = 9};
	status.peers[1].region = GUANGYUAN;
	status.peers[1].link.round_trip_us = -1;
	metrics_write(text, &status, &ledger);
	return ERROR_NONE;
}

struct desk {
	struct metrics_server *server;
	bool broken;
};

static int set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof *desk);
	struct error_detail detail = {""};

	assert_non_null(desk);
	if (metrics_open("127.0.0.1:0", gather, &desk->broken, &desk->server, &detail))
		fail_msg("%s", detail.text);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;

	metrics_close(desk->server);
	free(desk);
	return 0;
}

/* Send bytes, read until the other side closes. */
static char *ask(struct desk *desk, const char *request, char answer[16384])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons(metrics_port(desk->server))};
	int file = socket(AF_INET, SOCK_STREAM, 0);
	size_t size = 0;
	ssize_t got;

	assert_int_equal(connect(file, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(
	    send(file, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	while ((got = recv(file, answer + size, 16383 - size, 0)) > 0)
		size += (size_t)got;
	answer[size] = '\0';
	close(file);
	return answer;
}

static void assert_status(struct desk *desk, const char *request, const char *status)
{
	char answer[16384];

	if (strncmp(ask(desk, request, answer) + 9, status, 3) != 0)
		fail_msg("%s: %s", request, answer);
}

#define CLOSE "Host: x\r\nConnection: close\r\n\r\n"

static void a_collector_reads_every_figure_with_its_help_and_type(void **state)
{
	static const char *const lines[] = {"\nsuiren_entries 17\n",
	    "\nsuiren_store_used_bytes 4096\n", "\nsuiren_last_entry_seconds 1790000000.123\n",
	    "\nsuiren_started_seconds 1.500\n", "\nsuiren_clock_seconds 2.001\n",
	    "\nsuiren_peer_up{peer=\"500000\"} 1\n", "\nsuiren_peer_up{peer=\"510800\"} 0\n",
	    "\nsuiren_peer_waiting_documents{peer=\"500000\"} 3\n",
	    "\nsuiren_peer_documents_sent_total{peer=\"500000\"} 9\n",
	    "\nsuiren_peer_round_trip_microseconds{peer=\"500000\"} 250\n",
	    "\nsuiren_peer_round_trip_microseconds{peer=\"510800\"} 0\n"};
	struct desk *desk = *state;
	char answer[16384], *body, *line;
	unsigned samples = 0;

	ask(desk, "GET /metrics HTTP/1.1\r\n" CLOSE, answer);
	assert_int_equal(strncmp(answer, "HTTP/1.1 200 ", 13), 0);
	assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (!strstr(answer, lines[i]))
			fail_msg("not told: %s", lines[i]);
	/* The grammar: a name's HELP, its TYPE, then its samples. */
	body = strstr(answer, "\r\n\r\n") + 4;
	char name[80] = "";
	for (line = strtok(body, "\n"); line; line = strtok(NULL, "\n")) {
		char found[80], type[20];

		if (sscanf(line, "# HELP %79s ", found) == 1) {
			strcpy(name, found);
			line = strtok(NULL, "\n");
			assert_int_equal(sscanf(line, "# TYPE %79s %19s", found, type), 2);
			assert_string_equal(found, name);
			assert_true(strcmp(type, "gauge") == 0 || strcmp(type, "counter") == 0);
			assert_int_equal(strcmp(type, "counter") == 0,
			    strcmp(name + strlen(name) - 6, "_total") == 0);
			continue;
		}
		assert_int_equal(strncmp(line, name, strlen(name)), 0);
		assert_true(line[strlen(name)] == ' ' || line[strlen(name)] == '{');
		samples++;
	}
	assert_int_equal(samples, 10 + 2 * 10);
}

static void what_is_another_request_is_answered_as_such(void **state)
{
	struct desk *desk = *state;
	static char long_one[40000];

	assert_status(desk, "GET / HTTP/1.1\r\n" CLOSE, "404");
	assert_status(desk, "GET /metrics/../keys HTTP/1.1\r\n" CLOSE, "404");
	assert_status(desk, "DELETE /metrics HTTP/1.1\r\n" CLOSE, "405");
	assert_status(desk,
	    "POST /metrics HTTP/1.1\r\nContent-Length: 3\r\nHost: x\r\nConnection: "
	    "close\r\n\r\nabc",
	    "405");
	strcpy(long_one, "GET /metrics HTTP/1.1\r\nX: ");
	memset(long_one + strlen(long_one), 'x', 30000);
	strcat(long_one, "\r\n" CLOSE);
	assert_status(desk, long_one, "431");
	desk->broken = true;
	assert_status(desk, "GET /metrics HTTP/1.1\r\n" CLOSE, "503");
	desk->broken = false;
	assert_status(desk, "GET /metrics HTTP/1.1\r\n" CLOSE, "200");
}

static void it_listens_on_this_machine_alone(void **state)
{
	static const char *const wrong[] = {"0.0.0.0:9510", "192.0.2.1:9510", "localhost:9510",
	    "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", ":9510", "[::]:9510", ""};
	struct desk *desk = *state;
	struct metrics_server *server;
	struct error_detail detail;
	char taken[40];

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		detail.text[0] = '\0';
		assert_int_equal(
		    metrics_open(wrong[i], gather, &desk->broken, &server, &detail), ERROR_USAGE);
		assert_null(server);
		assert_non_null(strstr(detail.text, "127.0.0.1:9510"));
	}
	snprintf(taken, sizeof taken, "127.0.0.1:%u", metrics_port(desk->server));
	assert_int_not_equal(
	    metrics_open(taken, gather, &desk->broken, &server, &detail), ERROR_NONE);
	assert_null(server);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_collector_reads_every_figure_with_its_help_and_type),
	    TEST(what_is_another_request_is_answered_as_such),
	    TEST(it_listens_on_this_machine_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
