/* Noise_IK_25519_ChaChaPoly_SHA256: the published vectors in both directions, and nothing that differs from them in one bit. */
#include "noise.h"
#include "testing.h"
#include "vectors.h"

#include <sodium.h>

#define VECTOR_MESSAGES 6

/* One published run of the protocol. */
struct run {
	struct noise_pair init_static, resp_static;
	struct hash init_ephemeral, init_remote_static, resp_ephemeral, hash;
	struct buffer prologue, payloads[VECTOR_MESSAGES], sealed[VECTOR_MESSAGES];
};

static struct run run;

static void load_key(const json_t *object, const char *name, struct hash *key)
{
	struct buffer bytes = vectors_hex_member(object, name);

	assert_int_equal(bytes.size, HASH_SIZE);
	memcpy(key->bytes, bytes.data, HASH_SIZE);
	buffer_free(&bytes);
}

static int load_run(void **state)
{
	json_t *file = vectors_load("noise/ik_25519_chachapoly_sha256.json");
	const json_t *vector = json_array_get(json_object_get(file, "vectors"), 0);
	const json_t *messages = json_object_get(vector, "messages");
	struct buffer other;

	(void)state;
	assert_true(sodium_init() >= 0);
	assert_int_equal(json_array_size(json_object_get(file, "vectors")), 1);
	assert_string_equal(json_string_value(json_object_get(vector, "protocol_name")),
	    "Noise_IK_25519_ChaChaPoly_SHA256");
	load_key(vector, "init_static", &run.init_static.secret);
	noise_pair_make(&run.init_static.secret, &run.init_static);
	load_key(vector, "init_ephemeral", &run.init_ephemeral);
	load_key(vector, "init_remote_static", &run.init_remote_static);
	load_key(vector, "resp_static", &run.resp_static.secret);
	noise_pair_make(&run.resp_static.secret, &run.resp_static);
	load_key(vector, "resp_ephemeral", &run.resp_ephemeral);
	load_key(vector, "handshake_hash", &run.hash);
	run.prologue = vectors_hex_member(vector, "init_prologue");
	other = vectors_hex_member(vector, "resp_prologue");
	assert_true(span_equal(buffer_span(&run.prologue), buffer_span(&other)));
	buffer_free(&other);
	assert_int_equal(json_array_size(messages), VECTOR_MESSAGES);
	for (size_t i = 0; i < VECTOR_MESSAGES; i++) {
		run.payloads[i] = vectors_hex_member(json_array_get(messages, i), "payload");
		run.sealed[i] = vectors_hex_member(json_array_get(messages, i), "ciphertext");
	}
	json_decref(file);
	return 0;
}

static int free_run(void **state)
{
	(void)state;
	buffer_free(&run.prologue);
	for (size_t i = 0; i < VECTOR_MESSAGES; i++) {
		buffer_free(&run.payloads[i]);
		buffer_free(&run.sealed[i]);
	}
	return 0;
}

static void begin_both(struct noise_handshake *initiator, struct noise_handshake *responder)
{
	noise_initiate(initiator, buffer_span(&run.prologue), &run.init_static, &run.init_ephemeral,
	    &run.init_remote_static);
	noise_respond(responder, buffer_span(&run.prologue), &run.resp_static, &run.resp_ephemeral);
}

static void assert_span(struct span given, const struct buffer *wanted)
{
	assert_int_equal(given.size, wanted->size);
	assert_memory_equal(given.data, wanted->data, wanted->size);
}

/* Message i (0 or 1) of the vectors from one side to the other. */
static void pass(struct noise_handshake *from, struct noise_handshake *to, size_t i)
{
	struct buffer message = {0}, payload = {0};

	assert_good(noise_write(from, buffer_span(&run.payloads[i]), &message));
	assert_span(buffer_span(&message), &run.sealed[i]);
	assert_good(noise_read(to, buffer_span(&message), &payload));
	assert_span(buffer_span(&payload), &run.payloads[i]);
	buffer_free(&message);
	buffer_free(&payload);
}

static void finish_both(struct noise_keys *initiator_keys, struct noise_keys *responder_keys)
{
	struct noise_handshake initiator, responder;

	begin_both(&initiator, &responder);
	pass(&initiator, &responder, 0);
	pass(&responder, &initiator, 1);
	noise_split(&initiator, initiator_keys);
	noise_split(&responder, responder_keys);
	assert_true(sodium_is_zero((const uint8_t *)&initiator, sizeof initiator));
	assert_true(sodium_is_zero((const uint8_t *)&responder, sizeof responder));
}

