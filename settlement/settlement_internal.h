/* settlement_internal.h: what the modules of the settlement floor share and nobody else sees: the node's state in memory
 * and the two functions of every kind of entry. */
#ifndef SUIREN_SETTLEMENT_INTERNAL_H
#define SUIREN_SETTLEMENT_INTERNAL_H

#include "descriptor.h"
#include "settlement.h"

/* The catalogue of one city, parsed; the text is in the tables. */
struct catalogue {
	uint32_t region;
	uint64_t sequence; /* the entry that brought it */
	struct policy *policy;
};

struct claim_state;
struct trust_gate;

struct settlement {
	struct settlement_options options;
	const struct trust_gate *gate;           /* NULL: nothing is awaited of anybody */
	struct catalogue catalogues[CITIES_MAX]; /* ascending by region */
	size_t catalogue_count;
	/* What the sheet that was decided last uses up: taken over if it is the entry that is applied next. */
	struct claim_state *claims;
	bool claims_decided;
	uint64_t claims_sequence;
	struct hash claims_document;
};

#define KIND_PROTOTYPES(number, name, made)                                           \
	enum error name##_decide(struct settlement *settlement, struct txn *txn,      \
	    const struct command *command, int64_t now_ms, struct decision *decision, \
	    struct error_detail *detail) MUST_CHECK;                                  \
	enum error name##_apply(struct settlement *settlement, struct txn *txn,       \
	    const struct entry *entry, struct error_detail *detail) MUST_CHECK;
KIND_LIST(KIND_PROTOTYPES)
#undef KIND_PROTOTYPES

/* What is known of a kind of entry. */
struct kind_row {
	unsigned number;
	const char *name;
	bool lines_made;
	enum error (*decide)(struct settlement *, struct txn *, const struct command *, int64_t,
	    struct decision *, struct error_detail *);
	enum error (*apply)(
	    struct settlement *, struct txn *, const struct entry *, struct error_detail *);
};

/* NULL if there is none with this number. */
const struct kind_row *kind_find(unsigned number);

struct keyring_key;
struct document;
/* Whose signature is it, under a key that is valid at `size`? Verifies it, unless the settlement's options say that this was
 * done, or it is among those that were checked before (command->signatures). Fails with: ERROR_UNKNOWN_KEY, ERROR_SIGNATURE. */
MUST_CHECK enum error signer_find(const struct settlement *settlement, struct txn *txn,
    const struct command *command, const struct document *document, uint64_t size,
    struct keyring_key *signer);

/* Is the document signed with a document key of this city, be it the present one or an older one? */
MUST_CHECK enum error signed_by_self(const struct settlement *settlement, struct txn *txn,
    const struct document *document, bool *is);

/* What claim_remote_apply does to the keyring: the key of an officer of the host who entered the sheet. */
MUST_CHECK enum error claim_remote_key_apply(struct txn *txn, const struct entry *entry);

/* Parse a catalogue and keep it in place of the region's present one. Fails with: ERROR_MALFORMED, ERROR_MEMORY, ERROR_TOO_LARGE. */
MUST_CHECK enum error catalogue_set(struct settlement *settlement, uint64_t sequence,
    struct span yaml, struct error_detail *detail);

/* The city's own catalogue that entry `sequence` brought, as verdicts name it. `kept` (NULL at first) keeps one that is no longer in force
 * until the next call; policy_free it in the end. Fails with: ERROR_CORRUPT (there is none), ERROR_MEMORY. */
struct kept_policy {
	uint64_t sequence;
	struct policy *policy;
};
MUST_CHECK enum error catalogue_at(struct settlement *settlement, struct txn *txn,
    uint64_t sequence, struct kept_policy *kept, const struct policy **policy);

#endif
