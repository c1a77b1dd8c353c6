#include "complaints.h"

#include "yaml_tree.h"

struct reading {
	struct complaints_seen seen;
	struct yaml_complaints complaints;
	struct yaml_tree *tree;
};

static int set_up(void **state)
{
	struct reading *reading = calloc(1, sizeof *reading);
	assert_non_null(reading);
	reading->complaints = (struct yaml_complaints){
	    .file = "the file", .report = complaint_note, .context = &reading->seen};
	*state = reading;
	return 0;
}

static int tear_down(void **state)
{
	struct reading *reading = *state;
	yaml_tree_free(reading->tree);
	complaints_free(&reading->seen);
	free(reading);
	return 0;
}

static void again(struct reading *reading)
{
	yaml_tree_free(reading->tree);
	reading->tree = NULL;
	complaints_free(&reading->seen);
	reading->complaints.any = false;
}

static struct yaml_map good(struct reading *reading, const char *yaml)
{
	assert_good(yaml_tree_read(span_text(yaml), &reading->complaints, &reading->tree));
	assert_int_equal(reading->seen.count, 0);
	return yaml_map(yaml_tree_root(reading->tree), &reading->complaints, "%s", "");
}

/* Refused as a whole, with this one complaint. */
static void refused(
    struct reading *reading, struct span yaml, enum error error, const char *complaint)
{
	assert_error(yaml_tree_read(yaml, &reading->complaints, &reading->tree), error);
	assert_null(reading->tree);
	assert_true(reading->complaints.any);
	complained(&reading->seen, complaint);
	assert_int_equal(reading->seen.count, 1);
	again(reading);
}

/* --- the tree ----------------------------------------------------------------------------------------------- */

static void every_value_knows_its_line(void **state)
{
	struct reading *reading = *state;
	struct yaml_map map =
	    good(reading, "# a comment\nfirst: 1\nlist:\n  - a\n  - {x: 2}\n\nlast: 'text'\n");
	const struct yaml_node *list = yaml_field(&map, "list", true);
	assert_int_equal(yaml_field(&map, "first", true)->line, 2);
	assert_int_equal(list->type, YAML_LIST);
	assert_int_equal(list->first->line, 4);
	assert_string_equal(list->first->text, "a");
	assert_int_equal(list->first->next->line, 5);
	assert_int_equal(list->first->next->type, YAML_MAP);
	assert_string_equal(list->first->next->first->key, "x");
	assert_null(list->first->next->next);
	assert_int_equal(yaml_field(&map, "last", true)->line, 7);
	assert_string_equal(yaml_field(&map, "last", true)->text, "text");
}

static void nothing_is_refused_with_a_line(void **state)
{
	struct reading *reading = *state;
	refused(reading, span_text(""), ERROR_MALFORMED, "1 : the file is empty\n");
	refused(
	    reading, span_text("# only a comment\n"), ERROR_MALFORMED, "1 : the file is empty\n");
}

static void what_is_no_text_is_refused(void **state)
{
	struct reading *reading = *state;
	refused(reading, span_text("a: \xff\n"), ERROR_ENCODING, "1 : not UTF-8 text\n");
	refused(reading, span_of("a: b\0c\n", 7), ERROR_ENCODING, "1 : not UTF-8 text\n");
	/* GB 18030, as Excel in China writes: 成都 */
	refused(
	    reading, span_text("name: \xb3\xc9\xb6\xbc\n"), ERROR_ENCODING, "1 : not UTF-8 text\n");
	/* UTF-16 */
	refused(reading,
	    span_of("\xff\xfe"
		    "a\0:\0",
		6),
	    ERROR_ENCODING, "1 : not UTF-8 text\n");
	refused(
	    reading, span_text("a: 1\nb: \"x\\0y\"\n"), ERROR_MALFORMED, "2 : a zero character\n");
	refused(reading, span_text("\"a\\0\": 1\n"), ERROR_MALFORMED, "1 : a zero character\n");
}

static void what_is_no_yaml_is_refused_with_its_line(void **state)
{
	struct reading *reading = *state;
	refused(reading, span_text("a: 1\nb: [1, 2\nc: 3\n"), ERROR_MALFORMED, "3 : ");
	refused(reading, span_text("a: 1\n b: 2\n"), ERROR_MALFORMED, "2 : ");
	refused(reading, span_text("a: 1\n\tb: 2\n"), ERROR_MALFORMED, "2 : ");
	refused(reading, span_text("a: \"x\n"), ERROR_MALFORMED, "2 : ");
	refused(reading, span_text("a: 'b' c\n"), ERROR_MALFORMED, "1 : ");
}

