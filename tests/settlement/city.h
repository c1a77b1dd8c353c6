/* city.h: a city for the tests of the registers: tables in a fresh directory and a settlement, in which one kind at a time is decided and applied
 * without a log around it. A notice is handed from one city to another as the signed document that it would be. */
#ifndef SUIREN_TEST_CITY_H
#define SUIREN_TEST_CITY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assessment.h"
#include "entitlement.h"
#include "institution.h"
#include "keyring.h"
#include "ledger.h"
#include "registry.h"
#include "settlement_internal.h"
#include "stay.h"

#define CHENGDU 510100u
#define CHONGQING 500000u
#define GUANGYUAN 510800u
#define NANCHONG 511300u

#define COMMAND_LINES_MAX 16u

typedef enum error decide_function(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail);
typedef enum error apply_function(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail);

struct kind_functions {
	uint16_t number;
	decide_function *decide;
	apply_function *apply;
	bool lines_made;
};
#define KIND_OF(name, made) \
	((struct kind_functions){KIND_##name, name##_decide, name##_apply, made})

struct city {
	char path[256];
	struct store *store;
	struct txn *txn; /* open for writing all the time */
	struct settlement settlement;
	struct hash registry_key;
	struct secret_key key;
	uint64_t sequence;
	int64_t now_ms;
	struct decision decision; /* the last one */
	struct error_detail detail;
	uint8_t next_nonce;
};

static inline int32_t day(int year, int month, int day_of_month)
{
	return day_of(year, month, day_of_month);
}

static inline void city_open(struct city *city, uint32_t region)
{
	struct store_table tables[STORE_TABLES_MAX];
	struct hash seed = {{(uint8_t)region}};
	size_t low = 0, high = 0;
	const struct store_table *ledger = ledger_tables(&low);
	const struct store_table *above = settlement_tables(&high);
	const char *root = getenv("TMPDIR");
	memset(city, 0, sizeof(*city));
	assert_int_equal(key_library_init(), ERROR_NONE);
	snprintf(city->path, sizeof(city->path), "%s/suiren-XXXXXX", root ? root : "/tmp");
	assert_non_null(mkdtemp(city->path));
	memcpy(tables, ledger, low * sizeof(*tables));
	memcpy(tables + low, above, high * sizeof(*tables));
	const struct store_options options = {
	    .not_durable = true, .tables = tables, .table_count = low + high};
	assert_int_equal(store_open(city->path, &options, &city->store, NULL), ERROR_NONE);
	assert_int_equal(txn_begin_write(city->store, &city->txn), ERROR_NONE);
	memset(city->registry_key.bytes, 0x5a, HASH_SIZE);
	city->settlement.options = (struct settlement_options){.region = region,
	    .epoch = 1,
	    .demo = true,
	    .has_registry_key = true,
	    .registry_key = city->registry_key};
	key_from_seed(&seed, &city->key);
	city->sequence = 1;
	city->now_ms = day_start_ms(day(2026, 10, 15));
	decision_init(&city->decision);
}

static inline void city_close(struct city *city)
{
	char file[300];
	decision_free(&city->decision);
	txn_abort(city->txn);
	store_close(city->store);
	snprintf(file, sizeof(file), "%s/data.mdb", city->path);
	unlink(file);
	snprintf(file, sizeof(file), "%s/lock.mdb", city->path);
	unlink(file);
	rmdir(city->path);
}

/* Make a catalogue known; it belongs to the caller. Regions must come in ascending order. */
static inline void city_knows(struct city *city, uint32_t region, struct policy *policy)
{
	struct settlement *settlement = &city->settlement;
	policy->region = region;
	settlement->catalogues[settlement->catalogue_count++] =
	    (struct catalogue){.region = region, .policy = policy};
}

static inline const uint8_t *city_nonce(struct city *city, uint8_t nonce[SEAL_NONCE_SIZE])
{
	memset(nonce, 0, SEAL_NONCE_SIZE);
	nonce[0] = ++city->next_nonce;
	return nonce;
}

static inline enum error city_decide(
    struct city *city, struct kind_functions kind, const struct command *command)
{
	decision_clear(&city->decision);
	city->detail.text[0] = '\0';
	return kind.decide(
	    &city->settlement, city->txn, command, city->now_ms, &city->decision, &city->detail);
}

static inline void city_same_outgoing(const struct decision *a, const struct decision *b)
{
	assert_int_equal(a->outgoing_count, b->outgoing_count);
	for (size_t i = 0; i < a->outgoing_count; i++) {
		assert_int_equal(a->outgoing[i].to, b->outgoing[i].to);
		assert_string_equal(a->outgoing[i].name, b->outgoing[i].name);
		assert_true(span_equal(
		    buffer_span(&a->outgoing[i].payload), buffer_span(&b->outgoing[i].payload)));
	}
}

/* What the audit does with every entry: decided again beside the logged verdicts, it comes to the same. */
static inline void city_replay(
    struct city *city, struct kind_functions kind, const struct command *command)
{
	struct decision again;
	struct command replayed = *command;
	replayed.logged_verdicts = buffer_span(&city->decision.verdicts);
	decision_init(&again);
	assert_int_equal(kind.decide(&city->settlement, city->txn, &replayed, city->now_ms, &again,
			     &city->detail),
	    ERROR_NONE);
	assert_int_equal(again.count, city->decision.count);
	assert_true(
	    span_equal(buffer_span(&again.verdicts), buffer_span(&city->decision.verdicts)));
	assert_true(span_equal(buffer_span(&again.lines), buffer_span(&city->decision.lines)));
	assert_int_equal(again.transfer_count, city->decision.transfer_count);
	city_same_outgoing(&again, &city->decision);
	decision_free(&again);
}

/* Apply what was decided last, as entry `sequence`; and book its transfers. */
static inline void city_apply(
    struct city *city, struct kind_functions kind, const struct command *command)
{
	const struct hash cause = {{(uint8_t)city->sequence}};
	decision_seal(&city->decision, &cause);
	const struct entry entry = {
	    .header = {.epoch = 1,
		.sequence = city->sequence,
		.time_ms = city->now_ms,
		.kind = kind.number,
		.count = city->decision.count},
	    .lines = kind.lines_made ? buffer_span(&city->decision.lines) : command->lines,
	    .verdicts = buffer_span(&city->decision.verdicts),
	    .transfers = city->decision.transfers,
	    .transfer_count = city->decision.transfer_count,
	};
	for (size_t i = 0; i < entry.transfer_count; i++)
		assert_int_equal(account_book(city->txn, settlement_chart, city->sequence,
				     (uint32_t)i, city->now_ms, &entry.transfers[i], &city->detail),
		    ERROR_NONE);
	assert_int_equal(
	    kind.apply(&city->settlement, city->txn, &entry, &city->detail), ERROR_NONE);
	city->sequence++;
}

/* Decide and apply an order's lines; the decision stays to be looked at. */
static inline enum error city_order(
    struct city *city, struct kind_functions kind, struct buffer *lines, uint32_t count)
{
	const uint8_t cause[] = {0x80};
	const struct span documents[] = {span_of(cause, sizeof(cause))};
	const struct command command = {.kind = (enum kind)kind.number,
	    .documents = documents,
	    .document_count = 1,
	    .lines = buffer_span(lines),
	    .count = count};
	assert_int_equal(lines->failed, ERROR_NONE);
	enum error error = city_decide(city, kind, &command);
	if (!error) {
		city_replay(city, kind, &command);
		city_apply(city, kind, &command);
	}
	buffer_free(lines);
	*lines = (struct buffer){0};
	return error;
}

/* Reason of the verdict on a line of the last decision. */
static inline unsigned city_reason(const struct city *city, uint32_t line)
{
	struct span item;
	assert_int_equal(
	    entry_item(buffer_span(&city->decision.verdicts), line, &item), ERROR_NONE);
	struct codec_reader reader = codec_reader(item);
	codec_array(&reader);
	unsigned reason = (unsigned)codec_uint(&reader);
	assert_int_equal(reader.failed, ERROR_NONE);
	return reason;
}

/* Sign outgoing document `index` of the last decision into `document`. */
static inline void city_sign(const struct city *city, size_t index, struct buffer *document)
{
	assert_true(index < city->decision.outgoing_count);
	const struct outgoing *outgoing = &city->decision.outgoing[index];
	document_sign(document, outgoing->name, &city->key, buffer_span(&outgoing->payload));
	assert_int_equal(document->failed, ERROR_NONE);
}

/* Hand a document over; the receiver decides and applies it by `kind`. */
static inline enum error city_receive(
    struct city *city, struct kind_functions kind, const struct buffer *document)
{
	const struct span documents[] = {buffer_span(document)};
	const struct command command = {
	    .kind = (enum kind)kind.number, .documents = documents, .document_count = 1};
	enum error error = city_decide(city, kind, &command);
	if (!error) {
		city_replay(city, kind, &command);
		city_apply(city, kind, &command);
	}
	return error;
}

/* The documents of the last decision of `from` that are for `to` and called `name`, in order, received by `kind`. Returns
 * their number. */
static inline size_t city_deliver(
    struct city *from, struct city *to, const char *name, struct kind_functions kind)
{
	size_t delivered = 0;
	for (size_t i = 0; i < from->decision.outgoing_count; i++) {
		struct buffer document = {0};
		const struct outgoing *outgoing = &from->decision.outgoing[i];
		if (outgoing->to != to->settlement.options.region ||
		    strcmp(outgoing->name, name) != 0)
			continue;
		city_sign(from, i, &document);
		assert_int_equal(city_receive(to, kind, &document), ERROR_NONE);
		buffer_free(&document);
		delivered++;
	}
	return delivered;
}

/* The city's introduction, as far as the registers look at it: a descriptor's row. */
static inline void city_meets(struct city *city, uint32_t region)
{
	uint8_t key[4], row[9 + 2 * 128] = {0, 0, 0, 1, 0, 0, 0, 1, 1};
	be32_write(key, region);
	assert_int_equal(
	    store_put(city->txn, TABLE_PEER, span_of(key, sizeof(key)), span_of(row, sizeof(row))),
	    ERROR_NONE);
}

/* --- people and places -------------------------------------------------------------------------------------- */

/* The key of a person's facts in these tests: made from the code. */
static inline struct hash person_test_key(uint64_t code)
{
	struct hash key = {{7}};
	be64_write(key.bytes + 8, code);
	return key;
}

static inline void city_register_row(struct city *city, uint64_t code)
{
	uint8_t nonce[SEAL_NONCE_SIZE];
	struct registry_row row = {.fact_key = person_test_key(code)};
	snprintf(row.name, sizeof(row.name), "张%llu", (unsigned long long)code);
	snprintf(row.id_number, sizeof(row.id_number), "T%llu", (unsigned long long)code);
	assert_int_equal(
	    registry_put(city->txn, &city->registry_key, code, &row, city_nonce(city, nonce), NULL),
	    ERROR_NONE);
}

static inline void city_person_line(
    struct city *city, struct buffer *lines, const struct person_facts *facts)
{
	uint8_t nonce[SEAL_NONCE_SIZE];
	const struct hash key = person_test_key(facts->code);
	person_line_write(lines, facts, &key, city_nonce(city, nonce));
}

/* A person of the city, born 1943-02-28, alive, of minimum income. */
static inline uint64_t city_person(struct city *city, uint32_t serial)
{
	struct buffer lines = {0};
	const struct person_facts facts = {
	    .code = person_code_make(city->settlement.options.region, serial),
	    .birth_day = day(1943, 2, 28),
	    .death_day = DAY_NEVER,
	    .income_class = INCOME_MINIMUM,
	};
	city_register_row(city, facts.code);
	city_person_line(city, &lines, &facts);
	assert_int_equal(city_order(city, KIND_OF(person, false), &lines, 1), ERROR_NONE);
	assert_int_equal(city_reason(city, 0), REASON_registered);
	return facts.code;
}

/* A row for an institution of `host`, as its registration leaves it. */
static inline void city_institution(
    struct city *city, const char *uscc, uint32_t host, uint32_t district)
{
	struct buffer lines = {0};
	struct institution_line line = {.operation = INSTITUTION_REGISTER,
	    .name = span_text("安康养老院"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = district,
	    .beds = 100,
	    .star = 3};
	memcpy(line.uscc, uscc, USCC_SIZE);
	institution_line_write(&lines, &line);
	if (host == city->settlement.options.region) {
		assert_int_equal(
		    city_order(city, KIND_OF(institution, false), &lines, 1), ERROR_NONE);
	} else {
		struct buffer payload = {0}, document = {0};
		codec_put_array(&payload, 6);
		codec_put_uint(&payload, 1);
		codec_put_uint(&payload, host);
		codec_put_uint(&payload, city->settlement.options.region);
		codec_put_uint(&payload, 1);
		codec_put_uint(&payload, 1);
		codec_put_array(&payload, 1);
		buffer_append(&payload, buffer_span(&lines));
		document_sign(&document, "institution_notice", &city->key, buffer_span(&payload));
		assert_int_equal(
		    city_receive(city, KIND_OF(institution_notice, true), &document), ERROR_NONE);
		buffer_free(&payload);
		buffer_free(&document);
		buffer_free(&lines);
	}
	assert_int_equal(city_reason(city, 0), REASON_registered);
}

static inline const struct person_row *city_row(struct city *city, uint64_t code)
{
	const struct person_row *row = NULL;
	assert_int_equal(person_get(city->txn, code, &row), ERROR_NONE);
	return row;
}

#endif
