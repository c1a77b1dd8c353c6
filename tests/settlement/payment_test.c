/* Payments: their ids by another program, and what the books hold through every word that a bank can say. Chengdu (510100) owes Chongqing
 * (500000) 250.00 yuan for October; Chongqing has an institution that is owed money for its own persons and for Chengdu's. */
#include "pair.h"

#include "institution_internal.h"
#include "payment.h"

#define MONTH 202610u
#define OWED 25000

/* GB 32100 and GB 11714 by another program. */
#define HOME "52500103MJ00000184"
#define HOME_WITHOUT_ACCOUNT "52500103MJ0000026Y"

struct fixture {
	struct city chongqing, chengdu;
	struct city *cities[2];
	struct post post;
	struct policy policies[2][2]; /* as each city knows them: of Chongqing, of Chengdu */
};

static void fund_treasury(struct city *city)
{
	pair_book(city, "treasury", "clearing/outside", 1000000);
}

/* Netted on both sides: Chengdu has to pay 250.00. */
static void clear_october(struct fixture *fixture)
{
	pair_approve(&fixture->chengdu, &fixture->chongqing, OWED);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	pair_at(fixture->cities, 2, day(2026, 11, 21));
	assert_int_equal(
	    pair_clear(&fixture->chongqing, MONTH, CHENGDU, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
}

static void register_home(struct city *city, const char *uscc, bool with_account)
{
	struct buffer lines = {0};
	struct institution_line line = {.operation = INSTITUTION_REGISTER,
	    .name = span_text("春晖养老院"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = 500103,
	    .beds = 100,
	    .star = 3};
	memcpy(line.uscc, uscc, USCC_SIZE);
	if (with_account) {
		line.account = span_text("6222020012345");
		line.bank = span_text("102653000001");
	}
	institution_line_write(&lines, &line);
	assert_int_equal(city_order(city, KIND_OF(institution, false), &lines, 1), ERROR_NONE);
	assert_int_equal(city_reason(city, 0), REASON_registered);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	city_open(&fixture->chongqing, CHONGQING);
	city_open(&fixture->chengdu, CHENGDU);
	fixture->cities[0] = &fixture->chongqing;
	fixture->cities[1] = &fixture->chengdu;
	pair_introduce(&fixture->chongqing, &fixture->chengdu);
	pair_introduce(&fixture->chengdu, &fixture->chongqing);
	for (size_t i = 0; i < 2; i++) {
		city_knows(fixture->cities[i], CHONGQING, &fixture->policies[i][0]);
		city_knows(fixture->cities[i], CHENGDU, &fixture->policies[i][1]);
	}
	pair_at(fixture->cities, 2, day(2026, 10, 15));
	fund_treasury(&fixture->chongqing);
	fund_treasury(&fixture->chengdu);
	register_home(&fixture->chongqing, HOME, true);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	post_free(&fixture->post);
	city_close(&fixture->chongqing);
	city_close(&fixture->chengdu);
	free(fixture);
	return 0;
}

/* --- orders and what the bank says ---------------------------------------------------------------------------- */

static enum error pay_from(struct fixture *fixture, struct city *city, enum payment_kind kind,
    const char *name, const char *first)
{
	struct buffer parameters = {0};
	payment_parameters_write(&parameters, kind, name, first);
	enum error error =
	    pair_order(city, KIND_payment_order, &parameters, PAYMENT_PARAMETERS, &fixture->post);
	buffer_free(&parameters);
	return error;
}

static enum error pay(
    struct fixture *fixture, struct city *city, enum payment_kind kind, const char *name)
{
	return pay_from(fixture, city, kind, name, "");
}

/* An order of kind `bank`; returns the reason of its first line. */
static enum reason bank_says(
    struct fixture *fixture, struct city *city, const struct bank_line *lines, uint32_t count)
{
	struct buffer bytes = {0}, document = {0};
	const struct hash secret = {{7}}, content = {{(uint8_t)city->sequence}};
	char id[32];
	for (uint32_t i = 0; i < count; i++)
		bank_line_write(&bytes, &lines[i]);
	snprintf(id, sizeof(id), "bank-%llu", (unsigned long long)city->sequence);
	assert_int_equal(order_sign(&document, &city->key, city->settlement.options.region,
			     KIND_bank, span_text(id), (struct span){NULL, 0}, 0, &content, &secret,
			     buffer_span(&bytes), count),
	    ERROR_NONE);
	const struct span documents[] = {buffer_span(&document)};
	const struct command command = {.kind = KIND_bank,
	    .documents = documents,
	    .document_count = 1,
	    .secret = secret,
	    .lines = buffer_span(&bytes),
	    .count = count};
	assert_int_equal(pair_submit(city, &command, &fixture->post), ERROR_NONE);
	buffer_free(&bytes);
	buffer_free(&document);
	return city_reason(city, 0);
}

/* One fact. What it would come to is told beforehand, and the books are then as told. */
static enum reason says(struct fixture *fixture, struct city *city, enum bank_fact fact,
    const char *end_to_end, int64_t fen)
{
	struct bank_line line = {
	    .fact = fact, .amount_fen = fen, .reference = "B-1", .day = day(2026, 11, 23)};
	enum reason told;
	snprintf(line.end_to_end, sizeof(line.end_to_end), "%s", end_to_end);
	assert_int_equal(bank_reason(&city->settlement, city->txn, &line, &told), ERROR_NONE);
	enum reason reason = bank_says(fixture, city, &line, 1);
	assert_int_equal(told, reason);
	return reason;
}

static struct payment last(
    struct city *city, enum payment_kind kind, const char *name, const char *payee)
{
	struct payment payment;
	assert_int_equal(payment_last(city->txn, kind, name, payee, &payment), ERROR_NONE);
	return payment;
}

static struct account account_at(struct city *city, const char *name)
{
	struct account account = {0};
	enum error error = account_get(city->txn, span_text(name), &account);
	assert_true(error == ERROR_NONE || error == ERROR_NOT_FOUND);
	return account;
}

/* What is in the account on its debit side, and what is held of it. */
static void assert_cash(struct city *city, const char *name, int64_t balance, int64_t held)
{
	struct account account = account_at(city, name);
	assert_int_equal(account.debits - account.credits, balance);
	assert_int_equal(account.pending_credits, held);
}

static void assert_owed(struct city *city, const char *name, int64_t balance, int64_t held)
{
	struct account account = account_at(city, name);
	assert_int_equal(account.credits - account.debits, balance);
	assert_int_equal(account.pending_debits, held);
}

#define TREASURY 1000000
#define CLEARING_AT_CHENGDU "clearing/2026-10/500000"
#define CLEARING_AT_CHONGQING "clearing/2026-10/510100"
#define LOCAL "payable/institution/" HOME "/local"
#define REMOTE "payable/institution/" HOME "/remote"

static void assert_state(
    struct fixture *fixture, enum clearing_state chengdu, enum clearing_state chongqing)
{
	assert_int_equal(
	    pair_clearing(&fixture->chengdu, MONTH, CHENGDU, CHONGQING).state, chengdu);
	assert_int_equal(
	    pair_clearing(&fixture->chongqing, MONTH, CHENGDU, CHONGQING).state, chongqing);
}

/* --- ids ------------------------------------------------------------------------------------------------------ */

/* base32(SHA-256(CBOR array))[0:30], made with Python's hashlib and base64 and an encoder of a few lines. */
static void ids_are_those_that_another_program_makes(void **state)
{
	static const struct {
		uint32_t city;
		enum payment_kind kind;
		const char *name, *payee;
		uint32_t attempt;
		const char *id;
	} cases[] = {
	    {510100, PAYMENT_CLEARING, "202610", "500000", 1, "MIWUZ56QZFVSKKQBZLG5CNWNAISZY2"},
	    {510100, PAYMENT_CLEARING, "202610", "500000", 2, "5V5TKQXZXTKL5GL2XUA2DIFFH7Z6NB"},
	    {510100, PAYMENT_RUN, "old-age-202610", "5101000000000002", 1,
		"CWJJDSBZ27JOBUNLQFNP4CUJTG25ER"},
	    {500000, PAYMENT_INSTITUTION, "202610", "52510104MJ0000018N", 1,
		"FZJ5Z32ONDRZOWGHTMAHYGXHLRC3D7"},
	    {500000, PAYMENT_GUESTS, "202610-510100", "52510104MJ0000018N", 99,
		"35EIJBKWI6CL2RIAYTJTVUN6E7OJXQ"},
	    {500000, PAYMENT_ADVANCE, "november", "52510104MJ0000018N", 1,
		"BGUDK6RF3JVZUDWHJ4UZJR47R2BN7D"},
	    {510100, PAYMENT_AGAIN, "CWJJDSBZ27JOBUNLQFNP4CUJTG25ER", "5101000000000002", 1,
		"7LUL6R6WC5NFJZG6KUJWSIUAZEJCLJ"},
	};
	char id[END_TO_END_SIZE];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		payment_end_to_end(cases[i].city, cases[i].kind, cases[i].name, cases[i].payee,
		    cases[i].attempt, id);
		assert_string_equal(id, cases[i].id);
	}
	payment_message_id(510100, PAYMENT_CLEARING, "202610", 1, id);
	assert_string_equal(id, "H2HOWXW2K4FLXOAGGBFSVGLQTHPBH7");
	payment_message_id(510100, PAYMENT_RUN, "old-age-202610", 2, id);
	assert_string_equal(id, "3GGWLPSXSWWM4IALNRVGK3HGNU4TIP");
}

/* --- a clearing ----------------------------------------------------------------------------------------------- */

static const char first_id[] = "MIWUZ56QZFVSKKQBZLG5CNWNAISZY2";
static const char second_id[] = "5V5TKQXZXTKL5GL2XUA2DIFFH7Z6NB";

static void a_clearing_is_ordered_booked_received_and_settled(void **state)
{
	struct fixture *fixture = *state;
	clear_october(fixture);
	assert_state(fixture, CLEARING_NETTED, CLEARING_NETTED);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	struct payment payment = last(&fixture->chengdu, PAYMENT_CLEARING, "202610", "500000");
	assert_string_equal(payment.end_to_end, first_id);
	assert_int_equal(payment.attempt, 1);
	assert_true(payment.amount_fen == OWED);
	assert_int_equal(payment.state, PAYMENT_ORDERED);
	assert_int_equal(payment.day, day(2026, 11, 21));
	assert_cash(&fixture->chengdu, "treasury", TREASURY, OWED);
	assert_owed(&fixture->chengdu, CLEARING_AT_CHENGDU, OWED, OWED);
	assert_int_equal(fixture->post.count, 0); /* nothing is said before the bank has booked */

	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, first_id, OWED), REASON_booked);
	assert_cash(&fixture->chengdu, "treasury", TREASURY - OWED, 0);
	assert_owed(&fixture->chengdu, CLEARING_AT_CHENGDU, 0, 0);
	assert_int_equal(fixture->post.count, 1);
	assert_string_equal(fixture->post.letters[0].name, "payment_advice");
	pair_deliver(fixture->cities, 2, &fixture->post);
	/* Told is not received. */
	assert_state(fixture, CLEARING_NETTED, CLEARING_NETTED);
	assert_cash(&fixture->chongqing, "treasury", TREASURY, 0);

	assert_int_equal(
	    says(fixture, &fixture->chongqing, BANK_CREDITED, first_id, OWED), REASON_received);
	assert_cash(&fixture->chongqing, "treasury", TREASURY + OWED, 0);
	assert_owed(&fixture->chongqing, CLEARING_AT_CHONGQING, 0, 0);
	assert_state(fixture, CLEARING_NETTED, CLEARING_SETTLED);
	assert_string_equal(fixture->post.letters[0].name, "payment_receipt");
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_state(fixture, CLEARING_SETTLED, CLEARING_SETTLED);
}

