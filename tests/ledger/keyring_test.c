/* Whose key, and at which entry was it valid: by examples, and against a naive list of what was booked. */
#include "document.h"
#include "keyring.h"
#include "scratch.h"

static int open_scratch(void **state)
{
	static struct scratch scratch;

	scratch_open(&scratch);
	*state = &scratch;
	return 0;
}

static int close_scratch(void **state)
{
	scratch_close(*state);
	return 0;
}

static struct secret_key numbered_key(uint8_t number)
{
	struct hash seed = {{number}};
	struct secret_key key;

	key_from_seed(&seed, &key);
	return key;
}

static struct key_id id_of(const struct secret_key *key)
{
	return key_id(&key->public);
}

static struct buffer signed_by(const struct secret_key *key)
{
	struct buffer out = {0};

	/* The payload states a date; nothing looks at it. */
	document_sign(&out, "order", key,
	    span_of("\x6a"
		    "1999-01-01",
		11));
	return out;
}

static enum error verify_at(
    struct scratch *scratch, const struct buffer *bytes, uint64_t sequence, struct keyring_key *who)
{
	struct document document;

	assert_good(document_read(buffer_span(bytes), &document));
	return keyring_verify(scratch->txn, &document, sequence, who);
}

static void a_document_is_judged_at_the_entry_where_it_is_booked(void **state)
{
	struct scratch *scratch = *state;
	struct secret_key first = numbered_key(1), second = numbered_key(2);
	struct buffer by_first = signed_by(&first), by_second = signed_by(&second);
	struct keyring_key who;

	assert_good(keyring_add(scratch->txn, "officer/li", "officer", &first.public, 10));
	assert_good(keyring_add(scratch->txn, "officer/li", "officer", &second.public, 20));
	assert_error(verify_at(scratch, &by_first, 9, NULL), ERROR_UNKNOWN_KEY);
	assert_good(verify_at(scratch, &by_first, 10, &who));
	assert_string_equal(who.party, "officer/li");
	assert_string_equal(who.kind, "officer");
	assert_memory_equal(&who.key, &first.public, sizeof who.key);
	assert_int_equal(who.from_sequence, 10);
	assert_int_equal(who.until_sequence, 20);
	assert_good(verify_at(scratch, &by_first, 19, NULL));
	/* From the change on the old key is worth nothing, whatever date the document bears. */
	assert_error(verify_at(scratch, &by_first, 20, NULL), ERROR_UNKNOWN_KEY);
	assert_error(verify_at(scratch, &by_second, 19, NULL), ERROR_UNKNOWN_KEY);
	assert_good(verify_at(scratch, &by_second, 20, NULL));
	assert_good(verify_at(scratch, &by_second, UINT64_MAX - 1, NULL));
	buffer_free(&by_first);
	buffer_free(&by_second);
}

static void a_revoked_key_ends_and_old_documents_stay_good(void **state)
{
	struct scratch *scratch = *state;
	struct secret_key key = numbered_key(1), stranger = numbered_key(9);
	struct key_id id = id_of(&key), unknown = id_of(&stranger);
	struct buffer document = signed_by(&key);
	struct keyring_key present;

	assert_good(keyring_add(scratch->txn, "city/510100", "document", &key.public, 5));
	assert_good(keyring_revoke(scratch->txn, &id, 8));
	assert_error(
	    keyring_current(scratch->txn, "city/510100", "document", &present), ERROR_NOT_FOUND);
	assert_good(verify_at(scratch, &document, 7, NULL));
	assert_error(verify_at(scratch, &document, 8, NULL), ERROR_UNKNOWN_KEY);
	assert_good(keyring_revoke(scratch->txn, &id, 12)); /* it has ended already, at 8 */
	assert_good(keyring_find(scratch->txn, &id, &present));
	assert_int_equal(present.until_sequence, 8);
	assert_error(keyring_revoke(scratch->txn, &unknown, 12), ERROR_NOT_FOUND);
	assert_error(keyring_find(scratch->txn, &unknown, &present), ERROR_NOT_FOUND);
	buffer_free(&document);
}

