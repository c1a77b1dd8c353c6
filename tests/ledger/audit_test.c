/* Whatever is changed in the stored books, the audit finds it and names where. */
#include "books.h"

/* The life in books.h up to its second change of keys and second release: every kind of row of every table. Each change is audited,
 * and what an audit costs is its signatures. */
#define ENTRIES 14u

/* What an audit said: whether it named the row that was changed. */
struct heard {
	const char *table;
	struct span key;
	bool has_sequence, print;
	uint64_t sequence;
	bool named;
	uint64_t count;
	char last[200];
};

static void hear(void *context, const struct ledger_finding *finding)
{
	struct heard *heard = context;

	heard->count++;
	snprintf(heard->last, sizeof heard->last, "%s %llu %s: %s",
	    finding->has_sequence ? "entry" : "", (unsigned long long)finding->sequence,
	    finding->table ? finding->table : "", finding->text);
	if (heard->print)
		print_message("  %s\n", heard->last);
	if (heard->has_sequence && finding->has_sequence && finding->sequence == heard->sequence)
		heard->named = true;
	if (finding->table && heard->table && strcmp(finding->table, heard->table) == 0 &&
	    span_equal(finding->key, heard->key))
		heard->named = true;
}

static enum error audit(
    struct books *books, struct heard *heard, struct ledger_audit_result *result)
{
	heard->named = false;
	heard->count = 0;
	return ledger_audit(books->ledger, &books->log, hear, heard, result);
}

static void books_that_nobody_touched_are_verified_and_counted(void **state)
{
	struct heard heard = {.print = true};
	struct ledger_audit_result result;
	struct books books;

	(void)state;
	books_open(&books, chance_seed("audit"));
	assert_int_equal(audit(&books, &heard, &result), ERROR_NONE); /* empty */
	books_fill(&books, 200);
	assert_int_equal(audit(&books, &heard, &result), ERROR_NONE);
	assert_int_equal(result.findings, 0);
	assert_int_equal(result.entries, 200);
	/* 25 rounds of eight: 2 + 2 + 1 + 2 transfers each. */
	assert_int_equal(result.transfers, 25 * 7);
	assert_int_equal(result.accounts, 1 + 5 + 11);
	assert_true(result.lines >= 200);
	books_close(&books);
}

static void the_audit_leaves_nothing_behind(void **state)
{
	char folder[300], *before = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
	struct heard heard = {.print = true};
	struct ledger_audit_result result;
	struct books books;

	(void)state;
	books_open(&books, 1);
	books_fill(&books, 20);
	folder_make(folder);
	setenv("TMPDIR", folder, 1);
	assert_int_equal(audit(&books, &heard, &result), ERROR_NONE);
	assert_int_equal(rmdir(folder), 0); /* it is empty */
	/* No room for the re-made books is the world's failure, not a finding. */
	assert_int_equal(audit(&books, &heard, &result), ERROR_IO);
	assert_int_equal(result.findings, 0);
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	free(before);
	books_close(&books);
}

/* One row of one table, copied out. */
struct row {
	unsigned table;
	struct buffer key, value;
};

static size_t all_rows(struct books *books, struct row **out)
{
	size_t tables, count = 0, capacity = 0;
	const struct store_table *own = ledger_tables(&tables);
	struct row *rows = NULL;
	struct txn *txn;

	assert_int_equal(txn_begin_read(ledger_store(books->ledger), &txn), ERROR_NONE);
	for (size_t t = 0; t < tables; t++) {
		struct cursor *cursor;
		struct span key, value;
		enum error error = cursor_open(txn, own[t].number, &cursor);
		size_t before = count;

		for (error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &value); !error;
		     error = cursor_next(cursor, &key, &value)) {
			if (count == capacity) {
				capacity = capacity ? 2 * capacity : 256;
				rows = realloc(rows, capacity * sizeof *rows);
				assert_non_null(rows);
			}
			rows[count] = (struct row){.table = own[t].number};
			buffer_append(&rows[count].key, key);
			buffer_append(&rows[count].value, value);
			count++;
		}
		assert_int_equal(error, ERROR_NOT_FOUND);
		assert_true(count > before); /* a table without rows would not be tested */
		cursor_close(cursor);
	}
	txn_abort(txn);
	*out = rows;
	return count;
}