static void what_is_ordered_or_paid_is_not_ordered_again(void **state)
{
	struct fixture *fixture = *state;
	clear_october(fixture);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_STATE);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, first_id, OWED), REASON_booked);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_STATE);
	/* The creditor owes nothing. */
	assert_int_equal(
	    pay(fixture, &fixture->chongqing, PAYMENT_CLEARING, "202610"), ERROR_STATE);
	assert_cash(&fixture->chengdu, "treasury", TREASURY - OWED, 0);
}

/* A second attempt only after the bank has refused the first, under another id; the first is over for good. */
static void a_rejection_lets_go_and_allows_a_second_attempt(void **state)
{
	struct fixture *fixture = *state;
	clear_october(fixture);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_REJECTED, first_id, OWED), REASON_rejected);
	assert_cash(&fixture->chengdu, "treasury", TREASURY, 0);
	assert_owed(&fixture->chengdu, CLEARING_AT_CHENGDU, OWED, 0);
	assert_int_equal(fixture->post.count, 0);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	struct payment payment = last(&fixture->chengdu, PAYMENT_CLEARING, "202610", "500000");
	assert_int_equal(payment.attempt, 2);
	assert_string_equal(payment.end_to_end, second_id);
	/* What takes its place is out already: people must look. */
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, first_id, OWED), REASON_contradicts);
	assert_cash(&fixture->chengdu, "treasury", TREASURY, OWED);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, second_id, OWED), REASON_booked);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_int_equal(
	    says(fixture, &fixture->chongqing, BANK_CREDITED, second_id, OWED), REASON_received);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_state(fixture, CLEARING_SETTLED, CLEARING_SETTLED);
	assert_owed(&fixture->chengdu, CLEARING_AT_CHENGDU, 0, 0);
}

