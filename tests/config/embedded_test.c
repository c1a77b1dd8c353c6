/* The catalogues of the four cities against tables written by hand from the policy texts and, where they give no figure, from the figures that
 * were chosen for this project. Every amount of the files must be here and every row here in the files. */
#include "complaints.h"

#include "calendar.h"
#include "embedded.h"

#define CHENGDU 510100u
#define CHONGQING 500000u
#define GUANGYUAN 510800u
#define NANCHONG 511300u
#define JIALING 511304u

static const uint32_t regions[] = {CHENGDU, CHONGQING, GUANGYUAN, NANCHONG};

struct files {
	struct policy *policies[4];
};

static int set_up(void **state)
{
	struct files *files = calloc(1, sizeof *files);
	struct complaints_seen seen = {.count = 0};
	assert_non_null(files);
	for (size_t i = 0; i < 4; i++) {
		enum error error = policy_load("the file", policy_embedded(regions[i]),
		    complaint_note, &seen, &files->policies[i]);
		if (error)
			fail_msg("%06u: %.*s", (unsigned)regions[i], (int)seen.text.size,
			    (const char *)seen.text.data);
	}
	*state = files;
	return 0;
}

static int tear_down(void **state)
{
	struct files *files = *state;
	for (size_t i = 0; i < 4; i++)
		policy_free(files->policies[i]);
	free(files);
	return 0;
}

static const struct policy *policy_of(const struct files *files, uint32_t region)
{
	for (size_t i = 0; i < 4; i++) {
		if (regions[i] == region)
			return files->policies[i];
	}
	fail();
	return NULL;
}

/* --- programmes --------------------------------------------------------------------------------------------- */

#define SICHUAN_PLAN "四川省“十四五”养老服务规划（草案）"
#define SICHUAN_MEASURES "川办发〔2021〕57号"
#define CHONGQING_PLAN "渝府发〔2022〕15号"
#define GUANGYUAN_PLAN "广府办发〔2020〕27号"
#define JIALING_PLAN "南充市嘉陵区“十四五”养老服务体系规划"
#define POOR (INCOME_DESTITUTE | INCOME_MINIMUM | INCOME_LOW)

/* What kind of programme it is; the same in every city that has it. */
struct kind_row {
	const char *code;
	enum need need;
	enum accrual accrues;
	enum programme_unit unit;
	enum paid_to paid_to;
	enum starts starts;
	bool portable, needs_grant, needs_stay, needs_assessment, takes_capacity;
	int32_t age_min, level_min, age_or;
	uint32_t income, flags;
};

static const struct kind_row kinds[] = {
    /* 80 and above; by the month, to the card, never elsewhere */
    {"old_age_allowance", NEED_OLD_AGE, ACCRUES_MONTH, UNIT_PERSON_MONTH, PAID_TO_CARD,
	STARTS_MONTH, false, false, false, false, false, 80, 0, 0, 0, 0},
    /* an occupied bed, by its nights; it follows the person */
    {"bed_subsidy", NEED_BED, ACCRUES_DAY, UNIT_BED_MONTH, PAID_TO_INSTITUTION, STARTS_DAY, true,
	false, true, true, true, 0, 0, 0, 0, 0},
    /* the poor who are 80 or disabled; it follows the person */
    {"service_subsidy", NEED_SERVICE, ACCRUES_DAY, UNIT_PERSON_MONTH, PAID_TO_EITHER, STARTS_DAY,
	true, true, true, true, false, 0, 0, 80, POOR, PERSON_DISABLED | PERSON_SEVERELY_DISABLED},
    /* the poor from level 2; it follows the person */
    {"nursing_subsidy", NEED_CARE, ACCRUES_DAY, UNIT_PERSON_MONTH, PAID_TO_EITHER, STARTS_DAY, true,
	true, true, true, false, 0, 2, 0, POOR, 0},
    /* the severely disabled; it excludes 护理补贴, one need is paid once */
    {"disabled_nursing_allowance", NEED_CARE, ACCRUES_MONTH, UNIT_PERSON_MONTH, PAID_TO_CARD,
	STARTS_MONTH, false, true, false, false, false, 0, 0, 150, 0, PERSON_SEVERELY_DISABLED},
};

/* A programme of a city, in the order of its file. */
struct programme_row {
	uint32_t region, district;
	const char *code, *document, *clause, *from, *until; /* NULL: open */
	enum payer payer;
	const char *funds[2];
	int64_t price_ceiling, programme_cap, person_month_cap;
	int32_t quantity_cap_days;
	const char *excludes;
};

