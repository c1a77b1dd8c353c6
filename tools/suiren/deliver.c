/* deliver.c: `suiren deliver`: carries waiting documents between node directories of this machine. */
#include <inttypes.h>

#include "cli.h"
#include "nodes.h"
#include "output.h"

static int deliver_run(struct cli *cli, int argc, char **argv)
{
	struct nodes nodes;
	struct delivery delivery = {0};
	struct error_detail detail = {""};
	int words = cli_options(cli, NULL, argc, argv, NULL, 2, CITIES_MAX);
	if (words < 0)
		return CLI_USAGE;
	int status = nodes_open(cli, &nodes, argv, (size_t)words);
	if (status)
		return status;
	enum error error = node_deliver(nodes.nodes, nodes.count, &delivery, &detail);
	if (error) {
		status = cli_fail(cli, error, &detail, "deliver");
	} else if (cli->json) {
		yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *object = yyjson_mut_obj(doc);
		yyjson_mut_doc_set_root(doc, object);
		yyjson_mut_obj_add_uint(doc, object, "delivered", delivery.delivered);
		yyjson_mut_obj_add_uint(doc, object, "refused", delivery.refused);
		yyjson_mut_obj_add_uint(doc, object, "acknowledgements", delivery.acknowledgements);
		status = output_json(doc, true);
	} else {
		printf("送达 delivered %" PRIu64 " 份 documents, 拒收 refused %" PRIu64
		       ", 回执 acknowledgements %" PRIu64 "; 无待发 nothing waits\n",
		    delivery.delivered, delivery.refused, delivery.acknowledgements);
	}
	nodes_close(&nodes);
	return status;
}

const struct cli_command deliver_commands[] = {
    {"deliver", NULL, "DIR DIR... [--now TIME] [--json]",
	"Carry the waiting documents between node directories until none waits",
	"suiren deliver demo/510100 demo/500000 demo/510800 demo/511300", deliver_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
