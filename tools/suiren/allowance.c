/* allowance.c: `suiren allowance run|list`: the monthly allowances paid to persons' own cards. */
#include "allowance.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "orders.h"
#include "output.h"

static int run_part(struct cli *cli, struct node *node, uint32_t month, const char *programme,
    const char *run, uint32_t part, bool *more)
{
	struct answer answer;
	enum error error = order_allowance(node, month, programme, run, part, NULL, more, &answer);

	if (error && !answer.error)
		answer.error = error;
	if (answer.error && answer.error != ERROR_REPEAT)
		*more = false;
	return cli_answer(cli, &answer, run);
}

static int run_run(struct cli *cli, int argc, char **argv)
{
	const char *month_text = NULL, *programme = "old_age_allowance", *run = NULL;
	const struct cli_option options[] = {{"month", &month_text, NULL},
	    {"programme", &programme, NULL}, {"run", &run, NULL}, {NULL, NULL, NULL}};
	char made[RUN_NAME_MAX + 1];
	uint32_t month = 0;
	int status = CLI_DONE;
	struct node *node;
	bool more = true;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!month_text)
		return cli_usage(cli->command, "--month is missing");
	if (cli_month(cli, "--month", month_text, &month))
		return CLI_USAGE;
	if (strlen(programme) >= PROGRAMME_CODE_SIZE)
		return cli_usage(cli->command, "--programme: no code is longer than %d bytes",
		    PROGRAMME_CODE_SIZE - 1);
	if (run && !run_name_valid(run))
		return cli_usage(cli->command,
		    "--run: a name of 1 to %u lower-case letters, digits, '-', '_' or '.'",
		    RUN_NAME_MAX);
	if (!run) {
		snprintf(made, sizeof made, "%.24s-%u", programme, (unsigned)month);
		run = made;
	}
	node = cli_open(cli, argv[0], false, &status);
	if (node)
		cli_list_begin(cli);
	for (uint32_t part = 1; node && !status && more; part++)
		status = run_part(cli, node, month, programme, run, part, &more);
	cli_list_end();
	node_close(node);
	return status;
}

struct listing {
	yyjson_mut_doc *doc;
	yyjson_mut_val *array;
};

static bool show_part(void *context, const char *run, const struct allowance_part *part)
{
	struct listing *listing = context;
	char month[8], amount[AMOUNT_TEXT_SIZE];

	month_write(part->month, month);
	if (listing->doc) {
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(listing->doc, listing->array);
		json_text(listing->doc, one, "run", span_text(run));
		yyjson_mut_obj_add_uint(listing->doc, one, "part", part->part);
		yyjson_mut_obj_add_strcpy(listing->doc, one, "month", month);
		json_text(listing->doc, one, "programme", span_text(part->programme));
		yyjson_mut_obj_add_uint(listing->doc, one, "persons", part->count);
		yyjson_mut_obj_add_sint(listing->doc, one, "amount_fen", part->total_fen);
		yyjson_mut_obj_add_uint(listing->doc, one, "entry", part->sequence);
		yyjson_mut_obj_add_bool(listing->doc, one, "last", part->last);
		return true;
	}
	yuan_write_grouped((struct amount){part->total_fen}, amount);
	printf("%-32s %u  %s  %-28s %6u 人 persons  ", run, (unsigned)part->part, month,
	    part->programme, (unsigned)part->count);
	output_cell_right(stdout, amount, 16);
	printf("  分录 entry %" PRIu64 "%s\n", part->sequence,
	    part->last ? "" : "  有后续 more follows");
	return true;
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	struct listing listing = {NULL, NULL};
	int status = CLI_DONE;
	struct node *node;
	struct txn *txn;
	enum error error;

	if (cli_options(cli, NULL, argc, argv, NULL, 1, 1) < 0)
		return CLI_USAGE;
	node = cli_open(cli, argv[0], true, &status);
	txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn && cli->json) {
		listing.doc = yyjson_mut_doc_new(NULL);
		listing.array = yyjson_mut_arr(listing.doc);
		yyjson_mut_doc_set_root(listing.doc, listing.array);
	}
	error = txn ? allowance_parts_each(txn, show_part, &listing) : ERROR_NONE;
	if (error) {
		yyjson_mut_doc_free(listing.doc);
		status = cli_fail(cli, error, NULL, "allowance list");
	} else if (listing.doc) {
		status = output_json(listing.doc, true);
	}
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command allowance_commands[] = {
    {"allowance", "run", "DIR --month YYYY-MM [--programme CODE] [--run NAME] [--json]",
	"Book the monthly allowances that are paid to persons' cards",
	"suiren allowance run chengdu --month 2026-10", run_run},
    {"allowance", "list", "DIR [--json]", "The runs with their parts, persons and sums",
	"suiren allowance list chengdu", list_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
