/* payment_bank.c: what the bank says: the kind `bank`, and what two cities tell each other of a clearing's payment: `payment_advice`,
 * `payment_receipt`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "calendar.h"
#include "clearing.h"
#include "dispatch.h"
#include "lines.h"
#include "payment_internal.h"
#include "prefund.h"
#include "refill.h"
#include "settlement_internal.h"
#include "stated_day.h"
#include "unmatched.h"

#define BANK_FIELDS 5
/* An item of both messages: [clearing month, EndToEndId, amount, bank reference, day]. */
#define NOTICE_FIELDS 5

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

struct bank_work {
	struct settlement *settlement;
	struct txn *txn;
	struct decision *decision;
	struct dispatch advices, receipts, reserves;
	struct batch *batch; /* EndToEndIds that earlier lines have spoken of */
};

static void write_notice(
    struct dispatch *dispatch, uint32_t to, uint32_t month, const struct bank_line *line)
{
	struct buffer *item = dispatch_item(dispatch, to);

	if (!item)
		return;
	codec_put_array(item, NOTICE_FIELDS);
	codec_put_uint(item, month);
	codec_put_text(item, span_text(line->end_to_end));
	codec_put_uint(item, (uint64_t)line->amount_fen);
	codec_put_text(item, span_text(line->reference));
	day_put(item, line->day);
}

static uint32_t decimal(const char *text)
{
	int64_t value;

	return decimal_read(span_text(text), &value) || value > UINT32_MAX ? 0 : (uint32_t)value;
}

/* The accounts that the payment's order holds. */
static void accounts_of(
    const struct payment *payment, char debit[ACCOUNT_TEXT_SIZE], char credit[ACCOUNT_TEXT_SIZE])
{
	account_treasury(credit);
	switch (payment->kind) {
	case PAYMENT_CLEARING:
		account_clearing(debit, decimal(payment->name), decimal(payment->payee));
		break;
	case PAYMENT_RUN:
		account_payable_run(debit, payment->name);
		break;
	case PAYMENT_INSTITUTION:
		account_payable_local(debit, payment->payee);
		break;
	case PAYMENT_GUESTS:
		account_payable_remote(debit, payment->payee);
		break;
	case PAYMENT_ADVANCE:
		account_payable_remote(debit, payment->payee);
		account_float(credit);
		break;
	case PAYMENT_AGAIN:
		account_payable_returned(debit, payment->name);
		break;
	case PAYMENT_PREFUND:
		account_prefund_lodged(debit, decimal(payment->payee));
		break;
	}
}

/* The held amount is booked, or let go. */
static void end_pending(
    struct bank_work *work, const struct payment *payment, enum transfer_kind kind)
{
	char debit[ACCOUNT_TEXT_SIZE], credit[ACCOUNT_TEXT_SIZE];
	struct transfer transfer = {
	    .kind = kind, .unit = UNIT_CNY, .amount = {payment->amount_fen}};

	accounts_of(payment, debit, credit);
	transfer.debit = span_text(debit);
	transfer.credit = span_text(credit);
	transfer.pending_id = transfer_id_from(span_text(payment->end_to_end), 0);
	transfer.id = transfer_id_from(span_text(payment->end_to_end), 1);
	transfer.reference = span_text(payment->end_to_end);
	decision_transfer(work->decision, &transfer);
}

/* What an account can still give, the lines before this one counted. */
static enum error left_of(struct bank_work *work, const char *account, bool debit, int64_t *fen)
{
	struct amount available;
	enum error error =
	    account_available(work->txn, settlement_chart, span_text(account), &available);

	*fen = error ? 0 : available.value;
	for (size_t i = 0; !error && i < work->decision->transfer_count; i++) {
		const struct transfer *transfer = &work->decision->transfers[i];

		if (transfer->kind != TRANSFER_VOID &&
		    span_equal(debit ? transfer->credit : transfer->debit, span_text(account)))
			*fen -= transfer->amount.value;
	}
	return error;
}

