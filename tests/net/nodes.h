/* nodes.h: whole nodes for tests: directories in a fresh folder, a clock and randomness that a
 * number decides. */
#ifndef SUIREN_TEST_NODES_H
#define SUIREN_TEST_NODES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "institution.h"
#include "node.h"

#define CHENGDU 510100u
#define CHONGQING 500000u
#define GUANGYUAN 510800u
#define NANCHONG 511300u

#define START_MS INT64_C(1790000000000) /* in September 2026 */

/* A clock that ticks at every look, and a stream of random bytes: the line salts under a seed, one
 * after the other. */
struct world {
	int64_t now_ms, tick_ms;
	struct hash seed;
	uint32_t next;
};

static inline int64_t world_clock(void *context)
{
	struct world *world = context;

	world->now_ms += world->tick_ms;
	return world->now_ms;
}

static inline void world_random(void *context, uint8_t *bytes, size_t size)
{
	struct world *world = context;

	while (size > 0) {
		struct hash block;
		size_t part = size < HASH_SIZE ? size : HASH_SIZE;

		hash_line_salts(&world->seed, world->next++, 1, &block);
		memcpy(bytes, block.bytes, part);
		bytes += part;
		size -= part;
	}
}

/* One node of a test: NODE is NULL while it is closed. */
struct site {
	char directory[256];
	struct world world;
	struct node_options options;
	struct node *node;
};

static inline void folder_make(char folder[200])
{
	const char *root = getenv("TMPDIR");

	snprintf(folder, 200, "%s/suiren-XXXXXX", root ? root : "/tmp");
	assert_non_null(mkdtemp(folder));
}

static inline int folder_remove_one(
    const char *path, const struct stat *status, int type, struct FTW *position)
{
	(void)status;
	(void)type;
	(void)position;
	return remove(path);
}

static inline void folder_remove(const char *folder)
{
	assert_int_equal(nftw(folder, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void site_open(struct site *site)
{
	struct error_detail detail = {""};
	enum error error = node_open(site->directory, &site->options, &site->node, &detail);

	if (error)
		print_error("%s\n", detail.text);
	assert_int_equal(error, ERROR_NONE);
}

static inline void site_close(struct site *site)
{
	node_close(site->node);
	site->node = NULL;
}

static inline void site_prepare(
    struct site *site, const char *folder, const char *name, uint32_t region, uint8_t seed)
{
	memset(site, 0, sizeof *site);
	snprintf(site->directory, sizeof site->directory, "%s/%s", folder, name);
	site->world =
	    (struct world){.now_ms = START_MS, .tick_ms = 1000, .seed = {{seed, (uint8_t)region}}};
	site->options = (struct node_options){.not_durable = true,
	    .seams = {.clock_ms = world_clock, .random = world_random, .context = &site->world}};
}

/* Make a demo node and open it. */
static inline void site_make(
    struct site *site, const char *folder, const char *name, uint32_t region, uint8_t seed)
{
	struct node_create_options create = {.region = region, .demo = true};
	struct error_detail detail = {""};
	enum error error;

	site_prepare(site, folder, name, region, seed);
	create.node = site->options;
	error = node_create(site->directory, &create, &detail);
	if (error)
		print_error("%s\n", detail.text);
	assert_int_equal(error, ERROR_NONE);
	site_open(site);
}

/* Number of entries and root of the log. */
static inline uint64_t site_head(struct site *site, struct hash *root)
{
	struct txn *txn;
	uint64_t size;

	assert_int_equal(txn_begin_read(ledger_store(node_ledger(site->node)), &txn), ERROR_NONE);
	assert_int_equal(ledger_head(txn, &size, root), ERROR_NONE);
	txn_abort(txn);
	return size;
}

/* The kind of an entry. */
static inline unsigned site_kind(struct site *site, uint64_t sequence)
{
	struct entry_reader reader;
	struct txn *txn;
	unsigned kind;

	assert_int_equal(txn_begin_read(ledger_store(node_ledger(site->node)), &txn), ERROR_NONE);
	assert_int_equal(ledger_read(txn, sequence, &reader), ERROR_NONE);
	kind = reader.entry.header.kind;
	entry_free(&reader);
	txn_abort(txn);
	return kind;
}

/* Replace a text in a file of the node. */
static inline void site_replace(
    const struct site *site, const char *name, const char *old, const char *new)
{
	char path[600], text[8192];
	char *at;
	FILE *file;
	size_t size;

	snprintf(path, sizeof path, "%s/%s", site->directory, name);
	file = fopen(path, "r+");
	assert_non_null(file);
	size = fread(text, 1, sizeof text - 1, file);
	text[size] = '\0';
	at = strstr(text, old);
	assert_non_null(at);
	rewind(file);
	assert_int_equal(ftruncate(fileno(file), 0), 0);
	fprintf(file, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	assert_int_equal(fclose(file), 0);
}

/* A line that registers an officer under a key made from a number. */
static inline void officer_line(struct buffer *out, unsigned number)
{
	struct hash seed = {{1}};
	struct secret_key key;
	char name[32];

	be32_write(seed.bytes + 1, number);
	key_from_seed(&seed, &key);
	snprintf(name, sizeof name, "officer-%u", number);
	codec_put_array(out, 3);
	codec_put_uint(out, 1);
	codec_put_text(out, span_text(name));
	codec_put_bytes(out, span_of(key.public.bytes, PUBLIC_KEY_SIZE));
	assert_int_equal(out->failed, ERROR_NONE);
}

static inline enum error order_officer(
    struct node *node, const char *id, unsigned number, struct answer *answer)
{
	struct buffer line = {0};
	struct node_order order = {.kind = KIND_officer, .count = 1};
	enum error error;

	officer_line(&line, number);
	order.lines = buffer_span(&line);
	if (id)
		order.id = span_text(id);
	error = node_order(node, &order, answer);
	buffer_free(&line);
	return error;
}

/* Codes with valid check characters (GB 32100, GB 11714). */
#define USCC_ONE "52510100MJ0000018W"
#define USCC_TWO "52510100MJ0000026P"

static inline enum error order_institution(
    struct node *node, const char *uscc, uint32_t district, struct answer *answer)
{
	struct buffer line = {0};
	struct institution_line institution = {.operation = INSTITUTION_REGISTER,
	    .name = span_text("安康养老院"),
	    .kind = INSTITUTION_NONPROFIT,
	    .district = district,
	    .beds = 100,
	    .star = 3};
	struct node_order order = {.kind = KIND_institution, .count = 1};
	enum error error;

	memcpy(institution.uscc, uscc, USCC_SIZE);
	institution_line_write(&line, &institution);
	order.lines = buffer_span(&line);
	error = node_order(node, &order, answer);
	buffer_free(&line);
	return error;
}

#endif
