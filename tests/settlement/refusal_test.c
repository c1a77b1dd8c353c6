/* Refusals of a city's own claims. The catalogue is the one of Chengdu that is built in; each line that is refused stands beside the
 * nearest one that is not, both worked out by hand from the catalogue's text and docs/settlement.md, "Adjudication". */
#include "refusal.h"

/* --- 1, 2, 3, 4: who ---------------------------------------------------------------------------------------- */

static void a_code_that_no_city_gave_out_is_an_unknown_person(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	town_at(&city, day(2026, 7, 2));
	/* The check digit is the last one: any other is no code. */
	for (uint64_t digit = 0; digit < 10; digit++) {
		uint64_t code = person - person % 10 + digit;
		if (code != person)
			expect_bare(judge(&city, JUNE, code, BED, 1, 30), REASON_unknown_person);
	}
	/* A right code that was not given out yet. */
	expect_bare(judge(&city, JUNE, person_code_make(CHENGDU, next_serial + 1), BED, 1, 30),
	    REASON_unknown_person);
	/* Level 2: 100.00 a month. */
	expect_paid(judge(&city, JUNE, person, BED, 1, 30), 10000);
	town_close(&city);
}

static void who_is_forgotten_cannot_be_claimed_for(void **state)
{
	struct town city;
	struct buffer lines = {0};
	struct txn *txn;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	town_at(&city, day(2026, 7, 2));
	expect_paid(judge(&city, JUNE, person, BED, 1, 29), 9667); /* floor(2*10000*29+30 / 60) */
	city.forgets = true;
	erase_line_write(&lines, person);
	town_register(&city, KIND_erase, &lines, REASON_erased);
	assert_int_equal(txn_begin_write(ledger_store(city.ledger), &txn), ERROR_NONE);
	assert_int_equal(registry_erase(txn, &city.registry_key, person), ERROR_NONE);
	assert_int_equal(txn_commit(txn), ERROR_NONE);
	expect_bare(judge(&city, JUNE, person, BED, 30, 30), REASON_erased);
	town_close(&city);
}

static struct secret_key officer_key(void)
{
	const struct hash seed = {{0x0f}};
	struct secret_key key;
	key_from_seed(&seed, &key);
	return key;
}

static void add_officer(struct town *city)
{
	struct buffer lines = {0};
	struct secret_key key = officer_key();
	codec_put_array(&lines, 3);
	codec_put_uint(&lines, 1);
	codec_put_text(&lines, span_text("li"));
	codec_put_bytes(&lines, span_of(key.public.bytes, PUBLIC_KEY_SIZE));
	town_register(city, KIND_officer, &lines, REASON_registered);
}

/* A sheet that an officer enters from paper. */
static struct verdict judge_entered(struct town *city, const char *uscc, uint64_t person)
{
	const struct claim_line line = {.person = person, .programme = BED, .first = 1, .last = 30};
	const struct secret_key key = officer_key();
	struct claim_paper paper;
	uint64_t number = ++city->numbers;
	paper_sign(&paper, &key, paper_header(uscc, number, CHENGDU, CHENGDU, JUNE), &line, 1);
	if (paper_submit(city, &paper))
		fail_msg("%s", city->detail.text);
	paper_free(&paper);
	return desk_verdict(city, uscc, number, 0);
}

static void a_house_that_the_city_has_not_registered_is_unknown(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	add_officer(&city);
	town_at(&city, day(2026, 7, 2));
	/* HOUSE_B has a right code, but nobody has registered it: only an officer can enter its paper. */
	expect_bare(judge_entered(&city, HOUSE_B, person), REASON_unknown_institution);
	/* The same paper after it was registered; the person sleeps in HOUSE_A, so the next fault is told. */
	town_house(&city, HOUSE_B, CHENGDU, 10);
	expect_refused(judge_entered(&city, HOUSE_B, person), REASON_no_stay, day(2026, 6, 1));
	expect_paid(judge_entered(&city, HOUSE_A, person), 10000);
	town_close(&city);
}

