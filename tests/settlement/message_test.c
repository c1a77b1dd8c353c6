/* Documents of another city that may not say what they say, or say what cannot be: refused by the rules, never by the books. Each is signed
 * by that city and has its turn. */
#include "town.h"

#include "clearing.h"
#include "message.h"

#define JUNE 202606u

struct fixture {
	struct town chengdu, chongqing, guangyuan;
	struct town *towns[3];
	struct town_post post;
};

static const char beds[] = CATALOGUE("510100", "1") DAILY(
    "bed_subsidy", "bed", "home", "2026-01-01", "50.00", "city", "    takes_capacity: true\n");
static const char beds_of_chongqing[] = CATALOGUE("500000", "1") DAILY(
    "bed_subsidy", "bed", "home", "2026-01-01", "60.00", "city", "    takes_capacity: true\n");
static const char beds_of_guangyuan[] =
    CATALOGUE("510800", "1") DAILY("bed_subsidy", "bed", "home", "2026-01-01", "40.00", "city", "");

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	*state = fixture;
	fixture->towns[0] = &fixture->chengdu;
	fixture->towns[1] = &fixture->chongqing;
	fixture->towns[2] = &fixture->guangyuan;
	town_open(&fixture->chengdu, CHENGDU, span_text(beds), &fixture->post);
	town_open(&fixture->chongqing, CHONGQING, span_text(beds_of_chongqing), &fixture->post);
	town_open(&fixture->guangyuan, GUANGYUAN, span_text(beds_of_guangyuan), &fixture->post);
	town_introduce(fixture->towns, 3, &fixture->post);
	town_house(&fixture->chengdu, HOUSE_A, CHENGDU, 100);
	for (size_t i = 0; i < 3; i++) {
		town_fund(fixture->towns[i], "city", 100000);
		town_at(fixture->towns[i], day(2026, 7, 3));
	}
	town_carry(fixture->towns, 3, &fixture->post);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	for (size_t i = 0; i < 3; i++)
		town_close(fixture->towns[i]);
	town_post_free(&fixture->post);
	free(fixture);
	return 0;
}

/* A document of `from` with the next number, whatever it says. `items` are freed. */
static enum error say(struct town *from, struct town *to, const char *name, struct buffer *items,
    size_t count, struct span attachment)
{
	struct buffer document = {0};
	struct decision decision;
	struct txn *txn;
	decision_init(&decision);
	decision_clear(&decision);
	assert_int_equal(txn_begin_read(ledger_store(from->ledger), &txn), ERROR_NONE);
	struct buffer *payload =
	    message_begin(from->settlement, txn, &decision, to->region, name, count);
	txn_abort(txn);
	assert_non_null(payload);
	buffer_append(payload, buffer_span(items));
	document_sign(&document, name, &from->document_key, buffer_span(payload));
	enum error error = town_submit(to, buffer_span(&document), attachment);
	buffer_free(&document);
	buffer_free(items);
	decision_free(&decision);
	return error;
}

/* A person of Chongqing in a house of Chengdu, all June; nothing is claimed yet. */
static uint64_t guest(struct fixture *fixture, uint32_t serial)
{
	uint64_t person =
	    town_person(&fixture->chongqing, serial, day(1940, 1, 1), INCOME_MINIMUM, 0);
	town_file(&fixture->chongqing, person, CHENGDU, day(2026, 6, 1), DAY_NEVER);
	town_carry(fixture->towns, 3, &fixture->post);
	town_stay(&fixture->chengdu, HOUSE_A, person, day(2026, 6, 1), day(2026, 6, 30));
	town_carry(fixture->towns, 3, &fixture->post);
	return person;
}

static void claim(struct fixture *fixture, uint64_t person)
{
	town_claim_one(&fixture->chengdu, HOUSE_A, CHONGQING, JUNE, "bed_subsidy", person, 1, 30);
}

/* --- descriptors ---------------------------------------------------------------------------------------------- */

static enum error introduce(
    struct town *town, const struct descriptor *descriptor, const struct secret_key *root)
{
	struct buffer document = {0};
	descriptor_sign(&document, descriptor, root);
	enum error error = town_submit(town, buffer_span(&document), (struct span){NULL, 0});
	buffer_free(&document);
	return error;
}

