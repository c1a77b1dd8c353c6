/* The link in one process: what one city books the other learns once, in order, whatever is lost or
 * comes twice on the way. */
#include "nodes.h"
#include "uscc.h"

#include <sys/stat.h>

#include "embedded.h"
#include "message.h"

#define CITIES 4

static const uint32_t regions[CITIES] = {CHONGQING, CHENGDU, GUANGYUAN, NANCHONG};

struct cities {
	char folder[200];
	struct site sites[CITIES];
	struct node *nodes[CITIES];
	size_t count;
};

static void cities_make(struct cities *cities, size_t count, uint8_t seed)
{
	memset(cities, 0, sizeof *cities);
	folder_make(cities->folder);
	cities->count = count;
	for (size_t i = 0; i < count; i++) {
		char name[16];

		snprintf(name, sizeof name, "%06u", (unsigned)regions[i]);
		site_make(&cities->sites[i], cities->folder, name, regions[i], seed);
		cities->nodes[i] = cities->sites[i].node;
	}
}

static void cities_remove(struct cities *cities)
{
	for (size_t i = 0; i < cities->count; i++)
		site_close(&cities->sites[i]);
	folder_remove(cities->folder);
}

static void introduce(struct cities *cities)
{
	struct error_detail detail = {""};

	if (node_introduce(cities->nodes, cities->count, &detail))
		fail_msg("%s", detail.text);
}

static struct delivery deliver(struct cities *cities)
{
	struct error_detail detail = {""};
	struct delivery delivery;

	if (node_deliver(cities->nodes, cities->count, &delivery, &detail))
		fail_msg("%s", detail.text);
	return delivery;
}

static int set_up_two(void **state)
{
	struct cities *cities = calloc(1, sizeof *cities);

	assert_non_null(cities);
	cities_make(cities, 2, 1);
	introduce(cities);
	*state = cities;
	return 0;
}

static int tear_down(void **state)
{
	cities_remove(*state);
	free(*state);
	return 0;
}

static struct txn *reading(struct node *node)
{
	struct txn *txn;

	assert_int_equal(txn_begin_read(ledger_store(node_ledger(node)), &txn), ERROR_NONE);
	return txn;
}

static bool knows_institution(struct node *node, const char *uscc)
{
	const struct institution_row *row;
	struct txn *txn = reading(node);
	enum error error = institution_get(txn, uscc, &row);

	txn_abort(txn);
	return error == ERROR_NONE;
}

static uint64_t waiting(struct node *from, const struct node *to)
{
	struct txn *txn = reading(from);
	uint64_t count;

	assert_int_equal(outbox_waiting(txn, node_region(to), &count), ERROR_NONE);
	txn_abort(txn);
	return count;
}

static void register_institution(struct node *node, const char *uscc)
{
	struct answer answer;

	assert_int_equal(order_institution(node, uscc, node_region(node), &answer), ERROR_NONE);
	if (answer.error)
		fail_msg("%s", answer.detail.text);
}

static void introduced_cities_know_each_others_keys_and_policies(void **state)
{
	struct cities cities;

	(void)state;
	cities_make(&cities, CITIES, 1);
	introduce(&cities);
	for (size_t i = 0; i < CITIES; i++) {
		for (size_t k = 0; k < CITIES; k++) {
			char party[KEYRING_PARTY_SIZE];
			struct keyring_key key;
			struct txn *txn = reading(cities.nodes[i]);

			snprintf(party, sizeof party, "city/%06u", (unsigned)regions[k]);
			assert_int_equal(keyring_current(txn, party, "document", &key), ERROR_NONE);
			assert_memory_equal(
			    &key.key, &node_document_key(cities.nodes[k])->public, sizeof key.key);
			txn_abort(txn);
			assert_non_null(
			    settlement_policy(node_settlement(cities.nodes[i]), regions[k]));
			assert_int_equal(waiting(cities.nodes[i], cities.nodes[k]), 0);
		}
	}
	cities_remove(&cities);
}

