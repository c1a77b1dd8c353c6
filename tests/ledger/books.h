/* books.h: a ledger in a fresh directory for tests, with a projection of its own that adds and ends keys and sets account flags,
 * and entries of every kind of row. Everything follows from a seed. */
#ifndef SUIREN_TEST_BOOKS_H
#define SUIREN_TEST_BOOKS_H

#include "ledger.h"
#include "ledger_tables.h"
#include "testing.h"

#define START_MS INT64_C(1790000000000)
#define ORIGIN "test.suiren.example/ledger/1"

/* --- the floor above --------------------------------------------------------------------------------------- */

enum { BOOKS_PLAIN = 1, BOOKS_KEY = 2, BOOKS_FLAGS = 3 };

/* keys: [op (1 add, 2 end), party, kind, key(32)]; flags: [account, frozen, closed]. */
static inline enum error books_project_own(
    void *context, struct txn *txn, const struct entry *entry, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(entry->lines);
	enum error error = ERROR_NONE;

	(void)context;
	(void)detail;
	for (uint32_t i = 0; i < entry->header.count && !error; i++) {
		char party[KEYRING_PARTY_SIZE], kind[KEY_KIND_SIZE];
		struct public_key key;
		struct key_id id;
		uint64_t op;

		if (entry->header.kind == BOOKS_KEY) {
			codec_array_exact(&reader, 4);
			op = codec_uint(&reader);
			codec_text_copy(&reader, party, sizeof party);
			codec_text_copy(&reader, kind, sizeof kind);
			codec_bytes_exact(&reader, key.bytes, PUBLIC_KEY_SIZE);
			id = key_id(&key);
			error = reader.failed || !party[0] || !kind[0] ? ERROR_CORRUPT
				: op == 1
				    ? keyring_add(txn, party, kind, &key, entry->header.sequence)
				    : keyring_revoke(txn, &id, entry->header.sequence);
		} else if (entry->header.kind == BOOKS_FLAGS) {
			struct span name;
			bool frozen, closed;

			codec_array_exact(&reader, 3);
			name = codec_text(&reader);
			frozen = codec_bool(&reader);
			closed = codec_bool(&reader);
			error = reader.failed ? ERROR_CORRUPT
					      : account_set_flags(txn, name, frozen, closed);
		}
	}
	return error;
}

static const struct account_rule books_chart[] = {{"bank", SIDE_DEBIT, true},
    {"fund/", SIDE_CREDIT, false}, {"person/", SIDE_CREDIT, false}, {NULL, SIDE_DEBIT, false}};

/* --- a ledger ---------------------------------------------------------------------------------------------- */

struct books {
	char path[300];
	struct secret_key log_key, city, officer;
	struct note_verifier log;
	struct ledger_options options;
	struct ledger *ledger;
	uint64_t chance;
	uint64_t entries; /* appended */
};

static inline void books_key(struct secret_key *key, uint8_t number)
{
	struct hash seed = {{number}};

	key_from_seed(&seed, key);
}

static inline void books_reopen(struct books *books)
{
	struct error_detail detail = {""};

	ledger_close(books->ledger);
	if (ledger_open(books->path, &books->options, &books->ledger, &detail) != ERROR_NONE)
		fail_msg("%s", detail.text);
}

static inline void books_open(struct books *books, uint64_t seed)
{
	memset(books, 0, sizeof *books);
	assert_int_equal(key_library_init(), ERROR_NONE);
	folder_make(books->path);
	books_key(&books->log_key, 1);
	books_key(&books->city, 2);
	books_key(&books->officer, 3);
	note_verifier_make(&books->log, ORIGIN, NOTE_TYPE_ED25519, &books->log_key.public);
	books->chance = seed;
	books->options = (struct ledger_options){.not_durable = true,
	    .chart = books_chart,
	    .project = books_project_own,
	    .project_own = books_project_own,
	    .origin = ORIGIN,
	    .epoch = 1,
	    .log_key = &books->log_key};
	books_reopen(books);
}

static inline void books_close(struct books *books)
{
	ledger_close(books->ledger);
	folder_remove(books->path);
}

static inline struct hash books_hash(struct books *books)
{
	struct hash hash;

	for (size_t i = 0; i < HASH_SIZE; i += 8)
		be64_write(hash.bytes + i, chance(&books->chance));
	return hash;
}

