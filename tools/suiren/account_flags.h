/* account_flags.h: `suiren account freeze|unfreeze|close`. */
#ifndef SUIREN_ACCOUNT_FLAGS_H
#define SUIREN_ACCOUNT_FLAGS_H

#include "cli.h"

int account_freeze_run(struct cli *cli, int argc, char **argv);
int account_unfreeze_run(struct cli *cli, int argc, char **argv);
int account_close_run(struct cli *cli, int argc, char **argv);

#endif
