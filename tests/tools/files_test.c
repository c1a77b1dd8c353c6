/* Every command that reads a file, with every kind of file that is not what it should be: one line that names the file, exit
 * status 1 or 2, nothing on stdout, and the books as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "program.h"

#define HOME "52510104MJ0000018N"
#define PERSON "5101000000000002"

static void must(const char *command)
{
	struct run run = shell("%s", command);
	if (run.status != 0)
		print_error("%s: %s", command, run.err);
	assert_int_equal(run.status, 0);
	run_free(&run);
}

/* `unit` again and again, `count` times. */
static void write_many(const char *path, const char *begin, const char *unit, unsigned count)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	fputs(begin, file);
	for (unsigned i = 0; i < count; i++)
		fputs(unit, file);
	assert_int_equal(fclose(file), 0);
}

static void write_numbered(const char *path, const char *format, unsigned count)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	for (unsigned i = 0; i < count; i++) {
		char text[32];
		snprintf(text, sizeof(text), format, i);
		fputs(text, file);
	}
	assert_int_equal(fclose(file), 0);
}

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "init city --region 510100 --demo --seed 7 --now 2026-09-01");
	suiren_must(0, "policy bundle city -o bundle");
	suiren_must(0, "officer add city wang --out officer.key --now 2026-09-01");
	suiren_must(0, "receipt make city --entry 0 -o receipt");
	must("printf 'suiren-key-1 institution %064d\\n' 1 >house.key && chmod 600 house.key");
	must("printf 'institution,person_code,programme,first_day,last_day,amount\\n"
	     "" HOME "," PERSON ",bed_subsidy,2026-10-01,2026-10-31,\\n' >claims.csv");
	suiren_must(
	    0, "claim sign claims.csv --key house.key --policy bundle -o sheets --number 1");
	must("cp sheets/" HOME "-1-510100.sheet good.sheet");

	/* what is no file of ours */
	static const char junk[] = "\x00\xff\xfe\x01 binary \x80\x81 junk \x1b[31m\n";
	file_write("empty", "", 0);
	file_write("junk", junk, sizeof(junk));
	file_write("text", "hello\n", 6);
	file_write("nul", "a,b\0c\n1,2\n", 10);
	file_write("utf16", "\xff\xfeu\0s\0c\0c\0\n\0", 12);
	file_write("anchors", "a: &a [x,x]\nb: [*a,*a]\n", 23);
	file_write("quote", "\"never closed\n", 14);
	write_many("deep", "", "[", 50000);
	write_many("openquote", "uscc,\"", "all of one field\n", 200000);
	write_numbered("keys", "k%u:\n", 65000);
	write_numbered("columns", "c%u,", 1000000);
	must("mkdir folder && mkfifo pipe && truncate -s 2G huge && chmod 600 *");
	must("chmod 700 folder city sheets");
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* FILE stands for the bad one. */
static const char *const tables[] = {
    "institution register city FILE --now 2026-09-02",
    "person register city FILE --now 2026-09-02",
    "person change city FILE --now 2026-09-02",
    "assessment import city FILE --now 2026-09-02",
    "filing import city FILE --now 2026-09-02",
    "grant import city FILE --now 2026-09-02",
    "stay open city FILE --now 2026-09-02",
    "stay close city FILE --now 2026-09-02",
    "stay transfer city FILE --now 2026-09-02",
    "stay import city FILE --now 2026-09-02",
    "claim sign FILE --key house.key --policy bundle -o out",
};

