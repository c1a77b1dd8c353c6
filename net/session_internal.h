/* session_internal.h: the table of sessions, shared by its three sources and seen by nobody else: session.c (frames, peers, what is over),
 * session_handshake.c, session_seal.c. */
#ifndef SUIREN_SESSION_INTERNAL_H
#define SUIREN_SESSION_INTERNAL_H

#include "session.h"

#define WINDOW_BITS (SESSION_WINDOW_MAX + 64)

_Static_assert(WINDOW_BITS % 64 == 0, "the window is made of words");

/* A ring of bits, as RFC 6479: the word of the highest counter moves on and is cleared first. `next` is the highest counter and one. */
struct window {
	uint64_t next;
	uint64_t bits[WINDOW_BITS / 64];
};

struct session {
	bool used;
	uint32_t index, peer_index;
	struct hash send, receive;
	uint64_t counter; /* of the next frame that we seal */
	struct window window;
	int64_t made_ms, end_ms;
	bool doubted;
};

struct pending {
	bool used;
	uint32_t index;
	struct noise_handshake handshake;
};

/* Which of a peer's sessions. */
enum place { ASK_CURRENT, ASK_PREVIOUS, ANSWER_NEXT, ANSWER_CURRENT, ANSWER_PREVIOUS, PLACES };

struct session_peer {
	uint32_t region; /* 0: nobody */
	struct hash key;
	uint64_t number; /* the greatest of its handshakes */
	uint64_t asked;  /* the greatest of ours with it, or that it has told us */
	struct pending pending;
	struct session sessions[PLACES];
};

struct session_table {
	struct noise_pair own, old;
	bool has_old;
	int64_t rekey_ms;
	uint64_t messages;
	struct session_peer peers[LINK_PEERS_MAX];
};

void session_header_write(uint8_t header[FRAME_HEADER_SIZE], enum frame_type type, uint8_t reason,
    uint32_t index, uint64_t counter);
void session_wipe(struct session *session);
/* NULL: no such peer. */
struct session_peer *session_peer_find(const struct session_table *table, uint32_t region);
struct session_peer *session_peer_of_key(struct session_table *table, const struct hash *key);
bool session_is_over(
    const struct session_table *table, const struct session *session, int64_t now_ms);
/* Whose session has this index? NULL: nobody's. */
struct session *session_find(
    struct session_table *table, uint32_t index, struct session_peer **peer, enum place *place);
/* Who waits for message 2 under this index? */
struct session_peer *session_pending_find(struct session_table *table, uint32_t index);
/* The first index from `wish` on that is not 0 and not in use; fewer are than LINK_PEERS_MAX * (PLACES + 1). */
uint32_t session_index_free(struct session_table *table, uint32_t wish);
/* `from` takes the place of `to`, which opens for a while what is on its way. */
void session_replace(
    struct session *from, struct session *to, struct session *previous, int64_t now_ms);

#endif
