#include "claim_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "claim.h"
#include "tables.h"

#define PERSONS_BUCKETS 16384u
#define PROGRAMMES_OF_SHEET_MAX SHEET_PROGRAMMES_MAX
/* Days of a need that are claimed stand under its number, those that were freed again NEED_COUNT further on. */
#define DAYS_ROWS (2 * NEED_COUNT)
#define FREED_FLAG 0x80u /* in the row's key */

/* Claimed days of one need: a copy of the row, as long as the institution has stays. */
struct days_of_need {
	bool loaded, changed;
	uint32_t *days;
	uint32_t capacity;
};

struct programme_use {
	uint32_t tag;
	bool changed;
	int64_t fen;
};

struct person_use {
	uint64_t person;
	uint32_t bucket;
	bool changed;
	int64_t fen;
};

struct claim_state {
	struct txn *txn;
	char uscc[USCC_SIZE];
	uint32_t month, slots;
	enum error failed;
	struct days_of_need needs[DAYS_ROWS];
	struct service_days *services;
	bool nights_loaded, nights_changed, nights_apart;
	int64_t nights;
	struct programme_use programmes[PROGRAMMES_OF_SHEET_MAX];
	size_t programme_count;
	/* Open hashing; a person that is looked up is remembered. */
	struct person_use *persons;
	uint32_t *person_slots;
	size_t person_count, person_capacity;
};

enum error claim_state_create(struct claim_state **state)
{
	enum error error;

	*state = calloc(1, sizeof **state);
	if (!*state)
		return ERROR_MEMORY;
	error = service_days_create(&(*state)->services);
	if (error) {
		claim_state_free(*state);
		*state = NULL;
	}
	return error;
}

void claim_state_free(struct claim_state *state)
{
	if (!state)
		return;
	for (size_t i = 0; i < DAYS_ROWS; i++)
		free(state->needs[i].days);
	service_days_free(state->services);
	free(state->persons);
	free(state->person_slots);
	free(state);
}

void claim_state_begin(
    struct claim_state *state, struct txn *txn, const char *uscc, uint32_t month, uint32_t slots)
{
	state->txn = txn;
	memcpy(state->uscc, uscc, USCC_SIZE);
	state->month = month;
	state->slots = slots;
	state->failed = ERROR_NONE;
	service_days_begin(state->services, txn, uscc, month);
	for (size_t i = 0; i < DAYS_ROWS; i++)
		state->needs[i].loaded = state->needs[i].changed = false;
	state->nights_loaded = state->nights_changed = state->nights_apart = false;
	state->programme_count = 0;
	for (size_t i = 0; i < state->person_count; i++)
		state->person_slots[state->persons[i].bucket] = 0;
	state->person_count = 0;
}

enum error claim_state_failed(const struct claim_state *state)
{
	return state->failed ? state->failed : service_days_failed(state->services);
}

struct service_days *claim_state_services(struct claim_state *state)
{
	return state->services;
}

void claim_state_fail(struct claim_state *state, enum error error)
{
	if (!state->failed)
		state->failed = error;
}

/* Rows of one number. */

static int64_t load_number(struct claim_state *state, unsigned table, struct span key)
{
	struct span row;
	int64_t value = 0;
	enum error error = store_get(state->txn, table, key, &row);

	if (error == ERROR_NOT_FOUND)
		return 0;
	if (!error && row.size != sizeof value)
		error = ERROR_CORRUPT;
	if (error)
		claim_state_fail(state, error);
	else
		memcpy(&value, row.data, sizeof value);
	return value;
}

static enum error store_number(struct txn *txn, unsigned table, struct span key, int64_t value)
{
	return store_put(txn, table, key, span_of(&value, sizeof value));
}

/* In all these keys the month stands before what there is much of: claims come month by month, so that a sheet meets neighbouring rows on
 * few pages, and the pages of earlier months stay as they are.
 *
 * Days. Key: month BE32 || uscc || need (with FREED_FLAG: freed again). */

#define DAYS_KEY_SIZE (USCC_SIZE + 4 + 1)

