/* The facade: groups, proofs, reopening; a process killed at any time; every table made again from the log. */
#include <signal.h>
#include <sys/wait.h>

#include "books.h"
#include "ledger_internal.h"

/* --- groups ------------------------------------------------------------------------------------------------ */

static uint64_t size_of(struct books *books, struct hash *root)
{
	struct txn *txn;
	uint64_t size;

	assert_good(txn_begin_read(ledger_store(books->ledger), &txn));
	assert_good(ledger_head(txn, &size, root));
	txn_abort(txn);
	return size;
}

static void append_one(struct books *books, struct txn *txn)
{
	struct books_entry entry = {.draft = {.kind = 0}};

	books_lines(books, &entry, 2);
	books_append(books, txn, &entry);
}

static void a_group_is_seen_as_a_whole_or_not_at_all(void **state)
{
	struct books books;
	struct txn *group, *reader;
	struct entry_reader entry;
	struct span note;
	uint64_t size;

	(void)state;
	books_open(&books, 1);
	assert_int_equal(size_of(&books, NULL), 0);
	assert_good(ledger_begin(books.ledger, &group));
	for (int i = 0; i < 5; i++)
		append_one(&books, group);
	/* The group itself sees what it has appended; others do not. */
	assert_good(ledger_head(group, &size, NULL));
	assert_int_equal(size, 5);
	assert_int_equal(size_of(&books, NULL), 0);
	assert_good(txn_begin_read(ledger_store(books.ledger), &reader));
	assert_good(ledger_commit(books.ledger, group));
	assert_error(ledger_read(reader, 0, &entry), ERROR_NOT_FOUND);
	assert_error(ledger_checkpoint(reader, &note), ERROR_NOT_FOUND);
	txn_abort(reader);
	assert_int_equal(size_of(&books, NULL), 5);
	/* An aborted one leaves nothing behind, and the next takes its numbers. */
	assert_good(ledger_begin(books.ledger, &group));
	append_one(&books, group);
	ledger_abort(books.ledger, group);
	assert_int_equal(size_of(&books, NULL), 5);
	books.entries = 5;
	assert_good(ledger_begin(books.ledger, &group));
	append_one(&books, group);
	assert_good(ledger_commit(books.ledger, group));
	assert_good(txn_begin_read(ledger_store(books.ledger), &reader));
	assert_good(ledger_read(reader, 5, &entry));
	assert_int_equal(entry.entry.header.sequence, 5);
	entry_free(&entry);
	assert_error(ledger_read(reader, 6, &entry), ERROR_NOT_FOUND);
	txn_abort(reader);
	books_close(&books);
}

static void entries_are_read_back_as_they_were_appended(void **state)
{
	struct books books;
	struct books_entry made = {.draft = {.kind = 0}};
	struct entry_reader read;
	struct error_detail detail = {""};
	struct span header, body;
	struct hash salt = {{7}};
	struct txn *txn;
	uint64_t sequence = 99;

	(void)state;
	books_open(&books, 2);
	books_fill(&books, 3);
	books_lines(&books, &made, 4);
	books_document(&books, &made, &books.city);
	books_transfer(&books, &made, TRANSFER_PLAIN, 250, "bank", "fund/9", "REF");
	made.draft.kind = 1;
	made.draft.secret = books_hash(&books);
	assert_good(ledger_begin(books.ledger, &txn));
	assert_good(ledger_append(
	    books.ledger, txn, &made.draft, START_MS + 50000, &salt, &sequence, &detail));
	assert_good(ledger_commit(books.ledger, txn));
	assert_int_equal(sequence, 3);
	assert_good(txn_begin_read(ledger_store(books.ledger), &txn));
	assert_good(ledger_get(txn, 3, &header, &body));
	assert_good(ledger_read(txn, 3, &read));
	assert_good(entry_check(&read.entry, body, &detail));
	assert_int_equal(read.entry.header.epoch, 1);
	assert_int_equal(read.entry.header.time_ms, START_MS + 50000);
	assert_true(hash_equal(&read.entry.header.salt, &salt));
	assert_true(span_equal(read.entry.lines, made.draft.lines));
	assert_true(span_equal(read.entry.verdicts, made.draft.verdicts));
	assert_true(span_equal(read.entry.documents[0], made.spans[0]));
	assert_int_equal(read.entry.transfers[0].amount.value, 250);
	entry_free(&read);
	txn_abort(txn);
	books_entry_free(&made);
	books_close(&books);
}

