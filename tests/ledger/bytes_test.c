/* Byte buffers and text forms, against the test vectors of RFC 4648 and the tables of the Unicode standard. */
#include "testing.h"

static void a_buffer_grows_and_keeps_what_was_written(void **state)
{
	struct buffer buffer = {0};
	uint8_t wanted[5000];

	(void)state;
	for (size_t i = 0; i < sizeof wanted; i++) {
		wanted[i] = (uint8_t)(i * 7 + i / 256);
		buffer_append(&buffer, span_of(&wanted[i], 1));
	}
	assert_int_equal(buffer.failed, ERROR_NONE);
	assert_true(span_equal(buffer_span(&buffer), span_of(wanted, sizeof wanted)));
	buffer_clear(&buffer);
	assert_int_equal(buffer.size, 0);
	buffer_append_text(&buffer, "abc");
	buffer_append(&buffer, (struct span){NULL, 0});
	assert_true(span_equal(buffer_span(&buffer), span_text("abc")));
	buffer_free(&buffer);
	assert_null(buffer.data);
}

static void a_failure_of_a_buffer_stays_until_it_is_cleared(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	buffer_append_text(&buffer, "kept");
	assert_null(buffer_extend(&buffer, SIZE_MAX / 2));
	assert_int_equal(buffer.failed, ERROR_TOO_LARGE);
	buffer_append_text(&buffer, "not appended");
	buffer_append_format(&buffer, "%d", 5);
	base64_write(&buffer, span_text("xyz"));
	assert_true(span_equal(buffer_span(&buffer), span_text("kept")));
	buffer_clear(&buffer);
	buffer_append_text(&buffer, "again");
	assert_int_equal(buffer.failed, ERROR_NONE);
	assert_true(span_equal(buffer_span(&buffer), span_text("again")));
	buffer_free(&buffer);
}

static void formatted_text_of_any_length_is_appended_without_its_terminator(void **state)
{
	static const int widths[] = {1, 510, 511, 512, 513, 3000};
	char wanted[3001];

	(void)state;
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		struct buffer buffer = {0};

		buffer_append_format(&buffer, "%*d", widths[i], 7);
		snprintf(wanted, sizeof wanted, "%*d", widths[i], 7);
		assert_true(span_equal(buffer_span(&buffer), span_text(wanted)));
		buffer_free(&buffer);
	}
}

static void spans_are_ordered_as_bytes_and_the_shorter_comes_first(void **state)
{
	static const uint8_t high[] = {0xff}, low[] = {0x01, 0xff};

	(void)state;
	assert_true(span_compare(span_text("a"), span_text("b")) < 0);
	assert_true(span_compare(span_text("ab"), span_text("a")) > 0);
	assert_true(span_compare(span_text(""), span_text("a")) < 0);
	assert_int_equal(span_compare(span_text("ab"), span_text("ab")), 0);
	assert_true(span_compare(span_of(high, 1), span_of(low, 2)) > 0); /* unsigned */
	assert_true(span_starts_with(span_text("fund/1"), span_text("fund/")));
	assert_true(span_starts_with(span_text("fund/1"), (struct span){NULL, 0}));
	assert_false(span_starts_with(span_text("fun"), span_text("fund")));
	assert_false(span_equal(span_text("ab"), span_text("abc")));
	assert_true(span_equal((struct span){NULL, 0}, span_text("")));
}

/* RFC 4648, section 10. */
static const struct {
	const char *plain, *base64, *base32, *hex;
} rfc4648[] = {
    {"", "", "", ""},
    {"f", "Zg==", "MY", "66"},
    {"fo", "Zm8=", "MZXQ", "666f"},
    {"foo", "Zm9v", "MZXW6", "666f6f"},
    {"foob", "Zm9vYg==", "MZXW6YQ", "666f6f62"},
    {"fooba", "Zm9vYmE=", "MZXW6YTB", "666f6f6261"},
    {"foobar", "Zm9vYmFy", "MZXW6YTBOI", "666f6f626172"},
};

