/* Ed25519 against RFC 8032 and Project Wycheproof; key files. */
#include "key.h"
#include "testing.h"
#include "vectors.h"

#include <fcntl.h>
#include <sys/stat.h>

static void keys_and_signatures_are_those_of_rfc_8032(void **state)
{
	json_t *vectors = vectors_load("ed25519/rfc8032.json"), *item;
	size_t index;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(vectors, "cases")), 4);
	json_array_foreach(json_object_get(vectors, "cases"), index, item)
	{
		struct buffer seed = vectors_hex_member(item, "seed");
		struct buffer public = vectors_hex_member(item, "public");
		struct buffer message = vectors_hex_member(item, "message");
		struct buffer wanted = vectors_hex_member(item, "signature");
		struct signature signature;
		struct secret_key key;
		struct hash bytes;

		memcpy(bytes.bytes, seed.data, HASH_SIZE);
		key_from_seed(&bytes, &key);
		assert_memory_equal(key.public.bytes, public.data, PUBLIC_KEY_SIZE);
		key_sign(&key, buffer_span(&message), &signature);
		assert_memory_equal(signature.bytes, wanted.data, SIGNATURE_SIZE);
		assert_good(key_verify(&key.public, buffer_span(&message), &signature));
		buffer_free(&seed);
		buffer_free(&public);
		buffer_free(&message);
		buffer_free(&wanted);
	}
	json_decref(vectors);
}

/* A signature of another length than 64 bytes never gets as far as key_verify: the readers of documents and notes refuse it. */
static bool verifies(const struct public_key *key, struct span message, struct span bytes)
{
	struct signature signature;

	if (bytes.size != SIGNATURE_SIZE)
		return false;
	memcpy(signature.bytes, bytes.data, SIGNATURE_SIZE);
	return key_verify(key, message, &signature) == ERROR_NONE;
}

static void every_case_of_wycheproof_has_its_verdict(void **state)
{
	json_t *vectors = vectors_load("ed25519/wycheproof_ed25519_test.json"), *group, *item;
	size_t g, i, cases = 0, valid = 0;

	(void)state;
	json_array_foreach(json_object_get(vectors, "testGroups"), g, group)
	{
		struct buffer pk = vectors_hex_member(json_object_get(group, "publicKey"), "pk");
		struct public_key key;

		assert_int_equal(pk.size, PUBLIC_KEY_SIZE);
		memcpy(key.bytes, pk.data, PUBLIC_KEY_SIZE);
		json_array_foreach(json_object_get(group, "tests"), i, item)
		{
			struct buffer message = vectors_hex_member(item, "msg");
			struct buffer signature = vectors_hex_member(item, "sig");
			const char *result = json_string_value(json_object_get(item, "result"));

			if (verifies(&key, buffer_span(&message), buffer_span(&signature)) !=
			    (strcmp(result, "valid") == 0))
				fail_msg("tcId %lld should be %s: %s",
				    (long long)json_integer_value(json_object_get(item, "tcId")),
				    result, json_string_value(json_object_get(item, "comment")));
			valid += strcmp(result, "valid") == 0;
			cases++;
			buffer_free(&message);
			buffer_free(&signature);
		}
		buffer_free(&pk);
	}
	assert_int_equal(cases, json_integer_value(json_object_get(vectors, "numberOfTests")));
	assert_int_equal(cases, 151);
	assert_true(valid > 50 && valid < cases);
	json_decref(vectors);
}

/* The eight points of small order, and encodings of y beyond the field: under such a key anything could be made to verify. */
static void keys_of_small_order_and_keys_that_are_not_canonical_are_refused(void **state)
{
	static const char *const keys[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
	struct signature signature = {{1}}; /* R the neutral point, S zero */

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct public_key key;

		assert_good(hex_read(span_text(keys[i]), key.bytes, PUBLIC_KEY_SIZE));
		assert_error(key_verify(&key, span_text("pay"), &signature), ERROR_SIGNATURE);
	}
}

