#include "settlement_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "claim_state.h"
#include "message.h"
#include "order.h"
#include "sheet.h"
#include "signatures.h"
#include "trust.h"

#define POLICY_KEY_SIZE 12

static const struct kind_row kinds[] = {
#define KIND_AS_ROW(number, name, made) {number, #name, made, name##_decide, name##_apply},
    KIND_LIST(KIND_AS_ROW)
#undef KIND_AS_ROW
};

const struct kind_row *kind_find(unsigned number)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (kinds[i].number == number)
			return &kinds[i];
	}
	return NULL;
}

const char *kind_name(unsigned kind)
{
	const struct kind_row *row = kind_find(kind);

	return row ? row->name : NULL;
}

enum error settlement_create(const struct settlement_options *options, struct settlement **out)
{
	struct settlement *settlement = calloc(1, sizeof *settlement);

	*out = settlement;
	if (!settlement)
		return ERROR_MEMORY;
	settlement->options = *options;
	return ERROR_NONE;
}

void settlement_free(struct settlement *settlement)
{
	if (!settlement)
		return;
	for (size_t i = 0; i < settlement->catalogue_count; i++)
		policy_free(settlement->catalogues[i].policy);
	claim_state_free(settlement->claims);
	/* The registry key lies in here. */
	explicit_bzero(settlement, sizeof *settlement);
	free(settlement);
}

void settlement_gate(struct settlement *settlement, const struct trust_gate *gate)
{
	settlement->gate = gate;
}

uint32_t settlement_region(const struct settlement *settlement)
{
	return settlement->options.region;
}

uint32_t settlement_epoch(const struct settlement *settlement)
{
	return settlement->options.epoch;
}

bool settlement_demo(const struct settlement *settlement)
{
	return settlement->options.demo;
}

const struct hash *settlement_registry_key(const struct settlement *settlement)
{
	return settlement->options.has_registry_key ? &settlement->options.registry_key : NULL;
}

enum error catalogue_set(
    struct settlement *settlement, uint64_t sequence, struct span yaml, struct error_detail *detail)
{
	/* The first fault is enough: whoever wrote the file has seen them all in `policy check`. */
	struct config_first first = {.detail = detail};
	struct catalogue *at = settlement->catalogues;
	struct catalogue *end = at + settlement->catalogue_count;
	struct policy *policy;
	enum error error = policy_load("policy", yaml, config_report_first, &first, &policy);

	if (error)
		return error;
	while (at < end && at->region < policy->region)
		at++;
	if (at == end || at->region != policy->region) {
		if (settlement->catalogue_count == CITIES_MAX) {
			policy_free(policy);
			return ERROR_TOO_LARGE;
		}
		memmove(at + 1, at, (size_t)(end - at) * sizeof *at);
		at->policy = NULL;
		settlement->catalogue_count++;
	}
	policy_free(at->policy);
	*at = (struct catalogue){.region = policy->region, .sequence = sequence, .policy = policy};
	return ERROR_NONE;
}

enum error settlement_reload(
    struct settlement *settlement, struct txn *txn, struct error_detail *detail)
{
	struct cursor *cursor;
	struct span key, yaml;
	enum error error = cursor_open(txn, TABLE_POLICY, &cursor);

	if (error)
		return error;
	for (size_t i = 0; i < settlement->catalogue_count; i++)
		policy_free(settlement->catalogues[i].policy);
	settlement->catalogue_count = 0;
	settlement->claims_decided = false;
	/* In order of region and entry: the last one of a region stays. */
	error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &yaml);
	while (!error) {
		if (key.size != POLICY_KEY_SIZE)
			error = ERROR_CORRUPT;
		else
			error = catalogue_set(settlement, be64_read(key.data + 4), yaml, detail);
		if (!error)
			error = cursor_next(cursor, &key, &yaml);
	}
	cursor_close(cursor);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

const struct policy *settlement_policy(const struct settlement *settlement, uint32_t region)
{
	for (size_t i = 0; i < settlement->catalogue_count; i++) {
		if (settlement->catalogues[i].region == region)
			return settlement->catalogues[i].policy;
	}
	return NULL;
}

enum error catalogue_at(struct settlement *settlement, struct txn *txn, uint64_t sequence,
    struct kept_policy *kept, const struct policy **policy)
{
	uint8_t key[POLICY_KEY_SIZE];
	struct span yaml;
	enum error error;

