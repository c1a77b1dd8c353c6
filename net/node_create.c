/* node_create.c: makes a node directory. It is built beside its place, as DIRECTORY.part-<process>,
 * and renamed when it is whole, so that a failure leaves nothing that looks like a node. */
#include "node_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "descriptor.h"
#include "embedded.h"
#include "region.h"

/* In the order in which their seeds are drawn: with a given seam the same keys come out. */
static const char *const key_kinds[] = {"root", "document", "log", "witness", "link", "registry"};
enum { KEY_ROOT, KEY_DOCUMENT, KEY_LOG, KEY_WITNESS, KEY_LINK, KEY_REGISTRY, KEY_COUNT };

/* All files that node_create makes, folders after what they hold. */
static const char *const made[] = {NODE_FOLDER_LEDGER "/data.mdb", NODE_FOLDER_LEDGER "/lock.mdb",
    NODE_FOLDER_LEDGER, NODE_FOLDER_KEYS "/root.key", NODE_FOLDER_KEYS "/document.key",
    NODE_FOLDER_KEYS "/log.key", NODE_FOLDER_KEYS "/witness.key", NODE_FOLDER_KEYS "/link.key",
    NODE_FOLDER_KEYS "/registry.key", NODE_FOLDER_KEYS, NODE_FILE_LOCK, NODE_FILE_CONFIG};

/* Take away what was made, and nothing else. */
static void remove_part(const char *part)
{
	for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
		char path[NODE_PATH_MAX];

		if (!node_path(part, made[i], path, NULL))
			remove(path);
	}
	rmdir(part);
}

static enum error make_folder(const char *path, mode_t mode, struct error_detail *detail)
{
	int number;

	if (mkdir(path, mode) == 0)
		return ERROR_NONE;
	number = errno;
	return error_set(detail, node_system_error(number), "%s: %s", path, strerror(number));
}

/* Nothing is ever overwritten: neither a node nor anything else of that name. */
static enum error check_free(const char *directory, struct error_detail *detail)
{
	char path[NODE_PATH_MAX];
	struct stat found;
	enum error error = node_path(directory, NODE_FILE_CONFIG, path, detail);

	if (error)
		return error;
	if (lstat(path, &found) == 0)
		return error_set(detail, ERROR_EXISTS,
		    "%s: exists already: this is a node, and is not overwritten", path);
	if (lstat(directory, &found) == 0)
		return error_set(detail, ERROR_EXISTS,
		    "%s: exists already; name a directory that is still to be made", directory);
	return ERROR_NONE;
}

/* The link key is an X25519 key: Noise agrees on keys, it signs nothing. */
static struct public_key public_of(unsigned kind, const struct hash *seed)
{
	struct public_key public;
	struct secret_key key;

	if (kind == KEY_LINK) {
		crypto_scalarmult_base(public.bytes, seed->bytes);
		return public;
	}
	key_from_seed(seed, &key);
	public = key.public;
	key_wipe(&key);
	return public;
}

static enum error write_keys(
    const char *part, const struct hash seeds[KEY_COUNT], struct error_detail *detail)
{
	char path[NODE_PATH_MAX], name[64];
	enum error error = node_path(part, NODE_FOLDER_KEYS, path, detail);

	if (!error)
		error = make_folder(path, 0700, detail);
	for (unsigned i = 0; i < KEY_COUNT && !error; i++) {
		snprintf(name, sizeof name, NODE_FOLDER_KEYS "/%s.key", key_kinds[i]);
		error = node_path(part, name, path, detail);
		if (!error)
			error = key_file_write(path, key_kinds[i], &seeds[i], detail);
	}
	if (!error)
		error = node_path(part, NODE_FOLDER_KEYS, path, detail);
	return error ? error : node_folder_sync(path, detail);
}

