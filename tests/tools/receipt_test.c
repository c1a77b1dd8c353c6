/* Receipts of a demo's lines: each proves its line and verdict, with the signature of the institution where there is one, and tells nothing
 * of any other line; changed in any byte it proves nothing. */
#include "demo_books.h"

#include "program.h"
#include "receipt.h"
#include "sheet.h"

static struct demo_books books;

static int open_books(void **state)
{
	(void)state;
	folders_in_memory();
	workshop_open();
	demo_books_open(&books, 11);
	return 0;
}

static int close_books(void **state)
{
	(void)state;
	demo_books_close(&books);
	workshop_close();
	return 0;
}

/* One entry, with one of its lines. */
struct chosen {
	struct node *node;
	struct txn *txn;
	uint64_t sequence;
	uint32_t line;
	struct entry_reader reader;
};

/* The entry of a kind that has the most lines, in any city; its line by chance. */
static void choose(struct chosen *chosen, unsigned kind, uint64_t *random)
{
	uint32_t most = 0;

	memset(chosen, 0, sizeof *chosen);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		struct txn *txn = snapshot_of(books.nodes[city]);
		uint64_t size;

		assert_good(ledger_head(txn, &size, NULL));
		for (uint64_t sequence = 0; sequence < size; sequence++) {
			struct entry_reader reader;

			assert_good(ledger_read(txn, sequence, &reader));
			if (reader.entry.header.kind == kind && reader.entry.header.count > most) {
				most = reader.entry.header.count;
				chosen->node = books.nodes[city];
				chosen->sequence = sequence;
			}
			entry_free(&reader);
		}
		txn_abort(txn);
	}
	if (!chosen->node)
		fail_msg("no city has an entry of kind %s", kind_name(kind));
	chosen->line = (uint32_t)chance_below(random, most);
	chosen->txn = snapshot_of(chosen->node);
	assert_good(ledger_read(chosen->txn, chosen->sequence, &chosen->reader));
}

static void chosen_free(struct chosen *chosen)
{
	entry_free(&chosen->reader);
	txn_abort(chosen->txn);
}

/* What `suiren receipt make` writes. */
static struct buffer make(const struct chosen *chosen)
{
	struct run run = suiren_expect(0, "receipt make '%s' --entry %llu --line %u",
	    node_directory(chosen->node), (unsigned long long)chosen->sequence,
	    (unsigned)chosen->line);
	struct buffer receipt = {0};

	buffer_append(&receipt, span_of(run.out, run.out_size));
	assert_true(receipt.size > 0);
	run_free(&run);
	return receipt;
}

static struct run verify(
    const struct chosen *chosen, struct span receipt, const char *more, bool json)
{
	struct run vkey = suiren_expect(0, "log vkey '%s'", node_directory(chosen->node));

	file_write("vkey", vkey.out, vkey.out_size);
	run_free(&vkey);
	file_write("receipt.cbor", receipt.data, receipt.size);
	return suiren("receipt verify receipt.cbor --vkey vkey %s %s", more, json ? "--json" : "");
}

/* The same steps in this process, for many receipts: as docs/format.md tells a verifier to do. */
static enum error check(const struct chosen *chosen, struct span bytes)
{
	struct note_verifier log;
	struct receipt receipt;
	struct sheet_header header;
	struct document sheet;
	enum error error = receipt_read(bytes, &receipt);

	node_log_verifier(chosen->node, &log);
	if (error)
		return error;
	if (receipt.sheet.size == 0)
		return receipt_verify(&receipt, &log, 0, NULL, NULL);
	error = document_read(receipt.sheet, &sheet);
	if (!error)
		error = sheet_header_read(sheet.payload, &header);
	return error ? error
		     : receipt_verify(&receipt, &log, header.count, &header.line_root, NULL);
}

