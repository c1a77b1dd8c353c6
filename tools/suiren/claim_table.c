#include "claim_table.h"

#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "region.h"
#include "seal.h"

enum { INSTITUTION, PERSON_CODE, PROGRAMME, FIRST_DAY, LAST_DAY, AMOUNT, EVIDENCE, PIECES };

static const struct table_column columns[] = {
    [INSTITUTION] = {"institution", "社会信用代码", true},
    [PERSON_CODE] = {"person_code", "人员编码", true},
    [PROGRAMME] = {"programme", "项目", true},
    [FIRST_DAY] = {"first_day", "起始日", true},
    [LAST_DAY] = {"last_day", "截止日", true},
    [AMOUNT] = {"amount", "金额", false},
    [EVIDENCE] = {"evidence", "凭证", false},
    [PIECES] = {"pieces", "次数", false},
};

static bool amount_take(struct rows *rows, const struct table_row *row, struct claim_row *claim)
{
	struct amount amount;
	enum error error;

	claim->amount_fen = -1;
	if (field_empty(row, AMOUNT))
		return true;
	error = yuan_read(row->fields[AMOUNT], &amount);
	if (error || amount.value < 0)
		return rows_wrong(rows, row, "amount", error ? error : ERROR_RANGE,
		    "not an amount in yuan like 120.50 金额格式错误");
	claim->amount_fen = amount.value;
	return true;
}

static bool evidence_take(struct rows *rows, const struct table_row *row, struct claim_row *claim)
{
	size_t size = row->fields[EVIDENCE].size;

	if (size == 0)
		return true;
	if (size % 2 != 0 || size / 2 > EVIDENCE_MAX)
		return rows_wrong(rows, row, "evidence", ERROR_MALFORMED,
		    "not hex of at most %u bytes 凭证格式错误", EVIDENCE_MAX);
	claim->evidence_size = size / 2;
	return field_hex(rows, row, EVIDENCE, claim->evidence, claim->evidence_size);
}

/* How many visits, meals or hours on the day. */
static bool pieces_take(struct rows *rows, const struct table_row *row, struct claim_row *claim)
{
	int64_t value = 0;

	if (field_empty(row, PIECES))
		return true;
	if (decimal_read(row->fields[PIECES], &value) || value < 1 || value > PIECES_MAX)
		return rows_wrong(rows, row, "pieces", ERROR_RANGE,
		    "not a number from 1 to %d 次数应为1至%d", PIECES_MAX, PIECES_MAX);
	claim->pieces = (uint32_t)value;
	return true;
}

/* A person's code is taken as it is written: whether it is anybody's is a verdict. */
static bool person_take(struct rows *rows, const struct table_row *row, struct claim_row *claim)
{
	int64_t value = 0;

	if (row->fields[PERSON_CODE].size != 16 || decimal_read(row->fields[PERSON_CODE], &value))
		return rows_wrong(rows, row, "person_code", ERROR_MALFORMED,
		    "not 16 digits 人员编码应为16位数字");
	claim->person = (uint64_t)value;
	return true;
}

static bool claim_take(struct rows *rows, const struct table_row *row, void *out)
{
	struct claim_row *claim = out;
	int32_t month_last;

	if (!field_uscc(rows, row, INSTITUTION, claim->uscc) || !person_take(rows, row, claim) ||
	    !field_text(rows, row, PROGRAMME, 1, PROGRAMME_CODE_SIZE - 1, &claim->programme) ||
	    !field_day(rows, row, FIRST_DAY, &claim->first_day) ||
	    !field_day(rows, row, LAST_DAY, &claim->last_day) || !amount_take(rows, row, claim) ||
	    !evidence_take(rows, row, claim) || !pieces_take(rows, row, claim))
		return false;
	if (claim->last_day < claim->first_day)
		return rows_wrong(
		    rows, row, "last_day", ERROR_RANGE, "before first_day 截止日早于起始日");
	month_last = month_last_day(month_of_day(claim->first_day));
	if (claim->last_day > month_last)
		return rows_wrong(rows, row, "last_day", ERROR_RANGE,
		    "%d days from first_day reach beyond its month: write a row a month 不得跨月",
		    (int)(claim->last_day - claim->first_day + 1));
	return true;
}

const struct rows_kind claim_rows_kind = {
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .row_size = sizeof(struct claim_row),
    .take = claim_take,
};

/* Who pays: as the catalogues of host and home say on the line's first day. */
static uint32_t payer_of(
    const struct claim_policies *policies, const struct claim_row *row, uint32_t host)
{
	uint32_t home = person_code_region(row->person);

	for (size_t i = 0; i < policies->count; i++) {
		const struct programme *programme;

		if (policies->policies[i]->region != host)
			continue;
		programme = policy_programme(policies->policies[i],
		    programme_tag(span_text(row->programme)), row->first_day, 0);
		if (programme && programme->payer == PAYER_HOST)
			return host;
	}
	for (size_t i = 0; i < policies->count; i++) {
		if (policies->policies[i]->region == home)
			return home;
	}
	/* Nobody's resident: the host says so in its verdict. */
	return host;
}

static int by_sheet(const void *a, const void *b)
{
	const struct claim_row *x = a, *y = b;
	uint32_t months[2] = {month_of_day(x->first_day), month_of_day(y->first_day)};
	int order;

	if (x->payer != y->payer)
		return x->payer < y->payer ? -1 : 1;
	if (months[0] != months[1])
		return months[0] < months[1] ? -1 : 1;
	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	order = strcmp(x->programme, y->programme);
	return order ? order : x->first_day - y->first_day;
}

