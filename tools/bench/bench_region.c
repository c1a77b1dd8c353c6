#include "bench_region.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "fund.h"
#include "institution_internal.h"
#include "person_internal.h"
#include "sheet.h"
#include "stay_internal.h"

#define EVIDENCE_SIZE 16
#define VARIANTS 3u /* programmes of a need; a person draws by one of them */
#define PERSONS_OF_COMMIT 20000u
#define SHEETS_OF_MONTH 10000u

/* Four needs of three programmes each: everything that the rules can ask is asked by one of them. */
static const struct need_text {
	const char *code, *need, *common;
	const char *special[VARIANTS];
} needs[] = {
    {"bed", "bed",
	"unit: bed_month, needs_grant: false, needs_stay: true, needs_assessment: true, "
	"takes_capacity: true, portable: true, funds: [fiscal], amounts: ["
	"{level_from: 0, level_to: 1, amount: 60.00, clause: bench, illustrative: true}, "
	"{level_from: 2, level_to: 2, amount: 100.00, clause: bench, illustrative: true}, "
	"{level_from: 3, level_to: 4, amount: 150.00, clause: bench, illustrative: true}]",
	{"", "programme_cap: 1000000000.00, limits_clause: bench, ", ""}},
    {"service", "service",
	"unit: person_month, needs_grant: true, needs_stay: true, needs_assessment: true, "
	"income: [destitute, minimum, low], age_or: 80, flag_or: [disabled, severely_disabled], "
	"portable: true, funds: [fiscal], amounts: ["
	"{level_from: 0, level_to: 1, amount: 100.00, clause: bench, illustrative: true}, "
	"{level_from: 2, level_to: 4, amount: 200.00, clause: bench, illustrative: true}]",
	{"", "price_ceiling: 300.00, limits_clause: bench, ", ""}},
    {"care", "care",
	"unit: person_month, needs_grant: true, needs_stay: true, needs_assessment: true, "
	"level_min: 2, income: [destitute, minimum, low], portable: true, "
	"funds: [lottery, fiscal], amounts: ["
	"{level_from: 2, level_to: 2, amount: 100.00, clause: bench, illustrative: true}, "
	"{level_from: 3, level_to: 4, amount: 200.00, clause: bench, illustrative: true}]",
	{"excludes: [care_b], ", "excludes: [care_a], ",
	    "quantity_cap_days: 31, limits_clause: bench, "}},
    {"age", "old_age",
	"unit: person_month, needs_grant: false, needs_stay: true, needs_assessment: false, "
	"portable: false, age_min: 80, funds: [fiscal], amounts: ["
	"{age_from: 80, age_to: 89, amount: 50.00, clause: bench, illustrative: true}, "
	"{age_from: 90, age_to: 99, amount: 100.00, clause: bench, illustrative: true}, "
	"{age_from: 100, amount: 300.00, clause: bench, illustrative: true}]",
	{"", "", "person_month_cap: 1000.00, limits_clause: bench, "}},
};
#define NEEDS (sizeof needs / sizeof *needs)
_Static_assert(NEEDS *VARIANTS == BENCH_PROGRAMMES, "twelve programmes");
enum { NEED_AT_BED, NEED_AT_SERVICE, NEED_AT_CARE, NEED_AT_AGE };

static void programme_code(size_t need, unsigned variant, char code[PROGRAMME_CODE_SIZE])
{
	snprintf(code, PROGRAMME_CODE_SIZE, "%s_%c", needs[need].code, 'a' + (int)variant);
}

