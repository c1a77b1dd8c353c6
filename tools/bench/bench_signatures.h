/* bench_signatures.h: how many signatures of one document all cores together check: the bound that nothing which takes signed documents gets past,
 * however fast its link and its disk are. */
#ifndef SUIREN_BENCH_SIGNATURES_H
#define SUIREN_BENCH_SIGNATURES_H

#include "document.h"
#include "tool_limits.h"

/* Check the document's signature `checks` times, shared out over as many threads as there are cores; *seconds is how long that took, *cores how many they
 * were. Fails with: ERROR_SIGNATURE, ERROR_MEMORY (a thread could not begin). */
MUST_CHECK enum error bench_signatures(const struct document *document,
    const struct public_key *key, uint64_t checks, double *seconds, unsigned *cores);

#endif
