#include "statement_view.h"

#include <inttypes.h>

#include "dispute_view.h"
#include "window_view.h"

#define COUNT_WIDTH 8
#define MONTH_WIDTH 12

/* --- head ------------------------------------------------------------------------------------------------------- */

static void period_write(const struct pair_statement *statement, char text[24])
{
	char last[8];
	month_write(statement->months[0].month, text);
	if (statement->month_count == 1)
		return;
	month_write(statement->months[statement->month_count - 1].month, last);
	snprintf(text + 7, 17, " .. %s", last);
}

static void head_text(const struct node_config *config, const struct pair_statement *statement)
{
	char period[24];
	period_write(statement, period);
	paper_title(
	    statement->month_count == 1 ? "对账单 STATEMENT" : "年终结算对账单 YEAR-END STATEMENT");
	paper_label("期间 period");
	puts(period);
	paper_label("甲方 low");
	paper_city(config, statement->low);
	putchar('\n');
	paper_label("乙方 high");
	paper_city(config, statement->high);
	putchar('\n');
	paper_hash("摘要 digest", &statement->digest);
	paper_label("结清 settled");
	puts(pair_statement_is_settled(statement) ? "是 yes" : "否 no");
}

/* --- directions ------------------------------------------------------------------------------------------------- */

static void direction_heads(void)
{
	paper_left("月份 month", MONTH_WIDTH);
	paper_right("窗口", COUNT_WIDTH);
	paper_right("笔数", COUNT_WIDTH);
	paper_right("期初 opening", PAPER_AMOUNT_WIDTH);
	paper_right("核准 approved", PAPER_AMOUNT_WIDTH);
	paper_right("冲正 reversed", PAPER_AMOUNT_WIDTH);
	paper_right("已清算 cleared", PAPER_AMOUNT_WIDTH);
	paper_right("期末 closing", PAPER_AMOUNT_WIDTH);
	putchar('\n');
}

static void direction_line(const char *label, const struct pair_direction *direction)
{
	char text[24];
	paper_left(label, MONTH_WIDTH);
	snprintf(text, sizeof(text), "%u", direction->windows);
	paper_right(text, COUNT_WIDTH);
	snprintf(text, sizeof(text), "%" PRIu64, direction->lines);
	paper_right(text, COUNT_WIDTH);
	paper_amount(direction->opening_fen);
	paper_amount(direction->positive_fen);
	paper_amount(direction->negative_fen);
	paper_amount(direction->cleared_fen);
	paper_amount(direction->closing_fen);
	putchar('\n');
}

static void direction_text(const struct pair_statement *statement, size_t side)
{
	const struct pair_direction *total = &statement->totals[side];
	char month[8];
	printf("  %06u 欠 owes %06u: 本市 of this city (%06u) %s\n", total->payer, total->creditor,
	    statement->self, total->payer == statement->self ? "应付 payable" : "应收 receivable");
	direction_heads();
	for (size_t i = 0; i < statement->month_count; i++) {
		month_write(statement->months[i].month, month);
		direction_line(month, &statement->months[i].directions[side]);
	}
	if (statement->month_count > 1)
		direction_line("合计 total", total);
}

/* --- days ------------------------------------------------------------------------------------------------------- */

static void days_text(const struct pair_statement *statement)
{
	if (statement->windows.count == 0) {
		puts("  无 none");
		return;
	}
	window_heads();
	for (size_t i = 0; i < statement->windows.count; i++) {
		const struct window_row *window = &statement->windows.rows[i];
		window_line(window);
		fputs("      对账协议 agreement ", stdout);
		output_hex(stdout, hash_span(&window->agreement));
		putchar('\n');
	}
}

/* --- months ----------------------------------------------------------------------------------------------------- */

static void month_heads(void)
{
	paper_left("月份 month", MONTH_WIDTH);
	paper_left("状态 state", PAPER_STATE_WIDTH);
	paper_right("甲欠 low owes", PAPER_AMOUNT_WIDTH);
	paper_right("乙欠 high owes", PAPER_AMOUNT_WIDTH);
	paper_right("甲付 low pays", PAPER_AMOUNT_WIDTH);
	paper_right("乙付 high pays", PAPER_AMOUNT_WIDTH);
	paper_right("已付 paid", PAPER_AMOUNT_WIDTH);
	paper_right("未付 open", PAPER_AMOUNT_WIDTH);
	putchar('\n');
}

