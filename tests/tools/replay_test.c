/* What a replay of a demo's log finds that hashes and signatures cannot: a rule that was not kept. And what it must let pass: facts
 * that were erased, or are not the auditor's to read. */
#include "forge.h"

#include "institution.h"
#include "program.h"
#include "sheet.h"
#include "verdict.h"

#define CITY 0u
#define REFUSING_CITY 1u
#define TRANSFERS_MAX 64u

static struct demo_books books;
static struct heard heard;

static int open_books(void **state)
{
	(void)state;
	folders_in_memory();
	workshop_open();
	demo_books_open(&books, 9);
	return 0;
}

static int close_books(void **state)
{
	(void)state;
	demo_books_close(&books);
	workshop_close();
	return 0;
}

/* The first entry of a kind that `fits`. */
typedef bool fits(const struct entry *entry);

static uint64_t find_entry(unsigned city, unsigned kind, fits *fitting)
{
	struct txn *txn = snapshot_of(books.nodes[city]);
	uint64_t size, found = UINT64_MAX;

	assert_good(ledger_head(txn, &size, NULL));
	for (uint64_t sequence = 0; sequence < size && found == UINT64_MAX; sequence++) {
		struct entry_reader reader;

		assert_good(ledger_read(txn, sequence, &reader));
		if (reader.entry.header.kind == kind && (!fitting || fitting(&reader.entry)))
			found = sequence;
		entry_free(&reader);
	}
	txn_abort(txn);
	assert_true(found != UINT64_MAX);
	return found;
}

/* The forged log passes the plain audit, and the replay tells of this entry first, with this text. */
static void expect_only_replay_finds(unsigned city, uint64_t sequence, const char *text)
{
	struct replay_result result;

	if (audit_of(books.nodes[city], &heard)) {
		heard_print(&heard);
		fail_msg("the forged log does not pass the plain audit");
	}
	assert_error(replay_of(books.nodes[city], true, &heard, &result), ERROR_NOT_VERIFIED);
	assert_int_equal(result.findings, heard.count);
	if (!heard.findings[0].has_sequence || heard.findings[0].sequence != sequence ||
	    !strstr(heard.findings[0].text, text)) {
		heard_print(&heard);
		fail_msg("not told of entry %llu: %s", (unsigned long long)sequence, text);
	}
	/* The tables are those of the log as it is: only the rule was broken. */
	assert_true(result.complete);
	for (size_t i = 0; i < heard_kept(&heard); i++)
		assert_string_equal(heard.findings[i].table, "");
}

/* A city of its own for each forgery. */
static void renew(unsigned city)
{
	struct replay_result result;
	char saved[500], path[400];
	struct run run;

	snprintf(path, sizeof path, "%s", node_directory(books.nodes[city]));
	snprintf(saved, sizeof saved, "%s.saved", path);
	node_close(books.nodes[city]);
	run = access(saved, F_OK) == 0 ? shell("rm -r '%s' && cp -r '%s' '%s'", path, saved, path)
				       : shell("cp -r '%s' '%s'", path, saved);
	assert_int_equal(run.status, 0);
	run_free(&run);
	demo_books_node_open(&books, city);
	assert_good(replay_of(books.nodes[city], true, &heard, &result));
}

/* --- rules that were not kept ------------------------------------------------------------------------------ */

struct changed {
	struct buffer bytes;
	struct transfer transfers[TRANSFERS_MAX];
	struct span documents[8];
	uint32_t line;
};

/* The first refused line; UINT32_MAX if there is none. */
static uint32_t refused_line(const struct entry *entry)
{
	for (uint32_t i = 0; i < entry->header.count; i++) {
		struct span item;
		struct verdict verdict;

		assert_good(entry_item(entry->verdicts, i, &item));
		if (verdict_parse(item, &verdict) == ERROR_NONE &&
		    verdict.reason >= REASON_REFUSAL_FIRST &&
		    verdict.reason <= REASON_REFUSAL_LAST && verdict.reason != REASON_duplicate)
			return i;
	}
	return UINT32_MAX;
}

static bool refuses_something(const struct entry *entry)
{
	return refused_line(entry) != UINT32_MAX;
}

static void replace_item(
    struct changed *changed, struct span items, uint32_t index, struct span item, struct span *out)
{
	struct span old;

