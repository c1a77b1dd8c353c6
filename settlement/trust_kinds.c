/* trust_kinds.c: the kinds by which this node keeps what it has seen of other logs: heads (70), a city frozen upon evidence (71) and
 * unfrozen by two officers (72). docs/format.md, "Trust between cities". */
#include "trust.h"

#include <stdio.h>
#include <string.h>

#include "lines.h"
#include "order.h"
#include "settlement_internal.h"

#define HEAD_LINE_FIELDS 4
#define FROZEN_LINE_FIELDS 7
#define UNFREEZE_LINE_FIELDS 3

static enum error read_order(
    const struct span *documents, struct order *order, struct document *document)
{
	if (document_read(documents[0], document) || strcmp(document->name, "order") != 0)
		return ERROR_MALFORMED;
	return order_read(document->payload, order);
}

static void put_verdict(struct decision *decision, enum reason reason)
{
	codec_put_array(&decision->verdicts, 1);
	codec_put_uint(&decision->verdicts, reason);
	decision->count++;
}

/* Heads: each parameter is [region, note, [hash(32)...]]: the hashes lead from the head that is booked to this one; none if there is
 * none, or it is of another epoch. */

struct head_shown {
	uint32_t region;
	struct span note;
	struct merkle_proof path;
};

static enum error take_head(struct codec_reader *reader, struct head_shown *shown)
{
	codec_array_exact(reader, 3);
	shown->region = (uint32_t)codec_uint_max(reader, 999999);
	shown->note = codec_bytes(reader);
	shown->path.count = codec_array(reader);
	if (reader->failed || shown->path.count > MERKLE_PROOF_MAX)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < shown->path.count; i++)
		codec_bytes_exact(reader, shown->path.hashes[i].bytes, HASH_SIZE);
	return reader->failed;
}

/* It goes on from the head that is booked. */
static enum error check_goes_on(struct txn *txn, const struct head_shown *shown,
    const struct checkpoint *checkpoint, struct error_detail *detail)
{
	struct trust_head before;
	enum error error = trust_head_get(txn, shown->region, &before);
	bool first =
	    error == ERROR_NOT_FOUND || (!error && strcmp(before.origin, checkpoint->origin) != 0);

	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (first)
		return shown->path.count == 0
			   ? ERROR_NONE
			   : error_set(detail, ERROR_MALFORMED,
				 "hashes that lead from nowhere to the first head of %06u",
				 (unsigned)shown->region);
	if (checkpoint->size <= before.size)
		return error_set(detail, ERROR_STATE,
		    "a head of %06u of %llu entries; one of %llu is booked (entry %llu)",
		    (unsigned)shown->region, (unsigned long long)checkpoint->size,
		    (unsigned long long)before.size, (unsigned long long)before.sequence);
	if (merkle_check_consistency(before.size, checkpoint->size, &before.root, &checkpoint->root,
		shown->path.hashes, shown->path.count))
		return error_set(detail, ERROR_NOT_VERIFIED,
		    "no proof that the head of %06u goes on from the one that is booked",
		    (unsigned)shown->region);
	return ERROR_NONE;
}

static enum error decide_head(struct settlement *settlement, struct txn *txn,
    const struct head_shown *shown, struct decision *decision, struct error_detail *detail)
{
	struct note_verifier key;
	struct checkpoint checkpoint;
	enum error error = shown->region == settlement_region(settlement)
			       ? ERROR_NOT_FOUND
			       : trust_log_key(txn, shown->region, &key);

	if (error)
		return error_set(detail, error, "%06u is not a peer", (unsigned)shown->region);
	error = trust_check_frozen(txn, shown->region, detail);
	if (error)
		return error;
	error = head_verify(shown->note, &key, 1, NULL, &checkpoint);
	if (error)
		return error_set(detail, error, "the head of %06u: %s", (unsigned)shown->region,
		    error_text(error));
	error = check_goes_on(txn, shown, &checkpoint, detail);
	if (error)
		return error;
	codec_put_array(&decision->lines, HEAD_LINE_FIELDS);
	codec_put_uint(&decision->lines, shown->region);
	codec_put_text(&decision->lines, span_text(checkpoint.origin));
	codec_put_uint(&decision->lines, checkpoint.size);
	codec_put_bytes(&decision->lines, hash_span(&checkpoint.root));
	put_verdict(decision, REASON_head_seen);
	return ERROR_NONE;
}

enum error heads_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct document document;
	struct order order;
	uint32_t last = 0;

	(void)now_ms;
	if (read_order(command->documents, &order, &document) || order.parameter_count == 0 ||
	    order.parameter_count > CITIES_MAX)
		return error_set(detail, ERROR_MALFORMED, "not a well-formed order of heads");
	for (size_t i = 0; i < order.parameter_count; i++) {
		struct head_shown shown;
		enum error error = take_head(&order.parameters, &shown);

		if (error || shown.region <= last)
			return error_set(detail, ERROR_MALFORMED,
			    "head %zu is malformed, or out of order", i + 1);
		last = shown.region;
		error = decide_head(settlement, txn, &shown, decision, detail);
		if (error)
			return error;
	}
	return ERROR_NONE;
}

