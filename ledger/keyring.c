#include "keyring.h"

#include <assert.h>
#include <string.h>

#include "ledger_tables.h"

/* key row: party, kind, key, from, until; key of the party table: party, 0, kind. */
#define KEY_ROW_SIZE (KEYRING_PARTY_SIZE + KEY_KIND_SIZE + PUBLIC_KEY_SIZE + 16)

static void write_row(uint8_t row[KEY_ROW_SIZE], const struct keyring_key *key)
{
	memset(row, 0, KEY_ROW_SIZE);
	memcpy(row, key->party, strlen(key->party));
	memcpy(row + KEYRING_PARTY_SIZE, key->kind, strlen(key->kind));
	memcpy(row + KEYRING_PARTY_SIZE + KEY_KIND_SIZE, key->key.bytes, PUBLIC_KEY_SIZE);
	be64_write(row + KEY_ROW_SIZE - 16, key->from_sequence);
	be64_write(row + KEY_ROW_SIZE - 8, key->until_sequence);
}

static enum error read_row(struct span row, struct keyring_key *key)
{
	if (row.size != KEY_ROW_SIZE || row.data[KEYRING_PARTY_SIZE - 1] ||
	    row.data[KEYRING_PARTY_SIZE + KEY_KIND_SIZE - 1])
		return ERROR_CORRUPT;
	memcpy(key->party, row.data, KEYRING_PARTY_SIZE);
	memcpy(key->kind, row.data + KEYRING_PARTY_SIZE, KEY_KIND_SIZE);
	memcpy(key->key.bytes, row.data + KEYRING_PARTY_SIZE + KEY_KIND_SIZE, PUBLIC_KEY_SIZE);
	key->from_sequence = be64_read(row.data + KEY_ROW_SIZE - 16);
	key->until_sequence = be64_read(row.data + KEY_ROW_SIZE - 8);
	return ERROR_NONE;
}

static struct span id_span(const struct key_id *id)
{
	return span_of(id->bytes, KEY_ID_SIZE);
}

static size_t party_key(
    uint8_t key[KEYRING_PARTY_SIZE + KEY_KIND_SIZE], const char *party, const char *kind)
{
	size_t party_size = strlen(party), kind_size = strlen(kind);

	assert(party_size > 0 && party_size < KEYRING_PARTY_SIZE && kind_size > 0 &&
	       kind_size < KEY_KIND_SIZE);
	memcpy(key, party, party_size + 1);
	memcpy(key + party_size + 1, kind, kind_size);
	return party_size + 1 + kind_size;
}

static enum error put_row(struct txn *txn, const struct key_id *id, const struct keyring_key *key)
{
	uint8_t row[KEY_ROW_SIZE];

	write_row(row, key);
	return store_put(txn, TABLE_KEY, id_span(id), span_of(row, sizeof row));
}

enum error keyring_find(struct txn *txn, const struct key_id *id, struct keyring_key *key)
{
	struct span row;
	enum error error = store_get(txn, TABLE_KEY, id_span(id), &row);

	return error ? error : read_row(row, key);
}

enum error keyring_current(
    struct txn *txn, const char *party, const char *kind, struct keyring_key *key)
{
	uint8_t wanted[KEYRING_PARTY_SIZE + KEY_KIND_SIZE];
	struct key_id id;
	struct span row;
	enum error error =
	    store_get(txn, TABLE_KEY_PARTY, span_of(wanted, party_key(wanted, party, kind)), &row);

	if (error)
		return error;
	if (row.size != KEY_ID_SIZE)
		return ERROR_CORRUPT;
	memcpy(id.bytes, row.data, KEY_ID_SIZE);
	return keyring_find(txn, &id, key);
}

enum error keyring_add(struct txn *txn, const char *party, const char *kind,
    const struct public_key *key, uint64_t sequence)
{
	uint8_t wanted[KEYRING_PARTY_SIZE + KEY_KIND_SIZE];
	struct key_id id = key_id(key);
	struct keyring_key row, present;
	enum error error = keyring_find(txn, &id, &row);

	/* A key belongs to one party and one purpose for ever; one that has ended does not come back. */
	if (!error) {
		bool same = strcmp(row.party, party) == 0 && strcmp(row.kind, kind) == 0 &&
			    row.until_sequence == KEYRING_NEVER;
		return same ? ERROR_NONE : ERROR_CONFLICT;
	}
	if (error != ERROR_NOT_FOUND)
		return error;
	error = keyring_current(txn, party, kind, &present);
	if (!error) {
		struct key_id present_id = key_id(&present.key);
		error = keyring_revoke(txn, &present_id, sequence);
	} else if (error == ERROR_NOT_FOUND) {
		error = ERROR_NONE;
	}
	if (error)
		return error;
	memset(&row, 0, sizeof row);
	memcpy(row.party, party, strlen(party));
	memcpy(row.kind, kind, strlen(kind));
	row.key = *key;
	row.from_sequence = sequence;
	row.until_sequence = KEYRING_NEVER;
	error = put_row(txn, &id, &row);
	if (!error)
		error = store_put(txn, TABLE_KEY_PARTY,
		    span_of(wanted, party_key(wanted, party, kind)), id_span(&id));
	return error;
}

enum error keyring_revoke(struct txn *txn, const struct key_id *id, uint64_t sequence)
{
	uint8_t wanted[KEYRING_PARTY_SIZE + KEY_KIND_SIZE];
	struct keyring_key key;
	struct span present, name;
	enum error error = keyring_find(txn, id, &key);

	if (error || key.until_sequence != KEYRING_NEVER)
		return error;
	key.until_sequence = sequence;
	error = put_row(txn, id, &key);
	if (error)
		return error;
	name = span_of(wanted, party_key(wanted, key.party, key.kind));
	error = store_get(txn, TABLE_KEY_PARTY, name, &present);
	if (!error && span_equal(present, id_span(id)))
		error = store_delete(txn, TABLE_KEY_PARTY, name);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error keyring_each(struct txn *txn, keyring_visit *visit, void *context)
{
	struct cursor *cursor = NULL;
	struct keyring_key key;
	struct span id, row;
	enum error error = cursor_open(txn, TABLE_KEY, &cursor);

	if (!error)
		error = cursor_seek(cursor, span_of(NULL, 0), &id, &row);
	while (!error) {
		error = read_row(row, &key);
		if (error || !visit(context, &key))
			break;
		error = cursor_next(cursor, &id, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

bool keyring_valid_at(const struct keyring_key *key, uint64_t sequence)
{
	return key->from_sequence <= sequence && sequence < key->until_sequence;
}

bool signature_check_holds(const struct signature_check *check, const struct document *document,
    const struct public_key *key)
{
	return check && check->holds && span_equal(check->document, document->whole) &&
	       memcmp(check->key.bytes, key->bytes, PUBLIC_KEY_SIZE) == 0;
}

enum error keyring_verify(
    struct txn *txn, const struct document *document, uint64_t sequence, struct keyring_key *signer)
{
	return keyring_verify_checked(txn, document, sequence, NULL, signer);
}

enum error keyring_verify_checked(struct txn *txn, const struct document *document,
    uint64_t sequence, const struct signature_check *check, struct keyring_key *signer)
{
	struct keyring_key key;
	enum error error = keyring_find(txn, &document->key_id, &key);

	if (error == ERROR_NOT_FOUND || (!error && !keyring_valid_at(&key, sequence)))
		return ERROR_UNKNOWN_KEY;
	if (!error && !signature_check_holds(check, document, &key.key))
		error = document_verify(document, &key.key);
	if (!error && signer)
		*signer = key;
	return error;
}