static struct descriptor descriptor_of(uint32_t region, uint64_t number)
{
	return (struct descriptor){.region = region,
	    .epoch = 1,
	    .number = number,
	    .demo = true,
	    .origin = "n.example/ledger/1",
	    .root = town_key(region, 1).public,
	    .document = town_key(region, 2).public,
	    .log = town_key(region, 3).public,
	    .witness = town_key(region, 4).public,
	    .link = town_key(region, 5).public};
}

static void a_city_that_brings_keys_of_others_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct town *town = &fixture->chengdu;
	const struct secret_key root = town_key(NANCHONG, 1);
	struct descriptor descriptor = descriptor_of(NANCHONG, 1);
	descriptor.document = fixture->chongqing.document_key.public;
	assert_int_equal(introduce(town, &descriptor, &root), ERROR_CONFLICT);
	descriptor.document = town_house_key(HOUSE_A).public;
	assert_int_equal(introduce(town, &descriptor, &root), ERROR_CONFLICT);
	descriptor.document = descriptor.log;
	assert_int_equal(introduce(town, &descriptor, &root), ERROR_CONFLICT);
	descriptor.document = root.public;
	assert_int_equal(introduce(town, &descriptor, &root), ERROR_CONFLICT);
	descriptor = descriptor_of(NANCHONG, 1);
	assert_int_equal(introduce(town, &descriptor, &root), ERROR_NONE);
}

/* What was replaced does not come back, also not under another origin; nor does a key that has ended. */
static void a_descriptor_with_a_lower_number_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct town *town = &fixture->chengdu;
	const struct secret_key root = town_key(NANCHONG, 1);
	struct descriptor first = descriptor_of(NANCHONG, 1), second = descriptor_of(NANCHONG, 2);
	second.document = town_key(NANCHONG, 12).public;
	snprintf(second.origin, sizeof(second.origin), "n.example/ledger/other");
	assert_int_equal(introduce(town, &first, &root), ERROR_NONE);
	assert_int_equal(introduce(town, &second, &root), ERROR_NONE);
	assert_int_equal(introduce(town, &first, &root), ERROR_REPEAT);
	assert_int_equal(introduce(town, &second, &root), ERROR_REPEAT);
	first.number = 3;
	assert_int_equal(introduce(town, &first, &root), ERROR_CONFLICT);
}

/* New keys of the city itself come in by an order: its own policy is not sent to itself, where it would wait for ever. */
static void a_new_descriptor_of_the_own_city_writes_to_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct town *town = &fixture->chengdu;
	struct descriptor descriptor = descriptor_of(CHENGDU, 2);
	struct buffer document = {0}, parameter = {0};
	uint64_t number, sequence, waiting = 1;
	uint32_t index;
	descriptor.link = town_key(CHENGDU, 15).public;
	descriptor_sign(&document, &descriptor, &town->root_key);
	codec_put_bytes(&parameter, buffer_span(&document));
	assert_int_equal(town_order(town, KIND_peer, &parameter, 1, NULL, 0), ERROR_NONE);
	assert_int_equal(town->decision.outgoing_count, 0);
	struct txn *txn;
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	assert_int_equal(outbox_next(txn, CHENGDU, 0, &number, &sequence, &index), ERROR_NOT_FOUND);
	assert_int_equal(outbox_waiting(txn, CHENGDU, &waiting), ERROR_NONE);
	assert_int_equal(waiting, 0);
	txn_abort(txn);
	buffer_free(&document);
}

/* --- sizes ---------------------------------------------------------------------------------------------------- */

/* A catalogue of nearly 1 MiB, told to five cities, would make an entry of more than 4 MiB. */
static void what_would_make_too_large_an_entry_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct town *town = &fixture->chengdu;
	const uint32_t others[] = {NANCHONG, 510500, 510600};
	struct buffer yaml = {0};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const struct secret_key root = town_key(others[i], 1);
		const struct descriptor descriptor = descriptor_of(others[i], 1);
		assert_int_equal(introduce(town, &descriptor, &root), ERROR_NONE);
	}
	buffer_append_text(&yaml, CATALOGUE("510100", "2") DAILY("bed_subsidy", "bed", "home",
				      "2026-01-01", "50.00", "city", ""));
	while (yaml.size < 1000000)
		buffer_append_text(
		    &yaml, "# a long explanation of why it is as it is, which nobody reads\n");
	assert_int_equal(town_policy(town, buffer_span(&yaml)), ERROR_TOO_LARGE);
	buffer_free(&yaml);
}

/* --- endorsements --------------------------------------------------------------------------------------------- */

