/* stay.c: the table of stays by institution, and its index by person. */
#include "stay.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "institution.h"
#include "person_internal.h"
#include "stay_internal.h"
#include "tables.h"

_Static_assert(sizeof(struct stay_row) == 16 + sizeof(struct person_row), "no padding");
_Static_assert(sizeof(struct stay_row) % 8 == 0 && STAY_KEY_SIZE % 8 == 0, "rows are aligned");

/* person BE64 || first day BE32 || uscc || 00 00 -> last night, state */
#define INDEX_KEY_SIZE (8 + 4 + USCC_SIZE + 2)
struct index_row {
	int32_t last_night;
	uint32_t state;
};

void stay_key(uint8_t key[STAY_KEY_SIZE], const char *uscc, uint64_t person, int32_t first_day)
{
	assert(first_day >= 0);
	memcpy(key, uscc, USCC_SIZE);
	be64_write(key + USCC_SIZE, person);
	be32_write(key + USCC_SIZE + 8, (uint32_t)first_day);
	key[USCC_SIZE + 12] = key[USCC_SIZE + 13] = 0;
}

static void index_key(
    uint8_t key[INDEX_KEY_SIZE], uint64_t person, int32_t first_day, const char *uscc)
{
	be64_write(key, person);
	be32_write(key + 8, (uint32_t)first_day);
	memcpy(key + 12, uscc, USCC_SIZE);
	key[12 + USCC_SIZE] = key[13 + USCC_SIZE] = 0;
}

static enum error row_of(struct span value, const struct stay_row **row)
{
	if (value.size != sizeof(**row))
		return ERROR_CORRUPT;
	*row = (const struct stay_row *)(const void *)value.data;
	assert((uintptr_t)*row % _Alignof(struct stay_row) == 0);
	return ERROR_NONE;
}

enum error stay_get(struct txn *txn, const char *uscc, uint64_t person, int32_t first_day,
    const struct stay_row **row)
{
	uint8_t key[STAY_KEY_SIZE];
	struct span value;
	stay_key(key, uscc, person, first_day);
	enum error error = store_get(txn, TABLE_STAY, span_of(key, sizeof(key)), &value);
	return error ? error : row_of(value, row);
}

bool stay_blocks(const struct stay_night_span *stay)
{
	return stay->state != STAY_REFUSED && stay->first_day <= stay->last_night;
}

/* --- by person --------------------------------------------------------------------------------------------- */

static enum error index_row_read(struct span key, struct span value, struct stay_night_span *stay)
{
	struct index_row row;
	if (key.size != INDEX_KEY_SIZE || value.size != sizeof(row))
		return ERROR_CORRUPT;
	memcpy(&row, value.data, sizeof(row));
	memcpy(stay->uscc, key.data + 12, USCC_SIZE);
	stay->first_day = (int32_t)be32_read(key.data + 8);
	stay->last_night = row.last_night;
	stay->state = (enum stay_state)row.state;
	return ERROR_NONE;
}

