/* officer.c: `suiren officer add|list`: who signs what is entered by hand. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "orders.h"
#include "output.h"

#define OFFICER_PREFIX "officer/"

/* A name stands in key histories and on receipts: printable, without '/', short enough for the keyring. */
static bool officer_name_good(const char *name)
{
	size_t size = strlen(name);
	if (size == 0 || size >= KEYRING_PARTY_SIZE - strlen(OFFICER_PREFIX) ||
	    !utf8_valid(span_text(name)))
		return false;
	for (size_t i = 0; i < size; i++)
		if ((uint8_t)name[i] <= 0x20 || name[i] == 0x7F || name[i] == '/')
			return false;
	return true;
}

static int officer_order(
    const struct cli *cli, struct node *node, const char *name, const struct public_key *key)
{
	struct answer answer = {0};
	enum error error = order_officer(node, name, key, &answer);
	if (error)
		return cli_fail(cli, error, &answer.detail, name);
	return cli_answer(cli, &answer, name);
}

/* A new key from the node's randomness, written for the officer alone before it is booked: a key that is booked and lost
 * would have to be ended again. */
static int key_make(
    const struct cli *cli, struct node *node, const char *path, struct public_key *public)
{
	struct error_detail detail = {""};
	struct secret_key key;
	struct hash seed;
	node_random(node, seed.bytes, sizeof(seed.bytes));
	key_from_seed(&seed, &key);
	*public = key.public;
	key_wipe(&key);
	enum error error = key_file_write(path, "officer", &seed, &detail);
	explicit_bzero(&seed, sizeof(seed));
	return error ? cli_fail(cli, error, &detail, path) : CLI_DONE;
}

static int add_run(struct cli *cli, int argc, char **argv)
{
	const char *key_text = NULL, *out = NULL;
	const struct cli_option options[] = {
	    {"key", &key_text, NULL}, {"out", &out, NULL}, {NULL, NULL, NULL}};
	struct public_key key;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0)
		return CLI_USAGE;
	if (!officer_name_good(argv[1]))
		return cli_usage(
		    cli->command, "NAME: %s is not a short word without spaces and '/'", argv[1]);
	if (!key_text == !out)
		return cli_usage(cli->command,
		    "either --key with the officer's public key, or --out for a key made here");
	if (key_text && hex_read(span_text(key_text), key.bytes, sizeof(key.bytes)))
		return cli_usage(cli->command, "--key: not a public key of 64 hex digits");
	struct node *node = cli_open(cli, argv[0], false, &status);
	if (node && out)
		status = key_make(cli, node, out, &key);
	if (node && !status)
		status = officer_order(cli, node, argv[1], &key);
	node_close(node);
	return status;
}

struct listing {
	yyjson_mut_doc *doc;
	yyjson_mut_val *array; /* JSON, or NULL */
	unsigned count;
};

static bool officer_show(void *context, const struct keyring_key *key)
{
	struct listing *listing = context;
	if (strncmp(key->party, OFFICER_PREFIX, strlen(OFFICER_PREFIX)) != 0)
		return true;
	const char *name = key->party + strlen(OFFICER_PREFIX);
	bool ended = key->until_sequence != KEYRING_NEVER;
	listing->count++;
	if (listing->array) {
		struct key_id id = key_id(&key->key);
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(listing->doc, listing->array);
		json_text(listing->doc, object, "name", span_text(name));
		json_hex(listing->doc, object, "public_key",
		    span_of(key->key.bytes, sizeof(key->key.bytes)));
		json_hex(listing->doc, object, "key_id", span_of(id.bytes, sizeof(id.bytes)));
		yyjson_mut_obj_add_uint(listing->doc, object, "from_entry", key->from_sequence);
		if (ended)
			yyjson_mut_obj_add_uint(
			    listing->doc, object, "until_entry", key->until_sequence);
		else
			yyjson_mut_obj_add_null(listing->doc, object, "until_entry");
		return true;
	}
	output_cell(stdout, name, 20);
	fputs("  ", stdout);
	output_hex(stdout, span_of(key->key.bytes, sizeof(key->key.bytes)));
	printf("  from entry %" PRIu64, key->from_sequence);
	if (ended)
		printf(" until entry %" PRIu64, key->until_sequence);
	fputc('\n', stdout);
	return true;
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	struct listing listing = {0};
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, NULL, 1, 1) < 0)
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (!txn)
		goto done;
	if (cli->json) {
		listing.doc = yyjson_mut_doc_new(NULL);
		listing.array = yyjson_mut_arr(listing.doc);
		yyjson_mut_doc_set_root(listing.doc, listing.array);
	}
	enum error error = keyring_each(txn, officer_show, &listing);
	if (error) {
		yyjson_mut_doc_free(listing.doc);
		status = cli_fail(cli, error, NULL, "officer list");
	} else if (cli->json) {
		status = output_json(listing.doc, true);
	} else if (listing.count == 0) {
		puts("no officer is registered; `suiren officer add DIR NAME --out FILE` adds one");
	}
done:
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command officer_commands[] = {
    {"officer", "add", "DIR NAME (--key HEX | --out FILE) [--json]", "Register an officer's key",
	"suiren officer add chengdu wang.li --out wang.key", add_run},
    {"officer", "list", "DIR [--json]", "The officers' keys, ended ones too",
	"suiren officer list chengdu", list_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
