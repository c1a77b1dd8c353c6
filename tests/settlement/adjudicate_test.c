/* Any sheets over any persons, stays, grants, levels, deaths and bars, in two cities, against the naive rules of naive.h: every line's reason and
 * amount are the same, and the books keep their rules all the time. */
#include "naive.h"
#include "remote.h"
#include "testing.h"

#define FIRST_DAY 20605 /* 2026-06-01 */
#define STAYS_MAX 5u
#define STEPS 450u

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

static int any(struct world *world, int from, int until)
{
	return from + (int)chance_below(&world->seed, (uint64_t)(until - from + 1));
}

static bool one_in(struct world *world, unsigned of)
{
	return chance_below(&world->seed, of) == 0;
}

static int32_t program_day(int on)
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
		"    person_month_cap: 200.00\n",
	.amounts = "      - {amount: 210.00, clause: a}\n"},
    {.code = "bed",
	.need = "bed",
	.unit = "bed_month",
	.needs_assessment = "true",
	.more = "    takes_capacity: true\n    price_ceiling: 120.00\n",
	.amounts = "      - {level_from: 0, level_to: 0, amount: 50.00, clause: a}\n"
		   "      - {level_from: 1, level_to: 1, amount: 60.00, clause: a}\n"
		   "      - {level_from: 2, level_to: 2, amount: 100.00, clause: a}\n"
		   "      - {level_from: 3, level_to: 3, amount: 150.00, clause: a}\n"
		   "      - {level_from: 4, level_to: 4, amount: 200.00, clause: a}\n"},
    {.code = "old_bed",
	.need = "bed",
	.unit = "bed_month",
	.more = "    effective_until: 2026-07-15\n    quantity_cap_days: 20\n",
	.amounts = "      - {amount: 45.00, clause: a}\n"},
    {.code = "elder",
	.need = "old_age",
	.portable = "false",
	.more = "    age_min: 80\n    programme_cap: 160.00\n    person_month_cap: 200.00\n",
	.amounts = "      - {age_from: 80, age_to: 89, amount: 77.77, clause: a}\n"
		   "      - {age_from: 90, amount: 123.45, clause: a}\n"},
    {.code = "other_care",
	.accrues = "month",
	.paid_to = "card",
	.portable = "false",
	.needs_grant = "true"},
};
#define PROGRAMME_COUNT (sizeof programmes / sizeof *programmes)

static void open_towns(struct world *world)
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
	world->naive.funds[1] = 400000;
	town_fund(&pair->home, "small", 40000);
	town_fund(&pair->home, "fiscal", 400000);
	carry(pair);
}

/* --- what happens ------------------------------------------------------------------------------------------------ */

static void tell_facts(struct world *world, int number)
{
	const struct naive_guest *guest = &world->naive.guests[number];
	const struct person_facts facts = {.code = world->codes[number],
	    .birth_day = day(guest->birth_year, guest->birth_month, guest->birth_day),
	    .death_day = program_day(guest->death),
	    .income_class = guest->poor ? INCOME_LOW : INCOME_OTHER,
	    .flags = guest->disabled ? PERSON_DISABLED : 0};
	town_facts(&world->pair.home, &facts);
}

static void be_born(struct world *world, int number)
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

static void register_guest(struct world *world, int number)
{
	town_register_row(&world->pair.home, world->codes[number], "");
	tell_facts(world, number);
	world->naive.guests[number].known = true;
}

static void assess(struct world *world, int number)
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

static void give(struct world *world, int number)
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

static void file_guest(struct world *world, int number)
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

static struct town *town_of(struct world *world, int house)
{
	return house ? &world->pair.host : &world->pair.home;
}

static void come(struct world *world, int number)
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
static void leave(struct world *world, int number)
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
	for (int on = last + 1; on <= stay->last && on < DAYS; on++) {
		guest->night[on] = -1;
		for (int need = 0; need < NEEDS; need++)
			guest->shortened |= guest->claimed_at[need][on] == stay->house;
	}
	stay->last = last;
}

static void change_facts(struct world *world, int number)
{
	struct naive_guest *guest = &world->naive.guests[number];
	if (one_in(world, 3) && guest->death == NEVER)
		guest->death = any(world, 0, world->now);
	else
		guest->poor = !guest->poor;
	tell_facts(world, number);
}