static void put(struct books *books, unsigned table, struct span key, struct span value)
{
	struct txn *txn;

	assert_int_equal(txn_begin_write(ledger_store(books->ledger), &txn), ERROR_NONE);
	assert_int_equal(
	    value.data ? store_put(txn, table, key, value) : store_delete(txn, table, key),
	    ERROR_NONE);
	assert_int_equal(txn_commit(txn), ERROR_NONE);
}

static const char *table_name(unsigned table)
{
	size_t count;
	const struct store_table *tables = ledger_tables(&count);

	for (size_t i = 0; i < count; i++)
		if (tables[i].number == table)
			return tables[i].name;
	return NULL;
}

static struct heard heard_for(const struct row *row)
{
	struct heard heard = {.table = table_name(row->table), .key = buffer_span(&row->key)};

	if (row->table == TABLE_HEADER || row->table == TABLE_BODY) {
		heard.has_sequence = true;
		heard.sequence = be64_read(row->key.data);
	}
	return heard;
}

static void expect_named(struct books *books, const struct row *row, const char *what, size_t at)
{
	struct heard heard = heard_for(row);
	struct ledger_audit_result result;
	enum error error = audit(books, &heard, &result);

	if (error != ERROR_NOT_VERIFIED || !heard.named)
		fail_msg("%s at %zu of %zu in %s: %s, %llu findings, last: %s", what, at,
		    row->value.size, heard.table, error_name(error),
		    (unsigned long long)heard.count, heard.last);
	assert_int_equal(heard.count, result.findings);
}

static void change_every_row(struct books *books, uint64_t *random, unsigned offsets)
{
	struct heard clean = {.print = true};
	struct ledger_audit_result result;
	struct row *rows;
	size_t count = all_rows(books, &rows), changes = 0;

	for (size_t i = 0; i < count; i++) {
		struct row *row = &rows[i];

		for (unsigned n = 0; n < offsets; n++) {
			/* The first byte, the last, and some between. */
			size_t at = n == 0   ? 0
				    : n == 1 ? row->value.size - 1
					     : (size_t)chance_below(random, row->value.size);
			uint8_t bit = (uint8_t)(1u << chance_below(random, 8));

			row->value.data[at] ^= bit;
			put(books, row->table, buffer_span(&row->key), buffer_span(&row->value));
			expect_named(books, row, "one bit", at);
			row->value.data[at] ^= bit;
			put(books, row->table, buffer_span(&row->key), buffer_span(&row->value));
			changes++;
		}
		put(books, row->table, buffer_span(&row->key), (struct span){NULL, 0});
		expect_named(books, row, "deleted", 0);
		put(books, row->table, buffer_span(&row->key), buffer_span(&row->value));
	}
	assert_int_equal(audit(books, &clean, &result), ERROR_NONE);
	print_message("%zu rows, %zu changed bits, each found\n", count, changes);
	for (size_t i = 0; i < count; i++) {
		buffer_free(&rows[i].key);
		buffer_free(&rows[i].value);
	}
	free(rows);
}

static void one_changed_bit_in_any_row_of_any_table_is_found_and_named(void **state)
{
	uint64_t random = chance_seed("changed bits");
	struct books books;

	(void)state;
	books_open(&books, random);
	books_fill(&books, ENTRIES);
	change_every_row(&books, &random, 5);
	books_close(&books);
}

static void every_byte_of_the_meta_rows_is_covered(void **state)
{
	struct books books;
	struct row *rows;
	size_t count;

	(void)state;
	books_open(&books, 7);
	books_fill(&books, 5);
	count = all_rows(&books, &rows);
	for (size_t i = 0; i < count; i++) {
		for (size_t at = 0; rows[i].table == TABLE_META && at < rows[i].value.size; at++) {
			rows[i].value.data[at] ^= 0x01;
			put(&books, TABLE_META, buffer_span(&rows[i].key),
			    buffer_span(&rows[i].value));
			expect_named(&books, &rows[i], "one bit", at);
			rows[i].value.data[at] ^= 0x01;
			put(&books, TABLE_META, buffer_span(&rows[i].key),
			    buffer_span(&rows[i].value));
		}
		buffer_free(&rows[i].key);
		buffer_free(&rows[i].value);
	}
	free(rows);
	books_close(&books);
}

