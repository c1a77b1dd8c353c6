/* link_keep.c: one peer's dialer, and the thread that keeps a session with it and hears whether it is there. */
#include "link_internal.h"

#include <nng/protocol/reqrep0/req.h>
#include <sodium.h>
#include <stdlib.h>

/* A larger frame costs the peer the connection. */
#define RECEIVE_MAX (SESSION_CONTENT_MAX + SESSION_OVERHEAD_MAX + 64)

/* --- the keeper ---------------------------------------------------------------------------------------------- */

/* Pass a frame of the keeper. Under the mutex, which is let go meanwhile. *answer is NULL after an error. */
static enum error keeper_pass(
    struct remote *remote, const struct buffer *frame, uint32_t patience_ms, nng_msg **answer)
{
	enum error error;

	pthread_mutex_unlock(&remote->link->mutex);
	error = link_line_pass(
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
	remote->handshake_ms = now_ms + link_lesser(pause, LINK_AGAIN_MOST_MS);
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
	enum error error;
	bool done = false;

	link_draw(link, &draw, &number);
	if (session_begin(link->sessions, remote->peer.region, &draw, number, remote->old_key,
		&first) == ERROR_NONE &&
	    keeper_pass(remote, &first, link->options.handshake_ms, &answer) == ERROR_TIMEOUT)
		/* Perhaps it has not read our new descriptor yet, or has by now. */
		remote->old_key = !remote->old_key;
	sodium_memzero(&draw, sizeof draw);
	if (answer && !remote->stop) {
		error = frame_read(link_message_span(answer), &frame);
		if (!error)
			error = session_finish(link->sessions, &frame, link_now_ms());
		done = !error;
		/* A number that was too small is told, and the next one is greater. */
		if (error && error != ERROR_REPEAT)
			close = remote_malformed(remote);
	}
	if (done) {
		remote_answered(remote);
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
		link_pipe_close(close);
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
		if (link_line_reply(remote, link_message_span(answer), &mark, &content, &close) ==
		    REPLY_ANSWER)
			remote->status.round_trip_us = now_us() - begun_us + 1;
		nng_msg_free(answer);
	}
	buffer_free(&frame);
	buffer_free(&content);
	if (close) {
		pthread_mutex_unlock(&link->mutex);
		link_pipe_close(close);
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
		link_pipe_close(pipe);
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
	next = link_lesser(silent_ms(remote), now + remote->link->options.heartbeat_ms);
	if (session_is_due(sessions, region, now))
		next = link_lesser(next, remote->handshake_ms);
	if (session_is_ready(sessions, region, now))
		next = link_lesser(next, remote->heartbeat_ms);
	return next;
}

static void *keep(void *context)
{
	struct remote *remote = context;

	pthread_mutex_lock(&remote->link->mutex);
	while (!remote->stop) {
		int64_t next = keep_once(remote, link_now_ms());

		if (!remote->stop && (next < 0 || next > link_now_ms()))
			link_wait(remote, next);
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
		link_wait(remote, link_now_ms() + 2);
	}
}

/* A connection that is agreed between the two steps in which nng 1.10 closes a dialer is never freed, nor is its descriptor (one close in a
 * hundred while it connects): so what is just connecting gets a moment to arrive. Nobody is inside by now. Under the mutex. */
static void let_arrive(struct remote *remote)
{
	int64_t until = link_now_ms() + LINK_HANG_UP_MS;

	while (remote->dials && !remote->pipe && link_now_ms() < until)
		link_wait(remote, until);
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
	let_arrive(remote);
	pthread_mutex_unlock(&link->mutex);
	if (remote->has_keeper)
		pthread_join(remote->keeper, NULL);
	hang_up(remote);
	pthread_cond_destroy(&remote->changed);
	free(remote);
}
