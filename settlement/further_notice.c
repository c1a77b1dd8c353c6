/* further_notice.c: at the host, the payer's decision on lines that it had held: what they are worth becomes receivable from that city and
 * payable to the institution; the nights of those that are refused are free again. */
#include <string.h>

#include "adjudicate.h"
#include "batch.h"
#include "claim.h"
#include "difference.h"
#include "held.h"
#include "lines.h"
#include "obligation.h"
#include "payment.h"

/* The held line as it was booked and answered here. */
struct held_there {
	struct sheet_row row;
	struct sheet_line line;
	struct verdict before, now;
	bool takes_capacity;
};

/* Fails with: ERROR_MISMATCH (that payer holds no such line). */
static enum error find_line(struct settlement *settlement, struct txn *txn, uint32_t payer,
    const struct further_item *item, struct held_there *out)
{
	struct entry_reader booked = {0}, answered = {0};
	struct span verdict;
	bool waits = false;
	enum error error = sheet_row_get(txn, item->uscc, item->number, &out->row);

	if (!error &&
	    (out->row.payer != payer || !out->row.answered || item->sheet_line >= out->row.count))
		error = ERROR_MISMATCH;
	if (!error)
		error = held_waits(
		    txn, HELD_BY_THEM, payer, out->row.answered, item->sheet_line, &waits);
	if (!error && !waits)
		error = ERROR_MISMATCH;
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_MISMATCH : error;
	error = ledger_read(txn, out->row.sequence, &booked);
	if (!error)
		error = claim_forwarded_line(
		    settlement, &booked.entry, item->sheet_line, &out->line, &out->takes_capacity);
	entry_free(&booked);
	if (!error)
		error = ledger_read(txn, out->row.answered, &answered);
	if (!error && (entry_item(answered.entry.verdicts, item->sheet_line, &verdict) ||
			  verdict_parse(verdict, &out->before)))
		error = ERROR_CORRUPT;
	entry_free(&answered);
	return error;
}

static struct obligation obligation_of(
    const struct message *message, const struct further_item *item, int64_t fen, uint64_t booked)
{
	return (struct obligation){.payer = message->from,
	    .creditor = message->to,
	    .window = item->window,
	    .epoch = message->epoch,
	    .sequence = item->sequence,
	    .line = item->line,
	    .amount_fen = fen,
	    .line_hash = item->leaf,
	    .booked = booked};
}

/* Lines of one document come one after the other behind what is in the window; into the middle of one that is repaired each must find its
 * place. */
static enum error check_place(struct txn *txn, const struct obligation *obligation,
    struct obligation *before, struct error_detail *detail)
{
	bool repaired;
	enum error error = window_is_repaired(
	    txn, obligation->payer, obligation->creditor, obligation->window, &repaired);

	if (!error && (before->amount_fen == 0 || repaired))
		error = obligation_expected(txn, obligation, detail);
	if (!error && before->amount_fen &&
	    (obligation->window != before->window || obligation->sequence != before->sequence ||
		obligation->line <= before->line))
		error = error_set(detail, ERROR_MISMATCH,
		    "lines out of order, or of several entries, in one document");
	*before = *obligation;
	return error;
}

struct notice_work {
	struct settlement *settlement;
	struct txn *txn;
	struct decision *decision;
	const struct message *message;
	struct batch *batch;
	struct obligation before;
	int64_t total;
};

static enum error decide_item(
    struct notice_work *work, struct span bytes, struct error_detail *detail)
{
	char receivable[ACCOUNT_TEXT_SIZE], payable[ACCOUNT_TEXT_SIZE];
	struct further_item item;
	struct held_there there;
	struct obligation obligation;
	uint64_t key;
	enum error error;

