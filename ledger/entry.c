#include "entry.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_VERSION 1
#define HEADER_FIELDS 9
#define BODY_FIELDS 5
/* Leaves that are hashed with one call. */
#define LEAVES_AT_ONCE 64u

enum error entry_item(struct span items, uint32_t index, struct span *item)
{
	struct codec_reader reader = codec_reader(items);

	for (uint32_t i = 0; i <= index; i++) {
		if (codec_at_end(&reader))
			return ERROR_RANGE;
		*item = codec_item(&reader);
		if (reader.failed)
			return ERROR_MALFORMED;
	}
	return ERROR_NONE;
}

/* Leaves of `count` items, one under each head; `leaves` may be `heads`. */
static enum error leaves_under(
    const struct hash *heads, struct span items, uint32_t count, struct hash *leaves)
{
	struct codec_reader reader = codec_reader(items);
	struct span some[LEAVES_AT_ONCE];

	for (uint32_t at = 0; at < count; at += LEAVES_AT_ONCE) {
		uint32_t n = count - at < LEAVES_AT_ONCE ? count - at : LEAVES_AT_ONCE;

		for (uint32_t i = 0; i < n; i++)
			some[i] = codec_item(&reader);
		if (reader.failed)
			return ERROR_MALFORMED;
		hash_leaves_under(heads + at, some, n, leaves + at);
	}
	return codec_finish(&reader);
}

enum error entry_line_leaves(
    const struct hash *secret, struct span lines, uint32_t count, struct hash *leaves)
{
	/* The salts stand where the leaves will: each is read before it is written over. */
	hash_line_salts(secret, 0, count, leaves);
	return leaves_under(leaves, lines, count, leaves);
}

enum error entry_result_leaves(
    const struct hash *line_leaves, struct span verdicts, uint32_t count, struct hash *leaves)
{
	return leaves_under(line_leaves, verdicts, count, leaves);
}

/* Root of the inner tree over lines and verdicts. */
static enum error results_root(const struct hash *secret, const struct hash *line_leaves,
    struct span lines, struct span verdicts, uint32_t count, struct hash *root)
{
	struct hash *leaves = malloc((size_t)count * sizeof *leaves);
	enum error error = leaves ? ERROR_NONE : ERROR_MEMORY;

	if (!error && !line_leaves) {
		error = entry_line_leaves(secret, lines, count, leaves);
		line_leaves = leaves;
	}
	if (!error)
		error = entry_result_leaves(line_leaves, verdicts, count, leaves);
	if (!error)
		*root = merkle_root_in_place(leaves, count);
	free(leaves);
	return error;
}

static void write_header(
    struct buffer *out, const struct entry_header *header, const struct entry_draft *draft)
{
	codec_put_array(out, HEADER_FIELDS);
	codec_put_uint(out, ENTRY_VERSION);
	codec_put_uint(out, header->epoch);
	codec_put_uint(out, header->sequence);
	codec_put_uint(out, (uint64_t)header->time_ms);
	codec_put_uint(out, header->kind);
	codec_put_bytes(out, hash_span(&header->salt));
	codec_put_array(out, draft->document_count);
	for (size_t i = 0; i < draft->document_count; i++) {
		struct hash hash = hash_sha256(draft->documents[i]);
		codec_put_bytes(out, hash_span(&hash));
	}
	codec_put_array(out, 2);
	codec_put_uint(out, header->count);
	codec_put_bytes(out, hash_span(&header->results_root));
	codec_put_bytes(out, hash_span(&header->transfers_hash));
}

enum error entry_write(const struct entry_draft *draft, uint32_t epoch, uint64_t sequence,
    int64_t time_ms, const struct hash *salt, struct buffer *header, struct buffer *body)
{
	struct entry_header fields = {.epoch = epoch,
	    .sequence = sequence,
	    .time_ms = time_ms,
	    .kind = draft->kind,
	    .salt = *salt,
	    .count = draft->count};
	struct buffer transfers = {0};
	size_t body_start = body->size, header_start = header->size;
	enum error error;

	assert(time_ms >= 0);
	if (draft->count < 1 || draft->count > ENTRY_LINES_MAX ||
	    draft->document_count > ENTRY_DOCUMENTS_MAX ||
	    draft->transfer_count > ENTRY_TRANSFERS_MAX)
		return ERROR_TOO_LARGE;
	if (draft->results) {
		assert(draft->results->size == draft->count);
		fields.results_root = merkle_frontier_root(draft->results);
		error = ERROR_NONE;
	} else {
		error = results_root(&draft->secret, draft->line_leaves, draft->lines,
		    draft->verdicts, draft->count, &fields.results_root);
	}
	if (error)
		return error;
	transfers_write(&transfers, draft->transfers, draft->transfer_count);
	fields.transfers_hash = hash_sha256(buffer_span(&transfers));
	write_header(header, &fields, draft);
	codec_put_array(body, BODY_FIELDS);
	codec_put_bytes(body, hash_span(&draft->secret));
	codec_put_array(body, draft->document_count);
	for (size_t i = 0; i < draft->document_count; i++)
		codec_put_bytes(body, draft->documents[i]);
	codec_put_bytes(body, draft->lines);
	codec_put_bytes(body, draft->verdicts);
	codec_put_bytes(body, buffer_span(&transfers));
	error = transfers.failed ? transfers.failed
		: header->failed ? header->failed
				 : body->failed;
	buffer_free(&transfers);
	if (!error && (body->size - body_start > ENTRY_BODY_MAX ||
			  header->size - header_start > ENTRY_HEADER_MAX))
		error = ERROR_TOO_LARGE;
	return error;
}