/* A sheet of one line for all of June, signed with `key`, endorsed by `host` as its officer's. */
static enum error endorse(struct town *host, struct town *payer, const char *uscc, uint64_t person,
    const struct secret_key *key)
{
	const struct hash secret = {{0x77}};
	struct sheet_header header = {.number = ++host->numbers,
	    .host = host->region,
	    .payer = payer->region,
	    .month = JUNE,
	    .programme_count = 1,
	    .count = 1};
	struct buffer lines = {0}, file = {0}, item = {0};
	struct span document, read_lines;
	struct hash read_secret, hash;
	uint32_t count;
	memcpy(header.uscc, uscc, USCC_SIZE);
	snprintf(header.programme_codes[0], PROGRAMME_CODE_SIZE, "bed_subsidy");
	sheet_line_write(&lines, person, 0, 1, 30, AS_THE_POLICY_GIVES, (struct span){NULL, 0}, 0);
	assert_int_equal(sheet_sign(&file, &header, &secret, buffer_span(&lines), key), ERROR_NONE);
	assert_int_equal(
	    sheet_file_read(buffer_span(&file), &document, &read_secret, &count, &read_lines),
	    ERROR_NONE);
	hash = document_hash(document);
	codec_put_array(&item, 10);
	codec_put_bytes(&item, hash_span(&hash));
	codec_put_uint(&item, 99);
	codec_put_int(&item, day(2026, 7, 3));
	codec_put_bool(&item, true);
	codec_put_uint(&item, host->region);
	codec_put_null(&item);
	codec_put_null(&item);
	codec_put_uint(&item, 3000);
	codec_put_uint(&item, 0);
	codec_put_bytes(&item, span_of(key->public.bytes, PUBLIC_KEY_SIZE));
	enum error error = say(host, payer, "endorsement", &item, 1, buffer_span(&file));
	buffer_free(&lines);
	buffer_free(&file);
	return error;
}

/* A key belongs to one party for ever: a sheet that the city itself has signed was entered by nobody. */
static void a_sheet_under_a_key_of_another_purpose_is_refused(void **state)
{
	struct fixture *fixture = *state;
	const struct secret_key officer = town_key(CHONGQING, 77);
	uint64_t person = town_person(&fixture->chengdu, 1, day(1940, 1, 1), INCOME_MINIMUM, 0);
	assert_int_equal(endorse(&fixture->chongqing, &fixture->chengdu, HOUSE_D, person,
			     &fixture->chongqing.document_key),
	    ERROR_UNKNOWN_KEY);
	assert_int_equal(endorse(&fixture->chongqing, &fixture->chengdu, HOUSE_D, person,
			     &fixture->chengdu.document_key),
	    ERROR_UNKNOWN_KEY);
	assert_int_equal(
	    endorse(&fixture->chongqing, &fixture->chengdu, HOUSE_D, person, &officer), ERROR_NONE);
}

/* The nights are of a house in Chengdu: Guangyuan cannot claim them, whatever it vouches for. */
static void a_city_claims_for_its_own_institutions_only(void **state)
{
	struct fixture *fixture = *state;
	const struct secret_key officer = town_key(GUANGYUAN, 77);
	uint64_t person = guest(fixture, 1);
	town_file(&fixture->chongqing, person, GUANGYUAN, day(2026, 6, 1), DAY_NEVER);
	assert_int_equal(
	    endorse(&fixture->guangyuan, &fixture->chongqing, HOUSE_A, person, &officer),
	    ERROR_MISMATCH);
}

/* One bed: what a sheet had taken of it is free again when the payer takes the sheet for none. */
static void a_refused_sheet_takes_no_nights(void **state)
{
	struct fixture *fixture = *state;
	struct town *chengdu = &fixture->chengdu;
	uint64_t person = town_person(&fixture->chongqing, 1, day(1940, 1, 1), INCOME_MINIMUM, 0);
	struct document document;
	struct message message;
	town_house(chengdu, HOUSE_C, CHENGDU, 1);
	town_file(&fixture->chongqing, person, CHENGDU, day(2026, 6, 1), DAY_NEVER);
	town_carry(fixture->towns, 3, &fixture->post);
	town_stay(chengdu, HOUSE_C, person, day(2026, 6, 1), day(2026, 6, 30));
	town_carry(fixture->towns, 3, &fixture->post);
	town_claim_one(chengdu, HOUSE_C, CHONGQING, JUNE, "bed_subsidy", person, 1, 30);
	const struct span sent = buffer_span(&fixture->post.letters[0].document);
	assert_int_equal(document_read(sent, &document), ERROR_NONE);
	assert_string_equal(document.name, "endorsement");
	assert_int_equal(message_read(document.payload, &message), ERROR_NONE);
	struct town_letter endorsement = fixture->post.letters[0];
	fixture->post.count = 0;
	town_refuses(&fixture->chongqing, sent, message.number, "state");
	buffer_free(&endorsement.document);
	buffer_free(&endorsement.attachment);
	town_carry(fixture->towns, 3, &fixture->post);
	town_claim_one(chengdu, HOUSE_C, CHONGQING, JUNE, "bed_subsidy", person, 1, 30);
	town_carry(fixture->towns, 3, &fixture->post);
	town_approved(&fixture->chongqing, fixture->chongqing.sequence, 0, 6000);
}

