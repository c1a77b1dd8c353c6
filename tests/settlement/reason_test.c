/* The reasons: each has a name and two texts, no number twice, and each is explained in docs/settlement.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reason.h"

static const struct {
	unsigned number;
	const char *name;
} reasons[] = {
#define REASON_AS_ROW(number, name, english, chinese) {number, #name},
    REASON_LIST(REASON_AS_ROW)
#undef REASON_AS_ROW
};
#define COUNT (sizeof(reasons) / sizeof(reasons[0]))

static char *read_page(void)
{
	FILE *file = fopen(SOURCE_DIR "/docs/settlement.md", "rb");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	long size = ftell(file);
	rewind(file);
	char *page = calloc((size_t)size + 1, 1);
	assert_non_null(page);
	assert_int_equal(fread(page, 1, (size_t)size, file), (size_t)size);
	fclose(file);
	return page;
}

static void every_reason_has_a_name_and_a_text_in_both_languages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		assert_string_equal(reason_name(reasons[i].number), reasons[i].name);
		assert_true(strlen(reason_english(reasons[i].number)) > 2);
		assert_true((unsigned char)reason_chinese(reasons[i].number)[0] >= 0xE4);
	}
}

static void no_number_and_no_name_stands_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		for (size_t j = 0; j < i; j++) {
			assert_int_not_equal(reasons[i].number, reasons[j].number);
			assert_string_not_equal(reasons[i].name, reasons[j].name);
		}
}

static void a_number_that_is_none_has_no_text(void **state)
{
	(void)state;
	static const unsigned numbers[] = {21, 31, 42, 47, 51, 63, 255, 1000000};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		assert_null(reason_name(numbers[i]));
		assert_null(reason_english(numbers[i]));
		assert_null(reason_chinese(numbers[i]));
	}
}

/* `name` 中文 and the number, in a row of a table or in the list below them. */
static void every_reason_is_explained_on_the_page(void **state)
{
	(void)state;
	char *page = read_page();
	for (size_t i = 0; i < COUNT; i++) {
		char row[128], told[128];
		const char *chinese = reason_chinese(reasons[i].number);
		snprintf(row, sizeof(row), "| %u | `%s` | %s | ", reasons[i].number,
		    reasons[i].name, chinese);
		snprintf(
		    told, sizeof(told), "`%s` %s (%u", reasons[i].name, chinese, reasons[i].number);
		if (!strstr(page, row) && !strstr(page, told))
			print_error("docs/settlement.md does not explain %s %s (%u)\n",
			    reasons[i].name, chinese, reasons[i].number);
		assert_true(strstr(page, row) || strstr(page, told));
	}
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_reason_has_a_name_and_a_text_in_both_languages),
	    cmocka_unit_test(no_number_and_no_name_stands_twice),
	    cmocka_unit_test(a_number_that_is_none_has_no_text),
	    cmocka_unit_test(every_reason_is_explained_on_the_page),
	};
	return cmocka_run_group_tests_name("settlement/reason", tests, NULL, NULL);
}
