#include "merkle.h"

#include <assert.h>
#include <string.h>

enum error merkle_append(struct merkle_frontier *frontier, const struct hash *leaf,
    merkle_write_node *write, void *context)
{
	struct hash hash = *leaf;
	uint64_t index = frontier->size;
	unsigned level = 0, count = frontier->count;
	enum error error = write ? write(context, 0, index, &hash) : ERROR_NONE;

	/* As in binary addition: each trailing one of the size is a complete subtree that this leaf joins. */
	for (; !error && (index >> level & 1); level++) {
		hash = hash_node(&frontier->hashes[--count], &hash);
		if (write)
			error = write(context, level + 1, index >> (level + 1), &hash);
	}
	if (error)
		return error;
	frontier->hashes[count++] = hash;
	frontier->count = count;
	frontier->size++;
	return ERROR_NONE;
}

struct hash merkle_frontier_root(const struct merkle_frontier *frontier)
{
	struct hash root;

	if (frontier->count == 0)
		return hash_sha256((struct span){NULL, 0});
	root = frontier->hashes[frontier->count - 1];
	for (unsigned i = frontier->count - 1; i > 0; i--)
		root = hash_node(&frontier->hashes[i - 1], &root);
	return root;
}

struct hash merkle_root_in_place(struct hash *leaves, size_t count)
{
	if (count == 0)
		return hash_sha256((struct span){NULL, 0});
	/* Level by level; an odd last node moves up as it is, which is the same tree as splitting at powers of two. */
	while (count > 1) {
		size_t pairs = count / 2;

		hash_nodes(leaves, pairs, leaves);
		if (count % 2)
			leaves[pairs] = leaves[count - 1];
		count = pairs + count % 2;
	}
	return leaves[0];
}

/* Root over leaves [first, first+count) in memory, by a frontier. */
static struct hash memory_root(const struct hash *leaves, uint64_t first, uint64_t count)
{
	struct merkle_frontier frontier = {.size = 0};

	for (uint64_t i = 0; i < count; i++) {
		enum error error = merkle_append(&frontier, &leaves[first + i], NULL, NULL);
		assert(!error);
		(void)error;
	}
	return merkle_frontier_root(&frontier);
}

