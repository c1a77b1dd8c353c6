/* heads_internal.h: what the parts of heads.h share: heads.c (asking, joining, freezing), heads_keep.c (what outlives the process). */
#ifndef SUIREN_HEADS_INTERNAL_H
#define SUIREN_HEADS_INTERNAL_H

#include <pthread.h>

#include "heads.h"

/* A head that was seen and verified. */
struct seen {
	char origin[NOTE_NAME_SIZE];
	uint64_t size; /* 0: none */
	struct hash root;
	uint8_t note[HEAD_NOTE_MAX];
	size_t note_size;
};

/* What is known of one city. */
struct watched {
	uint32_t region;
	uint64_t
	    unfrozen_sequence; /* what was seen before officers have unfrozen it does not count */
	struct seen highest, booked;
	/* From the booked head to the highest: whole only if it was asked for since that entry. */
	struct merkle_proof path;
	bool has_path;
	bool awaited, wanted;
	int64_t asked_ms, checked_ms; /* by the monotonic clock; 0: not yet */
};

struct heads {
	struct heads_options options;
	struct trust_gate gate;
	pthread_mutex_t mutex;
	struct watched watched[CITIES_MAX];
	size_t count;
	uint64_t changes; /* how often a highest head has grown */
};

/* NULL if there is no room, or (unless it is to be made) none. The mutex is held. */
struct watched *heads_find(struct heads *heads, uint32_t region, bool make);
struct span heads_note(const struct seen *seen);
/* Take a head that was verified. `note` is at most HEAD_NOTE_MAX bytes. */
void heads_see(struct seen *seen, const struct checkpoint *checkpoint, struct span note);

#endif
