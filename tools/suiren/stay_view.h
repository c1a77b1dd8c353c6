/* stay_view.h: `suiren stay list`. */
#ifndef SUIREN_STAY_VIEW_H
#define SUIREN_STAY_VIEW_H

#include "cli.h"

int stay_list_run(struct cli *cli, int argc, char **argv);

#endif