static void time_never_goes_back(void **state)
{
	static const int64_t given[] = {5000, 4000, 4999, 5001, 0};
	static const int64_t wanted[] = {5000, 5000, 5000, 5001, 5001};
	struct books books;
	struct txn *txn;
	int64_t last;

	(void)state;
	books_open(&books, 3);
	for (int i = 0; i < 5; i++) {
		struct books_entry entry = {.draft = {.kind = 1}};
		struct entry_reader reader;
		struct hash salt = {{0}};
		struct error_detail detail = {""};

		books_lines(&books, &entry, 1);
		assert_good(ledger_begin(books.ledger, &txn));
		assert_good(
		    ledger_append(books.ledger, txn, &entry.draft, given[i], &salt, NULL, &detail));
		assert_good(ledger_commit(books.ledger, txn));
		if (i == 2)
			books_reopen(&books);
		assert_good(txn_begin_read(ledger_store(books.ledger), &txn));
		assert_good(ledger_read(txn, (uint64_t)i, &reader));
		assert_int_equal(reader.entry.header.time_ms, wanted[i]);
		assert_good(ledger_last_time(txn, &last));
		assert_int_equal(last, wanted[i]);
		entry_free(&reader);
		txn_abort(txn);
		books_entry_free(&entry);
	}
	books_close(&books);
}

static void time_does_not_go_back_within_a_group_either(void **state)
{
	struct books books;
	struct txn *txn;
	int64_t last;

	(void)state;
	books_open(&books, 12);
	assert_good(ledger_begin(books.ledger, &txn));
	for (int64_t time_ms = 5000; time_ms >= 4000; time_ms -= 500) {
		struct books_entry entry = {.draft = {.kind = 1}};
		struct error_detail detail = {""};
		struct hash salt = {{0}};

		books_lines(&books, &entry, 1);
		assert_good(
		    ledger_append(books.ledger, txn, &entry.draft, time_ms, &salt, NULL, &detail));
		assert_good(ledger_last_time(txn, &last));
		assert_int_equal(last, 5000);
		books_entry_free(&entry);
	}
	assert_good(ledger_commit(books.ledger, txn));
	books_close(&books);
}

static enum error refuse_everything(
    void *context, struct txn *txn, const struct entry *entry, struct error_detail *detail)
{
	(void)context;
	(void)txn;
	(void)entry;
	return error_set(detail, ERROR_CORRUPT, "the floor above cannot");
}

