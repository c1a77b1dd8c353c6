/* The order of refusals: a line with several faults is told the first. docs/settlement.md, "Adjudication". */
#include "remote.h"

#define DISABLED "disabled_nursing_allowance"

/* Asks for everything that a programme can ask for. */
static struct programme_text demanding(const char *more, const char *deadline_days)
{
	return (struct programme_text){.code = "everything",
	    .needs_grant = "true",
	    .needs_assessment = "true",
	    .deadline_days = deadline_days,
	    .more = more,
	    .amounts = "      - {age_from: 80, level_from: 2, amount: 300.00, clause: a}\n"};
}

#define ASKS                                                                                       \
	"    age_min: 80\n    level_min: 2\n    income: [destitute, minimum, low]\n    excludes: " \
	"[" DISABLED "]\n"

static const struct programme_text disabled = {.code = DISABLED,
    .accrues = "month",
    .paid_to = "card",
    .starts = "month",
    .portable = "false",
    .needs_grant = "true"};

/* A later version of the home's catalogue. */
static void new_catalogue(
    struct pair *pair, unsigned version, const char *more, const char *deadline_days)
{
	const struct programme_text programmes[] = {demanding(more, deadline_days), disabled};
	struct catalogue_text catalogue;
	catalogue_of(&catalogue, CHENGDU, version, programmes, 2);
	assert_int_equal(town_policy(&pair->home, catalogue_span(&catalogue)), ERROR_NONE);
	carry(pair);
}

static void facts(struct pair *pair, uint64_t person, int32_t born, int32_t died, unsigned income)
{
	const struct person_facts facts = {
	    .code = person, .birth_day = born, .death_day = died, .income_class = income};
	town_facts(&pair->home, &facts);
	carry(pair);
}

static void expect_next(struct pair *pair, uint64_t person, enum reason reason)
{
	expect_reason(judge(pair, CHENGDU, person, "everything", 1, 30), reason);
}

/* Everything is wrong with this line. As one fault after the other is mended, in the order of the design, the next one is told: so each
 * fault goes before every later one. */
static void as_one_fault_is_mended_the_next_is_told(void **state)
{
	static const struct programme_text host_first = {.code = "everything", .payer = "host"};
	static const struct programme_text host_then = {.code = "everything"};
	static struct pair pair;
	struct catalogue_text catalogue;
	(void)state;
	const struct programme_text first[] = {
	    demanding(ASKS "    regions: [500000]\n    effective_until: 2026-06-20\n", "30"),
	    disabled};
	pair_open(&pair, first, 2, &host_first, 1);
	desk_standing(&pair.host, HOUSE_D, INSTITUTION_SUSPEND, day(2026, 6, 1));
	carry(&pair);
	pair_at(&pair, day(2026, 9, 1));
	const uint64_t person = person_code_make(CHENGDU, 77);
	expect_next(&pair, person, REASON_unknown_person);

	town_register_row(&pair.home, person, "");
	facts(&pair, person, day(1950, 1, 1), day(2026, 6, 20), INCOME_OTHER);
	town_grant(
	    &pair.home, person, DISABLED, day(2026, 1, 1), DAY_NEVER, PAID_TO_CARD, GRANT_GIVEN);
	expect_next(&pair, person, REASON_suspended);

	desk_standing(&pair.host, HOUSE_D, INSTITUTION_RESTORE, day(2026, 6, 1));
	carry(&pair);
	expect_next(&pair, person, REASON_wrong_payer);

	catalogue_of(&catalogue, GUANGYUAN, 2, &host_then, 1);
	assert_int_equal(town_policy(&pair.host, catalogue_span(&catalogue)), ERROR_NONE);
	carry(&pair);
	expect_next(&pair, person, REASON_not_in_force);

	new_catalogue(&pair, 2, ASKS "    regions: [500000]\n", "30");
	expect_next(&pair, person, REASON_too_late);

	new_catalogue(&pair, 3, ASKS "    regions: [500000]\n", "120");
	expect_next(&pair, person, REASON_not_filed);

	town_file(&pair.home, person, GUANGYUAN, day(2026, 6, 1), DAY_NEVER);
	carry(&pair);
	expect_next(&pair, person, REASON_no_stay);

	town_stay(&pair.host, HOUSE_D, person, day(2026, 6, 1), DAY_NEVER);
	carry(&pair);
	expect_next(&pair, person, REASON_no_grant);

	town_grant(&pair.home, person, "everything", day(2026, 6, 1), DAY_NEVER,
	    PAID_TO_INSTITUTION, GRANT_GIVEN);
	carry(&pair);
	expect_next(&pair, person, REASON_not_portable);

	new_catalogue(&pair, 4, ASKS, "120");
	expect_next(&pair, person, REASON_no_assessment);

	town_assess(&pair.home, person, 1, day(2026, 1, 1), day(2026, 12, 31));
	carry(&pair);
	expect_next(&pair, person, REASON_level);

	town_assess(&pair.home, person, 3, day(2026, 1, 1), day(2026, 12, 31));
	carry(&pair);
	expect_next(&pair, person, REASON_age);

	facts(&pair, person, day(1940, 1, 1), day(2026, 6, 20), INCOME_OTHER);
	expect_next(&pair, person, REASON_income_class);

	facts(&pair, person, day(1940, 1, 1), day(2026, 6, 20), INCOME_LOW);
	expect_next(&pair, person, REASON_excluded);

	/* Stopped before its first day: it has none. */
	town_grant(&pair.home, person, DISABLED, day(2026, 1, 1), day(2025, 12, 31), PAID_TO_CARD,
	    GRANT_STOPPED);
	expect_next(&pair, person, REASON_after_death);

	facts(&pair, person, day(1940, 1, 1), DAY_NEVER, INCOME_LOW);
	expect_paid(judge(&pair, CHENGDU, person, "everything", 1, 30), 30000);
	expect_next(&pair, person, REASON_duplicate);
	pair_close(&pair);
}

