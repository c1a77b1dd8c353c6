/* Sessions: who is let in, what opens once and never again, and what a handshake that fails leaves as it was. */
#include "session.h"
#include "testing.h"
#include "vectors.h"

#include <malloc.h>
#include <sodium.h>

#define A 510100u
#define B 500000u
#define C 510800u
#define HOUR 3600000
#define NOW 1000000

static const struct hash secret_a = {{1, 2, 3}}, secret_b = {{4, 5, 6}}, secret_c = {{7, 8, 9}};

static struct hash public_of(const struct hash *secret)
{
	struct noise_pair pair;

	noise_pair_make(secret, &pair);
	return pair.public;
}

/* Two cities that know each other. */
struct cities {
	struct session_table *a, *b;
	uint64_t number; /* of the last handshake */
	uint64_t draws;
};

static struct session_table *table_new(const struct hash *secret, uint64_t frames)
{
	struct session_options options = {.secret = *secret, .messages = frames};
	struct session_table *table;

	assert_good(session_table_new(&options, &table));
	return table;
}

static void pin(struct session_table *table, uint32_t region, const struct hash *secret)
{
	struct hash key = public_of(secret);

	assert_good(session_peer_set(table, region, &key));
}

static void cities_open(struct cities *cities, uint64_t frames)
{
	assert_true(sodium_init() >= 0);
	cities->a = table_new(&secret_a, frames);
	cities->b = table_new(&secret_b, frames);
	cities->number = 0;
	cities->draws = 0;
	pin(cities->a, B, &secret_b);
	pin(cities->b, A, &secret_a);
}

static void cities_close(struct cities *cities)
{
	session_table_free(cities->a);
	session_table_free(cities->b);
}

/* Indices come close to each other, so that some are taken already. */
static struct session_draw draw(struct cities *cities)
{
	struct session_draw draw = {.index = (uint32_t)(cities->draws % 3)};

	chance_bytes(&cities->draws, draw.ephemeral.bytes, HASH_SIZE);
	return draw;
}

static struct frame read_frame(const struct buffer *bytes)
{
	struct frame frame;

	assert_good(frame_read(buffer_span(bytes), &frame));
	return frame;
}

static void first_message(struct cities *cities, struct buffer *bytes)
{
	struct session_draw drawn = draw(cities);

	buffer_clear(bytes);
	assert_good(session_begin(cities->a, B, &drawn, ++cities->number, false, bytes));
	assert_int_equal(bytes->size, FRAME_HANDSHAKE_1_SIZE);
}

static enum error accept(struct cities *cities, const struct buffer *first, int64_t now,
    struct buffer *second, uint32_t *region)
{
	struct session_draw drawn = draw(cities);
	struct frame frame = read_frame(first);

	buffer_clear(second);
	return session_accept(cities->b, &frame, &drawn, now, second, region);
}

/* A asks B for a session, and gets it. */
static void agree(struct cities *cities, int64_t now)
{
	struct buffer first = {0}, second = {0};
	struct frame frame;
	uint32_t region;

	first_message(cities, &first);
	assert_good(accept(cities, &first, now, &second, &region));
	assert_int_equal(region, A);
	assert_int_equal(second.size, FRAME_HANDSHAKE_2_SIZE);
	frame = read_frame(&second);
	assert_good(session_finish(cities->a, &frame, now));
	buffer_free(&first);
	buffer_free(&second);
}

static void seal_text(struct cities *cities, const char *text, int64_t now, struct buffer *bytes,
    struct session_mark *mark)
{
	buffer_clear(bytes);
	assert_good(session_seal(cities->a, B, FRAME_REQUEST, span_text(text), now, bytes, mark));
}

static enum error open_at(struct session_table *table, const struct buffer *bytes, int64_t now,
    struct session_message *message, struct buffer *plain)
{
	struct frame frame = read_frame(bytes);

	buffer_clear(plain);
	return session_open(table, &frame, now, message, plain);
}

/* A asks, B hears and answers, A understands. */
static void converse(struct cities *cities, int64_t now)
{
	struct buffer bytes = {0}, plain = {0};
	struct session_message message;
	struct session_mark mark;

	seal_text(cities, "how much?", now, &bytes, &mark);
	assert_good(open_at(cities->b, &bytes, now, &message, &plain));
	assert_int_equal(message.region, A);
	assert_int_equal(message.type, FRAME_REQUEST);
	assert_false(message.answers);
	assert_true(span_equal(buffer_span(&plain), span_text("how much?")));
	buffer_clear(&bytes);
	assert_good(session_answer(cities->b, &message, span_text("12 fen"), now, &bytes));
	assert_good(open_at(cities->a, &bytes, now, &message, &plain));
	assert_int_equal(message.region, B);
	assert_true(session_is_answer(&message, &mark));
	assert_true(span_equal(buffer_span(&plain), span_text("12 fen")));
	buffer_free(&bytes);
	buffer_free(&plain);
}

/* --- what works -------------------------------------------------------------------------------------------- */

static void two_cities_that_pinned_each_other_talk(void **state)
{
	struct cities cities;

	(void)state;
	cities_open(&cities, 0);
	assert_true(session_is_due(cities.a, B, NOW));
	assert_false(session_is_ready(cities.a, B, NOW));
	agree(&cities, NOW);
	assert_false(session_is_due(cities.a, B, NOW));
	assert_true(session_is_ready(cities.a, B, NOW));
	/* One way: B has not begun a session of its own. */
	assert_false(session_is_ready(cities.b, A, NOW));
	for (unsigned i = 0; i < 100; i++)
		converse(&cities, NOW + i);
	cities_close(&cities);
}

