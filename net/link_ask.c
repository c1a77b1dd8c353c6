/* link_ask.c: what we ask of a peer: one dialer, one thread that keeps a session and hears whether the peer is there, and the requests of
 * any thread. */
#include "link_internal.h"

#include <assert.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdlib.h>

#define RECEIVE_MAX (SESSION_CONTENT_MAX + SESSION_OVERHEAD_MAX + 64)

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

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Wait for a change until then; -1: for ever. */
static void wait_until(struct remote *remote, int64_t until_ms)
{
	struct timespec until = link_time(until_ms);

	if (until_ms < 0)
		pthread_cond_wait(&remote->changed, &remote->link->mutex);
	else
		pthread_cond_timedwait(&remote->changed, &remote->link->mutex, &until);
}

/* --- one frame and what comes back --------------------------------------------------------------------------- */

/* One that is free: there are as many as requests may be under way. Under the mutex. */
static struct line *line_take(struct remote *remote)
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

/* Send a frame and wait for the answer. Without the mutex. Fails with: ERROR_TIMEOUT, ERROR_STOPPED (the connection was lost, or the wait
 * broken off), ERROR_MEMORY, ERROR_IO. */
static enum error pass(
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

static struct span message_span(nng_msg *message)
{
	return span_of(nng_msg_body(message), nng_msg_len(message));
}

/* The peer has answered on our connection. */
static void answered(struct remote *remote)
{
	link_heard(remote);
	remote->answered_ms = remote->heard_ms;
	remote->has_answered = true;
}

/* What it sent makes no sense. Returns the connection to be closed, when that repeats; 0: none. */
static uint32_t malformed(struct remote *remote)
{
	uint32_t pipe = remote->pipe;

	remote->status.malformed++;
	if (bucket_take(&remote->strikes, LINK_STRIKES_MAX, LINK_STRIKES_FORGIVEN, link_now_ms()))
		return 0;
	remote->pipe = 0;
	return pipe;
}

/* What came back for a sealed frame. */
enum reply { REPLY_ANSWER, REPLY_RESEAL, REPLY_NONSENSE };

/* Read it, under the mutex; the content of an answer is appended. *close as malformed() gives it. */
static enum reply take_reply(struct remote *remote, struct span bytes,
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
			answered(remote);
			return REPLY_ANSWER;
		}
	}
	*close = malformed(remote);
	return REPLY_NONSENSE;
}

static void close_pipe(uint32_t pipe)
{
	if (pipe)
		nng_pipe_close((nng_pipe){pipe});
}

/* --- the keeper ---------------------------------------------------------------------------------------------- */

/* Pass a frame of the keeper. Under the mutex, which is let go meanwhile. *answer is NULL after an error. */
static enum error keeper_pass(
    struct remote *remote, const struct buffer *frame, uint32_t patience_ms, nng_msg **answer)
{
	enum error error;

	pthread_mutex_unlock(&remote->link->mutex);
	error = pass(
	    remote, &remote->lines[0], buffer_span(frame), link_now_ms() + patience_ms, answer);
	pthread_mutex_lock(&remote->link->mutex);
	return error;
}

static void handshake_failed(struct remote *remote, int64_t now_ms)
{
	int64_t pause = LINK_AGAIN_LEAST_MS;

	for (unsigned i = 0; i < remote->failures && pause < LINK_AGAIN_MOST_MS; i++)
		pause *= 2;
	remote->failures++;
	remote->handshake_ms = now_ms + lesser(pause, LINK_AGAIN_MOST_MS);
}

