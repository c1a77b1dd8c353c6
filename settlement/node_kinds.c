/* The kinds by which a node speaks of itself and its peers: genesis, policies, peers, officers, expiry; and
 * acknowledgements and refusals of documents. docs/format.md, "Kinds of the node". */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "appeal.h"
#include "claim.h"
#include "clearing.h"
#include "window.h"
#include "descriptor.h"
#include "draw.h"
#include "institution.h"
#include "keyring.h"
#include "message.h"
#include "order.h"
#include "settlement_internal.h"

#define OFFICER_ADD 1
#define OFFICER_END 2
#define PEER_ROW_HEAD 9

static void put_registered(struct decision *decision)
{
	codec_put_array(&decision->verdicts, 1);
	codec_put_uint(&decision->verdicts, REASON_registered);
	decision->count++;
}

static enum error read_order(
    const struct command *command, struct order *order, struct error_detail *detail)
{
	struct document document;

	if (document_read(command->documents[0], &document) ||
	    strcmp(document.name, "order") != 0 || order_read(document.payload, order))
		return error_set(detail, ERROR_MALFORMED, "not a well-formed order");
	return ERROR_NONE;
}

/* Peers. */

static enum error peer_put(struct txn *txn, const struct descriptor *descriptor)
{
	uint8_t key[4], row[PEER_ROW_HEAD + 2 * DESCRIPTOR_TEXT_SIZE];

	be32_write(key, descriptor->region);
	memset(row, 0, sizeof row);
	be32_write(row, descriptor->epoch);
	be32_write(row + 4, (uint32_t)descriptor->number);
	row[8] = descriptor->demo;
	memcpy(row + PEER_ROW_HEAD, descriptor->origin, strlen(descriptor->origin));
	memcpy(row + PEER_ROW_HEAD + DESCRIPTOR_TEXT_SIZE, descriptor->address,
	    strlen(descriptor->address));
	return store_put(txn, TABLE_PEER, span_of(key, sizeof key), span_of(row, sizeof row));
}

static enum error peer_row_read(struct span key, struct span row, struct peer_row *peer)
{
	if (key.size != 4 || row.size != PEER_ROW_HEAD + 2 * DESCRIPTOR_TEXT_SIZE)
		return ERROR_CORRUPT;
	peer->region = be32_read(key.data);
	peer->epoch = be32_read(row.data);
	peer->number = be32_read(row.data + 4);
	peer->demo = row.data[8];
	memcpy(peer->origin, row.data + PEER_ROW_HEAD, DESCRIPTOR_TEXT_SIZE);
	memcpy(
	    peer->address, row.data + PEER_ROW_HEAD + DESCRIPTOR_TEXT_SIZE, DESCRIPTOR_TEXT_SIZE);
	peer->origin[DESCRIPTOR_TEXT_SIZE - 1] = peer->address[DESCRIPTOR_TEXT_SIZE - 1] = '\0';
	return ERROR_NONE;
}

enum error peer_get(struct txn *txn, uint32_t region, struct peer_row *peer)
{
	uint8_t key[4];
	struct span row;
	enum error error;

	be32_write(key, region);
	error = store_get(txn, TABLE_PEER, span_of(key, sizeof key), &row);
	return error ? error : peer_row_read(span_of(key, sizeof key), row, peer);
}

enum error peer_each(struct txn *txn, peer_visit *visit, void *context)
{
	struct cursor *cursor;
	struct span key, row;
	struct peer_row peer;
	enum error error = cursor_open(txn, TABLE_PEER, &cursor);

