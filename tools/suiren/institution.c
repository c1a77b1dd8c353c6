/* institution.c: `suiren institution ...`: the institutions of a city: registered from a table, their standing, their keys. What is
 * shown: institution_view.c. */
#include "institution.h"

#include <string.h>

#include "fields.h"
#include "institution_internal.h"
#include "institution_view.h"
#include "region.h"

/* --- register ---------------------------------------------------------------------------------------------- */

enum { USCC, NAME, KIND, DISTRICT, BEDS, STAR, ACCOUNT, BANK, PUBLIC_KEY };

static const struct table_column register_columns[] = {
    [USCC] = {"uscc", "社会信用代码", true},
    [NAME] = {"name", "名称", true},
    [KIND] = {"kind", "类型", true},
    [DISTRICT] = {"district", "区划", true},
    [BEDS] = {"beds", "床位", true},
    [STAR] = {"star", "星级", false},
    [ACCOUNT] = {"account", "账号", false},
    [BANK] = {"bank", "开户行", false},
    [PUBLIC_KEY] = {"public_key", "公钥", false},
};

static const struct field_word kinds[] = {
    {"nonprofit", "民办非企业", INSTITUTION_NONPROFIT},
    {"company", "企业", INSTITUTION_COMPANY},
    {"public", "公办", INSTITUTION_PUBLIC},
    {NULL, NULL, 0},
};

static bool key_take(struct rows *rows, const struct table_row *row, struct institution_line *line)
{
	line->has_key = !field_empty(row, PUBLIC_KEY);
	return !line->has_key || field_hex(rows, row, PUBLIC_KEY, line->key.bytes, PUBLIC_KEY_SIZE);
}

static bool describe_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct institution_line *line = out;
	const char *name, *account, *bank;
	uint32_t kind;
	if (!field_uscc(rows, row, USCC, line->uscc) ||
	    !field_text(rows, row, NAME, 1, INSTITUTION_TEXT_MAX, &name) ||
	    !field_word(rows, row, KIND, kinds, &kind) ||
	    !field_region(rows, row, DISTRICT, &line->district) ||
	    !field_number(rows, row, BEDS, INSTITUTION_BEDS_MAX, 0, &line->beds) ||
	    !field_number(rows, row, STAR, INSTITUTION_STAR_MAX, 0, &line->star) ||
	    !field_account(rows, row, ACCOUNT, INSTITUTION_ACCOUNT_MAX, &account) ||
	    !field_bank(rows, row, BANK, &bank))
		return false;
	if (field_empty(row, BEDS))
		return field_missing(rows, row, BEDS);
	line->kind = (enum institution_kind)kind;
	line->name = span_text(name);
	line->account = span_text(account);
	line->bank = span_text(bank);
	return true;
}

static bool register_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct institution_line *line = out;
	line->operation = INSTITUTION_REGISTER;
	return describe_take(rows, row, out) && key_take(rows, row, line);
}

/* The rules would refuse the whole file for a district of another city: here the row is named. */
static enum error register_check(struct rows *rows, struct node *node)
{
	int32_t today = day_of_time(node_now_ms(node));
	for (uint32_t i = 0; i < rows->count; i++) {
		const struct institution_line *line = rows_at(rows, i);
		if (region_city(line->district, today) != node_region(node))
			rows_wrong_at(rows, i, "district", ERROR_RANGE,
			    "%06u does not lie in %06u 不属于本市", line->district,
			    node_region(node));
	}
	return ERROR_NONE;
}

static enum error register_order(struct rows *rows, struct node *node, uint32_t first,
    uint32_t count, uint64_t after, const struct secret_key *key, struct answer *answer)
{
	return import_institutions_again(node, rows_at(rows, first), count, after, key, answer);
}

static const struct rows_kind register_kind = {
    .columns = register_columns,
    .column_count = sizeof(register_columns) / sizeof(register_columns[0]),
    .row_size = sizeof(struct institution_line),
    .take = register_take,
    .check = register_check,
    .order = register_order,
    .duplicate = "registered already, or the key is taken 机构或公钥已登记",
};

