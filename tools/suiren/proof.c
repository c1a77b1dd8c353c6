/* proof.c: `suiren proof inclusion|consistency`: RFC 9162 proofs as JSON, for whoever checks the log from outside. */
#include "cli.h"
#include "output.h"

/* {"leaf_hash","hashes","root"}; a consistency proof has no leaf: null. */
static int proof_print(
    const struct hash *leaf, const struct merkle_proof *proof, const struct hash *root)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	if (leaf)
		json_hex(doc, object, "leaf_hash", hash_span(leaf));
	else
		yyjson_mut_obj_add_null(doc, object, "leaf_hash");
	yyjson_mut_obj_add_val(
	    doc, object, "hashes", json_hashes(doc, proof->hashes, proof->count));
	json_hex(doc, object, "root", hash_span(root));
	return output_json(doc, false);
}

/* The log's size, and `size` checked against it; `text` NULL: the whole log. */
static int size_option(const struct cli *cli, struct txn *txn, const char *name, const char *text,
    uint64_t least, uint64_t *size)
{
	uint64_t head = 0;
	struct hash root;
	enum error error = ledger_head(txn, &head, &root);
	if (error)
		return cli_fail(cli, error, NULL, "log head");
	*size = head;
	if (text && cli_number(cli, name, text, INT64_MAX, size))
		return CLI_USAGE;
	if (*size > head)
		return cli_refuse(cli, ERROR_RANGE, "%s %llu: the log has only %llu entries", name,
		    (unsigned long long)*size, (unsigned long long)head);
	if (*size < least)
		return cli_refuse(cli, ERROR_RANGE, "%s %llu: must be at least %llu", name,
		    (unsigned long long)*size, (unsigned long long)least);
	return CLI_DONE;
}

static int inclusion_run(struct cli *cli, int argc, char **argv)
{
	const char *entry_text = NULL, *size_text = NULL;
	const struct cli_option options[] = {
	    {"entry", &entry_text, NULL}, {"size", &size_text, NULL}, {NULL, NULL, NULL}};
	uint64_t sequence = 0, size = 0;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!entry_text)
		return cli_usage(cli->command, "--entry is missing");
	if (cli_number(cli, "--entry", entry_text, INT64_MAX - 1, &sequence))
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (!txn)
		goto done;
	status = size_option(cli, txn, "--size", size_text, 1, &size);
	if (!status && sequence >= size)
		status = cli_refuse(cli, ERROR_RANGE,
		    "--entry %llu: not among the first %llu entries, which are 0 to %llu",
		    (unsigned long long)sequence, (unsigned long long)size,
		    (unsigned long long)(size - 1));
	if (status)
		goto done;
	struct merkle_proof proof;
	struct hash leaf, root;
	enum error error = ledger_prove_inclusion(txn, sequence, size, &proof, &leaf, &root);
	status = error ? cli_fail(cli, error, NULL, "proof") : proof_print(&leaf, &proof, &root);
done:
	txn_abort(txn);
	node_close(node);
	return status;
}

static int consistency_run(struct cli *cli, int argc, char **argv)
{
	const char *from_text = NULL, *to_text = NULL;
	const struct cli_option options[] = {
	    {"from", &from_text, NULL}, {"to", &to_text, NULL}, {NULL, NULL, NULL}};
	uint64_t from = 0, to = 0;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!from_text)
		return cli_usage(cli->command, "--from is missing");
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (!txn)
		goto done;
	status = size_option(cli, txn, "--to", to_text, 0, &to);
	if (!status)
		status = size_option(cli, txn, "--from", from_text, 0, &from);
	if (!status && from > to)
		status = cli_refuse(cli, ERROR_RANGE, "--from %llu is more than --to %llu",
		    (unsigned long long)from, (unsigned long long)to);
	if (status)
		goto done;
	struct merkle_proof proof;
	struct hash root;
	enum error error = ledger_prove_consistency(txn, from, to, &proof, &root);
	status = error ? cli_fail(cli, error, NULL, "proof") : proof_print(NULL, &proof, &root);
done:
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command proof_commands[] = {
    {"proof", "inclusion", "DIR --entry SEQ [--size N]",
	"Prove that an entry is in the log of N entries",
	"suiren proof inclusion chengdu --entry 3 --size 8", inclusion_run},
    {"proof", "consistency", "DIR --from M [--to N]",
	"Prove that the log of N entries continues the log of M",
	"suiren proof consistency chengdu --from 4 --to 8", consistency_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
