#include "city.h"

#include <jansson.h>

/* --- codes ------------------------------------------------------------------------------------------------- */

/* Reckoned with another program (the recursion of ISO 7064 written as in its annex): region, serial, code. */
static void person_codes_end_in_the_iso_7064_check_digit(void **state)
{
	(void)state;
	assert_true(person_code_make(510100, 0) == UINT64_C(5101000000000002));
	assert_true(person_code_make(510100, 1) == UINT64_C(5101000000000019));
	assert_true(person_code_make(510100, 123456789) == UINT64_C(5101001234567891));
	assert_true(person_code_make(500000, 1) == UINT64_C(5000000000000013));
	assert_true(person_code_make(500000, 999999999) == UINT64_C(5000009999999990));
	assert_true(person_code_make(510800, 2) == UINT64_C(5108000000000020));
	assert_true(person_code_make(511300, 0) == UINT64_C(5113000000000008));
	assert_int_equal(person_code_region(UINT64_C(5113001234567893)), 511300);
}

static void a_single_wrong_digit_is_always_found(void **state)
{
	const uint64_t code = person_code_make(510800, 20261015);
	uint64_t unit = 1;
	(void)state;
	for (int place = 0; place < 16; place++, unit *= 10) {
		unsigned digit = (unsigned)(code / unit % 10);
		for (unsigned other = 0; other < 10; other++) {
			uint64_t wrong = code - digit * unit + other * unit;
			assert_int_equal(person_code_valid(wrong), other == digit);
		}
	}
}

static void person_codes_are_read_from_sixteen_digits_only(void **state)
{
	static const struct {
		const char *text;
		enum error error;
	} cases[] = {
	    {"5101000000000019", ERROR_NONE},
	    {"5101000000000018", ERROR_CHECK_DIGIT},
	    {"510100000000001", ERROR_MALFORMED},
	    {"51010000000000190", ERROR_MALFORMED},
	    {"510100000000001X", ERROR_MALFORMED},
	    {" 101000000000019", ERROR_MALFORMED},
	    {"0000000000000007", ERROR_MALFORMED},
	    {"9999999999999990", ERROR_MALFORMED},
	    {"", ERROR_MALFORMED},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t code = 0;
		assert_int_equal(person_code_read(span_text(cases[i].text), &code), cases[i].error);
	}
}

static enum error id_check(const char *text)
{
	return id_number_check(span_text(text), NULL);
}

static void the_published_id_numbers_are_taken_and_the_wrong_ones_refused(void **state)
{
	json_error_t error;
	json_t *root = json_load_file(VECTORS_DIR "/id/gb11643.json", 0, &error), *item;
	size_t index;
	(void)state;
	assert_non_null(root);
	assert_true(json_array_size(json_object_get(root, "valid")) >= 2);
	json_array_foreach(json_object_get(root, "valid"), index, item)
	    assert_int_equal(id_check(json_string_value(item)), ERROR_NONE);
	assert_true(json_array_size(json_object_get(root, "refuse")) >= 10);
	json_array_foreach(json_object_get(root, "refuse"), index, item) assert_int_not_equal(
	    id_check(json_string_value(json_object_get(item, "id"))), ERROR_NONE);
	json_decref(root);
}

static void id_numbers_of_the_four_cities_tell_the_day_of_birth(void **state)
{
	int32_t birth_day = 0;
	(void)state;
	assert_int_equal(id_number_check(span_text("510100194302280014"), &birth_day), ERROR_NONE);
	assert_int_equal(birth_day, day_of(1943, 2, 28));
	assert_int_equal(id_number_check(span_text("500000194107050021"), &birth_day), ERROR_NONE);
	assert_int_equal(birth_day, day_of(1941, 7, 5));
	assert_int_equal(id_check("510800193501010037"), ERROR_NONE);
	assert_int_equal(id_check("511300194412310044"), ERROR_NONE);
	assert_int_equal(id_number_check(span_text("50000019440229001X"), &birth_day), ERROR_NONE);
	assert_int_equal(birth_day, day_of(1944, 2, 29));
	assert_int_equal(id_check("510100194302280015"), ERROR_CHECK_DIGIT);
	assert_int_equal(id_check("51010019430229001X"), ERROR_MALFORMED); /* no such day */
}

/* --- facts ------------------------------------------------------------------------------------------------- */

static const struct person_facts example = {
    .code = UINT64_C(5101000000000019),
    .birth_day = -9804, /* 1943-02-28 */
    .death_day = DAY_NEVER,
    .income_class = INCOME_LOW,
    .flags = PERSON_DISABLED,
};

