/* person.c: the table of persons, and facts sealed into lines. */
#include "person.h"

#include <assert.h>
#include <sodium.h>

#include "entitlement.h"
#include "lines.h"
#include "person_internal.h"
#include "registry.h"
#include "settlement_internal.h"
#include "stay.h"
#include "tables.h"

_Static_assert(sizeof(struct person_row) == 360, "no padding, and a multiple of 8");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "rows are kept as they lie in memory");

#define PERSON_KEY_SIZE 8
#define FLAGS_ALL (PERSON_DISABLED | PERSON_FAMILY_PLANNING | PERSON_SEVERELY_DISABLED)

bool person_is_own(const struct settlement *settlement, uint64_t code)
{
	return person_code_region(code) == settlement_region(settlement);
}

enum error person_get(struct txn *txn, uint64_t code, const struct person_row **row)
{
	uint8_t key[PERSON_KEY_SIZE];
	struct span value;
	be64_write(key, code);
	enum error error = store_get(txn, TABLE_PERSON, span_of(key, sizeof(key)), &value);
	if (error)
		return error;
	if (value.size != sizeof(**row))
		return ERROR_CORRUPT;
	*row = (const struct person_row *)(const void *)value.data;
	assert((uintptr_t)*row % _Alignof(struct person_row) == 0);
	return ERROR_NONE;
}

enum error person_put(struct txn *txn, const struct person_row *row)
{
	uint8_t key[PERSON_KEY_SIZE];
	be64_write(key, row->code);
	enum error error =
	    store_put(txn, TABLE_PERSON, span_of(key, sizeof(key)), span_of(row, sizeof(*row)));
	return error ? error : stay_person_changed(txn, row);
}