/* --- what is published ------------------------------------------------------------------------------------- */

static void both_handshake_messages_are_the_published_ones(void **state)
{
	struct noise_keys initiator, responder;

	(void)state;
	finish_both(&initiator, &responder);
	assert_memory_equal(initiator.hash.bytes, run.hash.bytes, HASH_SIZE);
	assert_memory_equal(responder.hash.bytes, run.hash.bytes, HASH_SIZE);
	assert_memory_equal(initiator.send.bytes, responder.receive.bytes, HASH_SIZE);
	assert_memory_equal(initiator.receive.bytes, responder.send.bytes, HASH_SIZE);
}

static void the_transport_messages_of_both_directions_are_the_published_ones(void **state)
{
	struct noise_keys initiator, responder;
	uint64_t counters[2] = {0, 0};

	(void)state;
	finish_both(&initiator, &responder);
	for (size_t i = 2; i < VECTOR_MESSAGES; i++) {
		bool back = i % 2; /* the initiator goes first */
		const struct noise_keys *from = back ? &responder : &initiator;
		const struct noise_keys *to = back ? &initiator : &responder;
		uint8_t bytes[256], plain[256];
		size_t size = run.payloads[i].size;
		struct span nothing = {NULL, 0};

		memcpy(bytes, run.payloads[i].data, size);
		noise_seal(&from->send, counters[back], nothing, bytes, size);
		assert_span(span_of(bytes, size + NOISE_TAG_SIZE), &run.sealed[i]);
		assert_good(noise_open(&to->receive, counters[back]++, nothing,
		    span_of(bytes, size + NOISE_TAG_SIZE), plain));
		assert_span(span_of(plain, size), &run.payloads[i]);
	}
}

static void the_responder_learns_the_callers_key(void **state)
{
	struct noise_handshake initiator, responder;

	(void)state;
	begin_both(&initiator, &responder);
	pass(&initiator, &responder, 0);
	assert_memory_equal(responder.remote_static.bytes, run.init_static.public.bytes, HASH_SIZE);
	assert_memory_equal(run.init_remote_static.bytes, run.resp_static.public.bytes, HASH_SIZE);
	noise_wipe(&initiator);
	noise_wipe(&responder);
}

/* --- what is refused --------------------------------------------------------------------------------------- */

/* The message is refused, and the handshake is as if it had never come. */
static void refuses(struct noise_handshake *to, struct span message, enum error wanted)
{
	struct noise_handshake before = *to;
	struct buffer payload = {0};

	buffer_append_text(&payload, "kept");
	assert_error(noise_read(to, message, &payload), wanted);
	assert_memory_equal(&before, to, sizeof before);
	assert_true(span_equal(buffer_span(&payload), span_text("kept")));
	buffer_free(&payload);
}

static void each_flipped_bit_of_a_handshake_message_is_refused_and_the_true_one_still_taken(
    void **state)
{
	(void)state;
	for (size_t number = 0; number < 2; number++) {
		struct noise_handshake initiator, responder, *to;
		uint8_t bytes[256];
		size_t size = run.sealed[number].size;

		begin_both(&initiator, &responder);
		pass(&initiator, &responder, 0);
		if (number == 0)
			begin_both(&initiator, &responder);
		to = number == 0 ? &responder : &initiator;
		for (size_t bit = 0; bit < 8 * size; bit++) {
			/* X25519 ignores the highest bit of a point (RFC 7748, section 5), the transcript does
			 * not. */
			memcpy(bytes, run.sealed[number].data, size);
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			refuses(to, span_of(bytes, size), ERROR_SEAL);
		}
		if (number == 0)
			pass(&initiator, &responder, 0);
		else
			pass(&responder, &initiator, 1);
		noise_wipe(&initiator);
		noise_wipe(&responder);
	}
}

static void a_message_cut_anywhere_or_too_long_is_refused(void **state)
{
	static uint8_t large[NOISE_MESSAGE_MAX + 1];
	const size_t least[2] = {NOISE_MESSAGE_1_SIZE, NOISE_MESSAGE_2_SIZE};

	(void)state;
	for (size_t number = 0; number < 2; number++) {
		struct noise_handshake initiator, responder, *to;

		begin_both(&initiator, &responder);
		to = number == 0 ? &responder : &initiator;
		if (number == 1)
			pass(&initiator, &responder, 0);
		for (size_t size = 0; size < run.sealed[number].size; size++)
			refuses(to, span_of(run.sealed[number].data, size),
			    size < least[number] ? ERROR_MALFORMED : ERROR_SEAL);
		memcpy(large, run.sealed[number].data, run.sealed[number].size);
		refuses(to, span_of(large, run.sealed[number].size + 1), ERROR_SEAL);
		refuses(to, span_of(large, NOISE_MESSAGE_MAX), ERROR_SEAL);
		refuses(to, span_of(large, NOISE_MESSAGE_MAX + 1), ERROR_MALFORMED);
		noise_wipe(&initiator);
		noise_wipe(&responder);
	}
}

