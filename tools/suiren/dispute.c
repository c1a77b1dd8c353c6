/* dispute.c: `suiren dispute list|end`: what two cities hold differently (争议), and how it ends. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "dispute_view.h"
#include "orders.h"

/* Which disputes are wanted. */
struct dispute_pick {
	uint32_t peer, payer; /* 0: all */
	bool open_only;
	bool has_id;
	struct obligation_id id;
	uint32_t window; /* 0: any */
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	bool print;
	uint32_t found;
	struct dispute last;
};

static bool is_picked(const struct dispute_pick *pick, const struct dispute *dispute)
{
	if (pick->peer && dispute->payer != pick->peer && dispute->creditor != pick->peer)
		return false;
	if ((pick->payer && dispute->payer != pick->payer) ||
	    (pick->window && dispute->window != pick->window))
		return false;
	if (pick->open_only && dispute->state != DISPUTE_OPEN)
		return false;
	return !pick->has_id || obligation_id_compare(&pick->id, &dispute->id) == 0;
}

static bool take(void *context, const struct dispute *dispute)
{
	struct dispute_pick *pick = context;

	if (!is_picked(pick, dispute))
		return true;
	pick->last = *dispute;
	if (pick->found++ == 0 && pick->print && !pick->array)
		dispute_heads();
	if (pick->array)
		yyjson_mut_arr_append(pick->array, dispute_json(pick->doc, dispute));
	else if (pick->print)
		dispute_line(dispute);
	return true;
}

static enum error each(struct txn *txn, struct dispute_pick *pick)
{
	return dispute_each(txn, 0, 0, 0, take, pick);
}

static int print_all(struct cli *cli, struct txn *txn, struct dispute_pick *pick)
{
	enum error error;

	pick->print = true;
	if (cli->json) {
		pick->doc = yyjson_mut_doc_new(NULL);
		pick->array = yyjson_mut_arr(pick->doc);
		yyjson_mut_doc_set_root(pick->doc, pick->array);
	}
	error = each(txn, pick);
	if (error) {
		yyjson_mut_doc_free(pick->doc);
		return cli_fail(cli, error, NULL, "disputes");
	}
	if (cli->json)
		return output_json(pick->doc, true);
	if (pick->found == 0)
		puts("没有争议 no disputes");
	return CLI_DONE;
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	const char *peer = NULL;
	struct dispute_pick pick = {.peer = 0};
	const struct cli_option options[] = {
	    {"peer", &peer, NULL}, {"open", NULL, &pick.open_only}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	struct node *node;
	struct txn *txn;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (peer && cli_region(cli, "--peer", peer, &pick.peer))
		return CLI_USAGE;
	node = cli_open(cli, argv[0], true, &status);
	txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn)
		status = print_all(cli, txn, &pick);
	txn_abort(txn);
	node_close(node);
	return status;
}

/* EPOCH/ENTRY/LINE, as `window show` and `dispute list` print it. */
static int read_id(struct cli *cli, const char *text, struct obligation_id *id)
{
	uint64_t numbers[3];
	char part[24];

	for (int i = 0; i < 3; i++) {
		size_t size = strcspn(text, "/");

		if (size == 0 || size >= sizeof part || (text[size] == '/') != (i < 2))
			return cli_usage(cli->command, "an id is EPOCH/ENTRY/LINE");
		memcpy(part, text, size);
		part[size] = '\0';
		if (cli_number(cli, "ID", part, i == 1 ? INT64_MAX : UINT32_MAX, &numbers[i]))
			return CLI_USAGE;
		text += size + (i < 2);
	}
	*id = (struct obligation_id){(uint32_t)numbers[0], numbers[1], (uint32_t)numbers[2]};
	return CLI_DONE;
}

struct end_options {
	const char *peer, *window, *amount, *fund, *grounds, *key_file;
	bool for_host, against_host;
	struct dispute_pick pick;
	int64_t amount_fen;
};

