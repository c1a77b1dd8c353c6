/* Signatures checked by several threads: each once, with the verdict that one thread gives, whoever waits for what; and in a node whose keys change
 * between the check and the turn. */
#include "verifier.h"

#include <pthread.h>

#include "nodes.h"
#include "order.h"

#define THREADS 4u
#define ROUNDS 6u

static struct secret_key numbered_key(uint32_t number)
{
	struct hash seed = {{1}};
	struct secret_key key;

	be32_write(seed.bytes + 1, number);
	key_from_seed(&seed, &key);
	return key;
}

static uint32_t draw(uint32_t *random)
{
	*random = *random * 1664525u + 1013904223u;
	return *random >> 8;
}

/* Documents of which some are signed by the key that they name and some are not. */
struct letters {
	struct buffer bytes[DELIVERY_BATCH_MAX];
	struct signatures signatures[DELIVERY_BATCH_MAX];
	bool good[DELIVERY_BATCH_MAX];
	struct verifier_batch batch;
};

static void write_letters(struct letters *letters, size_t count, uint32_t *random)
{
	struct secret_key key = numbered_key(1);

	memset(letters, 0, sizeof *letters);
	for (size_t i = 0; i < count; i++) {
		struct buffer *bytes = &letters->bytes[i];

		document_sign(bytes, "grant", &key,
		    span_text("\x63"
			      "hay"));
		assert_int_equal(bytes->failed, ERROR_NONE);
		letters->good[i] = draw(random) % 4 != 0;
		if (!letters->good[i])
			bytes->data[bytes->size - 1 - draw(random) % 64] ^= 4;
		letters->signatures[i] = (struct signatures){
		    .count = 1, .of = {{.document = buffer_span(bytes), .key = key.public}}};
	}
}

static void free_letters(struct letters *letters)
{
	for (size_t i = 0; i < DELIVERY_BATCH_MAX; i++)
		buffer_free(&letters->bytes[i]);
	free(letters);
}

struct caller {
	struct verifier *verifier;
	uint32_t random;
	unsigned wrong;
};

/* Hand over, wait for a part after the other, and sometimes end before all are checked. */
static void *call(void *context)
{
	struct caller *caller = context;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct letters *letters = malloc(sizeof *letters);
		size_t count = 1 + draw(&caller->random) % 60, awaited = 0;
		bool whole = draw(&caller->random) % 3 != 0;
		size_t until = whole ? count : draw(&caller->random) % (count + 1);

		assert_non_null(letters);
		write_letters(letters, count, &caller->random);
		verifier_begin(caller->verifier, &letters->batch, letters->signatures, count);
		while (awaited < until) {
			size_t next = awaited + 1 + draw(&caller->random) % 16;

			next = next < until ? next : until;
			verifier_await(caller->verifier, &letters->batch, next);
			for (; awaited < next; awaited++)
				caller->wrong += letters->signatures[awaited].of[0].holds !=
						 letters->good[awaited];
		}
		verifier_end(caller->verifier, &letters->batch);
		/* Nobody is at it any more: what was not looked at is not taken for good. */
		for (size_t i = awaited; i < count; i++)
			caller->wrong += letters->signatures[i].of[0].holds && !letters->good[i];
		free_letters(letters);
	}
	return NULL;
}

static void several_batches_at_a_time_are_checked_as_by_one_thread(void **state)
{
	struct verifier verifier;
	struct caller callers[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	print_message("seed 20261128\n");
	verifier_init(&verifier);
	for (unsigned i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){.verifier = &verifier, .random = 20261128 + i};
		assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(callers[i].wrong, 0);
	}
	verifier_free(&verifier);
}

static void a_batch_of_one_or_none_needs_no_thread(void **state)
{
	struct letters *letters = malloc(sizeof *letters);
	struct verifier verifier;
	uint32_t random = 3;

	(void)state;
	assert_non_null(letters);
	verifier_init(&verifier);
	write_letters(letters, 1, &random);
	verifier_begin(&verifier, &letters->batch, letters->signatures, 0);
	verifier_await(&verifier, &letters->batch, 0);
	verifier_end(&verifier, &letters->batch);
	verifier_begin(&verifier, &letters->batch, letters->signatures, 1);
	verifier_await(&verifier, &letters->batch, 1);
	verifier_end(&verifier, &letters->batch);
	assert_int_equal(letters->signatures[0].of[0].holds, letters->good[0]);
	assert_int_equal(verifier.thread_count, 0);
	verifier_free(&verifier);
	free_letters(letters);
}

/* --- in a node ---------------------------------------------------------------------------------------------- */

