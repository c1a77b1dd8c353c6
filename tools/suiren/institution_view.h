/* institution_view.h: `suiren institution list|show`. */
#ifndef SUIREN_INSTITUTION_VIEW_H
#define SUIREN_INSTITUTION_VIEW_H

#include "cli.h"

int institution_list_run(struct cli *cli, int argc, char **argv);
int institution_show_run(struct cli *cli, int argc, char **argv);

#endif
