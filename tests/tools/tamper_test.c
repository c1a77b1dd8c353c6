/* On the books of a demo: whatever is changed, taken away, put in or swapped in any row of any table is found and named. */
#include "demo_books.h"

#include "entry.h"
#include "institution.h"

#define ROUND_ROWS 90u /* in one round: below what an audit names one by one */

static struct demo_books books;

struct row {
	struct buffer key, value;
};

struct rows {
	unsigned table;
	const char *name;
	struct row *rows;
	size_t count;
};

static void rows_read(struct node *node, const struct store_table *table, struct rows *rows)
{
	struct txn *txn = snapshot_of(node);
	struct cursor *cursor;
	struct span key, value;
	uint64_t count;
	enum error error;

	assert_good(store_count(txn, table->number, &count));
	*rows = (struct rows){.table = table->number, .name = table->name};
	rows->rows = calloc(count + 1, sizeof *rows->rows);
	assert_non_null(rows->rows);
	assert_good(cursor_open(txn, table->number, &cursor));
	for (error = cursor_seek(cursor, (struct span){NULL, 0}, &key, &value); !error;
	     error = cursor_next(cursor, &key, &value)) {
		buffer_append(&rows->rows[rows->count].key, key);
		buffer_append(&rows->rows[rows->count++].value, value);
	}
	assert_error(error, ERROR_NOT_FOUND);
	assert_int_equal(rows->count, count);
	cursor_close(cursor);
	txn_abort(txn);
}

static void rows_free(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		buffer_free(&rows->rows[i].key);
		buffer_free(&rows->rows[i].value);
	}
	free(rows->rows);
}

static struct txn *write_begin(struct node *node)
{
	struct txn *txn;

	assert_good(txn_begin_write(ledger_store(node_ledger(node)), &txn));
	return txn;
}

static void row_set(struct node *node, unsigned table, struct span key, struct span value)
{
	struct txn *txn = write_begin(node);

	row_write(txn, table, key, value);
	assert_good(txn_commit(txn));
}

/* The ways to tamper with one row. */
enum way { FLIP_FIRST, FLIP_LAST, FLIP_SOME, TAKE_AWAY, PUT_IN, SWAP, WAYS };
static const char *const way_names[] = {
    "first byte", "last byte", "some byte", "taken away", "put in", "swapped"};

/* A round: some rows of one table, tampered with in one way; the keys that must be named. */
struct round {
	struct node *node;
	const struct rows *rows;
	enum way way;
	struct buffer named[ROUND_ROWS];
	size_t named_count;
	uint64_t *random;
};

static void must_name(struct round *round, struct span key)
{
	buffer_append(&round->named[round->named_count++], key);
}

static bool has_key(const struct rows *rows, struct span key)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (span_equal(buffer_span(&rows->rows[i].key), key))
			return true;
	}
	return false;
}

/* A row of one more byte, or in place of a longest key of another last byte: one that is not there. */
static void put_in(struct round *round, struct txn *txn, const struct row *row)
{
	struct buffer key = {0};

	buffer_append(&key, buffer_span(&row->key));
	if (key.size < STORE_KEY_MAX)
		buffer_append(&key, span_text("!"));
	else
		key.data[key.size - 1] ^= 0x55;
	if (!has_key(round->rows, buffer_span(&key))) {
		row_write(txn, round->rows->table, buffer_span(&key), buffer_span(&row->value));
		must_name(round, buffer_span(&key));
	}
	buffer_free(&key);
}

static void swap(struct round *round, struct txn *txn, const struct row *a, const struct row *b)
{
	if (span_equal(buffer_span(&a->value), buffer_span(&b->value)))
		return;
	row_write(txn, round->rows->table, buffer_span(&a->key), buffer_span(&b->value));
	row_write(txn, round->rows->table, buffer_span(&b->key), buffer_span(&a->value));
	must_name(round, buffer_span(&a->key));
	must_name(round, buffer_span(&b->key));
}

