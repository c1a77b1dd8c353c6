/* registry_test.c: names, ID numbers and keys of persons: kept sealed beside the log, found by ID number, destroyed. */
#include "city.h"

/* Specimen numbers of invented persons. */
#define ID_ONE "510100194302280014"
#define ID_TWO "500000194107050021"

static struct registry_row row_of(const char *name, const char *id_number)
{
	struct registry_row row = {
	    .card = "6222020000000000017", .bank = "102651000017", .fact_key = {{0xFA}}};
	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.id_number, sizeof(row.id_number), "%s", id_number);
	return row;
}

static enum error put(struct city *city, uint64_t code, const struct registry_row *row)
{
	uint8_t nonce[SEAL_NONCE_SIZE];
	return registry_put(
	    city->txn, &city->registry_key, code, row, city_nonce(city, nonce), NULL);
}

static enum error find(struct city *city, const char *id_number, uint64_t *code)
{
	return registry_find(city->txn, &city->registry_key, span_text(id_number), code);
}

/* Reckoned with another program: BLAKE2b of Python's hashlib, XChaCha20-Poly1305 written out from its draft and RFC 8439. */
static void the_row_and_its_index_are_these_bytes(void **state)
{
	struct city city;
	struct cursor *cursor = NULL;
	struct span key, value;
	char text[2 * 256 + 1];
	const struct registry_row row = row_of("欧阳明", ID_ONE);
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(put(&city, 17, &row), ERROR_NONE);
	assert_int_equal(cursor_open(city.txn, TABLE_REGISTRY, &cursor), ERROR_NONE);
	assert_int_equal(cursor_seek(cursor, (struct span){0}, &key, &value), ERROR_NONE);
	hex_write(key, text);
	assert_string_equal(text, "0000000000000011");
	assert_true(value.size <= 256);
	hex_write(value, text);
	assert_string_equal(text, "0100000000000000000000000000000000000000000000003ccab65538c65ffe"
				  "3d89670f8de30124b85bdd8312fa3f9ba8fdc525776d9e3e347a729c4ef1bd51"
				  "06b74549aa76e1603fc225f86721a108970f338012942ac923b68a4d124b939f"
				  "bec392247d9e114cfbb79102b048e6281b7c5445d489e489780eff3e1e10ffe9"
				  "19680611b25e46f0d0");
	cursor_close(cursor);
	assert_int_equal(cursor_open(city.txn, TABLE_REGISTRY_INDEX, &cursor), ERROR_NONE);
	assert_int_equal(cursor_seek(cursor, (struct span){0}, &key, &value), ERROR_NONE);
	hex_write(key, text);
	assert_string_equal(
	    text, "8db2777e1667f411c5109c81eb5636f6960fa7f4f527ae72450621fff63862ae");
	hex_write(value, text);
	assert_string_equal(text, "0000000000000011");
	cursor_close(cursor);
	city_close(&city);
}

static void a_row_is_found_by_code_and_by_id_number(void **state)
{
	struct city city;
	struct registry_row found;
	uint64_t code = 0;
	const struct registry_row row = row_of("欧阳明", ID_ONE);
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(find(&city, ID_ONE, &code), ERROR_NOT_FOUND);
	assert_int_equal(put(&city, 17, &row), ERROR_NONE);
	assert_int_equal(find(&city, ID_ONE, &code), ERROR_NONE);
	assert_int_equal(code, 17);
	assert_int_equal(registry_get(city.txn, &city.registry_key, 17, &found), ERROR_NONE);
	assert_memory_equal(&found, &row, sizeof(row));
	assert_int_equal(registry_get(city.txn, &city.registry_key, 18, &found), ERROR_NOT_FOUND);
	city_close(&city);
}

/* Every byte that lies in the two tables, looked at without the key. */
static bool tables_hold(struct city *city, const char *text)
{
	static const unsigned tables[] = {TABLE_REGISTRY, TABLE_REGISTRY_INDEX};
	bool held = false;
	for (size_t i = 0; i < 2; i++) {
		struct cursor *cursor = NULL;
		struct span key, value;
		assert_int_equal(cursor_open(city->txn, tables[i], &cursor), ERROR_NONE);
		enum error error = cursor_seek(cursor, (struct span){0}, &key, &value);
		while (!error) {
			held = held || memmem(key.data, key.size, text, strlen(text)) ||
			       memmem(value.data, value.size, text, strlen(text));
			error = cursor_next(cursor, &key, &value);
		}
		cursor_close(cursor);
	}
	return held;
}

