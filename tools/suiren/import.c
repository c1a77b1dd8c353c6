#include "import.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "person_internal.h"

/* Order the lines; `content` NULL: they are the content. */
static enum error order_lines(struct node *node, enum kind kind, const struct buffer *lines,
    uint32_t count, const struct hash *content, const struct secret_key *key,
    const struct buffer *registry, struct answer *answer)
{
	struct node_order order = {.kind = kind,
	    .content = content,
	    .lines = buffer_span(lines),
	    .count = count,
	    .key = key,
	    .registry = registry ? buffer_span(registry) : (struct span){NULL, 0}};
	enum error error = lines->failed ? lines->failed : registry ? registry->failed : ERROR_NONE;

	if (error) {
		memset(answer, 0, sizeof *answer);
		return answer->error = error;
	}
	return node_order(node, &order, answer);
}

/* The content of an order of the same lines again, because entry `after` has refused them. */
static struct hash content_again(const struct buffer *lines, uint64_t after)
{
	uint8_t number[8];

	be64_write(number, after);
	return hash_sha256_parts(
	    (const struct span[]){buffer_span(lines), span_of(number, sizeof number)}, 2);
}

/* Kinds whose lines hold nothing random and nothing secret. */
#define IMPORT_PLAIN(function, type, kind, write)                                               \
	enum error function##_again(struct node *node, const struct type *rows, uint32_t count, \
	    uint64_t after, const struct secret_key *key, struct answer *answer)                \
	{                                                                                       \
		struct buffer lines = {0};                                                      \
		struct hash content;                                                            \
		enum error error;                                                               \
                                                                                                \
		assert(count <= IMPORT_ROWS_MAX);                                               \
		for (uint32_t i = 0; i < count; i++)                                            \
			write(&lines, &rows[i]);                                                \
		content = content_again(&lines, after);                                         \
		error = order_lines(                                                            \
		    node, kind, &lines, count, after ? &content : NULL, key, NULL, answer);     \
		buffer_free(&lines);                                                            \
		return error;                                                                   \
	}                                                                                       \
	enum error function(struct node *node, const struct type *rows, uint32_t count,         \
	    const struct secret_key *key, struct answer *answer)                                \
	{                                                                                       \
		return function##_again(node, rows, count, 0, key, answer);                     \
	}

IMPORT_PLAIN(import_institutions, institution_line, KIND_institution, institution_line_write)
IMPORT_PLAIN(import_grants, grant_line, KIND_grant, grant_line_write)
IMPORT_PLAIN(import_filings, filing_line, KIND_filing, filing_line_write)
IMPORT_PLAIN(import_stays, stay_line, KIND_stay, stay_line_write)
IMPORT_PLAIN(
    import_appropriations, appropriation_line, KIND_appropriation, appropriation_line_write)

/* Everything about persons needs the registry's key. */
static const struct hash *registry_key(struct node *node)
{
	const struct hash *key = settlement_registry_key(node_settlement(node));

	assert(key); /* a writer has it */
	return key;
}

/* The content of an order with sealed lines: a keyed hash, so that nobody can try names and numbers against it. */
static struct hash content_of(struct node *node, const struct buffer *plain)
{
	return seal_keyed_hash(registry_key(node), buffer_span(plain));
}

/* Registering persons. */

struct registering {
	struct node *node;
	const struct import_person *rows;
	uint32_t count;
	uint64_t *codes;
	struct registry_row *registry; /* what will be written, with fresh keys */
};

static void copy_text(char *out, size_t size, const char *text)
{
	memset(out, 0, size);
	if (text)
		memcpy(out, text, strnlen(text, size - 1));
}

static enum error check_row(
    const struct import_person *row, uint32_t number, int32_t *birth_day, struct answer *answer)
{
	enum error error = id_number_check(span_text(row->id_number), birth_day);

	if (error)
		return answer->error = error_set(&answer->detail, error, "row %u: ID number: %s",
			   (unsigned)number + 1, error_text(error));
	if (!row->name[0] || strlen(row->name) >= REGISTRY_NAME_SIZE ||
	    (row->card && strlen(row->card) >= CARD_SIZE) ||
	    (row->bank && strlen(row->bank) >= BANK_SIZE))
		return answer->error = error_set(&answer->detail, ERROR_MALFORMED,
			   "row %u: name, card or bank is empty or too long", (unsigned)number + 1);
	return ERROR_NONE;
}

