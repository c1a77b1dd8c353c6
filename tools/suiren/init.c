/* init.c: `suiren init`: makes the node directory of a city. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "embedded.h"
#include "output.h"
#include "region.h"
#include "seeded.h"

static int init_report(struct cli *cli, const char *directory)
{
	int status = CLI_DONE;
	uint64_t size = 0;
	struct hash root;
	struct node *node = cli_open(cli, directory, true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (!txn)
		goto done;
	enum error error = ledger_head(txn, &size, &root);
	if (error) {
		status = cli_fail(cli, error, NULL, directory);
		goto done;
	}
	const struct node_config *config = node_configuration(node);
	struct note_verifier verifier;
	node_log_verifier(node, &verifier);
	if (cli->json) {
		yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *object = yyjson_mut_obj(doc);
		yyjson_mut_doc_set_root(doc, object);
		json_text(doc, object, "directory", span_text(directory));
		yyjson_mut_obj_add_uint(doc, object, "region", config->region);
		yyjson_mut_obj_add_bool(doc, object, "demo", config->demo);
		json_text(doc, object, "origin", span_text(verifier.name));
		yyjson_mut_obj_add_uint(doc, object, "entries", size);
		json_hex(doc, object, "root", hash_span(&root));
		status = output_json(doc, true);
		goto done;
	}
	printf("Made %s: the %snode of %s %s (%06u).\n"
	       "  node.yaml   who it is, its peers, its limits\n"
	       "  keys/       its keys, mode 0600\n"
	       "  ledger/     its log %s: %llu entries\n\n"
	       "Take %s/keys/root.key away now, to a place without a network, and keep a second "
	       "copy:\n"
	       "it signs this city's other keys and is not needed for daily work.\n"
	       "请立即将 %s/keys/root.key 移至离线介质并备份：它签发本市其他密钥，日常不用。\n\n"
	       "Next: suiren status %s\n"
	       "      suiren policy show %s --on 2026-10-01\n"
	       "      suiren key show %s\n",
	    directory, config->demo ? "demo " : "", config->name_zh, config->name_en,
	    config->region, verifier.name, (unsigned long long)size, directory, directory,
	    directory, directory, directory);
done:
	txn_abort(txn);
	node_close(node);
	return status;
}

/* The file is read here already, so that its faults are told under its own name and before anything is made. */
static int policy_read(
    const struct cli *cli, const char *path, uint32_t region, struct buffer *content)
{
	struct error_detail detail = {""};
	struct config_first first = {.detail = &detail};
	struct policy *policy = NULL;
	enum error error = cli_read_file(path, CONFIG_FILE_MAX, content, &detail);
	if (error)
		return cli_fail(cli, error, &detail, path);
	error = policy_load(path, buffer_span(content), config_report_first, &first, &policy);
	if (error && first.count > 1)
		return cli_refuse(cli, error,
		    "%s; and %u more faults: `suiren policy check %s` lists them", detail.text,
		    first.count - 1, path);
	if (error)
		return cli_fail(cli, error, &detail, path);
	uint32_t found = policy->region;
	policy_free(policy);
	if (found != region)
		return cli_refuse(cli, ERROR_MALFORMED,
		    "%s: it is the policy of region %06u, not of %06u", path, found, region);
	return CLI_DONE;
}

static int init_run(struct cli *cli, int argc, char **argv)
{
	const char *region_text = NULL, *seed_text = NULL, *policy_file = NULL, *listen = NULL;
	bool demo = false;
	const struct cli_option options[] = {{"region", &region_text, NULL},
	    {"policy", &policy_file, NULL}, {"listen", &listen, NULL}, {"demo", NULL, &demo},
	    {"seed", &seed_text, NULL}, {NULL, NULL, NULL}};
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	struct node_create_options create = {.demo = demo};
	struct seeded seeded = {0};
	uint64_t seed = 0;
	if (!region_text)
		return cli_usage(cli->command, "--region is missing");
	if (cli_region(cli, "--region", region_text, &create.region))
		return CLI_USAGE;
	if (seed_text && cli_number(cli, "--seed", seed_text, INT64_MAX, &seed))
		return CLI_USAGE;
	if ((seed_text || cli->now) && !demo)
		return cli_usage(cli->command,
		    "--seed and --now make keys that anybody can make again: only with --demo");
	if (seed_text || cli->now) {
		struct node_seams seams = seeded_seams(&seeded);

		seeded_start(&seeded, seed, create.region, cli->now_ms);
		create.node.seams.context = seams.context;
		if (cli->now)
			create.node.seams.clock_ms = seams.clock_ms;
		if (seed_text)
			create.node.seams.random = seams.random;
	}

	struct error_detail detail = {""};
	struct buffer policy = {0};
	int status = CLI_DONE;
	enum error error = ERROR_NONE;
	if (policy_file)
		status = policy_read(cli, policy_file, create.region, &policy);
	if (status)
		goto done;
	if (cli->dry_run) {
		status = cli_usage(cli->command, "it has no dry run");
		goto done;
	}
	create.policy = buffer_span(&policy);
	create.listen = listen;
	error = node_create(argv[0], &create, &detail);
	status = error ? cli_fail(cli, error, &detail, argv[0]) : init_report(cli, argv[0]);
done:
	buffer_free(&policy);
	return status;
}

const struct cli_command init_commands[] = {
    {"init", NULL,
	"DIR --region CODE [--policy FILE] [--listen ADDRESS] [--demo [--seed N] [--now DAY]] "
	"[--json]",
	"Make a city's node directory: keys, node.yaml, policy, first entries",
	"suiren init chengdu --region 510100", init_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