static void introducing_again_changes_nothing(void **state)
{
	struct cities *cities = *state;
	struct hash before[2], after[2];

	for (int i = 0; i < 2; i++)
		site_head(&cities->sites[i], &before[i]);
	introduce(cities);
	for (int i = 0; i < 2; i++) {
		site_head(&cities->sites[i], &after[i]);
		assert_true(hash_equal(&before[i], &after[i]));
	}
}

static void a_city_that_comes_late_learns_what_was_registered_before(void **state)
{
	struct cities *cities = *state;
	struct error_detail detail = {""};
	struct site late;

	register_institution(cities->nodes[1], USCC_ONE);
	site_make(&late, cities->folder, "late", GUANGYUAN, 1);
	struct node *nodes[] = {late.node, cities->nodes[1]};
	if (node_introduce(nodes, 2, &detail))
		fail_msg("%s", detail.text);
	assert_true(knows_institution(late.node, USCC_ONE));
	site_close(&late);
}

static void a_demo_node_stays_a_stranger_to_a_real_one(void **state)
{
	struct cities *cities = *state;
	struct node_create_options create = {.region = GUANGYUAN};
	struct error_detail detail = {""};
	struct site real;
	uint64_t size = site_head(&cities->sites[0], NULL);

	site_prepare(&real, cities->folder, "real", GUANGYUAN, 1);
	create.node = real.options;
	assert_int_equal(node_create(real.directory, &create, &detail), ERROR_NONE);
	site_open(&real);
	struct node *nodes[] = {cities->nodes[0], real.node};
	assert_int_equal(node_introduce(nodes, 2, &detail), ERROR_REFUSED);
	assert_non_null(strstr(detail.text, "demo"));
	assert_int_equal(site_head(&cities->sites[0], NULL), size);
	assert_int_equal(site_head(&real, NULL), 2);
	site_close(&real);
}

static void an_institution_registered_at_one_city_is_known_at_the_other(void **state)
{
	struct cities *cities = *state;
	struct delivery delivery;

	register_institution(cities->nodes[1], USCC_ONE);
	assert_false(knows_institution(cities->nodes[0], USCC_ONE));
	assert_int_equal(waiting(cities->nodes[1], cities->nodes[0]), 1);
	delivery = deliver(cities);
	assert_int_equal(delivery.delivered, 1);
	assert_int_equal(delivery.refused, 0);
	assert_int_equal(delivery.acknowledgements, 1);
	assert_true(knows_institution(cities->nodes[0], USCC_ONE));
	assert_int_equal(waiting(cities->nodes[1], cities->nodes[0]), 0);
}

static void delivering_when_nothing_waits_changes_nothing(void **state)
{
	struct cities *cities = *state;
	struct hash before[2], after[2];
	struct delivery delivery;

	register_institution(cities->nodes[1], USCC_ONE);
	deliver(cities);
	for (int i = 0; i < 2; i++)
		site_head(&cities->sites[i], &before[i]);
	delivery = deliver(cities);
	assert_int_equal(delivery.delivered + delivery.refused + delivery.acknowledgements, 0);
	for (int i = 0; i < 2; i++) {
		site_head(&cities->sites[i], &after[i]);
		assert_true(hash_equal(&before[i], &after[i]));
	}
}

/* The ledger of a site as it is now, kept under another name; the site is closed for it. */
static void site_keep(struct site *site, const char *name)
{
	char path[600];
	struct error_detail detail = {""};

	snprintf(path, sizeof path, "%s/%s", site->directory, name);
	assert_int_equal(mkdir(path, 0700), 0);
	if (store_copy(ledger_store(node_ledger(site->node)), path, &detail))
		fail_msg("%s", detail.text);
}

