/* Receipts: each proves its line and shows no other; whatever is changed in one, it is refused. */
#include "books.h"
#include "receipt.h"

#define LINES 13u

/* A ledger with one sheet of LINES lines that an institution signed, and entries before and behind it. */
struct case_of {
	struct books books;
	struct secret_key institution;
	uint64_t sheet; /* sequence of its entry */
	struct buffer receipts[LINES];
};

/* The sheet's payload: [number of lines, line root]. */
static void sign_sheet(struct case_of *c, struct books_entry *entry)
{
	struct hash leaves[LINES], root;
	struct buffer payload = {0};

	assert_good(entry_line_leaves(&entry->draft.secret, entry->draft.lines, LINES, leaves));
	root = merkle_root_in_place(leaves, LINES);
	codec_put_array(&payload, 2);
	codec_put_uint(&payload, LINES);
	codec_put_bytes(&payload, hash_span(&root));
	document_sign(&entry->documents[0], "sheet", &c->institution, buffer_span(&payload));
	buffer_free(&payload);
	entry->spans[0] = buffer_span(&entry->documents[0]);
	entry->draft.document_count = 1;
	entry->draft.documents = entry->spans;
}

static void append_sheet(struct case_of *c)
{
	struct books_entry entry = {.draft = {.kind = BOOKS_PLAIN}};
	struct hash salt = books_hash(&c->books);
	struct error_detail detail = {""};
	struct txn *txn;

	books_lines(&c->books, &entry, LINES);
	entry.draft.secret = books_hash(&c->books);
	sign_sheet(c, &entry);
	assert_good(ledger_begin(c->books.ledger, &txn));
	assert_good(
	    ledger_append(c->books.ledger, txn, &entry.draft, START_MS, &salt, &c->sheet, &detail));
	assert_good(ledger_commit(c->books.ledger, txn));
	c->books.entries++;
	books_entry_free(&entry);
}

static enum error make_receipt(
    struct case_of *c, uint64_t sequence, uint32_t index, int sheet, struct buffer *out)
{
	struct entry_reader reader;
	struct merkle_proof inclusion;
	struct span header, body, note;
	struct hash leaf, root;
	struct txn *txn;
	uint64_t size;
	enum error error;

	assert_good(txn_begin_read(ledger_store(c->books.ledger), &txn));
	assert_good(ledger_head(txn, &size, NULL));
	assert_good(ledger_get(txn, sequence, &header, &body));
	assert_good(ledger_read(txn, sequence, &reader));
	assert_good(ledger_prove_inclusion(txn, sequence, size, &inclusion, &leaf, &root));
	assert_good(ledger_checkpoint(txn, &note));
	error = receipt_write(out, &reader.entry, header, index, sheet, &inclusion, note);
	entry_free(&reader);
	txn_abort(txn);
	return error;
}

static int case_open(void **state)
{
	static struct case_of c;

	memset(&c, 0, sizeof c);
	books_open(&c.books, 4711);
	books_key(&c.institution, 77);
	books_fill(&c.books, 21);
	append_sheet(&c);
	books_fill(&c.books, 50);
	for (uint32_t i = 0; i < LINES; i++)
		assert_good(make_receipt(&c, c.sheet, i, 0, &c.receipts[i]));
	*state = &c;
	return 0;
}

static int case_close(void **state)
{
	struct case_of *c = *state;

	for (uint32_t i = 0; i < LINES; i++)
		buffer_free(&c->receipts[i]);
	books_close(&c->books);
	return 0;
}

/* What a verifier does who has the log's and the institution's keys and knows sheets. */
static enum error verify(const struct case_of *c, struct span bytes, struct error_detail *detail)
{
	struct codec_reader reader;
	struct document sheet;
	struct receipt receipt;
	struct hash root;
	uint32_t count;
	enum error error = receipt_read(bytes, &receipt);

