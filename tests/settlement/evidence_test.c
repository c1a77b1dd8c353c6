/* Evidence that a log contradicts itself: trees and notes made here, so that what is true is known; every other mixture of the same parts
 * proves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "evidence.h"

#define ORIGIN "guangyuan.suiren.example/ledger/1"
#define LEAVES 40u
#define FORKED_AT 13u /* leaves before this one are the same in both trees */

static struct secret_key log_key, other_key;
static struct note_verifier verifier;
static struct hash leaves[2][LEAVES];

static int make_keys(void **state)
{
	const struct hash seeds[2] = {{{1}}, {{2}}};

	(void)state;
	assert_int_equal(key_library_init(), ERROR_NONE);
	key_from_seed(&seeds[0], &log_key);
	key_from_seed(&seeds[1], &other_key);
	note_verifier_make(&verifier, ORIGIN, NOTE_TYPE_ED25519, &log_key.public);
	for (uint32_t tree = 0; tree < 2; tree++) {
		for (uint32_t i = 0; i < LEAVES; i++) {
			uint8_t data[8] = {0};

			be32_write(data, i);
			be32_write(data + 4, i < FORKED_AT ? 0 : tree);
			leaves[tree][i] = hash_leaf(span_of(data, sizeof data));
		}
	}
	return 0;
}

static struct hash root_of(unsigned tree, size_t size)
{
	struct hash scratch[LEAVES];

	memcpy(scratch, leaves[tree], sizeof scratch);
	return merkle_root_in_place(scratch, size);
}

/* RFC 6962, PROOF(m, D[n]) as the text defines it. */
static void subproof(
    const struct hash *data, size_t m, size_t n, bool whole, struct merkle_proof *proof)
{
	struct hash scratch[LEAVES];
	size_t k = 1;

	if (m == n) {
		if (!whole) {
			memcpy(scratch, data, n * sizeof *data);
			proof->hashes[proof->count++] = merkle_root_in_place(scratch, n);
		}
		return;
	}
	while (k * 2 < n)
		k *= 2;
	if (m <= k) {
		subproof(data, m, k, whole, proof);
		memcpy(scratch, data + k, (n - k) * sizeof *data);
		proof->hashes[proof->count++] = merkle_root_in_place(scratch, n - k);
	} else {
		subproof(data + k, m - k, n - k, false, proof);
		memcpy(scratch, data, k * sizeof *data);
		proof->hashes[proof->count++] = merkle_root_in_place(scratch, k);
	}
}

static struct merkle_proof proof_of(unsigned tree, size_t from, size_t to)
{
	struct merkle_proof proof = {.count = 0};

	subproof(leaves[tree], from, to, true, &proof);
	return proof;
}

static struct buffer head_of(unsigned tree, size_t size, const uint8_t *nonce)
{
	struct checkpoint checkpoint = {
	    .origin = ORIGIN, .size = size, .root = root_of(tree, size)};
	const uint8_t zeros[HEAD_NONCE_SIZE] = {0};
	struct buffer note = {0};

	head_sign(&note, &checkpoint, nonce ? nonce : zeros, &log_key);
	assert_int_equal(note.failed, ERROR_NONE);
	return note;
}

static enum error check(const struct evidence *evidence)
{
	struct checkpoint first, second;
	struct buffer bytes = {0};
	struct evidence read;
	enum error error;

	/* As a stranger has it: out of bytes. */
	evidence_write(&bytes, evidence);
	error = evidence_read(buffer_span(&bytes), &read);
	assert_int_equal(error, ERROR_NONE);
	error = evidence_check(&read, &verifier, 1, &first, &second, NULL);
	buffer_free(&bytes);
	return error;
}

