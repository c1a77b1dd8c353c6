/* key.h: Ed25519 signing keys (RFC 8032): make, derive from a seed, sign, verify, and their files (mode 0600, never
 * overwritten). Knows nothing of who owns a key or when it was valid: that is keyring.h. */
#ifndef SUIREN_KEY_H
#define SUIREN_KEY_H

#include "hash.h"

#define PUBLIC_KEY_SIZE 32
#define SECRET_KEY_SIZE 64
#define SIGNATURE_SIZE 64
#define KEY_ID_SIZE 8
#define KEY_KIND_SIZE 16

struct public_key {
	uint8_t bytes[PUBLIC_KEY_SIZE];
};

/* Wipe with key_wipe when done. */
struct secret_key {
	uint8_t bytes[SECRET_KEY_SIZE];
	struct public_key public;
};

struct signature {
	uint8_t bytes[SIGNATURE_SIZE];
};

/* First 8 bytes of SHA-256(public key). */
struct key_id {
	uint8_t bytes[KEY_ID_SIZE];
};

/* Prepare libsodium; idempotent, thread-safe. Call once in main before any other call of this header. */
MUST_CHECK enum error key_library_init(void);
void key_from_seed(const struct hash *seed, struct secret_key *key);
void key_generate(struct secret_key *key);
void key_wipe(struct secret_key *key);
struct key_id key_id(const struct public_key *key);
bool key_id_equal(const struct key_id *a, const struct key_id *b);
void key_sign(const struct secret_key *key, struct span message, struct signature *signature);
/* Fails with: ERROR_SIGNATURE. Refuses small-order and non-canonical keys and S >= L. */
MUST_CHECK enum error key_verify(
    const struct public_key *key, struct span message, const struct signature *signature);

/* A key file is one line: "suiren-key-1 KIND HEX-SEED\n", mode 0600, created exclusively. KIND is root, document, log,
 * witness, link, institution or officer. Fails with: ERROR_EXISTS, ERROR_IO. */
MUST_CHECK enum error key_file_write(
    const char *path, const char *kind, const struct hash *seed, struct error_detail *detail);
/* Refuses a file that others may read (ERROR_PERMISSION), another kind (ERROR_MISMATCH), and ERROR_MALFORMED,
 * ERROR_NOT_FOUND, ERROR_IO. `seed` may be NULL. */
MUST_CHECK enum error key_file_read(const char *path, const char *kind, struct secret_key *key,
    struct hash *seed, struct error_detail *detail);

#endif
