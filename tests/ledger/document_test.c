/* COSE_Sign1 in our one profile: against structures made elsewhere, good and bad, and against the examples of the COSE group. */
#include "document.h"
#include "testing.h"
#include "vectors.h"

static struct buffer payload_of(const char *text)
{
	struct buffer payload = {0};

	codec_put_array(&payload, 2);
	codec_put_uint(&payload, 7);
	codec_put_text(&payload, span_text(text));
	return payload;
}

static void key_of_vectors(const json_t *vectors, struct secret_key *key)
{
	struct buffer seed = vectors_hex_member(vectors, "seed_hex");
	struct buffer public = vectors_hex_member(vectors, "public_hex");
	struct hash bytes;

	memcpy(bytes.bytes, seed.data, HASH_SIZE);
	key_from_seed(&bytes, key);
	assert_memory_equal(key->public.bytes, public.data, PUBLIC_KEY_SIZE);
	buffer_free(&seed);
	buffer_free(&public);
}

static enum error read_and_verify(
    struct span bytes, const struct public_key *key, struct document *document)
{
	enum error error = document_read(bytes, document);

	return error ? error : document_verify(document, key);
}

static const json_t *case_named(const json_t *vectors, const char *name)
{
	json_t *item;
	size_t index;

	json_array_foreach(json_object_get(vectors, "cases"), index,
	    item) if (strcmp(json_string_value(json_object_get(item, "desc")), name) ==
		      0) return item;
	fail_msg("no case %s", name);
	return NULL;
}

static void the_writer_makes_the_bytes_that_another_program_made(void **state)
{
	json_t *vectors = vectors_load("cose/profile_sign1.json");
	const json_t *valid = case_named(vectors, "valid");
	struct buffer wanted = vectors_hex_member(valid, "hex");
	struct buffer payload = vectors_hex_member(valid, "payload_hex"), out = {0};
	struct secret_key key;
	struct document document;
	struct hash hash, by_hand;

	(void)state;
	key_of_vectors(vectors, &key);
	document_sign(&out, "claim", &key, buffer_span(&payload));
	assert_true(span_equal(buffer_span(&out), buffer_span(&wanted)));
	assert_good(read_and_verify(buffer_span(&wanted), &key.public, &document));
	assert_string_equal(document.name, "claim");
	assert_true(span_equal(document.payload, buffer_span(&payload)));
	assert_true(span_equal(document.whole, buffer_span(&wanted)));
	hash = document_hash(buffer_span(&wanted));
	by_hand = hash_sha256(buffer_span(&wanted));
	assert_true(hash_equal(&hash, &by_hand));
	buffer_free(&wanted);
	buffer_free(&payload);
	buffer_free(&out);
	json_decref(vectors);
}

/* The name in the content type is for the caller to compare (tests/vectors/README.md). */
static bool accepted(struct span bytes, const struct public_key *key)
{
	struct document document;

	return read_and_verify(bytes, key, &document) == ERROR_NONE &&
	       strcmp(document.name, "claim") == 0;
}

static void each_case_of_the_profile_has_its_verdict(void **state)
{
	json_t *vectors = vectors_load("cose/profile_sign1.json"), *item;
	struct secret_key key;
	size_t index, good = 0;

	(void)state;
	key_of_vectors(vectors, &key);
	assert_int_equal(json_array_size(json_object_get(vectors, "cases")), 36);
	json_array_foreach(json_object_get(vectors, "cases"), index, item)
	{
		struct buffer bytes = vectors_hex_member(item, "hex");
		bool wanted = json_is_true(json_object_get(item, "accept"));

		if (accepted(buffer_span(&bytes), &key.public) != wanted)
			fail_msg("%s", json_string_value(json_object_get(item, "desc")));
		good += wanted;
		buffer_free(&bytes);
	}
	assert_int_equal(good, 2);
	json_decref(vectors);
}

/* Other algorithms, unprotected headers, other content types: all good COSE for others, none of it in our profile. */
static void the_examples_of_the_cose_group_are_outside_our_profile(void **state)
{
	static const char *const files[] = {"eddsa-sig-01", "sign-pass-01", "sign-pass-02",
	    "sign-pass-03", "sign-fail-01", "sign-fail-02", "sign-fail-03", "sign-fail-04",
	    "sign-fail-06", "sign-fail-07"};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct document document;
		char path[64];
		json_t *example;
		struct buffer bytes;

		snprintf(path, sizeof path, "cose/%s.json", files[i]);
		example = vectors_load(path);
		bytes = vectors_hex_member(json_object_get(example, "output"), "cbor");
		assert_true(bytes.size > 64);
		assert_error(document_read(buffer_span(&bytes), &document), ERROR_MALFORMED);
		buffer_free(&bytes);
		json_decref(example);
	}
}