	for (size_t i = 0; i < settlement->catalogue_count; i++) {
		const struct catalogue *catalogue = &settlement->catalogues[i];

		if (catalogue->region == settlement_region(settlement) &&
		    catalogue->sequence == sequence) {
			*policy = catalogue->policy;
			return ERROR_NONE;
		}
	}
	if (!kept->policy || kept->sequence != sequence) {
		be32_write(key, settlement_region(settlement));
		be64_write(key + 4, sequence);
		error = store_get(txn, TABLE_POLICY, span_of(key, sizeof key), &yaml);
		if (error)
			return error == ERROR_NOT_FOUND ? ERROR_CORRUPT : error;
		policy_free(kept->policy);
		kept->sequence = sequence;
		error = policy_load("policy", yaml, NULL, NULL, &kept->policy);
		if (error)
			return error == ERROR_MEMORY ? error : ERROR_CORRUPT;
	}
	*policy = kept->policy;
	return ERROR_NONE;
}

enum error settlement_policy_logged(struct txn *txn, uint32_t region, uint64_t sequence,
    const struct hash *hash, struct policy **policy)
{
	struct config_first first = {.detail = NULL};
	uint8_t prefix[4];
	struct cursor *cursor;
	struct span key, yaml;
	bool found = false;
	enum error error = cursor_open(txn, TABLE_POLICY, &cursor);

	*policy = NULL;
	if (error)
		return error;
	be32_write(prefix, region);
	error = cursor_seek(cursor, span_of(prefix, sizeof prefix), &key, &yaml);
	while (!error && span_starts_with(key, span_of(prefix, sizeof prefix))) {
		struct hash of = hash_sha256(yaml);

		found = hash ? hash_equal(hash, &of)
			     : key.size == POLICY_KEY_SIZE && be64_read(key.data + 4) == sequence;
		if (found)
			break;
		error = cursor_next(cursor, &key, &yaml);
	}
	if (found)
		error = policy_load("policy", yaml, config_report_first, &first, policy);
	else if (!error)
		error = ERROR_NOT_FOUND;
	cursor_close(cursor);
	return error;
}

/* Admission. */

struct command_storage {
	struct span documents[2];
};

enum error command_storage_create(struct command_storage **storage)
{
	*storage = calloc(1, sizeof **storage);
	return *storage ? ERROR_NONE : ERROR_MEMORY;
}

void command_storage_free(struct command_storage *storage)
{
	free(storage);
}

/* [secret(32), count, lines] */
static enum error read_lines(struct codec_reader *reader, struct command *command)
{
	codec_bytes_exact(reader, command->secret.bytes, HASH_SIZE);
	command->count = (uint32_t)codec_uint_max(reader, ENTRY_LINES_MAX);
	command->lines = codec_bytes(reader);
	return codec_finish(reader);
}

static enum error check_line_root(
    const struct command *command, const struct hash *root, struct error_detail *detail)
{
	struct hash *leaves = malloc((size_t)command->count * sizeof *leaves);
	struct hash found;
	enum error error =
	    leaves ? entry_line_leaves(&command->secret, command->lines, command->count, leaves)
		   : ERROR_MEMORY;

	if (!error) {
		found = merkle_root_in_place(leaves, command->count);
		if (!hash_equal(&found, root))
			error = error_set(
			    detail, ERROR_MISMATCH, "the lines are not those that were signed");
	} else {
		error_set(detail, error, "the lines are not well-formed");
	}
	free(leaves);
	return error;
}

enum error signer_find(const struct settlement *settlement, struct txn *txn,
    const struct command *command, const struct document *document, uint64_t size,
    struct keyring_key *signer)
{
	enum error error;

	if (!settlement->options.signatures_verified)
		return keyring_verify_checked(
		    txn, document, size, signatures_of(command->signatures, document), signer);
	error = keyring_find(txn, &document->key_id, signer);
	if (error == ERROR_NOT_FOUND || (!error && !keyring_valid_at(signer, size)))
		return ERROR_UNKNOWN_KEY;
	return error;
}

static bool is_city(const struct keyring_key *signer, uint32_t region)
{
	char party[KEYRING_PARTY_SIZE];

	snprintf(party, sizeof party, "city/%06u", (unsigned)region);
	return strcmp(signer->party, party) == 0 && strcmp(signer->kind, "document") == 0;
}

