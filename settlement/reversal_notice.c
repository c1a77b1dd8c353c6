/* reversal_notice.c: at the host, the payer's reversals: what the institution has not been paid yet goes back, the rest it owes. */
#include <string.h>

#include "lines.h"
#include "obligation.h"
#include "payment.h"
#include "settlement_internal.h"

#define NOTICE_FIELDS 10

struct notice_item {
	char uscc[USCC_SIZE + 1];
	uint64_t number, old_sequence;
	uint32_t sheet_line;
	struct span grounds;
	struct obligation obligation;
};

static enum error read_item(
    struct span item, const struct message *message, uint32_t self, struct notice_item *out)
{
	struct codec_reader reader = codec_reader(item);

	memset(out, 0, sizeof *out);
	codec_array_exact(&reader, NOTICE_FIELDS);
	codec_text_copy(&reader, out->uscc, sizeof out->uscc);
	out->number = codec_uint(&reader);
	out->sheet_line = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	out->old_sequence = codec_uint(&reader);
	out->obligation.amount_fen = codec_int(&reader);
	out->obligation.sequence = codec_uint(&reader);
	out->obligation.line = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	out->obligation.window = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	out->grounds = codec_text(&reader);
	codec_bytes_exact(&reader, out->obligation.line_hash.bytes, HASH_SIZE);
	out->obligation.payer = message->from;
	out->obligation.creditor = self;
	out->obligation.epoch = message->epoch;
	if (strlen(out->uscc) != USCC_SIZE || out->obligation.amount_fen > 0)
		return ERROR_MALFORMED;
	return codec_finish(&reader);
}

/* It must take back exactly what an obligation of that city was; reversals come one after the other behind what is in the window. */
static enum error check_item(struct txn *txn, const struct message *message,
    const struct notice_item *item, const struct obligation *before, struct error_detail *detail)
{
	struct obligation old;
	enum error error;

	if (item->obligation.amount_fen == 0)
		return ERROR_NONE;
	error = obligation_find(txn, message->from, item->obligation.creditor, message->epoch,
	    item->old_sequence, item->sheet_line, &old);
	if (error || old.amount_fen != -item->obligation.amount_fen)
		return error_set(detail, ERROR_MISMATCH,
		    "a reversal of line %u of entry %llu, which %06u does not owe",
		    (unsigned)item->sheet_line, (unsigned long long)item->old_sequence,
		    (unsigned)message->from);
	if (before->amount_fen == 0)
		return obligation_expected(txn, &item->obligation, detail);
	if (item->obligation.window != before->window ||
	    item->obligation.sequence != before->sequence || item->obligation.line <= before->line)
		return error_set(detail, ERROR_MISMATCH,
		    "reversals out of order, or of several entries, in one document");
	return ERROR_NONE;
}

/* What had not been ordered to be paid yet goes back; the rest the institution owes. */
static enum error book(struct txn *txn, struct decision *decision, const struct notice_item *item,
    int64_t *not_ordered)
{
	char receivable[ACCOUNT_TEXT_SIZE], payable[ACCOUNT_TEXT_SIZE], owed[ACCOUNT_TEXT_SIZE];
	int64_t fen = -item->obligation.amount_fen, part;
	struct amount available;
	enum error error = account_available(txn, settlement_chart,
	    span_text(account_payable_remote(payable, item->uscc)), &available);

	if (error)
		return error;
	for (size_t i = 0; i < decision->transfer_count; i++) {
		if (span_equal(decision->transfers[i].debit, span_text(payable)))
			available.value -= decision->transfers[i].amount.value;
	}
	part = available.value < fen ? available.value : fen;
	if (part < 0)
		part = 0;
	*not_ordered = part;
	account_receivable_city(receivable, item->obligation.payer, item->obligation.window);
	decision_move(decision, UNIT_CNY, payable, receivable, part);
	decision_move(decision, UNIT_CNY, account_receivable_institution(owed, item->uscc),
	    receivable, fen - part);
	return ERROR_NONE;
}

enum error reversal_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct notice notice;
	struct notice_item item;
	struct span bytes;
	struct obligation before = {0};
	int64_t part = 0;
	enum error error = notice_read(command, &notice, detail);

	(void)now_ms;
	while (!error && line_walk_next(&notice.walk, &bytes)) {
		error = read_item(bytes, &notice.message, settlement_region(settlement), &item);
		if (error)
			return line_walk_error(
			    &notice.walk, error, detail, "not a well-formed reversal");
		error = check_item(txn, &notice.message, &item, &before, detail);
		if (item.obligation.amount_fen != 0)
			before = item.obligation;
		if (!error)
			error = book(txn, decision, &item, &part);
		buffer_append(&decision->lines, bytes);
		codec_put_array(&decision->verdicts, 2);
		codec_put_uint(&decision->verdicts, REASON_reversed);
		codec_put_uint(&decision->verdicts, (uint64_t)part);
		decision->count++;
	}
	return error ? error : line_walk_finish(&notice.walk, detail);
}

enum error reversal_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct codec_reader lines = codec_reader(entry->lines),
			    verdicts = codec_reader(entry->verdicts);
	struct document document;
	struct message message;
	enum error error = ERROR_NONE;

	(void)detail;
	if (document_read(entry->documents[0], &document) ||
	    message_read(document.payload, &message))
		return ERROR_CORRUPT;
	for (uint32_t i = 0; !error && i < entry->header.count; i++) {
		struct codec_reader verdict = codec_reader(codec_item(&verdicts));
		struct notice_item item;
		int64_t part;

		codec_array_exact(&verdict, 2);
		codec_uint(&verdict);
		part = (int64_t)codec_uint(&verdict);
		if (verdict.failed ||
		    read_item(codec_item(&lines), &message, settlement_region(settlement), &item))
			return ERROR_CORRUPT;
		if (item.obligation.amount_fen != 0)
			error = obligation_add(txn, &item.obligation);
		if (!error)
			error = guest_due_add(
			    txn, message.from, item.obligation.window, item.uscc, -part);
	}
	return error;
}
