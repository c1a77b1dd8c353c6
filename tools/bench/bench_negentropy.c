#include "bench_negentropy.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"

#define BUCKETS 16u
#define FINGERPRINT_SIZE 16u
#define ROUND_TRIPS_MAX 64u

struct record {
	uint64_t timestamp;
	struct hash id;
};

/* An upper bound: a timestamp and the first bytes of an id; the rest is zeros. */
struct bound {
	bool infinite;
	uint64_t timestamp;
	uint32_t prefix;
	struct hash id;
};

enum mode { MODE_SKIP, MODE_FINGERPRINT, MODE_LIST };

struct range {
	struct bound upper;
	enum mode mode;
	uint8_t fingerprint[FINGERPRINT_SIZE];
	size_t from, below; /* of a list: the sender's records */
};

struct message {
	struct range *ranges;
	size_t count, capacity;
	enum error failed;
};

struct side {
	struct record *records;
	size_t count;
};

static int record_compare(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->timestamp != y->timestamp)
		return x->timestamp < y->timestamp ? -1 : 1;
	return memcmp(x->id.bytes, y->id.bytes, HASH_SIZE);
}

static enum error side_make(const struct reconcile_item *items, size_t count, struct side *side)
{
	side->count = count;
	side->records = malloc((count + 1) * sizeof *side->records);
	if (!side->records)
		return ERROR_MEMORY;
	for (size_t i = 0; i < count; i++) {
		const struct reconcile_item *item = &items[i];
		uint8_t bytes[24 + HASH_SIZE];

		be32_write(bytes, item->id.epoch);
		be64_write(bytes + 4, item->id.sequence);
		be32_write(bytes + 12, item->id.line);
		be64_write(bytes + 16, (uint64_t)item->amount_fen);
		memcpy(bytes + 24, item->line_hash.bytes, HASH_SIZE);
		side->records[i].timestamp = (uint64_t)item->id.epoch << 48 | item->id.sequence;
		side->records[i].id = hash_blake2b(span_of(bytes, sizeof bytes));
	}
	qsort(side->records, count, sizeof *side->records, record_compare);
	return ERROR_NONE;
}

static size_t varint_size(uint64_t value)
{
	size_t size = 1;

	for (; value >= 128; value >>= 7)
		size++;
	return size;
}

/* The bytes of a message. */
static uint64_t message_size(const struct message *message)
{
	uint64_t size = 1, before = 0;

	for (size_t i = 0; i < message->count; i++) {
		const struct range *range = &message->ranges[i];

		size +=
		    range->upper.infinite ? 1 : varint_size(range->upper.timestamp - before + 1);
		before = range->upper.timestamp;
		size += varint_size(range->upper.prefix) + range->upper.prefix + 1;
		if (range->mode == MODE_FINGERPRINT)
			size += FINGERPRINT_SIZE;
		if (range->mode == MODE_LIST)
			size += varint_size(range->below - range->from) +
				HASH_SIZE * (range->below - range->from);
	}
	return size;
}

static void message_add(struct message *message, const struct range *range)
{
	if (message->count == message->capacity) {
		size_t wanted = message->capacity ? 2 * message->capacity : 256;
		struct range *more = realloc(message->ranges, wanted * sizeof *more);

		if (!more) {
			message->failed = ERROR_MEMORY;
			return;
		}
		message->ranges = more;
		message->capacity = wanted;
	}
	message->ranges[message->count++] = *range;
}

/* Any digest of the ids serves: what is counted is when two are the same. */
static void fingerprint(const struct side *side, size_t from, size_t below, uint8_t *out)
{
	struct hash_stream stream;
	struct hash hash;

	hash_blake2b_begin(&stream);
	for (size_t i = from; i < below; i++)
		hash_blake2b_more(&stream, hash_span(&side->records[i].id));
	hash = hash_blake2b_end(&stream);
	memcpy(out, hash.bytes, FINGERPRINT_SIZE);
}

/* The shortest bound between two records that follow each other. */
static struct bound bound_between(const struct record *before, const struct record *after)
{
	struct bound bound = {.timestamp = after->timestamp};