static const struct programme_row programmes[] = {
    {CHENGDU, 0, "old_age_allowance", SICHUAN_PLAN, "三(二)", "2026-01-01", NULL, PAYER_HOME,
	{"fiscal"}, 0, 0, 0, 0, NULL},
    {CHENGDU, 0, "bed_subsidy", SICHUAN_MEASURES, "五(十三)", "2026-01-01", "2026-12-31",
	PAYER_HOME, {"fiscal"}, 0, 0, 0, 0, NULL},
    {CHENGDU, 0, "bed_subsidy", SICHUAN_MEASURES, "五(十三)", "2027-01-01", NULL, PAYER_HOME,
	{"fiscal"}, 0, 0, 0, 0, NULL},
    {CHENGDU, 0, "service_subsidy", SICHUAN_PLAN, "三(二)、五(五)", "2026-01-01", NULL, PAYER_HOME,
	{"fiscal"}, 0, 0, 0, 0, NULL},
    {CHENGDU, 0, "nursing_subsidy", SICHUAN_PLAN, "三(二)、五(五)", "2026-01-01", NULL, PAYER_HOME,
	{"lottery", "fiscal"}, 0, 0, 0, 0, "disabled_nursing_allowance"},
    {CHENGDU, 0, "disabled_nursing_allowance", SICHUAN_PLAN, "三(二)", "2026-01-01", NULL,
	PAYER_HOME, {"fiscal"}, 0, 0, 0, 0, "nursing_subsidy"},

    {CHONGQING, 0, "old_age_allowance", CHONGQING_PLAN, "第三章第三节", "2026-01-01", NULL,
	PAYER_HOME, {"fiscal"}, 0, 0, 0, 0, NULL},
    /* Houses that take elders from elsewhere have it equally: the host pays. */
    {CHONGQING, 0, "bed_subsidy", CHONGQING_PLAN, "第十二章第二节、第十三章第一节", "2026-01-01",
	NULL, PAYER_HOST, {"lottery", "fiscal"}, 0, 0, 0, 0, NULL},
    {CHONGQING, 0, "service_subsidy", CHONGQING_PLAN, "第三章第三节", "2026-01-01", NULL,
	PAYER_HOME, {"fiscal"}, 0, 0, 40000, 0, NULL},
    {CHONGQING, 0, "nursing_subsidy", CHONGQING_PLAN, "第三章第三节", "2026-01-01", NULL,
	PAYER_HOME, {"fiscal"}, 0, 0, 40000, 0, "disabled_nursing_allowance"},
    {CHONGQING, 0, "disabled_nursing_allowance", CHONGQING_PLAN, "第三章第三节", "2026-01-01", NULL,
	PAYER_HOME, {"fiscal"}, 0, 0, 0, 0, "nursing_subsidy"},

    {GUANGYUAN, 0, "old_age_allowance", GUANGYUAN_PLAN, "三(九)", "2026-01-01", NULL, PAYER_HOME,
	{"fiscal"}, 0, 0, 0, 0, NULL},
    {GUANGYUAN, 0, "bed_subsidy", GUANGYUAN_PLAN, "三(八)", "2026-01-01", NULL, PAYER_HOME,
	{"lottery", "fiscal"}, 0, 0, 0, 0, NULL},
    {GUANGYUAN, 0, "service_subsidy", GUANGYUAN_PLAN, "三(八)、三(九)", "2026-01-01", NULL,
	PAYER_HOME, {"fiscal"}, 0, 250000, 0, 0, NULL},
    {GUANGYUAN, 0, "nursing_subsidy", GUANGYUAN_PLAN, "三(九)", "2026-01-01", NULL, PAYER_HOME,
	{"fiscal"}, 0, 0, 0, 30, "disabled_nursing_allowance"},
    {GUANGYUAN, 0, "disabled_nursing_allowance", GUANGYUAN_PLAN, "三(九)", "2026-01-01", NULL,
	PAYER_HOME, {"fiscal"}, 0, 0, 0, 0, "nursing_subsidy"},

    {NANCHONG, 0, "old_age_allowance", SICHUAN_PLAN, "三(二)", "2026-01-01", NULL, PAYER_HOME,
	{"fiscal"}, 0, 0, 0, 0, NULL},
    {NANCHONG, 0, "bed_subsidy", SICHUAN_MEASURES, "五(十三)", "2026-01-01", NULL, PAYER_HOME,
	{"fiscal"}, 0, 0, 0, 0, NULL},
    /* The district's own rate and money. */
    {NANCHONG, JIALING, "bed_subsidy", JIALING_PLAN, "一·一(二)", "2026-01-01", NULL, PAYER_HOME,
	{"jialing"}, 0, 0, 0, 0, NULL},
    {NANCHONG, 0, "service_subsidy", SICHUAN_PLAN, "三(二)、五(五)", "2026-01-01", NULL, PAYER_HOME,
	{"fiscal"}, 12000, 0, 0, 0, NULL},
    {NANCHONG, 0, "nursing_subsidy", SICHUAN_PLAN, "三(二)、五(五)", "2026-01-01", NULL, PAYER_HOME,
	{"lottery", "fiscal"}, 0, 0, 0, 0, "disabled_nursing_allowance"},
    {NANCHONG, 0, "disabled_nursing_allowance", SICHUAN_PLAN, "三(二)", "2026-01-01", NULL,
	PAYER_HOME, {"fiscal"}, 0, 0, 0, 0, "nursing_subsidy"},
};

