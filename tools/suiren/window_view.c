#include "window_view.h"

#include <inttypes.h>

#define LABEL_WIDTH 14
#define STATE_WIDTH 16
#define AMOUNT_WIDTH 18

static void amount_cell(int64_t fen)
{
	char text[AMOUNT_TEXT_SIZE];
	output_amount(UNIT_CNY, fen, text);
	fputs("  ", stdout);
	output_cell_right(stdout, text, AMOUNT_WIDTH);
}

static void head_cell(const char *text)
{
	fputs("  ", stdout);
	output_cell_right(stdout, text, AMOUNT_WIDTH);
}

static void state_cell(const char *chinese, const char *english)
{
	char text[64];
	snprintf(text, sizeof(text), "%s %s", chinese, english);
	fputs("  ", stdout);
	output_cell(stdout, text, STATE_WIDTH);
}

void window_heads(void)
{
	output_cell(stdout, "窗口 window", LABEL_WIDTH);
	fputs("  付款→收款      编号", stdout);
	fputs("  ", stdout);
	output_cell(stdout, "状态 state", STATE_WIDTH);
	fputs("  ", stdout);
	output_cell_right(stdout, "笔数 lines", 10);
	head_cell("核准 approved");
	head_cell("冲正 reversed");
	head_cell("合计 net");
	fputs("  清算 clearing\n", stdout);
}

/* Other totals of the window than those that are kept here. */
static void totals_line(const char *what, const struct window_totals *totals)
{
	output_cell(stdout, "", LABEL_WIDTH);
	printf("  %s  %10u", what, totals->count);
	amount_cell(totals->positive_fen);
	amount_cell(totals->negative_fen);
	amount_cell(window_net(totals));
	fputc('\n', stdout);
}

void window_line(const struct window_row *window)
{
	char label[WINDOW_LABEL_SIZE];
	window_label(window, label);
	output_cell(stdout, label[0] ? label : "-", LABEL_WIDTH);
	printf("  %06u→%06u  %4u", window->payer, window->creditor, window->number);
	state_cell(window_state_chinese(window->state), window_state_name(window->state));
	printf("  %10u", window->own.count);
	amount_cell(window->own.positive_fen);
	amount_cell(window->own.negative_fen);
	amount_cell(window_net(&window->own));
	if (window->cleared_month) {
		char month[8];
		month_write(window->cleared_month, month);
		printf("  %s", month);
	}
	fputc('\n', stdout);
	if (window->state == WINDOW_DIFFERS || window->state == WINDOW_ASKED)
		totals_line("付款方对账单 the payer states       ", &window->stated);
	if (window->state == WINDOW_AGREED && window->left_out)
		totals_line("剔除争议后一致 agreed, without disputes", &window->agreed);
}

static yyjson_mut_val *totals_json(yyjson_mut_doc *doc, const struct window_totals *totals)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_uint(doc, object, "lines", totals->count);
	yyjson_mut_obj_add_sint(doc, object, "approved_fen", totals->positive_fen);
	yyjson_mut_obj_add_sint(doc, object, "reversed_fen", totals->negative_fen);
	yyjson_mut_obj_add_sint(doc, object, "amount_fen", window_net(totals));
	json_hex(doc, object, "digest", hash_span(&totals->digest));
	return object;
}

static void month_or_null(
    yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, uint32_t month)
{
	char text[8];
	if (!month) {
		yyjson_mut_obj_add_null(doc, object, key);
		return;
	}
	month_write(month, text);
	yyjson_mut_obj_add_strcpy(doc, object, key, text);
}

yyjson_mut_val *window_json(yyjson_mut_doc *doc, const struct window_row *window)
{
	yyjson_mut_val *object = totals_json(doc, &window->own);
	char label[WINDOW_LABEL_SIZE];
	bool open = window->state == WINDOW_OPEN;
	yyjson_mut_obj_add_uint(doc, object, "payer", window->payer);
	yyjson_mut_obj_add_uint(doc, object, "creditor", window->creditor);
	yyjson_mut_obj_add_uint(doc, object, "number", window->number);
	yyjson_mut_obj_add_str(doc, object, "state", window_state_name(window->state));
	if (open) {
		yyjson_mut_obj_add_null(doc, object, "window");
		yyjson_mut_obj_add_null(doc, object, "day");
	} else {
		yyjson_mut_obj_add_strcpy(doc, object, "window", window_label(window, label));
		json_day(doc, object, "day", window_day(window));
		yyjson_mut_obj_add_uint(doc, object, "cut_entry", window->cut_sequence);
		json_hex(doc, object, "statement", hash_span(&window->statement));
	}
	if (window->state == WINDOW_AGREED) {
		yyjson_mut_obj_add_uint(doc, object, "agreed_entry", window->agreed_sequence);
		json_hex(doc, object, "agreement", hash_span(&window->agreement));
	}
	if (window->state == WINDOW_DIFFERS || window->state == WINDOW_ASKED)
		yyjson_mut_obj_add_val(doc, object, "stated", totals_json(doc, &window->stated));
	yyjson_mut_obj_add_uint(doc, object, "left_out", window->left_out);
	yyjson_mut_obj_add_uint(doc, object, "round", window->round);
	if (window->state == WINDOW_AGREED && window->left_out)
		yyjson_mut_obj_add_val(doc, object, "agreed", totals_json(doc, &window->agreed));
	month_or_null(doc, object, "clearing", window->cleared_month);
	return object;
}

