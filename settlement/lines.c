#include "lines.h"

#include <assert.h>
#include <string.h>

#include "calendar.h"
#include "policy.h"

struct line_walk line_walk(const struct command *command)
{
	return (struct line_walk){
	    .lines = codec_reader(command->lines),
	    .logged = codec_reader(command->logged_verdicts),
	    .replay = command->logged_verdicts.size > 0,
	    .count = command->count,
	};
}

bool line_walk_next(struct line_walk *walk, struct span *line)
{
	if (walk->next == walk->count)
		return false;
	*line = codec_item(&walk->lines);
	if (walk->replay)
		walk->logged_verdict = codec_item(&walk->logged);
	if (walk->lines.failed || walk->logged.failed)
		return false;
	walk->next++;
	return true;
}

enum error line_walk_finish(const struct line_walk *walk, struct error_detail *detail)
{
	if (walk->logged.failed)
		return error_set(detail, ERROR_MALFORMED, "a logged verdict is malformed");
	if (walk->next < walk->count || !codec_at_end(&walk->lines))
		return error_set(
		    detail, ERROR_MALFORMED, "%u lines told, %u read", walk->count, walk->next);
	return ERROR_NONE;
}

enum error line_walk_error(
    const struct line_walk *walk, enum error code, struct error_detail *detail, const char *text)
{
	return error_set(detail, code, "line %u: %s", walk->next, text);
}

void verdict_put(struct decision *decision, enum reason reason)
{
	codec_put_array(&decision->verdicts, 1);
	codec_put_uint(&decision->verdicts, reason);
	decision->count++;
}

void verdict_put_day(struct decision *decision, enum reason reason, bool has_day, int32_t day)
{
	codec_put_array(&decision->verdicts, 2);
	codec_put_uint(&decision->verdicts, reason);
	if (has_day)
		day_put(&decision->verdicts, day);
	else
		codec_put_null(&decision->verdicts);
	decision->count++;
}

enum error verdict_read(struct span verdict, unsigned *reason)
{
	struct codec_reader reader = codec_reader(verdict);
	size_t fields = codec_array(&reader);
	*reason = (unsigned)codec_uint_max(&reader, UINT16_MAX);
	return reader.failed || fields == 0 ? ERROR_MALFORMED : ERROR_NONE;
}

enum reason verdict_take_over(struct decision *decision, const struct line_walk *walk)
{
	unsigned reason = 0;
	assert(walk->replay);
	buffer_append(&decision->verdicts, walk->logged_verdict);
	decision->count++;
	decision->not_rerun++;
	if (verdict_read(walk->logged_verdict, &reason) != ERROR_NONE)
		decision->failed = ERROR_MALFORMED;
	return (enum reason)reason;
}

struct entry_walk entry_walk(const struct entry *entry)
{
	return (struct entry_walk){
	    .lines = codec_reader(entry->lines),
	    .verdicts = codec_reader(entry->verdicts),
	    .count = entry->header.count,
	};
}

bool entry_walk_next(struct entry_walk *walk, struct span *line, unsigned *reason)
{
	if (walk->next == walk->count)
		return false;
	*line = codec_item(&walk->lines);
	struct span verdict = codec_item(&walk->verdicts);
	if (walk->lines.failed || walk->verdicts.failed ||
	    verdict_read(verdict, reason) != ERROR_NONE) {
		walk->failed = true;
		return false;
	}
	walk->next++;
	return true;
}

enum error entry_walk_finish(const struct entry_walk *walk, struct error_detail *detail)
{
	if (walk->failed || walk->next < walk->count || !codec_at_end(&walk->lines) ||
	    !codec_at_end(&walk->verdicts))
		return error_set(detail, ERROR_CORRUPT,
		    "lines and verdicts of the entry do not match its count");
	return ERROR_NONE;
}

enum error notice_read(
    const struct command *command, struct notice *notice, struct error_detail *detail)
{
	assert(command->document_count >= 1);
	enum error error = document_read(command->documents[0], &notice->document);
	if (!error)
		error = message_read(notice->document.payload, &notice->message);
	if (error)
		return error_set(detail, error, "not a message between cities");
	if (notice->message.item_count == 0 || notice->message.item_count > MESSAGE_ITEMS_MAX)
		return error_set(detail, ERROR_MALFORMED, "a %s of %zu items; 1 to %u are taken",
		    notice->document.name, notice->message.item_count, MESSAGE_ITEMS_MAX);
	notice->walk = line_walk(command);
	notice->walk.lines = notice->message.items;
	notice->walk.count = (uint32_t)notice->message.item_count;
	return ERROR_NONE;
}

/* 1900-01-01 and 2199-12-31: what calendar.h can split. */
#define DAY_FIRST (-25567)
#define DAY_LAST 84005

void day_put(struct buffer *out, int32_t day)
{
	codec_put_int(out, day);
}

int32_t day_take(struct codec_reader *reader)
{
	int64_t day = codec_int(reader);
	if (day < DAY_FIRST || day > DAY_LAST)
		reader->failed = ERROR_MALFORMED;
	return reader->failed ? 0 : (int32_t)day;
}

void day_or_never_put(struct buffer *out, int32_t day)
{
	if (day == DAY_NEVER)
		codec_put_null(out);
	else
		day_put(out, day);
}

int32_t day_or_never_take(struct codec_reader *reader)
{
	return codec_null(reader) ? DAY_NEVER : day_take(reader);
}

void text_or_null_put(struct buffer *out, struct span text)
{
	if (text.size == 0)
		codec_put_null(out);
	else
		codec_put_text(out, text);
}

struct span text_or_null_take(struct codec_reader *reader, size_t max)
{
	if (codec_null(reader))
		return (struct span){0};
	struct span text = codec_text(reader);
	if (text.size == 0 || text.size > max)
		reader->failed = ERROR_MALFORMED;
	return reader->failed ? (struct span){0} : text;
}