static void without_the_key_it_tells_nothing(void **state)
{
	struct city city;
	struct registry_row found;
	uint64_t code = 0;
	const struct registry_row row = row_of("欧阳明", ID_ONE);
	const struct hash other = {{1}};
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(put(&city, 17, &row), ERROR_NONE);
	assert_false(tables_hold(&city, "欧阳"));
	assert_false(tables_hold(&city, ID_ONE));
	assert_false(tables_hold(&city, "194302"));
	assert_false(tables_hold(&city, "622202"));
	assert_int_equal(registry_get(city.txn, &other, 17, &found), ERROR_CORRUPT);
	assert_int_equal(found.name[0], 0);
	assert_int_equal(
	    registry_find(city.txn, &other, span_text(ID_ONE), &code), ERROR_NOT_FOUND);
	city_close(&city);
}

/* The code is part of what is sealed: a row does not open under another code. */
static void a_row_that_is_moved_or_altered_does_not_open(void **state)
{
	struct city city;
	struct registry_row found;
	uint8_t key[8], other[8], copy[512];
	struct span sealed;
	const struct registry_row row = row_of("欧阳明", ID_ONE);
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(put(&city, 17, &row), ERROR_NONE);
	be64_write(key, 17);
	be64_write(other, 18);
	assert_int_equal(store_get(city.txn, TABLE_REGISTRY, span_of(key, 8), &sealed), ERROR_NONE);
	assert_true(sealed.size <= sizeof(copy));
	size_t size = sealed.size;
	memcpy(copy, sealed.data, size);
	assert_int_equal(
	    store_put(city.txn, TABLE_REGISTRY, span_of(other, 8), span_of(copy, size)),
	    ERROR_NONE);
	assert_int_equal(registry_get(city.txn, &city.registry_key, 18, &found), ERROR_CORRUPT);
	for (size_t i = 0; i < size; i += 7) {
		copy[i] ^= 0x20;
		assert_int_equal(
		    store_put(city.txn, TABLE_REGISTRY, span_of(key, 8), span_of(copy, size)),
		    ERROR_NONE);
		assert_int_equal(
		    registry_get(city.txn, &city.registry_key, 17, &found), ERROR_CORRUPT);
		copy[i] ^= 0x20;
	}
	city_close(&city);
}

static void an_id_number_belongs_to_one_code(void **state)
{
	struct city city;
	struct registry_row row = row_of("欧阳明", ID_ONE), found;
	uint8_t nonce[SEAL_NONCE_SIZE];
	uint64_t code = 0, other = 0;
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(put(&city, 17, &row), ERROR_NONE);
	assert_int_equal(
	    registry_put(city.txn, &city.registry_key, 18, &row, city_nonce(&city, nonce), &other),
	    ERROR_CONFLICT);
	assert_int_equal(other, 17);
	assert_int_equal(registry_get(city.txn, &city.registry_key, 18, &found), ERROR_NOT_FOUND);
	/* a corrected number frees the wrong one */
	row = row_of("欧阳明", ID_TWO);
	assert_int_equal(put(&city, 17, &row), ERROR_NONE);
	assert_int_equal(find(&city, ID_ONE, &code), ERROR_NOT_FOUND);
	assert_int_equal(find(&city, ID_TWO, &code), ERROR_NONE);
	assert_int_equal(code, 17);
	row = row_of("张三", ID_ONE);
	assert_int_equal(put(&city, 18, &row), ERROR_NONE);
	city_close(&city);
}

static void forgetting_leaves_nothing_and_may_be_done_twice(void **state)
{
	struct city city;
	struct registry_row row = row_of("欧阳明", ID_ONE);
	uint64_t code = 0;
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(put(&city, 17, &row), ERROR_NONE);
	assert_int_equal(registry_erase(city.txn, &city.registry_key, 17), ERROR_NONE);
	assert_int_equal(registry_get(city.txn, &city.registry_key, 17, &row), ERROR_NOT_FOUND);
	assert_int_equal(find(&city, ID_ONE, &code), ERROR_NOT_FOUND);
	assert_int_equal(registry_erase(city.txn, &city.registry_key, 17), ERROR_NONE);
	city_close(&city);
}

/* An old registry comes back from a backup; the log remembers who was forgotten since. */
static void a_restored_registry_forgets_again(void **state)
{
	struct city city;
	struct buffer lines = {0};
	struct registry_row found;
	uint64_t erased = 0;
	(void)state;
	city_open(&city, CHENGDU);
	uint64_t gone = city_person(&city, 1), stays = city_person(&city, 2);
	assert_int_equal(registry_erase(city.txn, &city.registry_key, gone), ERROR_NONE);
	erase_line_write(&lines, gone);
	assert_int_equal(city_order(&city, KIND_OF(erase, false), &lines, 1), ERROR_NONE);
	city_register_row(&city, gone);
	assert_int_equal(
	    registry_enforce_erasures(city.txn, &city.registry_key, &erased), ERROR_NONE);
	assert_int_equal(erased, 1);
	assert_int_equal(registry_get(city.txn, &city.registry_key, gone, &found), ERROR_NOT_FOUND);
	assert_int_equal(registry_get(city.txn, &city.registry_key, stays, &found), ERROR_NONE);
	assert_int_equal(
	    registry_enforce_erasures(city.txn, &city.registry_key, &erased), ERROR_NONE);
	assert_int_equal(erased, 0);
	city_close(&city);
}

