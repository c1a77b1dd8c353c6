/* lines.h: what the register kinds share in walking lines: those of a command beside the verdicts that were logged (when it is
 * decided again), those of an entry beside its verdicts (when it is applied), and writing verdicts. A register's verdict is
 * [reason]; a stay's [reason, day or null]. Pure. */
#ifndef SUIREN_LINES_H
#define SUIREN_LINES_H

#include "decision.h"
#include "document.h"
#include "message.h"

/* The lines of a command, or the items of a message. */
struct line_walk {
	struct codec_reader lines, logged;
	bool replay; /* verdicts were logged */
	uint32_t next, count;
	struct span logged_verdict; /* of the present line, in a replay */
};

struct line_walk line_walk(const struct command *command);
/* The next line's bytes; false when all are read, or the input is malformed (line_walk_finish tells). */
bool line_walk_next(struct line_walk *walk, struct span *line);
/* Fails with: ERROR_MALFORMED (not exactly `count` items). */
MUST_CHECK enum error line_walk_finish(const struct line_walk *walk, struct error_detail *detail);
/* Set "line 17: text" (counted from 1: the line that was read last) and return `code`. */
enum error line_walk_error(
    const struct line_walk *walk, enum error code, struct error_detail *detail, const char *text);

/* One more line is decided. */
void verdict_put(struct decision *decision, enum reason reason);
void verdict_put_day(struct decision *decision, enum reason reason, bool has_day, int32_t day);
/* In a replay: take over what was logged for the present line, whose person's facts are gone; returns the reason that it
 * gives. */
enum reason verdict_take_over(struct decision *decision, const struct line_walk *walk);

/* The first field of a verdict, REASON_* as logged. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error verdict_read(struct span verdict, unsigned *reason);

/* The lines of an entry beside their verdicts' reasons. */
struct entry_walk {
	struct codec_reader lines, verdicts;
	uint32_t next, count;
	bool failed;
};
struct entry_walk entry_walk(const struct entry *entry);
bool entry_walk_next(struct entry_walk *walk, struct span *line, unsigned *reason);
/* Fails with: ERROR_CORRUPT. */
MUST_CHECK enum error entry_walk_finish(const struct entry_walk *walk, struct error_detail *detail);

/* Read the message that caused a command: its head, its name, and a walk over its items (at least one). */
struct notice {
	struct document document;
	struct message message;
	struct line_walk walk;
};
MUST_CHECK enum error notice_read(
    const struct command *command, struct notice *notice, struct error_detail *detail);

/* Days as they stand in lines: an integer, or null for DAY_NEVER. Within the calendar's years, else the reader fails. */
void day_put(struct buffer *out, int32_t day);
int32_t day_take(struct codec_reader *reader);
void day_or_never_put(struct buffer *out, int32_t day);
int32_t day_or_never_take(struct codec_reader *reader);
/* An empty span is written as null. At most `max` bytes, and not empty when present, else the reader fails. */
void text_or_null_put(struct buffer *out, struct span text);
struct span text_or_null_take(struct codec_reader *reader, size_t max);

#endif