static void site_restore(struct cities *cities, size_t index, const char *name)
{
	struct site *site = &cities->sites[index];
	char from[600], to[600];

	site_close(site);
	snprintf(to, sizeof to, "%s/ledger", site->directory);
	snprintf(from, sizeof from, "%s/%s", site->directory, name);
	folder_remove(to);
	assert_int_equal(rename(from, to), 0);
	site_open(site);
	cities->nodes[index] = site->node;
}

static void documents_whose_acknowledgement_was_lost_come_twice_and_change_nothing(void **state)
{
	struct cities *cities = *state;
	struct hash before, after;
	struct delivery delivery;

	register_institution(cities->nodes[1], USCC_ONE);
	register_institution(cities->nodes[1], USCC_TWO);
	site_keep(&cities->sites[1], "unanswered");
	assert_int_equal(deliver(cities).delivered, 2);
	site_head(&cities->sites[0], &before);
	site_restore(cities, 1, "unanswered");
	assert_int_equal(waiting(cities->nodes[1], cities->nodes[0]), 2);
	delivery = deliver(cities);
	assert_int_equal(delivery.delivered, 0);
	assert_int_equal(delivery.acknowledgements, 1);
	assert_int_equal(waiting(cities->nodes[1], cities->nodes[0]), 0);
	site_head(&cities->sites[0], &after);
	assert_true(hash_equal(&before, &after));
}

static void an_answer_that_comes_late_is_the_same_answer(void **state)
{
	struct cities *cities = *state;
	struct txn *txn;
	struct entry_reader first, second;
	uint64_t sequence;

	register_institution(cities->nodes[1], USCC_ONE);
	site_keep(&cities->sites[1], "unanswered");
	deliver(cities);
	sequence = site_head(&cities->sites[1], NULL) - 1;
	assert_int_equal(site_kind(&cities->sites[1], sequence), KIND_acknowledged);
	txn = reading(cities->nodes[1]);
	assert_int_equal(ledger_read(txn, sequence, &first), ERROR_NONE);
	struct hash document = document_hash(first.entry.documents[0]);
	entry_free(&first);
	txn_abort(txn);
	/* The receiver has booked more meanwhile. */
	register_institution(cities->nodes[0], USCC_TWO);
	site_restore(cities, 1, "unanswered");
	deliver(cities);
	txn = reading(cities->nodes[1]);
	bool found = false;
	for (uint64_t i = 0; i < site_head(&cities->sites[1], NULL); i++) {
		assert_int_equal(ledger_read(txn, i, &second), ERROR_NONE);
		struct hash hash = document_hash(second.entry.documents[0]);
		found = found || hash_equal(&hash, &document);
		entry_free(&second);
	}
	assert_true(found);
	txn_abort(txn);
}

/* A message by hand: [1, from, to, 1, number, [item]], signed by `from`. */
static enum error say(struct node *from, struct node *to, const char *name, uint64_t number,
    struct span item, struct answer *answer)
{
	struct buffer payload = {0}, document = {0};
	struct submission submission = {0};
	enum error error;

	codec_put_array(&payload, 6);
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, node_region(from));
	codec_put_uint(&payload, node_region(to));
	codec_put_uint(&payload, 1);
	codec_put_uint(&payload, number);
	codec_put_array(&payload, 1);
	buffer_append(&payload, item);
	document_sign(&document, name, node_document_key(from), buffer_span(&payload));
	assert_int_equal(document.failed, ERROR_NONE);
	submission.document = buffer_span(&document);
	error = node_submit(to, &submission, answer);
	buffer_free(&payload);
	buffer_free(&document);
	return error;
}