static void base64_base32_and_hex_are_those_of_rfc_4648(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rfc4648 / sizeof *rfc4648; i++) {
		struct span plain = span_text(rfc4648[i].plain);
		struct buffer text = {0}, back = {0};
		char base32[32], hex[32];
		uint8_t bytes[8];

		base64_write(&text, plain);
		assert_true(span_equal(buffer_span(&text), span_text(rfc4648[i].base64)));
		assert_good(base64_read(span_text(rfc4648[i].base64), &back));
		assert_true(span_equal(buffer_span(&back), plain));
		base32_write(plain, base32);
		assert_string_equal(base32, rfc4648[i].base32);
		hex_write(plain, hex);
		assert_string_equal(hex, rfc4648[i].hex);
		assert_good(hex_read(span_text(hex), bytes, plain.size));
		assert_true(span_equal(span_of(bytes, plain.size), plain));
		buffer_free(&text);
		buffer_free(&back);
	}
}

static void base64_that_is_not_canonical_is_refused(void **state)
{
	static const char *const bad[] = {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm9v=", "=m9v", "Zm=v",
	    "Z===", "====", "Zm9v\n", "Zm9 ", "Zm-v", "Zm_v", "Zg==Zg==", "Zm9vZg",
	    "Zm8=Zm8=", "Zm9\x80"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buffer back = {0};

		buffer_append_text(&back, "kept");
		if (base64_read(span_text(bad[i]), &back) != ERROR_MALFORMED)
			fail_msg("accepted: %s", bad[i]);
		assert_true(span_equal(buffer_span(&back), span_text("kept")));
		buffer_free(&back);
	}
	/* Of the 4096 texts XY== exactly the 256 whose last four bits are zero stand for a byte. */
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t good = 0;
	for (size_t i = 0; i < 64 * 64; i++) {
		char text[] = {digits[i / 64], digits[i % 64], '=', '=', 0};
		struct buffer back = {0};

		good += base64_read(span_text(text), &back) == ERROR_NONE;
		buffer_free(&back);
	}
	assert_int_equal(good, 256);
}

static void every_byte_string_comes_back_from_its_text(void **state)
{
	uint64_t random = chance_seed("bytes");

	(void)state;
	for (size_t n = 0; n < 2000; n++) {
		uint8_t bytes[100], back_hex[100];
		size_t size = (size_t)chance_below(&random, sizeof bytes);
		struct buffer text = {0}, back = {0};
		char hex[201];

		chance_bytes(&random, bytes, size);
		base64_write(&text, span_of(bytes, size));
		assert_int_equal(text.size, (size + 2) / 3 * 4);
		assert_good(base64_read(buffer_span(&text), &back));
		assert_true(span_equal(buffer_span(&back), span_of(bytes, size)));
		hex_write(span_of(bytes, size), hex);
		assert_good(hex_read(span_text(hex), back_hex, size));
		assert_memory_equal(back_hex, bytes, size);
		buffer_free(&text);
		buffer_free(&back);
	}
}

static void hex_is_lower_case_and_of_the_right_length(void **state)
{
	uint8_t bytes[2];

	(void)state;
	assert_good(hex_read(span_text("00ff"), bytes, 2));
	assert_int_equal(bytes[0], 0);
	assert_int_equal(bytes[1], 255);
	assert_error(hex_read(span_text("00FF"), bytes, 2), ERROR_MALFORMED);
	assert_error(hex_read(span_text("00f"), bytes, 2), ERROR_MALFORMED);
	assert_error(hex_read(span_text("00fff"), bytes, 2), ERROR_MALFORMED);
	assert_error(hex_read(span_text("00fg"), bytes, 2), ERROR_MALFORMED);
	assert_error(hex_read(span_text("0 ff"), bytes, 2), ERROR_MALFORMED);
	assert_error(hex_read(span_text("0x0f"), bytes, 2), ERROR_MALFORMED);
	assert_int_equal(bytes[0], 0); /* as it was */
	assert_int_equal(bytes[1], 255);
}

/* Unicode 15, table 3-7 "Well-formed UTF-8 byte sequences". */
static bool by_the_table(const uint8_t *b, size_t size)
{
	uint8_t low = 0x80, high = 0xbf;

	if (size == 1)
		return b[0] <= 0x7f;
	if (b[0] == 0xe0)
		low = 0xa0;
	if (b[0] == 0xed)
		high = 0x9f;
	if (b[0] == 0xf0)
		low = 0x90;
	if (b[0] == 0xf4)
		high = 0x8f;
	if (b[1] < low || b[1] > high)
		return false;
	for (size_t i = 2; i < size; i++)
		if (b[i] < 0x80 || b[i] > 0xbf)
			return false;
	return size == 2   ? b[0] >= 0xc2 && b[0] <= 0xdf
	       : size == 3 ? b[0] >= 0xe0 && b[0] <= 0xef
			   : b[0] >= 0xf0 && b[0] <= 0xf4;
}

