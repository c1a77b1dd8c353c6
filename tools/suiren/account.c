/* account.c: `suiren account show|find`: the history of one account, and where an outside reference was booked. */
#include <inttypes.h>

#include "account_flags.h"
#include "cli.h"
#include "entry_view.h"
#include "output.h"
#include "settlement.h"
#include "timeline.h"

struct history {
	struct txn *txn;
	const struct account_rule *rule;
	struct span name;
	uint64_t left;  /* postings that may still be shown */
	bool cut_short; /* there were more */
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	enum error error;
};

static void posting_text(
    const struct history *history, const struct entry_header *header, const struct posting *posting)
{
	char amount[AMOUNT_TEXT_SIZE], balance[AMOUNT_TEXT_SIZE], time[32];
	const struct account *after = &posting->after;
	const char *kind = kind_name(header->kind);
	output_amount(after->unit, posting->amount, amount);
	output_amount(
	    after->unit, account_balance(settlement_chart, history->name, after), balance);
	time_write(header->time_ms, time);
	printf("%10" PRIu64 ".%-4" PRIu32 "  %.19s  ", posting->sequence, posting->index, time);
	output_cell(stdout, kind ? kind : "unknown", 18);
	printf("  %-13s  ", transfer_kind_name(posting->kind));
	output_cell(stdout, posting->is_debit ? "借 debit" : "贷 credit", 9);
	printf("%18s%20s", amount, balance);
	if (after->pending_debits || after->pending_credits) {
		output_amount(after->unit, after->pending_debits, amount);
		output_amount(after->unit, after->pending_credits, balance);
		printf("  (在途 pending: 借 debits %s, 贷 credits %s)", amount, balance);
	}
	fputc('\n', stdout);
}

static void posting_json(
    const struct history *history, const struct entry_header *header, const struct posting *posting)
{
	yyjson_mut_doc *doc = history->doc;
	const struct account *after = &posting->after;
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, history->array);
	const char *kind = kind_name(header->kind);
	yyjson_mut_obj_add_uint(doc, object, "entry", posting->sequence);
	yyjson_mut_obj_add_uint(doc, object, "index", posting->index);
	json_time(doc, object, "time", header->time_ms);
	json_text(doc, object, "entry_kind", span_text(kind ? kind : "unknown"));
	yyjson_mut_obj_add_str(doc, object, "transfer_kind", transfer_kind_name(posting->kind));
	yyjson_mut_obj_add_str(doc, object, "side", posting->is_debit ? "debit" : "credit");
	yyjson_mut_obj_add_sint(doc, object, "amount", posting->amount);
	yyjson_mut_obj_add_sint(doc, object, "debits", after->debits);
	yyjson_mut_obj_add_sint(doc, object, "credits", after->credits);
	yyjson_mut_obj_add_sint(doc, object, "pending_debits", after->pending_debits);
	yyjson_mut_obj_add_sint(doc, object, "pending_credits", after->pending_credits);
}

static bool posting_show(void *context, const struct posting *posting)
{
	struct history *history = context;
	struct entry_header header;
	if (history->left == 0) {
		history->cut_short = true;
		return false;
	}
	history->left--;
	history->error = timeline_header(history->txn, posting->sequence, &header);
	if (history->error)
		return false;
	if (history->array)
		posting_json(history, &header, posting);
	else
		posting_text(history, &header, posting);
	return !ferror(stdout);
}

static void account_json_begin(struct history *history, const struct account *account)
{
	yyjson_mut_doc *doc = history->doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	json_text(doc, object, "account", history->name);
	yyjson_mut_obj_add_str(doc, object, "unit", unit_name(account->unit));
	yyjson_mut_obj_add_str(
	    doc, object, "normal_side", history->rule->side == SIDE_DEBIT ? "debit" : "credit");
	yyjson_mut_obj_add_bool(doc, object, "may_go_negative", history->rule->may_go_negative);
	yyjson_mut_obj_add_bool(doc, object, "frozen", account->frozen);
	yyjson_mut_obj_add_bool(doc, object, "closed", account->closed);
	yyjson_mut_obj_add_uint(doc, object, "opened_at", account->opened_at);
	yyjson_mut_obj_add_sint(
	    doc, object, "balance", account_balance(settlement_chart, history->name, account));
	history->array = yyjson_mut_arr(doc);
	yyjson_mut_obj_add_val(doc, object, "postings", history->array);
}

