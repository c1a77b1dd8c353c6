/* descriptor.h: node descriptors: who a city's node is and which keys are its own, signed by its root key alone. A document "node_descriptor"
 * with one item, for everybody (`to` is 0). docs/format.md, "Node descriptors". Pure.
 *
 *   item = [number, origin, address, demo, root(32), document(32), log(32), witness(32), link(32)]
 */
#ifndef SUIREN_DESCRIPTOR_H
#define SUIREN_DESCRIPTOR_H

#include "message.h"

#define DESCRIPTOR_TEXT_SIZE 128

struct descriptor {
	uint32_t region, epoch;
	uint64_t number; /* a lower one than known is ignored */
	char origin[DESCRIPTOR_TEXT_SIZE], address[DESCRIPTOR_TEXT_SIZE];
	bool demo;
	struct public_key root, document, log, witness, link;
};

/* Append the signed document. */
void descriptor_sign(
    struct buffer *out, const struct descriptor *descriptor, const struct secret_key *root);
/* Read and verify under the root key that it carries. Fails with: ERROR_MALFORMED, ERROR_SIGNATURE, ERROR_UNKNOWN_KEY. */
MUST_CHECK enum error descriptor_read(struct span bytes, struct descriptor *descriptor);

/* A peer as it was introduced. */
struct peer_row {
	uint32_t region, epoch, number;
	bool demo;
	char origin[128], address[128];
};
/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error peer_get(struct txn *txn, uint32_t region, struct peer_row *peer);
typedef bool peer_visit(void *context, const struct peer_row *peer);
/* All peers in order of region. */
MUST_CHECK enum error peer_each(struct txn *txn, peer_visit *visit, void *context);

#endif