enum error signed_by_self(
    const struct settlement *settlement, struct txn *txn, const struct document *document, bool *is)
{
	struct keyring_key signer;
	enum error error = keyring_find(txn, &document->key_id, &signer);

	*is = !error && is_city(&signer, settlement_region(settlement)) &&
	      !document_verify(document, &signer.key);
	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

static enum error admit_order(struct settlement *settlement, struct txn *txn,
    const struct document *document, struct span attachment, struct command *command,
    uint64_t *sequence, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(attachment);
	const struct kind_row *kind;
	struct keyring_key signer;
	struct order order;
	uint64_t size;
	enum error error = order_read(document->payload, &order);

	if (error)
		return error_set(detail, error, "not a well-formed order");
	kind = kind_find(order.kind);
	if (!kind)
		return error_set(
		    detail, ERROR_MALFORMED, "an order of unknown kind %u", (unsigned)order.kind);
	if (order.region != settlement_region(settlement))
		return error_set(
		    detail, ERROR_MISMATCH, "an order for region %06u", (unsigned)order.region);
	command->kind = order.kind;
	if (order.has_lines != !kind->lines_made)
		return error_set(detail, ERROR_MALFORMED, "an order of kind %s %s lines",
		    kind->name, kind->lines_made ? "takes no" : "needs");
	error = ledger_head(txn, &size, NULL);
	if (error)
		return error;
	/* The first entry of all brings the keys that verify it: its decision checks them. */
	if (size > 0) {
		error = signer_find(settlement, txn, command, document, size, &signer);
		if (error)
			return error_set(detail, error, "the order: %s", error_text(error));
		if (!is_city(&signer, order.region) && strncmp(signer.party, "officer/", 8) != 0)
			return error_set(
			    detail, ERROR_UNKNOWN_KEY, "%s may not give orders here", signer.party);
	} else if (order.kind != KIND_genesis) {
		return error_set(detail, ERROR_STATE, "the log has no genesis entry yet");
	}
	error = order_expected(txn, &order, sequence);
	if (error)
		return error == ERROR_CONFLICT
			   ? error_set(detail, error,
				 "order %.*s was given before with other content (entry %llu)",
				 (int)order.id.size, (const char *)order.id.data,
				 (unsigned long long)*sequence)
			   : error;
	if (!order.has_lines) {
		if (attachment.size) {
			command->attachment = attachment;
			return codec_check(attachment);
		}
		return ERROR_NONE;
	}
	codec_array_exact(&reader, 3);
	error = read_lines(&reader, command);
	if (error || command->count != order.count)
		return error_set(detail, ERROR_MALFORMED, "the order's lines do not come with it");
	return check_line_root(command, &order.line_root, detail);
}

/* Whose signature is it? A worker that has verified it has saved us the arithmetic, not the question whose key it is. */
static enum error verify_sheet(const struct settlement *settlement, struct txn *txn,
    const struct command *command, const struct document *document, uint64_t size,
    struct keyring_key *signer)
{
	const struct prepared_sheet *prepared = command->sheet;
	struct signature_check check;

	if (!prepared || !prepared->verified)
		return signer_find(settlement, txn, command, document, size, signer);
	check = (struct signature_check){
	    .document = prepared->document.whole, .key = prepared->key, .holds = true};
	return keyring_verify_checked(txn, document, size, &check, signer);
}

static enum error admit_sheet(struct settlement *settlement, struct txn *txn,
    const struct document *document, struct span attachment, struct command *command,
    uint64_t *sequence, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(attachment);
	struct keyring_key signer;
	struct sheet_header header;
	char party[KEYRING_PARTY_SIZE];
	uint64_t size;
	enum error error = sheet_header_read(document->payload, &header);

	if (error)
		return error_set(detail, error, "not a well-formed claim sheet");
	if (header.host != settlement_region(settlement))
		return error_set(detail, ERROR_MISMATCH, "the sheet is for host city %06u",
		    (unsigned)header.host);
	command->kind = header.payer == header.host ? KIND_claim : KIND_claim_forward;
	error = ledger_head(txn, &size, NULL);
	if (!error)
		error = verify_sheet(settlement, txn, command, document, size, &signer);
	if (error)
		return error_set(detail, error, "sheet %llu of %s: %s",
		    (unsigned long long)header.number, header.uscc, error_text(error));
	snprintf(party, sizeof party, "institution/%s", header.uscc);
	if (strcmp(signer.party, party) != 0 && strncmp(signer.party, "officer/", 8) != 0)
		return error_set(detail, ERROR_UNKNOWN_KEY, "the sheet of %s is signed by %s",
		    header.uscc, signer.party);
	error = sheet_expected(txn, &header, sequence);
	if (error)
		return error == ERROR_CONFLICT ? error_set(detail, error,
						     "sheet %llu of %s was booked before with "
						     "other content (entry %llu)",
						     (unsigned long long)header.number, header.uscc,
						     (unsigned long long)*sequence)
					       : error;
	codec_array_exact(&reader, 3);
	error = read_lines(&reader, command);
	if (error || command->count != header.count)
		return error_set(detail, ERROR_MALFORMED, "the sheet's lines do not come with it");
	/* A prepared sheet was hashed and compared by a worker. */
	return command->sheet ? ERROR_NONE : check_line_root(command, &header.line_root, detail);
}

struct message_row {
	const char *name;
	enum kind kind;
};

static const struct message_row messages[] = {
    {"node_descriptor", KIND_peer},
    {"policy_notice", KIND_policy},
    {"institution_notice", KIND_institution_notice},
    {"standing_notice", KIND_institution_notice},
    {"assessment_notice", KIND_assessment_notice},
    {"filing", KIND_filing_notice},
    {"grant", KIND_grant_notice},
    {"grant_change", KIND_grant_notice},
    {"stay_opened", KIND_stay_notice},
    {"stay_closed", KIND_stay_notice},
    {"stay_accepted", KIND_stay_answer},
    {"stay_refused", KIND_stay_answer},
    {"endorsement", KIND_claim_remote},
    {"adjudication", KIND_adjudication},
    {"adjudication_further", KIND_further_notice},
    {"reversal", KIND_reversal_notice},
    {"appeal", KIND_appeal_notice},
    {"review", KIND_review_notice},
    {"window_statement", KIND_statement},
    {"agreement", KIND_agreement},
    {"window_difference", KIND_difference_notice},
    {"window_rest", KIND_rest},
    {"dispute_ended", KIND_dispute_notice},
    {"clearing_proposal", KIND_clearing_accept},
    {"clearing", KIND_clearing_signed},
    {"payment_advice", KIND_payment_advice},
    {"payment_receipt", KIND_payment_receipt},
    {"prefund_notice", KIND_prefund_notice},
    {"prefund_drawn", KIND_draw_notice},
    {"acknowledged", KIND_acknowledged},
    {"refusal", KIND_refused},
};

static const struct message_row *message_find(const char *name)
{
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		if (strcmp(messages[i].name, name) == 0)
			return &messages[i];
	}
	return NULL;
}

