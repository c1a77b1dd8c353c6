/* deliver.c: the in-process link: carries the waiting documents between nodes that are open in this
 * process. A pair's documents are handed over in the order of their numbers; what the receiver has
 * booked it acknowledges, what it has refused it sends back as a refusal; both are signed
 * documents. Whatever is lost on the way is handed over again at the next delivery, and recognised.
 * docs/format.md, "Links". */
#include "node_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

/* One document on its way. */
struct parcel {
	uint64_t number;
	struct span document;     /* borrowed from the sender's transaction */
	struct buffer attachment; /* memory kept from one parcel to the next */
	struct answer answer;
	bool refused;
};

/* A document that the receiver has. */
struct delivered {
	uint64_t number;
	uint64_t sequence; /* its entry at the receiver */
	struct hash hash;
	bool repeated; /* the entry is still to be found */
	bool refused;  /* the entry is a refusal */
};

/* The memory of a delivery, and what stopped a pair in this round. */
struct courier {
	struct parcel parcels[GROUP_COMMANDS_MAX];
	size_t parcel_count;
	struct delivered delivered[DELIVERY_BATCH_MAX];
	size_t delivered_count;
	struct delivery *totals;
	bool progress;
	enum error stuck;
	struct error_detail *detail;
};

/* Remember what stopped a pair; the first of a round is told. */
static void stick(struct courier *courier, const struct node *from, const struct node *to,
    uint64_t number, const struct answer *answer)
{
	const char *text = answer->detail.text[0] ? answer->detail.text : error_text(answer->error);
	char name[48] = "an answer";

	if (courier->stuck)
		return;
	courier->stuck = answer->error;
	if (number > 0)
		snprintf(name, sizeof name, "document %llu", (unsigned long long)number);
	error_set(courier->detail, answer->error, "%06u to %06u, %s: %s",
	    (unsigned)from->config.region, (unsigned)to->config.region, name, text);
}

/* [sheet COSE, secret(32), count, lines]: the sheet that an endorsement goes with, from the entry
 * that forwarded it. */
static void attach_sheet(struct buffer *out, const struct entry *entry)
{
	codec_put_array(out, 4);
	codec_put_bytes(out, entry->documents[0]);
	codec_put_bytes(out, hash_span(&entry->secret));
	codec_put_uint(out, entry->header.count);
	codec_put_bytes(out, entry->lines);
}

/* Make a parcel of document `index` of an entry of the sender. */
static enum error parcel_pack(
    struct parcel *parcel, struct txn *txn, uint64_t number, uint64_t sequence, uint32_t index)
{
	struct entry_reader reader = {0};
	struct document document;
	enum error error = ledger_read(txn, sequence, &reader);

	parcel->number = number;
	buffer_clear(&parcel->attachment);
	if (!error && index >= reader.entry.header.document_count)
		error = ERROR_CORRUPT;
	if (!error) {
		parcel->document = reader.entry.documents[index];
		error = document_read(parcel->document, &document);
	}
	if (!error && strcmp(document.name, "endorsement") == 0) {
		attach_sheet(&parcel->attachment, &reader.entry);
		error = parcel->attachment.failed;
	}
	entry_free(&reader);
	return error;
}

/* The next parcels for `to` from number `from_number`, at most `most`. */
static enum error pack(
    struct courier *courier, struct txn *txn, uint32_t to, uint64_t from_number, size_t most)
{
	courier->parcel_count = 0;
	while (courier->parcel_count < most) {
		struct parcel *parcel = &courier->parcels[courier->parcel_count];
		uint64_t number, sequence;
		uint32_t index;
		enum error error = outbox_next(txn, to, from_number, &number, &sequence, &index);

		if (error == ERROR_NOT_FOUND)
			return ERROR_NONE;
		if (!error)
			error = parcel_pack(parcel, txn, number, sequence, index);
		if (error)
			return error;
		from_number = number + 1;
		courier->parcel_count++;
	}
	return ERROR_NONE;
}

/* Hand the parcels over in one group. */
static enum error hand_over(struct courier *courier, struct node *to)
{
	struct submission submissions[GROUP_COMMANDS_MAX];
	struct work works[GROUP_COMMANDS_MAX];
	enum error error;

	for (size_t i = 0; i < courier->parcel_count; i++) {
		struct parcel *parcel = &courier->parcels[i];

		submissions[i] = (struct submission){
		    .document = parcel->document, .attachment = buffer_span(&parcel->attachment)};
		works[i] = (struct work){
		    .submission = &submissions[i], .answer = &parcel->answer, .from_peer = true};
	}
	error = sequencer_run(to, works, courier->parcel_count);
	for (size_t i = 0; i < courier->parcel_count; i++)
		courier->parcels[i].refused = works[i].refused;
	return error;
}

