/* send_again.c: the documents by which this city owes: sent again when the creditor lacks them, recognised when it shows them, and read for the
 * institution that they are about. */
#include <string.h>

#include "claim.h"
#include "difference.h"
#include "held.h"
#include "verdict.h"

/* Lines that were decided by another entry than the sheet, one by one. */
static bool is_decided_later(const char *name)
{
	return strcmp(name, "adjudication_further") == 0 || strcmp(name, "review") == 0;
}

static bool tells_owed(const char *name)
{
	return strcmp(name, "adjudication") == 0 || strcmp(name, "reversal") == 0 ||
	       strcmp(name, "dispute_ended") == 0 || is_decided_later(name);
}

static enum error further_read(struct span bytes, uint32_t epoch, struct owed_item *owed)
{
	struct further_item item;
	struct verdict verdict;

	memset(owed, 0, sizeof *owed);
	if (further_item_read(bytes, &item) || verdict_parse(item.verdict, &verdict))
		return ERROR_MALFORMED;
	owed->id = (struct obligation_id){epoch, item.sequence, item.line};
	owed->window = item.window;
	owed->amount_fen = verdict.amount_fen;
	memcpy(owed->uscc, item.uscc, sizeof owed->uscc);
	return ERROR_NONE;
}

static enum error read_owed(
    const char *name, struct span item, uint32_t epoch, struct owed_item *owed)
{
	if (is_decided_later(name))
		return further_read(item, epoch, owed);
	return strcmp(name, "reversal") == 0 ? reversal_item_read(item, epoch, owed)
					     : dispute_item_read(item, epoch, owed);
}

static bool is_among(const struct obligation_id *ids, size_t count, const struct obligation_id *id)
{
	for (size_t i = 0; i < count; i++) {
		if (obligation_id_compare(&ids[i], id) == 0)
			return true;
	}
	return false;
}

/* Is the document about one of the ids? An adjudication is about all lines of its entry. */
static bool is_about(
    const char *name, const struct message *message, const struct obligation_id *ids, size_t count)
{
	struct codec_reader items = message->items;
	struct owed_item owed;

	if (strcmp(name, "adjudication") == 0)
		return true;
	for (size_t i = 0; i < message->item_count; i++) {
		if (!read_owed(name, codec_item(&items), message->epoch, &owed) &&
		    is_among(ids, count, &owed.id))
			return true;
	}
	return false;
}

/* The same items under a new number. */
static void repeat(struct settlement *settlement, struct txn *txn, const char *name,
    const struct message *message, struct decision *decision)
{
	struct buffer *payload =
	    message_begin(settlement, txn, decision, message->to, name, message->item_count);

	if (payload)
		buffer_append(payload,
		    span_of(message->items.at, (size_t)(message->items.end - message->items.at)));
}

enum error send_again(struct settlement *settlement, struct txn *txn, uint32_t creditor,
    const struct obligation_id *ids, size_t count, size_t room, struct decision *decision,
    bool *sent)
{
	struct entry_reader reader = {0};
	size_t found = 0, size = 0;
	enum error error = ids->epoch == settlement_epoch(settlement)
			       ? ledger_read(txn, ids->sequence, &reader)
			       : ERROR_NOT_FOUND;

	*sent = false;
	/* Twice over the documents: do they fit, then out with them. */
	for (int pass = 0; pass < 2 && !error; pass++) {
		for (uint32_t i = 0; i < reader.entry.header.document_count; i++) {
			struct document document;
			struct message message;

			if (document_read(reader.entry.documents[i], &document) ||
			    !tells_owed(document.name) ||
			    message_read(document.payload, &message) ||
			    message.from != settlement_region(settlement) ||
			    message.to != creditor ||
			    !is_about(document.name, &message, ids, count))
				continue;
			found++;
			size += document.payload.size;
			if (pass == 1)
				repeat(settlement, txn, document.name, &message, decision);
		}
		if (pass == 1)
			*sent = true;
		else if (found == 0)
			error = ERROR_NOT_FOUND;
		else if (size > room || decision->outgoing_count + found >= DECISION_OUTGOING_MAX)
			break;
	}
	entry_free(&reader);
	return error;
}

/* One verdict of an adjudication. */
static bool adjudication_says(struct span document, uint32_t window, const struct obligation_id *id,
    const struct dispute_side *side)
{
	struct codec_reader verdicts;
	struct owed_item owed;
	struct verdict verdict = {.reason = REASON_registered};
	size_t count;

	if (adjudication_read(document, &owed, &verdicts, &count) || owed.window != window ||
	    owed.id.epoch != id->epoch || owed.id.sequence != id->sequence || id->line >= count)
		return false;
	for (uint32_t i = 0; i <= id->line && !verdicts.failed; i++)
		verdict_take(&verdicts, &verdict);
	return !verdicts.failed && verdict.reason == REASON_approved &&
	       verdict.amount_fen == side->amount_fen;
}

static bool items_say(const char *name, const struct message *message, uint32_t window,
    const struct obligation_id *id, const struct dispute_side *side)
{
	struct codec_reader items = message->items;
	struct owed_item owed;

	for (size_t i = 0; i < message->item_count; i++) {
		if (!read_owed(name, codec_item(&items), message->epoch, &owed) &&
		    owed.window == window && obligation_id_compare(&owed.id, id) == 0)
			return owed.amount_fen == side->amount_fen;
	}
	return false;
}

enum error approval_proves(struct settlement *settlement, struct txn *txn, struct span bytes,
    uint32_t creditor, uint32_t window, const struct obligation_id *id,
    const struct dispute_side *side, bool *proves)
{
	struct document document;
	struct message message;
	enum error error = ERROR_NONE;

	*proves = !document_read(bytes, &document) && tells_owed(document.name) &&
		  !message_read(document.payload, &message) &&
		  message.from == settlement_region(settlement) && message.to == creditor;
	if (*proves)
		*proves = strcmp(document.name, "adjudication") == 0
			      ? adjudication_says(bytes, window, id, side)
			      : items_say(document.name, &message, window, id, side);
	if (*proves)
		error = signed_by_self(settlement, txn, &document, proves);
	return error;
}

enum error obligation_house(
    struct txn *txn, const struct obligation *obligation, char uscc[USCC_SIZE + 1])
{
	const struct obligation_id id = {obligation->epoch, obligation->sequence, obligation->line};
	struct entry_reader reader = {0};
	struct document document;
	struct message message;
	struct owed_item owed;
	struct codec_reader items;
	size_t count;
	enum error error = ledger_read(txn, obligation->booked, &reader);

	uscc[0] = '\0';
	if (!error && (reader.entry.header.document_count == 0 ||
			  document_read(reader.entry.documents[0], &document) ||
			  !tells_owed(document.name) || message_read(document.payload, &message)))
		error = ERROR_NOT_FOUND;
	if (!error && strcmp(document.name, "adjudication") == 0) {
		error = adjudication_read(reader.entry.documents[0], &owed, &items, &count);
		if (!error)
			memcpy(uscc, owed.uscc, sizeof owed.uscc);
	} else if (!error) {
		items = message.items;
		for (size_t i = 0; i < message.item_count && !uscc[0]; i++) {
			if (!read_owed(document.name, codec_item(&items), message.epoch, &owed) &&
			    obligation_id_compare(&owed.id, &id) == 0)
				memcpy(uscc, owed.uscc, sizeof owed.uscc);
		}
	}
	entry_free(&reader);
	return error ? error : uscc[0] ? ERROR_NONE : ERROR_NOT_FOUND;
}
