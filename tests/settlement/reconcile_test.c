/* Range-based reconciliation: what comes out is the set difference, worked out naively; round trips and bytes stay within
 * bounds; and whatever a peer sends, it ends. */
#include "reconcile.h"
#include "testing.h"

#include "codec.h"

/* --- a set in memory ----------------------------------------------------------------------------------------- */

struct array {
	struct reconcile_item *items;
	size_t count;
	uint64_t visited;
};

static size_t lower_bound(const struct array *array, const struct obligation_id *id)
{
	size_t low = 0, high = array->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (obligation_id_compare(&array->items[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum error array_each(void *context, const struct obligation_id *from,
    const struct obligation_id *below, reconcile_visit *visit, void *visit_context)
{
	struct array *array = context;

	for (size_t i = lower_bound(array, from); i < array->count; i++) {
		if (below && obligation_id_compare(&array->items[i].id, below) >= 0)
			break;
		array->visited++;
		if (!visit(visit_context, &array->items[i]))
			break;
	}
	return ERROR_NONE;
}

static struct reconcile_set set_of(struct array *array)
{
	return (struct reconcile_set){.each = array_each, .context = array};
}

static struct array array_make(size_t most)
{
	return (struct array){.items = calloc(most + 1, sizeof(struct reconcile_item))};
}

/* The set of a day: entries of up to `lines` lines; epochs turn over now and then. */
static struct array array_fill(size_t count, unsigned lines, uint64_t *state)
{
	struct array array = array_make(count);
	struct obligation_id id = {.epoch = 1, .sequence = 5};

	assert_non_null(array.items);
	for (; array.count < count; array.count++) {
		struct reconcile_item *item = &array.items[array.count];

		item->id = id;
		item->amount_fen = (int64_t)chance_below(state, 2000000) - 200000;
		chance_bytes(state, item->line_hash.bytes, HASH_SIZE);
		id.line += 1 + (uint32_t)chance_below(state, 2);
		if (chance_below(state, lines) == 0) {
			id.sequence += 1 + chance_below(state, 40);
			id.line = (uint32_t)chance_below(state, 3);
		}
		if (chance_below(state, 5000) == 0) {
			id.epoch++;
			id.sequence = chance_below(state, 100);
		}
	}
	return array;
}

static void array_remove(struct array *array, size_t index)
{
	array->count--;
	memmove(array->items + index, array->items + index + 1,
	    (array->count - index) * sizeof *array->items);
}

static struct array array_copy(const struct array *array)
{
	struct array copy = array_make(array->count);

	assert_non_null(copy.items);
	memcpy(copy.items, array->items, array->count * sizeof *copy.items);
	copy.count = array->count;
	return copy;
}

/* --- the naive oracle ---------------------------------------------------------------------------------------- */

static bool same_item(const struct reconcile_item *a, const struct reconcile_item *b)
{
	return obligation_id_compare(&a->id, &b->id) == 0 && a->amount_fen == b->amount_fen &&
	       hash_equal(&a->line_hash, &b->line_hash);
}

static const struct reconcile_item *find_id(
    const struct array *array, const struct obligation_id *id)
{
	size_t at = lower_bound(array, id);

	return at < array->count && obligation_id_compare(&array->items[at].id, id) == 0
		   ? &array->items[at]
		   : NULL;
}

/* How many ids differ, by looking each one up on the other side. */
static size_t count_differences(const struct array *ours, const struct array *theirs)
{
	size_t count = 0;

	for (size_t i = 0; i < ours->count; i++) {
		const struct reconcile_item *other = find_id(theirs, &ours->items[i].id);

		count += !other || !same_item(other, &ours->items[i]);
	}
	for (size_t i = 0; i < theirs->count; i++)
		count += !find_id(ours, &theirs->items[i].id);
	return count;
}

static void assert_is_difference(const struct array *ours, const struct array *theirs,
    const struct reconcile_difference *found, size_t count)
{
	assert_int_equal(count, count_differences(ours, theirs));
	for (size_t i = 0; i < count; i++) {
		const struct reconcile_item *mine = find_id(ours, &found[i].ours.id);
		const struct reconcile_item *other = find_id(theirs, &found[i].theirs.id);

		if (i)
			assert_true(
			    obligation_id_compare(&found[i - 1].ours.id, &found[i].ours.id) < 0);
		assert_int_equal(found[i].is_ours, mine != NULL);
		assert_int_equal(found[i].is_theirs, other != NULL);
		assert_true(mine || other);
		assert_true(!mine || same_item(mine, &found[i].ours));
		assert_true(!other || same_item(other, &found[i].theirs));
		assert_true(!mine || !other || !same_item(mine, other));
	}
}

/* --- an exchange --------------------------------------------------------------------------------------------- */

struct cost {
	unsigned round_trips;
	size_t sent, received, longest;
};

static struct cost exchange(struct array *ours, struct array *theirs)
{
	struct reconcile_set our_set = set_of(ours), their_set = set_of(theirs);
	struct buffer request = {0}, answer = {0};
	struct reconcile *reconcile;
	struct cost cost = {0};
	size_t count;

	assert_good(reconcile_create(&our_set, &reconcile));
	for (;;) {
		assert_good(reconcile_step(reconcile, buffer_span(&answer), &request));
		if (request.size == 0)
			break;
		buffer_clear(&answer);
		theirs->visited = 0;
		assert_good(reconcile_serve(&their_set, buffer_span(&request), &answer));
		assert_true(theirs->visited <= 3 * theirs->count);
		assert_true(request.size <= RECONCILE_MESSAGE_MAX);
		assert_true(answer.size <= RECONCILE_MESSAGE_MAX);
		cost.round_trips++;
		cost.sent += request.size;
		cost.received += answer.size;
		if (answer.size > cost.longest)
			cost.longest = answer.size;
	}
	const struct reconcile_difference *found = reconcile_differences(reconcile, &count);
	assert_is_difference(ours, theirs, found, count);
	reconcile_free(reconcile);
	buffer_free(&request);
	buffer_free(&answer);
	return cost;
}

/* The least r with 16^r >= n. */
static unsigned log16_of(size_t n)
{
	unsigned r = 0;

	for (size_t reach = 1; reach < n; reach *= 16)
		r++;
	return r;
}

static void equal_sets_cost_one_digest(void **state)
{
	uint64_t seed = 7;
	static const size_t sizes[] = {0, 1, 32, 33, 5000};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct array ours = array_fill(sizes[i], 70, &seed), theirs = array_copy(&ours);
		struct cost cost = exchange(&ours, &theirs);

		assert_int_equal(cost.round_trips, 1);
		/* [1, [[1, null, digest]]] and [1, [0]]: 3 + 1 + 1 + 1 + 17 bytes, and 4. */
		assert_int_equal(cost.sent, 23);
		assert_int_equal(cost.received, 4);
		free(ours.items);
		free(theirs.items);
	}
}

/* Digests from Python's hashlib: blake2b(struct.pack(">IQIq", epoch, sequence, line, amount) + line hash...)[:16]. */
static void messages_are_those_of_the_format(void **state)
{
	static const char first[] = "82018183"
				    "01f650"
				    "0e5751c026e543b2e8ab2eb06099daa1";
	static const char tags[] = "82018189"
				   "0201"
				   "19012c"
				   "0748"
				   "36979c545ebc46a4"
				   "00000248"
				   "9879c3cbcb996e18";
	struct array empty = array_make(0), two = array_make(2);
	struct reconcile_set ours = set_of(&empty), theirs = set_of(&two);
	struct buffer request = {0}, answer = {0};
	struct reconcile *reconcile;
	char text[2 * 200 + 1];

	(void)state;
	two.count = 2;
	two.items[0] = (struct reconcile_item){.id = {1, 300, 7}, .amount_fen = 123456};
	two.items[1] = (struct reconcile_item){.id = {1, 300, 9}, .amount_fen = -5};
	for (uint8_t i = 0; i < HASH_SIZE; i++) {
		two.items[0].line_hash.bytes[i] = i;
		two.items[1].line_hash.bytes[i] = (uint8_t)(100 + i);
	}
	assert_good(reconcile_create(&ours, &reconcile));
	assert_good(reconcile_step(reconcile, (struct span){NULL, 0}, &request));
	hex_write(buffer_span(&request), text);
	assert_string_equal(text, first);
	assert_good(reconcile_serve(&theirs, buffer_span(&request), &answer));
	assert_true(answer.size < 200);
	hex_write(buffer_span(&answer), text);
	assert_string_equal(text, tags);
	reconcile_free(reconcile);
	/* And the other way round: the digest of the two. */
	assert_good(reconcile_create(&theirs, &reconcile));
	assert_good(reconcile_step(reconcile, (struct span){NULL, 0}, &request));
	hex_write(buffer_span(&request), text);
	assert_string_equal(text, "8201818301f650ecd46d30a6ba68ae36ba3ec0c3fbdc1a");
	reconcile_free(reconcile);
	buffer_free(&request);
	buffer_free(&answer);
	free(empty.items);
	free(two.items);
}

/* Make `theirs` differ from `ours` in about `wanted` places. */
static void make_differ(struct array *ours, struct array *theirs, size_t wanted, uint64_t *state)
{
	for (size_t i = 0; i < wanted && ours->count > 1 && theirs->count > 1; i++) {
		size_t at = chance_below(state, theirs->count);

		switch (chance_below(state, 4)) {
		case 0:
			array_remove(theirs, at);
			break;
		case 1:
			array_remove(ours, chance_below(state, ours->count));
			break;
		case 2:
			theirs->items[at].amount_fen++;
			break;
		default:
			theirs->items[at].line_hash.bytes[31] ^= 1;
		}
	}
}

static void any_two_sets_give_their_difference(void **state)
{
	uint64_t seed = chance_seed("reconcile");

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		size_t count = chance_below(&seed, round % 10 == 0 ? 20000 : 700);
		size_t differ = chance_below(&seed, 1 + chance_below(&seed, 1 + count));
		struct array ours =
		    array_fill(count, 1 + (unsigned)chance_below(&seed, 200), &seed);
		struct array theirs = array_copy(&ours);

		make_differ(&ours, &theirs, differ, &seed);
		struct cost cost = exchange(&ours, &theirs);
		size_t n = ours.count > theirs.count ? ours.count : theirs.count;
		assert_true(cost.round_trips <= log16_of(n) + 2);
		free(ours.items);
		free(theirs.items);
	}
}

static void one_that_differs_at_either_edge_is_found(void **state)
{
	uint64_t seed = 11;
	struct array whole = array_fill(3000, 70, &seed);
	const size_t places[] = {0, 1, 15, 16, 17, 187, 188, 1500, 2998, 2999};

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct array less = array_copy(&whole), other = array_copy(&whole);

		array_remove(&less, places[i]);
		other.items[places[i]].amount_fen ^= 1;
		assert_true(exchange(&whole, &less).round_trips <= 5);
		assert_true(exchange(&less, &whole).round_trips <= 5);
		assert_true(exchange(&other, &whole).round_trips <= 5);
		free(less.items);
		free(other.items);
	}
	free(whole.items);
}

static void sets_that_have_nothing_in_common_are_told_whole(void **state)
{
	uint64_t seed = 12;
	struct array none = array_make(0), one = array_fill(1, 70, &seed),
		     many = array_fill(30000, 70, &seed), others = array_copy(&many);
	struct cost cost;

	(void)state;
	for (size_t i = 0; i < others.count; i++)
		others.items[i].amount_fen++;
	exchange(&none, &one);
	exchange(&one, &none);
	exchange(&one, &many);
	exchange(&many, &one);
	/* 30,000 items of some 40 bytes: more than a message holds. */
	cost = exchange(&none, &many);
	assert_true(cost.received > RECONCILE_MESSAGE_MAX);
	assert_true(cost.received < 30000 * 45);
	exchange(&many, &none);
	exchange(&many, &others);
	free(none.items);
	free(one.items);
	free(many.items);
	free(others.items);
}

/* A creditor that has nothing of a great day: it learns of as many as one round can do with, the lowest. */
static void an_exchange_ends_with_as_many_differences_as_one_round_takes(void **state)
{
	uint64_t seed = 19;
	struct array none = array_make(0), many = array_fill(130000, 70, &seed),
		     others = array_copy(&many);
	struct array *const ours[] = {&none, &others};

	(void)state;
	for (size_t i = 0; i < others.count; i++)
		others.items[i].amount_fen++;
	for (size_t way = 0; way < 2; way++) {
		struct reconcile_set our_set = set_of(ours[way]), their_set = set_of(&many);
		struct buffer request = {0}, answer = {0};
		struct reconcile *reconcile;
		size_t count;

		assert_good(reconcile_create(&our_set, &reconcile));
		for (;;) {
			assert_good(reconcile_step(reconcile, buffer_span(&answer), &request));
			if (request.size == 0)
				break;
			buffer_clear(&answer);
			assert_good(reconcile_serve(&their_set, buffer_span(&request), &answer));
		}
		const struct reconcile_difference *found = reconcile_differences(reconcile, &count);
		assert_int_equal(count, RECONCILE_DIFFERENCES_MAX);
		for (size_t i = 0; i < count; i++) {
			assert_true(found[i].is_theirs && found[i].is_ours == (way == 1));
			assert_true(way == 1 || same_item(&found[i].theirs, &many.items[i]));
			assert_true(i == 0 || obligation_id_compare(&found[i - 1].theirs.id,
						  &found[i].theirs.id) < 0);
		}
		reconcile_free(reconcile);
		buffer_free(&request);
		buffer_free(&answer);
	}
	free(none.items);
	free(many.items);
	free(others.items);
}

static void one_of_a_hundred_thousand_costs_two_kilobytes(void **state)
{
	uint64_t seed = 13;
	struct array ours = array_fill(100000, 70, &seed), theirs = array_copy(&ours);

	(void)state;
	theirs.items[54321].amount_fen++;
	struct cost cost = exchange(&ours, &theirs);
	/* Ranges of 6,250, 391 and 25 ids: three times sixteen digests (16 bytes and a bound of at most 10), and 25 tags. */
	assert_true(cost.round_trips <= 4);
	assert_true(cost.sent + cost.received < 3 * 16 * 28 + 32 * 14 + 200);
	free(ours.items);
	free(theirs.items);
}

static void a_set_that_holds_an_id_twice_is_refused(void **state)
{
	uint64_t seed = 14;
	struct array good = array_fill(500, 70, &seed), twice = array_copy(&good);
	struct reconcile_set set = set_of(&twice), other = set_of(&good);
	struct buffer request = {0}, answer = {0};
	struct reconcile *reconcile;

	(void)state;
	twice.items[301].id = twice.items[300].id;
	assert_good(reconcile_create(&set, &reconcile));
	assert_error(reconcile_step(reconcile, (struct span){NULL, 0}, &request), ERROR_CORRUPT);
	/* And the exchange is over. */
	assert_error(reconcile_step(reconcile, (struct span){NULL, 0}, &request), ERROR_CORRUPT);
	reconcile_free(reconcile);
	assert_good(reconcile_create(&other, &reconcile));
	assert_good(reconcile_step(reconcile, (struct span){NULL, 0}, &request));
	assert_error(reconcile_serve(&set, buffer_span(&request), &answer), ERROR_CORRUPT);
	reconcile_free(reconcile);
	buffer_free(&request);
	buffer_free(&answer);
	free(good.items);
	free(twice.items);
}

/* --- hostile peers ------------------------------------------------------------------------------------------- */

static struct span span_of_hex(struct buffer *out, const char *hex)
{
	size_t size = strlen(hex) / 2;

	buffer_clear(out);
	assert_good(hex_read(span_text(hex), buffer_extend(out, size), size));
	return buffer_span(out);
}

static void hostile_requests_are_refused(void **state)
{
	static const char *const requests[] = {
	    "", "80", "8101", "820280",                     /* version */
	    "820181",                                       /* cut short */
	    "82018100",                                     /* no array */
	    "8201818204f6",                                 /* unknown ask */
	    "8201818203f600",                               /* something behind it */
	    "8201818303f600",                               /* a field too many */
	    "8201818201f6",                                 /* to be compared with nothing */
	    "8201818301f64f000000000000000000000000000000", /* a short digest */
	    "8201818402000000",                             /* an empty range */
	    "820182840201010182020000f6",                   /* fields of another range */
	    "8201828202f68202f6",                           /* behind an open range */
	    "82018184020101",                               /* a bound cut short */
	    "8201818402201a00",                             /* a negative epoch */
	    "82018184021b00000001000000000000",             /* an epoch beyond 32 bits */
	    "8201818402011b800000000000000000",             /* an entry beyond 63 bits */
	    "9a7fffffff01", "82019a7fffffff",               /* counts beyond the bytes */
	};
	uint64_t seed = 15;
	struct array array = array_fill(200, 70, &seed);
	struct reconcile_set set = set_of(&array);
	struct buffer bytes = {0}, answer = {0};

	(void)state;
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		struct span request = span_of_hex(&bytes, requests[i]);

		assert_error(reconcile_serve(&set, request, &answer), ERROR_MALFORMED);
		assert_int_equal(answer.size, 0);
	}
	buffer_clear(&bytes);
	memset(buffer_extend(&bytes, RECONCILE_MESSAGE_MAX + 1), 0, RECONCILE_MESSAGE_MAX + 1);
	assert_error(reconcile_serve(&set, buffer_span(&bytes), &answer), ERROR_TOO_LARGE);
	buffer_free(&bytes);
	buffer_free(&answer);
	free(array.items);
}

