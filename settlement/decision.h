/* decision.h: what goes into a decision (command) and what comes out of it. A decide function
 *
 *     enum error <kind>_decide(struct settlement *, struct txn *, const struct command *, int64_t now_ms,
 *                              struct decision *, struct error_detail *);
 *
 * holds all the rules of its kind and writes nothing; it returns an error for a refusal of the whole command (nothing is
 * logged), or fills the decision: one verdict a line, transfers, documents to be sent. The matching
 *
 *     enum error <kind>_apply(struct settlement *, struct txn *, const struct entry *, struct error_detail *);
 *
 * brings the tables up to date with the logged entry; it knows no rules and cannot refuse. Deciding the causes and given lines
 * of a logged entry again, with the tables as they were before it, gives the same verdicts, transfers and payloads. */
#ifndef SUIREN_DECISION_H
#define SUIREN_DECISION_H

#include "entry.h"
#include "kinds.h"
#include "merkle.h"
#include "reason.h"
#include "settlement_limits.h"

struct settlement;
struct prepared_sheet;
struct signatures;

/* What is to be decided. All borrowed. */
struct command {
	enum kind kind;
	const struct span *documents; /* the causes: signed documents as received; at least one */
	size_t document_count;
	struct hash secret; /* of the line salts: the sheet's or order's */
	struct span lines;  /* LINES_GIVEN: `count` CBOR items; else empty */
	uint32_t count;
	const struct hash *line_leaves; /* computed when the command was prepared, or NULL */
	const struct prepared_sheet
	    *sheet; /* claim kinds: decoded by a worker before the queue, or NULL */
	const struct signatures *signatures; /* checked before the queue (signatures.h), or NULL */
	struct span
	    logged_verdicts; /* replay only: taken over for lines whose person's facts were erased */
	struct span
	    logged_lines;       /* replay of LINES_MADE: the lines that belong to logged_verdicts */
	struct span attachment; /* a message's attachment (docs/format.md, "Messages"), or empty */
};

/* A document to be signed with the node's document key and sent. */
struct outgoing {
	uint32_t to;
	char name[DOCUMENT_NAME_SIZE];
	struct buffer payload;
};

/* Somebody who hashes the results of a long sheet while its following lines are decided: whoever has threads may give one
 * (net/hasher.h). Without it each result is hashed where it is written, to the same root. */
struct decision_hasher {
	void *context;
	uint32_t least; /* lines: a shorter sheet is not handed over */
	/* A sheet comes. Result i is to be hashed under line_leaves[i]; its verdict lies between bounds[i] and bounds[i + 1]. */
	void (*begin)(void *context, const struct hash *line_leaves, const uint32_t *bounds);
	/* The first `count` results are written: they stay as and where they are until `drain` or `finish` comes back. `verdicts` is
	 * where the bounds count from; it may move after `drain` only. */
	void (*written)(void *context, const uint8_t *verdicts, uint32_t count);
	/* Comes back when nothing is read any more; also the end of a sheet that is given up. */
	void (*drain)(void *context);
	/* All `count` results are written: hash what is not hashed yet. Nothing is read afterwards. */
	void (*finish)(void *context, const uint8_t *verdicts, uint32_t count,
	    struct merkle_frontier *results);
};

/* Filled by decide; owned by the caller: decision_init once, decision_clear before each use, decision_free at the end. */
struct decision {
	struct buffer lines;    /* LINES_MADE: `count` items */
	struct buffer verdicts; /* `count` items */
	uint32_t count;
	struct merkle_frontier results; /* of the first results, if they came by decision_result */
	const struct decision_hasher *hasher; /* borrowed, may be NULL; set after decision_init */
	bool handed_over;                     /* the hasher reads `verdicts` and `bounds` */
	uint32_t handed;                      /* results that it will have been given */
	uint32_t *bounds;                     /* ENTRY_LINES_MAX + 1, once it was needed */
	struct transfer *transfers;
	size_t transfer_count, transfer_capacity;
	struct outgoing *outgoing;
	size_t outgoing_count, outgoing_capacity;
	struct decision_arena *arena; /* keeps account names and references */
	uint32_t not_rerun;           /* replay: lines taken over from logged_verdicts */
	enum error failed;            /* sticky: memory, bounds */
};

void decision_init(struct decision *decision);
void decision_clear(struct decision *decision);
void decision_free(struct decision *decision);
/* ERROR_NONE, or the first failure of any helper below or of the buffers. */
MUST_CHECK enum error decision_finish(struct decision *decision);

/* `count` results under these leaves will come by decision_result, from the end of `verdicts` on: the hasher may take them. Until
 * decision_results_end, `verdicts` grows by decision_room only. */
void decision_results_begin(
    struct decision *decision, const struct hash *line_leaves, uint32_t count);
/* Room for the longest verdict, before it is written: what the hasher reads does not move beneath it. */
void decision_room(struct decision *decision);
/* The results have all come (`whole`), or the sheet is given up: the hasher reads no more. */
void decision_results_end(struct decision *decision, bool whole);
/* The verdict from `start` to the end of `verdicts` is whole: count its line, whose leaf is known, among the results, so that the entry need
 * not walk and hash the verdicts again. For all lines of a decision or for none. */
void decision_result(struct decision *decision, const struct hash *line_leaf, size_t start);

/* Add to the sum of the transfer debit -> credit of this decision (one transfer per pair of accounts and unit). A sum that
 * ends negative is booked with the sides swapped, one that ends 0 is left out. Ids follow from `cause` at decision_seal. */
void decision_move(struct decision *decision, enum unit unit, const char *debit, const char *credit,
    int64_t value);
/* Add one transfer as it stands (payments: pending, post, void). Names and reference are copied. */
void decision_transfer(struct decision *decision, const struct transfer *transfer);
/* Give every transfer of decision_move its id: transfer_id_from(cause, index). Called once by the caller of decide, with
 * the hash of the first document. */
void decision_seal(struct decision *decision, const struct hash *cause);
/* A document for `to`; the returned buffer takes the payload (message_begin writes its head). NULL after a failure. */
struct buffer *decision_send(struct decision *decision, uint32_t to, const char *name);

#endif
