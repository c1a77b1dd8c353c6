/* clearing_print.h: `suiren clearing sheet`: the settlement sheets of a month, one for each other city and one for the bank. */
#ifndef SUIREN_CLEARING_PRINT_H
#define SUIREN_CLEARING_PRINT_H

#include "cli.h"

int clearing_sheet_run(struct cli *cli, int argc, char **argv);

#endif
