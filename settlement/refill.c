#include "refill.h"

#include <string.h>

#include "clearing.h"
#include "lines.h"
#include "settlement_internal.h"
#include "tables.h"
#include "window.h"

/* EndToEndId; payer BE32; window BE32 */
#define ID_SIZE (END_TO_END_SIZE - 1)
#define KEY_SIZE (ID_SIZE + 8)
#define LINE_FIELDS 3

struct part {
	char end_to_end[END_TO_END_SIZE];
	uint32_t payer, window;
	int64_t fen;
};

static void key_write(
    uint8_t key[KEY_SIZE], const char *end_to_end, uint32_t payer, uint32_t window)
{
	memcpy(key, end_to_end, ID_SIZE);
	be32_write(key + ID_SIZE, payer);
	be32_write(key + ID_SIZE + 4, window);
}

static enum error part_read(struct span key, struct span row, struct part *part)
{
	memset(part, 0, sizeof *part);
	if (key.size != KEY_SIZE || row.size != 8)
		return ERROR_CORRUPT;
	memcpy(part->end_to_end, key.data, ID_SIZE);
	part->payer = be32_read(key.data + ID_SIZE);
	part->window = be32_read(key.data + ID_SIZE + 4);
	part->fen = (int64_t)be64_read(row.data);
	return ERROR_NONE;
}

enum error advance_note(
    struct txn *txn, const char *end_to_end, uint32_t payer, uint32_t window, int64_t fen)
{
	uint8_t key[KEY_SIZE], row[8];

	key_write(key, end_to_end, payer, window);
	be64_write(row, (uint64_t)fen);
	return store_put(txn, TABLE_ADVANCED, span_of(key, sizeof key), span_of(row, sizeof row));
}

/* The first part behind `key` (of `size` bytes) that begins with its first `common`. Fails with: ERROR_NOT_FOUND. */
static enum error part_from(
    struct txn *txn, const uint8_t *key, size_t size, size_t common, struct part *part)
{
	struct cursor *cursor;
	struct span found, row;
	enum error error = cursor_open(txn, TABLE_ADVANCED, &cursor);

	if (error)
		return error;
	error = cursor_seek(cursor, span_of(key, size), &found, &row);
	if (!error && size == KEY_SIZE && span_equal(found, span_of(key, size)))
		error = cursor_next(cursor, &found, &row);
	if (!error && !span_starts_with(found, span_of(key, common)))
		error = ERROR_NOT_FOUND;
	if (!error)
		error = part_read(found, row, part);
	cursor_close(cursor);
	return error;
}

enum error advance_forget(
    struct txn *txn, const char *end_to_end, const char *uscc, bool due, bool *any)
{
	uint8_t key[KEY_SIZE];
	struct part part;
	enum error error;

