#include "rotate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "descriptor.h"
#include "node_internal.h"

#define LINK_KEY NODE_FOLDER_KEYS "/link.key"
#define LINK_KEY_NEXT NODE_FOLDER_KEYS "/link.key.next"
#define LINK_KEY_OLD NODE_FOLDER_KEYS "/link.key.old"

static enum error read_key(
    struct node *node, const char *name, struct hash *secret, struct error_detail *detail)
{
	struct secret_key unused = {0};
	char path[NODE_PATH_MAX];
	enum error error = node_path(node->directory, name, path, detail);

	if (!error)
		error = key_file_read(path, "link", &unused, secret, detail);
	key_wipe(&unused);
	return error;
}

/* Is it the key that the log names now? */
static enum error check_named(
    struct node *node, const struct hash *secret, const char *name, struct error_detail *detail)
{
	struct keyring_key named;
	struct public_key public;
	char party[KEYRING_PARTY_SIZE];
	struct txn *txn;
	enum error error = txn_begin_read(ledger_store(node->ledger), &txn);

	if (error)
		return error;
	snprintf(party, sizeof party, "city/%06u", (unsigned)node->config.region);
	error = keyring_current(txn, party, "link", &named);
	txn_abort(txn);
	if (error)
		return error_set(detail, error, "%s: the log names no link key: %s",
		    node->directory, error_text(error));
	crypto_scalarmult_base(public.bytes, secret->bytes);
	return memcmp(&public, &named.key, sizeof public) == 0
		   ? ERROR_NONE
		   : error_set(detail, ERROR_MISMATCH, "%s/%s: not the key that the log names",
			 node->directory, name);
}

static enum error move(
    struct node *node, const char *from, const char *to, struct error_detail *detail)
{
	char here[NODE_PATH_MAX], there[NODE_PATH_MAX];
	enum error error = node_path(node->directory, from, here, detail);

	if (!error)
		error = node_path(node->directory, to, there, detail);
	if (error)
		return error;
	if (rename(here, there) != 0 && errno != ENOENT) /* moved before a kill */
		return error_set(detail, node_system_error(errno), "%s: %s", here, strerror(errno));
	return ERROR_NONE;
}

/* The next key is the one that the log names: it takes its place, and the one before stays as the old one. */
static enum error put_in_place(struct node *node, struct error_detail *detail)
{
	char folder[NODE_PATH_MAX];
	enum error error = move(node, LINK_KEY, LINK_KEY_OLD, detail);

	if (!error)
		error = move(node, LINK_KEY_NEXT, LINK_KEY, detail);
	if (!error)
		error = node_path(node->directory, NODE_FOLDER_KEYS, folder, detail);
	return error ? error : node_folder_sync(folder, detail);
}

static enum error read_named(
    struct node *node, const char *name, struct hash *secret, struct error_detail *detail)
{
	enum error error = read_key(node, name, secret, detail);

	return error ? error : check_named(node, secret, name, detail);
}

/* The key that the log names, where it lies; *is_next: still under the name of the next one. */
static enum error find_named(
    struct node *node, struct hash *secret, bool *is_next, struct error_detail *detail)
{
	struct error_detail unused;
	enum error error = read_named(node, LINK_KEY, secret, detail);

	*is_next = error && error != ERROR_IO &&
		   read_named(node, LINK_KEY_NEXT, secret, &unused) == ERROR_NONE;
	/* Between the two looks a daemon may have put the next one in its place. */
	if (error && error != ERROR_IO && !*is_next)
		error = read_named(node, LINK_KEY, secret, detail);
	return *is_next ? ERROR_NONE : error;
}

enum error node_link_key(struct node *node, struct hash *secret, struct hash *old, bool *has_old,
    struct error_detail *detail)
{
	struct error_detail unused;
	bool is_next;
	enum error error = find_named(node, secret, &is_next, detail);

	/* Whoever holds the node's lock moves files: two would move what the other has moved. */
	if (!error && is_next && !node->remote && !node->options.read_only)
		error = put_in_place(node, detail);
	*has_old = !error && read_key(node, LINK_KEY_OLD, old, &unused) == ERROR_NONE;
	return error;
}

/* The descriptor that names the new key. */
static enum error describe(struct node *node, const struct secret_key *root, const char *address,
    const struct hash *seed, struct buffer *document, struct error_detail *detail)
{
	struct descriptor descriptor;
	struct buffer present = {0};
	enum error error = node_descriptor(node, &present);

	if (!error)
		error = descriptor_read(buffer_span(&present), &descriptor);
	buffer_free(&present);
	if (error)
		return error;
	if (memcmp(&descriptor.root, &root->public, sizeof descriptor.root) != 0)
		return error_set(detail, ERROR_MISMATCH, "not the root key of this city");
	if (address && snprintf(descriptor.address, sizeof descriptor.address, "%s", address) >=
			   (int)sizeof descriptor.address)
		return error_set(detail, ERROR_TOO_LARGE, "%s: too long an address", address);
	descriptor.number++;
	crypto_scalarmult_base(descriptor.link.bytes, seed->bytes);
	descriptor_sign(document, &descriptor, root);
	return document->failed;
}

/* What a rotation that was given up has left is replaced. */
static enum error write_next(
    struct node *node, const struct hash *seed, struct error_detail *detail)
{
	char path[NODE_PATH_MAX];
	enum error error = node_path(node->directory, LINK_KEY_NEXT, path, detail);

	if (error)
		return error;
	unlink(path);
	return key_file_write(path, "link", seed, detail);
}

/* A city's own descriptor comes by an order of its own: from outside it is not taken. */
static enum error book(struct node *node, struct span descriptor, struct answer *answer)
{
	const struct hash content = document_hash(descriptor);
	struct node_order order = {.kind = KIND_peer, .content = &content, .parameter_count = 1};
	struct buffer parameter = {0};
	enum error error;

	codec_put_bytes(&parameter, descriptor);
	order.parameters = buffer_span(&parameter);
	error = parameter.failed ? parameter.failed : node_order(node, &order, answer);
	buffer_free(&parameter);
	return error ? error : answer->error;
}

enum error node_rotate_link(struct node *node, const struct secret_key *root, const char *address,
    struct answer *answer, struct error_detail *detail)
{
	struct buffer document = {0};
	struct hash seed, secret, old;
	bool has_old;
	/* One that was broken off before is brought to its end. */
	enum error error = node_link_key(node, &secret, &old, &has_old, detail);

	memset(answer, 0, sizeof *answer);
	node_random(node, seed.bytes, sizeof seed.bytes);
	if (!error)
		error = describe(node, root, address, &seed, &document, detail);
	/* The key is here before anybody is told of it. */
	if (!error)
		error = write_next(node, &seed, detail);
	if (!error) {
		error = book(node, buffer_span(&document), answer);
		if (error)
			*detail = answer->detail;
	}
	if (!error)
		error = node_link_key(node, &secret, &old, &has_old, detail);
	explicit_bzero(&seed, sizeof seed);
	explicit_bzero(&secret, sizeof secret);
	explicit_bzero(&old, sizeof old);
	buffer_free(&document);
	return error;
}
