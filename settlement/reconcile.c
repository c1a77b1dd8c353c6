#include "reconcile_internal.h"

#include <stdlib.h>
#include <string.h>

/* A range of a request takes at most so much. */
#define ASK_BYTES_MAX (4 + 3 * CODEC_HEAD_MAX + 1 + RECONCILE_DIGEST_SIZE)

/* A range that is still to be asked about. */
struct task {
	enum reconcile_ask ask;
	struct reconcile_range range;
	struct reconcile_digest digest; /* ours, to be compared */
};

struct tasks {
	struct task *list;
	size_t count, capacity;
};

struct reconcile {
	struct reconcile_set set;
	struct tasks pending; /* ascending, none overlaps another */
	size_t asked;         /* the first of them, in the last request */
	struct reconcile_difference *differences;
	size_t difference_count, difference_capacity;
	unsigned steps;
	enum error failed; /* the exchange is over */
};

enum error reconcile_create(const struct reconcile_set *set, struct reconcile **out)
{
	struct reconcile *reconcile = calloc(1, sizeof *reconcile);

	*out = reconcile;
	if (!reconcile)
		return ERROR_MEMORY;
	reconcile->set = *set;
	return ERROR_NONE;
}

void reconcile_free(struct reconcile *reconcile)
{
	if (!reconcile)
		return;
	free(reconcile->pending.list);
	free(reconcile->differences);
	free(reconcile);
}

const struct reconcile_difference *reconcile_differences(
    const struct reconcile *reconcile, size_t *count)
{
	*count = reconcile->difference_count;
	return reconcile->differences;
}

/* Room for one more element in a list that may hold `most`. */
static enum error make_room(void **list, size_t size, size_t count, size_t *capacity, size_t most)
{
	size_t wanted = *capacity ? 2 * *capacity : 64;
	void *more;

	if (count >= most)
		return ERROR_TOO_LARGE;
	if (count < *capacity)
		return ERROR_NONE;
	more = realloc(*list, wanted * size);
	if (!more)
		return ERROR_MEMORY;
	*list = more;
	*capacity = wanted;
	return ERROR_NONE;
}

static enum error task_add(struct tasks *tasks, const struct task *task)
{
	void *list = tasks->list;
	enum error error =
	    make_room(&list, sizeof *task, tasks->count, &tasks->capacity, RECONCILE_PENDING_MAX);

	tasks->list = list;
	if (!error)
		tasks->list[tasks->count++] = *task;
	return error;
}

static enum error difference_add(struct reconcile *reconcile, const struct reconcile_item *theirs,
    const struct reconcile_item *ours)
{
	struct reconcile_difference *difference;
	void *list = reconcile->differences;
	enum error error = make_room(&list, sizeof *difference, reconcile->difference_count,
	    &reconcile->difference_capacity, RECONCILE_DIFFERENCES_MAX);

	reconcile->differences = list;
	if (error)
		return error;
	difference = &reconcile->differences[reconcile->difference_count++];
	*difference =
	    (struct reconcile_difference){.is_theirs = theirs != NULL, .is_ours = ours != NULL};
	if (theirs)
		difference->theirs = *theirs;
	if (ours)
		difference->ours = *ours;
	difference->theirs.id = difference->ours.id = theirs ? theirs->id : ours->id;
	return ERROR_NONE;
}

/* The smallest id behind this one. */
static struct obligation_id id_after(const struct obligation_id *id)
{
	struct obligation_id after = *id;

	if (after.line < UINT32_MAX) {
		after.line++;
	} else {
		after.line = 0;
		after.sequence++;
	}
	return after;
}

/* The request: the tasks from the front, and what lies between them as ranges that are not asked about. */

static void range_put(struct buffer *out, enum reconcile_ask ask,
    const struct reconcile_range *range, const struct reconcile_digest *digest)
{
	codec_put_array(out, 1 + (range->open ? 1 : 3) + (digest != NULL));
	codec_put_uint(out, ask);
	reconcile_bound_put(out, range);
	if (digest)
		codec_put_bytes(out, span_of(digest->bytes, RECONCILE_DIGEST_SIZE));
}

static enum error request_write(struct reconcile *reconcile, struct buffer *out)
{
	const struct tasks *pending = &reconcile->pending;
	struct buffer ranges = {0};
	struct reconcile_range between = {.open = false};
	size_t count = 0, i = 0;

