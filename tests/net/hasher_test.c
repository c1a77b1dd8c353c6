/* Results that a second thread hashes: the root is that of the naive tree, whoever has hashed them, and the log of a node is
 * byte for byte the one without the thread. */
#include "nodes.h"

#include <time.h>

#include "node_internal.h"
#include "person.h"
#include "sheet.h"
#include "verdict.h"

/* The tree as RFC 6962 section 2.1 words it, over leaves H(00 || line leaf || verdict). */
static struct hash naive_root(const struct hash *leaves, size_t count)
{
	static const uint8_t one = 0x01;
	struct hash left, right;
	size_t k = 1;

	if (count == 1)
		return leaves[0];
	while (2 * k < count)
		k *= 2;
	left = naive_root(leaves, k);
	right = naive_root(leaves + k, count - k);
	return hash_sha256_parts(
	    (const struct span[]){{&one, 1}, hash_span(&left), hash_span(&right)}, 3);
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

/* Somebody's line leaves, and the decision that their results go through. */
struct fixture {
	struct hasher hasher;
	struct decision decision;
	struct hash line_leaves[ENTRY_LINES_MAX], leaves[ENTRY_LINES_MAX];
	uint64_t random;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	static const struct hash secret = {{9}};

	assert_non_null(fixture);
	fixture->random = (uint64_t)time(NULL);
	print_message("seed %llu\n", (unsigned long long)fixture->random);
	hash_line_salts(&secret, 0, ENTRY_LINES_MAX, fixture->line_leaves);
	hasher_init(&fixture->hasher);
	decision_init(&fixture->decision);
	fixture->decision.hasher = &fixture->hasher.hook;
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	decision_free(&fixture->decision);
	hasher_free(&fixture->hasher);
	free(fixture);
	return 0;
}

/* Results of random sizes, now and then as long as a verdict can be: the buffer grows and moves. */
static void write_results(struct fixture *fixture, uint32_t count)
{
	static const uint8_t zero = 0x00;
	struct decision *decision = &fixture->decision;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t draw = next_random(&fixture->random);
		size_t size = draw % 50 ? draw % 90 : VERDICT_ROOM, start;
		uint8_t *at;

		decision_room(decision);
		start = decision->verdicts.size;
		at = buffer_extend(&decision->verdicts, size);
		assert_non_null(at);
		memset(at, (int)(draw >> 8), size);
		fixture->leaves[i] =
		    hash_sha256_parts((const struct span[]){{&zero, 1},
					  hash_span(&fixture->line_leaves[i]), span_of(at, size)},
			3);
		decision_result(decision, &fixture->line_leaves[i], start);
	}
}

static void check_root(struct fixture *fixture, uint32_t count)
{
	struct hash root, wanted = naive_root(fixture->leaves, count);

	assert_int_equal(decision_finish(&fixture->decision), ERROR_NONE);
	assert_int_equal(fixture->decision.results.size, count);
	root = merkle_frontier_root(&fixture->decision.results);
	assert_memory_equal(&root, &wanted, sizeof root);
}

static void decide_results(struct fixture *fixture, uint32_t count)
{
	decision_clear(&fixture->decision);
	decision_results_begin(&fixture->decision, fixture->line_leaves, count);
	assert_int_equal(
	    fixture->decision.handed_over, fixture->decision.hasher && count >= HASHER_LINES_MIN);
	write_results(fixture, count);
	decision_results_end(&fixture->decision, true);
	check_root(fixture, count);
}

static void the_root_is_that_of_the_tree_whoever_hashes_it(void **state)
{
	static const uint32_t counts[] = {1, 2, 31, 32, 33, 64, 70, HASHER_LINES_MIN - 1,
	    HASHER_LINES_MIN, HASHER_LINES_MIN + 1, 223, 224, 225, 255, 256, 257, 511, 512, 513,
	    1000, 1024, 4097, ENTRY_LINES_MAX};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		fixture->decision.hasher = &fixture->hasher.hook;
		decide_results(fixture, counts[i]);
		fixture->decision.hasher = NULL;
		decide_results(fixture, counts[i]);
	}
	assert_true(fixture->hasher.started);
}

static void sheets_of_any_length_follow_one_another(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < 300; i++)
		decide_results(fixture, 1 + next_random(&fixture->random) % 700);
}

