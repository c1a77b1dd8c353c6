/* world.h: two cities in which anything happens to anybody, told to the program and to the naive rules of naive.h alike. */
#ifndef SUIREN_TEST_WORLD_H
#define SUIREN_TEST_WORLD_H

#include "naive.h"
#include "remote.h"
#include "testing.h"

#define FIRST_DAY 20605 /* 2026-06-01 */
#define STAYS_MAX 5u

static const char *const codes[PROGRAMMES] = {"care", "service", "bed", "old_bed", "elder"};
static const char *const houses[HOUSES] = {HOUSE_A, HOUSE_D};

struct known_stay {
	int house, first, last; /* last: NEVER while open */
};

struct world {
	struct pair pair;
	struct naive naive;
	uint64_t codes[GUESTS];
	struct known_stay stays[GUESTS][STAYS_MAX];
	unsigned stay_count[GUESTS], level_count[GUESTS];
	bool has_grant[GUESTS][PROGRAMMES], has_card[GUESTS], has_filing[GUESTS];
	uint64_t seed;
	int now;
	unsigned reasons[64], lines;
};

static inline int any(struct world *world, int from, int until)
{
	return from + (int)chance_below(&world->seed, (uint64_t)(until - from + 1));
}

static inline bool one_in(struct world *world, unsigned of)
{
	return chance_below(&world->seed, of) == 0;
}

static inline int32_t program_day(int on)
{
	return on == NEVER ? DAY_NEVER : FIRST_DAY + on;
}

/* --- the catalogue that naive.h has in mind --------------------------------------------------------------------- */

static const struct programme_text programmes[] = {
    {.code = "care",
	.needs_grant = "true",
	.needs_assessment = "true",
	.more = "    level_min: 2\n    excludes: [other_care]\n",
	.amounts = "      - {level_from: 2, level_to: 2, amount: 100.00, clause: a}\n"
		   "      - {level_from: 3, level_to: 3, amount: 200.00, clause: a}\n"
		   "      - {level_from: 4, level_to: 4, amount: 300.00, clause: a}\n"},
    {.code = "service",
	.need = "service",
	.needs_grant = "true",
	.funds = "small, fiscal",
	.more = "    income: [low]\n    age_or: 80\n    flag_or: [disabled]\n"
		"    person_month_cap: 200.00\n    limits_clause: b\n",
	.amounts = "      - {amount: 210.00, clause: a}\n"},
    {.code = "bed",
	.need = "bed",
	.unit = "bed_month",
	.needs_assessment = "true",
	.more = "    takes_capacity: true\n    price_ceiling: 120.00\n    limits_clause: b\n",
	.amounts = "      - {level_from: 0, level_to: 0, amount: 50.00, clause: a}\n"
		   "      - {level_from: 1, level_to: 1, amount: 60.00, clause: a}\n"
		   "      - {level_from: 2, level_to: 2, amount: 100.00, clause: a}\n"
		   "      - {level_from: 3, level_to: 3, amount: 150.00, clause: a}\n"
		   "      - {level_from: 4, level_to: 4, amount: 200.00, clause: a}\n"},
    {.code = "old_bed",
	.need = "bed",
	.unit = "bed_month",
	.more =
	    "    effective_until: 2026-07-15\n    quantity_cap_days: 20\n    limits_clause: b\n",
	.amounts = "      - {amount: 45.00, clause: a}\n"},
    {.code = "elder",
	.need = "old_age",
	.portable = "false",
	.more = "    age_min: 80\n    programme_cap: 160.00\n    person_month_cap: 200.00\n    "
		"limits_clause: b\n",
	.amounts = "      - {age_from: 80, age_to: 89, amount: 77.77, clause: a}\n"
		   "      - {age_from: 90, amount: 123.45, clause: a}\n"},
    {.code = "other_care",
	.accrues = "month",
	.paid_to = "card",
	.portable = "false",
	.needs_grant = "true"},
};
#define PROGRAMME_COUNT (sizeof programmes / sizeof *programmes)

