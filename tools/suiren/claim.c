/* claim.c: `suiren claim sign|check|submit|show|reverse`: claims of institutions, from the table at their desk to the verdicts in the books. How one is
 * looked at again: claim_appeal.c. */
#include "claim.h"
#include "claim_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adjudicate.h"
#include "appeal.h"
#include "bundle.h"
#include "claim_appeal.h"
#include "claim_table.h"
#include "claim_view.h"
#include "held.h"
#include "net_limits.h"
#include "orders.h"
#include "output.h"

/* At the institution: sign. */

struct loaded {
	struct policy *policies[CITIES_MAX];
	size_t count;
	const char *file;
};

static enum error load_bundle(const char *file, struct loaded *loaded, struct error_detail *detail)
{
	struct bundle_policy *entries = calloc(CITIES_MAX, sizeof *entries);
	struct config_first first = {.detail = detail};
	struct buffer content = {0};
	size_t count = 0;
	enum error error =
	    entries ? cli_read_file(file, BUNDLE_SIZE_MAX, &content, detail) : ERROR_MEMORY;

	if (!error)
		error = bundle_read(buffer_span(&content), entries, &count, detail);
	for (size_t i = 0; !error && i < count; i++) {
		error = policy_load(
		    file, entries[i].catalogue, config_report_first, &first, &loaded->policies[i]);
		loaded->count += !error;
	}
	buffer_free(&content);
	free(entries);
	return error;
}

static void loaded_free(struct loaded *loaded)
{
	for (size_t i = 0; i < loaded->count; i++)
		policy_free(loaded->policies[i]);
}

static void sheet_path(char path[4096], const char *folder, const struct sheet_header *header)
{
	snprintf(path, 4096, "%.3900s/%s-%" PRIu64 "-%06u.sheet", folder, header->uscc,
	    header->number, (unsigned)header->payer);
}

/* All or none: half of them would stand in the way of the next try. */
static void remove_sheets(const struct claim_sheets *sheets, size_t count, const char *folder)
{
	char path[4096];

	for (size_t i = 0; i < count; i++) {
		sheet_path(path, folder, &sheets->sheets[i].header);
		unlink(path);
	}
}

static int write_sheets(
    const struct cli *cli, const struct claim_sheets *sheets, const char *folder)
{
	struct error_detail detail = {""};
	char path[4096], month[8];
	yyjson_mut_doc *doc = cli->json ? yyjson_mut_doc_new(NULL) : NULL;
	yyjson_mut_val *array = doc ? yyjson_mut_arr(doc) : NULL;

	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return cli_refuse(cli, ERROR_IO, "%s: %s", folder, strerror(errno));
	/* Nothing is written if anything would be overwritten. */
	for (size_t i = 0; i < sheets->count; i++) {
		struct stat status;

		sheet_path(path, folder, &sheets->sheets[i].header);
		if (stat(path, &status) == 0)
			return cli_refuse(cli, ERROR_EXISTS,
			    "%s: exists already; move it away or choose another folder with -o",
			    path);
	}
	for (size_t i = 0; i < sheets->count; i++) {
		const struct sheet_header *header = &sheets->sheets[i].header;
		enum error error;

		sheet_path(path, folder, header);
		error = cli_write_file(path, buffer_span(&sheets->sheets[i].file), &detail);
		if (error) {
			yyjson_mut_doc_free(doc);
			remove_sheets(sheets, i, folder);
			return cli_fail(cli, error, &detail, path);
		}
		month_write(header->month, month);
		if (doc) {
			yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, array);
			json_text(doc, one, "file", span_text(path));
			yyjson_mut_obj_add_uint(doc, one, "payer", header->payer);
			yyjson_mut_obj_add_strcpy(doc, one, "month", month);
			yyjson_mut_obj_add_uint(doc, one, "lines", header->count);
			yyjson_mut_obj_add_uint(doc, one, "number", header->number);
		} else {
			printf("%s: 支付方 payer %06u, %s, %u 行 lines\n", path,
			    (unsigned)header->payer, month, (unsigned)header->count);
		}
	}
	if (doc)
		yyjson_mut_doc_set_root(doc, array);
	return doc ? output_json(doc, true) : CLI_DONE;
}

