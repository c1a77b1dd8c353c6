/* exchange_serve.c: the receiver's side of an exchange: what a peer offers is booked in groups, in the
 * order of its numbers; what was booked is acknowledged, what was refused is sent back as a refusal;
 * both are signed documents. Whatever is lost on the way comes again, and is recognised. */
#include "exchange.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptor.h"
#include "exchange_head.h"
#include "exchange_internal.h"
#include "message.h"
#include "node_internal.h"
#include "trust.h"

/* A document that the receiver has. */
struct taken {
	uint64_t number;
	uint64_t sequence; /* its entry here */
	struct hash hash;
	bool repeated; /* the entry is still to be found */
	bool refused;  /* the entry is a refusal */
};

/* One request at work. */
struct serving {
	struct node *node;
	uint32_t from;
	struct taken taken[DELIVERY_BATCH_MAX];
	size_t taken_count;
	uint64_t delivered, refused;
	enum error stuck;
	struct error_detail text;
	struct buffer answers; /* byte strings of documents */
	size_t answer_count;
};

static void stick(struct serving *serving, enum error why, uint64_t number, const char *text)
{
	char name[48] = "an answer";

	if (number > 0)
		snprintf(name, sizeof name, "document %llu", (unsigned long long)number);
	serving->stuck = error_set(
	    &serving->text, why, "%s: %s", name, text && text[0] ? text : error_text(why));
}

/* One document on its way. */
struct parcel {
	uint64_t number;
	struct submission submission;
	struct answer answer;
};

/* [document, attachment or null]: whose it is, and its number. */
static enum error parcel_read(
    struct codec_reader *reader, const struct serving *serving, struct parcel *parcel)
{
	struct document document;
	struct message message;

	memset(parcel, 0, sizeof *parcel);
	codec_array_exact(reader, 2);
	parcel->submission.document = codec_bytes(reader);
	if (!codec_null(reader))
		parcel->submission.attachment = codec_bytes(reader);
	if (reader->failed || document_read(parcel->submission.document, &document) ||
	    !message_is(&document) || message_read(document.payload, &message) ||
	    message.number == 0)
		return ERROR_MALFORMED;
	parcel->number = message.number;
	/* A city speaks for itself alone. */
	return message.from == serving->from ? ERROR_NONE : ERROR_MISMATCH;
}

/* What this node has of these parcels, up to the first that it could not take. */
static void take_answers(
    struct serving *serving, const struct parcel *parcels, const struct work *works, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct answer *answer = &parcels[i].answer;

		if (answer->error && answer->error != ERROR_REPEAT && !works[i].refused) {
			stick(serving, answer->error, parcels[i].number, answer->detail.text);
			return;
		}
		assert(serving->taken_count < DELIVERY_BATCH_MAX);
		serving->taken[serving->taken_count++] = (struct taken){.number = parcels[i].number,
		    .sequence = answer->sequence,
		    .hash = document_hash(parcels[i].submission.document),
		    .repeated = answer->error == ERROR_REPEAT,
		    .refused = works[i].refused};
		serving->refused += works[i].refused;
		serving->delivered += answer->error == ERROR_NONE;
	}
}

/* Book the next parcels, `left` of them at most, in one group. */
static enum error take_group(struct serving *serving, struct codec_reader *reader, size_t *left)
{
	struct parcel parcels[GROUP_COMMANDS_MAX];
	struct work works[GROUP_COMMANDS_MAX];
	enum error error = ERROR_NONE, wrong = ERROR_NONE;
	size_t count = 0;

	for (; count<GROUP_COMMANDS_MAX && * left> 0; --*left) {
		struct parcel *parcel = &parcels[count];

		wrong = parcel_read(reader, serving, parcel);
		if (wrong)
			break;
		works[count++] = (struct work){.submission = &parcel->submission,
		    .answer = &parcel->answer,
		    .from_peer = true};
	}
	if (count > 0)
		error = sequencer_run(serving->node, works, count);
	if (error)
		return error;
	take_answers(serving, parcels, works, count);
	if (wrong && !serving->stuck)
		stick(serving, wrong, parcels[count].number,
		    wrong == ERROR_MISMATCH ? "it is another city's" : NULL);
	return ERROR_NONE;
}

/* Is `hash` one of the causes of entry `sequence`? */
static enum error is_entry_of(
    struct txn *txn, uint64_t sequence, const struct hash *hash, bool *found, bool *refusal)
{
	struct entry_header header;
	struct span bytes, body;
	enum error error = ledger_get(txn, sequence, &bytes, &body);

	*found = false;
	if (error)
		return error;
	if (entry_header_read(bytes, &header))
		return ERROR_CORRUPT;
	if (header.document_count > 0) {
		struct hash first = entry_document_hash(&header, 0);

		*found = hash_equal(&first, hash);
		*refusal = header.kind == KIND_refusal;
	}
	return ERROR_NONE;
}