static void another_prologue_or_a_key_that_is_not_the_responders_is_refused(void **state)
{
	struct noise_handshake responder;
	struct noise_pair stranger;

	(void)state;
	noise_pair_make(&(struct hash){{7}}, &stranger);
	noise_respond(&responder, span_text("john galt"), &run.resp_static, &run.resp_ephemeral);
	refuses(&responder, buffer_span(&run.sealed[0]), ERROR_SEAL);
	noise_respond(&responder, buffer_span(&run.prologue), &stranger, &run.resp_ephemeral);
	refuses(&responder, buffer_span(&run.sealed[0]), ERROR_SEAL);
	noise_wipe(&responder);
}

/* Whoever shows another's public key lacks its secret: the payload does not open. */
static void a_caller_who_shows_anothers_key_is_refused(void **state)
{
	struct noise_handshake thief, responder;
	struct hash secret = {{9}};
	struct buffer message = {0};

	(void)state;
	begin_both(&thief, &responder);
	thief.own.secret = secret; /* its public key stays the other's */
	assert_good(noise_write(&thief, buffer_span(&run.payloads[0]), &message));
	refuses(&responder, buffer_span(&message), ERROR_SEAL);
	buffer_free(&message);
	noise_wipe(&thief);
	noise_wipe(&responder);
}

/* Whoever answers without the key that the caller knows, does not get through. */
static void an_answer_of_another_responder_is_refused(void **state)
{
	struct noise_handshake initiator, responder;
	struct hash secret = {{9}};
	struct buffer message = {0};

	(void)state;
	begin_both(&initiator, &responder);
	pass(&initiator, &responder, 0);
	/* It knows all that was in clear, but not the secret, so it cannot have es and ss. */
	responder.chaining_key = secret;
	assert_good(noise_write(&responder, buffer_span(&run.payloads[1]), &message));
	refuses(&initiator, buffer_span(&message), ERROR_SEAL);
	buffer_free(&message);
	noise_wipe(&initiator);
	noise_wipe(&responder);
}

/* The points of small order (cr.yp.to/ecdh.html, "how do I validate Curve25519 public keys?"): what is agreed with them is zero for
 * every secret. */
static const char *const small_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void a_key_of_small_order_is_refused_wherever_it_stands(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof small_order / sizeof small_order[0]; i++) {
		struct noise_handshake initiator, responder;
		struct hash point;
		struct buffer message = {0};
		uint8_t bytes[256];

		assert_good(hex_read(span_text(small_order[i]), point.bytes, HASH_SIZE));
		/* Instead of an ephemeral key. */
		begin_both(&initiator, &responder);
		memcpy(bytes, run.sealed[0].data, run.sealed[0].size);
		memcpy(bytes, point.bytes, HASH_SIZE);
		refuses(&responder, span_of(bytes, run.sealed[0].size), ERROR_RANGE);
		pass(&initiator, &responder, 0);
		memcpy(bytes, run.sealed[1].data, run.sealed[1].size);
		memcpy(bytes, point.bytes, HASH_SIZE);
		refuses(&initiator, span_of(bytes, run.sealed[1].size), ERROR_RANGE);
		/* As the responder's static key. */
		noise_initiate(&initiator, buffer_span(&run.prologue), &run.init_static,
		    &run.init_ephemeral, &point);
		assert_error(
		    noise_write(&initiator, buffer_span(&run.payloads[0]), &message), ERROR_RANGE);
		assert_int_equal(message.size, 0);
		/* As the caller's static key. */
		begin_both(&initiator, &responder);
		initiator.own.public = point;
		assert_good(noise_write(&initiator, buffer_span(&run.payloads[0]), &message));
		refuses(&responder, buffer_span(&message), ERROR_RANGE);
		buffer_free(&message);
		noise_wipe(&initiator);
		noise_wipe(&responder);
	}
}

