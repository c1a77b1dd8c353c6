#include "complaints.h"

#include "calendar.h"
#include "policy.h"

/* A catalogue in which every field is used; each line is named by the tests below. */
static const char full[] =
    "region: 510100\n"                                                             /* 1 */
    "name_zh: 成都市\n"                                                            /* 2 */
    "name_en: Chengdu\n"                                                           /* 3 */
    "version: 3\n"                                                                 /* 4 */
    "effective_from: 2026-01-01\n"                                                 /* 5 */
    "pays_from_float: true\n"                                                      /* 6 */
    "clearing: gross\n"                                                            /* 7 */
    "funds:\n"                                                                     /* 8 */
    "  - code: lottery\n"                                                          /* 9 */
    "    name_zh: 福彩公益金\n"                                                    /* 10 */
    "    name_en: lottery\n"                                                       /* 11 */
    "    source: lottery\n"                                                        /* 12 */
    "    owner: 510100\n"                                                          /* 13 */
    "  - code: district\n"                                                         /* 14 */
    "    name_zh: 区财政\n"                                                        /* 15 */
    "    name_en: district\n"                                                      /* 16 */
    "    source: fiscal\n"                                                         /* 17 */
    "    owner: 510104\n"                                                          /* 18 */
    "programmes:\n"                                                                /* 19 */
    "  - code: nursing_subsidy\n"                                                  /* 20 */
    "    name_zh: 护理补贴\n"                                                      /* 21 */
    "    name_en: nursing subsidy\n"                                               /* 22 */
    "    document: 某府发〔2026〕1号\n"                                            /* 23 */
    "    clause: 三(二)\n"                                                         /* 24 */
    "    effective_from: 2026-02-01\n"                                             /* 25 */
    "    effective_until: 2026-12-31\n"                                            /* 26 */
    "    district: 510104\n"                                                       /* 27 */
    "    need: care\n"                                                             /* 28 */
    "    accrues: day\n"                                                           /* 29 */
    "    unit: person_month\n"                                                     /* 30 */
    "    payer: home\n"                                                            /* 31 */
    "    paid_to: either\n"                                                        /* 32 */
    "    starts: next_month\n"                                                     /* 33 */
    "    portable: true\n"                                                         /* 34 */
    "    regions: [500000, 510800]\n"                                              /* 35 */
    "    needs_grant: true\n"                                                      /* 36 */
    "    needs_stay: true\n"                                                       /* 37 */
    "    needs_assessment: true\n"                                                 /* 38 */
    "    takes_capacity: false\n"                                                  /* 39 */
    "    age_min: 60\n"                                                            /* 40 */
    "    level_min: 2\n"                                                           /* 41 */
    "    level_max: 3\n"                                                           /* 42 */
    "    income: [destitute, low]\n"                                               /* 43 */
    "    age_or: 80\n"                                                             /* 44 */
    "    flag_or: [disabled, family_planning]\n"                                   /* 45 */
    "    amounts:\n"                                                               /* 46 */
    "      - age_from: 60\n"                                                       /* 47 */
    "        age_to: 89\n"                                                         /* 48 */
    "        level_from: 2\n"                                                      /* 49 */
    "        level_to: 3\n"                                                        /* 50 */
    "        amount: 100.50\n"                                                     /* 51 */
    "        clause: 附表一\n"                                                     /* 52 */
    "      - {age_from: 90, amount: 200.00, clause: 附表二, illustrative: true}\n" /* 53 */
    "    price_ceiling: 150.00\n"                                                  /* 54 */
    "    quantity_cap_days: 30\n"                                                  /* 55 */
    "    programme_cap: 1000.00\n"                                                 /* 56 */
    "    person_month_cap: 400.00\n"                                               /* 57 */
    "    limits_clause: 附表三\n"                                                  /* 58 */
    "    limits_illustrative: true\n"                                              /* 59 */
    "    funds: [district, lottery]\n"                                             /* 60 */
    "    claim_deadline_days: 45\n"                                                /* 61 */
    "    excludes: [disabled_allowance]\n"                                         /* 62 */
    "  - code: disabled_allowance\n"                                               /* 63 */
    "    name_zh: 残疾人护理补贴\n"                                                /* 64 */
    "    name_en: allowance\n"                                                     /* 65 */
    "    document: 某府发〔2026〕1号\n"                                            /* 66 */
    "    clause: 三(三)\n"                                                         /* 67 */
    "    effective_from: 2026-01-01\n"                                             /* 68 */
    "    need: care\n"                                                             /* 69 */
    "    accrues: month\n"                                                         /* 70 */
    "    unit: person_month\n"                                                     /* 71 */
    "    payer: home\n"                                                            /* 72 */
    "    paid_to: card\n"                                                          /* 73 */
    "    starts: month\n"                                                          /* 74 */
    "    portable: false\n"                                                        /* 75 */
    "    needs_grant: true\n"                                                      /* 76 */
    "    needs_stay: false\n"                                                      /* 77 */
    "    needs_assessment: false\n"                                                /* 78 */
    "    amounts: [{amount: 80.00, clause: 附表四}]\n"                             /* 79 */
    "    funds: [lottery]\n"                                                       /* 80 */
    "    claim_deadline_days: 90\n";                                               /* 81 */