/* What is written into the registry: the rows, with fresh keys. */
static void put_registry(struct registering *work, struct buffer *changes)
{
	uint8_t nonce[SEAL_NONCE_SIZE];

	for (uint32_t i = 0; i < work->count; i++) {
		node_random(work->node, nonce, sizeof nonce);
		registry_change_put(changes, work->codes[i], &work->registry[i], nonce);
	}
}

/* Buffers that held names or keys. */
static void wipe(struct buffer *buffer)
{
	if (buffer->data)
		explicit_bzero(buffer->data, buffer->capacity);
	buffer_free(buffer);
}

/* Codes of rows that are here already, for a repeat; for new ones the next serials. */
static enum error give_codes(struct registering *work, bool *known)
{
	struct txn *txn;
	uint32_t serial = 0;
	enum error error = txn_begin_read(ledger_store(node_ledger(work->node)), &txn);

	if (error)
		return error;
	*known = true;
	for (uint32_t i = 0; !error && *known && i < work->count; i++) {
		error = registry_find(txn, registry_key(work->node),
		    span_text(work->rows[i].id_number), &work->codes[i]);
		if (error == ERROR_NOT_FOUND) {
			*known = false;
			error = ERROR_NONE;
		}
	}
	if (!error && !*known)
		error = person_next_serial(txn, node_region(work->node), &serial);
	for (uint32_t i = 0; !error && !*known && i < work->count; i++)
		work->codes[i] = person_code_make(node_region(work->node), serial + i);
	txn_abort(txn);
	return error;
}

static void write_plain_person(struct buffer *plain, const struct import_person *row)
{
	codec_put_text(plain, span_text(row->name));
	codec_put_text(plain, span_text(row->id_number));
	codec_put_text(plain, span_text(row->card ? row->card : ""));
	codec_put_text(plain, span_text(row->bank ? row->bank : ""));
	codec_put_uint(plain, row->income_class);
	codec_put_uint(plain, row->flags);
}

/* `after`: the entry that registered the same rows before their persons were forgotten, or 0.
 * `known`: all of them are registered, so it is a repeat or has to be refused. Their rows are left alone: a new key would put what is sealed
 * under the old one out of reach. Without it the new lines do not open, which is what refuses them. */
static enum error register_rows(struct registering *work, bool known, uint64_t after,
    const struct secret_key *key, struct answer *answer)
{
	struct buffer lines = {0}, plain = {0}, changes = {0};
	uint8_t nonce[SEAL_NONCE_SIZE];
	struct hash content;
	enum error error = ERROR_NONE;

	for (uint32_t i = 0; !error && i < work->count; i++) {
		const struct import_person *row = &work->rows[i];
		struct person_facts facts = {.code = work->codes[i],
		    .death_day = DAY_NEVER,
		    .income_class = row->income_class,
		    .flags = row->flags};

		error = check_row(row, i, &facts.birth_day, answer);
		if (error)
			break;
		copy_text(work->registry[i].name, REGISTRY_NAME_SIZE, row->name);
		copy_text(work->registry[i].id_number, ID_NUMBER_SIZE, row->id_number);
		copy_text(work->registry[i].card, CARD_SIZE, row->card);
		copy_text(work->registry[i].bank, BANK_SIZE, row->bank);
		node_random(work->node, work->registry[i].fact_key.bytes, HASH_SIZE);
		node_random(work->node, nonce, sizeof nonce);
		person_line_write(&lines, &facts, &work->registry[i].fact_key, nonce);
		write_plain_person(&plain, row);
	}
	if (after > 0)
		codec_put_uint(&plain, after);
	if (!error)
		error = plain.failed;
	if (!error) {
		content = content_of(work->node, &plain);
		if (!known)
			put_registry(work, &changes);
		error = order_lines(
		    work->node, KIND_person, &lines, work->count, &content, key, &changes, answer);
	}
	if (known && work->count > 0 && answer->error == ERROR_MALFORMED)
		error = answer->error = error_set(&answer->detail, ERROR_EXISTS,
		    "row 1: the ID number is registered already, as %016llu 已登记",
		    (unsigned long long)work->codes[0]);
	buffer_free(&lines);
	wipe(&plain);
	wipe(&changes);
	return error;
}

