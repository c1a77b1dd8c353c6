/* key.c: `suiren key new`: a key for an institution's or an officer's own desk. `suiren key show`: the public keys of a city
 * as its log has booked them, and which secrets lie in the node directory. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "output.h"
#include "rotate.h"

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

/* Secrets of these are made where they are used, without a node; those of a city are made by init. */
static bool kind_of_desk(const char *kind)
{
	return strcmp(kind, "institution") == 0 || strcmp(kind, "officer") == 0;
}

static int new_done(const struct cli *cli, const char *kind, const struct public_key *public)
{
	if (!cli->json) {
		output_hex(stdout, span_of(public->bytes, sizeof(public->bytes)));
		fputc('\n', stdout);
		return CLI_DONE;
	}
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	struct key_id id = key_id(public);
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "kind", kind);
	json_hex(doc, root, "public_key", span_of(public->bytes, sizeof(public->bytes)));
	json_hex(doc, root, "key_id", span_of(id.bytes, sizeof(id.bytes)));
	return output_json(doc, true);
}

static int new_run(struct cli *cli, int argc, char **argv)
{
	const char *out = NULL;
	const struct cli_option options[] = {{"out", &out, NULL}, {NULL, NULL, NULL}};
	struct error_detail detail = {""};
	struct secret_key key;
	struct hash seed;
	if (cli_options(cli, NULL, argc, argv, options, 1, 1) < 0)
		return CLI_USAGE;
	if (!kind_of_desk(argv[0]))
		return cli_usage(
		    cli->command, "KIND: %s is neither institution nor officer", argv[0]);
	if (!out)
		return cli_usage(cli->command, "-o FILE says where the secret key goes");
	key_generate(&key);
	/* RFC 8032: the seed is the private key; libsodium keeps it in front of the public one. */
	memcpy(seed.bytes, key.bytes, sizeof(seed.bytes));
	enum error error = key_file_write(out, argv[0], &seed, &detail);
	explicit_bzero(&seed, sizeof(seed));
	int status =
	    error ? cli_fail(cli, error, &detail, out) : new_done(cli, argv[0], &key.public);
	key_wipe(&key);
	return status;
}

/* The root key, from the file that was named or, if it was never taken away, from the node's own. */
static enum error root_open(
    const char *directory, const char *file, struct secret_key *root, struct error_detail *detail)
{
	char path[4096];
	if (file)
		return key_file_read(file, "root", root, NULL, detail);
	if (snprintf(path, sizeof(path), "%s/keys/root.key", directory) >= (int)sizeof(path))
		return ERROR_TOO_LARGE;
	return key_file_read(path, "root", root, NULL, detail);
}

static int rotate_run(struct cli *cli, int argc, char **argv)
{
	const char *root_file = NULL, *listen = NULL;
	const struct cli_option options[] = {
	    {"root-key", &root_file, NULL}, {"listen", &listen, NULL}, {NULL, NULL, NULL}};
	struct error_detail detail = {""};
	struct secret_key root = {0};
	struct answer answer;
	int status = CLI_DONE;
	if (cli_options(cli, NULL, argc, argv, options, 2, 2) < 0)
		return CLI_USAGE;
	if (strcmp(argv[1], "link") != 0)
		return cli_usage(
		    cli->command, "KIND: %s: only the link key can be rotated", argv[1]);
	enum error error = root_open(argv[0], root_file, &root, &detail);
	struct node *node = error ? NULL : cli_open(cli, argv[0], false, &status);
	if (node)
		error = node_rotate_link(node, &root, listen, &answer, &detail);
	if (error)
		status = cli_fail(cli, error, &detail, "key rotate");
	else if (node)
		status = cli_answer(cli, &answer, "key rotate");
	node_close(node);
	key_wipe(&root);
	return status;
}

const struct cli_command key_commands[] = {
    {"key", "new", "KIND -o FILE [--json]", "Make a key for an institution's or an officer's desk",
	"suiren key new institution -o house.key", new_run},
    {"key", "show", "DIR [--json]",
	"The city's public keys, and which secrets lie in the directory", "suiren key show chengdu",
	show_run},
    {"key", "rotate", "DIR link [--root-key FILE] [--listen ADDRESS] [--now TIME] [--json]",
	"Another link key, by a new descriptor that the peers are shown",
	"suiren key rotate chengdu link --root-key /media/safe/root.key", rotate_run},
    {NULL, NULL, NULL, NULL, NULL, NULL}};