static void whatever_fails_in_a_group_leaves_the_log_as_it_was(void **state)
{
	struct books books;
	struct books_entry entry = {.draft = {.kind = 0}}, wrong = {.draft = {.kind = 0}};
	struct error_detail detail = {""};
	struct hash before, after;
	struct txn *txn;
	uint64_t size;

	(void)state;
	books_open(&books, 4);
	books_fill(&books, 20);
	size = size_of(&books, &before);
	/* A transfer that the account cannot pay. */
	books_lines(&books, &entry, 1);
	books_transfer(&books, &entry, TRANSFER_PLAIN, 5, "person/new", "fund/0", NULL);
	assert_good(ledger_begin(books.ledger, &txn));
	append_one(&books, txn);
	assert_error(books_try(&books, txn, &entry, &detail), ERROR_BALANCE);
	ledger_abort(books.ledger, txn);
	assert_int_equal(size_of(&books, &after), size);
	assert_true(hash_equal(&before, &after));
	/* A transfer that is booked already: one cause would book twice. */
	books.entries = size;
	entry.draft.transfer_count = 0;
	books_transfer(&books, &entry, TRANSFER_PLAIN, 5, "bank", "fund/0", NULL);
	assert_good(ledger_begin(books.ledger, &txn));
	assert_good(books_try(&books, txn, &entry, &detail));
	assert_error(books_try(&books, txn, &entry, &detail), ERROR_CONFLICT);
	assert_non_null(strstr(detail.text, "booked already"));
	ledger_abort(books.ledger, txn);
	assert_int_equal(size_of(&books, &after), size);
	/* Lines that are not as many as counted. */
	books_lines(&books, &wrong, 2);
	wrong.draft.count = 3;
	assert_good(ledger_begin(books.ledger, &txn));
	assert_error(books_try(&books, txn, &wrong, &detail), ERROR_MALFORMED);
	ledger_abort(books.ledger, txn);
	/* A projection that fails. */
	books.options.project = refuse_everything;
	books_reopen(&books);
	wrong.draft.count = 2;
	assert_good(ledger_begin(books.ledger, &txn));
	assert_error(books_try(&books, txn, &wrong, &detail), ERROR_CORRUPT);
	assert_string_equal(detail.text, "the floor above cannot");
	ledger_abort(books.ledger, txn);
	assert_int_equal(size_of(&books, &after), size);
	assert_true(hash_equal(&before, &after));
	books_entry_free(&entry);
	books_entry_free(&wrong);
	books_close(&books);
}

static void a_group_that_fills_the_map_is_tried_again_after_it_has_grown(void **state)
{
	struct books books;
	struct hash root, again;
	unsigned grown = 0;

	(void)state;
	books_open(&books, 5);
	books.options.map_size = 256u << 10;
	folder_remove(books.path);
	assert_int_equal(mkdir(books.path, 0700), 0);
	books_reopen(&books);
	while (books.entries < 300) {
		const struct books before = books;
		struct error_detail detail = {""};
		enum error error = ERROR_NONE;
		struct txn *txn;

		assert_good(ledger_begin(books.ledger, &txn));
		for (int i = 0; i < 30 && !error; i++) {
			struct books_entry entry = {.draft = {.kind = 0}};

			books_lines(&books, &entry, 30);
			error = books_try(&books, txn, &entry, &detail);
			books_entry_free(&entry);
		}
		if (error)
			ledger_abort(books.ledger, txn);
		else
			error = ledger_commit(books.ledger, txn);
		if (!error)
			continue;
		assert_error(error, ERROR_MAP_FULL);
		assert_true(++grown < 10);
		assert_good(ledger_grow(books.ledger));
		books.entries = before.entries;
		books.chance = before.chance;
	}
	assert_true(grown > 0);
	assert_int_equal(size_of(&books, &root), 300);
	books_reopen(&books);
	assert_int_equal(size_of(&books, &again), 300);
	assert_true(hash_equal(&root, &again));
	books_close(&books);
}

/* --- opening ----------------------------------------------------------------------------------------------- */

static enum error try_open(struct books *books, struct error_detail *detail)
{
	struct ledger *ledger;
	enum error error = ledger_open(books->path, &books->options, &ledger, detail);

	ledger_close(ledger);
	return error;
}

static void a_ledger_opens_under_its_own_origin_only(void **state)
{
	struct error_detail detail = {""};
	struct books books;
	struct hash root, again;

	(void)state;
	books_open(&books, 6);
	books_fill(&books, 30);
	size_of(&books, &root);
	ledger_close(books.ledger);
	books.ledger = NULL;
	books.options.origin = "test.suiren.example/ledger/2";
	assert_error(try_open(&books, &detail), ERROR_MISMATCH);
	assert_non_null(strstr(detail.text, ORIGIN));
	books.options.origin = ORIGIN;
	books_reopen(&books);
	assert_int_equal(size_of(&books, &again), 30);
	assert_true(hash_equal(&root, &again));
	books_close(&books);
}

