/* A node's directory, its lock and its orders: what is there afterwards, what is booked once, what
 * leaves nothing behind. */
#include "nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "node_internal.h"
#include "order.h"
#include "registry.h"

struct fixture {
	char folder[200];
	struct site site;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	folder_make(fixture->folder);
	site_make(&fixture->site, fixture->folder, "city", CHENGDU, 1);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	site_close(&fixture->site);
	folder_remove(fixture->folder);
	free(fixture);
	return 0;
}

static mode_t mode_of(const struct site *site, const char *name)
{
	char path[600];
	struct stat status;

	snprintf(path, sizeof path, "%s/%s", site->directory, name);
	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static void a_new_node_has_its_files_and_two_entries(void **state)
{
	static const char *const keys[] = {"keys/root.key", "keys/document.key", "keys/log.key",
	    "keys/witness.key", "keys/link.key", "keys/registry.key"};
	struct fixture *fixture = *state;

	assert_int_equal(mode_of(&fixture->site, "keys"), 0700);
	assert_int_equal(mode_of(&fixture->site, "ledger"), 0700);
	assert_int_equal(mode_of(&fixture->site, "ledger/data.mdb"), 0600);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		assert_int_equal(mode_of(&fixture->site, keys[i]), 0600);
	assert_int_equal(site_head(&fixture->site, NULL), 2);
	assert_int_equal(site_kind(&fixture->site, 0), KIND_genesis);
	assert_int_equal(site_kind(&fixture->site, 1), KIND_policy);
	assert_non_null(settlement_policy(node_settlement(fixture->site.node), CHENGDU));
}

static void the_checkpoint_verifies_under_the_key_that_the_log_names(void **state)
{
	struct fixture *fixture = *state;
	struct note_verifier verifier;
	struct checkpoint checkpoint;
	struct hash root;
	struct txn *txn;
	struct span note;

	assert_int_equal(site_head(&fixture->site, &root), 2);
	node_log_verifier(fixture->site.node, &verifier);
	assert_string_equal(verifier.name, "chengdu.suiren.example/ledger/1");
	assert_int_equal(
	    txn_begin_read(ledger_store(node_ledger(fixture->site.node)), &txn), ERROR_NONE);
	assert_int_equal(ledger_checkpoint(txn, &note), ERROR_NONE);
	assert_int_equal(checkpoint_verify(note, &verifier, &checkpoint), ERROR_NONE);
	assert_int_equal(checkpoint.size, 2);
	assert_true(hash_equal(&checkpoint.root, &root));
	txn_abort(txn);
}

static void nothing_that_exists_is_overwritten(void **state)
{
	struct fixture *fixture = *state;
	struct node_create_options create = {
	    .region = CHENGDU, .demo = true, .node = fixture->site.options};
	struct error_detail detail = {""};
	char path[300];

	assert_int_equal(node_create(fixture->site.directory, &create, &detail), ERROR_EXISTS);
	assert_non_null(strstr(detail.text, "city/node.yaml"));
	snprintf(path, sizeof path, "%s/empty", fixture->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(node_create(path, &create, &detail), ERROR_EXISTS);
	assert_non_null(strstr(detail.text, path));
	snprintf(path, sizeof path, "%s/city///", fixture->folder);
	assert_int_equal(node_create(path, &create, &detail), ERROR_EXISTS);
}

static void a_failure_leaves_nothing_half_made(void **state)
{
	struct fixture *fixture = *state;
	struct error_detail detail = {""};
	struct node_create_options create = {
	    .region = CHONGQING, .demo = true, .node = fixture->site.options};
	char path[300], folder[250];

	snprintf(folder, sizeof folder, "%s/lonely", fixture->folder);
	snprintf(path, sizeof path, "%s/other", folder);
	assert_int_equal(node_create(path, &create, &detail), ERROR_NOT_FOUND);
	assert_int_equal(mkdir(folder, 0700), 0);
	create.policy = span_text("region: 510100\n"); /* not a catalogue */
	assert_int_equal(node_create(path, &create, &detail), ERROR_MALFORMED);
	assert_int_not_equal(detail.text[0], 0);
	create.policy = (struct span){NULL, 0};
	create.region = 999999;
	assert_int_equal(node_create(path, &create, &detail), ERROR_NOT_FOUND);
	assert_non_null(strstr(detail.text, "999999"));
	assert_int_equal(rmdir(folder), 0); /* it is empty */
}

static void one_writer_at_a_time_and_readers_beside_it(void **state)
{
	struct fixture *fixture = *state;
	struct node_options reading = {.read_only = true};
	struct error_detail detail = {""};
	struct node *second;

	assert_int_equal(
	    node_open(fixture->site.directory, &fixture->site.options, &second, &detail),
	    ERROR_LOCKED);
	assert_null(second);
	assert_non_null(strstr(detail.text, "city/lock"));
	site_close(&fixture->site);
	assert_int_equal(
	    node_open(fixture->site.directory, &fixture->site.options, &second, &detail),
	    ERROR_NONE);
	node_close(second);
	/* From another process, since LMDB is not opened twice in one. */
	site_open(&fixture->site);
	pid_t child = fork();
	if (child == 0) {
		bool locked = node_open(fixture->site.directory, &(struct node_options){0}, &second,
				  &detail) == ERROR_LOCKED;
		bool read =
		    node_open(fixture->site.directory, &reading, &second, &detail) == ERROR_NONE;
		_exit(locked && read && node_region(second) == CHENGDU ? 0 : 1);
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void expect_open_fails(
    struct site *site, bool read_only, enum error expected, const char *says)
{
	struct node_options options = {.read_only = read_only};
	struct error_detail detail = {""};
	struct node *node;

	assert_int_equal(node_open(site->directory, &options, &node, &detail), expected);
	assert_null(node);
	if (!strstr(detail.text, says))
		fail_msg("\"%s\" does not say \"%s\"", detail.text, says);
}

static void files_of_another_node_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct site *site = &fixture->site;
	char from[600], to[600];

	site_close(site);
	site_replace(site, "node.yaml", "demo: true", "demo: false");
	expect_open_fails(site, false, ERROR_MISMATCH, "node.yaml");
	expect_open_fails(site, true, ERROR_MISMATCH, "node.yaml");
	site_replace(site, "node.yaml", "demo: false", "demo: ture");
	expect_open_fails(site, false, ERROR_MALFORMED, "node.yaml:");
	site_replace(site, "node.yaml", "demo: ture", "demo: true");
	snprintf(from, sizeof from, "%s/node.yaml", site->directory);
	snprintf(to, sizeof to, "%s/kept.yaml", site->directory);
	assert_int_equal(rename(from, to), 0);
	expect_open_fails(site, true, ERROR_NOT_FOUND, "node.yaml");
	fclose(fopen(from, "w"));
	expect_open_fails(site, true, ERROR_MALFORMED, "node.yaml:1");
	assert_int_equal(rename(to, from), 0);
	site_replace(site, "node.yaml", "chengdu.suiren", "chengdo.suiren");
	expect_open_fails(site, false, ERROR_MISMATCH, "chengdo.suiren.example/ledger/1");
	site_replace(site, "node.yaml", "chengdo.suiren", "chengdu.suiren");
	snprintf(from, sizeof from, "%s/keys/document.key", site->directory);
	snprintf(to, sizeof to, "%s/keys/old", site->directory);
	assert_int_equal(rename(from, to), 0);
	expect_open_fails(site, false, ERROR_NOT_FOUND, "keys/document.key");
	struct hash seed = {{9}};
	assert_int_equal(key_file_write(from, "document", &seed, NULL), ERROR_NONE);
	expect_open_fails(site, false, ERROR_MISMATCH, "keys/document.key");
	expect_open_fails(site, true, ERROR_MISMATCH, "keys/document.key");
	assert_int_equal(unlink(from), 0);
	assert_int_equal(rename(to, from), 0);
	site_open(site);
}

static void a_reader_needs_no_key_and_nobody_needs_the_root_key(void **state)
{
	struct fixture *fixture = *state;
	struct node_options reading = {.read_only = true};
	struct error_detail detail = {""};
	struct answer answer;
	char path[600];

	site_close(&fixture->site);
	snprintf(path, sizeof path, "%s/keys/root.key", fixture->site.directory);
	assert_int_equal(unlink(path), 0);
	site_open(&fixture->site);
	assert_int_equal(order_officer(fixture->site.node, NULL, 1, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_NONE);
	site_close(&fixture->site);
	snprintf(path, sizeof path, "%s/keys", fixture->site.directory);
	folder_remove(path);
	assert_int_equal(
	    node_open(fixture->site.directory, &reading, &fixture->site.node, &detail), ERROR_NONE);
	assert_null(node_document_key(fixture->site.node));
	assert_int_equal(site_head(&fixture->site, NULL), 3);
}

static void a_missing_log_is_not_replaced_by_an_empty_one(void **state)
{
	struct fixture *fixture = *state;
	char path[600];

	site_close(&fixture->site);
	snprintf(path, sizeof path, "%s/ledger", fixture->site.directory);
	folder_remove(path);
	expect_open_fails(&fixture->site, false, ERROR_NOT_FOUND, "ledger/data.mdb");
	expect_open_fails(&fixture->site, true, ERROR_NOT_FOUND, "ledger");
	assert_int_not_equal(access(path, F_OK), 0);
}

static void the_same_order_is_answered_with_its_first_entry(void **state)
{
	struct fixture *fixture = *state;
	struct answer first, again;

	assert_int_equal(order_officer(fixture->site.node, NULL, 1, &first), ERROR_NONE);
	assert_int_equal(first.error, ERROR_NONE);
	assert_int_equal(first.sequence, 2);
	assert_int_equal(order_officer(fixture->site.node, NULL, 1, &again), ERROR_NONE);
	assert_int_equal(again.error, ERROR_REPEAT);
	assert_int_equal(again.sequence, first.sequence);
	site_close(&fixture->site);
	site_open(&fixture->site);
	assert_int_equal(order_officer(fixture->site.node, NULL, 1, &again), ERROR_NONE);
	assert_int_equal(again.error, ERROR_REPEAT);
	assert_int_equal(again.sequence, first.sequence);
	assert_int_equal(site_head(&fixture->site, NULL), 3);
}

/* An order of one officer with everything that makes it what it is. */
static enum error order_as(struct node *node, const char *id, const struct hash *content,
    unsigned number, struct answer *answer)
{
	struct buffer line = {0};
	struct node_order order = {.kind = KIND_officer, .id = span_text(id), .content = content};
	enum error error;

	officer_line(&line, number);
	order.lines = buffer_span(&line);
	order.count = 1;
	error = node_order(node, &order, answer);
	buffer_free(&line);
	return error;
}

static void an_id_with_other_content_is_a_conflict_and_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	const struct hash one = {{1}}, two = {{2}};
	struct hash before, after;
	struct answer answer;

	assert_int_equal(order_as(fixture->site.node, "7/2026", &one, 1, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_NONE);
	assert_int_equal(site_head(&fixture->site, &before), 3);
	assert_int_equal(order_as(fixture->site.node, "7/2026", &two, 2, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_CONFLICT);
	assert_non_null(strstr(answer.detail.text, "7/2026"));
	/* The content decides, not the lines, which may hold what was drawn at random. */
	assert_int_equal(order_as(fixture->site.node, "7/2026", &one, 2, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_REPEAT);
	assert_int_equal(answer.sequence, 2);
	assert_int_equal(site_head(&fixture->site, &after), 3);
	assert_true(hash_equal(&before, &after));
}

static void an_id_without_content_stands_for_it(void **state)
{
	struct fixture *fixture = *state;
	struct answer answer;

	assert_int_equal(order_as(fixture->site.node, "import", NULL, 1, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_NONE);
	assert_int_equal(order_as(fixture->site.node, "import", NULL, 2, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_REPEAT);
	assert_int_equal(answer.sequence, 2);
}

static void orders_without_lines_differ_by_their_parameters(void **state)
{
	struct fixture *fixture = *state;
	uint8_t id[TRANSFER_ID_SIZE] = {1};
	struct buffer parameter = {0};
	struct node_order order = {.kind = KIND_expired, .parameter_count = 1};
	struct answer answer;

	for (int i = 0; i < 2; i++) {
		id[0]++;
		buffer_clear(&parameter);
		codec_put_bytes(&parameter, span_of(id, sizeof id));
		order.parameters = buffer_span(&parameter);
		assert_int_equal(node_order(fixture->site.node, &order, &answer), ERROR_NONE);
		assert_int_equal(
		    answer.error, ERROR_NOT_FOUND); /* by the rules, no conflict of ids */
	}
	buffer_free(&parameter);
	order = (struct node_order){.kind = KIND_officer,
	    .id = span_text("an id that has more "
			    "bytes than the sixty-four that an id may have at most")};
	assert_int_equal(node_order(fixture->site.node, &order, &answer), ERROR_MALFORMED);
	assert_int_equal(answer.error, ERROR_MALFORMED);
}

/* A signed officer's order as submission; the buffers are the caller's. */
struct signed_order {
	struct buffer document, attachment;
	struct submission submission;
};

static void sign_officer(struct node *node, unsigned number, struct signed_order *out)
{
	struct hash content = {{2}}, secret = {{3}};
	struct buffer line = {0};
	char id[32];

	memset(out, 0, sizeof *out);
	be32_write(content.bytes + 1, number);
	officer_line(&line, number);
	snprintf(id, sizeof id, "officer %u", number);
	assert_int_equal(
	    order_sign(&out->document, node_document_key(node), node_region(node), KIND_officer,
		span_text(id), (struct span){NULL, 0}, 0, &content, &secret, buffer_span(&line), 1),
	    ERROR_NONE);
	codec_put_array(&out->attachment, 3);
	codec_put_bytes(&out->attachment, hash_span(&secret));
	codec_put_uint(&out->attachment, 1);
	codec_put_bytes(&out->attachment, buffer_span(&line));
	buffer_free(&line);
	out->submission = (struct submission){
	    .document = buffer_span(&out->document), .attachment = buffer_span(&out->attachment)};
}

static void signed_free(struct signed_order *order)
{
	buffer_free(&order->document);
	buffer_free(&order->attachment);
}

static void a_refused_command_leaves_the_others_of_its_group(void **state)
{
	struct fixture *fixture = *state;
	struct signed_order orders[4];
	struct submission submissions[5];
	struct answer answers[5];

	for (unsigned i = 0; i < 4; i++) {
		sign_officer(fixture->site.node, i, &orders[i]);
		submissions[i] = orders[i].submission;
	}
	submissions[1].attachment = submissions[0].attachment; /* other lines than were signed */
	submissions[3].document.size--;
	submissions[4] = submissions[2]; /* in the same group already */
	assert_int_equal(
	    node_submit_group(fixture->site.node, submissions, 5, answers), ERROR_NONE);
	assert_int_equal(answers[0].error, ERROR_NONE);
	assert_int_equal(answers[0].sequence, 2);
	assert_int_equal(answers[1].error, ERROR_MISMATCH);
	assert_int_equal(answers[2].error, ERROR_NONE);
	assert_int_equal(answers[2].sequence, 3);
	assert_int_equal(answers[3].error, ERROR_MALFORMED);
	assert_int_equal(answers[4].error, ERROR_REPEAT);
	assert_int_equal(answers[4].sequence, 3);
	assert_int_equal(site_head(&fixture->site, NULL), 4);
	for (unsigned i = 0; i < 4; i++)
		signed_free(&orders[i]);
}

static void a_group_of_refusals_leaves_head_and_checkpoint_as_they_were(void **state)
{
	struct fixture *fixture = *state;
	struct signed_order order;
	struct answer answer;
	struct hash before, after;
	struct buffer note = {0};
	struct span now;
	struct txn *txn;
	struct store *store = ledger_store(node_ledger(fixture->site.node));

	assert_int_equal(site_head(&fixture->site, &before), 2);
	assert_int_equal(txn_begin_read(store, &txn), ERROR_NONE);
	assert_int_equal(ledger_checkpoint(txn, &now), ERROR_NONE);
	buffer_append(&note, now);
	txn_abort(txn);
	sign_officer(fixture->site.node, 1, &order);
	order.submission.attachment.size--;
	assert_int_equal(node_submit(fixture->site.node, &order.submission, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_MALFORMED);
	assert_int_not_equal(answer.detail.text[0], 0);
	assert_int_equal(site_head(&fixture->site, &after), 2);
	assert_true(hash_equal(&before, &after));
	assert_int_equal(txn_begin_read(store, &txn), ERROR_NONE);
	assert_int_equal(ledger_checkpoint(txn, &now), ERROR_NONE);
	assert_true(span_equal(now, buffer_span(&note)));
	txn_abort(txn);
	buffer_free(&note);
	signed_free(&order);
}

#define ROW_CODE 5101000000000012u

/* A new row; and then one whose bank there is nobody to have. */
static void write_row(struct buffer *changes)
{
	static const uint8_t nonce[SEAL_NONCE_SIZE] = {1};
	const struct registry_row row = {.name = "张三"};

	registry_change_put(changes, ROW_CODE, &row, nonce);
}

static void write_row_and_nobody(struct buffer *changes)
{
	static const uint8_t nonce[SEAL_NONCE_SIZE] = {2};

	write_row(changes);
	registry_change_card(changes, ROW_CODE + 1, "6222", "313999000000", nonce);
}

static bool row_is_there(struct fixture *fixture)
{
	struct settlement *settlement = node_settlement(fixture->site.node);
	struct registry_row row;
	struct txn *txn;
	enum error error;

	assert_int_equal(
	    txn_begin_read(ledger_store(node_ledger(fixture->site.node)), &txn), ERROR_NONE);
	error = registry_get(txn, settlement_registry_key(settlement), ROW_CODE, &row);
	txn_abort(txn);
	assert_true(error == ERROR_NONE || error == ERROR_NOT_FOUND);
	return error == ERROR_NONE;
}

static void what_was_written_before_goes_with_a_refusal_and_stays_with_an_entry(void **state)
{
	struct fixture *fixture = *state;
	struct signed_order good, bad;
	struct buffer row = {0}, nobody = {0};
	struct answer answers[2];

	write_row(&row);
	write_row_and_nobody(&nobody);
	sign_officer(fixture->site.node, 1, &good);
	sign_officer(fixture->site.node, 2, &bad);
	bad.submission.attachment = good.submission.attachment;
	bad.submission.registry = buffer_span(&row);
	const struct submission group[] = {good.submission, bad.submission};
	assert_int_equal(node_submit_group(fixture->site.node, group, 2, answers), ERROR_NONE);
	assert_int_equal(answers[0].error, ERROR_NONE);
	assert_int_equal(answers[1].error, ERROR_MISMATCH);
	assert_false(row_is_there(fixture));
	bad.submission.attachment = buffer_span(&bad.attachment);
	bad.submission.registry = buffer_span(&nobody);
	assert_int_equal(node_submit(fixture->site.node, &bad.submission, &answers[0]), ERROR_NONE);
	assert_int_equal(answers[0].error, ERROR_NOT_FOUND);
	assert_string_equal(answers[0].detail.text, "the registry: not found");
	assert_false(row_is_there(fixture));
	assert_int_equal(site_head(&fixture->site, NULL), 3);
	bad.submission.registry = span_of(row.data, row.size - 1);
	assert_int_equal(node_submit(fixture->site.node, &bad.submission, &answers[0]), ERROR_NONE);
	assert_int_equal(answers[0].error, ERROR_MALFORMED);
	assert_false(row_is_there(fixture));
	bad.submission.registry = buffer_span(&row);
	assert_int_equal(node_submit(fixture->site.node, &bad.submission, &answers[0]), ERROR_NONE);
	assert_int_equal(answers[0].error, ERROR_NONE);
	assert_true(row_is_there(fixture));
	buffer_free(&row);
	buffer_free(&nobody);
	signed_free(&good);
	signed_free(&bad);
}

/* Put a row where the next entry's header belongs, so that its append must fail: what a bug would
 * do. */
static enum error spoil_header(void *context, const struct submission *submission, struct txn *txn,
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

static void a_command_whose_append_fails_is_left_out_and_the_others_are_booked(void **state)
{
	struct fixture *fixture = *state;
	struct signed_order orders[3];
	struct submission submissions[3];
	struct answer answers[3];
	struct txn *txn;
	struct entry_reader reader;

	for (unsigned i = 0; i < 3; i++) {
		sign_officer(fixture->site.node, i, &orders[i]);
		submissions[i] = orders[i].submission;
	}
	fixture->site.node->intrude = spoil_header;
	fixture->site.node->intrude_context = &submissions[1];
	assert_int_equal(
	    node_submit_group(fixture->site.node, submissions, 3, answers), ERROR_NONE);
	assert_int_equal(answers[0].error, ERROR_NONE);
	assert_int_equal(answers[0].sequence, 2);
	assert_int_equal(answers[1].error, ERROR_EXISTS);
	assert_int_equal(answers[2].error, ERROR_NONE);
	assert_int_equal(answers[2].sequence, 3);
	assert_int_equal(site_head(&fixture->site, NULL), 4);
	assert_int_equal(
	    txn_begin_read(ledger_store(node_ledger(fixture->site.node)), &txn), ERROR_NONE);
	assert_int_equal(ledger_read(txn, 3, &reader), ERROR_NONE);
	entry_free(&reader);
	txn_abort(txn);
	for (unsigned i = 0; i < 3; i++)
		signed_free(&orders[i]);
}

static void time_in_the_log_never_goes_back(void **state)
{
	struct fixture *fixture = *state;
	int64_t first, second;
	struct answer answer;
	struct txn *txn;
	struct store *store = ledger_store(node_ledger(fixture->site.node));

	assert_int_equal(txn_begin_read(store, &txn), ERROR_NONE);
	assert_int_equal(ledger_last_time(txn, &first), ERROR_NONE);
	txn_abort(txn);
	fixture->site.world.tick_ms = -86400000;
	assert_int_equal(order_officer(fixture->site.node, NULL, 1, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_NONE);
	assert_int_equal(txn_begin_read(store, &txn), ERROR_NONE);
	assert_int_equal(ledger_last_time(txn, &second), ERROR_NONE);
	txn_abort(txn);
	assert_int_equal(first, second);
}

/* Lines that fill a map: one order of many officers. */
static enum error order_many(
    struct node *node, unsigned first, unsigned count, struct answer *answer)
{
	struct buffer lines = {0};
	struct node_order order = {.kind = KIND_officer, .count = count};
	enum error error;

	for (unsigned i = 0; i < count; i++)
		officer_line(&lines, first + i);
	order.lines = buffer_span(&lines);
	error = node_order(node, &order, answer);
	buffer_free(&lines);
	return error;
}

static void the_map_grows_in_the_middle_of_a_group(void **state)
{
	struct fixture *fixture = *state;
	struct answer answer;
	uint64_t used, size, before;
	struct store *store;

	site_close(&fixture->site);
	site_replace(&fixture->site, "node.yaml", "peers:", "map_size: 1048576\npeers:");
	site_open(&fixture->site);
	store = ledger_store(node_ledger(fixture->site.node));
	assert_int_equal(store_usage(store, &used, &before), ERROR_NONE);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(
		    order_many(fixture->site.node, 1000 * i, 500, &answer), ERROR_NONE);
		assert_int_equal(answer.error, ERROR_NONE);
		assert_int_equal(answer.sequence, 2 + i);
	}
	assert_int_equal(store_usage(store, &used, &size), ERROR_NONE);
	assert_true(used > before);
	assert_true(size > before);
	assert_int_equal(site_head(&fixture->site, NULL), 22);
}

static void a_reader_in_the_way_of_growth_is_named_and_nothing_is_booked(void **state)
{
	struct fixture *fixture = *state;
	struct answer answer = {0};
	struct txn *txn;
	enum error error = ERROR_NONE;
	uint64_t size;

	site_close(&fixture->site);
	site_replace(&fixture->site, "node.yaml", "peers:", "map_size: 1048576\npeers:");
	site_open(&fixture->site);
	assert_int_equal(
	    txn_begin_read(ledger_store(node_ledger(fixture->site.node)), &txn), ERROR_NONE);
	for (unsigned i = 0; i < 40 && !error; i++) {
		size = 2 + i;
		error = order_many(fixture->site.node, 1000 * i, 500, &answer);
	}
	assert_int_equal(error, ERROR_MAP_FULL);
	assert_int_equal(answer.error, ERROR_MAP_FULL);
	assert_non_null(strstr(answer.detail.text, "reader"));
	txn_abort(txn);
	assert_int_equal(site_head(&fixture->site, NULL), size);
	assert_int_equal(order_officer(fixture->site.node, NULL, 77777, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_NONE);
}

/* The child books orders for ever and writes each answer's number into the pipe. */
static void book_until_killed(struct fixture *fixture, unsigned first, int out)
{
	struct node_options options = fixture->site.options;
	struct error_detail detail;
	struct node *node;

	options.not_durable = false;
	if (node_open(fixture->site.directory, &options, &node, &detail))
		_exit(1);
	for (unsigned i = first;; i++) {
		struct answer answer;
		uint8_t row[12];

		if (order_officer(node, NULL, i, &answer) || answer.error)
			_exit(2);
		be32_write(row, i);
		be64_write(row + 4, answer.sequence);
		if (write(out, row, sizeof row) != sizeof row)
			_exit(3);
	}
}

static void what_was_acknowledged_is_there_after_a_kill(void **state)
{
	struct fixture *fixture = *state;
	unsigned seed = (unsigned)time(NULL), next = 0;

	print_message("seed %u\n", seed);
	srand(seed);
	site_close(&fixture->site);
	for (int round = 0; round < 6; round++) {
		struct {
			unsigned number;
			uint64_t sequence;
		} acknowledged[64];
		unsigned count = 0, most = 1 + (unsigned)rand() % 40;
		int ends[2], status;
		uint8_t row[12];

		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0) {
			close(ends[0]);
			book_until_killed(fixture, next, ends[1]);
		}
		close(ends[1]);
		while (count < most && read(ends[0], row, sizeof row) == sizeof row) {
			acknowledged[count].number = be32_read(row);
			acknowledged[count++].sequence = be64_read(row + 4);
		}
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		close(ends[0]);
		site_open(&fixture->site);
		for (unsigned i = 0; i < count; i++) {
			struct answer answer;
			assert_int_equal(order_officer(fixture->site.node, NULL,
					     acknowledged[i].number, &answer),
			    ERROR_NONE);
			assert_int_equal(answer.error, ERROR_REPEAT);
			assert_int_equal(answer.sequence, acknowledged[i].sequence);
		}
		/* Whatever was booked and never acknowledged is a repeat too. */
		next = (unsigned)site_head(&fixture->site, NULL) - 2;
		site_close(&fixture->site);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(a_new_node_has_its_files_and_two_entries),
	    TEST(the_checkpoint_verifies_under_the_key_that_the_log_names),
	    TEST(nothing_that_exists_is_overwritten),
	    TEST(a_failure_leaves_nothing_half_made),
	    TEST(one_writer_at_a_time_and_readers_beside_it),
	    TEST(files_of_another_node_are_refused),
	    TEST(a_reader_needs_no_key_and_nobody_needs_the_root_key),
	    TEST(a_missing_log_is_not_replaced_by_an_empty_one),
	    TEST(the_same_order_is_answered_with_its_first_entry),
	    TEST(an_id_with_other_content_is_a_conflict_and_changes_nothing),
	    TEST(an_id_without_content_stands_for_it),
	    TEST(orders_without_lines_differ_by_their_parameters),
	    TEST(a_refused_command_leaves_the_others_of_its_group),
	    TEST(a_group_of_refusals_leaves_head_and_checkpoint_as_they_were),
	    TEST(what_was_written_before_goes_with_a_refusal_and_stays_with_an_entry),
	    TEST(a_command_whose_append_fails_is_left_out_and_the_others_are_booked),
	    TEST(time_in_the_log_never_goes_back),
	    TEST(the_map_grows_in_the_middle_of_a_group),
	    TEST(a_reader_in_the_way_of_growth_is_named_and_nothing_is_booked),
	    TEST(what_was_acknowledged_is_there_after_a_kill),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