struct loading {
	struct complaints_seen seen;
	struct policy *policy;
	struct buffer yaml;
};

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct loading));
	assert_non_null(*state);
	return 0;
}

static void again(struct loading *loading)
{
	policy_free(loading->policy);
	loading->policy = NULL;
	complaints_free(&loading->seen);
	buffer_clear(&loading->yaml);
}

static int tear_down(void **state)
{
	struct loading *loading = *state;
	again(loading);
	buffer_free(&loading->yaml);
	free(loading);
	return 0;
}

static enum error load(struct loading *loading, struct span yaml)
{
	return policy_load("the file", yaml, complaint_note, &loading->seen, &loading->policy);
}

/* The catalogue with one text replaced (once). */
static enum error load_changed(struct loading *loading, const char *old, const char *new)
{
	const char *at = strstr(full, old);
	assert_non_null(at);
	buffer_append(&loading->yaml, span_of(full, (size_t)(at - full)));
	buffer_append_text(&loading->yaml, new);
	buffer_append_text(&loading->yaml, at + strlen(old));
	return load(loading, buffer_span(&loading->yaml));
}

/* --- a good file -------------------------------------------------------------------------------------------- */

static void every_field_is_read(void **state)
{
	struct loading *loading = *state;
	assert_good(load(loading, span_text(full)));
	const struct policy *policy = loading->policy;
	assert_int_equal(policy->region, 510100);
	assert_string_equal(policy->name_zh, "成都市");
	assert_string_equal(policy->name_en, "Chengdu");
	assert_int_equal(policy->version, 3);
	assert_int_equal(policy->effective_from, day_of(2026, 1, 1));
	assert_true(policy->pays_from_float && policy->gross);
	struct hash hash = hash_sha256(span_text(full));
	assert_true(hash_equal(&policy->hash, &hash));
	assert_int_equal(policy->fund_count, 2);
	assert_string_equal(policy->funds[0].code, "lottery");
	assert_string_equal(policy->funds[0].name_zh, "福彩公益金");
	assert_int_equal(policy->funds[0].source, SOURCE_LOTTERY);
	assert_int_equal(policy->funds[1].source, SOURCE_FISCAL);
	assert_int_equal(policy->funds[1].owner, 510104);
	assert_int_equal(policy->programme_count, 2);
}

