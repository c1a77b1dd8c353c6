#include "noise.h"

#include <assert.h>
#include <sodium.h>

_Static_assert(NOISE_KEY_SIZE == crypto_scalarmult_BYTES, "DHLEN");
_Static_assert(NOISE_KEY_SIZE == HASH_SIZE, "keys are held as hashes");
_Static_assert(NOISE_TAG_SIZE == crypto_aead_chacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(HASH_SIZE == crypto_hash_sha256_BYTES, "HASHLEN");

static const char protocol[] = "Noise_IK_25519_ChaChaPoly_SHA256";

_Static_assert(sizeof protocol - 1 == HASH_SIZE, "the name itself is the first h (section 5.2)");

/* --- the ciphers (section 12) ------------------------------------------------------------------------ */

/* Four bytes of zeros and the counter, little-endian (section 12.3). */
static void nonce_write(
    uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES], uint64_t counter)
{
	uint64_t little = htole64(counter);

	memset(nonce, 0, 4);
	memcpy(nonce + 4, &little, sizeof little);
}

void noise_seal(
    const struct hash *key, uint64_t counter, struct span associated, uint8_t *bytes, size_t size)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	assert(counter != UINT64_MAX); /* reserved (section 5.1) */
	nonce_write(nonce, counter);
	crypto_aead_chacha20poly1305_ietf_encrypt(
	    bytes, NULL, bytes, size, associated.data, associated.size, NULL, nonce, key->bytes);
}

enum error noise_open(const struct hash *key, uint64_t counter, struct span associated,
    struct span sealed, uint8_t *bytes)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	if (sealed.size < NOISE_TAG_SIZE || counter == UINT64_MAX)
		return ERROR_SEAL;
	nonce_write(nonce, counter);
	return crypto_aead_chacha20poly1305_ietf_decrypt(bytes, NULL, NULL, sealed.data,
		   sealed.size, associated.data, associated.size, nonce, key->bytes)
		   ? ERROR_SEAL
		   : ERROR_NONE;
}

static struct hash public_of(const struct hash *secret)
{
	struct hash public;
	int failed = crypto_scalarmult_base(public.bytes, secret->bytes);

	assert(!failed);
	return public;
}

void noise_pair_make(const struct hash *secret, struct noise_pair *pair)
{
	pair->secret = *secret;
	pair->public = public_of(secret);
}

static void hmac(const struct hash *key, const struct span *parts, size_t count, struct hash *out)
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key->bytes, HASH_SIZE);
	for (size_t i = 0; i < count; i++)
		crypto_auth_hmacsha256_update(&state, parts[i].data, parts[i].size);
	crypto_auth_hmacsha256_final(&state, out->bytes);
	sodium_memzero(&state, sizeof state);
}

/* HKDF with two outputs (section 4.3). `first` may be the chaining key itself. */
static void derive(
    const struct hash *chaining_key, struct span input, struct hash *first, struct hash *second)
{
	static const uint8_t one = 0x01, two = 0x02;
	struct hash temporary;

	hmac(chaining_key, &input, 1, &temporary);
	hmac(&temporary, &(struct span){&one, 1}, 1, first);
	hmac(&temporary, (const struct span[]){hash_span(first), {&two, 1}}, 2, second);
	sodium_memzero(&temporary, sizeof temporary);
}

/* --- the symmetric state (section 5.2) --------------------------------------------------------------- */

static void mix_hash(struct noise_handshake *handshake, struct span data)
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, handshake->hash.bytes, HASH_SIZE);
	crypto_hash_sha256_update(&state, data.data, data.size);
	crypto_hash_sha256_final(&state, handshake->hash.bytes);
}

/* MixKey(DH(secret, public)). A result of zeros says nothing that an eavesdropper does not know, so it is
 * refused, as section 12.1 allows. */
static enum error mix_agreement(
    struct noise_handshake *handshake, const struct hash *secret, const struct hash *public)
{
	struct hash shared;

