#include "heads_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often a head that has just been joined is joined once more, to one that another thread has brought meanwhile. */
#define JOIN_ROUNDS 16

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1; /* never 0 */
}

struct watched *heads_find(struct heads *heads, uint32_t region, bool make)
{
	for (size_t i = 0; i < heads->count; i++) {
		if (heads->watched[i].region == region)
			return &heads->watched[i];
	}
	if (!make || heads->count == CITIES_MAX)
		return NULL;
	heads->watched[heads->count] = (struct watched){.region = region};
	return &heads->watched[heads->count++];
}

/* Does what is to be signed for a city have to wait? Called from the writer's thread. */
static bool waits(void *context, uint32_t region, int64_t fen)
{
	struct heads *heads = context;
	bool big = fen >= heads->options.big_fen || fen <= -heads->options.big_fen, must;
	struct watched *watched;

	pthread_mutex_lock(&heads->mutex);
	watched = heads_find(heads, region, true);
	must = !watched || watched->awaited ||
	       (big && (watched->checked_ms == 0 ||
			   monotonic_ms() - watched->checked_ms > heads->options.fresh_ms));
	if (must && watched)
		watched->wanted = true;
	pthread_mutex_unlock(&heads->mutex);
	if (must && heads->options.wanted)
		heads->options.wanted(heads->options.context);
	return must;
}

enum error heads_open(const struct heads_options *options, struct heads **out)
{
	struct heads *heads = calloc(1, sizeof *heads);

	*out = heads;
	if (!heads)
		return ERROR_MEMORY;
	heads->options = *options;
	if (heads->options.interval_ms == 0)
		heads->options.interval_ms = HEADS_INTERVAL_MS;
	if (heads->options.fresh_ms == 0)
		heads->options.fresh_ms = HEADS_FRESH_MS;
	if (heads->options.big_fen == 0)
		heads->options.big_fen = HEADS_BIG_FEN;
	heads->gate = (struct trust_gate){.context = heads, .waits = waits};
	pthread_mutex_init(&heads->mutex, NULL);
	return ERROR_NONE;
}

void heads_close(struct heads *heads)
{
	if (!heads)
		return;
	pthread_mutex_destroy(&heads->mutex);
	free(heads);
}

const struct trust_gate *heads_gate(const struct heads *heads)
{
	return &heads->gate;
}

bool heads_due(struct heads *heads, uint32_t peer)
{
	const struct watched *watched;
	int64_t since;
	bool due;

	pthread_mutex_lock(&heads->mutex);
	watched = heads_find(heads, peer, false);
	since = watched && watched->asked_ms ? monotonic_ms() - watched->asked_ms : INT64_MAX;
	due = since >= heads->options.interval_ms ||
	      ((watched->wanted || watched->awaited) && since >= HEADS_AGAIN_MS);
	pthread_mutex_unlock(&heads->mutex);
	return due;
}

void heads_state(struct heads *heads, uint32_t peer, struct heads_status *status)
{
	const struct watched *watched;

	*status = (struct heads_status){.checked_ms = -1};
	pthread_mutex_lock(&heads->mutex);
	watched = heads_find(heads, peer, false);
	if (watched) {
		status->known = watched->highest.size > 0;
		status->size = watched->highest.size;
		status->awaited = watched->awaited;
		if (watched->checked_ms)
			status->checked_ms = monotonic_ms() - watched->checked_ms;
	}
	pthread_mutex_unlock(&heads->mutex);
}

static void tell(const struct heads *heads, enum heads_event event, uint32_t peer, uint64_t number,
    enum error why)
{
	if (heads->options.tell)
		heads->options.tell(heads->options.context, event, peer, number, why);
}

struct span heads_note(const struct seen *seen)
{
	return span_of(seen->note, seen->note_size);
}

void heads_see(struct seen *seen, const struct checkpoint *checkpoint, struct span note)
{
	memset(seen, 0, sizeof *seen);
	memcpy(seen->origin, checkpoint->origin, sizeof seen->origin);
	seen->size = checkpoint->size;
	seen->root = checkpoint->root;
	seen->note_size = note.size;
	memcpy(seen->note, note.data, note.size);
}

/* One asking of one city. */
struct asking {
	struct heads *heads;
	const struct exchange_way *way;
	struct error_detail *detail;
	/* What the log says. */
	bool frozen;
	uint64_t unfrozen_sequence;
	struct note_verifier key;
	struct seen booked;
	/* What was highest when the nonce was made. */
	struct seen base;
	struct seen shown;
	struct merkle_proof booked_path;
	bool has_booked_path;
};

