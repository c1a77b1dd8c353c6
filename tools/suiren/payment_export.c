/* payment_export.c: what is due of one kind and name is ordered, all parts of it; then every part of that kind and name is written as one
 * pain.001, the same bytes as ever. Before anything is ordered every payee is looked up: what has been ordered holds its amount until the
 * bank's word, so nothing may be ordered that cannot be written. */
#include "payment_export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bank_folder.h"
#include "institution.h"
#include "iso20022.h"
#include "orders.h"
#include "output.h"
#include "payment_file.h"
#include "payment_what.h"

/* So many payees that cannot be paid are told, then only their number. */
#define LACKING_TOLD_MAX 20u
/* So many parts of one call are named by their entries. */
#define ENTRIES_TOLD_MAX 1000u

struct export
{
	struct cli *cli;
	struct node *node;
	struct payment_what what;
	const char *out; /* -o, or NULL */
	struct secret_key key;
	bool has_key;

	struct txn *txn; /* while payees are looked up */
	uint32_t due;
	int64_t due_fen;
	uint32_t lacking; /* due payees that cannot be written */
	enum error error;
	struct error_detail detail;

	uint32_t passed_over; /* institutions without an account */
	uint64_t entries[ENTRIES_TOLD_MAX];
	size_t entry_count;
	yyjson_mut_doc *doc;
	yyjson_mut_val *files, *without;
};

/* --- what is due --------------------------------------------------------------------------------------------- */

static void tell_lacking(struct export *export, const struct error_detail *detail)
{
	if (++export->lacking <= LACKING_TOLD_MAX) {
		fputs("suiren: ", stderr);
		output_text(stderr, span_text(detail->text));
		fputc('\n', stderr);
	}
}

static bool look_up(void *context, const struct payment *payment)
{
	struct export *export = context;
	struct error_detail detail = {""};
	struct payee payee;
	enum error error = payee_find(export->node, export->txn, payment, &payee, &detail);

	explicit_bzero(&payee, sizeof payee);
	export->due++;
	export->due_fen += payment->amount_fen;
	if (error == ERROR_NOT_FOUND)
		tell_lacking(export, &detail);
	else if (error) {
		export->error = error;
		export->detail = detail;
	}
	return !export->error;
}

/* Nothing to pay is no error here. */
static enum error preview(struct export *export, struct error_detail *detail)
{
	char first[PAYMENT_PAYEE_MAX + 1], next[PAYMENT_PAYEE_MAX + 1];
	enum error error = txn_begin_read(ledger_store(node_ledger(export->node)), &export->txn);

	if (error)
		return error;
	memcpy(first, export->what.payee, sizeof first);
	do {
		error = order_payments_preview(export->node, export->txn, export->what.kind,
		    export->what.name, first, look_up, export, next, detail);
		memcpy(first, next, sizeof first);
	} while (!error && !export->error && first[0]);
	txn_abort(export->txn);
	return error ? error : export->error;
}

static enum error order(struct export *export)
{
	char first[PAYMENT_PAYEE_MAX + 1], next[PAYMENT_PAYEE_MAX + 1];

	memcpy(first, export->what.payee, sizeof first);
	do {
		struct answer answer;
		enum error error = order_payments(export->node, export->what.kind,
		    export->what.name, first, export->has_key ? &export->key : NULL, next, &answer);

		if (!error)
			error = answer.error;
		if (error) {
			export->detail = answer.detail;
			return error;
		}
		if (export->entry_count < ENTRIES_TOLD_MAX)
			export->entries[export->entry_count++] = answer.sequence;
		memcpy(first, next, sizeof first);
	} while (first[0]);
	return ERROR_NONE;
}

/* --- files --------------------------------------------------------------------------------------------------- */

