#include "session_internal.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

/* --- frames ------------------------------------------------------------------------------------------------ */

enum error frame_read(struct span bytes, struct frame *frame)
{
	const uint8_t *at = bytes.data;
	bool reseal;

	memset(frame, 0, sizeof *frame);
	if (bytes.size < FRAME_HEADER_SIZE || at[0] != FRAME_VERSION || at[1] < FRAME_HANDSHAKE_1 ||
	    at[1] > FRAME_HEARTBEAT || at[3] != 0)
		return ERROR_MALFORMED;
	frame->type = (enum frame_type)at[1];
	reseal = frame->type == FRAME_RESEAL;
	if (reseal ? at[2] != RESEAL_COUNTER && at[2] != RESEAL_SESSION : at[2] != 0)
		return ERROR_MALFORMED;
	frame->reason = (enum reseal_reason)at[2];
	if (frame->type == FRAME_HANDSHAKE_1) {
		frame->body = span_of(at + 4, bytes.size - 4);
		return bytes.size == FRAME_HANDSHAKE_1_SIZE ? ERROR_NONE : ERROR_MALFORMED;
	}
	frame->index = be32_read(at + 4);
	if (frame->type == FRAME_HANDSHAKE_2) {
		frame->body = span_of(at + 8, bytes.size - 8);
		return bytes.size == FRAME_HANDSHAKE_2_SIZE ? ERROR_NONE : ERROR_MALFORMED;
	}
	frame->counter = be64_read(at + 8);
	frame->body = span_of(at + FRAME_HEADER_SIZE, bytes.size - FRAME_HEADER_SIZE);
	if (reseal ? frame->body.size != 0
		   : frame->body.size < NOISE_TAG_SIZE ||
			 bytes.size > SESSION_CONTENT_MAX + SESSION_OVERHEAD_MAX)
		return ERROR_MALFORMED;
	return ERROR_NONE;
}

void session_header_write(uint8_t header[FRAME_HEADER_SIZE], enum frame_type type, uint8_t reason,
    uint32_t index, uint64_t counter)
{
	header[0] = FRAME_VERSION;
	header[1] = (uint8_t)type;
	header[2] = reason;
	header[3] = 0;
	be32_write(header + 4, index);
	be64_write(header + 8, counter);
}

void session_reseal(
    enum reseal_reason reason, uint32_t index, uint64_t counter, struct buffer *bytes)
{
	uint8_t *at = buffer_extend(bytes, FRAME_HEADER_SIZE);

	if (at)
		session_header_write(at, FRAME_RESEAL, (uint8_t)reason, index, counter);
}

bool session_is_reseal(const struct frame *frame, const struct session_mark *mark)
{
	return frame->type == FRAME_RESEAL && frame->index == mark->peer_index &&
	       frame->counter == mark->counter;
}

bool session_is_answer(const struct session_message *message, const struct session_mark *mark)
{
	return message->answers && message->mark.index == mark->index &&
	       message->answers_to == mark->counter;
}

void session_replace(
    struct session *from, struct session *to, struct session *previous, int64_t now_ms)
{
	if (to->used) {
		*previous = *to;
		if (previous->end_ms > now_ms + SESSION_OLD_MS)
			previous->end_ms = now_ms + SESSION_OLD_MS;
	}
	*to = *from;
	session_wipe(from);
}

/* --- peers ------------------------------------------------------------------------------------------------- */

void session_wipe(struct session *session)
{
	sodium_memzero(session, sizeof *session);
}

static void peer_wipe(struct session_peer *peer)
{
	sodium_memzero(peer, sizeof *peer);
}

struct session_peer *session_peer_find(const struct session_table *table, uint32_t region)
{
	for (unsigned i = 0; region && i < LINK_PEERS_MAX; i++)
		if (table->peers[i].region == region)
			return (struct session_peer *)&table->peers[i];
	return NULL;
}

