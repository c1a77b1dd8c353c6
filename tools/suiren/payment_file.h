/* payment_file.h: payments into the files that the bank takes. One entry of kind payment_order is one part and one pain.001; parts of a (kind,
 * name) are counted from 1 in the order of their entries, and the MsgId follows from the number. Everything in the file but names and
 * accounts follows from the log, so the same part is the same bytes whenever it is written. Names and accounts come from the registry
 * (persons), the institution's row, and node.yaml (cities). docs/format.md, "Payment files". */
#ifndef SUIREN_PAYMENT_FILE_H
#define SUIREN_PAYMENT_FILE_H

#include "tool_limits.h"
#include "node.h"
#include "payment.h"

/* Of one kind and name, in order of entry, payee, attempt. */
struct payment_parts {
	enum payment_kind kind;
	char name[PAYMENT_NAME_MAX + 1];
	struct payment *payments;
	size_t count;
	uint32_t parts;
};
/* No payment at all is no failure. Free with payment_parts_free. */
MUST_CHECK enum error payment_parts_read(
    struct txn *txn, enum payment_kind kind, const char *name, struct payment_parts *parts);
void payment_parts_free(struct payment_parts *parts); /* zeroed ones are accepted */

/* One part, from 1 to parts->parts. Borrowed from `parts`. */
struct payment_part {
	uint32_t number;
	const struct payment *payments;
	size_t count;
	uint64_t sequence; /* the entry */
	int64_t amount_fen;
	bool answered; /* the bank has said a word on each */
	char message[END_TO_END_SIZE];
};
struct payment_part payment_part_of(
    const struct node *node, const struct payment_parts *parts, uint32_t number);

/* Whom a payment goes to, as the bank wants it; terminated. Wiped by the caller when it is done (a person's name). */
struct payee {
	char name[256], account[64], bank[16];
};
/* Fails with: ERROR_NOT_FOUND (no such payee here any more, or no account: `detail` says which), ERROR_CORRUPT, and the store's. */
MUST_CHECK enum error payee_find(struct node *node, struct txn *txn, const struct payment *payment,
    struct payee *payee, struct error_detail *detail);

/* Fails with: ERROR_NOT_FOUND (node.yaml names no account of the city). */
MUST_CHECK enum error payer_check(const struct node *node, struct error_detail *detail);

/* Append the part's pain.001. Fails with: what payee_find and iso_order_write fail with, ERROR_NOT_FOUND (the city has no account in
 * node.yaml); `detail` names the payee. */
MUST_CHECK enum error payment_part_write(struct node *node, struct txn *txn,
    const struct payment_part *part, struct buffer *out, struct error_detail *detail);
/* "run-old-age-202610-1.xml": what is not a letter, digit, '-', '.' or '_' in the name becomes '_'. */
void payment_part_name(const struct payment_part *part, char name[PAYMENT_FILE_NAME_MAX]);

#endif