/* FILE, or for a further part FILE-2 before its ending. */
static enum error out_path(
    const char *out, uint32_t number, char path[BANK_PATH_MAX], struct error_detail *detail)
{
	const char *slash = strrchr(out, '/'), *dot = strrchr(out, '.');
	size_t stem =
	    dot && (!slash || dot > slash + 1) && dot != out ? (size_t)(dot - out) : strlen(out);
	int size = number == 1 ? snprintf(path, BANK_PATH_MAX, "%s", out)
			       : snprintf(path, BANK_PATH_MAX, "%.*s-%u%s", (int)stem, out,
				     (unsigned)number, out + stem);

	return size < BANK_PATH_MAX
		   ? ERROR_NONE
		   : error_set(detail, ERROR_TOO_LARGE, "%s: too long a name", out);
}

static enum error path_of(
    struct export *export, const struct payment_part *part, char path[BANK_PATH_MAX])
{
	char name[PAYMENT_FILE_NAME_MAX];

	if (export->out)
		return out_path(export->out, part->number, path, &export->detail);
	payment_part_name(part, name);
	return bank_path(
	    node_directory(export->node), BANK_FOLDER_OUT, name, path, &export->detail);
}

static void tell_file(
    struct export *export, const struct payment_part *part, const char *path, const char *outcome)
{
	yyjson_mut_doc *doc = export->doc;
	char amount[AMOUNT_TEXT_SIZE];

	if (doc) {
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(doc, export->files);
		json_text(doc, one, "file", span_text(path));
		yyjson_mut_obj_add_uint(doc, one, "part", part->number);
		yyjson_mut_obj_add_strcpy(doc, one, "message_id", part->message);
		yyjson_mut_obj_add_uint(doc, one, "payments", part->count);
		yyjson_mut_obj_add_sint(doc, one, "amount_fen", part->amount_fen);
		yyjson_mut_obj_add_uint(doc, one, "entry", part->sequence);
		yyjson_mut_obj_add_strcpy(doc, one, "outcome", outcome);
		return;
	}
	output_amount(UNIT_CNY, part->amount_fen, amount);
	fputs("  ", stdout);
	output_text(stdout, span_text(path));
	printf("  %zu 笔 payments, %s 元 yuan, MsgId %s, 分录 entry %" PRIu64 ": %s%s\n",
	    part->count, amount, part->message, part->sequence,
	    strcmp(outcome, "written") == 0     ? "已写出 "
	    : strcmp(outcome, "unchanged") == 0 ? "未变 "
						: "已答复，未动 ",
	    outcome);
}

/* A part that the bank has answered whole may stand there under a name or account that has changed since: it stays as it was sent. */
static enum error write_part(
    struct export *export, struct txn *txn, const struct payment_part *part)
{
	struct buffer content = {0};
	char path[BANK_PATH_MAX];
	bool written = false;
	enum error error = path_of(export, part, path);

	if (!error)
		error = payment_part_write(export->node, txn, part, &content, &export->detail);
	if (!error)
		error = bank_file_write(path, buffer_span(&content), &written, &export->detail);
	if (content.data)
		explicit_bzero(content.data, content.size);
	buffer_free(&content);
	if (part->answered && !export->out && (error == ERROR_EXISTS || error == ERROR_NOT_FOUND)) {
		tell_file(export, part, path, "answered");
		return ERROR_NONE;
	}
	if (!error)
		tell_file(export, part, path, written ? "written" : "unchanged");
	return error;
}

static enum error written_before(struct export *export, uint32_t *count)
{
	struct payment_parts parts;
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(export->node)), &txn);

	if (error)
		return error;
	error = payment_parts_read(txn, export->what.kind, export->what.name, &parts);
	*count = parts.parts;
	payment_parts_free(&parts);
	txn_abort(txn);
	return error;
}

