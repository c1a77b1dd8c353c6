/* Many callers, one writer: each gets the answer to its own command, and the queue has an end. */
#include "nodes.h"

#include <pthread.h>
#include <semaphore.h>

#include "node_internal.h"

#define THREADS 8
#define ORDERS 40

static int64_t fixed_clock(void *context)
{
	(void)context;
	return START_MS;
}

/* The system's randomness and a clock that stands: the seams of several threads. */
static void site_share(struct site *site, const char *folder)
{
	site_make(site, folder, "city", CHENGDU, 1);
	site_close(site);
	site->options.seams = (struct node_seams){.clock_ms = fixed_clock};
	site_open(site);
}

struct caller {
	struct node *node;
	unsigned first;
	unsigned wrong;
	uint64_t sequences[ORDERS];
};

static void *call(void *context)
{
	struct caller *caller = context;

	for (unsigned i = 0; i < ORDERS; i++) {
		struct answer answer;
		/* Every third order is one that another thread gives too. */
		unsigned number = i % 3 ? caller->first + i : i;

		if (order_officer(caller->node, NULL, number, &answer) ||
		    (answer.error && answer.error != ERROR_REPEAT))
			caller->wrong++;
		caller->sequences[i] = answer.sequence;
	}
	return NULL;
}

static void orders_of_many_threads_are_each_booked_once(void **state)
{
	static struct caller callers[THREADS];
	pthread_t threads[THREADS];
	char folder[200];
	struct site site;
	unsigned shared = (ORDERS + 2) / 3;

	(void)state;
	folder_make(folder);
	site_share(&site, folder);
	for (unsigned i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){.node = site.node, .first = 1000 * (i + 1)};
		assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(site_head(&site, NULL), 2 + shared + THREADS * (ORDERS - shared));
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(callers[i].wrong, 0);
		for (unsigned k = 0; k < ORDERS; k++) {
			unsigned number = k % 3 ? callers[i].first + k : k;
			struct answer answer;

			assert_int_equal(
			    order_officer(site.node, NULL, number, &answer), ERROR_NONE);
			assert_int_equal(answer.error, ERROR_REPEAT);
			assert_int_equal(answer.sequence, callers[i].sequences[k]);
		}
	}
	site_close(&site);
	folder_remove(folder);
}

/* A command that holds the writer until it is let go. */
struct gate {
	struct node *node;
	sem_t entered, open, done;
};

static enum error wait_at_gate(void *context, const struct submission *submission, struct txn *txn,
    struct error_detail *detail)
{
	struct gate *gate = context;

	(void)submission;
	(void)txn;
	gate->node->intrude = NULL; /* the others pass */
	sem_post(&gate->entered);
	sem_wait(&gate->open);
	return error_set(detail, ERROR_REFUSED, "only here to wait");
}

static void *hold_writer(void *context)
{
	struct gate *gate = context;
	struct buffer line = {0};
	struct node_order order = {.kind = KIND_officer, .count = 1};
	struct answer answer;
	enum error error;

	officer_line(&line, 1);
	order.lines = buffer_span(&line);
	gate->node->intrude = wait_at_gate;
	gate->node->intrude_context = gate;
	error = node_order(gate->node, &order, &answer);
	buffer_free(&line);
	return error == ERROR_NONE && answer.error == ERROR_REFUSED ? gate : NULL;
}

struct latecomer {
	struct gate *gate;
	unsigned number;
	enum error error;
	struct answer answer;
};

static void *come_late(void *context)
{
	struct latecomer *late = context;

	late->error = order_officer(late->gate->node, NULL, late->number, &late->answer);
	sem_post(&late->gate->done);
	return NULL;
}

static void a_full_queue_answers_busy_at_once(void **state)
{
	struct latecomer late[2];
	struct gate gate;
	pthread_t holder, threads[2];
	char folder[200];
	struct site site;
	void *held;

	(void)state;
	folder_make(folder);
	site_make(&site, folder, "city", CHENGDU, 1);
	site_close(&site);
	site_replace(&site, "node.yaml", "queue_length: 256", "queue_length: 1");
	site.options.seams = (struct node_seams){.clock_ms = fixed_clock};
	site_open(&site);
	gate.node = site.node;
	sem_init(&gate.entered, 0, 0);
	sem_init(&gate.open, 0, 0);
	sem_init(&gate.done, 0, 0);
	assert_int_equal(pthread_create(&holder, NULL, hold_writer, &gate), 0);
	sem_wait(&gate.entered);
	/* The writer is held: of two, one waits in the queue and the other is sent away. */
	for (unsigned i = 0; i < 2; i++) {
		late[i] = (struct latecomer){.gate = &gate, .number = 10 + i};
		assert_int_equal(pthread_create(&threads[i], NULL, come_late, &late[i]), 0);
	}
	sem_wait(&gate.done);
	sem_post(&gate.open);
	assert_int_equal(pthread_join(holder, &held), 0);
	assert_non_null(held);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	unsigned sent_away = late[0].error == ERROR_BUSY ? 0 : 1;
	assert_int_equal(late[sent_away].error, ERROR_BUSY);
	assert_int_equal(late[sent_away].answer.error, ERROR_BUSY);
	assert_int_equal(late[1 - sent_away].error, ERROR_NONE);
	assert_int_equal(late[1 - sent_away].answer.error, ERROR_NONE);
	assert_int_equal(site_head(&site, NULL), 3);
	sem_destroy(&gate.entered);
	sem_destroy(&gate.open);
	sem_destroy(&gate.done);
	site_close(&site);
	folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(orders_of_many_threads_are_each_booked_once),
	    cmocka_unit_test(a_full_queue_answers_busy_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
