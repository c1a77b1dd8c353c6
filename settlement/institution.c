/* institution.c: social credit codes, the table of institutions, and what a change does to a row. */
#include "institution.h"

#include <assert.h>
#include <string.h>

#include "institution_internal.h"
#include "lines.h"
#include "tables.h"

_Static_assert(sizeof(struct institution_row) == 64, "no padding, and a multiple of 8");

/* key = uscc || six zero bytes, so that the row is aligned */
#define INSTITUTION_KEY_SIZE 24

/* --- codes ------------------------------------------------------------------------------------------------- */

/* The value of a character of a social credit code; -1 for one that has none. */
static int uscc_value(uint8_t character)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	const char *at = character ? strchr(alphabet, character) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

/* GB 11714: the ninth character of an organisation number over its first eight; letters count 10 (A) to 35 (Z). */
static uint8_t organisation_check_character(const uint8_t number[8])
{
	static const uint8_t weights[] = {3, 7, 9, 10, 5, 8, 4, 2};
	unsigned sum = 0;
	for (size_t i = 0; i < sizeof(weights); i++) {
		unsigned value =
		    number[i] <= '9' ? number[i] - 48u : number[i] - 55u; /* '0'; 'A' - 10 */
		sum += value * weights[i];
	}
	unsigned check = (11 - sum % 11) % 11;
	return check == 10 ? 'X' : (uint8_t)('0' + check);
}

enum error uscc_check(struct span text)
{
	unsigned sum = 0, weight = 1;
	if (text.size != USCC_SIZE)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < USCC_SIZE; i++) {
		int value = uscc_value(text.data[i]);
		if (value < 0 || (i >= 2 && i < 8 && value > 9))
			return ERROR_MALFORMED;
		if (i < USCC_SIZE - 1)
			sum += (unsigned)value * weight;
		weight = weight * 3 % 31;
	}
	if (uscc_value(text.data[USCC_SIZE - 1]) != (int)((31 - sum % 31) % 31) ||
	    text.data[16] != organisation_check_character(text.data + 8))
		return ERROR_CHECK_DIGIT;
	return ERROR_NONE;
}

/* --- table ------------------------------------------------------------------------------------------------- */

static struct span institution_key(uint8_t key[INSTITUTION_KEY_SIZE], const char *uscc)
{
	memset(key, 0, INSTITUTION_KEY_SIZE);
	memcpy(key, uscc, USCC_SIZE);
	return span_of(key, INSTITUTION_KEY_SIZE);
}

static enum error row_of(struct span value, const struct institution_row **row)
{
	if (value.size != sizeof(**row))
		return ERROR_CORRUPT;
	*row = (const struct institution_row *)(const void *)value.data;
	assert((uintptr_t)*row % _Alignof(struct institution_row) == 0);
	return ERROR_NONE;
}

enum error institution_get(
    struct txn *txn, const char uscc[USCC_SIZE], const struct institution_row **row)
{
	uint8_t key[INSTITUTION_KEY_SIZE];
	struct span value;
	enum error error = store_get(txn, TABLE_INSTITUTION, institution_key(key, uscc), &value);
	return error ? error : row_of(value, row);
}

enum error institution_put(struct txn *txn, const struct institution_row *row)
{
	uint8_t key[INSTITUTION_KEY_SIZE];
	return store_put(
	    txn, TABLE_INSTITUTION, institution_key(key, row->uscc), span_of(row, sizeof(*row)));
}

