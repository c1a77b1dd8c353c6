#include "claim_view.h"

#include <inttypes.h>
#include <stdio.h>

#include "appeal.h"
#include "calendar.h"
#include "output.h"
#include "person_words.h"
#include "programme.h"

/* The figure of a refusal is a day, mostly the first one that is wrong, or the entry with the fact about the person. */
static bool figure_is_day(const struct verdict *verdict)
{
	return verdict->has_figure && !verdict_figure_is_entry(verdict->reason) &&
	       verdict->figure >= 0 && verdict->figure < 100000;
}

/* The version of a programme by its row; NULL if the catalogue is not here. */
static const struct programme *programme_at(const struct policy *policy, uint32_t row)
{
	return policy && row < policy->programme_count ? &policy->programmes[row] : NULL;
}

/* Why an officer lets the first verdict stand; NULL for a code that is none. */
static const char *upheld_words(const struct verdict *verdict, const char *(*words)(uint32_t code))
{
	return verdict->figure > 0 && verdict->figure <= UINT32_MAX
		   ? words((uint32_t)verdict->figure)
		   : NULL;
}

static void print_refusal(const struct verdict *verdict, const struct policy *policy)
{
	char day[DAY_TEXT_SIZE];

	printf("%s %s", reason_chinese(verdict->reason), reason_english(verdict->reason));
	if (verdict->reason == REASON_upheld) {
		const char *why = upheld_words(verdict, appeal_uphold_english);

		if (why)
			printf(" (%s %s)", upheld_words(verdict, appeal_uphold_chinese), why);
	} else if (figure_is_day(verdict)) {
		day_write((int32_t)verdict->figure, day);
		printf(" (%s)", day);
	} else if (verdict->has_figure) {
		printf(" (依据分录 fact of entry %" PRId64 ")", verdict->figure);
	}
	putchar('\n');
	if (verdict->has_row && policy && verdict->row < policy->programme_count)
		printf("        依据 by %s %s\n", policy->programmes[verdict->row].document,
		    policy->programmes[verdict->row].clause);
}

/* The arithmetic of one piece of the month: days first..last of it at a rate. Of a catalogue that is not here the unit is not known, and taken
 * for the month. */
static void print_piece(const struct sheet_line *line, const struct verdict_piece *piece,
    unsigned first, unsigned days, const struct policy *policy)
{
	const struct programme *programme = programme_at(policy, piece->row);
	enum programme_unit unit = programme ? programme->unit : UNIT_PERSON_MONTH;
	unsigned last = piece->last_day, pieces = line->pieces ? line->pieces : 1;
	char rate[AMOUNT_TEXT_SIZE], worth[AMOUNT_TEXT_SIZE];

	yuan_write_grouped((struct amount){piece->monthly_fen}, rate);
	if (unit >= UNIT_PERSON_DAY && piece->monthly_fen > PIECE_AMOUNT_MAX) {
		printf("        另一城市的标准 another city's rate %s", rate);
	} else {
		yuan_write_grouped((struct amount){programme_worth(
				       unit, piece->monthly_fen, days, first, last, pieces)},
		    worth);
		if (unit <= UNIT_BED_MONTH)
			printf("        %u-%u 日: 月标准 monthly %s × 天数 days, R(%u) - R(%u) of "
			       "%u = %s",
			    first, last, rate, last, first - 1, days, worth);
		else
			printf("        %u-%u 日: 标准 rate %s × %u %s = %s", first, last, rate,
			    unit == UNIT_PERSON_DAY ? last - first + 1 : pieces,
			    unit == UNIT_PERSON_DAY ? "天 days" : "次 pieces", worth);
	}
	if (programme && piece->band < programme->band_count) {
		printf("; %s %s%s", programme->document, programme->bands[piece->band].clause,
		    programme->bands[piece->band].illustrative ? " (illustrative 示意)" : "");
	}
	if (piece->level_sequence)
		printf("; 能力等级 level of entry %" PRIu64, piece->level_sequence);
	putchar('\n');
}

static void print_reduction(
    const struct verdict_reduction *reduction, const struct programme *programme)
{
	char before[AMOUNT_TEXT_SIZE], after[AMOUNT_TEXT_SIZE], limit[AMOUNT_TEXT_SIZE],
	    used[AMOUNT_TEXT_SIZE];
	bool counts = reason_counts(reduction->reason);

	yuan_write_grouped((struct amount){reduction->before_fen}, before);
	yuan_write_grouped((struct amount){reduction->after_fen}, after);
	if (counts) {
		snprintf(limit, sizeof limit, "%" PRId64, reduction->limit);
		snprintf(used, sizeof used, "%" PRId64, reduction->used);
	} else {
		yuan_write_grouped((struct amount){reduction->limit}, limit);
		yuan_write_grouped((struct amount){reduction->used}, used);
	}
	printf("        %s %s: %s -> %s (限额 limit %s, 已用 used %s%s)",
	    reason_chinese(reduction->reason), reason_english(reduction->reason), before, after,
	    limit, used,
	    !counts                                            ? ""
	    : reduction->reason == REASON_co_payment           ? " %"
	    : programme && programme->accrues == ACCRUES_PIECE ? " 次 pieces"
							       : " 天 days");
	/* Beds are licensed and funds are filled by others than the catalogue. */
	if (programme && programme->limits_clause[0] && reduction->reason != REASON_capacity &&
	    reduction->reason != REASON_fund_exhausted &&
	    reduction->reason != REASON_approved_before)
		printf("; %s", programme->limits_clause);
	putchar('\n');
}