#define PROGRAMME_ROWS (sizeof programmes / sizeof *programmes)

/* --- amounts ------------------------------------------------------------------------------------------------ */

/* Fen a month, by the row of the programme above. Only Jialing's text gives a figure: a bed not below 50.00. The others are ours: 高龄津贴
 * 50/100/300 from 80/90/100; a bed 50/60/100/150/200 at levels 0 to 4, and 10.00 more in Chengdu from 2027; 护理补贴 100/200/300 at 2/3/4;
 * 养老服务补贴 within 100 to 300, in Chongqing 200 by what is publicly known; the severely disabled 80. */
struct amount_row {
	uint32_t region, district;
	const char *code, *from;
	int32_t age_from, age_to, level_from, level_to;
	int64_t fen;
	bool given; /* by the text */
};

#define EVERY_AGE 0, 150
#define EVERY_LEVEL 0, 4
#define OLD_AGE(region)                                                                           \
	{region, 0, "old_age_allowance", "2026-01-01", 80, 89, EVERY_LEVEL, 5000, false},         \
	    {region, 0, "old_age_allowance", "2026-01-01", 90, 99, EVERY_LEVEL, 10000, false},    \
	{                                                                                         \
		region, 0, "old_age_allowance", "2026-01-01", 100, 150, EVERY_LEVEL, 30000, false \
	}
#define BEDS(region, from, more)                                                     \
	{region, 0, "bed_subsidy", from, EVERY_AGE, 0, 0, 5000 + more, false},       \
	    {region, 0, "bed_subsidy", from, EVERY_AGE, 1, 1, 6000 + more, false},   \
	    {region, 0, "bed_subsidy", from, EVERY_AGE, 2, 2, 10000 + more, false},  \
	    {region, 0, "bed_subsidy", from, EVERY_AGE, 3, 3, 15000 + more, false},  \
	{                                                                            \
		region, 0, "bed_subsidy", from, EVERY_AGE, 4, 4, 20000 + more, false \
	}
#define CARE(region)                                                                           \
	{region, 0, "nursing_subsidy", "2026-01-01", EVERY_AGE, 2, 2, 10000, false},           \
	    {region, 0, "nursing_subsidy", "2026-01-01", EVERY_AGE, 3, 3, 20000, false},       \
	    {region, 0, "nursing_subsidy", "2026-01-01", EVERY_AGE, 4, 4, 30000, false},       \
	{                                                                                      \
		region, 0, "disabled_nursing_allowance", "2026-01-01", EVERY_AGE, EVERY_LEVEL, \
		    8000, false                                                                \
	}
#define SERVICE(region, fen)                                                                   \
	{                                                                                      \
		region, 0, "service_subsidy", "2026-01-01", EVERY_AGE, EVERY_LEVEL, fen, false \
	}

