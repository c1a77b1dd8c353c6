/* Bad input of every kind: one line on stderr, the right status, and the books as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "program.h"

static int open_workshop(void **state)
{
	(void)state;
	workshop_open();
	suiren_must(0, "init city --region 510100 --demo --seed 7 --now 2026-09-01");
	suiren_must(0, "init live --region 510800");
	static const char junk[] = "\x00\xff\xfe\x01 binary \x80\x81 junk \x1b[31m\n";
	file_write("empty", "", 0);
	file_write("junk", junk, sizeof(junk));
	file_write("text", "hello\n", 6);
	file_write("truncated.yaml", "region: 510100\nname_zh: \"\xe6\x88\x90", 27);
	struct run run =
	    shell("mkdir folder && mkdir hollow && touch hollow/node.yaml && "
		  "truncate -s 2G huge && cp city/keys/document.key open.key && "
		  "chmod 644 open.key && printf 'suiren-key-1 log %%064d\\n' 1 >wrong.key && "
		  "chmod 600 wrong.key");
	assert_int_equal(run.status, 0);
	run_free(&run);
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

struct bad_case {
	const char *words;
	int status;
	const char *tells; /* in the one line */
};

static void check_cases(const struct bad_case *cases, size_t count)
{
	struct run before = suiren_expect(0, "log head city");
	for (size_t i = 0; i < count; i++) {
		struct run run = suiren("%s", cases[i].words);
		if (run.status != cases[i].status || lines_in(run.err) != 1 ||
		    !strstr(run.err, cases[i].tells) || run.out_size != 0)
			print_error(
			    "suiren %s: status %d (expected %d), expected \"%s\", printed:\n%s%s",
			    cases[i].words, run.status, cases[i].status, cases[i].tells, run.out,
			    run.err);
		assert_int_equal(run.status, cases[i].status);
		assert_int_equal(lines_in(run.err), 1);
		assert_non_null(strstr(run.err, cases[i].tells));
		assert_int_equal(run.out_size, 0);
		run_free(&run);
	}
	struct run after = suiren_expect(0, "log head city");
	assert_string_equal(before.out, after.out);
	run_free(&before);
	run_free(&after);
}
#define CHECK(cases) check_cases(cases, sizeof(cases) / sizeof(cases[0]))

static void what_is_no_node_is_told_in_one_line(void **state)
{
	(void)state;
	static const struct bad_case cases[] = {
	    {"status nowhere", 1, "nowhere"},
	    {"status text", 1, "text"},
	    {"status folder", 1, "node.yaml"},
	    {"status hollow", 2, "hollow"},
	    {"verify nowhere", 1, "nowhere"},
	    {"verify folder", 1, "node.yaml"},
	    {"balance nowhere", 1, "nowhere"},
	    {"log head nowhere", 1, "suiren init"},
	    {"deliver city nowhere", 1, "nowhere"},
	    {"deliver city city", 3, "city"},
	    {"peer add city nowhere", 1, "nowhere"},
	};
	CHECK(cases);
}

static void wrong_words_are_usage_errors(void **state)
{
	(void)state;
	static const struct bad_case cases[] = {
	    {"status", 2, "usage: suiren status DIR"},
	    {"status city folder", 2, "too many"},
	    {"status city --colour", 2, "--colour"},
	    {"balance city --at", 2, "--at"},
	    {"balance city --at 0 --on 2026-09-01", 2, "either"},
	    {"balance city --at x", 2, "--at"},
	    {"balance city --at -1", 2, "--at"},
	    {"balance city --at 1e3", 2, "--at"},
	    {"balance city --at 007", 2, "--at"},
	    {"balance city --at 99999999999999999999999", 2, "--at"},
	    {"balance city --at 9223372036854775807", 2, "--at"},
	    {"balance city --at 1000000", 2, "last entry"},
	    {"balance city --on 2026-02-30", 2, "2026-02-30"},
	    {"balance city --on 2026-13-01", 2, "2026-13-01"},
	    {"balance city --on yesterday", 2, "yesterday"},
	    {"balance city --on 2020-01-01", 1, "had not begun"},
	    {"balance city nothing/begins/so", 1, "nothing/begins/so"},
	    {"log entry city", 2, "missing"},
	    {"log entry city ten", 2, "ten"},
	    {"log entry city 4000000", 1, "4000000"},
	    {"log leaves city --from 2 --to 1", 2, "--from"},
	    {"log leaves city --to 4000000", 2, "4000000"},
	    {"proof inclusion city", 2, "--entry"},
	    {"proof inclusion city --entry 0 --size 0", 2, "--size"},
	    {"proof inclusion city --entry 5 --size 1", 2, "--entry"},
	    {"proof inclusion city --entry 0 --size 4000000", 2, "--size"},
	    {"proof consistency city --from 2 --to 1", 2, "--from"},
	    {"account show city no/such/account", 1, "no/such/account"},
	    {"account find city --reference none", 1, "none"},
	    {"account freeze city no/such/account", 1, "no/such/account"},
	    {"export city", 2, "--format"},
	    {"export city --format pdf", 2, "pdf"},
	    {"export city --format xlsx", 2, "csv"},
	    {"export city --format csv --from 2026-10-02 --to 2026-10-01", 2, "--from"},
	    {"export city --format csv --from 2026-10", 2, "2026-10"},
	    {"policy show city", 2, "--on"},
	    {"policy show city --on 2026-10-01 --region 1", 2, "six digits"},
	    {"policy show city --on 2026-10-01 --region 110000", 1, "110000"},
	    {"init", 2, "missing"},
	    {"init new", 2, "--region"},
	    {"init new --region 51", 2, "six digits"},
	    {"init new --region 999999", 1, "999999"},
	    {"init new --region 510100 --seed 1", 2, "--demo"},
	    {"init new --region 510100 --demo --seed -4", 2, "--seed"},
	    {"init text --region 510100", 1, "text"},
	    {"balance live --now 2026-10-01", 2, "demo"},
	    {"balance city --now tomorrow", 2, "tomorrow"},
	    {"balance city --now 2026-10-01T25:00:00Z", 2, "2026-10-01T25"},
	    {"deliver city live --dry-run", 2, "dry run"},
	};
	CHECK(cases);
}