static void a_return_after_booking_sets_the_clearing_back_to_netted(void **state)
{
	struct fixture *fixture = *state;
	clear_october(fixture);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, first_id, OWED), REASON_booked);
	pair_deliver(fixture->cities, 2, &fixture->post);
	/* The creditor's bank has had it for a moment: both are settled. */
	assert_int_equal(
	    says(fixture, &fixture->chongqing, BANK_CREDITED, first_id, OWED), REASON_received);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_state(fixture, CLEARING_SETTLED, CLEARING_SETTLED);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_RETURNED, first_id, OWED), REASON_returned);
	assert_int_equal(
	    pair_clearing(&fixture->chengdu, MONTH, CHENGDU, CHONGQING).state, CLEARING_NETTED);
	assert_cash(&fixture->chengdu, "treasury", TREASURY, 0);
	assert_owed(&fixture->chengdu, CLEARING_AT_CHENGDU, OWED, 0);
	/* Paid again: attempt 2. */
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_string_equal(
	    last(&fixture->chengdu, PAYMENT_CLEARING, "202610", "500000").end_to_end, second_id);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, second_id, OWED), REASON_booked);
	assert_owed(&fixture->chengdu, CLEARING_AT_CHENGDU, 0, 0);
}

/* The creditor's bank takes back what it had credited: both cities stand where they stood before, and the second attempt settles. */
static void what_is_taken_back_from_the_creditor_is_owed_again(void **state)
{
	struct fixture *fixture = *state;
	struct city *chongqing = &fixture->chongqing;
	clear_october(fixture);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, first_id, OWED), REASON_booked);
	assert_int_equal(
	    says(fixture, chongqing, BANK_TAKEN_BACK, first_id, OWED), REASON_unmatched);
	assert_int_equal(says(fixture, chongqing, BANK_CREDITED, first_id, OWED), REASON_received);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_int_equal(
	    says(fixture, chongqing, BANK_TAKEN_BACK, first_id, OWED - 1), REASON_other_amount);
	assert_int_equal(
	    says(fixture, chongqing, BANK_TAKEN_BACK, first_id, OWED), REASON_returned);
	assert_int_equal(
	    says(fixture, chongqing, BANK_TAKEN_BACK, first_id, OWED), REASON_said_before);
	assert_int_equal(
	    says(fixture, chongqing, BANK_CREDITED, first_id, OWED), REASON_said_before);
	/* The payer's own money does not come back by the creditor's fact. */
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_TAKEN_BACK, first_id, OWED), REASON_unmatched);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_RETURNED, first_id, OWED), REASON_returned);
	assert_state(fixture, CLEARING_NETTED, CLEARING_NETTED);
	assert_cash(chongqing, "treasury", TREASURY, 0);
	assert_owed(chongqing, CLEARING_AT_CHONGQING, -OWED, 0);
	assert_cash(&fixture->chengdu, "treasury", TREASURY, 0);
	assert_owed(&fixture->chengdu, CLEARING_AT_CHENGDU, OWED, 0);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, second_id, OWED), REASON_booked);
	assert_int_equal(says(fixture, chongqing, BANK_CREDITED, second_id, OWED), REASON_received);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_state(fixture, CLEARING_SETTLED, CLEARING_SETTLED);
	assert_owed(chongqing, CLEARING_AT_CHONGQING, 0, 0);
	assert_owed(&fixture->chengdu, CLEARING_AT_CHENGDU, 0, 0);
}

