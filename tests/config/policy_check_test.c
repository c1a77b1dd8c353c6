/* What must hold between the fields of a catalogue: each case is a good catalogue with one thing changed, and the complaint names the
 * programme's line and field. */
#include "complaints.h"

#include "policy.h"

#define HEAD                                                                                       \
	"region: 510100\nname_zh: 成都市\nname_en: Chengdu\nversion: 1\neffective_from: "       \
	"2026-01-01\n"                                                                             \
	"pays_from_float: true\nclearing: net\nfunds:\n"                                           \
	"  - {code: city, name_zh: 市级, name_en: city, source: fiscal, owner: 510100}\n"        \
	"  - {code: lottery, name_zh: 福彩, name_en: lottery, source: lottery, owner: 510100}\n" \
	"programmes:\n"
#define NAMES                                                                                            \
	"    name_zh: 补贴\n    name_en: subsidy\n    document: 某府发〔2026〕1号\n    clause: " \
	"一\n"

/* Line 12: a bed, claimed by institutions. */
#define BED                                                                                   \
	"  - code: bed_subsidy\n" NAMES "    effective_from: 2026-01-01\n    need: bed\n"     \
	"    accrues: day\n    unit: bed_month\n    payer: home\n    paid_to: institution\n"  \
	"    starts: day\n    portable: true\n    needs_grant: false\n    needs_stay: true\n" \
	"    needs_assessment: true\n    takes_capacity: true\n"                              \
	"    amounts:\n      - {level_to: 2, amount: 50.00, clause: x}\n"                     \
	"      - {level_from: 3, amount: 100.00, clause: x}\n"                                \
	"    funds: [lottery, city]\n    claim_deadline_days: 60\n"
/* Line 34: an allowance to the card. */
#define CARD                                                                                      \
	"  - code: old_age_allowance\n" NAMES                                                     \
	"    effective_from: 2026-01-01\n    need: old_age\n"                                     \
	"    accrues: month\n    unit: person_month\n    payer: home\n    paid_to: card\n"        \
	"    starts: month\n    portable: false\n    needs_grant: false\n    needs_stay: false\n" \
	"    needs_assessment: false\n    age_min: 80\n"                                          \
	"    amounts: [{age_from: 80, amount: 50.00, clause: x}]\n"                               \
	"    funds: [city]\n    claim_deadline_days: 60\n"

static const char good[] = HEAD BED CARD;

struct checking {
	struct complaints_seen seen;
	struct buffer yaml;
};

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct checking));
	assert_non_null(*state);
	return 0;
}

static void again(struct checking *checking)
{
	complaints_free(&checking->seen);
	buffer_clear(&checking->yaml);
}

static int tear_down(void **state)
{
	struct checking *checking = *state;
	again(checking);
	buffer_free(&checking->yaml);
	free(checking);
	return 0;
}

static enum error load(struct checking *checking, struct span yaml)
{
	struct policy *policy;
	enum error error = policy_load("the file", yaml, complaint_note, &checking->seen, &policy);
	assert_true((policy == NULL) == (error != ERROR_NONE));
	policy_free(policy);
	return error;
}

/* The good catalogue with one text replaced, and something behind it. */
static enum error load_changed(
    struct checking *checking, const char *old, const char *new, const char *behind)
{
	const char *at = strstr(good, old);
	assert_non_null(at);
	buffer_append(&checking->yaml, span_of(good, (size_t)(at - good)));
	buffer_append_text(&checking->yaml, new);
	buffer_append_text(&checking->yaml, at + strlen(old));
	buffer_append_text(&checking->yaml, behind);
	return load(checking, buffer_span(&checking->yaml));
}

struct change {
	const char *old, *new, *complaint;
};

static void each_is_told(struct checking *checking, const struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_error(
		    load_changed(checking, changes[i].old, changes[i].new, ""), ERROR_MALFORMED);
		complained(&checking->seen, changes[i].complaint);
		again(checking);
	}
}

static void a_good_catalogue_is_good(void **state)
{
	assert_good(load(*state, span_text(good)));
}

/* --- one programme ------------------------------------------------------------------------------------------ */

