/* document.h: COSE_Sign1 (RFC 9052) with Ed25519 in the one profile of docs/format.md ("Signed documents"): tag 18,
 * protected header {1: -8, 3: content type, 4: key id}, empty unprotected header, payload present. Reads borrow.
 * Pure and thread-safe. */
#ifndef SUIREN_DOCUMENT_H
#define SUIREN_DOCUMENT_H

#include "limits.h"
#include "codec.h"
#include "key.h"

/* All content types are "application/vnd.suiren.<name>+cbor"; functions take and give <name>. */
#define DOCUMENT_NAME_SIZE 32

struct document {
	struct span whole;           /* the COSE bytes as received */
	struct span protected_bytes; /* exactly as received: signed over */
	struct span payload;
	char name[DOCUMENT_NAME_SIZE]; /* from the content type */
	struct key_id key_id;
	struct signature signature;
};

/* Append the COSE_Sign1 of `payload` (deterministic CBOR) to `out`. */
void document_sign(
    struct buffer *out, const char *name, const struct secret_key *key, struct span payload);
/* Read the structure without checking the signature. Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE. */
MUST_CHECK enum error document_read(struct span bytes, struct document *document);
/* Check key id and signature. Fails with: ERROR_UNKNOWN_KEY (key id of another key), ERROR_SIGNATURE. */
MUST_CHECK enum error document_verify(
    const struct document *document, const struct public_key *key);
/* The hash by which entries name a document: SHA-256 of the COSE bytes. */
struct hash document_hash(struct span bytes);

#endif
