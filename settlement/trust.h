/* trust.h: what this node has seen of the logs of other cities, and whether it still believes them: the highest head of each that
 * is an entry here, and who is frozen because its log contradicts itself. Owns TABLE_TRUST. docs/settlement.md, "Trust between
 * cities"; docs/format.md, "Heads" and "Evidence". */
#ifndef SUIREN_TRUST_H
#define SUIREN_TRUST_H

#include "decision.h"
#include "evidence.h"
#include "keyring.h"

/* The highest head of a city that this log has booked. */
struct trust_head {
	char origin[NOTE_NAME_SIZE]; /* another epoch of the city has another one */
	uint64_t size;
	struct hash root;
	uint64_t sequence; /* this node's entry */
	int64_t time_ms;   /* of that entry */
	struct span note;  /* borrowed from the transaction */
};

struct trust_state {
	bool frozen;
	enum evidence_kind kind;    /* of the last evidence; 0: there never was any */
	uint64_t frozen_sequence;   /* this node's entry that holds it */
	struct hash evidence;       /* SHA-256 of its bytes */
	uint64_t unfrozen_sequence; /* 0: never */
	bool proposed;              /* an officer has proposed to unfreeze it */
	uint64_t proposed_sequence;
	struct hash proposal; /* hash of that order */
	struct key_id proposer_key;
	char proposer[KEYRING_PARTY_SIZE]; /* "officer/<name>" */
};

/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error trust_head_get(struct txn *txn, uint32_t region, struct trust_head *head);
/* Zeros for a city about which there is nothing to say. */
MUST_CHECK enum error trust_state_get(struct txn *txn, uint32_t region, struct trust_state *state);
/* Only while an entry is applied. */
MUST_CHECK enum error trust_head_put(
    struct txn *txn, uint32_t region, const struct trust_head *head);
MUST_CHECK enum error trust_head_forget(struct txn *txn, uint32_t region);
MUST_CHECK enum error trust_state_put(
    struct txn *txn, uint32_t region, const struct trust_state *state);

/* The verifier of a city's present log key, under the origin of its descriptor. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error trust_log_key(
    struct txn *txn, uint32_t region, struct note_verifier *verifier);
/* All log keys of a city that were ever booked here, the present one first, at most `most`. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error trust_log_keys(
    struct txn *txn, uint32_t region, struct note_verifier *verifiers, size_t most, size_t *count);
/* The evidence in a `frozen` entry; borrows from it. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error trust_evidence_of(
    const struct entry *entry, struct evidence *evidence, struct span *bytes);

/* What whoever asks cities for their heads knows and the log does not: may be asked from the writer's thread. Not there in a
 * replay: what was signed was signed when nothing was open. */
struct trust_gate {
	void *context;
	/* Must what is to be signed for a city, or paid to it, wait: for a proof, or, if it is that much, for a fresh head? */
	bool (*waits)(void *context, uint32_t region, int64_t fen);
};

/* Is a city frozen? Fails with: ERROR_PEER_FROZEN, the store's. */
MUST_CHECK enum error trust_check_frozen(
    struct txn *txn, uint32_t region, struct error_detail *detail);
/* The same; and nothing that is asked of it is open. Before anything is signed for a city or paid to it. `fen`: how much, of either sign.
 * Fails with: ERROR_PEER_FROZEN, ERROR_PROOF_AWAITED, the store's. */
MUST_CHECK enum error trust_check(struct settlement *settlement, struct txn *txn, uint32_t region,
    int64_t fen, struct error_detail *detail);

#endif
