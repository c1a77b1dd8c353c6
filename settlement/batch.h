/* batch.h: what the earlier lines of one command have decided, found again by a 64-bit key, so that lines of one command see each
 * other although nothing is written yet. Numbers entries 0, 1, 2...; the caller keeps an array of its own beside. Pure. */
#ifndef SUIREN_BATCH_H
#define SUIREN_BATCH_H

#include "bytes.h"
#include "limits.h"

#define BATCH_NONE UINT32_MAX
#define BATCH_BUCKETS 16384u
#define BATCH_ENTRIES_MAX (2 * ENTRY_LINES_MAX)

struct batch {
	uint32_t heads[BATCH_BUCKETS];
	uint32_t *next;
	uint64_t *keys;
	uint32_t count, capacity;
};

/* For at most `capacity` (1..BATCH_ENTRIES_MAX, refused beyond) entries. Fails with: ERROR_MEMORY, ERROR_TOO_LARGE. */
MUST_CHECK enum error batch_create(uint32_t capacity, struct batch **batch);
void batch_free(struct batch *batch); /* NULL is accepted */
/* Number of the new entry. */
uint32_t batch_add(struct batch *batch, uint64_t key);
/* The last entry with this key, then the ones before it; BATCH_NONE when there are no more. */
uint32_t batch_find(const struct batch *batch, uint64_t key);
uint32_t batch_find_next(const struct batch *batch, uint32_t entry);

#endif