/* The whole set asked for again and again, in as many ranges as a message holds: the answer is cut, the work bounded. */
static void a_request_of_many_ranges_costs_three_passes(void **state)
{
	uint64_t seed = 16;
	struct array array = array_fill(60000, 1000000000, &seed);
	struct reconcile_set set = set_of(&array);
	struct buffer ranges = {0}, request = {0}, answer = {0};
	size_t count = 0;

	(void)state;
	for (; ranges.size + 32 < RECONCILE_MESSAGE_MAX - 16; count++) {
		codec_put_array(&ranges, 4);
		codec_put_uint(&ranges, 2);
		codec_put_uint(&ranges, count == 0);
		codec_put_uint(&ranges, 0);
		codec_put_uint(&ranges, 1);
	}
	codec_put_array(&request, 2);
	codec_put_uint(&request, 1);
	codec_put_array(&request, count);
	buffer_append(&request, buffer_span(&ranges));
	assert_good(reconcile_serve(&set, buffer_span(&request), &answer));
	assert_true(answer.size <= RECONCILE_MESSAGE_MAX);
	assert_true(array.visited <= 3 * array.count);
	buffer_free(&ranges);
	buffer_free(&request);
	buffer_free(&answer);
	free(array.items);
}

/* The asking side is handed `answer` for its first request over 1,000 obligations. */
static enum error first_answer(struct span answer)
{
	uint64_t seed = 17;
	struct array array = array_fill(1000, 70, &seed);
	struct reconcile_set set = set_of(&array);
	struct buffer request = {0};
	struct reconcile *reconcile;

