/* metrics.h: counters of a daemon for its operators, as Prometheus reads them (text format 0.0.4), over HTTP on loopback: GET /metrics and nothing
 * else. No personal data: cities and numbers. The server has one thread of its own. docs/cli.md, "The daemon". */
#ifndef SUIREN_METRICS_H
#define SUIREN_METRICS_H

#include "daemon_status.h"

/* What is told besides the status. */
struct metrics_ledger {
	uint64_t entries, used_bytes, map_bytes;
	int64_t last_entry_ms;
};
/* Append the whole text. */
void metrics_write(
    struct buffer *out, const struct daemon_status *status, const struct metrics_ledger *ledger);

struct metrics_server;

/* Called in the server's thread for each request; appends the text. An error: the request is answered 503. */
typedef enum error metrics_gather(void *context, struct buffer *text);

/* `address`: "127.0.0.1:9510" or "[::1]:9510", loopback only; port 0: any that is free. Fails with: ERROR_USAGE (another address),
 * ERROR_EXISTS (somebody listens there), ERROR_IO. */
MUST_CHECK enum error metrics_open(const char *address, metrics_gather *gather, void *context,
    struct metrics_server **server, struct error_detail *detail);
uint16_t metrics_port(const struct metrics_server *server);
void metrics_close(struct metrics_server *server); /* NULL is accepted */

#endif
