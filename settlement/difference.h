/* difference.h: what two cities say to each other about a window that differs: the creditor's difference, the payer's offer of the rest, and
 * what stands in both of them: ids with what each side holds under them. Also what of this goes out again, and what proves it. Not
 * thread-safe: belongs to the transaction. docs/format.md, "Reconciling". */
#ifndef SUIREN_DIFFERENCE_H
#define SUIREN_DIFFERENCE_H

#include "dispute.h"
#include "obligation.h"
#include "window_internal.h"

/* An obligation that is not the same on both sides; or, `whole`, an entry of the payer of which the creditor has nothing. */
struct difference_item {
	struct obligation_id id; /* of a whole entry: its line is 0 */
	bool whole;
	struct dispute_side payers, creditors;
};

/* [epoch, sequence, line or null, payer's, creditor's]; a side is null or [amount, line hash]. */
void difference_put(struct buffer *out, const struct difference_item *item);
/* The reader fails on what is not well-formed. */
void difference_take(struct codec_reader *reader, struct difference_item *item);
bool dispute_side_equal(const struct dispute_side *a, const struct dispute_side *b);
/* What this node holds under an id of a window. */
MUST_CHECK enum error difference_side(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, const struct obligation_id *id, struct dispute_side *side);
/* Has this node anything of an entry of the payer in the window? */
MUST_CHECK enum error difference_has_entry(struct txn *txn, uint32_t payer, uint32_t creditor,
    uint32_t window, const struct obligation_id *id, bool *has);
/* Does `after` come behind `before`? */
bool difference_ascends(const struct difference_item *before, const struct difference_item *after);

/* The order of a creditor: parameters [payer, window, round]. */
#define DIFFERENCE_PARAMETERS 3
void difference_parameters_write(
    struct buffer *out, uint32_t payer, uint32_t window, uint32_t round);

#define DIFFERENCE_HEAD_FIELDS 4
/* What a message takes, at most, besides its items and what is shown with it. */
#define DIFFERENCE_FRAME 1024u
/* The head of a difference: [window, statement hash, round, items]. */
struct difference_head {
	uint32_t window, round, count;
	struct hash statement;
};

/* The payer's offer of the rest: its statement once more, and what is to be left out of it. */
struct rest {
	struct statement statement;
	struct hash statement_hash;
	uint32_t round;
	struct window_totals totals;   /* of what is left */
	struct difference_item *items; /* ascending */
	size_t count;
};
void rest_free(struct rest *rest);
/* Write it as the items of a message: 1 + count of them. */
void rest_put(struct buffer *out, const struct rest *rest);
/* Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE, ERROR_MEMORY. `rest` is to be freed whatever is returned. */
MUST_CHECK enum error rest_read(const struct message *message, struct rest *rest);
/* The totals of this node's obligations of the window without those of rest->items. */
MUST_CHECK enum error rest_recount(struct txn *txn, uint32_t payer, uint32_t creditor,
    const struct rest *rest, struct window_totals *totals);

/* Send the documents again by which entry ids->sequence of this node owes `ids` (of that entry) to `creditor`, as far as `room` bytes go;
 * *sent, whether they went out. Fails with: ERROR_NOT_FOUND (no such document), ERROR_MEMORY, the store's. */
MUST_CHECK enum error send_again(struct settlement *settlement, struct txn *txn, uint32_t creditor,
    const struct obligation_id *ids, size_t count, size_t room, struct decision *decision,
    bool *sent);
/* Does this document, signed by this city for `creditor`, say that it owes what `side` says under `id` in `window`? */
MUST_CHECK enum error approval_proves(struct settlement *settlement, struct txn *txn,
    struct span document, uint32_t creditor, uint32_t window, const struct obligation_id *id,
    const struct dispute_side *side, bool *proves);

/* The institution that an obligation of the mirror is about. Fails with: ERROR_NOT_FOUND, the store's. */
MUST_CHECK enum error obligation_house(
    struct txn *txn, const struct obligation *obligation, char uscc[USCC_SIZE + 1]);

/* A document that tells obligations one by one has an item for each; where entry, line, window and amount stand in it. */
struct owed_item {
	struct obligation_id id;
	uint32_t window;
	int64_t amount_fen;
	char uscc[USCC_SIZE + 1];
};
/* Of `reversal` and `dispute_ended`. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error reversal_item_read(struct span item, uint32_t epoch, struct owed_item *owed);
MUST_CHECK enum error dispute_item_read(struct span item, uint32_t epoch, struct owed_item *owed);
/* Of an adjudication: entry and window of all its lines, the institution, and a reader of the verdicts. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error adjudication_read(
    struct span document, struct owed_item *owed, struct codec_reader *verdicts, size_t *count);

#endif
