#include "pair_statement.h"

#include <assert.h>
#include <stdlib.h>

#include "calendar.h"
#include "codec.h"
#include "prefund.h"
#include "refill.h"

struct reading {
	struct txn *txn;
	struct pair_statement *statement;
	uint32_t first, last;         /* months */
	struct clearing_row clearing; /* looked up last; month 0: none yet */
	enum error error;
};

static bool is_booked(const struct clearing_row *clearing)
{
	return clearing->state == CLEARING_NETTED || clearing->state == CLEARING_SETTLED;
}

static bool is_within(const struct reading *reading, uint32_t month)
{
	return reading->first <= month && month <= reading->last;
}

static struct pair_month *month_at(const struct reading *reading, uint32_t month)
{
	struct pair_statement *statement = reading->statement;

	for (size_t i = 0; i < statement->month_count; i++) {
		if (statement->months[i].month == month)
			return &statement->months[i];
	}
	assert(!"a month within the period");
	return NULL;
}

static void worsen(struct pair_month *month, enum pair_month_state state)
{
	if (state > month->state)
		month->state = state;
}

static enum error add(int64_t *sum, int64_t fen)
{
	struct amount total = {*sum};
	enum error error = amount_add(total, (struct amount){fen}, &total);

	*sum = total.value;
	return error;
}

/* --- windows ---------------------------------------------------------------------------------------------------- */

/* The clearing that took the window, if both have signed it; else the window is in none: *month is 0. Windows of one clearing mostly
 * stand together. */
static enum error find_cleared(
    struct reading *reading, const struct window_row *window, uint32_t *month)
{
	enum error error = ERROR_NONE;

	*month = 0;
	if (window->cleared_month == 0)
		return ERROR_NONE;
	if (reading->clearing.month != window->cleared_month)
		error = clearing_get(reading->txn, window->cleared_month, window->payer,
		    window->creditor, &reading->clearing);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	if (is_booked(&reading->clearing))
		*month = window->cleared_month;
	return ERROR_NONE;
}

static enum error add_to_month(
    struct reading *reading, const struct window_row *window, uint32_t month, uint32_t cleared)
{
	struct pair_month *row = month_at(reading, month);
	struct pair_direction *direction =
	    &row->directions[window->payer != reading->statement->low];
	enum error error = add(&direction->positive_fen, window->agreed.positive_fen);

	if (!error)
		error = add(&direction->negative_fen, window->agreed.negative_fen);
	direction->windows++;
	direction->lines += window->agreed.count;
	if (cleared == 0)
		worsen(row, PAIR_MONTH_UNCLEARED);
	else
		worsen(row, reading->clearing.state == CLEARING_SETTLED ? PAIR_MONTH_SETTLED
									: PAIR_MONTH_UNPAID);
	return error;
}

static enum error account_for(
    struct reading *reading, const struct window_row *window, uint32_t *cleared)
{
	struct pair_statement *statement = reading->statement;
	const size_t side = window->payer != statement->low;
	const uint32_t month = month_of_day(window_day(window));
	const int64_t net = window_net(&window->agreed);
	enum error error = find_cleared(reading, window, cleared);

	if (!error && month <= reading->last && *cleared == 0)
		statement->uncleared++;
	if (!error && month < reading->first && (*cleared == 0 || *cleared >= reading->first))
		error = add(&statement->months[0].directions[side].opening_fen, net);
	if (!error && is_within(reading, month))
		error = add_to_month(reading, window, month, *cleared);
	if (!error && is_within(reading, *cleared))
		error = add(&month_at(reading, *cleared)->directions[side].cleared_fen, net);
	return error;
}

/* Every agreed window of the pair is accounted for; kept are those of the period. */
static bool take_agreed(void *context, const struct window_row *window)
{
	struct reading *reading = context;
	uint32_t cleared;

	if (window->state != WINDOW_AGREED || reading->error)
		return false;
	reading->error = account_for(reading, window, &cleared);
	return !reading->error && is_within(reading, month_of_day(window_day(window)));
}

static bool take_unagreed(void *context, const struct window_row *window)
{
	struct reading *reading = context;
	uint32_t month;

	if (window->state == WINDOW_AGREED || window->state == WINDOW_OPEN)
		return false;
	month = month_of_day(window_day(window));
	if (is_within(reading, month))
		worsen(month_at(reading, month), PAIR_MONTH_UNAGREED);
	return month <= reading->last;
}

static enum error read_windows(struct reading *reading)
{
	struct pair_statement *statement = reading->statement;
	struct pair_windows *windows = &statement->windows;
	enum error error = pair_windows_read(
	    reading->txn, statement->low, statement->high, take_agreed, reading, windows);

