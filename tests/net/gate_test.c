/* The gate: a listener's connections cost it no more than it grants, and whoever is honest is not locked out. */
#include "gate.h"
#include "testing.h"

#define CITY 510100u
#define OTHER 500000u
#define NOW 5000

static struct gate gate;

static int reset(void **state)
{
	(void)state;
	memset(&gate, 0, sizeof gate);
	return 0;
}

static void one_stranger_too_many_costs_the_oldest_its_connection(void **state)
{
	uint32_t region;

	(void)state;
	for (uint32_t id = 1; id <= LINK_STRANGERS_MAX; id++)
		assert_int_equal(gate_enter(&gate, id, NOW + id), 0);
	assert_int_equal(gate.strangers, LINK_STRANGERS_MAX);
	/* Who has proven to be a peer is not in the way and cannot be driven out. */
	assert_int_equal(gate_prove(&gate, 1, CITY, NOW), 0);
	assert_int_equal(gate_enter(&gate, 100, NOW + 100), 0);
	assert_int_equal(gate_enter(&gate, 101, NOW + 101), 2);
	assert_false(gate_find(&gate, 2, &region));
	for (uint32_t id = 200; id < 10000; id++)
		assert_true(gate_enter(&gate, id, NOW + id) != 1);
	assert_true(gate_find(&gate, 1, &region));
	assert_int_equal(region, CITY);
	assert_int_equal(gate.strangers, LINK_STRANGERS_MAX);
	assert_int_equal(gate.count, LINK_STRANGERS_MAX + 1);
}

static void all_peers_with_all_their_connections_find_room_beside_the_strangers(void **state)
{
	uint32_t id = 0;

	(void)state;
	for (uint32_t peer = 1; peer <= LINK_PEERS_MAX; peer++)
		for (unsigned i = 0; i < LINK_PIPES_OF_PEER_MAX; i++) {
			assert_int_equal(gate_enter(&gate, ++id, NOW), 0);
			assert_int_equal(gate_prove(&gate, id, peer, NOW), 0);
		}
	for (unsigned i = 0; i < LINK_STRANGERS_MAX; i++)
		assert_int_equal(gate_enter(&gate, ++id, NOW), 0);
	assert_int_equal(gate.count, LINK_PEERS_MAX * LINK_PIPES_OF_PEER_MAX + LINK_STRANGERS_MAX);
	assert_true(gate_enter(&gate, id + 1, NOW) != id + 1);
	for (unsigned i = 0; i < LINK_PIPES_OF_PEER_MAX; i++)
		assert_true(gate_dismiss(&gate, 7) != 0);
	assert_int_equal(gate_dismiss(&gate, 7), 0);
	assert_int_equal(
	    gate.count, (LINK_PEERS_MAX - 1) * LINK_PIPES_OF_PEER_MAX + LINK_STRANGERS_MAX);
}

static void one_connection_too_many_of_a_peer_costs_its_oldest(void **state)
{
	(void)state;
	for (uint32_t id = 1; id <= LINK_PIPES_OF_PEER_MAX + 1; id++) {
		assert_int_equal(gate_enter(&gate, id, NOW + id), 0);
		assert_int_equal(gate_prove(&gate, id, CITY, NOW + id),
		    id == LINK_PIPES_OF_PEER_MAX + 1 ? 1 : 0);
		/* Proving again closes nothing. */
		assert_int_equal(gate_prove(&gate, id, CITY, NOW + id), 0);
	}
	assert_int_equal(gate_enter(&gate, 50, NOW), 0);
	assert_int_equal(gate_prove(&gate, 50, OTHER, NOW), 0);
	assert_int_equal(gate.count, LINK_PIPES_OF_PEER_MAX + 1);
	assert_int_equal(gate.strangers, 0);
}

static void the_ninth_wrong_frame_closes_and_one_is_forgiven_a_second(void **state)
{
	(void)state;
	assert_int_equal(gate_enter(&gate, 1, NOW), 0);
	for (unsigned i = 0; i < LINK_STRIKES_MAX; i++)
		assert_int_equal(gate_strike(&gate, 1, NOW), GATE_GO);
	assert_int_equal(gate_strike(&gate, 1, NOW + 999), GATE_CLOSE);
	assert_int_equal(gate_strike(&gate, 1, NOW + 1000), GATE_GO);
	assert_int_equal(gate_strike(&gate, 1, NOW + 1001), GATE_CLOSE);
	/* A clock that steps back gives nothing and takes nothing. */
	assert_int_equal(gate_strike(&gate, 1, NOW), GATE_CLOSE);
	/* One that is not there any more is not spared. */
	assert_int_equal(gate_strike(&gate, 2, NOW), GATE_CLOSE);
}

