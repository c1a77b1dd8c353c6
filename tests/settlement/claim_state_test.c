/* What earlier claims have used up: against a model that keeps each day by itself, and the rows as docs/format.md ("Claims") has them. */
#include "city.h"
#include "claim.h"
#include "claim_state.h"
#include "hexes.h"
#include "tables.h"
#include "testing.h"

#define HOUSE_A "52510100000000019C"
#define HOUSE_B "91500000000000027W"
#define JUNE 202606u

static void expect_row(struct city *city, unsigned table, const char *key, const char *value)
{
	struct buffer key_bytes = hexes(key), copy = {0};
	struct span row;
	assert_int_equal(store_get(city->txn, table, buffer_span(&key_bytes), &row), ERROR_NONE);
	buffer_append(&copy, row);
	expect_hex(&copy, value);
	buffer_free(&key_bytes);
}

/* --- the rows ------------------------------------------------------------------------------------------------- */

#define A_HEX "353235313031303030303030303030313943"

static void days_are_bits_by_slot_and_need(void **state)
{
	static const struct night_piece first = {.slot = 0, .from = 1, .until = 1},
					last = {.slot = 2, .from = 31, .until = 31},
					middle[] = {{.slot = 1, .from = 2, .until = 4},
					    {.slot = 2, .from = 30, .until = 30}};
	struct claim_state *claims;
	struct city city;
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(claim_state_create(&claims), ERROR_NONE);
	claim_state_begin(claims, city.txn, HOUSE_A, 202607, 3);
	claim_state_take_days(claims, NEED_BED, &first, 1);
	claim_state_take_days(claims, NEED_BED, &last, 1);
	claim_state_take_days(claims, NEED_CARE, middle, 2);
	assert_int_equal(claim_state_store(claims, city.txn), ERROR_NONE);
	/* 202607, uscc, need; three slots, the lowest bit is the first of the month. */
	expect_row(&city, TABLE_CLAIMED, "0003176f" A_HEX "02", "01000000 00000000 00000040");
	expect_row(&city, TABLE_CLAIMED, "0003176f" A_HEX "04", "00000000 0e000000 00000020");
	claim_state_free(claims);
	city_close(&city);
}

static void numbers_are_kept_by_house_programme_and_person(void **state)
{
	struct claim_state *claims;
	struct city city;
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(claim_state_create(&claims), ERROR_NONE);
	claim_state_begin(claims, city.txn, HOUSE_A, JUNE, 0);
	claim_state_take_nights(claims, 900);
	claim_state_take_programme(claims, 0xdbca7e25, 250000);
	claim_state_take_person(claims, UINT64_C(5101000000000019), 40000);
	claim_state_take_person(claims, UINT64_C(5101000000000019), -1);
	assert_int_equal(claim_state_store(claims, city.txn), ERROR_NONE);
	expect_row(&city, TABLE_CAPACITY, "0003176e" A_HEX, "8403000000000000");
	expect_row(&city, TABLE_USAGE, "01 0003176e dbca7e25", "90d0030000000000");
	expect_row(&city, TABLE_USAGE, "02 0003176e 00121f551cffd013", "3f9c000000000000");
	claim_state_free(claims);
	city_close(&city);
}

static void a_sheets_row_is_72_bytes(void **state)
{
	const struct sheet_row row = {.sequence = 97,
	    .answered = 101,
	    .payer = CHENGDU,
	    .host = GUANGYUAN,
	    .month = JUNE,
	    .count = 300,
	    .state = SHEET_FORWARDED,
	    .nights = 870,
	    .header = {{0xaa}}};
	struct sheet_row read;
	struct city city;
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(sheet_row_put(city.txn, HOUSE_A, 7, &row), ERROR_NONE);
	expect_row(&city, TABLE_SHEET, A_HEX "0000000000000007",
	    "6100000000000000 6500000000000000 94c80700 50cb0700 6e170300 2c010000 02000000 "
	    "66030000"
	    "aa00000000000000000000000000000000000000000000000000000000000000");
	assert_int_equal(sheet_row_get(city.txn, HOUSE_A, 7, &read), ERROR_NONE);
	assert_memory_equal(&read, &row, sizeof row);
	assert_int_equal(sheet_row_get(city.txn, HOUSE_A, 8, &read), ERROR_NOT_FOUND);
	assert_int_equal(sheet_row_get(city.txn, HOUSE_B, 7, &read), ERROR_NOT_FOUND);
	city_close(&city);
}