/* All sizes: what grew in one tree is no contradiction, what grew in two is one, from the fork on. */
static void a_fork_is_proven_exactly_where_two_trees_part(void **state)
{
	(void)state;
	for (size_t from = 1; from <= LEAVES; from++) {
		for (size_t to = from; to <= LEAVES; to++) {
			struct buffer notes[2] = {head_of(0, from, NULL), head_of(0, from, NULL)};

			for (unsigned tree = 0; tree < 2; tree++) {
				struct buffer second = head_of(tree, to, NULL);
				const struct evidence evidence = {.kind = EVIDENCE_FORK,
				    .region = 510800,
				    .first = buffer_span(&notes[tree]),
				    .second = buffer_span(&second),
				    .old_root = root_of(tree, from),
				    .path = proof_of(tree, from, to)};
				bool parted = tree == 1 && from > FORKED_AT;

				assert_int_equal(
				    check(&evidence), parted ? ERROR_NONE : ERROR_NOT_VERIFIED);
				buffer_free(&second);
			}
			buffer_free(&notes[0]);
			buffer_free(&notes[1]);
		}
	}
}

/* Whoever would frame an honest city has its notes and can make up the rest. */
static void made_up_hashes_frame_nobody(void **state)
{
	struct buffer first = head_of(0, 8, NULL), second = head_of(0, 30, NULL);
	const struct evidence honest = {.kind = EVIDENCE_FORK,
	    .region = 510800,
	    .first = buffer_span(&first),
	    .second = buffer_span(&second),
	    .old_root = root_of(0, 8),
	    .path = proof_of(0, 8, 30)};

	(void)state;
	for (unsigned at = 0; at <= honest.path.count; at++) {
		for (unsigned bit = 0; bit < 256; bit += 5) {
			struct evidence forged = honest;
			struct hash *hash =
			    at == 0 ? &forged.old_root : &forged.path.hashes[at - 1];

			hash->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(check(&forged), ERROR_NOT_VERIFIED);
		}
	}
	struct evidence forged = honest;
	forged.path.count = 0;
	assert_int_equal(check(&forged), ERROR_NOT_VERIFIED);
	forged = honest;
	forged.path = proof_of(1, 8, 30);
	forged.old_root = root_of(1, 8);
	assert_int_equal(check(&forged), ERROR_NOT_VERIFIED);
	forged = honest;
	forged.first = honest.second;
	forged.second = honest.first;
	assert_int_equal(check(&forged), ERROR_NOT_VERIFIED);
	buffer_free(&first);
	buffer_free(&second);
}

static void a_rollback_is_proven_by_a_nonce_that_was_made_of_the_larger_head(void **state)
{
	const uint8_t salt[HEAD_NONCE_SIZE] = {7, 7, 7};
	uint8_t nonce[HEAD_NONCE_SIZE];
	struct buffer large = head_of(0, 30, NULL), other = head_of(0, 31, NULL), small, equal;

	(void)state;
	head_nonce(buffer_span(&large), salt, nonce);
	small = head_of(0, 29, nonce);
	equal = head_of(0, 30, nonce);
	struct evidence evidence = {.kind = EVIDENCE_ROLLBACK,
	    .region = 510800,
	    .first = buffer_span(&large),
	    .second = buffer_span(&small)};
	memcpy(evidence.salt, salt, sizeof salt);
	assert_int_equal(check(&evidence), ERROR_NONE);
	/* Not smaller: nothing. */
	evidence.second = buffer_span(&equal);
	assert_int_equal(check(&evidence), ERROR_NOT_VERIFIED);
	/* The nonce says nothing of another head, however large: that may have been signed later. */
	evidence.second = buffer_span(&small);
	evidence.first = buffer_span(&other);
	assert_int_equal(check(&evidence), ERROR_NOT_VERIFIED);
	evidence.first = buffer_span(&large);
	evidence.salt[0] ^= 1;
	assert_int_equal(check(&evidence), ERROR_NOT_VERIFIED);
	evidence.salt[0] ^= 1;
	evidence.kind = EVIDENCE_FORK;
	assert_int_equal(check(&evidence), ERROR_NOT_VERIFIED);
	buffer_free(&large);
	buffer_free(&other);
	buffer_free(&small);
	buffer_free(&equal);
}

