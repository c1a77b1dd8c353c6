#include "session.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#define WINDOW_BITS (SESSION_WINDOW_MAX + 64)

_Static_assert(WINDOW_BITS % 64 == 0, "the window is made of words");
_Static_assert(SESSION_OVERHEAD_MAX == FRAME_HEADER_SIZE + 8 + NOISE_TAG_SIZE, "what a frame adds");

/* Mixed into both sides' handshakes first: another protocol's messages never open here. */
static const char prologue[] = "suiren link 1";

/* A ring of bits, as RFC 6479: the word of the highest counter moves on and is cleared first. `next` is the highest counter and one. */
struct window {
	uint64_t next;
	uint64_t bits[WINDOW_BITS / 64];
};

struct session {
	bool used;
	uint32_t index, peer_index;
	struct hash send, receive;
	uint64_t counter; /* of the next frame that we seal */
	struct window window;
	int64_t made_ms, end_ms;
	bool doubted;
};

struct pending {
	bool used;
	uint32_t index;
	struct noise_handshake handshake;
};

/* Which of a peer's sessions. */
enum place { ASK_CURRENT, ASK_PREVIOUS, ANSWER_NEXT, ANSWER_CURRENT, ANSWER_PREVIOUS, PLACES };

struct peer {
	uint32_t region; /* 0: nobody */
	struct hash key;
	uint64_t number; /* the last one of its handshakes */
	struct pending pending;
	struct session sessions[PLACES];
};

struct session_table {
	struct noise_pair own, old;
	bool has_old;
	int64_t rekey_ms;
	uint64_t messages;
	struct peer peers[LINK_PEERS_MAX];
};

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

static void header_write(uint8_t header[FRAME_HEADER_SIZE], enum frame_type type, uint8_t reason,
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
		header_write(at, FRAME_RESEAL, (uint8_t)reason, index, counter);
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

/* --- the replay window ------------------------------------------------------------------------------------- */

static bool window_is_free(const struct window *window, uint64_t counter)
{
	if (counter >= window->next)
		return true;
	return window->next - 1 - counter < SESSION_WINDOW_MAX &&
	       !(window->bits[counter / 64 % (WINDOW_BITS / 64)] >> counter % 64 & 1);
}

static void window_take(struct window *window, uint64_t counter)
{
	if (counter >= window->next) {
		/* Words between the highest one so far and the new one; all of them at most once. */
		uint64_t word = window->next ? (window->next - 1) / 64 : 0, to = counter / 64;

		if (to - word > WINDOW_BITS / 64)
			word = to - WINDOW_BITS / 64;
		while (word < to)
			window->bits[++word % (WINDOW_BITS / 64)] = 0;
		window->next = counter + 1;
	}
	window->bits[counter / 64 % (WINDOW_BITS / 64)] |= UINT64_C(1) << counter % 64;
}

/* --- peers ------------------------------------------------------------------------------------------------- */

static void session_wipe(struct session *session)
{
	sodium_memzero(session, sizeof *session);
}

static void peer_wipe(struct peer *peer)
{
	sodium_memzero(peer, sizeof *peer);
}

static struct peer *peer_find(const struct session_table *table, uint32_t region)
{
	for (unsigned i = 0; region && i < LINK_PEERS_MAX; i++)
		if (table->peers[i].region == region)
			return (struct peer *)&table->peers[i];
	return NULL;
}

static struct peer *peer_of_key(struct session_table *table, const struct hash *key)
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
	struct peer *peer = peer_find(table, region), *same = peer_of_key(table, key);

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
	struct peer *peer = peer_find(table, region);

	if (peer)
		peer_wipe(peer);
}

static bool is_over(
    const struct session_table *table, const struct session *session, int64_t now_ms)
{
	return !session->used || now_ms >= session->end_ms || session->counter >= table->messages;
}