	assert_good(reconcile_create(&set, &reconcile));
	assert_good(reconcile_step(reconcile, (struct span){NULL, 0}, &request));
	enum error error = reconcile_step(reconcile, answer, &request);
	assert_true(error == ERROR_NONE || request.size == 0);
	reconcile_free(reconcile);
	buffer_free(&request);
	free(array.items);
	return error;
}

static void hostile_answers_end_the_exchange(void **state)
{
	static const char digest[] = "5000000000000000000000000000000000";
	static const char *const answers[] = {"80", "820280", "820180", /* nothing answered */
	    "8201820000",                                               /* more than was asked */
	    "82018101", "8201818100",                                   /* no such replies */
	    "8201818103f5", /* a list that nobody asked for */
	    "8201818203f5", "82018182020101", "820181850200000047000000000000ff",
	    /* the same id twice */
	    "82018189020105004800000000000000000000004800000000000000ff",
	    "82018185020105004800000000000000000000", /* bytes behind it */
	    "8201820000ff"};
	struct buffer bytes = {0};
	char text[600];

	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		assert_error(first_answer(span_of_hex(&bytes, answers[i])), ERROR_MALFORMED);
	/* One part; a part that does not begin behind the one before; seventeen. */
	snprintf(text, sizeof text, "8201818201%s", digest);
	assert_error(first_answer(span_of_hex(&bytes, text)), ERROR_MALFORMED);
	snprintf(text, sizeof text, "8201818601000000%s%s", digest, digest);
	assert_error(first_answer(span_of_hex(&bytes, text)), ERROR_MALFORMED);
	snprintf(text, sizeof text, "8201818601010000%s%s", digest, digest);
	assert_good(first_answer(span_of_hex(&bytes, text)));
	/* No tags at all: it has none of our 1,000. That is an answer. */
	assert_good(first_answer(span_of_hex(&bytes, "820181810"
						     "2")));
	buffer_clear(&bytes);
	memset(buffer_extend(&bytes, RECONCILE_MESSAGE_MAX + 1), 0, RECONCILE_MESSAGE_MAX + 1);
	assert_error(first_answer(buffer_span(&bytes)), ERROR_TOO_LARGE);
	buffer_free(&bytes);
}