/* The built-in catalogue of a region as another version. */
static void policy_item(struct buffer *out, uint32_t region, unsigned version)
{
	struct span text = policy_embedded(region);
	struct buffer changed = {0};
	const char *mark = "\nversion: 1\n";
	const uint8_t *at = memmem(text.data, text.size, mark, strlen(mark));

	assert_non_null(at);
	buffer_append(&changed, span_of(text.data, (size_t)(at - text.data)));
	buffer_append_format(&changed, "\nversion: %u\n", version);
	at += strlen(mark);
	buffer_append(&changed, span_of(at, (size_t)(text.data + text.size - at)));
	codec_put_bytes(out, buffer_span(&changed));
	assert_int_equal(out->failed, ERROR_NONE);
	buffer_free(&changed);
}

static void publish_policy(struct node *node, unsigned version)
{
	struct buffer item = {0};
	struct node_order order = {.kind = KIND_policy, .parameter_count = 1};
	struct answer answer;

	policy_item(&item, node_region(node), version);
	order.parameters = buffer_span(&item);
	assert_int_equal(node_order(node, &order, &answer), ERROR_NONE);
	if (answer.error)
		fail_msg("%s", answer.detail.text);
	buffer_free(&item);
}

static void acknowledge(struct node *receiver, struct node *sender, uint64_t number)
{
	struct buffer item = {0};
	struct answer answer;

	codec_put_array(&item, 2);
	codec_put_uint(&item, number);
	codec_put_uint(&item, 0);
	assert_int_equal(
	    say(receiver, sender, "acknowledged", 0, buffer_span(&item), &answer), ERROR_NONE);
	if (answer.error)
		fail_msg("%s", answer.detail.text);
	buffer_free(&item);
}

/* Bring two cities to where the next policy of the sender is refused: the receiver holds version 9
 * of it, told as document 2, while the sender's own document 2 counts as acknowledged. */
static void prepare_refusal(struct node *sender, struct node *receiver)
{
	struct buffer item = {0};
	struct answer answer;

	register_institution(sender, USCC_ONE);
	policy_item(&item, node_region(sender), 9);
	assert_int_equal(
	    say(sender, receiver, "policy_notice", 2, buffer_span(&item), &answer), ERROR_NONE);
	if (answer.error)
		fail_msg("%s", answer.detail.text);
	acknowledge(receiver, sender, 2);
	buffer_free(&item);
}

static void a_refused_document_is_an_entry_on_both_sides_and_blocks_nothing(void **state)
{
	struct cities *cities = *state;
	struct node *sender = cities->nodes[1], *receiver = cities->nodes[0];
	struct delivery delivery;
	uint64_t at_sender, at_receiver;

	prepare_refusal(sender, receiver);
	publish_policy(sender, 2);              /* document 3 */
	register_institution(sender, USCC_TWO); /* document 4 */
	at_sender = site_head(&cities->sites[1], NULL);
	at_receiver = site_head(&cities->sites[0], NULL);
	delivery = deliver(cities);
	assert_int_equal(delivery.delivered, 1);
	assert_int_equal(delivery.refused, 1);
	assert_int_equal(delivery.acknowledgements, 1);
	assert_int_equal(site_kind(&cities->sites[0], at_receiver), KIND_refusal);
	assert_int_equal(site_kind(&cities->sites[0], at_receiver + 1), KIND_institution_notice);
	assert_int_equal(site_kind(&cities->sites[1], at_sender), KIND_refused);
	assert_int_equal(site_kind(&cities->sites[1], at_sender + 1), KIND_acknowledged);
	assert_true(knows_institution(receiver, USCC_TWO));
	assert_int_equal(waiting(sender, receiver), 0);
	/* [sender's peer, [hash, number, name]] */
	struct entry_reader reader;
	struct txn *txn = reading(sender);
	char name[32];
	assert_int_equal(ledger_read(txn, at_sender, &reader), ERROR_NONE);
	struct codec_reader line = codec_reader(reader.entry.lines);
	codec_array_exact(&line, 2);
	assert_int_equal(codec_uint(&line), CHONGQING);
	codec_array_exact(&line, 3);
	codec_bytes(&line);
	assert_int_equal(codec_uint(&line), 3);
	codec_text_copy(&line, name, sizeof name);
	assert_int_equal(codec_finish(&line), ERROR_NONE);
	assert_string_equal(name, "conflict");
	entry_free(&reader);
	txn_abort(txn);
}

