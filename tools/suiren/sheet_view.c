#include "sheet_view.h"

#include <inttypes.h>

#include "dispute_view.h"
#include "window_view.h"

#define COUNT_WIDTH 10

static const struct hash none;

/* --- text ------------------------------------------------------------------------------------------------------- */

static void head_text(const struct node_config *config, const struct clearing_sheet *sheet)
{
	const struct clearing_row *clearing = &sheet->clearing;
	char month[8], proposed[DAY_TEXT_SIZE], due[DAY_TEXT_SIZE];
	month_write(clearing->month, month);
	day_write(clearing->proposed_day, proposed);
	day_write(clearing->due_day, due);
	paper_title("清算单 SETTLEMENT SHEET");
	paper_label("清算月份 month");
	puts(month);
	paper_label("甲方 low");
	paper_city(config, clearing->low);
	putchar('\n');
	paper_label("乙方 high");
	paper_city(config, clearing->high);
	putchar('\n');
	paper_label("方式 model");
	puts(clearing->gross ? "双边全额 bilateral gross" : "双边净额 bilateral net");
	paper_label("状态 state");
	printf("%s %s\n", clearing_state_chinese(clearing->state),
	    clearing_state_name(clearing->state));
	paper_label("提出 proposed");
	printf("%s, 到期 due %s\n", proposed, due);
	paper_hash("提议书 proposal", &clearing->proposal);
	if (hash_equal(&clearing->document, &none)) {
		paper_label("清算书 clearing");
		puts("未经双方签署 not signed by both: 未入账 nothing is booked");
	} else {
		paper_hash("清算书 clearing", &clearing->document);
	}
}

static void window_heads_text(void)
{
	paper_left("窗口 window", PAPER_LABEL_WIDTH);
	paper_right("编号 no.", COUNT_WIDTH);
	paper_left("日 day", DAY_TEXT_SIZE - 1);
	paper_right("笔数 lines", COUNT_WIDTH);
	paper_right("核准 approved", PAPER_AMOUNT_WIDTH);
	paper_right("冲正 reversed", PAPER_AMOUNT_WIDTH);
	paper_right("合计 net", PAPER_AMOUNT_WIDTH);
	putchar('\n');
}

static void window_cells(const struct window_row *window, const struct window_totals *totals)
{
	char label[WINDOW_LABEL_SIZE], day[DAY_TEXT_SIZE], text[16];
	day_write(window_day(window), day);
	paper_left(window_label(window, label), PAPER_LABEL_WIDTH);
	snprintf(text, sizeof(text), "%u", window->number);
	paper_right(text, COUNT_WIDTH);
	paper_left(day, DAY_TEXT_SIZE - 1);
	snprintf(text, sizeof(text), "%u", totals->count);
	paper_right(text, COUNT_WIDTH);
	paper_amount(totals->positive_fen);
	paper_amount(totals->negative_fen);
	paper_amount(window_net(totals));
}

static void subtotal_text(const struct clearing_side *side)
{
	char text[24];
	paper_left("小计 subtotal", PAPER_LABEL_WIDTH);
	snprintf(text, sizeof(text), "%u", side->windows);
	paper_right(text, COUNT_WIDTH);
	paper_left("", DAY_TEXT_SIZE - 1);
	snprintf(text, sizeof(text), "%" PRIu64, side->lines);
	paper_right(text, COUNT_WIDTH);
	paper_amount(side->positive_fen);
	paper_amount(side->negative_fen);
	paper_amount(side->net_fen);
	putchar('\n');
}

static void side_text(const struct clearing_sheet *sheet, const struct clearing_side *side)
{
	printf("  %06u 欠 owes %06u\n", side->payer, side->creditor);
	if (side->windows == 0) {
		puts("  无 none");
		return;
	}
	window_heads_text();
	for (size_t i = 0; i < sheet->taken.count; i++) {
		const struct window_row *window = &sheet->taken.rows[i];
		if (window->payer != side->payer)
			continue;
		window_cells(window, &window->agreed);
		fputs("\n      对账协议 agreement ", stdout);
		output_hex(stdout, hash_span(&window->agreement));
		putchar('\n');
	}
	subtotal_text(side);
}

