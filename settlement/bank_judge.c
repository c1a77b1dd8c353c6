/* bank_judge.c: what a line of the bank comes to: which payment it is about, whether that can be, and what it moves. */
#include "bank_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allowance.h"
#include "calendar.h"
#include "clearing.h"
#include "lines.h"
#include "person.h"
#include "prefund.h"
#include "settlement_internal.h"
#include "unmatched.h"

enum error bank_work_begin(struct bank_work *work, struct settlement *settlement, struct txn *txn,
    struct decision *decision, uint32_t count)
{
	*work = (struct bank_work){.settlement = settlement, .txn = txn, .decision = decision};
	work->lines = calloc(count, sizeof *work->lines);
	return work->lines ? batch_create(count, &work->batch) : ERROR_MEMORY;
}

enum error bank_work_send(struct bank_work *work)
{
	enum error error = dispatch_send(
	    &work->advices, work->settlement, work->txn, work->decision, "payment_advice");

	if (!error)
		error = dispatch_send(&work->receipts, work->settlement, work->txn, work->decision,
		    "payment_receipt");
	return error ? error
		     : dispatch_send(&work->reserves, work->settlement, work->txn, work->decision,
			   "prefund_notice");
}

void bank_work_free(struct bank_work *work)
{
	dispatch_free(&work->advices);
	dispatch_free(&work->receipts);
	dispatch_free(&work->reserves);
	batch_free(work->batch);
	free(work->lines);
}

static void write_notice(
    struct dispatch *dispatch, uint32_t to, uint32_t month, const struct bank_line *line)
{
	struct buffer *item = dispatch_item(dispatch, to);

	if (!item)
		return;
	codec_put_array(item, PAYMENT_NOTICE_FIELDS);
	codec_put_uint(item, month);
	codec_put_text(item, span_text(line->end_to_end));
	codec_put_uint(item, (uint64_t)line->amount_fen);
	codec_put_text(item, span_text(line->reference));
	day_put(item, line->day);
}

/* The held amount is booked, or let go. */
static void end_pending(
    struct bank_work *work, const struct payment *payment, enum transfer_kind kind)
{
	char debit[ACCOUNT_TEXT_SIZE], credit[ACCOUNT_TEXT_SIZE];
	struct transfer transfer = {
	    .kind = kind, .unit = UNIT_CNY, .amount = {payment->amount_fen}};

	payment_accounts(payment, debit, credit);
	transfer.debit = span_text(debit);
	transfer.credit = span_text(credit);
	transfer.pending_id = transfer_id_from(span_text(payment->end_to_end), 0);
	transfer.id = transfer_id_from(span_text(payment->end_to_end), 1);
	transfer.reference = span_text(payment->end_to_end);
	decision_transfer(work->decision, &transfer);
}

enum error bank_left_of(struct bank_work *work, const char *account, bool debit, int64_t *fen)
{
	struct amount available;
	enum error error =
	    account_available(work->txn, settlement_chart, span_text(account), &available);

	*fen = error ? 0 : available.value;
	for (size_t i = 0; !error && i < work->decision->transfer_count; i++) {
		const struct transfer *transfer = &work->decision->transfers[i];

		/* What was pending is counted as gone already. */
		if (transfer->kind != TRANSFER_PLAIN)
			continue;
		if (span_equal(debit ? transfer->credit : transfer->debit, span_text(account)))
			*fen -= transfer->amount.value;
		if (span_equal(debit ? transfer->debit : transfer->credit, span_text(account)))
			*fen += transfer->amount.value;
	}
	return error;
}

void bank_move(struct bank_work *work, const char *end_to_end, uint32_t number, int64_t fen,
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
	error = clearing_get(work->txn, payment_number(payment->name), self,
	    payment_number(payment->payee), &clearing);
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

	payment_accounts(payment, debit, credit);
	if (!error && (drawn || payment->kind == PAYMENT_PREFUND)) {
		account_prefund_lodged(to, payment_number(payment->payee));
		error = bank_left_of(work, to, true, &left);
		if (left < payment->amount_fen)
			account_payable_returned(to, payment->end_to_end);
	} else if (payment->kind == PAYMENT_CLEARING) {
		memcpy(to, debit, sizeof to);
	} else {
		account_payable_returned(to, payment->end_to_end);
	}
	if (!error)
		bank_move(work, payment->end_to_end, 2, payment->amount_fen, credit, to);
	return error;
}

/* What pays a clearing that was drawn meanwhile fills the reserve again. */
static enum error tell_booked(
    struct bank_work *work, const struct bank_line *line, const struct payment *payment)
{
	char lodged[ACCOUNT_TEXT_SIZE], clearing[ACCOUNT_TEXT_SIZE];
	uint32_t other = payment_number(payment->payee);
	bool drawn;
	enum error error = is_drawn(work, payment, &drawn);