/* The receipt was on its way when the bank gave the money back. */
static void a_receipt_that_a_return_has_overtaken_settles_nothing(void **state)
{
	struct fixture *fixture = *state;
	clear_october(fixture);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, first_id, OWED), REASON_booked);
	assert_int_equal(
	    says(fixture, &fixture->chongqing, BANK_CREDITED, first_id, OWED), REASON_received);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_RETURNED, first_id, OWED), REASON_returned);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_int_equal(city_reason(&fixture->chengdu, 0), REASON_unmatched);
	assert_int_equal(
	    pair_clearing(&fixture->chengdu, MONTH, CHENGDU, CHONGQING).state, CLEARING_NETTED);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
}

/* Chengdu's bank calls rejected what it has paid: the creditor's receipt has the last word, nothing is paid twice, and the statement ends it. */
static void what_the_creditor_has_received_is_not_paid_again(void **state)
{
	struct fixture *fixture = *state;
	struct city *chengdu = &fixture->chengdu;
	clear_october(fixture);
	assert_int_equal(pay(fixture, chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(says(fixture, chengdu, BANK_REJECTED, first_id, OWED), REASON_rejected);
	assert_int_equal(
	    says(fixture, &fixture->chongqing, BANK_CREDITED, first_id, OWED), REASON_received);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_int_equal(city_reason(chengdu, 0), REASON_received);
	assert_state(fixture, CLEARING_SETTLED, CLEARING_SETTLED);
	assert_int_equal(pay(fixture, chengdu, PAYMENT_CLEARING, "202610"), ERROR_STATE);
	/* Until the statement is here the money is still in the books. */
	assert_cash(chengdu, "treasury", TREASURY, 0);
	assert_owed(chengdu, CLEARING_AT_CHENGDU, OWED, 0);
	assert_int_equal(says(fixture, chengdu, BANK_BOOKED, first_id, OWED), REASON_booked);
	assert_cash(chengdu, "treasury", TREASURY - OWED, 0);
	assert_owed(chengdu, CLEARING_AT_CHENGDU, 0, 0);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_state(fixture, CLEARING_SETTLED, CLEARING_SETTLED);
}

/* Chengdu has signed and pays before its signature is here: the credit matches nothing yet, is told again, and is then taken. */
static void a_credit_that_overtakes_the_signed_clearing_is_taken_when_it_is_told_again(void **state)
{
	struct fixture *fixture = *state;
	struct city *chongqing = &fixture->chongqing;
	pair_approve(&fixture->chengdu, chongqing, OWED);
	assert_int_equal(pair_cut(&fixture->chengdu, &fixture->post), ERROR_NONE);
	pair_deliver(fixture->cities, 2, &fixture->post);
	pair_at(fixture->cities, 2, day(2026, 11, 21));
	assert_int_equal(pair_clear(chongqing, MONTH, CHENGDU, &fixture->post), ERROR_NONE);
	assert_int_equal(pair_deliver_one(fixture->cities, 2, &fixture->post), ERROR_NONE);
	assert_state(fixture, CLEARING_NETTED, CLEARING_PROPOSED);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, first_id, OWED), REASON_booked);
	assert_int_equal(says(fixture, chongqing, BANK_CREDITED, first_id, OWED), REASON_unmatched);
	assert_cash(chongqing, "treasury", TREASURY, 0);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_state(fixture, CLEARING_NETTED, CLEARING_NETTED);
	assert_int_equal(says(fixture, chongqing, BANK_CREDITED, first_id, OWED), REASON_received);
	pair_deliver(fixture->cities, 2, &fixture->post);
	assert_state(fixture, CLEARING_SETTLED, CLEARING_SETTLED);
	assert_cash(chongqing, "treasury", TREASURY + OWED, 0);
}

/* Another attempt's money on top of what is there: nobody owes it. */
static void a_clearing_is_not_received_twice(void **state)
{
	struct fixture *fixture = *state;
	clear_october(fixture);
	assert_int_equal(
	    says(fixture, &fixture->chongqing, BANK_CREDITED, first_id, OWED), REASON_received);
	assert_int_equal(
	    says(fixture, &fixture->chongqing, BANK_CREDITED, second_id, OWED), REASON_unmatched);
	assert_cash(&fixture->chongqing, "treasury", TREASURY + OWED, 0);
	assert_owed(&fixture->chongqing, CLEARING_AT_CHONGQING, 0, 0);
}

