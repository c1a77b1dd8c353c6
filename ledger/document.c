#include "document.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TAG_COSE_SIGN1 18
#define HEADER_ALGORITHM 1
#define HEADER_CONTENT_TYPE 3
#define HEADER_KEY_ID 4
#define ALGORITHM_EDDSA (-8)

static const char type_head[] = "application/vnd.suiren.";
static const char type_tail[] = "+cbor";

static void write_protected(struct buffer *out, const char *name, const struct key_id *id)
{
	char type[sizeof type_head + DOCUMENT_NAME_SIZE + sizeof type_tail];

	snprintf(type, sizeof type, "%s%s%s", type_head, name, type_tail);
	codec_put_map(out, 3);
	codec_put_uint(out, HEADER_ALGORITHM);
	codec_put_int(out, ALGORITHM_EDDSA);
	codec_put_uint(out, HEADER_CONTENT_TYPE);
	codec_put_text(out, span_text(type));
	codec_put_uint(out, HEADER_KEY_ID);
	codec_put_bytes(out, span_of(id->bytes, KEY_ID_SIZE));
}

/* Sig_structure of RFC 9052 section 4.4. */
static void write_signed(struct buffer *out, struct span protected_bytes, struct span payload)
{
	codec_put_array(out, 4);
	codec_put_text(out, span_text("Signature1"));
	codec_put_bytes(out, protected_bytes);
	codec_put_bytes(out, (struct span){NULL, 0});
	codec_put_bytes(out, payload);
}

void document_sign(
    struct buffer *out, const char *name, const struct secret_key *key, struct span payload)
{
	struct buffer protected_bytes = {0}, to_sign = {0};
	struct key_id id = key_id(&key->public);
	struct signature signature;

	assert(strlen(name) > 0 && strlen(name) < DOCUMENT_NAME_SIZE);
	write_protected(&protected_bytes, name, &id);
	write_signed(&to_sign, buffer_span(&protected_bytes), payload);
	if (protected_bytes.failed || to_sign.failed) {
		out->failed = ERROR_MEMORY;
		goto done;
	}
	key_sign(key, buffer_span(&to_sign), &signature);
	codec_put_tag(out, TAG_COSE_SIGN1);
	codec_put_array(out, 4);
	codec_put_bytes(out, buffer_span(&protected_bytes));
	codec_put_map(out, 0);
	codec_put_bytes(out, payload);
	codec_put_bytes(out, span_of(signature.bytes, SIGNATURE_SIZE));
done:
	buffer_free(&protected_bytes);
	buffer_free(&to_sign);
}

/* Keys 1, 3, 4 in this order and nothing else: any other header could change the meaning. */
static enum error read_protected(struct document *document)
{
	struct codec_reader reader = codec_reader(document->protected_bytes);
	struct span type, head = span_text(type_head), tail = span_text(type_tail);
	size_t name_size;

	if (codec_map(&reader) != 3 || codec_uint(&reader) != HEADER_ALGORITHM ||
	    codec_int(&reader) != ALGORITHM_EDDSA || codec_uint(&reader) != HEADER_CONTENT_TYPE)
		return ERROR_MALFORMED;
	type = codec_text(&reader);
	if (codec_uint(&reader) != HEADER_KEY_ID)
		return ERROR_MALFORMED;
	codec_bytes_exact(&reader, document->key_id.bytes, KEY_ID_SIZE);
	if (codec_finish(&reader) || type.size <= head.size + tail.size ||
	    type.size >= head.size + tail.size + DOCUMENT_NAME_SIZE ||
	    !span_starts_with(type, head) ||
	    memcmp(type.data + type.size - tail.size, tail.data, tail.size) != 0)
		return ERROR_MALFORMED;
	name_size = type.size - head.size - tail.size;
	for (size_t i = 0; i < name_size; i++) {
		uint8_t c = type.data[head.size + i];
		if (!(c >= 'a' && c <= 'z') && c != '_')
			return ERROR_MALFORMED;
	}
	memcpy(document->name, type.data + head.size, name_size);
	return ERROR_NONE;
}

enum error document_read(struct span bytes, struct document *document)
{
	struct codec_reader reader = codec_reader(bytes);

	memset(document, 0, sizeof *document);
	if (bytes.size > DOCUMENT_SIZE_MAX)
		return ERROR_TOO_LARGE;
	codec_tag(&reader, TAG_COSE_SIGN1);
	codec_array_exact(&reader, 4);
	document->protected_bytes = codec_bytes(&reader);
	if (codec_map(&reader) != 0)
		return ERROR_MALFORMED;
	document->payload = codec_bytes(&reader);
	codec_bytes_exact(&reader, document->signature.bytes, SIGNATURE_SIZE);
	if (codec_finish(&reader))
		return ERROR_MALFORMED;
	document->whole = bytes;
	return read_protected(document);
}

enum error document_verify(const struct document *document, const struct public_key *key)
{
	struct key_id id = key_id(key);
	struct buffer to_sign = {0};
	enum error error;

	if (!key_id_equal(&id, &document->key_id))
		return ERROR_UNKNOWN_KEY;
	write_signed(&to_sign, document->protected_bytes, document->payload);
	error = to_sign.failed ? to_sign.failed
			       : key_verify(key, buffer_span(&to_sign), &document->signature);
	buffer_free(&to_sign);
	return error;
}

struct hash document_hash(struct span bytes)
{
	return hash_sha256(bytes);
}