static const struct amount_row amounts[] = {
    OLD_AGE(CHENGDU),
    OLD_AGE(CHONGQING),
    OLD_AGE(GUANGYUAN),
    OLD_AGE(NANCHONG),
    BEDS(CHENGDU, "2026-01-01", 0),
    BEDS(CHENGDU, "2027-01-01", 1000),
    BEDS(CHONGQING, "2026-01-01", 0),
    BEDS(GUANGYUAN, "2026-01-01", 0),
    BEDS(NANCHONG, "2026-01-01", 0),
    {NANCHONG, JIALING, "bed_subsidy", "2026-01-01", EVERY_AGE, EVERY_LEVEL, 5000, true},
    CARE(CHENGDU),
    CARE(CHONGQING),
    CARE(GUANGYUAN),
    CARE(NANCHONG),
    {CHENGDU, 0, "service_subsidy", "2026-01-01", EVERY_AGE, 0, 1, 10000, false},
    {CHENGDU, 0, "service_subsidy", "2026-01-01", EVERY_AGE, 2, 2, 20000, false},
    {CHENGDU, 0, "service_subsidy", "2026-01-01", EVERY_AGE, 3, 4, 30000, false},
    SERVICE(CHONGQING, 20000),
    SERVICE(GUANGYUAN, 15000),
    SERVICE(NANCHONG, 12000),
};

#define AMOUNT_ROWS (sizeof amounts / sizeof *amounts)

static int32_t day_text(const char *text)
{
	int32_t day = DAY_NEVER;
	if (text)
		assert_good(day_read(span_text(text), &day));
	return day;
}

static const struct programme *programme_of(const struct files *files, uint32_t region,
    uint32_t district, const char *code, const char *from)
{
	const struct policy *policy = policy_of(files, region);
	for (size_t i = 0; i < policy->programme_count; i++) {
		const struct programme *programme = &policy->programmes[i];
		if (strcmp(programme->code, code) == 0 && programme->district == district &&
		    programme->effective_from == day_text(from))
			return programme;
	}
	fail_msg("%06u has no %s from %s", (unsigned)region, code, from);
	return NULL;
}

/* --- tests -------------------------------------------------------------------------------------------------- */

static void every_amount_is_that_of_the_table(void **state)
{
	const struct files *files = *state;
	size_t bands = 0;
	for (size_t i = 0; i < AMOUNT_ROWS; i++) {
		const struct amount_row *row = &amounts[i];
		const struct programme *programme =
		    programme_of(files, row->region, row->district, row->code, row->from);
		size_t found = 0;
		for (size_t b = 0; b < programme->band_count; b++) {
			const struct band *band = &programme->bands[b];
			if (band->age_from != row->age_from || band->age_to != row->age_to ||
			    band->level_from != row->level_from || band->level_to != row->level_to)
				continue;
			found++;
			assert_true(band->amount.value == row->fen);
			assert_true(band->illustrative == !row->given);
			assert_true(strlen(band->clause) > 0);
		}
		if (found != 1)
			fail_msg("%06u %s: row %zu", (unsigned)row->region, row->code, i);
	}
	for (size_t i = 0; i < 4; i++) {
		for (size_t p = 0; p < files->policies[i]->programme_count; p++)
			bands += files->policies[i]->programmes[p].band_count;
	}
	assert_int_equal(bands, AMOUNT_ROWS);
}

static void same_kind(const struct programme *programme, const struct programme_row *row)
{
	/* Guangyuan's text gives the bed for residents who are poor, and old or disabled. */
	bool poor_beds = row->region == GUANGYUAN && strcmp(row->code, "bed_subsidy") == 0;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct kind_row *kind = &kinds[i];
		if (strcmp(kind->code, programme->code) != 0)
			continue;
		assert_int_equal(programme->need, kind->need);
		assert_int_equal(programme->accrues, kind->accrues);
		assert_int_equal(programme->unit, kind->unit);
		assert_int_equal(programme->paid_to, kind->paid_to);
		assert_int_equal(programme->starts, kind->starts);
		assert_int_equal(programme->portable, kind->portable);
		assert_int_equal(programme->region_count, 0);
		assert_int_equal(programme->needs_grant, kind->needs_grant);
		assert_int_equal(programme->needs_stay, kind->needs_stay);
		assert_int_equal(programme->needs_assessment, kind->needs_assessment);
		assert_int_equal(programme->takes_capacity, kind->takes_capacity);
		assert_int_equal(programme->age_min, kind->age_min);
		assert_int_equal(programme->level_min, kind->level_min);
		assert_int_equal(programme->level_max, 4);
		assert_int_equal(programme->age_or, poor_beds ? 80 : kind->age_or);
		assert_int_equal(programme->income_mask, poor_beds ? POOR : kind->income);
		assert_int_equal(programme->flag_or,
		    poor_beds ? PERSON_DISABLED | PERSON_SEVERELY_DISABLED : kind->flags);
		return;
	}
	fail_msg("%s is not in the table", programme->code);
}