enum error import_persons(struct node *node, const struct import_person *rows, uint32_t count,
    const struct secret_key *key, uint64_t *codes, struct answer *answer)
{
	struct registering work = {.node = node, .rows = rows, .count = count, .codes = codes};
	bool known;
	enum error error;

	assert(count <= IMPORT_ROWS_MAX);
	memset(answer, 0, sizeof *answer);
	work.registry = calloc(count + 1, sizeof *work.registry);
	error = work.registry ? give_codes(&work, &known) : ERROR_MEMORY;
	if (!error)
		error = register_rows(&work, known, 0, key, answer);
	/* The same rows again: the codes are those of the first time, unless these persons have been forgotten since: then they
	 * come as new ones. */
	for (int i = 0; !error && answer->error == ERROR_REPEAT; i++) {
		error = give_codes(&work, &known);
		if (error || known)
			break;
		error = i < ORDERS_AGAIN_MAX
			    ? register_rows(&work, false, answer->sequence, key, answer)
			    : error_set(&answer->detail, answer->error = ERROR_EXISTS,
				  "row 1: registered and forgotten too often");
	}
	if (error && !answer->error)
		answer->error = error;
	for (uint32_t i = 0; work.registry && i < count; i++)
		registry_row_wipe(&work.registry[i]);
	free(work.registry);
	return error;
}

/* Lines sealed under keys that are in the registry. */

static enum error fact_key(struct node *node, struct txn *txn, uint64_t code, uint32_t row,
    struct hash *key, struct answer *answer)
{
	enum error error = person_fact_key(node_settlement(node), txn, code, key);

	if (error)
		return answer->error = error_set(&answer->detail, error,
			   "row %u: person %016llu is not registered here", (unsigned)row + 1,
			   (unsigned long long)code);
	return ERROR_NONE;
}

/* What came before is part of an order of facts: the same facts may come back after others, and are not a repeat then. `same` stays set while
 * the facts are those that are known; `last` is the entry that booked them. */
static enum error facts_before(struct txn *txn, const struct person_facts *facts,
    struct buffer *plain, bool *same, uint64_t *last)
{
	const struct person_row *row = NULL;
	enum error error = person_get(txn, facts->code, &row);

	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (error) {
		*same = false;
		return ERROR_NONE;
	}
	codec_put_uint(plain, row->facts_sequence);
	*same = *same && (row->state & PERSON_HAS_FACTS) && row->birth_day == facts->birth_day &&
		row->death_day == facts->death_day && row->income_class == facts->income_class &&
		row->flags == facts->flags;
	if (row->facts_sequence > *last)
		*last = row->facts_sequence;
	return ERROR_NONE;
}

enum error import_facts(struct node *node, const struct person_facts *rows, uint32_t count,
    const struct secret_key *key, struct answer *answer)
{
	struct buffer lines = {0}, plain = {0};
	uint8_t nonce[SEAL_NONCE_SIZE];
	struct hash one, content;
	struct txn *txn;
	bool same = true;
	uint64_t last = 0;
	enum error error;

	memset(answer, 0, sizeof *answer);
	error = txn_begin_read(ledger_store(node_ledger(node)), &txn);
	if (error)
		return answer->error = error;
	for (uint32_t i = 0; !error && i < count; i++) {
		error = fact_key(node, txn, rows[i].code, i, &one, answer);
		if (error)
			break;
		node_random(node, nonce, sizeof nonce);
		person_line_write(&lines, &rows[i], &one, nonce);
		codec_put_uint(&plain, rows[i].code);
		person_facts_write(&plain, &rows[i]);
		error = facts_before(txn, &rows[i], &plain, &same, &last);
	}
	txn_abort(txn);
	explicit_bzero(&one, sizeof one);
	if (!error && same && count > 0)
		*answer = (struct answer){.error = ERROR_REPEAT, .sequence = last};
	else if (!error) {
		content = content_of(node, &plain);
		error = order_lines(node, KIND_person, &lines, count, &content, key, NULL, answer);
	}
	buffer_free(&lines);
	buffer_free(&plain);
	return error;
}

