#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon_internal.h"
#include "descriptor.h"
#include "further.h"
#include "node_internal.h"
#include "notify.h"
#include "orders.h"
#include "schedule.h"
#include "trust.h"
#include "window.h"

#define POLICY_FILE "policy.yaml"

/* Is a window open to which something belonged before that moment? */
struct overdue {
	struct txn *txn;
	int64_t moment_ms;
	bool any;
	enum error error;
};

static bool look_at_window(void *context, const struct window_row *window)
{
	struct overdue *overdue = context;
	struct entry_header header;
	struct span bytes, body;

	if (window->state != WINDOW_OPEN)
		return true;
	/* A window with a city that is frozen is not cut. */
	overdue->error = trust_check_frozen(overdue->txn, window->creditor, NULL);
	if (overdue->error == ERROR_PEER_FROZEN) {
		overdue->error = ERROR_NONE;
		return true;
	}
	if (overdue->error)
		return false;
	overdue->error = ledger_get(overdue->txn, window->first.sequence, &bytes, &body);
	if (!overdue->error && entry_header_read(bytes, &header))
		overdue->error = ERROR_CORRUPT;
	if (overdue->error)
		return false;
	overdue->any = header.time_ms < overdue->moment_ms;
	return !overdue->any;
}

static enum error cut_is_due(struct daemon *daemon, int64_t moment_ms, bool *due)
{
	struct overdue overdue = {.moment_ms = moment_ms};
	enum error error = txn_begin_read(ledger_store(node_ledger(daemon->node)), &overdue.txn);