static void same_limits(const struct programme *programme, const struct programme_row *row)
{
	bool limited = row->price_ceiling || row->programme_cap || row->person_month_cap ||
		       row->quantity_cap_days;
	assert_true(programme->price_ceiling.value == row->price_ceiling);
	assert_true(programme->programme_cap.value == row->programme_cap);
	assert_true(programme->person_month_cap.value == row->person_month_cap);
	assert_int_equal(programme->quantity_cap_days, row->quantity_cap_days);
	/* No text gives a ceiling or cap. */
	assert_int_equal(programme->limits_illustrative, limited);
	assert_true(limited == (strlen(programme->limits_clause) > 0));
}

static void same_funds(
    const struct policy *policy, const struct programme *programme, const struct programme_row *row)
{
	size_t count = row->funds[1] ? 2 : 1;
	assert_int_equal(programme->fund_count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(policy->funds[programme->funds[i]].code, row->funds[i]);
}

static void every_programme_is_that_of_the_table(void **state)
{
	const struct files *files = *state;
	size_t count = 0;
	for (size_t i = 0; i < PROGRAMME_ROWS; i++) {
		const struct programme_row *row = &programmes[i];
		const struct programme *programme =
		    programme_of(files, row->region, row->district, row->code, row->from);
		assert_string_equal(programme->document, row->document);
		assert_string_equal(programme->clause, row->clause);
		assert_int_equal(programme->effective_until, day_text(row->until));
		assert_int_equal(programme->payer, row->payer);
		assert_true(strlen(programme->name_zh) > 0 && strlen(programme->name_en) > 0);
		assert_true(programme->claim_deadline_days >= 60);
		same_kind(programme, row);
		same_limits(programme, row);
		same_funds(policy_of(files, row->region), programme, row);
		assert_int_equal(programme->exclude_count, row->excludes != NULL);
		if (row->excludes)
			assert_int_equal(
			    programme->excludes[0], programme_tag(span_text(row->excludes)));
	}
	for (size_t i = 0; i < 4; i++)
		count += files->policies[i]->programme_count;
	assert_int_equal(count, PROGRAMME_ROWS);
}

/* A fund has a source and an owner, and it is the city's but in Jialing. */
static void every_fund_has_its_source_and_its_owner(void **state)
{
	const struct files *files = *state;
	for (size_t i = 0; i < 4; i++) {
		const struct policy *policy = files->policies[i];
		assert_int_equal(policy->region, regions[i]);
		assert_int_equal(policy->fund_count, regions[i] == NANCHONG ? 3 : 2);
		assert_string_equal(policy->funds[0].code, "lottery");
		assert_int_equal(policy->funds[0].source, SOURCE_LOTTERY);
		assert_string_equal(policy->funds[1].code, "fiscal");
		assert_int_equal(policy->funds[1].source, SOURCE_FISCAL);
		for (size_t f = 0; f < 2; f++)
			assert_int_equal(policy->funds[f].owner, regions[i]);
	}
	const struct fund *district = &policy_of(files, NANCHONG)->funds[2];
	assert_string_equal(district->code, "jialing");
	assert_int_equal(district->source, SOURCE_FISCAL);
	assert_int_equal(district->owner, JIALING);
}

/* What is built in is what lies in the tree. */
static void the_files_are_built_in_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char path[512];
		static uint8_t bytes[CONFIG_FILE_MAX];
		snprintf(
		    path, sizeof path, SOURCE_DIR "/config/policy/%06u.yaml", (unsigned)regions[i]);
		FILE *file = fopen(path, "rb");
		assert_non_null(file);
		size_t size = fread(bytes, 1, sizeof bytes, file);
		fclose(file);
		struct span embedded = policy_embedded(regions[i]);
		assert_int_equal(embedded.size, size);
		assert_memory_equal(embedded.data, bytes, size);
	}
	assert_int_equal(policy_embedded(510500).size, 0);
	assert_int_equal(policy_embedded(0).size, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(every_amount_is_that_of_the_table),
	    CASE(every_programme_is_that_of_the_table),
	    CASE(every_fund_has_its_source_and_its_owner),
	    CASE(the_files_are_built_in_byte_by_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