static void nights_from_the_day_of_a_bar_are_refused_and_earlier_ones_stand(void **state)
{
	static const enum institution_operation bars[] = {
	    INSTITUTION_SUSPEND, INSTITUTION_BLACKLIST};
	(void)state;
	for (size_t i = 0; i < sizeof(bars) / sizeof(*bars); i++) {
		struct town city;
		city_open(&city);
		uint64_t person = guest(&city);
		town_at(&city, day(2026, 6, 20));
		desk_standing(&city, HOUSE_A, bars[i], day(2026, 6, 16));
		town_at(&city, day(2026, 7, 2));
		expect_refused(
		    judge(&city, JUNE, person, BED, 1, 30), REASON_suspended, day(2026, 6, 16));
		expect_refused(
		    judge(&city, JUNE, person, BED, 16, 16), REASON_suspended, day(2026, 6, 16));
		/* The night of the 15th is over when the bar begins. R(15) of 10000 = 5000. */
		expect_paid(judge(&city, JUNE, person, BED, 1, 15), 5000);
		/* Restored from the 21st on: the nights 16 to 20 stay barred. */
		desk_standing(&city, HOUSE_A, INSTITUTION_RESTORE, day(2026, 6, 21));
		expect_refused(
		    judge(&city, JUNE, person, BED, 20, 30), REASON_suspended, day(2026, 6, 20));
		expect_paid(judge(&city, JUNE, person, BED, 21, 30), 3333); /* R(30) - R(20) */
		town_close(&city);
	}
}

/* What a sheet that is refused as a whole leaves behind: nothing. */
static void expect_sheet_refused(
    struct town *city, const struct claim_paper *paper, enum error error)
{
	struct hash before, after;
	uint64_t size = desk_head(city, &before);
	assert_int_equal(paper_submit(city, paper), error);
	assert_int_equal(desk_head(city, &after), size);
	assert_true(hash_equal(&before, &after));
}

static void a_sheet_that_its_institution_has_not_signed_is_no_claim(void **state)
{
	struct town city;
	struct claim_paper paper;
	(void)state;
	city_open(&city);
	const struct claim_line line = {
	    .person = guest(&city), .programme = BED, .first = 1, .last = 30};
	const struct secret_key own = town_house_key(HOUSE_A), foreign = town_house_key(HOUSE_B),
				stranger = town_house_key(HOUSE_C);
	town_house(&city, HOUSE_B, CHENGDU, 10);
	town_at(&city, day(2026, 7, 2));
	/* A key that nobody knows, and the key of another house. */
	paper_sign(&paper, &stranger, paper_header(HOUSE_A, 1, CHENGDU, CHENGDU, JUNE), &line, 1);
	expect_sheet_refused(&city, &paper, ERROR_UNKNOWN_KEY);
	paper_free(&paper);
	paper_sign(&paper, &foreign, paper_header(HOUSE_A, 1, CHENGDU, CHENGDU, JUNE), &line, 1);
	expect_sheet_refused(&city, &paper, ERROR_UNKNOWN_KEY);
	paper_free(&paper);
	paper_sign(&paper, &own, paper_header(HOUSE_A, 1, CHENGDU, CHENGDU, JUNE), &line, 1);
	/* The last byte of the document is one of the signature's. */
	uint8_t *last = (uint8_t *)(uintptr_t)paper.document.data + paper.document.size - 1;
	*last ^= 1;
	expect_sheet_refused(&city, &paper, ERROR_SIGNATURE);
	*last ^= 1;
	/* Other lines under a right signature. */
	paper.attachment.data[paper.attachment.size - 3] ^= 1;
	expect_sheet_refused(&city, &paper, ERROR_MISMATCH);
	paper.attachment.data[paper.attachment.size - 3] ^= 1;
	assert_int_equal(paper_submit(&city, &paper), ERROR_NONE);
	expect_paid(desk_verdict(&city, HOUSE_A, 1, 0), 10000);
	paper_free(&paper);
	town_close(&city);
}

