/* log.h: what a daemon tells its operators: one line an event, as text or as JSON, with typed fields. No personal data: events name
 * cities, numbers of entries and documents, and names of errors, never persons, institutions or what a document says. Thread-safe.
 * docs/cli.md, "suirend". */
#ifndef SUIREN_LOG_H
#define SUIREN_LOG_H

#include <stdint.h>
#include <stdio.h>

#include "error.h"

struct log;

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
	const char *name; /* snake_case */
	enum { LOG_IS_NUMBER, LOG_IS_REGION, LOG_IS_TEXT } type;
	int64_t number;
	const char *text;
};
#define LOG_NUMBER(name, value) ((struct log_field){name, LOG_IS_NUMBER, (int64_t)(value), NULL})
#define LOG_REGION(value) ((struct log_field){"peer", LOG_IS_REGION, (int64_t)(value), NULL})
#define LOG_WORD(name, value) ((struct log_field){name, LOG_IS_TEXT, 0, value})

/* Events below `least` are left out. `out` is borrowed until log_close. */
MUST_CHECK enum error log_open(
    FILE *out, enum log_format format, enum log_level least, struct log **log);
void log_close(struct log *log); /* NULL is accepted */
/* A line that cannot be written is lost: a daemon does not die of its log. NULL as log: nothing. */
void log_event(struct log *log, enum log_level level, const char *event,
    const struct log_field *fields, size_t count);
#define LOG_PLAIN(log, level, event) log_event(log, level, event, NULL, 0)
#define LOG(log, level, event, ...)                                           \
	log_event(log, level, event, (const struct log_field[]){__VA_ARGS__}, \
	    sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