	if (!error && drawn)
		bank_move(work, payment->end_to_end, 4, payment->amount_fen,
		    account_prefund_lodged(lodged, other),
		    account_clearing(clearing, payment_number(payment->name), other));
	if (payment->kind == PAYMENT_CLEARING)
		write_notice(&work->advices, other, payment_number(payment->name), line);
	if (payment->kind == PAYMENT_PREFUND) {
		struct buffer *item = dispatch_item(&work->reserves, other);

		if (item)
			prefund_item_put(item, payment, line);
	}
	return error;
}

/* --- a payment of ours ------------------------------------------------------------------------------------------- */

struct run_search {
	uint64_t person;
	int64_t fen;
};

static bool first_of_run(void *context, uint64_t person, int64_t amount_fen)
{
	struct run_search *search = context;

	search->fen = person == search->person ? amount_fen : 0;
	return false;
}

/* Accounts of runs are shared by many: is the person still owed it? */
static enum error is_owed_in_run(struct bank_work *work, const struct payment *payment, bool *owed)
{
	struct run_search search = {.fen = 0};
	enum error error = person_code_read(span_text(payment->payee), &search.person);

	if (!error)
		error =
		    allowance_each(work->txn, payment->name, search.person, first_of_run, &search);
	*owed = !error && search.fen == payment->amount_fen;
	return error == ERROR_NOT_FOUND || error == ERROR_MALFORMED ? ERROR_CORRUPT : error;
}

/* Nothing has taken its place since the bank rejected it: no further attempt, and what it was to pay can still be paid. */
static enum error is_still_owed(struct bank_work *work, const struct payment *payment, bool *owed)
{
	char debit[ACCOUNT_TEXT_SIZE], credit[ACCOUNT_TEXT_SIZE];
	int64_t left = 0, cash = 0, due = 0;
	struct payment last;
	enum error error =
	    payment_last(work->txn, payment->kind, payment->name, payment->payee, &last);

	*owed = !error && last.attempt == payment->attempt;
	payment_accounts(payment, debit, credit);
	if (!error && *owed && payment->kind == PAYMENT_RUN)
		error = is_owed_in_run(work, payment, owed);
	if (!error)
		error = bank_left_of(work, credit, true, &cash);
	if (!error)
		error = payment_due(work->settlement, work->txn, payment, &due);
	/* What is owed to a city, or lodged with it, is in an account that may be drawn on or is filled by it. */
	if (!error && payment->kind != PAYMENT_CLEARING && payment->kind != PAYMENT_PREFUND) {
		error = bank_left_of(work, debit, false, &left);
		*owed = *owed && left >= payment->amount_fen;
	}
	*owed = *owed && cash >= payment->amount_fen && due >= payment->amount_fen;
	return error;
}

/* Rejected, and booked all the same: the statement tells where the money is. What has been paid in its place is for people to look at. */
static enum error judge_late(struct bank_work *work, const struct bank_line *line,
    const struct payment *payment, enum reason *reason)
{
	char debit[ACCOUNT_TEXT_SIZE], credit[ACCOUNT_TEXT_SIZE];
	bool owed;
	enum error error = is_still_owed(work, payment, &owed);

	*reason = REASON_contradicts;
	if (error || !owed)
		return error;
	*reason = REASON_booked;
	payment_accounts(payment, debit, credit);
	bank_move(work, payment->end_to_end, 5, payment->amount_fen, debit, credit);
	return tell_booked(work, line, payment);
}

/* The same booking, told again, or another one? Each has a reference of its own; without one it is taken for the same. */
static bool is_same_booking(const char *before, const struct bank_line *line)
{
	return !before[0] || !line->reference[0] || strcmp(before, line->reference) == 0;
}

static enum reason again(const char *before, const struct bank_line *line)
{
	return is_same_booking(before, line) ? REASON_said_before : REASON_contradicts;
}

static enum error judge_booked(struct bank_work *work, const struct bank_line *line,
    const struct payment *payment, enum reason *reason)
{
	switch (payment->state) {
	case PAYMENT_ORDERED:
		*reason = REASON_booked;
		end_pending(work, payment, TRANSFER_POST);
		return tell_booked(work, line, payment);
	case PAYMENT_REJECTED:
		return judge_late(work, line, payment, reason);
	default:
		*reason = again(payment->booked_reference, line);
		return ERROR_NONE;
	}
}

static enum error judge_rejected(
    struct bank_work *work, const struct payment *payment, enum reason *reason)
{
	if (payment->state == PAYMENT_ORDERED) {
		*reason = REASON_rejected;
		end_pending(work, payment, TRANSFER_VOID);
		return ERROR_NONE;
	}
	/* Of what came back it says that it came back. */
	*reason = payment->state == PAYMENT_BOOKED ? REASON_contradicts : REASON_said_before;
	return ERROR_NONE;
}

