#include "bank_sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allowance.h"
#include "calendar.h"
#include "clearing.h"
#include "pair_rows.h"
#include "payment_internal.h"

/* Payments come in order of kind and name: the files of one name are gathered, then numbered by entry. */
struct gathering {
	struct txn *txn;
	struct bank_sheet *sheet;
	bool one_by_one; /* the payments themselves, too */
	bool by_day;     /* only files ordered in the month */
	size_t first;    /* of the files of the name at hand */
	char run[RUN_NAME_MAX + 1];
	enum error error;
};

static enum error add(int64_t *sum, int64_t fen)
{
	struct amount total = {*sum};
	enum error error = amount_add(total, (struct amount){fen}, &total);

	*sum = total.value;
	return error;
}

static enum error sums_add(struct bank_sums *sums, const struct bank_sums *more)
{
	enum error error = add(&sums->control_fen, more->control_fen);

	if (!error)
		error = add(&sums->ordered_fen, more->ordered_fen);
	if (!error)
		error = add(&sums->booked_fen, more->booked_fen);
	if (!error)
		error = add(&sums->rejected_fen, more->rejected_fen);
	if (!error)
		error = add(&sums->returned_fen, more->returned_fen);
	sums->count += more->count;
	return error;
}

static struct bank_sums sums_of(const struct payment *payment)
{
	struct bank_sums sums = {.count = 1, .control_fen = payment->amount_fen};

	switch (payment->state) {
	case PAYMENT_ORDERED:
		sums.ordered_fen = payment->amount_fen;
		break;
	case PAYMENT_BOOKED:
		sums.booked_fen = payment->amount_fen;
		break;
	case PAYMENT_REJECTED:
		sums.rejected_fen = payment->amount_fen;
		break;
	case PAYMENT_RETURNED:
		sums.returned_fen = payment->amount_fen;
		break;
	case PAYMENT_RECEIVED: /* no order of ours */
		break;
	}
	return sums;
}

/* --- files ------------------------------------------------------------------------------------------------------ */

/* Where the file of this entry stands, or is to stand, among those of its name, which ascend by entry. */
static size_t file_place(const struct gathering *gathering, uint64_t sequence)
{
	const struct bank_sheet *sheet = gathering->sheet;
	size_t low = gathering->first, high = sheet->file_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sheet->files[middle].sequence < sequence)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum error file_insert(struct gathering *gathering, size_t at, const struct payment *payment)
{
	struct bank_sheet *sheet = gathering->sheet;
	void *rows = sheet->files;
	struct bank_file *file;
	enum error error = rows_make_room(&rows, sheet->file_count, &sheet->file_capacity,
	    sizeof *sheet->files, BANK_SHEET_FILES_MAX);

	sheet->files = rows;
	if (error)
		return error;
	file = &sheet->files[at];
	memmove(file + 1, file, (sheet->file_count - at) * sizeof *file);
	sheet->file_count++;
	*file = (struct bank_file){
	    .kind = payment->kind, .sequence = payment->sequence, .day = payment->day};
	memcpy(file->name, payment->name, sizeof file->name);
	return ERROR_NONE;
}

static enum error add_to_file(struct gathering *gathering, const struct payment *payment)
{
	struct bank_sheet *sheet = gathering->sheet;
	const struct bank_sums sums = sums_of(payment);
	size_t at = file_place(gathering, payment->sequence);
	enum error error = ERROR_NONE;

	if (at == sheet->file_count || sheet->files[at].sequence != payment->sequence)
		error = file_insert(gathering, at, payment);
	return error ? error : sums_add(&sheet->files[at].sums, &sums);
}

/* The files of the name at hand are all there: they get their numbers, and those of other months go. */
static void end_name(struct gathering *gathering)
{
	struct bank_sheet *sheet = gathering->sheet;
	size_t kept = gathering->first;

	for (size_t i = gathering->first; i < sheet->file_count; i++) {
		struct bank_file *file = &sheet->files[i];

		file->part = (uint32_t)(i - gathering->first) + 1;
		payment_message_id(sheet->self, file->kind, file->name, file->part, file->message);
		if (!gathering->by_day || month_of_day(file->day) == sheet->month)
			sheet->files[kept++] = *file;
	}
	sheet->file_count = kept;
	gathering->first = kept;
}

static enum error add_payment(struct gathering *gathering, const struct payment *payment)
{
	struct bank_sheet *sheet = gathering->sheet;
	void *rows = sheet->payments;
	enum error error = rows_make_room(&rows, sheet->payment_count, &sheet->payment_capacity,
	    sizeof *sheet->payments, BANK_SHEET_PAYMENTS_MAX);