/* What one entry is made of; the buffers belong to it. */
struct books_entry {
	struct buffer lines, verdicts, documents[2];
	struct span spans[2];
	struct transfer transfers[4];
	char names[4][2][40], references[4][40];
	struct entry_draft draft;
};

static inline void books_entry_free(struct books_entry *entry)
{
	buffer_free(&entry->lines);
	buffer_free(&entry->verdicts);
	for (size_t i = 0; i < 2; i++)
		buffer_free(&entry->documents[i]);
}

static inline void books_document(
    struct books *books, struct books_entry *entry, const struct secret_key *key)
{
	struct buffer payload = {0}, *out = &entry->documents[entry->draft.document_count];

	codec_put_array(&payload, 2);
	codec_put_uint(&payload, books->entries);
	codec_put_uint(&payload, chance(&books->chance) >> 1);
	document_sign(out, "test", key, buffer_span(&payload));
	buffer_free(&payload);
	entry->spans[entry->draft.document_count++] = buffer_span(out);
	entry->draft.documents = entry->spans;
}

static inline struct transfer *books_transfer(struct books *books, struct books_entry *entry,
    enum transfer_kind kind, int64_t amount, const char *debit, const char *credit,
    const char *reference)
{
	size_t i = entry->draft.transfer_count++;
	struct transfer *transfer = &entry->transfers[i];
	uint8_t cause[8];

	assert_true(i < 4);
	be64_write(cause, books->entries);
	snprintf(entry->names[i][0], 40, "%s", debit);
	snprintf(entry->names[i][1], 40, "%s", credit);
	snprintf(entry->references[i], 40, "%s", reference ? reference : "");
	*transfer = (struct transfer){.id = transfer_id_from(span_of(cause, 8), (uint32_t)i),
	    .kind = kind,
	    .unit = UNIT_CNY,
	    .amount = {amount},
	    .debit = span_text(entry->names[i][0]),
	    .credit = span_text(entry->names[i][1]),
	    .reference = span_text(entry->references[i])};
	entry->draft.transfers = entry->transfers;
	return transfer;
}

/* `count` lines [number, text] and verdicts [number]. */
static inline void books_lines(struct books *books, struct books_entry *entry, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		codec_put_array(&entry->lines, 2);
		codec_put_uint(&entry->lines, chance(&books->chance) >> 20);
		codec_put_text(&entry->lines, span_text("\xe9\x9a\x8f\xe4\xba\xba"));
		codec_put_array(&entry->verdicts, 1);
		codec_put_uint(&entry->verdicts, chance_below(&books->chance, 40));
	}
	entry->draft.count = count;
	entry->draft.lines = buffer_span(&entry->lines);
	entry->draft.verdicts = buffer_span(&entry->verdicts);
}

static inline void books_key_line(struct books_entry *entry, uint64_t op, const char *party,
    const char *kind, const struct public_key *key)
{
	entry->draft.kind = BOOKS_KEY;
	codec_put_array(&entry->lines, 4);
	codec_put_uint(&entry->lines, op);
	codec_put_text(&entry->lines, span_text(party));
	codec_put_text(&entry->lines, span_text(kind));
	codec_put_bytes(&entry->lines, span_of(key->bytes, PUBLIC_KEY_SIZE));
	codec_put_uint(&entry->verdicts, 0);
	entry->draft.count++;
	entry->draft.lines = buffer_span(&entry->lines);
	entry->draft.verdicts = buffer_span(&entry->verdicts);
}

static inline void books_flags_line(
    struct books_entry *entry, const char *account, bool frozen, bool closed)
{
	entry->draft.kind = BOOKS_FLAGS;
	codec_put_array(&entry->lines, 3);
	codec_put_text(&entry->lines, span_text(account));
	codec_put_bool(&entry->lines, frozen);
	codec_put_bool(&entry->lines, closed);
	codec_put_uint(&entry->verdicts, 0);
	entry->draft.count++;
	entry->draft.lines = buffer_span(&entry->lines);
	entry->draft.verdicts = buffer_span(&entry->verdicts);
}

static inline enum error books_try(
    struct books *books, struct txn *txn, struct books_entry *entry, struct error_detail *detail)
{
	struct hash salt = books_hash(books);
	enum error error;

	if (!entry->draft.kind)
		entry->draft.kind = BOOKS_PLAIN;
	entry->draft.secret = books_hash(books);
	error = ledger_append(books->ledger, txn, &entry->draft,
	    START_MS + (int64_t)books->entries * 1000, &salt, NULL, detail);
	books->entries += !error;
	return error;
}

