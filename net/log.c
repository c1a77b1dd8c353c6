#include "log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bytes.h"
#include "calendar.h"

struct log {
	FILE *out;
	enum log_format format;
	enum log_level least;
	pthread_mutex_t mutex;
	struct buffer line;
};

static const char *const levels[] = {"debug", "info", "warning", "error"};

enum error log_open(FILE *out, enum log_format format, enum log_level least, struct log **log)
{
	*log = calloc(1, sizeof **log);
	if (!*log)
		return ERROR_MEMORY;
	(*log)->out = out;
	(*log)->format = format;
	(*log)->least = least;
	pthread_mutex_init(&(*log)->mutex, NULL);
	return ERROR_NONE;
}

void log_close(struct log *log)
{
	if (!log)
		return;
	pthread_mutex_destroy(&log->mutex);
	buffer_free(&log->line);
	free(log);
}

/* Beijing time, RFC 3339. */
static void put_time(struct buffer *line)
{
	struct timespec now;
	struct tm tm;
	time_t beijing;

	clock_gettime(CLOCK_REALTIME, &now);
	beijing = now.tv_sec + 8 * 3600;
	gmtime_r(&beijing, &tm);
	buffer_append_format(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03ld+08:00", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, now.tv_nsec / 1000000);
}

/* A text in quotes, so that one line stays one line: JSON's escapes do for both forms. What is not UTF-8 is told as '?'. */
static void put_quoted(struct buffer *line, const char *text)
{
	bool valid = utf8_valid(span_text(text));

	buffer_append_text(line, "\"");
	for (const char *at = text; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte == '"' || byte == '\\')
			buffer_append_format(line, "\\%c", byte);
		else if (byte < ' ' || byte == 0x7f)
			buffer_append_format(line, "\\u%04x", byte);
		else if (byte >= 0x80 && !valid)
			buffer_append_text(line, "?");
		else
			buffer_append(line, span_of(at, 1));
	}
	buffer_append_text(line, "\"");
}

static bool is_word(const char *text)
{
	return text[0] && text[strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz_-.:/")] == '\0';
}

static void put_field(struct log *log, const struct log_field *field)
{
	struct buffer *line = &log->line;
	bool json = log->format == LOG_JSON;

	buffer_append_format(line, json ? ",\"%s\":" : " %s=", field->name);
	if (field->type == LOG_IS_NUMBER)
		buffer_append_format(line, "%" PRId64, field->number);
	else if (field->type == LOG_IS_REGION)
		buffer_append_format(line, "%06" PRId64, field->number);
	else if (json || !is_word(field->text))
		put_quoted(line, field->text);
	else
		buffer_append_text(line, field->text);
}

void log_event(struct log *log, enum log_level level, const char *event,
    const struct log_field *fields, size_t count)
{
	struct buffer *line;

	if (!log || level < log->least)
		return;
	pthread_mutex_lock(&log->mutex);
	line = &log->line;
	buffer_clear(line);
	buffer_append_text(line, log->format == LOG_JSON ? "{\"time\":\"" : "");
	put_time(line);
	buffer_append_format(line,
	    log->format == LOG_JSON ? "\",\"level\":\"%s\",\"event\":\"%s\"" : " %-7s %s",
	    levels[level], event);
	for (size_t i = 0; i < count; i++)
		put_field(log, &fields[i]);
	buffer_append_text(line, log->format == LOG_JSON ? "}\n" : "\n");
	if (!line->failed) {
		fwrite(line->data, 1, line->size, log->out);
		fflush(log->out);
	}
	pthread_mutex_unlock(&log->mutex);
}