static void flip(struct round *round, struct txn *txn, const struct row *row)
{
	struct buffer value = {0};
	size_t at = round->way == FLIP_FIRST  ? 0
		    : round->way == FLIP_LAST ? row->value.size - 1
					      : chance_below(round->random, row->value.size);

	buffer_append(&value, buffer_span(&row->value));
	value.data[at] ^= (uint8_t)(1u << chance_below(round->random, 8));
	row_write(txn, round->rows->table, buffer_span(&row->key), buffer_span(&value));
	must_name(round, buffer_span(&row->key));
	buffer_free(&value);
}

static void tamper_with(struct round *round, struct txn *txn, size_t i)
{
	const struct row *row = &round->rows->rows[i];

	if (round->way == PUT_IN) {
		put_in(round, txn, row);
	} else if (round->way == SWAP) {
		if (i + 1 < round->rows->count)
			swap(round, txn, row, row + 1);
	} else if (round->way == TAKE_AWAY) {
		row_write(txn, round->rows->table, buffer_span(&row->key), (struct span){NULL, 0});
		must_name(round, buffer_span(&row->key));
	} else if (row->value.size > 0) {
		flip(round, txn, row);
	}
}

static void restore(struct round *round, size_t from, size_t until)
{
	struct txn *txn = write_begin(round->node);

	for (size_t i = 0; i < round->named_count; i++) {
		if (round->way == PUT_IN)
			row_write(txn, round->rows->table, buffer_span(&round->named[i]),
			    (struct span){NULL, 0});
		buffer_free(&round->named[i]);
	}
	for (size_t i = from; i < until && i < round->rows->count; i++) {
		const struct row *row = &round->rows->rows[i];

		row_write(txn, round->rows->table, buffer_span(&row->key),
		    span_of(
			row->value.size ? row->value.data : (const uint8_t *)"", row->value.size));
	}
	assert_good(txn_commit(txn));
}

/* Asks somebody for findings; true if they must be exactly those rows. */
typedef bool ask(void *context, struct heard *heard);

static void check_round(struct round *round, const struct heard *heard, bool exactly)
{
	for (size_t i = 0; i < round->named_count; i++) {
		if (heard_row(heard, round->rows->name, buffer_span(&round->named[i])))
			continue;
		heard_print(heard);
		fail_msg("table %s, row %zu of the round, %s: not found (%zu findings)",
		    round->rows->name, i, way_names[round->way], heard->count);
	}
	if (exactly && heard->count != round->named_count) {
		heard_print(heard);
		fail_msg("table %s, %s: %zu findings for %zu rows", round->rows->name,
		    way_names[round->way], heard->count, round->named_count);
	}
}

/* Every row of a table in every way, as many in one round as can be named one by one. Returns how many it were. */
static size_t tamper_all(struct node *node, const struct rows *rows, uint64_t *random,
    enum way first_way, ask *asked, void *context)
{
	static struct heard heard;
	size_t changes = 0;

	for (enum way way = first_way; way < WAYS; way++) {
		const size_t step = way == SWAP ? 2 : 1;
		const size_t many = ROUND_ROWS / step * step;

		for (size_t from = 0; from < rows->count; from += many) {
			struct round round = {
			    .node = node, .rows = rows, .way = way, .random = random};
			struct txn *txn = write_begin(node);
			bool exactly;

			for (size_t i = from; i < rows->count && i < from + many; i += step)
				tamper_with(&round, txn, i);
			assert_good(txn_commit(txn));
			heard.count = 0;
			exactly = round.named_count > 0 && asked(context, &heard);
			check_round(&round, &heard, exactly);
			changes += round.named_count;
			restore(&round, from, from + many);
		}
	}
	return changes;
}

/* The rebuilt tables of a node, beside which the stored ones are compared again and again. */
struct rebuilt {
	struct node *node;
	struct replay *replay;
	struct heard *heard;
};

static bool ask_replay(void *context, struct heard *heard)
{
	struct rebuilt *rebuilt = context;
	struct replay_result result = {.complete = true};
	struct txn *snapshot = snapshot_of(rebuilt->node);

	rebuilt->heard->count = 0;
	assert_good(replay_compare(rebuilt->replay, snapshot, &result));
	assert_int_equal(result.findings, rebuilt->heard->count);
	txn_abort(snapshot);
	*heard = *rebuilt->heard;
	return true;
}

