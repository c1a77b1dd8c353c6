/* Deterministic CBOR: what RFC 8949 gives as examples, what the strict profile takes and refuses of it, and round trips. */
#include "codec.h"
#include "testing.h"
#include "vectors.h"

#include <cbor.h>

/* --- the writer -------------------------------------------------------------------------------------------- */

static void put_json(struct buffer *out, const json_t *value)
{
	const char *key;
	json_t *member;
	size_t index;

	switch (json_typeof(value)) {
	case JSON_OBJECT: /* the examples have their keys in order */
		codec_put_map(out, json_object_size(value));
		json_object_foreach((json_t *)(uintptr_t)value, key, member)
		{
			codec_put_text(out, span_text(key));
			put_json(out, member);
		}
		break;
	case JSON_ARRAY:
		codec_put_array(out, json_array_size(value));
		json_array_foreach(value, index, member) put_json(out, member);
		break;
	case JSON_STRING:
		codec_put_text(out, span_of(json_string_value(value), json_string_length(value)));
		break;
	case JSON_REAL:
		codec_put_int(out, (int64_t)json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		codec_put_bool(out, json_is_true(value));
		break;
	default:
		codec_put_null(out);
	}
}

static bool accepted_by_profile(const json_t *profile, const char *hex)
{
	size_t index;
	json_t *item;

	json_array_foreach(json_object_get(profile, "appendix_a"), index,
	    item) if (strcmp(json_string_value(json_object_get(item, "hex")), hex) ==
		      0) return json_is_true(json_object_get(item, "accept"));
	fail_msg("no verdict on %s", hex);
	return false;
}

static void the_writer_makes_the_bytes_of_rfc_8949_appendix_a(void **state)
{
	json_t *examples = vectors_load_reals("cbor/appendix_a.json"), *example;
	json_t *profile = vectors_load("cbor/strict_profile.json");
	size_t index, written = 0;

	(void)state;
	json_array_foreach(examples, index, example)
	{
		json_t *decoded = json_object_get(example, "decoded");
		const char *hex = json_string_value(json_object_get(example, "hex"));
		struct buffer wanted, out = {0};

		/* What the profile refuses it cannot write; what has no JSON form is written below. */
		if (!decoded || !accepted_by_profile(profile, hex))
			continue;
		wanted = vectors_hex(json_object_get(example, "hex"));
		put_json(&out, decoded);
		if (!span_equal(buffer_span(&out), buffer_span(&wanted)))
			fail_msg("not written as %s", hex);
		buffer_free(&out);
		buffer_free(&wanted);
		written++;
	}
	assert_int_equal(written, 32);
	json_decref(examples);
	json_decref(profile);
}

static void assert_written(struct buffer *out, const char *hex)
{
	json_t *text = json_string(hex);
	struct buffer wanted = vectors_hex(text);

	if (!span_equal(buffer_span(out), buffer_span(&wanted)))
		fail_msg("not written as %s", hex);
	buffer_free(&wanted);
	buffer_free(out);
	json_decref(text);
}

static void heads_are_the_shortest_at_every_border(void **state)
{
	static const struct {
		uint64_t value;
		const char *uint, *negative;
	} cases[] = {{0, "00", "20"}, {23, "17", "37"}, {24, "1818", "3818"}, {255, "18ff", "38ff"},
	    {256, "190100", "390100"}, {65535, "19ffff", "39ffff"},
	    {65536, "1a00010000", "3a00010000"}, {UINT32_MAX, "1affffffff", "3affffffff"},
	    {UINT64_C(1) << 32, "1b0000000100000000", "3b0000000100000000"},
	    {INT64_MAX, "1b7fffffffffffffff", "3b7fffffffffffffff"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = {0};

		codec_put_uint(&out, cases[i].value);
		assert_written(&out, cases[i].uint);
		codec_put_int(&out, (int64_t)cases[i].value);
		assert_written(&out, cases[i].uint);
		codec_put_int(&out, -1 - (int64_t)cases[i].value);
		assert_written(&out, cases[i].negative);
	}
}

/* Examples of Appendix A that have no form in JSON, and lengths at their borders. */
static void strings_maps_and_tags_are_written_as_the_standard_says(void **state)
{
	struct buffer out = {0};
	uint8_t zeros[256] = {0};

	(void)state;
	codec_put_bytes(&out, (struct span){NULL, 0});
	assert_written(&out, "40");
	codec_put_bytes(&out, span_of("\x01\x02\x03\x04", 4));
	assert_written(&out, "4401020304");
	codec_put_map(&out, 2);
	for (uint64_t i = 1; i <= 4; i++)
		codec_put_uint(&out, i);
	assert_written(&out, "a201020304");
	codec_put_tag(&out, 18);
	codec_put_array(&out, 0);
	assert_written(&out, "d280");
	codec_put_bytes(&out, span_of(zeros, 24));
	assert_memory_equal(out.data, "\x58\x18", 2);
	buffer_clear(&out);
	codec_put_bytes(&out, span_of(zeros, 256));
	assert_memory_equal(out.data, "\x59\x01\x00", 3);
	assert_int_equal(out.size, 259);
	buffer_free(&out);
}

/* --- the strict reader ------------------------------------------------------------------------------------- */

static void check_verdict(const json_t *item)
{
	const char *hex = json_string_value(json_object_get(item, "hex"));
	const char *description = json_string_value(json_object_get(item, "desc"));
	bool accept = json_is_true(json_object_get(item, "accept"));
	struct buffer bytes = vectors_hex(json_object_get(item, "hex"));
	enum error error = codec_check(buffer_span(&bytes));

	if (error != (accept ? ERROR_NONE : ERROR_MALFORMED))
		fail_msg("%s (%s): %s", hex, description ? description : "", error_name(error));
	buffer_free(&bytes);
}

static void the_reader_takes_and_refuses_what_the_profile_says(void **state)
{
	json_t *profile = vectors_load("cbor/strict_profile.json"), *item;
	size_t index;

	(void)state;
	assert_int_equal(json_array_size(json_object_get(profile, "appendix_a")), 82);
	json_array_foreach(json_object_get(profile, "appendix_a"), index, item) check_verdict(item);
	assert_int_equal(json_array_size(json_object_get(profile, "own")), 37);
	json_array_foreach(json_object_get(profile, "own"), index, item) check_verdict(item);
	json_decref(profile);
}

static void no_item_is_left_when_its_last_bytes_are_missing(void **state)
{
	json_t *profile = vectors_load("cbor/strict_profile.json"), *item;
	size_t index;

	(void)state;
	json_array_foreach(json_object_get(profile, "appendix_a"), index, item)
	{
		struct buffer bytes = vectors_hex(json_object_get(item, "hex"));

		for (size_t size = 0; size < bytes.size; size++)
			assert_error(codec_check(span_of(bytes.data, size)), ERROR_MALFORMED);
		/* Nor may anything follow. */
		buffer_append(&bytes, span_of("", 1));
		assert_error(codec_check(buffer_span(&bytes)), ERROR_MALFORMED);
		buffer_free(&bytes);
	}
	json_decref(profile);
}

static void each_read_takes_its_own_type_only(void **state)
{
	/* One item of each major type but tags: uint, negative, bytes, text, array, map, true, null. */
	static const char *const items[] = {
	    "\x05", "\x25", "\x41\x61", "\x61\x61", "\x80", "\xa0", "\xf5", "\xf6"};
	static const size_t sizes[] = {1, 1, 2, 2, 1, 1, 1, 1};

	(void)state;
	for (size_t item = 0; item < 8; item++) {
		for (size_t read = 0; read < 8; read++) {
			struct codec_reader reader =
			    codec_reader(span_of(items[item], sizes[item]));
			bool good = item == read;

			switch (read) {
			case 0:
				codec_uint(&reader);
				break;
			case 1:
				codec_int(&reader);
				good = item <= 1; /* an integer of either sign */
				break;
			case 2:
				codec_bytes(&reader);
				break;
			case 3:
				codec_text(&reader);
				break;
			case 4:
				codec_array(&reader);
				break;
			case 5:
				codec_map(&reader);
				break;
			case 6:
				codec_bool(&reader);
				break;
			default:
				codec_null(&reader); /* takes nothing else, and leaves it */
			}
			assert_error(codec_finish(&reader), good ? ERROR_NONE : ERROR_MALFORMED);
		}
	}
}

static void a_failure_of_the_reader_stays_and_every_later_read_gives_nothing(void **state)
{
	struct codec_reader reader =
	    codec_reader(span_of("\x61\x61\x01\x02\x41\x07\x80\xf5\xf6", 9));
	uint8_t exact[1] = {9};
	char copy[4] = "x";

	(void)state;
	assert_int_equal(codec_uint(&reader), 0); /* a text stands there */
	assert_int_equal(codec_uint(&reader), 0);
	assert_int_equal(codec_int(&reader), 0);
	assert_int_equal(codec_uint_max(&reader, 10), 0);
	assert_int_equal(codec_bytes(&reader).size, 0);
	assert_int_equal(codec_text(&reader).size, 0);
	assert_int_equal(codec_array(&reader), 0);
	assert_int_equal(codec_map(&reader), 0);
	assert_int_equal(codec_item(&reader).size, 0);
	assert_false(codec_bool(&reader));
	assert_false(codec_null(&reader));
	assert_int_equal(codec_peek(&reader), -1);
	codec_bytes_exact(&reader, exact, 1);
	assert_int_equal(exact[0], 0);
	codec_text_copy(&reader, copy, sizeof copy);
	assert_string_equal(copy, "");
	assert_error(codec_finish(&reader), ERROR_MALFORMED);
}

static bool copies(const char *cbor, size_t size, char *out, size_t room)
{
	struct codec_reader reader = codec_reader(span_of(cbor, size));

	codec_text_copy(&reader, out, room);
	return codec_finish(&reader) == ERROR_NONE;
}

static void bounds_given_by_the_caller_are_kept(void **state)
{
	struct codec_reader reader = codec_reader(span_of("\x18\x64", 2));
	uint8_t exact[2];
	char text[4];

	(void)state;
	assert_int_equal(codec_uint_max(&reader, 100), 100);
	assert_good(codec_finish(&reader));
	reader = codec_reader(span_of("\x18\x64", 2));
	assert_int_equal(codec_uint_max(&reader, 99), 0);
	assert_error(codec_finish(&reader), ERROR_MALFORMED);
	reader = codec_reader(span_of("\x42\x01\x02", 3));
	codec_bytes_exact(&reader, exact, 2);
	assert_good(codec_finish(&reader));
	reader = codec_reader(span_of("\x42\x01\x02", 3));
	codec_bytes_exact(&reader, exact, 1);
	assert_error(codec_finish(&reader), ERROR_MALFORMED);
	reader = codec_reader(span_of("\x82\x01\x02", 3));
	codec_array_exact(&reader, 3);
	assert_error(codec_finish(&reader), ERROR_MALFORMED);
	reader = codec_reader(span_of("\xd2\x01", 2));
	codec_tag(&reader, 18);
	assert_int_equal(codec_uint(&reader), 1);
	assert_good(codec_finish(&reader));
	reader = codec_reader(span_of("\xd2\x01", 2));
	codec_tag(&reader, 98);
	assert_error(codec_finish(&reader), ERROR_MALFORMED);
	/* Three characters and the NUL fill four bytes; a NUL inside would hide what follows it. */
	assert_true(copies("\x63"
			   "abc",
	    4, text, 4));
	assert_string_equal(text, "abc");
	assert_false(copies("\x64"
			    "abcd",
	    5, text, 4));
	assert_false(copies("\x63"
			    "a\0b",
	    4, text, 4));
	assert_true(copies("\x60", 1, text, 1));
}

/* A count is never believed beyond the bytes that are there, so no loop or allocation follows a lie. */
static void a_count_larger_than_the_input_is_refused_at_once(void **state)
{
	static const char array[] = "\x9a\x00\x98\x96\x80\x00", map[] = "\xa3\x00\x00\x01\x00\x02";
	struct codec_reader reader = codec_reader(span_of(array, 6));

	(void)state;
	assert_int_equal(codec_array(&reader), 0);
	assert_error(codec_finish(&reader), ERROR_MALFORMED);
	reader = codec_reader(span_of(map, 6)); /* three pairs need six bytes more */
	assert_int_equal(codec_map(&reader), 0);
	assert_error(codec_finish(&reader), ERROR_MALFORMED);
	assert_error(
	    codec_check(span_of("\x5b\x00\x00\x00\x7f\xff\xff\xff\xff\x00", 10)), ERROR_MALFORMED);
}

/* Sixteen containers inside each other and no seventeenth, whichever they are and whatever is in the innermost. */
static void the_depth_is_bounded_for_every_mixture_of_arrays_and_maps(void **state)
{
	static const char *const innermost[] = {"\x05", "\x40", "\x61\x61", "\x80", "\xa0", "\xf6"};
	static const size_t sizes[] = {1, 1, 2, 1, 1, 1};

	(void)state;
	for (size_t inner = 0; inner < 6; inner++) {
		unsigned own = inner == 3 || inner == 4; /* is itself a container */

		for (unsigned mixture = 0; mixture < 4; mixture++) {
			for (unsigned depth = 0; depth <= CODEC_DEPTH_MAX + 1; depth++) {
				struct buffer out = {0};

				for (unsigned i = 0; i < depth; i++) {
					bool map = mixture == 1 || (mixture == 2 && i % 2) ||
						   (mixture == 3 && i == depth - 1);
					if (map)
						codec_put_map(&out, 1);
					else
						codec_put_array(&out, 1);
					if (map)
						codec_put_uint(&out, i);
				}
				buffer_append(&out, span_of(innermost[inner], sizes[inner]));
				assert_error(codec_check(buffer_span(&out)),
				    depth + own <= CODEC_DEPTH_MAX ? ERROR_NONE : ERROR_MALFORMED);
				buffer_free(&out);
			}
		}
	}
}

/* --- round trips ------------------------------------------------------------------------------------------- */

static int64_t any_integer(uint64_t *random)
{
	return (int64_t)chance(random) >> chance_below(random, 64);
}

/* One item by chance, at most `depth` deep; map keys are ascending integers of either sign, by their encoded bytes. */
static void put_any(struct buffer *out, uint64_t *random, unsigned depth)
{
	uint8_t bytes[300];
	size_t size = (size_t)chance_below(random, sizeof bytes) >> chance_below(random, 9);
	uint64_t count = chance_below(random, 6);

	switch (chance_below(random, depth ? 7 : 5)) {
	case 0:
		codec_put_int(out, any_integer(random));
		break;
	case 1:
		chance_bytes(random, bytes, size);
		codec_put_bytes(out, span_of(bytes, size));
		break;
	case 2:
		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)chance_below(random, 128);
		codec_put_text(out, span_of(bytes, size));
		break;
	case 3:
		codec_put_bool(out, chance_below(random, 2));
		break;
	case 4:
		codec_put_null(out);
		break;
	case 5:
		codec_put_array(out, count);
		for (uint64_t i = 0; i < count; i++)
			put_any(out, random, depth - 1);
		break;
	default:
		codec_put_map(out, count);
		for (uint64_t i = 0; i < count; i++) {
			codec_put_int(out, i < 3 ? (int64_t)(i * 20) : -(int64_t)i);
			put_any(out, random, depth - 1);
		}
	}
}

/* Read by the typed calls and write again. */
static void copy_item(struct codec_reader *reader, struct buffer *out)
{
	size_t count;

	switch (codec_peek(reader)) {
	case 0:
	case 1:
		codec_put_int(out, codec_int(reader));
		break;
	case 2:
		codec_put_bytes(out, codec_bytes(reader));
		break;
	case 3:
		codec_put_text(out, codec_text(reader));
		break;
	case 4:
		count = codec_array(reader);
		codec_put_array(out, count);
		for (size_t i = 0; i < count; i++)
			copy_item(reader, out);
		break;
	case 5:
		count = codec_map(reader);
		codec_put_map(out, count);
		for (size_t i = 0; i < 2 * count; i++)
			copy_item(reader, out);
		break;
	default:
		if (codec_null(reader))
			codec_put_null(out);
		else
			codec_put_bool(out, codec_bool(reader));
	}
}

/* Another implementation reads the whole of it as one item. */
static bool read_by_libcbor(struct span bytes)
{
	struct cbor_load_result result;
	cbor_item_t *item = cbor_load(bytes.data, bytes.size, &result);
	bool whole = item && result.error.code == CBOR_ERR_NONE && result.read == bytes.size;

	if (item)
		cbor_decref(&item);
	return whole;
}

static void what_is_written_is_read_and_is_the_same_when_written_again(void **state)
{
	uint64_t random = chance_seed("codec");

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct buffer out = {0}, again = {0};
		struct codec_reader reader;

		put_any(&out, &random, 6);
		assert_good(out.failed);
		assert_good(codec_check(buffer_span(&out)));
		reader = codec_reader(buffer_span(&out));
		copy_item(&reader, &again);
		assert_good(codec_finish(&reader));
		assert_true(span_equal(buffer_span(&again), buffer_span(&out)));
		assert_true(read_by_libcbor(buffer_span(&out)));
		buffer_free(&out);
		buffer_free(&again);
	}
}

