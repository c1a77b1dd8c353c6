#include "outbox.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "backoff.h"
#include "message.h"
#include "trust.h"

/* One peer's thread. */
struct outbox {
	struct outboxes *all;
	uint32_t peer;
	pthread_t thread;
	bool joined;
	/* Under the mutex of all. */
	bool look;          /* something may wait */
	bool greet;         /* it has not been told yet who we are now */
	bool ask;           /* it is to be asked what `ask` of the options asks */
	bool busy;          /* a request is under way */
	bool reached;       /* the last request was answered */
	int64_t not_before; /* by the monotonic clock */
	/* A window of the peer differs and could not be asked about: how often in a row, why, and when it is asked about again (0: it need not
	 * be). Unless somebody has to look it will come right by itself. */
	uint32_t asked_in_vain;
	enum error in_vain;
	int64_t ask_again;
	bool passes;
	struct outbox_state state;
};

struct outboxes {
	struct outbox_options options;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool stopping;
	struct outbox *peers[CITIES_MAX];
	size_t count;
};

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait for a change, at most until `until` (by the monotonic clock). The mutex is held. */
static void wait_until(struct outboxes *all, int64_t until)
{
	const struct timespec at = {
	    .tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000};

	pthread_cond_timedwait(&all->changed, &all->mutex, &at);
}

/* The pause after so many failures in a row: a peer that is gone is asked ever more rarely, and those
 * that lost it do not all come back in the same moment. */
static int64_t pause_ms(const struct outboxes *all, uint32_t failures)
{
	uint32_t pause =
	    backoff_pause_ms(failures, all->options.pause_first_ms, all->options.pause_last_ms);

	return pause / 2 + randombytes_uniform(pause - pause / 2 + 1);
}

static void tell(struct outbox *box, enum outbox_event event, enum error why, const char *text)
{
	const struct outbox_options *options = &box->all->options;

	if (options->tell)
		options->tell(options->context, event, box->peer, why, text);
}

/* An attempt has failed. */
static void fail(
    struct outbox *box, enum outbox_event event, enum error why, const struct error_detail *text)
{
	struct outboxes *all = box->all;
	bool news;

	pthread_mutex_lock(&all->mutex);
	/* That requests end when all stop is no news of the peer. */
	news = !all->stopping && (box->state.failures == 0 || box->state.why != why);
	box->state.failures++;
	box->state.why = why;
	box->state.text = *text;
	box->state.stuck = event == OUTBOX_STUCK;
	box->reached = event == OUTBOX_STUCK;
	box->look = true;
	box->not_before = monotonic_ms() + pause_ms(all, box->state.failures);
	pthread_mutex_unlock(&all->mutex);
	if (news)
		tell(box, event, why, text->text[0] ? text->text : error_text(why));
}

static void succeed(struct outbox *box, const struct exchange_outcome *outcome)
{
	struct outboxes *all = box->all;
	bool news;

	pthread_mutex_lock(&all->mutex);
	news = !box->reached;
	box->reached = true;
	box->state.sent += outcome->delivered;
	box->state.refused += outcome->refused;
	box->state.failures = 0;
	box->state.why = ERROR_NONE;
	box->state.stuck = false;
	box->state.text.text[0] = '\0';
	box->look = true; /* the next batch */
	pthread_mutex_unlock(&all->mutex);
	if (news)
		tell(box, OUTBOX_REACHED, ERROR_NONE, "");
}

/* A window that differs could not be asked about. */
static void fail_to_reconcile(struct outbox *box, enum error why, const struct error_detail *text)
{
	struct outboxes *all = box->all;
	bool news;

	pthread_mutex_lock(&all->mutex);
	news = !all->stopping && box->in_vain != why;
	box->asked_in_vain++;
	box->in_vain = why;
	/* The peer contradicts itself, or does not take the question: else it was not reached, or something came between. */
	box->passes = why != ERROR_REFUSED && why != ERROR_MALFORMED && why != ERROR_MISMATCH &&
		      why != ERROR_TOO_LARGE;
	box->ask_again = monotonic_ms() + pause_ms(all, box->asked_in_vain);
	pthread_mutex_unlock(&all->mutex);
	if (news)
		tell(box, OUTBOX_NOT_RECONCILED, why, text->text[0] ? text->text : error_text(why));
}

/* Nothing waits: what this peer owes us and differs is asked about. The difference that comes of it waits then. A failure holds up no document:
 * it has a pause of its own, after which the window is asked about again, though nothing else happens. */
