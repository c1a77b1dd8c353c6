/* Outboxes: what waits is sent in order, once, whatever becomes of requests and answers; nobody waits for a peer that is away.
 * The link is played: a request is served by the other node at once, or lost, or its answer is. */
#include "nodes.h"

#include <pthread.h>
#include <semaphore.h>

#include "message.h"
#include "outbox.h"

#define OFTEN_MS 1u
#define NEVER_MS 3600000u

struct world_of_three {
	char folder[200];
	struct site sender, near, far;
	struct outboxes *outboxes;
	/* What becomes of requests. */
	pthread_mutex_t mutex;
	unsigned requests_lost, answers_lost; /* the next so many */
	unsigned requests;                    /* to anybody */
	bool near_is_away;
	sem_t *hold_far; /* a request to `far` waits here before it is served */
	sem_t away;      /* posted when a peer is told to be away */
	unsigned told_reached, told_away, told_stuck;
};

static enum error play_link(void *context, uint32_t peer, struct span request,
    struct buffer *answer, struct error_detail *detail)
{
	struct world_of_three *world = context;
	bool lose_request = false, lose_answer = false;
	enum error error;

	pthread_mutex_lock(&world->mutex);
	world->requests++;
	if (peer == CHONGQING && (world->near_is_away || world->requests_lost > 0)) {
		world->requests_lost -= world->requests_lost > 0;
		lose_request = true;
	} else if (peer == CHONGQING && world->answers_lost > 0) {
		world->answers_lost--;
		lose_answer = true;
	}
	pthread_mutex_unlock(&world->mutex);
	if (lose_request)
		return error_set(detail, ERROR_TIMEOUT, "lost");
	if (peer == GUANGYUAN && world->hold_far)
		sem_wait(world->hold_far);
	error = exchange_serve(
	    peer == CHONGQING ? world->near.node : world->far.node, CHENGDU, request, answer, NULL);
	return lose_answer && !error ? error_set(detail, ERROR_TIMEOUT, "answer lost") : error;
}

static void note(
    void *context, enum outbox_event event, uint32_t peer, enum error why, const char *text)
{
	struct world_of_three *world = context;

	(void)peer;
	assert_true(!why == !text[0]);
	pthread_mutex_lock(&world->mutex);
	world->told_reached += event == OUTBOX_REACHED;
	world->told_away += event == OUTBOX_AWAY;
	world->told_stuck += event == OUTBOX_STUCK;
	pthread_mutex_unlock(&world->mutex);
	if (event != OUTBOX_REACHED)
		sem_post(&world->away);
}

/* The seams of the tests' nodes are not made for threads: the system's clock and randomness are. */
static void reopen_as_daemon(struct site *site)
{
	site_close(site);
	site->options = (struct node_options){.not_durable = true, .daemon = true};
	site_open(site);
}

static void start(struct world_of_three *world, uint32_t pause_ms)
{
	const struct outbox_options options = {.node = world->sender.node,
	    .send = play_link,
	    .tell = note,
	    .context = world,
	    .pause_first_ms = pause_ms,
	    .pause_last_ms = pause_ms};

	assert_int_equal(outboxes_open(&options, &world->outboxes), ERROR_NONE);
	assert_int_equal(outboxes_add(world->outboxes, CHONGQING), ERROR_NONE);
	assert_int_equal(outboxes_add(world->outboxes, GUANGYUAN), ERROR_NONE);
	assert_int_equal(outboxes_add(world->outboxes, CHONGQING), ERROR_NONE); /* again: nothing */
}

static int set_up(void **state)
{
	struct world_of_three *world = calloc(1, sizeof *world);
	struct error_detail detail = {""};

	assert_non_null(world);
	folder_make(world->folder);
	site_make(&world->sender, world->folder, "chengdu", CHENGDU, 1);
	site_make(&world->near, world->folder, "chongqing", CHONGQING, 1);
	site_make(&world->far, world->folder, "guangyuan", GUANGYUAN, 1);
	struct node *nodes[] = {world->sender.node, world->near.node, world->far.node};
	if (node_introduce(nodes, 3, &detail))
		fail_msg("%s", detail.text);
	reopen_as_daemon(&world->sender);
	reopen_as_daemon(&world->near);
	reopen_as_daemon(&world->far);
	pthread_mutex_init(&world->mutex, NULL);
	sem_init(&world->away, 0, 0);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world_of_three *world = *state;

	outboxes_close(world->outboxes);
	site_close(&world->sender);
	site_close(&world->near);
	site_close(&world->far);
	pthread_mutex_destroy(&world->mutex);
	sem_destroy(&world->away);
	folder_remove(world->folder);
	free(world);
	return 0;
}