	*due = false;
	if (error)
		return error;
	error = window_each_last(overdue.txn, node_region(daemon->node), look_at_window, &overdue);
	txn_abort(overdue.txn);
	*due = overdue.any;
	return error ? error : overdue.error;
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool daemon_may(const struct daemon *daemon, enum daemon_does what)
{
	return backoff_is_over(&daemon->acts[what], monotonic_ms());
}

void daemon_did(struct daemon *daemon, enum daemon_does what, enum error error)
{
	if (error)
		backoff_fail(
		    &daemon->acts[what], monotonic_ms(), ACT_PAUSE_FIRST_MS, ACT_PAUSE_LAST_MS);
	else
		backoff_end(&daemon->acts[what]);
}

/* Tell what came of something that was done by the clock. */
static void tell(struct daemon *daemon, const char *event, uint32_t peer, enum error error,
    const struct answer *answer)
{
	if (!error)
		error = answer->error;
	if (error && error != ERROR_REPEAT)
		LOG(daemon->options.log, LOG_ERROR, event, LOG_REGION(peer),
		    LOG_WORD("error", error_name(error)));
	else
		LOG(daemon->options.log, LOG_INFO, event, LOG_REGION(peer),
		    LOG_NUMBER("entry", answer->sequence));
}

static void cut(struct daemon *daemon, int64_t now_ms)
{
	int64_t moment = schedule_last_cut(&node_configuration(daemon->node)->schedule, now_ms);
	struct answer answer = {.error = ERROR_NONE};
	bool due = false, any = false;
	enum error error;

	if (moment == INT64_MIN || !daemon_may(daemon, ACT_CUT))
		return;
	error = cut_is_due(daemon, moment, &due);
	if (!error && due)
		error = order_cut(daemon->node, NULL, NULL, &any, &answer);
	if (error || any)
		tell(daemon, "windows_cut", node_region(daemon->node), error, &answer);
	daemon_did(daemon, ACT_CUT, error ? error : answer.error);
}

/* Propose one clearing. False: it is to be proposed again, by itself. */
static bool propose(struct daemon *daemon, uint32_t month, uint32_t peer)
{
	struct answer answer = {.error = ERROR_NONE};
	enum error error = order_clearing(daemon->node, month, peer, 1, NULL, &answer);

	/* That waits for an answer of the peer. */
	if (!error && answer.error == ERROR_PROOF_AWAITED)
		return false;
	if (!error && answer.error != ERROR_STATE && answer.error != ERROR_REPEAT)
		error = answer.error;
	else if (!error)
		return true;
	tell(daemon, "clearing_proposed", peer, error, &answer);
	if (!error_is_world(error))
		return true;
	daemon_did(daemon, ACT_CLEAR, error);
	return false;
}

/* The clearings of a month are proposed once; whoever has nothing to clear is left out. What is refused is for people; what the world has kept
 * from being booked is tried again. */
static void clear(struct daemon *daemon, int64_t now_ms)
{
	uint32_t month, own = node_region(daemon->node);
	int64_t moment =
	    schedule_last_clearing(&node_configuration(daemon->node)->schedule, now_ms, &month);

	if (moment == INT64_MIN || !daemon_may(daemon, ACT_CLEAR))
		return;
	for (size_t i = 0; i < daemon->peer_count && daemon_may(daemon, ACT_CLEAR); i++) {
		struct known_peer *peer = &daemon->peers[i];

		if (peer->link.region < own || moment <= peer->cleared_ms)
			continue;
		if (!propose(daemon, month, peer->link.region))
			continue;
		peer->cleared_ms = moment;
		daemon_did(daemon, ACT_CLEAR, ERROR_NONE);
	}
}

/* What follows by itself follows each command; but a crash may have come between them. */
static void follow_up(struct daemon *daemon)
{
	uint32_t entries;
	enum error error;

	if (!daemon_may(daemon, ACT_FOLLOW_UP))
		return;
	error = further_run(daemon->node, &entries);
	daemon_did(daemon, ACT_FOLLOW_UP, error);
	if (error)
		LOG(daemon->options.log, LOG_ERROR, "follow_up",
		    LOG_WORD("error", error_name(error)));
	else if (entries)
		LOG(daemon->options.log, LOG_INFO, "follow_up", LOG_NUMBER("entries", entries));
}

void daemon_act(struct daemon *daemon)
{
	int64_t now_ms = node_now_ms(daemon->node);

	cut(daemon, now_ms);
	clear(daemon, now_ms);
	follow_up(daemon);
}

/* Read DIR/policy.yaml. */
static enum error read_policy(
    struct daemon *daemon, struct buffer *yaml, struct error_detail *detail)
{
	char path[NODE_PATH_MAX];
	enum error error = node_path(node_directory(daemon->node), POLICY_FILE, path, detail);

	return error ? error : node_file_read(path, yaml, detail);
}

static void reload_policy(struct daemon *daemon)
{
	struct error_detail detail = {""};
	struct buffer yaml = {0};
	struct answer answer = {.error = ERROR_NONE};
	struct log *log = daemon->options.log;
	enum error error = read_policy(daemon, &yaml, &detail);

	if (!error) {
		error = order_policy(daemon->node, buffer_span(&yaml), NULL, &answer);
		error = error ? error : answer.error;
		detail = answer.detail;
	}
	if (error == ERROR_REPEAT)
		LOG(log, LOG_INFO, "policy_unchanged", LOG_NUMBER("entry", answer.sequence));
	else if (error)
		LOG(log, LOG_ERROR, "policy_not_reloaded", LOG_WORD("error", error_name(error)),
		    LOG_WORD("why", detail.text));
	else
		LOG(log, LOG_INFO, "policy_reloaded", LOG_NUMBER("entry", answer.sequence));
	buffer_free(&yaml);
}

void daemon_reload(struct daemon *daemon)
{
	char lines[64];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%lld\n",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	if (notify(lines))
		LOG_PLAIN(daemon->options.log, LOG_DEBUG, "manager_not_told");
	reload_policy(daemon);
	if (notify("READY=1\n"))
		LOG_PLAIN(daemon->options.log, LOG_DEBUG, "manager_not_told");
}
