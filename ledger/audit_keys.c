/* audit_keys.c: the signatures of the documents in the log, and the stored keyring's own form. */
#include "audit_internal.h"

#include <string.h>

/* Was the key valid where the entry was decided? The entry that ends a key may itself be signed by it, and an entry that
 * brings a key may hold what it signs. */
static bool key_was_valid(const struct keyring_key *key, uint64_t sequence)
{
	return key->from_sequence <= sequence && sequence <= key->until_sequence;
}

static enum error verify_document(
    struct txn *keys, const struct document *document, uint64_t sequence)
{
	struct keyring_key key;
	enum error error = keyring_find(keys, &document->key_id, &key);

	if (error == ERROR_NOT_FOUND || (!error && !key_was_valid(&key, sequence)))
		return ERROR_UNKNOWN_KEY;
	return error ? error : document_verify(document, &key.key);
}

/* A document signed by a key that is not known here (an institution's of another city) stands on the word of the one that
 * it came with: a document of the same entry, verified here, whose payload holds its hash. */
static bool is_vouched_for(struct txn *keys, const struct entry *entry, uint32_t index)
{
	struct hash hash = document_hash(entry->documents[index]);

	for (uint32_t i = 0; i < entry->header.document_count; i++) {
		struct document other;

		if (i != index && document_read(entry->documents[i], &other) == ERROR_NONE &&
		    memmem(other.payload.data, other.payload.size, hash.bytes, HASH_SIZE) &&
		    verify_document(keys, &other, entry->header.sequence) == ERROR_NONE)
			return true;
	}
	return false;
}

enum error audit_documents(struct audit *audit, const struct entry *entry)
{
	const uint64_t sequence = entry->header.sequence;
	struct txn *keys = audit_keys(audit);

	for (uint32_t i = 0; i < entry->header.document_count; i++) {
		struct document document;
		enum error error = document_read(entry->documents[i], &document);

		if (error) {
			audit_found_entry(
			    audit, sequence, "document %u: not a signed document", (unsigned)i);
			continue;
		}
		error = verify_document(keys, &document, sequence);
		if (error == ERROR_UNKNOWN_KEY && is_vouched_for(keys, entry, i))
			continue;
		if (error == ERROR_MEMORY || error == ERROR_IO)
			return error;
		if (error)
			audit_found_entry(audit, sequence, "document %u (%s): %s", (unsigned)i,
			    document.name, error_text(error));
	}
	return ERROR_NONE;
}

static bool is_padded(const char *text, size_t size)
{
	size_t used = strnlen(text, size);

	for (size_t i = used; i < size; i++) {
		if (text[i])
			return false;
	}
	return used > 0 && used < size;
}

/* Is the party's row there for a key that is valid, and does it name this key? */
static bool is_current(struct txn *txn, const struct keyring_key *key)
{
	struct keyring_key current;

	return keyring_current(txn, key->party, key->kind, &current) == ERROR_NONE &&
	       memcmp(&current.key, &key->key, sizeof key->key) == 0;
}

/* What is wrong with a key row in itself, or NULL. */
static const char *key_fault(struct audit *audit, struct span id, const struct keyring_key *key)
{
	struct key_id made = key_id(&key->key);

	if (!span_equal(id, span_of(made.bytes, KEY_ID_SIZE)))
		return "a key under another key's id";
	if (!is_padded(key->party, sizeof key->party) || !is_padded(key->kind, sizeof key->kind))
		return "party or kind is not a text";
	if (key->from_sequence >= audit->size)
		return "valid from an entry that the log does not have";
	if (key->until_sequence != KEYRING_NEVER &&
	    (key->until_sequence >= audit->size || key->until_sequence < key->from_sequence))
		return "ended by an entry that the log does not have, or before it began";
	if ((key->until_sequence == KEYRING_NEVER) != is_current(audit->txn, key))
		return "its validity and the table of valid keys disagree";
	return NULL;
}

static enum error check_keys(struct audit *audit)
{
	struct cursor *cursor = NULL;
	struct span row_key, row;
	enum error error = cursor_open(audit->txn, TABLE_KEY, &cursor);

	if (!error)
		error = cursor_seek(cursor, (struct span){NULL, 0}, &row_key, &row);
	for (; !error; error = cursor_next(cursor, &row_key, &row)) {
		const char *fault = "not a key";
		struct keyring_key key;
		struct key_id id;

		if (row_key.size == KEY_ID_SIZE) {
			memcpy(id.bytes, row_key.data, KEY_ID_SIZE);
			if (keyring_find(audit->txn, &id, &key) == ERROR_NONE)
				fault = key_fault(audit, row_key, &key);
		}
		if (fault)
			audit_found_row(audit, TABLE_KEY, row_key, "%s", fault);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* Every row of the table of valid keys leads to a key that is valid and belongs to that party and kind. */
static enum error check_parties(struct audit *audit)
{
	struct cursor *cursor = NULL;
	struct span key, row;
	enum error error = cursor_open(audit->txn, TABLE_KEY_PARTY, &cursor);

	if (!error)
		error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &row);
	for (; !error; error = cursor_next(cursor, &key, &row)) {
		struct keyring_key found;
		struct key_id id;
		bool good = row.size == KEY_ID_SIZE;

		if (good) {
			memcpy(id.bytes, row.data, KEY_ID_SIZE);
			good = keyring_find(audit->txn, &id, &found) == ERROR_NONE &&
			       found.until_sequence == KEYRING_NEVER;
		}
		if (good) {
			size_t party = strlen(found.party), kind = strlen(found.kind);

			good = key.size == party + 1 + kind &&
			       memcmp(key.data, found.party, party + 1) == 0 &&
			       memcmp(key.data + party + 1, found.kind, kind) == 0;
		}
		if (!good)
			audit_found_row(audit, TABLE_KEY_PARTY, key,
			    "not the valid key of this party and kind");
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error audit_keyring_form(struct audit *audit)
{
	enum error error = check_keys(audit);

	return error ? error : check_parties(audit);
}
