/* assessment.c: `suiren assessment import`: ability levels from a table. */
#include "assessment.h"

#include "fields.h"

enum { PERSON_CODE, LEVEL, SCORE, FROM, UNTIL, ASSESSOR, FLAGS };

static const struct table_column columns[] = {
    [PERSON_CODE] = {"person_code", "人员编码", true},
    [LEVEL] = {"level", "等级", false},
    [SCORE] = {"score", "得分", false},
    [FROM] = {"from", "起始日", true},
    [UNTIL] = {"until", "截止日", true},
    [ASSESSOR] = {"assessor", "评估地", false},
    [FLAGS] = {"flags", "标志", false},
};

static const struct field_word flag_words[] = {
    {"dementia", "认知障碍", ASSESSMENT_DEMENTIA},
    {"coma", "昏迷", ASSESSMENT_COMA},
    {"accidents", "意外事件", ASSESSMENT_ACCIDENTS},
    {NULL, NULL, 0},
};

/* A score decides the level; a level that stands beside it must be that one. */
static bool level_take(
    struct rows *rows, const struct table_row *row, struct assessment *assessment)
{
	uint32_t score = 0;
	assessment->score = ASSESSMENT_NO_SCORE;
	if (field_empty(row, LEVEL) && field_empty(row, SCORE))
		return rows_wrong(rows, row, "level", ERROR_MALFORMED,
		    "empty, and no score either 等级与得分至少填一项");
	if (!field_number(rows, row, LEVEL, ABILITY_LEVEL_MAX, 0, &assessment->level) ||
	    !field_number(rows, row, SCORE, ASSESSMENT_SCORE_MAX, 0, &score))
		return false;
	if (field_empty(row, SCORE))
		return true;
	unsigned level = level_from_score(score, assessment->flags);
	if (!field_empty(row, LEVEL) && level != assessment->level)
		return rows_wrong(rows, row, "level", ERROR_CONFLICT,
		    "%u, but the score of %u makes it %u 等级与得分不符", assessment->level, score,
		    level);
	assessment->level = level;
	assessment->score = (int32_t)score;
	return true;
}

static bool assessment_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct assessment *assessment = out;
	return field_person(rows, row, PERSON_CODE, &assessment->person) &&
	       field_words(rows, row, FLAGS, flag_words, &assessment->flags) &&
	       level_take(rows, row, assessment) &&
	       field_period(
		   rows, row, FROM, UNTIL, false, &assessment->from_day, &assessment->until_day) &&
	       field_region(rows, row, ASSESSOR, &assessment->assessor);
}

/* An assessment is sealed under its person's key: who has none here is told by row. The city that imports is the assessor
 * where none is named. */
static enum error one_check(struct rows *rows, struct node *node, struct txn *txn, uint32_t i)
{
	struct assessment *assessment = rows_at(rows, i);
	const struct person_row *person = NULL;
	if (assessment->assessor == 0)
		assessment->assessor = node_region(node);
	if (!person_is_own(node_settlement(node), assessment->person))
		return ERROR_NONE;
	enum error error = person_get(txn, assessment->person, &person);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (error)
		rows_wrong_at(rows, i, "person_code", error, "%016llu: not registered 查无此人",
		    (unsigned long long)assessment->person);
	else if (person->state & PERSON_ERASED)
		rows_wrong_at(rows, i, "person_code", ERROR_ERASED, "%016llu: erased 信息已删除",
		    (unsigned long long)assessment->person);
	return ERROR_NONE;
}

static enum error assessment_check(struct rows *rows, struct node *node)
{
	struct txn *txn = NULL;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);
	for (uint32_t i = 0; !error && i < rows->count; i++)
		error = one_check(rows, node, txn, i);
	txn_abort(txn);
	return error;
}

static enum error assessment_order(struct rows *rows, struct node *node, uint32_t first,
    uint32_t count, uint64_t after, const struct secret_key *key, struct answer *answer)
{
	return import_assessments_again(node, rows_at(rows, first), count, after, key, answer);
}

static const struct rows_kind import_kind = {
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .row_size = sizeof(struct assessment),
    .take = assessment_take,
    .check = assessment_check,
    .order = assessment_order,
};

static int import_run(struct cli *cli, int argc, char **argv)
{
	return rows_command(cli, argc, argv, &import_kind);
}

const struct cli_command assessment_commands[] = {
    {"assessment", "import", "DIR FILE.csv [--again] [-n] [--officer-key FILE] [--json]",
	"Ability levels of persons, from a table", "suiren assessment import chengdu levels.csv",
	import_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
