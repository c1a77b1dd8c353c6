#include "metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

struct metrics_server {
	struct MHD_Daemon *http;
	metrics_gather *gather;
	void *context;
};

static enum MHD_Result answer(
    struct MHD_Connection *connection, unsigned status, struct span text, const char *allow)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    text.size, (void *)(uintptr_t)text.data, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
		"text/plain; version=0.0.4; charset=utf-8") == MHD_NO ||
	    (allow && MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow) == MHD_NO)) {
		MHD_destroy_response(response);
		return MHD_NO;
	}
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state)
{
	struct metrics_server *server = context;
	struct buffer text = {0};
	enum MHD_Result result;

	(void)version;
	(void)upload;
	/* What somebody wants to hand in is not taken. */
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	/* The first call of a request only announces it. */
	if (!*state) {
		*state = server;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
		    span_text("only GET is answered\n"), MHD_HTTP_METHOD_GET);
	if (strcmp(url, "/metrics") != 0)
		return answer(connection, MHD_HTTP_NOT_FOUND, span_text("see /metrics\n"), NULL);
	if (server->gather(server->context, &text) || text.failed)
		result = answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
		    span_text("the node cannot be read\n"), NULL);
	else
		result = answer(connection, MHD_HTTP_OK, buffer_span(&text), NULL);
	buffer_free(&text);
	return result;
}

/* Loopback only: what is told here is nobody else's business. */
static bool read_address(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	char host[64];
	const char *colon = strrchr(text, ':');
	size_t size = colon ? (size_t)(colon - text) : 0;
	int64_t port;

	memset(address, 0, sizeof *address);
	if (size == 0 || size >= sizeof host || decimal_read(span_text(colon + 1), &port) ||
	    port > UINT16_MAX)
		return false;
	memcpy(host, text, size);
	host[size] = '\0';
	if (strcmp(host, "[::1]") == 0) {
		six->sin6_family = AF_INET6;
		six->sin6_addr = in6addr_loopback;
		six->sin6_port = htons((uint16_t)port);
		return true;
	}
	four->sin_family = AF_INET;
	four->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &four->sin_addr) == 1 &&
	       ntohl(four->sin_addr.s_addr) >> 24 == 127;
}

enum error metrics_open(const char *address, metrics_gather *gather, void *context,
    struct metrics_server **out, struct error_detail *detail)
{
	struct metrics_server *server;
	struct sockaddr_storage bound;
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL;
	int number;

	*out = NULL;
	if (!read_address(address, &bound))
		return error_set(detail, ERROR_USAGE,
		    "metrics: %s: must be an address of this machine alone, like 127.0.0.1:9510",
		    address);
	server = calloc(1, sizeof *server);
	if (!server)
		return ERROR_MEMORY;
	server->gather = gather;
	server->context = context;
	if (bound.ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	server->http = MHD_start_daemon(flags, 0, NULL, NULL, serve, server, MHD_OPTION_SOCK_ADDR,
	    (struct sockaddr *)&bound, MHD_OPTION_CONNECTION_LIMIT, METRICS_CONNECTIONS_MAX,
	    MHD_OPTION_CONNECTION_TIMEOUT, METRICS_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)METRICS_REQUEST_MAX, MHD_OPTION_END);
	number = errno;
	if (!server->http) {
		free(server);
		return error_set(detail, number == EADDRINUSE ? ERROR_EXISTS : ERROR_IO,
		    "metrics: %s: %s", address, number ? strerror(number) : "cannot listen");
	}
	*out = server;
	return ERROR_NONE;
}

uint16_t metrics_port(const struct metrics_server *server)
{
	const union MHD_DaemonInfo *info =
	    MHD_get_daemon_info(server->http, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : 0;
}

void metrics_close(struct metrics_server *server)
{
	if (!server)
		return;
	MHD_stop_daemon(server->http);
	free(server);
}