static void handshake(struct remote *remote)
{
	struct link *link = remote->link;
	struct buffer first = {0};
	struct session_draw draw;
	struct frame frame;
	nng_msg *answer = NULL;
	uint64_t number;
	uint32_t close = 0;
	bool done = false;

	link_draw(link, &draw, &number);
	if (session_begin(link->sessions, remote->peer.region, &draw, number, remote->old_key,
		&first) == ERROR_NONE &&
	    keeper_pass(remote, &first, link->options.handshake_ms, &answer) == ERROR_TIMEOUT)
		/* Perhaps it has not read our new descriptor yet, or has by now. */
		remote->old_key = !remote->old_key;
	if (answer && !remote->stop) {
		done = frame_read(message_span(answer), &frame) == ERROR_NONE &&
		       session_finish(link->sessions, &frame, link_now_ms()) == ERROR_NONE;
		if (!done)
			close = malformed(remote);
	}
	if (done) {
		answered(remote);
		remote->status.handshakes++;
		remote->failures = 0;
		/* At once, so that the peer takes the session for its own, too. */
		remote->heartbeat_ms = 0;
		remote->handshake_ms = link_now_ms() + LINK_AGAIN_LEAST_MS;
		pthread_cond_broadcast(&remote->changed);
	} else {
		handshake_failed(remote, link_now_ms());
	}
	if (answer)
		nng_msg_free(answer);
	buffer_free(&first);
	if (close) {
		pthread_mutex_unlock(&link->mutex);
		close_pipe(close);
		pthread_mutex_lock(&link->mutex);
	}
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void heartbeat(struct remote *remote)
{
	struct link *link = remote->link;
	struct buffer frame = {0}, content = {0};
	struct session_mark mark;
	int64_t begun_us = now_us();
	nng_msg *answer;
	uint32_t close = 0;

	remote->heartbeat_ms = link_now_ms() + link->options.heartbeat_ms;
	if (session_seal(link->sessions, remote->peer.region, FRAME_HEARTBEAT,
		(struct span){NULL, 0}, link_now_ms(), &frame, &mark) == ERROR_NONE &&
	    keeper_pass(remote, &frame, link->options.silence_ms, &answer) == ERROR_NONE) {
		if (take_reply(remote, message_span(answer), &mark, &content, &close) ==
		    REPLY_ANSWER)
			remote->status.round_trip_us = now_us() - begun_us + 1;
		nng_msg_free(answer);
	}
	buffer_free(&frame);
	buffer_free(&content);
	if (close) {
		pthread_mutex_unlock(&link->mutex);
		close_pipe(close);
		pthread_mutex_lock(&link->mutex);
	}
}

/* When is our connection silent for too long? What is under way keeps a slow one busy. */
static int64_t silent_ms(const struct remote *remote)
{
	return remote->answered_ms + remote->link->options.silence_ms +
	       (int64_t)(remote->bytes_under_way * 1000 / LINK_RATE_LEAST);
}

/* Do what is due now. Returns when to look again, -1: when something changes. */
static int64_t keep_once(struct remote *remote, int64_t now)
{
	struct session_table *sessions = remote->link->sessions;
	uint32_t region = remote->peer.region, pipe = remote->pipe;
	int64_t next;

	if (!remote->in_place || !pipe)
		return -1;
	if (now >= silent_ms(remote)) {
		remote->status.silences++;
		remote->pipe = 0;
		pthread_mutex_unlock(&remote->link->mutex);
		close_pipe(pipe);
		pthread_mutex_lock(&remote->link->mutex);
		return now;
	}
	if (session_is_due(sessions, region, now) && now >= remote->handshake_ms) {
		handshake(remote);
		return now;
	}
	if (session_is_ready(sessions, region, now) && now >= remote->heartbeat_ms) {
		heartbeat(remote);
		return now;
	}
	next = lesser(silent_ms(remote), now + remote->link->options.heartbeat_ms);
	if (session_is_due(sessions, region, now))
		next = lesser(next, remote->handshake_ms);
	if (session_is_ready(sessions, region, now))
		next = lesser(next, remote->heartbeat_ms);
	return next;
}

static void *keep(void *context)
{
	struct remote *remote = context;

	pthread_mutex_lock(&remote->link->mutex);
	while (!remote->stop) {
		int64_t next = keep_once(remote, link_now_ms());

		if (!remote->stop && (next < 0 || next > link_now_ms()))
			wait_until(remote, next);
	}
	remote->keeper_over = true;
	pthread_cond_broadcast(&remote->changed);
	pthread_mutex_unlock(&remote->link->mutex);
	return NULL;
}

/* --- connections --------------------------------------------------------------------------------------------- */

static void pipe_comes(nng_pipe pipe, nng_pipe_ev event, void *context)
{
	struct remote *remote = context;

	(void)event;
	pthread_mutex_lock(&remote->link->mutex);
	remote->pipe = (uint32_t)nng_pipe_id(pipe);
	remote->answered_ms = link_now_ms();
	remote->has_answered = false;
	remote->heartbeat_ms = 0;
	pthread_cond_broadcast(&remote->changed);
	pthread_mutex_unlock(&remote->link->mutex);
}

static void pipe_goes(nng_pipe pipe, nng_pipe_ev event, void *context)
{
	struct remote *remote = context;

	(void)event;
	pthread_mutex_lock(&remote->link->mutex);
	if (remote->pipe == (uint32_t)nng_pipe_id(pipe))
		remote->pipe = 0;
	pthread_mutex_unlock(&remote->link->mutex);
}

static int set_dialer(struct remote *remote)
{
	int result;

	if ((result = nng_dialer_create(&remote->dialer, remote->socket, remote->peer.address)) !=
		0 ||
	    (result = nng_dialer_set_ms(remote->dialer, NNG_OPT_RECONNMINT, LINK_DIAL_LEAST_MS)) !=
		0 ||
	    (result = nng_dialer_set_ms(remote->dialer, NNG_OPT_RECONNMAXT, LINK_DIAL_MOST_MS)) !=
		0 ||
	    (result = nng_dialer_set_size(remote->dialer, NNG_OPT_RECVMAXSZ, RECEIVE_MAX)) != 0)
		return result;
	return nng_dialer_start(remote->dialer, NNG_FLAG_NONBLOCK);
}

static enum error dial(struct remote *remote)
{
	int result;

	if (!link_address_valid(remote->peer.address))
		return ERROR_USAGE;
	if ((result = nng_req0_open(&remote->socket)) != 0)
		return link_nng_error(result);
	remote->dials = true;
	/* nng sends nothing again by itself: a request whose connection is lost fails at once, and we seal it anew. */
	if ((result = nng_socket_set_ms(
		 remote->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE)) != 0 ||
	    (result = nng_pipe_notify(remote->socket, NNG_PIPE_EV_ADD_POST, pipe_comes, remote)) !=
		0 ||
	    (result = nng_pipe_notify(remote->socket, NNG_PIPE_EV_REM_POST, pipe_goes, remote)) !=
		0 ||
	    (result = set_dialer(remote)) != 0)
		return link_nng_error(result);
	if (pthread_create(&remote->keeper, NULL, keep, remote))
		return ERROR_MEMORY;
	remote->has_keeper = true;
	return ERROR_NONE;
}

enum error remote_new(struct link *link, const struct link_peer *peer, struct remote **made,
    struct error_detail *detail)
{
	struct remote *remote = calloc(1, sizeof *remote);
	enum error error = ERROR_NONE;

	*made = NULL;
	if (!remote)
		return error_set(detail, ERROR_MEMORY, "link: %s", error_text(ERROR_MEMORY));
	remote->link = link;
	remote->peer = *peer;
	link_condition_init(&remote->changed);
	if (peer->address[0])
		error = dial(remote);
	if (error) {
		remote_free(remote);
		return error_set(detail, error, "cannot dial %06u at %s: %s",
		    (unsigned)peer->region, peer->address, error_text(error));
	}
	*made = remote;
	return ERROR_NONE;
}

void remote_put(struct remote *remote)
{
	remote->in_place = true;
	pthread_cond_broadcast(&remote->changed);
}

/* Break off whatever waits in nng until everybody has left. Who is just handing something to nng is broken off the next time. */
static void drive_out(struct remote *remote)
{
	while (remote->users || (remote->has_keeper && !remote->keeper_over)) {
		for (unsigned i = 0; i <= LINK_REQUESTS_MAX; i++)
			if (remote->lines[i].waits)
				nng_aio_cancel(remote->lines[i].aio);
		wait_until(remote, link_now_ms() + 2);
	}
}

/* nng frees a socket while another thread still lets go of one of its contexts, and a context while a timer of its wait still runs: so first
 * nobody is inside, then the waits end, then the contexts, then the socket. */
static void hang_up(struct remote *remote)
{
	for (unsigned i = 0; i <= LINK_REQUESTS_MAX; i++)
		if (remote->lines[i].aio)
			nng_aio_free(remote->lines[i].aio);
	for (unsigned i = 0; i <= LINK_REQUESTS_MAX; i++)
		if (remote->lines[i].has_context)
			nng_ctx_close(remote->lines[i].context);
	if (remote->dials)
		nng_close(remote->socket);
}

void remote_free(struct remote *remote)
{
	struct link *link;

	if (!remote)
		return;
	link = remote->link;
	pthread_mutex_lock(&link->mutex);
	remote->stop = true;
	pthread_cond_broadcast(&remote->changed);
	drive_out(remote);
	pthread_mutex_unlock(&link->mutex);
	if (remote->has_keeper)
		pthread_join(remote->keeper, NULL);
	hang_up(remote);
	pthread_cond_destroy(&remote->changed);
	free(remote);
}

/* --- requests ------------------------------------------------------------------------------------------------ */

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
	asking->line = line_take(remote);
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
		wait_until(asking->remote, asking->until_ms);
	}
	return error;
}

