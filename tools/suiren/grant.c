/* grant.c: `suiren grant import|show`: which programme is granted to whom, from when to when, paid to card or institution. */
#include <inttypes.h>
#include <string.h>

#include "entitlement.h"
#include "fields.h"
#include "output.h"

enum { PERSON_CODE, PROGRAMME, FROM, UNTIL, PAID_TO, REGION, OPERATION };

static const struct table_column columns[] = {
    [PERSON_CODE] = {"person_code", "人员编码", true},
    [PROGRAMME] = {"programme", "项目", true},
    [FROM] = {"from", "起始日", true},
    [UNTIL] = {"until", "截止日", false},
    [PAID_TO] = {"paid_to", "支付对象", false},
    [REGION] = {"region", "异地", false},
    [OPERATION] = {"operation", "操作", false},
};

static const struct field_word paid_to_words[] = {
    {"card", "个人卡", PAID_TO_CARD},
    {"institution", "机构", PAID_TO_INSTITUTION},
    {NULL, NULL, 0},
};

static const struct field_word operation_words[] = {
    {"give", "发放", GRANT_GIVEN},
    {"stop", "停发", GRANT_STOPPED},
    {NULL, NULL, 0},
};

/* --- import ------------------------------------------------------------------------------------------------ */

static bool operation_take(struct rows *rows, const struct table_row *row, struct grant_line *line)
{
	uint32_t operation = GRANT_GIVEN;
	if (!field_empty(row, OPERATION) &&
	    !field_word(rows, row, OPERATION, operation_words, &operation))
		return false;
	line->state = (enum grant_state)operation;
	if (line->state == GRANT_STOPPED && field_empty(row, UNTIL))
		return rows_wrong(rows, row, "until", ERROR_MALFORMED,
		    "a grant is stopped with its last day 停发须填截止日");
	return true;
}

/* A grant that is stopped may end on the day before it began: nothing is left of it. */
static bool period_take(struct rows *rows, const struct table_row *row, struct grant_line *line)
{
	if (line->state != GRANT_STOPPED)
		return field_period(
		    rows, row, FROM, UNTIL, true, &line->from_day, &line->until_day);
	if (!field_day(rows, row, FROM, &line->from_day) ||
	    !field_day(rows, row, UNTIL, &line->until_day))
		return false;
	return line->until_day >= line->from_day - 1 ||
	       rows_wrong(rows, row, "until", ERROR_RANGE,
		   "before the day before the first 截止日早于起始日");
}

static bool grant_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct grant_line *line = out;
	const char *programme = NULL;
	uint32_t paid_to = 0;
	if (!field_person(rows, row, PERSON_CODE, &line->person) ||
	    !field_text(rows, row, PROGRAMME, 1, PROGRAMME_CODE_SIZE - 1, &programme) ||
	    !operation_take(rows, row, line) || !period_take(rows, row, line) ||
	    !field_region(rows, row, REGION, &line->region))
		return false;
	if (!field_empty(row, PAID_TO) && !field_word(rows, row, PAID_TO, paid_to_words, &paid_to))
		return false;
	line->paid_to = (enum paid_to)paid_to;
	memcpy(line->programme, programme, strlen(programme));
	return true;
}

static const struct programme *catalogue_find(const struct policy *policy, const char *code)
{
	const struct programme *found = NULL;
	for (size_t p = 0; policy && p < policy->programme_count; p++)
		if (strcmp(policy->programmes[p].code, code) == 0)
			found = &policy->programmes[p];
	return found;
}

/* Where the catalogue leaves no choice, the table need not say to whom it is paid. What only the host has and pays may be granted for there. */
static void one_check(struct rows *rows, struct node *node, uint32_t i)
{
	struct grant_line *line = rows_at(rows, i);
	struct settlement *settlement = node_settlement(node);
	const struct programme *found =
	    catalogue_find(settlement_policy(settlement, node_region(node)), line->programme);
	if (!found && line->region != 0)
		found =
		    catalogue_find(settlement_policy(settlement, line->region), line->programme);
	if (!found) {
		rows_wrong_at(rows, i, "programme", ERROR_RANGE,
		    "%s: not in this city's catalogue 本市目录无此项目; `suiren policy show` tells "
		    "it",
		    line->programme);
		return;
	}
	if (line->paid_to == 0 && found->paid_to == PAID_TO_EITHER)
		rows_wrong_at(rows, i, "paid_to", ERROR_MALFORMED,
		    "empty, but %s can be paid to card or institution 须填支付对象",
		    line->programme);
	else if (line->paid_to == 0)
		line->paid_to = found->paid_to;
}

