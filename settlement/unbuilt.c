/* unbuilt.c: stands in for the kinds that are being written; goes when they are there. */
#include "settlement_internal.h"
#define STUB(name) \
	__attribute__((weak)) enum error name##_decide(struct settlement *s, struct txn *t, const struct command *c, int64_t n, struct decision *d, struct error_detail *e) \
	{ (void)s; (void)t; (void)c; (void)n; (void)d; return error_set(e, ERROR_STATE, "not built"); } \
	__attribute__((weak)) enum error name##_apply(struct settlement *s, struct txn *t, const struct entry *c, struct error_detail *e) \
	{ (void)s; (void)t; (void)c; return error_set(e, ERROR_STATE, "not built"); }
STUB(payment_order)
STUB(bank)
STUB(payment_advice)
STUB(payment_receipt)
