/* register.h: the frame in which every register kind decides and applies its entries, line by line; the module gives the one
 * function for a line. Lines of one command see what the lines before them decided (`batch`, `planned`); what other
 * cities must learn is gathered and sent at the end. Not thread-safe: lives for one call. */
#ifndef SUIREN_REGISTER_H
#define SUIREN_REGISTER_H

#include "settlement_limits.h"
#include "batch.h"
#include "dispatch.h"
#include "lines.h"

/* What the function for a line works with. */
struct register_work {
	struct settlement *settlement;
	struct txn *txn;
	int32_t today; /* Beijing day of the decision */
	struct line_walk walk;
	struct batch *batch; /* empty at first; at most two entries a line */
	void *planned;       /* one zeroed element of the kind's own for each entry of `batch` */
	uint32_t sender;     /* region of the city that sent the message; 0 for an order */
	const char *name;    /* of the message; NULL for an order */
	struct dispatch messages[REGISTER_MESSAGES_MAX]; /* in the order of the kind's names */
	struct decision *decision;
	struct error_detail *detail;
};

/* Give exactly one verdict for `line`, and for a kind with LINES_MADE append exactly one line. An error refuses the whole
 * command. */
typedef enum error register_line(struct register_work *work, struct span line);

/* How a kind decides. */
struct register_kind {
	register_line *line;
	bool is_notice;      /* caused by a message: its items are the lines that come in */
	size_t planned_size; /* of one element of `planned`; 0: none */
	const char *messages
	    [REGISTER_MESSAGES_MAX]; /* what goes out, in the order of sending; NULL: none */
};

MUST_CHECK enum error register_decide(const struct register_kind *kind,
    struct settlement *settlement, struct txn *txn, const struct command *command, int64_t now_ms,
    struct decision *decision, struct error_detail *detail);
/* Refuse the whole command: "line 17: text". */
enum error register_malformed(struct register_work *work, const char *text);
/* The verdict on a line about a person: in a replay a person without facts takes over what was logged. Returns what
 * stands in the decision now. */
enum reason register_verdict(struct register_work *work, enum reason reason);
/* The line of a LINES_MADE kind: the item as it came. */
void register_line_as_is(struct register_work *work, struct span line);

/* How a kind is applied: called for every line with the reason of its verdict; only the accepted ones change tables. */
typedef enum error register_apply_line(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span line, unsigned reason);
MUST_CHECK enum error register_apply(register_apply_line *apply, struct settlement *settlement,
    struct txn *txn, const struct entry *entry, struct error_detail *detail);

#endif
