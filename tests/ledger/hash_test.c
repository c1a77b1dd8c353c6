/* Hashes against published values and against libsodium; line salts against the key stream of RFC 8439. */
#include "hash_lanes.h"
#include "testing.h"

#include <sodium.h>

static struct hash hash_of_hex(const char *hex)
{
	struct hash hash;

	assert_good(hex_read(span_text(hex), hash.bytes, HASH_SIZE));
	return hash;
}

static void assert_hash(const struct hash *given, const char *hex)
{
	struct hash wanted = hash_of_hex(hex);

	assert_memory_equal(given->bytes, wanted.bytes, HASH_SIZE);
	assert_true(hash_equal(given, &wanted));
}

/* FIPS 180-4's examples (csrc.nist.gov, "SHA256.pdf") and the well-known empty and million-a messages. */
static void sha256_gives_the_published_digests(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	struct buffer million = {0};
	struct hash hash;

	(void)state;
	hash = hash_sha256((struct span){NULL, 0});
	assert_hash(&hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hash = hash_sha256(span_text("abc"));
	assert_hash(&hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash = hash_sha256(span_text(two_blocks));
	assert_hash(&hash, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(buffer_extend(&million, 1000000), 'a', 1000000);
	hash = hash_sha256(buffer_span(&million));
	assert_hash(&hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	buffer_free(&million);
}

/* BLAKE2b with 32 bytes of output, no key: made with Python's hashlib, which carries the reference implementation. */
static void blake2b_gives_the_digests_of_another_implementation(void **state)
{
	struct hash hash = hash_blake2b((struct span){NULL, 0});
	uint8_t all[256];

	(void)state;
	assert_hash(&hash, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
	hash = hash_blake2b(span_text("abc"));
	assert_hash(&hash, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)i;
	hash = hash_blake2b(span_of(all, sizeof all));
	assert_hash(&hash, "39a7eb9fedc19aabc83425c6755dd90e6f9d0c804964a1f4aaeea3b9fb599835");
	for (size_t piece = 1; piece <= sizeof all; piece++) {
		struct hash_stream stream;

		hash_blake2b_begin(&stream);
		for (size_t at = 0; at < sizeof all; at += piece) {
			size_t left = sizeof all - at;

			hash_blake2b_more(&stream, span_of(all + at, left < piece ? left : piece));
		}
		struct hash pieces = hash_blake2b_end(&stream);
		assert_true(hash_equal(&pieces, &hash));
	}
}

/* The hash of `prefix`, `head` and `data` one after the other, by the other library. */
static struct hash by_sodium(int prefix, struct span head, struct span data)
{
	crypto_hash_sha256_state state;
	uint8_t byte = (uint8_t)prefix;
	struct hash hash;

	crypto_hash_sha256_init(&state);
	if (prefix >= 0)
		crypto_hash_sha256_update(&state, &byte, 1);
	if (head.size)
		crypto_hash_sha256_update(&state, head.data, head.size);
	if (data.size)
		crypto_hash_sha256_update(&state, data.data, data.size);
	crypto_hash_sha256_final(&state, hash.bytes);
	return hash;
}

static void leaves_and_nodes_are_hashed_as_the_other_library_hashes_them(void **state)
{
	uint64_t random = chance_seed("hash");
	uint8_t bytes[400];
	struct hash left, right;

	(void)state;
	chance_bytes(&random, bytes, sizeof bytes);
	for (size_t size = 0; size <= sizeof bytes; size++) {
		struct span data = span_of(bytes, size);
		struct hash made, wanted;

		chance_bytes(&random, left.bytes, HASH_SIZE);
		chance_bytes(&random, right.bytes, HASH_SIZE);
		made = hash_sha256(data);
		wanted = by_sodium(-1, data, (struct span){NULL, 0});
		assert_true(hash_equal(&made, &wanted));
		made = hash_leaf(data);
		wanted = by_sodium(0x00, data, (struct span){NULL, 0});
		assert_true(hash_equal(&made, &wanted));
		made =
		    hash_leaf_under(&left, data); /* below and above its short way of 128 bytes */
		wanted = by_sodium(0x00, hash_span(&left), data);
		assert_true(hash_equal(&made, &wanted));
		made = hash_node(&left, &right);
		wanted = by_sodium(0x01, hash_span(&left), hash_span(&right));
		assert_true(hash_equal(&made, &wanted));
	}
}

/* Counts below, at and above what goes through the lanes at once, with items of one, two, three and more blocks among each other. */
static void many_leaves_at_once_are_those_of_the_other_library(void **state)
{
	uint64_t random = chance_seed("leaves");
	struct hash heads[100], leaves[100];
	struct span items[100];
	uint8_t bytes[400];

	(void)state;
	chance_bytes(&random, bytes, sizeof bytes);
	for (size_t count = 0; count <= 100; count++) {
		size_t longest = chance_below(&random, 2) ? 60 : 250;

		chance_bytes(&random, (uint8_t *)heads, sizeof heads);
		for (size_t i = 0; i < count; i++) {
			size_t size = chance_below(&random, longest);

			items[i] = span_of(bytes + chance_below(&random, sizeof bytes - size), size);
		}
		hash_leaves_under(heads, items, count, leaves);
		for (size_t i = 0; i < count; i++) {
			struct hash wanted = by_sodium(0x00, hash_span(&heads[i]), items[i]);

			assert_true(hash_equal(&leaves[i], &wanted));
		}
		hash_leaves_under(heads, items, count, heads); /* in place */
		assert_memory_equal(heads, leaves, count * sizeof *heads);
	}
}

static void many_nodes_at_once_are_those_of_the_other_library(void **state)
{
	uint64_t random = chance_seed("nodes");
	struct hash children[140], parents[70];

	(void)state;
	for (size_t count = 0; count <= 70; count++) {
		chance_bytes(&random, (uint8_t *)children, sizeof children);
		hash_nodes(children, count, parents);
		for (size_t i = 0; i < count; i++) {
			struct hash wanted = by_sodium(
			    0x01, hash_span(&children[2 * i]), hash_span(&children[2 * i + 1]));

			assert_true(hash_equal(&parents[i], &wanted));
		}
		hash_nodes(children, count, children); /* in place */
		assert_memory_equal(children, parents, count * sizeof *parents);
	}
}

/* FIPS 180-4's example of two blocks, and the empty message, padded by hand, in turn in all lanes. */
static void each_lane_gives_the_published_digests(void **state)
{
	static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	static uint8_t messages[HASH_LANES][2 * HASH_BLOCK_SIZE];
	struct hash hashes[HASH_LANES];

	(void)state;
	if (!hash_lanes_supported()) {
		print_message("skipped: this processor has no AVX-512\n");
		skip();
	}
	for (size_t i = 0; i < HASH_LANES; i++) {
		memcpy(messages[i], text, 56);
		messages[i][56] = 0x80;
		messages[i][126] = 0x01; /* 448 bits */
		messages[i][127] = 0xc0;
	}
	hash_lanes(messages[0], sizeof *messages, 2, hashes);
	for (size_t i = 0; i < HASH_LANES; i++)
		assert_hash(
		    &hashes[i], "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	for (size_t lane = 0; lane < HASH_LANES; lane++) {
		memset(messages, 0xee, sizeof messages);
		memset(messages[lane], 0, HASH_BLOCK_SIZE);
		messages[lane][0] = 0x80;
		hash_lanes(messages[0], sizeof *messages, 1, hashes);
		for (size_t i = 0; i < HASH_LANES; i++) {
			if (i == lane)
				assert_hash(&hashes[i], "e3b0c44298fc1c149afbf4c8996fb924"
							"27ae41e4649b934ca495991b7852b855");
			else
				assert_false(hash_equal(&hashes[i], &hashes[lane]));
		}
	}
}

static void the_parts_of_a_hash_may_be_cut_anywhere(void **state)
{
	static const char text[] = "money follows the person";
	struct span whole = span_text(text);
	struct hash wanted = hash_sha256(whole);

	(void)state;
	for (size_t a = 0; a <= whole.size; a++) {
		for (size_t b = a; b <= whole.size; b++) {
			struct span parts[] = {span_of(text, a), span_of(text + a, b - a),
			    span_of(text + b, whole.size - b)};
			struct hash made = hash_sha256_parts(parts, 3);

			assert_true(hash_equal(&made, &wanted));
		}
	}
}

/* RFC 8439, appendix A.1: test vectors 1 and 2 are blocks 0 and 1 under the zero key, so salts 0 to 3. */
static void line_salts_are_the_key_stream_of_rfc_8439(void **state)
{
	static const char *const stream[] = {
	    "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7",
	    "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
	    "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed",
	    "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f"};
	struct hash secret = {{0}}, salts[4];

	(void)state;
	hash_line_salts(&secret, 0, 4, salts);
	for (size_t i = 0; i < 4; i++)
		assert_hash(&salts[i], stream[i]);
	/* Test vector 3: key ...01, block 1; test vector 4: key 00ff00..., block 2. */
	secret.bytes[31] = 1;
	hash_line_salts(&secret, 2, 2, salts);
	assert_hash(&salts[0], "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a");
	assert_hash(&salts[1], "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0");
	secret.bytes[31] = 0;
	secret.bytes[1] = 0xff;
	hash_line_salts(&secret, 4, 2, salts);
	assert_hash(&salts[0], "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca");
	assert_hash(&salts[1], "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096");
}

static void a_salt_is_the_same_whichever_range_it_is_asked_in(void **state)
{
	uint64_t random = chance_seed("salts");
	struct hash secret, all[101], some[101];

	(void)state;
	chance_bytes(&random, secret.bytes, HASH_SIZE);
	hash_line_salts(&secret, 0, 101, all);
	for (uint32_t first = 0; first <= 101; first++) {
		for (uint32_t count = 0; first + count <= 101; count += 1 + count / 3) {
			memset(some, 0xaa, sizeof some);
			hash_line_salts(&secret, first, count, some);
			assert_memory_equal(some, all + first, count * sizeof *some);
			if (first + count < 101) /* and nothing behind them is written */
				assert_int_equal(some[count].bytes[0], 0xaa);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sha256_gives_the_published_digests),
	    cmocka_unit_test(blake2b_gives_the_digests_of_another_implementation),
	    cmocka_unit_test(leaves_and_nodes_are_hashed_as_the_other_library_hashes_them),
	    cmocka_unit_test(many_leaves_at_once_are_those_of_the_other_library),
	    cmocka_unit_test(many_nodes_at_once_are_those_of_the_other_library),
	    cmocka_unit_test(each_lane_gives_the_published_digests),
	    cmocka_unit_test(the_parts_of_a_hash_may_be_cut_anywhere),
	    cmocka_unit_test(line_salts_are_the_key_stream_of_rfc_8439),
	    cmocka_unit_test(a_salt_is_the_same_whichever_range_it_is_asked_in),
	};

	return cmocka_run_group_tests_name("ledger/hash", tests, NULL, NULL);
}
