/* Claim sheets between cities: a group of them is forwarded, carried with their lines, decided by
 * the payer, and answered. */
#include "nodes.h"

#include <time.h>

#include "person.h"
#include "sheet.h"

#define SHEETS 16u /* a full group */
#define LINES 1000u

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

/* A sheet of LINES persons of `payer`, none of whom it knows: the way is what is tested here, not
 * the rules. */
static void sheet_make(struct sheet_file *file, uint64_t number, uint32_t host, uint32_t payer)
{
	struct sheet_header header = {.number = number,
	    .host = host,
	    .payer = payer,
	    .month = 202608,
	    .programme_count = 1,
	    .count = LINES};
	const struct secret_key key = institution_key();
	const struct hash secret = {{5, (uint8_t)number}};
	struct error_detail detail = {""};
	struct buffer lines = {0};
	struct hash read_secret;
	struct span read_lines;
	uint32_t count;

	memset(file, 0, sizeof *file);
	memcpy(header.uscc, USCC_ONE, USCC_SIZE);
	snprintf(header.programme_codes[0], PROGRAMME_CODE_SIZE, "service_subsidy");
	header.programmes[0] = programme_tag(span_text("service_subsidy"));
	for (uint32_t i = 0; i < LINES; i++)
		sheet_line_write(&lines, person_code_make(payer, LINES * (uint32_t)number + i), 0,
		    1, 31, -1, (struct span){NULL, 0}, 0);
	assert_int_equal(
	    sheet_sign(&file->bytes, &header, &secret, buffer_span(&lines), &key), ERROR_NONE);
	buffer_free(&lines);
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

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void submit_all(struct node *host, struct sheet_file *files)
{
	struct submission submissions[SHEETS];
	struct answer answers[SHEETS];
	double start = seconds();

	for (unsigned i = 0; i < SHEETS; i++)
		submissions[i] = (struct submission){.document = files[i].document,
		    .attachment = buffer_span(&files[i].attachment),
		    .prepared = &files[i].prepared};
	assert_int_equal(node_submit_group(host, submissions, SHEETS, answers), ERROR_NONE);
	print_message("one group of %u sheets of %u lines: %.1f ms\n", SHEETS, LINES,
	    1000 * (seconds() - start));
	for (unsigned i = 0; i < SHEETS; i++) {
		if (answers[i].error)
			fail_msg("%s", answers[i].detail.text);
	}
}

/* Entries of a kind, and the lines in them. */
static unsigned count_kind(struct site *site, unsigned kind, uint64_t *lines)
{
	uint64_t size = site_head(site, NULL);
	unsigned found = 0;
	struct txn *txn;

	*lines = 0;
	assert_int_equal(txn_begin_read(ledger_store(node_ledger(site->node)), &txn), ERROR_NONE);
	for (uint64_t i = 0; i < size; i++) {
		struct entry_reader reader;

		assert_int_equal(ledger_read(txn, i, &reader), ERROR_NONE);
		if (reader.entry.header.kind == kind) {
			found++;
			*lines += reader.entry.header.count;
		}
		entry_free(&reader);
	}
	txn_abort(txn);
	return found;
}

static void sheets_go_to_their_payer_with_their_lines_and_verdicts_come_back(void **state)
{
	static struct sheet_file files[SHEETS];
	struct site host, payer;
	struct error_detail detail = {""};
	struct delivery delivery;
	struct answer answer;
	char folder[200];
	uint64_t lines;
	double start;

	(void)state;
	folder_make(folder);
	site_make(&host, folder, "host", CHENGDU, 1);
	site_make(&payer, folder, "payer", CHONGQING, 1);
	struct node *nodes[] = {host.node, payer.node};
	assert_int_equal(node_introduce(nodes, 2, &detail), ERROR_NONE);
	register_with_key(host.node);
	assert_int_equal(node_deliver(nodes, 2, &delivery, &detail), ERROR_NONE);
	for (unsigned i = 0; i < SHEETS; i++)
		sheet_make(&files[i], i + 1, CHENGDU, CHONGQING);
	submit_all(host.node, files);
	assert_int_equal(count_kind(&host, KIND_claim_forward, &lines), SHEETS);
	assert_int_equal(lines, SHEETS * LINES);
	start = seconds();
	if (node_deliver(nodes, 2, &delivery, &detail))
		fail_msg("%s", detail.text);
	print_message("there and back: %.1f ms\n", 1000 * (seconds() - start));
	/* An endorsement there and an adjudication back for each. */
	assert_int_equal(delivery.delivered, 2 * SHEETS);
	assert_int_equal(delivery.refused, 0);
	assert_int_equal(delivery.acknowledgements, 2);
	assert_int_equal(count_kind(&payer, KIND_claim_remote, &lines), SHEETS);
	assert_int_equal(lines, SHEETS * LINES);
	assert_int_equal(count_kind(&host, KIND_adjudication, &lines), SHEETS);
	/* The same sheet at the desk again. */
	const struct submission again = {
	    .document = files[3].document, .attachment = buffer_span(&files[3].attachment)};
	assert_int_equal(node_submit(host.node, &again, &answer), ERROR_NONE);
	assert_int_equal(answer.error, ERROR_REPEAT);
	assert_int_equal(site_kind(&host, answer.sequence), KIND_claim_forward);
	for (unsigned i = 0; i < SHEETS; i++)
		sheet_free(&files[i]);
	site_close(&host);
	site_close(&payer);
	folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sheets_go_to_their_payer_with_their_lines_and_verdicts_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
