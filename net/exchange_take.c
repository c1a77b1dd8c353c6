/* exchange_take.c: documents that a peer offers. Their signatures are checked by all cores, beside the writer, which books them in groups, in the
 * order of their numbers; what was booked is acknowledged, what was refused is sent back as a refusal; both are signed documents.
 * Whatever is lost on the way comes again, and is recognised. */
#include "exchange_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "node_internal.h"
#include "trust.h"

/* One document on its way. */
struct parcel {
	uint64_t number;
	struct submission submission;
};

/* The documents of one request. */
struct arrival {
	struct parcel parcels[DELIVERY_BATCH_MAX];
	struct signatures signatures[DELIVERY_BATCH_MAX];
	size_t count, booked;
	/* What comes after the last of them is none: why, and its number if it has one. */
	enum error wrong;
	uint64_t wrong_number;
	struct verifier_batch batch;
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

/* All parcels, up to the first that is none. */
static void read_parcels(
    struct serving *serving, struct codec_reader *reader, size_t left, struct arrival *arrival)
{
	arrival->count = arrival->booked = 0;
	arrival->wrong = ERROR_NONE;
	for (; left > 0; left--) {
		struct parcel *parcel = &arrival->parcels[arrival->count];

		arrival->wrong = parcel_read(reader, serving, parcel);
		arrival->wrong_number = parcel->number;
		if (arrival->wrong)
			return;
		arrival->count++;
	}
}

static enum error find_signatures(const struct serving *serving, struct arrival *arrival)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(serving->node->ledger), &txn);

	if (error)
		return error;
	for (size_t i = 0; i < arrival->count && !error; i++) {
		const struct submission *submission = &arrival->parcels[i].submission;

		error = signatures_find(
		    txn, submission->document, submission->attachment, &arrival->signatures[i]);
	}
	txn_abort(txn);
	return error;
}

/* What this node has of these parcels, up to the first that it could not take. */
static void take_answers(
    struct serving *serving, const struct parcel *parcels, const struct work *works, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct answer *answer = works[i].answer;

		if (answer->error && answer->error != ERROR_REPEAT && !works[i].refused) {
			exchange_stick(
			    serving, answer->error, parcels[i].number, answer->detail.text);
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

/* Book the next parcels in one group, as soon as their signatures are checked. */
static enum error take_group(struct serving *serving, struct arrival *arrival)
{
	const struct parcel *parcels = arrival->parcels + arrival->booked;
	struct answer answers[GROUP_COMMANDS_MAX];
	struct work works[GROUP_COMMANDS_MAX];
	size_t left = arrival->count - arrival->booked;
	size_t count = left < GROUP_COMMANDS_MAX ? left : GROUP_COMMANDS_MAX;
	enum error error;

	for (size_t i = 0; i < count; i++)
		works[i] = (struct work){.submission = &parcels[i].submission,
		    .answer = &answers[i],
		    .signatures = &arrival->signatures[arrival->booked + i],
		    .from_peer = true};
	memset(answers, 0, count * sizeof *answers);
	verifier_await(&serving->node->verifier, &arrival->batch, arrival->booked + count);
	error = sequencer_run(serving->node, works, count);
	if (error)
		return error;
	node_follow_up(serving->node, works, count);
	take_answers(serving, parcels, works, count);
	arrival->booked += count;
	return ERROR_NONE;
}

static enum error take_parcels(struct serving *serving, struct arrival *arrival)
{
	struct verifier *verifier = &serving->node->verifier;
	enum error error = find_signatures(serving, arrival);

	if (error)
		return error;
	verifier_begin(verifier, &arrival->batch, arrival->signatures, arrival->count);
	while (!error && !serving->stuck && arrival->booked < arrival->count)
		error = take_group(serving, arrival);
	verifier_end(verifier, &arrival->batch);
	if (!error && !serving->stuck && arrival->wrong)
		exchange_stick(serving, arrival->wrong, arrival->wrong_number,
		    arrival->wrong == ERROR_MISMATCH ? "it is another city's" : NULL);
	return error;
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
			exchange_stick(serving, ERROR_CONFLICT, one->number,
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

enum error exchange_take(struct serving *serving, struct codec_reader *reader)
{
	size_t count = codec_array(reader);
	struct arrival *arrival;
	enum error error = check_trusted(serving);

	if (error || serving->stuck)
		return error;
	if (reader->failed || count == 0 || count > DELIVERY_BATCH_MAX) {
		serving->stuck =
		    error_set(&serving->text, ERROR_MALFORMED, "not a batch of documents");
		return ERROR_NONE;
	}
	arrival = malloc(sizeof *arrival);
	if (!arrival)
		return ERROR_MEMORY;
	read_parcels(serving, reader, count, arrival);
	error = take_parcels(serving, arrival);
	free(arrival);
	if (!error && serving->taken_count > 0)
		error = answer_taken(serving);
	return error;
}