static void a_reader_creates_nothing(void **state)
{
	struct error_detail detail = {""};
	struct books books;

	(void)state;
	books_open(&books, 7);
	ledger_close(books.ledger);
	books.ledger = NULL;
	folder_remove(books.path);
	books.options.read_only = true;
	assert_error(try_open(&books, &detail), ERROR_NOT_FOUND);
	assert_int_equal(access(books.path, F_OK), -1);
	assert_int_equal(mkdir(books.path, 0700), 0);
	assert_error(try_open(&books, &detail), ERROR_NOT_FOUND);
	books.options.read_only = false;
	books_reopen(&books); /* makes it, with an empty log */
	books.options.read_only = true;
	books_reopen(&books);
	assert_int_equal(size_of(&books, NULL), 0);
	books_close(&books);
}

static void a_ledger_of_another_format_is_not_touched(void **state)
{
	struct error_detail detail = {""};
	struct books books;
	struct txn *txn;

	(void)state;
	books_open(&books, 8);
	books_fill(&books, 2);
	assert_good(txn_begin_write(ledger_store(books.ledger), &txn));
	assert_good(
	    store_put(txn, TABLE_META, span_text(META_VERSION), span_text("suiren-ledger-2")));
	assert_good(txn_commit(txn));
	ledger_close(books.ledger);
	books.ledger = NULL;
	assert_error(try_open(&books, &detail), ERROR_MISMATCH);
	assert_non_null(strstr(detail.text, "suiren-ledger-2"));
	folder_remove(books.path);
}

/* --- proofs ------------------------------------------------------------------------------------------------ */

static void every_entry_is_proved_under_the_signed_checkpoint(void **state)
{
	struct books books;
	struct checkpoint checkpoint;
	struct merkle_proof proof;
	struct span note, header, body;
	struct hash leaf, root, made;
	struct txn *txn;

	(void)state;
	books_open(&books, 9);
	books_fill(&books, 77);
	books_reopen(&books);
	assert_good(txn_begin_read(ledger_store(books.ledger), &txn));
	assert_good(ledger_checkpoint(txn, &note));
	assert_good(checkpoint_verify(note, &books.log, &checkpoint));
	assert_int_equal(checkpoint.size, 77);
	for (uint64_t i = 0; i < 77; i++) {
		assert_good(ledger_prove_inclusion(txn, i, 77, &proof, &leaf, &root));
		assert_good(ledger_get(txn, i, &header, &body));
		made = hash_leaf(header);
		assert_true(hash_equal(&made, &leaf));
		assert_true(hash_equal(&root, &checkpoint.root));
		assert_good(merkle_check_inclusion(
		    i, 77, &made, proof.hashes, proof.count, &checkpoint.root));
	}
	assert_error(ledger_prove_inclusion(txn, 77, 77, &proof, &leaf, &root), ERROR_RANGE);
	assert_error(ledger_prove_inclusion(txn, 0, 78, &proof, &leaf, &root), ERROR_RANGE);
	txn_abort(txn);
	books_close(&books);
}

/* Each head that was ever signed is a beginning of the log as it is now. */
static void every_past_head_is_consistent_with_the_present_one(void **state)
{
	struct hash roots[41], root;
	struct merkle_proof proof;
	struct books books;
	struct txn *txn;

	(void)state;
	books_open(&books, 10);
	for (uint64_t i = 0; i <= 40; i++) {
		books_fill(&books, i);
		assert_int_equal(size_of(&books, &roots[i]), i);
	}
	assert_good(txn_begin_read(ledger_store(books.ledger), &txn));
	for (uint64_t to = 0; to <= 40; to++) {
		for (uint64_t from = 0; from <= to; from++) {
			assert_good(ledger_prove_consistency(txn, from, to, &proof, &root));
			assert_true(hash_equal(&root, &roots[to]));
			assert_good(merkle_check_consistency(
			    from, to, &roots[from], &roots[to], proof.hashes, proof.count));
		}
	}
	assert_error(ledger_prove_consistency(txn, 3, 2, &proof, &root), ERROR_RANGE);
	assert_error(ledger_prove_consistency(txn, 3, 41, &proof, &root), ERROR_RANGE);
	txn_abort(txn);
	books_close(&books);
}