static void every_field_of_a_programme_is_read(void **state)
{
	struct loading *loading = *state;
	assert_good(load(loading, span_text(full)));
	const struct programme *care = &loading->policy->programmes[0];
	const struct programme *card = &loading->policy->programmes[1];
	assert_string_equal(care->code, "nursing_subsidy");
	/* The first four bytes of its SHA-256, by `printf nursing_subsidy | sha256sum`. */
	assert_int_equal(care->tag, 0x43441875u);
	assert_string_equal(care->name_zh, "护理补贴");
	assert_string_equal(care->name_en, "nursing subsidy");
	assert_string_equal(care->document, "某府发〔2026〕1号");
	assert_string_equal(care->clause, "三(二)");
	assert_int_equal(care->effective_from, day_of(2026, 2, 1));
	assert_int_equal(care->effective_until, day_of(2026, 12, 31));
	assert_int_equal(care->district, 510104);
	assert_int_equal(care->need, NEED_CARE);
	assert_int_equal(care->accrues, ACCRUES_DAY);
	assert_int_equal(care->unit, UNIT_PERSON_MONTH);
	assert_int_equal(care->payer, PAYER_HOME);
	assert_int_equal(care->paid_to, PAID_TO_EITHER);
	assert_int_equal(care->starts, STARTS_NEXT_MONTH);
	assert_true(care->portable && care->needs_grant && care->needs_stay);
	assert_true(care->needs_assessment && !care->takes_capacity);
	assert_int_equal(care->region_count, 2);
	assert_true(care->regions[0] == 500000 && care->regions[1] == 510800);
	assert_int_equal(care->age_min, 60);
	assert_true(care->level_min == 2 && care->level_max == 3);
	assert_int_equal(care->income_mask, INCOME_DESTITUTE | INCOME_LOW);
	assert_int_equal(care->age_or, 80);
	assert_int_equal(care->flag_or, PERSON_DISABLED | PERSON_FAMILY_PLANNING);
	assert_true(care->price_ceiling.value == 15000 && care->quantity_cap_days == 30);
	assert_true(care->programme_cap.value == 100000 && care->person_month_cap.value == 40000);
	assert_string_equal(care->limits_clause, "附表三");
	assert_true(care->limits_illustrative && care->illustrative && !card->illustrative);
	assert_true(care->fund_count == 2 && care->funds[0] == 1 && care->funds[1] == 0);
	assert_int_equal(care->claim_deadline_days, 45);
	assert_true(care->exclude_count == 1 && care->excludes[0] == card->tag);
}

static void every_field_of_an_amount_is_read_and_what_is_left_out_is_everybody(void **state)
{
	struct loading *loading = *state;
	assert_good(load(loading, span_text(full)));
	const struct programme *care = &loading->policy->programmes[0];
	const struct programme *card = &loading->policy->programmes[1];
	assert_int_equal(care->band_count, 2);
	assert_true(care->bands[0].age_from == 60 && care->bands[0].age_to == 89);
	assert_true(care->bands[0].level_from == 2 && care->bands[0].level_to == 3);
	assert_true(care->bands[0].amount.value == 10050 && !care->bands[0].illustrative);
	assert_string_equal(care->bands[0].clause, "附表一");
	assert_true(care->bands[1].age_from == 90 && care->bands[1].age_to == 150);
	assert_true(care->bands[1].level_from == 0 && care->bands[1].level_to == 4);
	assert_true(care->bands[1].illustrative);
	assert_true(card->effective_until == DAY_NEVER && card->district == 0);
	assert_true(card->level_min == 0 && card->level_max == 4 && card->income_mask == 0);
	assert_true(card->price_ceiling.value == 0 && card->limits_clause[0] == '\0');
	assert_true(card->region_count == 0 && card->exclude_count == 0);
}

/* --- what is refused ---------------------------------------------------------------------------------------- */

struct change {
	const char *old, *new, *complaint;
};

static void each_is_told(struct loading *loading, const struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_error(
		    load_changed(loading, changes[i].old, changes[i].new), ERROR_MALFORMED);
		assert_null(loading->policy);
		complained(&loading->seen, changes[i].complaint);
		again(loading);
	}
}

