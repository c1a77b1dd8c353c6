/* How far other logs have come: heads asked for, joined, booked; forks and rollbacks found and proven; honest cities never frozen, whatever
 * becomes of requests and answers; what waits while a proof is awaited, and while a city is frozen. */
/* An officer by number here, by name in orders.h. */
#define order_officer order_officer_by_number
#include "nodes.h"
#undef order_officer

#include "clearing.h"
#include "exchange.h"
#include "heads.h"
#include "message.h"
#include "order.h"
#include "orders.h"
#include "replay.h"
#include "window.h"

#define CITY_COUNT 4
#define DAY_MS INT64_C(86400000)

struct region {
	char folder[200];
	struct site sites[CITY_COUNT]; /* Chengdu, Chongqing, Guangyuan, Nanchong */
	struct heads *heads;           /* Chengdu's */
};

static const uint32_t codes[CITY_COUNT] = {CHENGDU, CHONGQING, GUANGYUAN, NANCHONG};
#define SELF 0
#define PEER 2 /* Guangyuan */

/* How Chengdu's requests come to a city. */
struct way {
	struct region *region;
	struct site *site; /* who answers for that city */
	bool drop_proofs, garble_proofs, garble_heads;
	unsigned requests;
};

static void heads_open_fresh(struct region *region, uint32_t fresh_ms, int64_t big_fen)
{
	const struct heads_options options = {
	    .node = region->sites[SELF].node, .fresh_ms = fresh_ms, .big_fen = big_fen};

	if (region->heads) {
		settlement_gate(node_settlement(region->sites[SELF].node), NULL);
		heads_close(region->heads);
	}
	assert_int_equal(heads_open(&options, &region->heads), ERROR_NONE);
	settlement_gate(node_settlement(region->sites[SELF].node), heads_gate(region->heads));
}

static int set_up(void **state)
{
	struct region *region = calloc(1, sizeof *region);
	struct node *nodes[CITY_COUNT];
	struct error_detail detail = {""};
	struct delivery delivery;

	assert_non_null(region);
	folder_make(region->folder);
	for (uint32_t i = 0; i < CITY_COUNT; i++) {
		char name[8];

		snprintf(name, sizeof name, "%06u", (unsigned)codes[i]);
		site_make(&region->sites[i], region->folder, name, codes[i], (uint8_t)(i + 1));
		nodes[i] = region->sites[i].node;
	}
	if (node_introduce(nodes, CITY_COUNT, &detail) ||
	    node_deliver(nodes, CITY_COUNT, &delivery, &detail))
		fail_msg("%s", detail.text);
	heads_open_fresh(region, 0, 0);
	*state = region;
	return 0;
}

static int tear_down(void **state)
{
	struct region *region = *state;

	for (size_t i = 0; i < CITY_COUNT; i++)
		site_close(&region->sites[i]);
	heads_close(region->heads);
	folder_remove(region->folder);
	free(region);
	return 0;
}

static bool is_request(struct span request, const char *name)
{
	struct codec_reader reader = codec_reader(request);

	codec_array(&reader);
	codec_uint(&reader);
	return span_equal(codec_text(&reader), span_text(name));
}

static enum error carry(void *context, uint32_t peer, struct span request, struct buffer *answer,
    struct error_detail *detail)
{
	struct way *way = context;
	bool garble;

	(void)detail;
	way->requests++;
	assert_int_equal(peer, node_region(way->site->node));
	if (is_request(request, "proof") && way->drop_proofs)
		return ERROR_TIMEOUT;
	garble = is_request(request, "proof") ? way->garble_proofs : way->garble_heads;
	assert_int_equal(
	    exchange_serve(way->site->node, CHENGDU, request, answer, NULL), ERROR_NONE);
	if (garble)
		answer->data[answer->size - 3] ^= 1;
	return ERROR_NONE;
}

static enum error ask_by(struct region *region, struct way *way)
{
	const struct exchange_way through = {
	    .peer = node_region(way->site->node), .carry = carry, .context = way};
	struct error_detail detail = {""};

	return heads_ask(region->heads, &through, &detail);
}

static enum error ask(struct region *region, struct site *site)
{
	struct way way = {.region = region, .site = site};

	return ask_by(region, &way);
}

/* Let a log grow by so many entries. */
static void grow(struct site *site, unsigned count)
{
	static unsigned number;

	for (unsigned i = 0; i < count; i++) {
		struct answer answer;

		assert_int_equal(
		    order_officer_by_number(site->node, NULL, 1000 + number++, &answer),
		    ERROR_NONE);
		assert_int_equal(answer.error, ERROR_NONE);
	}
}

static struct trust_state state_of(struct site *site, uint32_t region)
{
	struct trust_state state;
	struct txn *txn;

	assert_int_equal(txn_begin_read(ledger_store(node_ledger(site->node)), &txn), ERROR_NONE);
	assert_int_equal(trust_state_get(txn, region, &state), ERROR_NONE);
	txn_abort(txn);
	return state;
}

/* Size of the booked head; 0: none. */
static uint64_t booked_of(struct site *site, uint32_t region)
{
	struct trust_head head;
	struct txn *txn;

	assert_int_equal(txn_begin_read(ledger_store(node_ledger(site->node)), &txn), ERROR_NONE);
	if (trust_head_get(txn, region, &head))
		head.size = 0;
	txn_abort(txn);
	return head.size;
}

