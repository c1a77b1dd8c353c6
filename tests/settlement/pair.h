/* pair.h: two or more cities for the tests of windows and clearings. Commands are decided, signed, decided again as a replay does,
 * booked and projected, with every document that goes out queued for its receiver; of the log around it there are only the entries. */
#ifndef SUIREN_TEST_PAIR_H
#define SUIREN_TEST_PAIR_H

#include "city.h"

#include "calendar.h"
#include "clearing.h"
#include "descriptor.h"
#include "ledger_tables.h"
#include "order.h"
#include "window.h"

#define LETTERS_MAX 512u

/* A document on its way. */
struct letter {
	uint32_t from, to;
	char name[DOCUMENT_NAME_SIZE];
	struct buffer bytes;
};

struct post {
	struct letter letters[LETTERS_MAX];
	size_t count;
};

static inline void post_free(struct post *post)
{
	for (size_t i = 0; i < post->count; i++)
		buffer_free(&post->letters[i].bytes);
	post->count = 0;
}

static const struct {
	const char *name;
	enum kind kind;
} pair_messages[] = {
    {"window_statement", KIND_statement},
    {"agreement", KIND_agreement},
    {"clearing_proposal", KIND_clearing_accept},
    {"clearing", KIND_clearing_signed},
    {"payment_advice", KIND_payment_advice},
    {"payment_receipt", KIND_payment_receipt},
    {"refusal", KIND_refused},
    {"window_difference", KIND_difference_notice},
    {"window_rest", KIND_rest},
    {"dispute_ended", KIND_dispute_notice},
};

/* The entry's rows: a refusal of what it sent is compared with them. */
static inline void pair_log(struct city *city, const struct entry_draft *draft)
{
	const struct hash salt = {{0}};
	struct buffer header = {0}, body = {0};
	uint8_t key[8];
	be64_write(key, city->sequence);
	assert_int_equal(
	    entry_write(draft, 1, city->sequence, city->now_ms, &salt, &header, &body), ERROR_NONE);
	assert_int_equal(
	    store_put(city->txn, TABLE_HEADER, span_of(key, sizeof(key)), buffer_span(&header)),
	    ERROR_NONE);
	assert_int_equal(
	    store_put(city->txn, TABLE_BODY, span_of(key, sizeof(key)), buffer_span(&body)),
	    ERROR_NONE);
	buffer_free(&header);
	buffer_free(&body);
}

/* Decide a command, and if it is not refused log it: sign, replay, book, project. */
static inline enum error pair_submit(
    struct city *city, const struct command *command, struct post *post)
{
	struct buffer documents = {0};
	struct span spans[1 + DECISION_OUTGOING_MAX];
	struct entry_draft draft;
	uint32_t not_rerun;
	city->detail.text[0] = '\0';
	enum error error = settlement_decide(
	    &city->settlement, city->txn, command, city->now_ms, &city->decision, &city->detail);
	if (error)
		return error;
	assert_int_equal(settlement_draft(&city->settlement, command, &city->decision, &city->key,
			     &documents, spans, sizeof(spans) / sizeof(*spans), &draft),
	    ERROR_NONE);
	const struct entry entry = {
	    .header = {.epoch = 1,
		.sequence = city->sequence,
		.time_ms = city->now_ms,
		.kind = draft.kind,
		.document_count = (uint32_t)draft.document_count,
		.count = draft.count},
	    .documents = draft.documents,
	    .lines = draft.lines,
	    .verdicts = draft.verdicts,
	    .transfers = draft.transfers,
	    .transfer_count = draft.transfer_count,
	};
	assert_int_equal(
	    settlement_replay(&city->settlement, city->txn, &entry, &not_rerun, &city->detail),
	    ERROR_NONE);
	for (size_t i = 0; i < entry.transfer_count; i++)
		assert_int_equal(account_book(city->txn, settlement_chart, city->sequence,
				     (uint32_t)i, city->now_ms, &entry.transfers[i], &city->detail),
		    ERROR_NONE);
	pair_log(city, &draft);
	assert_int_equal(
	    settlement_project(&city->settlement, city->txn, &entry, &city->detail), ERROR_NONE);
	for (size_t i = 0; i < city->decision.outgoing_count; i++) {
		assert_true(post->count < LETTERS_MAX);
		struct letter *letter = &post->letters[post->count++];
		*letter = (struct letter){
		    .from = city->settlement.options.region, .to = city->decision.outgoing[i].to};
		snprintf(letter->name, sizeof(letter->name), "%s", city->decision.outgoing[i].name);
		buffer_append(&letter->bytes, spans[command->document_count + i]);
	}
	buffer_free(&documents);
	city->sequence++;
	return ERROR_NONE;
}