/* Without its line the field is missing; the complaint names the line on which its map begins. */
static void a_field_that_is_missing_is_told(void **state)
{
	static const struct {
		const char *line, *complaint;
	} fields[] = {
	    {"region: 510100\n", "1 region: missing\n"},
	    {"name_zh: 成都市\n", "1 name_zh: missing\n"},
	    {"name_en: Chengdu\n", "1 name_en: missing\n"},
	    {"version: 3\n", "1 version: missing\n"},
	    {"effective_from: 2026-01-01\n", "1 effective_from: missing\n"},
	    {"pays_from_float: true\n", "1 pays_from_float: missing\n"},
	    {"clearing: gross\n", "1 clearing: missing\n"},
	    {"    name_zh: 福彩公益金\n", "9 funds[0].name_zh: missing\n"},
	    {"    name_en: lottery\n", "9 funds[0].name_en: missing\n"},
	    {"    source: lottery\n", "9 funds[0].source: missing\n"},
	    {"    owner: 510100\n", "9 funds[0].owner: missing\n"},
	    {"    name_zh: 护理补贴\n", "20 programmes[0].name_zh: missing\n"},
	    {"    name_en: nursing subsidy\n", "20 programmes[0].name_en: missing\n"},
	    {"    document: 某府发〔2026〕1号\n", "20 programmes[0].document: missing\n"},
	    {"    clause: 三(二)\n", "20 programmes[0].clause: missing\n"},
	    {"    effective_from: 2026-02-01\n", "20 programmes[0].effective_from: missing\n"},
	    {"    need: care\n", "20 programmes[0].need: missing\n"},
	    {"    accrues: day\n", "20 programmes[0].accrues: missing\n"},
	    {"    unit: person_month\n", "20 programmes[0].unit: missing\n"},
	    {"    payer: home\n", "20 programmes[0].payer: missing\n"},
	    {"    paid_to: either\n", "20 programmes[0].paid_to: missing\n"},
	    {"    starts: next_month\n", "20 programmes[0].starts: missing\n"},
	    {"    portable: true\n", "20 programmes[0].portable: missing\n"},
	    {"    needs_grant: true\n", "20 programmes[0].needs_grant: missing\n"},
	    {"    needs_stay: true\n", "20 programmes[0].needs_stay: missing\n"},
	    {"    needs_assessment: true\n", "20 programmes[0].needs_assessment: missing\n"},
	    {"        amount: 100.50\n", "47 programmes[0].amounts[0].amount: missing\n"},
	    {"        clause: 附表一\n", "47 programmes[0].amounts[0].clause: missing\n"},
	    {"    limits_clause: 附表三\n", "20 programmes[0].limits_clause: missing\n"},
	    {"    funds: [district, lottery]\n", "20 programmes[0].funds: missing\n"},
	    {"    claim_deadline_days: 45\n", "20 programmes[0].claim_deadline_days: missing\n"},
	};
	struct loading *loading = *state;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const struct change change = {fields[i].line, "", fields[i].complaint};
		each_is_told(loading, &change, 1);
	}
}