static void utf8_is_what_the_table_of_the_standard_says(void **state)
{
	static const uint8_t borders[] = {
	    0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
	const size_t n = sizeof borders;

	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		uint8_t one[1] = {(uint8_t)first};

		assert_int_equal(utf8_valid(span_of(one, 1)), by_the_table(one, 1));
		for (unsigned second = 0; second < 256; second++) {
			uint8_t b[4] = {(uint8_t)first, (uint8_t)second};
			bool pair = by_the_table(b, 2) || (first < 0x80 && second < 0x80);

			assert_int_equal(utf8_valid(span_of(b, 2)), pair);
			if (first < 0xe0)
				continue;
			for (size_t i = 0; i < n * n; i++) {
				b[2] = borders[i / n];
				b[3] = borders[i % n];
				/* Three bytes, then four: a three-byte start may be followed by an ASCII byte. */
				assert_int_equal(utf8_valid(span_of(b, 3)), by_the_table(b, 3));
				assert_int_equal(utf8_valid(span_of(b, 4)),
				    by_the_table(b, 4) || (by_the_table(b, 3) && b[3] < 0x80));
			}
		}
	}
	assert_true(utf8_valid(span_text("")));
	assert_true(utf8_valid(span_text("\xe9\x9a\x8f\xe4\xba\xba")));
}

static void decimals_have_one_text_each_and_end_at_2_63_minus_1(void **state)
{
	static const char *const malformed[] = {"", "00", "01", "+1", "-1", " 1", "1 ", "1.0",
	    "0x1", "1e3", "one", "1,000", "\xef\xbc\x91"};
	static const char *const large[] = {"9223372036854775808", "9223372036854775810",
	    "18446744073709551615", "18446744073709551616", "99999999999999999999999999"};
	int64_t value = 42;

	(void)state;
	for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
		assert_error(decimal_read(span_text(malformed[i]), &value), ERROR_MALFORMED);
	for (size_t i = 0; i < sizeof large / sizeof *large; i++)
		assert_error(decimal_read(span_text(large[i]), &value), ERROR_OVERFLOW);
	assert_int_equal(value, 42); /* untouched */
	assert_good(decimal_read(span_text("0"), &value));
	assert_int_equal(value, 0);
	assert_good(decimal_read(span_text("9223372036854775807"), &value));
	assert_true(value == INT64_MAX);
	assert_good(decimal_read(span_text("1230"), &value));
	assert_int_equal(value, 1230);
}

static void integers_are_written_with_the_high_byte_first(void **state)
{
	uint8_t bytes[8];

	(void)state;
	be64_write(bytes, UINT64_C(0x0102030405060708));
	assert_memory_equal(bytes, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	assert_true(be64_read(bytes) == UINT64_C(0x0102030405060708));
	be32_write(bytes, 0xfffefdfcu);
	assert_memory_equal(bytes, "\xff\xfe\xfd\xfc", 4);
	assert_true(be32_read(bytes) == 0xfffefdfcu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_buffer_grows_and_keeps_what_was_written),
	    cmocka_unit_test(a_failure_of_a_buffer_stays_until_it_is_cleared),
	    cmocka_unit_test(formatted_text_of_any_length_is_appended_without_its_terminator),
	    cmocka_unit_test(spans_are_ordered_as_bytes_and_the_shorter_comes_first),
	    cmocka_unit_test(base64_base32_and_hex_are_those_of_rfc_4648),
	    cmocka_unit_test(base64_that_is_not_canonical_is_refused),
	    cmocka_unit_test(every_byte_string_comes_back_from_its_text),
	    cmocka_unit_test(hex_is_lower_case_and_of_the_right_length),
	    cmocka_unit_test(utf8_is_what_the_table_of_the_standard_says),
	    cmocka_unit_test(decimals_have_one_text_each_and_end_at_2_63_minus_1),
	    cmocka_unit_test(integers_are_written_with_the_high_byte_first),
	};

	return cmocka_run_group_tests_name("ledger/bytes", tests, NULL, NULL);
}