/* Reckoned with another program: XChaCha20-Poly1305 written out from its draft and RFC 8439. The plain facts are
 * [-9804, null, 4, 1]; the additional data is the code, then the number of the kind. */
static void sealed_facts_are_these_bytes(void **state)
{
	const struct hash key = {{1}};
	const uint8_t nonce[SEAL_NONCE_SIZE] = {9};
	struct buffer line = {0};
	char text[2 * 64 + 1];
	(void)state;
	person_line_write(&line, &example, &key, nonce);
	assert_int_equal(line.failed, ERROR_NONE);
	assert_true(line.size <= 64);
	hex_write(buffer_span(&line), text);
	assert_string_equal(text, "821b00121f551cffd013582f"
				  "090000000000000000000000000000000000000000000000"
				  "fe07f7dddafb66"
				  "5b9e182f92f212411c62e7e03c80a635");
	buffer_free(&line);
}

static void sealed_facts_open_under_their_own_key_only(void **state)
{
	const struct hash key = {{1}}, other = {{2}};
	const uint8_t nonce[SEAL_NONCE_SIZE] = {9};
	struct buffer line = {0};
	struct person_facts facts;
	(void)state;
	assert_int_equal(example.birth_day, day_of(1943, 2, 28));
	person_line_write(&line, &example, &key, nonce);
	assert_int_equal(person_line_open(buffer_span(&line), &key, &facts), ERROR_NONE);
	assert_memory_equal(&facts, &example, sizeof(facts));
	assert_int_equal(person_line_open(buffer_span(&line), &other, &facts), ERROR_MISMATCH);
	buffer_free(&line);
}

static void facts_moved_to_another_person_or_altered_do_not_open(void **state)
{
	const struct hash key = {{1}};
	const uint8_t nonce[SEAL_NONCE_SIZE] = {9};
	struct buffer line = {0};
	struct person_facts facts;
	(void)state;
	person_line_write(&line, &example, &key, nonce);
	for (size_t i = 1; i < line.size; i++) {
		line.data[i] ^= 1;
		assert_int_not_equal(
		    person_line_open(buffer_span(&line), &key, &facts), ERROR_NONE);
		line.data[i] ^= 1;
	}
	buffer_free(&line);
}

/* --- kinds ------------------------------------------------------------------------------------------------- */

static struct kind_functions person_kind(void)
{
	return KIND_OF(person, false);
}

static void registering_projects_the_facts(void **state)
{
	struct city city;
	(void)state;
	city_open(&city, CHENGDU);
	uint64_t code = city_person(&city, 1);
	const struct person_row *row = city_row(&city, code);
	assert_int_equal(row->birth_day, day(1943, 2, 28));
	assert_int_equal(row->death_day, DAY_NEVER);
	assert_int_equal(row->income_class, INCOME_MINIMUM);
	assert_int_equal(row->state, PERSON_HAS_FACTS);
	assert_int_equal(row->facts_sequence, 1);
	city_close(&city);
}

static void new_facts_replace_the_old_ones_whole(void **state)
{
	struct city city;
	struct buffer lines = {0};
	(void)state;
	city_open(&city, CHENGDU);
	struct person_facts facts = example;
	facts.code = city_person(&city, 1);
	facts.death_day = day(2026, 9, 3);
	city_person_line(&city, &lines, &facts);
	assert_int_equal(city_order(&city, person_kind(), &lines, 1), ERROR_NONE);
	assert_int_equal(city_row(&city, facts.code)->death_day, day(2026, 9, 3));
	assert_int_equal(city_row(&city, facts.code)->income_class, INCOME_LOW);
	assert_int_equal(city_row(&city, facts.code)->facts_sequence, 2);
	city_close(&city);
}

static void persons_are_refused_one_by_one(void **state)
{
	struct city city;
	struct buffer lines = {0};
	struct person_facts facts = example;
	(void)state;
	city_open(&city, CHENGDU);
	facts.code = person_code_make(CHENGDU, 7);
	city_register_row(&city, facts.code);
	city_person_line(&city, &lines, &facts); /* 0: good */
	city_person_line(&city, &lines, &facts); /* 1: the same again */
	facts.code = person_code_make(CHONGQING, 7);
	city_person_line(&city, &lines, &facts); /* 2: another city's */
	facts.code = person_code_make(CHENGDU, 8) + 1;
	city_person_line(&city, &lines, &facts); /* 3: wrong check digit */
	facts.code = person_code_make(CHENGDU, 9);
	city_person_line(&city, &lines, &facts); /* 4: no key in the registry */
	assert_int_equal(city_order(&city, person_kind(), &lines, 5), ERROR_NONE);
	assert_int_equal(city_reason(&city, 0), REASON_registered);
	assert_int_equal(city_reason(&city, 1), REASON_duplicate);
	assert_int_equal(city_reason(&city, 2), REASON_unknown_person);
	assert_int_equal(city_reason(&city, 3), REASON_unknown_person);
	assert_int_equal(city_reason(&city, 4), REASON_erased);
	const struct person_row *row = NULL;
	assert_int_equal(person_get(city.txn, person_code_make(CHENGDU, 9), &row), ERROR_NOT_FOUND);
	city_close(&city);
}

