/* A daemon that is killed and started again and again, while another has documents for it all the time: it is reached again each time, every document
 * is booked once, and nothing of the connections that were is left over in the one that lives. A third one goes on as if nothing were. */
#include "testing.h"

#include "federation.h"
#include "month.h"
#include "net_limits.h"
#include "program.h"

/* So often, unless SUIREN_RESTARTS says otherwise. */
#define RESTARTS 50u
/* The link dials again after LINK_DIAL_MOST_MS at most and agrees a session within LINK_HANDSHAKE_MS; a request lies in between. */
#define BACK_MS (LINK_DIAL_MOST_MS + LINK_HANDSHAKE_MS + LINK_SILENCE_MS)

enum { LIVES, DIES, OTHER, CITIES };

static int open_workshop(void **state)
{
	(void)state;
	folders_in_memory();
	workshop_open();
	return 0;
}

static int close_workshop(void **state)
{
	(void)state;
	workshop_close();
	return 0;
}

/* Documents go on being made until one that waited is acknowledged. Returns how long that took. */
static int64_t await_acknowledgement(struct federation *federation, uint64_t before, unsigned kill)
{
	int64_t since = monotonic_ms();

	while (federation_acknowledged(federation, LIVES, DIES) <= before) {
		federation_register(federation, LIVES);
		breathe();
		if (monotonic_ms() - since > BACK_MS)
			fail_msg("start %u: not reached again in %d ms", kill + 1, (int)BACK_MS);
	}
	return monotonic_ms() - since;
}

/* Nobody is asked anything any more (federation_settle waits for that), and nothing waits. */
static void assert_nothing_hangs(const struct federation *federation)
{
	struct daemon_status *status = federation_status(federation, LIVES);

	assert_int_equal(status->peer_count, CITIES - 1);
	for (size_t i = 0; i < status->peer_count; i++) {
		const struct daemon_peer *peer = &status->peers[i];

		assert_true(peer->link.connected);
		assert_int_equal(peer->outbox.waiting, 0);
		assert_int_equal(peer->outbox.failures, 0);
		assert_int_equal(peer->outbox.refused, 0);
		assert_false(peer->outbox.stuck);
	}
	free(status);
}

/* What is left of connections is gone when the last of them is seen to be. */
static void assert_nothing_is_left(
    const struct federation *federation, const struct process_facts *before)
{
	struct process_facts after;
	int64_t since = monotonic_ms();

	do {
		after = process_facts(&federation->processes.all[LIVES]);
		breathe();
	} while ((after.files > before->files || after.threads > before->threads) &&
		 monotonic_ms() - since < LINK_IDLE_MS);
	print_message(
	    "files %u, then %u; threads %u, then %u; anonymous memory %llu KiB, then %llu "
	    "KiB\n",
	    before->files, after.files, before->threads, after.threads,
	    (unsigned long long)before->resident_kib, (unsigned long long)after.resident_kib);
	assert_true(after.files <= before->files);
	assert_true(after.threads <= before->threads);
}

static void who_is_killed_again_and_again_is_reached_again_each_time(void **state)
{
	const char *given = getenv("SUIREN_RESTARTS");
	unsigned restarts = given ? (unsigned)strtoul(given, NULL, 10) : RESTARTS;
	uint64_t random = chance_seed("kills");
	int64_t worst = 0, sum = 0;
	struct federation federation;
	struct process_facts before;

	(void)state;
	federation_open(&federation, "load", CITIES);
	federation_register(&federation, LIVES);
	federation_settle(&federation);
	before = process_facts(&federation.processes.all[LIVES]);
	for (unsigned i = 0; i < restarts; i++) {
		/* Somewhere in the middle of what these cause. */
		for (uint64_t k = 1 + chance_below(&random, 8); k > 0; k--)
			federation_register(&federation, LIVES);
		federation_kill(&federation, DIES);
		uint64_t acknowledged = federation_acknowledged(&federation, LIVES, DIES);
		federation_start(&federation, DIES);
		int64_t took = await_acknowledgement(&federation, acknowledged, i);

		sum += took;
		worst = took > worst ? took : worst;
	}
	federation_settle(&federation);
	print_message("%u restarts: back after %lld ms in the mean, %lld ms at worst\n", restarts,
	    (long long)(sum / (restarts ? restarts : 1)), (long long)worst);
	assert_nothing_hangs(&federation);
	assert_nothing_is_left(&federation, &before);
	federation_close(&federation);
	print_message("%llu documents, each booked once\n",
	    (unsigned long long)month_assert_once("load", CITIES));
	for (unsigned city = 0; city < CITIES; city++)
		suiren_must(0, "verify load/%06u --replay", (unsigned)sample_regions[city]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_is_killed_again_and_again_is_reached_again_each_time),
	};

	return cmocka_run_group_tests(tests, open_workshop, close_workshop);
}
