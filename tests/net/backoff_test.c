/* Pauses that double up to the longest, and end with the first success. */
#include "backoff.h"
#include "testing.h"

static void pauses_double_up_to_the_longest(void **state)
{
	static const uint32_t expected[] = {
	    500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};

	(void)state;
	for (uint32_t i = 0; i < sizeof expected / sizeof *expected; i++)
		assert_int_equal(backoff_pause_ms(i + 1, 500, 60000), expected[i]);
	assert_int_equal(backoff_pause_ms(UINT32_MAX, 500, 60000), 60000);
	assert_int_equal(backoff_pause_ms(UINT32_MAX, 3, UINT32_MAX), UINT32_MAX);
	assert_int_equal(backoff_pause_ms(1, 7000, 60), 60);
}

static void what_has_failed_waits_and_what_has_not_does_not(void **state)
{
	struct backoff backoff = {.failures = 0};

	(void)state;
	assert_true(backoff_is_over(&backoff, 0));
	backoff_fail(&backoff, 10000, 1000, 4000);
	assert_false(backoff_is_over(&backoff, 10999));
	assert_true(backoff_is_over(&backoff, 11000));
	backoff_fail(&backoff, 11000, 1000, 4000);
	assert_false(backoff_is_over(&backoff, 12999));
	assert_true(backoff_is_over(&backoff, 13000));
	backoff_end(&backoff);
	assert_true(backoff_is_over(&backoff, 0));
	backoff_fail(&backoff, 13000, 1000, 4000);
	assert_true(backoff_is_over(&backoff, 14000));
	backoff.failures = UINT32_MAX;
	backoff_fail(&backoff, 20000, 1000, 4000);
	assert_false(backoff_is_over(&backoff, 23999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pauses_double_up_to_the_longest),
	    cmocka_unit_test(what_has_failed_waits_and_what_has_not_does_not),
	};

	return cmocka_run_group_tests_name("net/backoff", tests, NULL, NULL);
}