static void a_line_of_another_form_refuses_the_whole_order(void **state)
{
	struct city city;
	struct buffer lines = {0};
	(void)state;
	city_open(&city, CHENGDU);
	codec_put_array(&lines, 3);
	codec_put_uint(&lines, person_code_make(CHENGDU, 1));
	codec_put_null(&lines);
	codec_put_null(&lines);
	assert_int_equal(city_order(&city, person_kind(), &lines, 1), ERROR_MALFORMED);
	assert_string_equal(city.detail.text, "line 1: not [code, sealed facts]");
	codec_put_null(&lines);
	assert_int_equal(city_order(&city, person_kind(), &lines, 2), ERROR_MALFORMED);
	city_close(&city);
}

static void facts_that_cannot_be_refuse_the_whole_order(void **state)
{
	static const struct person_facts wrong[] = {
	    {.birth_day = 0, .death_day = -1, .income_class = INCOME_LOW},
	    {.birth_day = 0, .death_day = DAY_NEVER, .income_class = 0},
	    {.birth_day = 0, .death_day = DAY_NEVER, .income_class = INCOME_LOW | INCOME_MINIMUM},
	    {.birth_day = 0, .death_day = DAY_NEVER, .income_class = 16},
	    {.birth_day = 0, .death_day = DAY_NEVER, .income_class = INCOME_LOW, .flags = 8},
	    {.birth_day = -25568, .death_day = DAY_NEVER, .income_class = INCOME_LOW},
	};
	struct city city;
	(void)state;
	city_open(&city, CHENGDU);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct buffer lines = {0};
		struct person_facts facts = wrong[i];
		facts.code = person_code_make(CHENGDU, (uint32_t)i);
		city_register_row(&city, facts.code);
		city_person_line(&city, &lines, &facts);
		assert_int_equal(city_order(&city, person_kind(), &lines, 1), ERROR_MALFORMED);
		assert_string_equal(
		    city.detail.text, "line 1: the facts do not open under the person's key");
	}
	city_close(&city);
}

static void serial_numbers_go_on_after_the_highest(void **state)
{
	struct city city;
	uint32_t serial = 99;
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(person_next_serial(city.txn, CHENGDU, &serial), ERROR_NONE);
	assert_int_equal(serial, 0);
	city_person(&city, 41);
	city_person(&city, 7);
	assert_int_equal(person_next_serial(city.txn, CHENGDU, &serial), ERROR_NONE);
	assert_int_equal(serial, 42);
	assert_int_equal(person_next_serial(city.txn, CHONGQING, &serial), ERROR_NONE);
	assert_int_equal(serial, 0);
	assert_int_equal(person_next_serial(city.txn, GUANGYUAN, &serial), ERROR_NONE);
	assert_int_equal(serial, 0);
	city_close(&city);
}

/* --- forgetting -------------------------------------------------------------------------------------------- */

static void erase(struct city *city, uint64_t code, unsigned reason)
{
	struct buffer lines = {0};
	assert_int_equal(registry_erase(city->txn, &city->registry_key, code), ERROR_NONE);
	erase_line_write(&lines, code);
	assert_int_equal(city_order(city, KIND_OF(erase, false), &lines, 1), ERROR_NONE);
	assert_int_equal(city_reason(city, 0), reason);
}

static void an_erased_person_is_a_code_and_nothing_else(void **state)
{
	struct city city;
	(void)state;
	city_open(&city, CHENGDU);
	uint64_t code = city_person(&city, 1);
	erase(&city, code, REASON_erased);
	const struct person_row empty = {
	    .code = code, .state = PERSON_ERASED, .death_day = DAY_NEVER};
	assert_memory_equal(city_row(&city, code), &empty, sizeof(empty));
	city_close(&city);
}