static enum error read_log(struct asking *at)
{
	uint32_t peer = at->way->peer;
	struct trust_state state;
	struct trust_head head;
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(at->heads->options.node)), &txn);

	if (error)
		return error;
	error = trust_state_get(txn, peer, &state);
	if (!error)
		error = trust_log_key(txn, peer, &at->key);
	if (!error) {
		at->frozen = state.frozen;
		at->unfrozen_sequence = state.unfrozen_sequence;
		error = trust_head_get(txn, peer, &head);
		/* Another epoch of the city is another log. */
		if (!error && strcmp(head.origin, at->key.name) == 0 &&
		    head.note.size <= HEAD_NOTE_MAX) {
			memcpy(at->booked.origin, head.origin, sizeof at->booked.origin);
			at->booked.size = head.size;
			at->booked.root = head.root;
			at->booked.note_size = head.note.size;
			memcpy(at->booked.note, head.note.data, head.note.size);
		}
		if (error == ERROR_NOT_FOUND)
			error = ERROR_NONE;
	}
	txn_abort(txn);
	return error;
}

/* What is known in memory is brought up to what the log says; `base` is what is highest then. */
static enum error begin(struct asking *at)
{
	struct watched *watched;

	pthread_mutex_lock(&at->heads->mutex);
	watched = heads_find(at->heads, at->way->peer, true);
	if (!watched) {
		pthread_mutex_unlock(&at->heads->mutex);
		return ERROR_TOO_LARGE;
	}
	if (watched->unfrozen_sequence != at->unfrozen_sequence ||
	    (watched->highest.size > 0 && strcmp(watched->highest.origin, at->key.name) != 0))
		*watched = (struct watched){
		    .region = at->way->peer, .unfrozen_sequence = at->unfrozen_sequence};
	if (watched->booked.size != at->booked.size) {
		watched->booked = at->booked;
		watched->has_path = false;
	}
	if (watched->highest.size < at->booked.size)
		watched->highest = at->booked;
	watched->asked_ms = monotonic_ms();
	watched->wanted = false;
	at->base = watched->highest;
	pthread_mutex_unlock(&at->heads->mutex);
	return ERROR_NONE;
}

/* It has shown something that proves nothing. */
static enum error await(struct asking *at, const char *why)
{
	struct watched *watched;
	bool news = false;

	pthread_mutex_lock(&at->heads->mutex);
	watched = heads_find(at->heads, at->way->peer, false);
	if (watched) {
		news = !watched->awaited;
		watched->awaited = true;
	}
	pthread_mutex_unlock(&at->heads->mutex);
	if (news)
		tell(at->heads, HEADS_AWAITED, at->way->peer, at->shown.size, ERROR_PROOF_AWAITED);
	return error_set(at->detail, ERROR_PROOF_AWAITED, "%06u: %s", (unsigned)at->way->peer, why);
}

/* Book the evidence. */
static enum error freeze(struct asking *at, const struct evidence *evidence)
{
	struct node_order order = {.kind = KIND_frozen, .parameter_count = 1};
	struct buffer bytes = {0};
	struct answer answer = {.error = ERROR_NONE};
	enum error error;

	evidence_write(&bytes, evidence);
	error = bytes.failed;
	if (!error) {
		order.parameters = buffer_span(&bytes);
		error = node_order(at->heads->options.node, &order, &answer);
	}
	buffer_free(&bytes);
	/* Another thread has found it too. */
	if (!error && (answer.error == ERROR_REPEAT || answer.error == ERROR_STATE))
		return ERROR_NONE;
	if (!error)
		error = answer.error;
	tell(at->heads, error ? HEADS_NOT_BOOKED : HEADS_FROZEN, at->way->peer, answer.sequence,
	    error);
	return error ? error_set(at->detail, error, "%s",
			   answer.detail.text[0] ? answer.detail.text : error_text(error))
		     : ERROR_NONE;
}

enum joined { JOINED, CONTRADICTS, UNPROVEN };

/* Does the head `to` go on from the head `from`, which is not larger? */
static enum error join(struct asking *at, const struct seen *from, const struct seen *to,
    enum joined *joined, struct merkle_proof *path)
{
	struct evidence evidence = {.kind = EVIDENCE_FORK,
	    .region = at->way->peer,
	    .first = heads_note(from),
	    .second = heads_note(to)};
	enum error error = ERROR_NONE;

	*joined = JOINED;
	if (from->size == to->size)
		evidence.old_root = to->root;
	else
		error = exchange_proof_ask(
		    at->way, from->size, to->size, &evidence.old_root, &evidence.path, at->detail);
	if (error == ERROR_REFUSED || error == ERROR_MALFORMED) {
		*joined = UNPROVEN;
		return await(at, "it gives no proof that its log goes on from what was seen");
	}
	if (error) {
		*joined = UNPROVEN;
		(void)await(at, "the proof is awaited that its log goes on from what was seen");
		return error;
	}
	if (merkle_check_consistency(from->size, to->size, &evidence.old_root, &to->root,
		evidence.path.hashes, evidence.path.count)) {
		*joined = UNPROVEN;
		return await(at, "its proof does not lead to the head that it has signed");
	}
	if (!hash_equal(&evidence.old_root, &from->root)) {
		*joined = CONTRADICTS;
		return freeze(at, &evidence);
	}
	if (path)
		*path = evidence.path;
	return ERROR_NONE;
}