static void a_key_belongs_to_one_party_and_purpose_and_does_not_come_back(void **state)
{
	struct scratch *scratch = *state;
	struct secret_key key = numbered_key(1), other = numbered_key(2);
	struct key_id id = id_of(&key);
	struct hash before, after;

	assert_good(keyring_add(scratch->txn, "city/510100", "document", &key.public, 5));
	before = scratch_digest(scratch);
	assert_good(keyring_add(scratch->txn, "city/510100", "document", &key.public, 6));
	after = scratch_digest(scratch);
	assert_true(hash_equal(&before, &after)); /* from 5 on, still */
	assert_error(
	    keyring_add(scratch->txn, "city/500000", "document", &key.public, 6), ERROR_CONFLICT);
	assert_error(
	    keyring_add(scratch->txn, "city/510100", "log", &key.public, 6), ERROR_CONFLICT);
	after = scratch_digest(scratch);
	assert_true(hash_equal(&before, &after));
	assert_good(keyring_add(scratch->txn, "city/510100", "document", &other.public, 7));
	assert_error(
	    keyring_add(scratch->txn, "city/510100", "document", &key.public, 8), ERROR_CONFLICT);
	assert_good(keyring_revoke(scratch->txn, &id, 9));
}

static void the_keys_of_one_party_for_several_purposes_do_not_end_each_other(void **state)
{
	struct scratch *scratch = *state;
	struct secret_key document = numbered_key(1), log = numbered_key(2), next = numbered_key(3);
	struct keyring_key present;

	assert_good(keyring_add(scratch->txn, "city/510100", "document", &document.public, 1));
	assert_good(keyring_add(scratch->txn, "city/510100", "log", &log.public, 2));
	assert_good(keyring_add(scratch->txn, "city/51010", "log", &next.public, 3));
	assert_good(keyring_current(scratch->txn, "city/510100", "document", &present));
	assert_memory_equal(&present.key, &document.public, sizeof present.key);
	assert_int_equal(present.until_sequence, KEYRING_NEVER);
	assert_good(keyring_current(scratch->txn, "city/510100", "log", &present));
	assert_memory_equal(&present.key, &log.public, sizeof present.key);
	assert_error(
	    keyring_current(scratch->txn, "city/510100", "witness", &present), ERROR_NOT_FOUND);
}

static void a_known_id_with_a_bad_signature_is_a_bad_signature(void **state)
{
	struct scratch *scratch = *state;
	struct secret_key key = numbered_key(1);
	struct buffer document = signed_by(&key);
	struct keyring_key who = {.party = "nobody"};

	assert_good(keyring_add(scratch->txn, "city/510100", "document", &key.public, 1));
	document.data[document.size - 1] ^= 1;
	assert_error(verify_at(scratch, &document, 2, &who), ERROR_SIGNATURE);
	assert_string_equal(who.party, "nobody");
	buffer_free(&document);
}

struct listed {
	struct key_id last;
	size_t count, ended, stop_after;
};

static bool list(void *context, const struct keyring_key *key)
{
	struct listed *listed = context;
	struct key_id id = key_id(&key->key);

	assert_true(listed->count == 0 || memcmp(listed->last.bytes, id.bytes, KEY_ID_SIZE) < 0);
	listed->last = id;
	listed->ended += key->until_sequence != KEYRING_NEVER;
	return ++listed->count != listed->stop_after;
}

static void every_key_that_ever_was_is_listed_in_order_of_its_id(void **state)
{
	struct scratch *scratch = *state;
	struct listed listed = {.count = 0};

	assert_good(keyring_each(scratch->txn, list, &listed));
	assert_int_equal(listed.count, 0);
	for (uint8_t i = 1; i <= 20; i++) {
		struct secret_key key = numbered_key(i);

		assert_good(keyring_add(
		    scratch->txn, i % 2 ? "officer/a" : "officer/b", "officer", &key.public, i));
	}
	assert_good(keyring_each(scratch->txn, list, &listed));
	assert_int_equal(listed.count, 20);
	assert_int_equal(listed.ended, 18);
	listed = (struct listed){.stop_after = 3};
	assert_good(keyring_each(scratch->txn, list, &listed));
	assert_int_equal(listed.count, 3);
}