/* A peer that never says "equal" and always finds a smaller range: every id space ends, and before it the patience. */
static void a_peer_that_splits_for_ever_is_left(void **state)
{
	uint64_t seed = 18;
	struct array array = array_fill(1000, 70, &seed);
	struct reconcile_set set = set_of(&array);
	struct buffer request = {0}, answer = {0};
	struct reconcile *reconcile;
	enum error error;
	unsigned steps = 0;

	(void)state;
	assert_good(reconcile_create(&set, &reconcile));
	do {
		uint8_t digest[RECONCILE_DIGEST_SIZE];

		chance_bytes(&seed, digest, sizeof digest);
		error = reconcile_step(reconcile, buffer_span(&answer), &request);
		buffer_clear(&answer);
		/* To the first range alone: two parts, of which the first holds one id. */
		codec_put_array(&answer, 2);
		codec_put_uint(&answer, 1);
		codec_put_array(&answer, 1);
		codec_put_array(&answer, 6);
		codec_put_uint(&answer, 1);
		codec_put_uint(&answer, 0);
		codec_put_uint(&answer, 0);
		codec_put_uint(&answer, 1);
		codec_put_bytes(&answer, span_of(digest, sizeof digest));
		codec_put_bytes(&answer, span_of(digest, sizeof digest));
		steps++;
	} while (!error && request.size);
	assert_true(error == ERROR_TOO_LARGE || error == ERROR_MALFORMED);
	assert_true(steps <= RECONCILE_STEPS_MAX + 1);
	reconcile_free(reconcile);
	buffer_free(&request);
	buffer_free(&answer);
	free(array.items);
}

