/* Any sheets over any persons, stays, grants, levels, deaths and bars, in two cities, against the naive rules of naive.h: every line's reason and
 * amount are the same, and the books keep their rules all the time. */
#include "world.h"

#define STEPS 450u

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
	assert_int_equal(house_a + house_d + world.naive.funds[0] + world.naive.funds[1], 290000);
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