/* Read a table and sign it. Returns an enum cli_status. */
static int sign_table(struct cli *cli, const char *file, const struct claim_policies *policies,
    uint32_t host, uint32_t payer, uint64_t number, const struct secret_key *key,
    const struct hash *seed, struct claim_sheets *sheets)
{
	struct rows rows = {.cli = cli, .kind = &claim_rows_kind, .file = file};
	struct error_detail detail = {""};
	int status = rows_read(&rows);
	enum error error = ERROR_NONE;

	memset(sheets, 0, sizeof *sheets);
	if (!status && rows.wrong_count == 0)
		error = claim_table_sign(
		    &rows, policies, host, payer, number, key, seed, sheets, &detail);
	if (!status && rows.wrong_count)
		status = rows_tell_wrong(&rows);
	else if (!status && error)
		status = cli_fail(cli, error, &detail, file);
	rows_free(&rows);
	return status;
}

static int sign_run(struct cli *cli, int argc, char **argv)
{
	const char *key_file = NULL, *bundle = NULL, *out = ".", *host_text = NULL,
		   *payer_text = NULL, *number_text = NULL;
	const struct cli_option options[] = {{"key", &key_file, NULL}, {"policy", &bundle, NULL},
	    {"out", &out, NULL}, {"host", &host_text, NULL}, {"payer", &payer_text, NULL},
	    {"number", &number_text, NULL}, {NULL, NULL, NULL}};
	struct loaded loaded = {.count = 0};
	struct claim_policies policies = {.count = 0};
	struct claim_sheets sheets = {NULL, 0};
	struct error_detail detail = {""};
	struct secret_key key;
	struct hash seed;
	uint32_t host = 0, payer = 0;
	uint64_t number = 0;
	int status;
	enum error error;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!key_file || !bundle)
		return cli_usage(cli->command, "--key and --policy are needed");
	if (host_text && cli_region(cli, "--host", host_text, &host))
		return CLI_USAGE;
	if (payer_text && cli_region(cli, "--payer", payer_text, &payer))
		return CLI_USAGE;
	/* Room for the sheets that follow it: a table makes one a row at most. */
	if (number_text &&
	    cli_number(cli, "--number", number_text, INT64_MAX - TABLE_ROWS_MAX, &number))
		return CLI_USAGE;
	error = key_file_read(key_file, "institution", &key, &seed, &detail);
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	error = load_bundle(bundle, &loaded, &detail);
	status = error ? cli_fail(cli, error, &detail, bundle) : CLI_DONE;
	for (policies.count = 0; policies.count < loaded.count; policies.count++)
		policies.policies[policies.count] = loaded.policies[policies.count];
	if (!status)
		status =
		    sign_table(cli, argv[0], &policies, host, payer, number, &key, &seed, &sheets);
	if (!status)
		status = write_sheets(cli, &sheets, out);
	claim_sheets_free(&sheets);
	loaded_free(&loaded);
	key_wipe(&key);
	explicit_bzero(&seed, sizeof seed);
	return status;
}

/* At the city. */

static bool is_table(const char *file)
{
	size_t size = strlen(file);

	return size > 4 && strcmp(file + size - 4, ".csv") == 0;
}

/* Catalogues as the node knows them. */
static struct claim_policies node_policies(struct node *node)
{
	struct claim_policies policies = {.count = 0};
	struct settlement *settlement = node_settlement(node);

	for (size_t i = 0; i < settlement->catalogue_count; i++)
		policies.policies[policies.count++] = settlement->catalogues[i].policy;
	return policies;
}

#define NOT_A_SHEET "not a signed claim sheet; the name of a table ends in .csv"

/* Sheets from one file: a signed sheet, or a table that an officer enters. `key` NULL for a table: a dry run, signed by nobody. */
static int read_sheets(struct cli *cli, struct node *node, const char *file,
    const struct secret_key *key, const struct hash *seed, struct claim_sheets *sheets)
{
	struct error_detail detail = {""};
	enum error error;

	memset(sheets, 0, sizeof *sheets);
	if (is_table(file)) {
		struct claim_policies policies = node_policies(node);
		struct hash nobody = {{0}};
		struct secret_key none;
		int status;

		key_from_seed(&nobody, &none);
		status = sign_table(cli, file, &policies, node_region(node), 0, 0,
		    key ? key : &none, seed ? seed : &nobody, sheets);
		key_wipe(&none);
		return status;
	}
	sheets->sheets = calloc(1, sizeof *sheets->sheets);
	if (!sheets->sheets)
		return cli_fail(cli, ERROR_MEMORY, NULL, file);
	sheets->count = 1;
	error = cli_read_file(file, ENTRY_BODY_MAX, &sheets->sheets[0].file, &detail);
	return error ? cli_fail(cli, error, &detail, file) : CLI_DONE;
}