static enum error write_config(
    const char *part, const struct node_config *config, struct error_detail *detail)
{
	struct buffer text = {0};
	char path[NODE_PATH_MAX];
	enum error error = node_path(part, NODE_FILE_CONFIG, path, detail);

	node_config_write(&text, config);
	if (!error)
		error = text.failed;
	if (!error)
		error = node_file_write(path, buffer_span(&text), detail);
	buffer_free(&text);
	return error;
}

static enum error describe(
    const struct node_config *config, const struct hash seeds[KEY_COUNT], struct buffer *document)
{
	struct descriptor descriptor = {
	    .region = config->region, .epoch = config->epoch, .number = 1, .demo = config->demo};
	struct secret_key root;

	_Static_assert(sizeof descriptor.address >= ADDRESS_SIZE, "an address fits");
	if (snprintf(descriptor.origin, sizeof descriptor.origin, "%s/%u", config->origin_base,
		(unsigned)config->epoch) >= (int)sizeof descriptor.origin)
		return ERROR_TOO_LARGE;
	memcpy(descriptor.address, config->listen, ADDRESS_SIZE);
	descriptor.root = public_of(KEY_ROOT, &seeds[KEY_ROOT]);
	descriptor.document = public_of(KEY_DOCUMENT, &seeds[KEY_DOCUMENT]);
	descriptor.log = public_of(KEY_LOG, &seeds[KEY_LOG]);
	descriptor.witness = public_of(KEY_WITNESS, &seeds[KEY_WITNESS]);
	descriptor.link = public_of(KEY_LINK, &seeds[KEY_LINK]);
	key_from_seed(&seeds[KEY_ROOT], &root);
	descriptor_sign(document, &descriptor, &root);
	key_wipe(&root);
	return document->failed;
}

/* An order of the node itself with one byte string as its parameter. */
static enum error order_bytes(struct node *node, enum kind kind, struct span id, struct span bytes,
    struct error_detail *detail)
{
	struct hash content = hash_sha256(bytes);
	struct node_order order = {
	    .kind = kind, .id = id, .content = &content, .parameter_count = 1};
	struct buffer parameter = {0};
	struct answer answer = {0};
	enum error error;

	codec_put_bytes(&parameter, bytes);
	order.parameters = buffer_span(&parameter);
	error = parameter.failed ? parameter.failed : node_order(node, &order, &answer);
	if (!error)
		error = answer.error;
	if (error && detail)
		*detail = answer.detail;
	buffer_free(&parameter);
	return error;
}

/* Genesis and policy: the first two entries. */
static enum error book_first(const char *part, const struct node_create_options *options,
    struct span descriptor, struct span policy, struct error_detail *detail)
{
	struct node *node;
	enum error error = node_open_directory(part, &options->node, true, &node, detail);

	if (error)
		return error;
	error = order_bytes(node, KIND_genesis, span_text("genesis"), descriptor, detail);
	if (!error)
		error = order_bytes(node, KIND_policy, (struct span){NULL, 0}, policy, detail);
	node_close(node);
	return error;
}

static enum error build(const char *part, const struct node_config *config, struct span policy,
    const struct node_create_options *options, struct error_detail *detail)
{
	/* Only to draw from: the node that is being made does not exist yet. */
	struct node source = {.options = options->node};
	struct hash seeds[KEY_COUNT];
	struct buffer descriptor = {0};
	enum error error = key_library_init();

	if (error)
		return error;
	for (unsigned i = 0; i < KEY_COUNT; i++)
		node_random(&source, seeds[i].bytes, sizeof seeds[i].bytes);
	error = write_keys(part, seeds, detail);
	if (!error)
		error = write_config(part, config, detail);
	if (!error)
		error = describe(config, seeds, &descriptor);
	explicit_bzero(seeds, sizeof seeds);
	if (!error)
		error = book_first(part, options, buffer_span(&descriptor), policy, detail);
	if (!error)
		error = node_folder_sync(part, detail);
	buffer_free(&descriptor);
	return error;
}

static enum error put_in_place(const char *part, const char *directory, struct error_detail *detail)
{
	char parent[NODE_PATH_MAX];
	int number;
	enum error error = node_path(directory, "..", parent, detail);

