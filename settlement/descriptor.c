#include "descriptor.h"

#include <string.h>

#define DESCRIPTOR_FIELDS 9

static void put_key(struct buffer *out, const struct public_key *key)
{
	codec_put_bytes(out, span_of(key->bytes, PUBLIC_KEY_SIZE));
}

void descriptor_sign(
    struct buffer *out, const struct descriptor *descriptor, const struct secret_key *root)
{
	struct buffer payload = {0};

	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, descriptor->region);
	codec_put_uint(&payload, 0);
	codec_put_uint(&payload, descriptor->epoch);
	codec_put_uint(&payload, 0);
	codec_put_array(&payload, 1);
	codec_put_array(&payload, DESCRIPTOR_FIELDS);
	codec_put_uint(&payload, descriptor->number);
	codec_put_text(&payload, span_text(descriptor->origin));
	codec_put_text(&payload, span_text(descriptor->address));
	codec_put_bool(&payload, descriptor->demo);
	put_key(&payload, &descriptor->root);
	put_key(&payload, &descriptor->document);
	put_key(&payload, &descriptor->log);
	put_key(&payload, &descriptor->witness);
	put_key(&payload, &descriptor->link);
	if (payload.failed)
		out->failed = payload.failed;
	else
		document_sign(out, "node_descriptor", root, buffer_span(&payload));
	buffer_free(&payload);
}

static void take_key(struct codec_reader *reader, struct public_key *key)
{
	codec_bytes_exact(reader, key->bytes, PUBLIC_KEY_SIZE);
}

enum error descriptor_read(struct span bytes, struct descriptor *descriptor)
{
	struct document document;
	struct message message;
	struct codec_reader *reader = &message.items;
	enum error error = document_read(bytes, &document);

	memset(descriptor, 0, sizeof *descriptor);
	if (!error && strcmp(document.name, "node_descriptor") != 0)
		error = ERROR_MALFORMED;
	if (!error)
		error = message_read(document.payload, &message);
	if (error || message.item_count != 1 || message.to != 0 || message.number != 0)
		return ERROR_MALFORMED;
	codec_array_exact(reader, DESCRIPTOR_FIELDS);
	descriptor->region = message.from;
	descriptor->epoch = message.epoch;
	descriptor->number = codec_uint_max(reader, UINT32_MAX);
	codec_text_copy(reader, descriptor->origin, sizeof descriptor->origin);
	codec_text_copy(reader, descriptor->address, sizeof descriptor->address);
	descriptor->demo = codec_bool(reader);
	take_key(reader, &descriptor->root);
	take_key(reader, &descriptor->document);
	take_key(reader, &descriptor->log);
	take_key(reader, &descriptor->witness);
	take_key(reader, &descriptor->link);
	if (codec_finish(reader))
		return ERROR_MALFORMED;
	return document_verify(&document, &descriptor->root);
}
