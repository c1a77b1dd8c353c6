/* filing.c: `suiren filing import`: who may draw what home grants in which other city. */
#include "entitlement.h"
#include "fields.h"

enum { PERSON_CODE, HOST, FROM, UNTIL, CONSENT };

static const struct table_column columns[] = {
    [PERSON_CODE] = {"person_code", "人员编码", true},
    [HOST] = {"host", "居住地", true},
    [FROM] = {"from", "起始日", true},
    [UNTIL] = {"until", "截止日", false},
    [CONSENT] = {"consent", "同意书哈希", true},
};

static bool filing_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct filing_line *line = out;
	if (!field_person(rows, row, PERSON_CODE, &line->person) ||
	    !field_region(rows, row, HOST, &line->host) ||
	    !field_period(rows, row, FROM, UNTIL, true, &line->from_day, &line->until_day))
		return false;
	if (field_empty(row, HOST))
		return field_missing(rows, row, HOST);
	return field_hex(rows, row, CONSENT, line->consent.bytes, HASH_SIZE);
}

static enum error filing_order(struct rows *rows, struct node *node, uint32_t first, uint32_t count,
    uint64_t after, const struct secret_key *key, struct answer *answer)
{
	return import_filings_again(node, rows_at(rows, first), count, after, key, answer);
}

static const struct rows_kind import_kind = {
    .columns = columns,
    .column_count = sizeof(columns) / sizeof(columns[0]),
    .row_size = sizeof(struct filing_line),
    .take = filing_take,
    .order = filing_order,
    .duplicate = "filed there already for these days 已备案",
};

static int import_run(struct cli *cli, int argc, char **argv)
{
	return rows_command(cli, argc, argv, &import_kind);
}

const struct cli_command filing_commands[] = {
    {"filing", "import", "DIR FILE.csv [--again] [-n] [--officer-key FILE] [--json]",
	"Persons who live in another city, with the hash of their consent",
	"suiren filing import chengdu filings.csv", import_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