	for (; i < pending->count && ranges.size + 3 * ASK_BYTES_MAX <= RECONCILE_MESSAGE_MAX;
	     i++) {
		const struct task *task = &pending->list[i];

		between.below = task->range.from;
		if (obligation_id_compare(&between.from, &between.below) < 0) {
			range_put(&ranges, ASK_SKIP, &between, NULL);
			count++;
		}
		range_put(&ranges, task->ask, &task->range,
		    task->ask == ASK_COMPARE ? &task->digest : NULL);
		count++;
		between.from = task->range.below;
	}
	reconcile->asked = i;
	codec_put_array(out, 2);
	codec_put_uint(out, RECONCILE_VERSION);
	codec_put_array(out, count);
	buffer_append(out, buffer_span(&ranges));
	buffer_free(&ranges);
	return out->failed;
}

/* A range is not the same on both sides: ask further. */
static enum error refine(
    struct reconcile *reconcile, const struct reconcile_part *own, struct tasks *next)
{
	struct reconcile_part parts[RECONCILE_PARTS];
	size_t count;
	enum error error;

	if (own->count <= RECONCILE_TAGS_MAX) {
		/* Where we have nothing there is nothing to compare. */
		const struct task task = {
		    .ask = own->count ? ASK_CLOSER : ASK_LIST, .range = own->range};

		return task_add(next, &task);
	}
	error = reconcile_split(&reconcile->set, &own->range, own->count, parts, &count);
	for (size_t i = 0; i < count && !error; i++) {
		const struct task task = {
		    .ask = ASK_COMPARE, .range = parts[i].range, .digest = parts[i].digest};

		error = task_add(next, &task);
	}
	return error;
}

static enum error take_parts(struct reconcile *reconcile, const struct task *task, size_t fields,
    struct codec_reader *reader, struct tasks *next)
{
	struct reconcile_part parts[RECONCILE_PARTS];
	struct reconcile_digest theirs[RECONCILE_PARTS];
	struct obligation_id at = task->range.from;
	size_t count = (fields + 2) / 4;
	enum error error = ERROR_NONE;

	if (fields % 4 != 2 || count < 2 || count > RECONCILE_PARTS)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < count; i++) {
		parts[i].range = (struct reconcile_range){at, task->range.below, task->range.open};
		if (i + 1 < count) {
			struct obligation_id below = reconcile_id_take(reader, &at);

			if (reader->failed || obligation_id_compare(&at, &below) >= 0 ||
			    !reconcile_in_range(&task->range, &below))
				return ERROR_MALFORMED;
			parts[i].range.below = at = below;
			parts[i].range.open = false;
		}
		codec_bytes_exact(reader, theirs[i].bytes, RECONCILE_DIGEST_SIZE);
	}
	if (reader->failed)
		return ERROR_MALFORMED;
	error = reconcile_measure_all(&reconcile->set, parts, count);
	for (size_t i = 0; i < count && !error; i++) {
		if (!reconcile_digest_equal(&parts[i].digest, &theirs[i]))
			error = refine(reconcile, &parts[i], next);
	}
	return error;
}

/* The other side's ids of a range beside ours: tags, of which the lines that differ are asked for, or whole items. */
struct beside {
	struct reconcile *reconcile;
	const struct task *task;
	struct tasks *next;
	bool tags;
	struct reconcile_item *items;
	uint8_t (*tag)[RECONCILE_TAG_SIZE];
	size_t count, at;
	bool run; /* the last task of `next` ends at the id before `at` */
	enum error failed;
};

/* Theirs is not ours (NULL: we have none). */
static enum error differs(struct beside *beside, const struct reconcile_item *ours)
{
	const struct reconcile_item *theirs = &beside->items[beside->at];
	struct task task = {.ask = ASK_LIST, .range = {.from = theirs->id}};

	if (!beside->tags)
		return difference_add(beside->reconcile, theirs, ours);
	task.range.below = id_after(&theirs->id);
	if (beside->run) {
		beside->next->list[beside->next->count - 1].range.below = task.range.below;
		return ERROR_NONE;
	}
	beside->run = true;
	return task_add(beside->next, &task);
}

