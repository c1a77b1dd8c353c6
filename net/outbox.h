/* outbox.h: sends what waits: one thread a peer, in the order of numbers, a batch at a time, until the
 * peer has acknowledged it; backs off while the peer is away, and is woken when something new waits
 * or the peer is heard. What waits is in the tables, so nothing here outlives the process and nothing
 * is lost with it; a peer that is slow or gone holds up nobody else. It knows no link: it is given a
 * function that carries a request. Thread-safe. docs/protocol.md, "Settlement over the link". */
#ifndef SUIREN_OUTBOX_H
#define SUIREN_OUTBOX_H

#include "exchange.h"

struct outboxes;

/* Carry a request to a peer and its answer back. Called from the peers' threads. */
typedef enum error outbox_send(void *context, uint32_t peer, struct span request,
    struct buffer *answer, struct error_detail *detail);

/* What is told of a peer when it changes. Called from the peer's thread; must not submit. */
enum outbox_event {
	OUTBOX_REACHED, /* it answers (again) */
	OUTBOX_AWAY,    /* it does not; the error says why */
	OUTBOX_STUCK,   /* it answers, but does not take the next document */
	OUTBOX_STOPPED, /* this node cannot book the answer */
	OUTBOX_NOT_RECONCILED /* a window that differs cannot be asked about; it is tried again, ever more rarely */
};
typedef void outbox_tell(
    void *context, enum outbox_event event, uint32_t peer, enum error why, const char *text);

struct outbox_options {
	struct node *node;
	outbox_send *send;
	outbox_tell *tell; /* or NULL */
	/* Ask a peer what it is asked beside documents (outboxes_ask): after it was greeted, before documents. Or NULL. */
	void (*ask)(void *context, uint32_t peer);
	void *context; /* of all */
	/* Pauses after failures: doubling from the first to the last, each drawn from its upper half.
	 * 0: as net_limits.h says. */
	uint32_t pause_first_ms, pause_last_ms;
};

struct outbox_state {
	uint64_t waiting;  /* documents */
	uint32_t failures; /* in a row */
	int64_t retry_ms;  /* until the next attempt; 0: now, or nothing to do */
	uint64_t sent;     /* documents booked there, since the start */
	uint64_t refused;  /* documents refused there */
	uint64_t requests;
	enum error why; /* of the last failure; ERROR_NONE: none since it was last reached */
	struct error_detail text;
	bool stuck; /* the peer is there, but does not take the next document */
};

MUST_CHECK enum error outboxes_open(
    const struct outbox_options *options, struct outboxes **outboxes);
/* No new request is sent from now on. What is under way may last as long as `send` does. */
void outboxes_stop(struct outboxes *outboxes);
/* Stop, and wait until the threads have ended. */
void outboxes_join(struct outboxes *outboxes);
/* Join, and free. NULL is accepted. */
void outboxes_close(struct outboxes *outboxes);

/* Begin to send to a peer; nothing if that is done already. Fails with: ERROR_MEMORY, ERROR_TOO_LARGE (CITIES_MAX). */
MUST_CHECK enum error outboxes_add(struct outboxes *outboxes, uint32_t peer);
/* Something may wait: look. */
void outboxes_wake(struct outboxes *outboxes);
/* This node's descriptor is another now: all are told. */
void outboxes_greet(struct outboxes *outboxes);
/* Ask this peer as soon as it is its turn. */
void outboxes_ask(struct outboxes *outboxes, uint32_t peer);
/* A sign of life of a peer: try now, whatever the pause. */
void outboxes_heard(struct outboxes *outboxes, uint32_t peer);
/* It said good-bye, or is otherwise known to be away: do not try before the longest pause is over, or it is heard. */
void outboxes_away(struct outboxes *outboxes, uint32_t peer);
/* Wait until nothing waits for these peers (`count` 0: for anybody), nor differs that they can be asked about; false if it still does after `timeout_ms`, or they stop. */
bool outboxes_idle(
    struct outboxes *outboxes, const uint32_t *peers, size_t count, uint32_t timeout_ms);
/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error outboxes_state(
    struct outboxes *outboxes, uint32_t peer, struct outbox_state *state);

#endif
