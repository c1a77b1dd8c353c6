/* The Merkle tree against the published proofs of transparency-dev/merkle and against RFC 6962's own recursive definition. */
#include "merkle.h"
#include "testing.h"
#include "vectors.h"

/* --- RFC 6962, section 2.1, word by word ------------------------------------------------------------------- */

#define LEAVES 300u

/* MTH(D[first : first+count]); each is made once. */
static struct hash mth_made[LEAVES][LEAVES + 1];
static bool mth_known[LEAVES][LEAVES + 1];

static size_t largest_power_below(size_t n)
{
	size_t k = 1;

	while (2 * k < n)
		k *= 2;
	return k;
}

static struct hash leaf_of(size_t index)
{
	char text[40];

	snprintf(text, sizeof text, "entry %zu", index);
	return hash_leaf(span_text(text));
}

static struct hash mth(size_t first, size_t count)
{
	struct hash left, right;
	size_t k;

	if (count == 0)
		return hash_sha256((struct span){NULL, 0});
	if (mth_known[first][count])
		return mth_made[first][count];
	if (count == 1) {
		mth_made[first][count] = leaf_of(first);
	} else {
		k = largest_power_below(count);
		left = mth(first, k);
		right = mth(first + k, count - k);
		mth_made[first][count] = hash_node(&left, &right);
	}
	mth_known[first][count] = true;
	return mth_made[first][count];
}

static void add(struct merkle_proof *proof, struct hash hash)
{
	assert_true(proof->count < MERKLE_PROOF_MAX);
	proof->hashes[proof->count++] = hash;
}

/* PATH(m, D[first : first+n]) */
static void path(size_t m, size_t first, size_t n, struct merkle_proof *proof)
{
	size_t k;

	if (n == 1)
		return;
	k = largest_power_below(n);
	if (m < k) {
		path(m, first, k, proof);
		add(proof, mth(first + k, n - k));
	} else {
		path(m - k, first + k, n - k, proof);
		add(proof, mth(first, k));
	}
}

/* SUBPROOF(m, D[first : first+n], b) */
static void subproof(size_t m, size_t first, size_t n, bool b, struct merkle_proof *proof)
{
	size_t k;

	if (m == n) {
		if (!b)
			add(proof, mth(first, n));
		return;
	}
	k = largest_power_below(n);
	if (m <= k) {
		subproof(m, first, k, b, proof);
		add(proof, mth(first + k, n - k));
	} else {
		subproof(m - k, first + k, n - k, false, proof);
		add(proof, mth(first, k));
	}
}

static void assert_same_proof(const struct merkle_proof *a, const struct merkle_proof *b)
{
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->hashes, b->hashes, a->count * sizeof a->hashes[0]);
}

/* --- a stored tree ----------------------------------------------------------------------------------------- */

#define LEVELS 9

struct tree {
	struct merkle_frontier frontier;
	struct hash nodes[LEVELS][LEAVES];
	bool written[LEVELS][LEAVES];
	uint64_t
	    readable;     /* reads behind this leaf fail: they would look past the size asked for */
	enum error fault; /* what every read fails with */
};

static enum error write_node(void *context, unsigned level, uint64_t index, const struct hash *hash)
{
	struct tree *tree = context;
	struct hash wanted;

	assert_true(level < LEVELS && index < LEAVES);
	assert_false(tree->written[level][index]); /* each node once, when it is complete */
	wanted = mth((size_t)index << level, (size_t)1 << level);
	assert_true(hash_equal(hash, &wanted));
	tree->nodes[level][index] = *hash;
	tree->written[level][index] = true;
	return ERROR_NONE;
}

static enum error read_node(void *context, unsigned level, uint64_t index, struct hash *hash)
{
	struct tree *tree = context;

	if (tree->fault)
		return tree->fault;
	assert_true(level < LEVELS && index < LEAVES && tree->written[level][index]);
	assert_true((index + 1) << level <= tree->readable);
	*hash = tree->nodes[level][index];
	return ERROR_NONE;
}

static struct tree tree;