/* H by hand: the domain, the salt, the note. */
static void a_nonce_is_the_hash_that_the_format_tells(void **state)
{
	const uint8_t salt[HEAD_NONCE_SIZE] = {1, 2, 3};
	struct buffer all = {0};
	uint8_t nonce[HEAD_NONCE_SIZE];
	struct hash expected;

	(void)state;
	buffer_append_text(&all, "suiren head nonce v1\n");
	buffer_append(&all, span_of(salt, sizeof salt));
	buffer_append_text(&all, "note");
	expected = hash_sha256(buffer_span(&all));
	head_nonce(span_text("note"), salt, nonce);
	assert_memory_equal(nonce, expected.bytes, sizeof nonce);
	buffer_free(&all);
}

static void only_the_logs_own_key_origin_and_nonce_make_a_head(void **state)
{
	const uint8_t nonce[HEAD_NONCE_SIZE] = {9}, other_nonce[HEAD_NONCE_SIZE] = {8};
	struct buffer head = head_of(0, 5, nonce), foreign = {0}, elsewhere = {0};
	struct checkpoint checkpoint = {.origin = ORIGIN, .size = 5, .root = root_of(0, 5)}, read;

	(void)state;
	assert_int_equal(head_verify(buffer_span(&head), &verifier, 1, nonce, &read), ERROR_NONE);
	assert_int_equal(read.size, 5);
	assert_int_equal(
	    head_verify(buffer_span(&head), &verifier, 1, other_nonce, &read), ERROR_MISMATCH);
	head_sign(&foreign, &checkpoint, nonce, &other_key);
	assert_int_equal(
	    head_verify(buffer_span(&foreign), &verifier, 1, nonce, &read), ERROR_UNKNOWN_KEY);
	snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", "elsewhere/ledger/1");
	head_sign(&elsewhere, &checkpoint, nonce, &log_key);
	assert_int_not_equal(
	    head_verify(buffer_span(&elsewhere), &verifier, 1, nonce, &read), ERROR_NONE);
	for (size_t i = 0; i < head.size; i++) {
		head.data[i] ^= 0x01;
		assert_int_not_equal(
		    head_verify(buffer_span(&head), &verifier, 1, nonce, &read), ERROR_NONE);
		head.data[i] ^= 0x01;
	}
	buffer_free(&head);
	buffer_free(&foreign);
	buffer_free(&elsewhere);
}

static void evidence_that_is_cut_or_lengthened_is_malformed(void **state)
{
	struct buffer first = head_of(0, 20, NULL), second = head_of(1, 30, NULL), bytes = {0};
	const struct evidence evidence = {.kind = EVIDENCE_FORK,
	    .region = 510800,
	    .first = buffer_span(&first),
	    .second = buffer_span(&second),
	    .old_root = root_of(1, 20),
	    .path = proof_of(1, 20, 30)};
	struct evidence read;

	(void)state;
	assert_int_equal(check(&evidence), ERROR_NONE);
	evidence_write(&bytes, &evidence);
	for (size_t size = 0; size < bytes.size; size++)
		assert_int_equal(evidence_read(span_of(bytes.data, size), &read), ERROR_MALFORMED);
	codec_put_null(&bytes);
	assert_int_equal(evidence_read(buffer_span(&bytes), &read), ERROR_MALFORMED);
	buffer_free(&first);
	buffer_free(&second);
	buffer_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_fork_is_proven_exactly_where_two_trees_part),
	    cmocka_unit_test(made_up_hashes_frame_nobody),
	    cmocka_unit_test(a_rollback_is_proven_by_a_nonce_that_was_made_of_the_larger_head),
	    cmocka_unit_test(a_nonce_is_the_hash_that_the_format_tells),
	    cmocka_unit_test(only_the_logs_own_key_origin_and_nonce_make_a_head),
	    cmocka_unit_test(evidence_that_is_cut_or_lengthened_is_malformed),
	};

	return cmocka_run_group_tests_name("settlement/evidence", tests, make_keys, NULL);
}
