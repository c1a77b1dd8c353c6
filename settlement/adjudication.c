/* adjudication.c: at the host, the payer's verdicts on a sheet that was forwarded to it: the money becomes receivable from that city and
 * payable to the institution, and each line an obligation, mirrored. */
#include "claim.h"

#include <stdlib.h>
#include <string.h>

#include "adjudicate.h"
#include "difference.h"
#include "held.h"
#include "lines.h"
#include "obligation.h"
#include "payment.h"

#define HEAD_FIELDS 6

/* The first item of the message. */
struct head {
	struct hash sheet;
	char uscc[USCC_SIZE + 1];
	uint64_t number, sequence;
	uint32_t window;
	struct hash policy;
};

static enum error read_head(struct span bytes, struct message *message, struct head *head)
{
	struct document document;
	enum error error = document_read(bytes, &document);

	memset(head, 0, sizeof *head);
	if (!error)
		error = message_read(document.payload, message);
	if (error)
		return error;
	if (message->item_count < 2)
		return ERROR_MALFORMED;
	codec_array_exact(&message->items, HEAD_FIELDS);
	codec_bytes_exact(&message->items, head->sheet.bytes, HASH_SIZE);
	codec_text_copy(&message->items, head->uscc, sizeof head->uscc);
	head->number = codec_uint(&message->items);
	head->sequence = codec_uint(&message->items);
	head->window = (uint32_t)codec_uint_max(&message->items, UINT32_MAX);
	codec_bytes_exact(&message->items, head->policy.bytes, HASH_SIZE);
	return message->items.failed || strlen(head->uscc) != USCC_SIZE ? ERROR_MALFORMED
									: ERROR_NONE;
}

enum error adjudication_policy(struct span document, struct hash *policy)
{
	struct message message;
	struct head head;
	enum error error = read_head(document, &message, &head);

	*policy = head.policy;
	return error ? ERROR_MALFORMED : ERROR_NONE;
}

enum error adjudication_read(
    struct span bytes, struct owed_item *owed, struct codec_reader *verdicts, size_t *count)
{
	struct message message;
	struct head head;
	enum error error = read_head(bytes, &message, &head);

	memset(owed, 0, sizeof *owed);
	*count = 0;
	if (error)
		return ERROR_MALFORMED;
	owed->id = (struct obligation_id){message.epoch, head.sequence, 0};
	owed->window = head.window;
	memcpy(owed->uscc, head.uscc, sizeof owed->uscc);
	*verdicts = message.items;
	*count = message.item_count - 1;
	return ERROR_NONE;
}

/* The sheet must be one that we sent to this city and that has no answer yet. */
static enum error find_sheet(struct txn *txn, const struct message *message,
    const struct head *head, struct sheet_row *row, struct entry_reader *booked,
    struct error_detail *detail)
{
	enum error error = sheet_row_get(txn, head->uscc, head->number, row);
	struct hash hash;

	if (error)
		return error_set(detail, error, "verdicts on sheet %llu of %s, which is not here",
		    (unsigned long long)head->number, head->uscc);
	if (row->payer != message->from || row->state != SHEET_FORWARDED)
		return error_set(detail, ERROR_STATE,
		    "sheet %llu of %s does not wait for verdicts of %06u",
		    (unsigned long long)head->number, head->uscc, (unsigned)message->from);
	if (row->count != message->item_count - 1)
		return error_set(detail, ERROR_MISMATCH, "%zu verdicts on %u lines",
		    message->item_count - 1, (unsigned)row->count);
	error = ledger_read(txn, row->sequence, booked);
	if (error)
		return error;
	hash = entry_document_hash(&booked->entry.header, 0);
	if (!hash_equal(&hash, &head->sheet)) {
		entry_free(booked);
		return error_set(detail, ERROR_MISMATCH,
		    "the verdicts are on another sheet %llu of %s",
		    (unsigned long long)head->number, head->uscc);
	}
	return ERROR_NONE;
}

/* Lines as the institution wrote them beside the verdicts as the payer gave them. */
static enum error copy_verdicts(const struct message *message, const struct head *head,
    const struct entry *booked, struct obligation *obligation, struct txn *txn,
    struct decision *decision, int64_t *total, struct error_detail *detail)
{
	struct codec_reader verdicts = message->items, lines = codec_reader(booked->lines);
	struct verdict verdict;
	bool repaired;
	enum error error;