enum error entry_header_read(struct span bytes, struct entry_header *header)
{
	struct codec_reader reader = codec_reader(bytes);
	const uint8_t *hashes;

	memset(header, 0, sizeof *header);
	if (bytes.size > ENTRY_HEADER_MAX)
		return ERROR_TOO_LARGE;
	codec_array_exact(&reader, HEADER_FIELDS);
	if (codec_uint(&reader) != ENTRY_VERSION)
		return ERROR_MALFORMED;
	header->epoch = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
	header->sequence = codec_uint(&reader);
	header->time_ms = (int64_t)codec_uint(&reader);
	header->kind = (uint16_t)codec_uint_max(&reader, UINT16_MAX);
	codec_bytes_exact(&reader, header->salt.bytes, HASH_SIZE);
	header->document_count = (uint32_t)codec_array(&reader);
	if (header->document_count > ENTRY_DOCUMENTS_MAX)
		return ERROR_TOO_LARGE;
	hashes = reader.at;
	for (uint32_t i = 0; i < header->document_count; i++) {
		struct hash hash;
		codec_bytes_exact(&reader, hash.bytes, HASH_SIZE);
	}
	header->document_hashes = span_of(hashes, reader.failed ? 0 : (size_t)(reader.at - hashes));
	codec_array_exact(&reader, 2);
	header->count = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	codec_bytes_exact(&reader, header->results_root.bytes, HASH_SIZE);
	codec_bytes_exact(&reader, header->transfers_hash.bytes, HASH_SIZE);
	if (codec_finish(&reader) || header->count == 0)
		return ERROR_MALFORMED;
	return ERROR_NONE;
}

struct hash entry_document_hash(const struct entry_header *header, uint32_t index)
{
	const size_t width = 2 + HASH_SIZE; /* 58 20 and the hash */
	struct hash hash;

	assert(index < header->document_count &&
	       header->document_hashes.size == width * header->document_count);
	memcpy(hash.bytes, header->document_hashes.data + width * index + 2, HASH_SIZE);
	return hash;
}

static enum error read_body(struct span body, struct entry_reader *out, struct span *transfers)
{
	struct codec_reader reader = codec_reader(body);
	struct entry *entry = &out->entry;
	size_t count;

	if (body.size > ENTRY_BODY_MAX)
		return ERROR_TOO_LARGE;
	codec_array_exact(&reader, BODY_FIELDS);
	codec_bytes_exact(&reader, entry->secret.bytes, HASH_SIZE);
	count = codec_array(&reader);
	if (reader.failed || count != entry->header.document_count)
		return ERROR_MALFORMED;
	out->documents = calloc(count + 1, sizeof *out->documents);
	if (!out->documents)
		return ERROR_MEMORY;
	for (size_t i = 0; i < count; i++)
		out->documents[i] = codec_bytes(&reader);
	entry->documents = out->documents;
	entry->lines = codec_bytes(&reader);
	entry->verdicts = codec_bytes(&reader);
	*transfers = codec_bytes(&reader);
	return codec_finish(&reader);
}

enum error entry_read(struct span header, struct span body, struct entry_reader *reader)
{
	struct span transfers = {NULL, 0};
	enum error error;

	memset(reader, 0, sizeof *reader);
	error = entry_header_read(header, &reader->entry.header);
	if (!error)
		error = read_body(body, reader, &transfers);
	if (!error)
		error = transfers_count(transfers, &reader->entry.transfer_count);
	if (!error) {
		reader->transfers =
		    calloc(reader->entry.transfer_count + 1, sizeof *reader->transfers);
		error = reader->transfers ? transfers_read(transfers, reader->transfers,
						reader->entry.transfer_count)
					  : ERROR_MEMORY;
		reader->entry.transfers = reader->transfers;
	}
	if (error)
		entry_free(reader);
	return error;
}

void entry_free(struct entry_reader *reader)
{
	free(reader->documents);
	free(reader->transfers);
	memset(reader, 0, sizeof *reader);
}

enum error entry_check(const struct entry *entry, struct span body, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(body);
	struct hash root, hash;
	enum error error;

	for (uint32_t i = 0; i < entry->header.document_count; i++) {
		struct hash wanted = entry_document_hash(&entry->header, i);
		hash = hash_sha256(entry->documents[i]);
		if (!hash_equal(&hash, &wanted))
			return error_set(detail, ERROR_CORRUPT,
			    "document %u is not the one that the header names", (unsigned)i);
	}
	error = results_root(
	    &entry->secret, NULL, entry->lines, entry->verdicts, entry->header.count, &root);
	if (error == ERROR_MEMORY)
		return error;
	if (error || !hash_equal(&root, &entry->header.results_root))
		return error_set(detail, ERROR_CORRUPT,
		    "lines and verdicts do not give the results root of the header");
	codec_array_exact(&reader, BODY_FIELDS);
	for (int i = 0; i < BODY_FIELDS - 1; i++)
		codec_item(&reader);
	hash = hash_sha256(codec_bytes(&reader));
	if (codec_finish(&reader) || !hash_equal(&hash, &entry->header.transfers_hash))
		return error_set(
		    detail, ERROR_CORRUPT, "the transfers are not those that the header names");
	return ERROR_NONE;
}
