/* statement_json.c: a statement of a pair of cities as JSON. */
#include "sheet_view.h"
#include "statement_view.h"

#include "dispute_view.h"
#include "window_view.h"

static void month_member(
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

static yyjson_mut_val *direction_json(yyjson_mut_doc *doc, const struct pair_direction *direction)
{
	yyjson_mut_val *one = yyjson_mut_obj(doc);
	yyjson_mut_obj_add_uint(doc, one, "payer", direction->payer);
	yyjson_mut_obj_add_uint(doc, one, "creditor", direction->creditor);
	yyjson_mut_obj_add_uint(doc, one, "windows", direction->windows);
	yyjson_mut_obj_add_uint(doc, one, "lines", direction->lines);
	yyjson_mut_obj_add_sint(doc, one, "opening_fen", direction->opening_fen);
	yyjson_mut_obj_add_sint(doc, one, "approved_fen", direction->positive_fen);
	yyjson_mut_obj_add_sint(doc, one, "reversed_fen", direction->negative_fen);
	yyjson_mut_obj_add_sint(doc, one, "cleared_fen", direction->cleared_fen);
	yyjson_mut_obj_add_sint(doc, one, "closing_fen", direction->closing_fen);
	return one;
}

static void agreements_json(yyjson_mut_doc *doc, yyjson_mut_val *object,
    const struct pair_statement *statement, uint32_t month, uint32_t payer)
{
	yyjson_mut_val *array = yyjson_mut_obj_add_arr(doc, object, "agreements");
	for (size_t i = 0; i < statement->windows.count; i++) {
		const struct window_row *window = &statement->windows.rows[i];
		if (window->payer != payer || month_of_day(window_day(window)) != month)
			continue;
		yyjson_mut_val *one = agreement_json(doc, window);
		month_member(doc, one, "clearing", window->cleared_month);
		yyjson_mut_arr_append(array, one);
	}
}

/* What both have signed, and whether it was paid: the same at both cities. */
static yyjson_mut_val *signed_json(yyjson_mut_doc *doc, const struct clearing_row *clearing)
{
	yyjson_mut_val *one = yyjson_mut_obj(doc);
	json_hex(doc, one, "document", hash_span(&clearing->document));
	yyjson_mut_obj_add_str(doc, one, "model", clearing->gross ? "gross" : "net");
	yyjson_mut_obj_add_str(doc, one, "state", clearing_state_name(clearing->state));
	yyjson_mut_obj_add_sint(doc, one, "low_owes_fen", clearing->low_owes_fen);
	yyjson_mut_obj_add_sint(doc, one, "high_owes_fen", clearing->high_owes_fen);
	yyjson_mut_obj_add_sint(doc, one, "low_pays_fen", clearing->low_pays_fen);
	yyjson_mut_obj_add_sint(doc, one, "high_pays_fen", clearing->high_pays_fen);
	yyjson_mut_obj_add_bool(doc, one, "low_paid", clearing->low_paid);
	yyjson_mut_obj_add_bool(doc, one, "high_paid", clearing->high_paid);
	yyjson_mut_obj_add_bool(doc, one, "low_drawn", clearing->low_drawn);
	yyjson_mut_obj_add_bool(doc, one, "high_drawn", clearing->high_drawn);
	json_day(doc, one, "due_day", clearing->due_day);
	return one;
}

static yyjson_mut_val *month_json(
    yyjson_mut_doc *doc, const struct pair_statement *statement, const struct pair_month *month)
{
	yyjson_mut_val *one = yyjson_mut_obj(doc), *array;
	month_member(doc, one, "month", month->month);
	yyjson_mut_obj_add_str(doc, one, "state", pair_month_state_name(month->state));
	json_hex(doc, one, "digest", hash_span(&month->digest));
	array = yyjson_mut_obj_add_arr(doc, one, "directions");
	for (size_t side = 0; side < 2; side++) {
		yyjson_mut_val *direction = direction_json(doc, &month->directions[side]);
		agreements_json(
		    doc, direction, statement, month->month, month->directions[side].payer);
		yyjson_mut_arr_append(array, direction);
	}
	if (month->has_clearing)
		yyjson_mut_obj_add_val(doc, one, "clearing", signed_json(doc, &month->clearing));
	else
		yyjson_mut_obj_add_null(doc, one, "clearing");
	return one;
}

static void sides_json(
    yyjson_mut_doc *doc, yyjson_mut_val *object, const struct pair_statement *statement)
{
	yyjson_mut_val *directions = yyjson_mut_obj_add_arr(doc, object, "directions");
	yyjson_mut_val *payments = yyjson_mut_obj_add_arr(doc, object, "payments");
	yyjson_mut_val *carried = yyjson_mut_obj_add_arr(doc, object, "carried_over");
	for (size_t side = 0; side < 2; side++) {
		const struct pair_direction *total = &statement->totals[side];
		const struct pair_payments *paid = &statement->payments[side];
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, payments);
		yyjson_mut_arr_append(directions, direction_json(doc, total));
		yyjson_mut_obj_add_uint(doc, one, "payer", total->payer);
		yyjson_mut_obj_add_uint(doc, one, "creditor", total->creditor);
		yyjson_mut_obj_add_sint(doc, one, "before_fen", paid->before_fen);
		yyjson_mut_obj_add_sint(doc, one, "pays_fen", paid->pays_fen);
		yyjson_mut_obj_add_sint(doc, one, "paid_fen", paid->paid_fen);
		yyjson_mut_obj_add_sint(doc, one, "open_fen", paid->open_fen);
		one = yyjson_mut_arr_add_obj(doc, carried);
		yyjson_mut_obj_add_uint(doc, one, "payer", total->payer);
		yyjson_mut_obj_add_uint(doc, one, "creditor", total->creditor);
		yyjson_mut_obj_add_uint(doc, one, "disputes", statement->carried[side].count);
		yyjson_mut_obj_add_sint(
		    doc, one, "payers_fen", statement->carried[side].payers_fen);
		yyjson_mut_obj_add_sint(
		    doc, one, "creditors_fen", statement->carried[side].creditors_fen);
	}
}

