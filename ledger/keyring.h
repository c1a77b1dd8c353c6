/* keyring.h: whose key is it, and at which entry was it valid? Histories of the keys of cities, institutions and officers
 * as this node's log has booked them. A key is valid at entry n if from <= n < until; never judged by a date that a
 * document states. A projection: written only while an entry is applied. */
#ifndef SUIREN_KEYRING_H
#define SUIREN_KEYRING_H

#include "document.h"
#include "store.h"

#define KEYRING_PARTY_SIZE 64
#define KEYRING_NEVER UINT64_MAX

/* party: "city/510100", "institution/<uscc>", "officer/<name>". kind: "root", "document", "log", "witness", "link", "institution", "officer". */
struct keyring_key {
	char party[KEYRING_PARTY_SIZE];
	char kind[KEY_KIND_SIZE];
	struct public_key key;
	uint64_t from_sequence;
	uint64_t until_sequence; /* KEYRING_NEVER while valid */
};

/* Add a key from `sequence`; the party's present key of that kind, if any, ends there. Adding the present key again
 * changes nothing. Fails with: ERROR_CONFLICT (the key belongs to another party). */
MUST_CHECK enum error keyring_add(struct txn *txn, const char *party, const char *kind,
    const struct public_key *key, uint64_t sequence);
/* End the validity of a key. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error keyring_revoke(struct txn *txn, const struct key_id *id, uint64_t sequence);
MUST_CHECK enum error keyring_find(
    struct txn *txn, const struct key_id *id, struct keyring_key *key);
/* The key of a party and kind that is valid now. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error keyring_current(
    struct txn *txn, const char *party, const char *kind, struct keyring_key *key);
/* Every key that was ever booked, in order of key id, ended ones too; stops when `visit` returns false. */
typedef bool keyring_visit(void *context, const struct keyring_key *key);
MUST_CHECK enum error keyring_each(struct txn *txn, keyring_visit *visit, void *context);
bool keyring_valid_at(const struct keyring_key *key, uint64_t sequence);
/* Verify a document under the key it names, valid at `sequence`. `signer` (may be NULL) is who it was. Fails with:
 * ERROR_UNKNOWN_KEY (unknown, or not valid there), ERROR_SIGNATURE. */
MUST_CHECK enum error keyring_verify(struct txn *txn, const struct document *document,
    uint64_t sequence, struct keyring_key *signer);

/* That the signature of a document holds under a key: arithmetic, which any thread may do before the document's turn has come. It says
 * nothing of whose key that is or whether it is valid: that is asked in the turn all the same, and if the log then has another key under
 * the document's key id, this counts for nothing. */
struct signature_check {
	struct span document; /* the whole COSE; borrowed */
	struct public_key key;
	bool holds; /* false: it does not, or nobody has looked */
};
/* Whether `check` (may be NULL) has found that just this document's signature holds under just this key. */
bool signature_check_holds(const struct signature_check *check, const struct document *document,
    const struct public_key *key);
/* As keyring_verify, but does not do again what `check` (may be NULL) has done. */
MUST_CHECK enum error keyring_verify_checked(struct txn *txn, const struct document *document,
    uint64_t sequence, const struct signature_check *check, struct keyring_key *signer);

#endif
