/* sheet_csv.c: a settlement sheet as rows of CSV: what the printed one says, for whoever adds it up again in a spreadsheet. */
#include <inttypes.h>

#include "sheet_view.h"

void sheet_csv_head(void)
{
	csv_first("month");
	csv_text("low");
	csv_text("high");
	csv_text("row");
	csv_text("payer");
	csv_text("creditor");
	csv_text("window");
	csv_text("number");
	csv_text("day");
	csv_text("lines");
	csv_text("approved_yuan");
	csv_text("reversed_yuan");
	csv_text("amount_yuan");
	csv_text("state");
	csv_text("end_to_end_id");
	csv_text("bank_reference");
	csv_text("bank_day");
	csv_text("document");
	csv_text("told_reference");
	csv_text("told_day");
	csv_end();
}

/* The columns that every row begins with. */
static void row_begin(
    const struct clearing_row *clearing, const char *row, uint32_t payer, uint32_t creditor)
{
	char month[8];
	month_write(clearing->month, month);
	csv_first(month);
	csv_code(clearing->low);
	csv_code(clearing->high);
	csv_text(row);
	csv_code(payer);
	csv_code(creditor);
}

static void day_field(int32_t day)
{
	char text[DAY_TEXT_SIZE];
	day_write(day, text);
	csv_text(text);
}

static void window_row_csv(const struct clearing_row *clearing, const char *row,
    const struct window_row *window, const struct window_totals *totals)
{
	char label[WINDOW_LABEL_SIZE];
	row_begin(clearing, row, window->payer, window->creditor);
	csv_text(window_label(window, label));
	csv_number(window->number);
	day_field(window_day(window));
	csv_number(totals->count);
	csv_yuan(totals->positive_fen);
	csv_yuan(totals->negative_fen);
	csv_yuan(window_net(totals));
	csv_text(window_state_name(window->state));
	csv_empty(3);
	if (window->state == WINDOW_AGREED)
		csv_hash(&window->agreement);
	else
		csv_hash(&window->statement);
	csv_empty(2);
	csv_end();
}

static void side_csv(const struct clearing_sheet *sheet, const struct clearing_side *side)
{
	const struct clearing_row *clearing = &sheet->clearing;
	static const struct hash none;
	for (size_t i = 0; i < sheet->taken.count; i++) {
		const struct window_row *window = &sheet->taken.rows[i];
		if (window->payer == side->payer)
			window_row_csv(clearing, "taken", window, &window->agreed);
	}
	row_begin(clearing, "owes", side->payer, side->creditor);
	csv_empty(3);
	csv_number(side->lines);
	csv_yuan(side->positive_fen);
	csv_yuan(side->negative_fen);
	csv_yuan(side->net_fen);
	csv_empty(5);
	csv_empty(2);
	csv_end();
	row_begin(clearing, "pays", side->payer, side->creditor);
	csv_empty(2);
	day_field(clearing->due_day);
	csv_empty(3);
	csv_yuan(side->pays_fen);
	csv_text(side->pays_fen == 0 ? "nothing"
		 : side->drawn       ? "drawn"
		 : side->paid        ? "received"
				     : "due");
	csv_empty(3);
	if (hash_equal(&clearing->document, &none))
		csv_empty(1);
	else
		csv_hash(&clearing->document);
	csv_empty(2);
	csv_end();
}

static void payment_csv(const struct clearing_row *clearing, const struct clearing_payment *one)
{
	row_begin(clearing, "payment", one->payer, one->creditor);
	csv_empty(2);
	if (one->expected)
		csv_empty(1);
	else
		day_field(one->payment.day);
	csv_empty(3);
	csv_yuan(one->payment.amount_fen);
	csv_text(one->expected ? "to_come" : payment_state_name(one->payment.state));
	csv_text(one->payment.end_to_end);
	csv_text(one->said.reference);
	if (one->said.fact)
		day_field(one->said.day);
	else
		csv_empty(1);
	csv_empty(1);
	csv_text(one->told.reference);
	if (one->told.fact)
		day_field(one->told.day);
	else
		csv_empty(1);
	csv_end();
}

/* The amount is the payer's; where it has no such line, the creditor's. The last column names it. */
static void dispute_csv(const struct clearing_row *clearing, const struct dispute *dispute)
{
	const struct dispute_side *side =
	    dispute->payers.is ? &dispute->payers : &dispute->creditors;
	char id[64];
	row_begin(clearing, "disputed", dispute->payer, dispute->creditor);
	csv_empty(1);
	csv_number(dispute->window);
	csv_empty(1);
	csv_number(1);
	csv_empty(2);
	csv_yuan(side->is ? side->amount_fen : 0);
	csv_text(dispute_state_name(dispute->state));
	csv_empty(3);
	snprintf(id, sizeof(id), "%u/%" PRIu64 "/%u", dispute->id.epoch, dispute->id.sequence,
	    dispute->id.line);
	csv_text(id);
	csv_empty(2);
	csv_end();
}

void sheet_csv(const struct clearing_sheet *sheet)
{
	for (size_t i = 0; i < 2; i++)
		side_csv(sheet, &sheet->sides[i]);
	for (size_t i = 0; i < sheet->payment_count; i++)
		payment_csv(&sheet->clearing, &sheet->payments[i]);
	for (size_t i = 0; i < sheet->waiting.count; i++) {
		const struct window_row *window = &sheet->waiting.rows[i];
		window_row_csv(&sheet->clearing, "waiting", window,
		    window->state == WINDOW_AGREED ? &window->agreed : &window->own);
	}
	for (size_t i = 0; i < sheet->disputes.count; i++)
		dispute_csv(&sheet->clearing, &sheet->disputes.rows[i]);
}
