/* session_seal.c: frames sealed and opened, each once. */
#include "session_internal.h"

#include <assert.h>

_Static_assert(SESSION_OVERHEAD_MAX == FRAME_HEADER_SIZE + 8 + NOISE_TAG_SIZE, "what a frame adds");

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

/* --- sealed frames ----------------------------------------------------------------------------------------- */

bool session_is_ready(const struct session_table *table, uint32_t region, int64_t now_ms)
{
	const struct session_peer *peer = session_peer_find(table, region);
	const struct session *session = peer ? &peer->sessions[ASK_CURRENT] : NULL;

	return session && !session->doubted && !session_is_over(table, session, now_ms);
}

bool session_is_due(const struct session_table *table, uint32_t region, int64_t now_ms)
{
	const struct session_peer *peer = session_peer_find(table, region);
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
	session_header_write(at, type, 0, session->peer_index, session->counter);
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
	struct session_peer *peer = session_peer_find(table, region);
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
	struct session_peer *peer;
	enum place place;
	struct session *session = session_find(table, to->mark.index, &peer, &place);
	uint8_t counter[8];

	assert(!to->answers);
	if (!session || session_is_over(table, session, now_ms) || peer->region != to->region)
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
	session_header_write(header, frame->type, 0, frame->index, frame->counter);
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
	struct session_peer *peer;
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
