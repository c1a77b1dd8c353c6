/* node.h: one running city: ties its directory (node.yaml, keys/, ledger/), its ledger, its rules
 * and its links together. Whoever changes the books goes through node_submit or node_order; readers
 * begin a transaction of their own with txn_begin_read(ledger_store(node_ledger(node)), ...). One
 * process at a time may hold a node for writing (a lock file); readers need no lock. Submitting is
 * thread-safe; opening, closing and the link are not. docs/format.md, "Node directories" and
 * "Links". */
#ifndef SUIREN_NODE_H
#define SUIREN_NODE_H

#include "node_config.h"
#include "settlement.h"

struct node;

/* Where time and randomness come from, so that a demo or a test can decide both. NULL functions:
 * the system's. With several submitting threads the functions must be thread-safe. */
struct node_seams {
	int64_t (*clock_ms)(void *context);
	void (*random)(void *context, uint8_t *bytes, size_t size);
	void *context;
};

struct node_options {
	bool read_only;
	bool not_durable; /* no fsync: tests and scratch only */
	/* This process is the node's daemon: never goes through another; its threads read while it
	 * writes. */
	bool daemon;
	struct node_seams seams;
	/* A writer that only goes through a daemon. Called when that is gone: true if there is another
	 * one now, and what was under way is asked again. NULL: the command fails. */
	bool (*revive)(void *context, const char *directory);
	void *revive_context;
};

struct node_create_options {
	uint32_t region;
	bool demo;
	struct span policy; /* YAML; empty: the one that is built in */
	const char *listen; /* tcp://host:port, also in the descriptor; NULL: the built-in one */
	struct node_options node;
};

/* Make the node directory of a region that is built in: keys from the seam's randomness, node.yaml,
 * the genesis and the policy entry. It appears whole or not at all. Fails with: ERROR_EXISTS (names
 * the file that is in the way; nothing is ever overwritten), ERROR_NOT_FOUND (the region, its
 * policy, or the folder to make it in), ERROR_TOO_LARGE (the name), ERROR_PERMISSION,
 * ERROR_DISK_FULL, ERROR_IO, what the policy is refused with, and the store's. */
MUST_CHECK enum error node_create(
    const char *directory, const struct node_create_options *options, struct error_detail *detail);
/* Open a node for writing (takes its lock) or for reading. While its daemon runs a writer goes through
 * that: it reads for itself, and what it submits is booked by the daemon. A writer needs its document, log and
 * registry keys, a reader goes on without. Fails with: ERROR_NOT_FOUND, ERROR_LOCKED (says who
 * holds it), ERROR_MALFORMED (node.yaml or a key, with the place), ERROR_PERMISSION, ERROR_MISMATCH
 * (node.yaml or keys are not those of this log), ERROR_CORRUPT, ERROR_SIGNATURE (the descriptor of
 * the genesis entry), and the store's. */
MUST_CHECK enum error node_open(const char *directory, const struct node_options *options,
    struct node **node, struct error_detail *detail);
/* NULL is accepted. No transaction may be open and no submission under way. */
void node_close(struct node *node);

/* Why nothing is booked any more (ERROR_STOPPED): the disk or the books have failed; the node has to be reopened. ERROR_NONE: it is. */
enum error node_failure(struct node *node);
/* Whether it goes through its daemon. */
bool node_is_remote(const struct node *node);
/* Called by the writer after each group that booked something, in whatever thread writes; must not submit. */
typedef void node_committed(void *context);
void node_watch(struct node *node, node_committed *committed, void *context);

const char *node_directory(const struct node *node);
uint32_t node_region(const struct node *node);
bool node_is_demo(const struct node *node);
const struct node_config *node_configuration(const struct node *node);
struct ledger *node_ledger(struct node *node);
/* For readers: the present catalogues. It belongs to the writer while a submission is under way. */
struct settlement *node_settlement(struct node *node);
/* NULL if it is not here (readers). */
const struct secret_key *node_document_key(const struct node *node);
/* Of the log key that the log itself names. */
void node_log_verifier(const struct node *node, struct note_verifier *verifier);
/* Milliseconds since the epoch, from the seam. */
int64_t node_now_ms(struct node *node);
/* Append the node's own descriptor, the one that is valid now: what other cities are to be given. Fails with: the store's. */
MUST_CHECK enum error node_descriptor(struct node *node, struct buffer *document);
/* Random bytes from the seam (salts, secrets, person keys). */
void node_random(struct node *node, uint8_t *bytes, size_t size);

