#include "policy_view.h"

#include "cli.h"
#include "output.h"

static bool in_force(const struct programme *programme, int32_t day)
{
	return programme->effective_from <= day && day <= programme->effective_until;
}

static const char *accrual_text(enum accrual accrual)
{
	return accrual == ACCRUES_DAY ? "day" : accrual == ACCRUES_PIECE ? "piece" : "month";
}

static const char *paid_to_text(enum paid_to paid_to)
{
	return paid_to == PAID_TO_CARD          ? "card"
	       : paid_to == PAID_TO_INSTITUTION ? "institution"
						: "either";
}

/* Names of the bits that are set: "destitute, low". */
static void mask_text(uint32_t mask, const char *const *names)
{
	const char *between = "";
	for (unsigned i = 0; names[i]; i++) {
		if (!(mask >> i & 1))
			continue;
		printf("%s%s", between, names[i]);
		between = ", ";
	}
}

static void conditions_text(const struct programme *programme)
{
	static const char *const incomes[] = {
	    "destitute 特困", "minimum 低保", "low income 低收入", "others", NULL};
	static const char *const flags[] = {
	    "disabled 残疾", "family planning 计生特殊家庭", "severely disabled 重度残疾", NULL};
	fputs("    for", stdout);
	if (programme->income_mask) {
		fputs(" income ", stdout);
		mask_text(programme->income_mask, incomes);
	} else {
		fputs(" any income", stdout);
	}
	if (programme->age_min)
		printf("; from %d years", programme->age_min);
	if (programme->age_or) {
		fputs("; ", stdout);
		if (programme->age_or < 150)
			printf("from %d years or ", programme->age_or);
		mask_text(programme->flag_or, flags);
	}
	if (programme->level_min > 0 || programme->level_max < 4)
		printf("; level %d-%d", programme->level_min, programme->level_max);
	printf("%s%s%s\n", programme->needs_grant ? "; granted 需认定" : "",
	    programme->needs_assessment ? "; assessed 需评估" : "",
	    programme->needs_stay     ? "; nights of a stay 需入住"
	    : programme->outside_stay ? "; no night of a stay 入住期间不可享受"
				      : "");
	if (programme->paid_to != PAID_TO_CARD)
		printf("    claimed at most %d days after the month%s\n",
		    programme->claim_deadline_days,
		    programme->takes_capacity ? "; within the licensed beds" : "");
}

static const char *source_text(enum fund_source source)
{
	return source == SOURCE_LOTTERY     ? "lottery"
	       : source == SOURCE_INSURANCE ? "insurance"
					    : "fiscal";
}

/* "80-89", "100+", or "any" */
static void band_range(int32_t from, int32_t to, int32_t top, char text[32])
{
	if (from == 0 && to >= top)
		snprintf(text, 32, "any");
	else if (to >= top)
		snprintf(text, 32, "%d+", from);
	else if (from == to)
		snprintf(text, 32, "%d", from);
	else
		snprintf(text, 32, "%d-%d", from, to);
}

#define AGE_TOP 150
#define LEVEL_TOP 5 /* one above the highest: level 4 is shown as 4, not as 4+ */

static const char *unit_text(enum programme_unit unit)
{
	static const char *const texts[] = {
	    "month", "bed-month", "day", "visit 次", "meal 餐", "hour 小时"};

	return texts[unit - UNIT_PERSON_MONTH];
}

static void band_text(const struct programme *programme, const struct band *band)
{
	char ages[32], levels[32], amount[AMOUNT_TEXT_SIZE];
	band_range(band->age_from, band->age_to, AGE_TOP, ages);
	band_range(band->level_from, band->level_to, LEVEL_TOP, levels);
	output_amount(UNIT_CNY, band->amount.value, amount);
	printf("    age %-8s level %-5s %12s yuan a %s  %s%s\n", ages, levels, amount,
	    unit_text(programme->unit), band->clause,
	    band->illustrative ? "  (illustrative 示意)" : "");
}

static void regions_text(const struct programme *programme)
{
	if (!programme->portable) {
		fputs("not portable", stdout);
		return;
	}
	fputs("portable", stdout);
	for (size_t i = 0; i < programme->region_count; i++)
		printf("%s %06u", i ? "," : " to", programme->regions[i]);
	if (programme->region_count == 0)
		fputs(" everywhere", stdout);
}

