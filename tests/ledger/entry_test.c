/* Entries: bytes that an independent program made, the inner trees against their definition, bounds, and whatever is changed
 * in a body is found. */
#include "entry.h"
#include "limits.h"
#include "testing.h"

#define TIME_MS INT64_C(1790000000123)

/* --- an entry ---------------------------------------------------------------------------------------------- */

struct sample {
	struct buffer lines, verdicts, header, body;
	struct span documents[2];
	struct transfer transfer;
	struct entry_draft draft;
	struct hash salt;
};

/* Secret 00..1f, salt 64..83, three lines [i, "line i"], verdicts [65], [9], [65], two documents, one transfer. */
static void sample_make(struct sample *sample)
{
	static const uint64_t verdicts[] = {65, 9, 65};

	memset(sample, 0, sizeof *sample);
	for (uint64_t i = 0; i < 3; i++) {
		char text[16];

		snprintf(text, sizeof text, "line %u", (unsigned)i);
		codec_put_array(&sample->lines, 2);
		codec_put_uint(&sample->lines, i);
		codec_put_text(&sample->lines, span_text(text));
		codec_put_array(&sample->verdicts, 1);
		codec_put_uint(&sample->verdicts, verdicts[i]);
	}
	sample->documents[0] = span_text("first document");
	sample->documents[1] = span_text("second");
	sample->transfer = (struct transfer){.id = transfer_id_from(span_text("test"), 0),
	    .kind = TRANSFER_PLAIN,
	    .unit = UNIT_CNY,
	    .amount = {123456},
	    .debit = span_text("bank"),
	    .credit = span_text("fund/a"),
	    .reference = span_text("ref")};
	sample->draft = (struct entry_draft){.kind = 31,
	    .documents = sample->documents,
	    .document_count = 2,
	    .lines = buffer_span(&sample->lines),
	    .verdicts = buffer_span(&sample->verdicts),
	    .count = 3,
	    .transfers = &sample->transfer,
	    .transfer_count = 1};
	for (uint8_t i = 0; i < HASH_SIZE; i++) {
		sample->draft.secret.bytes[i] = i;
		sample->salt.bytes[i] = (uint8_t)(100 + i);
	}
}

static enum error sample_write(struct sample *sample)
{
	buffer_clear(&sample->header);
	buffer_clear(&sample->body);
	return entry_write(
	    &sample->draft, 2, 300, TIME_MS, &sample->salt, &sample->header, &sample->body);
}

static void sample_free(struct sample *sample)
{
	buffer_free(&sample->lines);
	buffer_free(&sample->verdicts);
	buffer_free(&sample->header);
	buffer_free(&sample->body);
}

/* Made by a Python program from the words of docs/format.md: hashlib for SHA-256, OpenSSL for ChaCha20, CBOR by hand. */
static const char wanted_header[] =
    "89010219012c1b000001a0c4506c7b181f58206465666768696a6b6c6d6e6f707172737475767778797a7b7c7d"
    "7e7f80818283825820c12b830cf529be550d6510a49374625759c70b6d6ca04f448387845e5ec88f4458201636"
    "7aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4820358207e06d41de5a405d70289db"
    "50e858ab598220341f65a531d98c5ffca5d2b6d9f4582074e8cc23327483cadf64ea5369435af62f85ea35dad2"
    "ef7349aacf3e5deb3f22";
static const char wanted_body[] =
    "855820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f824e666972737420646f"
    "63756d656e74467365636f6e64581b8200666c696e6520308201666c696e6520318202666c696e652032488118"
    "418109811841582c8189503a73cec3471eb3cdfd17badbf7bf0a5300011a0001e2406462616e6b6666756e642f"
    "61f60063726566";
static const char wanted_line_root[] =
    "9efa53d8927d7f0c3c715e6960fcccfdae7bfe35bf0000d3bd2544a732f17827";

static void assert_hex(struct span bytes, const char *hex)
{
	char text[1024];

	assert_true(2 * bytes.size < sizeof text);
	hex_write(bytes, text);
	assert_string_equal(text, hex);
}