static enum error write_parts(struct export *export)
{
	struct payment_parts parts;
	struct progress progress = {.what = "payment files"};
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(export->node)), &txn);

	if (error)
		return error;
	error = payment_parts_read(txn, export->what.kind, export->what.name, &parts);
	if (!error && parts.parts && !export->out)
		error = bank_folder_make(
		    node_directory(export->node), BANK_FOLDER_OUT, &export->detail);
	for (uint32_t number = 1; !error && number <= parts.parts; number++) {
		struct payment_part part = payment_part_of(export->node, &parts, number);

		progress_step(&progress, number - 1, parts.parts);
		error = write_part(export, txn, &part);
	}
	progress_end(&progress);
	payment_parts_free(&parts);
	txn_abort(txn);
	return error;
}

/* --- institutions that are owed something and have no account -------------------------------------------------- */

static bool pass_over(void *context, const struct institution_row *row)
{
	struct export *export = context;
	struct institution_profile profile;
	char uscc[USCC_SIZE + 1] = {0}, account[ACCOUNT_TEXT_SIZE], text[AMOUNT_TEXT_SIZE];
	struct amount owed;

	memcpy(uscc, row->uscc, USCC_SIZE);
	if (row->host != node_region(export->node))
		return true;
	if (export->what.kind == PAYMENT_INSTITUTION)
		account_payable_local(account, uscc);
	else
		account_payable_remote(account, uscc);
	export->error = account_available(export->txn, settlement_chart, span_text(account), &owed);
	if (!export->error && owed.value > 0)
		export->error = institution_profile(export->txn, uscc, &profile);
	if (export->error || owed.value <= 0 || (profile.account.size && profile.bank.size))
		return !export->error;
	export->passed_over++;
	if (export->doc) {
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(export->doc, export->without);
		yyjson_mut_obj_add_strcpy(export->doc, one, "payee", uscc);
		yyjson_mut_obj_add_sint(export->doc, one, "owed_fen", owed.value);
		return true;
	}
	output_amount(UNIT_CNY, owed.value, text);
	printf(
	    "  未付 not ordered: %s, %s 元 yuan owed: 没有账号 no account or bank is registered\n",
	    uscc, text);
	return true;
}

static enum error tell_passed_over(struct export *export)
{
	enum error error;

	if (export->what.kind != PAYMENT_INSTITUTION && export->what.kind != PAYMENT_GUESTS &&
	    export->what.kind != PAYMENT_ADVANCE)
		return ERROR_NONE;
	error = txn_begin_read(ledger_store(node_ledger(export->node)), &export->txn);
	if (error)
		return error;
	error = institution_each(export->txn, pass_over, export);
	txn_abort(export->txn);
	return error ? error : export->error;
}

/* --- the whole ----------------------------------------------------------------------------------------------- */

static void begin_json(struct export *export)
{
	yyjson_mut_val *root;

	if (!export->cli->json)
		return;
	export->doc = yyjson_mut_doc_new(NULL);
	root = yyjson_mut_obj(export->doc);
	yyjson_mut_doc_set_root(export->doc, root);
	yyjson_mut_obj_add_str(export->doc, root, "kind", payment_kind_name(export->what.kind));
	yyjson_mut_obj_add_strcpy(export->doc, root, "name", export->what.name);
	export->files = yyjson_mut_arr(export->doc);
	export->without = yyjson_mut_arr(export->doc);
}

static int end_json(struct export *export)
{
	yyjson_mut_doc *doc = export->doc;
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc), *entries = yyjson_mut_arr(doc);

	yyjson_mut_obj_add_bool(doc, root, "dry_run", export->cli->dry_run);
	yyjson_mut_obj_add_uint(doc, root, "ordered", export->due);
	yyjson_mut_obj_add_sint(doc, root, "ordered_fen", export->due_fen);
	for (size_t i = 0; i < export->entry_count; i++)
		yyjson_mut_arr_add_uint(doc, entries, export->entries[i]);
	yyjson_mut_obj_add_val(doc, root, "entries", entries);
	yyjson_mut_obj_add_val(doc, root, "files", export->files);
	yyjson_mut_obj_add_val(doc, root, "without_account", export->without);
	export->doc = NULL;
	return output_json(doc, true);
}

