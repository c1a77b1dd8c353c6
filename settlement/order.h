/* order.h: what an officer or the node itself orders in its own city: a signed document, so that every entry has a signed
 * cause and the same order given twice is recognised. docs/format.md, "Orders".
 *
 *   payload = [1, region, kind, id, [parameter...], content(32), count, line root(32) or null]     (name "order")
 *
 * signed by an officer's key or by the node's document key. `id` is chosen by whoever orders (from the content of the file
 * that is imported, or given by hand), `content` is a hash of what is ordered, before anything random (salts, nonces) comes
 * in: the same id with the same kind, parameters, content and count is a repeat, with others a conflict. */
#ifndef SUIREN_ORDER_H
#define SUIREN_ORDER_H

#include "decision.h"

struct order {
	uint32_t region;
	enum kind kind;
	struct span id;                 /* text, 1..ORDER_ID_MAX bytes */
	struct codec_reader parameters; /* stands before the first parameter */
	size_t parameter_count;
	struct span parameter_bytes; /* all of them */
	struct hash content;
	uint32_t count;
	bool has_lines;
	struct hash line_root;
};

/* Append the signed order to `out`. `parameters` holds parameter_count CBOR items. With count > 0 the line root is computed over `lines`
 * under `secret`. Fails with: ERROR_MALFORMED, ERROR_TOO_LARGE, ERROR_MEMORY. */
MUST_CHECK enum error order_sign(struct buffer *out, const struct secret_key *key, uint32_t region,
    enum kind kind, struct span id, struct span parameters, size_t parameter_count,
    const struct hash *content, const struct hash *secret, struct span lines, uint32_t count);
MUST_CHECK enum error order_read(struct span payload, struct order *order);
/* Seen before? ERROR_NONE (no), ERROR_REPEAT (`sequence` is the first answer's entry), ERROR_CONFLICT. */
MUST_CHECK enum error order_expected(
    struct txn *txn, const struct order *order, uint64_t *sequence);
/* Remember an order. Called by settlement_apply. */
MUST_CHECK enum error order_apply(struct txn *txn, const struct order *order, uint64_t sequence);

#endif
