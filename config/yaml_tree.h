/* yaml_tree.h: a YAML file as a small tree in which every value knows its line: scalars, lists and maps, built from libyaml's
 * events. Aliases, anchors, tags, second documents, double keys and excessive size or depth are refused. Reading a map is
 * done through yaml_map, which reports what is missing, unknown or of the wrong form and goes on, so that all errors
 * of a file come out at once. Not thread-safe. */
#ifndef SUIREN_YAML_TREE_H
#define SUIREN_YAML_TREE_H

#include "policy.h"

#define YAML_PATH_SIZE 256

enum yaml_type { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_type type;
	unsigned line;
	const char *key;  /* in a map; NULL elsewhere */
	const char *text; /* of a scalar; "" for others */
	size_t text_size;
	bool used;                      /* somebody asked for this field */
	struct yaml_node *first, *next; /* children and siblings */
};

struct yaml_tree;

/* Where complaints go, and whether there was one. */
struct yaml_complaints {
	const char *file;
	config_report *report;
	void *context;
	bool any;
};
void yaml_complain(struct yaml_complaints *complaints, unsigned line, const char *field,
    const char *format, ...) PRINTF_LIKE(4, 5);

/* On failure everything wrong has been reported. Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE, ERROR_ENCODING, ERROR_MEMORY. */
MUST_CHECK enum error yaml_tree_read(
    struct span bytes, struct yaml_complaints *complaints, struct yaml_tree **tree);
void yaml_tree_free(struct yaml_tree *tree); /* NULL is accepted */
const struct yaml_node *yaml_tree_root(const struct yaml_tree *tree);

/* A map that is being read; `path` names it in complaints: "programmes[3]". */
struct yaml_map {
	const struct yaml_node *node;
	struct yaml_complaints *complaints;
	char path[YAML_PATH_SIZE];
};
/* NULL node, or one that is no map: complained about once, and everything asked of it is absent. */
struct yaml_map yaml_map(const struct yaml_node *node, struct yaml_complaints *complaints,
    const char *format, ...) PRINTF_LIKE(3, 4);
/* Complain about every field that nobody asked for. */
void yaml_map_end(const struct yaml_map *map);
const struct yaml_node *yaml_field(const struct yaml_map *map, const char *key, bool required);
void yaml_field_complain(const struct yaml_map *map, const struct yaml_node *field, const char *key,
    const char *format, ...) PRINTF_LIKE(4, 5);
/* Each returns false, with `out` untouched, if the field is absent (a complaint only if required) or wrong (a complaint). */
bool yaml_text(const struct yaml_map *map, const char *key, bool required, char *out, size_t size);
/* A text of lower-case letters, digits and '_': it stands in names of accounts. */
bool yaml_code(const struct yaml_map *map, const char *key, bool required, char *out, size_t size);
bool yaml_integer(const struct yaml_map *map, const char *key, bool required, int64_t least,
    int64_t most, int64_t *out);
bool yaml_yuan(const struct yaml_map *map, const char *key, bool required,
    struct amount *out); /* "50.00": positive */
bool yaml_day(const struct yaml_map *map, const char *key, bool required, int32_t *out);
bool yaml_bool(const struct yaml_map *map, const char *key, bool required, bool *out);
/* One of `names`; *out is its index. Ends with a NULL name. */
bool yaml_choice(
    const struct yaml_map *map, const char *key, bool required, const char *const *names, int *out);
/* A list field; NULL if absent or wrong. Complains beyond `most` items. */
const struct yaml_node *yaml_list(
    const struct yaml_map *map, const char *key, bool required, size_t most);

#endif