static void figure(const char *label, int64_t fen)
{
	fputs("  ", stdout);
	output_cell(stdout, label, 40);
	paper_amount(fen);
	putchar('\n');
}

static void netting_text(const struct clearing_sheet *sheet)
{
	const struct clearing_side *low = &sheet->sides[0], *high = &sheet->sides[1];
	figure("甲欠 low owes  (a)", low->net_fen);
	figure("乙欠 high owes  (b)", high->net_fen);
	figure("差额 difference  (a) - (b)", low->net_fen - high->net_fen);
	figure("甲付 low pays  (c)", low->pays_fen);
	figure("乙付 high pays  (d)", high->pays_fen);
	figure("核对 check  (c) - (d)", low->pays_fen - high->pays_fen);
}

static const char *payment_words(const struct clearing_payment *one, char text[64])
{
	if (one->expected)
		return "待付 to come";
	snprintf(text, 64, "%s %s", payment_state_chinese(one->payment.state),
	    payment_state_name(one->payment.state));
	return text;
}

static void word_text(const char *what, const struct bank_line *word)
{
	char day[DAY_TEXT_SIZE];
	day_write(word->day, day);
	printf("\n      %s ", what);
	output_text(stdout, span_text(word->reference[0] ? word->reference : "-"));
	printf(", 银行日期 day %s", day);
}

static void payment_text(const struct clearing_payment *one)
{
	char text[64], day[DAY_TEXT_SIZE];
	printf("  %06u 付给 pays %06u", one->payer, one->creditor);
	paper_amount(one->payment.amount_fen);
	paper_left(payment_words(one, text), PAPER_STATE_WIDTH);
	printf("  第 %u 次 attempt", one->payment.attempt);
	if (!one->expected) {
		day_write(one->payment.day, day);
		printf(", %s", day);
	}
	printf("\n      EndToEndId %s", one->payment.end_to_end);
	if (one->said.fact)
		word_text("银行流水 bank reference", &one->said);
	if (one->told.fact)
		word_text(one->told.fact == BANK_BOOKED
			      ? "付款通知 advice of the payer: 银行流水 its bank's reference"
			      : "收款回执 receipt of the creditor: 银行流水 its bank's reference",
		    &one->told);
	putchar('\n');
}

static void payments_text(const struct clearing_sheet *sheet)
{
	for (size_t i = 0; i < sheet->payment_count; i++)
		payment_text(&sheet->payments[i]);
	for (size_t i = 0; i < 2; i++) {
		const struct clearing_side *side = &sheet->sides[i];
		if (side->drawn)
			printf(
			    "  %06u 的付款已动用预付金 was paid out of its reserve\n", side->payer);
		else if (side->payer == sheet->self && side->pays_fen)
			printf(side->paid ? "  %06u 已出具收款回执 has receipted it\n"
					  : "  %06u 的收款回执未到 has not receipted it yet\n",
			    side->creditor);
	}
	if (sheet->sides[0].pays_fen == 0 && sheet->sides[1].pays_fen == 0)
		puts("  无需付款 nothing is to be paid");
}