void clearing_heads(void)
{
	output_cell(stdout, "月份 month", LABEL_WIDTH);
	fputs("  甲 low  乙 high  ", stdout);
	output_cell(stdout, "状态 state", STATE_WIDTH);
	head_cell("甲欠 low owes");
	head_cell("乙欠 high owes");
	head_cell("甲付 low pays");
	head_cell("乙付 high pays");
	fputs("  到期 due\n", stdout);
}

void clearing_line(const struct clearing_row *clearing)
{
	char month[8], due[DAY_TEXT_SIZE];
	month_write(clearing->month, month);
	day_write(clearing->due_day, due);
	output_cell(stdout, month, LABEL_WIDTH);
	printf("  %06u  %06u ", clearing->low, clearing->high);
	state_cell(clearing_state_chinese(clearing->state), clearing_state_name(clearing->state));
	amount_cell(clearing->low_owes_fen);
	amount_cell(clearing->high_owes_fen);
	amount_cell(clearing->low_pays_fen);
	amount_cell(clearing->high_pays_fen);
	printf("  %s%s\n", due, clearing->gross ? "  全额 gross" : "");
}

static void payment_line(uint32_t payer, uint32_t creditor, int64_t fen, bool paid, int32_t due_day)
{
	char amount[AMOUNT_TEXT_SIZE], due[DAY_TEXT_SIZE];
	if (fen == 0)
		return;
	output_amount(UNIT_CNY, fen, amount);
	day_write(due_day, due);
	printf("%06u 付给 pays %06u: %s 元 yuan, 到期 due %s%s\n", payer, creditor, amount, due,
	    paid ? ", 已收到 received" : "");
}

void clearing_payment_lines(const struct clearing_row *clearing)
{
	payment_line(clearing->low, clearing->high, clearing->low_pays_fen, clearing->low_paid,
	    clearing->due_day);
	payment_line(clearing->high, clearing->low, clearing->high_pays_fen, clearing->high_paid,
	    clearing->due_day);
	if (clearing->low_pays_fen == 0 && clearing->high_pays_fen == 0)
		puts("无需付款 nothing is to be paid");
}

static void side_json(yyjson_mut_doc *doc, yyjson_mut_val *array, uint32_t payer, uint32_t creditor,
    int64_t fen, bool paid)
{
	if (fen == 0)
		return;
	yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, array);
	yyjson_mut_obj_add_uint(doc, object, "payer", payer);
	yyjson_mut_obj_add_uint(doc, object, "creditor", creditor);
	yyjson_mut_obj_add_sint(doc, object, "amount_fen", fen);
	yyjson_mut_obj_add_bool(doc, object, "received", paid);
}

yyjson_mut_val *clearing_json(yyjson_mut_doc *doc, const struct clearing_row *clearing)
{
	static const struct hash none;
	yyjson_mut_val *object = yyjson_mut_obj(doc), *payments = yyjson_mut_arr(doc);
	month_or_null(doc, object, "month", clearing->month);
	yyjson_mut_obj_add_uint(doc, object, "low", clearing->low);
	yyjson_mut_obj_add_uint(doc, object, "high", clearing->high);
	yyjson_mut_obj_add_str(doc, object, "state", clearing_state_name(clearing->state));
	yyjson_mut_obj_add_str(doc, object, "model", clearing->gross ? "gross" : "net");
	yyjson_mut_obj_add_uint(doc, object, "low_windows", clearing->low_windows);
	yyjson_mut_obj_add_uint(doc, object, "high_windows", clearing->high_windows);
	yyjson_mut_obj_add_sint(doc, object, "low_owes_fen", clearing->low_owes_fen);
	yyjson_mut_obj_add_sint(doc, object, "high_owes_fen", clearing->high_owes_fen);
	side_json(doc, payments, clearing->low, clearing->high, clearing->low_pays_fen,
	    clearing->low_paid);
	side_json(doc, payments, clearing->high, clearing->low, clearing->high_pays_fen,
	    clearing->high_paid);
	yyjson_mut_obj_add_val(doc, object, "payments", payments);
	json_day(doc, object, "proposed_day", clearing->proposed_day);
	json_day(doc, object, "due_day", clearing->due_day);
	yyjson_mut_obj_add_uint(doc, object, "proposed_entry", clearing->proposed_sequence);
	if (clearing->booked_sequence)
		yyjson_mut_obj_add_uint(doc, object, "booked_entry", clearing->booked_sequence);
	else
		yyjson_mut_obj_add_null(doc, object, "booked_entry");
	json_hex(doc, object, "proposal", hash_span(&clearing->proposal));
	if (hash_equal(&clearing->document, &none))
		yyjson_mut_obj_add_null(doc, object, "document");
	else
		json_hex(doc, object, "document", hash_span(&clearing->document));
	return object;
}