	if (crypto_scalarmult(shared.bytes, secret->bytes, public->bytes) ||
	    sodium_is_zero(shared.bytes, sizeof shared))
		return ERROR_RANGE;
	derive(&handshake->chaining_key, hash_span(&shared), &handshake->chaining_key,
	    &handshake->key);
	handshake->counter = 0;
	sodium_memzero(&shared, sizeof shared);
	return ERROR_NONE;
}

static void seal_and_hash(struct noise_handshake *handshake, struct span plain, uint8_t *out)
{
	if (plain.size)
		memcpy(out, plain.data, plain.size);
	noise_seal(
	    &handshake->key, handshake->counter++, hash_span(&handshake->hash), out, plain.size);
	mix_hash(handshake, span_of(out, plain.size + NOISE_TAG_SIZE));
}

static enum error open_and_hash(struct noise_handshake *handshake, struct span sealed, uint8_t *out)
{
	enum error error = noise_open(
	    &handshake->key, handshake->counter++, hash_span(&handshake->hash), sealed, out);

	if (!error)
		mix_hash(handshake, sealed);
	return error;
}

/* --- the handshake (sections 5.3 and 7.5) ------------------------------------------------------------ */

/* IK:  <- s  ...  -> e, es, s, ss  <- e, ee, se */
static void begin(struct noise_handshake *handshake, struct span prologue,
    const struct noise_pair *own, const struct hash *ephemeral_secret)
{
	memset(handshake, 0, sizeof *handshake);
	handshake->own = *own;
	handshake->ephemeral_secret = *ephemeral_secret;
	memcpy(handshake->hash.bytes, protocol, HASH_SIZE);
	handshake->chaining_key = handshake->hash;
	mix_hash(handshake, prologue);
}

void noise_initiate(struct noise_handshake *handshake, struct span prologue,
    const struct noise_pair *own, const struct hash *ephemeral_secret,
    const struct hash *remote_static)
{
	begin(handshake, prologue, own, ephemeral_secret);
	handshake->initiator = true;
	handshake->remote_static = *remote_static;
	mix_hash(handshake, hash_span(&handshake->remote_static));
}

void noise_respond(struct noise_handshake *handshake, struct span prologue,
    const struct noise_pair *own, const struct hash *ephemeral_secret)
{
	begin(handshake, prologue, own, ephemeral_secret);
	mix_hash(handshake, hash_span(&handshake->own.public));
}

/* Only who writes needs the ephemeral public key: a stranger's message 1 costs no more than reading it. */
static void write_ephemeral(struct noise_handshake *handshake, uint8_t *out)
{
	struct hash public = public_of(&handshake->ephemeral_secret);

	memcpy(out, public.bytes, NOISE_KEY_SIZE);
	mix_hash(handshake, hash_span(&public));
}

static enum error write_1(struct noise_handshake *handshake, struct span payload, uint8_t *out)
{
	enum error error;

	write_ephemeral(handshake, out);
	if ((error = mix_agreement(
		 handshake, &handshake->ephemeral_secret, &handshake->remote_static)) != ERROR_NONE)
		return error;
	out += NOISE_KEY_SIZE;
	seal_and_hash(handshake, hash_span(&handshake->own.public), out);
	if ((error = mix_agreement(handshake, &handshake->own.secret, &handshake->remote_static)) !=
	    ERROR_NONE)
		return error;
	seal_and_hash(handshake, payload, out + NOISE_KEY_SIZE + NOISE_TAG_SIZE);
	return ERROR_NONE;
}

static enum error write_2(struct noise_handshake *handshake, struct span payload, uint8_t *out)
{
	enum error error;

	write_ephemeral(handshake, out);
	if ((error = mix_agreement(handshake, &handshake->ephemeral_secret,
		 &handshake->remote_ephemeral)) != ERROR_NONE ||
	    (error = mix_agreement(
		 handshake, &handshake->ephemeral_secret, &handshake->remote_static)) != ERROR_NONE)
		return error;
	seal_and_hash(handshake, payload, out + NOISE_KEY_SIZE);
	return ERROR_NONE;
}

enum error noise_write(
    struct noise_handshake *handshake, struct span payload, struct buffer *message)
{
	bool first = handshake->messages == 0;
	size_t more = first ? NOISE_MESSAGE_1_SIZE : NOISE_MESSAGE_2_SIZE, before = message->size;
	struct noise_handshake next = *handshake;
	enum error error;
	uint8_t *out;

