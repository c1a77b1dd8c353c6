/* payment_import.h: `suiren payment import`: what the bank says, from its files into the books. */
#ifndef SUIREN_PAYMENT_IMPORT_H
#define SUIREN_PAYMENT_IMPORT_H

#include "cli.h"

int payment_import_run(struct cli *cli, int argc, char **argv);

#endif
