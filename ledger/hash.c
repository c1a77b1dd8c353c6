/* libcrypto's low-level SHA-256 is deprecated in OpenSSL 3 but is the one without a call's overhead of the order of a 65-byte hash; it is
 * used in this file only. */
#define OPENSSL_API_COMPAT 0x10100000L
#define OPENSSL_SUPPRESS_DEPRECATED

#include "hash_lanes.h"

#include <assert.h>
#include <string.h>

#include <openssl/sha.h>
#include <sodium.h>

_Static_assert(HASH_SIZE == SHA256_DIGEST_LENGTH && HASH_BLOCK_SIZE == SHA256_CBLOCK, "SHA-256");
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

/* A message of at most this many bytes is hashed from where it was put together, with its padding (FIPS 180-4, 5.1.1) written here: nearly
 * every leaf and every node is one, and the library's own way costs a copy into its context and a wipe of it for each. */
#define SHORT_BLOCKS 3
#define SHORT_MAX (SHORT_BLOCKS * HASH_BLOCK_SIZE - 9)
#define NODE_BLOCKS 2
/* From so many messages on the lanes are quicker than one message after the other, even if some of them are idle. */
#define LANES_WORTH 7

struct short_message {
	_Alignas(HASH_BLOCK_SIZE) uint8_t bytes[SHORT_BLOCKS * HASH_BLOCK_SIZE];
};

/* With its padding. */
static size_t blocks_of(size_t size)
{
	return (size + 9 + HASH_BLOCK_SIZE - 1) / HASH_BLOCK_SIZE;
}

/* Returns the number of blocks. */
static size_t pad(struct short_message *message, size_t size)
{
	size_t blocks = blocks_of(size);
	size_t padded = blocks * HASH_BLOCK_SIZE;

	assert(size <= SHORT_MAX);
	message->bytes[size] = 0x80;
	memset(message->bytes + size + 1, 0, padded - size - 1);
	be32_write(message->bytes + padded - 4, (uint32_t)size * 8);
	return blocks;
}

static struct hash hash_padded(const struct short_message *message, size_t blocks)
{
	struct hash hash;
	SHA256_CTX context;

	SHA256_Init(&context);
	SHA256_Update(&context, message->bytes, blocks * HASH_BLOCK_SIZE);
	for (size_t i = 0; i < 8; i++)
		be32_write(hash.bytes + 4 * i, context.h[i]);
	return hash;
}

/* Hash `count` padded messages of as many blocks; all HASH_LANES of `hashes` may be written. */
static void hash_batch(
    struct short_message *messages, size_t count, size_t blocks, struct hash *hashes)
{
	if (count < LANES_WORTH || !hash_lanes_supported()) {
		for (size_t i = 0; i < count; i++)
			hashes[i] = hash_padded(&messages[i], blocks);
		return;
	}
	for (size_t i = count; i < HASH_LANES; i++)
		memset(messages[i].bytes, 0, blocks * HASH_BLOCK_SIZE);
	hash_lanes(messages->bytes, sizeof *messages, blocks, hashes);
}

/* Returns the number of blocks. */
static size_t write_leaf(struct short_message *message, const struct hash *head, struct span data)
{
	message->bytes[0] = 0x00;
	memcpy(message->bytes + 1, head->bytes, HASH_SIZE);
	if (data.size)
		memcpy(message->bytes + 1 + HASH_SIZE, data.data, data.size);
	return pad(message, 1 + HASH_SIZE + data.size);
}

static void write_children(struct short_message *message, const struct hash *children)
{
	message->bytes[0] = 0x01;
	memcpy(message->bytes + 1, children, 2 * HASH_SIZE);
}

struct hash hash_leaf_under(const struct hash *head, struct span data)
{
	static const uint8_t prefix[1] = {0x00};
	struct short_message message;
	size_t blocks;

	if (1 + HASH_SIZE + data.size > SHORT_MAX)
		return hash_sha256_parts(
		    (const struct span[]){{prefix, 1}, hash_span(head), data}, 3);
	blocks = write_leaf(&message, head, data);
	return hash_padded(&message, blocks);
}

/* Messages of one length in blocks that are to be hashed together, and where their hashes belong. */
struct batch {
	struct short_message messages[HASH_LANES];
	struct hash *places[HASH_LANES];
	size_t count;
};

static void flush(struct batch *batch, size_t blocks)
{
	struct hash hashes[HASH_LANES];

	hash_batch(batch->messages, batch->count, blocks, hashes);
	for (size_t i = 0; i < batch->count; i++)
		*batch->places[i] = hashes[i];
	batch->count = 0;
}

void hash_leaves_under(
    const struct hash *heads, const struct span *items, size_t count, struct hash *leaves)
{
	struct batch batches[SHORT_BLOCKS];

	for (size_t i = 0; i < SHORT_BLOCKS; i++)
		batches[i].count = 0;
	for (size_t i = 0; i < count; i++) {
		size_t blocks = blocks_of(1 + HASH_SIZE + items[i].size);
		struct batch *batch;

		if (blocks > SHORT_BLOCKS) {
			leaves[i] = hash_leaf_under(&heads[i], items[i]);
			continue;
		}
		batch = &batches[blocks - 1];
		write_leaf(&batch->messages[batch->count], &heads[i], items[i]);
		batch->places[batch->count++] = &leaves[i];
		if (batch->count == HASH_LANES)
			flush(batch, blocks);
	}
	for (size_t i = 0; i < SHORT_BLOCKS; i++)
		flush(&batches[i], i + 1);
}

struct hash hash_node(const struct hash *left, const struct hash *right)
{
	struct short_message message;

	write_children(&message, (const struct hash[]){*left, *right});
	pad(&message, 1 + 2 * HASH_SIZE);
	return hash_padded(&message, NODE_BLOCKS);
}

void hash_nodes(const struct hash *children, size_t count, struct hash *parents)
{
	struct short_message messages[HASH_LANES];
	struct hash hashes[HASH_LANES];

	for (size_t i = 0; i < HASH_LANES && i < count; i++)
		pad(&messages[i], 1 + 2 * HASH_SIZE);
	for (size_t at = 0; at < count; at += HASH_LANES) {
		size_t n = count - at < HASH_LANES ? count - at : HASH_LANES;

		for (size_t i = 0; i < n; i++)
			write_children(&messages[i], &children[2 * (at + i)]);
		hash_batch(messages, n, NODE_BLOCKS, hashes);
		memcpy(&parents[at], hashes, n * sizeof *hashes);
	}
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
