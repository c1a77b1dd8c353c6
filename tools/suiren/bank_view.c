#include "bank_view.h"

#include <inttypes.h>

#include "sheet_view.h"

#define KIND_WIDTH 12
#define NAME_WIDTH 24
#define COUNT_WIDTH 8

/* --- text ------------------------------------------------------------------------------------------------------- */

static void head_text(const struct node_config *config, const struct bank_sheet *sheet)
{
	char month[8];
	month_write(sheet->month, month);
	paper_title("银行付款清单 BANK SHEET");
	paper_label("月份 month");
	puts(month);
	paper_label("付款人 debtor");
	paper_city(config, sheet->self);
	putchar('\n');
	paper_label("账号 account");
	puts(config->account[0] ? config->account : "未登记 not in node.yaml");
	paper_label("行号 bank");
	puts(config->bank[0] ? config->bank : "-");
}

static void payment_cells(const struct payment *payment, const struct payee *payee)
{
	fputs("  ", stdout);
	output_cell(stdout, payment->payee, PAYMENT_PAYEE_MAX);
	paper_amount(payment->amount_fen);
	printf("  %s", payment->end_to_end);
	if (payee->account[0]) {
		fputs("\n      收款人 creditor ", stdout);
		output_text(stdout, span_text(payee->name));
		printf(", 账号 account %s, 行号 bank %s", payee->account, payee->bank);
	} else {
		fputs("\n      账号未知 its account is not known here", stdout);
	}
}

static enum error payment_text(struct node *node, struct txn *txn, const struct bank_payment *one)
{
	struct payee payee;
	char day[DAY_TEXT_SIZE];
	enum error error = bank_payee_known(node, txn, &one->payment, &payee);
	if (error)
		return error;
	payment_cells(&one->payment, &payee);
	day_write(one->payment.day, day);
	printf("\n      第 %u 次 attempt, %s, %s %s", one->payment.attempt, day,
	    payment_state_chinese(one->payment.state), payment_state_name(one->payment.state));
	if (one->said.fact) {
		day_write(one->said.day, day);
		fputs(", 银行流水 bank reference ", stdout);
		output_text(stdout, span_text(one->said.reference));
		printf(", 银行日期 bank's day %s", day);
	}
	putchar('\n');
	return ERROR_NONE;
}

static enum error due_text(struct node *node, struct txn *txn, const struct bank_due *due)
{
	const struct payment payment = bank_payment_of(due);
	struct payee payee;
	char day[DAY_TEXT_SIZE];
	enum error error;
	if (!due->payee[0]) {
		fputs("  ", stdout);
		output_cell(stdout, due->name, PAYMENT_PAYEE_MAX);
		paper_amount(due->fen);
		printf("  待发出 to be ordered (%s)\n", payment_kind_name(due->kind));
		return ERROR_NONE;
	}
	error = bank_payee_known(node, txn, &payment, &payee);
	if (error)
		return error;
	payment_cells(&payment, &payee);
	day_write(due->due_day, day);
	printf("\n      待发出 to be ordered, 第 %u 次 attempt, 到期 due %s\n", due->attempt, day);
	return ERROR_NONE;
}

static void sums_text(const char *label, const struct bank_sums *sums)
{
	char text[16];
	paper_left(label, KIND_WIDTH + NAME_WIDTH + 6);
	snprintf(text, sizeof(text), "%u", sums->count);
	paper_right(text, COUNT_WIDTH);
	paper_amount(sums->control_fen);
	paper_amount(sums->ordered_fen);
	paper_amount(sums->booked_fen);
	paper_amount(sums->rejected_fen);
	paper_amount(sums->returned_fen);
	putchar('\n');
}

static void file_heads(void)
{
	paper_left("文件 file", KIND_WIDTH + NAME_WIDTH + 6);
	paper_right("笔数 no.", COUNT_WIDTH);
	paper_right("控制总额 CtrlSum", PAPER_AMOUNT_WIDTH);
	paper_right("未答复 ordered", PAPER_AMOUNT_WIDTH);
	paper_right("已记账 booked", PAPER_AMOUNT_WIDTH);
	paper_right("拒付 rejected", PAPER_AMOUNT_WIDTH);
	paper_right("退汇 returned", PAPER_AMOUNT_WIDTH);
	putchar('\n');
}

static void file_text(const struct bank_file *file)
{
	char label[PAYMENT_NAME_MAX + 64], day[DAY_TEXT_SIZE];
	snprintf(label, sizeof(label), "%s %s / %u", payment_kind_name(file->kind), file->name,
	    file->part);
	sums_text(label, &file->sums);
	day_write(file->day, day);
	printf("      MsgId %s, %s, 分录 entry %" PRIu64 "\n", file->message, day, file->sequence);
}

