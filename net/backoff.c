#include "backoff.h"

uint32_t backoff_pause_ms(uint32_t failures, uint32_t first_ms, uint32_t last_ms)
{
	uint32_t pause = first_ms;

	for (uint32_t i = 1; i < failures && pause < last_ms; i++)
		pause = pause > last_ms / 2 ? last_ms : pause * 2;
	return pause < last_ms ? pause : last_ms;
}

bool backoff_is_over(const struct backoff *backoff, int64_t now_ms)
{
	return now_ms >= backoff->until_ms;
}

void backoff_fail(struct backoff *backoff, int64_t now_ms, uint32_t first_ms, uint32_t last_ms)
{
	backoff->failures += backoff->failures < UINT32_MAX;
	backoff->until_ms = now_ms + backoff_pause_ms(backoff->failures, first_ms, last_ms);
}

void backoff_end(struct backoff *backoff)
{
	*backoff = (struct backoff){.failures = 0};
}
