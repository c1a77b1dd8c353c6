/* payment_notice.c: what two cities tell each other of a clearing's payment: the kinds `payment_advice` and `payment_receipt`. */
#include <string.h>

#include "bank_internal.h"
#include "calendar.h"
#include "clearing.h"
#include "lines.h"
#include "payment_told.h"
#include "settlement_internal.h"
#include "stated_day.h"

static void put_verdict(struct decision *decision, enum reason reason)
{
	codec_put_array(&decision->verdicts, 2);
	codec_put_uint(&decision->verdicts, reason);
	codec_put_null(&decision->verdicts);
	decision->count++;
}

struct notice_item {
	uint32_t month;
	struct bank_line line;
};

static enum error read_notice(struct span item, struct notice_item *out)
{
	struct codec_reader reader = codec_reader(item);

	memset(out, 0, sizeof *out);
	codec_array_exact(&reader, PAYMENT_NOTICE_FIELDS);
	out->month = (uint32_t)codec_uint_max(&reader, 999999);
	codec_text_copy(&reader, out->line.end_to_end, sizeof out->line.end_to_end);
	out->line.amount_fen = (int64_t)codec_uint_max(&reader, AMOUNT_MAX);
	codec_text_copy(&reader, out->line.reference, sizeof out->line.reference);
	out->line.day = day_take(&reader);
	return codec_finish(&reader);
}

/* `payer` says that it has paid, or `creditor` that it was received: it must be a payment of that clearing. */
static enum error check_notice(const struct settlement *settlement, struct txn *txn,
    const struct notice_item *item, uint32_t payer, uint32_t creditor, int64_t now_ms,
    struct error_detail *detail)
{
	struct clearing_row clearing;
	enum error error = clearing_get(txn, item->month, payer, creditor, &clearing);

	if (error == ERROR_NOT_FOUND)
		return error_set(detail, error,
		    "a payment of clearing %u between %06u and %06u, which is not here",
		    (unsigned)item->month, (unsigned)payer, (unsigned)creditor);
	if (error)
		return error;
	if (clearing.state != CLEARING_NETTED && clearing.state != CLEARING_SETTLED)
		return error_set(detail, ERROR_STATE,
		    "a payment of clearing %u, which is not signed by both", (unsigned)item->month);
	/* A bank books on no day to come, and none before what is paid was proposed. */
	error = stated_day_check_future(
	    settlement, item->line.day, now_ms, "a payment of a clearing", detail);
	if (error)
		return error;
	if (item->line.day < clearing.proposed_day - STATED_DAYS_MAX)
		return error_set(detail, ERROR_RANGE,
		    "a payment of clearing %u on a day before the clearing was proposed",
		    (unsigned)item->month);
	if (item->line.amount_fen == 0 || clearing_pays(&clearing, payer) != item->line.amount_fen)
		return error_set(detail, ERROR_MISMATCH,
		    "a payment of clearing %u over another amount than %06u owes",
		    (unsigned)item->month, (unsigned)payer);
	return ERROR_NONE;
}

/* A receipt may be overtaken by the bank's return of the payment: then it settles nothing any more. But whoever has received what our bank has
 * rejected is not to be paid once more. */
static enum error judge_receipt(
    struct txn *txn, const struct notice_item *item, enum reason *reason)
{
	struct payment payment;
	enum error error = payment_find(txn, item->line.end_to_end, &payment);
	bool alive = !error && payment.state != PAYMENT_RETURNED;

	*reason = alive ? REASON_received : REASON_unmatched;
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error decide_notice(struct settlement *settlement, struct txn *txn,
    const struct command *command, bool advice, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	uint32_t self = settlement_region(settlement);
	struct notice notice;
	struct span bytes;
	enum error error = notice_read(command, &notice, detail);

	while (!error && line_walk_next(&notice.walk, &bytes)) {
		uint32_t other = notice.message.from;
		enum reason reason = REASON_registered;
		struct notice_item item;

		if (read_notice(bytes, &item))
			return line_walk_error(&notice.walk, ERROR_MALFORMED, detail,
			    "not [month, EndToEndId, amount, reference, day]");
		error = check_notice(settlement, txn, &item, advice ? other : self,
		    advice ? self : other, now_ms, detail);
		if (!error && !advice)
			error = judge_receipt(txn, &item, &reason);
		buffer_append(&decision->lines, bytes);
		put_verdict(decision, reason);
	}
	return error ? error : line_walk_finish(&notice.walk, detail);
}

enum error payment_advice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	return decide_notice(settlement, txn, command, true, now_ms, decision, detail);
}

/* What the other city has told is kept; of a receipt that settles nothing any more, too. */
static enum error apply_notice(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, enum bank_fact fact, struct error_detail *detail)
{
	struct entry_walk walk = entry_walk(entry);
	struct document document;
	struct message message;
	struct span bytes;
	unsigned reason;
	enum error error = ERROR_NONE;

	if (document_read(entry->documents[0], &document) ||
	    message_read(document.payload, &message))
		return ERROR_CORRUPT;
	while (!error && entry_walk_next(&walk, &bytes, &reason)) {
		struct notice_item item;

		if (read_notice(bytes, &item))
			return ERROR_CORRUPT;
		item.line.fact = fact;
		error = payment_told_put(txn, message.from, &item.line);
		if (!error && reason == REASON_received)
			error = clearing_payment_state(
			    txn, item.month, settlement_region(settlement), message.from, true);
	}
	return error ? error : entry_walk_finish(&walk, detail);
}

/* An advice tells; only the bank's own word changes the creditor's books. */
enum error payment_advice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	return apply_notice(settlement, txn, entry, BANK_BOOKED, detail);
}

enum error payment_receipt_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	return decide_notice(settlement, txn, command, false, now_ms, decision, detail);
}

enum error payment_receipt_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	return apply_notice(settlement, txn, entry, BANK_CREDITED, detail);
}
