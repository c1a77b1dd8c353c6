/* exchange_internal.h: what both sides of an exchange (exchange.c, exchange_serve.c) share. */
#ifndef SUIREN_EXCHANGE_INTERNAL_H
#define SUIREN_EXCHANGE_INTERNAL_H

#define EXCHANGE_VERSION 1u

#endif
