#include "policy_bundle.h"

#include <unistd.h>

#include "bundle.h"
#include "output.h"

int policy_bundle_run(struct cli *cli, int argc, char **argv)
{
	const char *output = NULL;
	const struct cli_option options[] = {{"output", &output, NULL}, {NULL, NULL, NULL}};
	struct error_detail detail = {""};
	struct buffer bundle = {0};
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!output && isatty(STDOUT_FILENO))
		return cli_usage(cli->command, "a bundle is not text: give -o FILE, or a pipe");
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (!txn)
		goto done;
	enum error error = bundle_write(txn, &bundle);
	if (!error && output)
		error = cli_write_file(output, buffer_span(&bundle), &detail);
	if (error)
		status = cli_fail(cli, error, &detail, NULL);
	else if (output)
		printf("%s: %zu bytes\nNext: suiren claim sign FILE.csv --key KEY --policy %s\n",
		    output, bundle.size, output);
	else
		fwrite(bundle.data, 1, bundle.size, stdout);
done:
	txn_abort(txn);
	node_close(node);
	buffer_free(&bundle);
	return status;
}