/* It waits: what it is worth, what may be owed, and what was. */
static void print_held(const struct verdict *verdict)
{
	char amount[AMOUNT_TEXT_SIZE], limit[AMOUNT_TEXT_SIZE], unpaid[AMOUNT_TEXT_SIZE];

	yuan_write_grouped((struct amount){verdict->held_fen}, amount);
	yuan_write_grouped((struct amount){verdict->limit_fen}, limit);
	yuan_write_grouped((struct amount){verdict->unpaid_fen}, unpaid);
	printf("%s %s %s (限额 limit %s, 未付 unpaid %s)\n", reason_chinese(verdict->reason),
	    reason_english(verdict->reason), amount, limit, unpaid);
}

/* Another city's verdict may come with days that are not the line's: arithmetic over them would say nothing. */
static bool pieces_fit(const struct sheet_line *line, const struct verdict *verdict)
{
	return verdict->piece_count > 0 && verdict->pieces[0].last_day >= line->first_day &&
	       verdict->pieces[verdict->piece_count - 1].last_day == line->last_day;
}

void claim_view_text(uint32_t index, const struct sheet_header *header,
    const struct sheet_line *line, const struct verdict *verdict, const struct policy *policy)
{
	unsigned first = line->first_day, days = (unsigned)month_days(header->month);
	char amount[AMOUNT_TEXT_SIZE];

	printf("%5u  %016" PRIu64 "  %-20s %2u-%-2u  ", (unsigned)index, line->person,
	    header->programme_codes[line->programme], first, (unsigned)line->last_day);
	if (!verdict_takes_days(verdict)) {
		print_refusal(verdict, policy);
		return;
	}
	if (verdict->reason == REASON_held_prefund) {
		print_held(verdict);
	} else {
		yuan_write_grouped((struct amount){verdict->amount_fen}, amount);
		printf("核准 approved %s\n", amount);
	}
	if (!pieces_fit(line, verdict))
		puts("        核定天数与申报行不符 the verdict's days are not those of the line");
	for (uint32_t i = 0; pieces_fit(line, verdict) && i < verdict->piece_count; i++) {
		print_piece(line, &verdict->pieces[i], first, days, policy);
		first = verdict->pieces[i].last_day + 1;
	}
	for (uint32_t i = 0; i < verdict->reduction_count; i++)
		print_reduction(&verdict->reductions[i],
		    verdict->piece_count ? programme_at(policy, verdict->pieces[0].row) : NULL);
	for (uint32_t i = 0; verdict->fund_count > 1 && i < verdict->fund_count; i++) {
		yuan_write_grouped((struct amount){verdict->funds[i].amount_fen}, amount);
		printf("        %s: %s\n",
		    policy && verdict->funds[i].fund < policy->fund_count
			? policy->funds[verdict->funds[i].fund].code
			: "fund",
		    amount);
	}
}

/* Where an amount stands. */
static void add_source(
    yyjson_mut_doc *doc, yyjson_mut_val *object, const struct programme *programme, uint32_t band)
{
	if (!programme || band >= programme->band_count)
		return;
	json_text(doc, object, "document", span_text(programme->document));
	json_text(doc, object, "clause", span_text(programme->bands[band].clause));
	yyjson_mut_obj_add_bool(doc, object, "illustrative", programme->bands[band].illustrative);
}

static void add_pieces(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct verdict *verdict,
    const struct policy *policy)
{
	yyjson_mut_val *pieces = yyjson_mut_arr(doc), *reductions = yyjson_mut_arr(doc);

	for (uint32_t i = 0; i < verdict->piece_count; i++) {
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, pieces);

		yyjson_mut_obj_add_uint(doc, one, "programme_row", verdict->pieces[i].row);
		yyjson_mut_obj_add_uint(doc, one, "band", verdict->pieces[i].band);
		yyjson_mut_obj_add_uint(doc, one, "last_day", verdict->pieces[i].last_day);
		yyjson_mut_obj_add_sint(doc, one, "monthly_fen", verdict->pieces[i].monthly_fen);
		yyjson_mut_obj_add_uint(doc, one, "level_entry", verdict->pieces[i].level_sequence);
		add_source(doc, one, programme_at(policy, verdict->pieces[i].row),
		    verdict->pieces[i].band);
	}
	for (uint32_t i = 0; i < verdict->reduction_count; i++) {
		const struct verdict_reduction *reduction = &verdict->reductions[i];
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, reductions);

		yyjson_mut_obj_add_str(doc, one, "reason", reason_name(reduction->reason));
		yyjson_mut_obj_add_sint(doc, one, "before_fen", reduction->before_fen);
		yyjson_mut_obj_add_sint(doc, one, "after_fen", reduction->after_fen);
		yyjson_mut_obj_add_sint(doc, one, "limit", reduction->limit);
		yyjson_mut_obj_add_sint(doc, one, "used", reduction->used);
	}
	yyjson_mut_obj_add_val(doc, object, "pieces", pieces);
	yyjson_mut_obj_add_val(doc, object, "reductions", reductions);
}

