#include "account_flags.h"

#include <inttypes.h>
#include <string.h>

#include "account_order.h"

static const char *operation_name(enum account_operation operation)
{
	return operation == ACCOUNT_FREEZE     ? "freeze"
	       : operation == ACCOUNT_UNFREEZE ? "unfreeze"
					       : "close";
}

/* Is there anything to do? The account must exist; what it is already is said and done. */
static int account_look(const struct cli *cli, struct node *node, const char *name,
    enum account_operation operation, bool *needed, uint64_t *size)
{
	struct account account;
	struct hash root;
	int status = CLI_DONE;
	struct txn *txn = cli_read(cli, node, &status);
	if (!txn)
		return status;
	enum error error = account_get(txn, span_text(name), &account);
	if (!error)
		error = ledger_head(txn, size, &root);
	txn_abort(txn);
	if (error == ERROR_NOT_FOUND)
		return cli_refuse(
		    cli, error, "%s: no such account; `suiren balance` lists them", name);
	if (error)
		return cli_fail(cli, error, NULL, name);
	*needed = operation == ACCOUNT_FREEZE     ? !account.frozen
		  : operation == ACCOUNT_UNFREEZE ? account.frozen
						  : !account.closed;
	return CLI_DONE;
}

/* The order's id names the account and the entry at which it was given: an account may be frozen again later. */
static int flags_order(const struct cli *cli, struct node *node, const char *name,
    enum account_operation operation, uint64_t size, const struct secret_key *key)
{
	struct buffer line = {0};
	char id[ORDER_ID_MAX + 1], short_hash[17];
	struct answer answer = {0};
	struct hash hash = hash_sha256(span_text(name));
	hex_write(span_of(hash.bytes, 8), short_hash);
	snprintf(id, sizeof(id), "%s-%s-%" PRIu64, operation_name(operation), short_hash, size);
	const struct account_line flags = {operation, span_text(name)};
	account_line_write(&line, &flags);
	const struct node_order order = {.kind = KIND_account_flags,
	    .id = span_text(id),
	    .lines = buffer_span(&line),
	    .count = 1,
	    .key = key};
	enum error error = line.failed ? line.failed : node_order(node, &order, &answer);
	buffer_free(&line);
	if (error)
		return cli_fail(cli, error, &answer.detail, name);
	return cli_answer(cli, &answer, name);
}

static int flags_run(struct cli *cli, int argc, char **argv, enum account_operation operation)
{
	const char *key_file = NULL;
	const struct cli_option options[] = {{"officer-key", &key_file, NULL}, {NULL, NULL, NULL}};
	struct error_detail detail = {""};
	struct secret_key key = {0};
	uint64_t size = 0;
	bool needed = true;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0)
		return CLI_USAGE;
	const char *name = argv[1];
	if (name[0] == '\0' || strlen(name) > ACCOUNT_NAME_MAX || !utf8_valid(span_text(name)))
		return cli_usage(cli->command, "not a name of an account");
	enum error error =
	    key_file ? key_file_read(key_file, "officer", &key, NULL, &detail) : ERROR_NONE;
	if (error)
		return cli_fail(cli, error, &detail, key_file);
	struct node *node = cli_open(cli, argv[0], false, &status);
	if (node)
		status = account_look(cli, node, name, operation, &needed, &size);
	if (node && !status && needed)
		status = flags_order(cli, node, name, operation, size, key_file ? &key : NULL);
	else if (node && !status)
		printf(cli->json ? "{\"entry\":null,\"repeat\":true}\n" : "nothing to do\n");
	key_wipe(&key);
	node_close(node);
	return status;
}

int account_freeze_run(struct cli *cli, int argc, char **argv)
{
	return flags_run(cli, argc, argv, ACCOUNT_FREEZE);
}

int account_unfreeze_run(struct cli *cli, int argc, char **argv)
{
	return flags_run(cli, argc, argv, ACCOUNT_UNFREEZE);
}

int account_close_run(struct cli *cli, int argc, char **argv)
{
	return flags_run(cli, argc, argv, ACCOUNT_CLOSE);
}