static void a_new_key_ends_the_old_one(void **state)
{
	struct town city;
	struct claim_paper paper;
	struct buffer lines = {0};
	(void)state;
	city_open(&city);
	const struct claim_line line = {
	    .person = guest(&city), .programme = BED, .first = 1, .last = 30};
	const struct secret_key old = town_house_key(HOUSE_A), new = town_house_key(HOUSE_C);
	struct institution_line change = {
	    .operation = INSTITUTION_KEY, .has_key = true, .key = new.public};
	memcpy(change.uscc, HOUSE_A, USCC_SIZE);
	town_at(&city, day(2026, 7, 2));
	institution_line_write(&lines, &change);
	town_register(&city, KIND_institution, &lines, REASON_registered);
	paper_sign(&paper, &old, paper_header(HOUSE_A, 1, CHENGDU, CHENGDU, JUNE), &line, 1);
	expect_sheet_refused(&city, &paper, ERROR_UNKNOWN_KEY);
	paper_free(&paper);
	paper_sign(&paper, &new, paper_header(HOUSE_A, 1, CHENGDU, CHENGDU, JUNE), &line, 1);
	assert_int_equal(paper_submit(&city, &paper), ERROR_NONE);
	expect_paid(desk_verdict(&city, HOUSE_A, 1, 0), 10000);
	paper_free(&paper);
	town_close(&city);
}

/* --- 6, 7: when --------------------------------------------------------------------------------------------- */

