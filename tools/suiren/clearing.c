/* clearing.c: `suiren clearing list|show|run`: the months between cities (月清算). Sheets: clearing_print.c. */
#include <inttypes.h>

#include "clearing_print.h"
#include "cli.h"
#include "orders.h"
#include "peers.h"
#include "window_view.h"

struct clearing_pick {
	uint32_t month, peer; /* 0: all */
	bool with_windows;
	struct txn *txn;
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	uint32_t found;
	enum error error;
};

/* The windows that a clearing has taken in one direction. */
struct window_list {
	uint32_t month;
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
};

static bool taken_show(void *context, const struct window_row *window)
{
	struct window_list *list = context;
	if (window->cleared_month != list->month)
		return true;
	if (list->array)
		yyjson_mut_arr_append(list->array, window_json(list->doc, window));
	else
		window_line(window);
	return !ferror(stdout);
}

static enum error windows_show(
    struct clearing_pick *pick, const struct clearing_row *clearing, yyjson_mut_val *object)
{
	struct window_list list = {.month = clearing->month, .doc = pick->doc};
	if (object)
		list.array = yyjson_mut_obj_add_arr(pick->doc, object, "windows");
	else
		window_heads();
	enum error error = window_each(pick->txn, clearing->low, clearing->high, taken_show, &list);
	if (!error)
		error = window_each(pick->txn, clearing->high, clearing->low, taken_show, &list);
	return error;
}

static bool clearing_show(void *context, const struct clearing_row *clearing)
{
	struct clearing_pick *pick = context;
	yyjson_mut_val *object = NULL;
	if (pick->peer && clearing->low != pick->peer && clearing->high != pick->peer)
		return true;
	if (!pick->array && pick->found > 0 && pick->with_windows)
		putchar('\n');
	if (!pick->array && (pick->found == 0 || pick->with_windows))
		clearing_heads();
	pick->found++;
	if (pick->array) {
		object = clearing_json(pick->doc, clearing);
		yyjson_mut_arr_append(pick->array, object);
	} else {
		clearing_line(clearing);
	}
	if (pick->with_windows) {
		if (!object)
			clearing_payment_lines(clearing);
		pick->error = windows_show(pick, clearing, object);
	}
	return !pick->error && !ferror(stdout);
}

static int clearings_print(const struct cli *cli, struct clearing_pick *pick)
{
	if (cli->json) {
		pick->doc = yyjson_mut_doc_new(NULL);
		pick->array = yyjson_mut_arr(pick->doc);
		yyjson_mut_doc_set_root(pick->doc, pick->array);
	}
	enum error error = clearing_each(pick->txn, pick->month, clearing_show, pick);
	if (!error)
		error = pick->error;
	if (!error && pick->found == 0 && pick->with_windows)
		error = ERROR_NOT_FOUND;
	if (error) {
		yyjson_mut_doc_free(pick->doc);
		return error == ERROR_NOT_FOUND
			   ? cli_refuse(
				 cli, error, "no such clearing; `suiren clearing list` names them")
			   : cli_fail(cli, error, NULL, "clearings");
	}
	if (cli->json)
		return output_json(pick->doc, true);
	if (pick->found == 0)
		puts("没有清算 no clearings");
	return CLI_DONE;
}

