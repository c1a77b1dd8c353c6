#include "iso20022_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"

#define ARENA_BLOCK (64u << 10)

/* The texts of a file: blocks that never move. */
struct arena_block {
	struct arena_block *next;
	size_t used;
	uint8_t bytes[ARENA_BLOCK];
};
struct iso_arena {
	struct arena_block *blocks;
};

enum error iso_refuse(struct iso_reading *reading, const struct xml_element *element,
    enum error error, const char *text)
{
	return error_set(reading->detail, error, "%s:%d: %s: %s", reading->name, element->line,
	    element->path, text);
}

enum error iso_more_room(struct iso_reading *reading, const struct xml_element *element,
    void **array, size_t count, size_t size)
{
	if (count == ISO_TRANSFERS_MAX)
		return iso_refuse(reading, element, ERROR_TOO_LARGE, "too many for one file");
	if (count < reading->capacity)
		return ERROR_NONE;
	size_t capacity = reading->capacity ? 2 * reading->capacity : 64;
	void *grown = realloc(*array, capacity * size);
	if (!grown)
		return ERROR_MEMORY;
	*array = grown;
	reading->capacity = capacity;
	return ERROR_NONE;
}

static enum error keep(struct iso_reading *reading, struct span text, struct span *kept)
{
	struct iso_arena *arena = reading->file.arena;
	assert(text.size > 0 && text.size <= ARENA_BLOCK);
	if (!arena->blocks || ARENA_BLOCK - arena->blocks->used < text.size) {
		struct arena_block *block = malloc(sizeof(*block));
		if (!block)
			return ERROR_MEMORY;
		block->next = arena->blocks;
		block->used = 0;
		arena->blocks = block;
	}
	uint8_t *at = arena->blocks->bytes + arena->blocks->used;
	memcpy(at, text.data, text.size);
	arena->blocks->used += text.size;
	*kept = span_of(at, text.size);
	return ERROR_NONE;
}

static enum error take_text(
    struct iso_reading *reading, const struct xml_element *element, size_t max, struct span *text)
{
	if (text->size > 0)
		return iso_refuse(reading, element, ERROR_MALFORMED, "stands twice");
	if (element->text.size == 0)
		return iso_refuse(reading, element, ERROR_MALFORMED, "empty");
	if (element->text.size > max)
		return iso_refuse(reading, element, ERROR_TOO_LARGE, "too long");
	return keep(reading, element->text, text);
}

/* [0-9]+\.[0-9]{2}, as the amounts of these files are written. */
static enum error take_yuan(
    struct iso_reading *reading, const struct xml_element *element, struct amount *amount)
{
	struct span text = element->text;
	bool two_decimals = text.size >= 4 && text.data[text.size - 3] == '.';
	if (!two_decimals || text.data[0] == '-' || yuan_read(text, amount) != ERROR_NONE)
		return iso_refuse(
		    reading, element, ERROR_MALFORMED, "not an amount with two decimals");
	return ERROR_NONE;
}

static enum error take_money(
    struct iso_reading *reading, const struct xml_element *element, struct amount *amount)
{
	if (amount->value != 0)
		return iso_refuse(reading, element, ERROR_MALFORMED, "stands twice");
	if (!span_equal(element->currency, span_text("CNY")))
		return iso_refuse(reading, element, ERROR_MISMATCH, "the currency is not CNY");
	enum error error = take_yuan(reading, element, amount);
	if (!error && amount->value == 0)
		error = iso_refuse(reading, element, ERROR_MALFORMED, "zero");
	return error;
}

static enum error take_stated(struct iso_reading *reading, const struct xml_element *element,
    bool yuan, struct stated *stated)
{
	struct amount amount = {0};
	enum error error;
	if (stated->given)
		return iso_refuse(reading, element, ERROR_MALFORMED, "stands twice");
	if (yuan)
		error = take_yuan(reading, element, &amount);
	else if (decimal_read(element->text, &amount.value) == ERROR_NONE)
		error = ERROR_NONE;
	else
		error = iso_refuse(reading, element, ERROR_MALFORMED, "not a number");
	*stated = (struct stated){true, amount.value};
	return error;
}

static enum error take_day(
    struct iso_reading *reading, const struct xml_element *element, int32_t *day)
{
	size_t size = element->text.size < DAY_TEXT_SIZE ? element->text.size : DAY_TEXT_SIZE - 1;
	if (*day != 0)
		return iso_refuse(reading, element, ERROR_MALFORMED, "stands twice");
	if (day_read(span_of(element->text.data, size), day) != ERROR_NONE)
		return iso_refuse(reading, element, ERROR_MALFORMED, "not a day");
	return ERROR_NONE;
}

