/* merkle.h: the RFC 6962 Merkle tree: roots, incremental append, inclusion and consistency proofs (RFC 9162 section
 * 2.1.3-2.1.4). Pure; stored trees are reached through a node-reading callback. docs/format.md, "Merkle tree". */
#ifndef SUIREN_MERKLE_H
#define SUIREN_MERKLE_H

#include "limits.h"
#include "hash.h"

/* No proof of a tree of at most this many leaves has more than MERKLE_PROOF_MAX hashes: a consistency proof may have one more
 * than the tree has levels. */

struct merkle_proof {
	struct hash hashes[MERKLE_PROOF_MAX];
	size_t count;
};

/* Read the hash of the complete subtree `index` at `level` (0 = leaves): covers leaves [index<<level, (index+1)<<level). */
typedef enum error merkle_read_node(
    void *context, unsigned level, uint64_t index, struct hash *hash);
/* Store a node that has become complete. */
typedef enum error merkle_write_node(
    void *context, unsigned level, uint64_t index, const struct hash *hash);

/* The compact range of an incremental tree: one hash per set bit of size, highest level first. */
struct merkle_frontier {
	uint64_t size;
	struct hash hashes[64];
	unsigned count;
};

/* Add one leaf hash; `write` (may be NULL) is called for the leaf and for each completed node. */
MUST_CHECK enum error merkle_append(struct merkle_frontier *frontier, const struct hash *leaf,
    merkle_write_node *write, void *context);
struct hash merkle_frontier_root(const struct merkle_frontier *frontier);
/* Root over `count` leaf hashes; `leaves` is overwritten as scratch. count 0 gives H(""). */
struct hash merkle_root_in_place(struct hash *leaves, size_t count);
/* Root and the inclusion path of one index over leaf hashes in memory (left as they are). */
MUST_CHECK enum error merkle_prove_in_memory(
    const struct hash *leaves, size_t count, size_t index, struct merkle_proof *proof);

/* Over a stored tree of at least `size` leaves. Fails with: ERROR_RANGE (index or sizes, or more than MERKLE_SIZE_MAX leaves),
 * or what `read` fails with. */
MUST_CHECK enum error merkle_root(
    merkle_read_node *read, void *context, uint64_t size, struct hash *root);
MUST_CHECK enum error merkle_prove_inclusion(merkle_read_node *read, void *context, uint64_t index,
    uint64_t size, struct merkle_proof *proof);
MUST_CHECK enum error merkle_prove_consistency(
    merkle_read_node *read, void *context, uint64_t from, uint64_t to, struct merkle_proof *proof);

/* Fails with: ERROR_NOT_VERIFIED. */
MUST_CHECK enum error merkle_check_inclusion(uint64_t index, uint64_t size, const struct hash *leaf,
    const struct hash *path, size_t path_count, const struct hash *root);
MUST_CHECK enum error merkle_check_consistency(uint64_t from, uint64_t to,
    const struct hash *from_root, const struct hash *to_root, const struct hash *path,
    size_t path_count);

#endif
