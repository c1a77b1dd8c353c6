#include <stdio.h>
#include <string.h>

#include "daemon_internal.h"
#include "descriptor.h"
#include "rotate.h"

enum error daemon_serve(void *context, uint32_t peer, struct span request, struct buffer *answer)
{
	struct daemon *daemon = context;
	int greeting;
	enum error error = exchange_serve(daemon->node, peer, request, answer, &greeting);

	if (error)
		LOG(daemon->options.log, LOG_ERROR, "request_not_served", LOG_REGION(peer),
		    LOG_WORD("error", error_name(error)));
	else if (greeting == EXCHANGE_BYE)
		outboxes_away(daemon->outboxes, peer);
	else
		outboxes_heard(daemon->outboxes, peer);
	return error;
}

enum error daemon_send(void *context, uint32_t peer, struct span request, struct buffer *answer,
    struct error_detail *detail)
{
	struct daemon *daemon = context;
	struct link_status status;
	enum error error = link_status(daemon->link, peer, &status);

	if (error)
		return error;
	return link_request(daemon->link, peer, request,
	    status.connected ? DELIVERY_TIMEOUT_MS : DELIVERY_FIRST_MS, answer, detail);
}

/* The texts of errors may quote documents: the log names the error, `suiren status` tells the text. */
void daemon_tell(
    void *context, enum outbox_event event, uint32_t peer, enum error why, const char *text)
{
	static const char *const events[] = {"peer_answers", "peer_does_not_answer",
	    "peer_does_not_take", "answer_not_booked", "window_not_reconciled"};
	struct daemon *daemon = context;

	(void)text;
	if (event == OUTBOX_REACHED)
		LOG(daemon->options.log, LOG_INFO, events[event], LOG_REGION(peer));
	else
		LOG(daemon->options.log, LOG_WARNING, events[event], LOG_REGION(peer),
		    LOG_WORD("error", error_name(why)));
}

/* What the log says of the peers. */
struct reading {
	struct daemon *daemon;
	struct txn *txn;
	struct link_peer peers[CITIES_MAX];
	size_t count;
	uint32_t own_number; /* of this node's own descriptor */
	enum error error;
};

/* The address in node.yaml, for a peer whose descriptor names none. */
static const char *configured_address(const struct daemon *daemon, uint32_t region)
{
	const struct node_config *config = node_configuration(daemon->node);

	for (size_t i = 0; i < config->peer_count; i++) {
		if (config->peers[i].region == region)
			return config->peers[i].address;
	}
	return "";
}

static bool read_peer(void *context, const struct peer_row *row)
{
	struct reading *reading = context;
	struct link_peer *peer = &reading->peers[reading->count];
	char party[KEYRING_PARTY_SIZE];
	struct keyring_key key;

	if (row->region == node_region(reading->daemon->node)) {
		reading->own_number = row->number;
		return true;
	}
	if (reading->count == CITIES_MAX)
		return false;
	snprintf(party, sizeof party, "city/%06u", (unsigned)row->region);
	reading->error = keyring_current(reading->txn, party, "link", &key);
	if (reading->error == ERROR_NOT_FOUND) {
		reading->error = ERROR_NONE; /* revoked: it is not spoken to */
		return true;
	}
	if (reading->error)
		return false;
	memset(peer, 0, sizeof *peer);
	peer->region = row->region;
	memcpy(peer->key.bytes, key.key.bytes, HASH_SIZE);
	snprintf(peer->address, sizeof peer->address, "%s",
	    row->address[0] ? row->address : configured_address(reading->daemon, row->region));
	reading->count++;
	return true;
}

static struct known_peer *find_peer(struct daemon *daemon, uint32_t region)
{
	for (size_t i = 0; i < daemon->peer_count; i++) {
		if (daemon->peers[i].link.region == region)
			return &daemon->peers[i];
	}
	return NULL;
}

static enum error set_peer(struct daemon *daemon, const struct link_peer *peer)
{
	struct known_peer *known = find_peer(daemon, peer->region);
	struct error_detail detail = {""};
	enum error error;

