/* payment.c: `suiren payment ...`: what was ordered from the bank and what it said. Exporting and importing: payment_export.c,
 * payment_import.c. */
#include "payment.h"

#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "output.h"
#include "payment_export.h"
#include "payment_file.h"
#include "payment_import.h"
#include "payment_unmatched.h"

#define STATE_WIDTH 16
#define AMOUNT_WIDTH 16

struct listing {
	struct node *node;
	struct txn *txn;
	unsigned kind, state; /* 0: all */
	const char *name;     /* NULL: all */
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	uint32_t count;
	int64_t sum_fen;
};

/* The name of a credit holds who paid it: it stands under the payer's code. */
static void name_split(const struct payment *payment, char name[PAYMENT_NAME_MAX + 1],
    char payer[PAYMENT_NAME_MAX + 1])
{
	const char *mark = strchr(payment->name, '<');

	snprintf(name, PAYMENT_NAME_MAX + 1, "%.*s",
	    (int)(mark ? mark - payment->name : (ptrdiff_t)strlen(payment->name)), payment->name);
	snprintf(payer, PAYMENT_NAME_MAX + 1, "%s", mark ? mark + 1 : "");
}

static yyjson_mut_val *payment_json(
    yyjson_mut_doc *doc, const struct node *node, const struct payment *payment)
{
	yyjson_mut_val *one = yyjson_mut_obj(doc);
	char name[PAYMENT_NAME_MAX + 1], payer[PAYMENT_NAME_MAX + 1];

	name_split(payment, name, payer);
	if (!payer[0])
		snprintf(payer, sizeof payer, "%06u", (unsigned)node_region(node));
	json_text(doc, one, "end_to_end_id", span_text(payment->end_to_end));
	yyjson_mut_obj_add_str(doc, one, "kind", payment_kind_name(payment->kind));
	json_text(doc, one, "name", span_text(name));
	json_text(doc, one, "payer", span_text(payer));
	json_text(doc, one, "payee", span_text(payment->payee));
	yyjson_mut_obj_add_uint(doc, one, "attempt", payment->attempt);
	yyjson_mut_obj_add_sint(doc, one, "amount_fen", payment->amount_fen);
	yyjson_mut_obj_add_str(doc, one, "state", payment_state_name(payment->state));
	json_day(doc, one, "day", payment->day);
	yyjson_mut_obj_add_uint(doc, one, "entry", payment->sequence);
	if (payment->said)
		yyjson_mut_obj_add_uint(doc, one, "bank_entry", payment->said);
	else
		yyjson_mut_obj_add_null(doc, one, "bank_entry");
	return one;
}

static void state_cell(const struct payment *payment)
{
	char text[64];

	snprintf(text, sizeof text, "%s %s", payment_state_chinese(payment->state),
	    payment_state_name(payment->state));
	output_cell(stdout, text, STATE_WIDTH);
}

static void heads(void)
{
	output_cell(stdout, "端到端标识 EndToEndId", END_TO_END_SIZE - 1);
	fputs("  ", stdout);
	output_cell(stdout, "类别 kind", 12);
	output_cell(stdout, "名称 name", 22);
	output_cell(stdout, "收款方 payee", 20);
	output_cell_right(stdout, "次 no.", 6);
	output_cell_right(stdout, "金额 yuan", AMOUNT_WIDTH);
	fputs("  ", stdout);
	output_cell(stdout, "状态 state", STATE_WIDTH);
	fputs("  日期 day    分录 entry\n", stdout);
}

static void payment_line(const struct payment *payment)
{
	char amount[AMOUNT_TEXT_SIZE], day[DAY_TEXT_SIZE];

	output_amount(UNIT_CNY, payment->amount_fen, amount);
	day_write(payment->day, day);
	printf("%s  ", payment->end_to_end);
	output_cell(stdout, payment_kind_name(payment->kind), 12);
	output_cell(stdout, payment->name, 22);
	output_cell(stdout, payment->payee, 20);
	printf("%6u", (unsigned)payment->attempt);
	output_cell_right(stdout, amount, AMOUNT_WIDTH);
	fputs("  ", stdout);
	state_cell(payment);
	printf("  %s  %" PRIu64, day, payment->sequence);
	if (payment->said && payment->said != payment->sequence)
		printf(", %" PRIu64, payment->said);
	putchar('\n');
}

