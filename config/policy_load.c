#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "policy_check.h"
#include "yaml_tree.h"

static const char *const need_names[] = {
    "old_age", "bed", "service", "care", "meal", "visit", "respite", "home_bed", NULL};
static const char *const accrual_names[] = {"month", "day", "piece", NULL};
static const char *const payer_names[] = {"home", "host", NULL};
static const char *const paid_to_names[] = {"card", "institution", "either", NULL};
static const char *const unit_names[] = {
    "person_month", "bed_month", "person_day", "visit", "meal", "hour", NULL};
static const char *const starts_names[] = {"day", "month", "next_month", NULL};
static const char *const source_names[] = {"fiscal", "lottery", "insurance", NULL};
static const char *const clearing_names[] = {"net", "gross", NULL};
static const char *const income_names[] = {"destitute", "minimum", "low", "other", NULL};
static const char *const flag_names[] = {"disabled", "family_planning", "severely_disabled", NULL};

const char *need_name(enum need need)
{
	return need >= NEED_OLD_AGE && need < NEED_COUNT ? need_names[need - 1] : NULL;
}

const char *programme_unit_name(enum programme_unit unit)
{
	return unit >= UNIT_PERSON_MONTH && unit <= UNIT_HOUR ? unit_names[unit - 1] : NULL;
}

bool programme_counts(const struct programme *programme)
{
	return programme->paid_to != PAID_TO_CARD &&
	       (!programme->needs_stay || programme->cap_year);
}

uint32_t programme_tag(struct span code)
{
	return be32_read(hash_sha256(code).bytes);
}

void config_report_first(
    void *context, const char *file, unsigned line, const char *field, const char *text)
{
	struct config_first *first = context;

	if (first->count++ == 0)
		error_set(first->detail, ERROR_MALFORMED, "%s:%u: %s%s%s", file, line, field,
		    field[0] ? ": " : "", text);
}

/* The enums count from 1 in the order of their names. */
static int choice(const struct yaml_map *map, const char *key, const char *const *names)
{
	int index = 0;

	return yaml_choice(map, key, true, names, &index) ? index + 1 : 1;
}

static uint32_t read_mask(const struct yaml_map *map, const char *key, const char *const *names)
{
	const struct yaml_node *list = yaml_list(map, key, false, 8);
	uint32_t mask = 0;

	for (const struct yaml_node *item = list ? list->first : NULL; item; item = item->next) {
		int i = 0;

		while (names[i] && strcmp(names[i], item->text) != 0)
			i++;
		if (!names[i])
			yaml_field_complain(
			    map, item, key, "'%.40s' is not known here", item->text);
		else
			mask |= UINT32_C(1) << i;
	}
	return mask;
}

static bool read_region_text(const struct yaml_node *item, uint32_t *region)
{
	int64_t value;

	if (item->type != YAML_SCALAR ||
	    decimal_read(span_of(item->text, item->text_size), &value) || value < 110000 ||
	    value > 659999)
		return false;
	*region = (uint32_t)value;
	return true;
}

static void read_regions(const struct yaml_map *map, struct programme *programme)
{
	const struct yaml_node *list = yaml_list(map, "regions", false, REGIONS_MAX);

	for (const struct yaml_node *item = list ? list->first : NULL;
	     item && programme->region_count < REGIONS_MAX; item = item->next) {
		if (!read_region_text(item, &programme->regions[programme->region_count]))
			yaml_field_complain(
			    map, item, "regions", "must be region codes of six digits");
		else
			programme->region_count++;
	}
}

static void read_band(
    const struct yaml_map *parent, const struct yaml_node *node, size_t number, struct band *band)
{
	struct yaml_map map =
	    yaml_map(node, parent->complaints, "%.200s.amounts[%zu]", parent->path, number);
	int64_t value;

	band->age_to = 150;
	band->level_to = 4;
	if (yaml_integer(&map, "age_from", false, 0, 150, &value))
		band->age_from = (int32_t)value;
	if (yaml_integer(&map, "age_to", false, 0, 150, &value))
		band->age_to = (int32_t)value;
	if (yaml_integer(&map, "level_from", false, 0, 4, &value))
		band->level_from = (int32_t)value;
	if (yaml_integer(&map, "level_to", false, 0, 4, &value))
		band->level_to = (int32_t)value;
	yaml_yuan(&map, "amount", true, &band->amount);
	yaml_text(&map, "clause", true, band->clause, sizeof band->clause);
	yaml_bool(&map, "illustrative", false, &band->illustrative);
	if (band->age_from > band->age_to || band->level_from > band->level_to)
		yaml_field_complain(&map, NULL, "", "ends before it begins");
	yaml_map_end(&map);
}

