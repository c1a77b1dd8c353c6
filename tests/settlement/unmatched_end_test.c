/* What matches no payment, ended by an officer of Guangyuan's or Chengdu's: who may, which lines, and where the money is then, by figures worked by
 * hand. Every kind of payment with it: payment_cases_test.c. */
#include "payment.h"
#include "prefund.h"
#include "remote.h"
#include "unmatched.h"

static const struct programme_text care = {.code = "care_subsidy"};

#define TREASURY 100000000 /* of each, as pair_open leaves it */
#define INVOICE "INVOICE 7"

struct desk {
	struct pair pair;
	struct secret_key officer;
};

static int set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));
	struct buffer line = {0};
	assert_non_null(desk);
	pair_open(&desk->pair, &care, 1, &care, 1);
	desk->officer = town_key(GUANGYUAN, 77);
	codec_put_array(&line, 3);
	codec_put_uint(&line, 1);
	codec_put_text(&line, span_text("Li"));
	codec_put_bytes(&line, span_of(desk->officer.public.bytes, PUBLIC_KEY_SIZE));
	town_register(&desk->pair.host, KIND_officer, &line, REASON_registered);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;
	pair_close(&desk->pair);
	free(desk);
	return 0;
}

static struct bank_line fact(
    enum bank_fact fact, const char *id, int64_t fen, const char *reference)
{
	struct bank_line line = {.fact = fact, .amount_fen = fen, .day = day(2026, 6, 3)};
	snprintf(line.end_to_end, sizeof(line.end_to_end), "%s", id);
	snprintf(line.reference, sizeof(line.reference), "%s", reference);
	return line;
}

static unsigned says(struct town *town, const struct bank_line *line)
{
	struct buffer lines = {0};
	bank_line_write(&lines, line);
	if (town_order(town, KIND_bank, NULL, 0, &lines, 1))
		fail_msg("%s", town->detail.text);
	return town_reason(town, 0);
}

static enum error end_by(struct desk *desk, const struct secret_key *key,
    const struct bank_line *line, enum ending ending, const char *of)
{
	struct town *host = &desk->pair.host;
	struct ending_line end = {
	    .line = *line, .ending = ending, .grounds = span_text("letter of 4 June")};
	struct buffer lines = {0};
	char id[32];
	snprintf(end.of, sizeof(end.of), "%s", of);
	ending_line_write(&lines, &end);
	snprintf(id, sizeof(id), "end-%u", (unsigned)++host->numbers);
	return town_order_by(host, key, id, KIND_unmatched_end, NULL, 0, &lines, 1);
}

static enum error end(
    struct desk *desk, const struct bank_line *line, enum ending ending, const char *of)
{
	return end_by(desk, &desk->officer, line, ending, of);
}

static int64_t cash(struct desk *desk)
{
	return -town_credit(&desk->pair.host, "treasury");
}