enum error institution_each(struct txn *txn, institution_visit *visit, void *context)
{
	struct cursor *cursor = NULL;
	struct span key, value;
	const struct institution_row *row = NULL;
	enum error error = cursor_open(txn, TABLE_INSTITUTION, &cursor);
	if (error)
		return error;
	error = cursor_seek(cursor, (struct span){0}, &key, &value);
	while (!error) {
		error = row_of(value, &row);
		if (error || !visit(context, row))
			break;
		error = cursor_next(cursor, &key, &value);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error institution_take_slot(struct txn *txn, const char uscc[USCC_SIZE], uint32_t *slot)
{
	const struct institution_row *found = NULL;
	enum error error = institution_get(txn, uscc, &found);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	struct institution_row row = *found;
	*slot = row.next_slot++;
	return institution_put(txn, &row);
}

bool institution_barred(const struct institution_row *row, int32_t day)
{
	return row->barred_from <= day && day <= row->barred_until;
}

/* --- profile ----------------------------------------------------------------------------------------------- */

enum error institution_profile(
    struct txn *txn, const char uscc[USCC_SIZE], struct institution_profile *profile)
{
	uint8_t key[INSTITUTION_KEY_SIZE];
	struct span value;
	enum error error =
	    store_get(txn, TABLE_INSTITUTION_NAME, institution_key(key, uscc), &value);
	if (error)
		return error;
	struct codec_reader reader = codec_reader(value);
	codec_array_exact(&reader, 4);
	profile->name = text_or_null_take(&reader, INSTITUTION_TEXT_MAX);
	profile->account = text_or_null_take(&reader, INSTITUTION_TEXT_MAX);
	profile->bank = text_or_null_take(&reader, INSTITUTION_TEXT_MAX);
	profile->grounds = text_or_null_take(&reader, INSTITUTION_TEXT_MAX);
	return codec_finish(&reader) ? ERROR_CORRUPT : ERROR_NONE;
}

enum error institution_profile_put(
    struct txn *txn, const char uscc[USCC_SIZE], const struct institution_profile *profile)
{
	uint8_t key[INSTITUTION_KEY_SIZE];
	struct buffer value = {0};
	codec_put_array(&value, 4);
	text_or_null_put(&value, profile->name);
	text_or_null_put(&value, profile->account);
	text_or_null_put(&value, profile->bank);
	text_or_null_put(&value, profile->grounds);
	enum error error = value.failed ? value.failed
					: store_put(txn, TABLE_INSTITUTION_NAME,
					      institution_key(key, uscc), buffer_span(&value));
	buffer_free(&value);
	return error;
}

/* --- changes ----------------------------------------------------------------------------------------------- */

struct institution_row institution_row_new(
    const char uscc[USCC_SIZE], uint32_t host, int32_t day, uint64_t sequence)
{
	struct institution_row row = {
	    .standing = STANDING_GOOD,
	    .host = host,
	    .standing_from = day,
	    .barred_from = DAY_NEVER,
	    .barred_until = DAY_NEVER - 1,
	    .registered_at = sequence,
	};
	memcpy(row.uscc, uscc, USCC_SIZE);
	return row;
}

/* A bar that is still open goes on; a new one begins. */
static void row_bar(struct institution_row *row, uint8_t standing, int32_t from_day)
{
	bool open = row->barred_from <= row->barred_until && row->barred_until == DAY_NEVER;
	if (!open || from_day < row->barred_from)
		row->barred_from = from_day;
	row->barred_until = DAY_NEVER;
	row->standing = standing;
	row->standing_from = from_day;
}

static void row_clear_bar(struct institution_row *row, uint8_t standing, int32_t from_day)
{
	if (row->barred_from <= row->barred_until && row->barred_until >= from_day)
		row->barred_until = from_day - 1;
	row->standing = standing;
	row->standing_from = from_day;
}

void institution_row_change(struct institution_row *row, const struct institution_line *line)
{
	switch (line->operation) {
	case INSTITUTION_REGISTER:
	case INSTITUTION_UPDATE:
		row->kind = (uint8_t)line->kind;
		row->district = line->district;
		row->licensed_beds = line->beds;
		row->star = line->star;
		break;
	case INSTITUTION_KEY:
		break; /* the keyring's */
	case INSTITUTION_SUSPEND:
		row_bar(row, STANDING_SUSPENDED, line->from_day);
		break;
	case INSTITUTION_BLACKLIST:
		row_bar(row, STANDING_BLACK, line->from_day);
		break;
	case INSTITUTION_RESTORE:
		row_clear_bar(row, STANDING_GOOD, line->from_day);
		break;
	case INSTITUTION_REDLIST:
		row_clear_bar(row, STANDING_RED, line->from_day);
		break;
	}
}