static void tell_ordered(const struct export *export)
{
	char amount[AMOUNT_TEXT_SIZE];

	if (export->doc)
		return;
	if (!export->due) {
		printf("%s %s: 没有新的应付 nothing new is due\n",
		    payment_kind_name(export->what.kind), export->what.name);
		return;
	}
	output_amount(UNIT_CNY, export->due_fen, amount);
	printf("%s %s: %s%u 笔 payments, %s 元 yuan", payment_kind_name(export->what.kind),
	    export->what.name, export->cli->dry_run ? "待发出 to be ordered " : "新发出 ordered ",
	    (unsigned)export->due, amount);
	for (size_t i = 0; i < export->entry_count; i++)
		printf("%s %" PRIu64, i ? "," : ", 分录 entry", export->entries[i]);
	putchar('\n');
}

static int fail(struct export *export, enum error error, const struct error_detail *detail)
{
	yyjson_mut_doc_free(export->doc);
	export->doc = NULL;
	return cli_fail(export->cli, error, detail, "payment export");
}

static int export_node(struct export *export)
{
	struct error_detail nothing = {""};
	enum error error = payer_check(export->node, &export->detail), missing;
	uint32_t before = 0;
	bool due;

	if (error)
		return fail(export, error, &export->detail);
	error = missing = preview(export, &nothing);
	due = !error;
	begin_json(export);
	if (error && error != ERROR_STATE && error != ERROR_NOT_FOUND)
		return fail(export, error, export->error ? &export->detail : &nothing);
	if (export->lacking)
		return fail(export,
		    error_set(&export->detail, ERROR_NOT_FOUND,
			"%u of the payees cannot be paid by file: nothing was ordered",
			(unsigned)export->lacking),
		    &export->detail);
	if (due && !export->cli->dry_run)
		error = order(export);
	else
		error = ERROR_NONE;
	if (error)
		return fail(export, error, &export->detail);
	error = written_before(export, &before);
	if (!error && !due && before == 0) {
		error = tell_passed_over(export);
		return fail(export, error ? error : missing, error ? &export->detail : &nothing);
	}
	if (!error)
		tell_ordered(export);
	if (!error && !export->cli->dry_run)
		error = write_parts(export);
	if (!error)
		error = tell_passed_over(export);
	if (error)
		return fail(export, error, &export->detail);
	if (export->doc && end_json(export))
		return CLI_WORLD;
	return export->passed_over ? CLI_NO : CLI_DONE;
}

int payment_export_run(struct cli *cli, int argc, char **argv)
{
	struct payment_words words = {.clearing = NULL};
	const char *key_file = NULL;
	struct export *export = calloc(1, sizeof *export);
	const char *out = NULL;
	const struct cli_option options[] = {{"clearing", &words.clearing, NULL},
	    {"run", &words.run, NULL}, {"institutions", &words.institutions, NULL},
	    {"guests", &words.guests, NULL}, {"peer", &words.peer, NULL},
	    {"advance", &words.advance, NULL}, {"again", &words.again, NULL},
	    {"prefund", &words.prefund, NULL}, {"suspense", &words.suspense, NULL},
	    {"to", &words.to, NULL}, {"out", &out, NULL}, {"officer-key", &key_file, NULL},
	    {NULL, NULL, NULL}};
	int status = CLI_DONE;
	enum error error = ERROR_NONE;

	if (!export)
		return cli_fail(cli, ERROR_MEMORY, NULL, NULL);
	export->cli = cli;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		status = CLI_USAGE;
	export->out = out;
	if (!status)
		status = payment_what_take(cli, &words, &export->what);
	if (!status && key_file)
		error = key_file_read(key_file, "officer", &export->key, NULL, &export->detail);
	if (error)
		status = cli_fail(cli, error, &export->detail, key_file);
	export->has_key = key_file != NULL;
	if (!status)
		export->node = cli_open(cli, argv[0], cli->dry_run, &status);
	if (export->node)
		status = export_node(export);
	node_close(export->node);
	key_wipe(&export->key);
	free(export);
	return status;
}