enum error heads_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct codec_reader lines = codec_reader(entry->lines);
	struct document document;
	struct order order;

	(void)settlement;
	(void)detail;
	if (read_order(entry->documents, &order, &document) ||
	    order.parameter_count != entry->header.count)
		return ERROR_CORRUPT;
	for (uint32_t i = 0; i < entry->header.count; i++) {
		struct trust_head head = {
		    .sequence = entry->header.sequence, .time_ms = entry->header.time_ms};
		struct head_shown shown;
		uint32_t region;
		enum error error;

		if (take_head(&order.parameters, &shown))
			return ERROR_CORRUPT;
		codec_array_exact(&lines, HEAD_LINE_FIELDS);
		region = (uint32_t)codec_uint(&lines);
		codec_text_copy(&lines, head.origin, sizeof head.origin);
		head.size = codec_uint(&lines);
		codec_bytes_exact(&lines, head.root.bytes, HASH_SIZE);
		head.note = shown.note;
		if (lines.failed || region != shown.region)
			return ERROR_CORRUPT;
		error = trust_head_put(txn, region, &head);
		if (error)
			return error;
	}
	return codec_finish(&lines) ? ERROR_CORRUPT : ERROR_NONE;
}

/* Frozen: the only parameter is the evidence. */

static enum error check_freezable(struct settlement *settlement, struct txn *txn, uint32_t region,
    const struct hash *evidence, struct error_detail *detail)
{
	struct trust_state state;
	struct peer_row peer;
	enum error error = peer_get(txn, region, &peer);

	if (error == ERROR_NOT_FOUND || region == settlement_region(settlement))
		return error_set(detail, ERROR_NOT_FOUND, "%06u is not a peer", (unsigned)region);
	if (!error)
		error = trust_state_get(txn, region, &state);
	if (error)
		return error;
	if (state.frozen)
		return error_set(detail, ERROR_STATE, "%06u is frozen already, since entry %llu",
		    (unsigned)region, (unsigned long long)state.frozen_sequence);
	if (hash_equal(&state.evidence, evidence))
		return error_set(detail, ERROR_STATE,
		    "upon this evidence %06u was frozen before, and officers have ended it",
		    (unsigned)region);
	return ERROR_NONE;
}

static void put_checkpoint(struct buffer *out, const struct checkpoint *checkpoint)
{
	codec_put_uint(out, checkpoint->size);
	codec_put_bytes(out, hash_span(&checkpoint->root));
}

enum error frozen_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct note_verifier keys[LOG_KEYS_MAX];
	struct checkpoint first, second;
	struct evidence evidence;
	struct document document;
	struct order order;
	struct hash hash;
	size_t count;
	enum error error;

	(void)now_ms;
	if (read_order(command->documents, &order, &document) || order.parameter_count != 1 ||
	    evidence_read(order.parameter_bytes, &evidence))
		return error_set(detail, ERROR_MALFORMED, "no well-formed evidence");
	hash = hash_sha256(order.parameter_bytes);
	error = check_freezable(settlement, txn, evidence.region, &hash, detail);
	if (!error)
		error = trust_log_keys(txn, evidence.region, keys, LOG_KEYS_MAX, &count);
	if (!error)
		error = evidence_check(&evidence, keys, count, &first, &second, detail);
	if (error)
		return error;
	codec_put_array(&decision->lines, FROZEN_LINE_FIELDS);
	codec_put_uint(&decision->lines, evidence.region);
	codec_put_uint(&decision->lines, evidence.kind);
	codec_put_bytes(&decision->lines, hash_span(&hash));
	put_checkpoint(&decision->lines, &first);
	put_checkpoint(&decision->lines, &second);
	put_verdict(decision, REASON_frozen);
	return ERROR_NONE;
}

enum error frozen_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct codec_reader line = codec_reader(entry->lines);
	struct trust_state state;
	uint32_t region;
	enum error error;

	(void)settlement;
	(void)detail;
	codec_array_exact(&line, FROZEN_LINE_FIELDS);
	region = (uint32_t)codec_uint(&line);
	if (line.failed)
		return ERROR_CORRUPT;
	error = trust_state_get(txn, region, &state);
	if (error)
		return error;
	state.frozen = true;
	state.kind = (enum evidence_kind)codec_uint_max(&line, EVIDENCE_ROLLBACK);
	codec_bytes_exact(&line, state.evidence.bytes, HASH_SIZE);
	state.frozen_sequence = entry->header.sequence;
	return line.failed ? ERROR_CORRUPT : trust_state_put(txn, region, &state);
}

/* Unfreeze: parameters region, hash of the evidence, and null (proposed) or the hash of the order that proposed it (confirmed). */

struct unfreezing {
	uint32_t region;
	struct hash evidence, proposal;
	bool confirms;
	struct key_id key;
};

static enum error read_unfreezing(const struct span *documents, struct unfreezing *out)
{
	struct document document;
	struct order order;

