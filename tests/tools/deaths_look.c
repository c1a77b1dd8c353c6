/* deaths_look.c: what the cities of a run have: those in peace while another is down, and all at the end. */
#include "deaths.h"

#include <jansson.h>

#include "program.h"
#include "testing.h"

static bool is_in_peace(const struct deaths *run, json_int_t region)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		if (sample_regions[city] == region)
			return run->at[city] == 0 && !run->down[city];
	}
	fail_msg("%lld is none of the cities", (long long)region);
	return false;
}

static json_int_t member(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static json_t *list_of(const struct deaths *run, const char *command, unsigned city)
{
	struct run listed = suiren_expect(
	    0, "%s %s/%06u --json", command, run->folder, (unsigned)sample_regions[city]);
	json_t *list = json_loads(listed.out, 0, NULL);

	if (!list)
		fail_msg("%s", listed.out);
	run_free(&listed);
	return list;
}

/* Does this pair have to be done with each other? */
static bool is_awaited(const struct deaths *run, json_int_t one, json_int_t other)
{
	const json_int_t low = sample_regions[CHONGQING], high = sample_regions[CHENGDU];
	bool quarrels =
	    run->quarrel && ((one == low && other == high) || (one == high && other == low));

	return !quarrels && is_in_peace(run, one) && is_in_peace(run, other);
}

static void assert_agreed(const struct deaths *run, unsigned city)
{
	json_t *windows = list_of(run, "window list", city), *window;
	size_t i;

	assert_true(json_array_size(windows) > 0);
	json_array_foreach(windows, i, window)
	{
		if (is_awaited(run, member(window, "payer"), member(window, "creditor")))
			assert_string_equal(
			    json_string_value(json_object_get(window, "state")), "agreed");
	}
	json_decref(windows);
}

/* Which pairs have cleared something at the end of the calm run. */
static bool clears[SAMPLE_CITIES][SAMPLE_CITIES];

void deaths_note_clearings(const struct deaths *run)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		json_t *clearings = list_of(run, "clearing list", city), *clearing;
		size_t i;

		json_array_foreach(clearings, i, clearing)
		{
			for (unsigned other = 0; other < SAMPLE_CITIES; other++) {
				if (sample_regions[other] == member(clearing, "low") ||
				    sample_regions[other] == member(clearing, "high"))
					clears[city][other] = other != city;
			}
		}
		json_decref(clearings);
	}
}

static void assert_cleared(const struct deaths *run, unsigned city, const char *wanted)
{
	json_t *clearings = list_of(run, "clearing list", city), *clearing;
	unsigned count = 0, expected = 0;
	size_t i;

	json_array_foreach(clearings, i, clearing)
	{
		const char *state = json_string_value(json_object_get(clearing, "state"));

		if (!is_awaited(run, member(clearing, "low"), member(clearing, "high")))
			continue;
		if (strcmp(state, "settled") != 0)
			assert_string_equal(state, wanted);
		count++;
	}
	json_decref(clearings);
	for (unsigned other = 0; other < SAMPLE_CITIES; other++)
		expected += clears[city][other] && is_in_peace(run, sample_regions[other]);
	if (!run->calm)
		assert_int_equal(count, expected);
}

/* The cities in peace are done with each other, whatever has become of the rest. */
void deaths_assert_others_done(const struct deaths *run, const char *clearing)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		if (!is_in_peace(run, sample_regions[city]))
			continue;
		assert_agreed(run, city);
		if (clearing)
			assert_cleared(run, city, clearing);
	}
}

static void assert_same_list(
    const char *command, const char *one, const char *other, bool other_ids)
{
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		unsigned region = sample_regions[city];
		struct run differs = shell(
		    "for d in %s %s; do \"$SUIREN\" %s $d/%06u --json | grep -v "
		    "'entry\\|\"statement\"\\|\"agreement\"%s' >$d.list; done; "
		    "test -s %s.list && diff -u %s.list %s.list",
		    one, other, command, region, other_ids ? "\\|\"digest\"" : "", one, one, other);

		if (differs.status)
			fail_msg("%s of %06u differs:\n%s", command, region, differs.out);
		run_free(&differs);
	}
}

void deaths_assert_lists(const char *one, const char *other, bool other_ids)
{
	assert_same_list("window list", one, other, other_ids);
	assert_same_list("dispute list", one, other, other_ids);
}

void deaths_print(const char *folder)
{
	struct run seen =
	    shell("for d in %s/[0-9]*; do test -d $d && for c in window dispute "
		  "clearing; do \"$SUIREN\" $c list $d; done; done; tail -n 30 %s/*.log",
		folder, folder);

	print_error("%s", seen.out);
	run_free(&seen);
}
