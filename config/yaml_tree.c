#include "yaml_tree.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "calendar.h"

struct yaml_tree {
	struct yaml_node *root;
	struct yaml_node *nodes; /* YAML_NODES_MAX, used in order */
	size_t used;
	struct yaml_tree_text *texts;
};

struct yaml_tree_text {
	struct yaml_tree_text *next;
	char bytes[];
};

void yaml_complain(
    struct yaml_complaints *complaints, unsigned line, const char *field, const char *format, ...)
{
	char text[256];
	va_list arguments;

	complaints->any = true;
	if (!complaints->report)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	complaints->report(complaints->context, complaints->file, line, field, text);
}

/* The state of the event loop: the containers that are open, and where the next child goes. */
struct build {
	struct yaml_tree *tree;
	struct yaml_complaints *complaints;
	struct yaml_node *open[CONFIG_DEPTH_MAX];
	struct yaml_node **link[CONFIG_DEPTH_MAX]; /* of the container's next child */
	const char *key[CONFIG_DEPTH_MAX];         /* read, and waiting for its value */
	unsigned keys[CONFIG_DEPTH_MAX];           /* that a map has so far */
	unsigned depth;
	bool done;
};

static const char *keep_text(struct yaml_tree *tree, const void *data, size_t size)
{
	struct yaml_tree_text *text = malloc(sizeof *text + size + 1);

	if (!text)
		return NULL;
	text->next = tree->texts;
	tree->texts = text;
	memcpy(text->bytes, data, size);
	text->bytes[size] = '\0';
	return text->bytes;
}

/* Looks at each key that the map has: that is why their number has a bound. */
static bool has_key(const struct yaml_node *map, const char *key)
{
	for (const struct yaml_node *child = map->first; child; child = child->next) {
		if (strcmp(child->key, key) == 0)
			return true;
	}
	return false;
}

/* Add a node to the container that is open. */
static enum error add_node(struct build *build, enum yaml_type type, unsigned line,
    const char *text, size_t size, struct yaml_node **out)
{
	struct yaml_node *node;

	if (build->tree->used == YAML_NODES_MAX) {
		yaml_complain(build->complaints, line, "", "more than %u values", YAML_NODES_MAX);
		return ERROR_TOO_LARGE;
	}
	node = &build->tree->nodes[build->tree->used++];
	node->type = type;
	node->line = line;
	node->text = text;
	node->text_size = size;
	*out = node;
	if (build->depth == 0) {
		build->tree->root = node;
		return ERROR_NONE;
	}
	if (build->open[build->depth - 1]->type == YAML_MAP) {
		node->key = build->key[build->depth - 1];
		build->key[build->depth - 1] = NULL;
	}
	*build->link[build->depth - 1] = node;
	build->link[build->depth - 1] = &node->next;
	return ERROR_NONE;
}

static bool key_is_next(const struct build *build)
{
	return build->depth && build->open[build->depth - 1]->type == YAML_MAP &&
	       !build->key[build->depth - 1];
}

static enum error take_scalar(struct build *build, const yaml_event_t *event, unsigned line)
{
	const char *text =
	    keep_text(build->tree, event->data.scalar.value, event->data.scalar.length);
	struct yaml_node *node;

	if (!text)
		return ERROR_MEMORY;
	/* "\0" can be written in quotes; a text would end there for one reader and not for another. */
	if (memchr(text, '\0', event->data.scalar.length)) {
		yaml_complain(build->complaints, line, "", "a zero character");
		return ERROR_MALFORMED;
	}
	if (!key_is_next(build))
		return add_node(build, YAML_SCALAR, line, text, event->data.scalar.length, &node);
	if (++build->keys[build->depth - 1] > CONFIG_KEYS_MAX) {
		yaml_complain(
		    build->complaints, line, "", "a map of more than %d fields", CONFIG_KEYS_MAX);
		return ERROR_TOO_LARGE;
	}
	if (has_key(build->open[build->depth - 1], text))
		yaml_complain(build->complaints, line, text, "stands twice");
	build->key[build->depth - 1] = text;
	return ERROR_NONE;
}

static enum error take_start(struct build *build, enum yaml_type type, unsigned line)
{
	struct yaml_node *node;
	enum error error;

	if (key_is_next(build)) {
		yaml_complain(build->complaints, line, "", "a key must be a plain word");
		return ERROR_MALFORMED;
	}
	if (build->depth == CONFIG_DEPTH_MAX) {
		yaml_complain(
		    build->complaints, line, "", "nested deeper than %d", CONFIG_DEPTH_MAX);
		return ERROR_TOO_LARGE;
	}
	error = add_node(build, type, line, "", 0, &node);
	if (error)
		return error;
	build->open[build->depth] = node;
	build->link[build->depth] = &node->first;
	build->key[build->depth] = NULL;
	build->keys[build->depth] = 0;
	build->depth++;
	return ERROR_NONE;
}