void bench_policy_write(struct buffer *out)
{
	buffer_append_format(out,
	    "{region: %u, name_zh: 成都市, name_en: Chengdu, version: 1, "
	    "effective_from: 2010-01-01, pays_from_float: true, clearing: net, funds: ["
	    "{code: lottery, name_zh: 福彩公益金, name_en: lottery, source: lottery, owner: %u}, "
	    "{code: fiscal, name_zh: 市级财政, name_en: budget, source: fiscal, owner: %u}], "
	    "programmes: [",
	    BENCH_REGION, BENCH_REGION, BENCH_REGION);
	for (size_t need = 0; need < NEEDS; need++) {
		for (unsigned variant = 0; variant < VARIANTS; variant++) {
			char code[PROGRAMME_CODE_SIZE];

			programme_code(need, variant, code);
			buffer_append_format(out,
			    "{code: %s, name_zh: %s, name_en: %s, document: bench, clause: bench, "
			    "effective_from: 2010-01-01, need: %s, accrues: day, payer: home, "
			    "paid_to: institution, starts: day, claim_deadline_days: 60, ",
			    code, code, code, needs[need].need);
			buffer_append_text(out, needs[need].special[variant]);
			buffer_append_text(out, needs[need].common);
			buffer_append_text(out, "},\n");
		}
	}
	buffer_append_text(out, "]}\n");
}