static bool list_one(void *context, const struct payment *payment)
{
	struct listing *listing = context;

	if ((listing->state && payment->state != listing->state) ||
	    (listing->name && strcmp(listing->name, payment->name) != 0))
		return true;
	if (listing->array) {
		yyjson_mut_arr_append(
		    listing->array, payment_json(listing->doc, listing->node, payment));
	} else {
		if (listing->count == 0)
			heads();
		payment_line(payment);
	}
	listing->count++;
	listing->sum_fen += payment->amount_fen;
	return !ferror(stdout);
}

static int list_print(const struct cli *cli, struct listing *listing)
{
	char sum[AMOUNT_TEXT_SIZE];
	enum error error;

	if (cli->json) {
		listing->doc = yyjson_mut_doc_new(NULL);
		listing->array = yyjson_mut_arr(listing->doc);
		yyjson_mut_doc_set_root(listing->doc, listing->array);
	}
	error =
	    payment_each(listing->txn, (enum payment_kind)listing->kind, NULL, list_one, listing);
	if (error) {
		yyjson_mut_doc_free(listing->doc);
		return cli_fail(cli, error, NULL, "payments");
	}
	if (cli->json)
		return output_json(listing->doc, true);
	if (listing->count == 0) {
		puts("没有付款 no payments");
		return CLI_DONE;
	}
	output_amount(UNIT_CNY, listing->sum_fen, sum);
	printf("合计 %u 笔 payments, %s 元 yuan\n", (unsigned)listing->count, sum);
	return CLI_DONE;
}

/* A word of --kind or --state to its number. */
static int word_of(const struct cli *cli, const char *option, const char *word,
    const char *(*name)(unsigned), unsigned last, unsigned *number)
{
	for (unsigned i = 1; i <= last; i++) {
		if (strcmp(word, name(i)) == 0) {
			*number = i;
			return CLI_DONE;
		}
	}
	return cli_usage(cli->command, "%s: there is no %s", option, word);
}

static const char *kind_name_of(unsigned kind)
{
	return payment_kind_name((enum payment_kind)kind);
}

static const char *state_name_of(unsigned state)
{
	return payment_state_name((enum payment_state)state);
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	const char *kind = NULL, *state = NULL;
	struct listing listing = {.name = NULL};
	const struct cli_option options[] = {{"kind", &kind, NULL}, {"name", &listing.name, NULL},
	    {"state", &state, NULL}, {NULL, NULL, NULL}};
	int status = CLI_DONE;

	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if ((kind &&
		word_of(cli, "--kind", kind, kind_name_of, PAYMENT_KIND_LAST, &listing.kind)) ||
	    (state &&
		word_of(cli, "--state", state, state_name_of, PAYMENT_RECEIVED, &listing.state)))
		return CLI_USAGE;
	listing.node = cli_open(cli, argv[0], true, &status);
	listing.txn = listing.node ? cli_read(cli, listing.node, &status) : NULL;
	if (listing.txn)
		status = list_print(cli, &listing);
	txn_abort(listing.txn);
	node_close(listing.node);
	return status;
}

/* --- show ---------------------------------------------------------------------------------------------------- */

/* The file that it stands in: which part of its kind and name. */
static enum error part_find(struct node *node, struct txn *txn, const struct payment *payment,
    uint32_t *number, char message[END_TO_END_SIZE])
{
	struct payment_parts parts;
	enum error error = payment_parts_read(txn, payment->kind, payment->name, &parts);

	*number = 0;
	for (uint32_t i = 1; !error && !*number && i <= parts.parts; i++) {
		struct payment_part part = payment_part_of(node, &parts, i);

		if (part.sequence != payment->sequence)
			continue;
		*number = i;
		memcpy(message, part.message, END_TO_END_SIZE);
	}
	payment_parts_free(&parts);
	return error;
}