static void nothing_is_paid_before_the_programmes_first_day(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = town_person(&city, ++next_serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_assess(&city, person, 2, day(2025, 1, 1), day(2028, 12, 31));
	town_stay(&city, HOUSE_A, person, day(2025, 12, 1), DAY_NEVER);
	town_at(&city, day(2026, 2, 2));
	/* In force from 2026-01-01. */
	expect_refused(
	    judge(&city, 202512, person, BED, 31, 31), REASON_not_in_force, day(2025, 12, 31));
	expect_paid(judge(&city, 202601, person, BED, 1, 1), 323); /* floor((2*10000+31)/62) */
	/* A code that the catalogue does not have. */
	expect_refused(judge(&city, 202601, person, "meal_subsidy", 2, 31), REASON_not_in_force,
	    day(2026, 1, 2));
	town_close(&city);
}

static void what_is_paid_to_the_card_is_not_for_institutions_to_claim(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	town_at(&city, day(2026, 7, 2));
	expect_refused(judge(&city, JUNE, person, "old_age_allowance", 1, 30), REASON_not_in_force,
	    day(2026, 6, 1));
	expect_paid(judge(&city, JUNE, person, BED, 1, 30), 10000);
	town_close(&city);
}

static void the_deadline_is_the_last_day_on_which_a_sheet_is_booked(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	/* 60 days after 30 June: 31 of July, 29 of August. Its last millisecond in Beijing. */
	city.now_ms = day_start_ms(day(2026, 8, 30)) - 1;
	expect_paid(judge(&city, JUNE, person, BED, 1, 15), 5000);
	city.now_ms = day_start_ms(day(2026, 8, 30));
	expect_refused(judge(&city, JUNE, person, BED, 16, 30), REASON_too_late, day(2026, 8, 29));
	/* July may still be claimed: to 29 September. */
	expect_paid(judge(&city, 202607, person, BED, 1, 31), 10000);
	town_close(&city);
}

/* --- 8: once ------------------------------------------------------------------------------------------------ */

static void a_day_of_a_need_is_paid_once(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	grant(&city, person, SERVICE);
	town_at(&city, day(2026, 7, 2));
	expect_paid(judge(&city, JUNE, person, BED, 10, 20), 3667); /* R(20) - R(9) = 6667 - 3000 */
	expect_refused(judge(&city, JUNE, person, BED, 20, 30), REASON_duplicate, day(2026, 6, 20));
	expect_refused(judge(&city, JUNE, person, BED, 1, 10), REASON_duplicate, day(2026, 6, 10));
	expect_refused(judge(&city, JUNE, person, BED, 1, 30), REASON_duplicate, day(2026, 6, 10));
	/* Another need's days are its own. */
	expect_paid(judge(&city, JUNE, person, SERVICE, 10, 20), 7333); /* 13333 - 6000 */
	/* What is left of the month: 3000 + 3667 + 3333 = 10000. */
	expect_paid(judge(&city, JUNE, person, BED, 1, 9), 3000);
	expect_paid(judge(&city, JUNE, person, BED, 21, 30), 3333);
	/* The same days of another month are other days. */
	expect_paid(judge(&city, 202605, person, BED, 10, 20), 3549); /* 6452 - 2903 of 31 */
	town_close(&city);
}

static void lines_of_one_sheet_see_each_other(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t a = guest(&city), b = guest(&city);
	const struct claim_line lines[] = {{a, BED, 1, 10, 0, 0}, {a, BED, 10, 20, 0, 0},
	    {a, BED, 11, 20, 0, 0}, {b, BED, 1, 30, 0, 0}, {b, BED, 1, 30, 0, 0}};
	town_at(&city, day(2026, 7, 2));
	uint64_t number = desk_claim(&city, HOUSE_A, CHENGDU, JUNE, lines, 5);
	expect_paid(desk_verdict(&city, HOUSE_A, number, 0), 3333);
	expect_refused(desk_verdict(&city, HOUSE_A, number, 1), REASON_duplicate, day(2026, 6, 10));
	expect_paid(desk_verdict(&city, HOUSE_A, number, 2), 3334); /* 6667 - 3333 */
	expect_paid(desk_verdict(&city, HOUSE_A, number, 3), 10000);
	expect_refused(desk_verdict(&city, HOUSE_A, number, 4), REASON_duplicate, day(2026, 6, 1));
	town_close(&city);
}

/* A stay that turns out to have ended long ago was paid for; who then has the person is not paid for the same nights again. */
static void nights_paid_in_a_stay_that_ended_earlier_are_not_paid_in_the_next_one(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	town_house(&city, HOUSE_B, CHENGDU, 10);
	town_at(&city, day(2026, 7, 2));
	expect_paid(judge(&city, JUNE, person, BED, 1, 30), 10000);
	uint64_t claimed = city.sequence;
	/* The truth comes later: moved on 12 June, from HOUSE_A to HOUSE_B, and back on the 20th. */
	desk_leave(&city, HOUSE_A, person, day(2026, 3, 1), day(2026, 6, 11));
	town_stay(&city, HOUSE_B, person, day(2026, 6, 12), day(2026, 6, 19));
	town_stay(&city, HOUSE_A, person, day(2026, 6, 20), DAY_NEVER);
	const struct claim_line moved = {person, BED, 12, 19, 0, 0};
	uint64_t number = desk_claim(&city, HOUSE_B, CHENGDU, JUNE, &moved, 1);
	expect_refused(desk_verdict(&city, HOUSE_B, number, 0), REASON_duplicate, day(2026, 6, 12));
	expect_refused(judge(&city, JUNE, person, BED, 20, 30), REASON_duplicate, day(2026, 6, 20));
	/* The line is taken back: its days are free, in whatever stays they are now. */
	struct buffer lines = {0};
	reversal_line_write(&lines, claimed, 0, span_text("moved on 12 June"));
	town_register(&city, KIND_reversal, &lines, REASON_reversed);
	expect_paid(judge(&city, JUNE, person, BED, 1, 11), 3667);
	number = desk_claim(&city, HOUSE_B, CHENGDU, JUNE, &moved, 1);
	expect_paid(
	    desk_verdict(&city, HOUSE_B, number, 0), 2666); /* R(19) - R(11) = 6333 - 3667 */
	expect_paid(judge(&city, JUNE, person, BED, 20, 30), 3667); /* 3667 + 2666 + 3667 = 10000 */
	/* July was not claimed. */
	town_at(&city, day(2026, 8, 2));
	expect_paid(judge(&city, 202607, person, BED, 1, 31), 10000);
	town_close(&city);
}

static void the_last_night_alone_is_not_paid_again_either(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city), other = guest(&city);
	town_house(&city, HOUSE_B, CHENGDU, 10);
	town_at(&city, day(2026, 7, 2));
	expect_paid(judge(&city, JUNE, person, BED, 1, 30), 10000);
	expect_paid(judge(&city, JUNE, other, BED, 1, 29), 9667);
	desk_leave(&city, HOUSE_A, person, day(2026, 3, 1), day(2026, 6, 29));
	desk_leave(&city, HOUSE_A, other, day(2026, 3, 1), day(2026, 6, 29));
	town_stay(&city, HOUSE_B, person, day(2026, 6, 30), DAY_NEVER);
	town_stay(&city, HOUSE_B, other, day(2026, 6, 30), DAY_NEVER);
	const struct claim_line nights[] = {
	    {person, BED, 30, 30, 0, 0}, {other, BED, 30, 30, 0, 0}};
	uint64_t number = desk_claim(&city, HOUSE_B, CHENGDU, JUNE, nights, 2);
	expect_refused(desk_verdict(&city, HOUSE_B, number, 0), REASON_duplicate, day(2026, 6, 30));
	/* The other one's night was not claimed: 10000 - 9667. */
	expect_paid(desk_verdict(&city, HOUSE_B, number, 1), 333);
	town_close(&city);
}