static void without_the_log_key_nothing_is_signed(void **state)
{
	struct books books;
	struct checkpoint checkpoint;
	struct span note;
	struct txn *txn;

	(void)state;
	books_open(&books, 11);
	books_fill(&books, 10);
	books.options.log_key = NULL;
	books_reopen(&books);
	books_fill(&books, 12);
	assert_good(txn_begin_read(ledger_store(books.ledger), &txn));
	assert_good(ledger_checkpoint(txn, &note));
	assert_good(checkpoint_verify(note, &books.log, &checkpoint));
	assert_int_equal(checkpoint.size, 10);
	txn_abort(txn);
	books_close(&books);
}

/* --- every table made again from the log ------------------------------------------------------------------- */

static void replay_one(
    struct books *from, struct txn *reader, uint64_t sequence, struct books *to, struct txn *writer)
{
	struct entry_reader entry;
	struct error_detail detail = {""};
	struct entry_draft draft;
	uint64_t made;

	(void)from;
	assert_good(ledger_read(reader, sequence, &entry));
	draft = (struct entry_draft){.kind = entry.entry.header.kind,
	    .secret = entry.entry.secret,
	    .documents = entry.entry.documents,
	    .document_count = entry.entry.header.document_count,
	    .lines = entry.entry.lines,
	    .verdicts = entry.entry.verdicts,
	    .count = entry.entry.header.count,
	    .transfers = entry.entry.transfers,
	    .transfer_count = entry.entry.transfer_count};
	if (ledger_append(to->ledger, writer, &draft, entry.entry.header.time_ms,
		&entry.entry.header.salt, &made, &detail))
		fail_msg("entry %u: %s", (unsigned)sequence, detail.text);
	assert_int_equal(made, sequence);
	entry_free(&entry);
}

static void no_finding(void *context, const struct ledger_finding *finding)
{
	(void)context;
	print_message("%s %llu: %s\n", finding->table ? finding->table : "entry",
	    (unsigned long long)finding->sequence, finding->text);
}

static void every_table_made_again_from_the_log_is_the_same(void **state)
{
	struct books books, again;
	unsigned numbers[16];
	size_t tables;
	const struct store_table *own = ledger_tables(&tables);
	struct txn *reader, *writer;

	(void)state;
	books_open(&books, chance_seed("rebuild"));
	books_open(&again, 0);
	books_fill(&books, 150);
	assert_good(txn_begin_read(ledger_store(books.ledger), &reader));
	for (uint64_t i = 0; i < 150;) { /* in other groups than the first time */
		assert_good(ledger_begin(again.ledger, &writer));
		for (int n = 0; n < 16 && i < 150; n++, i++)
			replay_one(&books, reader, i, &again, writer);
		assert_good(ledger_commit(again.ledger, writer));
	}
	txn_abort(reader);
	for (size_t i = 0; i < tables; i++)
		numbers[i] = own[i].number;
	assert_good(ledger_compare(books.ledger, again.ledger, numbers, tables, no_finding, NULL));
	books_close(&books);
	books_close(&again);
}

/* --- killed at any time ------------------------------------------------------------------------------------ */

#define GROUP 5u
#define KILLS 12
/* A child that is faster than its murderer waits: the life of books.h repeats its keys after 1600 entries. */
#define GROUPS_MAX 24

/* Commits groups of five, durably, and says after each how many entries there are; until it is killed. */
static void commit_until_killed(struct books *books, int say)
{
	struct error_detail detail = {""};
	struct ledger *ledger;

	books->options.not_durable = false;
	if (ledger_open(books->path, &books->options, &ledger, &detail))
		_exit(2);
	books->ledger = ledger;
	for (int groups = 0; groups < GROUPS_MAX; groups++) {
		struct txn *txn;
		uint64_t size;

		if (ledger_begin(ledger, &txn) || ledger_head(txn, &size, NULL))
			_exit(3);
		books->entries = size;
		for (unsigned i = 0; i < GROUP; i++) {
			if (books->entries == 0)
				books_genesis(books, txn);
			else
				books_step(books, txn);
		}
		if (ledger_commit(ledger, txn))
			_exit(4);
		size += GROUP;
		if (write(say, &size, sizeof size) != sizeof size)
			_exit(5);
	}
	for (;;)
		pause();
}

