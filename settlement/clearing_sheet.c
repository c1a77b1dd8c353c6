#include "clearing_sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "payment_told.h"

static uint32_t window_month(const struct window_row *window)
{
	return month_of_day(window_day(window));
}

static bool is_taken(void *context, const struct window_row *window)
{
	const struct clearing_row *clearing = context;

	return window->cleared_month == clearing->month;
}

static bool is_waiting(void *context, const struct window_row *window)
{
	const struct clearing_row *clearing = context;

	return window->state != WINDOW_OPEN && window_month(window) <= clearing->month &&
	       (window->cleared_month == 0 || window->cleared_month > clearing->month);
}

static bool is_left_out(
    void *context, const struct dispute *dispute, const struct window_row *window)
{
	const struct clearing_row *clearing = context;

	return window->cleared_month == clearing->month ||
	       (dispute->state == DISPUTE_OPEN && window_month(window) <= clearing->month);
}

static enum error add(int64_t *sum, int64_t fen)
{
	struct amount total = {*sum};
	enum error error = amount_add(total, (struct amount){fen}, &total);

	*sum = total.value;
	return error;
}

static enum error add_window(struct clearing_side *side, const struct window_row *window)
{
	enum error error = add(&side->positive_fen, window->agreed.positive_fen);

	if (!error)
		error = add(&side->negative_fen, window->agreed.negative_fen);
	if (!error)
		error = add(&side->net_fen, window_net(&window->agreed));
	side->windows++;
	side->lines += window->agreed.count;
	return error;
}

/* H1, H2: the windows come to what the clearing says. One that was refused has let its windows go. */
static bool adds_up(const struct clearing_sheet *sheet)
{
	const struct clearing_row *clearing = &sheet->clearing;
	const struct clearing_side *low = &sheet->sides[0], *high = &sheet->sides[1];

	if (clearing->state == CLEARING_REFUSED)
		return low->windows == 0 && high->windows == 0;
	return low->windows == clearing->low_windows && high->windows == clearing->high_windows &&
	       low->net_fen == clearing->low_owes_fen && high->net_fen == clearing->high_owes_fen &&
	       low->net_fen == low->positive_fen + low->negative_fen &&
	       high->net_fen == high->positive_fen + high->negative_fen &&
	       low->net_fen - high->net_fen == low->pays_fen - high->pays_fen;
}

static enum error add_up(struct clearing_sheet *sheet)
{
	const struct clearing_row *clearing = &sheet->clearing;
	enum error error = ERROR_NONE;

	sheet->sides[0] = (struct clearing_side){.payer = clearing->low,
	    .creditor = clearing->high,
	    .pays_fen = clearing->low_pays_fen,
	    .paid = clearing->low_paid,
	    .drawn = clearing->low_drawn};
	sheet->sides[1] = (struct clearing_side){.payer = clearing->high,
	    .creditor = clearing->low,
	    .pays_fen = clearing->high_pays_fen,
	    .paid = clearing->high_paid,
	    .drawn = clearing->high_drawn};
	for (size_t i = 0; i < sheet->taken.count && !error; i++) {
		const struct window_row *window = &sheet->taken.rows[i];

		error = add_window(&sheet->sides[window->payer != clearing->low], window);
	}
	if (error)
		return error;
	return adds_up(sheet) ? ERROR_NONE : ERROR_CORRUPT;
}

/* --- payments --------------------------------------------------------------------------------------------------- */

struct payment_reading {
	struct txn *txn;
	struct clearing_sheet *sheet;
	const struct clearing_side *side;
	enum error error;
};

/* A pair's clearing has at most two payers. */
#define PAYMENTS_MAX (2 * (PAYMENT_ATTEMPTS_MAX + 1))

static enum error add_payment(struct payment_reading *reading, const struct payment *payment)
{
	struct clearing_sheet *sheet = reading->sheet;
	struct clearing_payment *one = &sheet->payments[sheet->payment_count];

	if (sheet->payment_count == PAYMENTS_MAX)
		return ERROR_CORRUPT;
	*one = (struct clearing_payment){.payer = reading->side->payer,
	    .creditor = reading->side->creditor,
	    .payment = *payment};
	sheet->payment_count++;
	return payment_word(reading->txn, payment, &one->said);
}

static bool take_payment(void *context, const struct payment *payment)
{
	struct payment_reading *reading = context;
	char payee[PAYMENT_PAYEE_MAX + 1];

	payment_city(payee, reading->side->creditor);
	if (strcmp(payee, payment->payee) == 0)
		reading->error = add_payment(reading, payment);
	return !reading->error;
}

/* The two cities tell each other of what their banks have said, under one EndToEndId. */
static enum error add_told(struct txn *txn, struct clearing_sheet *sheet)
{
	enum error error = ERROR_NONE;

	for (size_t i = 0; i < sheet->payment_count && !error; i++) {
		struct clearing_payment *one = &sheet->payments[i];
		uint32_t other = one->payer == sheet->self ? one->creditor : one->payer;

		error = payment_told(txn, other, one->payment.end_to_end, &one->told);
	}
	return error;
}