static void handshakes_are_few_on_a_connection_and_bounded_over_all_strangers(void **state)
{
	unsigned read = 0, dropped = 0;

	(void)state;
	for (uint32_t id = 1; id <= LINK_STRANGERS_MAX; id++)
		assert_int_equal(gate_enter(&gate, id, NOW), 0);
	for (uint32_t id = 1; id <= LINK_STRANGERS_MAX; id++)
		for (unsigned i = 0; i < LINK_HANDSHAKES_MAX; i++)
			read += gate_handshake(&gate, id, NOW) == GATE_GO;
	assert_int_equal(read, LINK_HANDSHAKES_MAX * LINK_STRANGERS_MAX);
	assert_int_equal(read, LINK_HANDSHAKES_ALL_MAX);
	for (uint32_t id = 1; id <= LINK_STRANGERS_MAX; id++)
		assert_int_equal(gate_handshake(&gate, id, NOW), GATE_CLOSE);
	/* Strangers that come and go use up what all may cost; a peer's connection does not suffer from it. */
	assert_int_equal(gate_prove(&gate, 1, CITY, NOW), 0);
	for (uint32_t id = 100; id < 200; id++) {
		gate_enter(&gate, id, NOW + 1);
		dropped += gate_handshake(&gate, id, NOW + 1) == GATE_DROP;
	}
	assert_int_equal(dropped, 100);
	assert_int_equal(gate_handshake(&gate, 1, NOW + 1000), GATE_GO);
	assert_int_equal(gate_handshake(&gate, 199, NOW + 1000), GATE_GO);
}

static void reseals_are_bounded_and_asking_on_costs_strikes(void **state)
{
	unsigned dropped = 0;

	(void)state;
	assert_int_equal(gate_enter(&gate, 1, NOW), 0);
	for (unsigned i = 0; i < LINK_RESEALS_MAX; i++)
		assert_int_equal(gate_reseal(&gate, 1, NOW), GATE_GO);
	while (gate_reseal(&gate, 1, NOW) == GATE_DROP)
		dropped++;
	assert_int_equal(dropped, LINK_STRIKES_MAX);
}

static void a_silent_stranger_leaves_sooner_than_a_silent_peer(void **state)
{
	(void)state;
	assert_int_equal(gate_enter(&gate, 1, NOW), 0);
	assert_int_equal(gate_enter(&gate, 2, NOW), 0);
	assert_int_equal(gate_prove(&gate, 2, CITY, NOW), 0);
	assert_int_equal(gate_idle(&gate, NOW + LINK_STRANGER_MS - 1), 0);
	assert_int_equal(gate_idle(&gate, NOW + LINK_STRANGER_MS), 1);
	assert_int_equal(gate_idle(&gate, NOW + LINK_STRANGER_MS), 0);
	assert_int_equal(gate_prove(&gate, 2, CITY, NOW + 10), 0);
	assert_int_equal(gate_idle(&gate, NOW + LINK_IDLE_MS + 9), 0);
	assert_int_equal(gate_idle(&gate, NOW + LINK_IDLE_MS + 10), 2);
	assert_int_equal(gate.count, 0);
	gate_leave(&gate, 2);
	assert_int_equal(gate.count, 0);
}

/* Whatever comes and goes, the counts are those of the places. */
static void the_counts_are_those_of_the_connections_after_any_history(void **state)
{
	uint64_t seed = chance_seed("gate");
	int64_t now = NOW;

	(void)state;
	for (unsigned step = 0; step < 50000; step++) {
		uint32_t id = 1 + (uint32_t)chance_below(&seed, 400), region, count = 0,
			 strangers = 0;

		now += (int64_t)chance_below(&seed, 20);
		switch (chance_below(&seed, 6)) {
		case 0:
		case 1:
			if (!gate_find(&gate, id, &region))
				gate_enter(&gate, id, now);
			break;
		case 2:
			gate_leave(&gate, id);
			break;
		case 3:
			gate_prove(
			    &gate, id, 1 + (uint32_t)chance_below(&seed, LINK_PEERS_MAX), now);
			break;
		case 4:
			gate_idle(&gate, now);
			break;
		default:
			gate_strike(&gate, id, now);
		}
		for (unsigned i = 0; i < LINK_PIPES_MAX; i++) {
			count += gate.pipes[i].id != 0;
			strangers += gate.pipes[i].id && !gate.pipes[i].region;
		}
		assert_int_equal(count, gate.count);
		assert_int_equal(strangers, gate.strangers);
		assert_true(strangers <= LINK_STRANGERS_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(one_stranger_too_many_costs_the_oldest_its_connection, reset),
	    cmocka_unit_test_setup(
		all_peers_with_all_their_connections_find_room_beside_the_strangers, reset),
	    cmocka_unit_test_setup(one_connection_too_many_of_a_peer_costs_its_oldest, reset),
	    cmocka_unit_test_setup(
		the_ninth_wrong_frame_closes_and_one_is_forgiven_a_second, reset),
	    cmocka_unit_test_setup(
		handshakes_are_few_on_a_connection_and_bounded_over_all_strangers, reset),
	    cmocka_unit_test_setup(reseals_are_bounded_and_asking_on_costs_strikes, reset),
	    cmocka_unit_test_setup(a_silent_stranger_leaves_sooner_than_a_silent_peer, reset),
	    cmocka_unit_test_setup(
		the_counts_are_those_of_the_connections_after_any_history, reset),
	};

	return cmocka_run_group_tests_name("net/gate", tests, NULL, NULL);
}