static void amounts_may_not_overlap_nor_leave_anybody_out(void **state)
{
	static const struct change changes[] = {
	    {"level_from: 3", "level_from: 2",
		"12 programmes[0].amounts: amounts[0] and amounts[1] overlap\n"},
	    {"level_from: 3", "level_from: 4",
		"12 programmes[0].amounts: no amount for level 3 at age 0\n"},
	    {"level_to: 2, ", "level_to: 2, age_from: 60, ",
		"12 programmes[0].amounts: no amount for level 0 at age 0\n"},
	    {"level_to: 2, ", "level_to: 2, age_to: 89, ",
		"12 programmes[0].amounts: no amount for level 0 at age 90\n"},
	    {"age_from: 80", "age_from: 81",
		"34 programmes[1].amounts: no amount for level 0 at age 80\n"},
	};
	each_is_told(*state, changes, sizeof changes / sizeof *changes);
}

static void days_levels_and_places_must_fit_together(void **state)
{
	static const struct change changes[] = {
	    {"    need: bed\n", "    effective_until: 2025-12-31\n    need: bed\n",
		"12 programmes[0].effective_until: is before effective_from\n"},
	    {"    takes_capacity: true\n",
		"    takes_capacity: true\n    level_min: 3\n    level_max: 2\n",
		"12 programmes[0].level_max: is below level_min\n"},
	    {"    need: bed\n", "    district: 511304\n    need: bed\n",
		"12 programmes[0].district: does not belong to the region\n"},
	    {"    portable: false\n", "    portable: false\n    regions: [500000]\n",
		"34 programmes[1].regions: are listed, but the programme is not portable\n"},
	    {"    needs_assessment: true\n", "    needs_assessment: false\n    level_min: 1\n",
		"12 programmes[0].needs_assessment: must be true where levels are asked\n"},
	    {"    age_min: 80\n", "    age_min: 80\n    age_or: 80\n",
		"34 programmes[1].age_or: age_or and flag_or belong together\n"},
	    {"    age_min: 80\n", "    age_min: 80\n    flag_or: [disabled]\n",
		"34 programmes[1].age_or: age_or and flag_or belong together\n"},
	};
	each_is_told(*state, changes, sizeof changes / sizeof *changes);
}

/* The host pays for guests too, and what these conditions ask for never leaves their home. */
static void a_host_pays_by_ability_level_only(void **state)
{
	static const struct change changes[] = {
	    {"payer: home\n    paid_to: institution\n",
		"payer: host\n    paid_to: institution\n    income: [low]\n",
		"12 programmes[0].payer: the host pays for guests too"},
	    {"payer: home\n    paid_to: institution\n",
		"payer: host\n    paid_to: institution\n    age_or: 80\n    flag_or: [disabled]\n",
		"12 programmes[0].payer: the host pays for guests too"},
	    {"payer: home\n    paid_to: card\n", "payer: host\n    paid_to: card\n",
		"34 programmes[1].payer: the host pays for guests too"},
	};
	each_is_told(*state, changes, sizeof changes / sizeof *changes);
}

static void how_it_accrues_must_fit_to_whom_it_is_paid(void **state)
{
	static const struct change changes[] = {
	    {"accrues: day", "accrues: month",
		"12 programmes[0].accrues: what institutions claim accrues by day or piece\n"},
	    {"accrues: month", "accrues: day",
		"34 programmes[1].accrues: what goes to the card accrues by month\n"},
	    {"paid_to: institution", "paid_to: either",
		"12 programmes[0].paid_to: either accrues by day and needs a grant"},
	    {"needs_stay: true", "needs_stay: false",
		"12 programmes[0].needs_stay: must be true where a bed is paid"},
	    {"    needs_assessment: false\n",
		"    needs_assessment: false\n    takes_capacity: true\n",
		"34 programmes[1].takes_capacity: only an occupied bed takes a night of one\n"},
	    {"    age_min: 80\n",
		"    age_min: 80\n    quantity_cap_days: 5\n    limits_clause: x\n",
		"34 programmes[1].quantity_cap_days: counts days: only of what accrues by day\n"},
	};
	each_is_told(*state, changes, sizeof changes / sizeof *changes);
}

/* Line 54: meals, claimed by the piece. */
#define MEAL                                                                                   \
	"  - code: meal\n" NAMES "    effective_from: 2026-01-01\n    need: meal\n"            \
	"    accrues: piece\n    unit: meal\n    payer: home\n    paid_to: institution\n"      \
	"    starts: day\n    portable: true\n    needs_grant: false\n    needs_stay: false\n" \
	"    outside_stay: true\n    needs_assessment: false\n"                                \
	"    amounts: [{amount: 3.00, clause: x}]\n    pieces_cap_day: 2\n"                    \
	"    limits_clause: x\n    funds: [city]\n    claim_deadline_days: 60\n"