static enum error dues_text(struct node *node, struct txn *txn, const struct bank_sheet *sheet,
    enum payment_kind kind, bool *any)
{
	enum error error = ERROR_NONE;
	for (size_t i = 0; i < sheet->due_count && !error; i++) {
		if (sheet->dues[i].kind != kind)
			continue;
		*any = true;
		error = due_text(node, txn, &sheet->dues[i]);
	}
	return error;
}

static enum error of_kind_text(
    struct node *node, struct txn *txn, const struct bank_sheet *sheet, enum payment_kind kind)
{
	enum error error = ERROR_NONE;
	bool any = false;
	for (size_t i = 0; i < sheet->payment_count && !error; i++) {
		if (sheet->payments[i].payment.kind != kind)
			continue;
		any = true;
		error = payment_text(node, txn, &sheet->payments[i]);
	}
	if (!error)
		error = dues_text(node, txn, sheet, kind, &any);
	if (!any)
		puts("  无 none");
	return error;
}

static void files_text(const struct bank_sheet *sheet)
{
	if (sheet->file_count == 0) {
		puts("  无 none");
		return;
	}
	file_heads();
	for (size_t i = 0; i < sheet->file_count; i++)
		file_text(&sheet->files[i]);
	sums_text("其中清算 of these the clearing", &sheet->clearing);
	sums_text("其中机构款 of these guests' money", &sheet->guests);
	sums_text("合计 total", &sheet->total);
}

enum error bank_text(struct node *node, struct txn *txn, const struct bank_sheet *sheet)
{
	char due[AMOUNT_TEXT_SIZE];
	enum error error;
	head_text(node_configuration(node), sheet);
	paper_section("一、清算付款 1. Payments of the clearing (金额单位：元 in yuan)");
	error = of_kind_text(node, txn, sheet, PAYMENT_CLEARING);
	if (error)
		return error;
	paper_section(
	    "二、清算款所付机构款 2. What the clearing has brought to houses for their guests");
	error = of_kind_text(node, txn, sheet, PAYMENT_GUESTS);
	if (error)
		return error;
	paper_section("三、津贴批次待发出 3. Allowance runs of the month, to be ordered");
	error = of_kind_text(node, txn, sheet, PAYMENT_RUN);
	if (error)
		return error;
	paper_section("四、全部文件 4. All files of the month (pain.001)");
	files_text(sheet);
	output_amount(UNIT_CNY, sheet->due_fen, due);
	printf("  待发出合计 to be ordered, in all: %s\n", due);
	paper_section("五、签章 5. Signatures");
	puts("  经办 prepared ____________  复核 checked ____________  盖章 seal ____________  "
	     "日期 date ____________");
	return ERROR_NONE;
}

/* --- JSON ------------------------------------------------------------------------------------------------------- */

static yyjson_mut_val *one_json(
    yyjson_mut_doc *doc, const struct payment *payment, const struct payee *payee)
{
	yyjson_mut_val *one = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_str(doc, one, "kind", payment_kind_name(payment->kind));
	json_text(doc, one, "name", span_text(payment->name));
	json_text(doc, one, "payee", span_text(payment->payee));
	if (payee->account[0]) {
		json_text(doc, one, "payee_name", span_text(payee->name));
		json_text(doc, one, "account", span_text(payee->account));
		json_text(doc, one, "bank", span_text(payee->bank));
	} else {
		yyjson_mut_obj_add_null(doc, one, "payee_name");
		yyjson_mut_obj_add_null(doc, one, "account");
		yyjson_mut_obj_add_null(doc, one, "bank");
	}
	yyjson_mut_obj_add_uint(doc, one, "attempt", payment->attempt);
	yyjson_mut_obj_add_sint(doc, one, "amount_fen", payment->amount_fen);
	json_text(doc, one, "end_to_end_id", span_text(payment->end_to_end));
	return one;
}

static void sums_json(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct bank_sums *sums)
{
	yyjson_mut_obj_add_uint(doc, object, "payments", sums->count);
	yyjson_mut_obj_add_sint(doc, object, "control_sum_fen", sums->control_fen);
	yyjson_mut_obj_add_sint(doc, object, "ordered_fen", sums->ordered_fen);
	yyjson_mut_obj_add_sint(doc, object, "booked_fen", sums->booked_fen);
	yyjson_mut_obj_add_sint(doc, object, "rejected_fen", sums->rejected_fen);
	yyjson_mut_obj_add_sint(doc, object, "returned_fen", sums->returned_fen);
}

