/* peer_trust.h: `suiren peer show`, `peer evidence` and `peer unfreeze`: whether a city's log is believed, and how that is ended or begun again. */
#ifndef SUIREN_PEER_TRUST_H
#define SUIREN_PEER_TRUST_H

#include "cli.h"

int peer_show_run(struct cli *cli, int argc, char **argv);
int peer_evidence_run(struct cli *cli, int argc, char **argv);
int peer_unfreeze_run(struct cli *cli, int argc, char **argv);

#endif