static void read_bands(const struct yaml_map *map, struct programme *programme)
{
	const struct yaml_node *list = yaml_list(map, "amounts", true, BANDS_MAX);

	for (const struct yaml_node *item = list ? list->first : NULL;
	     item && programme->band_count < BANDS_MAX; item = item->next) {
		read_band(
		    map, item, programme->band_count, &programme->bands[programme->band_count]);
		programme->illustrative |= programme->bands[programme->band_count].illustrative;
		programme->band_count++;
	}
	if (list && programme->band_count == 0)
		yaml_field_complain(map, list, "amounts", "must not be empty");
}

static void read_programme_funds(
    const struct yaml_map *map, const struct policy *policy, struct programme *programme)
{
	const struct yaml_node *list = yaml_list(map, "funds", true, PROGRAMME_FUNDS_MAX);

	for (const struct yaml_node *item = list ? list->first : NULL;
	     item && programme->fund_count < PROGRAMME_FUNDS_MAX; item = item->next) {
		uint32_t i = 0;

		while (i < policy->fund_count && strcmp(policy->funds[i].code, item->text) != 0)
			i++;
		if (i == policy->fund_count)
			yaml_field_complain(
			    map, item, "funds", "there is no fund '%.40s'", item->text);
		else
			programme->funds[programme->fund_count++] = i;
	}
	if (list && !list->first)
		yaml_field_complain(map, list, "funds", "must not be empty");
}

static void read_excludes(const struct yaml_map *map, struct programme *programme)
{
	const struct yaml_node *list = yaml_list(map, "excludes", false, EXCLUDES_MAX);

	for (const struct yaml_node *item = list ? list->first : NULL;
	     item && programme->exclude_count < EXCLUDES_MAX; item = item->next)
		programme->excludes[programme->exclude_count++] =
		    programme_tag(span_of(item->text, item->text_size));
}

static void read_eligibility(const struct yaml_map *map, struct programme *programme)
{
	int64_t value;

	yaml_bool(map, "portable", true, &programme->portable);
	read_regions(map, programme);
	yaml_bool(map, "needs_grant", true, &programme->needs_grant);
	yaml_bool(map, "needs_stay", true, &programme->needs_stay);
	yaml_bool(map, "outside_stay", false, &programme->outside_stay);
	yaml_bool(map, "needs_assessment", true, &programme->needs_assessment);
	yaml_bool(map, "takes_capacity", false, &programme->takes_capacity);
	programme->level_max = 4;
	if (yaml_integer(map, "age_min", false, 0, 150, &value))
		programme->age_min = (int32_t)value;
	if (yaml_integer(map, "level_min", false, 0, 4, &value))
		programme->level_min = (int32_t)value;
	if (yaml_integer(map, "level_max", false, 0, 4, &value))
		programme->level_max = (int32_t)value;
	programme->income_mask = read_mask(map, "income", income_names);
	if (yaml_integer(map, "age_or", false, 1, 150, &value))
		programme->age_or = (int32_t)value;
	programme->flag_or = read_mask(map, "flag_or", flag_names);
}

static bool programme_limited(const struct programme *programme)
{
	return programme->price_ceiling.value || programme->quantity_cap_days ||
	       programme->share_percent || programme->pieces_cap_day ||
	       programme->pieces_cap_month || programme->cap_year ||
	       programme->programme_cap.value || programme->person_month_cap.value;
}

