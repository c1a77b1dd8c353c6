/* Walking lines beside verdicts, and the small values that stand in lines: taken forms, refused forms, bounds. */
#include "lines.h"

#include "calendar.h"
#include "hexes.h"
#include "policy.h"
#include "testing.h"

/* --- days ----------------------------------------------------------------------------------------------------- */

static enum error take_day(const char *text, bool never, int32_t *day)
{
	struct buffer bytes = hexes(text);
	struct codec_reader reader = codec_reader(buffer_span(&bytes));
	*day = never ? day_or_never_take(&reader) : day_take(&reader);
	enum error error = codec_finish(&reader);
	buffer_free(&bytes);
	return error;
}

/* 1900-01-01 is 25,567 days before 1970-01-01, 2199-12-31 84,005 days after it. */
static void days_are_those_of_the_calendar(void **state)
{
	static const struct {
		const char *text;
		int32_t day;
	} taken[] = {
	    {"00", 0}, {"20", -1}, {"19507d", 20605}, {"3963de", -25567}, {"1a00014825", 84005}};
	static const char *const refused[] = {"3963df", "1a00014826", "1b7fffffffffffffff",
	    "3b7fffffffffffffff", "f6", "6130", "f4", "80", "", "1800"};
	int32_t found;
	(void)state;
	assert_int_equal(day_of(1900, 1, 1), -25567);
	assert_int_equal(day_of(2199, 12, 31), 84005);
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		struct buffer bytes = {0};
		assert_good(take_day(taken[i].text, false, &found));
		assert_int_equal(found, taken[i].day);
		assert_good(take_day(taken[i].text, true, &found));
		assert_int_equal(found, taken[i].day);
		day_put(&bytes, taken[i].day);
		expect_hex(&bytes, taken[i].text);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		assert_error(take_day(refused[i], false, &found), ERROR_MALFORMED);
}

static void no_end_is_null(void **state)
{
	struct buffer bytes = {0};
	int32_t found;
	(void)state;
	assert_good(take_day("f6", true, &found));
	assert_int_equal(found, DAY_NEVER);
	day_or_never_put(&bytes, DAY_NEVER);
	expect_hex(&bytes, "f6");
	bytes = (struct buffer){0};
	day_or_never_put(&bytes, 20605);
	expect_hex(&bytes, "19507d");
	/* DAY_NEVER itself is no day. */
	assert_error(take_day("1a7fffffff", true, &found), ERROR_MALFORMED);
}

/* --- texts ---------------------------------------------------------------------------------------------------- */

static enum error take_text(const char *text, size_t max, size_t *size)
{
	struct buffer bytes = hexes(text);
	struct codec_reader reader = codec_reader(buffer_span(&bytes));
	*size = text_or_null_take(&reader, max).size;
	enum error error = codec_finish(&reader);
	buffer_free(&bytes);
	return error;
}

static void a_text_is_null_or_has_bytes(void **state)
{
	struct buffer bytes = {0};
	size_t size;
	(void)state;
	assert_good(take_text("f6", 3, &size));
	assert_int_equal(size, 0);
	assert_good(take_text("63616263", 3, &size));
	assert_int_equal(size, 3);
	assert_error(take_text("60", 3, &size), ERROR_MALFORMED);
	assert_error(take_text("6461626364", 3, &size), ERROR_MALFORMED);
	assert_int_equal(size, 0);
	assert_error(take_text("43616263", 3, &size), ERROR_MALFORMED);
	assert_error(take_text("63ffffff", 3, &size), ERROR_MALFORMED); /* not UTF-8 */
	text_or_null_put(&bytes, (struct span){NULL, 0});
	text_or_null_put(&bytes, span_text("abc"));
	expect_hex(&bytes, "f6 63616263");
}

/* --- verdicts ------------------------------------------------------------------------------------------------- */

static void a_registers_verdict_is_its_reason_and_a_stays_has_a_day(void **state)
{
	struct decision decision;
	struct buffer copy = {0};
	(void)state;
	decision_init(&decision);
	verdict_put(&decision, REASON_registered);
	verdict_put(&decision, REASON_duplicate);
	verdict_put_day(&decision, REASON_overlap, true, 20605);
	verdict_put_day(&decision, REASON_registered, false, 0);
	assert_int_equal(decision.count, 4);
	buffer_append(&copy, buffer_span(&decision.verdicts));
	expect_hex(&copy, "811841 8108 821219507d 821841f6");
	decision_free(&decision);
}

static enum error read_reason(const char *text, unsigned *reason)
{
	struct buffer bytes = hexes(text);
	enum error error = verdict_read(buffer_span(&bytes), reason);
	buffer_free(&bytes);
	return error;
}

