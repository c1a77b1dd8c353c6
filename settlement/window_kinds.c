/* The kinds by which a window ends: the payer's cut, and its statement at the creditor. The agreement back at the payer is in
 * window_agreement.c. docs/format.md, "Windows". */
#include <string.h>

#include "calendar.h"
#include "order.h"
#include "stated_day.h"
#include "trust.h"
#include "window_internal.h"

#define VERDICT_FIELDS 5

/* Cut: the payer's order. */

struct open_windows {
	struct txn *txn;
	struct window_row rows[CITIES_MAX];
	size_t count;
	bool too_many;
	enum error error;
};

static bool collect_open(void *context, const struct window_row *window)
{
	struct open_windows *open = context;

	if (window->state != WINDOW_OPEN)
		return true;
	/* Nothing is signed for a city that is frozen: its window stays open. */
	open->error = trust_check_frozen(open->txn, window->creditor, NULL);
	if (open->error == ERROR_PEER_FROZEN) {
		open->error = ERROR_NONE;
		return true;
	}
	if (open->error)
		return false;
	if (open->count == CITIES_MAX) {
		open->too_many = true;
		return false;
	}
	open->rows[open->count++] = *window;
	return true;
}

/* The day that the order names, if it does, must be the day of the entry: a cut that comes late takes in more than whoever
 * ordered it meant. */
static enum error check_cut_day(
    const struct command *command, int32_t today, struct error_detail *detail)
{
	char wanted[DAY_TEXT_SIZE], present[DAY_TEXT_SIZE];
	struct document document;
	struct order order;
	int32_t day;

	if (document_read(command->documents[0], &document) ||
	    order_read(document.payload, &order) || order.parameter_count != 1)
		return error_set(detail, ERROR_MALFORMED, "not a well-formed order to cut");
	if (codec_null(&order.parameters))
		return ERROR_NONE;
	day = day_take(&order.parameters);
	if (order.parameters.failed)
		return error_set(detail, ERROR_MALFORMED, "the order to cut names no real day");
	if (day == today)
		return ERROR_NONE;
	day_write(day, wanted);
	day_write(today, present);
	return error_set(detail, ERROR_STATE,
	    "a window is labelled with the day of its cut: %s was ordered, today is %s", wanted,
	    present);
}

/* A label never goes back, whatever the clock does. */
static enum error label_cut(struct txn *txn, int32_t today, struct window_row *window)
{
	struct window_row before;
	enum error error =
	    window_before(txn, window->payer, window->creditor, window->number, &before);

	window->cut_day = today;
	window->ordinal = 1;
	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE;
	if (!error && before.cut_day >= today) {
		window->cut_day = before.cut_day;
		window->ordinal = before.ordinal + 1;
	}
	return error;
}

static enum error cut_one(struct settlement *settlement, struct txn *txn, int32_t today,
    struct window_row *window, struct decision *decision)
{
	struct statement statement;
	struct buffer *payload;
	enum error error = label_cut(txn, today, window);

	if (error)
		return error;
	statement = statement_of(window);
	statement.totals = window->own;
	codec_put_array(&decision->lines, 1 + STATEMENT_FIELDS);
	codec_put_uint(&decision->lines, window->creditor);
	statement_put(&decision->lines, &statement);
	verdict_put(decision, REASON_cut);
	payload = message_begin(settlement, txn, decision, window->creditor, "window_statement", 1);
	if (payload) {
		codec_put_array(payload, STATEMENT_FIELDS);
		statement_put(payload, &statement);
	}
	return ERROR_NONE;
}

enum error cut_decide(struct settlement *settlement, struct txn *txn, const struct command *command,
    int64_t now_ms, struct decision *decision, struct error_detail *detail)
{
	struct open_windows open = {.txn = txn};
	int32_t today = day_of_time(now_ms);
	enum error error = check_cut_day(command, today, detail);

	if (!error)
		error = window_each_last(txn, settlement_region(settlement), collect_open, &open);
	if (!error)
		error = open.error;
	if (error)
		return error;
	if (open.too_many)
		return error_set(
		    detail, ERROR_TOO_LARGE, "more than %u cities are owed something", CITIES_MAX);
	if (open.count == 0)
		return error_set(detail, ERROR_STATE,
		    "nothing to cut: no city is owed anything since the last cut");
	for (size_t i = 0; i < open.count && !error; i++)
		error = cut_one(settlement, txn, today, &open.rows[i], decision);
	return error;
}

static enum error cut_apply_line(
    struct txn *txn, const struct entry *entry, uint32_t payer, struct span line, uint32_t index)
{
	struct codec_reader reader = codec_reader(line);
	struct statement statement;
	struct window_row window;
	uint32_t creditor;
	enum error error;

	codec_array_exact(&reader, 1 + STATEMENT_FIELDS);
	creditor = (uint32_t)codec_uint(&reader);
	statement_take(&reader, &statement);
	if (codec_finish(&reader))
		return ERROR_CORRUPT;
	error = window_get(txn, payer, creditor, statement.window, &window);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	if (window.state != WINDOW_OPEN || !window_totals_equal(&window.own, &statement.totals))
		return ERROR_CORRUPT;
	window.state = WINDOW_CUT;
	window.cut_day = statement.cut_day;
	window.ordinal = statement.ordinal;
	window.stated = statement.totals;
	window.cut_sequence = entry->header.sequence;
	error = sent_hash(entry, 1 + index, &window.statement);
	return error ? error : window_put(txn, &window);
}