static void only_an_officer_ends_what_waits(void **state)
{
	struct desk *desk = *state;
	struct town *host = &desk->pair.host;
	struct bank_line line = fact(BANK_CREDITED, INVOICE, 700, "B1");
	assert_int_equal(end(desk, &line, ENDING_SUSPENSE, "x"), ERROR_NOT_FOUND);
	assert_int_equal(says(host, &line), REASON_unmatched);
	assert_int_equal(
	    end_by(desk, &host->document_key, &line, ENDING_SUSPENSE, "x"), ERROR_REFUSED);
	struct bank_line other = line;
	other.day++;
	assert_int_equal(end(desk, &other, ENDING_SUSPENSE, "x"), ERROR_MISMATCH);
	other = line;
	other.amount_fen++;
	assert_int_equal(end(desk, &other, ENDING_SUSPENSE, "x"), ERROR_NOT_FOUND);
	other = fact(BANK_CREDITED, INVOICE, 700, "B2");
	assert_int_equal(end(desk, &other, ENDING_SUSPENSE, "x"), ERROR_NOT_FOUND);
	assert_int_equal(cash(desk), TREASURY);
	assert_int_equal(end(desk, &line, ENDING_SUSPENSE, "x"), ERROR_NONE);
	assert_int_equal(end(desk, &line, ENDING_SUSPENSE, "x"), ERROR_STATE);
	assert_int_equal(end(desk, &line, ENDING_DUPLICATE, ""), ERROR_STATE);
	assert_int_equal(cash(desk), TREASURY + 700);
	assert_int_equal(town_credit(host, "suspense/x"), 700);
	desk_restart(host);
	assert_int_equal(says(host, &line), REASON_said_before);
	assert_int_equal(cash(desk), TREASURY + 700);
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct desk *desk = *state;
	const struct bank_line line = fact(BANK_CREDITED, INVOICE, 700, "");
	assert_int_equal(says(&desk->pair.host, &line), REASON_unmatched);
	assert_int_equal(end(desk, &line, (enum ending)0, ""), ERROR_MALFORMED);
	assert_int_equal(end(desk, &line, (enum ending)6, ""), ERROR_MALFORMED);
	assert_int_equal(end(desk, &line, ENDING_DUPLICATE, "x"), ERROR_MALFORMED);
	assert_int_equal(end(desk, &line, ENDING_SUSPENSE, ""), ERROR_MALFORMED);
	assert_int_equal(end(desk, &line, ENDING_SUSPENSE, "two words"), ERROR_MALFORMED);
	assert_int_equal(end(desk, &line, ENDING_SUSPENSE, "a<b"), ERROR_MALFORMED);
	assert_int_equal(end(desk, &line, ENDING_PAYMENT, "short"), ERROR_MALFORMED);
	assert_int_equal(
	    end(desk, &line, ENDING_PAYMENT, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), ERROR_NOT_FOUND);
	assert_int_equal(cash(desk), TREASURY);
}

/* 7.00 came in, 5.00 of it were sent back at the counter, then 2.00: under one name. */
static void lines_under_one_name_add_up(void **state)
{
	struct desk *desk = *state;
	struct town *host = &desk->pair.host;
	const struct bank_line in = fact(BANK_CREDITED, INVOICE, 700, "B1"),
			       out = fact(BANK_BOOKED, INVOICE, 500, "B2"),
			       rest = fact(BANK_TAKEN_BACK, INVOICE, 200, "B3");
	assert_int_equal(says(host, &in), REASON_unmatched);
	assert_int_equal(says(host, &out), REASON_unmatched);
	assert_int_equal(says(host, &rest), REASON_unmatched);
	assert_int_equal(end(desk, &out, ENDING_SUSPENSE, "invoice"), ERROR_NONE);
	/* Gone before it came: to be got back. */
	assert_int_equal(town_credit(host, "suspense/invoice"), -500);
	assert_int_equal(end(desk, &in, ENDING_SUSPENSE, "invoice"), ERROR_NONE);
	assert_int_equal(town_credit(host, "suspense/invoice"), 200);
	assert_int_equal(end(desk, &rest, ENDING_SUSPENSE, "invoice"), ERROR_NONE);
	assert_int_equal(town_credit(host, "suspense/invoice"), 0);
	assert_int_equal(cash(desk), TREASURY);
}

static void explained_away_nothing_moves(void **state)
{
	static const enum ending endings[] = {ENDING_DUPLICATE, ENDING_CORRECTED, ENDING_NOT_OURS};
	struct desk *desk = *state;
	struct town *host = &desk->pair.host;
	for (int i = 0; i < 3; i++) {
		const struct bank_line line =
		    fact(i == 1 ? BANK_REJECTED : BANK_BOOKED, INVOICE, 100 + i, "");
		assert_int_equal(says(host, &line), REASON_unmatched);
		if (line.fact == BANK_REJECTED)
			assert_int_equal(end(desk, &line, ENDING_SUSPENSE, "x"), ERROR_STATE);
		assert_int_equal(end(desk, &line, endings[i], ""), ERROR_NONE);
		assert_int_equal(town_reason(host, 0), REASON_explained);
		assert_int_equal(host->decision.transfer_count, 0);
		assert_int_equal(says(host, &line), REASON_said_before);
	}
	assert_int_equal(cash(desk), TREASURY);
}

static void what_left_must_have_been_there(void **state)
{
	struct desk *desk = *state;
	const struct bank_line line = fact(BANK_BOOKED, INVOICE, TREASURY + 1, "B1");
	assert_int_equal(says(&desk->pair.host, &line), REASON_unmatched);
	assert_int_equal(end(desk, &line, ENDING_SUSPENSE, "x"), ERROR_BALANCE);
	assert_int_equal(cash(desk), TREASURY);
}