static void read_limits(const struct yaml_map *map, struct programme *programme)
{
	int64_t value;

	yaml_yuan(map, "price_ceiling", false, &programme->price_ceiling);
	if (yaml_integer(map, "quantity_cap_days", false, 1, 31, &value))
		programme->quantity_cap_days = (int32_t)value;
	if (yaml_integer(map, "share_percent", false, 1, 99, &value))
		programme->share_percent = (uint32_t)value;
	if (yaml_integer(map, "pieces_cap_day", false, 1, PIECES_MAX, &value))
		programme->pieces_cap_day = (int32_t)value;
	if (yaml_integer(map, "pieces_cap_month", false, 1, PIECES_MAX, &value))
		programme->pieces_cap_month = (int32_t)value;
	if (yaml_integer(map, "cap_year", false, 1, PIECES_MAX, &value))
		programme->cap_year = (int32_t)value;
	yaml_yuan(map, "programme_cap", false, &programme->programme_cap);
	yaml_yuan(map, "person_month_cap", false, &programme->person_month_cap);
	yaml_text(map, "limits_clause", programme_limited(programme), programme->limits_clause,
	    sizeof programme->limits_clause);
	yaml_bool(map, "limits_illustrative", false, &programme->limits_illustrative);
	programme->illustrative |= programme->limits_illustrative;
	if (yaml_integer(map, "claim_deadline_days", true, 1, 366, &value))
		programme->claim_deadline_days = (int32_t)value;
}

static void read_programme(
    const struct yaml_map *map, const struct policy *policy, struct programme *programme)
{
	int64_t value;

	if (yaml_code(map, "code", true, programme->code, sizeof programme->code))
		programme->tag = programme_tag(span_text(programme->code));
	yaml_text(map, "name_zh", true, programme->name_zh, sizeof programme->name_zh);
	yaml_text(map, "name_en", true, programme->name_en, sizeof programme->name_en);
	yaml_text(map, "document", true, programme->document, sizeof programme->document);
	yaml_text(map, "clause", true, programme->clause, sizeof programme->clause);
	programme->effective_until = DAY_NEVER;
	yaml_day(map, "effective_from", true, &programme->effective_from);
	yaml_day(map, "effective_until", false, &programme->effective_until);
	if (yaml_integer(map, "district", false, 110000, 659999, &value))
		programme->district = (uint32_t)value;
	programme->need = (enum need)choice(map, "need", need_names);
	programme->accrues = (enum accrual)choice(map, "accrues", accrual_names);
	programme->unit = (enum programme_unit)choice(map, "unit", unit_names);
	programme->payer = (enum payer)choice(map, "payer", payer_names);
	programme->paid_to = (enum paid_to)choice(map, "paid_to", paid_to_names);
	programme->starts = (enum starts)choice(map, "starts", starts_names);
	read_eligibility(map, programme);
	read_bands(map, programme);
	read_limits(map, programme);
	read_programme_funds(map, policy, programme);
	read_excludes(map, programme);
}

static void read_fund(const struct yaml_map *map, struct fund *fund)
{
	int64_t value;

	yaml_code(map, "code", true, fund->code, sizeof fund->code);
	yaml_text(map, "name_zh", true, fund->name_zh, sizeof fund->name_zh);
	yaml_text(map, "name_en", true, fund->name_en, sizeof fund->name_en);
	fund->source = (enum fund_source)choice(map, "source", source_names);
	if (yaml_integer(map, "owner", true, 110000, 659999, &value))
		fund->owner = (uint32_t)value;
	yaml_map_end(map);
}

static size_t list_size(const struct yaml_node *list)
{
	size_t count = 0;

	for (const struct yaml_node *item = list ? list->first : NULL; item; item = item->next)
		count++;
	return count;
}

static void read_prefunds(const struct yaml_map *top, struct policy *policy)
{
	const struct yaml_node *list = yaml_list(top, "prefunds", false, PREFUNDS_MAX);

	for (const struct yaml_node *item = list ? list->first : NULL;
	     item && policy->prefund_count < PREFUNDS_MAX; item = item->next) {
		struct yaml_map map =
		    yaml_map(item, top->complaints, "prefunds[%zu]", policy->prefund_count);
		struct prefund_factor *prefund = &policy->prefunds[policy->prefund_count];
		int64_t value;

		if (yaml_integer(&map, "host", true, 110000, 659999, &value)) {
			prefund->host = (uint32_t)value;
			if (prefund->host == policy->region)
				yaml_field_complain(&map, yaml_field(&map, "host", true), "host",
				    "is the city itself");
			else if (policy_prefund_percent(policy, prefund->host))
				yaml_field_complain(
				    &map, yaml_field(&map, "host", true), "host", "stands twice");
		}
		if (yaml_integer(&map, "percent", true, 1, PREFUND_PERCENT_MAX, &value))
			prefund->percent = (uint32_t)value;
		yaml_map_end(&map);
		policy->prefund_count++;
	}
}

