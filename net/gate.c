#include "gate.h"

#include <stddef.h>
#include <string.h>

bool bucket_take(struct bucket *bucket, uint32_t burst, uint32_t per_second, int64_t now_ms)
{
	int64_t full = (int64_t)burst * 1000, passed = now_ms - bucket->at_ms;

	/* at_ms 0: never used, so full. Longer than it takes to fill is all the same, and cannot overflow. */
	if (!bucket->at_ms || passed > full / per_second)
		bucket->level_thousandths = full;
	else if (passed > 0)
		bucket->level_thousandths += passed * per_second;
	if (bucket->level_thousandths > full)
		bucket->level_thousandths = full;
	bucket->at_ms = now_ms;
	if (bucket->level_thousandths < 1000)
		return false;
	bucket->level_thousandths -= 1000;
	return true;
}

static struct gate_pipe *find(const struct gate *gate, uint32_t id)
{
	for (size_t i = 0; id && i < LINK_PIPES_MAX; i++)
		if (gate->pipes[i].id == id)
			return (struct gate_pipe *)&gate->pipes[i];
	return NULL;
}

/* The oldest but `except`, of a peer or of strangers (region 0). *count is how many there are with it. */
static struct gate_pipe *oldest(
    struct gate *gate, uint32_t region, uint32_t except, unsigned *count)
{
	struct gate_pipe *found = NULL;

	*count = 0;
	for (size_t i = 0; i < LINK_PIPES_MAX; i++) {
		struct gate_pipe *pipe = &gate->pipes[i];

		if (!pipe->id || pipe->region != region)
			continue;
		++*count;
		if (pipe->id != except && (!found || pipe->since_ms < found->since_ms))
			found = pipe;
	}
	return found;
}

static void forget(struct gate *gate, struct gate_pipe *pipe)
{
	gate->count--;
	gate->strangers -= pipe->region == 0;
	memset(pipe, 0, sizeof *pipe);
}

uint32_t gate_enter(struct gate *gate, uint32_t id, int64_t now_ms)
{
	struct gate_pipe *place = NULL, *victim;
	uint32_t close = 0;
	unsigned strangers;

	victim = oldest(gate, 0, 0, &strangers);
	if (strangers >= LINK_STRANGERS_MAX) {
		close = victim->id;
		forget(gate, victim);
	}
	for (size_t i = 0; !place && i < LINK_PIPES_MAX; i++)
		if (!gate->pipes[i].id)
			place = &gate->pipes[i];
	if (!place)
		return id; /* cannot be: LINK_PIPES_MAX has room for all peers and strangers */
	*place = (struct gate_pipe){.id = id, .since_ms = now_ms, .heard_ms = now_ms};
	gate->count++;
	gate->strangers++;
	return close;
}

void gate_leave(struct gate *gate, uint32_t id)
{
	struct gate_pipe *pipe = find(gate, id);

	if (pipe)
		forget(gate, pipe);
}

bool gate_find(const struct gate *gate, uint32_t id, uint32_t *region)
{
	const struct gate_pipe *pipe = find(gate, id);

	*region = pipe ? pipe->region : 0;
	return pipe != NULL;
}

uint32_t gate_prove(struct gate *gate, uint32_t id, uint32_t region, int64_t now_ms)
{
	struct gate_pipe *pipe = find(gate, id), *victim;
	unsigned count;
	uint32_t close;

	if (!pipe)
		return 0;
	pipe->heard_ms = now_ms;
	if (pipe->region == region)
		return 0;
	gate->strangers -= pipe->region == 0;
	pipe->region = region;
	victim = oldest(gate, region, id, &count);
	if (count <= LINK_PIPES_OF_PEER_MAX)
		return 0;
	close = victim->id;
	forget(gate, victim);
	return close;
}

enum gate_verdict gate_strike(struct gate *gate, uint32_t id, int64_t now_ms)
{
	struct gate_pipe *pipe = find(gate, id);

	if (pipe && bucket_take(&pipe->strikes, LINK_STRIKES_MAX, LINK_STRIKES_FORGIVEN, now_ms))
		return GATE_GO;
	return GATE_CLOSE;
}

enum gate_verdict gate_handshake(struct gate *gate, uint32_t id, int64_t now_ms)
{
	struct gate_pipe *pipe = find(gate, id);

	if (!pipe ||
	    !bucket_take(&pipe->handshakes, LINK_HANDSHAKES_MAX, LINK_HANDSHAKES_SECOND, now_ms))
		return GATE_CLOSE;
	if (!pipe->region && !bucket_take(&gate->handshakes, LINK_HANDSHAKES_ALL_MAX,
				 LINK_HANDSHAKES_ALL_MAX, now_ms))
		return GATE_DROP;
	return GATE_GO;
}

enum gate_verdict gate_reseal(struct gate *gate, uint32_t id, int64_t now_ms)
{
	struct gate_pipe *pipe = find(gate, id);

	if (pipe && bucket_take(&pipe->reseals, LINK_RESEALS_MAX, LINK_RESEALS_SECOND, now_ms))
		return GATE_GO;
	return gate_strike(gate, id, now_ms) == GATE_CLOSE ? GATE_CLOSE : GATE_DROP;
}

uint32_t gate_idle(struct gate *gate, int64_t now_ms)
{
	for (size_t i = 0; i < LINK_PIPES_MAX; i++) {
		struct gate_pipe *pipe = &gate->pipes[i];
		int64_t patience = pipe->region ? LINK_IDLE_MS : LINK_STRANGER_MS;
		uint32_t id = pipe->id;

		if (!id || now_ms - pipe->heard_ms < patience)
			continue;
		forget(gate, pipe);
		return id;
	}
	return 0;
}

uint32_t gate_dismiss(struct gate *gate, uint32_t region)
{
	unsigned count;
	struct gate_pipe *pipe = oldest(gate, region, 0, &count);
	uint32_t id = pipe ? pipe->id : 0;

	if (pipe)
		forget(gate, pipe);
	return id;
}
