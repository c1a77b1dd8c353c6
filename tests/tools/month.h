/* month.h: a demo month told to four daemons whose network is a test's own (wire.h), and what is compared between two tellings of one month:
 * balances, clearings, verdicts, and that each document was booked once on both sides. */
#ifndef SUIREN_TEST_MONTH_H
#define SUIREN_TEST_MONTH_H

#include "demo_live.h"
#include "wire.h"

#define MONTH_SEED 7u

/* How a month is told. */
struct month {
	const char *folder;
	uint32_t residents;
	struct wire *wire;
	/* Called at every step of the story; or NULL. */
	void (*step)(void *context, struct demo_live *live);
	void *context;
};

/* Tell it; the daemons have ended when it returns. */
void month_tell(const struct month *month);
/* The books in folder `other` are those in folder `one`, to the fen; audited and run again. */
void month_assert_same(const char *one, const char *other);
/* Of two cities' directories: the same verdicts, in whatever order they were given. */
void month_assert_same_verdicts(const char *one, const char *other);
/* Every document that one of the first so many cities has sent to another was booked there, once. Returns how many. */
uint64_t month_assert_once(const char *folder, unsigned cities);

/* Each entry of a city's log. */
typedef void month_visit(void *context, const struct entry *entry);
void month_each_entry(const char *directory, month_visit *visit, void *context);

#endif
