/* The tlog-proof text: proofs that golang.org/x/mod made, good and bad; ours are the same bytes. */
#include "testing.h"
#include "tlog_proof.h"
#include "vectors.h"

struct parties {
	struct note_verifier known[3]; /* the log, two witnesses */
	struct hash leaf;
	size_t quorum;
};

static struct span span_member(const json_t *object, const char *name)
{
	const json_t *text = json_object_get(object, name);

	assert_true(json_is_string(text));
	return span_of(json_string_value(text), json_string_length(text));
}

static void parties_of(const json_t *vectors, struct parties *parties)
{
	struct buffer entry = vectors_hex_member(vectors, "leaf_entry_hex");
	json_t *witnesses = json_object_get(vectors, "witness_vkeys");

	parties->leaf = hash_leaf(buffer_span(&entry));
	parties->quorum = (size_t)json_integer_value(json_object_get(vectors, "quorum"));
	assert_good(note_verifier_read(span_member(vectors, "log_vkey"), &parties->known[0]));
	assert_int_equal(json_array_size(witnesses), 2);
	for (size_t i = 0; i < 2; i++)
		assert_good(
		    note_verifier_read(span_text(json_string_value(json_array_get(witnesses, i))),
			&parties->known[1 + i]));
	buffer_free(&entry);
}

/* The order of formats: the text, the log's signature, the quorum of cosignatures, the path. */
static bool accepted(const struct parties *parties, struct span text)
{
	struct checkpoint checkpoint;
	struct tlog_proof proof;
	struct span signed_text;
	size_t verified;

	return tlog_proof_read(text, &proof) == ERROR_NONE &&
	       tlog_proof_verify(&proof, &parties->leaf, &parties->known[0], &checkpoint) ==
		   ERROR_NONE &&
	       note_verify(proof.note, parties->known, 3, &signed_text, &verified) == ERROR_NONE &&
	       verified >= 1 + parties->quorum;
}

static void proofs_of_another_program_have_their_verdicts(void **state)
{
	json_t *vectors = vectors_load("note/tlog_proof.json"), *item;
	struct parties parties;
	size_t index, good = 0;

	(void)state;
	parties_of(vectors, &parties);
	assert_int_equal(json_array_size(json_object_get(vectors, "cases")), 13);
	json_array_foreach(json_object_get(vectors, "cases"), index, item)
	{
		bool wanted = json_is_true(json_object_get(item, "accept"));

		if (accepted(&parties, span_member(item, "proof")) != wanted)
			fail_msg("%s", json_string_value(json_object_get(item, "desc")));
		good += wanted;
	}
	assert_int_equal(good, 2);
	json_decref(vectors);
}

static void a_proof_is_written_as_the_other_program_wrote_it(void **state)
{
	json_t *vectors = vectors_load("note/tlog_proof.json");
	struct span text =
	    span_member(json_array_get(json_object_get(vectors, "cases"), 0), "proof");
	struct tlog_proof proof;
	struct buffer out = {0};

	(void)state;
	assert_good(tlog_proof_read(text, &proof));
	assert_int_equal(proof.index, 25);
	assert_int_equal(proof.path.count, 7);
	tlog_proof_write(&out, proof.index, &proof.path, proof.note);
	assert_true(span_equal(buffer_span(&out), text));
	buffer_free(&out);
	json_decref(vectors);
}

static void any_changed_bit_of_a_proof_is_refused(void **state)
{
	json_t *vectors = vectors_load("note/tlog_proof.json");
	struct span text =
	    span_member(json_array_get(json_object_get(vectors, "cases"), 0), "proof");
	struct buffer copy = {0};
	struct parties parties;

	(void)state;
	parties_of(vectors, &parties);
	buffer_append(&copy, text);
	assert_true(accepted(&parties, buffer_span(&copy)));
	for (size_t bit = 0; bit < 8 * copy.size; bit += 3) { /* two or three of each byte */
		copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (accepted(&parties, buffer_span(&copy)))
			fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
		copy.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	parties.leaf.bytes[31] ^= 1;
	assert_false(accepted(&parties, buffer_span(&copy)));
	buffer_free(&copy);
	json_decref(vectors);
}

static void a_proof_of_too_many_hashes_or_bytes_is_refused(void **state)
{
	struct merkle_proof path = {.count = MERKLE_PROOF_MAX};
	struct buffer text = {0}, longer = {0};
	struct tlog_proof proof;
	size_t head;

	(void)state;
	memset(path.hashes, 7, sizeof path.hashes);
	tlog_proof_write(&text, INT64_MAX, &path, span_text("note"));
	assert_good(tlog_proof_read(buffer_span(&text), &proof));
	assert_int_equal(proof.path.count, MERKLE_PROOF_MAX);
	assert_true(span_equal(proof.note, span_text("note")));
	/* One line more. */
	head = strlen("c2sp.org/tlog-proof@v1\nindex 9223372036854775807\n");
	buffer_append(&longer, span_of(text.data, head + 45));
	buffer_append(&longer, span_of(text.data + head, text.size - head));
	assert_error(tlog_proof_read(buffer_span(&longer), &proof), ERROR_MALFORMED);
	buffer_clear(&text);
	tlog_proof_write(&text, 0, &path, (struct span){NULL, 0});
	memset(buffer_extend(&text, TLOG_PROOF_SIZE_MAX), 'x', TLOG_PROOF_SIZE_MAX);
	assert_error(tlog_proof_read(buffer_span(&text), &proof), ERROR_TOO_LARGE);
	buffer_free(&text);
	buffer_free(&longer);
}

static int prepare(void **state)
{
	(void)state;
	return key_library_init() != ERROR_NONE;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(proofs_of_another_program_have_their_verdicts),
	    cmocka_unit_test(a_proof_is_written_as_the_other_program_wrote_it),
	    cmocka_unit_test(any_changed_bit_of_a_proof_is_refused),
	    cmocka_unit_test(a_proof_of_too_many_hashes_or_bytes_is_refused),
	};

	return cmocka_run_group_tests_name("ledger/tlog_proof", tests, prepare, NULL);
}
