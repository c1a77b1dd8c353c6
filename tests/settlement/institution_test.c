#include "city.h"

#include <jansson.h>

/* Built by the standards' rules for prefecture-level regions and near-zero organisation numbers; they belong to nobody. */
#define ANKANG "52510100000000019C"  /* Chengdu, 民办非企业 */
#define YUBEI "91500000000000027W"   /* Chongqing, company */
#define JIALING "12511300000000035W" /* Nanchong, 事业单位 */
#define LIZHOU "525108000000000431"  /* Guangyuan */
#define LONGQUAN "525101000000000277"

/* --- codes ------------------------------------------------------------------------------------------------- */

static void the_published_credit_codes_are_taken_and_the_wrong_ones_refused(void **state)
{
	json_error_t error;
	json_t *root = json_load_file(VECTORS_DIR "/id/gb32100.json", 0, &error), *item;
	size_t index;
	(void)state;
	assert_non_null(root);
	assert_true(json_array_size(json_object_get(root, "valid")) >= 8);
	json_array_foreach(json_object_get(root, "valid"), index, item)
	    assert_int_equal(uscc_check(span_text(json_string_value(item))), ERROR_NONE);
	assert_true(json_array_size(json_object_get(root, "refuse")) >= 6);
	json_array_foreach(json_object_get(root, "refuse"), index, item) assert_int_not_equal(
	    uscc_check(span_text(json_string_value(json_object_get(item, "code")))), ERROR_NONE);
	json_decref(root);
}

static void the_codes_of_the_four_cities_are_right(void **state)
{
	static const char *const codes[] = {ANKANG, YUBEI, JIALING, LIZHOU, LONGQUAN};
	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		assert_int_equal(uscc_check(span_text(codes[i])), ERROR_NONE);
}

/* Weights are powers of 3, none of them 0 modulo 31: no single slip goes unseen. */
static void a_single_wrong_character_is_always_found(void **state)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	(void)state;
	for (size_t place = 0; place < USCC_SIZE; place++)
		for (const char *other = alphabet; *other; other++) {
			char code[] = YUBEI;
			bool same = code[place] == *other;
			code[place] = *other;
			assert_int_equal(uscc_check(span_text(code)) == ERROR_NONE, same);
		}
}

/* --- registering ------------------------------------------------------------------------------------------- */

static struct kind_functions order_kind(void)
{
	return KIND_OF(institution, false);
}

static struct kind_functions notice_kind(void)
{
	return KIND_OF(institution_notice, true);
}

static struct public_key test_key(uint8_t seed)
{
	const struct hash bytes = {{seed, 1, 2}};
	struct secret_key key;
	key_from_seed(&bytes, &key);
	return key.public;
}