enum error cut_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct entry_walk walk = entry_walk(entry);
	struct span line;
	unsigned reason;
	enum error error = ERROR_NONE;

	while (!error && entry_walk_next(&walk, &line, &reason))
		error =
		    cut_apply_line(txn, entry, settlement_region(settlement), line, walk.next - 1);
	return error ? error : entry_walk_finish(&walk, detail);
}

/* Statement: at the creditor. */

/* The statement is of the next window, and its label follows the one before. */
static enum error check_order(struct txn *txn, uint32_t payer, uint32_t creditor,
    const struct statement *statement, struct error_detail *detail)
{
	struct window_row before;
	uint32_t expected;
	bool follows;
	enum error error = window_open_number(txn, payer, creditor, &expected);

	if (error)
		return error;
	if (statement->window != expected)
		return error_set(detail, ERROR_MISMATCH,
		    "a statement of window %u of %06u; window %u is the next",
		    (unsigned)statement->window, (unsigned)payer, (unsigned)expected);
	error = window_before(txn, payer, creditor, expected, &before);
	if (error == ERROR_NOT_FOUND)
		follows = statement->ordinal == 1;
	else if (error)
		return error;
	else if (statement->cut_day == before.cut_day)
		follows = statement->ordinal == before.ordinal + 1;
	else
		follows = statement->cut_day > before.cut_day && statement->ordinal == 1;
	return follows
		   ? ERROR_NONE
		   : error_set(detail, ERROR_MISMATCH,
			 "the label of window %u of %06u does not follow that of the one before",
			 (unsigned)expected, (unsigned)payer);
}

/* The totals of this node's mirror; zeros when it has nothing for the window. */
static enum error mirror_totals(struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t number,
    struct window_totals *totals)
{
	struct window_row window;
	enum error error = window_get(txn, payer, creditor, number, &window);

	*totals = (struct window_totals){0};
	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE;
	if (!error)
		*totals = window.own;
	return error;
}

enum error statement_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	uint32_t self = settlement_region(settlement), payer;
	struct hash hash = document_hash(command->documents[0]);
	struct window_totals mirror;
	struct statement statement;
	struct codec_reader item;
	struct buffer *payload;
	struct notice notice;
	size_t fields;
	bool agreed;
	enum error error = only_item_read(command, &notice, &item, &fields, detail);

	if (error)
		return error;
	statement_take(&item, &statement);
	if (codec_finish(&item) || fields != STATEMENT_FIELDS)
		return error_set(detail, ERROR_MALFORMED, "not a well-formed window statement");
	payer = notice.message.from;
	error = check_order(txn, payer, self, &statement, detail);
	if (!error)
		error = stated_day_check(
		    settlement, txn, payer, statement.cut_day, now_ms, "a window's cut", detail);
	if (!error)
		error = trust_check(settlement, txn, payer, window_net(&statement.totals), detail);
	if (!error)
		error = mirror_totals(txn, payer, self, statement.window, &mirror);
	if (error)
		return error;
	agreed = window_totals_equal(&mirror, &statement.totals);
	codec_put_array(&decision->lines, 1 + STATEMENT_FIELDS);
	codec_put_uint(&decision->lines, payer);
	statement_put(&decision->lines, &statement);
	codec_put_array(&decision->verdicts, VERDICT_FIELDS);
	codec_put_uint(&decision->verdicts, agreed ? REASON_agreed : REASON_differs);
	totals_put(&decision->verdicts, &mirror);
	decision->count++;
	payload = agreed ? message_begin(settlement, txn, decision, payer, "agreement", 1) : NULL;
	if (payload) {
		codec_put_array(payload, STATEMENT_FIELDS + 1);
		statement_put(payload, &statement);
		codec_put_bytes(payload, hash_span(&hash));
	}
	return ERROR_NONE;
}

/* The mirror's row; a new one, with the ids of the window before, when the mirror has nothing. */
static enum error mirror_row(
    struct txn *txn, uint32_t payer, uint32_t creditor, uint32_t number, struct window_row *window)
{
	struct window_row before = {0};
	enum error error = window_get(txn, payer, creditor, number, window);

	if (error != ERROR_NOT_FOUND)
		return error;
	error = window_before(txn, payer, creditor, number, &before);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	*window = (struct window_row){.payer = payer,
	    .creditor = creditor,
	    .number = number,
	    .state = WINDOW_OPEN,
	    .first = before.last,
	    .last = before.last};
	return ERROR_NONE;
}

enum error statement_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(entry->lines);
	struct statement statement;
	struct window_row window;
	unsigned reason;
	uint32_t payer;
	enum error error;

	(void)detail;
	codec_array_exact(&reader, 1 + STATEMENT_FIELDS);
	payer = (uint32_t)codec_uint(&reader);
	statement_take(&reader, &statement);
	if (codec_finish(&reader) || verdict_read(entry->verdicts, &reason))
		return ERROR_CORRUPT;
	error = mirror_row(txn, payer, settlement_region(settlement), statement.window, &window);
	if (error)
		return error;
	if (window.state != WINDOW_OPEN)
		return ERROR_CORRUPT;
	window.state = reason == REASON_agreed ? WINDOW_AGREED : WINDOW_DIFFERS;
	window.cut_day = statement.cut_day;
	window.ordinal = statement.ordinal;
	window.stated = statement.totals;
	window.cut_sequence = entry->header.sequence;
	error = sent_hash(entry, 0, &window.statement);
	if (!error && window.state == WINDOW_AGREED) {
		window.agreed = window.own;
		window.agreed_sequence = entry->header.sequence;
		error = sent_hash(entry, 1, &window.agreement);
	}
	if (!error)
		error = stated_day_put(txn, payer, statement.cut_day);
	return error ? error : window_put(txn, &window);
}