/* The place of `duplicate`: after too late, before not filed and no stay. */
static void a_day_claimed_before_goes_before_filing_and_stay_and_after_the_deadline(void **state)
{
	static const struct programme_text care = {.code = "care_subsidy"};
	static struct pair pair;
	(void)state;
	pair_open(&pair, &care, 1, &care, 1);
	uint64_t person =
	    traveller(&pair, day(2026, 6, 1), day(2026, 6, 20), day(2026, 6, 1), day(2026, 6, 15));
	pair_at(&pair, day(2026, 7, 2));
	expect_paid(judge(&pair, CHENGDU, person, "care_subsidy", 1, 10), 10000);
	/* Claimed on the 10th, not filed from the 21st, no stay from the 16th: and so on, one less each. */
	expect_refused(judge(&pair, CHENGDU, person, "care_subsidy", 10, 25), REASON_duplicate,
	    day(2026, 6, 10));
	expect_refused(judge(&pair, CHENGDU, person, "care_subsidy", 11, 25), REASON_not_filed,
	    day(2026, 6, 21));
	expect_refused(judge(&pair, CHENGDU, person, "care_subsidy", 11, 20), REASON_no_stay,
	    day(2026, 6, 16));
	expect_paid(judge(&pair, CHENGDU, person, "care_subsidy", 11, 15), 5000);
	pair_at(&pair, day(2026, 8, 30));
	expect_refused(judge(&pair, CHENGDU, person, "care_subsidy", 10, 25), REASON_too_late,
	    day(2026, 8, 29));
	pair_close(&pair);
}

/* An officer enters a sheet of a house that nobody has registered. */
static struct verdict judge_unknown_house(
    struct town *city, const struct secret_key *officer, uint64_t person, const char *programme)
{
	const struct claim_line line = {
	    .person = person, .programme = programme, .first = 1, .last = 30};
	struct claim_paper paper;
	uint64_t number = ++city->numbers;
	paper_sign(
	    &paper, officer, paper_header(HOUSE_B, number, CHENGDU, CHENGDU, JUNE), &line, 1);
	assert_int_equal(paper_submit(city, &paper), ERROR_NONE);
	paper_free(&paper);
	return desk_verdict(city, HOUSE_B, number, 0);
}

/* The place of an unknown institution: after the person, before payer and programme. */
static void an_unknown_house_goes_after_the_person_and_before_the_rest(void **state)
{
	static const struct programme_text care = {.code = "care_subsidy"};
	static struct pair pair;
	const struct hash seed = {{0x0f}};
	struct secret_key officer;
	struct buffer lines = {0};
	(void)state;
	pair_open(&pair, &care, 1, &care, 1);
	key_from_seed(&seed, &officer);
	codec_put_array(&lines, 3);
	codec_put_uint(&lines, 1);
	codec_put_text(&lines, span_text("li"));
	codec_put_bytes(&lines, span_of(officer.public.bytes, PUBLIC_KEY_SIZE));
	town_register(&pair.home, KIND_officer, &lines, REASON_registered);
	uint64_t known = town_person(&pair.home, ++next_serial, day(1940, 1, 1), INCOME_OTHER, 0);
	pair_at(&pair, day(2026, 12, 1));
	/* An unknown person, an unknown programme, too late. */
	expect_bare(
	    judge_unknown_house(&pair.home, &officer, known + 1, "no_such"), REASON_unknown_person);
	/* A valid code of Guangyuan: known or not, its home would pay. */
	expect_bare(
	    judge_unknown_house(&pair.home, &officer, person_code_make(GUANGYUAN, 1), "no_such"),
	    REASON_unknown_person);
	expect_bare(judge_unknown_house(&pair.home, &officer, known, "no_such"),
	    REASON_unknown_institution);
	pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_one_fault_is_mended_the_next_is_told),
	    cmocka_unit_test(
		a_day_claimed_before_goes_before_filing_and_stay_and_after_the_deadline),
	    cmocka_unit_test(an_unknown_house_goes_after_the_person_and_before_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
