/* exchange.c: the sender's side: which documents wait, what goes with them, and the answers booked.
 *
 *   request = [1, "deliver", [[document, attachment or null] ...]]
 *           / [1, "hello", [epoch, demo, own node descriptor]] / [1, "bye", [epoch, demo, empty]]
 *           / [1, "reconcile", [window, bytes]]              (exchange_reconcile.c)
 *           / [1, "head", nonce(16)] / [1, "proof", [from, to]]     (exchange_head.c)
 *   answer  = [1, error name, text, delivered, refused, [document ...]]
 */
#include "exchange.h"

#include <assert.h>
#include <string.h>

#include "exchange_internal.h"
#include "message.h"
#include "trust.h"

_Static_assert(ENTRY_BODY_MAX + 1024 <= EXCHANGE_SIZE_MAX && DELIVERY_BYTES_MAX >= ENTRY_BODY_MAX,
    "a document and what goes with it come from one entry: they fit into a request");
_Static_assert(EXCHANGE_SIZE_MAX <= LINK_MESSAGE_MAX, "a link carries the longest request");

/* [sheet COSE, secret(32), count, lines]: the sheet that an endorsement goes with, from the entry
 * that forwarded it. */
static void attach_sheet(struct buffer *out, const struct entry *entry)
{
	struct buffer attachment = {0};

	codec_put_array(&attachment, 4);
	codec_put_bytes(&attachment, entry->documents[0]);
	codec_put_bytes(&attachment, hash_span(&entry->secret));
	codec_put_uint(&attachment, entry->header.count);
	codec_put_bytes(&attachment, entry->lines);
	if (attachment.failed)
		out->failed = attachment.failed;
	else
		codec_put_bytes(out, buffer_span(&attachment));
	buffer_free(&attachment);
}

/* Append [document, attachment] of document `index` of an entry of this node. */
static enum error pack_one(
    struct buffer *parcels, struct txn *txn, uint64_t sequence, uint32_t index)
{
	struct entry_reader reader = {0};
	struct document document;
	enum error error = ledger_read(txn, sequence, &reader);

	if (!error && index >= reader.entry.header.document_count)
		error = ERROR_CORRUPT;
	if (!error)
		error = document_read(reader.entry.documents[index], &document);
	if (!error) {
		codec_put_array(parcels, 2);
		codec_put_bytes(parcels, reader.entry.documents[index]);
		if (strcmp(document.name, "endorsement") == 0)
			attach_sheet(parcels, &reader.entry);
		else
			codec_put_null(parcels);
		error = parcels->failed;
	}
	entry_free(&reader);
	return error;
}

/* The first parcels for `to`, as long as they fit. */
static enum error pack(struct txn *txn, uint32_t to, struct buffer *parcels, uint32_t *count)
{
	uint64_t number = 0, sequence;
	uint32_t index;

	*count = 0;
	while (*count < DELIVERY_BATCH_MAX) {
		size_t size = parcels->size;
		enum error error = outbox_next(txn, to, number, &number, &sequence, &index);

		if (error == ERROR_NOT_FOUND)
			return ERROR_NONE;
		if (!error)
			error = pack_one(parcels, txn, sequence, index);
		if (error)
			return error;
		if (*count > 0 && parcels->size > DELIVERY_BYTES_MAX) {
			parcels->size = size; /* the next batch takes it */
			return ERROR_NONE;
		}
		number++;
		++*count;
	}
	return ERROR_NONE;
}

enum error exchange_offer(struct node *node, uint32_t to, struct buffer *request, uint32_t *count)
{
	struct buffer parcels = {0};
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	*count = 0;
	if (error)
		return error;
	/* What waits for a city that is frozen goes on waiting. */
	error = trust_check_frozen(txn, to, NULL);
	if (!error)
		error = pack(txn, to, &parcels, count);
	else if (error == ERROR_PEER_FROZEN)
		error = ERROR_NONE;
	txn_abort(txn);
	if (!error && *count > 0) {
		codec_put_array(request, 3);
		codec_put_uint(request, EXCHANGE_VERSION);
		codec_put_text(request, span_text("deliver"));
		codec_put_array(request, *count);
		buffer_append(request, buffer_span(&parcels));
		error = request->failed;
		assert(error || request->size <= EXCHANGE_SIZE_MAX);
	}
	buffer_free(&parcels);
	return error;
}

