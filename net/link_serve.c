/* link_serve.c: what peers ask of us. nng's threads take each frame, answer handshakes and heartbeats at once, and hand opened requests
 * to our workers. */
#include "link_internal.h"

#include <nng/protocol/reqrep0/rep.h>
#include <stdlib.h>

/* A larger frame costs its sender the connection: request id of nng, header, content, tag. */
#define RECEIVE_MAX (SESSION_CONTENT_MAX + SESSION_OVERHEAD_MAX + 64)
/* Memory of a request that is kept for the next one. */
#define KEPT_MAX (64u << 10)

/* --- slots --------------------------------------------------------------------------------------------------- */

/* Hand it to nng. The event may come, and the slot be handed over again, before this returns: `inside` counts. */
static void slot_pass(
    struct slot *slot, enum slot_state state, void (*pass)(nng_ctx context, nng_aio *aio))
{
	struct link *link = slot->link;

	pthread_mutex_lock(&link->mutex);
	if (link->closing) {
		slot->state = SLOT_OVER;
		pthread_cond_signal(&link->over);
		pthread_mutex_unlock(&link->mutex);
		if (state == SLOT_SENDS)
			nng_msg_free(nng_aio_get_msg(slot->aio));
		return;
	}
	slot->state = state;
	if (state == SLOT_RECEIVES)
		slot->message.region = 0;
	slot->inside++;
	pthread_mutex_unlock(&link->mutex);
	pass(slot->context, slot->aio);
	pthread_mutex_lock(&link->mutex);
	slot->inside--;
	pthread_cond_signal(&link->over);
	pthread_mutex_unlock(&link->mutex);
}

static void slot_receive(struct slot *slot)
{
	if (slot->request.capacity > KEPT_MAX)
		buffer_free(&slot->request);
	nng_aio_set_timeout(slot->aio, NNG_DURATION_INFINITE);
	slot_pass(slot, SLOT_RECEIVES, nng_ctx_recv);
}

/* Send the frame; with none, or no memory for it, the next one is received and the peer hears nothing. */
static void slot_send(struct slot *slot, const struct buffer *frame)
{
	nng_msg *message = NULL;

	if (frame->size && !frame->failed)
		message = link_message(buffer_span(frame));
	if (!message) {
		slot_receive(slot);
		return;
	}
	nng_aio_set_timeout(slot->aio, LINK_SEND_MS);
	nng_aio_set_msg(slot->aio, message);
	slot_pass(slot, SLOT_SENDS, nng_ctx_send);
}

static void slot_take(struct slot *slot, nng_msg *message)
{
	struct link *link = slot->link;
	struct frame_verdict verdict = {0};
	uint32_t pipe = (uint32_t)nng_pipe_id(nng_msg_get_pipe(message));
	struct span bytes = span_of(nng_msg_body(message), nng_msg_len(message));

	pthread_mutex_lock(&link->mutex);
	link_take_frame(link, slot, bytes, pipe, &verdict);
	if (verdict.close) {
		gate_leave(&link->gate, verdict.close);
		link->totals.closed++;
	}
	pthread_mutex_unlock(&link->mutex);
	nng_msg_free(message);
	if (verdict.close)
		nng_pipe_close((nng_pipe){verdict.close});
	if (!verdict.queued)
		slot_send(slot, &verdict.answer);
	buffer_free(&verdict.answer);
}

/* nng has received, or sent, or given up. */
static void slot_event(void *context)
{
	struct slot *slot = context;
	struct link *link = slot->link;
	int result = nng_aio_result(slot->aio);
	nng_msg *message = nng_aio_get_msg(slot->aio);
	enum slot_state state;

	pthread_mutex_lock(&link->mutex);
	state = slot->state;
	pthread_mutex_unlock(&link->mutex);
	nng_aio_set_msg(slot->aio, NULL);
	if (state == SLOT_SENDS && result)
		nng_msg_free(message);
	if (state == SLOT_RECEIVES && !result)
		slot_take(slot, message);
	else
		slot_receive(slot);
}

/* --- workers ------------------------------------------------------------------------------------------------- */

static void serve(struct slot *slot)
{
	struct link *link = slot->link;
	uint32_t region = slot->message.region;
	struct buffer answer = {0}, content = {0}, frame = {0};
	struct remote *remote;
	enum error error = link->options.serve(
	    link->options.context, region, buffer_span(&slot->request), &answer);

	if (!error && answer.failed)
		error = answer.failed;
	if (!error && answer.size > LINK_MESSAGE_MAX)
		error = ERROR_TOO_LARGE;
	link_write_answer(error, buffer_span(&answer), &content);
	buffer_free(&answer);
	pthread_mutex_lock(&link->mutex);
	if ((remote = link_find(link, region)) != NULL)
		remote->status.served++;
	if (!content.failed)
		link_seal_answer(link, &slot->message, buffer_span(&content), &frame);
	buffer_clear(&slot->request);
	pthread_mutex_unlock(&link->mutex);
	slot_send(slot, &frame);
	buffer_free(&content);
	buffer_free(&frame);
}