/* Append and free. */
static inline void books_append(struct books *books, struct txn *txn, struct books_entry *entry)
{
	struct error_detail detail = {""};
	enum error error = books_try(books, txn, entry, &detail);

	if (error)
		fail_msg("entry %llu: %s: %s", (unsigned long long)books->entries,
		    error_name(error), detail.text);
	books_entry_free(entry);
}

/* The first entry: the keys that sign it and everything after it. */
static inline void books_genesis(struct books *books, struct txn *txn)
{
	struct books_entry entry = {.draft = {.kind = 0}};

	books_key_line(&entry, 1, "city/510100", "document", &books->city.public);
	books_key_line(&entry, 1, "officer/li", "officer", &books->officer.public);
	books_document(books, &entry, &books->city);
	books_append(books, txn, &entry);
}

/* Entry `books->entries` of a life in which every kind of transfer and row occurs, in a cycle of eight. */
static inline void books_step(struct books *books, struct txn *txn)
{
	struct books_entry entry = {.draft = {.kind = 0}};
	uint64_t n = books->entries, round = n / 8;
	char fund[40], person[40], reference[40];
	struct secret_key key;
	struct transfer *transfer;
	uint8_t cause[8];

	snprintf(fund, sizeof fund, "fund/%llu", (unsigned long long)(round % 5));
	snprintf(person, sizeof person, "person/%llu", (unsigned long long)(round % 11));
	snprintf(reference, sizeof reference, "RUN-%llu", (unsigned long long)(round % 3));
	be64_write(cause, round * 8 + 2);
	switch (n % 8) {
	case 1:
		books_lines(books, &entry, 1 + (uint32_t)chance_below(&books->chance, 30));
		books_transfer(books, &entry, TRANSFER_PLAIN, 100000, "bank", fund, reference);
		books_transfer(books, &entry, TRANSFER_PLAIN,
		    1 + (int64_t)chance_below(&books->chance, 500), fund, person, NULL);
		books_document(books, &entry, &books->officer);
		books_document(books, &entry, &books->city);
		break;
	case 2: /* two held until a deadline */
		books_lines(books, &entry, 2);
		for (int i = 0; i < 2; i++) {
			transfer = books_transfer(books, &entry, TRANSFER_PENDING, 1000, fund,
			    person, i ? NULL : reference);
			transfer->deadline_ms = START_MS + (int64_t)n * 1000 + 2000;
		}
		books_document(books, &entry, &books->city);
		break;
	case 3: /* a part of the first */
	case 5: /* the rest of the first, the whole of the second */
		books_lines(books, &entry, 1);
		for (uint32_t i = 0; i < (n % 8 == 3 ? 1u : 2u); i++) {
			transfer = books_transfer(books, &entry,
			    n % 8 == 3 ? TRANSFER_POST
			    : i        ? TRANSFER_EXPIRE
				       : TRANSFER_VOID,
			    n % 8 == 3 ? 400
			    : i        ? 1000
				       : 600,
			    fund, person, NULL);
			transfer->pending_id = transfer_id_from(span_of(cause, 8), i);
		}
		books_document(books, &entry, &books->officer);
		break;
	case 4: /* an officer's key changes hands */
		books_key(&key, (uint8_t)(10 + round % 200));
		books_key_line(&entry, 1, "officer/wang", "officer", &key.public);
		books_document(books, &entry, &books->officer);
		break;
	case 6:
	case 7:
		books_flags_line(&entry, fund, n % 8 == 6, false);
		books_document(books, &entry, &books->officer);
		break;
	default:
		books_lines(books, &entry, 3);
		break;
	}
	books_append(books, txn, &entry);
}

/* Append until there are `entries` in all, in groups of chance sizes. */
static inline void books_fill(struct books *books, uint64_t entries)
{
	while (books->entries < entries) {
		uint64_t group = 1 + chance_below(&books->chance, 6);
		struct txn *txn;

		assert_int_equal(ledger_begin(books->ledger, &txn), ERROR_NONE);
		for (; group > 0 && books->entries < entries; group--) {
			if (books->entries == 0)
				books_genesis(books, txn);
			else
				books_step(books, txn);
		}
		assert_int_equal(ledger_commit(books->ledger, txn), ERROR_NONE);
	}
}

#endif