static void a_value_of_the_wrong_form_is_told_with_its_line_and_field(void **state)
{
	static const struct change changes[] = {
	    {"region: 510100", "region: 51010", "1 region: must be from 110000 to 659999\n"},
	    {"region: 510100", "region: Chengdu", "1 region: must be a whole number"},
	    {"version: 3", "version: 0", "4 version: must be from 1 to 4294967295\n"},
	    {"version: 3", "version: 03", "4 version: must be a whole number"},
	    {"effective_from: 2026-01-01", "effective_from: 2026-1-1",
		"5 effective_from: must be a day"},
	    {"pays_from_float: true", "pays_from_float: yes",
		"6 pays_from_float: must be one of: false, true\n"},
	    {"clearing: gross", "clearing: both", "7 clearing: must be one of: net, gross\n"},
	    {"code: lottery", "code: Lottery", "9 funds[0].code: must be lower-case letters"},
	    {"source: lottery", "source: 福彩",
		"12 funds[0].source: must be one of: fiscal, lottery, insurance\n"},
	    {"owner: 510100", "owner: 0", "13 funds[0].owner: must be from 110000"},
	    {"code: nursing_subsidy", "code: 护理补贴",
		"20 programmes[0].code: must be lower-case"},
	    {"code: nursing_subsidy", "code: a2345678901234567890123456789012",
		"20 programmes[0].code: longer than 31 bytes\n"},
	    {"effective_until: 2026-12-31", "effective_until: 2026-02-30",
		"26 programmes[0].effective_until: must be a day"},
	    {"district: 510104", "district: 0", "27 programmes[0].district: must be from"},
	    {"need: care", "need: nursing",
		"28 programmes[0].need: must be one of: old_age, bed, service, care, meal, visit, "
		"respite, home_bed\n"},
	    {"accrues: day", "accrues: week",
		"29 programmes[0].accrues: must be one of: month, day, piece\n"},
	    {"unit: person_month", "unit: year",
		"30 programmes[0].unit: must be one of: person_month, bed_month, person_day, "
		"visit, meal, hour\n"},
	    {"payer: home", "payer: both", "31 programmes[0].payer: must be one of: home, host\n"},
	    {"paid_to: either", "paid_to: cash",
		"32 programmes[0].paid_to: must be one of: card, institution, either\n"},
	    {"starts: next_month", "starts: never",
		"33 programmes[0].starts: must be one of: day, month, next_month\n"},
	    {"[500000, 510800]", "[500000, everywhere]",
		"35 programmes[0].regions: must be region codes of six digits\n"},
	    {"[500000, 510800]", "500000", "35 programmes[0].regions: must be a list\n"},
	    {"age_min: 60", "age_min: 151", "40 programmes[0].age_min: must be from 0 to 150\n"},
	    {"level_min: 2", "level_min: 5", "41 programmes[0].level_min: must be from 0 to 4\n"},
	    {"level_max: 3", "level_max: -1", "42 programmes[0].level_max: must be a whole number"},
	    {"[destitute, low]", "[destitute, poor]",
		"43 programmes[0].income: 'poor' is not known here\n"},
	    {"age_or: 80", "age_or: 0", "44 programmes[0].age_or: must be from 1 to 150\n"},
	    {"[disabled, family_planning]", "[disabled, blind]",
		"45 programmes[0].flag_or: 'blind' is not known here\n"},
	    {"age_to: 89", "age_to: 8x",
		"48 programmes[0].amounts[0].age_to: must be a whole number"},
	    {"age_to: 89", "age_to: 59", "47 programmes[0].amounts[0].: ends before it begins\n"},
	    {"price_ceiling: 150.00", "price_ceiling: 0",
		"54 programmes[0].price_ceiling: must be positive\n"},
	    {"quantity_cap_days: 30", "quantity_cap_days: 32",
		"55 programmes[0].quantity_cap_days: must be from 1 to 31\n"},
	    {"programme_cap: 1000.00", "programme_cap: 1,000.00",
		"56 programmes[0].programme_cap: must be an amount in yuan"},
	    {"person_month_cap: 400.00", "person_month_cap: -400.00",
		"57 programmes[0].person_month_cap: must be positive\n"},
	    {"[district, lottery]", "[district, city]",
		"60 programmes[0].funds: there is no fund 'city'\n"},
	    {"[district, lottery]", "[]", "60 programmes[0].funds: must not be empty\n"},
	    {"[district, lottery]", "[lottery, district, lottery, district, lottery]",
		"60 programmes[0].funds: more than 4 entries\n"},
	    {"claim_deadline_days: 45", "claim_deadline_days: 0",
		"61 programmes[0].claim_deadline_days: must be from 1 to 366\n"},
	    {"[{amount: 80.00, clause: 附表四}]", "[]",
		"79 programmes[1].amounts: must not be empty\n"},
	    {"[{amount: 80.00, clause: 附表四}]", "80.00",
		"79 programmes[1].amounts: must be a list\n"},
	    {"[{amount: 80.00, clause: 附表四}]", "[80.00]",
		"79 programmes[1].amounts[0]: must be a map of fields\n"},
	};
	each_is_told(*state, changes, sizeof changes / sizeof *changes);
}