/* An alias can stand for a billion values; a tag for anything. */
static void aliases_anchors_tags_and_further_documents_are_refused(void **state)
{
	static const char *const yaml[] = {"a: 1\nb: &x 5\n", "a: 1\nb: *x\n", "a: 1\nb: &x [1]\n",
	    "a: 1\nb: &x {c: 1}\n", "a: 1\nb: !!int 5\n", "a: 1\nb: !mine {c: 1}\n",
	    "a: 1\nb: !!seq [1]\n"};
	struct reading *reading = *state;
	for (size_t i = 0; i < sizeof yaml / sizeof *yaml; i++)
		refused(reading, span_text(yaml[i]), ERROR_MALFORMED,
		    "2 : aliases, anchors and tags are not allowed\n");
	refused(reading, span_text("a: 1\n---\nb: 2\n"), ERROR_MALFORMED,
	    "2 : a second document in one file\n");
	refused(reading, span_text("a: 1\n...\n---\nb: 2\n"), ERROR_MALFORMED,
	    "3 : a second document in one file\n");
}

static void one_document_may_be_marked_as_such(void **state)
{
	struct reading *reading = *state;
	struct yaml_map map = good(reading, "---\na: 1\n...\n");
	assert_int_equal(yaml_field(&map, "a", true)->line, 2);
}

/* The tree is read on, so that all double fields are told; whoever reads it sees that something was wrong. */
static void a_field_that_stands_twice_is_told_with_the_second_line(void **state)
{
	struct reading *reading = *state;
	assert_good(yaml_tree_read(
	    span_text("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n"), &reading->complaints, &reading->tree));
	assert_true(reading->complaints.any);
	complained(&reading->seen, "4 c: stands twice\n");
	complained(&reading->seen, "5 a: stands twice\n");
	assert_int_equal(reading->seen.count, 2);
}

static void a_key_is_a_plain_word(void **state)
{
	struct reading *reading = *state;
	refused(reading, span_text("a: 1\n? [x]\n: 1\n"), ERROR_MALFORMED,
	    "2 : a key must be a plain word\n");
	refused(reading, span_text("? {x: 1}\n: 1\n"), ERROR_MALFORMED,
	    "1 : a key must be a plain word\n");
}

/* --- bounds ------------------------------------------------------------------------------------------------- */

static void repeat(struct buffer *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buffer_append_text(out, text);
}

static void nesting_has_a_bound(void **state)
{
	struct reading *reading = *state;
	struct buffer yaml = {0};
	repeat(&yaml, "[", CONFIG_DEPTH_MAX);
	repeat(&yaml, "]", CONFIG_DEPTH_MAX);
	assert_good(yaml_tree_read(buffer_span(&yaml), &reading->complaints, &reading->tree));
	again(reading);
	buffer_clear(&yaml);
	repeat(&yaml, "[", CONFIG_DEPTH_MAX + 1);
	repeat(&yaml, "]", CONFIG_DEPTH_MAX + 1);
	refused(reading, buffer_span(&yaml), ERROR_TOO_LARGE, "1 : nested deeper than 16\n");
	/* Given up at the bound: the parser itself needs seconds for so many. */
	buffer_clear(&yaml);
	repeat(&yaml, "[", 50000);
	refused(reading, buffer_span(&yaml), ERROR_TOO_LARGE, "1 : nested deeper than 16\n");
	buffer_free(&yaml);
}

static void size_fields_and_values_have_a_bound(void **state)
{
	struct reading *reading = *state;
	struct buffer yaml = {0};
	repeat(&yaml, "#", CONFIG_FILE_MAX);
	refused(reading, buffer_span(&yaml), ERROR_MALFORMED, "1 : the file is empty\n");
	repeat(&yaml, "#", 1);
	refused(reading, buffer_span(&yaml), ERROR_TOO_LARGE, "1 : larger than 1048576 bytes\n");
	buffer_clear(&yaml);
	for (unsigned i = 0; i <= CONFIG_KEYS_MAX; i++)
		buffer_append_format(&yaml, "f%u: 1\n", i);
	refused(reading, buffer_span(&yaml), ERROR_TOO_LARGE, "257 ");
	buffer_clear(&yaml);
	repeat(&yaml, "- 1\n", YAML_NODES_MAX); /* and the list itself */
	refused(reading, buffer_span(&yaml), ERROR_TOO_LARGE, "65536 : more than 65536 values\n");
	buffer_free(&yaml);
}

/* --- reading a map ------------------------------------------------------------------------------------------ */