/* What the receiver has of these parcels, up to the first that it could not take. Returns whether
 * it took all. */
static bool take_answers(struct courier *courier, struct node *from, struct node *to)
{
	for (size_t i = 0; i < courier->parcel_count; i++) {
		const struct parcel *parcel = &courier->parcels[i];
		const struct answer *answer = &parcel->answer;

		if (answer->error && answer->error != ERROR_REPEAT && !parcel->refused) {
			stick(courier, from, to, parcel->number, answer);
			return false;
		}
		assert(courier->delivered_count < DELIVERY_BATCH_MAX);
		courier->delivered[courier->delivered_count++] =
		    (struct delivered){.number = parcel->number,
			.sequence = answer->sequence,
			.hash = document_hash(parcel->document),
			.repeated = answer->error == ERROR_REPEAT,
			.refused = parcel->refused};
		courier->totals->refused += parcel->refused;
		courier->totals->delivered += answer->error == ERROR_NONE;
		courier->progress = courier->progress || answer->error != ERROR_REPEAT;
	}
	return true;
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

/* Where the receiver has booked the documents that it knew already: their answers were lost. Newest
 * first, so that the log is walked back once. A number that was booked with another content is a
 * sender that lost its memory: it is not acknowledged. */
static enum error find_repeated(
    struct courier *courier, struct node *from, struct node *to, struct txn *txn)
{
	uint64_t sequence;
	enum error error = ledger_head(txn, &sequence, NULL);

	for (size_t i = courier->delivered_count; i > 0 && !error; i--) {
		struct delivered *one = &courier->delivered[i - 1];
		bool found = !one->repeated;

		while (!found && sequence > 0 && !error)
			error = is_entry_of(txn, --sequence, &one->hash, &found, &one->refused);
		if (!error && !found) {
			const struct answer answer = {.error = ERROR_CONFLICT,
			    .detail = {"another document was booked under this number"}};

			courier->delivered_count = 0;
			stick(courier, from, to, one->number, &answer);
			return ERROR_NONE;
		}
		if (one->repeated)
			one->sequence = sequence;
	}
	return error;
}

static bool any_repeated(const struct courier *courier)
{
	for (size_t i = 0; i < courier->delivered_count; i++) {
		if (courier->delivered[i].repeated)
			return true;
	}
	return false;
}

/* Answers for the sender: refusals as the receiver's entries hold them, then the acknowledgement.
 */
struct answers {
	struct buffer bytes;
	size_t starts[DELIVERY_BATCH_MAX + 2];
	size_t count;
};

static void answer_add(struct answers *answers, struct span document)
{
	answers->starts[answers->count++] = answers->bytes.size;
	buffer_append(&answers->bytes, document);
}

static enum error add_refusal(struct answers *answers, struct txn *txn, uint64_t sequence)
{
	struct entry_reader reader = {0};
	enum error error = ledger_read(txn, sequence, &reader);

	if (!error && reader.entry.header.document_count != 2)
		error = ERROR_CORRUPT;
	if (!error)
		answer_add(answers, reader.entry.documents[1]);
	entry_free(&reader);
	return error;
}

/* "acknowledged", signed by the receiver: [up to number, durable at entry]. */
static enum error add_acknowledgement(struct answers *answers, const struct node *from,
    const struct node *to, const struct delivered *last)
{
	struct buffer payload = {0};
	enum error error;

	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, to->config.region);
	codec_put_uint(&payload, from->config.region);
	codec_put_uint(&payload, to->config.epoch);
	codec_put_uint(&payload, 0);
	codec_put_array(&payload, 1);
	codec_put_array(&payload, 2);
	codec_put_uint(&payload, last->number);
	codec_put_uint(&payload, last->sequence);
	answers->starts[answers->count++] = answers->bytes.size;
	if (!payload.failed)
		document_sign(
		    &answers->bytes, "acknowledged", &to->keys.document, buffer_span(&payload));
	error = payload.failed ? payload.failed : answers->bytes.failed;
	buffer_free(&payload);
	return error;
}

static struct span answer_at(const struct answers *answers, size_t index)
{
	return span_of(answers->bytes.data + answers->starts[index],
	    answers->starts[index + 1] - answers->starts[index]);
}

/* Book the answers at the sender. */
static enum error book_answers(
    struct courier *courier, struct node *from, struct node *to, struct answers *answers)
{
	enum error error = answers->bytes.failed;