/* One that is given up leaves the thread idle, with nothing of it in the next. */
static void a_sheet_that_is_given_up_leaves_nothing_behind(void **state)
{
	struct fixture *fixture = *state;
	struct decision *decision = &fixture->decision;

	for (unsigned i = 0; i < 100; i++) {
		decision_clear(decision);
		decision_results_begin(decision, fixture->line_leaves, 1000);
		write_results(fixture, next_random(&fixture->random) % 1000);
		decision_results_end(decision, false);
		assert_false(decision->handed_over);
		assert_int_equal(decision->results.size, 0);
		/* Nobody reads it any more: it may go. */
		buffer_free(&decision->verdicts);
		decide_results(fixture, 200 + next_random(&fixture->random) % 500);
	}
}

static void short_sheets_start_no_thread(void **state)
{
	struct fixture *fixture = *state;

	for (uint32_t count = 1; count < HASHER_LINES_MIN; count++)
		decide_results(fixture, count);
	assert_false(fixture->hasher.started);
}

static void a_hasher_ends_whether_it_has_worked_or_not(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < 100; i++) {
		hasher_free(&fixture->hasher);
		hasher_init(&fixture->hasher);
		if (i % 3)
			decide_results(fixture, 200 + next_random(&fixture->random) % 400);
	}
}

/* Whole nodes. */

#define SHEETS 7u

struct sheet_file {
	struct buffer bytes, attachment;
	struct span document;
	struct prepared_sheet prepared;
};

static struct secret_key institution_key(void)
{
	const struct hash seed = {{77}};
	struct secret_key key;

	key_from_seed(&seed, &key);
	return key;
}

/* A sheet of persons that nobody knows: the results are what is tested here, not the rules. */
static void sheet_make(struct sheet_file *file, uint64_t number, uint32_t lines)
{
	struct sheet_header header = {.number = number,
	    .host = CHENGDU,
	    .payer = CHENGDU,
	    .month = 202608,
	    .programme_count = 1,
	    .count = lines};
	const struct secret_key key = institution_key();
	const struct hash secret = {{5, (uint8_t)number}};
	struct error_detail detail = {""};
	struct buffer written = {0};
	struct hash read_secret;
	struct span read_lines;
	uint32_t count;

	memset(file, 0, sizeof *file);
	memcpy(header.uscc, USCC_ONE, USCC_SIZE);
	snprintf(header.programme_codes[0], PROGRAMME_CODE_SIZE, "service_subsidy");
	header.programmes[0] = programme_tag(span_text("service_subsidy"));
	for (uint32_t i = 0; i < lines; i++)
		sheet_line_write(&written,
		    person_code_make(CHENGDU, ENTRY_LINES_MAX * (uint32_t)number + i), 0, 1, 31, -1,
		    (struct span){NULL, 0}, 0);
	assert_int_equal(
	    sheet_sign(&file->bytes, &header, &secret, buffer_span(&written), &key), ERROR_NONE);
	buffer_free(&written);
	assert_int_equal(sheet_file_read(buffer_span(&file->bytes), &file->document, &read_secret,
			     &count, &read_lines),
	    ERROR_NONE);
	codec_put_array(&file->attachment, 3);
	codec_put_bytes(&file->attachment, hash_span(&read_secret));
	codec_put_uint(&file->attachment, count);
	codec_put_bytes(&file->attachment, read_lines);
	if (sheet_prepare(file->document, &read_secret, count, read_lines, &key.public,
		&file->prepared, &detail))
		fail_msg("%s", detail.text);
}

static void sheet_free(struct sheet_file *file)
{
	sheet_release(&file->prepared);
	buffer_free(&file->bytes);
	buffer_free(&file->attachment);
}

static void register_with_key(struct node *node)
{
	struct institution_line institution = {.operation = INSTITUTION_REGISTER,
	    .name = span_text("安康养老院"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = node_region(node),
	    .beds = 2000,
	    .star = 3,
	    .has_key = true,
	    .key = institution_key().public};
	struct node_order order = {.kind = KIND_institution, .count = 1};
	struct buffer line = {0};
	struct answer answer;

	memcpy(institution.uscc, USCC_ONE, USCC_SIZE);
	institution_line_write(&line, &institution);
	order.lines = buffer_span(&line);
	assert_int_equal(node_order(node, &order, &answer), ERROR_NONE);
	if (answer.error)
		fail_msg("%s", answer.detail.text);
	buffer_free(&line);
}

/* Where the next entry's header belongs there is something already: the entry cannot be appended and the group is aborted. */
static enum error spoil(void *context, const struct submission *submission, struct txn *txn,
    struct error_detail *detail)
{
	size_t count;
	const struct store_table *tables = ledger_tables(&count);
	uint64_t size;
	uint8_t key[8];

	(void)detail;
	if (submission != context)
		return ERROR_NONE;
	assert_int_equal(ledger_head(txn, &size, NULL), ERROR_NONE);
	be64_write(key, size);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(tables[i].name, "header") == 0)
			return store_put(
			    txn, tables[i].number, span_of(key, sizeof key), span_text("x"));
	}
	return ERROR_NOT_FOUND;
}

