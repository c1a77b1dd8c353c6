/* receipt.c: `suiren receipt make|verify`: the proof of one line, checked offline by whoever holds it. It shows that line and
 * no other. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim_view.h"
#include "cli.h"
#include "diagnostic.h"
#include "output.h"
#include "receipt.h"
#include "settlement.h"
#include "sheet.h"

/* Only entries of claims have their lines from a sheet, with the same count and order. */
static bool has_sheet_lines(const struct entry_header *header)
{
	return header->kind == KIND_claim || header->kind == KIND_claim_forward ||
	       header->kind == KIND_claim_remote;
}

/* Index of the sheet that an institution signed among the entry's documents, or -1. */
static int sheet_index(const struct entry *entry)
{
	if (!has_sheet_lines(&entry->header))
		return -1;
	for (uint32_t i = 0; i < entry->header.document_count; i++) {
		struct document document;
		if (document_read(entry->documents[i], &document) == ERROR_NONE &&
		    strcmp(document.name, "sheet") == 0)
			return (int)i;
	}
	return -1;
}

static enum error receipt_build(struct txn *txn, uint64_t sequence, uint32_t index,
    struct buffer *out, struct error_detail *detail)
{
	struct span header, body, note;
	struct merkle_proof proof;
	struct hash leaf, root;
	struct entry_reader reader = {0};
	uint64_t size = 0;
	enum error error = ledger_get(txn, sequence, &header, &body);
	if (error)
		return error_set(
		    detail, error, "entry %" PRIu64 ": %s", sequence, error_text(error));
	error = entry_read(header, body, &reader);
	if (!error && index >= reader.entry.header.count)
		error = error_set(detail, ERROR_RANGE,
		    "--line %" PRIu32 ": entry %" PRIu64 " has lines 0 to %" PRIu32, index,
		    sequence, reader.entry.header.count - 1);
	if (!error)
		error = ledger_checkpoint(txn, &note);
	if (!error)
		error = ledger_head(txn, &size, &root);
	if (!error)
		error = ledger_prove_inclusion(txn, sequence, size, &proof, &leaf, &root);
	if (!error)
		error = receipt_write(
		    out, &reader.entry, header, index, sheet_index(&reader.entry), &proof, note);
	entry_free(&reader);
	return error;
}

static int make_run(struct cli *cli, int argc, char **argv)
{
	const char *entry_text = NULL, *line_text = NULL, *output = NULL;
	const struct cli_option options[] = {{"entry", &entry_text, NULL},
	    {"line", &line_text, NULL}, {"output", &output, NULL}, {NULL, NULL, NULL}};
	uint64_t sequence = 0, line = 0;
	int status = CLI_DONE;
	struct error_detail detail = {""};
	struct buffer receipt = {0};
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!entry_text)
		return cli_usage(cli->command, "--entry is missing");
	if (!output && isatty(STDOUT_FILENO))
		return cli_usage(cli->command, "a receipt is not text: give -o FILE, or a pipe");
	if (cli_number(cli, "--entry", entry_text, INT64_MAX - 1, &sequence))
		return CLI_USAGE;
	if (line_text && cli_number(cli, "--line", line_text, ENTRY_LINES_MAX - 1, &line))
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (!txn)
		goto done;
	enum error error = receipt_build(txn, sequence, (uint32_t)line, &receipt, &detail);
	if (!error && output)
		error = cli_write_file(output, buffer_span(&receipt), &detail);
	if (error)
		status = cli_fail(cli, error, &detail, NULL);
	else if (!output)
		fwrite(receipt.data, 1, receipt.size, stdout);
	else
		printf("%s: receipt of line %" PRIu64 " of entry %" PRIu64
		       "\nNext: suiren receipt verify %s --vkey \"$(suiren log vkey %s)\"\n",
		    output, line, sequence, output, argv[0]);
done:
	txn_abort(txn);
	node_close(node);
	buffer_free(&receipt);
	return status;
}

/* What verification has found. */
struct receipt_facts {
	struct receipt receipt;
	bool has_sheet;
	struct document sheet;
	struct sheet_header header;
	bool signature_checked;
};

