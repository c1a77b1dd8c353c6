/* exchange_internal.h: what both sides of an exchange (exchange.c, exchange_serve.c) share. */
#ifndef SUIREN_EXCHANGE_INTERNAL_H
#define SUIREN_EXCHANGE_INTERNAL_H

#include "codec.h"
#include "node.h"

#define EXCHANGE_VERSION 1u

/* The content of a `reconcile` request of city `from`, answered into `bytes`. */
MUST_CHECK enum error exchange_reconcile_serve(struct node *node, uint32_t from,
    struct codec_reader *reader, struct buffer *bytes, struct error_detail *detail);

#endif