static int register_run(struct cli *cli, int argc, char **argv)
{
	return rows_command(cli, argc, argv, &register_kind);
}

/* --- update ------------------------------------------------------------------------------------------------ */

static bool update_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct institution_line *line = out;
	line->operation = INSTITUTION_UPDATE;
	return describe_take(rows, row, out);
}

/* Does the row say something new? */
static enum error differs(
    struct txn *txn, const struct institution_line *line, bool *other, uint64_t *registered_at)
{
	const struct institution_row *row;
	struct institution_profile profile;
	enum error error = institution_get(txn, line->uscc, &row);
	if (!error)
		error = institution_profile(txn, line->uscc, &profile);
	if (error == ERROR_NOT_FOUND)
		*other = true; /* which the rules will say */
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	*registered_at = row->registered_at;
	*other |= row->kind != line->kind || row->district != line->district ||
		  row->licensed_beds != line->beds || row->star != line->star ||
		  !span_equal(profile.name, line->name) ||
		  !span_equal(profile.account, line->account) ||
		  !span_equal(profile.bank, line->bank);
	return ERROR_NONE;
}

/* What stood before may come back: an order that changes something is a new one, whatever was ordered in the past. */
static enum error update_order(struct rows *rows, struct node *node, uint32_t first, uint32_t count,
    uint64_t after, const struct secret_key *key, struct answer *answer)
{
	const struct institution_line *lines = rows_at(rows, first);
	struct txn *txn;
	uint64_t registered_at = 0;
	bool other = false;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);
	memset(answer, 0, sizeof(*answer));
	if (error)
		return answer->error = error;
	for (uint32_t i = 0; !error && i < count; i++)
		error = differs(txn, &lines[i], &other, &registered_at);
	if (!error && other)
		error = ledger_head(txn, &after, NULL);
	txn_abort(txn);
	if (!error && !other) {
		*answer = (struct answer){.error = ERROR_REPEAT, .sequence = registered_at};
		return ERROR_NONE;
	}
	return error ? (answer->error = error)
		     : import_institutions_again(node, lines, count, after, key, answer);
}

static const struct rows_kind update_kind = {
    .columns = register_columns,
    .column_count = PUBLIC_KEY,
    .row_size = sizeof(struct institution_line),
    .take = update_take,
    .check = register_check,
    .order = update_order,
    .repeats_elsewhere = true,
};

static int update_run(struct cli *cli, int argc, char **argv)
{
	return rows_command(cli, argc, argv, &update_kind);
}

/* --- one institution --------------------------------------------------------------------------------------- */

/* Of a line from options: no columns are read. */
static const struct rows_kind one_kind = {
    .row_size = sizeof(struct institution_line),
    .order = register_order,
    .duplicate = "the key is taken 公钥已被使用",
};

static int uscc_word(const struct cli *cli, const char *word, char uscc[USCC_SIZE])
{
	enum error error = uscc_check(span_text(word));
	if (error)
		return cli_usage(cli->command, "USCC: %s: %s", word, uscc_fault(error));
	memcpy(uscc, word, USCC_SIZE);
	return CLI_DONE;
}

static int one_book(
    struct cli *cli, char **argv, const char *key_file, const struct institution_line *line)
{
	struct rows rows = {.cli = cli, .kind = &one_kind, .file = argv[1]};
	int status = rows_add(&rows, line, 0) ? rows_run(&rows, cli, argv[0], key_file)
					      : cli_fail(cli, ERROR_MEMORY, NULL, NULL);
	rows_free(&rows);
	return status;
}