	assert_good(entry_item(items, index, &old));
	buffer_clear(&changed->bytes);
	buffer_append(&changed->bytes, span_of(items.data, (size_t)(old.data - items.data)));
	buffer_append(&changed->bytes, item);
	buffer_append(&changed->bytes,
	    span_of(old.data + old.size, (size_t)(items.data + items.size - old.data - old.size)));
	*out = buffer_span(&changed->bytes);
}

static void refuse_for_another_reason(void *context, struct entry_draft *draft)
{
	const struct verdict verdict = {.reason = REASON_duplicate};
	const struct entry entry = {.header = {.count = draft->count}, .verdicts = draft->verdicts};
	struct changed *changed = context;
	struct buffer item = {0};

	changed->line = refused_line(&entry);
	verdict_write(&item, &verdict);
	replace_item(changed, draft->verdicts, changed->line, buffer_span(&item), &draft->verdicts);
	buffer_free(&item);
}

static void a_refusal_for_a_reason_that_the_rules_do_not_give_is_found(void **state)
{
	struct changed changed = {.documents = {{NULL, 0}}};
	struct forgery forgery = {.change = refuse_for_another_reason, .context = &changed};
	char text[100];

	(void)state;
	renew(REFUSING_CITY);
	forgery.sequence = find_entry(REFUSING_CITY, KIND_claim, refuses_something);
	forge(&books, REFUSING_CITY, &forgery);
	snprintf(text, sizeof text, "line %u: the verdict is duplicate, the rules give ",
	    (unsigned)changed.line);
	expect_only_replay_finds(REFUSING_CITY, forgery.sequence, text);
	buffer_free(&changed.bytes);
	renew(REFUSING_CITY);
}

static bool pays_first_from_one_fund(const struct entry *entry)
{
	struct span item;
	struct verdict verdict;

	return entry->transfer_count >= 1 && entry->transfer_count <= TRANSFERS_MAX &&
	       entry_item(entry->verdicts, 0, &item) == ERROR_NONE &&
	       verdict_parse(item, &verdict) == ERROR_NONE && verdict.reason == REASON_approved &&
	       verdict.fund_count == 1 && verdict.reduction_count == 0 && verdict.amount_fen > 0;
}

static void transfers_copy(struct changed *changed, struct entry_draft *draft)
{
	memcpy(changed->transfers, draft->transfers,
	    draft->transfer_count * sizeof *changed->transfers);
	draft->transfers = changed->transfers;
}

/* One fen more for the first line, and the transfer that goes with it: the books add up. */
static void pay_a_fen_more(void *context, struct entry_draft *draft)
{
	struct changed *changed = context;
	struct buffer bytes = {0};
	struct verdict verdict;
	struct span item;

	assert_good(entry_item(draft->verdicts, 0, &item));
	assert_good(verdict_parse(item, &verdict));
	verdict.amount_fen++;
	verdict.funds[0].amount_fen++;
	verdict_write(&bytes, &verdict);
	replace_item(changed, draft->verdicts, 0, buffer_span(&bytes), &draft->verdicts);
	buffer_free(&bytes);
	transfers_copy(changed, draft);
	changed->transfers[0].amount.value++;
}

static void a_fen_too_much_is_found_though_the_books_add_up(void **state)
{
	struct changed changed = {.documents = {{NULL, 0}}};
	struct forgery forgery = {.change = pay_a_fen_more, .context = &changed};

	(void)state;
	renew(CITY);
	forgery.sequence = find_entry(CITY, KIND_claim, pays_first_from_one_fund);
	forge(&books, CITY, &forgery);
	expect_only_replay_finds(
	    CITY, forgery.sequence, "line 0: the verdict is approved, but not with the figures");
	buffer_free(&changed.bytes);
}

static void double_the_first_transfer(void *context, struct entry_draft *draft)
{
	struct changed *changed = context;

	transfers_copy(changed, draft);
	changed->transfers[0].amount.value *= 2;
}

static void a_transfer_that_the_verdicts_do_not_give_is_found(void **state)
{
	struct changed changed = {.documents = {{NULL, 0}}};
	struct forgery forgery = {.change = double_the_first_transfer, .context = &changed};

	(void)state;
	renew(CITY);
	forgery.sequence = find_entry(CITY, KIND_claim, pays_first_from_one_fund);
	forge(&books, CITY, &forgery);
	expect_only_replay_finds(
	    CITY, forgery.sequence, "the transfers are not those that the rules give");
}