	sheet->payments = rows;
	if (error)
		return error;
	sheet->payments[sheet->payment_count].payment = *payment;
	return payment_word(gathering->txn, payment, &sheet->payments[sheet->payment_count++].said);
}

static bool gather(void *context, const struct payment *payment)
{
	struct gathering *gathering = context;
	const struct bank_sheet *sheet = gathering->sheet;

	if (payment_is_received(payment))
		return true;
	if (gathering->first < sheet->file_count &&
	    strcmp(sheet->files[gathering->first].name, payment->name) != 0)
		end_name(gathering);
	gathering->error = add_to_file(gathering, payment);
	if (!gathering->error && gathering->one_by_one)
		gathering->error = add_payment(gathering, payment);
	return !gathering->error;
}

/* All of a kind; or, with a name, those of the name alone. */
static enum error gather_kind(struct gathering *gathering, enum payment_kind kind, const char *name)
{
	enum error error = payment_each(gathering->txn, kind, name, gather, gathering);

	end_name(gathering);
	return error ? error : gathering->error;
}

/* --- clearing and guests ---------------------------------------------------------------------------------------- */

static enum error add_due(struct bank_sheet *sheet, const struct bank_due *due)
{
	void *rows = sheet->dues;
	enum error error = rows_make_room(&rows, sheet->due_count, &sheet->due_capacity,
	    sizeof *sheet->dues, BANK_SHEET_FILES_MAX);

	sheet->dues = rows;
	if (error)
		return error;
	sheet->dues[sheet->due_count++] = *due;
	return add(&sheet->due_fen, due->fen);
}

/* Which attempt would pay it now; 0: the last one is under way, or there may be no more. */
static enum error next_attempt(struct txn *txn, const struct bank_due *due, uint32_t *attempt)
{
	struct payment last;
	enum error error = payment_last(txn, due->kind, due->name, due->payee, &last);

	*attempt = 1;
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	*attempt = last.attempt + 1;
	if ((last.state != PAYMENT_REJECTED && last.state != PAYMENT_RETURNED) ||
	    *attempt > PAYMENT_ATTEMPTS_MAX)
		*attempt = 0;
	return ERROR_NONE;
}

static bool take_due(void *context, const struct clearing_row *clearing)
{
	struct gathering *gathering = context;
	const uint32_t self = gathering->sheet->self;
	struct bank_due due = {.kind = PAYMENT_CLEARING, .due_day = clearing->due_day};

	if ((clearing->low != self && clearing->high != self) ||
	    clearing->state != CLEARING_NETTED || clearing_pays(clearing, self) == 0 ||
	    clearing_is_paid(clearing, self))
		return true;
	due.fen = clearing_pays(clearing, self);
	snprintf(due.name, sizeof due.name, "%06u", (unsigned)clearing->month);
	payment_city(due.payee, clearing->low == self ? clearing->high : clearing->low);
	gathering->error = next_attempt(gathering->txn, &due, &due.attempt);
	if (gathering->error || due.attempt == 0)
		return !gathering->error;
	payment_end_to_end(
	    self, PAYMENT_CLEARING, due.name, due.payee, due.attempt, due.end_to_end);
	gathering->error = add_due(gathering->sheet, &due);
	return !gathering->error;
}

static enum error available(struct txn *txn, const char *account, int64_t *fen)
{
	struct amount amount;
	enum error error = account_available(txn, settlement_chart, span_text(account), &amount);

	*fen = error ? 0 : amount.value;
	return error;
}

/* What an order of this name would pay to houses now. */
static enum error take_guests_due(
    struct gathering *gathering, const struct clearing_row *clearing, const char *name)
{
	const uint32_t self = gathering->sheet->self;
	struct guest_pick pick = {
	    .self = self, .payer = guest_payer(name), .month = clearing->month};
	struct bank_due due = {.kind = PAYMENT_GUESTS};
	struct guest_due *dues = NULL;
	size_t count = 0;
	enum error error = clearing->state == CLEARING_SETTLED
			       ? guest_dues(gathering->txn, guest_picked, &pick, &dues, &count)
			       : ERROR_NONE;

	for (size_t i = 0; i < count && !error; i++) {
		char account[ACCOUNT_TEXT_SIZE];
		int64_t fen;

		if (dues[i].fen <= 0)
			continue;
		error =
		    available(gathering->txn, account_payable_remote(account, dues[i].uscc), &fen);
		if (!error && fen > 0)
			error = add(&due.fen, fen < dues[i].fen ? fen : dues[i].fen);
	}
	free(dues);
	snprintf(due.name, sizeof due.name, "%s", name);
	return error || due.fen == 0 ? error : add_due(gathering->sheet, &due);
}

