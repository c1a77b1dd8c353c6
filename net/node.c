#include "node.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "admin_client.h"
#include "descriptor.h"
#include "further.h"
#include "node_internal.h"
#include "order.h"
#include "sheet.h"

/* Hex digits of the content's hash in the id of an order that was given none. */
#define ORDER_ID_HEX 40

_Static_assert(ORDER_ID_HEX + 20 <= ORDER_ID_MAX, "a kind's name and the digits fit into an id");

enum error node_own_descriptor(struct txn *txn, struct buffer *copy, struct descriptor *descriptor)
{
	struct entry_reader reader = {0};
	struct document document;
	struct order order;
	struct span bytes = {NULL, 0};
	enum error error = ledger_read(txn, 0, &reader);

	if (!error && reader.entry.header.document_count == 0)
		error = ERROR_CORRUPT;
	if (!error)
		error = document_read(reader.entry.documents[0], &document);
	if (!error)
		error = order_read(document.payload, &order);
	if (!error) {
		bytes = codec_bytes(&order.parameters);
		error =
		    order.kind == KIND_genesis ? descriptor_read(bytes, descriptor) : ERROR_CORRUPT;
	}
	if (!error && copy) {
		buffer_append(copy, bytes);
		error = copy->failed;
	}
	entry_free(&reader);
	return error;
}

/* The key of the city that is valid now, and that this is the one in the file. */
static enum error check_key(struct node *node, struct txn *txn, const char *kind, bool has,
    const struct secret_key *key, struct public_key *named, struct error_detail *detail)
{
	char party[KEYRING_PARTY_SIZE];
	struct keyring_key current;
	enum error error;

	snprintf(party, sizeof party, "city/%06u", (unsigned)node->config.region);
	error = keyring_current(txn, party, kind, &current);
	if (error)
		return error_set(detail, error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error,
		    "%s: the log names no %s key", node->directory, kind);
	if (has && memcmp(&current.key, &key->public, sizeof current.key) != 0)
		return error_set(detail, ERROR_MISMATCH,
		    "%s/" NODE_FOLDER_KEYS "/%s.key: not the key that the log names",
		    node->directory, kind);
	*named = current.key;
	return ERROR_NONE;
}

/* node.yaml and keys/ must be those of this log: a copied or edited file would sign what nobody can
 * verify. */
static enum error check_identity(struct node *node, struct txn *txn, struct error_detail *detail)
{
	struct public_key document_key;
	struct descriptor own;
	enum error error = node_own_descriptor(txn, NULL, &own);

	if (error)
		return error_set(detail,
		    error == ERROR_NOT_FOUND || error == ERROR_MALFORMED ? ERROR_CORRUPT : error,
		    "%s: entry 0 is not the genesis entry of a node: %s", node->directory,
		    error_text(error));
	if (own.region != node->config.region || own.epoch != node->config.epoch ||
	    own.demo != node->config.demo)
		return error_set(detail, ERROR_MISMATCH,
		    "%s/" NODE_FILE_CONFIG ": region, epoch or demo are not those of the log",
		    node->directory);
	error = check_key(node, txn, "document", node->keys.has_document, &node->keys.document,
	    &document_key, detail);
	if (!error)
		error = check_key(
		    node, txn, "log", node->keys.has_log, &node->keys.log, &node->log_key, detail);
	return error;
}

static enum error load(struct node *node, bool fresh, struct error_detail *detail)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node->ledger), &txn);

	if (error)
		return error;
	if (!fresh)
		error = check_identity(node, txn, detail);
	else
		node->log_key = node->keys.log.public;
	if (!error)
		error = settlement_reload(node->settlement, txn, detail);
	txn_abort(txn);
	return error || !node->remote ? error : deliver_remote_begin(node);
}

static enum error open_ledger(struct node *node, bool fresh, struct error_detail *detail)
{
	char path[NODE_PATH_MAX];
	enum error error = node_path(node->directory, NODE_FOLDER_LEDGER "/data.mdb", path, detail);

	if (error)
		return error;
	/* A writer would make a new, empty log in place of one that is gone. */
	if (!fresh && access(path, F_OK) != 0) {
		int number = errno;

		return error_set(
		    detail, node_system_error(number), "%s: the log: %s", path, strerror(number));
	}
	error = node_path(node->directory, NODE_FOLDER_LEDGER, path, detail);
	if (error)
		return error;
	snprintf(node->origin, sizeof node->origin, "%s/%u", node->config.origin_base,
	    (unsigned)node->config.epoch);
	node->ledger_options =
	    (struct ledger_options){.read_only = node->options.read_only || node->remote,
		.patient = node->options.daemon,
		.not_durable = node->options.not_durable,
		.map_size = node->config.map_size,
		.chart = settlement_chart,
		.project = settlement_project,
		.project_own = settlement_project_own,
		.project_context = node->settlement,
		.origin = node->origin,
		.epoch = node->config.epoch,
		.log_key = node->keys.has_log ? &node->keys.log : NULL};
	node->ledger_options.tables = settlement_tables(&node->ledger_options.table_count);
	return ledger_open(path, &node->ledger_options, &node->ledger, detail);
}

