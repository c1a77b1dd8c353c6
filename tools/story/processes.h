/* processes.h: daemons started, watched and ended as children of this process: `suirend` for each node of a demo, on loopback.
 * Whatever happens to this process, also SIGKILL, its children end too. Not thread-safe, but process_kill. */
#ifndef SUIREN_PROCESSES_H
#define SUIREN_PROCESSES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

#define PROCESSES_MAX 8u
#define PROCESS_PATH_MAX 4096

struct process {
	char directory[PROCESS_PATH_MAX]; /* of its node */
	char listen[64];                  /* tcp://127.0.0.1:port */
	int port_holder;   /* a socket bound to the port, so that nobody else is given it */
	_Atomic pid_t pid; /* 0: none runs */
	unsigned starts;
};

struct processes {
	char program[PROCESS_PATH_MAX]; /* suirend */
	struct process all[PROCESSES_MAX];
	unsigned count;
	/* Called when the nodes stand, before the daemons start; or NULL. */
	enum error (*prepare)(void *context, struct processes *processes);
	void *prepare_context;
	bool
	    dial_by_file; /* the descriptors name no address: node.yaml says where the others are */
	int64_t now_ms;   /* the clock of the nodes, for one that is started again */
	unsigned revived; /* how often one was started again */
};

/* `program` NULL: the `suirend` that lies beside this program. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error processes_init(
    struct processes *processes, const char *program, struct error_detail *detail);
/* One more, with a port of its own on loopback; not started yet. */
MUST_CHECK enum error processes_add(
    struct processes *processes, const char *directory, struct error_detail *detail);
/* Start one and wait until it says that it is ready; its log goes to DIRECTORY.log. Fails with: ERROR_STATE (it ended; says where its log is), ERROR_IO, ERROR_TIMEOUT. */
MUST_CHECK enum error process_start(
    struct processes *processes, struct process *process, struct error_detail *detail);
/* The one of a node; NULL. */
struct process *processes_find(struct processes *processes, const char *directory);
/* End it without warning; from any thread. */
void process_kill(struct process *process);
/* For node_options.revive; the context is the processes: waits for the end of the one that is gone, and starts it again. */
bool processes_revive(void *processes, const char *directory);
/* Ask it to stop, and wait; it is killed if it does not. Fails with: ERROR_STATE (it did not stop cleanly). */
MUST_CHECK enum error process_stop(struct process *process);
/* Stop all that run, and let their ports go. Returns the first failure. */
MUST_CHECK enum error processes_close(struct processes *processes);

#endif