	if (error)
		return error;
	error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &row);
	while (!error) {
		error = peer_row_read(key, row, &peer);
		if (error || !visit(context, &peer))
			break;
		error = cursor_next(cursor, &key, &row);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

/* The descriptor in a genesis or peer entry: the document itself, or the first parameter of the order. */
static enum error find_descriptor(const struct span *documents, struct descriptor *descriptor)
{
	struct document document;
	struct order order;
	struct span bytes = documents[0];
	enum error error = document_read(bytes, &document);

	if (!error && strcmp(document.name, "order") == 0) {
		error = order_read(document.payload, &order);
		if (!error)
			bytes = codec_bytes(&order.parameters);
	}
	return error ? error : descriptor_read(bytes, descriptor);
}

static void put_descriptor_line(struct decision *decision, const struct descriptor *descriptor)
{
	codec_put_array(&decision->lines, 3);
	codec_put_uint(&decision->lines, descriptor->region);
	codec_put_text(&decision->lines, span_text(descriptor->origin));
	codec_put_uint(&decision->lines, descriptor->number);
	put_registered(decision);
}

static const char *const descriptor_kinds[] = {"root", "document", "log", "witness", "link"};
#define DESCRIPTOR_KEYS (sizeof descriptor_kinds / sizeof *descriptor_kinds)

static void descriptor_keys(
    const struct descriptor *descriptor, const struct public_key *keys[DESCRIPTOR_KEYS])
{
	keys[0] = &descriptor->root;
	keys[1] = &descriptor->document;
	keys[2] = &descriptor->log;
	keys[3] = &descriptor->witness;
	keys[4] = &descriptor->link;
}

/* A key belongs to one party and purpose for ever, and does not come back when it has ended. */
static enum error check_descriptor_keys(
    struct txn *txn, const struct descriptor *descriptor, struct error_detail *detail)
{
	const struct public_key *keys[DESCRIPTOR_KEYS];
	char party[KEYRING_PARTY_SIZE];

	descriptor_keys(descriptor, keys);
	snprintf(party, sizeof party, "city/%06u", (unsigned)descriptor->region);
	for (size_t i = 0; i < DESCRIPTOR_KEYS; i++) {
		struct key_id id = key_id(keys[i]);
		struct keyring_key known;
		enum error error = keyring_find(txn, &id, &known);
		bool free =
		    error == ERROR_NOT_FOUND || (strcmp(known.party, party) == 0 &&
						    strcmp(known.kind, descriptor_kinds[i]) == 0 &&
						    known.until_sequence == KEYRING_NEVER);

		if (error && error != ERROR_NOT_FOUND)
			return error;
		for (size_t k = 0; k < i; k++)
			free = free && memcmp(keys[i], keys[k], sizeof *keys[i]) != 0;
		if (!free)
			return error_set(detail, ERROR_CONFLICT,
			    "the %s key of %06u has another owner or purpose, or has ended",
			    descriptor_kinds[i], (unsigned)descriptor->region);
	}
	return ERROR_NONE;
}

static bool count_peer(void *context, const struct peer_row *peer)
{
	size_t *count = context;

	(void)peer;
	++*count;
	return true;
}

/* As many cities as everything that is kept by city has room for. */
static enum error check_room(struct txn *txn, struct error_detail *detail)
{
	size_t count = 0;
	enum error error = peer_each(txn, count_peer, &count);

	return error                 ? error
	       : count >= CITIES_MAX ? error_set(detail, ERROR_TOO_LARGE,
					   "%u cities are known: no more are taken", CITIES_MAX)
				     : ERROR_NONE;
}

static enum error apply_descriptor(struct txn *txn, const struct entry *entry)
{
	struct descriptor descriptor;
	const struct public_key *keys[DESCRIPTOR_KEYS];
	char party[KEYRING_PARTY_SIZE];
	enum error error = find_descriptor(entry->documents, &descriptor);

	descriptor_keys(&descriptor, keys);
	snprintf(party, sizeof party, "city/%06u", (unsigned)descriptor.region);
	for (size_t i = 0; i < DESCRIPTOR_KEYS && !error; i++)
		error =
		    keyring_add(txn, party, descriptor_kinds[i], keys[i], entry->header.sequence);
	return error ? error : peer_put(txn, &descriptor);
}

enum error genesis_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct descriptor descriptor;
	struct document document;
	uint64_t size;
	enum error error = ledger_head(txn, &size, NULL);

	(void)now_ms;
	if (error)
		return error;
	if (size != 0)
		return error_set(detail, ERROR_STATE, "the log has its genesis entry already");
	if (find_descriptor(command->documents, &descriptor) ||
	    document_read(command->documents[0], &document))
		return error_set(
		    detail, ERROR_MALFORMED, "the genesis order holds no valid descriptor");
	if (descriptor.region != settlement_region(settlement) ||
	    descriptor.epoch != settlement_epoch(settlement) ||
	    descriptor.demo != settlement_demo(settlement))
		return error_set(detail, ERROR_MISMATCH, "the descriptor is of another node");
	error = document_verify(&document, &descriptor.document);
	if (error)
		return error_set(detail, error,
		    "the genesis order is not signed by the document key of its descriptor");
	put_descriptor_line(decision, &descriptor);
	return ERROR_NONE;
}