static void what_does_not_match_changes_no_book(void **state)
{
	struct fixture *fixture = *state;
	clear_october(fixture);
	static const char stranger[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	struct city *chengdu = &fixture->chengdu;
	assert_int_equal(says(fixture, chengdu, BANK_BOOKED, first_id, OWED), REASON_unmatched);
	assert_int_equal(pay(fixture, chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(says(fixture, chengdu, BANK_BOOKED, stranger, OWED), REASON_unmatched);
	assert_int_equal(
	    says(fixture, chengdu, BANK_BOOKED, first_id, OWED - 1), REASON_other_amount);
	assert_int_equal(
	    says(fixture, chengdu, BANK_REJECTED, first_id, OWED + 1), REASON_other_amount);
	/* Not booked yet: there is nothing to return. */
	assert_int_equal(says(fixture, chengdu, BANK_RETURNED, first_id, OWED), REASON_unmatched);
	/* Its own payment does not come in. */
	assert_int_equal(says(fixture, chengdu, BANK_CREDITED, first_id, OWED), REASON_unmatched);
	assert_int_equal(
	    says(fixture, &fixture->chongqing, BANK_CREDITED, stranger, OWED), REASON_unmatched);
	assert_int_equal(says(fixture, &fixture->chongqing, BANK_CREDITED, first_id, OWED - 1),
	    REASON_other_amount);
	assert_cash(chengdu, "treasury", TREASURY, OWED);
	assert_owed(chengdu, CLEARING_AT_CHENGDU, OWED, OWED);
	assert_cash(&fixture->chongqing, "treasury", TREASURY, 0);
	assert_int_equal(fixture->post.count, 0);
	/* The bank's word on it still counts. */
	assert_int_equal(says(fixture, chengdu, BANK_BOOKED, first_id, OWED), REASON_booked);
	assert_int_equal(says(fixture, chengdu, BANK_BOOKED, first_id, OWED), REASON_said_before);
	assert_int_equal(says(fixture, chengdu, BANK_REJECTED, first_id, OWED), REASON_contradicts);
	assert_cash(chengdu, "treasury", TREASURY - OWED, 0);
}

/* Booked and returned in one: the second word waits for another order. Told twice it is one word; under another reference it is another. */
static void one_order_holds_one_word_on_a_payment(void **state)
{
	struct fixture *fixture = *state;
	clear_october(fixture);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	struct bank_line lines[4] = {
	    {.fact = BANK_BOOKED, .amount_fen = OWED, .reference = "B1", .day = day(2026, 11, 23)},
	    {.fact = BANK_RETURNED, .amount_fen = OWED, .day = day(2026, 11, 24)},
	    {.fact = BANK_BOOKED, .amount_fen = OWED, .reference = "B1", .day = day(2026, 11, 23)},
	    {.fact = BANK_BOOKED, .amount_fen = OWED, .reference = "B2", .day = day(2026, 11, 23)}};
	for (size_t i = 0; i < 4; i++)
		memcpy(lines[i].end_to_end, first_id, sizeof(first_id));
	assert_int_equal(bank_says(fixture, &fixture->chengdu, lines, 4), REASON_booked);
	assert_int_equal(city_reason(&fixture->chengdu, 1), REASON_unmatched);
	assert_int_equal(city_reason(&fixture->chengdu, 2), REASON_said_before);
	assert_int_equal(city_reason(&fixture->chengdu, 3), REASON_contradicts);
	assert_cash(&fixture->chengdu, "treasury", TREASURY - OWED, 0);
}

/* --- institutions --------------------------------------------------------------------------------------------- */

static void owe_home(struct fixture *fixture, const char *account, int64_t fen)
{
	pair_book(&fixture->chongqing, "clearing/outside", account, fen);
}

static void an_institution_gets_all_that_is_due_once_a_batch(void **state)
{
	struct fixture *fixture = *state;
	struct city *city = &fixture->chongqing;
	owe_home(fixture, LOCAL, 700);
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "202610"), ERROR_NONE);
	struct payment payment = last(city, PAYMENT_INSTITUTION, "202610", HOME);
	assert_true(payment.amount_fen == 700);
	assert_owed(city, LOCAL, 700, 700);
	/* What came since is for another batch. */
	owe_home(fixture, LOCAL, 50);
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "202610"), ERROR_STATE);
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "202611"), ERROR_NONE);
	assert_true(last(city, PAYMENT_INSTITUTION, "202611", HOME).amount_fen == 50);
	assert_int_equal(says(fixture, city, BANK_BOOKED, payment.end_to_end, 700), REASON_booked);
	assert_owed(city, LOCAL, 50, 50);
	assert_cash(city, "treasury", TREASURY - 700, 50);
	assert_int_equal(fixture->post.count, 0); /* no other city's business */
}

static void an_institution_without_an_account_holds_up_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct city *city = &fixture->chongqing;
	register_home(city, HOME_WITHOUT_ACCOUNT, false);
	owe_home(fixture, "payable/institution/" HOME_WITHOUT_ACCOUNT "/local", 300);
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "202610"), ERROR_STATE);
	owe_home(fixture, LOCAL, 700);
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "202610"), ERROR_NONE);
	assert_cash(city, "treasury", TREASURY, 700);
	assert_owed(city, "payable/institution/" HOME_WITHOUT_ACCOUNT "/local", 300, 0);
}