	memset(out, 0, sizeof *out);
	if (read_order(documents, &order, &document) || order.parameter_count != 3)
		return ERROR_MALFORMED;
	out->region = (uint32_t)codec_uint_max(&order.parameters, 999999);
	codec_bytes_exact(&order.parameters, out->evidence.bytes, HASH_SIZE);
	out->confirms = !codec_null(&order.parameters);
	if (out->confirms)
		codec_bytes_exact(&order.parameters, out->proposal.bytes, HASH_SIZE);
	out->key = document.key_id;
	return order.parameters.failed;
}

/* Two officers, not one with two keys; and whoever proposed it is one still. */
static enum error check_second(struct txn *txn, const struct unfreezing *order,
    const struct trust_state *state, const struct keyring_key *signer, uint64_t size,
    struct error_detail *detail)
{
	struct keyring_key proposer;
	enum error error;

	if (!state->proposed || !hash_equal(&state->proposal, &order->proposal))
		return error_set(detail, ERROR_MISMATCH,
		    "the order confirms what nobody has proposed, or what another proposal has "
		    "replaced");
	if (strcmp(state->proposer, signer->party) == 0)
		return error_set(detail, ERROR_REFUSED,
		    "%s has proposed it: another officer must confirm 须由另一名经办人复核",
		    signer->party);
	error = keyring_find(txn, &state->proposer_key, &proposer);
	if (error)
		return error;
	return keyring_valid_at(&proposer, size)
		   ? ERROR_NONE
		   : error_set(detail, ERROR_REFUSED,
			 "the key of %s, who has proposed it, has ended since", state->proposer);
}

static enum error check_unfreezing(struct txn *txn, const struct unfreezing *order,
    struct keyring_key *signer, struct error_detail *detail)
{
	struct trust_state state;
	uint64_t size;
	enum error error = ledger_head(txn, &size, NULL);

	if (!error)
		error = keyring_find(txn, &order->key, signer);
	if (!error)
		error = trust_state_get(txn, order->region, &state);
	if (error)
		return error;
	if (strncmp(signer->party, "officer/", 8) != 0)
		return error_set(detail, ERROR_REFUSED,
		    "only officers can end what evidence has begun; this is signed by %s",
		    signer->party);
	if (!state.frozen)
		return error_set(
		    detail, ERROR_STATE, "%06u is not frozen", (unsigned)order->region);
	if (!hash_equal(&state.evidence, &order->evidence))
		return error_set(detail, ERROR_MISMATCH,
		    "the order names other evidence than entry %llu holds",
		    (unsigned long long)state.frozen_sequence);
	return order->confirms ? check_second(txn, order, &state, signer, size, detail) : error;
}

enum error unfreeze_decide(struct settlement *settlement, struct txn *txn,
    const struct command *command, int64_t now_ms, struct decision *decision,
    struct error_detail *detail)
{
	struct unfreezing order;
	struct keyring_key signer;
	enum error error = read_unfreezing(command->documents, &order);

	(void)settlement;
	(void)now_ms;
	if (error)
		return error_set(detail, error, "not a well-formed order to unfreeze");
	error = check_unfreezing(txn, &order, &signer, detail);
	if (error)
		return error;
	codec_put_array(&decision->lines, UNFREEZE_LINE_FIELDS);
	codec_put_uint(&decision->lines, order.region);
	codec_put_bytes(&decision->lines, hash_span(&order.evidence));
	codec_put_text(&decision->lines, span_text(signer.party));
	put_verdict(decision, order.confirms ? REASON_unfrozen : REASON_proposed);
	return ERROR_NONE;
}

static void propose(const struct unfreezing *order, const struct entry *entry, const char *party,
    struct trust_state *state)
{
	state->proposed = true;
	state->proposed_sequence = entry->header.sequence;
	state->proposal = document_hash(entry->documents[0]);
	state->proposer_key = order->key;
	snprintf(state->proposer, sizeof state->proposer, "%s", party);
}

enum error unfreeze_apply(struct settlement *settlement, struct txn *txn, const struct entry *entry,
    struct error_detail *detail)
{
	struct codec_reader line = codec_reader(entry->lines);
	char party[KEYRING_PARTY_SIZE];
	struct unfreezing order;
	struct trust_state state;
	enum error error;

	(void)settlement;
	(void)detail;
	codec_array_exact(&line, UNFREEZE_LINE_FIELDS);
	codec_uint(&line);
	codec_bytes(&line);
	codec_text_copy(&line, party, sizeof party);
	if (codec_finish(&line) || read_unfreezing(entry->documents, &order))
		return ERROR_CORRUPT;
	error = trust_state_get(txn, order.region, &state);
	if (error)
		return error;
	if (!order.confirms) {
		propose(&order, entry, party, &state);
		return trust_state_put(txn, order.region, &state);
	}
	state.frozen = false;
	state.unfrozen_sequence = entry->header.sequence;
	state.proposed = false;
	state.proposed_sequence = 0;
	memset(&state.proposal, 0, sizeof state.proposal);
	memset(&state.proposer_key, 0, sizeof state.proposer_key);
	memset(state.proposer, 0, sizeof state.proposer);
	error = trust_state_put(txn, order.region, &state);
	/* What is believed from now on is what the city shows next. */
	return error ? error : trust_head_forget(txn, order.region);
}
