#include "clearing_print.h"

#include <inttypes.h>
#include <string.h>

#include "bank_view.h"
#include "sheet_view.h"

struct printing {
	const struct cli *cli;
	struct node *node;
	struct txn *txn;
	uint32_t month, peer; /* peer 0: all */
	bool csv, bank, pairs;
	yyjson_mut_doc *doc; /* JSON, or NULL */
	yyjson_mut_val *sheets;
	uint32_t cities[CITIES_MAX]; /* with which the month is cleared */
	uint32_t count;
	enum error error;
};

static bool note_city(void *context, const struct clearing_row *clearing)
{
	struct printing *printing = context;
	uint32_t self = node_region(printing->node);
	uint32_t other = clearing->low == self ? clearing->high : clearing->low;
	if ((clearing->low != self && clearing->high != self) ||
	    (printing->peer && other != printing->peer))
		return true;
	if (printing->count == CITIES_MAX) {
		printing->error = ERROR_TOO_LARGE;
		return false;
	}
	printing->cities[printing->count++] = other;
	return true;
}

static enum error print_pair(struct printing *printing, uint32_t peer)
{
	struct clearing_sheet *sheet;
	enum error error = clearing_sheet_read(
	    printing->txn, node_region(printing->node), peer, printing->month, &sheet);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	if (printing->doc) {
		yyjson_mut_arr_append(printing->sheets, sheet_json(printing->doc, sheet));
	} else if (printing->csv) {
		sheet_csv(sheet);
	} else {
		sheet_text(node_configuration(printing->node), sheet);
		putchar('\n');
	}
	clearing_sheet_free(sheet);
	return ERROR_NONE;
}

static enum error print_bank(struct printing *printing)
{
	struct bank_sheet *sheet;
	yyjson_mut_val *object = NULL;
	enum error error =
	    bank_sheet_read(printing->txn, node_region(printing->node), printing->month, &sheet);
	if (error)
		return error;
	if (printing->doc)
		error = bank_json(printing->node, printing->txn, sheet, printing->doc, &object);
	else if (printing->csv)
		error = bank_csv(printing->node, printing->txn, sheet);
	else
		error = bank_text(printing->node, printing->txn, sheet);
	if (object)
		yyjson_mut_obj_add_val(
		    printing->doc, yyjson_mut_doc_get_root(printing->doc), "bank", object);
	bank_sheet_free(sheet);
	return error;
}

/* Where in this city's log the sheets were read. */
static enum error begin(struct printing *printing, uint64_t *entries)
{
	struct hash root;
	char month[8];
	yyjson_mut_val *object;
	enum error error = ledger_head(printing->txn, entries, &root);
	if (error || !printing->cli->json)
		return error;
	printing->doc = yyjson_mut_doc_new(NULL);
	object = yyjson_mut_obj(printing->doc);
	yyjson_mut_doc_set_root(printing->doc, object);
	month_write(printing->month, month);
	yyjson_mut_obj_add_strcpy(printing->doc, object, "month", month);
	yyjson_mut_obj_add_uint(printing->doc, object, "city", node_region(printing->node));
	yyjson_mut_obj_add_uint(printing->doc, object, "entries", *entries);
	if (printing->pairs)
		printing->sheets = yyjson_mut_obj_add_arr(printing->doc, object, "sheets");
	return ERROR_NONE;
}

static enum error print_all(struct printing *printing)
{
	uint64_t entries = 0;
	char month[8];
	enum error error = begin(printing, &entries);
	if (!error && printing->pairs && printing->csv)
		sheet_csv_head();
	if (!error && printing->pairs && printing->count == 0 && !printing->doc)
		puts("该月没有清算 no clearing of this month\n");
	for (uint32_t i = 0; printing->pairs && i < printing->count && !error; i++)
		error = print_pair(printing, printing->cities[i]);
	if (!error && printing->bank)
		error = print_bank(printing);
	month_write(printing->month, month);
	if (!error && !printing->doc && !printing->csv)
		printf("\n%s, 账本截至 as this city's log stood with %" PRIu64
		       " 条分录 entries (%06u)\n",
		    month, entries, node_region(printing->node));
	return error;
}

static int print_node(struct printing *printing)
{
	const struct cli *cli = printing->cli;
	char month[8];
	enum error error = clearing_each(printing->txn, printing->month, note_city, printing);
	if (!error)
		error = printing->error;
	month_write(printing->month, month);
	if (!error && printing->count == 0 && (printing->peer || !printing->bank))
		return cli_refuse(cli, ERROR_NOT_FOUND,
		    "no such clearing of %s; `suiren clearing list` names them", month);
	if (!error)
		error = print_all(printing);
	if (error) {
		yyjson_mut_doc_free(printing->doc);
		return cli_fail(cli, error, NULL, "settlement sheets");
	}
	return printing->doc ? output_json(printing->doc, true) : CLI_DONE;
}

int clearing_sheet_run(struct cli *cli, int argc, char **argv)
{
	const char *month = NULL, *peer = NULL, *format = "text";
	struct printing printing = {.cli = cli};
	bool bank = false;
	const struct cli_option options[] = {{"month", &month, NULL}, {"peer", &peer, NULL},
	    {"format", &format, NULL}, {"bank", NULL, &bank}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!month)
		return cli_usage(cli->command, "--month is missing");
	printing.csv = strcmp(format, "csv") == 0;
	if (!printing.csv && strcmp(format, "text") != 0)
		return cli_usage(cli->command, "--format: %s is none of text, csv", format);
	if (printing.csv && cli->json)
		return cli_usage(cli->command, "either --json or --format csv");
	if (bank && peer)
		return cli_usage(cli->command, "either --peer or --bank");
	if (cli_month(cli, "--month", month, &printing.month) ||
	    (peer && cli_region(cli, "--peer", peer, &printing.peer)))
		return CLI_USAGE;
	/* A table of CSV has one head: the bank's is another. */
	printing.pairs = !bank;
	printing.bank = bank || (!peer && !printing.csv);
	printing.node = cli_open(cli, argv[0], true, &status);
	printing.txn = printing.node ? cli_read(cli, printing.node, &status) : NULL;
	if (printing.txn)
		status = print_node(&printing);
	txn_abort(printing.txn);
	node_close(printing.node);
	return status;
}
