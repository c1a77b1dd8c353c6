#include "daemon_status.h"

#include <string.h>

#include "codec.h"

#define STATUS_FIELDS 5
#define PEER_FIELDS 18

static void put_peer(struct buffer *out, const struct daemon_peer *peer)
{
	struct span text = span_text(peer->outbox.text.text);

	while (text.size > 0 && !utf8_valid(text))
		text.size--;
	codec_put_array(out, PEER_FIELDS);
	codec_put_uint(out, peer->region);
	codec_put_bool(out, peer->link.connected);
	codec_put_int(out, peer->link.last_heard_ms);
	codec_put_int(out, peer->link.round_trip_us);
	codec_put_uint(out, peer->outbox.waiting);
	codec_put_uint(out, peer->outbox.failures);
	codec_put_int(out, peer->outbox.retry_ms);
	codec_put_uint(out, peer->outbox.sent);
	codec_put_uint(out, peer->outbox.refused);
	codec_put_uint(out, peer->outbox.requests);
	codec_put_uint(out, peer->link.served);
	codec_put_uint(out, peer->link.handshakes);
	codec_put_bool(out, peer->outbox.stuck);
	codec_put_text(out, span_text(error_name(peer->outbox.why)));
	codec_put_text(out, text);
	codec_put_uint(out, peer->heads.size);
	codec_put_int(out, peer->heads.checked_ms);
	codec_put_bool(out, peer->heads.awaited);
}

void daemon_status_write(struct buffer *out, const struct daemon_status *status)
{
	codec_put_array(out, STATUS_FIELDS);
	codec_put_int(out, status->started_ms);
	codec_put_int(out, status->clock_ms);
	codec_put_text(out, span_text(status->listen));
	codec_put_array(out, 4);
	codec_put_uint(out, status->admin.requests);
	codec_put_uint(out, status->admin.malformed);
	codec_put_uint(out, status->admin.strangers);
	codec_put_uint(out, status->admin.broken);
	codec_put_array(out, status->peer_count);
	for (size_t i = 0; i < status->peer_count; i++)
		put_peer(out, &status->peers[i]);
}

static void take_peer(struct codec_reader *reader, struct daemon_peer *peer)
{
	struct span name;

	codec_array_exact(reader, PEER_FIELDS);
	peer->region = (uint32_t)codec_uint_max(reader, 999999);
	peer->link.connected = codec_bool(reader);
	peer->link.last_heard_ms = codec_int(reader);
	peer->link.round_trip_us = codec_int(reader);
	peer->outbox.waiting = codec_uint(reader);
	peer->outbox.failures = (uint32_t)codec_uint_max(reader, UINT32_MAX);
	peer->outbox.retry_ms = codec_int(reader);
	peer->outbox.sent = codec_uint(reader);
	peer->outbox.refused = codec_uint(reader);
	peer->outbox.requests = codec_uint(reader);
	peer->link.served = codec_uint(reader);
	peer->link.handshakes = codec_uint(reader);
	peer->outbox.stuck = codec_bool(reader);
	name = codec_text(reader);
	codec_text_copy(reader, peer->outbox.text.text, sizeof peer->outbox.text.text);
	peer->heads.size = codec_uint(reader);
	peer->heads.known = peer->heads.size > 0;
	peer->heads.checked_ms = codec_int(reader);
	peer->heads.awaited = codec_bool(reader);
	peer->outbox.why = ERROR_REFUSED;
	for (unsigned code = 0; code < ERROR_COUNT; code++) {
		if (span_equal(name, span_text(error_name((enum error)code))))
			peer->outbox.why = (enum error)code;
	}
}

enum error daemon_status_read(struct span bytes, struct daemon_status *status)
{
	struct codec_reader reader = codec_reader(bytes);

	memset(status, 0, sizeof *status);
	codec_array_exact(&reader, STATUS_FIELDS);
	status->started_ms = codec_int(&reader);
	status->clock_ms = codec_int(&reader);
	codec_text_copy(&reader, status->listen, sizeof status->listen);
	codec_array_exact(&reader, 4);
	status->admin.requests = codec_uint(&reader);
	status->admin.malformed = codec_uint(&reader);
	status->admin.strangers = codec_uint(&reader);
	status->admin.broken = codec_uint(&reader);
	status->peer_count = codec_array(&reader);
	if (status->peer_count > CITIES_MAX) {
		status->peer_count = 0;
		return ERROR_TOO_LARGE;
	}
	for (size_t i = 0; i < status->peer_count; i++)
		take_peer(&reader, &status->peers[i]);
	return codec_finish(&reader);
}