static bool record(struct region *region)
{
	struct answer answer;

	assert_int_equal(heads_record(region->heads, &answer), ERROR_NONE);
	if (answer.error && answer.error != ERROR_STATE)
		fail_msg("%s: %s", error_name(answer.error), answer.detail.text);
	return !answer.error;
}

/* Another copy of a node's directory, as it is now: with the same keys. */
static void copy_site(struct region *region, struct site *site, struct site *copy, const char *name)
{
	char command[700];

	site_close(site);
	*copy = *site;
	snprintf(copy->directory, sizeof copy->directory, "%s/%s", region->folder, name);
	copy->options.seams.context = &copy->world;
	copy->world.seed.bytes[5] ^= 0x55;
	snprintf(command, sizeof command, "cp -r '%s' '%s'", site->directory, copy->directory);
	assert_int_equal(system(command), 0);
	site_open(site);
	site_open(copy);
}

static void verify_whole(struct site *site)
{
	struct txn *snapshot;
	struct replay_result result;
	struct error_detail detail = {""};
	struct note_verifier verifier;
	struct ledger_audit_result audit;
	const struct hash *key = settlement_registry_key(node_settlement(site->node));

	node_log_verifier(site->node, &verifier);
	assert_int_equal(
	    ledger_audit(node_ledger(site->node), &verifier, NULL, NULL, &audit), ERROR_NONE);
	assert_int_equal(
	    txn_begin_read(ledger_store(node_ledger(site->node)), &snapshot), ERROR_NONE);
	const struct replay_subject subject = {.ledger = node_ledger(site->node),
	    .snapshot = snapshot,
	    .origin = verifier.name,
	    .rules = {.region = node_region(site->node),
		.epoch = 1,
		.demo = true,
		.has_registry_key = true,
		.registry_key = *key}};
	if (replay_verify(&subject, &result, &detail))
		fail_msg("%s", detail.text);
	txn_abort(snapshot);
}

static void heads_go_on_and_are_booked_once_a_day_all_together(void **state)
{
	struct region *region = *state;
	struct site *self = &region->sites[SELF];
	struct heads_status status;
	uint64_t before;

	for (size_t i = 1; i < CITY_COUNT; i++)
		assert_int_equal(ask(region, &region->sites[i]), ERROR_NONE);
	before = site_head(self, NULL);
	assert_true(record(region));
	assert_int_equal(site_head(self, NULL), before + 1);
	for (size_t i = 1; i < CITY_COUNT; i++)
		assert_int_equal(booked_of(self, codes[i]), site_head(&region->sites[i], NULL));
	/* They grow, and are seen, and there is no entry before the day is over. */
	for (unsigned round = 0; round < 5; round++) {
		for (size_t i = 1; i < CITY_COUNT; i++) {
			grow(&region->sites[i], 3);
			assert_int_equal(ask(region, &region->sites[i]), ERROR_NONE);
			heads_state(region->heads, codes[i], &status);
			assert_int_equal(status.size, site_head(&region->sites[i], NULL));
			assert_false(status.awaited);
		}
		assert_false(record(region));
	}
	self->world.now_ms += DAY_MS;
	assert_true(record(region));
	assert_false(record(region));
	for (size_t i = 1; i < CITY_COUNT; i++)
		assert_int_equal(booked_of(self, codes[i]), site_head(&region->sites[i], NULL));
	/* Whoever does not grow is not booked again, however long. */
	self->world.now_ms += DAY_MS;
	for (size_t i = 1; i < CITY_COUNT; i++)
		assert_int_equal(ask(region, &region->sites[i]), ERROR_NONE);
	assert_false(record(region));
	verify_whole(self);
}

static void expect_frozen(struct region *region, uint32_t code, enum evidence_kind kind)
{
	struct trust_state found = state_of(&region->sites[SELF], code);

	assert_true(found.frozen);
	assert_int_equal(found.kind, kind);
	verify_whole(&region->sites[SELF]);
}

static void a_forked_city_is_found_by_who_sees_both(void **state)
{
	/* Sizes of the two branches beyond the fork: the same, the second larger, the first larger by one answer. */
	static const unsigned grown[][2] = {{1, 1}, {2, 7}, {1, 30}};
	struct region *region = *state;
	struct site *city = &region->sites[PEER], other;

	for (size_t i = 0; i < sizeof grown / sizeof *grown; i++) {
		uint32_t code = codes[1 + i];
		struct trust_state found;
		char name[16];

		city = &region->sites[1 + i];
		snprintf(name, sizeof name, "copy-%zu", i);
		assert_int_equal(ask(region, city), ERROR_NONE);
		copy_site(region, city, &other, name);
		grow(city, grown[i][0]);
		assert_int_equal(ask(region, city), ERROR_NONE);
		found = state_of(&region->sites[SELF], code);
		assert_false(found.frozen);
		grow(&other, grown[i][1]);
		assert_int_equal(ask(region, &other), ERROR_NONE);
		expect_frozen(region, code, EVIDENCE_FORK);
		site_close(&other);
	}
}

