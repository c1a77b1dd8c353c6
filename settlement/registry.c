#include "registry.h"

#include <sodium.h>
#include <string.h>

#include "codec.h"
#include "tables.h"

#define CODE_KEY_SIZE 8

void registry_row_wipe(struct registry_row *row)
{
	sodium_memzero(row, sizeof(*row));
}

static struct hash row_key(const struct hash *registry_key)
{
	return seal_keyed_hash(registry_key, span_text("suiren registry row 1"));
}

static struct hash index_of(const struct hash *registry_key, struct span id_number)
{
	struct hash key = seal_keyed_hash(registry_key, span_text("suiren registry index 1"));
	struct hash index = seal_keyed_hash(&key, id_number);
	sodium_memzero(&key, sizeof(key));
	return index;
}

/* Open the row that is stored under `code_key`. */
static enum error row_read(struct span sealed, const struct hash *registry_key,
    const uint8_t code_key[CODE_KEY_SIZE], struct registry_row *row)
{
	struct hash key = row_key(registry_key);
	struct seal_plain plain;
	enum error error = seal_open(&key, span_of(code_key, CODE_KEY_SIZE), sealed, &plain);
	struct codec_reader reader = codec_reader(span_of(plain.bytes, error ? 0 : plain.size));
	codec_array_exact(&reader, 5);
	codec_text_copy(&reader, row->name, sizeof(row->name));
	codec_text_copy(&reader, row->id_number, sizeof(row->id_number));
	codec_text_copy(&reader, row->card, sizeof(row->card));
	codec_text_copy(&reader, row->bank, sizeof(row->bank));
	codec_bytes_exact(&reader, row->fact_key.bytes, HASH_SIZE);
	if (!error)
		error = codec_finish(&reader);
	seal_wipe(&plain);
	sodium_memzero(&key, sizeof(key));
	if (error)
		registry_row_wipe(row);
	return error ? ERROR_CORRUPT : ERROR_NONE;
}

enum error registry_get(
    struct txn *txn, const struct hash *registry_key, uint64_t code, struct registry_row *row)
{
	uint8_t code_key[CODE_KEY_SIZE];
	struct span sealed;
	be64_write(code_key, code);
	enum error error =
	    store_get(txn, TABLE_REGISTRY, span_of(code_key, sizeof(code_key)), &sealed);
	return error ? error : row_read(sealed, registry_key, code_key, row);
}

enum error registry_find(
    struct txn *txn, const struct hash *registry_key, struct span id_number, uint64_t *code)
{
	struct hash index = index_of(registry_key, id_number);
	struct span value;
	enum error error = store_get(txn, TABLE_REGISTRY_INDEX, hash_span(&index), &value);
	if (error)
		return error;
	if (value.size != CODE_KEY_SIZE)
		return ERROR_CORRUPT;
	*code = be64_read(value.data);
	return ERROR_NONE;
}

