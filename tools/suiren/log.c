/* log.c: `suiren log head|vkey|entry|leaves`: the log as it stands, without any key. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "entry_view.h"
#include "output.h"

static int head_run(struct cli *cli, int argc, char **argv)
{
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, NULL, 1, 1) < 0)
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (!txn)
		goto done;
	struct span note;
	struct checkpoint checkpoint;
	struct note_verifier verifier;
	node_log_verifier(node, &verifier);
	enum error error = ledger_checkpoint(txn, &note);
	if (!error)
		error = checkpoint_verify(note, &verifier, &checkpoint);
	if (error) {
		status = cli_fail(cli, error, NULL, "signed checkpoint");
		goto done;
	}
	if (!cli->json) {
		fwrite(note.data, 1, note.size, stdout);
		goto done;
	}
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, object);
	json_text(doc, object, "origin", span_text(checkpoint.origin));
	yyjson_mut_obj_add_uint(doc, object, "size", checkpoint.size);
	json_hex(doc, object, "root", hash_span(&checkpoint.root));
	json_text(doc, object, "checkpoint", note);
	status = output_json(doc, true);
done:
	txn_abort(txn);
	node_close(node);
	return status;
}

static int vkey_run(struct cli *cli, int argc, char **argv)
{
	int status = CLI_DONE;
	struct buffer text = {0};
	if (cli_options(cli, NULL, argc, argv, NULL, 1, 1) < 0)
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	if (!node)
		return status;
	struct note_verifier verifier;
	node_log_verifier(node, &verifier);
	note_verifier_write(&text, &verifier);
	if (text.failed) {
		status = cli_fail(cli, text.failed, NULL, NULL);
	} else if (cli->json) {
		yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
		yyjson_mut_val *object = yyjson_mut_obj(doc);
		yyjson_mut_doc_set_root(doc, object);
		json_text(doc, object, "vkey", buffer_span(&text));
		json_hex(doc, object, "public_key", span_of(&verifier.key, sizeof(verifier.key)));
		status = output_json(doc, true);
	} else {
		printf("%.*s\n", (int)text.size, (const char *)text.data);
	}
	buffer_free(&text);
	node_close(node);
	return status;
}

static int entry_run(struct cli *cli, int argc, char **argv)
{
	uint64_t sequence = 0;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, NULL, 2, 2) < 0)
		return CLI_USAGE;
	if (cli_number(cli, "SEQ", argv[1], INT64_MAX, &sequence))
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (!txn)
		goto done;
	struct entry_reader reader = {0};
	enum error error = ledger_read(txn, sequence, &reader);
	if (error) {
		char what[64];
		snprintf(what, sizeof(what), "entry %llu", (unsigned long long)sequence);
		status = cli_fail(cli, error, NULL, what);
	} else {
		status = cli->json ? entry_view_json(txn, &reader.entry)
				   : entry_view_text(txn, &reader.entry);
	}
	entry_free(&reader);
done:
	txn_abort(txn);
	node_close(node);
	return status;
}

static int leaves_print(const struct cli *cli, struct txn *txn, uint64_t from, uint64_t to)
{
	for (uint64_t sequence = from; sequence < to && !ferror(stdout); sequence++) {
		struct span header, body;
		enum error error = ledger_get(txn, sequence, &header, &body);
		if (error)
			return cli_fail(cli, error, NULL, "log leaves");
		output_hex(stdout, header);
		fputc('\n', stdout);
	}
	return CLI_DONE;
}

static int leaves_run(struct cli *cli, int argc, char **argv)
{
	const char *from_text = NULL, *to_text = NULL;
	const struct cli_option options[] = {
	    {"from", &from_text, NULL}, {"to", &to_text, NULL}, {NULL, NULL, NULL}};
	uint64_t from = 0, to = 0, size = 0;
	struct hash root;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (from_text && cli_number(cli, "--from", from_text, INT64_MAX, &from))
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (!txn)
		goto done;
	enum error error = ledger_head(txn, &size, &root);
	to = size;
	if (error)
		status = cli_fail(cli, error, NULL, "log head");
	else if (to_text)
		status = cli_number(cli, "--to", to_text, INT64_MAX, &to);
	if (!status && (from > to || to > size))
		status = cli_refuse(cli, ERROR_RANGE,
		    "--from %llu --to %llu: the log has entries 0 to %llu, and --to is the first "
		    "one left out",
		    (unsigned long long)from, (unsigned long long)to, (unsigned long long)size - 1);
	if (!status)
		status = leaves_print(cli, txn, from, to);
done:
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command log_commands[] = {
    {"log", "head", "DIR [--json]", "The signed checkpoint of the log (C2SP text)",
	"suiren log head chengdu", head_run},
    {"log", "vkey", "DIR [--json]", "The key that verifies the checkpoint (C2SP vkey)",
	"suiren log vkey chengdu", vkey_run},
    {"log", "entry", "DIR SEQ [--json]",
	"One entry decoded: header, documents, lines, verdicts, transfers",
	"suiren log entry chengdu 0", entry_run},
    {"log", "leaves", "DIR [--from A] [--to B]",
	"Leaf data (entry headers) from A up to but without B, hex, one a line",
	"suiren log leaves chengdu --from 0 --to 8", leaves_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