static void a_fork_is_found_after_a_restart_of_who_has_booked_a_head(void **state)
{
	struct region *region = *state;
	struct site *city = &region->sites[PEER], other;

	copy_site(region, city, &other, "copy");
	grow(city, 4);
	assert_int_equal(ask(region, city), ERROR_NONE);
	assert_true(record(region));
	/* Nothing of the memory is left. */
	site_close(&region->sites[SELF]);
	heads_close(region->heads);
	region->heads = NULL;
	site_open(&region->sites[SELF]);
	heads_open_fresh(region, 0, 0);
	grow(&other, 12);
	assert_int_equal(ask(region, &other), ERROR_NONE);
	expect_frozen(region, GUANGYUAN, EVIDENCE_FORK);
	site_close(&other);
}

static void a_city_that_goes_back_is_found(void **state)
{
	struct region *region = *state;
	struct site *city = &region->sites[PEER], older;

	copy_site(region, city, &older, "older");
	grow(city, 5);
	assert_int_equal(ask(region, city), ERROR_NONE);
	/* The backup is played back, and answers. */
	assert_int_equal(ask(region, &older), ERROR_NONE);
	expect_frozen(region, GUANGYUAN, EVIDENCE_ROLLBACK);
	/* The others are not. */
	assert_int_equal(ask(region, &region->sites[1]), ERROR_NONE);
	assert_false(state_of(&region->sites[SELF], CHONGQING).frozen);
	site_close(&older);
}

/* What is to outlive the process. */
static struct buffer written(struct region *region)
{
	struct buffer bytes = {0};
	uint64_t changes;

	assert_int_equal(heads_write(region->heads, &bytes, &changes), ERROR_NONE);
	assert_int_equal(changes, heads_changes(region->heads));
	return bytes;
}

/* Nothing of the memory is left but these bytes. */
static enum error restart_with(struct region *region, struct span bytes)
{
	site_close(&region->sites[SELF]);
	heads_close(region->heads);
	region->heads = NULL;
	site_open(&region->sites[SELF]);
	heads_open_fresh(region, 0, 0);
	return heads_read(region->heads, bytes);
}

/* Its head was booked, and another seen on the same day; then both are down, and it comes back as its backup. */
static void a_city_that_goes_back_while_we_are_down_is_found(void **state)
{
	static const unsigned grown_again[] = {0, 2, 40}; /* less than was seen, and more */
	struct region *region = *state;

	for (size_t i = 0; i < sizeof grown_again / sizeof *grown_again; i++) {
		struct site *city = &region->sites[1 + i], older;
		struct heads_status status;
		struct buffer bytes;
		uint64_t seen;
		char name[16];

		snprintf(name, sizeof name, "older-%zu", i);
		assert_int_equal(ask(region, city), ERROR_NONE);
		assert_true(record(region));
		grow(city, 3);
		copy_site(region, city, &older, name);
		grow(city, 5);
		assert_int_equal(ask(region, city), ERROR_NONE);
		seen = site_head(city, NULL);
		assert_true(booked_of(&region->sites[SELF], codes[1 + i]) < seen);
		bytes = written(region);
		assert_int_equal(restart_with(region, buffer_span(&bytes)), ERROR_NONE);
		heads_state(region->heads, codes[1 + i], &status);
		assert_true(status.known);
		assert_int_equal(status.size, seen);
		assert_int_equal(
		    status.checked_ms, -1); /* before much is signed it is asked anew */
		grow(&older, grown_again[i]);
		assert_int_equal(ask(region, &older), ERROR_NONE);
		expect_frozen(
		    region, codes[1 + i], grown_again[i] < 5 ? EVIDENCE_ROLLBACK : EVIDENCE_FORK);
		buffer_free(&bytes);
		site_close(&older);
	}
}

/* An honest one is not, and its heads go on to be booked. */
static void a_city_that_goes_on_while_we_are_down_is_not(void **state)
{
	struct region *region = *state;
	struct site *city = &region->sites[PEER];
	struct buffer bytes;
	uint64_t changes;

	assert_int_equal(ask(region, city), ERROR_NONE);
	assert_true(record(region));
	grow(city, 5);
	changes = heads_changes(region->heads);
	assert_int_equal(ask(region, city), ERROR_NONE);
	assert_int_equal(heads_changes(region->heads), changes + 1);
	/* Seen again and no larger: nothing to write. */
	assert_int_equal(ask(region, city), ERROR_NONE);
	assert_int_equal(heads_changes(region->heads), changes + 1);
	bytes = written(region);
	assert_int_equal(restart_with(region, buffer_span(&bytes)), ERROR_NONE);
	buffer_free(&bytes);
	grow(city, 7);
	assert_int_equal(ask(region, city), ERROR_NONE);
	assert_false(state_of(&region->sites[SELF], GUANGYUAN).frozen);
	region->sites[SELF].world.now_ms += DAY_MS;
	assert_true(record(region));
	assert_int_equal(booked_of(&region->sites[SELF], GUANGYUAN), site_head(city, NULL));
	verify_whole(&region->sites[SELF]);
}