static int make_tree(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEAVES; i++) {
		struct hash leaf = leaf_of(i);

		if (merkle_append(&tree.frontier, &leaf, write_node, &tree))
			return 1;
	}
	tree.readable = LEAVES;
	return 0;
}

/* --- roots ------------------------------------------------------------------------------------------------- */

static void roots_are_those_of_the_certificate_transparency_leaves(void **state)
{
	json_t *vectors = vectors_load("merkle/rfc6962_reference.json");
	json_t *inputs = json_object_get(vectors, "leaf_inputs_hex");
	json_t *roots = json_object_get(vectors, "roots_by_size_hex");
	struct merkle_frontier frontier = {.size = 0};
	struct hash leaves[8], scratch[8];

	(void)state;
	assert_int_equal(json_array_size(roots), 9);
	for (size_t size = 0; size <= 8; size++) {
		struct buffer wanted = vectors_hex(json_array_get(roots, size));
		struct hash root = merkle_frontier_root(&frontier);

		assert_memory_equal(root.bytes, wanted.data, HASH_SIZE);
		memcpy(scratch, leaves, size * sizeof *leaves);
		root = merkle_root_in_place(scratch, size);
		assert_memory_equal(root.bytes, wanted.data, HASH_SIZE);
		buffer_free(&wanted);
		if (size < 8) {
			struct buffer input = vectors_hex(json_array_get(inputs, size));

			leaves[size] = hash_leaf(buffer_span(&input));
			assert_good(merkle_append(&frontier, &leaves[size], NULL, NULL));
			buffer_free(&input);
		}
	}
	json_decref(vectors);
}

static void every_way_to_a_root_gives_that_of_the_definition(void **state)
{
	struct merkle_frontier frontier = {.size = 0};
	static struct hash leaves[LEAVES], scratch[LEAVES];

	(void)state;
	for (size_t size = 0; size <= LEAVES; size++) {
		struct hash wanted = mth(0, size), root = merkle_frontier_root(&frontier);

		assert_true(hash_equal(&root, &wanted));
		assert_int_equal(frontier.count, __builtin_popcountll(size));
		memcpy(scratch, leaves, sizeof leaves);
		root = merkle_root_in_place(scratch, size);
		assert_true(hash_equal(&root, &wanted));
		tree.readable = size;
		assert_good(merkle_root(read_node, &tree, size, &root));
		assert_true(hash_equal(&root, &wanted));
		if (size < LEAVES) {
			leaves[size] = leaf_of(size);
			assert_good(merkle_append(&frontier, &leaves[size], NULL, NULL));
		}
	}
	/* All complete subtrees were written, and nothing else. */
	for (unsigned level = 0; level < LEVELS; level++)
		for (size_t i = 0; i < LEAVES; i++)
			assert_int_equal(tree.written[level][i], (i + 1) << level <= LEAVES);
}

/* --- inclusion --------------------------------------------------------------------------------------------- */

static void inclusion_proofs_are_those_of_the_definition_and_verify(void **state)
{
	static struct hash leaves[LEAVES];

	(void)state;
	for (size_t i = 0; i < LEAVES; i++)
		leaves[i] = leaf_of(i);
	for (size_t size = 1; size <= LEAVES; size++) {
		struct hash root = mth(0, size);

		tree.readable = size;
		for (size_t index = 0; index < size; index++) {
			struct merkle_proof wanted = {.count = 0}, proof;

			path(index, 0, size, &wanted);
			assert_good(merkle_prove_inclusion(read_node, &tree, index, size, &proof));
			assert_same_proof(&proof, &wanted);
			assert_good(merkle_check_inclusion(
			    index, size, &leaves[index], proof.hashes, proof.count, &root));
			if (size > 70 && size % 23)
				continue; /* in memory every path hashes the whole tree */
			assert_good(merkle_prove_in_memory(leaves, size, index, &proof));
			assert_same_proof(&proof, &wanted);
		}
	}
}

static bool included(size_t index, size_t size, const struct hash *leaf,
    const struct merkle_proof *proof, const struct hash *root)
{
	return merkle_check_inclusion(index, size, leaf, proof->hashes, proof->count, root) ==
	       ERROR_NONE;
}

static struct merkle_proof without(const struct merkle_proof *proof, size_t at)
{
	struct merkle_proof cut = *proof;