/* Messages with bytes thrown about, in either direction: no more than an error, and an end. */
static void spoilt_messages_end_the_exchange(void **state)
{
	uint64_t seed = chance_seed("reconcile, spoilt");
	struct array ours = array_fill(2000, 30, &seed), theirs = array_copy(&ours);
	struct reconcile_set our_set = set_of(&ours), their_set = set_of(&theirs);

	(void)state;
	make_differ(&ours, &theirs, 40, &seed);
	for (unsigned round = 0; round < 400; round++) {
		struct buffer request = {0}, answer = {0};
		struct reconcile *reconcile;
		enum error error = ERROR_NONE;
		unsigned steps = 0;

		assert_good(reconcile_create(&our_set, &reconcile));
		while (!error) {
			struct buffer *spoilt = chance_below(&seed, 2) ? &request : &answer;

			error = reconcile_step(reconcile, buffer_span(&answer), &request);
			if (error || request.size == 0)
				break;
			buffer_clear(&answer);
			if (spoilt == &request && chance_below(&seed, 3) == 0)
				request.data[chance_below(&seed, request.size)] ^=
				    (uint8_t)(1 + chance_below(&seed, 255));
			error = reconcile_serve(&their_set, buffer_span(&request), &answer);
			if (!error && spoilt == &answer && chance_below(&seed, 3) == 0)
				answer.data[chance_below(&seed, answer.size)] ^=
				    (uint8_t)(1 + chance_below(&seed, 255));
			assert_true(++steps <= RECONCILE_STEPS_MAX);
		}
		assert_true(error == ERROR_NONE || error == ERROR_MALFORMED ||
			    error == ERROR_MISMATCH || error == ERROR_TOO_LARGE);
		reconcile_free(reconcile);
		buffer_free(&request);
		buffer_free(&answer);
	}
	free(ours.items);
	free(theirs.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equal_sets_cost_one_digest),
	    cmocka_unit_test(messages_are_those_of_the_format),
	    cmocka_unit_test(any_two_sets_give_their_difference),
	    cmocka_unit_test(one_that_differs_at_either_edge_is_found),
	    cmocka_unit_test(sets_that_have_nothing_in_common_are_told_whole),
	    cmocka_unit_test(an_exchange_ends_with_as_many_differences_as_one_round_takes),
	    cmocka_unit_test(one_of_a_hundred_thousand_costs_two_kilobytes),
	    cmocka_unit_test(a_set_that_holds_an_id_twice_is_refused),
	    cmocka_unit_test(hostile_requests_are_refused),
	    cmocka_unit_test(a_request_of_many_ranges_costs_three_passes),
	    cmocka_unit_test(hostile_answers_end_the_exchange),
	    cmocka_unit_test(a_peer_that_splits_for_ever_is_left),
	    cmocka_unit_test(spoilt_messages_end_the_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