enum error genesis_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	(void)settlement;
	(void)detail;
	return apply_descriptor(txn, entry);
}

/* A new peer gets our catalogue at once. */
static enum error send_policy(
    struct settlement *settlement, struct txn *txn, struct decision *decision, uint32_t to)
{
	uint8_t wanted[12];
	struct cursor *cursor;
	struct span key, yaml, last = {NULL, 0};
	struct buffer *payload;
	enum error error = cursor_open(txn, TABLE_POLICY, &cursor);

	if (error)
		return error;
	be32_write(wanted, settlement_region(settlement));
	be64_write(wanted + 4, 0);
	error = cursor_seek(cursor, span_of(wanted, sizeof wanted), &key, &yaml);
	while (!error && key.size == sizeof wanted && memcmp(key.data, wanted, 4) == 0) {
		last = yaml;
		error = cursor_next(cursor, &key, &yaml);
	}
	cursor_close(cursor);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (!last.size)
		return ERROR_NONE;
	payload = message_begin(settlement, txn, decision, to, "policy_notice", 1);
	if (payload)
		codec_put_bytes(payload, last);
	return ERROR_NONE;
}

enum error peer_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct descriptor descriptor;
	struct keyring_key root;
	struct peer_row present;
	char party[KEYRING_PARTY_SIZE];
	bool is_new;
	enum error error = find_descriptor(command->documents, &descriptor);

	(void)now_ms;
	if (error)
		return error_set(detail, error, "not a valid node descriptor");
	if (descriptor.demo != settlement_demo(settlement))
		return error_set(detail, ERROR_REFUSED, "%06u is %s node, this one is %s",
		    (unsigned)descriptor.region, descriptor.demo ? "a demo" : "a real",
		    settlement_demo(settlement) ? "a demo node" : "not");
	snprintf(party, sizeof party, "city/%06u", (unsigned)descriptor.region);
	error = keyring_current(txn, party, "root", &root);
	if (!error && memcmp(&root.key, &descriptor.root, sizeof root.key) != 0)
		return error_set(detail, ERROR_UNKNOWN_KEY, "%06u is known under another root key",
		    (unsigned)descriptor.region);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	error = peer_get(txn, descriptor.region, &present);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (!error && descriptor.number <= present.number)
		return ERROR_REPEAT; /* this one, or one that was replaced since */
	is_new = error == ERROR_NOT_FOUND;
	error = check_descriptor_keys(txn, &descriptor, detail);
	if (!error && is_new)
		error = check_room(txn, detail);
	if (error)
		return error;
	put_descriptor_line(decision, &descriptor);
	/* New keys of our own: nobody would ever fetch what we wrote to ourselves. */
	if (descriptor.region == settlement_region(settlement))
		return ERROR_NONE;
	error = send_policy(settlement, txn, decision, descriptor.region);
	return error || !is_new
		   ? error
		   : institution_announce(settlement, txn, decision, descriptor.region);
}

enum error peer_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	(void)settlement;
	(void)detail;
	return apply_descriptor(txn, entry);
}

/* Policies. */

struct announce {
	struct settlement *settlement;
	struct txn *txn;
	struct decision *decision;
	struct span yaml;
};

static bool announce_policy(void *context, const struct peer_row *peer)
{
	struct announce *announce = context;
	struct buffer *payload;

	if (peer->region == settlement_region(announce->settlement))
		return true;
	payload = message_begin(announce->settlement, announce->txn, announce->decision,
	    peer->region, "policy_notice", 1);
	if (payload)
		codec_put_bytes(payload, announce->yaml);
	return true;
}

/* The catalogue's text: parameter of an order, item of a notice; and whose it must be. */
static enum error find_yaml(struct settlement *settlement, const struct span *documents,
    struct span *yaml, uint32_t *region, bool *own)
{
	struct document document;
	struct message message;
	struct order order;
	enum error error = document_read(documents[0], &document);

	if (error)
		return error;
	*own = strcmp(document.name, "order") == 0;
	if (*own) {
		error = order_read(document.payload, &order);
		*region = settlement_region(settlement);
		*yaml = error ? (struct span){NULL, 0} : codec_bytes(&order.parameters);
		return error ? error : order.parameters.failed;
	}
	error = message_read(document.payload, &message);
	*region = message.from;
	*yaml = error ? (struct span){NULL, 0} : codec_bytes(&message.items);
	return error ? error : message.items.failed;
}