/* Something in a table that has nothing. */
static void expect_row_found(struct rebuilt *rebuilt, const struct store_table *table)
{
	static struct heard heard;
	const struct span key = span_text("made up key"), none = {NULL, 0};

	row_set(rebuilt->node, table->number, key, span_text("made up"));
	ask_replay(rebuilt, &heard);
	assert_int_equal(heard.count, 1);
	assert_true(heard_row(&heard, table->name, key));
	row_set(rebuilt->node, table->number, key, none);
}

static size_t tamper_with_projection(struct node *node, uint64_t *random, bool *seen)
{
	static struct heard heard;
	struct rebuilt rebuilt = {.node = node, .heard = &heard};
	struct replay_result result;
	struct txn *snapshot = snapshot_of(node);
	const struct replay_subject subject = subject_of(node, snapshot, true, &heard);
	size_t count, wanted, changes = 0;
	const struct store_table *tables = settlement_tables(&count);
	const unsigned *numbers = settlement_rebuilt_tables(&wanted);

	heard.count = 0;
	assert_good(replay_log(&subject, &rebuilt.replay, &result, NULL));
	assert_int_equal(heard.count, 0);
	txn_abort(snapshot);
	for (size_t i = 0; i < wanted; i++) {
		for (size_t k = 0; k < count; k++) {
			struct rows rows;

			if (tables[k].number != numbers[i])
				continue;
			rows_read(node, &tables[k], &rows);
			seen[i] = seen[i] || rows.count > 0;
			if (rows.count == 0)
				expect_row_found(&rebuilt, &tables[k]);
			changes += tamper_all(node, &rows, random,
			    rows.count > 500 ? FLIP_SOME : FLIP_FIRST, ask_replay, &rebuilt);
			rows_free(&rows);
		}
	}
	replay_free(rebuilt.replay);
	return changes;
}

static void every_row_of_every_projected_table_is_found_by_the_replay(void **state)
{
	uint64_t random = chance_seed("projected rows");
	bool seen[STORE_TABLES_MAX] = {false};
	size_t wanted, tables, changes = 0;
	const unsigned *numbers = settlement_rebuilt_tables(&wanted);
	const struct store_table *names = settlement_tables(&tables);

	(void)state;
	for (unsigned city = 0; city < SAMPLE_CITIES; city++)
		changes += tamper_with_projection(books.nodes[city], &random, seen);
	print_message("%zu changes, each found\n", changes);
	/* A table without rows in any city would not be tested. Those of what guests have earned and of advances are empty once all
	 * is ordered and paid; the sample's cities have no disputes, no reserves and no services that are claimed without a stay;
	 * heads are asked for by daemons alone. */
	for (size_t i = 0; i < wanted; i++) {
		for (size_t k = 0; k < tables; k++) {
			if (names[k].number == numbers[i] && !seen[i] &&
			    numbers[i] != TABLE_DISPUTE && numbers[i] != TABLE_DIFFERING &&
			    numbers[i] != TABLE_GUEST_DUE && numbers[i] != TABLE_PREFUND &&
			    numbers[i] != TABLE_HELD && numbers[i] != TABLE_ADVANCED &&
			    numbers[i] != TABLE_TRUST && numbers[i] != TABLE_UNMATCHED &&
			    numbers[i] != TABLE_SERVICE)
				fail_msg("no city has a row in table %s", names[k].name);
		}
	}
}

static bool ask_audit(void *node, struct heard *heard)
{
	assert_error(audit_of(node, heard), ERROR_NOT_VERIFIED);
	return false;
}

static bool is_log(const char *name)
{
	return strcmp(name, "header") == 0 || strcmp(name, "body") == 0;
}