/* An order of the city's own, with lines that come with it. */
static inline enum error pair_order_lines(struct city *city, enum kind kind,
    const struct buffer *parameters, size_t count, struct span lines, uint32_t line_count,
    struct post *post)
{
	struct buffer document = {0};
	struct hash zeros = {{0}};
	char id[32];
	snprintf(id, sizeof(id), "order-%llu", (unsigned long long)city->sequence);
	assert_int_equal(
	    order_sign(&document, &city->key, city->settlement.options.region, kind, span_text(id),
		buffer_span(parameters), count, &zeros, &zeros, lines, line_count),
	    ERROR_NONE);
	const struct span documents[] = {buffer_span(&document)};
	const struct command command = {.kind = kind,
	    .documents = documents,
	    .document_count = 1,
	    .lines = lines,
	    .count = line_count};
	enum error error = pair_submit(city, &command, post);
	buffer_free(&document);
	return error;
}

static inline enum error pair_order(struct city *city, enum kind kind,
    const struct buffer *parameters, size_t count, struct post *post)
{
	return pair_order_lines(city, kind, parameters, count, (struct span){NULL, 0}, 0, post);
}

static inline enum error pair_receive(
    struct city *city, const char *name, struct span document, struct post *post)
{
	const struct span documents[] = {document};
	struct command command = {.documents = documents, .document_count = 1};
	for (size_t i = 0; i < sizeof(pair_messages) / sizeof(*pair_messages); i++) {
		if (strcmp(pair_messages[i].name, name) == 0)
			command.kind = pair_messages[i].kind;
	}
	assert_true(command.kind != 0);
	return pair_submit(city, &command, post);
}

/* Hand over the first letter. */
static inline enum error pair_deliver_one(
    struct city *const *cities, size_t count, struct post *post)
{
	struct letter letter = post->letters[0];
	enum error error = ERROR_NOT_FOUND;
	assert_true(post->count > 0);
	memmove(post->letters, post->letters + 1, --post->count * sizeof(*post->letters));
	for (size_t i = 0; i < count; i++) {
		if (cities[i]->settlement.options.region == letter.to)
			error =
			    pair_receive(cities[i], letter.name, buffer_span(&letter.bytes), post);
	}
	buffer_free(&letter.bytes);
	return error;
}

/* Hand over all letters, and what they cause, until there are none. */
static inline void pair_deliver(struct city *const *cities, size_t count, struct post *post)
{
	while (post->count > 0)
		assert_int_equal(pair_deliver_one(cities, count, post), ERROR_NONE);
}

static inline enum error pair_cut(struct city *city, struct post *post)
{
	struct buffer parameters = {0};
	codec_put_null(&parameters);
	enum error error = pair_order(city, KIND_cut, &parameters, 1, post);
	buffer_free(&parameters);
	return error;
}

static inline enum error pair_clear(
    struct city *city, uint32_t month, uint32_t peer, struct post *post)
{
	struct buffer parameters = {0};
	codec_put_uint(&parameters, month);
	codec_put_uint(&parameters, peer);
	enum error error = pair_order(city, KIND_clearing, &parameters, 2, post);
	buffer_free(&parameters);
	return error;
}

/* Make `peer` known to `city`. */
static inline void pair_introduce(struct city *city, const struct city *peer)
{
	struct descriptor descriptor = {
	    .region = peer->settlement.options.region, .epoch = 1, .number = 1, .demo = true};
	struct public_key *const keys[] = {&descriptor.root, &descriptor.document, &descriptor.log,
	    &descriptor.witness, &descriptor.link};
	struct secret_key root;
	struct post none = {.count = 0};
	snprintf(descriptor.origin, sizeof(descriptor.origin), "c%06u.example/ledger/1",
	    (unsigned)descriptor.region);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct hash seed = {{(uint8_t)(i + 1), (uint8_t)descriptor.region}};
		struct secret_key key;
		key_from_seed(&seed, &key);
		*keys[i] = key.public;
		if (i == 0)
			root = key;
	}
	struct buffer document = {0};
	descriptor_sign(&document, &descriptor, &root);
	const struct span documents[] = {buffer_span(&document)};
	const struct command command = {
	    .kind = KIND_peer, .documents = documents, .document_count = 1};
	assert_int_equal(pair_submit(city, &command, &none), ERROR_NONE);
	buffer_free(&document);
	post_free(&none);
}

/* --- what is owed -------------------------------------------------------------------------------------------- */