/* As each_is_told, of what stands behind the good catalogue. */
static void each_of_meals_is_told(
    struct checking *checking, const struct change *changes, size_t count)
{
	assert_error(load_changed(checking, "level_from: 3", "level_from: 3", MEAL), ERROR_NONE);
	again(checking);
	for (size_t i = 0; i < count; i++) {
		const char *at = strstr(MEAL, changes[i].old);
		char changed[2048];

		assert_non_null(at);
		snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - MEAL), MEAL,
		    changes[i].new, at + strlen(changes[i].old));
		assert_error(load_changed(checking, "level_from: 3", "level_from: 3", changed),
		    ERROR_MALFORMED);
		complained(&checking->seen, changes[i].complaint);
		again(checking);
	}
}

static void what_is_claimed_without_a_stay_must_be_of_one_form(void **state)
{
	static const struct change changes[] = {
	    {"unit: meal", "unit: person_day",
		"54 programmes[2].unit: months accrue by month or day"},
	    {"accrues: piece", "accrues: day",
		"54 programmes[2].unit: months accrue by month or day"},
	    {"unit: meal", "unit: bed_month",
		"54 programmes[2].unit: months accrue by month or day"},
	    {"needs_stay: false\n    outside_stay: true", "needs_stay: true",
		"54 programmes[2].needs_stay: must be false for pieces: they are no nights\n"},
	    {"payer: home", "payer: host",
		"54 programmes[2].outside_stay: the host does not know where its guests sleep"},
	    {"accrues: piece\n    unit: meal", "accrues: day\n    unit: person_day",
		"54 programmes[2].pieces_cap_day: only pieces are counted by day and month\n"},
	    {"pieces_cap_day: 2", "quantity_cap_days: 2",
		"54 programmes[2].quantity_cap_days: counts days: only of what accrues by day\n"},
	    {"amount: 3.00", "amount: 100000000.01",
		"54 programmes[2].amounts: a day or piece is worth at most 100000000.00\n"},
	    {"pieces_cap_day: 2", "price_ceiling: 100000000.01",
		"54 programmes[2].price_ceiling: a day or piece costs at most 100000000.00\n"},
	    {"need: meal", "need: bed",
		"54 programmes[2].accrues: all programmes of one need accrue by piece, or none"},
	    {"    limits_clause: x\n", "", "54 programmes[2].limits_clause: missing\n"},
	    {"pieces_cap_day: 2", "share_percent: 100",
		"72 programmes[2].share_percent: must be from 1 to 99"},
	    {"paid_to: institution", "paid_to: card",
		"54 programmes[2].accrues: what goes to the card accrues by month\n"},
	};
	each_of_meals_is_told(*state, changes, sizeof changes / sizeof *changes);
}

static void limits_and_funds_must_say_what_they_are(void **state)
{
	static const struct change changes[] = {
	    {"    age_min: 80\n", "    age_min: 80\n    programme_cap: 5.00\n",
		"34 programmes[1].limits_clause: missing\n"},
	    {"    age_min: 80\n", "    age_min: 80\n    limits_illustrative: true\n",
		"34 programmes[1].limits_illustrative: there is no ceiling or cap\n"},
	    {"[lottery, city]", "[city, lottery, city]",
		"12 programmes[0].funds: name one fund twice\n"},
	    {"{code: lottery", "{code: city", "1 funds[1].code: 'city' stands twice\n"},
	    {"    funds: [city]\n", "    funds: [city]\n    excludes: [no_such]\n",
		"34 programmes[1].excludes: names a programme that is not in this policy\n"},
	    {"    funds: [city]\n", "    funds: [city]\n    excludes: [old_age_allowance]\n",
		"34 programmes[1].excludes: names the programme itself\n"},
	};
	each_is_told(*state, changes, sizeof changes / sizeof *changes);
}

/* --- two programmes ----------------------------------------------------------------------------------------- */

