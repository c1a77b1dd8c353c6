/* session.h: the sessions of one node with its peers: who may speak, under which keys, and what has been heard before. Makes and reads the
 * frames of the sealed link; where they come from and go to is link.h's affair. Pure: no socket, no clock, no randomness: time and
 * what is drawn come in as arguments. Not thread-safe. Keys are wiped when they end. docs/protocol.md, "The sealed link".
 *
 * A session has a direction: who began the handshake asks, the other answers. Two nodes that both ask have one each way.
 *
 *   asks:    (none) --session_begin--> pending --session_finish--> CURRENT --the next one is finished--> PREVIOUS --60 s--> gone
 *   answers: (none) --session_accept--> NEXT --first sealed frame that opens--> CURRENT --the next one opens--> PREVIOUS --60 s--> gone
 *
 * S1  A frame opens at most once: no counter of a session is taken twice.
 * S2  Only CURRENT seals requests; whatever is not gone opens what comes, and answers it.
 * S3  A NEXT never ends a CURRENT by itself: a handshake that was replayed or cut short changes nothing that works.
 * S4  A peer's handshake numbers grow strictly.
 * S5  Sessions are those of the pinned key: when the key changes they are gone. */
#ifndef SUIREN_SESSION_H
#define SUIREN_SESSION_H

#include "net_limits.h"
#include "noise.h"

#define FRAME_VERSION 1
/* version u8, type u8, reason u8, 0 u8, index u32, counter u64; all big-endian. */
#define FRAME_HEADER_SIZE 16
/* version, type, 0, 0, Noise message 1 with number u64, index u32. */
#define FRAME_HANDSHAKE_1_SIZE (4 + NOISE_MESSAGE_1_SIZE + 12)
/* version, type, 0, 0, index u32, Noise message 2 with index u32, number u64. */
#define FRAME_HANDSHAKE_2_SIZE (8 + NOISE_MESSAGE_2_SIZE + 12)

enum frame_type {
	FRAME_HANDSHAKE_1 = 1,
	FRAME_HANDSHAKE_2 = 2,
	FRAME_REQUEST = 3,
	FRAME_ANSWER = 4,
	FRAME_RESEAL = 5,    /* not sealed: "seal it anew, and send it again" */
	FRAME_HEARTBEAT = 6, /* asked and answered under the same type */
};

enum reseal_reason {
	RESEAL_COUNTER = 1, /* this counter was here before */
	RESEAL_SESSION = 2, /* no such session */
};

struct frame {
	enum frame_type type;
	enum reseal_reason reason; /* of a reseal */
	uint32_t index;            /* of the receiver's session; not of a handshake's message 1 */
	uint64_t counter;          /* of a sealed frame and of a reseal */
	struct span body;          /* what follows */
};

/* Take a frame apart; looks at its form only. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error frame_read(struct span bytes, struct frame *frame);

struct session_table;

struct session_options {
	struct hash secret; /* our X25519 key */
	/* 0: as net_limits.h says. */
	int64_t rekey_ms;
	uint64_t messages;
};

/* Fails with: ERROR_MEMORY. */
MUST_CHECK enum error session_table_new(
    const struct session_options *options, struct session_table **table);
/* Wipes all keys. NULL is accepted. */
void session_table_free(struct session_table *table);
/* Our key is another from now on; sessions go on. The one before still answers handshakes until the next change. */
void session_secret_set(struct session_table *table, const struct hash *secret);
/* Is there a key from before? */
bool session_has_old_secret(const struct session_table *table);

/* Pin a peer's key. Another key than before ends its sessions and forgets its numbers. Fails with: ERROR_CONFLICT (another peer or we
 * have this key), ERROR_BUSY (LINK_PEERS_MAX). */
MUST_CHECK enum error session_peer_set(
    struct session_table *table, uint32_t region, const struct hash *key);
/* An unknown one is no error. */
void session_peer_remove(struct session_table *table, uint32_t region);

/* What a handshake needs of chance, fresh each time. */
struct session_draw {
	struct hash ephemeral;
	uint32_t index; /* a wish; the next one that is free is taken */
};

/* Append message 1 to a peer. `number` should be greater than any before; if the peer was shown, or has told of, a greater one, that and
 * one is taken. A handshake with it that was pending is given up. `old_secret`: as who we were before, if we were. Fails with:
 * ERROR_NOT_FOUND (no such peer), ERROR_RANGE (its key is of small order), ERROR_MEMORY. */
