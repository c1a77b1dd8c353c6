/* daemon_internal.h: what the parts of a daemon share: daemon.c (opening, closing, the loop), daemon_peers.c (the
 * link's side), daemon_heads.c (what peers are asked), daemon_admin.c (the socket's side), daemon_acts.c (by the clock and on signals). */
#ifndef SUIREN_DAEMON_INTERNAL_H
#define SUIREN_DAEMON_INTERNAL_H

#include <stdatomic.h>

#include "admin_server.h"
#include "backoff.h"
#include "daemon.h"
#include "heads.h"
#include "link.h"
#include "metrics.h"
#include "outbox.h"

/* A peer as the link knows it. Belongs to the main thread. */
struct known_peer {
	struct link_peer link;
	bool up;            /* as it was last told */
	int64_t cleared_ms; /* the moment of the schedule for which its clearing was proposed */
};

/* What a daemon does by itself, each with a pause of its own when it fails. */
enum daemon_does {
	ACT_CUT,
	ACT_CLEAR,
	ACT_FOLLOW_UP,
	ACT_HEADS_BOOK,
	ACT_HEADS_KEEP,
	ACT_NUMBER,
	ACT_COUNT
};

struct daemon {
	struct daemon_options options;
	struct node *node;
	struct link *link;
	struct outboxes *outboxes;
	struct heads *heads;
	struct admin_server *admin;
	struct metrics_server *metrics; /* or NULL */
	char listen[LINK_ADDRESS_SIZE];
	int64_t started_ms;
	_Atomic int64_t demo_ms; /* the clock of a demo node: moved by commands only */
	int signals, wake; /* a signalfd; an eventfd: something was booked, or the clock moved */
	struct known_peer peers[CITIES_MAX];
	size_t peer_count;
	uint32_t own_number;  /* of the descriptor that link and peers know */
	uint64_t number_kept; /* link.number: no handshake had a greater one (daemon_number.c) */
	uint64_t heads_kept;  /* heads_changes of what stands in the file */
	struct backoff acts[ACT_COUNT];
	bool stopping;
};

/* Let the main thread look around. */
void daemon_wake(struct daemon *daemon);
/* Is it time to do this (again)? And what came of it: after a failure there is a pause, ever longer (ACT_PAUSE_FIRST_MS). Main thread. */
bool daemon_may(const struct daemon *daemon, enum daemon_does what);
void daemon_did(struct daemon *daemon, enum daemon_does what, enum error error);

/* The greatest number that a handshake may have had before (daemon_number.c); 0: none had. Fails with: ERROR_MALFORMED (the file), ERROR_IO. */
MUST_CHECK enum error daemon_number_read(
    struct daemon *daemon, uint64_t *number, struct error_detail *detail);
/* Keep a greater one in time. */
void daemon_number_keep(struct daemon *daemon);

/* The link's side (daemon_peers.c). */
enum error daemon_serve(void *daemon, uint32_t peer, struct span request, struct buffer *answer);
enum error daemon_send(void *daemon, uint32_t peer, struct span request, struct buffer *answer,
    struct error_detail *detail);
void daemon_tell(
    void *daemon, enum outbox_event event, uint32_t peer, enum error why, const char *text);
/* Read keys and addresses of the peers from the log, and have link and outboxes know them. */
MUST_CHECK enum error daemon_peers_refresh(struct daemon *daemon);
/* Tell which links have come up or gone down since the last look. */
void daemon_peers_watch(struct daemon *daemon);
void daemon_peers_farewell(struct daemon *daemon);

/* Heads of the peers (daemon_heads.c). */
MUST_CHECK enum error daemon_heads_open(struct daemon *daemon);
/* Ask one peer; from its outbox's thread. */
void daemon_ask(void *daemon, uint32_t peer);
/* Have those asked whose turn it is, and book and keep what was seen. */
void daemon_heads_look(struct daemon *daemon);
/* Write what was seen to its file, if that has changed. */
void daemon_heads_keep(struct daemon *daemon);

/* The socket's side (daemon_admin.c). */
void daemon_admin(void *daemon, const struct admin_request *request, struct buffer *body,
    struct admin_answer *answer);

/* For the metrics. */
enum error daemon_metrics(void *daemon, struct buffer *text);

/* By the clock and on signals (daemon_acts.c). */
void daemon_act(struct daemon *daemon);
void daemon_reload(struct daemon *daemon);

#endif
