/* payment_import.c: all files are read before anything is booked. Of each, what changes the books is ordered: bookings, rejections and credits
 * first, then returns, since a return undoes a booking that may stand in the same file. What matches no payment is ordered too, once, so that
 * the log shows it; what the books say already is not. */
#include "payment_import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bank_facts.h"
#include "import.h"
#include "orders.h"
#include "output.h"

struct import_file {
	const char *path;
	enum iso_kind kind;
	struct facts facts;
	uint64_t first_entry, last_entry; /* 0: nothing was booked */
	uint32_t entries;
};

struct import {
	struct cli *cli;
	struct node *node;
	struct secret_key key;
	bool has_key;
	struct import_file *files;
	size_t count;
	struct error_detail detail;
};

/* --- reading ------------------------------------------------------------------------------------------------- */

static enum error read_file(struct import *import, struct txn *txn, struct import_file *file)
{
	struct buffer content = {0};
	struct iso_file read;
	enum error error = cli_read_file(file->path, ISO_FILE_MAX, &content, &import->detail);

	if (!error)
		error = iso_read(file->path, buffer_span(&content), &read, &import->detail);
	buffer_free(&content);
	if (error)
		return error;
	file->kind = read.kind;
	error = facts_of(import->node, txn, &read, &file->facts, &import->detail);
	iso_file_free(&read);
	return error;
}

static int read_files(struct import *import)
{
	int status;
	struct txn *txn = cli_read(import->cli, import->node, &status);

	for (size_t i = 0; txn && !status && i < import->count; i++) {
		enum error error = read_file(import, txn, &import->files[i]);

		if (error)
			status =
			    cli_fail(import->cli, error, &import->detail, import->files[i].path);
	}
	txn_abort(txn);
	return status;
}

/* --- booking ------------------------------------------------------------------------------------------------- */

static bool is_of_pass(const struct fact *fact, bool returns)
{
	bool undoes = fact->line.fact == BANK_RETURNED || fact->line.fact == BANK_TAKEN_BACK;

	return !fact->foreign && undoes == returns;
}

static enum error judge(struct import *import, struct import_file *file, bool returns)
{
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(import->node)), &txn);

	if (error)
		return error;
	for (uint32_t i = 0; !error && i < file->facts.count; i++) {
		struct fact *fact = &file->facts.facts[i];

		if (is_of_pass(fact, returns))
			error = bank_reason(
			    node_settlement(import->node), txn, &fact->line, &fact->reason);
	}
	txn_abort(txn);
	return error;
}

/* Facts of one order, and where their verdicts go. */
struct batch_order {
	struct bank_line lines[PAYMENT_PART_MAX];
	struct fact *facts[PAYMENT_PART_MAX];
	uint32_t count;
};

static void take_verdict(void *context, uint32_t row, unsigned reason, bool has_day, int32_t day)
{
	struct batch_order *batch = context;

	(void)has_day, (void)day;
	if (row < batch->count)
		batch->facts[row]->reason = (enum reason)reason;
}

static enum error give(
    struct import *import, struct import_file *file, struct batch_order *batch, bool changing)
{
	const struct secret_key *key = import->has_key ? &import->key : NULL;
	struct answer answer;
	enum error error =
	    order_bank(import->node, batch->lines, batch->count, false, key, &answer);

	/* Said before, when it matched nothing: now it does. */
	if (!error && answer.error == ERROR_REPEAT && changing)
		error = order_bank(import->node, batch->lines, batch->count, true, key, &answer);
	if (!error && answer.error != ERROR_REPEAT)
		error = answer.error;
	if (error) {
		import->detail = answer.detail;
		return error;
	}
	if (answer.error != ERROR_REPEAT) {
		if (file->entries++ == 0)
			file->first_entry = answer.sequence;
		file->last_entry = answer.sequence;
	}
	error = import_verdicts(import->node, answer.sequence, take_verdict, batch);
	batch->count = 0;
	return error;
}

static enum error book(struct import *import, struct import_file *file, bool returns, bool changing)
{
	struct batch_order *batch = calloc(1, sizeof *batch);
	enum error error = batch ? ERROR_NONE : ERROR_MEMORY;

