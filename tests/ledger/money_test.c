/* Amounts: every border at which a sum, a difference or a product stops being one, and the text of yuan. */
#include "money.h"
#include "testing.h"

__extension__ typedef __int128 wide;

static bool fits(wide value)
{
	return value <= AMOUNT_MAX && value >= -AMOUNT_MAX;
}

typedef enum error operation(struct amount a, int64_t b, struct amount *result);

static enum error add(struct amount a, int64_t b, struct amount *result)
{
	return amount_add(a, (struct amount){b}, result);
}

static enum error subtract(struct amount a, int64_t b, struct amount *result)
{
	return amount_subtract(a, (struct amount){b}, result);
}

static void check(const char *name, operation *apply, int64_t a, int64_t b, wide wanted)
{
	struct amount result = {77};
	enum error error = apply((struct amount){a}, b, &result);

	if (error != (fits(wanted) ? ERROR_NONE : ERROR_OVERFLOW) ||
	    result.value != (fits(wanted) ? (int64_t)wanted : 77))
		fail_msg("%s %lld and %lld: %s, %lld", name, (long long)a, (long long)b,
		    error_name(error), (long long)result.value);
}

/* Against 128-bit arithmetic, which cannot overflow here. */
static void check_pair(int64_t a, int64_t b)
{
	check("add", add, a, b, (wide)a + b);
	check("subtract", subtract, a, b, (wide)a - b);
	check("multiply", amount_multiply, a, b, (wide)a * b);
}

static const int64_t borders[] = {0, 1, -1, 2, -2, 3, 99, 100, 101, -100, 1000000007,
    INT64_C(1) << 29, INT64_C(1) << 30, (INT64_C(1) << 30) + 1, -(INT64_C(1) << 30),
    (INT64_C(1) << 31) - 1, INT64_C(1) << 31, INT64_C(1) << 32, INT64_C(1) << 33,
    (INT64_C(1) << 59) - 1, INT64_C(1) << 59, (INT64_C(1) << 59) + 1, AMOUNT_MAX - 1, AMOUNT_MAX,
    AMOUNT_MAX + 1, -AMOUNT_MAX + 1, -AMOUNT_MAX, -AMOUNT_MAX - 1, INT64_C(1) << 61,
    INT64_C(1) << 62, -(INT64_C(1) << 62), INT64_MAX - 1, INT64_MAX, INT64_MIN + 1, INT64_MIN};

static void every_pair_of_borders_is_added_subtracted_and_multiplied_or_refused(void **state)
{
	const size_t count = sizeof borders / sizeof *borders;

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			check_pair(borders[i], borders[k]);
}

static void any_pair_agrees_with_wider_arithmetic(void **state)
{
	uint64_t random = chance_seed("money");

	(void)state;
	for (int i = 0; i < 200000; i++) {
		int64_t a = (int64_t)chance(&random) >> chance_below(&random, 64);
		int64_t b = (int64_t)chance(&random) >> chance_below(&random, 64);

		check_pair(a, b);
	}
}

static void fen_are_written_as_yuan_with_two_decimals(void **state)
{
	static const struct {
		int64_t fen;
		const char *plain, *grouped;
	} cases[] = {{0, "0.00", "0.00"}, {1, "0.01", "0.01"}, {-5, "-0.05", "-0.05"},
	    {10, "0.10", "0.10"}, {99, "0.99", "0.99"}, {100, "1.00", "1.00"},
	    {123456, "1234.56", "1,234.56"}, {-123456, "-1234.56", "-1,234.56"},
	    {99999, "999.99", "999.99"}, {-99999, "-999.99", "-999.99"},
	    {100000, "1000.00", "1,000.00"}, {100000000, "1000000.00", "1,000,000.00"},
	    {-100000000, "-1000000.00", "-1,000,000.00"},
	    {AMOUNT_MAX, "11529215046068469.76", "11,529,215,046,068,469.76"},
	    {-AMOUNT_MAX, "-11529215046068469.76", "-11,529,215,046,068,469.76"},
	    {INT64_MAX, "92233720368547758.07", "92,233,720,368,547,758.07"},
	    {INT64_MIN, "-92233720368547758.08", "-92,233,720,368,547,758.08"}};
	char text[AMOUNT_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		yuan_write((struct amount){cases[i].fen}, text);
		assert_string_equal(text, cases[i].plain);
		yuan_write_grouped((struct amount){cases[i].fen}, text);
		assert_string_equal(text, cases[i].grouped);
	}
}