static struct institution_line description(const char *uscc, uint32_t district)
{
	struct institution_line line = {.operation = INSTITUTION_REGISTER,
	    .name = span_text("安康养老院"),
	    .account = span_text("6222020000000000017"),
	    .bank = span_text("102651000017"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = district,
	    .beds = 120,
	    .star = 3};
	memcpy(line.uscc, uscc, USCC_SIZE);
	return line;
}

static struct institution_line with_key(struct institution_line line, uint8_t seed)
{
	line.has_key = true;
	line.key = test_key(seed);
	return line;
}

static struct institution_line standing(
    const char *uscc, enum institution_operation operation, int32_t from_day)
{
	struct institution_line line = {
	    .operation = operation, .from_day = from_day, .grounds = span_text("消防不合格")};
	memcpy(line.uscc, uscc, USCC_SIZE);
	return line;
}

/* One line as one order; its reason. */
static unsigned book(struct city *city, const struct institution_line *line)
{
	struct buffer lines = {0};
	institution_line_write(&lines, line);
	assert_int_equal(city_order(city, order_kind(), &lines, 1), ERROR_NONE);
	return city_reason(city, 0);
}

static const struct institution_row *row_of(struct city *city, const char *uscc)
{
	const struct institution_row *row = NULL;
	assert_int_equal(institution_get(city->txn, uscc, &row), ERROR_NONE);
	return row;
}

static void registering_keeps_what_was_told(void **state)
{
	struct city city;
	struct institution_profile profile;
	struct keyring_key key;
	(void)state;
	city_open(&city, CHENGDU);
	const struct institution_line line = with_key(description(ANKANG, 510104), 1);
	assert_int_equal(book(&city, &line), REASON_registered);
	const struct institution_row *row = row_of(&city, ANKANG);
	assert_int_equal(row->host, CHENGDU);
	assert_int_equal(row->district, 510104);
	assert_int_equal(row->licensed_beds, 120);
	assert_int_equal(row->star, 3);
	assert_int_equal(row->kind, INSTITUTION_NONPROFIT);
	assert_int_equal(row->standing, STANDING_GOOD);
	assert_int_equal(row->registered_at, 1);
	assert_false(institution_barred(row, day(2026, 10, 15)));
	assert_int_equal(institution_profile(city.txn, ANKANG, &profile), ERROR_NONE);
	assert_true(span_equal(profile.name, span_text("安康养老院")));
	assert_true(span_equal(profile.account, span_text("6222020000000000017")));
	assert_true(span_equal(profile.bank, span_text("102651000017")));
	assert_int_equal(profile.grounds.size, 0);
	assert_int_equal(
	    keyring_current(city.txn, "institution/" ANKANG, "institution", &key), ERROR_NONE);
	assert_memory_equal(key.key.bytes, line.key.bytes, PUBLIC_KEY_SIZE);
	city_close(&city);
}

static void an_institution_is_registered_once(void **state)
{
	struct city city;
	struct buffer lines = {0};
	struct institution_line line = description(ANKANG, 510104);
	(void)state;
	city_open(&city, CHENGDU);
	institution_line_write(&lines, &line); /* 0: good */
	institution_line_write(&lines, &line); /* 1: the same again in one order */
	line = description(ANKANG, 510104);
	line.uscc[17] = '9';
	institution_line_write(&lines, &line); /* 2: wrong check character */
	line = description(LONGQUAN, 510112);
	line.operation = INSTITUTION_UPDATE;
	institution_line_write(&lines, &line); /* 3: not there */
	assert_int_equal(city_order(&city, order_kind(), &lines, 4), ERROR_NONE);
	assert_int_equal(city_reason(&city, 0), REASON_registered);
	assert_int_equal(city_reason(&city, 1), REASON_duplicate);
	assert_int_equal(city_reason(&city, 2), REASON_unknown_institution);
	assert_int_equal(city_reason(&city, 3), REASON_unknown_institution);
	line = description(ANKANG, 510104);
	assert_int_equal(book(&city, &line), REASON_duplicate);
	city_close(&city);
}

static void a_line_that_cannot_be_right_refuses_the_whole_order(void **state)
{
	struct city city;
	struct buffer lines = {0};
	const struct institution_line good = description(ANKANG, 510104);
	struct institution_line bad = description(LONGQUAN, 500112);
	const struct institution_row *row = NULL;
	(void)state;
	city_open(&city, CHENGDU);
	institution_line_write(&lines, &good);
	institution_line_write(&lines, &bad);
	assert_int_equal(city_order(&city, order_kind(), &lines, 2), ERROR_MALFORMED);
	assert_string_equal(city.detail.text, "line 2: the district does not belong to the city");
	bad = description(LONGQUAN, 510112);
	bad.bank = span_text("10265100001");
	institution_line_write(&lines, &bad);
	assert_int_equal(city_order(&city, order_kind(), &lines, 1), ERROR_MALFORMED);
	bad.bank = span_text("");
	bad.star = 6;
	institution_line_write(&lines, &bad);
	assert_int_equal(city_order(&city, order_kind(), &lines, 1), ERROR_MALFORMED);
	assert_int_equal(institution_get(city.txn, ANKANG, &row), ERROR_NOT_FOUND);
	city_close(&city);
}

/* --- keys -------------------------------------------------------------------------------------------------- */

static unsigned book_key(struct city *city, const char *uscc, uint8_t seed)
{
	struct institution_line line = {
	    .operation = INSTITUTION_KEY, .has_key = true, .key = test_key(seed)};
	memcpy(line.uscc, uscc, USCC_SIZE);
	return book(city, &line);
}

static void a_new_key_ends_the_old_one_and_no_key_serves_two(void **state)
{
	struct city city;
	struct keyring_key key;
	struct public_key first_public = test_key(1);
	struct key_id first = key_id(&first_public);
	struct institution_line line = with_key(description(ANKANG, 510104), 1);
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(book(&city, &line), REASON_registered);
	line = with_key(description(LONGQUAN, 510112), 1);
	assert_int_equal(book(&city, &line), REASON_duplicate); /* the other's key */
	line = with_key(description(LONGQUAN, 510112), 2);
	assert_int_equal(book(&city, &line), REASON_registered);
	assert_int_equal(book_key(&city, ANKANG, 3), REASON_registered);
	assert_int_equal(keyring_find(city.txn, &first, &key), ERROR_NONE);
	assert_int_equal(key.until_sequence, city.sequence - 1);
	assert_int_equal(book_key(&city, ANKANG, 1), REASON_duplicate); /* it has ended */
	assert_int_equal(book_key(&city, ANKANG, 2), REASON_duplicate);
	city_close(&city);
}

/* --- standing ---------------------------------------------------------------------------------------------- */

static void a_bar_holds_from_its_day_to_the_day_before_it_is_lifted(void **state)
{
	struct city city;
	struct institution_line line = description(ANKANG, 510104);
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(book(&city, &line), REASON_registered);
	line = standing(ANKANG, INSTITUTION_SUSPEND, day(2026, 10, 5));
	assert_int_equal(book(&city, &line), REASON_registered);
	assert_false(institution_barred(row_of(&city, ANKANG), day(2026, 10, 4)));
	assert_true(institution_barred(row_of(&city, ANKANG), day(2026, 10, 5)));
	assert_true(institution_barred(row_of(&city, ANKANG), day(2036, 1, 1)));
	line = standing(ANKANG, INSTITUTION_BLACKLIST, day(2026, 10, 20));
	assert_int_equal(book(&city, &line), REASON_registered);
	assert_int_equal(row_of(&city, ANKANG)->standing, STANDING_BLACK);
	assert_true(institution_barred(row_of(&city, ANKANG), day(2026, 10, 5)));
	line = standing(ANKANG, INSTITUTION_RESTORE, day(2026, 11, 1));
	assert_int_equal(book(&city, &line), REASON_registered);
	assert_int_equal(row_of(&city, ANKANG)->standing, STANDING_GOOD);
	assert_true(institution_barred(row_of(&city, ANKANG), day(2026, 10, 31)));
	assert_false(institution_barred(row_of(&city, ANKANG), day(2026, 11, 1)));
	city_close(&city);
}

static void the_grounds_of_a_standing_are_kept(void **state)
{
	struct city city;
	struct institution_profile profile;
	struct institution_line line = description(ANKANG, 510104);
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(book(&city, &line), REASON_registered);
	line = standing(ANKANG, INSTITUTION_SUSPEND, day(2026, 10, 5));
	assert_int_equal(book(&city, &line), REASON_registered);
	assert_int_equal(institution_profile(city.txn, ANKANG, &profile), ERROR_NONE);
	assert_true(span_equal(profile.grounds, span_text("消防不合格")));
	assert_true(span_equal(profile.name, span_text("安康养老院")));
	city_close(&city);
}

/* --- told to the others ------------------------------------------------------------------------------------ */

static bool mentions(const struct buffer *bytes, const char *text)
{
	return memmem(bytes->data, bytes->size, text, strlen(text)) != NULL;
}

static void peers_learn_of_it_but_not_of_the_account(void **state)
{
	struct city chengdu, chongqing;
	struct institution_profile profile;
	struct keyring_key key;
	struct institution_line line = with_key(description(ANKANG, 510104), 1);
	(void)state;
	city_open(&chengdu, CHENGDU);
	city_open(&chongqing, CHONGQING);
	city_meets(&chengdu, CHONGQING);
	assert_int_equal(book(&chengdu, &line), REASON_registered);
	assert_int_equal(chengdu.decision.outgoing_count, 1);
	assert_true(mentions(&chengdu.decision.outgoing[0].payload, "安康养老院"));
	assert_false(mentions(&chengdu.decision.outgoing[0].payload, "6222020000000000017"));
	assert_false(mentions(&chengdu.decision.outgoing[0].payload, "102651000017"));
	assert_int_equal(
	    city_deliver(&chengdu, &chongqing, "institution_notice", notice_kind()), 1);
	assert_int_equal(city_reason(&chongqing, 0), REASON_registered);
	assert_int_equal(row_of(&chongqing, ANKANG)->host, CHENGDU);
	assert_int_equal(row_of(&chongqing, ANKANG)->licensed_beds, 120);
	assert_int_equal(institution_profile(chongqing.txn, ANKANG, &profile), ERROR_NONE);
	assert_int_equal(profile.account.size, 0);
	assert_int_equal(
	    keyring_current(chongqing.txn, "institution/" ANKANG, "institution", &key), ERROR_NONE);
	/* told again, nothing is wrong with it */
	assert_int_equal(
	    city_deliver(&chengdu, &chongqing, "institution_notice", notice_kind()), 1);
	assert_int_equal(city_reason(&chongqing, 0), REASON_registered);
	line = standing(ANKANG, INSTITUTION_BLACKLIST, day(2026, 10, 20));
	assert_int_equal(book(&chengdu, &line), REASON_registered);
	assert_int_equal(city_deliver(&chengdu, &chongqing, "standing_notice", notice_kind()), 1);
	assert_false(institution_barred(row_of(&chongqing, ANKANG), day(2026, 10, 19)));
	assert_true(institution_barred(row_of(&chongqing, ANKANG), day(2026, 10, 20)));
	city_close(&chengdu);
	city_close(&chongqing);
}

static void a_city_speaks_of_its_own_institutions_only(void **state)
{
	struct city chengdu, chongqing;
	struct institution_line line = description(ANKANG, 510104);
	(void)state;
	city_open(&chengdu, CHENGDU);
	city_open(&chongqing, CHONGQING);
	city_meets(&chengdu, CHONGQING);
	city_institution(&chongqing, YUBEI, CHONGQING, 500112);
	city_institution(&chengdu, YUBEI, CHONGQING, 500112);
	assert_int_equal(book(&chengdu, &line), REASON_registered);
	/* Chengdu cannot suspend, and cannot register, what is Chongqing's */
	line = standing(YUBEI, INSTITUTION_SUSPEND, day(2026, 10, 5));
	assert_int_equal(book(&chengdu, &line), REASON_unknown_institution);
	line = description(YUBEI, 510104);
	assert_int_equal(book(&chengdu, &line), REASON_duplicate);
	/* and if it says so all the same, Chongqing does not believe it */
	struct buffer lines = {0}, payload = {0}, document = {0};
	line = standing(YUBEI, INSTITUTION_SUSPEND, day(2026, 10, 5));
	institution_line_write(&lines, &line);
	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, CHENGDU);
	codec_put_uint(&payload, CHONGQING);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, 1);
	codec_put_array(&payload, 1);
	buffer_append(&payload, buffer_span(&lines));
	document_sign(&document, "standing_notice", &chengdu.key, buffer_span(&payload));
	assert_int_equal(city_receive(&chongqing, notice_kind(), &document), ERROR_NONE);
	assert_int_equal(city_reason(&chongqing, 0), REASON_unknown_institution);
	assert_false(institution_barred(row_of(&chongqing, YUBEI), day(2026, 10, 5)));
	buffer_free(&lines);
	buffer_free(&payload);
	buffer_free(&document);
	city_close(&chengdu);
	city_close(&chongqing);
}

