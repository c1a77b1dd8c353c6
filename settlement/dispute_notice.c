/* dispute_notice.c: disputes end, at the creditor, by the payer's document (54). docs/format.md, "Disputes". */
#include <stdlib.h>
#include <string.h>

#include "difference.h"
#include "dispute_internal.h"
#include "institution.h"
#include "payment.h"

#define VERDICT_FIELDS 2

struct ended_item {
	uint32_t window; /* of the old one */
	struct obligation_id old;
	struct obligation ended;
	char uscc[USCC_SIZE + 1]; /* as the payer knows it; may be empty */
};

static enum error read_item(
    struct span bytes, uint32_t payer, uint32_t creditor, uint32_t epoch, struct ended_item *item)
{
	struct codec_reader reader = codec_reader(bytes);
	struct span uscc, grounds;

	memset(item, 0, sizeof *item);
	codec_array_exact(&reader, DISPUTE_ITEM_FIELDS);
	item->window = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	dispute_id_take(&reader, &item->old);
	item->ended.payer = payer;
	item->ended.creditor = creditor;
	item->ended.epoch = epoch;
	item->ended.amount_fen = codec_int(&reader);
	item->ended.sequence = codec_uint(&reader);
	item->ended.line = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	item->ended.window = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	uscc = text_or_null_take(&reader, USCC_SIZE);
	grounds = codec_text(&reader);
	codec_bytes_exact(&reader, item->ended.line_hash.bytes, HASH_SIZE);
	if (codec_finish(&reader) || (uscc.size && uscc.size != USCC_SIZE) || grounds.size == 0 ||
	    grounds.size > GROUNDS_MAX)
		return ERROR_MALFORMED;
	if (uscc.size)
		memcpy(item->uscc, uscc.data, USCC_SIZE);
	return ERROR_NONE;
}

enum error dispute_item_read(struct span bytes, uint32_t epoch, struct owed_item *owed)
{
	struct ended_item item;
	enum error error = read_item(bytes, 0, 0, epoch, &item);

	memset(owed, 0, sizeof *owed);
	if (error)
		return error;
	owed->id = (struct obligation_id){epoch, item.ended.sequence, item.ended.line};
	owed->window = item.ended.window;
	owed->amount_fen = item.ended.amount_fen;
	memcpy(owed->uscc, item.uscc, sizeof owed->uscc);
	return ERROR_NONE;
}

/* Whose money it is: the house that the mirror's obligation was about, or the one that the payer names. */
static enum error find_house(struct txn *txn, const struct dispute *dispute,
    const struct ended_item *item, char uscc[USCC_SIZE + 1])
{
	struct obligation old;
	const struct institution_row *row;
	enum error error;

	uscc[0] = '\0';
	if (!dispute->creditors.is) {
		memcpy(uscc, item->uscc, USCC_SIZE + 1);
		return item->ended.amount_fen ? institution_get(txn, uscc, &row) : ERROR_NONE;
	}
	error = obligation_get(
	    txn, dispute->payer, dispute->creditor, dispute->window, &dispute->id, &old);
	return error ? error : obligation_house(txn, &old, uscc);
}

struct creditor_work {
	struct txn *txn;
	struct decision *decision;
	struct error_detail *detail;
	uint32_t self;
	struct obligation before;
	struct obligation_id *ended;
	uint32_t *where;
	uint32_t count;
};

static enum error mismatch(
    struct creditor_work *work, const struct ended_item *item, const char *what)
{
	return error_set(work->detail, ERROR_MISMATCH,
	    "the end of the dispute about %u/%llu/%u of %06u: %s", (unsigned)item->old.epoch,
	    (unsigned long long)item->old.sequence, (unsigned)item->old.line,
	    (unsigned)item->ended.payer, what);
}

/* The new obligation has its place: behind the ones before, those of this document too. */
static enum error check_place(struct creditor_work *work, const struct obligation *ended)
{
	const struct obligation *before = &work->before;
	bool repaired;
	enum error error;

	if (ended->amount_fen == 0)
		return ERROR_NONE;
	error =
	    window_is_repaired(work->txn, ended->payer, ended->creditor, ended->window, &repaired);
	if (!error && (before->amount_fen == 0 || repaired))
		error = obligation_expected(work->txn, ended, work->detail);
	if (!error && before->amount_fen != 0 &&
	    (ended->window != before->window || ended->sequence != before->sequence ||
		ended->line <= before->line))
		error = error_set(work->detail, ERROR_MISMATCH,
		    "ends of disputes out of order, or of several entries, in one document");
	work->before = *ended;
	return error;
}

/* Take `fen` from the house: what was withheld from it first, the rest it owes. */
static enum error take_from_house(struct creditor_work *work, const char *uscc, int64_t fen,
    int64_t withheld, const char *credit, int64_t *from_payable)
{
	char payable[ACCOUNT_TEXT_SIZE], owed[ACCOUNT_TEXT_SIZE];
	struct amount available;
	int64_t part = fen < withheld ? fen : withheld;
	enum error error = account_available(work->txn, settlement_chart,
	    span_text(account_payable_remote(payable, uscc)), &available);

	if (error)
		return error;
	for (size_t i = 0; i < work->decision->transfer_count; i++) {
		if (span_equal(work->decision->transfers[i].debit, span_text(payable)))
			available.value -= work->decision->transfers[i].amount.value;
	}
	if (part > available.value)
		part = available.value > 0 ? available.value : 0;
	decision_move(work->decision, UNIT_CNY, payable, credit, part);
	decision_move(work->decision, UNIT_CNY, account_receivable_institution(owed, uscc), credit,
	    fen - part);
	*from_payable = part;
	return ERROR_NONE;
}