void bench_uscc_write(char out[USCC_SIZE + 1], uint32_t number)
{
	static const char digits[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	static const int own[] = {3, 7, 9, 10, 5, 8, 4, 2};
	static const int whole[] = {1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
	int sum = 0, check;

	snprintf(out, USCC_SIZE + 1, "52510100%08u", (unsigned)number);
	for (int i = 0; i < 8; i++)
		sum += (out[8 + i] - '0') * own[i];
	check = 11 - sum % 11;
	out[16] = check == 10 ? 'X' : check == 11 ? '0' : (char)('0' + check);
	sum = 0;
	for (int i = 0; i < 17; i++)
		sum += (int)(strchr(digits, out[i]) - digits) * whole[i];
	out[17] = digits[(31 - sum % 31) % 31];
	out[18] = 0;
}

enum error bench_region_create(uint32_t persons, struct bench_region *region)
{
	*region = (struct bench_region){
	    .persons = persons, .institutions = (persons + BENCH_RESIDENTS - 1) / BENCH_RESIDENTS};
	region->uscc = calloc(region->institutions, sizeof *region->uscc);
	region->keys = calloc(region->institutions, sizeof *region->keys);
	if (!region->uscc || !region->keys)
		return ERROR_MEMORY;
	for (uint32_t i = 0; i < region->institutions; i++) {
		uint8_t number[4];
		struct hash seed;

		bench_uscc_write(region->uscc[i], i + 1);
		be32_write(number, i);
		seed = hash_sha256(span_of(number, sizeof number));
		key_from_seed(&seed, &region->keys[i]);
	}
	return ERROR_NONE;
}

void bench_region_free(struct bench_region *region)
{
	free(region->uscc);
	free(region->keys);
	*region = (struct bench_region){0};
}

/* Filling the tables. */

static int32_t first_day(void)
{
	return day_of(2015, 1, 1);
}

static uint64_t person_of(uint32_t index)
{
	return person_code_make(BENCH_REGION, index + 1);
}

static struct grant_span make_grant(size_t need, unsigned variant, uint64_t sequence)
{
	char code[PROGRAMME_CODE_SIZE];

	programme_code(need, variant, code);
	return (struct grant_span){.sequence = sequence,
	    .tag = programme_tag(span_text(code)),
	    .from_day = first_day(),
	    .until_day = DAY_NEVER,
	    .paid_to = PAID_TO_INSTITUTION};
}

/* Entries of 1,000 lines each, as registers are kept: verdicts name them, and long numbers make long verdicts. */
static uint64_t entry_of(uint32_t index, uint32_t persons, unsigned kind)
{
	return 100 + kind * (uint64_t)(persons / 1000 + 1) + index / 1000;
}

/* Poor, old and in need of care: every programme applies. */
static struct person_row make_person(uint32_t index, uint32_t persons)
{
	struct person_row row = person_row_new(person_of(index), PERSON_HAS_FACTS);
	unsigned variant = index % VARIANTS;
	uint64_t grants = entry_of(index, persons, 2);

	row.facts_sequence = entry_of(index, persons, 0);
	row.birth_day = day_of(1930, 1, 1) - (int32_t)(index % 3000);
	row.death_day = DAY_NEVER;
	row.income_class = INCOME_MINIMUM;
	row.levels[0] = (struct level_span){.sequence = entry_of(index, persons, 1),
	    .from_day = first_day(),
	    .until_day = DAY_NEVER,
	    .assessor = BENCH_REGION,
	    .level = 2 + index % 3};
	row.grants[0] = make_grant(NEED_AT_SERVICE, variant, grants);
	row.grants[1] = make_grant(NEED_AT_SERVICE, (variant + 1) % VARIANTS, grants);
	row.grants[2] = make_grant(NEED_AT_CARE, variant, grants);
	return row;
}

static enum error fill_institution(const struct bench_region *region, struct txn *txn, uint32_t i)
{
	struct institution_row row =
	    institution_row_new(region->uscc[i], BENCH_REGION, first_day(), 1);
	char party[KEYRING_PARTY_SIZE];
	enum error error;

	row.kind = INSTITUTION_NONPROFIT;
	row.standing = STANDING_GOOD;
	row.district = BENCH_REGION;
	row.licensed_beds = BENCH_RESIDENTS + 20;
	error = institution_put(txn, &row);
	snprintf(party, sizeof party, "institution/%s", region->uscc[i]);
	return error ? error : keyring_add(txn, party, "institution", &region->keys[i].public, 1);
}

static enum error fill_person(const struct bench_region *region, struct txn *txn, uint32_t index)
{
	struct person_row row = make_person(index, region->persons);
	struct stay_night_span stay = {
	    .first_day = first_day(), .last_night = DAY_NEVER, .state = STAY_ACCEPTED};
	enum error error = person_put(txn, &row);

	memcpy(stay.uscc, region->uscc[index / BENCH_RESIDENTS], USCC_SIZE);
	return error ? error : stay_put(txn, &stay, row.code, REASON_approved);
}

static enum error fill_part(
    const struct bench_region *region, struct node *node, uint32_t from, uint32_t until)
{
	struct txn *txn;
	enum error error = txn_begin_write(ledger_store(node_ledger(node)), &txn);

	if (error)
		return error;
	for (uint32_t i = from; !error && i < until; i++) {
		if (i % BENCH_RESIDENTS == 0)
			error = fill_institution(region, txn, i / BENCH_RESIDENTS);
		if (!error)
			error = fill_person(region, txn, i);
	}
	if (!error)
		return txn_commit(txn);
	txn_abort(txn);
	return error;
}

/* By an order, as in real life. */
static enum error appropriate(struct node *node, struct error_detail *detail)
{
	static const char *const funds[] = {"fiscal", "lottery"};
	struct node_order order = {.kind = KIND_appropriation, .count = 2};
	struct buffer lines = {0};
	struct answer answer;
	enum error error;

	for (size_t i = 0; i < 2; i++) {
		struct appropriation_line line = {.kind = APPROPRIATION_FUND,
		    .amount = {INT64_C(10000000000000)},
		    .reference = span_text(funds[i])};

		snprintf(line.fund, sizeof line.fund, "%s", funds[i]);
		appropriation_line_write(&lines, &line);
	}
	order.lines = buffer_span(&lines);
	error = lines.failed ? lines.failed : node_order(node, &order, &answer);
	if (!error && answer.error) {
		error = answer.error;
		*detail = answer.detail;
	}
	buffer_free(&lines);
	return error;
}

enum error bench_region_fill(
    const struct bench_region *region, struct node *node, struct error_detail *detail)
{
	enum error error = appropriate(node, detail);

	for (uint32_t i = 0; !error && i < region->persons; i += PERSONS_OF_COMMIT)
		error = fill_part(region, node, i,
		    region->persons - i < PERSONS_OF_COMMIT ? region->persons
							    : i + PERSONS_OF_COMMIT);
	return error;
}

/* Sheets. */

static enum error add_sheet(const struct bench_region *region, uint32_t month, uint32_t institution,
    const struct buffer *lines, uint32_t count, struct bench_sheets *sheets)
{
	/* Numbers of one institution: those of a month stand together. */
	uint64_t number = month * (uint64_t)SHEETS_OF_MONTH + sheets->count % SHEETS_OF_MONTH;
	struct sheet_header header = {.number = number,
	    .host = BENCH_REGION,
	    .payer = BENCH_REGION,
	    .month = month,
	    .programme_count = BENCH_PROGRAMMES,
	    .count = count};
	struct bench_sheet *sheet = &sheets->sheets[sheets->count];
	struct buffer file = {0};
	struct hash secret;
	struct span document, same_lines;
	enum error error;

	memcpy(header.uscc, region->uscc[institution], sizeof header.uscc);
	for (size_t i = 0; i < BENCH_PROGRAMMES; i++)
		programme_code(i / VARIANTS, i % VARIANTS, header.programme_codes[i]);
	secret = hash_sha256(span_of(&header, sizeof header));
	sheet->key = region->keys[institution].public;
	error = sheet_sign(&file, &header, &secret, buffer_span(lines), &region->keys[institution]);
	if (!error)
		error =
		    sheet_file_read(buffer_span(&file), &document, &secret, &count, &same_lines);
	if (!error) {
		buffer_append(&sheet->document, document);
		codec_put_array(&sheet->attachment, 3);
		codec_put_bytes(&sheet->attachment, hash_span(&secret));
		codec_put_uint(&sheet->attachment, count);
		codec_put_bytes(&sheet->attachment, same_lines);
		error = sheet->document.failed ? sheet->document.failed : sheet->attachment.failed;
	}
	buffer_free(&file);
	sheets->count++;
	sheets->lines += count;
	return error;
}

/* A bed, care and the allowance for the whole month; the service programme changes in its middle. */
static void write_lines(struct buffer *lines, uint32_t index, unsigned month_last)
{
	unsigned variant = index % VARIANTS, next = (variant + 1) % VARIANTS;
	const struct {
		unsigned programme, first, last;
	} drawn[BENCH_LINES_OF_PERSON] = {{NEED_AT_BED * VARIANTS + variant, 1, month_last},
	    {NEED_AT_SERVICE * VARIANTS + variant, 1, 15},
	    {NEED_AT_SERVICE * VARIANTS + next, 16, month_last},
	    {NEED_AT_CARE * VARIANTS + variant, 1, month_last},
	    {NEED_AT_AGE * VARIANTS + variant, 1, month_last}};

	for (size_t i = 0; i < BENCH_LINES_OF_PERSON; i++) {
		uint8_t evidence[EVIDENCE_SIZE];

		be64_write(evidence, person_of(index));
		be64_write(evidence + 8, (i + 1) * UINT64_C(0x9e3779b97f4a7c15));
		sheet_line_write(lines, person_of(index), drawn[i].programme, drawn[i].first,
		    drawn[i].last, -1, span_of(evidence, sizeof evidence), 0);
	}
}

enum error bench_sheets_make(
    const struct bench_region *region, uint32_t month, uint32_t most, struct bench_sheets *sheets)
{
	uint32_t persons = most < BENCH_LINES_OF_PERSON ? 1 : most / BENCH_LINES_OF_PERSON,
		 in_sheet = 0;
	size_t capacity = (size_t)region->institutions * (BENCH_RESIDENTS / persons + 1);
	struct buffer lines = {0};
	enum error error = ERROR_NONE;

	*sheets = (struct bench_sheets){.sheets = calloc(capacity, sizeof *sheets->sheets)};
	if (!sheets->sheets)
		return ERROR_MEMORY;
	for (uint32_t i = 0; !error && i < region->persons; i++) {
		write_lines(&lines, i, (unsigned)month_days(month));
		in_sheet++;
		if (in_sheet < persons && (i + 1) % BENCH_RESIDENTS != 0 &&
		    i + 1 != region->persons)
			continue;
		error = lines.failed ? lines.failed
				     : add_sheet(region, month, i / BENCH_RESIDENTS, &lines,
					   in_sheet * BENCH_LINES_OF_PERSON, sheets);
		buffer_clear(&lines);
		in_sheet = 0;
	}
	buffer_free(&lines);
	return error;
}

void bench_sheets_free(struct bench_sheets *sheets)
{
	for (size_t i = 0; i < sheets->count; i++) {
		buffer_free(&sheets->sheets[i].document);
		buffer_free(&sheets->sheets[i].attachment);
	}
	free(sheets->sheets);
	*sheets = (struct bench_sheets){0};
}