static void what_is_missing_unknown_or_wrong_is_all_told(void **state)
{
	struct reading *reading = *state;
	struct yaml_map map = good(reading, "known: 1\nextra: 2\nlist: 3\nword: [1]\nmore: 4\n");
	int64_t number = 0;
	char text[8] = "kept";
	assert_true(yaml_integer(&map, "known", true, 0, 9, &number));
	assert_int_equal(number, 1);
	assert_null(yaml_list(&map, "list", true, 4));
	assert_false(yaml_text(&map, "word", true, text, sizeof text));
	assert_false(yaml_text(&map, "absent", true, text, sizeof text));
	assert_false(yaml_text(&map, "optional", false, text, sizeof text));
	assert_string_equal(text, "kept");
	yaml_map_end(&map);
	complained(&reading->seen, "3 list: must be a list\n");
	complained(&reading->seen, "4 word: must be a single value\n");
	complained(&reading->seen, "1 absent: missing\n");
	complained(&reading->seen, "2 extra: unknown field\n");
	complained(&reading->seen, "5 more: unknown field\n");
	assert_int_equal(reading->seen.count, 5);
}

static void a_path_names_the_map(void **state)
{
	struct reading *reading = *state;
	struct yaml_map top = good(reading, "rows:\n  - a: x\n");
	const struct yaml_node *rows = yaml_list(&top, "rows", true, 4);
	struct yaml_map row = yaml_map(rows->first, &reading->complaints, "rows[%d]", 0);
	int64_t number;
	assert_false(yaml_integer(&row, "a", true, 0, 9, &number));
	yaml_map(yaml_field(&row, "a", true), &reading->complaints, "rows[%d].a", 0);
	complained(&reading->seen, "2 rows[0].a: must be a whole number, without leading zeros\n");
	complained(&reading->seen, "2 rows[0].a: must be a map of fields\n");
}

/* YAML 1.1 would take 010 for 8, 0x10 for 16, 1_000 for 1000 and 1:30 for 90. */
static void numbers_are_decimal_or_refused(void **state)
{
	static const char *const bad[] = {"010", "0x10", "0o10", "0b1", "1_000", "1:30", "1e3",
	    "1.0", "+1", "'-'", "--1", "", "''", "~", "null", "true", "1 2", "９",
	    "99999999999999999999"};
	struct reading *reading = *state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char yaml[64];
		int64_t number = 77;
		snprintf(yaml, sizeof yaml, "a: 1\nn: %s\n", bad[i]);
		struct yaml_map map = good(reading, yaml);
		assert_false(yaml_integer(&map, "n", true, INT64_MIN, INT64_MAX, &number));
		assert_int_equal(number, 77);
		complained(&reading->seen, "2 n: ");
		again(reading);
	}
	struct yaml_map map = good(reading, "n: 12\nz: 0\nm: 5\n");
	int64_t number;
	assert_true(yaml_integer(&map, "n", true, 12, 12, &number));
	assert_int_equal(number, 12);
	assert_true(yaml_integer(&map, "z", true, 0, 1, &number));
	assert_int_equal(number, 0);
	assert_false(yaml_integer(&map, "m", true, 6, 9, &number));
	complained(&reading->seen, "3 m: must be from 6 to 9\n");
}

static void money_is_in_yuan_with_two_decimals_or_refused(void **state)
{
	static const char *const bad[] = {"010", "0x10", "050.00", "50.005", "50.", ".50",
	    "1,000.00", "1e3", "50,00", "+50.00", "￥50.00", "50.00元", "''", "~", "5 0.00",
	    "50.0.0", "NaN", ".inf", "99999999999999999999.00"};
	static const struct {
		const char *text;
		int64_t fen;
	} amounts[] = {
	    {"50.00", 5000}, {"50", 5000}, {"50.5", 5050}, {"0.01", 1}, {"'50.00'", 5000}};
	struct reading *reading = *state;
	struct amount amount = {77};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char yaml[64];
		snprintf(yaml, sizeof yaml, "a: 1\nm: %s\n", bad[i]);
		struct yaml_map map = good(reading, yaml);
		assert_false(yaml_yuan(&map, "m", true, &amount));
		assert_true(amount.value == 77);
		complained(&reading->seen, "2 m: must be an amount in yuan, like 50.00\n");
		again(reading);
	}
	for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
		char yaml[64];
		snprintf(yaml, sizeof yaml, "m: %s\n", amounts[i].text);
		struct yaml_map map = good(reading, yaml);
		assert_true(yaml_yuan(&map, "m", true, &amount));
		assert_true(amount.value == amounts[i].fen);
		again(reading);
	}
	struct yaml_map map = good(reading, "a: 0.00\nb: -5.00\n");
	assert_false(yaml_yuan(&map, "a", true, &amount));
	assert_false(yaml_yuan(&map, "b", true, &amount));
	complained(&reading->seen, "1 a: must be positive\n");
	complained(&reading->seen, "2 b: must be positive\n");
}

