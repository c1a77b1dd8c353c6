/* policy.c: `suiren policy check|show|adopt|bundle`: the catalogues of programmes (补贴项目). */
#include "cli.h"
#include "output.h"
#include "orders.h"
#include "policy_bundle.h"
#include "policy_view.h"

struct complaints {
	unsigned count;
	const struct cli *cli;
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
};

static void complaint_take(
    void *context, const char *file, unsigned line, const char *field, const char *text)
{
	struct complaints *complaints = context;
	complaints->count++;
	if (complaints->array) {
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(complaints->doc, complaints->array);
		json_text(complaints->doc, object, "file", span_text(file));
		yyjson_mut_obj_add_uint(complaints->doc, object, "line", line);
		json_text(complaints->doc, object, "field", span_text(field ? field : ""));
		json_text(complaints->doc, object, "text", span_text(text));
		return;
	}
	output_text(stderr, span_text(file));
	fprintf(stderr, ":%u: ", line);
	if (field && field[0]) {
		output_text(stderr, span_text(field));
		fputs(": ", stderr);
	}
	output_text(stderr, span_text(text));
	fputc('\n', stderr);
}

static int check_json(struct complaints *complaints, const struct policy *policy)
{
	yyjson_mut_doc *doc = complaints->doc;
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	yyjson_mut_obj_add_bool(doc, object, "good", policy != NULL);
	if (policy) {
		yyjson_mut_obj_add_uint(doc, object, "region", policy->region);
		yyjson_mut_obj_add_uint(doc, object, "version", policy->version);
		yyjson_mut_obj_add_uint(doc, object, "programmes", policy->programme_count);
		yyjson_mut_obj_add_uint(doc, object, "funds", policy->fund_count);
		json_hex(doc, object, "hash", hash_span(&policy->hash));
	}
	yyjson_mut_obj_add_val(doc, object, "errors", complaints->array);
	return output_json(doc, true);
}

static int check_run(struct cli *cli, int argc, char **argv)
{
	struct error_detail detail = {""};
	struct buffer file = {0};
	struct policy *policy = NULL;
	struct complaints complaints = {.cli = cli};
	if (cli_options(cli, NULL, argc, argv, NULL, 1, 1) < 0)
		return CLI_USAGE;
	int status = CLI_DONE;
	enum error error = cli_read_file(argv[0], CONFIG_FILE_MAX, &file, &detail);
	if (error) {
		status = cli_fail(cli, error, &detail, argv[0]);
		goto done;
	}
	if (cli->json) {
		complaints.doc = yyjson_mut_doc_new(NULL);
		complaints.array = yyjson_mut_arr(complaints.doc);
	}
	error = policy_load(argv[0], buffer_span(&file), complaint_take, &complaints, &policy);
	if (error && complaints.count == 0)
		complaint_take(&complaints, argv[0], 1, "", error_text(error));
	status = cli->json ? check_json(&complaints, policy) : CLI_DONE;
	if (error)
		status = CLI_NO;
	else if (!cli->json)
		printf("%s: good: %s %s (%06u), version %u, %zu programmes, %zu funds\n", argv[0],
		    policy->name_zh, policy->name_en, policy->region, policy->version,
		    policy->programme_count, policy->fund_count);
done:
	policy_free(policy);
	buffer_free(&file);
	return status;
}

static int show_run(struct cli *cli, int argc, char **argv)
{
	const char *on_text = NULL, *region_text = NULL;
	const struct cli_option options[] = {
	    {"on", &on_text, NULL}, {"region", &region_text, NULL}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	int32_t day = 0;
	uint32_t region = 0;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!on_text)
		return cli_usage(cli->command, "--on is missing");
	if (cli_day(cli, "--on", on_text, &day))
		return CLI_USAGE;
	if (region_text && cli_region(cli, "--region", region_text, &region))
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	if (!node)
		return status;
	if (!region_text)
		region = node_region(node);
	const struct policy *policy = settlement_policy(node_settlement(node), region);
	if (!policy)
		status = cli_refuse(cli, ERROR_NOT_FOUND,
		    "%s: no catalogue of %06u is known here; `suiren peer add` brings it", argv[0],
		    region);
	else
		status = cli->json ? policy_view_json(policy, day) : policy_view_text(policy, day);
	node_close(node);
	return status;
}

/* From now on this catalogue is the city's; the other cities are told. */
static int adopt_run(struct cli *cli, int argc, char **argv)
{
	const char *key_file = NULL;
	const struct cli_option options[] = {{"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct error_detail detail = {""};
	struct secret_key key = {0};
	struct buffer file = {0};
	struct answer answer;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0)
		return CLI_USAGE;
	enum error error = cli_read_file(argv[1], CONFIG_FILE_MAX, &file, &detail);
	if (!error && key_file)
		error = key_file_read(key_file, "officer", &key, NULL, &detail);
	struct node *node = error ? NULL : cli_open(cli, argv[0], false, &status);
	if (error)
		status = cli_fail(cli, error, &detail, "policy adopt");
	if (node) {
		error = order_policy(node, buffer_span(&file), key_file ? &key : NULL, &answer);
		if (error && !answer.error)
			answer.error = error;
		status = cli_answer(cli, &answer, argv[1]);
	}
	node_close(node);
	key_wipe(&key);
	buffer_free(&file);
	return status;
}

const struct cli_command policy_commands[] = {
    {"policy", "check", "FILE [--json]",
	"Check a policy file: everything wrong, with line and field",
	"suiren policy check policy.yaml", check_run},
    {"policy", "show", "DIR --on DAY [--region CODE] [--json]",
	"The catalogue in force on a day: amounts, conditions, sources",
	"suiren policy show chengdu --on 2026-10-01", show_run},
    {"policy", "adopt", "DIR FILE [--officer-key KEY] [--now TIME] [--json]",
	"Book a catalogue with a higher version; the other cities are told",
	"suiren policy adopt chengdu policy.yaml", adopt_run},
    {"policy", "bundle", "DIR [-o FILE]",
	"All known catalogues in one file, for `suiren claim sign`",
	"suiren policy bundle chengdu -o policies.bundle", policy_bundle_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
