#include "claim_view.h"

#include <inttypes.h>
#include <stdio.h>

#include "calendar.h"
#include "output.h"
#include "programme.h"

/* The figure of a refusal is a day, mostly the first one that is wrong. */
static bool figure_is_day(const struct verdict *verdict)
{
	return verdict->has_figure && verdict->figure >= 0 && verdict->figure < 100000;
}

static void print_piece(
    const struct verdict_piece *piece, unsigned first, unsigned days, const struct policy *policy)
{
	char monthly[AMOUNT_TEXT_SIZE], share[AMOUNT_TEXT_SIZE];
	int64_t fen = programme_share(piece->monthly_fen, days, first, piece->last_day);

	yuan_write_grouped((struct amount){piece->monthly_fen}, monthly);
	yuan_write_grouped((struct amount){fen}, share);
	printf("        %u-%u 日: 月标准 monthly %s × 天数 days, R(%u) - R(%u) of %u = %s", first,
	    (unsigned)piece->last_day, monthly, (unsigned)piece->last_day, first - 1, days, share);
	if (policy && piece->row < policy->programme_count &&
	    piece->band < policy->programmes[piece->row].band_count) {
		const struct programme *programme = &policy->programmes[piece->row];

		printf("; %s %s%s", programme->document, programme->bands[piece->band].clause,
		    programme->bands[piece->band].illustrative ? " [illustrative 示例]" : "");
	}
	if (piece->level_sequence)
		printf("; 能力等级 level of entry %" PRIu64, piece->level_sequence);
	putchar('\n');
}

static void print_reduction(const struct verdict_reduction *reduction)
{
	char before[AMOUNT_TEXT_SIZE], after[AMOUNT_TEXT_SIZE], limit[AMOUNT_TEXT_SIZE],
	    used[AMOUNT_TEXT_SIZE];
	bool in_days =
	    reduction->reason == REASON_capacity || reduction->reason == REASON_quantity_cap;

	yuan_write_grouped((struct amount){reduction->before_fen}, before);
	yuan_write_grouped((struct amount){reduction->after_fen}, after);
	if (in_days) {
		snprintf(limit, sizeof limit, "%" PRId64, reduction->limit);
		snprintf(used, sizeof used, "%" PRId64, reduction->used);
	} else {
		yuan_write_grouped((struct amount){reduction->limit}, limit);
		yuan_write_grouped((struct amount){reduction->used}, used);
	}
	printf("        %s %s: %s -> %s (限额 limit %s, 已用 used %s%s)\n",
	    reason_chinese(reduction->reason), reason_english(reduction->reason), before, after,
	    limit, used, in_days ? " 天 days" : "");
}

void claim_view_text(uint32_t index, const struct sheet_header *header,
    const struct sheet_line *line, const struct verdict *verdict, const struct policy *policy)
{
	unsigned first = line->first_day, days = (unsigned)month_days(header->month);
	char amount[AMOUNT_TEXT_SIZE], day[DAY_TEXT_SIZE];

	printf("%5u  %016" PRIu64 "  %-20s %2u-%-2u  ", (unsigned)index + 1, line->person,
	    header->programme_codes[line->programme], first, (unsigned)line->last_day);
	if (verdict->reason != REASON_approved) {
		printf("%s %s", reason_chinese(verdict->reason), reason_english(verdict->reason));
		if (figure_is_day(verdict)) {
			day_write((int32_t)verdict->figure, day);
			printf(" (%s)", day);
		}
		putchar('\n');
		return;
	}
	yuan_write_grouped((struct amount){verdict->amount_fen}, amount);
	printf("核准 approved %s\n", amount);
	for (uint32_t i = 0; i < verdict->piece_count; i++) {
		print_piece(&verdict->pieces[i], first, days, policy);
		first = verdict->pieces[i].last_day + 1;
	}
	for (uint32_t i = 0; i < verdict->reduction_count; i++)
		print_reduction(&verdict->reductions[i]);
	for (uint32_t i = 0; verdict->fund_count > 1 && i < verdict->fund_count; i++) {
		yuan_write_grouped((struct amount){verdict->funds[i].amount_fen}, amount);
		printf("        %s: %s\n",
		    policy && verdict->funds[i].fund < policy->fund_count
			? policy->funds[verdict->funds[i].fund].code
			: "fund",
		    amount);
	}
}

static void add_pieces(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct verdict *verdict)
{
	yyjson_mut_val *pieces = yyjson_mut_arr(doc), *reductions = yyjson_mut_arr(doc);

	for (uint32_t i = 0; i < verdict->piece_count; i++) {
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, pieces);

		yyjson_mut_obj_add_uint(doc, one, "programme_row", verdict->pieces[i].row);
		yyjson_mut_obj_add_uint(doc, one, "band", verdict->pieces[i].band);
		yyjson_mut_obj_add_uint(doc, one, "last_day", verdict->pieces[i].last_day);
		yyjson_mut_obj_add_sint(doc, one, "monthly_fen", verdict->pieces[i].monthly_fen);
		yyjson_mut_obj_add_uint(doc, one, "level_entry", verdict->pieces[i].level_sequence);
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

void claim_view_json(yyjson_mut_doc *doc, yyjson_mut_val *array, uint32_t index,
    const struct sheet_header *header, const struct sheet_line *line, const struct verdict *verdict)
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
	yyjson_mut_obj_add_str(doc, object, "verdict", reason_name(verdict->reason));
	if (verdict->reason == REASON_approved) {
		yyjson_mut_obj_add_sint(doc, object, "amount_fen", verdict->amount_fen);
		add_pieces(doc, object, verdict);
	} else if (figure_is_day(verdict)) {
		json_day(doc, object, "day", (int32_t)verdict->figure);
	}
}
