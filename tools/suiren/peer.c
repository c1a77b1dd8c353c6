/* peer.c: `suiren peer add|export|list`: the other cities of a node. Whether they are believed: peer_trust.c. */
#include <sys/stat.h>

#include "cli.h"
#include "descriptor.h"
#include "nodes.h"
#include "output.h"
#include "peer_trust.h"
#include "peers.h"

/* Words after the command: node directories come first, then files with descriptors of nodes that are elsewhere. */
static int split(struct cli *cli, char *const *words, int count, int *directories)
{
	*directories = 0;
	while (*directories < count) {
		struct stat found;
		if (stat(words[*directories], &found) == 0 && !S_ISDIR(found.st_mode))
			break;
		++*directories;
	}
	for (int i = *directories; i < count; i++) {
		struct stat found;
		if (stat(words[i], &found) == 0 && S_ISDIR(found.st_mode))
			return cli_usage(cli->command,
			    "%s: node directories come before descriptor files", words[i]);
	}
	return *directories ? CLI_DONE
			    : cli_usage(cli->command, "%s: not a node directory", words[0]);
}

/* Have one node take one descriptor. It writes to the new peer by itself then. */
static enum error take(struct node *node, struct span document, struct error_detail *detail)
{
	const struct submission submission = {.document = document};
	struct answer answer;
	enum error error = node_submit(node, &submission, &answer);
	if (!error && answer.error != ERROR_REPEAT)
		error = answer.error;
	if (error)
		*detail = answer.detail;
	return error;
}

/* The descriptor in a file; whose it is. */
static enum error descriptor_open(
    const char *path, struct buffer *document, uint32_t *region, struct error_detail *detail)
{
	struct descriptor descriptor;
	enum error error = cli_read_file(path, DOCUMENT_SIZE_MAX, document, detail);
	if (error)
		return error;
	error = descriptor_read(buffer_span(document), &descriptor);
	*region = descriptor.region;
	return error ? error_set(detail, error, "%s: not a signed node descriptor", path)
		     : ERROR_NONE;
}

static enum error take_file(
    const struct nodes *nodes, const char *path, uint32_t *region, struct error_detail *detail)
{
	struct buffer document = {0};
	enum error error = descriptor_open(path, &document, region, detail);
	for (size_t i = 0; i < nodes->count && !error; i++)
		error = take(nodes->nodes[i], buffer_span(&document), detail);
	buffer_free(&document);
	return error;
}

static int add_told(
    const struct cli *cli, const uint32_t *regions, size_t count, const char *directory)
{
	if (cli->json) {
		yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *array = yyjson_mut_arr(doc);
		yyjson_mut_doc_set_root(doc, array);
		for (size_t i = 0; i < count; i++)
			yyjson_mut_arr_add_uint(doc, array, regions[i]);
		return output_json(doc, true);
	}
	printf("已互相登记 introduced:");
	for (size_t i = 0; i < count; i++)
		printf(" %06u", regions[i]);
	printf("\nNext: suiren peer list %s\n", directory);
	return CLI_DONE;
}

static int add_run(struct cli *cli, int argc, char **argv)
{
	struct nodes nodes;
	struct error_detail detail = {""};
	uint32_t regions[CITIES_MAX];
	int directories, words = cli_options(cli, NULL, argc, argv, NULL, 2, CITIES_MAX);
	if (words < 0 || split(cli, argv, words, &directories))
		return CLI_USAGE;
	int status = nodes_open(cli, &nodes, argv, (size_t)directories);
	if (status)
		return status;
	enum error error = ERROR_NONE;
	if (nodes.count > 1)
		error = node_introduce(nodes.nodes, nodes.count, &detail);
	for (size_t i = 0; i < nodes.count; i++)
		regions[i] = node_region(nodes.nodes[i]);
	for (int i = directories; i < words && !error; i++)
		error = take_file(&nodes, argv[i], &regions[i], &detail);
	status = error ? cli_fail(cli, error, &detail, "peer add")
		       : add_told(cli, regions, (size_t)words, argv[0]);
	nodes_close(&nodes);
	return status;
}

static int exported_json(const char *file, uint32_t region)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	json_text(doc, object, "file", span_text(file));
	yyjson_mut_obj_add_uint(doc, object, "region", region);
	return output_json(doc, true);
}

/* What the other cities are to be given: by hand, or by whatever way they trust. */
static int export_run(struct cli *cli, int argc, char **argv)
{
	const char *out = NULL;
	const struct cli_option options[] = {{"out", &out, NULL}, {NULL, NULL, NULL}};
	struct error_detail detail = {""};
	struct buffer document = {0};
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!out)
		return cli_usage(cli->command, "-o FILE says where the descriptor goes");
	struct node *node = cli_open(cli, argv[0], true, &status);
	if (!node)
		return status;
	enum error error = node_descriptor(node, &document);
	if (!error)
		error = cli_write_file(out, buffer_span(&document), &detail);
	if (error)
		status = cli_fail(cli, error, &detail, out);
	else if (cli->json)
		status = exported_json(out, node_region(node));
	else
		printf(
		    "%s: the descriptor of %06u, signed by its root key; the other cities take it "
		    "with\n  suiren peer add THEIR-DIR %s\n",
		    out, node_region(node), out);
	buffer_free(&document);
	node_close(node);
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
    {"peer", "add", "DIR... [FILE...] [--now TIME] [--json]",
	"Make nodes known to each other: directories, and descriptor files",
	"suiren peer add chengdu chongqing", add_run},
    {"peer", "export", "DIR -o FILE [--json]",
	"Write the node's signed descriptor into a file for the other cities",
	"suiren peer export chengdu -o chengdu.descriptor", export_run},
    {"peer", "list", "DIR [--json]", "The other cities that a node knows, and what waits for them",
	"suiren peer list chengdu", list_run},
    {"peer", "show", "DIR REGION [--evidence FILE] [--json]",
	"One city: the head of its log that was seen, and whether it is believed",
	"suiren peer show chengdu 510800 --evidence guangyuan.evidence", peer_show_run},
    {"peer", "evidence", "FILE --vkey VKEY [--json]",
	"Check evidence that a city's log contradicts itself, without a node",
	"suiren peer evidence guangyuan.evidence --vkey \"$(suiren log vkey guangyuan)\"",
	peer_evidence_run},
    {"peer", "unfreeze", "DIR REGION --officer NAME --key FILE [--json]",
	"Believe a frozen city again: one officer proposes, another confirms",
	"suiren peer unfreeze chengdu 510800 --officer wang.li --key wang.key", peer_unfreeze_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
