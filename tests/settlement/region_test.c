#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "region.h"

static const int32_t today = 20741; /* 2026-10-15 */

static void a_district_lies_in_its_city(void **state)
{
	(void)state;
	assert_int_equal(region_city(510104, today), 510100);
	assert_int_equal(region_city(511304, today), 511300);
	assert_int_equal(region_city(511300, today), 511300);
	assert_true(region_same_city(511304, 511302, today));
	assert_false(region_same_city(511304, 510104, today));
}

static void chongqing_is_a_city_with_districts_and_counties_and_sichuan_is_not(void **state)
{
	(void)state;
	assert_int_equal(region_city(500000, today), 500000);
	assert_int_equal(region_city(500112, today), 500000);
	assert_int_equal(region_city(500231, today), 500000);
	assert_true(region_same_city(500112, 500231, today));
	assert_int_equal(region_city(510000, today), 0);
	assert_false(region_same_city(510000, 510000, today));
}

static void a_region_has_the_parent_of_the_day(void **state)
{
	(void)state;
	assert_int_equal(region_city(510185, day_of(2016, 5, 2)), 0);
	assert_int_equal(region_city(510185, day_of(2016, 5, 3)), 510100);
	assert_int_equal(region_city(500000, day_of(1997, 3, 13)), 0);
	assert_int_equal(region_city(500000, day_of(1997, 3, 14)), 500000);
	assert_int_equal(region_city(500112, day_of(1997, 3, 13)), 0);
}

static void an_unknown_region_is_no_city_and_has_no_name(void **state)
{
	(void)state;
	assert_null(region_find(990000, today));
	assert_int_equal(region_city(0, today), 0);
	assert_int_equal(region_city(510199, today), 0);
	assert_false(region_same_city(990000, 990000, today));
}

static void regions_have_both_names(void **state)
{
	(void)state;
	assert_string_equal(region_find(511304, today)->name_zh, "嘉陵区");
	assert_string_equal(region_find(511304, today)->name_en, "Jialing");
	assert_string_equal(region_find(500000, today)->name_zh, "重庆市");
}

static size_t districts_of(uint32_t city)
{
	size_t count = 0, districts = 0;
	const struct region *table = region_table(&count);
	for (size_t i = 0; i < count; i++)
		districts += table[i].level == REGION_DISTRICT && table[i].parent == city;
	return districts;
}

/* Sichuan has 18 prefecture-level cities (and three autonomous prefectures, which are not here). Chongqing: 26 districts, 8 counties, 4 autonomous counties. Chengdu: 12 districts, 3 counties, 5 county-level cities. */
static void the_four_cities_have_all_their_districts(void **state)
{
	size_t count = 0;
	(void)state;
	assert_int_equal(districts_of(500000), 38);
	assert_int_equal(districts_of(510100), 20);
	assert_int_equal(districts_of(510800), 7);
	assert_int_equal(districts_of(511300), 9);
	region_table(&count);
	assert_int_equal(count, 38 + 20 + 7 + 9 + 4 + 15 + 1); /* the other cities of Sichuan, and Sichuan */
}

static void the_table_is_ordered_and_every_parent_is_in_it(void **state)
{
	size_t count = 0;
	const struct region *table = region_table(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			assert_true(table[i - 1].code < table[i].code ||
				    (table[i - 1].code == table[i].code &&
					table[i - 1].until_day < table[i].from_day));
		if (table[i].parent)
			assert_non_null(region_find(table[i].parent, today));
		assert_true(strlen(table[i].name_zh) > 0 && strlen(table[i].name_en) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_district_lies_in_its_city),
	    cmocka_unit_test(chongqing_is_a_city_with_districts_and_counties_and_sichuan_is_not),
	    cmocka_unit_test(a_region_has_the_parent_of_the_day),
	    cmocka_unit_test(an_unknown_region_is_no_city_and_has_no_name),
	    cmocka_unit_test(regions_have_both_names),
	    cmocka_unit_test(the_four_cities_have_all_their_districts),
	    cmocka_unit_test(the_table_is_ordered_and_every_parent_is_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
