/* orders.h: the orders that commands, the daemon by its clock, and the demo give: one function each, with the id that makes a repeat of it a repeat. `key` is an
 * officer's; NULL: the node's document key. They return what node_order returns; answer->error says what came of it. */
#ifndef SUIREN_ORDERS_H
#define SUIREN_ORDERS_H

#include "node.h"
#include "appeal.h"
#include "dispute_order.h"
#include "payment.h"
#include "unmatched.h"

MUST_CHECK enum error order_officer(
    struct node *node, const char *name, const struct public_key *public, struct answer *answer);
/* The city's own catalogue from now on; the other cities are told. The same again is a repeat. */
MUST_CHECK enum error order_policy(
    struct node *node, struct span yaml, const struct secret_key *key, struct answer *answer);
/* Cut all open windows, as those of `day` (NULL: whatever day it is); *any is false, and nothing is ordered, if there is none. */
MUST_CHECK enum error order_cut(struct node *node, const int32_t *day, const struct secret_key *key,
    bool *any, struct answer *answer);
/* Propose the clearing of a month to a peer with a higher region code. `attempt` counts from 1. */
MUST_CHECK enum error order_clearing(struct node *node, uint32_t month, uint32_t peer,
    uint32_t attempt, const struct secret_key *key, struct answer *answer);
/* One part of a run; *more tells that there is another. */
MUST_CHECK enum error order_allowance(struct node *node, uint32_t month, const char *programme,
    const char *run, uint32_t part, const struct secret_key *key, bool *more,
    struct answer *answer);
/* One part of a payment order, from the payee `first` ("": the first) on; `next` is where the next part begins, "" if there is none. Nothing to
 * pay: answer->error is ERROR_STATE. */
MUST_CHECK enum error order_payments(struct node *node, enum payment_kind kind, const char *name,
    const char *first, const struct secret_key *key, char next[PAYMENT_PAYEE_MAX + 1],
    struct answer *answer);
/* Lodge a reserve with a host: one payment under a name of the officer's choice. Ordered before under that name: answer->error is ERROR_STATE. */
MUST_CHECK enum error order_prefund(struct node *node, const char *name, uint32_t host,
    int64_t amount_fen, const struct secret_key *key, struct answer *answer);
/* Take what a home has not paid of a clearing from the reserve that is held for it. */
MUST_CHECK enum error order_draw(struct node *node, uint32_t month, uint32_t home,
    const struct secret_key *key, struct answer *answer);
/* What such an order would order now, without giving it: `visit` gets each payment. Works on a node that is open for reading. Fails with: what the
 * order would be refused with, ERROR_STATE (nothing to pay), and the store's. */
MUST_CHECK enum error order_payments_preview(struct node *node, struct txn *txn,
    enum payment_kind kind, const char *name, const char *first, payment_visit *visit,
    void *context, char next[PAYMENT_PAYEE_MAX + 1], struct error_detail *detail);
/* Facts of the bank, at most ENTRY_LINES_MAX. The same facts again are a repeat, unless `anew`: then they are judged once more. */
MUST_CHECK enum error order_bank(struct node *node, const struct bank_line *facts, uint32_t count,
    bool anew, const struct secret_key *key, struct answer *answer);
/* An officer says what a line of the bank was that matches no payment; `key` is the officer's. The same again is a repeat. */
MUST_CHECK enum error order_unmatched_end(struct node *node, const struct ending_line *ending,
    const struct secret_key *key, struct answer *answer);
/* Take back one line of a claim of this city's log. */
MUST_CHECK enum error order_reversal(struct node *node, uint64_t sequence, uint32_t line,
    const char *grounds, const struct secret_key *key, struct answer *answer);
/* Ask its payer to look at a line again. The same appeal again is a repeat, unless the payer has refused its document: then it is a new one. */
MUST_CHECK enum error order_appeal(struct node *node, const struct appeal_line *line,
    const struct secret_key *key, struct answer *answer);
/* Look at a line again; `key`: an officer's. The same again is a repeat. */
MUST_CHECK enum error order_review(struct node *node, const struct review_line *line,
    const struct secret_key *key, struct answer *answer);
/* End one dispute of this city with another. The same end again is a repeat. */
MUST_CHECK enum error order_dispute(struct node *node, const struct dispute_line *line,
    const struct secret_key *key, struct answer *answer);

/* Unfreeze a city: propose (`proposal` NULL), or confirm what another officer has proposed by the order with that hash. `evidence`: the hash of
 * what it was frozen upon. */
MUST_CHECK enum error order_unfreeze(struct node *node, uint32_t peer, const struct hash *evidence,
    const struct hash *proposal, const struct secret_key *key, struct answer *answer);

#endif