static void nothing_is_ordered_that_the_treasury_does_not_hold(void **state)
{
	struct fixture *fixture = *state;
	owe_home(fixture, LOCAL, TREASURY + 1);
	assert_int_equal(
	    pay(fixture, &fixture->chongqing, PAYMENT_INSTITUTION, "202610"), ERROR_BALANCE);
	assert_cash(&fixture->chongqing, "treasury", TREASURY, 0);
}

/* Money of a returned payment waits under the payment's id until it is paid again; that may be rejected, and may come back itself. */
static void returned_money_can_be_paid_again(void **state)
{
	struct fixture *fixture = *state;
	struct city *city = &fixture->chongqing;
	char waiting[ACCOUNT_TEXT_SIZE];
	owe_home(fixture, LOCAL, 700);
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "202610"), ERROR_NONE);
	struct payment first = last(city, PAYMENT_INSTITUTION, "202610", HOME), origin;
	assert_int_equal(pay(fixture, city, PAYMENT_AGAIN, first.end_to_end), ERROR_STATE);
	assert_int_equal(says(fixture, city, BANK_BOOKED, first.end_to_end, 700), REASON_booked);
	assert_int_equal(pay(fixture, city, PAYMENT_AGAIN, first.end_to_end), ERROR_STATE);
	assert_int_equal(
	    says(fixture, city, BANK_RETURNED, first.end_to_end, 700), REASON_returned);
	account_payable_returned(waiting, first.end_to_end);
	assert_owed(city, waiting, 700, 0);
	assert_owed(city, LOCAL, 0, 0);
	assert_cash(city, "treasury", TREASURY, 0);
	/* Not by the same batch: its money waits elsewhere. */
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "202610"), ERROR_STATE);

	assert_int_equal(pay(fixture, city, PAYMENT_AGAIN, first.end_to_end), ERROR_NONE);
	struct payment again = last(city, PAYMENT_AGAIN, first.end_to_end, HOME);
	assert_owed(city, waiting, 700, 700);
	assert_int_equal(
	    says(fixture, city, BANK_REJECTED, again.end_to_end, 700), REASON_rejected);
	assert_owed(city, waiting, 700, 0);
	assert_int_equal(pay(fixture, city, PAYMENT_AGAIN, first.end_to_end), ERROR_NONE);
	struct payment second = last(city, PAYMENT_AGAIN, first.end_to_end, HOME);
	assert_int_equal(second.attempt, 2);
	assert_int_equal(says(fixture, city, BANK_BOOKED, second.end_to_end, 700), REASON_booked);
	assert_owed(city, waiting, 0, 0);
	assert_int_equal(
	    says(fixture, city, BANK_RETURNED, second.end_to_end, 700), REASON_returned);
	assert_int_equal(pay(fixture, city, PAYMENT_AGAIN, second.end_to_end), ERROR_NONE);
	struct payment third = last(city, PAYMENT_AGAIN, second.end_to_end, HOME);
	assert_int_equal(payment_origin(city->txn, &third, &origin), ERROR_NONE);
	assert_int_equal(origin.kind, PAYMENT_INSTITUTION);
	assert_string_equal(origin.end_to_end, first.end_to_end);
	assert_int_equal(says(fixture, city, BANK_BOOKED, third.end_to_end, 700), REASON_booked);
	assert_cash(city, "treasury", TREASURY - 700, 0);
}

/* --- guests' money -------------------------------------------------------------------------------------------- */

/* What adjudications of Chengdu's bring for the home's guests from there, in window 1. */
static void bring_guests_money(struct fixture *fixture, int64_t fen)
{
	owe_home(fixture, REMOTE, fen);
	assert_int_equal(guest_due_add(fixture->chongqing.txn, CHENGDU, 1, HOME, fen), ERROR_NONE);
}

static void settle_october(struct fixture *fixture)
{
	clear_october(fixture);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, first_id, OWED), REASON_booked);
	assert_int_equal(
	    says(fixture, &fixture->chongqing, BANK_CREDITED, first_id, OWED), REASON_received);
	pair_deliver(fixture->cities, 2, &fixture->post);
}

static void guests_money_is_paid_when_its_clearing_is_settled(void **state)
{
	struct fixture *fixture = *state;
	struct city *city = &fixture->chongqing;
	bring_guests_money(fixture, OWED);
	assert_int_equal(pay(fixture, city, PAYMENT_GUESTS, "202610-510100"), ERROR_NOT_FOUND);
	clear_october(fixture);
	assert_int_equal(pay(fixture, city, PAYMENT_GUESTS, "202610-510100"), ERROR_STATE);
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "202610"), ERROR_STATE);
	assert_int_equal(pay(fixture, &fixture->chengdu, PAYMENT_CLEARING, "202610"), ERROR_NONE);
	assert_int_equal(
	    says(fixture, &fixture->chengdu, BANK_BOOKED, first_id, OWED), REASON_booked);
	assert_int_equal(says(fixture, city, BANK_CREDITED, first_id, OWED), REASON_received);
	assert_int_equal(pay(fixture, city, PAYMENT_GUESTS, "202610-510100"), ERROR_NONE);
	struct payment payment = last(city, PAYMENT_GUESTS, "202610-510100", HOME);
	assert_true(payment.amount_fen == OWED);
	assert_owed(city, REMOTE, OWED, OWED);
	assert_int_equal(pay(fixture, city, PAYMENT_GUESTS, "202610-510100"), ERROR_STATE);
	assert_int_equal(says(fixture, city, BANK_BOOKED, payment.end_to_end, OWED), REASON_booked);
	assert_owed(city, REMOTE, 0, 0);
	assert_cash(city, "treasury", TREASURY, 0); /* what came in went out */
}