	for (uint32_t i = 0; !error && i < file->facts.count; i++) {
		struct fact *fact = &file->facts.facts[i];

		if (!is_of_pass(fact, returns) || fact->reason == REASON_said_before ||
		    bank_changes_books(fact->reason) != changing)
			continue;
		batch->lines[batch->count] = fact->line;
		batch->facts[batch->count++] = fact;
		if (batch->count == PAYMENT_PART_MAX)
			error = give(import, file, batch, changing);
	}
	if (!error && batch->count)
		error = give(import, file, batch, changing);
	free(batch);
	return error;
}

static enum error book_file(struct import *import, struct import_file *file)
{
	enum error error = ERROR_NONE;

	for (unsigned returns = 0; !error && returns < 2; returns++) {
		error = judge(import, file, returns);
		if (import->cli->dry_run)
			continue;
		if (!error)
			error = book(import, file, returns, true);
		/* Verdicts of those that changed the books must not be taken for what does not match. */
		if (!error)
			error = book(import, file, returns, false);
	}
	return error;
}

/* --- telling ------------------------------------------------------------------------------------------------- */

static const struct {
	enum reason reason;
	const char *key, *text;
} outcomes[] = {
    {REASON_booked, "booked", "已记账 booked"},
    {REASON_rejected, "rejected", "已拒付 rejected"},
    {REASON_returned, "returned", "已退汇 returned"},
    {REASON_received, "received", "已到账 received"},
    {REASON_said_before, "said_before", "前已入账 said before"},
};
#define OUTCOMES (sizeof outcomes / sizeof *outcomes)

static uint32_t count_of(const struct import_file *file, enum reason reason)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < file->facts.count; i++)
		count += !file->facts.facts[i].foreign && file->facts.facts[i].reason == reason;
	return count;
}

static bool is_unmatched(const struct fact *fact)
{
	return fact->foreign ||
	       !(bank_changes_books(fact->reason) || fact->reason == REASON_said_before);
}

static const char *fact_name(enum bank_fact fact)
{
	static const char *const names[] = {
	    "", "booked", "rejected", "returned", "credited", "taken_back"};

	return names[fact];
}

static void why(const struct fact *fact, char text[128])
{
	if (fact->foreign)
		snprintf(text, 128, "%s", fact->foreign);
	else
		snprintf(
		    text, 128, "%s %s", reason_english(fact->reason), reason_chinese(fact->reason));
}

static void unmatched_text(const struct fact *fact)
{
	char amount[AMOUNT_TEXT_SIZE], day[DAY_TEXT_SIZE], text[128];

	output_amount(UNIT_CNY, fact->line.amount_fen, amount);
	day_write(fact->line.day, day);
	why(fact, text);
	printf("  未匹配 not matched: %s ", fact_name(fact->line.fact));
	output_text(stdout, span_text(fact->end_to_end[0] ? fact->end_to_end : "-"));
	printf(", %s 元 yuan, %s, 银行流水 reference ", amount, day);
	output_text(stdout, span_text(fact->line.reference[0] ? fact->line.reference : "-"));
	printf(": %s\n", text);
}

static const char *kind_text(enum iso_kind kind)
{
	return kind == ISO_NOTIFICATION ? "camt.054" : "pain.002";
}

static void file_text(const struct import *import, const struct import_file *file)
{
	output_text(stdout, span_text(file->path));
	printf(": %s, %u 条 facts", kind_text(file->kind), (unsigned)file->facts.count);
	for (size_t i = 0; i < OUTCOMES; i++) {
		uint32_t count = count_of(file, outcomes[i].reason);

		if (count)
			printf(", %s %u", outcomes[i].text, (unsigned)count);
	}
	if (import->cli->dry_run)
		puts("; 试运行 dry run, nothing was booked");
	else if (!file->entries)
		puts("; 无变化 nothing changed");
	else if (file->entries == 1)
		printf("; 分录 entry %" PRIu64 "\n", file->first_entry);
	else
		printf("; 分录 entries %" PRIu64 " to %" PRIu64 "\n", file->first_entry,
		    file->last_entry);
	for (uint32_t i = 0; i < file->facts.count; i++) {
		if (is_unmatched(&file->facts.facts[i]))
			unmatched_text(&file->facts.facts[i]);
	}
}

