/* held.h: lines that are held because the reserve (预付金) does not suffice, at the payer and, mirrored, at the host: which they are, in
 * order of booking, and by which line of which entry each was decided in the end. Not thread-safe: belongs to the transaction. Rows:
 * docs/format.md, "Prefund". */
#ifndef SUIREN_HELD_H
#define SUIREN_HELD_H

#include "decision.h"
#include "store.h"

enum held_side {
	HELD_BY_US = 1,   /* this city is the payer; `sequence` is its claim_remote */
	HELD_BY_THEM = 2, /* this city is the host; `sequence` is its adjudication */
};

struct held_line {
	enum held_side side;
	uint32_t city; /* the other one */
	uint64_t sequence;
	uint32_t line;
	int64_t amount_fen; /* what it was worth when it was held */
};

/* Where it was decided: this node's entry; at the host also the payer's, whose line the obligation is. */
struct held_end {
	uint64_t sequence;
	uint32_t line;
	uint64_t payers_sequence;
	uint32_t payers_line;
};

/* Take down those of an entry's verdicts that are held; only while an entry is applied. */
MUST_CHECK enum error held_note(struct txn *txn, enum held_side side, uint32_t city,
    uint64_t sequence, struct span verdicts, uint32_t count);
/* Waiting lines in order of booking: of one city from an entry on, or (city 0) of all; `visit` returns false to stop. */
typedef bool held_visit(void *context, const struct held_line *held);
MUST_CHECK enum error held_each(struct txn *txn, enum held_side side, uint32_t city,
    uint64_t from_sequence, held_visit *visit, void *context);
/* The first of them. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error held_first(
    struct txn *txn, enum held_side side, uint32_t city, struct held_line *held);
MUST_CHECK enum error held_waits(struct txn *txn, enum held_side side, uint32_t city,
    uint64_t sequence, uint32_t line, bool *waits);
/* A waiting line is decided; only while an entry is applied. Fails with: ERROR_CORRUPT (it does not wait). */
MUST_CHECK enum error held_decide(struct txn *txn, enum held_side side, uint32_t city,
    uint64_t sequence, uint32_t line, const struct held_end *end);
/* Fails with: ERROR_NOT_FOUND (never held, or still waiting). */
MUST_CHECK enum error held_decided(struct txn *txn, enum held_side side, uint32_t city,
    uint64_t sequence, uint32_t line, struct held_end *end);

/* An item of the message adjudication_further: one line that was held, decided.
 * [uscc, number, sheet line, old entry, entry, line, window, policy(32), leaf(32), verdict] */
struct further_item {
	char uscc[19]; /* terminated */
	uint64_t number;
	uint32_t sheet_line;
	uint64_t old_sequence, sequence; /* the payer's entries */
	uint32_t line, window;
	struct hash policy, leaf;
	struct span verdict;
};
void further_item_put(struct buffer *out, const struct further_item *item);
MUST_CHECK enum error further_item_read(struct span bytes, struct further_item *item);

/* Line of an entry of kind `further`: [entry, line] of the line that was held. */
MUST_CHECK enum error further_line_read(struct span item, uint64_t *sequence, uint32_t *line);
/* Order parameters of kind `further`: [host]. */
#define FURTHER_PARAMETERS 1

#endif
