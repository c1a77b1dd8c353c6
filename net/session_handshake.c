/* session_handshake.c: how sessions begin. */
#include "session_internal.h"

#include <assert.h>
#include <sodium.h>

/* Mixed into both sides' handshakes first: another protocol's messages never open here. */
static const char prologue[] = "suiren link 1";

/* Payloads: number u64, index u32; index u32, number u64. */
#define FIRST_SIZE (FRAME_HANDSHAKE_1_SIZE - 4 - NOISE_MESSAGE_1_SIZE)
#define SECOND_SIZE (FRAME_HANDSHAKE_2_SIZE - 8 - NOISE_MESSAGE_2_SIZE)

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
	uint8_t payload[FIRST_SIZE], *header;
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
	/* The peer may have told us of a greater one. */
	peer->asked = number > peer->asked ? number : peer->asked + 1;
	be64_write(payload, peer->asked);
	be32_write(payload + 8, pending->index);
	noise_initiate(&pending->handshake, span_text(prologue), own, &draw->ephemeral, &peer->key);
	error = noise_write(&pending->handshake, span_of(payload, sizeof payload), bytes);
	pending->used = !error;
	if (error)
		bytes->size = before;
	return error;
}

/* What message 2 says: a session, or that our number was not greater than this one. */
static enum error take_second(const struct session_table *table, struct session_peer *peer,
    const uint8_t payload[SECOND_SIZE], int64_t now_ms)
{
	uint32_t index = be32_read(payload);
	struct session session;

	peer->pending.used = false;
	if (!index) {
		uint64_t greatest = be64_read(payload + 4);

		if (greatest > peer->asked && greatest < UINT64_MAX)
			peer->asked = greatest;
		noise_wipe(&peer->pending.handshake);
		return ERROR_REPEAT;
	}
	session_make(table, &session, &peer->pending.handshake, peer->pending.index, index, now_ms);
	session_replace(
	    &session, &peer->sessions[ASK_CURRENT], &peer->sessions[ASK_PREVIOUS], now_ms);
	return ERROR_NONE;
}

enum error session_finish(struct session_table *table, const struct frame *frame, int64_t now_ms)
{
	struct session_peer *peer = session_pending_find(table, frame->index);
	struct buffer payload = {0};
	enum error error;

	if (frame->type != FRAME_HANDSHAKE_2)
		return ERROR_MALFORMED;
	if (!peer)
		return ERROR_NOT_FOUND;
	error = noise_read(&peer->pending.handshake, frame->body, &payload);
	if (!error) {
		assert(payload.size == SECOND_SIZE); /* by the frame's size */
		error = take_second(table, peer, payload.data, now_ms);
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

/* Append message 2: our index, 0 for none, and the greatest number so far. */
static enum error write_second(struct noise_handshake *handshake, const uint8_t *peer_index,
    uint32_t index, uint64_t number, struct buffer *bytes)
{
	uint8_t payload[SECOND_SIZE], *header = buffer_extend(bytes, 8);

	if (!header)
		return ERROR_MEMORY;
	memcpy(header, (const uint8_t[]){FRAME_VERSION, FRAME_HANDSHAKE_2, 0, 0}, 4);
	memcpy(header + 4, peer_index, 4);
	be32_write(payload, index);
	be64_write(payload + 4, number);
	return noise_write(handshake, span_of(payload, sizeof payload), bytes);
}

/* Message 1 is a peer's. */
static enum error accept_of(struct session_table *table, struct session_peer *peer,
    struct noise_handshake *handshake, const uint8_t payload[FIRST_SIZE], uint32_t index,
    int64_t now_ms, struct buffer *bytes)
{
	uint64_t number = be64_read(payload);
	bool stale = number <= peer->number;
	enum error error = write_second(
	    handshake, payload + 8, stale ? 0 : index, stale ? peer->number : number, bytes);

	if (error || stale)
		return error ? error : ERROR_REPEAT;
	peer->number = number;
	session_make(
	    table, &peer->sessions[ANSWER_NEXT], handshake, index, be32_read(payload + 8), now_ms);
	return ERROR_NONE;
}

enum error session_accept(struct session_table *table, const struct frame *frame,
    const struct session_draw *draw, int64_t now_ms, struct buffer *bytes, uint32_t *region)
{
	struct noise_handshake handshake;
	struct buffer payload = {0};
	struct session_peer *peer;
	size_t before = bytes->size;
	enum error error;

	*region = 0;
	if (frame->type != FRAME_HANDSHAKE_1)
		return ERROR_MALFORMED;
	error = read_first(table, frame, draw, &handshake, &payload);
	if (!error) {
		assert(payload.size == FIRST_SIZE); /* by the frame's size */
		peer = session_peer_of_key(table, &handshake.remote_static);
		*region = peer ? peer->region : 0;
		error = peer ? accept_of(table, peer, &handshake, payload.data,
				   session_index_free(table, draw->index), now_ms, bytes)
			     : ERROR_UNKNOWN_KEY;
	}
	if (error && error != ERROR_REPEAT)
		bytes->size = before;
	noise_wipe(&handshake);
	buffer_free(&payload);
	return error;
}