struct checking {
	struct cli *cli;
	yyjson_mut_doc *doc;
	yyjson_mut_val *array;
	const struct sheet_header *header;
	const struct policy *policy;
	struct txn *facts_of; /* a dry run tells the facts by value; NULL: nothing does */
	uint64_t refused;
};

static void show_line(
    void *context, uint32_t index, const struct sheet_line *line, const struct verdict *verdict)
{
	struct checking *checking = context;

	const struct person_row *row;

	checking->refused += verdict->reason != REASON_approved;
	if (checking->doc) {
		claim_view_json(checking->doc, checking->array, index, checking->header, line,
		    verdict, checking->policy);
		return;
	}
	claim_view_text(index, checking->header, line, verdict, checking->policy);
	if (checking->facts_of && !person_get(checking->facts_of, line->person, &row))
		claim_view_facts(checking->header, line, row);
}

/* What was taken back since stays approved in the books; it is told beside the line. */
static enum error show_reversal(
    const struct checking *checking, struct txn *txn, uint64_t sequence, uint32_t index)
{
	uint64_t by;
	enum error error = reversed_by(txn, sequence, index, &by);

	if (error || by == 0)
		return error;
	if (checking->doc)
		yyjson_mut_obj_add_uint(
		    checking->doc, yyjson_mut_arr_get_last(checking->array), "reversed_entry", by);
	else
		printf("        已冲正 reversed by entry %" PRIu64 "\n", by);
	return ERROR_NONE;
}

static enum error check_one(struct checking *checking, struct node *node, struct txn *txn,
    struct span file, struct error_detail *detail)
{
	struct prepared_sheet sheet;
	struct span document, lines;
	struct hash secret;
	uint32_t count;
	enum error error = sheet_file_read(file, &document, &secret, &count, &lines);

	if (error)
		return error_set(detail, error, NOT_A_SHEET);
	error = sheet_prepare(document, &secret, count, lines, NULL, &sheet, detail);
	if (error)
		return error;
	checking->header = &sheet.header;
	checking->policy = settlement_policy(node_settlement(node), sheet.header.payer);
	if (!checking->doc)
		printf("%s, 申报表 sheet %" PRIu64 ", 支付方 payer %06u, %u 行 lines\n",
		    sheet.header.uscc, sheet.header.number, (unsigned)sheet.header.payer,
		    (unsigned)sheet.header.count);
	if (sheet.header.payer == node_region(node))
		error = claim_check(node_settlement(node), txn, &sheet, node_now_ms(node),
		    show_line, checking, detail);
	else if (!checking->doc)
		printf("  转 %06u 审核 goes to %06u, which decides\n", (unsigned)sheet.header.payer,
		    (unsigned)sheet.header.payer);
	sheet_release(&sheet);
	return error;
}

static int check_run(struct cli *cli, int argc, char **argv)
{
	struct checking checking = {.cli = cli};
	struct claim_sheets sheets = {NULL, 0};
	struct error_detail detail = {""};
	int status = CLI_DONE;
	struct node *node;
	struct txn *txn = NULL;
	enum error error = ERROR_NONE;

	if (cli_options(cli, NULL, argc, argv, NULL, 2, 2) < 0)
		return CLI_USAGE;
	node = cli_open(cli, argv[0], true, &status);
	if (!node)
		return status;
	status = read_sheets(cli, node, argv[1], NULL, NULL, &sheets);
	if (!status)
		txn = cli_read(cli, node, &status);
	checking.facts_of = txn;
	if (txn && cli->json) {
		checking.doc = yyjson_mut_doc_new(NULL);
		checking.array = yyjson_mut_arr(checking.doc);
		yyjson_mut_doc_set_root(checking.doc, checking.array);
	}
	for (size_t i = 0; txn && !error && i < sheets.count; i++)
		error =
		    check_one(&checking, node, txn, buffer_span(&sheets.sheets[i].file), &detail);
	if (error) {
		yyjson_mut_doc_free(checking.doc);
		status = cli_fail(cli, error, &detail, argv[1]);
	} else if (!status && checking.doc) {
		status = output_json(checking.doc, true);
	}
	if (!status && checking.refused)
		status = CLI_NO;
	claim_sheets_free(&sheets);
	txn_abort(txn);
	node_close(node);
	return status;
}

