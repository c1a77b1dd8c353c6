/* reversal_notice.c: at the host, the payer's reversals: what the institution has not been paid yet goes back, the rest it owes. */
#include <string.h>

#include "appeal.h"
#include "batch.h"
#include "booked_line.h"
#include "difference.h"
#include "lines.h"
#include "obligation.h"
#include "payment.h"

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
	if (strlen(out->uscc) != USCC_SIZE || out->obligation.amount_fen > 0 ||
	    out->obligation.amount_fen < -AMOUNT_MAX)
		return ERROR_MALFORMED;
	return codec_finish(&reader);
}

enum error reversal_item_read(struct span bytes, uint32_t epoch, struct owed_item *owed)
{
	const struct message message = {.epoch = epoch};
	struct notice_item item;
	enum error error = read_item(bytes, &message, 0, &item);

	memset(owed, 0, sizeof *owed);
	if (error)
		return ERROR_MALFORMED;
	owed->id = (struct obligation_id){epoch, item.obligation.sequence, item.obligation.line};
	owed->window = item.obligation.window;
	owed->amount_fen = item.obligation.amount_fen;
	memcpy(owed->uscc, item.uscc, sizeof owed->uscc);
	return ERROR_NONE;
}

/* The line of the sheet as it was booked here, and the verdict of its payer that is taken back. */
struct answered_line {
	struct booked_line booked;
	struct verdict verdict;
	struct obligation_id owed; /* by which line of which of the payer's entries */
	uint64_t marked;           /* under which entry and line it is marked as taken back */
	uint32_t marked_line;
	int64_t nights; /* that it frees */
};

/* What a second look has given stands in an entry of its own, at both cities. */
static enum error find_review(struct txn *txn, const struct notice_item *item,
    const struct appeal *appeal, struct answered_line *out)
{
	struct entry_reader decided = {0};
	enum error error = ledger_read(txn, appeal->review, &decided);

	if (!error && verdict_parse(decided.entry.verdicts, &out->verdict))
		error = ERROR_CORRUPT;
	entry_free(&decided);
	out->owed = (struct obligation_id){0, item->old_sequence, 0};
	out->marked = appeal->review;
	out->marked_line = 0;
	out->nights = appeal->nights;
	return error;
}

/* Fails with: ERROR_MISMATCH (that payer has answered no such line), ERROR_CORRUPT. */
static enum error find_line(struct settlement *settlement, struct txn *txn,
    const struct notice_item *item, struct answered_line *out)
{
	struct booked_line *booked = &out->booked;
	struct appeal appeal;
	enum error error =
	    booked_line_find(settlement, txn, item->uscc, item->number, item->sheet_line, booked);

	if (error)
		return error == ERROR_NOT_FOUND || error == ERROR_RANGE || error == ERROR_STATE
			   ? ERROR_MISMATCH
			   : error;
	if (booked->row.payer != item->obligation.payer || !booked->row.answered)
		return ERROR_MISMATCH;
	out->verdict = booked->verdict;
	out->owed = (struct obligation_id){0, booked->payers_sequence, booked->payers_index};
	out->marked = booked->row.sequence;
	out->marked_line = item->sheet_line;
	out->nights = line_nights(&booked->line, &booked->verdict);
	if (booked->payers_sequence != item->old_sequence) {
		error = appeal_get(txn, item->uscc, item->number, item->sheet_line, &appeal);
		if (error || appeal.state != APPEAL_CHANGED ||
		    appeal.payers_review != item->old_sequence)
			return error && error != ERROR_NOT_FOUND ? error : ERROR_MISMATCH;
		error = find_review(txn, item, &appeal, out);
	}
	if (!booked->takes_capacity)
		out->nights = 0;
	return error;
}