MUST_CHECK enum error session_begin(struct session_table *table, uint32_t region,
    const struct session_draw *draw, uint64_t number, bool old_secret, struct buffer *bytes);
/* Take message 2: the session is the peer's current one. Fails with: ERROR_REPEAT (the peer has seen a greater number, and told which:
 * begin again), ERROR_NOT_FOUND (nothing pending under this index); ERROR_MALFORMED, ERROR_SEAL, ERROR_RANGE, ERROR_MEMORY: what is
 * pending goes on waiting. */
MUST_CHECK enum error session_finish(
    struct session_table *table, const struct frame *frame, int64_t now_ms);
/* Take message 1 and append message 2. The caller's key is looked up among the peers before anything is answered. *region (0: nobody)
 * is set also when a peer is refused. Fails with: ERROR_MALFORMED, ERROR_SEAL, ERROR_RANGE, ERROR_UNKNOWN_KEY, ERROR_MEMORY: there is no
 * answer; ERROR_REPEAT (its number is not greater than the last): the answer tells the peer the last one, and nobody else. No session
 * has changed then. */
MUST_CHECK enum error session_accept(struct session_table *table, const struct frame *frame,
    const struct session_draw *draw, int64_t now_ms, struct buffer *bytes, uint32_t *region);

/* Which frame it was: an answer must name it. */
struct session_mark {
	uint32_t index;      /* our session */
	uint32_t peer_index; /* the same session with the peer; 0 in a frame that came */
	uint64_t counter;
};

/* A sealed frame that was opened. */
struct session_message {
	uint32_t region;
	enum frame_type type;
	struct session_mark mark;
	bool answers;        /* it came on a session that we began ... */
	uint64_t answers_to; /* ... and answers the frame of this counter */
	bool confirmed;      /* it was the first frame of a session that the peer began */
};

/* Is there no current session to this peer, or one that should be replaced soon? False for an unknown peer. */
bool session_is_due(const struct session_table *table, uint32_t region, int64_t now_ms);
/* Can session_seal seal? */
bool session_is_ready(const struct session_table *table, uint32_t region, int64_t now_ms);
/* Append a sealed request or heartbeat. Fails with: ERROR_NOT_FOUND (no such peer), ERROR_STATE (no session: a handshake first),
 * ERROR_TOO_LARGE, ERROR_MEMORY. */
MUST_CHECK enum error session_seal(struct session_table *table, uint32_t region,
    enum frame_type type, struct span plain, int64_t now_ms, struct buffer *bytes,
    struct session_mark *mark);
/* Append the answer to a frame, on the session on which it came: FRAME_ANSWER to a request, FRAME_HEARTBEAT to a heartbeat. Fails
 * with: ERROR_NOT_FOUND (that session is gone), ERROR_TOO_LARGE, ERROR_MEMORY. */
MUST_CHECK enum error session_answer(struct session_table *table, const struct session_message *to,
    struct span plain, int64_t now_ms, struct buffer *bytes);
/* Open a request, answer or heartbeat and append its content. Fails with: ERROR_NOT_FOUND (no such session: to be answered by a
 * reseal), ERROR_REPEAT (the counter was here before: likewise), ERROR_SEAL, ERROR_MALFORMED (an answer where only requests come, or
 * the other way round), ERROR_MEMORY. message->region is set whenever the session is known, else 0. */
MUST_CHECK enum error session_open(struct session_table *table, const struct frame *frame,
    int64_t now_ms, struct session_message *message, struct buffer *plain);
/* Does the message answer the frame of this mark? */
bool session_is_answer(const struct session_message *message, const struct session_mark *mark);
/* Append the answer to a sealed frame that could not be opened, and to one whose session ended while it was being served: with the
 * index and counter that it had. */
void session_reseal(
    enum reseal_reason reason, uint32_t index, uint64_t counter, struct buffer *bytes);
/* Is this a reseal of the frame of this mark? Anybody could have sent it. */
bool session_is_reseal(const struct frame *frame, const struct session_mark *mark);
/* The peer says that it does not know the session of this mark. If that is our current one it seals no more: a handshake is due. What
 * the peer says is not sealed, so the session goes on opening answers. */
void session_doubt(struct session_table *table, uint32_t region, const struct session_mark *mark);
/* Wipe what is over. To be called now and then. */
void session_expire(struct session_table *table, int64_t now_ms);

#endif
