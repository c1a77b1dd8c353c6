/* federation.h: the first few cities of the demo with a daemon each, to which a test gives orders: institutions without end, each of which is a
 * document for every other city. */
#ifndef SUIREN_TEST_FEDERATION_H
#define SUIREN_TEST_FEDERATION_H

#include "daemon_status.h"
#include "processes.h"
#include "sample_model.h"
#include "node.h"

struct federation {
	const char *folder;
	unsigned cities;
	struct processes processes;
	struct node *nodes[SAMPLE_CITIES]; /* they go through the daemons */
	unsigned registered;               /* institutions so far */
};

/* Make the nodes below `folder`, introduce them, start their daemons, and wait until each hears all others. */
void federation_open(struct federation *federation, const char *folder, unsigned cities);
/* Stop the daemons; each must end as one that was told to. */
void federation_close(struct federation *federation);
/* Register one more institution with a city. */
void federation_register(struct federation *federation, unsigned city);
/* Kill the daemon of a city, and wait for its end. */
void federation_kill(struct federation *federation, unsigned city);
/* Start it again. It is ready when this returns. */
void federation_start(struct federation *federation, unsigned city);
/* Wait until no document waits anywhere. */
void federation_settle(struct federation *federation);
/* Documents of a city for another: acknowledged up to this number; waiting. */
uint64_t federation_acknowledged(struct federation *federation, unsigned from, unsigned to);
uint64_t federation_waiting(struct federation *federation, unsigned from, unsigned to);

/* What a daemon says of itself; to be freed. */
struct daemon_status *federation_status(const struct federation *federation, unsigned city);

/* What the system knows of a running daemon. */
struct process_facts {
	unsigned files, threads;
	uint64_t resident_kib;
};
struct process_facts process_facts(const struct process *process);

int64_t monotonic_ms(void);
/* A moment in which something else can run. */
void breathe(void);

#endif