static enum error read_lists(const struct yaml_map *top, struct policy *policy, unsigned *lines)
{
	const struct yaml_node *funds = yaml_list(top, "funds", true, FUNDS_MAX);
	const struct yaml_node *programmes = yaml_list(top, "programmes", true, PROGRAMMES_MAX);
	size_t fund_count = list_size(funds), programme_count = list_size(programmes);

	if (fund_count > FUNDS_MAX || programme_count > PROGRAMMES_MAX)
		return ERROR_TOO_LARGE;
	policy->funds = calloc(fund_count + 1, sizeof *policy->funds);
	policy->programmes = calloc(programme_count + 1, sizeof *policy->programmes);
	if (!policy->funds || !policy->programmes)
		return ERROR_MEMORY;
	for (const struct yaml_node *item = funds ? funds->first : NULL; item; item = item->next) {
		struct yaml_map map =
		    yaml_map(item, top->complaints, "funds[%zu]", policy->fund_count);
		read_fund(&map, &policy->funds[policy->fund_count++]);
	}
	for (const struct yaml_node *item = programmes ? programmes->first : NULL; item;
	     item = item->next) {
		struct yaml_map map =
		    yaml_map(item, top->complaints, "programmes[%zu]", policy->programme_count);
		lines[policy->programme_count] = item->line;
		read_programme(&map, policy, &policy->programmes[policy->programme_count++]);
		yaml_map_end(&map);
	}
	return ERROR_NONE;
}

static enum error read_policy(
    const struct yaml_node *root, struct yaml_complaints *complaints, struct policy *policy)
{
	struct yaml_map top = yaml_map(root, complaints, "%s", "");
	unsigned lines[PROGRAMMES_MAX] = {0};
	int64_t value;
	int clearing;
	enum error error;

	if (yaml_integer(&top, "region", true, 110000, 659999, &value))
		policy->region = (uint32_t)value;
	yaml_text(&top, "name_zh", true, policy->name_zh, sizeof policy->name_zh);
	yaml_text(&top, "name_en", true, policy->name_en, sizeof policy->name_en);
	if (yaml_integer(&top, "version", true, 1, UINT32_MAX, &value))
		policy->version = (uint32_t)value;
	yaml_day(&top, "effective_from", true, &policy->effective_from);
	yaml_bool(&top, "pays_from_float", true, &policy->pays_from_float);
	if (yaml_choice(&top, "clearing", true, clearing_names, &clearing))
		policy->gross = clearing == 1;
	read_prefunds(&top, policy);
	error = read_lists(&top, policy, lines);
	if (!error) {
		yaml_map_end(&top);
		policy_check(policy, lines, complaints);
	}
	return error;
}

enum error policy_load(
    const char *file, struct span bytes, config_report *report, void *context, struct policy **out)
{
	struct yaml_complaints complaints = {.file = file, .report = report, .context = context};
	struct yaml_tree *tree;
	struct policy *policy;
	enum error error = yaml_tree_read(bytes, &complaints, &tree);

	*out = NULL;
	if (error)
		return error;
	policy = calloc(1, sizeof *policy);
	error = policy ? read_policy(yaml_tree_root(tree), &complaints, policy) : ERROR_MEMORY;
	yaml_tree_free(tree);
	if (!error && complaints.any)
		error = ERROR_MALFORMED;
	if (error) {
		policy_free(policy);
		return error;
	}
	policy->hash = hash_sha256(bytes);
	*out = policy;
	return ERROR_NONE;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	free(policy->funds);
	free(policy->programmes);
	free(policy);
}

const struct programme *policy_programme(
    const struct policy *policy, uint32_t tag, int32_t day, uint32_t district)
{
	const struct programme *found = NULL;

	for (size_t i = 0; i < policy->programme_count; i++) {
		const struct programme *programme = &policy->programmes[i];

		if (programme->tag != tag || day < programme->effective_from ||
		    day > programme->effective_until)
			continue;
		if (programme->district == 0 && !found)
			found = programme;
		if (programme->district != 0 && programme->district == district)
			found = programme;
	}
	return found;
}

uint32_t policy_prefund_percent(const struct policy *policy, uint32_t host)
{
	for (size_t i = 0; i < policy->prefund_count; i++) {
		if (policy->prefunds[i].host == host)
			return policy->prefunds[i].percent;
	}
	return 0;
}

bool policy_knows(const struct policy *policy, uint32_t tag)
{
	for (size_t i = 0; i < policy->programme_count; i++) {
		if (policy->programmes[i].tag == tag)
			return true;
	}
	return false;
}
