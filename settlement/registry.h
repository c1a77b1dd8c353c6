/* registry.h: the registry of persons: names, ID numbers, bank cards and the key under which each person's facts are sealed
 * in the log. It lies beside the log, encrypted under the registry key, and is the one thing that a rebuild does not
 * reproduce; it is written in the transaction of the entry that it belongs to, never by decide or apply. To forget a person is
 * to destroy the row. docs/format.md, "Registry". Not thread-safe: belongs to the transaction.
 *
 *   row   = nonce(24) || XChaCha20-Poly1305(row key, nonce, additional data = person code BE64, [name, ID number, card, bank, fact key(32)])
 *   index = BLAKE2b-256 keyed (index key) of the ID number -> person code BE64
 *   row key, index key = BLAKE2b-256 keyed (registry key) of "suiren registry row 1", "suiren registry index 1"
 */
#ifndef SUIREN_REGISTRY_H
#define SUIREN_REGISTRY_H

#include "person.h"

#define REGISTRY_NAME_SIZE 128
#define ID_NUMBER_SIZE 19
#define CARD_SIZE 35
#define BANK_SIZE 13

/* Terminated texts. Wipe with registry_row_wipe when done. */
struct registry_row {
	char name[REGISTRY_NAME_SIZE];
	char id_number[ID_NUMBER_SIZE]; /* GB 11643 */
	char card[CARD_SIZE]; /* account number of the social security card; may be empty */
	char bank[BANK_SIZE]; /* CNAPS code of its bank, 12 digits; may be empty */
	struct hash fact_key;
};
void registry_row_wipe(struct registry_row *row);

/* Insert or replace. `nonce` must be fresh. Fails with: ERROR_CONFLICT (the ID number belongs to another code: nothing is
 * changed; `other`, may be NULL, is that code), ERROR_CORRUPT (the old row does not open), and the store's. */
MUST_CHECK enum error registry_put(struct txn *txn, const struct hash *registry_key, uint64_t code,
    const struct registry_row *row, const uint8_t nonce[SEAL_NONCE_SIZE], uint64_t *other);
/* Fails with: ERROR_NOT_FOUND (never registered, or forgotten), ERROR_CORRUPT (does not open under this key). */
MUST_CHECK enum error registry_get(
    struct txn *txn, const struct hash *registry_key, uint64_t code, struct registry_row *row);
/* The code under which an ID number is registered. Fails with: ERROR_NOT_FOUND. */
MUST_CHECK enum error registry_find(
    struct txn *txn, const struct hash *registry_key, struct span id_number, uint64_t *code);
/* Destroy the row, and with it the key of the person's facts. Nothing there is no failure: forgetting twice is forgetting. */
MUST_CHECK enum error registry_erase(
    struct txn *txn, const struct hash *registry_key, uint64_t code);
/* Destroy again every row whose erase entry is in the log: after an old registry was restored. */
MUST_CHECK enum error registry_enforce_erasures(
    struct txn *txn, const struct hash *registry_key, uint64_t *erased);
/* Changes as data, so that a command can bring them along, also to another process: zero or more items, appended one by one to a buffer
 * (which holds names and keys then: wipe it). A put inserts or replaces the whole row; a card changes account and bank of a row that is there; an
 * erasure destroys it. Nonces must be fresh. docs/format.md, "Registry". */
void registry_change_put(struct buffer *changes, uint64_t code, const struct registry_row *row,
    const uint8_t nonce[SEAL_NONCE_SIZE]);
void registry_change_card(struct buffer *changes, uint64_t code, const char *card, const char *bank,
    const uint8_t nonce[SEAL_NONCE_SIZE]);
void registry_change_erase(struct buffer *changes, uint64_t code);
/* Make the changes, in order; what a failure leaves is for the caller to undo. Fails with: ERROR_MALFORMED, ERROR_EXISTS (an ID number that is
 * another person's; says which row), ERROR_NOT_FOUND (a card of nobody), ERROR_TOO_LARGE (more than ENTRY_LINES_MAX), and the store's. */
MUST_CHECK enum error registry_change(struct txn *txn, const struct hash *registry_key,
    struct span changes, struct error_detail *detail);
/* Copy the whole registry into another, empty, store: so that a rebuild can open the facts. */
MUST_CHECK enum error registry_copy(struct txn *from, struct txn *to);

#endif