/* Other salts: the lines are no longer those over which the institution signed the root. */
static void draw_another_secret(void *context, struct entry_draft *draft)
{
	(void)context;
	draft->secret.bytes[0] ^= 1;
}

static void lines_that_the_institution_did_not_sign_are_found(void **state)
{
	struct forgery forgery = {.change = draw_another_secret};

	(void)state;
	renew(CITY);
	forgery.sequence = find_entry(CITY, KIND_claim, NULL);
	forge(&books, CITY, &forgery);
	expect_only_replay_finds(
	    CITY, forgery.sequence, "the lines are not those that were signed");
}

static void lines_that_the_officer_did_not_sign_are_found(void **state)
{
	struct forgery forgery = {.change = draw_another_secret};

	(void)state;
	renew(CITY);
	forgery.sequence = find_entry(CITY, KIND_appropriation, NULL);
	forge(&books, CITY, &forgery);
	expect_only_replay_finds(
	    CITY, forgery.sequence, "the lines are not those that were signed");
}

/* The same words under a key that the log knows, but whose owner has no say here. */
static void sign_as_a_peer(void *context, struct entry_draft *draft)
{
	struct changed *changed = context;
	struct document document;
	struct secret_key key;

	assert_good(document_read(draft->documents[0], &document));
	node_key_read(books.nodes[1], "document", &key);
	document_sign(&changed->bytes, document.name, &key, document.payload);
	assert_good(changed->bytes.failed);
	assert_int_equal(draft->document_count, 1);
	changed->documents[0] = buffer_span(&changed->bytes);
	draft->documents = changed->documents;
}

static bool is_after_the_peers(const struct entry *entry)
{
	return entry->header.document_count == 1;
}

static void an_order_by_somebody_who_may_give_none_is_found(void **state)
{
	struct changed changed = {.documents = {{NULL, 0}}};
	struct forgery forgery = {.change = sign_as_a_peer, .context = &changed};

	(void)state;
	renew(CITY);
	forgery.sequence = find_entry(CITY, KIND_appropriation, is_after_the_peers);
	forge(&books, CITY, &forgery);
	expect_only_replay_finds(CITY, forgery.sequence, "may not give orders here");
	buffer_free(&changed.bytes);
}

/* --- any verdict of any entry ------------------------------------------------------------------------------ */

/* Another verdict in place of `old`: of a line that is paid, a fen more; of any other, another reason. False if there is none. */
static bool other_verdict(struct span old, uint64_t *random, struct buffer *out)
{
	struct codec_reader reader = codec_reader(old);
	struct verdict verdict;
	unsigned reason;
	size_t fields;

	if (verdict_parse(old, &verdict) == ERROR_NONE && verdict.reason == REASON_approved) {
		if (verdict.fund_count == 0)
			return false;
		verdict.amount_fen++;
		verdict.funds[0].amount_fen++;
		verdict_write(out, &verdict);
		return true;
	}
	fields = codec_array(&reader);
	reason = (unsigned)codec_uint(&reader);
	do
		verdict.reason = (enum reason)chance_below(random, 100);
	while (!reason_name(verdict.reason) || verdict.reason == reason);
	codec_put_array(out, fields);
	codec_put_uint(out, verdict.reason);
	buffer_append(out, span_of(reader.at, (size_t)(old.data + old.size - reader.at)));
	return true;
}

struct one_verdict {
	struct changed changed;
	uint64_t *random;
	bool done;
};

static void change_one_verdict(void *context, struct entry_draft *draft)
{
	struct one_verdict *one = context;
	struct buffer item = {0};
	struct span old;

	one->changed.line = (uint32_t)chance_below(one->random, draft->count);
	assert_good(entry_item(draft->verdicts, one->changed.line, &old));
	one->done = other_verdict(old, one->random, &item);
	if (one->done)
		replace_item(&one->changed, draft->verdicts, one->changed.line, buffer_span(&item),
		    &draft->verdicts);
	buffer_free(&item);
}