static void header_and_body_are_the_bytes_that_an_independent_program_made(void **state)
{
	struct sample sample;
	struct hash leaves[3], root;

	(void)state;
	sample_make(&sample);
	assert_good(sample_write(&sample));
	assert_hex(buffer_span(&sample.header), wanted_header);
	assert_hex(buffer_span(&sample.body), wanted_body);
	/* The root that an institution signs. */
	assert_good(entry_line_leaves(&sample.draft.secret, sample.draft.lines, 3, leaves));
	root = merkle_root_in_place(leaves, 3);
	assert_hex(hash_span(&root), wanted_line_root);
	sample_free(&sample);
}

static void an_entry_is_read_as_it_was_written(void **state)
{
	struct entry_reader reader;
	struct sample sample;
	struct hash first, second;

	(void)state;
	sample_make(&sample);
	assert_good(sample_write(&sample));
	assert_good(entry_read(buffer_span(&sample.header), buffer_span(&sample.body), &reader));
	assert_int_equal(reader.entry.header.epoch, 2);
	assert_int_equal(reader.entry.header.sequence, 300);
	assert_int_equal(reader.entry.header.time_ms, TIME_MS);
	assert_int_equal(reader.entry.header.kind, 31);
	assert_int_equal(reader.entry.header.count, 3);
	assert_int_equal(reader.entry.header.document_count, 2);
	assert_true(hash_equal(&reader.entry.header.salt, &sample.salt));
	assert_true(hash_equal(&reader.entry.secret, &sample.draft.secret));
	assert_true(span_equal(reader.entry.documents[0], sample.documents[0]));
	assert_true(span_equal(reader.entry.documents[1], sample.documents[1]));
	first = hash_sha256(sample.documents[1]);
	second = entry_document_hash(&reader.entry.header, 1);
	assert_true(hash_equal(&first, &second));
	assert_true(span_equal(reader.entry.lines, sample.draft.lines));
	assert_true(span_equal(reader.entry.verdicts, sample.draft.verdicts));
	assert_int_equal(reader.entry.transfer_count, 1);
	assert_int_equal(reader.entry.transfers[0].amount.value, 123456);
	assert_true(span_equal(reader.entry.transfers[0].reference, span_text("ref")));
	assert_good(entry_check(&reader.entry, buffer_span(&sample.body), NULL));
	entry_free(&reader);
	sample_free(&sample);
}

/* --- what the header binds --------------------------------------------------------------------------------- */

/* Form and hashes: what an auditor finds of an entry alone. */
static enum error read_and_check(struct span header, struct span body)
{
	struct error_detail detail = {""};
	struct entry_reader reader;
	enum error error = entry_read(header, body, &reader);

	if (error)
		return error;
	error = entry_check(&reader.entry, body, &detail);
	assert_true(!error == !detail.text[0]);
	entry_free(&reader);
	return error;
}

static void any_changed_bit_of_a_body_is_found(void **state)
{
	struct sample sample;

	(void)state;
	sample_make(&sample);
	assert_good(sample_write(&sample));
	for (size_t bit = 0; bit < 8 * sample.body.size; bit++) {
		sample.body.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (read_and_check(buffer_span(&sample.header), buffer_span(&sample.body)) ==
		    ERROR_NONE)
			fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
		sample.body.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t size = 0; size < sample.body.size; size++)
		assert_error(
		    read_and_check(buffer_span(&sample.header), span_of(sample.body.data, size)),
		    ERROR_MALFORMED);
	buffer_append(&sample.body, span_of("", 1));
	assert_error(read_and_check(buffer_span(&sample.header), buffer_span(&sample.body)),
	    ERROR_MALFORMED);
	sample_free(&sample);
}

