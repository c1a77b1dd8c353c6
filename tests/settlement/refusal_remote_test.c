/* Refusals between two cities: Guangyuan is the host, Chengdu the home and payer, or the host pays for everybody. A sheet is booked by
 * the host, endorsed, adjudicated by the payer, and the verdicts come back. docs/settlement.md, "Adjudication". */
#include "remote.h"

static const struct programme_text home_pays = {.code = "care_subsidy"};
static const struct programme_text host_pays = {
    .code = "bed_subsidy", .need = "bed", .unit = "bed_month", .payer = "host"};

/* --- 9 -------------------------------------------------------------------------------------------------------- */

static void every_day_elsewhere_needs_a_filing(void **state)
{
	static struct pair pair;
	(void)state;
	pair_open(&pair, &home_pays, 1, &home_pays, 1);
	uint64_t person =
	    traveller(&pair, day(2026, 6, 5), day(2026, 6, 20), day(2026, 6, 5), day(2026, 6, 25));
	pair_at(&pair, day(2026, 7, 2));
	expect_refused(judge(&pair, CHENGDU, person, "care_subsidy", 4, 20), REASON_not_filed,
	    day(2026, 6, 4));
	expect_refused(judge(&pair, CHENGDU, person, "care_subsidy", 5, 21), REASON_not_filed,
	    day(2026, 6, 21));
	expect_paid(judge(&pair, CHENGDU, person, "care_subsidy", 20, 20), 1000);
	expect_paid(judge(&pair, CHENGDU, person, "care_subsidy", 5, 5), 1000);
	expect_paid(judge(&pair, CHENGDU, person, "care_subsidy", 6, 19), 14000);
	/* The next filing joins on. */
	town_file(&pair.home, person, GUANGYUAN, day(2026, 6, 21), DAY_NEVER);
	carry(&pair);
	expect_paid(judge(&pair, CHENGDU, person, "care_subsidy", 21, 25), 5000);
	/* What is paid: 160 and 50 yuan, owed to Guangyuan and to its house. */
	assert_int_equal(town_owes(&pair.home, GUANGYUAN, 1), 21000);
	assert_int_equal(town_is_owed(&pair.host, CHENGDU, 1), 21000);
	assert_int_equal(town_remote(&pair.host, HOUSE_D), 21000);
	pair_close(&pair);
}

static void a_host_that_pays_for_everybody_asks_for_the_filing_too(void **state)
{
	static struct pair pair;
	(void)state;
	pair_open(&pair, &host_pays, 1, &host_pays, 1);
	uint64_t person = traveller(&pair, day(2026, 6, 5), DAY_NEVER, day(2026, 6, 5), DAY_NEVER);
	pair_at(&pair, day(2026, 7, 2));
	expect_refused(judge(&pair, GUANGYUAN, person, "bed_subsidy", 4, 30), REASON_not_filed,
	    day(2026, 6, 4));
	expect_paid(judge(&pair, GUANGYUAN, person, "bed_subsidy", 5, 30), 26000);
	/* Nothing is owed between cities. */
	assert_int_equal(town_owes(&pair.home, GUANGYUAN, 1), 0);
	assert_int_equal(town_local(&pair.host, HOUSE_D), 26000);
	pair_close(&pair);
}

/* Filed from June on. Level 4 all year was told to the host; level 0 in March and April replaces it, so that there is none in June, and the host, which
 * pays, must not go on with the 4. */
