#include "decision.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

#define ARENA_BLOCK 16384u
#define MOVE_BUCKETS 4096u
/* Results that the hasher is told of at once. */
#define HAND_OVER_RESULTS 64u

/* Texts that the transfers of a decision point at: blocks that never move. */
struct arena_block {
	struct arena_block *next;
	size_t used;
	uint8_t bytes[ARENA_BLOCK];
};

struct decision_arena {
	struct arena_block *blocks;
	/* Sums by accounts and unit: chains of transfer numbers + 1. */
	uint32_t buckets[MOVE_BUCKETS];
	uint32_t next[DECISION_TRANSFERS_MAX];
	uint32_t used[DECISION_TRANSFERS_MAX];
	uint32_t used_count;
};

void decision_init(struct decision *decision)
{
	memset(decision, 0, sizeof *decision);
	decision->arena = calloc(1, sizeof *decision->arena);
	if (!decision->arena)
		decision->failed = ERROR_MEMORY;
}

/* Only those that sums are in: a decision has few. */
static void clear_buckets(struct decision_arena *arena)
{
	for (uint32_t i = 0; i < arena->used_count; i++)
		arena->buckets[arena->used[i]] = 0;
	arena->used_count = 0;
}

void decision_clear(struct decision *decision)
{
	struct decision_arena *arena = decision->arena;

	assert(!decision->handed_over);
	buffer_clear(&decision->lines);
	buffer_clear(&decision->verdicts);
	for (size_t i = 0; i < decision->outgoing_count; i++)
		buffer_clear(&decision->outgoing[i].payload);
	decision->count = 0;
	decision->results.size = decision->results.count = 0;
	decision->transfer_count = 0;
	decision->outgoing_count = 0;
	decision->not_rerun = 0;
	decision->failed = arena ? ERROR_NONE : ERROR_MEMORY;
	if (!arena)
		return;
	/* The first block stays; the others go. */
	while (arena->blocks && arena->blocks->next) {
		struct arena_block *block = arena->blocks;
		arena->blocks = block->next;
		free(block);
	}
	if (arena->blocks)
		arena->blocks->used = 0;
	clear_buckets(arena);
}

void decision_free(struct decision *decision)
{
	assert(!decision->handed_over);
	buffer_free(&decision->lines);
	buffer_free(&decision->verdicts);
	for (size_t i = 0; i < decision->outgoing_capacity; i++)
		buffer_free(&decision->outgoing[i].payload);
	free(decision->outgoing);
	free(decision->transfers);
	free(decision->bounds);
	while (decision->arena && decision->arena->blocks) {
		struct arena_block *block = decision->arena->blocks;
		decision->arena->blocks = block->next;
		free(block);
	}
	free(decision->arena);
	memset(decision, 0, sizeof *decision);
}

static void fail(struct decision *decision, enum error error)
{
	if (!decision->failed)
		decision->failed = error;
}

enum error decision_finish(struct decision *decision)
{
	if (decision->lines.failed)
		fail(decision, decision->lines.failed);
	if (decision->verdicts.failed)
		fail(decision, decision->verdicts.failed);
	for (size_t i = 0; i < decision->outgoing_count; i++) {
		if (decision->outgoing[i].payload.failed)
			fail(decision, decision->outgoing[i].payload.failed);
	}
	return decision->failed;
}

void decision_results_begin(
    struct decision *decision, const struct hash *line_leaves, uint32_t count)
{
	const struct decision_hasher *hasher = decision->hasher;

	assert(!decision->handed_over && decision->results.size == 0);
	if (!hasher || count < hasher->least || count > ENTRY_LINES_MAX || decision->failed)
		return;
	if (!decision->bounds)
		decision->bounds = malloc((ENTRY_LINES_MAX + 1) * sizeof *decision->bounds);
	if (!decision->bounds)
		return; /* it is hashed here then */
	decision->bounds[0] = (uint32_t)decision->verdicts.size;
	decision->handed = 0;
	decision->handed_over = true;
	hasher->begin(hasher->context, line_leaves, decision->bounds);
}