	if (!error && receipt.sheet.size == 0)
		return receipt_verify(&receipt, &c->books.log, 0, NULL, detail);
	if (!error)
		error = document_read(receipt.sheet, &sheet);
	if (!error)
		error = document_verify(&sheet, &c->institution.public);
	if (error)
		return error;
	reader = codec_reader(sheet.payload);
	codec_array_exact(&reader, 2);
	count = (uint32_t)codec_uint_max(&reader, ENTRY_LINES_MAX);
	codec_bytes_exact(&reader, root.bytes, HASH_SIZE);
	error = codec_finish(&reader);
	return error ? error : receipt_verify(&receipt, &c->books.log, count, &root, detail);
}

static void a_receipt_proves_each_line_of_a_sheet(void **state)
{
	struct case_of *c = *state;

	for (uint32_t i = 0; i < LINES; i++) {
		struct error_detail detail = {""};
		struct receipt receipt;

		if (verify(c, buffer_span(&c->receipts[i]), &detail))
			fail_msg("line %u: %s", i, detail.text);
		assert_good(receipt_read(buffer_span(&c->receipts[i]), &receipt));
		assert_int_equal(receipt.index, i);
		assert_int_equal(receipt.leaf_index, c->sheet);
		assert_int_equal(receipt.header.sequence, c->sheet);
		assert_int_equal(receipt.checkpoint.size, c->books.entries);
		assert_int_equal(receipt.header.count, LINES);
	}
}

static void lines_without_a_sheet_are_proved_by_the_log_alone(void **state)
{
	struct case_of *c = *state;

	for (uint64_t sequence = 0; sequence < c->books.entries; sequence++) {
		struct error_detail detail = {""};
		struct buffer out = {0};

		assert_good(make_receipt(c, sequence, 0, -1, &out));
		if (verify(c, buffer_span(&out), &detail))
			fail_msg("entry %u: %s", (unsigned)sequence, detail.text);
		buffer_free(&out);
	}
}

static bool holds(const struct buffer *receipt, struct span bytes)
{
	return memmem(receipt->data, receipt->size, bytes.data, bytes.size) != NULL;
}

static void a_receipt_shows_no_other_line_salt_or_secret(void **state)
{
	struct case_of *c = *state;
	struct entry_reader reader;
	struct hash salts[LINES], leaves[LINES];
	struct txn *txn;

	assert_good(txn_begin_read(ledger_store(c->books.ledger), &txn));
	assert_good(ledger_read(txn, c->sheet, &reader));
	hash_line_salts(&reader.entry.secret, 0, LINES, salts);
	assert_good(entry_line_leaves(&reader.entry.secret, reader.entry.lines, LINES, leaves));
	for (uint32_t i = 0; i < LINES; i++) {
		/* With the secret, or the salt of a sibling, its line could be guessed. */
		assert_false(holds(&c->receipts[i], hash_span(&reader.entry.secret)));
		for (uint32_t k = 0; k < LINES; k++) {
			struct span line;

			assert_good(entry_item(reader.entry.lines, k, &line));
			assert_int_equal(holds(&c->receipts[i], line), i == k);
			assert_int_equal(holds(&c->receipts[i], hash_span(&salts[k])), i == k);
		}
	}
	entry_free(&reader);
	txn_abort(txn);
}