static yyjson_mut_val *file_json(yyjson_mut_doc *doc, const struct bank_file *file)
{
	yyjson_mut_val *one = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_str(doc, one, "kind", payment_kind_name(file->kind));
	json_text(doc, one, "name", span_text(file->name));
	yyjson_mut_obj_add_uint(doc, one, "part", file->part);
	json_text(doc, one, "message_id", span_text(file->message));
	yyjson_mut_obj_add_uint(doc, one, "entry", file->sequence);
	json_day(doc, one, "day", file->day);
	sums_json(doc, one, &file->sums);
	return one;
}

static enum error payments_json(struct node *node, struct txn *txn, const struct bank_sheet *sheet,
    yyjson_mut_doc *doc, yyjson_mut_val *array)
{
	enum error error = ERROR_NONE;
	for (size_t i = 0; i < sheet->payment_count && !error; i++) {
		const struct payment *payment = &sheet->payments[i].payment;
		struct payee payee;
		error = bank_payee_known(node, txn, payment, &payee);
		if (error)
			break;
		yyjson_mut_val *one = one_json(doc, payment, &payee);
		yyjson_mut_obj_add_str(doc, one, "state", payment_state_name(payment->state));
		json_day(doc, one, "day", payment->day);
		yyjson_mut_obj_add_uint(doc, one, "entry", payment->sequence);
		json_bank_word(doc, one, "bank_reference", "bank_day", &sheet->payments[i].said);
		yyjson_mut_arr_append(array, one);
	}
	return error;
}

/* What is told in one sum has neither payee nor id. */
static enum error due_json(struct node *node, struct txn *txn, const struct bank_due *due,
    yyjson_mut_doc *doc, yyjson_mut_val **one)
{
	const struct payment payment = bank_payment_of(due);
	struct payee payee;
	enum error error;
	if (!due->payee[0]) {
		*one = yyjson_mut_obj(doc);
		yyjson_mut_obj_add_str(doc, *one, "kind", payment_kind_name(due->kind));
		json_text(doc, *one, "name", span_text(due->name));
		yyjson_mut_obj_add_sint(doc, *one, "amount_fen", due->fen);
		return ERROR_NONE;
	}
	error = bank_payee_known(node, txn, &payment, &payee);
	if (error)
		return error;
	*one = one_json(doc, &payment, &payee);
	json_day(doc, *one, "due_day", due->due_day);
	return ERROR_NONE;
}

static enum error dues_json(struct node *node, struct txn *txn, const struct bank_sheet *sheet,
    yyjson_mut_doc *doc, yyjson_mut_val *array)
{
	enum error error = ERROR_NONE;
	for (size_t i = 0; i < sheet->due_count && !error; i++) {
		yyjson_mut_val *one = NULL;
		error = due_json(node, txn, &sheet->dues[i], doc, &one);
		if (!error)
			yyjson_mut_arr_append(array, one);
	}
	return error;
}

enum error bank_json(struct node *node, struct txn *txn, const struct bank_sheet *sheet,
    yyjson_mut_doc *doc, yyjson_mut_val **out)
{
	const struct node_config *config = node_configuration(node);
	yyjson_mut_val *object = yyjson_mut_obj(doc), *array;
	char month[8];
	enum error error;
	*out = object;
	month_write(sheet->month, month);
	yyjson_mut_obj_add_strcpy(doc, object, "month", month);
	yyjson_mut_obj_add_uint(doc, object, "payer", sheet->self);
	json_text(doc, object, "account", span_text(config->account));
	json_text(doc, object, "bank", span_text(config->bank));
	array = yyjson_mut_obj_add_arr(doc, object, "payments");
	error = payments_json(node, txn, sheet, doc, array);
	array = yyjson_mut_obj_add_arr(doc, object, "to_be_ordered");
	if (!error)
		error = dues_json(node, txn, sheet, doc, array);
	yyjson_mut_obj_add_sint(doc, object, "to_be_ordered_fen", sheet->due_fen);
	array = yyjson_mut_obj_add_arr(doc, object, "files");
	for (size_t i = 0; i < sheet->file_count; i++)
		yyjson_mut_arr_append(array, file_json(doc, &sheet->files[i]));
	sums_json(doc, yyjson_mut_obj_add_obj(doc, object, "clearing"), &sheet->clearing);
	sums_json(doc, yyjson_mut_obj_add_obj(doc, object, "guests"), &sheet->guests);
	sums_json(doc, yyjson_mut_obj_add_obj(doc, object, "total"), &sheet->total);
	return error;
}