static void the_first_field_is_the_reason(void **state)
{
	unsigned reason;
	(void)state;
	assert_good(read_reason("811841", &reason));
	assert_int_equal(reason, REASON_registered);
	assert_good(read_reason("84 09 19507d 02 03", &reason));
	assert_int_equal(reason, REASON_not_filed);
	assert_good(read_reason("8119ffff", &reason));
	assert_error(read_reason("80", &reason), ERROR_MALFORMED);
	assert_error(read_reason("", &reason), ERROR_MALFORMED);
	assert_error(read_reason("09", &reason), ERROR_MALFORMED);
	assert_error(read_reason("8120", &reason), ERROR_MALFORMED);
	assert_error(read_reason("811a00010000", &reason), ERROR_MALFORMED);
}

/* --- the lines of a command ------------------------------------------------------------------------------------ */

static void lines_come_one_after_the_other(void **state)
{
	struct buffer lines = hexes("01 8102 6161");
	const struct command command = {.lines = buffer_span(&lines), .count = 3};
	struct line_walk walk = line_walk(&command);
	struct error_detail detail = {""};
	struct span line;
	static const size_t sizes[] = {1, 2, 2};
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_true(line_walk_next(&walk, &line));
		assert_int_equal(line.size, sizes[i]);
		assert_int_equal(walk.next, i + 1);
	}
	assert_false(line_walk_next(&walk, &line));
	assert_good(line_walk_finish(&walk, &detail));
	buffer_free(&lines);
}

static enum error walk_all(const char *text, uint32_t count, const char *logged)
{
	struct buffer lines = hexes(text), verdicts = hexes(logged);
	const struct command command = {.lines = buffer_span(&lines),
	    .logged_verdicts = buffer_span(&verdicts),
	    .count = count};
	struct line_walk walk = line_walk(&command);
	struct error_detail detail = {""};
	struct span line;
	while (line_walk_next(&walk, &line))
		continue;
	enum error error = line_walk_finish(&walk, &detail);
	assert_true(error == ERROR_NONE || detail.text[0]);
	buffer_free(&lines);
	buffer_free(&verdicts);
	return error;
}

static void another_number_of_lines_than_told_is_refused(void **state)
{
	(void)state;
	assert_good(walk_all("01 02", 2, ""));
	assert_error(walk_all("01 02", 3, ""), ERROR_MALFORMED);
	assert_error(walk_all("01 02 03", 2, ""), ERROR_MALFORMED);
	assert_error(walk_all("", 1, ""), ERROR_MALFORMED);
	assert_error(walk_all("01 82", 2, ""), ERROR_MALFORMED);
	assert_error(walk_all("01 1801", 2, ""), ERROR_MALFORMED); /* not the shortest */
	/* Beside what was logged. */
	assert_good(walk_all("01 02", 2, "811841 8108"));
	assert_error(walk_all("01 02", 2, "811841"), ERROR_MALFORMED);
	assert_error(walk_all("01 02", 2, "811841 81"), ERROR_MALFORMED);
}

static void a_fault_names_the_line_from_one_on(void **state)
{
	struct buffer lines = hexes("01 02 03");
	const struct command command = {.lines = buffer_span(&lines), .count = 3};
	struct line_walk walk = line_walk(&command);
	struct error_detail detail = {""};
	struct span line;
	(void)state;
	assert_true(line_walk_next(&walk, &line));
	assert_true(line_walk_next(&walk, &line));
	assert_error(
	    line_walk_error(&walk, ERROR_TOO_LARGE, &detail, "too many stays"), ERROR_TOO_LARGE);
	assert_string_equal(detail.text, "line 2: too many stays");
	buffer_free(&lines);
}

static void what_was_logged_about_the_forgotten_stands(void **state)
{
	struct buffer lines = hexes("01 02"), logged = hexes("811841 821219507d"), copy = {0};
	const struct command command = {
	    .lines = buffer_span(&lines), .logged_verdicts = buffer_span(&logged), .count = 2};
	struct line_walk walk = line_walk(&command);
	struct decision decision;
	struct span line;
	(void)state;
	decision_init(&decision);
	assert_true(line_walk_next(&walk, &line));
	assert_int_equal(verdict_take_over(&decision, &walk), REASON_registered);
	assert_true(line_walk_next(&walk, &line));
	assert_int_equal(verdict_take_over(&decision, &walk), REASON_overlap);
	assert_int_equal(decision.count, 2);
	assert_int_equal(decision.not_rerun, 2);
	buffer_append(&copy, buffer_span(&decision.verdicts));
	expect_hex(&copy, "811841 821219507d");
	decision_free(&decision);
	buffer_free(&lines);
	buffer_free(&logged);
}

/* --- the lines of an entry ------------------------------------------------------------------------------------- */

