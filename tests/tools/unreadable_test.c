/* Books whose file was cut short at any page, by an interrupted copy for one, or whose pages are damaged: every command says so;
 * none dies of it, none touches the file, and whoever verifies gets a no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "program.h"

#define DATA "hurt/ledger/data.mdb"
#define PAGE 4096u

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "init city --region 510100 --demo --seed 7 --now 2026-09-01");
	for (int i = 0; i < 4; i++)
		suiren_must(0,
		    "fund appropriate city --fund fiscal --amount 1 --reference r%d --now "
		    "2026-09-02",
		    i);
	struct run run = shell("cp -a city hurt");
	run_free(&run);
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* No signal: 0 or a line and a status of the program's own. */
static void ended_well(const struct run *run, const char *command, size_t kept)
{
	bool good =
	    run->status == 0 || (run->status > 0 && run->status <= 3 && lines_in(run->err) == 1);
	if (!good)
		print_error("%s, %zu bytes kept: status %d, %s%s\n", command, kept, run->status,
		    run->out, run->err);
	assert_true(good);
}

static void every_command_tells_of_a_file_that_was_cut_short(void **state)
{
	(void)state;
	static const char *const commands[] = {"balance hurt", "status hurt", "log head hurt",
	    "export hurt --format csv", "policy show hurt --on 2026-10-01",
	    "fund appropriate hurt --fund fiscal --amount 1 --reference s --now 2026-09-03"};
	size_t size = 0, told = 0;
	char *bytes = file_read("city/ledger/data.mdb", &size);
	for (size_t kept = 0; kept < size; kept += 3 * PAGE) {
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
			file_write(DATA, bytes, kept);
			struct run run = suiren("%s", commands[i]);
			ended_well(&run, commands[i], kept);
			told += run.status != 0;
			run_free(&run);
		}
	}
	assert_true(told > 6);
	free(bytes);
}

static void a_file_that_was_cut_short_is_not_verified(void **state)
{
	(void)state;
	static const char *const commands[] = {
	    "verify hurt", "verify hurt --replay", "verify hurt --json"};
	size_t size = 0;
	char *bytes = file_read("city/ledger/data.mdb", &size);
	/* the two meta pages stay: below them it is no LMDB file at all */
	for (size_t kept = 2 * PAGE; kept < size / 2; kept += 2 * PAGE) {
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
			file_write(DATA, bytes, kept);
			struct run run = suiren("%s", commands[i]);
			ended_well(&run, commands[i], kept);
			assert_int_equal(run.status, 1);
			run_free(&run);
			size_t after = 0;
			char *left = file_read(DATA, &after);
			assert_int_equal(after, kept);
			assert_memory_equal(left, bytes, kept);
			free(left);
		}
	}
	free(bytes);
}

/* What LMDB keeps of its own in a page: flags, where its rows begin and end, the places and sizes of the first of them. */
static void damaged_pages_are_no_death_of_verify(void **state)
{
	(void)state;
	static const size_t places[] = {10, 12, 13, 15, 16, 17, 18, 21};
	size_t size = 0, refused = 0;
	char *bytes = file_read("city/ledger/data.mdb", &size);
	for (size_t page = 2; page < size / PAGE; page++) {
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i += 4) {
			size_t place = page * PAGE + places[i + page % 4];
			bytes[place] ^= (char)(page % 3 ? 0x04 : 0x10);
			file_write(DATA, bytes, size);
			bytes[place] ^= (char)(page % 3 ? 0x04 : 0x10);
			struct run run = suiren("verify hurt");
			bool told = run.status == 0 || run.out[0] || run.err[0];
			if (run.status > 1 || !told)
				print_error("byte %zu: status %d, %s%s\n", place, run.status,
				    run.out, run.err);
			assert_in_range(run.status, 0, 1);
			assert_true(told);
			refused += run.status == 1;
			run_free(&run);
		}
	}
	assert_true(refused > 0);
	free(bytes);
}

static void an_empty_file_is_no_ledger_for_a_reader(void **state)
{
	(void)state;
	static const char *const commands[] = {"balance hurt", "verify hurt"};
	for (size_t i = 0; i < 2; i++) {
		file_write(DATA, "", 0);
		struct run run = suiren("%s", commands[i]);
		assert_int_equal(run.status, 1);
		assert_int_equal(lines_in(run.err), 1);
		assert_non_null(strstr(run.err, "not an LMDB file"));
		run_free(&run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_command_tells_of_a_file_that_was_cut_short),
	    cmocka_unit_test(a_file_that_was_cut_short_is_not_verified),
	    cmocka_unit_test(damaged_pages_are_no_death_of_verify),
	    cmocka_unit_test(an_empty_file_is_no_ledger_for_a_reader),
	};
	return cmocka_run_group_tests_name(
	    "tools/unreadable", tests, open_workshop, close_workshop);
}
