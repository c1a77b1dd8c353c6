/* A rebuild: the log of one ledger appended to a nameless one as it stands, entry by entry; every table comes out the same. */
#include "books.h"
#include "ledger_internal.h"

#define ENTRIES 150u

static struct ledger_options scratch_options(const struct books *books)
{
	struct ledger_options options = books->options;

	options.log_key = NULL;
	return options;
}

static enum error append_logged(struct ledger *to, struct txn *writer, struct txn *reader,
    uint64_t sequence, struct error_detail *detail)
{
	struct entry_reader entry;
	struct span header, body;
	enum error error;

	assert_good(ledger_get(reader, sequence, &header, &body));
	assert_good(entry_read(header, body, &entry));
	error = ledger_append_logged(to, writer, &entry.entry, header, body, detail);
	entry_free(&entry);
	return error;
}

static void tell(void *context, const struct ledger_finding *finding)
{
	char *text = context;

	snprintf(text + strlen(text), 200 - strlen(text), "%s ", finding->table);
}

static void every_table_made_again_from_the_log_is_the_same(void **state)
{
	struct books books;
	struct ledger_options options;
	struct ledger *again;
	struct error_detail detail = {""};
	unsigned numbers[16];
	size_t tables;
	const struct store_table *own = ledger_tables(&tables);
	struct txn *reader, *writer;
	char differing[200] = "";

	(void)state;
	books_open(&books, chance_seed("rebuild"));
	books_fill(&books, ENTRIES);
	options = scratch_options(&books);
	assert_good(ledger_open_scratch(&options, &again, &detail));
	assert_good(txn_begin_read(ledger_store(books.ledger), &reader));
	for (uint64_t i = 0; i < ENTRIES;) { /* in other groups than the first time */
		assert_good(ledger_begin(again, &writer));
		for (int n = 0; n < 16 && i < ENTRIES; n++, i++)
			if (append_logged(again, writer, reader, i, &detail))
				fail_msg("entry %u: %s", (unsigned)i, detail.text);
		assert_good(ledger_commit(again, writer));
	}
	txn_abort(reader);
	/* Of the ledger's own rows only the checkpoint does not follow from the log. */
	for (size_t i = 0; i < tables; i++)
		numbers[i] = own[i].number;
	assert_error(ledger_compare(books.ledger, again, numbers, tables, tell, differing),
	    ERROR_NOT_VERIFIED);
	assert_string_equal(differing, "meta ");
	ledger_close(again);
	books_close(&books);
}

static void the_head_after_each_entry_is_the_one_that_was_signed_there(void **state)
{
	struct books books;
	struct ledger_options options;
	struct ledger *again;
	struct error_detail detail = {""};
	struct txn *reader, *writer;

	(void)state;
	books_open(&books, 21);
	books_fill(&books, 30);
	options = scratch_options(&books);
	assert_good(ledger_open_scratch(&options, &again, &detail));
	assert_good(txn_begin_read(ledger_store(books.ledger), &reader));
	assert_good(ledger_begin(again, &writer));
	for (uint64_t i = 0; i < 30; i++) {
		struct hash made, wanted;
		uint64_t size;
		int64_t time_ms;

		assert_good(append_logged(again, writer, reader, i, &detail));
		assert_good(ledger_head(writer, &size, &made));
		assert_int_equal(size, i + 1);
		assert_good(merkle_root(ledger_read_node, reader, size, &wanted));
		assert_true(hash_equal(&made, &wanted));
		assert_good(ledger_last_time(writer, &time_ms));
		assert_int_equal(time_ms, START_MS + (int64_t)i * 1000);
	}
	ledger_abort(again, writer);
	txn_abort(reader);
	ledger_close(again);
	books_close(&books);
}

static void only_the_entry_that_comes_next_is_taken(void **state)
{
	struct books books;
	struct ledger_options options;
	struct ledger *again;
	struct error_detail detail = {""};
	struct txn *reader, *writer;

	(void)state;
	books_open(&books, 22);
	books_fill(&books, 12);
	options = scratch_options(&books);
	assert_good(ledger_open_scratch(&options, &again, &detail));
	assert_good(txn_begin_read(ledger_store(books.ledger), &reader));
	assert_good(ledger_begin(again, &writer));
	assert_error(append_logged(again, writer, reader, 1, &detail), ERROR_MISMATCH);
	ledger_abort(again, writer);
	assert_good(ledger_begin(again, &writer));
	for (uint64_t i = 0; i < 3; i++)
		assert_good(append_logged(again, writer, reader, i, &detail));
	assert_error(append_logged(again, writer, reader, 2, &detail), ERROR_MISMATCH);
	ledger_abort(again, writer);
	assert_good(ledger_begin(again, &writer));
	assert_good(append_logged(again, writer, reader, 0, &detail));
	assert_error(append_logged(again, writer, reader, 2, &detail), ERROR_MISMATCH);
	ledger_abort(again, writer);
	txn_abort(reader);
	ledger_close(again);
	books_close(&books);
}

static void a_scratch_ledger_leaves_nothing_behind(void **state)
{
	char folder[300], *before = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
	struct books books;
	struct ledger_options options;
	struct ledger *again;
	struct error_detail detail = {""};

	(void)state;
	books_open(&books, 23);
	options = scratch_options(&books);
	folder_make(folder);
	setenv("TMPDIR", folder, 1);
	assert_good(ledger_open_scratch(&options, &again, &detail));
	assert_int_equal(rmdir(folder), 0); /* no name is left while it is open */
	ledger_close(again);
	/* No room for it is said, with the place. */
	assert_error(ledger_open_scratch(&options, &again, &detail), ERROR_IO);
	assert_null(again);
	assert_non_null(strstr(detail.text, folder));
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	free(before);
	books_close(&books);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_table_made_again_from_the_log_is_the_same),
	    cmocka_unit_test(the_head_after_each_entry_is_the_one_that_was_signed_there),
	    cmocka_unit_test(only_the_entry_that_comes_next_is_taken),
	    cmocka_unit_test(a_scratch_ledger_leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("ledger/rebuild", tests, NULL, NULL);
}