static enum error walk_entry(const char *line_text, const char *verdict_text, uint32_t count)
{
	struct buffer lines = hexes(line_text), verdicts = hexes(verdict_text);
	const struct entry entry = {.header = {.count = count},
	    .lines = buffer_span(&lines),
	    .verdicts = buffer_span(&verdicts)};
	struct entry_walk walk = entry_walk(&entry);
	struct error_detail detail = {""};
	struct span line;
	unsigned reason, sum = 0;
	while (entry_walk_next(&walk, &line, &reason))
		sum += reason;
	enum error error = entry_walk_finish(&walk, &detail);
	if (!error)
		assert_int_equal(sum, REASON_registered + REASON_duplicate);
	buffer_free(&lines);
	buffer_free(&verdicts);
	return error;
}

static void an_entry_has_a_verdict_for_each_line(void **state)
{
	(void)state;
	assert_good(walk_entry("01 8102", "811841 8108", 2));
	assert_error(walk_entry("01 8102", "811841 8108", 3), ERROR_CORRUPT);
	assert_error(walk_entry("01 8102", "811841 8108", 1), ERROR_CORRUPT);
	assert_error(walk_entry("01", "811841 8108", 2), ERROR_CORRUPT);
	assert_error(walk_entry("01 8102", "811841", 2), ERROR_CORRUPT);
	assert_error(walk_entry("01 8102", "811841 80", 2), ERROR_CORRUPT);
	assert_error(walk_entry("01 8102", "811841 08", 2), ERROR_CORRUPT);
	assert_error(walk_entry("01 8102 03", "811841 8108", 2), ERROR_CORRUPT);
	assert_error(walk_entry("01 8102", "811841 8108 8108", 2), ERROR_CORRUPT);
}

/* --- messages ------------------------------------------------------------------------------------------------- */

/* [1, 510800, 510100, 1, 9, [items]] */
#define HEAD "86 01 1a0007cb50 1a0007c894 01 09 "

static enum error read_notice(const char *name, const char *payload_text, size_t *items)
{
	const struct hash seed = {{9}};
	struct buffer payload = hexes(payload_text), document = {0};
	struct error_detail detail = {""};
	struct secret_key key;
	struct notice notice;
	struct span item;
	key_from_seed(&seed, &key);
	document_sign(&document, name, &key, buffer_span(&payload));
	const struct span documents[] = {buffer_span(&document)};
	const struct command command = {.documents = documents, .document_count = 1};
	enum error error = notice_read(&command, &notice, &detail);
	*items = 0;
	if (!error) {
		assert_string_equal(notice.document.name, name);
		assert_int_equal(notice.message.from, 510800);
		assert_int_equal(notice.message.number, 9);
		while (line_walk_next(&notice.walk, &item))
			(*items)++;
	}
	buffer_free(&payload);
	buffer_free(&document);
	return error;
}

static void a_message_is_walked_item_by_item(void **state)
{
	size_t items;
	(void)state;
	assert_good(key_library_init());
	assert_good(read_notice("stay_opened", HEAD "83 01 8102 6161", &items));
	assert_int_equal(items, 3);
	assert_error(read_notice("stay_opened", HEAD "80", &items), ERROR_MALFORMED);
	assert_error(read_notice("stay_opened", "83 01 02 03", &items), ERROR_MALFORMED);
	assert_error(read_notice("stay_opened", HEAD "83 01 8102", &items), ERROR_MALFORMED);
}

static void a_message_of_more_than_a_thousand_items_is_refused(void **state)
{
	char text[64 + 2 * 1001 + 1];
	size_t items;
	(void)state;
	int size = snprintf(text, sizeof text, HEAD "9903e9");
	for (unsigned i = 0; i < 1001; i++)
		size += snprintf(text + size, sizeof text - (size_t)size, "01");
	assert_true(read_notice("stay_opened", text, &items) != ERROR_NONE);
	/* 1000 are taken: one item less, and its count. */
	text[size - 2] = '\0';
	memcpy(strstr(text, "9903e9"), "9903e8", 6);
	assert_good(read_notice("stay_opened", text, &items));
	assert_int_equal(items, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days_are_those_of_the_calendar),
	    cmocka_unit_test(no_end_is_null),
	    cmocka_unit_test(a_text_is_null_or_has_bytes),
	    cmocka_unit_test(a_registers_verdict_is_its_reason_and_a_stays_has_a_day),
	    cmocka_unit_test(the_first_field_is_the_reason),
	    cmocka_unit_test(lines_come_one_after_the_other),
	    cmocka_unit_test(another_number_of_lines_than_told_is_refused),
	    cmocka_unit_test(a_fault_names_the_line_from_one_on),
	    cmocka_unit_test(what_was_logged_about_the_forgotten_stands),
	    cmocka_unit_test(an_entry_has_a_verdict_for_each_line),
	    cmocka_unit_test(a_message_is_walked_item_by_item),
	    cmocka_unit_test(a_message_of_more_than_a_thousand_items_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
