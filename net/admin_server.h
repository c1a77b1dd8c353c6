/* admin_server.h: serves a node's admin socket with a few threads of its own: takes a connection, reads
 * one request, hands it over, answers. Strangers, garbage and clients that do not move are sent away;
 * they hold one thread at most, for a bounded time. */
#ifndef SUIREN_ADMIN_SERVER_H
#define SUIREN_ADMIN_SERVER_H

#include "admin_wire.h"

struct admin_server;

/* Called from several threads at a time. Fills the answer; `body` is a buffer for answer->body. */
typedef void admin_serve(void *context, const struct admin_request *request, struct buffer *body,
    struct admin_answer *answer);

struct admin_counters {
	uint64_t requests, malformed, strangers, broken;
};

/* Fails with: as admin_listen, and ERROR_MEMORY. */
MUST_CHECK enum error admin_server_open(const char *directory, admin_serve *serve, void *context,
    struct admin_server **server, struct error_detail *detail);
/* No new request is taken; those under way are answered. Joins the threads. NULL is accepted. */
void admin_server_close(struct admin_server *server);
void admin_server_counters(struct admin_server *server, struct admin_counters *counters);

#endif
