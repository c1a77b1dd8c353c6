/* reserve.h: the reserve between two cities, by figures worked by hand. Chengdu is the home, Guangyuan the host. The programme pays 300.00 a month:
 * in June, of 30 days, 10.00 a day. Chengdu's catalogue lets it owe Guangyuan as much as it has lodged there (100 %) unless a test says
 * otherwise. */
#ifndef SUIREN_TEST_RESERVE_H
#define SUIREN_TEST_RESERVE_H

#include "clearing.h"
#include "desk.h"
#include "draw.h"
#include "held.h"
#include "payment.h"
#include "prefund.h"
#include "remote.h"
#include "window.h"

static const struct programme_text care = {.code = "care_subsidy"};

#define NIGHT 1000
#define MONTH 30000

struct desk {
	struct pair pair;
	unsigned version;
};

/* A new catalogue of Chengdu's from now on. */
static inline void bound(struct desk *desk, const char *prefunds)
{
	static struct catalogue_text text;
	catalogue_of(&text, CHENGDU, ++desk->version, &care, 1);
	text.size +=
	    (size_t)snprintf(text.text + text.size, sizeof(text.text) - text.size, "%s", prefunds);
	if (town_policy(&desk->pair.home, catalogue_span(&text)))
		fail_msg("%s", desk->pair.home.detail.text);
	carry(&desk->pair);
}

static inline int set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));
	assert_non_null(desk);
	pair_open(&desk->pair, &care, 1, &care, 1);
	desk->version = 1;
	bound(desk, "prefunds:\n  - {host: 510800, percent: 100}\n");
	*state = desk;
	return 0;
}

static inline int tear_down(void **state)
{
	struct desk *desk = *state;
	pair_close(&desk->pair);
	free(desk);
	return 0;
}

/* --- what the tests do ------------------------------------------------------------------------------------------ */

static inline enum error lodge_order(struct desk *desk, const char *name, int64_t fen)
{
	struct buffer parameters = {0};
	prefund_parameters_write(&parameters, name, GUANGYUAN, fen);
	return town_order(
	    &desk->pair.home, KIND_payment_order, &parameters, PREFUND_PARAMETERS, NULL, 0);
}

static inline void id_of(char id[END_TO_END_SIZE], const char *name, uint32_t attempt)
{
	payment_end_to_end(CHENGDU, PAYMENT_PREFUND, name, "510800", attempt, id);
}

/* What a city's bank says; returns the verdict on it. */
static inline unsigned says(struct town *town, enum bank_fact fact, const char *id, int64_t fen)
{
	struct bank_line line = {.fact = fact, .amount_fen = fen, .reference = "B1"};
	struct buffer lines = {0};
	line.day = day_of_time(town->now_ms);
	snprintf(line.end_to_end, sizeof(line.end_to_end), "%s", id);
	bank_line_write(&lines, &line);
	if (town_order(town, KIND_bank, NULL, 0, &lines, 1))
		fail_msg("%s", town->detail.text);
	return town_reason(town, 0);
}

/* Ordered, booked, announced and credited. */
static inline void lodge(struct desk *desk, const char *name, int64_t fen)
{
	char id[END_TO_END_SIZE];
	id_of(id, name, 1);
	assert_int_equal(lodge_order(desk, name, fen), ERROR_NONE);
	assert_int_equal(says(&desk->pair.home, BANK_BOOKED, id, fen), REASON_booked);
	carry(&desk->pair);
	assert_int_equal(says(&desk->pair.host, BANK_CREDITED, id, fen), REASON_received);
}

static inline enum error further(struct desk *desk)
{
	struct buffer parameters = {0};
	codec_put_uint(&parameters, GUANGYUAN);
	return town_order(&desk->pair.home, KIND_further, &parameters, FURTHER_PARAMETERS, NULL, 0);
}

static inline uint64_t guest(struct desk *desk)
{
	return traveller(&desk->pair, day(2026, 6, 1), DAY_NEVER, day(2026, 6, 1), DAY_NEVER);
}

static inline uint64_t asks(struct desk *desk, uint64_t person, unsigned first, unsigned last)
{
	uint64_t number = claim(&desk->pair, CHENGDU, person, "care_subsidy", first, last);
	carry(&desk->pair);
	return number;
}

static inline void expect_held(
    struct desk *desk, uint64_t number, int64_t fen, int64_t limit, int64_t unpaid)
{
	struct town *const towns[] = {&desk->pair.home, &desk->pair.host};
	for (size_t i = 0; i < 2; i++) {
		const struct verdict verdict = desk_verdict(towns[i], HOUSE_D, number, 0);
		assert_string_equal(reason_name(verdict.reason), "held_prefund");
		assert_int_equal(verdict.amount_fen, 0);
		assert_int_equal(verdict.held_fen, fen);
		assert_int_equal(verdict.limit_fen, limit);
		assert_int_equal(verdict.unpaid_fen, unpaid);
	}
}