	memmove(cut.hashes + at, cut.hashes + at + 1, (cut.count - at - 1) * sizeof *cut.hashes);
	cut.count--;
	return cut;
}

static struct merkle_proof with(const struct merkle_proof *proof, size_t at, struct hash hash)
{
	struct merkle_proof longer = *proof;

	memmove(longer.hashes + at + 1, longer.hashes + at,
	    (longer.count - at) * sizeof *longer.hashes);
	longer.hashes[at] = hash;
	longer.count++;
	return longer;
}

/* Whatever is changed in a good proof, it is refused: each element, its place, their number, index, leaf and root. */
static void refuse_altered_inclusion(size_t index, size_t size)
{
	struct hash leaf = leaf_of(index), root = mth(0, size), other = leaf_of(LEAVES + 1);
	struct merkle_proof proof = {.count = 0}, altered;

	path(index, 0, size, &proof);
	assert_true(included(index, size, &leaf, &proof, &root));
	assert_false(included(index, size, &other, &proof, &root));
	assert_false(included(index, size, &leaf, &proof, &other));
	assert_false(included(size, size, &leaf, &proof, &root));
	assert_false(included(index, 0, &leaf, &proof, &root));
	for (size_t wrong = 0; wrong < size; wrong++)
		assert_int_equal(included(wrong, size, &leaf, &proof, &root), wrong == index);
	for (size_t i = 0; i <= proof.count; i++) {
		altered = with(&proof, i, other);
		assert_false(included(index, size, &leaf, &altered, &root));
		altered = with(&proof, i, root);
		assert_false(included(index, size, &leaf, &altered, &root));
		altered = with(&proof, i, proof.hashes[0]);
		assert_false(proof.count && included(index, size, &leaf, &altered, &root));
	}
	for (size_t i = 0; i < proof.count; i++) {
		altered = without(&proof, i);
		assert_false(included(index, size, &leaf, &altered, &root));
		altered = proof;
		altered.hashes[i].bytes[(index + i) % HASH_SIZE] ^= (uint8_t)(1u << i % 8);
		assert_false(included(index, size, &leaf, &altered, &root));
		if (i == 0)
			continue;
		altered = proof;
		altered.hashes[i] = proof.hashes[i - 1];
		altered.hashes[i - 1] = proof.hashes[i];
		assert_false(included(index, size, &leaf, &altered, &root));
	}
	/* A tree whose path to this leaf has another length. */
	for (size_t wrong = index + 1; wrong <= LEAVES; wrong++) {
		struct merkle_proof there = {.count = 0};

		path(index, 0, wrong, &there);
		if (there.count != proof.count)
			assert_false(included(index, wrong, &leaf, &proof, &root));
	}
}

static void altered_inclusion_proofs_are_refused(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 40; size++)
		for (size_t index = 0; index < size; index++)
			refuse_altered_inclusion(index, size);
	refuse_altered_inclusion(0, LEAVES);
	refuse_altered_inclusion(255, 256);
	refuse_altered_inclusion(256, 257);
	refuse_altered_inclusion(LEAVES - 1, LEAVES);
}

/* --- consistency ------------------------------------------------------------------------------------------- */

static void consistency_proofs_are_those_of_the_definition_and_verify(void **state)
{
	(void)state;
	for (size_t to = 0; to <= LEAVES; to++) {
		struct hash root = mth(0, to);

		tree.readable = to;
		for (size_t from = 0; from <= to; from++) {
			struct merkle_proof wanted = {.count = 0}, proof;
			struct hash from_root = mth(0, from);

			if (from > 0)
				subproof(from, 0, to, true, &wanted);
			assert_good(merkle_prove_consistency(read_node, &tree, from, to, &proof));
			assert_same_proof(&proof, &wanted);
			assert_good(merkle_check_consistency(
			    from, to, &from_root, &root, proof.hashes, proof.count));
		}
	}
}

static bool consistent(size_t from, size_t to, const struct hash *from_root,
    const struct hash *to_root, const struct merkle_proof *proof)
{
	return merkle_check_consistency(
		   from, to, from_root, to_root, proof->hashes, proof->count) == ERROR_NONE;
}