static void any_changed_bit_of_a_receipt_is_refused(void **state)
{
	struct case_of *c = *state;
	struct buffer *receipt = &c->receipts[LINES - 1];
	struct buffer plain = {0};

	for (size_t bit = 0; bit < 8 * receipt->size; bit++) {
		struct error_detail detail = {""};

		receipt->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (verify(c, buffer_span(receipt), &detail) == ERROR_NONE)
			fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
		receipt->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t size = 0; size < receipt->size; size++)
		assert_true(verify(c, span_of(receipt->data, size), NULL) != ERROR_NONE);
	assert_good(make_receipt(c, 3, 0, -1, &plain));
	for (size_t bit = 0; bit < 8 * plain.size; bit++) {
		plain.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (verify(c, buffer_span(&plain), NULL) == ERROR_NONE)
			fail_msg("bit %zu of byte %zu without a sheet", bit % 8, bit / 8);
		plain.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buffer_free(&plain);
}

/* Parts of good receipts, put together anew, prove nothing. */
static void what_belongs_to_another_line_or_log_is_refused(void **state)
{
	struct case_of *c = *state;
	struct receipt a, b, mixed;
	struct error_detail detail = {""};
	struct hash root = {{0}}, line_root;
	struct note_verifier other;
	struct secret_key key;
	struct document sheet;

	assert_good(receipt_read(buffer_span(&c->receipts[0]), &a));
	assert_good(receipt_read(buffer_span(&c->receipts[5]), &b));
	assert_good(document_read(a.sheet, &sheet));
	memcpy(line_root.bytes, sheet.payload.data + sheet.payload.size - HASH_SIZE, HASH_SIZE);
	assert_good(receipt_verify(&a, &c->books.log, LINES, &line_root, &detail));
	mixed = a;
	mixed.verdict = b.verdict;
	if (!span_equal(a.verdict, b.verdict))
		assert_error(receipt_verify(&mixed, &c->books.log, LINES, &line_root, &detail),
		    ERROR_NOT_VERIFIED);
	mixed = a;
	mixed.line = b.line;
	assert_error(
	    receipt_verify(&mixed, &c->books.log, LINES, &line_root, &detail), ERROR_NOT_VERIFIED);
	assert_non_null(strstr(detail.text, "not among the entry's results"));
	mixed = a;
	mixed.line_path = b.line_path;
	assert_error(
	    receipt_verify(&mixed, &c->books.log, LINES, &line_root, &detail), ERROR_NOT_VERIFIED);
	assert_non_null(strstr(detail.text, "not in the sheet"));
	/* Another sheet's root, another number of lines, and one without the other. */
	assert_error(receipt_verify(&a, &c->books.log, LINES, &root, &detail), ERROR_NOT_VERIFIED);
	assert_error(
	    receipt_verify(&a, &c->books.log, LINES + 1, &line_root, &detail), ERROR_NOT_VERIFIED);
	assert_non_null(strstr(detail.text, "14 lines, the entry 13"));
	assert_error(receipt_verify(&a, &c->books.log, 0, NULL, &detail), ERROR_NOT_VERIFIED);
	mixed = a;
	mixed.sheet = (struct span){NULL, 0};
	assert_error(
	    receipt_verify(&mixed, &c->books.log, LINES, &line_root, &detail), ERROR_NOT_VERIFIED);
	/* A sheet with the same lines that is not the one that was logged. */
	mixed = a;
	mixed.sheet = span_text("another sheet");
	assert_error(
	    receipt_verify(&mixed, &c->books.log, LINES, &line_root, &detail), ERROR_NOT_VERIFIED);
	assert_non_null(strstr(detail.text, "not one of the entry's documents"));
	/* Another log's key, and another log's name. */
	books_key(&key, 50);
	note_verifier_make(&other, ORIGIN, NOTE_TYPE_ED25519, &key.public);
	assert_error(receipt_verify(&a, &other, LINES, &line_root, &detail), ERROR_NOT_VERIFIED);
	note_verifier_make(&other, "x/ledger/1", NOTE_TYPE_ED25519, &c->books.log_key.public);
	assert_error(receipt_verify(&a, &other, LINES, &line_root, &detail), ERROR_NOT_VERIFIED);
	assert_non_null(strstr(detail.text, "the checkpoint"));
}

/* A dishonest log could put a header at another place than it says. */
static void a_header_at_another_place_than_it_says_is_refused(void **state)
{
	struct case_of *c = *state;
	struct error_detail detail = {""};
	struct checkpoint checkpoint = {.origin = ORIGIN, .size = 1};
	struct merkle_proof empty = {.count = 0};
	struct buffer plain = {0}, note = {0}, proof = {0};
	struct receipt receipt;

	assert_good(make_receipt(c, 3, 0, -1, &plain));
	assert_good(receipt_read(buffer_span(&plain), &receipt));
	assert_good(receipt_verify(&receipt, &c->books.log, 0, NULL, &detail));
	checkpoint.root = hash_leaf(receipt.header_bytes); /* a log of this one entry, signed */
	checkpoint_sign(&note, &checkpoint, &c->books.log_key);
	tlog_proof_write(&proof, 0, &empty, buffer_span(&note));
	receipt.proof_text = buffer_span(&proof);
	assert_error(receipt_verify(&receipt, &c->books.log, 0, NULL, &detail), ERROR_NOT_VERIFIED);
	assert_non_null(strstr(detail.text, "of entry 0, the receipt of entry 3"));
	buffer_free(&plain);
	buffer_free(&note);
	buffer_free(&proof);
}

static void a_path_into_a_sheet_that_is_not_there_is_refused(void **state)
{
	struct case_of *c = *state;
	struct buffer plain = {0};
	struct hash hash = {{1}};
	struct receipt receipt;

	assert_good(make_receipt(c, 3, 0, -1, &plain));
	assert_int_equal(plain.data[plain.size - 1], 0x80); /* the empty path at its end */
	plain.size--;
	codec_put_array(&plain, 1);
	codec_put_bytes(&plain, hash_span(&hash));
	assert_error(receipt_read(buffer_span(&plain), &receipt), ERROR_MALFORMED);
	buffer_free(&plain);
}

static void a_receipt_is_of_a_line_that_there_is(void **state)
{
	struct case_of *c = *state;
	struct buffer out = {0};

	struct codec_reader reader;
	struct receipt receipt;
	uint8_t *index;

	assert_error(make_receipt(c, c->sheet, LINES, 0, &out), ERROR_RANGE);
	buffer_clear(&out);
	assert_good(make_receipt(c, c->sheet, LINES - 1, 0, &out));
	reader = codec_reader(buffer_span(&out));
	codec_array_exact(&reader, 10);
	assert_int_equal(codec_uint(&reader), 1);
	codec_bytes(&reader); /* the header */
	index = out.data + (reader.at - out.data);
	assert_int_equal(*index, LINES - 1);
	*index = LINES;
	assert_error(receipt_read(buffer_span(&out), &receipt), ERROR_MALFORMED);
	buffer_free(&out);
}

static void a_receipt_beyond_the_limit_is_refused_unread(void **state)
{
	uint8_t *bytes = calloc(1, RECEIPT_SIZE_MAX + 1);
	struct receipt receipt;

	(void)state;
	assert_non_null(bytes);
	assert_error(receipt_read(span_of(bytes, RECEIPT_SIZE_MAX + 1), &receipt), ERROR_TOO_LARGE);
	assert_error(receipt_read(span_of(bytes, RECEIPT_SIZE_MAX), &receipt), ERROR_MALFORMED);
	assert_error(receipt_read((struct span){NULL, 0}, &receipt), ERROR_MALFORMED);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_receipt_proves_each_line_of_a_sheet),
	    cmocka_unit_test(lines_without_a_sheet_are_proved_by_the_log_alone),
	    cmocka_unit_test(a_receipt_shows_no_other_line_salt_or_secret),
	    cmocka_unit_test(any_changed_bit_of_a_receipt_is_refused),
	    cmocka_unit_test(what_belongs_to_another_line_or_log_is_refused),
	    cmocka_unit_test(a_header_at_another_place_than_it_says_is_refused),
	    cmocka_unit_test(a_path_into_a_sheet_that_is_not_there_is_refused),
	    cmocka_unit_test(a_receipt_is_of_a_line_that_there_is),
	    cmocka_unit_test(a_receipt_beyond_the_limit_is_refused_unread),
	};

	return cmocka_run_group_tests_name("ledger/receipt", tests, case_open, case_close);
}
