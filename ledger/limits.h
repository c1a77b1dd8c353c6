/* limits.h: every bound of the ledger floor. Asserted when writing, refused when reading; published in
 * docs/limits.md. */
#ifndef SUIREN_LIMITS_H
#define SUIREN_LIMITS_H

#include <stdint.h>

/* Entries. */
#define ENTRY_LINES_MAX 10000u
#define ENTRY_BODY_MAX (4u << 20)
#define ENTRY_DOCUMENTS_MAX 1024u
#define ENTRY_TRANSFERS_MAX 20000u
#define ENTRY_HEADER_MAX (64u << 10)
#define ACCOUNT_NAME_MAX 160u
#define REFERENCE_MAX 64u
#define STORE_TABLES_MAX 64u
#define STORE_READERS_MAX 126u
#define STORE_KEY_MAX 511u
/* Address space reserved at first, and the most by which the map grows at a time (a smaller one doubles). */
#define STORE_MAP_SIZE (UINT64_C(64) << 30)
#define STORE_MAP_STEP (UINT64_C(1) << 30)

/* Documents, checkpoints, proofs. */
#define DOCUMENT_SIZE_MAX (2u << 20)
#define NOTE_SIZE_MAX (64u << 10)
#define NOTE_SIGNATURES_MAX 100
#define NOTE_KNOWN_MAX 64
#define MERKLE_SIZE_MAX (UINT64_C(1) << 62)
#define MERKLE_PROOF_MAX 63
#define TLOG_PROOF_SIZE_MAX (128u << 10)
#define RECEIPT_SIZE_MAX (1u << 20)
#define CODEC_DEPTH_MAX 16
/* Of an amount, in fen or minutes, and of what an account has taken and given: sums of two cannot overflow. */
#define AMOUNT_MAX (INT64_C(1) << 60)
/* Differing rows of a table that an audit tells. */
#define AUDIT_ROWS_MAX 100u

#endif