/* A peer that asks again and again for the same, or answers nonsense, is given time. */
static void pause_before_again(struct asking *asking)
{
	int64_t until;

	if (++asking->attempts <= 3)
		return;
	until =
	    lesser(link_now_ms() + lesser(10 * (int64_t)asking->attempts, 500), asking->until_ms);
	while (!asking->remote->stop && link_now_ms() < until)
		wait_until(asking->remote, until);
}

/* Until when an attempt is waited for. Longer each time, and by what is under way: a slow peer is not asked more and more. */
static int64_t attempt_end(const struct asking *asking)
{
	const struct remote *remote = asking->remote;
	unsigned doublings = asking->unanswered < 6 ? asking->unanswered : 6;

	return lesser(asking->until_ms,
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
	error = pass(remote, asking->line, buffer_span(&frame), end_ms, &message);
	pthread_mutex_lock(&link->mutex);
	remote->bytes_under_way -= frame.size;
	asking->unanswered += error == ERROR_TIMEOUT;
	if (error == ERROR_STOPPED || error == ERROR_TIMEOUT)
		error = ERROR_STATE; /* whoever holds again finds out why, or that it is too late */
	if (error)
		goto done;
	error = ERROR_STATE;
	switch (take_reply(remote, message_span(message), &mark, &asking->content, &close)) {
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
		close_pipe(close);
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