	if (further_item_read(bytes, &item) || verdict_parse(item.verdict, &there.now) ||
	    there.now.reason == REASON_held_prefund)
		return error_set(
		    detail, ERROR_MALFORMED, "not a well-formed decision on a held line");
	error = find_line(work->settlement, work->txn, work->message->from, &item, &there);
	key = there.row.sequence << 14 | item.sheet_line;
	if (!error && batch_find(work->batch, key) != BATCH_NONE)
		error = ERROR_MISMATCH;
	if (error)
		return error_set(detail, error, "line %u of sheet %llu of %s is not held by %06u",
		    (unsigned)item.sheet_line, (unsigned long long)item.number, item.uscc,
		    (unsigned)work->message->from);
	batch_add(work->batch, key);
	buffer_append(&work->decision->lines, bytes);
	buffer_append(&work->decision->verdicts, item.verdict);
	work->decision->count++;
	if (there.now.reason != REASON_approved || there.now.amount_fen == 0)
		return ERROR_NONE;
	obligation = obligation_of(work->message, &item, there.now.amount_fen, 0);
	error = check_place(work->txn, &obligation, &work->before, detail);
	work->total += obligation.amount_fen;
	if (!error && work->total > AMOUNT_MAX)
		error = ERROR_OVERFLOW;
	if (!error)
		decision_move(work->decision, UNIT_CNY,
		    account_receivable_city(receivable, obligation.payer, obligation.window),
		    account_payable_remote(payable, item.uscc), obligation.amount_fen);
	return error;
}

enum error further_notice_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct notice_work work = {.settlement = settlement, .txn = txn, .decision = decision};
	struct notice notice;
	struct span bytes;
	enum error error = notice_read(command, &notice, detail);

	(void)now_ms;
	work.message = &notice.message;
	if (!error)
		error = batch_create(notice.walk.count, &work.batch);
	while (!error && line_walk_next(&notice.walk, &bytes))
		error = decide_item(&work, bytes, detail);
	batch_free(work.batch);
	return error ? error : line_walk_finish(&notice.walk, detail);
}

/* What the line keeps of the nights that it had taken. */
static enum error keep_nights(struct settlement *settlement, struct txn *txn,
    const struct further_item *item, struct held_there *there)
{
	struct claim_state *state = settlement->claims;
	int64_t had, has;
	enum error error;

	if (!there->takes_capacity)
		return ERROR_NONE;
	had = line_nights(&there->line, &there->before);
	has = verdict_takes_days(&there->now) ? line_nights(&there->line, &there->now) : 0;
	if (has >= had)
		return ERROR_NONE;
	claim_state_begin(state, txn, item->uscc, there->row.month, 0);
	claim_state_take_nights(state, has - had);
	error = claim_state_store(state, txn);
	there->row.nights -= (uint32_t)(had - has);
	return error ? error : sheet_row_put(txn, item->uscc, item->number, &there->row);
}

static enum error apply_item(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, uint32_t index, const struct message *message, struct span bytes)
{
	struct further_item item;
	struct held_there there;
	struct obligation obligation;
	struct held_end end = {.sequence = entry->header.sequence, .line = index};
	enum error error;

	if (further_item_read(bytes, &item) || verdict_parse(item.verdict, &there.now))
		return ERROR_CORRUPT;
	error = find_line(settlement, txn, message->from, &item, &there);
	if (error)
		return ERROR_CORRUPT;
	end.payers_sequence = item.sequence;
	end.payers_line = item.line;
	error = keep_nights(settlement, txn, &item, &there);
	if (!error)
		error = held_decide(
		    txn, HELD_BY_THEM, message->from, there.row.answered, item.sheet_line, &end);
	if (error || there.now.reason != REASON_approved || there.now.amount_fen == 0)
		return error;
	obligation = obligation_of(message, &item, there.now.amount_fen, entry->header.sequence);
	error = obligation_add(txn, &obligation);
	return error ? error
		     : guest_due_add(
			   txn, message->from, item.window, item.uscc, there.now.amount_fen);
}

enum error further_notice_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct codec_reader lines = codec_reader(entry->lines);
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
	for (uint32_t i = 0; !error && i < entry->header.count; i++)
		error = apply_item(settlement, txn, entry, i, &message, codec_item(&lines));
	return error;
}