struct session_peer *session_peer_of_key(struct session_table *table, const struct hash *key)
{
	for (unsigned i = 0; i < LINK_PEERS_MAX; i++)
		if (table->peers[i].region && hash_equal(&table->peers[i].key, key))
			return &table->peers[i];
	return NULL;
}

enum error session_table_new(const struct session_options *options, struct session_table **table)
{
	if ((*table = calloc(1, sizeof **table)) == NULL)
		return ERROR_MEMORY;
	noise_pair_make(&options->secret, &(*table)->own);
	(*table)->rekey_ms = options->rekey_ms ? options->rekey_ms : SESSION_REKEY_MS;
	(*table)->messages = options->messages ? options->messages : SESSION_FRAMES_MAX;
	return ERROR_NONE;
}

void session_table_free(struct session_table *table)
{
	if (!table)
		return;
	sodium_memzero(table, sizeof *table);
	free(table);
}

void session_secret_set(struct session_table *table, const struct hash *secret)
{
	if (hash_equal(&table->own.secret, secret))
		return;
	table->old = table->own;
	table->has_old = true;
	noise_pair_make(secret, &table->own);
}

bool session_has_old_secret(const struct session_table *table)
{
	return table->has_old;
}

enum error session_peer_set(struct session_table *table, uint32_t region, const struct hash *key)
{
	struct session_peer *peer = session_peer_find(table, region),
			    *same = session_peer_of_key(table, key);

	assert(region);
	if (same && same == peer)
		return ERROR_NONE;
	if (same || hash_equal(&table->own.public, key))
		return ERROR_CONFLICT;
	for (unsigned i = 0; !peer && i < LINK_PEERS_MAX; i++)
		if (!table->peers[i].region)
			peer = &table->peers[i];
	if (!peer)
		return ERROR_BUSY;
	peer_wipe(peer);
	peer->region = region;
	peer->key = *key;
	return ERROR_NONE;
}

void session_peer_remove(struct session_table *table, uint32_t region)
{
	struct session_peer *peer = session_peer_find(table, region);

	if (peer)
		peer_wipe(peer);
}

bool session_is_over(
    const struct session_table *table, const struct session *session, int64_t now_ms)
{
	return !session->used || now_ms >= session->end_ms || session->counter >= table->messages;
}

struct session *session_find(
    struct session_table *table, uint32_t index, struct session_peer **peer, enum place *place)
{
	for (unsigned i = 0; i < LINK_PEERS_MAX; i++) {
		struct session_peer *each = &table->peers[i];

		for (unsigned p = 0; each->region && p < PLACES; p++) {
			if (!each->sessions[p].used || each->sessions[p].index != index)
				continue;
			*peer = each;
			*place = (enum place)p;
			return &each->sessions[p];
		}
	}
	return NULL;
}

struct session_peer *session_pending_find(struct session_table *table, uint32_t index)
{
	for (unsigned i = 0; i < LINK_PEERS_MAX; i++)
		if (table->peers[i].region && table->peers[i].pending.used &&
		    table->peers[i].pending.index == index)
			return &table->peers[i];
	return NULL;
}

uint32_t session_index_free(struct session_table *table, uint32_t wish)
{
	struct session_peer *peer;
	enum place place;

	while (
	    !wish || session_find(table, wish, &peer, &place) || session_pending_find(table, wish))
		wish++;
	return wish;
}

void session_doubt(struct session_table *table, uint32_t region, const struct session_mark *mark)
{
	struct session_peer *peer = session_peer_find(table, region);

	if (peer && peer->sessions[ASK_CURRENT].used &&
	    peer->sessions[ASK_CURRENT].index == mark->index)
		peer->sessions[ASK_CURRENT].doubted = true;
}

void session_expire(struct session_table *table, int64_t now_ms)
{
	for (unsigned i = 0; i < LINK_PEERS_MAX; i++)
		for (unsigned place = 0; place < PLACES; place++) {
			struct session *session = &table->peers[i].sessions[place];

			if (session->used && now_ms >= session->end_ms)
				session_wipe(session);
		}
}
