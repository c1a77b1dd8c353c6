/* seal.h: small secrets sealed under a key: nonce(24) || XChaCha20-Poly1305-IETF(key, nonce, additional data, plain). Nonces are
 * given by the caller and must be fresh for the key. Pure. */
#ifndef SUIREN_SEAL_H
#define SUIREN_SEAL_H

#include "settlement_limits.h"
#include "hash.h"

#define SEAL_NONCE_SIZE 24
#define SEAL_TAG_SIZE 16

/* What is sealed, kept on the stack; seal_wipe when done. */
struct seal_plain {
	uint8_t bytes[SEAL_PLAIN_MAX];
	size_t size;
};
void seal_wipe(struct seal_plain *plain);

/* Append nonce and sealed bytes. `plain` is at most SEAL_PLAIN_MAX bytes, asserted. */
void seal_write(struct buffer *out, const struct hash *key, const uint8_t nonce[SEAL_NONCE_SIZE],
    struct span additional, struct span plain);
/* Fails with: ERROR_MALFORMED (too short or too long to be one), ERROR_MISMATCH (does not open: another key, another
 * place, or altered). `plain` is empty then. */
MUST_CHECK enum error seal_open(
    const struct hash *key, struct span additional, struct span sealed, struct seal_plain *plain);
/* BLAKE2b-256 keyed with `key` over `data`: derived keys and index hashes. */
struct hash seal_keyed_hash(const struct hash *key, struct span data);

#endif
