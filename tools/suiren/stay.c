/* stay.c: `suiren stay open|close|transfer|import`: who sleeps where, from options or from tables. What is listed: stay_view.c. */
#include "stay.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "institution.h"
#include "stay_view.h"

/* What a row wants. Of a close or a transfer the stay's first day is found when the node is open. */
struct wish {
	struct stay_line line;
	char to[USCC_SIZE]; /* of a transfer */
	int32_t day;
};

_Static_assert(IMPORT_ROWS_MAX % 2 == 0, "the two lines of a transfer go into one order");

static enum error wish_order(struct rows *rows, struct node *node, uint32_t first, uint32_t count,
    uint64_t after, const struct secret_key *key, struct answer *answer)
{
	struct stay_line *lines = calloc(count, sizeof(*lines));
	if (!lines)
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < count; i++)
		lines[i] = ((const struct wish *)rows_at(rows, first + i))->line;
	enum error error = import_stays_again(node, lines, count, after, key, answer);
	free(lines);
	return error;
}

/* --- open, close, transfer --------------------------------------------------------------------------------- */

enum { INSTITUTION, PERSON_CODE, DAY, TO };

static const struct table_column columns[] = {
    [INSTITUTION] = {"uscc", "社会信用代码", true},
    [PERSON_CODE] = {"person_code", "人员编码", true},
    [DAY] = {"day", "日期", true},
    [TO] = {"to", "转入机构", true},
};
#define COLUMNS_TRANSFER (sizeof(columns) / sizeof(columns[0]))
#define COLUMNS_OTHER (COLUMNS_TRANSFER - 1)

static bool wish_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct wish *wish = out;
	return field_uscc(rows, row, INSTITUTION, wish->line.uscc) &&
	       field_person(rows, row, PERSON_CODE, &wish->line.person) &&
	       field_day(rows, row, DAY, &wish->day);
}

static bool transfer_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct wish *wish = out;
	if (!wish_take(rows, row, out) || !field_uscc(rows, row, TO, wish->to))
		return false;
	return memcmp(wish->to, wish->line.uscc, USCC_SIZE) != 0 ||
	       rows_wrong(rows, row, "to", ERROR_CONFLICT,
		   "the institution that is left 转出与转入机构相同");
}

/* The entry day counts. */
static enum error open_check(struct rows *rows, struct node *node)
{
	(void)node;
	for (uint32_t i = 0; i < rows->count; i++) {
		struct wish *wish = rows_at(rows, i);
		wish->line.operation = STAY_OPEN;
		wish->line.first_day = wish->day;
		wish->line.last_night = DAY_NEVER;
	}
	return ERROR_NONE;
}

/* The stay that a person leaves on a day: the one of the night before, or else one that began that day. */
struct leaving {
	const struct wish *wish;
	bool found;
	int32_t first_day;
};

static bool leaving_look(void *context, const struct stay_night_span *stay)
{
	struct leaving *leaving = context;
	int32_t day = leaving->wish->day;
	if (memcmp(stay->uscc, leaving->wish->line.uscc, USCC_SIZE) != 0 ||
	    stay->state == STAY_REFUSED || stay->first_day > day || stay->last_night < day - 1)
		return true;
	leaving->found = true;
	leaving->first_day = stay->first_day;
	return stay->first_day == day; /* an earlier one goes before it, and they come in order */
}

/* The leaving day does not count: the night before it is the last. */
static enum error close_find(struct rows *rows, struct txn *txn, uint32_t i)
{
	struct wish *wish = rows_at(rows, i);
	struct leaving leaving = {.wish = wish};
	enum error error = stay_each(txn, wish->line.person, leaving_look, &leaving);
	if (error)
		return error;
	if (!leaving.found)
		rows_wrong_at(rows, i, NULL, ERROR_NOT_FOUND,
		    "the person does not stay there on that day 该日无入住记录");
	wish->line.operation = STAY_CLOSE;
	wish->line.first_day = leaving.first_day;
	wish->line.last_night = wish->day - 1;
	return ERROR_NONE;
}

static enum error close_check(struct rows *rows, struct node *node)
{
	struct txn *txn = NULL;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);
	for (uint32_t i = 0; !error && i < rows->count; i++)
		error = close_find(rows, txn, i);
	txn_abort(txn);
	return error;
}