/* --- verdicts and reversals ----------------------------------------------------------------------------------- */

/* Chongqing's verdict on the one line that Chengdu has sent it: approved, 60.00 less what the licensed beds do not hold. */
static enum error answer(struct fixture *fixture, uint64_t number, int64_t limit, int64_t used)
{
	const struct verdict verdict = {.reason = REASON_approved,
	    .amount_fen = 3000,
	    .policy = 1,
	    .piece_count = 1,
	    .pieces = {{.last_day = 30, .monthly_fen = 6000}},
	    .fund_count = 1,
	    .funds = {{.amount_fen = 3000}},
	    .reduction_count = 1,
	    .reductions = {{REASON_capacity, 6000, 3000, limit, used}}};
	struct buffer items = {0};
	struct hash sheet;
	struct txn *txn;
	struct sheet_row row;
	struct entry_reader booked;
	assert_int_equal(txn_begin_read(ledger_store(fixture->chengdu.ledger), &txn), ERROR_NONE);
	assert_int_equal(sheet_row_get(txn, HOUSE_A, number, &row), ERROR_NONE);
	assert_int_equal(ledger_read(txn, row.sequence, &booked), ERROR_NONE);
	sheet = entry_document_hash(&booked.entry.header, 0);
	entry_free(&booked);
	txn_abort(txn);
	codec_put_array(&items, 6);
	codec_put_bytes(&items, hash_span(&sheet));
	codec_put_text(&items, span_text(HOUSE_A));
	codec_put_uint(&items, number);
	codec_put_uint(&items, 1000);
	codec_put_uint(&items, 1);
	codec_put_bytes(&items, hash_span(&sheet));
	verdict_write(&items, &verdict);
	return say(&fixture->chongqing, &fixture->chengdu, "adjudication", &items, 2,
	    (struct span){NULL, 0});
}

/* A house cannot have more nights than a hundred thousand beds have, nor fewer than none. */
static void figures_that_no_house_can_have_are_refused(void **state)
{
	struct fixture *fixture = *state;
	uint64_t person = guest(fixture, 1), number = fixture->chengdu.numbers + 1;
	claim(fixture, person);
	assert_int_equal(answer(fixture, number, INT64_MAX, -10), ERROR_MALFORMED);
	assert_int_equal(answer(fixture, number, INT64_MIN, 10), ERROR_MALFORMED);
	assert_int_equal(answer(fixture, number, 3000, 2985), ERROR_NONE);
	assert_true(town_remote(&fixture->chengdu, HOUSE_A) == 3000);
}

static void a_reversal_beyond_all_bounds_is_refused(void **state)
{
	struct fixture *fixture = *state;
	const int64_t amounts[] = {INT64_MIN, -AMOUNT_MAX - 1, 1};
	const struct hash leaf = {{1}};
	uint64_t person = guest(fixture, 1), number = fixture->chengdu.numbers + 1;
	claim(fixture, person);
	town_carry(fixture->towns, 3, &fixture->post);
	for (size_t i = 0; i < sizeof(amounts) / sizeof(*amounts); i++) {
		struct buffer item = {0};
		codec_put_array(&item, 10);
		codec_put_text(&item, span_text(HOUSE_A));
		codec_put_uint(&item, number);
		codec_put_uint(&item, 0);
		codec_put_uint(&item, fixture->chongqing.sequence);
		codec_put_int(&item, amounts[i]);
		codec_put_uint(&item, fixture->chongqing.sequence + 1);
		codec_put_uint(&item, 0);
		codec_put_uint(&item, 1);
		codec_put_text(&item, span_text("grounds"));
		codec_put_bytes(&item, hash_span(&leaf));
		assert_int_equal(say(&fixture->chongqing, &fixture->chengdu, "reversal", &item, 1,
				     (struct span){NULL, 0}),
		    ERROR_MALFORMED);
	}
}