static void unmatched_json(yyjson_mut_doc *doc, yyjson_mut_val *array, const struct fact *fact)
{
	yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, array);
	char text[128];

	why(fact, text);
	yyjson_mut_obj_add_str(doc, one, "fact", fact_name(fact->line.fact));
	json_text(doc, one, "end_to_end_id", span_text(fact->end_to_end));
	yyjson_mut_obj_add_sint(doc, one, "amount_fen", fact->line.amount_fen);
	json_day(doc, one, "day", fact->line.day);
	json_text(doc, one, "reference", span_text(fact->line.reference));
	json_text(doc, one, "code", span_text(fact->code));
	json_text(doc, one, "why", span_text(text));
}

static void file_json(yyjson_mut_doc *doc, yyjson_mut_val *array, const struct import_file *file)
{
	yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, array), *unmatched = yyjson_mut_arr(doc);

	json_text(doc, one, "file", span_text(file->path));
	yyjson_mut_obj_add_str(doc, one, "message", kind_text(file->kind));
	yyjson_mut_obj_add_uint(doc, one, "facts", file->facts.count);
	for (size_t i = 0; i < OUTCOMES; i++)
		yyjson_mut_obj_add_uint(
		    doc, one, outcomes[i].key, count_of(file, outcomes[i].reason));
	for (uint32_t i = 0; i < file->facts.count; i++) {
		if (is_unmatched(&file->facts.facts[i]))
			unmatched_json(doc, unmatched, &file->facts.facts[i]);
	}
	yyjson_mut_obj_add_val(doc, one, "not_matched", unmatched);
	yyjson_mut_obj_add_bool(doc, one, "changed", file->entries > 0);
	if (file->entries) {
		yyjson_mut_obj_add_uint(doc, one, "first_entry", file->first_entry);
		yyjson_mut_obj_add_uint(doc, one, "last_entry", file->last_entry);
	}
}

static int tell(const struct import *import)
{
	yyjson_mut_doc *doc = import->cli->json ? yyjson_mut_doc_new(NULL) : NULL;
	yyjson_mut_val *root = yyjson_mut_obj(doc), *array = yyjson_mut_arr(doc);
	int status = CLI_DONE;

	yyjson_mut_doc_set_root(doc, root);
	for (size_t i = 0; i < import->count; i++) {
		const struct import_file *file = &import->files[i];

		if (doc)
			file_json(doc, array, file);
		else
			file_text(import, file);
		for (uint32_t f = 0; f < file->facts.count; f++) {
			if (is_unmatched(&file->facts.facts[f]))
				status = CLI_NO;
		}
	}
	if (!doc)
		return status;
	yyjson_mut_obj_add_bool(doc, root, "dry_run", import->cli->dry_run);
	yyjson_mut_obj_add_val(doc, root, "files", array);
	return output_json(doc, true) ? CLI_WORLD : status;
}

/* --- */

static int import_node(struct import *import)
{
	int status = read_files(import);

	for (size_t i = 0; !status && i < import->count; i++) {
		enum error error = book_file(import, &import->files[i]);

		if (error)
			status =
			    cli_fail(import->cli, error, &import->detail, import->files[i].path);
	}
	return status ? status : tell(import);
}

int payment_import_run(struct cli *cli, int argc, char **argv)
{
	const char *key_file = NULL;
	const struct cli_option options[] = {{"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct import import = {.cli = cli};
	int words = cli_options(cli, NULL, argc, argv, options, 2, argc), status = CLI_DONE;
	enum error error = ERROR_NONE;

	if (words < 0)
		return CLI_USAGE;
	import.count = (size_t)words - 1;
	import.files = calloc(import.count, sizeof *import.files);
	if (!import.files)
		return cli_fail(cli, ERROR_MEMORY, NULL, NULL);
	for (size_t i = 0; i < import.count; i++)
		import.files[i].path = argv[1 + i];
	if (key_file)
		error = key_file_read(key_file, "officer", &import.key, NULL, &import.detail);
	import.has_key = key_file != NULL;
	if (error)
		status = cli_fail(cli, error, &import.detail, key_file);
	else
		import.node = cli_open(cli, argv[0], cli->dry_run, &status);
	if (import.node)
		status = import_node(&import);
	for (size_t i = 0; i < import.count; i++)
		facts_free(&import.files[i].facts);
	free(import.files);
	key_wipe(&import.key);
	node_close(import.node);
	return status;
}
