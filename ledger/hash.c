/* libcrypto's low-level SHA-256 is deprecated in OpenSSL 3 but is the one without a call's overhead of the order of a 65-byte hash; it is
 * used in this file only. */
#define OPENSSL_API_COMPAT 0x10100000L
#define OPENSSL_SUPPRESS_DEPRECATED

#include "hash.h"

#include <assert.h>
#include <string.h>

#include <openssl/sha.h>
#include <sodium.h>

_Static_assert(HASH_SIZE == SHA256_DIGEST_LENGTH, "SHA-256");
_Static_assert(HASH_SIZE == crypto_generichash_BYTES, "BLAKE2b-256");
_Static_assert(HASH_SIZE == crypto_stream_chacha20_ietf_KEYBYTES, "line secrets are ChaCha20 keys");

struct hash hash_sha256(struct span data)
{
	return hash_sha256_parts(&data, 1);
}

struct hash hash_sha256_parts(const struct span *parts, size_t count)
{
	struct hash hash;
	SHA256_CTX context;

	SHA256_Init(&context);
	for (size_t i = 0; i < count; i++)
		SHA256_Update(&context, parts[i].data, parts[i].size);
	SHA256_Final(hash.bytes, &context);
	return hash;
}

struct hash hash_leaf(struct span data)
{
	static const uint8_t prefix[1] = {0x00};

	return hash_sha256_parts((const struct span[]){{prefix, 1}, data}, 2);
}

/* A message of at most this many bytes is hashed from the stack, with its padding (FIPS 180-4, 5.1.1) written here: nearly every leaf and
 * every node is one, and the library's own way costs a copy into its context and a wipe of it for each. */
#define SHORT_BLOCKS 3
#define SHORT_MAX (SHORT_BLOCKS * SHA256_CBLOCK - 9)

struct short_message {
	uint8_t bytes[SHORT_BLOCKS * SHA256_CBLOCK];
};

static struct hash short_hash(struct short_message *message, size_t size)
{
	size_t padded = (size + 9 + SHA256_CBLOCK - 1) / SHA256_CBLOCK * SHA256_CBLOCK;
	struct hash hash;
	SHA256_CTX context;

	assert(size <= SHORT_MAX);
	message->bytes[size] = 0x80;
	memset(message->bytes + size + 1, 0, padded - size - 1);
	be32_write(message->bytes + padded - 4, (uint32_t)size * 8);
	SHA256_Init(&context);
	SHA256_Update(&context, message->bytes, padded);
	for (size_t i = 0; i < 8; i++)
		be32_write(hash.bytes + 4 * i, context.h[i]);
	return hash;
}

struct hash hash_leaf_under(const struct hash *head, struct span data)
{
	struct short_message message;

	message.bytes[0] = 0x00;
	if (1 + HASH_SIZE + data.size > SHORT_MAX)
		return hash_sha256_parts(
		    (const struct span[]){{message.bytes, 1}, hash_span(head), data}, 3);
	memcpy(message.bytes + 1, head->bytes, HASH_SIZE);
	if (data.size)
		memcpy(message.bytes + 1 + HASH_SIZE, data.data, data.size);
	return short_hash(&message, 1 + HASH_SIZE + data.size);
}

struct hash hash_node(const struct hash *left, const struct hash *right)
{
	struct short_message message;

	message.bytes[0] = 0x01;
	memcpy(message.bytes + 1, left->bytes, HASH_SIZE);
	memcpy(message.bytes + 1 + HASH_SIZE, right->bytes, HASH_SIZE);
	return short_hash(&message, 1 + 2 * HASH_SIZE);
}

struct hash hash_blake2b(struct span data)
{
	struct hash hash;

	crypto_generichash(hash.bytes, HASH_SIZE, data.data, data.size, NULL, 0);
	return hash;
}

_Static_assert(sizeof(struct hash_stream) >= sizeof(crypto_generichash_state) &&
		   _Alignof(struct hash_stream) >= _Alignof(crypto_generichash_state),
    "a stream holds libsodium's state");

void hash_blake2b_begin(struct hash_stream *stream)
{
	crypto_generichash_init((crypto_generichash_state *)stream->state, NULL, 0, HASH_SIZE);
}

void hash_blake2b_more(struct hash_stream *stream, struct span data)
{
	crypto_generichash_update((crypto_generichash_state *)stream->state, data.data, data.size);
}

struct hash hash_blake2b_end(struct hash_stream *stream)
{
	struct hash hash;

	crypto_generichash_final((crypto_generichash_state *)stream->state, hash.bytes, HASH_SIZE);
	return hash;
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
	return memcmp(a->bytes, b->bytes, HASH_SIZE) == 0;
}

struct span hash_span(const struct hash *hash)
{
	return (struct span){hash->bytes, HASH_SIZE};
}

void hash_line_salts(const struct hash *secret, uint32_t first, uint32_t count, struct hash *salts)
{
	static const uint8_t nonce[crypto_stream_chacha20_ietf_NONCEBYTES];

	if (count == 0)
		return;
	/* Two salts a 64-byte ChaCha20 block: an odd start begins in the middle of one. */
	if (first % 2) {
		uint8_t block[64] = {0};
		crypto_stream_chacha20_ietf_xor_ic(
		    block, block, sizeof block, nonce, first / 2, secret->bytes);
		memcpy(salts->bytes, block + HASH_SIZE, HASH_SIZE);
		first++, salts++, count--;
	}
	memset(salts, 0, (size_t)count * HASH_SIZE);
	crypto_stream_chacha20_ietf_xor_ic(
	    salts->bytes, salts->bytes, (size_t)count * HASH_SIZE, nonce, first / 2, secret->bytes);
}
