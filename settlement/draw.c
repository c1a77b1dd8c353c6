#include "draw.h"

#include <stdio.h>
#include <string.h>

#include "calendar.h"
#include "clearing.h"
#include "ledger.h"
#include "lines.h"
#include "order.h"
#include "prefund.h"
#include "settlement_internal.h"

/* [month, amount] */
#define ITEM_FIELDS 2

void draw_parameters_write(struct buffer *out, uint32_t month, uint32_t home)
{
	codec_put_uint(out, month);
	codec_put_uint(out, home);
}

struct drawn {
	uint32_t month;
	int64_t amount_fen;
};

static void item_put(struct buffer *out, const struct drawn *drawn)
{
	codec_put_array(out, ITEM_FIELDS);
	codec_put_uint(out, drawn->month);
	codec_put_uint(out, (uint64_t)drawn->amount_fen);
}

static enum error item_read(struct span item, struct drawn *drawn)
{
	struct codec_reader reader = codec_reader(item);

	codec_array_exact(&reader, ITEM_FIELDS);
	drawn->month = (uint32_t)codec_uint_max(&reader, 999999);
	drawn->amount_fen = (int64_t)codec_uint_max(&reader, AMOUNT_MAX);
	return codec_finish(&reader);
}

static enum error read_order(struct span bytes, uint32_t *month, uint32_t *home)
{
	struct document document;
	struct order order;

	if (document_read(bytes, &document) || strcmp(document.name, "order") != 0 ||
	    order_read(document.payload, &order) || order.parameter_count != DRAW_PARAMETERS)
		return ERROR_MALFORMED;
	*month = (uint32_t)codec_uint_max(&order.parameters, 999999);
	*home = (uint32_t)codec_uint_max(&order.parameters, 999999);
	return order.parameters.failed ? ERROR_MALFORMED : ERROR_NONE;
}

/* Is it overdue: netted, to be paid by `payer`, not paid, and the due day over? */
static enum error check_overdue(
    const struct clearing_row *clearing, uint32_t payer, int32_t today, struct error_detail *detail)
{
	const char *wrong = NULL;

	if (clearing->state != CLEARING_NETTED)
		wrong = "it is not netted, or settled already";
	else if (clearing_pays(clearing, payer) == 0)
		wrong = "that city has nothing to pay in it";
	else if (clearing_is_paid(clearing, payer))
		wrong = "it is paid";
	else if (today <= clearing->due_day)
		wrong = "its due day is not over";
	return wrong ? error_set(detail, ERROR_STATE, "clearing %u with %06u: %s",
			   (unsigned)clearing->month, (unsigned)payer, wrong)
		     : ERROR_NONE;
}

/* --- at the host -------------------------------------------------------------------------------------------------- */

static enum error check_draw(struct txn *txn, const struct clearing_row *clearing, uint32_t home,
    int32_t today, struct error_detail *detail)
{
	char held[ACCOUNT_TEXT_SIZE];
	struct amount reserve;
	enum error error = check_overdue(clearing, home, today, detail);

	if (error)
		return error;
	error = account_available(
	    txn, settlement_chart, span_text(account_prefund_held(held, home)), &reserve);
	if (!error && reserve.value < clearing_pays(clearing, home))
		return error_set(detail, ERROR_BALANCE,
		    "the reserve of %06u does not cover the clearing: it is drawn whole or not at "
		    "all",
		    (unsigned)home);
	return error;
}

enum error draw_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	char held[ACCOUNT_TEXT_SIZE], account[ACCOUNT_TEXT_SIZE];
	uint32_t self = settlement_region(settlement), home = 0;
	struct clearing_row clearing;
	struct drawn drawn;
	struct buffer *out;
	enum error error = read_order(command->documents[0], &drawn.month, &home);

	if (error)
		return error_set(detail, error, "not an order to draw on a reserve");
	error =
	    home == self ? ERROR_NOT_FOUND : clearing_get(txn, drawn.month, self, home, &clearing);
	if (error)
		return error_set(detail, error, "there is no clearing %u with %06u",
		    (unsigned)drawn.month, (unsigned)home);
	error = check_draw(txn, &clearing, home, day_of_time(now_ms), detail);
	if (error)
		return error;
	drawn.amount_fen = clearing_pays(&clearing, home);
	decision_move(decision, UNIT_CNY, account_prefund_held(held, home),
	    account_clearing(account, drawn.month, home), drawn.amount_fen);
	out = message_begin(settlement, txn, decision, home, "prefund_drawn", 1);
	if (out)
		item_put(out, &drawn);
	codec_put_array(&decision->lines, 3);
	codec_put_uint(&decision->lines, drawn.month);
	codec_put_uint(&decision->lines, home);
	codec_put_uint(&decision->lines, (uint64_t)drawn.amount_fen);
	verdict_put(decision, REASON_drawn);
	return ERROR_NONE;
}

enum error draw_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	uint32_t month, home;

	(void)detail;
	if (read_order(entry->documents[0], &month, &home))
		return ERROR_CORRUPT;
	return clearing_draw(txn, month, home, settlement_region(settlement));
}

/* --- home has refused it ------------------------------------------------------------------------------------------- */

/* What a draw of ours was; month 0: entry `sequence` is none. */
static enum error read_draw(struct txn *txn, uint64_t sequence, struct drawn *drawn, uint32_t *home)
{
	struct entry_reader reader = {0};
	struct codec_reader line;
	struct span item;
	enum error error = ledger_read(txn, sequence, &reader);