/* --- 10, 18: the stay --------------------------------------------------------------------------------------- */

static void each_night_must_be_one_of_a_stay_in_this_house(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = town_person(&city, ++next_serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_assess(&city, person, 2, day(2025, 1, 1), day(2028, 12, 31));
	town_house(&city, HOUSE_B, CHENGDU, 10);
	/* Came on the 5th, left on the 12th; elsewhere that night; came back on the 13th, left on the 21st. */
	town_stay(&city, HOUSE_A, person, day(2026, 6, 5), day(2026, 6, 11));
	town_stay(&city, HOUSE_B, person, day(2026, 6, 12), day(2026, 6, 12));
	town_stay(&city, HOUSE_A, person, day(2026, 6, 13), day(2026, 6, 20));
	town_at(&city, day(2026, 7, 2));
	expect_refused(judge(&city, JUNE, person, BED, 4, 11), REASON_no_stay, day(2026, 6, 4));
	expect_refused(judge(&city, JUNE, person, BED, 5, 12), REASON_no_stay, day(2026, 6, 12));
	expect_refused(judge(&city, JUNE, person, BED, 5, 20), REASON_no_stay, day(2026, 6, 12));
	expect_refused(judge(&city, JUNE, person, BED, 13, 21), REASON_no_stay, day(2026, 6, 21));
	expect_paid(judge(&city, JUNE, person, BED, 5, 11), 2334);  /* 3667 - 1333 */
	expect_paid(judge(&city, JUNE, person, BED, 13, 20), 2667); /* 6667 - 4000 */
	const struct claim_line between = {person, BED, 12, 12, 0, 0};
	expect_paid(
	    desk_verdict(&city, HOUSE_B, desk_claim(&city, HOUSE_B, CHENGDU, JUNE, &between, 1), 0),
	    333); /* 4000 - 3667 */
	town_close(&city);
}

static void two_stays_without_a_gap_are_nights_enough_for_one_line(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = town_person(&city, ++next_serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_assess(&city, person, 2, day(2025, 1, 1), day(2028, 12, 31));
	town_stay(&city, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 11));
	town_stay(&city, HOUSE_A, person, day(2026, 6, 12), DAY_NEVER);
	town_at(&city, day(2026, 7, 2));
	expect_paid(judge(&city, JUNE, person, BED, 1, 30), 10000);
	/* Both stays' days are taken. */
	expect_refused(judge(&city, JUNE, person, BED, 11, 11), REASON_duplicate, day(2026, 6, 11));
	expect_refused(judge(&city, JUNE, person, BED, 12, 12), REASON_duplicate, day(2026, 6, 12));
	town_close(&city);
}

static void a_night_that_is_not_over_cannot_be_claimed(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	/* The night of the 20th is over when the 21st begins. */
	city.now_ms = day_start_ms(day(2026, 6, 21)) - 1;
	expect_refused(judge(&city, JUNE, person, BED, 1, 20), REASON_no_stay, day(2026, 6, 20));
	expect_paid(judge(&city, JUNE, person, BED, 1, 19), 6333);
	city.now_ms = day_start_ms(day(2026, 6, 21));
	expect_refused(judge(&city, JUNE, person, BED, 21, 30), REASON_no_stay, day(2026, 6, 21));
	expect_paid(judge(&city, JUNE, person, BED, 20, 20), 334); /* 6667 - 6333 */
	town_close(&city);
}

/* The overlap is home's verdict on the stay (the second in its log is refused); a line on nights of a stay that was refused has no
 * stay. */
static void the_second_of_two_stays_in_one_night_is_refused_and_its_line_has_no_stay(void **state)
{
	struct town city;
	(void)state;
	city_open(&city);
	uint64_t person = guest(&city);
	town_house(&city, HOUSE_B, CHENGDU, 10);
	desk_leave(&city, HOUSE_A, person, day(2026, 3, 1), day(2026, 6, 15));
	desk_stay_line(
	    &city, STAY_OPEN, HOUSE_B, person, day(2026, 6, 15), DAY_NEVER, REASON_overlap);
	town_at(&city, day(2026, 7, 2));
	const struct claim_line nights = {person, BED, 16, 30, 0, 0};
	uint64_t number = desk_claim(&city, HOUSE_B, CHENGDU, JUNE, &nights, 1);
	expect_refused(desk_verdict(&city, HOUSE_B, number, 0), REASON_no_stay, day(2026, 6, 16));
	/* The nearest stay that does not overlap. */
	town_stay(&city, HOUSE_B, person, day(2026, 6, 16), DAY_NEVER);
	number = desk_claim(&city, HOUSE_B, CHENGDU, JUNE, &nights, 1);
	expect_paid(desk_verdict(&city, HOUSE_B, number, 0), 5000);
	town_close(&city);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_code_that_no_city_gave_out_is_an_unknown_person),
	    cmocka_unit_test(who_is_forgotten_cannot_be_claimed_for),
	    cmocka_unit_test(a_house_that_the_city_has_not_registered_is_unknown),
	    cmocka_unit_test(nights_from_the_day_of_a_bar_are_refused_and_earlier_ones_stand),
	    cmocka_unit_test(a_sheet_that_its_institution_has_not_signed_is_no_claim),
	    cmocka_unit_test(a_new_key_ends_the_old_one),
	    cmocka_unit_test(nothing_is_paid_before_the_programmes_first_day),
	    cmocka_unit_test(what_is_paid_to_the_card_is_not_for_institutions_to_claim),
	    cmocka_unit_test(the_deadline_is_the_last_day_on_which_a_sheet_is_booked),
	    cmocka_unit_test(a_day_of_a_need_is_paid_once),
	    cmocka_unit_test(lines_of_one_sheet_see_each_other),
	    cmocka_unit_test(nights_paid_in_a_stay_that_ended_earlier_are_not_paid_in_the_next_one),
	    cmocka_unit_test(the_last_night_alone_is_not_paid_again_either),
	    cmocka_unit_test(each_night_must_be_one_of_a_stay_in_this_house),
	    cmocka_unit_test(two_stays_without_a_gap_are_nights_enough_for_one_line),
	    cmocka_unit_test(a_night_that_is_not_over_cannot_be_claimed),
	    cmocka_unit_test(
		the_second_of_two_stays_in_one_night_is_refused_and_its_line_has_no_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