static void a_heartbeat_is_asked_and_answered_under_its_own_type(void **state)
{
	struct buffer bytes = {0}, plain = {0};
	struct session_message message;
	struct session_mark mark, other;
	struct cities cities;

	(void)state;
	cities_open(&cities, 0);
	agree(&cities, NOW);
	assert_good(
	    session_seal(cities.a, B, FRAME_HEARTBEAT, (struct span){NULL, 0}, NOW, &bytes, &mark));
	assert_int_equal(bytes.size, FRAME_HEADER_SIZE + NOISE_TAG_SIZE);
	assert_good(open_at(cities.b, &bytes, NOW, &message, &plain));
	assert_int_equal(message.type, FRAME_HEARTBEAT);
	assert_int_equal(plain.size, 0);
	buffer_clear(&bytes);
	assert_good(session_answer(cities.b, &message, (struct span){NULL, 0}, NOW, &bytes));
	assert_int_equal(read_frame(&bytes).type, FRAME_HEARTBEAT);
	assert_good(open_at(cities.a, &bytes, NOW, &message, &plain));
	assert_true(session_is_answer(&message, &mark));
	other = mark;
	other.counter++;
	assert_false(session_is_answer(&message, &other));
	other = mark;
	other.index++;
	assert_false(session_is_answer(&message, &other));
	buffer_free(&bytes);
	buffer_free(&plain);
	cities_close(&cities);
}

