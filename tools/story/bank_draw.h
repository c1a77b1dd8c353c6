/* bank_draw.h: what the made-up bank of the demo does with a payment: it books nearly all, rejects a few and returns a few after booking.
 * Drawn from the EndToEndId alone, so that every run and every way of telling the demo gives the same. */
#ifndef SUIREN_BANK_DRAW_H
#define SUIREN_BANK_DRAW_H

#include "payment.h"

/* BANK_BOOKED, BANK_REJECTED or BANK_RETURNED (booked first, returned after it). Payments to institutions and cities are always booked. */
enum bank_fact bank_draw(enum payment_kind kind, const char *end_to_end);
/* The bank's reference of a payment. */
void bank_draw_reference(const char *end_to_end, char reference[BANK_REFERENCE_MAX + 1]);

#endif