/* Take the head that goes on from `base`, unless another thread has brought a higher one, or another at all: *base is that then. */
static bool adopt(struct asking *at, struct seen *base)
{
	bool adopted = true, news = false;
	struct watched *watched;

	pthread_mutex_lock(&at->heads->mutex);
	watched = heads_find(at->heads, at->way->peer, false);
	/* Unfrozen, or under another epoch, in between: what was asked is of no use. */
	if (watched && watched->unfrozen_sequence == at->unfrozen_sequence) {
		adopted = watched->highest.size == base->size &&
			  hash_equal(&watched->highest.root, &base->root);
		if (!adopted) {
			*base = watched->highest;
		} else {
			if (at->shown.size >= watched->highest.size) {
				at->heads->changes += at->shown.size > watched->highest.size;
				watched->highest = at->shown;
				watched->path = at->booked_path;
				watched->has_path =
				    at->has_booked_path && watched->booked.size == at->booked.size;
			}
			watched->checked_ms = monotonic_ms();
			news = watched->awaited;
			watched->awaited = false;
		}
	}
	pthread_mutex_unlock(&at->heads->mutex);
	if (news)
		tell(at->heads, HEADS_JOINED, at->way->peer, at->shown.size, ERROR_NONE);
	return adopted;
}

/* A fresh head that is not smaller than `base`: it goes on from that, from what is booked, and from what others have seen meanwhile. */
static enum error join_all(struct asking *at)
{
	enum joined joined = JOINED;
	struct seen base = at->base;
	enum error error;

	at->has_booked_path = at->booked.size == 0;
	if (at->booked.size > 0 && at->booked.size < base.size) {
		error = join(at, &at->booked, &at->shown, &joined, &at->booked_path);
		if (error || joined != JOINED)
			return error;
		at->has_booked_path = true;
	}
	for (unsigned round = 0; round < JOIN_ROUNDS; round++) {
		bool newer = at->shown.size >= base.size;
		struct merkle_proof path = {.count = 0};

		if (base.size > 0) {
			error = join(at, newer ? &base : &at->shown, newer ? &at->shown : &base,
			    &joined, &path);
			if (error || joined != JOINED)
				return error;
		}
		if (at->booked.size > 0 && newer && base.size == at->booked.size) {
			at->booked_path = path;
			at->has_booked_path = true;
		}
		if (adopt(at, &base))
			return ERROR_NONE;
	}
	return ERROR_NONE; /* it was joined to so many that it is one of them */
}

static enum error roll_back(struct asking *at, const uint8_t salt[HEAD_NONCE_SIZE])
{
	struct evidence evidence = {.kind = EVIDENCE_ROLLBACK,
	    .region = at->way->peer,
	    .first = heads_note(&at->base),
	    .second = heads_note(&at->shown)};

	memcpy(evidence.salt, salt, HEAD_NONCE_SIZE);
	return freeze(at, &evidence);
}

static enum error ask(struct asking *at)
{
	uint8_t salt[HEAD_NONCE_SIZE], nonce[HEAD_NONCE_SIZE];
	struct buffer note = {0};
	struct checkpoint checkpoint;
	enum error error;

	node_random(at->heads->options.node, salt, sizeof salt);
	head_nonce(heads_note(&at->base), salt, nonce);
	error = exchange_head_ask(at->way, nonce, &note, at->detail);
	if (error == ERROR_REFUSED || error == ERROR_MALFORMED)
		error = await(at, "it does not tell its head");
	if (!error && head_verify(buffer_span(&note), &at->key, 1, nonce, &checkpoint))
		error = await(at, "what it has told is no head under its log key");
	if (!error)
		heads_see(&at->shown, &checkpoint, buffer_span(&note));
	buffer_free(&note);
	if (error)
		return error;
	return at->shown.size < at->base.size ? roll_back(at, salt) : join_all(at);
}

/* A city that is frozen is not asked. */
static void rest(struct heads *heads, uint32_t peer)
{
	struct watched *watched;

	pthread_mutex_lock(&heads->mutex);
	watched = heads_find(heads, peer, true);
	if (watched) {
		watched->asked_ms = monotonic_ms();
		watched->awaited = watched->wanted = false;
	}
	pthread_mutex_unlock(&heads->mutex);
}

enum error heads_ask(
    struct heads *heads, const struct exchange_way *way, struct error_detail *detail)
{
	struct asking *at = calloc(1, sizeof *at);
	enum error error;

	if (!at)
		return ERROR_MEMORY;
	*at = (struct asking){.heads = heads, .way = way, .detail = detail};
	error = read_log(at);
	if (!error && at->frozen)
		rest(heads, way->peer);
	else if (!error)
		error = begin(at);
	if (!error && !at->frozen)
		error = ask(at);
	free(at);
	return error;
}