static enum error element_take(
    void *context, const struct xml_element *element, struct error_detail *detail)
{
	struct iso_reading *reading = context;
	const struct iso_field *field = reading->fields;
	(void)detail;
	while (field->path && strcmp(field->path, element->path) != 0)
		field++;
	void *at = (uint8_t *)reading + field->offset;
	if (!field->path)
		return ERROR_NONE;
	switch (field->take) {
	case TAKE_ID:
		return take_text(reading, element, ISO_ID_MAX, at);
	case TAKE_NAME:
		return take_text(reading, element, 4 * ISO_NAME_MAX, at);
	case TAKE_MONEY:
		return take_money(reading, element, at);
	case TAKE_SUM:
		return take_stated(reading, element, true, at);
	case TAKE_COUNT:
		return take_stated(reading, element, false, at);
	case TAKE_DAY:
		return take_day(reading, element, at);
	case TAKE_END:
		break;
	}
	return field->end(reading, element);
}

static enum error root_take(void *context, const char *name_space, struct error_detail *detail)
{
	struct iso_reading *reading = context;
	reading->fields = iso_fields(name_space, &reading->file.kind);
	return reading->fields ? ERROR_NONE
			       : error_set(detail, ERROR_MALFORMED,
				     "%s: namespace %s is not read here: pain.001.001.09, "
				     "camt.054.001.08 and pain.002.001.10 are",
				     reading->name, name_space);
}

/* EndToEndIds with what else tells two events of one payment apart, in order. */
struct event {
	struct span end_to_end;
	unsigned what;
};

static int event_compare(const void *a, const void *b)
{
	const struct event *left = a, *right = b;
	int order = span_compare(left->end_to_end, right->end_to_end);
	return order ? order : (int)left->what - (int)right->what;
}

static size_t events_of(const struct iso_file *file, struct event *events)
{
	size_t count = 0;
	if (file->kind == ISO_ORDER)
		for (size_t i = 0; i < file->order.count; i++)
			events[count++] = (struct event){file->order.transfers[i].end_to_end, 0};
	if (file->kind == ISO_REPORT)
		for (size_t i = 0; i < file->report.count; i++)
			events[count++] = (struct event){file->report.rejections[i].end_to_end, 0};
	for (size_t i = 0; file->kind == ISO_NOTIFICATION && i < file->notification.count; i++) {
		const struct iso_booking *booking = &file->notification.bookings[i];
		if (booking->end_to_end.size > 0)
			events[count++] = (struct event){
			    booking->end_to_end, 2u * booking->returned + booking->credit};
	}
	return count;
}

static enum error check_unique(struct iso_reading *reading)
{
	size_t capacity = reading->capacity ? reading->capacity : 1;
	struct event *events = calloc(capacity, sizeof(*events));
	enum error error = ERROR_NONE;
	if (!events)
		return ERROR_MEMORY;
	size_t count = events_of(&reading->file, events);
	qsort(events, count, sizeof(*events), event_compare);
	for (size_t i = 1; i < count && !error; i++)
		if (event_compare(&events[i - 1], &events[i]) == 0)
			error = error_set(reading->detail, ERROR_CONFLICT,
			    "%s: EndToEndId %.*s stands twice", reading->name,
			    (int)events[i].end_to_end.size,
			    (const char *)events[i].end_to_end.data);
	free(events);
	return error;
}

enum error iso_read(
    const char *name, struct span bytes, struct iso_file *file, struct error_detail *detail)
{
	struct iso_reading *reading;
	enum error error;
	*file = (struct iso_file){0};
	if (bytes.size > ISO_FILE_MAX)
		return error_set(
		    detail, ERROR_TOO_LARGE, "%s: more than %u bytes", name, ISO_FILE_MAX);
	reading = calloc(1, sizeof(*reading));
	if (!reading)
		return ERROR_MEMORY;
	reading->name = name;
	reading->detail = detail;
	reading->file.arena = calloc(1, sizeof(*reading->file.arena));
	error = reading->file.arena ? ERROR_NONE : ERROR_MEMORY;
	if (!error)
		error = xml_walk(name, bytes, root_take, element_take, reading, detail);
	if (!error)
		error = check_unique(reading);
	if (error)
		iso_file_free(&reading->file);
	else
		*file = reading->file;
	free(reading);
	return error;
}

void iso_file_free(struct iso_file *file)
{
	while (file->arena && file->arena->blocks) {
		struct arena_block *block = file->arena->blocks;
		file->arena->blocks = block->next;
		free(block);
	}
	free(file->arena);
	free(file->order.transfers);
	free(file->notification.bookings);
	free(file->report.rejections);
	*file = (struct iso_file){0};
}