/* Epoch, sequence, time, kind and salt stand in the header alone: only the leaf covers them. All else must fit the body. */
static void a_changed_header_no_longer_fits_its_body(void **state)
{
	struct sample sample;
	const size_t free_from = 1, free_until = 1 + 1 + 1 + 3 + 9 + 2 + 34;
	size_t unnoticed = 0;

	(void)state;
	sample_make(&sample);
	assert_good(sample_write(&sample));
	for (size_t bit = 0; bit < 8 * sample.header.size; bit++) {
		size_t at = bit / 8;

		sample.header.data[at] ^= (uint8_t)(1u << bit % 8);
		if (read_and_check(buffer_span(&sample.header), buffer_span(&sample.body)) ==
		    ERROR_NONE) {
			assert_true(at >= free_from && at < free_until);
			unnoticed++;
		}
		sample.header.data[at] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(unnoticed >= 8 * HASH_SIZE); /* the salt */
	sample_free(&sample);
}

static void another_entrys_body_does_not_fit(void **state)
{
	struct sample a, b;

	(void)state;
	sample_make(&a);
	sample_make(&b);
	assert_good(sample_write(&a));
	b.transfer.amount.value++;
	assert_good(sample_write(&b));
	assert_error(read_and_check(buffer_span(&a.header), buffer_span(&b.body)), ERROR_CORRUPT);
	assert_good(read_and_check(buffer_span(&b.header), buffer_span(&b.body)));
	sample_free(&a);
	sample_free(&b);
}

static void a_body_with_more_or_fewer_documents_than_the_header_names_is_refused(void **state)
{
	struct entry_reader reader;
	struct sample named, other;

	(void)state;
	sample_make(&named);
	assert_good(sample_write(&named));
	for (size_t count = 0; count <= 3; count++) {
		struct span documents[] = {
		    named.documents[0], named.documents[1], span_text("a third")};

		sample_make(&other);
		other.draft.documents = documents;
		other.draft.document_count = count;
		assert_good(sample_write(&other));
		assert_error(
		    entry_read(buffer_span(&named.header), buffer_span(&other.body), &reader),
		    count == 2 ? ERROR_NONE : ERROR_MALFORMED);
		entry_free(&reader);
		sample_free(&other);
	}
	sample_free(&named);
}

static void the_header_tells_nothing_of_lines_that_could_be_guessed(void **state)
{
	struct sample a, b;

	(void)state;
	sample_make(&a);
	sample_make(&b);
	b.draft.secret.bytes[0] ^= 1; /* the same lines, another secret */
	assert_good(sample_write(&a));
	assert_good(sample_write(&b));
	assert_int_equal(a.header.size, b.header.size);
	assert_memory_not_equal(a.header.data, b.header.data, a.header.size);
	sample_free(&a);
	sample_free(&b);
}

/* --- inner trees ------------------------------------------------------------------------------------------- */

static struct hash definition(const struct hash *leaves, size_t count)
{
	struct hash left, right;
	size_t k = 1;

	if (count == 1)
		return leaves[0];
	while (2 * k < count)
		k *= 2;
	left = definition(leaves, k);
	right = definition(leaves + k, count - k);
	return hash_node(&left, &right);
}

static void the_results_root_is_that_of_the_definition_for_any_number_of_lines(void **state)
{
	uint64_t random = chance_seed("entry");

	(void)state;
	for (uint32_t count = 1; count <= 130; count++) {
		struct hash salts[130], lines[130], results[130], salt = {{0}}, root;
		struct buffer line_bytes = {0}, verdict_bytes = {0}, header = {0}, body = {0};
		struct entry_draft draft = {.kind = 1, .count = count, .line_leaves = NULL};
		struct entry_header read;

		chance_bytes(&random, draft.secret.bytes, HASH_SIZE);
		hash_line_salts(&draft.secret, 0, count, salts);
		for (uint32_t i = 0; i < count; i++) {
			size_t line = line_bytes.size, verdict = verdict_bytes.size;

			codec_put_uint(&line_bytes, chance(&random) >> 1);
			codec_put_int(&verdict_bytes, (int64_t)chance(&random));
			lines[i] = hash_leaf_under(
			    &salts[i], span_of(line_bytes.data + line, line_bytes.size - line));
			results[i] = hash_leaf_under(&lines[i],
			    span_of(verdict_bytes.data + verdict, verdict_bytes.size - verdict));
		}
		draft.lines = buffer_span(&line_bytes);
		draft.verdicts = buffer_span(&verdict_bytes);
		assert_good(entry_write(&draft, 1, 0, 0, &salt, &header, &body));
		assert_good(entry_header_read(buffer_span(&header), &read));
		root = definition(results, count);
		assert_true(hash_equal(&read.results_root, &root));
		/* Leaves that were made before give the same. */
		draft.line_leaves = lines;
		buffer_clear(&header);
		buffer_clear(&body);
		assert_good(entry_write(&draft, 1, 0, 0, &salt, &header, &body));
		assert_good(entry_header_read(buffer_span(&header), &read));
		assert_true(hash_equal(&read.results_root, &root));
		buffer_free(&line_bytes);
		buffer_free(&verdict_bytes);
		buffer_free(&header);
		buffer_free(&body);
	}
}

static void single_items_are_found_in_their_order(void **state)
{
	struct span items = span_of("\x01\x82\x02\x03\x61\x61", 6), item;

	(void)state;
	assert_good(entry_item(items, 0, &item));
	assert_true(span_equal(item, span_of("\x01", 1)));
	assert_good(entry_item(items, 1, &item));
	assert_true(span_equal(item, span_of("\x82\x02\x03", 3)));
	assert_good(entry_item(items, 2, &item));
	assert_true(span_equal(item, span_text("aa")));
	assert_error(entry_item(items, 3, &item), ERROR_RANGE);
	assert_error(entry_item(span_of("\x01\x82\x02", 3), 1, &item), ERROR_MALFORMED);
	assert_error(entry_item((struct span){NULL, 0}, 0, &item), ERROR_RANGE);
}

/* --- bounds ------------------------------------------------------------------------------------------------ */

static void lines_and_verdicts_are_exactly_as_many_as_counted(void **state)
{
	struct sample sample;

	(void)state;
	sample_make(&sample);
	sample.draft.count = 2;
	assert_error(sample_write(&sample), ERROR_MALFORMED);
	sample.draft.count = 4;
	assert_error(sample_write(&sample), ERROR_MALFORMED);
	sample.draft.count = 3;
	sample.draft.verdicts.size--;
	assert_error(sample_write(&sample), ERROR_MALFORMED);
	sample.draft.verdicts.size++;
	sample.draft.lines = span_of("\x01\x18\x01\x02", 4); /* not the shortest form */
	assert_error(sample_write(&sample), ERROR_MALFORMED);
	sample_free(&sample);
}

static void what_is_larger_than_its_limit_is_not_written(void **state)
{
	static struct span many[ENTRY_DOCUMENTS_MAX + 1];
	static struct transfer transfers[ENTRY_TRANSFERS_MAX + 1];
	struct buffer ones = {0}, large = {0};
	struct sample sample;

	(void)state;
	sample_make(&sample);
	memset(buffer_extend(&ones, ENTRY_LINES_MAX + 1), 1, ENTRY_LINES_MAX + 1);
	sample.draft.lines = sample.draft.verdicts = span_of(ones.data, ENTRY_LINES_MAX);
	sample.draft.count = ENTRY_LINES_MAX;
	assert_good(sample_write(&sample));
	sample.draft.lines = sample.draft.verdicts = buffer_span(&ones);
	sample.draft.count = ENTRY_LINES_MAX + 1;
	assert_error(sample_write(&sample), ERROR_TOO_LARGE);
	sample.draft.count = 0;
	sample.draft.lines = sample.draft.verdicts = (struct span){NULL, 0};
	assert_error(sample_write(&sample), ERROR_TOO_LARGE);
	sample_free(&sample);

	sample_make(&sample);
	for (size_t i = 0; i <= ENTRY_DOCUMENTS_MAX; i++)
		many[i] = span_text("d");
	sample.draft.documents = many;
	sample.draft.document_count = ENTRY_DOCUMENTS_MAX;
	assert_good(sample_write(&sample));
	sample.draft.document_count = ENTRY_DOCUMENTS_MAX + 1;
	assert_error(sample_write(&sample), ERROR_TOO_LARGE);
	sample.draft.document_count = 1;
	buffer_extend(&large, ENTRY_BODY_MAX);
	memset(large.data, 'x', large.size);
	many[0] = buffer_span(&large);
	assert_error(sample_write(&sample), ERROR_TOO_LARGE);
	many[0] = span_text("d");
	for (size_t i = 0; i <= ENTRY_TRANSFERS_MAX; i++) {
		transfers[i] = sample.transfer;
		transfers[i].id = transfer_id_from(span_text("many"), (uint32_t)i);
	}
	sample.draft.transfers = transfers;
	sample.draft.transfer_count = ENTRY_TRANSFERS_MAX;
	assert_good(sample_write(&sample));
	assert_good(read_and_check(buffer_span(&sample.header), buffer_span(&sample.body)));
	sample.draft.transfer_count = ENTRY_TRANSFERS_MAX + 1;
	assert_error(sample_write(&sample), ERROR_TOO_LARGE);
	buffer_free(&ones);
	buffer_free(&large);
	sample_free(&sample);
}

struct header_fields {
	uint64_t fields, version, epoch, kind, documents, count, salt_size, hash_size;
};

static struct buffer header_of(const struct header_fields *f)
{
	uint8_t hash[64] = {0};
	struct buffer out = {0};

	codec_put_array(&out, f->fields);
	codec_put_uint(&out, f->version);
	codec_put_uint(&out, f->epoch);
	codec_put_uint(&out, 5);
	codec_put_uint(&out, 6);
	codec_put_uint(&out, f->kind);
	codec_put_bytes(&out, span_of(hash, f->salt_size));
	codec_put_array(&out, f->documents);
	for (uint64_t i = 0; i < f->documents; i++)
		codec_put_bytes(&out, span_of(hash, f->hash_size));
	codec_put_array(&out, 2);
	codec_put_uint(&out, f->count);
	codec_put_bytes(&out, span_of(hash, HASH_SIZE));
	codec_put_bytes(&out, span_of(hash, HASH_SIZE));
	return out;
}

static void headers_with_anything_out_of_bounds_are_refused(void **state)
{
	static const struct {
		struct header_fields fields;
		enum error error;
	} cases[] = {{{9, 1, 1, 1, 1, 1, 32, 32}, ERROR_NONE},
	    {{9, 1, UINT32_MAX, UINT16_MAX, ENTRY_DOCUMENTS_MAX, ENTRY_LINES_MAX, 32, 32},
		ERROR_NONE},
	    {{8, 1, 1, 1, 1, 1, 32, 32}, ERROR_MALFORMED},
	    {{10, 1, 1, 1, 1, 1, 32, 32}, ERROR_MALFORMED},
	    {{9, 2, 1, 1, 1, 1, 32, 32}, ERROR_MALFORMED},
	    {{9, 0, 1, 1, 1, 1, 32, 32}, ERROR_MALFORMED},
	    {{9, 1, UINT64_C(1) << 32, 1, 1, 1, 32, 32}, ERROR_MALFORMED},
	    {{9, 1, 1, 65536, 1, 1, 32, 32}, ERROR_MALFORMED},
	    {{9, 1, 1, 1, ENTRY_DOCUMENTS_MAX + 1, 1, 32, 32}, ERROR_TOO_LARGE},
	    {{9, 1, 1, 1, 1, 0, 32, 32}, ERROR_MALFORMED},
	    {{9, 1, 1, 1, 1, ENTRY_LINES_MAX + 1, 32, 32}, ERROR_MALFORMED},
	    {{9, 1, 1, 1, 1, 1, 31, 32}, ERROR_MALFORMED},
	    {{9, 1, 1, 1, 1, 1, 32, 33}, ERROR_MALFORMED}};
	struct entry_header header;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer bytes = header_of(&cases[i].fields);
		enum error error = entry_header_read(buffer_span(&bytes), &header);

		if (error != cases[i].error)
			fail_msg("case %zu: %s", i, error_name(error));
		buffer_append(&bytes, span_of("", 1));
		assert_true(entry_header_read(buffer_span(&bytes), &header) != ERROR_NONE);
		buffer_free(&bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(header_and_body_are_the_bytes_that_an_independent_program_made),
	    cmocka_unit_test(an_entry_is_read_as_it_was_written),
	    cmocka_unit_test(any_changed_bit_of_a_body_is_found),
	    cmocka_unit_test(a_changed_header_no_longer_fits_its_body),
	    cmocka_unit_test(another_entrys_body_does_not_fit),
	    cmocka_unit_test(a_body_with_more_or_fewer_documents_than_the_header_names_is_refused),
	    cmocka_unit_test(the_header_tells_nothing_of_lines_that_could_be_guessed),
	    cmocka_unit_test(the_results_root_is_that_of_the_definition_for_any_number_of_lines),
	    cmocka_unit_test(single_items_are_found_in_their_order),
	    cmocka_unit_test(lines_and_verdicts_are_exactly_as_many_as_counted),
	    cmocka_unit_test(what_is_larger_than_its_limit_is_not_written),
	    cmocka_unit_test(headers_with_anything_out_of_bounds_are_refused),
	};

	return cmocka_run_group_tests_name("ledger/entry", tests, NULL, NULL);
}
