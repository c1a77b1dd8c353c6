/* embedded.h: the policy files of the known regions, built into the program. */
#ifndef SUIREN_EMBEDDED_H
#define SUIREN_EMBEDDED_H

#include "bytes.h"

/* The YAML of config/policy/<region>.yaml; an empty span for a region without one. */
struct span policy_embedded(uint32_t region);

#endif
