/* payment_unmatched.h: `suiren payment unmatched`: what the bank has said that matches no payment. */
#ifndef SUIREN_PAYMENT_UNMATCHED_H
#define SUIREN_PAYMENT_UNMATCHED_H

#include "cli.h"

int payment_unmatched_run(struct cli *cli, int argc, char **argv);

#endif
