/* fund.c: `suiren fund appropriate|show`: money comes into a fund, or into the float; what each has left. */
#include "fund.h"

#include <inttypes.h>
#include <string.h>

#include "output.h"
#include "rows.h"
#include "settlement.h"

/* --- appropriate ------------------------------------------------------------------------------------------- */

static bool fund_known(const struct policy *policy, const char *code)
{
	for (size_t i = 0; policy && i < policy->fund_count; i++)
		if (strcmp(policy->funds[i].code, code) == 0)
			return true;
	return false;
}

/* The rules would refuse it too; here the funds that there are get told. */
static enum error appropriate_check(struct rows *rows, struct node *node)
{
	const struct appropriation_line *line = rows_at(rows, 0);
	const struct policy *policy = settlement_policy(node_settlement(node), node_region(node));
	char text[256] = "";
	size_t used = 0;
	if (line->kind == APPROPRIATION_FLOAT || fund_known(policy, line->fund))
		return ERROR_NONE;
	for (size_t i = 0; policy && i < policy->fund_count && used < sizeof(text); i++)
		used += (size_t)snprintf(
		    text + used, sizeof(text) - used, " %s", policy->funds[i].code);
	rows_wrong_at(rows, 0, "--fund", ERROR_RANGE,
	    "%s: no fund of this city 本市无此资金; there are:%s", line->fund, text);
	return ERROR_NONE;
}

static enum error appropriate_order(struct rows *rows, struct node *node, uint32_t first,
    uint32_t count, uint64_t after, const struct secret_key *key, struct answer *answer)
{
	return import_appropriations_again(node, rows_at(rows, first), count, after, key, answer);
}

static const struct rows_kind appropriate_kind = {
    .row_size = sizeof(struct appropriation_line),
    .check = appropriate_check,
    .order = appropriate_order,
    .duplicate = "the reference was used before 文号重复",
};

struct appropriate_options {
	const char *fund, *amount, *reference, *key_file;
	bool to_float, again;
};

static int line_read(
    const struct cli *cli, const struct appropriate_options *given, struct appropriation_line *line)
{
	if (!given->fund == !given->to_float)
		return cli_usage(cli->command, "either --fund with a fund's code, or --float");
	if (!given->amount || !given->reference)
		return cli_usage(cli->command, "needs --amount and --reference 需注明金额和文号");
	line->kind = given->to_float ? APPROPRIATION_FLOAT : APPROPRIATION_FUND;
	if (given->fund && (!given->fund[0] || strlen(given->fund) >= FUND_CODE_SIZE ||
			       !utf8_valid(span_text(given->fund))))
		return cli_usage(cli->command, "--fund: not the code of a fund");
	if (given->fund)
		memcpy(line->fund, given->fund, strlen(given->fund));
	enum error error = yuan_read(span_text(given->amount), &line->amount);
	if (error == ERROR_OVERFLOW || (!error && line->amount.value > AMOUNT_MAX))
		return cli_usage(cli->command, "--amount: %s: too large 金额过大", given->amount);
	if (error || line->amount.value <= 0)
		return cli_usage(cli->command,
		    "--amount: %s: not an amount of yuan above 0, like 1234.56 应为正数金额",
		    given->amount);
	line->reference = span_text(given->reference);
	if (line->reference.size == 0 || line->reference.size > REFERENCE_MAX ||
	    !utf8_valid(line->reference))
		return cli_usage(cli->command, "--reference: a text of 1 to %u bytes, UTF-8",
		    (unsigned)REFERENCE_MAX);
	return CLI_DONE;
}

static int appropriate_run(struct cli *cli, int argc, char **argv)
{
	struct appropriate_options given = {0};
	struct appropriation_line line = {0};
	const struct cli_option options[] = {{"fund", &given.fund, NULL},
	    {"float", NULL, &given.to_float}, {"again", NULL, &given.again},
	    {"amount", &given.amount, NULL}, {"reference", &given.reference, NULL},
	    {"officer-key", &given.key_file, NULL}, {NULL, NULL, NULL}};
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0 || line_read(cli, &given, &line))
		return CLI_USAGE;
	struct rows rows = {
	    .cli = cli, .kind = &appropriate_kind, .file = given.reference, .again = given.again};
	int status = rows_add(&rows, &line, 0) ? rows_run(&rows, cli, argv[0], given.key_file)
					       : cli_fail(cli, ERROR_MEMORY, NULL, NULL);
	rows_free(&rows);
	return status;
}

/* --- show -------------------------------------------------------------------------------------------------- */

static const char *source_text(enum fund_source source)
{
	return source == SOURCE_FISCAL    ? "fiscal"
	       : source == SOURCE_LOTTERY ? "lottery"
					  : "insurance";
}

/* One account of the table: what came in and went out of it on its normal side, and what is left. */
struct pool {
	const char *name;
	int64_t in_fen, out_fen, held_fen, balance_fen;
};