	if (!error)
		error = check_free(directory, detail);
	if (error)
		return error;
	if (rename(part, directory) != 0) {
		number = errno;
		return error_set(
		    detail, node_system_error(number), "%s: %s", directory, strerror(number));
	}
	return node_folder_sync(parent, detail);
}

/* "city/" and "city" are one directory: its neighbour must not lie inside it. */
static enum error part_name(const char *directory, char clean[NODE_PATH_MAX],
    char part[NODE_PATH_MAX], struct error_detail *detail)
{
	size_t size = strlen(directory);

	while (size > 1 && directory[size - 1] == '/')
		size--;
	if (size == 0 || size >= NODE_PATH_MAX - 64)
		return error_set(detail, size ? ERROR_TOO_LARGE : ERROR_USAGE,
		    "the name of the node directory must have 1 to %u bytes", NODE_PATH_MAX - 64);
	memcpy(clean, directory, size);
	clean[size] = '\0';
	if (snprintf(part, NODE_PATH_MAX, "%s.part-%ld", clean, (long)getpid()) >=
	    (int)NODE_PATH_MAX)
		return error_set(detail, ERROR_TOO_LARGE, "%s: too long a name", clean);
	return ERROR_NONE;
}

/* A city that is not built in, but known by its code: it comes with a policy of its own. */
static enum error config_of_other(
    const struct node_create_options *options, struct node_config *config)
{
	struct node source = {.options = options->node};
	const struct region *region =
	    region_find(options->region, day_of_time(node_now_ms(&source)));
	char name[NAME_SIZE];

	if (!region || region->level != REGION_CITY)
		return ERROR_NOT_FOUND;
	node_config_blank(config);
	config->region = options->region;
	snprintf(config->name_zh, sizeof config->name_zh, "%s", region->name_zh);
	snprintf(config->name_en, sizeof config->name_en, "%s", region->name_en);
	snprintf(name, sizeof name, "%s", region->name_en);
	for (char *at = name; *at; at++) {
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at + 'a' - 'A');
		else if (*at < 'a' || *at > 'z')
			*at = '-';
	}
	snprintf(config->origin_base, sizeof config->origin_base, "%s.suiren.example/ledger", name);
	snprintf(config->listen, sizeof config->listen, "tcp://127.0.0.1:7300");
	return ERROR_NONE;
}

enum error node_create(
    const char *directory, const struct node_create_options *options, struct error_detail *detail)
{
	char clean[NODE_PATH_MAX], part[NODE_PATH_MAX];
	struct node_config config;
	struct span policy =
	    options->policy.size ? options->policy : policy_embedded(options->region);
	enum error error = part_name(directory, clean, part, detail);

	assert(!options->node.read_only);
	if (!error)
		error = check_free(clean, detail);
	if (error)
		return error;
	error = node_config_default(options->region, &config);
	if (error && options->policy.size)
		error = config_of_other(options, &config);
	if (error)
		return error_set(detail, error,
		    "region %06u: none of the cities that are built in; another city brings its "
		    "own "
		    "policy",
		    (unsigned)options->region);
	if (!policy.size)
		return error_set(detail, ERROR_NOT_FOUND, "region %06u: no policy is built in",
		    (unsigned)options->region);
	config.demo = options->demo;
	if (options->listen && snprintf(config.listen, sizeof config.listen, "%s",
				   options->listen) >= (int)sizeof config.listen)
		return error_set(
		    detail, ERROR_TOO_LARGE, "%s: too long an address", options->listen);
	if (config.demo)
		node_config_demo_accounts(&config);
	error = make_folder(part, 0755, detail);
	if (error == ERROR_NOT_FOUND)
		error_set(detail, error, "%s: the folder that it should be made in does not exist",
		    clean);
	if (error)
		return error;
	error = build(part, &config, policy, options, detail);
	if (!error)
		error = put_in_place(part, clean, detail);
	if (error)
		remove_part(part);
	return error;
}