enum error person_each(struct txn *txn, uint64_t from_code, person_visit *visit, void *context)
{
	uint8_t from[PERSON_KEY_SIZE];
	struct cursor *cursor = NULL;
	struct span key, value;
	be64_write(from, from_code);
	enum error error = cursor_open(txn, TABLE_PERSON, &cursor);
	if (error)
		return error;
	error = cursor_seek(cursor, span_of(from, sizeof(from)), &key, &value);
	while (!error) {
		if (value.size != sizeof(struct person_row)) {
			error = ERROR_CORRUPT;
			break;
		}
		if (!visit(context, (const struct person_row *)(const void *)value.data))
			break;
		error = cursor_next(cursor, &key, &value);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error person_next_serial(struct txn *txn, uint32_t region, uint32_t *serial)
{
	uint8_t after[PERSON_KEY_SIZE];
	struct cursor *cursor = NULL;
	struct span key, value;
	be64_write(after, (uint64_t)(region + 1) * UINT64_C(10000000000));
	*serial = 0;
	enum error error = cursor_open(txn, TABLE_PERSON, &cursor);
	if (error)
		return error;
	error = cursor_seek(cursor, span_of(after, sizeof(after)), &key, &value);
	if (!error)
		error = cursor_previous(cursor, &key, &value);
	else if (error == ERROR_NOT_FOUND)
		error = cursor_last(cursor, &key, &value);
	if (!error) {
		uint64_t code = be64_read(key.data);
		if (person_code_region(code) == region)
			*serial = (uint32_t)(code / 10 % UINT64_C(1000000000)) + 1;
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

struct person_row person_row_new(uint64_t code, uint32_t state)
{
	return (struct person_row){.code = code, .state = state, .death_day = DAY_NEVER};
}

/* Where a sealed value belongs: the person and the kind of entry. */
static struct span seal_place(uint8_t place[10], uint64_t code, uint16_t kind)
{
	be64_write(place, code);
	place[8] = (uint8_t)(kind >> 8);
	place[9] = (uint8_t)kind;
	return span_of(place, 10);
}

void person_seal_line(struct buffer *out, uint64_t code, uint16_t kind, struct span plain,
    const struct hash *fact_key, const uint8_t nonce[SEAL_NONCE_SIZE])
{
	uint8_t place[10];
	struct buffer sealed = {0};
	seal_write(&sealed, fact_key, nonce, seal_place(place, code, kind), plain);
	codec_put_array(out, 2);
	codec_put_uint(out, code);
	codec_put_bytes(out, buffer_span(&sealed));
	if (sealed.failed)
		out->failed = sealed.failed;
	buffer_free(&sealed);
}

enum error person_open_sealed(uint64_t code, uint16_t kind, struct span sealed,
    const struct hash *fact_key, struct seal_plain *plain)
{
	uint8_t place[10];
	return seal_open(fact_key, seal_place(place, code, kind), sealed, plain);
}

void person_facts_write(struct buffer *out, const struct person_facts *facts)
{
	codec_put_array(out, 4);
	day_put(out, facts->birth_day);
	day_or_never_put(out, facts->death_day);
	codec_put_uint(out, facts->income_class);
	codec_put_uint(out, facts->flags);
}

void person_facts_take(struct codec_reader *reader, struct person_facts *facts)
{
	codec_array_exact(reader, 4);
	facts->birth_day = day_take(reader);
	facts->death_day = day_or_never_take(reader);
	facts->income_class = (uint32_t)codec_uint_max(reader, INCOME_OTHER);
	facts->flags = (uint32_t)codec_uint_max(reader, FLAGS_ALL);
	bool one_class = facts->income_class == INCOME_DESTITUTE ||
			 facts->income_class == INCOME_MINIMUM ||
			 facts->income_class == INCOME_LOW || facts->income_class == INCOME_OTHER;
	if (!one_class || facts->death_day < facts->birth_day)
		reader->failed = ERROR_MALFORMED;
}

void person_line_write(struct buffer *out, const struct person_facts *facts,
    const struct hash *fact_key, const uint8_t nonce[SEAL_NONCE_SIZE])
{
	struct buffer plain = {0};
	person_facts_write(&plain, facts);
	if (plain.failed)
		out->failed = plain.failed;
	else
		person_seal_line(
		    out, facts->code, KIND_person, buffer_span(&plain), fact_key, nonce);
	if (plain.data)
		sodium_memzero(plain.data, plain.size);
	buffer_free(&plain);
}

enum error person_sealed_line_read(struct span line, uint64_t *code, struct span *sealed)
{
	struct codec_reader reader = codec_reader(line);
	codec_array_exact(&reader, 2);
	*code = codec_uint(&reader);
	*sealed = codec_bytes(&reader);
	return codec_finish(&reader);
}

enum error person_facts_open(
    uint64_t code, struct span sealed, const struct hash *fact_key, struct person_facts *facts)
{
	struct seal_plain plain;
	enum error error = person_open_sealed(code, KIND_person, sealed, fact_key, &plain);
	if (!error) {
		struct codec_reader reader = codec_reader(span_of(plain.bytes, plain.size));
		person_facts_take(&reader, facts);
		facts->code = code;
		error = codec_finish(&reader);
	}
	seal_wipe(&plain);
	return error;
}

enum error person_line_open(
    struct span line, const struct hash *fact_key, struct person_facts *facts)
{
	uint64_t code = 0;
	struct span sealed;
	enum error error = person_sealed_line_read(line, &code, &sealed);
	return error ? error : person_facts_open(code, sealed, fact_key, facts);
}

enum error person_fact_key(
    struct settlement *settlement, struct txn *txn, uint64_t code, struct hash *fact_key)
{
	const struct hash *registry_key = settlement_registry_key(settlement);
	struct registry_row row;
	if (!registry_key)
		return ERROR_NOT_FOUND;
	enum error error =
	    registry_get(settlement->options.registry ? settlement->options.registry : txn,
		registry_key, code, &row);
	if (error)
		return error;
	*fact_key = row.fact_key;
	registry_row_wipe(&row);
	return ERROR_NONE;
}

enum error person_known(struct settlement *settlement, struct txn *txn, uint64_t code,
    struct person_row *row, enum reason *reason)
{
	const struct person_row *found = NULL;
	*reason = REASON_unknown_person;
	if (!person_code_valid(code) || !person_is_own(settlement, code))
		return ERROR_NONE;
	enum error error = person_get(txn, code, &found);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	*row = *found;
	*reason = row->state & PERSON_ERASED ? REASON_erased : REASON_approved;
	return ERROR_NONE;
}

enum error person_forget(struct txn *txn, uint64_t code, uint32_t state)
{
	struct person_row row = person_row_new(code, state | PERSON_ERASED);
	enum error error = grant_forget(txn, code);
	return error ? error : person_put(txn, &row);
}

void person_set_facts(struct person_row *row, const struct person_facts *facts, uint64_t sequence)
{
	row->birth_day = facts->birth_day;
	row->death_day = facts->death_day;
	row->income_class = facts->income_class;
	row->flags = facts->flags;
	row->state |= PERSON_HAS_FACTS;
	row->facts_sequence = sequence;
}