static void refuse_altered_consistency(size_t from, size_t to)
{
	struct hash a = mth(0, from), b = mth(0, to), other = leaf_of(LEAVES + 1);
	struct merkle_proof proof = {.count = 0}, altered;

	if (from > 0)
		subproof(from, 0, to, true, &proof);
	assert_true(consistent(from, to, &a, &b, &proof));
	assert_false(consistent(from, to, &other, &b, &proof));
	/* From the empty tree every tree grows: its root is then not proved, only taken. */
	assert_int_equal(consistent(from, to, &a, &other, &proof), from == 0 && to > 0);
	assert_int_equal(consistent(from, to, &b, &a, &proof), from == to);
	assert_false(from != to && consistent(to, from, &b, &a, &proof));
	for (size_t i = 0; i <= proof.count; i++) {
		altered = with(&proof, i, other);
		assert_false(consistent(from, to, &a, &b, &altered));
		altered = with(&proof, i, a);
		assert_false(consistent(from, to, &a, &b, &altered));
	}
	for (size_t i = 0; i < proof.count; i++) {
		altered = without(&proof, i);
		assert_false(consistent(from, to, &a, &b, &altered));
		altered = proof;
		altered.hashes[i].bytes[(to + i) % HASH_SIZE] ^= (uint8_t)(1u << i % 8);
		assert_false(consistent(from, to, &a, &b, &altered));
		if (i == 0)
			continue;
		altered = proof;
		altered.hashes[i] = proof.hashes[i - 1];
		altered.hashes[i - 1] = proof.hashes[i];
		assert_false(consistent(from, to, &a, &b, &altered));
	}
	/* A log that rewrote one old entry: no elements taken from the two trees join them. */
	for (size_t wrong = 1; wrong < to && from > 0 && from < to; wrong++)
		if (wrong != from)
			assert_false(consistent(wrong, to, &a, &b, &proof));
}

static void altered_consistency_proofs_are_refused(void **state)
{
	(void)state;
	for (size_t to = 0; to <= 40; to++)
		for (size_t from = 0; from <= to; from++)
			refuse_altered_consistency(from, to);
	refuse_altered_consistency(1, LEAVES);
	refuse_altered_consistency(255, 256);
	refuse_altered_consistency(256, 257);
	refuse_altered_consistency(LEAVES - 1, LEAVES);
}

/* --- published proofs -------------------------------------------------------------------------------------- */

/* A number that may be as large as 2^64-1: it came as a real. */
static uint64_t size_member(const json_t *object, const char *name)
{
	double value = json_real_value(json_object_get(object, name));

	return value >= 18446744073709551615.0 ? UINT64_MAX : (uint64_t)value;
}

/* `whole` becomes false if it is not 32 bytes long: then it is filled with zeros, or cut. */
static struct hash hash_member(const json_t *value, bool *whole)
{
	struct buffer bytes = {0};
	struct hash hash = {{0}};

	if (value && !json_is_null(value))
		bytes = vectors_base64(value);
	*whole = *whole && bytes.size == HASH_SIZE;
	if (bytes.size)
		memcpy(hash.bytes, bytes.data, bytes.size < HASH_SIZE ? bytes.size : HASH_SIZE);
	buffer_free(&bytes);
	return hash;
}

static struct merkle_proof proof_member(const json_t *object, bool *whole)
{
	struct merkle_proof proof = {.count = 0};
	json_t *element;
	size_t index;

	json_array_foreach(json_object_get(object, "proof"), index, element)
	    add(&proof, hash_member(element, whole));
	return proof;
}

static void published_inclusion_proofs_have_their_verdicts(void **state)
{
	json_t *vectors = vectors_load_reals("merkle/inclusion.json"), *item;
	size_t index, good = 0;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(vectors, "cases")), 98);
	json_array_foreach(json_object_get(vectors, "cases"), index, item)
	{
		/* A hash of another length does not get past our readers (tests/vectors/README.md). */
		bool whole = true;
		struct merkle_proof proof = proof_member(item, &whole);
		struct hash root = hash_member(json_object_get(item, "root"), &whole);
		struct hash leaf = hash_member(json_object_get(item, "leafHash"), &whole);
		enum error error = merkle_check_inclusion(size_member(item, "leafIdx"),
		    size_member(item, "treeSize"), &leaf, proof.hashes, proof.count, &root);
		bool accepted = whole && !error;

		if (accepted == json_is_true(json_object_get(item, "wantErr")))
			fail_msg("%s", json_string_value(json_object_get(item, "file")));
		good += accepted;
	}
	assert_int_equal(good, 6);
	json_decref(vectors);
}

