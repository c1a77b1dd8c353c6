/* pair_statement_form.c: the canonical form of a statement, of which its digests are made. docs/format.md, "Statements of a pair". */
#include "calendar.h"
#include "codec.h"
#include "lines.h"
#include "pair_statement.h"

#define FORM_VERSION 1
#define FORM_FIELDS 8
#define MONTH_FIELDS 4
#define DIRECTION_FIELDS 3
#define WINDOW_FIELDS 9
#define CLEARING_FIELDS 11
#define DISPUTE_FIELDS 8
#define ENDED_FIELDS 2

static void window_write(struct buffer *out, const struct window_row *window)
{
	codec_put_array(out, WINDOW_FIELDS);
	codec_put_uint(out, window->number);
	day_put(out, window->cut_day);
	codec_put_uint(out, window->ordinal);
	codec_put_uint(out, window->agreed.count);
	codec_put_int(out, window->agreed.positive_fen);
	codec_put_int(out, window->agreed.negative_fen);
	codec_put_bytes(out, hash_span(&window->agreed.digest));
	codec_put_bytes(out, hash_span(&window->agreement));
	codec_put_uint(out, window->cleared_month);
}

static void direction_write(struct buffer *out, const struct pair_statement *statement,
    uint32_t month, const struct pair_direction *direction)
{
	codec_put_array(out, DIRECTION_FIELDS);
	codec_put_array(out, direction->windows);
	for (size_t i = 0; i < statement->windows.count; i++) {
		const struct window_row *window = &statement->windows.rows[i];

		if (window->payer == direction->payer && month_of_day(window_day(window)) == month)
			window_write(out, window);
	}
	codec_put_int(out, direction->cleared_fen);
	codec_put_int(out, direction->closing_fen);
}

static void clearing_write(struct buffer *out, const struct clearing_row *clearing)
{
	codec_put_array(out, CLEARING_FIELDS);
	codec_put_bytes(out, hash_span(&clearing->document));
	codec_put_bool(out, clearing->gross);
	codec_put_int(out, clearing->low_owes_fen);
	codec_put_int(out, clearing->high_owes_fen);
	codec_put_int(out, clearing->low_pays_fen);
	codec_put_int(out, clearing->high_pays_fen);
	day_put(out, clearing->due_day);
	codec_put_bool(out, clearing->low_paid);
	codec_put_bool(out, clearing->high_paid);
	codec_put_bool(out, clearing->low_drawn);
	codec_put_bool(out, clearing->high_drawn);
}

void pair_month_write(
    struct buffer *out, const struct pair_statement *statement, const struct pair_month *month)
{
	codec_put_array(out, MONTH_FIELDS);
	codec_put_uint(out, month->month);
	for (size_t i = 0; i < 2; i++)
		direction_write(out, statement, month->month, &month->directions[i]);
	if (month->has_clearing)
		clearing_write(out, &month->clearing);
	else
		codec_put_null(out);
}

static void side_write(struct buffer *out, const struct dispute_side *side)
{
	if (side->is)
		codec_put_int(out, side->amount_fen);
	else
		codec_put_null(out);
}

static void dispute_write(struct buffer *out, const struct dispute *dispute)
{
	codec_put_array(out, DISPUTE_FIELDS);
	codec_put_uint(out, dispute->payer);
	codec_put_uint(out, dispute->window);
	codec_put_uint(out, dispute->id.epoch);
	codec_put_uint(out, dispute->id.sequence);
	codec_put_uint(out, dispute->id.line);
	side_write(out, &dispute->payers);
	side_write(out, &dispute->creditors);
	if (dispute->state != DISPUTE_ENDED) {
		codec_put_null(out);
		return;
	}
	codec_put_array(out, ENDED_FIELDS);
	codec_put_int(out, dispute->ended_fen);
	codec_put_uint(out, dispute->new_window);
}

static void openings_write(struct buffer *out, const struct pair_statement *statement)
{
	codec_put_array(out, 2);
	for (size_t i = 0; i < 2; i++)
		codec_put_int(out, statement->totals[i].opening_fen);
	codec_put_array(out, 2);
	for (size_t i = 0; i < 2; i++)
		codec_put_int(out, statement->payments[i].before_fen);
}

void pair_statement_write(struct buffer *out, const struct pair_statement *statement)
{
	codec_put_array(out, FORM_FIELDS);
	codec_put_uint(out, FORM_VERSION);
	codec_put_uint(out, statement->low);
	codec_put_uint(out, statement->high);
	codec_put_uint(out, statement->months[0].month);
	openings_write(out, statement);
	codec_put_array(out, statement->month_count);
	for (size_t i = 0; i < statement->month_count; i++)
		pair_month_write(out, statement, &statement->months[i]);
	codec_put_array(out, statement->disputes.count);
	for (size_t i = 0; i < statement->disputes.count; i++)
		dispute_write(out, &statement->disputes.rows[i]);
}