/* The bank has told of it twice as booked (or credited), and now of one as returned (or taken back): of which, is for people to say. */
static enum error is_twice(
    struct bank_work *work, const struct bank_line *line, enum bank_fact fact, bool *twice)
{
	struct bank_line other = *line;

	other.fact = fact;
	*twice = false;
	return work->officer ? ERROR_NONE : unmatched_moves(work->txn, &other, twice);
}

static enum error judge_returned(struct bank_work *work, const struct bank_line *line,
    const struct payment *payment, enum reason *reason)
{
	enum error error;
	bool twice;

	switch (payment->state) {
	case PAYMENT_BOOKED:
		error = is_twice(work, line, BANK_BOOKED, &twice);
		*reason = twice ? REASON_contradicts : REASON_returned;
		return error || twice ? error : come_back(work, payment);
	case PAYMENT_RETURNED:
		*reason = again(payment->returned_reference, line);
		return ERROR_NONE;
	default:
		*reason = REASON_unmatched; /* its booking has not been told yet */
		return ERROR_NONE;
	}
}

static enum error judge_own(struct bank_work *work, const struct bank_line *line,
    const struct payment *payment, enum reason *reason)
{
	*reason = REASON_other_amount;
	if (line->amount_fen != payment->amount_fen)
		return ERROR_NONE;
	if (line->fact == BANK_BOOKED)
		return judge_booked(work, line, payment, reason);
	if (line->fact == BANK_REJECTED)
		return judge_rejected(work, payment, reason);
	return judge_returned(work, line, payment, reason);
}

/* --- another city's payment ---------------------------------------------------------------------------------------- */

static bool search_clearing(void *context, const struct clearing_row *clearing)
{
	struct credit_search *search = context;
	uint32_t payer = clearing->low == search->self ? clearing->high : clearing->low;
	char name[PAYMENT_NAME_MAX + 1], payee[PAYMENT_PAYEE_MAX + 1], id[END_TO_END_SIZE];

	if ((clearing->low != search->self && clearing->high != search->self) ||
	    clearing_pays(clearing, payer) <= 0)
		return true;
	snprintf(name, sizeof name, "%06u", (unsigned)clearing->month);
	payment_city(payee, search->self);
	for (uint32_t attempt = 1; attempt <= PAYMENT_ATTEMPTS_MAX && !search->found; attempt++) {
		payment_end_to_end(payer, PAYMENT_CLEARING, name, payee, attempt, id);
		search->found = strcmp(id, search->end_to_end) == 0;
		search->attempt = attempt;
	}
	if (search->found) {
		*search->clearing = *clearing;
		search->payer = payer;
	}
	return !search->found;
}

enum error credit_find(struct txn *txn, struct credit_search *search)
{
	search->found = false;
	return clearing_each(txn, 0, search_clearing, search);
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
	bank_move(work, line->end_to_end, 3, line->amount_fen, account_treasury(treasury),
	    account_prefund_held(held, announced.home));
	return ERROR_NONE;
}

static enum error judge_credit(
    struct bank_work *work, const struct bank_line *line, enum reason *reason)
{
	struct clearing_row clearing;
	struct credit_search search = {.self = settlement_region(work->settlement),
	    .end_to_end = line->end_to_end,
	    .clearing = &clearing};
	char treasury[ACCOUNT_TEXT_SIZE], account[ACCOUNT_TEXT_SIZE];
	bool drawn;
	enum error error = credit_find(work->txn, &search);

	*reason = REASON_unmatched;
	if (error)
		return error;
	if (!search.found)
		return judge_reserve(work, line, reason);
	/* What is paid already is not paid twice: such money is for people to look at. But what was drawn comes back into the reserve. */
	drawn = clearing_is_drawn(&clearing, search.payer);
	if (clearing_is_paid(&clearing, search.payer) && !drawn)
		return ERROR_NONE;
	*reason = REASON_other_amount;
	if (line->amount_fen != clearing_pays(&clearing, search.payer))
		return ERROR_NONE;
	*reason = REASON_received;
	if (drawn)
		account_prefund_held(account, search.payer);
	else
		account_clearing(account, clearing.month, search.payer);
	bank_move(work, line->end_to_end, 3, line->amount_fen, account_treasury(treasury), account);
	write_notice(&work->receipts, search.payer, clearing.month, line);
	return ERROR_NONE;
}

