/* entitlement.c: grants and filings as they stand in the tables: spans in the person's row, grants by programme. */
#include "entitlement.h"

#include <assert.h>
#include <string.h>

#include "entitlement_internal.h"
#include "tables.h"

_Static_assert(sizeof(struct grant_span) == 32, "no padding, and a multiple of 8");

/* tag BE32 || person BE64 || first day BE32 -> grant_span */
#define GRANT_KEY_SIZE 16

static struct span grant_key(
    uint8_t key[GRANT_KEY_SIZE], uint32_t tag, uint64_t person, int32_t from_day)
{
	assert(from_day >= 0);
	be32_write(key, tag);
	be64_write(key + 4, person);
	be32_write(key + 12, (uint32_t)from_day);
	return span_of(key, GRANT_KEY_SIZE);
}

static enum error grant_row_read(struct span key, struct span value, struct grant_row *row)
{
	if (key.size != GRANT_KEY_SIZE || value.size != sizeof(row->span))
		return ERROR_CORRUPT;
	row->person = be64_read(key.data + 4);
	memcpy(&row->span, value.data, sizeof(row->span));
	return ERROR_NONE;
}

enum error grant_get(
    struct txn *txn, uint32_t tag, uint64_t person, int32_t from_day, struct grant_row *row)
{
	uint8_t key[GRANT_KEY_SIZE];
	struct span value;
	struct span at = grant_key(key, tag, person, from_day);
	enum error error = store_get(txn, TABLE_GRANT, at, &value);
	return error ? error : grant_row_read(at, value, row);
}

enum error grant_put(struct txn *txn, uint64_t person, const struct grant_span *span)
{
	uint8_t key[GRANT_KEY_SIZE];
	return store_put(txn, TABLE_GRANT, grant_key(key, span->tag, person, span->from_day),
	    span_of(span, sizeof(*span)));
}

/* Rows whose key starts with `prefix`, from `from` on. */
static enum error grants_walk(
    struct txn *txn, struct span prefix, struct span from, grant_visit *visit, void *context)
{
	struct cursor *cursor = NULL;
	struct span key, value;
	struct grant_row row;
	enum error error = cursor_open(txn, TABLE_GRANT, &cursor);
	if (error)
		return error;
	error = cursor_seek(cursor, from, &key, &value);
	while (!error && span_starts_with(key, prefix)) {
		error = grant_row_read(key, value, &row);
		if (error || !visit(context, &row))
			break;
		error = cursor_next(cursor, &key, &value);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error grant_each(
    struct txn *txn, uint32_t tag, uint64_t from_person, grant_visit *visit, void *context)
{
	uint8_t key[GRANT_KEY_SIZE];
	struct span from = grant_key(key, tag, from_person, 0);
	return grants_walk(txn, span_of(key, 4), from, visit, context);
}

enum error grant_each_of_person(
    struct txn *txn, uint32_t tag, uint64_t person, grant_visit *visit, void *context)
{
	uint8_t key[GRANT_KEY_SIZE];
	struct span from = grant_key(key, tag, person, 0);
	return grants_walk(txn, span_of(key, 12), from, visit, context);
}

/* The first row of the person under programme `tag`; ERROR_NOT_FOUND and the tag of the next programme, if there is none. */
static enum error find_under_tag(
    struct cursor *cursor, uint32_t *tag, uint64_t person, uint8_t found[GRANT_KEY_SIZE])
{
	struct span key, value;
	struct span wanted = grant_key(found, *tag, person, 0);
	enum error error = cursor_seek(cursor, wanted, &key, &value);
	if (error)
		return error;
	*tag = be32_read(key.data);
	if (!span_starts_with(key, span_of(found, 12)))
		return ERROR_RANGE;
	memcpy(found, key.data, GRANT_KEY_SIZE);
	return ERROR_NONE;
}

/* Programmes are few: leap from one to the next, looking for the person under each. */
enum error grant_forget(struct txn *txn, uint64_t person)
{
	uint8_t key[GRANT_KEY_SIZE];
	uint32_t tag = 0;
	enum error error = ERROR_NONE;
	while (!error) {
		struct cursor *cursor = NULL;
		uint32_t asked = tag;
		error = cursor_open(txn, TABLE_GRANT, &cursor);
		if (error)
			return error;
		error = find_under_tag(cursor, &tag, person, key);
		cursor_close(cursor);
		if (!error) {
			error = store_delete(txn, TABLE_GRANT, span_of(key, sizeof(key)));
		} else if (error == ERROR_RANGE) {
			error = ERROR_NONE;
			if (tag == asked && tag++ == UINT32_MAX)
				break;
		}
	}
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* --- spans in the person's row ----------------------------------------------------------------------------- */

bool person_filed(const struct person_row *row, uint32_t region, int32_t day)
{
	for (size_t i = 0; i < PERSON_FILINGS_MAX; i++) {
		const struct filing_span *filing = &row->filings[i];
		if (filing->region == region && filing->from_day <= day && day <= filing->until_day)
			return true;
	}
	return false;
}

/* Where a span goes: that of the same begin, a free slot, or the one that ends first. */
void person_add_grant(struct person_row *row, const struct grant_span *grant)
{
	struct grant_span *at = &row->grants[0];
	for (size_t i = 0; i < PERSON_GRANTS_MAX; i++) {
		struct grant_span *slot = &row->grants[i];
		if (slot->tag == grant->tag && slot->from_day == grant->from_day &&
		    slot->sequence != 0) {
			at = slot;
			break;
		}
		if (at->sequence != 0 && (slot->sequence == 0 || slot->until_day < at->until_day))
			at = slot;
	}
	*at = *grant;
}

void person_add_filing(struct person_row *row, const struct filing_span *filing)
{
	struct filing_span *at = &row->filings[0];
	for (size_t i = 0; i < PERSON_FILINGS_MAX; i++) {
		struct filing_span *slot = &row->filings[i];
		if (slot->region == filing->region && slot->from_day == filing->from_day) {
			at = slot;
			break;
		}
		if (at->region != 0 && (slot->region == 0 || slot->until_day < at->until_day))
			at = slot;
	}
	*at = *filing;
}