/* One transfer of a fact, with the EndToEndId as reference and its own number. */
static void move(struct bank_work *work, const char *end_to_end, uint32_t number, int64_t fen,
    const char *debit, const char *credit)
{
	const struct transfer transfer = {.id = transfer_id_from(span_text(end_to_end), number),
	    .kind = TRANSFER_PLAIN,
	    .unit = UNIT_CNY,
	    .amount = {fen},
	    .debit = span_text(debit),
	    .credit = span_text(credit),
	    .reference = span_text(end_to_end)};

	decision_transfer(work->decision, &transfer);
}

/* Was the clearing that it pays drawn from the reserve meanwhile? */
static enum error is_drawn(struct bank_work *work, const struct payment *payment, bool *drawn)
{
	uint32_t self = settlement_region(work->settlement);
	struct clearing_row clearing;
	enum error error;

	*drawn = false;
	if (payment->kind != PAYMENT_CLEARING)
		return ERROR_NONE;
	error = clearing_get(
	    work->txn, decimal(payment->name), self, decimal(payment->payee), &clearing);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	*drawn = clearing_is_drawn(&clearing, self);
	return ERROR_NONE;
}

/* Booked before, and back again: a new event. It goes back to where it was owed; what was lodged goes out of the reserve if that still holds
 * it, else it waits to be paid again. */
static enum error come_back(struct bank_work *work, const struct payment *payment)
{
	char debit[ACCOUNT_TEXT_SIZE], credit[ACCOUNT_TEXT_SIZE], to[ACCOUNT_TEXT_SIZE];
	int64_t left = 0;
	bool drawn;
	enum error error = is_drawn(work, payment, &drawn);

	accounts_of(payment, debit, credit);
	if (!error && (drawn || payment->kind == PAYMENT_PREFUND)) {
		account_prefund_lodged(to, decimal(payment->payee));
		error = left_of(work, to, true, &left);
		if (left < payment->amount_fen)
			account_payable_returned(to, payment->end_to_end);
	} else if (payment->kind == PAYMENT_CLEARING) {
		memcpy(to, debit, sizeof to);
	} else {
		account_payable_returned(to, payment->end_to_end);
	}
	if (!error)
		move(work, payment->end_to_end, 2, payment->amount_fen, credit, to);
	return error;
}

/* What pays a clearing that was drawn meanwhile fills the reserve again. */
static enum error tell_booked(
    struct bank_work *work, const struct bank_line *line, const struct payment *payment)
{
	char lodged[ACCOUNT_TEXT_SIZE], clearing[ACCOUNT_TEXT_SIZE];
	uint32_t other = decimal(payment->payee);
	bool drawn;
	enum error error = is_drawn(work, payment, &drawn);

	if (!error && drawn)
		move(work, payment->end_to_end, 4, payment->amount_fen,
		    account_prefund_lodged(lodged, other),
		    account_clearing(clearing, decimal(payment->name), other));
	if (payment->kind == PAYMENT_CLEARING)
		write_notice(&work->advices, other, decimal(payment->name), line);
	if (payment->kind == PAYMENT_PREFUND) {
		struct buffer *item = dispatch_item(&work->reserves, other);

		if (item)
			prefund_item_put(item, payment, line);
	}
	return error;
}

/* A payment of ours. */
static enum error judge_own(struct bank_work *work, const struct bank_line *line,
    const struct payment *payment, enum reason *reason)
{
	*reason = line->fact == BANK_RETURNED && payment->state == PAYMENT_ORDERED
		      ? REASON_unmatched
		      : REASON_said_before;
	if (line->amount_fen != payment->amount_fen) {
		*reason = REASON_other_amount;
	} else if (line->fact == BANK_BOOKED && payment->state == PAYMENT_ORDERED) {
		*reason = REASON_booked;
		end_pending(work, payment, TRANSFER_POST);
		return tell_booked(work, line, payment);
	} else if (line->fact == BANK_REJECTED && payment->state == PAYMENT_ORDERED) {
		*reason = REASON_rejected;
		end_pending(work, payment, TRANSFER_VOID);
	} else if (line->fact == BANK_RETURNED && payment->state == PAYMENT_BOOKED) {
		*reason = REASON_returned;
		return come_back(work, payment);
	}
	return ERROR_NONE;
}