enum error policy_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct config_first first = {.detail = detail};
	const struct policy *present;
	struct policy *policy;
	struct span yaml;
	uint32_t region;
	bool own;
	enum error error = find_yaml(settlement, command->documents, &yaml, &region, &own);

	(void)now_ms;
	if (error)
		return error_set(detail, ERROR_MALFORMED, "no catalogue in the document");
	error = policy_load("policy", yaml, config_report_first, &first, &policy);
	if (error)
		return error;
	present = settlement_policy(settlement, region);
	if (policy->region != region)
		error =
		    error_set(detail, ERROR_MISMATCH, "the catalogue is of region %06u, not %06u",
			(unsigned)policy->region, (unsigned)region);
	else if (present && policy->version <= present->version)
		error = error_set(detail, ERROR_CONFLICT, "version %u is not after version %u",
		    (unsigned)policy->version, (unsigned)present->version);
	if (!error) {
		codec_put_array(&decision->lines, 4);
		codec_put_uint(&decision->lines, region);
		codec_put_uint(&decision->lines, policy->version);
		codec_put_int(&decision->lines, policy->effective_from);
		codec_put_bytes(&decision->lines, hash_span(&policy->hash));
		put_registered(decision);
		if (own) {
			struct announce announce = {settlement, txn, decision, yaml};
			error = peer_each(txn, announce_policy, &announce);
		}
	}
	policy_free(policy);
	return error;
}

enum error policy_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	uint8_t key[12];
	struct span yaml;
	uint32_t region;
	bool own;
	enum error error = find_yaml(settlement, entry->documents, &yaml, &region, &own);

	if (error)
		return ERROR_CORRUPT;
	be32_write(key, region);
	be64_write(key + 4, entry->header.sequence);
	error = store_insert(txn, TABLE_POLICY, span_of(key, sizeof key), yaml);
	return error ? error : catalogue_set(settlement, entry->header.sequence, yaml, detail);
}

/* Officers: [op, name, public key(32)]. */

static void take_officer(struct codec_reader *reader, uint64_t *op, char party[KEYRING_PARTY_SIZE],
    struct public_key *key)
{
	char name[KEYRING_PARTY_SIZE - 8];

	codec_array_exact(reader, 3);
	*op = codec_uint_max(reader, OFFICER_END);
	codec_text_copy(reader, name, sizeof name);
	codec_bytes_exact(reader, key->bytes, PUBLIC_KEY_SIZE);
	snprintf(party, KEYRING_PARTY_SIZE, "officer/%s", name);
	if (!reader->failed && (!name[0] || strchr(name, '/') || *op == 0))
		reader->failed = ERROR_MALFORMED;
}

enum error officer_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(command->lines);

	(void)settlement;
	(void)now_ms;
	for (uint32_t i = 0; i < command->count; i++) {
		char party[KEYRING_PARTY_SIZE];
		struct keyring_key known;
		struct public_key key;
		struct key_id id;
		uint64_t op;
		enum error error;

		take_officer(&reader, &op, party, &key);
		if (reader.failed)
			return error_set(detail, ERROR_MALFORMED,
			    "line %u: not a well-formed officer", (unsigned)i + 1);
		id = key_id(&key);
		error = keyring_find(txn, &id, &known);
		if (error && error != ERROR_NOT_FOUND)
			return error;
		if (op == OFFICER_ADD && !error)
			return error_set(detail, ERROR_CONFLICT,
			    "this key is known already, as that of %s", known.party);
		if (op == OFFICER_END && (error || strcmp(known.party, party) != 0 ||
					     known.until_sequence != KEYRING_NEVER))
			return error_set(
			    detail, ERROR_NOT_FOUND, "%s has no such valid key", party);
		put_registered(decision);
	}
	return codec_finish(&reader);
}

enum error officer_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(entry->lines);
	enum error error = ERROR_NONE;

	(void)settlement;
	(void)detail;
	for (uint32_t i = 0; i < entry->header.count && !error; i++) {
		char party[KEYRING_PARTY_SIZE];
		struct public_key key;
		struct key_id id;
		uint64_t op;

		take_officer(&reader, &op, party, &key);
		id = key_id(&key);
		error = reader.failed ? ERROR_CORRUPT
			: op == OFFICER_ADD
			    ? keyring_add(txn, party, "officer", &key, entry->header.sequence)
			    : keyring_revoke(txn, &id, entry->header.sequence);
	}
	return error;
}

