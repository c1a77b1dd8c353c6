#include "trust.h"

#include <stdio.h>
#include <string.h>

#include "order.h"
#include "settlement_internal.h"

#define KEY_SIZE 5
#define HEAD_ROW 'h'
#define STATE_ROW 's'
#define HEAD_ROW_SIZE (8 + HASH_SIZE + 8 + 8 + NOTE_NAME_SIZE) /* and the note */
#define STATE_ROW_SIZE \
	(1 + 1 + 8 + HASH_SIZE + 8 + 1 + 8 + HASH_SIZE + KEY_ID_SIZE + KEYRING_PARTY_SIZE)

static struct span row_key(uint8_t key[KEY_SIZE], uint32_t region, uint8_t what)
{
	be32_write(key, region);
	key[4] = what;
	return span_of(key, KEY_SIZE);
}

enum error trust_head_get(struct txn *txn, uint32_t region, struct trust_head *head)
{
	uint8_t key[KEY_SIZE];
	struct span row;
	enum error error = store_get(txn, TABLE_TRUST, row_key(key, region, HEAD_ROW), &row);

	memset(head, 0, sizeof *head);
	if (error)
		return error;
	if (row.size <= HEAD_ROW_SIZE)
		return ERROR_CORRUPT;
	head->size = be64_read(row.data);
	memcpy(head->root.bytes, row.data + 8, HASH_SIZE);
	head->sequence = be64_read(row.data + 8 + HASH_SIZE);
	head->time_ms = (int64_t)be64_read(row.data + 16 + HASH_SIZE);
	memcpy(head->origin, row.data + 24 + HASH_SIZE, NOTE_NAME_SIZE - 1);
	head->note = span_of(row.data + HEAD_ROW_SIZE, row.size - HEAD_ROW_SIZE);
	return ERROR_NONE;
}

enum error trust_head_put(struct txn *txn, uint32_t region, const struct trust_head *head)
{
	uint8_t key[KEY_SIZE], fixed[HEAD_ROW_SIZE];
	struct buffer row = {0};
	enum error error;

	memset(fixed, 0, sizeof fixed);
	be64_write(fixed, head->size);
	memcpy(fixed + 8, head->root.bytes, HASH_SIZE);
	be64_write(fixed + 8 + HASH_SIZE, head->sequence);
	be64_write(fixed + 16 + HASH_SIZE, (uint64_t)head->time_ms);
	memcpy(fixed + 24 + HASH_SIZE, head->origin, strlen(head->origin));
	buffer_append(&row, span_of(fixed, sizeof fixed));
	buffer_append(&row, head->note);
	error = row.failed ? row.failed
			   : store_put(txn, TABLE_TRUST, row_key(key, region, HEAD_ROW),
				 buffer_span(&row));
	buffer_free(&row);
	return error;
}

enum error trust_head_forget(struct txn *txn, uint32_t region)
{
	uint8_t key[KEY_SIZE];
	enum error error = store_delete(txn, TABLE_TRUST, row_key(key, region, HEAD_ROW));

	return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
}

enum error trust_state_get(struct txn *txn, uint32_t region, struct trust_state *state)
{
	uint8_t key[KEY_SIZE];
	struct span row;
	const uint8_t *at;
	enum error error = store_get(txn, TABLE_TRUST, row_key(key, region, STATE_ROW), &row);

	memset(state, 0, sizeof *state);
	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	if (row.size != STATE_ROW_SIZE)
		return ERROR_CORRUPT;
	at = row.data;
	state->frozen = at[0];
	state->kind = (enum evidence_kind)at[1];
	state->frozen_sequence = be64_read(at += 2);
	memcpy(state->evidence.bytes, at += 8, HASH_SIZE);
	state->unfrozen_sequence = be64_read(at += HASH_SIZE);
	state->proposed = *(at += 8);
	state->proposed_sequence = be64_read(at += 1);
	memcpy(state->proposal.bytes, at += 8, HASH_SIZE);
	memcpy(state->proposer_key.bytes, at += HASH_SIZE, KEY_ID_SIZE);
	memcpy(state->proposer, at + KEY_ID_SIZE, KEYRING_PARTY_SIZE - 1);
	return ERROR_NONE;
}

enum error trust_state_put(struct txn *txn, uint32_t region, const struct trust_state *state)
{
	uint8_t key[KEY_SIZE], row[STATE_ROW_SIZE], *at = row;

