/* node.h: one running city: ties its directory (node.yaml, keys/, ledger/), its ledger, its rules and its links together. Whoever changes the
 * books goes through node_submit; readers use node_read_begin. One process at a time may hold the node for writing (a lock
 * file); readers need no lock. */
#ifndef SUIREN_NODE_H
#define SUIREN_NODE_H

#include "node_config.h"
#include "settlement.h"

struct node;

/* Where time and randomness come from, so that a demo or a test can decide both. NULL functions: the system's. */
struct node_seams {
	int64_t (*clock_ms)(void *context);
	void (*random)(void *context, uint8_t *bytes, size_t size);
	void *context;
};

struct node_options {
	bool read_only;
	bool not_durable; /* no fsync: tests and scratch only */
	struct node_seams seams;
};

/* Make a new node directory for `region` (config_default unless `config` is given): keys from the seam's randomness, node.yaml, the city's policy, genesis
 * and policy entries. Fails with: ERROR_EXISTS (names the file), ERROR_NOT_FOUND (no policy known for the region), the store's. */
struct node_create_options {
	uint32_t region;
	bool demo;
	struct span policy; /* YAML; empty: the embedded one */
	struct node_options node;
};
MUST_CHECK enum error node_create(
    const char *directory, const struct node_create_options *options, struct error_detail *detail);
MUST_CHECK enum error node_open(const char *directory, const struct node_options *options,
    struct node **node, struct error_detail *detail);
void node_close(struct node *node); /* NULL is accepted */

const char *node_directory(const struct node *node);
uint32_t node_region(const struct node *node);
bool node_is_demo(const struct node *node);
const struct node_config *node_configuration(const struct node *node);
struct ledger *node_ledger(struct node *node);
struct settlement *node_settlement(struct node *node);
const struct secret_key *node_document_key(const struct node *node);
void node_log_verifier(const struct node *node, struct note_verifier *verifier);
int64_t node_now_ms(struct node *node);
/* Random bytes from the seam (salts, secrets, person keys). */
void node_random(struct node *node, uint8_t *bytes, size_t size);

/* A command to be booked. All borrowed until the answer. */
struct submission {
	struct span document;   /* COSE */
	struct span attachment; /* settlement.h, settlement_admit */
	/* Runs in the group's transaction before the decision and is undone if the command is refused: the registry's rows, which are not in the log. NULL: none. */
	enum error (*before)(void *context, struct txn *txn, struct error_detail *detail);
	void *before_context;
	const struct prepared_sheet *prepared; /* or NULL */
};

struct answer {
	enum error
	    error; /* ERROR_NONE; ERROR_REPEAT: `sequence` is the first answer; else nothing was booked */
	uint64_t sequence;
	struct error_detail detail;
};

/* Book one command, durable when it returns. */
MUST_CHECK enum error node_submit(
    struct node *node, const struct submission *submission, struct answer *answer);
/* Book up to GROUP_COMMANDS_MAX commands in one durable commit; each has its own answer. The return value tells of the commit. */
MUST_CHECK enum error node_submit_group(
    struct node *node, const struct submission *submissions, size_t count, struct answer *answers);
/* Sign an order (key NULL: the node's document key) with a fresh secret and submit it. The same id again is a repeat if kind, parameters,
 * content and count are the same too, else a conflict. `id` empty: made from the content. `content` NULL: SHA-256 of the lines if the id is empty; if
 * an id is given, the id stands for the content. Give the content where lines hold something random (sealed facts). */
struct node_order {
	enum kind kind;
	struct span id;
	const struct hash *content;
	struct span parameters;
	size_t parameter_count;
	struct span lines;
	uint32_t count;
	const struct secret_key *key;
	enum error (*before)(void *context, struct txn *txn, struct error_detail *detail);
	void *before_context;
};
MUST_CHECK enum error node_order(
    struct node *node, const struct node_order *order, struct answer *answer);

/* The in-process link: deliver every waiting document between the nodes, in fixed order, until all outboxes are empty. Numbers of
 * documents delivered, refused. The nng link of a running daemon implements the same steps (link.h). */
struct delivery {
	uint64_t delivered, refused, acknowledgements;
};
MUST_CHECK enum error node_deliver(struct node *const *nodes, size_t count,
    struct delivery *delivery, struct error_detail *detail);
/* Make nodes known to each other: each signs and hands over its descriptor and policy. */
MUST_CHECK enum error node_introduce(
    struct node *const *nodes, size_t count, struct error_detail *detail);

#endif
