#include "link_internal.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "settlement_limits.h"

_Static_assert(LINK_PEERS_MAX >= CITIES_MAX, "every city can be a peer");
_Static_assert(LINK_MESSAGE_MAX >= EXCHANGE_SIZE_MAX, "what cities say fits a message");

/* --- small things -------------------------------------------------------------------------------------------- */

int64_t link_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct timespec link_time(int64_t monotonic_ms)
{
	return (struct timespec){.tv_sec = (time_t)(monotonic_ms / 1000),
	    .tv_nsec = (long)(monotonic_ms % 1000) * 1000000};
}

void link_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

enum error link_nng_error(int result)
{
	switch (result) {
	case 0:
		return ERROR_NONE;
	case NNG_ENOMEM:
		return ERROR_MEMORY;
	case NNG_EADDRINVAL:
	case NNG_EINVAL:
	case NNG_ENOTSUP:
		return ERROR_USAGE;
	case NNG_EADDRINUSE:
		return ERROR_EXISTS;
	case NNG_EPERM:
		return ERROR_PERMISSION;
	case NNG_ETIMEDOUT:
		return ERROR_TIMEOUT;
	case NNG_ECLOSED:
	case NNG_ECANCELED:
	case NNG_ECONNRESET: /* the connection was lost under a request */
		return ERROR_STOPPED;
	default:
		return ERROR_IO;
	}
}

nng_msg *link_message(struct span frame)
{
	nng_msg *message;

	if (nng_msg_alloc(&message, frame.size))
		return NULL;
	memcpy(nng_msg_body(message), frame.data, frame.size);
	return message;
}