static void a_refusal_that_was_lost_is_handed_over_again(void **state)
{
	struct cities *cities = *state;
	struct delivery delivery;

	prepare_refusal(cities->nodes[1], cities->nodes[0]);
	publish_policy(cities->nodes[1], 2);
	site_keep(&cities->sites[1], "unanswered");
	assert_int_equal(deliver(cities).refused, 1);
	register_institution(cities->nodes[0], USCC_TWO); /* the log goes on */
	site_restore(cities, 1, "unanswered");
	struct node *only[] = {cities->nodes[1], cities->nodes[0]};
	struct error_detail detail = {""};
	uint64_t size = site_head(&cities->sites[1], NULL);
	assert_int_equal(node_deliver(only, 2, &delivery, &detail), ERROR_NONE);
	assert_int_equal(delivery.refused, 0); /* not refused a second time */
	bool refused = false;
	for (uint64_t i = size; i < site_head(&cities->sites[1], NULL); i++)
		refused = refused || site_kind(&cities->sites[1], i) == KIND_refused;
	assert_true(refused);
	assert_int_equal(waiting(cities->nodes[1], cities->nodes[0]), 0);
}

static void a_sender_that_lost_its_memory_is_not_acknowledged(void **state)
{
	struct cities *cities = *state;
	struct error_detail detail = {""};
	struct delivery delivery;

	site_keep(&cities->sites[1], "backup");
	register_institution(cities->nodes[1], USCC_ONE);
	deliver(cities);
	site_restore(cities, 1, "backup");
	register_institution(
	    cities->nodes[1], USCC_TWO); /* another document under the same number */
	assert_int_equal(node_deliver(cities->nodes, 2, &delivery, &detail), ERROR_CONFLICT);
	assert_non_null(strstr(detail.text, "510100 to 500000, document 2"));
	assert_int_equal(delivery.delivered, 0);
	assert_int_equal(waiting(cities->nodes[1], cities->nodes[0]), 1);
	assert_false(knows_institution(cities->nodes[0], USCC_TWO));
}

static void a_receiver_restored_from_a_backup_is_told_of_the_gap(void **state)
{
	struct cities *cities = *state;
	struct error_detail detail = {""};
	struct delivery delivery;

	site_keep(&cities->sites[0], "backup");
	register_institution(cities->nodes[1], USCC_ONE);
	deliver(cities);
	site_restore(cities, 0, "backup");
	register_institution(cities->nodes[1], USCC_TWO);
	assert_int_equal(node_deliver(cities->nodes, 2, &delivery, &detail), ERROR_GAP);
	assert_non_null(strstr(detail.text, "510100 to 500000, document 3"));
	assert_false(knows_institution(cities->nodes[0], USCC_TWO));
}

static void a_document_of_a_stranger_leaves_nothing_behind(void **state)
{
	struct cities *cities = *state;
	struct buffer item = {0};
	struct answer answer;
	struct site stranger;
	uint64_t size = site_head(&cities->sites[0], NULL);

	site_make(&stranger, cities->folder, "stranger", GUANGYUAN, 1);
	policy_item(&item, GUANGYUAN, 2);
	assert_int_equal(
	    say(stranger.node, cities->nodes[0], "policy_notice", 1, buffer_span(&item), &answer),
	    ERROR_NONE);
	assert_int_equal(answer.error, ERROR_UNKNOWN_KEY);
	assert_int_equal(site_head(&cities->sites[0], NULL), size);
	buffer_free(&item);
	site_close(&stranger);
}

#define MANY 1100

