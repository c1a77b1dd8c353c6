/* unbuilt.c: stands in for the kinds that are being written; goes when they are there. */
#include "settlement_internal.h"
#define STUB(name) \
	__attribute__((weak)) enum error name##_decide(struct settlement *s, struct txn *t, const struct command *c, int64_t n, struct decision *d, struct error_detail *e) \
	{ (void)s; (void)t; (void)c; (void)n; (void)d; return error_set(e, ERROR_STATE, "not built"); } \
	__attribute__((weak)) enum error name##_apply(struct settlement *s, struct txn *t, const struct entry *c, struct error_detail *e) \
	{ (void)s; (void)t; (void)c; return error_set(e, ERROR_STATE, "not built"); }
STUB(claim) STUB(claim_forward) STUB(claim_remote) STUB(adjudication) STUB(reversal) STUB(reversal_notice) STUB(allowance)
STUB(payment_order) STUB(bank) STUB(payment_advice) STUB(payment_receipt)
#include "claim.h"
__attribute__((weak)) enum error sheet_expected(struct txn *txn, const struct sheet_header *header, uint64_t *sequence)
{ (void)txn; (void)header; (void)sequence; return ERROR_STATE; }
__attribute__((weak)) enum error sheet_header_read(struct span payload, struct sheet_header *header)
{ (void)payload; (void)header; return ERROR_STATE; }