	if (!error)
		error = reading->error;
	for (size_t i = 0; i < windows->count && !error; i++) {
		uint32_t cleared;

		error = find_cleared(reading, &windows->rows[i], &cleared);
		windows->rows[i].cleared_month = cleared;
	}
	return error ? error
		     : pair_windows_read(reading->txn, statement->low, statement->high,
			   take_unagreed, reading, &statement->unagreed);
}

/* --- clearings, disputes, reserves ------------------------------------------------------------------------------ */

static enum error add_payment(struct reading *reading, const struct clearing_row *clearing,
    uint32_t payer, struct pair_payments *payments)
{
	const int64_t fen = clearing_pays(clearing, payer);
	const bool paid = clearing_is_paid(clearing, payer);
	enum error error;

	if (clearing->month < reading->first)
		return paid ? ERROR_NONE : add(&payments->before_fen, fen);
	error = add(&payments->pays_fen, fen);
	return error ? error : add(paid ? &payments->paid_fen : &payments->open_fen, fen);
}

static bool take_clearing(void *context, const struct clearing_row *clearing)
{
	struct reading *reading = context;
	struct pair_statement *statement = reading->statement;

	if (clearing->month > reading->last)
		return false;
	if (clearing->low != statement->low || clearing->high != statement->high ||
	    !is_booked(clearing))
		return true;
	if (clearing->month >= reading->first) {
		struct pair_month *month = month_at(reading, clearing->month);

		month->has_clearing = true;
		month->clearing = *clearing;
		worsen(month,
		    clearing->state == CLEARING_SETTLED ? PAIR_MONTH_SETTLED : PAIR_MONTH_UNPAID);
	}
	reading->error = add_payment(reading, clearing, clearing->low, &statement->payments[0]);
	if (!reading->error)
		reading->error =
		    add_payment(reading, clearing, clearing->high, &statement->payments[1]);
	return !reading->error;
}

static bool take_dispute(
    void *context, const struct dispute *dispute, const struct window_row *window)
{
	struct reading *reading = context;
	struct pair_statement *statement = reading->statement;
	struct pair_carried *carried = &statement->carried[dispute->payer != statement->low];
	const uint32_t month = month_of_day(window_day(window));

	if (month > reading->last || reading->error)
		return false;
	if (dispute->state != DISPUTE_OPEN)
		return month >= reading->first;
	carried->count++;
	if (dispute->payers.is)
		reading->error = add(&carried->payers_fen, dispute->payers.amount_fen);
	if (dispute->creditors.is && !reading->error)
		reading->error = add(&carried->creditors_fen, dispute->creditors.amount_fen);
	return true;
}

static enum error read_position(struct reading *reading)
{
	struct pair_statement *statement = reading->statement;
	const uint32_t peer = statement->self == statement->low ? statement->high : statement->low;
	enum error error = prefund_lodged(reading->txn, peer, &statement->lodged_fen);

	if (!error)
		error = prefund_held(reading->txn, peer, &statement->held_fen);
	if (!error)
		error = advanced_sum(reading->txn, peer, &statement->advanced_fen);
	return error;
}

/* --- sums ------------------------------------------------------------------------------------------------------- */

/* P1, and into the total. */
static enum error close_month(
    struct pair_direction *direction, struct pair_direction *next, struct pair_direction *total)
{
	enum error error = ERROR_NONE;

	direction->closing_fen = direction->opening_fen;
	error = add(&direction->closing_fen, direction->positive_fen);
	if (!error)
		error = add(&direction->closing_fen, direction->negative_fen);
	if (!error)
		error = add(&direction->closing_fen, -direction->cleared_fen);
	if (!error)
		error = add(&total->positive_fen, direction->positive_fen);
	if (!error)
		error = add(&total->negative_fen, direction->negative_fen);
	if (!error)
		error = add(&total->cleared_fen, direction->cleared_fen);
	total->windows += direction->windows;
	total->lines += direction->lines;
	total->closing_fen = direction->closing_fen;
	if (next)
		next->opening_fen = direction->closing_fen;
	return error;
}

/* P2 */
static bool fits_clearing(const struct pair_month *month)
{
	int64_t low = month->has_clearing ? month->clearing.low_owes_fen : 0;
	int64_t high = month->has_clearing ? month->clearing.high_owes_fen : 0;

	return month->directions[0].cleared_fen == low && month->directions[1].cleared_fen == high;
}

static enum error add_up(struct pair_statement *statement)
{
	enum error error = ERROR_NONE;