static void days_key(const char *uscc, uint32_t month, unsigned need, uint8_t key[DAYS_KEY_SIZE])
{
	be32_write(key, month);
	memcpy(key + 4, uscc, USCC_SIZE);
	key[4 + USCC_SIZE] = (uint8_t)(need < NEED_COUNT ? need : (need - NEED_COUNT) | FREED_FLAG);
}

static void load_days(struct claim_state *state, unsigned need)
{
	struct days_of_need *of = &state->needs[need];
	uint8_t key[DAYS_KEY_SIZE];
	struct span row;
	enum error error;

	if (of->capacity < state->slots) {
		uint32_t *grown = realloc(of->days, state->slots * sizeof *grown);
		if (!grown) {
			claim_state_fail(state, ERROR_MEMORY);
			return;
		}
		of->days = grown;
		of->capacity = state->slots;
	}
	of->loaded = true;
	if (state->slots == 0)
		return;
	memset(of->days, 0, state->slots * sizeof *of->days);
	days_key(state->uscc, state->month, need, key);
	error = store_get(state->txn, TABLE_CLAIMED, span_of(key, sizeof key), &row);
	if (error == ERROR_NOT_FOUND)
		return;
	if (!error &&
	    (row.size % sizeof *of->days != 0 || row.size > state->slots * sizeof *of->days))
		error = ERROR_CORRUPT;
	if (error)
		claim_state_fail(state, error);
	else
		memcpy(of->days, row.data, row.size);
}

static struct days_of_need *days_of(struct claim_state *state, unsigned need)
{
	assert(need > 0 && need < DAYS_ROWS && need != NEED_COUNT);
	if (!state->needs[need].loaded)
		load_days(state, need);
	return state->failed ? NULL : &state->needs[need];
}

uint32_t claim_state_days(struct claim_state *state, enum need need, uint32_t slot)
{
	const struct days_of_need *of = days_of(state, need);

	return of && slot < state->slots ? of->days[slot] : 0;
}

static uint32_t days_at(struct claim_state *state, const char *uscc, unsigned need, uint32_t slot)
{
	uint8_t key[DAYS_KEY_SIZE];
	const struct days_of_need *of;
	uint32_t days = 0;
	struct span row;
	enum error error;

	if (memcmp(uscc, state->uscc, USCC_SIZE) == 0) {
		of = days_of(state, need);
		return of && slot < state->slots ? of->days[slot] : 0;
	}
	days_key(uscc, state->month, need, key);
	error = store_get(state->txn, TABLE_CLAIMED, span_of(key, sizeof key), &row);
	if (error && error != ERROR_NOT_FOUND)
		claim_state_fail(state, error);
	else if (!error && row.size >= (slot + 1) * sizeof days)
		memcpy(&days, row.data + slot * sizeof days, sizeof days);
	return days;
}

uint32_t claim_state_days_at(
    struct claim_state *state, const char *uscc, enum need need, uint32_t slot)
{
	return days_at(state, uscc, need, slot);
}

uint32_t claim_state_freed_at(
    struct claim_state *state, const char *uscc, enum need need, uint32_t slot)
{
	return days_at(state, uscc, NEED_COUNT + (unsigned)need, slot);
}

static uint32_t mask(const struct night_piece *piece)
{
	assert(1 <= piece->from && piece->from <= piece->until && piece->until <= 31);
	return night_bits(piece->from, piece->until);
}

/* The claimed days of one month, of those that `piece` names. */
static enum error days_claimed(struct txn *txn, const char *uscc, uint32_t month, unsigned need,
    const struct night_piece *piece, uint32_t *days)
{
	uint8_t key[DAYS_KEY_SIZE];
	struct span row;
	enum error error;

	*days = 0;
	days_key(uscc, month, need, key);
	error = store_get(txn, TABLE_CLAIMED, span_of(key, sizeof key), &row);
	if (!error && row.size >= (piece->slot + 1) * sizeof *days)
		memcpy(days, row.data + piece->slot * sizeof *days, sizeof *days);
	*days &= mask(piece);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error claim_days_claimed(struct txn *txn, const char *uscc, unsigned need, uint32_t slot,
    int32_t from_day, int32_t until_day, bool *claimed)
{
	enum error error = ERROR_NONE;

	*claimed = false;
	while (!error && !*claimed && from_day <= until_day) {
		uint32_t month = month_of_day(from_day), days = 0;
		int32_t first = month_first_day(month), last = month_last_day(month);
		int32_t end = until_day < last ? until_day : last;
		struct night_piece piece = {.slot = slot,
		    .from = (uint8_t)(from_day - first + 1),
		    .until = (uint8_t)(end - first + 1)};

		for (unsigned one = 1; !error && !*claimed && one < NEED_COUNT; one++) {
			if (need == 0 || need == one)
				error = days_claimed(txn, uscc, month, one, &piece, &days);
			*claimed = days != 0;
		}
		from_day = last + 1;
	}
	return error;
}

void claim_state_take_days(
    struct claim_state *state, enum need need, const struct night_piece *pieces, size_t count)
{
	struct days_of_need *of = days_of(state, need);

	if (!of)
		return;
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].slot >= state->slots) {
			claim_state_fail(state, ERROR_CORRUPT);
			return;
		}
		of->days[pieces[i].slot] |= mask(&pieces[i]);
	}
	of->changed = true;
}