static void limits_text(const struct programme *programme)
{
	char amount[AMOUNT_TEXT_SIZE];
	const char *mark = programme->limits_illustrative ? "  (illustrative 示意)" : "";
	if (programme->price_ceiling.value) {
		output_amount(UNIT_CNY, programme->price_ceiling.value, amount);
		printf("    price ceiling %s yuan a %s%s\n", amount,
		    programme->unit <= UNIT_BED_MONTH ? "month" : unit_text(programme->unit), mark);
	}
	if (programme->share_percent)
		printf(
		    "    %u %% of what a line asks 按比例补贴%s\n", programme->share_percent, mark);
	if (programme->pieces_cap_day)
		printf("    at most %d a person and day%s\n", programme->pieces_cap_day, mark);
	if (programme->pieces_cap_month)
		printf("    at most %d a person and month%s\n", programme->pieces_cap_month, mark);
	if (programme->cap_year)
		printf("    at most %d %s a person and year%s\n", programme->cap_year,
		    programme->accrues == ACCRUES_PIECE ? "pieces" : "days", mark);
	if (programme->quantity_cap_days)
		printf("    at most %d days a person and month%s\n", programme->quantity_cap_days,
		    mark);
	if (programme->programme_cap.value) {
		output_amount(UNIT_CNY, programme->programme_cap.value, amount);
		printf("    at most %s yuan a month for the whole programme%s\n", amount, mark);
	}
	if (programme->person_month_cap.value) {
		output_amount(UNIT_CNY, programme->person_month_cap.value, amount);
		printf("    at most %s yuan a person and month, programmes together%s\n", amount,
		    mark);
	}
	if (programme->limits_clause[0])
		printf("    limits: %s\n", programme->limits_clause);
}

static void programme_text(const struct policy *policy, const struct programme *programme)
{
	char from[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE] = "open end";
	day_write(programme->effective_from, from);
	if (programme->effective_until != DAY_NEVER)
		day_write(programme->effective_until, until);
	printf("\n%s  %s %s%s\n", programme->code, programme->name_zh, programme->name_en,
	    programme->illustrative ? "  (illustrative 示意)" : "");
	printf("    source %s, %s; in force from %s to %s\n", programme->document,
	    programme->clause, from, until);
	printf("    need %s, accrues by %s, %s pays to %s, ", need_name(programme->need),
	    accrual_text(programme->accrues), programme->payer == PAYER_HOST ? "host" : "home",
	    programme->paid_to == PAID_TO_CARD          ? "the card"
	    : programme->paid_to == PAID_TO_INSTITUTION ? "the institution"
							: "either, as the grant says");
	regions_text(programme);
	if (programme->district)
		printf(", only in %06u", programme->district);
	fputs("\n    paid from", stdout);
	for (size_t i = 0; i < programme->fund_count; i++) {
		const struct fund *fund = &policy->funds[programme->funds[i]];
		printf("%s %s (%s %06u)", i ? ", then" : "", fund->code, source_text(fund->source),
		    fund->owner);
	}
	fputc('\n', stdout);
	conditions_text(programme);
	limits_text(programme);
	for (size_t i = 0; i < programme->band_count; i++)
		band_text(programme, &programme->bands[i]);
}

int policy_view_text(const struct policy *policy, int32_t day)
{
	char text[DAY_TEXT_SIZE];
	size_t shown = 0;
	day_write(day, text);
	printf("%s %s (%06u), catalogue version %u, on %s\nsha-256 ", policy->name_zh,
	    policy->name_en, policy->region, policy->version, text);
	output_hex(stdout, hash_span(&policy->hash));
	fputc('\n', stdout);
	for (size_t i = 0; i < policy->programme_count; i++)
		if (in_force(&policy->programmes[i], day)) {
			programme_text(policy, &policy->programmes[i]);
			shown++;
		}
	if (shown == 0)
		puts("\nno programme is in force on that day");
	return CLI_DONE;
}

static yyjson_mut_val *bands_json(yyjson_mut_doc *doc, const struct programme *programme)
{
	yyjson_mut_val *array = yyjson_mut_arr(doc);
	for (size_t i = 0; i < programme->band_count; i++) {
		const struct band *band = &programme->bands[i];
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, array);
		yyjson_mut_obj_add_int(doc, object, "age_from", band->age_from);
		yyjson_mut_obj_add_int(doc, object, "age_to", band->age_to);
		yyjson_mut_obj_add_int(doc, object, "level_from", band->level_from);
		yyjson_mut_obj_add_int(doc, object, "level_to", band->level_to);
		yyjson_mut_obj_add_int(doc, object, "amount_fen", band->amount.value);
		json_text(doc, object, "clause", span_text(band->clause));
		yyjson_mut_obj_add_bool(doc, object, "illustrative", band->illustrative);
	}
	return array;
}