/* How a held line ended, at both cities alike. */
static inline struct verdict ended(struct desk *desk, uint64_t number)
{
	struct town *const towns[] = {&desk->pair.home, &desk->pair.host};
	struct verdict verdicts[2];
	for (size_t i = 0; i < 2; i++) {
		struct txn *txn = desk_read(towns[i]);
		struct sheet_row row;
		struct held_end end;
		assert_int_equal(sheet_row_get(txn, HOUSE_D, number, &row), ERROR_NONE);
		assert_int_equal(
		    held_decided(txn, i ? HELD_BY_THEM : HELD_BY_US, i ? CHENGDU : GUANGYUAN,
			row.answered ? row.answered : row.sequence, 0, &end),
		    ERROR_NONE);
		txn_abort(txn);
		verdicts[i] = town_verdict(towns[i], end.sequence, end.line);
	}
	assert_int_equal(verdicts[0].reason, verdicts[1].reason);
	assert_int_equal(verdicts[0].amount_fen, verdicts[1].amount_fen);
	return verdicts[0];
}

/* Both cities' window: what home owes is what the host is owed. */
static inline void expect_owed(struct desk *desk, uint32_t window, int64_t fen)
{
	assert_int_equal(town_owes(&desk->pair.home, GUANGYUAN, window), fen);
	assert_int_equal(town_is_owed(&desk->pair.host, CHENGDU, window), fen);
}

static inline int64_t lodged(struct desk *desk)
{
	return -town_credit(&desk->pair.home, "prefund_lodged/510800");
}

static inline int64_t kept(struct desk *desk)
{
	return town_credit(&desk->pair.host, "prefund_held/510100");
}

static inline int64_t cash(struct town *town)
{
	return -town_credit(town, "treasury");
}

static inline void cut(struct desk *desk)
{
	struct buffer parameter = {0};
	codec_put_null(&parameter);
	assert_int_equal(
	    town_order(&desk->pair.home, KIND_cut, &parameter, 1, NULL, 0), ERROR_NONE);
	carry(&desk->pair);
}

/* The clearing of July, proposed on 21 August: Chengdu has the lower code. Due ten days later, on 31 August. */
static inline void clear_july(struct desk *desk)
{
	struct buffer parameters = {0};
	pair_at(&desk->pair, day(2026, 8, 21));
	codec_put_uint(&parameters, 202607);
	codec_put_uint(&parameters, GUANGYUAN);
	if (town_order(&desk->pair.home, KIND_clearing, &parameters, 2, NULL, 0))
		fail_msg("%s", desk->pair.home.detail.text);
	carry(&desk->pair);
}

static inline enum error draw(struct desk *desk)
{
	struct buffer parameters = {0};
	draw_parameters_write(&parameters, 202607, CHENGDU);
	return town_order(&desk->pair.host, KIND_draw, &parameters, DRAW_PARAMETERS, NULL, 0);
}

static inline enum error pay_clearing(struct desk *desk)
{
	struct buffer parameters = {0};
	payment_parameters_write(&parameters, PAYMENT_CLEARING, "202607", "");
	return town_order(
	    &desk->pair.home, KIND_payment_order, &parameters, PAYMENT_PARAMETERS, NULL, 0);
}

static inline void clearing_id(char id[END_TO_END_SIZE], uint32_t attempt)
{
	payment_end_to_end(CHENGDU, PAYMENT_CLEARING, "202607", "510800", attempt, id);
}

static inline struct clearing_row clearing_at(struct town *town)
{
	struct txn *txn = desk_read(town);
	struct clearing_row clearing;
	assert_int_equal(clearing_get(txn, 202607, CHENGDU, GUANGYUAN, &clearing), ERROR_NONE);
	txn_abort(txn);
	return clearing;
}

/* Chengdu owes 300.00 for July, has lodged 500.00 and does not pay. */
static inline void overdue(struct desk *desk)
{
	lodge(desk, "1", 50000);
	uint64_t a = guest(desk);
	pair_at(&desk->pair, day(2026, 7, 2));
	asks(desk, a, 1, 30);
	pair_at(&desk->pair, day(2026, 7, 3));
	cut(desk);
	clear_july(desk);
}

static inline void expect_even(struct desk *desk)
{
	assert_int_equal(town_credit(&desk->pair.home, "clearing/2026-07/510800"), 0);
	assert_int_equal(town_credit(&desk->pair.host, "clearing/2026-07/510100"), 0);
	assert_int_equal(clearing_at(&desk->pair.home).state, CLEARING_SETTLED);
	assert_int_equal(clearing_at(&desk->pair.host).state, CLEARING_SETTLED);
}

#endif
