/* The help on every level, slips of the fingers, and the reference in docs/cli.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "program.h"

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

static void the_version_is_told(void **state)
{
	(void)state;
	struct run run = suiren_expect(0, "--version");
	assert_non_null(strstr(run.out, "suiren 0."));
	assert_string_equal(run.err, "");
	run_free(&run);
}

static void without_words_the_help_goes_to_stderr_with_status_2(void **state)
{
	(void)state;
	struct run run = suiren_expect(2, "%s", "");
	assert_string_equal(run.out, "");
	assert_non_null(strstr(run.err, "Usage: suiren"));
	run_free(&run);
}

/* The words of each command, as the reference lists them: "### suiren NOUN[ VERB]". */
static unsigned each_command(const char *reference, void (*visit)(const char *words))
{
	unsigned count = 0;
	for (const char *at = reference; (at = strstr(at, "### suiren ")) != NULL; count++) {
		char words[64];
		at += strlen("### suiren ");
		size_t size = strcspn(at, "\n");
		assert_true(size < sizeof(words));
		memcpy(words, at, size);
		words[size] = '\0';
		visit(words);
	}
	return count;
}

static void help_is_good(const char *words)
{
	struct run asked = suiren_expect(0, "%s --help", words);
	struct run told = suiren_expect(0, "help %s", words);
	assert_string_equal(asked.out, told.out);
	assert_string_equal(asked.err, "");
	char usage[128], example[128];
	snprintf(usage, sizeof(usage), "Usage: suiren %s", words);
	snprintf(example, sizeof(example), "\nExample:\n  suiren ");
	assert_ptr_equal(strstr(asked.out, usage), asked.out);
	assert_non_null(strstr(asked.out, example));
	run_free(&asked);
	run_free(&told);
}

static void every_command_has_a_help_text_with_an_example(void **state)
{
	(void)state;
	struct run run = suiren_expect(0, "help --reference");
	assert_true(each_command(run.out, help_is_good) >= 20);
	run_free(&run);
}

/* A line of 100 columns or less can be read in a terminal and in a page. */
static void no_line_of_the_help_is_longer_than_100_columns(void **state)
{
	(void)state;
	struct run run = shell("\"$SUIREN\" help; \"$SUIREN\" help --reference");
	for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n")) {
		size_t columns = 0;
		for (const char *c = line; *c; c++)
			columns += ((unsigned char)*c & 0xC0) != 0x80;
		/* A command line is not broken: it is there to be copied. */
		bool command =
		    strncmp(line, "Usage: ", 7) == 0 || strncmp(line, "  suiren ", 9) == 0;
		if (columns > (command ? 160 : 100))
			print_error("too long: %s\n", line);
		assert_true(columns <= (command ? 160 : 100));
	}
	run_free(&run);
}

static void a_noun_alone_lists_its_verbs(void **state)
{
	(void)state;
	struct run run = suiren_expect(0, "log --help");
	assert_non_null(strstr(run.out, "log head"));
	assert_non_null(strstr(run.out, "log leaves"));
	run_free(&run);
	run = suiren_expect(2, "log");
	assert_string_equal(run.out, "");
	assert_int_equal(lines_in(run.err), 1);
	assert_non_null(strstr(run.err, "head vkey entry leaves"));
	run_free(&run);
}

static void a_slip_is_answered_with_what_was_meant(void **state)
{
	(void)state;
	static const struct {
		const char *words, *meant;
	} slips[] = {
	    {"blance x", "suiren balance"},
	    {"balacne x", "suiren balance"},
	    {"stauts x", "suiren status"},
	    {"log haed x", "suiren log head"},
	    {"policy shwo x", "suiren policy show"},
	    {"verifyy x", "suiren verify"},
	    {"help recipt", "suiren receipt"},
	    {"proof inclusion x --entri 3", "--entry"},
	    {"verify x --repaly", "--replay"},
	};
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		struct run run = suiren_expect(2, "%s", slips[i].words);
		assert_string_equal(run.out, "");
		assert_int_equal(lines_in(run.err), 1);
		if (!strstr(run.err, slips[i].meant))
			print_error("%s -> %s", slips[i].words, run.err);
		assert_non_null(strstr(run.err, slips[i].meant));
		run_free(&run);
	}
}

static void what_resembles_nothing_gets_no_suggestion(void **state)
{
	(void)state;
	struct run run = suiren_expect(2, "xylophone");
	assert_null(strstr(run.err, "did you mean"));
	assert_int_equal(lines_in(run.err), 1);
	run_free(&run);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
	(void)state;
	struct run run = suiren_expect(2, "\"$(printf 'a\\033[31mb')\"");
	assert_null(strchr(run.err, '\033'));
	run_free(&run);
}

static void the_reference_in_the_docs_is_what_the_program_tells(void **state)
{
	(void)state;
	size_t size = 0;
	char *docs = file_read(SOURCE_DIR "/docs/cli.md", &size);
	struct run run = suiren_expect(0, "help --reference");
	const char *begin = strstr(docs, "<!-- made by `suiren help --reference` -->\n");
	assert_non_null(begin);
	if (strcmp(strchr(begin, '\n') + 1, run.out) != 0)
		print_error("docs/cli.md is not what the program tells: run tools/reference\n");
	assert_string_equal(strchr(begin, '\n') + 1, run.out);
	run_free(&run);
	free(docs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_version_is_told),
	    cmocka_unit_test(without_words_the_help_goes_to_stderr_with_status_2),
	    cmocka_unit_test(every_command_has_a_help_text_with_an_example),
	    cmocka_unit_test(no_line_of_the_help_is_longer_than_100_columns),
	    cmocka_unit_test(a_noun_alone_lists_its_verbs),
	    cmocka_unit_test(a_slip_is_answered_with_what_was_meant),
	    cmocka_unit_test(what_resembles_nothing_gets_no_suggestion),
	    cmocka_unit_test(control_characters_do_not_reach_the_terminal),
	    cmocka_unit_test(the_reference_in_the_docs_is_what_the_program_tells),
	};
	return cmocka_run_group_tests_name("tools/help", tests, open_workshop, close_workshop);
}