static void *work(void *context)
{
	struct link *link = context;

	pthread_mutex_lock(&link->mutex);
	while (!link->closing) {
		struct slot *slot = link->first;

		if (!slot) {
			pthread_cond_wait(&link->work, &link->mutex);
			continue;
		}
		if ((link->first = slot->next) == NULL)
			link->last = &link->first;
		slot->state = SLOT_SERVES;
		pthread_mutex_unlock(&link->mutex);
		serve(slot);
		pthread_mutex_lock(&link->mutex);
	}
	pthread_mutex_unlock(&link->mutex);
	return NULL;
}

/* --- connections --------------------------------------------------------------------------------------------- */

static void pipe_comes(nng_pipe pipe, nng_pipe_ev event, void *context)
{
	struct link *link = context;
	uint32_t close;

	(void)event;
	pthread_mutex_lock(&link->mutex);
	link->totals.accepted++;
	close = gate_enter(&link->gate, (uint32_t)nng_pipe_id(pipe), link_now_ms());
	link->totals.closed += close != 0;
	pthread_mutex_unlock(&link->mutex);
	if (close)
		nng_pipe_close((nng_pipe){close});
}

static void pipe_goes(nng_pipe pipe, nng_pipe_ev event, void *context)
{
	struct link *link = context;

	(void)event;
	pthread_mutex_lock(&link->mutex);
	gate_leave(&link->gate, (uint32_t)nng_pipe_id(pipe));
	pthread_mutex_unlock(&link->mutex);
}

static enum error open_slots(struct link *link)
{
	if ((link->slots = calloc(LINK_SLOTS_MAX, sizeof *link->slots)) == NULL)
		return ERROR_MEMORY;
	for (unsigned i = 0; i < LINK_SLOTS_MAX; i++) {
		struct slot *slot = &link->slots[i];
		int result;

		slot->link = link;
		slot->state = SLOT_OVER;
		if ((result = nng_aio_alloc(&slot->aio, slot_event, slot)) != 0)
			return link_nng_error(result);
		link->slot_count++;
		if ((result = nng_ctx_open(&slot->context, link->socket)) != 0)
			return link_nng_error(result);
		slot->has_context = true;
	}
	return ERROR_NONE;
}

static enum error open_listener(struct link *link, nng_listener *listener)
{
	const char *address = link->options.listen;
	int result;

	if (!link_address_valid(address))
		return ERROR_USAGE;
	if ((result = nng_rep0_open(&link->socket)) != 0)
		return link_nng_error(result);
	link->listens = true;
	if ((result = nng_listener_create(listener, link->socket, address)) != 0 ||
	    (result = nng_listener_set_size(*listener, NNG_OPT_RECVMAXSZ, RECEIVE_MAX)) != 0 ||
	    (result = nng_pipe_notify(link->socket, NNG_PIPE_EV_ADD_PRE, pipe_comes, link)) != 0 ||
	    (result = nng_pipe_notify(link->socket, NNG_PIPE_EV_REM_POST, pipe_goes, link)) != 0)
		return link_nng_error(result);
	return ERROR_NONE;
}

static enum error start(struct link *link, nng_listener listener)
{
	int port = 0, result;

	while (link->worker_count < LINK_WORKERS_MAX) {
		if (pthread_create(&link->workers[link->worker_count], NULL, work, link))
			return ERROR_MEMORY;
		link->worker_count++;
	}
	for (unsigned i = 0; i < link->slot_count; i++)
		slot_receive(&link->slots[i]);
	if ((result = nng_listener_start(listener, 0)) != 0 ||
	    (result = nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port)) != 0)
		return link_nng_error(result);
	link->port = (uint16_t)port;
	return ERROR_NONE;
}

enum error link_listen(struct link *link, struct error_detail *detail)
{
	nng_listener listener;
	enum error error;

	if ((error = open_listener(link, &listener)) == ERROR_NONE &&
	    (error = open_slots(link)) == ERROR_NONE)
		error = start(link, listener);
	return error ? error_set(detail, error, "cannot listen on %s: %s", link->options.listen,
			   error_text(error))
		     : ERROR_NONE;
}

/* Break off whatever waits in nng until every slot is over and nobody is inside a call of nng for it. Under the mutex. */
static void drive_out(struct link *link)
{
	for (bool busy = true; busy;) {
		struct timespec until = link_time(link_now_ms() + 2);

		busy = false;
		for (unsigned i = 0; i < link->slot_count; i++) {
			struct slot *slot = &link->slots[i];

			if (slot->inside == 0 &&
			    (slot->state == SLOT_RECEIVES || slot->state == SLOT_SENDS))
				nng_aio_cancel(slot->aio);
			busy = busy || slot->inside || slot->state == SLOT_RECEIVES ||
			       slot->state == SLOT_SENDS;
		}
		if (busy)
			pthread_cond_timedwait(&link->over, &link->mutex, &until);
	}
}

/* In the same order as remote_free, and for the same reason. */
void link_listen_end(struct link *link)
{
	if (!link->listens)
		return;
	for (unsigned i = 0; i < link->worker_count; i++)
		pthread_join(link->workers[i], NULL);
	pthread_mutex_lock(&link->mutex);
	drive_out(link);
	pthread_mutex_unlock(&link->mutex);
	for (unsigned i = 0; i < link->slot_count; i++)
		nng_aio_free(link->slots[i].aio);
	for (unsigned i = 0; i < link->slot_count; i++) {
		if (link->slots[i].has_context)
			nng_ctx_close(link->slots[i].context);
		buffer_free(&link->slots[i].request);
	}
	nng_close(link->socket);
	free(link->slots);
}
