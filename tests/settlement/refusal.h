/* refusal.h: what the tests of refusals share: a house of Chengdu under the catalogue that is built in, and its guests. */
#ifndef SUIREN_TEST_REFUSAL_H
#define SUIREN_TEST_REFUSAL_H

#include "desk.h"

#define BED "bed_subsidy"
#define SERVICE "service_subsidy"
#define NURSING "nursing_subsidy"

#define JUNE 202606u

static struct town_post post; /* nobody else is there */

/* A house of Chengdu, and money enough. The books begin long before what is claimed. */
static inline void city_open(struct town *city)
{
	town_open(city, CHENGDU, policy_embedded(CHENGDU), &post);
	town_house(city, HOUSE_A, CHENGDU, 100);
	town_fund(city, "fiscal", 100000000);
	town_fund(city, "lottery", 100000000);
}

static unsigned next_serial;

/* Born 1940-01-01, of minimum income, level 2 for the whole of 2025 to 2028, in HOUSE_A since March 2026. */
static inline uint64_t guest(struct town *city)
{
	uint64_t person = town_person(city, ++next_serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_assess(city, person, 2, day(2025, 1, 1), day(2028, 12, 31));
	town_stay(city, HOUSE_A, person, day(2026, 3, 1), DAY_NEVER);
	return person;
}

static inline void grant(struct town *city, uint64_t person, const char *programme)
{
	town_grant(
	    city, person, programme, day(2026, 1, 1), DAY_NEVER, PAID_TO_INSTITUTION, GRANT_GIVEN);
}

/* The verdict on a sheet of one line. */
static inline struct verdict judge(struct town *city, uint32_t month, uint64_t person,
    const char *programme, unsigned first, unsigned last)
{
	const struct claim_line line = {
	    .person = person, .programme = programme, .first = first, .last = last};
	return desk_verdict(
	    city, HOUSE_A, desk_claim(city, HOUSE_A, city->region, month, &line, 1), 0);
}

#endif