/* At the creditor: the last attempt, from this one on, of which the payer has told; attempts that were rejected are not known here. */
static enum error find_told(
    struct payment_reading *reading, struct payment *payment, struct bank_line *told)
{
	const struct clearing_side *side = reading->side;
	char id[END_TO_END_SIZE];
	enum error error = ERROR_NONE;

	for (uint32_t attempt = payment->attempt; attempt <= PAYMENT_ATTEMPTS_MAX && !error;
	     attempt++) {
		struct bank_line line;

		payment_end_to_end(
		    side->payer, PAYMENT_CLEARING, payment->name, payment->payee, attempt, id);
		error = payment_told(reading->txn, side->payer, id, &line);
		if (error || line.fact == 0)
			continue;
		payment->attempt = attempt;
		*told = line;
	}
	return error;
}

/* The one that is to come: behind those that are over. */
static enum error expect_payment(struct payment_reading *reading, size_t before)
{
	struct clearing_sheet *sheet = reading->sheet;
	const struct clearing_side *side = reading->side;
	struct clearing_payment *one;
	struct payment *payment;
	uint32_t attempt = 1;
	enum error error = ERROR_NONE;

	for (size_t i = before; i < sheet->payment_count; i++) {
		payment = &sheet->payments[i].payment;
		if (payment->state != PAYMENT_REJECTED && payment->state != PAYMENT_RETURNED)
			return ERROR_NONE;
		attempt = payment->attempt + 1;
	}
	if (side->pays_fen == 0 || side->paid || sheet->clearing.state != CLEARING_NETTED ||
	    attempt > PAYMENT_ATTEMPTS_MAX)
		return ERROR_NONE;
	if (sheet->payment_count == PAYMENTS_MAX)
		return ERROR_CORRUPT;
	one = &sheet->payments[sheet->payment_count++];
	*one = (struct clearing_payment){
	    .payer = side->payer, .creditor = side->creditor, .expected = true};
	payment = &one->payment;
	payment->kind = PAYMENT_CLEARING;
	payment->attempt = attempt;
	payment->amount_fen = side->pays_fen;
	snprintf(payment->name, sizeof payment->name, "%06u", (unsigned)sheet->clearing.month);
	payment_city(payment->payee, side->creditor);
	if (side->payer != sheet->self)
		error = find_told(reading, payment, &one->told);
	payment_end_to_end(side->payer, PAYMENT_CLEARING, payment->name, payment->payee,
	    payment->attempt, payment->end_to_end);
	return error;
}

/* Our own stand under the month, what has come in under the month and its payer. */
static enum error read_payments(struct txn *txn, struct clearing_sheet *sheet)
{
	enum error error = ERROR_NONE;

	sheet->payments = calloc(PAYMENTS_MAX, sizeof *sheet->payments);
	if (!sheet->payments)
		return ERROR_MEMORY;
	for (size_t i = 0; i < 2 && !error; i++) {
		struct payment_reading reading = {
		    .txn = txn, .sheet = sheet, .side = &sheet->sides[i]};
		size_t before = sheet->payment_count;
		char name[PAYMENT_NAME_MAX + 1];

		if (reading.side->payer == sheet->self)
			snprintf(name, sizeof name, "%06u", (unsigned)sheet->clearing.month);
		else
			payment_received_name(name, sheet->clearing.month, reading.side->payer);
		error = payment_each(txn, PAYMENT_CLEARING, name, take_payment, &reading);
		if (!error)
			error = reading.error;
		if (!error)
			error = expect_payment(&reading, before);
	}
	return error ? error : add_told(txn, sheet);
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

enum error clearing_sheet_read(
    struct txn *txn, uint32_t self, uint32_t peer, uint32_t month, struct clearing_sheet **out)
{
	struct clearing_sheet *sheet = calloc(1, sizeof *sheet);
	struct clearing_row *clearing;
	enum error error;

	*out = NULL;
	if (!sheet)
		return ERROR_MEMORY;
	sheet->self = self;
	clearing = &sheet->clearing;
	error = clearing_get(txn, month, self, peer, clearing);
	if (!error)
		error = pair_windows_read(
		    txn, clearing->low, clearing->high, is_taken, clearing, &sheet->taken);
	if (!error)
		error = pair_windows_read(
		    txn, clearing->low, clearing->high, is_waiting, clearing, &sheet->waiting);
	if (!error)
		error = pair_disputes_read(
		    txn, clearing->low, clearing->high, is_left_out, clearing, &sheet->disputes);
	if (!error)
		error = add_up(sheet);
	if (!error)
		error = read_payments(txn, sheet);
	if (error) {
		clearing_sheet_free(sheet);
		return error;
	}
	*out = sheet;
	return ERROR_NONE;
}

void clearing_sheet_free(struct clearing_sheet *sheet)
{
	if (!sheet)
		return;
	pair_windows_free(&sheet->taken);
	pair_windows_free(&sheet->waiting);
	pair_disputes_free(&sheet->disputes);
	free(sheet->payments);
	free(sheet);
}
