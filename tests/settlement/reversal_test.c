/* Amounts by hand: R(x) = floor((2 a x + n) / 2n) are the first x of a month's n days; June has 30, July 31. */
#include "town.h"

#define JUNE 202606u
#define JULY 202607u

struct fixture {
	struct town chengdu, chongqing;
	struct town *towns[2];
	struct town_post post;
};

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	assert_non_null(*state);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	if (fixture->chengdu.ledger)
		town_close(&fixture->chengdu);
	if (fixture->chongqing.ledger)
		town_close(&fixture->chongqing);
	town_post_free(&fixture->post);
	free(fixture);
	return 0;
}

static const char beds[] = CATALOGUE("510100", "1")
    DAILY("bed_subsidy", "bed", "home", "2026-01-01", "50.00", "central, lottery, city", "");
static const char beds_of_chongqing[] =
    CATALOGUE("500000", "1") DAILY("bed_subsidy", "bed", "home", "2026-01-01", "60.00", "city", "");

/* Chengdu alone, in August, with 1000.00 in the city's fund. */
static struct town *chengdu_alone(struct fixture *fixture, const char *yaml, uint32_t licensed)
{
	struct town *town = &fixture->chengdu;
	town_open(town, CHENGDU, span_text(yaml), &fixture->post);
	town_house(town, HOUSE_A, CHENGDU, licensed);
	town_fund(town, "city", 100000);
	town_at(town, day(2026, 8, 3));
	return town;
}