/* Where the documents that were known already have been booked: their answers were lost. Newest
 * first, so that the log is walked back once. A number that was booked with another content is a
 * sender that lost its memory: it is not acknowledged. */
static enum error find_repeated(struct serving *serving, struct txn *txn)
{
	uint64_t sequence;
	enum error error = ledger_head(txn, &sequence, NULL);

	for (size_t i = serving->taken_count; i > 0 && !error; i--) {
		struct taken *one = &serving->taken[i - 1];
		bool found = !one->repeated;

		while (!found && sequence > 0 && !error)
			error = is_entry_of(txn, --sequence, &one->hash, &found, &one->refused);
		if (!error && !found) {
			serving->taken_count = 0;
			stick(serving, ERROR_CONFLICT, one->number,
			    "another document was booked under this number");
			return ERROR_NONE;
		}
		if (one->repeated)
			one->sequence = sequence;
	}
	return error;
}

static bool any_repeated(const struct serving *serving)
{
	for (size_t i = 0; i < serving->taken_count; i++) {
		if (serving->taken[i].repeated)
			return true;
	}
	return false;
}

static enum error add_refusal(struct serving *serving, struct txn *txn, uint64_t sequence)
{
	struct entry_reader reader = {0};
	enum error error = ledger_read(txn, sequence, &reader);

	if (!error && reader.entry.header.document_count != 2)
		error = ERROR_CORRUPT;
	if (!error) {
		codec_put_bytes(&serving->answers, reader.entry.documents[1]);
		serving->answer_count++;
	}
	entry_free(&reader);
	return error;
}

/* "acknowledged": [up to number, durable at entry]. */
static enum error add_acknowledgement(struct serving *serving, const struct taken *last)
{
	const struct node *node = serving->node;
	struct buffer payload = {0}, document = {0};
	enum error error;

	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, node->config.region);
	codec_put_uint(&payload, serving->from);
	codec_put_uint(&payload, node->config.epoch);
	codec_put_uint(&payload, 0);
	codec_put_array(&payload, 1);
	codec_put_array(&payload, 2);
	codec_put_uint(&payload, last->number);
	codec_put_uint(&payload, last->sequence);
	if (!payload.failed)
		document_sign(
		    &document, "acknowledged", &node->keys.document, buffer_span(&payload));
	error = payload.failed ? payload.failed : document.failed;
	if (!error) {
		codec_put_bytes(&serving->answers, buffer_span(&document));
		serving->answer_count++;
	}
	buffer_free(&payload);
	buffer_free(&document);
	return error;
}

/* The refusals first, since an acknowledgement of a later number covers them. */
static enum error answer_taken(struct serving *serving)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(serving->node->ledger), &txn);

	if (error)
		return error;
	if (any_repeated(serving))
		error = find_repeated(serving, txn);
	for (size_t i = 0; i < serving->taken_count && !error; i++) {
		if (serving->taken[i].refused)
			error = add_refusal(serving, txn, serving->taken[i].sequence);
	}
	txn_abort(txn);
	if (!error && serving->taken_count > 0)
		error = add_acknowledgement(serving, &serving->taken[serving->taken_count - 1]);
	return error;
}

/* Nothing of a frozen city is booked, and nothing refused: it waits there. */
static enum error check_trusted(struct serving *serving)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(serving->node->ledger), &txn);

	if (error)
		return error;
	error = trust_check_frozen(txn, serving->from, &serving->text);
	txn_abort(txn);
	if (error != ERROR_PEER_FROZEN)
		return error;
	serving->stuck = error;
	return ERROR_NONE;
}

static enum error serve_documents(struct serving *serving, struct codec_reader *reader)
{
	size_t left = codec_array(reader);
	enum error error = check_trusted(serving);

	if (error || serving->stuck)
		return error;

	if (reader->failed || left == 0 || left > DELIVERY_BATCH_MAX) {
		serving->stuck =
		    error_set(&serving->text, ERROR_MALFORMED, "not a batch of documents");
		return ERROR_NONE;
	}
	while (!error && left > 0 && !serving->stuck)
		error = take_group(serving, reader, &left);
	if (!error && serving->taken_count > 0)
		error = answer_taken(serving);
	return error;
}

/* A city shows its own descriptor, signed by its root key: so a new key or address is known before the old one ends. */
static enum error take_descriptor(struct serving *serving, struct span bytes)
{
	const struct submission submission = {.document = bytes};
	struct descriptor descriptor;
	struct answer answer;
	enum error error;

	if (descriptor_read(bytes, &descriptor) || descriptor.region != serving->from) {
		serving->stuck =
		    error_set(&serving->text, ERROR_MISMATCH, "not the sender's descriptor");
		return ERROR_NONE;
	}
	error = node_submit(serving->node, &submission, &answer);
	if (!error && answer.error && answer.error != ERROR_REPEAT)
		stick(serving, answer.error, 0, answer.detail.text);
	return error;
}

