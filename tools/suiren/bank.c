/* bank.c: `suiren bank`: the made-up bank of the demo. Of the books it only
 * asks what kind of payment it has before it: what lies in DIR/bank/out it books on the day of the order,
 * rejects or, a day after booking, returns, as bank_draw says, and lays its answers into DIR/bank/in. A city to which a clearing is paid finds the
 * credit in its own DIR/bank/in if it is named too, else in DIR/bank/for/<region>. Its answers follow from the orders alone: playing it twice
 * writes the same files. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bank_answer.h"
#include "bank_draw.h"
#include "bank_folder.h"
#include "cli.h"
#include "iso20022.h"
#include "output.h"

struct bank {
	struct cli *cli;
	int32_t until;
	struct node *nodes[CITIES_MAX]; /* open for reading */
	size_t count;
	struct error_detail detail;
	yyjson_mut_doc *doc;
	yyjson_mut_val *files;
	uint32_t orders, waiting, written, there;
};

/* --- what it does with an order ------------------------------------------------------------------------------- */

static enum bank_fact draw(struct txn *txn, struct span end_to_end)
{
	struct payment payment;
	char id[END_TO_END_SIZE] = "";

	if (end_to_end.size < sizeof id) {
		memcpy(id, end_to_end.data, end_to_end.size);
		id[end_to_end.size] = '\0';
	}
	return payment_find(txn, id, &payment) ? BANK_BOOKED
					       : bank_draw(payment.kind, payment.end_to_end);
}

static void tell_file(struct bank *bank, const char *path, size_t count, bool written)
{
	bank->written += written;
	bank->there += !written;
	if (bank->doc) {
		yyjson_mut_val *one = yyjson_mut_arr_add_obj(bank->doc, bank->files);
		json_text(bank->doc, one, "file", span_text(path));
		yyjson_mut_obj_add_uint(bank->doc, one, "facts", count);
		yyjson_mut_obj_add_bool(bank->doc, one, "written", written);
	} else if (written) {
		fputs("  ", stdout);
		output_text(stdout, span_text(path));
		printf("  %zu 笔 facts\n", count);
	}
}

/* Lay it into `folder` of `directory`. */
static enum error answer_lay(struct bank *bank, const struct bank_answer *answer,
    const struct iso_order *order, struct span account, const char *directory, const char *folder)
{
	static const char *const names[] = {
	    "1-pain002-rejected", "1-camt054-booked", "2-camt054-returned", "1-camt054-credited"};
	struct buffer content = {0};
	char name[128], path[BANK_PATH_MAX];
	bool written = false;
	enum error error = answer_bytes(answer, order, account, &content, &bank->detail);

	snprintf(name, sizeof name, "%.*s-%s.xml", (int)order->message.size,
	    (const char *)order->message.data, names[answer->kind]);
	if (!error)
		error = bank_folder_make(directory, folder, &bank->detail);
	if (!error)
		error = bank_path(directory, folder, name, path, &bank->detail);
	if (!error)
		error = bank_file_write(path, buffer_span(&content), &written, &bank->detail);
	buffer_free(&content);
	if (!error)
		tell_file(bank, path, answer->count, written);
	return error;
}

/* --- one order ------------------------------------------------------------------------------------------------ */

static enum error to_payer(struct bank *bank, struct node *node, struct txn *txn,
    const struct iso_order *order, enum answer_kind kind)
{
	int32_t day = order->execution_day + (kind == ANSWER_RETURNED);
	struct bank_answer answer;
	enum error error = answer_create(&answer, kind, day, order->count);

	for (size_t i = 0; !error && i < order->count; i++) {
		enum bank_fact fact = draw(txn, order->transfers[i].end_to_end);

		if (kind == ANSWER_REJECTED   ? fact == BANK_REJECTED
		    : kind == ANSWER_RETURNED ? fact == BANK_RETURNED
					      : fact != BANK_REJECTED)
			answer_add(&answer, &order->transfers[i]);
	}
	if (!error && answer.count && day > bank->until)
		bank->waiting++;
	else if (!error && answer.count)
		error = answer_lay(bank, &answer, order, order->debtor.account,
		    node_directory(node), BANK_FOLDER_IN);
	answer_free(&answer);
	return error;
}

