#include <stdlib.h>
#include <string.h>

#include "daemon_internal.h"
#include "daemon_status.h"
#include "descriptor.h"

/* A command brings the time of its --now along; the clock of a real node is the system's. */
static bool take_time(
    struct daemon *daemon, const struct admin_request *request, struct admin_answer *answer)
{
	if (!request->has_time)
		return true;
	if (!node_is_demo(daemon->node)) {
		answer->error = error_set(
		    &answer->text, ERROR_USAGE, "only the clock of a demo node can be moved");
		return false;
	}
	atomic_store(&daemon->demo_ms, request->time_ms);
	daemon_wake(daemon);
	return true;
}

static void submit(
    struct daemon *daemon, const struct admin_request *request, struct admin_answer *answer)
{
	enum error error;

	/* One command is booked together with those of others. */
	if (request->count == 1)
		error = node_submit(daemon->node, request->submissions, answer->answers);
	else
		error = node_submit_group(
		    daemon->node, request->submissions, request->count, answer->answers);
	answer->count = request->count;
	if (error) {
		const struct error_detail *detail = &answer->answers[0].detail;

		answer->error = error_set(
		    &answer->text, error, "%s", detail->text[0] ? detail->text : error_text(error));
		LOG(daemon->options.log, LOG_ERROR, "command_not_booked",
		    LOG_WORD("error", error_name(error)));
	}
}

struct looking {
	struct daemon *daemon;
	struct daemon_status *status;
};

static bool look_at_peer(void *context, const struct peer_row *row)
{
	struct looking *looking = context;
	struct daemon_status *status = looking->status;
	struct daemon_peer *peer = &status->peers[status->peer_count];

	if (row->region == node_region(looking->daemon->node))
		return true;
	if (status->peer_count == CITIES_MAX)
		return false;
	peer->region = row->region;
	status->peer_count++;
	return true;
}

static enum error read_status(struct daemon *daemon, struct daemon_status *status)
{
	struct looking looking = {daemon, status};
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(daemon->node)), &txn);

	memset(status, 0, sizeof *status);
	if (error)
		return error;
	status->started_ms = daemon->started_ms;
	status->clock_ms = node_now_ms(daemon->node);
	memcpy(status->listen, daemon->listen, sizeof status->listen);
	admin_server_counters(daemon->admin, &status->admin);
	error = peer_each(txn, look_at_peer, &looking);
	txn_abort(txn);
	for (size_t i = 0; i < status->peer_count && !error; i++) {
		struct daemon_peer *peer = &status->peers[i];

		/* One that is not linked yet, or no longer, is told as away. */
		if (link_status(daemon->link, peer->region, &peer->link))
			memset(&peer->link, 0, sizeof peer->link);
		heads_state(daemon->heads, peer->region, &peer->heads);
		error = outboxes_state(daemon->outboxes, peer->region, &peer->outbox);
		if (error == ERROR_NOT_FOUND)
			error = ERROR_NONE;
	}
	return error;
}

static enum error read_ledger(struct daemon *daemon, struct metrics_ledger *ledger)
{
	struct store *store = ledger_store(node_ledger(daemon->node));
	struct txn *txn;
	enum error error = txn_begin_read(store, &txn);

	if (error)
		return error;
	error = ledger_head(txn, &ledger->entries, NULL);
	if (!error)
		error = ledger_last_time(txn, &ledger->last_entry_ms);
	txn_abort(txn);
	return error ? error : store_usage(store, &ledger->used_bytes, &ledger->map_bytes);
}

enum error daemon_metrics(void *context, struct buffer *text)
{
	struct daemon *daemon = context;
	struct daemon_status *status = malloc(sizeof *status);
	struct metrics_ledger ledger;
	enum error error = status ? read_status(daemon, status) : ERROR_MEMORY;

	if (!error)
		error = read_ledger(daemon, &ledger);
	if (!error)
		metrics_write(text, status, &ledger);
	free(status);
	return error;
}

void daemon_admin(void *context, const struct admin_request *request, struct buffer *body,
    struct admin_answer *answer)
{
	struct daemon *daemon = context;
	struct daemon_status status;

	if (!take_time(daemon, request, answer))
		return;
	switch (request->name) {
	case ADMIN_SUBMIT:
		submit(daemon, request, answer);
		break;
	case ADMIN_STATUS:
		answer->error = read_status(daemon, &status);
		if (!answer->error)
			daemon_status_write(body, &status);
		break;
	case ADMIN_IDLE:
		codec_put_bool(body, outboxes_idle(daemon->outboxes, request->regions,
					 request->region_count, request->timeout_ms));
		break;
	default:
		break; /* the clock has moved */
	}
	if (!answer->error && body->failed)
		answer->error = body->failed;
	answer->body = buffer_span(body);
}