struct fixture {
	char folder[200];
	struct site site;
	struct buffer documents[GROUP_COMMANDS_MAX], attachments[GROUP_COMMANDS_MAX];
	struct submission submissions[GROUP_COMMANDS_MAX];
	struct answer answers[GROUP_COMMANDS_MAX];
	size_t count;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	folder_make(fixture->folder);
	site_make(&fixture->site, fixture->folder, "a", CHENGDU, 1);
	site_close(&fixture->site);
	/* A daemon's threads look ahead. */
	fixture->site.options.daemon = true;
	site_open(&fixture->site);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	site_close(&fixture->site);
	folder_remove(fixture->folder);
	for (size_t i = 0; i < GROUP_COMMANDS_MAX; i++) {
		buffer_free(&fixture->documents[i]);
		buffer_free(&fixture->attachments[i]);
	}
	free(fixture);
	return 0;
}

/* Add or end an officer, by an order signed with `signer`, to the group. */
static void put_order(
    struct fixture *fixture, unsigned operation, unsigned officer, const struct secret_key *signer)
{
	struct buffer *document = &fixture->documents[fixture->count],
		      *attachment = &fixture->attachments[fixture->count], line = {0};
	struct secret_key key = numbered_key(officer);
	struct hash secret = {{9}}, content;
	char name[32], id[32];

	snprintf(name, sizeof name, "officer-%u", officer);
	snprintf(id, sizeof id, "order-%zu", fixture->count);
	codec_put_array(&line, 3);
	codec_put_uint(&line, operation);
	codec_put_text(&line, span_text(name));
	codec_put_bytes(&line, span_of(key.public.bytes, PUBLIC_KEY_SIZE));
	content = hash_sha256(buffer_span(&line));
	assert_int_equal(order_sign(document, signer, CHENGDU, KIND_officer, span_text(id),
			     (struct span){NULL, 0}, 0, &content, &secret, buffer_span(&line), 1),
	    ERROR_NONE);
	codec_put_array(attachment, 3);
	codec_put_bytes(attachment, hash_span(&secret));
	codec_put_uint(attachment, 1);
	codec_put_bytes(attachment, buffer_span(&line));
	fixture->submissions[fixture->count].document = buffer_span(document);
	fixture->submissions[fixture->count].attachment = buffer_span(attachment);
	fixture->count++;
	buffer_free(&line);
}

static void book(struct fixture *fixture)
{
	assert_int_equal(node_submit_group(fixture->site.node, fixture->submissions, fixture->count,
			     fixture->answers),
	    ERROR_NONE);
}

/* All signatures of a group are looked at before its first command is decided; what counts are the keys that each command finds. */
static void a_key_is_judged_in_the_turn_and_not_when_its_signature_was_checked(void **state)
{
	enum { ADD = 1, END = 2 };
	struct fixture *fixture = *state;
	const struct secret_key *own = node_document_key(fixture->site.node);
	struct secret_key one = numbered_key(1), two = numbered_key(2);

	put_order(fixture, ADD, 1, own);
	book(fixture);
	assert_int_equal(fixture->answers[0].error, ERROR_NONE);
	/* A group in which officer 1 is known when it begins and ends on the way, and officer 2 is not known and comes. */
	put_order(fixture, ADD, 3, &one);
	put_order(fixture, END, 1, own);
	put_order(fixture, ADD, 4, &one);
	put_order(fixture, ADD, 5, &two);
	put_order(fixture, ADD, 2, own);
	put_order(fixture, ADD, 6, &two);
	put_order(fixture, ADD, 7, &two);
	fixture->documents[7].data[fixture->documents[7].size - 1] ^= 1;
	put_order(fixture, ADD, 8, own);
	fixture->documents[8].data[fixture->documents[8].size - 1] ^= 1;
	book(fixture);
	assert_int_equal(fixture->answers[0].error, ERROR_REPEAT);
	assert_int_equal(fixture->answers[1].error, ERROR_NONE);
	assert_int_equal(fixture->answers[2].error, ERROR_NONE);
	assert_int_equal(fixture->answers[3].error, ERROR_UNKNOWN_KEY);
	assert_int_equal(fixture->answers[4].error, ERROR_UNKNOWN_KEY);
	assert_int_equal(fixture->answers[5].error, ERROR_NONE);
	assert_int_equal(fixture->answers[6].error, ERROR_NONE);
	assert_int_equal(fixture->answers[7].error, ERROR_SIGNATURE);
	assert_int_equal(fixture->answers[8].error, ERROR_SIGNATURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(several_batches_at_a_time_are_checked_as_by_one_thread),
	    cmocka_unit_test(a_batch_of_one_or_none_needs_no_thread),
	    cmocka_unit_test_setup_teardown(
		a_key_is_judged_in_the_turn_and_not_when_its_signature_was_checked, set_up,
		tear_down),
	};

	if (key_library_init())
		return 1;
	return cmocka_run_group_tests_name("net/verifier", tests, NULL, NULL);
}