/* Expiry: the order's parameters are the ids of pending transfers past their deadline. */

static enum error expire_one(struct txn *txn, const struct transfer_id *id, int64_t now_ms,
    uint32_t index, const struct hash *cause, struct decision *decision,
    struct error_detail *detail)
{
	struct entry_reader reader;
	struct transfer transfer;
	struct amount left;
	int64_t deadline_ms;
	uint64_t sequence;
	uint32_t at;
	enum error error = transfer_pending(txn, id, &left, &deadline_ms);

	if (!error)
		error = transfer_find(txn, id, &sequence, &at);
	if (error)
		return error_set(detail, error, "the pending transfer is not known");
	if (left.value == 0 || deadline_ms == 0 || now_ms < deadline_ms)
		return error_set(
		    detail, ERROR_STATE, "the transfer is not pending past a deadline");
	error = ledger_read(txn, sequence, &reader);
	if (error)
		return error;
	transfer = reader.entry.transfers[at];
	transfer.id = transfer_id_from(hash_span(cause), UINT32_C(0x80000000) + index);
	transfer.kind = TRANSFER_EXPIRE;
	transfer.pending_id = *id;
	transfer.deadline_ms = 0;
	transfer.amount = left;
	decision_transfer(decision, &transfer);
	entry_free(&reader);
	return ERROR_NONE;
}

enum error expired_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct hash cause = document_hash(command->documents[0]);
	struct order order;
	enum error error = read_order(command, &order, detail);

	(void)settlement;
	if (!error && order.parameter_count == 0)
		error = error_set(detail, ERROR_MALFORMED, "no transfer is named");
	for (size_t i = 0; i < order.parameter_count && !error; i++) {
		struct transfer_id id;

		codec_bytes_exact(&order.parameters, id.bytes, TRANSFER_ID_SIZE);
		if (order.parameters.failed)
			return error_set(detail, ERROR_MALFORMED, "not a transfer id");
		error = expire_one(txn, &id, now_ms, (uint32_t)i, &cause, decision, detail);
		codec_put_bytes(&decision->lines, span_of(id.bytes, TRANSFER_ID_SIZE));
		put_registered(decision);
	}
	return error;
}

enum error expired_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	(void)settlement;
	(void)txn;
	(void)entry;
	(void)detail;
	return ERROR_NONE; /* the transfers say it all */
}

/* Acknowledgements: item [up to number, durable at entry]. */

static enum error read_notice(
    const struct command *command, struct message *message, struct error_detail *detail)
{
	struct document document;

	if (document_read(command->documents[0], &document) ||
	    message_read(document.payload, message) || message->item_count != 1)
		return error_set(detail, ERROR_MALFORMED, "not well-formed");
	return ERROR_NONE;
}

enum error acknowledged_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct message message;
	uint64_t number, sequence, first, waiting;
	uint32_t index;
	enum error error = read_notice(command, &message, detail);

	(void)settlement;
	(void)now_ms;
	if (error)
		return error;
	codec_array_exact(&message.items, 2);
	number = codec_uint(&message.items);
	sequence = codec_uint(&message.items);
	if (codec_finish(&message.items))
		return error_set(detail, ERROR_MALFORMED, "not a well-formed acknowledgement");
	error = outbox_next(txn, message.from, 0, &first, &waiting, &index);
	if (error == ERROR_NOT_FOUND || (!error && number < first))
		return ERROR_REPEAT;
	if (error)
		return error;
	error = outbox_waiting(txn, message.from, &waiting);
	if (error)
		return error;
	if (number >= first + waiting)
		return error_set(detail, ERROR_REFUSED,
		    "%06u acknowledges document %llu, which was never sent", (unsigned)message.from,
		    (unsigned long long)number);
	codec_put_array(&decision->lines, 3);
	codec_put_uint(&decision->lines, message.from);
	codec_put_uint(&decision->lines, number);
	codec_put_uint(&decision->lines, sequence);
	put_registered(decision);
	return ERROR_NONE;
}

enum error acknowledged_apply(struct settlement *settlement, struct txn *txn,
    const struct entry *entry, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(entry->lines);
	uint32_t from;
	uint64_t number;

	(void)settlement;
	(void)detail;
	codec_array_exact(&reader, 3);
	from = (uint32_t)codec_uint(&reader);
	number = codec_uint(&reader);
	codec_uint(&reader);
	return codec_finish(&reader) ? ERROR_CORRUPT : outbox_acknowledge(txn, from, number);
}