/* Which clearing a credit pays: the EndToEndId says it, because it can be computed. */
struct credit_search {
	struct bank_work *work;
	const struct bank_line *line;
	struct clearing_row clearing;
	uint32_t payer, attempt;
	bool found;
};

static bool search_clearing(void *context, const struct clearing_row *clearing)
{
	struct credit_search *search = context;
	uint32_t self = settlement_region(search->work->settlement),
		 payer = clearing->low == self ? clearing->high : clearing->low;
	char name[PAYMENT_NAME_MAX + 1], payee[PAYMENT_PAYEE_MAX + 1], id[END_TO_END_SIZE];

	if ((clearing->low != self && clearing->high != self) ||
	    clearing_pays(clearing, payer) <= 0)
		return true;
	snprintf(name, sizeof name, "%06u", (unsigned)clearing->month);
	snprintf(payee, sizeof payee, "%06u", (unsigned)self);
	for (uint32_t attempt = 1; attempt <= PAYMENT_ATTEMPTS_MAX && !search->found; attempt++) {
		payment_end_to_end(payer, PAYMENT_CLEARING, name, payee, attempt, id);
		search->found = strcmp(id, search->line->end_to_end) == 0;
		search->attempt = attempt;
	}
	if (search->found) {
		search->clearing = *clearing;
		search->payer = payer;
	}
	return !search->found;
}

/* A reserve that its home has announced. */
static enum error judge_reserve(
    struct bank_work *work, const struct bank_line *line, enum reason *reason)
{
	char treasury[ACCOUNT_TEXT_SIZE], held[ACCOUNT_TEXT_SIZE];
	struct prefund_announced announced;
	enum error error = prefund_announced_get(work->txn, line->end_to_end, &announced);

	*reason = REASON_unmatched;
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	*reason = REASON_other_amount;
	if (line->amount_fen != announced.amount_fen)
		return ERROR_NONE;
	*reason = REASON_received;
	move(work, line->end_to_end, 3, line->amount_fen, account_treasury(treasury),
	    account_prefund_held(held, announced.home));
	return ERROR_NONE;
}

static enum error judge_credit(
    struct bank_work *work, const struct bank_line *line, enum reason *reason)
{
	struct credit_search search = {.work = work, .line = line};
	char treasury[ACCOUNT_TEXT_SIZE], account[ACCOUNT_TEXT_SIZE];
	bool drawn;
	enum error error = clearing_each(work->txn, 0, search_clearing, &search);

	*reason = REASON_unmatched;
	if (error)
		return error;
	if (!search.found)
		return judge_reserve(work, line, reason);
	/* What is paid already is not paid twice: such money is for people to look at. But what was drawn comes back into the reserve. */
	drawn = clearing_is_drawn(&search.clearing, search.payer);
	if (clearing_is_paid(&search.clearing, search.payer) && !drawn)
		return ERROR_NONE;
	*reason = REASON_other_amount;
	if (line->amount_fen != clearing_pays(&search.clearing, search.payer))
		return ERROR_NONE;
	*reason = REASON_received;
	if (drawn)
		account_prefund_held(account, search.payer);
	else
		account_clearing(account, search.clearing.month, search.payer);
	move(work, line->end_to_end, 3, line->amount_fen, account_treasury(treasury), account);
	write_notice(&work->receipts, search.payer, search.clearing.month, line);
	return ERROR_NONE;
}

/* What has come in is kept under its payer: "202611<510100", of a reserve "name<510100". */
static bool read_credit(const struct payment *payment, uint32_t *month, uint32_t *payer)
{
	const char *mark = strchr(payment->name, '<');

	*month = *payer = 0;
	if ((payment->kind != PAYMENT_CLEARING && payment->kind != PAYMENT_PREFUND) || !mark)
		return false;
	if (payment->kind == PAYMENT_CLEARING)
		*month = (uint32_t)strtoul(payment->name, NULL, 10);
	*payer = decimal(mark + 1);
	return true;
}