static void bar(struct world *world)
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

/* --- sheets ------------------------------------------------------------------------------------------------------ */

/* A line that has a good chance: days of nights in the house. */
static struct naive_line any_line(struct world *world, int house, int month)
{
	struct naive_line line = {.guest = any(world, 0, GUESTS - 1),
	    .programme = any(world, 0, PROGRAMMES - 1),
	    .house = house,
	    .month = month,
	    .asks_fen = one_in(world, 4) ? any(world, 0, 22000) : -1,
	    .booked = world->now};
	const int *night = world->naive.guests[line.guest].night + naive_month_start[month];
	int days = naive_month_days[month];
	line.first = any(world, 1, days);
	line.last = any(world, line.first, days);
	if (one_in(world, 8))
		return line;
	/* Somebody who was there. */
	for (int i = 0; i < GUESTS && night[line.first - 1] != house; i++) {
		line.guest = (line.guest + 1) % GUESTS;
		night = world->naive.guests[line.guest].night + naive_month_start[month];
	}
	while (line.first > 1 && night[line.first - 2] == house && !one_in(world, 10))
		line.first--;
	while (line.last > line.first && night[line.last - 1] != house)
		line.last--;
	if (one_in(world, 40))
		line.guest = -1;
	return line;
}

static void expect_line(
    struct world *world, const struct naive_line *line, unsigned index, struct verdict verdict)
{
	int64_t fen;
	const char *reason = naive_judge(&world->naive, line, &fen);
	if (strcmp(reason, reason_name(verdict.reason)) != 0 ||
	    (verdict.reason == REASON_approved && verdict.amount_fen != fen))
		fail_msg(
		    "line %u: guest %d, %s in house %d, month %d, days %d-%d, asks %lld, on day "
		    "%d: %s %lld, naively %s %lld",
		    index, line->guest, codes[line->programme], line->house, line->month,
		    line->first, line->last, (long long)line->asks_fen, line->booked,
		    reason_name(verdict.reason), (long long)verdict.amount_fen, reason,
		    (long long)fen);
	world->reasons[verdict.reason]++;
	for (uint32_t i = 0; i < verdict.reduction_count; i++)
		world->reasons[verdict.reductions[i].reason]++;
	world->lines++;
}

/* Most lines that are claimed are right: of a few, the first one that the rules would pay. */
static struct naive_line likely_line(struct world *world, int house, int month)
{
	static struct naive copy;
	struct naive_line line = any_line(world, house, month);
	int64_t fen;
	for (int i = 0; i < 12; i++) {
		copy = world->naive;
		if (naive_judge(&copy, &line, &fen) == APPROVED)
			break;
		line = any_line(world, house, month);
	}
	return line;
}

/* S2: an account that may not go negative does not. */
static bool not_negative(void *context, struct span name, const struct account *account)
{
	const struct account_rule *rule = account_rule_of(settlement_chart, name);
	(void)context;
	assert_non_null(rule);
	assert_true(rule->may_go_negative || account_balance(settlement_chart, name, account) >= 0);
	return true;
}

static void check_books(struct town *town)
{
	struct txn *txn = desk_read(town);
	assert_int_equal(account_check_sums(txn, &town->detail), ERROR_NONE);
	assert_int_equal(account_each(txn, (struct span){NULL, 0}, not_negative, NULL), ERROR_NONE);
	txn_abort(txn);
}

static void claim_some(struct world *world)
{
	struct naive_line lines[12];
	struct claim_line claims[12];
	int house = any(world, 0, 1), month_now = world->now < 30 ? 0 : world->now < 61 ? 1 : 2;
	int month = any(world, 0, month_now);
	unsigned count = (unsigned)any(world, 1, 12);
	for (unsigned i = 0; i < count; i++) {
		lines[i] = one_in(world, 3) ? any_line(world, house, month)
					    : likely_line(world, house, month);
		claims[i] =
		    (struct claim_line){.person = lines[i].guest < 0 ? person_code_make(CHENGDU, 7)
								     : world->codes[lines[i].guest],
			.programme = codes[lines[i].programme],
			.first = (unsigned)lines[i].first,
			.last = (unsigned)lines[i].last,
			.amount_fen = lines[i].asks_fen};
		/* desk.h takes 0 for what the policy gives. */
		if (claims[i].amount_fen == 0)
			claims[i].amount_fen = lines[i].asks_fen = 1;
		else if (claims[i].amount_fen < 0)
			claims[i].amount_fen = 0;
	}
	uint64_t number = desk_claim(town_of(world, house), houses[house], CHENGDU,
	    202606u + (unsigned)month, claims, count);
	carry(&world->pair);
	for (unsigned i = 0; i < count; i++) {
		expect_line(
		    world, &lines[i], i, desk_verdict(&world->pair.home, houses[house], number, i));
		if (house == 1)
			assert_int_equal(
			    desk_verdict(&world->pair.host, HOUSE_D, number, i).amount_fen,
			    desk_verdict(&world->pair.home, HOUSE_D, number, i).amount_fen);
	}
}