/* 010 would be 8, and 0x10 16, to a reader of YAML 1.1. */
static void money_in_another_base_or_form_is_refused(void **state)
{
	static const char *const texts[] = {
	    "010", "0x10", "0o10", "1e3", "100.505", "1,000.00", "''", "~", "[100.00]", "100.00元"};
	struct loading *loading = *state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char new[48];
		snprintf(new, sizeof new, "amount: %s", texts[i]);
		const struct change change = {
		    "amount: 100.50", new, "51 programmes[0].amounts[0].amount: must be "};
		each_is_told(loading, &change, 1);
	}
}

static void a_field_that_nobody_knows_or_that_stands_twice_is_told(void **state)
{
	static const struct change changes[] = {
	    {"version: 3\n", "version: 3\nversions: 3\n", "5 versions: unknown field\n"},
	    {"    owner: 510100\n", "    owner: 510100\n    amount: 5\n",
		"14 funds[0].amount: unknown field\n"},
	    {"    need: care\n", "    need: care\n    needs: care\n",
		"29 programmes[0].needs: unknown field\n"},
	    {"        level_to: 3\n", "        level_to: 3\n        level: 3\n",
		"51 programmes[0].amounts[0].level: unknown field\n"},
	    {"    need: care\n", "    need: care\n    need: bed\n", "29 need: stands twice\n"},
	};
	each_is_told(*state, changes, sizeof changes / sizeof *changes);
}

static void all_that_is_wrong_is_told_at_once(void **state)
{
	static const char yaml[] = "region: 51\n"                              /* 1 */
				   "name_zh: ''\n"                             /* 2 */
				   "name_en: Chengdu\n"                        /* 3 */
				   "version: 1\n"                              /* 4 */
				   "effective_from: yesterday\n"               /* 5 */
				   "clearing: net\n"                           /* 6 */
				   "funds: [{code: a}]\n"                      /* 7 */
				   "programmes:\n"                             /* 8 */
				   "  - code: bed_subsidy\n"                   /* 9 */
				   "    amounts: [{amount: 010, clause: x}]\n" /* 10 */
				   "    funds: [b]\n"                          /* 11 */
				   "    color: red\n"                          /* 12 */
				   "colour: blue\n";                           /* 13 */
	static const char *const wanted[] = {"1 region: must be from",
	    "2 name_zh: must not be empty", "5 effective_from: must be a day",
	    "1 pays_from_float: missing", "7 funds[0].name_zh: missing",
	    "7 funds[0].name_en: missing", "7 funds[0].source: missing",
	    "7 funds[0].owner: missing", "9 programmes[0].name_zh: missing",
	    "9 programmes[0].name_en: missing", "9 programmes[0].document: missing",
	    "9 programmes[0].clause: missing", "9 programmes[0].effective_from: missing",
	    "9 programmes[0].need: missing", "9 programmes[0].accrues: missing",
	    "9 programmes[0].unit: missing", "9 programmes[0].payer: missing",
	    "9 programmes[0].paid_to: missing", "9 programmes[0].starts: missing",
	    "9 programmes[0].portable: missing", "9 programmes[0].needs_grant: missing",
	    "9 programmes[0].needs_stay: missing", "9 programmes[0].needs_assessment: missing",
	    "10 programmes[0].amounts[0].amount: must be an amount",
	    "9 programmes[0].claim_deadline_days: missing",
	    "11 programmes[0].funds: there is no fund 'b'", "12 programmes[0].color: unknown field",
	    "13 colour: unknown field"};
	struct loading *loading = *state;
	assert_error(load(loading, span_text(yaml)), ERROR_MALFORMED);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		complained(&loading->seen, wanted[i]);
}

static void what_is_no_catalogue_is_refused(void **state)
{
	static const char *const texts[] = {"", "[]", "text", "{}", "region: 510100\n", "a: *b\n",
	    "region: 510100\n---\nregion: 500000\n"};
	struct loading *loading = *state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		assert_error(load(loading, span_text(texts[i])), ERROR_MALFORMED);
		assert_null(loading->policy);
		assert_true(loading->seen.count > 0);
		again(loading);
	}
}