static void yuan_are_read_with_none_one_or_two_decimals(void **state)
{
	static const struct {
		const char *text;
		int64_t fen;
	} cases[] = {{"0", 0}, {"0.0", 0}, {"0.00", 0}, {"-0", 0}, {"1234", 123400},
	    {"1234.5", 123450}, {"1234.56", 123456}, {"1234.05", 123405}, {"-0.05", -5},
	    {"-1234.56", -123456}, {"0.01", 1}, {"11529215046068469.76", AMOUNT_MAX},
	    {"-11529215046068469.76", -AMOUNT_MAX}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct amount fen;

		assert_good(yuan_read(span_text(cases[i].text), &fen));
		assert_int_equal(fen.value, cases[i].fen);
	}
}

static void text_that_is_not_yuan_is_refused(void **state)
{
	static const char *const malformed[] = {"", "-", ".", "-.", ".5", "1.", "1.234", "1.2.3",
	    "01", "00.5", "+1", "--1", "- 1", " 1", "1 ", "1,234", "1,234.56", "1e3", "1.5e3",
	    "0x10", "1.x", "1.5x", "1.-5", "1.+5", "￥5", "5元", "NaN", "inf", "1.2 "};
	static const char *const large[] = {"11529215046068469.77", "-11529215046068469.77",
	    "92233720368547758.07", "92233720368547758.08", "92233720368547759",
	    "9223372036854775807", "99999999999999999999999999"};
	struct amount fen = {42};

	(void)state;
	for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
		if (yuan_read(span_text(malformed[i]), &fen) != ERROR_MALFORMED)
			fail_msg("not refused as malformed: \"%s\"", malformed[i]);
	}
	for (size_t i = 0; i < sizeof large / sizeof *large; i++)
		assert_error(yuan_read(span_text(large[i]), &fen), ERROR_OVERFLOW);
	assert_error(yuan_read((struct span){NULL, 0}, &fen), ERROR_MALFORMED);
	assert_int_equal(fen.value, 42);
}

static void what_is_written_is_read_back(void **state)
{
	uint64_t random = chance_seed("yuan");

	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct amount fen = {(int64_t)chance(&random) >> (3 + chance_below(&random, 61))},
			      back;
		char text[AMOUNT_TEXT_SIZE];

		yuan_write(fen, text);
		assert_good(yuan_read(span_text(text), &back));
		assert_int_equal(back.value, fen.value);
	}
}

static void units_are_named_and_no_others_exist(void **state)
{
	enum unit unit = UNIT_CNY;

	(void)state;
	assert_string_equal(unit_name(UNIT_CNY), "CNY");
	assert_string_equal(unit_name(UNIT_MIN), "MIN");
	assert_null(unit_name((enum unit)0));
	assert_null(unit_name((enum unit)3));
	assert_good(unit_read(span_text("MIN"), &unit));
	assert_int_equal(unit, UNIT_MIN);
	assert_good(unit_read(span_text("CNY"), &unit));
	assert_int_equal(unit, UNIT_CNY);
	assert_error(unit_read(span_text("cny"), &unit), ERROR_MALFORMED);
	assert_error(unit_read(span_text("CNY "), &unit), ERROR_MALFORMED);
	assert_error(unit_read(span_text(""), &unit), ERROR_MALFORMED);
	assert_error(unit_read(span_text("USD"), &unit), ERROR_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_pair_of_borders_is_added_subtracted_and_multiplied_or_refused),
	    cmocka_unit_test(any_pair_agrees_with_wider_arithmetic),
	    cmocka_unit_test(fen_are_written_as_yuan_with_two_decimals),
	    cmocka_unit_test(yuan_are_read_with_none_one_or_two_decimals),
	    cmocka_unit_test(text_that_is_not_yuan_is_refused),
	    cmocka_unit_test(what_is_written_is_read_back),
	    cmocka_unit_test(units_are_named_and_no_others_exist),
	};

	return cmocka_run_group_tests_name("ledger/money", tests, NULL, NULL);
}
