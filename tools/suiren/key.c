/* key.c: `suiren key show`: the public keys of a city as its log has booked them, and which secrets lie in the node
 * directory. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "output.h"

static const char *const key_kinds[] = {"root", "document", "log", "witness", "link"};
#define KEY_KINDS (sizeof(key_kinds) / sizeof(key_kinds[0]))

struct key_shown {
	struct keyring_key key;
	bool known, secret_here;
};

static enum error keys_read(const struct node *node, struct txn *txn, struct key_shown *keys)
{
	char party[KEYRING_PARTY_SIZE], path[4096];
	snprintf(party, sizeof(party), "city/%06u", node_region(node));
	for (size_t i = 0; i < KEY_KINDS; i++) {
		enum error error = keyring_current(txn, party, key_kinds[i], &keys[i].key);
		if (error && error != ERROR_NOT_FOUND)
			return error;
		keys[i].known = !error;
		snprintf(path, sizeof(path), "%s/keys/%s.key", node_directory(node), key_kinds[i]);
		keys[i].secret_here = access(path, F_OK) == 0;
	}
	return ERROR_NONE;
}

static int keys_json(const struct key_shown *keys, struct span vkey)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_val *array = yyjson_mut_arr(doc);
	for (size_t i = 0; i < KEY_KINDS; i++) {
		if (!keys[i].known)
			continue;
		const struct public_key *key = &keys[i].key.key;
		struct key_id id = key_id(key);
		yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, array);
		yyjson_mut_obj_add_str(doc, object, "kind", key_kinds[i]);
		json_hex(doc, object, "public_key", span_of(key->bytes, sizeof(key->bytes)));
		json_hex(doc, object, "key_id", span_of(id.bytes, sizeof(id.bytes)));
		yyjson_mut_obj_add_uint(doc, object, "from_entry", keys[i].key.from_sequence);
		yyjson_mut_obj_add_bool(doc, object, "secret_here", keys[i].secret_here);
	}
	yyjson_mut_obj_add_val(doc, root, "keys", array);
	json_text(doc, root, "vkey", vkey);
	return output_json(doc, true);
}

static int keys_text(const struct node *node, const struct key_shown *keys, struct span vkey)
{
	for (size_t i = 0; i < KEY_KINDS; i++) {
		if (!keys[i].known)
			continue;
		output_cell(stdout, key_kinds[i], 9);
		output_hex(stdout, span_of(keys[i].key.key.bytes, PUBLIC_KEY_SIZE));
		printf("  from entry %" PRIu64 "%s\n", keys[i].key.from_sequence,
		    keys[i].secret_here ? ", secret here" : "");
	}
	printf("vkey     ");
	output_text(stdout, vkey);
	fputc('\n', stdout);
	if (keys[0].secret_here && !node_is_demo(node))
		fprintf(stderr,
		    "suiren: %s/keys/root.key is still here; take it to a place without a "
		    "network\n",
		    node_directory(node));
	return CLI_DONE;
}

static int show_run(struct cli *cli, int argc, char **argv)
{
	int status = CLI_DONE;
	struct key_shown keys[KEY_KINDS];
	struct note_verifier verifier;
	struct buffer vkey = {0};
	if (cli_options(cli, NULL, argc, argv, NULL, 1, 1) < 0)
		return CLI_USAGE;
	struct node *node = cli_open(cli, argv[0], true, &status);
	struct txn *txn = node ? cli_read(cli, node, &status) : NULL;
	if (txn) {
		enum error error = keys_read(node, txn, keys);
		node_log_verifier(node, &verifier);
		note_verifier_write(&vkey, &verifier);
		if (!error)
			error = vkey.failed;
		status = error       ? cli_fail(cli, error, NULL, "key show")
			 : cli->json ? keys_json(keys, buffer_span(&vkey))
				     : keys_text(node, keys, buffer_span(&vkey));
	}
	buffer_free(&vkey);
	txn_abort(txn);
	node_close(node);
	return status;
}

const struct cli_command key_commands[] = {
    {"key", "show", "DIR [--json]",
	"The city's public keys, and which secrets lie in the directory", "suiren key show chengdu",
	show_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