	if (known && memcmp(&known->link, peer, sizeof *peer) == 0)
		return ERROR_NONE;
	error = link_peer_set(daemon->link, peer, &detail);
	if (error) {
		LOG(daemon->options.log, LOG_ERROR, "peer_not_linked", LOG_REGION(peer->region),
		    LOG_WORD("error", error_name(error)), LOG_WORD("why", detail.text));
		return error == ERROR_MEMORY ? error : ERROR_NONE; /* the others go on */
	}
	if (!known)
		known = &daemon->peers[daemon->peer_count++];
	known->link = *peer;
	known->up = false;
	LOG(daemon->options.log, LOG_INFO, "peer_linked", LOG_REGION(peer->region),
	    LOG_WORD("address", peer->address));
	return outboxes_add(daemon->outboxes, peer->region);
}

/* A descriptor of our own was booked: its link key from now on, if that is here, and the others are told. */
static enum error renew(struct daemon *daemon, uint32_t number)
{
	struct error_detail detail = {""};
	struct hash secret = {{0}}, old = {{0}};
	bool has_old;
	enum error error = ERROR_NONE;

	if (daemon->own_number != 0) {
		error = node_link_key(daemon->node, &secret, &old, &has_old, &detail);
		if (error == ERROR_NONE)
			link_secret_set(daemon->link, &secret);
		explicit_bzero(&secret, sizeof secret);
		explicit_bzero(&old, sizeof old);
		LOG(daemon->options.log, error ? LOG_ERROR : LOG_INFO, "descriptor_renewed",
		    LOG_NUMBER("number", number), LOG_WORD("error", error_name(error)));
		outboxes_greet(daemon->outboxes);
	}
	daemon->own_number = number;
	return error == ERROR_MISMATCH ? ERROR_NONE : error;
}

enum error daemon_peers_refresh(struct daemon *daemon)
{
	struct reading reading = {.daemon = daemon};
	enum error error = txn_begin_read(ledger_store(node_ledger(daemon->node)), &reading.txn);

	if (error)
		return error;
	error = peer_each(reading.txn, read_peer, &reading);
	txn_abort(reading.txn);
	if (!error)
		error = reading.error;
	for (size_t i = 0; i < reading.count && !error; i++)
		error = set_peer(daemon, &reading.peers[i]);
	if (!error && reading.own_number != daemon->own_number)
		error = renew(daemon, reading.own_number);
	return error;
}

void daemon_peers_watch(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->peer_count; i++) {
		struct known_peer *peer = &daemon->peers[i];
		struct link_status status;

		if (link_status(daemon->link, peer->link.region, &status) ||
		    status.connected == peer->up)
			continue;
		peer->up = status.connected;
		LOG(daemon->options.log, LOG_INFO, peer->up ? "link_up" : "link_down",
		    LOG_REGION(peer->link.region));
		if (peer->up) {
			outboxes_heard(daemon->outboxes, peer->link.region);
			outboxes_wake(daemon->outboxes); /* also what no document waits for */
		}
	}
}

/* Those that are there are told, so that they need not find out. */
void daemon_peers_farewell(struct daemon *daemon)
{
	struct buffer request = {0}, answer = {0};
	bool speak = exchange_greet(daemon->node, EXCHANGE_BYE, &request) == ERROR_NONE;

	for (size_t i = 0; speak && i < daemon->peer_count; i++) {
		uint32_t region = daemon->peers[i].link.region;
		struct link_status status;
		enum error error = link_status(daemon->link, region, &status);

		if (error || !status.connected)
			continue;
		buffer_clear(&answer);
		error = link_request(
		    daemon->link, region, buffer_span(&request), FAREWELL_MS, &answer, NULL);
		if (error)
			LOG(daemon->options.log, LOG_INFO, "farewell_not_heard", LOG_REGION(region),
			    LOG_WORD("error", error_name(error)));
	}
	/* Requests to them end at once. */
	for (size_t i = 0; i < daemon->peer_count; i++)
		link_peer_remove(daemon->link, daemon->peers[i].link.region);
	buffer_free(&request);
	buffer_free(&answer);
}