static uint64_t random_step(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static void announce(struct city *from, struct city *to)
{
	decision_clear(&from->decision);
	assert_int_equal(institution_announce(&from->settlement, from->txn, &from->decision,
			     to->settlement.options.region),
	    ERROR_NONE);
	city_deliver(from, to, "institution_notice", notice_kind());
	city_deliver(from, to, "standing_notice", notice_kind());
}

/* After any history, a city that hears of it late judges every day as the host does. */
static void who_is_introduced_late_judges_every_day_alike(void **state)
{
	const int32_t first = day(2026, 1, 1);
	uint64_t seed = 20261015;
	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int round = 0; round < 12; round++) {
		struct city host, late;
		struct institution_line line = with_key(description(ANKANG, 510104), 1);
		city_open(&host, CHENGDU);
		city_open(&late, CHONGQING);
		assert_int_equal(book(&host, &line), REASON_registered);
		for (unsigned steps = (unsigned)(random_step(&seed) % 6); steps > 0; steps--) {
			line = standing(ANKANG,
			    (enum institution_operation)(
				INSTITUTION_SUSPEND + random_step(&seed) % 4),
			    first + (int32_t)(random_step(&seed) % 100));
			assert_int_equal(book(&host, &line), REASON_registered);
		}
		announce(&host, &late);
		assert_int_equal(row_of(&late, ANKANG)->standing, row_of(&host, ANKANG)->standing);
		for (int32_t at = first - 10; at < first + 120; at++)
			assert_int_equal(institution_barred(row_of(&late, ANKANG), at),
			    institution_barred(row_of(&host, ANKANG), at));
		city_close(&host);
		city_close(&late);
	}
}

