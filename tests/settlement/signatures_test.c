/* Signatures found and checked before a command's turn. */
#include "signatures.h"

#include "ledger.h"
#include "ledger_tables.h"
#include "testing.h"

struct keys {
	char folder[300];
	struct store *store;
	struct txn *txn;
	struct secret_key city, house, stranger;
};

static struct secret_key numbered_key(uint8_t number)
{
	struct hash seed = {{number}};
	struct secret_key key;

	key_from_seed(&seed, &key);
	return key;
}

static int set_up(void **state)
{
	struct keys *keys = calloc(1, sizeof *keys);
	struct store_options options = {.not_durable = true, .map_size = 16u << 20};
	struct error_detail detail = {""};

	assert_non_null(keys);
	assert_good(key_library_init());
	folder_make(keys->folder);
	options.tables = ledger_tables(&options.table_count);
	if (store_open(keys->folder, &options, &keys->store, &detail))
		fail_msg("%s", detail.text);
	assert_good(txn_begin_write(keys->store, &keys->txn));
	keys->city = numbered_key(1);
	keys->house = numbered_key(2);
	keys->stranger = numbered_key(3);
	assert_good(keyring_add(keys->txn, "city/500000", "document", &keys->city.public, 0));
	assert_good(keyring_add(
	    keys->txn, "institution/52510100MJ0000018W", "institution", &keys->house.public, 0));
	*state = keys;
	return 0;
}

static int tear_down(void **state)
{
	struct keys *keys = *state;

	txn_abort(keys->txn);
	store_close(keys->store);
	folder_remove(keys->folder);
	free(keys);
	return 0;
}

static struct buffer letter(const char *name, const struct secret_key *key)
{
	struct buffer out = {0};

	document_sign(&out, name, key,
	    span_text("\x63"
		      "hay"));
	assert_good(out.failed);
	return out;
}

/* [sheet COSE, secret(32), count, lines] */
static struct buffer attachment_of(struct span sheet)
{
	struct buffer out = {0};
	struct hash secret = {{7}};

	codec_put_array(&out, 4);
	codec_put_bytes(&out, sheet);
	codec_put_bytes(&out, hash_span(&secret));
	codec_put_uint(&out, 1);
	codec_put_bytes(&out, span_text("\x01"));
	return out;
}

static void the_document_and_the_sheet_behind_an_endorsement_are_checked(void **state)
{
	struct keys *keys = *state;
	struct buffer endorsement = letter("endorsement", &keys->city),
		      sheet = letter("sheet", &keys->house),
		      attachment = attachment_of(buffer_span(&sheet));
	struct document document, inner, other;
	struct signatures signatures;

	assert_good(document_read(buffer_span(&endorsement), &document));
	assert_good(document_read(buffer_span(&sheet), &inner));
	assert_good(signatures_find(
	    keys->txn, buffer_span(&endorsement), buffer_span(&attachment), &signatures));
	assert_int_equal(signatures.count, 2);
	assert_false(signatures.of[0].holds || signatures.of[1].holds);
	signatures_check(&signatures);
	assert_true(signature_check_holds(
	    signatures_of(&signatures, &document), &document, &keys->city.public));
	assert_true(
	    signature_check_holds(signatures_of(&signatures, &inner), &inner, &keys->house.public));
	/* The one's check is not the other's. */
	assert_false(
	    signature_check_holds(signatures_of(&signatures, &inner), &inner, &keys->city.public));
	other = inner;
	other.whole = span_of(inner.whole.data, inner.whole.size - 1);
	assert_null(signatures_of(&signatures, &other));
	assert_null(signatures_of(NULL, &document));
	buffer_free(&endorsement);
	buffer_free(&sheet);
	buffer_free(&attachment);
}

static void a_signature_with_any_bit_turned_over_does_not_hold(void **state)
{
	struct keys *keys = *state;
	struct buffer bytes = letter("grant", &keys->city);

	for (size_t bit = 0; bit < 8 * bytes.size; bit += 5) {
		struct signatures signatures;

		bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_good(signatures_find(
		    keys->txn, buffer_span(&bytes), (struct span){NULL, 0}, &signatures));
		signatures_check(&signatures);
		assert_false(signatures.count && signatures.of[0].holds);
		bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buffer_free(&bytes);
}

static void what_cannot_be_found_out_before_is_left_to_its_turn(void **state)
{
	struct keys *keys = *state;
	struct buffer strange = letter("endorsement", &keys->stranger),
		      known = letter("endorsement", &keys->city),
		      sheet = letter("sheet", &keys->stranger),
		      attachment = attachment_of(buffer_span(&sheet)),
		      none = attachment_of(span_text("no sheet"));
	struct signatures signatures;

	assert_good(signatures_find(
	    keys->txn, span_text("no document"), (struct span){NULL, 0}, &signatures));
	assert_int_equal(signatures.count, 0);
	assert_good(
	    signatures_find(keys->txn, buffer_span(&strange), (struct span){NULL, 0}, &signatures));
	assert_int_equal(signatures.count, 0);
	assert_good(
	    signatures_find(keys->txn, buffer_span(&known), buffer_span(&attachment), &signatures));
	assert_int_equal(signatures.count, 1);
	assert_good(
	    signatures_find(keys->txn, buffer_span(&known), buffer_span(&none), &signatures));
	assert_int_equal(signatures.count, 1);
	for (size_t size = 0; size < attachment.size; size++) {
		assert_good(signatures_find(
		    keys->txn, buffer_span(&known), span_of(attachment.data, size), &signatures));
		signatures_check(&signatures);
		assert_true(signatures.of[0].holds);
	}
	buffer_free(&strange);
	buffer_free(&known);
	buffer_free(&sheet);
	buffer_free(&attachment);
	buffer_free(&none);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(the_document_and_the_sheet_behind_an_endorsement_are_checked),
	    TEST(a_signature_with_any_bit_turned_over_does_not_hold),
	    TEST(what_cannot_be_found_out_before_is_left_to_its_turn),
	};

	return cmocka_run_group_tests_name("settlement/signatures", tests, NULL, NULL);
}
