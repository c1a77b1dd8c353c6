/* peer.c: `suiren peer add|list`: the other cities of a node. */
#include "cli.h"
#include "nodes.h"
#include "output.h"
#include "peers.h"

static int add_run(struct cli *cli, int argc, char **argv)
{
	struct nodes nodes;
	struct error_detail detail = {""};
	int words = cli_options(cli, NULL, argc, argv, NULL, 2, CITIES_MAX);
	if (words < 0)
		return CLI_USAGE;
	int status = nodes_open(cli, &nodes, argv, (size_t)words);
	if (status)
		return status;
	enum error error = node_introduce(nodes.nodes, nodes.count, &detail);
	if (error) {
		status = cli_fail(cli, error, &detail, "peer add");
	} else if (cli->json) {
		yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *array = yyjson_mut_arr(doc);
		yyjson_mut_doc_set_root(doc, array);
		for (size_t i = 0; i < nodes.count; i++)
			yyjson_mut_arr_add_uint(doc, array, node_region(nodes.nodes[i]));
		status = output_json(doc, true);
	} else {
		printf("已互相登记 introduced:");
		for (size_t i = 0; i < nodes.count; i++)
			printf(" %06u", node_region(nodes.nodes[i]));
		printf("\nNext: suiren peer list %s\n", argv[0]);
	}
	nodes_close(&nodes);
	return status;
}

static int peers_print(const struct cli *cli, const struct peer_seen *peers, size_t count)
{
	if (cli->json) {
		yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *array = yyjson_mut_arr(doc);
		yyjson_mut_doc_set_root(doc, array);
		for (size_t i = 0; i < count; i++)
			yyjson_mut_arr_append(array, peer_json(doc, &peers[i]));
		return output_json(doc, true);
	}
	for (size_t i = 0; i < count; i++)
		peer_line(&peers[i]);
	if (count == 0)
		puts("no other city is known; `suiren peer add DIR OTHER-DIR` introduces two");
	return CLI_DONE;
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	int status = CLI_DONE;
	struct peer_seen peers[CITIES_MAX];
	size_t count = 0;
	if (cli_options(cli, NULL, argc, argv, NULL, 1, 1) < 0)
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn) {
		enum error error = peers_list(node, txn, peers, CITIES_MAX, &count);
		status = error ? cli_fail(cli, error, NULL, "peer list")
			       : peers_print(cli, peers, count);
	}
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command peer_commands[] = {
    {"peer", "add", "DIR OTHER-DIR... [--now TIME] [--json]",
	"Make nodes on this machine known to each other: keys and policies",
	"suiren peer add chengdu chongqing", add_run},
    {"peer", "list", "DIR [--json]", "The other cities that a node knows, and what waits for them",
	"suiren peer list chengdu", list_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
