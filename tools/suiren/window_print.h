/* window_print.h: `suiren window statement`: the statements of a month or a year, one for each other city. */
#ifndef SUIREN_WINDOW_PRINT_H
#define SUIREN_WINDOW_PRINT_H

#include "cli.h"

int window_statement_run(struct cli *cli, int argc, char **argv);

#endif
