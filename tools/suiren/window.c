/* window.c: `suiren window list|show|cut`: the days between cities (日对账). Statements: window_print.c. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "dispute_view.h"
#include "orders.h"
#include "window_print.h"
#include "window_view.h"

/* Which windows are wanted, and where they go. */
struct window_pick {
	const char *label; /* "2026-10-31", "2026-10-31-2", "open"; NULL: all */
	uint32_t peer;     /* 0: all */
	uint32_t month;    /* of the window's day; 0: all */
	bool has_entry;
	uint64_t entry; /* only those that this entry cut */
	bool with_obligations;
	struct txn *txn;
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	uint32_t found;
	enum error error;
};

static bool is_picked(const struct window_pick *pick, const struct window_row *window)
{
	char label[WINDOW_LABEL_SIZE];
	bool open = window->state == WINDOW_OPEN;
	if (pick->peer && window->payer != pick->peer && window->creditor != pick->peer)
		return false;
	if (pick->has_entry && (open || window->cut_sequence != pick->entry))
		return false;
	if (pick->month && (open || month_of_day(window_day(window)) != pick->month))
		return false;
	if (!pick->label)
		return true;
	window_label(window, label);
	return strcmp(pick->label, open ? "open" : label) == 0;
}

/* The obligations of one window, as they are shown. */
struct obligation_list {
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	uint32_t first;        /* lines before this one */
};

static bool obligation_show(void *context, const struct obligation *obligation)
{
	struct obligation_list *list = context;
	char amount[AMOUNT_TEXT_SIZE];
	if (list->array) {
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(list->doc, list->array);
		yyjson_mut_obj_add_uint(list->doc, object, "epoch", obligation->epoch);
		yyjson_mut_obj_add_uint(list->doc, object, "entry", obligation->sequence);
		yyjson_mut_obj_add_uint(list->doc, object, "line", obligation->line);
		yyjson_mut_obj_add_sint(list->doc, object, "amount_fen", obligation->amount_fen);
		json_hex(list->doc, object, "line_hash", hash_span(&obligation->line_hash));
		return true;
	}
	output_amount(UNIT_CNY, obligation->amount_fen, amount);
	printf(
	    "    %u/%" PRIu64 "/%-6u", obligation->epoch, obligation->sequence, obligation->line);
	output_cell_right(stdout, amount, 18);
	fputs("  ", stdout);
	output_hex(stdout, hash_span(&obligation->line_hash));
	fputc('\n', stdout);
	return !ferror(stdout);
}

static bool dispute_show(void *context, const struct dispute *dispute)
{
	struct obligation_list *list = context;
	if (list->array)
		yyjson_mut_arr_append(list->array, dispute_json(list->doc, dispute));
	else if (list->first++ == 0)
		dispute_heads();
	if (!list->array)
		dispute_line(dispute);
	return true;
}

static bool window_show(void *context, const struct window_row *window)
{
	struct window_pick *pick = context;
	struct obligation_list list = {.doc = pick->doc};
	if (!is_picked(pick, window))
		return true;
	if (pick->found++ == 0 && !pick->array)
		window_heads();
	if (pick->array) {
		yyjson_mut_val *object = window_json(pick->doc, window);
		yyjson_mut_arr_append(pick->array, object);
		if (pick->with_obligations)
			list.array = yyjson_mut_obj_add_arr(pick->doc, object, "obligations");
	} else {
		window_line(window);
		if (pick->with_obligations)
			puts("    编号 id (纪元 epoch / 分录 entry / 行 line), 金额 amount, 行哈希 "
			     "line hash");
	}
	if (pick->with_obligations)
		pick->error = obligation_each(pick->txn, window->payer, window->creditor,
		    window->number, obligation_show, &list);
	if (pick->with_obligations && list.array)
		list.array = yyjson_mut_obj_add_arr(
		    pick->doc, yyjson_mut_arr_get_last(pick->array), "disputes");
	if (pick->with_obligations && !pick->error)
		pick->error = dispute_each(pick->txn, window->payer, window->creditor,
		    window->number, dispute_show, &list);
	return !pick->error;
}