static void reconcile(struct outbox *box)
{
	struct outboxes *all = box->all;
	struct error_detail detail = {""};
	uint32_t orders = 0;
	bool early;
	enum error error;

	pthread_mutex_lock(&all->mutex);
	early = monotonic_ms() < box->ask_again;
	pthread_mutex_unlock(&all->mutex);
	if (early)
		return;
	error = exchange_reconcile(all->options.node, box->peer, all->options.send,
	    all->options.context, &orders, &detail);
	if (error)
		fail_to_reconcile(box, error, &detail);
	pthread_mutex_lock(&all->mutex);
	if (!error) {
		box->asked_in_vain = 0;
		box->in_vain = ERROR_NONE;
		box->ask_again = 0;
	}
	box->look = box->look || orders > 0;
	pthread_mutex_unlock(&all->mutex);
}

/* Say who we are. What the peer says to that is told; the documents follow in any case. */
static void send_greeting(struct outbox *box, struct buffer *request, struct buffer *answer)
{
	const struct outbox_options *options = &box->all->options;
	struct exchange_outcome outcome;
	struct error_detail detail = {""};
	enum error error;

	buffer_clear(request);
	buffer_clear(answer);
	error = exchange_greet(options->node, EXCHANGE_HELLO, request);
	if (error) {
		fail(box, OUTBOX_STOPPED, error, &detail);
		return;
	}
	error = options->send(options->context, box->peer, buffer_span(request), answer, &detail);
	if (!error)
		error = exchange_book(options->node, box->peer, buffer_span(answer), &outcome);
	if (error) {
		fail(box, OUTBOX_AWAY, error, &detail);
		return;
	}
	if (outcome.stuck)
		tell(box, OUTBOX_STUCK, outcome.stuck, outcome.text.text);
	memset(&outcome, 0, sizeof outcome);
	pthread_mutex_lock(&box->all->mutex);
	box->greet = false;
	box->ask = true;
	pthread_mutex_unlock(&box->all->mutex);
	succeed(box, &outcome);
}

/* Send one batch; *count is 0 if none waits. */
static void send_batch(
    struct outbox *box, struct buffer *request, struct buffer *answer, uint32_t *count)
{
	const struct outbox_options *options = &box->all->options;
	struct exchange_outcome outcome;
	struct error_detail detail = {""};
	enum error error;

	buffer_clear(request);
	buffer_clear(answer);
	error = exchange_offer(options->node, box->peer, request, count);
	if (error) {
		fail(box, OUTBOX_STOPPED, error, &detail);
		return;
	}
	if (*count == 0) {
		reconcile(box);
		return;
	}
	error = options->send(options->context, box->peer, buffer_span(request), answer, &detail);
	if (error) {
		fail(box, OUTBOX_AWAY, error, &detail);
		return;
	}
	error = exchange_book(options->node, box->peer, buffer_span(answer), &outcome);
	if (error)
		fail(box, OUTBOX_STOPPED, error, &detail);
	else if (outcome.stuck)
		fail(box, OUTBOX_STUCK, outcome.stuck, &outcome.text);
	else
		succeed(box, &outcome);
}

/* When it is its turn by itself; INT64_MAX: when it is woken. The mutex is held. */
static int64_t turn_of(const struct outbox *box)
{
	int64_t turn = box->look ? 0 : box->ask_again ? box->ask_again : INT64_MAX;

	return turn < box->not_before ? box->not_before : turn;
}

/* Until there is something to look for, and no pause. False: all stop. The mutex is held. */
static bool await_turn(struct outbox *box)
{
	struct outboxes *all = box->all;

	while (!all->stopping) {
		int64_t turn = turn_of(box);

		if (monotonic_ms() >= turn)
			return true;
		if (turn < INT64_MAX)
			wait_until(all, turn);
		else
			pthread_cond_wait(&all->changed, &all->mutex);
	}
	return false;
}

