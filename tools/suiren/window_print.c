#include "window_print.h"

#include <inttypes.h>

#include "accounts.h"
#include "descriptor.h"
#include "ledger.h"
#include "statement_view.h"

struct printing {
	const struct cli *cli;
	struct node *node;
	struct txn *txn;
	uint32_t first, count, peer; /* months; peer 0: all */
	uint32_t cities[CITIES_MAX];
	uint32_t city_count;
	yyjson_mut_doc *doc; /* JSON, or NULL */
	yyjson_mut_val *statements;
	uint32_t printed;
	enum error error;
};

static bool note_peer(void *context, const struct peer_row *peer)
{
	struct printing *printing = context;
	/* The city itself stands among the peers too. */
	if (peer->region == node_region(printing->node) ||
	    (printing->peer && printing->peer != peer->region))
		return true;
	if (printing->city_count == CITIES_MAX) {
		printing->error = ERROR_TOO_LARGE;
		return false;
	}
	printing->cities[printing->city_count++] = peer->region;
	return true;
}

/* Two cities that had and have nothing to do with each other need no statement, unless it was asked for. */
static bool is_empty(const struct pair_statement *statement)
{
	for (size_t i = 0; i < statement->month_count; i++) {
		if (statement->months[i].state != PAIR_MONTH_NOTHING)
			return false;
	}
	for (size_t side = 0; side < 2; side++) {
		if (statement->totals[side].opening_fen || statement->payments[side].before_fen)
			return false;
	}
	return statement->uncleared == 0 && statement->unagreed.count == 0 &&
	       statement->disputes.count == 0 && statement->lodged_fen == 0 &&
	       statement->held_fen == 0 && statement->advanced_fen == 0;
}

static enum error print_pair(struct printing *printing, uint32_t peer)
{
	struct pair_statement *statement;
	enum error error = pair_statement_read(printing->txn, node_region(printing->node), peer,
	    printing->first, printing->count, &statement);
	if (error)
		return error;
	if (printing->peer || !is_empty(statement)) {
		if (printing->doc) {
			yyjson_mut_arr_append(
			    printing->statements, statement_json(printing->doc, statement));
		} else {
			statement_text(node_configuration(printing->node), statement);
			putchar('\n');
		}
		printing->printed++;
	}
	pair_statement_free(statement);
	return ERROR_NONE;
}

static enum error float_read(struct txn *txn, int64_t *fen)
{
	char name[ACCOUNT_TEXT_SIZE];
	struct account account;
	enum error error = account_get(txn, span_text(account_float(name)), &account);
	*fen = error ? 0 : account.debits - account.credits;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static void begin_json(
    struct printing *printing, uint64_t entries, int64_t float_fen, uint32_t last)
{
	yyjson_mut_val *object;
	char month[8];
	printing->doc = yyjson_mut_doc_new(NULL);
	object = yyjson_mut_obj(printing->doc);
	yyjson_mut_doc_set_root(printing->doc, object);
	month_write(printing->first, month);
	yyjson_mut_obj_add_strcpy(printing->doc, object, "from", month);
	month_write(last, month);
	yyjson_mut_obj_add_strcpy(printing->doc, object, "to", month);
	yyjson_mut_obj_add_uint(printing->doc, object, "city", node_region(printing->node));
	yyjson_mut_obj_add_uint(printing->doc, object, "entries", entries);
	yyjson_mut_obj_add_sint(printing->doc, object, "float_fen", float_fen);
	printing->statements = yyjson_mut_obj_add_arr(printing->doc, object, "statements");
}

static void end_text(struct printing *printing, uint64_t entries, int64_t float_fen)
{
	char text[AMOUNT_TEXT_SIZE];
	if (printing->printed == 0)
		puts("与其他城市没有往来 nothing with any other city");
	output_amount(UNIT_CNY, float_fen, text);
	printf("周转金余额 float %s 元 yuan; 账本截至 as this city's log stood with %" PRIu64
	       " 条分录 entries (%06u)\n",
	    text, entries, node_region(printing->node));
}

static int print_node(struct printing *printing)
{
	const struct cli *cli = printing->cli;
	struct hash root;
	uint64_t entries;
	int64_t float_fen = 0;
	uint32_t last = printing->first;
	enum error error = peer_each(printing->txn, note_peer, printing);
	for (uint32_t i = 1; i < printing->count; i++)
		last = month_next(last);
	if (!error)
		error = printing->error;
	if (!error && printing->peer && printing->city_count == 0)
		return cli_refuse(cli, ERROR_NOT_FOUND,
		    "%06u is not a peer; `suiren peer list` names them", printing->peer);
	if (!error)
		error = ledger_head(printing->txn, &entries, &root);
	if (!error)
		error = float_read(printing->txn, &float_fen);
	if (!error && cli->json)
		begin_json(printing, entries, float_fen, last);
	for (uint32_t i = 0; i < printing->city_count && !error; i++)
		error = print_pair(printing, printing->cities[i]);
	if (error) {
		yyjson_mut_doc_free(printing->doc);
		return cli_fail(cli, error, NULL, "statements");
	}
	if (printing->doc)
		return output_json(printing->doc, true);
	end_text(printing, entries, float_fen);
	return CLI_DONE;
}

/* --month or --year into months. */
static int read_period(
    const struct cli *cli, const char *month, const char *year, struct printing *printing)
{
	uint64_t number = 0;
	if (!month == !year)
		return cli_usage(cli->command, "either --month or --year");
	printing->count = month ? 1 : STATEMENT_MONTHS_MAX;
	if (month)
		return cli_month(cli, "--month", month, &printing->first);
	if (cli_number(cli, "--year", year, 9999, &number))
		return CLI_USAGE;
	printing->first = (uint32_t)number * 100 + 1;
	return month_is_real(printing->first)
		   ? CLI_DONE
		   : cli_usage(cli->command, "--year: a year like 2026, not %s", year);
}

int window_statement_run(struct cli *cli, int argc, char **argv)
{
	const char *month = NULL, *year = NULL, *peer = NULL;
	struct printing printing = {.cli = cli};
	const struct cli_option options[] = {{"month", &month, NULL}, {"year", &year, NULL},
	    {"peer", &peer, NULL}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (read_period(cli, month, year, &printing) ||
	    (peer && cli_region(cli, "--peer", peer, &printing.peer)))
		return CLI_USAGE;
	printing.node = cli_open(cli, argv[0], true, &status);
	printing.txn = printing.node ? cli_read(cli, printing.node, &status) : NULL;
	if (printing.txn)
		status = print_node(&printing);
	txn_abort(printing.txn);
	node_close(printing.node);
	return status;
}