/* Whatever stands in the file: what its city has not signed was not seen, and what was booked still is. */
static void a_file_of_heads_that_was_changed_freezes_nobody(void **state)
{
	struct region *region = *state;
	struct site *city = &region->sites[PEER];
	struct heads_status status;
	struct buffer bytes;
	uint64_t booked;

	assert_int_equal(ask(region, city), ERROR_NONE);
	assert_true(record(region));
	booked = site_head(city, NULL);
	grow(city, 5);
	assert_int_equal(ask(region, city), ERROR_NONE);
	bytes = written(region);
	for (size_t size = 0; size < bytes.size; size += 7)
		assert_int_equal(restart_with(region, span_of(bytes.data, size)), ERROR_MALFORMED);
	for (size_t at = 0; at < bytes.size; at += 2) {
		uint8_t bit = (uint8_t)(1u << at % 7);
		enum error error;

		bytes.data[at] ^= bit;
		error = restart_with(region, buffer_span(&bytes));
		bytes.data[at] ^= bit;
		assert_true(error == ERROR_NONE || error == ERROR_MALFORMED);
		heads_state(region->heads, GUANGYUAN, &status);
		/* As it was signed, or not at all. */
		assert_true(!status.known || status.size == site_head(city, NULL));
		assert_int_equal(ask(region, city), ERROR_NONE);
		assert_false(state_of(&region->sites[SELF], GUANGYUAN).frozen);
	}
	assert_int_equal(booked_of(&region->sites[SELF], GUANGYUAN), booked);
	buffer_free(&bytes);
}

static void a_city_that_goes_back_and_then_on_is_a_fork(void **state)
{
	struct region *region = *state;
	struct site *city = &region->sites[PEER], older;

	copy_site(region, city, &older, "older");
	grow(city, 5);
	assert_int_equal(ask(region, city), ERROR_NONE);
	grow(&older, 9);
	assert_int_equal(ask(region, &older), ERROR_NONE);
	expect_frozen(region, GUANGYUAN, EVIDENCE_FORK);
	site_close(&older);
}

/* Requests that come back late, doubled, in another order, or not at all, while the city's log grows. */
struct storm {
	struct region *region;
	uint64_t random;
	unsigned depth, asked;
};

static unsigned chance(struct storm *storm, unsigned of)
{
	storm->random = storm->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(storm->random >> 33) % of;
}

static enum error carry_stormy(void *context, uint32_t peer, struct span request,
    struct buffer *answer, struct error_detail *detail);

static void ask_in_storm(struct storm *storm)
{
	const struct exchange_way through = {
	    .peer = codes[PEER], .carry = carry_stormy, .context = storm};
	struct error_detail detail = {""};
	enum error error;

	if (storm->depth >= 6 || storm->asked >= 400)
		return;
	storm->depth++;
	storm->asked++;
	error = heads_ask(storm->region->heads, &through, &detail);
	if (error && error != ERROR_TIMEOUT)
		fail_msg("%s: %s", error_name(error), detail.text);
	storm->depth--;
}

static enum error carry_stormy(void *context, uint32_t peer, struct span request,
    struct buffer *answer, struct error_detail *detail)
{
	struct storm *storm = context;

	(void)peer;
	(void)detail;
	/* Other askings overtake this one, before it is served and after. */
	if (chance(storm, 3) == 0)
		ask_in_storm(storm);
	if (chance(storm, 8) == 0)
		return ERROR_TIMEOUT;
	if (chance(storm, 2) == 0)
		grow(&storm->region->sites[PEER], 1 + chance(storm, 3));
	assert_int_equal(
	    exchange_serve(storm->region->sites[PEER].node, CHENGDU, request, answer, NULL),
	    ERROR_NONE);
	if (chance(storm, 3) == 0)
		ask_in_storm(storm);
	if (chance(storm, 3) == 0 && storm->depth == 1)
		(void)record(storm->region);
	return chance(storm, 8) == 0 ? ERROR_TIMEOUT : ERROR_NONE;
}

static void an_honest_city_is_never_frozen_in_whatever_order_answers_come(void **state)
{
	struct region *region = *state;
	const char *seed = getenv("SEED");
	struct storm storm = {
	    .region = region, .random = seed ? strtoull(seed, NULL, 10) : 20261128};
	struct heads_status status;

	print_message("seed %llu\n", (unsigned long long)storm.random);
	while (storm.asked < 150) {
		ask_in_storm(&storm);
		region->sites[SELF].world.now_ms += DAY_MS / 10;
		assert_false(state_of(&region->sites[SELF], GUANGYUAN).frozen);
	}
	assert_int_equal(ask(region, &region->sites[PEER]), ERROR_NONE);
	heads_state(region->heads, GUANGYUAN, &status);
	assert_int_equal(status.size, site_head(&region->sites[PEER], NULL));
	assert_false(status.awaited);
	verify_whole(&region->sites[SELF]);
}

/* Obligations that Guangyuan owes Chengdu, the same on both sides. How claims make them is tested elsewhere. */
static void owe(struct site *site, uint32_t payer, uint32_t creditor, int64_t fen)
{
	struct ledger *ledger = node_ledger(site->node);
	struct obligation obligation = {
	    .payer = payer, .creditor = creditor, .epoch = 1, .sequence = 1, .amount_fen = fen};
	struct txn *txn;

	assert_int_equal(ledger_begin(ledger, &txn), ERROR_NONE);
	assert_int_equal(window_open_number(txn, payer, creditor, &obligation.window), ERROR_NONE);
	obligation.sequence += obligation.window;
	assert_int_equal(obligation_add(txn, &obligation), ERROR_NONE);
	assert_int_equal(ledger_commit(ledger, txn), ERROR_NONE);
}