/* The log up to an entry, which is forged, in a ledger of its own. False if the tables cannot follow the forged entry. */
static bool forge_up_to(struct forgery *forgery, struct txn *from)
{
	struct error_detail detail = {""};
	struct entry_reader reader;
	struct entry_draft draft;
	struct txn *to;
	enum error error;

	assert_good(ledger_begin(forgery->ledger, &to));
	assert_good(registry_copy(from, to));
	for (uint64_t sequence = 0; sequence < forgery->sequence; sequence++)
		forge_entry(forgery, from, to, sequence);
	assert_good(ledger_read(from, forgery->sequence, &reader));
	draft = draft_of(&reader.entry);
	forgery->change(forgery->context, &draft);
	error = ledger_append(forgery->ledger, to, &draft, reader.entry.header.time_ms,
	    &reader.entry.header.salt, NULL, &detail);
	entry_free(&reader);
	if (error)
		ledger_abort(forgery->ledger, to);
	else
		assert_good(ledger_commit(forgery->ledger, to));
	return !error;
}

static bool is_found(struct forgery *forgery, struct node *node)
{
	struct replay_subject subject;
	struct replay_result result;
	struct txn *snapshot;

	assert_good(txn_begin_read(ledger_store(forgery->ledger), &snapshot));
	subject = subject_of(node, snapshot, true, &heard);
	subject.ledger = forgery->ledger;
	heard.count = 0;
	assert_error(replay_verify(&subject, &result, NULL), ERROR_NOT_VERIFIED);
	txn_abort(snapshot);
	return heard.findings[0].has_sequence && heard.findings[0].sequence == forgery->sequence;
}

/* The last document is one that the entry has sent: it was not. */
static void keep_a_document_back(void *context, struct entry_draft *draft)
{
	struct one_verdict *one = context;
	struct document document;

	assert_good(document_read(draft->documents[draft->document_count - 1], &document));
	one->done = draft->document_count > 1 && strcmp(document.name, "sheet") != 0;
	draft->document_count -= one->done;
}

/* Forge each entry in turn; the replay must tell of it. Returns how many could be forged. */
static unsigned forge_each(forge_change *change, uint64_t *random, uint64_t *size)
{
	struct node *node = books.nodes[2];
	struct txn *from = snapshot_of(node);
	unsigned forged = 0;

	assert_good(ledger_head(from, size, NULL));
	for (uint64_t sequence = 1; sequence < *size; sequence++) {
		struct one_verdict one = {.random = random};
		struct forgery forgery = {.sequence = sequence, .change = change, .context = &one};

		forge_prepare(&forgery, node, from);
		assert_good(ledger_open_scratch(&forgery.options, &forgery.ledger, NULL));
		if (forge_up_to(&forgery, from) && one.done) {
			if (!is_found(&forgery, node)) {
				heard_print(&heard);
				fail_msg("entry %llu, line %u: not found",
				    (unsigned long long)sequence, (unsigned)one.changed.line);
			}
			forged++;
		}
		ledger_close(forgery.ledger);
		settlement_free(forgery.settlement);
		buffer_free(&one.changed.bytes);
	}
	txn_abort(from);
	print_message("%u of %llu entries forged, each found\n", forged, (unsigned long long)*size);
	return forged;
}

static void a_changed_verdict_in_any_entry_is_found(void **state)
{
	uint64_t random = chance_seed("any verdict"), size;

	(void)state;
	assert_true(forge_each(change_one_verdict, &random, &size) > size / 2);
}

static void a_document_that_any_entry_kept_back_is_found(void **state)
{
	uint64_t random = 0, size;

	(void)state;
	assert_true(forge_each(keep_a_document_back, &random, &size) > 10);
}

/* --- what is let pass -------------------------------------------------------------------------------------- */

static void without_the_registry_key_an_auditor_finds_the_same_books(void **state)
{
	(void)state;
	renew(CITY);
	for (unsigned city = 0; city < SAMPLE_CITIES; city++) {
		struct replay_result with, without;

		assert_good(replay_of(books.nodes[city], true, &heard, &with));
		assert_int_equal(with.no_key + with.erased, 0);
		if (replay_of(books.nodes[city], false, &heard, &without)) {
			heard_print(&heard);
			fail_msg("a difference without the key");
		}
		assert_true(without.complete);
		assert_int_equal(without.erased, 0);
		assert_true(without.no_key > 0);
		assert_int_equal(without.rerun + without.no_key, with.lines);
		assert_int_equal(without.rows, with.rows);
	}
}

/* Does a CBOR item hold this number? */
static bool holds_number(struct span item, uint64_t number)
{
	struct buffer encoded = {0};
	bool holds;

	codec_put_uint(&encoded, number);
	holds = item.size >= encoded.size &&
		memmem(item.data, item.size, encoded.data, encoded.size) != NULL;
	buffer_free(&encoded);
	return holds;
}