static void a_line_is_reversed_once(void **state)
{
	struct city city;
	bool reversed = true;
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(reversed_get(city.txn, 97, 3, &reversed), ERROR_NONE);
	assert_false(reversed);
	assert_int_equal(reversed_put(city.txn, 97, 3, 120), ERROR_NONE);
	expect_row(&city, TABLE_REVERSED, "0000000000000061 00000003", "0000000000000078");
	assert_int_equal(reversed_get(city.txn, 97, 3, &reversed), ERROR_NONE);
	assert_true(reversed);
	assert_int_equal(reversed_get(city.txn, 97, 2, &reversed), ERROR_NONE);
	assert_false(reversed);
	assert_int_not_equal(reversed_put(city.txn, 97, 3, 121), ERROR_NONE);
	city_close(&city);
}

static void a_number_is_the_same_sheet_only_with_the_same_header(void **state)
{
	struct sheet_header header = {.uscc = HOUSE_A,
	    .number = 7,
	    .host = GUANGYUAN,
	    .payer = CHENGDU,
	    .month = JUNE,
	    .programme_count = 1,
	    .programme_codes = {"bed_subsidy"},
	    .count = 3};
	struct buffer payload = {0};
	struct city city;
	uint64_t sequence = 0;
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(sheet_expected(city.txn, &header, &sequence), ERROR_NONE);
	sheet_header_write(&payload, &header);
	const struct sheet_row row = {.sequence = 97, .header = hash_sha256(buffer_span(&payload))};
	buffer_free(&payload);
	assert_int_equal(sheet_row_put(city.txn, HOUSE_A, 7, &row), ERROR_NONE);
	assert_int_equal(sheet_expected(city.txn, &header, &sequence), ERROR_REPEAT);
	assert_int_equal(sequence, 97);
	sequence = 0;
	header.line_root.bytes[31] ^= 1;
	assert_int_equal(sheet_expected(city.txn, &header, &sequence), ERROR_CONFLICT);
	assert_int_equal(sequence, 97);
	header.line_root.bytes[31] ^= 1;
	header.month++;
	assert_int_equal(sheet_expected(city.txn, &header, &sequence), ERROR_CONFLICT);
	header.number = 8;
	assert_int_equal(sheet_expected(city.txn, &header, &sequence), ERROR_NONE);
	city_close(&city);
}

/* --- against a model that keeps every day by itself ------------------------------------------------------------ */

#define HOUSES 2u
#define MONTHS 3u
#define SLOTS 40u
#define TAGS 5u
#define PERSONS 30u

static const char *const houses[HOUSES] = {HOUSE_A, HOUSE_B};
static const uint32_t months[MONTHS] = {202606, 202607, 202608};

struct model {
	bool claimed[HOUSES][MONTHS][NEED_COUNT][SLOTS][32]; /* days 1..31 */
	int64_t nights[HOUSES][MONTHS], programmes[TAGS][MONTHS], persons[PERSONS][MONTHS];
	uint32_t slots[HOUSES]; /* so many stays the house has had so far */
};

/* A sheet: some changes, to the model and to the state alike. */
static void change(
    uint64_t *seed, struct model *model, unsigned house, unsigned month, struct claim_state *claims)
{
	enum need need = (enum need)(1 + chance_below(seed, NEED_COUNT - 1));
	struct night_piece pieces[3];
	size_t count = 1 + chance_below(seed, 3);
	bool take = chance_below(seed, 4) > 0;
	for (size_t i = 0; i < count; i++) {
		uint8_t from = (uint8_t)(1 + chance_below(seed, 31));
		uint8_t until = (uint8_t)(from + chance_below(seed, 32u - from));
		pieces[i] =
		    (struct night_piece){.slot = (uint32_t)chance_below(seed, model->slots[house]),
			.from = from,
			.until = until};
		for (unsigned one = from; one <= until; one++)
			model->claimed[house][month][need][pieces[i].slot][one] = take;
	}
	if (take)
		claim_state_take_days(claims, need, pieces, count);
	else
		claim_state_free_days(claims, need, pieces, count);
	int64_t fen = (int64_t)chance_below(seed, 2000) - 500;
	unsigned tag = (unsigned)chance_below(seed, TAGS),
		 person = (unsigned)chance_below(seed, PERSONS);
	model->nights[house][month] += fen;
	claim_state_take_nights(claims, fen);
	model->programmes[tag][month] += fen;
	claim_state_take_programme(claims, 1000 + tag, fen);
	model->persons[person][month] += fen;
	claim_state_take_person(claims, 5000 + person, fen);
}