static struct site *site_of(struct region *region, uint32_t code)
{
	for (size_t i = 0; i < CITY_COUNT; i++) {
		if (codes[i] == code)
			return &region->sites[i];
	}
	return NULL;
}

static void owe_both(struct region *region, uint32_t payer, uint32_t creditor, int64_t fen)
{
	owe(site_of(region, payer), payer, creditor, fen);
	owe(site_of(region, creditor), payer, creditor, fen);
}

static bool cut(struct site *site)
{
	struct answer answer;
	bool any;

	assert_int_equal(order_cut(site->node, NULL, NULL, &any, &answer), ERROR_NONE);
	if (any && answer.error)
		fail_msg("%s", answer.detail.text);
	return any;
}

static enum window_state window_state_of(struct site *site, uint32_t payer, uint32_t creditor)
{
	struct window_row row;
	struct txn *txn;

	assert_int_equal(txn_begin_read(ledger_store(node_ledger(site->node)), &txn), ERROR_NONE);
	assert_int_equal(window_get(txn, payer, creditor, 1, &row), ERROR_NONE);
	txn_abort(txn);
	return row.state;
}

/* One batch from one city to another: what stops it. */
static enum error deliver_one(struct site *from, struct site *to)
{
	struct buffer request = {0}, answer = {0};
	struct exchange_outcome outcome = {.stuck = ERROR_NONE};
	uint32_t count;

	assert_int_equal(
	    exchange_offer(from->node, node_region(to->node), &request, &count), ERROR_NONE);
	if (count > 0) {
		assert_int_equal(exchange_serve(to->node, node_region(from->node),
				     buffer_span(&request), &answer, NULL),
		    ERROR_NONE);
		assert_int_equal(exchange_book(from->node, node_region(to->node),
				     buffer_span(&answer), &outcome),
		    ERROR_NONE);
		assert_int_equal(outcome.refused, 0);
	}
	buffer_free(&request);
	buffer_free(&answer);
	return outcome.stuck;
}

static void a_proof_that_is_not_given_freezes_nothing_and_nothing_is_signed(void **state)
{
	struct region *region = *state;
	struct site *self = &region->sites[SELF], *peer = &region->sites[PEER];
	struct way ways[] = {
	    {.drop_proofs = true}, {.garble_proofs = true}, {.garble_heads = true}};
	struct heads_status status;

	owe_both(region, GUANGYUAN, CHENGDU, 12345);
	assert_int_equal(ask(region, peer), ERROR_NONE);
	assert_true(cut(peer));
	for (size_t i = 0; i < 3; i++) {
		ways[i].site = peer;
		grow(peer, 2);
		assert_int_not_equal(ask_by(region, &ways[i]), ERROR_NONE);
		heads_state(region->heads, GUANGYUAN, &status);
		assert_true(status.awaited);
		assert_true(heads_due(region->heads, CHONGQING));
		assert_false(state_of(self, GUANGYUAN).frozen);
		/* The statement is not agreed to, nor refused: it waits where it is. */
		assert_int_equal(deliver_one(peer, self), ERROR_PROOF_AWAITED);
		assert_int_equal(window_state_of(self, GUANGYUAN, CHENGDU), WINDOW_OPEN);
		assert_int_equal(ask(region, peer), ERROR_NONE);
		heads_state(region->heads, GUANGYUAN, &status);
		assert_false(status.awaited);
	}
	assert_int_equal(deliver_one(peer, self), ERROR_NONE);
	assert_int_equal(window_state_of(self, GUANGYUAN, CHENGDU), WINDOW_AGREED);
}

static void before_much_is_signed_a_fresh_head_is_asked_for(void **state)
{
	struct region *region = *state;
	struct site *self = &region->sites[SELF], *peer = &region->sites[PEER];

	heads_open_fresh(region, 600000, 100000);
	/* A fen less than much: at once. */
	owe_both(region, CHONGQING, CHENGDU, 99999);
	assert_true(cut(&region->sites[1]));
	assert_int_equal(deliver_one(&region->sites[1], self), ERROR_NONE);
	assert_int_equal(window_state_of(self, CHONGQING, CHENGDU), WINDOW_AGREED);
	owe_both(region, GUANGYUAN, CHENGDU, 100000);
	assert_true(cut(peer));
	assert_int_equal(deliver_one(peer, self), ERROR_PROOF_AWAITED);
	assert_true(heads_due(region->heads, GUANGYUAN));
	assert_int_equal(ask(region, peer), ERROR_NONE);
	assert_int_equal(deliver_one(peer, self), ERROR_NONE);
	assert_int_equal(window_state_of(self, GUANGYUAN, CHENGDU), WINDOW_AGREED);
}

