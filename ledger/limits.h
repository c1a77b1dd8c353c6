/* limits.h: every bound of the ledger floor. Asserted when writing, refused when reading; published in
 * docs/limits.md. */
#ifndef SUIREN_LIMITS_H
#define SUIREN_LIMITS_H

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
/* Address space reserved at first, and the step by which the map grows. */
#define STORE_MAP_STEP (UINT64_C(1) << 30)

#endif
