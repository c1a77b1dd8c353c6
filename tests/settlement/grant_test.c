/* Grants and stays of persons who have many of them: 30.00 a month of 30 days, 1.00 a night. */
#include "town.h"

#define JUNE 202606u

struct fixture {
	struct town town;
	struct town_post post;
};

/* As DAILY, but granted. */
#define GRANTED_DAILY(code, need)                                                                 \
	"  - code: " code                                                                         \
	"\n    name_zh: 补贴\n    name_en: subsidy\n    document: 某府发〔2026〕1号\n"    \
	"    clause: 一(一)\n    effective_from: 2026-01-01\n    need: " need                     \
	"\n    accrues: day\n    unit: person_month\n    payer: home\n    paid_to: institution\n" \
	"    starts: day\n    portable: true\n    needs_grant: true\n    needs_stay: true\n"      \
	"    needs_assessment: false\n    amounts: [{amount: 30.00, clause: 一(一)}]\n"         \
	"    funds: [city]\n    claim_deadline_days: 60\n"

static const char catalogue[] =
    CATALOGUE("510100", "1") DAILY("bed_subsidy", "bed", "home", "2026-01-01", "30.00", "city", "")
	GRANTED_DAILY("service_subsidy", "service") GRANTED_DAILY("nursing_subsidy", "care");

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	*state = fixture;
	town_open(&fixture->town, CHENGDU, span_text(catalogue), &fixture->post);
	town_house(&fixture->town, HOUSE_A, CHENGDU, 100);
	town_fund(&fixture->town, "city", 100000);
	town_at(&fixture->town, day(2026, 7, 3));
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	town_close(&fixture->town);
	town_post_free(&fixture->post);
	free(fixture);
	return 0;
}

/* Two programmes, granted until the end of May, in June, and twice since: the row of the person has room for four. June is
 * claimed in July, in its time. */
static void an_older_grant_holds_for_the_days_that_it_names(void **state)
{
	struct town *town = &((struct fixture *)*state)->town;
	const char *const programmes[] = {"service_subsidy", "nursing_subsidy"};
	const int32_t begins[] = {
	    day(2026, 1, 1), day(2026, 6, 1), day(2026, 7, 1), day(2026, 7, 2)};
	const int32_t ends[] = {day(2026, 5, 31), day(2026, 6, 30), day(2026, 7, 1), DAY_NEVER};
	uint64_t person = town_person(town, 1, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_stay(town, HOUSE_A, person, day(2026, 5, 20), DAY_NEVER);
	for (size_t i = 0; i < 4; i++) {
		for (size_t k = 0; k < 2; k++)
			town_grant(town, person, programmes[k], begins[i], ends[i],
			    PAID_TO_INSTITUTION, GRANT_GIVEN);
	}
	for (size_t k = 0; k < 2; k++) {
		uint64_t sequence =
		    town_claim_one(town, HOUSE_A, CHENGDU, JUNE, programmes[k], person, 1, 30);
		town_approved(town, sequence, 0, 3000);
		/* 31 days in May: R(31) - R(19) of 30.00. */
		sequence =
		    town_claim_one(town, HOUSE_A, CHENGDU, 202605, programmes[k], person, 20, 31);
		town_approved(town, sequence, 0, 3000 - 1839);
	}
}

/* Every other night in the house: fifteen stays. */
static void a_person_may_come_and_go_all_month(void **state)
{
	struct town *town = &((struct fixture *)*state)->town;
	struct town_line lines[15];
	uint64_t person = town_person(town, 1, day(1940, 1, 1), INCOME_MINIMUM, 0);
	for (unsigned i = 0; i < 15; i++) {
		int32_t night = day(2026, 6, (int)(2 * i + 1));
		town_stay(town, HOUSE_A, person, night, night);
		lines[i] = (struct town_line){person, 0, 2 * i + 1, 2 * i + 1, AS_THE_POLICY_GIVES};
	}
	const struct town_sheet sheet = {.uscc = HOUSE_A,
	    .payer = CHENGDU,
	    .month = JUNE,
	    .programmes = {"bed_subsidy"},
	    .lines = lines,
	    .count = 15};
	uint64_t sequence = town_claim(town, &sheet);
	for (unsigned i = 0; i < 15; i++)
		town_approved(town, sequence, i, 100);
	assert_true(town_local(town, HOUSE_A) == 1500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		an_older_grant_holds_for_the_days_that_it_names, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_person_may_come_and_go_all_month, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("settlement/grant", tests, NULL, NULL);
}
