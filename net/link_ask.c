/* link_ask.c: our requests to peers, of any thread. */
#include "link_internal.h"

/* A request under way. */
struct asking {
	struct link *link;
	uint32_t region;
	struct span request;
	int64_t until_ms;
	struct remote *remote; /* held: its users count us */
	struct line *line;     /* of the remote's */
	unsigned attempts, unanswered;
	struct buffer content; /* of the answer */
};

static void let_go(struct asking *asking)
{
	struct remote *remote = asking->remote;

	if (!remote)
		return;
	asking->line->taken = false;
	asking->remote = NULL;
	if (--remote->users == 0)
		pthread_cond_broadcast(&remote->changed);
}

/* Hold the peer's remote as it is now: it may have been replaced meanwhile. */
static enum error hold(struct asking *asking)
{
	struct link *link = asking->link;
	struct remote *remote = link_find(link, asking->region);

	if (remote && remote == asking->remote && !remote->stop)
		return ERROR_NONE;
	let_go(asking);
	if (link->closing)
		return ERROR_STOPPED;
	if (!remote)
		return ERROR_NOT_FOUND;
	if (!remote->dials)
		return ERROR_STATE;
	if (remote->users >= LINK_REQUESTS_MAX)
		return ERROR_BUSY;
	remote->users++;
	asking->remote = remote;
	asking->line = link_line_take(remote);
	return ERROR_NONE;
}

/* Hold a remote that has a session, by when it is too late. */
static enum error hold_ready(struct asking *asking)
{
	struct link *link = asking->link;
	enum error error;

	while ((error = hold(asking)) == ERROR_NONE) {
		int64_t now = link_now_ms();

		if (now >= asking->until_ms)
			return ERROR_TIMEOUT;
		if (session_is_ready(link->sessions, asking->region, now))
			return ERROR_NONE;
		link_wait(asking->remote, asking->until_ms);
	}
	return error;
}

/* A peer that asks again and again for the same, or answers nonsense, is given time. */
static void pause_before_again(struct asking *asking)
{
	int64_t until;

	if (++asking->attempts <= 3)
		return;
	until = link_lesser(
	    link_now_ms() + link_lesser(10 * (int64_t)asking->attempts, 500), asking->until_ms);
	while (!asking->remote->stop && link_now_ms() < until)
		link_wait(asking->remote, until);
}

/* Until when an attempt is waited for. Longer each time, and by what is under way: a slow peer is not asked more and more. */
static int64_t attempt_end(const struct asking *asking)
{
	const struct remote *remote = asking->remote;
	unsigned doublings = asking->unanswered < 6 ? asking->unanswered : 6;

	return link_lesser(asking->until_ms,
	    link_now_ms() + ((int64_t)remote->link->options.silence_ms << doublings) +
		(int64_t)(remote->bytes_under_way * 1000 / LINK_RATE_LEAST));
}

/* Seal and send once. Under the mutex, which is let go meanwhile. ERROR_NONE: asking->content is the answer's; ERROR_STATE: again. */
static enum error ask_once(struct asking *asking)
{
	struct link *link = asking->link;
	struct remote *remote = asking->remote;
	struct buffer frame = {0};
	struct session_mark mark;
	nng_msg *message = NULL;
	uint32_t close = 0;
	int64_t end_ms;
	enum error error = session_seal(link->sessions, asking->region, FRAME_REQUEST,
	    asking->request, link_now_ms(), &frame, &mark);

	if (error)
		goto done;
	remote->bytes_under_way += frame.size;
	end_ms = attempt_end(asking);
	pthread_mutex_unlock(&link->mutex);
	error = link_line_pass(remote, asking->line, buffer_span(&frame), end_ms, &message);
	pthread_mutex_lock(&link->mutex);
	remote->bytes_under_way -= frame.size;
	asking->unanswered += error == ERROR_TIMEOUT;
	if (error == ERROR_STOPPED || error == ERROR_TIMEOUT)
		error = ERROR_STATE; /* whoever holds again finds out why, or that it is too late */
	if (error)
		goto done;
	error = ERROR_STATE;
	switch (
	    link_line_reply(remote, link_message_span(message), &mark, &asking->content, &close)) {
	case REPLY_ANSWER:
		error = ERROR_NONE;
		break;
	case REPLY_RESEAL:
		remote->status.resealed++;
		break;
	case REPLY_NONSENSE:
		break;
	}
	if (close) {
		pthread_mutex_unlock(&link->mutex);
		link_pipe_close(close);
		pthread_mutex_lock(&link->mutex);
	}

done:
	if (message)
		nng_msg_free(message);
	buffer_free(&frame);
	return error;
}

static enum error ask(struct asking *asking)
{
	struct link *link = asking->link;
	bool begun = false;
	enum error error;

	pthread_mutex_lock(&link->mutex);
	while ((error = hold_ready(asking)) == ERROR_NONE) {
		asking->remote->status.requests += !begun;
		begun = true;
		if ((error = ask_once(asking)) != ERROR_STATE)
			break;
		pause_before_again(asking);
	}
	if (!error)
		asking->remote->status.answers++;
	let_go(asking);
	pthread_mutex_unlock(&link->mutex);
	return error;
}

static enum error error_of_name(struct span name)
{
	for (unsigned code = ERROR_NONE + 1; code < ERROR_COUNT; code++)
		if (span_equal(name, span_text(error_name((enum error)code))))
			return (enum error)code;
	return ERROR_REFUSED; /* a name of a later version */
}

/* What stands in an answer: 0 and the answer, or 1 and the name of an error. */
static enum error read_answer(const struct buffer *content, uint32_t region, struct buffer *answer,
    struct error_detail *detail)
{
	struct span rest = span_of(content->data + 1, content->size ? content->size - 1 : 0);
	enum error error;

	if (content->size == 0 || content->data[0] > 1)
		return error_set(
		    detail, ERROR_MALFORMED, "the answer of %06u has no status", (unsigned)region);
	if (content->data[0] == 1) {
		error = error_of_name(rest);
		return error_set(
		    detail, error, "%06u answers: %s", (unsigned)region, error_text(error));
	}
	buffer_append(answer, rest);
	return answer->failed;
}

enum error link_request(struct link *link, uint32_t peer, struct span request, uint32_t timeout_ms,
    struct buffer *answer, struct error_detail *detail)
{
	struct asking asking = {.link = link,
	    .region = peer,
	    .request = request,
	    .until_ms = link_now_ms() + timeout_ms};
	enum error error;

	if (request.size > LINK_MESSAGE_MAX)
		return error_set(detail, ERROR_TOO_LARGE, "a request of %zu bytes: at most %u",
		    request.size, LINK_MESSAGE_MAX);
	error = ask(&asking);
	if (error)
		error_set(detail, error, "request to %06u: %s", (unsigned)peer, error_text(error));
	else
		error = read_answer(&asking.content, peer, answer, detail);
	buffer_free(&asking.content);
	return error;
}