/* Largest power of two below n > 1. */
static uint64_t split_of(uint64_t n)
{
	assert(n > 1);
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static void reverse(struct merkle_proof *proof)
{
	for (size_t i = 0; i < proof->count / 2; i++) {
		struct hash hash = proof->hashes[i];
		proof->hashes[i] = proof->hashes[proof->count - 1 - i];
		proof->hashes[proof->count - 1 - i] = hash;
	}
}

enum error merkle_prove_in_memory(
    const struct hash *leaves, size_t count, size_t index, struct merkle_proof *proof)
{
	uint64_t first = 0, n = count;

	proof->count = 0;
	if (index >= count)
		return ERROR_RANGE;
	while (n > 1) {
		uint64_t k = split_of(n);

		assert(proof->count < MERKLE_PROOF_MAX);
		if (index - first < k) {
			proof->hashes[proof->count++] = memory_root(leaves, first + k, n - k);
			n = k;
		} else {
			proof->hashes[proof->count++] = memory_root(leaves, first, k);
			first += k;
			n -= k;
		}
	}
	reverse(proof);
	return ERROR_NONE;
}

/* Root over [first, first+count), where `first` is a multiple of the power of two at or above `count`: made of complete subtrees. */
static enum error range_root(
    merkle_read_node *read, void *context, uint64_t first, uint64_t count, struct hash *root)
{
	struct hash parts[64];
	unsigned used = 0;
	enum error error = ERROR_NONE;

	assert(count > 0);
	for (int level = 63; level >= 0 && !error; level--) {
		if (!(count >> level & 1))
			continue;
		error = read(context, (unsigned)level, first >> level, &parts[used++]);
		first += UINT64_C(1) << level;
	}
	if (error)
		return error;
	*root = parts[used - 1];
	for (unsigned i = used - 1; i > 0; i--)
		*root = hash_node(&parts[i - 1], root);
	return ERROR_NONE;
}

enum error merkle_root(merkle_read_node *read, void *context, uint64_t size, struct hash *root)
{
	if (size == 0) {
		*root = hash_sha256((struct span){NULL, 0});
		return ERROR_NONE;
	}
	if (size > MERKLE_SIZE_MAX)
		return ERROR_RANGE;
	return range_root(read, context, 0, size, root);
}

enum error merkle_prove_inclusion(merkle_read_node *read, void *context, uint64_t index,
    uint64_t size, struct merkle_proof *proof)
{
	uint64_t first = 0, n = size;

	proof->count = 0;
	if (index >= size || size > MERKLE_SIZE_MAX)
		return ERROR_RANGE;
	while (n > 1) {
		uint64_t k = split_of(n);
		bool is_left = index - first < k;
		enum error error =
		    is_left
			? range_root(read, context, first + k, n - k, &proof->hashes[proof->count])
			: range_root(read, context, first, k, &proof->hashes[proof->count]);

		if (error)
			return error;
		proof->count++;
		first += is_left ? 0 : k;
		n = is_left ? k : n - k;
	}
	reverse(proof);
	return ERROR_NONE;
}

enum error merkle_prove_consistency(
    merkle_read_node *read, void *context, uint64_t from, uint64_t to, struct merkle_proof *proof)
{
	uint64_t first = 0, m = from, n = to;
	bool whole =
	    true; /* the old tree is the whole left edge so far: its root is known to the verifier */
	enum error error;

	proof->count = 0;
	if (from > to || to > MERKLE_SIZE_MAX)
		return ERROR_RANGE;
	if (from == 0 || from == to)
		return ERROR_NONE;
	while (m != n) {
		uint64_t k = split_of(n);

		if (m <= k) {
			error = range_root(
			    read, context, first + k, n - k, &proof->hashes[proof->count]);
			n = k;
		} else {
			error = range_root(read, context, first, k, &proof->hashes[proof->count]);
			first += k;
			m -= k;
			n -= k;
			whole = false;
		}
		if (error)
			return error;
		proof->count++;
	}
	if (!whole) {
		error = range_root(read, context, first, n, &proof->hashes[proof->count]);
		if (error)
			return error;
		proof->count++;
	}
	reverse(proof);
	return ERROR_NONE;
}

enum error merkle_check_inclusion(uint64_t index, uint64_t size, const struct hash *leaf,
    const struct hash *path, size_t path_count, const struct hash *root)
{
	uint64_t fn = index, sn;
	struct hash r = *leaf;

	if (index >= size || path_count > MERKLE_PROOF_MAX)
		return ERROR_NOT_VERIFIED;
	sn = size - 1;
	for (size_t i = 0; i < path_count; i++) {
		if (sn == 0)
			return ERROR_NOT_VERIFIED;
		if ((fn & 1) || fn == sn) {
			r = hash_node(&path[i], &r);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			r = hash_node(&r, &path[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_equal(&r, root) ? ERROR_NONE : ERROR_NOT_VERIFIED;
}

/* from = 0: nothing to prove, but the roots given must be those of their sizes. from = to: the same root. */
static enum error check_trivial(
    uint64_t from, uint64_t to, const struct hash *from_root, const struct hash *to_root)
{
	struct hash empty = hash_sha256((struct span){NULL, 0});

	if (from == 0 && !hash_equal(from_root, &empty))
		return ERROR_NOT_VERIFIED;
	if (from == to && !hash_equal(from_root, to_root))
		return ERROR_NOT_VERIFIED;
	return ERROR_NONE;
}

enum error merkle_check_consistency(uint64_t from, uint64_t to, const struct hash *from_root,
    const struct hash *to_root, const struct hash *path, size_t path_count)
{
	uint64_t fn, sn;
	struct hash fr, sr;
	size_t i = 0;

	if (from > to || path_count > MERKLE_PROOF_MAX)
		return ERROR_NOT_VERIFIED;
	if (from == 0 || from == to)
		return path_count ? ERROR_NOT_VERIFIED
				  : check_trivial(from, to, from_root, to_root);
	if (path_count == 0)
		return ERROR_NOT_VERIFIED;
	fn = from - 1;
	sn = to - 1;
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	/* A power of two is itself a node of the new tree: the proof leaves it out. */
	fr = sr = (from & (from - 1)) == 0 ? *from_root : path[i++];
	for (; i < path_count; i++) {
		if (sn == 0)
			return ERROR_NOT_VERIFIED;
		if ((fn & 1) || fn == sn) {
			fr = hash_node(&path[i], &fr);
			sr = hash_node(&path[i], &sr);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			sr = hash_node(&sr, &path[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_equal(&fr, from_root) && hash_equal(&sr, to_root)
		   ? ERROR_NONE
		   : ERROR_NOT_VERIFIED;
}
