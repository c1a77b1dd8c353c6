#include "message.h"

#include <string.h>

#include "settlement_internal.h"

#define MESSAGE_VERSION 1
#define MESSAGE_FIELDS 6
#define OUTBOX_KEY_SIZE 12
#define OUTBOX_ROW_SIZE 12
#define STATE_ROW_SIZE 16
#define INBOX_ROW_SIZE 12

/* Acknowledgements and refusals answer documents and are answered by nothing, and a descriptor is for everybody: they have
 * no number of their own in the order of documents between two cities. */
static bool is_numbered(const char *name)
{
	return strcmp(name, "acknowledged") != 0 && strcmp(name, "refusal") != 0 &&
	       strcmp(name, "node_descriptor") != 0;
}

static void outbox_key(uint8_t key[OUTBOX_KEY_SIZE], uint32_t to, uint64_t number)
{
	be32_write(key, to);
	be64_write(key + 4, number);
}

/* Number of the next document for `to`, and up to which it has acknowledged. */
static enum error state_read(struct txn *txn, uint32_t to, uint64_t *next, uint64_t *acknowledged)
{
	uint8_t key[4];
	struct span row;
	enum error error;

	be32_write(key, to);
	error = store_get(txn, TABLE_OUTBOX_STATE, span_of(key, sizeof key), &row);
	*next = 1;
	*acknowledged = 0;
	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE;
	if (error)
		return error;
	if (row.size != STATE_ROW_SIZE)
		return ERROR_CORRUPT;
	*next = be64_read(row.data);
	*acknowledged = be64_read(row.data + 8);
	return ERROR_NONE;
}

static enum error state_write(struct txn *txn, uint32_t to, uint64_t next, uint64_t acknowledged)
{
	uint8_t key[4], row[STATE_ROW_SIZE];

	be32_write(key, to);
	be64_write(row, next);
	be64_write(row + 8, acknowledged);
	return store_put(
	    txn, TABLE_OUTBOX_STATE, span_of(key, sizeof key), span_of(row, sizeof row));
}

struct buffer *message_begin(struct settlement *settlement, struct txn *txn,
    struct decision *decision, uint32_t to, const char *name, size_t item_count)
{
	uint64_t number = 0, acknowledged;
	struct buffer *payload;
	enum error error;

	if (is_numbered(name)) {
		error = state_read(txn, to, &number, &acknowledged);
		if (error && !decision->failed)
			decision->failed = error;
		for (size_t i = 0; i < decision->outgoing_count; i++) {
			if (decision->outgoing[i].to == to &&
			    is_numbered(decision->outgoing[i].name))
				number++;
		}
	}
	payload = decision_send(decision, to, name);
	if (!payload)
		return NULL;
	codec_put_array(payload, MESSAGE_FIELDS);
	codec_put_uint(payload, MESSAGE_VERSION);
	codec_put_uint(payload, settlement_region(settlement));
	codec_put_uint(payload, to);
	codec_put_uint(payload, settlement_epoch(settlement));
	codec_put_uint(payload, number);
	codec_put_array(payload, item_count);
	return payload;
}

enum error message_read(struct span payload, struct message *message)
{
	struct codec_reader reader = codec_reader(payload);

	memset(message, 0, sizeof *message);
	codec_array_exact(&reader, MESSAGE_FIELDS);
	if (codec_uint(&reader) != MESSAGE_VERSION)
		return ERROR_MALFORMED;
	message->from = (uint32_t)codec_uint_max(&reader, 999999);
	message->to = (uint32_t)codec_uint_max(&reader, 999999);
	message->epoch = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	message->number = codec_uint(&reader);
	message->item_count = codec_array(&reader);
	if (message->item_count > SHEET_LINES_MAX + 16)
		return ERROR_TOO_LARGE;
	message->items = reader;
	/* The rest is checked here once, so that whoever reads the items may trust their form. */
	for (size_t i = 0; i < message->item_count; i++)
		codec_item(&reader);
	return codec_finish(&reader);
}

bool message_is(const struct document *document)
{
	return strcmp(document->name, "order") != 0 && strcmp(document->name, "sheet") != 0;
}

static enum error inbox_read(struct txn *txn, uint32_t from, uint32_t *epoch, uint64_t *last)
{
	uint8_t key[4];
	struct span row;
	enum error error;

	be32_write(key, from);
	error = store_get(txn, TABLE_INBOX, span_of(key, sizeof key), &row);
	*epoch = 0;
	*last = 0;
	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE;
	if (error)
		return error;
	if (row.size != INBOX_ROW_SIZE)
		return ERROR_CORRUPT;
	*epoch = be32_read(row.data);
	*last = be64_read(row.data + 4);
	return ERROR_NONE;
}

