/* balance.c: `suiren balance`: what stands in the accounts, now or after any past entry or day. */
#include <inttypes.h>

#include "cli.h"
#include "output.h"
#include "timeline.h"

#define UNITS 2

/* The moment that is asked for, and what was met on the way. */
struct balance_walk {
	struct txn *txn;
	bool past;         /* else: now */
	uint64_t sequence; /* past: the last entry that counts */
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	uint64_t accounts;
	int64_t debits[UNITS], credits[UNITS];
	enum error error;
};

static void account_json(struct balance_walk *walk, struct span name, const struct account *account)
{
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(walk->doc, walk->array);
	json_text(walk->doc, object, "account", name);
	yyjson_mut_obj_add_str(walk->doc, object, "unit", unit_name(account->unit));
	yyjson_mut_obj_add_sint(walk->doc, object, "debits", account->debits);
	yyjson_mut_obj_add_sint(walk->doc, object, "credits", account->credits);
	yyjson_mut_obj_add_sint(walk->doc, object, "pending_debits", account->pending_debits);
	yyjson_mut_obj_add_sint(walk->doc, object, "pending_credits", account->pending_credits);
}

static void amount_cell(const struct account *account, int64_t value, size_t width)
{
	char text[AMOUNT_TEXT_SIZE];
	output_amount(account->unit, value, text);
	fputs("  ", stdout);
	output_cell_right(stdout, text, width);
}

static void account_line(struct span name, const struct account *account)
{
	printf("%s", unit_name(account->unit));
	amount_cell(account, account->debits, 18);
	amount_cell(account, account->credits, 18);
	amount_cell(account, account_balance(settlement_chart, name, account), 18);
	fputs("  ", stdout);
	output_text(stdout, name);
	if (account->pending_debits || account->pending_credits) {
		char debits[AMOUNT_TEXT_SIZE], credits[AMOUNT_TEXT_SIZE];
		output_amount(account->unit, account->pending_debits, debits);
		output_amount(account->unit, account->pending_credits, credits);
		printf("  (在途 pending: 借 debits %s, 贷 credits %s)", debits, credits);
	}
	if (account->frozen)
		fputs("  (已冻结 frozen)", stdout);
	if (account->closed)
		fputs("  (已销户 closed)", stdout);
	fputc('\n', stdout);
}

static void head_print(void)
{
	static const char *const heads[] = {"借方 debits", "贷方 credits", "余额 balance"};
	/* The unit's three letters are narrower than its head. */
	fputs("单位 unit", stdout);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		output_cell_right(stdout, heads[i], i == 0 ? 14 : 20);
	fputs("  账户 account\n", stdout);
}

static bool account_show(void *context, struct span name, const struct account *account)
{
	struct balance_walk *walk = context;
	struct account then = *account;
	if (walk->past) {
		enum error error = account_as_of(walk->txn, name, walk->sequence, &then);
		if (error == ERROR_NOT_FOUND)
			return true;
		if (error) {
			walk->error = error;
			return false;
		}
	}
	if (walk->accounts++ == 0 && !walk->array)
		head_print();
	size_t unit = then.unit == UNIT_MIN;
	walk->debits[unit] += then.debits;
	walk->credits[unit] += then.credits;
	if (walk->array)
		account_json(walk, name, &then);
	else
		account_line(name, &then);
	return !ferror(stdout);
}

static void totals_print(const struct balance_walk *walk)
{
	static const enum unit units[UNITS] = {UNIT_CNY, UNIT_MIN};
	for (size_t i = 0; i < UNITS; i++) {
		if (walk->debits[i] == 0 && walk->credits[i] == 0)
			continue;
		const struct account total = {.unit = units[i]};
		printf("%s", unit_name(units[i]));
		amount_cell(&total, walk->debits[i], 18);
		amount_cell(&total, walk->credits[i], 18);
		printf("  %18s  合计 total of %" PRIu64 " accounts\n", "", walk->accounts);
	}
}

static int balance_print(const struct cli *cli, struct balance_walk *walk, const char *prefix)
{
	if (cli->json) {
		walk->doc = yyjson_mut_doc_new(NULL);
		walk->array = yyjson_mut_arr(walk->doc);
		yyjson_mut_doc_set_root(walk->doc, walk->array);
	}
	enum error error =
	    account_each(walk->txn, span_text(prefix ? prefix : ""), account_show, walk);
	if (!error)
		error = walk->error;
	if (!error && walk->accounts == 0 && prefix)
		error = ERROR_NOT_FOUND;
	if (error) {
		yyjson_mut_doc_free(walk->doc);
		return error == ERROR_NOT_FOUND
			   ? cli_refuse(
				 cli, error, "no account begins with %s then 此时无此账户", prefix)
			   : cli_fail(cli, error, NULL, "balance");
	}
	if (cli->json)
		return output_json(walk->doc, true);
	if (walk->accounts == 0)
		puts("No account holds anything yet. 尚无账户。");
	totals_print(walk);
	return CLI_DONE;
}

/* The last entry that counts, from --at or --on. */
static int balance_moment(
    const struct cli *cli, struct balance_walk *walk, const char *at_text, const char *on_text)
{
	uint64_t size = 0;
	struct hash root;
	int32_t day = 0;
	enum error error = ledger_head(walk->txn, &size, &root);
	walk->past = at_text || on_text;
	if (at_text && cli_number(cli, "--at", at_text, INT64_MAX - 1, &walk->sequence))
		return CLI_USAGE;
	if (!error && at_text && walk->sequence >= size)
		return cli_refuse(
		    cli, ERROR_RANGE, "--at %s: the last entry is %" PRIu64, at_text, size - 1);
	if (on_text && cli_day(cli, "--on", on_text, &day))
		return CLI_USAGE;
	if (!error && on_text) {
		uint64_t before = 0;
		error = timeline_before(walk->txn, day_start_ms(day + 1), &before);
		if (!error && before == 0)
			return cli_refuse(cli, ERROR_NOT_FOUND,
			    "--on %s: the log had not begun on that day", on_text);
		walk->sequence = before - 1;
	}
	return error ? cli_fail(cli, error, NULL, "log head") : CLI_DONE;
}

static int balance_run(struct cli *cli, int argc, char **argv)
{
	const char *at_text = NULL, *on_text = NULL;
	const struct cli_option options[] = {
	    {"at", &at_text, NULL}, {"on", &on_text, NULL}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	int words = cli_options(cli, NULL, argc, argv, options, 1, 2);
	if (words < 0)
		return CLI_USAGE;
	if (at_text && on_text)
		return cli_usage(cli->command, "either --at or --on");
	struct balance_walk walk = {0};
	struct node *node = cli_open(cli, argv[0], true, &status);
	walk.txn = node ? cli_read(cli, node, &status) : NULL;
	if (walk.txn)
		status = balance_moment(cli, &walk, at_text, on_text);
	if (walk.txn && !status)
		status = balance_print(cli, &walk, words == 2 ? argv[1] : NULL);
	txn_abort(walk.txn);
	node_close(node);
	return status;
}

const struct cli_command balance_commands[] = {
    {"balance", NULL, "DIR [ACCOUNT-PREFIX] [--at SEQ | --on DAY] [--json]",
	"Balances of the accounts, now or at any past moment",
	"suiren balance chengdu payable/city/ --on 2026-10-31", balance_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