/* [sheet COSE, secret(32), count, lines] behind an endorsement. */
static enum error admit_forwarded_sheet(struct span attachment, struct command_storage *storage,
    struct command *command, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(attachment);
	struct sheet_header header;
	struct document sheet;
	enum error error;

	codec_array_exact(&reader, 4);
	storage->documents[1] = codec_bytes(&reader);
	command->document_count = 2;
	error = read_lines(&reader, command);
	if (!error)
		error = document_read(storage->documents[1], &sheet);
	if (!error && strcmp(sheet.name, "sheet") != 0)
		error = ERROR_MALFORMED;
	if (!error)
		error = sheet_header_read(sheet.payload, &header);
	if (error || header.count != command->count)
		return error_set(
		    detail, ERROR_MALFORMED, "no well-formed sheet comes with the endorsement");
	/* As above: the lines of a prepared sheet are compared elsewhere. */
	return command->sheet ? ERROR_NONE : check_line_root(command, &header.line_root, detail);
}

static enum error admit_message(struct settlement *settlement, struct txn *txn,
    const struct document *document, struct span attachment, struct command_storage *storage,
    struct command *command, uint64_t *sequence, struct error_detail *detail)
{
	const struct message_row *row = message_find(document->name);
	struct keyring_key signer;
	struct message message;
	uint64_t size;
	enum error error = message_read(document->payload, &message);