/* Lines of the log about a person. */
static uint64_t lines_about(struct node *node, uint64_t code)
{
	struct txn *txn = snapshot_of(node);
	uint64_t size, count = 0;

	assert_good(ledger_head(txn, &size, NULL));
	for (uint64_t sequence = 0; sequence < size; sequence++) {
		struct entry_reader reader;
		struct codec_reader lines;

		assert_good(ledger_read(txn, sequence, &reader));
		lines = codec_reader(reader.entry.lines);
		for (uint32_t i = 0; i < reader.entry.header.count; i++)
			count += holds_number(codec_item(&lines), code);
		entry_free(&reader);
	}
	txn_abort(txn);
	return count;
}

/* A person with a line in a claim of the own city. */
static uint64_t claimed_person(unsigned city)
{
	const uint64_t sequence = find_entry(city, KIND_claim, pays_first_from_one_fund);
	struct txn *txn = snapshot_of(books.nodes[city]);
	struct entry_reader reader;
	struct codec_reader line;
	uint64_t person;

	assert_good(ledger_read(txn, sequence, &reader));
	line = codec_reader(reader.entry.lines);
	codec_array(&line);
	person = codec_uint(&line);
	assert_int_equal(person_code_region(person), sample_regions[city]);
	entry_free(&reader);
	txn_abort(txn);
	return person;
}

static void after_a_person_is_erased_the_lines_about_it_are_not_rerun_and_all_else_is(void **state)
{
	struct replay_result result;
	char directory[400];
	uint64_t person;
	struct run run;

	(void)state;
	renew(CITY);
	person = claimed_person(CITY);
	snprintf(directory, sizeof directory, "%s", node_directory(books.nodes[CITY]));
	node_close(books.nodes[CITY]);
	suiren_must(0, "person erase '%s' %016llu", directory, (unsigned long long)person);
	demo_books_node_open(&books, CITY);
	assert_good(audit_of(books.nodes[CITY], &heard));
	if (replay_of(books.nodes[CITY], true, &heard, &result)) {
		heard_print(&heard);
		fail_msg("a difference after an erasure");
	}
	assert_int_equal(result.no_key, 0);
	assert_true(result.erased >= 2);
	assert_int_equal(result.erased, lines_about(books.nodes[CITY], person));
	assert_int_equal(result.rerun + result.erased, result.lines);

	node_close(books.nodes[CITY]);
	run = suiren_expect(0, "verify '%s' --replay --json", directory);
	assert_non_null(strstr(run.out, "\"verified\": true"));
	assert_non_null(strstr(run.out, "\"erased\""));
	run_free(&run);
	demo_books_node_open(&books, CITY);
	renew(CITY);
}

static void a_writer_at_work_beside_it_does_not_disturb_it(void **state)
{
	struct node *node;
	struct txn *group;
	struct run run;

	(void)state;
	renew(CITY);
	node = books.nodes[CITY];
	/* An open group with a row that no log gives: readers must not see it. */
	assert_good(ledger_begin(node_ledger(node), &group));
	row_write(group, TABLE_PERSON, span_text("in the middle"), span_text("of something"));
	run = suiren_expect(0, "verify '%s' --replay", node_directory(node));
	assert_non_null(strstr(run.out, "VERIFIED"));
	run_free(&run);
	assert_good(txn_commit(group));
	run = suiren_expect(1, "verify '%s' --replay", node_directory(node));
	assert_non_null(strstr(run.out, "FOUND table person, key in the middle"));
	run_free(&run);
	renew(CITY);
}

static void the_program_names_what_it_finds_as_text_and_as_json(void **state)
{
	struct node *node;
	struct txn *txn;
	struct run run;

	(void)state;
	renew(CITY);
	node = books.nodes[CITY];
	assert_good(txn_begin_write(ledger_store(node_ledger(node)), &txn));
	row_write(txn, TABLE_USAGE, span_text("x"), span_text("y"));
	assert_good(txn_commit(txn));
	/* The plain audit is of the ledger's own tables. */
	suiren_must(0, "verify '%s'", node_directory(node));
	run = suiren_expect(1, "verify '%s' --replay", node_directory(node));
	assert_non_null(
	    strstr(run.out, "FOUND table usage, key x: the log does not give this row"));
	run_free(&run);
	run = suiren_expect(1, "verify '%s' --replay --json", node_directory(node));
	assert_non_null(strstr(run.out, "\"verified\": false"));
	assert_non_null(strstr(run.out, "\"finding_count\": 1"));
	assert_non_null(strstr(run.out, "\"table\": \"usage\""));
	assert_non_null(strstr(run.out, "\"key\": \"78\""));
	assert_non_null(strstr(run.out, "\"complete\": true"));
	run_free(&run);
	renew(CITY);
}

