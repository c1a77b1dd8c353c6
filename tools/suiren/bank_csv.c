/* bank_csv.c: the bank's sheet as rows of CSV; and whom its payments go to. */
#include <string.h>

#include "bank_view.h"

enum error bank_payee_known(
    struct node *node, struct txn *txn, const struct payment *payment, struct payee *payee)
{
	enum error error = payee_find(node, txn, payment, payee, NULL);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

struct payment bank_payment_of(const struct bank_due *due)
{
	struct payment payment = {.kind = due->kind,
	    .attempt = due->attempt,
	    .amount_fen = due->fen,
	    .day = due->due_day};
	memcpy(payment.name, due->name, sizeof(payment.name));
	memcpy(payment.payee, due->payee, sizeof(payment.payee));
	memcpy(payment.end_to_end, due->end_to_end, sizeof(payment.end_to_end));
	return payment;
}

static void csv_head(void)
{
	static const char *const columns[] = {"row", "kind", "name", "part", "payee", "payee_name",
	    "account", "bank", "attempt", "payments", "amount_yuan", "state", "day",
	    "end_to_end_id", "bank_reference", "bank_day", "message_id"};
	csv_first("month");
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		csv_text(columns[i]);
	csv_end();
}

static void row_begin(
    const struct bank_sheet *sheet, const char *row, enum payment_kind kind, const char *name)
{
	char month[8];
	month_write(sheet->month, month);
	csv_first(month);
	csv_text(row);
	csv_text(payment_kind_name(kind));
	csv_text(name);
}

static void day_field(int32_t day)
{
	char text[DAY_TEXT_SIZE];
	day_write(day, text);
	csv_text(text);
}

static void payment_fields(const struct payment *payment, const struct payee *payee)
{
	csv_empty(1);
	csv_text(payment->payee);
	csv_text(payee->name);
	csv_text(payee->account);
	csv_text(payee->bank);
	csv_number(payment->attempt);
	if (payment->payee[0])
		csv_number(1);
	else
		csv_empty(1);
	csv_yuan(payment->amount_fen);
}

static enum error payment_csv(struct node *node, struct txn *txn, const struct bank_sheet *sheet,
    const struct bank_payment *one)
{
	const struct payment *payment = &one->payment;
	struct payee payee;
	enum error error = bank_payee_known(node, txn, payment, &payee);
	if (error)
		return error;
	row_begin(sheet, "payment", payment->kind, payment->name);
	payment_fields(payment, &payee);
	csv_text(payment_state_name(payment->state));
	day_field(payment->day);
	csv_text(payment->end_to_end);
	csv_text(one->said.reference);
	if (one->said.fact)
		day_field(one->said.day);
	else
		csv_empty(1);
	csv_empty(1);
	csv_end();
	return ERROR_NONE;
}

static enum error due_csv(
    struct node *node, struct txn *txn, const struct bank_sheet *sheet, const struct bank_due *due)
{
	const struct payment payment = bank_payment_of(due);
	struct payee payee = {.name = ""};
	enum error error =
	    due->payee[0] ? bank_payee_known(node, txn, &payment, &payee) : ERROR_NONE;
	if (error)
		return error;
	row_begin(sheet, "to_be_ordered", payment.kind, payment.name);
	payment_fields(&payment, &payee);
	csv_text("to_be_ordered");
	if (due->payee[0])
		day_field(due->due_day);
	else
		csv_empty(1);
	csv_text(payment.end_to_end);
	csv_empty(3);
	csv_end();
	return ERROR_NONE;
}

static void file_csv(const struct bank_sheet *sheet, const struct bank_file *file)
{
	row_begin(sheet, "file", file->kind, file->name);
	csv_number(file->part);
	csv_empty(5);
	csv_number(file->sums.count);
	csv_yuan(file->sums.control_fen);
	csv_empty(1);
	day_field(file->day);
	csv_empty(3);
	csv_text(file->message);
	csv_end();
}

enum error bank_csv(struct node *node, struct txn *txn, const struct bank_sheet *sheet)
{
	enum error error = ERROR_NONE;
	csv_head();
	for (size_t i = 0; i < sheet->payment_count && !error; i++)
		error = payment_csv(node, txn, sheet, &sheet->payments[i]);
	for (size_t i = 0; i < sheet->due_count && !error; i++)
		error = due_csv(node, txn, sheet, &sheet->dues[i]);
	for (size_t i = 0; i < sheet->file_count; i++)
		file_csv(sheet, &sheet->files[i]);
	return error;
}
