/* payment_told.h: what another city has told of the payment of a clearing: the payer that its bank has booked it (advice), the creditor that it has
 * come in (receipt). It changes no books (but that a receipt settles the clearing): it is for whoever compares the two banks' statements. Not
 * thread-safe: belongs to the transaction. Rows: docs/format.md, "Payments". */
#ifndef SUIREN_PAYMENT_TOLD_H
#define SUIREN_PAYMENT_TOLD_H

#include "payment.h"

/* The last word of `city` on a payment: fact BANK_BOOKED of an advice, BANK_CREDITED of a receipt, with the reference and day of that city's bank;
 * fact 0: it has told nothing. Fails with: ERROR_CORRUPT, the store's. */
MUST_CHECK enum error payment_told(
    struct txn *txn, uint32_t city, const char *end_to_end, struct bank_line *told);
/* Only while an entry is applied. */
MUST_CHECK enum error payment_told_put(
    struct txn *txn, uint32_t city, const struct bank_line *told);

#endif
