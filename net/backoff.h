/* backoff.h: when what has failed is tried again: after a pause that doubles with each failure in a row, up to a longest one. Pure: the time is
 * the caller's. Not thread-safe. */
#ifndef SUIREN_BACKOFF_H
#define SUIREN_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/* All zeros: nothing has failed. */
struct backoff {
	uint32_t failures; /* in a row */
	int64_t until_ms;  /* not tried before */
};

/* The pause after so many failures, from 1. */
uint32_t backoff_pause_ms(uint32_t failures, uint32_t first_ms, uint32_t last_ms);
/* May it be tried now? */
bool backoff_is_over(const struct backoff *backoff, int64_t now_ms);
/* It has failed (again). */
void backoff_fail(struct backoff *backoff, int64_t now_ms, uint32_t first_ms, uint32_t last_ms);
/* It has not. */
void backoff_end(struct backoff *backoff);

#endif