	if (error || !row)
		return error_set(detail, ERROR_MALFORMED,
		    "not a well-formed document of a known kind: %s", document->name);
	command->kind = row->kind;
	error = ledger_head(txn, &size, NULL);
	if (error)
		return error;
	if (row->kind == KIND_peer) /* brings its own root key: its decision checks it */
		return message.from != settlement_region(settlement)
			   ? ERROR_NONE
			   : error_set(detail, ERROR_MISMATCH, "our own descriptor");
	error = signer_find(settlement, txn, command, document, size, &signer);
	if (error)
		return error_set(detail, error, "%s from %06u: %s", document->name,
		    (unsigned)message.from, error_text(error));
	if (!is_city(&signer, message.from) || message.from == settlement_region(settlement))
		return error_set(detail, ERROR_UNKNOWN_KEY,
		    "%s says that it is from %06u and is signed by %s", document->name,
		    (unsigned)message.from, signer.party);
	if (row->kind != KIND_acknowledged && row->kind != KIND_refused) {
		error = message_expected(settlement, txn, &message);
		*sequence = 0;
		if (error == ERROR_GAP)
			error_set(detail, error,
			    "%s %llu from %06u: one with a lower number is missing", document->name,
			    (unsigned long long)message.number, (unsigned)message.from);
		if (error == ERROR_MISMATCH)
			error_set(detail, error, "%s is for %06u, of epoch %u of %06u",
			    document->name, (unsigned)message.to, (unsigned)message.epoch,
			    (unsigned)message.from);
		if (error)
			return error;
	} else if (message.to != settlement_region(settlement)) {
		return error_set(
		    detail, ERROR_MISMATCH, "%s is for %06u", document->name, (unsigned)message.to);
	}
	/* What is known already is known; anything new waits at its sender. */
	error = trust_check_frozen(txn, message.from, detail);
	if (error)
		return error;
	return row->kind == KIND_claim_remote
		   ? admit_forwarded_sheet(attachment, storage, command, detail)
		   : ERROR_NONE;
}

enum error settlement_admit(struct settlement *settlement, struct txn *txn, struct span bytes,
    struct span attachment, struct command_storage *storage, struct command *command,
    uint64_t *sequence, struct error_detail *detail)
{
	const struct prepared_sheet *sheet = command->sheet;
	const struct signatures *signatures = command->signatures;
	struct document document;
	enum error error = document_read(bytes, &document);

	memset(command, 0, sizeof *command);
	*sequence = 0;
	if (error)
		return error_set(detail, error, "not a signed document");
	storage->documents[0] = bytes;
	command->documents = storage->documents;
	command->document_count = 1;
	command->sheet = sheet;
	command->signatures = signatures;
	if (strcmp(document.name, "order") == 0)
		return admit_order(
		    settlement, txn, &document, attachment, command, sequence, detail);
	if (strcmp(document.name, "sheet") == 0) {
		error =
		    admit_sheet(settlement, txn, &document, attachment, command, sequence, detail);
		if (!error && sheet)
			command->line_leaves = sheet->line_leaves;
		return error;
	}
	return admit_message(
	    settlement, txn, &document, attachment, storage, command, sequence, detail);
}

/* What a signature and the heads around it add to a payload; and a transfer's id, amounts and heads to its texts. */
#define DOCUMENT_FRAME_MAX 256u
#define TRANSFER_FRAME_MAX 80u

/* Would the entry, and each document that it sends, be within their bounds? Whoever decides must know: an entry that is too large could not be
 * appended, a document that is too large not be read. */
static enum error check_size(
    const struct command *command, const struct decision *decision, struct error_detail *detail)
{
	size_t size = DOCUMENT_FRAME_MAX + command->lines.size + decision->lines.size +
		      decision->verdicts.size;

	for (size_t i = 0; i < command->document_count; i++)
		size += command->documents[i].size + 8;
	for (size_t i = 0; i < decision->outgoing_count; i++) {
		size_t payload = decision->outgoing[i].payload.size;

		if (payload > DOCUMENT_SIZE_MAX - DOCUMENT_FRAME_MAX)
			return error_set(detail, ERROR_TOO_LARGE,
			    "a %s of %zu bytes would have to be sent; %u are taken: split what "
			    "causes it",
			    decision->outgoing[i].name, payload, DOCUMENT_SIZE_MAX);
		size += payload + DOCUMENT_FRAME_MAX;
	}
	for (size_t i = 0; i < decision->transfer_count; i++) {
		const struct transfer *transfer = &decision->transfers[i];

		size += TRANSFER_FRAME_MAX + transfer->debit.size + transfer->credit.size +
			transfer->reference.size;
	}
	return size <= ENTRY_BODY_MAX
		   ? ERROR_NONE
		   : error_set(detail, ERROR_TOO_LARGE,
			 "the entry would have %zu bytes; %u are taken: split what causes it", size,
			 ENTRY_BODY_MAX);
}

