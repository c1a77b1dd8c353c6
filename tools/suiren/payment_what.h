/* payment_what.h: what `payment export` is asked to pay: the options that name it, as a kind and name of payments. */
#ifndef SUIREN_PAYMENT_WHAT_H
#define SUIREN_PAYMENT_WHAT_H

#include "cli.h"
#include "payment.h"

/* Values of the options; NULL: not given. */
struct payment_words {
	const char *clearing, *run, *institutions, *guests, *peer, *advance, *again, *prefund,
	    *suspense, *to;
};

struct payment_what {
	enum payment_kind kind;
	char name[PAYMENT_NAME_MAX + 1];
	char payee[PAYMENT_PAYEE_MAX + 1]; /* of kind suspense, whose money it is; else "" */
};

/* Exactly one must be named. Returns CLI_DONE, or CLI_USAGE after printing what is wrong. */
int payment_what_take(
    const struct cli *cli, const struct payment_words *words, struct payment_what *what);

#endif