static void a_row_that_was_put_in_is_found_in_every_table(void **state)
{
	size_t tables;
	const struct store_table *own = ledger_tables(&tables);
	struct books books;

	(void)state;
	books_open(&books, 3);
	books_fill(&books, 30);
	for (size_t t = 0; t < tables; t++) {
		/* The keys of headers and bodies are sequences: one behind the last, far away. */
		uint8_t key[9] = {0, 0, 0, 0, 0, 1, 0, 0, 0};
		size_t size = own[t].number == TABLE_NODE ? 9 : 8;
		struct row row = {.table = own[t].number};

		buffer_append(&row.key, span_of(key, size));
		buffer_append(&row.value, span_text("something"));
		put(&books, row.table, buffer_span(&row.key), buffer_span(&row.value));
		expect_named(&books, &row, "put in", 0);
		put(&books, row.table, buffer_span(&row.key), (struct span){NULL, 0});
		buffer_free(&row.key);
		buffer_free(&row.value);
	}
	books_close(&books);
}

static void a_changed_header_is_told_from_a_changed_leaf_and_gives_one_finding(void **state)
{
	struct heard heard = {.has_sequence = true, .sequence = 9};
	struct ledger_audit_result result;
	struct books books;
	uint8_t key[9] = {0, 0, 0, 0, 0, 0, 0, 0, 9}, leaf[HASH_SIZE];
	struct buffer copy = {0};
	struct span header, body, node;
	struct txn *txn;

	(void)state;
	books_open(&books, 5);
	books_fill(&books, 40);
	assert_int_equal(txn_begin_read(ledger_store(books.ledger), &txn), ERROR_NONE);
	assert_int_equal(ledger_get(txn, 9, &header, &body), ERROR_NONE);
	buffer_append(&copy, header);
	assert_int_equal(store_get(txn, TABLE_NODE, span_of(key, 9), &node), ERROR_NONE);
	memcpy(leaf, node.data, sizeof leaf);
	txn_abort(txn);

	copy.data[40] ^= 1; /* in the salt, which nothing but the leaf covers */
	put(&books, TABLE_HEADER, span_of(key + 1, 8), buffer_span(&copy));
	assert_int_equal(audit(&books, &heard, &result), ERROR_NOT_VERIFIED);
	assert_true(heard.named);
	assert_int_equal(heard.count, 1);
	assert_non_null(strstr(heard.last, "header is not the one"));
	copy.data[40] ^= 1;
	put(&books, TABLE_HEADER, span_of(key + 1, 8), buffer_span(&copy));

	leaf[0] ^= 1;
	put(&books, TABLE_NODE, span_of(key, 9), span_of(leaf, sizeof leaf));
	assert_int_equal(audit(&books, &heard, &result), ERROR_NOT_VERIFIED);
	assert_int_equal(heard.count, 1);
	assert_non_null(strstr(heard.last, "leaf is not that of the header"));
	buffer_free(&copy);
	books_close(&books);
}

static void a_log_that_was_cut_does_not_reach_its_checkpoint(void **state)
{
	struct heard heard = {.table = "meta", .key = span_text("checkpoint")};
	struct ledger_audit_result result;
	struct books books;
	uint8_t key[8] = {0, 0, 0, 0, 0, 0, 0, 19};

	(void)state;
	books_open(&books, 6);
	books_fill(&books, 20);
	put(&books, TABLE_HEADER, span_of(key, 8), (struct span){NULL, 0});
	put(&books, TABLE_BODY, span_of(key, 8), (struct span){NULL, 0});
	assert_int_equal(audit(&books, &heard, &result), ERROR_NOT_VERIFIED);
	assert_true(heard.named);
	assert_int_equal(result.entries, 19);
	books_close(&books);
}

/* An entry signed by a key outside the keyring. */
static void append_signed_by(struct books *books, const struct secret_key *signer, bool vouched)
{
	struct books_entry entry = {.draft = {.kind = 0}};
	struct txn *txn;

	books_lines(books, &entry, 1);
	books_document(books, &entry, signer);
	if (vouched) {
		struct buffer payload = {0};
		struct hash hash = document_hash(entry.spans[0]);

		codec_put_bytes(&payload, hash_span(&hash));
		document_sign(&entry.documents[1], "voucher", &books->city, buffer_span(&payload));
		entry.spans[1] = buffer_span(&entry.documents[1]);
		entry.draft.document_count = 2;
		buffer_free(&payload);
	}
	assert_int_equal(ledger_begin(books->ledger, &txn), ERROR_NONE);
	books_append(books, txn, &entry);
	assert_int_equal(ledger_commit(books->ledger, txn), ERROR_NONE);
}

