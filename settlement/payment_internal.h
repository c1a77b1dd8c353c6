/* payment_internal.h: what payment.c offers to the payment kinds beside payment.h. */
#ifndef SUIREN_PAYMENT_INTERNAL_H
#define SUIREN_PAYMENT_INTERNAL_H

#include "payment.h"

/* Insert or replace; only while an entry is applied. */
MUST_CHECK enum error payment_put(struct txn *txn, const struct payment *payment);

/* What guests have earned an institution in the windows that `wanted` picks. */
typedef bool guest_due_wanted(void *context, struct txn *txn, uint32_t payer, uint32_t window);
struct guest_due {
	char uscc[USCC_SIZE + 1];
	int64_t fen;
};
/* Sums by institution, ascending, of all rows that `wanted` picks; *dues is the caller's to free. */
MUST_CHECK enum error guest_dues(struct txn *txn, guest_due_wanted *wanted, void *context,
    struct guest_due **dues, size_t *count);
/* `fen` of what the rows of an institution that `wanted` picks come to is ordered: it is not due any more. What is left stays due; only
 * while an entry is applied. `advance`: the EndToEndId of the advance that pays it, whose parts are taken down (refill.h), or NULL. */
MUST_CHECK enum error guest_due_take(struct txn *txn, guest_due_wanted *wanted, void *context,
    const char *uscc, int64_t fen, const char *advance);
/* Rows of windows that a clearing of `payer` up to `month` took. */
struct guest_pick {
	uint32_t self, payer, month; /* payer 0: all rows */
};
bool guest_picked(void *context, struct txn *txn, uint32_t payer, uint32_t window);
/* Windows count from 1: a row under 0 is money that was ordered for a clearing and that the bank has refused. */
#define GUEST_WINDOW_AGAIN 0u
/* The city in the name of a payment of kind PAYMENT_GUESTS. */
uint32_t guest_payer(const char *name);

#endif
