/* A group in which another city's document fails where no document may: in the books. */
#include "nodes.h"

#include "embedded.h"
#include "message.h"
#include "node_internal.h"

struct fixture {
	char folder[200];
	struct site here, there;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	struct error_detail detail = {""};

	assert_non_null(fixture);
	*state = fixture;
	folder_make(fixture->folder);
	site_make(&fixture->here, fixture->folder, "here", CHENGDU, 1);
	site_make(&fixture->there, fixture->folder, "there", CHONGQING, 1);
	struct node *nodes[] = {fixture->here.node, fixture->there.node};
	if (node_introduce(nodes, 2, &detail))
		fail_msg("%s", detail.text);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	site_close(&fixture->here);
	site_close(&fixture->there);
	folder_remove(fixture->folder);
	free(fixture);
	return 0;
}

/* Chongqing's catalogue in a later version. */
static struct span later_policy(struct buffer *out, const char *version)
{
	struct span yaml = policy_embedded(CHONGQING);
	const char *at = strstr((const char *)yaml.data, "\nversion: 1\n");
	size_t before;

	assert_non_null(at);
	before = (size_t)(at - (const char *)yaml.data);
	buffer_append(out, span_of(yaml.data, before));
	buffer_append_format(out, "\nversion: %s\n", version);
	buffer_append(out, span_of(yaml.data + before + 12, yaml.size - before - 12));
	return buffer_span(out);
}

/* The document that Chongqing would send `ahead` documents after the next one. */
static void letter(struct fixture *fixture, unsigned ahead, const char *version, struct buffer *out)
{
	struct node *from = fixture->there.node;
	struct buffer yaml = {0};
	struct decision decision;
	struct txn *txn;

	decision_init(&decision);
	decision_clear(&decision);
	assert_int_equal(txn_begin_read(ledger_store(node_ledger(from)), &txn), ERROR_NONE);
	for (unsigned i = 0; i < ahead; i++)
		assert_non_null(message_begin(
		    node_settlement(from), txn, &decision, CHENGDU, "policy_notice", 1));
	struct buffer *payload =
	    message_begin(node_settlement(from), txn, &decision, CHENGDU, "policy_notice", 1);
	txn_abort(txn);
	assert_non_null(payload);
	codec_put_bytes(payload, later_policy(&yaml, version));
	document_sign(out, "policy_notice", node_document_key(from), buffer_span(payload));
	assert_int_equal(out->failed, ERROR_NONE);
	decision_free(&decision);
	buffer_free(&yaml);
}

/* What a bug would do: where the next entry's header belongs there is something already. */
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

/* One bad document never blocks those behind it: it is refused, provably, and they are booked. */
static void a_document_that_the_books_cannot_hold_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct buffer letters[3] = {{0}};
	struct submission submissions[3];
	struct answer answers[3];
	struct work works[3];
	uint64_t before = site_head(&fixture->here, NULL);

	for (unsigned i = 0; i < 3; i++) {
		const char *versions[] = {"2", "3", "4"};

		letter(fixture, i, versions[i], &letters[i]);
		submissions[i] = (struct submission){.document = buffer_span(&letters[i])};
		works[i] = (struct work){
		    .submission = &submissions[i], .answer = &answers[i], .from_peer = true};
	}
	fixture->here.node->intrude = spoil;
	fixture->here.node->intrude_context = &submissions[1];
	assert_int_equal(sequencer_run(fixture->here.node, works, 3), ERROR_NONE);
	assert_int_equal(answers[0].error, ERROR_NONE);
	assert_int_equal(answers[1].error, ERROR_EXISTS);
	assert_true(works[1].refused);
	assert_int_equal(answers[1].sequence, before + 1);
	assert_int_equal(site_kind(&fixture->here, before + 1), KIND_refusal);
	assert_int_equal(answers[2].error, ERROR_NONE);
	assert_int_equal(answers[2].sequence, before + 2);
	assert_int_equal(
	    settlement_policy(node_settlement(fixture->here.node), CHONGQING)->version, 4);
	for (unsigned i = 0; i < 3; i++)
		buffer_free(&letters[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_document_that_the_books_cannot_hold_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