static void guests_money_that_the_bank_rejects_is_due_again(void **state)
{
	struct fixture *fixture = *state;
	struct city *city = &fixture->chongqing;
	bring_guests_money(fixture, OWED);
	settle_october(fixture);
	for (uint32_t attempt = 1; attempt <= 3; attempt++) {
		assert_int_equal(pay(fixture, city, PAYMENT_GUESTS, "202610-510100"), ERROR_NONE);
		struct payment payment = last(city, PAYMENT_GUESTS, "202610-510100", HOME);
		assert_int_equal(payment.attempt, attempt);
		assert_true(payment.amount_fen == OWED);
		assert_int_equal(pay(fixture, city, PAYMENT_GUESTS, "202610-510100"), ERROR_STATE);
		assert_int_equal(says(fixture, city, attempt < 3 ? BANK_REJECTED : BANK_BOOKED,
				     payment.end_to_end, OWED),
		    attempt < 3 ? REASON_rejected : REASON_booked);
	}
	assert_owed(city, REMOTE, 0, 0);
	assert_int_equal(pay(fixture, city, PAYMENT_GUESTS, "202610-510100"), ERROR_STATE);
}

/* --- the float 周转金 ------------------------------------------------------------------------------------------- */

static void the_float_advances_guests_money_at_once_if_the_policy_says_so(void **state)
{
	struct fixture *fixture = *state;
	struct city *city = &fixture->chongqing;
	pair_book(city, "float", "treasury", 600);
	bring_guests_money(fixture, 500);
	assert_int_equal(pay(fixture, city, PAYMENT_ADVANCE, "october"), ERROR_REFUSED);
	fixture->policies[0][0].pays_from_float = true;
	assert_int_equal(pay(fixture, city, PAYMENT_ADVANCE, "october"), ERROR_NONE);
	struct payment payment = last(city, PAYMENT_ADVANCE, "october", HOME);
	assert_cash(city, "float", 600, 500);
	assert_cash(city, "treasury", TREASURY - 600, 0);
	assert_int_equal(says(fixture, city, BANK_BOOKED, payment.end_to_end, 500), REASON_booked);
	assert_cash(city, "float", 100, 0);
	assert_owed(city, REMOTE, 0, 0);
	/* The clearing's money then stays in the treasury: the guests have had theirs. */
	settle_october(fixture);
	assert_int_equal(pay(fixture, city, PAYMENT_GUESTS, "202610-510100"), ERROR_STATE);
	assert_cash(city, "treasury", TREASURY - 600 + OWED, 0);
}

static void the_float_gives_no_more_than_it_holds(void **state)
{
	struct fixture *fixture = *state;
	struct city *city = &fixture->chongqing;
	fixture->policies[0][0].pays_from_float = true;
	pair_book(city, "float", "treasury", 499);
	bring_guests_money(fixture, 500);
	assert_int_equal(pay(fixture, city, PAYMENT_ADVANCE, "october"), ERROR_BALANCE);
	pair_book(city, "float", "treasury", 1);
	assert_int_equal(pay(fixture, city, PAYMENT_ADVANCE, "october"), ERROR_NONE);
	assert_cash(city, "float", 500, 500);
}

static void a_rejected_or_returned_advance_can_be_paid_again(void **state)
{
	struct fixture *fixture = *state;
	struct city *city = &fixture->chongqing;
	char waiting[ACCOUNT_TEXT_SIZE];
	fixture->policies[0][0].pays_from_float = true;
	pair_book(city, "float", "treasury", 500);
	bring_guests_money(fixture, 500);
	assert_int_equal(pay(fixture, city, PAYMENT_ADVANCE, "october"), ERROR_NONE);
	struct payment payment = last(city, PAYMENT_ADVANCE, "october", HOME);
	assert_int_equal(
	    says(fixture, city, BANK_REJECTED, payment.end_to_end, 500), REASON_rejected);
	assert_cash(city, "float", 500, 0);
	/* By the next batch as well as by this one. */
	assert_int_equal(pay(fixture, city, PAYMENT_ADVANCE, "november"), ERROR_NONE);
	assert_int_equal(pay(fixture, city, PAYMENT_ADVANCE, "october"), ERROR_STATE);
	payment = last(city, PAYMENT_ADVANCE, "november", HOME);
	assert_int_equal(says(fixture, city, BANK_BOOKED, payment.end_to_end, 500), REASON_booked);
	assert_int_equal(
	    says(fixture, city, BANK_RETURNED, payment.end_to_end, 500), REASON_returned);
	/* Back into the float it came from; it goes out again by way of the treasury. */
	assert_cash(city, "float", 500, 0);
	account_payable_returned(waiting, payment.end_to_end);
	assert_owed(city, waiting, 500, 0);
	assert_int_equal(pay(fixture, city, PAYMENT_AGAIN, payment.end_to_end), ERROR_NONE);
	assert_cash(city, "treasury", TREASURY - 500, 500);
}

/* --- parts ---------------------------------------------------------------------------------------------------- */

#define MANY (PAYMENT_PART_MAX + 3)