static void published_consistency_proofs_have_their_verdicts(void **state)
{
	/* The source refuses every proof from an empty tree; we take the empty one (tests/vectors/README.md). */
	static const char ours[] =
	    "consistency/additional/size1-is-zero-and-size2-is-not-zero.json";
	json_t *vectors = vectors_load_reals("merkle/consistency.json"), *item;
	size_t index, good = 0;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(vectors, "cases")), 98);
	json_array_foreach(json_object_get(vectors, "cases"), index, item)
	{
		const char *file = json_string_value(json_object_get(item, "file"));
		bool whole = true, any_length = true;
		struct merkle_proof proof = proof_member(item, &whole);
		/* Some cases have short texts for roots; filled up they stand for themselves. */
		struct hash a = hash_member(json_object_get(item, "root1"), &any_length);
		struct hash b = hash_member(json_object_get(item, "root2"), &any_length);
		enum error error = merkle_check_consistency(size_member(item, "size1"),
		    size_member(item, "size2"), &a, &b, proof.hashes, proof.count);
		bool accepted = whole && !error;
		bool wanted =
		    !json_is_true(json_object_get(item, "wantErr")) || strcmp(file, ours) == 0;

		if (accepted != wanted)
			fail_msg("%s", file);
		good += accepted;
	}
	assert_int_equal(good, 6 + 1);
	json_decref(vectors);
}

/* --- borders ----------------------------------------------------------------------------------------------- */

/* A tree of any size whose leaves are all the same: a node's hash depends on its level only. */
struct uniform {
	struct hash levels[64];
};

static enum error read_uniform(void *context, unsigned level, uint64_t index, struct hash *hash)
{
	const struct uniform *uniform = context;

	assert_true(level < 64 && index < UINT64_C(1) << (63 - level));
	*hash = uniform->levels[level];
	return ERROR_NONE;
}

static struct hash uniform_root(const struct uniform *uniform, uint64_t size)
{
	struct hash right;
	unsigned level = 63 - (unsigned)__builtin_clzll(size);

	if (size == UINT64_C(1) << level)
		return uniform->levels[level];
	right = uniform_root(uniform, size - (UINT64_C(1) << level));
	return hash_node(&uniform->levels[level], &right);
}

static void check_large(struct uniform *uniform, uint64_t from, uint64_t to)
{
	struct hash a = uniform_root(uniform, from), b = uniform_root(uniform, to), root;
	struct merkle_proof proof;

	assert_good(merkle_root(read_uniform, uniform, to, &root));
	assert_true(hash_equal(&root, &b));
	assert_good(merkle_prove_inclusion(read_uniform, uniform, from - 1, to, &proof));
	assert_true(proof.count <= MERKLE_PROOF_MAX);
	assert_good(merkle_check_inclusion(
	    from - 1, to, &uniform->levels[0], proof.hashes, proof.count, &b));
	assert_good(merkle_prove_consistency(read_uniform, uniform, from, to, &proof));
	assert_true(proof.count <= MERKLE_PROOF_MAX);
	assert_good(merkle_check_consistency(from, to, &a, &b, proof.hashes, proof.count));
}