/* Chengdu's reserve of 500.00 comes in under a wrong reference, 0.50 short: the fee of some bank. */
static void a_reserve_under_a_wrong_reference_is_held_as_what_it_is(void **state)
{
	struct desk *desk = *state;
	struct town *home = &desk->pair.home, *host = &desk->pair.host;
	struct buffer parameters = {0};
	char id[END_TO_END_SIZE], name[ACCOUNT_TEXT_SIZE];
	payment_end_to_end(CHENGDU, PAYMENT_PREFUND, "2026", "510800", 1, id);
	prefund_parameters_write(&parameters, "2026", GUANGYUAN, 50000);
	assert_int_equal(
	    town_order(home, KIND_payment_order, &parameters, PREFUND_PARAMETERS, NULL, 0),
	    ERROR_NONE);
	struct bank_line line = fact(BANK_BOOKED, id, 50000, "B1");
	assert_int_equal(says(home, &line), REASON_booked);
	const struct bank_line came = fact(BANK_CREDITED, "RESERVE CHENGDU", 49950, "C1");
	assert_int_equal(says(host, &came), REASON_unmatched);
	/* Nobody has announced it yet. */
	assert_int_equal(end(desk, &came, ENDING_PAYMENT, id), ERROR_NOT_FOUND);
	carry(&desk->pair);
	assert_int_equal(end(desk, &came, ENDING_PAYMENT, id), ERROR_NONE);
	assert_int_equal(town_reason(host, 0), REASON_received);
	assert_int_equal(town_credit(host, "prefund_held/510100"), 50000);
	assert_int_equal(town_credit(host, account_suspense(name, id)), -50);
	assert_int_equal(cash(desk), TREASURY + 49950);
	/* It is here: another line is not it too. */
	const struct bank_line more = fact(BANK_CREDITED, "RESERVE AGAIN", 50000, "C2");
	assert_int_equal(says(host, &more), REASON_unmatched);
	assert_int_equal(end(desk, &more, ENDING_PAYMENT, id), ERROR_STATE);
}

/* The bank has taken back what the treasury has spent: it waits, and is booked when there is money. */
static void what_is_taken_back_waits_until_the_treasury_has_it(void **state)
{
	struct desk *desk = *state;
	struct town *home = &desk->pair.home, *host = &desk->pair.host;
	struct buffer parameters = {0};
	char id[END_TO_END_SIZE];
	payment_end_to_end(CHENGDU, PAYMENT_PREFUND, "2026", "510800", 1, id);
	prefund_parameters_write(&parameters, "2026", GUANGYUAN, 50000);
	assert_int_equal(
	    town_order(home, KIND_payment_order, &parameters, PREFUND_PARAMETERS, NULL, 0),
	    ERROR_NONE);
	struct bank_line line = fact(BANK_BOOKED, id, 50000, "B1");
	assert_int_equal(says(home, &line), REASON_booked);
	carry(&desk->pair);
	line = fact(BANK_CREDITED, id, 50000, "C1");
	assert_int_equal(says(host, &line), REASON_received);
	/* All but 100.00 goes into the float. */
	town_fund(host, NULL, TREASURY + 40000);
	assert_int_equal(cash(desk), 10000);
	line = fact(BANK_TAKEN_BACK, id, 50000, "K1");
	assert_int_equal(says(host, &line), REASON_unmatched);
	assert_int_equal(cash(desk), 10000);
	town_fund(host, "fiscal", 40000);
	assert_int_equal(says(host, &line), REASON_returned);
	assert_int_equal(cash(desk), 0);
	assert_int_equal(town_credit(host, "prefund_held/510100"), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(only_an_officer_ends_what_waits),
	    CASE(what_makes_no_sense_is_refused),
	    CASE(lines_under_one_name_add_up),
	    CASE(explained_away_nothing_moves),
	    CASE(what_left_must_have_been_there),
	    CASE(a_reserve_under_a_wrong_reference_is_held_as_what_it_is),
	    CASE(what_is_taken_back_waits_until_the_treasury_has_it),
	};
	return cmocka_run_group_tests_name("settlement/unmatched_end", tests, NULL, NULL);
}