void claim_state_free_days(
    struct claim_state *state, enum need need, const struct night_piece *pieces, size_t count)
{
	struct days_of_need *of = days_of(state, need),
			    *freed = days_of(state, NEED_COUNT + (unsigned)need);

	if (!of || !freed)
		return;
	for (size_t i = 0; i < count; i++) {
		uint32_t slot = pieces[i].slot, days = mask(&pieces[i]);

		if (slot >= state->slots) {
			claim_state_fail(state, ERROR_CORRUPT);
			return;
		}
		freed->days[slot] |= of->days[slot] & days;
		of->days[slot] &= ~days;
	}
	of->changed = freed->changed = true;
}

/* Bed nights. Key: month BE32 || uscc. */

#define NIGHTS_KEY_SIZE (USCC_SIZE + 4)

static void nights_key(const struct claim_state *state, uint8_t key[NIGHTS_KEY_SIZE])
{
	be32_write(key, state->month);
	memcpy(key + 4, state->uscc, USCC_SIZE);
}

int64_t claim_state_nights(struct claim_state *state)
{
	if (!state->nights_loaded) {
		uint8_t key[NIGHTS_KEY_SIZE];

		nights_key(state, key);
		state->nights = load_number(state, TABLE_CAPACITY, span_of(key, sizeof key));
		state->nights_loaded = true;
	}
	return state->nights;
}

void claim_state_take_nights(struct claim_state *state, int64_t nights)
{
	claim_state_nights(state);
	state->nights += nights;
	state->nights_changed = true;
}

void claim_state_nights_apart(struct claim_state *state)
{
	state->nights_loaded = state->nights_apart = true;
	state->nights = 0;
}

/* Programme caps. Key: 1 || month BE32 || tag BE32. */

#define PROGRAMME_KEY_SIZE 9

static void programme_key(
    const struct claim_state *state, uint32_t tag, uint8_t key[PROGRAMME_KEY_SIZE])
{
	key[0] = 1;
	be32_write(key + 1, state->month);
	be32_write(key + 5, tag);
}

static struct programme_use *programme_use(struct claim_state *state, uint32_t tag)
{
	uint8_t key[PROGRAMME_KEY_SIZE];
	struct programme_use *use;

	for (size_t i = 0; i < state->programme_count; i++) {
		if (state->programmes[i].tag == tag)
			return &state->programmes[i];
	}
	assert(state->programme_count < PROGRAMMES_OF_SHEET_MAX);
	use = &state->programmes[state->programme_count++];
	programme_key(state, tag, key);
	*use = (struct programme_use){
	    .tag = tag, .fen = load_number(state, TABLE_USAGE, span_of(key, sizeof key))};
	return use;
}

int64_t claim_state_programme(struct claim_state *state, uint32_t tag)
{
	return programme_use(state, tag)->fen;
}

void claim_state_take_programme(struct claim_state *state, uint32_t tag, int64_t fen)
{
	struct programme_use *use = programme_use(state, tag);

	use->fen += fen;
	use->changed = true;
}

/* Caps of a person and month. Key: 2 || month BE32 || person BE64. */

#define PERSON_KEY_SIZE 13

