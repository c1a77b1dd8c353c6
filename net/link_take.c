/* link_take.c: what a frame that came in is worth: who sent it, whether it opens, what it costs its sender, and what is answered at once. */
#include "link_internal.h"

#include <sodium.h>

static void strike(struct link *link, uint32_t pipe, struct frame_verdict *verdict)
{
	if (gate_strike(&link->gate, pipe, link_now_ms()) == GATE_CLOSE)
		verdict->close = pipe;
}

static void take_malformed(struct link *link, uint32_t pipe, struct frame_verdict *verdict)
{
	uint32_t region = 0;
	struct remote *remote;

	gate_find(&link->gate, pipe, &region);
	link->totals.malformed++;
	if ((remote = link_find(link, region)) != NULL)
		remote->status.malformed++;
	strike(link, pipe, verdict);
}

static void take_refused(
    struct link *link, uint32_t pipe, uint32_t region, struct frame_verdict *verdict)
{
	struct remote *remote = link_find(link, region);

	link->totals.refused++;
	if (remote)
		remote->status.refused_frames++;
	strike(link, pipe, verdict);
}

static void take_handshake(
    struct link *link, const struct frame *frame, uint32_t pipe, struct frame_verdict *verdict)
{
	int64_t now = link_now_ms();
	struct session_draw draw;
	struct remote *remote;
	uint32_t region;
	enum error error;

	switch (gate_handshake(&link->gate, pipe, now)) {
	case GATE_CLOSE:
		verdict->close = pipe;
		return;
	case GATE_DROP:
		link->totals.dropped++;
		return;
	case GATE_GO:
		break;
	}
	link_draw(link, &draw, NULL);
	error = session_accept(link->sessions, frame, &draw, now, &verdict->answer, &region);
	sodium_memzero(&draw, sizeof draw);
	if (error)
		take_refused(link, pipe, region, verdict);
	else if ((remote = link_find(link, region)) != NULL)
		remote->status.handshakes++;
}

static void take_unknown(struct link *link, const struct frame *frame, uint32_t pipe,
    enum reseal_reason reason, struct frame_verdict *verdict)
{
	switch (gate_reseal(&link->gate, pipe, link_now_ms())) {
	case GATE_CLOSE:
		verdict->close = pipe;
		return;
	case GATE_DROP:
		link->totals.dropped++;
		return;
	case GATE_GO:
		session_reseal(reason, frame->index, frame->counter, &verdict->answer);
		link->totals.reseals++;
	}
}

/* May one more request of this peer be held? Its next request may come before its last answer is known to have left, so as many answers
 * may be leaving as requests are served. */
static bool has_room(const struct link *link, uint32_t region)
{
	unsigned all = 0, served = 0, leaving = 0;
	size_t bytes = 0;

	for (unsigned i = 0; i < link->slot_count; i++) {
		const struct slot *slot = &link->slots[i];

		if (slot->state == SLOT_RECEIVES || slot->state == SLOT_OVER)
			continue;
		all++;
		if (slot->message.region != region)
			continue;
		served += slot->state != SLOT_SENDS;
		leaving += slot->state == SLOT_SENDS;
		bytes += slot->request.size;
	}
	return all < LINK_SLOTS_MAX - LINK_SLOTS_SPARE && served < LINK_REQUESTS_MAX &&
	       leaving < LINK_REQUESTS_MAX && bytes < LINK_HELD_MAX;
}

void link_write_answer(enum error error, struct span answer, struct buffer *content)
{
	uint8_t status = error ? 1 : 0;

	buffer_append(content, span_of(&status, 1));
	if (error)
		buffer_append_text(content, error_name(error));
	else
		buffer_append(content, answer);
}

void link_seal_answer(struct link *link, const struct session_message *message, struct span content,
    struct buffer *frame)
{
	enum error error = session_answer(link->sessions, message, content, link_now_ms(), frame);

	/* Its session ended while the request was being served. */
	if (error == ERROR_NOT_FOUND)
		session_reseal(RESEAL_SESSION, message->mark.index, message->mark.counter, frame);
}

static void take_request(struct link *link, struct slot *slot, struct frame_verdict *verdict)
{
	struct buffer busy = {0};

	if (has_room(link, slot->message.region)) {
		slot->state = SLOT_WAITS;
		slot->next = NULL;
		*link->last = slot;
		link->last = &slot->next;
		pthread_cond_signal(&link->work);
		verdict->queued = true;
		return;
	}
	link_write_answer(ERROR_BUSY, (struct span){NULL, 0}, &busy);
	link_seal_answer(link, &slot->message, buffer_span(&busy), &verdict->answer);
	buffer_free(&busy);
}

static void take_sealed(struct link *link, struct slot *slot, const struct frame *frame,
    uint32_t pipe, struct frame_verdict *verdict)
{
	int64_t now = link_now_ms();
	struct remote *remote;
	uint32_t extra;

	buffer_clear(&slot->request);
	switch (session_open(link->sessions, frame, now, &slot->message, &slot->request)) {
	case ERROR_NONE:
		break;
	case ERROR_NOT_FOUND:
		take_unknown(link, frame, pipe, RESEAL_SESSION, verdict);
		return;
	case ERROR_REPEAT:
		if ((remote = link_find(link, slot->message.region)) != NULL)
			remote->status.refused_frames++;
		link->totals.refused++;
		take_unknown(link, frame, pipe, RESEAL_COUNTER, verdict);
		return;
	case ERROR_MEMORY:
		return;
	default:
		take_refused(link, pipe, slot->message.region, verdict);
		return;
	}
	if (slot->message.answers) { /* nobody answers on a connection of the listener */
		take_malformed(link, pipe, verdict);
		return;
	}
	if ((extra = gate_prove(&link->gate, pipe, slot->message.region, now)) != 0)
		verdict->close = extra;
	if ((remote = link_find(link, slot->message.region)) != NULL)
		link_heard(remote);
	if (frame->type == FRAME_HEARTBEAT)
		link_seal_answer(link, &slot->message, (struct span){NULL, 0}, &verdict->answer);
	else
		take_request(link, slot, verdict);
}

void link_take_frame(struct link *link, struct slot *slot, struct span bytes, uint32_t pipe,
    struct frame_verdict *verdict)
{
	struct frame frame;
	uint32_t region;

	if (link->closing || !gate_find(&link->gate, pipe, &region))
		return; /* closed already; what it sent before is worth nothing */
	if (frame_read(bytes, &frame)) {
		take_malformed(link, pipe, verdict);
		return;
	}
	switch (frame.type) {
	case FRAME_HANDSHAKE_1:
		take_handshake(link, &frame, pipe, verdict);
		break;
	case FRAME_REQUEST:
	case FRAME_HEARTBEAT:
		take_sealed(link, slot, &frame, pipe, verdict);
		break;
	default:
		take_malformed(link, pipe, verdict);
	}
}