/* Each row becomes two: the close at the one, the open at the other on the same day, whose night is the receiver's. */
static enum error transfer_check(struct rows *rows, struct node *node)
{
	struct buffer content = {0}, lines = {0};
	enum error error = close_check(rows, node);
	for (uint32_t i = 0; !error && i < rows->count; i++) {
		const struct wish *leaves = rows_at(rows, i);
		unsigned line = rows_line(rows, i);
		struct wish enters = *leaves;
		enters.line.operation = STAY_OPEN;
		memcpy(enters.line.uscc, leaves->to, USCC_SIZE);
		enters.line.first_day = leaves->day;
		enters.line.last_night = DAY_NEVER;
		buffer_append(&content, span_of(leaves, sizeof(*leaves)));
		buffer_append(&content, span_of(&enters, sizeof(enters)));
		buffer_append(&lines, span_of(&line, sizeof(line)));
		buffer_append(&lines, span_of(&line, sizeof(line)));
	}
	if (!error)
		error = content.failed ? content.failed : lines.failed;
	if (error) {
		buffer_free(&content);
		buffer_free(&lines);
		return error;
	}
	buffer_free(&rows->content);
	buffer_free(&rows->lines);
	rows->content = content;
	rows->lines = lines;
	rows->count *= 2;
	return ERROR_NONE;
}

static const struct rows_kind open_kind = {
    .columns = columns,
    .column_count = COLUMNS_OTHER,
    .row_size = sizeof(struct wish),
    .take = wish_take,
    .check = open_check,
    .order = wish_order,
    .duplicate = "the stay is known already 入住记录已存在",
};

static const struct rows_kind close_kind = {
    .columns = columns,
    .column_count = COLUMNS_OTHER,
    .row_size = sizeof(struct wish),
    .take = wish_take,
    .check = close_check,
    .order = wish_order,
    .duplicate = "the stay is known already 入住记录已存在",
};

static const struct rows_kind transfer_kind = {
    .columns = columns,
    .column_count = COLUMNS_TRANSFER,
    .row_size = sizeof(struct wish),
    .take = transfer_take,
    .check = transfer_check,
    .order = wish_order,
    .lines_each = 2,
    .duplicate = "the stay is known already 入住记录已存在",
};

/* --- options ----------------------------------------------------------------------------------------------- */

struct wish_options {
	const char *institution, *person, *day, *to, *key_file;
	bool again;
};

static int uscc_option(
    const struct cli *cli, const char *name, const char *text, char uscc[USCC_SIZE])
{
	enum error error = uscc_check(span_text(text));
	if (error)
		return cli_usage(cli->command, "%s: %s: %s", name, text, uscc_fault(error));
	memcpy(uscc, text, USCC_SIZE);
	return CLI_DONE;
}

/* One wish from options. */
static int wish_read(
    const struct cli *cli, const struct wish_options *given, bool moves, struct wish *wish)
{
	if (!given->institution || !given->person || !given->day || (moves && !given->to))
		return cli_usage(cli->command,
		    "needs a FILE.csv, or --institution, --person%s --day",
		    moves ? ", --to and" : " and");
	if (uscc_option(cli, "--institution", given->institution, wish->line.uscc) ||
	    (moves && uscc_option(cli, "--to", given->to, wish->to)) ||
	    cli_day(cli, "--day", given->day, &wish->day))
		return CLI_USAGE;
	if (wish->day < 0)
		return cli_usage(cli->command, "--day: before 1970");
	if (moves && memcmp(wish->to, wish->line.uscc, USCC_SIZE) == 0)
		return cli_usage(cli->command, "--to: the institution that is left");
	enum error error = person_code_read(span_text(given->person), &wish->line.person);
	if (error)
		return cli_usage(
		    cli->command, "--person: %s: %s", given->person, person_code_fault(error));
	return CLI_DONE;
}

static int wish_run(
    struct cli *cli, int argc, char **argv, const struct rows_kind *kind, bool moves)
{
	struct wish_options given = {0};
	struct cli_option options[] = {{"institution", &given.institution, NULL},
	    {"person", &given.person, NULL}, {"day", &given.day, NULL},
	    {"officer-key", &given.key_file, NULL}, {"again", NULL, &given.again},
	    {"to", &given.to, NULL}, {NULL, NULL, NULL}};
	struct wish wish = {0};
	int status = CLI_DONE;
	if (!moves)
		options[5] = (struct cli_option){NULL, NULL, NULL};
	int words = cli_options(cli, NULL, argc, argv, options, 1, 2);
	if (words < 0)
		return CLI_USAGE;
	if (words == 2 && (given.institution || given.person || given.day || given.to))
		return cli_usage(cli->command, "either a FILE.csv or options for one person");
	struct rows rows = {.cli = cli,
	    .kind = kind,
	    .file = words == 2 ? argv[1] : given.person,
	    .again = given.again};
	if (words == 2)
		status = rows_read(&rows);
	else
		status = wish_read(cli, &given, moves, &wish);
	if (!status && words == 1 && !rows_add(&rows, &wish, 0))
		status = cli_fail(cli, ERROR_MEMORY, NULL, NULL);
	if (!status)
		status = rows_run(&rows, cli, argv[0], given.key_file);
	rows_free(&rows);
	return status;
}