static enum error grant_check(struct rows *rows, struct node *node)
{
	for (uint32_t i = 0; i < rows->count; i++)
		one_check(rows, node, i);
	return ERROR_NONE;
}

static enum error grant_order(struct rows *rows, struct node *node, uint32_t first, uint32_t count,
    uint64_t after, const struct secret_key *key, struct answer *answer)
{
	return import_grants_again(node, rows_at(rows, first), count, after, key, answer);
}

static const struct rows_kind import_kind = {
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .row_size = sizeof(struct grant_line),
    .take = grant_take,
    .check = grant_check,
    .order = grant_order,
    .duplicate = "granted already for these days 待遇已认定",
};

static int import_run(struct cli *cli, int argc, char **argv)
{
	return rows_command(cli, argc, argv, &import_kind);
}

/* --- show -------------------------------------------------------------------------------------------------- */

struct view {
	uint64_t person;
	const char *programme;
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	unsigned count;
};

static bool grant_show(void *context, const struct grant_row *row)
{
	struct view *view = context;
	const struct grant_span *span = &row->span;
	char from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE] = "open";
	const char *paid_to = span->paid_to == PAID_TO_CARD ? "card" : "institution";
	if (row->person != view->person)
		return false;
	view->count++;
	day_write(span->from_day, from);
	if (span->until_day != DAY_NEVER)
		day_write(span->until_day, until);
	if (!view->array) {
		output_cell(stdout, view->programme, 28);
		printf("  %s to %-10s  %-11s", from, until, paid_to);
		if (span->region != 0)
			printf("  %06u", span->region);
		printf("  (entry %" PRIu64 ")\n", span->sequence);
		return true;
	}
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(view->doc, view->array);
	json_text(view->doc, object, "programme", span_text(view->programme));
	json_text(view->doc, object, "from", span_text(from));
	if (span->until_day == DAY_NEVER)
		yyjson_mut_obj_add_null(view->doc, object, "until");
	else
		json_text(view->doc, object, "until", span_text(until));
	yyjson_mut_obj_add_str(view->doc, object, "paid_to", paid_to);
	yyjson_mut_obj_add_uint(view->doc, object, "region", span->region);
	yyjson_mut_obj_add_uint(view->doc, object, "entry", span->sequence);
	return true;
}

/* Each programme once, though it has several versions. */
static enum error grants_walk(struct txn *txn, const struct policy *policy, struct view *view)
{
	enum error error = ERROR_NONE;
	for (size_t i = 0; !error && policy && i < policy->programme_count; i++) {
		bool seen = false;
		for (size_t j = 0; j < i; j++)
			seen = seen || policy->programmes[j].tag == policy->programmes[i].tag;
		view->programme = policy->programmes[i].code;
		if (!seen)
			error = grant_each(
			    txn, policy->programmes[i].tag, view->person, grant_show, view);
	}
	return error;
}

static int show(const struct cli *cli, struct node *node, struct txn *txn, struct view *view)
{
	const struct person_row *row = NULL;
	enum error error = person_get(txn, view->person, &row);
	if (error == ERROR_NOT_FOUND)
		return cli_refuse(
		    cli, error, "%016" PRIu64 ": no such person here 查无此人", view->person);
	if (cli->json) {
		view->doc = yyjson_mut_doc_new(NULL);
		view->array = yyjson_mut_arr(view->doc);
		yyjson_mut_doc_set_root(view->doc, view->array);
	}
	if (!error)
		error = grants_walk(
		    txn, settlement_policy(node_settlement(node), node_region(node)), view);
	if (error) {
		yyjson_mut_doc_free(view->doc);
		return cli_fail(cli, error, NULL, "grant show");
	}
	if (cli->json)
		return output_json(view->doc, true);
	if (view->count == 0)
		puts("no grant of this city 无待遇认定");
	return CLI_DONE;
}

static int show_run(struct cli *cli, int argc, char **argv)
{
	struct view view = {0};
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, NULL, 2, 2) < 0)
		return CLI_USAGE;
	enum error error = person_code_read(span_text(argv[1]), &view.person);
	if (error)
		return cli_usage(cli->command, "CODE: %s: %s", argv[1], person_code_fault(error));
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn)
		status = show(cli, node, txn, &view);
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command grant_commands[] = {
    {"grant", "import", "DIR FILE.csv [--again] [-n] [--officer-key FILE] [--json]",
	"Grants given and stopped, from a table", "suiren grant import chengdu grants.csv",
	import_run},
    {"grant", "show", "DIR CODE [--json]", "The grants of a person of this city",
	"suiren grant show chengdu 5101000000000019", show_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