	*any = false;
	memcpy(key, end_to_end, ID_SIZE);
	while (!(error = part_from(txn, key, ID_SIZE, ID_SIZE, &part))) {
		*any = true;
		if (due)
			error = guest_due_add(txn, part.payer, part.window, uscc, part.fen);
		key_write(key, end_to_end, part.payer, part.window);
		if (!error)
			error = store_delete(txn, TABLE_ADVANCED, span_of(key, sizeof key));
		if (error)
			return error;
	}
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error advanced_sum(struct txn *txn, uint32_t payer, int64_t *fen)
{
	uint8_t key[KEY_SIZE] = {0};
	struct amount sum = {0};
	struct part part;
	size_t size = 0;
	enum error error;

	*fen = 0;
	while (!(error = part_from(txn, key, size, 0, &part))) {
		size = KEY_SIZE;
		key_write(key, part.end_to_end, part.payer, part.window);
		if (part.payer == payer)
			error = amount_add(sum, (struct amount){part.fen}, &sum);
		if (error)
			return error;
	}
	*fen = sum.value;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* The month of the clearing that took the part's window, if its money is here and the bank has booked the advance; else 0. */
static enum error paid_month(
    struct settlement *settlement, struct txn *txn, const struct part *part, uint32_t *month)
{
	const uint32_t self = settlement_region(settlement);
	struct clearing_row clearing;
	struct window_row window;
	struct payment payment;
	enum error error = payment_find(txn, part->end_to_end, &payment);

	*month = 0;
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	if (payment.state != PAYMENT_BOOKED || part->window == 0)
		return ERROR_NONE;
	error = window_get(txn, part->payer, self, part->window, &window);
	if (!error && window.cleared_month)
		error = clearing_get(txn, window.cleared_month, part->payer, self, &clearing);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	if (window.cleared_month &&
	    (clearing.state == CLEARING_NETTED || clearing.state == CLEARING_SETTLED) &&
	    (clearing_pays(&clearing, part->payer) == 0 ||
		clearing_is_paid(&clearing, part->payer)))
		*month = window.cleared_month;
	return ERROR_NONE;
}

/* Sums by payer and month, ascending; what does not fit any more waits for the next time. */
static void add(struct refill refills[REFILLS_MAX], size_t *count, const struct refill *one)
{
	size_t at = 0;

	while (
	    at < *count && (refills[at].payer < one->payer ||
			       (refills[at].payer == one->payer && refills[at].month < one->month)))
		at++;
	if (at < *count && refills[at].payer == one->payer && refills[at].month == one->month) {
		refills[at].fen += one->fen;
		return;
	}
	if (*count == REFILLS_MAX)
		return;
	memmove(&refills[at + 1], &refills[at], (*count - at) * sizeof *refills);
	refills[at] = *one;
	++*count;
}

/* Whole or not at all, in order, as long as the treasury has it. */
static enum error keep_affordable(
    struct txn *txn, struct refill refills[REFILLS_MAX], size_t *count)
{
	char name[ACCOUNT_TEXT_SIZE];
	struct amount treasury;
	size_t kept = 0;
	enum error error =
	    account_available(txn, settlement_chart, span_text(account_treasury(name)), &treasury);

	for (size_t i = 0; !error && i < *count; i++) {
		if (refills[i].fen <= 0 || refills[i].fen > treasury.value)
			continue;
		treasury.value -= refills[i].fen;
		refills[kept++] = refills[i];
	}
	*count = error ? 0 : kept;
	return error;
}

enum error refills_find(struct settlement *settlement, struct txn *txn,
    struct refill refills[REFILLS_MAX], size_t *count)
{
	uint8_t key[KEY_SIZE] = {0};
	struct part part;
	size_t size = 0;
	enum error error;

	*count = 0;
	while (!(error = part_from(txn, key, size, 0, &part))) {
		struct refill one = {.payer = part.payer, .fen = part.fen};

		size = KEY_SIZE;
		key_write(key, part.end_to_end, part.payer, part.window);
		error = paid_month(settlement, txn, &part, &one.month);
		if (error)
			return error;
		if (one.month)
			add(refills, count, &one);
	}
	if (error != ERROR_NOT_FOUND)
		return error;
	return *count ? keep_affordable(txn, refills, count) : ERROR_NONE;
}

enum error refill_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	char treasury[ACCOUNT_TEXT_SIZE], account[ACCOUNT_TEXT_SIZE];
	struct refill refills[REFILLS_MAX];
	size_t count;
	enum error error = refills_find(settlement, txn, refills, &count);

	(void)command, (void)now_ms;
	if (error)
		return error;
	if (count == 0)
		return error_set(detail, ERROR_STATE, "nothing that was advanced is paid yet");
	for (size_t i = 0; i < count; i++) {
		codec_put_array(&decision->lines, LINE_FIELDS);
		codec_put_uint(&decision->lines, refills[i].payer);
		codec_put_uint(&decision->lines, refills[i].month);
		codec_put_uint(&decision->lines, (uint64_t)refills[i].fen);
		verdict_put(decision, REASON_registered);
		decision_move(decision, UNIT_CNY, account_float(account),
		    account_treasury(treasury), refills[i].fen);
	}
	return ERROR_NONE;
}

/* The parts that this refill is the sum of are even. */
static enum error forget(
    struct settlement *settlement, struct txn *txn, uint32_t payer, uint32_t month)
{
	uint8_t key[KEY_SIZE] = {0};
	struct part part;
	size_t size = 0;
	enum error error;

	while (!(error = part_from(txn, key, size, 0, &part))) {
		uint32_t paid;

		size = KEY_SIZE;
		key_write(key, part.end_to_end, part.payer, part.window);
		if (part.payer != payer)
			continue;
		error = paid_month(settlement, txn, &part, &paid);
		if (!error && paid == month)
			error = store_delete(txn, TABLE_ADVANCED, span_of(key, sizeof key));
		if (error)
			return error;
	}
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error refill_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct codec_reader lines = codec_reader(entry->lines);
	enum error error = ERROR_NONE;

	(void)detail;
	for (uint32_t i = 0; !error && i < entry->header.count; i++) {
		struct codec_reader line = codec_reader(codec_item(&lines));
		uint32_t payer, month;

		codec_array_exact(&line, LINE_FIELDS);
		payer = (uint32_t)codec_uint_max(&line, 999999);
		month = (uint32_t)codec_uint_max(&line, 999999);
		codec_uint(&line);
		error = codec_finish(&line) ? ERROR_CORRUPT : forget(settlement, txn, payer, month);
	}
	return error;
}