/* Guangyuan frozen at Chengdu, by a rollback. */
static void freeze(struct region *region)
{
	struct site *city = &region->sites[PEER], older;

	copy_site(region, city, &older, "older");
	grow(city, 3);
	assert_int_equal(ask(region, city), ERROR_NONE);
	assert_int_equal(ask(region, &older), ERROR_NONE);
	assert_true(state_of(&region->sites[SELF], GUANGYUAN).frozen);
	site_close(&older);
}

static enum error clear(struct site *low, uint32_t peer)
{
	struct answer answer;

	assert_int_equal(order_clearing(low->node, 202609, peer, 1, NULL, &answer), ERROR_NONE);
	return answer.error;
}

static enum clearing_state clearing_state_of(struct site *site, uint32_t low, uint32_t high)
{
	struct clearing_row row;
	struct txn *txn;

	assert_int_equal(txn_begin_read(ledger_store(node_ledger(site->node)), &txn), ERROR_NONE);
	assert_int_equal(clearing_get(txn, 202609, low, high, &row), ERROR_NONE);
	txn_abort(txn);
	return row.state;
}

static void deliver_all(struct region *region)
{
	/* More rounds than any chain of answers is long. */
	for (unsigned round = 0; round < 8; round++) {
		for (size_t i = 0; i < CITY_COUNT; i++) {
			for (size_t k = 0; k < CITY_COUNT; k++) {
				enum error error;

				if (i == k)
					continue;
				error = deliver_one(&region->sites[i], &region->sites[k]);
				if (i == PEER && k == SELF)
					assert_true(!error || error == ERROR_PEER_FROZEN);
				else
					assert_int_equal(error, ERROR_NONE);
			}
		}
	}
}

static void the_other_pairs_settle_their_month_while_one_city_is_frozen(void **state)
{
	static const uint32_t pairs[][2] = {{500000, 510100}, {510100, 510800}, {510100, 511300},
	    {500000, 510800}, {500000, 511300}, {510800, 511300}};
	struct region *region = *state;
	struct site *self = &region->sites[SELF];
	uint64_t waiting;
	struct txn *txn;

	freeze(region);
	for (size_t i = 0; i < 6; i++) {
		owe_both(region, pairs[i][0], pairs[i][1], 1000 + (int64_t)i);
		owe_both(region, pairs[i][1], pairs[i][0], 2000 + (int64_t)i);
	}
	grow(&region->sites[PEER], 1);
	for (size_t i = 0; i < CITY_COUNT; i++)
		assert_true(cut(&region->sites[i]));
	/* Nothing more is to be cut, and a window with the frozen city is not. */
	assert_false(cut(self));
	deliver_all(region);
	assert_int_equal(window_state_of(self, CHENGDU, GUANGYUAN), WINDOW_OPEN);
	assert_int_equal(window_state_of(self, GUANGYUAN, CHENGDU), WINDOW_OPEN);
	for (size_t i = 0; i < CITY_COUNT; i++)
		region->sites[i].world.now_ms += 60 * DAY_MS; /* past the 20th of October */
	for (size_t i = 0; i < 6; i++) {
		bool frozen = pairs[i][0] == CHENGDU && pairs[i][1] == GUANGYUAN;

		assert_int_equal(clear(site_of(region, pairs[i][0]), pairs[i][1]),
		    frozen ? ERROR_PEER_FROZEN : ERROR_NONE);
	}
	deliver_all(region);
	for (size_t i = 0; i < 6; i++) {
		if (pairs[i][0] == CHENGDU && pairs[i][1] == GUANGYUAN)
			continue;
		for (int side = 0; side < 2; side++)
			assert_int_equal(clearing_state_of(site_of(region, pairs[i][side]),
					     pairs[i][0], pairs[i][1]),
			    CLEARING_NETTED);
	}
	/* Guangyuan's statement waits with it; no refusal has been booked for it. */
	assert_int_equal(
	    txn_begin_read(ledger_store(node_ledger(region->sites[PEER].node)), &txn), ERROR_NONE);
	assert_int_equal(outbox_waiting(txn, CHENGDU, &waiting), ERROR_NONE);
	txn_abort(txn);
	assert_true(waiting > 0);
}