static void a_document_needs_a_key_valid_at_its_entry_or_the_word_of_one(void **state)
{
	struct heard heard = {.has_sequence = true};
	struct ledger_audit_result result;
	struct secret_key stranger, later;
	struct books_entry entry = {.draft = {.kind = 0}};
	struct txn *txn;
	struct books books;

	(void)state;
	books_open(&books, 8);
	books_fill(&books, 10);
	books_key(&stranger, 99);
	books_key(&later, 98);
	append_signed_by(&books, &stranger, true);
	assert_int_equal(audit(&books, &heard, &result), ERROR_NONE);
	/* A key that comes later does not make an earlier document good. */
	heard.sequence = books.entries;
	append_signed_by(&books, &later, false);
	assert_int_equal(ledger_begin(books.ledger, &txn), ERROR_NONE);
	books_key_line(&entry, 1, "officer/zhao", "officer", &later.public);
	books_document(&books, &entry, &later); /* brings the key that signs it */
	books_append(&books, txn, &entry);
	entry = (struct books_entry){.draft = {.kind = 0}};
	books_key_line(&entry, 2, "officer/zhao", "officer", &later.public);
	books_document(&books, &entry, &later); /* ends the key that signs it */
	books_append(&books, txn, &entry);
	assert_int_equal(ledger_commit(books.ledger, txn), ERROR_NONE);
	assert_int_equal(audit(&books, &heard, &result), ERROR_NOT_VERIFIED);
	assert_true(heard.named);
	assert_int_equal(heard.count, 1);
	/* Nor does one that has ended make a later one good. */
	heard.sequence = books.entries;
	append_signed_by(&books, &later, false);
	assert_int_equal(audit(&books, &heard, &result), ERROR_NOT_VERIFIED);
	assert_true(heard.named);
	assert_int_equal(heard.count, 2);
	books_close(&books);
}

static void without_the_floor_above_keys_are_judged_by_their_rows(void **state)
{
	struct heard heard = {.print = true};
	struct ledger_audit_result result;
	struct books books;
	struct row *rows;
	size_t count;

	(void)state;
	books_open(&books, 9);
	books_fill(&books, ENTRIES);
	books.options.project_own = NULL;
	books_reopen(&books);
	assert_int_equal(audit(&books, &heard, &result), ERROR_NONE);
	count = all_rows(&books, &rows);
	for (size_t i = 0; i < count; i++) {
		size_t size = rows[i].value.size, until = 0;

		/* A valid key's row but the sequence from which it is valid, and an ended one's key: the rest of them only
		 * the entries tell. */
		if (rows[i].table == TABLE_KEY_PARTY)
			until = size;
		else if (rows[i].table == TABLE_KEY)
			until = size - 16;
		for (size_t at = 0; at < until; at++) {
			if (rows[i].table == TABLE_KEY && rows[i].value.data[size - 1] != 0xff &&
			    at < KEYRING_PARTY_SIZE + KEY_KIND_SIZE)
				continue;
			rows[i].value.data[at] ^= 0x01;
			put(&books, rows[i].table, buffer_span(&rows[i].key),
			    buffer_span(&rows[i].value));
			expect_named(&books, &rows[i], "one bit", at);
			rows[i].value.data[at] ^= 0x01;
			put(&books, rows[i].table, buffer_span(&rows[i].key),
			    buffer_span(&rows[i].value));
		}
		buffer_free(&rows[i].key);
		buffer_free(&rows[i].value);
	}
	free(rows);
	books_close(&books);
}