/* An epoch begins with a descriptor, which the root key signs: no document begins one by itself, and ends the one before by that. */
static enum error check_epoch(struct txn *txn, const struct message *message)
{
	struct peer_row peer;
	enum error error = peer_get(txn, message->from, &peer);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	return message->epoch == peer.epoch ? ERROR_NONE : ERROR_MISMATCH;
}

enum error message_expected(
    struct settlement *settlement, struct txn *txn, const struct message *message)
{
	uint32_t epoch;
	uint64_t last;
	enum error error;

	if (message->to != settlement_region(settlement))
		return ERROR_MISMATCH;
	error = inbox_read(txn, message->from, &epoch, &last);
	if (error)
		return error;
	if (epoch && message->epoch < epoch)
		return ERROR_MISMATCH;
	if (message->epoch > epoch) {
		error = check_epoch(txn, message);
		if (error)
			return error;
		last = 0; /* a new epoch of the sender counts anew */
	}
	if (message->number <= last)
		return ERROR_REPEAT;
	return message->number == last + 1 ? ERROR_NONE : ERROR_GAP;
}

static enum error take_note(struct txn *txn, const struct message *message)
{
	uint8_t key[4], row[INBOX_ROW_SIZE];

	be32_write(key, message->from);
	be32_write(row, message->epoch);
	be64_write(row + 4, message->number);
	return store_put(txn, TABLE_INBOX, span_of(key, sizeof key), span_of(row, sizeof row));
}

static enum error queue(
    struct txn *txn, const struct message *message, uint64_t sequence, uint32_t index)
{
	uint8_t key[OUTBOX_KEY_SIZE], row[OUTBOX_ROW_SIZE];
	uint64_t next, acknowledged;
	enum error error = state_read(txn, message->to, &next, &acknowledged);

	if (error)
		return error;
	if (message->number != next)
		return ERROR_CORRUPT; /* decided over another state than it is applied to */
	outbox_key(key, message->to, message->number);
	be64_write(row, sequence);
	be32_write(row + 8, index);
	error = store_insert(txn, TABLE_OUTBOX, span_of(key, sizeof key), span_of(row, sizeof row));
	return error ? error : state_write(txn, message->to, next + 1, acknowledged);
}

enum error message_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry)
{
	for (uint32_t i = 0; i < entry->header.document_count; i++) {
		struct document document;
		struct message message;
		enum error error = document_read(entry->documents[i], &document);

		if (error)
			return ERROR_CORRUPT;
		if (!message_is(&document) || !is_numbered(document.name))
			continue;
		if (message_read(document.payload, &message))
			return ERROR_CORRUPT;
		error = message.from == settlement_region(settlement)
			    ? queue(txn, &message, entry->header.sequence, i)
			    : take_note(txn, &message);
		if (error)
			return error;
	}
	return ERROR_NONE;
}

enum error outbox_next(struct txn *txn, uint32_t to, uint64_t from, uint64_t *number,
    uint64_t *sequence, uint32_t *document_index)
{
	uint8_t key[OUTBOX_KEY_SIZE];
	struct cursor *cursor;
	struct span found, row;
	enum error error = cursor_open(txn, TABLE_OUTBOX, &cursor);

	if (error)
		return error;
	outbox_key(key, to, from);
	error = cursor_seek(cursor, span_of(key, sizeof key), &found, &row);
	if (!error && (found.size != OUTBOX_KEY_SIZE || row.size != OUTBOX_ROW_SIZE))
		error = ERROR_CORRUPT;
	if (!error && be32_read(found.data) != to)
		error = ERROR_NOT_FOUND;
	if (!error) {
		*number = be64_read(found.data + 4);
		*sequence = be64_read(row.data);
		*document_index = be32_read(row.data + 8);
	}
	cursor_close(cursor);
	return error;
}

enum error outbox_waiting(struct txn *txn, uint32_t to, uint64_t *count)
{
	uint64_t next, acknowledged;
	enum error error = state_read(txn, to, &next, &acknowledged);

	*count = error ? 0 : next - 1 - acknowledged;
	return error;
}

enum error outbox_acknowledged(struct txn *txn, uint32_t to, uint64_t *number)
{
	uint64_t next;

	return state_read(txn, to, &next, number);
}

enum error outbox_acknowledge(struct txn *txn, uint32_t to, uint64_t number)
{
	uint64_t next, acknowledged;
	enum error error = state_read(txn, to, &next, &acknowledged);

	if (error)
		return error;
	if (number >= next)
		return ERROR_CORRUPT;
	for (uint64_t n = acknowledged + 1; n <= number && !error; n++) {
		uint8_t key[OUTBOX_KEY_SIZE];

		outbox_key(key, to, n);
		error = store_delete(txn, TABLE_OUTBOX, span_of(key, sizeof key));
	}
	if (error)
		return error;
	return state_write(txn, to, next, number > acknowledged ? number : acknowledged);
}
