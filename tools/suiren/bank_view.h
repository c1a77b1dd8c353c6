/* bank_view.h: the bank's sheet (银行付款清单) of a month as it is printed, as JSON and as rows of CSV. */
#ifndef SUIREN_BANK_VIEW_H
#define SUIREN_BANK_VIEW_H

#include "bank_sheet.h"
#include "node.h"
#include "paper.h"
#include "payment_file.h"

/* They look up the creditors' names and accounts, as far as they are known here; persons stand in no line of their own. */
MUST_CHECK enum error bank_text(struct node *node, struct txn *txn, const struct bank_sheet *sheet);
MUST_CHECK enum error bank_json(struct node *node, struct txn *txn, const struct bank_sheet *sheet,
    yyjson_mut_doc *doc, yyjson_mut_val **object);
MUST_CHECK enum error bank_csv(struct node *node, struct txn *txn, const struct bank_sheet *sheet);

/* Shared by the three: whom a payment goes to; one whose name and account are not known here, or not any more, is told without them. */
MUST_CHECK enum error bank_payee_known(
    struct node *node, struct txn *txn, const struct payment *payment, struct payee *payee);
/* What is still to be ordered, as a payment: for the look-up of its creditor. */
struct payment bank_payment_of(const struct bank_due *due);

#endif
