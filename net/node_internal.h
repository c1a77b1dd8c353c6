/* node_internal.h: what the modules of the net floor share and nobody else sees: the node in
 * memory, its files, and the writer's group. Everything that a group needs again and again is kept
 * in here, so that booking allocates next to nothing. */
#ifndef SUIREN_NODE_INTERNAL_H
#define SUIREN_NODE_INTERNAL_H

#include <pthread.h>

#include "hasher.h"
#include "net_limits.h"
#include "node.h"
#include "verifier.h"

struct descriptor;

/* The names of the files in a node directory. docs/format.md, "Node directories". */
#define NODE_FILE_CONFIG "node.yaml"
#define NODE_FILE_LOCK "lock"
#define NODE_FOLDER_KEYS "keys"
#define NODE_FOLDER_LEDGER "ledger"

/* Keys that a running node uses; the root key is none of them. Readers may lack them. */
struct node_keys {
	bool has_document, has_log, has_registry;
	struct secret_key document, log;
	struct hash registry;
};

/* A caller that waits for its command (sequencer.c). */
struct waiter;

/* The writer: one group at a time. There is no thread of its own: of those who wait, the first
 * writes for all. */
struct sequencer {
	pthread_mutex_t mutex; /* the queue and `busy` */
	pthread_cond_t changed;
	struct waiter *first, **last;
	unsigned waiting;
	bool busy;          /* somebody writes; all below is theirs */
	enum error stopped; /* not ERROR_NONE: the disk or the books failed; nothing is booked until
			       the node is reopened */
	/* Scratch of one command. */
	struct command_storage *storage;
	struct hasher hasher;
	struct decision decision; /* its results are hashed by `hasher` */
	struct buffer documents, refusal;
	struct span spans[2 + DECISION_OUTGOING_MAX];
};

/* A test's hand in the writer's transaction, before each command. An error refuses the command. */
typedef enum error node_intrusion(void *context, const struct submission *submission,
    struct txn *txn, struct error_detail *detail);

struct node {
	char *directory;
	struct node_options options;
	struct node_config config;
	char origin[ORIGIN_SIZE + 12];
	int lock;    /* of the writer's lock file; -1 */
	bool remote; /* its daemon has the lock, and books what is submitted here */
	struct node_keys keys;
	struct public_key log_key; /* as the genesis entry names it */
	struct settlement *settlement;
	struct ledger_options ledger_options;
	struct ledger *ledger;
	struct sequencer sequencer;
	struct verifier verifier;
	uint64_t delivered_size, delivered_sent; /* up to where deliver_remote has counted */
	node_committed *committed;               /* or NULL */
	void *committed_context;
	node_intrusion *intrude; /* NULL but in tests */
	void *intrude_context;
};

/* Files (node_files.c). */

/* Write DIRECTORY/name (name may hold a '/'). Fails with: ERROR_TOO_LARGE. */
MUST_CHECK enum error node_path(
    const char *directory, const char *name, char path[NODE_PATH_MAX], struct error_detail *detail);
/* Read and check DIRECTORY/node.yaml. Fails with: ERROR_NOT_FOUND, ERROR_MALFORMED (says where),
 * ERROR_IO. */
MUST_CHECK enum error node_config_open(
    const char *directory, struct node_config *config, struct error_detail *detail);
/* Read a whole file of at most CONFIG_FILE_MAX bytes. Fails with: ERROR_NOT_FOUND, ERROR_TOO_LARGE, ERROR_MALFORMED (no file), ERROR_PERMISSION, ERROR_IO. */
MUST_CHECK enum error node_file_read(
    const char *path, struct buffer *content, struct error_detail *detail);
/* Write a new file durably. Fails with: ERROR_EXISTS, ERROR_DISK_FULL, ERROR_PERMISSION, ERROR_IO.
 */
MUST_CHECK enum error node_file_write(
    const char *path, struct span content, struct error_detail *detail);
/* Put a whole file in the place of DIR/name, durably: after a crash the old one or the new one stands there. Fails with: as node_file_write. */
MUST_CHECK enum error node_file_replace(
    const char *directory, const char *name, struct span content, struct error_detail *detail);