static void person_key(
    const struct claim_state *state, uint64_t person, uint8_t key[PERSON_KEY_SIZE])
{
	key[0] = 2;
	be32_write(key + 1, state->month);
	be64_write(key + 5, person);
}

static bool persons_grow(struct claim_state *state)
{
	size_t capacity = state->person_capacity ? 2 * state->person_capacity : 256;
	struct person_use *grown;

	if (!state->person_slots)
		state->person_slots = calloc(PERSONS_BUCKETS, sizeof *state->person_slots);
	grown = state->person_slots ? realloc(state->persons, capacity * sizeof *grown) : NULL;
	if (!grown) {
		claim_state_fail(state, ERROR_MEMORY);
		return false;
	}
	state->persons = grown;
	state->person_capacity = capacity;
	return true;
}

static struct person_use *person_use(struct claim_state *state, uint64_t person)
{
	uint32_t at = (uint32_t)((person * UINT64_C(0x9e3779b97f4a7c15)) >> 50) % PERSONS_BUCKETS;
	uint8_t key[PERSON_KEY_SIZE];

	/* A sheet has at most SHEET_LINES_MAX persons: there is always a free bucket. */
	_Static_assert(PERSONS_BUCKETS > SHEET_LINES_MAX, "the table never fills");
	if (state->person_count == state->person_capacity && !persons_grow(state))
		return NULL;
	for (; state->person_slots[at]; at = (at + 1) % PERSONS_BUCKETS) {
		if (state->persons[state->person_slots[at] - 1].person == person)
			return &state->persons[state->person_slots[at] - 1];
	}
	person_key(state, person, key);
	state->persons[state->person_count] = (struct person_use){.person = person,
	    .bucket = at,
	    .fen = load_number(state, TABLE_USAGE, span_of(key, sizeof key))};
	state->person_slots[at] = (uint32_t)++state->person_count;
	return &state->persons[state->person_count - 1];
}

int64_t claim_state_person(struct claim_state *state, uint64_t person)
{
	const struct person_use *use = person_use(state, person);

	return use ? use->fen : 0;
}

void claim_state_take_person(struct claim_state *state, uint64_t person, int64_t fen)
{
	struct person_use *use = person_use(state, person);

	if (!use)
		return;
	use->fen += fen;
	use->changed = true;
}

/* Writing back. */

static enum error store_days(const struct claim_state *state, struct txn *txn)
{
	for (unsigned need = 1; need < DAYS_ROWS; need++) {
		const struct days_of_need *of = &state->needs[need];
		uint8_t key[DAYS_KEY_SIZE];
		enum error error;

		if (!of->changed)
			continue;
		days_key(state->uscc, state->month, need, key);
		error = store_put(txn, TABLE_CLAIMED, span_of(key, sizeof key),
		    span_of(of->days, state->slots * sizeof *of->days));
		if (error)
			return error;
	}
	return ERROR_NONE;
}

/* The lines of a sheet come in order of person, and so do these rows. */
static enum error store_persons(const struct claim_state *state, struct txn *txn)
{
	struct cursor *cursor;
	enum error error = cursor_open(txn, TABLE_USAGE, &cursor);

	for (size_t i = 0; !error && i < state->person_count; i++) {
		uint8_t key[PERSON_KEY_SIZE];

		person_key(state, state->persons[i].person, key);
		if (state->persons[i].changed)
			error = cursor_put(cursor, span_of(key, sizeof key),
			    span_of(&state->persons[i].fen, sizeof state->persons[i].fen));
	}
	cursor_close(cursor);
	return error;
}

static enum error store_usage_rows(const struct claim_state *state, struct txn *txn)
{
	enum error error = ERROR_NONE;

	for (size_t i = 0; !error && i < state->programme_count; i++) {
		uint8_t key[PROGRAMME_KEY_SIZE];

		programme_key(state, state->programmes[i].tag, key);
		if (state->programmes[i].changed)
			error = store_number(
			    txn, TABLE_USAGE, span_of(key, sizeof key), state->programmes[i].fen);
	}
	return error ? error : store_persons(state, txn);
}

enum error claim_state_store(struct claim_state *state, struct txn *txn)
{
	enum error error = claim_state_failed(state);