static void account_text_begin(const struct history *history, const struct account *account)
{
	char balance[AMOUNT_TEXT_SIZE];
	output_amount(
	    account->unit, account_balance(settlement_chart, history->name, account), balance);
	output_text(stdout, history->name);
	printf(": %s %s, 余额方向 normal side %s, 开户分录 opened by entry %" PRIu64 "%s%s\n\n",
	    balance, unit_name(account->unit),
	    history->rule->side == SIDE_DEBIT ? "借 debit" : "贷 credit", account->opened_at,
	    account->frozen ? ", 已冻结 frozen" : "", account->closed ? ", 已销户 closed" : "");
	static const struct {
		const char *text;
		size_t width;
	} heads[] = {{"时间 time", 19}, {"类别 kind", 18}, {"转账 transfer", 13}, {"方向 side", 9}};
	output_cell_right(stdout, "分录 entry.no", 15);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		fputs("  ", stdout);
		output_cell(stdout, heads[i].text, heads[i].width);
	}
	output_cell_right(stdout, "金额 amount", 18);
	output_cell_right(stdout, "余额 balance after", 20);
	putchar('\n');
}

static int account_show(const struct cli *cli, struct history *history, uint64_t from)
{
	struct account account;
	enum error error = account_get(history->txn, history->name, &account);
	if (error == ERROR_NOT_FOUND)
		return cli_refuse(cli, error, "%.*s: no such account; `suiren balance` lists them",
		    (int)history->name.size, (const char *)history->name.data);
	history->rule = account_rule_of(settlement_chart, history->name);
	if (!error && !history->rule)
		error = ERROR_CORRUPT;
	if (error)
		return cli_fail(cli, error, NULL, "account");
	if (cli->json)
		account_json_begin(history, &account);
	else
		account_text_begin(history, &account);
	error = account_history(history->txn, history->name, from, posting_show, history);
	if (!error)
		error = history->error;
	if (error) {
		yyjson_mut_doc_free(history->doc);
		return cli_fail(cli, error, NULL, "account history");
	}
	if (cli->json)
		return output_json(history->doc, true);
	if (history->cut_short)
		fputs("suiren: --limit reached; there are more\n", stderr);
	return CLI_DONE;
}

static int show_run(struct cli *cli, int argc, char **argv)
{
	const char *from_text = NULL, *limit_text = NULL;
	const struct cli_option options[] = {
	    {"from", &from_text, NULL}, {"limit", &limit_text, NULL}, {NULL, NULL, NULL}};
	uint64_t from = 0;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0)
		return CLI_USAGE;
	struct history history = {.name = span_text(argv[1]), .left = UINT64_MAX};
	if (from_text && cli_number(cli, "--from", from_text, INT64_MAX, &from))
		return CLI_USAGE;
	if (limit_text && cli_number(cli, "--limit", limit_text, INT64_MAX, &history.left))
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	history.txn = node ? cli_read(cli, node, &status) : NULL;
	if (history.txn)
		status = account_show(cli, &history, from);
	txn_abort(history.txn);
	node_close(node);
	return status;
}

struct search {
	struct txn *txn;
	uint64_t found;
	yyjson_mut_doc *doc;
	yyjson_mut_val *array;
	enum error error;
};

