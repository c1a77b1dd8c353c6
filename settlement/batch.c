#include "batch.h"

#include <assert.h>
#include <stdlib.h>

enum error batch_create(uint32_t capacity, struct batch **batch)
{
	struct batch *made = NULL;
	*batch = NULL;
	if (capacity == 0 || capacity > BATCH_ENTRIES_MAX)
		return ERROR_TOO_LARGE;
	made = calloc(1, sizeof(*made));
	if (!made)
		return ERROR_MEMORY;
	made->next = calloc(capacity, sizeof(*made->next));
	made->keys = calloc(capacity, sizeof(*made->keys));
	if (!made->next || !made->keys) {
		batch_free(made);
		return ERROR_MEMORY;
	}
	made->capacity = capacity;
	for (uint32_t i = 0; i < BATCH_BUCKETS; i++)
		made->heads[i] = BATCH_NONE;
	*batch = made;
	return ERROR_NONE;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	free(batch->next);
	free(batch->keys);
	free(batch);
}

/* Keys are codes with runs of serial numbers: a multiplication spreads them (Knuth, 6.4). */
static uint32_t batch_bucket(uint64_t key)
{
	return (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 50) % BATCH_BUCKETS;
}

uint32_t batch_add(struct batch *batch, uint64_t key)
{
	uint32_t bucket = batch_bucket(key);
	assert(batch->count < batch->capacity);
	uint32_t entry = batch->count++;
	batch->keys[entry] = key;
	batch->next[entry] = batch->heads[bucket];
	batch->heads[bucket] = entry;
	return entry;
}

static uint32_t batch_skip(const struct batch *batch, uint32_t entry, uint64_t key)
{
	while (entry != BATCH_NONE && batch->keys[entry] != key)
		entry = batch->next[entry];
	return entry;
}

uint32_t batch_find(const struct batch *batch, uint64_t key)
{
	return batch_skip(batch, batch->heads[batch_bucket(key)], key);
}

uint32_t batch_find_next(const struct batch *batch, uint32_t entry)
{
	assert(entry < batch->count);
	return batch_skip(batch, batch->next[entry], batch->keys[entry]);
}