/* Out of which account goes what had come in and is taken back? */
static enum error taken_from(struct bank_work *work, const struct payment *payment,
    char account[ACCOUNT_TEXT_SIZE], bool *enough)
{
	uint32_t month, payer;
	struct clearing_row clearing;
	int64_t left;
	enum error error = ERROR_NONE;

	*enough = true;
	read_credit(payment, &month, &payer);
	account_prefund_held(account, payer);
	if (payment->kind == PAYMENT_CLEARING) {
		error = clearing_get(
		    work->txn, month, payer, settlement_region(work->settlement), &clearing);
		if (!error && !clearing_is_drawn(&clearing, payer)) {
			account_clearing(account, month, payer);
			return ERROR_NONE;
		}
	}
	if (!error)
		error = left_of(work, account, false, &left);
	*enough = !error && left >= payment->amount_fen;
	return error;
}

/* Money that had come in: only going again is news of it. What the reserve does not hold any more is for people to look at. */
static enum error judge_received(struct bank_work *work, const struct bank_line *line,
    const struct payment *payment, enum reason *reason)
{
	char treasury[ACCOUNT_TEXT_SIZE], account[ACCOUNT_TEXT_SIZE];
	bool enough;
	enum error error = ERROR_NONE;

	*reason = REASON_unmatched;
	if (line->fact != BANK_CREDITED && line->fact != BANK_TAKEN_BACK)
		return ERROR_NONE;
	if (line->amount_fen != payment->amount_fen) {
		*reason = REASON_other_amount;
	} else if (line->fact == BANK_CREDITED || payment->state == PAYMENT_RETURNED) {
		*reason = REASON_said_before;
	} else {
		error = taken_from(work, payment, account, &enough);
		if (error || !enough)
			return error;
		*reason = REASON_returned;
		move(work, line->end_to_end, 2, payment->amount_fen, account,
		    account_treasury(treasury));
	}
	return error;
}

static uint64_t key_of(const struct bank_line *line)
{
	struct hash hash = hash_blake2b(span_text(line->end_to_end));

	return be64_read(hash.bytes);
}

static enum error judge(struct bank_work *work, const struct bank_line *line, enum reason *reason)
{
	struct payment payment;
	uint32_t month, payer;
	enum error error;

	*reason = REASON_said_before;
	if (batch_find(work->batch, key_of(line)) != BATCH_NONE)
		return ERROR_NONE;
	batch_add(work->batch, key_of(line));
	error = payment_find(work->txn, line->end_to_end, &payment);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (!error && read_credit(&payment, &month, &payer))
		return judge_received(work, line, &payment, reason);
	if (!error && line->fact <= BANK_RETURNED)
		return judge_own(work, line, &payment, reason);
	*reason = REASON_unmatched;
	return error && line->fact == BANK_CREDITED ? judge_credit(work, line, reason) : ERROR_NONE;
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
	struct bank_work work = {.settlement = settlement, .txn = txn, .decision = &scratch};
	enum error error = batch_create(1, &work.batch);

	decision_init(&scratch);
	if (!error)
		error = judge(&work, line, reason);
	if (!error)
		error = decision_finish(&scratch);
	dispatch_free(&work.advices);
	dispatch_free(&work.receipts);
	dispatch_free(&work.reserves);
	batch_free(work.batch);
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

enum error bank_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct bank_work work = {.settlement = settlement, .txn = txn, .decision = decision};
	struct line_walk walk = line_walk(command);
	struct span item;
	enum error error = command->count
			       ? batch_create(command->count, &work.batch)
			       : error_set(detail, ERROR_MALFORMED, "the bank says nothing");