static void months_json(
    yyjson_mut_doc *doc, yyjson_mut_val *object, const struct pair_statement *statement)
{
	yyjson_mut_val *open = yyjson_mut_obj_add_arr(doc, object, "not_settled");
	yyjson_mut_val *months = yyjson_mut_obj_add_arr(doc, object, "months");
	for (size_t i = 0; i < statement->month_count; i++) {
		const struct pair_month *month = &statement->months[i];
		char text[8];
		month_write(month->month, text);
		if (!pair_month_is_settled(month))
			yyjson_mut_arr_add_strcpy(doc, open, text);
		yyjson_mut_arr_append(months, month_json(doc, statement, month));
	}
}

yyjson_mut_val *statement_json(yyjson_mut_doc *doc, const struct pair_statement *statement)
{
	yyjson_mut_val *object = yyjson_mut_obj(doc), *array;
	yyjson_mut_obj_add_uint(doc, object, "low", statement->low);
	yyjson_mut_obj_add_uint(doc, object, "high", statement->high);
	json_hex(doc, object, "digest", hash_span(&statement->digest));
	yyjson_mut_obj_add_bool(doc, object, "settled", pair_statement_is_settled(statement));
	sides_json(doc, object, statement);
	months_json(doc, object, statement);
	array = yyjson_mut_obj_add_arr(doc, object, "unagreed");
	for (size_t i = 0; i < statement->unagreed.count; i++)
		yyjson_mut_arr_append(array, window_json(doc, &statement->unagreed.rows[i]));
	array = yyjson_mut_obj_add_arr(doc, object, "disputes");
	for (size_t i = 0; i < statement->disputes.count; i++)
		yyjson_mut_arr_append(array, dispute_json(doc, &statement->disputes.rows[i]));
	yyjson_mut_obj_add_sint(doc, object, "lodged_fen", statement->lodged_fen);
	yyjson_mut_obj_add_sint(doc, object, "held_fen", statement->held_fen);
	yyjson_mut_obj_add_sint(doc, object, "advanced_fen", statement->advanced_fen);
	return object;
}