static enum error receipt_check(struct receipt_facts *facts, struct span bytes,
    const struct note_verifier *log, const struct public_key *institution,
    struct error_detail *detail)
{
	enum error error = receipt_read(bytes, &facts->receipt);
	facts->has_sheet = !error && facts->receipt.sheet.size > 0;
	if (!error && facts->has_sheet)
		error = document_read(facts->receipt.sheet, &facts->sheet);
	if (!error && facts->has_sheet && strcmp(facts->sheet.name, "sheet") != 0)
		error = ERROR_MALFORMED;
	if (!error && facts->has_sheet)
		error = sheet_header_read(facts->sheet.payload, &facts->header);
	if (error)
		return error_set(detail, error, "not a receipt: %s", error_text(error));
	/* Else whoever hands it on could make believe that nobody had signed it. */
	if (!facts->has_sheet && has_sheet_lines(&facts->receipt.header))
		return error_set(detail, ERROR_NOT_VERIFIED,
		    "the sheet that belongs to a claim was taken out of the receipt");
	error = receipt_verify(&facts->receipt, log, facts->has_sheet ? facts->header.count : 0,
	    facts->has_sheet ? &facts->header.line_root : NULL, detail);
	if (error || !institution)
		return error;
	if (!facts->has_sheet)
		return error_set(detail, ERROR_NOT_VERIFIED,
		    "--institution-key: no institution signed this line; an officer or the city "
		    "entered it");
	error = document_verify(&facts->sheet, institution);
	if (error)
		return error_set(detail, error, "the institution's signature on the sheet: %s",
		    error_text(error));
	facts->signature_checked = true;
	return ERROR_NONE;
}

static const char *signature_state(const struct receipt_facts *facts)
{
	if (!facts->has_sheet)
		return "none";
	return facts->signature_checked ? "verified" : "not_checked";
}

static int facts_json(const struct receipt_facts *facts)
{
	const struct receipt *receipt = &facts->receipt;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	const char *kind = kind_name(receipt->header.kind);
	yyjson_mut_obj_add_bool(doc, object, "verified", true);
	json_text(doc, object, "origin", span_text(receipt->checkpoint.origin));
	yyjson_mut_obj_add_uint(doc, object, "entry", receipt->header.sequence);
	yyjson_mut_obj_add_uint(doc, object, "line_index", receipt->index);
	yyjson_mut_obj_add_uint(doc, object, "checkpoint_size", receipt->checkpoint.size);
	json_time(doc, object, "time", receipt->header.time_ms);
	json_text(doc, object, "kind", span_text(kind ? kind : "unknown"));
	yyjson_mut_obj_add_val(doc, object, "line", diagnostic_json(doc, receipt->line));
	yyjson_mut_obj_add_val(doc, object, "verdict", diagnostic_json(doc, receipt->verdict));
	yyjson_mut_obj_add_str(doc, object, "institution_signature", signature_state(facts));
	if (facts->has_sheet) {
		char month[8];
		month_write(facts->header.month, month);
		json_text(doc, object, "institution", span_text(facts->header.uscc));
		yyjson_mut_obj_add_uint(doc, object, "sheet", facts->header.number);
		json_text(doc, object, "month", span_text(month));
		json_hex(doc, object, "institution_key_id",
		    span_of(facts->sheet.key_id.bytes, KEY_ID_SIZE));
	}
	return output_json(doc, true);
}

/* What line and verdict say, for people. The catalogue is not in a receipt: where an amount stands is not told. */
static void words_text(const struct receipt_facts *facts)
{
	struct sheet_header alone = facts->header;
	struct sheet_line line;
	struct verdict verdict;
	bool sorted;
	alone.count = 1;
	if (!facts->has_sheet ||
	    sheet_lines_read(&alone, facts->receipt.line, &line, &sorted, NULL) ||
	    verdict_parse(facts->receipt.verdict, &verdict))
		return;
	fputs("In words / 含义\n", stdout);
	claim_view_text(facts->receipt.index, &facts->header, &line, &verdict, NULL);
	fputc('\n', stdout);
}