/* Rows of institutions that differ in their last digits: no codes that anybody has. */
static void make_homes(struct city *city, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		char uscc[USCC_SIZE + 1], account[ACCOUNT_TEXT_SIZE];
		const struct institution_profile profile = {.name = span_text("院"),
		    .account = span_text("1"),
		    .bank = span_text("102653000001")};
		snprintf(uscc, sizeof(uscc), "9900000000%08u", (unsigned)i);
		struct institution_row row =
		    institution_row_new(uscc, CHONGQING, day(2026, 1, 1), city->sequence);
		assert_int_equal(institution_put(city->txn, &row), ERROR_NONE);
		assert_int_equal(institution_profile_put(city->txn, uscc, &profile), ERROR_NONE);
		pair_book(city, "clearing/outside", account_payable_local(account, uscc), 10);
	}
}

struct tally {
	uint32_t count;
	uint64_t sequence;
};

static bool tally_one(void *context, const struct payment *payment)
{
	struct tally *tally = context;
	tally->count += payment->sequence == tally->sequence;
	return true;
}

static uint32_t part_size(struct city *city, uint64_t sequence)
{
	struct tally tally = {.sequence = sequence};
	assert_int_equal(
	    payment_each(city->txn, PAYMENT_INSTITUTION, "many", tally_one, &tally), ERROR_NONE);
	return tally.count;
}

static void a_part_is_full_and_says_where_the_next_begins(void **state)
{
	struct fixture *fixture = *state;
	struct city *city = &fixture->chongqing;
	char next[PAYMENT_PAYEE_MAX + 1], last_first[32];
	make_homes(city, MANY);
	uint64_t first = city->sequence;
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "many"), ERROR_NONE);
	assert_int_equal(part_size(city, first), PAYMENT_PART_MAX);
	const struct entry entry = {
	    .header = {.kind = KIND_payment_order, .count = city->decision.count},
	    .lines = buffer_span(&city->decision.lines)};
	assert_int_equal(payment_next(&entry, next), ERROR_NONE);
	snprintf(last_first, sizeof(last_first), "9900000000%08u", (unsigned)PAYMENT_PART_MAX);
	assert_string_equal(next, last_first);
	uint64_t second = city->sequence;
	assert_int_equal(pay_from(fixture, city, PAYMENT_INSTITUTION, "many", next), ERROR_NONE);
	assert_int_equal(part_size(city, second), MANY - PAYMENT_PART_MAX);
	assert_cash(city, "treasury", TREASURY, 10 * (int64_t)MANY);
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "many"), ERROR_STATE);
}

static void orders_that_make_no_sense_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct city *city = &fixture->chongqing;
	assert_int_equal(pay(fixture, city, PAYMENT_CLEARING, "202613"), ERROR_MALFORMED);
	assert_int_equal(pay(fixture, city, PAYMENT_CLEARING, "october"), ERROR_MALFORMED);
	assert_int_equal(pay(fixture, city, PAYMENT_RUN, "no-such-run"), ERROR_NOT_FOUND);
	assert_int_equal(pay(fixture, city, PAYMENT_GUESTS, "202610"), ERROR_MALFORMED);
	assert_int_equal(pay(fixture, city, PAYMENT_GUESTS, "202610-abcdef"), ERROR_MALFORMED);
	assert_int_equal(pay(fixture, city, PAYMENT_AGAIN, first_id), ERROR_NOT_FOUND);
	assert_int_equal(pay(fixture, city, (enum payment_kind)9, "x"), ERROR_MALFORMED);
	assert_int_equal(pay(fixture, city, (enum payment_kind)0, "x"), ERROR_MALFORMED);
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, ""), ERROR_MALFORMED);
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "two words"), ERROR_MALFORMED);
	assert_int_equal(pay(fixture, city, PAYMENT_INSTITUTION, "十月"), ERROR_MALFORMED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ids_are_those_that_another_program_makes),
	    TEST(a_clearing_is_ordered_booked_received_and_settled),
	    TEST(what_is_ordered_or_paid_is_not_ordered_again),
	    TEST(a_rejection_lets_go_and_allows_a_second_attempt),
	    TEST(a_return_after_booking_sets_the_clearing_back_to_netted),
	    TEST(what_is_taken_back_from_the_creditor_is_owed_again),
	    TEST(a_receipt_that_a_return_has_overtaken_settles_nothing),
	    TEST(what_the_creditor_has_received_is_not_paid_again),
	    TEST(a_clearing_is_not_received_twice),
	    TEST(a_credit_that_overtakes_the_signed_clearing_is_taken_when_it_is_told_again),
	    TEST(what_does_not_match_changes_no_book),
	    TEST(one_order_holds_one_word_on_a_payment),
	    TEST(an_institution_gets_all_that_is_due_once_a_batch),
	    TEST(an_institution_without_an_account_holds_up_nobody),
	    TEST(nothing_is_ordered_that_the_treasury_does_not_hold),
	    TEST(returned_money_can_be_paid_again),
	    TEST(guests_money_is_paid_when_its_clearing_is_settled),
	    TEST(guests_money_that_the_bank_rejects_is_due_again),
	    TEST(the_float_advances_guests_money_at_once_if_the_policy_says_so),
	    TEST(the_float_gives_no_more_than_it_holds),
	    TEST(a_rejected_or_returned_advance_can_be_paid_again),
	    TEST(a_part_is_full_and_says_where_the_next_begins),
	    TEST(orders_that_make_no_sense_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
