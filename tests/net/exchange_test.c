/* Requests and answers between cities as bytes: what is made is served and booked; what is cut short, made up or said in another city's name
 * changes nothing. */
#include "nodes.h"

#include "exchange.h"
#include "message.h"

struct cities {
	char folder[200];
	struct site a, b, c;
};

static int set_up(void **state)
{
	struct cities *cities = calloc(1, sizeof *cities);
	struct error_detail detail = {""};

	assert_non_null(cities);
	folder_make(cities->folder);
	site_make(&cities->a, cities->folder, "a", CHENGDU, 1);
	site_make(&cities->b, cities->folder, "b", CHONGQING, 1);
	site_make(&cities->c, cities->folder, "c", GUANGYUAN, 1);
	struct node *nodes[] = {cities->a.node, cities->b.node, cities->c.node};
	if (node_introduce(nodes, 3, &detail))
		fail_msg("%s", detail.text);
	*state = cities;
	return 0;
}

static int tear_down(void **state)
{
	struct cities *cities = *state;

	site_close(&cities->a);
	site_close(&cities->b);
	site_close(&cities->c);
	folder_remove(cities->folder);
	free(cities);
	return 0;
}

static void publish(struct site *site, const char *uscc)
{
	struct answer answer;

	assert_int_equal(order_institution(site->node, uscc, CHENGDU, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_NONE);
}

static struct buffer offer(struct site *from, uint32_t to, uint32_t count)
{
	struct buffer request = {0};
	uint32_t found;

	assert_int_equal(exchange_offer(from->node, to, &request, &found), ERROR_NONE);
	assert_int_equal(found, count);
	return request;
}

/* Serve, book the answer at a site, and tell what came of it. */
static struct exchange_outcome ask(
    struct site *asked, struct site *asker, uint32_t in_the_name_of, struct span request)
{
	struct exchange_outcome outcome;
	struct buffer answer = {0};

	assert_int_equal(
	    exchange_serve(asked->node, in_the_name_of, request, &answer, NULL), ERROR_NONE);
	assert_int_equal(
	    exchange_book(asker->node, node_region(asked->node), buffer_span(&answer), &outcome),
	    ERROR_NONE);
	buffer_free(&answer);
	return outcome;
}

static void what_waits_is_offered_booked_and_acknowledged(void **state)
{
	struct cities *cities = *state;
	struct exchange_outcome outcome;
	struct buffer request;

	request = offer(&cities->a, CHONGQING, 0);
	assert_int_equal(request.size, 0);
	publish(&cities->a, USCC_ONE);
	publish(&cities->a, USCC_TWO);
	request = offer(&cities->a, CHONGQING, 2);
	outcome = ask(&cities->b, &cities->a, CHENGDU, buffer_span(&request));
	assert_int_equal(outcome.stuck, ERROR_NONE);
	assert_int_equal(outcome.delivered, 2);
	assert_true(outcome.acknowledged && outcome.progress);
	/* The same once more: known, and acknowledged again, which is no news. */
	outcome = ask(&cities->b, &cities->a, CHENGDU, buffer_span(&request));
	assert_int_equal(outcome.stuck, ERROR_NONE);
	assert_int_equal(outcome.delivered, 0);
	assert_false(outcome.acknowledged || outcome.progress);
	buffer_free(&request);
	request = offer(&cities->a, CHONGQING, 0);
	buffer_free(&request);
}

static void nobody_speaks_for_another_city(void **state)
{
	struct cities *cities = *state;
	struct exchange_outcome outcome;
	struct buffer request;
	uint64_t before;

	publish(&cities->a, USCC_ONE);
	request = offer(&cities->a, CHONGQING, 1);
	before = site_head(&cities->b, NULL);
	/* The link says that it is Guangyuan who brings Chengdu's document. */
	outcome = ask(&cities->b, &cities->a, GUANGYUAN, buffer_span(&request));
	assert_int_equal(outcome.stuck, ERROR_MISMATCH);
	assert_int_equal(outcome.delivered + outcome.refused, 0);
	assert_int_equal(site_head(&cities->b, NULL), before);
	buffer_free(&request);
	/* Nor is its descriptor another's. */
	request = (struct buffer){0};
	assert_int_equal(exchange_greet(cities->a.node, EXCHANGE_HELLO, &request), ERROR_NONE);
	outcome = ask(&cities->b, &cities->a, GUANGYUAN, buffer_span(&request));
	assert_int_equal(outcome.stuck, ERROR_MISMATCH);
	outcome = ask(&cities->b, &cities->a, CHENGDU, buffer_span(&request));
	assert_int_equal(outcome.stuck, ERROR_NONE);
	assert_int_equal(site_head(&cities->b, NULL), before); /* known already */
	buffer_free(&request);
}

/* A document signed by its sender, which says that it is the first of an epoch that no descriptor has begun. */
static void no_document_begins_an_epoch_by_itself(void **state)
{
	struct cities *cities = *state;
	struct exchange_outcome outcome;
	struct buffer payload = {0}, document = {0}, request = {0};
	uint64_t before;

	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, CHENGDU);
	codec_put_uint(&payload, CHONGQING);
	codec_put_uint(&payload, 2);
	codec_put_uint(&payload, 1);
	codec_put_array(&payload, 1);
	codec_put_bytes(&payload, span_text("nothing"));
	document_sign(
	    &document, "policy_notice", node_document_key(cities->a.node), buffer_span(&payload));
	codec_put_array(&request, 3);
	codec_put_uint(&request, 1);
	codec_put_text(&request, span_text("deliver"));
	codec_put_array(&request, 1);
	codec_put_array(&request, 2);
	codec_put_bytes(&request, buffer_span(&document));
	codec_put_null(&request);
	before = site_head(&cities->b, NULL);
	outcome = ask(&cities->b, &cities->a, CHENGDU, buffer_span(&request));
	assert_int_equal(outcome.stuck, ERROR_MISMATCH);
	assert_int_equal(outcome.delivered + outcome.refused, 0);
	assert_int_equal(site_head(&cities->b, NULL), before);
	buffer_free(&payload);
	buffer_free(&document);
	buffer_free(&request);
	/* Its numbers go on as they were. */
	publish(&cities->a, USCC_ONE);
	request = offer(&cities->a, CHONGQING, 1);
	outcome = ask(&cities->b, &cities->a, CHENGDU, buffer_span(&request));
	assert_int_equal(outcome.stuck, ERROR_NONE);
	assert_int_equal(outcome.delivered, 1);
	buffer_free(&request);
}

