/* What README.md tells a newcomer to type is typed here: its blocks after "<!-- run -->" as one shell script, and every line of
 * its blocks after "<!-- shown -->" must stand in what the script prints. The excerpts of the demo are compared with a demo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "program.h"

#define SCRIPT_MAX 65536u
#define BLOCKS_LEAST 6u

/* Gather the lines of the fenced blocks that follow `mark` into `into`; returns the number of blocks. */
static unsigned blocks(const char *page, const char *mark, char *into)
{
	unsigned count = 0;
	size_t used = 0;
	for (const char *at = strstr(page, mark); at; at = strstr(at, mark)) {
		const char *fence = strstr(at, "```");
		assert_non_null(fence);
		const char *begin = strchr(fence, '\n') + 1, *end = strstr(begin, "```");
		assert_non_null(end);
		assert_true(used + (size_t)(end - begin) < SCRIPT_MAX);
		memcpy(into + used, begin, (size_t)(end - begin));
		used += (size_t)(end - begin);
		count++;
		at = end;
	}
	into[used] = '\0';
	return count;
}

static void assert_shown(const char *out, char *lines)
{
	for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
		if (strcmp(line, "...") == 0)
			continue;
		if (!strstr(out, line))
			print_error("not printed: %s\n", line);
		assert_non_null(strstr(out, line));
	}
}

static void page_is_true(const char *path)
{
	static char script[SCRIPT_MAX], lines[SCRIPT_MAX];
	char *page = file_read(path, NULL);
	assert_true(blocks(page, "<!-- run -->", script) >= BLOCKS_LEAST);
	assert_true(blocks(page, "<!-- shown -->", lines) > 0);
	file_write("script", script, strlen(script));
	struct run run = shell("PATH=\"$(dirname \"$SUIREN\"):$PATH\" sh -eu script");
	if (run.status != 0)
		print_error("%s%s", run.out, run.err);
	assert_int_equal(run.status, 0);
	assert_shown(run.out, lines);
	run_free(&run);
	free(page);
}

/* "..." stands for lines left out. */
static void the_excerpts_are_what_the_demo_prints(void **state)
{
	static const char *const pages[] = {SOURCE_DIR "/README.md", SOURCE_DIR "/README.zh-CN.md"};
	static char lines[SCRIPT_MAX];
	struct run run = suiren_expect(0, "demo --dir demo");
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *page = file_read(pages[i], NULL);
		assert_int_equal(blocks(page, "<!-- excerpt of tools/demo -->", lines), 1);
		assert_true(lines_in(lines) > 10);
		assert_shown(run.out, lines);
		free(page);
	}
	run_free(&run);
}

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

static void the_english_page_is_true(void **state)
{
	(void)state;
	page_is_true(SOURCE_DIR "/README.md");
}

static void the_chinese_page_is_true(void **state)
{
	(void)state;
	page_is_true(SOURCE_DIR "/README.zh-CN.md");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		the_english_page_is_true, open_workshop, close_workshop),
	    cmocka_unit_test_setup_teardown(
		the_chinese_page_is_true, open_workshop, close_workshop),
	    cmocka_unit_test_setup_teardown(
		the_excerpts_are_what_the_demo_prints, open_workshop, close_workshop),
	};
	return cmocka_run_group_tests_name("tools/readme", tests, NULL, NULL);
}