static void one_changed_bit_of_message_key_or_signature_is_refused(void **state)
{
	struct hash seed = {{42}};
	uint8_t message[] = "1,000 yuan";
	struct signature signature;
	struct secret_key key;

	(void)state;
	key_from_seed(&seed, &key);
	key_sign(&key, span_of(message, sizeof message), &signature);
	for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
		message[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_error(key_verify(&key.public, span_of(message, sizeof message), &signature),
		    ERROR_SIGNATURE);
		message[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * SIGNATURE_SIZE; bit++) {
		signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_error(key_verify(&key.public, span_of(message, sizeof message), &signature),
		    ERROR_SIGNATURE);
		signature.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * PUBLIC_KEY_SIZE; bit++) {
		struct public_key other = key.public;

		other.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_error(key_verify(&other, span_of(message, sizeof message), &signature),
		    ERROR_SIGNATURE);
	}
	assert_good(key_verify(&key.public, span_of(message, sizeof message), &signature));
}

static void a_key_id_is_the_head_of_the_keys_hash(void **state)
{
	json_t *vectors = vectors_load("cose/profile_sign1.json");
	struct buffer public = vectors_hex_member(vectors, "public_hex");
	struct buffer wanted = vectors_hex_member(vectors, "kid_hex");
	struct public_key key;
	struct key_id id;

	(void)state;
	memcpy(key.bytes, public.data, PUBLIC_KEY_SIZE);
	id = key_id(&key);
	assert_memory_equal(id.bytes, wanted.data, KEY_ID_SIZE);
	buffer_free(&public);
	buffer_free(&wanted);
	json_decref(vectors);
}

static void generated_keys_differ_and_a_wiped_key_is_gone(void **state)
{
	static const struct secret_key zeros;
	struct secret_key a, b;

	(void)state;
	key_generate(&a);
	key_generate(&b);
	assert_memory_not_equal(&a, &b, sizeof a);
	key_wipe(&a);
	assert_memory_equal(&a, &zeros, sizeof a);
}

/* --- files ------------------------------------------------------------------------------------------------- */

struct key_folder {
	char folder[300], path[340];
};

static void key_folder_make(struct key_folder *place)
{
	folder_make(place->folder);
	snprintf(place->path, sizeof place->path, "%s/log.key", place->folder);
}

static void put_file(const char *path, const char *text, size_t size, mode_t mode)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, text, size), (ssize_t)size);
	assert_int_equal(fchmod(file, mode), 0);
	assert_int_equal(close(file), 0);
}

static void a_key_file_is_one_line_for_its_owner_alone_and_is_never_overwritten(void **state)
{
	struct hash seed = {{1, 2, 3, 0xfe}}, back;
	struct error_detail detail = {""};
	struct secret_key key, wanted;
	struct key_folder place;
	struct stat status;
	char line[128] = "";
	FILE *file;

	(void)state;
	key_folder_make(&place);
	assert_good(key_file_write(place.path, "log", &seed, &detail));
	assert_int_equal(stat(place.path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	file = fopen(place.path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof line, file));
	assert_int_equal(fgetc(file), EOF);
	fclose(file);
	assert_string_equal(line,
	    "suiren-key-1 log 010203fe00000000000000000000000000000000000000000000000000000000\n");
	assert_good(key_file_read(place.path, "log", &key, &back, &detail));
	key_from_seed(&seed, &wanted);
	assert_memory_equal(&key, &wanted, sizeof key);
	assert_true(hash_equal(&back, &seed));
	assert_good(key_file_read(place.path, "log", &key, NULL, &detail));
	seed.bytes[0] = 9;
	assert_error(key_file_write(place.path, "log", &seed, &detail), ERROR_EXISTS);
	assert_non_null(strstr(detail.text, place.path));
	assert_good(key_file_read(place.path, "log", &key, NULL, &detail));
	assert_memory_equal(&key, &wanted, sizeof key);
	folder_remove(place.folder);
}

static void a_key_file_that_others_may_read_or_of_another_kind_is_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0660, 0644, 0601, 0610};
	struct error_detail detail = {""};
	struct hash seed = {{7}};
	struct secret_key key;
	struct key_folder place;

	(void)state;
	key_folder_make(&place);
	assert_error(key_file_read(place.path, "log", &key, NULL, &detail), ERROR_NOT_FOUND);
	assert_good(key_file_write(place.path, "log", &seed, &detail));
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_int_equal(chmod(place.path, modes[i]), 0);
		assert_error(
		    key_file_read(place.path, "log", &key, NULL, &detail), ERROR_PERMISSION);
	}
	assert_non_null(strstr(detail.text, "chmod 600"));
	assert_int_equal(chmod(place.path, 0400), 0);
	assert_good(key_file_read(place.path, "log", &key, NULL, &detail));
	assert_error(key_file_read(place.path, "root", &key, NULL, &detail), ERROR_MISMATCH);
	assert_error(key_file_read(place.path, "lo", &key, NULL, &detail), ERROR_MISMATCH);
	assert_error(key_file_read(place.folder, "log", &key, NULL, &detail), ERROR_MALFORMED);
	folder_remove(place.folder);
}