static void every_row_of_the_ledgers_tables_is_found_by_the_plain_audit(void **state)
{
	uint64_t random = chance_seed("ledger rows");
	struct node *node = books.nodes[2];
	size_t count, changes = 0;
	const struct store_table *tables = ledger_tables(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct rows rows;

		if (is_log(tables[i].name))
			continue;
		rows_read(node, &tables[i], &rows);
		if (strcmp(tables[i].name, "pending") != 0)
			assert_true(rows.count > 0);
		changes += tamper_all(node, &rows, &random, FLIP_FIRST, ask_audit, node);
		rows_free(&rows);
	}
	print_message("%zu changes, each found\n", changes);
}

static unsigned table_number(const char *name)
{
	size_t count;
	const struct store_table *tables = ledger_tables(&count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(tables[i].name, name) == 0)
			return tables[i].number;
	}
	fail_msg("no table %s", name);
	return 0;
}

/* Change a row of the log, or take it away (value.data NULL): the audit names the entry, and a replay comes to an end. */
static void expect_entry_named(struct node *node, const char *table, uint64_t sequence,
    struct span original, struct span changed, const char *what, bool replays)
{
	static struct heard heard;
	struct replay_result result;
	uint8_t key[8];

	be64_write(key, sequence);
	row_set(node, table_number(table), span_of(key, sizeof key), changed);
	if (audit_of(node, &heard) != ERROR_NOT_VERIFIED || !heard_entry(&heard, sequence)) {
		heard_print(&heard);
		fail_msg(
		    "%s of entry %llu, %s: not found", table, (unsigned long long)sequence, what);
	}
	if (replays) {
		enum error error = replay_of(node, true, &heard, &result);

		assert_true(error == ERROR_NONE || error == ERROR_NOT_VERIFIED);
	}
	row_set(node, table_number(table), span_of(key, sizeof key), original);
}

/* One bit of `part`, which lies in `whole`. */
static void flip_in(struct node *node, const char *table, uint64_t sequence, struct span whole,
    struct span part, const char *what, uint64_t *random)
{
	struct buffer changed = {0};
	size_t at;

	if (part.size == 0)
		return;
	at = (size_t)(part.data - whole.data) + (size_t)chance_below(random, part.size);
	buffer_append(&changed, whole);
	changed.data[at] ^= (uint8_t)(1u << chance_below(random, 8));
	expect_entry_named(node, table, sequence, whole, buffer_span(&changed), what,
	    chance_below(random, 16) == 0);
	buffer_free(&changed);
}

/* The last 64 bytes of a COSE_Sign1 are its signature (RFC 9052, section 4.2; Ed25519). */
static struct span signature_of(struct span document)
{
	assert_true(document.size > 64);
	return span_of(document.data + document.size - 64, 64);
}

/* The header, and one part of the body after the other from entry to entry; an entry that moves money, all of them. */
static void tamper_with_entry(
    struct node *node, uint64_t sequence, struct span header, struct span body, uint64_t *random)
{
	const unsigned turn = (unsigned)chance_below(random, 4);
	struct entry_reader reader;
	bool all;

	assert_good(entry_read(header, body, &reader));
	all = reader.entry.transfer_count > 0 && turn == 0;
	flip_in(node, "header", sequence, header, header, "one bit", random);
	if (all || turn == 1)
		flip_in(node, "body", sequence, body, reader.entry.lines, "a line", random);
	if (all || turn == 2)
		flip_in(node, "body", sequence, body, reader.entry.verdicts, "a verdict", random);
	if (all || turn == 3)
		flip_in(node, "body", sequence, body,
		    signature_of(reader.entry.documents[chance_below(
			random, reader.entry.header.document_count)]),
		    "a signature", random);
	if (reader.entry.transfer_count)
		flip_in(node, "body", sequence, body, reader.entry.transfers[0].debit, "a transfer",
		    random);
	entry_free(&reader);
}