/* Start the child, kill it after `acknowledged` groups and an arbitrary moment more; the last size it acknowledged. */
static uint64_t run_and_kill(struct books *books, uint64_t acknowledged, uint64_t moment)
{
	volatile uint64_t spun = 0;
	uint64_t size, last = 0;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		commit_until_killed(books, ends[1]);
	}
	close(ends[1]);
	for (uint64_t i = 0; i < acknowledged; i++) {
		assert_int_equal(read(ends[0], &size, sizeof size), sizeof size);
		last = size;
	}
	while (spun < moment) /* somewhere in the groups that follow */
		spun++;
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (read(ends[0], &size, sizeof size) == sizeof size)
		last = size; /* what it had still said */
	close(ends[0]);
	return last;
}

static void a_killed_process_loses_nothing_that_it_acknowledged(void **state)
{
	uint64_t random = chance_seed("kill"), before = 0, unacknowledged = 0;
	struct ledger_audit_result result;
	struct hash old_root, root;
	struct books books;

	(void)state;
	books_open(&books, random);
	for (int i = 0; i < KILLS; i++) {
		uint64_t acknowledged, size;
		struct merkle_proof proof;
		struct txn *txn;

		before = size_of(&books, &old_root);
		ledger_close(books.ledger); /* nothing open goes through the fork */
		books.ledger = NULL;
		acknowledged = run_and_kill(
		    &books, 1 + chance_below(&random, 6), chance_below(&random, 2000000));
		books_reopen(&books);
		size = size_of(&books, &root);
		/* All that was acknowledged, at most one group more, and no part of a group. */
		assert_true(size >= acknowledged && size <= acknowledged + GROUP);
		assert_int_equal(size % GROUP, 0);
		unacknowledged += size - acknowledged;
		if (ledger_audit(books.ledger, &books.log, no_finding, NULL, &result))
			fail_msg("after kill %d: not verified", i);
		assert_int_equal(result.entries, size);
		/* And the log is the old one, longer. */
		assert_good(txn_begin_read(ledger_store(books.ledger), &txn));
		assert_good(ledger_prove_consistency(txn, before, size, &proof, &root));
		assert_good(merkle_check_consistency(
		    before, size, &old_root, &root, proof.hashes, proof.count));
		txn_abort(txn);
	}
	books.entries = size_of(&books, NULL);
	books_fill(&books, books.entries + 20); /* life goes on */
	assert_good(ledger_audit(books.ledger, &books.log, no_finding, NULL, &result));
	print_message("%d kills, %llu entries, %llu committed but not acknowledged\n", KILLS,
	    (unsigned long long)result.entries, (unsigned long long)unacknowledged);
	books_close(&books);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_group_is_seen_as_a_whole_or_not_at_all),
	    cmocka_unit_test(entries_are_read_back_as_they_were_appended),
	    cmocka_unit_test(time_never_goes_back),
	    cmocka_unit_test(time_does_not_go_back_within_a_group_either),
	    cmocka_unit_test(whatever_fails_in_a_group_leaves_the_log_as_it_was),
	    cmocka_unit_test(a_group_that_fills_the_map_is_tried_again_after_it_has_grown),
	    cmocka_unit_test(a_ledger_opens_under_its_own_origin_only),
	    cmocka_unit_test(a_reader_creates_nothing),
	    cmocka_unit_test(a_ledger_of_another_format_is_not_touched),
	    cmocka_unit_test(every_entry_is_proved_under_the_signed_checkpoint),
	    cmocka_unit_test(every_past_head_is_consistent_with_the_present_one),
	    cmocka_unit_test(without_the_log_key_nothing_is_signed),
	    cmocka_unit_test(every_table_made_again_from_the_log_is_the_same),
	    cmocka_unit_test(a_killed_process_loses_nothing_that_it_acknowledged),
	};

	return cmocka_run_group_tests_name("ledger/ledger", tests, NULL, NULL);
}