static void files_that_are_not_what_they_should_be(void **state)
{
	(void)state;
	static const struct bad_case cases[] = {
	    {"policy check nowhere.yaml", 1, "nowhere.yaml"},
	    {"policy check folder", 1, "folder"},
	    {"policy check huge", 2, "huge"},
	    {"init new --region 510100 --policy empty", 2, "empty"},
	    {"init new --region 510100 --policy nowhere.yaml", 1, "nowhere.yaml"},
	    {"init new --region 510100 --policy huge", 2, "huge"},
	    {"init new --region 510100 --policy junk", 2, "junk"},
	    {"receipt verify empty --vkey x", 2, "--vkey"},
	    {"receipt verify nowhere --vkey \"$(\"$SUIREN\" log vkey city)\"", 1, "nowhere"},
	    {"receipt verify empty --vkey \"$(\"$SUIREN\" log vkey city)\"", 2, "empty"},
	    {"receipt verify junk --vkey \"$(\"$SUIREN\" log vkey city)\"", 2, "junk"},
	    {"receipt verify huge --vkey \"$(\"$SUIREN\" log vkey city)\"", 2, "huge"},
	    {"receipt make city --entry 4000000 -o r", 1, "4000000"},
	    {"receipt make city --entry 0 --line 9999 -o r", 2, "--line"},
	    {"receipt make city --entry 0 --line 10000 -o r", 2, "--line"},
	    {"receipt make city --entry 0 -o text", 1, "text"},
	    {"verify city --peer-checkpoint nowhere", 1, "nowhere"},
	    {"verify city --peer-checkpoint empty", 2, "empty"},
	    {"verify city --peer-checkpoint junk", 2, "junk"},
	    {"verify city --peer-checkpoint huge", 2, "huge"},
	    {"account freeze city treasury --officer-key open.key", 3, "open.key"},
	    {"account freeze city treasury --officer-key wrong.key", 1, "wrong.key"},
	    {"account freeze city treasury --officer-key nowhere.key", 1, "nowhere.key"},
	    {"officer add city wang --key 00ff", 2, "--key"},
	    {"officer add city wang", 2, "--key"},
	    {"officer add city 'wang/li' --key ' '", 2, "wang/li"},
	};
	CHECK(cases);
	/* half a file is never left behind, and what was there is not touched */
	struct run run = shell("test ! -e r && test ! -e new && cat text");
	assert_int_equal(run.status, 0);
	assert_string_equal(run.out, "hello\n");
	run_free(&run);
}

static void policy_check_tells_every_error_with_its_line(void **state)
{
	(void)state;
	static const char *const files[] = {"empty", "junk", "text", "truncated.yaml"};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char begins[64];
		snprintf(begins, sizeof(begins), "%s:", files[i]);
		struct run run = suiren_expect(1, "policy check %s", files[i]);
		assert_string_equal(run.out, "");
		assert_true(lines_in(run.err) >= 1);
		assert_ptr_equal(strstr(run.err, begins), run.err);
		assert_null(strchr(run.err, '\033'));
		run_free(&run);
		run = suiren_expect(1, "policy check %s --json", files[i]);
		json_t *json = json_loads(run.out, 0, NULL);
		assert_false(json_is_true(json_object_get(json, "good")));
		assert_true(json_array_size(json_object_get(json, "errors")) >= 1);
		json_decref(json);
		run_free(&run);
	}
}

static void with_json_an_error_is_a_document_too(void **state)
{
	(void)state;
	struct run run = suiren_expect(1, "log entry city 4000000 --json");
	json_t *json = json_loads(run.out, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(json, "error")), "not_found");
	assert_non_null(strstr(json_string_value(json_object_get(json, "message")), "4000000"));
	json_decref(json);
	run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_node_is_told_in_one_line),
	    cmocka_unit_test(wrong_words_are_usage_errors),
	    cmocka_unit_test(files_that_are_not_what_they_should_be),
	    cmocka_unit_test(policy_check_tells_every_error_with_its_line),
	    cmocka_unit_test(with_json_an_error_is_a_document_too),
	};
	return cmocka_run_group_tests_name("tools/input", tests, open_workshop, close_workshop);
}