/* Take the lock, or find the daemon that has it. */
static enum error take_writing(struct node *node, struct error_detail *detail)
{
	const struct node_options *options = &node->options;
	enum error error;

	/* Whoever can start it anew wants it to do the writing. */
	while (options->revive) {
		node->remote = admin_is_there(node->directory);
		if (node->remote)
			return ERROR_NONE;
		if (!options->revive(options->revive_context, node->directory))
			return error_set(
			    detail, ERROR_IO, "%s: its daemon has ended", node->directory);
	}
	error = node_lock(node->directory, &node->lock, detail);
	node->remote = error == ERROR_LOCKED && !options->daemon && admin_is_there(node->directory);
	return node->remote ? ERROR_NONE : error;
}

static enum error open_parts(struct node *node, bool fresh, struct error_detail *detail)
{
	struct settlement_options options;
	enum error error = node_config_open(node->directory, &node->config, detail);

	if (!error && !node->options.read_only)
		error = take_writing(node, detail);
	if (!error)
		error =
		    node_keys_open(node->directory, node->options.read_only, &node->keys, detail);
	if (error)
		return error;
	options = (struct settlement_options){.region = node->config.region,
	    .epoch = node->config.epoch,
	    .demo = node->config.demo,
	    .outbox_limit = node->config.outbox_limit,
	    .has_registry_key = node->keys.has_registry,
	    .registry_key = node->keys.registry};
	error = settlement_create(&options, &node->settlement);
	explicit_bzero(&options, sizeof options);
	if (!error)
		error = open_ledger(node, fresh, detail);
	return error ? error : load(node, fresh, detail);
}

enum error node_open_directory(const char *directory, const struct node_options *options,
    bool fresh, struct node **out, struct error_detail *detail)
{
	struct node *node = calloc(1, sizeof *node);
	enum error error = key_library_init();

	*out = NULL;
	if (error || !node) {
		free(node);
		return error ? error : ERROR_MEMORY;
	}
	node->lock = -1;
	node->options = *options;
	verifier_init(&node->verifier);
	error = sequencer_init(&node->sequencer);
	node->directory = strdup(directory);
	if (!error && !node->directory)
		error = ERROR_MEMORY;
	if (!error)
		error = open_parts(node, fresh, detail);
	if (error) {
		node_close(node);
		return error;
	}
	*out = node;
	return ERROR_NONE;
}

enum error node_open(const char *directory, const struct node_options *options, struct node **node,
    struct error_detail *detail)
{
	return node_open_directory(directory, options, false, node, detail);
}

void node_close(struct node *node)
{
	if (!node)
		return;
	ledger_close(node->ledger);
	settlement_free(node->settlement);
	verifier_free(&node->verifier);
	sequencer_free(&node->sequencer);
	node_keys_wipe(&node->keys);
	if (node->lock >= 0)
		close(node->lock); /* last: the next writer finds everything closed */
	free(node->directory);
	free(node);
}

bool node_is_remote(const struct node *node)
{
	return node->remote;
}

void node_watch(struct node *node, node_committed *committed, void *context)
{
	node->committed = committed;
	node->committed_context = context;
}

const char *node_directory(const struct node *node)
{
	return node->directory;
}

uint32_t node_region(const struct node *node)
{
	return node->config.region;
}

bool node_is_demo(const struct node *node)
{
	return node->config.demo;
}

const struct node_config *node_configuration(const struct node *node)
{
	return &node->config;
}

struct ledger *node_ledger(struct node *node)
{
	return node->ledger;
}

struct settlement *node_settlement(struct node *node)
{
	return node->settlement;
}

const struct secret_key *node_document_key(const struct node *node)
{
	return node->keys.has_document ? &node->keys.document : NULL;
}

void node_log_verifier(const struct node *node, struct note_verifier *verifier)
{
	note_verifier_make(verifier, node->origin, NOTE_TYPE_ED25519, &node->log_key);
}

