/* bench_region.h: the scenery of the claim benchmark: a catalogue of twelve programmes, institutions of 200 residents who draw five lines a
 * month each (so 1,000 lines an institution), and their signed sheets. It is put into the tables directly: it is not what is
 * measured. Not thread-safe. */
#ifndef SUIREN_BENCH_REGION_H
#define SUIREN_BENCH_REGION_H

#include "node.h"

#define BENCH_REGION 510100u
#define BENCH_RESIDENTS 200u /* of an institution */
#define BENCH_LINES_OF_PERSON 5u
#define BENCH_PROGRAMMES 12u

/* Credit codes that nobody has, with right check characters; `number` has at most 8 digits. */
void bench_uscc_write(char uscc[USCC_SIZE + 1], uint32_t number);

struct bench_region {
	uint32_t persons, institutions;
	char (*uscc)[USCC_SIZE + 1];
	struct secret_key *keys;
};

/* Fails with: ERROR_MEMORY. Whatever it returns: bench_region_free. */
MUST_CHECK enum error bench_region_create(uint32_t persons, struct bench_region *region);
void bench_region_free(struct bench_region *region);
/* The catalogue as YAML. */
void bench_policy_write(struct buffer *out);
/* Put everybody into the tables of a new node, and money enough into its funds. Fails as node_order and with the store's. */
MUST_CHECK enum error bench_region_fill(
    const struct bench_region *region, struct node *node, struct error_detail *detail);

/* A sheet as it comes to a node: its signed header, and [secret, count, lines]. */
struct bench_sheet {
	struct buffer document, attachment;
	struct public_key key;
};
struct bench_sheets {
	struct bench_sheet *sheets;
	size_t count;
	uint64_t lines;
};
/* One month of everybody in sheets of at most `most` lines. Fails with: ERROR_MEMORY. Whatever it returns: bench_sheets_free. */
MUST_CHECK enum error bench_sheets_make(
    const struct bench_region *region, uint32_t month, uint32_t most, struct bench_sheets *sheets);
void bench_sheets_free(struct bench_sheets *sheets);

#endif
