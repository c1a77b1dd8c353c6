/* note.h: C2SP signed notes and tlog checkpoints: write, read strictly, verify. docs/format.md, "Checkpoints". Pure
 * and thread-safe. */
#ifndef SUIREN_NOTE_H
#define SUIREN_NOTE_H

#include "limits.h"
#include "key.h"

#define NOTE_NAME_SIZE 128
#define NOTE_TYPE_ED25519 0x01
#define NOTE_TYPE_COSIGNATURE 0x04

/* A verifier key: "name+hhhhhhhh+base64(type || key)". */
struct note_verifier {
	char name[NOTE_NAME_SIZE];
	uint32_t key_hash;
	uint8_t type;
	struct public_key key;
};

struct checkpoint {
	char origin[NOTE_NAME_SIZE];
	uint64_t size;
	struct hash root;
	struct span text; /* when read: the signed text, borrowed, extensions included */
};

/* SHA-256(name || LF || type || key)[0:4], big-endian. */
uint32_t note_key_hash(const char *name, uint8_t type, const struct public_key *key);
void note_verifier_make(
    struct note_verifier *verifier, const char *name, uint8_t type, const struct public_key *key);
void note_verifier_write(struct buffer *out, const struct note_verifier *verifier);
/* Fails with: ERROR_MALFORMED (also: a type that is not known here), ERROR_MISMATCH (the key hash). */
MUST_CHECK enum error note_verifier_read(struct span text, struct note_verifier *verifier);

/* Append text || LF || one Ed25519 signature line. `text` ends in LF. */
void note_sign(
    struct buffer *out, struct span text, const char *name, const struct secret_key *key);
/* Append one cosignature line (C2SP tlog-cosignature, Ed25519) over the checkpoint `text` as read, to stand below the
 * note's other signatures. `time_s`: seconds since the epoch, not 0. */
void cosignature_write(struct buffer *out, struct span text, const char *name, uint64_t time_s,
    const struct secret_key *key);
/* Verify against known verifiers of both types, at most NOTE_KNOWN_MAX; `text` is set (borrowed) and `verified` counts distinct good known keys. Fails with:
 * ERROR_MALFORMED, ERROR_SIGNATURE (a known key's bad signature), ERROR_UNKNOWN_KEY (no known signature). */
MUST_CHECK enum error note_verify(struct span note, const struct note_verifier *known,
    size_t known_count, struct span *text, size_t *verified);

/* The signed text of a note, borrowed; verifies nothing. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error note_text(struct span note, struct span *text);

void checkpoint_write(struct buffer *out, const struct checkpoint *checkpoint);
/* Fails with: ERROR_MALFORMED, ERROR_MEMORY. */
MUST_CHECK enum error checkpoint_read(struct span text, struct checkpoint *checkpoint);
/* A signed checkpoint under the log key, whose name is the origin. */
void checkpoint_sign(
    struct buffer *out, const struct checkpoint *checkpoint, const struct secret_key *log_key);
/* Verify the log's signature and the origin. Fails as note_verify, and with ERROR_MISMATCH (another origin). */
MUST_CHECK enum error checkpoint_verify(
    struct span note, const struct note_verifier *log, struct checkpoint *checkpoint);

#endif
