/* evidence.h: that a city's log contradicts itself: two checkpoints under its own log key, and what shows a stranger, with
 * nothing but that key, that no honest log can have signed both. And heads: the checkpoints that cities ask each other for, each
 * bound to the one that was seen before. Pure and thread-safe. docs/format.md, "Heads" and "Evidence".
 *
 *   evidence = [1, region, first note, second note, old root(32), [hash(32)...]]      fork
 *            / [2, region, first note, second note, salt(16)]                         rollback
 *
 * fork:     the second, which is not smaller, has at the first one's size another root than the first says: both have one size, or
 *           the hashes lead from the old root to the second's root (so nobody else can have made them up), and the old root is
 *           not the first's.
 * rollback: the second is smaller, and its nonce was made of the first: so it was signed after that. */
#ifndef SUIREN_EVIDENCE_H
#define SUIREN_EVIDENCE_H

#include "codec.h"
#include "merkle.h"
#include "note.h"
#include "settlement_limits.h"

#define HEAD_NONCE_SIZE 16

enum evidence_kind { EVIDENCE_FORK = 1, EVIDENCE_ROLLBACK = 2 };

/* Spans are borrowed. */
struct evidence {
	enum evidence_kind kind;
	uint32_t region;
	struct span first, second; /* notes */
	struct hash old_root;      /* of a fork, as `path` */
	struct merkle_proof path;
	uint8_t salt[HEAD_NONCE_SIZE]; /* of a rollback */
};

/* The nonce to ask a head with, made of the highest head that was seen (empty: none) and of something random. */
void head_nonce(
    struct span seen, const uint8_t salt[HEAD_NONCE_SIZE], uint8_t nonce[HEAD_NONCE_SIZE]);
/* Append a signed checkpoint with the nonce in its extension line. */
void head_sign(struct buffer *out, const struct checkpoint *checkpoint,
    const uint8_t nonce[HEAD_NONCE_SIZE], const struct secret_key *log_key);
/* Verify a head under any of these keys, all of one origin. `nonce` (may be NULL) is what it must hold. Fails with: ERROR_TOO_LARGE,
 * ERROR_MALFORMED, ERROR_SIGNATURE, ERROR_UNKNOWN_KEY, ERROR_MISMATCH (origin, nonce). */
MUST_CHECK enum error head_verify(struct span note, const struct note_verifier *keys, size_t count,
    const uint8_t *nonce, struct checkpoint *checkpoint);

void evidence_write(struct buffer *out, const struct evidence *evidence);
/* Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error evidence_read(struct span bytes, struct evidence *evidence);
/* Does it prove what it says? Fails with: ERROR_NOT_VERIFIED (it shows no contradiction), and as head_verify. */
MUST_CHECK enum error evidence_check(const struct evidence *evidence,
    const struct note_verifier *keys, size_t count, struct checkpoint *first,
    struct checkpoint *second, struct error_detail *detail);
/* "fork", "rollback"; and the Chinese word. */
const char *evidence_kind_name(enum evidence_kind kind);
const char *evidence_kind_chinese(enum evidence_kind kind);

#endif