static void found_show(struct search *search, const struct entry_header *header, uint32_t index,
    const struct transfer *transfer)
{
	char amount[AMOUNT_TEXT_SIZE], time[32];
	if (search->array) {
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(search->doc, search->array);
		yyjson_mut_obj_add_uint(search->doc, object, "entry", header->sequence);
		yyjson_mut_obj_add_uint(search->doc, object, "index", index);
		json_time(search->doc, object, "time", header->time_ms);
		yyjson_mut_obj_add_str(
		    search->doc, object, "transfer_kind", transfer_kind_name(transfer->kind));
		yyjson_mut_obj_add_str(search->doc, object, "unit", unit_name(transfer->unit));
		yyjson_mut_obj_add_sint(search->doc, object, "amount", transfer->amount.value);
		json_text(search->doc, object, "debit", transfer->debit);
		json_text(search->doc, object, "credit", transfer->credit);
		return;
	}
	output_amount(transfer->unit, transfer->amount.value, amount);
	time_write(header->time_ms, time);
	printf("%" PRIu64 ".%" PRIu32 "  %.19s  %s %s %s  ", header->sequence, index, time,
	    transfer_kind_name(transfer->kind), amount, unit_name(transfer->unit));
	output_text(stdout, transfer->debit);
	fputs(" -> ", stdout);
	output_text(stdout, transfer->credit);
	fputc('\n', stdout);
}

static bool reference_show(void *context, uint64_t sequence, uint32_t index)
{
	struct search *search = context;
	struct entry_reader reader = {0};
	search->error = ledger_read(search->txn, sequence, &reader);
	if (!search->error && index >= reader.entry.transfer_count)
		search->error = ERROR_CORRUPT;
	if (!search->error) {
		search->found++;
		found_show(search, &reader.entry.header, index, &reader.entry.transfers[index]);
	}
	entry_free(&reader);
	return !search->error && !ferror(stdout);
}

static int reference_find(const struct cli *cli, struct txn *txn, const char *reference)
{
	struct search search = {.txn = txn};
	if (cli->json) {
		search.doc = yyjson_mut_doc_new(NULL);
		search.array = yyjson_mut_arr(search.doc);
		yyjson_mut_doc_set_root(search.doc, search.array);
	}
	enum error error =
	    transfer_by_reference(txn, span_text(reference), reference_show, &search);
	if (!error)
		error = search.error;
	if (!error && search.found == 0)
		error = ERROR_NOT_FOUND;
	if (!error)
		return cli->json ? output_json(search.doc, true) : CLI_DONE;
	yyjson_mut_doc_free(search.doc);
	return error == ERROR_NOT_FOUND
		   ? cli_refuse(cli, error, "no transfer has the reference %s", reference)
		   : cli_fail(cli, error, NULL, "references");
}

static int find_run(struct cli *cli, int argc, char **argv)
{
	const char *reference = NULL;
	const struct cli_option options[] = {{"reference", &reference, NULL}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!reference)
		return cli_usage(cli->command, "--reference is missing");
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn)
		status = reference_find(cli, txn, reference);
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command account_commands[] = {
    {"account", "show", "DIR ACCOUNT [--from SEQ] [--limit N] [--json]",
	"One account: rule, balance, every posting with the balance after it",
	"suiren account show chengdu treasury", show_run},
    {"account", "find", "DIR --reference TEXT [--json]",
	"Transfers by outside reference: a document's number, an EndToEndId",
	"suiren account find chengdu --reference 川财社〔2026〕12号", find_run},
    {"account", "freeze", "DIR ACCOUNT [--officer-key FILE] [--json]",
	"Nothing may be booked to the account until it is unfrozen",
	"suiren account freeze chengdu fund/central-service/available", account_freeze_run},
    {"account", "unfreeze", "DIR ACCOUNT [--officer-key FILE] [--json]",
	"The account may be booked to again",
	"suiren account unfreeze chengdu fund/central-service/available", account_unfreeze_run},
    {"account", "close", "DIR ACCOUNT [--officer-key FILE] [--json]",
	"Close an empty account for ever", "suiren account close chengdu payable/run/2026-10",
	account_close_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
