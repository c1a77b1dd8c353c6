/* neighbours.h: Chongqing (500000, the lower code) and Chengdu (510100), who owe each other, agree, differ, clear and pay: for the tests
 * of what is printed of it. */
#ifndef SUIREN_TEST_NEIGHBOURS_H
#define SUIREN_TEST_NEIGHBOURS_H

#include "pair.h"
#include "testing.h"

#include "difference.h"
#include "exchange.h"
#include "payment.h"

struct neighbours {
	struct city chongqing, chengdu;
	struct city *cities[2]; /* low, high */
	struct post post;
	struct policy policies[2][2]; /* as each city knows them: of Chongqing, of Chengdu */
};

static int neighbours_open(void **state)
{
	struct neighbours *both = calloc(1, sizeof(*both));
	assert_non_null(both);
	city_open(&both->chongqing, CHONGQING);
	city_open(&both->chengdu, CHENGDU);
	both->cities[0] = &both->chongqing;
	both->cities[1] = &both->chengdu;
	pair_introduce(&both->chongqing, &both->chengdu);
	pair_introduce(&both->chengdu, &both->chongqing);
	for (size_t i = 0; i < 2; i++) {
		city_knows(both->cities[i], CHONGQING, &both->policies[i][0]);
		city_knows(both->cities[i], CHENGDU, &both->policies[i][1]);
		pair_book(both->cities[i], "treasury", "clearing/outside", 100000000);
	}
	pair_at(both->cities, 2, day(2026, 10, 15));
	*state = both;
	return 0;
}

static int neighbours_close(void **state)
{
	struct neighbours *both = *state;
	post_free(&both->post);
	city_close(&both->chongqing);
	city_close(&both->chengdu);
	free(both);
	return 0;
}

static inline void deliver(struct neighbours *both)
{
	pair_deliver(both->cities, 2, &both->post);
}

static inline void on_day(struct neighbours *both, int year, int month, int day_of_month)
{
	pair_at(both->cities, 2, day(year, month, day_of_month));
}

static inline void cut_and_agree(struct neighbours *both, struct city *payer)
{
	assert_int_equal(pair_cut(payer, &both->post), ERROR_NONE);
	deliver(both);
}

static inline void clear_month(struct neighbours *both, uint32_t month)
{
	if (pair_clear(&both->chongqing, month, CHENGDU, &both->post))
		fail_msg("%s", both->chongqing.detail.text);
	deliver(both);
}

static inline void set_gross(struct neighbours *both)
{
	for (size_t i = 0; i < 2; i++)
		both->policies[i][0].gross = both->policies[i][1].gross = true;
}

/* Chengdu's window of this number differs at Chongqing: what differs is left out, the rest agreed. */
static inline void leave_out(struct neighbours *both, uint32_t window)
{
	struct buffer parameters = {0}, lines = {0};
	uint32_t count;
	assert_int_equal(exchange_window(both->chongqing.txn, both->chengdu.txn, CHENGDU, CHONGQING,
			     window, &parameters, &lines, &count),
	    ERROR_NONE);
	if (pair_order_lines(&both->chongqing, KIND_difference, &parameters, DIFFERENCE_PARAMETERS,
		buffer_span(&lines), count, &both->post))
		fail_msg("%s", both->chongqing.detail.text);
	buffer_free(&parameters);
	buffer_free(&lines);
	deliver(both);
}

static inline enum error pay(
    struct neighbours *both, struct city *city, enum payment_kind kind, const char *name)
{
	struct buffer parameters = {0};
	payment_parameters_write(&parameters, kind, name, "");
	enum error error =
	    pair_order(city, KIND_payment_order, &parameters, PAYMENT_PARAMETERS, &both->post);
	buffer_free(&parameters);
	return error;
}

/* What the bank says in one file; returns what its first line came to. */
static inline enum reason bank_says_all(
    struct neighbours *both, struct city *city, const struct bank_line *lines, uint32_t count)
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
	assert_int_equal(pair_submit(city, &command, &both->post), ERROR_NONE);
	buffer_free(&bytes);
	buffer_free(&document);
	return city_reason(city, 0);
}

static inline struct bank_line bank_line_of(struct city *city, enum bank_fact fact,
    const char *end_to_end, int64_t fen, const char *reference)
{
	struct bank_line line = {.fact = fact, .amount_fen = fen, .day = day_of_time(city->now_ms)};
	snprintf(line.end_to_end, sizeof(line.end_to_end), "%s", end_to_end);
	snprintf(line.reference, sizeof(line.reference), "%s", reference);
	return line;
}

/* The bank's word on one payment, on the day that it is. */
static inline enum reason bank_says(struct neighbours *both, struct city *city, enum bank_fact fact,
    const char *end_to_end, int64_t fen, const char *reference)
{
	const struct bank_line line = bank_line_of(city, fact, end_to_end, fen, reference);
	return bank_says_all(both, city, &line, 1);
}

/* The payment of a clearing by `payer`, through both banks. */
static inline void pay_clearing(struct neighbours *both, uint32_t month, struct city *payer)
{
	struct city *creditor = payer == &both->chongqing ? &both->chengdu : &both->chongqing;
	char name[PAYMENT_NAME_MAX + 1], payee[PAYMENT_PAYEE_MAX + 1];
	struct payment payment;
	snprintf(name, sizeof(name), "%06u", (unsigned)month);
	payment_city(payee, creditor->settlement.options.region);
	assert_int_equal(pay(both, payer, PAYMENT_CLEARING, name), ERROR_NONE);
	assert_int_equal(
	    payment_last(payer->txn, PAYMENT_CLEARING, name, payee, &payment), ERROR_NONE);
	assert_int_equal(
	    bank_says(both, payer, BANK_BOOKED, payment.end_to_end, payment.amount_fen, "OUT"),
	    REASON_booked);
	deliver(both);
	assert_int_equal(
	    bank_says(both, creditor, BANK_CREDITED, payment.end_to_end, payment.amount_fen, "IN"),
	    REASON_received);
	deliver(both);
}

/* Chengdu owes 250.00 + 100.00 - 30.00 = 320.00 in window 1 and 80.00 in window 2; Chongqing owes 150.00. */
static inline void owe_october(struct neighbours *both)
{
	pair_approve(&both->chengdu, &both->chongqing, 25000);
	pair_approve(&both->chengdu, &both->chongqing, 10000);
	pair_approve(&both->chengdu, &both->chongqing, -3000);
	cut_and_agree(both, &both->chengdu);
	on_day(both, 2026, 10, 16);
	pair_approve(&both->chengdu, &both->chongqing, 8000);
	cut_and_agree(both, &both->chengdu);
	pair_approve(&both->chongqing, &both->chengdu, 15000);
	cut_and_agree(both, &both->chongqing);
	on_day(both, 2026, 11, 21);
}

#endif