/* One content has one encoding: whatever the reader takes of damaged bytes is written back as it stood. */
static void damaged_bytes_are_refused_or_mean_exactly_what_they_say(void **state)
{
	uint64_t random = chance_seed("damage");
	size_t taken = 0, refused = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct buffer out = {0}, again = {0};

		put_any(&out, &random, 4);
		out.data[chance_below(&random, out.size)] ^=
		    (uint8_t)(1 + chance_below(&random, 255));
		if (codec_check(buffer_span(&out)) == ERROR_NONE) {
			struct codec_reader reader = codec_reader(buffer_span(&out));

			copy_item(&reader, &again);
			assert_good(codec_finish(&reader));
			assert_true(span_equal(buffer_span(&again), buffer_span(&out)));
			assert_true(read_by_libcbor(buffer_span(&out)));
			taken++;
		} else {
			refused++;
		}
		buffer_free(&out);
		buffer_free(&again);
	}
	assert_true(taken > 0 && refused > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_writer_makes_the_bytes_of_rfc_8949_appendix_a),
	    cmocka_unit_test(heads_are_the_shortest_at_every_border),
	    cmocka_unit_test(strings_maps_and_tags_are_written_as_the_standard_says),
	    cmocka_unit_test(the_reader_takes_and_refuses_what_the_profile_says),
	    cmocka_unit_test(no_item_is_left_when_its_last_bytes_are_missing),
	    cmocka_unit_test(each_read_takes_its_own_type_only),
	    cmocka_unit_test(a_failure_of_the_reader_stays_and_every_later_read_gives_nothing),
	    cmocka_unit_test(bounds_given_by_the_caller_are_kept),
	    cmocka_unit_test(a_count_larger_than_the_input_is_refused_at_once),
	    cmocka_unit_test(the_depth_is_bounded_for_every_mixture_of_arrays_and_maps),
	    cmocka_unit_test(what_is_written_is_read_and_is_the_same_when_written_again),
	    cmocka_unit_test(damaged_bytes_are_refused_or_mean_exactly_what_they_say),
	};

	return cmocka_run_group_tests_name("ledger/codec", tests, NULL, NULL);
}
