#include "nodes.h"

#include <assert.h>

/* The node among the first `count` that is of the same city; NULL if there is none. LMDB must not be opened twice. */
static struct node *nodes_find(const struct nodes *nodes, uint32_t region)
{
	for (size_t i = 0; i < nodes->count; i++)
		if (node_region(nodes->nodes[i]) == region)
			return nodes->nodes[i];
	return NULL;
}

int nodes_open(struct cli *cli, struct nodes *nodes, char *const *directories, size_t count)
{
	int status = CLI_DONE;
	assert(count <= CITIES_MAX);
	nodes->count = 0;
	for (size_t i = 0; i < count && !status; i++) {
		struct node *node = cli_open(cli, directories[i], false, &status);
		if (!node)
			break;
		struct node *other = nodes_find(nodes, node_region(node));
		if (other)
			status = cli_usage(cli->command, "%s and %s are nodes of one city",
			    node_directory(other), directories[i]);
		nodes->nodes[nodes->count++] = node;
	}
	if (status)
		nodes_close(nodes);
	return status;
}

void nodes_close(struct nodes *nodes)
{
	while (nodes->count > 0)
		node_close(nodes->nodes[--nodes->count]);
}