static void waiting_text(const struct clearing_sheet *sheet)
{
	if (sheet->waiting.count == 0 && sheet->disputes.count == 0) {
		puts("  无 none");
		return;
	}
	if (sheet->waiting.count)
		window_heads_text();
	for (size_t i = 0; i < sheet->waiting.count; i++) {
		const struct window_row *window = &sheet->waiting.rows[i];
		char month[8];
		window_cells(
		    window, window->state == WINDOW_AGREED ? &window->agreed : &window->own);
		printf("\n      %06u→%06u %s %s", window->payer, window->creditor,
		    window_state_chinese(window->state), window_state_name(window->state));
		if (window->cleared_month) {
			month_write(window->cleared_month, month);
			printf(", 已入 in clearing %s", month);
		} else if (window->state == WINDOW_AGREED)
			fputs(", 待下期清算 waits for the next clearing", stdout);
		putchar('\n');
	}
	if (sheet->disputes.count)
		dispute_heads();
	for (size_t i = 0; i < sheet->disputes.count; i++)
		dispute_line(&sheet->disputes.rows[i]);
}

void sheet_text(const struct node_config *config, const struct clearing_sheet *sheet)
{
	head_text(config, sheet);
	paper_section("一、纳入的对账窗口 1. Agreements taken (金额单位：元 in yuan)");
	for (size_t i = 0; i < 2; i++)
		side_text(sheet, &sheet->sides[i]);
	paper_section("二、轧差 2. Netting");
	netting_text(sheet);
	paper_section("三、付款 3. Payments");
	payments_text(sheet);
	paper_section(
	    "四、未纳入 4. Not in it: 未对账、未赶上、争议 not agreed, too late, disputed");
	waiting_text(sheet);
	paper_section("五、签章 5. Signatures");
	paper_signatures(config, sheet->clearing.low, sheet->clearing.high);
}

/* --- JSON ------------------------------------------------------------------------------------------------------- */

yyjson_mut_val *agreement_json(yyjson_mut_doc *doc, const struct window_row *window)
{
	yyjson_mut_val *one = yyjson_mut_obj(doc);
	char label[WINDOW_LABEL_SIZE];
	yyjson_mut_obj_add_strcpy(doc, one, "window", window_label(window, label));
	yyjson_mut_obj_add_uint(doc, one, "number", window->number);
	json_day(doc, one, "day", window_day(window));
	yyjson_mut_obj_add_uint(doc, one, "lines", window->agreed.count);
	yyjson_mut_obj_add_sint(doc, one, "approved_fen", window->agreed.positive_fen);
	yyjson_mut_obj_add_sint(doc, one, "reversed_fen", window->agreed.negative_fen);
	yyjson_mut_obj_add_sint(doc, one, "amount_fen", window_net(&window->agreed));
	yyjson_mut_obj_add_uint(doc, one, "left_out", window->left_out);
	json_hex(doc, one, "digest", hash_span(&window->agreed.digest));
	json_hex(doc, one, "statement", hash_span(&window->statement));
	json_hex(doc, one, "agreement", hash_span(&window->agreement));
	return one;
}

static yyjson_mut_val *side_json(
    yyjson_mut_doc *doc, const struct clearing_sheet *sheet, const struct clearing_side *side)
{
	yyjson_mut_val *one = yyjson_mut_obj(doc), *taken = yyjson_mut_arr(doc);
	yyjson_mut_obj_add_uint(doc, one, "payer", side->payer);
	yyjson_mut_obj_add_uint(doc, one, "creditor", side->creditor);
	yyjson_mut_obj_add_uint(doc, one, "windows", side->windows);
	yyjson_mut_obj_add_uint(doc, one, "lines", side->lines);
	yyjson_mut_obj_add_sint(doc, one, "approved_fen", side->positive_fen);
	yyjson_mut_obj_add_sint(doc, one, "reversed_fen", side->negative_fen);
	yyjson_mut_obj_add_sint(doc, one, "amount_fen", side->net_fen);
	yyjson_mut_obj_add_sint(doc, one, "pays_fen", side->pays_fen);
	yyjson_mut_obj_add_bool(doc, one, "received", side->paid);
	yyjson_mut_obj_add_bool(doc, one, "drawn", side->drawn);
	for (size_t i = 0; i < sheet->taken.count; i++) {
		if (sheet->taken.rows[i].payer == side->payer)
			yyjson_mut_arr_append(taken, agreement_json(doc, &sheet->taken.rows[i]));
	}
	yyjson_mut_obj_add_val(doc, one, "taken", taken);
	return one;
}