static void what_waits_for_a_frozen_city_waits_here_and_is_not_lost(void **state)
{
	struct region *region = *state;
	struct site *self = &region->sites[SELF], *peer = &region->sites[PEER];
	struct buffer request = {0};
	struct answer answer;
	uint64_t before;
	uint32_t count;

	freeze(region);
	assert_int_equal(order_institution(self->node, USCC_ONE, CHENGDU, &answer), ERROR_NONE);
	assert_int_equal(exchange_offer(self->node, GUANGYUAN, &request, &count), ERROR_NONE);
	assert_int_equal(count, 0);
	assert_int_equal(exchange_offer(self->node, CHONGQING, &request, &count), ERROR_NONE);
	assert_true(count > 0);
	buffer_free(&request);
	/* Its own: neither booked nor refused. */
	before = site_head(self, NULL);
	assert_int_equal(order_institution(peer->node, USCC_TWO, GUANGYUAN, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_NONE);
	assert_int_equal(deliver_one(peer, self), ERROR_PEER_FROZEN);
	assert_int_equal(site_head(self, NULL), before);
}

/* Officers. */

static struct secret_key officer_key(unsigned number)
{
	struct hash seed = {{1}};
	struct secret_key key;

	be32_write(seed.bytes + 1, number);
	key_from_seed(&seed, &key);
	return key;
}

static void add_officers(struct site *site)
{
	for (unsigned i = 1; i <= 3; i++) {
		struct answer answer;

		assert_int_equal(order_officer_by_number(site->node, NULL, i, &answer), ERROR_NONE);
		assert_int_equal(answer.error, ERROR_NONE);
	}
}

static enum error unfreeze(
    struct site *site, unsigned officer, const struct hash *evidence, const struct hash *proposal)
{
	struct secret_key key = officer_key(officer);
	struct answer answer;

	assert_int_equal(order_unfreeze(site->node, GUANGYUAN, evidence, proposal,
			     officer ? &key : NULL, &answer),
	    ERROR_NONE);
	return answer.error;
}

static void only_two_officers_unfreeze_and_name_the_evidence(void **state)
{
	struct region *region = *state;
	struct site *self = &region->sites[SELF];
	struct trust_state found;
	struct hash wrong = {{0}}, first;
	struct buffer line = {0};
	struct secret_key key = officer_key(9);
	struct node_order second_key = {.kind = KIND_officer, .count = 1};
	struct answer answer;

	add_officers(self);
	found = state_of(self, GUANGYUAN);
	assert_int_equal(unfreeze(self, 1, &found.evidence, NULL), ERROR_STATE); /* not frozen */
	freeze(region);
	found = state_of(self, GUANGYUAN);
	assert_int_equal(unfreeze(self, 1, &wrong, NULL), ERROR_MISMATCH);
	assert_int_equal(unfreeze(self, 0, &found.evidence, NULL), ERROR_REFUSED); /* the city */
	assert_int_equal(unfreeze(self, 8, &found.evidence, NULL), ERROR_UNKNOWN_KEY);
	assert_int_equal(unfreeze(self, 1, &found.evidence, &wrong), ERROR_MISMATCH);
	assert_int_equal(unfreeze(self, 1, &found.evidence, NULL), ERROR_NONE);
	found = state_of(self, GUANGYUAN);
	first = found.proposal;
	assert_true(found.frozen && found.proposed);
	assert_string_equal(found.proposer, "officer/officer-1");
	assert_int_equal(unfreeze(self, 1, &found.evidence, &first), ERROR_REFUSED);
	/* Not with a second key of the same officer either. */
	codec_put_array(&line, 3);
	codec_put_uint(&line, 1);
	codec_put_text(&line, span_text("officer-1"));
	codec_put_bytes(&line, span_of(key.public.bytes, PUBLIC_KEY_SIZE));
	second_key.lines = buffer_span(&line);
	assert_int_equal(node_order(self->node, &second_key, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_NONE);
	buffer_free(&line);
	assert_int_equal(unfreeze(self, 9, &found.evidence, &first), ERROR_REFUSED);
	/* The first key of officer-1 has ended by that: a proposal of an officer's dead key stands no more. */
	assert_int_equal(unfreeze(self, 2, &found.evidence, &first), ERROR_REFUSED);
	assert_int_equal(unfreeze(self, 2, &found.evidence, NULL), ERROR_NONE);
	found = state_of(self, GUANGYUAN);
	assert_int_equal(unfreeze(self, 3, &found.evidence, &first), ERROR_MISMATCH);
	assert_int_equal(unfreeze(self, 3, &found.evidence, &found.proposal), ERROR_NONE);
	assert_false(state_of(self, GUANGYUAN).frozen);
	assert_int_equal(booked_of(self, GUANGYUAN), 0);
	verify_whole(self);
	/* Life goes on: documents are booked, heads are the first again. */
	assert_int_equal(deliver_one(&region->sites[PEER], self), ERROR_NONE);
	assert_int_equal(ask(region, &region->sites[PEER]), ERROR_NONE);
	assert_false(state_of(self, GUANGYUAN).frozen);
	assert_true(record(region));
	assert_true(booked_of(self, GUANGYUAN) > 0);
	verify_whole(self);
}

/* What was seen before officers have unfrozen a city does not count, also if it stands in the file. */
static void what_was_seen_before_a_city_was_unfrozen_is_forgotten_with_the_file(void **state)
{
	struct region *region = *state;
	struct site *self = &region->sites[SELF], *city = &region->sites[PEER], older;
	struct trust_state found;
	struct buffer bytes;

	add_officers(self);
	copy_site(region, city, &older, "older");
	grow(city, 5);
	assert_int_equal(ask(region, city), ERROR_NONE);
	bytes = written(region);
	assert_int_equal(ask(region, &older), ERROR_NONE);
	expect_frozen(region, GUANGYUAN, EVIDENCE_ROLLBACK);
	found = state_of(self, GUANGYUAN);
	assert_int_equal(unfreeze(self, 1, &found.evidence, NULL), ERROR_NONE);
	found = state_of(self, GUANGYUAN);
	assert_int_equal(unfreeze(self, 3, &found.evidence, &found.proposal), ERROR_NONE);
	assert_int_equal(restart_with(region, buffer_span(&bytes)), ERROR_NONE);
	assert_int_equal(ask(region, &older), ERROR_NONE);
	assert_false(state_of(self, GUANGYUAN).frozen);
	buffer_free(&bytes);
	site_close(&older);
}

/* What decide is handed is checked by it, whoever hands it in. */
static void evidence_that_proves_nothing_freezes_nobody(void **state)
{
	struct region *region = *state;
	struct site *self = &region->sites[SELF], *peer = &region->sites[PEER];
	const uint8_t nonce[HEAD_NONCE_SIZE] = {1};
	struct way way = {.region = region, .site = peer};
	const struct exchange_way through = {.peer = GUANGYUAN, .carry = carry, .context = &way};
	struct evidence evidence = {.kind = EVIDENCE_FORK, .region = GUANGYUAN};
	struct buffer first = {0}, second = {0}, foreign = {0};
	struct error_detail detail;
	uint64_t from = site_head(peer, NULL), before;

	assert_int_equal(exchange_head_ask(&through, nonce, &first, &detail), ERROR_NONE);
	grow(peer, 6);
	assert_int_equal(exchange_head_ask(&through, nonce, &second, &detail), ERROR_NONE);
	assert_int_equal(exchange_proof_ask(
			     &through, from, from + 6, &evidence.old_root, &evidence.path, &detail),
	    ERROR_NONE);
	const struct exchange_way other = {.peer = CHONGQING, .carry = carry, .context = &way};
	way.site = &region->sites[1];
	assert_int_equal(exchange_head_ask(&other, nonce, &foreign, &detail), ERROR_NONE);
	before = site_head(self, NULL);
	for (int i = 0; i < 5; i++) {
		struct evidence made = evidence;
		struct node_order order = {.kind = KIND_frozen, .parameter_count = 1};
		struct buffer bytes = {0};
		struct answer answer;

		made.first = i == 4 ? buffer_span(&foreign) : buffer_span(&first);
		made.second = buffer_span(&second);
		if (i == 1)
			made.old_root.bytes[0] ^= 1;
		if (i == 2) {
			made.kind = EVIDENCE_ROLLBACK;
			made.first = buffer_span(&second);
			made.second = buffer_span(&first);
		}
		if (i == 3)
			made.region = 510500; /* not known */
		evidence_write(&bytes, &made);
		order.parameters = buffer_span(&bytes);
		assert_int_equal(node_order(self->node, &order, &answer), ERROR_NONE);
		assert_int_equal(answer.error, i == 3   ? ERROR_NOT_FOUND
					       : i == 4 ? ERROR_UNKNOWN_KEY
							: ERROR_NOT_VERIFIED);
		buffer_free(&bytes);
	}
	assert_int_equal(site_head(self, NULL), before);
	buffer_free(&first);
	buffer_free(&second);
	buffer_free(&foreign);
}

static void requests_that_ask_for_what_is_not_there_are_answered_as_such(void **state)
{
	struct region *region = *state;
	struct site *peer = &region->sites[PEER];
	struct way way = {.region = region, .site = peer};
	const struct exchange_way through = {.peer = GUANGYUAN, .carry = carry, .context = &way};
	const uint64_t size = site_head(peer, NULL);
	const uint64_t wrong[][2] = {{0, 1}, {0, 0}, {2, 1}, {1, size + 1}, {size + 1, size + 1},
	    {UINT64_MAX / 2, UINT64_MAX / 2}};
	struct error_detail detail;
	struct merkle_proof path;
	struct hash root, head;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(
		    exchange_proof_ask(&through, wrong[i][0], wrong[i][1], &root, &path, &detail),
		    ERROR_REFUSED);
	for (uint64_t from = 1; from <= size; from++) {
		assert_int_equal(
		    exchange_proof_ask(&through, from, size, &root, &path, &detail), ERROR_NONE);
		site_head(peer, &head);
		assert_int_equal(
		    merkle_check_consistency(from, size, &root, &head, path.hashes, path.count),
		    ERROR_NONE);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(heads_go_on_and_are_booked_once_a_day_all_together),
	    TEST(a_forked_city_is_found_by_who_sees_both),
	    TEST(a_fork_is_found_after_a_restart_of_who_has_booked_a_head),
	    TEST(a_city_that_goes_back_is_found),
	    TEST(a_city_that_goes_back_while_we_are_down_is_found),
	    TEST(a_city_that_goes_on_while_we_are_down_is_not),
	    TEST(a_file_of_heads_that_was_changed_freezes_nobody),
	    TEST(a_city_that_goes_back_and_then_on_is_a_fork),
	    TEST(an_honest_city_is_never_frozen_in_whatever_order_answers_come),
	    TEST(a_proof_that_is_not_given_freezes_nothing_and_nothing_is_signed),
	    TEST(before_much_is_signed_a_fresh_head_is_asked_for),
	    TEST(the_other_pairs_settle_their_month_while_one_city_is_frozen),
	    TEST(what_waits_for_a_frozen_city_waits_here_and_is_not_lost),
	    TEST(only_two_officers_unfreeze_and_name_the_evidence),
	    TEST(what_was_seen_before_a_city_was_unfrozen_is_forgotten_with_the_file),
	    TEST(evidence_that_proves_nothing_freezes_nobody),
	    TEST(requests_that_ask_for_what_is_not_there_are_answered_as_such),
	};

	return cmocka_run_group_tests_name("net/heads", tests, NULL, NULL);
}