static int read_and_print(struct cli *cli, int argc, char **argv, bool with_windows)
{
	const char *month = NULL, *peer = NULL;
	struct clearing_pick pick = {.with_windows = with_windows};
	const struct cli_option options[] = {
	    {"month", &month, NULL}, {"peer", &peer, NULL}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if ((month && cli_month(cli, "--month", month, &pick.month)) ||
	    (peer && cli_region(cli, "--peer", peer, &pick.peer)))
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	pick.txn = node ? cli_read(cli, node, &status) : NULL;
	if (pick.txn)
		status = clearings_print(cli, &pick);
	txn_abort(pick.txn);
	node_close(node);
	return status;
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	return read_and_print(cli, argc, argv, false);
}

static int show_run(struct cli *cli, int argc, char **argv)
{
	return read_and_print(cli, argc, argv, true);
}

/* Run: an order for each peer that has a higher code. */

enum outcome {
	OUTCOME_PROPOSED, /* by this run */
	OUTCOME_NOTHING,  /* nothing to clear */
	OUTCOME_ALREADY,  /* proposed, netted or settled before */
	OUTCOME_THEIRS,   /* the peer proposes */
};

struct run_peer {
	uint32_t region;
	enum outcome outcome;
	uint64_t sequence;
	struct clearing_row clearing; /* unless OUTCOME_NOTHING; all zeros when there is none yet */
};

struct run {
	uint32_t month;
	const struct secret_key *key;
	struct run_peer peers[CITIES_MAX];
	size_t count;
};

static enum error peers_read(struct node *node, struct txn *txn, uint32_t only, struct run *run)
{
	struct peer_seen seen[CITIES_MAX];
	size_t count = 0;
	enum error error = peers_list(node, txn, seen, CITIES_MAX, &count);
	for (size_t i = 0; !error && i < count; i++) {
		struct run_peer *peer = &run->peers[run->count];
		if (only && seen[i].region != only)
			continue;
		*peer = (struct run_peer){.region = seen[i].region};
		error =
		    clearing_get(txn, run->month, node_region(node), peer->region, &peer->clearing);
		if (error == ERROR_NOT_FOUND)
			error = ERROR_NONE;
		run->count++;
	}
	return error;
}

static enum error run_one(
    struct node *node, const struct run *run, struct run_peer *peer, struct error_detail *detail)
{
	struct answer answer = {0};
	enum clearing_state state = peer->clearing.state;
	if (state != 0 && state != CLEARING_REFUSED) {
		peer->outcome = OUTCOME_ALREADY;
		return ERROR_NONE;
	}
	if (peer->region < node_region(node)) {
		peer->outcome = OUTCOME_THEIRS;
		return ERROR_NONE;
	}
	enum error error = order_clearing(
	    node, run->month, peer->region, peer->clearing.attempt + 1, run->key, &answer);
	if (!error)
		error = answer.error;
	peer->outcome = OUTCOME_PROPOSED;
	peer->sequence = answer.sequence;
	if (error == ERROR_STATE) {
		peer->outcome = OUTCOME_NOTHING;
		return ERROR_NONE;
	}
	*detail = answer.detail;
	return error;
}

static enum error run_all(struct node *node, struct run *run, struct error_detail *detail)
{
	struct txn *txn = NULL;
	enum error error = ERROR_NONE;
	for (size_t i = 0; !error && i < run->count; i++)
		error = run_one(node, run, &run->peers[i], detail);
	if (!error)
		error = txn_begin_read(ledger_store(node_ledger(node)), &txn);
	for (size_t i = 0; !error && i < run->count; i++) {
		struct run_peer *peer = &run->peers[i];
		if (peer->outcome == OUTCOME_PROPOSED)
			error = clearing_get(
			    txn, run->month, node_region(node), peer->region, &peer->clearing);
	}
	txn_abort(txn);
	return error;
}

static int run_json(const struct run *run)
{
	static const char *const outcomes[] = {
	    "proposed", "nothing_to_clear", "already", "peer_proposes"};
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *array = yyjson_mut_arr(doc);
	char month[8];
	yyjson_mut_doc_set_root(doc, root);
	month_write(run->month, month);
	yyjson_mut_obj_add_strcpy(doc, root, "month", month);
	for (size_t i = 0; i < run->count; i++) {
		const struct run_peer *peer = &run->peers[i];
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, array);
		yyjson_mut_obj_add_uint(doc, object, "peer", peer->region);
		yyjson_mut_obj_add_str(doc, object, "outcome", outcomes[peer->outcome]);
		if (peer->outcome == OUTCOME_PROPOSED)
			yyjson_mut_obj_add_uint(doc, object, "entry", peer->sequence);
		if (peer->outcome == OUTCOME_PROPOSED || peer->outcome == OUTCOME_ALREADY)
			yyjson_mut_obj_add_val(
			    doc, object, "clearing", clearing_json(doc, &peer->clearing));
	}
	yyjson_mut_obj_add_val(doc, root, "peers", array);
	return output_json(doc, true);
}