static uint32_t model_days(
    const struct model *model, unsigned house, unsigned month, unsigned need, unsigned slot)
{
	uint32_t days = 0;
	for (unsigned one = 1; one <= 31; one++)
		days |= (uint32_t)model->claimed[house][month][need][slot][one] << (one - 1);
	return days;
}

static void compare(
    struct claim_state *claims, const struct model *model, unsigned house, unsigned month)
{
	for (unsigned need = 1; need < NEED_COUNT; need++) {
		for (unsigned slot = 0; slot < SLOTS; slot++) {
			for (unsigned at = 0; at < HOUSES; at++)
				assert_int_equal(
				    claim_state_days_at(claims, houses[at], (enum need)need, slot),
				    model_days(model, at, month, need, slot));
			assert_int_equal(claim_state_days(claims, (enum need)need, slot),
			    model_days(model, house, month, need, slot));
		}
	}
	assert_int_equal(claim_state_nights(claims), model->nights[house][month]);
	for (unsigned tag = 0; tag < TAGS; tag++)
		assert_int_equal(
		    claim_state_programme(claims, 1000 + tag), model->programmes[tag][month]);
	for (unsigned person = 0; person < PERSONS; person++)
		assert_int_equal(
		    claim_state_person(claims, 5000 + person), model->persons[person][month]);
	assert_int_equal(claim_state_failed(claims), ERROR_NONE);
}

static void any_sheets_leave_what_a_naive_model_leaves(void **state)
{
	static struct model model, before;
	struct claim_state *claims;
	struct city city;
	uint64_t seed = chance_seed("claim state");
	(void)state;
	memset(&model, 0, sizeof model);
	city_open(&city, CHENGDU);
	assert_int_equal(claim_state_create(&claims), ERROR_NONE);
	for (unsigned round = 0; round < 120; round++) {
		unsigned house = (unsigned)chance_below(&seed, HOUSES);
		unsigned month = (unsigned)chance_below(&seed, MONTHS);
		/* The house has had more stays since. */
		if (model.slots[house] < SLOTS)
			model.slots[house] += 1 + (uint32_t)chance_below(&seed, 3);
		if (model.slots[house] > SLOTS)
			model.slots[house] = SLOTS;
		before = model;
		claim_state_begin(
		    claims, city.txn, houses[house], months[month], model.slots[house]);
		compare(claims, &model, house, month);
		for (uint64_t i = chance_below(&seed, 8); i > 0; i--)
			change(&seed, &model, house, month, claims);
		compare(claims, &model, house, month);
		/* A sheet that is not booked leaves nothing. */
		if (chance_below(&seed, 4) == 0)
			model = before;
		else
			assert_int_equal(claim_state_store(claims, city.txn), ERROR_NONE);
	}
	claim_state_free(claims);
	city_close(&city);
}

/* A sheet holds at most SHEET_LINES_MAX persons: all of them are told apart. */
static void ten_thousand_persons_are_told_apart(void **state)
{
	struct claim_state *claims;
	struct city city;
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(claim_state_create(&claims), ERROR_NONE);
	claim_state_begin(claims, city.txn, HOUSE_A, JUNE, 0);
	for (uint32_t i = 0; i < SHEET_LINES_MAX; i++)
		claim_state_take_person(claims, person_code_make(CHENGDU, i), i);
	for (uint32_t i = 0; i < SHEET_LINES_MAX; i++)
		assert_int_equal(claim_state_person(claims, person_code_make(CHENGDU, i)), i);
	assert_int_equal(claim_state_store(claims, city.txn), ERROR_NONE);
	claim_state_begin(claims, city.txn, HOUSE_B, JUNE, 0);
	for (uint32_t i = 0; i < SHEET_LINES_MAX; i += 37)
		assert_int_equal(claim_state_person(claims, person_code_make(CHENGDU, i)), i);
	claim_state_free(claims);
	city_close(&city);
}