#define SEED_HEX "010203fe00000000000000000000000000000000000000000000000000000000"

static void a_file_that_is_no_key_is_refused(void **state)
{
	static const char *const texts[] = {"", "\n", "suiren-key-1 log " SEED_HEX,
	    "suiren-key-2 log " SEED_HEX "\n", "suiren-key-1 log\n", "suiren-key-1 \n",
	    "suiren-key-1 log " SEED_HEX "\n\n", "suiren-key-1 log " SEED_HEX "00\n",
	    "suiren-key-1 log 0" SEED_HEX "\n", "suiren-key-1 log  " SEED_HEX "\n",
	    "suiren-key-1 log " SEED_HEX " \n", "suiren-key-1 log " SEED_HEX "\r\n",
	    "suiren-key-1 log 010203FE00000000000000000000000000000000000000000000000000000000\n",
	    "suiren-key-1 log 010203\n", "suiren-key-1 log " SEED_HEX ".",
	    " suiren-key-1 log " SEED_HEX "\n"};
	struct error_detail detail = {""};
	struct secret_key key;
	struct key_folder place;
	char large[300];

	(void)state;
	key_folder_make(&place);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		put_file(place.path, texts[i], strlen(texts[i]), 0600);
		if (key_file_read(place.path, "log", &key, NULL, &detail) != ERROR_MALFORMED)
			fail_msg("not refused as malformed: %s", texts[i]);
	}
	memset(large, 'x', sizeof large);
	put_file(place.path, large, sizeof large, 0600);
	assert_error(key_file_read(place.path, "log", &key, NULL, &detail), ERROR_MALFORMED);
	folder_remove(place.folder);
}

static int prepare(void **state)
{
	(void)state;
	return key_library_init() != ERROR_NONE;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_and_signatures_are_those_of_rfc_8032),
	    cmocka_unit_test(every_case_of_wycheproof_has_its_verdict),
	    cmocka_unit_test(keys_of_small_order_and_keys_that_are_not_canonical_are_refused),
	    cmocka_unit_test(one_changed_bit_of_message_key_or_signature_is_refused),
	    cmocka_unit_test(a_key_id_is_the_head_of_the_keys_hash),
	    cmocka_unit_test(generated_keys_differ_and_a_wiped_key_is_gone),
	    cmocka_unit_test(a_key_file_is_one_line_for_its_owner_alone_and_is_never_overwritten),
	    cmocka_unit_test(a_key_file_that_others_may_read_or_of_another_kind_is_refused),
	    cmocka_unit_test(a_file_that_is_no_key_is_refused),
	};

	return cmocka_run_group_tests_name("ledger/key", tests, prepare, NULL);
}