/* Change a byte of the first row of a table, or of the row with this key. */
static void damage(struct node *node, const char *table, const char *key_text, size_t at)
{
	struct txn *txn;
	struct cursor *cursor;
	struct span key = {NULL, 0}, value;
	struct buffer kept = {0}, changed = {0};
	unsigned number = UINT32_MAX;

	for (unsigned i = 0; i < STORE_TABLES_MAX; i++) {
		const char *name = ledger_table_name(node_ledger(node), i);

		if (name && strcmp(name, table) == 0)
			number = i;
	}
	assert_true(number != UINT32_MAX);
	assert_good(txn_begin_write(ledger_store(node_ledger(node)), &txn));
	assert_good(cursor_open(txn, number, &cursor));
	assert_good(cursor_seek(
	    cursor, key_text ? span_text(key_text) : (struct span){NULL, 0}, &key, &value));
	cursor_close(cursor);
	buffer_append(&kept, key);
	buffer_append(&changed, value);
	changed.data[at] ^= 1;
	row_write(txn, number, buffer_span(&kept), buffer_span(&changed));
	assert_good(txn_commit(txn));
	buffer_free(&kept);
	buffer_free(&changed);
}

static void books_too_damaged_for_the_node_to_open_are_told_all_the_same(void **state)
{
	static const struct {
		const char *table, *key;
		size_t at;
		const char *told;
	} cases[] = {
	    {"policy", NULL, 0, "FOUND table policy, key "},
	    {"header", NULL, 60, "FOUND entry 0: "},
	    {"body", NULL, 200, "FOUND entry 0: "},
	    {"key_party", NULL, 3, "FOUND table key_party, key "},
	    {"key", NULL, 70, "FOUND table key, key "},
	    {"meta", "head", 3, "FOUND table meta, key head: "},
	    {"meta", "checkpoint", 30, "FOUND table meta, key checkpoint: "},
	    {"meta", "origin", 3, "FOUND table meta, key origin: "},
	    {"meta", "version", 3, "FOUND table meta, key version: "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct run run;

		renew(CITY);
		damage(books.nodes[CITY], cases[i].table, cases[i].key, cases[i].at);
		run = suiren("verify '%s' --replay", node_directory(books.nodes[CITY]));
		if (run.status != 1 || !strstr(run.out, cases[i].told))
			fail_msg("%s %s: status %d\n%.2000s%s", cases[i].table,
			    cases[i].key ? cases[i].key : "", run.status, run.out, run.err);
		run_free(&run);
	}
	renew(CITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_refusal_for_a_reason_that_the_rules_do_not_give_is_found),
	    cmocka_unit_test(a_fen_too_much_is_found_though_the_books_add_up),
	    cmocka_unit_test(a_transfer_that_the_verdicts_do_not_give_is_found),
	    cmocka_unit_test(lines_that_the_institution_did_not_sign_are_found),
	    cmocka_unit_test(lines_that_the_officer_did_not_sign_are_found),
	    cmocka_unit_test(an_order_by_somebody_who_may_give_none_is_found),
	    cmocka_unit_test(a_changed_verdict_in_any_entry_is_found),
	    cmocka_unit_test(a_document_that_any_entry_kept_back_is_found),
	    cmocka_unit_test(without_the_registry_key_an_auditor_finds_the_same_books),
	    cmocka_unit_test(
		after_a_person_is_erased_the_lines_about_it_are_not_rerun_and_all_else_is),
	    cmocka_unit_test(a_writer_at_work_beside_it_does_not_disturb_it),
	    cmocka_unit_test(the_program_names_what_it_finds_as_text_and_as_json),
	    cmocka_unit_test(books_too_damaged_for_the_node_to_open_are_told_all_the_same),
	};

	return cmocka_run_group_tests(tests, open_books, close_books);
}