/* The same sheets in one group: one of them cannot be appended, one comes twice. Without `prepared` there are no leaves to hand over. */
static uint64_t submit_sheets(
    struct site *site, struct sheet_file *files, bool prepared, struct hash *root)
{
	struct submission submissions[SHEETS + 1];
	struct answer answers[SHEETS + 1];

	register_with_key(site->node);
	for (unsigned i = 0; i <= SHEETS; i++) {
		const struct sheet_file *file = &files[i % SHEETS];

		submissions[i] = (struct submission){.document = file->document,
		    .attachment = buffer_span(&file->attachment),
		    .prepared = prepared ? &file->prepared : NULL};
	}
	site->node->intrude = spoil;
	site->node->intrude_context = &submissions[3];
	assert_int_equal(
	    node_submit_group(site->node, submissions, SHEETS + 1, answers), ERROR_NONE);
	for (unsigned i = 0; i <= SHEETS; i++)
		assert_int_equal(answers[i].error, i == 3        ? ERROR_EXISTS
						   : i == SHEETS ? ERROR_REPEAT
								 : ERROR_NONE);
	assert_int_equal(site->node->sequencer.hasher.started, prepared);
	return site_head(site, root);
}

static void a_node_writes_the_same_log_with_and_without_the_thread(void **state)
{
	static const uint32_t lines[SHEETS] = {
	    1000, HASHER_LINES_MIN - 1, 3000, 1000, 70, HASHER_LINES_MIN, 999};
	static struct sheet_file files[SHEETS];
	struct site beside, alone;
	struct hash roots[2];
	char folder[200];

	(void)state;
	folder_make(folder);
	for (unsigned i = 0; i < SHEETS; i++)
		sheet_make(&files[i], i + 1, lines[i]);
	/* One seed: time and salts are the same in both. */
	site_make(&beside, folder, "beside", CHENGDU, 1);
	site_make(&alone, folder, "alone", CHENGDU, 1);
	assert_int_equal(submit_sheets(&beside, files, true, &roots[0]),
	    submit_sheets(&alone, files, false, &roots[1]));
	assert_memory_equal(&roots[0], &roots[1], sizeof roots[0]);
	site_close(&beside);
	site_close(&alone);
	for (unsigned i = 0; i < SHEETS; i++)
		sheet_free(&files[i]);
	folder_remove(folder);
}

/* The last that the node has done is a group that was aborted. */
static void a_node_closes_after_an_abort(void **state)
{
	struct sheet_file file;
	struct answer answer;
	struct submission submission;
	struct site site;
	char folder[200];

	(void)state;
	folder_make(folder);
	sheet_make(&file, 1, 1000);
	site_make(&site, folder, "city", CHENGDU, 1);
	register_with_key(site.node);
	submission = (struct submission){.document = file.document,
	    .attachment = buffer_span(&file.attachment),
	    .prepared = &file.prepared};
	site.node->intrude = spoil;
	site.node->intrude_context = &submission;
	assert_int_equal(node_submit(site.node, &submission, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_EXISTS);
	assert_true(site.node->sequencer.hasher.started);
	site_close(&site);
	/* And its sheet is booked when it comes again. */
	site_open(&site);
	assert_int_equal(node_submit(site.node, &submission, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_NONE);
	site_close(&site);
	sheet_free(&file);
	folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		the_root_is_that_of_the_tree_whoever_hashes_it, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		sheets_of_any_length_follow_one_another, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_sheet_that_is_given_up_leaves_nothing_behind, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(short_sheets_start_no_thread, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		a_hasher_ends_whether_it_has_worked_or_not, set_up, tear_down),
	    cmocka_unit_test(a_node_writes_the_same_log_with_and_without_the_thread),
	    cmocka_unit_test(a_node_closes_after_an_abort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