static void proofs_of_the_largest_trees_fit(void **state)
{
	uint64_t random = chance_seed("merkle"), max = MERKLE_SIZE_MAX;
	struct uniform uniform;
	struct merkle_proof proof;
	struct hash root;

	(void)state;
	uniform.levels[0] = leaf_of(0);
	for (unsigned i = 1; i < 64; i++)
		uniform.levels[i] = hash_node(&uniform.levels[i - 1], &uniform.levels[i - 1]);
	check_large(&uniform, max - 1, max); /* the longest of all: 63 */
	check_large(&uniform, max, max);
	check_large(&uniform, 1, max);
	check_large(&uniform, (max >> 1) - 1, (max >> 1) + 1);
	for (int i = 0; i < 2000; i++) {
		uint64_t to =
		    1 + (chance(&random) & (max - 1)) % (max >> chance_below(&random, 60));

		check_large(&uniform, 1 + chance_below(&random, to), to);
	}
	assert_error(merkle_prove_consistency(read_uniform, &uniform, max - 1, max + 1, &proof),
	    ERROR_RANGE);
	assert_error(
	    merkle_prove_inclusion(read_uniform, &uniform, 0, max + 1, &proof), ERROR_RANGE);
	assert_error(merkle_root(read_uniform, &uniform, max + 1, &root), ERROR_RANGE);
}

static void what_is_not_in_the_tree_is_out_of_range(void **state)
{
	struct hash leaf = leaf_of(0);
	struct merkle_proof proof;

	(void)state;
	tree.readable = LEAVES;
	assert_error(merkle_prove_inclusion(read_node, &tree, 5, 5, &proof), ERROR_RANGE);
	assert_error(merkle_prove_inclusion(read_node, &tree, 0, 0, &proof), ERROR_RANGE);
	assert_error(merkle_prove_in_memory(&leaf, 1, 1, &proof), ERROR_RANGE);
	assert_error(merkle_prove_in_memory(NULL, 0, 0, &proof), ERROR_RANGE);
	assert_error(merkle_prove_consistency(read_node, &tree, 6, 5, &proof), ERROR_RANGE);
}

static enum error write_fails(
    void *context, unsigned level, uint64_t index, const struct hash *hash)
{
	(void)context;
	(void)index;
	(void)hash;
	return level == 1 ? ERROR_DISK_FULL : ERROR_NONE;
}

static void a_store_that_fails_is_reported_as_it_failed(void **state)
{
	struct merkle_frontier frontier = {.size = 0};
	struct hash leaf = leaf_of(0), root;
	struct merkle_proof proof;

	(void)state;
	tree.readable = LEAVES;
	tree.fault = ERROR_IO;
	assert_error(merkle_root(read_node, &tree, 7, &root), ERROR_IO);
	assert_error(merkle_prove_inclusion(read_node, &tree, 3, 7, &proof), ERROR_IO);
	assert_error(merkle_prove_consistency(read_node, &tree, 3, 7, &proof), ERROR_IO);
	tree.fault = ERROR_NONE;
	assert_good(merkle_append(&frontier, &leaf, write_fails, NULL));
	assert_error(merkle_append(&frontier, &leaf, write_fails, NULL), ERROR_DISK_FULL);
	/* The tree in memory is as it was, and goes on. */
	root = merkle_frontier_root(&frontier);
	assert_int_equal(frontier.size, 1);
	assert_true(hash_equal(&root, &leaf));
	assert_good(merkle_append(&frontier, &leaf, NULL, NULL));
	root = merkle_frontier_root(&frontier);
	leaf = hash_node(&leaf, &leaf);
	assert_true(hash_equal(&root, &leaf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(roots_are_those_of_the_certificate_transparency_leaves),
	    cmocka_unit_test(every_way_to_a_root_gives_that_of_the_definition),
	    cmocka_unit_test(inclusion_proofs_are_those_of_the_definition_and_verify),
	    cmocka_unit_test(altered_inclusion_proofs_are_refused),
	    cmocka_unit_test(consistency_proofs_are_those_of_the_definition_and_verify),
	    cmocka_unit_test(altered_consistency_proofs_are_refused),
	    cmocka_unit_test(published_inclusion_proofs_have_their_verdicts),
	    cmocka_unit_test(published_consistency_proofs_have_their_verdicts),
	    cmocka_unit_test(proofs_of_the_largest_trees_fit),
	    cmocka_unit_test(what_is_not_in_the_tree_is_out_of_range),
	    cmocka_unit_test(a_store_that_fails_is_reported_as_it_failed),
	};

	return cmocka_run_group_tests_name("ledger/merkle", tests, make_tree, NULL);
}