/* Where the last byte of document `index` of a request lies. */
static size_t last_byte_of(const struct buffer *request, size_t index)
{
	struct codec_reader reader = codec_reader(buffer_span(request));
	struct span document = {NULL, 0};

	codec_array_exact(&reader, 3);
	codec_uint(&reader);
	codec_text(&reader);
	assert_true(codec_array(&reader) > index);
	for (size_t i = 0; i <= index; i++) {
		codec_array_exact(&reader, 2);
		document = codec_bytes(&reader);
		assert_true(codec_null(&reader));
	}
	return (size_t)(document.data + document.size - request->data) - 1;
}

/* Signatures are checked before and beside the writer; what is booked ends at the one that is none all the same. */
static void a_batch_is_taken_up_to_the_first_signature_that_is_none(void **state)
{
	static const char *const houses[] = {USCC_ONE, USCC_TWO};
	struct cities *cities = *state;
	struct exchange_outcome outcome;
	struct buffer request;
	size_t at;

	for (unsigned i = 0; i < 2; i++)
		publish(&cities->a, houses[i]);
	for (unsigned number = 1; number <= 2; number++) {
		request = offer(&cities->a, CHONGQING, 3 - number);
		at = last_byte_of(&request, 0);
		request.data[at] ^= 1;
		outcome = ask(&cities->b, &cities->a, CHENGDU, buffer_span(&request));
		assert_int_equal(outcome.stuck, ERROR_SIGNATURE);
		assert_int_equal(outcome.delivered + outcome.refused, 0);
		request.data[at] ^= 1;
		if (number == 1) {
			at = last_byte_of(&request, 1);
			request.data[at] ^= 1;
			outcome = ask(&cities->b, &cities->a, CHENGDU, buffer_span(&request));
			assert_int_equal(outcome.stuck, ERROR_SIGNATURE);
			assert_int_equal(outcome.delivered, 1);
			assert_true(outcome.acknowledged);
		} else {
			outcome = ask(&cities->b, &cities->a, CHENGDU, buffer_span(&request));
			assert_int_equal(outcome.stuck, ERROR_NONE);
			assert_int_equal(outcome.delivered, 1);
		}
		buffer_free(&request);
	}
}

