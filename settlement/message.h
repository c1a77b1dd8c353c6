/* message.h: documents between cities: their head, their numbers, the outbox and the inbox. At-least-once delivery and
 * idempotent documents make exactly once. docs/format.md, "Messages".
 *
 *   payload = [1, from, to, epoch, number, [item...]]       (COSE content type "application/vnd.suiren.<name>+cbor")
 *   on the wire: [COSE document, attachment or null]; an endorsement's attachment is [sheet COSE, secret(32), count, lines]
 */
#ifndef SUIREN_MESSAGE_H
#define SUIREN_MESSAGE_H

#include "decision.h"

struct message {
	uint32_t from, to, epoch;
	uint64_t number;
	struct codec_reader items; /* stands before the first item */
	size_t item_count; /* at most MESSAGE_ITEMS_MAX (a sheet's verdicts: SHEET_LINES_MAX) */
};

/* Number for the next document to `to`: the outbox's next plus those that this decision sends to it already. Writes the head of the payload; the caller
 * then puts exactly `item_count` items. Returns the payload buffer; NULL after a failure (sticky in the decision). */
struct buffer *message_begin(struct settlement *settlement, struct txn *txn,
    struct decision *decision, uint32_t to, const char *name, size_t item_count);
/* Read head of a payload. Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE. */
MUST_CHECK enum error message_read(struct span payload, struct message *message);
/* Whether `document` is a message (has a message's name, not "order" or "sheet"). */
bool message_is(const struct document *document);
/* Is this the next number from its sender? ERROR_NONE; ERROR_REPEAT (booked before), ERROR_GAP, ERROR_MISMATCH (other receiver; an epoch that has ended, or that no descriptor has begun). */
MUST_CHECK enum error message_expected(
    struct settlement *settlement, struct txn *txn, const struct message *message);
/* For every entry: take note of incoming numbers and queue outgoing documents. Called by settlement_apply. */
MUST_CHECK enum error message_apply(
    struct settlement *settlement, struct txn *txn, const struct entry *entry);
/* The first not yet acknowledged document for a peer with number >= `from`. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error outbox_next(struct txn *txn, uint32_t to, uint64_t from, uint64_t *number,
    uint64_t *sequence, uint32_t *document_index);
/* Documents waiting for a peer. */
MUST_CHECK enum error outbox_waiting(struct txn *txn, uint32_t to, uint64_t *count);
/* The number up to which a peer has acknowledged; 0: none. */
MUST_CHECK enum error outbox_acknowledged(struct txn *txn, uint32_t to, uint64_t *number);
/* Forget documents up to `number`: acknowledged. */
MUST_CHECK enum error outbox_acknowledge(struct txn *txn, uint32_t to, uint64_t number);

#endif