static int windows_print(const struct cli *cli, struct window_pick *pick)
{
	if (cli->json) {
		pick->doc = yyjson_mut_doc_new(NULL);
		pick->array = yyjson_mut_arr(pick->doc);
		yyjson_mut_doc_set_root(pick->doc, pick->array);
	}
	enum error error = window_each_of_all(pick->txn, window_show, pick);
	if (!error)
		error = pick->error;
	if (!error && pick->found == 0 && pick->label)
		error = ERROR_NOT_FOUND;
	if (error) {
		yyjson_mut_doc_free(pick->doc);
		return error == ERROR_NOT_FOUND
			   ? cli_refuse(cli, error, "no window %s; `suiren window list` names them",
				 pick->label)
			   : cli_fail(cli, error, NULL, "windows");
	}
	if (cli->json)
		return output_json(pick->doc, true);
	if (pick->found == 0)
		puts("没有窗口 no windows");
	return CLI_DONE;
}

static int read_and_print(struct cli *cli, const char *directory, struct window_pick *pick)
{
	int status = CLI_DONE;
	struct node *node = cli_open(cli, directory, true, &status);
	pick->txn = node ? cli_read(cli, node, &status) : NULL;
	if (pick->txn)
		status = windows_print(cli, pick);
	txn_abort(pick->txn);
	node_close(node);
	return status;
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	const char *month = NULL, *peer = NULL;
	struct window_pick pick = {0};
	const struct cli_option options[] = {{"window", &pick.label, NULL}, {"month", &month, NULL},
	    {"peer", &peer, NULL}, {NULL, NULL, NULL}};
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if ((month && cli_month(cli, "--month", month, &pick.month)) ||
	    (peer && cli_region(cli, "--peer", peer, &pick.peer)))
		return CLI_USAGE;
	return read_and_print(cli, argv[0], &pick);
}

static int show_run(struct cli *cli, int argc, char **argv)
{
	const char *peer = NULL;
	struct window_pick pick = {.label = "open", .with_obligations = true};
	const struct cli_option options[] = {
	    {"window", &pick.label, NULL}, {"peer", &peer, NULL}, {NULL, NULL, NULL}};
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (peer && cli_region(cli, "--peer", peer, &pick.peer))
		return CLI_USAGE;
	return read_and_print(cli, argv[0], &pick);
}

static int print_cut(struct cli *cli, struct node *node, const struct answer *answer)
{
	int status = CLI_DONE;
	struct window_pick pick = {.has_entry = true, .entry = answer->sequence};
	pick.txn = cli_read(cli, node, &status);
	if (!pick.txn)
		return status;
	if (!cli->json)
		printf("已截止 cut: 分录 entry %" PRIu64 "\n", answer->sequence);
	status = windows_print(cli, &pick);
	txn_abort(pick.txn);
	return status;
}

static int cut_run(struct cli *cli, int argc, char **argv)
{
	const char *day_text = NULL, *key_file = NULL;
	const struct cli_option options[] = {
	    {"window", &day_text, NULL}, {"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct answer answer = {0};
	struct error_detail detail = {""};
	struct secret_key key = {0};
	int32_t day = 0;
	bool any = false;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (day_text && cli_day(cli, "--window", day_text, &day))
		return CLI_USAGE;
	enum error error =
	    key_file ? key_file_read(key_file, "officer", &key, NULL, &detail) : ERROR_NONE;
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	struct node *node = cli_open(cli, argv[0], false, &status);
	if (!node)
		goto done;
	error = order_cut(node, day_text ? &day : NULL, key_file ? &key : NULL, &any, &answer);
	if (!error && !any) {
		puts(cli->json ? "[]"
			       : "没有可截止的窗口 nothing to cut: no city is owed anything "
				 "since the last cut");
		goto done;
	}
	if (!error)
		error = answer.error;
	status =
	    error ? cli_fail(cli, error, &answer.detail, argv[0]) : print_cut(cli, node, &answer);
done:
	key_wipe(&key);
	node_close(node);
	return status;
}

const struct cli_command window_commands[] = {
    {"window", "list", "DIR [--window LABEL] [--month YYYY-MM] [--peer CODE] [--json]",
	"Windows between cities: open, cut, agreed, or being reconciled",
	"suiren window list chengdu --month 2026-10", list_run},
    {"window", "show", "DIR [--window LABEL|open] [--peer CODE] [--json]",
	"One window with every obligation in it, and what was left out",
	"suiren window show chengdu --window 2026-10-31", show_run},
    {"window", "statement", "DIR (--month YYYY-MM | --year YYYY) [--peer CODE] [--json]",
	"Statement with each other city over a month, or the year-end over twelve",
	"suiren window statement chengdu --year 2026", window_statement_run},
    {"window", "cut", "DIR [--window DAY] [--officer-key FILE] [--json]",
	"Cut what this city owes since the last cut and send the statements",
	"suiren window cut chengdu", cut_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