	if (!error)
		error = store_days(state, txn);
	if (!error)
		error = service_days_store(state->services, txn);
	if (!error && state->nights_changed && !state->nights_apart) {
		uint8_t key[NIGHTS_KEY_SIZE];

		nights_key(state, key);
		error = store_number(txn, TABLE_CAPACITY, span_of(key, sizeof key), state->nights);
	}
	return error ? error : store_usage_rows(state, txn);
}

/* Sheets. Key: uscc || number BE64. */

#define SHEET_KEY_SIZE (USCC_SIZE + 8)

_Static_assert(sizeof(struct sheet_row) == 72, "no padding");

enum error sheet_row_get(struct txn *txn, const char *uscc, uint64_t number, struct sheet_row *row)
{
	uint8_t key[SHEET_KEY_SIZE];
	struct span value;
	enum error error;

	memcpy(key, uscc, USCC_SIZE);
	be64_write(key + USCC_SIZE, number);
	error = store_get(txn, TABLE_SHEET, span_of(key, sizeof key), &value);
	if (!error && value.size != sizeof *row)
		error = ERROR_CORRUPT;
	if (!error)
		memcpy(row, value.data, sizeof *row);
	return error;
}

enum error sheet_row_put(
    struct txn *txn, const char *uscc, uint64_t number, const struct sheet_row *row)
{
	uint8_t key[SHEET_KEY_SIZE];

	memcpy(key, uscc, USCC_SIZE);
	be64_write(key + USCC_SIZE, number);
	return store_put(txn, TABLE_SHEET, span_of(key, sizeof key), span_of(row, sizeof *row));
}

enum error sheet_row_each(struct txn *txn, const char *uscc, sheet_row_visit *visit, void *context)
{
	struct span prefix = uscc ? span_of(uscc, USCC_SIZE) : (struct span){NULL, 0}, key, value;
	struct cursor *cursor;
	enum error error = cursor_open(txn, TABLE_SHEET, &cursor);

	if (error)
		return error;
	error = cursor_seek(cursor, prefix, &key, &value);
	while (!error && span_starts_with(key, prefix)) {
		char text[USCC_SIZE + 1] = {0};
		struct sheet_row row;

		if (key.size != SHEET_KEY_SIZE || value.size != sizeof row) {
			error = ERROR_CORRUPT;
			break;
		}
		memcpy(text, key.data, USCC_SIZE);
		memcpy(&row, value.data, sizeof row);
		if (!visit(context, text, be64_read(key.data + USCC_SIZE), &row))
			break;
		error = cursor_next(cursor, &key, &value);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error sheet_expected(struct txn *txn, const struct sheet_header *header, uint64_t *sequence)
{
	struct buffer payload = {0};
	struct sheet_row row;
	struct hash hash;
	enum error error = sheet_row_get(txn, header->uscc, header->number, &row);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	*sequence = row.sequence;
	sheet_header_write(&payload, header);
	error = payload.failed;
	hash = hash_sha256(buffer_span(&payload));
	buffer_free(&payload);
	if (error)
		return error;
	return hash_equal(&hash, &row.header) ? ERROR_REPEAT : ERROR_CONFLICT;
}

/* Reversed lines. Key: sequence BE64 || line BE32 -> entry BE64. */

enum error reversed_by(struct txn *txn, uint64_t sequence, uint32_t line, uint64_t *by)
{
	uint8_t key[12];
	struct span value;
	enum error error;

	*by = 0;
	be64_write(key, sequence);
	be32_write(key + 8, line);
	error = store_get(txn, TABLE_REVERSED, span_of(key, sizeof key), &value);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	if (value.size != 8)
		return ERROR_CORRUPT;
	*by = be64_read(value.data);
	return ERROR_NONE;
}

enum error reversed_get(struct txn *txn, uint64_t sequence, uint32_t line, bool *reversed)
{
	uint64_t by;
	enum error error = reversed_by(txn, sequence, line, &by);

	*reversed = by != 0;
	return error;
}

enum error reversed_put(struct txn *txn, uint64_t sequence, uint32_t line, uint64_t by)
{
	uint8_t key[12], value[8];

	be64_write(key, sequence);
	be32_write(key + 8, line);
	be64_write(value, by);
	return store_insert(
	    txn, TABLE_REVERSED, span_of(key, sizeof key), span_of(value, sizeof value));
}