/* The city whose account it is, as the payer's node.yaml knows it; NULL: none. */
static const struct node_peer *peer_of(const struct node *node, struct span account)
{
	const struct node_config *config = node_configuration(node);

	for (size_t i = 0; i < config->peer_count; i++) {
		if (account.size && span_equal(account, span_text(config->peers[i].account)))
			return &config->peers[i];
	}
	return NULL;
}

static enum error to_creditor(struct bank *bank, struct node *node, struct txn *txn,
    const struct iso_order *order, const struct node_peer *peer)
{
	const char *directory = node_directory(node);
	char folder[16];
	struct bank_answer answer;
	enum error error =
	    answer_create(&answer, ANSWER_CREDITED, order->execution_day, order->count);

	snprintf(folder, sizeof folder, "for/%06u", (unsigned)peer->region);
	for (size_t i = 0; i < bank->count; i++) {
		if (node_region(bank->nodes[i]) != peer->region)
			continue;
		directory = node_directory(bank->nodes[i]);
		snprintf(folder, sizeof folder, "%s", BANK_FOLDER_IN);
	}
	for (size_t i = 0; !error && i < order->count; i++) {
		const struct iso_transfer *transfer = &order->transfers[i];

		if (span_equal(transfer->creditor.account, span_text(peer->account)) &&
		    draw(txn, transfer->end_to_end) == BANK_BOOKED)
			answer_add(&answer, transfer);
	}
	if (!error && answer.count)
		error =
		    answer_lay(bank, &answer, order, span_text(peer->account), directory, folder);
	answer_free(&answer);
	return error;
}

/* Each city that the order pays gets one file. */
static enum error to_creditors(
    struct bank *bank, struct node *node, struct txn *txn, const struct iso_order *order)
{
	const struct node_config *config = node_configuration(node);
	bool paid[PEERS_MAX] = {false};
	enum error error = ERROR_NONE;

	for (size_t i = 0; i < order->count; i++) {
		const struct node_peer *peer = peer_of(node, order->transfers[i].creditor.account);

		if (peer)
			paid[peer - config->peers] = true;
	}
	for (size_t i = 0; !error && i < config->peer_count; i++) {
		if (paid[i])
			error = to_creditor(bank, node, txn, order, &config->peers[i]);
	}
	return error;
}

/* Out of an account that is not the city's nothing is paid. */
static enum error refuse_order(struct bank *bank, struct node *node, const struct iso_order *order)
{
	struct bank_answer answer;
	enum error error = answer_create(&answer, ANSWER_REJECTED, order->execution_day, 1);

	if (!error)
		error = answer_lay(bank, &answer, order, order->debtor.account,
		    node_directory(node), BANK_FOLDER_IN);
	answer_free(&answer);
	return error;
}

static enum error play_order(
    struct bank *bank, struct node *node, struct txn *txn, const struct iso_order *order)
{
	enum error error = ERROR_NONE;

	bank->orders++;
	if (order->execution_day > bank->until) {
		bank->waiting++;
		return ERROR_NONE;
	}
	if (!span_equal(order->debtor.account, span_text(node_configuration(node)->account)))
		return refuse_order(bank, node, order);
	for (enum answer_kind kind = ANSWER_REJECTED; !error && kind <= ANSWER_RETURNED; kind++)
		error = to_payer(bank, node, txn, order, kind);
	return error ? error : to_creditors(bank, node, txn, order);
}

static enum error play_file(struct bank *bank, struct node *node, struct txn *txn, const char *name)
{
	struct buffer content = {0};
	struct iso_file file;
	char path[BANK_PATH_MAX];
	enum error error =
	    bank_path(node_directory(node), BANK_FOLDER_OUT, name, path, &bank->detail);

