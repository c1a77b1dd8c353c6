#include "tlog_proof.h"

#include <string.h>

#define PROOF_HEAD "c2sp.org/tlog-proof@v1"
#define EXTRA_HEAD "extra "
#define INDEX_HEAD "index "

void tlog_proof_write(
    struct buffer *out, uint64_t index, const struct merkle_proof *path, struct span note)
{
	buffer_append_format(
	    out, "%s\n%s%llu\n", PROOF_HEAD, INDEX_HEAD, (unsigned long long)index);
	for (size_t i = 0; i < path->count; i++) {
		base64_write(out, hash_span(&path->hashes[i]));
		buffer_append_text(out, "\n");
	}
	buffer_append_text(out, "\n");
	buffer_append(out, note);
}

/* Cut the next line off `rest`, without its LF. */
static bool next_line(struct span *rest, struct span *line)
{
	const uint8_t *end = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;

	if (!end)
		return false;
	*line = span_of(rest->data, (size_t)(end - rest->data));
	*rest = span_of(end + 1, rest->size - line->size - 1);
	return true;
}

/* What follows `head` on the line; false if the line does not start so. */
static bool behind(struct span line, const char *head, struct span *value)
{
	size_t size = strlen(head);

	if (!span_starts_with(line, span_text(head)))
		return false;
	*value = span_of(line.data + size, line.size - size);
	return true;
}

/* The lines up to and with the empty one: the path, sibling of the leaf first. */
static enum error read_path(struct span *rest, struct merkle_proof *path)
{
	struct buffer hash = {0};
	struct span line;
	enum error error = ERROR_NONE;

	path->count = 0;
	while (!error) {
		if (!next_line(rest, &line)) {
			error = ERROR_MALFORMED;
			break;
		}
		if (line.size == 0)
			break;
		buffer_clear(&hash);
		error =
		    path->count == MERKLE_PROOF_MAX ? ERROR_MALFORMED : base64_read(line, &hash);
		if (!error && hash.size != HASH_SIZE)
			error = ERROR_MALFORMED;
		if (!error)
			memcpy(path->hashes[path->count++].bytes, hash.data, HASH_SIZE);
	}
	buffer_free(&hash);
	return error;
}

enum error tlog_proof_read(struct span text, struct tlog_proof *proof)
{
	struct span rest = text, line, value;
	struct buffer extra = {0};
	int64_t index;
	enum error error = ERROR_NONE;

	memset(proof, 0, sizeof *proof);
	if (text.size > TLOG_PROOF_SIZE_MAX)
		return ERROR_TOO_LARGE;
	if (!next_line(&rest, &line) || !span_equal(line, span_text(PROOF_HEAD)) ||
	    !next_line(&rest, &line))
		return ERROR_MALFORMED;
	if (behind(line, EXTRA_HEAD, &value)) {
		error = base64_read(value, &extra);
		buffer_free(&extra);
		if (!error && !next_line(&rest, &line))
			error = ERROR_MALFORMED;
	}
	if (error)
		return error;
	if (!behind(line, INDEX_HEAD, &value) || decimal_read(value, &index))
		return ERROR_MALFORMED;
	proof->index = (uint64_t)index;
	error = read_path(&rest, &proof->path);
	proof->note = rest;
	return error;
}

enum error tlog_proof_verify(const struct tlog_proof *proof, const struct hash *leaf,
    const struct note_verifier *log, struct checkpoint *checkpoint)
{
	enum error error = checkpoint_verify(proof->note, log, checkpoint);

	return error ? error
		     : merkle_check_inclusion(proof->index, checkpoint->size, leaf,
			   proof->path.hashes, proof->path.count, &checkpoint->root);
}