/* Guests' money stands under "202611-500000": the clearing and the city that paid it. */
static bool gather_guests(void *context, const struct clearing_row *clearing)
{
	struct gathering *gathering = context;
	const uint32_t self = gathering->sheet->self;
	char name[PAYMENT_NAME_MAX + 1];

	if (clearing->low != self && clearing->high != self)
		return true;
	snprintf(name, sizeof name, "%06u-%06u", (unsigned)clearing->month,
	    (unsigned)(clearing->low == self ? clearing->high : clearing->low));
	gathering->error = gather_kind(gathering, PAYMENT_GUESTS, name);
	if (!gathering->error)
		gathering->error = take_guests_due(gathering, clearing, name);
	return !gathering->error;
}

static enum error read_clearing(struct gathering *gathering)
{
	const uint32_t month = gathering->sheet->month;
	char name[PAYMENT_NAME_MAX + 1];
	enum error error;

	gathering->one_by_one = true;
	snprintf(name, sizeof name, "%06u", (unsigned)month);
	error = gather_kind(gathering, PAYMENT_CLEARING, name);
	if (!error)
		error = clearing_each(gathering->txn, month, take_due, gathering);
	if (!error && !gathering->error)
		error = clearing_each(gathering->txn, month, gather_guests, gathering);
	gathering->one_by_one = false;
	return error ? error : gathering->error;
}

/* --- everything else -------------------------------------------------------------------------------------------- */

/* Parts of a run stand together: it is gathered once. */
static bool gather_run(void *context, const char *run, const struct allowance_part *part)
{
	struct gathering *gathering = context;
	struct bank_due due = {.kind = PAYMENT_RUN};
	char account[ACCOUNT_TEXT_SIZE];

	if (part->month != gathering->sheet->month || strcmp(gathering->run, run) == 0)
		return true;
	snprintf(gathering->run, sizeof gathering->run, "%s", run);
	snprintf(due.name, sizeof due.name, "%s", run);
	gathering->error = gather_kind(gathering, PAYMENT_RUN, run);
	if (!gathering->error)
		gathering->error =
		    available(gathering->txn, account_payable_run(account, run), &due.fen);
	if (!gathering->error && due.fen > 0)
		gathering->error = add_due(gathering->sheet, &due);
	return !gathering->error;
}

static enum error read_others(struct gathering *gathering)
{
	static const enum payment_kind kinds[] = {
	    PAYMENT_INSTITUTION, PAYMENT_ADVANCE, PAYMENT_AGAIN, PAYMENT_PREFUND, PAYMENT_SUSPENSE};
	enum error error = allowance_parts_each(gathering->txn, gather_run, gathering);

	if (!error)
		error = gathering->error;
	gathering->by_day = true;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !error; i++)
		error = gather_kind(gathering, kinds[i], NULL);
	return error;
}

static enum error add_up(struct bank_sheet *sheet)
{
	enum error error = ERROR_NONE;

	for (size_t i = 0; i < sheet->file_count && !error; i++) {
		const struct bank_file *file = &sheet->files[i];
		const struct bank_sums *sums = &file->sums;

		if (sums->control_fen !=
		    sums->ordered_fen + sums->booked_fen + sums->rejected_fen + sums->returned_fen)
			return ERROR_CORRUPT;
		error = sums_add(&sheet->total, sums);
		if (!error && file->kind == PAYMENT_CLEARING)
			error = sums_add(&sheet->clearing, sums);
		if (!error && file->kind == PAYMENT_GUESTS)
			error = sums_add(&sheet->guests, sums);
	}
	return error;
}

enum error bank_sheet_read(struct txn *txn, uint32_t self, uint32_t month, struct bank_sheet **out)
{
	struct bank_sheet *sheet = calloc(1, sizeof *sheet);
	struct gathering gathering = {.txn = txn, .sheet = sheet};
	enum error error;

	*out = NULL;
	if (!sheet)
		return ERROR_MEMORY;
	sheet->self = self;
	sheet->month = month;
	error = read_clearing(&gathering);
	if (!error)
		error = read_others(&gathering);
	if (!error)
		error = add_up(sheet);
	if (error) {
		bank_sheet_free(sheet);
		return error;
	}
	*out = sheet;
	return ERROR_NONE;
}

void bank_sheet_free(struct bank_sheet *sheet)
{
	if (!sheet)
		return;
	free(sheet->payments);
	free(sheet->dues);
	free(sheet->files);
	free(sheet);
}