static int facts_text(const struct receipt_facts *facts)
{
	const struct receipt *receipt = &facts->receipt;
	const char *kind = kind_name(receipt->header.kind);
	char time[32];
	time_write(receipt->header.time_ms, time);
	printf("Verified / 核验通过\n\n"
	       "The log %s holds this line as number %" PRIu32 " of entry %" PRIu64 " (%s),\n"
	       "booked %s, under the signed checkpoint of %" PRIu64 " entries.\n"
	       "账本 %s 第 %" PRIu64 " 条记录（%s）第 %" PRIu32 " 行，%s 入账，已计入 %" PRIu64
	       " 条记录的签名检查点。\n\n",
	    receipt->checkpoint.origin, receipt->index, receipt->header.sequence,
	    kind ? kind : "unknown", time, receipt->checkpoint.size, receipt->checkpoint.origin,
	    receipt->header.sequence, kind ? kind : "?", receipt->index, time,
	    receipt->checkpoint.size);
	fputs("Line / 申报行      ", stdout);
	diagnostic_write(stdout, receipt->line);
	fputs("\nVerdict / 核定结果 ", stdout);
	diagnostic_write(stdout, receipt->verdict);
	fputs("\n\n", stdout);
	words_text(facts);
	if (!facts->has_sheet) {
		fputs("No institution's sheet belongs to it: an officer or the city itself entered "
		      "it.\n"
		      "该行无机构签名申报表，由经办人或本市系统录入。\n",
		    stdout);
	} else {
		char month[8];
		month_write(facts->header.month, month);
		printf("It stands on sheet %" PRIu64 " of institution %s for %s, ",
		    facts->header.number, facts->header.uscc, month);
		puts(facts->signature_checked
			 ? "whose signature verifies."
			 : "signed with the key named below; give\n--institution-key to check that "
			   "signature here too.");
		printf("机构 %s %s 第 %" PRIu64 " 号申报表，%s\nkey / 密钥 ", facts->header.uscc,
		    month, facts->header.number,
		    facts->signature_checked ? "机构签名有效。"
					     : "机构签名未在此核验（请提供 --institution-key）。");
		output_hex(stdout, span_of(facts->sheet.key_id.bytes, KEY_ID_SIZE));
		fputc('\n', stdout);
	}
	fputs("It shows nothing of any other line. / 本凭证不透露其他任何行。\n", stdout);
	return CLI_DONE;
}

/* A vkey as text, or the name of a file that holds it. */
static int vkey_read(const struct cli *cli, const char *text, struct note_verifier *verifier)
{
	struct error_detail detail = {""};
	struct buffer file = {0};
	enum error error = note_verifier_read(span_text(text), verifier);
	if (error && access(text, F_OK) == 0) {
		error = cli_read_file(text, NOTE_SIZE_MAX, &file, &detail);
		while (!error && file.size > 0 && file.data[file.size - 1] == '\n')
			file.size--;
		if (!error)
			error = note_verifier_read(buffer_span(&file), verifier);
	}
	buffer_free(&file);
	if (!error)
		return CLI_DONE;
	if (detail.text[0])
		return cli_refuse(cli, ERROR_USAGE, "--vkey: %s", detail.text);
	return cli_refuse(cli, ERROR_USAGE,
	    "--vkey: %.200s: not a verifier key, nor a file with one, as `suiren log vkey` prints "
	    "it",
	    text);
}

static int verify_run(struct cli *cli, int argc, char **argv)
{
	const char *vkey = NULL, *key_text = NULL;
	const struct cli_option options[] = {
	    {"vkey", &vkey, NULL}, {"institution-key", &key_text, NULL}, {NULL, NULL, NULL}};
	struct error_detail detail = {""};
	struct note_verifier log;
	struct public_key key;
	struct receipt_facts facts = {0};
	struct buffer file = {0};
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!vkey)
		return cli_usage(
		    cli->command, "--vkey is missing: `suiren log vkey DIR` prints it");
	if (key_text && hex_read(span_text(key_text), key.bytes, sizeof(key.bytes)))
		return cli_usage(cli->command, "--institution-key: not a key of 64 hex digits");
	if (vkey_read(cli, vkey, &log))
		return CLI_USAGE;
	int status = CLI_DONE;
	enum error error = cli_read_file(argv[0], RECEIPT_SIZE_MAX, &file, &detail);
	if (!error)
		error = receipt_check(
		    &facts, buffer_span(&file), &log, key_text ? &key : NULL, &detail);
	if (error)
		status = cli_fail(cli, error, &detail, argv[0]);
	else
		status = cli->json ? facts_json(&facts) : facts_text(&facts);
	buffer_free(&file);
	return status;
}

const struct cli_command receipt_commands[] = {
    {"receipt", "make", "DIR --entry SEQ [--line N] [-o FILE]",
	"The proof of one line of an entry, for the person or the institution",
	"suiren receipt make chengdu --entry 42 --line 7 -o receipt.cbor", make_run},
    {"receipt", "verify", "FILE --vkey VKEY [--institution-key HEX] [--json]",
	"Check a receipt, without a node and without a network",
	"suiren receipt verify receipt.cbor --vkey \"$(suiren log vkey chengdu)\"", verify_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
