/* daemon_status.h: what a daemon says of itself on its admin socket, in bytes. Pure. docs/protocol.md, "The admin socket".
 *
 *   status = [started_ms, clock_ms, listen, [counter x 4], [peer ...]]
 *   peer   = [region, connected, last_heard_ms, round_trip_us, waiting, failures, retry_ms, sent, refused, requests, served, handshakes,
 *            stuck, error name, text, head's size (0: none seen), asked for ... ms ago (-1: not yet), proof awaited]
 */
#ifndef SUIREN_DAEMON_STATUS_H
#define SUIREN_DAEMON_STATUS_H

#include "admin_server.h"
#include "heads.h"
#include "link.h"
#include "outbox.h"

struct daemon_peer {
	uint32_t region;
	struct link_status link;
	struct outbox_state outbox;
	struct heads_status heads;
};

struct daemon_status {
	int64_t started_ms; /* by the system's clock */
	int64_t clock_ms;   /* the node's */
	char listen[LINK_ADDRESS_SIZE];
	struct admin_counters admin;
	struct daemon_peer peers[CITIES_MAX];
	size_t peer_count;
};

void daemon_status_write(struct buffer *out, const struct daemon_status *status);
/* Only what stands there is filled. Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE. */
MUST_CHECK enum error daemon_status_read(struct span bytes, struct daemon_status *status);

#endif
