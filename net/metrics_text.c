/* metrics_text.c: what a daemon counts, in Prometheus' words. */
#include <inttypes.h>

#include "metrics.h"

static void head(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(
    struct buffer *out, const char *name, const char *type, const char *help, uint64_t value)
{
	head(out, name, type, help);
	buffer_append_format(out, "%s %" PRIu64 "\n", name, value);
}

/* Seconds with milliseconds. */
static void seconds(struct buffer *out, const char *name, const char *help, int64_t ms)
{
	head(out, name, "gauge", help);
	buffer_append_format(out, "%s %" PRId64 ".%03d\n", name, ms / 1000, (int)(ms % 1000));
}

typedef uint64_t of_peer(const struct daemon_peer *peer);

static uint64_t up(const struct daemon_peer *peer)
{
	return peer->link.connected;
}

static uint64_t waiting(const struct daemon_peer *peer)
{
	return peer->outbox.waiting;
}

static uint64_t stuck(const struct daemon_peer *peer)
{
	return peer->outbox.stuck;
}

static uint64_t failures(const struct daemon_peer *peer)
{
	return peer->outbox.failures;
}

static uint64_t sent(const struct daemon_peer *peer)
{
	return peer->outbox.sent;
}

static uint64_t refused(const struct daemon_peer *peer)
{
	return peer->outbox.refused;
}

static uint64_t asked(const struct daemon_peer *peer)
{
	return peer->outbox.requests;
}

static uint64_t served(const struct daemon_peer *peer)
{
	return peer->link.served;
}

static uint64_t handshakes(const struct daemon_peer *peer)
{
	return peer->link.handshakes;
}

static uint64_t round_trip(const struct daemon_peer *peer)
{
	return peer->link.round_trip_us > 0 ? (uint64_t)peer->link.round_trip_us : 0;
}

static void of_peers(struct buffer *out, const struct daemon_status *status, const char *name,
    const char *type, const char *help, of_peer *value)
{
	head(out, name, type, help);
	for (size_t i = 0; i < status->peer_count; i++)
		buffer_append_format(out, "%s{peer=\"%06u\"} %" PRIu64 "\n", name,
		    (unsigned)status->peers[i].region, value(&status->peers[i]));
}

void metrics_write(
    struct buffer *out, const struct daemon_status *status, const struct metrics_ledger *ledger)
{
	one(out, "suiren_entries", "gauge", "Entries of the log.", ledger->entries);
	one(out, "suiren_store_used_bytes", "gauge", "Bytes of the store in use.",
	    ledger->used_bytes);
	one(out, "suiren_store_map_bytes", "gauge", "Bytes of its address space.",
	    ledger->map_bytes);
	seconds(out, "suiren_last_entry_seconds", "Time of the last entry.", ledger->last_entry_ms);
	seconds(out, "suiren_started_seconds", "When the daemon started.", status->started_ms);
	seconds(out, "suiren_clock_seconds", "The node's clock.", status->clock_ms);
	one(out, "suiren_admin_requests_total", "counter", "Requests of commands.",
	    status->admin.requests);
	one(out, "suiren_admin_malformed_total", "counter", "Requests that were none.",
	    status->admin.malformed);
	one(out, "suiren_admin_strangers_total", "counter", "Connections of other users.",
	    status->admin.strangers);
	one(out, "suiren_admin_broken_total", "counter", "Connections that broke off.",
	    status->admin.broken);
	of_peers(out, status, "suiren_peer_up", "gauge", "Whether the peer is heard.", up);
	of_peers(out, status, "suiren_peer_waiting_documents", "gauge",
	    "Documents that wait for the peer.", waiting);
	of_peers(out, status, "suiren_peer_stuck", "gauge",
	    "Whether the peer answers, but does not take the next document.", stuck);
	of_peers(out, status, "suiren_peer_failures", "gauge", "Attempts in a row that failed.",
	    failures);
	of_peers(out, status, "suiren_peer_documents_sent_total", "counter",
	    "Documents that the peer has booked.", sent);
	of_peers(out, status, "suiren_peer_documents_refused_total", "counter",
	    "Documents that the peer has refused.", refused);
	of_peers(out, status, "suiren_peer_requests_sent_total", "counter", "Requests to the peer.",
	    asked);
	of_peers(out, status, "suiren_peer_requests_served_total", "counter",
	    "Requests of the peer.", served);
	of_peers(out, status, "suiren_peer_handshakes_total", "counter",
	    "Sessions agreed with the peer.", handshakes);
	of_peers(out, status, "suiren_peer_round_trip_microseconds", "gauge",
	    "Of the last heartbeat; 0: none yet.", round_trip);
}
