/* person_internal.h: what the register modules share about persons beside person.h. */
#ifndef SUIREN_PERSON_INTERNAL_H
#define SUIREN_PERSON_INTERNAL_H

#include "person.h"

/* A row for a person of whom nothing is known yet. */
struct person_row person_row_new(uint64_t code, uint32_t state);
/* The row of a person of this city, copied, and REASON_approved; or the refusal: REASON_unknown_person (*row untouched),
 * REASON_erased (*row is set). Fails with: the store's. */
MUST_CHECK enum error person_known(struct settlement *settlement, struct txn *txn, uint64_t code,
    struct person_row *row, enum reason *reason);
/* Clear the row, its copies and the grants; `state` is 0 or PERSON_FOREIGN. */
MUST_CHECK enum error person_forget(struct txn *txn, uint64_t code, uint32_t state);

/* Set or replace the facts in a row. */
void person_set_facts(struct person_row *row, const struct person_facts *facts, uint64_t sequence);
/* [birth day, death day or null, income class, flags] */
void person_facts_write(struct buffer *out, const struct person_facts *facts);
/* All but the code. */
void person_facts_take(struct codec_reader *reader, struct person_facts *facts);

/* The key under which a person's facts are sealed. Fails with: ERROR_NOT_FOUND (no such row, or no registry key here),
 * ERROR_CORRUPT. */
MUST_CHECK enum error person_fact_key(
    struct settlement *settlement, struct txn *txn, uint64_t code, struct hash *fact_key);
/* Append [code, sealed], where sealed is bound to the person and the kind of entry. */
void person_seal_line(struct buffer *out, uint64_t code, uint16_t kind, struct span plain,
    const struct hash *fact_key, const uint8_t nonce[SEAL_NONCE_SIZE]);
/* Fails as seal_open. */
MUST_CHECK enum error person_open_sealed(uint64_t code, uint16_t kind, struct span sealed,
    const struct hash *fact_key, struct seal_plain *plain);
/* The outer form of a sealed line. Fails with: ERROR_MALFORMED. */
MUST_CHECK enum error person_sealed_line_read(
    struct span line, uint64_t *code, struct span *sealed);
MUST_CHECK enum error person_facts_open(
    uint64_t code, struct span sealed, const struct hash *fact_key, struct person_facts *facts);

#endif