void decision_room(struct decision *decision)
{
	struct buffer *verdicts = &decision->verdicts;

	if (!decision->handed_over || verdicts->capacity - verdicts->size >= VERDICT_ROOM)
		return;
	decision->hasher->drain(decision->hasher->context);
	if (buffer_extend(verdicts, VERDICT_ROOM))
		verdicts->size -= VERDICT_ROOM;
}

void decision_results_end(struct decision *decision, bool whole)
{
	const struct decision_hasher *hasher = decision->hasher;

	if (!decision->handed_over)
		return;
	if (whole && !decision->failed && !decision->verdicts.failed)
		hasher->finish(
		    hasher->context, decision->verdicts.data, decision->handed, &decision->results);
	else
		hasher->drain(hasher->context);
	decision->handed_over = false;
}

static void hand_over(struct decision *decision)
{
	const struct decision_hasher *hasher = decision->hasher;

	assert(decision->handed < ENTRY_LINES_MAX);
	decision->bounds[++decision->handed] = (uint32_t)decision->verdicts.size;
	if (decision->handed % HAND_OVER_RESULTS == 0)
		hasher->written(hasher->context, decision->verdicts.data, decision->handed);
}

void decision_result(struct decision *decision, const struct hash *line_leaf, size_t start)
{
	const struct buffer *verdicts = &decision->verdicts;
	struct hash leaf;
	enum error error;

	if (decision->failed || verdicts->failed)
		return;
	if (decision->handed_over) {
		assert(decision->bounds[decision->handed] == start);
		hand_over(decision);
		return;
	}
	leaf = hash_leaf_under(line_leaf, span_of(verdicts->data + start, verdicts->size - start));
	error = merkle_append(&decision->results, &leaf, NULL, NULL);
	if (error)
		fail(decision, error);
}

static struct span keep(struct decision *decision, struct span text)
{
	struct decision_arena *arena = decision->arena;
	uint8_t *at;

	assert(text.size <= ARENA_BLOCK);
	if (decision->failed || text.size == 0)
		return (struct span){NULL, 0};
	if (!arena->blocks || ARENA_BLOCK - arena->blocks->used < text.size) {
		struct arena_block *block = malloc(sizeof *block);
		if (!block) {
			fail(decision, ERROR_MEMORY);
			return (struct span){NULL, 0};
		}
		block->next = arena->blocks;
		block->used = 0;
		arena->blocks = block;
	}
	at = arena->blocks->bytes + arena->blocks->used;
	memcpy(at, text.data, text.size);
	arena->blocks->used += text.size;
	return span_of(at, text.size);
}

static struct transfer *push(struct decision *decision)
{
	if (decision->failed)
		return NULL;
	if (decision->transfer_count == DECISION_TRANSFERS_MAX) {
		fail(decision, ERROR_TOO_LARGE);
		return NULL;
	}
	if (decision->transfer_count == decision->transfer_capacity) {
		size_t capacity =
		    decision->transfer_capacity ? 2 * decision->transfer_capacity : 16;
		struct transfer *grown = realloc(decision->transfers, capacity * sizeof *grown);
		if (!grown) {
			fail(decision, ERROR_MEMORY);
			return NULL;
		}
		decision->transfers = grown;
		decision->transfer_capacity = capacity;
	}
	memset(&decision->transfers[decision->transfer_count], 0, sizeof *decision->transfers);
	return &decision->transfers[decision->transfer_count++];
}

static uint32_t bucket_of(enum unit unit, struct span debit, struct span credit)
{
	uint32_t hash = 2166136261u + (uint32_t)unit; /* FNV-1a */

	for (size_t i = 0; i < debit.size; i++)
		hash = (hash ^ debit.data[i]) * 16777619u;
	for (size_t i = 0; i < credit.size; i++)
		hash = (hash ^ credit.data[i]) * 16777619u;
	return hash % MOVE_BUCKETS;
}

