/* deliver_remote.c: delivery between nodes whose daemons run: they send by themselves, so this only waits until nothing waits any more, and
 * tells what has come of it. */
#include "node_internal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "descriptor.h"
#include "message.h"
#include "trust.h"

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What is seen of one node at a moment. */
struct sight {
	uint64_t size;
	bool waits; /* something waits for one of the others */
	uint32_t for_whom;
};

static enum error look(
    struct node *node, struct node *const *nodes, size_t count, struct sight *sight)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node->ledger), &txn);

	memset(sight, 0, sizeof *sight);
	if (error)
		return error;
	error = ledger_head(txn, &sight->size, NULL);
	for (size_t i = 0; i < count && !error; i++) {
		uint64_t waiting = 0;

		/* What waits for a city that is frozen is not delivered. */
		if (nodes[i] != node)
			error = trust_check_frozen(txn, nodes[i]->config.region, NULL);
		if (!error && nodes[i] != node)
			error = outbox_waiting(txn, nodes[i]->config.region, &waiting);
		else if (error == ERROR_PEER_FROZEN)
			error = ERROR_NONE;
		if (waiting > 0) {
			sight->waits = true;
			sight->for_whom = nodes[i]->config.region;
		}
	}
	txn_abort(txn);
	return error;
}

/* Nothing waited at one moment for all: each node was empty when it was looked at, and its log had not grown when it was looked at once more
 * after all the others. */
static enum error is_quiet(struct node *const *nodes, size_t count, bool *quiet)
{
	struct sight first[CITIES_MAX], second;
	enum error error = ERROR_NONE;

	*quiet = true;
	for (size_t i = 0; i < count && !error; i++) {
		error = look(nodes[i], nodes, count, &first[i]);
		*quiet = *quiet && !first[i].waits;
	}
	for (size_t i = 0; i < count && !error && *quiet; i++) {
		error = look(nodes[i], nodes, count, &second);
		*quiet = second.size == first[i].size;
	}
	return error;
}

/* Count the answers that the log holds since the last time. */
static enum error count_answers(struct node *node, struct delivery *delivery)
{
	struct txn *txn;
	uint64_t size;
	enum error error = txn_begin_read(ledger_store(node->ledger), &txn);

	if (error)
		return error;
	error = ledger_head(txn, &size, NULL);
	for (; !error && node->delivered_size < size; node->delivered_size++) {
		struct entry_header header;
		struct span bytes, body;

		error = ledger_get(txn, node->delivered_size, &bytes, &body);
		if (!error && entry_header_read(bytes, &header))
			error = ERROR_CORRUPT;
		if (error)
			break;
		delivery->acknowledgements += header.kind == KIND_acknowledged;
		delivery->refused += header.kind == KIND_refused;
	}
	txn_abort(txn);
	return error;
}

/* Documents that this node has sent, ever, and that were taken. */
struct sum {
	struct txn *txn;
	uint64_t sent;
	enum error error;
};

static bool add_peer(void *context, const struct peer_row *peer)
{
	struct sum *sum = context;
	uint64_t acknowledged;

	sum->error = outbox_acknowledged(sum->txn, peer->region, &acknowledged);
	if (!sum->error)
		sum->sent += acknowledged;
	return !sum->error;
}

static enum error count_sent(struct node *node, uint64_t *sent)
{
	struct sum sum = {.sent = 0};
	enum error error = txn_begin_read(ledger_store(node->ledger), &sum.txn);

	if (error)
		return error;
	error = peer_each(sum.txn, add_peer, &sum);
	txn_abort(sum.txn);
	*sent = sum.sent;
	return error ? error : sum.error;
}

enum error deliver_remote_begin(struct node *node)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node->ledger), &txn);

	if (error)
		return error;
	error = ledger_head(txn, &node->delivered_size, NULL);
	txn_abort(txn);
	return error ? error : count_sent(node, &node->delivered_sent);
}

static enum error count_all(struct node *const *nodes, size_t count, struct delivery *delivery)
{
	enum error error = ERROR_NONE;

	memset(delivery, 0, sizeof *delivery);
	for (size_t i = 0; i < count && !error; i++) {
		uint64_t sent;

		error = count_sent(nodes[i], &sent);
		if (!error)
			error = count_answers(nodes[i], delivery);
		if (!error) {
			delivery->delivered += sent - nodes[i]->delivered_sent;
			nodes[i]->delivered_sent = sent;
		}
	}
	delivery->delivered -=
	    delivery->refused < delivery->delivered ? delivery->refused : delivery->delivered;
	return error;
}

/* Ask each for a moment of quiet; *idle: each had one, and nothing differs that can still be asked about. Whoever is gone is seen (and, where
 * somebody can, started again) here, not only when its own turn to wait has come. *grown: something was booked anywhere since `sizes`. */
static enum error ask_all(struct node *const *nodes, size_t count, uint64_t sizes[CITIES_MAX],
    bool *grown, bool *idle, struct error_detail *detail)
{
	enum error error = ERROR_NONE;

	*grown = false;
	*idle = true;
	for (size_t i = 0; i < count && !error; i++) {
		struct sight sight;
		bool rests;

		error = remote_idle(nodes[i], nodes, count, DELIVER_STEP_MS, &rests, detail);
		*idle = *idle && rests;
		if (!error)
			error = look(nodes[i], nodes, count, &sight);
		if (error)
			break;
		*grown = *grown || sight.size != sizes[i];
		sizes[i] = sight.size;
		if (sight.waits)
			error_set(detail, ERROR_NONE,
			    "%06u to %06u: documents still wait; `suiren status %s` tells why",
			    (unsigned)nodes[i]->config.region, (unsigned)sight.for_whom,
			    nodes[i]->directory);
	}
	return error;
}

enum error deliver_remote(
    struct node *const *nodes, size_t count, struct delivery *delivery, struct error_detail *detail)
{
	uint64_t sizes[CITIES_MAX] = {0};
	int64_t since = monotonic_ms();
	bool quiet = false, grown, idle;
	enum error error = ERROR_NONE;

	while (!error && !quiet) {
		error = ask_all(nodes, count, sizes, &grown, &idle, detail);
		if (!error && idle)
			error = is_quiet(nodes, count, &quiet);
		if (grown)
			since = monotonic_ms();
		if (!error && !quiet && monotonic_ms() - since > DELIVER_PATIENCE_MS)
			error = ERROR_TIMEOUT; /* the detail says who waits */
	}
	return error ? error : count_all(nodes, count, delivery);
}