static const char *const others[] = {
    "policy check FILE",
    "init new --region 510100 --policy FILE",
    "claim sign claims.csv --key FILE --policy bundle -o out",
    "claim sign claims.csv --key house.key --policy FILE -o out",
    "claim check city FILE",
    "payment import city FILE --now 2026-11-01",
    "claim submit city FILE --now 2026-11-01",
    "claim submit city good.sheet --entered-by wang --officer-key FILE --now 2026-11-01",
    "claim reverse city --entry 1 --line 0 --grounds x --officer-key FILE --now 2026-11-01",
    "receipt verify FILE --vkey \"$(\"$SUIREN\" log vkey city)\"",
    "receipt verify receipt --vkey FILE",
    "verify city --peer-checkpoint FILE",
    "account freeze city treasury --officer-key FILE --now 2026-09-02",
    "window cut city --officer-key FILE --now 2026-09-02",
    "clearing run city --officer-key FILE --now 2026-09-02",
    "fund appropriate city --float --amount 1 --reference r --officer-key FILE --now 2026-09-02",
};

static const char *const bad_files[] = {"nowhere", "folder", "empty", "junk", "text", "nul",
    "utf16", "anchors", "quote", "deep", "keys", "columns", "huge", "pipe", "/dev/null"};

static bool is_good(const struct run *run, const char *words, const char *file)
{
	/* A policy's faults are all told. */
	bool all_told = strncmp(words, "policy check", 12) == 0;
	unsigned lines = lines_in(run->err);
	return (run->status == 1 || run->status == 2) && run->out_size == 0 &&
	       (lines == 1 || (all_told && lines > 1)) && strstr(run->err, file) &&
	       !strchr(run->err, '\033');
}

static void check_one(const char *command, const char *file)
{
	char words[512];
	const char *at = strstr(command, "FILE");
	assert_non_null(at);
	snprintf(words, sizeof(words), "%.*s%s%s", (int)(at - command), command, file, at + 4);
	struct run run = suiren("%s", words);
	if (!is_good(&run, words, file))
		print_error(
		    "suiren %s: status %d, printed:\n%s%s", words, run.status, run.out, run.err);
	assert_true(is_good(&run, words, file));
	run_free(&run);
}

/* Of two runs the same, and nothing new beside the node. */
static struct run traces(void)
{
	return shell("\"$SUIREN\" log head city && ls");
}

static void check_all(const char *const *commands, size_t count)
{
	struct run before = traces();
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < sizeof(bad_files) / sizeof(bad_files[0]); j++)
			check_one(commands[i], bad_files[j]);
	struct run after = traces();
	assert_string_equal(before.out, after.out);
	run_free(&before);
	run_free(&after);
}

static void a_table_that_is_none_is_told_in_one_line(void **state)
{
	(void)state;
	check_all(tables, sizeof(tables) / sizeof(tables[0]));
}

static void any_other_file_that_is_none_is_told_in_one_line(void **state)
{
	(void)state;
	check_all(others, sizeof(others) / sizeof(others[0]));
}

/* Each is read up to its bound and no further. */
static void what_never_ends_is_given_up(void **state)
{
	(void)state;
	must("head -c 20000000 /dev/zero | tr '\\0' x >longline && chmod 600 longline");
	static const char *const commands[] = {"policy check FILE",
	    "stay open city FILE --now 2026-09-02", "claim check city FILE",
	    "verify city --peer-checkpoint FILE",
	    "receipt verify FILE --vkey \"$(\"$SUIREN\" log vkey city)\"",
	    "claim sign claims.csv --key house.key --policy FILE -o out",
	    "account freeze city treasury --officer-key FILE --now 2026-09-02"};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		check_one(commands[i], "/dev/zero");
		check_one(commands[i], "longline");
	}
	check_one("stay open city FILE --now 2026-09-02", "openquote");
	must("rm longline");
}

/* A pipe with somebody at its other end is as good as a file, however it comes in pieces. */
static void a_pipe_that_is_written_to_is_read_to_its_end(void **state)
{
	(void)state;
	struct run run = shell(
	    "{ head -c 100 bundle; tail -c +101 bundle | head -c 5000; tail -c +5101 bundle; } "
	    "| \"$SUIREN\" claim sign claims.csv --key house.key --policy /dev/stdin "
	    "-o again --number 1 && cmp again/" HOME "-1-510100.sheet good.sheet");
	assert_int_equal(run.status, 0);
	run_free(&run);
}

