/* entitlement_internal.h: what entitlement.c offers to the kinds of grants and filings beside entitlement.h. */
#ifndef SUIREN_ENTITLEMENT_INTERNAL_H
#define SUIREN_ENTITLEMENT_INTERNAL_H

#include "entitlement.h"
#include "register.h"

/* Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error grant_get(
    struct txn *txn, uint32_t tag, uint64_t person, int32_t from_day, struct grant_row *row);
MUST_CHECK enum error grant_put(struct txn *txn, uint64_t person, const struct grant_span *span);
/* The person's grants of one programme in order of first day. */
MUST_CHECK enum error grant_each_of_person(
    struct txn *txn, uint32_t tag, uint64_t person, grant_visit *visit, void *context);

/* Put a span into the row, in place of that with the same begin; when all slots are taken the one that ends first goes. */
void person_add_grant(struct person_row *row, const struct grant_span *grant);
void person_add_filing(struct person_row *row, const struct filing_span *filing);

/* Is a grant any business of `host`? It can be paid to an institution there, and has days. */
bool grant_concerns(const struct grant_span *grant, uint32_t host);
/* The item of a "grant" or "grant_change": [person code, programme tag, from day, until day or null, paid to, region] */
void grant_item_write(struct buffer *out, uint64_t person, const struct grant_span *grant);
/* The item of an "assessment_notice": [person code, level, from day, until day] */
void level_item_write(struct buffer *out, uint64_t person, const struct level_span *level);
/* What a host says to news of a person of the sender: REASON_registered if the person is filed here, else the refusal. */
MUST_CHECK enum error foreign_person_judge(
    struct register_work *work, uint64_t person, enum reason *reason);

#endif