static void what_is_no_request_is_answered_as_such(void **state)
{
	struct cities *cities = *state;
	struct buffer request;
	uint64_t before;
	uint32_t random = 20261128;

	publish(&cities->a, USCC_ONE);
	before = site_head(&cities->b, NULL);
	request = offer(&cities->a, CHONGQING, 1);
	for (size_t size = 0; size < request.size; size += size < 64 ? 1 : 7) {
		struct exchange_outcome outcome =
		    ask(&cities->b, &cities->a, CHENGDU, span_of(request.data, size));

		assert_int_equal(outcome.stuck, ERROR_MALFORMED);
	}
	/* Bytes turned over: malformed, or not signed by who is said to have signed: never booked as something else. */
	for (unsigned i = 0; i < 300; i++) {
		struct exchange_outcome outcome;
		size_t at;

		random = random * 1664525u + 1013904223u;
		at = (random >> 8) % request.size;
		request.data[at] ^= 0x10;
		outcome = ask(&cities->b, &cities->a, CHENGDU, buffer_span(&request));
		assert_int_not_equal(outcome.stuck, ERROR_NONE);
		assert_int_equal(outcome.delivered, 0);
		request.data[at] ^= 0x10;
	}
	assert_int_equal(site_head(&cities->b, NULL), before);
	assert_int_equal(ask(&cities->b, &cities->a, CHENGDU, buffer_span(&request)).delivered, 1);
	buffer_free(&request);
}

/* [1, "none", "", 0, 0, [document ...]] */
static struct buffer answer_of(struct span document, size_t count)
{
	struct buffer answer = {0};

	codec_put_array(&answer, 6);
	codec_put_uint(&answer, 1);
	codec_put_text(&answer, span_text("none"));
	codec_put_text(&answer, span_text(""));
	codec_put_uint(&answer, 0);
	codec_put_uint(&answer, 0);
	codec_put_array(&answer, count);
	for (size_t i = 0; i < count; i++)
		codec_put_bytes(&answer, document);
	return answer;
}

static void an_answer_holds_nothing_but_answers(void **state)
{
	struct cities *cities = *state;
	struct exchange_outcome outcome;
	struct buffer descriptor = {0}, answers[3];
	uint64_t before = site_head(&cities->a, NULL);

	assert_int_equal(node_descriptor(cities->b.node, &descriptor), ERROR_NONE);
	answers[0] = answer_of(buffer_span(&descriptor), 1);
	answers[1] = answer_of(span_text("x"), 1);
	answers[2] = answer_of(span_text("x"), DELIVERY_BATCH_MAX + 2);
	for (unsigned i = 0; i < 3; i++) {
		for (size_t size = 0; size <= answers[i].size; size += size < 40 ? 1 : 50) {
			assert_int_equal(exchange_book(cities->a.node, CHONGQING,
					     span_of(answers[i].data, size), &outcome),
			    ERROR_NONE);
			assert_int_equal(outcome.stuck, ERROR_MALFORMED);
		}
		buffer_free(&answers[i]);
	}
	assert_int_equal(site_head(&cities->a, NULL), before);
	buffer_free(&descriptor);
}

static void a_batch_has_its_bounds(void **state)
{
	enum { DOCUMENTS = DELIVERY_BATCH_MAX + 3 };
	struct cities *cities = *state;
	struct buffer request;

	for (unsigned i = 0; i < DOCUMENTS; i++) {
		struct institution_line line = {.operation = INSTITUTION_UPDATE,
		    .name = span_text("安康养老院"),
		    .kind = INSTITUTION_NONPROFIT,
		    .district = CHENGDU,
		    .beds = 100 + i,
		    .star = 3};
		struct buffer bytes = {0};
		struct node_order order = {.kind = KIND_institution, .count = 1};
		struct answer answer;

		if (i == 0)
			line.operation = INSTITUTION_REGISTER;
		memcpy(line.uscc, USCC_ONE, USCC_SIZE);
		institution_line_write(&bytes, &line);
		order.lines = buffer_span(&bytes);
		assert_int_equal(node_order(cities->a.node, &order, &answer), ERROR_NONE);
		assert_int_equal(answer.error, ERROR_NONE);
		buffer_free(&bytes);
	}
	request = offer(&cities->a, CHONGQING, DELIVERY_BATCH_MAX);
	assert_int_equal(ask(&cities->b, &cities->a, CHENGDU, buffer_span(&request)).delivered,
	    DELIVERY_BATCH_MAX);
	buffer_free(&request);
	request = offer(&cities->a, CHONGQING, DOCUMENTS - DELIVERY_BATCH_MAX);
	buffer_free(&request);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(what_waits_is_offered_booked_and_acknowledged),
	    TEST(nobody_speaks_for_another_city),
	    TEST(no_document_begins_an_epoch_by_itself),
	    TEST(a_batch_is_taken_up_to_the_first_signature_that_is_none),
	    TEST(what_is_no_request_is_answered_as_such),
	    TEST(an_answer_holds_nothing_but_answers),
	    TEST(a_batch_has_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
