/* heads_keep.c: what has been seen of other logs outlives the process: the highest heads in an entry from time to time, so that they are part
 * of this city's own log; and all of them as bytes for a file, as soon as one has grown. */
#include "heads_internal.h"

#include <stdlib.h>
#include <string.h>

/* Write the heads of which an entry is due, in order of region. */

static int by_region(const void *a, const void *b)
{
	uint32_t left = ((const struct watched *)a)->region,
		 right = ((const struct watched *)b)->region;

	return (left > right) - (left < right);
}

/* Is an entry of this head due at `now_ms`? `head` is the one that is booked, size 0: none. */
static bool is_due(const struct watched *watched, const struct trust_head *head, int64_t now_ms)
{
	if (watched->highest.size == 0 || watched->awaited)
		return false;
	if (head->size == 0 || strcmp(head->origin, watched->highest.origin) != 0)
		return watched->booked.size == 0;
	return watched->has_path && watched->booked.size == head->size &&
	       watched->highest.size > head->size && now_ms - head->time_ms >= HEADS_ENTRY_MS;
}

static void put_head(struct buffer *out, const struct watched *watched, bool first)
{
	size_t count = first ? 0 : watched->path.count;

	codec_put_array(out, 3);
	codec_put_uint(out, watched->region);
	codec_put_bytes(out, heads_note(&watched->highest));
	codec_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		codec_put_bytes(out, hash_span(&watched->path.hashes[i]));
}

static enum error gather_one(struct txn *txn, const struct watched *watched, int64_t now_ms,
    struct buffer *parameters, size_t *count)
{
	struct trust_state state;
	struct trust_head head;
	enum error error = trust_state_get(txn, watched->region, &state);

	if (error || state.frozen || state.unfrozen_sequence != watched->unfrozen_sequence)
		return error;
	error = trust_head_get(txn, watched->region, &head);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (is_due(watched, &head, now_ms)) {
		put_head(parameters, watched,
		    head.size == 0 || strcmp(head.origin, watched->highest.origin) != 0);
		++*count;
	}
	return ERROR_NONE;
}

static enum error gather(struct heads *heads, struct buffer *parameters, size_t *count)
{
	int64_t now_ms = node_now_ms(heads->options.node);
	struct watched *copy = malloc(sizeof heads->watched);
	struct txn *txn = NULL;
	size_t watched;
	enum error error = copy ? ERROR_NONE : ERROR_MEMORY;

	*count = 0;
	if (error)
		return error;
	pthread_mutex_lock(&heads->mutex);
	watched = heads->count;
	memcpy(copy, heads->watched, sizeof heads->watched);
	pthread_mutex_unlock(&heads->mutex);
	qsort(copy, watched, sizeof *copy, by_region);
	error = txn_begin_read(ledger_store(node_ledger(heads->options.node)), &txn);
	for (size_t i = 0; i < watched && !error; i++)
		error = gather_one(txn, &copy[i], now_ms, parameters, count);
	txn_abort(txn);
	free(copy);
	return error ? error : parameters->failed;
}

enum error heads_record(struct heads *heads, struct answer *answer)
{
	struct node_order order = {.kind = KIND_heads};
	struct buffer parameters = {0};
	size_t count;
	enum error error = gather(heads, &parameters, &count);

	memset(answer, 0, sizeof *answer);
	answer->error = error ? error : ERROR_STATE; /* nothing is due */
	if (!error && count > 0) {
		order.parameters = buffer_span(&parameters);
		order.parameter_count = count;
		error = node_order(heads->options.node, &order, answer);
	}
	buffer_free(&parameters);
	return error;
}

/* --- the file ----------------------------------------------------------------------------------------------- */

#define FILE_VERSION 1
#define FILE_FIELDS 3

uint64_t heads_changes(struct heads *heads)
{
	uint64_t changes;

	pthread_mutex_lock(&heads->mutex);
	changes = heads->changes;
	pthread_mutex_unlock(&heads->mutex);
	return changes;
}

enum error heads_write(struct heads *heads, struct buffer *out, uint64_t *changes)
{
	size_t count = 0;

	pthread_mutex_lock(&heads->mutex);
	*changes = heads->changes;
	for (size_t i = 0; i < heads->count; i++)
		count += heads->watched[i].highest.size > 0;
	codec_put_array(out, 2);
	codec_put_uint(out, FILE_VERSION);
	codec_put_array(out, count);
	for (size_t i = 0; i < heads->count; i++) {
		const struct watched *watched = &heads->watched[i];

		if (watched->highest.size == 0)
			continue;
		codec_put_array(out, FILE_FIELDS);
		codec_put_uint(out, watched->region);
		codec_put_uint(out, watched->unfrozen_sequence);
		codec_put_bytes(out, heads_note(&watched->highest));
	}
	pthread_mutex_unlock(&heads->mutex);
	return out->failed;
}

/* One head as it was written. What its city has not signed under this epoch, or what is known better, is left. */
static enum error take_one(
    struct heads *heads, struct txn *txn, uint32_t region, uint64_t unfrozen, struct span note)
{
	struct note_verifier keys[LOG_KEYS_MAX];
	struct checkpoint checkpoint;
	struct watched *watched;
	size_t count;
	enum error error = trust_log_keys(txn, region, keys, LOG_KEYS_MAX, &count);

	if (error == ERROR_NOT_FOUND)
		return ERROR_NONE;
	if (error)
		return error;
	if (note.size > HEAD_NOTE_MAX || head_verify(note, keys, count, NULL, &checkpoint))
		return ERROR_NONE;
	pthread_mutex_lock(&heads->mutex);
	watched = heads_find(heads, region, true);
	if (watched && watched->highest.size < checkpoint.size) {
		heads_see(&watched->highest, &checkpoint, note);
		watched->unfrozen_sequence = unfrozen;
	}
	pthread_mutex_unlock(&heads->mutex);
	return ERROR_NONE;
}

enum error heads_read(struct heads *heads, struct span bytes)
{
	struct codec_reader reader = codec_reader(bytes);
	struct txn *txn;
	size_t count;
	enum error error = txn_begin_read(ledger_store(node_ledger(heads->options.node)), &txn);

	if (error)
		return error;
	codec_array_exact(&reader, 2);
	if (codec_uint(&reader) != FILE_VERSION)
		reader.failed = ERROR_MALFORMED;
	count = codec_array(&reader);
	for (size_t i = 0; i < count && !reader.failed && !error; i++) {
		uint32_t region;
		uint64_t unfrozen;
		struct span note;

		codec_array_exact(&reader, FILE_FIELDS);
		region = (uint32_t)codec_uint_max(&reader, UINT32_MAX);
		unfrozen = codec_uint(&reader);
		note = codec_bytes(&reader);
		if (!reader.failed)
			error = take_one(heads, txn, region, unfrozen, note);
	}
	txn_abort(txn);
	return error ? error : codec_finish(&reader);
}