/* A command to be booked. All borrowed until the answer. */
struct submission {
	struct span document;   /* COSE */
	struct span attachment; /* settlement.h, settlement_admit */
	/* Changes of the registry's rows, which are not in the log (registry.h): made in the
	 * group's transaction before the decision, and undone if the command is refused. */
	struct span registry;
	const struct prepared_sheet *prepared; /* or NULL */
};

struct answer {
	enum error error; /* ERROR_NONE; ERROR_REPEAT: `sequence` is the first answer's entry; else
			     nothing was booked */
	uint64_t sequence;
	struct error_detail detail;
};

/* Book one command, durable when it returns. Commands of several threads are booked together. The
 * return value tells of the world, `answer` of the command; if the world failed the answer says so
 * too and nothing was booked. Fails with: ERROR_BUSY (too many wait: try again), ERROR_STOPPED (an
 * earlier failure of the disk or the books: reopen the node), ERROR_MAP_FULL (a reader of this
 * process keeps the map from growing), ERROR_DISK_FULL, ERROR_MEMORY, ERROR_IO, ERROR_CORRUPT. */
MUST_CHECK enum error node_submit(
    struct node *node, const struct submission *submission, struct answer *answer);
/* Book 1..GROUP_COMMANDS_MAX commands in one durable commit, one after the other, each with its own
 * answer; a refused one does not touch the others. Fails as node_submit, but never with ERROR_BUSY.
 */
MUST_CHECK enum error node_submit_group(
    struct node *node, const struct submission *submissions, size_t count, struct answer *answers);

/* An order of this city. The same id again is a repeat if kind, parameters, content and count are
 * the same too, else a conflict. `id` empty: made from these four. `content` NULL: SHA-256 of the
 * lines if the id is empty too; if an id is given, the id stands for the content. Give the content
 * where lines hold something random (sealed facts). */
struct node_order {
	enum kind kind;
	struct span id; /* text of at most ORDER_ID_MAX bytes */
	const struct hash *content;
	struct span parameters; /* `parameter_count` CBOR items */
	size_t parameter_count;
	struct span lines; /* `count` CBOR items */
	uint32_t count;
	const struct secret_key *key; /* an officer's; NULL: the node's document key */
	struct span registry;         /* as in a submission */
};
/* Sign an order, with a fresh secret for its lines, and submit it. Fails as node_submit, and with:
 * ERROR_MALFORMED, ERROR_TOO_LARGE (the answer has the same error). */
MUST_CHECK enum error node_order(
    struct node *node, const struct node_order *order, struct answer *answer);

/* Move the clock of a demo node's daemon (node_is_remote). Fails with: ERROR_USAGE (not a demo node), ERROR_IO and the like (it is gone). */
MUST_CHECK enum error node_move_clock(
    struct node *node, int64_t now_ms, struct error_detail *detail);

/* Numbers of documents. Repeats are in none of them. */
struct delivery {
	uint64_t delivered;        /* booked by their receivers */
	uint64_t refused;          /* refused by them; the refusal is an entry of theirs */
	uint64_t acknowledgements; /* booked by the senders */
	uint64_t differences;      /* windows that differ, about which a creditor has written */
};
/* The in-process delivery of every document that waits between these nodes, all open for writing,
 * in order of region and number, until none waits; windows that differ
 * are reconciled on the way, and one that cannot be stays as it is. What a failure leaves is delivered the next
 * time. Nodes whose daemons run send by themselves: this waits until nothing waits. Fails with: ERROR_TIMEOUT (something still waits
 * for a daemon that does not answer), ERROR_USAGE (two nodes of one city), what a receiver cannot take a document
 * with (ERROR_UNKNOWN_KEY: not introduced, ERROR_GAP, ERROR_CONFLICT: the sender has lost its
 * memory, ...; the other documents were delivered), and as node_submit. */
MUST_CHECK enum error node_deliver(struct node *const *nodes, size_t count,
    struct delivery *delivery, struct error_detail *detail);
/* Make nodes known to each other: hand over each one's descriptor, then its policy. Doing it again
 * changes nothing. Fails with: ERROR_REFUSED (a demo node among others), ERROR_UNKNOWN_KEY (known
 * under another root key), and as node_deliver. */
MUST_CHECK enum error node_introduce(
    struct node *const *nodes, size_t count, struct error_detail *detail);

#endif