/* Whose session has this index? NULL: nobody's. */
static struct session *session_find(
    struct session_table *table, uint32_t index, struct peer **peer, enum place *place)
{
	for (unsigned i = 0; i < LINK_PEERS_MAX; i++) {
		struct peer *each = &table->peers[i];

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

static struct peer *pending_find(struct session_table *table, uint32_t index)
{
	for (unsigned i = 0; i < LINK_PEERS_MAX; i++)
		if (table->peers[i].region && table->peers[i].pending.used &&
		    table->peers[i].pending.index == index)
			return &table->peers[i];
	return NULL;
}

/* Ends: fewer indices are in use than LINK_PEERS_MAX * (PLACES + 1). */
static uint32_t index_free(struct session_table *table, uint32_t wish)
{
	struct peer *peer;
	enum place place;

	while (!wish || session_find(table, wish, &peer, &place) || pending_find(table, wish))
		wish++;
	return wish;
}

/* --- handshakes -------------------------------------------------------------------------------------------- */

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

/* `from` takes the place of `to`, which opens for a while what is on its way. */
static void session_replace(
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

enum error session_begin(struct session_table *table, uint32_t region,
    const struct session_draw *draw, uint64_t number, bool old_secret, struct buffer *bytes)
{
	struct peer *peer = peer_find(table, region);
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
	pending->index = index_free(table, draw->index);
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
	struct peer *peer = pending_find(table, frame->index);
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
	struct peer *peer = NULL;
	size_t before = bytes->size;
	uint8_t own[4], *header;
	uint32_t index = index_free(table, draw->index);
	enum error error;

	*region = 0;
	if (frame->type != FRAME_HANDSHAKE_1)
		return ERROR_MALFORMED;
	if ((error = read_first(table, frame, draw, &handshake, &payload)) != ERROR_NONE)
		goto done;
	assert(payload.size == 12); /* by the frame's size */
	if ((peer = peer_of_key(table, &handshake.remote_static)) == NULL) {
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

/* --- sealed frames ----------------------------------------------------------------------------------------- */

bool session_is_ready(const struct session_table *table, uint32_t region, int64_t now_ms)
{
	const struct peer *peer = peer_find(table, region);
	const struct session *session = peer ? &peer->sessions[ASK_CURRENT] : NULL;

	return session && !session->doubted && !is_over(table, session, now_ms);
}

bool session_is_due(const struct session_table *table, uint32_t region, int64_t now_ms)
{
	const struct peer *peer = peer_find(table, region);
	const struct session *session = peer ? &peer->sessions[ASK_CURRENT] : NULL;

	/* A little earlier than the last counter, so that requests need not wait for the handshake. */
	return session && (!session_is_ready(table, region, now_ms) ||
			      now_ms - session->made_ms >= table->rekey_ms ||
			      session->counter >= table->messages - table->messages / 4096);
}

/* Append a frame of two pieces, sealed. */
static enum error seal(struct session *session, enum frame_type type, struct span first,
    struct span second, struct buffer *bytes)
{
	size_t plain = first.size + second.size;
	uint8_t *at;

	if (second.size > SESSION_CONTENT_MAX)
		return ERROR_TOO_LARGE;
	if ((at = buffer_extend(bytes, FRAME_HEADER_SIZE + plain + NOISE_TAG_SIZE)) == NULL)
		return ERROR_MEMORY;
	header_write(at, type, 0, session->peer_index, session->counter);
	if (first.size)
		memcpy(at + FRAME_HEADER_SIZE, first.data, first.size);
	if (second.size)
		memcpy(at + FRAME_HEADER_SIZE + first.size, second.data, second.size);
	noise_seal(&session->send, session->counter++, span_of(at, FRAME_HEADER_SIZE),
	    at + FRAME_HEADER_SIZE, plain);
	return ERROR_NONE;
}

enum error session_seal(struct session_table *table, uint32_t region, enum frame_type type,
    struct span plain, int64_t now_ms, struct buffer *bytes, struct session_mark *mark)
{
	struct peer *peer = peer_find(table, region);
	struct session *session;

	assert(type == FRAME_REQUEST || type == FRAME_HEARTBEAT);
	if (!peer)
		return ERROR_NOT_FOUND;
	if (!session_is_ready(table, region, now_ms))
		return ERROR_STATE;
	session = &peer->sessions[ASK_CURRENT];
	*mark = (struct session_mark){session->index, session->peer_index, session->counter};
	return seal(session, type, (struct span){NULL, 0}, plain, bytes);
}

enum error session_answer(struct session_table *table, const struct session_message *to,
    struct span plain, int64_t now_ms, struct buffer *bytes)
{
	struct peer *peer;
	enum place place;
	struct session *session = session_find(table, to->mark.index, &peer, &place);
	uint8_t counter[8];

	assert(!to->answers);
	if (!session || is_over(table, session, now_ms) || peer->region != to->region)
		return ERROR_NOT_FOUND;
	be64_write(counter, to->mark.counter);
	return seal(session, to->type == FRAME_HEARTBEAT ? FRAME_HEARTBEAT : FRAME_ANSWER,
	    span_of(counter, sizeof counter), plain, bytes);
}

static bool asks(enum place place)
{
	return place == ASK_CURRENT || place == ASK_PREVIOUS;
}

/* Decrypt into `plain` and say what it answers. */
static enum error unseal(const struct session *session, const struct frame *frame,
    struct session_message *message, struct buffer *plain)
{
	size_t before = plain->size, size = frame->body.size - NOISE_TAG_SIZE;
	size_t head = message->answers ? 8 : 0;
	uint8_t header[FRAME_HEADER_SIZE], *at;

	if (size < head || size - head > SESSION_CONTENT_MAX)
		return ERROR_MALFORMED;
	if ((at = buffer_extend(plain, size + 1)) == NULL)
		return ERROR_MEMORY;
	plain->size = before;
	header_write(header, frame->type, 0, frame->index, frame->counter);
	if (noise_open(
		&session->receive, frame->counter, span_of(header, sizeof header), frame->body, at))
		return ERROR_SEAL;
	if (head) {
		message->answers_to = be64_read(at);
		memmove(at, at + head, size - head);
	}
	plain->size = before + size - head;
	return ERROR_NONE;
}

enum error session_open(struct session_table *table, const struct frame *frame, int64_t now_ms,
    struct session_message *message, struct buffer *plain)
{
	struct peer *peer;
	enum place place;
	struct session *session = session_find(table, frame->index, &peer, &place);
	enum error error;

	memset(message, 0, sizeof *message);
	message->type = frame->type;
	message->mark = (struct session_mark){frame->index, 0, frame->counter};
	if (!session || now_ms >= session->end_ms || frame->counter >= table->messages)
		return ERROR_NOT_FOUND;
	message->region = peer->region;
	message->answers = asks(place);
	if (frame->type != FRAME_HEARTBEAT &&
	    frame->type != (message->answers ? FRAME_ANSWER : FRAME_REQUEST))
		return ERROR_MALFORMED;
	if (!window_is_free(&session->window, frame->counter))
		return ERROR_REPEAT;
	if ((error = unseal(session, frame, message, plain)) != ERROR_NONE)
		return error;
	window_take(&session->window, frame->counter);
	if (place == ANSWER_NEXT) {
		message->confirmed = true;
		session_replace(session, &peer->sessions[ANSWER_CURRENT],
		    &peer->sessions[ANSWER_PREVIOUS], now_ms);
	}
	return ERROR_NONE;
}

void session_doubt(struct session_table *table, uint32_t region, const struct session_mark *mark)
{
	struct peer *peer = peer_find(table, region);

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
