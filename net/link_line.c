/* link_line.c: one frame to a peer and what comes back. */
#include "link_internal.h"

#include <assert.h>

int64_t link_lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void link_wait(struct remote *remote, int64_t until_ms)
{
	struct timespec until = link_time(until_ms);

	if (until_ms < 0)
		pthread_cond_wait(&remote->changed, &remote->link->mutex);
	else
		pthread_cond_timedwait(&remote->changed, &remote->link->mutex, &until);
}

struct line *link_line_take(struct remote *remote)
{
	struct line *line = &remote->lines[1];

	while (line->taken)
		line++;
	assert(line < remote->lines + LINK_REQUESTS_MAX + 1);
	line->taken = true;
	return line;
}

static enum error line_make(struct remote *remote, struct line *line)
{
	int result;

	if (!line->aio && (result = nng_aio_alloc(&line->aio, NULL, NULL)) != 0)
		return link_nng_error(result);
	if (!line->has_context && (result = nng_ctx_open(&line->context, remote->socket)) != 0)
		return link_nng_error(result);
	line->has_context = true;
	return ERROR_NONE;
}

/* Wait for what was handed to nng, so that others can tell that we do nothing else. */
static int line_wait(struct remote *remote, struct line *line)
{
	pthread_mutex_t *mutex = &remote->link->mutex;

	pthread_mutex_lock(mutex);
	line->waits = true;
	pthread_mutex_unlock(mutex);
	nng_aio_wait(line->aio);
	pthread_mutex_lock(mutex);
	line->waits = false;
	pthread_mutex_unlock(mutex);
	return nng_aio_result(line->aio);
}

static void line_set_end(struct line *line, int64_t until_ms)
{
	int64_t left = until_ms - link_now_ms();

	nng_aio_set_timeout(line->aio, (nng_duration)(left > 0 ? left : 0));
}

enum error link_line_pass(
    struct remote *remote, struct line *line, struct span frame, int64_t until_ms, nng_msg **answer)
{
	enum error error = line_make(remote, line);
	nng_msg *message;
	int result;

	*answer = NULL;
	if (error)
		return error;
	if ((message = link_message(frame)) == NULL)
		return ERROR_MEMORY;
	line_set_end(line, until_ms);
	nng_aio_set_msg(line->aio, message);
	nng_ctx_send(line->context, line->aio);
	if ((result = line_wait(remote, line)) != 0) {
		nng_msg_free(nng_aio_get_msg(line->aio));
		return link_nng_error(result);
	}
	line_set_end(line, until_ms);
	nng_ctx_recv(line->context, line->aio);
	if ((result = line_wait(remote, line)) != 0)
		return link_nng_error(result);
	*answer = nng_aio_get_msg(line->aio);
	return ERROR_NONE;
}

struct span link_message_span(nng_msg *message)
{
	return span_of(nng_msg_body(message), nng_msg_len(message));
}

void remote_answered(struct remote *remote)
{
	link_heard(remote);
	remote->answered_ms = remote->heard_ms;
	remote->has_answered = true;
}

uint32_t remote_malformed(struct remote *remote)
{
	uint32_t pipe = remote->pipe;

	remote->status.malformed++;
	if (bucket_take(&remote->strikes, LINK_STRIKES_MAX, LINK_STRIKES_FORGIVEN, link_now_ms()))
		return 0;
	remote->pipe = 0;
	return pipe;
}

enum reply link_line_reply(struct remote *remote, struct span bytes,
    const struct session_mark *mark, struct buffer *content, uint32_t *close)
{
	struct link *link = remote->link;
	struct session_message message;
	struct frame frame;

	*close = 0;
	if (frame_read(bytes, &frame) == ERROR_NONE) {
		if (session_is_reseal(&frame, mark)) {
			/* Its keeper asks for another session; the old one still opens what comes. */
			if (frame.reason == RESEAL_SESSION)
				session_doubt(link->sessions, remote->peer.region, mark);
			pthread_cond_broadcast(&remote->changed);
			return REPLY_RESEAL;
		}
		if ((frame.type == FRAME_ANSWER || frame.type == FRAME_HEARTBEAT) &&
		    session_open(link->sessions, &frame, link_now_ms(), &message, content) ==
			ERROR_NONE &&
		    session_is_answer(&message, mark)) {
			remote_answered(remote);
			return REPLY_ANSWER;
		}
	}
	*close = remote_malformed(remote);
	return REPLY_NONSENSE;
}

void link_pipe_close(uint32_t pipe)
{
	if (pipe)
		nng_pipe_close((nng_pipe){pipe});
}