/* What is signed, put together by hand, must verify under the published EdDSA example: the same Sig_structure, the same key. */
static void the_signed_structure_is_that_of_the_cose_groups_eddsa_example(void **state)
{
	json_t *example = vectors_load("cose/eddsa-sig-01.json");
	const json_t *key_part =
	    json_object_get(json_object_get(json_object_get(example, "input"), "sign0"), "key");
	struct buffer seed = vectors_hex_member(key_part, "d_hex");
	struct buffer wanted =
	    vectors_hex_member(json_object_get(example, "intermediates"), "ToBeSign_hex");
	struct buffer cose = vectors_hex_member(json_object_get(example, "output"), "cbor");
	struct buffer made = {0};
	struct codec_reader reader = codec_reader(buffer_span(&cose));
	struct span protected_bytes, payload;
	struct signature theirs, ours;
	struct secret_key key;
	struct hash bytes;

	(void)state;
	memcpy(bytes.bytes, seed.data, HASH_SIZE);
	key_from_seed(&bytes, &key);
	codec_tag(&reader, 18);
	codec_array_exact(&reader, 4);
	protected_bytes = codec_bytes(&reader);
	codec_item(&reader);
	payload = codec_bytes(&reader);
	codec_bytes_exact(&reader, theirs.bytes, SIGNATURE_SIZE);
	assert_good(codec_finish(&reader));
	codec_put_array(&made, 4);
	codec_put_text(&made, span_text("Signature1"));
	codec_put_bytes(&made, protected_bytes);
	codec_put_bytes(&made, (struct span){NULL, 0});
	codec_put_bytes(&made, payload);
	assert_true(span_equal(buffer_span(&made), buffer_span(&wanted)));
	key_sign(&key, buffer_span(&made), &ours);
	assert_memory_equal(ours.bytes, theirs.bytes, SIGNATURE_SIZE);
	buffer_free(&seed);
	buffer_free(&wanted);
	buffer_free(&cose);
	buffer_free(&made);
	json_decref(example);
}

static void any_changed_bit_of_a_document_is_refused(void **state)
{
	struct buffer payload = payload_of("bed 12"), out = {0};
	struct hash seed = {{5}};
	struct secret_key key;

	(void)state;
	key_from_seed(&seed, &key);
	document_sign(&out, "order", &key, buffer_span(&payload));
	for (size_t bit = 0; bit < 8 * out.size; bit++) {
		struct document document;

		out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (read_and_verify(buffer_span(&out), &key.public, &document) == ERROR_NONE)
			fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
		out.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t size = 0; size < out.size; size++) {
		struct document document;

		assert_error(document_read(span_of(out.data, size), &document), ERROR_MALFORMED);
	}
	buffer_free(&payload);
	buffer_free(&out);
}

static void a_document_of_another_key_says_so_before_its_signature_is_looked_at(void **state)
{
	struct buffer payload = payload_of("x"), out = {0};
	struct hash seeds[2] = {{{5}}, {{6}}};
	struct secret_key key, other;
	struct document document;

	(void)state;
	key_from_seed(&seeds[0], &key);
	key_from_seed(&seeds[1], &other);
	document_sign(&out, "order", &key, buffer_span(&payload));
	assert_good(document_read(buffer_span(&out), &document));
	assert_error(document_verify(&document, &other.public), ERROR_UNKNOWN_KEY);
	document.signature.bytes[0] ^= 1;
	assert_error(document_verify(&document, &key.public), ERROR_SIGNATURE);
	buffer_free(&payload);
	buffer_free(&out);
}

struct protected_header {
	int64_t keys[3]; /* 1, 3, 4 in our profile */
	int64_t algorithm;
	const char *type;
};

/* A COSE_Sign1 with any such header, rightly signed. */
static struct buffer sign_with(const struct secret_key *key, const struct protected_header *header)
{
	struct buffer protected_bytes = {0}, to_sign = {0}, out = {0};
	struct key_id id = key_id(&key->public);
	struct signature signature;

	codec_put_map(&protected_bytes, 3);
	codec_put_int(&protected_bytes, header->keys[0]);
	codec_put_int(&protected_bytes, header->algorithm);
	codec_put_int(&protected_bytes, header->keys[1]);
	codec_put_text(&protected_bytes, span_text(header->type));
	codec_put_int(&protected_bytes, header->keys[2]);
	codec_put_bytes(&protected_bytes, span_of(id.bytes, KEY_ID_SIZE));
	codec_put_array(&to_sign, 4);
	codec_put_text(&to_sign, span_text("Signature1"));
	codec_put_bytes(&to_sign, buffer_span(&protected_bytes));
	codec_put_bytes(&to_sign, (struct span){NULL, 0});
	codec_put_bytes(&to_sign, span_text("\x01"));
	key_sign(key, buffer_span(&to_sign), &signature);
	codec_put_tag(&out, 18);
	codec_put_array(&out, 4);
	codec_put_bytes(&out, buffer_span(&protected_bytes));
	codec_put_map(&out, 0);
	codec_put_bytes(&out, span_text("\x01"));
	codec_put_bytes(&out, span_of(signature.bytes, SIGNATURE_SIZE));
	buffer_free(&protected_bytes);
	buffer_free(&to_sign);
	return out;
}

