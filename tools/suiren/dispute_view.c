#include "dispute_view.h"

#include <inttypes.h>

#define ID_WIDTH 20
#define STATE_WIDTH 16
#define AMOUNT_WIDTH 16

static void head(const char *text)
{
	fputs("  ", stdout);
	output_cell_right(stdout, text, AMOUNT_WIDTH);
}

void dispute_heads(void)
{
	fputs("  付款→收款      窗口 ", stdout);
	output_cell(stdout, "编号 id", ID_WIDTH);
	fputs("  ", stdout);
	output_cell(stdout, "状态 state", STATE_WIDTH);
	head("付款方 payer's");
	head("收款方 creditor's");
	fputs("  了结 ended with\n", stdout);
}

static void side_cell(const struct dispute_side *side)
{
	char text[AMOUNT_TEXT_SIZE] = "-";

	if (side->is)
		output_amount(UNIT_CNY, side->amount_fen, text);
	head(text);
}

void dispute_line(const struct dispute *dispute)
{
	char text[64];

	printf("  %06u→%06u  %4u ", dispute->payer, dispute->creditor, dispute->window);
	snprintf(text, sizeof text, "%u/%" PRIu64 "/%u", dispute->id.epoch, dispute->id.sequence,
	    dispute->id.line);
	output_cell(stdout, text, ID_WIDTH);
	snprintf(text, sizeof text, "%s %s", dispute_state_chinese(dispute->state),
	    dispute_state_name(dispute->state));
	fputs("  ", stdout);
	output_cell(stdout, text, STATE_WIDTH);
	side_cell(&dispute->payers);
	side_cell(&dispute->creditors);
	if (dispute->state == DISPUTE_ENDED) {
		char amount[AMOUNT_TEXT_SIZE];

		output_amount(UNIT_CNY, dispute->ended_fen, amount);
		printf("  %s", amount);
		if (dispute->new_window)
			printf(", 窗口 window %u", dispute->new_window);
	}
	if (dispute->shown_sequence)
		fputs("  有我方签名 our signature was shown", stdout);
	fputc('\n', stdout);
}

static void side_json(
    yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const struct dispute_side *side)
{
	yyjson_mut_val *value = yyjson_mut_obj(doc);

	if (!side->is) {
		yyjson_mut_obj_add_null(doc, object, key);
		return;
	}
	yyjson_mut_obj_add_sint(doc, value, "amount_fen", side->amount_fen);
	json_hex(doc, value, "line_hash", hash_span(&side->line_hash));
	yyjson_mut_obj_add_val(doc, object, key, value);
}

static void entry_or_null(
    yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, uint64_t sequence)
{
	if (sequence)
		yyjson_mut_obj_add_uint(doc, object, key, sequence);
	else
		yyjson_mut_obj_add_null(doc, object, key);
}

yyjson_mut_val *dispute_json(yyjson_mut_doc *doc, const struct dispute *dispute)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc), *ended;

	yyjson_mut_obj_add_uint(doc, object, "payer", dispute->payer);
	yyjson_mut_obj_add_uint(doc, object, "creditor", dispute->creditor);
	yyjson_mut_obj_add_uint(doc, object, "window", dispute->window);
	yyjson_mut_obj_add_uint(doc, object, "epoch", dispute->id.epoch);
	yyjson_mut_obj_add_uint(doc, object, "entry", dispute->id.sequence);
	yyjson_mut_obj_add_uint(doc, object, "line", dispute->id.line);
	yyjson_mut_obj_add_str(doc, object, "state", dispute_state_name(dispute->state));
	side_json(doc, object, "payers", &dispute->payers);
	side_json(doc, object, "creditors", &dispute->creditors);
	entry_or_null(doc, object, "left_out_entry", dispute->left_out_sequence);
	entry_or_null(doc, object, "shown_entry", dispute->shown_sequence);
	if (dispute->state != DISPUTE_ENDED) {
		yyjson_mut_obj_add_null(doc, object, "ended");
		return object;
	}
	ended = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_uint(doc, ended, "ended_entry", dispute->ended_sequence);
	yyjson_mut_obj_add_sint(doc, ended, "amount_fen", dispute->ended_fen);
	if (dispute->new_window) {
		yyjson_mut_obj_add_uint(doc, ended, "window", dispute->new_window);
		yyjson_mut_obj_add_uint(doc, ended, "epoch", dispute->new_id.epoch);
		yyjson_mut_obj_add_uint(doc, ended, "entry", dispute->new_id.sequence);
		yyjson_mut_obj_add_uint(doc, ended, "line", dispute->new_id.line);
	}
	yyjson_mut_obj_add_val(doc, object, "ended", ended);
	return object;
}