static enum error serve_greeting(
    struct serving *serving, struct codec_reader *reader, bool is_hello)
{
	struct span descriptor;
	bool demo;

	codec_array_exact(reader, 3);
	codec_uint_max(reader, UINT32_MAX);
	demo = codec_bool(reader);
	descriptor = codec_bytes(reader);
	if (codec_finish(reader))
		serving->stuck = error_set(&serving->text, ERROR_MALFORMED, "not a greeting");
	else if (demo != serving->node->config.demo)
		serving->stuck = error_set(
		    &serving->text, ERROR_REFUSED, "demo nodes and others stay strangers");
	else if (is_hello)
		return take_descriptor(serving, descriptor);
	return ERROR_NONE;
}

static enum error serve_reconcile(struct serving *serving, struct codec_reader *reader)
{
	struct buffer bytes = {0};

	serving->stuck =
	    exchange_reconcile_serve(serving->node, serving->from, reader, &bytes, &serving->text);
	if (!serving->stuck) {
		codec_put_bytes(&serving->answers, buffer_span(&bytes));
		serving->answer_count = 1;
	}
	buffer_free(&bytes);
	return ERROR_NONE;
}

typedef enum error serve_bytes(struct node *node, struct codec_reader *reader, struct buffer *out,
    struct error_detail *detail);

/* A request that is answered with one byte string and changes nothing. */
static enum error serve_question(
    struct serving *serving, struct codec_reader *reader, serve_bytes *answer)
{
	struct buffer bytes = {0};

	serving->stuck = answer(serving->node, reader, &bytes, &serving->text);
	if (!serving->stuck) {
		codec_put_bytes(&serving->answers, buffer_span(&bytes));
		serving->answer_count = 1;
	}
	buffer_free(&bytes);
	return ERROR_NONE;
}

static enum error serve(struct serving *serving, struct span request, int *greeting)
{
	struct codec_reader reader = codec_reader(request);
	struct span name;

	*greeting = -1;
	if (request.size > EXCHANGE_SIZE_MAX) {
		serving->stuck = error_set(&serving->text, ERROR_TOO_LARGE,
		    "a request of more than %u bytes", EXCHANGE_SIZE_MAX);
		return ERROR_NONE;
	}
	codec_array_exact(&reader, 3);
	if (codec_uint(&reader) != EXCHANGE_VERSION)
		reader.failed = ERROR_MALFORMED;
	name = codec_text(&reader);
	if (reader.failed || codec_check(request)) {
		serving->stuck = error_set(&serving->text, ERROR_MALFORMED, "not a request");
		return ERROR_NONE;
	}
	if (span_equal(name, span_text("deliver")))
		return serve_documents(serving, &reader);
	if (span_equal(name, span_text("reconcile")))
		return serve_reconcile(serving, &reader);
	if (span_equal(name, span_text("head")))
		return serve_question(serving, &reader, exchange_head_serve);
	if (span_equal(name, span_text("proof")))
		return serve_question(serving, &reader, exchange_proof_serve);
	if (span_equal(name, span_text("hello")))
		*greeting = EXCHANGE_HELLO;
	else if (span_equal(name, span_text("bye")))
		*greeting = EXCHANGE_BYE;
	if (*greeting < 0)
		serving->stuck =
		    error_set(&serving->text, ERROR_USAGE, "this request is not known here");
	else
		return serve_greeting(serving, &reader, *greeting == EXCHANGE_HELLO);
	return ERROR_NONE;
}

/* The text may quote a document: what is not UTF-8 is not sent. */
static void put_text(struct buffer *out, const struct error_detail *text)
{
	struct span bytes = span_text(text->text);

	while (bytes.size > 0 && !utf8_valid(bytes))
		bytes.size--; /* it may have been cut inside a character */
	codec_put_text(out, bytes);
}

enum error exchange_serve(
    struct node *node, uint32_t from, struct span request, struct buffer *answer, int *greeting)
{
	struct serving *serving = calloc(1, sizeof *serving);
	int unused;
	enum error error;

	if (!serving)
		return ERROR_MEMORY;
	serving->node = node;
	serving->from = from;
	error = serve(serving, request, greeting ? greeting : &unused);
	if (!error) {
		codec_put_array(answer, 6);
		codec_put_uint(answer, EXCHANGE_VERSION);
		codec_put_text(answer, span_text(error_name(serving->stuck)));
		put_text(answer, &serving->text);
		codec_put_uint(answer, serving->delivered);
		codec_put_uint(answer, serving->refused);
		codec_put_array(answer, serving->answer_count);
		buffer_append(answer, buffer_span(&serving->answers));
		error = serving->answers.failed ? serving->answers.failed : answer->failed;
	}
	buffer_free(&serving->answers);
	free(serving);
	return error;
}
