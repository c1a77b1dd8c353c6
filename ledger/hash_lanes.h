/* hash_lanes.h: SHA-256 (FIPS 180-4) of sixteen short messages of one length in blocks at once, a message in each lane of the
 * processor's vectors (AVX-512). Why it stands beside libcrypto: docs/architecture.md, "Decisions". For hash.c only. Pure and
 * thread-safe. */
#ifndef SUIREN_HASH_LANES_H
#define SUIREN_HASH_LANES_H

#include "hash.h"

#define HASH_LANES 16
#define HASH_BLOCK_SIZE 64

/* Has this processor what it takes? If not, hash_lanes must not be called. */
bool hash_lanes_supported(void);
/* The hashes of HASH_LANES messages that stand `stride` bytes apart, each of `blocks` whole blocks, padding included. */
void hash_lanes(const uint8_t *messages, size_t stride, size_t blocks, struct hash *hashes);

#endif