static void transfers_that_break_a_balance_rule_are_found_where_they_stand(void **state)
{
	static const struct account_rule lax[] = {{"bank", SIDE_DEBIT, true},
	    {"fund/", SIDE_CREDIT, true}, {"person/", SIDE_CREDIT, true},
	    {NULL, SIDE_DEBIT, false}};
	struct heard heard = {.has_sequence = true};
	struct ledger_audit_result result;
	struct books_entry entry = {.draft = {.kind = 0}};
	struct txn *txn;
	struct books books;

	(void)state;
	books_open(&books, 10);
	books.options.chart = lax;
	books_reopen(&books);
	books_fill(&books, 3);
	heard.sequence = books.entries;
	books_lines(&books, &entry, 1);
	books_transfer(&books, &entry, TRANSFER_PLAIN, 5, "person/poor", "person/0", NULL);
	assert_int_equal(ledger_begin(books.ledger, &txn), ERROR_NONE);
	books_append(&books, txn, &entry);
	assert_int_equal(ledger_commit(books.ledger, txn), ERROR_NONE);
	assert_int_equal(audit(&books, &heard, &result), ERROR_NONE);
	books.options.chart = books_chart;
	books_reopen(&books);
	assert_int_equal(audit(&books, &heard, &result), ERROR_NOT_VERIFIED);
	assert_true(heard.named);
	books_close(&books);
}

static void two_ledgers_are_the_same_until_one_row_differs(void **state)
{
	const unsigned tables[] = {
	    TABLE_HEADER, TABLE_BODY, TABLE_NODE, TABLE_ACCOUNT, TABLE_POSTING, TABLE_KEY};
	struct heard heard = {.table = "account", .key = span_text("fund/1")};
	struct books a, b;
	struct buffer row = {0};
	struct span value;
	struct txn *txn;

	(void)state;
	books_open(&a, 11);
	books_open(&b, 11);
	books_fill(&a, 60);
	books_fill(&b, 60);
	assert_int_equal(ledger_compare(a.ledger, b.ledger, tables, 6, hear, &heard), ERROR_NONE);
	assert_int_equal(heard.count, 0);
	assert_int_equal(txn_begin_read(ledger_store(b.ledger), &txn), ERROR_NONE);
	assert_int_equal(store_get(txn, TABLE_ACCOUNT, heard.key, &value), ERROR_NONE);
	buffer_append(&row, value);
	txn_abort(txn);
	row.data[10] ^= 4;
	put(&b, TABLE_ACCOUNT, heard.key, buffer_span(&row));
	assert_int_equal(
	    ledger_compare(a.ledger, b.ledger, tables, 6, hear, &heard), ERROR_NOT_VERIFIED);
	assert_int_equal(heard.count, 1);
	assert_true(heard.named);
	heard.named = false;
	put(&b, TABLE_ACCOUNT, heard.key, (struct span){NULL, 0});
	assert_int_equal(
	    ledger_compare(b.ledger, a.ledger, tables, 6, hear, &heard), ERROR_NOT_VERIFIED);
	assert_true(heard.named);
	books_fill(&b, 61); /* one entry more: four tables differ, each is told once */
	heard.count = 0;
	assert_int_equal(
	    ledger_compare(a.ledger, b.ledger, tables, 3, hear, &heard), ERROR_NOT_VERIFIED);
	assert_int_equal(heard.count, 3);
	buffer_free(&row);
	books_close(&a);
	books_close(&b);
}

int main(void)
{
	/* A thousand audits make a thousand scratch stores: in memory where there is such a place. */
	const char *const memory = "/dev/shm";
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(books_that_nobody_touched_are_verified_and_counted),
	    cmocka_unit_test(the_audit_leaves_nothing_behind),
	    cmocka_unit_test(one_changed_bit_in_any_row_of_any_table_is_found_and_named),
	    cmocka_unit_test(every_byte_of_the_meta_rows_is_covered),
	    cmocka_unit_test(a_row_that_was_put_in_is_found_in_every_table),
	    cmocka_unit_test(a_changed_header_is_told_from_a_changed_leaf_and_gives_one_finding),
	    cmocka_unit_test(a_log_that_was_cut_does_not_reach_its_checkpoint),
	    cmocka_unit_test(a_document_needs_a_key_valid_at_its_entry_or_the_word_of_one),
	    cmocka_unit_test(without_the_floor_above_keys_are_judged_by_their_rows),
	    cmocka_unit_test(transfers_that_break_a_balance_rule_are_found_where_they_stand),
	    cmocka_unit_test(two_ledgers_are_the_same_until_one_row_differs),
	};

	if (!getenv("TMPDIR") && access(memory, W_OK) == 0)
		setenv("TMPDIR", memory, 1);
	return cmocka_run_group_tests_name("ledger/audit", tests, NULL, NULL);
}