/* Index of the programme in the header; a new one is added. SHEET_PROGRAMMES_MAX: no room. */
static uint32_t programme_index(struct sheet_header *header, const char *code)
{
	uint32_t i = 0;

	while (i < header->programme_count && strcmp(header->programme_codes[i], code) != 0)
		i++;
	if (i == header->programme_count && i < SHEET_PROGRAMMES_MAX)
		memcpy(header->programme_codes[header->programme_count++], code, strlen(code) + 1);
	return i;
}

struct signing {
	const struct secret_key *key;
	const struct hash *seed;
	uint64_t number;
	uint32_t host;
	struct claim_sheets *out;
};

/* Rows from `first` that go into one sheet; returns how many. */
static size_t sheet_lines(
    const struct claim_row *rows, size_t count, struct sheet_header *header, struct buffer *lines)
{
	size_t n = 0;
	int32_t month_first = month_first_day(month_of_day(rows->first_day));

	while (n < count && n < SHEET_LINES_MAX && rows[n].payer == rows->payer &&
	       month_of_day(rows[n].first_day) == header->month) {
		uint32_t programme = programme_index(header, rows[n].programme);

		if (programme == SHEET_PROGRAMMES_MAX)
			break;
		sheet_line_write(lines, rows[n].person, programme,
		    (unsigned)(rows[n].first_day - month_first) + 1,
		    (unsigned)(rows[n].last_day - month_first) + 1, rows[n].amount_fen,
		    span_of(rows[n].evidence, rows[n].evidence_size), rows[n].pieces);
		n++;
	}
	header->count = (uint32_t)n;
	return n;
}

static enum error sign_one(
    struct signing *signing, const struct claim_row *rows, size_t count, size_t *taken)
{
	struct claim_sheet_file *grown =
	    realloc(signing->out->sheets, (signing->out->count + 1) * sizeof *grown);
	struct claim_sheet_file *sheet;
	struct buffer lines = {0}, content = {0};
	struct hash secret;
	enum error error;

	if (!grown)
		return ERROR_MEMORY;
	signing->out->sheets = grown;
	sheet = &grown[signing->out->count];
	memset(sheet, 0, sizeof *sheet);
	memcpy(sheet->header.uscc, rows->uscc, sizeof sheet->header.uscc);
	sheet->header.host = signing->host;
	sheet->header.payer = rows->payer;
	sheet->header.month = month_of_day(rows->first_day);
	*taken = sheet_lines(rows, count, &sheet->header, &lines);
	sheet->header.number = signing->number;
	sheet_header_write(&content, &sheet->header);
	buffer_append(&content, buffer_span(&lines));
	error = content.failed;
	if (!error) {
		/* From content and key: signing the same rows again is the same sheet, and nobody else knows the salts. */
		secret = seal_keyed_hash(signing->seed, buffer_span(&content));
		if (sheet->header.number == 0)
			sheet->header.number = signing->number =
			    be64_read(hash_sha256(buffer_span(&content)).bytes) >> 16;
		error = sheet_sign(
		    &sheet->file, &sheet->header, &secret, buffer_span(&lines), signing->key);
	}
	signing->number++;
	signing->out->count++;
	buffer_free(&lines);
	buffer_free(&content);
	return error;
}

/* All rows are one institution's: its key signs. */
static void check_institution(struct rows *rows)
{
	const struct claim_row *first = rows_at(rows, 0);

	for (uint32_t i = 1; i < rows->count; i++) {
		const struct claim_row *row = rows_at(rows, i);
		if (memcmp(row->uscc, first->uscc, USCC_SIZE) != 0)
			rows_wrong_at(rows, i, "institution", ERROR_MISMATCH,
			    "another institution than in the first row: a file is one "
			    "institution's 一份表只能是一家机构");
	}
}

enum error claim_table_sign(struct rows *rows, const struct claim_policies *policies, uint32_t host,
    uint32_t payer, uint64_t number, const struct secret_key *key, const struct hash *seed,
    struct claim_sheets *out, struct error_detail *detail)
{
	struct signing signing = {
	    .key = key, .seed = seed, .number = number, .host = host, .out = out};
	struct claim_row *all;
	enum error error = ERROR_NONE;

	memset(out, 0, sizeof *out);
	if (rows->count == 0)
		return error_set(detail, ERROR_MALFORMED, "%s: no rows", rows->file);
	check_institution(rows);
	if (rows->wrong_count)
		return ERROR_MALFORMED;
	all = rows_at(rows, 0);
	if (signing.host == 0) {
		int64_t division = 0;

		/* Characters 3 to 8 of the credit code: the division where it was registered. */
		if (!decimal_read(span_of(all->uscc + 2, 6), &division))
			signing.host = region_city((uint32_t)division, all->first_day);
		if (signing.host == 0)
			return error_set(detail, ERROR_NOT_FOUND,
			    "the credit code %s names no city that is known here; give --host",
			    all->uscc);
	}
	for (uint32_t i = 0; i < rows->count; i++)
		all[i].payer = payer ? payer : payer_of(policies, &all[i], signing.host);
	qsort(all, rows->count, sizeof *all, by_sheet);
	for (size_t at = 0, taken; !error && at < rows->count; at += taken)
		error = sign_one(&signing, &all[at], rows->count - at, &taken);
	return error;
}

void claim_sheets_free(struct claim_sheets *sheets)
{
	for (size_t i = 0; i < sheets->count; i++)
		buffer_free(&sheets->sheets[i].file);
	free(sheets->sheets);
	memset(sheets, 0, sizeof *sheets);
}
