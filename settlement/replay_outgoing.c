/* replay_outgoing.c: documents that an entry has sent, against those that the rules give now. */
#include "replay_outgoing.h"

#include <string.h>

#include "person_internal.h"

static bool is_same(struct span sent, const struct outgoing *outgoing)
{
	struct document document;

	return document_read(sent, &document) == ERROR_NONE &&
	       strcmp(document.name, outgoing->name) == 0 &&
	       span_equal(document.payload, buffer_span(&outgoing->payload));
}

/* Items of one name for one city, over all the messages that carry them: where a message ends hangs on how many were put in. */
struct item_stream {
	struct settlement *settlement;
	struct txn *txn;
	const char *name;
	uint32_t to;
	/* Either side: the entry's documents behind its causes, or the decision's. */
	const struct span *documents;
	const struct outgoing *outgoing;
	size_t count, next;
	struct codec_reader items;
	size_t left;
	enum error failed;
};

/* Such messages hold items that begin with a person's code, and tell of facts. */
static bool tells_facts(const char *name)
{
	return strcmp(name, "filing") == 0 || strcmp(name, "grant") == 0 ||
	       strcmp(name, "grant_change") == 0 || strcmp(name, "assessment_notice") == 0;
}

static bool message_at(
    const struct item_stream *stream, size_t index, struct message *message, char *name)
{
	struct document document;
	struct span payload;

	if (stream->documents) {
		if (document_read(stream->documents[index], &document))
			return false;
		payload = document.payload;
		memcpy(name, document.name, DOCUMENT_NAME_SIZE);
	} else {
		payload = buffer_span(&stream->outgoing[index].payload);
		memcpy(name, stream->outgoing[index].name, DOCUMENT_NAME_SIZE);
	}
	return message_read(payload, message) == ERROR_NONE;
}

/* The facts of a person of this city cannot be read: forgotten, or no key is here. */
static bool is_sealed(struct item_stream *stream, uint64_t code)
{
	struct person_row row;
	enum reason reason;
	struct hash fact_key;
	enum error error;

	if (!person_is_own(stream->settlement, code))
		return false;
	error = person_known(stream->settlement, stream->txn, code, &row, &reason);
	if (!error && reason == REASON_erased)
		return true;
	if (!error)
		error = person_fact_key(stream->settlement, stream->txn, code, &fact_key);
	explicit_bzero(&fact_key, sizeof fact_key);
	if (error && error != ERROR_NOT_FOUND && error != ERROR_CORRUPT)
		stream->failed = error;
	return error != ERROR_NONE;
}

/* The next item about a person whose facts are here; empty at the end. */
static struct span stream_next(struct item_stream *stream)
{
	for (;;) {
		struct message message;
		char name[DOCUMENT_NAME_SIZE];
		struct codec_reader reader;
		struct span item;

		while (stream->left == 0 && stream->next < stream->count) {
			if (!message_at(stream, stream->next++, &message, name))
				stream->failed = ERROR_NOT_VERIFIED;
			else if (message.to == stream->to && strcmp(name, stream->name) == 0) {
				stream->items = message.items;
				stream->left = message.item_count;
			}
		}
		if (stream->failed || stream->left == 0)
			return (struct span){NULL, 0};
		stream->left--;
		item = codec_item(&stream->items);
		reader = codec_reader(item);
		codec_array(&reader);
		if (!is_sealed(stream, codec_uint(&reader)))
			return item;
	}
}

static enum error compare_streams(struct item_stream sent, struct item_stream given)
{
	struct span a, b;

	do {
		a = stream_next(&sent);
		b = stream_next(&given);
		if (sent.failed || given.failed)
			return sent.failed ? sent.failed : given.failed;
		if (!span_equal(a, b))
			return ERROR_NOT_VERIFIED;
	} while (a.size);
	return ERROR_NONE;
}

/* Both sides, by each name and receiver that one of them has. */
static enum error compare_items(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, size_t causes, const struct decision *decision)
{
	const size_t sent_count = entry->header.document_count - causes;
	const struct item_stream sent = {.settlement = settlement,
	    .txn = txn,
	    .documents = entry->documents + causes,
	    .count = sent_count};
	const struct item_stream given = {.settlement = settlement,
	    .txn = txn,
	    .outgoing = decision->outgoing,
	    .count = decision->outgoing_count};

	for (size_t i = 0; i < sent_count + decision->outgoing_count; i++) {
		struct item_stream a = sent, b = given;
		struct message message;
		char name[DOCUMENT_NAME_SIZE];
		enum error error;

		if (!message_at(i < sent_count ? &sent : &given,
			i < sent_count ? i : i - sent_count, &message, name) ||
		    !tells_facts(name))
			return ERROR_NOT_VERIFIED;
		a.name = b.name = name;
		a.to = b.to = message.to;
		error = compare_streams(a, b);
		if (error)
			return error;
	}
	return ERROR_NONE;
}

enum error replay_compare_outgoing(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, size_t causes, const struct decision *decision,
    struct error_detail *detail)
{
	const size_t sent = entry->header.document_count - causes;
	size_t same = 0;
	enum error error = ERROR_NOT_VERIFIED;

	while (same < sent && same < decision->outgoing_count &&
	       is_same(entry->documents[causes + same], &decision->outgoing[same]))
		same++;
	if (same == sent && same == decision->outgoing_count)
		return ERROR_NONE;
	if (decision->not_rerun)
		error = compare_items(settlement, txn, entry, causes, decision);
	if (error != ERROR_NOT_VERIFIED)
		return error;
	if (sent != decision->outgoing_count)
		return error_set(detail, error, "%zu documents were sent, the rules give %zu", sent,
		    decision->outgoing_count);
	return error_set(
	    detail, error, "document %zu that was sent is not the one that the rules give", same);
}