static enum error same_id(struct beside *beside, const struct reconcile_item *ours)
{
	const struct reconcile_item *theirs = &beside->items[beside->at];
	uint8_t tag[RECONCILE_TAG_SIZE];
	bool same;

	if (beside->tags) {
		reconcile_tag(ours, tag);
		same = memcmp(tag, beside->tag[beside->at], sizeof tag) == 0;
	} else {
		same = theirs->amount_fen == ours->amount_fen &&
		       hash_equal(&theirs->line_hash, &ours->line_hash);
	}
	if (!same)
		return differs(beside, ours);
	beside->run = false;
	return ERROR_NONE;
}

static bool beside_ours(void *context, const struct reconcile_item *ours)
{
	struct beside *beside = context;
	int order = 1;

	while (!beside->failed && beside->at < beside->count) {
		order = obligation_id_compare(&beside->items[beside->at].id, &ours->id);
		if (order >= 0)
			break;
		beside->failed = differs(beside, NULL);
		beside->at++;
	}
	if (beside->failed)
		return false;
	if (beside->at < beside->count && order == 0) {
		beside->failed = same_id(beside, ours);
		beside->at++;
	} else if (beside->tags) {
		/* A list that follows tags repeats what the tags have told of ours. */
		beside->failed = difference_add(beside->reconcile, NULL, ours);
	}
	return !beside->failed;
}

static enum error compare_beside(struct beside *beside)
{
	const struct reconcile_set *set = &beside->reconcile->set;
	const struct reconcile_range *range = &beside->task->range;
	enum error error =
	    set->each(set->context, &range->from, reconcile_below(range), beside_ours, beside);

	if (!error)
		error = beside->failed;
	for (; !error && beside->at < beside->count; beside->at++)
		error = differs(beside, NULL);
	return error;
}

/* The next id of a list: within the range, behind the one before. */
static struct obligation_id take_listed(
    struct codec_reader *reader, const struct beside *beside, size_t index)
{
	const struct reconcile_range *range = &beside->task->range;
	const struct obligation_id *before = index ? &beside->items[index - 1].id : &range->from;
	struct obligation_id id = reconcile_id_take(reader, before);

	if (!reader->failed &&
	    (!reconcile_in_range(range, &id) || (index && obligation_id_compare(before, &id) >= 0)))
		reader->failed = ERROR_MALFORMED;
	return id;
}

static enum error take_tags(struct reconcile *reconcile, const struct task *task, size_t fields,
    struct codec_reader *reader, struct tasks *next)
{
	struct reconcile_item items[RECONCILE_TAGS_MAX] = {0};
	uint8_t tags[RECONCILE_TAGS_MAX][RECONCILE_TAG_SIZE];
	struct beside beside = {.reconcile = reconcile,
	    .task = task,
	    .next = next,
	    .tags = true,
	    .items = items,
	    .tag = tags,
	    .count = fields / 4};

	if (fields % 4 != 1 || beside.count > RECONCILE_TAGS_MAX)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < beside.count; i++) {
		items[i].id = take_listed(reader, &beside, i);
		codec_bytes_exact(reader, tags[i], RECONCILE_TAG_SIZE);
	}
	return reader->failed ? ERROR_MALFORMED : compare_beside(&beside);
}

static enum error take_items(struct beside *beside, struct codec_reader *reader, bool whole)
{
	struct task rest = *beside->task;
	enum error error;

	for (size_t i = 0; i < beside->count; i++) {
		struct reconcile_item *item = &beside->items[i];

		item->id = take_listed(reader, beside, i);
		item->amount_fen = codec_int(reader);
		codec_bytes_exact(reader, item->line_hash.bytes, HASH_SIZE);
	}
	if (reader->failed)
		return ERROR_MALFORMED;
	error = compare_beside(beside);
	if (error || whole)
		return error;
	rest.range.from = id_after(&beside->items[beside->count - 1].id);
	/* What is said to go on ends where it was asked for. */
	if (!rest.range.open && obligation_id_compare(&rest.range.from, &rest.range.below) >= 0)
		return ERROR_MALFORMED;
	return task_add(beside->next, &rest);
}

static enum error take_list(struct reconcile *reconcile, const struct task *task, size_t fields,
    struct codec_reader *reader, struct tasks *next)
{
	bool whole = codec_bool(reader);
	struct beside beside = {
	    .reconcile = reconcile, .task = task, .next = next, .count = fields / 5};
	enum error error;