/* The arithmetic done before saves the arithmetic and nothing else. */
static void a_check_made_before_counts_for_its_document_and_its_key_only(void **state)
{
	struct scratch *scratch = *state;
	struct secret_key first = numbered_key(1), other = numbered_key(2);
	struct buffer good = signed_by(&first), bad = signed_by(&first);
	struct key_id id = id_of(&first);
	struct document document, forged;
	struct signature_check check;

	bad.data[bad.size - 1] ^= 1; /* in the signature */
	assert_good(document_read(buffer_span(&good), &document));
	assert_good(document_read(buffer_span(&bad), &forged));
	assert_good(keyring_add(scratch->txn, "officer/li", "officer", &first.public, 3));
	/* It is not done again: were it, a signature that is none would be found out. */
	check = (struct signature_check){
	    .document = buffer_span(&bad), .key = first.public, .holds = true};
	assert_good(keyring_verify_checked(scratch->txn, &forged, 3, &check, NULL));
	check.holds = false;
	assert_int_equal(
	    keyring_verify_checked(scratch->txn, &forged, 3, &check, NULL), ERROR_SIGNATURE);
	check = (struct signature_check){
	    .document = buffer_span(&bad), .key = other.public, .holds = true};
	assert_int_equal(
	    keyring_verify_checked(scratch->txn, &forged, 3, &check, NULL), ERROR_SIGNATURE);
	check = (struct signature_check){
	    .document = buffer_span(&good), .key = first.public, .holds = true};
	assert_int_equal(
	    keyring_verify_checked(scratch->txn, &forged, 3, &check, NULL), ERROR_SIGNATURE);
	/* Whose key it is, and since when and until when, is asked all the same. */
	assert_good(keyring_verify_checked(scratch->txn, &document, 3, &check, NULL));
	assert_int_equal(
	    keyring_verify_checked(scratch->txn, &document, 2, &check, NULL), ERROR_UNKNOWN_KEY);
	assert_good(keyring_revoke(scratch->txn, &id, 5));
	assert_good(keyring_verify_checked(scratch->txn, &document, 4, &check, NULL));
	assert_int_equal(
	    keyring_verify_checked(scratch->txn, &document, 5, &check, NULL), ERROR_UNKNOWN_KEY);
	buffer_free(&good);
	buffer_free(&bad);
}

static void a_row_that_is_no_key_is_reported(void **state)
{
	struct scratch *scratch = *state;
	struct secret_key key = numbered_key(1);
	struct key_id id = id_of(&key);
	struct span name = span_of(id.bytes, KEY_ID_SIZE), row;
	struct keyring_key read;
	uint8_t bytes[256] = {0};
	size_t size;

	assert_good(keyring_add(scratch->txn, "city/510100", "document", &key.public, 1));
	assert_good(store_get(scratch->txn, TABLE_KEY, name, &row));
	size = row.size;
	memcpy(bytes, row.data, size);
	assert_good(store_put(scratch->txn, TABLE_KEY, name, span_of(bytes, size - 1)));
	assert_error(keyring_find(scratch->txn, &id, &read), ERROR_CORRUPT);
	bytes[KEYRING_PARTY_SIZE - 1] = 'x'; /* a party without end */
	assert_good(store_put(scratch->txn, TABLE_KEY, name, span_of(bytes, size)));
	assert_error(keyring_find(scratch->txn, &id, &read), ERROR_CORRUPT);
	assert_error(keyring_each(scratch->txn, list, &(struct listed){.count = 0}), ERROR_CORRUPT);
}

/* --- a naive list ------------------------------------------------------------------------------------------ */

#define KEYS 24u
#define PARTIES 3u
#define ENTRIES 60u

struct naive {
	int party; /* -1: never added */
	uint64_t from, until;
};