/* --- clearings ------------------------------------------------------------------------------------------------ */

static void cut_and_propose(struct fixture *fixture)
{
	struct buffer parameters = {0};
	codec_put_null(&parameters);
	assert_int_equal(
	    town_order(&fixture->chongqing, KIND_cut, &parameters, 1, NULL, 0), ERROR_NONE);
	town_carry(fixture->towns, 3, &fixture->post);
	for (size_t i = 0; i < 3; i++)
		town_at(fixture->towns[i], day(2026, 8, 21));
	codec_put_uint(&parameters, 202607);
	codec_put_uint(&parameters, CHENGDU);
	if (town_order(&fixture->chongqing, KIND_clearing, &parameters, 2, NULL, 0))
		fail_msg("%s", fixture->chongqing.detail.text);
}

static enum clearing_state clearing_of(struct town *town)
{
	struct clearing_row row;
	struct txn *txn;
	assert_int_equal(txn_begin_read(ledger_store(town->ledger), &txn), ERROR_NONE);
	assert_int_equal(clearing_get(txn, 202607, CHONGQING, CHENGDU, &row), ERROR_NONE);
	txn_abort(txn);
	return row.state;
}

/* Chengdu has nothing to pay: nothing of it can be received. */
static void a_receipt_for_nothing_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct buffer item = {0};
	claim(fixture, guest(fixture, 1));
	town_carry(fixture->towns, 3, &fixture->post);
	cut_and_propose(fixture);
	town_carry(fixture->towns, 3, &fixture->post);
	assert_int_equal(clearing_of(&fixture->chengdu), CLEARING_NETTED);
	codec_put_array(&item, 5);
	codec_put_uint(&item, 202607);
	codec_put_text(&item, span_text("NOTHING"));
	codec_put_uint(&item, 0);
	codec_put_text(&item, span_text(""));
	codec_put_int(&item, day(2026, 8, 21));
	assert_int_equal(say(&fixture->chongqing, &fixture->chengdu, "payment_receipt", &item, 1,
			     (struct span){NULL, 0}),
	    ERROR_MISMATCH);
	assert_int_equal(clearing_of(&fixture->chengdu), CLEARING_NETTED);
}

/* "refusal" of the document with this number, naming this hash. */
static enum error refuse(struct fixture *fixture, uint64_t number, const struct hash *hash)
{
	struct buffer item = {0};
	codec_put_array(&item, 3);
	codec_put_bytes(&item, hash_span(hash));
	codec_put_uint(&item, number);
	codec_put_text(&item, span_text("mismatch"));
	return say(
	    &fixture->chengdu, &fixture->chongqing, "refusal", &item, 1, (struct span){NULL, 0});
}

/* A refusal says which document it refuses by number and by hash: both must be of one. */
static void a_refusal_names_one_document(void **state)
{
	struct fixture *fixture = *state;
	struct document document;
	struct message message;
	claim(fixture, guest(fixture, 1));
	town_carry(fixture->towns, 3, &fixture->post);
	cut_and_propose(fixture);
	const struct span proposal = buffer_span(&fixture->post.letters[0].document);
	const struct hash hash = document_hash(proposal);
	assert_int_equal(document_read(proposal, &document), ERROR_NONE);
	assert_string_equal(document.name, "clearing_proposal");
	assert_int_equal(message_read(document.payload, &message), ERROR_NONE);
	assert_int_equal(refuse(fixture, message.number - 1, &hash), ERROR_MISMATCH);
	assert_int_equal(clearing_of(&fixture->chongqing), CLEARING_PROPOSED);
	assert_int_equal(refuse(fixture, message.number, &hash), ERROR_NONE);
	assert_int_equal(clearing_of(&fixture->chongqing), CLEARING_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		what_would_make_too_large_an_entry_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_city_that_brings_keys_of_others_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_descriptor_with_a_lower_number_changes_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_new_descriptor_of_the_own_city_writes_to_nobody, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_sheet_under_a_key_of_another_purpose_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_city_claims_for_its_own_institutions_only, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_refused_sheet_takes_no_nights, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		figures_that_no_house_can_have_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_reversal_beyond_all_bounds_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_receipt_for_nothing_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_refusal_names_one_document, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("settlement/message", tests, NULL, NULL);
}