static void erasing_twice_or_a_stranger_is_refused(void **state)
{
	struct city city;
	(void)state;
	city_open(&city, CHENGDU);
	uint64_t code = city_person(&city, 1);
	erase(&city, code, REASON_erased);
	erase(&city, code, REASON_duplicate);
	erase(&city, person_code_make(CHENGDU, 2), REASON_unknown_person);
	erase(&city, person_code_make(CHONGQING, 2), REASON_unknown_person);
	city_close(&city);
}

static void an_erased_person_does_not_come_back(void **state)
{
	struct city city;
	struct buffer lines = {0};
	struct person_facts facts = example;
	(void)state;
	city_open(&city, CHENGDU);
	facts.code = city_person(&city, 1);
	erase(&city, facts.code, REASON_erased);
	city_register_row(&city, facts.code);
	city_person_line(&city, &lines, &facts);
	assert_int_equal(city_order(&city, person_kind(), &lines, 1), ERROR_NONE);
	assert_int_equal(city_reason(&city, 0), REASON_erased);
	city_close(&city);
}

/* The same entries applied where the key is already gone end in the same row; deciding them again takes over what was logged. */
static void a_rebuild_without_the_key_ends_in_the_same_row(void **state)
{
	struct city city, rebuilt;
	struct buffer lines = {0}, logged = {0};
	const uint8_t cause[] = {0x80};
	const struct span documents[] = {span_of(cause, 1)};
	struct person_facts facts = example;
	(void)state;
	city_open(&city, CHENGDU);
	city_open(&rebuilt, CHENGDU);
	facts.code = city_person(&city, 1);
	erase(&city, facts.code, REASON_erased);
	city_person_line(&rebuilt, &lines, &facts);
	struct command command = {.kind = KIND_person,
	    .documents = documents,
	    .document_count = 1,
	    .lines = buffer_span(&lines),
	    .count = 1};
	codec_put_array(&logged, 1);
	codec_put_uint(&logged, REASON_registered);
	command.logged_verdicts = buffer_span(&logged);
	assert_int_equal(city_decide(&rebuilt, person_kind(), &command), ERROR_NONE);
	assert_int_equal(rebuilt.decision.not_rerun, 1);
	assert_int_equal(city_reason(&rebuilt, 0), REASON_registered);
	city_apply(&rebuilt, person_kind(), &command);
	assert_int_equal(city_row(&rebuilt, facts.code)->state, PERSON_ERASED);
	buffer_clear(&lines);
	erase_line_write(&lines, facts.code);
	command.lines = buffer_span(&lines);
	buffer_clear(&logged);
	codec_put_array(&logged, 1);
	codec_put_uint(&logged, REASON_erased);
	command.logged_verdicts = buffer_span(&logged);
	assert_int_equal(city_decide(&rebuilt, KIND_OF(erase, false), &command), ERROR_NONE);
	city_apply(&rebuilt, KIND_OF(erase, false), &command);
	assert_memory_equal(
	    city_row(&rebuilt, facts.code), city_row(&city, facts.code), sizeof(struct person_row));
	buffer_free(&lines);
	buffer_free(&logged);
	city_close(&city);
	city_close(&rebuilt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(person_codes_end_in_the_iso_7064_check_digit),
	    cmocka_unit_test(a_single_wrong_digit_is_always_found),
	    cmocka_unit_test(person_codes_are_read_from_sixteen_digits_only),
	    cmocka_unit_test(the_published_id_numbers_are_taken_and_the_wrong_ones_refused),
	    cmocka_unit_test(id_numbers_of_the_four_cities_tell_the_day_of_birth),
	    cmocka_unit_test(sealed_facts_are_these_bytes),
	    cmocka_unit_test(sealed_facts_open_under_their_own_key_only),
	    cmocka_unit_test(facts_moved_to_another_person_or_altered_do_not_open),
	    cmocka_unit_test(registering_projects_the_facts),
	    cmocka_unit_test(new_facts_replace_the_old_ones_whole),
	    cmocka_unit_test(persons_are_refused_one_by_one),
	    cmocka_unit_test(a_line_of_another_form_refuses_the_whole_order),
	    cmocka_unit_test(facts_that_cannot_be_refuse_the_whole_order),
	    cmocka_unit_test(serial_numbers_go_on_after_the_highest),
	    cmocka_unit_test(an_erased_person_is_a_code_and_nothing_else),
	    cmocka_unit_test(erasing_twice_or_a_stranger_is_refused),
	    cmocka_unit_test(an_erased_person_does_not_come_back),
	    cmocka_unit_test(a_rebuild_without_the_key_ends_in_the_same_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