static void every_changed_byte_is_refused(
    const struct chosen *chosen, const struct buffer *receipt, uint64_t *random)
{
	struct buffer changed = {0};

	assert_good(check(chosen, buffer_span(receipt)));
	buffer_append(&changed, buffer_span(receipt));
	for (size_t at = 0; at < changed.size; at++) {
		uint8_t bit = (uint8_t)(1u << chance_below(random, 8));

		changed.data[at] ^= bit;
		if (check(chosen, buffer_span(&changed)) == ERROR_NONE)
			fail_msg("byte %zu of %zu, bit %02x: accepted", at, changed.size, bit);
		changed.data[at] ^= bit;
	}
	/* Cut short, or with something behind. */
	assert_true(check(chosen, span_of(changed.data, changed.size - 1)) != ERROR_NONE);
	buffer_append(&changed, span_text("x"));
	assert_true(check(chosen, buffer_span(&changed)) != ERROR_NONE);
	buffer_free(&changed);
}

static void the_program_refuses_changed_bytes_too(
    const struct chosen *chosen, const struct buffer *receipt, uint64_t *random)
{
	struct buffer changed = {0};

	buffer_append(&changed, buffer_span(receipt));
	for (unsigned n = 0; n < 4; n++) {
		const size_t at = (size_t)chance_below(random, changed.size);
		struct run run;

		changed.data[at] ^= 0x10;
		run = verify(chosen, buffer_span(&changed), "", false);
		/* 1: proves nothing; 2: is no receipt any more. */
		if (run.status != 1 && run.status != 2)
			fail_msg("byte %zu: status %d\n%s", at, run.status, run.out);
		assert_int_equal(lines_in(run.err), 1);
		assert_string_equal(run.out, "");
		run_free(&run);
		changed.data[at] ^= 0x10;
	}
	buffer_free(&changed);
}

/* Nothing by which another line could be known or guessed: not its bytes, nor its salt, nor the secret that all salts come from. */
static void nothing_of_other_lines_is_shown(
    const struct chosen *chosen, const struct buffer *receipt)
{
	const struct entry *entry = &chosen->reader.entry;
	const struct span mine = buffer_span(receipt);
	struct hash *salts = calloc(entry->header.count, sizeof *salts);
	struct codec_reader lines = codec_reader(entry->lines);
	struct span own;

	assert_non_null(salts);
	if (!salts)
		return; /* for compilers that do not know what an assertion does */
	hash_line_salts(&entry->secret, 0, entry->header.count, salts);
	assert_good(entry_item(entry->lines, chosen->line, &own));
	assert_non_null(memmem(mine.data, mine.size, own.data, own.size));
	assert_null(memmem(mine.data, mine.size, entry->secret.bytes, HASH_SIZE));
	for (uint32_t i = 0; i < entry->header.count; i++) {
		const struct span line = codec_item(&lines);

		if (i == chosen->line || line.size < 8)
			continue;
		assert_null(memmem(mine.data, mine.size, salts[i].bytes, HASH_SIZE));
		assert_null(memmem(mine.data, mine.size, line.data, line.size));
	}
	free(salts);
}

static void a_receipt_holds(unsigned kind, uint64_t *random)
{
	struct chosen chosen;
	struct buffer receipt;
	struct run run;
	char expected[100];

	choose(&chosen, kind, random);
	receipt = make(&chosen);
	run = verify(&chosen, buffer_span(&receipt), "", true);
	if (run.status)
		fail_msg("%s: %s", kind_name(kind), run.err);
	snprintf(expected, sizeof expected, "\"kind\": \"%s\"", kind_name(kind));
	assert_non_null(strstr(run.out, expected));
	snprintf(expected, sizeof expected, "\"entry\": %llu", (unsigned long long)chosen.sequence);
	assert_non_null(strstr(run.out, expected));
	snprintf(expected, sizeof expected, "\"line_index\": %u", (unsigned)chosen.line);
	assert_non_null(strstr(run.out, expected));
	run_free(&run);
	nothing_of_other_lines_is_shown(&chosen, &receipt);
	every_changed_byte_is_refused(&chosen, &receipt, random);
	the_program_refuses_changed_bytes_too(&chosen, &receipt, random);
	print_message("%s: %u lines, %zu bytes\n", kind_name(kind),
	    (unsigned)chosen.reader.entry.header.count, receipt.size);
	buffer_free(&receipt);
	chosen_free(&chosen);
}