/* Another programme of the same need, or the next version of this one, behind the good catalogue: line 54. */
#define OTHER(code, from, until, payer)                                                           \
	"  - code: " code "\n" NAMES "    effective_from: " from "\n" until                       \
	"    need: bed\n    accrues: day\n    unit: bed_month\n    payer: " payer "\n"            \
	"    paid_to: institution\n    starts: day\n    portable: true\n    needs_grant: false\n" \
	"    needs_stay: true\n    needs_assessment: false\n"                                     \
	"    amounts: [{amount: 5.00, clause: x}]\n    funds: [city]\n    claim_deadline_days: "  \
	"60\n"

/* One need is paid once, by one city: who pays a day must not depend on who claims first. */
static void all_programmes_of_a_need_have_one_payer_on_a_day(void **state)
{
	struct checking *checking = *state;
	assert_error(load_changed(checking, "    need: bed\n", "    need: bed\n",
			 OTHER("operation_subsidy", "2026-06-01", "", "host")),
	    ERROR_MALFORMED);
	complained(&checking->seen,
	    "54 programmes[2].payer: all programmes of one need must have one payer on a day\n");
	again(checking);
	/* The same payer, or not on the same days: good. */
	assert_good(load_changed(checking, "    need: bed\n", "    need: bed\n",
	    OTHER("operation_subsidy", "2026-06-01", "", "home")));
	again(checking);
	assert_good(load_changed(checking, "    need: bed\n",
	    "    effective_until: 2026-05-31\n    need: bed\n",
	    OTHER("operation_subsidy", "2026-06-01", "", "host")));
	again(checking);
	/* One day in common is enough. */
	assert_error(load_changed(checking, "    need: bed\n",
			 "    effective_until: 2026-06-01\n    need: bed\n",
			 OTHER("operation_subsidy", "2026-06-01", "", "host")),
	    ERROR_MALFORMED);
	complained(&checking->seen, "55 programmes[2].payer: ");
}

static void a_programme_has_one_version_on_a_day(void **state)
{
	struct checking *checking = *state;
	assert_error(load_changed(checking, "    need: bed\n", "    need: bed\n",
			 OTHER("bed_subsidy", "2026-06-01", "", "home")),
	    ERROR_MALFORMED);
	complained(&checking->seen, "54 programmes[2].effective_from: two versions of this "
				    "programme are in force on one day\n");
	again(checking);
	assert_good(load_changed(checking, "    need: bed\n",
	    "    effective_until: 2026-05-31\n    need: bed\n",
	    OTHER("bed_subsidy", "2026-06-01", "", "home")));
	again(checking);
	/* A district's own version stands beside the city's. */
	assert_good(load_changed(checking, "    need: bed\n", "    need: bed\n",
	    OTHER("bed_subsidy", "2026-06-01", "    district: 510104\n", "home")));
}

static void versions_of_one_programme_have_one_need(void **state)
{
	struct checking *checking = *state;
	assert_error(load_changed(checking, "need: old_age", "need: old_age",
			 OTHER("old_age_allowance", "2027-01-01", "", "home")),
	    ERROR_MALFORMED);
	complained(&checking->seen,
	    "54 programmes[2].need: versions of one programme must have one need, accrual");
}

static void all_that_does_not_hold_is_told_at_once(void **state)
{
	struct checking *checking = *state;
	assert_error(load_changed(checking, "level_from: 3", "level_from: 2",
			 OTHER("operation_subsidy", "2026-06-01", "", "host")
			     OTHER("operation_subsidy", "2026-07-01", "", "host")),
	    ERROR_MALFORMED);
	complained(&checking->seen, "12 programmes[0].amounts: ");
	complained(&checking->seen, "54 programmes[2].payer: ");
	complained(&checking->seen, "73 programmes[3].payer: ");
	complained(&checking->seen, "73 programmes[3].effective_from: ");
	assert_int_equal(checking->seen.count, 4);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(a_good_catalogue_is_good),
	    CASE(amounts_may_not_overlap_nor_leave_anybody_out),
	    CASE(days_levels_and_places_must_fit_together),
	    CASE(a_host_pays_by_ability_level_only),
	    CASE(how_it_accrues_must_fit_to_whom_it_is_paid),
	    CASE(what_is_claimed_without_a_stay_must_be_of_one_form),
	    CASE(limits_and_funds_must_say_what_they_are),
	    CASE(all_programmes_of_a_need_have_one_payer_on_a_day),
	    CASE(a_programme_has_one_version_on_a_day),
	    CASE(versions_of_one_programme_have_one_need),
	    CASE(all_that_does_not_hold_is_told_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