static enum error pool_get(struct txn *txn, const char *name, struct pool *pool)
{
	struct account account;
	const struct account_rule *rule = account_rule_of(settlement_chart, span_text(name));
	*pool = (struct pool){.name = name};
	enum error error = account_get(txn, span_text(name), &account);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	bool debit = rule && rule->side == SIDE_DEBIT;
	pool->in_fen = debit ? account.debits : account.credits;
	pool->out_fen = debit ? account.credits : account.debits;
	pool->held_fen = debit ? account.pending_credits : account.pending_debits;
	pool->balance_fen = account_balance(settlement_chart, span_text(name), &account);
	return ERROR_NONE;
}

static void pool_text(
    const char *code, const char *source, const struct pool *pool, const char *name_zh)
{
	char in[AMOUNT_TEXT_SIZE], out[AMOUNT_TEXT_SIZE], balance[AMOUNT_TEXT_SIZE];
	output_amount(UNIT_CNY, pool->in_fen, in);
	output_amount(UNIT_CNY, pool->out_fen, out);
	output_amount(UNIT_CNY, pool->balance_fen, balance);
	output_cell(stdout, code, 16);
	printf("  %-11s%18s  %18s  %18s  ", source, in, out, balance);
	output_text(stdout, span_text(name_zh));
	fputc('\n', stdout);
}

static void pool_json(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct pool *pool)
{
	json_text(doc, object, "account", span_text(pool->name));
	yyjson_mut_obj_add_sint(doc, object, "in_fen", pool->in_fen);
	yyjson_mut_obj_add_sint(doc, object, "out_fen", pool->out_fen);
	yyjson_mut_obj_add_sint(doc, object, "held_fen", pool->held_fen);
	yyjson_mut_obj_add_sint(doc, object, "balance_fen", pool->balance_fen);
}

static enum error fund_show(
    struct txn *txn, const struct fund *fund, yyjson_mut_doc *doc, yyjson_mut_val *array)
{
	char name[ACCOUNT_TEXT_SIZE];
	struct pool pool;
	enum error error = pool_get(txn, account_fund(name, fund->code), &pool);
	if (error)
		return error;
	if (!doc) {
		pool_text(fund->code, source_text(fund->source), &pool, fund->name_zh);
		return ERROR_NONE;
	}
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, array);
	json_text(doc, object, "fund", span_text(fund->code));
	json_text(doc, object, "name_zh", span_text(fund->name_zh));
	json_text(doc, object, "name_en", span_text(fund->name_en));
	yyjson_mut_obj_add_str(doc, object, "source", source_text(fund->source));
	yyjson_mut_obj_add_uint(doc, object, "owner", fund->owner);
	pool_json(doc, object, &pool);
	return ERROR_NONE;
}

static enum error pool_show(struct txn *txn, const char *code, const char *name_zh,
    const char *name, yyjson_mut_doc *doc, yyjson_mut_val *object)
{
	struct pool pool;
	enum error error = pool_get(txn, name, &pool);
	if (!error && doc)
		pool_json(doc, yyjson_mut_obj_add_obj(doc, object, code), &pool);
	else if (!error)
		pool_text(code, "", &pool, name_zh);
	return error;
}

static int show(const struct cli *cli, struct txn *txn, const struct policy *policy)
{
	char treasury[ACCOUNT_TEXT_SIZE], float_name[ACCOUNT_TEXT_SIZE];
	yyjson_mut_doc *doc = cli->json ? yyjson_mut_doc_new(NULL) : NULL;
	yyjson_mut_val *object = doc ? yyjson_mut_obj(doc) : NULL;
	yyjson_mut_val *array = doc ? yyjson_mut_arr(doc) : NULL;
	enum error error = ERROR_NONE;
	if (doc) {
		yyjson_mut_doc_set_root(doc, object);
		yyjson_mut_obj_add_val(doc, object, "funds", array);
	} else {
		output_cell(stdout, "资金 fund", 18);
		output_cell(stdout, "来源 source", 11);
		output_cell_right(stdout, "收入 in", 18);
		output_cell_right(stdout, "支出 out", 20);
		output_cell_right(stdout, "余额 balance", 20);
		puts("  名称 name");
	}
	for (size_t i = 0; !error && policy && i < policy->fund_count; i++)
		error = fund_show(txn, &policy->funds[i], doc, array);
	if (!error)
		error = pool_show(txn, "treasury", "国库", account_treasury(treasury), doc, object);
	if (!error)
		error = pool_show(txn, "float", "周转金", account_float(float_name), doc, object);
	if (!error)
		return doc ? output_json(doc, true) : CLI_DONE;
	yyjson_mut_doc_free(doc);
	return cli_fail(cli, error, NULL, "fund show");
}

static int show_run(struct cli *cli, int argc, char **argv)
{
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, NULL, 1, 1) < 0)
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn)
		status =
		    show(cli, txn, settlement_policy(node_settlement(node), node_region(node)));
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command fund_commands[] = {
    {"fund", "appropriate",
	"DIR (--fund F | --float) --amount YUAN --reference R [--again] [--json]",
	"Book money that comes into a fund, or from the treasury into the float",
	"suiren fund appropriate chengdu --fund lottery --amount 5000000 --reference 川财社12号",
	appropriate_run},
    {"fund", "show", "DIR [--json]", "What came into each fund, what went out, what is left",
	"suiren fund show chengdu", show_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