static void *run(void *context)
{
	struct outbox *box = context;
	struct outboxes *all = box->all;
	struct buffer request = {0}, answer = {0};

	pthread_mutex_lock(&all->mutex);
	while (await_turn(box)) {
		uint32_t count = 1;
		bool greet = box->greet, ask = !greet && box->ask && all->options.ask;

		/* What is asked holds up nothing: the documents are next, whatever comes of it. */
		box->look = ask;
		box->ask = box->ask && !ask;
		box->busy = true;
		pthread_mutex_unlock(&all->mutex);
		if (greet)
			send_greeting(box, &request, &answer);
		else if (ask)
			all->options.ask(all->options.context, box->peer);
		else
			send_batch(box, &request, &answer, &count);
		pthread_mutex_lock(&all->mutex);
		box->busy = false;
		box->state.requests += count > 0;
		pthread_cond_broadcast(&all->changed);
	}
	pthread_mutex_unlock(&all->mutex);
	buffer_free(&request);
	buffer_free(&answer);
	return NULL;
}

enum error outboxes_open(const struct outbox_options *options, struct outboxes **out)
{
	struct outboxes *all = calloc(1, sizeof *all);
	pthread_condattr_t attributes;

	*out = NULL;
	if (!all)
		return ERROR_MEMORY;
	all->options = *options;
	if (all->options.pause_first_ms == 0)
		all->options.pause_first_ms = OUTBOX_PAUSE_FIRST_MS;
	if (all->options.pause_last_ms == 0)
		all->options.pause_last_ms = OUTBOX_PAUSE_LAST_MS;
	pthread_mutex_init(&all->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&all->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	*out = all;
	return ERROR_NONE;
}

void outboxes_stop(struct outboxes *all)
{
	pthread_mutex_lock(&all->mutex);
	all->stopping = true;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
}

void outboxes_join(struct outboxes *all)
{
	outboxes_stop(all);
	/* None is added once they stop. */
	for (size_t i = 0; i < all->count; i++) {
		if (!all->peers[i]->joined)
			pthread_join(all->peers[i]->thread, NULL);
		all->peers[i]->joined = true;
	}
}

void outboxes_close(struct outboxes *all)
{
	if (!all)
		return;
	outboxes_join(all);
	for (size_t i = 0; i < all->count; i++)
		free(all->peers[i]);
	pthread_cond_destroy(&all->changed);
	pthread_mutex_destroy(&all->mutex);
	free(all);
}

/* NULL if there is none. The mutex is held. */
static struct outbox *find(struct outboxes *all, uint32_t peer)
{
	for (size_t i = 0; i < all->count; i++) {
		if (all->peers[i]->peer == peer)
			return all->peers[i];
	}
	return NULL;
}

enum error outboxes_add(struct outboxes *all, uint32_t peer)
{
	struct outbox *box;
	enum error error = ERROR_NONE;

	pthread_mutex_lock(&all->mutex);
	if (all->stopping || find(all, peer)) {
		pthread_mutex_unlock(&all->mutex);
		return ERROR_NONE;
	}
	box = all->count < CITIES_MAX ? calloc(1, sizeof *box) : NULL;
	if (!box) {
		error = all->count < CITIES_MAX ? ERROR_MEMORY : ERROR_TOO_LARGE;
	} else {
		box->all = all;
		box->peer = peer;
		box->look = box->greet = true;
		if (pthread_create(&box->thread, NULL, run, box) != 0) {
			free(box);
			error = ERROR_MEMORY;
		} else {
			all->peers[all->count++] = box;
		}
	}
	pthread_mutex_unlock(&all->mutex);
	return error;
}

void outboxes_wake(struct outboxes *all)
{
	pthread_mutex_lock(&all->mutex);
	for (size_t i = 0; i < all->count; i++)
		all->peers[i]->look = true;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
}

void outboxes_ask(struct outboxes *all, uint32_t peer)
{
	struct outbox *box;

	pthread_mutex_lock(&all->mutex);
	box = find(all, peer);
	if (box) {
		box->look = box->ask = true;
		pthread_cond_broadcast(&all->changed);
	}
	pthread_mutex_unlock(&all->mutex);
}

void outboxes_heard(struct outboxes *all, uint32_t peer)
{
	struct outbox *box;

	pthread_mutex_lock(&all->mutex);
	box = find(all, peer);
	/* A peer that is there but does not take a document, or does not answer sensibly, is not asked more often for speaking. */
	if (box && !box->state.stuck && box->not_before > 0) {
		box->not_before = 0;
		pthread_cond_broadcast(&all->changed);
	}
	if (box && box->passes && box->ask_again > 0) {
		box->ask_again = 0;
		box->look = true;
		pthread_cond_broadcast(&all->changed);
	}
	pthread_mutex_unlock(&all->mutex);
}

void outboxes_away(struct outboxes *all, uint32_t peer)
{
	struct outbox *box;

	pthread_mutex_lock(&all->mutex);
	box = find(all, peer);
	if (box) {
		box->not_before = monotonic_ms() + all->options.pause_last_ms;
		box->reached = false;
	}
	pthread_mutex_unlock(&all->mutex);
}

void outboxes_greet(struct outboxes *all)
{
	pthread_mutex_lock(&all->mutex);
	for (size_t i = 0; i < all->count; i++)
		all->peers[i]->look = all->peers[i]->greet = true;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->mutex);
}

