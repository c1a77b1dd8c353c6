/* payment_bank.c: what the bank says: the kind `bank`, and what follows in the tables from a line that changes the books. */
#include <stdio.h>
#include <string.h>

#include "bank_internal.h"
#include "calendar.h"
#include "clearing.h"
#include "lines.h"
#include "prefund.h"
#include "refill.h"
#include "settlement_internal.h"
#include "unmatched.h"

#define BANK_FIELDS 5

void bank_line_write(struct buffer *out, const struct bank_line *line)
{
	codec_put_array(out, BANK_FIELDS);
	codec_put_uint(out, line->fact);
	codec_put_text(out, span_text(line->end_to_end));
	codec_put_uint(out, (uint64_t)line->amount_fen);
	codec_put_text(out, span_text(line->reference));
	day_put(out, line->day);
}

enum error bank_line_read(struct span item, struct bank_line *line)
{
	struct codec_reader reader = codec_reader(item);

	memset(line, 0, sizeof *line);
	codec_array_exact(&reader, BANK_FIELDS);
	line->fact = (enum bank_fact)codec_uint_max(&reader, BANK_TAKEN_BACK);
	codec_text_copy(&reader, line->end_to_end, sizeof line->end_to_end);
	line->amount_fen = (int64_t)codec_uint_max(&reader, AMOUNT_MAX);
	codec_text_copy(&reader, line->reference, sizeof line->reference);
	line->day = day_take(&reader);
	return line->fact == 0 || !line->end_to_end[0] ? ERROR_MALFORMED : codec_finish(&reader);
}

bool bank_changes_books(enum reason reason)
{
	return reason == REASON_booked || reason == REASON_rejected || reason == REASON_returned ||
	       reason == REASON_received;
}

enum error bank_reason(struct settlement *settlement, struct txn *txn, const struct bank_line *line,
    enum reason *reason)
{
	struct decision scratch;
	struct bank_work work;
	enum error error = bank_work_begin(&work, settlement, txn, &scratch, 1);

	decision_init(&scratch);
	if (!error)
		error = bank_judge(&work, line, reason);
	if (!error)
		error = decision_finish(&scratch);
	bank_work_free(&work);
	decision_free(&scratch);
	return error;
}

static void put_verdict(struct decision *decision, enum reason reason)
{
	codec_put_array(&decision->verdicts, 2);
	codec_put_uint(&decision->verdicts, reason);
	codec_put_null(&decision->verdicts);
	decision->count++;
}

static enum error judge_lines(
    struct bank_work *work, struct line_walk *walk, struct error_detail *detail)
{
	struct span item;
	enum error error = ERROR_NONE;

	while (!error && line_walk_next(walk, &item)) {
		struct bank_line line;
		enum reason reason;

		if (bank_line_read(item, &line))
			return line_walk_error(walk, ERROR_MALFORMED, detail,
			    "not [fact, EndToEndId, amount, reference, day]");
		error = bank_judge(work, &line, &reason);
		if (!error)
			put_verdict(work->decision, reason);
	}
	return error ? error : line_walk_finish(walk, detail);
}

enum error bank_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct line_walk walk = line_walk(command);
	struct bank_work work;
	enum error error;

	(void)now_ms;
	if (command->count == 0)
		return error_set(detail, ERROR_MALFORMED, "the bank says nothing");
	error = bank_work_begin(&work, settlement, txn, decision, command->count);
	if (!error)
		error = judge_lines(&work, &walk, detail);
	if (!error)
		error = bank_work_send(&work);
	bank_work_free(&work);
	return error;
}

/* Guests' money that the bank has refused is due again: that of an advance for the windows that it was owed for, that of a clearing for
 * window 0, since the clearing stands in its name. What came back is not due: it waits to be paid again. */
static enum error due_again(struct txn *txn, const struct payment *payment, bool due)
{
	bool any;
	enum error error;

	if (payment->kind == PAYMENT_GUESTS && due)
		return guest_due_add(txn, guest_payer(payment->name), GUEST_WINDOW_AGAIN,
		    payment->payee, payment->amount_fen);
	if (payment->kind != PAYMENT_ADVANCE)
		return ERROR_NONE;
	error = advance_forget(txn, payment->end_to_end, payment->payee, due, &any);
	return !error && !any && due ? ERROR_CORRUPT : error;
}

static enum error apply_own(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, const struct bank_line *line, enum reason reason)
{
	struct payment payment;
	enum error error = payment_find(txn, line->end_to_end, &payment);