static bool count_rows(void *context, const struct institution_row *row)
{
	char *codes = context;
	strncat(codes, row->uscc, USCC_SIZE);
	strcat(codes, " ");
	return true;
}

static void institutions_are_listed_in_order_of_code(void **state)
{
	struct city city;
	char codes[128] = "";
	(void)state;
	city_open(&city, CHENGDU);
	city_institution(&city, YUBEI, CHONGQING, 500112);
	city_institution(&city, ANKANG, CHENGDU, 510104);
	city_institution(&city, JIALING, NANCHONG, 511304);
	assert_int_equal(institution_each(city.txn, count_rows, codes), ERROR_NONE);
	assert_string_equal(codes, JIALING " " ANKANG " " YUBEI " ");
	city_close(&city);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_credit_codes_are_taken_and_the_wrong_ones_refused),
	    cmocka_unit_test(the_codes_of_the_four_cities_are_right),
	    cmocka_unit_test(a_single_wrong_character_is_always_found),
	    cmocka_unit_test(registering_keeps_what_was_told),
	    cmocka_unit_test(an_institution_is_registered_once),
	    cmocka_unit_test(a_line_that_cannot_be_right_refuses_the_whole_order),
	    cmocka_unit_test(a_new_key_ends_the_old_one_and_no_key_serves_two),
	    cmocka_unit_test(a_bar_holds_from_its_day_to_the_day_before_it_is_lifted),
	    cmocka_unit_test(the_grounds_of_a_standing_are_kept),
	    cmocka_unit_test(peers_learn_of_it_but_not_of_the_account),
	    cmocka_unit_test(a_city_speaks_of_its_own_institutions_only),
	    cmocka_unit_test(who_is_introduced_late_judges_every_day_alike),
	    cmocka_unit_test(institutions_are_listed_in_order_of_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