static uint64_t guest(struct town *town, uint32_t serial, unsigned first, unsigned last)
{
	uint64_t person = town_person(town, serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_stay(town, HOUSE_A, person, day(2026, 6, (int)first), day(2026, 6, (int)last));
	return person;
}

static uint64_t claim_june(struct town *town, uint64_t person, unsigned first, unsigned last)
{
	return town_claim_one(
	    town, HOUSE_A, town->region, JUNE, "bed_subsidy", person, first, last);
}

static enum error reverse(struct town *town, uint64_t sequence, uint32_t line)
{
	struct buffer lines = {0};
	reversal_line_write(&lines, sequence, line, span_text("入住日期有误"));
	return town_order(town, KIND_reversal, NULL, 0, &lines, 1);
}

/* The verdict on a reversed line: [reversed, fen, fen of it that were still to be paid]. */
static void reversed(struct town *town, uint32_t line, uint64_t fen, uint64_t back)
{
	struct span item;
	assert_int_equal(
	    entry_item(buffer_span(&town->decision.verdicts), line, &item), ERROR_NONE);
	struct codec_reader reader = codec_reader(item);
	codec_array_exact(&reader, 3);
	assert_int_equal(codec_uint(&reader), REASON_reversed);
	assert_true(codec_uint(&reader) == fen);
	assert_true(codec_uint(&reader) == back);
	assert_int_equal(codec_finish(&reader), ERROR_NONE);
}

static enum error order_payment(struct town *town, enum payment_kind kind, const char *name)
{
	struct buffer parameters = {0};
	payment_parameters_write(&parameters, kind, name, "");
	return town_order(town, KIND_payment_order, &parameters, PAYMENT_PARAMETERS, NULL, 0);
}

/* --- the payer's own institutions --------------------------------------------------------------------------- */

static void what_is_not_ordered_yet_goes_back_to_the_funds_it_came_from(void **state)
{
	struct town *town = chengdu_alone(*state, beds, 100);
	town_fund(town, "central", 1200);
	town_fund(town, "lottery", 3000);
	uint64_t sequence = claim_june(town, guest(town, 1, 1, 30), 1, 30);
	town_approved(town, sequence, 0, 5000);
	assert_int_equal(reverse(town, sequence, 0), ERROR_NONE);
	reversed(town, 0, 5000, 5000);
	assert_true(town_local(town, HOUSE_A) == 0);
	assert_true(town_recoverable(town, HOUSE_A) == 0);
	assert_true(town_fund_left(town, "central") == 1200);
	assert_true(town_fund_left(town, "lottery") == 3000);
	assert_true(town_fund_left(town, "city") == 100000);
}

/* Ordered: 50.00 (and held until the bank's word). Then another 16.67 comes, which is not ordered. Of the 50.00 that are
 * taken back, 16.67 were still to be paid; the institution owes 33.33. */
static void what_is_ordered_already_the_institution_owes(void **state)
{
	struct town *town = chengdu_alone(*state, beds, 100);
	uint64_t first = claim_june(town, guest(town, 1, 1, 30), 1, 30);
	assert_int_equal(order_payment(town, PAYMENT_INSTITUTION, "202608-1"), ERROR_NONE);
	uint64_t second = claim_june(town, guest(town, 2, 1, 10), 1, 10);
	town_approved(town, second, 0, 1667);
	assert_int_equal(reverse(town, first, 0), ERROR_NONE);
	reversed(town, 0, 5000, 1667);
	/* 50.00 are still to go out by the order. */
	assert_true(town_local(town, HOUSE_A) == 5000);
	assert_true(town_recoverable(town, HOUSE_A) == 3333);
	assert_true(town_fund_left(town, "city") == 100000 - 1667);
}

/* Lines of one order see what those before them have taken: 50.00 + 50.00 of which 50.00 are ordered. */
static void lines_of_one_reversal_share_what_is_not_ordered(void **state)
{
	struct town *town = chengdu_alone(*state, beds, 100);
	uint64_t first = claim_june(town, guest(town, 1, 1, 30), 1, 30);
	assert_int_equal(order_payment(town, PAYMENT_INSTITUTION, "202608-1"), ERROR_NONE);
	uint64_t second = claim_june(town, guest(town, 2, 1, 24), 1, 24);
	town_approved(town, second, 0, 4000);
	struct buffer lines = {0};
	reversal_line_write(&lines, second, 0, span_text("a"));
	reversal_line_write(&lines, first, 0, span_text("b"));
	assert_int_equal(town_order(town, KIND_reversal, NULL, 0, &lines, 2), ERROR_NONE);
	reversed(town, 0, 4000, 4000);
	reversed(town, 1, 5000, 0);
	assert_true(town_recoverable(town, HOUSE_A) == 5000);
	assert_true(town_fund_left(town, "city") == 100000);
}

static void a_line_is_taken_back_once(void **state)
{
	struct town *town = chengdu_alone(*state, beds, 100);
	uint64_t sequence = claim_june(town, guest(town, 1, 1, 30), 1, 30);
	struct buffer twice = {0};
	reversal_line_write(&twice, sequence, 0, span_text("a"));
	reversal_line_write(&twice, sequence, 0, span_text("b"));
	assert_int_equal(town_order(town, KIND_reversal, NULL, 0, &twice, 2), ERROR_EXISTS);
	assert_non_null(strstr(town->detail.text, "line 2"));
	assert_true(town_local(town, HOUSE_A) == 5000);
	assert_int_equal(reverse(town, sequence, 0), ERROR_NONE);
	assert_int_equal(reverse(town, sequence, 0), ERROR_EXISTS);
	assert_true(town_fund_left(town, "city") == 100000);
}

static void only_approved_lines_are_taken_back(void **state)
{
	struct town *town = chengdu_alone(*state, beds, 100);
	uint64_t person = guest(town, 1, 1, 10);
	uint64_t refused = claim_june(town, person, 1, 30);
	struct buffer no_grounds = {0};
	town_refused(town, refused, 0, REASON_no_stay);
	assert_int_equal(reverse(town, refused, 0), ERROR_NOT_FOUND);
	uint64_t approved = claim_june(town, person, 1, 10);
	assert_int_equal(reverse(town, approved, 1), ERROR_NOT_FOUND);
	assert_int_equal(reverse(town, approved + 100, 0), ERROR_NOT_FOUND);
	assert_int_equal(reverse(town, 0, 0), ERROR_NOT_FOUND); /* the genesis */
	reversal_line_write(&no_grounds, approved, 0, span_text(""));
	assert_int_equal(town_order(town, KIND_reversal, NULL, 0, &no_grounds, 1), ERROR_MALFORMED);
	assert_int_equal(reverse(town, approved, 0), ERROR_NONE);
}

/* --- days, caps and beds ------------------------------------------------------------------------------------ */

/* Of nights 1..10, 11..20 and 21..30 the middle is taken back: only it can be claimed again. */
static void exactly_the_lines_days_are_free_again(void **state)
{
	struct town *town = chengdu_alone(*state, beds, 100);
	uint64_t person = guest(town, 1, 1, 30);
	claim_june(town, person, 1, 10);
	uint64_t middle = claim_june(town, person, 11, 20);
	claim_june(town, person, 21, 30);
	assert_int_equal(reverse(town, middle, 0), ERROR_NONE);
	town_refused(town, claim_june(town, person, 10, 20), 0, REASON_duplicate);
	town_refused(town, claim_june(town, person, 11, 21), 0, REASON_duplicate);
	/* R(20) - R(10) = 3333 - 1667 */
	town_approved(town, claim_june(town, person, 11, 20), 0, 1666);
	assert_true(town_local(town, HOUSE_A) == 5000);
}

static const char capped_beds[] =
    CATALOGUE("510100", "1") DAILY("bed_subsidy", "bed", "home", "2026-01-01", "50.00", "city",
	"    takes_capacity: true\n    programme_cap: 60.00\n    person_month_cap: 55.00\n"
	"    quantity_cap_days: 30\n" LIMITS);

static void what_counted_against_beds_and_caps_is_free_again(void **state)
{
	struct town *town = chengdu_alone(*state, capped_beds, 1);
	uint64_t first = claim_june(town, guest(town, 1, 1, 30), 1, 30);
	uint64_t second = guest(town, 2, 1, 30);
	town_approved(town, claim_june(town, second, 1, 6), 0, 0); /* no bed is left */
	assert_int_equal(reverse(town, first, 0), ERROR_NONE);
	/* All 30 nights, all of both caps: 24 nights of the second are R(30) - R(6) = 4000. */
	uint64_t again = claim_june(town, second, 7, 30);
	town_approved(town, again, 0, 4000);
	assert_int_equal(town_verdict(town, again, 0).reduction_count, 0);
}

/* The catalogue has changed since: the funds stand in another order and the programme has a cap. The money goes back to
 * the fund that paid, and nothing is taken off a cap against which it did not count. */
static void a_line_is_taken_back_under_the_catalogue_that_decided_it(void **state)
{
	static const char changed[] =
	    "region: 510100\nname_zh: 某市\nname_en: a city\nversion: 2\n"
	    "effective_from: 2026-01-01\npays_from_float: true\nclearing: net\nfunds:\n"
	    "  - {code: other, name_zh: 另, name_en: other, source: fiscal, owner: 510100}\n"
	    "  - {code: second, name_zh: 二, name_en: second, source: fiscal, owner: 510100}\n"
	    "  - {code: third, name_zh: 三, name_en: third, source: fiscal, owner: 510100}\n"
	    "programmes:\n" DAILY("bed_subsidy", "bed", "home", "2026-01-01", "50.00", "third",
		"    programme_cap: 60.00\n" LIMITS);
	struct town *town = chengdu_alone(*state, beds, 100);
	uint64_t first = claim_june(town, guest(town, 1, 1, 30), 1, 30);
	uint64_t second = guest(town, 2, 1, 30), third = guest(town, 3, 1, 30);
	assert_int_equal(town_policy(town, span_text(changed)), ERROR_NONE);
	town_fund(town, "third", 100000);
	assert_int_equal(reverse(town, first, 0), ERROR_NONE);
	assert_true(town_fund_left(town, "city") == 100000);
	assert_true(town_fund_left(town, "third") == 100000);
	/* The cap is 60.00, and not 60.00 + 50.00. */
	town_approved(town, claim_june(town, second, 1, 30), 0, 5000);
	town_approved(town, claim_june(town, third, 1, 30), 0, 1000);
}

/* The house claimed all of June and told in July that the person had left on the 12th: the days stay claimed until they
 * are taken back, whoever claims them, and what is then claimed rightly is not late although the deadline has passed. */
static void days_of_a_stay_that_became_shorter_are_paid_once(void **state)
{
	struct town *town = chengdu_alone(*state, beds, 100);
	uint64_t person = town_person(town, 1, day(1940, 1, 1), INCOME_MINIMUM, 0);
	struct stay_line close = {.operation = STAY_CLOSE,
	    .person = person,
	    .first_day = day(2026, 6, 1),
	    .last_night = day(2026, 6, 11)};
	struct buffer line = {0};
	town_house(town, HOUSE_B, CHENGDU, 100);
	town_stay(town, HOUSE_A, person, day(2026, 6, 1), DAY_NEVER);
	uint64_t wrong = claim_june(town, person, 1, 30);
	town_approved(town, wrong, 0, 5000);
	memcpy(close.uscc, HOUSE_A, USCC_SIZE);
	stay_line_write(&line, &close);
	town_register(town, KIND_stay, &line, REASON_registered);
	town_stay(town, HOUSE_B, person, day(2026, 6, 12), day(2026, 6, 30));
	town_refused(town,
	    town_claim_one(town, HOUSE_B, CHENGDU, JUNE, "bed_subsidy", person, 12, 30), 0,
	    REASON_duplicate);
	/* June may be claimed for 60 days: until 29 August. */
	town_at(town, day(2026, 9, 10));
	town_refused(town, claim_june(town, guest(town, 2, 1, 30), 1, 30), 0, REASON_too_late);
	assert_int_equal(reverse(town, wrong, 0), ERROR_NONE);
	town_approved(town, claim_june(town, person, 1, 11), 0, 1833);
	town_approved(town,
	    town_claim_one(town, HOUSE_B, CHENGDU, JUNE, "bed_subsidy", person, 12, 30), 0, 3167);
	assert_true(town_local(town, HOUSE_A) == 1833);
	assert_true(town_local(town, HOUSE_B) == 3167);
}

/* --- between two cities ------------------------------------------------------------------------------------- */

static void two_cities(struct fixture *fixture, const char *yaml, uint32_t licensed)
{
	fixture->towns[0] = &fixture->chengdu;
	fixture->towns[1] = &fixture->chongqing;
	town_open(&fixture->chengdu, CHENGDU, span_text(beds), &fixture->post);
	town_open(&fixture->chongqing, CHONGQING, span_text(yaml), &fixture->post);
	town_introduce(fixture->towns, 2, &fixture->post);
	town_house(&fixture->chengdu, HOUSE_A, CHENGDU, licensed);
	town_fund(&fixture->chengdu, "city", 100000);
	town_fund(&fixture->chengdu, NULL, 100000);
	town_fund(&fixture->chongqing, "city", 100000);
	town_at(&fixture->chengdu, day(2026, 8, 3));
	town_at(&fixture->chongqing, day(2026, 8, 3));
	town_carry(fixture->towns, 2, &fixture->post);
}

/* A person of Chongqing who slept in Chengdu all June; returns Chongqing's entry that approved the claim of it. */
static uint64_t visit(struct fixture *fixture, uint32_t serial, uint64_t *person)
{
	*person = town_person(&fixture->chongqing, serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_file(&fixture->chongqing, *person, CHENGDU, day(2026, 6, 1), DAY_NEVER);
	town_carry(fixture->towns, 2, &fixture->post);
	town_stay(&fixture->chengdu, HOUSE_A, *person, day(2026, 6, 1), day(2026, 6, 30));
	town_carry(fixture->towns, 2, &fixture->post);
	town_claim_one(&fixture->chengdu, HOUSE_A, CHONGQING, JUNE, "bed_subsidy", *person, 1, 30);
	town_carry(fixture->towns, 2, &fixture->post);
	return fixture->chongqing.sequence;
}

static void cut(struct fixture *fixture, struct town *payer)
{
	struct buffer parameter = {0};
	codec_put_null(&parameter);
	assert_int_equal(town_order(payer, KIND_cut, &parameter, 1, NULL, 0), ERROR_NONE);
	town_carry(fixture->towns, 2, &fixture->post);
}

static struct window_row window(struct town *town, uint32_t number)
{
	struct window_row row;
	struct txn *txn;
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	assert_int_equal(window_get(txn, CHONGQING, CHENGDU, number, &row), ERROR_NONE);
	txn_abort(txn);
	return row;
}

static bool add_obligation(void *context, const struct obligation *obligation)
{
	int64_t *sum = context;
	*sum += obligation->amount_fen;
	return true;
}

/* What the payer's approvals less reversals come to is what both cities hold of the window, on either side. */
static void even(struct fixture *fixture, uint32_t number, int64_t fen)
{
	for (size_t i = 0; i < 2; i++) {
		struct town *town = fixture->towns[i];
		int64_t sum = 0;
		struct txn *txn;
		assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
		assert_int_equal(
		    obligation_each(txn, CHONGQING, CHENGDU, number, add_obligation, &sum),
		    ERROR_NONE);
		txn_abort(txn);
		assert_true(sum == fen);
	}
	assert_true(town_owes(&fixture->chongqing, CHENGDU, number) == fen);
	assert_true(town_is_owed(&fixture->chengdu, CHONGQING, number) == fen);
}

static void a_remote_line_goes_back_in_the_window_that_is_open(void **state)
{
	struct fixture *fixture = *state;
	uint64_t person;
	two_cities(fixture, beds_of_chongqing, 100);
	uint64_t sequence = visit(fixture, 1, &person);
	even(fixture, 1, 6000);
	assert_int_equal(reverse(&fixture->chongqing, sequence, 0), ERROR_NONE);
	town_carry(fixture->towns, 2, &fixture->post);
	even(fixture, 1, 0);
	assert_true(town_fund_left(&fixture->chongqing, "city") == 100000);
	assert_true(town_remote(&fixture->chengdu, HOUSE_A) == 0);
	assert_true(town_recoverable(&fixture->chengdu, HOUSE_A) == 0);
	assert_int_equal(reverse(&fixture->chongqing, sequence, 0), ERROR_EXISTS);
	/* The days are free: the same nights once more. */
	town_claim_one(&fixture->chengdu, HOUSE_A, CHONGQING, JUNE, "bed_subsidy", person, 1, 30);
	town_carry(fixture->towns, 2, &fixture->post);
	town_approved(&fixture->chengdu, fixture->chengdu.sequence, 0, 6000);
	even(fixture, 1, 6000);
}

/* After the cut the old window stands; the next one comes to less than nothing, is booked with the sides swapped, and
 * both cities agree on it. */
static void a_window_of_reversals_is_negative_and_agreed(void **state)
{
	struct fixture *fixture = *state;
	uint64_t first, second;
	two_cities(fixture, beds_of_chongqing, 100);
	uint64_t taken = visit(fixture, 1, &first);
	visit(fixture, 2, &second);
	cut(fixture, &fixture->chongqing);
	even(fixture, 1, 12000);
	assert_int_equal(window(&fixture->chongqing, 1).state, WINDOW_AGREED);
	town_at(&fixture->chengdu, day(2026, 8, 4));
	town_at(&fixture->chongqing, day(2026, 8, 4));
	assert_int_equal(reverse(&fixture->chongqing, taken, 0), ERROR_NONE);
	town_carry(fixture->towns, 2, &fixture->post);
	even(fixture, 1, 12000);
	even(fixture, 2, -6000);
	assert_true(town_remote(&fixture->chengdu, HOUSE_A) == 6000);
	cut(fixture, &fixture->chongqing);
	for (size_t i = 0; i < 2; i++) {
		const struct window_row row = window(fixture->towns[i], 2);
		assert_int_equal(row.state, WINDOW_AGREED);
		assert_int_equal(row.own.count, 1);
		assert_true(row.own.positive_fen == 0);
		assert_true(row.own.negative_fen == -6000);
	}
}

/* The host has advanced the money from its float: it is the institution that owes it now, and the host owes it home. */
static void what_the_host_has_paid_out_the_institution_owes(void **state)
{
	struct fixture *fixture = *state;
	uint64_t person;
	two_cities(fixture, beds_of_chongqing, 100);
	uint64_t sequence = visit(fixture, 1, &person);
	assert_int_equal(order_payment(&fixture->chengdu, PAYMENT_ADVANCE, "202608-1"), ERROR_NONE);
	assert_int_equal(reverse(&fixture->chongqing, sequence, 0), ERROR_NONE);
	town_carry(fixture->towns, 2, &fixture->post);
	even(fixture, 1, 0);
	assert_true(town_remote(&fixture->chengdu, HOUSE_A) == 6000); /* held by the order */
	assert_true(town_recoverable(&fixture->chengdu, HOUSE_A) == 6000);
}

static const char counted_of_chongqing[] = CATALOGUE("500000", "1") DAILY(
    "bed_subsidy", "bed", "home", "2026-01-01", "60.00", "city", "    takes_capacity: true\n");

/* One bed: home's line had taken all its nights; taken back, another sheet has them. */
static void the_hosts_beds_are_free_again_when_home_takes_a_line_back(void **state)
{
	struct fixture *fixture = *state;
	uint64_t first, second;
	two_cities(fixture, counted_of_chongqing, 1);
	uint64_t sequence = visit(fixture, 1, &first);
	town_approved(&fixture->chongqing, sequence, 0, 6000);
	town_approved(&fixture->chongqing, visit(fixture, 2, &second), 0, 0);
	assert_int_equal(reverse(&fixture->chongqing, sequence, 0), ERROR_NONE);
	town_carry(fixture->towns, 2, &fixture->post);
	town_claim_one(&fixture->chengdu, HOUSE_A, CHONGQING, JUNE, "bed_subsidy", first, 1, 15);
	town_carry(fixture->towns, 2, &fixture->post);
	town_approved(&fixture->chongqing, fixture->chongqing.sequence, 0, 3000);
	assert_int_equal(
	    town_verdict(&fixture->chongqing, fixture->chongqing.sequence, 0).reduction_count, 0);
	even(fixture, 1, 3000);
}

/* Sign the item of a reversal anew, under the next number and with another amount, as a faulty city would say it. */
static void say_again(
    struct fixture *fixture, const struct buffer *said, int64_t less, struct buffer *document)
{
	struct document read;
	struct message message;
	struct buffer payload = {0};
	assert_int_equal(document_read(buffer_span(said), &read), ERROR_NONE);
	assert_int_equal(message_read(read.payload, &message), ERROR_NONE);
	assert_int_equal(message.item_count, 1);
	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, message.from);
	codec_put_uint(&payload, message.to);
	codec_put_uint(&payload, message.epoch);
	codec_put_uint(&payload, message.number + (less == 0));
	codec_put_array(&payload, 1);
	codec_array_exact(&message.items, 10);
	codec_put_array(&payload, 10);
	for (int field = 0; field < 10; field++) {
		struct span item = codec_item(&message.items);
		if (field == 4 && less != 0)
			codec_put_int(&payload, -6000 + less);
		else
			buffer_append(&payload, item);
	}
	assert_int_equal(message.items.failed, ERROR_NONE);
	buffer_clear(document);
	document_sign(
	    document, "reversal", &fixture->chongqing.document_key, buffer_span(&payload));
	assert_int_equal(document->failed, ERROR_NONE);
	buffer_free(&payload);
}

/* The host believes no payer that takes back more, or less, than the line was, or the same line twice. */
static void the_host_takes_only_what_was_owed_back_and_once(void **state)
{
	struct fixture *fixture = *state;
	struct buffer said = {0}, forged = {0};
	uint64_t person;
	two_cities(fixture, beds_of_chongqing, 100);
	uint64_t sequence = visit(fixture, 1, &person);
	visit(fixture, 2, &person);
	assert_int_equal(reverse(&fixture->chongqing, sequence, 0), ERROR_NONE);
	assert_int_equal(fixture->post.count, 1);
	buffer_append(&said, buffer_span(&fixture->post.letters[0].document));
	static const int64_t wrong[] = {1, -1, 6000};
	for (size_t i = 0; i < 3; i++) {
		say_again(fixture, &said, wrong[i], &forged);
		assert_int_equal(
		    town_submit(&fixture->chengdu, buffer_span(&forged), (struct span){NULL, 0}),
		    ERROR_MISMATCH);
	}
	assert_true(town_remote(&fixture->chengdu, HOUSE_A) == 12000);
	town_carry(fixture->towns, 2, &fixture->post);
	even(fixture, 1, 6000);
	say_again(fixture, &said, 0, &forged);
	assert_int_equal(
	    town_submit(&fixture->chengdu, buffer_span(&forged), (struct span){NULL, 0}),
	    ERROR_EXISTS);
	even(fixture, 1, 6000);
	assert_true(town_remote(&fixture->chengdu, HOUSE_A) == 6000);
	buffer_free(&said);
	buffer_free(&forged);
}

/* --- allowances --------------------------------------------------------------------------------------------- */

static enum error run(struct town *town, uint32_t month, const char *name)
{
	struct buffer parameters = {0};
	allowance_parameters_write(&parameters, month, "old_age_allowance", name, 1, 0);
	return town_order(town, KIND_allowance, &parameters, ALLOWANCE_PARAMETERS, NULL, 0);
}

static int64_t owed_by_person(struct town *town, uint64_t person)
{
	char name[ACCOUNT_TEXT_SIZE];
	return -town_credit(town, account_receivable_person(name, person));
}

static int64_t run_balance(struct town *town, const char *run_name)
{
	char name[ACCOUNT_TEXT_SIZE];
	return town_credit(town, account_payable_run(name, run_name));
}

/* Chengdu's catalogue gives 100.00 a month at 90. One line of three is taken back before it is paid: it is not paid, and
 * the month may be paid anew. */
static void an_allowance_that_is_not_ordered_goes_back_to_its_fund(void **state)
{
	struct fixture *fixture = *state;
	struct town *town = &fixture->chengdu;
	town_open(town, CHENGDU, policy_embedded(CHENGDU), &fixture->post);
	town_fund(town, "fiscal", 100000);
	for (uint32_t i = 1; i <= 3; i++)
		town_person(town, i, day(1936, 1, 10), INCOME_OTHER, 0);
	town_at(town, day(2026, 9, 1));
	assert_int_equal(run(town, 202609, "2026-09"), ERROR_NONE);
	uint64_t sequence = town->sequence;
	assert_true(run_balance(town, "2026-09") == 30000);
	assert_int_equal(reverse(town, sequence, 1), ERROR_NONE);
	reversed(town, 0, 10000, 10000);
	assert_true(run_balance(town, "2026-09") == 20000);
	assert_true(town_fund_left(town, "fiscal") == 80000);
	assert_int_equal(order_payment(town, PAYMENT_RUN, "2026-09"), ERROR_NONE);
	/* Two payments and the line that says there are no more. */
	assert_int_equal(town->decision.count, 3);
	assert_int_equal(run(town, 202609, "2026-09-b"), ERROR_NONE);
	assert_true(run_balance(town, "2026-09-b") == 10000);
	assert_int_equal(reverse(town, sequence, 1), ERROR_EXISTS);
	/* The last line of a part pays nobody. */
	assert_int_equal(reverse(town, sequence, 3), ERROR_NOT_FOUND);
}

static void an_allowance_that_is_ordered_the_person_owes(void **state)
{
	struct fixture *fixture = *state;
	struct town *town = &fixture->chengdu;
	town_open(town, CHENGDU, policy_embedded(CHENGDU), &fixture->post);
	town_fund(town, "fiscal", 100000);
	uint64_t person = town_person(town, 1, day(1936, 1, 10), INCOME_OTHER, 0);
	town_at(town, day(2026, 9, 1));
	assert_int_equal(run(town, 202609, "2026-09"), ERROR_NONE);
	uint64_t sequence = town->sequence;
	assert_int_equal(order_payment(town, PAYMENT_RUN, "2026-09"), ERROR_NONE);
	assert_int_equal(reverse(town, sequence, 0), ERROR_NONE);
	reversed(town, 0, 10000, 0);
	assert_true(owed_by_person(town, person) == 10000);
	assert_true(run_balance(town, "2026-09") == 10000); /* held by the order */
	assert_true(town_fund_left(town, "fiscal") == 100000);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(what_is_not_ordered_yet_goes_back_to_the_funds_it_came_from),
	    CASE(what_is_ordered_already_the_institution_owes),
	    CASE(lines_of_one_reversal_share_what_is_not_ordered),
	    CASE(a_line_is_taken_back_once),
	    CASE(only_approved_lines_are_taken_back),
	    CASE(exactly_the_lines_days_are_free_again),
	    CASE(what_counted_against_beds_and_caps_is_free_again),
	    CASE(a_line_is_taken_back_under_the_catalogue_that_decided_it),
	    CASE(days_of_a_stay_that_became_shorter_are_paid_once),
	    CASE(a_remote_line_goes_back_in_the_window_that_is_open),
	    CASE(a_window_of_reversals_is_negative_and_agreed),
	    CASE(what_the_host_has_paid_out_the_institution_owes),
	    CASE(the_hosts_beds_are_free_again_when_home_takes_a_line_back),
	    CASE(the_host_takes_only_what_was_owed_back_and_once),
	    CASE(an_allowance_that_is_not_ordered_goes_back_to_its_fund),
	    CASE(an_allowance_that_is_ordered_the_person_owes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