/* Half a file, at every tenth of its length, and the file with one byte more. */
static void a_file_that_was_cut_off_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *file, *command;
	} cases[] = {
	    {"good.sheet", "claim check city cut"},
	    {"good.sheet", "claim submit city cut --now 2026-11-01"},
	    {"receipt", "receipt verify cut --vkey \"$(\"$SUIREN\" log vkey city)\""},
	    {"bundle", "claim sign claims.csv --key house.key --policy cut -o out"},
	    {"house.key", "claim sign claims.csv --key cut --policy bundle -o out"},
	    {"officer.key", "account freeze city treasury --officer-key cut --now 2026-09-02"},
	    {"city/node.yaml", "policy check cut"},
	};
	struct run before = traces();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t size = 0;
		char *bytes = file_read(cases[i].file, &size);
		for (size_t tenth = 0; tenth <= 10; tenth++) {
			size_t kept = tenth == 10 ? size - 1 : size * tenth / 10;
			file_write("cut", bytes, kept);
			assert_int_equal(chmod("cut", 0600), 0);
			struct run run = suiren("%s", cases[i].command);
			if (!is_good(&run, cases[i].command, "cut"))
				print_error("%s of %zu bytes of %zu of %s: %d, %s%s\n",
				    cases[i].command, kept, size, cases[i].file, run.status,
				    run.out, run.err);
			assert_true(is_good(&run, cases[i].command, "cut"));
			run_free(&run);
		}
		free(bytes);
	}
	must("rm cut");
	struct run after = traces();
	assert_string_equal(before.out, after.out);
	run_free(&before);
	run_free(&after);
}

/* A node whose own file is damaged says so, reading or writing. */
static void a_damaged_node_yaml_is_named(void **state)
{
	(void)state;
	static const char *const makers[] = {": >hurt/node.yaml",
	    "printf 'region: 510100\\n' >hurt/node.yaml", "cp junk hurt/node.yaml",
	    "sed -i 's/^epoch: 1/epoch: 99999999999999999999/' hurt/node.yaml",
	    "sed -i 's/^epoch: 1/epoch: -1/' hurt/node.yaml",
	    "sed -i 's/^epoch: 1/epoch: 01/' hurt/node.yaml",
	    "sed -i 's/^region: 510100/region: 510199/' hurt/node.yaml",
	    "echo 'colour: red' >>hurt/node.yaml", "cat city/node.yaml >>hurt/node.yaml",
	    "truncate -s 2G hurt/node.yaml", "rm hurt/node.yaml && mkdir hurt/node.yaml",
	    "rm hurt/node.yaml && mkfifo hurt/node.yaml", "cp deep hurt/node.yaml",
	    "cp keys hurt/node.yaml"};
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		must("rm -rf hurt && cp -a city hurt");
		must(makers[i]);
		static const char *const commands[] = {
		    "status hurt", "fund appropriate hurt --float --amount 1 --reference r"};
		for (size_t j = 0; j < 2; j++) {
			struct run run = suiren("%s", commands[j]);
			if ((run.status != 1 && run.status != 2) || lines_in(run.err) != 1 ||
			    !strstr(run.err, "hurt"))
				print_error("%s; %s: status %d, %s%s\n", makers[i], commands[j],
				    run.status, run.out, run.err);
			assert_true(run.status == 1 || run.status == 2);
			assert_int_equal(lines_in(run.err), 1);
			assert_non_null(strstr(run.err, "hurt"));
			run_free(&run);
		}
	}
	must("rm -rf hurt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_table_that_is_none_is_told_in_one_line),
	    cmocka_unit_test(any_other_file_that_is_none_is_told_in_one_line),
	    cmocka_unit_test(what_never_ends_is_given_up),
	    cmocka_unit_test(a_pipe_that_is_written_to_is_read_to_its_end),
	    cmocka_unit_test(a_file_that_was_cut_off_is_told),
	    cmocka_unit_test(a_damaged_node_yaml_is_named),
	};
	return cmocka_run_group_tests_name("tools/files", tests, open_workshop, close_workshop);
}
