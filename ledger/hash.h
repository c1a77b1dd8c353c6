/* hash.h: SHA-256 (FIPS 180-4, from libcrypto), BLAKE2b-256 (RFC 7693, from libsodium), the RFC 6962 leaf and node
 * hashes, and line salts. Pure and thread-safe. */
#ifndef SUIREN_HASH_H
#define SUIREN_HASH_H

#include "bytes.h"

#define HASH_SIZE 32

struct hash {
	uint8_t bytes[HASH_SIZE];
};

struct hash hash_sha256(struct span data);
/* SHA-256 over the concatenation of up to four spans. */
struct hash hash_sha256_parts(const struct span *parts, size_t count);
/* H(0x00 || data): RFC 6962 section 2.1. */
struct hash hash_leaf(struct span data);
/* H(0x00 || head || data): a line leaf (head = line salt) or a result leaf (head = line leaf). docs/format.md. */
struct hash hash_leaf_under(const struct hash *head, struct span data);
/* hash_leaf_under of each of `count` items, many at once where the processor can. `leaves` may be `heads`. */
void hash_leaves_under(
    const struct hash *heads, const struct span *items, size_t count, struct hash *leaves);
/* H(0x01 || left || right): RFC 6962 section 2.1. */
struct hash hash_node(const struct hash *left, const struct hash *right);
/* parents[i] = hash_node of children[2i] and children[2i + 1], for `count` pairs, many at once where the processor can. `parents` may be
 * `children`. */
void hash_nodes(const struct hash *children, size_t count, struct hash *parents);
struct hash hash_blake2b(struct span data);
/* The same over pieces that come one after the other: begin, any number of times more, end (once). */
struct hash_stream {
	_Alignas(64) uint8_t state[384];
};
void hash_blake2b_begin(struct hash_stream *stream);
void hash_blake2b_more(struct hash_stream *stream, struct span data);
struct hash hash_blake2b_end(struct hash_stream *stream);
bool hash_equal(const struct hash *a, const struct hash *b);
struct span hash_span(const struct hash *hash);

/* Line salts: salt i is bytes [32i, 32i+32) of the ChaCha20 (RFC 8439, nonce 0) key stream under `secret`. Writes
 * salts first .. first+count-1 to `salts`. */
void hash_line_salts(const struct hash *secret, uint32_t first, uint32_t count, struct hash *salts);

#endif