	assert(handshake->messages == (handshake->initiator ? 0 : 1));
	if (payload.size > NOISE_MESSAGE_MAX - more)
		return ERROR_TOO_LARGE;
	if ((out = buffer_extend(message, more + payload.size)) == NULL)
		error = ERROR_MEMORY;
	else
		error = first ? write_1(&next, payload, out) : write_2(&next, payload, out);
	if (error) {
		message->size = before;
	} else {
		next.messages++;
		*handshake = next;
	}
	noise_wipe(&next);
	return error;
}

static enum error read_1(struct noise_handshake *handshake, struct span message, uint8_t *payload)
{
	const size_t at_static = NOISE_KEY_SIZE,
		     at_payload = at_static + NOISE_KEY_SIZE + NOISE_TAG_SIZE;
	enum error error;

	memcpy(handshake->remote_ephemeral.bytes, message.data, NOISE_KEY_SIZE);
	mix_hash(handshake, hash_span(&handshake->remote_ephemeral));
	if ((error = mix_agreement(
		 handshake, &handshake->own.secret, &handshake->remote_ephemeral)) != ERROR_NONE ||
	    (error = open_and_hash(handshake,
		 span_of(message.data + at_static, at_payload - at_static),
		 handshake->remote_static.bytes)) != ERROR_NONE ||
	    (error = mix_agreement(handshake, &handshake->own.secret, &handshake->remote_static)) !=
		ERROR_NONE)
		return error;
	return open_and_hash(
	    handshake, span_of(message.data + at_payload, message.size - at_payload), payload);
}

static enum error read_2(struct noise_handshake *handshake, struct span message, uint8_t *payload)
{
	enum error error;

	memcpy(handshake->remote_ephemeral.bytes, message.data, NOISE_KEY_SIZE);
	mix_hash(handshake, hash_span(&handshake->remote_ephemeral));
	if ((error = mix_agreement(handshake, &handshake->ephemeral_secret,
		 &handshake->remote_ephemeral)) != ERROR_NONE ||
	    (error = mix_agreement(
		 handshake, &handshake->own.secret, &handshake->remote_ephemeral)) != ERROR_NONE)
		return error;
	return open_and_hash(handshake,
	    span_of(message.data + NOISE_KEY_SIZE, message.size - NOISE_KEY_SIZE), payload);
}

enum error noise_read(
    struct noise_handshake *handshake, struct span message, struct buffer *payload)
{
	bool first = handshake->messages == 0;
	size_t more = first ? NOISE_MESSAGE_1_SIZE : NOISE_MESSAGE_2_SIZE, before = payload->size;
	struct noise_handshake next = *handshake;
	enum error error;
	uint8_t *out;

	assert(handshake->messages == (handshake->initiator ? 1 : 0));
	if (message.size < more || message.size > NOISE_MESSAGE_MAX)
		return ERROR_MALFORMED;
	/* One byte more, so that an empty payload has a place, too. */
	if ((out = buffer_extend(payload, message.size - more + 1)) == NULL)
		error = ERROR_MEMORY;
	else
		error = first ? read_1(&next, message, out) : read_2(&next, message, out);
	payload->size = error ? before : before + message.size - more;
	if (!error) {
		next.messages++;
		*handshake = next;
	}
	noise_wipe(&next);
	return error;
}

void noise_split(struct noise_handshake *handshake, struct noise_keys *keys)
{
	struct hash first, second;

	assert(handshake->messages == 2);
	derive(&handshake->chaining_key, (struct span){NULL, 0}, &first, &second);
	keys->send = handshake->initiator ? first : second;
	keys->receive = handshake->initiator ? second : first;
	keys->hash = handshake->hash;
	sodium_memzero(&first, sizeof first);
	sodium_memzero(&second, sizeof second);
	noise_wipe(handshake);
}

void noise_wipe(struct noise_handshake *handshake)
{
	sodium_memzero(handshake, sizeof *handshake);
}
