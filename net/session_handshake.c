/* session_handshake.c: how sessions begin. */
#include "session_internal.h"

#include <assert.h>
#include <sodium.h>

/* Mixed into both sides' handshakes first: another protocol's messages never open here. */
static const char prologue[] = "suiren link 1";

static void session_make(const struct session_table *table, struct session *session,
    struct noise_handshake *handshake, uint32_t index, uint32_t peer_index, int64_t now_ms)
{
	struct noise_keys keys;

	noise_split(handshake, &keys);
	session_wipe(session);
	session->used = true;
	session->index = index;
	session->peer_index = peer_index;
	session->send = keys.send;
	session->receive = keys.receive;
	session->made_ms = now_ms;
	session->end_ms = now_ms + table->rekey_ms + SESSION_OLD_MS;
	sodium_memzero(&keys, sizeof keys);
}

enum error session_begin(struct session_table *table, uint32_t region,
    const struct session_draw *draw, uint64_t number, bool old_secret, struct buffer *bytes)
{
	struct session_peer *peer = session_peer_find(table, region);
	const struct noise_pair *own = old_secret && table->has_old ? &table->old : &table->own;
	size_t before = bytes->size;
	uint8_t payload[12], *header;
	struct pending *pending;
	enum error error;

	if (!peer)
		return ERROR_NOT_FOUND;
	if ((header = buffer_extend(bytes, 4)) == NULL)
		return ERROR_MEMORY;
	memcpy(header, (const uint8_t[]){FRAME_VERSION, FRAME_HANDSHAKE_1, 0, 0}, 4);
	pending = &peer->pending;
	pending->used = false;
	pending->index = session_index_free(table, draw->index);
	be64_write(payload, number);
	be32_write(payload + 8, pending->index);
	noise_initiate(&pending->handshake, span_text(prologue), own, &draw->ephemeral, &peer->key);
	error = noise_write(&pending->handshake, span_of(payload, sizeof payload), bytes);
	pending->used = !error;
	if (error)
		bytes->size = before;
	return error;
}

enum error session_finish(struct session_table *table, const struct frame *frame, int64_t now_ms)
{
	struct session_peer *peer = session_pending_find(table, frame->index);
	struct buffer payload = {0};
	struct session session;
	enum error error;

	if (frame->type != FRAME_HANDSHAKE_2)
		return ERROR_MALFORMED;
	if (!peer)
		return ERROR_NOT_FOUND;
	error = noise_read(&peer->pending.handshake, frame->body, &payload);
	if (!error) {
		assert(payload.size == 4); /* by the frame's size */
		session_make(table, &session, &peer->pending.handshake, peer->pending.index,
		    be32_read(payload.data), now_ms);
		peer->pending.used = false;
		session_replace(
		    &session, &peer->sessions[ASK_CURRENT], &peer->sessions[ASK_PREVIOUS], now_ms);
	}
	buffer_free(&payload);
	return error;
}

/* Read message 1 under our key, or under the one before. */
static enum error read_first(const struct session_table *table, const struct frame *frame,
    const struct session_draw *draw, struct noise_handshake *handshake, struct buffer *payload)
{
	enum error error;

	noise_respond(handshake, span_text(prologue), &table->own, &draw->ephemeral);
	error = noise_read(handshake, frame->body, payload);
	if (error != ERROR_SEAL || !table->has_old)
		return error;
	noise_respond(handshake, span_text(prologue), &table->old, &draw->ephemeral);
	return noise_read(handshake, frame->body, payload);
}

enum error session_accept(struct session_table *table, const struct frame *frame,
    const struct session_draw *draw, int64_t now_ms, struct buffer *bytes, uint32_t *region)
{
	struct noise_handshake handshake;
	struct buffer payload = {0};
	struct session_peer *peer = NULL;
	size_t before = bytes->size;
	uint8_t own[4], *header;
	uint32_t index = session_index_free(table, draw->index);
	enum error error;

	*region = 0;
	if (frame->type != FRAME_HANDSHAKE_1)
		return ERROR_MALFORMED;
	if ((error = read_first(table, frame, draw, &handshake, &payload)) != ERROR_NONE)
		goto done;
	assert(payload.size == 12); /* by the frame's size */
	if ((peer = session_peer_of_key(table, &handshake.remote_static)) == NULL) {
		error = ERROR_UNKNOWN_KEY;
		goto done;
	}
	*region = peer->region;
	if (be64_read(payload.data) <= peer->number) {
		error = ERROR_REPEAT;
		goto done;
	}
	error = ERROR_MEMORY;
	if ((header = buffer_extend(bytes, 8)) == NULL)
		goto done;
	memcpy(header, (const uint8_t[]){FRAME_VERSION, FRAME_HANDSHAKE_2, 0, 0}, 4);
	memcpy(header + 4, payload.data + 8, 4);
	be32_write(own, index);
	if ((error = noise_write(&handshake, span_of(own, sizeof own), bytes)) != ERROR_NONE)
		goto done;
	peer->number = be64_read(payload.data);
	session_make(table, &peer->sessions[ANSWER_NEXT], &handshake, index,
	    be32_read(payload.data + 8), now_ms);

done:
	if (error)
		bytes->size = before;
	noise_wipe(&handshake);
	buffer_free(&payload);
	return error;
}
