/* person_change.c: `suiren person change|erase`. */
#include <stdlib.h>
#include <string.h>

#include "person_words.h"
#include "tool_limits.h"

/* --- change ------------------------------------------------------------------------------------------------ */

enum { PERSON_CODE, DEATH_DAY, INCOME_CLASS, FLAGS };

static const struct table_column columns[] = {
    [PERSON_CODE] = {"person_code", "人员编码", true},
    [DEATH_DAY] = {"death_day", "死亡日期", false},
    [INCOME_CLASS] = {"income_class", "收入类别", false},
    [FLAGS] = {"flags", "标志", false},
};

/* What a row changes; the order wants the person's facts whole, which are put together when the node is open. */
struct change {
	struct person_facts facts;
	bool has_death, has_income, has_flags;
};

/* An empty field leaves what is known; "none" takes it away. */
static bool is_none(const struct table_row *row, size_t column)
{
	struct span field = row->fields[column];
	return span_equal(field, span_text("none")) || span_equal(field, span_text("无"));
}

static bool change_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct change *change = out;
	change->has_death = !field_empty(row, DEATH_DAY);
	change->has_income = !field_empty(row, INCOME_CLASS);
	change->has_flags = !field_empty(row, FLAGS);
	change->facts.death_day = DAY_NEVER;
	if (!field_person(rows, row, PERSON_CODE, &change->facts.code))
		return false;
	if (!change->has_death && !change->has_income && !change->has_flags)
		return rows_wrong(
		    rows, row, NULL, ERROR_MALFORMED, "nothing to change 没有要变更的内容");
	if (change->has_death && !is_none(row, DEATH_DAY) &&
	    !field_day(rows, row, DEATH_DAY, &change->facts.death_day))
		return false;
	if (change->has_income &&
	    !field_word(rows, row, INCOME_CLASS, person_income_words, &change->facts.income_class))
		return false;
	return !change->has_flags || is_none(row, FLAGS) ||
	       field_words(rows, row, FLAGS, person_flag_words, &change->facts.flags);
}

static enum error one_check(struct rows *rows, struct node *node, uint32_t i, int32_t today)
{
	struct change *change = rows_at(rows, i);
	struct person_facts known;
	enum error error = import_facts_get(node, change->facts.code, &known);
	if (error == ERROR_NOT_FOUND || error == ERROR_ERASED)
		rows_wrong_at(rows, i, "person_code", error, "%016llu: %s",
		    (unsigned long long)change->facts.code,
		    error == ERROR_ERASED ? "erased 信息已删除"
					  : "not registered in this city 查无此人");
	if (error)
		return error == ERROR_NOT_FOUND || error == ERROR_ERASED ? ERROR_NONE : error;
	change->facts.birth_day = known.birth_day;
	if (!change->has_death)
		change->facts.death_day = known.death_day;
	if (!change->has_income)
		change->facts.income_class = known.income_class;
	if (!change->has_flags)
		change->facts.flags = known.flags;
	if (change->facts.death_day < known.birth_day)
		rows_wrong_at(rows, i, "death_day", ERROR_RANGE, "before the birth 早于出生日期");
	if (change->facts.death_day != DAY_NEVER && change->facts.death_day > today)
		rows_wrong_at(rows, i, "death_day", ERROR_RANGE, "in the future 晚于今日");
	return ERROR_NONE;
}

static enum error change_check(struct rows *rows, struct node *node)
{
	int32_t today = day_of_time(node_now_ms(node));
	enum error error = ERROR_NONE;
	for (uint32_t i = 0; !error && i < rows->count; i++)
		error = one_check(rows, node, i, today);
	return error;
}

static enum error change_order(struct rows *rows, struct node *node, uint32_t first, uint32_t count,
    uint64_t after, const struct secret_key *key, struct answer *answer)
{
	(void)after;
	struct person_facts *facts = calloc(count, sizeof(*facts));
	if (!facts)
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < count; i++)
		facts[i] = ((const struct change *)rows_at(rows, first + i))->facts;
	enum error error = import_facts(node, facts, count, key, answer);
	explicit_bzero(facts, count * sizeof(*facts));
	free(facts);
	return error;
}

static const struct rows_kind change_kind = {
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .row_size = sizeof(struct change),
    .take = change_take,
    .check = change_check,
    .order = change_order,
    .repeats_elsewhere = true,
    .duplicate = "the person stands in the file twice 同一人重复",
};

int person_change_run(struct cli *cli, int argc, char **argv)
{
	return rows_command(cli, argc, argv, &change_kind);
}

/* --- erase ------------------------------------------------------------------------------------------------- */

static enum error erase_order(struct rows *rows, struct node *node, uint32_t first, uint32_t count,
    uint64_t after, const struct secret_key *key, struct answer *answer)
{
	(void)after;
	return import_erase(node, rows_at(rows, first), count, key, answer);
}

static const struct rows_kind erase_kind = {
    .row_size = sizeof(uint64_t),
    .order = erase_order,
    .erases = true,
    .duplicate = "erased already 信息已删除",
};

int person_erase_run(struct cli *cli, int argc, char **argv)
{
	const char *key_file = NULL;
	const struct cli_option options[] = {{"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	int words = cli_options(cli, NULL, argc, argv, options, 2, 1 + ERASE_PERSONS_MAX);
	if (words < 0)
		return CLI_USAGE;
	/* One person is named by the code, of several the argument is counted. */
	struct rows rows = {.cli = cli, .kind = &erase_kind, .file = words == 2 ? argv[1] : "CODE"};
	for (int i = 1; !status && i < words; i++) {
		uint64_t code = 0;
		enum error error = person_code_read(span_text(argv[i]), &code);
		if (error)
			status = cli_usage(
			    cli->command, "CODE: %s: %s", argv[i], person_code_fault(error));
		else if (!rows_add(&rows, &code, words == 2 ? 0 : (unsigned)i))
			status = cli_fail(cli, ERROR_MEMORY, NULL, NULL);
	}
	if (!status && cli->dry_run)
		status = cli_usage(cli->command, "it has no dry run");
	if (!status)
		status = rows_run(&rows, cli, argv[0], key_file);
	rows_free(&rows);
	return status;
}