static enum error submit_one(struct node *node, struct span file, struct answer *answer)
{
	struct submission submission = {.prepared = NULL};
	struct buffer attachment = {0};
	struct span lines;
	struct hash secret;
	uint32_t count;
	enum error error;

	memset(answer, 0, sizeof *answer);
	error = sheet_file_read(file, &submission.document, &secret, &count, &lines);
	if (error)
		return answer->error = error_set(&answer->detail, error, NOT_A_SHEET);
	codec_put_array(&attachment, 3);
	codec_put_bytes(&attachment, hash_span(&secret));
	codec_put_uint(&attachment, count);
	codec_put_bytes(&attachment, lines);
	submission.attachment = buffer_span(&attachment);
	error = attachment.failed ? attachment.failed : node_submit(node, &submission, answer);
	buffer_free(&attachment);
	return error;
}

static int submit_all(
    struct cli *cli, struct node *node, const char *file, const struct claim_sheets *sheets)
{
	int status = CLI_DONE;

	for (size_t i = 0; i < sheets->count; i++) {
		struct answer answer;
		enum error error = submit_one(node, buffer_span(&sheets->sheets[i].file), &answer);
		int one;

		if (error && !answer.error)
			answer.error = error;
		one = cli_answer(cli, &answer, file);
		status = one > status ? one : status;
	}
	return status;
}

