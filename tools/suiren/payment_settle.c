/* payment_settle.c: `suiren payment settle`: an officer says what a line of the bank was that matches no payment. */
#include "payment_unmatched.h"

#include <string.h>

#include "orders.h"
#include "output.h"
#include "unmatched.h"

struct wanted {
	const char *id, *fact, *reference;
	bool has_amount;
	struct amount amount;
	struct unmatched found;
	unsigned count;
};

static enum bank_fact fact_of(const char *name)
{
	static const char *const names[] = {
	    "", "booked", "rejected", "returned", "credited", "taken_back"};

	for (unsigned fact = BANK_BOOKED; fact <= BANK_TAKEN_BACK; fact++) {
		if (strcmp(names[fact], name) == 0)
			return (enum bank_fact)fact;
	}
	return 0;
}

static bool look(void *context, const struct unmatched *unmatched)
{
	struct wanted *wanted = context;
	const struct bank_line *line = &unmatched->line;

	if (unmatched->ended || strcmp(line->end_to_end, wanted->id) != 0 ||
	    (wanted->fact && fact_of(wanted->fact) != line->fact) ||
	    (wanted->reference && strcmp(wanted->reference, line->reference) != 0) ||
	    (wanted->has_amount && wanted->amount.value != line->amount_fen))
		return true;
	wanted->count++;
	wanted->found = *unmatched;
	return true;
}

/* Exactly one line must be meant. */
static int find(struct cli *cli, struct node *node, struct wanted *wanted)
{
	int status = CLI_DONE;
	struct txn *txn = cli_read(cli, node, &status);
	enum error error = txn ? unmatched_each(txn, look, wanted) : ERROR_NONE;

	txn_abort(txn);
	if (!txn)
		return status;
	if (error)
		return cli_fail(cli, error, NULL, "payment settle");
	if (wanted->count == 0)
		return cli_refuse(cli, ERROR_NOT_FOUND,
		    "no line on %s waits; `suiren payment unmatched` lists them", wanted->id);
	if (wanted->count > 1)
		return cli_refuse(cli, ERROR_CONFLICT,
		    "%u lines on %s wait: --fact, --amount, --reference say which", wanted->count,
		    wanted->id);
	return CLI_DONE;
}

/* Exactly one of the three says what it was. */
static int take_ending(const struct cli *cli, const char *explained, const char *suspense,
    const char *payment, struct ending_line *ending)
{
	const char *of = suspense ? suspense : payment ? payment : "";

	if (!!explained + !!suspense + !!payment != 1)
		return cli_usage(
		    cli->command, "one of --explained, --suspense, --payment says what it was");
	ending->ending = suspense ? ENDING_SUSPENSE : payment ? ENDING_PAYMENT : 0;
	for (unsigned i = ENDING_DUPLICATE; explained && i <= ENDING_NOT_OURS; i++) {
		if (strcmp(explained, ending_name((enum ending)i)) == 0)
			ending->ending = (enum ending)i;
	}
	if (!ending->ending)
		return cli_usage(cli->command, "--explained: duplicate, corrected or not-ours");
	if (strlen(of) > PAYMENT_NAME_MAX)
		return cli_usage(cli->command, "%s is no name", of);
	snprintf(ending->of, sizeof ending->of, "%s", of);
	return CLI_DONE;
}

static int settle(
    struct cli *cli, struct node *node, struct ending_line *ending, const struct secret_key *key)
{
	struct answer answer = {0};
	enum error error = order_unmatched_end(node, ending, key, &answer);

	if (error && !answer.error)
		answer.error = error;
	return cli_answer(cli, &answer, "payment settle");
}

int payment_settle_run(struct cli *cli, int argc, char **argv)
{
	const char *explained = NULL, *suspense = NULL, *payment = NULL, *grounds = NULL,
		   *amount = NULL, *key_file = NULL;
	struct wanted wanted = {.count = 0};
	const struct cli_option options[] = {{"explained", &explained, NULL},
	    {"suspense", &suspense, NULL}, {"payment", &payment, NULL}, {"grounds", &grounds, NULL},
	    {"fact", &wanted.fact, NULL}, {"amount", &amount, NULL},
	    {"reference", &wanted.reference, NULL}, {"officer-key", &key_file, NULL},
	    {NULL, NULL, NULL}};
	struct ending_line ending = {.ending = 0};
	struct secret_key key = {0};
	struct error_detail detail = {""};
	struct node *node;
	int status = CLI_DONE;
	enum error error;

	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0 ||
	    take_ending(cli, explained, suspense, payment, &ending))
		return CLI_USAGE;
	if (!grounds || !key_file)
		return cli_usage(cli->command, "--grounds and --officer-key");
	if (!grounds[0] || strlen(grounds) > GROUNDS_MAX)
		return cli_usage(cli->command, "--grounds: 1 to %u bytes", GROUNDS_MAX);
	if (wanted.fact && !fact_of(wanted.fact))
		return cli_usage(
		    cli->command, "--fact: booked, rejected, returned, credited or taken_back");
	wanted.has_amount = amount != NULL;
	if (amount && yuan_read(span_text(amount), &wanted.amount))
		return cli_usage(cli->command, "--amount: yuan like 500.00");
	wanted.id = argv[1];
	ending.grounds = span_text(grounds);
	error = key_file_read(key_file, "officer", &key, NULL, &detail);
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	node = cli_open(cli, argv[0], false, &status);
	if (node)
		status = find(cli, node, &wanted);
	ending.line = wanted.found.line;
	if (node && !status)
		status = settle(cli, node, &ending, &key);
	node_close(node);
	key_wipe(&key);
	return status;
}