static enum error take_event(struct build *build, const yaml_event_t *event)
{
	unsigned line = (unsigned)event->start_mark.line + 1;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		if (event->data.scalar.anchor ||
		    (event->data.scalar.tag && !event->data.scalar.plain_implicit &&
			!event->data.scalar.quoted_implicit))
			break;
		return take_scalar(build, event, line);
	case YAML_MAPPING_START_EVENT:
		if (event->data.mapping_start.anchor || event->data.mapping_start.tag)
			break;
		return take_start(build, YAML_MAP, line);
	case YAML_SEQUENCE_START_EVENT:
		if (event->data.sequence_start.anchor || event->data.sequence_start.tag)
			break;
		return take_start(build, YAML_LIST, line);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		build->depth--;
		return ERROR_NONE;
	case YAML_DOCUMENT_START_EVENT:
		if (!build->tree->root)
			return ERROR_NONE;
		yaml_complain(build->complaints, line, "", "a second document in one file");
		return ERROR_MALFORMED;
	case YAML_STREAM_END_EVENT:
		build->done = true;
		return ERROR_NONE;
	case YAML_ALIAS_EVENT:
		break;
	default:
		return ERROR_NONE;
	}
	yaml_complain(build->complaints, line, "", "aliases, anchors and tags are not allowed");
	return ERROR_MALFORMED;
}

static enum error build_tree(struct build *build, struct span bytes)
{
	yaml_parser_t parser;
	enum error error = ERROR_NONE;

	if (!yaml_parser_initialize(&parser))
		return ERROR_MEMORY;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, bytes.data, bytes.size);
	/* Bounded: each event takes at least a byte of the input, or ends a container. */
	while (!error && !build->done) {
		yaml_event_t event;

		if (!yaml_parser_parse(&parser, &event)) {
			yaml_complain(build->complaints, (unsigned)parser.problem_mark.line + 1, "",
			    "%s", parser.problem ? parser.problem : "not YAML");
			error = ERROR_MALFORMED;
			break;
		}
		error = take_event(build, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return error;
}

enum error yaml_tree_read(
    struct span bytes, struct yaml_complaints *complaints, struct yaml_tree **out)
{
	struct build build = {.complaints = complaints};
	enum error error;

	*out = NULL;
	if (bytes.size > CONFIG_FILE_MAX) {
		yaml_complain(complaints, 1, "", "larger than %u bytes", CONFIG_FILE_MAX);
		return ERROR_TOO_LARGE;
	}
	if (!utf8_valid(bytes) || (bytes.size && memchr(bytes.data, 0, bytes.size))) {
		yaml_complain(complaints, 1, "", "not UTF-8 text");
		return ERROR_ENCODING;
	}
	if (bytes.size == 0) {
		yaml_complain(complaints, 1, "", "the file is empty");
		return ERROR_MALFORMED;
	}
	build.tree = calloc(1, sizeof *build.tree);
	if (!build.tree)
		return ERROR_MEMORY;
	build.tree->nodes = calloc(YAML_NODES_MAX, sizeof *build.tree->nodes);
	error = build.tree->nodes ? build_tree(&build, bytes) : ERROR_MEMORY;
	if (!error && !build.tree->root) {
		yaml_complain(complaints, 1, "", "the file is empty");
		error = ERROR_MALFORMED;
	}
	if (error) {
		yaml_tree_free(build.tree);
		return error;
	}
	*out = build.tree;
	return ERROR_NONE;
}

void yaml_tree_free(struct yaml_tree *tree)
{
	if (!tree)
		return;
	while (tree->texts) {
		struct yaml_tree_text *text = tree->texts;
		tree->texts = text->next;
		free(text);
	}
	free(tree->nodes);
	free(tree);
}

const struct yaml_node *yaml_tree_root(const struct yaml_tree *tree)
{
	return tree->root;
}

struct yaml_map yaml_map(
    const struct yaml_node *node, struct yaml_complaints *complaints, const char *format, ...)
{
	struct yaml_map map = {.complaints = complaints};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(map.path, sizeof map.path, format, arguments);
	va_end(arguments);
	if (node && node->type != YAML_MAP) {
		yaml_complain(complaints, node->line, map.path, "must be a map of fields");
		node = NULL;
	}
	map.node = node;
	return map;
}

/* "programmes[3].amount", or "region" at the top. */
static void field_path(const struct yaml_map *map, const char *key, char path[YAML_PATH_SIZE + 64])
{
	snprintf(path, YAML_PATH_SIZE + 64, "%s%s%.60s", map->path, map->path[0] ? "." : "", key);
}

void yaml_field_complain(const struct yaml_map *map, const struct yaml_node *field, const char *key,
    const char *format, ...)
{
	char path[YAML_PATH_SIZE + 64], text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	field_path(map, key, path);
	yaml_complain(map->complaints,
	    field       ? field->line
	    : map->node ? map->node->line
			: 1,
	    path, "%s", text);
}

const struct yaml_node *yaml_field(const struct yaml_map *map, const char *key, bool required)
{
	if (!map->node)
		return NULL;
	for (struct yaml_node *child = map->node->first; child; child = child->next) {
		if (strcmp(child->key, key) == 0) {
			child->used = true;
			return child;
		}
	}
	if (required)
		yaml_field_complain(map, NULL, key, "missing");
	return NULL;
}

void yaml_map_end(const struct yaml_map *map)
{
	if (!map->node)
		return;
	for (const struct yaml_node *child = map->node->first; child; child = child->next) {
		if (!child->used)
			yaml_field_complain(map, child, child->key, "unknown field");
	}
}

static const struct yaml_node *scalar(const struct yaml_map *map, const char *key, bool required)
{
	const struct yaml_node *field = yaml_field(map, key, required);

	if (field && field->type != YAML_SCALAR) {
		yaml_field_complain(map, field, key, "must be a single value");
		return NULL;
	}
	return field;
}

static struct span text_of(const struct yaml_node *node)
{
	return span_of(node->text, node->text_size);
}

bool yaml_text(const struct yaml_map *map, const char *key, bool required, char *out, size_t size)
{
	const struct yaml_node *field = scalar(map, key, required);

	if (!field)
		return false;
	if (field->text_size == 0 || field->text_size >= size) {
		yaml_field_complain(map, field, key,
		    field->text_size ? "longer than %zu bytes" : "must not be empty", size - 1);
		return false;
	}
	memcpy(out, field->text, field->text_size + 1);
	return true;
}

bool yaml_code(const struct yaml_map *map, const char *key, bool required, char *out, size_t size)
{
	char text[YAML_PATH_SIZE] = "";

	assert(size <= sizeof text);
	if (!yaml_text(map, key, required, text, size))
		return false;
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0') {
		yaml_field_complain(map, yaml_field(map, key, false), key,
		    "must be lower-case letters, digits and '_'");
		return false;
	}
	memcpy(out, text, size);
	return true;
}

