/* stay_internal.h: what stay.c and stay_plan.c offer to the stay kinds beside stay.h. */
#ifndef SUIREN_STAY_INTERNAL_H
#define SUIREN_STAY_INTERNAL_H

#include "settlement_limits.h"
#include "register.h"
#include "stay.h"

/* Write a stay: a new key takes the institution's next slot; a row that is there keeps its own. The person's row is
 * copied in; a person of whom nothing is known yet stands as a foreign one. */
MUST_CHECK enum error stay_put(
    struct txn *txn, const struct stay_night_span *stay, uint64_t person, enum reason reason);
/* Do the nights take the person's bed anywhere? Pending and accepted ones do, refused ones and empty ones don't. */
bool stay_blocks(const struct stay_night_span *stay);

/* A stay as earlier lines of this entry will leave it: an element of register_work.planned. */
struct planned_stay {
	struct stay_night_span stay;
	bool opened; /* by this entry */
};
/* Take note of a stay for the lines that follow. Fails with: ERROR_TOO_LARGE (more than STAY_LINES_OF_PERSON_MAX stays of one person). */
MUST_CHECK enum error stay_plan(
    struct register_work *work, const struct stay_line *line, const struct stay_night_span *stay);
/* The stay that a line names, as the lines before it leave it. `opened` tells that one of them opened it. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error stay_present(struct register_work *work, const struct stay_line *line,
    struct stay_night_span *stay, bool *opened);

/* What stands in the way of some nights of a person. */
struct stay_clash {
	const struct register_work *work;
	uint64_t person;
	const struct stay_night_span *wanted;
	bool found;
	int32_t day; /* the first night that both want */
	bool same;   /* this very stay is there already, pending or accepted */
};
MUST_CHECK enum error stay_clash_find(struct stay_clash *clash);

/* The verdict on a line, with the night that overlaps. */
struct stay_judgement {
	enum reason reason;
	bool has_day;
	int32_t day;
};
/* Put the verdict; returns what stands there in the end, which in a replay may be what was logged. */
enum reason stay_judgement_put(struct register_work *work, const struct stay_judgement *judgement);

MUST_CHECK enum error stay_line_read(struct span item, struct stay_line *line);
struct stay_night_span stay_of_line(const struct stay_line *line, enum stay_state state);
void stay_uscc_take(struct codec_reader *reader, char uscc[USCC_SIZE]);
/* A day from 1970 on. */
int32_t stay_day_take(struct codec_reader *reader);
/* Project a line: of the order at the host, of the notice at home. */
MUST_CHECK enum error stay_line_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct span item, unsigned reason);

#endif