static inline void open_towns(struct world *world)
{
	struct pair *pair = &world->pair;
	struct catalogue_text home, host;
	catalogue_begin(&home, CHENGDU, 1, "small fiscal");
	catalogue_begin(&host, GUANGYUAN, 1, "small fiscal");
	for (size_t i = 0; i < PROGRAMME_COUNT; i++) {
		catalogue_add(&home, &programmes[i]);
		catalogue_add(&host, &programmes[i]);
	}
	town_open(&pair->home, CHENGDU, catalogue_span(&home), &pair->post);
	town_open(&pair->host, GUANGYUAN, catalogue_span(&host), &pair->post);
	struct town *const towns[] = {&pair->home, &pair->host};
	town_introduce(towns, 2, &pair->post);
	world->naive.beds[0] = 3;
	world->naive.beds[1] = 2;
	town_house(&pair->home, HOUSE_A, CHENGDU, 3);
	town_house(&pair->host, HOUSE_D, GUANGYUAN, 2);
	world->naive.funds[0] = 40000;
	world->naive.funds[1] = 250000;
	town_fund(&pair->home, "small", 40000);
	town_fund(&pair->home, "fiscal", 250000);
	carry(pair);
}

/* --- what happens ------------------------------------------------------------------------------------------------ */

static inline void tell_facts(struct world *world, int number)
{
	const struct naive_guest *guest = &world->naive.guests[number];
	const struct person_facts facts = {.code = world->codes[number],
	    .birth_day = day(guest->birth_year, guest->birth_month, guest->birth_day),
	    .death_day = program_day(guest->death),
	    .income_class = guest->poor ? INCOME_LOW : INCOME_OTHER,
	    .flags = guest->disabled ? PERSON_DISABLED : 0};
	town_facts(&world->pair.home, &facts);
}

static inline void be_born(struct world *world, int number)
{
	/* Those whose birthdays of 80 and 90 lie in the three months, on the 29th of February, and others. */
	static const int births[][3] = {{1946, 6, 15}, {1946, 7, 1}, {1946, 8, 31}, {1946, 7, 31},
	    {1936, 6, 30}, {1936, 8, 10}, {1944, 2, 29}, {1940, 2, 29}, {1950, 1, 1},
	    {1930, 12, 31}};
	struct naive_guest *guest = &world->naive.guests[number];
	const int *birth = births[chance_below(&world->seed, sizeof births / sizeof *births)];
	guest->birth_year = birth[0];
	guest->birth_month = birth[1];
	guest->birth_day = birth[2];
	guest->death = NEVER;
	guest->poor = !one_in(world, 4);
	guest->disabled = one_in(world, 3);
	for (int on = 0; on < DAYS; on++) {
		guest->level[on] = guest->night[on] = -1;
		for (int need = 0; need < NEEDS; need++)
			guest->claimed_at[need][on] = -1;
	}
	world->codes[number] = person_code_make(CHENGDU, (uint32_t)(100 + number));
}

static inline void register_guest(struct world *world, int number)
{
	town_register_row(&world->pair.home, world->codes[number], "");
	tell_facts(world, number);
	world->naive.guests[number].known = true;
}

static inline void assess(struct world *world, int number)
{
	struct naive_guest *guest = &world->naive.guests[number];
	int from = any(world, -60, DAYS - 1), until = from + any(world, 20, 365);
	int level = any(world, 0, 4);
	if (world->level_count[number]++ >= 3)
		return;
	town_assess(&world->pair.home, world->codes[number], (unsigned)level, program_day(from),
	    program_day(until));
	/* From its first day on it replaces what was assessed before. */
	for (int on = from > 0 ? from : 0; on < DAYS; on++)
		guest->level[on] = on <= until ? level : -1;
}