enum error import_facts_get(struct node *node, uint64_t code, struct person_facts *facts)
{
	const struct person_row *row;
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	if (error)
		return error;
	error = person_get(txn, code, &row);
	if (!error && (row->state & PERSON_ERASED))
		error = ERROR_ERASED;
	if (!error && !(row->state & PERSON_HAS_FACTS))
		error = ERROR_NOT_FOUND;
	if (!error)
		*facts = (struct person_facts){.code = code,
		    .birth_day = row->birth_day,
		    .death_day = row->death_day,
		    .income_class = row->income_class,
		    .flags = row->flags};
	txn_abort(txn);
	return error;
}

enum error import_assessments(struct node *node, const struct assessment *rows, uint32_t count,
    const struct secret_key *key, struct answer *answer)
{
	return import_assessments_again(node, rows, count, 0, key, answer);
}

enum error import_assessments_again(struct node *node, const struct assessment *rows,
    uint32_t count, uint64_t after, const struct secret_key *key, struct answer *answer)
{
	struct buffer lines = {0}, plain = {0};
	uint8_t nonce[SEAL_NONCE_SIZE];
	struct hash one, content;
	struct txn *txn;
	enum error error;

	memset(answer, 0, sizeof *answer);
	error = txn_begin_read(ledger_store(node_ledger(node)), &txn);
	if (error)
		return answer->error = error;
	for (uint32_t i = 0; !error && i < count; i++) {
		assessment_foreign_line_write(&plain, &rows[i]);
		if (!person_is_own(node_settlement(node), rows[i].person)) {
			assessment_foreign_line_write(&lines, &rows[i]);
			continue;
		}
		error = fact_key(node, txn, rows[i].person, i, &one, answer);
		if (error)
			break;
		node_random(node, nonce, sizeof nonce);
		assessment_line_write(&lines, &rows[i], &one, nonce);
	}
	txn_abort(txn);
	explicit_bzero(&one, sizeof one);
	if (!error) {
		if (after)
			codec_put_uint(&plain, after);
		content = content_of(node, &plain);
		error =
		    order_lines(node, KIND_assessment, &lines, count, &content, key, NULL, answer);
	}
	buffer_free(&lines);
	buffer_free(&plain);
	return error;
}

/* Forgetting. */

enum error import_erase(struct node *node, const uint64_t *codes, uint32_t count,
    const struct secret_key *key, struct answer *answer)
{
	struct buffer lines = {0}, changes = {0};
	enum error error;

	/* The key goes before the decision is made: the same transaction keeps or undoes both. */
	for (uint32_t i = 0; i < count; i++) {
		erase_line_write(&lines, codes[i]);
		registry_change_erase(&changes, codes[i]);
	}
	error = order_lines(node, KIND_erase, &lines, count, NULL, key, &changes, answer);
	buffer_free(&lines);
	buffer_free(&changes);
	return error;
}

/* What came of it. */

enum error import_verdicts(struct node *node, uint64_t sequence, import_visit *visit, void *context)
{
	struct entry_reader reader = {0};
	struct codec_reader verdicts;
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	if (error)
		return error;
	error = ledger_read(txn, sequence, &reader);
	verdicts = codec_reader(error ? (struct span){NULL, 0} : reader.entry.verdicts);
	for (uint32_t i = 0; !error && i < reader.entry.header.count; i++) {
		struct codec_reader verdict = codec_reader(codec_item(&verdicts));
		size_t fields = codec_array(&verdict);
		unsigned reason = (unsigned)codec_uint(&verdict);
		bool has_day = fields > 1 && codec_peek(&verdict) == 0;
		int32_t day = has_day ? (int32_t)codec_uint(&verdict) : 0;

		visit(context, i, reason, has_day, day);
	}
	entry_free(&reader);
	txn_abort(txn);
	return error;
}