/* The same rows, however they are put there: one by one, or as changes that a command brings along. */
static void changes_do_what_their_functions_do(void **state)
{
	struct city city;
	struct registry_row found;
	struct buffer changes = {0};
	uint8_t nonce[SEAL_NONCE_SIZE];
	uint64_t code = 0;
	const struct registry_row one = row_of("欧阳明", ID_ONE), two = row_of("李", ID_TWO);
	(void)state;
	city_open(&city, CHENGDU);
	registry_change_put(&changes, 17, &one, city_nonce(&city, nonce));
	registry_change_put(&changes, 18, &two, city_nonce(&city, nonce));
	registry_change_card(
	    &changes, 17, "62220200000000000AB", "313999000000", city_nonce(&city, nonce));
	registry_change_erase(&changes, 18);
	registry_change_erase(&changes, 19); /* who is not there can be forgotten */
	assert_int_equal(
	    registry_change(city.txn, &city.registry_key, buffer_span(&changes), NULL), ERROR_NONE);
	assert_int_equal(registry_get(city.txn, &city.registry_key, 17, &found), ERROR_NONE);
	assert_string_equal(found.name, one.name);
	assert_string_equal(found.id_number, one.id_number);
	assert_string_equal(found.card, "62220200000000000AB");
	assert_string_equal(found.bank, "313999000000");
	assert_memory_equal(&found.fact_key, &one.fact_key, sizeof(one.fact_key));
	assert_int_equal(registry_get(city.txn, &city.registry_key, 18, &found), ERROR_NOT_FOUND);
	assert_int_equal(find(&city, ID_TWO, &code), ERROR_NOT_FOUND);
	buffer_free(&changes);
	city_close(&city);
}

static enum error change(struct city *city, struct span changes)
{
	struct error_detail detail = {""};
	enum error error = registry_change(city->txn, &city->registry_key, changes, &detail);
	assert_true(!error == !detail.text[0]);
	return error;
}

static void changes_that_cannot_be_made_are_refused(void **state)
{
	struct city city;
	struct buffer changes = {0};
	uint8_t nonce[SEAL_NONCE_SIZE];
	const struct registry_row one = row_of("欧阳明", ID_ONE);
	(void)state;
	city_open(&city, CHENGDU);
	registry_change_card(&changes, 17, "1", "313999000000", city_nonce(&city, nonce));
	assert_int_equal(change(&city, buffer_span(&changes)), ERROR_NOT_FOUND);
	buffer_clear(&changes);
	registry_change_put(&changes, 17, &one, city_nonce(&city, nonce));
	for (size_t size = 1; size < changes.size; size++)
		assert_int_equal(change(&city, span_of(changes.data, size)), ERROR_MALFORMED);
	assert_int_equal(change(&city, buffer_span(&changes)), ERROR_NONE);
	buffer_clear(&changes);
	registry_change_put(&changes, 18, &one, city_nonce(&city, nonce));
	assert_int_equal(change(&city, buffer_span(&changes)), ERROR_EXISTS);
	buffer_clear(&changes);
	codec_put_array(&changes, 2);
	codec_put_uint(&changes, 4); /* no such change */
	codec_put_uint(&changes, 17);
	assert_int_equal(change(&city, buffer_span(&changes)), ERROR_MALFORMED);
	buffer_clear(&changes);
	for (unsigned i = 0; i < ENTRY_LINES_MAX + 1; i++)
		registry_change_erase(&changes, 99);
	assert_int_equal(change(&city, buffer_span(&changes)), ERROR_TOO_LARGE);
	buffer_free(&changes);
	city_close(&city);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_row_and_its_index_are_these_bytes),
	    cmocka_unit_test(a_row_is_found_by_code_and_by_id_number),
	    cmocka_unit_test(without_the_key_it_tells_nothing),
	    cmocka_unit_test(a_row_that_is_moved_or_altered_does_not_open),
	    cmocka_unit_test(an_id_number_belongs_to_one_code),
	    cmocka_unit_test(forgetting_leaves_nothing_and_may_be_done_twice),
	    cmocka_unit_test(a_restored_registry_forgets_again),
	    cmocka_unit_test(changes_do_what_their_functions_do),
	    cmocka_unit_test(changes_that_cannot_be_made_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