	for (size_t side = 0; side < 2; side++)
		statement->totals[side].opening_fen =
		    statement->months[0].directions[side].opening_fen;
	for (size_t i = 0; i < statement->month_count && !error; i++) {
		struct pair_month *month = &statement->months[i];
		struct pair_month *next =
		    i + 1 < statement->month_count ? &statement->months[i + 1] : NULL;

		if (!fits_clearing(month))
			return ERROR_CORRUPT;
		for (size_t side = 0; side < 2 && !error; side++)
			error = close_month(&month->directions[side],
			    next ? &next->directions[side] : NULL, &statement->totals[side]);
	}
	return error;
}

static enum error digest(struct pair_statement *statement)
{
	struct buffer form = {0};
	enum error error;

	for (size_t i = 0; i < statement->month_count; i++) {
		buffer_clear(&form);
		pair_month_write(&form, statement, &statement->months[i]);
		statement->months[i].digest = hash_sha256(buffer_span(&form));
	}
	buffer_clear(&form);
	pair_statement_write(&form, statement);
	statement->digest = hash_sha256(buffer_span(&form));
	error = form.failed;
	buffer_free(&form);
	return error;
}

static void begin(
    struct pair_statement *statement, uint32_t self, uint32_t peer, uint32_t first, uint32_t count)
{
	statement->self = self;
	statement->low = self < peer ? self : peer;
	statement->high = self < peer ? peer : self;
	statement->month_count = count;
	for (uint32_t i = 0, month = first; i < count; i++, month = month_next(month))
		statement->months[i] = (struct pair_month){
		    .month = month,
		    .state = PAIR_MONTH_NOTHING,
		    .directions = {{.payer = statement->low, .creditor = statement->high},
			{.payer = statement->high, .creditor = statement->low}},
		};
	for (size_t side = 0; side < 2; side++) {
		statement->totals[side].payer = statement->months[0].directions[side].payer;
		statement->totals[side].creditor = statement->months[0].directions[side].creditor;
	}
}

enum error pair_statement_read(struct txn *txn, uint32_t self, uint32_t peer, uint32_t first,
    uint32_t count, struct pair_statement **out)
{
	struct pair_statement *statement = calloc(1, sizeof *statement);
	struct reading reading = {.txn = txn, .statement = statement, .first = first};
	enum error error;

	assert(self != peer && month_is_real(first) && count >= 1 && count <= STATEMENT_MONTHS_MAX);
	*out = NULL;
	if (!statement)
		return ERROR_MEMORY;
	begin(statement, self, peer, first, count);
	reading.last = statement->months[count - 1].month;
	error = read_windows(&reading);
	if (!error)
		error = clearing_each(txn, 0, take_clearing, &reading);
	if (!error && !reading.error)
		error = pair_disputes_read(txn, statement->low, statement->high, take_dispute,
		    &reading, &statement->disputes);
	if (!error)
		error = reading.error;
	if (!error)
		error = add_up(statement);
	if (!error)
		error = read_position(&reading);
	if (!error)
		error = digest(statement);
	if (error) {
		pair_statement_free(statement);
		return error;
	}
	*out = statement;
	return ERROR_NONE;
}

void pair_statement_free(struct pair_statement *statement)
{
	if (!statement)
		return;
	pair_windows_free(&statement->windows);
	pair_windows_free(&statement->unagreed);
	pair_disputes_free(&statement->disputes);
	free(statement);
}

bool pair_month_is_settled(const struct pair_month *month)
{
	return month->state <= PAIR_MONTH_SETTLED;
}

bool pair_statement_is_settled(const struct pair_statement *statement)
{
	for (size_t i = 0; i < statement->month_count; i++) {
		if (!pair_month_is_settled(&statement->months[i]))
			return false;
	}
	for (size_t side = 0; side < 2; side++) {
		const struct pair_payments *payments = &statement->payments[side];

		if (payments->before_fen || payments->open_fen)
			return false;
	}
	return statement->uncleared == 0 && statement->unagreed.count == 0;
}

const char *pair_month_state_name(enum pair_month_state state)
{
	static const char *const names[] = {
	    NULL, "nothing", "settled", "unpaid", "uncleared", "unagreed"};

	assert(state >= PAIR_MONTH_NOTHING && state <= PAIR_MONTH_UNAGREED);
	return names[state];
}

const char *pair_month_state_chinese(enum pair_month_state state)
{
	static const char *const names[] = {NULL, "无业务", "已结清", "未付清", "未清算", "未对账"};

	assert(state >= PAIR_MONTH_NOTHING && state <= PAIR_MONTH_UNAGREED);
	return names[state];
}