/* --- looking up --------------------------------------------------------------------------------------------- */

static void a_programme_is_found_by_day_and_district(void **state)
{
	struct programme rows[] = {{.tag = 1, .effective_from = 100, .effective_until = 199},
	    {.tag = 1, .effective_from = 200, .effective_until = DAY_NEVER},
	    {.tag = 1, .effective_from = 150, .effective_until = 250, .district = 511304},
	    {.tag = 2, .effective_from = 0, .effective_until = DAY_NEVER, .district = 511304}};
	const struct policy policy = {.programmes = rows, .programme_count = 4};
	(void)state;
	assert_null(policy_programme(&policy, 1, 99, 0));
	assert_ptr_equal(policy_programme(&policy, 1, 100, 0), &rows[0]);
	assert_ptr_equal(policy_programme(&policy, 1, 199, 511302), &rows[0]);
	assert_ptr_equal(policy_programme(&policy, 1, 200, 0), &rows[1]);
	assert_ptr_equal(policy_programme(&policy, 1, 149, 511304), &rows[0]);
	assert_ptr_equal(policy_programme(&policy, 1, 150, 511304), &rows[2]);
	assert_ptr_equal(policy_programme(&policy, 1, 251, 511304), &rows[1]);
	assert_null(policy_programme(&policy, 2, 100, 0));
	assert_ptr_equal(policy_programme(&policy, 2, 100, 511304), &rows[3]);
	assert_true(policy_knows(&policy, 2));
	assert_false(policy_knows(&policy, 3));
}

static void reserves_are_read_host_by_host_and_may_be_left_out(void **state)
{
	static const struct change changes[] = {
	    {"funds:\n  - code: lottery",
		"prefunds:\n  - {host: 510100, percent: 150}\nfunds:\n  - code: lottery",
		"9 prefunds[0].host: is the city itself\n"},
	    {"funds:\n  - code: lottery",
		"prefunds:\n  - {host: 500000, percent: 100}\n  - {host: 500000, percent: "
		"150}\nfunds:\n  - code: lottery",
		"10 prefunds[1].host: stands twice\n"},
	    {"funds:\n  - code: lottery",
		"prefunds:\n  - {host: 500000, percent: 0}\nfunds:\n  - code: lottery",
		"9 prefunds[0].percent: must be from 1 to 10000\n"},
	    {"funds:\n  - code: lottery",
		"prefunds:\n  - {host: 500000}\nfunds:\n  - code: lottery",
		"9 prefunds[0].percent: missing\n"},
	};
	struct loading *loading = *state;
	assert_good(load(loading, span_text(full)));
	assert_int_equal(policy_prefund_percent(loading->policy, 500000), 0);
	again(loading);
	assert_good(load_changed(loading, "funds:\n  - code: lottery",
	    "prefunds:\n  - {host: 500000, percent: 100}\n  - {host: 510800, percent: 10000}\n"
	    "funds:\n  - code: lottery"));
	assert_int_equal(policy_prefund_percent(loading->policy, 500000), 100);
	assert_int_equal(policy_prefund_percent(loading->policy, 510800), 10000);
	assert_int_equal(policy_prefund_percent(loading->policy, 511300), 0);
	again(loading);
	each_is_told(loading, changes, sizeof changes / sizeof *changes);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(every_field_is_read),
	    CASE(every_field_of_a_programme_is_read),
	    CASE(every_field_of_an_amount_is_read_and_what_is_left_out_is_everybody),
	    CASE(reserves_are_read_host_by_host_and_may_be_left_out),
	    CASE(a_field_that_is_missing_is_told),
	    CASE(a_value_of_the_wrong_form_is_told_with_its_line_and_field),
	    CASE(money_in_another_base_or_form_is_refused),
	    CASE(a_field_that_nobody_knows_or_that_stands_twice_is_told),
	    CASE(all_that_is_wrong_is_told_at_once),
	    CASE(what_is_no_catalogue_is_refused),
	    CASE(a_programme_is_found_by_day_and_district),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