	if (error)
		return ERROR_CORRUPT;
	if (reason == REASON_booked && payment.state == PAYMENT_REJECTED)
		error = payment_due_take(settlement, txn, &payment);
	else if (reason != REASON_booked)
		error = due_again(txn, &payment, reason == REASON_rejected);
	if (error)
		return error;
	payment.state = reason == REASON_booked     ? PAYMENT_BOOKED
			: reason == REASON_rejected ? PAYMENT_REJECTED
						    : PAYMENT_RETURNED;
	payment.said = entry->header.sequence;
	if (reason == REASON_booked)
		memcpy(payment.booked_reference, line->reference, sizeof line->reference);
	if (reason == REASON_returned)
		memcpy(payment.returned_reference, line->reference, sizeof line->reference);
	return payment_put(txn, &payment);
}

static enum error apply_returned_clearing(
    struct settlement *settlement, struct txn *txn, const struct bank_line *line)
{
	uint32_t self = settlement_region(settlement), month, payer;
	struct payment payment;
	enum error error = payment_find(txn, line->end_to_end, &payment);

	if (error || payment.kind != PAYMENT_CLEARING)
		return error;
	error = credit_read(&payment, &month, &payer)
		    ? clearing_payment_state(txn, month, payer, self, false)
		    : clearing_payment_state(txn, payment_number(payment.name), self,
			  payment_number(payment.payee), false);
	return error == ERROR_STATE ? ERROR_NONE : error;
}

static enum error apply_reserve(
    struct txn *txn, struct payment *payment, const struct bank_line *line, uint32_t self)
{
	struct prefund_announced announced;

	if (prefund_announced_get(txn, line->end_to_end, &announced))
		return ERROR_CORRUPT;
	payment->kind = PAYMENT_PREFUND;
	snprintf(payment->name, sizeof payment->name, "%s<%06u", announced.name,
	    (unsigned)announced.home);
	payment_city(payment->payee, self);
	payment->attempt = announced.attempt;
	memcpy(payment->end_to_end, line->end_to_end, sizeof payment->end_to_end);
	return payment_put(txn, payment);
}

static enum error apply_credit(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, const struct bank_line *line)
{
	struct clearing_row clearing;
	struct credit_search search = {.self = settlement_region(settlement),
	    .end_to_end = line->end_to_end,
	    .clearing = &clearing};
	struct payment payment = {.kind = PAYMENT_CLEARING,
	    .state = PAYMENT_RECEIVED,
	    .amount_fen = line->amount_fen,
	    .sequence = entry->header.sequence,
	    .said = entry->header.sequence,
	    .day = day_of_time(entry->header.time_ms)};
	enum error error = credit_find(txn, &search);

	memcpy(payment.booked_reference, line->reference, sizeof line->reference);
	if (error)
		return error;
	if (!search.found)
		return apply_reserve(txn, &payment, line, settlement_region(settlement));
	/* Kept under the payer's code; our own orders have the other city's as payee and another state. */
	payment_received_name(payment.name, clearing.month, search.payer);
	snprintf(
	    payment.payee, sizeof payment.payee, "%06u", (unsigned)settlement_region(settlement));
	payment.attempt = search.attempt;
	memcpy(payment.end_to_end, line->end_to_end, sizeof payment.end_to_end);
	error = payment_put(txn, &payment);
	return error ? error
		     : clearing_payment_state(
			   txn, clearing.month, search.payer, settlement_region(settlement), true);
}

enum error bank_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, const struct bank_line *line, enum reason reason)
{
	enum error error = ERROR_NONE;

	if (reason == REASON_booked || reason == REASON_rejected || reason == REASON_returned)
		error = apply_own(settlement, txn, entry, line, reason);
	if (!error && reason == REASON_returned)
		error = apply_returned_clearing(settlement, txn, line);
	if (!error && reason == REASON_received)
		error = apply_credit(settlement, txn, entry, line);
	return error;
}

enum error bank_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct entry_walk walk = entry_walk(entry);
	struct span item;
	unsigned reason;
	enum error error = ERROR_NONE;

	while (!error && entry_walk_next(&walk, &item, &reason)) {
		struct bank_line line;

		if (bank_line_read(item, &line))
			return ERROR_CORRUPT;
		error = bank_line_apply(settlement, txn, entry, &line, (enum reason)reason);
		if (!error)
			error =
			    unmatched_note(txn, &line, (enum reason)reason, entry->header.sequence);
	}
	return error ? error : entry_walk_finish(&walk, detail);
}