static int64_t clock_ms(const struct link *link)
{
	struct timespec now;

	if (link->options.seams.clock_ms)
		return link->options.seams.clock_ms(link->options.seams.context);
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void random_bytes(struct link *link, void *bytes, size_t size)
{
	if (link->options.seams.random)
		link->options.seams.random(link->options.seams.context, bytes, size);
	else
		randombytes_buf(bytes, size);
}

void link_draw(struct link *link, struct session_draw *draw, uint64_t *number)
{
	int64_t now = clock_ms(link);

	random_bytes(link, draw->ephemeral.bytes, HASH_SIZE);
	random_bytes(link, &draw->index, sizeof draw->index);
	if (!number)
		return;
	/* The clock may have stepped back; the numbers do not. */
	link->handshake_number++;
	if (now > 0 && (uint64_t)now > link->handshake_number)
		link->handshake_number = (uint64_t)now;
	*number = link->handshake_number;
}

struct remote *link_find(struct link *link, uint32_t region)
{
	for (unsigned i = 0; i < link->remote_count; i++)
		if (link->remotes[i]->peer.region == region)
			return link->remotes[i];
	return NULL;
}

void link_heard(struct remote *remote)
{
	remote->heard_ms = link_now_ms();
	remote->status.last_heard_ms = clock_ms(remote->link);
}

/* --- opening and closing ------------------------------------------------------------------------------------- */

static void *guard(void *context)
{
	struct link *link = context;

	pthread_mutex_lock(&link->mutex);
	while (!link->closing) {
		int64_t now = link_now_ms();
		struct timespec until = link_time(now + 1000);
		uint32_t pipe;

		session_expire(link->sessions, now);
		while ((pipe = gate_idle(&link->gate, now)) != 0) {
			link->totals.closed++;
			pthread_mutex_unlock(&link->mutex);
			nng_pipe_close((nng_pipe){pipe});
			pthread_mutex_lock(&link->mutex);
		}
		pthread_cond_timedwait(&link->closed, &link->mutex, &until);
	}
	pthread_mutex_unlock(&link->mutex);
	return NULL;
}

static void apply_defaults(struct link_options *options)
{
	if (!options->heartbeat_ms)
		options->heartbeat_ms = LINK_HEARTBEAT_MS;
	if (!options->silence_ms)
		options->silence_ms = LINK_SILENCE_MS;
	if (!options->handshake_ms)
		options->handshake_ms = LINK_HANDSHAKE_MS;
}

enum error link_open(
    const struct link_options *options, struct link **opened, struct error_detail *detail)
{
	struct session_options sessions = {.secret = options->secret};
	struct link *link = calloc(1, sizeof *link);
	enum error error = ERROR_MEMORY;

	assert(options->region && (options->serve || !options->listen));
	*opened = NULL;
	if (!link)
		return error_set(detail, ERROR_MEMORY, "link: %s", error_text(ERROR_MEMORY));
	link->options = *options;
	sodium_memzero(&link->options.secret, sizeof link->options.secret);
	apply_defaults(&link->options);
	link->handshake_number = options->handshake_number;
	link->last = &link->first;
	pthread_mutex_init(&link->mutex, NULL);
	pthread_mutex_init(&link->control, NULL);
	pthread_cond_init(&link->work, NULL);
	link_condition_init(&link->closed);
	link_condition_init(&link->over);
	error = session_table_new(&sessions, &link->sessions);
	sodium_memzero(&sessions, sizeof sessions);
	if (!error && options->listen && options->listen[0])
		error = link_listen(link, detail);
	if (!error) {
		link->has_warden = pthread_create(&link->warden, NULL, guard, link) == 0;
		error = link->has_warden ? ERROR_NONE : ERROR_MEMORY;
	}
	if (error) {
		link_close(link);
		return error;
	}
	link->options.listen = NULL; /* the caller's */
	*opened = link;
	return ERROR_NONE;
}

void link_close(struct link *link)
{
	struct remote *remotes[LINK_PEERS_MAX];
	unsigned count;

	if (!link)
		return;
	pthread_mutex_lock(&link->mutex);
	link->closing = true;
	pthread_cond_broadcast(&link->closed);
	pthread_cond_broadcast(&link->work);
	/* Nobody finds them any more. All are told before the first is waited for. */
	count = link->remote_count;
	memcpy(remotes, link->remotes, sizeof remotes);
	link->remote_count = 0;
	for (unsigned i = 0; i < count; i++) {
		remotes[i]->stop = true;
		pthread_cond_broadcast(&remotes[i]->changed);
	}
	pthread_mutex_unlock(&link->mutex);
	for (unsigned i = 0; i < count; i++)
		remote_free(remotes[i]);
	link_listen_end(link);
	if (link->has_warden)
		pthread_join(link->warden, NULL);
	session_table_free(link->sessions);
	pthread_cond_destroy(&link->closed);
	pthread_cond_destroy(&link->over);
	pthread_cond_destroy(&link->work);
	pthread_mutex_destroy(&link->control);
	pthread_mutex_destroy(&link->mutex);
	free(link);
}

uint16_t link_port(const struct link *link)
{
	return link->port;
}

uint64_t link_handshake_number(struct link *link)
{
	uint64_t number;

	pthread_mutex_lock(&link->mutex);
	number = link->handshake_number;
	pthread_mutex_unlock(&link->mutex);
	return number;
}

void link_secret_set(struct link *link, const struct hash *secret)
{
	pthread_mutex_lock(&link->mutex);
	session_secret_set(link->sessions, secret);
	pthread_mutex_unlock(&link->mutex);
}

/* --- peers --------------------------------------------------------------------------------------------------- */

/* Close the connections of a peer that is one no longer, or not under this key. Under the mutex, which is let go meanwhile. */
static void dismiss(struct link *link, uint32_t region)
{
	uint32_t pipe;

	while ((pipe = gate_dismiss(&link->gate, region)) != 0) {
		pthread_mutex_unlock(&link->mutex);
		nng_pipe_close((nng_pipe){pipe});
		pthread_mutex_lock(&link->mutex);
	}
}

static bool is_same(const struct link_peer *a, const struct link_peer *b)
{
	return hash_equal(&a->key, &b->key) && strcmp(a->address, b->address) == 0;
}

/* Put the new one in the place of the old one, which is given back; both may be there or not. Under the mutex. */
static enum error replace(struct link *link, struct remote *remote, struct remote **old)
{
	struct remote *before = link_find(link, remote->peer.region);
	bool rotated = before && !hash_equal(&before->peer.key, &remote->peer.key);
	enum error error;

	if (!before && link->remote_count == LINK_PEERS_MAX)
		return ERROR_BUSY;
	if ((error = session_peer_set(link->sessions, remote->peer.region, &remote->peer.key)) !=
	    ERROR_NONE)
		return error;
	for (unsigned i = 0; before && i < link->remote_count; i++)
		if (link->remotes[i] == before)
			link->remotes[i] = remote;
	if (!before)
		link->remotes[link->remote_count++] = remote;
	if (before) {
		remote->status = before->status;
		remote->status.in_flight = 0;
		remote->heard_ms = before->heard_ms;
		before->stop = true;
		pthread_cond_broadcast(&before->changed);
	}
	remote_put(remote);
	if (rotated)
		dismiss(link, remote->peer.region);
	*old = before;
	return ERROR_NONE;
}

/* tcp://HOST:PORT and nothing else; nng would find a wrong port only when it dials. */
bool link_address_valid(const char *address)
{
	const char *host = address + 6, *colon = strrchr(address, ':');
	long port = 0;

	if (strncmp(address, "tcp://", 6) != 0 || colon <= host || !colon[1])
		return false;
	for (const char *digit = colon + 1; *digit; digit++) {
		if (*digit < '0' || *digit > '9' || (port = port * 10 + *digit - '0') > 65535)
			return false;
	}
	return strcspn(host, "/?# ") == strlen(host);
}

enum error link_peer_set(
    struct link *link, const struct link_peer *peer, struct error_detail *detail)
{
	struct remote *remote = NULL, *old = NULL, *same;
	enum error error = ERROR_NONE;
	bool nothing_new;

	assert(peer->region);
	if (peer->region == link->options.region)
		return error_set(
		    detail, ERROR_MISMATCH, "%06u is our own region", (unsigned)peer->region);
	if (memchr(peer->address, '\0', sizeof peer->address) == NULL)
		return error_set(
		    detail, ERROR_USAGE, "the address of %06u is too long", (unsigned)peer->region);
	pthread_mutex_lock(&link->control);
	pthread_mutex_lock(&link->mutex);
	same = link_find(link, peer->region);
	nothing_new = same && is_same(&same->peer, peer);
	pthread_mutex_unlock(&link->mutex);
	if (!nothing_new)
		error = remote_new(link, peer, &remote, detail);
	if (remote) {
		pthread_mutex_lock(&link->mutex);
		error = replace(link, remote, &old);
		pthread_mutex_unlock(&link->mutex);
		if (error) {
			remote_free(remote);
			error_set(detail, error, "peer %06u: %s", (unsigned)peer->region,
			    error_text(error));
		}
		remote_free(old);
	}
	pthread_mutex_unlock(&link->control);
	return error;
}

void link_peer_remove(struct link *link, uint32_t region)
{
	struct remote *old;

	pthread_mutex_lock(&link->control);
	pthread_mutex_lock(&link->mutex);
	if ((old = link_find(link, region)) != NULL) {
		unsigned i = 0;

		while (link->remotes[i] != old)
			i++;
		link->remotes[i] = link->remotes[--link->remote_count];
		session_peer_remove(link->sessions, region);
		old->stop = true;
		pthread_cond_broadcast(&old->changed);
		dismiss(link, region);
	}
	pthread_mutex_unlock(&link->mutex);
	remote_free(old);
	pthread_mutex_unlock(&link->control);
}

/* Do our requests get through? Of one that only dials us: do its come? */
static bool is_connected(const struct remote *remote)
{
	int64_t heard_ms = remote->dials ? remote->answered_ms : remote->heard_ms;

	if (remote->dials ? !remote->pipe || !remote->has_answered : !remote->heard_ms)
		return false;
	return link_now_ms() - heard_ms < (int64_t)remote->link->options.silence_ms;
}

enum error link_status(struct link *link, uint32_t peer, struct link_status *status)
{
	const struct remote *remote;

	pthread_mutex_lock(&link->mutex);
	if ((remote = link_find(link, peer)) != NULL) {
		*status = remote->status;
		status->in_flight = remote->users;
		status->connected = is_connected(remote);
		if (!remote->status.round_trip_us)
			status->round_trip_us = -1;
	}
	pthread_mutex_unlock(&link->mutex);
	return remote ? ERROR_NONE : ERROR_NOT_FOUND;
}

void link_totals(struct link *link, struct link_totals *totals)
{
	pthread_mutex_lock(&link->mutex);
	*totals = link->totals;
	totals->pipes = link->gate.count;
	totals->strangers = link->gate.strangers;
	pthread_mutex_unlock(&link->mutex);
}