	if (!error)
		error = cli_read_file(path, ISO_FILE_MAX, &content, &bank->detail);
	if (!error)
		error = iso_read(path, buffer_span(&content), &file, &bank->detail);
	buffer_free(&content);
	if (error)
		return error;
	error = file.kind == ISO_ORDER ? play_order(bank, node, txn, &file.order)
				       : error_set(&bank->detail, ERROR_MALFORMED,
					     "%s: no payment order (pain.001)", path);
	iso_file_free(&file);
	return error;
}

static enum error play_city(struct bank *bank, struct node *node)
{
	struct bank_names names = {NULL, 0};
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node_ledger(node)), &txn);

	if (error)
		return error;
	error = bank_folder_list(node_directory(node), BANK_FOLDER_OUT, &names, &bank->detail);
	for (size_t i = 0; !error && i < names.count; i++)
		error = play_file(bank, node, txn, names.names[i]);
	bank_names_free(&names);
	txn_abort(txn);
	return error;
}

/* --- */

static int open_all(struct bank *bank, char *const *directories, size_t count)
{
	int status = CLI_DONE;

	for (size_t i = 0; i < count; i++) {
		struct node *node = cli_open(bank->cli, directories[i], true, &status);

		if (!node)
			return status;
		for (size_t j = 0; j < bank->count && !status; j++) {
			if (node_region(bank->nodes[j]) == node_region(node))
				status =
				    cli_usage(bank->cli->command, "%s and %s are nodes of one city",
					node_directory(bank->nodes[j]), directories[i]);
		}
		bank->nodes[bank->count++] = node;
		if (!node_is_demo(node))
			return cli_refuse(bank->cli, ERROR_REFUSED,
			    "%s is no demo node: its bank is a real one", directories[i]);
		if (status)
			return status;
	}
	return CLI_DONE;
}

static int tell(const struct bank *bank)
{
	yyjson_mut_val *root = yyjson_mut_doc_get_root(bank->doc);

	if (!bank->doc) {
		printf("银行 bank: 指令 orders %u, 新答复 new answers %u, 前已答复 answered before "
		       "%u, "
		       "待处理 waiting %u\n",
		    (unsigned)bank->orders, (unsigned)bank->written, (unsigned)bank->there,
		    (unsigned)bank->waiting);
		return CLI_DONE;
	}
	json_day(bank->doc, root, "until", bank->until);
	yyjson_mut_obj_add_uint(bank->doc, root, "orders", bank->orders);
	yyjson_mut_obj_add_uint(bank->doc, root, "waiting", bank->waiting);
	yyjson_mut_obj_add_val(bank->doc, root, "files", bank->files);
	return output_json(bank->doc, true);
}

static int play(struct bank *bank)
{
	enum error error = ERROR_NONE;

	if (bank->cli->json) {
		bank->doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_doc_set_root(bank->doc, yyjson_mut_obj(bank->doc));
		bank->files = yyjson_mut_arr(bank->doc);
	}
	for (size_t i = 0; !error && i < bank->count; i++)
		error = play_city(bank, bank->nodes[i]);
	if (!error)
		return tell(bank);
	yyjson_mut_doc_free(bank->doc);
	return cli_fail(bank->cli, error, &bank->detail, "bank");
}

static int bank_run(struct cli *cli, int argc, char **argv)
{
	const char *until = NULL;
	const struct cli_option options[] = {{"until", &until, NULL}, {NULL, NULL, NULL}};
	struct bank bank = {.cli = cli};
	int words = cli_options(cli, NULL, argc, argv, options, 1, CITIES_MAX), status;

	if (words < 0)
		return CLI_USAGE;
	if (!until)
		return cli_usage(
		    cli->command, "--until DAY is missing: up to which day the bank works");
	if (cli_day(cli, "--until", until, &bank.until))
		return CLI_USAGE;
	status = open_all(&bank, argv, (size_t)words);
	if (!status)
		status = play(&bank);
	for (size_t i = 0; i < bank.count; i++)
		node_close(bank.nodes[i]);
	return status;
}

const struct cli_command bank_commands[] = {
    {"bank", NULL, "DIR... --until DAY [--json]",
	"Play the bank for demo nodes: book, reject and return their payments",
	"suiren bank demo/510100 demo/500000 --until 2026-11-12", bank_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