enum error settlement_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	const struct kind_row *kind = kind_find(command->kind);
	struct hash cause;
	enum error error;

	assert(kind && command->document_count > 0);
	decision_clear(decision);
	error = kind->decide(settlement, txn, command, now_ms, decision, detail);
	if (!error)
		error = decision_finish(decision);
	if (error)
		return error;
	cause = document_hash(command->documents[0]);
	decision_seal(decision, &cause);
	assert(kind->lines_made || decision->count == command->count);
	return check_size(command, decision, detail);
}

enum error settlement_draft(struct settlement *settlement, const struct command *command,
    struct decision *decision, const struct secret_key *document_key, struct buffer *documents,
    struct span *spans, size_t span_capacity, struct entry_draft *draft)
{
	const struct kind_row *kind = kind_find(command->kind);
	size_t starts[DECISION_OUTGOING_MAX + 1];

	(void)settlement;
	assert(span_capacity >= command->document_count + decision->outgoing_count);
	buffer_clear(documents);
	for (size_t i = 0; i < decision->outgoing_count; i++) {
		starts[i] = documents->size;
		document_sign(documents, decision->outgoing[i].name, document_key,
		    buffer_span(&decision->outgoing[i].payload));
	}
	starts[decision->outgoing_count] = documents->size;
	if (documents->failed)
		return documents->failed;
	for (size_t i = 0; i < command->document_count; i++)
		spans[i] = command->documents[i];
	for (size_t i = 0; i < decision->outgoing_count; i++)
		spans[command->document_count + i] =
		    span_of(documents->data + starts[i], starts[i + 1] - starts[i]);
	*draft = (struct entry_draft){.kind = (uint16_t)command->kind,
	    .secret = command->secret,
	    .documents = spans,
	    .document_count = command->document_count + decision->outgoing_count,
	    .lines = kind->lines_made ? buffer_span(&decision->lines) : command->lines,
	    .verdicts = buffer_span(&decision->verdicts),
	    .count = decision->count,
	    .line_leaves = kind->lines_made ? NULL : command->line_leaves,
	    .results = decision->results.size == decision->count ? &decision->results : NULL,
	    .transfers = decision->transfers,
	    .transfer_count = decision->transfer_count};
	return ERROR_NONE;
}

static enum error orders_apply(struct txn *txn, const struct entry *entry)
{
	for (uint32_t i = 0; i < entry->header.document_count; i++) {
		struct document document;
		struct order order;
		enum error error;

		if (document_read(entry->documents[i], &document))
			return ERROR_CORRUPT;
		if (strcmp(document.name, "order") != 0)
			continue;
		if (order_read(document.payload, &order))
			return ERROR_CORRUPT;
		error = order_apply(txn, &order, entry->header.sequence);
		if (error)
			return error;
	}
	return ERROR_NONE;
}

enum error settlement_project(
    void *context, struct txn *txn, const struct entry *entry, struct error_detail *detail)
{
	struct settlement *settlement = context;
	const struct kind_row *kind = kind_find(entry->header.kind);
	enum error error;

	if (!kind)
		return error_set(detail, ERROR_CORRUPT, "entry %llu: unknown kind %u",
		    (unsigned long long)entry->header.sequence, (unsigned)entry->header.kind);
	error = kind->apply(settlement, txn, entry, detail);
	if (!error)
		error = orders_apply(txn, entry);
	if (!error)
		error = message_apply(settlement, txn, entry);
	if (error && detail && !detail->text[0])
		error_set(detail, error, "entry %llu (%s): %s",
		    (unsigned long long)entry->header.sequence, kind->name, error_text(error));
	return error;
}
