/* payment_internal.h: what payment.c offers to the payment kinds beside payment.h. */
#ifndef SUIREN_PAYMENT_INTERNAL_H
#define SUIREN_PAYMENT_INTERNAL_H

#include "payment.h"

/* Insert or replace; only while an entry is applied. */
MUST_CHECK enum error payment_put(struct txn *txn, const struct payment *payment);

/* A month or region code in a name or payee; 0 if it is none. */
uint32_t payment_number(const char *text);
/* The accounts that the payment's order holds: what it pays, and out of what. */
void payment_accounts(
    const struct payment *payment, char debit[ACCOUNT_TEXT_SIZE], char credit[ACCOUNT_TEXT_SIZE]);
/* Of guests' money that was ordered and is due again: how much of it is still due; INT64_MAX for other kinds. */
MUST_CHECK enum error payment_due(
    struct settlement *settlement, struct txn *txn, const struct payment *payment, int64_t *fen);
/* It is ordered, or booked all the same: not due any more. Other kinds are passed over; only while an entry is applied. */
MUST_CHECK enum error payment_due_take(
    struct settlement *settlement, struct txn *txn, const struct payment *payment);

/* What guests have earned an institution in the windows that `wanted` picks. */
typedef bool guest_due_wanted(void *context, struct txn *txn, uint32_t payer, uint32_t window);
struct guest_due {
	char uscc[USCC_SIZE + 1];
	int64_t fen;
};
/* Sums by institution, ascending, of all rows that `wanted` picks; *dues is the caller's to free. */
MUST_CHECK enum error guest_dues(struct txn *txn, guest_due_wanted *wanted, void *context,
    struct guest_due **dues, size_t *count);
/* What the rows of an institution that `wanted` picks come to. */
MUST_CHECK enum error guest_due_sum(
    struct txn *txn, guest_due_wanted *wanted, void *context, const char *uscc, int64_t *sum);
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