/* Is there a window of this peer to be asked about? Not one of which only people can tell more. */
static bool is_to_be_asked(struct outboxes *all, uint32_t peer)
{
	struct outbox *box;
	bool hopeless, any = true;

	pthread_mutex_lock(&all->mutex);
	box = find(all, peer);
	hopeless = !box || (box->ask_again > 0 && !box->passes);
	pthread_mutex_unlock(&all->mutex);
	return !hopeless && (exchange_differs(all->options.node, peer, &any) || any);
}

/* Whether something waits for a peer, or is to be asked; an error of the store counts as such. */
static bool any_waits(struct outboxes *all, const uint32_t *peers, size_t count)
{
	struct txn *txn;
	bool any = false;

	if (txn_begin_read(ledger_store(node_ledger(all->options.node)), &txn))
		return true;
	for (size_t i = 0; i < count && !any; i++) {
		uint64_t waiting;

		/* What waits for a city that is frozen waits for officers, not for delivery. */
		any = trust_check_frozen(txn, peers[i], NULL) != ERROR_PEER_FROZEN &&
		      (outbox_waiting(txn, peers[i], &waiting) || waiting > 0);
	}
	txn_abort(txn);
	for (size_t i = 0; i < count && !any; i++)
		any = is_to_be_asked(all, peers[i]);
	return any;
}

/* Whether a thread is at work for one of these peers (none given: for any), or will be at once. The mutex is held. */
static bool any_busy(const struct outboxes *all, const uint32_t *peers, size_t count)
{
	const int64_t now = monotonic_ms();

	for (size_t i = 0; i < all->count; i++) {
		const struct outbox *box = all->peers[i];
		bool meant = count == 0;

		for (size_t k = 0; k < count; k++)
			meant = meant || peers[k] == box->peer;
		if (meant && (box->busy || (box->look && now >= box->not_before)))
			return true;
	}
	return false;
}

bool outboxes_idle(
    struct outboxes *all, const uint32_t *wanted, size_t wanted_count, uint32_t timeout_ms)
{
	int64_t until = monotonic_ms() + timeout_ms;
	uint32_t peers[CITIES_MAX];
	bool idle = false;

	pthread_mutex_lock(&all->mutex);
	while (!all->stopping) {
		size_t count = wanted_count ? 0 : all->count;

		for (size_t i = 0; i < count; i++)
			peers[i] = all->peers[i]->peer;
		pthread_mutex_unlock(&all->mutex);
		idle = wanted_count ? !any_waits(all, wanted, wanted_count)
				    : !any_waits(all, peers, count);
		pthread_mutex_lock(&all->mutex);
		idle = idle && !any_busy(all, wanted, wanted_count);
		if (idle || monotonic_ms() >= until)
			break;
		/* A change between the look and here is seen at the next, at the latest after a step. */
		int64_t step = monotonic_ms() + OUTBOX_LOOK_MS;

		wait_until(all, step < until ? step : until);
	}
	pthread_mutex_unlock(&all->mutex);
	return idle;
}

enum error outboxes_state(struct outboxes *all, uint32_t peer, struct outbox_state *state)
{
	struct outbox *box;
	struct txn *txn;
	enum error error = ERROR_NOT_FOUND;

	memset(state, 0, sizeof *state);
	pthread_mutex_lock(&all->mutex);
	box = find(all, peer);
	if (box) {
		int64_t now = monotonic_ms();

		*state = box->state;
		state->retry_ms = box->not_before > now ? box->not_before - now : 0;
		error = ERROR_NONE;
	}
	pthread_mutex_unlock(&all->mutex);
	if (error)
		return error;
	error = txn_begin_read(ledger_store(node_ledger(all->options.node)), &txn);
	if (error)
		return error;
	error = outbox_waiting(txn, peer, &state->waiting);
	txn_abort(txn);
	return error;
}