static void words_are_exactly_those_that_are_listed(void **state)
{
	static const char *const names[] = {"month", "day", NULL};
	static const char *const bad[] = {"Day", "days", "''", "d", "yes"};
	struct reading *reading = *state;
	int index = 7;
	bool truth = true;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char yaml[32];
		snprintf(yaml, sizeof yaml, "w: %s\n", bad[i]);
		struct yaml_map map = good(reading, yaml);
		assert_false(yaml_choice(&map, "w", true, names, &index));
		assert_false(yaml_bool(&map, "w", true, &truth));
		complained(&reading->seen, "1 w: must be one of: month, day\n");
		complained(&reading->seen, "1 w: must be one of: false, true\n");
		again(reading);
	}
	struct yaml_map map = good(reading, "w: day\nb: false\n");
	assert_true(yaml_choice(&map, "w", true, names, &index));
	assert_int_equal(index, 1);
	assert_true(yaml_bool(&map, "b", true, &truth));
	assert_false(truth);
}

static void texts_codes_and_days_have_their_form(void **state)
{
	struct reading *reading = *state;
	struct yaml_map map = good(reading, "long: 123456\nempty: ''\ncode: bed_1\nbad: "
					    "Bed\nslash: a/b\nday: 2026-10-31\nno: 2026-02-29\n");
	char text[6] = "kept";
	int32_t day = 5;
	assert_false(yaml_text(&map, "long", true, text, sizeof text));
	assert_false(yaml_text(&map, "empty", true, text, sizeof text));
	assert_false(yaml_code(&map, "bad", true, text, sizeof text));
	assert_false(yaml_code(&map, "slash", true, text, sizeof text));
	assert_string_equal(text, "kept");
	assert_true(yaml_code(&map, "code", true, text, sizeof text));
	assert_string_equal(text, "bed_1");
	assert_true(yaml_day(&map, "day", true, &day));
	assert_int_equal(day, 20757);
	assert_false(yaml_day(&map, "no", true, &day));
	assert_int_equal(day, 20757);
	complained(&reading->seen, "1 long: longer than 5 bytes\n");
	complained(&reading->seen, "2 empty: must not be empty\n");
	complained(&reading->seen, "4 bad: must be lower-case letters, digits and '_'\n");
	complained(&reading->seen, "5 slash: must be lower-case letters, digits and '_'\n");
	complained(&reading->seen, "7 no: must be a day, like 2026-10-01\n");
}

static void a_list_has_a_bound(void **state)
{
	struct reading *reading = *state;
	struct yaml_map map = good(reading, "a: [1, 2, 3]\n");
	assert_non_null(yaml_list(&map, "a", true, 3));
	assert_null(yaml_list(&map, "a", true, 2));
	complained(&reading->seen, "1 a: more than 2 entries\n");
}

/* Whatever is cut off or altered in a good file, the reader comes to an end, and either gives a tree or says what is wrong. */
static void no_damage_is_taken_silently(void **state)
{
	static const char whole[] = "region: 510100\nfunds:\n  - code: a\n    name: \"b\\u4e2d\"\n"
				    "list: [1, {x: 'y'}]\n";
	static const char signs[] = "&*!:-[]{}'\"\n#";
	struct reading *reading = *state;
	uint64_t random = chance_seed("yaml");
	for (unsigned round = 0; round < 3000; round++) {
		char yaml[sizeof whole];
		size_t size = 1 + chance_below(&random, sizeof whole - 1);
		memcpy(yaml, whole, size);
		for (unsigned i = 0; i < round % 4; i++)
			yaml[chance_below(&random, size)] =
			    i % 2 ? (char)chance(&random) : signs[chance_below(&random, 13)];
		enum error error =
		    yaml_tree_read(span_of(yaml, size), &reading->complaints, &reading->tree);
		assert_true(error ? reading->tree == NULL && reading->seen.count > 0
				  : reading->tree != NULL);
		again(reading);
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CASE(every_value_knows_its_line),
	    CASE(nothing_is_refused_with_a_line),
	    CASE(what_is_no_text_is_refused),
	    CASE(what_is_no_yaml_is_refused_with_its_line),
	    CASE(aliases_anchors_tags_and_further_documents_are_refused),
	    CASE(one_document_may_be_marked_as_such),
	    CASE(a_field_that_stands_twice_is_told_with_the_second_line),
	    CASE(a_key_is_a_plain_word),
	    CASE(nesting_has_a_bound),
	    CASE(size_fields_and_values_have_a_bound),
	    CASE(what_is_missing_unknown_or_wrong_is_all_told),
	    CASE(a_path_names_the_map),
	    CASE(numbers_are_decimal_or_refused),
	    CASE(money_is_in_yuan_with_two_decimals_or_refused),
	    CASE(words_are_exactly_those_that_are_listed),
	    CASE(texts_codes_and_days_have_their_form),
	    CASE(a_list_has_a_bound),
	    CASE(no_damage_is_taken_silently),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