	memset(row, 0, sizeof row);
	at[0] = state->frozen;
	at[1] = (uint8_t)state->kind;
	be64_write(at += 2, state->frozen_sequence);
	memcpy(at += 8, state->evidence.bytes, HASH_SIZE);
	be64_write(at += HASH_SIZE, state->unfrozen_sequence);
	*(at += 8) = state->proposed;
	be64_write(at += 1, state->proposed_sequence);
	memcpy(at += 8, state->proposal.bytes, HASH_SIZE);
	memcpy(at += HASH_SIZE, state->proposer_key.bytes, KEY_ID_SIZE);
	memcpy(at + KEY_ID_SIZE, state->proposer, strlen(state->proposer));
	return store_put(
	    txn, TABLE_TRUST, row_key(key, region, STATE_ROW), span_of(row, sizeof row));
}

enum error trust_log_key(struct txn *txn, uint32_t region, struct note_verifier *verifier)
{
	char party[KEYRING_PARTY_SIZE];
	struct keyring_key key;
	struct peer_row peer;
	enum error error = peer_get(txn, region, &peer);

	snprintf(party, sizeof party, "city/%06u", (unsigned)region);
	if (!error)
		error = keyring_current(txn, party, "log", &key);
	if (!error)
		note_verifier_make(verifier, peer.origin, NOTE_TYPE_ED25519, &key.key);
	return error;
}

struct key_gathering {
	char party[KEYRING_PARTY_SIZE];
	struct note_verifier *verifiers;
	size_t most, count;
};

static bool gather_key(void *context, const struct keyring_key *key)
{
	struct key_gathering *gathering = context;
	struct note_verifier *present = gathering->verifiers;

	if (strcmp(key->party, gathering->party) != 0 || strcmp(key->kind, "log") != 0 ||
	    memcmp(&key->key, &present->key, sizeof present->key) == 0)
		return true;
	if (gathering->count == gathering->most)
		return false;
	note_verifier_make(
	    &present[gathering->count++], present->name, NOTE_TYPE_ED25519, &key->key);
	return true;
}

enum error trust_log_keys(
    struct txn *txn, uint32_t region, struct note_verifier *verifiers, size_t most, size_t *count)
{
	struct key_gathering gathering = {.verifiers = verifiers, .most = most, .count = 1};
	enum error error = trust_log_key(txn, region, verifiers);

	*count = 0;
	snprintf(gathering.party, sizeof gathering.party, "city/%06u", (unsigned)region);
	if (!error)
		error = keyring_each(txn, gather_key, &gathering);
	if (!error)
		*count = gathering.count;
	return error;
}

enum error trust_evidence_of(
    const struct entry *entry, struct evidence *evidence, struct span *bytes)
{
	struct document document;
	struct order order;

	if (entry->header.kind != KIND_frozen || entry->header.document_count == 0 ||
	    document_read(entry->documents[0], &document) || strcmp(document.name, "order") != 0 ||
	    order_read(document.payload, &order) || order.parameter_count != 1)
		return ERROR_MALFORMED;
	*bytes = order.parameter_bytes;
	return evidence_read(*bytes, evidence);
}

enum error trust_check_frozen(struct txn *txn, uint32_t region, struct error_detail *detail)
{
	struct trust_state state;
	enum error error = trust_state_get(txn, region, &state);

	if (error || !state.frozen)
		return error;
	return error_set(detail, ERROR_PEER_FROZEN,
	    "%06u is frozen since entry %llu: its log contradicts itself (%s) "
	    "对方城市账本自相矛盾（%s），已冻结",
	    (unsigned)region, (unsigned long long)state.frozen_sequence,
	    evidence_kind_name(state.kind), evidence_kind_chinese(state.kind));
}

enum error trust_check(struct settlement *settlement, struct txn *txn, uint32_t region, int64_t fen,
    struct error_detail *detail)
{
	const struct trust_gate *gate = settlement->gate;
	enum error error = trust_check_frozen(txn, region, detail);

	if (error || !gate || !gate->waits(gate->context, region, fen))
		return error;
	return error_set(detail, ERROR_PROOF_AWAITED,
	    "%06u has not shown yet that its log goes on from what was seen of it: nothing is "
	    "signed "
	    "for it or paid to it until then 待对方城市证明其账本前后一致",
	    (unsigned)region);
}