static inline void give(struct world *world, int number)
{
	struct naive_guest *guest = &world->naive.guests[number];
	int programme = any(world, CARE, SERVICE);
	int from = any(world, -60, 50), until = one_in(world, 2) ? NEVER : from + any(world, 0, 90);
	if (guest->death != NEVER)
		return;
	if (one_in(world, 6) && !world->has_card[number]) {
		world->has_card[number] = true;
		town_grant(&world->pair.home, world->codes[number], "other_care", program_day(from),
		    program_day(until), PAID_TO_CARD, GRANT_GIVEN);
		for (int on = 0; on < DAYS; on++)
			guest->card[on] = from <= on && on <= until;
	} else if (!world->has_grant[number][programme]) {
		world->has_grant[number][programme] = true;
		town_grant(&world->pair.home, world->codes[number], codes[programme],
		    program_day(from), program_day(until), PAID_TO_INSTITUTION, GRANT_GIVEN);
		for (int on = 0; on < DAYS; on++)
			guest->granted[programme][on] = from <= on && on <= until;
	}
}

static inline void file_guest(struct world *world, int number)
{
	struct naive_guest *guest = &world->naive.guests[number];
	int from = any(world, 0, 50), until = one_in(world, 2) ? NEVER : from + any(world, 0, 60);
	if (world->has_filing[number] || guest->death != NEVER)
		return;
	world->has_filing[number] = true;
	town_file(&world->pair.home, world->codes[number], GUANGYUAN, program_day(from),
	    program_day(until));
	for (int on = 0; on < DAYS; on++)
		guest->filed[on] = from <= on && on <= until;
}

static inline struct town *town_of(struct world *world, int house)
{
	return house ? &world->pair.host : &world->pair.home;
}

static inline void come(struct world *world, int number)
{
	struct naive_guest *guest = &world->naive.guests[number];
	int house = any(world, 0, 1), first = world->now - any(world, 0, 25);
	int last = one_in(world, 2) ? NEVER : first + any(world, 0, 30);
	if (first < 0 || first >= DAYS || world->stay_count[number] == STAYS_MAX ||
	    first > guest->death || (house == 1 && !guest->filed[first]) ||
	    (world->naive.barred_from[house] <= first && first <= world->naive.barred_until[house]))
		return;
	for (int on = first; on <= last && on < DAYS; on++) {
		if (guest->night[on] >= 0)
			return;
	}
	town_stay(town_of(world, house), houses[house], world->codes[number], program_day(first),
	    program_day(last));
	for (int on = first; on <= last && on < DAYS; on++)
		guest->night[on] = house;
	world->stays[number][world->stay_count[number]++] =
	    (struct known_stay){.house = house, .first = first, .last = last};
}

/* It turns out that the stay ended earlier. */
static inline void leave(struct world *world, int number)
{
	struct naive_guest *guest = &world->naive.guests[number];
	if (world->stay_count[number] == 0)
		return;
	struct known_stay *stay =
	    &world->stays[number][chance_below(&world->seed, world->stay_count[number])];
	int last = stay->first - 1 + any(world, 0, 40);
	if (last >= stay->last)
		return;
	desk_leave(town_of(world, stay->house), houses[stay->house], world->codes[number],
	    program_day(stay->first), program_day(last));
	for (int on = last + 1; on <= stay->last && on < DAYS; on++)
		guest->night[on] = -1;
	stay->last = last;
}

static inline void change_facts(struct world *world, int number)
{
	struct naive_guest *guest = &world->naive.guests[number];
	if (one_in(world, 3) && guest->death == NEVER)
		guest->death = any(world, 0, world->now);
	else
		guest->poor = !guest->poor;
	tell_facts(world, number);
}

static inline void bar(struct world *world)
{
	int house = any(world, 0, 1), from = any(world, 0, world->now);
	struct town *town = town_of(world, house);
	if (world->naive.barred_until[house] == NEVER) {
		from = world->naive.barred_from[house] + any(world, 0, 5);
		desk_standing(town, houses[house], INSTITUTION_RESTORE, program_day(from));
		world->naive.barred_until[house] = from - 1;
	} else if (one_in(world, 3)) {
		desk_standing(town, houses[house], INSTITUTION_SUSPEND, program_day(from));
		world->naive.barred_from[house] = from;
		world->naive.barred_until[house] = NEVER;
	}
}

#endif
