#include "evidence.h"

#include <stdio.h>
#include <string.h>

#define NONCE_LINE "nonce "
#define NONCE_DOMAIN "suiren head nonce v1\n"
#define FORK_FIELDS 6
#define ROLLBACK_FIELDS 5

void head_nonce(
    struct span seen, const uint8_t salt[HEAD_NONCE_SIZE], uint8_t nonce[HEAD_NONCE_SIZE])
{
	struct hash hash = hash_sha256_parts(
	    (const struct span[]){span_text(NONCE_DOMAIN), span_of(salt, HEAD_NONCE_SIZE), seen},
	    3);

	memcpy(nonce, hash.bytes, HEAD_NONCE_SIZE);
}

/* The extension line, with its LF. */
static void nonce_line(
    const uint8_t nonce[HEAD_NONCE_SIZE], char line[sizeof NONCE_LINE + 2 * HEAD_NONCE_SIZE + 1])
{
	char hex[2 * HEAD_NONCE_SIZE + 1];

	hex_write(span_of(nonce, HEAD_NONCE_SIZE), hex);
	snprintf(line, sizeof NONCE_LINE + 2 * HEAD_NONCE_SIZE + 1, NONCE_LINE "%s\n", hex);
}

void head_sign(struct buffer *out, const struct checkpoint *checkpoint,
    const uint8_t nonce[HEAD_NONCE_SIZE], const struct secret_key *log_key)
{
	char line[sizeof NONCE_LINE + 2 * HEAD_NONCE_SIZE + 1];
	struct buffer text = {0};

	nonce_line(nonce, line);
	checkpoint_write(&text, checkpoint);
	buffer_append_text(&text, line);
	if (text.failed)
		out->failed = text.failed;
	else
		note_sign(out, buffer_span(&text), checkpoint->origin, log_key);
	buffer_free(&text);
}

/* Is the nonce the one and only extension of the checkpoint? */
static bool holds_nonce(struct span text, const uint8_t nonce[HEAD_NONCE_SIZE])
{
	char line[sizeof NONCE_LINE + 2 * HEAD_NONCE_SIZE + 1];
	struct span wanted, rest = text;

	nonce_line(nonce, line);
	wanted = span_text(line);
	/* Behind origin, size and root. */
	for (int i = 0; i < 3; i++) {
		const uint8_t *end = rest.size ? memchr(rest.data, '\n', rest.size) : NULL;

		if (!end)
			return false;
		rest = span_of(end + 1, rest.size - (size_t)(end + 1 - rest.data));
	}
	return span_equal(rest, wanted);
}

enum error head_verify(struct span note, const struct note_verifier *keys, size_t count,
    const uint8_t *nonce, struct checkpoint *checkpoint)
{
	struct span text;
	size_t verified;
	enum error error;

	memset(checkpoint, 0, sizeof *checkpoint);
	if (note.size > HEAD_NOTE_MAX)
		return ERROR_TOO_LARGE;
	if (count == 0)
		return ERROR_UNKNOWN_KEY;
	error = note_verify(note, keys, count, &text, &verified);
	if (!error)
		error = checkpoint_read(text, checkpoint);
	if (!error &&
	    (strcmp(checkpoint->origin, keys[0].name) != 0 || (nonce && !holds_nonce(text, nonce))))
		error = ERROR_MISMATCH;
	return error;
}

void evidence_write(struct buffer *out, const struct evidence *evidence)
{
	bool fork = evidence->kind == EVIDENCE_FORK;

	codec_put_array(out, fork ? FORK_FIELDS : ROLLBACK_FIELDS);
	codec_put_uint(out, evidence->kind);
	codec_put_uint(out, evidence->region);
	codec_put_bytes(out, evidence->first);
	codec_put_bytes(out, evidence->second);
	if (!fork) {
		codec_put_bytes(out, span_of(evidence->salt, HEAD_NONCE_SIZE));
		return;
	}
	codec_put_bytes(out, hash_span(&evidence->old_root));
	codec_put_array(out, evidence->path.count);
	for (size_t i = 0; i < evidence->path.count; i++)
		codec_put_bytes(out, hash_span(&evidence->path.hashes[i]));
}

enum error evidence_read(struct span bytes, struct evidence *evidence)
{
	struct codec_reader reader = codec_reader(bytes);
	size_t fields = codec_array(&reader);

	memset(evidence, 0, sizeof *evidence);
	evidence->kind = (enum evidence_kind)codec_uint_max(&reader, EVIDENCE_ROLLBACK);
	evidence->region = (uint32_t)codec_uint_max(&reader, 999999);
	evidence->first = codec_bytes(&reader);
	evidence->second = codec_bytes(&reader);
	if (evidence->kind == EVIDENCE_ROLLBACK && fields == ROLLBACK_FIELDS) {
		codec_bytes_exact(&reader, evidence->salt, HEAD_NONCE_SIZE);
		return codec_finish(&reader);
	}
	if (evidence->kind != EVIDENCE_FORK || fields != FORK_FIELDS)
		return ERROR_MALFORMED;
	codec_bytes_exact(&reader, evidence->old_root.bytes, HASH_SIZE);
	evidence->path.count = codec_array(&reader);
	if (reader.failed || evidence->path.count > MERKLE_PROOF_MAX)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < evidence->path.count; i++)
		codec_bytes_exact(&reader, evidence->path.hashes[i].bytes, HASH_SIZE);
	return codec_finish(&reader);
}

/* Only whoever has made the tree below the second's root knows hashes that lead there; they lead there from one root alone for each size. */
static bool is_fork(const struct evidence *evidence, const struct checkpoint *first,
    const struct checkpoint *second)
{
	return first->size <= second->size && first->size > 0 &&
	       !hash_equal(&evidence->old_root, &first->root) &&
	       merkle_check_consistency(first->size, second->size, &evidence->old_root,
		   &second->root, evidence->path.hashes, evidence->path.count) == ERROR_NONE;
}

static bool is_rollback(const struct evidence *evidence, const struct checkpoint *first,
    const struct checkpoint *second)
{
	uint8_t nonce[HEAD_NONCE_SIZE];

	head_nonce(evidence->first, evidence->salt, nonce);
	return second->size < first->size && holds_nonce(second->text, nonce);
}

enum error evidence_check(const struct evidence *evidence, const struct note_verifier *keys,
    size_t count, struct checkpoint *first, struct checkpoint *second, struct error_detail *detail)
{
	bool proven;
	enum error error = head_verify(evidence->first, keys, count, NULL, first);

	if (error)
		return error_set(
		    detail, error, "the first checkpoint of the evidence: %s", error_text(error));
	error = head_verify(evidence->second, keys, count, NULL, second);
	if (error)
		return error_set(
		    detail, error, "the second checkpoint of the evidence: %s", error_text(error));
	proven = evidence->kind == EVIDENCE_FORK ? is_fork(evidence, first, second)
						 : is_rollback(evidence, first, second);
	return proven ? ERROR_NONE
		      : error_set(detail, ERROR_NOT_VERIFIED,
			    "the checkpoints of %06u, of %llu and %llu entries, do not contradict "
			    "each other",
			    (unsigned)evidence->region, (unsigned long long)first->size,
			    (unsigned long long)second->size);
}

const char *evidence_kind_name(enum evidence_kind kind)
{
	return kind == EVIDENCE_FORK ? "fork" : "rollback";
}

const char *evidence_kind_chinese(enum evidence_kind kind)
{
	return kind == EVIDENCE_FORK ? "账本分叉" : "账本倒退";
}
