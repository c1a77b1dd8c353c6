#include "heads.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often a head that has just been joined is joined once more, to one that another thread has brought meanwhile. */
#define JOIN_ROUNDS 16

/* A head that was seen and verified. */
struct seen {
	char origin[NOTE_NAME_SIZE];
	uint64_t size; /* 0: none */
	struct hash root;
	uint8_t note[HEAD_NOTE_MAX];
	size_t note_size;
};

/* What is known of one city. */
struct watched {
	uint32_t region;
	uint64_t
	    unfrozen_sequence; /* what was seen before officers have unfrozen it does not count */
	struct seen highest, booked;
	/* From the booked head to the highest: whole only if it was asked for since that entry. */
	struct merkle_proof path;
	bool has_path;
	bool awaited, wanted;
	int64_t asked_ms, checked_ms; /* by the monotonic clock; 0: not yet */
};

struct heads {
	struct heads_options options;
	struct trust_gate gate;
	pthread_mutex_t mutex;
	struct watched watched[CITIES_MAX];
	size_t count;
};

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1; /* never 0 */
}

/* NULL if there is no room, or (unless it is to be made) none. The mutex is held. */
static struct watched *find(struct heads *heads, uint32_t region, bool make)
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
	watched = find(heads, region, true);
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
	watched = find(heads, peer, false);
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
	watched = find(heads, peer, false);
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

static struct span note_of(const struct seen *seen)
{
	return span_of(seen->note, seen->note_size);
}

static void see(struct seen *seen, const struct checkpoint *checkpoint, struct span note)
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
	watched = find(at->heads, at->way->peer, true);
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
	watched = find(at->heads, at->way->peer, false);
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
	    .first = note_of(from),
	    .second = note_of(to)};
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
	watched = find(at->heads, at->way->peer, false);
	/* Unfrozen, or under another epoch, in between: what was asked is of no use. */
	if (watched && watched->unfrozen_sequence == at->unfrozen_sequence) {
		adopted = watched->highest.size == base->size &&
			  hash_equal(&watched->highest.root, &base->root);
		if (!adopted) {
			*base = watched->highest;
		} else {
			if (at->shown.size >= watched->highest.size) {
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
	    .first = note_of(&at->base),
	    .second = note_of(&at->shown)};

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
	head_nonce(note_of(&at->base), salt, nonce);
	error = exchange_head_ask(at->way, nonce, &note, at->detail);
	if (error == ERROR_REFUSED || error == ERROR_MALFORMED)
		error = await(at, "it does not tell its head");
	if (!error && head_verify(buffer_span(&note), &at->key, 1, nonce, &checkpoint))
		error = await(at, "what it has told is no head under its log key");
	if (!error)
		see(&at->shown, &checkpoint, buffer_span(&note));
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
	watched = find(heads, peer, true);
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

/* Write the heads of which an entry is due, in order of region. */

static int by_region(const void *a, const void *b)
{
	uint32_t left = ((const struct watched *)a)->region,
		 right = ((const struct watched *)b)->region;

	return (left > right) - (left < right);
}

/* Is an entry of this head due at `now_ms`? `head` is the one that is booked, size 0: none. */
static bool is_due(const struct watched *watched, const struct trust_head *head, int64_t now_ms)
{
	if (watched->highest.size == 0 || watched->awaited)
		return false;
	if (head->size == 0 || strcmp(head->origin, watched->highest.origin) != 0)
		return watched->booked.size == 0;
	return watched->has_path && watched->booked.size == head->size &&
	       watched->highest.size > head->size && now_ms - head->time_ms >= HEADS_ENTRY_MS;
}

static void put_head(struct buffer *out, const struct watched *watched, bool first)
{
	size_t count = first ? 0 : watched->path.count;

	codec_put_array(out, 3);
	codec_put_uint(out, watched->region);
	codec_put_bytes(out, note_of(&watched->highest));
	codec_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		codec_put_bytes(out, hash_span(&watched->path.hashes[i]));
}

static enum error gather_one(struct txn *txn, const struct watched *watched, int64_t now_ms,
    struct buffer *parameters, size_t *count)
{
	struct trust_state state;
	struct trust_head head;
	enum error error = trust_state_get(txn, watched->region, &state);

	if (error || state.frozen || state.unfrozen_sequence != watched->unfrozen_sequence)
		return error;
	error = trust_head_get(txn, watched->region, &head);
	if (error && error != ERROR_NOT_FOUND)
		return error;
	if (is_due(watched, &head, now_ms)) {
		put_head(parameters, watched,
		    head.size == 0 || strcmp(head.origin, watched->highest.origin) != 0);
		++*count;
	}
	return ERROR_NONE;
}

static enum error gather(struct heads *heads, struct buffer *parameters, size_t *count)
{
	int64_t now_ms = node_now_ms(heads->options.node);
	struct watched *copy = malloc(sizeof heads->watched);
	struct txn *txn = NULL;
	size_t watched;
	enum error error = copy ? ERROR_NONE : ERROR_MEMORY;

	*count = 0;
	if (error)
		return error;
	pthread_mutex_lock(&heads->mutex);
	watched = heads->count;
	memcpy(copy, heads->watched, sizeof heads->watched);
	pthread_mutex_unlock(&heads->mutex);
	qsort(copy, watched, sizeof *copy, by_region);
	error = txn_begin_read(ledger_store(node_ledger(heads->options.node)), &txn);
	for (size_t i = 0; i < watched && !error; i++)
		error = gather_one(txn, &copy[i], now_ms, parameters, count);
	txn_abort(txn);
	free(copy);
	return error ? error : parameters->failed;
}

enum error heads_record(struct heads *heads, struct answer *answer)
{
	struct node_order order = {.kind = KIND_heads};
	struct buffer parameters = {0};
	size_t count;
	enum error error = gather(heads, &parameters, &count);

	memset(answer, 0, sizeof *answer);
	answer->error = error ? error : ERROR_STATE; /* nothing is due */
	if (!error && count > 0) {
		order.parameters = buffer_span(&parameters);
		order.parameter_count = count;
		error = node_order(heads->options.node, &order, answer);
	}
	buffer_free(&parameters);
	return error;
}
