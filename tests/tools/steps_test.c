/* One of four daemons, or two, killed at each step of window, clearing and payment: at each message that it is about to send and at each write of each
 * commit, it dies, and is started again. What comes of it is what comes of an undisturbed run: agreed once, cleared once, paid once. While it
 * is away the other cities go on and agree, clear and pay among themselves. (repairs_test.c: where the windows of two of them differ.) */
#include "testing.h"

#include "deaths.h"
#include "program.h"

static void tell(struct deaths *run)
{
	deaths_open(run);
	deaths_cut(run, DEATHS_CUT_MS);
	deaths_settle(run);
}

/* Every pair's month is cleared and paid. */
static void look(const char *folder)
{
	assert_int_equal(shell_status("test $(\"$SUIREN\" clearing list %s/510100 | grep -c "
				      "settled) -eq 3",
			     folder),
	    0);
}

static struct deaths_scenario month = {.tell = tell, .look = look, .tried = 2};

static int open_workshop(void **state)
{
	(void)state;
	deaths_workshop_open();
	deaths_tell(NULL);
	deaths_calm(&month);
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	deaths_workshop_close();
	return 0;
}

static void who_is_proposed_to_dies_at_any_step_and_is_paid_once(void **state)
{
	(void)state;
	deaths_try_city(&month, CHENGDU);
}

static void who_proposes_dies_at_any_step_and_is_paid_once(void **state)
{
	(void)state;
	deaths_try_city(&month, CHONGQING);
}

static void two_who_owe_each_other_die_in_one_run_and_are_paid_once(void **state)
{
	(void)state;
	deaths_try_both(&month);
}

/* Not only for moments: from before a stage until they are done with it. Then it catches up, and is paid as if nothing had been. */
static void the_pairs_that_are_not_concerned_settle_while_one_is_down(void **state)
{
	struct deaths run = {.folder = "down", .scenario = &month, .down = {[CHENGDU] = true}};

	(void)state;
	tell(&run);
	assert_int_equal(deaths_close(&run), 1);
	assert_int_equal(run.met, 4); /* cut, cleared, ordered, paid */
	deaths_assert_same(&month, &run);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_pairs_that_are_not_concerned_settle_while_one_is_down),
	    cmocka_unit_test(who_is_proposed_to_dies_at_any_step_and_is_paid_once),
	    cmocka_unit_test(who_proposes_dies_at_any_step_and_is_paid_once),
	    cmocka_unit_test(two_who_owe_each_other_die_in_one_run_and_are_paid_once),
	};

	if (argc > 1)
		return deaths_be_daemon(argv);
	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