/* The frame's own figures, worked from docs/protocol.md: what another implementation counts on. */
static void frames_have_the_bytes_that_the_protocol_tells(void **state)
{
	struct buffer bytes = {0};
	struct session_mark mark;
	struct cities cities;

	(void)state;
	assert_int_equal(FRAME_HANDSHAKE_1_SIZE, 4 + 32 + 48 + 28);
	assert_int_equal(FRAME_HANDSHAKE_2_SIZE, 8 + 32 + 28);
	cities_open(&cities, 0);
	first_message(&cities, &bytes);
	assert_memory_equal(bytes.data, "\x01\x01\x00\x00", 4);
	agree(&cities, NOW);
	for (unsigned counter = 0; counter < 300; counter++) {
		seal_text(&cities, "five!", NOW, &bytes, &mark);
		assert_int_equal(bytes.size, 16 + 5 + 16);
		assert_memory_equal(bytes.data, "\x01\x03\x00\x00", 4);
		assert_int_equal(be32_read(bytes.data + 4), mark.peer_index);
		assert_int_equal(be64_read(bytes.data + 8), counter);
		assert_int_equal(mark.counter, counter);
	}
	buffer_clear(&bytes);
	session_reseal(RESEAL_SESSION, 0x01020304, 0x05060708090a0b0c, &bytes);
	assert_int_equal(bytes.size, 16);
	assert_memory_equal(
	    bytes.data, "\x01\x05\x02\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 16);
	buffer_free(&bytes);
	cities_close(&cities);
}

static void expect_frame(const json_t *frames, size_t number, const struct buffer *given)
{
	struct buffer wanted = vectors_hex_member(json_array_get(frames, number), "hex");

	assert_int_equal(given->size, wanted.size);
	assert_memory_equal(given->data, wanted.data, wanted.size);
	buffer_free(&wanted);
}

/* The example of docs/protocol.md, which another implementation has made from that page. */
static void frames_are_those_of_another_implementation(void **state)
{
	json_t *file = vectors_load("noise/link_frames.json");
	const json_t *frames = json_object_get(file, "frames");
	const struct hash asker = {{0x08}}, answerer = {{0x10}};
	struct session_table *a = table_new(&asker, 0), *b = table_new(&answerer, 0);
	struct session_draw draw_a = {{{0x18}}, 5}, draw_b = {{{0x20}}, 9};
	struct buffer first = {0}, second = {0}, request = {0}, answer = {0}, plain = {0};
	struct session_message message;
	struct session_mark mark;
	struct frame frame;
	uint32_t region;

	(void)state;
	assert_int_equal(json_array_size(frames), 4);
	pin(a, B, &answerer);
	pin(b, A, &asker);
	assert_good(session_begin(a, B, &draw_a, 1, false, &first));
	expect_frame(frames, 0, &first);
	frame = read_frame(&first);
	assert_good(session_accept(b, &frame, &draw_b, NOW, &second, &region));
	expect_frame(frames, 1, &second);
	frame = read_frame(&second);
	assert_good(session_finish(a, &frame, NOW));
	assert_good(
	    session_seal(a, B, FRAME_REQUEST, span_text("how much?"), NOW, &request, &mark));
	expect_frame(frames, 2, &request);
	assert_good(open_at(b, &request, NOW, &message, &plain));
	/* As link_serve.c does: the status stands before the answer. */
	assert_good(session_answer(b, &message,
	    span_of("\0"
		    "12 fen",
		7),
	    NOW, &answer));
	expect_frame(frames, 3, &answer);
	json_decref(file);
	session_table_free(a);
	session_table_free(b);
	buffer_free(&first);
	buffer_free(&second);
	buffer_free(&request);
	buffer_free(&answer);
	buffer_free(&plain);
}

/* --- who is refused ---------------------------------------------------------------------------------------- */

/* B refuses message 1 without a byte, but for what a stale number is answered, and what works goes on working. */
static void turned_away(
    struct cities *cities, const struct buffer *first, enum error wanted, uint32_t whose)
{
	struct buffer second = {0};
	uint32_t region;

	assert_error(accept(cities, first, NOW, &second, &region), wanted);
	assert_int_equal(region, whose);
	assert_int_equal(second.size, wanted == ERROR_REPEAT ? FRAME_HANDSHAKE_2_SIZE : 0);
	converse(cities, NOW);
	buffer_free(&second);
}

static void a_strangers_key_another_citys_and_a_revoked_one_get_not_a_byte(void **state)
{
	struct session_table *stranger = NULL;
	struct buffer first = {0}, bytes = {0}, plain = {0};
	struct session_message message;
	struct session_mark mark;
	struct cities cities;
	struct session_draw drawn;
	struct frame frame;

	(void)state;
	cities_open(&cities, 0);
	agree(&cities, NOW);
	/* Nobody's key. */
	stranger = table_new(&secret_c, 0);
	pin(stranger, B, &secret_b);
	drawn = draw(&cities);
	assert_good(session_begin(stranger, B, &drawn, 99, false, &first));
	turned_away(&cities, &first, ERROR_UNKNOWN_KEY, 0);
	/* C's key after it was revoked; before, it is C's and never A's. */
	pin(cities.b, C, &secret_c);
	session_peer_remove(cities.b, C);
	turned_away(&cities, &first, ERROR_UNKNOWN_KEY, 0);
	/* A responder that has another city's key cannot read what was meant for B. */
	session_table_free(cities.b);
	cities.b = table_new(&secret_c, 0);
	pin(cities.b, A, &secret_a);
	first_message(&cities, &bytes);
	{
		struct buffer second = {0};
		uint32_t region;

		assert_error(accept(&cities, &bytes, NOW, &second, &region), ERROR_SEAL);
		assert_int_equal(region, 0);
		assert_int_equal(second.size, 0);
		buffer_free(&second);
	}
	/* A key that is revoked under way: its session is nobody's any more. */
	cities_close(&cities);
	cities_open(&cities, 0);
	agree(&cities, NOW);
	converse(&cities, NOW);
	seal_text(&cities, "still there?", NOW, &bytes, &mark);
	session_peer_remove(cities.b, A);
	assert_error(open_at(cities.b, &bytes, NOW, &message, &plain), ERROR_NOT_FOUND);
	assert_int_equal(message.region, 0);
	assert_int_equal(plain.size, 0);
	frame = read_frame(&bytes);
	assert_int_equal(frame.type, FRAME_REQUEST);
	session_table_free(stranger);
	buffer_free(&first);
	buffer_free(&bytes);
	buffer_free(&plain);
	cities_close(&cities);
}

static void a_rotated_key_ends_the_old_ones_sessions_and_begins_anew(void **state)
{
	struct buffer bytes = {0}, plain = {0}, first = {0};
	struct session_message message;
	struct session_mark mark;
	struct cities cities;

	(void)state;
	cities_open(&cities, 0);
	agree(&cities, NOW);
	converse(&cities, NOW);
	seal_text(&cities, "old", NOW, &bytes, &mark);
	first_message(&cities, &first);
	/* A is C's key now. */
	pin(cities.b, A, &secret_c);
	assert_error(open_at(cities.b, &bytes, NOW, &message, &plain), ERROR_NOT_FOUND);
	{
		struct buffer second = {0};
		uint32_t region;

		assert_error(accept(&cities, &first, NOW, &second, &region), ERROR_UNKNOWN_KEY);
		buffer_free(&second);
	}
	session_secret_set(cities.a, &secret_c);
	assert_true(session_has_old_secret(cities.a));
	/* The numbers are the new key's own. */
	cities.number = 0;
	agree(&cities, NOW);
	converse(&cities, NOW);
	buffer_free(&bytes);
	buffer_free(&plain);
	buffer_free(&first);
	cities_close(&cities);
}

/* A has a new key and B has not read of it yet: both ways go on under the old one. */
static void until_the_peer_has_read_of_our_new_key_the_old_one_still_works(void **state)
{
	struct buffer first = {0}, second = {0};
	struct session_draw drawn;
	struct cities cities;
	struct frame frame;
	uint32_t region;

	(void)state;
	cities_open(&cities, 0);
	session_secret_set(cities.a, &secret_c);
	/* A asks as who it was. */
	first_message(&cities, &first);
	assert_error(accept(&cities, &first, NOW, &second, &region), ERROR_UNKNOWN_KEY);
	buffer_clear(&first);
	drawn = draw(&cities);
	assert_good(session_begin(cities.a, B, &drawn, ++cities.number, true, &first));
	assert_good(accept(&cities, &first, NOW, &second, &region));
	frame = read_frame(&second);
	assert_good(session_finish(cities.a, &frame, NOW));
	converse(&cities, NOW);
	/* B asks the one that it knows. */
	buffer_clear(&first);
	buffer_clear(&second);
	drawn = draw(&cities);
	assert_good(session_begin(cities.b, A, &drawn, 1, false, &first));
	frame = read_frame(&first);
	drawn = draw(&cities);
	assert_good(session_accept(cities.a, &frame, &drawn, NOW, &second, &region));
	assert_int_equal(region, B);
	/* The one before the last is forgotten. */
	session_secret_set(cities.a, &(struct hash){{77}});
	buffer_clear(&first);
	buffer_clear(&second);
	drawn = draw(&cities);
	assert_good(session_begin(cities.b, A, &drawn, 2, false, &first));
	frame = read_frame(&first);
	assert_error(session_accept(cities.a, &frame, &drawn, NOW, &second, &region), ERROR_SEAL);
	buffer_free(&first);
	buffer_free(&second);
	cities_close(&cities);
}

static void a_key_belongs_to_one_city_and_never_to_ourselves(void **state)
{
	struct hash a, b, c;
	struct cities cities;

	(void)state;
	cities_open(&cities, 0);
	a = public_of(&secret_a);
	b = public_of(&secret_b);
	c = public_of(&secret_c);
	assert_error(session_peer_set(cities.a, C, &b), ERROR_CONFLICT);
	assert_error(session_peer_set(cities.a, C, &a), ERROR_CONFLICT);
	assert_good(session_peer_set(cities.a, C, &c));
	assert_error(session_peer_set(cities.a, C, &b), ERROR_CONFLICT);
	session_peer_remove(cities.a, B);
	session_peer_remove(cities.a, B);
	assert_good(session_peer_set(cities.a, C, &b));
	for (uint32_t i = 0; i < LINK_PEERS_MAX - 1; i++)
		pin(cities.a, i + 1, &(struct hash){{100, (uint8_t)i}});
	assert_error(session_peer_set(cities.a, 999999, &c), ERROR_BUSY);
	cities_close(&cities);
}

/* --- handshakes that fail ---------------------------------------------------------------------------------- */

static void a_handshake_that_was_replayed_or_overtaken_is_refused(void **state)
{
	struct buffer first = {0}, later = {0}, second = {0};
	struct cities cities;
	uint32_t region;

	(void)state;
	cities_open(&cities, 0);
	first_message(&cities, &first);
	first_message(&cities, &later);
	assert_good(accept(&cities, &later, NOW, &second, &region));
	{
		struct frame frame = read_frame(&second);

		assert_good(session_finish(cities.a, &frame, NOW));
	}
	converse(&cities, NOW);
	turned_away(&cities, &later, ERROR_REPEAT, A);
	turned_away(&cities, &first, ERROR_REPEAT, A);
	buffer_free(&first);
	buffer_free(&later);
	buffer_free(&second);
	cities_close(&cities);
}

/* A has lost its memory and its clock is behind: B tells it, sealed for A alone, which number it has to exceed. */
static void who_has_forgotten_its_numbers_is_told_and_nobody_else_learns_them(void **state)
{
	struct buffer first = {0}, second = {0};
	struct cities cities;
	struct frame frame;
	uint32_t region;

	(void)state;
	cities_open(&cities, 0);
	cities.number = UINT64_C(1) << 41;
	agree(&cities, NOW);
	converse(&cities, NOW);
	/* A from an old backup. */
	session_table_free(cities.a);
	cities.a = table_new(&secret_a, 0);
	pin(cities.a, B, &secret_b);
	cities.number = 7;
	first_message(&cities, &first);
	assert_error(accept(&cities, &first, NOW, &second, &region), ERROR_REPEAT);
	assert_int_equal(region, A);
	for (size_t bit = 64; bit < 8 * second.size; bit++) {
		second.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		frame = read_frame(&second);
		assert_error(session_finish(cities.a, &frame, NOW), ERROR_SEAL);
		second.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	frame = read_frame(&second);
	assert_error(session_finish(cities.a, &frame, NOW), ERROR_REPEAT);
	assert_false(session_is_ready(cities.a, B, NOW));
	/* The answer is used up, and the next number is one more than the greatest. */
	assert_error(session_finish(cities.a, &frame, NOW), ERROR_NOT_FOUND);
	first_message(&cities, &first);
	assert_good(accept(&cities, &first, NOW, &second, &region));
	frame = read_frame(&second);
	assert_good(session_finish(cities.a, &frame, NOW));
	converse(&cities, NOW);
	buffer_free(&first);
	buffer_free(&second);
	cities_close(&cities);
}

static void a_handshake_that_is_cut_or_bent_anywhere_is_refused_and_changes_nothing(void **state)
{
	struct buffer first = {0}, second = {0}, out = {0};
	struct session_draw drawn;
	struct cities cities;
	struct frame frame;
	uint32_t region;

	(void)state;
	cities_open(&cities, 0);
	agree(&cities, NOW);
	first_message(&cities, &first);
	drawn = draw(&cities);
	for (size_t size = 0; size < first.size; size++)
		assert_error(frame_read(span_of(first.data, size), &frame), ERROR_MALFORMED);
	for (size_t bit = 0; bit < 8 * first.size; bit++) {
		first.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (frame_read(buffer_span(&first), &frame) == ERROR_NONE && bit >= 32) {
			assert_error(session_accept(cities.b, &frame, &drawn, NOW, &out, &region),
			    ERROR_SEAL);
		} else {
			/* No handshake's first message any more. */
			assert_true(bit < 32);
		}
		assert_int_equal(out.size, 0);
		first.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	converse(&cities, NOW);
	assert_good(accept(&cities, &first, NOW, &second, &region));
	/* Message 2, the same; what is pending goes on waiting for the true one. */
	for (size_t size = 0; size < second.size; size++)
		assert_error(frame_read(span_of(second.data, size), &frame), ERROR_MALFORMED);
	for (size_t bit = 0; bit < 8 * second.size; bit++) {
		second.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (frame_read(buffer_span(&second), &frame) == ERROR_NONE && bit >= 32) {
			enum error error = session_finish(cities.a, &frame, NOW);

			assert_error(error, bit / 8 < 8 ? ERROR_NOT_FOUND : ERROR_SEAL);
		} else {
			assert_true(bit < 32);
		}
		second.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	frame = read_frame(&second);
	assert_good(session_finish(cities.a, &frame, NOW));
	assert_error(session_finish(cities.a, &frame, NOW), ERROR_NOT_FOUND);
	converse(&cities, NOW);
	buffer_free(&first);
	buffer_free(&second);
	buffer_free(&out);
	cities_close(&cities);
}

/* A thousand handshakes whose second message never arrives: B goes on hearing the session that works. */
static void a_flood_of_half_handshakes_never_ends_a_session(void **state)
{
	struct buffer first = {0}, second = {0};
	struct cities cities;
	uint32_t region;

	(void)state;
	cities_open(&cities, 0);
	agree(&cities, NOW);
	converse(&cities, NOW);
	for (unsigned i = 0; i < 1000; i++) {
		first_message(&cities, &first);
		assert_good(accept(&cities, &first, NOW, &second, &region));
		if (i % 100 == 0)
			converse(&cities, NOW);
	}
	converse(&cities, NOW);
	buffer_free(&first);
	buffer_free(&second);
	cities_close(&cities);
}

/* --- replacement ------------------------------------------------------------------------------------------- */

static void a_new_session_takes_over_with_its_first_frame_and_the_old_one_opens_60_s_more(
    void **state)
{
	struct buffer old = {0}, older = {0}, last = {0}, fresh = {0}, plain = {0};
	struct session_message message, old_message;
	struct session_mark mark;
	struct cities cities;

	(void)state;
	cities_open(&cities, 0);
	agree(&cities, NOW);
	converse(&cities, NOW);
	seal_text(&cities, "on its way", NOW, &older, &mark);
	seal_text(&cities, "later", NOW, &old, &mark);
	seal_text(&cities, "too late", NOW, &last, &mark);
	agree(&cities, NOW + 1000);
	/* B has not heard the new one, and takes the old one as before. */
	assert_good(open_at(cities.b, &older, NOW + 200000, &message, &plain));
	seal_text(&cities, "new", NOW + 300000, &fresh, &mark);
	assert_good(open_at(cities.b, &fresh, NOW + 300000, &message, &plain));
	assert_true(message.confirmed);
	assert_good(
	    open_at(cities.b, &old, NOW + 300000 + SESSION_OLD_MS - 1, &old_message, &plain));
	assert_false(old_message.confirmed);
	/* It was served, so it is answered. */
	buffer_clear(&fresh);
	assert_good(session_answer(
	    cities.b, &old_message, span_text("yes"), NOW + 300000 + SESSION_OLD_MS - 1, &fresh));
	assert_error(session_answer(cities.b, &old_message, span_text("yes"),
			 NOW + 300000 + SESSION_OLD_MS, &fresh),
	    ERROR_NOT_FOUND);
	assert_error(open_at(cities.b, &last, NOW + 300000 + SESSION_OLD_MS, &message, &plain),
	    ERROR_NOT_FOUND);
	session_expire(cities.b, NOW + 300000 + SESSION_OLD_MS);
	assert_error(open_at(cities.b, &last, NOW, &message, &plain), ERROR_NOT_FOUND);
	converse(&cities, NOW + 300000);
	buffer_free(&old);
	buffer_free(&older);
	buffer_free(&last);
	buffer_free(&fresh);
	buffer_free(&plain);
	cities_close(&cities);
}

static void a_session_is_due_after_an_hour_and_over_a_minute_later(void **state)
{
	struct buffer bytes = {0};
	struct session_mark mark;
	struct cities cities;

	(void)state;
	assert_int_equal(SESSION_REKEY_MS, HOUR);
	cities_open(&cities, 0);
	agree(&cities, NOW);
	assert_false(session_is_due(cities.a, B, NOW + HOUR - 1));
	assert_true(session_is_due(cities.a, B, NOW + HOUR));
	/* Requests need not wait for the handshake. */
	assert_true(session_is_ready(cities.a, B, NOW + HOUR));
	converse(&cities, NOW + HOUR + SESSION_OLD_MS - 1);
	assert_false(session_is_ready(cities.a, B, NOW + HOUR + SESSION_OLD_MS));
	assert_error(session_seal(cities.a, B, FRAME_REQUEST, span_text("?"),
			 NOW + HOUR + SESSION_OLD_MS, &bytes, &mark),
	    ERROR_STATE);
	assert_int_equal(bytes.size, 0);
	agree(&cities, NOW + 2 * HOUR);
	converse(&cities, NOW + 2 * HOUR);
	assert_error(session_seal(cities.a, C, FRAME_REQUEST, span_text("?"), NOW, &bytes, &mark),
	    ERROR_NOT_FOUND);
	assert_false(session_is_due(cities.a, C, NOW));
	buffer_free(&bytes);
	cities_close(&cities);
}

/* 8192 stand for 2^32. */
static void a_key_seals_so_many_frames_and_no_more(void **state)
{
	struct buffer bytes = {0}, plain = {0};
	struct session_message message;
	struct session_mark mark;
	struct cities cities;

	(void)state;
	assert_true(SESSION_FRAMES_MAX == UINT64_C(4294967296));
	cities_open(&cities, 8192);
	agree(&cities, NOW);
	for (unsigned i = 0; i < 8192; i++) {
		assert_int_equal(session_is_due(cities.a, B, NOW), i >= 8190);
		seal_text(&cities, "x", NOW, &bytes, &mark);
		assert_good(open_at(cities.b, &bytes, NOW, &message, &plain));
	}
	assert_false(session_is_ready(cities.a, B, NOW));
	buffer_clear(&bytes);
	assert_error(session_seal(cities.a, B, FRAME_REQUEST, span_text("x"), NOW, &bytes, &mark),
	    ERROR_STATE);
	agree(&cities, NOW);
	converse(&cities, NOW);
	buffer_free(&bytes);
	buffer_free(&plain);
	cities_close(&cities);
}

static void a_session_that_the_peer_does_not_know_seals_no_more_but_opens_what_comes(void **state)
{
	struct buffer bytes = {0}, answer = {0}, plain = {0};
	struct session_message message;
	struct session_mark mark, other;
	struct cities cities;

	(void)state;
	cities_open(&cities, 0);
	agree(&cities, NOW);
	seal_text(&cities, "?", NOW, &bytes, &mark);
	assert_good(open_at(cities.b, &bytes, NOW, &message, &plain));
	assert_good(session_answer(cities.b, &message, span_text("!"), NOW, &answer));
	other = mark;
	other.index++;
	session_doubt(cities.a, B, &other);
	session_doubt(cities.a, C, &mark);
	assert_true(session_is_ready(cities.a, B, NOW));
	session_doubt(cities.a, B, &mark);
	assert_false(session_is_ready(cities.a, B, NOW));
	assert_true(session_is_due(cities.a, B, NOW));
	/* Anybody can say "reseal": the true answer is still taken. */
	assert_good(open_at(cities.a, &answer, NOW, &message, &plain));
	assert_true(session_is_answer(&message, &mark));
	agree(&cities, NOW);
	converse(&cities, NOW);
	buffer_free(&bytes);
	buffer_free(&answer);
	buffer_free(&plain);
	cities_close(&cities);
}

static void a_reseal_is_that_of_one_frame(void **state)
{
	struct buffer bytes = {0};
	struct session_mark mark = {7, 9, 11};
	struct frame frame;

	(void)state;
	session_reseal(RESEAL_COUNTER, 9, 11, &bytes);
	frame = read_frame(&bytes);
	assert_int_equal(frame.reason, RESEAL_COUNTER);
	assert_true(session_is_reseal(&frame, &mark));
	mark.counter++;
	assert_false(session_is_reseal(&frame, &mark));
	mark = (struct session_mark){9, 7, 11};
	assert_false(session_is_reseal(&frame, &mark));
	buffer_free(&bytes);
}

/* --- what opens once --------------------------------------------------------------------------------------- */

static void a_sealed_frame_that_is_cut_or_bent_anywhere_is_refused_and_the_true_one_opens(
    void **state)
{
	struct buffer bytes = {0}, plain = {0};
	struct session_message message;
	struct session_mark mark;
	struct cities cities;
	struct frame frame;

	(void)state;
	cities_open(&cities, 0);
	agree(&cities, NOW);
	converse(&cities, NOW);
	for (unsigned i = 0; i < 5; i++)
		seal_text(&cities, "one hundred yuan to be paid", NOW, &bytes, &mark);
	for (size_t size = 0; size < bytes.size; size++) {
		enum error error = frame_read(span_of(bytes.data, size), &frame);

		if (!error)
			error = session_open(cities.b, &frame, NOW, &message, &plain);
		assert_error(error, size < 32 ? ERROR_MALFORMED : ERROR_SEAL);
	}
	for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
		enum error error;

		bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		error = frame_read(buffer_span(&bytes), &frame);
		if (!error && frame.type > FRAME_HANDSHAKE_2 && frame.type != FRAME_RESEAL)
			error = session_open(cities.b, &frame, NOW, &message, &plain);
		/* A bent counter may be one that was taken, or beyond all. */
		assert_true(error == ERROR_MALFORMED || error == ERROR_SEAL ||
			    (bit / 8 >= 4 && bit / 8 < 8 && error == ERROR_NOT_FOUND) ||
			    (bit / 8 >= 8 && bit / 8 < 16 &&
				(error == ERROR_NOT_FOUND || error == ERROR_REPEAT)));
		assert_int_equal(plain.size, 0);
		bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_good(open_at(cities.b, &bytes, NOW, &message, &plain));
	assert_error(open_at(cities.b, &bytes, NOW, &message, &plain), ERROR_REPEAT);
	assert_int_equal(message.region, A);
	buffer_free(&bytes);
	buffer_free(&plain);
	cities_close(&cities);
}

static void answers_and_requests_do_not_stand_for_each_other(void **state)
{
	struct buffer request = {0}, answer = {0}, plain = {0};
	struct session_message message;
	struct session_mark mark;
	struct cities cities;

	(void)state;
	cities_open(&cities, 0);
	agree(&cities, NOW);
	seal_text(&cities, "?", NOW, &request, &mark);
	assert_good(open_at(cities.b, &request, NOW, &message, &plain));
	assert_good(session_answer(cities.b, &message, span_text("!"), NOW, &answer));
	/* Sent back to whom they come from. */
	assert_true(open_at(cities.a, &request, NOW, &message, &plain) != ERROR_NONE);
	assert_true(open_at(cities.b, &answer, NOW, &message, &plain) != ERROR_NONE);
	/* Under each other's type: refused before anything is opened. */
	answer.data[1] = FRAME_REQUEST;
	assert_error(open_at(cities.a, &answer, NOW, &message, &plain), ERROR_MALFORMED);
	answer.data[1] = FRAME_HEARTBEAT;
	assert_error(open_at(cities.a, &answer, NOW, &message, &plain), ERROR_SEAL);
	answer.data[1] = FRAME_ANSWER;
	assert_good(open_at(cities.a, &answer, NOW, &message, &plain));
	buffer_free(&request);
	buffer_free(&answer);
	buffer_free(&plain);
	cities_close(&cities);
}

/* Frames in random order, some twice, some far ahead, against a list of all that were taken. */
static void the_window_takes_each_counter_once_as_a_list_of_them_would(void **state)
{
	enum { FRAMES = 20000, STEPS = 40000 };
	uint64_t seed = chance_seed("window"), near = 0, highest = 0;
	struct buffer *frames = calloc(FRAMES, sizeof *frames), plain = {0};
	bool *taken = calloc(FRAMES, sizeof *taken), any = false;
	unsigned accepted = 0, refused = 0;
	struct session_message message;
	struct session_mark mark;
	struct cities cities;

	(void)state;
	assert_true(SESSION_WINDOW_MAX >= 1024);
	cities_open(&cities, 0);
	agree(&cities, NOW);
	for (unsigned i = 0; i < FRAMES; i++)
		seal_text(&cities, "x", NOW, &frames[i], &mark);
	for (unsigned step = 0; step < STEPS; step++) {
		/* Around a point that moves on; now and then a jump of any width. */
		uint64_t counter = near + chance_below(&seed, 4000);
		bool wanted;

		counter = counter < 2000 ? counter : counter - 2000;
		if (counter >= FRAMES)
			counter = chance_below(&seed, FRAMES);
		near += chance_below(&seed, 2);
		if (chance_below(&seed, 5000) == 0)
			near = chance_below(&seed, FRAMES);
		wanted = !taken[counter] &&
			 (!any || counter >= highest || highest - counter < SESSION_WINDOW_MAX);
		assert_error(open_at(cities.b, &frames[counter], NOW, &message, &plain),
		    wanted ? ERROR_NONE : ERROR_REPEAT);
		if (wanted) {
			taken[counter] = true;
			highest = !any || counter > highest ? counter : highest;
			any = true;
			accepted++;
		} else {
			refused++;
		}
	}
	assert_true(accepted > 1000 && refused > 1000);
	for (unsigned i = 0; i < FRAMES; i++)
		buffer_free(&frames[i]);
	free(frames);
	free(taken);
	buffer_free(&plain);
	cities_close(&cities);
}

/* --- form -------------------------------------------------------------------------------------------------- */

static void what_is_no_frame_is_seen_at_once(void **state)
{
	uint64_t seed = chance_seed("frames");
	uint8_t bytes[64] = {FRAME_VERSION, FRAME_REQUEST};
	uint8_t *large = calloc(1, SESSION_CONTENT_MAX + SESSION_OVERHEAD_MAX + 1);
	struct frame frame;

	(void)state;
	assert_good(frame_read(span_of(bytes, 32), &frame));
	assert_error(frame_read(span_of(bytes, 31), &frame), ERROR_MALFORMED);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned value = 0; value < 256; value++) {
			uint8_t old = bytes[i];
			bool good = value == old ||
				    (i == 1 && (value == FRAME_ANSWER || value == FRAME_HEARTBEAT));

			bytes[i] = (uint8_t)value;
			assert_int_equal(
			    frame_read(span_of(bytes, 32), &frame) == ERROR_NONE, good);
			bytes[i] = old;
		}
	bytes[1] = FRAME_RESEAL;
	for (unsigned reason = 0; reason < 256; reason++) {
		bytes[2] = (uint8_t)reason;
		assert_int_equal(frame_read(span_of(bytes, 16), &frame) == ERROR_NONE,
		    reason == RESEAL_COUNTER || reason == RESEAL_SESSION);
		assert_error(frame_read(span_of(bytes, 17), &frame), ERROR_MALFORMED);
	}
	assert_error(frame_read((struct span){NULL, 0}, &frame), ERROR_MALFORMED);
	assert_error(
	    frame_read(span_text("GET / HTTP/1.1\r\nHost: city\r\n\r\n"), &frame), ERROR_MALFORMED);
	large[0] = FRAME_VERSION;
	large[1] = FRAME_REQUEST;
	assert_good(frame_read(span_of(large, SESSION_CONTENT_MAX + SESSION_OVERHEAD_MAX), &frame));
	assert_error(
	    frame_read(span_of(large, SESSION_CONTENT_MAX + SESSION_OVERHEAD_MAX + 1), &frame),
	    ERROR_MALFORMED);
	for (unsigned i = 0; i < 100000; i++) {
		size_t size = chance_below(&seed, sizeof bytes + 1);

		chance_bytes(&seed, bytes, sizeof bytes);
		if (chance_below(&seed, 2))
			bytes[0] = FRAME_VERSION, bytes[1] = (uint8_t)chance_below(&seed, 8);
		(void)!frame_read(span_of(bytes, size), &frame);
	}
	free(large);
}

static void a_message_beyond_its_limit_is_not_sealed(void **state)
{
	uint8_t *large = calloc(1, SESSION_CONTENT_MAX + 1);
	struct buffer bytes = {0}, plain = {0};
	struct session_message message;
	struct session_mark mark;
	struct cities cities;

	(void)state;
	cities_open(&cities, 0);
	agree(&cities, NOW);
	assert_error(session_seal(cities.a, B, FRAME_REQUEST,
			 span_of(large, SESSION_CONTENT_MAX + 1), NOW, &bytes, &mark),
	    ERROR_TOO_LARGE);
	assert_int_equal(bytes.size, 0);
	assert_good(session_seal(
	    cities.a, B, FRAME_REQUEST, span_of(large, SESSION_CONTENT_MAX), NOW, &bytes, &mark));
	assert_int_equal(mark.counter, 0);
	assert_good(open_at(cities.b, &bytes, NOW, &message, &plain));
	assert_int_equal(plain.size, SESSION_CONTENT_MAX);
	buffer_clear(&bytes);
	assert_error(session_answer(
			 cities.b, &message, span_of(large, SESSION_CONTENT_MAX + 1), NOW, &bytes),
	    ERROR_TOO_LARGE);
	assert_good(
	    session_answer(cities.b, &message, span_of(large, SESSION_CONTENT_MAX), NOW, &bytes));
	assert_int_equal(bytes.size, SESSION_CONTENT_MAX + SESSION_OVERHEAD_MAX);
	assert_good(open_at(cities.a, &bytes, NOW, &message, &plain));
	assert_true(session_is_answer(&message, &mark));
	assert_int_equal(plain.size, SESSION_CONTENT_MAX);
	free(large);
	buffer_free(&bytes);
	buffer_free(&plain);
	cities_close(&cities);
}

/* --- what is left in memory -------------------------------------------------------------------------------- */

static bool holds(const struct session_table *table, const struct hash *key)
{
	return memmem(table, malloc_usable_size((void *)table), key->bytes, HASH_SIZE) != NULL;
}

static void keys_that_are_over_are_wiped(void **state)
{
	struct buffer first = {0}, second = {0};
	struct session_draw drawn;
	struct hash key;
	struct cities cities;
	struct frame frame;
	uint32_t region;

	(void)state;
	cities_open(&cities, 0);
	drawn = draw(&cities);
	assert_good(session_begin(cities.a, B, &drawn, ++cities.number, false, &first));
	assert_true(holds(cities.a, &drawn.ephemeral));
	assert_good(accept(&cities, &first, NOW, &second, &region));
	frame = read_frame(&second);
	assert_good(session_finish(cities.a, &frame, NOW));
	assert_false(holds(cities.a, &drawn.ephemeral));
	first_message(&cities, &first);
	key = public_of(&secret_b);
	assert_true(holds(cities.a, &key));
	session_peer_remove(cities.a, B);
	assert_false(holds(cities.a, &key));
	buffer_free(&first);
	buffer_free(&second);
	cities_close(&cities);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_cities_that_pinned_each_other_talk),
	    cmocka_unit_test(a_heartbeat_is_asked_and_answered_under_its_own_type),
	    cmocka_unit_test(frames_have_the_bytes_that_the_protocol_tells),
	    cmocka_unit_test(frames_are_those_of_another_implementation),
	    cmocka_unit_test(a_strangers_key_another_citys_and_a_revoked_one_get_not_a_byte),
	    cmocka_unit_test(a_rotated_key_ends_the_old_ones_sessions_and_begins_anew),
	    cmocka_unit_test(until_the_peer_has_read_of_our_new_key_the_old_one_still_works),
	    cmocka_unit_test(a_key_belongs_to_one_city_and_never_to_ourselves),
	    cmocka_unit_test(who_has_forgotten_its_numbers_is_told_and_nobody_else_learns_them),
	    cmocka_unit_test(a_handshake_that_was_replayed_or_overtaken_is_refused),
	    cmocka_unit_test(
		a_handshake_that_is_cut_or_bent_anywhere_is_refused_and_changes_nothing),
	    cmocka_unit_test(a_flood_of_half_handshakes_never_ends_a_session),
	    cmocka_unit_test(
		a_new_session_takes_over_with_its_first_frame_and_the_old_one_opens_60_s_more),
	    cmocka_unit_test(a_session_is_due_after_an_hour_and_over_a_minute_later),
	    cmocka_unit_test(a_key_seals_so_many_frames_and_no_more),
	    cmocka_unit_test(
		a_session_that_the_peer_does_not_know_seals_no_more_but_opens_what_comes),
	    cmocka_unit_test(a_reseal_is_that_of_one_frame),
	    cmocka_unit_test(
		a_sealed_frame_that_is_cut_or_bent_anywhere_is_refused_and_the_true_one_opens),
	    cmocka_unit_test(answers_and_requests_do_not_stand_for_each_other),
	    cmocka_unit_test(the_window_takes_each_counter_once_as_a_list_of_them_would),
	    cmocka_unit_test(what_is_no_frame_is_seen_at_once),
	    cmocka_unit_test(a_message_beyond_its_limit_is_not_sealed),
	    cmocka_unit_test(keys_that_are_over_are_wiped),
	};

	return cmocka_run_group_tests_name("net/session", tests, NULL, NULL);
}
