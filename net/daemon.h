/* daemon.h: one city as a running process: its node open for writing, its links to the peers, its
 * outboxes, its admin socket, and what it does by the clock. `suirend` is little more than a call of
 * this. docs/cli.md, "suirend"; docs/protocol.md. */
#ifndef SUIREN_DAEMON_H
#define SUIREN_DAEMON_H

#include "log.h"
#include "node.h"

struct daemon;

struct daemon_options {
	const char *directory;
	const char *listen; /* tcp://host:port in place of node.yaml's; NULL */
	const char
	    *now; /* what the clock of a demo node stands at (time_read); NULL: its last entry */
	struct log *log;  /* borrowed; or NULL */
	bool not_durable; /* tests only */
};

/* Open the node, listen, dial, serve. SIGTERM, SIGINT and SIGHUP are blocked from here on in this
 * thread and those it makes: daemon_run takes them. Fails with: as node_open and link_open; ERROR_USAGE (`now`);
 * ERROR_MISMATCH (keys/link.key is not the key that the log names). */
MUST_CHECK enum error daemon_open(
    const struct daemon_options *options, struct daemon **daemon, struct error_detail *detail);
/* Until SIGTERM or SIGINT; or until the disk or the books have failed, so that nothing can be booked before the node is opened again: then
 * it returns that failure, for whoever started it to start it anew. */
MUST_CHECK enum error daemon_run(struct daemon *daemon);
/* Say good-bye to the peers, finish what is being booked, close. NULL is accepted. */
void daemon_close(struct daemon *daemon);

#endif
