#include "clearing_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "lines.h"

#define HEAD_FIELDS 11
#define ITEM_FIELDS 4

/* The first CLEARING_WINDOWS_MAX windows of a direction that the clearing of a month takes. */
struct collection {
	uint32_t month;
	struct clearing_list *list;
	uint32_t taken;
};

uint32_t clearing_other_city(const struct clearing_row *row, uint32_t city)
{
	return city == row->low ? row->high : row->low;
}

bool clearing_takes(uint32_t month, const struct window_row *window)
{
	return window->state == WINDOW_AGREED && window->cleared_month == 0 &&
	       month_of_day(window_day(window)) <= month;
}

static bool collect_due(void *context, const struct window_row *window)
{
	struct collection *collection = context;
	struct clearing_list *list = collection->list;

	if (!clearing_takes(collection->month, window))
		return true;
	if (collection->taken == CLEARING_WINDOWS_MAX)
		return false;
	assert(list->count < CLEARING_LIST_MAX);
	list->windows[list->count++] = (struct cleared_window){.payer = window->payer,
	    .number = window->number,
	    .net_fen = window_net(&window->agreed),
	    .agreement = window->agreement};
	collection->taken++;
	return true;
}

enum error clearing_collect(struct txn *txn, struct clearing_list *list, uint32_t payer)
{
	struct collection collection = {.month = list->row.month, .list = list};

	return window_each(
	    txn, payer, clearing_other_city(&list->row, payer), collect_due, &collection);
}

enum error clearing_add_up(struct clearing_list *list)
{
	struct amount low = {0}, high = {0};
	struct clearing_row *row = &list->row;
	enum error error = ERROR_NONE;

	row->low_windows = row->high_windows = 0;
	for (uint32_t i = 0; i < list->count && !error; i++) {
		const struct cleared_window *window = &list->windows[i];
		struct amount *sum = window->payer == row->low ? &low : &high;

		error = amount_add(*sum, (struct amount){window->net_fen}, sum);
		*(window->payer == row->low ? &row->low_windows : &row->high_windows) += 1;
	}
	row->low_owes_fen = low.value;
	row->high_owes_fen = high.value;
	if (error)
		return error;
	clearing_net(row);
	return row->low_pays_fen > AMOUNT_MAX || row->high_pays_fen > AMOUNT_MAX ? ERROR_OVERFLOW
										 : ERROR_NONE;
}

bool clearing_is_gross(const struct settlement *settlement, uint32_t low, uint32_t high)
{
	const struct policy *a = settlement_policy(settlement, low);
	const struct policy *b = settlement_policy(settlement, high);

	return a && b && a->gross && b->gross;
}

int32_t clearing_first_day(uint32_t month)
{
	return month_last_day(month) + 1 + CLEARING_AFTER_DAY;
}

/* How it stands in lines and messages. */

static void head_put(struct buffer *out, const struct clearing_row *row)
{
	codec_put_array(out, HEAD_FIELDS);
	codec_put_uint(out, row->month);
	codec_put_uint(out, row->low);
	codec_put_uint(out, row->high);
	codec_put_uint(out, row->attempt);
	day_put(out, row->proposed_day);
	day_put(out, row->due_day);
	codec_put_bool(out, row->gross);
	codec_put_int(out, row->low_owes_fen);
	codec_put_int(out, row->high_owes_fen);
	codec_put_int(out, row->low_pays_fen);
	codec_put_int(out, row->high_pays_fen);
}

void clearing_head_take(struct codec_reader *reader, struct clearing_row *row)
{
	*row = (struct clearing_row){.state = CLEARING_PROPOSED};
	codec_array_exact(reader, HEAD_FIELDS);
	row->month = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	row->low = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	row->high = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	row->attempt = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	row->proposed_day = day_take(reader);
	row->due_day = day_take(reader);
	row->gross = codec_bool(reader);
	row->low_owes_fen = codec_int(reader);
	row->high_owes_fen = codec_int(reader);
	row->low_pays_fen = codec_int(reader);
	row->high_pays_fen = codec_int(reader);
	if (!reader->failed && (row->attempt == 0 || !month_is_real(row->month)))
		reader->failed = ERROR_MALFORMED;
}

void clearing_list_put(struct buffer *out, const struct clearing_list *list)
{
	head_put(out, &list->row);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct cleared_window *window = &list->windows[i];

		codec_put_array(out, ITEM_FIELDS);
		codec_put_uint(out, window->payer);
		codec_put_uint(out, window->number);
		codec_put_int(out, window->net_fen);
		codec_put_bytes(out, hash_span(&window->agreement));
	}
}

static void window_take(
    struct codec_reader *reader, const struct clearing_row *row, struct cleared_window *window)
{
	codec_array_exact(reader, ITEM_FIELDS);
	window->payer = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	window->number = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	window->net_fen = codec_int(reader);
	codec_bytes_exact(reader, window->agreement.bytes, HASH_SIZE);
	if (!reader->failed && window->payer != row->low && window->payer != row->high)
		reader->failed = ERROR_MALFORMED;
}

enum error clearing_list_read(struct span bytes, size_t items, struct clearing_list *list)
{
	struct codec_reader reader = codec_reader(bytes);

	if (items < 2)
		return ERROR_MALFORMED;
	if (items - 1 > CLEARING_LIST_MAX)
		return ERROR_TOO_LARGE;
	clearing_head_take(&reader, &list->row);
	list->count = (uint32_t)items - 1;
	for (uint32_t i = 0; i < list->count; i++)
		window_take(&reader, &list->row, &list->windows[i]);
	return codec_finish(&reader);
}

enum error clearing_list_of_entry(const struct entry *entry, struct clearing_list **out)
{
	struct clearing_list *list = malloc(sizeof *list);
	enum error error;

	*out = list;
	if (!list)
		return ERROR_MEMORY;
	error = clearing_list_read(entry->lines, entry->header.count, list);
	if (!error)
		error = clearing_add_up(list);
	return error ? ERROR_CORRUPT : ERROR_NONE;
}

void clearing_decide_lines(
    struct decision *decision, const struct clearing_list *list, enum reason reason)
{
	clearing_list_put(&decision->lines, list);
	for (uint32_t i = 0; i <= list->count; i++)
		verdict_put(decision, reason);
}

void clearing_book(const struct clearing_list *list, uint32_t self, struct decision *decision)
{
	uint32_t peer = clearing_other_city(&list->row, self);
	char clearing[ACCOUNT_TEXT_SIZE], account[ACCOUNT_TEXT_SIZE];

	account_clearing(clearing, list->row.month, peer);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct cleared_window *window = &list->windows[i];

		if (window->payer == self)
			decision_move(decision, UNIT_CNY,
			    account_payable_city(account, peer, window->number), clearing,
			    window->net_fen);
		else
			decision_move(decision, UNIT_CNY, clearing,
			    account_receivable_city(account, peer, window->number),
			    window->net_fen);
	}
}
