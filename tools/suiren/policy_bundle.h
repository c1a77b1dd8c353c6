/* policy_bundle.h: `suiren policy bundle`: the catalogues of all cities that a node knows, for its institutions. */
#ifndef SUIREN_POLICY_BUNDLE_H
#define SUIREN_POLICY_BUNDLE_H

#include "cli.h"

int policy_bundle_run(struct cli *cli, int argc, char **argv);

#endif