	/* The fields are bytes of the message: their count has been checked. */
	if (reader->failed || fields % 5 != 2 || (!whole && beside.count == 0))
		return ERROR_MALFORMED;
	beside.items = calloc(beside.count + 1, sizeof *beside.items);
	error = beside.items ? take_items(&beside, reader, whole) : ERROR_MEMORY;
	free(beside.items);
	return error;
}

static enum error take_reply(struct reconcile *reconcile, const struct task *task,
    struct codec_reader *reader, struct tasks *next)
{
	size_t fields;
	uint64_t reply;

	if (codec_peek(reader) == 0)
		return task->ask == ASK_COMPARE && codec_uint(reader) == REPLY_EQUAL
			   ? ERROR_NONE
			   : ERROR_MALFORMED;
	fields = codec_array(reader);
	reply = codec_uint(reader);
	if (reader->failed)
		return ERROR_MALFORMED;
	if (task->ask == ASK_LIST)
		return reply == REPLY_LIST ? take_list(reconcile, task, fields, reader, next)
					   : ERROR_MALFORMED;
	if (reply == REPLY_PARTS)
		return take_parts(reconcile, task, fields, reader, next);
	return reply == REPLY_TAGS ? take_tags(reconcile, task, fields, reader, next)
				   : ERROR_MALFORMED;
}

static enum error take_answer(struct reconcile *reconcile, struct span answer)
{
	struct codec_reader reader = codec_reader(answer);
	struct tasks next = {.count = 0}, *pending = &reconcile->pending;
	size_t count;
	enum error error = ERROR_NONE;

	if (answer.size > RECONCILE_MESSAGE_MAX)
		return ERROR_TOO_LARGE;
	codec_array_exact(&reader, 2);
	if (codec_uint(&reader) != RECONCILE_VERSION)
		return ERROR_MALFORMED;
	count = codec_array(&reader);
	if (reader.failed || count == 0 || count > reconcile->asked)
		return ERROR_MALFORMED;
	for (size_t i = 0; i < count && !error; i++)
		error = take_reply(reconcile, &pending->list[i], &reader, &next);
	if (!error)
		error = codec_finish(&reader);
	/* What follows was not answered: the message was full. */
	for (size_t i = count; i < pending->count && !error; i++)
		error = task_add(&next, &pending->list[i]);
	free(pending->list);
	*pending = next;
	return error;
}

static int by_id(const void *a, const void *b)
{
	const struct reconcile_difference *x = a, *y = b;

	return obligation_id_compare(&x->theirs.id, &y->theirs.id);
}

static enum error finish(struct reconcile *reconcile)
{
	struct reconcile_difference *list = reconcile->differences;

	if (reconcile->difference_count > 1)
		qsort(list, reconcile->difference_count, sizeof *list, by_id);
	/* An id that was left out of the tags, and listed then. */
	for (size_t i = 1; i < reconcile->difference_count; i++) {
		if (by_id(&list[i - 1], &list[i]) == 0)
			return ERROR_MISMATCH;
	}
	return ERROR_NONE;
}

static enum error begin(struct reconcile *reconcile)
{
	struct reconcile_part whole = {.range = {.open = true}};
	enum error error = reconcile_measure(&reconcile->set, &whole);
	const struct task task = {.ask = ASK_COMPARE, .range = whole.range, .digest = whole.digest};

	return error ? error : task_add(&reconcile->pending, &task);
}

enum error reconcile_step(struct reconcile *reconcile, struct span answer, struct buffer *request)
{
	enum error error = reconcile->failed;

	buffer_clear(request);
	if (!error && reconcile->steps++ == RECONCILE_STEPS_MAX)
		error = ERROR_TOO_LARGE;
	if (!error)
		error = reconcile->steps == 1 ? begin(reconcile) : take_answer(reconcile, answer);
	/* So much is enough for one round. */
	if (error == ERROR_TOO_LARGE && reconcile->difference_count == RECONCILE_DIFFERENCES_MAX) {
		reconcile->pending.count = 0;
		error = ERROR_NONE;
	}
	if (!error)
		error = reconcile->pending.count ? request_write(reconcile, request)
						 : finish(reconcile);
	reconcile->failed = error;
	if (error)
		buffer_clear(request);
	return error;
}