#define TYPE(name) "application/vnd.suiren." name "+cbor"

static void content_types_are_ours_and_named_by_letters_and_underscores(void **state)
{
	static const struct {
		const char *type, *name;
	} cases[] = {{TYPE("a"), "a"}, {TYPE("window_statement"), "window_statement"},
	    {TYPE("abcdefghijklmnopqrstuvwxyz_abcd"), "abcdefghijklmnopqrstuvwxyz_abcd"},
	    {TYPE("abcdefghijklmnopqrstuvwxyz_abcde"), NULL}, {TYPE(""), NULL},
	    {TYPE("Claim"), NULL}, {TYPE("claim1"), NULL}, {TYPE("cl aim"), NULL},
	    {TYPE("claim+cbor"), NULL}, {TYPE("claim.x"), NULL},
	    {"application/vnd.suiren.claim+json", NULL}, {"application/vnd.other.claim+cbor", NULL},
	    {"application/cbor", NULL}, {"", NULL}, {"application/vnd.suiren.+cbo", NULL}};
	struct hash seed = {{5}};
	struct secret_key key;

	(void)state;
	key_from_seed(&seed, &key);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out =
		    sign_with(&key, &(struct protected_header){{1, 3, 4}, -8, cases[i].type});
		struct document document;
		enum error error = read_and_verify(buffer_span(&out), &key.public, &document);

		if (error != (cases[i].name ? ERROR_NONE : ERROR_MALFORMED))
			fail_msg("%s: %s", cases[i].type, error_name(error));
		if (cases[i].name)
			assert_string_equal(document.name, cases[i].name);
		buffer_free(&out);
	}
}

static void only_algorithm_content_type_and_key_id_stand_in_the_header(void **state)
{
	static const struct protected_header headers[] = {{{1, 3, 5}, -8, TYPE("claim")},
	    {{1, 2, 4}, -8, TYPE("claim")}, {{0, 3, 4}, -8, TYPE("claim")},
	    {{2, 3, 4}, -8, TYPE("claim")}, {{1, 3, -1}, -8, TYPE("claim")},
	    {{1, 3, 4}, -7, TYPE("claim")}, {{1, 3, 4}, -9, TYPE("claim")},
	    {{1, 3, 4}, 8, TYPE("claim")}, {{1, 3, 4}, 7, TYPE("claim")}};
	struct hash seed = {{5}};
	struct secret_key key;

	(void)state;
	key_from_seed(&seed, &key);
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		struct buffer out = sign_with(&key, &headers[i]);
		struct document document;

		assert_error(document_read(buffer_span(&out), &document), ERROR_MALFORMED);
		buffer_free(&out);
	}
}

static void a_document_beyond_the_limit_is_refused_unread(void **state)
{
	uint8_t *bytes = calloc(1, DOCUMENT_SIZE_MAX + 1);
	struct document document;

	(void)state;
	assert_non_null(bytes);
	assert_error(
	    document_read(span_of(bytes, DOCUMENT_SIZE_MAX + 1), &document), ERROR_TOO_LARGE);
	assert_error(document_read(span_of(bytes, DOCUMENT_SIZE_MAX), &document), ERROR_MALFORMED);
	free(bytes);
}

static int prepare(void **state)
{
	(void)state;
	return key_library_init() != ERROR_NONE;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_writer_makes_the_bytes_that_another_program_made),
	    cmocka_unit_test(each_case_of_the_profile_has_its_verdict),
	    cmocka_unit_test(the_examples_of_the_cose_group_are_outside_our_profile),
	    cmocka_unit_test(the_signed_structure_is_that_of_the_cose_groups_eddsa_example),
	    cmocka_unit_test(any_changed_bit_of_a_document_is_refused),
	    cmocka_unit_test(a_document_of_another_key_says_so_before_its_signature_is_looked_at),
	    cmocka_unit_test(content_types_are_ours_and_named_by_letters_and_underscores),
	    cmocka_unit_test(only_algorithm_content_type_and_key_id_stand_in_the_header),
	    cmocka_unit_test(a_document_beyond_the_limit_is_refused_unread),
	};

	return cmocka_run_group_tests_name("ledger/document", tests, prepare, NULL);
}