	memset(drawn, 0, sizeof *drawn);
	if (!error && reader.entry.header.kind == KIND_draw) {
		if (entry_item(reader.entry.lines, 0, &item)) {
			error = ERROR_CORRUPT;
		} else {
			line = codec_reader(item);
			codec_array_exact(&line, 3);
			drawn->month = (uint32_t)codec_uint_max(&line, 999999);
			*home = (uint32_t)codec_uint_max(&line, 999999);
			drawn->amount_fen = (int64_t)codec_uint_max(&line, AMOUNT_MAX);
			error = codec_finish(&line) ? ERROR_CORRUPT : ERROR_NONE;
		}
	}
	entry_free(&reader);
	return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
}

static bool is_received(void *context, const struct payment *payment)
{
	bool *received = context;

	*received = payment->state == PAYMENT_RECEIVED;
	return !*received;
}

/* Has home's own payment come in since? It went into the reserve then. */
static enum error came_in(struct txn *txn, uint32_t month, uint32_t home, bool *came)
{
	char name[PAYMENT_NAME_MAX + 1];

	*came = false;
	snprintf(name, sizeof name, "%06u<%06u", (unsigned)month, (unsigned)home);
	return payment_each(txn, PAYMENT_CLEARING, name, is_received, came);
}

enum error draw_refused_decide(struct settlement *settlement, struct txn *txn, uint64_t sequence,
    struct decision *decision, bool *was)
{
	char held[ACCOUNT_TEXT_SIZE], account[ACCOUNT_TEXT_SIZE];
	struct drawn drawn;
	uint32_t home = 0;
	bool came;
	enum error error = read_draw(txn, sequence, &drawn, &home);

	(void)settlement;
	*was = !error && drawn.month != 0;
	if (error || !*was)
		return error;
	/* What came in meanwhile is in the reserve in place of what was drawn, and pays the clearing: nothing moves. */
	error = came_in(txn, drawn.month, home, &came);
	if (!error && !came)
		decision_move(decision, UNIT_CNY, account_clearing(account, drawn.month, home),
		    account_prefund_held(held, home), drawn.amount_fen);
	return error;
}

enum error draw_refused(struct settlement *settlement, struct txn *txn, uint64_t sequence)
{
	struct drawn drawn;
	uint32_t home = 0;
	bool came;
	enum error error = read_draw(txn, sequence, &drawn, &home);

	if (error || drawn.month == 0)
		return error;
	error = came_in(txn, drawn.month, home, &came);
	if (!error)
		error =
		    clearing_undraw(txn, drawn.month, home, settlement_region(settlement), came);
	return error == ERROR_NOT_FOUND || error == ERROR_STATE ? ERROR_CORRUPT : error;
}

/* --- at home ------------------------------------------------------------------------------------------------------ */

/* Has our bank booked a payment of it that is on its way? Then that fills the reserve again, and nothing moves. */
static enum error is_on_its_way(struct txn *txn, uint32_t month, uint32_t host, bool *on_its_way)
{
	char name[PAYMENT_NAME_MAX + 1], payee[PAYMENT_PAYEE_MAX + 1];
	struct payment payment;
	enum error error;

	snprintf(name, sizeof name, "%06u", (unsigned)month);
	payment_city(payee, host);
	error = payment_last(txn, PAYMENT_CLEARING, name, payee, &payment);
	*on_its_way = !error && payment.state == PAYMENT_BOOKED;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error decide_item(struct settlement *settlement, struct txn *txn, uint32_t host,
    const struct drawn *drawn, int32_t today, struct decision *decision,
    struct error_detail *detail)
{
	char lodged[ACCOUNT_TEXT_SIZE], account[ACCOUNT_TEXT_SIZE];
	uint32_t self = settlement_region(settlement);
	struct clearing_row clearing;
	struct amount reserve;
	bool on_its_way;
	enum error error = clearing_get(txn, drawn->month, self, host, &clearing);

	if (error)
		return error_set(detail, error, "there is no clearing %u with %06u",
		    (unsigned)drawn->month, (unsigned)host);
	/* The host's day may be ahead of ours around midnight. */
	error = check_overdue(&clearing, self, today + 1, detail);
	if (!error && clearing_pays(&clearing, self) != drawn->amount_fen)
		error = error_set(detail, ERROR_MISMATCH,
		    "%06u has drawn another amount than this city owes", (unsigned)host);
	if (!error)
		error = is_on_its_way(txn, drawn->month, host, &on_its_way);
	if (error || on_its_way)
		return error;
	error = account_available(
	    txn, settlement_chart, span_text(account_prefund_lodged(lodged, host)), &reserve);
	if (!error && reserve.value < drawn->amount_fen)
		return error_set(detail, ERROR_BALANCE,
		    "%06u has drawn more than this city has lodged with it", (unsigned)host);
	if (!error)
		decision_move(decision, UNIT_CNY, account_clearing(account, drawn->month, host),
		    lodged, drawn->amount_fen);
	return error;
}

enum error draw_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct notice notice;
	struct drawn drawn;
	struct span bytes;
	enum error error = notice_read(command, &notice, detail);

	if (error)
		return error;
	if (notice.message.item_count != 1 || !line_walk_next(&notice.walk, &bytes) ||
	    item_read(bytes, &drawn))
		return error_set(detail, ERROR_MALFORMED, "not one item [month, amount]");
	error = decide_item(
	    settlement, txn, notice.message.from, &drawn, day_of_time(now_ms), decision, detail);
	buffer_append(&decision->lines, bytes);
	verdict_put(decision, REASON_drawn);
	return error ? error : line_walk_finish(&notice.walk, detail);
}

enum error draw_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct document document;
	struct message message;
	struct drawn drawn;
	struct span item;

	(void)detail;
	if (document_read(entry->documents[0], &document) ||
	    message_read(document.payload, &message) || entry_item(entry->lines, 0, &item) ||
	    item_read(item, &drawn))
		return ERROR_CORRUPT;
	return clearing_draw(txn, drawn.month, settlement_region(settlement), message.from);
}
