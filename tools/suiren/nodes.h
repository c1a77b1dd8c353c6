/* nodes.h: several node directories of this machine opened for writing at once: for delivery and introductions. */
#ifndef SUIREN_NODES_H
#define SUIREN_NODES_H

#include "cli.h"

struct nodes {
	struct node *nodes[CITIES_MAX];
	size_t count;
};

/* Open all of them or none; each region once. Prints the error. Returns an enum cli_status. */
int nodes_open(struct cli *cli, struct nodes *nodes, char *const *directories, size_t count);
void nodes_close(struct nodes *nodes);

#endif