/* Make the names in a folder durable. Fails with: ERROR_IO. */
MUST_CHECK enum error node_folder_sync(const char *path, struct error_detail *detail);
/* Take the writer's lock; *lock is closed to let it go. Fails with: ERROR_LOCKED (says who holds
 * it), ERROR_IO. */
MUST_CHECK enum error node_lock(const char *directory, int *lock, struct error_detail *detail);
/* Read the keys that a running node needs. A reader goes on without those that are not there. */
MUST_CHECK enum error node_keys_open(
    const char *directory, bool read_only, struct node_keys *keys, struct error_detail *detail);
void node_keys_wipe(struct node_keys *keys);

/* The error for errno of a failed system call. */
enum error node_system_error(int number);

/* Open a directory; `fresh` when its log is still to be begun (node_create). Else as node_open. */
MUST_CHECK enum error node_open_directory(const char *directory, const struct node_options *options,
    bool fresh, struct node **node, struct error_detail *detail);
/* The node's own descriptor, as its genesis entry holds it: the signed document (may be NULL;
 * appended) and what it says. */
MUST_CHECK enum error node_own_descriptor(
    struct txn *txn, struct buffer *document, struct descriptor *descriptor);

/* The nodes in order of region, so that what happens does not hang on the order in which they were
 * named. `count` is at most CITIES_MAX. Fails with: ERROR_USAGE (two of one city). */
MUST_CHECK enum error nodes_sort(struct node *const *nodes, size_t count,
    struct node *sorted[CITIES_MAX], struct error_detail *detail);

/* A node whose daemon runs (remote.c). */

/* As node_submit_group. Fails also with: ERROR_IO and ERROR_TIMEOUT (the daemon is gone, or does not answer; says what that means). */
MUST_CHECK enum error remote_submit(
    struct node *node, const struct submission *submissions, size_t count, struct answer *answers);
/* Wait until nothing waits there for the cities of `others`, at most so long. */
MUST_CHECK enum error remote_idle(struct node *node, struct node *const *others, size_t count,
    uint32_t timeout_ms, bool *idle, struct error_detail *detail);

/* Count from here on what becomes of a node's documents: when it was opened. */
MUST_CHECK enum error deliver_remote_begin(struct node *node);
/* As node_deliver, for nodes that all go through their daemons (deliver_remote.c). */
MUST_CHECK enum error deliver_remote(struct node *const *nodes, size_t count,
    struct delivery *delivery, struct error_detail *detail);

/* The writer (sequencer.c, group.c). */

/* One command of a group. */
struct work {
	const struct submission *submission;
	struct answer *answer;
	const struct signatures *signatures; /* that were checked before; NULL: none */
	bool from_peer; /* a document of another city: its refusal is an entry */
	bool refused;   /* set: refused, and the refusal is booked as answer->sequence */
	unsigned
	    failures; /* appends that failed: the group is tried again without it, or with its refusal */
};

MUST_CHECK enum error sequencer_init(struct sequencer *sequencer);
void sequencer_free(struct sequencer *sequencer);
/* Wait for the writer's place, then book 1..GROUP_COMMANDS_MAX commands in one durable commit.
 * Thread-safe. Fails with: ERROR_STOPPED, and what the world fails with: then nothing of the group
 * is booked, and every answer says so. */
MUST_CHECK enum error sequencer_run(struct node *node, struct work *works, size_t count);
/* What was booked may have made room for lines that are held, may fill the float again, or match what the bank has said (further.h); so may a
 * repeat: a crash may have come between it and them. They are no part of the command: it is booked whatever comes of them, and a failure
 * of the world is told to whoever submits next, as it stops the sequencer; the next such command tries them again. To be called
 * after sequencer_run or sequencer_submit, by whoever gave the works, also where a peer's documents are taken. */
void node_follow_up(struct node *node, const struct work *works, size_t count);
/* Book one command together with those of other threads. Fails as sequencer_run, and with
 * ERROR_BUSY. */
MUST_CHECK enum error sequencer_submit(struct node *node, const struct work *work);

/* Book a group; only for whoever holds the writer's place. Fails as sequencer_run. */
MUST_CHECK enum error group_run(struct node *node, struct work *works, size_t count);

#endif