static void many_documents_go_in_few_groups_and_fewer_acknowledgements(void **state)
{
	struct cities *cities = *state;
	struct delivery delivery;
	char uscc[USCC_SIZE + 1];

	for (unsigned i = 0; i < MANY; i++) {
		uscc_make(i, uscc);
		register_institution(cities->nodes[1], uscc);
	}
	delivery = deliver(cities);
	assert_int_equal(delivery.delivered, MANY);
	assert_int_equal(delivery.acknowledgements, 2); /* batches of 1,024 */
	assert_true(knows_institution(cities->nodes[0], uscc));
	assert_int_equal(waiting(cities->nodes[1], cities->nodes[0]), 0);
}

/* The same deeds, whatever the order in which the nodes are named. */
static void write_all(struct cities *cities)
{
	introduce(cities);
	register_institution(cities->sites[1].node, USCC_ONE);
	deliver(cities);
	register_institution(cities->sites[0].node, USCC_TWO);
	publish_policy(cities->sites[2].node, 2);
	deliver(cities);
}

static void one_seed_gives_the_same_logs_byte_for_byte(void **state)
{
	struct cities runs[2], other;
	struct hash root, other_root;

	(void)state;
	for (int r = 0; r < 2; r++) {
		cities_make(&runs[r], CITIES, 7);
		if (r == 1) {
			struct node *first = runs[r].nodes[0];
			runs[r].nodes[0] = runs[r].nodes[3];
			runs[r].nodes[3] = first;
		}
		write_all(&runs[r]);
	}
	for (int i = 0; i < CITIES; i++) {
		struct txn *a = reading(runs[0].sites[i].node), *b = reading(runs[1].sites[i].node);
		uint64_t size = site_head(&runs[0].sites[i], NULL);
		struct span header[2], body[2], note[2];

		assert_int_equal(site_head(&runs[1].sites[i], NULL), size);
		for (uint64_t n = 0; n < size; n++) {
			assert_int_equal(ledger_get(a, n, &header[0], &body[0]), ERROR_NONE);
			assert_int_equal(ledger_get(b, n, &header[1], &body[1]), ERROR_NONE);
			assert_true(span_equal(header[0], header[1]));
			assert_true(span_equal(body[0], body[1]));
		}
		assert_int_equal(ledger_checkpoint(a, &note[0]), ERROR_NONE);
		assert_int_equal(ledger_checkpoint(b, &note[1]), ERROR_NONE);
		assert_true(span_equal(note[0], note[1]));
		txn_abort(a);
		txn_abort(b);
	}
	cities_make(&other, CITIES, 8);
	write_all(&other);
	site_head(&runs[0].sites[0], &root);
	site_head(&other.sites[0], &other_root);
	assert_false(hash_equal(&root, &other_root));
	cities_remove(&runs[0]);
	cities_remove(&runs[1]);
	cities_remove(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_two, tear_down)
	    cmocka_unit_test(introduced_cities_know_each_others_keys_and_policies),
	    TEST(introducing_again_changes_nothing),
	    TEST(a_city_that_comes_late_learns_what_was_registered_before),
	    TEST(a_demo_node_stays_a_stranger_to_a_real_one),
	    TEST(an_institution_registered_at_one_city_is_known_at_the_other),
	    TEST(delivering_when_nothing_waits_changes_nothing),
	    TEST(documents_whose_acknowledgement_was_lost_come_twice_and_change_nothing),
	    TEST(an_answer_that_comes_late_is_the_same_answer),
	    TEST(a_refused_document_is_an_entry_on_both_sides_and_blocks_nothing),
	    TEST(a_refusal_that_was_lost_is_handed_over_again),
	    TEST(a_sender_that_lost_its_memory_is_not_acknowledged),
	    TEST(a_receiver_restored_from_a_backup_is_told_of_the_gap),
	    TEST(a_document_of_a_stranger_leaves_nothing_behind),
	    TEST(many_documents_go_in_few_groups_and_fewer_acknowledgements),
	    cmocka_unit_test(one_seed_gives_the_same_logs_byte_for_byte),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