static inline void pair_book(
    struct city *city, const char *debit, const char *credit, int64_t amount)
{
	const struct hash cause = {{(uint8_t)city->sequence, (uint8_t)(city->sequence >> 8), 0x77}};
	const struct transfer transfer = {.id = transfer_id_from(hash_span(&cause), 0),
	    .kind = TRANSFER_PLAIN,
	    .unit = UNIT_CNY,
	    .amount = {amount < 0 ? -amount : amount},
	    .debit = span_text(amount < 0 ? credit : debit),
	    .credit = span_text(amount < 0 ? debit : credit)};
	assert_int_equal(account_book(city->txn, settlement_chart, city->sequence, 0, city->now_ms,
			     &transfer, &city->detail),
	    ERROR_NONE);
	city->sequence++;
}

static inline struct obligation pair_obligation(
    struct city *payer, const struct city *creditor, int64_t amount)
{
	struct obligation obligation = {.payer = payer->settlement.options.region,
	    .creditor = creditor->settlement.options.region,
	    .epoch = 1,
	    .sequence = payer->sequence,
	    .amount_fen = amount};
	memset(obligation.line_hash.bytes, (uint8_t)payer->sequence, HASH_SIZE);
	assert_int_equal(window_open_number(
			     payer->txn, obligation.payer, obligation.creditor, &obligation.window),
	    ERROR_NONE);
	return obligation;
}

/* What an approval (or, negative, a reversal) does at the payer: the obligation and its booking. "clearing/outside" stands for the
 * fund. */
static inline struct obligation pair_owe(
    struct city *payer, const struct city *creditor, int64_t amount)
{
	struct obligation obligation = pair_obligation(payer, creditor, amount);
	char account[ACCOUNT_TEXT_SIZE];
	assert_int_equal(obligation_add(payer->txn, &obligation), ERROR_NONE);
	account_payable_city(account, obligation.creditor, obligation.window);
	pair_book(payer, "clearing/outside", account, amount);
	return obligation;
}

/* What its adjudication does at the creditor. */
static inline void pair_mirror(struct city *creditor, const struct obligation *obligation)
{
	char account[ACCOUNT_TEXT_SIZE];
	assert_int_equal(
	    obligation_expected(creditor->txn, obligation, &creditor->detail), ERROR_NONE);
	assert_int_equal(obligation_add(creditor->txn, obligation), ERROR_NONE);
	account_receivable_city(account, obligation->payer, obligation->window);
	pair_book(creditor, account, "clearing/outside", obligation->amount_fen);
}

static inline void pair_approve(struct city *payer, struct city *creditor, int64_t amount)
{
	struct obligation obligation = pair_owe(payer, creditor, amount);
	pair_mirror(creditor, &obligation);
}

/* --- what stands in the books ------------------------------------------------------------------------------- */

static inline struct window_row pair_window(
    struct city *city, uint32_t payer, uint32_t creditor, uint32_t number)
{
	struct window_row window;
	assert_int_equal(window_get(city->txn, payer, creditor, number, &window), ERROR_NONE);
	return window;
}

static inline struct clearing_row pair_clearing(
    struct city *city, uint32_t month, uint32_t a, uint32_t b)
{
	struct clearing_row clearing;
	assert_int_equal(clearing_get(city->txn, month, a, b, &clearing), ERROR_NONE);
	return clearing;
}

/* Credits less debits. */
static inline int64_t pair_credit(struct city *city, const char *name)
{
	struct account account;
	enum error error = account_get(city->txn, span_text(name), &account);
	if (error == ERROR_NOT_FOUND)
		return 0;
	assert_int_equal(error, ERROR_NONE);
	return account.credits - account.debits;
}

static inline int64_t pair_clearing_credit(struct city *city, uint32_t month, uint32_t peer)
{
	char name[ACCOUNT_TEXT_SIZE];
	return pair_credit(city, account_clearing(name, month, peer));
}

static inline int64_t pair_payable(struct city *city, uint32_t creditor, uint32_t window)
{
	char name[ACCOUNT_TEXT_SIZE];
	return pair_credit(city, account_payable_city(name, creditor, window));
}

static inline int64_t pair_receivable(struct city *city, uint32_t payer, uint32_t window)
{
	char name[ACCOUNT_TEXT_SIZE];
	return -pair_credit(city, account_receivable_city(name, payer, window));
}

static inline void pair_at(struct city *const *cities, size_t count, int32_t day)
{
	for (size_t i = 0; i < count; i++)
		cities[i]->now_ms = day_start_ms(day) + INT64_C(9) * 3600 * 1000;
}

#endif
