/* Error codes: names that stay, one line for each, and details that never overrun. */
#include "error.h"
#include "testing.h"

static void every_code_has_a_name_of_its_own_and_one_line_of_text(void **state)
{
	(void)state;
	for (int a = 0; a < ERROR_COUNT; a++) {
		const char *name = error_name((enum error)a);

		assert_true(name[0] != '\0' && error_text((enum error)a)[0] != '\0');
		assert_null(strchr(error_text((enum error)a), '\n'));
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		for (int b = 0; b < a; b++)
			assert_string_not_equal(name, error_name((enum error)b));
	}
	assert_int_equal(ERROR_NONE, 0);
	assert_string_equal(error_name(ERROR_NONE), "none");
	assert_string_equal(error_name(ERROR_DISK_FULL), "disk_full");
}

static void a_detail_is_cut_at_its_size_and_may_be_absent(void **state)
{
	struct {
		struct error_detail detail;
		char behind;
	} guarded = {{"old"}, 'x'};
	char word[2 * ERROR_DETAIL_SIZE];

	(void)state;
	assert_int_equal(error_set(NULL, ERROR_RANGE, "%d", 5), ERROR_RANGE);
	assert_int_equal(error_set(&guarded.detail, ERROR_RANGE, "line %d", 5), ERROR_RANGE);
	assert_string_equal(guarded.detail.text, "line 5");
	memset(word, 'w', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	assert_int_equal(error_set(&guarded.detail, ERROR_IO, "%s", word), ERROR_IO);
	assert_int_equal(strlen(guarded.detail.text), ERROR_DETAIL_SIZE - 1);
	assert_int_equal(guarded.behind, 'x');
}

static void what_the_world_fails_with_may_succeed_later_and_a_no_stays_a_no(void **state)
{
	static const enum error world[] = {ERROR_MEMORY, ERROR_IO, ERROR_DISK_FULL, ERROR_LOCKED,
	    ERROR_BUSY, ERROR_READERS, ERROR_MAP_FULL, ERROR_PERMISSION, ERROR_STOPPED,
	    ERROR_TIMEOUT};
	unsigned count = 0;

	(void)state;
	for (int code = 0; code < ERROR_COUNT; code++)
		count += error_is_world((enum error)code);
	assert_int_equal(count, sizeof world / sizeof *world);
	for (size_t i = 0; i < sizeof world / sizeof *world; i++)
		assert_true(error_is_world(world[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_code_has_a_name_of_its_own_and_one_line_of_text),
	    cmocka_unit_test(a_detail_is_cut_at_its_size_and_may_be_absent),
	    cmocka_unit_test(what_the_world_fails_with_may_succeed_later_and_a_no_stays_a_no),
	};

	return cmocka_run_group_tests_name("ledger/error", tests, NULL, NULL);
}
