/* settlement.h: one city's rules over one ledger: admits documents, decides, applies, replays. Pure over the transaction that it is handed:
 * no clock, no socket, no file, no random number. Not thread-safe: belongs to the sequencer; readers make their own. */
#ifndef SUIREN_SETTLEMENT_H
#define SUIREN_SETTLEMENT_H

#include "accounts.h"
#include "decision.h"
#include "ledger.h"
#include "policy.h"
#include "tables.h"

struct settlement_options {
	uint32_t region;
	uint32_t epoch;
	bool demo;
	uint32_t
	    outbox_limit; /* new claims are refused when so many documents wait for their payer; 0 (a replay): none is */
	bool has_registry_key; /* false: an auditor without keys; facts of persons stay sealed */
	struct hash registry_key;
	/* For a replay: the registry is read here, not in the transaction at hand. NULL: there is none but that. */
	struct txn *registry;
	/* For a replay of a log that ledger_audit has gone through: whose key it is still counts, the arithmetic is done. */
	bool signatures_verified;
};

MUST_CHECK enum error settlement_create(
    const struct settlement_options *options, struct settlement **settlement);
void settlement_free(struct settlement *settlement); /* NULL is accepted */
/* Whom to ask whether what would be signed for a city must wait (trust.h); borrowed; NULL: nobody. Before anything is booked, or after. */
struct trust_gate;
void settlement_gate(struct settlement *settlement, const struct trust_gate *gate);
uint32_t settlement_region(const struct settlement *settlement);
uint32_t settlement_epoch(const struct settlement *settlement);
bool settlement_demo(const struct settlement *settlement);
/* NULL if there is none. */
const struct hash *settlement_registry_key(const struct settlement *settlement);
/* Load the catalogues from the tables: after opening, and after a group that was aborted. */
MUST_CHECK enum error settlement_reload(
    struct settlement *settlement, struct txn *txn, struct error_detail *detail);
/* The catalogue of a region as this node knows it; NULL if it has none. Borrowed until the next policy entry. */
const struct policy *settlement_policy(const struct settlement *settlement, uint32_t region);

/* A catalogue of a region as it stands in the log, also one that is no longer the present one: that which entry `sequence` of this node
 * has brought, or with `hash` (not NULL) the one whose bytes have this SHA-256. *policy is owned by the caller. Fails with:
 * ERROR_NOT_FOUND, and what policy_load fails with. */
MUST_CHECK enum error settlement_policy_logged(struct txn *txn, uint32_t region, uint64_t sequence,
    const struct hash *hash, struct policy **policy);

/* Find out what a document is, check its form, its signature under a key that is valid now, the sender's right to say it, and its number; fill
 * `command`. `document` is the COSE; `attachment` as in message.h, or a sheet's or order's [secret(32), count, lines], or
 * empty. `storage` keeps what the command borrows and belongs to the caller. Fails with: ERROR_REPEAT (`sequence` is the entry that booked it), ERROR_CONFLICT, ERROR_GAP,
 * ERROR_UNKNOWN_KEY, ERROR_SIGNATURE, ERROR_MALFORMED, ERROR_MISMATCH, ... */
struct command_storage;
MUST_CHECK enum error command_storage_create(struct command_storage **storage);
void command_storage_free(struct command_storage *storage);
MUST_CHECK enum error settlement_admit(struct settlement *settlement, struct txn *txn,
    struct span document, struct span attachment, struct command_storage *storage,
    struct command *command, uint64_t *sequence, struct error_detail *detail);
/* Decide by the kind's rules. Writes nothing. */
MUST_CHECK enum error settlement_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail);
/* Sign what goes out and make the draft of the entry: causes, then outgoing documents. `documents` keeps the signed bytes. */
MUST_CHECK enum error settlement_draft(struct settlement *settlement, const struct command *command,
    struct decision *decision, const struct secret_key *document_key, struct buffer *documents,
    struct span *document_spans, size_t span_capacity, struct entry_draft *draft);
/* The projection, for ledger_options.project; context is the struct settlement. */
enum error settlement_project(
    void *settlement, struct txn *txn, const struct entry *entry, struct error_detail *detail);
/* The part of it that touches the ledger floor's tables, for ledger_options.project_own; the same context. */
enum error settlement_project_own(
    void *settlement, struct txn *txn, const struct entry *entry, struct error_detail *detail);

/* A replay (replay.c). Both work over the tables as they were before the entry, and leave them. */

/* Admit the causes of a logged entry again: their form, whose key signed them, their numbers, that they were not booked before,
 * that the lines are those that were signed, that they make this kind of entry. What refused a peer's document cannot be
 * asked again. Fails with: ERROR_NOT_VERIFIED and says what is wrong; the store's. */
MUST_CHECK enum error settlement_readmit(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail);
/* Decide a logged entry again and compare. Fails with: ERROR_NOT_VERIFIED and says what
 * differs. `not_rerun` counts lines whose person was erased or whose key is not here. */
MUST_CHECK enum error settlement_replay(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, uint32_t *not_rerun, struct error_detail *detail);
/* Two rows of a rebuilt table are the same but for what follows from the sealed facts of a person of this city: all that an
 * auditor without the registry key can ask for. */
bool settlement_equal_but_facts(
    const struct settlement *settlement, unsigned table, struct span a, struct span b);

/* The Chinese and English name of a kind. */
const char *kind_name(unsigned kind);

#endif
