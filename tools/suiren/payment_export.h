/* payment_export.h: `suiren payment export`: orders what is due and writes it as files for the bank. */
#ifndef SUIREN_PAYMENT_EXPORT_H
#define SUIREN_PAYMENT_EXPORT_H

#include "cli.h"

int payment_export_run(struct cli *cli, int argc, char **argv);

#endif