static void month_line(const struct pair_month *month)
{
	const struct clearing_row *clearing = &month->clearing;
	char text[8];
	int64_t paid = 0;
	month_write(month->month, text);
	paper_left(text, MONTH_WIDTH);
	paper_state(pair_month_state_chinese(month->state), pair_month_state_name(month->state));
	if (month->has_clearing) {
		paid = (clearing->low_paid ? clearing->low_pays_fen : 0) +
		       (clearing->high_paid ? clearing->high_pays_fen : 0);
		paper_amount(clearing->low_owes_fen);
		paper_amount(clearing->high_owes_fen);
		paper_amount(clearing->low_pays_fen);
		paper_amount(clearing->high_pays_fen);
		paper_amount(paid);
		paper_amount(clearing->low_pays_fen + clearing->high_pays_fen - paid);
		if (clearing->gross)
			fputs("  全额 gross", stdout);
	} else {
		fputs("  没有清算 no clearing", stdout);
	}
	if (month->state != PAIR_MONTH_NOTHING) {
		fputs("\n      摘要 digest ", stdout);
		output_hex(stdout, hash_span(&month->digest));
	}
	if (month->has_clearing) {
		fputs("\n      清算书 clearing ", stdout);
		output_hex(stdout, hash_span(&clearing->document));
	}
	putchar('\n');
}

static void months_text(const struct pair_statement *statement)
{
	bool any = false;
	char text[8];
	month_heads();
	for (size_t i = 0; i < statement->month_count; i++)
		month_line(&statement->months[i]);
	fputs("  未结清月份 months that are not settled: ", stdout);
	for (size_t i = 0; i < statement->month_count; i++) {
		if (pair_month_is_settled(&statement->months[i]))
			continue;
		month_write(statement->months[i].month, text);
		printf("%s%s", any ? ", " : "", text);
		any = true;
	}
	puts(any ? "" : "无 none");
}

/* --- payments, what is not agreed, what is carried over, reserves ----------------------------------------------- */

static void figure(const char *label, int64_t fen)
{
	fputs("  ", stdout);
	output_cell(stdout, label, 56);
	paper_amount(fen);
	putchar('\n');
}

static void payments_text(const struct pair_statement *statement)
{
	for (size_t side = 0; side < 2; side++) {
		const struct pair_payments *payments = &statement->payments[side];
		printf("  %06u 付给 pays %06u\n", statement->totals[side].payer,
		    statement->totals[side].creditor);
		figure("上期未付 of earlier clearings, not paid yet", payments->before_fen);
		figure("本期应付 of the clearings of this period  (a)", payments->pays_fen);
		figure("其中已付 of this paid  (b)", payments->paid_fen);
		figure("其中未付 of this open  (a) - (b)", payments->open_fen);
	}
}

static void unagreed_text(const struct pair_statement *statement)
{
	if (statement->unagreed.count)
		window_heads();
	else
		puts("  无 none");
	for (size_t i = 0; i < statement->unagreed.count; i++)
		window_line(&statement->unagreed.rows[i]);
}

static void disputes_text(const struct pair_statement *statement)
{
	for (size_t side = 0; side < 2; side++) {
		const struct pair_carried *carried = &statement->carried[side];
		char payers[AMOUNT_TEXT_SIZE], creditors[AMOUNT_TEXT_SIZE];
		output_amount(UNIT_CNY, carried->payers_fen, payers);
		output_amount(UNIT_CNY, carried->creditors_fen, creditors);
		printf(
		    "  %06u→%06u 结转 carried over: %u 笔, 付款方 by the payer %s, 收款方 by the "
		    "creditor %s 元 yuan\n",
		    statement->totals[side].payer, statement->totals[side].creditor, carried->count,
		    payers, creditors);
	}
	if (statement->disputes.count)
		dispute_heads();
	for (size_t i = 0; i < statement->disputes.count; i++)
		dispute_line(&statement->disputes.rows[i]);
}

static void position_text(const struct pair_statement *statement)
{
	figure("本市存出预付金 reserve of this city with the other", statement->lodged_fen);
	figure("代对方存管预付金 reserve of the other with this city", statement->held_fen);
	figure(
	    "周转金垫付未补足 advanced from the float, not filled again", statement->advanced_fen);
}

void statement_text(const struct node_config *config, const struct pair_statement *statement)
{
	head_text(config, statement);
	paper_section("一、应付应收 1. Payable and receivable (金额单位：元 in yuan)");
	for (size_t side = 0; side < 2; side++)
		direction_text(statement, side);
	if (statement->month_count == 1) {
		paper_section("    逐日 by day");
		days_text(statement);
	}
	paper_section("二、按月清算 2. Clearings by month");
	months_text(statement);
	paper_section("三、付款 3. Payments");
	payments_text(statement);
	paper_section("四、未对账窗口 4. Windows that are not agreed, as this city holds them");
	unagreed_text(statement);
	paper_section("五、争议 5. Disputes");
	disputes_text(statement);
	paper_section("六、预付金与周转金 6. Reserve and float, as the books stand now");
	position_text(statement);
	paper_section("七、签章 7. Signatures");
	paper_signatures(config, statement->low, statement->high);
}
