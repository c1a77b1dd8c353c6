/* noise.h: the Noise Protocol Framework (revision 34) in one instance, Noise_IK_25519_ChaChaPoly_SHA256:
 * two messages after which both sides hold a pair of keys and know each other's static key, and the
 * sealing of messages under such a key. Pure: no socket, no clock, no randomness of its own (the
 * ephemeral secret comes in and must be fresh). It does not know whom to trust: the responder finds
 * the caller's static key in `remote_static` and decides. Keys are wiped with noise_wipe. Thread-safe
 * but for the struct that is handed in. docs/protocol.md, "The sealed link". */
#ifndef SUIREN_NOISE_H
#define SUIREN_NOISE_H

#include "hash.h"

#define NOISE_KEY_SIZE 32
#define NOISE_TAG_SIZE 16
/* What a message adds to its payload: e, sealed s, tag; e, tag. */
#define NOISE_MESSAGE_1_SIZE (NOISE_KEY_SIZE + NOISE_KEY_SIZE + 2 * NOISE_TAG_SIZE)
#define NOISE_MESSAGE_2_SIZE (NOISE_KEY_SIZE + NOISE_TAG_SIZE)
/* Bytes of a handshake message with its payload (section 3). */
#define NOISE_MESSAGE_MAX 65535u

/* A secret with its public key. */
struct noise_pair {
	struct hash secret, public;
};

/* One side of a handshake. The names are those of the specification, section 5. Read only
 * `remote_static`.
 *
 *   initiator: noise_initiate, noise_write, noise_read, noise_split
 *   responder: noise_respond,  noise_read, noise_write, noise_split
 *
 * Calls in another order are a caller's bug. */
struct noise_handshake {
	bool initiator;
	unsigned messages; /* written or read so far */
	struct noise_pair own;
	struct hash ephemeral_secret;
	struct hash remote_static; /* responder: from message 1 */
	struct hash remote_ephemeral;
	struct hash chaining_key, hash; /* ck, h */
	struct hash key;                /* k */
	uint64_t counter;               /* n */
};

/* What a handshake ends in. `hash` is the handshake's hash (section 11.2). */
struct noise_keys {
	struct hash send, receive, hash;
};

void noise_pair_make(const struct hash *secret, struct noise_pair *pair);

/* `ephemeral_secret` is fresh for each handshake. */
void noise_initiate(struct noise_handshake *handshake, struct span prologue,
    const struct noise_pair *own, const struct hash *ephemeral_secret,
    const struct hash *remote_static);
void noise_respond(struct noise_handshake *handshake, struct span prologue,
    const struct noise_pair *own, const struct hash *ephemeral_secret);
/* Append the next handshake message with its payload. Fails with: ERROR_RANGE (the other side's key is
 * of small order: the agreed secret would be zero), ERROR_TOO_LARGE, ERROR_MEMORY; the handshake is
 * then as before. */
MUST_CHECK enum error noise_write(
    struct noise_handshake *handshake, struct span payload, struct buffer *message);
/* Take the next handshake message and append its payload. Fails with: ERROR_MALFORMED (its size),
 * ERROR_RANGE (a key of small order), ERROR_SEAL (tampered, other keys or another prologue),
 * ERROR_MEMORY; the handshake is then as before, so that a forged message does not spoil it. The
 * responder learns a caller's key only from a message that opens as a whole. */
MUST_CHECK enum error noise_read(
    struct noise_handshake *handshake, struct span message, struct buffer *payload);
/* After both messages: the transport keys. Wipes the handshake. */
void noise_split(struct noise_handshake *handshake, struct noise_keys *keys);
void noise_wipe(struct noise_handshake *handshake);

/* Seal `size` bytes in place; the tag is written behind them, so there must be room for NOISE_TAG_SIZE
 * more. A counter must never be used twice with one key. */
void noise_seal(
    const struct hash *key, uint64_t counter, struct span associated, uint8_t *bytes, size_t size);
/* Open `sealed` into `bytes` (room for its size less the tag; may be the same place). Fails with:
 * ERROR_SEAL; `bytes` may be overwritten then and means nothing. */
MUST_CHECK enum error noise_open(const struct hash *key, uint64_t counter, struct span associated,
    struct span sealed, uint8_t *bytes);

#endif
