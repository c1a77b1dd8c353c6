/* daemon_heads.c: a daemon asks its peers how far their logs have come: after a greeting, from time to time, and when something waits for it;
 * and tells what comes of it. */
#include "daemon_internal.h"
#include "node_internal.h"

#define HEADS_FILE "heads.seen"

/* The operators must see it, whatever language they read. */
static void tell(
    void *context, enum heads_event event, uint32_t peer, uint64_t number, enum error why)
{
	struct daemon *daemon = context;
	struct log *log = daemon->options.log;

	switch (event) {
	case HEADS_FROZEN:
		LOG(log, LOG_ERROR, "peer_frozen", LOG_REGION(peer), LOG_NUMBER("entry", number),
		    LOG_WORD("text", "its log contradicts itself: nothing of it is booked, nothing "
				     "is signed for "
				     "it or paid to it; `suiren peer show` tells the evidence"),
		    LOG_WORD("text_zh", "对方城市账本自相矛盾，已冻结：不再入账、签认、付款；证据见"
					" suiren peer show"));
		break;
	case HEADS_AWAITED:
		LOG(log, LOG_WARNING, "proof_awaited", LOG_REGION(peer), LOG_NUMBER("head", number),
		    LOG_WORD("text", "it has not shown that its log goes on from what was seen: "
				     "nothing is signed "
				     "for it or paid to it until then"),
		    LOG_WORD("text_zh", "对方城市尚未证明其账本前后一致，暂不签认、不付款"));
		break;
	case HEADS_JOINED:
		LOG(log, LOG_INFO, "proof_given", LOG_REGION(peer), LOG_NUMBER("head", number));
		break;
	case HEADS_NOT_BOOKED:
		LOG(log, LOG_ERROR, "evidence_not_booked", LOG_REGION(peer),
		    LOG_WORD("error", error_name(why)));
		break;
	}
}

static void wanted(void *context)
{
	daemon_wake(context);
}

/* What was seen before this process. A file that cannot be read costs what it held, not the start: what is booked is still known. */
static enum error recall(struct daemon *daemon)
{
	struct error_detail detail = {""};
	struct buffer bytes = {0};
	char path[NODE_PATH_MAX];
	enum error error = node_path(daemon->options.directory, HEADS_FILE, path, &detail);

	if (!error)
		error = node_file_read(path, &bytes, &detail);
	if (!error)
		error = heads_read(daemon->heads, buffer_span(&bytes));
	buffer_free(&bytes);
	if (error && error != ERROR_NOT_FOUND)
		LOG(daemon->options.log, LOG_ERROR, "heads_not_read",
		    LOG_WORD("error", error_name(error)));
	return error == ERROR_MEMORY ? error : ERROR_NONE;
}

enum error daemon_heads_open(struct daemon *daemon)
{
	const struct node_config *config = node_configuration(daemon->node);
	const struct heads_options options = {.node = daemon->node,
	    .tell = tell,
	    .wanted = wanted,
	    .context = daemon,
	    .interval_ms = config->heads_interval_s * 1000,
	    .big_fen = config->heads_big_yuan * 100};
	enum error error = heads_open(&options, &daemon->heads);

	if (!error)
		error = recall(daemon);
	if (!error)
		settlement_gate(node_settlement(daemon->node), heads_gate(daemon->heads));
	return error;
}

void daemon_heads_keep(struct daemon *daemon)
{
	struct error_detail detail = {""};
	struct buffer bytes = {0};
	uint64_t changes;
	enum error error;

	if (heads_changes(daemon->heads) == daemon->heads_kept)
		return;
	error = heads_write(daemon->heads, &bytes, &changes);
	if (!error)
		error = node_file_replace(
		    daemon->options.directory, HEADS_FILE, buffer_span(&bytes), &detail);
	daemon_did(daemon, ACT_HEADS_KEEP, error);
	buffer_free(&bytes);
	if (error)
		LOG(daemon->options.log, LOG_ERROR, "heads_not_kept",
		    LOG_WORD("error", error_name(error)));
	else
		daemon->heads_kept = changes;
}

/* In an entry, from time to time. */
static void book(struct daemon *daemon)
{
	struct answer answer = {.error = ERROR_NONE};
	enum error error = heads_record(daemon->heads, &answer);

	if (!error && answer.error != ERROR_STATE)
		error = answer.error;
	daemon_did(daemon, ACT_HEADS_BOOK, error);
	if (error)
		LOG(daemon->options.log, LOG_ERROR, "heads_not_booked",
		    LOG_WORD("error", error_name(error)));
	else if (!answer.error)
		LOG(daemon->options.log, LOG_DEBUG, "heads_booked",
		    LOG_NUMBER("entry", answer.sequence));
}

void daemon_ask(void *context, uint32_t peer)
{
	struct daemon *daemon = context;
	const struct exchange_way way = {.peer = peer, .carry = daemon_send, .context = daemon};
	struct error_detail detail = {""};
	enum error error = heads_ask(daemon->heads, &way, &detail);

	/* Whoever does not answer is told of by its outbox. */
	if (error)
		LOG(daemon->options.log, LOG_DEBUG, "head_not_told", LOG_REGION(peer),
		    LOG_WORD("error", error_name(error)));
	daemon_wake(daemon);
}

void daemon_heads_look(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->peer_count; i++) {
		const struct known_peer *peer = &daemon->peers[i];

		if (peer->up && heads_due(daemon->heads, peer->link.region))
			outboxes_ask(daemon->outboxes, peer->link.region);
	}
	if (daemon_may(daemon, ACT_HEADS_KEEP))
		daemon_heads_keep(daemon);
	if (daemon_may(daemon, ACT_HEADS_BOOK))
		book(daemon);
}