static void every_part_of_every_entry_is_found_by_the_plain_audit_which_names_the_entry(
    void **state)
{
	uint64_t random = chance_seed("entries"), size;
	struct node *node = books.nodes[2];
	struct txn *txn = snapshot_of(node);

	(void)state;
	assert_good(ledger_head(txn, &size, NULL));
	txn_abort(txn);
	for (uint64_t sequence = 0; sequence < size; sequence++) {
		struct buffer header = {0}, body = {0};
		struct span header_span, body_span;

		txn = snapshot_of(node);
		assert_good(ledger_get(txn, sequence, &header_span, &body_span));
		buffer_append(&header, header_span);
		buffer_append(&body, body_span);
		txn_abort(txn);
		tamper_with_entry(
		    node, sequence, buffer_span(&header), buffer_span(&body), &random);
		if (chance_below(&random, 8) == 0) {
			const struct span none = {NULL, 0};

			expect_entry_named(node, "header", sequence, buffer_span(&header), none,
			    "taken away", true);
			expect_entry_named(
			    node, "body", sequence, buffer_span(&body), none, "taken away", true);
		}
		buffer_free(&header);
		buffer_free(&body);
	}
}

/* All over the fields of a header, beside the byte that chance has chosen above. */
static void bytes_all_over_a_claims_header_are_found(void **state)
{
	struct node *node = books.nodes[0];
	uint64_t size;
	struct txn *txn = snapshot_of(node);
	struct buffer header = {0};

	(void)state;
	assert_good(ledger_head(txn, &size, NULL));
	for (uint64_t sequence = 0; sequence < size && header.size == 0; sequence++) {
		struct entry_reader reader;
		struct span header_span, body;

		assert_good(ledger_read(txn, sequence, &reader));
		if (reader.entry.header.kind == KIND_claim) {
			assert_good(ledger_get(txn, sequence, &header_span, &body));
			buffer_append(&header, header_span);
			size = sequence;
		}
		entry_free(&reader);
	}
	txn_abort(txn);
	assert_true(header.size > 0);
	for (size_t at = 0; at < header.size; at += 5) {
		const struct span whole = buffer_span(&header);
		struct buffer changed = {0};

		buffer_append(&changed, whole);
		changed.data[at] ^= 0x01;
		expect_entry_named(
		    node, "header", size, whole, buffer_span(&changed), "a byte", false);
		buffer_free(&changed);
	}
	buffer_free(&header);
}

static void the_books_are_good_before_and_after(void **state)
{
	static struct heard heard;
	struct replay_result result;

	(void)state;
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		if (audit_of(books.nodes[city], &heard) ||
		    replay_of(books.nodes[city], true, &heard, &result)) {
			heard_print(&heard);
			fail_msg("%06u is not verified", (unsigned)sample_regions[city]);
		}
		assert_true(result.complete);
		assert_int_equal(result.rerun, result.lines);
		assert_true(result.rows > 500);
	}
}

/* Documents that still wait, so that no table is empty. */
static void leave_documents_waiting(struct node *node)
{
	struct institution_line institution = {.operation = INSTITUTION_REGISTER,
	    .name = span_text("安康养老院"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = node_region(node),
	    .beds = 10};
	struct node_order order = {.kind = KIND_institution, .count = 1};
	struct buffer line = {0};
	struct answer answer;

	memcpy(institution.uscc, "52510100MJ0000018W", USCC_SIZE);
	institution_line_write(&line, &institution);
	order.lines = buffer_span(&line);
	assert_good(node_order(node, &order, &answer));
	if (answer.error)
		fail_msg("%s", answer.detail.text);
	buffer_free(&line);
}

static int open_books(void **state)
{
	(void)state;
	folders_in_memory();
	demo_books_open(&books, 5);
	leave_documents_waiting(books.nodes[2]);
	return 0;
}

static int close_books(void **state)
{
	(void)state;
	demo_books_close(&books);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_books_are_good_before_and_after),
	    cmocka_unit_test(every_row_of_every_projected_table_is_found_by_the_replay),
	    cmocka_unit_test(every_row_of_the_ledgers_tables_is_found_by_the_plain_audit),
	    cmocka_unit_test(
		every_part_of_every_entry_is_found_by_the_plain_audit_which_names_the_entry),
	    cmocka_unit_test(bytes_all_over_a_claims_header_are_found),
	    cmocka_unit_test(the_books_are_good_before_and_after),
	};

	return cmocka_run_group_tests(tests, open_books, close_books);
}