/* Nights that another city counts begin at 0 here and leave nothing. */
static void nights_that_the_host_counts_are_not_kept_here(void **state)
{
	struct claim_state *claims;
	struct city city;
	(void)state;
	city_open(&city, CHENGDU);
	assert_int_equal(claim_state_create(&claims), ERROR_NONE);
	claim_state_begin(claims, city.txn, HOUSE_A, JUNE, 0);
	claim_state_take_nights(claims, 100);
	assert_int_equal(claim_state_store(claims, city.txn), ERROR_NONE);
	claim_state_begin(claims, city.txn, HOUSE_A, JUNE, 0);
	claim_state_nights_apart(claims);
	assert_int_equal(claim_state_nights(claims), 0);
	claim_state_take_nights(claims, 30);
	assert_int_equal(claim_state_nights(claims), 30);
	assert_int_equal(claim_state_store(claims, city.txn), ERROR_NONE);
	claim_state_begin(claims, city.txn, HOUSE_A, JUNE, 0);
	assert_int_equal(claim_state_nights(claims), 100);
	claim_state_free(claims);
	city_close(&city);
}

/* --- days over several months ---------------------------------------------------------------------------------- */

static void claimed_days_are_found_in_whatever_month_they_are(void **state)
{
	static struct model model;
	struct claim_state *claims;
	struct city city;
	uint64_t seed = chance_seed("claimed days");
	(void)state;
	memset(&model, 0, sizeof model);
	city_open(&city, CHENGDU);
	assert_int_equal(claim_state_create(&claims), ERROR_NONE);
	/* A few days here and there. */
	for (unsigned i = 0; i < 20; i++) {
		unsigned month = (unsigned)chance_below(&seed, MONTHS), need;
		struct night_piece piece = {.slot = (uint32_t)chance_below(&seed, 4)};
		need = 1 + (unsigned)chance_below(&seed, NEED_COUNT - 1);
		piece.from = piece.until = (uint8_t)(1 + chance_below(&seed, 30));
		claim_state_begin(claims, city.txn, HOUSE_A, months[month], 4);
		claim_state_take_days(claims, (enum need)need, &piece, 1);
		assert_int_equal(claim_state_store(claims, city.txn), ERROR_NONE);
		model.claimed[0][month][need][piece.slot][piece.from] = true;
	}
	const int32_t first = day(2026, 6, 1), last = day(2026, 8, 31);
	for (unsigned round = 0; round < 3000; round++) {
		unsigned slot = (unsigned)chance_below(&seed, 5),
			 need = (unsigned)chance_below(&seed, NEED_COUNT);
		int32_t from = first - 40 +
			       (int32_t)chance_below(&seed, (uint64_t)(last - first + 80)),
			until = from - 1 + (int32_t)chance_below(&seed, 45);
		bool claimed, expected = false;
		for (int32_t one = from; one <= until; one++) {
			int year, month, number;
			day_split(one, &year, &month, &number);
			for (unsigned of = 1; of < NEED_COUNT; of++)
				expected |= year == 2026 && 6 <= month && month <= 8 && slot < 4 &&
					    (need == 0 || need == of) &&
					    model.claimed[0][month - 6][of][slot][number];
		}
		assert_int_equal(
		    claim_days_claimed(city.txn, HOUSE_A, need, slot, from, until, &claimed),
		    ERROR_NONE);
		assert_int_equal(claimed, expected);
	}
	claim_state_free(claims);
	city_close(&city);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days_are_bits_by_slot_and_need),
	    cmocka_unit_test(numbers_are_kept_by_house_programme_and_person),
	    cmocka_unit_test(a_sheets_row_is_72_bytes),
	    cmocka_unit_test(a_line_is_reversed_once),
	    cmocka_unit_test(a_number_is_the_same_sheet_only_with_the_same_header),
	    cmocka_unit_test(any_sheets_leave_what_a_naive_model_leaves),
	    cmocka_unit_test(ten_thousand_persons_are_told_apart),
	    cmocka_unit_test(nights_that_the_host_counts_are_not_kept_here),
	    cmocka_unit_test(claimed_days_are_found_in_whatever_month_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