static void limits_json(
    yyjson_mut_doc *doc, yyjson_mut_val *object, const struct programme *programme)
{
	if (programme->price_ceiling.value)
		yyjson_mut_obj_add_int(
		    doc, object, "price_ceiling_fen", programme->price_ceiling.value);
	if (programme->share_percent)
		yyjson_mut_obj_add_uint(doc, object, "share_percent", programme->share_percent);
	if (programme->pieces_cap_day)
		yyjson_mut_obj_add_int(doc, object, "pieces_cap_day", programme->pieces_cap_day);
	if (programme->pieces_cap_month)
		yyjson_mut_obj_add_int(
		    doc, object, "pieces_cap_month", programme->pieces_cap_month);
	if (programme->cap_year)
		yyjson_mut_obj_add_int(doc, object, "cap_year", programme->cap_year);
	if (programme->quantity_cap_days)
		yyjson_mut_obj_add_int(
		    doc, object, "quantity_cap_days", programme->quantity_cap_days);
	if (programme->programme_cap.value)
		yyjson_mut_obj_add_int(
		    doc, object, "programme_cap_fen", programme->programme_cap.value);
	if (programme->person_month_cap.value)
		yyjson_mut_obj_add_int(
		    doc, object, "person_month_cap_fen", programme->person_month_cap.value);
	if (programme->limits_clause[0]) {
		json_text(doc, object, "limits_clause", span_text(programme->limits_clause));
		yyjson_mut_obj_add_bool(
		    doc, object, "limits_illustrative", programme->limits_illustrative);
	}
}

static yyjson_mut_val *programme_json(
    yyjson_mut_doc *doc, const struct policy *policy, const struct programme *programme)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	json_text(doc, object, "code", span_text(programme->code));
	json_text(doc, object, "name_zh", span_text(programme->name_zh));
	json_text(doc, object, "name_en", span_text(programme->name_en));
	json_text(doc, object, "document", span_text(programme->document));
	json_text(doc, object, "clause", span_text(programme->clause));
	json_day(doc, object, "effective_from", programme->effective_from);
	if (programme->effective_until != DAY_NEVER)
		json_day(doc, object, "effective_until", programme->effective_until);
	json_text(doc, object, "need", span_text(need_name(programme->need)));
	yyjson_mut_obj_add_str(doc, object, "accrues", accrual_text(programme->accrues));
	yyjson_mut_obj_add_str(doc, object, "unit", programme_unit_name(programme->unit));
	yyjson_mut_obj_add_bool(doc, object, "needs_stay", programme->needs_stay);
	yyjson_mut_obj_add_bool(doc, object, "outside_stay", programme->outside_stay);
	yyjson_mut_obj_add_str(
	    doc, object, "payer", programme->payer == PAYER_HOST ? "host" : "home");
	yyjson_mut_obj_add_str(doc, object, "paid_to", paid_to_text(programme->paid_to));
	yyjson_mut_obj_add_bool(doc, object, "portable", programme->portable);
	yyjson_mut_val *regions = yyjson_mut_arr(doc);
	for (size_t i = 0; i < programme->region_count; i++)
		yyjson_mut_arr_add_uint(doc, regions, programme->regions[i]);
	yyjson_mut_obj_add_val(doc, object, "regions", regions);
	if (programme->district)
		yyjson_mut_obj_add_uint(doc, object, "district", programme->district);
	yyjson_mut_val *funds = yyjson_mut_arr(doc);
	for (size_t i = 0; i < programme->fund_count; i++)
		yyjson_mut_arr_add_strcpy(doc, funds, policy->funds[programme->funds[i]].code);
	yyjson_mut_obj_add_val(doc, object, "funds", funds);
	limits_json(doc, object, programme);
	yyjson_mut_obj_add_val(doc, object, "amounts", bands_json(doc, programme));
	yyjson_mut_obj_add_bool(doc, object, "illustrative", programme->illustrative);
	return object;
}

int policy_view_json(const struct policy *policy, int32_t day)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	yyjson_mut_obj_add_uint(doc, object, "region", policy->region);
	json_text(doc, object, "name_zh", span_text(policy->name_zh));
	json_text(doc, object, "name_en", span_text(policy->name_en));
	yyjson_mut_obj_add_uint(doc, object, "version", policy->version);
	json_day(doc, object, "on", day);
	json_hex(doc, object, "hash", hash_span(&policy->hash));
	yyjson_mut_val *array = yyjson_mut_arr(doc);
	for (size_t i = 0; i < policy->programme_count; i++)
		if (in_force(&policy->programmes[i], day))
			yyjson_mut_arr_append(
			    array, programme_json(doc, policy, &policy->programmes[i]));
	yyjson_mut_obj_add_val(doc, object, "programmes", array);
	return output_json(doc, true);
}
