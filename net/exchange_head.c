/* exchange_head.c: how far a city's log has come, and that it goes on from where it was: asked of a peer, and served.
 *
 *   request = [1, "head", nonce(16)]            answer = [1, "none", "", 0, 0, [checkpoint]]
 *           / [1, "proof", [from, to]]          answer = [1, "none", "", 0, 0, [root at `from`(32) || hashes(32 each)]]
 */
#include "exchange_head.h"

#include <string.h>

#include "exchange_internal.h"
#include "node_internal.h"

/* The only byte string of an answer, or what the peer says is wrong. */
static enum error answer_take(struct span answer, struct span *bytes, struct error_detail *detail)
{
	struct codec_reader reader = codec_reader(answer);
	struct span name, text;

	codec_array_exact(&reader, 6);
	if (codec_uint(&reader) != EXCHANGE_VERSION)
		reader.failed = ERROR_MALFORMED;
	name = codec_text(&reader);
	text = codec_text(&reader);
	codec_uint(&reader);
	codec_uint(&reader);
	if (!reader.failed && !span_equal(name, span_text(error_name(ERROR_NONE))))
		return error_set(detail, ERROR_REFUSED, "the peer: %.*s", (int)text.size,
		    (const char *)text.data);
	codec_array_exact(&reader, 1);
	*bytes = codec_bytes(&reader);
	return codec_finish(&reader) ? error_set(detail, ERROR_MALFORMED, "not an answer")
				     : ERROR_NONE;
}

static void request_begin(struct buffer *out, const char *name)
{
	codec_put_array(out, 3);
	codec_put_uint(out, EXCHANGE_VERSION);
	codec_put_text(out, span_text(name));
}

static enum error carry_request(const struct exchange_way *way, const struct buffer *request,
    struct buffer *answer, struct span *bytes, struct error_detail *detail)
{
	enum error error = request->failed ? request->failed
					   : way->carry(way->context, way->peer,
						 buffer_span(request), answer, detail);

	return error ? error : answer_take(buffer_span(answer), bytes, detail);
}

enum error exchange_head_ask(const struct exchange_way *way, const uint8_t nonce[HEAD_NONCE_SIZE],
    struct buffer *note, struct error_detail *detail)
{
	struct buffer request = {0}, answer = {0};
	struct span bytes;
	enum error error;

	request_begin(&request, "head");
	codec_put_bytes(&request, span_of(nonce, HEAD_NONCE_SIZE));
	error = carry_request(way, &request, &answer, &bytes, detail);
	if (!error) {
		buffer_append(note, bytes);
		error = note->failed;
	}
	buffer_free(&request);
	buffer_free(&answer);
	return error;
}

enum error exchange_proof_ask(const struct exchange_way *way, uint64_t from, uint64_t to,
    struct hash *old_root, struct merkle_proof *path, struct error_detail *detail)
{
	struct buffer request = {0}, answer = {0};
	struct span bytes;
	enum error error;

	request_begin(&request, "proof");
	codec_put_array(&request, 2);
	codec_put_uint(&request, from);
	codec_put_uint(&request, to);
	error = carry_request(way, &request, &answer, &bytes, detail);
	if (!error && (bytes.size < HASH_SIZE || bytes.size % HASH_SIZE != 0 ||
			  bytes.size / HASH_SIZE - 1 > MERKLE_PROOF_MAX))
		error = error_set(detail, ERROR_MALFORMED, "not a consistency proof");
	if (!error) {
		memcpy(old_root->bytes, bytes.data, HASH_SIZE);
		path->count = bytes.size / HASH_SIZE - 1;
		for (size_t i = 0; i < path->count; i++)
			memcpy(path->hashes[i].bytes, bytes.data + (i + 1) * HASH_SIZE, HASH_SIZE);
	}
	buffer_free(&request);
	buffer_free(&answer);
	return error;
}

enum error exchange_head_serve(
    struct node *node, struct codec_reader *reader, struct buffer *out, struct error_detail *detail)
{
	struct checkpoint checkpoint = {.size = 0};
	uint8_t nonce[HEAD_NONCE_SIZE];
	struct txn *txn;
	enum error error;

	codec_bytes_exact(reader, nonce, sizeof nonce);
	if (codec_finish(reader))
		return error_set(detail, ERROR_MALFORMED, "not a request for a head");
	if (!node->keys.has_log)
		return error_set(detail, ERROR_PERMISSION, "the log key is not here");
	/* What a reader sees is committed: nothing is signed that a crash could take back. */
	error = txn_begin_read(ledger_store(node->ledger), &txn);
	if (error)
		return error;
	error = ledger_head(txn, &checkpoint.size, &checkpoint.root);
	txn_abort(txn);
	if (error)
		return error;
	memcpy(checkpoint.origin, node->origin, strlen(node->origin));
	head_sign(out, &checkpoint, nonce, &node->keys.log);
	return out->failed;
}

enum error exchange_proof_serve(
    struct node *node, struct codec_reader *reader, struct buffer *out, struct error_detail *detail)
{
	struct merkle_proof path;
	struct hash old_root, unused;
	uint64_t from, to, size;
	struct txn *txn;
	enum error error;

	codec_array_exact(reader, 2);
	from = codec_uint(reader);
	to = codec_uint(reader);
	if (codec_finish(reader))
		return error_set(detail, ERROR_MALFORMED, "not a request for a proof");
	error = txn_begin_read(ledger_store(node->ledger), &txn);
	if (error)
		return error;
	error = ledger_head(txn, &size, NULL);
	if (!error && (from == 0 || from > to || to > size))
		error = error_set(detail, ERROR_RANGE, "no proof from %llu to %llu of %llu entries",
		    (unsigned long long)from, (unsigned long long)to, (unsigned long long)size);
	/* The root of the first `from` entries: the root that this proof is for. */
	if (!error)
		error = ledger_prove_consistency(txn, from, from, &path, &old_root);
	if (!error)
		error = ledger_prove_consistency(txn, from, to, &path, &unused);
	txn_abort(txn);
	if (error)
		return error;
	buffer_append(out, hash_span(&old_root));
	for (size_t i = 0; i < path.count; i++)
		buffer_append(out, hash_span(&path.hashes[i]));
	return out->failed;
}
