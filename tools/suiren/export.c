/* export.c: `suiren export`: the books for other tools, streamed: one row (or hledger transaction) a transfer. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "entry_view.h"
#include "export_writer.h"
#include "output.h"
#include "timeline.h"

static const struct export_format *format_find(const char *name)
{
	for (const struct export_format *f = export_formats; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static int export_entry(
    const struct cli *cli, struct txn *txn, uint64_t sequence, const struct export_format *format)
{
	struct entry_reader reader = {0};
	enum error error = ledger_read(txn, sequence, &reader);
	for (size_t i = 0; !error && i < reader.entry.transfer_count; i++)
		format->transfer(
		    stdout, &reader.entry.header, (uint32_t)i, &reader.entry.transfers[i]);
	entry_free(&reader);
	if (!error)
		return CLI_DONE;
	char what[64];
	snprintf(what, sizeof(what), "entry %" PRIu64, sequence);
	return cli_fail(cli, error, NULL, what);
}

/* Entries of the days from .. to, both inclusive; a missing end is the log's. */
static int export_range(const struct cli *cli, struct txn *txn, const char *from_text,
    const char *to_text, uint64_t *first, uint64_t *end)
{
	struct hash root;
	int32_t from = 0, to = 0;
	*first = 0;
	if (from_text && cli_day(cli, "--from", from_text, &from))
		return CLI_USAGE;
	if (to_text && cli_day(cli, "--to", to_text, &to))
		return CLI_USAGE;
	if (from_text && to_text && from > to)
		return cli_usage(cli->command, "--from %s is after --to %s", from_text, to_text);
	enum error error = ledger_head(txn, end, &root);
	if (!error && from_text)
		error = timeline_before(txn, day_start_ms(from), first);
	if (!error && to_text)
		error = timeline_before(txn, day_start_ms(to + 1), end);
	return error ? cli_fail(cli, error, NULL, "export") : CLI_DONE;
}

static int export_run(struct cli *cli, int argc, char **argv)
{
	const char *format_text = NULL, *from_text = NULL, *to_text = NULL;
	const struct cli_option options[] = {{"format", &format_text, NULL},
	    {"from", &from_text, NULL}, {"to", &to_text, NULL}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	uint64_t first = 0, end = 0;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!format_text)
		return cli_usage(cli->command, "--format is missing");
	if (strcmp(format_text, "xlsx") == 0)
		return cli_usage(cli->command,
		    "--format xlsx is not written; spreadsheet programs open --format csv");
	const struct export_format *format = format_find(format_text);
	if (!format)
		return cli_usage(
		    cli->command, "--format: %s is none of hledger, csv, jsonl", format_text);
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn)
		status = export_range(cli, txn, from_text, to_text, &first, &end);
	if (txn && !status) {
		struct progress progress = {.what = "export: entry"};
		format->begin(stdout, node_configuration(node), first > 0);
		for (uint64_t s = first; s < end && !status && !ferror(stdout); s++) {
			progress_step(&progress, s - first, end - first);
			status = export_entry(cli, txn, s, format);
		}
		progress_end(&progress);
	}
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command export_commands[] = {
    {"export", NULL, "DIR --format hledger|csv|jsonl [--from DAY] [--to DAY]",
	"The transfers of the books, for other tools",
	"suiren export chengdu --format hledger | hledger -f - balance --flat", export_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