void json_bank_word(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *reference,
    const char *day, const struct bank_line *word)
{
	if (word->fact) {
		json_text(doc, object, reference, span_text(word->reference));
		json_day(doc, object, day, word->day);
	} else {
		yyjson_mut_obj_add_null(doc, object, reference);
		yyjson_mut_obj_add_null(doc, object, day);
	}
}

static yyjson_mut_val *payment_json(yyjson_mut_doc *doc, const struct clearing_payment *payment)
{
	yyjson_mut_val *one = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_uint(doc, one, "payer", payment->payer);
	yyjson_mut_obj_add_uint(doc, one, "creditor", payment->creditor);
	json_text(doc, one, "end_to_end_id", span_text(payment->payment.end_to_end));
	yyjson_mut_obj_add_uint(doc, one, "attempt", payment->payment.attempt);
	yyjson_mut_obj_add_sint(doc, one, "amount_fen", payment->payment.amount_fen);
	yyjson_mut_obj_add_str(doc, one, "state",
	    payment->expected ? "to_come" : payment_state_name(payment->payment.state));
	if (payment->expected)
		yyjson_mut_obj_add_null(doc, one, "day");
	else
		json_day(doc, one, "day", payment->payment.day);
	json_bank_word(doc, one, "bank_reference", "bank_day", &payment->said);
	json_bank_word(doc, one, "told_reference", "told_day", &payment->told);
	return one;
}

static void head_json(
    yyjson_mut_doc *doc, yyjson_mut_val *object, const struct clearing_row *clearing)
{
	char month[8];
	month_write(clearing->month, month);
	yyjson_mut_obj_add_strcpy(doc, object, "month", month);
	yyjson_mut_obj_add_uint(doc, object, "low", clearing->low);
	yyjson_mut_obj_add_uint(doc, object, "high", clearing->high);
	yyjson_mut_obj_add_str(doc, object, "model", clearing->gross ? "gross" : "net");
	yyjson_mut_obj_add_str(doc, object, "state", clearing_state_name(clearing->state));
	json_day(doc, object, "proposed_day", clearing->proposed_day);
	json_day(doc, object, "due_day", clearing->due_day);
	json_hex(doc, object, "proposal", hash_span(&clearing->proposal));
	if (hash_equal(&clearing->document, &none))
		yyjson_mut_obj_add_null(doc, object, "document");
	else
		json_hex(doc, object, "document", hash_span(&clearing->document));
}

yyjson_mut_val *sheet_json(yyjson_mut_doc *doc, const struct clearing_sheet *sheet)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc), *array;
	head_json(doc, object, &sheet->clearing);
	array = yyjson_mut_obj_add_arr(doc, object, "directions");
	for (size_t i = 0; i < 2; i++)
		yyjson_mut_arr_append(array, side_json(doc, sheet, &sheet->sides[i]));
	yyjson_mut_obj_add_sint(
	    doc, object, "difference_fen", sheet->sides[0].net_fen - sheet->sides[1].net_fen);
	array = yyjson_mut_obj_add_arr(doc, object, "payments");
	for (size_t i = 0; i < sheet->payment_count; i++)
		yyjson_mut_arr_append(array, payment_json(doc, &sheet->payments[i]));
	array = yyjson_mut_obj_add_arr(doc, object, "waiting");
	for (size_t i = 0; i < sheet->waiting.count; i++)
		yyjson_mut_arr_append(array, window_json(doc, &sheet->waiting.rows[i]));
	array = yyjson_mut_obj_add_arr(doc, object, "disputes");
	for (size_t i = 0; i < sheet->disputes.count; i++)
		yyjson_mut_arr_append(array, dispute_json(doc, &sheet->disputes.rows[i]));
	return object;
}
