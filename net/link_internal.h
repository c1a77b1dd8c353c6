/* link_internal.h: the link in memory, shared by its sources and seen by nobody else: link.c (opening, closing, peers), link_serve.c
 * (what peers ask of us), link_take.c (what one frame of theirs is worth), link_keep.c (our connection to a peer), link_ask.c (what we ask of it), link_line.c (one frame and its answer). One mutex guards all of it; nng, which calls us back, is not called under it
 * (but to break off a wait, which calls nobody), and what serves a request runs without it. */
#ifndef SUIREN_LINK_INTERNAL_H
#define SUIREN_LINK_INTERNAL_H

#include <nng/nng.h>
#include <pthread.h>
#include <time.h>

#include "gate.h"
#include "link.h"
#include "session.h"

/* What one question to a peer needs of nng. Made once and used again: nng (1.10) must not be asked to give up a context or a wait that
 * another thread is just beginning or ending, so contexts are closed, and waits broken off, only when nobody is inside. */
struct line {
	nng_ctx context;
	nng_aio *aio; /* NULL: not made yet */
	bool has_context, taken;
	bool waits; /* somebody waits for the aio and does nothing else */
};

/* A peer as we deal with it. Replaced as a whole when its key or address changes. */
struct remote {
	struct link *link;
	struct link_peer peer;
	struct link_status status;
	int64_t heard_ms; /* anything that opened, either way; monotonic, 0: never */
	/* Only if it has an address. */
	bool dials;
	nng_socket socket;
	nng_dialer dialer;
	struct line lines[LINK_REQUESTS_MAX + 1]; /* the first is the keeper's */
	pthread_t keeper;
	bool has_keeper, keeper_over, in_place, stop;
	pthread_cond_t
	    changed;   /* a session, a connection, a request to the keeper, the last user gone */
	uint32_t pipe; /* our connection; 0: none */
	int64_t answered_ms; /* when something opened on it, or it was made */
	bool has_answered;   /* on this connection */
	unsigned users;      /* link_request calls inside */
	size_t bytes_under_way;
	unsigned failures; /* of handshakes, one after the other */
	bool old_key; /* the next handshake is made with our key from before, if there is one */
	int64_t handshake_ms, heartbeat_ms; /* not before */
	struct bucket strikes;
};

enum slot_state {
	SLOT_RECEIVES,
	SLOT_WAITS, /* for a worker */
	SLOT_SERVES,
	SLOT_SENDS,
	SLOT_OVER,
};

/* A place for one frame that came in, from its reception until its answer has left. */
struct slot {
	struct link *link;
	nng_ctx context;
	bool has_context;
	nng_aio *aio;
	unsigned inside; /* threads that are just handing it to nng */
	enum slot_state state;
	struct session_message message;
	struct buffer request;
	struct slot *next; /* in the queue */
};

struct link {
	struct link_options options;
	pthread_mutex_t mutex;
	pthread_mutex_t control; /* one change of peers at a time; taken before `mutex` */
	bool closing;
	struct session_table *sessions;
	uint64_t handshake_number;
	struct remote *remotes[LINK_PEERS_MAX];
	unsigned remote_count;
	/* Serving. */
	bool listens;
	nng_socket socket;
	uint16_t port;
	struct gate gate;
	struct link_totals totals;
	struct slot *slots; /* LINK_SLOTS_MAX, or NULL */
	unsigned slot_count;
	struct slot *first, **last;
	pthread_cond_t work, over; /* a request waits; a slot is over */
	pthread_t workers[LINK_WORKERS_MAX];
	unsigned worker_count;
	/* Wakes every second: silent connections, sessions that are over. */
	pthread_t warden;
	bool has_warden;
	pthread_cond_t closed;
};

/* Milliseconds that never step back. */
int64_t link_now_ms(void);
struct timespec link_time(int64_t monotonic_ms);
enum error link_nng_error(int result);
void link_condition_init(pthread_cond_t *condition);
bool link_address_valid(const char *address);
struct remote *link_find(struct link *link, uint32_t region);
/* A frame of the peer has opened. */
void link_heard(struct remote *remote);
/* What a handshake needs; `number` may be NULL. */
void link_draw(struct link *link, struct session_draw *draw, uint64_t *number);
/* The frame as a message of nng, which owns it. NULL: no memory. */
nng_msg *link_message(struct span frame);

/* link_line.c */

int64_t link_lesser(int64_t a, int64_t b);
/* Wait for a change of the remote until then; -1: for ever. Under the mutex, as all of these but link_line_pass and link_pipe_close. */
void link_wait(struct remote *remote, int64_t until_ms);
/* One that is free: there are as many as requests may be under way. */
struct line *link_line_take(struct remote *remote);
/* Send a frame and wait for the answer. Fails with: ERROR_TIMEOUT, ERROR_STOPPED (the connection was lost, or the wait broken off),
 * ERROR_MEMORY, ERROR_IO; *answer is NULL then. */
MUST_CHECK enum error link_line_pass(struct remote *remote, struct line *line, struct span frame,
    int64_t until_ms, nng_msg **answer);
struct span link_message_span(nng_msg *message);
/* The peer has answered on our connection. */
void remote_answered(struct remote *remote);
/* What it sent makes no sense. Returns the connection to be closed, when that repeats; 0: none. */
uint32_t remote_malformed(struct remote *remote);
/* What came back for a sealed frame. */
enum reply { REPLY_ANSWER, REPLY_RESEAL, REPLY_NONSENSE };
/* Read what came back; the content of an answer is appended. *close as remote_malformed gives it. */
enum reply link_line_reply(struct remote *remote, struct span bytes,
    const struct session_mark *mark, struct buffer *content, uint32_t *close);
/* 0 is accepted. */
void link_pipe_close(uint32_t pipe);

/* link_keep.c */

/* A remote that is not yet in its place: its dialer begins. Fails as link_peer_set. */
MUST_CHECK enum error remote_new(struct link *link, const struct link_peer *peer,
    struct remote **remote, struct error_detail *detail);
/* Let its keeper begin. Under the mutex. */
void remote_put(struct remote *remote);
/* End its requests and its thread, wait for its users. Without the mutex; NULL is accepted. */
void remote_free(struct remote *remote);

/* link_take.c; all under the mutex. */

/* What comes of one frame. */
struct frame_verdict {
	struct buffer answer;
	bool queued;    /* it is a request, and a worker will answer */
	uint32_t close; /* this connection; 0: none */
};
/* Take a frame that came on a connection. A request stays in the slot, which waits in the queue then. */
void link_take_frame(struct link *link, struct slot *slot, struct span bytes, uint32_t pipe,
    struct frame_verdict *verdict);
/* The content of an answer: 0 and the answer, or 1 and the name of an error. */
void link_write_answer(enum error error, struct span answer, struct buffer *content);
/* Append the sealed answer to a message; a reseal if its session ended meanwhile; nothing if there is no memory. */
void link_seal_answer(struct link *link, const struct session_message *message, struct span content,
    struct buffer *frame);

/* link_serve.c */

/* Fails as link_open. */
MUST_CHECK enum error link_listen(struct link *link, struct error_detail *detail);
/* After `closing` was set. */
void link_listen_end(struct link *link);

#endif
