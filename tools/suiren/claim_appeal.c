#include "claim_appeal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "appeal.h"
#include "claim_view.h"
#include "held.h"
#include "orders.h"
#include "output.h"
#include "settlement.h"

/* --- which line --------------------------------------------------------------------------------------------- */

struct line_words {
	const char *uscc, *number, *line;
	uint64_t number_value, line_value;
};

static int where_take(struct cli *cli, struct line_words *words)
{
	if (!words->uscc || !words->number || !words->line)
		return cli_usage(cli->command, "--institution, --number and --line are needed");
	if (uscc_check(span_text(words->uscc)))
		return cli_usage(cli->command, "%s is no unified social credit code", words->uscc);
	if (cli_number(cli, "--number", words->number, INT64_MAX, &words->number_value) ||
	    cli_number(cli, "--line", words->line, SHEET_LINES_MAX - 1, &words->line_value))
		return CLI_USAGE;
	return CLI_DONE;
}

/* "a, b, c": the names of a list whose numbers are counted from 1. */
static void names_of(const char *(*name_of)(uint32_t number), char *out, size_t size)
{
	size_t at = 0;

	out[0] = '\0';
	for (uint32_t i = 1; name_of(i) && at < size; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", i > 1 ? ", " : "", name_of(i));
}

/* --- claim appeal ------------------------------------------------------------------------------------------- */

static int grounds_take(struct cli *cli, const char *text, uint32_t *grounds)
{
	char names[256];

	*grounds = text ? appeal_grounds_number(text) : 0;
	if (*grounds)
		return CLI_DONE;
	names_of(appeal_grounds_name, names, sizeof names);
	return cli_usage(cli->command,
	    "--grounds is one of %s. What the house says of a person stands on its paper "
	    "(--paper): "
	    "the log keeps no free text 不接受自由文本，请附书面材料",
	    names);
}

static int paper_take(struct cli *cli, const char *file, struct appeal_line *line)
{
	struct error_detail detail = {""};
	struct buffer content = {0};
	enum error error;

	if (!file)
		return CLI_DONE;
	error = cli_read_file(file, APPEAL_PAPER_MAX, &content, &detail);
	if (!error && content.size == 0)
		error = error_set(&detail, ERROR_MALFORMED, "%s is empty", file);
	if (!error) {
		line->has_paper = true;
		line->paper = hash_sha256(buffer_span(&content));
	}
	buffer_free(&content);
	return error ? cli_fail(cli, error, &detail, file) : CLI_DONE;
}

int claim_appeal_run(struct cli *cli, int argc, char **argv)
{
	const char *grounds = NULL, *paper = NULL, *key_file = NULL;
	struct line_words words = {.uscc = NULL};
	const struct cli_option options[] = {{"institution", &words.uscc, NULL},
	    {"number", &words.number, NULL}, {"line", &words.line, NULL},
	    {"grounds", &grounds, NULL}, {"paper", &paper, NULL}, {"officer-key", &key_file, NULL},
	    {NULL, NULL, NULL}};
	struct appeal_line line = {.number = 0};
	struct error_detail detail = {""};
	struct answer answer = {0};
	struct secret_key key = {0};
	struct node *node;
	int status;
	enum error error = ERROR_NONE;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	status = where_take(cli, &words);
	if (!status)
		status = grounds_take(cli, grounds, &line.grounds);
	if (!status)
		status = paper_take(cli, paper, &line);
	if (status)
		return status;
	memcpy(line.uscc, words.uscc, sizeof line.uscc);
	line.number = words.number_value;
	line.line = (uint32_t)words.line_value;
	if (key_file)
		error = key_file_read(key_file, "officer", &key, NULL, &detail);
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	node = cli_open(cli, argv[0], false, &status);
	if (node) {
		error = order_appeal(node, &line, key_file ? &key : NULL, &answer);
		if (error && !answer.error)
			answer.error = error;
		status = cli_answer(cli, &answer, "claim appeal");
	}
	node_close(node);
	key_wipe(&key);
	return status;
}

/* --- claim review ------------------------------------------------------------------------------------------- */

static int uphold_take(struct cli *cli, const char *text, uint32_t *uphold)
{
	char names[256];

	*uphold = text ? appeal_uphold_number(text) : 0;
	if (!text || *uphold)
		return CLI_DONE;
	names_of(appeal_uphold_name, names, sizeof names);
	return cli_usage(cli->command, "--uphold is one of %s", names);
}

int claim_review_run(struct cli *cli, int argc, char **argv)
{
	const char *uphold = NULL, *key_file = NULL;
	struct line_words words = {.uscc = NULL};
	const struct cli_option options[] = {{"institution", &words.uscc, NULL},
	    {"number", &words.number, NULL}, {"line", &words.line, NULL}, {"uphold", &uphold, NULL},
	    {"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct review_line line = {.number = 0};
	struct error_detail detail = {""};
	struct answer answer = {0};
	struct secret_key key = {0};
	struct node *node;
	int status;
	enum error error;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	status = where_take(cli, &words);
	if (!status)
		status = uphold_take(cli, uphold, &line.uphold);
	if (status)
		return status;
	if (!key_file)
		return cli_usage(
		    cli->command, "--officer-key is needed: a second look is an officer's");
	memcpy(line.uscc, words.uscc, sizeof line.uscc);
	line.number = words.number_value;
	line.line = (uint32_t)words.line_value;
	error = key_file_read(key_file, "officer", &key, NULL, &detail);
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	node = cli_open(cli, argv[0], false, &status);
	if (node) {
		error = order_review(node, &line, &key, &answer);
		if (error && !answer.error)
			answer.error = error;
		status = cli_answer(cli, &answer, "claim review");
	}
	node_close(node);
	key_wipe(&key);
	return status;
}

/* --- claim appeals, claim show ------------------------------------------------------------------------------ */

static void appeal_words(const struct appeal *appeal)
{
	char day[DAY_TEXT_SIZE];

	day_write(appeal->day, day);
	printf("%s, %s %s; %s %s; 分录 entry %" PRIu64, day,
	    appeal_grounds_chinese(appeal->grounds), appeal_grounds_english(appeal->grounds),
	    appeal_state_chinese(appeal->state), appeal_state_name(appeal->state),
	    appeal->sequence);
	if (appeal->review)
		printf(", 复核 review entry %" PRIu64, appeal->review);
	putchar('\n');
}

static void appeal_fields(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct appeal *appeal)
{
	static const struct hash none = {{0}};

	yyjson_mut_obj_add_uint(doc, object, "city", appeal->city);
	yyjson_mut_obj_add_str(doc, object, "grounds", appeal_grounds_name(appeal->grounds));
	json_day(doc, object, "day", appeal->day);
	yyjson_mut_obj_add_str(doc, object, "state", appeal_state_name(appeal->state));
	yyjson_mut_obj_add_uint(doc, object, "entry", appeal->sequence);
	yyjson_mut_obj_add_uint(doc, object, "review_entry", appeal->review);
	yyjson_mut_obj_add_uint(doc, object, "payers_review_entry", appeal->payers_review);
	if (!hash_equal(&appeal->paper, &none))
		json_hex(doc, object, "paper", hash_span(&appeal->paper));
	else
		yyjson_mut_obj_add_null(doc, object, "paper");
}

struct listing {
	yyjson_mut_doc *doc;
	yyjson_mut_val *array;
	bool open_only;
	uint64_t count;
};

static bool list_one(void *context, const struct appeal *appeal)
{
	struct listing *listing = context;

	if (listing->open_only && appeal->state != APPEAL_OPEN)
		return true;
	listing->count++;
	if (listing->doc) {
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(listing->doc, listing->array);

		json_text(listing->doc, one, "institution", span_text(appeal->uscc));
		yyjson_mut_obj_add_uint(listing->doc, one, "number", appeal->number);
		yyjson_mut_obj_add_uint(listing->doc, one, "line", appeal->line);
		appeal_fields(listing->doc, one, appeal);
	} else {
		printf("%s  %-16" PRIu64 " 行 line %-5u %06u  ", appeal->uscc, appeal->number,
		    (unsigned)appeal->line, (unsigned)appeal->city);
		appeal_words(appeal);
	}
	return true;
}

int claim_appeals_run(struct cli *cli, int argc, char **argv)
{
	struct listing listing = {.doc = NULL};
	const struct cli_option options[] = {
	    {"open", NULL, &listing.open_only}, {NULL, NULL, NULL}};
	int status = CLI_DONE;
	struct node *node;
	struct txn *txn;
	enum error error;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	node = cli_open(cli, argv[0], true, &status);
	txn = node ? cli_read(cli, node, &status) : NULL;
	if (!txn)
		goto done;
	if (cli->json) {
		listing.doc = yyjson_mut_doc_new(NULL);
		listing.array = yyjson_mut_arr(listing.doc);
		yyjson_mut_doc_set_root(listing.doc, listing.array);
	}
	error = appeal_each(txn, list_one, &listing);
	if (error) {
		yyjson_mut_doc_free(listing.doc);
		status = cli_fail(cli, error, NULL, "claim appeals");
	} else if (listing.doc) {
		status = output_json(listing.doc, true);
	} else if (listing.count == 0) {
		puts("没有申诉 no appeals");
	}
done:
	txn_abort(txn);
	node_close(node);
	return status;
}

/* The second verdict, and the catalogue that it was given by; NULL if that is not here. */
static enum error find_second(struct txn *txn, const struct sheet_row *row,
    const struct appeal *appeal, struct verdict *verdict, struct policy **policy)
{
	struct entry_reader decided = {0};
	struct further_item item;
	bool from_payer = row->answered != 0;
	enum error error = ledger_read(txn, appeal->review, &decided);

	*policy = NULL;
	if (!error && (verdict_parse(decided.entry.verdicts, verdict) ||
			  (from_payer && further_item_read(decided.entry.lines, &item))))
		error = ERROR_CORRUPT;
	if (!error && verdict->policy &&
	    settlement_policy_logged(
		txn, row->payer, verdict->policy, from_payer ? &item.policy : NULL, policy))
		*policy = NULL;
	entry_free(&decided);
	return error;
}

static enum error show_second(yyjson_mut_doc *doc, yyjson_mut_val *object, struct txn *txn,
    const struct sheet_row *row, const struct appeal *appeal, const struct sheet_header *header,
    const struct sheet_line *line)
{
	struct verdict *verdict = calloc(1, sizeof *verdict);
	struct policy *policy = NULL;
	yyjson_mut_val *looks;
	uint64_t by = 0;
	enum error error = verdict ? find_second(txn, row, appeal, verdict, &policy) : ERROR_MEMORY;

	if (!error)
		error = reversed_by(txn, appeal->review, 0, &by);
	if (!error && doc) {
		looks = yyjson_mut_obj_add_arr(doc, object, "second_look");
		claim_view_json(doc, looks, appeal->line, header, line, verdict, policy);
		if (by)
			yyjson_mut_obj_add_uint(
			    doc, yyjson_mut_arr_get_last(looks), "reversed_entry", by);
	} else if (!error) {
		fputs("        复核 second look:\n", stdout);
		claim_view_text(appeal->line, header, line, verdict, policy);
		if (by)
			printf("        已冲正 reversed by entry %" PRIu64 "\n", by);
	}
	policy_free(policy);
	free(verdict);
	return error;
}

enum error appeal_show(yyjson_mut_doc *doc, yyjson_mut_val *object, struct txn *txn,
    const struct sheet_row *row, const struct sheet_header *header, uint32_t index,
    const struct sheet_line *line)
{
	struct appeal appeal;
	yyjson_mut_val *one = NULL;
	enum error error = appeal_get(txn, header->uscc, header->number, index, &appeal);

	if (error)
		return error == ERROR_NOT_FOUND ? ERROR_NONE : error;
	if (doc) {
		one = yyjson_mut_obj_add_obj(doc, object, "appeal");
		appeal_fields(doc, one, &appeal);
	} else {
		fputs("        申诉 appeal: ", stdout);
		appeal_words(&appeal);
	}
	return appeal.review ? show_second(doc, one, txn, row, &appeal, header, line) : ERROR_NONE;
}