static int standing_run(
    struct cli *cli, int argc, char **argv, enum institution_operation operation)
{
	const char *from = NULL, *grounds = NULL, *key_file = NULL;
	const struct cli_option options[] = {{"from", &from, NULL}, {"grounds", &grounds, NULL},
	    {"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct institution_line line = {.operation = operation};
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0 ||
	    uscc_word(cli, argv[1], line.uscc))
		return CLI_USAGE;
	if (!from || !grounds)
		return cli_usage(cli->command, "needs --from and --grounds 需注明起始日和依据");
	if (cli_day(cli, "--from", from, &line.from_day))
		return CLI_USAGE;
	line.grounds = span_text(grounds);
	if (line.grounds.size == 0 || line.grounds.size > INSTITUTION_TEXT_MAX ||
	    !utf8_valid(line.grounds))
		return cli_usage(cli->command, "--grounds: a text of 1 to %u bytes, UTF-8",
		    INSTITUTION_TEXT_MAX);
	return one_book(cli, argv, key_file, &line);
}

static int suspend_run(struct cli *cli, int argc, char **argv)
{
	return standing_run(cli, argc, argv, INSTITUTION_SUSPEND);
}

static int restore_run(struct cli *cli, int argc, char **argv)
{
	return standing_run(cli, argc, argv, INSTITUTION_RESTORE);
}

static int blacklist_run(struct cli *cli, int argc, char **argv)
{
	return standing_run(cli, argc, argv, INSTITUTION_BLACKLIST);
}

static int redlist_run(struct cli *cli, int argc, char **argv)
{
	return standing_run(cli, argc, argv, INSTITUTION_REDLIST);
}

static int key_run(struct cli *cli, int argc, char **argv)
{
	const char *key_text = NULL, *key_file = NULL;
	const struct cli_option options[] = {
	    {"key", &key_text, NULL}, {"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct institution_line line = {.operation = INSTITUTION_KEY, .has_key = true};
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0 ||
	    uscc_word(cli, argv[1], line.uscc))
		return CLI_USAGE;
	if (!key_text || hex_read(span_text(key_text), line.key.bytes, PUBLIC_KEY_SIZE))
		return cli_usage(cli->command, "needs --key, a public key of 64 hex digits");
	return one_book(cli, argv, key_file, &line);
}

#define STANDING_ARGUMENTS "DIR USCC --from DAY --grounds TEXT [--officer-key FILE] [--json]"

const struct cli_command institution_commands[] = {
    {"institution", "register", "DIR FILE.csv [--again] [-n] [--officer-key FILE] [--json]",
	"Register institutions from a table", "suiren institution register chengdu homes.csv",
	register_run},
    {"institution", "update", "DIR FILE.csv [-n] [--officer-key FILE] [--json]",
	"Change what is registered of institutions from a table",
	"suiren institution update chengdu homes.csv", update_run},
    {"institution", "list", "DIR [--host CODE] [--json]",
	"The institutions that a node knows, and their standing", "suiren institution list chengdu",
	institution_list_run},
    {"institution", "show", "DIR USCC [--json]", "One institution: account, beds, standing, keys",
	"suiren institution show chengdu 52510104MJ0000018N", institution_show_run},
    {"institution", "suspend", STANDING_ARGUMENTS,
	"Suspend an institution from a day: its nights from then on are not paid",
	"suiren institution suspend chengdu 52510104MJ0000018N --from 2026-10-05 --grounds "
	"川民罚2号",
	suspend_run},
    {"institution", "blacklist", STANDING_ARGUMENTS, "Black-list an institution from a day",
	"suiren institution blacklist chengdu 52510104MJ0000018N --from 2026-10-05 --grounds "
	"川民罚3号",
	blacklist_run},
    {"institution", "redlist", STANDING_ARGUMENTS, "Red-list an institution from a day",
	"suiren institution redlist chengdu 52510104MJ0000018N --from 2026-10-05 --grounds "
	"川民奖1号",
	redlist_run},
    {"institution", "restore", STANDING_ARGUMENTS, "Restore an institution from a day",
	"suiren institution restore chengdu 52510104MJ0000018N --from 2026-11-01 --grounds "
	"川民复2号",
	restore_run},
    {"institution", "key", "DIR USCC --key HEX [--officer-key FILE] [--json]",
	"Give an institution a new key: the old one ends",
	"suiren institution key chengdu 52510104MJ0000018N --key 5f0c...", key_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