	(void)now_ms;
	while (!error && line_walk_next(&walk, &item)) {
		struct bank_line line;
		enum reason reason;

		if (bank_line_read(item, &line)) {
			error = line_walk_error(&walk, ERROR_MALFORMED, detail,
			    "not [fact, EndToEndId, amount, reference, day]");
			break;
		}
		error = judge(&work, &line, &reason);
		if (!error)
			put_verdict(decision, reason);
	}
	if (!error)
		error = line_walk_finish(&walk, detail);
	if (!error)
		error = dispatch_send(&work.advices, settlement, txn, decision, "payment_advice");
	if (!error)
		error = dispatch_send(&work.receipts, settlement, txn, decision, "payment_receipt");
	if (!error)
		error = dispatch_send(&work.reserves, settlement, txn, decision, "prefund_notice");
	dispatch_free(&work.advices);
	dispatch_free(&work.receipts);
	dispatch_free(&work.reserves);
	batch_free(work.batch);
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

static enum error apply_own(
    struct txn *txn, const struct entry *entry, const struct bank_line *line, unsigned reason)
{
	struct payment payment;
	enum error error = payment_find(txn, line->end_to_end, &payment);

	if (error)
		return ERROR_CORRUPT;
	if (reason == REASON_rejected || reason == REASON_returned)
		error = due_again(txn, &payment, reason == REASON_rejected);
	if (error)
		return error;
	payment.state = reason == REASON_booked     ? PAYMENT_BOOKED
			: reason == REASON_rejected ? PAYMENT_REJECTED
						    : PAYMENT_RETURNED;
	payment.said = entry->header.sequence;
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
	error = read_credit(&payment, &month, &payer)
		    ? clearing_payment_state(txn, month, payer, self, false)
		    : clearing_payment_state(
			  txn, decimal(payment.name), self, decimal(payment.payee), false);
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
	struct bank_work work = {.settlement = settlement, .txn = txn};
	struct credit_search search = {.work = &work, .line = line};
	struct payment payment = {.kind = PAYMENT_CLEARING,
	    .state = PAYMENT_RECEIVED,
	    .amount_fen = line->amount_fen,
	    .sequence = entry->header.sequence,
	    .said = entry->header.sequence,
	    .day = day_of_time(entry->header.time_ms)};
	enum error error = clearing_each(txn, 0, search_clearing, &search);

	if (error)
		return error;
	if (!search.found)
		return apply_reserve(txn, &payment, line, settlement_region(settlement));
	/* Kept under the payer's code; our own orders have the other city's as payee and another state. */
	payment_received_name(payment.name, search.clearing.month, search.payer);
	snprintf(
	    payment.payee, sizeof payment.payee, "%06u", (unsigned)settlement_region(settlement));
	payment.attempt = search.attempt;
	memcpy(payment.end_to_end, line->end_to_end, sizeof payment.end_to_end);
	error = payment_put(txn, &payment);
	return error ? error
		     : clearing_payment_state(txn, search.clearing.month, search.payer,
			   settlement_region(settlement), true);
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
		if (reason == REASON_booked || reason == REASON_rejected ||
		    reason == REASON_returned)
			error = apply_own(txn, entry, &line, reason);
		if (!error && reason == REASON_returned)
			error = apply_returned_clearing(settlement, txn, &line);
		if (!error && reason == REASON_received)
			error = apply_credit(settlement, txn, entry, &line);
		if (!error)
			error =
			    unmatched_note(txn, &line, (enum reason)reason, entry->header.sequence);
	}
	return error ? error : entry_walk_finish(&walk, detail);
}

/* Between the cities. */

struct notice_item {
	uint32_t month;
	struct bank_line line;
};

static enum error read_notice(struct span item, struct notice_item *out)
{
	struct codec_reader reader = codec_reader(item);

	memset(out, 0, sizeof *out);
	codec_array_exact(&reader, NOTICE_FIELDS);
	out->month = (uint32_t)codec_uint_max(&reader, 999999);
	codec_text_copy(&reader, out->line.end_to_end, sizeof out->line.end_to_end);
	out->line.amount_fen = (int64_t)codec_uint_max(&reader, AMOUNT_MAX);
	codec_text_copy(&reader, out->line.reference, sizeof out->line.reference);
	out->line.day = day_take(&reader);
	return codec_finish(&reader);
}