static void a_host_is_told_of_a_level_that_ended_what_it_was_told_before(void **state)
{
	static const struct programme_text by_level = {.code = "bed_subsidy",
	    .need = "bed",
	    .payer = "host",
	    .needs_assessment = "true",
	    .amounts = "      - {level_to: 1, amount: 30.00, clause: a}\n"
		       "      - {level_from: 2, amount: 300.00, clause: a}\n"};
	static struct pair pair;
	(void)state;
	pair_open(&pair, &by_level, 1, &by_level, 1);
	uint64_t person = traveller(&pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	town_assess(&pair.home, person, 4, day(2026, 1, 1), day(2026, 12, 31));
	carry(&pair);
	town_assess(&pair.home, person, 0, day(2026, 3, 1), day(2026, 4, 30));
	carry(&pair);
	pair_at(&pair, day(2026, 7, 2));
	expect_refused(judge(&pair, GUANGYUAN, person, "bed_subsidy", 1, 30), REASON_no_assessment,
	    day(2026, 6, 1));
	pair_close(&pair);
}

/* --- 5 -------------------------------------------------------------------------------------------------------- */

static void a_claim_goes_to_the_city_that_pays(void **state)
{
	static const struct programme_text both[] = {{.code = "care_subsidy"},
	    {.code = "bed_subsidy", .need = "bed", .unit = "bed_month", .payer = "host"}};
	static struct pair pair;
	(void)state;
	pair_open(&pair, both, 2, both, 2);
	uint64_t person = traveller(&pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	uint64_t local = town_person(&pair.host, ++next_serial, day(1940, 1, 1), INCOME_OTHER, 0);
	town_stay(&pair.host, HOUSE_D, local, day(2026, 6, 1), DAY_NEVER);
	pair_at(&pair, day(2026, 7, 2));
	expect_refused(judge(&pair, GUANGYUAN, person, "care_subsidy", 1, 30), REASON_wrong_payer,
	    day(2026, 6, 1));
	expect_refused(judge(&pair, CHENGDU, person, "bed_subsidy", 1, 30), REASON_wrong_payer,
	    day(2026, 6, 1));
	expect_paid(judge(&pair, CHENGDU, person, "care_subsidy", 1, 30), 30000);
	expect_paid(judge(&pair, GUANGYUAN, person, "bed_subsidy", 1, 30), 30000);
	/* Guangyuan's own are Guangyuan's, for whatever programme; Chengdu does not know them and says that first. */
	expect_reason(judge(&pair, CHENGDU, local, "care_subsidy", 1, 30), REASON_unknown_person);
	expect_paid(judge(&pair, GUANGYUAN, local, "care_subsidy", 1, 30), 30000);
	pair_close(&pair);
}

/* The host's catalogue says who pays on a day: up to 15 June itself, from the 16th on the home. */
static void the_payer_may_change_within_a_month(void **state)
{
	static const struct programme_text at_home = {.code = "bed_subsidy", .need = "bed"};
	static const struct programme_text at_host[] = {
	    {.code = "bed_subsidy",
		.need = "bed",
		.payer = "host",
		.more = "    effective_until: 2026-06-15\n"},
	    {.code = "bed_subsidy", .need = "bed", .from = "2026-06-16"}};
	static struct pair pair;
	(void)state;
	pair_open(&pair, &at_home, 1, at_host, 2);
	uint64_t person = traveller(&pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	pair_at(&pair, day(2026, 7, 2));
	expect_refused(judge(&pair, GUANGYUAN, person, "bed_subsidy", 1, 16), REASON_wrong_payer,
	    day(2026, 6, 16));
	expect_refused(judge(&pair, CHENGDU, person, "bed_subsidy", 15, 30), REASON_wrong_payer,
	    day(2026, 6, 15));
	expect_paid(judge(&pair, GUANGYUAN, person, "bed_subsidy", 1, 15), 15000);
	expect_paid(judge(&pair, CHENGDU, person, "bed_subsidy", 16, 30), 15000);
	pair_close(&pair);
}

/* --- 12 ------------------------------------------------------------------------------------------------------- */

static void what_home_does_not_let_go_is_not_paid_elsewhere(void **state)
{
	static const struct programme_text programmes[] = {
	    {.code = "stays_here", .portable = "false"},
	    {.code = "goes_to_nanchong", .need = "service", .more = "    regions: [511300]\n"},
	    {.code = "goes_here", .need = "bed", .more = "    regions: [511300, 510800]\n"}};
	static struct pair pair;
	(void)state;
	pair_open(&pair, programmes, 3, programmes, 3);
	uint64_t person = traveller(&pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	pair_at(&pair, day(2026, 7, 2));
	expect_refused(judge(&pair, CHENGDU, person, "stays_here", 2, 30), REASON_not_portable,
	    day(2026, 6, 2));
	expect_refused(judge(&pair, CHENGDU, person, "goes_to_nanchong", 2, 30),
	    REASON_not_portable, day(2026, 6, 2));
	expect_paid(judge(&pair, CHENGDU, person, "goes_here", 2, 30), 29000);
	pair_close(&pair);
}

/* At home itself nothing has to be portable. */
static void at_home_nothing_has_to_be_portable(void **state)
{
	static const struct programme_text programmes[] = {
	    {.code = "stays_here", .portable = "false"},
	    {.code = "goes_to_nanchong", .need = "service", .more = "    regions: [511300]\n"}};
	static struct pair pair;
	(void)state;
	pair_open(&pair, programmes, 2, programmes, 2);
	uint64_t local = town_person(&pair.host, ++next_serial, day(1940, 1, 1), INCOME_OTHER, 0);
	town_stay(&pair.host, HOUSE_D, local, day(2026, 6, 1), DAY_NEVER);
	pair_at(&pair, day(2026, 7, 2));
	expect_paid(judge(&pair, GUANGYUAN, local, "stays_here", 1, 30), 30000);
	expect_paid(judge(&pair, GUANGYUAN, local, "goes_to_nanchong", 1, 30), 30000);
	pair_close(&pair);
}

static void a_grant_may_name_the_one_city_where_it_is_drawn(void **state)
{
	static const struct programme_text granted = {.code = "granted", .needs_grant = "true"};
	static struct pair pair;
	(void)state;
	pair_open(&pair, &granted, 1, &granted, 1);
	struct town nanchong;
	struct catalogue_text catalogue;
	catalogue_of(&catalogue, NANCHONG, 1, &granted, 1);
	town_open(&nanchong, NANCHONG, catalogue_span(&catalogue), &pair.post);
	struct town *const towns[] = {&pair.home, &pair.host, &nanchong};
	town_introduce((struct town *const[]){&pair.home, &nanchong}, 2, &pair.post);
	uint64_t person = traveller(&pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	/* Up to the 15th in Nanchong, from the 16th on in Guangyuan. */
	for (unsigned i = 0; i < 2; i++) {
		struct grant_line grant = {.person = person,
		    .programme = "granted",
		    .from_day = i ? day(2026, 6, 16) : day(2026, 1, 1),
		    .until_day = i ? DAY_NEVER : day(2026, 6, 15),
		    .paid_to = PAID_TO_INSTITUTION,
		    .region = i ? GUANGYUAN : NANCHONG,
		    .state = GRANT_GIVEN};
		struct buffer line = {0};
		grant_line_write(&line, &grant);
		town_register(&pair.home, KIND_grant, &line, REASON_registered);
	}
	town_carry(towns, 3, &pair.post);
	pair_at(&pair, day(2026, 7, 2));
	expect_refused(judge(&pair, CHENGDU, person, "granted", 15, 30), REASON_not_portable,
	    day(2026, 6, 15));
	expect_paid(judge(&pair, CHENGDU, person, "granted", 16, 30), 15000);
	town_close(&nanchong);
	pair_close(&pair);
}

/* --- 7, 3, 2, 10 ---------------------------------------------------------------------------------------------- */

/* A claim is in time when its host has booked it, however long the way to the payer takes. */
static void the_hosts_booking_is_what_counts_for_the_deadline(void **state)
{
	static struct pair pair;
	(void)state;
	pair_open(&pair, &home_pays, 1, &home_pays, 1);
	uint64_t person = traveller(&pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	/* 30 June and 60 days: 29 August. */
	pair_at(&pair, day(2026, 8, 29));
	uint64_t in_time = claim(&pair, CHENGDU, person, "care_subsidy", 1, 15);
	town_at(&pair.host, day(2026, 8, 30));
	uint64_t late = claim(&pair, CHENGDU, person, "care_subsidy", 16, 30);
	/* Chengdu's own clock is behind or far ahead: it does not matter. */
	town_at(&pair.home, day(2026, 11, 15));
	carry(&pair);
	expect_paid(desk_verdict(&pair.host, HOUSE_D, in_time, 0), 15000);
	expect_refused(
	    desk_verdict(&pair.host, HOUSE_D, late, 0), REASON_too_late, day(2026, 8, 29));
	pair_close(&pair);
}

static void the_host_says_how_its_institution_stands(void **state)
{
	static struct pair pair;
	(void)state;
	pair_open(&pair, &home_pays, 1, &home_pays, 1);
	uint64_t person = traveller(&pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	desk_standing(&pair.host, HOUSE_D, INSTITUTION_SUSPEND, day(2026, 6, 16));
	carry(&pair);
	pair_at(&pair, day(2026, 7, 2));
	expect_refused(judge(&pair, CHENGDU, person, "care_subsidy", 15, 30), REASON_suspended,
	    day(2026, 6, 16));
	expect_paid(judge(&pair, CHENGDU, person, "care_subsidy", 1, 15), 15000);
	pair_close(&pair);
}

/* What the host itself does not know is not sent on: it says so at once. */
static void a_house_unknown_to_its_host_gets_no_further(void **state)
{
	static struct pair pair;
	const struct hash seed = {{0x0f}};
	struct secret_key officer;
	struct buffer lines = {0};
	struct claim_paper paper;
	(void)state;
	pair_open(&pair, &home_pays, 1, &home_pays, 1);
	uint64_t person = traveller(&pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	key_from_seed(&seed, &officer);
	codec_put_array(&lines, 3);
	codec_put_uint(&lines, 1);
	codec_put_text(&lines, span_text("li"));
	codec_put_bytes(&lines, span_of(officer.public.bytes, PUBLIC_KEY_SIZE));
	town_register(&pair.host, KIND_officer, &lines, REASON_registered);
	/* A house of Chengdu is none of Guangyuan's. */
	town_house(&pair.home, HOUSE_A, CHENGDU, 10);
	carry(&pair);
	pair_at(&pair, day(2026, 7, 2));
	const struct claim_line line = {
	    .person = person, .programme = "care_subsidy", .first = 1, .last = 30};
	static const char *const houses[] = {HOUSE_B, HOUSE_A, HOUSE_D};
	for (uint64_t i = 0; i < 3; i++) {
		paper_sign(&paper, &officer,
		    paper_header(houses[i], 1000 + i, GUANGYUAN, CHENGDU, JUNE), &line, 1);
		assert_int_equal(paper_submit(&pair.host, &paper), ERROR_NONE);
		paper_free(&paper);
		assert_int_equal(pair.post.count, i == 2);
		if (i < 2)
			expect_bare(desk_verdict(&pair.host, houses[i], 1000 + i, 0),
			    REASON_unknown_institution);
	}
	/* Entered by an officer of the host for a house that it has: paid. */
	carry(&pair);
	expect_paid(desk_verdict(&pair.host, HOUSE_D, 1002, 0), 30000);
	pair_close(&pair);
}

static void a_stay_that_waits_for_home_is_not_accepted_yet(void **state)
{
	static struct pair pair;
	(void)state;
	pair_open(&pair, &host_pays, 1, &host_pays, 1);
	uint64_t person = town_person(&pair.home, ++next_serial, day(1940, 1, 1), INCOME_OTHER, 0);
	town_file(&pair.home, person, GUANGYUAN, day(2026, 6, 1), DAY_NEVER);
	carry(&pair);
	pair_at(&pair, day(2026, 7, 2));
	town_stay(&pair.host, HOUSE_D, person, day(2026, 6, 1), DAY_NEVER);
	/* The question to Chengdu waits in the post. */
	uint64_t early = claim(&pair, GUANGYUAN, person, "bed_subsidy", 1, 30);
	expect_refused(
	    desk_verdict(&pair.host, HOUSE_D, early, 0), REASON_no_stay, day(2026, 6, 1));
	carry(&pair);
	uint64_t accepted = claim(&pair, GUANGYUAN, person, "bed_subsidy", 1, 30);
	expect_paid(desk_verdict(&pair.host, HOUSE_D, accepted, 0), 30000);
	pair_close(&pair);
}

/* By hand: June, 50.00 a month, moved on the 12th: 1833 and 3167, whichever city claims first. */
static void a_move_between_cities_splits_the_month_exactly(void **state)
{
	static const struct programme_text fifty = {.code = "fifty",
	    .unit = "bed_month",
	    .amounts = "      - {amount: 50.00, clause: a}\n"};
	static struct pair pair;
	(void)state;
	for (unsigned order = 0; order < 2; order++) {
		pair_open(&pair, &fifty, 1, &fifty, 1);
		town_house(&pair.home, HOUSE_A, CHENGDU, 10);
		uint64_t person =
		    town_person(&pair.home, ++next_serial, day(1940, 1, 1), INCOME_OTHER, 0);
		town_stay(&pair.home, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 11));
		town_file(&pair.home, person, GUANGYUAN, day(2026, 6, 12), DAY_NEVER);
		carry(&pair);
		town_stay(&pair.host, HOUSE_D, person, day(2026, 6, 12), DAY_NEVER);
		carry(&pair);
		pair_at(&pair, day(2026, 7, 2));
		const struct claim_line here = {
		    .person = person, .programme = "fifty", .first = 1, .last = 11};
		if (order == 0)
			expect_paid(judge(&pair, CHENGDU, person, "fifty", 12, 30), 3167);
		uint64_t number = desk_claim(&pair.home, HOUSE_A, CHENGDU, JUNE, &here, 1);
		expect_paid(desk_verdict(&pair.home, HOUSE_A, number, 0), 1833);
		if (order == 1)
			expect_paid(judge(&pair, CHENGDU, person, "fifty", 12, 30), 3167);
		/* The night before the move was the giver's, which has claimed it. */
		expect_refused(judge(&pair, CHENGDU, person, "fifty", 11, 11), REASON_duplicate,
		    day(2026, 6, 11));
		pair_close(&pair);
	}
}

/* Nights that Guangyuan's house was paid for before its stay was cut short are not paid again at home. */
static void nights_paid_elsewhere_are_not_paid_again_at_home(void **state)
{
	static struct pair pair;
	(void)state;
	pair_open(&pair, &home_pays, 1, &home_pays, 1);
	town_house(&pair.home, HOUSE_A, CHENGDU, 10);
	uint64_t person = traveller(&pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
	pair_at(&pair, day(2026, 7, 2));
	expect_paid(judge(&pair, CHENGDU, person, "care_subsidy", 1, 30), 30000);
	desk_leave(&pair.host, HOUSE_D, person, day(2026, 6, 1), day(2026, 6, 11));
	carry(&pair);
	town_stay(&pair.home, HOUSE_A, person, day(2026, 6, 12), DAY_NEVER);
	const struct claim_line again = {
	    .person = person, .programme = "care_subsidy", .first = 12, .last = 30};
	uint64_t number = desk_claim(&pair.home, HOUSE_A, CHENGDU, JUNE, &again, 1);
	expect_refused(
	    desk_verdict(&pair.home, HOUSE_A, number, 0), REASON_duplicate, day(2026, 6, 12));
	pair_close(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_day_elsewhere_needs_a_filing),
	    cmocka_unit_test(a_host_that_pays_for_everybody_asks_for_the_filing_too),
	    cmocka_unit_test(a_host_is_told_of_a_level_that_ended_what_it_was_told_before),
	    cmocka_unit_test(a_claim_goes_to_the_city_that_pays),
	    cmocka_unit_test(the_payer_may_change_within_a_month),
	    cmocka_unit_test(what_home_does_not_let_go_is_not_paid_elsewhere),
	    cmocka_unit_test(at_home_nothing_has_to_be_portable),
	    cmocka_unit_test(a_grant_may_name_the_one_city_where_it_is_drawn),
	    cmocka_unit_test(the_hosts_booking_is_what_counts_for_the_deadline),
	    cmocka_unit_test(the_host_says_how_its_institution_stands),
	    cmocka_unit_test(a_house_unknown_to_its_host_gets_no_further),
	    cmocka_unit_test(a_stay_that_waits_for_home_is_not_accepted_yet),
	    cmocka_unit_test(a_move_between_cities_splits_the_month_exactly),
	    cmocka_unit_test(nights_paid_elsewhere_are_not_paid_again_at_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