static int show_print(
    const struct cli *cli, struct node *node, struct txn *txn, const struct payment *payment)
{
	struct bank_line words;
	char day[DAY_TEXT_SIZE], message[END_TO_END_SIZE] = "";
	uint32_t part = 0;
	enum error error = payment_is_received(payment)
			       ? ERROR_NONE
			       : part_find(node, txn, payment, &part, message);

	if (!error)
		error = payment_word(txn, payment, &words);
	if (error)
		return cli_fail(cli, error, NULL, "payment show");
	if (cli->json) {
		yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *root = payment_json(doc, node, payment);

		yyjson_mut_doc_set_root(doc, root);
		if (part) {
			yyjson_mut_obj_add_strcpy(doc, root, "message_id", message);
			yyjson_mut_obj_add_uint(doc, root, "part", part);
		}
		if (words.reference[0]) {
			json_text(doc, root, "bank_reference", span_text(words.reference));
			json_day(doc, root, "bank_day", words.day);
		}
		return output_json(doc, true);
	}
	heads();
	payment_line(payment);
	if (part)
		printf("  文件 file: MsgId %s, 第 %u 份 part\n", message, (unsigned)part);
	if (words.reference[0]) {
		day_write(words.day, day);
		fputs("  银行流水 bank reference: ", stdout);
		output_text(stdout, span_text(words.reference));
		printf(", 银行日期 bank's day %s\n", day);
	}
	return CLI_DONE;
}

static int show_run(struct cli *cli, int argc, char **argv)
{
	struct payment payment;
	struct node *node;
	struct txn *txn;
	int status = CLI_DONE;
	enum error error;

	if (cli_options(cli, NULL, argc, argv, NULL, 2, 2) < 0)
		return CLI_USAGE;
	if (strlen(argv[1]) != END_TO_END_SIZE - 1)
		return cli_usage(cli->command, "%s is no EndToEndId: they have %u characters",
		    argv[1], END_TO_END_SIZE - 1);
	node = cli_open(cli, argv[0], true, &status);
	txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn) {
		error = payment_find(txn, argv[1], &payment);
		status =
		    error == ERROR_NOT_FOUND
			? cli_refuse(cli, error,
			      "there is no payment %s; `suiren payment list` names them", argv[1])
		    : error ? cli_fail(cli, error, NULL, "payment show")
			    : show_print(cli, node, txn, &payment);
	}
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command payment_commands[] = {
    {"payment", "export", "DIR --WHAT NAME [-o FILE] [-n] [--officer-key FILE] [--json]",
	"Order what is due from the bank and write it as pain.001",
	"suiren payment export chengdu --clearing 2026-10", payment_export_run},
    {"payment", "import", "DIR FILE... [-n] [--officer-key FILE] [--json]",
	"Book what the bank says: camt.054 and pain.002",
	"suiren payment import chengdu camt054.xml", payment_import_run},
    {"payment", "list", "DIR [--kind KIND] [--name NAME] [--state STATE] [--json]",
	"Payments, and what the bank has said of them",
	"suiren payment list chengdu --state ordered", list_run},
    {"payment", "unmatched", "DIR [--json]",
	"What the bank has said that matches no payment, until it does",
	"suiren payment unmatched chengdu", payment_unmatched_run},
    {"payment", "settle", "DIR ID --WHAT --grounds TEXT --officer-key FILE [--json]",
	"Say what a line of the bank was that matches no payment",
	"suiren payment settle chengdu 'INVOICE 7' --suspense invoice-7 --grounds 'by telephone' "
	"--officer-key li.key",
	payment_settle_run},
    {"payment", "show", "DIR ID [--json]", "One payment by its EndToEndId",
	"suiren payment show chengdu LQ3Q5AUCV4JMUOTQJ5MTXHMZSFE2YZ", show_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