/* An approved line of that payer with this very amount, which it has not taken back yet, also not in this document. */
static enum error check_line(struct settlement *settlement, struct txn *txn, struct batch *batch,
    const struct notice_item *item, struct obligation_id *owed, struct error_detail *detail)
{
	struct answered_line line = {0};
	uint64_t key;
	bool reversed = false;
	enum error error = find_line(settlement, txn, item, &line);

	if (!error && (line.verdict.reason != REASON_approved ||
			  line.verdict.amount_fen != -item->obligation.amount_fen))
		error = ERROR_MISMATCH;
	if (!error)
		error = reversed_get(txn, line.marked, line.marked_line, &reversed);
	key = line.marked << 14 | line.marked_line;
	if (!error && (reversed || batch_find(batch, key) != BATCH_NONE))
		error = ERROR_EXISTS;
	if (error)
		return error_set(detail, error, "a reversal of line %u of sheet %llu of %s: %s",
		    (unsigned)item->sheet_line, (unsigned long long)item->number, item->uscc,
		    error == ERROR_EXISTS ? "it was reversed before"
					  : "no such line was approved with this amount");
	batch_add(batch, key);
	*owed = line.owed;
	return ERROR_NONE;
}

/* It must take back exactly what an obligation of that city was; reversals come one after the other behind what is in the window. */
static enum error check_item(struct txn *txn, const struct message *message,
    const struct notice_item *item, const struct obligation_id *owed,
    const struct obligation *before, struct error_detail *detail)
{
	struct obligation old;
	bool repaired;
	enum error error;

	if (item->obligation.amount_fen == 0)
		return ERROR_NONE;
	error = obligation_find(txn, message->from, item->obligation.creditor, message->epoch,
	    owed->sequence, owed->line, &old);
	if (error || old.amount_fen != -item->obligation.amount_fen)
		return error_set(detail, ERROR_MISMATCH,
		    "a reversal of line %u of entry %llu, which %06u does not owe",
		    (unsigned)item->sheet_line, (unsigned long long)item->old_sequence,
		    (unsigned)message->from);
	error = window_is_repaired(
	    txn, message->from, item->obligation.creditor, item->obligation.window, &repaired);
	if (error)
		return error;
	/* Into the middle of a window: each one must find its place. */
	if (before->amount_fen == 0 || repaired)
		error = obligation_expected(txn, &item->obligation, detail);
	if (error || before->amount_fen == 0)
		return error;
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
	struct obligation_id owed = {0, 0, 0};
	struct batch *batch = NULL;
	int64_t part = 0;
	enum error error = notice_read(command, &notice, detail);

	(void)now_ms;
	if (!error)
		error = batch_create(notice.walk.count, &batch);
	while (!error && line_walk_next(&notice.walk, &bytes)) {
		error = read_item(bytes, &notice.message, settlement_region(settlement), &item);
		if (error) {
			error = line_walk_error(
			    &notice.walk, error, detail, "not a well-formed reversal");
			break;
		}
		error = check_line(settlement, txn, batch, &item, &owed, detail);
		if (!error)
			error = check_item(txn, &notice.message, &item, &owed, &before, detail);
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
	batch_free(batch);
	return error ? error : line_walk_finish(&notice.walk, detail);
}

/* Its nights are free for the sheets of whatever payer that come next. */
static enum error free_nights(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, const struct notice_item *item)
{
	struct claim_state *state = settlement->claims;
	struct answered_line line;
	struct sheet_row *row = &line.booked.row;
	enum error error = find_line(settlement, txn, item, &line);

	if (!error)
		error = reversed_put(txn, line.marked, line.marked_line, entry->header.sequence);
	if (error || line.nights == 0)
		return error;
	claim_state_begin(state, txn, item->uscc, row->month, 0);
	claim_state_take_nights(state, -line.nights);
	error = claim_state_store(state, txn);
	row->nights -= (uint32_t)line.nights;
	return error ? error : sheet_row_put(txn, item->uscc, item->number, row);
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
	settlement->claims_decided = false;
	if (!settlement->claims)
		error = claim_state_create(&settlement->claims);
	if (error)
		return error;
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
		error = free_nights(settlement, txn, entry, &item);
		item.obligation.booked = entry->header.sequence;
		if (!error && item.obligation.amount_fen != 0)
			error = obligation_add(txn, &item.obligation);
		if (!error)
			error = guest_due_add(
			    txn, message.from, item.obligation.window, item.uscc, -part);
	}
	return error;
}