	answers->starts[answers->count] = answers->bytes.size;
	for (size_t i = 0; i < answers->count && !error;) {
		struct submission submissions[GROUP_COMMANDS_MAX];
		struct answer booked[GROUP_COMMANDS_MAX];
		size_t count = 0;

		for (; count < GROUP_COMMANDS_MAX && i < answers->count; i++)
			submissions[count++] =
			    (struct submission){.document = answer_at(answers, i)};
		error = node_submit_group(from, submissions, count, booked);
		for (size_t k = 0; k < count && !error; k++) {
			if (booked[k].error && booked[k].error != ERROR_REPEAT)
				stick(courier, to, from, 0, &booked[k]);
			else if (!booked[k].error)
				courier->progress = true;
		}
		if (!error && i == answers->count && booked[count - 1].error == ERROR_NONE)
			courier->totals->acknowledgements++;
	}
	return error;
}

/* Answer what the receiver has: the refusals first, since an acknowledgement of a later number
 * covers them. */
static enum error answer_batch(struct courier *courier, struct node *from, struct node *to)
{
	struct answers answers = {.count = 0};
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(to->ledger), &txn);

	if (error)
		return error;
	if (any_repeated(courier))
		error = find_repeated(courier, from, to, txn);
	for (size_t i = 0; i < courier->delivered_count && !error; i++) {
		if (courier->delivered[i].refused)
			error = add_refusal(&answers, txn, courier->delivered[i].sequence);
	}
	txn_abort(txn);
	if (!error && courier->delivered_count > 0)
		error = add_acknowledgement(
		    &answers, from, to, &courier->delivered[courier->delivered_count - 1]);
	if (!error && answers.count > 0)
		error = book_answers(courier, from, to, &answers);
	buffer_free(&answers.bytes);
	return error;
}

/* One batch of one pair: hand over in groups, then answer. */
static enum error deliver_pair(struct courier *courier, struct node *from, struct node *to)
{
	struct txn *txn;
	uint64_t number = 0;
	bool all = true;
	enum error error = txn_begin_read(ledger_store(from->ledger), &txn);

	if (error)
		return error;
	courier->delivered_count = 0;
	while (all && courier->delivered_count + GROUP_COMMANDS_MAX <= DELIVERY_BATCH_MAX) {
		error = pack(courier, txn, to->config.region, number, GROUP_COMMANDS_MAX);
		if (error || courier->parcel_count == 0)
			break;
		error = hand_over(courier, to);
		if (error)
			break;
		number = courier->parcels[courier->parcel_count - 1].number + 1;
		all = take_answers(courier, from, to);
	}
	txn_abort(txn);
	if (error)
		return error_set(courier->detail, error, "%06u to %06u: %s",
		    (unsigned)from->config.region, (unsigned)to->config.region, error_text(error));
	return courier->delivered_count > 0 ? answer_batch(courier, from, to) : ERROR_NONE;
}

/* Every pair once. */
static enum error deliver_round(struct courier *courier, struct node *const *nodes, size_t count)
{
	enum error error = ERROR_NONE;

	courier->progress = false;
	courier->stuck = ERROR_NONE;
	for (size_t i = 0; i < count && !error; i++) {
		for (size_t k = 0; k < count && !error; k++) {
			if (i != k)
				error = deliver_pair(courier, nodes[i], nodes[k]);
		}
	}
	return error;
}

enum error node_deliver(
    struct node *const *nodes, size_t count, struct delivery *delivery, struct error_detail *detail)
{
	struct node *sorted[CITIES_MAX];
	struct courier *courier = calloc(1, sizeof *courier);
	enum error error = courier ? nodes_sort(nodes, count, sorted, detail) : ERROR_MEMORY;

	memset(delivery, 0, sizeof *delivery);
	if (error)
		goto done;
	courier->totals = delivery;
	courier->detail = detail;
	for (unsigned round = 0; round < DELIVERY_ROUNDS_MAX; round++) {
		error = deliver_round(courier, sorted, count);
		if (error || !courier->progress)
			break;
	}
	if (!error && courier->progress)
		error = error_set(detail, ERROR_STATE,
		    "the nodes still had documents for each other after %u rounds",
		    DELIVERY_ROUNDS_MAX);
	if (!error)
		error = courier->stuck;
done:
	for (size_t i = 0; courier && i < GROUP_COMMANDS_MAX; i++)
		buffer_free(&courier->parcels[i].attachment);
	free(courier);
	return error;
}