enum error exchange_greet(
    struct node *node, enum exchange_greeting greeting, struct buffer *request)
{
	const struct node_config *config = node_configuration(node);
	struct buffer descriptor = {0};
	enum error error =
	    greeting == EXCHANGE_HELLO ? node_descriptor(node, &descriptor) : ERROR_NONE;

	codec_put_array(request, 3);
	codec_put_uint(request, EXCHANGE_VERSION);
	codec_put_text(request, span_text(greeting == EXCHANGE_HELLO ? "hello" : "bye"));
	codec_put_array(request, 3);
	codec_put_uint(request, config->epoch);
	codec_put_bool(request, config->demo);
	codec_put_bytes(request, buffer_span(&descriptor));
	buffer_free(&descriptor);
	return error ? error : request->failed;
}

/* The error of a name; one that this program does not know stops like any other. */
static enum error error_named(struct span name)
{
	for (unsigned code = 0; code < ERROR_COUNT; code++) {
		if (span_equal(name, span_text(error_name((enum error)code))))
			return (enum error)code;
	}
	return ERROR_REFUSED;
}

/* The head of an answer; the reader stands before the documents then. */
static enum error read_head(struct codec_reader *reader, struct exchange_outcome *outcome)
{
	struct span name;

	codec_array_exact(reader, 6);
	if (codec_uint(reader) != EXCHANGE_VERSION)
		return ERROR_MALFORMED;
	name = codec_text(reader);
	outcome->stuck = error_named(name);
	codec_text_copy(reader, outcome->text.text, sizeof outcome->text.text);
	outcome->delivered = codec_uint_max(reader, DELIVERY_BATCH_MAX);
	outcome->refused = codec_uint_max(reader, DELIVERY_BATCH_MAX);
	return reader->failed;
}

/* May `peer` answer with this document? Nothing else is booked for an answer. */
static bool is_answer_of(struct span bytes, uint32_t peer)
{
	struct document document;
	struct message message;

	return document_read(bytes, &document) == ERROR_NONE &&
	       (strcmp(document.name, "acknowledged") == 0 ||
		   strcmp(document.name, "refusal") == 0) &&
	       message_read(document.payload, &message) == ERROR_NONE && message.from == peer;
}

static void take_booked(
    struct exchange_outcome *outcome, const struct answer *answers, size_t count, bool last)
{
	for (size_t i = 0; i < count; i++) {
		const struct answer *answer = &answers[i];

		if (answer->error && answer->error != ERROR_REPEAT && !outcome->stuck) {
			outcome->stuck = answer->error;
			outcome->text = answer->detail;
		}
		outcome->progress = outcome->progress || !answer->error;
	}
	if (last && answers[count - 1].error == ERROR_NONE)
		outcome->acknowledged = true;
}

enum error exchange_book(
    struct node *node, uint32_t peer, struct span answer, struct exchange_outcome *outcome)
{
	struct codec_reader reader = codec_reader(answer);
	enum error error = codec_check(answer);
	size_t left;

	memset(outcome, 0, sizeof *outcome);
	if (!error)
		error = read_head(&reader, outcome);
	left = error ? 0 : codec_array(&reader);
	if (error || reader.failed || left > DELIVERY_BATCH_MAX + 1) {
		outcome->stuck = error_set(&outcome->text, ERROR_MALFORMED, "not an answer");
		return ERROR_NONE;
	}
	outcome->progress = outcome->delivered + outcome->refused > 0;
	while (left > 0) {
		struct submission submissions[GROUP_COMMANDS_MAX];
		struct answer answers[GROUP_COMMANDS_MAX];
		size_t count = 0;

		for (; count < GROUP_COMMANDS_MAX && left > 0; left--) {
			struct span document = codec_bytes(&reader);

			if (reader.failed || !is_answer_of(document, peer)) {
				outcome->stuck = error_set(&outcome->text, ERROR_MALFORMED,
				    "an answer holds what is none");
				return ERROR_NONE;
			}
			submissions[count++] = (struct submission){.document = document};
		}
		error = node_submit_group(node, submissions, count, answers);
		if (error)
			return error;
		take_booked(outcome, answers, count, left == 0);
	}
	return ERROR_NONE;
}