static int read_end(struct cli *cli, int argc, char **argv, struct end_options *out)
{
	const struct cli_option options[] = {{"peer", &out->peer, NULL},
	    {"window", &out->window, NULL}, {"amount", &out->amount, NULL},
	    {"for-host", NULL, &out->for_host}, {"against-host", NULL, &out->against_host},
	    {"fund", &out->fund, NULL}, {"grounds", &out->grounds, NULL},
	    {"officer-key", &out->key_file, NULL}, {NULL, NULL, NULL}};
	struct amount amount = {0};
	uint64_t window = 0;

	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0)
		return CLI_USAGE;
	if (!out->grounds || out->for_host + out->against_host + (out->amount != NULL) != 1)
		return cli_usage(
		    cli->command, "--grounds, and one of --for-host, --against-host and --amount");
	if (out->amount && yuan_read(span_text(out->amount), &amount))
		return cli_usage(cli->command, "--amount: yuan like 310.00");
	out->amount_fen = amount.value;
	if ((out->peer && cli_region(cli, "--peer", out->peer, &out->pick.peer)) ||
	    (out->window && cli_number(cli, "--window", out->window, UINT32_MAX, &window)))
		return CLI_USAGE;
	out->pick.window = (uint32_t)window;
	out->pick.has_id = out->pick.open_only = true;
	return read_id(cli, argv[1], &out->pick.id);
}

/* For the host: as it holds it, and if it holds nothing, what it would get. Against it: nothing, or what it would have to give back. */
static int64_t wanted_amount(const struct end_options *options)
{
	const struct dispute_side *payers = &options->pick.last.payers;
	const struct dispute_side *creditors = &options->pick.last.creditors;
	int64_t held = payers->is ? payers->amount_fen : 0;

	if (options->for_host)
		return creditors->is ? creditors->amount_fen : held > 0 ? held : 0;
	if (options->against_host)
		return held < 0 ? held : 0;
	return options->amount_fen;
}

/* The one open dispute that the words mean. */
static int find_dispute(struct cli *cli, struct node *node, struct end_options *options)
{
	int status = CLI_DONE;
	struct txn *txn = cli_read(cli, node, &status);
	enum error error;

	if (!txn)
		return status;
	options->pick.payer = node_region(node);
	error = each(txn, &options->pick);
	txn_abort(txn);
	if (error)
		return cli_fail(cli, error, NULL, "disputes");
	if (options->pick.found == 0)
		return cli_refuse(cli, ERROR_NOT_FOUND,
		    "this city owes nothing under that id that is in dispute; `suiren dispute "
		    "list` names what is, and it is ended where it is owed");
	if (options->pick.found > 1)
		return cli_refuse(cli, ERROR_CONFLICT,
		    "%u disputes have this id: --peer and --window tell which",
		    (unsigned)options->pick.found);
	options->amount_fen = wanted_amount(options);
	return CLI_DONE;
}

static int end_run(struct cli *cli, int argc, char **argv)
{
	struct end_options options = {.pick = {.peer = 0}};
	struct error_detail detail = {""};
	struct answer answer = {0};
	struct secret_key key = {0};
	struct dispute_line line;
	int status = read_end(cli, argc, argv, &options);
	struct node *node;
	enum error error = ERROR_NONE;

	if (status)
		return status;
	if (options.key_file)
		error = key_file_read(options.key_file, "officer", &key, NULL, &detail);
	if (error)
		return cli_fail(cli, error, &detail, options.key_file);
	node = cli_open(cli, argv[0], false, &status);
	if (node && !status)
		status = find_dispute(cli, node, &options);
	if (node && !status) {
		line = (struct dispute_line){.creditor = options.pick.last.creditor,
		    .window = options.pick.last.window,
		    .id = options.pick.id,
		    .amount_fen = options.amount_fen,
		    .fund = span_text(options.fund ? options.fund : ""),
		    .grounds = span_text(options.grounds)};
		error = order_dispute(node, &line, options.key_file ? &key : NULL, &answer);
		if (error && !answer.error)
			answer.error = error;
		status = cli_answer(cli, &answer, "dispute end");
	}
	node_close(node);
	key_wipe(&key);
	return status;
}

const struct cli_command dispute_commands[] = {
    {"dispute", "list", "DIR [--peer CODE] [--open] [--json]",
	"What two cities hold differently, as both show it", "suiren dispute list chengdu --open",
	list_run},
    {"dispute", "end",
	"DIR ID (--for-host | --against-host | --amount YUAN) --grounds TEXT [--peer CODE] "
	"[--window N] [--fund CODE] [--officer-key FILE]",
	"End a dispute where it is owed: with what is owed anew",
	"suiren dispute end chengdu 1/71/3 --for-host --grounds 'the sheet was read again'",
	end_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