static int run_text(const struct run *run)
{
	char month[8];
	month_write(run->month, month);
	for (size_t i = 0; i < run->count; i++) {
		const struct run_peer *peer = &run->peers[i];
		printf("%s %06u: ", month, peer->region);
		switch (peer->outcome) {
		case OUTCOME_PROPOSED:
			printf("已提出 proposed, 分录 entry %" PRIu64 "\n", peer->sequence);
			clearing_payment_lines(&peer->clearing);
			break;
		case OUTCOME_NOTHING:
			puts("无可清算 nothing to clear");
			break;
		case OUTCOME_ALREADY:
			printf("%s %s already\n", clearing_state_chinese(peer->clearing.state),
			    clearing_state_name(peer->clearing.state));
			break;
		case OUTCOME_THEIRS:
			printf("由对方提出 proposed by %06u, which has the lower code\n",
			    peer->region);
			break;
		}
	}
	if (run->count == 0)
		puts("没有其他城市 no other city is known");
	return CLI_DONE;
}

/* The last month that can be cleared on a day. */
static uint32_t month_due(int32_t today)
{
	uint32_t month = month_of_day(month_first_day(month_of_day(today)) - 1);
	return clearing_first_day(month) <= today ? month
						  : month_of_day(month_first_day(month) - 1);
}

/* Too early is too early for every peer. */
static int check_month(const struct cli *cli, struct node *node, uint32_t month)
{
	char text[8], first[DAY_TEXT_SIZE];
	if (day_of_time(node_now_ms(node)) >= clearing_first_day(month))
		return CLI_DONE;
	month_write(month, text);
	day_write(clearing_first_day(month), first);
	return cli_refuse(cli, ERROR_STATE, "%s can be cleared from %s on", text, first);
}

static int run_node(const struct cli *cli, struct node *node, uint32_t only, struct run *run)
{
	struct error_detail detail = {""};
	int status = CLI_DONE;
	if (!run->month)
		run->month = month_due(day_of_time(node_now_ms(node)));
	status = check_month(cli, node, run->month);
	struct txn *txn = status ? NULL : cli_read(cli, node, &status);
	if (!txn)
		return status;
	enum error error = peers_read(node, txn, only, run);
	txn_abort(txn);
	if (!error && only && run->count == 0)
		return cli_refuse(cli, ERROR_NOT_FOUND,
		    "%06u is not a peer; `suiren peer list` names them", only);
	if (!error)
		error = run_all(node, run, &detail);
	if (error)
		return cli_fail(cli, error, &detail, "clearing run");
	return cli->json ? run_json(run) : run_text(run);
}

static int run_run(struct cli *cli, int argc, char **argv)
{
	const char *month = NULL, *peer = NULL, *key_file = NULL;
	const struct cli_option options[] = {{"month", &month, NULL}, {"peer", &peer, NULL},
	    {"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct run run = {0};
	struct error_detail detail = {""};
	struct secret_key key = {0};
	uint32_t only = 0;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if ((month && cli_month(cli, "--month", month, &run.month)) ||
	    (peer && cli_region(cli, "--peer", peer, &only)))
		return CLI_USAGE;
	enum error error =
	    key_file ? key_file_read(key_file, "officer", &key, NULL, &detail) : ERROR_NONE;
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	run.key = key_file ? &key : NULL;
	struct node *node = cli_open(cli, argv[0], false, &status);
	if (node)
		status = run_node(cli, node, only, &run);
	key_wipe(&key);
	node_close(node);
	return status;
}

const struct cli_command clearing_commands[] = {
    {"clearing", "list", "DIR [--month YYYY-MM] [--peer CODE] [--json]",
	"Months between cities: what is owed, who pays by when, what is settled",
	"suiren clearing list chengdu --month 2026-10", list_run},
    {"clearing", "show", "DIR [--month YYYY-MM] [--peer CODE] [--json]",
	"Clearings with the windows that they take", "suiren clearing show chengdu --month 2026-10",
	show_run},
    {"clearing", "sheet", "DIR --month YYYY-MM [--peer CODE | --bank] [--format text|csv] [--json]",
	"Settlement sheets to sign: one a pair of cities, one for the bank",
	"suiren clearing sheet chengdu --month 2026-10", clearing_sheet_run},
    {"clearing", "run", "DIR [--month YYYY-MM] [--peer CODE] [--officer-key FILE] [--json]",
	"Propose the clearing of a month to every city with a higher code",
	"suiren clearing run chongqing --month 2026-10", run_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