/* Whatever is added and ended in whatever order, every key has at every entry the validity that the list gives. */
static void any_history_agrees_with_a_naive_list(void **state)
{
	static const char *const parties[PARTIES] = {
	    "institution/A", "institution/B", "institution/AB"};
	struct scratch *scratch = *state;
	uint64_t random = chance_seed("keyring");
	struct secret_key keys[KEYS];
	struct naive naive[KEYS];
	size_t conflicts = 0;

	for (uint8_t i = 0; i < KEYS; i++) {
		keys[i] = numbered_key((uint8_t)(i + 1));
		naive[i] = (struct naive){-1, 0, 0};
	}
	for (uint64_t entry = 1; entry <= ENTRIES; entry++) {
		unsigned k = (unsigned)chance_below(&random, KEYS);
		int party = (int)chance_below(&random, PARTIES);
		struct key_id id = id_of(&keys[k]);

		if (chance_below(&random, 4) == 0) {
			assert_error(keyring_revoke(scratch->txn, &id, entry),
			    naive[k].party < 0 ? ERROR_NOT_FOUND : ERROR_NONE);
			if (naive[k].party >= 0 && naive[k].until == KEYRING_NEVER)
				naive[k].until = entry;
			continue;
		}
		if (naive[k].party < 0) {
			for (unsigned i = 0; i < KEYS; i++)
				if (naive[i].party == party && naive[i].until == KEYRING_NEVER)
					naive[i].until = entry;
			naive[k] = (struct naive){party, entry, KEYRING_NEVER};
			assert_good(keyring_add(
			    scratch->txn, parties[party], "institution", &keys[k].public, entry));
		} else {
			bool same = naive[k].party == party && naive[k].until == KEYRING_NEVER;

			assert_error(keyring_add(scratch->txn, parties[party], "institution",
					 &keys[k].public, entry),
			    same ? ERROR_NONE : ERROR_CONFLICT);
			conflicts += !same;
		}
	}
	assert_true(conflicts > 0);
	scratch_commit(scratch);
	for (unsigned k = 0; k < KEYS; k++) {
		struct key_id id = id_of(&keys[k]);
		struct keyring_key key, present;

		if (naive[k].party < 0) {
			assert_error(keyring_find(scratch->txn, &id, &key), ERROR_NOT_FOUND);
			continue;
		}
		assert_good(keyring_find(scratch->txn, &id, &key));
		assert_string_equal(key.party, parties[naive[k].party]);
		for (uint64_t entry = 0; entry <= ENTRIES + 1; entry++)
			assert_int_equal(keyring_valid_at(&key, entry),
			    entry >= naive[k].from && entry < naive[k].until);
		if (naive[k].until == KEYRING_NEVER) {
			assert_good(
			    keyring_current(scratch->txn, key.party, "institution", &present));
			assert_memory_equal(&present, &key, sizeof key);
		}
	}
}

int main(void)
{
#define ON_SCRATCH(test) cmocka_unit_test_setup_teardown(test, open_scratch, close_scratch)
	const struct CMUnitTest tests[] = {
	    ON_SCRATCH(a_document_is_judged_at_the_entry_where_it_is_booked),
	    ON_SCRATCH(a_revoked_key_ends_and_old_documents_stay_good),
	    ON_SCRATCH(a_key_belongs_to_one_party_and_purpose_and_does_not_come_back),
	    ON_SCRATCH(the_keys_of_one_party_for_several_purposes_do_not_end_each_other),
	    ON_SCRATCH(a_known_id_with_a_bad_signature_is_a_bad_signature),
	    ON_SCRATCH(every_key_that_ever_was_is_listed_in_order_of_its_id),
	    ON_SCRATCH(a_check_made_before_counts_for_its_document_and_its_key_only),
	    ON_SCRATCH(a_row_that_is_no_key_is_reported),
	    ON_SCRATCH(any_history_agrees_with_a_naive_list),
	};

	return cmocka_run_group_tests_name("ledger/keyring", tests, NULL, NULL);
}