static int submit_run(struct cli *cli, int argc, char **argv)
{
	const char *officer = NULL, *key_file = NULL;
	const struct cli_option options[] = {
	    {"entered-by", &officer, NULL}, {"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct claim_sheets sheets = {NULL, 0};
	struct error_detail detail = {""};
	struct secret_key key = {0};
	struct hash seed = {{0}};
	int status = CLI_DONE, words = cli_options(cli, NULL, argc, argv, options, 2, 1000);
	struct node *node;

	if (words < 0)
		return CLI_USAGE;
	for (int i = 1; i < words; i++) {
		if (is_table(argv[i]) && (!officer || !key_file))
			return cli_usage(cli->command,
			    "%s: a table is entered with --entered-by NAME --officer-key FILE; a "
			    "signed sheet needs neither",
			    argv[i]);
	}
	enum error error =
	    key_file ? key_file_read(key_file, "officer", &key, &seed, &detail) : ERROR_NONE;
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	node = cli_open(cli, argv[0], false, &status);
	if (node)
		cli_list_begin(cli);
	for (int i = 1; node && i < words; i++) {
		int one = read_sheets(cli, node, argv[i], &key, &seed, &sheets);

		if (!one)
			one = submit_all(cli, node, argv[i], &sheets);
		claim_sheets_free(&sheets);
		status = one > status ? one : status; /* the worst */
	}
	cli_list_end();
	node_close(node);
	key_wipe(&key);
	explicit_bzero(&seed, sizeof seed);
	return status;
}

/* What is in the books. */

/* Where a sheet stands: by name, and in words where somebody waits or must do something. */
static const char *sheet_state_name(const struct sheet_row *row)
{
	return row->state == SHEET_FORWARDED ? "waits_for_payer"
	       : row->state == SHEET_REFUSED ? "refused_by_payer"
					     : "decided";
}

static const char *sheet_state_words(const struct sheet_row *row)
{
	return row->state == SHEET_FORWARDED ? "  待支付方审核 waits for the payer"
	       : row->state == SHEET_REFUSED ? "  支付方拒收，请改后另编号重报 refused by the "
					       "payer: claim anew under another number"
					     : "";
}

static bool list_sheet(
    void *context, const char *uscc, uint64_t number, const struct sheet_row *row)
{
	struct checking *checking = context;
	char month[8];

	month_write(row->month, month);
	if (checking->doc) {
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(checking->doc, checking->array);
		json_text(checking->doc, one, "institution", span_text(uscc));
		yyjson_mut_obj_add_uint(checking->doc, one, "number", number);
		yyjson_mut_obj_add_strcpy(checking->doc, one, "month", month);
		yyjson_mut_obj_add_uint(checking->doc, one, "payer", row->payer);
		yyjson_mut_obj_add_uint(checking->doc, one, "lines", row->count);
		yyjson_mut_obj_add_uint(checking->doc, one, "entry", row->sequence);
		yyjson_mut_obj_add_uint(checking->doc, one, "answer_entry", row->answered);
		yyjson_mut_obj_add_str(checking->doc, one, "state", sheet_state_name(row));
	} else {
		printf("%s  %-16" PRIu64 " %s  支付方 payer %06u  %5u 行 lines  分录 entry %" PRIu64
		       "%s\n",
		    uscc, number, month, (unsigned)row->payer, (unsigned)row->count, row->sequence,
		    sheet_state_words(row));
	}
	return true;
}

/* The catalogue by which a sheet was adjudicated, which need not be the present one. NULL if it is not here. */
static struct policy *adjudicated_by(
    struct txn *txn, const struct sheet_row *row, const struct entry *decided)
{
	struct codec_reader verdicts = codec_reader(decided->verdicts);
	struct policy *policy = NULL;
	struct verdict verdict = {.policy = 0};
	struct hash hash;
	enum error error;

	if (row->answered)
		error = adjudication_policy(decided->documents[0], &hash);
	else
		error = verdict_parse(codec_item(&verdicts), &verdict);
	if (!error)
		error = settlement_policy_logged(
		    txn, row->payer, verdict.policy, row->answered ? &hash : NULL, &policy);
	return error ? NULL : policy;
}

/* A line that was held, as it was decided in the end; nothing while it waits. Its clauses are those of the catalogue of that decision. */
static enum error show_further(struct checking *checking, struct txn *txn,
    const struct sheet_row *row, uint32_t index, const struct sheet_line *line)
{
	const struct policy *before = checking->policy;
	struct policy *policy = NULL;
	struct entry_reader decided = {0};
	struct further_item item;
	struct held_end end;
	struct verdict verdict;
	struct span bytes;
	enum error error =
	    row->answered ? held_decided(txn, HELD_BY_THEM, row->payer, row->answered, index, &end)
			  : held_decided(txn, HELD_BY_US, row->host, row->sequence, index, &end);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	error = ledger_read(txn, end.sequence, &decided);
	if (!error && (entry_item(decided.entry.verdicts, end.line, &bytes) ||
			  verdict_parse(bytes, &verdict)))
		error = ERROR_CORRUPT;
	if (!error && row->answered &&
	    (entry_item(decided.entry.lines, end.line, &bytes) || further_item_read(bytes, &item)))
		error = ERROR_CORRUPT;
	if (!error && settlement_policy_logged(txn, row->payer, verdict.policy,
			  row->answered ? &item.policy : NULL, &policy))
		policy = NULL;
	checking->policy = policy;
	if (!error)
		show_line(checking, index, line, &verdict);
	if (!error)
		error = show_reversal(checking, txn, row->answered ? row->sequence : end.sequence,
		    row->answered ? index : end.line);
	checking->policy = before;
	policy_free(policy);
	entry_free(&decided);
	return error;
}

/* The entry that holds the verdicts: the payer's own, or at the host the one with its answer. */
static enum error show_sheet(struct checking *checking, struct txn *txn, const char *uscc,
    uint64_t number, struct error_detail *detail)
{
	struct policy *policy = NULL;
	struct sheet_row row;
	struct entry_reader booked = {0}, decided = {0};
	struct sheet_header header;
	struct document document;
	struct sheet_line *lines = NULL;
	struct codec_reader verdicts;
	bool sorted;
	enum error error = sheet_row_get(txn, uscc, number, &row);

	if (error)
		return error_set(
		    detail, error, "sheet %" PRIu64 " of %s is not in the books", number, uscc);
	error = ledger_read(txn, row.sequence, &booked);
	if (!error)
		error = ledger_read(txn, row.answered ? row.answered : row.sequence, &decided);
	if (!error &&
	    document_read(
		booked.entry.documents[booked.entry.header.kind == KIND_claim_remote ? 1 : 0],
		&document))
		error = ERROR_CORRUPT;
	if (!error)
		error = sheet_header_read(document.payload, &header);
	lines = calloc(row.count, sizeof *lines);
	if (!error)
		error = lines
			    ? sheet_lines_read(&header, booked.entry.lines, lines, &sorted, detail)
			    : ERROR_MEMORY;
	verdicts = codec_reader(error ? (struct span){NULL, 0} : decided.entry.verdicts);
	checking->header = &header;
	if (!error)
		checking->policy = policy = adjudicated_by(txn, &row, &decided.entry);
	for (uint32_t i = 0; !error && i < row.count; i++) {
		struct verdict verdict;

		verdict_take(&verdicts, &verdict);
		error = verdicts.failed;
		if (!error)
			show_line(checking, i, &lines[i], &verdict);
		if (!error && verdict.reason == REASON_held_prefund)
			error = show_further(checking, txn, &row, i, &lines[i]);
		else if (!error)
			error = show_reversal(checking, txn, row.sequence, i);
		if (!error)
			error = appeal_show(checking->doc,
			    checking->doc ? yyjson_mut_arr_get_last(checking->array) : NULL, txn,
			    &row, &header, i, &lines[i]);
	}
	free(lines);
	policy_free(policy);
	checking->policy = NULL;
	entry_free(&booked);
	entry_free(&decided);
	return error;
}

static int show_run(struct cli *cli, int argc, char **argv)
{
	struct checking checking = {.cli = cli};
	struct error_detail detail = {""};
	uint64_t number = 0;
	int status = CLI_DONE, words = cli_options(cli, NULL, argc, argv, NULL, 1, 3);
	struct node *node;
	struct txn *txn;
	enum error error;

	if (words < 0)
		return CLI_USAGE;
	if (words > 1 && uscc_check(span_text(argv[1])))
		return cli_usage(cli->command, "%s is no unified social credit code", argv[1]);
	if (words > 2 && cli_number(cli, "NUMBER", argv[2], INT64_MAX, &number))
		return CLI_USAGE;
	node = cli_open(cli, argv[0], true, &status);
	txn = node ? cli_read(cli, node, &status) : NULL;
	if (!txn)
		goto done;
	if (cli->json) {
		checking.doc = yyjson_mut_doc_new(NULL);
		checking.array = yyjson_mut_arr(checking.doc);
		yyjson_mut_doc_set_root(checking.doc, checking.array);
	}
	error = words == 3
		    ? show_sheet(&checking, txn, argv[1], number, &detail)
		    : sheet_row_each(txn, words == 2 ? argv[1] : NULL, list_sheet, &checking);
	if (error) {
		yyjson_mut_doc_free(checking.doc);
		status = cli_fail(cli, error, &detail, "claim show");
	} else if (checking.doc) {
		status = output_json(checking.doc, true);
	}
done:
	txn_abort(txn);
	node_close(node);
	return status;
}

/* Which entry has decided the sheet here; for --institution and --number. */
static enum error find_entry(
    struct node *node, const char *uscc, uint64_t number, uint64_t *sequence, uint64_t *line)
{
	const uint32_t sheet_line = (uint32_t)*line;
	struct sheet_row row;
	struct held_end end;
	struct txn *txn;
	uint64_t review = 0;
	bool open;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	if (error)
		return error;
	error = sheet_row_get(txn, uscc, number, &row);
	if (!error)
		*sequence = row.sequence;
	/* A line that was held is owed by the entry that decided it. */
	if (!error && row.host != node_region(node)) {
		error =
		    held_decided(txn, HELD_BY_US, row.host, row.sequence, (uint32_t)*line, &end);
		if (!error) {
			*sequence = end.sequence;
			*line = end.line;
		}
		if (error == ERROR_NOT_FOUND)
			error = ERROR_NONE;
	}
	/* What a second look has given is taken back first. */
	if (!error)
		error = appeal_stands(txn, uscc, number, sheet_line, &review, &open);
	if (!error && review) {
		*sequence = review;
		*line = 0;
	}
	txn_abort(txn);
	return error;
}

static int reverse_run(struct cli *cli, int argc, char **argv)
{
	const char *entry_text = NULL, *line_text = NULL, *grounds = NULL, *key_file = NULL,
		   *uscc = NULL, *number_text = NULL;
	const struct cli_option options[] = {{"entry", &entry_text, NULL},
	    {"line", &line_text, NULL}, {"grounds", &grounds, NULL},
	    {"officer-key", &key_file, NULL}, {"institution", &uscc, NULL},
	    {"number", &number_text, NULL}, {NULL, NULL, NULL}};
	struct error_detail detail = {""};
	struct answer answer = {0};
	struct secret_key key = {0};
	uint64_t sequence = 0, line = 0, number = 0;
	int status = CLI_DONE;
	struct node *node;
	enum error error = ERROR_NONE;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!line_text || !grounds || !entry_text == !(uscc && number_text))
		return cli_usage(cli->command,
		    "--line, --grounds, and either --entry or --institution with --number");
	if ((entry_text && cli_number(cli, "--entry", entry_text, INT64_MAX, &sequence)) ||
	    (number_text && cli_number(cli, "--number", number_text, INT64_MAX, &number)) ||
	    cli_number(cli, "--line", line_text, ENTRY_LINES_MAX, &line))
		return CLI_USAGE;
	if (uscc && uscc_check(span_text(uscc)))
		return cli_usage(cli->command, "%s is no unified social credit code", uscc);
	if (key_file)
		error = key_file_read(key_file, "officer", &key, NULL, &detail);
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	node = cli_open(cli, argv[0], false, &status);
	if (node && uscc)
		error = find_entry(node, uscc, number, &sequence, &line);
	if (error)
		status = cli_refuse(
		    cli, error, "sheet %" PRIu64 " of %s is not in the books", number, uscc);
	if (node && !status) {
		error = order_reversal(
		    node, sequence, (uint32_t)line, grounds, key_file ? &key : NULL, &answer);
		if (error && !answer.error)
			answer.error = error;
		status = cli_answer(cli, &answer, "claim reverse");
	}
	node_close(node);
	key_wipe(&key);
	return status;
}

const struct cli_command claim_commands[] = {
    {"claim", "sign",
	"FILE.csv --key KEY --policy BUNDLE [-o FOLDER] [--host CODE] [--payer CODE] [--number N] "
	"[--json]",
	"At the institution: a table into signed sheets, one a payer city",
	"suiren claim sign october.csv --key house.key --policy cities.bundle -o sheets", sign_run},
    {"claim", "check", "DIR FILE [--json]",
	"Every line's verdict, clause and arithmetic; nothing is booked",
	"suiren claim check chengdu october.csv", check_run},
    {"claim", "submit", "DIR FILE... [--entered-by OFFICER --officer-key FILE] [--json]",
	"Book sheets; a table only under an officer's key",
	"suiren claim submit chengdu sheets/52510100000000019C-7-510100.sheet", submit_run},
    {"claim", "show", "DIR [USCC [NUMBER]] [--json]",
	"Booked sheets, or one sheet's lines with their verdicts",
	"suiren claim show chengdu 52510100000000019C 7", show_run},
    {"claim", "reverse",
	"DIR (--entry SEQ | --institution USCC --number N) --line N --grounds TEXT [--officer-key "
	"FILE]",
	"Take back an approved line of a sheet or run, from 0 on",
	"suiren claim reverse chengdu --entry 71 --line 3 --grounds 'died before'", reverse_run},
    {"claim", "appeal",
	"DIR --institution USCC --number N --line N --grounds CODE [--paper FILE] [--officer-key "
	"FILE]",
	"At the host: ask the payer to look at a refused or reduced line again",
	"suiren claim appeal chengdu --institution 52510100000000019C --number 7 --line 3 "
	"--grounds "
	"assessment --paper letter.pdf",
	claim_appeal_run},
    {"claim", "review",
	"DIR --institution USCC --number N --line N [--uphold CODE] --officer-key FILE",
	"At the payer: look at an appealed line again, by what is known now",
	"suiren claim review chengdu --institution 52510100000000019C --number 7 --line 3 "
	"--officer-key li.key",
	claim_review_run},
    {"claim", "appeals", "DIR [--open] [--json]", "Appeals and what came of them",
	"suiren claim appeals chengdu --open", claim_appeals_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