static int open_run(struct cli *cli, int argc, char **argv)
{
	return wish_run(cli, argc, argv, &open_kind, false);
}

static int close_run(struct cli *cli, int argc, char **argv)
{
	return wish_run(cli, argc, argv, &close_kind, false);
}

static int transfer_run(struct cli *cli, int argc, char **argv)
{
	return wish_run(cli, argc, argv, &transfer_kind, true);
}

/* --- import ------------------------------------------------------------------------------------------------ */

enum { IMPORT_OPERATION, IMPORT_USCC, IMPORT_PERSON_CODE, IMPORT_FIRST_DAY, IMPORT_LAST_NIGHT };

static const struct table_column import_columns[] = {
    [IMPORT_OPERATION] = {"operation", "操作", false},
    [IMPORT_USCC] = {"uscc", "社会信用代码", true},
    [IMPORT_PERSON_CODE] = {"person_code", "人员编码", true},
    [IMPORT_FIRST_DAY] = {"first_day", "入住日", true},
    [IMPORT_LAST_NIGHT] = {"last_night", "末夜", false},
};

static const struct field_word operation_words[] = {
    {"open", "入住", STAY_OPEN}, {"close", "退住", STAY_CLOSE}, {NULL, NULL, 0}};

/* A stay may end without a night: its last night is the one before its first day. */
static bool import_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct stay_line *line = &((struct wish *)out)->line;
	uint32_t operation = STAY_OPEN;
	if ((!field_empty(row, IMPORT_OPERATION) &&
		!field_word(rows, row, IMPORT_OPERATION, operation_words, &operation)) ||
	    !field_uscc(rows, row, IMPORT_USCC, line->uscc) ||
	    !field_person(rows, row, IMPORT_PERSON_CODE, &line->person) ||
	    !field_day(rows, row, IMPORT_FIRST_DAY, &line->first_day) ||
	    !field_day_or_never(rows, row, IMPORT_LAST_NIGHT, &line->last_night))
		return false;
	line->operation = (enum stay_operation)operation;
	if (operation == STAY_CLOSE && line->last_night == DAY_NEVER)
		return rows_wrong(rows, row, "last_night", ERROR_MALFORMED,
		    "a stay is closed with its last night 退住须填末夜");
	return line->last_night >= line->first_day - 1 ||
	       rows_wrong(
		   rows, row, "last_night", ERROR_RANGE, "before the first day 末夜早于入住日");
}

static const struct rows_kind import_kind = {
    .columns = import_columns,
    .column_count = sizeof(import_columns) / sizeof(import_columns[0]),
    .row_size = sizeof(struct wish),
    .take = import_take,
    .order = wish_order,
    .duplicate = "the stay is known already 入住记录已存在",
};

static int import_run(struct cli *cli, int argc, char **argv)
{
	return rows_command(cli, argc, argv, &import_kind);
}

#define WISH_ARGUMENTS "DIR (--institution USCC --person CODE --day DAY | FILE.csv) [--again] [-n]"

const struct cli_command stay_commands[] = {
    {"stay", "open", WISH_ARGUMENTS, "A person moves into an institution: that night counts",
	"suiren stay open chengdu --institution 52510104MJ0000018N --person 5101000000000019"
	" --day 2026-10-01",
	open_run},
    {"stay", "close", WISH_ARGUMENTS, "A person leaves: the night of that day does not count",
	"suiren stay close chengdu leaving.csv", close_run},
    {"stay", "transfer",
	"DIR (--institution USCC --to USCC --person CODE --day DAY | FILE.csv) [--again] [-n]",
	"A person moves to another institution: that night is the new one's",
	"suiren stay transfer chengdu moves.csv", transfer_run},
    {"stay", "import", "DIR FILE.csv [--again] [-n] [--officer-key FILE] [--json]",
	"Stays opened and closed, from a table", "suiren stay import chengdu stays.csv",
	import_run},
    {"stay", "list", "DIR [--person CODE] [--institution USCC] [--json]",
	"The stays that a node knows of", "suiren stay list chengdu --person 5101000000000019",
	stay_list_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