static void step(struct world *world)
{
	int number = any(world, 0, GUESTS - 1);
	bool known = world->naive.guests[number].known;
	switch (known ? any(world, 0, 13) : any(world, 0, 13) * (one_in(world, 3) ? 0 : 14)) {
	case 0:
		if (!known)
			register_guest(world, number);
		break;
	case 1:
	case 2:
		assess(world, number);
		break;
	case 3:
		give(world, number);
		break;
	case 4:
		file_guest(world, number);
		break;
	case 5:
	case 6:
		come(world, number);
		break;
	case 7:
		if (one_in(world, 3))
			leave(world, number);
		break;
	case 8:
		if (one_in(world, 3))
			change_facts(world, number);
		break;
	case 9:
		if (one_in(world, 2))
			bar(world);
		break;
	default:
		claim_some(world);
	}
	carry(&world->pair);
}

/* Before anything is claimed, most people have what they need. */
static void settle_in(struct world *world, int number, int round)
{
	if (round == 0)
		assess(world, number);
	else if (round == 1 && one_in(world, 2))
		file_guest(world, number);
	else if (round < 6)
		give(world, number);
	else
		come(world, number);
	carry(&world->pair);
}

static void any_sheets_come_to_what_the_naive_rules_say(void **state)
{
	static struct world world;
	uint64_t seed = chance_seed("sheets");
	int64_t house_a, house_d;
	(void)state;
	memset(&world, 0, sizeof world);
	world.seed = seed;
	open_towns(&world);
	for (int house = 0; house < HOUSES; house++)
		world.naive.barred_until[house] = -1;
	for (int number = 0; number < GUESTS; number++) {
		be_born(&world, number);
		if (number < GUESTS - 3)
			register_guest(&world, number);
	}
	world.now = 10;
	for (int i = 0; i < 12 * GUESTS; i++) {
		int number = i % GUESTS;
		if (world.naive.guests[number].known)
			settle_in(&world, number, i / GUESTS);
	}
	for (unsigned i = 0; i < STEPS; i++) {
		/* To the middle of October: the deadlines of June and July have passed by then. */
		if (one_in(&world, 3) && world.now < 140)
			world.now += any(&world, 0, 2);
		pair_at(&world.pair, program_day(world.now));
		step(&world);
		check_books(&world.pair.home);
		check_books(&world.pair.host);
	}
	/* Every fen that left the funds is owed to a house, or to the other city, which owes it to its house. */
	house_a = town_local(&world.pair.home, HOUSE_A);
	house_d = town_remote(&world.pair.host, HOUSE_D);
	assert_int_equal(town_owes(&world.pair.home, GUANGYUAN, 1), house_d);
	assert_int_equal(town_is_owed(&world.pair.host, CHENGDU, 1), house_d);
	assert_int_equal(town_fund_left(&world.pair.home, "small"), world.naive.funds[0]);
	assert_int_equal(town_fund_left(&world.pair.home, "fiscal"), world.naive.funds[1]);
	assert_int_equal(house_a + house_d + world.naive.funds[0] + world.naive.funds[1], 440000);
	/* Enough of them were paid for the money to be worth counting. */
	assert_true(world.reasons[REASON_approved] >= 10);
	print_message("%u lines:", world.lines);
	for (unsigned reason = 0; reason < 64; reason++) {
		if (world.reasons[reason])
			print_message(" %s %u", reason_name(reason), world.reasons[reason]);
	}
	print_message("\n");
	pair_close(&world.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_sheets_come_to_what_the_naive_rules_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
