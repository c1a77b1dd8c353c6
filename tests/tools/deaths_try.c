/* deaths_try.c: one scenario told undisturbed, and then with deaths at steps that are spread over all there are. */
#include "deaths.h"

#include "month.h"
#include "program.h"
#include "testing.h"

#define CALM "calm"
/* Steps of one test from which on it must have happened that the others were done while one was down. */
#define MANY 20u

/* What was done and seen by one test. */
struct tally {
	unsigned tried, deaths, met;
};

void deaths_calm(struct deaths_scenario *scenario)
{
	struct deaths calm = {.folder = CALM, .scenario = scenario, .calm = true};

	scenario->tell(&calm);
	for (unsigned city = 0; city < 2; city++) {
		if (scenario->steps[city] == 0)
			scenario->steps[city] = deaths_steps(city);
	}
	assert_int_equal(deaths_close(&calm), 0);
	scenario->look(CALM);
}

void deaths_assert_same(const struct deaths_scenario *scenario, const struct deaths *run)
{
	month_assert_same(CALM, run->folder);
	deaths_assert_lists(CALM, run->folder, scenario->other_ids);
	month_assert_once(run->folder, SAMPLE_CITIES);
	scenario->look(run->folder);
	folder_remove(run->folder);
}

static void die_at(
    struct deaths_scenario *scenario, struct tally *tally, unsigned chengdu, unsigned chongqing)
{
	struct deaths run = {.folder = "dies", .scenario = scenario, .at = {chengdu, chongqing}};

	print_message("[Chengdu at step %u, Chongqing at step %u]\n", chengdu, chongqing);
	scenario->tell(&run);
	tally->tried++;
	tally->deaths += deaths_close(&run);
	tally->met += run.met;
	deaths_assert_same(scenario, &run);
}

/* How many of so many steps are to be tried. */
static unsigned to_be_tried(const struct deaths_scenario *scenario, unsigned steps)
{
	const char *given = getenv("SUIREN_STEPS");
	unsigned tried = !given                      ? scenario->tried
			 : strcmp(given, "all") == 0 ? steps
						     : (unsigned)strtoul(given, NULL, 10);

	assert_true(tried > 0 && steps > scenario->tried);
	return tried < steps ? tried : steps;
}

/* A step in one out of so many equal parts. */
static unsigned draw_step(uint64_t *random, unsigned steps, unsigned part, unsigned parts)
{
	unsigned from = steps * part / parts, until = steps * (part + 1) / parts;

	return 1 + from + (unsigned)chance_below(random, until - from);
}

static void report(const struct tally *tally, const char *what, unsigned steps)
{
	print_message("%s: %u steps, %u of them tried, %u deaths; the others were done with %u "
		      "stages while one was down\n",
	    what, steps, tally->tried, tally->deaths, tally->met);
	/* Another time there may be some steps fewer. */
	assert_true(tally->deaths >= tally->tried / 2);
	assert_true(tally->met > 0 || tally->tried < MANY);
}

void deaths_try_city(struct deaths_scenario *scenario, unsigned city)
{
	uint64_t random = chance_seed("steps");
	struct tally tally = {.tried = 0};
	unsigned steps = scenario->steps[city], tried;
	char name[16];

	deaths_need_tracing();
	tried = to_be_tried(scenario, steps);
	for (unsigned i = 0; i < tried; i++) {
		unsigned at = draw_step(&random, steps, i, tried);

		die_at(scenario, &tally, city == CHENGDU ? at : 0, city == CHONGQING ? at : 0);
	}
	snprintf(name, sizeof name, "%06u", (unsigned)sample_regions[city]);
	report(&tally, name, steps);
}

void deaths_try_both(struct deaths_scenario *scenario)
{
	uint64_t random = chance_seed("pairs of steps");
	const unsigned *steps = scenario->steps;
	struct tally tally = {.tried = 0};
	unsigned least = steps[0] < steps[1] ? steps[0] : steps[1], tried;

	deaths_need_tracing();
	tried = to_be_tried(scenario, least);
	for (unsigned i = 0; i < tried; i++) {
		unsigned chengdu = draw_step(&random, steps[CHENGDU], i, tried);

		die_at(scenario, &tally, chengdu, draw_step(&random, steps[CHONGQING], i, tried));
	}
	report(&tally, "pairs", least);
}