/* What it was ended with becomes receivable in its window; what the house was credited for the rest goes back, what it is still to get is
 * credited now. *due: what of it is to be paid to the house when that window is. */
static enum error book(struct creditor_work *work, const struct dispute *dispute, int64_t fen,
    uint32_t window, const char *uscc, int64_t *due)
{
	char receivable[ACCOUNT_TEXT_SIZE], disputed[ACCOUNT_TEXT_SIZE], payable[ACCOUNT_TEXT_SIZE];
	int64_t held = dispute_amount(&dispute->creditors), kept = dispute_stays(held, fen);
	int64_t back = held - kept, more = fen - kept, part = 0;
	enum error error = ERROR_NONE;

	account_receivable_city(receivable, dispute->payer, window);
	account_receivable_disputed(disputed, dispute->payer);
	account_payable_remote(payable, uscc);
	decision_move(work->decision, UNIT_CNY, receivable, disputed, kept);
	/* Of an approval that was credited to the house, or of a reversal that was taken from it. */
	if (back > 0)
		error = take_from_house(work, uscc, back, dispute->held_fen, disputed, &part);
	else
		decision_move(work->decision, UNIT_CNY, payable, disputed, back);
	*due = back > 0 ? dispute->held_fen - part : dispute->held_fen - back;
	if (!error && more < 0) {
		error = take_from_house(work, uscc, -more, *due, receivable, &part);
		*due -= part;
	} else if (!error) {
		decision_move(work->decision, UNIT_CNY, receivable, payable, more);
		*due += more;
	}
	return error;
}

static enum error decide_item(
    struct creditor_work *work, const struct ended_item *item, int64_t *due)
{
	char uscc[USCC_SIZE + 1];
	struct dispute dispute;
	enum error error = dispute_get(
	    work->txn, item->ended.payer, work->self, item->window, &item->old, &dispute);

	if (error == ERROR_NOT_FOUND)
		return mismatch(work, item, "there is none");
	if (error)
		return error;
	for (uint32_t i = 0; i < work->count; i++) {
		if (obligation_id_compare(&work->ended[i], &item->old) == 0 &&
		    work->where[i] == item->window)
			return mismatch(work, item, "it stands there twice");
	}
	if (dispute.state != DISPUTE_OPEN)
		return mismatch(work, item, "it has ended");
	if (!dispute_is_between(&dispute, item->ended.amount_fen))
		return mismatch(
		    work, item, "the amount is not between 0 and what the two cities hold");
	error = find_house(work->txn, &dispute, item, uscc);
	if (error == ERROR_NOT_FOUND)
		return mismatch(work, item, "the institution is not known here");
	if (!error)
		error = check_place(work, &item->ended);
	*due = 0;
	if (!error && uscc[0])
		error = book(work, &dispute, item->ended.amount_fen, item->ended.window, uscc, due);
	work->ended[work->count] = item->old;
	work->where[work->count++] = item->window;
	return error;
}

static enum error decide_items(
    struct creditor_work *work, struct notice *notice, struct error_detail *detail)
{
	struct ended_item item;
	struct span bytes;
	enum error error = ERROR_NONE;

	while (!error && line_walk_next(&notice->walk, &bytes)) {
		int64_t due = 0;

		if (read_item(
			bytes, notice->message.from, work->self, notice->message.epoch, &item))
			return line_walk_error(&notice->walk, ERROR_MALFORMED, detail,
			    "not a well-formed end of a dispute");
		error = decide_item(work, &item, &due);
		buffer_append(&work->decision->lines, bytes);
		codec_put_array(&work->decision->verdicts, VERDICT_FIELDS);
		codec_put_uint(&work->decision->verdicts, REASON_dispute_ended);
		codec_put_int(&work->decision->verdicts, due);
		work->decision->count++;
	}
	return error ? error : line_walk_finish(&notice->walk, detail);
}

enum error dispute_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct creditor_work work = {.txn = txn,
	    .decision = decision,
	    .detail = detail,
	    .self = settlement_region(settlement)};
	struct notice notice;
	enum error error = notice_read(command, &notice, detail);

	(void)now_ms;
	if (error)
		return error;
	work.ended = calloc(notice.walk.count, sizeof *work.ended);
	work.where = calloc(notice.walk.count, sizeof *work.where);
	error = work.ended && work.where ? decide_items(&work, &notice, detail) : ERROR_MEMORY;
	free(work.ended);
	free(work.where);
	return error;
}

static enum error apply_item(
    struct txn *txn, struct ended_item *item, uint64_t sequence, int64_t due)
{
	char uscc[USCC_SIZE + 1];
	struct dispute dispute;
	enum error error = dispute_get(
	    txn, item->ended.payer, item->ended.creditor, item->window, &item->old, &dispute);

	if (!error)
		error = find_house(txn, &dispute, item, uscc);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	item->ended.booked = sequence;
	error = dispute_end(txn, &dispute, &item->ended, sequence);
	return error || due == 0
		   ? error
		   : guest_due_add(txn, item->ended.payer, item->ended.window, uscc, due);
}

enum error dispute_notice_apply(struct settlement *settlement, struct txn *txn,
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
	for (uint32_t i = 0; i < entry->header.count && !error; i++) {
		struct codec_reader verdict = codec_reader(codec_item(&verdicts));
		struct ended_item item;
		int64_t due;

		codec_array_exact(&verdict, VERDICT_FIELDS);
		codec_uint(&verdict);
		due = codec_int(&verdict);
		if (codec_finish(&verdict) ||
		    read_item(codec_item(&lines), message.from, settlement_region(settlement),
			message.epoch, &item))
			return ERROR_CORRUPT;
		error = apply_item(txn, &item, entry->header.sequence, due);
	}
	return error;
}