/* A document for each of the two others. */
static void publish(struct world_of_three *world, const char *uscc)
{
	struct answer answer;

	assert_int_equal(order_institution(world->sender.node, uscc, CHENGDU, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_NONE);
	if (world->outboxes)
		outboxes_wake(world->outboxes);
}

static bool knows(struct site *site, const char *uscc)
{
	const struct institution_row *row;
	struct txn *txn;
	enum error error;

	assert_int_equal(txn_begin_read(ledger_store(node_ledger(site->node)), &txn), ERROR_NONE);
	error = institution_get(txn, uscc, &row);
	txn_abort(txn);
	return error == ERROR_NONE;
}

/* How many entries of a kind a log has. */
static unsigned count_kind(struct site *site, unsigned kind)
{
	unsigned count = 0;

	for (uint64_t i = site_head(site, NULL); i > 0; i--)
		count += site_kind(site, i - 1) == kind;
	return count;
}

static void what_waited_before_the_start_and_what_comes_later_is_sent(void **state)
{
	struct world_of_three *world = *state;

	publish(world, USCC_ONE);
	start(world, OFTEN_MS);
	assert_true(outboxes_idle(world->outboxes, NULL, 0, 30000));
	assert_true(knows(&world->near, USCC_ONE) && knows(&world->far, USCC_ONE));
	publish(world, USCC_TWO);
	assert_true(outboxes_idle(world->outboxes, NULL, 0, 30000));
	assert_true(knows(&world->near, USCC_TWO) && knows(&world->far, USCC_TWO));
	assert_int_equal(world->told_reached, 2);
	assert_int_equal(world->told_away + world->told_stuck, 0);
}

static void lost_requests_and_lost_answers_change_nothing(void **state)
{
	struct world_of_three *world = *state;
	unsigned before = count_kind(&world->near, KIND_institution_notice);
	struct outbox_state seen;

	world->requests_lost = 3;
	world->answers_lost = 2;
	publish(world, USCC_ONE);
	publish(world, USCC_TWO);
	start(world, OFTEN_MS);
	assert_true(outboxes_idle(world->outboxes, NULL, 0, 30000));
	assert_int_equal(count_kind(&world->near, KIND_institution_notice), before + 2);
	assert_int_equal(count_kind(&world->near, KIND_refusal), 0);
	assert_int_equal(outboxes_state(world->outboxes, CHONGQING, &seen), ERROR_NONE);
	assert_int_equal(seen.waiting, 0);
	assert_int_equal(seen.failures, 0);
	assert_int_equal(seen.why, ERROR_NONE);
	assert_true(world->told_away >= 1);
}

static void who_is_away_holds_up_nobody_and_is_asked_again_when_heard(void **state)
{
	struct world_of_three *world = *state;
	struct outbox_state seen;

	world->near_is_away = true;
	publish(world, USCC_ONE);
	start(world, NEVER_MS);
	/* One attempt; the next would come in an hour. */
	sem_wait(&world->away);
	assert_false(outboxes_idle(world->outboxes, NULL, 0, 0));
	assert_true(outboxes_idle(world->outboxes, &(const uint32_t){GUANGYUAN}, 1, 30000));
	assert_false(outboxes_idle(world->outboxes, &(const uint32_t){CHONGQING}, 1, 0));
	while (!knows(&world->far, USCC_ONE))
		outboxes_idle(world->outboxes, NULL, 0, 1);
	assert_int_equal(outboxes_state(world->outboxes, CHONGQING, &seen), ERROR_NONE);
	assert_int_equal(seen.waiting, 1);
	assert_int_equal(seen.failures, 1);
	assert_int_equal(seen.why, ERROR_TIMEOUT);
	assert_string_equal(seen.text.text, "lost");
	assert_true(seen.retry_ms > NEVER_MS / 3);
	publish(world, USCC_TWO); /* does not end the pause */
	while (!knows(&world->far, USCC_TWO))
		outboxes_idle(world->outboxes, NULL, 0, 1);
	assert_false(knows(&world->near, USCC_ONE));
	world->near_is_away = false;
	outboxes_heard(world->outboxes, CHONGQING);
	assert_true(outboxes_idle(world->outboxes, NULL, 0, 30000));
	assert_true(knows(&world->near, USCC_ONE) && knows(&world->near, USCC_TWO));
}

static void who_is_slow_holds_up_nobody(void **state)
{
	struct world_of_three *world = *state;
	sem_t gate;

	sem_init(&gate, 0, 0);
	world->hold_far = &gate;
	publish(world, USCC_ONE);
	start(world, OFTEN_MS);
	while (!knows(&world->near, USCC_ONE))
		outboxes_idle(world->outboxes, NULL, 0, 1);
	publish(world, USCC_TWO);
	while (!knows(&world->near, USCC_TWO))
		outboxes_idle(world->outboxes, NULL, 0, 1);
	assert_false(knows(&world->far, USCC_ONE));
	for (unsigned i = 0; i < 4; i++)
		sem_post(&gate);
	assert_true(outboxes_idle(world->outboxes, NULL, 0, 30000));
	assert_true(knows(&world->far, USCC_TWO));
	outboxes_close(world->outboxes);
	world->outboxes = NULL;
	sem_destroy(&gate);
}

static void what_waits_outlives_the_process(void **state)
{
	struct world_of_three *world = *state;

	world->near_is_away = true;
	publish(world, USCC_ONE);
	start(world, OFTEN_MS);
	sem_wait(&world->away);
	outboxes_close(world->outboxes);
	world->outboxes = NULL;
	reopen_as_daemon(&world->sender);
	world->near_is_away = false;
	start(world, OFTEN_MS);
	assert_true(outboxes_idle(world->outboxes, NULL, 0, 30000));
	assert_true(knows(&world->near, USCC_ONE));
}

/* A peer that was restored from an old backup lacks a number: it says so, and nothing is skipped. */
static void a_peer_that_lacks_a_number_is_told_as_stuck(void **state)
{
	struct world_of_three *world = *state;
	struct outbox_state seen;
	struct txn *txn;
	uint8_t key[4], row[12];

	publish(world, USCC_ONE);
	start(world, OFTEN_MS);
	assert_true(outboxes_idle(world->outboxes, NULL, 0, 30000));
	outboxes_close(world->outboxes);
	world->outboxes = NULL;
	/* Its memory of Chengdu's numbers is gone. */
	be32_write(key, CHENGDU);
	be32_write(row, 1);
	be64_write(row + 4, 0);
	assert_int_equal(ledger_begin(node_ledger(world->near.node), &txn), ERROR_NONE);
	assert_int_equal(
	    store_put(txn, TABLE_INBOX, span_of(key, 4), span_of(row, 12)), ERROR_NONE);
	assert_int_equal(ledger_commit(node_ledger(world->near.node), txn), ERROR_NONE);
	start(world, OFTEN_MS);
	publish(world, USCC_TWO);
	sem_wait(&world->away);
	assert_int_equal(world->told_stuck, 1);
	assert_int_equal(outboxes_state(world->outboxes, CHONGQING, &seen), ERROR_NONE);
	assert_true(seen.stuck);
	assert_int_equal(seen.why, ERROR_GAP);
	assert_int_equal(seen.waiting, 1);
	assert_false(knows(&world->near, USCC_TWO));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(what_waited_before_the_start_and_what_comes_later_is_sent),
	    TEST(lost_requests_and_lost_answers_change_nothing),
	    TEST(who_is_away_holds_up_nobody_and_is_asked_again_when_heard),
	    TEST(who_is_slow_holds_up_nobody),
	    TEST(what_waits_outlives_the_process),
	    TEST(a_peer_that_lacks_a_number_is_told_as_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