	if (before->timestamp != after->timestamp)
		return bound;
	while (before->id.bytes[bound.prefix] == after->id.bytes[bound.prefix])
		bound.prefix++;
	bound.prefix++;
	memcpy(bound.id.bytes, after->id.bytes, bound.prefix);
	return bound;
}

static size_t find_bound(const struct side *side, const struct bound *bound)
{
	const struct record wanted = {bound->timestamp, bound->id};
	size_t low = 0, high = side->count;

	if (bound->infinite)
		return side->count;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (record_compare(&side->records[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void split(const struct side *side, size_t from, size_t below, const struct bound *upper,
    struct message *out)
{
	size_t count = below - from, share = count / BUCKETS, more = count % BUCKETS;
	struct range range = {.upper = *upper, .mode = MODE_LIST, .from = from, .below = below};

	if (count < 2 * BUCKETS) {
		message_add(out, &range);
		return;
	}
	range.mode = MODE_FINGERPRINT;
	for (size_t i = 0, at = from; i < BUCKETS; i++) {
		size_t end = at + share + (i < more);

		fingerprint(side, at, end, range.fingerprint);
		range.upper = end == below
				  ? *upper
				  : bound_between(&side->records[end - 1], &side->records[end]);
		message_add(out, &range);
		at = end;
	}
}

/* How many ids of each list the other has not. */
static void compare_lists(const struct side *own, size_t from, size_t below,
    const struct side *other, const struct range *list, struct negentropy_cost *cost)
{
	size_t i = from, k = list->from;

	while (i < below || k < list->below) {
		int order = i == below ? 1
			    : k == list->below
				? -1
				: record_compare(&own->records[i], &other->records[k]);

		cost->have += order < 0;
		cost->need += order > 0;
		i += order <= 0;
		k += order >= 0;
	}
}

/* One side's answer to a message of the other. */
static void answer(const struct side *own, const struct side *other, bool initiator,
    const struct message *in, struct message *out, struct negentropy_cost *cost)
{
	struct range skip = {.mode = MODE_SKIP};
	bool skipped = false;
	size_t from = 0;

	out->count = 0;
	for (size_t i = 0; i < in->count; i++) {
		const struct range *range = &in->ranges[i];
		struct range list = {.upper = range->upper, .mode = MODE_LIST, .from = from};
		size_t below = find_bound(own, &range->upper);
		uint8_t found[FINGERPRINT_SIZE];
		bool done = range->mode == MODE_SKIP || (range->mode == MODE_LIST && initiator);

		if (range->mode == MODE_FINGERPRINT) {
			fingerprint(own, from, below, found);
			done = memcmp(found, range->fingerprint, FINGERPRINT_SIZE) == 0;
		}
		if (range->mode == MODE_LIST && initiator)
			compare_lists(own, from, below, other, range, cost);
		if (!done && skipped)
			message_add(out, &skip);
		list.below = below;
		if (!done && range->mode == MODE_LIST)
			message_add(out, &list);
		if (!done && range->mode == MODE_FINGERPRINT)
			split(own, from, below, &range->upper, out);
		skipped = done;
		skip.upper = range->upper;
		from = below;
	}
}

enum error bench_negentropy(const struct reconcile_item *ours, size_t our_count,
    const struct reconcile_item *theirs, size_t their_count, struct negentropy_cost *cost)
{
	const struct bound infinity = {.infinite = true};
	struct message request = {.count = 0}, reply = {.count = 0};
	struct side own = {.records = NULL}, other = {.records = NULL};
	enum error error = side_make(ours, our_count, &own);

	*cost = (struct negentropy_cost){0};
	if (!error)
		error = side_make(theirs, their_count, &other);
	if (!error)
		split(&own, 0, own.count, &infinity, &request);
	while (!error && request.count && cost->round_trips < ROUND_TRIPS_MAX) {
		cost->round_trips++;
		cost->sent += message_size(&request);
		answer(&other, &own, false, &request, &reply, cost);
		cost->received += message_size(&reply);
		answer(&own, &other, true, &reply, &request, cost);
		error = request.failed ? request.failed : reply.failed;
	}
	free(request.ranges);
	free(reply.ranges);
	free(own.records);
	free(other.records);
	return error;
}
