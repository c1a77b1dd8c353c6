/* link.h: the sealed links of one node: requests and answers between it and its peers over nng (tcp
 * only), each message sealed by a Noise session (session.h) of keys that the peers' root-signed
 * descriptors pin. One listener takes the requests of all peers; one dialer a peer carries ours.
 * Sessions outlive connections. A link knows nothing of documents: it brings a request to the peer
 * at least once and its answer back, or says that it could not. Answers and requests overtake each
 * other: order is the outbox's affair. Thread-safe, but link_open and link_close themselves.
 * docs/protocol.md, "The sealed link". */
#ifndef SUIREN_LINK_H
#define SUIREN_LINK_H

#include "net_limits.h"
#include "node.h"

struct link;

/* Another city, as its root-signed descriptor says. */
struct link_peer {
	uint32_t region;
	struct hash key;                 /* X25519 public key */
	char address[LINK_ADDRESS_SIZE]; /* tcp://host:port; "": it only dials us */
};

/* Called from a worker thread for each request of an authenticated peer, several at a time: must be
 * thread-safe. Fills the answer, at most LINK_MESSAGE_MAX bytes. An error: the peer's link_request
 * fails with that code and gets no answer. It may call link_request and link_peer_set, not
 * link_close. The same request may come twice (documents are idempotent, messages are not). */
typedef enum error link_serve(
    void *context, uint32_t peer, struct span request, struct buffer *answer);

struct link_options {
	uint32_t region;
	struct hash secret; /* X25519; copied, wiped by link_close */
	const char *listen; /* tcp://host:port, port 0: any that is free; NULL: only dials */
	link_serve *serve;
	void *context;           /* of `serve` */
	struct node_seams seams; /* the clock numbers handshakes, randomness makes their keys */
	uint64_t
	    handshake_number; /* of the last handshake that is remembered (link_handshake_number), or 0;
				      a peer that has seen a greater one tells us */
	/* 0: as net_limits.h says. */
	uint32_t heartbeat_ms, silence_ms, handshake_ms;
};

/* Listen; no peer is known yet. Fails with: ERROR_USAGE (the address), ERROR_EXISTS (somebody
 * listens there), ERROR_IO, ERROR_MEMORY. */
MUST_CHECK enum error link_open(
    const struct link_options *options, struct link **link, struct error_detail *detail);
/* End every pending request (they fail with ERROR_STOPPED), wait for those that are being served,
 * join all threads. NULL is accepted. No other call may begin from here on. */
void link_close(struct link *link);
/* The port that it listens on; 0 without a listener. */
uint16_t link_port(const struct link *link);
/* The greatest number of a handshake so far: what a node keeps for `handshake_number`. */
uint64_t link_handshake_number(struct link *link);

/* Add a peer, or replace it: a rotated key or another address without stopping. With another key the
 * sessions of the old one end, with another address the connection moves; requests under way are
 * sealed and sent anew. Setting what is set already changes nothing. Fails with: ERROR_CONFLICT
 * (another peer or we have this key), ERROR_MISMATCH (our own region), ERROR_USAGE (the address),
 * ERROR_BUSY (LINK_PEERS_MAX), ERROR_MEMORY, ERROR_IO. */
MUST_CHECK enum error link_peer_set(
    struct link *link, const struct link_peer *peer, struct error_detail *detail);
/* Forget a peer (a revoked key): its sessions end, its requests are answered no longer, ours to it
 * fail with ERROR_NOT_FOUND. An unknown one is no error. */
void link_peer_remove(struct link *link, uint32_t region);
/* Our own key is another from now on. Sessions go on. Until the next change the key before is still
 * taken from and shown to peers that have not read our new descriptor. */
void link_secret_set(struct link *link, const struct hash *secret);

/* Send a request, wait for the answer, and append it to `answer`. Any thread, many at a time.
 * Sealed and sent anew as often as needed until `timeout_ms` is over. Fails with: ERROR_NOT_FOUND
 * (no such peer), ERROR_STATE (it has no address), ERROR_TOO_LARGE (LINK_MESSAGE_MAX), ERROR_BUSY
 * (LINK_REQUESTS_MAX are under way), ERROR_TIMEOUT (it may have been served all the same),
 * ERROR_STOPPED, ERROR_MEMORY; and with what the peer's `serve` failed with (the detail says so),
 * ERROR_BUSY among them: too much lies there, try again. */
MUST_CHECK enum error link_request(struct link *link, uint32_t peer, struct span request,
    uint32_t timeout_ms, struct buffer *answer, struct error_detail *detail);

struct link_status {
	bool connected; /* our requests get through; of one without address: its requests come */
	int64_t last_heard_ms; /* by the clock of the seam; 0: never */
	int64_t round_trip_us; /* of the last heartbeat; -1: none yet */
	uint32_t in_flight;    /* our requests under way */
	uint64_t requests;     /* of ours, begun */
	uint64_t answers;      /* to them, an error's too */
	uint64_t served;       /* requests of the peer */
	uint64_t resealed;     /* requests that the peer asked for anew */
	uint64_t handshakes;   /* agreed, begun by either side */
	uint64_t silences;     /* connections closed because nothing was heard */
	uint64_t
	    refused_frames; /* in its name, that did not open, came twice or had a stale number */
	uint64_t malformed; /* on its connections */
};
/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error link_status(struct link *link, uint32_t peer, struct link_status *status);

/* What the listener saw of everybody. */
struct link_totals {
	uint32_t pipes, strangers; /* connections now; of them without a peer */
	uint64_t accepted;         /* connections */
	uint64_t closed;           /* connections that we closed: flood, strikes, too many */
	uint64_t malformed;        /* frames */
	uint64_t refused;          /* frames: unknown or wrong key, does not open, came twice */
	uint64_t reseals;          /* answers `reseal` */
	uint64_t dropped;          /* handshakes left unread: too many */
};
void link_totals(struct link *link, struct link_totals *totals);

#endif