/* Refusals: line and item [document hash(32), its number, error name]. */

static void take_refusal(
    struct codec_reader *reader, struct hash *document, uint64_t *number, struct span *name)
{
	codec_array_exact(reader, 3);
	codec_bytes_exact(reader, document->bytes, HASH_SIZE);
	*number = codec_uint(reader);
	*name = codec_text(reader);
}

enum error refusal_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(command->lines);
	struct document document;
	struct message message;
	struct hash hash, found = document_hash(command->documents[0]);
	struct buffer *payload;
	struct span name;
	uint64_t number;

	(void)now_ms;
	take_refusal(&reader, &hash, &number, &name);
	if (codec_finish(&reader) || command->count != 1 || !hash_equal(&hash, &found) ||
	    document_read(command->documents[0], &document) ||
	    message_read(document.payload, &message) || message.number != number)
		return error_set(detail, ERROR_MALFORMED, "not a well-formed refusal");
	put_registered(decision);
	payload = message_begin(settlement, txn, decision, message.from, "refusal", 1);
	if (payload)
		buffer_append(payload, command->lines);
	return ERROR_NONE;
}

enum error refusal_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	(void)settlement;
	(void)txn;
	(void)entry;
	(void)detail;
	return ERROR_NONE; /* its number is taken note of like that of every document */
}

/* Document `index` of an entry of ours. */
static enum error sent_hash(struct txn *txn, uint64_t sequence, uint32_t index, struct hash *hash)
{
	struct span header_bytes, body;
	struct entry_header header;
	enum error error = ledger_get(txn, sequence, &header_bytes, &body);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
	if (entry_header_read(header_bytes, &header) || index >= header.document_count)
		return ERROR_CORRUPT;
	*hash = entry_document_hash(&header, index);
	return ERROR_NONE;
}

enum error refused_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct message message;
	struct codec_reader item;
	struct hash hash, sent;
	struct span name;
	uint64_t number, first, sequence;
	uint32_t index;
	bool undrawn;
	enum error error = read_notice(command, &message, detail);

	(void)now_ms;
	if (error)
		return error;
	item = message.items;
	take_refusal(&item, &hash, &number, &name);
	if (codec_finish(&item))
		return error_set(detail, ERROR_MALFORMED, "not a well-formed refusal");
	error = outbox_next(txn, message.from, number, &first, &sequence, &index);
	if (error == ERROR_NOT_FOUND || (!error && first != number))
		return ERROR_REPEAT;
	if (!error)
		error = sent_hash(txn, sequence, index, &sent);
	if (error)
		return error;
	if (!hash_equal(&hash, &sent))
		return error_set(detail, ERROR_MISMATCH,
		    "%06u refuses document %llu, but names another than was sent",
		    (unsigned)message.from, (unsigned long long)number);
	codec_put_array(&decision->lines, 2);
	codec_put_uint(&decision->lines, message.from);
	buffer_append(&decision->lines, codec_item(&message.items));
	error = draw_refused_decide(settlement, txn, sequence, decision, &undrawn);
	if (error || !undrawn) {
		put_registered(decision);
		return error;
	}
	codec_put_array(&decision->verdicts, 2);
	codec_put_uint(&decision->verdicts, REASON_undrawn);
	codec_put_uint(&decision->verdicts, sequence);
	decision->count++;
	return ERROR_NONE;
}

enum error refused_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(entry->lines);
	struct hash hash;
	struct span name;
	uint64_t number, first, sequence;
	uint32_t from, index;
	enum error error;

	(void)detail;
	codec_array_exact(&reader, 2);
	from = (uint32_t)codec_uint(&reader);
	take_refusal(&reader, &hash, &number, &name);
	if (codec_finish(&reader) || outbox_next(txn, from, number, &first, &sequence, &index) ||
	    first != number)
		return ERROR_CORRUPT;
	error = outbox_acknowledge(txn, from, number);
	if (!error)
		error = claim_refused(settlement, txn, sequence);
	if (!error)
		error = appeal_refused(settlement, txn, sequence);
	if (!error)
		error = window_refused(txn, from, settlement_region(settlement), &hash);
	if (!error)
		error = draw_refused(settlement, txn, sequence);
	return error ? error : clearing_refused(txn, from, &hash);
}