bool yaml_integer(const struct yaml_map *map, const char *key, bool required, int64_t least,
    int64_t most, int64_t *out)
{
	const struct yaml_node *field = scalar(map, key, required);
	int64_t value;

	if (!field)
		return false;
	/* Our own reading: YAML 1.1 would take 010 for 8 and 0x10 for 16. */
	if (decimal_read(text_of(field), &value)) {
		yaml_field_complain(
		    map, field, key, "must be a whole number, without leading zeros");
		return false;
	}
	if (value < least || value > most) {
		yaml_field_complain(map, field, key, "must be from %lld to %lld", (long long)least,
		    (long long)most);
		return false;
	}
	*out = value;
	return true;
}

bool yaml_yuan(const struct yaml_map *map, const char *key, bool required, struct amount *out)
{
	const struct yaml_node *field = scalar(map, key, required);
	struct amount amount;

	if (!field)
		return false;
	if (yuan_read(text_of(field), &amount)) {
		yaml_field_complain(map, field, key, "must be an amount in yuan, like 50.00");
		return false;
	}
	if (amount.value <= 0) {
		yaml_field_complain(map, field, key, "must be positive");
		return false;
	}
	*out = amount;
	return true;
}

bool yaml_day(const struct yaml_map *map, const char *key, bool required, int32_t *out)
{
	const struct yaml_node *field = scalar(map, key, required);

	if (!field)
		return false;
	if (day_read(text_of(field), out)) {
		yaml_field_complain(map, field, key, "must be a day, like 2026-10-01");
		return false;
	}
	return true;
}

bool yaml_bool(const struct yaml_map *map, const char *key, bool required, bool *out)
{
	static const char *const names[] = {"false", "true", NULL};
	int index;

	if (!yaml_choice(map, key, required, names, &index))
		return false;
	*out = index == 1;
	return true;
}

bool yaml_choice(
    const struct yaml_map *map, const char *key, bool required, const char *const *names, int *out)
{
	const struct yaml_node *field = scalar(map, key, required);
	char list[160] = "";

	if (!field)
		return false;
	for (int i = 0; names[i]; i++) {
		if (strcmp(field->text, names[i]) == 0) {
			*out = i;
			return true;
		}
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "",
		    names[i]);
	}
	yaml_field_complain(map, field, key, "must be one of: %s", list);
	return false;
}

const struct yaml_node *yaml_list(
    const struct yaml_map *map, const char *key, bool required, size_t most)
{
	const struct yaml_node *field = yaml_field(map, key, required);
	size_t count = 0;

	if (!field)
		return NULL;
	if (field->type != YAML_LIST) {
		yaml_field_complain(map, field, key, "must be a list");
		return NULL;
	}
	for (const struct yaml_node *child = field->first; child; child = child->next)
		count++;
	if (count > most) {
		yaml_field_complain(map, field, key, "more than %zu entries", most);
		return NULL;
	}
	return field;
}