static enum error index_delete(
    struct txn *txn, const struct hash *registry_key, const char *id_number)
{
	struct hash index = index_of(registry_key, span_text(id_number));
	enum error error = store_delete(txn, TABLE_REGISTRY_INDEX, hash_span(&index));
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Take the ID number for `code`: free, or the code's already. */
static enum error index_put(struct txn *txn, const struct hash *registry_key, const char *id_number,
    uint64_t code, uint64_t *other)
{
	uint64_t holder = code;
	uint8_t code_key[CODE_KEY_SIZE];
	struct hash index = index_of(registry_key, span_text(id_number));
	enum error error = registry_find(txn, registry_key, span_text(id_number), &holder);
	if (!error && holder != code) {
		if (other)
			*other = holder;
		return ERROR_CONFLICT;
	}
	if (error != ERROR_NOT_FOUND)
		return error;
	be64_write(code_key, code);
	return store_put(
	    txn, TABLE_REGISTRY_INDEX, hash_span(&index), span_of(code_key, sizeof(code_key)));
}

static void row_write(struct buffer *sealed, const struct hash *registry_key,
    const uint8_t code_key[CODE_KEY_SIZE], const struct registry_row *row,
    const uint8_t nonce[SEAL_NONCE_SIZE])
{
	struct hash key = row_key(registry_key);
	struct buffer plain = {0};
	codec_put_array(&plain, 5);
	codec_put_text(&plain, span_text(row->name));
	codec_put_text(&plain, span_text(row->id_number));
	codec_put_text(&plain, span_text(row->card));
	codec_put_text(&plain, span_text(row->bank));
	codec_put_bytes(&plain, hash_span(&row->fact_key));
	if (plain.failed)
		sealed->failed = plain.failed;
	else
		seal_write(
		    sealed, &key, nonce, span_of(code_key, CODE_KEY_SIZE), buffer_span(&plain));
	if (plain.data)
		sodium_memzero(plain.data, plain.size);
	buffer_free(&plain);
	sodium_memzero(&key, sizeof(key));
}

enum error registry_put(struct txn *txn, const struct hash *registry_key, uint64_t code,
    const struct registry_row *row, const uint8_t nonce[SEAL_NONCE_SIZE], uint64_t *other)
{
	uint8_t code_key[CODE_KEY_SIZE];
	struct buffer sealed = {0};
	struct registry_row old = {0};
	be64_write(code_key, code);
	enum error error = registry_get(txn, registry_key, code, &old);
	bool replaces = !error && strcmp(old.id_number, row->id_number) != 0;
	if (error == ERROR_NOT_FOUND)
		error = ERROR_NONE;
	if (!error)
		error = index_put(txn, registry_key, row->id_number, code, other);
	if (!error && replaces)
		error = index_delete(txn, registry_key, old.id_number);
	if (error)
		goto done;
	row_write(&sealed, registry_key, code_key, row, nonce);
	error = sealed.failed ? sealed.failed
			      : store_put(txn, TABLE_REGISTRY, span_of(code_key, sizeof(code_key)),
				    buffer_span(&sealed));
done:
	registry_row_wipe(&old);
	buffer_free(&sealed);
	return error;
}

enum error registry_erase(struct txn *txn, const struct hash *registry_key, uint64_t code)
{
	uint8_t code_key[CODE_KEY_SIZE];
	struct registry_row row;
	be64_write(code_key, code);
	enum error error = registry_get(txn, registry_key, code, &row);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	error = index_delete(txn, registry_key, row.id_number);
	registry_row_wipe(&row);
	return error ? error
		     : store_delete(txn, TABLE_REGISTRY, span_of(code_key, sizeof(code_key)));
}

enum change { CHANGE_PUT = 1, CHANGE_CARD = 2, CHANGE_ERASE = 3 };

void registry_change_put(struct buffer *changes, uint64_t code, const struct registry_row *row,
    const uint8_t nonce[SEAL_NONCE_SIZE])
{
	codec_put_array(changes, 8);
	codec_put_uint(changes, CHANGE_PUT);
	codec_put_uint(changes, code);
	codec_put_bytes(changes, span_of(nonce, SEAL_NONCE_SIZE));
	codec_put_text(changes, span_text(row->name));
	codec_put_text(changes, span_text(row->id_number));
	codec_put_text(changes, span_text(row->card));
	codec_put_text(changes, span_text(row->bank));
	codec_put_bytes(changes, hash_span(&row->fact_key));
}

void registry_change_card(struct buffer *changes, uint64_t code, const char *card, const char *bank,
    const uint8_t nonce[SEAL_NONCE_SIZE])
{
	codec_put_array(changes, 5);
	codec_put_uint(changes, CHANGE_CARD);
	codec_put_uint(changes, code);
	codec_put_bytes(changes, span_of(nonce, SEAL_NONCE_SIZE));
	codec_put_text(changes, span_text(card));
	codec_put_text(changes, span_text(bank));
}

void registry_change_erase(struct buffer *changes, uint64_t code)
{
	codec_put_array(changes, 2);
	codec_put_uint(changes, CHANGE_ERASE);
	codec_put_uint(changes, code);
}

/* One change, read. */
struct reading {
	enum change change;
	uint64_t code;
	uint8_t nonce[SEAL_NONCE_SIZE];
	struct registry_row row;
};

static void change_read(struct codec_reader *reader, struct reading *reading)
{
	static const size_t fields[] = {0, 8, 5, 2};
	size_t count = codec_array(reader);
	struct registry_row *row = &reading->row;
	memset(reading, 0, sizeof(*reading));
	reading->change = (enum change)codec_uint_max(reader, CHANGE_ERASE);
	if (reading->change == 0 || count != fields[reading->change])
		reader->failed = ERROR_MALFORMED;
	reading->code = codec_uint(reader);
	if (reading->change != CHANGE_ERASE)
		codec_bytes_exact(reader, reading->nonce, SEAL_NONCE_SIZE);
	if (reading->change == CHANGE_PUT) {
		codec_text_copy(reader, row->name, sizeof(row->name));
		codec_text_copy(reader, row->id_number, sizeof(row->id_number));
	}
	if (reading->change != CHANGE_ERASE) {
		codec_text_copy(reader, row->card, sizeof(row->card));
		codec_text_copy(reader, row->bank, sizeof(row->bank));
	}
	if (reading->change == CHANGE_PUT)
		codec_bytes_exact(reader, row->fact_key.bytes, HASH_SIZE);
}

/* Account and bank of the row as it stands. */
static enum error card_change(
    struct txn *txn, const struct hash *registry_key, const struct reading *reading)
{
	struct registry_row row;
	enum error error = registry_get(txn, registry_key, reading->code, &row);
	if (error)
		return error;
	memcpy(row.card, reading->row.card, sizeof(row.card));
	memcpy(row.bank, reading->row.bank, sizeof(row.bank));
	error = registry_put(txn, registry_key, reading->code, &row, reading->nonce, NULL);
	registry_row_wipe(&row);
	return error;
}

static enum error change_make(struct txn *txn, const struct hash *registry_key,
    const struct reading *reading, unsigned number, struct error_detail *detail)
{
	uint64_t other;
	enum error error;
	if (reading->change == CHANGE_ERASE)
		return registry_erase(txn, registry_key, reading->code);
	if (reading->change == CHANGE_CARD) {
		error = card_change(txn, registry_key, reading);
		return error ? error_set(detail, error, "the registry: %s", error_text(error))
			     : ERROR_NONE;
	}
	error =
	    registry_put(txn, registry_key, reading->code, &reading->row, reading->nonce, &other);
	if (error == ERROR_CONFLICT)
		return error_set(detail, ERROR_EXISTS,
		    "row %u: the ID number is registered already, as %016llu 已登记", number,
		    (unsigned long long)other);
	return error;
}

enum error registry_change(struct txn *txn, const struct hash *registry_key, struct span changes,
    struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(changes);
	struct reading reading;
	enum error error = ERROR_NONE;
	for (unsigned i = 0; !error && !codec_at_end(&reader); i++) {
		if (i == ENTRY_LINES_MAX)
			return error_set(detail, ERROR_TOO_LARGE,
			    "more than %u changes of the registry", ENTRY_LINES_MAX);
		change_read(&reader, &reading);
		if (reader.failed)
			error = error_set(detail, ERROR_MALFORMED, "not a change of the registry");
		else
			error = change_make(txn, registry_key, &reading, i + 1, detail);
	}
	registry_row_wipe(&reading.row);
	return error;
}

struct erasures {
	struct txn *txn;
	const struct hash *registry_key;
	uint64_t erased;
	enum error error;
};

/* The person's row is only read before the registry is written: another table. */
static bool erase_again(void *context, const struct person_row *row)
{
	struct erasures *erasures = context;
	uint8_t code_key[CODE_KEY_SIZE];
	struct span sealed;
	if (!(row->state & PERSON_ERASED) || (row->state & PERSON_FOREIGN))
		return true;
	be64_write(code_key, row->code);
	enum error error =
	    store_get(erasures->txn, TABLE_REGISTRY, span_of(code_key, sizeof(code_key)), &sealed);
	if (error == ERROR_NOT_FOUND)
		return true;
	if (!error)
		error = registry_erase(erasures->txn, erasures->registry_key, row->code);
	erasures->erased += !error;
	erasures->error = error;
	return !error;
}

enum error registry_enforce_erasures(
    struct txn *txn, const struct hash *registry_key, uint64_t *erased)
{
	struct erasures erasures = {.txn = txn, .registry_key = registry_key};
	enum error error = person_each(txn, 0, erase_again, &erasures);
	*erased = erasures.erased;
	return error ? error : erasures.error;
}

static enum error table_copy(struct txn *from, struct txn *to, unsigned table)
{
	struct cursor *cursor = NULL;
	struct span key, value;
	enum error error = cursor_open(from, table, &cursor);
	if (error)
		return error;
	error = cursor_seek(cursor, (struct span){0}, &key, &value);
	while (!error) {
		error = store_put(to, table, key, value);
		if (!error)
			error = cursor_next(cursor, &key, &value);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error registry_copy(struct txn *from, struct txn *to)
{
	enum error error = table_copy(from, to, TABLE_REGISTRY);
	return error ? error : table_copy(from, to, TABLE_REGISTRY_INDEX);
}
