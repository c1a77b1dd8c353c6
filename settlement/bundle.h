/* bundle.h: the catalogues of all cities that a node knows, in one file for its institutions, who have no node: each as the
 * city's own text, with the signed document by which the city told it. docs/format.md, "Policy bundles". Reading is pure.
 *
 *   bundle = [1, [[region, catalogue bytes, document COSE]...]]        ascending by region
 */
#ifndef SUIREN_BUNDLE_H
#define SUIREN_BUNDLE_H

#include "document.h"
#include "policy.h"
#include "settlement_limits.h"
#include "store.h"

/* Borrowed from the bundle's bytes. */
struct bundle_policy {
	uint32_t region;
	struct span catalogue; /* YAML, for policy_load */
	struct span document;  /* COSE: an order of the own city, a policy_notice of another */
};

/* Append the bundle of the catalogues that are in force in this node's tables. Fails with: ERROR_NOT_FOUND (there is none),
 * ERROR_TOO_LARGE, ERROR_MEMORY, and the store's. */
MUST_CHECK enum error bundle_write(struct txn *txn, struct buffer *out);

/* Read strictly; `policies` holds CITIES_MAX. Each document must hold its catalogue, or the catalogue's SHA-256: a text without
 * its city's signed word is refused. Whose key signed it is not judged here. Fails with: ERROR_MALFORMED, ERROR_MISMATCH,
 * ERROR_TOO_LARGE. */
MUST_CHECK enum error bundle_read(
    struct span bytes, struct bundle_policy *policies, size_t *count, struct error_detail *detail);

#endif