static void receipts_of_every_kind_of_line_hold_and_break_with_any_byte(void **state)
{
	static const unsigned kinds[] = {KIND_claim, KIND_claim_forward, KIND_claim_remote,
	    KIND_adjudication, KIND_allowance, KIND_payment_order, KIND_bank, KIND_grant,
	    KIND_filing, KIND_stay, KIND_assessment, KIND_person};
	uint64_t random = chance_seed("receipts");

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		a_receipt_holds(kinds[i], &random);
}

/* The key that the log knows for the sheet's institution, as hex. */
static void institution_key(const struct chosen *chosen, char hex[2 * PUBLIC_KEY_SIZE + 1])
{
	struct keyring_key key;
	struct document sheet;

	assert_good(document_read(chosen->reader.entry.documents[0], &sheet));
	assert_string_equal(sheet.name, "sheet");
	assert_good(keyring_find(chosen->txn, &sheet.key_id, &key));
	assert_int_equal(strncmp(key.party, "institution/", 12), 0);
	hex_write(span_of(key.key.bytes, PUBLIC_KEY_SIZE), hex);
}

static void the_institutions_signature_is_checked_under_its_key_and_under_no_other(void **state)
{
	uint64_t random = chance_seed("institution");
	char hex[2 * PUBLIC_KEY_SIZE + 1], option[200];
	struct chosen chosen;
	struct buffer receipt;
	struct run run;

	(void)state;
	choose(&chosen, KIND_claim, &random);
	receipt = make(&chosen);
	institution_key(&chosen, hex);
	snprintf(option, sizeof option, "--institution-key %s", hex);
	run = verify(&chosen, buffer_span(&receipt), option, true);
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "\"institution_signature\": \"verified\""));
	run_free(&run);
	run = verify(&chosen, buffer_span(&receipt), "", true);
	assert_non_null(strstr(run.out, "\"institution_signature\": \"not_checked\""));
	run_free(&run);

	hex[0] = hex[0] == '0' ? '1' : '0';
	snprintf(option, sizeof option, "--institution-key %s", hex);
	run = verify(&chosen, buffer_span(&receipt), option, false);
	assert_int_equal(run.status, 1);
	run_free(&run);
	buffer_free(&receipt);
	chosen_free(&chosen);
}

/* A citizen reads words, not arrays. */
static void a_claims_receipt_says_person_days_and_verdict_in_words(void **state)
{
	uint64_t random = chance_seed("words");
	char expected[80];
	struct chosen chosen;
	struct buffer receipt;
	struct codec_reader line, verdict;
	struct span own;
	struct run run;

	(void)state;
	choose(&chosen, KIND_claim, &random);
	receipt = make(&chosen);
	run = verify(&chosen, buffer_span(&receipt), "", false);
	assert_int_equal(run.status, 0);
	assert_good(entry_item(chosen.reader.entry.lines, chosen.line, &own));
	line = codec_reader(own);
	codec_array(&line);
	snprintf(expected, sizeof expected, "%5u  %016llu  ", (unsigned)chosen.line,
	    (unsigned long long)codec_uint(&line));
	assert_non_null(strstr(run.out, expected));
	assert_good(entry_item(chosen.reader.entry.verdicts, chosen.line, &own));
	verdict = codec_reader(own);
	codec_array(&verdict);
	assert_non_null(
	    strstr(run.out, reason_chinese((enum reason)codec_uint_max(&verdict, 255))));
	run_free(&run);
	buffer_free(&receipt);
	chosen_free(&chosen);
}