int64_t node_now_ms(struct node *node)
{
	struct timespec now;

	if (node->options.seams.clock_ms)
		return node->options.seams.clock_ms(node->options.seams.context);
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void node_random(struct node *node, uint8_t *bytes, size_t size)
{
	if (node->options.seams.random)
		node->options.seams.random(node->options.seams.context, bytes, size);
	else
		randombytes_buf(bytes, size);
}

void node_follow_up(struct node *node, const struct work *works, size_t count)
{
	uint32_t entries;
	bool due = false;

	for (size_t i = 0; i < count; i++)
		due |= (!works[i].answer->error || works[i].answer->error == ERROR_REPEAT) &&
		       further_is_due(works[i].submission->document);
	if (due && further_run(node, &entries))
		return;
}

/* Which signatures these have, under which keys as the log has them now. What cannot be found out is checked in its turn. */
static void find_signatures(struct node *node, const struct submission *submissions, size_t count,
    struct signatures *signatures)
{
	struct txn *txn;

	memset(signatures, 0, count * sizeof *signatures);
	/* A reader in another process than a daemon could keep the map from growing. */
	if (!node->options.daemon || txn_begin_read(ledger_store(node->ledger), &txn))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct submission *submission = &submissions[i];
		bool checked = submission->prepared && submission->prepared->verified;

		if (!checked && signatures_find(txn, submission->document, submission->attachment,
				    &signatures[i]))
			signatures[i].count = 0;
	}
	txn_abort(txn);
}

enum error node_submit(
    struct node *node, const struct submission *submission, struct answer *answer)
{
	struct signatures signatures;
	struct work work = {.submission = submission, .answer = answer, .signatures = &signatures};
	enum error error;

	if (node->remote)
		return remote_submit(node, submission, 1, answer);
	memset(answer, 0, sizeof *answer);
	find_signatures(node, submission, 1, &signatures);
	signatures_check(&signatures);
	error = sequencer_submit(node, &work);
	if (!error)
		node_follow_up(node, &work, 1);
	return error;
}

enum error node_submit_group(
    struct node *node, const struct submission *submissions, size_t count, struct answer *answers)
{
	struct work works[GROUP_COMMANDS_MAX];
	struct signatures signatures[GROUP_COMMANDS_MAX];
	struct verifier_batch batch;
	enum error error;

	assert(count > 0 && count <= GROUP_COMMANDS_MAX);
	if (node->remote)
		return remote_submit(node, submissions, count, answers);
	for (size_t i = 0; i < count; i++)
		works[i] = (struct work){.submission = &submissions[i],
		    .answer = &answers[i],
		    .signatures = &signatures[i]};
	memset(answers, 0, count * sizeof *answers);
	find_signatures(node, submissions, count, signatures);
	if (node->options.daemon) {
		verifier_begin(&node->verifier, &batch, signatures, count);
		verifier_await(&node->verifier, &batch, count);
		verifier_end(&node->verifier, &batch);
	}
	error = sequencer_run(node, works, count);
	if (!error)
		node_follow_up(node, works, count);
	return error;
}

/* What an order's content is: as node.h says. */
static struct hash order_content(const struct node_order *order)
{
	if (order->content)
		return *order->content;
	return hash_sha256(order->id.size ? order->id : order->lines);
}

/* An id for an order that was given none: alike for the same kind, parameters, content and count,
 * and for nothing else. */
static struct span order_id_make(
    const struct node_order *order, const struct hash *content, char id[ORDER_ID_MAX + 1])
{
	uint8_t head[8];
	char hex[2 * HASH_SIZE + 1];
	struct hash hash;

	be32_write(head, (uint32_t)order->kind);
	be32_write(head + 4, order->count);
	hash = hash_sha256_parts((const struct span[]){span_of(head, sizeof head),
				     hash_span(content), order->parameters},
	    3);
	hex_write(hash_span(&hash), hex);
	snprintf(
	    id, ORDER_ID_MAX + 1, "%s-%.*s", kind_name((unsigned)order->kind), ORDER_ID_HEX, hex);
	return span_text(id);
}

enum error node_order(struct node *node, const struct node_order *order, struct answer *answer)
{
	struct submission submission = {.registry = order->registry};
	struct hash secret = {{0}}, content = order_content(order);
	struct buffer document = {0}, attachment = {0};
	char id[ORDER_ID_MAX + 1];
	enum error error;

	assert(kind_name((unsigned)order->kind));
	memset(answer, 0, sizeof *answer);
	if (order->count)
		node_random(node, secret.bytes, sizeof secret.bytes);
	error = order_sign(&document, order->key ? order->key : &node->keys.document,
	    node->config.region, order->kind,
	    order->id.size ? order->id : order_id_make(order, &content, id), order->parameters,
	    order->parameter_count, &content, &secret, order->lines, order->count);
	if (!error && order->count) {
		codec_put_array(&attachment, 3);
		codec_put_bytes(&attachment, hash_span(&secret));
		codec_put_uint(&attachment, order->count);
		codec_put_bytes(&attachment, order->lines);
		error = attachment.failed;
	}
	if (error) {
		answer->error =
		    error_set(&answer->detail, error, "the order: %s", error_text(error));
		goto done;
	}
	submission.document = buffer_span(&document);
	submission.attachment = buffer_span(&attachment);
	error = node_submit(node, &submission, answer);
done:
	explicit_bzero(&secret, sizeof secret);
	buffer_free(&document);
	buffer_free(&attachment);
	return error;
}