bool credit_read(const struct payment *payment, uint32_t *month, uint32_t *payer)
{
	const char *mark = strchr(payment->name, '<');

	*month = *payer = 0;
	if ((payment->kind != PAYMENT_CLEARING && payment->kind != PAYMENT_PREFUND) || !mark)
		return false;
	if (payment->kind == PAYMENT_CLEARING)
		*month = (uint32_t)strtoul(payment->name, NULL, 10);
	*payer = payment_number(mark + 1);
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
	credit_read(payment, &month, &payer);
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
		error = bank_left_of(work, account, false, &left);
	*enough = !error && left >= payment->amount_fen;
	return error;
}

/* Money that had come in: only going again is news of it. What the reserve, or the treasury, does not hold any more waits for it, in sight. */
static enum error judge_received(struct bank_work *work, const struct bank_line *line,
    const struct payment *payment, enum reason *reason)
{
	char treasury[ACCOUNT_TEXT_SIZE], account[ACCOUNT_TEXT_SIZE];
	int64_t cash = 0;
	bool enough, twice;
	enum error error = ERROR_NONE;

	*reason = REASON_unmatched;
	if (line->fact != BANK_CREDITED && line->fact != BANK_TAKEN_BACK)
		return ERROR_NONE;
	if (line->amount_fen != payment->amount_fen) {
		*reason = REASON_other_amount;
	} else if (line->fact == BANK_CREDITED) {
		*reason = again(payment->booked_reference, line);
	} else if (payment->state == PAYMENT_RETURNED) {
		*reason = again(payment->returned_reference, line);
	} else {
		error = is_twice(work, line, BANK_CREDITED, &twice);
		if (error || twice) {
			*reason = REASON_contradicts;
			return error;
		}
		error = taken_from(work, payment, account, &enough);
		if (!error)
			error = bank_left_of(work, account_treasury(treasury), true, &cash);
		if (error || !enough || cash < payment->amount_fen)
			return error;
		*reason = REASON_returned;
		bank_move(work, line->end_to_end, 2, payment->amount_fen, account,
		    account_treasury(treasury));
	}
	return error;
}

static uint64_t key_of(const struct bank_line *line)
{
	struct hash hash = hash_blake2b(span_text(line->end_to_end));

	return be64_read(hash.bytes);
}

/* An earlier line has spoken of it: the tables do not know that yet. */
static bool spoken_of(struct bank_work *work, const struct bank_line *line, enum reason *reason)
{
	uint64_t key = key_of(line);
	bool any = false;

	for (uint32_t i = batch_find(work->batch, key); i != BATCH_NONE;
	     i = batch_find_next(work->batch, i)) {
		const struct bank_line *before = &work->lines[i];

		if (strcmp(before->end_to_end, line->end_to_end) != 0)
			continue;
		if (before->fact == line->fact && before->amount_fen == line->amount_fen &&
		    is_same_booking(before->reference, line)) {
			*reason = REASON_said_before;
			return true;
		}
		if (!any || before->fact == line->fact)
			*reason =
			    before->fact == line->fact ? REASON_contradicts : REASON_unmatched;
		any = true;
	}
	return any;
}

enum error bank_judge(struct bank_work *work, const struct bank_line *line, enum reason *reason)
{
	struct payment payment;
	uint32_t month, payer;
	bool spoken = spoken_of(work, line, reason), ended;
	enum error error = unmatched_is_ended(work->txn, line, &ended);

	work->lines[batch_add(work->batch, key_of(line))] = *line;
	if (error || spoken)
		return error;
	/* An officer has said what it was. */
	*reason = REASON_said_before;
	if (ended)
		return ERROR_NONE;
	error = payment_find(work->txn, line->end_to_end, &payment);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (!error && credit_read(&payment, &month, &payer))
		return judge_received(work, line, &payment, reason);
	if (!error && line->fact <= BANK_RETURNED)
		return judge_own(work, line, &payment, reason);
	*reason = REASON_unmatched;
	return error && line->fact == BANK_CREDITED ? judge_credit(work, line, reason) : ERROR_NONE;
}

enum error bank_expected(
    struct settlement *settlement, struct txn *txn, const char *end_to_end, int64_t *fen)
{
	struct clearing_row clearing;
	struct credit_search search = {
	    .self = settlement_region(settlement), .end_to_end = end_to_end, .clearing = &clearing};
	struct prefund_announced announced;
	struct payment payment;
	enum error error = payment_find(txn, end_to_end, &payment);

	*fen = error ? 0 : payment.amount_fen;
	if (error != ERROR_NOT_FOUND)
		return error;
	error = credit_find(txn, &search);
	if (error || search.found) {
		*fen = error ? 0 : clearing_pays(&clearing, search.payer);
		return error;
	}
	error = prefund_announced_get(txn, end_to_end, &announced);
	*fen = error ? 0 : announced.amount_fen;
	return error;
}