	*total = 0;
	if (window_is_repaired(
		txn, obligation->payer, obligation->creditor, obligation->window, &repaired))
		return ERROR_CORRUPT;
	for (size_t i = 0; i + 1 < message->item_count; i++) {
		const uint8_t *start = verdicts.at;

		verdict_take(&verdicts, &verdict);
		if (verdicts.failed)
			return error_set(detail, ERROR_MALFORMED,
			    "verdict %zu on sheet %llu of %s is malformed", i + 1,
			    (unsigned long long)head->number, head->uscc);
		buffer_append(&decision->lines, codec_item(&lines));
		buffer_append(&decision->verdicts, span_of(start, (size_t)(verdicts.at - start)));
		decision->count++;
		if (verdict.reason != REASON_approved || verdict.amount_fen == 0)
			continue;
		/* Into the middle of a window: each one must find its place. */
		if (repaired) {
			struct obligation one = *obligation;

			one.line = (uint32_t)i;
			one.amount_fen = verdict.amount_fen;
			error = obligation_expected(txn, &one, detail);
			if (error)
				return error;
		}
		if (*total == 0)
			obligation->line = (uint32_t)i;
		*total += verdict.amount_fen;
		if (*total > AMOUNT_MAX)
			return error_set(detail, ERROR_OVERFLOW, "the verdicts on sheet %llu of %s",
			    (unsigned long long)head->number, head->uscc);
		obligation->amount_fen = *total;
	}
	/* Would the obligations be taken? The whole sum in the place of its first line tells. */
	return *total ? obligation_expected(txn, obligation, detail) : ERROR_NONE;
}

enum error adjudication_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	char receivable[ACCOUNT_TEXT_SIZE], payable[ACCOUNT_TEXT_SIZE];
	struct obligation obligation = {.creditor = settlement_region(settlement)};
	struct entry_reader booked = {0};
	struct message message;
	struct sheet_row row;
	struct head head;
	int64_t total;
	enum error error;

	(void)now_ms;
	if (read_head(command->documents[0], &message, &head))
		return error_set(detail, ERROR_MALFORMED, "not well-formed verdicts on a sheet");
	error = find_sheet(txn, &message, &head, &row, &booked, detail);
	if (error)
		return error;
	obligation.payer = message.from;
	obligation.epoch = message.epoch;
	obligation.sequence = head.sequence;
	obligation.window = head.window;
	error = copy_verdicts(
	    &message, &head, &booked.entry, &obligation, txn, decision, &total, detail);
	if (!error)
		decision_move(decision, UNIT_CNY,
		    account_receivable_city(receivable, message.from, head.window),
		    account_payable_remote(payable, head.uscc), total);
	entry_free(&booked);
	return error;
}

/* Bed nights that the payer granted; what the others had taken is free again. */
static enum error nights_granted(const struct settlement *settlement, const struct entry *booked,
    const struct entry *entry, int64_t *nights)
{
	struct codec_reader verdicts = codec_reader(entry->verdicts);
	struct prepared_sheet sheet;
	bool takes[SHEET_PROGRAMMES_MAX];
	enum error error = sheet_prepare(booked->documents[0], &booked->secret,
	    booked->header.count, booked->lines, NULL, &sheet, NULL);

	*nights = 0;
	if (error)
		return error == ERROR_MEMORY ? error : ERROR_CORRUPT;
	claim_takes_capacity(settlement, &sheet.header, takes);
	for (uint32_t i = 0; i < sheet.header.count; i++) {
		const struct sheet_line *line = &sheet.lines[i];
		struct verdict verdict;

		verdict_take(&verdicts, &verdict);
		if (verdict_takes_days(&verdict) && takes[line->programme])
			*nights += line_nights(line, &verdict);
	}
	sheet_release(&sheet);
	return ERROR_NONE;
}

/* What the verdicts come to: the entry's only transfer. */
static int64_t total_of(const struct entry *entry)
{
	return entry->transfer_count ? entry->transfers[0].amount.value : 0;
}

static enum error project(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    const struct message *message, const struct head *head, struct sheet_row *row,
    const struct entry *booked)
{
	struct obligation obligation = {.payer = message->from,
	    .creditor = settlement_region(settlement),
	    .window = head->window,
	    .epoch = message->epoch,
	    .sequence = head->sequence,
	    .booked = entry->header.sequence};
	int64_t granted;
	enum error error = nights_granted(settlement, booked, entry, &granted);

	if (!error && row->nights > granted) {
		struct claim_state *state = settlement->claims;

		claim_state_begin(state, txn, head->uscc, row->month, 0);
		claim_state_take_nights(state, granted - (int64_t)row->nights);
		error = claim_state_store(state, txn);
		row->nights = (uint32_t)granted;
	}
	if (!error)
		error =
		    guest_due_add(txn, message->from, head->window, head->uscc, total_of(entry));
	row->state = SHEET_ADJUDICATED;
	row->answered = entry->header.sequence;
	if (!error)
		error = sheet_row_put(txn, head->uscc, head->number, row);
	if (!error)
		error = held_note(txn, HELD_BY_THEM, message->from, entry->header.sequence,
		    entry->verdicts, entry->header.count);
	return error ? error
		     : claim_obligations(txn, &obligation, &booked->secret, booked->lines,
			   entry->verdicts, entry->header.count);
}

enum error adjudication_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct entry_reader booked = {0};
	struct message message;
	struct sheet_row row;
	struct head head;
	enum error error = ERROR_NONE;

	settlement->claims_decided = false;
	if (!settlement->claims)
		error = claim_state_create(&settlement->claims);
	if (error)
		return error;
	if (read_head(entry->documents[0], &message, &head) ||
	    find_sheet(txn, &message, &head, &row, &booked, detail))
		return ERROR_CORRUPT;
	error = project(settlement, txn, entry, &message, &head, &row, &booked.entry);
	entry_free(&booked);
	return error;
}