/* `payer` says that it has paid, or `creditor` that it was received: it must be a payment of that clearing. */
static enum error check_notice(const struct settlement *settlement, struct txn *txn,
    const struct notice_item *item, uint32_t payer, uint32_t creditor, int64_t now_ms,
    struct error_detail *detail)
{
	struct clearing_row clearing;
	enum error error = clearing_get(txn, item->month, payer, creditor, &clearing);

	if (error == ERROR_NOT_FOUND)
		return error_set(detail, error,
		    "a payment of clearing %u between %06u and %06u, which is not here",
		    (unsigned)item->month, (unsigned)payer, (unsigned)creditor);
	if (error)
		return error;
	if (clearing.state != CLEARING_NETTED && clearing.state != CLEARING_SETTLED)
		return error_set(detail, ERROR_STATE,
		    "a payment of clearing %u, which is not signed by both", (unsigned)item->month);
	/* A bank books on no day to come, and none before what is paid was proposed. */
	error = stated_day_check_future(
	    settlement, item->line.day, now_ms, "a payment of a clearing", detail);
	if (error)
		return error;
	if (item->line.day < clearing.proposed_day - STATED_DAYS_MAX)
		return error_set(detail, ERROR_RANGE,
		    "a payment of clearing %u on a day before the clearing was proposed",
		    (unsigned)item->month);
	if (item->line.amount_fen == 0 || clearing_pays(&clearing, payer) != item->line.amount_fen)
		return error_set(detail, ERROR_MISMATCH,
		    "a payment of clearing %u over another amount than %06u owes",
		    (unsigned)item->month, (unsigned)payer);
	return ERROR_NONE;
}

/* A receipt may be overtaken by the bank's return of the payment: then it settles nothing any more. */
static enum error judge_receipt(
    struct txn *txn, const struct notice_item *item, enum reason *reason)
{
	struct payment payment;
	enum error error = payment_find(txn, item->line.end_to_end, &payment);
	bool alive =
	    !error && (payment.state == PAYMENT_ORDERED || payment.state == PAYMENT_BOOKED);

	*reason = alive ? REASON_received : REASON_unmatched;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error decide_notice(struct settlement *settlement, struct txn *txn,
    const struct command *command, bool advice, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	uint32_t self = settlement_region(settlement);
	struct notice notice;
	struct span bytes;
	enum error error = notice_read(command, &notice, detail);

	while (!error && line_walk_next(&notice.walk, &bytes)) {
		uint32_t other = notice.message.from;
		enum reason reason = REASON_registered;
		struct notice_item item;

		if (read_notice(bytes, &item))
			return line_walk_error(&notice.walk, ERROR_MALFORMED, detail,
			    "not [month, EndToEndId, amount, reference, day]");
		error = check_notice(settlement, txn, &item, advice ? other : self,
		    advice ? self : other, now_ms, detail);
		if (!error && !advice)
			error = judge_receipt(txn, &item, &reason);
		buffer_append(&decision->lines, bytes);
		put_verdict(decision, reason);
	}
	return error ? error : line_walk_finish(&notice.walk, detail);
}

enum error payment_advice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	return decide_notice(settlement, txn, command, true, now_ms, decision, detail);
}

/* An advice tells; only the bank's own word changes the creditor's books. */
enum error payment_advice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	(void)settlement, (void)txn, (void)entry, (void)detail;
	return ERROR_NONE;
}

enum error payment_receipt_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	return decide_notice(settlement, txn, command, false, now_ms, decision, detail);
}

enum error payment_receipt_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct entry_walk walk = entry_walk(entry);
	struct document document;
	struct message message;
	struct span bytes;
	unsigned reason;
	enum error error = ERROR_NONE;

	if (document_read(entry->documents[0], &document) ||
	    message_read(document.payload, &message))
		return ERROR_CORRUPT;
	while (!error && entry_walk_next(&walk, &bytes, &reason)) {
		struct notice_item item;

		if (read_notice(bytes, &item))
			return ERROR_CORRUPT;
		if (reason == REASON_received)
			error = clearing_payment_state(
			    txn, item.month, settlement_region(settlement), message.from, true);
	}
	return error ? error : entry_walk_finish(&walk, detail);
}