static void print_words(const struct field_word *words, uint32_t bits)
{
	for (const struct field_word *word = words; word->name; word++) {
		if (bits & word->value)
			printf(" %s %s", word->alias, word->name);
	}
}

static void print_level(const struct level_span *level)
{
	char from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE];

	day_write(level->from_day, from);
	day_write(level->until_day, until);
	printf("; 能力等级 level %u %s..%s (entry %" PRIu64 ")", (unsigned)level->level, from,
	    until, level->sequence);
}

void claim_view_facts(
    const struct sheet_header *header, const struct sheet_line *line, const struct person_row *row)
{
	int32_t first = month_first_day(header->month) + line->first_day - 1;
	int32_t last = month_first_day(header->month) + line->last_day - 1;
	char day[DAY_TEXT_SIZE];

	if (row->state & PERSON_HAS_FACTS) {
		day_write(row->birth_day, day);
		printf("        出生 born %s", day);
		if (row->death_day != DAY_NEVER) {
			day_write(row->death_day, day);
			printf(", 死亡 died %s", day);
		}
		printf(", 收入类别 income class");
		print_words(person_income_words, row->income_class);
		if (row->flags)
			printf(", 标志 flags");
		print_words(person_flag_words, row->flags);
		printf(" (entry %" PRIu64 ")", row->facts_sequence);
	} else {
		printf("        无个人信息 no facts");
	}
	for (size_t i = 0; i < PERSON_LEVELS_MAX; i++) {
		const struct level_span *level = &row->levels[i];

		if (level->sequence && level->from_day <= last && first <= level->until_day)
			print_level(level);
	}
	putchar('\n');
}

/* Where the rules stand that were looked at. */
static void add_clause(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct verdict *verdict,
    const struct policy *policy)
{
	const struct programme *programme;

	if (verdict->policy)
		yyjson_mut_obj_add_uint(doc, object, "policy_entry", verdict->policy);
	if (!verdict->has_row || !policy || verdict->row >= policy->programme_count)
		return;
	programme = &policy->programmes[verdict->row];
	json_text(doc, object, "document", span_text(programme->document));
	json_text(doc, object, "clause", span_text(programme->clause));
}

void claim_view_json(yyjson_mut_doc *doc, yyjson_mut_val *array, uint32_t index,
    const struct sheet_header *header, const struct sheet_line *line, const struct verdict *verdict,
    const struct policy *policy)
{
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, array);
	char code[20];

	snprintf(code, sizeof code, "%016" PRIu64, line->person);
	yyjson_mut_obj_add_uint(doc, object, "line", index);
	yyjson_mut_obj_add_strcpy(doc, object, "person_code", code);
	yyjson_mut_obj_add_strcpy(
	    doc, object, "programme", header->programme_codes[line->programme]);
	json_day(doc, object, "first_day", month_first_day(header->month) + line->first_day - 1);
	json_day(doc, object, "last_day", month_first_day(header->month) + line->last_day - 1);
	if (line->pieces)
		yyjson_mut_obj_add_uint(doc, object, "pieces_claimed", line->pieces);
	yyjson_mut_obj_add_str(doc, object, "verdict", reason_name(verdict->reason));
	if (verdict->reason == REASON_approved) {
		yyjson_mut_obj_add_sint(doc, object, "amount_fen", verdict->amount_fen);
		add_pieces(doc, object, verdict, policy);
	} else if (verdict->reason == REASON_held_prefund) {
		yyjson_mut_obj_add_sint(doc, object, "held_fen", verdict->held_fen);
		yyjson_mut_obj_add_sint(doc, object, "limit_fen", verdict->limit_fen);
		yyjson_mut_obj_add_sint(doc, object, "unpaid_fen", verdict->unpaid_fen);
		add_pieces(doc, object, verdict, policy);
	} else if (verdict->reason == REASON_upheld) {
		const char *code = upheld_words(verdict, appeal_uphold_name);

		if (code)
			yyjson_mut_obj_add_str(doc, object, "code", code);
	} else if (figure_is_day(verdict)) {
		json_day(doc, object, "day", (int32_t)verdict->figure);
	} else if (verdict->has_figure) {
		yyjson_mut_obj_add_sint(doc, object, "fact_entry", verdict->figure);
	}
	add_clause(doc, object, verdict, policy);
}
