/* payment_unmatched.h: `suiren payment unmatched`: what the bank has said that matches no payment; and how an officer ends it. */
#ifndef SUIREN_PAYMENT_UNMATCHED_H
#define SUIREN_PAYMENT_UNMATCHED_H

#include "cli.h"

int payment_unmatched_run(struct cli *cli, int argc, char **argv);
/* `suiren payment settle`: an officer says what one of them was. */
int payment_settle_run(struct cli *cli, int argc, char **argv);

#endif
