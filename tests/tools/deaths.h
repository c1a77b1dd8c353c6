/* deaths.h: a month up to a cut, told to four daemons; and what follows, told again and again to copies of them, while daemons are killed at chosen steps
 * (stepped.h) and started again. Whatever becomes of one city, the others must be done with each other while it is down. */
#ifndef SUIREN_TEST_DEATHS_H
#define SUIREN_TEST_DEATHS_H

#include "demo_live.h"

/* Indices of sample_regions: 510100 and 500000. The lower of two codes proposes their clearing. */
enum { CHENGDU, CHONGQING };
/* Where the month is told to. */
#define DEATHS_BEFORE "before"
/* The last filing day's cut, the day of clearings, the day of the bank. */
#define DEATHS_CUT_MS (day_start_ms(day_of(2026, 11, 5)) + INT64_C(61200000))
#define DEATHS_CLEAR_MS (day_start_ms(day_of(2026, 12, 21)) + INT64_C(36000000))
#define DEATHS_BANK_MS (day_start_ms(day_of(2026, 12, 23)) + INT64_C(36000000))

struct deaths_scenario;

/* One run. */
struct deaths {
	char folder[32];
	struct deaths_scenario *scenario;
	/* The step at which each dies; 0: it is left in peace. */
	unsigned at[SAMPLE_CITIES];
	/* Killed before each stage, and back when the others are done with it. */
	bool down[SAMPLE_CITIES];
	/* Chengdu and Chongqing are not done with each other after this stage. */
	bool quarrel;
	/* Nobody dies; if it can be traced, the steps of Chengdu and Chongqing are counted. */
	bool calm;
	unsigned met; /* stages with which the others were done while one was down */
	struct demo_live live;
};

/* In place of the daemon, when the test program is started with words. */
int deaths_be_daemon(char **argv);
/* A workshop, from which processes can be traced. */
void deaths_workshop_open(void);
void deaths_workshop_close(void);
/* Some sandboxes forbid to trace processes: what needs it is skipped there. */
bool deaths_can_be_traced(void);
void deaths_need_tracing(void);
/* Tell the month up to the cut; then all have stopped. Sheets for which `hold` (may be NULL) returns true are not handed in. */
void deaths_tell(bool (*hold)(const struct demo_sheet *sheet));

/* Start a copy of what was told; with seeds of its own and the clock at the cut. */
void deaths_open(struct deaths *run);
/* The orders of one stage: those of the cities that are down, or (`late` false) those of all others. */
typedef void deaths_act(struct deaths *run, struct demo_actor *actor, bool late);
/* Move the clocks there, give the orders, and deliver: first among those that live, who must be done with each other then, then among all.
 * `clearing`: what the clearings of those in peace are then at least, "netted" or "settled"; NULL: there is none. */
void deaths_stage(struct deaths *run, int64_t now_ms, deaths_act *act, const char *clearing);
/* All windows are cut. */
void deaths_cut(struct deaths *run, int64_t now_ms);
/* The month is cleared, ordered and paid. */
void deaths_settle(struct deaths *run);
/* Stop all. Returns how many of those that should have died. */
unsigned deaths_close(struct deaths *run);
/* In a calm run: the steps that a city has made so far; 0: they cannot be counted. */
unsigned deaths_steps(unsigned city);

/* What the cities have (deaths_look.c). */

/* Those in peace are done with each other, whatever has become of the rest. */
void deaths_assert_others_done(const struct deaths *run, const char *clearing);
/* In the calm run, at its end: which pairs have something to clear. */
void deaths_note_clearings(const struct deaths *run);
/* The same windows and disputes, but for the numbers of entries and hashes of documents and, if the numbers of obligations may differ, of sets. */
void deaths_assert_lists(const char *one, const char *other, bool other_ids);
/* What the cities of a run have, and what their daemons have said: for whoever has to find out why. */
void deaths_print(const char *folder);

/* What is told and tried (deaths_try.c). */
struct deaths_scenario {
	void (*tell)(struct deaths *run); /* from deaths_open to before deaths_close */
	void (*look)(const char *folder); /* what must be true at the end of each run */
	/* Obligations arise while somebody dies: their entries may have other numbers than in the calm run. */
	bool other_ids;
	/* Steps of each city, unless SUIREN_STEPS says otherwise: so many, or `all`. */
	unsigned tried;
	/* Steps that Chengdu and Chongqing make: of the whole run, unless tell has set them while it was calm. */
	unsigned steps[2];
};
/* Nobody dies: what all others are compared with. */
void deaths_calm(struct deaths_scenario *scenario);
/* One city dies in each run, or both, at steps spread evenly over all. */
void deaths_try_city(struct deaths_scenario *scenario, unsigned city);
void deaths_try_both(struct deaths_scenario *scenario);
/* The same books, clearings, windows and disputes as in the calm run; every document booked once; audited and run again. Then it is removed. */
void deaths_assert_same(const struct deaths_scenario *scenario, const struct deaths *run);

#define DEATHS_MUST(run, call)                                              \
	do {                                                                \
		if (call) {                                                 \
			deaths_print((run)->folder);                        \
			fail_msg("%s: %s", #call, (run)->live.detail.text); \
		}                                                           \
	} while (0)

#endif