static void a_payload_that_fits_no_message_is_not_written(void **state)
{
	static uint8_t payload[NOISE_MESSAGE_MAX];
	struct noise_handshake initiator, responder, before;
	struct buffer message = {0}, read = {0};

	(void)state;
	begin_both(&initiator, &responder);
	before = initiator;
	assert_error(noise_write(&initiator,
			 span_of(payload, NOISE_MESSAGE_MAX - NOISE_MESSAGE_1_SIZE + 1), &message),
	    ERROR_TOO_LARGE);
	assert_memory_equal(&before, &initiator, sizeof before);
	assert_int_equal(message.size, 0);
	assert_good(noise_write(
	    &initiator, span_of(payload, NOISE_MESSAGE_MAX - NOISE_MESSAGE_1_SIZE), &message));
	assert_int_equal(message.size, NOISE_MESSAGE_MAX);
	assert_good(noise_read(&responder, buffer_span(&message), &read));
	assert_int_equal(read.size, NOISE_MESSAGE_MAX - NOISE_MESSAGE_1_SIZE);
	buffer_free(&message);
	buffer_free(&read);
	noise_wipe(&initiator);
	noise_wipe(&responder);
}

static void an_empty_payload_passes_both_ways(void **state)
{
	struct noise_handshake initiator, responder;
	struct buffer message = {0}, payload = {0};
	struct span nothing = {NULL, 0};

	(void)state;
	begin_both(&initiator, &responder);
	assert_good(noise_write(&initiator, nothing, &message));
	assert_int_equal(message.size, NOISE_MESSAGE_1_SIZE);
	assert_good(noise_read(&responder, buffer_span(&message), &payload));
	buffer_clear(&message);
	assert_good(noise_write(&responder, nothing, &message));
	assert_int_equal(message.size, NOISE_MESSAGE_2_SIZE);
	assert_good(noise_read(&initiator, buffer_span(&message), &payload));
	assert_int_equal(payload.size, 0);
	buffer_free(&message);
	buffer_free(&payload);
	noise_wipe(&initiator);
	noise_wipe(&responder);
}

static void each_flipped_bit_another_counter_or_associated_text_breaks_a_seal(void **state)
{
	struct hash key = {{3}}, other = {{4}};
	uint8_t bytes[32 + NOISE_TAG_SIZE] = "thirty-two bytes of a document..", plain[32];
	const size_t size = sizeof bytes;

	(void)state;
	noise_seal(&key, 5, span_text("header"), bytes, 32);
	assert_good(noise_open(&key, 5, span_text("header"), span_of(bytes, size), plain));
	assert_memory_equal(plain, "thirty-two bytes of a document..", 32);
	assert_error(
	    noise_open(&other, 5, span_text("header"), span_of(bytes, size), plain), ERROR_SEAL);
	assert_error(
	    noise_open(&key, 4, span_text("header"), span_of(bytes, size), plain), ERROR_SEAL);
	assert_error(
	    noise_open(&key, 5, span_text("Header"), span_of(bytes, size), plain), ERROR_SEAL);
	assert_error(noise_open(&key, UINT64_MAX, span_text("header"), span_of(bytes, size), plain),
	    ERROR_SEAL);
	for (size_t cut = 0; cut < size; cut++)
		assert_error(noise_open(&key, 5, span_text("header"), span_of(bytes, cut), plain),
		    ERROR_SEAL);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_error(noise_open(&key, 5, span_text("header"), span_of(bytes, size), plain),
		    ERROR_SEAL);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_good(noise_open(&key, 5, span_text("header"), span_of(bytes, size), bytes));
	assert_memory_equal(bytes, "thirty-two bytes of a document..", 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_handshake_messages_are_the_published_ones),
	    cmocka_unit_test(the_transport_messages_of_both_directions_are_the_published_ones),
	    cmocka_unit_test(the_responder_learns_the_callers_key),
	    cmocka_unit_test(
		each_flipped_bit_of_a_handshake_message_is_refused_and_the_true_one_still_taken),
	    cmocka_unit_test(a_message_cut_anywhere_or_too_long_is_refused),
	    cmocka_unit_test(another_prologue_or_a_key_that_is_not_the_responders_is_refused),
	    cmocka_unit_test(a_caller_who_shows_anothers_key_is_refused),
	    cmocka_unit_test(an_answer_of_another_responder_is_refused),
	    cmocka_unit_test(a_key_of_small_order_is_refused_wherever_it_stands),
	    cmocka_unit_test(a_payload_that_fits_no_message_is_not_written),
	    cmocka_unit_test(an_empty_payload_passes_both_ways),
	    cmocka_unit_test(each_flipped_bit_another_counter_or_associated_text_breaks_a_seal),
	};

	return cmocka_run_group_tests_name("net/noise", tests, load_run, free_run);
}