enum error stay_each(struct txn *txn, uint64_t person, stay_visit *visit, void *context)
{
	uint8_t prefix[8];
	struct cursor *cursor = NULL;
	struct span key, value;
	struct stay_night_span stay;
	be64_write(prefix, person);
	enum error error = cursor_open(txn, TABLE_STAY_PERSON, &cursor);
	if (error)
		return error;
	error = cursor_seek(cursor, span_of(prefix, sizeof(prefix)), &key, &value);
	while (!error && span_starts_with(key, span_of(prefix, sizeof(prefix)))) {
		error = index_row_read(key, value, &stay);
		if (error || !visit(context, &stay))
			break;
		error = cursor_next(cursor, &key, &value);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error stay_all(struct txn *txn, stay_all_visit *visit, void *context)
{
	struct cursor *cursor = NULL;
	struct span key, value;
	struct stay_night_span stay;
	enum error error = cursor_open(txn, TABLE_STAY_PERSON, &cursor);
	if (error)
		return error;
	error = cursor_seek(cursor, span_of("", 1), &key, &value); /* 0x00: before every person */
	while (!error) {
		error = index_row_read(key, value, &stay);
		if (error || !visit(context, be64_read(key.data), &stay))
			break;
		error = cursor_next(cursor, &key, &value);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

struct person_change {
	struct txn *txn;
	const struct person_row *person;
	enum error error;
};

/* Writes another table than the one that is walked. */
static bool copy_person(void *context, const struct stay_night_span *stay)
{
	struct person_change *change = context;
	uint8_t key[STAY_KEY_SIZE];
	const struct stay_row *found = NULL;
	change->error =
	    stay_get(change->txn, stay->uscc, change->person->code, stay->first_day, &found);
	if (change->error)
		return false;
	struct stay_row row = *found;
	row.person = *change->person;
	stay_key(key, stay->uscc, change->person->code, stay->first_day);
	change->error = store_put(
	    change->txn, TABLE_STAY, span_of(key, sizeof(key)), span_of(&row, sizeof(row)));
	return !change->error;
}

enum error stay_person_changed(struct txn *txn, const struct person_row *row)
{
	struct person_change change = {.txn = txn, .person = row};
	enum error error = stay_each(txn, row->code, copy_person, &change);
	if (!error)
		error = change.error;
	return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
}

/* --- writing ----------------------------------------------------------------------------------------------- */

/* The row as it is, or a new one with the next slot and the person's facts. */
static enum error row_for(
    struct txn *txn, const struct stay_night_span *stay, uint64_t person, struct stay_row *row)
{
	const struct stay_row *found = NULL;
	const struct person_row *facts = NULL;
	enum error error = stay_get(txn, stay->uscc, person, stay->first_day, &found);
	if (!error)
		*row = *found;
	if (error != ERROR_NOT_FOUND)
		return error;
	*row = (struct stay_row){0};
	error = institution_take_slot(txn, stay->uscc, &row->slot);
	if (error)
		return error;
	error = person_get(txn, person, &facts);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	row->person = error ? person_row_new(person, PERSON_FOREIGN) : *facts;
	return ERROR_NONE;
}

enum error stay_put(
    struct txn *txn, const struct stay_night_span *stay, uint64_t person, enum reason reason)
{
	uint8_t key[STAY_KEY_SIZE], by_person[INDEX_KEY_SIZE];
	struct stay_row row;
	struct index_row index = {.last_night = stay->last_night, .state = stay->state};
	enum error error = row_for(txn, stay, person, &row);
	if (error)
		return error;
	row.last_night = stay->last_night;
	row.state = stay->state;
	row.reason = reason;
	stay_key(key, stay->uscc, person, stay->first_day);
	error = store_put(txn, TABLE_STAY, span_of(key, sizeof(key)), span_of(&row, sizeof(row)));
	if (error)
		return error;
	index_key(by_person, person, stay->first_day, stay->uscc);
	return store_put(txn, TABLE_STAY_PERSON, span_of(by_person, sizeof(by_person)),
	    span_of(&index, sizeof(index)));
}

/* --- cursor ------------------------------------------------------------------------------------------------ */

#define CACHE_LINE 64u

/* Stands on a row (key, value), or behind the last one. */
struct stay_cursor {
	struct cursor *cursor;
	char uscc[USCC_SIZE];
	bool at_row;
	struct span key, value;
	uint64_t person; /* asked for last */
};

enum error stay_cursor_open(struct txn *txn, const char *uscc, struct stay_cursor **cursor)
{
	struct stay_cursor *made = calloc(1, sizeof(*made));
	*cursor = NULL;
	if (!made)
		return ERROR_MEMORY;
	memcpy(made->uscc, uscc, USCC_SIZE);
	enum error error = cursor_open(txn, TABLE_STAY, &made->cursor);
	if (error) {
		free(made);
		return error;
	}
	*cursor = made;
	return ERROR_NONE;
}

void stay_cursor_close(struct stay_cursor *cursor)
{
	if (!cursor)
		return;
	cursor_close(cursor->cursor);
	free(cursor);
}

static uint64_t key_person(struct span key)
{
	return be64_read(key.data + USCC_SIZE);
}

static bool of_institution(const struct stay_cursor *cursor)
{
	return cursor->key.size == STAY_KEY_SIZE &&
	       memcmp(cursor->key.data, cursor->uscc, USCC_SIZE) == 0;
}

/* The row that the cursor comes to is mostly the next person's, whose lines come when this one's are decided: its memory is on the way
 * until then. */
static enum error move_next(struct stay_cursor *cursor)
{
	enum error error = cursor_next(cursor->cursor, &cursor->key, &cursor->value);
	cursor->at_row = !error;
	for (size_t at = 0; !error && at < cursor->value.size; at += CACHE_LINE)
		__builtin_prefetch(cursor->value.data + at);
	return error;
}

static enum error seek_person(struct stay_cursor *cursor, uint64_t person)
{
	uint8_t key[STAY_KEY_SIZE];
	stay_key(key, cursor->uscc, person, 0);
	enum error error =
	    cursor_seek(cursor->cursor, span_of(key, sizeof(key)), &cursor->key, &cursor->value);
	cursor->at_row = !error;
	return error;
}

/* A sheet asks for neighbours: a few steps are cheaper than a search from the root. */
#define STEPS_BEFORE_SEEK 4

/* To the first row of the institution with this person or a later one. The cursor stands on the first row after those of
 * the persons asked for before, so what lies behind it need not be looked at again. */
static enum error go_to_person(struct stay_cursor *cursor, uint64_t person)
{
	if (!cursor->at_row || cursor->person >= person)
		return seek_person(cursor, person);
	for (int step = 0; step < STEPS_BEFORE_SEEK; step++) {
		if (!of_institution(cursor) || key_person(cursor->key) >= person)
			return ERROR_NONE;
		enum error error = move_next(cursor);
		if (error)
			return error;
	}
	if (!of_institution(cursor) || key_person(cursor->key) >= person)
		return ERROR_NONE;
	return seek_person(cursor, person);
}

/* The present row, if it is one of the person asked for. */
static enum error present_row(
    struct stay_cursor *cursor, int32_t *first_day, const struct stay_row **row)
{
	if (!cursor->at_row || !of_institution(cursor) || key_person(cursor->key) != cursor->person)
		return ERROR_NOT_FOUND;
	*first_day = (int32_t)be32_read(cursor->key.data + USCC_SIZE + 8);
	return row_of(cursor->value, row);
}

enum error stay_cursor_person(
    struct stay_cursor *cursor, uint64_t person, int32_t *first_day, const struct stay_row **row)
{
	enum error error = go_to_person(cursor, person);
	cursor->person = person;
	return error ? error : present_row(cursor, first_day, row);
}

enum error stay_cursor_next(
    struct stay_cursor *cursor, int32_t *first_day, const struct stay_row **row)
{
	if (!cursor->at_row)
		return ERROR_NOT_FOUND;
	enum error error = move_next(cursor);
	return error ? error : present_row(cursor, first_day, row);
}