static void under_another_citys_key_nothing_is_proved(void **state)
{
	uint64_t random = chance_seed("another city");
	struct chosen chosen;
	struct buffer receipt;
	struct run run;

	(void)state;
	choose(&chosen, KIND_allowance, &random);
	receipt = make(&chosen);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		struct chosen other = chosen;

		other.node = books.nodes[city];
		run = verify(&other, buffer_span(&receipt), "", false);
		assert_int_equal(run.status, other.node == chosen.node ? 0 : 1);
		run_free(&run);
	}
	buffer_free(&receipt);
	chosen_free(&chosen);
}

/* The same receipt, written anew without the sheet and its path. */
static void without_sheet(const struct buffer *receipt, struct buffer *out)
{
	struct codec_reader reader = codec_reader(buffer_span(receipt));
	const size_t fields = codec_array(&reader);

	codec_put_array(out, fields);
	for (size_t i = 0; i + 2 < fields; i++)
		buffer_append(out, codec_item(&reader));
	codec_put_null(out);
	codec_put_array(out, 0);
	assert_good(out->failed);
}

static void a_claims_receipt_without_its_sheet_is_refused(void **state)
{
	uint64_t random = chance_seed("without sheet");
	struct buffer receipt, cut = {0};
	struct chosen chosen;
	struct run run;

	(void)state;
	choose(&chosen, KIND_claim, &random);
	receipt = make(&chosen);
	without_sheet(&receipt, &cut);
	run = verify(&chosen, buffer_span(&cut), "", false);
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "taken out of the receipt"));
	run_free(&run);
	buffer_free(&receipt);
	buffer_free(&cut);
	chosen_free(&chosen);
}

/* Parts of two good receipts of one entry do not make a third. */
static void lines_and_verdicts_of_two_receipts_cannot_be_mixed(void **state)
{
	uint64_t random = chance_seed("mixed");
	struct buffer receipts[2];
	struct chosen chosen;

	(void)state;
	choose(&chosen, KIND_allowance, &random);
	chosen.line = 0;
	receipts[0] = make(&chosen);
	chosen.line = 1;
	receipts[1] = make(&chosen);
	/* Fields: version, header, index, line, salt, verdict, results path, proof, sheet, line path. */
	for (size_t field = 2; field <= 6; field++) {
		struct codec_reader a = codec_reader(buffer_span(&receipts[0]));
		struct codec_reader b = codec_reader(buffer_span(&receipts[1]));
		struct buffer mixed = {0};
		const size_t fields = codec_array(&a);
		bool same = true;

		codec_array(&b);
		codec_put_array(&mixed, fields);
		for (size_t i = 0; i < fields; i++) {
			struct span own = codec_item(&a), other = codec_item(&b);

			buffer_append(&mixed, i == field ? other : own);
			same = same && (i != field || span_equal(own, other));
		}
		/* Two persons may well be paid the same. */
		assert_int_equal(check(&chosen, buffer_span(&mixed)) == ERROR_NONE, same);
		buffer_free(&mixed);
	}
	buffer_free(&receipts[0]);
	buffer_free(&receipts[1]);
	chosen_free(&chosen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(receipts_of_every_kind_of_line_hold_and_break_with_any_byte),
	    cmocka_unit_test(
		the_institutions_signature_is_checked_under_its_key_and_under_no_other),
	    cmocka_unit_test(a_claims_receipt_says_person_days_and_verdict_in_words),
	    cmocka_unit_test(under_another_citys_key_nothing_is_proved),
	    cmocka_unit_test(a_claims_receipt_without_its_sheet_is_refused),
	    cmocka_unit_test(lines_and_verdicts_of_two_receipts_cannot_be_mixed),
	};

	return cmocka_run_group_tests(tests, open_books, close_books);
}