/* A sum has no id yet: that is what tells it from a transfer that came with one. */
static bool is_sum(const struct transfer *transfer)
{
	static const struct transfer_id none;

	return memcmp(&transfer->id, &none, sizeof none) == 0;
}

void decision_move(
    struct decision *decision, enum unit unit, const char *debit, const char *credit, int64_t value)
{
	struct span d = span_text(debit), c = span_text(credit);
	struct decision_arena *arena = decision->arena;
	struct transfer *transfer;
	uint32_t bucket;

	if (decision->failed || value == 0)
		return;
	bucket = bucket_of(unit, d, c);
	for (uint32_t i = arena->buckets[bucket]; i; i = arena->next[i - 1]) {
		transfer = &decision->transfers[i - 1];
		if (transfer->unit != unit || !span_equal(transfer->debit, d) ||
		    !span_equal(transfer->credit, c))
			continue;
		if (amount_add(transfer->amount, (struct amount){value}, &transfer->amount))
			fail(decision, ERROR_OVERFLOW);
		return;
	}
	transfer = push(decision);
	if (!transfer)
		return;
	if (value > AMOUNT_MAX || value < -AMOUNT_MAX)
		fail(decision, ERROR_OVERFLOW);
	transfer->kind = TRANSFER_PLAIN;
	transfer->unit = unit;
	transfer->amount.value = value;
	transfer->debit = keep(decision, d);
	transfer->credit = keep(decision, c);
	arena->next[decision->transfer_count - 1] = arena->buckets[bucket];
	arena->buckets[bucket] = (uint32_t)decision->transfer_count;
	arena->used[arena->used_count++] = bucket;
}

void decision_transfer(struct decision *decision, const struct transfer *transfer)
{
	struct transfer *at = push(decision);

	assert(!is_sum(transfer) && transfer->amount.value > 0);
	if (!at)
		return;
	*at = *transfer;
	at->debit = keep(decision, transfer->debit);
	at->credit = keep(decision, transfer->credit);
	at->reference = keep(decision, transfer->reference);
}

void decision_seal(struct decision *decision, const struct hash *cause)
{
	size_t kept = 0;

	for (size_t i = 0; i < decision->transfer_count; i++) {
		struct transfer transfer = decision->transfers[i];

		if (is_sum(&transfer)) {
			if (transfer.amount.value == 0)
				continue;
			if (transfer.amount.value < 0) {
				struct span debit = transfer.debit;
				transfer.debit = transfer.credit;
				transfer.credit = debit;
				transfer.amount.value = -transfer.amount.value;
			}
			transfer.id = transfer_id_from(hash_span(cause), (uint32_t)kept);
		}
		decision->transfers[kept++] = transfer;
	}
	decision->transfer_count = kept;
	/* The sums are closed: nothing may be added by number any more. */
	if (decision->arena)
		clear_buckets(decision->arena);
}

struct buffer *decision_send(struct decision *decision, uint32_t to, const char *name)
{
	struct outgoing *outgoing;

	assert(strlen(name) < DOCUMENT_NAME_SIZE);
	if (decision->failed)
		return NULL;
	if (decision->outgoing_count == DECISION_OUTGOING_MAX) {
		fail(decision, ERROR_TOO_LARGE);
		return NULL;
	}
	if (decision->outgoing_count == decision->outgoing_capacity) {
		size_t capacity = decision->outgoing_capacity ? 2 * decision->outgoing_capacity : 4;
		struct outgoing *grown = realloc(decision->outgoing, capacity * sizeof *grown);
		if (!grown) {
			fail(decision, ERROR_MEMORY);
			return NULL;
		}
		memset(grown + decision->outgoing_capacity, 0,
		    (capacity - decision->outgoing_capacity) * sizeof *grown);
		decision->outgoing = grown;
		decision->outgoing_capacity = capacity;
	}
	outgoing = &decision->outgoing[decision->outgoing_count++];
	outgoing->to = to;
	memset(outgoing->name, 0, sizeof outgoing->name);
	memcpy(outgoing->name, name, strlen(name));
	buffer_clear(&outgoing->payload);
	return &outgoing->payload;
}
